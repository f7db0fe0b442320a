//! The form *separate*: what two zones both need.

use super::{Case, Criterion, Judgement, Place, assurance, completeness, explained, failing};
use crate::analysis::{Analysis, AnalysisError, Question};
use crate::fault_graph::Vertex;
use crate::graph::Index;
use crate::verdict::Verdict;

/// `Dependent` as soon as one component is shared, whatever else is missing: refutation beats absence.
pub(super) fn judge(criterion: &Criterion, case: &Case<'_>, places: &[Place<'_>]) -> Result<Judgement, AnalysisError> {
    let shared: Vec<Index> = case
        .graph
        .indices()
        .filter(|&v| criterion.counts(case.graph.id(v).kind()) && places.iter().all(|place| place.needs.reaches(v)))
        .collect();
    let missing = completeness::missing(criterion, case, places);
    let verdict = match (shared.is_empty(), missing.is_empty()) {
        (false, _) => return dependent(criterion, case, places, &shared),
        (true, false) => Verdict::Undetermined { missing },
        (true, true) => {
            Verdict::Independent { assurance: assurance(case.graph, places), order: u32::from(case.profile.order_max) }
        }
    };
    Ok(Judgement { verdict, only_in_larger_groups: None })
}

/// The minimal risk groups of "every zone is impaired" that hold a shared component.
fn dependent(
    criterion: &Criterion,
    case: &Case<'_>,
    places: &[Place<'_>],
    shared: &[Index],
) -> Result<Judgement, AnalysisError> {
    let is_shared = |v: &Index| shared.binary_search(v).is_ok();
    // What has no failure of its own in the dimension, an enclosure, fails only where it is shared.
    let own = |v: Index| {
        let kind = case.graph.id(v).kind();
        criterion.counts(kind) && (kind.dimension() == Some(criterion.dimension) || is_shared(&v))
    };
    let graph = failing(case.graph, own);
    let all: Vec<Vertex> = places.iter().map(|place| Vertex::of(place.vertex)).collect();
    let mut analysis = Analysis::new(&graph, &Question::all_down(&all), case.search(case.profile.order_max))?;
    let vertices: Vec<Vertex> = shared.iter().map(|&v| Vertex::of(v)).collect();
    analysis.keep_groups_with(&vertices)?;
    let in_groups = analysis.members();
    let in_none: Vec<Index> =
        shared.iter().copied().filter(|&v| in_groups.binary_search(&Vertex::of(v)).is_err()).collect();
    let printed = analysis.groups().take(case.profile.risk_groups_max);
    let members = |group: &[Vertex]| group.iter().map(|vertex| vertex.number()).collect::<Vec<Index>>();
    Ok(Judgement {
        only_in_larger_groups: (!in_none.is_empty()).then(|| explained(case.graph, places, &in_none)),
        verdict: Verdict::Dependent {
            shared: shared.iter().map(|&component| case.graph.id(component).clone()).collect(),
            risk_groups: printed.map(|group| explained(case.graph, places, &members(&group.members))).collect(),
            // More than 64 bits hold is said to be as many as they hold.
            groups_by_order: analysis.counts()[1..].iter().map(|&n| u64::try_from(n).unwrap_or(u64::MAX)).collect(),
        },
    })
}
