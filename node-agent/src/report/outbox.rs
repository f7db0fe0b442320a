//! The spool, shared between the one who reports and the one who sends.
//!
//! Each call holds the lock for one file operation or two. They block: a statement a minute is not worth a thread.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

use crate::spool::{Losses, Spool, SpoolError};

/// Statements on their way out.
#[derive(Debug)]
pub struct Outbox {
    spool: Mutex<Spool>,
    /// Something waits. For the one submitter.
    pub(super) arrived: Notify,
    /// Something was settled. For the one that drains.
    settled: Notify,
    /// The last heartbeat whose report the collector did not know; 0 for none.
    unknown: AtomicU64,
    wanted: Notify,
}

impl Outbox {
    /// An outbox over what the spool holds.
    pub fn new(spool: Spool) -> Self {
        Self {
            spool: Mutex::new(spool),
            arrived: Notify::new(),
            settled: Notify::new(),
            unknown: AtomicU64::new(0),
            wanted: Notify::new(),
        }
    }

    /// The number of the next statement; see [`Spool::reserve`].
    pub fn reserve(&self) -> Result<u64, SpoolError> {
        self.spool(Spool::reserve)
    }

    /// Queues an envelope under a reserved number. Durable on return.
    pub fn push(&self, sequence: u64, envelope: &[u8]) -> Result<(), SpoolError> {
        self.spool(|spool| spool.push(sequence, envelope))?;
        self.arrived.notify_one();
        Ok(())
    }

    /// How many statements wait for an acknowledgement.
    pub fn waiting(&self) -> usize {
        self.spool(|spool| spool.len())
    }

    /// What was lost since the start.
    pub fn losses(&self) -> Losses {
        self.spool(|spool| spool.losses())
    }

    /// Returns when nothing waits. For one task at a time.
    pub async fn drained(&self) {
        while self.waiting() > 0 {
            self.settled.notified().await;
        }
    }

    /// The number of the last heartbeat whose report the collector did not know.
    pub fn report_wanted(&self) -> Option<u64> {
        Some(self.unknown.load(Ordering::Relaxed)).filter(|sequence| *sequence > 0)
    }

    /// Returns when the collector asks for a full report. For one task at a time.
    pub async fn wait_until_report_wanted(&self) {
        self.wanted.notified().await;
    }

    /// The oldest statement that is not `excepted`, with its envelope. Damaged ones are set aside on the way.
    pub(super) fn next_except(&self, excepted: impl Fn(u64) -> bool) -> Option<(u64, Vec<u8>)> {
        self.spool(|spool| {
            loop {
                let sequence = spool.sequences().find(|sequence| !excepted(*sequence))?;
                if let Some(envelope) = spool.read(sequence) {
                    return Some((sequence, envelope));
                }
            }
        })
    }

    pub(super) fn acknowledge(&self, sequence: u64) {
        self.spool(|spool| spool.acknowledge(sequence));
        self.settled.notify_one();
    }

    pub(super) fn refuse(&self, sequence: u64, reason: &str) {
        self.spool(|spool| spool.refuse(sequence, reason));
        self.settled.notify_one();
    }

    /// The collector does not know the report that heartbeat `sequence` names: that heartbeat is worth nothing to it.
    pub(super) fn want_report(&self, sequence: u64) {
        self.unknown.fetch_max(sequence, Ordering::Relaxed);
        self.acknowledge(sequence);
        self.wanted.notify_one();
    }

    fn spool<R>(&self, act: impl FnOnce(&mut Spool) -> R) -> R {
        // The spool's files are whole after every step, whatever a panicking thread had begun.
        act(&mut self.spool.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
