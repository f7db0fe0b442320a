//! Context processing (JSON-LD 1.1 Processing Algorithms and API, section 4.1): a local context makes one active context of another.
//!
//! Context documents are handed in. Whether a term that is defined is ever used is not known here.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use serde_json::{Map, Value};

use super::context::{Context, Derived};
use super::define::Definer;
use super::error::{ContextError, ContextFault};
use super::term::Definition;

/// Context documents by IRI: the value of their `@context`.
pub(super) type Documents = Arc<BTreeMap<String, Value>>;

/// How far contexts may refer to contexts.
const DEPTH_MAX: usize = 16;

/// Most definitions that one `@context` may lead to, those of its scoped contexts included.
const DEFINITIONS_MAX: usize = 50_000;

/// For a definition that is only an IRI, and a context that is only a vocabulary.
pub(super) static NO_ENTRIES: LazyLock<Map<String, Value>> = LazyLock::new(Map::new);

/// Where a local context stands, and what it may do.
#[derive(Clone, Copy)]
pub(super) struct Place<'p> {
    /// The document, for messages.
    pub(super) source: &'p str,
    /// May redefine protected terms.
    pub(super) overrides: bool,
    /// Contexts of contexts gone through to get here.
    pub(super) depth: usize,
}

/// Processes one `@context`.
pub(super) struct Processor<'d> {
    documents: &'d Documents,
    definitions: usize,
    /// Scoped context documents that are being looked through, and need not be again.
    validating: Vec<String>,
}

struct Outcome {
    context: Context,
    nullified: bool,
}

impl<'d> Processor<'d> {
    pub(super) fn new(documents: &'d Documents) -> Self {
        Self { documents, definitions: 0, validating: Vec::new() }
    }

    /// How many definitions it took so far.
    pub(super) fn definitions(&self) -> usize {
        self.definitions
    }

    /// `@context` of a document or of a node.
    pub(super) fn local(&mut self, active: &Context, local: &Value) -> Result<Derived, ContextError> {
        self.run(active, local, Place { source: "@context", overrides: false, depth: 0 }, true)
    }

    /// The context of a term: of a property, which may override protected terms, also for plain values; or of a type.
    ///
    /// The letter of the algorithm lets a property's context override only for objects (w3c/json-ld-api#708). Gaia-X needs
    /// it for plain values too, and the processors that credentials are made with allow it.
    pub(super) fn scoped(
        &mut self,
        active: &Context,
        definition: &Definition,
        property: bool,
    ) -> Result<Derived, ContextError> {
        let local = definition.scoped.as_ref().unwrap_or(&Value::Null);
        self.run(active, local, Place { source: &definition.name, overrides: property, depth: 0 }, property)
    }

    fn run(
        &mut self,
        active: &Context,
        local: &Value,
        place: Place<'_>,
        propagate: bool,
    ) -> Result<Derived, ContextError> {
        let propagate = match local.get("@propagate") {
            Some(Value::Bool(said)) => *said,
            Some(_) => return Err(ContextFault::InvalidEntry("`@propagate` is a boolean").at(place.source, "")),
            None => propagate,
        };
        let late_null = local.as_array().is_some_and(|items| items.iter().skip(1).any(Value::is_null));
        if late_null && !propagate {
            return Err(ContextFault::Unsupported("null after other contexts, for one type").at(place.source, ""));
        }
        let mut outcome = Outcome { context: active.anew(), nullified: false };
        self.apply(&mut outcome, local, place, true)?;
        outcome.context.finish();
        Ok(Derived { context: outcome.context, propagate, nullified: outcome.nullified })
    }

    fn apply(
        &mut self,
        outcome: &mut Outcome,
        local: &Value,
        place: Place<'_>,
        outermost: bool,
    ) -> Result<(), ContextError> {
        match local {
            Value::Array(items) => {
                for item in items {
                    if item.is_array() {
                        return Err(ContextFault::NotAContext.at(place.source, ""));
                    }
                    self.apply(outcome, item, place, false)?;
                }
                Ok(())
            }
            Value::Null => {
                if !place.overrides && outcome.context.has_protected_terms() {
                    return Err(ContextFault::ProtectedNullification.at(place.source, ""));
                }
                *outcome = Outcome { context: Context::default(), nullified: true };
                Ok(())
            }
            Value::String(iri) => self.apply_document(outcome, iri, place),
            Value::Object(entries) => {
                if entries.contains_key("@propagate") && !outermost {
                    return Err(ContextFault::Unsupported("`@propagate` in a list or a document").at(place.source, ""));
                }
                self.apply_object(outcome, entries, place)
            }
            Value::Bool(_) | Value::Number(_) => Err(ContextFault::NotAContext.at(place.source, "")),
        }
    }

    fn apply_document(&mut self, outcome: &mut Outcome, iri: &str, place: Place<'_>) -> Result<(), ContextError> {
        let documents = self.documents;
        let Some((iri, document)) = documents.get_key_value(iri) else {
            return Err(ContextFault::Unknown.at(iri, ""));
        };
        if place.depth >= DEPTH_MAX {
            return Err(ContextFault::TooLarge { what: "contexts inside contexts", max: DEPTH_MAX }.at(iri, ""));
        }
        self.apply(outcome, document, Place { source: iri, depth: place.depth + 1, ..place }, false)
    }

    fn apply_object(
        &mut self,
        outcome: &mut Outcome,
        entries: &Map<String, Value>,
        place: Place<'_>,
    ) -> Result<(), ContextError> {
        let invalid = |why: &'static str| ContextFault::InvalidEntry(why).at(place.source, "");
        let protected = match entries.get("@protected") {
            None => false,
            Some(Value::Bool(protected)) => *protected,
            Some(_) => return Err(invalid("`@protected` is a boolean")),
        };
        for (name, value) in entries.iter().filter(|(name, _)| name.starts_with('@')) {
            match (name.as_str(), value) {
                ("@version", version) if version.as_f64() == Some(1.1) => {}
                ("@version", _) => return Err(invalid("`@version` is 1.1")),
                ("@base" | "@direction", Value::Null) | ("@protected" | "@propagate" | "@vocab" | "@type", _) => {}
                ("@base", _) => return Err(ContextFault::Unsupported("`@base`").at(place.source, "")),
                ("@direction", _) => return Err(ContextFault::Unsupported("`@direction`").at(place.source, "")),
                ("@import", _) => return Err(ContextFault::Unsupported("`@import`").at(place.source, "")),
                ("@language", Value::Null) => outcome.context.language = None,
                ("@language", Value::String(tag)) => outcome.context.language = Some(tag.clone()),
                _ => return Err(ContextFault::InvalidEntry("no such keyword in a context").at(place.source, name)),
            }
        }
        if let Some(vocab) = entries.get("@vocab") {
            // Read by the contexts before this one: its own terms do not count yet.
            let before = &*NO_ENTRIES;
            Definer::new(self, &mut outcome.context, before, protected, place).set_vocab(vocab)?;
        }
        Definer::new(self, &mut outcome.context, entries, protected, place).define_all()
    }

    pub(super) fn count_definition(&mut self, source: &str) -> Result<(), ContextError> {
        self.definitions += 1;
        if self.definitions > DEFINITIONS_MAX {
            return Err(ContextFault::TooLarge { what: "definitions of terms", max: DEFINITIONS_MAX }.at(source, ""));
        }
        Ok(())
    }

    /// Looks whether a scoped context could be entered, before anybody does.
    pub(super) fn validate(&mut self, active: &Context, local: &Value, place: Place<'_>) -> Result<(), ContextError> {
        if let Value::String(iri) = local {
            if self.validating.contains(iri) {
                return Ok(());
            }
            self.validating.push(iri.clone());
        }
        if place.depth >= DEPTH_MAX {
            let fault = ContextFault::TooLarge { what: "contexts inside contexts", max: DEPTH_MAX };
            return Err(fault.at(place.source, ""));
        }
        // Copying the terms costs as well.
        self.definitions += active.terms.weight() / 64;
        let place = Place { overrides: true, depth: place.depth + 1, ..place };
        self.run(active, local, place, true)?;
        if local.is_string() {
            self.validating.pop();
        }
        Ok(())
    }
}
