//! Edges from the declaration and from reports.
//!
//! A zone needs all its racks and nodes; a rack needs what it and its zone declare; a node needs its rack, one of the
//! gateways it was seen to use, the enclosure it was seen in, the switches it hears, and
//! one of the power distribution units that have an outlet of its name.

use std::collections::{BTreeMap, BTreeSet};

use descriptors::component::{ComponentId, ComponentKind};
use descriptors::declaration::{AvailabilityZone, Need};
use descriptors::id::PartId;

use super::cabling::Cabling;
use super::outlets::Outlets;
use super::{Evidence, NodeEvidence, Observed, Standing, node_component, zone_component};
use crate::graph::{Basis, Builder, Graph, Provenance};

struct Edges<'a> {
    parts: BTreeMap<&'a PartId, ComponentKind>,
    builder: Builder,
}

pub(super) fn graph(evidence: &Evidence) -> Graph {
    let declaration = &evidence.declaration;
    let parts = declaration.parts.iter().map(|part| (&part.id, part.kind)).collect();
    let mut edges = Edges { parts, builder: Builder::default() };
    for part in &declaration.parts {
        let id = ComponentId::new(part.kind, part.id.as_str());
        edges.builder.declare(id.clone());
        edges.needs(&id, &part.needs);
    }
    for (_, _, zone) in declaration.zones() {
        edges.zone(zone);
    }
    let cabling = Cabling::of(evidence);
    for (node, standing) in evidence.standings() {
        if let Standing::Current(said) = standing {
            edges.observed(&node_component(node), said, &cabling);
        }
    }
    let outlets = Outlets::of(evidence);
    for node in evidence.standings().into_keys() {
        if let Some((units, digest)) = outlets.feeding(node) {
            let basis = Basis { source: format!("report {digest} pdu"), ..declared() };
            edges.builder.need(&node_component(node), units.clone(), 1, basis);
        }
    }
    edges.builder.build()
}

impl Edges<'_> {
    fn zone(&mut self, zone: &AvailabilityZone) {
        let id = zone_component(&zone.id);
        self.builder.declare(id.clone());
        let mut racks = BTreeSet::new();
        let mut nodes = BTreeSet::new();
        for rack in &zone.racks {
            let rack_id = ComponentId::new(ComponentKind::Rack, rack.id.as_str());
            self.builder.declare(rack_id.clone());
            self.needs(&rack_id, &zone.needs);
            self.needs(&rack_id, &rack.needs);
            for node in rack.nodes.iter().map(node_component) {
                self.builder.declare(node.clone());
                self.builder.need_all(&node, BTreeSet::from([rack_id.clone()]), declared());
                nodes.insert(node);
            }
            racks.insert(rack_id);
        }
        self.builder.need_all(&id, racks, declared());
        self.builder.need_all(&id, nodes, declared());
    }

    fn needs(&mut self, from: &ComponentId, needs: &[Need]) {
        for need in needs {
            let known = need.parts().iter().filter_map(|part| {
                let kind = self.parts.get(part)?;
                Some(ComponentId::new(*kind, part.as_str()))
            });
            let members = known.collect();
            self.builder.need(from, members, need.minimum() as usize, declared());
        }
    }

    fn observed(&mut self, node: &ComponentId, said: &NodeEvidence, cabling: &Cabling<'_>) {
        let seen = Observed::of(&said.report);
        self.builder.need(node, seen.gateways, 1, reported(said, "net"));
        self.builder.need_all(node, seen.chassis.into_iter().collect(), reported(said, "dmi"));
        for uplinks in cabling.uplinks(&said.report) {
            let basis = Basis { provenance: uplinks.provenance, ..reported(said, "lldp") };
            self.builder.need(node, uplinks.switches, 1, basis);
        }
    }
}

fn declared() -> Basis {
    Basis { provenance: Provenance::Declared, source: "declaration".to_owned(), seen_at: None }
}

fn reported(said: &NodeEvidence, source: &str) -> Basis {
    Basis {
        provenance: Provenance::Observed,
        source: format!("report {} {source}", said.digest),
        seen_at: Some(said.received_at),
    }
}
