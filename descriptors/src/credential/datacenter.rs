//! `gx:Datacenter`: a building with availability zones in it, as declared.

use super::{Base, Subject, address, availability_zone, legal_person, remark};
use crate::declaration::{Datacenter, Declaration};
use crate::id::DatacenterId;
use crate::node::{Node, Object};

/// The class.
pub const CLASS: &str = "gx:Datacenter";

/// The id of a datacenter as a subject.
pub fn id(base: &Base, datacenter: &DatacenterId) -> String {
    base.subject("datacenter", datacenter.as_str())
}

/// What is said of a datacenter.
pub fn subject(base: &Base, declaration: &Declaration, datacenter: &Datacenter) -> Subject {
    let id = id(base, &datacenter.id);
    let zones = datacenter.availability_zones.iter().map(|zone| availability_zone::id(base, &zone.id));
    let node = Node::new(id.clone(), CLASS)
        .with("schema:name", datacenter.id.as_str())
        .with_some("schema:description", remark(declaration.origin))
        .with("gx:maintainedBy", Object::Reference(legal_person::id(base, declaration)))
        .with("gx:location", address(&id, "location", &datacenter.address))
        .with("gx:aggregationOfResources", Object::references(zones));
    Subject { node, origin: declaration.origin }
}
