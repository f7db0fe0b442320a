//! One gate of a vertex on the way.

use super::{Evaluation, Frame, Halt, OPEN, Region};
use crate::analysis::cone::{Cone, ConeGate, Rule};
use crate::analysis::symmetry::{self, Class};
use crate::analysis::zbdd::{EMPTY, Id, ONE};
use crate::analysis::{product, threshold};

impl Evaluation {
    /// Adds the family of a gate to the terms, or says what is missing.
    pub(super) fn advance_gate(&mut self, cone: &Cone<'_>, frame: Frame, gate: ConeGate<'_>) -> Result<(), Halt> {
        let region = frame.task.region;
        let start = self.terms.len();
        let term = match gate.rule {
            Rule::Always => ONE,
            _ if self.is_wide(gate) => match self.classes(cone, gate, frame)? {
                Some(classes) => self.of_classes(gate, &classes)?,
                None => return Ok(()),
            },
            Rule::Any if region.is_none() && self.has_crowd(frame.gate) => {
                return self.crowd(cone, gate, frame.gate);
            }
            rule => {
                self.members(cone, gate, region)?;
                if !self.missing.is_empty() {
                    self.terms.truncate(start);
                    return Ok(());
                }
                match rule {
                    // The members are terms of the vertex themselves.
                    Rule::Any if gate.fact.is_none() => return Ok(()),
                    Rule::Any => product::any(&mut self.zbdd, &mut self.terms, start)?,
                    Rule::AtLeast(count) => {
                        threshold::at_least(&mut self.zbdd, count, &self.terms[start..], self.order)?
                    }
                    _ => product::all(&mut self.zbdd, &self.terms[start..], self.order)?,
                }
            }
        };
        self.terms.truncate(start);
        let term = match gate.fact {
            None => term,
            Some(fact) => self.if_fact(term, fact)?,
        };
        self.terms.push(term);
        Ok(())
    }

    /// Puts the families of all members among the terms.
    fn members(&mut self, cone: &Cone<'_>, gate: ConeGate<'_>, region: Region) -> Result<(), Halt> {
        let mut last = EMPTY;
        for &argument in gate.arguments {
            let Some(value) = self.value(cone, cone.position(argument), region)? else { continue };
            // In a disjunction repetitions, which are the rule among nodes of a rack, are left out at once.
            if gate.rule != Rule::Any || value != last {
                self.terms.push(value);
            }
            last = value;
        }
        Ok(())
    }

    fn has_crowd(&self, gate: u32) -> bool {
        self.crowds.as_ref().is_some_and(|crowds| crowds.needs(gate).is_some())
    }

    /// Puts the families of a crowd, and of the members that do not belong to it, among the terms of the vertex, or says what
    /// is missing.
    fn crowd(&mut self, cone: &Cone<'_>, gate: ConeGate<'_>, number: u32) -> Result<(), Halt> {
        let start = self.terms.len();
        let needs = self.crowds.as_ref().and_then(|crowds| crowds.needs(number)).unwrap_or_default().to_vec();
        for outside in needs {
            self.value(cone, outside, None)?;
        }
        for position in gate.arguments.iter().map(|&argument| cone.position(argument)) {
            if !self.crowds.as_ref().is_some_and(|crowds| crowds.is_member(number, position)) {
                let value = self.value(cone, position, None)?;
                self.terms.extend(value);
            }
        }
        if !self.missing.is_empty() {
            self.terms.truncate(start);
            return Ok(());
        }
        if let (Some(crowds), Some(skeleton)) = (&self.crowds, &mut self.skeleton) {
            crowds.terms(number, skeleton, &self.full, &mut self.zbdd, &mut self.terms)?;
        }
        Ok(())
    }

    /// Whether the symmetry rule may apply: more members must fall than a group has.
    fn is_wide(&self, gate: ConeGate<'_>) -> bool {
        let count = match gate.rule {
            Rule::All => gate.arguments.len(),
            Rule::AtLeast(count) => count as usize,
            _ => 0,
        };
        count > usize::from(self.order)
    }

    /// The classes of a wide gate's members, where all that is needed of them is known.
    fn classes(&mut self, cone: &Cone<'_>, gate: ConeGate<'_>, frame: Frame) -> Result<Option<Vec<Class>>, Halt> {
        let region = frame.task.region;
        let mut bare = Vec::with_capacity(gate.arguments.len());
        let mut with_part = Vec::new();
        for &argument in gate.arguments {
            let position = cone.position(argument);
            if let Some(part) = self.part(position).filter(|_| region.is_none()) {
                with_part.push((part, position));
            } else if let Some(value) = self.bare_value(cone, position, region)? {
                bare.push((value, position));
            }
        }
        let often = self.by_part(cone, gate.rule, frame.gate, with_part, &mut bare)?;
        if !self.missing.is_empty() {
            return Ok(None);
        }
        let mut classes = symmetry::classes(bare);
        let mut known = Vec::with_capacity(classes.len());
        if gate.rule == Rule::All {
            known.push(self.large_classes(often, &mut classes)?);
        }
        for class in classes {
            let mut members = Vec::with_capacity(class.members.len());
            for &position in &class.members {
                members.extend(self.value(cone, position, region)?);
            }
            known.push(Class { bare: class.bare, members });
        }
        Ok(self.missing.is_empty().then_some(known))
    }

    pub(super) fn part(&self, position: u32) -> Option<u32> {
        self.skeleton.as_ref().and_then(|skeleton| skeleton.part_of(position))
    }

    /// Adds the bare families of members that have parts. Members with one part have one family: the first is asked for it.
    /// In a conjunction those with a part that is there often are taken out, and what they imply: their conjunction is
    /// what is returned.
    fn by_part(
        &mut self,
        cone: &Cone<'_>,
        rule: Rule,
        gate: u32,
        mut members: Vec<(u32, u32)>,
        bare: &mut Vec<(Id, u32)>,
    ) -> Result<Id, Halt> {
        members.sort_unstable();
        let order = usize::from(self.order);
        let is_often = |of: &[(u32, u32)]| rule == Rule::All && of.len() > order;
        let of_parts: Vec<&[(u32, u32)]> = members.chunk_by(|a, b| a.0 == b.0).collect();
        let asked: Vec<(u32, bool)> = of_parts.iter().map(|of| (of[0].0, is_often(of))).collect();
        let implied = match &mut self.skeleton {
            Some(skeleton) if rule == Rule::All => skeleton.implied(gate, &asked),
            _ => vec![false; of_parts.len()],
        };
        let mut often = Vec::new();
        for of in of_parts.iter().filter(|of| is_often(of)) {
            often.extend(self.bare_of_part(cone, of[0].1)?);
        }
        if !self.missing.is_empty() {
            return Ok(ONE);
        }
        let often = product::all(&mut self.zbdd, &often, self.order)?;
        for (of, _) in of_parts.iter().zip(implied).filter(|(of, implied)| !implied && !is_often(of)) {
            if often != ONE && self.is_implied_by(cone, often, of[0].1)? {
                continue;
            }
            if let Some(family) = self.bare_of_part(cone, of[0].1)? {
                bare.extend(of.iter().map(|&(_, position)| (family, position)));
            }
        }
        Ok(often)
    }

    /// The bare family of a member that has a part; else what that needs is missing.
    fn bare_of_part(&mut self, cone: &Cone<'_>, position: u32) -> Result<Option<Id>, Halt> {
        let at = position as usize;
        if self.bare[at] == OPEN {
            if !self.knows_needs(cone, position)? {
                return Ok(None);
            }
            let Some(skeleton) = &mut self.skeleton else {
                return Ok(self.bare_value(cone, position, None)?);
            };
            self.bare[at] = skeleton.family(position, &self.full, &mut self.zbdd, self.order)?;
            self.evaluated += 1;
            self.note(position);
        }
        Ok(Some(self.bare[at]))
    }

    /// Whether all is known that a region needs from outside; else it is missing.
    pub(super) fn knows_needs(&mut self, cone: &Cone<'_>, position: u32) -> Result<bool, Halt> {
        let needs = self.skeleton.as_ref().and_then(|skeleton| skeleton.needs(position)).unwrap_or_default().to_vec();
        let before = self.missing.len();
        for outside in needs {
            self.value(cone, outside, None)?;
        }
        Ok(self.missing.len() == before)
    }

    /// Whether it is seen that a family implies the part of a region. What is missing for that is asked for again.
    fn is_implied_by(&mut self, cone: &Cone<'_>, family: Id, position: u32) -> Result<bool, Halt> {
        // What is known already is looked at as it is.
        if self.bare[position as usize] != OPEN || !self.knows_needs(cone, position)? {
            return Ok(false);
        }
        let follows = match &self.skeleton {
            Some(skeleton) => skeleton.follows(family, position, &self.full, &mut self.zbdd)?,
            None => false,
        };
        if follows {
            // It rests on what the region needs: a change there must find its way through.
            self.note(position);
        }
        Ok(follows)
    }

    /// Takes the large classes of a conjunction out, and what they and the family `often` imply: all of a large class together
    /// are as its bare family, and a member is implied when its bare family is.
    fn large_classes(&mut self, often: Id, classes: &mut Vec<Class>) -> Result<Class, Halt> {
        let order = usize::from(self.order);
        let mut large = vec![often];
        large.extend(classes.iter().filter(|class| class.members.len() > order).map(|class| class.bare));
        let all = product::all(&mut self.zbdd, &large, self.order)?;
        let mut left = Vec::new();
        for class in classes.drain(..).filter(|class| class.members.len() <= order) {
            if self.zbdd.without(all, class.bare)? != EMPTY {
                left.push(class);
            }
        }
        *classes = left;
        Ok(Class { bare: all, members: Vec::new() })
    }

    /// The family of a wide gate. The members of a class are their families now.
    fn of_classes(&mut self, gate: ConeGate<'_>, classes: &[Class]) -> Result<Id, Halt> {
        if let Rule::AtLeast(count) = gate.rule {
            return Ok(threshold::of_classes(&mut self.zbdd, count, classes, self.order)?);
        }
        let mut factors = Vec::new();
        for class in classes {
            if class.members.is_empty() {
                factors.push(class.bare);
            } else {
                factors.extend_from_slice(&class.members);
            }
        }
        Ok(product::all(&mut self.zbdd, &factors, self.order)?)
    }
}
