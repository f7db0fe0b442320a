//! Which place of which list a credential gets.
//!
//! Credentials are numbered as they are issued, and a number is never given twice, also not after its credential has run
//! out: somebody may still hold it. Neighbours in a list must say nothing about each other, so the numbers of one list are
//! scattered over it: a permutation whose seed is kept by the issuer. Same numbers, same seed, same places; where numbers
//! and seed are kept is not known here.

use sha2::{Digest as _, Sha256};

use super::ENTRIES_MIN;
use crate::digest::Digest;

/// Bits of an index: a list has exactly [`ENTRIES_MIN`] places.
const INDEX_BITS: u32 = ENTRIES_MIN.ilog2();
const _: () = assert!(1 << INDEX_BITS == ENTRIES_MIN);

/// The halves of an index are not of one length: 17 bits are 9 and 8.
const LOW_BITS: u32 = INDEX_BITS / 2;
const LOW_MASK: u32 = (1 << LOW_BITS) - 1;
const HIGH_MASK: u32 = (1 << (INDEX_BITS - LOW_BITS)) - 1;

/// Rounds of mixing. The permutation hides the order in which credentials were issued from those who read a list; it keeps no
/// other secret.
const ROUNDS: u8 = 8;

/// A place in a list. Lists for different purposes share the numbers of their places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The number of the list, from 1.
    pub list: u64,
    /// The index in it.
    pub index: usize,
}

/// Makes places of numbers.
#[derive(Clone)]
pub struct Places {
    seed: Digest,
}

impl Places {
    /// The places of this seed. Whoever knows it can tell in which order credentials were issued.
    pub fn new(seed: Digest) -> Self {
        Self { seed }
    }

    /// The place of the credential with this number, counted from 0. Different numbers have different places.
    pub fn of(&self, number: u64) -> Place {
        let entries = ENTRIES_MIN as u64;
        let list = number / entries;
        #[expect(clippy::cast_possible_truncation, reason = "below 2^17")]
        let within = (number % entries) as u32;
        Place { list: list + 1, index: self.mix(list, within) as usize }
    }

    /// A Feistel network: each round changes one half by the other, so that it can be undone, whatever the rounds compute.
    fn mix(&self, list: u64, within: u32) -> u32 {
        let (mut high, mut low) = (within >> LOW_BITS, within & LOW_MASK);
        for round in 0..ROUNDS {
            if round % 2 == 0 {
                high ^= self.round(list, round, low) & HIGH_MASK;
            } else {
                low ^= self.round(list, round, high) & LOW_MASK;
            }
        }
        high << LOW_BITS | low
    }

    fn round(&self, list: u64, round: u8, half: u32) -> u32 {
        let mut hash = Sha256::new();
        hash.update(self.seed.as_bytes());
        hash.update(list.to_be_bytes());
        hash.update([round]);
        hash.update(half.to_be_bytes());
        let hash: [u8; 32] = hash.finalize().into();
        u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]])
    }
}

impl std::fmt::Debug for Places {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Places").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_of_a_list_is_given_once() {
        let places = Places::new(Digest::of(b"seed"));
        for list in [0, 7] {
            let mut taken = vec![false; ENTRIES_MIN];
            for within in 0..ENTRIES_MIN as u64 {
                let place = places.of(list * ENTRIES_MIN as u64 + within);
                assert_eq!(place.list, list + 1);
                assert!(!std::mem::replace(&mut taken[place.index], true), "{place:?}");
            }
        }
    }

    #[test]
    fn neighbours_are_scattered() {
        let places = Places::new(Digest::of(b"seed"));
        let close = |number: u64| places.of(number).index.abs_diff(places.of(number + 1).index) < 64;
        // By chance one pair in a thousand is that close.
        let found = (0..10_000).filter(|number| close(*number)).count();
        assert!(found < 40, "{found}");
        let other = Places::new(Digest::of(b"other"));
        assert!((0..100).filter(|number| places.of(*number) == other.of(*number)).count() < 3);
        assert_eq!(places.of(5), Places::new(Digest::of(b"seed")).of(5));
    }
}
