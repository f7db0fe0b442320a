//! How many sets a family has, by order, without writing one down.

use std::collections::BTreeMap;

use super::crowd::{Crowds, Private};
use super::zbdd::{EMPTY, Id, ONE, Zbdd};

/// The number of groups of order 0, 1 and so on: for each node the numbers of `lo`, plus those of `hi` one order up and as
/// often as its variable stands for events. Where representatives stand for crowds, see [`super::crowd`].
pub(super) fn by_order(
    zbdd: &Zbdd,
    crowds: Option<&Crowds>,
    family: Id,
    order: u8,
    multiplicity: impl Fn(u32) -> u32,
) -> Vec<u128> {
    let orders = usize::from(order) + 1;
    let nodes = zbdd.below(family);
    let mut counts = vec![0u128; (nodes.len() + 2) * orders];
    counts[orders] = 1;
    // Where a node is not below the family, nobody asks.
    let mut places = vec![0u32; family.max(ONE) as usize + 1];
    for (place, &id) in (0u32..).zip([EMPTY, ONE].iter().chain(&nodes)) {
        places[id as usize] = place;
    }
    let mut all = Counts { zbdd, crowds, multiplicity, orders, places, counts, within: BTreeMap::new() };
    for id in nodes {
        all.node(id);
    }
    all.of_node(family).to_vec()
}

struct Counts<'a, M> {
    zbdd: &'a Zbdd,
    crowds: Option<&'a Crowds>,
    multiplicity: M,
    orders: usize,
    /// By node.
    places: Vec<u32>,
    /// By place and order.
    counts: Vec<u128>,
    /// Of what is below a node, beside private parts that are not at their end.
    within: BTreeMap<(Id, Vec<Private>), Vec<u128>>,
}

impl<M: Fn(u32) -> u32> Counts<'_, M> {
    /// Of nodes below it the numbers are known.
    fn node(&mut self, id: Id) {
        let (lo, hi, var) = (self.place(self.zbdd.lo(id)), self.place(self.zbdd.hi(id)), self.zbdd.var(id));
        let here = self.place(id);
        self.counts.copy_within(lo..lo + self.orders, here);
        if let Some(gate) = self.crowds.and_then(|crowds| crowds.gate_of(var)) {
            let with = self.within(self.zbdd.hi(id), vec![(gate, vec![var])]);
            add(&mut self.counts[here + 1..here + self.orders], &with, 1);
        } else {
            let times = u128::from((self.multiplicity)(var));
            let (before, from_here) = self.counts.split_at_mut(here);
            add(&mut from_here[1..self.orders], &before[hi..], times);
        }
    }

    /// Where the counts of a node begin.
    fn place(&self, id: Id) -> usize {
        self.places[id as usize] as usize * self.orders
    }

    fn of_node(&self, id: Id) -> &[u128] {
        &self.counts[self.place(id)..][..self.orders]
    }

    /// The numbers of what is below a node, where private parts have begun.
    fn within(&mut self, id: Id, begun: Vec<Private>) -> Vec<u128> {
        let mut sum = vec![0; self.orders];
        let Some(crowds) = self.crowds else { return sum };
        let Some(begun_parts) = begun.iter().map(|part| crowds.stands_for(part)).collect::<Option<Vec<_>>>() else {
            return sum;
        };
        let last = begun_parts.iter().map(|(_, last)| *last).max().unwrap_or_default();
        let times = begun_parts.iter().fold(1u128, |times, (stands_for, _)| times.saturating_mul(*stands_for));
        if self.zbdd.var(id) > last {
            add(&mut sum, self.of_node(id), times);
            return sum;
        }
        let key = (id, begun);
        if let Some(known) = self.within.get(&key) {
            return known.clone();
        }
        let mut at = id;
        while self.zbdd.var(at) <= last {
            let (var, hi) = (self.zbdd.var(at), self.zbdd.hi(at));
            match crowds.gate_of(var) {
                Some(gate) => {
                    let mut begun = key.1.clone();
                    match begun.iter_mut().find(|(of, _)| *of == gate) {
                        Some((_, part)) => part.push(var),
                        None => begun.push((gate, vec![var])),
                    }
                    let with = self.within(hi, begun);
                    add(&mut sum[1..], &with, 1);
                }
                None => {
                    let times = u128::from((self.multiplicity)(var));
                    let with = self.within(hi, key.1.clone());
                    add(&mut sum[1..], &with, times);
                }
            }
            at = self.zbdd.lo(at);
        }
        add(&mut sum, self.of_node(at), times);
        self.within.insert(key, sum.clone());
        sum
    }
}

/// Adds so many times the second numbers to the first, as long as these are.
fn add(sums: &mut [u128], numbers: &[u128], times: u128) {
    for (sum, number) in sums.iter_mut().zip(numbers) {
        *sum = sum.saturating_add(number.saturating_mul(times));
    }
}
