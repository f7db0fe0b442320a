//! JSON-LD 1.1 to statements, with contexts that are compiled once and always in safe mode.
//!
//! Nothing is fetched: context documents are handed in. What would be dropped silently elsewhere (undefined names, nulls,
//! relative IRIs, positions in an index) is an error here, since a signature over the statements would not cover it. What
//! lies outside the part of JSON-LD that credentials use is an error as well, never a guess. Which contexts deserve trust,
//! and what a term means, is not known here. <https://www.w3.org/TR/json-ld11-api/>

mod context;
mod define;
mod error;
mod expand;
mod number;
mod process;
mod term;
mod w3c;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use crate::canonical;
use crate::rdf::Quad;
use crate::rdf::statement::Statement;
use context::{Context, Soil};
pub use error::{ContextError, ContextFault, ExpandError, ExpandFault};
pub use expand::ExpandLimits;
use process::{Documents, Processor};
pub use w3c::EMBEDDED;

/// Largest context document that is read, in bytes.
pub const DOCUMENT_MAX: usize = 1024 * 1024;

/// Compiled contexts that [`Contexts::compiled`] keeps.
const COMPILED_MAX: usize = 32;

/// How much derived contexts may take up, in slots of their tables: some tens of megabytes.
const DERIVED_MAX: usize = 1 << 20;

/// Why a context document cannot be taken in.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// Not strict JSON.
    #[error("the context document of {iri} is not strict JSON")]
    Read {
        /// Its IRI.
        iri: String,
        /// Why.
        #[source]
        source: canonical::ReadError,
    },
    /// Too large.
    #[error("the context document of {iri} has more than {DOCUMENT_MAX} bytes")]
    TooLarge {
        /// Its IRI.
        iri: String,
    },
    /// JSON, but no context document.
    #[error("the document of {iri} is no context: it is not an object with `@context`")]
    NotAContext {
        /// Its IRI.
        iri: String,
    },
}

/// Context documents by IRI, and what was compiled from them.
///
/// Whoever chooses these bytes chooses what every document that names them means: pin their digests.
#[derive(Debug, Default)]
pub struct Contexts {
    documents: Documents,
    /// The most recently used last.
    compiled: Mutex<Vec<Arc<Compiled>>>,
}

impl Contexts {
    /// Takes in context documents. One IRI named twice has the document that came last.
    pub fn new<'b, I: Into<String>>(documents: impl IntoIterator<Item = (I, &'b [u8])>) -> Result<Self, DocumentError> {
        let mut contexts = BTreeMap::new();
        for (iri, bytes) in documents {
            let iri = iri.into();
            let context = read_document(&iri, bytes)?;
            contexts.insert(iri, context);
        }
        Ok(Self { documents: Arc::new(contexts), compiled: Mutex::default() })
    }

    /// The W3C's contexts that are embedded, [`EMBEDDED`], and those handed in, which win.
    pub fn with_w3c<'b, I: Into<String>>(
        documents: impl IntoIterator<Item = (I, &'b [u8])>,
    ) -> Result<Self, DocumentError> {
        let embedded = EMBEDDED.iter().map(|(iri, text)| ((*iri).to_owned(), text.as_bytes()));
        Self::new(embedded.chain(documents.into_iter().map(|(iri, bytes)| (iri.into(), bytes))))
    }

    /// The same documents, and nothing compiled yet.
    pub fn without_compiled(&self) -> Self {
        Self { documents: Arc::clone(&self.documents), compiled: Mutex::default() }
    }

    /// The IRIs of the documents, sorted.
    pub fn iris(&self) -> impl Iterator<Item = &str> {
        self.documents.keys().map(String::as_str)
    }

    /// Compiles the value of a document's `@context`; `[]` for a document without.
    ///
    /// Objects inside it may define terms, by the same rules as documents: they can never redefine a protected term.
    pub fn compile(&self, context: &Value) -> Result<Compiled, ContextError> {
        let derived = Processor::new(&self.documents).local(&Context::default(), context)?;
        let soil = Soil::new(Arc::clone(&self.documents), DERIVED_MAX);
        Ok(Compiled { source: context.clone(), root: derived.context, soil })
    }

    /// As [`Contexts::compile`], keeping the last 32 values.
    pub fn compiled(&self, context: &Value) -> Result<Arc<Compiled>, ContextError> {
        if let Some(found) = self.take_kept(context) {
            return Ok(found);
        }
        let compiled = Arc::new(self.compile(context)?);
        let mut kept = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= COMPILED_MAX {
            kept.remove(0);
        }
        kept.push(Arc::clone(&compiled));
        Ok(compiled)
    }

    fn take_kept(&self, context: &Value) -> Option<Arc<Compiled>> {
        let mut kept = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        let at = kept.iter().rposition(|compiled| compiled.source == *context)?;
        let found = kept.remove(at);
        // One that can keep no more contexts makes room for a new one.
        if found.soil.is_full() {
            return None;
        }
        kept.push(Arc::clone(&found));
        Some(found)
    }
}

fn read_document(iri: &str, bytes: &[u8]) -> Result<Value, DocumentError> {
    if bytes.len() > DOCUMENT_MAX {
        return Err(DocumentError::TooLarge { iri: iri.to_owned() });
    }
    let document = canonical::parse(bytes).map_err(|source| DocumentError::Read { iri: iri.to_owned(), source })?;
    match document {
        Value::Object(mut members) if members.contains_key("@context") => {
            Ok(members.remove("@context").unwrap_or_default())
        }
        _ => Err(DocumentError::NotAContext { iri: iri.to_owned() }),
    }
}

/// The contexts of one kind of document, ready for use by any number of threads.
#[derive(Debug)]
pub struct Compiled {
    source: Value,
    root: Context,
    soil: Soil,
}

/// What a document states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expanded<'a> {
    /// Its statements, in the order of the document, possibly twice.
    pub statements: Vec<Statement<'a>>,
    /// Where names stand that are defined only because a context has `@vocab`: JSON Pointers. Spelling mistakes end here.
    pub vocab_terms: Vec<String>,
    /// Where compact IRIs stand whose prefix no context defines, so that they were taken as they are: JSON Pointers.
    pub undefined_prefixes: Vec<String>,
}

impl Expanded<'_> {
    /// The statements in their owned form.
    pub fn quads(&self) -> Vec<Quad> {
        self.statements.iter().map(Statement::to_quad).collect()
    }

    fn into_owned(self) -> Expanded<'static> {
        Expanded {
            statements: self.statements.into_iter().map(Statement::into_owned).collect(),
            vocab_terms: self.vocab_terms,
            undefined_prefixes: self.undefined_prefixes,
        }
    }
}

impl Compiled {
    /// The `@context` this was compiled from.
    pub fn source(&self) -> &Value {
        &self.source
    }

    /// The same in canonical form: a key for allow-lists.
    pub fn key(&self) -> Result<String, canonical::WriteError> {
        Ok(String::from_utf8_lossy(&canonical::to_vec(&self.source)?).into_owned())
    }

    /// Whether it keeps no more derived contexts: it goes on to work, but slowly, and is better compiled anew.
    pub fn is_full(&self) -> bool {
        self.soil.is_full()
    }

    /// The statements of a document that has this `@context`.
    pub fn expand<'a>(&'a self, document: &'a Value) -> Result<Expanded<'a>, ExpandError> {
        self.expand_within(document, &ExpandLimits::default())
    }

    /// As [`Compiled::expand`], with other limits.
    pub fn expand_within<'a>(
        &'a self,
        document: &'a Value,
        limits: &ExpandLimits,
    ) -> Result<Expanded<'a>, ExpandError> {
        let none = const { &Value::Array(Vec::new()) };
        let own = document.get("@context").unwrap_or(none);
        if *own != self.source {
            return Err(ExpandError { pointer: "/@context".to_owned(), rule: ExpandFault::OtherContext });
        }
        if let Some(expanded) = expand::document(&self.root, &self.soil, document, limits)? {
            return Ok(expanded);
        }
        // Others have entered so many combinations of contexts that no more are kept: this document pays for its own.
        let root = self.root.anew();
        let soil = Soil::new(Arc::clone(&self.soil.documents), limits.derived_max);
        match expand::document(&root, &soil, document, limits)? {
            Some(expanded) => Ok(expanded.into_owned()),
            None => {
                let rule = ExpandFault::TooLarge { what: "terms in derived contexts", max: limits.derived_max };
                Err(ExpandError { pointer: String::new(), rule })
            }
        }
    }
}
