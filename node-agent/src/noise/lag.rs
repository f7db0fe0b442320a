//! The lag prediction (6.3.8): 128 predictors, each of which says that the symbol so many places back comes again.

use super::packed::Packed;
use super::prediction::Tally;

/// Predictors.
const LAGS: usize = 128;

/// Bits looked at in one go.
const BLOCK: usize = 64;

/// Bits of min-entropy a symbol.
pub(super) fn estimate(symbols: &[u8], alphabet: usize) -> f64 {
    let tally = if alphabet == 2 { of_bits(symbols) } else { of_symbols(symbols, alphabet) };
    tally.estimate(symbols.len() - 1, alphabet)
}

/// How often each lag was right, and which leads: the longest among those that were right most often.
struct Scores {
    scores: [u32; LAGS],
    leader: usize,
}

impl Scores {
    fn new() -> Self {
        Self { scores: [0; LAGS], leader: 0 }
    }

    /// Lag `index + 1` was right. Within a step to be called in ascending order.
    fn right(&mut self, index: usize) {
        self.scores[index] += 1;
        if self.scores[index] >= self.scores[self.leader] {
            self.leader = index;
        }
    }
}

/// Follows, for each symbol, the places where it was before: only the lags that were right are looked at.
fn of_symbols(symbols: &[u8], alphabet: usize) -> Tally {
    const NEVER: usize = usize::MAX;
    let (mut scores, mut tally) = (Scores::new(), Tally::default());
    // Where each symbol was last, and, for the last places, where the symbol at that place was before.
    let (mut last, mut before) = (vec![NEVER; alphabet], [NEVER; LAGS]);
    for (at, symbol) in symbols.iter().copied().enumerate() {
        if at > 0 {
            tally.count(symbols[at - 1 - scores.leader] == symbol);
        }
        let newest = std::mem::replace(&mut last[usize::from(symbol)], at);
        let mut place = newest;
        while place != NEVER && at - place <= LAGS {
            scores.right(at - place - 1);
            place = before[place % LAGS];
        }
        before[at % LAGS] = newest;
    }
    tally
}

/// Compares 64 bits at once with those of each lag. Within so few steps only the lags close to the leader can take its
/// place; the others are only counted.
fn of_bits(bits: &[u8]) -> Tally {
    let packed = Packed::new(bits, 2);
    let (mut scores, mut tally) = (Scores::new(), Tally::default());
    let step = |at: usize, scores: &mut Scores, tally: &mut Tally| {
        tally.count(bits[at - 1 - scores.leader] == bits[at]);
        for index in 0..LAGS.min(at) {
            if bits[at - 1 - index] == bits[at] {
                scores.right(index);
            }
        }
    };
    // Until every lag reaches back to a bit.
    let mut at = 1;
    while at < bits.len().min(LAGS) {
        step(at, &mut scores, &mut tally);
        at += 1;
    }
    let (mut right, mut sums) = ([0_u64; LAGS], [0_u32; LAGS]);
    let mut close = Vec::with_capacity(LAGS);
    while at + BLOCK <= bits.len() {
        compare(&packed, at, &mut right);
        for (sum, right) in sums.iter_mut().zip(&right) {
            *sum = right.count_ones();
        }
        let lead = scores.scores[scores.leader];
        close.clear();
        if scores.scores.iter().filter(|score| **score + BLOCK as u32 >= lead).count() > 1 {
            let is_close = |index: &usize| scores.scores[*index] + BLOCK as u32 >= lead;
            close.extend((0..LAGS).filter(is_close));
            close.iter().for_each(|index| sums[*index] = 0);
            follow(&right, &close, &mut scores, &mut tally);
        } else {
            tally.count_word(right[scores.leader]);
        }
        for (score, sum) in scores.scores.iter_mut().zip(&sums) {
            *score += sum;
        }
        at += BLOCK;
    }
    while at < bits.len() {
        step(at, &mut scores, &mut tally);
        at += 1;
    }
    tally
}

/// Compares the 64 bits from `at` on with those of each lag.
fn compare(packed: &Packed, at: usize, right: &mut [u64; LAGS]) {
    let now = packed.window(at);
    let mut later = now;
    for (part, right) in (1..).zip(right.chunks_exact_mut(BLOCK)) {
        let earlier = packed.window(at - part * BLOCK);
        for (shift, right) in (1..BLOCK as u32).zip(right.iter_mut()) {
            *right = !(now ^ (earlier << (u64::BITS - shift) | later >> shift));
        }
        right[BLOCK - 1] = !(now ^ earlier);
        later = earlier;
    }
}

/// 64 steps of the lags that are `close` to the leader, itself among them; `right` says of each lag when it was right.
fn follow(right: &[u64; LAGS], close: &[usize], scores: &mut Scores, tally: &mut Tally) {
    for bit in (0..BLOCK).rev() {
        tally.count(right[scores.leader] >> bit & 1 == 1);
        for index in close {
            if right[*index] >> bit & 1 == 1 {
                scores.right(*index);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Biased, periodic and with a part where nothing changes, so that the lead is shared and changes.
        #[test]
        fn bits_are_counted_as_symbols_are(
            noise in proptest::collection::vec(any::<u8>(), 10..3000),
            period in 1_usize..200,
            share in any::<u8>(),
        ) {
            let bit = |(at, byte): (usize, &u8)| if *byte < share { u8::from(at % period == 0) } else { byte & 1 };
            let bits: Vec<u8> = noise.iter().enumerate().map(bit).collect();
            prop_assert_eq!(of_bits(&bits), of_symbols(&bits, 2));
        }
    }
}
