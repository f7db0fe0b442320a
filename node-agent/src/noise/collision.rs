//! The collision estimate (6.3.2), for bits.
//!
//! For two symbols the waiting time until a value repeats is 2 or 3, and the equation of the standard becomes quadratic:
//! a mean of X belongs to p = 1/2 + sqrt(5/4 - X/2).

use super::{Z, float};

/// Bits of min-entropy a bit.
pub(super) fn estimate(bits: &[u8]) -> f64 {
    let (mut at, mut waits, mut long_waits) = (0, 0_usize, 0_usize);
    while at + 1 < bits.len() {
        let long = usize::from(bits[at] != bits[at + 1]);
        if at + 2 + long > bits.len() {
            break;
        }
        waits += 1;
        long_waits += long;
        at += 2 + long;
    }
    let (sum, squares) = (float(at), float(4 * (waits - long_waits) + 9 * long_waits));
    let mean = sum / float(waits);
    let deviation = ((squares - sum * mean) / (float(waits) - 1.0)).sqrt();
    let bound = (mean - Z * deviation / float(waits).sqrt()).max(2.0);
    if bound < 2.5 { -(0.5 + (1.25 - 0.5 * bound).sqrt()).log2() } else { 1.0 }
}
