//! The provider's declaration as a YAML file: reading it, showing every mistake in it, and signing it.
//!
//! Whoever writes the file can declare false facility facts, and cannot make them look observed. The file may be hostile:
//! its size, nesting, aliases and number of nodes are bounded, and a name that stands twice is refused. What fits together
//! is decided by [`Declaration::check`]; here its mistakes get their line.

mod fault;
mod tree;

use std::io::Read as _;
use std::ops::Range;
use std::path::{Path, PathBuf};

use descriptors::canonical;
use descriptors::declaration::{self, DECLARATION_TYPE, Declaration, Mistake, Step};
use descriptors::proof::dsse::Envelope;
use descriptors::proof::{SignError, Signer};
use independence::profile;
use miette::{Diagnostic, NamedSource};
use serde::Deserialize as _;

use crate::store::{Document, Store, StoreError};

use fault::Fault;
use tree::Node;

/// Largest file that is read, in bytes: some ten thousand racks.
pub const FILE_BYTES_MAX: usize = 4 << 20;

/// More mistakes than anybody corrects at once.
const MISTAKES_MAX: usize = 50;

/// Where the JSON Schema of a declaration says that it lives.
pub const SCHEMA_ID: &str = "https://w3id.org/avow/v1/declaration.schema.json";

/// Why there is no declaration.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum ReadError {
    /// The file cannot be read.
    #[error("cannot read the declaration {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// More than [`FILE_BYTES_MAX`].
    #[error("the declaration {} is larger than {FILE_BYTES_MAX} bytes", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// Not text.
    #[error("the declaration {} is not UTF-8", path.display())]
    NotText {
        /// The file.
        path: PathBuf,
        /// Where it stops being text.
        #[source]
        source: std::str::Utf8Error,
    },
    /// It is read, and does not fit together.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Mistakes(#[from] Mistakes),
}

/// Everything that is wrong in a declaration, in the order of the text.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("{}", heading(places.len(), *more))]
pub struct Mistakes {
    #[source_code]
    text: NamedSource<String>,
    #[related]
    places: Vec<Place>,
    more: bool,
}

fn heading(count: usize, more: bool) -> String {
    match (count, more) {
        (1, false) => "the declaration has a mistake".to_owned(),
        (count, false) => format!("the declaration has {count} mistakes"),
        (count, true) => format!("the declaration has more than {count} mistakes"),
    }
}

/// One mistake, where it was written.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("{problem}")]
struct Place {
    problem: String,
    #[label("here")]
    span: Range<usize>,
    #[help]
    help: Option<String>,
}

impl Mistakes {
    fn new(name: &str, text: &str, mut places: Vec<Place>) -> Self {
        places.sort_by_key(|place| place.span.start);
        let more = places.len() > MISTAKES_MAX;
        places.truncate(MISTAKES_MAX);
        Self { text: NamedSource::new(name, text.to_owned()).with_language("yaml"), places, more }
    }

    /// How many are shown.
    pub fn count(&self) -> usize {
        self.places.len()
    }
}

impl Place {
    fn new(text: &str, span: Range<usize>, problem: &str, help: Option<&str>) -> Self {
        // One line is enough to find it; a block of many lines would only hide the others.
        let line = text.get(span.clone()).and_then(|part| part.lines().next()).map_or(0, |line| line.trim_end().len());
        let span = span.start..span.start + line;
        Self { problem: printable(problem), span, help: help.map(printable) }
    }
}

/// What was written may be quoted in a message, and must not speak to the terminal.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// Reads a file.
pub fn read(path: &Path) -> Result<Declaration, ReadError> {
    let failed = |source| ReadError::Read { path: path.to_owned(), source };
    let file = std::fs::File::open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    file.take(FILE_BYTES_MAX as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() > FILE_BYTES_MAX {
        return Err(ReadError::TooLarge { path: path.to_owned() });
    }
    let text = std::str::from_utf8(&bytes).map_err(|source| ReadError::NotText { path: path.to_owned(), source })?;
    Ok(parse(&path.display().to_string(), text)?)
}

/// Reads a text; `name` is what mistakes call it.
pub fn parse(name: &str, text: &str) -> Result<Declaration, Mistakes> {
    let refuse = |places| Mistakes::new(name, text, places);
    let of_fault = |fault: &Fault| Place::new(text, fault.span(), fault.problem(), fault.help());
    let tree = Node::parse(text).map_err(|fault| refuse(vec![of_fault(&fault)]))?;
    let declaration = typed(&tree).map_err(|faults| refuse(faults.iter().map(of_fault).collect()))?;
    let mut mistakes = declaration.check();
    mistakes.extend(unknown_profiles(&declaration));
    if mistakes.is_empty() {
        return Ok(declaration);
    }
    let of_mistake = |mistake: &Mistake| {
        let span = find(&tree, &mistake.path).place_to_show();
        Place::new(text, span, &mistake.problem, Some(&mistake.help))
    };
    Err(refuse(mistakes.iter().map(of_mistake).collect()))
}

/// Claims that no audit could check: which profiles there are is known to the audit only.
fn unknown_profiles(declaration: &Declaration) -> impl Iterator<Item = Mistake> {
    let claims = declaration.claims.iter().enumerate();
    claims.filter(|(_, claim)| profile::find(&claim.profile).is_none()).map(|(index, claim)| {
        let names: Vec<&str> = profile::all().iter().map(|profile| profile.name).collect();
        Mistake {
            path: declaration::Path(vec![Step::Member("claims"), Step::Index(index), Step::Member("profile")]),
            problem: format!("there is no profile `{}`", claim.profile),
            help: format!("known profiles: `{}`", names.join("`, `")),
        }
    })
}

/// Reads the tree into its type. After a fault the part around it is left out and the rest is read, to find all of them.
fn typed(tree: &Node) -> Result<Declaration, Vec<Fault>> {
    let mut rest = tree.clone();
    let mut faults = Vec::new();
    loop {
        match Declaration::deserialize(&rest) {
            Ok(declaration) if faults.is_empty() => return Ok(declaration),
            Ok(_) => return Err(faults),
            Err(fault) => {
                let pruned = rest.prune(&fault);
                faults.push(fault);
                if !pruned || faults.len() > MISTAKES_MAX {
                    return Err(faults);
                }
            }
        }
    }
}

/// The node at a path, or the last one on the way there: what a default stands for was not written.
fn find<'a>(tree: &'a Node, path: &declaration::Path) -> &'a Node {
    let mut node = tree;
    for step in &path.0 {
        let next = match step {
            Step::Member(name) => node.member(name),
            Step::Index(index) => node.element(*index),
        };
        let Some(next) = next else { return node };
        node = next;
    }
    node
}

/// The JSON Schema (2020-12) of a declaration, for editors.
pub fn schema() -> serde_json::Value {
    let mut schema = schemars::schema_for!(Declaration);
    schema.insert("$id".to_owned(), SCHEMA_ID.into());
    schema.insert("title".to_owned(), "avow declaration".into());
    schema.to_value()
}

/// Why a declaration was not signed.
#[derive(Debug, thiserror::Error)]
pub enum SignDeclarationError {
    /// It has no canonical form.
    #[error("the declaration has no canonical form")]
    Canonical(#[from] canonical::WriteError),
    /// The key holder failed.
    #[error("the declaration was not signed")]
    Sign(#[from] SignError),
}

/// The declaration in canonical JSON, in an envelope signed by the collector: it vouches for what it was given, not for
/// its truth.
pub fn sign(declaration: &Declaration, signer: &dyn Signer) -> Result<Envelope, SignDeclarationError> {
    Ok(Envelope::sign(DECLARATION_TYPE, canonical::to_vec(declaration)?, signer)?)
}

/// Why a declaration was not loaded.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum LoadError {
    /// It cannot be read, or does not fit together.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Read(#[from] ReadError),
    /// It was not signed.
    #[error(transparent)]
    Sign(#[from] SignDeclarationError),
    /// It was not stored.
    #[error("the declaration was not stored")]
    Store(#[from] StoreError),
}

/// Reads a file, signs what it says, and commits it in place of the declaration before it. After an error that one holds.
pub async fn load(path: &Path, signer: &dyn Signer, store: &dyn Store) -> Result<Declaration, LoadError> {
    let declaration = read(path)?;
    let envelope = sign(&declaration, signer)?;
    store.put_document(Document::Declaration, envelope.to_bytes()).await?;
    Ok(declaration)
}

#[cfg(test)]
mod tests;
