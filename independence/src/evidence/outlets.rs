//! The power distribution units that nodes hang on, by the names that their outlets bear.
//!
//! An outlet that is called after a node is taken to feed it; the node then needs one of the units that feed it. Somebody
//! typed that name into the unit, so the edge is `declared`, whoever read it. A unit that calls itself like a declared PDU is
//! that part, and else goes by its serial number or its name.
//!
//! Only what a node of the same zone read becomes an edge: where its report is left out, that is missing evidence of this
//! zone. So a unit that feeds two zones should be asked by a node of each. What the nodes of other zones read is compared
//! with the declaration all the same.

use std::collections::{BTreeMap, BTreeSet};

use descriptors::component::{ComponentId, ComponentKind};
use descriptors::declaration::{AvailabilityZone, Rack};
use descriptors::digest::Digest;
use descriptors::fact::pdu::Description;
use descriptors::fact::{Fact, Reading};
use descriptors::id::{NodeId, ZoneId};
use descriptors::report::Report;

use super::{Evidence, NodeEvidence, Standing, observed};

/// Every declared node by its name, with its zone.
type Nodes<'e> = BTreeMap<&'e str, (&'e NodeId, &'e ZoneId)>;

/// The units that feed each node.
#[derive(Debug)]
pub(crate) struct Outlets {
    parts: BTreeMap<String, ComponentId>,
    /// The units by the word of a node of the same zone, and the first report that says so.
    feeding: BTreeMap<NodeId, (BTreeSet<ComponentId>, Digest)>,
    /// The units by the word of any node.
    named: BTreeMap<NodeId, BTreeSet<ComponentId>>,
}

impl Outlets {
    pub(crate) fn of(evidence: &Evidence) -> Self {
        let pdus = evidence.declaration.parts.iter().filter(|part| part.kind == ComponentKind::Pdu);
        let parts = pdus.map(|part| {
            let name = part.id.as_str();
            (name.to_owned(), ComponentId::new(part.kind, name))
        });
        let mut outlets = Self { parts: parts.collect(), feeding: BTreeMap::new(), named: BTreeMap::new() };
        let standings = evidence.standings();
        let zones = evidence.declaration.zones();
        let zones =
            zones.flat_map(|(_, _, zone)| zone.racks.iter().flat_map(|rack| &rack.nodes).map(|node| (node, &zone.id)));
        let nodes: Nodes<'_> = zones.map(|(node, zone)| (node.as_str(), (node, zone))).collect();
        for standing in standings.values() {
            let Standing::Current(said) = standing else { continue };
            let Ok(Fact::Pdu(fact)) = observed::fact(&said.report, "pdu") else { continue };
            for unit in fact.units.iter().filter_map(|unit| unit.said.present()) {
                outlets.take(unit, said, &nodes);
            }
        }
        outlets
    }

    fn take(&mut self, unit: &Description, said: &NodeEvidence, nodes: &Nodes<'_>) {
        let Some(component) = self.component(unit) else { return };
        for outlet in unit.outlets.present().into_iter().flatten() {
            let name = outlet.name.trim().to_ascii_lowercase();
            let host = name.split('.').next().unwrap_or_default();
            let Some(&(node, zone)) = nodes.get(name.as_str()).or_else(|| nodes.get(host)) else { continue };
            self.named.entry(node.clone()).or_default().insert(component.clone());
            if nodes.get(said.report.node.as_str()).is_some_and(|(_, own)| *own == zone) {
                let (units, first) = self.feeding.entry(node.clone()).or_insert_with(|| (BTreeSet::new(), said.digest));
                units.insert(component.clone());
                *first = said.digest.min(*first);
            }
        }
    }

    /// What feeds a node, and the report that says so.
    pub(crate) fn feeding(&self, node: &NodeId) -> Option<(&BTreeSet<ComponentId>, Digest)> {
        self.feeding.get(node).map(|(units, digest)| (units, *digest))
    }

    /// The units that a rack is declared to need, where a node in it hangs on others only.
    pub(crate) fn contradicted(
        &self,
        zone: &AvailabilityZone,
        rack: &Rack,
        node: &NodeId,
    ) -> Option<(Vec<ComponentId>, Vec<ComponentId>)> {
        let needs = zone.needs.iter().chain(&rack.needs).flat_map(|need| need.parts());
        let declared: BTreeSet<ComponentId> = needs.filter_map(|part| self.parts.get(part.as_str()).cloned()).collect();
        let units = self.named.get(node)?;
        let apart = !declared.is_empty() && declared.is_disjoint(units);
        apart.then(|| (declared.into_iter().collect(), units.iter().cloned().collect()))
    }

    /// The declared part that a unit is, or the unit by the first name that it has; none where it has none.
    fn component(&self, unit: &Description) -> Option<ComponentId> {
        let names = [&unit.serial, &unit.name, &unit.system_name];
        let names: Vec<String> = names
            .into_iter()
            .filter_map(|name| name.present())
            .map(|name| name.trim().to_ascii_lowercase())
            .filter(|name| !name.is_empty())
            .collect();
        let declared = names.iter().find_map(|name| self.parts.get(name).cloned());
        declared.or_else(|| Some(ComponentId::new(ComponentKind::Pdu, names.first()?.as_str())))
    }
}

/// Why an outlet of a node may be missing among those that were read.
pub(crate) fn unread(report: &Report) -> Option<String> {
    let (_, reading) = report.facts.iter().find(|(name, _)| name.as_str() == "pdu")?;
    let Reading::Present(Fact::Pdu(fact)) = reading else {
        return reading.absence().and_then(observed::unread);
    };
    let silent = fact.units.iter().find_map(|unit| Some((&unit.address, observed::unread(unit.said.absence()?)?)));
    silent.map(|(address, why)| format!("{address}: {why}"))
}
