//! Counting where any of thousands brings a vertex down: "some rack of the zone".
//!
//! The family of such a vertex holds sets of every one of them, and is made anew when a power feed changes that all of them
//! hang on. For counting, a few of them can stand for all.
//!
//! A *crowd* is what a disjunction needs: members that nothing else needs. The private part of a group is what it holds of
//! the events that some member dominates. Let W be the disjunction, T(W) the question, with T monotone.
//!
//! **One member.** The private part p of a minimal group S lies in one member: S without p brings W down or not; if so, p is
//! empty; if not, p is minimal for bringing W down together with the rest of S, and one member that is down suffices.
//!
//! **Kinds.** For a part p let f_p be what must be down outside for W to be down with p. The minimal groups with the private
//! part p are p joined with the minimal sets of T(f_p) that hold none of T(f_q), for the q smaller than p. So parts p and p'
//! of one *kind*, which can be mapped onto each other in a way that keeps f for all subsets, are in equally many groups of
//! each order, as a group's order is that of p and what it holds outside.
//!
//! Hence the question is evaluated with a *representative* of each kind in place of its crowd: the events of all others never
//! fail, which leaves f_q as it was for all q in a representative. A group whose private part is a representative counts as
//! often as its kind has parts, and one with any other private part counts for nothing. Where there are several crowds, this
//! is done with one after the other.
//!
//! What is outside of a member is kept apart from what is private to it: a kind says with formulas over what is outside
//! (see [`super::skeleton`]) what each of its subsets does. A change outside makes families of formulas anew, few for
//! thousands of racks; a change in a member makes that member's kinds anew.

mod outline;

use std::collections::BTreeMap;

use super::change::Above;
use super::cone::{Cone, Rule};
use super::skeleton::{NEVER, Skeleton};
use super::zbdd::{Id, Stop, Zbdd};
use outline::{Member, Outlines};

/// The crowds of a question.
#[derive(Debug)]
pub(super) struct Crowds {
    /// By gate.
    crowds: BTreeMap<u32, Crowd>,
    /// By member: the gate.
    gates: BTreeMap<u32, u32>,
    /// By variable of a representative: the gate.
    variables: BTreeMap<u32, u32>,
    outlines: Outlines,
}

/// The members of one gate.
#[derive(Debug)]
struct Crowd {
    vertex: u32,
    members: BTreeMap<u32, Member>,
    /// What all members together need, without their private events failing: parts any of which suffices.
    bare: Vec<u32>,
    /// What is needed of other vertices for that and for the kinds.
    needs: Vec<u32>,
    /// The kinds there are: the variables of the representative.
    kinds: BTreeMap<u32, Vec<u32>>,
    /// Subsets of representatives, sorted.
    subsets: BTreeMap<Vec<u32>, Subset>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Subset {
    /// For how many parts it stands: none, if it is no representative.
    stands_for: u128,
    /// The last variable of what begins with it.
    last: u32,
}

/// What a group holds of one crowd.
pub(super) type Private = (u32, Vec<u32>);

/// A gate that could be that of a crowd: its number, its vertex, and the members.
pub(super) type Found = (u32, u32, Vec<u32>);

/// Gates with so many members at least that nothing else needs, all of them evaluated in full; none within a member of
/// another.
pub(super) fn find(cone: &Cone<'_>, above: &Above, evaluated: impl Fn(u32) -> bool, members_min: usize) -> Vec<Found> {
    let mut found = Vec::new();
    let mut is_within = vec![false; cone.positions()];
    for position in (0..=cone.top()).rev().filter(|&position| cone.is_there(position)) {
        if is_within[position as usize] || position != cone.top() && is_within[cone.dominator(position) as usize] {
            is_within[position as usize] = true;
            continue;
        }
        if cone.circle(position).is_some() || !evaluated(position) {
            continue;
        }
        for number in cone.gates(position) {
            let Some(gate) = cone.gate(number).filter(|gate| gate.rule == Rule::Any && gate.fact.is_none()) else {
                continue;
            };
            let mut members: Vec<u32> = gate.arguments.iter().map(|&argument| cone.position(argument)).collect();
            members.retain(|&member| {
                cone.circle(member).is_none() && !cone.gates(member).is_empty() && evaluated(member)
                    // Who is needed here and by nobody else.
                    && above.of_position(member) == [position]
            });
            if members.len() >= members_min {
                members.iter().for_each(|&member| is_within[member as usize] = true);
                found.push((number, position, members));
            }
        }
    }
    found
}

impl Crowds {
    /// Those of the gates found, but for such with members that are too large.
    pub(super) fn of(cone: &Cone<'_>, skeleton: &mut Skeleton, found: Vec<Found>, order: u8) -> Self {
        let mut crowds = Self {
            crowds: BTreeMap::new(),
            gates: BTreeMap::new(),
            variables: BTreeMap::new(),
            outlines: Outlines::new(order),
        };
        for (gate, vertex, positions) in found {
            let outlines = &mut crowds.outlines;
            let mut member = |position| Some((position, outlines.member(cone, skeleton, position)?));
            let Some(members) = positions.iter().map(|&position| member(position)).collect() else { continue };
            let (bare, needs, kinds, subsets) = Default::default();
            crowds.crowds.insert(gate, Crowd { vertex, members, bare, needs, kinds, subsets });
            crowds.gates.extend(positions.into_iter().map(|position| (position, gate)));
            crowds.summarise(gate, skeleton);
        }
        crowds
    }

    pub(super) fn is_empty(&self) -> bool {
        self.crowds.is_empty()
    }

    /// Calls for each crowd with what it needs from outside.
    pub(super) fn each_need(&self, mut call: impl FnMut(u32, u32)) {
        for crowd in self.crowds.values() {
            crowd.needs.iter().for_each(|&to| call(crowd.vertex, to));
        }
    }

    /// Makes the members anew that these vertices belong to, and says which vertices change by that.
    pub(super) fn change(&mut self, cone: &Cone<'_>, skeleton: &mut Skeleton, positions: &[u32]) -> Vec<u32> {
        let mut members: Vec<(u32, u32)> =
            positions.iter().filter_map(|&position| self.member_with(cone, position)).collect();
        members.sort_unstable();
        members.dedup();
        skeleton.walk.steps_left = usize::MAX;
        let mut changed = Vec::new();
        for of_gate in members.chunk_by(|a, b| a.0 == b.0) {
            let gate = of_gate[0].0;
            let Some(crowd) = self.crowds.get_mut(&gate) else { continue };
            changed.push(crowd.vertex);
            let is_too_large = of_gate.iter().any(|&(_, position)| {
                let made = self.outlines.member(cone, skeleton, position);
                made.map(|member| crowd.members.insert(position, member)).is_none()
            });
            if is_too_large {
                // The gate is evaluated as any other.
                self.crowds.remove(&gate);
                self.gates.retain(|_, of| *of != gate);
            }
            self.summarise(gate, skeleton);
        }
        changed
    }

    /// The member that a vertex belongs to, behind the gate of its crowd.
    fn member_with(&self, cone: &Cone<'_>, position: u32) -> Option<(u32, u32)> {
        let mut at = position;
        loop {
            if let Some(&gate) = self.gates.get(&at) {
                return Some((gate, at));
            }
            if at == cone.top() || !cone.is_there(at) {
                return None;
            }
            at = cone.dominator(at);
        }
    }

    fn summarise(&mut self, gate: u32, skeleton: &Skeleton) {
        self.variables.retain(|_, of| *of != gate);
        let Some(crowd) = self.crowds.get_mut(&gate) else { return };
        crowd.summarise(skeleton);
        self.variables.extend(crowd.kinds.values().flatten().map(|&variable| (variable, gate)));
    }

    /// What the gate of a crowd needs from outside; none where it has no crowd.
    pub(super) fn needs(&self, gate: u32) -> Option<&[u32]> {
        self.crowds.get(&gate).map(|crowd| crowd.needs.as_slice())
    }

    /// Whether a vertex is a member of the crowd of a gate.
    pub(super) fn is_member(&self, gate: u32, position: u32) -> bool {
        self.gates.get(&position) == Some(&gate)
    }

    /// Adds the families of a crowd to the terms. `outside` knows the families of all it needs.
    pub(super) fn terms(
        &self,
        gate: u32,
        skeleton: &mut Skeleton,
        outside: &[Id],
        zbdd: &mut Zbdd,
        terms: &mut Vec<Id>,
    ) -> Result<(), Stop> {
        let order = self.outlines.order();
        let Some(crowd) = self.crowds.get(&gate) else { return Ok(()) };
        for &part in &crowd.bare {
            terms.push(skeleton.family_of_part(part, outside, zbdd, order)?);
        }
        for (&kind, variables) in &crowd.kinds {
            for (subset, &part) in (1u32..).zip(self.outlines.kind(kind)).filter(|(_, part)| **part != NEVER) {
                let mut family = skeleton.family_of_part(part, outside, zbdd, order)?;
                for (_, &variable) in variables.iter().enumerate().filter(|(at, _)| subset >> at & 1 == 1) {
                    let event = zbdd.single(variable)?;
                    family = zbdd.and(event, family, order)?;
                }
                terms.push(family);
            }
        }
        Ok(())
    }

    /// The gate of the crowd of a representative's variable.
    pub(super) fn gate_of(&self, variable: u32) -> Option<u32> {
        self.variables.get(&variable).copied()
    }

    /// For how many parts a group's private part stands, and the last variable that could still belong to it; none where
    /// it is part of no representative.
    pub(super) fn stands_for(&self, (gate, part): &Private) -> Option<(u128, u32)> {
        let subset = self.crowds.get(gate)?.subsets.get(part)?;
        Some((subset.stands_for, subset.last))
    }
}

impl Crowd {
    fn summarise(&mut self, skeleton: &Skeleton) {
        let mut how_many: BTreeMap<u32, u128> = BTreeMap::new();
        (self.bare, self.needs, self.kinds, self.subsets) = Default::default();
        for member in self.members.values() {
            self.bare.extend_from_slice(skeleton.formulas.ways(&member.bare));
            self.needs.extend_from_slice(&member.needs);
            for of_kind in &member.kinds {
                self.kinds.entry(of_kind.kind).or_insert_with(|| of_kind.first.clone());
                let sum = how_many.entry(of_kind.kind).or_default();
                *sum = sum.saturating_add(of_kind.how_many);
            }
        }
        for list in [&mut self.bare, &mut self.needs] {
            list.sort_unstable();
            list.dedup();
        }
        skeleton.formulas.absorb(&mut self.bare);
        for (kind, variables) in &self.kinds {
            let mut variables = variables.clone();
            variables.sort_unstable();
            for subset in 1u32..1 << variables.len() {
                let of_subset = variables.iter().enumerate().filter(|(at, _)| subset >> at & 1 == 1);
                let of_subset: Vec<u32> = of_subset.map(|(_, &variable)| variable).collect();
                let last = of_subset.last().copied().unwrap_or_default();
                for len in 1..=of_subset.len() {
                    let start = self.subsets.entry(of_subset[..len].to_vec()).or_default();
                    start.last = start.last.max(last);
                }
            }
            let stands_for = how_many.get(kind).copied().unwrap_or_default();
            self.subsets.entry(variables).or_default().stands_for = stands_for;
        }
    }
}
