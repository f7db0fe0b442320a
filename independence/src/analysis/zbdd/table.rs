//! The tables of a diagram: nodes by content, results by operands, and the bound on both.
//!
//! Hashes are fixed: the same search does the same steps everywhere. Both tables start small, so that a small model does
//! not pay for a large one.

use super::{Id, Node};

/// Why an operation has no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::analysis) enum Stop {
    /// More memory than allowed.
    Memory,
    /// More steps than allowed.
    Steps,
    /// A set larger than [`super::SIZE_MAX`].
    Size,
}

/// What a search may use.
#[derive(Debug, Clone, Copy)]
pub(in crate::analysis) struct Memory {
    /// Bytes.
    pub(in crate::analysis) bytes_max: usize,
    /// Steps.
    pub(in crate::analysis) steps_max: u64,
    /// Steps so far.
    pub(in crate::analysis) steps: u64,
}

impl Memory {
    pub(super) fn number(&self, nodes: usize) -> Result<Id, Stop> {
        Id::try_from(nodes).ok().filter(|&id| id < Id::MAX).ok_or(Stop::Memory)
    }

    pub(super) fn reserve(&self, bytes: usize) -> Result<(), Stop> {
        if bytes <= self.bytes_max { Ok(()) } else { Err(Stop::Memory) }
    }

    #[inline]
    pub(super) fn step(&mut self) -> Result<(), Stop> {
        self.steps += 1;
        if self.steps <= self.steps_max { Ok(()) } else { Err(Stop::Steps) }
    }
}

/// Numbers of nodes and variables come in runs, which one multiplication would keep.
#[inline]
fn hash(a: u32, b: u32, c: u32) -> u32 {
    let first = (u64::from(a) << 32 | u64::from(b)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let second = (first ^ first >> 32 ^ u64::from(c) << 32).wrapping_mul(0xd6e8_feb8_6659_fd93);
    (second >> 32) as u32
}

/// Nodes by their content. At most half full.
#[derive(Debug)]
pub(super) struct Slots {
    slots: Vec<Id>,
    used: usize,
}

impl Slots {
    pub(super) fn new() -> Self {
        Self { slots: vec![super::EMPTY; 1 << 8], used: 0 }
    }

    pub(super) fn bytes(&self) -> usize {
        self.slots.len() * size_of::<Id>()
    }

    /// How many bytes it has when there are so many nodes.
    pub(super) fn bytes_for(&self, nodes: usize) -> usize {
        self.slots.len().max(2 * nodes.next_power_of_two()) * size_of::<Id>()
    }

    /// The node, or the slot it goes to.
    #[inline]
    pub(super) fn find(&self, nodes: &[Node], var: u32, lo: Id, hi: Id) -> Result<Id, usize> {
        let mask = self.slots.len() - 1;
        let mut at = hash(var, lo, hi) as usize & mask;
        loop {
            let id = self.slots[at];
            if id == super::EMPTY {
                return Err(at);
            }
            let node = &nodes[id as usize];
            if node.lo == lo && node.var == var && node.hi == hi {
                return Ok(id);
            }
            at = (at + 1) & mask;
        }
    }

    /// Whether the table must grow now.
    pub(super) fn enter(&mut self, at: usize, id: Id) -> bool {
        self.slots[at] = id;
        self.used += 1;
        self.used * 2 > self.slots.len()
    }

    pub(super) fn grow(&mut self, nodes: &[Node]) {
        let size = self.slots.len() * 2;
        self.slots = vec![super::EMPTY; size];
        let mask = size - 1;
        for (id, node) in (0..).zip(nodes).skip(2) {
            let mut at = hash(node.var, node.lo, node.hi) as usize & mask;
            while self.slots[at] != super::EMPTY {
                at = (at + 1) & mask;
            }
            self.slots[at] = id;
        }
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Entry {
    f: Id,
    g: Id,
    /// The operation and its cut; 0 for no entry.
    what: u32,
    result: Id,
}

/// Results of operations. One that is pushed out is computed again.
#[derive(Debug)]
pub(super) struct Cache {
    entries: Vec<Entry>,
}

const ENTRIES_MAX: usize = 1 << 22;

impl Cache {
    pub(super) fn new() -> Self {
        Self { entries: vec![Entry::default(); 1 << 8] }
    }

    pub(super) fn bytes(&self) -> usize {
        self.entries.len() * size_of::<Entry>()
    }

    /// How many bytes it has when there are so many nodes.
    pub(super) fn bytes_for(&self, nodes: usize) -> usize {
        self.entries.len().max(ENTRIES_MAX.min(2 * nodes.next_power_of_two())) * size_of::<Entry>()
    }

    #[inline]
    pub(super) fn get(&self, what: u32, f: Id, g: Id) -> Option<Id> {
        let entry = &self.entries[hash(f, g, what) as usize & (self.entries.len() - 1)];
        (entry.f == f && entry.g == g && entry.what == what).then_some(entry.result)
    }

    #[inline]
    pub(super) fn put(&mut self, what: u32, f: Id, g: Id, result: Id) {
        let at = hash(f, g, what) as usize & (self.entries.len() - 1);
        self.entries[at] = Entry { f, g, what, result };
    }

    pub(super) fn wants_to_grow(&self, nodes: usize) -> bool {
        self.entries.len() < ENTRIES_MAX && self.entries.len() < 2 * nodes
    }

    pub(super) fn grow(&mut self) {
        let mask = self.entries.len() * 2 - 1;
        let old = std::mem::replace(&mut self.entries, vec![Entry::default(); mask + 1]);
        for entry in old.into_iter().filter(|entry| entry.what != 0) {
            self.entries[hash(entry.f, entry.g, entry.what) as usize & mask] = entry;
        }
    }
}
