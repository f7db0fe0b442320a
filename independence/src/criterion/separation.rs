//! The form *separate*: what two zones both need.

use std::collections::BTreeSet;

use super::{Case, Criterion, Judgement, Place, assurance, completeness, explained};
use crate::graph::Index;
use crate::risk_group::{Family, OutOfWork, WORK_MAX, Work, joint, risk_groups};
use crate::verdict::Verdict;

/// `Dependent` as soon as one component is shared, whatever else is missing: refutation beats absence.
pub(super) fn judge(criterion: &Criterion, case: &Case<'_>, places: &[Place<'_>]) -> Result<Judgement, OutOfWork> {
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
            Verdict::Independent { assurance: assurance(case.graph, places), order: case.profile.order_max }
        }
    };
    Ok(Judgement { verdict, only_in_larger_groups: None })
}

fn dependent(
    criterion: &Criterion,
    case: &Case<'_>,
    places: &[Place<'_>],
    shared: &[Index],
) -> Result<Judgement, OutOfWork> {
    let groups = groups(criterion, case, places, shared)?;
    let mut groups_by_order = vec![0u64; case.profile.order_max as usize];
    for group in &groups {
        groups_by_order[group.len() - 1] += 1;
    }
    let mut smallest_first: Vec<_> = groups.iter().collect();
    smallest_first.sort_by_key(|group| group.len());
    let printed = smallest_first.iter().take(case.profile.risk_groups_max);
    let in_groups: BTreeSet<Index> = groups.iter().flatten().copied().collect();
    let in_none: Vec<Index> = shared.iter().copied().filter(|component| !in_groups.contains(component)).collect();
    Ok(Judgement {
        only_in_larger_groups: (!in_none.is_empty()).then(|| explained(case.graph, places, &in_none)),
        verdict: Verdict::Dependent {
            shared: shared.iter().map(|&component| case.graph.id(component).clone()).collect(),
            risk_groups: printed.map(|group| explained(case.graph, places, group)).collect(),
            groups_by_order,
        },
    })
}

/// The minimal risk groups of "every zone is impaired" that hold a shared component.
fn groups(criterion: &Criterion, case: &Case<'_>, places: &[Place<'_>], shared: &[Index]) -> Result<Family, OutOfWork> {
    let order_max = case.profile.order_max as usize;
    let mut work = Work::new(WORK_MAX);
    let is_shared = |v: &Index| shared.binary_search(v).is_ok();
    // What has no failure of its own in the dimension, an enclosure, fails only where it is shared.
    let own = |v: Index| {
        let kind = case.graph.id(v).kind();
        criterion.counts(kind) && (kind.dimension() == Some(criterion.dimension) || is_shared(&v))
    };
    let roots: Vec<Index> = places.iter().map(|place| place.vertex).collect();
    match risk_groups(case.graph, &roots, own, order_max, &mut work)?.as_slice() {
        [a, b] => joint(a, b, |set| set.iter().any(is_shared), order_max, &mut work),
        // A scope of this form is a pair; `Criterion::scopes` makes no other.
        _ => Ok(Family::new()),
    }
}
