//! Names in one arena, found again by an open-addressing table, or, where they were stored, by their order.
//!
//! The hash has no secret, so that the same input takes the same time everywhere. Names that were made to collide are met
//! by another seed: a set that collides under each of many seeds is not known how to make. A table of a million names takes
//! longer to fill than the names to read, so that stored names bring their order with them: see [`restore`].

mod restore;

pub(super) use restore::BadNames;

/// Slots are a power of two and at most two thirds full.
const SLOTS_MIN: usize = 16;
/// So many steps are not taken in a table of this load unless someone chose the names.
const STEPS_MAX: usize = 256;
const EMPTY: u32 = u32::MAX;
/// Parts of formulas have no name.
const UNNAMED: &str = "";

/// Interned names, numbered from 0.
#[derive(Debug, Clone)]
pub(super) struct Names {
    text: String,
    /// Name i is `text[starts[i]..starts[i + 1]]`.
    starts: Vec<u32>,
    index: Index,
}

/// How a name is found.
#[derive(Debug, Clone)]
enum Index {
    Table(Table),
    /// The numbers of what has a name, sorted by it. Nothing is entered any more.
    Sorted(Vec<u32>),
}

#[derive(Debug, Clone)]
struct Table {
    slots: Vec<u32>,
    named: usize,
    seed: u64,
}

/// The names are too long together for 32-bit offsets, or too many for 31-bit numbers.
#[derive(Debug)]
pub(super) struct Full;

impl Names {
    pub(super) fn new() -> Self {
        Self::with_slots(SLOTS_MIN)
    }

    fn with_slots(slots: usize) -> Self {
        let index = Index::Table(Table { slots: vec![EMPTY; slots], named: 0, seed: 0 });
        Self { text: String::new(), starts: vec![0], index }
    }

    /// So many numbers without a name.
    pub(super) fn unnamed(count: usize) -> Self {
        Self { starts: vec![0; count + 1], ..Self::new() }
    }

    /// No names yet, and room to find so many without entering any twice.
    pub(super) fn with_room_for(names: usize) -> Self {
        Self::with_slots((names.saturating_mul(3) / 2 + 3).next_power_of_two().max(SLOTS_MIN))
    }

    pub(super) fn len(&self) -> usize {
        self.starts.len() - 1
    }

    pub(super) fn get(&self, number: u32) -> &str {
        get(&self.text, &self.starts, number)
    }

    pub(super) fn find(&self, name: &str) -> Option<u32> {
        if name == UNNAMED {
            return None;
        }
        match &self.index {
            Index::Table(table) => table.find(&self.text, &self.starts, name),
            Index::Sorted(order) => {
                order.binary_search_by(|&number| self.get(number).cmp(name)).ok().map(|at| order[at])
            }
        }
    }

    /// The number of a name, old or new.
    pub(super) fn intern(&mut self, name: &str) -> Result<u32, Full> {
        if name == UNNAMED {
            return self.push(UNNAMED);
        }
        let Index::Table(table) = &mut self.index else { return Err(Full) };
        match table.entry(&self.text, &self.starts, name) {
            Ok(number) => Ok(number),
            Err(at) => {
                let number = self.push(name)?;
                if let Index::Table(table) = &mut self.index {
                    table.slots[at] = number;
                    table.named += 1;
                }
                Ok(number)
            }
        }
    }

    /// A number without a name.
    pub(super) fn push(&mut self, name: &str) -> Result<u32, Full> {
        let number = u32::try_from(self.len()).map_err(|_| Full)?;
        let end = u32::try_from(self.text.len() + name.len()).map_err(|_| Full)?;
        if self.len() >= super::VERTICES_MAX {
            return Err(Full);
        }
        self.text.push_str(name);
        self.starts.push(end);
        Ok(number)
    }

    pub(super) fn heap_bytes(&self) -> usize {
        let index = match &self.index {
            Index::Table(table) => table.slots.capacity(),
            Index::Sorted(order) => order.capacity(),
        };
        self.text.capacity() + (self.starts.capacity() + index) * size_of::<u32>()
    }

    pub(super) fn shrink(&mut self) {
        self.text.shrink_to_fit();
        self.starts.shrink_to_fit();
    }
}

fn get<'t>(text: &'t str, starts: &[u32], number: u32) -> &'t str {
    let at = number as usize;
    &text[starts[at] as usize..starts[at + 1] as usize]
}

impl Table {
    /// The number of a name, or the slot it goes to.
    fn entry(&mut self, text: &str, starts: &[u32], name: &str) -> Result<u32, usize> {
        if (self.named + 1) * 3 > self.slots.len() * 2 {
            self.rehash(text, starts, self.slots.len() * 2);
        }
        loop {
            let mask = self.slots.len() - 1;
            let start = slot(name, self.seed, mask);
            for step in 0..STEPS_MAX.min(self.slots.len()) {
                let at = (start + step) & mask;
                match self.slots[at] {
                    EMPTY => return Err(at),
                    number if get(text, starts, number) == name => return Ok(number),
                    _ => {}
                }
            }
            self.seed += 1;
            self.rehash(text, starts, self.slots.len());
        }
    }

    fn find(&self, text: &str, starts: &[u32], name: &str) -> Option<u32> {
        let mask = self.slots.len() - 1;
        let start = slot(name, self.seed, mask);
        let numbers = (0..STEPS_MAX.min(self.slots.len())).map(|step| self.slots[(start + step) & mask]);
        numbers.take_while(|&number| number != EMPTY).find(|&number| get(text, starts, number) == name)
    }

    /// Enters all names anew, in a table large enough that each is found within [`STEPS_MAX`].
    fn rehash(&mut self, text: &str, starts: &[u32], slots: usize) {
        let mut slots = slots;
        while !self.enter_all(text, starts, slots) {
            self.seed += 1;
            // Seeds alone do not end it where the table is full of one long run.
            if self.seed.is_multiple_of(4) {
                slots *= 2;
            }
        }
    }

    fn enter_all(&mut self, text: &str, starts: &[u32], slots: usize) -> bool {
        let mut table = vec![EMPTY; slots];
        let mask = slots - 1;
        for number in (0..).take(starts.len() - 1) {
            let name = get(text, starts, number);
            if name == UNNAMED {
                continue;
            }
            let start = slot(name, self.seed, mask);
            let free = (0..STEPS_MAX.min(slots)).map(|step| (start + step) & mask).find(|&at| table[at] == EMPTY);
            match free {
                Some(at) => table[at] = number,
                None => return false,
            }
        }
        self.slots = table;
        true
    }
}

/// Folded multiplication of eight bytes at a time, as in wyhash.
fn slot(name: &str, seed: u64, mask: usize) -> usize {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut hash = mix(seed ^ ODD, name.len() as u64 ^ 0xd1b5_4a32_d192_ed03);
    let mut words = name.as_bytes().chunks_exact(8);
    for word in &mut words {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(word);
        hash = mix(hash ^ u64::from_le_bytes(bytes), ODD);
    }
    let mut bytes = [0; 8];
    bytes[..words.remainder().len()].copy_from_slice(words.remainder());
    hash = mix(hash ^ u64::from_le_bytes(bytes), ODD ^ seed);
    // Truncation takes the lower bits, which the folding has mixed.
    (hash as usize) & mask
}

fn mix(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product as u64) ^ ((product >> 64) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_its_number_and_is_found_by_it() {
        let mut names = Names::new();
        let numbers: Vec<u32> = (0..5_000).map(|i| names.intern(&format!("az{}_p{i}", i % 7)).unwrap()).collect();
        assert_eq!(numbers, (0..5_000).collect::<Vec<u32>>());
        for (i, number) in (0..5_000).zip(numbers) {
            let name = format!("az{}_p{i}", i % 7);
            assert_eq!((names.intern(&name).unwrap(), names.get(number)), (number, name.as_str()));
            assert_eq!(names.find(&name), Some(number));
        }
        assert_eq!((names.find("az0_p5000"), names.find(""), names.len()), (None, None, 5_000));
    }

    #[test]
    fn what_has_no_name_is_not_found_and_gets_a_number_each_time() {
        let mut names = Names::new();
        let (first, second) = (names.intern("").unwrap(), names.intern("").unwrap());
        assert_ne!(first, second);
        assert_eq!((names.get(second), names.find("")), ("", None));
    }

    #[test]
    fn names_that_collide_under_one_seed_are_told_apart_by_the_next() {
        let crowded = |name: &String| slot(name, 0, (1 << 10) - 1) == 0;
        let chosen: Vec<String> = (0..1_000_000).map(|i| format!("n{i}")).filter(crowded).take(400).collect();
        assert_eq!(chosen.len(), 400);
        let mut names = Names::new();
        for name in &chosen {
            names.intern(name).unwrap();
        }
        assert!(matches!(&names.index, Index::Table(table) if table.seed > 0), "the names do not collide");
        for (number, name) in chosen.iter().enumerate() {
            assert_eq!(names.find(name).map(|found| found as usize), Some(number));
        }
    }
}
