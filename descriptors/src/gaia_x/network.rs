//! Connectivity: what connects where. Interconnection points are described elsewhere and only referred to.

use super::Entity;
use crate::shape::{Range, Ref, shapes, unions, words};

shapes! {
    /// From where to where a connection goes.
    ConnectivityConfiguration: "gx:ConnectivityConfiguration" {
        --
        entity: Entity = ..,
        source: Option<InterconnectionPoint> = "gx:sourceIdentifierA",
        destination: Option<InterconnectionPoint> = "gx:destinationIdentifierZ",
    }

    /// A point where networks meet in a place; only referred to.
    PhysicalPoint: "gx:PhysicalInterconnectionPointIdentifier" {
        --
    }

    /// A point where networks meet in software; only referred to.
    VirtualPoint: "gx:VirtualInterconnectionPointIdentifier" {
        --
    }
}

unions! {
    /// Where networks meet.
    InterconnectionPoint: Range::Mixed => {
        /// In a place.
        Physical(Ref<PhysicalPoint>),
        /// In software.
        Virtual(Ref<VirtualPoint>),
    }
}

words! {
    /// How public addresses are given.
    PublicIpProvisioning {
        Floating = "floating",
        Fixed = "fixed",
        ProviderNetwork = "provider-network",
    }

    /// Versions of the internet protocol; the second includes the first.
    IpVersion {
        V4 = "IPv4",
        V6 = "IPv6",
    }
}
