//! The minimal risk groups of a top event, by the engine that suits it, within a limit of memory.
//!
//! ```text
//!   up to an order   truncated diagram of groups, few steps ─▶ decision diagram, few nodes ─▶ the first, as many as it takes
//!   all orders,      decision diagram
//!   or negations
//! ```
//!
//! An arrow is taken when the left did not end within its allowance. The rule looks at the question, the graph, and counted
//! steps and nodes, never at a clock: the same model takes the same way on every machine. When memory runs out, the
//! largest order that can still be completed is told, as such. What is unknown or contradicted in a graph counts as there. How
//! answers are shown is not known here.

use std::ops::ControlFlow;

use independence::analysis::{self, Analysis, AnalysisError, ORDER_MAX, Question};
use independence::bdd::{self, Diagram, DiagramError, MinimalGroups};
use independence::fault_graph::{FaultGraph, Vertex};

use crate::progress::Progress;
use crate::render::groups::probability;

/// Steps of the first try: about a second.
const FEW_STEPS: u64 = 20_000_000;
/// Nodes of the second.
const FEW_NODES: usize = 1 << 20;
/// Most orders that are told although there is no group of them.
const ZEROS_MAX: usize = 33;

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Request {
    /// The largest order; `None` for all.
    pub order_max: Option<u32>,
    /// How many groups to list.
    pub list_max: usize,
    /// Which groups of one order come first.
    pub rank: Rank,
    /// What diagrams may take.
    pub memory_bytes_max: u64,
}

/// A sequence of the groups of one order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rank {
    /// As the search finds them; what is listed is sorted by name.
    Name,
    /// The most probable first.
    Probability,
}

/// What was found.
#[derive(Debug, PartialEq, Eq)]
pub struct Found {
    /// Groups by order, from order 0; complete up to the order reached. `u128::MAX` stands for "this many or more".
    pub counts: Vec<u128>,
    /// The first groups, the smallest first, and those of one order as was asked.
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
    /// The engine refuses the question.
    #[error("the question cannot be answered")]
    Question(#[source] AnalysisError),
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
    let search = Search { graph, top, request, progress };
    let order = request.order_max.and_then(|order| u8::try_from(order).ok()).filter(|&order| order <= ORDER_MAX);
    let mut found = match order {
        Some(order) => search.up_to(order)?,
        None => search.by_diagram()?,
    };
    // That there is none of an order is an answer, too.
    if let Reached::Order(order) | Reached::GaveUp { known_to: Some(order), .. } = found.reached {
        found.counts.resize(found.counts.len().max((order as usize + 1).min(ZEROS_MAX)), 0);
    }
    by_name(graph, &mut found.groups);
    if request.rank == Rank::Probability {
        by_probability(graph, &mut found.groups);
    }
    Ok(found)
}

struct Search<'s> {
    graph: &'s FaultGraph,
    top: Vertex,
    request: &'s Request,
    progress: &'s Progress,
}

impl Search<'_> {
    fn up_to(&self, order: u8) -> Result<Found, SearchError> {
        match self.analysis(order, FEW_STEPS) {
            Ok(found) => return Ok(found),
            Err(AnalysisError::NotCoherent { .. }) => return self.by_diagram(),
            Err(AnalysisError::GaveUp { .. }) => {}
            Err(error) => return Err(SearchError::Question(error)),
        }
        if let Ok(diagram) = self.diagram(FEW_NODES)
            && let Ok(groups) = diagram.risk_groups(self.request.order_max, self.half())
        {
            return Ok(self.found(&groups, Reached::Order(u32::from(order))));
        }
        match self.analysis(order, u64::MAX) {
            Ok(found) => Ok(found),
            Err(error @ AnalysisError::GaveUp { .. }) => Ok(self.known_by_analysis(u32::from(order), &error)),
            Err(error) => Err(SearchError::Question(error)),
        }
    }

    fn analysis(&self, order: u8, steps: u64) -> Result<Found, AnalysisError> {
        let question = Question::down(self.top);
        let mut watch = |reached| self.watch(order, reached);
        let analysis = Analysis::watched(self.graph, &question, self.search_up_to(order, steps), &mut watch)?;
        Ok(self.found_by(&analysis, Reached::Order(u32::from(order))))
    }

    fn search_up_to(&self, order: u8, steps: u64) -> analysis::Search {
        let memory_bytes = usize::try_from(self.request.memory_bytes_max).unwrap_or(usize::MAX);
        analysis::Search { limits: analysis::Limits { memory_bytes, steps }, ..analysis::Search::up_to(order) }
    }

    fn watch(&self, order: u8, reached: analysis::Progress) -> ControlFlow<()> {
        self.progress.step(format!("order {order}: {} of {} components", reached.evaluated, reached.vertices));
        ControlFlow::Continue(())
    }

    fn found_by(&self, analysis: &Analysis<'_>, reached: Reached) -> Found {
        let list_max = self.request.list_max;
        let groups = match self.request.rank {
            _ if list_max == 0 => Vec::new(),
            Rank::Name => analysis.groups().take(list_max).map(|group| group.members).collect(),
            Rank::Probability => analysis.by_probability().take(list_max).map(|group| group.members).collect(),
        };
        Found { counts: analysis.counts(), groups, reached }
    }

    fn half(&self) -> u64 {
        self.request.memory_bytes_max / 2
    }

    fn diagram(&self, nodes_max: usize) -> Result<Diagram, DiagramError> {
        self.progress.step("building the decision diagram");
        let fails = |vertex: Vertex| self.graph.event(vertex).is_some();
        Diagram::of(self.graph, self.top, &fails, bdd::Limits { memory_bytes_max: self.half(), nodes_max })
    }

    /// All orders, or formulas with negations.
    fn by_diagram(&self) -> Result<Found, SearchError> {
        let diagram = match self.diagram(usize::MAX) {
            Ok(diagram) => diagram,
            Err(error @ DiagramError::Circle { .. }) => return Err(SearchError::Formula(error)),
            Err(error) => return Ok(self.known_by_analysis(self.request.order_max.unwrap_or(u32::MAX), &error)),
        };
        self.progress.step("computing the minimal risk groups");
        match diagram.risk_groups(self.request.order_max, self.half()) {
            Ok(groups) => Ok(self.found(&groups, self.request.order_max.map_or(Reached::All, Reached::Order))),
            Err(error) => Ok(self.known_by_diagram(&diagram, &error)),
        }
    }

    fn found(&self, groups: &MinimalGroups<'_>, reached: Reached) -> Found {
        let list_max = self.request.list_max;
        let groups_listed = match self.request.rank {
            _ if list_max == 0 => Vec::new(),
            Rank::Name => groups.iter().take(list_max).collect(),
            Rank::Probability => self.most_probable(groups),
        };
        Found { counts: groups.counts(), groups: groups_listed, reached }
    }

    /// Of each order all groups, and of them the most probable, until there are as many as asked for. They come by order,
    /// so that no more than those of one order are held.
    fn most_probable(&self, groups: &MinimalGroups<'_>) -> Vec<Vec<Vertex>> {
        let list_max = self.request.list_max;
        let mut listed: Vec<Vec<Vertex>> = Vec::new();
        let mut of_order: Vec<Vec<Vertex>> = Vec::new();
        let keep_best = |of_order: &mut Vec<Vec<Vertex>>, left: usize| {
            by_name(self.graph, of_order);
            by_probability(self.graph, of_order);
            of_order.truncate(left);
        };
        for group in groups.iter() {
            if of_order.first().is_some_and(|first| first.len() < group.len()) {
                keep_best(&mut of_order, list_max - listed.len());
                listed.append(&mut of_order);
                if listed.len() == list_max {
                    return listed;
                }
            }
            of_order.push(group);
            // Twice as many as can be kept: then the lesser half goes.
            if of_order.len() >= list_max.saturating_mul(2).max(1 << 12) {
                keep_best(&mut of_order, list_max);
            }
        }
        keep_best(&mut of_order, list_max - listed.len());
        listed.append(&mut of_order);
        listed
    }

    /// The largest order that fits, where the function did.
    fn known_by_diagram(&self, diagram: &Diagram, error: &DiagramError) -> Found {
        self.progress.step("memory ran out; looking up to which order it suffices");
        let order_end = self.request.order_max.unwrap_or(u32::MAX);
        match diagram.risk_groups_that_fit(order_end, self.half()) {
            None => nothing(error),
            Some((order, groups)) => {
                self.found(&groups, Reached::GaveUp { known_to: Some(order), why: error.to_string() })
            }
        }
    }

    /// The largest order below `order_max` that fits, where the function did not.
    fn known_by_analysis(&self, order_max: u32, error: &dyn std::error::Error) -> Found {
        let below = u8::try_from(order_max.saturating_sub(1)).unwrap_or(ORDER_MAX).min(ORDER_MAX);
        if below == 0 {
            return nothing(error);
        }
        let (search, question) = (self.search_up_to(below, u64::MAX), Question::down(self.top));
        self.progress.step("memory ran out; looking up to which order it suffices");
        let mut watch = |_| ControlFlow::Continue(());
        match analysis::deepen(self.graph, &question, search, &mut watch).known {
            None => nothing(error),
            Some(known) => {
                let reached = Reached::GaveUp { known_to: Some(u32::from(known.order())), why: error.to_string() };
                self.found_by(&known, reached)
            }
        }
    }
}

fn nothing(error: &dyn std::error::Error) -> Found {
    let reached = Reached::GaveUp { known_to: None, why: error.to_string() };
    Found { counts: Vec::new(), groups: Vec::new(), reached }
}

/// Puts the components of each group, and the groups of each order, in the order of their names.
fn by_name(graph: &FaultGraph, groups: &mut [Vec<Vertex>]) {
    for group in &mut *groups {
        group.sort_by_key(|&vertex| graph.name(vertex));
    }
    let names = |group: &[Vertex]| group.iter().map(|&vertex| graph.name(vertex)).collect::<Vec<_>>();
    groups.sort_by(|a, b| a.len().cmp(&b.len()).then_with(|| names(a).cmp(&names(b))));
}

/// Puts the most probable groups of each order first; what has no probability counts as certain.
fn by_probability(graph: &FaultGraph, groups: &mut [Vec<Vertex>]) {
    let of = |group: &[Vertex]| probability(graph, group).unwrap_or(1.0);
    groups.sort_by(|a, b| a.len().cmp(&b.len()).then_with(|| of(b).total_cmp(&of(a))));
}
