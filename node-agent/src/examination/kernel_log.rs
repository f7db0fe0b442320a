//! When the kernel said that its generator is ready, from its log (`/dev/kmsg`).

use std::io::{ErrorKind, Read as _};

use descriptors::fact::{AbsenceReason, Reading};

use crate::root::Root;

const LOG: &str = "/dev/kmsg";

/// What the kernel writes then.
const READY: &str = "crng init done";

/// Longest record of the kernel.
const RECORD_BYTES_MAX: usize = 8192;

/// Most records that are looked at.
const RECORDS_MAX: usize = 100_000;

/// Milliseconds from the start of the kernel's clock.
pub(super) fn crng_ready_after_ms(root: &Root) -> Reading<u64> {
    if !root.is_live() {
        return Reading::absent(AbsenceReason::NotPresent, "not part of a capture");
    }
    let mut log = match root.device(LOG) {
        Reading::Present(log) => log,
        Reading::Absent(absence) => return Reading::Absent(absence),
    };
    let mut record = [0; RECORD_BYTES_MAX];
    // A read gives one record; at the end there is nothing without waiting.
    let records = std::iter::from_fn(|| match log.read(&mut record) {
        Ok(0) => None,
        Ok(length) => Some(Some(String::from_utf8_lossy(&record[..length]).into_owned())),
        // The record was overwritten while we read: the next one is there.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Some(None),
        Err(_) => None,
    });
    find(records.take(RECORDS_MAX).flatten())
}

/// Looks for the first record that says so: `6,348,1234567,-;random: crng init done`, with the time in microseconds.
fn find(records: impl Iterator<Item = String>) -> Reading<u64> {
    let mut first = None;
    for record in records {
        let Some((head, text)) = record.split_once(';') else { continue };
        let mut fields = head.split(',').skip(1);
        let (number, time) = (fields.next(), fields.next());
        first = first.or_else(|| number.map(str::to_owned));
        if text.lines().next().is_some_and(|line| line.ends_with(READY)) {
            return match time.and_then(|time| time.parse::<u64>().ok()) {
                Some(microseconds) => Reading::Present(microseconds / 1000),
                None => Reading::absent(AbsenceReason::Malformed, format!("{LOG}: {head:?}")),
            };
        }
    }
    let detail = match first.as_deref() {
        Some("0") | None => format!("{LOG}: no `{READY}`"),
        Some(_) => format!("{LOG}: its beginning was overwritten"),
    };
    Reading::absent(AbsenceReason::NotPresent, detail)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(log: &str) -> Reading<u64> {
        find(log.split('|').map(str::to_owned))
    }

    #[test]
    fn the_first_record_that_says_so_has_the_time() {
        let log = "6,0,0,-;Linux version 6.1|5,347,3456789,-;random: crng init done\n SUBSYSTEM=x|6,400,9000000,-;crng init done";
        assert_eq!(check(log), Reading::Present(3456));
        for (log, reason, detail) in [
            ("6,0,0,-;Linux version 6.1", AbsenceReason::NotPresent, "no `crng init done`"),
            ("6,12,5,-;usb", AbsenceReason::NotPresent, "overwritten"),
            ("", AbsenceReason::NotPresent, "no `crng init done`"),
            ("6,1,x,-;random: crng init done", AbsenceReason::Malformed, "6,1,x"),
            ("6,0,1,-;audit: someone wrote crng init done here", AbsenceReason::NotPresent, "no `crng init done`"),
        ] {
            let reading = check(log);
            let absence = reading.absence().unwrap();
            assert!(absence.reason == reason && absence.detail.contains(detail), "{log}: {absence:?}");
        }
    }

    fn record() -> impl Strategy<Value = String> {
        let head = prop_oneof!["[0-9]{1,2},[0-9]{1,3},[0-9]{1,21},-", "[0-9,;a-z -]{0,20}", "\\PC{0,8}"];
        let text = prop_oneof![Just("random: crng init done"), Just("crng init done\n SUBSYSTEM=x"), Just("crng init")];
        prop_oneof![(head, text).prop_map(|(head, text)| format!("{head};{text}")), "\\PC{0,60}"]
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// A time is that of the first record that says so, and whatever else is in the log changes nothing of it.
        #[test]
        fn any_log_has_the_time_of_its_first_such_record_or_none(records in proptest::collection::vec(record(), 0..8)) {
            let says_so = |record: &&String| {
                record.split_once(';').is_some_and(|(_, text)| text.lines().next().is_some_and(|line| line.ends_with(READY)))
            };
            let first = records.iter().find(says_so);
            let time = first.and_then(|record| record.split(';').next()?.split(',').nth(2)?.parse::<u64>().ok());
            let reading = find(records.iter().cloned());
            prop_assert_eq!(reading.present().copied(), time.map(|microseconds| microseconds / 1000));
            let expected = if first.is_some() { AbsenceReason::Malformed } else { AbsenceReason::NotPresent };
            prop_assert!(reading.absence().is_none_or(|absence| absence.reason == expected), "{:?}", reading);
        }
    }
}
