//! Families of sets as zero-suppressed decision diagrams.
//!
//! A node says: the sets of its high branch, each with the variable of its level added, and the sets of its low branch
//! (Minato, 1993). What is needed here is one operation, [`Families::without`]: leave out what holds a set of another family.
//! Nothing recurses. What a level stands for is not known here.

use super::table::{Full, Memory, Node, Table};

/// A family of sets: the number of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Family(pub(super) u32);

impl Family {
    /// No set at all.
    pub(super) const NONE: Self = Self(0);
    /// Only the empty set.
    pub(super) const EMPTY_SET: Self = Self(1);

    pub(super) fn is_terminal(self) -> bool {
        self.0 <= 1
    }
}

/// Families over common variables.
#[derive(Debug)]
pub(super) struct Families {
    table: Table,
    /// By number: whether the empty set is in it.
    has_empty_set: Vec<bool>,
    done: Memory,
    open: Vec<Frame>,
}

/// A `without` that waits.
#[derive(Debug, Clone, Copy)]
struct Frame {
    f: Family,
    g: Family,
    wait: Wait,
}

/// For what a `without` waits: sets with the variable are held against sets without it, then against sets with it; sets
/// without it only against sets without it.
#[derive(Debug, Clone, Copy)]
enum Wait {
    Half,
    High,
    Low { high: Family },
}

impl Families {
    /// At most `memory_bytes_max` are used, a third of it to remember results.
    pub(super) fn new(memory_bytes_max: u64) -> Self {
        // A node takes 16 bytes there at least, and one here.
        let table = Table::new(2, memory_bytes_max / 3 * 2 / 16 * 15);
        let has_empty_set = vec![false, true];
        Self { table, has_empty_set, done: Memory::new(memory_bytes_max / 3), open: Vec::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.table.len()
    }

    #[inline]
    pub(super) fn node(&self, family: Family) -> Node {
        self.table.node(family.0)
    }

    /// The sets of `high` with the variable at `level` added, and those of `low`; both only know later levels.
    pub(super) fn decide(&mut self, level: u32, high: Family, low: Family) -> Result<Family, Full> {
        if high == Family::NONE {
            return Ok(low);
        }
        let number = self.table.intern(Node { level, high: high.0, low: low.0 })?;
        if self.has_empty_set.len() < self.table.len() {
            self.has_empty_set.push(self.has_empty_set(low));
        }
        Ok(Family(number))
    }

    /// The sets of `f` that hold no set of `g`.
    pub(super) fn without(&mut self, f: Family, g: Family) -> Result<Family, Full> {
        self.open.clear();
        let mut next = (f, g);
        loop {
            let mut result = loop {
                match self.known(&mut next) {
                    Some(result) => break result,
                    None => next = self.descend(next.0, next.1),
                }
            };
            loop {
                let Some(frame) = self.open.last_mut() else { return Ok(result) };
                let (f, g) = (frame.f, frame.g);
                let (of_f, of_g) = (self.table.node(f.0), self.table.node(g.0));
                let same_level = of_f.level == of_g.level;
                match frame.wait {
                    Wait::Half => {
                        frame.wait = Wait::High;
                        next = (result, Family(of_g.high));
                        break;
                    }
                    Wait::High => {
                        frame.wait = Wait::Low { high: result };
                        next = (Family(of_f.low), if same_level { Family(of_g.low) } else { g });
                        break;
                    }
                    Wait::Low { high } => {
                        self.open.pop();
                        result = self.decide(of_f.level, high, result)?;
                        self.done.put(f.0, g.0, result.0);
                    }
                }
            }
        }
    }

    /// The result where it is known without work. Sets of `g` with a variable that no set of `f` has are passed over.
    #[inline]
    fn known(&self, next: &mut (Family, Family)) -> Option<Family> {
        let (f, mut g) = *next;
        if f.is_terminal() {
            return Some(if f == Family::NONE || self.has_empty_set(g) { Family::NONE } else { f });
        }
        let level = self.node(f).level;
        while !g.is_terminal() && self.node(g).level < level {
            g = Family(self.node(g).low);
        }
        if g == Family::NONE {
            return Some(f);
        }
        if g == Family::EMPTY_SET || f == g {
            return Some(Family::NONE);
        }
        next.1 = g;
        self.done.get(f.0, g.0).map(Family)
    }

    fn has_empty_set(&self, family: Family) -> bool {
        self.has_empty_set[family.0 as usize]
    }

    /// Opens `f` without `g` and returns what is to be done first.
    #[inline]
    fn descend(&mut self, f: Family, g: Family) -> (Family, Family) {
        let (of_f, of_g) = (self.node(f), self.node(g));
        if of_f.level == of_g.level {
            self.open.push(Frame { f, g, wait: Wait::Half });
            (Family(of_f.high), Family(of_g.low))
        } else {
            self.open.push(Frame { f, g, wait: Wait::High });
            (Family(of_f.high), g)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn sets(families: &Families, family: Family) -> BTreeSet<u32> {
        if family.is_terminal() {
            return if family == Family::EMPTY_SET { [0].into() } else { [].into() };
        }
        let node = families.node(family);
        let with = sets(families, Family(node.high)).into_iter().map(|set| set | 1 << node.level);
        with.chain(sets(families, Family(node.low))).collect()
    }

    fn family(families: &mut Families, sets: &BTreeSet<u32>, level: u32) -> Family {
        match (sets.len(), level) {
            (0, _) => Family::NONE,
            (_, 5) => Family::EMPTY_SET,
            _ => {
                let (with, without): (BTreeSet<u32>, BTreeSet<u32>) =
                    sets.iter().partition(|set| *set >> level & 1 == 1);
                let (high, low) = (family(families, &with, level + 1), family(families, &without, level + 1));
                families.decide(level, high, low).unwrap()
            }
        }
    }

    #[test]
    fn without_leaves_out_what_holds_a_set_of_the_other_family() {
        let mut families = Families::new(1 << 22);
        let mut state = 7_u64;
        for _ in 0..5_000 {
            let mut random = || {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (state >> 33) as u32
            };
            let (dense_f, dense_g) = (random() % 12, random() % 8);
            let of_f: BTreeSet<u32> = (0..dense_f).map(|_| random() % 32).collect();
            let of_g: BTreeSet<u32> = (0..dense_g).map(|_| random() % 32).collect();
            let (f, g) = (family(&mut families, &of_f, 0), family(&mut families, &of_g, 0));
            let expect: BTreeSet<u32> =
                of_f.iter().copied().filter(|set| !of_g.iter().any(|other| set & other == *other)).collect();
            let result = families.without(f, g).unwrap();
            assert_eq!(sets(&families, result), expect, "{of_f:?} without {of_g:?}");
        }
    }
}
