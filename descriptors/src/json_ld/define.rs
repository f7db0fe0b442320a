//! Create term definition (JSON-LD 1.1 Processing Algorithms and API, section 4.2), and the expansion of names inside contexts.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::context::Context;
use super::error::{ContextError, ContextFault};
use super::process::{NO_ENTRIES, Place, Processor};
use super::term::{Coercion, Container, Definition, Keyword, Mapping, has_keyword_form};
use crate::rdf::iri;

/// Defines the terms of one context object.
pub(super) struct Definer<'c, 'd> {
    processor: &'c mut Processor<'d>,
    context: &'c mut Context,
    entries: &'c Map<String, Value>,
    /// `false` while a term is being defined.
    defined: BTreeMap<&'c str, bool>,
    protected: bool,
    place: Place<'c>,
}

type Entries<'c> = &'c Map<String, Value>;

impl<'c, 'd> Definer<'c, 'd> {
    pub(super) fn new(
        processor: &'c mut Processor<'d>,
        context: &'c mut Context,
        entries: &'c Map<String, Value>,
        protected: bool,
        place: Place<'c>,
    ) -> Self {
        Self { processor, context, entries, defined: BTreeMap::new(), protected, place }
    }

    pub(super) fn set_vocab(&mut self, vocab: &Value) -> Result<(), ContextError> {
        let refuse = |fault: ContextFault| Err(fault.at(self.place.source, "@vocab"));
        self.context.vocab = match vocab {
            Value::Null => None,
            Value::String(text) => match self.expand(text)? {
                // A term may stand here that is defined by the contexts before.
                Mapping::Iri(iri) if iri::is_absolute(&iri) => Some(iri),
                _ => return refuse(ContextFault::InvalidIri(text.clone())),
            },
            _ => return refuse(ContextFault::InvalidEntry("`@vocab` is an IRI or null")),
        };
        Ok(())
    }

    pub(super) fn define_all(&mut self) -> Result<(), ContextError> {
        for name in self.entries.keys() {
            let of_context = name.starts_with('@') && name != "@type";
            if !of_context {
                self.define(name)?;
            }
        }
        Ok(())
    }

    fn fail<T>(&self, name: &str, fault: ContextFault) -> Result<T, ContextError> {
        Err(fault.at(self.place.source, name))
    }

    fn invalid<T>(&self, name: &str, why: &'static str) -> Result<T, ContextError> {
        self.fail(name, ContextFault::InvalidEntry(why))
    }

    fn define(&mut self, name: &'c str) -> Result<(), ContextError> {
        match self.defined.get(name) {
            Some(true) => return Ok(()),
            Some(false) => return self.fail(name, ContextFault::Cyclic),
            None => {}
        }
        let Some(value) = self.entries.get(name) else { return Ok(()) };
        self.processor.count_definition(self.place.source)?;
        if name.is_empty() {
            return self.invalid(name, "the empty text cannot be a term");
        }
        if has_keyword_form(name) && name != "@type" {
            return self.invalid(name, "a keyword, or what looks like one, cannot be a term");
        }
        self.defined.insert(name, false);
        let previous = self.context.terms.get(name).cloned();
        let mut definition = self.read(name, value)?;
        if let Some(previous) = previous.filter(|previous| previous.protected && !self.place.overrides) {
            if !definition.says_the_same(&previous) {
                return self.fail(name, ContextFault::ProtectedTerm);
            }
            definition.protected = true;
        }
        self.context.terms.insert(Arc::new(definition));
        self.defined.insert(name, true);
        Ok(())
    }

    fn read(&mut self, name: &'c str, value: &'c Value) -> Result<Definition, ContextError> {
        let no_entries = &*NO_ENTRIES;
        let (entries, id, simple) = match value {
            Value::Null => (no_entries, Some(value), false),
            Value::String(_) => (no_entries, Some(value), true),
            Value::Object(entries) => (entries, entries.get("@id"), false),
            _ => return self.invalid(name, "a term is defined by an IRI, an object or null"),
        };
        self.check_entries(name, entries)?;
        let mut definition = Definition::named(name, Mapping::Nothing);
        definition.protected = match entries.get("@protected") {
            None => self.protected,
            Some(Value::Bool(protected)) => *protected,
            Some(_) => return self.invalid(name, "`@protected` is a boolean"),
        };
        if let Some(coercion) = entries.get("@type") {
            definition.coercion = self.coercion(name, coercion)?;
        }
        if let Some(reverse) = entries.get("@reverse") {
            definition.mapping = self.reverse(name, reverse, entries)?;
            definition.reverse = true;
        } else {
            definition.mapping = self.mapping(name, id)?;
        }
        definition.prefix = self.is_prefix(&definition, simple, entries)?;
        if let Some(container) = entries.get("@container") {
            definition.container = self.container(&mut definition, container)?;
        }
        self.read_language(&mut definition, entries)?;
        if name == "@type" {
            self.check_type_term(&definition, entries)?;
        }
        if let Some(scoped) = entries.get("@context") {
            let checked = self.processor.validate(self.context, scoped, self.place);
            checked.or_else(|cause| self.fail(name, ContextFault::Scoped(Box::new(cause))))?;
            definition.scoped = Some(scoped.clone());
        }
        Ok(definition)
    }

    fn check_entries(&self, name: &str, entries: Entries<'_>) -> Result<(), ContextError> {
        for entry in entries.keys() {
            match entry.as_str() {
                "@id" | "@reverse" | "@container" | "@context" | "@language" | "@prefix" | "@protected" | "@type" => {}
                "@direction" => return self.fail(name, ContextFault::Unsupported("`@direction`")),
                "@nest" => return self.fail(name, ContextFault::Unsupported("`@nest`")),
                "@index" => return self.fail(name, ContextFault::Unsupported("`@index` in a definition")),
                _ => return self.invalid(name, "a definition has an entry that is not of JSON-LD 1.1"),
            }
        }
        Ok(())
    }

    fn coercion(&mut self, name: &str, value: &'c Value) -> Result<Coercion, ContextError> {
        let Some(text) = value.as_str() else { return self.invalid(name, "`@type` of a term is an IRI") };
        match self.expand(text)? {
            Mapping::Keyword(Keyword::Id) => Ok(Coercion::Id),
            Mapping::Keyword(Keyword::Vocab) => Ok(Coercion::Vocab),
            Mapping::Keyword(Keyword::Json) => Ok(Coercion::Json),
            Mapping::Keyword(Keyword::None) => Ok(Coercion::None),
            Mapping::Iri(iri) if iri::is_absolute(&iri) => Ok(Coercion::Datatype(iri)),
            _ => self.fail(name, ContextFault::InvalidIri(text.to_owned())),
        }
    }

    fn reverse(&mut self, name: &str, value: &'c Value, entries: Entries<'_>) -> Result<Mapping, ContextError> {
        if entries.contains_key("@id") || entries.contains_key("@language") {
            return self.invalid(name, "a reverse property has neither `@id` nor a language");
        }
        if !entries.get("@container").is_none_or(|container| container.is_null() || container == "@set") {
            return self.invalid(name, "the container of a reverse property is `@set`");
        }
        let Some(text) = value.as_str() else { return self.invalid(name, "`@reverse` is an IRI") };
        match self.expand(text)? {
            Mapping::Iri(iri) if iri::is_absolute(&iri) => Ok(Mapping::Iri(iri)),
            _ => self.fail(name, ContextFault::InvalidIri(text.to_owned())),
        }
    }

    fn mapping(&mut self, name: &'c str, id: Option<&'c Value>) -> Result<Mapping, ContextError> {
        match id {
            Some(Value::Null) => return Ok(Mapping::Nothing),
            Some(Value::String(id)) if id != name => return self.mapping_to(name, id),
            None | Some(Value::String(_)) => {}
            Some(_) => return self.invalid(name, "`@id` of a term is an IRI"),
        }
        if name == "@type" {
            return Ok(Mapping::Keyword(Keyword::Type));
        }
        if let Some((prefix, suffix)) = split_after_first(name) {
            self.define_before(prefix)?;
            if let Some(Mapping::Iri(iri)) = self.context.terms.get(prefix).map(|term| &term.mapping) {
                return Ok(Mapping::Iri(format!("{iri}{suffix}")));
            }
            return self.absolute(name, name.to_owned());
        }
        match &self.context.vocab {
            Some(vocab) => self.absolute(name, format!("{vocab}{name}")),
            None => self.fail(name, ContextFault::InvalidIri(name.to_owned())),
        }
    }

    fn mapping_to(&mut self, name: &'c str, id: &'c str) -> Result<Mapping, ContextError> {
        let mapping = match self.expand(id)? {
            Mapping::Iri(iri) => self.absolute(name, iri)?,
            Mapping::Keyword(Keyword::Context) => return self.invalid(name, "`@context` has no other name"),
            Mapping::Keyword(Keyword::OfContexts) => {
                return self.invalid(name, "keywords of contexts have no other name");
            }
            mapping @ Mapping::Keyword(_) => mapping,
            Mapping::Nothing => return self.fail(name, ContextFault::InvalidIri(id.to_owned())),
        };
        // A name that looks like an IRI must mean that IRI.
        if split_after_first(name).is_some_and(|(_, suffix)| !suffix.is_empty()) || name.contains('/') {
            self.defined.insert(name, true);
            let itself = self.expand(name)?;
            self.defined.insert(name, false);
            if itself != mapping {
                return self.invalid(name, "a term that looks like an IRI means another one");
            }
        }
        Ok(mapping)
    }

    /// Blank nodes may be the meaning of a term, though nothing that uses one is accepted.
    fn absolute(&self, name: &str, iri: String) -> Result<Mapping, ContextError> {
        if iri.starts_with("_:") || iri::is_absolute(&iri) {
            return Ok(Mapping::Iri(iri));
        }
        self.fail(name, ContextFault::InvalidIri(iri))
    }

    fn is_prefix(&self, definition: &Definition, simple: bool, entries: Entries<'_>) -> Result<bool, ContextError> {
        let name = definition.name.as_str();
        let looks_like_iri = name.contains([':', '/']);
        match (entries.get("@prefix"), &definition.mapping) {
            (None, Mapping::Iri(iri)) => {
                let ends = iri.ends_with([':', '/', '?', '#', '[', ']', '@']) || iri.starts_with("_:");
                Ok(simple && !looks_like_iri && ends)
            }
            (None, _) => Ok(false),
            (Some(_), _) if looks_like_iri => self.invalid(name, "a term with `:` or `/` cannot be a prefix"),
            (Some(Value::Bool(true)), Mapping::Keyword(_)) => self.invalid(name, "a keyword cannot be a prefix"),
            (Some(Value::Bool(prefix)), _) => Ok(*prefix),
            (Some(_), _) => self.invalid(name, "`@prefix` is a boolean"),
        }
    }

    fn container(&self, definition: &mut Definition, value: &Value) -> Result<Container, ContextError> {
        let name = definition.name.as_str();
        let mut container = Container::default();
        let items = match value {
            Value::Null if definition.reverse => return Ok(container),
            Value::Array(items) => items.as_slice(),
            item => std::slice::from_ref(item),
        };
        for item in items {
            let flag = match item.as_str() {
                Some("@graph") => &mut container.graph,
                Some("@id") => &mut container.id,
                Some("@index") => &mut container.index,
                Some("@language") => &mut container.language,
                Some("@list") => &mut container.list,
                Some("@set") => &mut container.set,
                Some("@type") => &mut container.of_type,
                _ => return self.invalid(name, "no such container"),
            };
            if std::mem::replace(flag, true) {
                return self.invalid(name, "a container is named twice");
            }
        }
        let Container { graph, id, index, language, list, of_type, .. } = container;
        let kinds = [id, index, language, list, of_type].into_iter().filter(|flag| *flag).count();
        let fits = match items.len() {
            0 => false,
            1 => true,
            _ => kinds <= 1 && !list && !(graph && (language || of_type)),
        };
        if !fits {
            return self.invalid(name, "these containers do not go together");
        }
        if of_type && definition.coercion == Coercion::Native {
            definition.coercion = Coercion::Id;
        }
        if of_type && !matches!(definition.coercion, Coercion::Id | Coercion::Vocab) {
            return self.invalid(name, "the values of a `@type` container are nodes");
        }
        Ok(container)
    }

    fn read_language(&self, definition: &mut Definition, entries: Entries<'_>) -> Result<(), ContextError> {
        definition.language = match entries.get("@language") {
            None => return Ok(()),
            Some(_) if entries.contains_key("@type") => return Ok(()),
            Some(Value::Null) => Some(None),
            Some(Value::String(tag)) => Some(Some(tag.clone())),
            Some(_) => return self.invalid(&definition.name, "`@language` is a text or null"),
        };
        Ok(())
    }

    /// `@type` itself may be said to be a set, and protected; nothing else.
    fn check_type_term(&self, definition: &Definition, entries: Entries<'_>) -> Result<(), ContextError> {
        let only_set = definition.container == Container { set: true, ..Container::default() };
        let known = entries.keys().all(|entry| entry == "@container" || entry == "@protected");
        if known && !entries.is_empty() && (only_set || !entries.contains_key("@container")) {
            return Ok(());
        }
        self.invalid("@type", "a keyword cannot be a term")
    }

    /// Makes sure that what `name` refers to is defined first.
    fn define_before(&mut self, name: &str) -> Result<(), ContextError> {
        match self.entries.get_key_value(name) {
            Some((name, _)) => self.define(name),
            None => Ok(()),
        }
    }

    /// IRI expansion inside a context; never relative to a document.
    fn expand(&mut self, text: &str) -> Result<Mapping, ContextError> {
        if let Some(keyword) = Keyword::parse(text) {
            return Ok(Mapping::Keyword(keyword));
        }
        if has_keyword_form(text) {
            return Ok(Mapping::Nothing);
        }
        if self.defined.get(text) != Some(&true) {
            self.define_before(text)?;
        }
        if let Some(term) = self.context.terms.get(text).filter(|_| self.defined.get(text) != Some(&false)) {
            return Ok(term.mapping.clone());
        }
        if let Some((prefix, suffix)) = split_after_first(text) {
            if prefix == "_" || suffix.starts_with("//") {
                return Ok(Mapping::Iri(text.to_owned()));
            }
            if self.defined.get(prefix) != Some(&true) {
                self.define_before(prefix)?;
            }
            if let Some(term) = self.context.terms.get(prefix)
                && term.prefix
                && let Mapping::Iri(iri) = &term.mapping
            {
                return Ok(Mapping::Iri(format!("{iri}{suffix}")));
            }
            if iri::is_absolute(text) {
                return Ok(Mapping::Iri(text.to_owned()));
            }
        }
        let vocab = self.context.vocab.as_deref().unwrap_or_default();
        Ok(Mapping::Iri(format!("{vocab}{text}")))
    }
}

/// Splits at the first `:` that is not the first character.
fn split_after_first(text: &str) -> Option<(&str, &str)> {
    let first = text.chars().next()?.len_utf8();
    let colon = first + text[first..].find(':')?;
    Some((&text[..colon], &text[colon + 1..]))
}
