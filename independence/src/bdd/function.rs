//! Boolean functions as reduced ordered decision diagrams with complement marks.
//!
//! A branch is a node number and a mark in the lowest bit: marked, it stands for the negation. The high branch of a node is
//! never marked, so that equal functions are equal numbers, and negation costs nothing (Brace, Rudell and Bryant, 1990).
//! The one operation is AND; the others are made of it. Nothing here recurses: depth is bounded by memory, not by the
//! stack. What a level stands for is not known here.

use super::table::{Full, Memory, Node, Table};

/// A function: the number of a node, and in the lowest bit whether it is negated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Function(pub(super) u32);

impl Function {
    pub(super) const TRUE: Self = Self(0);
    pub(super) const FALSE: Self = Self(1);

    pub(super) fn not(self) -> Self {
        Self(self.0 ^ 1)
    }

    pub(super) fn negated_if(self, negated: bool) -> Self {
        Self(self.0 ^ u32::from(negated))
    }

    pub(super) fn is_constant(self) -> bool {
        self.0 <= 1
    }

    pub(super) fn number(self) -> u32 {
        self.0 >> 1
    }

    pub(super) fn is_negated(self) -> bool {
        self.0 & 1 == 1
    }
}

/// Functions over common variables.
#[derive(Debug)]
pub(super) struct Functions {
    table: Table,
    done: Memory,
    open: Vec<Frame>,
}

/// An AND whose result waits for one of its branches.
#[derive(Debug, Clone, Copy)]
struct Frame {
    f: Function,
    g: Function,
    level: u32,
    low: (Function, Function),
    high: Option<Function>,
}

impl Functions {
    /// At most `memory_bytes_max` are used, a third of it to remember results.
    pub(super) fn new(memory_bytes_max: u64) -> Self {
        let table = Table::new(1, memory_bytes_max / 3 * 2);
        Self { table, done: Memory::new(memory_bytes_max / 3), open: Vec::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.table.len()
    }

    /// Refuses to hold more nodes than these, whatever the memory.
    pub(super) fn limit_nodes(&mut self, nodes_max: usize) {
        self.table.limit_nodes(nodes_max);
    }

    /// Forgets every node from the number `mark` on. No function made since may be used again.
    pub(super) fn forget_after(&mut self, mark: usize) {
        self.table.truncate(mark);
        self.done.clear();
    }

    /// The function that is true when the variable at `level` is.
    pub(super) fn variable(&mut self, level: u32) -> Result<Function, Full> {
        self.decide(level, Function::TRUE, Function::FALSE)
    }

    /// "If the variable at `level` then `high` else `low`"; both only know later levels.
    fn decide(&mut self, level: u32, high: Function, low: Function) -> Result<Function, Full> {
        if high == low {
            return Ok(high);
        }
        let negated = high.is_negated();
        let (high, low) = (high.negated_if(negated).0, low.negated_if(negated).0);
        let number = self.table.intern(Node { level, high, low })?;
        Ok(Function(number << 1).negated_if(negated))
    }

    /// The first level that a function depends on; `u32::MAX` for constants.
    #[inline]
    pub(super) fn level(&self, f: Function) -> u32 {
        self.table.node(f.number()).level
    }

    /// What is left of a function, that is not constant, when its first variable is true, and when it is false.
    #[inline]
    pub(super) fn branches(&self, f: Function) -> (Function, Function) {
        let node = self.table.node(f.number());
        (Function(node.high).negated_if(f.is_negated()), Function(node.low).negated_if(f.is_negated()))
    }

    /// Level and branches of a node, not negated.
    #[inline]
    pub(super) fn parts(&self, number: u32) -> (u32, Function, Function) {
        let node = self.table.node(number);
        (node.level, Function(node.high), Function(node.low))
    }

    /// The numbers of the nodes of a function, without the constant, each after those below it.
    pub(super) fn below(&self, f: Function) -> Vec<u32> {
        let mut seen = vec![false; f.number() as usize + 1];
        let mut nodes = Vec::new();
        let mut open = vec![f];
        while let Some(f) = open.pop() {
            if f.is_constant() || std::mem::replace(&mut seen[f.number() as usize], true) {
                continue;
            }
            nodes.push(f.number());
            let (_, high, low) = self.parts(f.number());
            open.extend([high, low]);
        }
        // What is below a node was there before it.
        nodes.sort_unstable();
        nodes
    }

    pub(super) fn or(&mut self, f: Function, g: Function) -> Result<Function, Full> {
        Ok(self.and(f.not(), g.not())?.not())
    }

    pub(super) fn xor(&mut self, f: Function, g: Function) -> Result<Function, Full> {
        let (only_f, only_g) = (self.and(f, g.not())?, self.and(f.not(), g)?);
        self.or(only_f, only_g)
    }

    /// "If `condition` then `f` else `g`".
    pub(super) fn choose(&mut self, condition: Function, f: Function, g: Function) -> Result<Function, Full> {
        let (yes, no) = (self.and(condition, f)?, self.and(condition.not(), g)?);
        self.or(yes, no)
    }

    pub(super) fn and(&mut self, f: Function, g: Function) -> Result<Function, Full> {
        self.open.clear();
        let mut next = (f, g);
        loop {
            // Down: until a result is known without work.
            let mut result = loop {
                match self.known(next.0, next.1) {
                    Some(result) => break result,
                    None => next = self.descend(next.0, next.1),
                }
            };
            // Up: until a frame still waits for its low branch.
            loop {
                let Some(frame) = self.open.last_mut() else { return Ok(result) };
                match frame.high {
                    None => {
                        frame.high = Some(result);
                        next = frame.low;
                        break;
                    }
                    Some(high) => {
                        let Frame { f, g, level, .. } = *frame;
                        self.open.pop();
                        result = self.decide(level, high, result)?;
                        self.done.put(f.0, g.0, result.0);
                    }
                }
            }
        }
    }

    #[inline]
    fn known(&self, f: Function, g: Function) -> Option<Function> {
        if f == g || g == Function::TRUE {
            return Some(f);
        }
        if f == Function::TRUE {
            return Some(g);
        }
        if f == Function::FALSE || g == Function::FALSE || f == g.not() {
            return Some(Function::FALSE);
        }
        self.done.get(f.min(g).0, f.max(g).0).map(Function)
    }

    /// Opens the AND of two functions and returns its high branch, which is to be done first.
    #[inline]
    fn descend(&mut self, f: Function, g: Function) -> (Function, Function) {
        let (f, g) = (f.min(g), f.max(g));
        let (level_f, level_g) = (self.level(f), self.level(g));
        let level = level_f.min(level_g);
        let (f1, f0) = if level_f == level { self.branches(f) } else { (f, f) };
        let (g1, g0) = if level_g == level { self.branches(g) } else { (g, g) };
        self.open.push(Frame { f, g, level, low: (f0, g0), high: None });
        (f1, g1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VARIABLES: u32 = 5;

    fn value(functions: &Functions, mut f: Function, assignment: u32) -> bool {
        while !f.is_constant() {
            let (high, low) = functions.branches(f);
            f = if assignment >> functions.level(f) & 1 == 1 { high } else { low };
        }
        f == Function::TRUE
    }

    fn truth(functions: &Functions, f: Function) -> u32 {
        (0..1 << VARIABLES).fold(0, |bits, assignment| bits | u32::from(value(functions, f, assignment)) << assignment)
    }

    #[test]
    fn operations_are_those_of_their_truth_tables_and_equal_functions_have_one_number() {
        let mut functions = Functions::new(1 << 24);
        let mut known: Vec<(Function, u32)> = Vec::new();
        for level in 0..VARIABLES {
            let f = functions.variable(level).unwrap();
            known.push((f, truth(&functions, f)));
        }
        let mut state = 1_u64;
        for _ in 0..3_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let pick = |shift: u32| known[(state >> shift) as usize % known.len()];
            let ((f, tf), (g, tg), (h, th)) = (pick(10), pick(25), pick(40));
            let (result, expect) = match state >> 60 & 3 {
                0 => (functions.and(f, g.not()), tf & !tg),
                1 => (functions.or(f, g), tf | tg),
                2 => (functions.xor(f, g), tf ^ tg),
                _ => (functions.choose(f, g, h), tf & tg | !tf & th),
            };
            let result = result.unwrap();
            assert_eq!(truth(&functions, result), expect);
            for &(other, table) in &known {
                assert_eq!(other == result, table == expect, "one function, one number");
            }
            if known.len() < 400 && !known.contains(&(result, expect)) {
                known.push((result, expect));
            }
        }
    }

    #[test]
    fn a_chain_of_a_hundred_thousand_variables_needs_no_stack() {
        let mut functions = Functions::new(1 << 28);
        let (mut odd, mut even) = (Function::FALSE, Function::FALSE);
        for level in (0..100_000).rev() {
            let variable = functions.variable(level).unwrap();
            let chain = if level % 2 == 1 { &mut odd } else { &mut even };
            *chain = functions.or(variable, *chain).unwrap();
        }
        let both = functions.and(odd, even).unwrap();
        assert_eq!(functions.level(both), 0);
    }
}
