//! The compression estimate (6.3.4), for bits: how far back each block of six bits was seen last, after Maurer.
//!
//! The expected value of the statistic is a sum over all distances; its terms fall geometrically, so that the sum is cut
//! where no further term changes it.

use super::{Z, float};

const BLOCK_BITS: usize = 6;
const ALPHABET: f64 = 64.0;

/// Blocks that only fill the dictionary.
const DICTIONARY_BLOCKS: usize = 1000;

/// A share of a sum that does not change it.
const NEGLIGIBLE: f64 = 1e-19;

/// Halvings after which an interval of doubles cannot be halved further.
const HALVINGS: usize = 64;

/// Bits of min-entropy a bit; nothing where the dictionary takes all blocks.
pub(super) fn estimate(bits: &[u8]) -> Option<f64> {
    let blocks = bits.len() / BLOCK_BITS;
    if blocks <= DICTIONARY_BLOCKS {
        return None;
    }
    let logs = Logs::new(blocks);
    let mut last_seen = [0_usize; 1 << BLOCK_BITS];
    let (mut sum, mut squares) = (Sum::default(), Sum::default());
    for (index, block) in bits.chunks_exact(BLOCK_BITS).enumerate() {
        let block = block.iter().fold(0, |value, bit| value << 1 | usize::from(*bit));
        if index >= DICTIONARY_BLOCKS {
            let log = logs.of(index + 1 - last_seen[block]);
            sum.add(log);
            squares.add(log * log);
        }
        last_seen[block] = index + 1;
    }
    let tested = float(blocks - DICTIONARY_BLOCKS);
    let mean = sum.total / tested;
    let deviation = 0.5907 * (squares.total / (tested - 1.0) - mean * mean).sqrt();
    let bound = mean - Z * deviation / tested.sqrt();

    // The expected value falls as the most likely block becomes more likely.
    let (mut low, mut high) = (1.0 / ALPHABET, 1.0);
    if expected(low, blocks, &logs).is_nan() || expected(low, blocks, &logs) <= bound {
        return Some(1.0);
    }
    for _ in 0..HALVINGS {
        let middle = (low + high) / 2.0;
        if expected(middle, blocks, &logs) > bound {
            low = middle;
        } else {
            high = middle;
        }
    }
    Some(-high.log2() / float(BLOCK_BITS))
}

/// The expected mean where one block has the probability `p` and all others the same.
fn expected(p: f64, blocks: usize, logs: &Logs) -> f64 {
    let q = (1.0 - p) / (ALPHABET - 1.0);
    expected_of(p, blocks, logs) + (ALPHABET - 1.0) * expected_of(q, blocks, logs)
}

/// What blocks of probability `z` contribute: the function G of the standard, its two sums over distances made one.
fn expected_of(z: f64, blocks: usize, logs: &Logs) -> f64 {
    let tested = float(blocks - DICTIONARY_BLOCKS);
    // (1 - z)^(distance - 1), and the sums over distances within and beyond the dictionary.
    let mut power = 1.0 - z;
    let (mut within, mut beyond, mut weighted) = (0.0, 0.0, 0.0);
    for distance in 2..=blocks {
        let term = logs.of(distance) * power;
        power *= 1.0 - z;
        if distance <= DICTIONARY_BLOCKS {
            within += term;
            continue;
        }
        beyond += term;
        weighted += float(blocks - distance) * term;
        if term <= NEGLIGIBLE * within * z {
            break;
        }
    }
    z / tested * (z * (weighted + tested * within) + beyond)
}

/// Logarithms to base 2 of whole numbers.
struct Logs(Vec<f64>);

impl Logs {
    const KEPT_MAX: usize = 1 << 16;

    fn new(largest: usize) -> Self {
        Self((0..=largest.min(Self::KEPT_MAX)).map(|number| float(number).log2()).collect())
    }

    fn of(&self, number: usize) -> f64 {
        self.0.get(number).copied().unwrap_or_else(|| float(number).log2())
    }
}

/// A sum that keeps what rounding takes (Kahan).
#[derive(Default)]
struct Sum {
    total: f64,
    lost: f64,
}

impl Sum {
    fn add(&mut self, term: f64) {
        let term = term - self.lost;
        let total = self.total + term;
        self.lost = (total - self.total) - term;
        self.total = total;
    }
}
