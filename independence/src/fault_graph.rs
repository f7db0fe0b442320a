//! The fault graph: which component is down when which others are, as compact as the machine can walk it.
//!
//! ```text
//!   down(v) = own failure of v  or  some gate of v holds
//!   gate    = operator over literals; a literal is down(u), or not down(u)
//! ```
//!
//! A *need* of a component, "at least m of these n must be up", is the gate "at least n - m + 1 of them are down", so that
//! evidence graphs and fault trees are one structure. Of two components that need each other neither is down unless
//! something fails: the least solution is meant, see [`FaultGraph::cycles`].
//!
//! Names are interned in one arena; gates and literals lie in flat arrays of 32-bit numbers, those of one vertex side by
//! side. Vertices keep the numbers that [`FaultGraphBuilder`] gave them. What a component is, and what the evidence behind
//! a handle says, is not known here.

mod build;
mod flat;
mod names;
mod order;

use std::fmt;
use std::ops::Not;

pub use build::{FaultGraphBuilder, GraphError};
pub use flat::{Flat, FlatError};
use names::Names;
use order::Order;

/// Most vertices of one graph: a literal keeps one bit of 32 for its sign.
pub const VERTICES_MAX: usize = (1 << 31) - 1;

/// A vertex of a [`FaultGraph`]: a component, or a gate of a fault tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Vertex(u32);

impl Vertex {
    /// Its place among the vertices of its graph, in the order in which they were first named.
    pub fn index(self) -> usize {
        self.0 as usize
    }

    pub(crate) fn number(self) -> u32 {
        self.0
    }

    pub(crate) fn of(number: u32) -> Self {
        Self(number)
    }

    /// The literal "it is down".
    pub fn down(self) -> Literal {
        Literal(self.0 << 1)
    }

    /// The literal "it is not down".
    pub fn up(self) -> Literal {
        Literal(self.0 << 1 | 1)
    }
}

/// A vertex that is down, or one that is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Literal(u32);

impl Literal {
    /// The vertex it speaks of.
    pub fn vertex(self) -> Vertex {
        Vertex(self.0 >> 1)
    }

    /// Whether it holds while the vertex is *not* down.
    pub fn is_negated(self) -> bool {
        self.0 & 1 == 1
    }
}

impl Not for Literal {
    type Output = Self;

    fn not(self) -> Self {
        Self(self.0 ^ 1)
    }
}

impl From<Vertex> for Literal {
    fn from(vertex: Vertex) -> Self {
        vertex.down()
    }
}

/// The operator of a gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Gate {
    /// All arguments hold.
    And,
    /// Some argument holds.
    Or,
    /// At least so many arguments hold.
    AtLeast(u32),
    /// Its one argument does not hold.
    Not,
    /// An odd number of arguments holds.
    Xor,
    /// Not all arguments hold.
    Nand,
    /// No argument holds.
    Nor,
    /// All arguments hold, or none does.
    Iff,
    /// The first of two arguments does not hold, or the second does.
    Imply,
    /// At least `min` and at most `max` arguments hold.
    Cardinality {
        /// Fewest.
        min: u32,
        /// Most.
        max: u32,
    },
    /// Holds always; a house event that is on.
    Always,
    /// Never holds; a house event that is off.
    Never,
}

impl Gate {
    /// Whether more failures can only help it to hold, where no argument is negated.
    pub fn is_monotone(self) -> bool {
        matches!(self, Self::And | Self::Or | Self::AtLeast(_) | Self::Always | Self::Never)
    }
}

impl fmt::Display for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::And => f.write_str("and"),
            Self::Or => f.write_str("or"),
            Self::AtLeast(min) => write!(f, "at least {min}"),
            Self::Not => f.write_str("not"),
            Self::Xor => f.write_str("xor"),
            Self::Nand => f.write_str("nand"),
            Self::Nor => f.write_str("nor"),
            Self::Iff => f.write_str("iff"),
            Self::Imply => f.write_str("imply"),
            Self::Cardinality { min, max } => write!(f, "cardinality {min} to {max}"),
            Self::Always => f.write_str("always"),
            Self::Never => f.write_str("never"),
        }
    }
}

/// Whether the evidence says that something is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Knowledge {
    /// It is there.
    #[default]
    Known,
    /// It may be there or not: nobody says.
    Unknown,
    /// It may be there or not: one source says so, another denies it.
    Contradicted,
}

/// The own failure of a component; a basic event of a fault tree.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Event {
    /// How probable it is, from 0 to 1, where that is known.
    pub probability: Option<f64>,
    /// Whether the component can fail by itself.
    pub knowledge: Knowledge,
}

/// Handle to the evidence for a vertex or a gate; who builds the graph knows what it stands for.
pub type Evidence = u32;

/// A gate of a vertex, numbered over the whole graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GateId(u32);

impl GateId {
    pub(crate) fn of(number: u32) -> Self {
        Self(number)
    }
}

/// One way for a vertex to be down other than by its own failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GateView<'g> {
    /// Its number.
    pub id: GateId,
    /// The operator.
    pub gate: Gate,
    /// What it is applied to, in the order given.
    pub arguments: &'g [Literal],
    /// Whether it is known to be there.
    pub knowledge: Knowledge,
    /// What it rests on.
    pub evidence: Option<Evidence>,
}

/// What a vertex has for an own failure, in one byte; the probabilities lie elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Own {
    None,
    Fails(Knowledge),
}

/// An immutable fault graph.
#[derive(Debug, Clone)]
pub struct FaultGraph {
    names: Names,
    own: Vec<Own>,
    /// NaN where none is given, which no builder takes for a probability; may end early.
    probabilities: Vec<f64>,
    /// The gates of vertex v are `gate_starts[v]..gate_starts[v + 1]`.
    gate_starts: Vec<u32>,
    gates: Vec<Gate>,
    /// The arguments of gate g are `argument_starts[g]..argument_starts[g + 1]`.
    argument_starts: Vec<u32>,
    arguments: Vec<Literal>,
    /// What is not simply known of gates, sorted.
    doubts: Vec<(GateId, Knowledge)>,
    /// Empty where there is none; else one for each vertex, [`NO_EVIDENCE`] for none.
    vertex_evidence: Vec<Evidence>,
    gate_evidence: Vec<Evidence>,
    order: Order,
}

/// No handle. A builder refuses it.
const NO_EVIDENCE: Evidence = Evidence::MAX;

impl FaultGraph {
    /// How many vertices there are.
    pub fn len(&self) -> usize {
        self.own.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.own.is_empty()
    }

    /// All vertices, in the order in which they were first named.
    pub fn vertices(&self) -> impl ExactSizeIterator<Item = Vertex> + DoubleEndedIterator + use<> {
        (0..self.len32()).map(Vertex)
    }

    /// How many gates all vertices have together.
    pub fn gate_count(&self) -> usize {
        self.gates.len()
    }

    /// How many arguments all gates have together.
    pub fn argument_count(&self) -> usize {
        self.arguments.len()
    }

    /// The name of a vertex; empty for a part of a formula that has none.
    pub fn name(&self, vertex: Vertex) -> &str {
        self.names.get(vertex.0)
    }

    /// The vertex of this name.
    pub fn find(&self, name: &str) -> Option<Vertex> {
        self.names.find(name).map(Vertex)
    }

    /// The own failure of a vertex, where it can fail by itself.
    pub fn event(&self, vertex: Vertex) -> Option<Event> {
        match self.own[vertex.index()] {
            Own::None => None,
            Own::Fails(knowledge) => Some(Event { probability: self.probability(vertex), knowledge }),
        }
    }

    fn probability(&self, vertex: Vertex) -> Option<f64> {
        self.probabilities.get(vertex.index()).copied().filter(|value| !value.is_nan())
    }

    /// The evidence for a vertex.
    pub fn evidence(&self, vertex: Vertex) -> Option<Evidence> {
        handle(&self.vertex_evidence, vertex.index())
    }

    /// The gates of a vertex, any of which brings it down.
    pub fn gates(&self, vertex: Vertex) -> impl ExactSizeIterator<Item = GateView<'_>> + DoubleEndedIterator {
        let (start, end) = (self.gate_starts[vertex.index()], self.gate_starts[vertex.index() + 1]);
        (start..end).map(|gate| self.gate(GateId(gate)))
    }

    /// The gate of this number.
    pub fn gate(&self, id: GateId) -> GateView<'_> {
        let at = id.0 as usize;
        GateView {
            id,
            gate: self.gates[at],
            arguments: &self.arguments[self.argument_starts[at] as usize..self.argument_starts[at + 1] as usize],
            knowledge: self.knowledge(id),
            evidence: handle(&self.gate_evidence, at),
        }
    }

    /// The vertex that a gate belongs to.
    pub fn vertex_of(&self, gate: GateId) -> Vertex {
        let after = self.gate_starts.partition_point(|&start| start <= gate.0);
        // There is a start at 0 before every gate, and there are as many starts as vertices and one.
        Vertex(u32::try_from(after - 1).unwrap_or(u32::MAX))
    }

    pub(crate) fn knowledge(&self, id: GateId) -> Knowledge {
        if self.doubts.is_empty() {
            return Knowledge::Known;
        }
        let found = self.doubts.binary_search_by_key(&id, |(gate, _)| *gate);
        found.map_or(Knowledge::Known, |at| self.doubts[at].1)
    }

    /// Vertices that need each other, each circle in the order of its names; a vertex that needs itself is a circle of
    /// one. None of them is down unless something fails: an audit that meets such a circle should say so.
    pub fn cycles(&self) -> &[Vec<Vertex>] {
        self.order.cycles()
    }

    /// The vertices, each after those that it needs unless they need each other.
    pub fn bottom_up(&self) -> impl ExactSizeIterator<Item = Vertex> + DoubleEndedIterator + '_ {
        (0..self.len32()).map(|position| self.order.vertex(position))
    }

    /// Where [`FaultGraph::bottom_up`] has a vertex.
    pub fn position(&self, vertex: Vertex) -> usize {
        self.order.position(vertex) as usize
    }

    pub(crate) fn doubtful_events(&self) -> impl Iterator<Item = Vertex> + '_ {
        let doubtful = |vertex: &Vertex| !matches!(self.own[vertex.index()], Own::None | Own::Fails(Knowledge::Known));
        self.vertices().filter(doubtful)
    }

    pub(crate) fn doubtful_gates(&self) -> impl Iterator<Item = GateId> + '_ {
        self.doubts.iter().filter(|(_, knowledge)| *knowledge != Knowledge::Known).map(|(gate, _)| *gate)
    }

    pub(crate) fn position32(&self, vertex: Vertex) -> u32 {
        self.order.position(vertex)
    }

    pub(crate) fn vertex_at(&self, position: u32) -> Vertex {
        self.order.vertex(position)
    }

    /// Numbers of the gates of the vertex at a position.
    pub(crate) fn gate_range(&self, position: u32) -> std::ops::Range<u32> {
        let at = self.order.vertex(position).index();
        self.gate_starts[at]..self.gate_starts[at + 1]
    }

    /// A gate without what is known of it.
    pub(crate) fn bare_gate(&self, id: GateId) -> (Gate, &[Literal]) {
        let at = id.0 as usize;
        let arguments = self.argument_starts[at] as usize..self.argument_starts[at + 1] as usize;
        (self.gates[at], &self.arguments[arguments])
    }

    fn len32(&self) -> u32 {
        // No builder makes more than `VERTICES_MAX`.
        u32::try_from(self.len()).unwrap_or(u32::MAX)
    }

    /// Bytes on the heap.
    pub fn heap_bytes(&self) -> usize {
        fn of<T>(values: &Vec<T>) -> usize {
            values.capacity() * size_of::<T>()
        }
        self.names.heap_bytes()
            + self.order.heap_bytes()
            + of(&self.own)
            + of(&self.probabilities)
            + of(&self.gate_starts)
            + of(&self.gates)
            + of(&self.argument_starts)
            + of(&self.arguments)
            + of(&self.doubts)
            + of(&self.vertex_evidence)
            + of(&self.gate_evidence)
    }
}

fn handle(handles: &[Evidence], at: usize) -> Option<Evidence> {
    handles.get(at).copied().filter(|&handle| handle != NO_EVIDENCE)
}

#[cfg(test)]
mod tests;
