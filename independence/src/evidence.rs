//! What is put before the audit: one declaration, and the last report of each node that was heard.
//!
//! ```text
//!                          ┌─ current: heard within the hour ──▶ edges `observed`
//!   a declared node is ────┼─ stale ───────┐
//!                          └─ silent ──────┴──▶ a finding, and missing evidence
//!   any other node ────────────────────────────▶ a finding
//! ```
//!
//! Whoever hands the evidence over can leave reports out, and gains nothing by it: a declared node without a current
//! report is missing evidence wherever its report could have shown something. Signatures are not known here.

mod cabling;
mod chips;
mod distance;
mod edges;
mod enclosures;
mod observed;
mod outlets;

use std::collections::BTreeMap;

use descriptors::component::{ComponentId, ComponentKind};
use descriptors::declaration::Declaration;
use descriptors::digest::Digest;
use descriptors::id::{NodeId, ZoneId};
use descriptors::report::{Heartbeat, Origin, Report};
use descriptors::timestamp::Timestamp;

use crate::finding::Finding;
use crate::graph::Graph;
use crate::profile::STALE_AFTER_SECONDS;
use cabling::{Cabling, Contradiction};
use outlets::Outlets;

pub(crate) use cabling::unread as neighbours_unread;
pub(crate) use observed::Observed;
pub(crate) use outlets::unread as outlets_unread;

/// Everything the audit may rest on.
#[derive(Debug, Clone)]
pub struct Evidence {
    /// What the provider declares, with the claims.
    pub declaration: Declaration,
    /// Digest of the declaration's payload.
    pub declaration_digest: Digest,
    /// The last report of each node, in any order.
    pub nodes: Vec<NodeEvidence>,
    /// The instant the audit speaks of.
    pub as_of: Timestamp,
}

/// The last report of a node.
#[derive(Debug, Clone)]
pub struct NodeEvidence {
    /// What it says.
    pub report: Report,
    /// Digest of the report's payload.
    pub digest: Digest,
    /// When the collector received it.
    pub received_at: Timestamp,
    /// When the node last said that it holds: this report, or a heartbeat that names it. A time after `as_of` is fresh.
    pub heard_at: Timestamp,
    /// Digest of the endorsement key of the chip that the node's report key is bound to, where it is.
    pub endorsement_key: Option<Digest>,
}

/// Whether a declared node has spoken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Standing<'a> {
    /// Its report counts.
    Current(&'a NodeEvidence),
    /// Its report is too old to count.
    Stale(&'a NodeEvidence),
    /// There is no report.
    Silent,
}

impl NodeEvidence {
    /// A report that `heartbeat`, if any, still holds; the collector last heard the node at `heard_at`.
    ///
    /// A node counts as heard no later than it said itself, under its own signature: whoever puts the evidence together
    /// can make an old report look no fresher than it is.
    pub fn new(
        report: Report,
        digest: Digest,
        received_at: Timestamp,
        heard_at: Timestamp,
        heartbeat: Option<&Heartbeat>,
    ) -> Self {
        let said_at = heartbeat.map_or(report.taken_at, |heartbeat| heartbeat.taken_at);
        Self { report, digest, received_at, heard_at: heard_at.min(said_at), endorsement_key: None }
    }

    /// With the chip that the node's report key is bound to.
    #[must_use]
    pub fn with_chip(self, endorsement_key: Option<Digest>) -> Self {
        Self { endorsement_key, ..self }
    }
}

impl PartialEq for NodeEvidence {
    fn eq(&self, other: &Self) -> bool {
        let key = |one: &Self| (one.digest, one.received_at, one.heard_at, one.endorsement_key);
        key(self) == key(other)
    }
}

impl Eq for NodeEvidence {}

impl Evidence {
    /// The digest of all documents the audit was given, whatever their order: SHA-256 over one line each, `declaration
    /// <digest>` and then, sorted, `report <digest>` and `chip <digest>`. Times of receipt are left out, so that a heartbeat that changes
    /// nothing does not change the digest; what became stale shows in the findings.
    pub fn digest(&self) -> Digest {
        let mut reports: Vec<Digest> = self.nodes.iter().map(|node| node.digest).collect();
        reports.sort_unstable();
        let mut text = format!("declaration {}\n", self.declaration_digest);
        for report in reports {
            text.push_str(&format!("report {report}\n"));
        }
        let mut chips: Vec<Digest> = self.nodes.iter().filter_map(|node| node.endorsement_key).collect();
        chips.sort_unstable();
        for chip in chips {
            text.push_str(&format!("chip {chip}\n"));
        }
        Digest::of(text.as_bytes())
    }

    /// The weakest origin of all that was given.
    pub fn origin(&self) -> Origin {
        let reports = self.nodes.iter().map(|node| node.report.origin);
        reports.fold(self.declaration.origin, Origin::weaker)
    }

    /// The evidence graph: what is declared, and what the nodes with a current report saw.
    pub fn graph(&self) -> Graph {
        edges::graph(self)
    }

    /// Whether a report still counts.
    pub(crate) fn is_current(&self, said: &NodeEvidence) -> bool {
        said.heard_at >= self.as_of.plus_seconds(-STALE_AFTER_SECONDS)
    }

    /// Every declared node, with what it said.
    pub(crate) fn standings(&self) -> BTreeMap<&NodeId, Standing<'_>> {
        let said: BTreeMap<&NodeId, &NodeEvidence> = self.nodes.iter().map(|node| (&node.report.node, node)).collect();
        let declared = self.declaration.zones().flat_map(|(_, _, zone)| zone.racks.iter().flat_map(|rack| &rack.nodes));
        declared
            .map(|node| {
                let standing = match said.get(node) {
                    None => Standing::Silent,
                    Some(evidence) if !self.is_current(evidence) => Standing::Stale(evidence),
                    Some(evidence) => Standing::Current(evidence),
                };
                (node, standing)
            })
            .collect()
    }

    /// What is odd about the nodes, whatever is claimed.
    pub(crate) fn findings(&self) -> Vec<Finding> {
        let standings = self.standings();
        let declared_origin = self.declaration.origin;
        let cabling = Cabling::of(self);
        let mut findings = Vec::new();
        for node in self.nodes.iter().map(|node| &node.report) {
            if !standings.contains_key(&node.node) && !cabling.speaks_for_a_switch(&node.node) {
                findings.push(Finding::UndeclaredNode { node: node.node.clone() });
            }
            if node.origin > declared_origin {
                let (node, origin) = (node.node.clone(), node.origin);
                findings.push(Finding::WeakerOrigin { node, origin, declared: declared_origin });
            }
        }
        for (node, standing) in standings {
            match standing {
                Standing::Silent => findings.push(Finding::SilentNode { node: node.clone() }),
                Standing::Stale(said) => {
                    findings.push(Finding::StaleNode { node: node.clone(), heard_at: said.heard_at });
                }
                Standing::Current(_) => {}
            }
        }
        findings.extend(self.shared_by_nodes(&cabling));
        findings.extend(self.on_other_switches(&cabling));
        findings.extend(self.on_other_pdus());
        findings.extend(distance::findings(self));
        findings.extend(enclosures::findings(self));
        findings.extend(chips::findings(self));
        findings
    }

    /// Enclosures, gateways and switches that nodes of different zones were seen to share, claimed or not.
    fn shared_by_nodes(&self, cabling: &Cabling<'_>) -> Vec<Finding> {
        let standings = self.standings();
        let mut seen: BTreeMap<ComponentId, Vec<(ZoneId, NodeId)>> = BTreeMap::new();
        for (_, _, zone) in self.declaration.zones() {
            for node in zone.racks.iter().flat_map(|rack| &rack.nodes) {
                if let Some(Standing::Current(said)) = standings.get(node) {
                    let switches = cabling.switches(&said.report);
                    for component in Observed::of(&said.report).components().chain(switches) {
                        seen.entry(component).or_default().push((zone.id.clone(), node.clone()));
                    }
                }
            }
        }
        seen.into_iter().filter_map(|(component, places)| shared(component, places)).collect()
    }

    /// Nodes that hang on other power distribution units than their racks are declared to need.
    fn on_other_pdus(&self) -> Vec<Finding> {
        let outlets = Outlets::of(self);
        let racks = self.declaration.zones().flat_map(|(_, _, zone)| zone.racks.iter().map(move |rack| (zone, rack)));
        let nodes = racks.flat_map(|(zone, rack)| rack.nodes.iter().map(move |node| (zone, rack, node)));
        let contradicted = nodes.filter_map(|(zone, rack, node)| {
            let (declared, found) = outlets.contradicted(zone, rack, node)?;
            Some(Finding::OtherPdu { node: node.clone(), declared, found })
        });
        contradicted.collect()
    }

    /// Nodes that hear other switches than their racks are declared to hang on.
    fn on_other_switches(&self, cabling: &Cabling<'_>) -> Vec<Finding> {
        let standings = self.standings();
        let racks = self.declaration.zones().flat_map(|(_, _, zone)| zone.racks.iter().map(move |rack| (zone, rack)));
        let nodes = racks.flat_map(|(zone, rack)| rack.nodes.iter().map(move |node| (zone, rack, node)));
        let contradicted = nodes.filter_map(|(zone, rack, node)| {
            let Some(Standing::Current(said)) = standings.get(node) else { return None };
            let Contradiction { declared, heard } = cabling.contradicted(zone, rack, &said.report)?;
            let (declared, heard) = (declared.into_iter().collect(), heard.into_iter().collect());
            Some(Finding::OtherSwitch { node: node.clone(), declared, heard })
        });
        contradicted.collect()
    }
}

fn shared(component: ComponentId, places: Vec<(ZoneId, NodeId)>) -> Option<Finding> {
    let (mut zones, mut nodes): (Vec<ZoneId>, Vec<NodeId>) = places.into_iter().unzip();
    zones.sort();
    zones.dedup();
    nodes.sort();
    match component.kind() {
        _ if zones.len() < 2 => None,
        ComponentKind::Chassis => Some(Finding::SharedChassis { chassis: component, zones, nodes }),
        ComponentKind::Switch | ComponentKind::Router => {
            Some(Finding::SharedSwitch { switch: component, zones, nodes })
        }
        _ => Some(Finding::SharedGateway { gateway: component, zones, nodes }),
    }
}

/// The component that stands for a node.
pub(crate) fn node_component(node: &NodeId) -> ComponentId {
    ComponentId::new(ComponentKind::Node, node.as_str())
}

/// The component that stands for an availability zone.
pub(crate) fn zone_component(zone: &ZoneId) -> ComponentId {
    ComponentId::new(ComponentKind::AvailabilityZone, zone.as_str())
}
