//! The t-tuple estimate (6.3.5) and the longest repeated substring estimate (6.3.6).
//!
//! Both count how often tuples of each length occur. In the sorted list of all suffixes, those that begin with the same
//! tuple are neighbours; how much neighbours share says how long and how many they are. Suffixes are sorted by their first
//! bits into buckets, in a bucket by the next word, and where whole words are equal by the words after it. Where repeats
//! are so long that this takes too much, [`induced`] sorts in linear time and with more memory.

mod induced;
mod sorted;

use super::{float, upper_bound};

/// What both estimates give, in bits of min-entropy a symbol.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Tuples {
    /// Nothing where no symbol occurs 35 times.
    pub(super) t_tuple: Option<f64>,
    /// Nothing where no tuple is repeated that is longer than those of the first estimate.
    pub(super) longest_repeated_substring: Option<f64>,
}

/// A tuple that occurs less often says nothing.
const OCCURRENCES_MIN: u32 = 35;

/// Both estimates.
pub(super) fn estimate(symbols: &[u8], alphabet: usize) -> Tuples {
    let mut counts = Counts::default();
    if sorted::for_each_shared(symbols, alphabet, &mut |shared| counts.next(shared)).is_err() {
        counts = Counts::default();
        induced::for_each_shared(symbols, &mut |shared| counts.next(shared));
    }
    counts.next(0);
    counts.estimates(symbols.len())
}

/// How often tuples occur, by their length, from how many symbols each suffix shares with the one before it.
///
/// Suffixes that share `n` symbols lie side by side: they begin to do so and end again like brackets, which a stack
/// follows. When they end, their number is known.
#[derive(Default)]
struct Counts {
    /// Lengths at which something began, ascending, and how many suffixes were seen there so far.
    open: Vec<(u32, u32)>,
    /// The most occurrences of a tuple that cannot be made longer without losing some, by its length.
    most: Vec<u32>,
    /// Pairs of equal tuples, by length: the difference to the next length. Sums wrap on the way and not at the end.
    pairs: Vec<u64>,
}

impl Counts {
    /// The next suffix shares so many symbols with the one before it.
    fn next(&mut self, shared: u32) {
        let mut suffixes = 1;
        while let Some((length, seen)) = self.open.pop_if(|(length, _)| *length > shared) {
            suffixes += seen;
            let below = self.open.last().map_or(0, |(length, _)| *length).max(shared);
            self.close(length as usize, below as usize, suffixes);
        }
        match self.open.last_mut() {
            _ if shared == 0 => {}
            Some((length, seen)) if *length == shared => *seen += suffixes,
            _ => self.open.push((shared, suffixes)),
        }
    }

    /// Each tuple of a length in `below + 1 ..= length` occurs so often.
    fn close(&mut self, length: usize, below: usize, occurrences: u32) {
        if self.most.len() <= length {
            self.most.resize(length + 1, 0);
            self.pairs.resize(length + 1, 0);
        }
        self.most[length] = self.most[length].max(occurrences);
        let pairs = u64::from(occurrences) * u64::from(occurrences - 1) / 2;
        self.pairs[length] = self.pairs[length].wrapping_add(pairs);
        self.pairs[below] = self.pairs[below].wrapping_sub(pairs);
    }

    fn estimates(mut self, symbols: usize) -> Tuples {
        // From the longest down: what occurs so often, its beginnings do at least.
        for length in (1..self.most.len().saturating_sub(1)).rev() {
            self.most[length] = self.most[length].max(self.most[length + 1]);
            self.pairs[length] = self.pairs[length].wrapping_add(self.pairs[length + 1]);
        }
        let lengths = 1..self.most.len();
        let rare = lengths.clone().find(|length| self.most[*length] < OCCURRENCES_MIN).unwrap_or(lengths.end);
        let root = |share: f64, length: usize| share.powf(1.0 / float(length));
        let often =
            (1..rare).map(|length| root(float(self.most[length] as usize) / float(symbols - length + 1), length));
        let repeated = (rare..lengths.end).map(|length| {
            let possible = (symbols - length) * (symbols - length + 1) / 2;
            root(float(self.pairs[length] as usize) / float(possible), length)
        });
        let bits = |share: f64| -upper_bound(share, symbols).log2();
        Tuples {
            t_tuple: often.reduce(f64::max).map(bits),
            longest_repeated_substring: repeated.reduce(f64::max).map(bits),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn by_counting(symbols: &[u8]) -> (Vec<u32>, Vec<u64>) {
        let (mut most, mut pairs) = (Vec::new(), Vec::new());
        for length in 1..symbols.len() {
            let mut counts = BTreeMap::<&[u8], u32>::new();
            symbols.windows(length).for_each(|tuple| *counts.entry(tuple).or_default() += 1);
            let greatest = counts.values().copied().max().unwrap();
            if greatest == 1 {
                break;
            }
            most.push(greatest);
            pairs.push(counts.values().map(|count| u64::from(*count) * u64::from(count - 1) / 2).sum());
        }
        (most, pairs)
    }

    fn counted(mut counts: Counts) -> (Vec<u32>, Vec<u64>) {
        counts.next(0);
        for length in (1..counts.most.len().saturating_sub(1)).rev() {
            counts.most[length] = counts.most[length].max(counts.most[length + 1]);
            counts.pairs[length] = counts.pairs[length].wrapping_add(counts.pairs[length + 1]);
        }
        (counts.most.split_off(1.min(counts.most.len())), counts.pairs.split_off(1.min(counts.pairs.len())))
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn tuples_are_counted_whichever_way_suffixes_are_sorted(
            noise in proptest::collection::vec(any::<u8>(), 2..300),
            alphabet in 2_usize..6,
            period in 1_usize..40,
            share in any::<u8>(),
        ) {
            let symbol = |(at, byte): (usize, &u8)| {
                let value = if *byte < share { at % period } else { usize::from(*byte) };
                (value % alphabet) as u8
            };
            let symbols: Vec<u8> = noise.iter().enumerate().map(symbol).collect();
            let expect = by_counting(&symbols);
            let mut counts = Counts::default();
            induced::for_each_shared(&symbols, &mut |shared| counts.next(shared));
            prop_assert_eq!(counted(counts), expect.clone());
            let mut counts = Counts::default();
            if sorted::for_each_shared(&symbols, alphabet, &mut |shared| counts.next(shared)).is_ok() {
                prop_assert_eq!(counted(counts), expect);
            }
        }
    }

    #[test]
    fn what_repeats_for_long_is_sorted_the_other_way_and_counted_the_same() {
        let symbols: Vec<u8> = (0..20_000_usize).map(|at| u8::from(at % 10_000 % 7 == 3)).collect();
        assert!(sorted::for_each_shared(&symbols, 2, &mut |_| {}).is_err());
        let tuples = estimate(&symbols, 2);
        assert!(tuples.t_tuple.unwrap() < 0.01 && tuples.longest_repeated_substring.unwrap() < 0.01, "{tuples:?}");
    }
}
