//! Bottom up: each vertex to the family of its minimal sets.
//!
//! A vertex is evaluated *in full*, or *within a region*: the region of a vertex c is what c dominates, and within it the
//! private events of c count as never failing (see [`super::symmetry`]). Two regions that are open at the same time do not
//! meet: of two dominators of one vertex one dominates the other, and what is asked for in full on the way out of a region
//! is above none of it. So one number for each vertex says which region its value is for.
//!
//! The way down is kept in a stack of our own: graphs are deeper than a thread's.

mod circle;
mod gate;

use std::ops::ControlFlow;

use super::cone::Cone;
use super::crowd::Crowds;
use super::skeleton::Skeleton;
use super::zbdd::{EMPTY, Id, Stop, Zbdd};
use super::{Progress, Watch, count, product};

/// Not evaluated.
const OPEN: Id = Id::MAX;
/// So many vertices are evaluated between two calls of the watch.
const WATCH_EVERY: usize = 1 << 10;

/// Why an evaluation ended early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Halt {
    Stop(Stop),
    Interrupted,
}

impl From<Stop> for Halt {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

/// Where a vertex is evaluated: within the region of this number, or in full.
type Region = Option<u32>;

/// A vertex to be evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Task {
    position: u32,
    region: Region,
}

/// A vertex on the way, and how far it is.
#[derive(Debug, Clone, Copy)]
struct Frame {
    task: Task,
    /// The gate that is looked at.
    gate: u32,
    /// Where its terms begin: the families of the gates before.
    terms: usize,
}

/// The families of a cone's vertices.
#[derive(Debug)]
pub(super) struct Evaluation {
    pub(super) zbdd: Zbdd,
    order: u8,
    /// By position, one bit each: whether anything of it is known.
    known: Vec<u64>,
    /// By position: the family, or [`OPEN`].
    full: Vec<Id>,
    /// By position, for members of wide gates: the family without their private events, or [`OPEN`].
    bare: Vec<Id>,
    /// By position: twice the region last entered, plus 1 when evaluated there.
    entered: Vec<u32>,
    /// By position: the family within that region.
    within: Vec<Id>,
    /// The vertex of each region.
    regions: Vec<u32>,
    /// How many more vertices may be evaluated within regions: nested ones could cost the square of the graph.
    region_budget: usize,
    frames: Vec<Frame>,
    terms: Vec<Id>,
    /// What the vertex at hand waits for.
    missing: Vec<Task>,
    evaluated: usize,
    /// Of searches after the first one.
    pub(super) skeleton: Option<Box<Skeleton>>,
    /// Where only counts are asked for; needs a skeleton.
    pub(super) crowds: Option<Crowds>,
}

impl Evaluation {
    pub(super) fn new(cone: &Cone<'_>, zbdd: Zbdd, order: u8) -> Self {
        let count = cone.positions();
        Self {
            zbdd,
            order,
            known: vec![0; count.div_ceil(64)],
            full: vec![OPEN; count],
            bare: vec![OPEN; count],
            entered: vec![0; count],
            within: vec![EMPTY; count],
            // Region 0 is none, so that what was never entered is in none.
            regions: vec![u32::MAX],
            region_budget: region_budget(cone),
            frames: Vec::new(),
            terms: Vec::new(),
            missing: Vec::new(),
            evaluated: 0,
            skeleton: None,
            crowds: None,
        }
    }

    pub(super) fn evaluated(&self) -> usize {
        self.evaluated
    }

    /// Forgets what is known of a vertex; whether there was anything.
    pub(super) fn forget(&mut self, position: u32) -> bool {
        let at = position as usize;
        let bit = 1 << (at % 64);
        let known = self.known[at / 64] & bit != 0;
        if known {
            self.known[at / 64] &= !bit;
            (self.full[at], self.bare[at], self.entered[at]) = (OPEN, OPEN, 0);
        }
        known
    }

    fn note(&mut self, position: u32) {
        self.known[position as usize / 64] |= 1 << (position % 64);
    }

    /// Before another search, which keeps what was not forgotten.
    pub(super) fn begin_again(&mut self, cone: &Cone<'_>) {
        self.evaluated = 0;
        self.missing.clear();
        self.region_budget = region_budget(cone);
        if let Some(skeleton) = &mut self.skeleton {
            skeleton.begin_again();
        }
    }

    /// Makes the parts of all regions there are. Then what is evaluated within regions is forgotten: who asks for it asks
    /// for the part.
    pub(super) fn make_skeleton(&mut self, cone: &Cone<'_>) {
        let mut roots: Vec<u32> = self.regions.iter().copied().filter(|&root| root != u32::MAX).collect();
        roots.sort_unstable();
        roots.dedup();
        self.skeleton = Skeleton::of(cone, &roots, self.order, region_budget(cone)).map(Box::new);
        if self.skeleton.is_some() {
            self.entered.fill(0);
        }
    }

    /// The vertices of the regions that have parts.
    pub(super) fn regions_with_part(&self) -> Vec<u32> {
        self.skeleton.as_ref().map_or_else(Vec::new, |skeleton| skeleton.roots())
    }

    /// Makes the parts of the regions anew that a vertex is in, and says which these are.
    pub(super) fn change_skeleton(&mut self, cone: &Cone<'_>, position: u32) -> Vec<u32> {
        self.skeleton.as_mut().map_or_else(Vec::new, |skeleton| skeleton.change(cone, position))
    }

    /// Makes the members of crowds anew that vertices are in, and says which vertices change by that.
    pub(super) fn change_crowds(&mut self, cone: &Cone<'_>, positions: &[u32]) -> Vec<u32> {
        match (&mut self.crowds, &mut self.skeleton) {
            (Some(crowds), Some(skeleton)) => crowds.change(cone, skeleton, positions),
            _ => Vec::new(),
        }
    }

    pub(super) fn has_crowds(&self) -> bool {
        self.crowds.as_ref().is_some_and(|crowds| !crowds.is_empty())
    }

    /// How many groups a family of this evaluation holds, by order.
    pub(super) fn counts(&self, cone: &Cone<'_>, family: Id) -> Vec<u128> {
        count::by_order(&self.zbdd, self.crowds.as_ref(), family, self.order, |var| cone.multiplicity(var))
    }

    /// Whether the family of a vertex is known in full.
    pub(super) fn is_full(&self, position: u32) -> bool {
        self.full[position as usize] != OPEN
    }

    /// The family of the question.
    pub(super) fn root(&mut self, cone: &Cone<'_>, watch: &mut Watch<'_>) -> Result<Id, Halt> {
        self.frames.clear();
        self.terms.clear();
        self.enter(cone, Task { position: cone.top(), region: None });
        while let Some(frame) = self.frames.pop() {
            if self.is_done(frame.task) {
                continue;
            }
            self.advance(cone, frame)?;
            // The first that is missing is evaluated first.
            while let Some(task) = self.missing.pop() {
                self.enter(cone, task);
            }
            if self.evaluated.is_multiple_of(WATCH_EVERY) && watch(self.progress(cone)).is_break() {
                return Err(Halt::Interrupted);
            }
        }
        Ok(self.full[cone.top() as usize])
    }

    pub(super) fn progress(&self, cone: &Cone<'_>) -> Progress {
        Progress { evaluated: self.evaluated, vertices: cone.len(), nodes: self.zbdd.len(), steps: self.zbdd.steps() }
    }

    fn enter(&mut self, cone: &Cone<'_>, task: Task) {
        self.note(task.position);
        if let Some(region) = task.region {
            let entered = &mut self.entered[task.position as usize];
            if *entered >> 1 != region {
                *entered = region << 1;
            }
        }
        let gate = cone.gates(task.position).start;
        self.frames.push(Frame { task, gate, terms: self.terms.len() });
    }

    fn is_done(&self, task: Task) -> bool {
        let at = task.position as usize;
        match task.region {
            None => self.full[at] != OPEN,
            // A member of two wide gates may have been asked for twice.
            Some(region) if self.regions[region as usize] == task.position => self.bare[at] != OPEN,
            Some(region) => self.entered[at] == region << 1 | 1,
        }
    }

    /// Goes on with a vertex until it is done, or something it needs must be evaluated first: then that is missing.
    fn advance(&mut self, cone: &Cone<'_>, frame: Frame) -> Result<(), Halt> {
        if let Some(circle) = cone.circle(frame.task.position) {
            return self.advance_circle(cone, frame, circle);
        }
        if frame.task.region.is_some_and(|region| self.regions[region as usize] == frame.task.position)
            && self.advance_part(cone, frame)?
        {
            return Ok(());
        }
        let mut frame = frame;
        let end = cone.gates(frame.task.position).end;
        while frame.gate < end {
            if let Some(gate) = cone.gate(frame.gate) {
                self.advance_gate(cone, frame, gate)?;
                if !self.missing.is_empty() {
                    self.frames.push(frame);
                    self.missing.reverse();
                    return Ok(());
                }
            }
            frame.gate += 1;
        }
        if frame.task.region.is_none() {
            let own = self.own(cone, frame.task.position)?;
            self.terms.push(own);
        }
        let value = product::any(&mut self.zbdd, &mut self.terms, frame.terms)?;
        self.close(frame.task, value);
        Ok(())
    }

    /// Evaluates a region by its part, or says what is missing; false where it has none.
    fn advance_part(&mut self, cone: &Cone<'_>, frame: Frame) -> Result<bool, Halt> {
        let position = frame.task.position;
        if self.part(position).is_none() {
            return Ok(false);
        }
        if !self.knows_needs(cone, position)? {
            self.frames.push(frame);
            return Ok(true);
        }
        let Some(skeleton) = &mut self.skeleton else { return Ok(false) };
        let family = skeleton.family(position, &self.full, &mut self.zbdd, self.order)?;
        self.close(frame.task, family);
        Ok(true)
    }

    fn close(&mut self, task: Task, value: Id) {
        let at = task.position as usize;
        self.evaluated += 1;
        let Some(region) = task.region else {
            self.full[at] = value;
            return;
        };
        self.within[at] = value;
        self.entered[at] = region << 1 | 1;
        if self.regions[region as usize] == task.position {
            self.bare[at] = value;
        }
    }

    /// The family of the own failure.
    fn own(&mut self, cone: &Cone<'_>, position: u32) -> Result<Id, Stop> {
        if cone.events_at(position) == 0 {
            return Ok(EMPTY);
        }
        let own = self.zbdd.single(cone.variable(position))?;
        match cone.fact_of_event(position) {
            None => Ok(own),
            Some(fact) => self.if_fact(own, fact),
        }
    }

    /// The family where it depends on a fact.
    fn if_fact(&mut self, family: Id, fact: u32) -> Result<Id, Stop> {
        let fact = self.zbdd.single(fact)?;
        self.zbdd.and(family, fact, self.order)
    }

    /// The family of a vertex, as it is seen from within a region; else it is missing.
    #[inline]
    fn value(&mut self, cone: &Cone<'_>, position: u32, region: Region) -> Result<Option<Id>, Stop> {
        let at = position as usize;
        if let Some(region) = region
            && self.is_private(cone, position, region)
        {
            if self.entered[at] == region << 1 | 1 {
                return Ok(Some(self.within[at]));
            }
            if cone.gates(position).is_empty() {
                return Ok(Some(EMPTY));
            }
            self.region_budget = self.region_budget.saturating_sub(1);
            self.missing.push(Task { position, region: Some(region) });
            return Ok(None);
        }
        if self.full[at] == OPEN {
            if !cone.gates(position).is_empty() {
                self.missing.push(Task { position, region: None });
                return Ok(None);
            }
            self.full[at] = self.own(cone, position)?;
            self.note(position);
        }
        Ok(Some(self.full[at]))
    }

    /// Whether a vertex that is needed within a region belongs to it: its immediate dominator does.
    fn is_private(&self, cone: &Cone<'_>, position: u32, region: u32) -> bool {
        self.entered[cone.dominator(position) as usize] >> 1 == region
    }

    /// The family of a member of a wide gate, without the events private to the member.
    fn bare_value(&mut self, cone: &Cone<'_>, position: u32, region: Region) -> Result<Option<Id>, Stop> {
        let inside = region.is_some_and(|region| self.is_private(cone, position, region));
        if inside || cone.circle(position).is_some() {
            return self.value(cone, position, region);
        }
        if self.bare[position as usize] != OPEN {
            return Ok(Some(self.bare[position as usize]));
        }
        if cone.gates(position).is_empty() {
            return Ok(Some(EMPTY));
        }
        // A bit of 32 is needed to say what is done.
        let number = u32::try_from(self.regions.len()).ok().filter(|number| *number < 1 << 31);
        match number.filter(|_| self.region_budget > 0) {
            None => self.value(cone, position, region),
            Some(number) => {
                self.regions.push(position);
                self.missing.push(Task { position, region: Some(number) });
                Ok(None)
            }
        }
    }
}

fn region_budget(cone: &Cone<'_>) -> usize {
    8 * cone.len() + 1_000
}

/// Never breaks.
pub(super) fn unwatched(_: Progress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}
