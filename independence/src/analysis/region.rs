//! A walk through the region of a vertex: what the vertex dominates.
//!
//! What is made of a vertex from what it needs, a formula or a family, is up to [`Terms`]; the walk knows who belongs to the
//! region, and asks for each vertex of it once, after what it needs.

use super::cone::{Cone, Rule};

const NONE: u32 = u32::MAX;

/// What a walk makes of vertices. An error ends the walk.
pub(super) trait Terms {
    type Error;

    /// Of a vertex outside of the region that is needed within, by position; `wide` says whether by a gate that needs more of
    /// them than a group has members.
    fn outside(&mut self, position: u32, wide: bool) -> Result<u32, Self::Error>;

    /// Of a gate, from its arguments.
    fn gate(&mut self, rule: Rule, fact: Option<u32>, arguments: &[u32]) -> Result<u32, Self::Error>;

    /// Of a vertex of the region, from its gates.
    fn vertex(&mut self, position: u32, gates: &[u32]) -> Result<u32, Self::Error>;

    /// More vertices than there may be.
    fn too_many(&self) -> Self::Error;
}

/// What walks note of vertices, by position.
#[derive(Debug, Clone)]
pub(super) struct Walk {
    /// The last walk that entered it.
    entered: Vec<u32>,
    /// What that walk made of it.
    made: Vec<u32>,
    number: u32,
    /// How many more vertices may be entered.
    pub(super) steps_left: usize,
    order: u8,
    frames: Vec<Frame>,
    /// Of the vertices on the way: what was made of the gates before, and of the arguments of the gate at hand.
    terms: Vec<u32>,
}

/// A vertex on the way.
#[derive(Debug, Clone, Copy)]
struct Frame {
    position: u32,
    gate: u32,
    argument: usize,
    /// Where the terms of its gates begin, and of the arguments of the gate at hand.
    gates: usize,
    arguments: usize,
}

impl Walk {
    pub(super) fn new(cone: &Cone<'_>, order: u8, steps: usize) -> Self {
        let count = cone.positions();
        Self {
            entered: vec![NONE; count],
            made: vec![NONE; count],
            number: 0,
            steps_left: steps,
            order,
            frames: Vec::new(),
            terms: Vec::new(),
        }
    }

    /// What is made of the vertex `root`.
    pub(super) fn through<T: Terms>(&mut self, cone: &Cone<'_>, root: u32, terms: &mut T) -> Result<u32, T::Error> {
        self.number += 1;
        self.frames.clear();
        self.terms.clear();
        self.enter(cone, root, terms)?;
        while let Some(frame) = self.frames.pop() {
            self.advance(cone, frame, terms)?;
        }
        Ok(self.made[root as usize])
    }

    /// Goes on with a vertex until it is done, or one that it needs must be entered first.
    fn advance<T: Terms>(&mut self, cone: &Cone<'_>, mut frame: Frame, terms: &mut T) -> Result<(), T::Error> {
        let end = cone.gates(frame.position).end;
        while frame.gate < end {
            if let Some(gate) = cone.gate(frame.gate) {
                while let Some(&argument) = gate.arguments.get(frame.argument) {
                    let position = cone.position(argument);
                    let at = position as usize;
                    let made = if self.entered[cone.dominator(position) as usize] != self.number {
                        terms.outside(position, is_wide(gate.rule, gate.arguments.len(), self.order))?
                    } else if self.entered[at] == self.number {
                        self.made[at]
                    } else if cone.gates(position).is_empty() {
                        self.entered[at] = self.number;
                        self.made[at] = terms.vertex(position, &[])?;
                        self.made[at]
                    } else {
                        self.frames.push(frame);
                        return self.enter(cone, position, terms);
                    };
                    self.terms.push(made);
                    frame.argument += 1;
                }
                let made = terms.gate(gate.rule, gate.fact, &self.terms[frame.arguments..])?;
                self.terms.truncate(frame.arguments);
                self.terms.push(made);
                (frame.argument, frame.arguments) = (0, self.terms.len());
            }
            frame.gate += 1;
        }
        self.made[frame.position as usize] = terms.vertex(frame.position, &self.terms[frame.gates..])?;
        self.terms.truncate(frame.gates);
        Ok(())
    }

    fn enter<T: Terms>(&mut self, cone: &Cone<'_>, position: u32, terms: &T) -> Result<(), T::Error> {
        self.steps_left = self.steps_left.checked_sub(1).ok_or_else(|| terms.too_many())?;
        self.entered[position as usize] = self.number;
        let (gate, gates) = (cone.gates(position).start, self.terms.len());
        self.frames.push(Frame { position, gate, argument: 0, gates, arguments: gates });
        Ok(())
    }
}

/// Whether a gate needs more members than a group has.
fn is_wide(rule: Rule, arguments: usize, order: u8) -> bool {
    match rule {
        Rule::All => arguments > usize::from(order),
        Rule::AtLeast(count) => count as usize > usize::from(order),
        _ => false,
    }
}
