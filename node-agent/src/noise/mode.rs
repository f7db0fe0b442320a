//! The most common value estimate (6.3.1).

use super::{float, upper_bound};

/// Bits of min-entropy a symbol.
pub(super) fn estimate(symbols: &[u8], alphabet: usize) -> f64 {
    let mut counts = vec![0_usize; alphabet];
    for symbol in symbols {
        counts[usize::from(*symbol)] += 1;
    }
    let most = counts.into_iter().max().unwrap_or(0);
    -upper_bound(float(most) / float(symbols.len()), symbols.len()).log2()
}
