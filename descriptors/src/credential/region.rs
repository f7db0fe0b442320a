//! `gx:Region`: an aggregation of datacenters, as declared.

use super::{Base, Subject, datacenter, remark};
use crate::declaration::{self, Declaration};
use crate::gaia_x::Entity;
use crate::gaia_x::place::Region;
use crate::shape::{OneOrMore, Ref, Shape};

/// The class.
pub const CLASS: &str = Region::CLASS;

/// What is said of a region; nothing when it holds no datacenter, which [`Declaration::check`] calls a mistake.
pub fn subject(base: &Base, declaration: &Declaration, region: &declaration::Region) -> Option<Subject> {
    let datacenters = region.datacenters.iter().map(|dc| Ref::to(datacenter::id(base, &dc.id)));
    let node = Region {
        entity: Entity::named(region.id.as_str(), remark(declaration.origin)),
        ..Region::new(OneOrMore::of("datacenter", datacenters).ok()?)
    };
    let id = base.subject("region", region.id.as_str());
    Some(Subject { node: node.into_node(id), origin: declaration.origin, provenance: None })
}
