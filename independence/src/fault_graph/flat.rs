//! A graph as flat arrays and back, for those who store it.
//!
//! What comes back is looked at as closely as what a builder is given: arrays that are no graph are refused, whoever
//! wrote them. How the arrays become bytes is not known here.

use super::build::check;
use super::names::{BadNames, Names};
use super::order::{Arrays, Order};
use super::{Evidence, FaultGraph, Gate, GateId, GraphError, Knowledge, Literal, Own, Vertex};

/// The arrays of a [`FaultGraph`]. Vertices, gates and arguments are numbered from 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Flat {
    /// All names, one after the other.
    pub names: String,
    /// The name of vertex v lies from `name_starts[v]` to `name_starts[v + 1]`; empty for parts of formulas.
    pub name_starts: Vec<u32>,
    /// The vertices that have a name, sorted by it.
    pub name_order: Vec<u32>,
    /// 0: cannot fail by itself; 1: can; 2: unknown; 3: contradicted.
    pub own: Vec<u8>,
    /// NaN where none is known; may end early.
    pub probabilities: Vec<f64>,
    /// The gates of vertex v are `gate_starts[v]..gate_starts[v + 1]`.
    pub gate_starts: Vec<u32>,
    /// And, or, at least, not, xor, nand, nor, iff, imply, cardinality, always, never: from 0.
    pub kinds: Vec<u8>,
    /// One number for each "at least", two for each cardinality, in the order of the gates.
    pub bounds: Vec<u32>,
    /// The arguments of gate g are `argument_starts[g]..argument_starts[g + 1]`.
    pub argument_starts: Vec<u32>,
    /// Twice the number of a vertex, and one more where it is negated.
    pub arguments: Vec<u32>,
    /// Gates that are not simply known, sorted, and the codes of `own` for them.
    pub doubts: Vec<(u32, u8)>,
    /// Handles of vertices; `u32::MAX` for none; may end early.
    pub vertex_evidence: Vec<Evidence>,
    /// Handles of gates, likewise.
    pub gate_evidence: Vec<Evidence>,
}

/// Why arrays are no graph.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum FlatError {
    /// Lengths, offsets or codes that do not fit together.
    #[error("the array `{array}` is not sound: {what}")]
    Array {
        /// Which.
        array: &'static str,
        /// What is wrong.
        what: &'static str,
    },
    /// What they say is no graph.
    #[error("the arrays are no fault graph")]
    Graph(#[source] GraphError),
}

fn array<T>(array: &'static str, what: &'static str) -> Result<T, FlatError> {
    Err(FlatError::Array { array, what })
}

impl FaultGraph {
    /// The arrays of the graph.
    pub fn flatten(&self) -> Flat {
        let mut flat = Flat {
            names: self.names.text().to_owned(),
            name_starts: self.names.starts().to_vec(),
            name_order: self.names.order(),
            own: self.own.iter().map(|own| code_of_own(*own)).collect(),
            probabilities: self.probabilities.clone(),
            gate_starts: self.gate_starts.clone(),
            argument_starts: self.argument_starts.clone(),
            arguments: self.arguments.iter().map(|literal| literal.0).collect(),
            doubts: self.doubts.iter().map(|(gate, knowledge)| (gate.0, code(*knowledge))).collect(),
            vertex_evidence: self.vertex_evidence.clone(),
            gate_evidence: self.gate_evidence.clone(),
            ..Flat::default()
        };
        for gate in &self.gates {
            let (kind, bounds) = code_of_gate(*gate);
            flat.kinds.push(kind);
            flat.bounds.extend(bounds.into_iter().flatten());
        }
        flat
    }

    /// The graph of these arrays.
    ///
    /// # Errors
    /// When they are none.
    pub fn from_flat(flat: Flat) -> Result<Self, FlatError> {
        let vertices = flat.own.len();
        if flat.name_starts.len() != vertices + 1 {
            return array("name_starts", "its length is not that of the vertices and one");
        }
        offsets("gate_starts", &flat.gate_starts, vertices, flat.kinds.len())?;
        offsets("argument_starts", &flat.argument_starts, flat.kinds.len(), flat.arguments.len())?;
        if flat.arguments.iter().any(|&literal| (literal >> 1) as usize >= vertices) {
            return array("arguments", "a vertex that is not there");
        }
        let own = flat.own.iter().map(|&code| own_of(code)).collect::<Option<Vec<Own>>>();
        let Some(own) = own else { return array("own", "an unknown code") };
        let no_probability = |value: &f64| !(value.is_nan() || (0.0..=1.0).contains(value));
        if flat.probabilities.len() > vertices || flat.probabilities.iter().any(no_probability) {
            return array("probabilities", "not all from 0 to 1");
        }
        if flat.vertex_evidence.len() > vertices || flat.gate_evidence.len() > flat.kinds.len() {
            return array("evidence", "longer than what it is for");
        }
        let gates = gates(&flat.kinds, &flat.bounds)?;
        let arguments: Vec<Literal> = flat.arguments.into_iter().map(Literal).collect();
        let names = Names::restore(flat.names, flat.name_starts, flat.name_order).map_err(bad_names)?;
        let arrays = Arrays {
            gate_starts: &flat.gate_starts,
            gates: &gates,
            argument_starts: &flat.argument_starts,
            arguments: &arguments,
        };
        let name = |vertex: Vertex| names.get(vertex.0).to_owned();
        let order = Order::of(&arrays, name);
        if let Some((vertex, length)) = order.negated_circle(&arrays) {
            return Err(FlatError::Graph(GraphError::CycleThroughNegation { name: name(vertex), length }));
        }
        let graph = Self {
            names,
            own,
            probabilities: flat.probabilities,
            gate_starts: flat.gate_starts,
            doubts: doubts(&flat.doubts, gates.len())?,
            gates,
            argument_starts: flat.argument_starts,
            arguments,
            vertex_evidence: flat.vertex_evidence,
            gate_evidence: flat.gate_evidence,
            order,
        };
        graph.check_gates()?;
        Ok(graph)
    }

    /// Whether every gate has arguments that fit it.
    fn check_gates(&self) -> Result<(), FlatError> {
        let mut members: Vec<Vertex> = Vec::new();
        for vertex in self.vertices() {
            for number in self.gate_starts[vertex.index()]..self.gate_starts[vertex.index() + 1] {
                let name = || self.name(vertex).to_owned();
                let (gate, arguments) = self.bare_gate(GateId(number));
                check(gate, arguments.len(), name).map_err(FlatError::Graph)?;
                let counts = matches!(gate, Gate::AtLeast(_) | Gate::Cardinality { .. });
                if counts && let Some(member) = repeated(arguments, &mut members) {
                    let member = self.name(member).to_owned();
                    return Err(FlatError::Graph(GraphError::RepeatedMember { name: name(), member }));
                }
            }
        }
        Ok(())
    }
}

/// A vertex that is there twice.
fn repeated(arguments: &[Literal], members: &mut Vec<Vertex>) -> Option<Vertex> {
    // Nearly all gates name one or two.
    if let [] | [_] = arguments {
        return None;
    }
    if let [a, b] = arguments {
        return (a.vertex() == b.vertex()).then(|| a.vertex());
    }
    members.clear();
    members.extend(arguments.iter().map(|argument| argument.vertex()));
    members.sort_unstable();
    members.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0])
}

fn bad_names(bad: BadNames) -> FlatError {
    let what = match bad {
        BadNames::Offsets => "its offsets do not cut the names",
        BadNames::Twice => "a name is there twice",
        BadNames::Order => "the order is not that of the names",
        BadNames::TooMany => "more names than can be counted",
    };
    FlatError::Array { array: "names", what }
}

/// Whether `starts` cuts `total` things into `parts` parts.
fn offsets(name: &'static str, starts: &[u32], parts: usize, total: usize) -> Result<(), FlatError> {
    let fits = starts.len() == parts + 1 && starts[0] == 0 && starts[parts] as usize == total && starts.is_sorted();
    if fits { Ok(()) } else { array(name, "its offsets do not fit what they cut") }
}

fn gates(kinds: &[u8], bounds: &[u32]) -> Result<Vec<Gate>, FlatError> {
    let mut bounds = bounds.iter().copied();
    let mut gates = Vec::with_capacity(kinds.len());
    for &kind in kinds {
        let gate = match kind {
            0 => Some(Gate::And),
            1 => Some(Gate::Or),
            2 => bounds.next().map(Gate::AtLeast),
            3 => Some(Gate::Not),
            4 => Some(Gate::Xor),
            5 => Some(Gate::Nand),
            6 => Some(Gate::Nor),
            7 => Some(Gate::Iff),
            8 => Some(Gate::Imply),
            9 => bounds.next().zip(bounds.next()).map(|(min, max)| Gate::Cardinality { min, max }),
            10 => Some(Gate::Always),
            11 => Some(Gate::Never),
            _ => None,
        };
        match gate {
            Some(gate) => gates.push(gate),
            None => return array("kinds", "an unknown code, or a bound is missing"),
        }
    }
    if bounds.next().is_some() { array("bounds", "more than the gates take") } else { Ok(gates) }
}

fn code_of_gate(gate: Gate) -> (u8, [Option<u32>; 2]) {
    match gate {
        Gate::And => (0, [None, None]),
        Gate::Or => (1, [None, None]),
        Gate::AtLeast(min) => (2, [Some(min), None]),
        Gate::Not => (3, [None, None]),
        Gate::Xor => (4, [None, None]),
        Gate::Nand => (5, [None, None]),
        Gate::Nor => (6, [None, None]),
        Gate::Iff => (7, [None, None]),
        Gate::Imply => (8, [None, None]),
        Gate::Cardinality { min, max } => (9, [Some(min), Some(max)]),
        Gate::Always => (10, [None, None]),
        Gate::Never => (11, [None, None]),
    }
}

fn doubts(doubts: &[(u32, u8)], gates: usize) -> Result<Vec<(GateId, Knowledge)>, FlatError> {
    let sorted = doubts.is_sorted_by(|a, b| a.0 < b.0);
    if !sorted || doubts.last().is_some_and(|(gate, _)| *gate as usize >= gates) {
        return array("doubts", "not sorted, or a gate that is not there");
    }
    let of = |&(gate, code): &(u32, u8)| Some((GateId(gate), knowledge(code)?));
    doubts.iter().map(of).collect::<Option<_>>().map_or_else(|| array("doubts", "an unknown code"), Ok)
}

fn knowledge(code: u8) -> Option<Knowledge> {
    match code {
        1 => Some(Knowledge::Known),
        2 => Some(Knowledge::Unknown),
        3 => Some(Knowledge::Contradicted),
        _ => None,
    }
}

fn code(knowledge: Knowledge) -> u8 {
    match knowledge {
        Knowledge::Known => 1,
        Knowledge::Unknown => 2,
        Knowledge::Contradicted => 3,
    }
}

fn own_of(code: u8) -> Option<Own> {
    if code == 0 { Some(Own::None) } else { knowledge(code).map(Own::Fails) }
}

fn code_of_own(own: Own) -> u8 {
    match own {
        Own::None => 0,
        Own::Fails(knowledge) => code(knowledge),
    }
}
