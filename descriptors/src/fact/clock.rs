//! Who keeps the clock of a node, and how well. Every time in a report is worth no more than this.

use serde::{Deserialize, Serialize};

use super::Reading;

/// The clock of a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockFact {
    /// Whether the kernel says that something keeps its clock, and did so lately.
    pub synchronised: Reading<bool>,
    /// The counter that the kernel reads time from: `tsc`, `kvm-clock`.
    pub counter: Reading<String>,
    /// The daemon that keeps the clock.
    pub daemon: Reading<TimeDaemon>,
    /// How many servers lie between this clock and a reference clock, itself included; 1 is a reference clock.
    pub stratum: Reading<u32>,
    /// How far the clock was off lately, coarsely: a number that is never the same twice has no place in a report.
    pub offset: Reading<OffsetClass>,
    /// Where the daemon takes time from, sorted: addresses of servers, names of reference clocks. A server that two zones
    /// share is a shared component.
    pub servers: Reading<Vec<String>>,
}

/// Daemons that keep clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeDaemon {
    /// chronyd.
    Chrony,
    /// systemd-timesyncd.
    Timesyncd,
}

/// The size of an offset, whatever its sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OffsetClass {
    /// At most a millisecond.
    WithinMillisecond,
    /// At most ten milliseconds.
    WithinTenMilliseconds,
    /// At most a hundred milliseconds.
    WithinHundredMilliseconds,
    /// At most a second.
    WithinSecond,
    /// More than a second.
    BeyondSecond,
}

impl OffsetClass {
    /// The class of an offset in seconds; none for what is no number.
    pub fn of(seconds: f64) -> Option<Self> {
        let size = seconds.abs();
        if size.is_nan() {
            return None;
        }
        Some(match size {
            size if size <= 0.001 => Self::WithinMillisecond,
            size if size <= 0.01 => Self::WithinTenMilliseconds,
            size if size <= 0.1 => Self::WithinHundredMilliseconds,
            size if size <= 1.0 => Self::WithinSecond,
            _ => Self::BeyondSecond,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_has_a_class_whatever_its_sign() {
        let check =
            |seconds: f64, expect: Option<OffsetClass>| assert_eq!(OffsetClass::of(seconds), expect, "{seconds}");
        check(0.0, Some(OffsetClass::WithinMillisecond));
        check(-0.000_9, Some(OffsetClass::WithinMillisecond));
        check(-0.001_1, Some(OffsetClass::WithinTenMilliseconds));
        check(0.1, Some(OffsetClass::WithinHundredMilliseconds));
        check(0.5, Some(OffsetClass::WithinSecond));
        check(f64::INFINITY, Some(OffsetClass::BeyondSecond));
        check(f64::NAN, None);
    }
}
