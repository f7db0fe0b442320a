//! The loop that keeps verdicts and credentials true: read what is known, audit it, describe it, sign what changed, store.
//!
//! ```text
//!   a statement is stored ──▶ wait until it settles ─┐
//!   the interval is over ────────────────────────────┴─▶ read ─▶ audit ─▶ describe ─▶ sign ─▶ store ─▶ status lists
//!                                                           └──────── a failure is kept and shown, never fatal
//! ```
//!
//! "Could not check" is never "fine": the last outcome stays with its own time, the failure stands beside it, and
//! credentials that are not renewed run out by themselves. How a verdict is found is not known here.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use descriptors::canonical;
use descriptors::timestamp::Timestamp;
use independence::{Audit, AuditError};
use tokio::sync::watch;

use crate::cause::chain;
use crate::describe::{self, DescribeError};
use crate::sign::Issuer;
use crate::status::{self, PublishError, Reserved, TakeError};
use crate::store::{Document, Issued, PublishedList, SharedStore, StoreError};
use crate::topology::{Reader, Topology, TopologyError};

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// How often, and for how long.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// After a change, wait so long for more.
    pub settle: Duration,
    /// Look again after so long, whatever happens: reports become stale by themselves.
    pub interval: Duration,
    /// Life of a credential, in seconds.
    pub validity_seconds: i64,
}

/// Everything that one run rested on and found: consistent, and of one instant.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// What was known.
    pub topology: Topology,
    /// What was found; none before there is a declaration.
    pub audit: Option<Audit>,
    /// The credentials that are current since.
    pub credentials: Vec<Issued>,
    /// The status lists that they name.
    pub status_lists: Vec<PublishedList>,
}

/// Why a run failed.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// It cannot be told what is known.
    #[error("the evidence could not be read")]
    Topology(#[from] TopologyError),
    /// The audit could not be done.
    #[error("the claims could not be checked")]
    Audit(#[from] AuditError),
    /// The audit crashed.
    #[error("the audit crashed")]
    Crashed(#[source] tokio::task::JoinError),
    /// The audit has no canonical form.
    #[error("the audit has no canonical form")]
    Canonical(#[from] canonical::WriteError),
    /// Nothing could be signed.
    #[error("the credentials could not be issued")]
    Describe(#[from] DescribeError),
    /// No place for a credential.
    #[error("the credentials got no places in status lists")]
    Places(#[from] TakeError),
    /// The status lists could not be published.
    #[error("the status lists could not be published")]
    Publish(#[from] PublishError),
    /// The store failed.
    #[error("the outcome could not be stored")]
    Store(#[from] StoreError),
}

/// How the loop stands.
#[derive(Debug, Clone, Default)]
pub struct Standing {
    /// The last run that succeeded.
    pub outcome: Option<Arc<Outcome>>,
    /// Why the last run failed, if it did.
    pub failure: Option<Failure>,
    /// Runs so far.
    pub runs: u64,
    /// Runs that failed.
    pub failures: u64,
}

/// A run that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// When.
    pub at: Timestamp,
    /// Why, with all causes.
    pub why: String,
}

/// Audits one store.
pub struct Auditor {
    store: SharedStore,
    issuer: Issuer,
    settings: Settings,
    clock: Clock,
    reader: Reader,
    standing: Mutex<Standing>,
    running: tokio::sync::Mutex<()>,
}

impl Auditor {
    /// Makes an auditor; nothing runs yet.
    pub fn new(store: SharedStore, issuer: Issuer, settings: Settings, clock: Clock) -> Self {
        let (reader, standing, running) = Default::default();
        Self { store, issuer, settings, clock, reader, standing, running }
    }

    /// How the loop stands.
    pub fn standing(&self) -> Standing {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What is known at this very moment, whatever the loop does.
    pub async fn topology(&self) -> Result<Topology, TopologyError> {
        self.reader.read(self.store.as_ref(), &self.issuer.signer.public_key(), (self.clock)()).await
    }

    /// Runs until `stop` is done, whenever `changes` changes. A failure is logged, counted and kept; the next run comes at
    /// its time.
    pub async fn run(&self, mut changes: watch::Receiver<u64>, stop: impl Future<Output = ()>) {
        let mut stop = std::pin::pin!(stop);
        loop {
            // What changes while this run reads may be missed by it: it counts as seen from before the run on.
            changes.mark_unchanged();
            // Nothing here acts upon the outcome: it is kept in the standing.
            let _ = self.once().await;
            let woken = async {
                tokio::select! {
                    () = changed(&mut changes) => tokio::time::sleep(self.settings.settle).await,
                    () = tokio::time::sleep(self.settings.interval) => {}
                }
            };
            tokio::select! {
                () = &mut stop => return,
                () = woken => {}
            }
        }
    }

    /// One run. Runs never overlap.
    pub async fn once(&self) -> Result<Arc<Outcome>, Arc<RunError>> {
        let _alone = self.running.lock().await;
        let result = self.attempt().await.map(Arc::new).map_err(Arc::new);
        let mut standing = self.standing.lock().unwrap_or_else(PoisonError::into_inner);
        standing.runs += 1;
        match &result {
            Ok(outcome) => {
                standing.outcome = Some(Arc::clone(outcome));
                standing.failure = None;
            }
            Err(error) => {
                let why = chain(error.as_ref());
                tracing::error!(error = %why, "claims were not checked");
                standing.failures += 1;
                standing.failure = Some(Failure { at: (self.clock)(), why });
            }
        }
        result
    }

    async fn attempt(&self) -> Result<Outcome, RunError> {
        let topology = self.topology().await?;
        let now = topology.as_of;
        let audit = match topology.evidence() {
            Some(evidence) => {
                let found = tokio::task::spawn_blocking(move || independence::audit(&evidence));
                Some(found.await.map_err(RunError::Crashed)??)
            }
            None => None,
        };
        if let Some(audit) = &audit {
            self.store.put_document(Document::Audit, canonical::to_vec(audit)?).await?;
        }
        let current = self.store.credentials().await?;
        let said = describe::said(&self.issuer.base, &topology, audit.as_ref())?;
        let plan = describe::plan(&self.issuer, said, &current, now)?;
        let (issued, retired) = (plan.due.len(), plan.retire.len());
        if retired > 0 {
            self.store.retire_credentials(plan.retire, now).await?;
        }
        if issued > 0 {
            let reserved = Reserved::take(self.store.as_ref(), &self.issuer, issued).await?;
            let life = self.settings.validity_seconds;
            self.store.put_credentials(describe::issue(&self.issuer, plan.due, &reserved, now, life)?).await?;
        }
        let lists = status::publish(self.store.as_ref(), &self.issuer, now).await?;
        if issued + retired + lists > 0 {
            tracing::info!(issued, retired, lists, nodes = topology.nodes.len(), "credentials changed");
        }
        let credentials = self.store.credentials().await?;
        let status_lists = status::lists_of(self.store.as_ref(), &credentials).await?;
        Ok(Outcome { topology, audit, credentials, status_lists })
    }
}

/// Until there is a change; for ever where nobody is left who could tell of one.
async fn changed(changes: &mut watch::Receiver<u64>) {
    if changes.changed().await.is_err() {
        std::future::pending().await
    }
}

#[cfg(test)]
mod tests;
