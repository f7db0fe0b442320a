//! What falls when given components fail, and why.
//!
//! One pass from what is needed to what needs it, each vertex down as soon as a gate of it holds; circles are gone round
//! until nothing more falls, which is the least solution. Each vertex keeps when it fell and by which gate, so that a
//! reason only ever points to what fell before: explanations never go round in a circle.

use super::{Question, Reading};
use crate::fault_graph::{FaultGraph, Gate, GateId, GateView, Literal, Vertex};

/// What falls when some components fail.
#[derive(Debug, Clone)]
pub struct Impact<'g> {
    graph: &'g FaultGraph,
    reading: Reading,
    /// When each vertex fell, from 1; 0 for what stands.
    fell: Vec<u32>,
    /// By which gate; none for what failed by itself.
    by: Vec<Option<GateId>>,
    clock: u32,
}

/// Why one vertex is down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The vertex.
    pub vertex: Vertex,
    /// The gate that brought it down, which leads to the evidence; none for what failed by itself.
    pub gate: Option<GateId>,
    /// Of the gate's arguments so many as it takes, all of them down before the vertex. Of a gate that is no count of
    /// failures (xor, nand and the like) all arguments that are down.
    pub because_of: Vec<Vertex>,
}

impl<'g> Impact<'g> {
    /// What falls when `failed` fail, whether or not they can by themselves.
    pub fn of(graph: &'g FaultGraph, failed: &[Vertex], reading: Reading) -> Self {
        let mut impact = Self { graph, reading, fell: vec![0; graph.len()], by: vec![None; graph.len()], clock: 0 };
        let mut first: Vec<Vertex> = failed.to_vec();
        first.sort_unstable();
        first.iter().for_each(|&vertex| impact.fall(vertex, None));
        let mut circles: Vec<(usize, &[Vertex])> = Vec::new();
        for circle in graph.cycles() {
            let last = circle.iter().map(|&vertex| graph.position(vertex)).max().unwrap_or(0);
            circles.push((last, circle));
        }
        circles.sort_unstable();
        let mut circles = circles.into_iter().peekable();
        for (position, vertex) in graph.bottom_up().enumerate() {
            impact.settle(vertex);
            // The members of a circle lie side by side in this order.
            if let Some((_, circle)) = circles.next_if(|(last, _)| *last == position) {
                while circle.iter().filter(|&&vertex| impact.settle(vertex)).count() > 0 {}
            }
        }
        impact
    }

    fn fall(&mut self, vertex: Vertex, by: Option<GateId>) {
        if self.fell[vertex.index()] == 0 {
            self.clock += 1;
            self.fell[vertex.index()] = self.clock;
            self.by[vertex.index()] = by;
        }
    }

    /// Looks whether a vertex falls now.
    fn settle(&mut self, vertex: Vertex) -> bool {
        if self.is_down(vertex) {
            return false;
        }
        let there = |gate: &GateView<'_>| self.reading.sees(gate.knowledge);
        let holding = self.graph.gates(vertex).filter(there).find(|gate| self.holds(gate)).map(|gate| gate.id);
        if holding.is_some() {
            self.fall(vertex, holding);
        }
        holding.is_some()
    }

    fn holds(&self, gate: &GateView<'_>) -> bool {
        let all = gate.arguments.len();
        let holding = gate.arguments.iter().filter(|argument| self.literal(**argument)).count();
        match gate.gate {
            Gate::And => holding == all,
            Gate::Or => holding > 0,
            Gate::AtLeast(min) => holding >= min as usize,
            Gate::Not | Gate::Nor => holding == 0,
            Gate::Nand => holding < all,
            Gate::Xor => holding % 2 == 1,
            Gate::Iff => holding == 0 || holding == all,
            Gate::Imply => !self.literal(gate.arguments[0]) || self.literal(gate.arguments[1]),
            Gate::Cardinality { min, max } => (min as usize..=max as usize).contains(&holding),
            Gate::Always => true,
            Gate::Never => false,
        }
    }

    fn literal(&self, literal: Literal) -> bool {
        self.is_down(literal.vertex()) != literal.is_negated()
    }

    /// Whether a vertex is down.
    pub fn is_down(&self, vertex: Vertex) -> bool {
        self.fell[vertex.index()] > 0
    }

    /// Whether the question comes true.
    pub fn answers(&self, question: &Question) -> bool {
        let mut of = question.of.clone();
        of.sort_unstable();
        of.dedup();
        of.iter().filter(|&&vertex| self.is_down(vertex)).count() >= question.at_least as usize
    }

    /// All that is down, in the order of the graph.
    pub fn down(&self) -> impl Iterator<Item = Vertex> + '_ {
        self.graph.vertices().filter(|&vertex| self.is_down(vertex))
    }

    /// Why these vertices are down, if they are: a chain of steps from the failures to them, each resting on earlier ones.
    pub fn witness(&self, of: &[Vertex]) -> Vec<Step> {
        let mut wanted: Vec<Vertex> = of.iter().copied().filter(|&vertex| self.is_down(vertex)).collect();
        let mut seen = std::collections::BTreeSet::new();
        let mut steps = Vec::new();
        while let Some(vertex) = wanted.pop() {
            if seen.insert(vertex) {
                let step = self.step(vertex);
                wanted.extend_from_slice(&step.because_of);
                steps.push(step);
            }
        }
        steps.sort_by_key(|step| self.fell[step.vertex.index()]);
        steps
    }

    fn step(&self, vertex: Vertex) -> Step {
        let gate = self.by[vertex.index()];
        let Some(id) = gate else { return Step { vertex, gate, because_of: Vec::new() } };
        let view = self.graph.gate(id);
        let mut because_of: Vec<Vertex> = view
            .arguments
            .iter()
            .map(|argument| argument.vertex())
            .filter(|&argument| self.is_down(argument))
            .collect();
        because_of.sort_by_key(|argument| self.fell[argument.index()]);
        because_of.dedup();
        if !view.arguments.iter().any(|argument| argument.is_negated()) {
            match view.gate {
                Gate::Or => because_of.truncate(1),
                Gate::AtLeast(min) => because_of.truncate(min as usize),
                _ => {}
            }
        }
        Step { vertex, gate, because_of }
    }
}
