//! Which places of a list are given away.
//!
//! A place is never given twice, not even after its credential has expired: somebody may still hold it. Places should be
//! taken at random, so that neighbours in a list say nothing about each other; randomness is an argument here.

use super::{ENTRIES_MIN, OutOfRange};

/// The places of one list that are taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allocation {
    taken: Vec<u64>,
    entries: usize,
}

/// Why a place was not given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AllocationError {
    /// Given before.
    #[error("the index {0} is taken, and places are never given twice")]
    Taken(usize),
    /// No such place.
    #[error(transparent)]
    OutOfRange(#[from] OutOfRange),
}

impl Allocation {
    /// A list of which nothing is taken; at least [`ENTRIES_MIN`] places.
    pub fn new(entries: usize) -> Self {
        let entries = entries.max(ENTRIES_MIN);
        Self { taken: vec![0; entries.div_ceil(64)], entries }
    }

    /// How many places are taken.
    pub fn count(&self) -> usize {
        self.taken.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Whether the place is taken; a place that the list does not have is.
    pub fn is_taken(&self, index: usize) -> bool {
        index >= self.entries || self.taken[index / 64] >> (index % 64) & 1 == 1
    }

    /// Takes the place at `index`.
    pub fn take(&mut self, index: usize) -> Result<(), AllocationError> {
        if index >= self.entries {
            return Err(OutOfRange { index, entries: self.entries }.into());
        }
        if self.is_taken(index) {
            return Err(AllocationError::Taken(index));
        }
        self.taken[index / 64] |= 1 << (index % 64);
        Ok(())
    }

    /// Takes the first free place at or after a random `start`, coming round to the beginning; `None` when the list is full.
    pub fn take_from(&mut self, start: u64) -> Option<usize> {
        let start = usize::try_from(start % self.entries as u64).unwrap_or(0);
        let index = (start..self.entries).chain(0..start).find(|index| !self.is_taken(*index))?;
        self.taken[index / 64] |= 1 << (index % 64);
        Some(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_given_once() {
        let mut allocation = Allocation::new(0);
        assert_eq!(allocation.take(5), Ok(()));
        assert_eq!(allocation.take(5), Err(AllocationError::Taken(5)));
        assert_eq!(allocation.take_from(5), Some(6));
        assert_eq!(allocation.take_from(ENTRIES_MIN as u64 * 7 + 5), Some(7));
        assert_eq!(allocation.take_from(ENTRIES_MIN as u64 - 1), Some(ENTRIES_MIN - 1));
        assert_eq!(allocation.take_from(ENTRIES_MIN as u64 - 1), Some(0));
        assert!(matches!(allocation.take(ENTRIES_MIN), Err(AllocationError::OutOfRange(_))));
        assert_eq!(allocation.count(), 5);
    }

    #[test]
    fn a_full_list_gives_nothing() {
        let mut allocation = Allocation::new(ENTRIES_MIN);
        for start in 0..ENTRIES_MIN as u64 {
            assert!(allocation.take_from(start).is_some());
        }
        assert_eq!(allocation.take_from(77), None);
        assert_eq!(allocation.count(), ENTRIES_MIN);
    }
}
