//! The minimal risk groups of a top event, by the engine that suits it, within a limit of memory.
//!
//! The rule is the same on every machine: it looks at the question, the graph, and how many nodes a diagram takes, never at a
//! clock. What does not fit is given up at, and what was complete before that is told, as such. What is unknown or
//! contradicted in a graph counts as there. How answers are shown is not known here.

use independence::bdd::{Diagram, DiagramError, Limits, MinimalGroups};
use independence::fault_graph::{FaultGraph, Vertex};

use crate::progress::Progress;

/// Most orders that are told although there is no group of them.
const ZEROS_MAX: usize = 33;

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Request {
    /// The largest order; `None` for all.
    pub order_max: Option<u32>,
    /// How many groups to list.
    pub list_max: usize,
    /// What diagrams may take.
    pub memory_bytes_max: u64,
}

/// What was found.
#[derive(Debug, PartialEq, Eq)]
pub struct Found {
    /// Groups by order, from order 0; complete up to the order reached. `u128::MAX` stands for "this many or more".
    pub counts: Vec<u128>,
    /// The first groups, the smallest first.
    pub groups: Vec<Vec<Vertex>>,
    /// Up to which order nothing is missing.
    pub reached: Reached,
}

/// Up to which order an answer is complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reached {
    /// All orders.
    All,
    /// The order asked for.
    Order(u32),
    /// Fewer than asked for: at the order after this, or at all where there is none, memory ran out.
    GaveUp {
        /// The last order that is complete.
        known_to: Option<u32>,
        /// What ran out.
        why: String,
    },
}

/// Why nothing is known.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// The formula is beyond what is analysed.
    #[error("the model cannot be analysed")]
    Formula(#[source] DiagramError),
}

impl Found {
    /// How many groups there are up to the order reached; `None` for more than can be counted.
    pub fn total(&self) -> Option<u128> {
        let exact = |count: &u128| Some(*count).filter(|&count| count != u128::MAX);
        self.counts.iter().try_fold(0_u128, |sum, count| sum.checked_add(exact(count)?))
    }
}

/// Finds minimal risk groups.
///
/// # Errors
/// When the formula of the top event cannot be analysed at all. Running out of memory is no error: see [`Reached`].
pub fn search(graph: &FaultGraph, top: Vertex, request: &Request, progress: &Progress) -> Result<Found, SearchError> {
    let mut found = by_diagram(graph, top, request, progress)?;
    by_name(graph, &mut found.groups);
    Ok(found)
}

fn by_diagram(graph: &FaultGraph, top: Vertex, request: &Request, progress: &Progress) -> Result<Found, SearchError> {
    progress.step("building the decision diagram");
    let fails = |vertex: Vertex| graph.event(vertex).is_some();
    let half = request.memory_bytes_max / 2;
    let diagram = match Diagram::of(graph, top, &fails, Limits::memory(half)) {
        Ok(diagram) => diagram,
        Err(error @ DiagramError::Circle { .. }) => return Err(SearchError::Formula(error)),
        Err(error) => return Ok(nothing(&error)),
    };
    progress.step("computing the minimal risk groups");
    match diagram.risk_groups(request.order_max, half) {
        Ok(groups) => {
            let reached = request.order_max.map_or(Reached::All, Reached::Order);
            Ok(found(&groups, reached, request))
        }
        Err(error) => Ok(known_so_far(&diagram, request, half, &error)),
    }
}

/// Puts the groups of each order, and the components in each, in the order of their names.
fn by_name(graph: &FaultGraph, groups: &mut [Vec<Vertex>]) {
    for group in &mut *groups {
        group.sort_by_key(|&vertex| graph.name(vertex));
    }
    groups.sort_by(|a, b| {
        let names = |group: &[Vertex]| group.iter().map(|&vertex| graph.name(vertex)).collect::<Vec<_>>();
        a.len().cmp(&b.len()).then_with(|| names(a).cmp(&names(b)))
    });
}

fn found(groups: &MinimalGroups<'_>, reached: Reached, request: &Request) -> Found {
    let mut counts = groups.counts();
    // That there is none of an order is an answer, too.
    let shown = request.order_max.map_or(0, |order| (order as usize + 1).min(ZEROS_MAX));
    counts.resize(counts.len().max(shown), 0);
    let groups = groups.iter().take(request.list_max).collect();
    Found { counts, groups, reached }
}

fn nothing(error: &DiagramError) -> Found {
    let reached = Reached::GaveUp { known_to: None, why: error.to_string() };
    Found { counts: Vec::new(), groups: Vec::new(), reached }
}

/// The largest order that fits, with its groups.
fn known_so_far(diagram: &Diagram, request: &Request, memory_bytes_max: u64, error: &DiagramError) -> Found {
    let mut best = nothing(error);
    for order in 1..request.order_max.unwrap_or(u32::MAX) {
        let Ok(groups) = diagram.risk_groups(Some(order), memory_bytes_max) else { break };
        best = found(&groups, Reached::GaveUp { known_to: Some(order), why: error.to_string() }, request);
    }
    best
}
