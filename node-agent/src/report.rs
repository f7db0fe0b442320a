//! Says what was gathered: a full report when something changed, otherwise a heartbeat that names the report still holding.
//!
//! ```text
//! facts ──Reporter──▶ signed statement ──Outbox──▶ spool ──Submitter──▶ collector
//!                                          ▲                    │ acknowledgement: delete
//!                                          └────────────────────┘
//! ```
//!
//! How facts are gathered is not known here, nor what the collector does with them.

mod link;
mod outbox;
mod submitter;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use descriptors::canonical;
use descriptors::digest::Digest;
use descriptors::fact::{Fact, Reading};
use descriptors::id::{NodeId, SourceName};
use descriptors::proof::dsse::Envelope;
use descriptors::proof::{SignError, Signer};
use descriptors::report::{HEARTBEAT_TYPE, Heartbeat, Origin, REPORT_TYPE, Report, ReportId};
use descriptors::timestamp::Timestamp;

pub use link::{Link, LinkError};
pub use outbox::Outbox;
pub use submitter::{SubmitSettings, Submitter};

use crate::spool::SpoolError;

/// What the sources read, and the identity of the boot.
pub type Gathered = (BTreeMap<SourceName, Reading<Fact>>, Reading<String>);

/// Why a round left no statement.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The statement has no canonical form.
    #[error("the statement cannot be written as JSON")]
    Serialise(#[from] canonical::WriteError),
    /// The report key did not sign.
    #[error("the statement is not signed")]
    Sign(#[from] SignError),
    /// It could not be queued.
    #[error("the statement is not queued")]
    Spool(#[from] SpoolError),
}

/// A statement that waits to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queued {
    /// Which.
    pub id: ReportId,
    /// Whether it is a full report.
    pub full: bool,
}

/// Makes the statements of one node.
pub struct Reporter {
    node: NodeId,
    origin: Origin,
    signer: Arc<dyn Signer>,
    full_every: Duration,
    /// The last full report that was queued, and the digest of its payload.
    last: Option<(Report, Digest)>,
}

impl Reporter {
    /// A reporter that has said nothing yet: its first statement is a full report, and so is one every `full_every`.
    pub fn new(node: NodeId, origin: Origin, signer: Arc<dyn Signer>, full_every: Duration) -> Self {
        Self { node, origin, signer, full_every, last: None }
    }

    /// Signs and queues what was gathered at `taken_at`. Durable on return.
    pub fn report(&mut self, outbox: &Outbox, taken_at: Timestamp, gathered: Gathered) -> Result<Queued, ReportError> {
        let (facts, boot_id) = gathered;
        let report = Report {
            node: self.node.clone(),
            sequence: outbox.reserve()?,
            taken_at,
            boot_id,
            origin: self.origin,
            agent_version: env!("CARGO_PKG_VERSION").to_owned(),
            facts,
        };
        let id = report.id();
        match self.still_holds(&report, outbox.report_wanted()) {
            Some(holds) => {
                let heartbeat = Heartbeat { node: report.node, sequence: report.sequence, taken_at, holds };
                let payload = canonical::to_vec(&heartbeat)?;
                self.queue(outbox, id.sequence, HEARTBEAT_TYPE, payload)?;
                Ok(Queued { id, full: false })
            }
            None => {
                let payload = canonical::to_vec(&report)?;
                let digest = Digest::of(&payload);
                self.queue(outbox, id.sequence, REPORT_TYPE, payload)?;
                // Only now: no heartbeat may name a report that was never queued.
                self.last = Some((report, digest));
                Ok(Queued { id, full: true })
            }
        }
    }

    /// The digest of the last report, when a heartbeat can stand for `report`. `wanted` is the number of the last heartbeat
    /// whose report the collector did not know.
    fn still_holds(&self, report: &Report, wanted: Option<u64>) -> Option<Digest> {
        let (last, digest) = self.last.as_ref()?;
        let elapsed = report.taken_at.seconds_since(last.taken_at);
        // A clock that went back says nothing about the time that passed: then the anchor is set anew.
        let recent = u64::try_from(elapsed).is_ok_and(|seconds| seconds < self.full_every.as_secs());
        let known = wanted.is_none_or(|heartbeat| heartbeat < last.sequence);
        (recent && known && last.same_facts(report)).then_some(*digest)
    }

    fn queue(&self, outbox: &Outbox, sequence: u64, kind: &str, payload: Vec<u8>) -> Result<(), ReportError> {
        let envelope = Envelope::sign(kind, payload, self.signer.as_ref())?;
        Ok(outbox.push(sequence, &envelope.to_bytes())?)
    }
}

#[cfg(test)]
mod tests;
