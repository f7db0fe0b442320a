//! Writing groups down, one by one: smallest first, or of each order the most probable first.
//!
//! For every node it is known which orders its sets have, so that no way is begun that leads to no group. The most probable
//! come first by a search that always goes on where the best end is in sight: a product of probabilities never grows, and
//! the best end of each node and order is known exactly, so the first group that is complete is the best (Hart, Nilsson,
//! Raphael 1968).

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::cone::Cone;
use super::zbdd::{EMPTY, Id, ONE, Zbdd};
use crate::fault_graph::{FaultGraph, Vertex};

/// A minimal risk group: all its members must fail, and no fewer do.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// The members, in the order of the graph.
    pub members: Vec<Vertex>,
    /// The probability that all fail, were they independent; none where that of a member is not known.
    pub probability: Option<f64>,
}

/// What a walk through a family needs to know of it.
#[derive(Debug)]
struct Plan<'a> {
    zbdd: &'a Zbdd,
    nodes: Vec<Id>,
    variables: Vec<u32>,
    events: Vec<Vec<Candidate>>,
    /// For each node and order the largest probability of a set; none where there is no such set.
    best: Vec<Option<f64>>,
    orders: usize,
}

/// An event that a variable stands for.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    vertex: Vertex,
    probability: Option<f64>,
}

impl Candidate {
    /// Nothing known is as bad as can be.
    fn bound(self) -> f64 {
        self.probability.unwrap_or(1.0)
    }
}

impl<'a> Plan<'a> {
    fn new(graph: &FaultGraph, cone: &Cone<'_>, zbdd: &'a Zbdd, family: Id, order: u8) -> Self {
        let nodes = zbdd.below(family);
        let mut variables: Vec<u32> = nodes.iter().map(|&node| zbdd.var(node)).collect();
        variables.sort_unstable();
        variables.dedup();
        let with_probability = |of_one: Vec<Vertex>| {
            let probability = |vertex| graph.event(vertex).and_then(|event| event.probability);
            let mut candidates: Vec<Candidate> =
                of_one.into_iter().map(|vertex| Candidate { vertex, probability: probability(vertex) }).collect();
            candidates.sort_by(|a, b| b.bound().total_cmp(&a.bound()).then(a.vertex.cmp(&b.vertex)));
            candidates
        };
        let events = cone.events(&variables).into_iter().map(with_probability).collect();
        let orders = usize::from(order) + 1;
        let mut plan = Self { zbdd, nodes, variables, events, best: Vec::new(), orders };
        plan.find_best();
        plan
    }

    fn find_best(&mut self) {
        self.best = vec![None; (self.nodes.len() + 2) * self.orders];
        self.best[self.orders] = Some(1.0);
        for at in 0..self.nodes.len() {
            let id = self.nodes[at];
            let (lo, hi) = (self.zbdd.lo(id), self.zbdd.hi(id));
            let bound = self.candidates(id).first().map_or(0.0, |best| best.bound());
            for order in 0..self.orders {
                let with = order.checked_sub(1).and_then(|left| self.best(hi, left)).map(|best| best * bound);
                let best = match (self.best(lo, order), with) {
                    (Some(a), Some(b)) => Some(a.max(b)),
                    (a, b) => a.or(b),
                };
                self.best[(at + 2) * self.orders + order] = best;
            }
        }
    }

    fn candidates(&self, id: Id) -> &[Candidate] {
        self.variables.binary_search(&self.zbdd.var(id)).map_or(&[], |at| &self.events[at])
    }

    fn best(&self, id: Id, order: usize) -> Option<f64> {
        let at = match id {
            EMPTY | ONE => id as usize,
            _ => self.nodes.binary_search(&id).map_or(0, |at| at + 2),
        };
        self.best[at * self.orders + order]
    }
}

/// Groups, smallest first; those of one order in the order of the graph.
#[derive(Debug)]
pub struct Groups<'a> {
    plan: Plan<'a>,
    family: Id,
    order: usize,
    /// Nodes to go on from: how many members are still missing, and how many there are.
    open: Vec<(Id, usize, usize)>,
    path: Vec<Id>,
    /// The group at hand: which event of each variable is next. Empty where a new one must be found.
    turn: Option<Vec<usize>>,
}

impl<'a> Groups<'a> {
    pub(super) fn new(graph: &FaultGraph, cone: &Cone<'_>, zbdd: &'a Zbdd, family: Id, order: u8) -> Self {
        let plan = Plan::new(graph, cone, zbdd, family, order);
        Self { plan, family, order: 0, open: vec![(family, 0, 0)], path: Vec::new(), turn: None }
    }

    /// The next set of variables, of this order or the next ones.
    fn next_path(&mut self) -> bool {
        loop {
            let Some((id, left, members)) = self.open.pop() else {
                self.order += 1;
                if self.order >= self.plan.orders {
                    return false;
                }
                self.open.push((self.family, self.order, 0));
                continue;
            };
            if self.plan.best(id, left).is_none() {
                continue;
            }
            self.path.truncate(members);
            if id == ONE {
                return true;
            }
            self.open.push((self.plan.zbdd.lo(id), left, members));
            if let Some(left) = left.checked_sub(1)
                && self.plan.best(self.plan.zbdd.hi(id), left).is_some()
            {
                self.path.push(id);
                self.open.push((self.plan.zbdd.hi(id), left, members + 1));
            }
        }
    }

    fn group(&self, turn: &[usize]) -> Group {
        let chosen = self.path.iter().zip(turn).map(|(&id, &at)| self.plan.candidates(id)[at]);
        group(chosen)
    }

    /// The next choice of one event for each variable.
    fn advance(&self, mut turn: Vec<usize>) -> Option<Vec<usize>> {
        for at in (0..turn.len()).rev() {
            turn[at] += 1;
            if turn[at] < self.plan.candidates(self.path[at]).len() {
                return Some(turn);
            }
            turn[at] = 0;
        }
        None
    }
}

fn group(chosen: impl Iterator<Item = Candidate>) -> Group {
    let mut group = Group { members: Vec::new(), probability: Some(1.0) };
    for candidate in chosen {
        group.members.push(candidate.vertex);
        group.probability = group.probability.zip(candidate.probability).map(|(all, one)| all * one);
    }
    group.members.sort_unstable();
    group
}

impl Iterator for Groups<'_> {
    type Item = Group;

    fn next(&mut self) -> Option<Group> {
        let turn = match self.turn.take() {
            Some(turn) => turn,
            None => {
                if !self.next_path() {
                    return None;
                }
                vec![0; self.path.len()]
            }
        };
        let group = self.group(&turn);
        self.turn = self.advance(turn);
        Some(group)
    }
}

/// A group in the making.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Partial {
    /// The best probability of what it can become.
    bound: f64,
    /// That of the members chosen.
    chosen: f64,
    /// Where it was made: the older one goes first among equals.
    made: u64,
    id: Id,
    left: usize,
    /// Which event of the variable of `id` comes next.
    event: usize,
    /// The last choice: a place in the list of choices.
    last: Option<usize>,
}

impl Eq for Partial {}

impl PartialOrd for Partial {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Partial {
    fn cmp(&self, other: &Self) -> Ordering {
        self.bound.total_cmp(&other.bound).then(other.made.cmp(&self.made))
    }
}

/// Groups by order, those of one order by probability, the largest first. What has no probability counts as certain.
#[derive(Debug)]
pub struct ByProbability<'a> {
    plan: Plan<'a>,
    family: Id,
    order: usize,
    made: u64,
    heap: BinaryHeap<Partial>,
    /// Choices: an event, and the choice before.
    choices: Vec<(Candidate, Option<usize>)>,
}

impl<'a> ByProbability<'a> {
    pub(super) fn new(graph: &FaultGraph, cone: &Cone<'_>, zbdd: &'a Zbdd, family: Id, order: u8) -> Self {
        let plan = Plan::new(graph, cone, zbdd, family, order);
        let mut groups = Self { plan, family, order: 0, made: 0, heap: BinaryHeap::new(), choices: Vec::new() };
        groups.push(family, 0, 0, 1.0, None);
        groups
    }

    fn push(&mut self, id: Id, left: usize, event: usize, chosen: f64, last: Option<usize>) {
        let with = |plan: &Plan<'_>, event: usize| {
            let end = left.checked_sub(1).and_then(|left| plan.best(plan.zbdd.hi(id), left))?;
            plan.candidates(id).get(event).map(|candidate| end * candidate.bound())
        };
        let best = if id == ONE {
            self.plan.best(id, left)
        } else {
            // Only the first event leaves the way without the variable open: it is gone on with once.
            let without = if event == 0 { self.plan.best(self.plan.zbdd.lo(id), left) } else { None };
            match (without, with(&self.plan, event)) {
                (Some(a), Some(b)) => Some(a.max(b)),
                (a, b) => a.or(b),
            }
        };
        if let Some(best) = best {
            self.made += 1;
            self.heap.push(Partial { bound: chosen * best, chosen, made: self.made, id, left, event, last });
        }
    }

    fn group(&self, mut last: Option<usize>) -> Group {
        let mut chosen = Vec::new();
        while let Some(at) = last {
            let (candidate, before) = self.choices[at];
            chosen.push(candidate);
            last = before;
        }
        group(chosen.into_iter())
    }
}

impl Iterator for ByProbability<'_> {
    type Item = Group;

    fn next(&mut self) -> Option<Group> {
        loop {
            let Some(partial) = self.heap.pop() else {
                self.order += 1;
                self.choices.clear();
                if self.order >= self.plan.orders {
                    return None;
                }
                self.push(self.family, self.order, 0, 1.0, None);
                continue;
            };
            let Partial { chosen, id, left, event, last, .. } = partial;
            if id == ONE {
                return Some(self.group(last));
            }
            if event == 0 {
                self.push(self.plan.zbdd.lo(id), left, 0, chosen, last);
            }
            let Some(&candidate) = self.plan.candidates(id).get(event) else { continue };
            let Some(below) = left.checked_sub(1) else { continue };
            self.push(id, left, event + 1, chosen, last);
            if self.plan.best(self.plan.zbdd.hi(id), below).is_some() {
                self.choices.push((candidate, last));
                let now = Some(self.choices.len() - 1);
                self.push(self.plan.zbdd.hi(id), below, 0, chosen * candidate.bound(), now);
            }
        }
    }
}
