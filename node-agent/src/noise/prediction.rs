//! What the four prediction estimates share: predictors that race, and the bound that follows from how the leader did.

use super::{Z, float};

/// How the predictions of whoever led did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    correct: usize,
    run: usize,
    longest_run: usize,
}

impl Tally {
    /// Counts one prediction.
    #[inline]
    pub(super) fn count(&mut self, correct: bool) {
        // Without a branch: whether a prediction is correct cannot be predicted.
        let correct = usize::from(correct);
        self.correct += correct;
        self.run = (self.run + 1) * correct;
        self.longest_run = self.longest_run.max(self.run);
    }

    /// Counts 64 predictions, the first in the most significant bit.
    #[inline]
    pub(super) fn count_word(&mut self, correct: u64) {
        self.correct += correct.count_ones() as usize;
        self.longest_run = self.longest_run.max(self.run + correct.leading_ones() as usize);
        while has_run(correct, self.longest_run + 1) {
            self.longest_run += 1;
        }
        self.run = match correct {
            u64::MAX => self.run + u64::BITS as usize,
            _ => correct.trailing_ones() as usize,
        };
    }

    /// Bits of min-entropy a symbol, from `predictions` predictions of symbols below `alphabet`.
    pub(super) fn estimate(self, predictions: usize, alphabet: usize) -> f64 {
        let total = float(predictions);
        let share = float(self.correct) / total;
        let global = match self.correct {
            0 => 1.0 - 0.01_f64.powf(1.0 / total),
            _ => (share + Z * (share * (1.0 - share) / (total - 1.0)).sqrt()).min(1.0),
        };
        let floor = global.max(1.0 / float(alphabet));
        -local_bound(floor, self.longest_run + 1, predictions).log2()
    }
}

/// Whether so many bits in a row are ones.
fn has_run(bits: u64, run: usize) -> bool {
    if run > u64::BITS as usize {
        return false;
    }
    // A bit stays where it and the next `known - 1` below it are ones.
    let (mut starts, mut known) = (bits, 1);
    while known < run && starts != 0 {
        let more = known.min(run - known);
        starts &= starts << more;
        known += more;
    }
    starts != 0
}

/// The greater of `floor` and the probability of a correct prediction under which no run of `run` among `predictions` has
/// a chance of 99 %.
fn local_bound(floor: f64, run: usize, predictions: usize) -> f64 {
    let target = 0.99_f64.ln();
    // A chance that cannot be told (not a number) is not likely, as one that is too small.
    let likely = |p: f64| log_chance_of_no_run(p, run, predictions) > target;
    if floor >= 1.0 || !likely(floor) {
        return floor;
    }
    let (mut low, mut high) = (floor, 1.0);
    loop {
        let middle = (low + high) / 2.0;
        if middle <= low || middle >= high {
            return high;
        }
        if likely(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
}

/// Logarithm of the chance that among `predictions`, each correct with probability `p`, no run of `run` is correct
/// (Feller, as the standard gives it). The root x is taken as 1 + y, because x is very close to 1.
fn log_chance_of_no_run(p: f64, run: usize, predictions: usize) -> f64 {
    let (q, run, predictions) = (1.0 - p, float(run), float(predictions));
    let first = q * p.powf(run);
    let (mut y, mut last) = (0.0_f64, f64::NEG_INFINITY);
    for _ in 0..=65 {
        if y - last <= 1e-19 * (1.0 + y) {
            break;
        }
        last = y;
        y = first * ((run + 1.0) * y.ln_1p()).exp();
    }
    (-p * y / q).ln_1p() - (-run * y).ln_1p() - (predictions + 1.0) * y.ln_1p()
}

/// Up to sixteen predictors: whoever has been right most often leads, the last of them where several have, and only the
/// leader's predictions count.
///
/// Steps are looked at in blocks. Within one only those can take the lead that are close to the leader: of the others only
/// the sum is needed.
pub(super) struct Race {
    scores: [u32; LANES],
    leader: usize,
    tally: Tally,
    /// The steps since the last block: which predictors tried, and which were correct.
    tried: [u16; BLOCK],
    correct: [u16; BLOCK],
    steps: usize,
}

const LANES: usize = 16;

/// Steps of a block.
const BLOCK: usize = u64::BITS as usize;

impl Race {
    pub(super) fn new() -> Self {
        let (scores, tally) = ([0; LANES], Tally::default());
        Self { scores, leader: 0, tally, tried: [0; BLOCK], correct: [0; BLOCK], steps: 0 }
    }

    /// One step: which predictors `tried`, and which of them were `correct`.
    #[inline]
    pub(super) fn step(&mut self, tried: u16, correct: u16) {
        (self.tried[self.steps], self.correct[self.steps]) = (tried, correct);
        self.steps += 1;
        if self.steps == BLOCK {
            self.end_block();
        }
    }

    /// How the leaders' predictions did.
    pub(super) fn tally(mut self) -> Tally {
        self.end_block();
        self.tally
    }

    fn end_block(&mut self) {
        let lead = self.scores[self.leader];
        let mut close = 0_u16;
        for (lane, score) in self.scores.iter().enumerate() {
            close |= u16::from(score + BLOCK as u32 >= lead) << lane;
        }
        let alone = close == 1 << self.leader;
        if alone && self.steps == BLOCK && self.tried.iter().all(|tried| tried & close != 0) {
            let bit = |word, correct: &u16| word << 1 | u64::from(correct >> self.leader & 1);
            self.tally.count_word(self.correct.iter().fold(0, bit));
            close = 0;
        } else {
            self.follow(close);
        }
        let mut sums = [0_u16; LANES];
        for correct in &self.correct[..self.steps] {
            for (lane, sum) in sums.iter_mut().enumerate() {
                *sum += u16::from(correct & !close & 1 << lane != 0);
            }
        }
        for (score, sum) in self.scores.iter_mut().zip(sums) {
            *score += u32::from(sum);
        }
        self.steps = 0;
    }

    /// Goes through the block step by step, with the predictors that may take the lead.
    fn follow(&mut self, close: u16) {
        for (tried, correct) in self.tried.into_iter().zip(self.correct).take(self.steps) {
            if tried >> self.leader & 1 == 1 {
                self.tally.count(correct >> self.leader & 1 == 1);
            }
            let mut hits = correct & close;
            while hits != 0 {
                let lane = hits.trailing_zeros() as usize;
                self.scores[lane] += 1;
                if self.scores[lane] >= self.scores[self.leader] {
                    self.leader = lane;
                }
                hits &= hits - 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_word_counts_as_its_bits(words in proptest::collection::vec(any::<u64>(), 1..6), sparse in any::<bool>()) {
            let (mut by_word, mut by_bit) = (Tally::default(), Tally::default());
            for word in words {
                let word = if sparse { word | word >> 1 | word >> 2 | word >> 5 } else { word };
                by_word.count_word(word);
                (0..64).rev().for_each(|bit| by_bit.count(word >> bit & 1 == 1));
            }
            prop_assert_eq!(by_word, by_bit);
        }

        #[test]
        fn a_race_is_what_the_standard_describes(
            steps in proptest::collection::vec((any::<u16>(), any::<u16>()), 1..2000),
            bias in any::<u16>(),
            // The more of them, the fewer are ever right, so that one leads far ahead.
            wrong in proptest::collection::vec(any::<u16>(), 0..6),
        ) {
            let wrong = wrong.into_iter().fold(0, |all, one| all | one);
            let mut race = Race::new();
            let (mut scores, mut leader, mut tally) = ([0_u32; LANES], 0, Tally::default());
            for (tried, correct) in steps {
                let tried = tried | bias;
                let correct = (correct | bias) & tried & !wrong;
                race.step(tried, correct);
                if tried >> leader & 1 == 1 {
                    tally.count(correct >> leader & 1 == 1);
                }
                for lane in 0..LANES {
                    if correct >> lane & 1 == 1 {
                        scores[lane] += 1;
                        if scores[lane] >= scores[leader] {
                            leader = lane;
                        }
                    }
                }
            }
            prop_assert_eq!(race.tally(), tally);
        }
    }

    #[test]
    fn without_a_correct_prediction_the_bound_is_still_above_chance() {
        let none = Tally::default().estimate(1_000_000, 256);
        assert!((none - 8.0).abs() < 1e-9, "{none}");
    }
}
