//! Why a context or a document is refused.

/// Why a context cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContextError {
    /// The IRI of the context document; `@context` for what stands in the document itself.
    pub source: String,
    /// The term or keyword concerned; may be empty.
    pub term: String,
    /// The rule broken.
    pub fault: ContextFault,
}

impl std::error::Error for ContextError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.fault {
            ContextFault::Scoped(cause) => Some(cause.as_ref()),
            _ => None,
        }
    }
}

impl std::fmt::Display for ContextError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { source, term, fault } = self;
        if term.is_empty() { write!(f, "{source}: {fault}") } else { write!(f, "{source}, `{term}`: {fault}") }
    }
}

/// The rule that a context breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ContextFault {
    /// Its document was not handed in.
    #[error("unknown context; nothing is fetched: hand in its document with a pinned digest")]
    Unknown,
    /// Neither an IRI nor an object, or a document without `@context`.
    #[error("not a context")]
    NotAContext,
    /// A term that another context protects is given another meaning.
    #[error("redefinition of a protected term")]
    ProtectedTerm,
    /// `null` would remove protected terms.
    #[error("null would remove protected terms")]
    ProtectedNullification,
    /// A part of JSON-LD that is refused on purpose.
    #[error("{0} is not supported")]
    Unsupported(&'static str),
    /// An entry with a value of the wrong kind.
    #[error("{0}")]
    InvalidEntry(&'static str),
    /// A term that is defined by itself.
    #[error("defined by itself")]
    Cyclic,
    /// Neither an absolute IRI nor a keyword.
    #[error("`{0}` is not an absolute IRI")]
    InvalidIri(String),
    /// The context of a term is wrong.
    #[error("its scoped context is not valid")]
    Scoped(#[source] Box<ContextError>),
    /// A limit was reached.
    #[error("too large: more than {max} {what}")]
    TooLarge {
        /// What was counted.
        what: &'static str,
        /// How many were allowed.
        max: usize,
    },
}

/// Why a document says nothing that can be signed or checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpandError {
    /// Where: a JSON Pointer (RFC 6901).
    pub pointer: String,
    /// The rule broken.
    pub rule: ExpandFault,
}

impl std::error::Error for ExpandError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.rule {
            ExpandFault::Context(cause) => Some(cause),
            _ => None,
        }
    }
}

impl std::fmt::Display for ExpandError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { pointer, rule } = self;
        if pointer.is_empty() { write!(f, "the document: {rule}") } else { write!(f, "{pointer}: {rule}") }
    }
}

/// The rule that a document breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExpandFault {
    /// The document names other contexts than those compiled.
    #[error("the document has another `@context` than the one compiled")]
    OtherContext,
    /// A context inside the document, or of a term in it.
    #[error("a context that holds here is refused")]
    Context(#[source] ContextError),
    /// A key that no context defines: nobody would sign it.
    #[error("no context defines this name, so a signature would not cover it")]
    Undefined,
    /// A key or value that a context maps to nothing.
    #[error("a context maps this to nothing, so a signature would not cover it")]
    MappedToNothing,
    /// `null`.
    #[error("null says nothing, so a signature would not cover it: leave the member out")]
    Null,
    /// An empty array or set.
    #[error("an empty array says nothing, so a signature would not cover it: leave the member out")]
    Empty,
    /// Stands where nothing refers to it and states nothing.
    #[error("this states nothing where it stands, so a signature would not cover it")]
    FreeFloating,
    /// A name relative to an address that is not known.
    #[error("`{0}` is relative: write the absolute IRI")]
    Relative(String),
    /// Not an IRI.
    #[error("`{0}` is not an absolute IRI")]
    MalformedIri(String),
    /// A keyword, or something that looks like one, where it has no meaning.
    #[error("the keyword `{0}` may not stand here")]
    MisplacedKeyword(String),
    /// A part of JSON-LD that is refused on purpose.
    #[error("{0} is not supported")]
    Unsupported(&'static str),
    /// Two names of one keyword.
    #[error("two members say the {0} of one node")]
    Colliding(&'static str),
    /// A value of the wrong kind.
    #[error("{0}")]
    Invalid(&'static str),
    /// Not a language tag.
    #[error("`{0}` is not a language tag")]
    LanguageTag(String),
    /// A limit was reached.
    #[error("too large: more than {max} {what}")]
    TooLarge {
        /// What was counted.
        what: &'static str,
        /// How many were allowed.
        max: usize,
    },
}
