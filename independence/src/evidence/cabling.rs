//! The switches that nodes hang on, by what these announce of themselves on the cables (LLDP).
//!
//! A switch is named by its chassis id. Where a node hears it under the name of a declared switch or router, the node needs
//! that part too. Each node is judged by what it hears itself, so that no other's silence can take a need away. What is no switch is left out: an end station, and a neighbour that has an agent and a place in a
//! rack of its own. The cables of one bond or bridge stand in for each other; the others are needed each.
//!
//! What a node hears is `observed`. It is `corroborated` where the other end says the same: an agent on the switch, enrolled
//! under the name of the declared part, that hears the node.
//!
//! Whoever controls a switch can at most announce it as another. That a node hears nothing, because nobody listens, is not
//! held against it: what the declaration says then stands as declared.

use std::collections::{BTreeMap, BTreeSet};

use descriptors::component::{ComponentId, ComponentKind};
use descriptors::declaration::{AvailabilityZone, Rack};
use descriptors::fact::lldp::{Capability, Identifier, IdentifierKind, LldpFact, Neighbour};
use descriptors::fact::{Fact, Reading};
use descriptors::id::NodeId;
use descriptors::report::Report;

use super::{Evidence, NodeEvidence, observed};
use crate::graph::Provenance;

/// A need of a node: one of these switches.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Uplinks {
    pub(crate) switches: BTreeSet<ComponentId>,
    pub(crate) provenance: Provenance,
}

/// What is known of the cables between nodes and switches.
#[derive(Debug)]
pub(crate) struct Cabling<'e> {
    /// Declared switches and routers by their names.
    parts: BTreeMap<&'e str, ComponentId>,
    /// Reports that count, of nodes and of switches alike.
    reports: BTreeMap<&'e NodeId, &'e Report>,
    /// Hardware addresses of the nodes in racks.
    addresses: BTreeSet<String>,
}

/// Whether a part of this kind announces itself on cables.
fn is_switch(kind: ComponentKind) -> bool {
    matches!(kind, ComponentKind::Switch | ComponentKind::Router)
}

impl<'e> Cabling<'e> {
    pub(crate) fn of(evidence: &'e Evidence) -> Self {
        let declared = evidence.declaration.parts.iter().filter(|part| is_switch(part.kind));
        let parts = declared.map(|part| (part.id.as_str(), ComponentId::new(part.kind, part.id.as_str()))).collect();
        let counts = |said: &&NodeEvidence| evidence.is_current(said);
        let reports: BTreeMap<_, _> =
            evidence.nodes.iter().filter(counts).map(|said| (&said.report.node, &said.report)).collect();
        let in_racks =
            evidence.declaration.zones().flat_map(|(_, _, zone)| zone.racks.iter().flat_map(|rack| &rack.nodes));
        let addresses = in_racks.filter_map(|node| reports.get(node)).flat_map(|report| addresses(report)).collect();
        Self { parts, reports, addresses }
    }

    /// Whether a report under this name is a declared switch's own.
    pub(crate) fn speaks_for_a_switch(&self, node: &NodeId) -> bool {
        self.parts.contains_key(node.as_str())
    }

    /// The switches that a node needs, one of each group: by chassis, and again by declared part where one has a name.
    pub(crate) fn uplinks(&self, report: &Report) -> BTreeSet<Uplinks> {
        let mut groups: BTreeMap<String, [Uplinks; 2]> = BTreeMap::new();
        for neighbour in neighbours(report).filter(|neighbour| self.is_switch(neighbour)) {
            let chassis = ComponentId::new(ComponentKind::Switch, chassis(&neighbour.chassis));
            let part = self.part(neighbour).unwrap_or_else(|| chassis.clone());
            let provenance = self.provenance(&part, report);
            let empty = || Uplinks { switches: BTreeSet::new(), provenance: Provenance::Attested };
            let group = groups.entry(cable(report, &neighbour.interface)).or_insert_with(|| [empty(), empty()]);
            for (uplinks, switch) in group.iter_mut().zip([chassis, part]) {
                uplinks.switches.insert(switch);
                uplinks.provenance = uplinks.provenance.min(provenance);
            }
        }
        groups.into_values().flatten().collect()
    }

    /// Every switch that a node hears.
    pub(crate) fn switches(&self, report: &Report) -> BTreeSet<ComponentId> {
        self.uplinks(report).into_iter().flat_map(|uplinks| uplinks.switches).collect()
    }

    /// The switches that a rack is declared to hang on, where the node hears switches and none of these.
    pub(crate) fn contradicted(&self, zone: &AvailabilityZone, rack: &Rack, report: &Report) -> Option<Contradiction> {
        let needs = zone.needs.iter().chain(&rack.needs).flat_map(|need| need.parts());
        let declared: BTreeSet<ComponentId> = needs
            .filter_map(|part| self.parts.get(part.as_str()).cloned())
            .filter(|part| part.kind() == ComponentKind::Switch)
            .collect();
        let heard = self.switches(report);
        let apart = !declared.is_empty() && !heard.is_empty() && declared.is_disjoint(&heard);
        apart.then_some(Contradiction { declared, heard })
    }

    fn is_switch(&self, neighbour: &Neighbour) -> bool {
        let station = neighbour.capabilities.present().is_some_and(|capabilities| {
            !capabilities.iter().any(|capability| {
                matches!(capability, Capability::Bridge | Capability::Router | Capability::Repeater | Capability::Other)
            })
        });
        let node = [&neighbour.chassis, &neighbour.port].into_iter().any(|id| self.addresses.contains(&chassis(id)));
        !station && !node
    }

    /// The declared part that a neighbour calls itself after.
    fn part(&self, neighbour: &Neighbour) -> Option<ComponentId> {
        names(neighbour).iter().find_map(|name| self.parts.get(name.as_str()).cloned())
    }

    fn provenance(&self, switch: &ComponentId, report: &Report) -> Provenance {
        let own = NodeId::new(switch.name()).ok().filter(|name| self.speaks_for_a_switch(name));
        let Some(own) = own.and_then(|name| self.reports.get(&name)) else { return Provenance::Observed };
        let addresses: BTreeSet<String> = addresses(report).collect();
        let hears_node = |neighbour: &Neighbour| {
            let named = names(neighbour).iter().any(|name| name == report.node.as_str());
            named || [&neighbour.chassis, &neighbour.port].into_iter().any(|id| addresses.contains(&chassis(id)))
        };
        if neighbours(own).any(hears_node) { Provenance::Corroborated } else { Provenance::Observed }
    }
}

/// A rack that is declared on other switches than a node in it hears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Contradiction {
    pub(crate) declared: BTreeSet<ComponentId>,
    pub(crate) heard: BTreeSet<ComponentId>,
}

/// An identifier as the name of a component: hardware addresses as those of gateways are written, others after their kind
/// unless they are addresses, which stand for themselves.
fn chassis(id: &Identifier) -> String {
    let value = id.value.trim().to_ascii_lowercase();
    match id.kind {
        IdentifierKind::Mac => value.replace(':', "-"),
        IdentifierKind::Address => value,
        IdentifierKind::InterfaceName => format!("interface-{value}"),
        IdentifierKind::InterfaceAlias => format!("alias-{value}"),
        IdentifierKind::Component => format!("component-{value}"),
        IdentifierKind::Circuit => format!("circuit-{value}"),
        IdentifierKind::Local => format!("local-{value}"),
        IdentifierKind::Unknown => format!("unknown-{value}"),
    }
}

/// What a neighbour may be declared as: its chassis id, its name, and its name without a domain.
fn names(neighbour: &Neighbour) -> Vec<String> {
    let mut names = vec![chassis(&neighbour.chassis)];
    if let Reading::Present(name) = &neighbour.system_name {
        let name = name.trim().to_ascii_lowercase();
        names.extend(name.split_once('.').map(|(host, _)| host.to_owned()));
        names.push(name);
    }
    names
}

/// What stands in for one another: the bond or bridge of an interface, or the interface alone.
fn cable(report: &Report, interface: &str) -> String {
    let Ok(Fact::Net(net)) = observed::fact(report, "net") else { return interface.to_owned() };
    let own = net.interfaces.iter().find(|known| known.name == interface);
    own.and_then(|own| own.controller.present().cloned()).unwrap_or_else(|| interface.to_owned())
}

fn lldp(report: &Report) -> Option<&LldpFact> {
    match observed::fact(report, "lldp") {
        Ok(Fact::Lldp(lldp)) => Some(lldp),
        _ => None,
    }
}

fn neighbours(report: &Report) -> impl Iterator<Item = &Neighbour> {
    lldp(report).into_iter().flat_map(|lldp| &lldp.neighbours)
}

/// Hardware addresses of a node's interfaces, as components are named.
fn addresses(report: &Report) -> impl Iterator<Item = String> {
    let net = match observed::fact(report, "net") {
        Ok(Fact::Net(net)) => Some(net),
        _ => None,
    };
    let macs = net.into_iter().flat_map(|net| &net.interfaces).flat_map(|interface| {
        // In a bond all have one address, and each its own besides.
        [&interface.mac, &interface.mac_permanent].into_iter().filter_map(|mac| mac.present())
    });
    macs.map(|mac| mac.trim().to_ascii_lowercase().replace(':', "-"))
}

/// Why a switch may be missing among those that a node hears.
pub(crate) fn unread(report: &Report) -> Option<String> {
    // Older agents do not listen; neither does a node without a daemon that does.
    let (_, reading) = report.facts.iter().find(|(name, _)| name.as_str() == "lldp")?;
    match reading {
        Reading::Present(Fact::Lldp(lldp)) => {
            lldp.unreadable.first().map(|heard| format!("an announcement on {}: {}", heard.interface, heard.why))
        }
        Reading::Present(_) => Some("the source `lldp` holds another fact".to_owned()),
        Reading::Absent(absence) => observed::unread(absence),
    }
}
