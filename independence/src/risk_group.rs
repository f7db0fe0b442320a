//! Minimal risk groups by writing every candidate set down: the simple search that [`crate::analysis`] is held against, in
//! tests only.
//!
//! ```text
//!   down(v) = own(v)  or  some need of v has more than n - m of its n members down
//! ```
//!
//! The least solution is meant: of two components that need each other, neither is down unless something fails. The
//! sets are computed bottom up, cut off at an order: a union never shrinks, so sets up to that order are exact. Bounded in
//! work: beyond it there is [`OutOfWork`] and no answer, never a part of one. What the components are is not known here.

mod family;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::graph::{Graph, Group, Index, Routes, strong_components};

pub(crate) use family::{Family, Set};
use family::{and, at_least, minimal};

/// Most candidate sets that one search builds.
pub(crate) const WORK_MAX: u64 = 1_000_000;

/// A search would build more candidate sets than it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("more than {WORK_MAX} candidate risk groups")]
pub(crate) struct OutOfWork;

/// What is left of a search's allowance. Counted in candidate sets and not in time, so that the same evidence is given up
/// on every machine or on none.
#[derive(Debug)]
pub(crate) struct Work {
    left: u64,
}

impl Work {
    pub(crate) fn new(max: u64) -> Self {
        Self { left: max }
    }

    fn spend(&mut self, sets: usize) -> Result<(), OutOfWork> {
        let left = u64::try_from(sets).ok().and_then(|sets| self.left.checked_sub(sets));
        self.left = left.ok_or(OutOfWork)?;
        Ok(())
    }
}

/// The minimal risk groups, up to `order_max`, of each of `roots`. `own` says what can fail by itself.
pub(crate) fn risk_groups(
    graph: &Graph,
    roots: &[Index],
    own: impl Fn(Index) -> bool,
    order_max: usize,
    work: &mut Work,
) -> Result<Vec<Rc<Family>>, OutOfWork> {
    let cones: Vec<Routes<'_>> = roots.iter().map(|&root| Routes::from(graph, root)).collect();
    let mut families: BTreeMap<Index, Rc<Family>> = BTreeMap::new();
    for circle in strong_components(graph) {
        if !cones.iter().any(|cone| cone.reaches(circle[0])) {
            continue;
        }
        // One vertex that does not need itself is done at once; a circle is repeated until nothing is added.
        let once = circle.len() == 1 && !graph.members(circle[0]).any(|member| member == circle[0]);
        loop {
            let mut changed = false;
            for &v in &circle {
                let family = failing(graph, v, own(v), &families, order_max, work)?;
                changed |= families.get(&v) != Some(&family);
                families.insert(v, family);
            }
            if once || !changed {
                break;
            }
        }
    }
    Ok(roots.iter().map(|root| families.get(root).cloned().unwrap_or_default()).collect())
}

/// How many members must be down for the need to be unmet.
fn failures_to_break(group: &Group) -> usize {
    group.members.len() + 1 - group.minimum
}

fn failing(
    graph: &Graph,
    v: Index,
    own: bool,
    families: &BTreeMap<Index, Rc<Family>>,
    order_max: usize,
    work: &mut Work,
) -> Result<Rc<Family>, OutOfWork> {
    let mut sets = Family::new();
    if own {
        sets.insert(vec![v]);
    }
    let mut taken: Vec<&Rc<Family>> = Vec::new();
    let mut known: BTreeSet<*const Family> = BTreeSet::new();
    for group in &graph.vertex(v).needs {
        let members: Vec<&Rc<Family>> = group.members.iter().filter_map(|member| families.get(member)).collect();
        if failures_to_break(group) > 1 {
            let broken = at_least(failures_to_break(group), &members, order_max, work)?;
            sets.extend(broken);
            continue;
        }
        for member in members {
            // Forty nodes of one rack share one family: it is looked at once.
            if !member.is_empty() && known.insert(Rc::as_ptr(member)) {
                taken.push(member);
            }
        }
    }
    if let (true, [only]) = (sets.is_empty(), taken.as_slice()) {
        return Ok(Rc::clone(only));
    }
    for member in taken {
        work.spend(member.len())?;
        sets.extend(member.iter().cloned());
    }
    Ok(Rc::new(minimal(sets)))
}

/// The minimal sets that are risk groups of both families and for which `keep` holds.
pub(crate) fn joint(
    a: &Family,
    b: &Family,
    keep: impl Fn(&Set) -> bool,
    order_max: usize,
    work: &mut Work,
) -> Result<Family, OutOfWork> {
    and(a, b, keep, order_max, work)
}

#[cfg(test)]
mod tests;
