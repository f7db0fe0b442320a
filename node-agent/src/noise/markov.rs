//! The Markov estimate (6.3.3), for bits: the most likely sequence of 128 bits under a chain of first order.

use super::float;

/// Bits in the sequence.
const LENGTH: f64 = 128.0;

/// Bits of min-entropy a bit.
pub(super) fn estimate(bits: &[u8]) -> f64 {
    // Transitions, by the two bits.
    let mut counts = [0_usize; 4];
    for pair in bits.windows(2) {
        counts[usize::from(pair[0] << 1 | pair[1])] += 1;
    }
    let share = |part: usize, rest: usize| if part + rest == 0 { 0.0 } else { float(part) / float(part + rest) };
    let (p00, p10) = (share(counts[0], counts[1]), share(counts[2], counts[3]));
    let p01 = if counts[0] + counts[1] > 0 { 1.0 - p00 } else { 0.0 };
    let p11 = if counts[2] + counts[3] > 0 { 1.0 - p10 } else { 0.0 };
    let zeros = bits.iter().filter(|bit| **bit == 0).count();
    let p0 = float(zeros) / float(bits.len());
    let p1 = 1.0 - p0;

    // The six sequences that can be the most likely: a first bit, then transitions and how often.
    let sequences: [(f64, &[(f64, f64)]); 6] = [
        (p0, &[(p00, 127.0)]),
        (p0, &[(p01, 64.0), (p10, 63.0)]),
        (p0, &[(p01, 1.0), (p11, 126.0)]),
        (p1, &[(p10, 1.0), (p00, 126.0)]),
        (p1, &[(p10, 64.0), (p01, 63.0)]),
        (p1, &[(p11, 127.0)]),
    ];
    let possible = sequences.iter().filter(|(_, steps)| steps.iter().all(|(probability, _)| *probability > 0.0));
    let entropies = possible.map(|(first, steps)| {
        steps.iter().fold(-first.log2(), |sum, (probability, times)| sum - times * probability.log2())
    });
    (entropies.fold(LENGTH, f64::min) / LENGTH).min(1.0)
}
