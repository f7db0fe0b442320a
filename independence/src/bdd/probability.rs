//! How probable a top event is, and how much each component has to do with it.
//!
//! Own failures are taken to be independent of each other. On a diagram the probability is exact up to rounding: one pass
//! from the leaves gives it, one from the root its derivative by each component, module by module.
//!
//! Where a diagram does not fit, [`bounds`] says what holds all the same. For two functions that both grow with failures
//! (or both shrink) P(f and g) is at least P(f) P(g) (Harris 1960); for any two it lies within Fréchet's bounds, and for
//! those that share nothing it is the product.

use super::circuit::{Kind, Literal};
use super::compile::{Unit, Variable};
use super::families::Family;
use super::function::Function;
use super::module::modules;
use super::{Diagram, DiagramError, MinimalGroups, circuit_of};
use crate::fault_graph::{FaultGraph, Vertex};

/// What a component has to do with a top event.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Importance {
    /// The component.
    pub vertex: Vertex,
    /// P(top, it failed) − P(top, it works): Birnbaum's measure. Negative where its failure prevents the top event.
    pub birnbaum: f64,
    /// The share of P(top) that would go if it never failed: Birnbaum's measure times its probability, over P(top). 0
    /// where P(top) is.
    pub criticality: f64,
}

/// A probability between two others.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// At least.
    pub lower: f64,
    /// At most.
    pub upper: f64,
}

impl Diagram {
    /// The probability of the top event; `of` gives that of each own failure, from 0 to 1.
    pub fn probability(&self, of: &dyn Fn(Vertex) -> f64) -> f64 {
        self.probabilities(of).pop().map_or(0.0, |top| top.value)
    }

    /// The importance of each component that the top event may depend on, in the order of the graph.
    pub fn importance(&self, of: &dyn Fn(Vertex) -> f64) -> Vec<Importance> {
        let units = self.probabilities(of);
        let top = units.last().map_or(0.0, |top| top.value);
        let mut of_unit = vec![0.0; units.len()];
        let mut of_event = vec![0.0; self.events.len()];
        if let Some(last) = of_unit.last_mut() {
            *last = 1.0;
        }
        // What a module is in is done before the module.
        for at in (0..units.len()).rev() {
            let unit = &self.compiled.units[at];
            let by_level = units[at].derivatives(self, unit, of_unit[at]);
            for (variable, derivative) in unit.variables.iter().zip(by_level) {
                match variable {
                    Variable::Event(event) => of_event[*event as usize] += derivative,
                    Variable::Unit(inner) => of_unit[*inner as usize] += derivative,
                }
            }
        }
        let importance = |(&vertex, birnbaum): (&Vertex, f64)| {
            let criticality = if top > 0.0 { birnbaum * of(vertex) / top } else { 0.0 };
            Importance { vertex, birnbaum, criticality }
        };
        self.events.iter().zip(of_event).map(importance).collect()
    }

    fn probabilities(&self, of: &dyn Fn(Vertex) -> f64) -> Vec<Evaluated> {
        let mut units: Vec<Evaluated> = Vec::with_capacity(self.compiled.units.len());
        for unit in &self.compiled.units {
            let by_level = unit.variables.iter().map(|variable| match variable {
                Variable::Event(event) => of(self.events[*event as usize]),
                Variable::Unit(inner) => units[*inner as usize].value,
            });
            units.push(Evaluated::of(self, unit, by_level.collect()));
        }
        units
    }
}

/// The probabilities in one module.
struct Evaluated {
    value: f64,
    by_level: Vec<f64>,
    /// Node numbers, leaves first, and the probability of each.
    nodes: Vec<u32>,
    values: Vec<f64>,
}

impl Evaluated {
    fn of(diagram: &Diagram, unit: &Unit, by_level: Vec<f64>) -> Self {
        let functions = &diagram.compiled.functions;
        let nodes = functions.below(unit.function);
        let mut evaluated = Self { value: 0.0, by_level, nodes, values: Vec::new() };
        for at in 0..evaluated.nodes.len() {
            let (level, high, low) = functions.parts(evaluated.nodes[at]);
            let p = evaluated.by_level[level as usize];
            evaluated.values.push(p * evaluated.value(high) + (1.0 - p) * evaluated.value(low));
        }
        evaluated.value = evaluated.value(unit.function);
        evaluated
    }

    fn place(&self, f: Function) -> Option<usize> {
        self.nodes.binary_search(&f.number()).ok()
    }

    fn value(&self, f: Function) -> f64 {
        let plain = self.place(f).map_or(1.0, |at| self.values[at]);
        if f.is_negated() { 1.0 - plain } else { plain }
    }

    /// The derivative of the top's probability by that of each variable; `of_unit` is that by the module's own.
    fn derivatives(&self, diagram: &Diagram, unit: &Unit, of_unit: f64) -> Vec<f64> {
        let sign = |f: Function| if f.is_negated() { -1.0 } else { 1.0 };
        let mut by_level = vec![0.0; self.by_level.len()];
        let mut of_node = vec![0.0; self.nodes.len()];
        if let Some(at) = self.place(unit.function) {
            of_node[at] = of_unit * sign(unit.function);
        }
        for at in (0..self.nodes.len()).rev() {
            let (level, high, low) = diagram.compiled.functions.parts(self.nodes[at]);
            let p = self.by_level[level as usize];
            by_level[level as usize] += of_node[at] * (self.value(high) - self.value(low));
            for (branch, share) in [(high, p), (low, 1.0 - p)] {
                if let Some(below) = self.place(branch) {
                    of_node[below] += of_node[at] * share * sign(branch);
                }
            }
        }
        by_level
    }
}

impl MinimalGroups<'_> {
    /// Fussell and Vesely's measure of each component, in the order of the graph: the sum of the probabilities of the groups
    /// it is in, over that of all groups. That is the share of the top event's probability as far as two groups rarely
    /// happen at once. Only groups up to the order that was asked for count.
    pub fn fussell_vesely(&self, of: &dyn Fn(Vertex) -> f64) -> Vec<(Vertex, f64)> {
        let diagram = self.diagram;
        let mut units: Vec<f64> = Vec::new();
        let mut sums = Vec::new();
        for (unit, &family) in diagram.compiled.units.iter().zip(&self.units) {
            let by_level: Vec<f64> = unit
                .variables
                .iter()
                .map(|variable| match variable {
                    Variable::Event(event) => of(diagram.events[*event as usize]),
                    Variable::Unit(inner) => units[*inner as usize],
                })
                .collect();
            let sum = self.sums(family, &by_level);
            units.push(sum.total);
            sums.push((sum, by_level));
        }
        let total = units.last().copied().unwrap_or(0.0);
        let mut of_unit = vec![0.0; units.len()];
        let mut of_event = vec![0.0; diagram.events.len()];
        if let Some(last) = of_unit.last_mut() {
            *last = 1.0;
        }
        for (at, (sum, by_level)) in sums.iter().enumerate().rev() {
            let derivatives = self.derivatives(sum, by_level, self.units[at], of_unit[at]);
            for (variable, derivative) in diagram.compiled.units[at].variables.iter().zip(derivatives) {
                match variable {
                    Variable::Event(event) => of_event[*event as usize] += derivative,
                    Variable::Unit(inner) => of_unit[*inner as usize] += derivative,
                }
            }
        }
        let share = |(&vertex, derivative): (&Vertex, f64)| {
            (vertex, if total > 0.0 { derivative * of(vertex) / total } else { 0.0 })
        };
        diagram.events.iter().zip(of_event).map(share).collect()
    }

    fn sums(&self, family: Family, by_level: &[f64]) -> Sums {
        let mut sums = Sums { total: 0.0, nodes: super::count::below(&self.families, family), values: Vec::new() };
        for at in 0..sums.nodes.len() {
            let node = self.families.node(Family(sums.nodes[at]));
            let value = by_level[node.level as usize] * sums.value(Family(node.high)) + sums.value(Family(node.low));
            sums.values.push(value);
        }
        sums.total = sums.value(family);
        sums
    }

    fn derivatives(&self, sums: &Sums, by_level: &[f64], family: Family, of_unit: f64) -> Vec<f64> {
        let mut derivatives = vec![0.0; by_level.len()];
        let mut of_node = vec![0.0; sums.nodes.len()];
        if let Some(at) = sums.place(family) {
            of_node[at] = of_unit;
        }
        for at in (0..sums.nodes.len()).rev() {
            let node = self.families.node(Family(sums.nodes[at]));
            derivatives[node.level as usize] += of_node[at] * sums.value(Family(node.high));
            for (branch, share) in [(node.high, by_level[node.level as usize]), (node.low, 1.0)] {
                if let Some(below) = sums.place(Family(branch)) {
                    of_node[below] += of_node[at] * share;
                }
            }
        }
        derivatives
    }
}

/// Sums of the probabilities of sets.
struct Sums {
    total: f64,
    nodes: Vec<u32>,
    values: Vec<f64>,
}

impl Sums {
    fn place(&self, family: Family) -> Option<usize> {
        self.nodes.binary_search(&family.0).ok()
    }

    fn value(&self, family: Family) -> f64 {
        match family {
            Family::NONE => 0.0,
            Family::EMPTY_SET => 1.0,
            _ => self.place(family).map_or(0.0, |at| self.values[at]),
        }
    }
}

/// Bounds of the probability of `top` that need no diagram: one pass over the formula, which may take so much memory. Where
/// no part is used twice they meet.
///
/// # Errors
/// When a circle of needs is too large, or the formula.
pub fn bounds(
    graph: &FaultGraph,
    top: Vertex,
    fails: &dyn Fn(Vertex) -> bool,
    of: &dyn Fn(Vertex) -> f64,
    memory_bytes_max: u64,
) -> Result<Bounds, DiagramError> {
    let (circuit, root, events) = circuit_of(graph, top, fails, memory_bytes_max)?;
    let cone = circuit.cone(root);
    let uses = circuit.uses(&cone);
    let is_module = modules(&circuit, root);
    let mut known = vec![Known::CERTAIN; circuit.nodes() as usize];
    for &node in &cone {
        known[node as usize] = match (circuit.as_event(node), circuit.as_gate(node)) {
            (Some(event), _) => {
                let p = of(events[event as usize]);
                Known { bounds: Bounds { lower: p, upper: p }, way: Way::Grows }
            }
            (None, Some(gate)) => {
                let alone = |argument: &Literal| {
                    let node = argument.node();
                    uses[node as usize] == 1 && (is_module[node as usize] || circuit.as_event(node).is_some())
                };
                let arguments: Vec<Known> = gate
                    .arguments
                    .iter()
                    .map(|argument| known[argument.node() as usize].negated_if(argument.is_negated()))
                    .collect();
                Known::gate(gate.kind, &arguments, gate.arguments.iter().all(alone))
            }
            (None, None) => Known::CERTAIN,
        };
    }
    Ok(known[root.node() as usize].negated_if(root.is_negated()).bounds)
}

/// How a function changes with more failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Grows,
    Shrinks,
    Neither,
}

/// What is known of the probability of a node.
#[derive(Debug, Clone, Copy)]
struct Known {
    bounds: Bounds,
    way: Way,
}

impl Known {
    const CERTAIN: Self = Self { bounds: Bounds { lower: 1.0, upper: 1.0 }, way: Way::Grows };

    fn negated_if(self, negated: bool) -> Self {
        if !negated {
            return self;
        }
        let way = match self.way {
            Way::Grows => Way::Shrinks,
            Way::Shrinks => Way::Grows,
            Way::Neither => Way::Neither,
        };
        Self { bounds: Bounds { lower: 1.0 - self.bounds.upper, upper: 1.0 - self.bounds.lower }, way }
    }

    fn gate(kind: Kind, arguments: &[Self], independent: bool) -> Self {
        let first = arguments.first().map_or(Way::Neither, |argument| argument.way);
        let same = arguments.iter().all(|argument| argument.way == first) && kind != Kind::Xor;
        let way = if same { first } else { Way::Neither };
        let lower: Vec<f64> = arguments.iter().map(|argument| argument.bounds.lower).collect();
        let upper: Vec<f64> = arguments.iter().map(|argument| argument.bounds.upper).collect();
        let bounds = match kind {
            Kind::And if independent => Bounds { lower: lower.iter().product(), upper: upper.iter().product() },
            Kind::And => {
                let frechet = lower.iter().map(|p| p - 1.0).sum::<f64>() + 1.0;
                let lower = if way == Way::Neither { frechet.max(0.0) } else { lower.iter().product() };
                Bounds { lower, upper: upper.iter().copied().fold(1.0, f64::min) }
            }
            Kind::AtLeast(threshold) if independent => {
                let threshold = threshold as usize;
                Bounds { lower: at_least(threshold, &lower), upper: at_least(threshold, &upper) }
            }
            Kind::AtLeast(threshold) => threshold_bounds(threshold as usize, lower, upper, way),
            Kind::Xor if independent => xor(&lower, &upper),
            Kind::Xor => Bounds { lower: 0.0, upper: 1.0 },
        };
        Self { bounds, way }
    }
}

/// The probability that so many of independent events happen.
fn at_least(threshold: usize, probabilities: &[f64]) -> f64 {
    let mut counts = vec![0.0; threshold + 1];
    counts[0] = 1.0;
    for p in probabilities {
        for count in (1..=threshold).rev() {
            counts[count] += p * (counts[count - 1] - counts[count]);
        }
    }
    counts[threshold]
}

/// At most the mean number over the threshold (Markov), and at most one of the least likely that are enough to prevent it
/// to fail; at least the product of the likeliest that suffice.
fn threshold_bounds(threshold: usize, mut lower: Vec<f64>, mut upper: Vec<f64>, way: Way) -> Bounds {
    lower.sort_by(|a, b| b.total_cmp(a));
    upper.sort_by(f64::total_cmp);
    let markov = upper.iter().sum::<f64>() / threshold as f64;
    let prevented: f64 = upper[..=upper.len() - threshold].iter().sum();
    let suffice = if way == Way::Neither { 0.0 } else { lower[..threshold].iter().product() };
    Bounds { lower: suffice, upper: markov.min(prevented).min(1.0) }
}

/// An odd number of independent events: linear in each probability, so the extremes are at the ends.
fn xor(lower: &[f64], upper: &[f64]) -> Bounds {
    let odd = |p: f64, q: f64| p * (1.0 - q) + q * (1.0 - p);
    lower.iter().zip(upper).fold(Bounds { lower: 0.0, upper: 0.0 }, |so_far, (&low, &high)| {
        let ends = [odd(so_far.lower, low), odd(so_far.lower, high), odd(so_far.upper, low), odd(so_far.upper, high)];
        Bounds { lower: ends.into_iter().fold(1.0, f64::min), upper: ends.into_iter().fold(0.0, f64::max) }
    })
}
