//! Network: connections to the outside and between zones.
//!
//! `network_separate`: no uplink, carrier, duct, router, switch or gateway is needed by two zones. Gateways are seen by the
//! nodes and named by their hardware address; what lies behind one is declared with the rack, so a gateway that only a node
//! saw asks for no further declaration. Switches are heard by the nodes (LLDP) and named by their chassis id, or are the
//! declared switch or router that bears this id or the name they announce.
//!
//! `network_redundant`: SCS-0121-v1, inside each zone a "redundant external connection (internet or WAN)" and "redundant core
//! routers". A line is an uplink or a carrier; two uplinks to one carrier are one line too few. A switch at the top of the
//! rack and a duct are neither.

use descriptors::component::{ComponentKind, Dimension};

use super::{Criterion, Form};

/// No two zones share network.
pub const SEPARATE: Criterion = Criterion {
    name: "network_separate",
    dimension: Dimension::Network,
    form: Form::Separate,
    kinds: &[&[
        ComponentKind::Uplink,
        ComponentKind::Carrier,
        ComponentKind::Duct,
        ComponentKind::Router,
        ComponentKind::Switch,
        ComponentKind::Gateway,
    ]],
};

/// Each zone has more than one external connection and more than one core router.
pub const REDUNDANT: Criterion = Criterion {
    name: "network_redundant",
    dimension: Dimension::Network,
    form: Form::Redundant,
    kinds: &[&[ComponentKind::Uplink, ComponentKind::Carrier], &[ComponentKind::Router]],
};
