//! Decision nodes, each kept once, and a memory of operations already done.
//!
//! Both kinds of diagram live in such a table: nodes are triples of level and two branches, and a triple that was met
//! before gets the number it had. Hashing is fixed, so equal input gives equal numbers. Memory is counted before it is
//! taken: a table that may not grow says [`Full`] and stays as it was. What a branch means is not known here.

use std::mem::size_of;

/// No memory is left for another node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Full;

/// A decision: by the variable at `level`, to one of two branches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) level: u32,
    pub(super) high: u32,
    pub(super) low: u32,
}

const EMPTY: u32 = u32::MAX;
const SMALLEST: usize = 1 << 10;
/// Node numbers leave one bit for a complement mark, and one pattern for "nothing".
const NODES_MAX: usize = (1 << 31) - 2;

/// Nodes without duplicates.
#[derive(Debug)]
pub(super) struct Table {
    nodes: Vec<Node>,
    /// Open addressing, at most three quarters full; holds node numbers.
    slots: Vec<u32>,
    memory_bytes_max: u64,
    nodes_max: usize,
}

impl Table {
    /// A table whose first nodes are `terminals` that no search finds.
    pub(super) fn new(terminals: usize, memory_bytes_max: u64) -> Self {
        let terminal = Node { level: u32::MAX, high: EMPTY, low: EMPTY };
        Self { nodes: vec![terminal; terminals], slots: vec![EMPTY; SMALLEST], memory_bytes_max, nodes_max: NODES_MAX }
    }

    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    #[inline]
    pub(super) fn node(&self, number: u32) -> Node {
        self.nodes[number as usize]
    }

    /// The number of `node`, which becomes part of the table if it is not yet.
    pub(super) fn intern(&mut self, node: Node) -> Result<u32, Full> {
        let mask = self.slots.len() - 1;
        let mut slot = hash(node.level, node.high, node.low) as usize & mask;
        loop {
            let number = self.slots[slot];
            if number == EMPTY {
                break;
            }
            if self.nodes[number as usize] == node {
                return Ok(number);
            }
            slot = (slot + 1) & mask;
        }
        if self.nodes.len() >= self.nodes_max {
            return Err(Full);
        }
        if self.nodes.len() * 4 >= self.slots.len() * 3 {
            self.grow()?;
            slot = self.free_slot(&node);
        }
        let number = self.nodes.len() as u32;
        self.nodes.push(node);
        self.slots[slot] = number;
        Ok(number)
    }

    fn free_slot(&self, node: &Node) -> usize {
        let mask = self.slots.len() - 1;
        let mut slot = hash(node.level, node.high, node.low) as usize & mask;
        while self.slots[slot] != EMPTY {
            slot = (slot + 1) & mask;
        }
        slot
    }

    fn grow(&mut self) -> Result<(), Full> {
        let slots = self.slots.len() * 2;
        let nodes = slots / 4 * 3 + 1;
        let bytes = slots * size_of::<u32>() + nodes * size_of::<Node>();
        if bytes as u64 > self.memory_bytes_max || nodes > NODES_MAX {
            return Err(Full);
        }
        self.nodes.reserve_exact(nodes - self.nodes.len());
        self.slots = vec![EMPTY; slots];
        self.enter_all();
        Ok(())
    }

    fn enter_all(&mut self) {
        let terminals = self.nodes.iter().take_while(|node| node.high == EMPTY).count();
        for number in terminals..self.nodes.len() {
            let node = self.nodes[number];
            let slot = self.free_slot(&node);
            self.slots[slot] = number as u32;
        }
    }

    /// Refuses to hold more nodes than these.
    pub(super) fn limit_nodes(&mut self, nodes_max: usize) {
        self.nodes_max = nodes_max.min(NODES_MAX);
    }

    /// Forgets every node from `length` on.
    pub(super) fn truncate(&mut self, length: usize) {
        self.nodes.truncate(length);
        self.slots.fill(EMPTY);
        self.enter_all();
    }
}

/// Results of operations on two node numbers. It forgets: an entry makes room for the next with the same place.
#[derive(Debug)]
pub(super) struct Memory {
    entries: Vec<Entry>,
    entries_max: usize,
    kept: usize,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    a: u32,
    b: u32,
    result: u32,
}

impl Memory {
    pub(super) fn new(memory_bytes_max: u64) -> Self {
        let fitting = usize::try_from(memory_bytes_max).unwrap_or(usize::MAX) / size_of::<Entry>();
        let entries_max = (fitting / 2 + 1).next_power_of_two().max(SMALLEST);
        Self { entries: vec![Entry { a: EMPTY, b: EMPTY, result: EMPTY }; SMALLEST], entries_max, kept: 0 }
    }

    #[inline]
    pub(super) fn get(&self, a: u32, b: u32) -> Option<u32> {
        let entry = self.entries[self.place(a, b)];
        (entry.a == a && entry.b == b).then_some(entry.result)
    }

    pub(super) fn put(&mut self, a: u32, b: u32, result: u32) {
        if self.kept > self.entries.len() && self.entries.len() < self.entries_max {
            self.grow();
        }
        let place = self.place(a, b);
        self.entries[place] = Entry { a, b, result };
        self.kept += 1;
    }

    pub(super) fn clear(&mut self) {
        self.entries.fill(Entry { a: EMPTY, b: EMPTY, result: EMPTY });
        self.kept = 0;
    }

    fn grow(&mut self) {
        let empty = Entry { a: EMPTY, b: EMPTY, result: EMPTY };
        let old = std::mem::take(&mut self.entries);
        self.entries = vec![empty; old.len() * 4];
        self.kept = 0;
        for entry in old.into_iter().filter(|entry| entry.a != EMPTY) {
            let place = self.place(entry.a, entry.b);
            self.entries[place] = entry;
            self.kept += 1;
        }
    }

    #[inline]
    fn place(&self, a: u32, b: u32) -> usize {
        hash(0, a, b) as usize & (self.entries.len() - 1)
    }
}

/// Multiplies and folds; the constants are odd and have no pattern (digits of the golden ratio and of the square root of
/// two and three).
#[inline]
fn hash(level: u32, high: u32, low: u32) -> u64 {
    let mixed = (u64::from(high) << 32 | u64::from(low)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 32) ^ u64::from(level).wrapping_mul(0x6a09_e667_f3bc_c909))
        .wrapping_mul(0xbb67_ae85_84ca_a73b);
    mixed ^ (mixed >> 29)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_nodes_have_one_number_also_after_growth() {
        let mut table = Table::new(1, u64::MAX);
        let node = |index: u32| Node { level: index % 7, high: index, low: index / 3 };
        let first: Vec<u32> = (0..10_000).map(|index| table.intern(node(index)).unwrap()).collect();
        let second: Vec<u32> = (0..10_000).map(|index| table.intern(node(index)).unwrap()).collect();
        assert_eq!(first, second);
        assert_eq!(table.len(), 10_001);
        assert_eq!(table.node(first[77]), node(77));
    }

    #[test]
    fn a_full_table_refuses_and_keeps_what_it_has() {
        let mut table = Table::new(1, 1 << 16);
        let node = |index: u32| Node { level: 0, high: index, low: 0 };
        let refused = (0..1 << 20).find(|&index| table.intern(node(index)).is_err()).unwrap();
        assert!(refused > 700, "refused at {refused}");
        assert_eq!(table.intern(node(0)), Ok(1));
        assert_eq!(table.intern(node(refused)), Err(Full));
    }

    #[test]
    fn what_is_remembered_is_what_was_put() {
        let mut memory = Memory::new(1 << 20);
        for a in 0..100_000 {
            memory.put(a, a ^ 5, a + 1);
            assert_eq!(memory.get(a, a ^ 5), Some(a + 1));
        }
        let wrong = (0..100_000).filter(|&a| memory.get(a, a ^ 5).is_some_and(|result| result != a + 1)).count();
        assert_eq!(wrong, 0);
        assert_eq!(memory.get(1 << 24, 0), None);
    }
}
