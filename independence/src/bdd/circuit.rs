//! The formula of a top event as a circuit of few kinds of gates, simplified.
//!
//! AND, "at least k of n" and XOR over literals; OR is an AND with everything negated, so that gates of both kinds melt
//! into one another. Gates that say the same become one. Order of arguments is kept, since the order of variables follows
//! from it. What a circuit takes in memory is counted; whoever adds to it asks [`Circuit::room`] now and then, and stops
//! where there is none. What the events stand for, and what of a graph they come from, is not known here.

use std::collections::BTreeMap;

use super::table::Full;

/// A node of the circuit, and in the lowest bit whether it is negated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Literal(u32);

impl Literal {
    pub(super) const TRUE: Self = Self(0);
    pub(super) const FALSE: Self = Self(1);

    pub(super) fn of(node: u32) -> Self {
        Self(node << 1)
    }

    pub(super) fn not(self) -> Self {
        Self(self.0 ^ 1)
    }

    pub(super) fn negated_if(self, negated: bool) -> Self {
        Self(self.0 ^ u32::from(negated))
    }

    pub(super) fn node(self) -> u32 {
        self.0 >> 1
    }

    pub(super) fn is_negated(self) -> bool {
        self.0 & 1 == 1
    }

    pub(super) fn is_constant(self) -> bool {
        self.0 <= 1
    }
}

/// What a gate does with its arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// All are true.
    And,
    /// So many are true, more than one and fewer than all.
    AtLeast(u32),
    /// An odd number is true.
    Xor,
}

/// A gate; its arguments come before it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Gate {
    pub(super) kind: Kind,
    pub(super) arguments: Vec<Literal>,
}

/// Nodes: 0 is the constant, then come the events, then the gates.
#[derive(Debug, Default)]
pub(super) struct Circuit {
    events: u32,
    gates: Vec<Gate>,
    known: BTreeMap<Gate, u32>,
    bytes: u64,
    bytes_max: u64,
}

/// What a node takes besides its gate: what those who walk a circuit note of it.
const BYTES_PER_NODE: u64 = 32;
/// What a gate without arguments takes, once among the gates and once among the keys.
const BYTES_PER_GATE: u64 = BYTES_PER_NODE + 3 * size_of::<Gate>() as u64;

impl Circuit {
    /// A circuit over so many events, without gates, that may take so much memory.
    pub(super) fn new(events: u32, bytes_max: u64) -> Self {
        let bytes = u64::from(events) * BYTES_PER_NODE;
        Self { events, gates: Vec::new(), known: BTreeMap::new(), bytes, bytes_max }
    }

    /// What it takes, about.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Refuses where it takes more than it may.
    pub(super) fn room(&self) -> Result<(), Full> {
        if self.bytes <= self.bytes_max { Ok(()) } else { Err(Full) }
    }

    pub(super) fn events(&self) -> u32 {
        self.events
    }

    pub(super) fn event(&self, event: u32) -> Literal {
        debug_assert!(event < self.events, "events are counted beforehand");
        Literal::of(event + 1)
    }

    /// The number of an event, where the node is one.
    pub(super) fn as_event(&self, node: u32) -> Option<u32> {
        (node >= 1 && node <= self.events).then(|| node - 1)
    }

    pub(super) fn as_gate(&self, node: u32) -> Option<&Gate> {
        self.gates.get((node as usize).checked_sub(self.events as usize + 1)?)
    }

    pub(super) fn nodes(&self) -> u32 {
        1 + self.events + self.gates.len() as u32
    }

    pub(super) fn or(&mut self, arguments: Vec<Literal>) -> Literal {
        self.and(arguments.into_iter().map(Literal::not).collect()).not()
    }

    pub(super) fn and(&mut self, mut arguments: Vec<Literal>) -> Literal {
        let mut sorted = arguments.clone();
        sorted.sort_unstable();
        sorted.dedup();
        let contradicts = sorted.windows(2).any(|pair| pair[0] == pair[1].not());
        if contradicts || sorted.contains(&Literal::FALSE) {
            return Literal::FALSE;
        }
        if sorted.len() < arguments.len() {
            keep_first(&mut arguments);
        }
        arguments.retain(|&literal| literal != Literal::TRUE);
        match arguments.as_slice() {
            [] => Literal::TRUE,
            [only] => *only,
            _ => self.gate(Kind::And, arguments),
        }
    }

    /// An argument that is there twice counts twice.
    pub(super) fn at_least(&mut self, threshold: usize, mut arguments: Vec<Literal>) -> Literal {
        let certain = arguments.iter().filter(|literal| **literal == Literal::TRUE).count();
        arguments.retain(|literal| !literal.is_constant());
        let threshold = threshold.saturating_sub(certain);
        match threshold {
            0 => Literal::TRUE,
            _ if threshold > arguments.len() => Literal::FALSE,
            1 => self.or(arguments),
            _ if threshold == arguments.len() => self.and(arguments),
            _ => self.gate(Kind::AtLeast(threshold as u32), arguments),
        }
    }

    /// True when an odd number of arguments is.
    pub(super) fn xor(&mut self, arguments: Vec<Literal>) -> Literal {
        let negated = arguments.iter().filter(|literal| literal.is_negated()).count() % 2 == 1;
        let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
        for literal in &arguments {
            *counts.entry(literal.node()).or_default() += 1;
        }
        let mut plain: Vec<Literal> = arguments.into_iter().map(|literal| Literal::of(literal.node())).collect();
        keep_first(&mut plain);
        plain.retain(|literal| counts[&literal.node()] % 2 == 1);
        // The constant is true: it turns the rest around.
        let turned = plain.iter().any(|literal| literal.is_constant());
        plain.retain(|literal| !literal.is_constant());
        let result = match plain.as_slice() {
            [] => Literal::FALSE,
            [only] => *only,
            _ => self.gate(Kind::Xor, plain),
        };
        result.negated_if(negated ^ turned)
    }

    fn gate(&mut self, kind: Kind, arguments: Vec<Literal>) -> Literal {
        let mut key = Gate { kind, arguments: arguments.clone() };
        key.arguments.sort_unstable();
        let next = self.nodes();
        let node = *self.known.entry(key).or_insert(next);
        if node == next {
            self.bytes += BYTES_PER_GATE + 2 * size_of_val(arguments.as_slice()) as u64;
            self.gates.push(Gate { kind, arguments });
        }
        Literal::of(node)
    }

    /// The nodes that `root` needs, arguments before gates, each in the order it is first met.
    pub(super) fn cone(&self, root: Literal) -> Vec<u32> {
        let mut order = Vec::new();
        let mut seen = vec![false; self.nodes() as usize];
        let mut open = vec![(root.node(), 0)];
        seen[root.node() as usize] = true;
        while let Some((node, position)) = open.pop() {
            match self.as_gate(node).and_then(|gate| gate.arguments.get(position)) {
                None => order.push(node),
                Some(argument) => {
                    open.push((node, position + 1));
                    if !std::mem::replace(&mut seen[argument.node() as usize], true) {
                        open.push((argument.node(), 0));
                    }
                }
            }
        }
        order
    }

    /// How many gates of the cone use each node.
    pub(super) fn uses(&self, cone: &[u32]) -> Vec<u32> {
        let mut uses = vec![0; self.nodes() as usize];
        for argument in cone.iter().filter_map(|&node| self.as_gate(node)).flat_map(|gate| &gate.arguments) {
            uses[argument.node() as usize] += 1;
        }
        uses
    }

    /// The circuit below `root`, in so much memory, with gates that only one AND uses, and that are ANDs, melted into it. A chain of them is
    /// gone down once, from its first: each melted into the next, they would be copied as often as the chain is long.
    pub(super) fn flattened(&self, root: Literal, bytes_max: u64) -> Result<(Self, Literal), Full> {
        let cone = self.cone(root);
        let uses = self.uses(&cone);
        let is_and = |node: u32| self.as_gate(node).is_some_and(|gate| gate.kind == Kind::And);
        let melts = |argument: Literal| {
            !argument.is_negated() && uses[argument.node() as usize] == 1 && is_and(argument.node())
        };
        let mut melted = vec![false; self.nodes() as usize];
        for gate in cone.iter().filter_map(|&node| self.as_gate(node)).filter(|gate| gate.kind == Kind::And) {
            for argument in gate.arguments.iter().filter(|&&argument| melts(argument)) {
                melted[argument.node() as usize] = true;
            }
        }
        let mut flat = Self::new(self.events, bytes_max);
        let mut image = vec![Literal::TRUE; self.nodes() as usize];
        for &node in &cone {
            let Some(gate) = self.as_gate(node) else {
                image[node as usize] = Literal::of(node);
                continue;
            };
            if melted[node as usize] {
                continue;
            }
            let mut arguments = Vec::with_capacity(gate.arguments.len());
            let mut open: Vec<Literal> = gate.arguments.iter().rev().copied().collect();
            while let Some(argument) = open.pop() {
                match self.as_gate(argument.node()) {
                    Some(inner) if melted[argument.node() as usize] => open.extend(inner.arguments.iter().rev()),
                    _ => arguments.push(image[argument.node() as usize].negated_if(argument.is_negated())),
                }
            }
            image[node as usize] = match gate.kind {
                Kind::And => flat.and(arguments),
                Kind::AtLeast(threshold) => flat.at_least(threshold as usize, arguments),
                Kind::Xor => flat.xor(arguments),
            };
            flat.room()?;
        }
        let root = image[root.node() as usize].negated_if(root.is_negated());
        Ok((flat, root))
    }
}

/// Leaves out what was there before, and keeps the order.
fn keep_first(literals: &mut Vec<Literal>) {
    let mut seen = std::collections::BTreeSet::new();
    literals.retain(|&literal| seen.insert(literal));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_is_melted_into_one_gate_and_copied_once() {
        const LEVELS: u32 = 20_000;
        for negated in [false, true] {
            let mut circuit = Circuit::new(LEVELS + 1, u64::MAX);
            // With negations: a OR (b OR (c OR …)).
            let mut below = circuit.event(LEVELS);
            for level in (0..LEVELS).rev() {
                let arguments = vec![circuit.event(level), below];
                below = if negated { circuit.or(arguments) } else { circuit.and(arguments) };
            }
            let (flat, root) = circuit.flattened(below, u64::MAX).unwrap();
            let gate = flat.as_gate(root.node()).unwrap();
            let events: Vec<Literal> = (0..=LEVELS).map(|event| flat.event(event).negated_if(negated)).collect();
            assert_eq!((flat.gates.len(), &gate.arguments), (1, &events));
        }
    }
}
