//! `avow verify` of one credential or presentation, from what is at hand: what is not could not be checked.
//!
//! The rules are those of `descriptors::verify`; here its inputs are read from files, and its report becomes text. Which of
//! the files deserve trust is the caller's decision, and nothing is fetched: what was missed is said, and
//! [`resolve`](crate::resolve) may go and get it.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::{SystemTime, UNIX_EPOCH};

use descriptors::canonical;
use descriptors::certificate::{Chain, ChainError, Roots};
use descriptors::did::Did;
use descriptors::digest::Digest;
use descriptors::json_ld::{self, Contexts};
use descriptors::target::Target;
use descriptors::timestamp::Timestamp;
use descriptors::verify::{Held, HeldList, Outcome, Policy, Profile, Report, Resolution, Verifier};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::resolve::kept;
use crate::verify::Ending;

/// What a credential may rest on.
#[derive(Debug, Default, clap::Args)]
pub struct AtHand {
    /// Of a credential: the DID document of an issuer; may be repeated
    #[arg(long, value_name = "FILE")]
    did_document: Vec<PathBuf>,
    /// Of a credential: the certificate chain (PEM) that is published at an address; may be repeated
    #[arg(long, value_name = "ADDRESS=FILE")]
    chain: Vec<Published>,
    /// Of a credential: root certificates (PEM) in which chains may end; may be repeated
    #[arg(long, value_name = "FILE")]
    root: Vec<PathBuf>,
    /// Of a credential: the status list that is published at an address; may be repeated
    #[arg(long, value_name = "ADDRESS=FILE")]
    status_list: Vec<Published>,
    /// Of a credential: a JSON-LD context beside the W3C's; may be repeated
    #[arg(long, value_name = "IRI=FILE")]
    context: Vec<Published>,
    /// Of a credential: whose rules hold (danube, loire, xfsc, tagus, w3c-rdfc, w3c-jcs); default: what any of them takes
    #[arg(long)]
    target: Option<Target>,
    /// Of a credential: the time at which it is to hold, RFC 3339; default: now
    #[arg(long)]
    at: Option<Timestamp>,
    /// Of a credential: what an earlier `--resolve --keep DIR` fetched; may be repeated
    #[arg(long, value_name = "DIR")]
    kept: Vec<PathBuf>,
}

/// A file, and the address at which others find it.
#[derive(Debug, Clone)]
struct Published {
    address: String,
    file: PathBuf,
}

impl FromStr for Published {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (address, file) = text.rsplit_once('=').ok_or("write the address, `=`, and the file")?;
        Ok(Self { address: address.to_owned(), file: file.into() })
    }
}

/// Why the files at hand cannot be used. Nothing is said of the credential.
#[derive(Debug, thiserror::Error)]
pub enum AtHandError {
    /// A file cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A DID document that is not strict JSON.
    #[error("{} is no DID document", path.display())]
    Document {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: canonical::ReadError,
    },
    /// A DID document that does not say whose it is.
    #[error("{} is no DID document: it has no `id`", .0.display())]
    NoId(PathBuf),
    /// A file of root certificates that is none.
    #[error("{} holds no root certificates", path.display())]
    Root {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: ChainError,
    },
    /// A context that is none.
    #[error("a context cannot be used")]
    Context(#[from] json_ld::DocumentError),
    /// A directory of fetched documents that is none, or was changed.
    #[error(transparent)]
    Kept(#[from] kept::KeptError),
    /// The clock of this machine is before 1970 or after 9999.
    #[error("the clock of this machine is wrong: give the time with --at")]
    Clock,
}

/// Whether the bytes are a bundle: every other file is taken for a credential.
pub fn is_bundle(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK")
}

/// What a credential names, and verification did not find at hand.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Missed {
    /// The document of a did:web.
    DidDocument(Did),
    /// The certificate chain at an address.
    Chain(String),
    /// The status list at an address.
    StatusList(String),
}

impl Missed {
    /// Where it lies.
    pub fn address(&self) -> String {
        match self {
            Self::DidDocument(did) => did.document_address().unwrap_or_else(|| did.to_string()),
            Self::Chain(address) | Self::StatusList(address) => address.clone(),
        }
    }
}

/// What verification rests on, in memory: from files, and perhaps from elsewhere.
#[derive(Debug)]
pub struct Holdings {
    policy: Policy,
    contexts: BTreeMap<String, Vec<u8>>,
    documents: BTreeMap<String, Found>,
    chains: BTreeMap<String, Vec<u8>>,
    lists: BTreeMap<String, HeldList>,
    roots: Roots,
}

/// A DID document as JSON, or why what was found is none.
type Found = Result<Value, String>;

impl Holdings {
    /// Reads the files.
    pub fn read(at_hand: &AtHand) -> Result<Self, AtHandError> {
        let now = at_hand.at.map_or_else(clock, Ok)?;
        let policy = Policy::at(now);
        let lists = published(&at_hand.status_list)?.into_iter();
        let mut holdings = Self {
            policy: at_hand.target.map_or(policy.clone(), |target| policy.for_target(target)),
            contexts: published(&at_hand.context)?,
            documents: documents(&at_hand.did_document)?,
            chains: published(&at_hand.chain)?,
            lists: lists.map(|(address, bytes)| (address, list(bytes, None))).collect(),
            roots: roots(&at_hand.root)?,
        };
        for directory in &at_hand.kept {
            for (what, bytes, fetched_at) in kept::read(directory)? {
                holdings.add(&what, bytes, fetched_at);
            }
        }
        Ok(holdings)
    }

    /// Adds what was fetched; what was handed in as a file stays.
    pub fn add(&mut self, what: &Missed, bytes: Vec<u8>, fetched_at: Timestamp) {
        match what {
            Missed::DidDocument(did) => {
                let document = canonical::parse(&bytes).map_err(|error| format!("{:#}", anyhow::Error::new(error)));
                self.documents.entry(did.to_string()).or_insert(document);
            }
            Missed::Chain(address) => {
                self.chains.entry(address.clone()).or_insert(bytes);
            }
            Missed::StatusList(address) => {
                self.lists.entry(address.clone()).or_insert_with(|| list(bytes, Some(fetched_at)));
            }
        }
    }

    /// Whether the rules ask for the certificates of a key, or roots were handed in for them.
    pub fn asks_for_chains(&self) -> bool {
        let of_target = match self.policy.profile {
            Profile::Any => false,
            Profile::Of(target) => target.asks_for_chain(),
        };
        of_target || self.roots != Roots::default()
    }

    /// Checks a credential or a presentation, and says what was missed.
    pub fn verify(&self, bytes: &[u8]) -> Result<(Report, BTreeSet<Missed>), AtHandError> {
        let borrowed = self.contexts.iter().map(|(address, bytes)| (address.clone(), bytes.as_slice()));
        let contexts = Contexts::with_w3c(borrowed)?;
        let missed = RefCell::new(BTreeSet::new());
        let miss = |what: Missed| missed.borrow_mut().insert(what);
        let held = Held {
            document: &|did| match self.documents.get(did.as_str()) {
                Some(Ok(document)) => Resolution::read(did, Some(document)),
                Some(Err(fault)) => Resolution::Bad(fault.clone()),
                None => {
                    miss(Missed::DidDocument(did.clone()));
                    Resolution::read(did, None)
                }
            },
            chain: &|address| {
                let chain = self.chains.get(address).cloned();
                if chain.is_none() {
                    miss(Missed::Chain(address.to_owned()));
                }
                chain
            },
            roots: &self.roots,
            list: &|address| {
                let list = self.lists.get(address).cloned();
                if list.is_none() {
                    miss(Missed::StatusList(address.to_owned()));
                }
                list
            },
            contexts: &contexts,
        };
        // Editors end a file with a line feed, which is no part of a compact JWS.
        let report = Verifier::new(&self.policy, &held).verify(bytes.trim_ascii());
        Ok((report, missed.take()))
    }
}

/// Checks a credential or a presentation from files alone.
pub fn verify(bytes: &[u8], at_hand: &AtHand) -> Result<Report, AtHandError> {
    Ok(Holdings::read(at_hand)?.verify(bytes)?.0)
}

/// How a report ends, as an exit code. `pinned` is the issuer that the reader expects.
pub fn ending(report: &Report, pinned: Option<&Did>) -> Ending {
    let is_other = pinned.is_some_and(|pinned| report.issuer.as_ref() != Some(pinned));
    match report.outcome() {
        Outcome::Failed => Ending::Corrupt,
        _ if is_other => Ending::Corrupt,
        Outcome::NotChecked => Ending::Undetermined,
        Outcome::Passed => Ending::Holds,
    }
}

/// The report as text: every check with what it rests on, or what was found.
pub fn render(name: &str, report: &Report, pinned: Option<&Did>) -> String {
    let issuer = report.issuer.as_ref().map_or_else(|| "nobody".to_owned(), Did::to_string);
    let mut text = format!("{name}: signed, by its own word, by {issuer}\n\n");
    write_checks(report, 1, &mut text);
    if let Some(pinned) = pinned.filter(|pinned| report.issuer.as_ref() != Some(*pinned)) {
        let _ = writeln!(text, "  BAD      pinned     the issuer is {issuer}, expected {pinned}");
    }
    text.push_str(match ending(report, pinned) {
        Ending::Holds => "\nGood: every check passed.\n",
        Ending::Undetermined => "\nNot decided: nothing is bad, and something could not be checked.\n",
        Ending::Refuted | Ending::Corrupt => "\nBad: do not rely on this document.\n",
    });
    text
}

fn write_checks(report: &Report, level: usize, text: &mut String) {
    let indent = "  ".repeat(level);
    for check in &report.checks {
        let mark = match check.outcome {
            Outcome::Passed => "ok     ",
            Outcome::NotChecked => "unknown",
            Outcome::Failed => "BAD    ",
        };
        let name = check.name.as_str();
        if check.findings.is_empty() {
            let _ = writeln!(text, "{indent}{mark}  {name:10} {}", check.rests_on);
        }
        for finding in &check.findings {
            let place = if finding.path.is_empty() { String::new() } else { format!("{}: ", finding.path) };
            let _ = writeln!(text, "{indent}{mark}  {name:10} {place}{}; {}", finding.problem, finding.remedy);
        }
    }
    for (at, inner) in report.credentials.iter().enumerate() {
        let _ = writeln!(text, "{indent}credential {at}:");
        write_checks(inner, level + 1, text);
    }
}

fn read(path: &Path) -> Result<Vec<u8>, AtHandError> {
    std::fs::read(path).map_err(|source| AtHandError::Read { path: path.to_owned(), source })
}

fn published(files: &[Published]) -> Result<BTreeMap<String, Vec<u8>>, AtHandError> {
    files.iter().map(|published| Ok((published.address.clone(), read(&published.file)?))).collect()
}

fn list(bytes: Vec<u8>, fetched_at: Option<Timestamp>) -> HeldList {
    HeldList { bytes: bytes.trim_ascii().to_vec(), fetched_at }
}

fn documents(files: &[PathBuf]) -> Result<BTreeMap<String, Found>, AtHandError> {
    let mut documents = BTreeMap::new();
    for path in files {
        let document = canonical::parse(&read(path)?);
        let document = document.map_err(|source| AtHandError::Document { path: path.clone(), source })?;
        let id = document.get("id").and_then(Value::as_str).ok_or_else(|| AtHandError::NoId(path.clone()))?;
        documents.insert(id.to_owned(), Ok(document.clone()));
    }
    Ok(documents)
}

fn roots(files: &[PathBuf]) -> Result<Roots, AtHandError> {
    let mut digests: Vec<Digest> = Vec::new();
    for path in files {
        let chain = Chain::from_pem(&read(path)?);
        let chain = chain.map_err(|source| AtHandError::Root { path: path.clone(), source })?;
        digests.extend(chain.der().map(Digest::of));
    }
    Ok(Roots::from_digests(digests))
}

pub(crate) fn clock() -> Result<Timestamp, AtHandError> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).map_err(|_| AtHandError::Clock)?;
    let seconds = i64::try_from(since.as_secs()).map_err(|_| AtHandError::Clock)?;
    Timestamp::from_unix(seconds).map_err(|_| AtHandError::Clock)
}
