//! What is left of a region when its private events never fail: a formula over what lies outside.
//!
//! Of hundreds of thousands of dependants of a power feed nearly all are private to some rack, and racks of a pod are the
//! same formula over the pod's rows and uplinks. So for each region its *part* is kept, equal parts once; after a change
//! outside, parts are evaluated and not vertices. A change within a region makes the part of that region anew.
//!
//! A region where a wide gate has members outside has no part, and is evaluated as in a first search.
//!
//! Of the members of a conjunction, those that are implied need not be evaluated at all: of the racks of a pod most are the
//! same formula, and most that are odd fall in one more way. What is seen of that are the formulas: `a` implies `a or b`,
//! and `a and b` implies `a`. Then the conjunction of those that are there often is held against what the others are made
//! of; what is not seen to follow even so is evaluated.

use std::collections::BTreeMap;

use super::cone::{Cone, Rule};
use super::region::{Terms, Walk};
use super::zbdd::{EMPTY, Id, ONE, Stop, Zbdd};
use super::{product, threshold};

const NONE: u32 = u32::MAX;
/// The part that is never true.
pub(super) const NEVER: u32 = 0;
const ALWAYS: u32 = 1;
const OPEN: Id = Id::MAX;

/// A formula; its arguments come before it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Never,
    Always,
    /// A vertex outside of the region, by position.
    Outside(u32),
    Any(Vec<u32>),
    All(Vec<u32>),
    AtLeast(u32, Vec<u32>),
    /// Only where a fact is so.
    If(u32, u32),
}

/// A part that is a member of a conjunction, and whether it is there so often that it stands in it as it is (see
/// [`super::symmetry`]).
type Member = (u32, bool);
/// Formulas that stand in a conjunction, and whether one of them implies another formula, where that was looked at.
type Implied = (Vec<u32>, BTreeMap<u32, bool>);
/// How deep two formulas are compared, and how many comparisons there are.
const COMPARED_DEPTH: u32 = 6;
const COMPARISONS: u32 = 64;

/// Formulas, equal ones once.
#[derive(Debug, Clone)]
pub(super) struct Formulas {
    parts: Vec<Part>,
    numbers: BTreeMap<Part, u32>,
    /// Of vertices outside, by position.
    outside: BTreeMap<u32, u32>,
}

/// The parts of all regions.
#[derive(Debug, Clone)]
pub(super) struct Skeleton {
    pub(super) formulas: Formulas,
    /// By position: the number of the region of a vertex, or [`NONE`].
    regions: Vec<u32>,
    /// By region: its part, or [`NONE`], and the positions outside that it needs.
    of: Vec<(u32, Vec<u32>)>,
    /// By part: its family in this search, or [`OPEN`].
    families: Vec<Id>,
    /// By gate: the strong members that were last asked about, and which parts they imply.
    implied: BTreeMap<u32, Implied>,
    pub(super) walk: Walk,
}

impl Skeleton {
    /// The parts of the regions of these vertices, with every gate there; none where that takes more than so many steps.
    pub(super) fn of(cone: &Cone<'_>, roots: &[u32], order: u8, steps: usize) -> Option<Self> {
        let mut skeleton = Self {
            formulas: Formulas::new(),
            regions: vec![NONE; cone.positions()],
            of: Vec::with_capacity(roots.len()),
            families: Vec::new(),
            implied: BTreeMap::new(),
            walk: Walk::new(cone, order, steps),
        };
        for &root in roots {
            let region = u32::try_from(skeleton.of.len()).unwrap_or(NONE);
            skeleton.regions[root as usize] = region;
            let made = skeleton.make(cone, root)?;
            skeleton.of.push(made);
        }
        Some(skeleton)
    }

    /// The vertices of the regions that have a part.
    pub(super) fn roots(&self) -> Vec<u32> {
        (0u32..).zip(&self.regions).filter(|(root, _)| self.part_of(*root).is_some()).map(|(root, _)| root).collect()
    }

    /// Calls for each region with what it needs from outside.
    pub(super) fn each_need(&self, mut call: impl FnMut(u32, u32)) {
        for (root, &region) in (0u32..).zip(&self.regions).filter(|(_, region)| **region != NONE) {
            self.of[region as usize].1.iter().for_each(|&to| call(root, to));
        }
    }

    /// The regions that a vertex is in, made anew: their vertices.
    pub(super) fn change(&mut self, cone: &Cone<'_>, position: u32) -> Vec<u32> {
        let mut changed = Vec::new();
        let mut at = position;
        loop {
            let region = self.regions[at as usize];
            if region != NONE {
                changed.push(at);
                self.walk.steps_left = usize::MAX;
                if let Some(made) = self.make(cone, at) {
                    self.of[region as usize] = made;
                }
            }
            if at == cone.top() {
                return changed;
            }
            at = cone.dominator(at);
        }
    }

    /// The part of a vertex's region, where it has one.
    pub(super) fn part_of(&self, position: u32) -> Option<u32> {
        let (part, _) = self.of.get(self.regions[position as usize] as usize)?;
        Some(*part).filter(|&part| part != NONE)
    }

    /// Which members of a conjunction are implied by others of it, that stand in it as they are.
    pub(super) fn implied(&mut self, gate: u32, members: &[Member]) -> Vec<bool> {
        let strong: Vec<u32> = members.iter().filter(|(_, strong)| *strong).map(|(part, _)| *part).collect();
        let mut known = self.implied.remove(&gate).filter(|(of, _)| *of == strong).unwrap_or_default();
        let by_strong = |part: u32| {
            strong.iter().any(|&by| by != part && self.implies(by, part, COMPARED_DEPTH, &mut COMPARISONS.clone()))
        };
        // Of two that imply each other one would have to stay; only the weak are looked at.
        let mut is_implied = |part| *known.1.entry(part).or_insert_with(|| by_strong(part));
        let answer = members.iter().map(|&(part, strong)| !strong && is_implied(part)).collect();
        self.implied.insert(gate, (strong, known.1));
        answer
    }

    /// Whether it is seen that one formula implies another.
    fn implies(&self, a: u32, b: u32, depth: u32, left: &mut u32) -> bool {
        if a == b || a == NEVER || b == ALWAYS {
            return true;
        }
        if depth == 0 || *left == 0 {
            return false;
        }
        *left -= 1;
        let mut implies = |a: u32, b: u32| self.implies(a, b, depth - 1, left);
        match (&self.formulas.parts[a as usize], &self.formulas.parts[b as usize]) {
            (Part::Any(of), _) => of.iter().all(|&of| implies(of, b)),
            (_, Part::All(of)) => of.iter().all(|&of| implies(a, of)),
            (Part::All(all), Part::Any(any)) => {
                any.binary_search(&a).is_ok()
                    || all.iter().any(|&of| implies(of, b))
                    || any.iter().any(|&of| implies(a, of))
            }
            (Part::All(of), _) => of.iter().any(|&of| implies(of, b)),
            (_, Part::Any(of)) => of.binary_search(&a).is_ok() || of.iter().any(|&of| implies(a, of)),
            (Part::If(_, of), _) => implies(*of, b),
            _ => false,
        }
    }

    /// Whether it is seen that a family implies the part of a vertex. `outside` knows the families of all that needs.
    pub(super) fn follows(&self, family: Id, position: u32, outside: &[Id], zbdd: &mut Zbdd) -> Result<bool, Stop> {
        match self.part_of(position) {
            Some(part) => self.part_follows(family, part, outside, zbdd, COMPARED_DEPTH),
            None => Ok(false),
        }
    }

    fn part_follows(&self, family: Id, part: u32, outside: &[Id], zbdd: &mut Zbdd, depth: u32) -> Result<bool, Stop> {
        let Some(depth) = depth.checked_sub(1) else { return Ok(false) };
        let (of, count) = match &self.formulas.parts[part as usize] {
            Part::Never | Part::If(..) => return Ok(false),
            Part::Always => return Ok(true),
            Part::Outside(position) => return Ok(zbdd.without(family, outside[*position as usize])? == EMPTY),
            Part::Any(of) => (of, 1),
            Part::All(of) => (of, of.len()),
            Part::AtLeast(count, of) => (of, *count as usize),
        };
        let (mut left, mut missing) = (of.len(), count);
        for &of in of {
            if left < missing || missing == 0 {
                break;
            }
            left -= 1;
            missing -= usize::from(self.part_follows(family, of, outside, zbdd, depth)?);
        }
        Ok(missing == 0)
    }

    /// Before another search.
    pub(super) fn begin_again(&mut self) {
        self.families.clear();
        self.families.resize(self.formulas.parts.len(), OPEN);
    }

    /// What the region of a vertex needs from outside, where it has a part.
    pub(super) fn needs(&self, position: u32) -> Option<&[u32]> {
        let (part, needs) = self.of.get(self.regions[position as usize] as usize)?;
        (*part != NONE).then_some(needs)
    }

    /// The family of a region's vertex, without its private events. `outside` knows the families of all it needs.
    pub(super) fn family(&mut self, position: u32, outside: &[Id], zbdd: &mut Zbdd, order: u8) -> Result<Id, Stop> {
        let root = self.of[self.regions[position as usize] as usize].0;
        self.family_of_part(root, outside, zbdd, order)
    }

    /// The family of a part, likewise.
    pub(super) fn family_of_part(&mut self, root: u32, outside: &[Id], zbdd: &mut Zbdd, order: u8) -> Result<Id, Stop> {
        // Parts may have been made since the search began.
        self.families.resize(self.formulas.parts.len(), OPEN);
        let mut open = vec![root];
        while let Some(&part) = open.last() {
            if self.families[part as usize] != OPEN {
                open.pop();
                continue;
            }
            let before = open.len();
            let missing = |of: &&u32| self.families[**of as usize] == OPEN;
            match &self.formulas.parts[part as usize] {
                Part::Any(of) | Part::All(of) | Part::AtLeast(_, of) => open.extend(of.iter().filter(missing)),
                Part::If(_, of) => open.extend(Some(of).filter(missing)),
                _ => {}
            }
            if open.len() == before {
                open.pop();
                self.families[part as usize] = self.join(part, outside, zbdd, order)?;
            }
        }
        Ok(self.families[root as usize])
    }

    fn join(&self, part: u32, outside: &[Id], zbdd: &mut Zbdd, order: u8) -> Result<Id, Stop> {
        let families = |of: &[u32]| -> Vec<Id> { of.iter().map(|&of| self.families[of as usize]).collect() };
        match &self.formulas.parts[part as usize] {
            Part::Never => Ok(EMPTY),
            Part::Always => Ok(ONE),
            Part::Outside(position) => Ok(outside[*position as usize]),
            Part::Any(of) => product::any(zbdd, &mut families(of), 0),
            Part::All(of) => product::all(zbdd, &families(of), order),
            Part::AtLeast(count, of) => threshold::at_least(zbdd, *count, &families(of), order),
            Part::If(fact, of) => {
                let fact = zbdd.single(*fact)?;
                zbdd.and(self.families[*of as usize], fact, order)
            }
        }
    }

    /// The part of the region of a vertex and what it needs; none where the steps do not suffice.
    fn make(&mut self, cone: &Cone<'_>, root: u32) -> Option<(u32, Vec<u32>)> {
        let mut bare = Bare { formulas: &mut self.formulas, needs: Vec::new(), is_plain: false };
        let part = self.walk.through(cone, root, &mut bare).ok()?;
        let Bare { mut needs, is_plain, .. } = bare;
        needs.sort_unstable();
        needs.dedup();
        Some((if is_plain { NONE } else { part }, needs))
    }
}

/// Makes formulas of vertices whose own failures never happen.
struct Bare<'f> {
    formulas: &'f mut Formulas,
    needs: Vec<u32>,
    /// Whether a wide gate has members outside.
    is_plain: bool,
}

/// More steps than there may be.
struct TooMany;

impl Terms for Bare<'_> {
    type Error = TooMany;

    fn outside(&mut self, position: u32, wide: bool) -> Result<u32, TooMany> {
        self.is_plain |= wide;
        self.needs.push(position);
        Ok(self.formulas.outside(position))
    }

    fn gate(&mut self, rule: Rule, fact: Option<u32>, arguments: &[u32]) -> Result<u32, TooMany> {
        Ok(self.formulas.gate(rule, fact, arguments.to_vec()))
    }

    fn vertex(&mut self, _: u32, gates: &[u32]) -> Result<u32, TooMany> {
        Ok(if gates.is_empty() { NEVER } else { self.formulas.any(gates.to_vec()) })
    }

    fn too_many(&self) -> TooMany {
        TooMany
    }
}

impl Formulas {
    fn new() -> Self {
        let numbers = BTreeMap::from([(Part::Never, NEVER), (Part::Always, ALWAYS)]);
        Self { parts: vec![Part::Never, Part::Always], numbers, outside: BTreeMap::new() }
    }

    /// The part of a vertex outside.
    pub(super) fn outside(&mut self, position: u32) -> u32 {
        *self.outside.entry(position).or_insert_with(|| {
            self.parts.push(Part::Outside(position));
            u32::try_from(self.parts.len() - 1).unwrap_or(NONE)
        })
    }

    fn part(&mut self, part: Part) -> u32 {
        if let Some(&known) = self.numbers.get(&part) {
            return known;
        }
        let number = u32::try_from(self.parts.len()).unwrap_or(NONE);
        self.numbers.insert(part.clone(), number);
        self.parts.push(part);
        number
    }

    /// Parts any of which is this one.
    pub(super) fn ways<'a>(&'a self, part: &'a u32) -> &'a [u32] {
        match &self.parts[*part as usize] {
            Part::Any(of) => of,
            _ => std::slice::from_ref(part),
        }
    }

    /// Leaves out of parts any of which suffices, sorted, those that are a conjunction with another of them.
    pub(super) fn absorb(&self, ways: &mut Vec<u32>) {
        let all = ways.clone();
        ways.retain(|&way| match &self.parts[way as usize] {
            Part::All(of) => !of.iter().any(|of| all.binary_search(of).is_ok()),
            _ => true,
        });
    }

    pub(super) fn any(&mut self, mut of: Vec<u32>) -> u32 {
        of.sort_unstable();
        of.dedup();
        of.retain(|&of| of != NEVER);
        match of[..] {
            [] => NEVER,
            [only] => only,
            _ if of[0] == ALWAYS => ALWAYS,
            _ => self.part(Part::Any(of)),
        }
    }

    pub(super) fn all(&mut self, mut of: Vec<u32>) -> u32 {
        of.sort_unstable();
        of.dedup();
        of.retain(|&of| of != ALWAYS);
        match of[..] {
            [] => ALWAYS,
            [only] => only,
            _ if of[0] == NEVER => NEVER,
            _ => self.part(Part::All(of)),
        }
    }

    fn gate(&mut self, rule: Rule, fact: Option<u32>, of: Vec<u32>) -> u32 {
        let part = match rule {
            Rule::Always => ALWAYS,
            Rule::Any => self.any(of),
            Rule::All => self.all(of),
            Rule::AtLeast(count) => {
                let mut of = of;
                of.sort_unstable();
                self.part(Part::AtLeast(count, of))
            }
        };
        match fact {
            None => part,
            Some(fact) => self.part(Part::If(fact, part)),
        }
    }
}
