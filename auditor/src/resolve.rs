//! `avow verify --resolve`: fetches what a credential rests on and nobody handed in, and checks once more.
//!
//! Verification itself never fetches: it says what it missed, that is fetched here under the rules of [`fetch`](crate::fetch),
//! and then it judges the same files again. So a verdict rests on bytes that have a digest, and that can be kept. Nothing is
//! fetched for a document that is refuted already; DID documents come first, so that nobody is asked for the status of a
//! credential whose signature is bad. What deserves trust is not decided here.
//!
//! Whoever holds the name or the certificate of a did:web's host decides which keys speak for it.

pub mod kept;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use descriptors::digest::Digest;
use descriptors::timestamp::Timestamp;
use descriptors::verify::{Outcome, Report};
use serde::Serialize;

use crate::credential::{AtHand, AtHandError, Holdings, Missed, clock};
use crate::fetch::anchors::{Anchors, AnchorsError};
use crate::fetch::network::Network;
use crate::fetch::{Fetcher, SystemNames};

/// Most documents that are fetched for one file.
pub const FETCHES_MAX: usize = 32;
/// How long fetching may go on for one file.
pub const ALL_DEADLINE: Duration = Duration::from_secs(30);

/// What may be fetched, and under which rules.
#[derive(Debug, Default, clap::Args)]
pub struct OverNetwork {
    /// Of a credential: fetch what it rests on and is not at hand: documents of did:web, status lists, and certificate chains
    /// where they are asked for
    #[arg(long)]
    pub resolve: bool,
    /// With --resolve: the roots (PEM) that TLS may end in; default: those of this system
    #[arg(long, value_name = "FILE", requires = "resolve")]
    pub ca: Option<PathBuf>,
    /// With --resolve: a network that is not public and may be fetched from all the same, as 10.0.0.0/8; may be repeated
    #[arg(long, value_name = "CIDR", requires = "resolve")]
    pub allow_network: Vec<Network>,
    /// With --resolve: keep what was fetched in a new directory, for `--kept DIR`
    #[arg(long, value_name = "DIR", requires = "resolve")]
    pub keep: Option<PathBuf>,
}

/// Why nothing could be checked. Nothing is said of the credential.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    /// The files at hand cannot be used.
    #[error(transparent)]
    AtHand(#[from] AtHandError),
    /// There are no roots.
    #[error("nothing can be fetched")]
    Anchors(#[from] AnchorsError),
    /// What was fetched cannot be kept.
    #[error(transparent)]
    Keep(#[from] kept::KeptError),
}

/// What was fetched, or why it was not.
#[derive(Debug, Clone, Serialize)]
pub struct Attempt {
    /// What.
    pub what: Missed,
    /// From where.
    pub address: String,
    /// When.
    pub at: Timestamp,
    /// What came of it.
    #[serde(flatten)]
    pub came: Came,
}

/// What came of an attempt.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum Came {
    /// Bytes.
    Fetched {
        /// Their SHA-256.
        digest: Digest,
        /// The bytes.
        #[serde(skip)]
        bytes: Vec<u8>,
    },
    /// Nothing.
    NotFetched {
        /// Why.
        not_fetched: String,
    },
}

/// A report, and what was fetched for it.
#[derive(Debug, Serialize)]
pub struct Resolved {
    /// What was found.
    #[serde(flatten)]
    pub report: Report,
    /// Everything that was asked for, in order.
    #[serde(rename = "fetched", skip_serializing_if = "Vec::is_empty")]
    pub attempts: Vec<Attempt>,
}

/// Checks a credential or a presentation as the command line asks.
pub fn verify(bytes: &[u8], at_hand: &AtHand, network: &OverNetwork) -> Result<Resolved, ResolveError> {
    let mut holdings = Holdings::read(at_hand)?;
    if !network.resolve {
        let (report, _) = holdings.verify(bytes)?;
        return Ok(Resolved { report, attempts: Vec::new() });
    }
    // Before anybody is asked for anything.
    let place = network.keep.as_deref().map(kept::create).transpose()?;
    let anchors = network.ca.as_deref().map_or_else(Anchors::of_system, Anchors::read)?;
    let fetcher = Fetcher::new(anchors, SystemNames, network.allow_network.clone());
    let done = resolve(bytes, &mut holdings, &fetcher)?;
    if let Some(place) = place {
        kept::write(place, &done.attempts)?;
    }
    Ok(done)
}

/// Checks what is in `holdings`, fetches what was missed, and checks again, until nothing is missed that could be had.
pub fn resolve(bytes: &[u8], holdings: &mut Holdings, fetcher: &Fetcher) -> Result<Resolved, ResolveError> {
    let begin = Instant::now();
    let mut attempts: Vec<Attempt> = Vec::new();
    loop {
        let (report, missed) = holdings.verify(bytes)?;
        let wanted = next(&missed, &attempts, holdings);
        if wanted.is_empty() || report.outcome() == Outcome::Failed {
            return Ok(Resolved { report, attempts });
        }
        for what in wanted {
            let (address, at) = (what.address(), clock()?);
            let came = if attempts.len() >= FETCHES_MAX {
                not_fetched(format!("one file may ask for {FETCHES_MAX} documents"))
            } else if begin.elapsed() >= ALL_DEADLINE {
                not_fetched(format!("fetching for one file may take {} s", ALL_DEADLINE.as_secs()))
            } else {
                match fetcher.fetch(&address) {
                    Ok(bytes) => Came::Fetched { digest: Digest::of(&bytes), bytes },
                    Err(error) => not_fetched(format!("{:#}", anyhow::Error::new(error))),
                }
            };
            if let Came::Fetched { bytes, .. } = &came {
                holdings.add(&what, bytes.clone(), at);
            }
            attempts.push(Attempt { what, address, at, came });
        }
    }
}

fn not_fetched(why: String) -> Came {
    Came::NotFetched { not_fetched: why }
}

/// What to ask for now, of one kind: the later kinds only matter when the earlier ones did not decide.
fn next(missed: &BTreeSet<Missed>, attempts: &[Attempt], holdings: &Holdings) -> Vec<Missed> {
    let untried = missed.iter().filter(|what| attempts.iter().all(|attempt| attempt.what != **what));
    let asked = untried.filter(|what| !matches!(what, Missed::Chain(_)) || holdings.asks_for_chains());
    let asked: Vec<&Missed> = asked.collect();
    let first = asked.first().map(|what| std::mem::discriminant(*what));
    asked.into_iter().filter(|what| Some(std::mem::discriminant(*what)) == first).cloned().collect()
}

/// Every attempt as a line of text.
pub fn render(attempts: &[Attempt]) -> String {
    let mut text = String::new();
    for Attempt { address, at, came, .. } in attempts {
        let _ = match came {
            Came::Fetched { digest, bytes } => {
                writeln!(text, "fetched      {address} at {at}: {} bytes, {digest}", bytes.len())
            }
            Came::NotFetched { not_fetched } => writeln!(text, "not fetched  {address}: {not_fetched}"),
        };
    }
    text
}
