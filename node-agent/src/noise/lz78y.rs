//! The LZ78Y prediction (6.3.10): a dictionary of the contexts from one to sixteen symbols, at most 65,536 of them, the
//! first that come; what followed most often after any context of the last symbols is predicted.
//!
//! Only counts after single symbols are kept. After a longer context nothing followed more often than after its last symbol
//! alone, so a longer context decides only where both counts are the same, that is, where the context was there each time:
//! it suffices to know, of each pair of symbols, the context that all its occurrences share.

use std::collections::BTreeSet;

use super::prediction::Tally;

/// Symbols of the longest context.
const LONGEST: u32 = 16;

/// Contexts in the dictionary.
const CONTEXTS_MAX: u32 = 65_536;

/// Histories that are found without a search.
const RECENT: usize = 1 << 14;

/// Spreads histories over [`RECENT`] places.
const HASH: u64 = 0x9e37_79b9_7f4a_7c15;

/// Bits of min-entropy a symbol.
pub(super) fn estimate(symbols: &[u8], alphabet: usize) -> f64 {
    let start = LONGEST as usize;
    let mut history = symbols[..start].iter().fold(History(0), |history, symbol| history.then(*symbol));
    let mut dictionary = Dictionary::new(history);
    let mut pairs = Pairs::new(alphabet);
    let mut tally = Tally::default();
    pairs.count(symbols[start], history, LONGEST);
    for pair in symbols[start..].windows(2) {
        history = history.then(pair[0]);
        let symbol = pair[1];
        let counted = dictionary.holds_last_symbol(history);
        let predicted = if counted { pairs.predict(history, &dictionary) } else { None };
        tally.count(predicted == Some(symbol));
        dictionary.add(history);
        // What came in just now counts as well.
        if counted || dictionary.holds_last_symbol(history) {
            let fresh = pairs.is_fresh(symbol, history);
            let known = if fresh { dictionary.known(history) } else { LONGEST };
            pairs.count(symbol, history, known);
        }
    }
    tally.estimate(symbols.len() - start - 1, alphabet)
}

/// The last sixteen symbols, the newest in the most significant byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct History(u128);

impl History {
    fn then(self, symbol: u8) -> Self {
        Self(self.0 >> 8 | u128::from(symbol) << 120)
    }

    fn last_symbol(self) -> usize {
        usize::from(self.0.to_be_bytes()[0])
    }

    fn hash(self) -> usize {
        let folded = self.0 as u64 ^ (self.0 >> 64) as u64;
        (folded.wrapping_mul(HASH) >> 50) as usize
    }

    /// How many of the last symbols two histories share.
    fn shared(self, other: Self) -> u32 {
        (self.0 ^ other.0).leading_zeros() / 8
    }
}

/// Which contexts are in the dictionary: those of all histories up to some moment, but for the last of them.
struct Dictionary {
    histories: BTreeSet<History>,
    contexts: u32,
    /// Contexts of one symbol.
    single: [bool; 256],
    /// Some histories that were added, by their hash.
    recent: Vec<Option<History>>,
    gap: Option<Gap>,
}

/// Of the last history not all contexts found room: those longer than `shallow` and shorter than `deep` are missing.
struct Gap {
    history: History,
    shallow: u32,
    deep: u32,
}

impl Dictionary {
    fn new(first: History) -> Self {
        let mut single = [false; 256];
        single[first.last_symbol()] = true;
        Self { histories: BTreeSet::from([first]), contexts: LONGEST, single, recent: vec![None; RECENT], gap: None }
    }

    /// Adds the contexts of a history, the longest first, as long as there is room.
    fn add(&mut self, history: History) {
        let room = CONTEXTS_MAX - self.contexts;
        if room == 0 {
            return;
        }
        // Most histories of a source with little entropy were here before.
        let recent = &mut self.recent[history.hash()];
        if recent.replace(history) == Some(history) {
            return;
        }
        let known = self.shared_with_any(history);
        let new = LONGEST - known;
        if new == 0 {
            return;
        }
        if new <= room {
            self.histories.insert(history);
            self.single[history.last_symbol()] = true;
        } else {
            self.gap = Some(Gap { history, shallow: known, deep: LONGEST + 1 - room });
        }
        self.contexts += new.min(room);
    }

    /// The longest context of this history that is there.
    fn known(&self, history: History) -> u32 {
        let beyond_gap = self.gap.as_ref().map(|gap| (gap.history.shared(history), gap.deep));
        match beyond_gap {
            Some((shared, deep)) if shared >= deep => shared,
            _ => self.shared_with_any(history),
        }
    }

    fn shared_with_any(&self, history: History) -> u32 {
        let below = self.histories.range(..=history).next_back();
        let above = self.histories.range(history..).next();
        below.into_iter().chain(above).map(|other| other.shared(history)).max().unwrap_or(0)
    }

    /// Whether anything is counted after the last symbol of this history.
    fn holds_last_symbol(&self, history: History) -> bool {
        self.single[history.last_symbol()]
            || self.gap.as_ref().is_some_and(|gap| gap.history.shared(history) >= gap.deep)
    }

    /// The longest context that is there among those of at most `length` symbols of a history, of which it is known that
    /// it is there but for the gap.
    fn outside_gap(&self, length: u32, history: History) -> u32 {
        match &self.gap {
            Some(gap) if length > gap.shallow && length < gap.deep && gap.history.shared(history) >= length => {
                gap.shallow
            }
            _ => length,
        }
    }
}

/// What is known of each pair of a symbol and the one after it.
struct Pairs {
    alphabet: usize,
    counts: Vec<u32>,
    /// The history at the first occurrence.
    first: Vec<History>,
    /// How many symbols of it all occurrences share, as far as the dictionary has them.
    shared: Vec<u8>,
    /// What followed each symbol most often.
    most: Vec<Most>,
}

/// The greatest count.
#[derive(Clone, Default)]
struct Most {
    count: u32,
    /// The one symbol that has it; where several have, they are in `several`.
    alone: Option<u8>,
    several: [u64; 4],
}

impl Most {
    /// A symbol has one more.
    fn count(&mut self, symbol: u8, count: u32) {
        if count == self.count {
            if let Some(alone) = self.alone.take() {
                self.several = [0; 4];
                self.several[usize::from(alone) / 64] |= 1 << (alone % 64);
            }
            self.several[usize::from(symbol) / 64] |= 1 << (symbol % 64);
        }
        let leads = count > self.count;
        self.alone = if leads { Some(symbol) } else { self.alone };
        self.count = self.count.max(count);
    }

    fn several(&self) -> impl Iterator<Item = u8> + use<'_> {
        self.several.iter().zip((0_u8..4).map(|word| word * 64)).flat_map(|(bits, first)| {
            let mut bits = *bits;
            std::iter::from_fn(move || {
                let symbol = (bits != 0).then(|| first + bits.trailing_zeros() as u8);
                bits &= bits.wrapping_sub(1);
                symbol
            })
        })
    }
}

impl Pairs {
    fn new(alphabet: usize) -> Self {
        let pairs = alphabet * alphabet;
        let (counts, first, shared) = (vec![0; pairs], vec![History(0); pairs], vec![0; pairs]);
        Self { alphabet, counts, first, shared, most: vec![Most::default(); alphabet] }
    }

    fn pair(&self, history: History, symbol: u8) -> usize {
        history.last_symbol() * self.alphabet + usize::from(symbol)
    }

    fn is_fresh(&self, symbol: u8, history: History) -> bool {
        self.counts[self.pair(history, symbol)] == 0
    }

    /// Counts a symbol after a history of which the dictionary has a context of `known` symbols.
    fn count(&mut self, symbol: u8, history: History, known: u32) {
        let pair = self.pair(history, symbol);
        if self.counts[pair] == 0 {
            self.first[pair] = history;
            self.shared[pair] = known as u8;
        } else if self.shared[pair] > 1 {
            self.shared[pair] = self.shared[pair].min(history.shared(self.first[pair]) as u8);
        }
        self.counts[pair] += 1;
        self.most[history.last_symbol()].count(symbol, self.counts[pair]);
    }

    /// What followed most often; where several symbols did, the one that did after the longest context, then the greatest.
    fn predict(&self, history: History, dictionary: &Dictionary) -> Option<u8> {
        let most = &self.most[history.last_symbol()];
        if most.alone.is_some() {
            return most.alone;
        }
        let longest = |symbol: u8| {
            let pair = self.pair(history, symbol);
            let length = u32::from(self.shared[pair]).min(history.shared(self.first[pair]));
            (dictionary.outside_gap(length, self.first[pair]), symbol)
        };
        most.several().map(longest).max().map(|(_, symbol)| symbol)
    }
}
