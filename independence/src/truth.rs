//! Truth tables: every set of events and what is down with it, by the definition.

use std::collections::BTreeSet;

use crate::analysis::Question;
use crate::fault_graph::{FaultGraph, Gate, GateId, Vertex};

/// Sets of vertices, each sorted.
pub(crate) type Sets = BTreeSet<Vec<Vertex>>;

/// One bit for each set of events.
type Column = Vec<u64>;

pub(crate) struct TruthTable {
    events: Vec<Vertex>,
    /// For each vertex the sets with which it is down.
    down: Vec<Column>,
}

impl TruthTable {
    /// The least solution, with the events and gates for which the functions hold.
    pub(crate) fn of(graph: &FaultGraph, event: impl Fn(Vertex) -> bool, gate: impl Fn(GateId) -> bool) -> Self {
        let events: Vec<Vertex> = graph.vertices().filter(|&v| graph.event(v).is_some() && event(v)).collect();
        let words = (1usize << events.len()).div_ceil(64);
        let mut down = vec![vec![0u64; words]; graph.len()];
        let own: Vec<(Vertex, Column)> =
            events.iter().enumerate().map(|(number, &vertex)| (vertex, variable(number, words))).collect();
        loop {
            let mut changed = false;
            for vertex in graph.bottom_up() {
                let mut column = vec![0u64; words];
                if let Some((_, own)) = own.iter().find(|(event, _)| *event == vertex) {
                    column.clone_from(own);
                }
                for view in graph.gates(vertex).filter(|view| gate(view.id)) {
                    let arguments: Vec<Column> = view
                        .arguments
                        .iter()
                        .map(|argument| {
                            let of = &down[argument.vertex().index()];
                            if argument.is_negated() { not(of) } else { of.clone() }
                        })
                        .collect();
                    let holds = holds(view.gate, &arguments, words);
                    column.iter_mut().zip(holds).for_each(|(word, more)| *word |= more);
                }
                changed |= std::mem::replace(&mut down[vertex.index()], column.clone()) != column;
            }
            if !changed {
                return Self { events, down };
            }
        }
    }

    /// Whether a vertex is down with a set of events, by its number.
    pub(crate) fn is_down(&self, vertex: Vertex, set: usize) -> bool {
        self.down[vertex.index()][set / 64] >> (set % 64) & 1 == 1
    }

    /// Whether each set makes the question true.
    pub(crate) fn answers(&self, question: &Question) -> Vec<bool> {
        let of: BTreeSet<Vertex> = question.of.iter().copied().collect();
        (0..1usize << self.events.len())
            .map(|set| of.iter().filter(|&&vertex| self.is_down(vertex, set)).count() >= question.at_least as usize)
            .collect()
    }

    /// The minimal sets of a monotone question, up to an order.
    pub(crate) fn minimal(&self, question: &Question, order: u8) -> Sets {
        let answers = self.answers(question);
        let minimal = |&set: &usize| {
            let one_less = (0..self.events.len()).filter(|event| set >> event & 1 == 1);
            answers[set] && one_less.into_iter().all(|event| !answers[set & !(1 << event)])
        };
        let members = |set: usize| {
            self.events.iter().enumerate().filter(|(event, _)| set >> event & 1 == 1).map(|(_, &v)| v).collect()
        };
        (0..answers.len()).filter(|set| set.count_ones() <= u32::from(order)).filter(minimal).map(members).collect()
    }

    /// The sets, by number, that make the question true while no part of them does, whether or not more failures can make
    /// it false again.
    pub(crate) fn smallest(&self, question: &Question) -> Vec<usize> {
        let answers = self.answers(question);
        // Whether the set or a part of it makes the question true: parts have smaller numbers.
        let mut holds = answers.clone();
        let mut smallest = Vec::new();
        for set in 0..answers.len() {
            let part = (0..self.events.len()).any(|event| set >> event & 1 == 1 && holds[set & !(1 << event)]);
            if answers[set] && !part {
                smallest.push(set);
            }
            holds[set] |= part;
        }
        smallest
    }

    /// Whether more failures never make the question false again.
    pub(crate) fn is_monotone(&self, question: &Question) -> bool {
        let answers = self.answers(question);
        (0..answers.len()).all(|set| !answers[set] || (0..self.events.len()).all(|event| answers[set | 1 << event]))
    }
}

fn variable(number: usize, words: usize) -> Column {
    const PATTERNS: [u64; 6] = [
        0xaaaa_aaaa_aaaa_aaaa,
        0xcccc_cccc_cccc_cccc,
        0xf0f0_f0f0_f0f0_f0f0,
        0xff00_ff00_ff00_ff00,
        0xffff_0000_ffff_0000,
        0xffff_ffff_0000_0000,
    ];
    (0..words)
        .map(|word| match PATTERNS.get(number) {
            Some(&pattern) => pattern,
            None if word >> (number - 6) & 1 == 1 => u64::MAX,
            None => 0,
        })
        .collect()
}

fn not(column: &Column) -> Column {
    column.iter().map(|word| !word).collect()
}

fn holds(gate: Gate, arguments: &[Column], words: usize) -> Column {
    let at_least = |count: u32| {
        let count = count as usize;
        let mut reached = vec![vec![0u64; words]; count + 1];
        reached[0] = vec![u64::MAX; words];
        for argument in arguments {
            for j in (1..=count).rev() {
                let (below, here) = reached.split_at_mut(j);
                here[0]
                    .iter_mut()
                    .zip(&below[j - 1])
                    .zip(argument)
                    .for_each(|((here, below), word)| *here |= below & word);
            }
        }
        reached.swap_remove(count)
    };
    let fold = |start: u64, step: fn(u64, u64) -> u64| {
        (0..words).map(|word| arguments.iter().fold(start, |all, column| step(all, column[word]))).collect::<Column>()
    };
    match gate {
        Gate::And => fold(u64::MAX, |a, b| a & b),
        Gate::Or => fold(0, |a, b| a | b),
        Gate::Nand => not(&fold(u64::MAX, |a, b| a & b)),
        Gate::Nor => not(&fold(0, |a, b| a | b)),
        Gate::Not => not(&arguments[0]),
        Gate::Xor => fold(0, |a, b| a ^ b),
        Gate::Iff => not(&fold(0, |a, b| a ^ b)),
        Gate::Imply => arguments[0].iter().zip(&arguments[1]).map(|(a, b)| !a | b).collect(),
        Gate::AtLeast(count) => at_least(count),
        Gate::Cardinality { min, max } => {
            at_least(min).iter().zip(at_least(max + 1)).map(|(min, beyond)| min & !beyond).collect()
        }
        Gate::Always => vec![u64::MAX; words],
        Gate::Never => vec![0; words],
    }
}
