//! Keeps a round's facts within what one report may hold: the largest fact gives way, the others stay.
//!
//! A collector takes envelopes up to a bound, so that without this one source that says too much would cost the facts of
//! all.

use std::collections::BTreeMap;
use std::io;

use descriptors::fact::{AbsenceReason, Fact, Reading};
use descriptors::id::SourceName;
use descriptors::report::ENVELOPE_BYTES_MAX;

/// Most bytes of all facts as JSON: an envelope carries them in base64, beside a signature and the report's other members.
pub(super) const FACTS_BYTES_MAX: usize = ENVELOPE_BYTES_MAX / 4 * 3 - 16 * 1024;

/// Makes the largest facts absent until the rest fits.
pub(super) fn fit(facts: &mut BTreeMap<SourceName, Reading<Fact>>) {
    let mut sizes: Vec<(usize, SourceName)> = facts.iter().map(|(name, fact)| (bytes(fact), name.clone())).collect();
    sizes.sort_unstable();
    let mut total: usize = sizes.iter().map(|(bytes, _)| bytes).sum();
    while total > FACTS_BYTES_MAX
        && let Some((bytes, name)) = sizes.pop()
    {
        total -= bytes;
        let detail = format!("the fact has {bytes} bytes, and with the others more than {FACTS_BYTES_MAX}");
        facts.insert(name, Reading::absent(AbsenceReason::Malformed, detail));
    }
}

/// Length as JSON, without writing it down.
fn bytes(fact: &Reading<Fact>) -> usize {
    let mut counter = Counter(0);
    // A fact that has no JSON fails when the report is made, whatever it is taken for here.
    let _ = serde_json::to_writer(&mut counter, fact);
    counter.0
}

struct Counter(usize);

impl io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
