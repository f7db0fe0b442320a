//! `avow preflight`: reads the files, and prints what a service would refuse of them.
//!
//! The rules are in `descriptors::preflight`. Nothing is fetched.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;
use descriptors::canonical::{self, ReadError as JsonError};
use descriptors::preflight::{ContextsError, Input, KnownContexts, Preflight, Setting, Severity, preflight};
use descriptors::shacl::{self, Shapes};
use descriptors::target::Target;
use descriptors::timestamp::Timestamp;

use crate::verify::Ending;

/// What to look at, and what with.
#[derive(Debug, Args)]
pub struct Files {
    /// Credentials and presentations, signed or not; references between them are found.
    #[arg(required = true)]
    pub credentials: Vec<PathBuf>,
    /// Who is to accept them: danube, loire, xfsc, w3c-rdfc, w3c-jcs, tagus.
    #[arg(short, long)]
    pub target: Target,
    /// Shapes of the ontology in Turtle; once more for its class hierarchy.
    #[arg(long)]
    pub shapes: Vec<PathBuf>,
    /// A context document, as IRI=FILE.
    #[arg(long = "context", value_name = "IRI=FILE", value_parser = context)]
    pub contexts: Vec<(String, PathBuf)>,
    /// The DID document of an issuer.
    #[arg(long = "did-document", value_name = "FILE")]
    pub did_documents: Vec<PathBuf>,
    /// The file behind the `x5u` of the issuer's key.
    #[arg(long)]
    pub chain: Option<PathBuf>,
    /// The trust anchors that the chain may end at, in PEM.
    #[arg(long)]
    pub root: Option<PathBuf>,
    /// Check as of this time instead of now.
    #[arg(long)]
    pub at: Option<Timestamp>,
}

fn context(text: &str) -> Result<(String, PathBuf), String> {
    let (iri, file) = text.split_once('=').ok_or("write IRI=FILE")?;
    Ok((iri.to_owned(), file.into()))
}

/// Why nothing could be checked.
#[derive(Debug, thiserror::Error)]
pub enum PreflightError {
    /// A file that cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Shapes that are not Turtle.
    #[error("the shapes cannot be used")]
    Shapes(#[from] shacl::ReadError),
    /// A context document that is none.
    #[error(transparent)]
    Contexts(#[from] ContextsError),
    /// A DID document that is not JSON.
    #[error("{} is not a DID document", path.display())]
    DidDocument {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: JsonError,
    },
}

fn read(path: &Path) -> Result<Vec<u8>, PreflightError> {
    std::fs::read(path).map_err(|source| PreflightError::Read { path: path.to_owned(), source })
}

fn read_all<'a>(paths: impl IntoIterator<Item = &'a PathBuf>) -> Result<Vec<Vec<u8>>, PreflightError> {
    paths.into_iter().map(|path| read(path)).collect()
}

/// Reads the files and checks them as of `now`.
pub fn check(files: &Files, now: Timestamp) -> Result<Preflight, PreflightError> {
    let bytes = read_all(&files.credentials)?;
    let names: Vec<String> = files.credentials.iter().map(|path| path.display().to_string()).collect();
    let inputs: Vec<Input<'_>> =
        names.iter().zip(&bytes).map(|(name, bytes)| Input { name: name.as_str(), bytes: bytes.as_slice() }).collect();
    let contexts = files.contexts.iter().map(|(iri, path)| Ok((iri.clone(), read(path)?)));
    let contexts = KnownContexts::new(&contexts.collect::<Result<Vec<_>, PreflightError>>()?)?;
    let shapes = read_all(&files.shapes)?;
    let shapes = match shapes.is_empty() {
        true => None,
        false => Some(Shapes::from_turtle(shapes.iter().map(Vec::as_slice))?),
    };
    let parse = |path: &PathBuf| {
        canonical::parse(&read(path)?).map_err(|source| PreflightError::DidDocument { path: path.clone(), source })
    };
    let did_documents = files.did_documents.iter().map(parse).collect::<Result<Vec<_>, _>>()?;
    let (chain, root) = (read_all(&files.chain)?.pop(), read_all(&files.root)?.pop());
    let setting = Setting {
        target: files.target,
        now: files.at.unwrap_or(now),
        contexts: &contexts,
        shapes: shapes.as_ref(),
        did_documents: &did_documents,
        chain: chain.as_deref(),
        anchors: root.as_deref(),
    };
    Ok(preflight(&inputs, &setting))
}

/// How it ends: refused, not known, or accepted as far as can be known offline.
pub fn ending(done: &Preflight) -> Ending {
    match done.accepted() {
        Some(true) => Ending::Holds,
        Some(false) => Ending::Refuted,
        None => Ending::Undetermined,
    }
}

/// The findings as text, by document.
pub fn render(done: &Preflight) -> String {
    let mut text = format!("{}: {}\n", done.target, done.service);
    let mut last = None;
    for finding in &done.findings {
        if last != Some(&finding.document) {
            let _ = writeln!(text, "\n{}", finding.document);
            last = Some(&finding.document);
        }
        let _ = writeln!(
            text,
            "  {:8} {}  {}: {}",
            word(finding.severity),
            finding.rule.code,
            finding.place,
            finding.found
        );
        let _ = writeln!(text, "           rule: {} ({})", finding.rule.law, finding.rule.source);
        let _ = writeln!(text, "           do:   {}", finding.rule.remedy);
    }
    for (heading, offline) in [("Not checked; hand in what is named", true), ("Not to be known offline", false)] {
        let open: Vec<_> = done.not_checked.iter().filter(|open| open.offline == offline).collect();
        if !open.is_empty() {
            let _ = writeln!(text, "\n{heading}");
        }
        for open in open {
            let _ = writeln!(text, "  unknown  {}: {}", open.what, open.how);
        }
    }
    let count = |severity| done.findings.iter().filter(|finding| finding.severity == severity).count();
    let (refused, maybe) = (count(Severity::Refused), count(Severity::MayBeRefused));
    let (documents, refused) = (counted(done.documents.len(), "document"), counted(refused, "finding"));
    let _ = match done.accepted() {
        Some(true) => writeln!(text, "\nNothing in {documents} would be refused, as far as can be known offline."),
        Some(false) => writeln!(text, "\nRefused: {refused} in {documents}; {maybe} more may be."),
        None if maybe == 0 => {
            writeln!(text, "\nNot known: nothing in {documents} is wrong so far, and not all was checked.")
        }
        None => writeln!(text, "\nNot known: {} in {documents} may be refused.", counted(maybe, "finding")),
    };
    text
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Refused => "REFUSED",
        Severity::MayBeRefused => "maybe",
        Severity::Advice => "advice",
    }
}
