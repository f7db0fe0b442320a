//! The path under test, with a second opinion on its canonical form.

use descriptors::json_ld::Contexts;
use descriptors::rdf::canonical::{Limits, canonicalise};
use serde_json::Value;

pub struct Processor {
    contexts: Contexts,
}

impl Processor {
    pub fn new(documents: &[(String, String)]) -> anyhow::Result<Self> {
        let documents = documents.iter().map(|(iri, text)| (iri.as_str(), text.as_bytes()));
        Ok(Self { contexts: Contexts::new(documents)? })
    }

    pub fn canonical_form(&self, document: &Value) -> Result<String, String> {
        let none = Value::Array(Vec::new());
        let context = document.get("@context").unwrap_or(&none);
        let compiled = self.contexts.compiled(context).map_err(|error| error.to_string())?;
        let expanded = compiled.expand(document).map_err(|error| error.to_string())?;
        let canonical = canonicalise(&expanded.statements, &Limits::default()).map_err(|error| error.to_string())?;
        Ok(canonical.text)
    }
}
