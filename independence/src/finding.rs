//! Findings: what an audit saw beside its verdicts, each with a code that stays.
//!
//! A finding never makes a claim true. Some stand for evidence that is missing, some for two sources that contradict each
//! other, some for a recommendation that is not followed. Who is to blame is not known here.

use std::fmt;

use descriptors::component::{ComponentId, ComponentKind, Dimension};
use descriptors::digest::Digest;
use descriptors::id::{ClaimId, DatacenterId, NodeId, RackId, ZoneId};
use descriptors::report::Origin;
use descriptors::timestamp::Timestamp;
use serde::{Deserialize, Serialize};

use crate::evidence::node_component;
use crate::graph::Provenance;
use crate::verdict::{Missing, Step, first, list};

/// What an audit saw. `AVOW-EVI-*` speaks of the evidence, `AVOW-CRI-*` of a criterion.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "code", deny_unknown_fields)]
pub enum Finding {
    /// A report of a node that the declaration places nowhere. It is no evidence of any zone.
    #[serde(rename = "AVOW-EVI-01")]
    UndeclaredNode {
        /// The node.
        node: NodeId,
    },
    /// A declared node without a report.
    #[serde(rename = "AVOW-EVI-02")]
    SilentNode {
        /// The node.
        node: NodeId,
    },
    /// A declared node whose report is too old to count.
    #[serde(rename = "AVOW-EVI-03")]
    StaleNode {
        /// The node.
        node: NodeId,
        /// When it last spoke.
        heard_at: Timestamp,
    },
    /// Nodes of different zones report one enclosure, so the declared places cannot all be true.
    #[serde(rename = "AVOW-EVI-04")]
    SharedChassis {
        /// The enclosure.
        chassis: ComponentId,
        /// The zones, sorted.
        zones: Vec<ZoneId>,
        /// The nodes, sorted.
        nodes: Vec<NodeId>,
    },
    /// Nodes of different zones use one gateway.
    #[serde(rename = "AVOW-EVI-05")]
    SharedGateway {
        /// The gateway.
        gateway: ComponentId,
        /// The zones, sorted.
        zones: Vec<ZoneId>,
        /// The nodes, sorted.
        nodes: Vec<NodeId>,
    },
    /// Components that need each other: none can start first.
    #[serde(rename = "AVOW-EVI-06")]
    MutualDependency {
        /// The components, sorted.
        components: Vec<ComponentId>,
    },
    /// A captured or simulated report beside a declaration that says it is more real.
    #[serde(rename = "AVOW-EVI-07")]
    WeakerOrigin {
        /// The node.
        node: NodeId,
        /// Where its facts come from.
        origin: Origin,
        /// What the declaration says of itself.
        declared: Origin,
    },
    /// Nodes of different zones hear one switch.
    #[serde(rename = "AVOW-EVI-08")]
    SharedSwitch {
        /// The switch.
        switch: ComponentId,
        /// The zones, sorted.
        zones: Vec<ZoneId>,
        /// The nodes, sorted.
        nodes: Vec<NodeId>,
    },
    /// A node hears switches, and none that its rack is declared to hang on.
    #[serde(rename = "AVOW-EVI-09")]
    OtherSwitch {
        /// The node.
        node: NodeId,
        /// The declared switches, sorted.
        declared: Vec<ComponentId>,
        /// The switches heard, sorted.
        heard: Vec<ComponentId>,
    },
    /// Two datacenters are at most so far apart, as light could not have gone further.
    #[serde(rename = "AVOW-EVI-10")]
    NearDatacenters {
        /// The datacenters, sorted by region and name.
        datacenters: Vec<DatacenterId>,
        /// A node of each, in this order.
        nodes: Vec<NodeId>,
        /// The round trip between them in microseconds, at most.
        round_trip_us_max: u32,
        /// Hence the distance in kilometres, at most.
        distance_km_max: u32,
        /// How the round trip is known.
        provenance: Provenance,
    },
    /// A node hangs on outlets of other units than its rack is declared to need.
    #[serde(rename = "AVOW-EVI-11")]
    OtherPdu {
        /// The node.
        node: NodeId,
        /// The declared units, sorted.
        declared: Vec<ComponentId>,
        /// The units with an outlet of the node's name, sorted.
        found: Vec<ComponentId>,
    },
    /// The management controller of a node names another rack than the declaration.
    #[serde(rename = "AVOW-EVI-12")]
    OtherRack {
        /// The node.
        node: NodeId,
        /// In the declaration.
        declared: RackId,
        /// In the controller.
        found: String,
    },
    /// A node has one power supply in a rack that is declared to have a choice of lines.
    #[serde(rename = "AVOW-EVI-13")]
    OnePowerSupply {
        /// The node.
        node: NodeId,
        /// The rack.
        rack: RackId,
    },
    /// Nodes whose report keys are bound to one chip: one of them is another machine, or a copy.
    #[serde(rename = "AVOW-EVI-14")]
    SharedTpm {
        /// Digest of the chip's endorsement key.
        endorsement_key: Digest,
        /// The nodes, sorted.
        nodes: Vec<NodeId>,
    },
    /// Components are shared, and no small failure shows it.
    #[serde(rename = "AVOW-CRI-01")]
    OnlyInLargerGroups {
        /// The claim.
        claim: ClaimId,
        /// The dimension.
        dimension: Dimension,
        /// The zones, sorted.
        zones: Vec<ZoneId>,
        /// The components, sorted.
        components: Vec<ComponentId>,
        /// Largest risk group looked for.
        order: u32,
        /// For each zone and each of the components, a shortest way of evidence.
        witness: Vec<Vec<Step>>,
    },
    /// A SHOULD of the profile is not met: the zone rests on one component alone.
    #[serde(rename = "AVOW-CRI-02")]
    RecommendationMissed {
        /// The claim.
        claim: ClaimId,
        /// The dimension.
        dimension: Dimension,
        /// The zones, sorted.
        zones: Vec<ZoneId>,
        /// The components, sorted.
        components: Vec<ComponentId>,
    },
    /// Whether a SHOULD of the profile is met cannot be told.
    #[serde(rename = "AVOW-CRI-03")]
    RecommendationUndetermined {
        /// The claim.
        claim: ClaimId,
        /// The dimension.
        dimension: Dimension,
        /// The zones, sorted.
        zones: Vec<ZoneId>,
        /// What is not known, sorted.
        missing: Vec<Missing>,
    },
}

impl Finding {
    /// The code, which never changes its meaning.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UndeclaredNode { .. } => "AVOW-EVI-01",
            Self::SilentNode { .. } => "AVOW-EVI-02",
            Self::StaleNode { .. } => "AVOW-EVI-03",
            Self::SharedChassis { .. } => "AVOW-EVI-04",
            Self::SharedGateway { .. } => "AVOW-EVI-05",
            Self::MutualDependency { .. } => "AVOW-EVI-06",
            Self::WeakerOrigin { .. } => "AVOW-EVI-07",
            Self::SharedSwitch { .. } => "AVOW-EVI-08",
            Self::OtherSwitch { .. } => "AVOW-EVI-09",
            Self::NearDatacenters { .. } => "AVOW-EVI-10",
            Self::OtherPdu { .. } => "AVOW-EVI-11",
            Self::OtherRack { .. } => "AVOW-EVI-12",
            Self::OnePowerSupply { .. } => "AVOW-EVI-13",
            Self::SharedTpm { .. } => "AVOW-EVI-14",
            Self::OnlyInLargerGroups { .. } => "AVOW-CRI-01",
            Self::RecommendationMissed { .. } => "AVOW-CRI-02",
            Self::RecommendationUndetermined { .. } => "AVOW-CRI-03",
        }
    }

    /// The components it speaks of, sorted.
    pub fn components(&self) -> Vec<ComponentId> {
        match self {
            Self::UndeclaredNode { node }
            | Self::SilentNode { node }
            | Self::StaleNode { node, .. }
            | Self::WeakerOrigin { node, .. }
            | Self::OtherRack { node, .. }
            | Self::OnePowerSupply { node, .. } => vec![node_component(node)],
            Self::SharedChassis { chassis: shared, nodes, .. }
            | Self::SharedGateway { gateway: shared, nodes, .. }
            | Self::SharedSwitch { switch: shared, nodes, .. } => {
                let mut components: Vec<ComponentId> = nodes.iter().map(node_component).collect();
                components.push(shared.clone());
                components.sort();
                components
            }
            Self::NearDatacenters { nodes, .. } | Self::SharedTpm { nodes, .. } => {
                let mut components: Vec<ComponentId> = nodes.iter().map(node_component).collect();
                components.sort();
                components
            }
            Self::OtherSwitch { node, declared, heard: found } | Self::OtherPdu { node, declared, found } => {
                let mut components = [&[node_component(node)], declared.as_slice(), found].concat();
                components.sort();
                components
            }
            Self::MutualDependency { components }
            | Self::OnlyInLargerGroups { components, .. }
            | Self::RecommendationMissed { components, .. } => components.clone(),
            Self::RecommendationUndetermined { missing, .. } => {
                missing.iter().map(|missing| missing.component.clone()).collect()
            }
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UndeclaredNode { node } => write!(f, "node {node} reports and is declared in no rack"),
            Self::SilentNode { node } => write!(f, "node {node} is declared and has no report"),
            Self::StaleNode { node, heard_at } => {
                write!(f, "node {node} was last heard at {heard_at}: its report no longer counts")
            }
            Self::SharedChassis { chassis, zones, nodes } => {
                let serial = chassis.name();
                let (nodes, zones) = (list(nodes), list(zones));
                write!(f, "nodes {nodes} report the same chassis serial {serial} and are declared in zones {zones}")
            }
            Self::SharedGateway { gateway, zones, nodes } => {
                let (nodes, zones) = (list(nodes), list(zones));
                write!(f, "nodes {nodes} in zones {zones} use the same {} {}", ComponentKind::Gateway, gateway.name())
            }
            Self::SharedSwitch { switch, zones, nodes } => {
                write!(f, "nodes {} in zones {} hang on the same {switch}", list(nodes), list(zones))
            }
            Self::OtherSwitch { node, declared, heard } => {
                let (declared, heard) = (list(declared), list(heard));
                write!(
                    f,
                    "node {node} is declared on {declared} and hears {heard}: correct the declaration, or name the part \
                     after its chassis id or its system name"
                )
            }
            Self::NearDatacenters { datacenters, nodes, round_trip_us_max, distance_km_max, provenance } => {
                let (datacenters, nodes) = (list(datacenters), list(nodes));
                write!(
                    f,
                    "datacenters {datacenters} are at most {distance_km_max} km apart: a round trip between {nodes} takes at \
                     most {round_trip_us_max} µs ({provenance})"
                )
            }
            Self::OtherPdu { node, declared, found } => {
                let (declared, found) = (list(declared), list(found));
                write!(f, "node {node} is declared on {declared} and has an outlet of {found}: correct one of them")
            }
            Self::OtherRack { node, declared, found } => {
                write!(f, "node {node} is declared in rack {declared}, and its management controller says {found:?}")
            }
            Self::OnePowerSupply { node, rack } => {
                write!(f, "node {node} has one power supply, and rack {rack} is declared to have a choice of lines")
            }
            Self::SharedTpm { endorsement_key, nodes } => write!(
                f,
                "the keys of nodes {} are bound to one TPM, {endorsement_key}: a key was copied, or one machine vouches for another",
                list(nodes)
            ),
            Self::MutualDependency { components } => write!(f, "{} need each other", list(components)),
            Self::WeakerOrigin { node, origin, declared } => {
                write!(f, "the report of node {node} is {origin}, the declaration says {declared}")
            }
            Self::OnlyInLargerGroups { zones, components, order, .. } => {
                write!(
                    f,
                    "{} need {}, but no group of {order} or fewer that holds it fails them",
                    list(zones),
                    list(components)
                )
            }
            Self::RecommendationMissed { dimension, zones, components, .. } => {
                write!(f, "{dimension} should be redundant: {} rests on {} alone", list(zones), list(components))
            }
            Self::RecommendationUndetermined { dimension, zones, missing, .. } => {
                write!(f, "{dimension} should be redundant in {}: {}", list(zones), first(missing))
            }
        }
    }
}
