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
//! cost is that of all vertices above the gate.

use super::cone::Cone;
use super::evaluation::{Evaluation, Halt, unwatched};
use super::skeleton::Skeleton;
use super::zbdd::{EMPTY, Id};
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
        Self { starts, above }
    }

    fn of_position(&self, position: u32) -> &[u32] {
        let at = position as usize;
        &self.above[self.starts[at] as usize..self.starts[at + 1] as usize]
    }

    /// Forgets the families of these positions and of all that needs them.
    fn forget(&self, evaluation: &mut Evaluation, changed: &[u32]) {
        let mut open = changed.to_vec();
        // Of members of a gate that are alike one is evaluated: what changed may not be the one.
        open.extend(changed.iter().flat_map(|&position| self.of_position(position)));
        while let Some(position) = open.pop() {
            if evaluation.forget(position) {
                open.extend_from_slice(self.of_position(position));
            }
        }
    }
}

impl Analysis<'_> {
    /// Notes who needs whom, and what is left of each region when nothing fails in it, so that the first change of a gate costs
    /// no more than the next ones. Costs about what the first search does, and is done with the first such change where it
    /// was not before.
    pub fn prepare(&mut self) {
        if self.above.is_none() {
            // While every gate is there.
            self.evaluation.make_skeleton(&self.cone);
            self.above = Some(Above::of(&self.cone, self.evaluation.skeleton.as_ref()));
        }
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
        self.family = EMPTY;
        if changes.iter().any(|change| matches!(change, Change::Gate { .. })) {
            self.prepare();
        }
        let mut changed = Vec::new();
        for &change in changes {
            match change {
                Change::Event { vertex, there } => self.cone.change_event(vertex, there)?,
                Change::Gate { gate, there } => {
                    let positions = self.cone.change_gate(gate, there);
                    if let Some(&of) = positions.first() {
                        changed.extend(self.evaluation.change_skeleton(&self.cone, of));
                    }
                    changed.extend(positions);
                }
            }
        }
        let family = self.search_again(changed);
        self.family = family.map_err(|halt| gave_up(halt, &self.evaluation, &self.cone))?;
        Ok(())
    }

    fn search_again(&mut self, mut changed: Vec<u32>) -> Result<Id, Halt> {
        if let Some(above) = self.above.as_ref().filter(|_| !changed.is_empty()) {
            changed.push(self.cone.top());
            above.forget(&mut self.evaluation, &changed);
        }
        self.evaluation.begin_again(&self.cone);
        let whole = self.evaluation.root(&self.cone, &mut unwatched)?;
        let taken = self.cone.count_taken();
        if taken.is_empty() {
            return Ok(whole);
        }
        Ok(self.evaluation.zbdd.without_variables(whole, &|var| taken.binary_search(&var).is_ok())?)
    }
}
