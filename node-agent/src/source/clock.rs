//! Who keeps the clock: the kernel's own word, chronyd's answers on the loopback interface, or the traces of
//! systemd-timesyncd.
//!
//! chronyd is asked by its command protocol on 127.0.0.1:323, where tracking and sources are open to every local user; with
//! `cmdport 0` it does not answer, and is then not known here. systemd-timesyncd says in files only that it once set the
//! clock. An offset differs at each look, so that only its order of magnitude is reported. Four packets and two small files,
//! no privilege; whoever may bind that port, which is root, can lie. A capture holds the packets in `/avow/chrony`.

mod chrony;

use descriptors::fact::clock::{ClockFact, OffsetClass, TimeDaemon};
use descriptors::fact::{AbsenceReason, Fact, Reading};

use super::{Context, NOT_CAPTURED, Source};
use crate::raw;
use crate::root::Root;

const COUNTER: &str = "/sys/devices/system/clocksource/clocksource0/current_clocksource";

/// There once systemd-timesyncd has set the clock in this boot.
const TIMESYNCD: &str = "/run/systemd/timesync/synchronized";

/// See the module.
pub struct Clock;

impl Source for Clock {
    fn name(&self) -> &'static str {
        "clock"
    }

    fn read(&self, context: &Context) -> Reading<Fact> {
        Reading::Present(parse(fetch(&context.root)).into())
    }
}

struct Raw {
    synchronised: Reading<bool>,
    counter: Reading<String>,
    timesyncd: bool,
    chrony: chrony::Answers,
}

fn fetch(root: &Root) -> Raw {
    let (synchronised, chrony) = match root.is_live() {
        true => (by_kernel(), chrony::ask(chrony::ADDRESS)),
        false => (Reading::absent(AbsenceReason::NotPresent, NOT_CAPTURED), chrony::captured(root)),
    };
    Raw { synchronised, counter: root.line(COUNTER), timesyncd: root.exists(TIMESYNCD), chrony }
}

fn by_kernel() -> Reading<bool> {
    match raw::clock_state() {
        Ok(state) => Reading::Present(state.synchronised),
        Err(error) => Reading::absent(AbsenceReason::NotSupported, crate::cause::chain(&error)),
    }
}

fn parse(raw: Raw) -> ClockFact {
    let tracking = raw.chrony.tracking.and_then(|bytes| chrony::tracking(&bytes));
    let servers = raw.chrony.sources.and_then(|packets| chrony::servers(&packets));
    let daemon = match (&tracking, raw.timesyncd) {
        (Reading::Present(_), _) => Reading::Present(TimeDaemon::Chrony),
        (Reading::Absent(_), true) => Reading::Present(TimeDaemon::Timesyncd),
        (Reading::Absent(absence), false) => Reading::Absent(absence.clone()),
    };
    ClockFact {
        synchronised: raw.synchronised,
        counter: raw.counter,
        daemon,
        stratum: tracking.clone().and_then(|tracking| tracking.stratum),
        offset: tracking.and_then(|tracking| tracking.offset_seconds).and_then(|seconds| {
            match OffsetClass::of(seconds) {
                Some(class) => Reading::Present(class),
                None => {
                    Reading::absent(AbsenceReason::Malformed, format!("{}: the offset is no number", chrony::PLACE))
                }
            }
        }),
        servers,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn none<T>() -> Reading<T> {
        Reading::absent(AbsenceReason::NotPresent, "/x")
    }

    #[test]
    fn timesyncd_is_known_by_its_trace_where_chronyd_does_not_answer() {
        let read = |timesyncd| {
            let chrony = chrony::Answers { tracking: none(), sources: none() };
            parse(Raw { synchronised: Reading::Present(true), counter: none(), timesyncd, chrony })
        };
        assert_eq!(read(true).daemon, Reading::Present(TimeDaemon::Timesyncd));
        assert!(read(true).stratum.absence().is_some(), "its files do not tell");
        assert!(read(false).daemon.absence().is_some());
        assert_eq!(read(false).synchronised, Reading::Present(true), "the kernel knows without a daemon");
    }
}
