//! From a circuit to diagrams: one for each module, over its events and the modules in it.
//!
//! The order of variables decides over the size of a diagram, and no cheap rule finds the best: several orders are tried in
//! turn, each with a budget of nodes, and the budgets grow until one order is done. The same circuit always ends with the
//! same order. What the events mean is not known here.

use super::circuit::{Circuit, Kind, Literal};
use super::function::{Function, Functions};
use super::module::modules;
use super::table::Full;

/// What a level of a unit stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Variable {
    Event(u32),
    /// The module with this number among the units.
    Unit(u32),
}

/// A module and its function. Levels begin at 0 in each unit, so that modules of one shape share their nodes.
#[derive(Debug)]
pub(super) struct Unit {
    /// The function of the module, or its negation, whichever is false while nothing fails; the last unit, that of the top
    /// event, stays as it is.
    pub(super) function: Function,
    /// By level.
    pub(super) variables: Vec<Variable>,
}

/// All units, modules before those they are in. The last is that of the top event.
#[derive(Debug)]
pub(super) struct Compiled {
    pub(super) functions: Functions,
    pub(super) units: Vec<Unit>,
}

/// Budget of nodes for the first try with each order; each round has four times as many.
const FIRST_BUDGET: usize = 1 << 14;
/// What a node takes at least, with its place in the table.
const BYTES_PER_NODE: u64 = 16;

/// Compiles all modules, with at most `nodes_max` nodes for one try.
pub(super) fn compile(
    circuit: &Circuit,
    root: Literal,
    memory_bytes_max: u64,
    nodes_max: usize,
) -> Result<Compiled, Full> {
    let fitting = usize::try_from(memory_bytes_max / BYTES_PER_NODE).unwrap_or(usize::MAX);
    let mut compiler = Compiler {
        circuit,
        is_module: modules(circuit, root),
        images: vec![Function::FALSE; circuit.nodes() as usize],
        weights: weights(circuit, root),
        nodes_max: nodes_max.min(fitting),
        compiled: Compiled { functions: Functions::new(memory_bytes_max), units: Vec::new() },
    };
    if circuit.as_gate(root.node()).is_none() {
        compiler.trivial(root)?;
        return Ok(compiler.compiled);
    }
    let mut unit_of = vec![0; circuit.nodes() as usize];
    for node in circuit.cone(root) {
        if !compiler.is_module[node as usize] {
            continue;
        }
        let mut unit = compiler.unit(node, &unit_of)?;
        let is_top = node == root.node();
        let negate = if is_top { root.is_negated() } else { compiler.holds_with_nothing_failed(unit.function) };
        unit.function = unit.function.negated_if(negate);
        // What uses the module sees its variable, negated where the unit holds the negation.
        unit_of[node as usize] = (compiler.compiled.units.len() as u32) << 1 | u32::from(negate);
        compiler.compiled.units.push(unit);
    }
    Ok(compiler.compiled)
}

struct Compiler<'c> {
    circuit: &'c Circuit,
    is_module: Vec<bool>,
    images: Vec<Function>,
    /// How many nodes, counted as in a tree and at most so many, are below each.
    weights: Vec<u32>,
    nodes_max: usize,
    compiled: Compiled,
}

fn weights(circuit: &Circuit, root: Literal) -> Vec<u32> {
    let mut weights = vec![1_u32; circuit.nodes() as usize];
    for node in circuit.cone(root) {
        if let Some(gate) = circuit.as_gate(node) {
            weights[node as usize] = gate
                .arguments
                .iter()
                .fold(0, |sum: u32, argument| sum.saturating_add(weights[argument.node() as usize]));
        }
    }
    weights
}

/// In which order the arguments of a gate are walked to order the variables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Walk {
    AsWritten,
    LightFirst,
    HeavyFirst,
    Backwards,
}

const WALKS: [Walk; 4] = [Walk::LightFirst, Walk::AsWritten, Walk::HeavyFirst, Walk::Backwards];

impl Compiler<'_> {
    /// A top event that is an event, or a constant.
    fn trivial(&mut self, root: Literal) -> Result<(), Full> {
        let (function, variables) = match self.circuit.as_event(root.node()) {
            Some(event) => (self.compiled.functions.variable(0)?, vec![Variable::Event(event)]),
            None => (Function::TRUE, Vec::new()),
        };
        self.compiled.units.push(Unit { function: function.negated_if(root.is_negated()), variables });
        Ok(())
    }

    fn holds_with_nothing_failed(&self, mut function: Function) -> bool {
        while !function.is_constant() {
            function = self.compiled.functions.branches(function).1;
        }
        function == Function::TRUE
    }

    fn unit(&mut self, module: u32, unit_of: &[u32]) -> Result<Unit, Full> {
        let mark = self.compiled.functions.len();
        let mut budget = FIRST_BUDGET;
        loop {
            for walk in WALKS {
                let (leaves, gates) = self.walk(module, walk);
                match self.try_order(&leaves, &gates, unit_of, mark + budget.min(self.nodes_max)) {
                    Ok(()) => {
                        let variables = leaves.iter().map(|&leaf| self.variable(leaf, unit_of)).collect();
                        return Ok(Unit { function: self.images[module as usize], variables });
                    }
                    Err(Full) => self.compiled.functions.forget_after(mark),
                }
            }
            if budget >= self.nodes_max {
                return Err(Full);
            }
            budget *= 4;
        }
    }

    fn variable(&self, leaf: u32, unit_of: &[u32]) -> Variable {
        match self.circuit.as_event(leaf) {
            Some(event) => Variable::Event(event),
            None => Variable::Unit(unit_of[leaf as usize] >> 1),
        }
    }

    /// The leaves of a unit, which are events and modules, in the order of a walk; and its gates, arguments first.
    fn walk(&self, module: u32, walk: Walk) -> (Vec<u32>, Vec<u32>) {
        let (mut leaves, mut gates) = (Vec::new(), Vec::new());
        let mut seen = std::collections::BTreeSet::from([module]);
        let mut open = vec![(module, self.ordered(module, walk).into_iter())];
        while let Some((node, arguments)) = open.last_mut() {
            let Some(argument) = arguments.next() else {
                gates.push(*node);
                open.pop();
                continue;
            };
            if seen.insert(argument) {
                if self.circuit.as_gate(argument).is_none() || self.is_module[argument as usize] {
                    leaves.push(argument);
                } else {
                    open.push((argument, self.ordered(argument, walk).into_iter()));
                }
            }
        }
        (leaves, gates)
    }

    fn ordered(&self, node: u32, walk: Walk) -> Vec<u32> {
        let gate = self.circuit.as_gate(node);
        let mut arguments: Vec<u32> =
            gate.iter().flat_map(|gate| &gate.arguments).map(|argument| argument.node()).collect();
        match walk {
            Walk::AsWritten => {}
            Walk::LightFirst => arguments.sort_by_key(|&argument| self.weights[argument as usize]),
            Walk::HeavyFirst => {
                arguments.sort_by_key(|&argument| std::cmp::Reverse(self.weights[argument as usize]));
            }
            Walk::Backwards => arguments.reverse(),
        }
        arguments
    }

    fn try_order(&mut self, leaves: &[u32], gates: &[u32], unit_of: &[u32], nodes_max: usize) -> Result<(), Full> {
        self.compiled.functions.limit_nodes(nodes_max);
        for (level, &leaf) in (0..).zip(leaves) {
            let is_unit = self.circuit.as_gate(leaf).is_some();
            let negated = is_unit && unit_of[leaf as usize] & 1 == 1;
            self.images[leaf as usize] = self.compiled.functions.variable(level)?.negated_if(negated);
        }
        for &gate in gates {
            self.images[gate as usize] = self.gate(gate)?;
        }
        Ok(())
    }

    fn gate(&mut self, node: u32) -> Result<Function, Full> {
        let Some(gate) = self.circuit.as_gate(node) else { return Ok(Function::TRUE) };
        let image = |argument: &Literal| self.images[argument.node() as usize].negated_if(argument.is_negated());
        let mut arguments: Vec<Function> = gate.arguments.iter().map(image).collect();
        let functions = &mut self.compiled.functions;
        // What begins at the last level comes first: the result then grows at its top only.
        arguments.sort_by_key(|&argument| std::cmp::Reverse(functions.level(argument)));
        match gate.kind {
            Kind::And => arguments.into_iter().try_fold(Function::TRUE, |all, argument| functions.and(all, argument)),
            Kind::Xor => arguments.into_iter().try_fold(Function::FALSE, |odd, argument| functions.xor(odd, argument)),
            Kind::AtLeast(threshold) => at_least(functions, threshold as usize, &arguments),
        }
    }
}

fn at_least(functions: &mut Functions, threshold: usize, arguments: &[Function]) -> Result<Function, Full> {
    // `counts[j]`: at least j of the arguments so far.
    let mut counts = vec![Function::FALSE; threshold + 1];
    counts[0] = Function::TRUE;
    for (position, &argument) in arguments.iter().enumerate() {
        let rest = arguments.len() - position - 1;
        // A count from which the threshold cannot be reached any more is of no use.
        let fewest = threshold.saturating_sub(rest).max(1);
        for count in (fewest..=threshold.min(position + 1)).rev() {
            counts[count] = functions.choose(argument, counts[count - 1], counts[count])?;
        }
    }
    Ok(counts[threshold])
}
