//! Criteria: one rule each for one dimension.
//!
//! A criterion has one of two forms. *Separate* compares two zones: no component of the dimension may be needed by both.
//! *Redundant* looks into one zone: no single component of the kinds named may take any rack or node of it down. Which
//! criteria a claim is held to is the business of a [`crate::profile`].

pub mod cooling;
pub mod fire;
pub mod network;
pub mod power;

mod completeness;
mod redundancy;
mod separation;

use descriptors::component::{ComponentKind, Dimension};
use descriptors::id::ZoneId;
use serde::{Deserialize, Serialize};

use crate::analysis::{AnalysisError, Limits, Search, Sequence};
use crate::evidence::{Evidence, zone_component};
use crate::fault_graph::FaultGraph;
use crate::graph::{Graph, Index, Provenance, Routes};
use crate::profile::Profile;
use crate::verdict::{RiskGroup, Step, Verdict};

/// What a criterion compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// Two zones share nothing.
    Separate,
    /// One zone survives the loss of any single component.
    Redundant,
}

/// One rule for one dimension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Criterion {
    /// Its name in documents: `power_separate`.
    pub name: &'static str,
    /// The dimension.
    pub dimension: Dimension,
    /// Whether it compares zones or looks into one.
    pub form: Form,
    /// The kinds that count, in groups; redundancy is asked of each group, and each rack must need one kind of each.
    pub kinds: &'static [&'static [ComponentKind]],
}

/// Every criterion there is.
pub fn all() -> [&'static Criterion; 7] {
    [
        &power::SEPARATE,
        &power::REDUNDANT,
        &network::SEPARATE,
        &network::REDUNDANT,
        &cooling::SEPARATE,
        &cooling::REDUNDANT,
        &fire::SEPARATE,
    ]
}

impl Criterion {
    /// Whether a component of this kind can fail, or be shared, in the sense of this criterion.
    pub fn counts(&self, kind: ComponentKind) -> bool {
        self.kinds.iter().any(|group| group.contains(&kind))
    }

    /// The zones to be looked at together: pairs, or each alone. `zones` is sorted, and so are the results.
    pub(crate) fn scopes(&self, zones: &[ZoneId]) -> Vec<Vec<ZoneId>> {
        match self.form {
            Form::Redundant => zones.iter().map(|zone| vec![zone.clone()]).collect(),
            Form::Separate => {
                let pairs = zones.iter().enumerate();
                pairs.flat_map(|(i, a)| zones[i + 1..].iter().map(move |b| vec![a.clone(), b.clone()])).collect()
            }
        }
    }

    /// Applies the criterion to the zones of one scope.
    pub(crate) fn judge(&self, case: &Case<'_>, zones: &[ZoneId]) -> Result<Judgement, AnalysisError> {
        let places: Vec<Place<'_>> = zones.iter().filter_map(|zone| Place::of(case.graph, zone)).collect();
        match self.form {
            Form::Separate => separation::judge(self, case, &places),
            Form::Redundant => redundancy::judge(self, case, &places),
        }
    }
}

/// What is judged by.
#[derive(Clone, Copy)]
pub(crate) struct Case<'a> {
    pub(crate) evidence: &'a Evidence,
    pub(crate) graph: &'a Graph,
    pub(crate) profile: &'a Profile,
    pub(crate) limits: Limits,
}

impl Case<'_> {
    /// Risk groups as they are printed: by their members.
    fn search(&self, order: u8) -> Search {
        Search { limits: self.limits, sequence: Sequence::Members, ..Search::up_to(order) }
    }
}

/// The fault graph of the evidence, with the same numbers. `own` says what can fail by itself.
fn failing(graph: &Graph, own: impl Fn(Index) -> bool) -> FaultGraph {
    let own: Vec<bool> = graph.indices().map(own).collect();
    let needs = graph.indices().flat_map(|v| graph.vertex(v).needs.iter().map(move |group| (v, group)));
    FaultGraph::of_needs(&own, needs.map(|(v, group)| (v, group.minimum, group.members.as_slice())))
}

/// A verdict, and the shared components that are in no risk group of it.
#[derive(Debug)]
pub(crate) struct Judgement {
    pub(crate) verdict: Verdict,
    pub(crate) only_in_larger_groups: Option<RiskGroup>,
}

/// A zone in the graph, with all that it needs.
pub(crate) struct Place<'g> {
    zone: ZoneId,
    vertex: Index,
    needs: Routes<'g>,
}

impl<'g> Place<'g> {
    fn of(graph: &'g Graph, zone: &ZoneId) -> Option<Self> {
        let vertex = graph.find(&zone_component(zone))?;
        Some(Self { zone: zone.clone(), vertex, needs: Routes::from(graph, vertex) })
    }
}

/// The weakest provenance among all edges that the zones stand on.
fn assurance(graph: &Graph, places: &[Place<'_>]) -> Provenance {
    let reached = places.iter().flat_map(|place| place.needs.iter());
    let edges = reached.flat_map(|vertex| graph.vertex(vertex).needs.iter());
    // A zone always has a rack, by declaration.
    edges.map(|group| group.basis.provenance).min().unwrap_or(Provenance::Declared)
}

/// Gives a set of components the way of evidence from each of the zones to each of them.
fn explained(graph: &Graph, places: &[Place<'_>], set: &[Index]) -> RiskGroup {
    let mut witness = Vec::new();
    for place in places {
        for &component in set.iter().filter(|&&component| place.needs.reaches(component)) {
            witness.push(place.needs.way_to(component).into_iter().map(Step::from).collect());
        }
    }
    RiskGroup {
        components: set.iter().map(|&component| graph.id(component).clone()).collect(),
        fails: places.iter().map(|place| place.zone.clone()).collect(),
        witness,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_criterion_counts_what_its_dimension_holds() {
        for criterion in all() {
            for kind in criterion.kinds.iter().flat_map(|group| group.iter()) {
                // An enclosure has no dimension of its own, and takes electricity away from all it holds.
                let chassis = criterion.name == "power_separate" && *kind == ComponentKind::Chassis;
                assert!(chassis || kind.dimension() == Some(criterion.dimension), "{}: {kind}", criterion.name);
            }
            if criterion.form == Form::Separate {
                let of_dimension = |kind: &&ComponentKind| kind.dimension() == Some(criterion.dimension);
                for kind in ComponentKind::ALL.iter().filter(of_dimension) {
                    assert!(criterion.counts(*kind), "{}: {kind}", criterion.name);
                }
            }
        }
    }

    #[test]
    fn names_are_unique_and_say_what_is_compared() {
        let names: std::collections::BTreeSet<&str> = all().iter().map(|criterion| criterion.name).collect();
        assert_eq!(names.len(), all().len());
        assert!(all().iter().all(|criterion| criterion.name.starts_with(criterion.dimension.as_str())));
    }
}
