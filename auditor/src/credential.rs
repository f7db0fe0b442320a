//! `avow verify` of one credential or presentation, from files alone: what is not at hand could not be checked.
//!
//! The rules are those of `descriptors::verify`; here its inputs are read from files, and its report becomes text. Which of
//! the files deserve trust is the caller's decision, and nothing is fetched.

use std::collections::BTreeMap;
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
use descriptors::verify::{Held, HeldList, Outcome, Policy, Report, Resolution, Verifier};
use serde_json::Value;

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
    /// The clock of this machine is before 1970 or after 9999.
    #[error("the clock of this machine is wrong: give the time with --at")]
    Clock,
}

/// Whether the bytes are a bundle: every other file is taken for a credential.
pub fn is_bundle(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK")
}

/// Checks a credential or a presentation.
pub fn verify(bytes: &[u8], at_hand: &AtHand) -> Result<Report, AtHandError> {
    let contexts = published(&at_hand.context)?;
    let borrowed = contexts.iter().map(|(address, bytes)| (address.clone(), bytes.as_slice()));
    let contexts = Contexts::with_w3c(borrowed)?;
    let (chains, lists) = (published(&at_hand.chain)?, published(&at_hand.status_list)?);
    let (documents, roots) = (documents(&at_hand.did_document)?, roots(&at_hand.root)?);
    let now = at_hand.at.map_or_else(clock, Ok)?;
    let policy = match at_hand.target {
        None => Policy::at(now),
        Some(target) => Policy::at(now).for_target(target),
    };
    let held = Held {
        document: &|did| Resolution::read(did, documents.get(did.as_str())),
        chain: &|address| chains.get(address).cloned(),
        roots: &roots,
        list: &|address| {
            let bytes = lists.get(address)?.trim_ascii().to_vec();
            Some(HeldList { bytes, fetched_at: None })
        },
        contexts: &contexts,
    };
    // Editors end a file with a line feed, which is no part of a compact JWS.
    Ok(Verifier::new(&policy, &held).verify(bytes.trim_ascii()))
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

fn documents(files: &[PathBuf]) -> Result<BTreeMap<String, Value>, AtHandError> {
    let mut documents = BTreeMap::new();
    for path in files {
        let document = canonical::parse(&read(path)?);
        let document = document.map_err(|source| AtHandError::Document { path: path.clone(), source })?;
        let id = document.get("id").and_then(Value::as_str).ok_or_else(|| AtHandError::NoId(path.clone()))?;
        documents.insert(id.to_owned(), document.clone());
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

fn clock() -> Result<Timestamp, AtHandError> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).map_err(|_| AtHandError::Clock)?;
    let seconds = i64::try_from(since.as_secs()).map_err(|_| AtHandError::Clock)?;
    Timestamp::from_unix(seconds).map_err(|_| AtHandError::Clock)
}
