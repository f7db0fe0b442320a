//! Whether the evidence on a zone suffices: what is not declared, and which nodes could have said more.
//!
//! A rack is complete in a dimension when it declares a need in it, and every chain of that dimension ends in a source
//! ([`descriptors::component::ComponentKind::is_source`]). Only the chain within the dimension is asked for: that a
//! switch needs electricity too is a need which, left out, is not seen here.
//!
//! A node without a current report is missing wherever a report could have shown something that counts: directly, or
//! through a declared gateway, switch, PDU or chassis that needs such a component. So leaving a report out never helps.

use std::collections::BTreeSet;

use descriptors::component::ComponentKind;
use descriptors::id::NodeId;

use super::{Case, Criterion, Form, Place};
use crate::evidence::{Observed, Standing, neighbours_unread, node_component, outlets_unread};
use crate::graph::{Graph, Index, Routes};
use crate::verdict::{Gap, Missing};

pub(super) fn missing(criterion: &Criterion, case: &Case<'_>, places: &[Place<'_>]) -> Vec<Missing> {
    let mut missing = BTreeSet::new();
    for place in places {
        let racks = case.graph.members(place.vertex).filter(|&v| case.graph.id(v).kind() == ComponentKind::Rack);
        for rack in racks {
            of_rack(criterion, case.graph, rack, &mut missing);
        }
        of_components(criterion, case.graph, place, &mut missing);
    }
    of_nodes(criterion, case, places, &mut missing);
    missing.into_iter().collect()
}

fn of_rack(criterion: &Criterion, graph: &Graph, rack: Index, missing: &mut BTreeSet<Missing>) {
    let dimension = criterion.dimension;
    let component = graph.id(rack).clone();
    if !graph.members(rack).any(|v| graph.id(v).kind().dimension() == Some(dimension)) {
        missing.insert(Missing { component, gap: Gap::NoSource(dimension) });
    } else if criterion.form == Form::Redundant {
        let chain = Routes::within(graph, rack, |v| graph.id(v).kind().dimension() == Some(dimension));
        for kinds in criterion.kinds {
            if !chain.iter().any(|v| kinds.contains(&graph.id(v).kind())) {
                missing.insert(Missing { component: component.clone(), gap: Gap::NoneOf(kinds.to_vec()) });
            }
        }
    }
}

/// Declared components of the dimension that are no source, and lead to none.
fn of_components(criterion: &Criterion, graph: &Graph, place: &Place<'_>, missing: &mut BTreeSet<Missing>) {
    let dimension = criterion.dimension;
    let within = |v: Index| graph.id(v).kind().dimension() == Some(dimension);
    for v in place.needs.iter().filter(|&v| within(v) && graph.vertex(v).declared) {
        let component = graph.id(v);
        if component.kind().is_source() {
            continue;
        }
        let gap = if !graph.members(v).any(within) {
            Gap::NoNeeds(dimension)
        } else if !Routes::within(graph, v, within).iter().any(|v| graph.id(v).kind().is_source()) {
            Gap::NoSourceBehind(dimension)
        } else {
            continue;
        };
        missing.insert(Missing { component: component.clone(), gap });
    }
}

fn of_nodes(criterion: &Criterion, case: &Case<'_>, places: &[Place<'_>], missing: &mut BTreeSet<Missing>) {
    let gateways = tells(criterion, case.graph, ComponentKind::Gateway);
    let chassis = tells(criterion, case.graph, ComponentKind::Chassis);
    // What announces itself on a cable may be a declared router as well.
    let switches = [ComponentKind::Switch, ComponentKind::Router];
    let switches = switches.into_iter().any(|kind| tells(criterion, case.graph, kind));
    let pdus = tells(criterion, case.graph, ComponentKind::Pdu);
    if !gateways && !chassis && !switches && !pdus {
        return;
    }
    let reached = |node: &NodeId| {
        let vertex = case.graph.find(&node_component(node));
        vertex.is_some_and(|vertex| places.iter().any(|place| place.needs.reaches(vertex)))
    };
    for (node, standing) in case.evidence.standings().into_iter().filter(|(node, _)| reached(node)) {
        let gaps = match standing {
            Standing::Silent => vec![Gap::Silent],
            Standing::Stale(said) => vec![Gap::StaleSince(said.heard_at)],
            Standing::Current(said) => {
                let seen = Observed::of(&said.report);
                let gateways = seen.gateways_unread.filter(|_| gateways).map(Gap::GatewaysUnread);
                let chassis = seen.chassis_unread.filter(|_| chassis).map(Gap::ChassisUnread);
                let switches = neighbours_unread(&said.report).filter(|_| switches).map(Gap::NeighboursUnread);
                let pdus = outlets_unread(&said.report).filter(|_| pdus).map(Gap::OutletsUnread);
                gateways.into_iter().chain(chassis).chain(switches).chain(pdus).collect()
            }
        };
        missing.extend(gaps.into_iter().map(|gap| Missing { component: node_component(node), gap }));
    }
}

/// Whether knowing the components of this kind around a node can matter to the criterion.
fn tells(criterion: &Criterion, graph: &Graph, kind: ComponentKind) -> bool {
    // Any component of the dimension matters, and not only those that count: its own needs may be what is left out.
    let matters = |v: Index| graph.id(v).kind().dimension() == Some(criterion.dimension);
    let mut declared = graph.indices().filter(|&v| graph.id(v).kind() == kind && graph.vertex(v).declared);
    criterion.counts(kind) || declared.any(|v| Routes::from(graph, v).iter().any(matters))
}
