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
    pub(super) fn count(&mut self, correct: bool) {
        if correct {
            self.correct += 1;
            self.run += 1;
            self.longest_run = self.longest_run.max(self.run);
        } else {
            self.run = 0;
        }
    }

    /// Counts 64 predictions, the first in the most significant bit.
    pub(super) fn count_word(&mut self, mut correct: u64) {
        self.correct += correct.count_ones() as usize;
        let mut left = u64::BITS;
        while left > 0 {
            let run = correct.leading_ones().min(left);
            self.run += run as usize;
            self.longest_run = self.longest_run.max(self.run);
            left -= run;
            if left > 0 {
                self.run = 0;
                correct = correct.checked_shl(run).unwrap_or(0);
                let wrong = correct.leading_zeros().min(left);
                correct = correct.checked_shl(wrong).unwrap_or(0);
                left -= wrong;
            }
        }
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
/// Within a round of steps only those can take the lead that are close to the leader: the others are counted in bytes,
/// eight at a time, and added up at the end of the round.
pub(super) struct Race {
    scores: [u32; LANES],
    /// Scores of this round, a byte for each of eight predictors.
    round: [u64; 2],
    steps: u32,
    /// Predictors that may take the lead in this round.
    close: u16,
    leader: usize,
    pub(super) tally: Tally,
}

const LANES: usize = 16;

/// Steps of a round: as many as a byte counts.
const ROUND: u32 = 255;

/// A byte for each bit of the index.
static SPREAD: [u64; 256] = spread();

impl Race {
    pub(super) fn new() -> Self {
        let tally = Tally::default();
        Self { scores: [0; LANES], round: [0; 2], steps: 0, close: u16::MAX, leader: 0, tally }
    }

    /// One step: which predictors `tried`, and which of them were `correct`.
    pub(super) fn step(&mut self, tried: u16, correct: u16) {
        if tried >> self.leader & 1 == 1 {
            self.tally.count(correct >> self.leader & 1 == 1);
        }
        let mut hits = correct & self.close;
        while hits != 0 {
            let lane = hits.trailing_zeros() as usize;
            self.scores[lane] += 1;
            if self.scores[lane] >= self.scores[self.leader] {
                self.leader = lane;
            }
            hits &= hits - 1;
        }
        let [low, high] = (correct & !self.close).to_le_bytes();
        self.round[0] += SPREAD[usize::from(low)];
        self.round[1] += SPREAD[usize::from(high)];
        self.steps += 1;
        if self.steps == ROUND {
            self.end_round();
        }
    }

    fn end_round(&mut self) {
        let bytes = self.round.iter().flat_map(|eight| eight.to_le_bytes());
        for (score, more) in self.scores.iter_mut().zip(bytes) {
            *score += u32::from(more);
        }
        (self.round, self.steps, self.close) = ([0; 2], 0, 0);
        let lead = self.scores[self.leader];
        for (lane, score) in self.scores.iter().enumerate() {
            self.close |= u16::from(score + ROUND >= lead) << lane;
        }
    }
}

const fn spread() -> [u64; 256] {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        let mut bit = 0;
        while bit < 8 {
            table[index] |= (index as u64 >> bit & 1) << (8 * bit);
            bit += 1;
        }
        index += 1;
    }
    table
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
        ) {
            let mut race = Race::new();
            let (mut scores, mut leader, mut tally) = ([0_u32; LANES], 0, Tally::default());
            for (tried, correct) in steps {
                let tried = tried | bias;
                let correct = (correct | bias) & tried;
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
            prop_assert_eq!((race.leader, race.tally), (leader, tally));
        }
    }

    #[test]
    fn without_a_correct_prediction_the_bound_is_still_above_chance() {
        let none = Tally::default().estimate(1_000_000, 256);
        assert!((none - 8.0).abs() < 1e-9, "{none}");
    }
}
