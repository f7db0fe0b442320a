//! What a JSON-LD document states, as the one text that a signature over statements covers.
//!
//! The general path: contexts that were handed in, always in safe mode, and canonicalisation with a budget. Our own
//! credentials write the same text without it ([`crate::credential::Credential::statements`]).

use serde_json::Value;

use crate::json_ld::{ContextError, Contexts, ExpandError};
use crate::rdf::canonical::{CanonicaliseError, Limits, canonicalise};

/// Why a document has no canonical statements.
#[derive(Debug, thiserror::Error)]
pub enum StatementsError {
    /// Its `@context` cannot be used.
    #[error("the context of the document cannot be used")]
    Context(#[from] ContextError),
    /// Something in it states nothing, or nothing certain.
    #[error("the document does not state everything it says")]
    Expand(#[from] ExpandError),
    /// It would cost too much.
    #[error("the statements of the document have no canonical form")]
    Canonicalise(#[from] CanonicaliseError),
}

/// The canonical N-Quads of a document.
pub fn canonical(document: &Value, contexts: &Contexts) -> Result<String, StatementsError> {
    let none = Value::Array(Vec::new());
    let compiled = contexts.compiled(document.get("@context").unwrap_or(&none))?;
    let expanded = compiled.expand(document)?;
    Ok(canonicalise(&expanded.statements, &Limits::default())?.text)
}
