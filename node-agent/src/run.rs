//! The agent's life: key, spool, identity, then round after round until a signal.
//!
//! ```text
//! report key ─▶ spool ─▶ join ─▶ ┌ every interval: gather ─▶ report ┐ ─▶ signal ─▶ drain ─▶ end
//!                                │ submit · stay enrolled · attest  │
//!                                └──────────────────────────────────┘
//! ```
//!
//! Everything but gathering runs on one thread, and between rounds nothing runs. Which sources there are is not known here.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use descriptors::did::Did;
use descriptors::fact::Reading;
use descriptors::id::{NodeId, SourceName};
use descriptors::proof::Signer;
use descriptors::report::Origin;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinError;
use tokio::time::{Instant, sleep_until, timeout};
use tracing::{debug, error, info};

use crate::attest::Attestor;
use crate::cause::chain;
use crate::clock;
use crate::enrol::{Files, Identity, IdentityError, Membership};
use crate::key::{self, KeyError};
use crate::peers::{self, Board};
use crate::report::{Gathered, Outbox, Reporter, SubmitSettings, Submitter};
use crate::retry::jittered;
use crate::spool::{Spool, SpoolError};
use crate::state;
use crate::supervisor::Supervisor;
use crate::tpm::Tpm;

/// Threads for what blocks: gathering, resolving the collector's name, and speaking to the TPM.
const BLOCKING_THREADS_MAX: usize = 5;

/// Shortest time from one round to the next when the collector asks for a full report: whatever it answers, the node works.
const WANTED_ROUND_AFTER: Duration = Duration::from_millis(250);

/// How long an unfinished round may hold up the end.
const LAST_ROUND_SECONDS_MAX: u64 = 1;

/// How the agent lives.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Directory of the report key, the identity and the spool.
    pub state: PathBuf,
    /// File of the join token. Needed until the node is enrolled, and again when its certificate has ended.
    pub token: PathBuf,
    /// Time from one round to the next; each is up to a tenth shorter or longer.
    pub interval: Duration,
    /// Longest time without a full report.
    pub full_every: Duration,
    /// Most that unsent statements may take on disk, in bytes.
    pub spool_bytes_max: u64,
    /// Where the facts come from.
    pub origin: Origin,
    /// The name that this machine must have enrolled with; any where it is left out.
    pub node: Option<NodeId>,
    /// Where the collector is now, `https://host:port`; where the join token said, where it is left out.
    pub address: Option<String>,
    /// How often the join token file and the certificate's age are looked at.
    pub check_every: Duration,
    /// How long waiting statements may hold up the end.
    pub drain: Duration,
    /// Which other nodes are measured, and where they find us.
    pub peers: peers::Settings,
    /// How statements are sent.
    pub submit: SubmitSettings,
    /// The chip that the report key is bound to, where there is one.
    pub tpm: Option<Tpm>,
    /// Who is told how it goes.
    pub supervisor: Arc<Supervisor>,
}

impl Settings {
    /// Settings as an operator would have them who set nothing but the two paths.
    pub fn new(state: PathBuf, token: PathBuf) -> Self {
        Self {
            state,
            token,
            interval: Duration::from_secs(60),
            full_every: Duration::from_secs(24 * 3600),
            spool_bytes_max: 64 << 20,
            origin: Origin::Real,
            node: None,
            address: None,
            check_every: Duration::from_secs(15),
            drain: Duration::from_secs(5),
            peers: peers::Settings { listen: None, nodes: BTreeMap::new(), every: Duration::from_secs(3600) },
            submit: SubmitSettings::default(),
            tpm: None,
            supervisor: Arc::default(),
        }
    }
}

/// Why the agent does not run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The state directory could not be made.
    #[error("cannot make the state directory {path}")]
    State {
        /// The directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There is no report key.
    #[error("there is no report key")]
    Key(#[from] KeyError),
    /// The spool does not open.
    #[error("there is no spool")]
    Spool(#[from] SpoolError),
    /// The stored identity is not usable.
    #[error("there is no identity")]
    Identity(#[from] IdentityError),
    /// The machine enrolled under another name than it is configured with.
    #[error("this machine is enrolled as {enrolled}, and configured as {expected}: change `node.name`, or enrol anew")]
    OtherNode {
        /// In the configuration.
        expected: NodeId,
        /// In the identity.
        enrolled: NodeId,
    },
    /// Signals cannot be received.
    #[error("cannot wait for signals")]
    Signals(#[source] io::Error),
    /// No event loop.
    #[error("cannot start the event loop")]
    Runtime(#[source] io::Error),
    /// The gathering code panicked.
    #[error("gathering crashed")]
    Gather(#[source] JoinError),
}

/// Runs the agent on this thread until SIGTERM or SIGINT. Returns soon after, even when a round hangs.
pub fn start<G>(settings: Settings, gather: G) -> Result<(), RunError>
where
    G: FnMut() -> Gathered + Send + 'static,
{
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(BLOCKING_THREADS_MAX)
        .thread_keep_alive(Duration::from_secs(1))
        .build()
        .map_err(RunError::Runtime)?;
    let end = runtime.block_on(run(settings, gather));
    runtime.shutdown_timeout(Duration::from_secs(LAST_ROUND_SECONDS_MAX));
    end
}

/// As [`start`], on a runtime that is there already.
pub async fn run<G>(settings: Settings, gather: G) -> Result<(), RunError>
where
    G: FnMut() -> Gathered + Send + 'static,
{
    let mut terminate = signal(SignalKind::terminate()).map_err(RunError::Signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(RunError::Signals)?;
    let stop = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    run_until(settings, gather, stop).await
}

/// Runs the agent until `stop` completes, then sends what waits for at most [`Settings::drain`].
///
/// `gather` runs on a thread of its own, never twice at a time.
pub async fn run_until<G>(settings: Settings, gather: G, stop: impl Future<Output = ()>) -> Result<(), RunError>
where
    G: FnMut() -> Gathered + Send + 'static,
{
    let supervisor = Arc::clone(&settings.supervisor);
    tokio::select! {
        end = live(settings, gather, stop) => end,
        never = supervisor.keep_alive() => match never {},
    }
}

async fn live<G>(settings: Settings, gather: G, stop: impl Future<Output = ()>) -> Result<(), RunError>
where
    G: FnMut() -> Gathered + Send + 'static,
{
    tokio::pin!(stop);
    state::create_directory(&settings.state)
        .map_err(|source| RunError::State { path: settings.state.clone(), source })?;
    let spool = Spool::open(&settings.state.join("spool"), settings.spool_bytes_max)?;
    let signer: Arc<dyn Signer> = Arc::new(key::load_or_create(&settings.state.join("report.key"))?);
    info!(report_key = %Did::key(&signer.public_key()), waiting = spool.len(), "the agent starts");

    let files = Files { identity: settings.state.join("identity.json"), token: settings.token.clone() };
    let mut membership = Membership::new(files, Arc::clone(&signer), settings.check_every, settings.submit.waits);
    // Before there is an identity: a node that waits for its join token is ready to take it.
    settings.supervisor.ready();
    settings.supervisor.status("waits until this machine is a node");
    let mut identity = tokio::select! {
        identity = membership.join() => identity?,
        () = &mut stop => return Ok(()),
    };
    if let Some(expected) = settings.node.filter(|expected| *expected != identity.node) {
        return Err(RunError::OtherNode { expected, enrolled: identity.node });
    }
    if let Some(address) = settings.address {
        identity.address = address;
    }
    info!(node = %identity.node, collector = identity.address, until = %identity.not_after(), "this machine is a node");
    settings.supervisor.status(&format!("reports as {}", identity.node));

    let reporter = Reporter::new(identity.node.clone(), settings.origin, Arc::clone(&signer), settings.full_every);
    let outbox = Arc::new(Outbox::new(spool));
    let (current, watched) = watch::channel(Arc::new(identity));
    let attesting = attest_where_there_is_a_chip(settings.tpm, signer, watched.clone());
    let board = (!settings.peers.nodes.is_empty()).then(|| Board::new(&settings.peers));
    let shown = watched.clone();
    let measuring = peers::run(settings.peers, board.clone().unwrap_or_default(), move || shown.borrow().credentials());
    let submitter = Submitter::new(Arc::clone(&outbox), watched, settings.submit);
    let background = async { tokio::join!(membership.keep(current), submitter.run(), measuring, attesting).0 };
    tokio::pin!(background);

    tokio::select! {
        end = rounds(&outbox, reporter, settings.interval, with_peers(gather, board)) => match end? {},
        never = &mut background => match never {},
        () = &mut stop => {}
    }
    settings.supervisor.stopping();
    tokio::select! {
        _ = timeout(settings.drain, outbox.drained()) => {}
        never = &mut background => match never {},
    }
    info!(waiting = outbox.waiting(), "the agent ends; what waits is sent after the next start");
    Ok(())
}

async fn attest_where_there_is_a_chip(
    tpm: Option<Tpm>,
    signer: Arc<dyn Signer>,
    identity: watch::Receiver<Arc<Identity>>,
) -> Infallible {
    match tpm {
        Some(tpm) => Attestor::new(tpm, signer, identity).run().await,
        None => std::future::pending().await,
    }
}

/// What is measured all the time joins what is read in a round.
fn with_peers<G>(mut gather: G, board: Option<Board>) -> impl FnMut() -> Gathered + Send + 'static
where
    G: FnMut() -> Gathered + Send + 'static,
{
    move || {
        let (mut facts, boot_id) = gather();
        if let (Some(board), Ok(name)) = (&board, SourceName::new(peers::NAME)) {
            facts.insert(name, Reading::Present(board.fact().into()));
        }
        (facts, boot_id)
    }
}

/// Gathers and reports, for ever.
async fn rounds<G>(
    outbox: &Outbox,
    mut reporter: Reporter,
    interval: Duration,
    mut gather: G,
) -> Result<Infallible, RunError>
where
    G: FnMut() -> Gathered + Send + 'static,
{
    loop {
        let began = Instant::now();
        let round = tokio::task::spawn_blocking(move || {
            let gathered = gather();
            (gather, gathered)
        });
        let (returned, gathered) = round.await.map_err(RunError::Gather)?;
        gather = returned;
        match reporter.report(outbox, clock::now(), gathered) {
            Ok(queued) => debug!(id = %queued.id, full = queued.full, took = ?began.elapsed(), "a round is done"),
            Err(error) => error!(error = chain(&error), "a round left no statement"),
        }
        tokio::select! {
            () = sleep_until(began + jittered(interval)) => {}
            () = outbox.wait_until_report_wanted() => {
                debug!("the collector wants a full report");
                sleep_until(began + WANTED_ROUND_AFTER.min(interval)).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use descriptors::fact::{AbsenceReason, Fact};

    use super::*;

    #[test]
    fn what_is_measured_is_reported_where_there_is_somebody_to_measure() {
        let gather = || (BTreeMap::new(), Reading::absent(AbsenceReason::NotPresent, "boot_id"));
        let name = SourceName::new(peers::NAME).unwrap();
        let nodes = BTreeMap::from([(NodeId::new("b").unwrap(), "192.0.2.2:7445".to_owned())]);
        let settings = peers::Settings { listen: None, nodes, every: Duration::from_secs(3600) };
        let (facts, _) = with_peers(gather, Some(Board::new(&settings)))();
        assert!(matches!(&facts[&name], Reading::Present(Fact::Peers(fact)) if fact.peers.len() == 1));
        assert!(with_peers(gather, None)().0.is_empty());
    }
}
