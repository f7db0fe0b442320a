//! `gx:Datacenter`: a building with availability zones in it, as declared.

use super::{Base, Subject, address, availability_zone, legal_person, remark};
use crate::declaration::{self, Declaration};
use crate::gaia_x::Entity;
use crate::gaia_x::place::Datacenter;
use crate::id::DatacenterId;
use crate::shape::{OneOrMore, Ref, Shape};

/// The class.
pub const CLASS: &str = Datacenter::CLASS;

/// The id of a datacenter as a subject.
pub fn id(base: &Base, datacenter: &DatacenterId) -> String {
    base.subject("datacenter", datacenter.as_str())
}

/// What is said of a datacenter; nothing when it holds no zone, which [`Declaration::check`] calls a mistake.
pub fn subject(base: &Base, declaration: &Declaration, datacenter: &declaration::Datacenter) -> Option<Subject> {
    let zones = datacenter.availability_zones.iter().map(|zone| Ref::to(availability_zone::id(base, &zone.id)));
    let zones = OneOrMore::of("availability zone", zones).ok()?;
    let provider = legal_person::reference(base, declaration);
    let node = Datacenter {
        entity: Entity::named(datacenter.id.as_str(), remark(declaration.origin)),
        ..Datacenter::new(provider, address(&datacenter.address), zones)
    };
    Some(Subject { node: node.into_node(id(base, &datacenter.id)), origin: declaration.origin, provenance: None })
}
