//! How far other nodes are: the shortest round trip to each over a connection of our own.
//!
//! ```text
//!   a ── TLS 1.3, both certificates of the collector's authority ──▶ b
//!     ── 32 random bytes ──▶  ◀── the same ──      so many times, the shortest counts
//! ```
//!
//! A signal is not faster than light, so a short round trip shows that two nodes are near each other. A long one shows
//! nothing: a slow path, a busy machine and a wide detour look the same. The shortest of all since the agent started is kept
//! and rounded up, so that the fact says "at most" and does not change from round to round. Who the peers are is said in the
//! configuration; what a distance means for a claim is not known here.
//!
//! Whoever has a node's certificate can lend it to a machine that is nearer, or answer late: a short round trip tells of the
//! key's holder, and a late answer is only a weaker "at most". Whoever else connects gets a failed handshake. Everything is
//! bounded: connections at once and per second, the time and the echoes of each.

mod echo;
mod tls;

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use descriptors::fact::peers::{Peer, PeersFact, RoundTrip};
use descriptors::fact::{AbsenceReason, Reading};
use descriptors::id::NodeId;
use rustls::pki_types::ServerName;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_rustls::{TlsAcceptor, TlsConnector};
use tracing::{debug, info, warn};

pub use tls::{Credentials, TlsError};

use crate::cause::chain;
use crate::retry::jittered;
use tls::Tls;

/// Name of the fact in reports.
pub const NAME: &str = "peers";

/// Longest time for one peer: connection, handshake and all echoes.
const PEER_TIME_MAX: Duration = Duration::from_secs(5);

/// Most peers that are answered at once.
const CONNECTIONS_MAX: usize = 32;

/// From one accepted connection to the next, so that handshakes cost little whoever connects.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

/// Until the next look at an address that could not be bound.
const BIND_PAUSE: Duration = Duration::from_secs(30);

/// Whom to measure, and where to answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Where other nodes find us; without it nobody is answered.
    pub listen: Option<SocketAddr>,
    /// `host:port` of each peer.
    pub nodes: BTreeMap<NodeId, String>,
    /// Time from one measurement to the next.
    pub every: Duration,
}

impl Settings {
    /// Whether anything is to be done.
    pub fn is_empty(&self) -> bool {
        self.listen.is_none() && self.nodes.is_empty()
    }
}

/// What was measured so far.
#[derive(Debug, Clone, Default)]
pub struct Board(Arc<Mutex<BTreeMap<NodeId, Measured>>>);

/// The shortest round trip since the start, and what came of the last attempt.
#[derive(Debug, Clone)]
struct Measured {
    shortest: Option<Duration>,
    last: Reading<()>,
}

impl Board {
    /// Every peer of `settings`, not yet measured.
    pub fn new(settings: &Settings) -> Self {
        let unmeasured = || Reading::absent(AbsenceReason::NotPresent, "not measured yet");
        let nodes = settings.nodes.keys();
        Self(Arc::new(Mutex::new(
            nodes.map(|node| (node.clone(), Measured { shortest: None, last: unmeasured() })).collect(),
        )))
    }

    /// What is to be reported now.
    pub fn fact(&self) -> PeersFact {
        let measured = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let peer = |(node, measured): (&NodeId, &Measured)| Peer {
            node: node.clone(),
            round_trip: measured.last.clone().and_then(|()| match measured.shortest {
                Some(shortest) => Reading::Present(RoundTrip { us_max: coarse(shortest), samples: echo::SAMPLES }),
                None => Reading::absent(AbsenceReason::NotPresent, "not measured yet"),
            }),
        };
        PeersFact { peers: measured.iter().map(peer).collect() }
    }

    fn put(&self, node: &NodeId, outcome: Result<Duration, Failure>) {
        let mut measured = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(entry) = measured.get_mut(node) else { return };
        match outcome {
            Ok(taken) => {
                entry.shortest = Some(entry.shortest.map_or(taken, |shortest| shortest.min(taken)));
                entry.last = Reading::Present(());
            }
            Err(failure) => entry.last = failure.reading(),
        }
    }
}

/// Microseconds, rounded up to 1, 2 or 5 times a power of ten.
fn coarse(taken: Duration) -> u32 {
    let taken = u64::try_from(taken.as_nanos().div_ceil(1000)).unwrap_or(u64::MAX);
    let decades = (0..9).map(|power| 10_u32.pow(power));
    let mut steps = decades.flat_map(|decade| [decade, 2 * decade, 5_u32.saturating_mul(decade)]);
    steps.find(|step| u64::from(*step) >= taken).unwrap_or(u32::MAX)
}

/// Why a peer was not measured.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("cannot connect to {address}")]
    Connect { address: String, source: io::Error },
    #[error("{address} is not the node {node}")]
    Handshake { address: String, node: NodeId, source: io::Error },
    #[error("{address} does not answer as a peer")]
    Echo { address: String, source: io::Error },
    #[error("{address} did not answer within {} s", PEER_TIME_MAX.as_secs())]
    Late { address: String },
    #[error("our own certificate cannot be used")]
    Own(#[from] TlsError),
}

impl Failure {
    /// Without what the system said, which may change from round to round.
    fn reading(&self) -> Reading<()> {
        let reason = match self {
            Self::Connect { .. } => AbsenceReason::NotPresent,
            Self::Handshake { .. } => AbsenceReason::NotPermitted,
            Self::Echo { .. } | Self::Own(_) => AbsenceReason::Malformed,
            Self::Late { .. } => AbsenceReason::TimedOut,
        };
        Reading::absent(reason, self.to_string())
    }
}

/// Measures and answers, for ever. `credentials` gives the certificate of now.
pub async fn run<C>(settings: Settings, board: Board, credentials: C) -> Infallible
where
    C: Fn() -> Credentials,
{
    let (answered, measured) =
        tokio::join!(answer(settings.listen, &credentials), measure(&settings, &board, &credentials));
    match (answered, measured) {}
}

async fn measure<C: Fn() -> Credentials>(settings: &Settings, board: &Board, credentials: &C) -> Infallible {
    let mut tls = tls::Kept::default();
    loop {
        for (node, address) in &settings.nodes {
            let outcome = match tls.of(&credentials()) {
                Ok(tls) => match timeout(PEER_TIME_MAX, distance(&tls, node, address)).await {
                    Ok(outcome) => outcome,
                    Err(_) => Err(Failure::Late { address: address.clone() }),
                },
                Err(error) => Err(error.into()),
            };
            match &outcome {
                Ok(taken) => debug!(%node, ?taken, "a peer was measured"),
                Err(failure) => debug!(%node, error = chain(failure), "a peer was not measured"),
            }
            board.put(node, outcome);
        }
        sleep(jittered(settings.every)).await;
    }
}

async fn distance(tls: &Tls, node: &NodeId, address: &str) -> Result<Duration, Failure> {
    let connect = |source| Failure::Connect { address: address.to_owned(), source };
    let tcp = TcpStream::connect(address).await.map_err(connect)?;
    tcp.set_nodelay(true).map_err(connect)?;
    let handshake = |source| Failure::Handshake { address: address.to_owned(), node: node.clone(), source };
    // Nodes are named by their certificates and not by DNS; the name is only what the protocol asks for.
    let name = ServerName::from(tcp.peer_addr().map_err(connect)?.ip());
    let mut stream = TlsConnector::from(tls.client(node)?).connect(name, tcp).await.map_err(handshake)?;
    echo::measure(&mut stream).await.map_err(|source| Failure::Echo { address: address.to_owned(), source })
}

async fn answer<C: Fn() -> Credentials>(listen: Option<SocketAddr>, credentials: &C) -> Infallible {
    let Some(address) = listen else { return std::future::pending().await };
    let listener = loop {
        match TcpListener::bind(address).await {
            Ok(listener) => break listener,
            Err(error) => warn!(%address, error = chain(&error), "peers are not answered; trying again"),
        }
        sleep(BIND_PAUSE).await;
    };
    info!(%address, "peers are answered");
    answer_on(listener, credentials).await
}

/// Answers on a socket that is open already.
pub async fn answer_on<C: Fn() -> Credentials>(listener: TcpListener, credentials: &C) -> Infallible {
    let connections = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut tls = tls::Kept::default();
    loop {
        let permit = Arc::clone(&connections).acquire_owned().await;
        let accepted = listener.accept().await;
        match (accepted, tls.of(&credentials())) {
            (Ok((tcp, from)), Ok(tls)) => {
                tokio::spawn(async move {
                    let served = timeout(PEER_TIME_MAX, serve(&tls, tcp)).await;
                    drop(permit);
                    if let Ok(Err(error)) = served {
                        debug!(%from, error = chain(&error), "a peer was not answered");
                    }
                });
            }
            (Err(error), _) => warn!(error = chain(&error), "a connection could not be accepted"),
            (_, Err(error)) => warn!(error = chain(&error), "peers cannot be answered"),
        }
        sleep(ACCEPT_PAUSE).await;
    }
}

async fn serve(tls: &Tls, tcp: TcpStream) -> io::Result<()> {
    tcp.set_nodelay(true)?;
    let mut stream = TlsAcceptor::from(tls.server()).accept(tcp).await?;
    echo::answer(&mut stream).await
}

#[cfg(test)]
mod tests;
