//! Minimal risk groups of a fault graph, exact up to an order: the engine.
//!
//! ```text
//!   FaultGraph + Question ──▶ cone ──▶ evaluation ──▶ family (ZBDD) ──▶ counts, groups, witnesses
//!              who needs what     dominators   symmetry
//! ```
//!
//! # Algorithm
//! 1. *Cone of influence*: one pass from the question down, which also finds for each vertex its immediate dominator and
//!    merges events in series (see [`cone`]).
//! 2. *Evaluation* bottom up, each vertex to the family of its minimal sets up to the order asked for. Cutting off is
//!    exact: a union never shrinks. Before a wide conjunction is multiplied out, the symmetry rule is applied (see
//!    [`symmetry`]), which is what makes regions of a million components small.
//! 3. *Counting* by polynomials over the diagram, in 128 bits, without writing a group down; groups are listed one by one,
//!    smallest first.
//!
//! An answer is complete, so that "none up to order k" is a proof; a search that would take more than it may ends in
//! [`AnalysisError::GaveUp`], and never in a part of an answer that looks whole. [`deepen`] keeps what was known up to a
//! smaller order; [`smallest`] looks beyond any.
//!
//! What is unknown is read as there or as not there ([`Reading`]); [`settle`] says which facts would decide. The engine deliberately does not know what components are, nor
//! what a claim demands: a question names vertices and how many of them fall.
//!
//! Sources: Rauzy, *New algorithms for fault trees analysis*, 1993 (minimal sets on diagrams); Minato, *Zero-suppressed
//! BDDs*, 1993; Cooper, Harvey, Kennedy, *A simple, fast dominance algorithm*, 2001.

mod change;
mod cone;
mod count;
mod crowd;
mod deepening;
mod doubt;
mod evaluation;
mod impact;
mod listing;
mod product;
mod region;
mod skeleton;
mod symmetry;
mod threshold;
mod zbdd;

use std::ops::ControlFlow;

use crate::fault_graph::{FaultGraph, Gate, Knowledge, Vertex};

pub use change::Change;
use change::{Above, Changed, Counting};
pub use cone::Fact;
use cone::{Cone, Mode};
pub use deepening::{Deepened, deepen, smallest};
pub use doubt::{Settlement, settle};
use evaluation::Evaluation;
pub use impact::{Impact, Step};
pub use listing::{ByProbability, Group, Groups};
use zbdd::{Id, Memory, Stop, Zbdd};

/// Largest order that can be asked for.
pub const ORDER_MAX: u8 = 200;

/// What is to be explained: at least so many of these vertices are down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// How many, from 1 to all of them.
    pub at_least: u32,
    /// The vertices; what is named twice counts once.
    pub of: Vec<Vertex>,
}

impl Question {
    /// One vertex is down.
    pub fn down(vertex: Vertex) -> Self {
        Self { at_least: 1, of: vec![vertex] }
    }

    /// All these vertices are down.
    pub fn all_down(of: &[Vertex]) -> Self {
        Self { at_least: u32::try_from(of.len()).unwrap_or(u32::MAX), of: of.to_vec() }
    }
}

/// How things are taken that may be there or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reading {
    /// What is unknown or contradicted is not there: no own failure, no need.
    Optimistic,
    /// What is unknown or contradicted is there. That a need exists of which nobody says what it is for is not in any
    /// graph: whoever builds one puts a component there that all needs of that kind share, and that is unknown. Then they
    /// fall together in this reading, and stand in the other; the truth lies between.
    Pessimistic,
}

impl Reading {
    /// Whether something of which this is known is taken as there.
    fn sees(self, knowledge: Knowledge) -> bool {
        self == Self::Pessimistic || knowledge == Knowledge::Known
    }
}

impl From<Reading> for Mode {
    fn from(reading: Reading) -> Self {
        match reading {
            Reading::Optimistic => Self::Optimistic,
            Reading::Pessimistic => Self::Pessimistic,
        }
    }
}

/// What an analysis may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes for diagrams and their tables; the graph and a few numbers for each of its vertices come on top.
    pub memory_bytes: usize,
    /// Steps of the operations on diagrams, the same on every machine; a step takes some 50 nanoseconds.
    pub steps: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { memory_bytes: 1 << 31, steps: u64::MAX }
    }
}

/// In which sequence groups of one order are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Sequence {
    /// As the structure of the graph suggests: the fastest search.
    #[default]
    Structure,
    /// By their members, in the order of the graph: as one would sort them. On large graphs this can cost much.
    Members,
}

/// What is searched for, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Search {
    /// Most members of a group, from 1 to [`ORDER_MAX`].
    pub order: u8,
    /// How what is not known is taken.
    pub reading: Reading,
    /// What it may use.
    pub limits: Limits,
    /// How groups will be listed.
    pub sequence: Sequence,
}

impl Search {
    /// All groups up to an order, what is not known taken as there.
    pub fn up_to(order: u8) -> Self {
        Self { order, reading: Reading::Pessimistic, limits: Limits::default(), sequence: Sequence::default() }
    }
}

/// Why a search ended early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// [`Limits::memory_bytes`].
    Memory,
    /// [`Limits::steps`].
    Steps,
    /// A minimal group would have more members than can be looked for.
    Size,
    /// The caller said so.
    Interrupted,
}

/// How far an analysis has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Vertices evaluated.
    pub evaluated: usize,
    /// Vertices that the question depends on.
    pub vertices: usize,
    /// Nodes of all diagrams.
    pub nodes: usize,
    /// Steps of all operations.
    pub steps: u64,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnalysisError {
    /// The order is none of 1 to [`ORDER_MAX`].
    #[error("the order {order} is none of 1 to {ORDER_MAX}")]
    Order {
        /// What was asked for.
        order: u8,
    },
    /// The question asks for none, or more than it names.
    #[error("the question asks for {at_least} of {of} vertices")]
    Question {
        /// How many it asks for.
        at_least: u32,
        /// How many different ones it names.
        of: usize,
    },
    /// A change of an own failure that the graph does not have, or the reading does not see.
    #[error("`{name}` has no failure of its own that could be changed")]
    NothingThere {
        /// The vertex.
        name: String,
    },
    /// More failures can heal something: then there are no risk groups in the sense of this engine.
    #[error("`{name}` is not coherent: its gate `{gate}` may heal when more fails")]
    NotCoherent {
        /// The vertex.
        name: String,
        /// Its gate.
        gate: Gate,
    },
    /// The search would take more than it may.
    #[error("gave up at {} after {} of {} vertices, {} nodes and {} steps", bound_name(.bound), .reached.evaluated, .reached.vertices, .reached.nodes, .reached.steps)]
    GaveUp {
        /// What it met.
        bound: Bound,
        /// How far it came.
        reached: Progress,
    },
}

fn bound_name(bound: &Bound) -> &'static str {
    match bound {
        Bound::Memory => "the memory limit",
        Bound::Steps => "the step limit",
        Bound::Size => "the limit of members of a group",
        Bound::Interrupted => "the caller's word",
    }
}

/// Called now and then; may end the search.
pub type Watch<'w> = dyn FnMut(Progress) -> ControlFlow<()> + 'w;

/// The minimal risk groups of one question, up to one order.
#[derive(Debug)]
pub struct Analysis<'g> {
    graph: &'g FaultGraph,
    question: Question,
    reading: Reading,
    order: u8,
    cone: Cone<'g>,
    evaluation: Evaluation,
    family: Id,
    limits: Limits,
    /// Who needs whom, once something was changed.
    above: Option<Above>,
    /// What was changed since the family was made.
    changed: Changed,
    /// Where counting costs less than searching.
    counting: Option<Counting>,
}

impl<'g> Analysis<'g> {
    /// All minimal risk groups that the search asks for.
    ///
    /// # Errors
    /// When the question or the order makes no sense, the graph is not coherent where the question looks, or the search
    /// meets a limit.
    pub fn new(graph: &'g FaultGraph, question: &Question, search: Search) -> Result<Self, AnalysisError> {
        Self::watched(graph, question, search, &mut evaluation::unwatched)
    }

    /// The same, calling `watch` now and then.
    ///
    /// # Errors
    /// As [`Analysis::new`], and when `watch` breaks.
    pub fn watched(
        graph: &'g FaultGraph,
        question: &Question,
        search: Search,
        watch: &mut Watch<'_>,
    ) -> Result<Self, AnalysisError> {
        let Search { order, reading, limits, sequence } = search;
        if order == 0 || order > ORDER_MAX {
            return Err(AnalysisError::Order { order });
        }
        let cone = Cone::of(graph, question, reading.into(), sequence)?;
        let memory = Memory { bytes_max: limits.memory_bytes, steps_max: limits.steps, steps: 0 };
        let mut evaluation = Evaluation::new(&cone, Zbdd::new(u32::MAX, memory), order);
        let family = evaluation.root(&cone, watch).map_err(|stop| gave_up(stop, &evaluation, &cone))?;
        Ok(Self {
            graph,
            question: question.clone(),
            reading,
            order,
            cone,
            evaluation,
            family,
            limits,
            above: None,
            changed: Changed::default(),
            counting: None,
        })
    }

    /// Keeps the groups that hold one of these vertices at least. With [`Sequence::Structure`], events in series stand in
    /// for each other, and groups with those of the same series are kept too.
    ///
    /// # Errors
    /// When that meets a limit.
    pub fn keep_groups_with(&mut self, vertices: &[Vertex]) -> Result<(), AnalysisError> {
        let mut wanted: Vec<u32> = vertices.iter().filter_map(|&vertex| self.cone.variable_of(vertex)).collect();
        wanted.sort_unstable();
        let kept = self.evaluation.zbdd.with_variables(self.family, &|var| wanted.binary_search(&var).is_ok());
        self.family = kept.map_err(|stop| gave_up(stop.into(), &self.evaluation, &self.cone))?;
        Ok(())
    }

    /// All members of all groups, in the order of the graph.
    pub fn members(&self) -> Vec<Vertex> {
        let zbdd = &self.evaluation.zbdd;
        let mut variables: Vec<u32> = zbdd.below(self.family).into_iter().map(|node| zbdd.var(node)).collect();
        variables.sort_unstable();
        variables.dedup();
        let mut members: Vec<Vertex> = self.cone.events(&variables).into_iter().flatten().collect();
        members.sort_unstable();
        members
    }

    /// How many risk groups there are of order 0, 1 and so on up to the order asked for. Order 0 is 1 where nothing needs
    /// to fail. A number that 128 bits cannot hold is their largest.
    pub fn counts(&self) -> Vec<u128> {
        self.evaluation.counts(&self.cone, self.family)
    }

    /// The groups, smallest first, one at a time.
    pub fn groups(&self) -> Groups<'_> {
        Groups::new(self.graph, &self.cone, &self.evaluation.zbdd, self.family, self.order)
    }

    /// The groups by order, and those of one order by probability, one at a time.
    pub fn by_probability(&self) -> ByProbability<'_> {
        ByProbability::new(self.graph, &self.cone, &self.evaluation.zbdd, self.family, self.order)
    }

    /// The components that bring the question about alone.
    pub fn single_points(&self) -> Vec<Vertex> {
        let mut alone: Vec<u32> = Vec::new();
        let mut at = self.family;
        while self.evaluation.zbdd.hi(at) != at {
            if self.evaluation.zbdd.hi(at) == zbdd::ONE {
                alone.push(self.evaluation.zbdd.var(at));
            }
            at = self.evaluation.zbdd.lo(at);
        }
        let mut alone: Vec<Vertex> = self.cone.events(&alone).into_iter().flatten().collect();
        alone.sort_unstable();
        alone
    }

    /// Pairs that must not be down together: the groups of order 2.
    pub fn conflicts(&self) -> impl Iterator<Item = (Vertex, Vertex)> + '_ {
        self.groups().skip_while(|group| group.members.len() < 2).map_while(|group| match group.members[..] {
            [a, b] => Some((a, b)),
            _ => None,
        })
    }

    /// Why a group brings the question about: steps from its members to what the question names.
    pub fn witness(&self, group: &Group) -> Vec<Step> {
        Impact::of(self.graph, &group.members, self.reading).witness(&self.question.of)
    }

    /// Up to which order there is no other group.
    pub fn order(&self) -> u8 {
        self.order
    }

    /// The graph.
    pub fn graph(&self) -> &'g FaultGraph {
        self.graph
    }

    /// How much it took.
    pub fn progress(&self) -> Progress {
        progress(&self.evaluation, &self.cone)
    }
}

fn progress(evaluation: &Evaluation, cone: &Cone<'_>) -> Progress {
    Progress {
        evaluated: evaluation.evaluated(),
        vertices: cone.len(),
        nodes: evaluation.zbdd.len(),
        steps: evaluation.zbdd.steps(),
    }
}

fn gave_up(stop: evaluation::Halt, evaluation: &Evaluation, cone: &Cone<'_>) -> AnalysisError {
    let bound = match stop {
        evaluation::Halt::Interrupted => Bound::Interrupted,
        evaluation::Halt::Stop(Stop::Memory) => Bound::Memory,
        evaluation::Halt::Stop(Stop::Steps) => Bound::Steps,
        evaluation::Halt::Stop(Stop::Size) => Bound::Size,
    };
    AnalysisError::GaveUp { bound, reached: progress(evaluation, cone) }
}

#[cfg(test)]
mod tests;
