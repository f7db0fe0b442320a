//! Active contexts, and those that follow from them when a document enters a scope.
//!
//! A context that was derived once is kept at the context it comes from, so that documents of one kind pay for it once.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use serde_json::Value;

use super::error::{ContextError, ContextFault};
use super::process::{Documents, Processor};
use super::term::{Definition, Keyword, Mapping, Terms};

/// An active context.
#[derive(Debug, Default)]
pub(super) struct Context {
    pub(super) terms: Terms,
    pub(super) vocab: Option<String>,
    pub(super) language: Option<String>,
    aliases: Vec<(Keyword, String)>,
    derived: Chain,
}

/// A context together with how it came about.
#[derive(Debug)]
pub(super) struct Derived {
    pub(super) context: Context,
    /// Whether it also holds for the nodes below.
    pub(super) propagate: bool,
    /// Whether it begins with nothing.
    pub(super) nullified: bool,
}

/// What makes another context hold.
#[derive(Debug, Clone, Copy)]
pub(super) enum Cause<'c> {
    /// The value of a property with a context of its own.
    Property(&'c Arc<Definition>),
    /// A node of a type with a context of its own.
    Type(&'c Arc<Definition>),
    /// `@context` inside the document.
    Embedded(&'c Value),
}

/// Why there is no derived context.
pub(super) enum DeriveError<'a> {
    Context(&'a ContextError),
    /// As many contexts are kept as may be.
    Full,
}

/// What derived contexts are made from, and how many may be kept.
#[derive(Debug)]
pub(super) struct Soil {
    pub(super) documents: Documents,
    kept: AtomicUsize,
    kept_max: usize,
}

impl Soil {
    pub(super) fn new(documents: Documents, kept_max: usize) -> Self {
        Self { documents, kept: AtomicUsize::new(0), kept_max }
    }

    pub(super) fn is_full(&self) -> bool {
        self.kept.load(Ordering::Relaxed) >= self.kept_max
    }

    fn fill(&self) {
        self.kept.fetch_max(self.kept_max, Ordering::Relaxed);
    }
}

/// Most contexts that are derived from one: they are searched one after the other.
const LINKS_MAX: usize = 1024;

/// A list that only grows, so that what is in it can be borrowed as long as the list.
#[derive(Debug, Default)]
struct Chain(OnceLock<Box<Link>>);

/// Link by link, since a long list would be too deep for the stack.
impl Drop for Chain {
    fn drop(&mut self) {
        let mut next = self.0.take();
        while let Some(mut link) = next {
            next = link.next.0.take();
        }
    }
}

#[derive(Debug)]
struct Link {
    cause: OwnedCause,
    outcome: Result<Derived, ContextError>,
    next: Chain,
}

#[derive(Debug)]
enum OwnedCause {
    Property(Arc<Definition>),
    Type(Arc<Definition>),
    Embedded(Value),
}

impl OwnedCause {
    fn is(&self, cause: Cause<'_>) -> bool {
        match (self, cause) {
            (Self::Property(a), Cause::Property(b)) | (Self::Type(a), Cause::Type(b)) => Arc::ptr_eq(a, b),
            (Self::Embedded(a), Cause::Embedded(b)) => a == b,
            _ => false,
        }
    }
}

impl Cause<'_> {
    fn to_owned(self) -> OwnedCause {
        match self {
            Self::Property(definition) => OwnedCause::Property(Arc::clone(definition)),
            Self::Type(definition) => OwnedCause::Type(Arc::clone(definition)),
            Self::Embedded(value) => OwnedCause::Embedded(value.clone()),
        }
    }

    /// How much it takes to keep.
    fn weight(self) -> usize {
        match self {
            Self::Property(_) | Self::Type(_) => 1,
            Self::Embedded(value) => count_values(value),
        }
    }

    fn process(self, active: &Context, processor: &mut Processor<'_>) -> Result<Derived, ContextError> {
        match self {
            Self::Property(definition) => processor.scoped(active, definition, true),
            Self::Type(definition) => processor.scoped(active, definition, false),
            Self::Embedded(local) => processor.local(active, local),
        }
    }
}

fn count_values(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count_values).sum(),
        Value::Object(members) => members.iter().map(|(name, value)| 1 + name.len() / 16 + count_values(value)).sum(),
        Value::String(text) => text.len() / 16,
        _ => 0,
    }
}

impl Context {
    /// The same, with nothing derived from it.
    pub(super) fn anew(&self) -> Self {
        Self {
            terms: self.terms.clone(),
            vocab: self.vocab.clone(),
            language: self.language.clone(),
            aliases: self.aliases.clone(),
            derived: Chain::default(),
        }
    }

    /// To be called when all terms are there.
    pub(super) fn finish(&mut self) {
        let alias = |definition: &Arc<Definition>| match definition.mapping {
            Mapping::Keyword(keyword) if definition.name != "@type" => Some((keyword, definition.name.clone())),
            _ => None,
        };
        self.aliases = self.terms.iter().filter_map(alias).collect();
        self.aliases.sort_by(|a, b| a.1.cmp(&b.1));
    }

    /// The other names of a keyword, sorted.
    pub(super) fn aliases(&self, keyword: Keyword) -> impl Iterator<Item = &str> {
        self.aliases.iter().filter(move |(other, _)| *other == keyword).map(|(_, name)| name.as_str())
    }

    pub(super) fn has_protected_terms(&self) -> bool {
        self.terms.iter().any(|definition| definition.protected)
    }

    /// The context that holds for `cause` under this one: the one kept, or a new one.
    pub(super) fn derive<'a>(&'a self, cause: Cause<'_>, soil: &Soil) -> Result<&'a Derived, DeriveError<'a>> {
        let mut chain = &self.derived;
        let mut links = 0;
        loop {
            match chain.0.get() {
                Some(link) if link.cause.is(cause) => return link.outcome.as_ref().map_err(DeriveError::Context),
                Some(link) => {
                    chain = &link.next;
                    links += 1;
                }
                None => {
                    if links >= LINKS_MAX {
                        soil.fill();
                    }
                    if soil.is_full() {
                        return Err(DeriveError::Full);
                    }
                    let mut processor = Processor::new(&soil.documents);
                    let outcome = cause.process(self, &mut processor);
                    let terms = outcome.as_ref().map_or(0, |derived| derived.context.terms.weight());
                    // What it took to make counts too, so that the limit also holds for time.
                    let weight = terms + processor.definitions() + cause.weight();
                    soil.kept.fetch_add(weight, Ordering::Relaxed);
                    // Where another thread was faster, the next turn of the loop looks at what it put there.
                    let _ = chain.0.set(Box::new(Link { cause: cause.to_owned(), outcome, next: Chain::default() }));
                }
            }
        }
    }
}

impl ContextFault {
    /// This fault in what `source` says of `term`.
    pub(super) fn at(self, source: &str, term: &str) -> ContextError {
        ContextError { source: source.to_owned(), term: term.to_owned(), fault: self }
    }
}
