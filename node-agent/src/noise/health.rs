//! The health tests of SP 800-90B, section 4.4, over a bounded sample.
//!
//! Both ask whether samples are possible for a source of which a min-entropy is claimed, with one false alarm in 2^20
//! tests. A failure refutes the claim; passing confirms nothing.

use super::float;

/// Logarithm to base 2 of one over the chance of a false alarm.
const ALARM_BITS: f64 = 20.0;

/// What a test found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finding {
    /// The most often that a sample came: in a row, or within one window.
    pub most: usize,
    /// From how many on the test fails.
    pub cutoff: usize,
}

impl Finding {
    /// Whether the samples are possible under the claim.
    pub fn passes(&self) -> bool {
        self.most < self.cutoff
    }
}

/// The repetition count test (4.4.1): how often one value came in a row. `claimed_bits` is the min-entropy of a sample.
pub fn repetition_count(samples: &[u8], claimed_bits: f64) -> Finding {
    let most = samples.chunk_by(|one, other| one == other).map(<[u8]>::len).max().unwrap_or(0);
    Finding { most, cutoff: 1 + (ALARM_BITS / claimed_bits).ceil() as usize }
}

/// The adaptive proportion test (4.4.2): how often the first value of a window came in it. Windows have 1024 bits or 512
/// longer samples, and a last one that is not full is not looked at; without a full one there is no finding.
pub fn adaptive_proportion(samples: &[u8], bits_per_sample: u32, claimed_bits: f64) -> Option<Finding> {
    let width = if bits_per_sample == 1 { 1024 } else { 512 };
    let windows = samples.chunks_exact(width);
    let most = windows.map(|window| window.iter().filter(|sample| **sample == window[0]).count()).max()?;
    Some(Finding { most, cutoff: 1 + critical(width, (-claimed_bits).exp2()) })
}

/// The least number that as many successes or fewer have a chance of 1 - 2^-20, in `trials` trials of chance `p`.
fn critical(trials: usize, p: f64) -> usize {
    // From the top down, so that small terms are summed first.
    let odds = (p / (1.0 - p)).ln();
    let mut log_term = float(trials) * p.ln();
    let mut above = 0.0;
    for successes in (1..=trials).rev() {
        above += log_term.exp();
        if above > (-ALARM_BITS).exp2() {
            return successes;
        }
        log_term += (float(successes) / float(trials - successes + 1)).ln() - odds;
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values of the standard's own examples: C = 1 + critbinom(W, 2^-H, 1 - 2^-20).
    #[test]
    fn cutoffs_are_those_of_the_standard() {
        assert_eq!(repetition_count(&[], 2.0).cutoff, 11);
        assert_eq!(repetition_count(&[], 8.0).cutoff, 4);
        assert_eq!(repetition_count(&[], 0.3).cutoff, 68);
        let adaptive = |bits: u32, claimed: f64| adaptive_proportion(&[0; 1024], bits, claimed).unwrap().cutoff;
        assert_eq!(adaptive(1, 0.2), 941);
        assert_eq!(adaptive(1, 0.4), 840);
        assert_eq!(adaptive(1, 0.6), 748);
        assert_eq!(adaptive(1, 0.8), 664);
        assert_eq!(adaptive(1, 1.0), 589);
        assert_eq!(adaptive(8, 0.5), 410);
        assert_eq!(adaptive(8, 1.0), 311);
        assert_eq!(adaptive(8, 2.0), 177);
        assert_eq!(adaptive(8, 4.0), 62);
        assert_eq!(adaptive(8, 8.0), 13);
    }

    #[test]
    fn a_value_that_comes_too_often_is_noticed() {
        let good: Vec<u8> = (0..1024_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        assert!(repetition_count(&good, 4.0).passes());
        assert!(adaptive_proportion(&good, 8, 4.0).unwrap().passes());
        let mut stuck = good.clone();
        stuck[600..606].fill(9);
        assert!(!repetition_count(&stuck, 4.0).passes());
        let mut lopsided = good;
        (0..512).step_by(8).for_each(|at| lopsided[at] = 3);
        assert!(!adaptive_proportion(&lopsided, 8, 4.0).unwrap().passes());
        assert!(adaptive_proportion(&[0; 511], 8, 4.0).is_none());
    }
}
