//! Order by order: what is known when a search cannot be finished, and the smallest group of all.

use super::{Analysis, AnalysisError, Group, Impact, Limits, ORDER_MAX, Question, Reading, Search, Watch};
use crate::fault_graph::{FaultGraph, Vertex};

/// How far a search came.
#[derive(Debug)]
pub struct Deepened<'g> {
    /// Complete up to the largest order that was finished; none where not even the first was.
    pub known: Option<Analysis<'g>>,
    /// Why it ended before the order asked for.
    pub ended: Option<AnalysisError>,
}

/// Searches for groups of one member, then of up to two, and so on, each time within the limits; what was finished last is
/// kept. Costs the sum of all orders, where [`Analysis::new`] costs the last one.
pub fn deepen<'g>(graph: &'g FaultGraph, question: &Question, search: Search, watch: &mut Watch<'_>) -> Deepened<'g> {
    let mut known = None;
    // An order that makes no sense is refused by the search itself.
    let orders = if search.order == 0 { 0..=0 } else { 1..=search.order };
    for order in orders {
        match Analysis::watched(graph, question, Search { order, ..search }, watch) {
            Ok(analysis) => known = Some(analysis),
            Err(error) => return Deepened { known, ended: Some(error) },
        }
    }
    Deepened { known, ended: None }
}

/// A smallest group, of whatever order; none where the question stays false even if everything fails that can.
///
/// # Errors
/// As [`Analysis::new`]; the search is given up too when there is none up to [`ORDER_MAX`].
pub fn smallest(
    graph: &FaultGraph,
    question: &Question,
    reading: Reading,
    limits: Limits,
) -> Result<Option<Group>, AnalysisError> {
    let mut order = 1;
    loop {
        // The first search also refuses what makes no sense.
        let search = Search { order, reading, limits, ..Search::up_to(order) };
        let analysis = Analysis::new(graph, question, search)?;
        if let Some(group) = analysis.groups().next() {
            return Ok(Some(group));
        }
        if order == 1 && !can_come_true(graph, question, reading) {
            return Ok(None);
        }
        if order == ORDER_MAX {
            return Err(AnalysisError::GaveUp { bound: super::Bound::Size, reached: analysis.progress() });
        }
        order += 1;
    }
}

fn can_come_true(graph: &FaultGraph, question: &Question, reading: Reading) -> bool {
    let there = |vertex: &Vertex| graph.event(*vertex).is_some_and(|event| reading.sees(event.knowledge));
    let all: Vec<Vertex> = graph.vertices().filter(there).collect();
    Impact::of(graph, &all, reading).answers(question)
}
