//! How long to wait before the next attempt: exponential back-off with full jitter.
//!
//! After an outage every node of a plane comes back at once; a wait drawn from the whole range spreads them. What is
//! attempted is not known here.

use std::time::Duration;

/// The range of waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waits {
    /// Upper bound of the first wait.
    pub first: Duration,
    /// Upper bound of every wait.
    pub longest: Duration,
}

impl Default for Waits {
    fn default() -> Self {
        Self { first: Duration::from_secs(1), longest: Duration::from_secs(60) }
    }
}

/// Counts failures in a row.
#[derive(Debug)]
pub struct Backoff {
    waits: Waits,
    failures: u32,
}

impl Backoff {
    /// Begins without failures.
    pub fn new(waits: Waits) -> Self {
        Self { waits, failures: 0 }
    }

    /// Forgets the failures.
    pub fn succeeded(&mut self) {
        self.failures = 0;
    }

    /// Counts a failure; says how long to wait: between nothing and a bound that doubles up to the longest.
    pub fn failed(&mut self) -> Duration {
        let bound = self.waits.first.saturating_mul(1 << self.failures.min(20)).min(self.waits.longest);
        self.failures = self.failures.saturating_add(1);
        bound.mul_f64(fraction())
    }
}

/// `duration`, shortened or lengthened by at most a tenth, so that nodes do not fall into step.
pub(crate) fn jittered(duration: Duration) -> Duration {
    duration.mul_f64(0.9 + 0.2 * fraction())
}

/// Uniform in 0..1. Without random bytes, which Linux does not refuse once it runs, 1: waiting long does no harm.
fn fraction() -> f64 {
    crate::key::random().map_or(1.0, |bytes| f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_their_bound_and_are_spread_over_the_whole_range() {
        let waits = Waits { first: Duration::from_secs(1), longest: Duration::from_secs(60) };
        let mut drawn: Vec<Duration> = Vec::new();
        for _ in 0..200 {
            let mut backoff = Backoff::new(waits);
            for bound in [1, 2, 4, 8, 16, 32, 60, 60] {
                let wait = backoff.failed();
                assert!(wait <= Duration::from_secs(bound), "{wait:?} > {bound}");
                drawn.push(wait);
            }
            backoff.succeeded();
            assert!(backoff.failed() <= waits.first);
        }
        drawn.sort_unstable();
        assert!(drawn[0] < Duration::from_millis(100), "{:?}", drawn[0]);
        assert!(drawn[drawn.len() - 1] > Duration::from_secs(50), "{:?}", drawn[drawn.len() - 1]);
    }

    #[test]
    fn many_failures_do_not_overflow() {
        let mut backoff = Backoff { waits: Waits::default(), failures: u32::MAX };
        assert!(backoff.failed() <= Duration::from_secs(60));
    }
}
