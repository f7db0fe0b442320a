//! Names as they were stored, found again at once.

use super::{Names, SLOTS_MIN, STEPS_MAX, UNNAMED, slot};
use crate::fault_graph::VERTICES_MAX;

/// No number is this large, see `VERTICES_MAX`; its lower half is an empty slot.
const VACANT: u64 = u64::MAX;
/// So many names later than the one that is entered.
const AHEAD: usize = 16;

/// Why texts and offsets are no names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::fault_graph) enum BadNames {
    /// The offsets do not cut the text into pieces.
    Offsets,
    /// Two vertices have this name.
    Twice(u32),
    /// More than can be counted.
    TooMany,
}

impl Names {
    pub(in crate::fault_graph) fn text(&self) -> &str {
        &self.text
    }

    pub(in crate::fault_graph) fn starts(&self) -> &[u32] {
        &self.starts
    }

    /// Names that lie in `text` between the offsets `starts`.
    pub(in crate::fault_graph) fn restore(text: String, starts: Vec<u32>) -> Result<Self, BadNames> {
        let ordered = starts.is_sorted() && starts.first() == Some(&0);
        if !ordered || starts.last().is_none_or(|&end| end as usize != text.len()) {
            return Err(BadNames::Offsets);
        }
        // Names of letters, digits and signs need no look at each cut.
        if !text.is_ascii() && !starts.iter().all(|&start| text.is_char_boundary(start as usize)) {
            return Err(BadNames::Offsets);
        }
        if starts.len() - 1 > VERTICES_MAX {
            return Err(BadNames::TooMany);
        }
        let mut names = Self { text, starts, slots: Vec::new(), named: 0, seed: 0 };
        names.enter_new()?;
        Ok(names)
    }

    /// Enters all names into a new table, and refuses one that is there. Beside each number a part of the hash is kept, so
    /// that few names are compared.
    fn enter_new(&mut self) -> Result<(), BadNames> {
        let mut slots = (self.len() * 3 / 2 + 1).next_power_of_two().max(SLOTS_MIN);
        while !self.try_enter_new(slots)? {
            self.seed += 1;
            if self.seed.is_multiple_of(4) {
                slots *= 2;
            }
        }
        Ok(())
    }

    fn try_enter_new(&mut self, slots: usize) -> Result<bool, BadNames> {
        const HASH_MASK: usize = u32::MAX as usize;
        let mask = slots - 1;
        let numbers = 0..self.len() as u32;
        let hashes: Vec<u32> = numbers.map(|number| slot(self.get(number), self.seed, HASH_MASK) as u32).collect();
        // Hash above, number below.
        let mut table = vec![VACANT; slots];
        let (mut named, mut touched) = (0, 0);
        for (number, &hash) in hashes.iter().enumerate() {
            // The memory of a later name is asked for while this one is entered.
            touched ^= hashes.get(number + AHEAD).map_or(0, |&hash| table[hash as usize & mask]);
            let name = self.get(number as u32);
            if name == UNNAMED {
                continue;
            }
            named += 1;
            let same = |entry: u64| (entry >> 32) as u32 == hash && self.get(entry as u32) == name;
            let free = (0..STEPS_MAX.min(slots)).map(|step| (hash as usize + step) & mask);
            match free.into_iter().find(|&at| table[at] == VACANT || same(table[at])) {
                Some(at) if table[at] == VACANT => table[at] = u64::from(hash) << 32 | number as u64,
                Some(_) => return Err(BadNames::Twice(number as u32)),
                None => return Ok(false),
            }
        }
        std::hint::black_box(touched);
        // A vacant entry ends in what an empty slot holds.
        self.slots = table.into_iter().map(|entry| entry as u32).collect();
        self.named = named;
        Ok(true)
    }
}
