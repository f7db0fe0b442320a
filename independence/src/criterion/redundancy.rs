//! The form *redundant*: what one zone rests on alone.

use std::collections::BTreeSet;

use super::{Case, Criterion, Judgement, Place, assurance, completeness, explained};
use crate::graph::Index;
use crate::risk_group::{OutOfWork, WORK_MAX, Work, risk_groups};
use crate::verdict::Verdict;

/// Only risk groups of one component are asked for.
const ORDER: u32 = 1;

pub(super) fn judge(criterion: &Criterion, case: &Case<'_>, places: &[Place<'_>]) -> Result<Judgement, OutOfWork> {
    let roots: Vec<Index> = places.iter().map(|place| place.vertex).collect();
    let own = |v: Index| criterion.counts(case.graph.id(v).kind());
    let families = risk_groups(case.graph, &roots, own, ORDER as usize, &mut Work::new(WORK_MAX))?;
    let alone: BTreeSet<Index> = families.iter().flat_map(|family| family.iter().flatten().copied()).collect();
    let missing = completeness::missing(criterion, case, places);
    let verdict = match (alone.is_empty(), missing.is_empty()) {
        (false, _) => Verdict::Dependent {
            shared: alone.iter().map(|&component| case.graph.id(component).clone()).collect(),
            risk_groups: alone
                .iter()
                .take(case.profile.risk_groups_max)
                .map(|&component| explained(case.graph, places, &[component]))
                .collect(),
            groups_by_order: vec![alone.len() as u64],
        },
        (true, false) => Verdict::Undetermined { missing },
        (true, true) => Verdict::Independent { assurance: assurance(case.graph, places), order: ORDER },
    };
    Ok(Judgement { verdict, only_in_larger_groups: None })
}
