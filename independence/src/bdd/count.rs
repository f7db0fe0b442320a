//! Counts by order, without listing anything.
//!
//! The number of sets of each order is a polynomial: a family's is that of its low branch and that of its high branch times
//! that of its variable, which is x for an event and the polynomial of the module for a module. Counts too large for 128
//! bits stay at the largest number and are said to be so.
//!
//! A polynomial is changed where it lies once nothing else needs it, and times x is a shift: a chain of a hundred thousand
//! events, or of as many modules, is counted in as many steps, though its polynomials are as long as it is.

use std::collections::{BTreeSet, VecDeque};

use super::compile::Variable;
use super::families::{Families, Family};

/// Sets by order, the first `from` orders without any.
#[derive(Debug, Clone, Default)]
pub(super) struct Counts {
    from: usize,
    of_orders: VecDeque<u128>,
}

impl Counts {
    /// One empty set.
    fn one() -> Self {
        Self { from: 0, of_orders: VecDeque::from([1]) }
    }

    /// From order 0 on, as far as there are any.
    pub(super) fn by_order(self) -> Vec<u128> {
        if self.of_orders.is_empty() {
            return Vec::new();
        }
        std::iter::repeat_n(0, self.from).chain(self.of_orders).collect()
    }

    /// Each set with so many members more, and without those that are then too large.
    fn shifted(mut self, by: usize, orders: usize) -> Self {
        self.from = self.from.saturating_add(by);
        self.of_orders.truncate(orders.saturating_sub(self.from));
        self
    }

    /// Adds `times` the sets of `other`, each with `shift` members more.
    fn add(&mut self, other: &Self, shift: usize, times: u128, orders: usize) {
        let from = other.from.saturating_add(shift);
        let end = (from + other.of_orders.len()).min(orders);
        if from >= end {
            return;
        }
        if self.of_orders.is_empty() {
            self.from = from;
        }
        while self.from > from {
            self.of_orders.push_front(0);
            self.from -= 1;
        }
        if self.of_orders.len() < end - self.from {
            self.of_orders.resize(end - self.from, 0);
        }
        for (sum, &count) in self.of_orders.range_mut(from - self.from..end - self.from).zip(&other.of_orders) {
            *sum = sum.saturating_add(count.saturating_mul(times));
        }
    }

    /// The sum of both, by adding the shorter one to the longer one.
    fn plus(self, other: Self, orders: usize) -> Self {
        let (mut long, short) =
            if self.of_orders.len() < other.of_orders.len() { (other, self) } else { (self, other) };
        long.add(&short, 0, 1, orders);
        long
    }

    /// Each set of one with each of the other.
    fn times(self, other: Self, orders: usize) -> Self {
        let is_one_set = |counts: &Self| counts.of_orders.len() == 1 && counts.of_orders[0] == 1;
        if is_one_set(&self) {
            return other.shifted(self.from, orders);
        }
        if is_one_set(&other) {
            return self.shifted(other.from, orders);
        }
        let mut product = Self::default();
        for (order, &times) in (self.from..).zip(&self.of_orders).filter(|(_, times)| **times > 0) {
            product.add(&other, order, times, orders);
        }
        product
    }
}

/// Polynomials that are asked for a known number of times: the last one takes it.
struct Shared {
    counts: Counts,
    uses: usize,
}

impl Shared {
    fn used(&mut self) -> Counts {
        self.uses -= 1;
        if self.uses == 0 { std::mem::take(&mut self.counts) } else { self.counts.clone() }
    }
}

/// The counts of `family`. `units` are those of the modules that `variables` may speak of; what is spoken of is taken.
pub(super) fn counts(
    families: &Families,
    family: Family,
    variables: &[Variable],
    units: &mut [Counts],
    order_max: Option<u32>,
) -> Counts {
    let orders = order_max.map_or(usize::MAX, |order| order as usize + 1);
    let nodes = below(families, family);
    let mut known: Vec<Shared> = nodes.iter().map(|_| Shared { counts: Counts::default(), uses: 0 }).collect();
    let mut levels: Vec<usize> = vec![0; variables.len()];
    for &number in &nodes {
        let node = families.node(Family(number));
        levels[node.level as usize] += 1;
        for branch in [node.low, node.high] {
            if let Ok(at) = nodes.binary_search(&branch) {
                known[at].uses += 1;
            }
        }
    }
    let of_level = |(variable, uses): (&Variable, usize)| match variable {
        Variable::Unit(unit) if uses > 0 => Shared { counts: std::mem::take(&mut units[*unit as usize]), uses },
        _ => Shared { counts: Counts { from: 1, ..Counts::one() }, uses },
    };
    let mut levels: Vec<Shared> = variables.iter().zip(levels).map(of_level).collect();
    let of = |known: &mut [Shared], family: u32| -> Counts {
        match Family(family) {
            Family::NONE => Counts::default(),
            Family::EMPTY_SET => Counts::one(),
            _ => nodes.binary_search(&family).map(|at| known[at].used()).unwrap_or_default(),
        }
    };
    for (at, &number) in nodes.iter().enumerate() {
        let node = families.node(Family(number));
        let with = of(&mut known, node.high).times(levels[node.level as usize].used(), orders);
        known[at].counts = of(&mut known, node.low).plus(with, orders);
    }
    match nodes.last() {
        Some(_) => known.pop().map(|root| root.counts).unwrap_or_default(),
        None => of(&mut known, family.0),
    }
}

/// So many nodes are looked for in a tree, before room is made for all that could be there.
const FEW: usize = 256;

/// The nodes below a family and itself, without the terminals, each after those below it.
pub(super) fn below(families: &Families, family: Family) -> Vec<u32> {
    let mut few = BTreeSet::new();
    let ended = each_below(families, family, |number| few.insert(number), FEW);
    if ended {
        return few.into_iter().collect();
    }
    let mut seen = vec![false; family.0 as usize + 1];
    let mut nodes = Vec::new();
    let enter = |number: u32| {
        let new = !std::mem::replace(&mut seen[number as usize], true);
        if new {
            nodes.push(number);
        }
        new
    };
    each_below(families, family, enter, usize::MAX);
    // What is below a node was there before it.
    nodes.sort_unstable();
    nodes
}

/// Enters each node once, unless they are more than so many. Whether they were not.
fn each_below(families: &Families, family: Family, mut enter: impl FnMut(u32) -> bool, most: usize) -> bool {
    let mut left = most;
    let mut open = vec![family];
    while let Some(family) = open.pop() {
        if family.is_terminal() || !enter(family.0) {
            continue;
        }
        if left == 0 {
            return false;
        }
        left -= 1;
        let node = families.node(family);
        open.extend([Family(node.high), Family(node.low)]);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_add_and_multiply_like_polynomials_cut_off_at_an_order() {
        const ORDERS: usize = 6;
        let mut draw = crate::draw::Draw(7);
        for _ in 0..2_000 {
            let mut random = || {
                let from = draw.below(4);
                let length = draw.below(4);
                Counts { from, of_orders: (0..length).map(|_| draw.below(3) as u128).collect() }.shifted(0, ORDERS)
            };
            let (a, b) = (random(), random());
            let at = |counts: &[u128], order: usize| counts.get(order).copied().unwrap_or(0);
            let (of_a, of_b) = (a.clone().by_order(), b.clone().by_order());
            let (sum, product) = (a.clone().plus(b.clone(), ORDERS).by_order(), a.times(b, ORDERS).by_order());
            for order in 0..ORDERS + 3 {
                let kept = u128::from(order < ORDERS);
                assert_eq!(at(&sum, order), kept * (at(&of_a, order) + at(&of_b, order)));
                let expect: u128 = (0..=order).map(|part| at(&of_a, part) * at(&of_b, order - part)).sum();
                assert_eq!(at(&product, order), kept * expect, "{of_a:?} {of_b:?}");
            }
        }
    }
}
