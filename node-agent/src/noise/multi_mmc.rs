//! Prediction by sixteen Markov models (6.3.9): each has counted what followed the last symbols, from one to sixteen of
//! them, and predicts what followed most often; the greatest symbol, where several did.
//!
//! A model keeps at most 100,000 pairs of context and symbol. It is asked only where the model below it knew its context.

use super::prediction::{Race, Tally};

/// Models.
const ORDERS: usize = 16;

/// Pairs that a model keeps.
const PAIRS_MAX: usize = 100_000;

/// Bits of min-entropy a symbol.
pub(super) fn estimate(symbols: &[u8], alphabet: usize) -> f64 {
    let tally = if alphabet == 2 { of_bits(symbols) } else { of_symbols(symbols) };
    tally.estimate(symbols.len() - 2, alphabet)
}

/// All models at once.
fn of_bits(bits: &[u8]) -> Tally {
    let mut models = OfBits::new();
    // The contexts at the very start are counted before all predictions.
    let mut history = 0_usize;
    for (order, pair) in (1..=ORDERS).zip(bits.windows(2)) {
        history = history << 1 | usize::from(pair[0]);
        models.count_first(order, history, pair[1]);
    }
    let mut race = Race::new();
    history = usize::from(bits[0]) << 1 | usize::from(bits[1]);
    for (at, bit) in bits.iter().copied().enumerate().skip(2) {
        let (tried, correct) = models.step(history, bit, ORDERS.min(at - 1));
        race.step(tried, correct);
        history = history << 1 | usize::from(bit);
    }
    race.tally()
}

/// The models of bits: of a context it suffices to know how much more often a one followed it than a zero, since but for
/// the highest order all pairs can be kept. The last bit is the lowest of a context.
struct OfBits {
    /// The contexts of order n from 2^n on.
    surplus: Box<[i32; 2 << ORDERS]>,
    /// Contexts of the order below the highest that were not seen yet: with none left, those of all lower orders were seen.
    unseen: u32,
    /// What followed each context of the highest order, a bit for each symbol.
    followed: Box<[u8; 1 << ORDERS]>,
    /// Pairs that the model of the highest order keeps.
    pairs: usize,
}

impl OfBits {
    const UNSEEN: i32 = i32::MIN;
    /// Of a context whose other pair found no room: whatever comes, it predicts the same.
    const ALWAYS: i32 = 1 << 30;

    fn new() -> Self {
        Self {
            surplus: Box::new([Self::UNSEEN; 2 << ORDERS]),
            unseen: 1 << (ORDERS - 1),
            followed: Box::new([0; 1 << ORDERS]),
            pairs: 0,
        }
    }

    fn place(order: usize, history: usize) -> usize {
        (1 << order) | (history % (1 << order))
    }

    fn count_first(&mut self, order: usize, history: usize, bit: u8) {
        self.surplus[Self::place(order, history)] = 2 * i32::from(bit) - 1;
        self.unseen -= u32::from(order == ORDERS - 1);
        if order == ORDERS {
            self.keep(history, bit);
        }
    }

    /// Asks the models of all orders up to `end` and counts the bit: which models knew the context, which were right.
    fn step(&mut self, history: usize, bit: u8, end: usize) -> (u16, u16) {
        let full = self.pairs == PAIRS_MAX;
        if full && self.unseen == 0 {
            return self.step_complete(history, bit);
        }
        let step = 2 * i32::from(bit) - 1;
        let (mut tried, mut correct) = (0_u16, 0_u16);
        for order in 1..=end {
            let surplus = &mut self.surplus[Self::place(order, history)];
            if *surplus != Self::UNSEEN {
                tried |= 1 << (order - 1);
                correct |= u16::from((*surplus < 0) ^ (bit == 1)) << (order - 1);
                *surplus += step;
            } else if order < ORDERS || !full {
                *surplus = step;
                self.unseen -= u32::from(order == ORDERS - 1);
            }
        }
        if end == ORDERS && !full {
            self.keep(history, bit);
        }
        (tried, correct)
    }

    /// The same when no model will ever know more contexts, as it soon is where there is entropy.
    fn step_complete(&mut self, history: usize, bit: u8) -> (u16, u16) {
        const ALL: u16 = (1 << (ORDERS - 1)) - 1;
        let step = 2 * i32::from(bit) - 1;
        let mut zeros = 0;
        for order in (1..ORDERS).rev() {
            let surplus = &mut self.surplus[Self::place(order, history)];
            zeros = zeros << 1 | u16::from(*surplus < 0);
            *surplus += step;
        }
        let (tried, correct) = (ALL, zeros ^ (ALL * u16::from(bit)));
        let surplus = &mut self.surplus[Self::place(ORDERS, history)];
        if *surplus == Self::UNSEEN {
            return (tried, correct);
        }
        let highest = u16::from((*surplus < 0) ^ (bit == 1)) << (ORDERS - 1);
        *surplus += step;
        (u16::MAX, correct | highest)
    }

    /// Keeps a pair of the highest order, where there is room.
    fn keep(&mut self, history: usize, bit: u8) {
        let followed = &mut self.followed[history % (1 << ORDERS)];
        if *followed & 1 << bit != 0 {
            return;
        }
        *followed |= 1 << bit;
        self.pairs += 1;
        if self.pairs == PAIRS_MAX {
            for (surplus, followed) in self.surplus[1 << ORDERS..].iter_mut().zip(self.followed.iter()) {
                *surplus = match followed {
                    1 => -Self::ALWAYS,
                    2 => Self::ALWAYS,
                    _ => *surplus,
                };
            }
        }
    }
}

/// One model after another over all symbols, so that only one is in memory; then the race between them.
fn of_symbols(symbols: &[u8]) -> Tally {
    // For each place: which models knew its context, and which of them were right.
    let mut answers = vec![(0_u16, 0_u16); symbols.len()];
    let mut model = Model::new(symbols.len());
    for order in 1..=ORDERS {
        model.learn(symbols, order, &mut answers);
    }
    let mut race = Race::new();
    for (tried, correct) in answers.into_iter().skip(2) {
        race.step(tried, correct);
    }
    race.tally()
}

/// A model of symbols.
struct Model {
    /// Index and one of a context in `contexts`, by the hash of the context.
    slots: Vec<u32>,
    contexts: Vec<Context>,
    /// Pair of context and symbol, and one; by its hash.
    pairs: Vec<u32>,
    /// How often each pair was seen.
    counts: Vec<u32>,
    /// Bits of a slot's number, in both tables.
    slot_bits: u32,
}

struct Context {
    symbols: u128,
    most: u32,
    most_common: u8,
}

impl Model {
    /// For so many symbols. Tables are at most half full.
    fn new(symbols: usize) -> Self {
        let slots = (2 * symbols.min(PAIRS_MAX)).next_power_of_two();
        Self {
            slots: vec![0; slots],
            contexts: Vec::new(),
            pairs: vec![0; slots],
            counts: vec![0; slots],
            slot_bits: slots.trailing_zeros(),
        }
    }

    /// Forgets everything, then goes over all symbols as the model of this order.
    fn learn(&mut self, symbols: &[u8], order: usize, answers: &mut [(u16, u16)]) {
        self.slots.fill(0);
        self.contexts.clear();
        self.pairs.fill(0);
        let mask = u128::MAX << (128 - 8 * order);
        let bit = 1 << (order - 1);
        let mut history = 0_u128;
        let mut kept = 0;
        // Beyond, nothing is asked any more.
        let end = match order {
            1 => symbols.len(),
            _ => answers.iter().rposition(|(tried, _)| tried & (bit >> 1) != 0).map_or(0, |last| last + 1),
        };
        for (at, symbol) in symbols.iter().copied().enumerate() {
            if at >= end && kept >= PAIRS_MAX {
                break;
            }
            let context = history & mask;
            if at == order {
                self.count_new(context, symbol);
                kept = 1;
            } else if at > order {
                let asked = order == 1 || answers[at].0 & (bit >> 1) != 0;
                let found = if asked { self.find(context) } else { None };
                if let Some(index) = found {
                    answers[at].0 |= bit;
                    answers[at].1 |= if self.contexts[index].most_common == symbol { bit } else { 0 };
                    kept += usize::from(self.count(index, symbol, kept < PAIRS_MAX));
                } else if kept < PAIRS_MAX {
                    self.count_new(context, symbol);
                    kept += 1;
                }
            }
            history = history >> 8 | u128::from(symbol) << 120;
        }
    }

    /// The slot of a context, free or taken.
    fn slot(&self, context: u128) -> usize {
        let folded = (context >> 64) as u64 ^ (context as u64).rotate_left(29).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut slot = (folded.wrapping_mul(0xd6e8_feb8_6659_fd93) >> (64 - self.slot_bits)) as usize;
        loop {
            let taken = self.slots[slot] as usize;
            if taken == 0 || self.contexts[taken - 1].symbols == context {
                return slot;
            }
            slot = (slot + 1) % self.slots.len();
        }
    }

    fn find(&self, context: u128) -> Option<usize> {
        (self.slots[self.slot(context)] as usize).checked_sub(1)
    }

    fn count_new(&mut self, symbols: u128, symbol: u8) {
        let slot = self.slot(symbols);
        if self.slots[slot] == 0 {
            self.contexts.push(Context { symbols, most: 0, most_common: 0 });
            self.slots[slot] = self.contexts.len() as u32;
        }
        self.count(self.slots[slot] as usize - 1, symbol, true);
    }

    /// Counts a symbol after a context that is there; whether that is a new pair. Where it would be one and none may be
    /// added, nothing is counted.
    fn count(&mut self, context: usize, symbol: u8, may_add: bool) -> bool {
        let pair = (context as u32) << 8 | u32::from(symbol);
        let mut slot = (pair.wrapping_mul(0x9e37_79b1) >> (32 - self.slot_bits)) as usize;
        while self.pairs[slot] != 0 && self.pairs[slot] != pair + 1 {
            slot = (slot + 1) % self.slots.len();
        }
        let new = self.pairs[slot] == 0;
        if new && !may_add {
            return false;
        }
        self.pairs[slot] = pair + 1;
        let count = if new { 1 } else { self.counts[slot] + 1 };
        self.counts[slot] = count;
        let known = &mut self.contexts[context];
        if (count, symbol) > (known.most, known.most_common) {
            (known.most, known.most_common) = (count, symbol);
        }
        new
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn bits_are_predicted_as_symbols_are(noise in proptest::collection::vec(any::<u8>(), 64..4000), share in any::<u8>()) {
            let bits: Vec<u8> = noise.iter().enumerate().map(|(at, b)| if *b < share { (at % 7 < 3) as u8 } else { b & 1 }).collect();
            prop_assert_eq!(of_bits(&bits), of_symbols(&bits));
        }
    }

    /// So many that the highest model is full; some contexts of it were seen with one bit, some never.
    #[test]
    fn bits_are_predicted_as_symbols_are_where_no_pair_finds_room_any_more() {
        let mut state = 1_u32;
        let mut byte = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state >> 24
        };
        for share in [128, 100] {
            let bits: Vec<u8> = (0..400_000).map(|_| u8::from(byte() < share)).collect();
            assert_eq!(of_bits(&bits), of_symbols(&bits), "{share}");
        }
    }
}
