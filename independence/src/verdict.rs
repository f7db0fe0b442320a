//! Verdicts: `Independent`, `Dependent` or `Undetermined`, each with what it rests on.
//!
//! There is no fourth and no silent one. How a verdict is found is not known here.

use std::fmt;

use descriptors::component::{ComponentId, ComponentKind, Dimension};
use descriptors::id::{ClaimId, ZoneId};
use descriptors::timestamp::Timestamp;
use serde::{Deserialize, Serialize};

use crate::criterion::Form;
use crate::graph::{Basis, Edge, Provenance};

/// What one criterion says of a pair of zones, or of one zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assessment {
    /// The claim.
    pub claim: ClaimId,
    /// The profile it was checked against: `strict@1`.
    pub profile: String,
    /// Separation between two zones, or redundancy inside one.
    pub criterion: Form,
    /// A pair, sorted; one zone where the criterion is redundancy.
    pub zones: Vec<ZoneId>,
    /// The dimension.
    pub dimension: Dimension,
    /// The verdict.
    pub verdict: Verdict,
}

/// The answer of a criterion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Verdict {
    /// Nothing that the criterion forbids, and the evidence is complete.
    Independent {
        /// The weakest provenance among the edges it rests on.
        assurance: Provenance,
        /// Largest risk group looked for.
        order: u32,
    },
    /// Here is what the criterion forbids.
    Dependent {
        /// The components both zones need; for redundancy, those the zone rests on alone. Sorted.
        shared: Vec<ComponentId>,
        /// Minimal risk groups with a shared component, smallest first, at most as many as the profile prints.
        risk_groups: Vec<RiskGroup>,
        /// How many such groups there are of order 1, 2 and so on, printed or not.
        groups_by_order: Vec<u64>,
    },
    /// The evidence does not suffice.
    Undetermined {
        /// What is missing, sorted; never empty.
        missing: Vec<Missing>,
    },
}

/// A verdict without its reasons, from the worst to the best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// See [`Verdict::Dependent`].
    Dependent,
    /// See [`Verdict::Undetermined`].
    Undetermined,
    /// See [`Verdict::Independent`].
    Independent,
}

impl Outcome {
    /// The word in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dependent => "dependent",
            Self::Undetermined => "undetermined",
            Self::Independent => "independent",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Components whose joint failure fails all the zones named; none can be left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RiskGroup {
    /// The components, sorted.
    pub components: Vec<ComponentId>,
    /// The zones that fail, sorted.
    pub fails: Vec<ZoneId>,
    /// For each zone and each component it needs, a shortest way of evidence from the one to the other.
    pub witness: Vec<Vec<Step>>,
}

/// One edge of a witness.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Step {
    /// What needs.
    pub from: ComponentId,
    /// What is needed.
    pub to: ComponentId,
    /// How many of the group must work; 1 of 1 is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub choice: Option<Choice>,
    /// What the edge rests on.
    #[serde(flatten)]
    pub basis: Basis,
}

/// A need that does not want all of its group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// So many must work.
    pub at_least: usize,
    /// Of so many.
    pub of: usize,
}

impl From<Edge<'_>> for Step {
    fn from(edge: Edge<'_>) -> Self {
        let choice = (edge.at_least < edge.of).then_some(Choice { at_least: edge.at_least, of: edge.of });
        Self { from: edge.from.clone(), to: edge.to.clone(), choice, basis: edge.basis.clone() }
    }
}

/// Evidence that is not there, and the component it would speak of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Missing {
    /// The component.
    pub component: ComponentId,
    /// What is not known of it.
    pub gap: Gap,
}

/// What can be missing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gap {
    /// A rack declares nothing it needs in this dimension.
    NoSource(Dimension),
    /// A component that is no source declares nothing it needs in its dimension.
    NoNeeds(Dimension),
    /// What the component needs never leads to a source.
    NoSourceBehind(Dimension),
    /// A rack needs none of these kinds, whose redundancy is asked for.
    NoneOf(Vec<ComponentKind>),
    /// There is no report of a node.
    Silent,
    /// A node was last heard then.
    StaleSince(Timestamp),
    /// A node could not tell which gateways it uses.
    GatewaysUnread(String),
    /// A node could not tell which enclosure it is in.
    ChassisUnread(String),
    /// A node could not tell which switches it hears.
    NeighboursUnread(String),
    /// A node could not read the power distribution units that it is told to ask.
    OutletsUnread(String),
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let component = &self.component;
        match &self.gap {
            Gap::NoSource(dimension) => write!(f, "no {} is declared for {component}", source_of(*dimension)),
            Gap::NoNeeds(dimension) => write!(f, "what {component} needs for {dimension} is not declared"),
            Gap::NoSourceBehind(dimension) => write!(f, "no {} is declared behind {component}", source_of(*dimension)),
            Gap::NoneOf(kinds) => {
                let kinds: Vec<&str> = kinds.iter().map(|kind| kind.as_str()).collect();
                write!(f, "no {} is declared for {component}", kinds.join(" or "))
            }
            Gap::Silent => write!(f, "there is no report of {component}"),
            Gap::StaleSince(heard_at) => write!(f, "{component} was last heard at {heard_at}"),
            Gap::GatewaysUnread(why) => write!(f, "which gateways {component} uses is not known ({why})"),
            Gap::ChassisUnread(why) => write!(f, "which chassis {component} is in is not known ({why})"),
            Gap::OutletsUnread(why) => write!(f, "which outlets the units of {component} have is not known ({why})"),
            Gap::NeighboursUnread(why) => write!(f, "which switches {component} hears is not known ({why})"),
        }
    }
}

fn source_of(dimension: Dimension) -> &'static str {
    match dimension {
        Dimension::Power => "power source",
        Dimension::Network => "uplink or carrier",
        Dimension::Cooling => "cooling source",
        Dimension::Fire => "fire compartment",
    }
}

impl Verdict {
    /// The verdict without its reasons.
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Independent { .. } => Outcome::Independent,
            Self::Dependent { .. } => Outcome::Dependent,
            Self::Undetermined { .. } => Outcome::Undetermined,
        }
    }
}

impl Assessment {
    /// Why, in one line: `both need power_feed:feed-north`.
    pub fn reason(&self) -> String {
        match (&self.verdict, self.criterion) {
            (Verdict::Independent { assurance, .. }, Form::Separate) => format!("no shared component ({assurance})"),
            (Verdict::Independent { assurance, .. }, Form::Redundant) => format!("no single line ({assurance})"),
            (Verdict::Dependent { shared, .. }, Form::Separate) => format!("both need {}", first(shared)),
            (Verdict::Dependent { shared, .. }, Form::Redundant) => format!("rests on {} alone", first(shared)),
            (Verdict::Undetermined { missing }, _) => first(missing),
        }
    }
}

impl fmt::Display for Assessment {
    /// `az1 + az2, power: dependent: both need power_feed:feed-north`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let zones: Vec<&str> = self.zones.iter().map(ZoneId::as_str).collect();
        write!(f, "{}, {}: {}: {}", zones.join(" + "), self.dimension, self.verdict.outcome(), self.reason())
    }
}

/// The first of some things, and how many more there are.
pub(crate) fn first<T: fmt::Display>(things: &[T]) -> String {
    match things {
        [] => String::new(),
        [only] => only.to_string(),
        [first, rest @ ..] => format!("{first} (and {} more)", rest.len()),
    }
}

/// Things in a row; of many only the first ones.
pub(crate) fn list<T: fmt::Display>(things: &[T]) -> String {
    const SHOWN: usize = 4;
    let mut text = things.iter().take(SHOWN).map(ToString::to_string).collect::<Vec<_>>().join(", ");
    if things.len() > SHOWN {
        text.push_str(&format!(" and {} more", things.len() - SHOWN));
    }
    text
}
