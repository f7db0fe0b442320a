//! Families of sets: the operations of a monotone function in minimal form.
//!
//! A family holds the minimal sets, up to an order, that make a monotone function true. The empty family is `false`, the
//! family of the empty set is `true`.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::{OutOfWork, Work};
use crate::graph::Index;

/// A sorted set of vertices.
pub(crate) type Set = Vec<Index>;

/// Sets none of which holds another.
pub(crate) type Family = BTreeSet<Set>;

/// Whether `set` holds a set of `family`.
pub(crate) fn is_cut(family: &Family, set: &[Index]) -> bool {
    // Sets are no larger than the order asked for, so there are few subsets.
    (0u32..1 << set.len()).any(|mask| family.contains(&subset(set, mask)))
}

fn subset(set: &[Index], mask: u32) -> Set {
    set.iter().enumerate().filter(|(position, _)| mask >> position & 1 == 1).map(|(_, &index)| index).collect()
}

/// Leaves out every set that holds another.
pub(crate) fn minimal(sets: Family) -> Family {
    let mut by_size: Vec<Set> = sets.into_iter().collect();
    by_size.sort_by_key(Vec::len);
    let mut kept = Family::new();
    for set in by_size {
        if !is_cut(&kept, &set) {
            kept.insert(set);
        }
    }
    kept
}

/// The union of two sorted sets, unless it has more than `order_max` members.
fn union(a: &[Index], b: &[Index], order_max: usize) -> Option<Set> {
    let mut set = Set::with_capacity(order_max);
    let (mut i, mut j) = (0, 0);
    while i < a.len() || j < b.len() {
        if set.len() == order_max {
            return None;
        }
        let next = match (a.get(i), b.get(j)) {
            (Some(x), Some(y)) => *x.min(y),
            (Some(x), None) | (None, Some(x)) => *x,
            (None, None) => break,
        };
        i += usize::from(a.get(i) == Some(&next));
        j += usize::from(b.get(j) == Some(&next));
        set.push(next);
    }
    Some(set)
}

/// The minimal sets of `a and b` for which `keep` holds, up to `order_max`.
pub(crate) fn and(
    a: &Family,
    b: &Family,
    keep: impl Fn(&Set) -> bool,
    order_max: usize,
    work: &mut Work,
) -> Result<Family, OutOfWork> {
    let mut by_member: BTreeMap<Index, Vec<&Set>> = BTreeMap::new();
    let mut by_size: Vec<Vec<&Set>> = vec![Vec::new(); order_max + 1];
    for set in b {
        by_size[set.len()].push(set);
        set.iter().for_each(|&member| by_member.entry(member).or_default().push(set));
    }
    let mut candidates = Family::new();
    for x in a {
        // A set that is too large to be joined to `x` as a stranger must share a member with it.
        let strangers = by_size[..=order_max - x.len()].iter().flatten();
        let relatives = x.iter().filter_map(|member| by_member.get(member)).flatten();
        for y in strangers.chain(relatives) {
            work.spend(1)?;
            if let Some(set) = union(x, y, order_max).filter(&keep) {
                candidates.insert(set);
            }
        }
    }
    candidates.retain(|set| !one_less(set).any(|less| is_cut(a, &less) && is_cut(b, &less)));
    Ok(candidates)
}

/// The sets with one member left out.
fn one_less(set: &[Index]) -> impl Iterator<Item = Set> {
    (0..set.len()).map(|gap| set.iter().enumerate().filter(|(i, _)| *i != gap).map(|(_, &member)| member).collect())
}

/// The minimal sets that make at least `count` of `families` true.
pub(crate) fn at_least(
    count: usize,
    families: &[&Rc<Family>],
    order_max: usize,
    work: &mut Work,
) -> Result<Family, OutOfWork> {
    // reached[j]: at least j of the families seen so far.
    let mut reached = vec![Family::new(); count + 1];
    reached[0].insert(Set::new());
    for family in families {
        for j in (1..=count).rev() {
            let more = and(&reached[j - 1], family, |_| true, order_max, work)?;
            let mut sets = std::mem::take(&mut reached[j]);
            work.spend(more.len())?;
            sets.extend(more);
            reached[j] = minimal(sets);
        }
    }
    Ok(reached.pop().unwrap_or_default())
}
