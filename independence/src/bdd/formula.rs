//! The circuit of a vertex of a fault graph: what must fail for it to be down.
//!
//! Vertices that need each other are down when something fails, not of themselves: the least solution. It is reached by
//! putting the formulas into each other as often as the circle has members, which for formulas without negation is enough
//! (Kleene). Whether the evidence for a failure is known, unknown or contradicted is for the caller to say.

use super::circuit::{Circuit, Literal};
use super::table::Full;
use crate::fault_graph::{FaultGraph, Gate, GateView, Vertex};

/// Most arguments that circles may be unrolled to.
const UNROLLED_MAX: usize = 50_000_000;

/// Why there is no circuit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// A circle is too large to be unrolled.
    Circle { vertices: usize },
    /// It takes more memory than it may.
    Memory,
}

impl From<Full> for Refused {
    fn from(Full: Full) -> Self {
        Self::Memory
    }
}

/// A circuit, and the vertices whose own failures its events are.
#[derive(Debug)]
pub(super) struct Formula {
    pub(super) circuit: Circuit,
    pub(super) root: Literal,
    pub(super) events: Vec<Vertex>,
}

/// The formula of `top`, in so much memory. `fails` says which vertices can fail by themselves.
pub(super) fn formula(
    graph: &FaultGraph,
    top: Vertex,
    fails: &dyn Fn(Vertex) -> bool,
    bytes_max: u64,
) -> Result<Formula, Refused> {
    let in_cone = cone(graph, top);
    let events: Vec<Vertex> = graph.vertices().filter(|v| in_cone[v.index()] && fails(*v)).collect();
    let mut builder = Builder {
        graph,
        // Vertices are at most 2^31 - 1.
        circuit: Circuit::new(u32::try_from(events.len()).unwrap_or(u32::MAX), bytes_max),
        own: vec![None; graph.len()],
        down: vec![Literal::FALSE; graph.len()],
    };
    for (number, event) in (0..).zip(&events) {
        builder.own[event.index()] = Some(number);
    }
    builder.build(&in_cone)?;
    let root = builder.down[top.index()];
    Ok(Formula { circuit: builder.circuit, root, events })
}

fn cone(graph: &FaultGraph, top: Vertex) -> Vec<bool> {
    let mut in_cone = vec![false; graph.len()];
    in_cone[top.index()] = true;
    let mut open = vec![top];
    while let Some(vertex) = open.pop() {
        for argument in graph.gates(vertex).flat_map(|gate| gate.arguments) {
            if !std::mem::replace(&mut in_cone[argument.vertex().index()], true) {
                open.push(argument.vertex());
            }
        }
    }
    in_cone
}

struct Builder<'g> {
    graph: &'g FaultGraph,
    circuit: Circuit,
    own: Vec<Option<u32>>,
    /// What is known so far of each vertex.
    down: Vec<Literal>,
}

impl Builder<'_> {
    fn build(&mut self, in_cone: &[bool]) -> Result<(), Refused> {
        let graph = self.graph;
        // The vertices of a circle are done together, where the first of them stands in the order.
        let mut circle_of: Vec<(Vertex, usize)> = Vec::new();
        for (number, circle) in graph.cycles().iter().enumerate() {
            circle_of.extend(circle.iter().map(|&vertex| (vertex, number)));
        }
        circle_of.sort_unstable();
        let mut done = vec![false; graph.cycles().len()];
        for vertex in graph.bottom_up().filter(|vertex| in_cone[vertex.index()]) {
            match circle_of.binary_search_by_key(&vertex, |(member, _)| *member) {
                Err(_) => {
                    self.down[vertex.index()] = self.formula(vertex);
                    self.circuit.room()?;
                }
                Ok(at) => {
                    let number = circle_of[at].1;
                    if !std::mem::replace(&mut done[number], true) {
                        self.unroll(&graph.cycles()[number])?;
                    }
                }
            }
        }
        Ok(())
    }

    fn unroll(&mut self, circle: &[Vertex]) -> Result<(), Refused> {
        let arguments: usize =
            circle.iter().flat_map(|&vertex| self.graph.gates(vertex)).map(|gate| gate.arguments.len()).sum();
        if arguments.saturating_mul(circle.len()) > UNROLLED_MAX {
            return Err(Refused::Circle { vertices: circle.len() });
        }
        for _ in 0..circle.len() {
            let next: Vec<Literal> = circle.iter().map(|&vertex| self.formula(vertex)).collect();
            self.circuit.room()?;
            let mut changed = false;
            for (vertex, literal) in circle.iter().zip(next) {
                changed |= std::mem::replace(&mut self.down[vertex.index()], literal) != literal;
            }
            if !changed {
                break;
            }
        }
        Ok(())
    }

    fn formula(&mut self, vertex: Vertex) -> Literal {
        let own = self.own[vertex.index()].map(|event| self.circuit.event(event));
        let graph = self.graph;
        let gates = graph.gates(vertex).map(|gate| self.gate(gate));
        let ways: Vec<Literal> = own.into_iter().chain(gates.collect::<Vec<_>>()).collect();
        self.circuit.or(ways)
    }

    fn gate(&mut self, view: GateView<'_>) -> Literal {
        let arguments: Vec<Literal> = view
            .arguments
            .iter()
            .map(|argument| self.down[argument.vertex().index()].negated_if(argument.is_negated()))
            .collect();
        let circuit = &mut self.circuit;
        match view.gate {
            Gate::And => circuit.and(arguments),
            Gate::Or => circuit.or(arguments),
            Gate::AtLeast(min) => circuit.at_least(min as usize, arguments),
            // A gate with one argument; a builder sees to it.
            Gate::Not | Gate::Nand => circuit.and(arguments).not(),
            Gate::Nor => circuit.or(arguments).not(),
            Gate::Xor => circuit.xor(arguments),
            Gate::Iff => {
                let none = circuit.or(arguments.clone()).not();
                let all = circuit.and(arguments);
                circuit.or(vec![all, none])
            }
            Gate::Imply => {
                let mut ways = arguments;
                if let Some(condition) = ways.first_mut() {
                    *condition = condition.not();
                }
                circuit.or(ways)
            }
            Gate::Cardinality { min, max } => {
                let more = circuit.at_least((max as usize).saturating_add(1), arguments.clone());
                let enough = circuit.at_least(min as usize, arguments);
                circuit.and(vec![enough, more.not()])
            }
            Gate::Always => Literal::TRUE,
            Gate::Never => Literal::FALSE,
        }
    }
}
