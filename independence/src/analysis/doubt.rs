//! What is not known: which facts would settle whether there is a risk group.
//!
//! A *fact* is whether one doubtful thing is there: an own failure, or a need. The claim is "no group up to order K". The
//! more facts are true the more groups there are, so the claim is decided by a monotone function r of the facts: r is true
//! when some set of at most K events, with the facts that are true, brings the question about. Then
//!
//! - r is never true: the claim holds, even if everything doubtful is there;
//! - r is always true: it does not, even if nothing doubtful is there;
//! - else it is open, and r depends on exactly the facts that occur in its minimal sets. To know those, and no fewer,
//!   settles the claim whatever they turn out to be.
//!
//! r comes from the same evaluation, with facts as variables that weigh nothing, by forgetting the events. Its minimal sets
//! refute the claim; the smallest set that meets all of them confirms it, if none of its facts is true.

use super::cone::{Cone, Mode};
use super::evaluation::{Evaluation, Halt};
use super::zbdd::{ALL, EMPTY, Id, Memory, ONE, SIZE_MAX, Stop, Zbdd};
use super::{AnalysisError, Fact, Limits, ORDER_MAX, Question, Sequence, gave_up};
use crate::fault_graph::FaultGraph;

/// Whether there is no risk group, as far as the evidence goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settlement {
    /// There is none, even if everything doubtful is there.
    Holds,
    /// There is one, even if nothing doubtful is there.
    Fails,
    /// It depends on what is not known.
    Open {
        /// The only smallest set of facts that settles it whatever they turn out to be.
        decisive: Vec<Fact>,
        /// A smallest set of facts that, all being there, means that there is a group.
        refuting: Vec<Fact>,
        /// A smallest set of facts that, none being there, means that there is no group.
        confirming: Vec<Fact>,
    },
}

/// Whether the question has no risk group up to an order, and what would settle it.
///
/// # Errors
/// As [`super::Analysis::new`].
pub fn settle(graph: &FaultGraph, question: &Question, order: u8, limits: Limits) -> Result<Settlement, AnalysisError> {
    if order == 0 || order > ORDER_MAX {
        return Err(AnalysisError::Order { order });
    }
    let cone = Cone::of(graph, question, Mode::Facts, Sequence::Structure)?;
    let memory = Memory { bytes_max: limits.memory_bytes, steps_max: limits.steps, steps: 0 };
    let mut evaluation = Evaluation::new(&cone, Zbdd::new(cone.facts_from(), memory), order);
    let settlement = evaluate(&mut evaluation, &cone, memory);
    settlement.map_err(|stop| gave_up(stop, &evaluation, &cone))
}

fn evaluate(evaluation: &mut Evaluation, cone: &Cone<'_>, memory: Memory) -> Result<Settlement, Halt> {
    let family = evaluation.root(cone, &mut super::evaluation::unwatched)?;
    let mut facts = Zbdd::new(u32::MAX, memory);
    let refuting = forget_events(&evaluation.zbdd, family, cone.facts_from(), &mut facts)?;
    if refuting == EMPTY {
        return Ok(Settlement::Holds);
    }
    if refuting == ONE {
        return Ok(Settlement::Fails);
    }
    let confirming = (1..=SIZE_MAX).try_fold(EMPTY, |found, size| match found {
        EMPTY => hitting_sets(&mut facts, refuting, size),
        found => Ok(found),
    })?;
    let fact = |variable: &u32| cone.fact_at(*variable);
    let mut decisive: Vec<u32> = facts.below(refuting).into_iter().map(|node| facts.var(node)).collect();
    decisive.sort_unstable();
    decisive.dedup();
    Ok(Settlement::Open {
        decisive: decisive.iter().map(fact).collect(),
        refuting: lightest(&facts, refuting).iter().map(fact).collect(),
        confirming: lightest(&facts, confirming).iter().map(fact).collect(),
    })
}

/// The minimal sets of facts for which there is a set of events. Variables of events come before those of facts.
fn forget_events(zbdd: &Zbdd, family: Id, facts_from: u32, facts: &mut Zbdd) -> Result<Id, Stop> {
    let nodes = zbdd.below(family);
    let mut known: Vec<Id> = Vec::with_capacity(nodes.len());
    let place = |known: &[Id], id: Id| nodes.binary_search(&id).map_or(id, |at| known[at]);
    for &id in &nodes {
        let (lo, hi) = (place(&known, zbdd.lo(id)), place(&known, zbdd.hi(id)));
        let forgotten = if zbdd.var(id) >= facts_from {
            let single = facts.single(zbdd.var(id))?;
            let with = facts.and(single, hi, ALL)?;
            facts.or(lo, with)?
        } else {
            facts.or(lo, hi)?
        };
        known.push(forgotten);
    }
    Ok(place(&known, family))
}

/// The minimal sets that meet every set of a family, up to a size: of a node (x, lo, hi), those that meet every set of lo,
/// and hold x or meet every set of hi.
fn hitting_sets(zbdd: &mut Zbdd, family: Id, size: u8) -> Result<Id, Stop> {
    let nodes = zbdd.below(family);
    let mut known: Vec<Id> = Vec::with_capacity(nodes.len());
    let place = |known: &[Id], id: Id| match id {
        EMPTY => ONE,
        ONE => EMPTY,
        _ => nodes.binary_search(&id).map_or(EMPTY, |at| known[at]),
    };
    for &id in &nodes {
        let single = zbdd.single(zbdd.var(id))?;
        let (lo, hi) = (place(&known, zbdd.lo(id)), place(&known, zbdd.hi(id)));
        let meets_upper = zbdd.or(single, hi)?;
        let meets_both = zbdd.and(lo, meets_upper, size)?;
        known.push(meets_both);
    }
    Ok(place(&known, family))
}

/// A lightest set, of several the one with the smallest variables.
fn lightest(zbdd: &Zbdd, family: Id) -> Vec<u32> {
    let mut set = Vec::new();
    let mut at = family;
    while at > ONE {
        let (lo, hi) = (zbdd.lo(at), zbdd.hi(at));
        if zbdd.lightest(hi).saturating_add(1) <= zbdd.lightest(lo) {
            set.push(zbdd.var(at));
            at = hi;
        } else {
            at = lo;
        }
    }
    set
}
