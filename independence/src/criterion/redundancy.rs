//! The form *redundant*: what one zone rests on alone.

use super::{Case, Criterion, Judgement, Place, assurance, completeness, explained, failing};
use crate::analysis::{Analysis, AnalysisError, Question};
use crate::fault_graph::Vertex;
use crate::graph::Index;
use crate::verdict::Verdict;

/// Only risk groups of one component are asked for.
const ORDER: u8 = 1;

pub(super) fn judge(criterion: &Criterion, case: &Case<'_>, places: &[Place<'_>]) -> Result<Judgement, AnalysisError> {
    let graph = failing(case.graph, |v| criterion.counts(case.graph.id(v).kind()));
    let mut alone: Vec<Index> = Vec::new();
    for place in places {
        let question = Question::down(Vertex::of(place.vertex));
        let analysis = Analysis::new(&graph, &question, case.search(ORDER))?;
        alone.extend(analysis.single_points().into_iter().map(Vertex::number));
    }
    alone.sort_unstable();
    alone.dedup();
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
        (true, true) => Verdict::Independent { assurance: assurance(case.graph, places), order: u32::from(ORDER) },
    };
    Ok(Judgement { verdict, only_in_larger_groups: None })
}
