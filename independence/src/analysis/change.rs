//! Again after a change: only what the change can reach is evaluated.
//!
//! A change takes away what the graph has, or gives it back: an own failure, or a gate. What the graph never had needs a new
//! graph.
//!
//! Without an own failure, the minimal groups are those that do not hold it: f with x false has the sets of f without x. So
//! nothing is evaluated for it: families are kept as if every event were there, and groups with those taken away are left
//! out at the end.
//!
//! Without a gate there are fewer ways down, so that what dominated still does, and the symmetry rule stays right. A series
//! that went through the gate is split at it, for good. Families of what does not need the gate's vertex are kept, and so
//! are results of operations: equal families have equal numbers, so that most of the rest is looked up. Regions are
//! evaluated by their parts (see [`super::skeleton`]), so that of what is above a zone's feed only that is gone through
//! which is private to no member of a wide gate. Where families are asked for in full, as for "some rack of the zone", the
//! cost of the groups is that of all vertices above the gate; their numbers are had for less (see [`super::crowd`]), in an
//! evaluation of their own.
//!
//! What was changed is noted before anything is evaluated, for each evaluation: a change that is refused, or a search that is
//! given up, loses none of it.

use std::collections::BTreeMap;

use super::cone::Cone;
use super::crowd::{self, Crowds};
use super::evaluation::{Evaluation, Halt, unwatched};
use super::skeleton::Skeleton;
use super::zbdd::{EMPTY, Id, Memory, Zbdd};
use super::{Analysis, AnalysisError, gave_up};
use crate::fault_graph::{GateId, Vertex};

/// Something of the graph that is taken away, or given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Whether a vertex can fail by itself.
    Event {
        /// The vertex.
        vertex: Vertex,
        /// Whether it can.
        there: bool,
    },
    /// Whether a gate is there.
    Gate {
        /// The gate.
        gate: GateId,
        /// Whether it is.
        there: bool,
    },
}

/// Who needs whom, from below, and which regions need what is outside of them: positions of a cone.
#[derive(Debug)]
pub(super) struct Above {
    starts: Vec<u32>,
    above: Vec<u32>,
    /// What needs something only through members of its crowd.
    through_crowds: BTreeMap<u32, Vec<u32>>,
}

impl Above {
    fn of(cone: &Cone<'_>, skeleton: Option<&Skeleton>) -> Self {
        let each_need = |call: &mut dyn FnMut(u32, u32)| {
            cone.each_need(&mut *call);
            if let Some(skeleton) = skeleton {
                skeleton.each_need(call);
            }
        };
        let mut starts = vec![0u32; cone.positions() + 1];
        each_need(&mut |_, to| starts[to as usize + 1] += 1);
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let mut next = starts.clone();
        let mut above = vec![0u32; starts.last().map_or(0, |&all| all as usize)];
        each_need(&mut |from, to| {
            above[next[to as usize] as usize] = from;
            next[to as usize] += 1;
        });
        Self { starts, above, through_crowds: BTreeMap::new() }
    }

    /// Who needs it.
    pub(super) fn of_position(&self, position: u32) -> &[u32] {
        let at = position as usize;
        &self.above[self.starts[at] as usize..self.starts[at + 1] as usize]
    }

    /// Forgets the families of these positions and of all that needs them.
    fn forget(&self, evaluation: &mut Evaluation, changed: &[u32]) {
        let mut open = Vec::new();
        // Of members of a gate that are alike one is evaluated: what changed may not be the one.
        for &position in changed.iter().chain(changed.iter().flat_map(|&position| self.of_position(position))) {
            if evaluation.forget(position) {
                open.push(position);
            }
        }
        while let Some(position) = open.pop() {
            let through_crowds = self.through_crowds.get(&position).into_iter().flatten();
            for &above in self.of_position(position).iter().chain(through_crowds) {
                if evaluation.forget(above) {
                    open.push(above);
                }
            }
        }
    }
}

/// What was changed since a search.
#[derive(Debug, Clone, Default)]
pub(super) struct Changed {
    /// Vertices that lost or got a gate.
    gates: Vec<u32>,
    /// Positions whose families change by that.
    positions: Vec<u32>,
    /// Vertices whose own failure was taken away or given back.
    events: Vec<u32>,
}

/// Searches for numbers only.
#[derive(Debug)]
pub(super) struct Counting {
    evaluation: Evaluation,
    changed: Changed,
}

/// A disjunction of so many members is counted with representatives (see [`super::crowd`]): of fewer, making them costs more
/// than it saves.
const CROWD_MIN: usize = 512;

/// For so many nodes there is room before the first evaluation with representatives.
const NODES_COUNTING: usize = 1 << 18;

impl Analysis<'_> {
    /// Notes who needs whom, what is left of each region when nothing fails in it, and who can stand for whom when groups are
    /// counted, so that the first change of a gate costs no more than the next ones. Costs about what the first search does,
    /// and is done with the first such change where it was not before.
    pub fn prepare(&mut self) {
        self.prepare_with(CROWD_MIN);
    }

    pub(super) fn prepare_with(&mut self, crowd_min: usize) {
        if self.above.is_some() {
            return;
        }
        // While every gate is there.
        self.evaluation.make_skeleton(&self.cone);
        let mut above = Above::of(&self.cone, self.evaluation.skeleton.as_deref());
        self.counting = self.make_counting(&mut above, crowd_min);
        // Evaluated once as it will be after changes: most results are then there. What meets a limit here meets it then.
        let (evaluation, positions, nodes) = match &mut self.counting {
            Some(counting) => (&mut counting.evaluation, Vec::new(), NODES_COUNTING),
            None => {
                let regions = self.evaluation.regions_with_part();
                (&mut self.evaluation, regions, 0)
            }
        };
        evaluation.zbdd.make_room(nodes);
        let _ = again(&self.cone, Some(&above), evaluation, Changed { positions, ..Changed::default() });
        self.above = Some(above);
    }

    fn make_counting(&self, above: &mut Above, crowd_min: usize) -> Option<Counting> {
        let found = crowd::find(&self.cone, above, |position| self.evaluation.is_full(position), crowd_min);
        let mut skeleton = self.evaluation.skeleton.as_ref().filter(|_| !found.is_empty())?.clone();
        let crowds = Crowds::of(&self.cone, &mut skeleton, found, self.order);
        crowds.each_need(|from, to| above.through_crowds.entry(to).or_default().push(from));
        let memory = Memory { bytes_max: self.limits.memory_bytes, steps_max: self.limits.steps, steps: 0 };
        let mut evaluation = Evaluation::new(&self.cone, Zbdd::new(u32::MAX, memory), self.order);
        (evaluation.skeleton, evaluation.crowds) = (Some(skeleton), Some(crowds));
        let counting = Counting { evaluation, changed: Changed::default() };
        Some(counting).filter(|counting| counting.evaluation.has_crowds())
    }

    /// Makes changes and searches again, with the same question and order. The result is that of a full search.
    ///
    /// What [`Analysis::prepare`] does must be done before a gate is changed. When the search is given up, or a change
    /// refused, the analysis holds no groups until the next one succeeds. [`Analysis::keep_groups_with`] is forgotten.
    ///
    /// # Errors
    /// When the graph has not what is to be changed, or the search meets a limit. Diagrams of earlier searches stay in
    /// memory: after thousands of changes, a new analysis is due.
    pub fn change(&mut self, changes: &[Change]) -> Result<(), AnalysisError> {
        self.note(changes)?;
        let family = self.search_again();
        self.family = family.map_err(|halt| gave_up(halt, &self.evaluation, &self.cone))?;
        Ok(())
    }

    /// Makes changes and counts the groups, as [`Analysis::counts`] would after [`Analysis::change`]. The analysis holds no
    /// groups until the next change, which may have nothing to change: where any of thousands brings something down, the
    /// groups cost much more than their numbers.
    ///
    /// # Errors
    /// As [`Analysis::change`].
    pub fn recount(&mut self, changes: &[Change]) -> Result<Vec<u128>, AnalysisError> {
        self.note(changes)?;
        let Some(Counting { evaluation, changed }) = &mut self.counting else {
            let family = self.search_again().map_err(|halt| gave_up(halt, &self.evaluation, &self.cone))?;
            return Ok(self.evaluation.counts(&self.cone, family));
        };
        self.cone.count_taken();
        let family = again(&self.cone, self.above.as_ref(), evaluation, std::mem::take(changed));
        let family = family.map_err(|halt| gave_up(halt, evaluation, &self.cone))?;
        Ok(evaluation.counts(&self.cone, family))
    }

    /// Makes changes, and notes what they change.
    fn note(&mut self, changes: &[Change]) -> Result<(), AnalysisError> {
        self.family = EMPTY;
        if changes.iter().any(|change| matches!(change, Change::Gate { .. })) {
            self.prepare();
        }
        for &change in changes {
            let of_one = match change {
                Change::Event { vertex, there } => {
                    Changed { events: vec![self.cone.change_event(vertex, there)?], ..Changed::default() }
                }
                Change::Gate { gate, there } => {
                    let positions = self.cone.change_gate(gate, there);
                    Changed { gates: positions.first().copied().into_iter().collect(), positions, ..Changed::default() }
                }
            };
            self.changed.add(&of_one);
            if let Some(counting) = &mut self.counting {
                counting.changed.add(&of_one);
            }
        }
        Ok(())
    }

    fn search_again(&mut self) -> Result<Id, Halt> {
        let changed = std::mem::take(&mut self.changed);
        let whole = again(&self.cone, self.above.as_ref(), &mut self.evaluation, changed)?;
        let taken = self.cone.count_taken();
        Ok(self.evaluation.zbdd.without_variables(whole, &taken)?)
    }
}

impl Changed {
    fn add(&mut self, more: &Self) {
        self.gates.extend_from_slice(&more.gates);
        self.positions.extend_from_slice(&more.positions);
        self.events.extend_from_slice(&more.events);
    }
}

/// The family of the question after changes, with every event there.
fn again(cone: &Cone<'_>, above: Option<&Above>, evaluation: &mut Evaluation, changed: Changed) -> Result<Id, Halt> {
    let Changed { gates, mut positions, events } = changed;
    let in_crowds: Vec<u32> = positions.iter().chain(&events).copied().collect();
    positions.extend(gates.iter().flat_map(|&gate| evaluation.change_skeleton(cone, gate)));
    positions.extend(evaluation.change_crowds(cone, &in_crowds));
    if let Some(above) = above.filter(|_| !positions.is_empty()) {
        positions.push(cone.top());
        above.forget(evaluation, &positions);
    }
    evaluation.begin_again(cone);
    evaluation.root(cone, &mut unwatched)
}
