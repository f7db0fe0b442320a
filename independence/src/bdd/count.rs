//! Counts by order, without listing anything.
//!
//! The number of sets of each order is a polynomial: a family's is that of its low branch and that of its high branch times
//! that of its variable, which is x for an event and the polynomial of the module for a module. Counts too large for 128
//! bits stay at the largest number and are said to be so.

use super::compile::Variable;
use super::families::{Families, Family};

/// Sets by order, from order 0.
pub(super) type Counts = Vec<u128>;

/// The counts of `family`. `units` are those of the modules that `variables` may speak of.
pub(super) fn counts(
    families: &Families,
    family: Family,
    variables: &[Variable],
    units: &[Counts],
    order_max: Option<u32>,
) -> Counts {
    let length_max = order_max.map_or(usize::MAX, |order| order as usize + 1);
    let nodes = below(families, family);
    let mut known: Vec<Counts> = Vec::with_capacity(nodes.len());
    let of = |known: &[Counts], family: u32| -> Counts {
        match Family(family) {
            Family::NONE => Counts::new(),
            Family::EMPTY_SET => vec![1],
            _ => nodes.binary_search(&family).map(|at| known[at].clone()).unwrap_or_default(),
        }
    };
    for &number in &nodes {
        let node = families.node(Family(number));
        let mut sum = of(&known, node.low);
        let high = of(&known, node.high);
        match variables[node.level as usize] {
            Variable::Event(_) => add(&mut sum, &high, 1, 1, length_max),
            Variable::Unit(unit) => {
                for (order, &times) in units[unit as usize].iter().enumerate().filter(|(_, times)| **times > 0) {
                    add(&mut sum, &high, order, times, length_max);
                }
            }
        }
        known.push(sum);
    }
    of(&known, family.0)
}

/// Adds `times` the sets of `other`, each with `shift` more members.
fn add(sum: &mut Counts, other: &[u128], shift: usize, times: u128, length_max: usize) {
    if other.is_empty() || shift >= length_max {
        return;
    }
    let length = length_max.min(other.len() + shift);
    if sum.len() < length {
        sum.resize(length, 0);
    }
    for (order, &count) in (shift..length).zip(other) {
        sum[order] = sum[order].saturating_add(count.saturating_mul(times));
    }
}

/// The nodes below a family and itself, without the terminals, each after those below it.
pub(super) fn below(families: &Families, family: Family) -> Vec<u32> {
    let mut seen = vec![false; family.0 as usize + 1];
    let mut nodes = Vec::new();
    let mut open = vec![family];
    while let Some(family) = open.pop() {
        if family.is_terminal() || std::mem::replace(&mut seen[family.0 as usize], true) {
            continue;
        }
        nodes.push(family.0);
        let node = families.node(family);
        open.extend([Family(node.high), Family(node.low)]);
    }
    // What is below a node was there before it.
    nodes.sort_unstable();
    nodes
}
