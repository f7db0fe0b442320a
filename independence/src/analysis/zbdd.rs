//! Families of minimal sets as zero-suppressed decision diagrams (Minato 1993), cut off at an order.
//!
//! A node (x, lo, hi) is the family `lo ∪ { {x} ∪ s : s in hi }`. Every family here is *minimal*: no set holds another. It
//! then stands for the monotone function that is true when some set has failed; `EMPTY` is false, `ONE`, the family of
//! the empty set, is true. Keeping families minimal at every node is the recursion of Rauzy 1993, on diagrams of sets:
//!
//! ```text
//!   or(f, g):  lo = or(f0, g0)      hi = or(f1 without what holds a set of g0, g1 without what holds a set of f0)
//!   and(f, g): lo = and(f0, g0)     hi = f1 g1 + f1 g0 + f0 g1 without what holds a set of lo
//! ```
//!
//! *Cut off* at weight k means that sets heavier than k are left out. A set of a product is a union, which weighs no less
//! than its parts, so that cutting off operands loses nothing that the result would keep.
//!
//! Diagrams grow long along `lo` (one node for each of 65,000 racks) and stay shallow along `hi` (no set is larger than
//! the order). So `lo` is walked by loops over a stack of our own, and `hi` by recursion, which [`SIZE_MAX`] bounds.
//!
//! Memory is bounded: beyond the limit there is [`Stop`], and never a part of a family. Nodes are not freed.

mod cut;
mod operations;
mod table;

use table::{Cache, Slots};
pub(super) use table::{Memory, Stop};

/// Number of a node.
pub(super) type Id = u32;
/// No set: false.
pub(super) const EMPTY: Id = 0;
/// The empty set: true.
pub(super) const ONE: Id = 1;
/// Largest set, so that recursion along `hi` is bounded.
pub(super) const SIZE_MAX: u8 = 250;
/// No cut.
pub(super) const ALL: u8 = u8::MAX;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Node {
    var: u32,
    lo: Id,
    hi: Id,
    /// Largest variable below: two families whose ranges do not meet are multiplied by joining them.
    last: u32,
}

/// What is known of a family without looking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Shape {
    /// Weight of the lightest set.
    lightest: u8,
    /// Size of the largest set, no less than the weight of the heaviest.
    largest: u8,
}

/// Where to go on along `lo` when looking for a variable far below: with one other way at each node, a place far down a chain
/// is found in as many steps as its depth has bits (Myers 1983).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Jump {
    to: Id,
    depth: u32,
}

const BYTES_PER_NODE: usize = size_of::<Node>() + size_of::<Shape>() + size_of::<Jump>();

/// All families of one search.
#[derive(Debug)]
pub(super) struct Zbdd {
    nodes: Vec<Node>,
    shapes: Vec<Shape>,
    jumps: Vec<Jump>,
    slots: Slots,
    cache: Cache,
    memory: Memory,
    /// Variables from here on weigh nothing: what is not known is no failure.
    weightless_from: u32,
    /// Walks along `lo` that are not done, all operations together.
    walk: Vec<(Id, Id, u8)>,
    /// The last search that came by each node.
    marked: Vec<u32>,
    mark: u32,
    /// By variable: which of the families that were last compared holds it, if its number is from here on.
    holders: Vec<u32>,
    holders_from: u32,
}

impl Zbdd {
    pub(super) fn new(weightless_from: u32, memory: Memory) -> Self {
        let terminal = |lo, hi| Node { var: u32::MAX, lo, hi, last: 0 };
        Self {
            nodes: vec![terminal(EMPTY, EMPTY), terminal(ONE, ONE)],
            shapes: vec![Shape { lightest: u8::MAX, largest: 0 }, Shape { lightest: 0, largest: 0 }],
            jumps: vec![Jump { to: EMPTY, depth: 0 }, Jump { to: ONE, depth: 0 }],
            slots: Slots::new(),
            cache: Cache::new(),
            memory,
            weightless_from,
            walk: Vec::new(),
            marked: Vec::new(),
            mark: 0,
            holders: Vec::new(),
            holders_from: 1,
        }
    }

    /// The variable of the top node; larger than any for `EMPTY` and `ONE`.
    pub(super) fn var(&self, id: Id) -> u32 {
        self.nodes[id as usize].var
    }

    pub(super) fn lo(&self, id: Id) -> Id {
        self.nodes[id as usize].lo
    }

    pub(super) fn hi(&self, id: Id) -> Id {
        self.nodes[id as usize].hi
    }

    /// Weight of the lightest set; larger than any for `EMPTY`.
    pub(super) fn lightest(&self, id: Id) -> u8 {
        self.shapes[id as usize].lightest
    }

    fn largest(&self, id: Id) -> u8 {
        self.shapes[id as usize].largest
    }

    fn last(&self, id: Id) -> u32 {
        self.nodes[id as usize].last
    }

    pub(super) fn weight(&self, var: u32) -> u8 {
        u8::from(var < self.weightless_from)
    }

    /// Lets the tables grow now, where there is memory, and not during one of the next searches: to hold so many nodes, and twice
    /// as many as there are.
    pub(super) fn make_room(&mut self, nodes: usize) {
        let wanted = nodes.max(2 * self.nodes.len());
        let more = wanted - self.nodes.len();
        let bytes = wanted * BYTES_PER_NODE + self.slots.bytes_for(wanted) + self.cache.bytes_for(wanted);
        if self.memory.reserve(2 * bytes).is_err() {
            return;
        }
        self.nodes.reserve_exact(more);
        self.shapes.reserve_exact(more);
        self.jumps.reserve_exact(more);
        while self.slots.bytes() < self.slots.bytes_for(wanted) {
            self.slots.grow(&self.nodes);
        }
        while self.cache.bytes() < self.cache.bytes_for(wanted) {
            self.cache.grow();
        }
    }

    /// What is left of a family without the variables before `var`.
    #[inline]
    fn skip_before(&self, mut id: Id, var: u32) -> Id {
        while self.var(id) < var {
            let far = self.jumps[id as usize].to;
            id = if self.var(far) < var { far } else { self.lo(id) };
        }
        id
    }

    /// The jump of a node above this one: over two jumps of one length at once.
    fn jump_over(&self, lo: Id) -> Jump {
        let first = self.jumps[lo as usize];
        let second = self.jumps[first.to as usize];
        let third = self.jumps[second.to as usize];
        let same = first.depth - second.depth == second.depth - third.depth;
        Jump { to: if same { second.to } else { lo }, depth: first.depth + 1 }
    }

    /// How many nodes there are, used or not.
    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Steps of all operations so far: the same on every machine.
    pub(super) fn steps(&self) -> u64 {
        self.memory.steps
    }

    /// The family of one set of one variable.
    pub(super) fn single(&mut self, var: u32) -> Result<Id, Stop> {
        self.node(var, EMPTY, ONE)
    }

    /// The families of one variable each, joined. `vars` is sorted and has no repetition.
    #[cfg(test)]
    pub(super) fn singles(&mut self, vars: &[u32]) -> Result<Id, Stop> {
        vars.iter().rev().try_fold(EMPTY, |below, &var| self.node(var, below, ONE))
    }

    fn node(&mut self, var: u32, lo: Id, hi: Id) -> Result<Id, Stop> {
        if hi == EMPTY {
            return Ok(lo);
        }
        debug_assert!(var < self.var(lo) && var < self.var(hi));
        let at = match self.slots.find(&self.nodes, var, lo, hi) {
            Ok(found) => return Ok(found),
            Err(at) => at,
        };
        let (below, beside) = (self.shapes[hi as usize], self.shapes[lo as usize]);
        let largest = beside.largest.max(below.largest + 1);
        if largest > SIZE_MAX {
            return Err(Stop::Size);
        }
        let lightest = beside.lightest.min(below.lightest.saturating_add(self.weight(var)));
        let last = var.max(self.last(lo)).max(self.last(hi));
        let id = self.memory.number(self.nodes.len())?;
        if self.nodes.len() == self.nodes.capacity() {
            let more = self.nodes.len().max(64);
            let nodes = (self.nodes.len() + more) * BYTES_PER_NODE;
            self.memory.reserve(nodes + self.slots.bytes() + self.cache.bytes())?;
            self.nodes.reserve_exact(more);
            self.shapes.reserve_exact(more);
            self.jumps.reserve_exact(more);
        }
        let jump = self.jump_over(lo);
        self.nodes.push(Node { var, lo, hi, last });
        self.shapes.push(Shape { lightest, largest });
        self.jumps.push(jump);
        if self.slots.enter(at, id) {
            let nodes = self.nodes.capacity() * BYTES_PER_NODE;
            self.memory.reserve(nodes + 3 * self.slots.bytes() + self.cache.bytes())?;
            self.slots.grow(&self.nodes);
            if self.cache.wants_to_grow(self.nodes.len()) {
                self.memory.reserve(nodes + self.slots.bytes() + 3 * self.cache.bytes())?;
                self.cache.grow();
            }
        }
        Ok(id)
    }
}

#[cfg(test)]
mod tests;
