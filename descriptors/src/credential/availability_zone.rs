//! `gx:AvailabilityZone`: a part of a datacenter, as declared.
//!
//! The shape is closed: what a zone needs and whether it is independent stands in credentials of our own that point at
//! the zone's id. A Gaia-X zone is "non-redundant", an SCS zone (scs-0121) is redundant inside: the same thing is meant.

use super::{Base, Subject, address, remark};
use crate::declaration::{self, Datacenter, Declaration};
use crate::gaia_x::Entity;
use crate::gaia_x::place::AvailabilityZone;
use crate::id::ZoneId;
use crate::shape::Shape;

/// The class.
pub const CLASS: &str = AvailabilityZone::CLASS;

/// The id of a zone as a subject.
pub fn id(base: &Base, zone: &ZoneId) -> String {
    base.subject("availability-zone", zone.as_str())
}

/// What is said of an availability zone.
pub fn subject(
    base: &Base,
    declaration: &Declaration,
    datacenter: &Datacenter,
    zone: &declaration::AvailabilityZone,
) -> Subject {
    let node = AvailabilityZone {
        entity: Entity::named(zone.id.as_str(), remark(declaration.origin)),
        address: Some(address(&datacenter.address)),
        ..AvailabilityZone::new()
    };
    Subject { node: node.into_node(id(base, &zone.id)), origin: declaration.origin, provenance: None }
}
