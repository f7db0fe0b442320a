//! The kinds of one member of a crowd.
//!
//! The member is evaluated over its private events and what is outside, each vertex there a variable that weighs nothing, as
//! nothing is known of it. Variables go by the walk: private events first, so that what is left below the private part of
//! a set is what is needed outside. Members that are built alike have the same family.

use std::collections::BTreeMap;

use crate::analysis::cone::{Cone, Rule};
use crate::analysis::region::Terms;
use crate::analysis::skeleton::{Formulas, NEVER, Skeleton};
use crate::analysis::zbdd::{EMPTY, Id, Memory, ONE, Stop, Zbdd};
use crate::analysis::{product, threshold};

/// Variables from here on are vertices outside.
const OUTSIDE_FROM: u32 = 1 << 24;
/// Most vertices outside of a member, private parts, events in one, and sets that say what one needs outside. A member with more is
/// worth no outline.
const OUTSIDE_MAX: usize = 64;
const PARTS_MAX: usize = 1 << 13;
const EVENTS_MAX: usize = 4;
const WAYS_MAX: usize = 64;
/// For all members together.
const LIMITS: Memory = Memory { bytes_max: 1 << 26, steps_max: 1 << 23, steps: 0 };

/// A member of a crowd.
#[derive(Debug)]
pub(super) struct Member {
    /// The part when no private event fails.
    pub(super) bare: u32,
    pub(super) needs: Vec<u32>,
    pub(super) kinds: Vec<OfKind>,
}

/// Private parts of one kind.
#[derive(Debug)]
pub(super) struct OfKind {
    pub(super) kind: u32,
    /// The variables of the first one, in the order of the kind's.
    pub(super) first: Vec<u32>,
    pub(super) how_many: u128,
}

/// What members that are built alike have in common.
#[derive(Debug)]
struct Shape {
    bare: Id,
    kinds: Vec<KindOfShape>,
}

/// A kind in terms of a shape.
#[derive(Debug)]
struct KindOfShape {
    /// By subset, without the empty one: what it needs outside.
    needs: Vec<Id>,
    /// The first part: numbers of events.
    first: Vec<u32>,
    how_many: u128,
}

/// Makes outlines.
#[derive(Debug)]
pub(super) struct Outlines {
    order: u8,
    zbdd: Zbdd,
    /// Conjunctions of many families: members are often built alike.
    products: BTreeMap<Vec<Id>, Id>,
    shapes: Vec<Shape>,
    /// By family and how many events each variable stands for.
    shape_numbers: BTreeMap<(Id, Vec<u32>), usize>,
    /// By subset of the events of a kind, without the empty one: the part of what it needs outside beyond what its subsets do.
    kinds: Vec<Vec<u32>>,
    kind_numbers: BTreeMap<Vec<u32>, u32>,
}

/// A member is too large, or depends on what cannot be kept apart.
struct NoOutline;

impl From<Stop> for NoOutline {
    fn from(_: Stop) -> Self {
        Self
    }
}

impl Outlines {
    pub(super) fn new(order: u8) -> Self {
        Self {
            order,
            zbdd: Zbdd::new(OUTSIDE_FROM, LIMITS),
            products: BTreeMap::new(),
            shapes: Vec::new(),
            shape_numbers: BTreeMap::new(),
            kinds: Vec::new(),
            kind_numbers: BTreeMap::new(),
        }
    }

    pub(super) fn order(&self) -> u8 {
        self.order
    }

    /// What each subset of the events of a kind needs outside, beyond what its subsets do.
    pub(super) fn kind(&self, kind: u32) -> &[u32] {
        &self.kinds[kind as usize]
    }

    /// The outline of a vertex.
    pub(super) fn member(&mut self, cone: &Cone<'_>, skeleton: &mut Skeleton, position: u32) -> Option<Member> {
        let (events, outside, terms) = Default::default();
        let (zbdd, products) = (&mut self.zbdd, &mut self.products);
        let mut local = Local { cone, order: self.order, zbdd, products, events, outside, terms };
        let family = skeleton.walk.through(cone, position, &mut local).ok()?;
        let Local { events, outside, .. } = local;
        let times = events.iter().map(|&event| cone.multiplicity(cone.variable(event))).collect();
        let shape = self.shape(family, times)?;
        let mut parts = Parts { zbdd: &self.zbdd, outside: &outside, known: vec![(EMPTY, NEVER)] };
        let formulas = &mut skeleton.formulas;
        let bare = parts.of(self.shapes[shape].bare, formulas)?;
        let mut kinds = Vec::with_capacity(self.shapes[shape].kinds.len());
        for of_shape in &self.shapes[shape].kinds {
            let needs: Option<Vec<u32>> = of_shape.needs.iter().map(|&needs| parts.of(needs, formulas)).collect();
            let needs = needs?;
            let next = u32::try_from(self.kinds.len()).ok()?;
            let kind = *self.kind_numbers.entry(needs.clone()).or_insert(next);
            if kind == next {
                self.kinds.push(needs);
            }
            let first = of_shape.first.iter().map(|&event| cone.variable(events[event as usize])).collect();
            kinds.push(OfKind { kind, first, how_many: of_shape.how_many });
        }
        Some(Member { bare, needs: outside, kinds })
    }

    fn shape(&mut self, family: Id, times: Vec<u32>) -> Option<usize> {
        let key = (family, times);
        if let Some(&known) = self.shape_numbers.get(&key) {
            return Some(known);
        }
        let shape = Shape::of(&self.zbdd, family, &key.1)?;
        self.shapes.push(shape);
        self.shape_numbers.insert(key, self.shapes.len() - 1);
        Some(self.shapes.len() - 1)
    }
}

impl Shape {
    fn of(zbdd: &Zbdd, family: Id, times: &[u32]) -> Option<Self> {
        let mut parts = Vec::new();
        private_parts(zbdd, family, &mut Vec::new(), &mut parts)?;
        let mut alone = vec![EMPTY; times.len()];
        for (part, needs) in &parts {
            if let [event] = part[..] {
                alone[event as usize] = *needs;
            }
        }
        let bare = parts.iter().find(|(part, _)| part.is_empty()).map_or(EMPTY, |(_, needs)| *needs);
        let mut numbers: BTreeMap<Vec<Id>, usize> = BTreeMap::new();
        let mut kinds: Vec<KindOfShape> = Vec::new();
        for (part, needs) in parts.iter().filter(|(part, _)| !part.is_empty()) {
            let mut events = part.clone();
            // Any sequence is right; this one finds more alike.
            events.sort_by_key(|&event| alone[event as usize]);
            let of_subset = |subset: u32| match subset.count_ones() as usize {
                1 => alone[events[subset.trailing_zeros() as usize] as usize],
                size if size == events.len() => *needs,
                _ => {
                    let chosen = events.iter().enumerate().filter(|(at, _)| subset >> at & 1 == 1);
                    let mut chosen: Vec<u32> = chosen.map(|(_, &event)| event).collect();
                    chosen.sort_unstable();
                    let at = parts.binary_search_by(|(part, _)| part.cmp(&chosen));
                    at.map_or(EMPTY, |at| parts[at].1)
                }
            };
            let needs: Vec<Id> = (1..1 << events.len()).map(of_subset).collect();
            let how_many = part.iter().map(|&event| u128::from(times[event as usize])).product();
            match numbers.get(&needs) {
                Some(&known) => kinds[known].how_many = kinds[known].how_many.saturating_add(how_many),
                None => {
                    numbers.insert(needs.clone(), kinds.len());
                    kinds.push(KindOfShape { needs, first: events, how_many });
                }
            }
        }
        Some(Self { bare, kinds })
    }
}

/// The private parts of all sets, sorted, each with what it needs outside; none where they are too many or too large.
fn private_parts(zbdd: &Zbdd, family: Id, part: &mut Vec<u32>, parts: &mut Vec<(Vec<u32>, Id)>) -> Option<()> {
    let mut inner = Vec::new();
    let mut at = family;
    while zbdd.var(at) < OUTSIDE_FROM {
        inner.push(at);
        at = zbdd.lo(at);
    }
    if at != EMPTY {
        parts.push((part.clone(), at));
    }
    for node in inner {
        if parts.len() >= PARTS_MAX || part.len() >= EVENTS_MAX {
            return None;
        }
        part.push(zbdd.var(node));
        private_parts(zbdd, zbdd.hi(node), part, parts)?;
        part.pop();
    }
    Some(())
}

/// Evaluates a member.
struct Local<'a, 'g> {
    cone: &'a Cone<'g>,
    order: u8,
    zbdd: &'a mut Zbdd,
    products: &'a mut BTreeMap<Vec<Id>, Id>,
    /// Positions, by variable.
    events: Vec<u32>,
    /// Positions, by variable from [`OUTSIDE_FROM`] on.
    outside: Vec<u32>,
    terms: Vec<Id>,
}

impl Terms for Local<'_, '_> {
    type Error = NoOutline;

    fn outside(&mut self, position: u32, _: bool) -> Result<u32, NoOutline> {
        let at = self.outside.iter().position(|&known| known == position).unwrap_or(self.outside.len());
        if at == OUTSIDE_MAX {
            return Err(NoOutline);
        }
        if at == self.outside.len() {
            self.outside.push(position);
        }
        Ok(self.zbdd.single(OUTSIDE_FROM + u32::try_from(at).unwrap_or(0))?)
    }

    fn gate(&mut self, rule: Rule, fact: Option<u32>, arguments: &[u32]) -> Result<u32, NoOutline> {
        if fact.is_some() {
            return Err(NoOutline);
        }
        Ok(match rule {
            Rule::Always => ONE,
            Rule::Any => {
                self.terms.extend_from_slice(arguments);
                product::any(self.zbdd, &mut self.terms, 0)?
            }
            Rule::All => self.all(arguments)?,
            Rule::AtLeast(count) => threshold::at_least(self.zbdd, count, arguments, self.order)?,
        })
    }

    fn vertex(&mut self, position: u32, gates: &[u32]) -> Result<u32, NoOutline> {
        self.terms.clear();
        self.terms.extend_from_slice(gates);
        if self.cone.events_at(position) > 0 {
            if self.cone.fact_of_event(position).is_some() || self.events.len() >= OUTSIDE_FROM as usize {
                return Err(NoOutline);
            }
            self.terms.push(self.zbdd.single(u32::try_from(self.events.len()).unwrap_or(0))?);
            self.events.push(position);
        }
        Ok(product::any(self.zbdd, &mut self.terms, 0)?)
    }

    fn too_many(&self) -> NoOutline {
        NoOutline
    }
}

impl Local<'_, '_> {
    fn all(&mut self, arguments: &[Id]) -> Result<Id, Stop> {
        if arguments.len() <= 2 {
            return product::all(self.zbdd, arguments, self.order);
        }
        if let Some(&known) = self.products.get(arguments) {
            return Ok(known);
        }
        let product = product::all(self.zbdd, arguments, self.order)?;
        self.products.insert(arguments.to_vec(), product);
        Ok(product)
    }
}

/// Makes parts of what is needed outside.
struct Parts<'a> {
    zbdd: &'a Zbdd,
    outside: &'a [u32],
    known: Vec<(Id, u32)>,
}

impl Parts<'_> {
    /// The part of a family over what is outside; none where that is too large.
    fn of(&mut self, family: Id, formulas: &mut Formulas) -> Option<u32> {
        if let Some((_, part)) = self.known.iter().find(|(known, _)| *known == family) {
            return Some(*part);
        }
        let mut ways = Vec::new();
        self.ways(family, &mut Vec::new(), &mut ways, formulas)?;
        let part = formulas.any(ways);
        self.known.push((family, part));
        Some(part)
    }

    fn ways(&self, family: Id, way: &mut Vec<u32>, ways: &mut Vec<u32>, formulas: &mut Formulas) -> Option<()> {
        let mut at = family;
        while at > ONE {
            let position = self.outside[(self.zbdd.var(at) - OUTSIDE_FROM) as usize];
            way.push(formulas.outside(position));
            self.ways(self.zbdd.hi(at), way, ways, formulas)?;
            way.pop();
            at = self.zbdd.lo(at);
        }
        if at == ONE {
            ways.push(formulas.all(way.clone()));
        }
        (ways.len() <= WAYS_MAX).then_some(())
    }
}
