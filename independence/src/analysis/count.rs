//! How many sets a family has, by order, without writing one down.

use super::zbdd::{EMPTY, Id, ONE, Zbdd};

/// The number of groups of order 0, 1 and so on: for each node the numbers of `lo`, plus those of `hi` one order up and as
/// often as its variable stands for events.
pub(super) fn by_order(zbdd: &Zbdd, family: Id, order: u8, multiplicity: impl Fn(u32) -> u32) -> Vec<u128> {
    let orders = usize::from(order) + 1;
    let nodes = zbdd.below(family);
    let mut counts = vec![0u128; (nodes.len() + 2) * orders];
    counts[orders] = 1;
    let place = |id: Id| match id {
        EMPTY | ONE => id as usize,
        _ => nodes.binary_search(&id).map_or(0, |at| at + 2),
    };
    for (at, &id) in nodes.iter().enumerate() {
        let (lo, hi) = (place(zbdd.lo(id)) * orders, place(zbdd.hi(id)) * orders);
        let here = (at + 2) * orders;
        let times = u128::from(multiplicity(zbdd.var(id)));
        for order in 0..orders {
            let with = if order == 0 { 0 } else { counts[hi + order - 1].saturating_mul(times) };
            counts[here + order] = counts[lo + order].saturating_add(with);
        }
    }
    counts[place(family) * orders..][..orders].to_vec()
}
