//! `gx:Region`: an aggregation of datacenters, as declared.

use super::{Base, Subject, datacenter, remark};
use crate::declaration::{Declaration, Region};
use crate::node::{Node, Object};

/// The class.
pub const CLASS: &str = "gx:Region";

/// What is said of a region.
pub fn subject(base: &Base, declaration: &Declaration, region: &Region) -> Subject {
    let datacenters = region.datacenters.iter().map(|dc| datacenter::id(base, &dc.id));
    let node = Node::new(base.subject("region", region.id.as_str()), CLASS)
        .with("schema:name", region.id.as_str())
        .with_some("schema:description", remark(declaration.origin))
        .with("gx:aggregationOfResources", Object::references(datacenters));
    Subject { node, origin: declaration.origin }
}
