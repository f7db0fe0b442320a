//! Vertices that need each other: the least fixed point.
//!
//! All begin with the empty family (nothing is down), and are evaluated in turn until none changes. For a set of failed
//! events, a round brings down at least one more vertex of the circle or none ever; so there are at most as many rounds as
//! vertices and one more, and the result is the least solution for every set at once. Gates are monotone within a
//! circle, which the graph's builder saw to.

use super::{Evaluation, Frame, Halt, Task};
use crate::analysis::cone::{Cone, Rule};
use crate::analysis::zbdd::{EMPTY, Id, ONE};
use crate::analysis::{product, threshold};

impl Evaluation {
    pub(super) fn advance_circle(&mut self, cone: &Cone<'_>, frame: Frame, circle: usize) -> Result<(), Halt> {
        let members = cone.circle_members(circle);
        for gate in members.iter().flat_map(|&member| cone.gates(member)).filter_map(|gate| cone.gate(gate)) {
            for position in gate.arguments.iter().map(|&argument| cone.position(argument)) {
                if cone.circle(position) != Some(circle) {
                    self.value(cone, position, None)?;
                }
            }
        }
        if !self.missing.is_empty() {
            self.frames.push(frame);
            return Ok(());
        }
        for &member in &members {
            self.full[member as usize] = EMPTY;
            self.note(member);
        }
        loop {
            let mut changed = false;
            for &member in &members {
                let value = self.of_member(cone, member)?;
                changed |= std::mem::replace(&mut self.full[member as usize], value) != value;
            }
            if !changed {
                break;
            }
        }
        for &member in &members {
            self.close(Task { position: member, region: None }, self.full[member as usize]);
        }
        Ok(())
    }

    /// The family of a vertex from what its arguments have now.
    fn of_member(&mut self, cone: &Cone<'_>, member: u32) -> Result<Id, Halt> {
        let start = self.terms.len();
        let own = self.own(cone, member)?;
        self.terms.push(own);
        for gate in cone.gates(member).filter_map(|gate| cone.gate(gate)) {
            let values: Vec<Id> =
                gate.arguments.iter().map(|&argument| self.full[cone.position(argument) as usize]).collect();
            let term = match gate.rule {
                Rule::Always => ONE,
                Rule::AtLeast(count) => threshold::at_least(&mut self.zbdd, count, &values, self.order)?,
                Rule::All => product::all(&mut self.zbdd, &values, self.order)?,
                Rule::Any => {
                    let mut values = values;
                    product::any(&mut self.zbdd, &mut values, 0)?
                }
            };
            let term = match gate.fact {
                None => term,
                Some(fact) => self.if_fact(term, fact)?,
            };
            self.terms.push(term);
        }
        Ok(product::any(&mut self.zbdd, &mut self.terms, start)?)
    }
}
