//! `gx:AvailabilityZone`: a part of a datacenter, as declared.
//!
//! The shape is closed: what a zone needs and whether it is independent stands in credentials of our own that point at
//! the zone's id. A Gaia-X zone is "non-redundant", an SCS zone (scs-0121) is redundant inside: the same thing is meant.

use super::{Base, Subject, address, remark};
use crate::declaration::{AvailabilityZone, Datacenter, Declaration};
use crate::id::ZoneId;
use crate::node::Node;

/// The class.
pub const CLASS: &str = "gx:AvailabilityZone";

/// The id of a zone as a subject.
pub fn id(base: &Base, zone: &ZoneId) -> String {
    base.subject("availability-zone", zone.as_str())
}

/// What is said of an availability zone.
pub fn subject(base: &Base, declaration: &Declaration, datacenter: &Datacenter, zone: &AvailabilityZone) -> Subject {
    let id = id(base, &zone.id);
    let node = Node::new(id.clone(), CLASS)
        .with("schema:name", zone.id.as_str())
        .with_some("schema:description", remark(declaration.origin))
        .with("gx:address", address(&id, "address", &datacenter.address));
    Subject { node, origin: declaration.origin }
}
