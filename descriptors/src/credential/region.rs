//! `gx:Region`: an aggregation of datacenters, as declared.

use super::{Base, Properties, Subject, datacenter, references, remark};
use crate::declaration::{Declaration, Region};

/// The class.
pub const CLASS: &str = "gx:Region";

/// What is said of a region.
pub fn subject(base: &Base, declaration: &Declaration, region: &Region) -> Subject {
    let datacenters = region.datacenters.iter().map(|dc| datacenter::id(base, &dc.id));
    let properties = Properties::default()
        .with("schema:name", region.id.as_str())
        .with_some("schema:description", remark(declaration.origin))
        .with("gx:aggregationOfResources", references(datacenters))
        .build();
    Subject { class: CLASS, id: base.subject("region", region.id.as_str()), properties, origin: declaration.origin }
}
