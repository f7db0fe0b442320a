//! How many submissions came to which end.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;

use super::Taken;

/// Submissions by outcome, and refusals by reason. A clone counts into the same numbers.
#[derive(Debug, Clone, Default)]
pub struct IngestCounts(Family<Labels, Counter>);

/// What tells one count from another.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Labels {
    /// `stored`, `duplicate`, `report_wanted`, `later`, `refused`.
    pub outcome: &'static str,
    /// Of a refusal, one of a few words; else empty.
    pub reason: &'static str,
}

impl IngestCounts {
    pub(super) fn count(&self, taken: &Taken) {
        let (outcome, reason) = match taken {
            Taken::Stored => ("stored", ""),
            Taken::Duplicate => ("duplicate", ""),
            Taken::ReportWanted => ("report_wanted", ""),
            Taken::Later => ("later", ""),
            Taken::Refused(refusal) => ("refused", refusal.name()),
        };
        self.0.get_or_create(&Labels { outcome, reason }).inc();
    }

    /// The counters, to be registered.
    pub fn family(&self) -> Family<Labels, Counter> {
        self.0.clone()
    }

    /// How many came to this end.
    pub fn of(&self, outcome: &'static str, reason: &'static str) -> u64 {
        self.0.get(&Labels { outcome, reason }).map_or(0, |counter| counter.get())
    }
}
