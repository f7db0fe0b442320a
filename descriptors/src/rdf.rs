//! Statements: what a JSON-LD document says once its context is applied (RDF 1.1), and their text form, N-Quads.
//!
//! Canonicalisation turns the statements of a document into one text that everybody computes alike; a
//! signature of `eddsa-rdfc-2022` covers the digest of that text. What a predicate means is not known here.

pub mod canonical;
pub mod iri;
pub mod n_quads;
pub mod statement;
pub mod turtle;
pub mod xsd;

use std::fmt;

/// `rdf:type`.
pub const TYPE: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type";
/// The datatype of a literal that has a language.
pub const LANG_STRING: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString";
/// The datatype of a JSON literal.
pub const JSON: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#JSON";
/// The datatype that is not written.
pub const STRING: &str = "http://www.w3.org/2001/XMLSchema#string";

/// `rdf:first`.
pub const FIRST: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#first";
/// `rdf:rest`.
pub const REST: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#rest";
/// `rdf:nil`.
pub const NIL: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#nil";
/// The datatype of native booleans.
pub const XSD_BOOLEAN: &str = "http://www.w3.org/2001/XMLSchema#boolean";
/// The datatype of native numbers with a fraction.
pub const XSD_DOUBLE: &str = "http://www.w3.org/2001/XMLSchema#double";
/// The datatype of native numbers without.
pub const XSD_INTEGER: &str = "http://www.w3.org/2001/XMLSchema#integer";

/// A subject, an object, or the name of a graph.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Term {
    /// An absolute IRI.
    Iri(String),
    /// A blank node, without `_:`.
    Blank(String),
    /// A literal; only as an object.
    Literal(Literal),
}

/// A value with its datatype.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Literal {
    /// The lexical form, as it stands in the document.
    pub text: String,
    /// The IRI of its datatype; [`STRING`] where the document names none.
    pub datatype: String,
    /// The language tag; then the datatype is [`LANG_STRING`].
    pub language: Option<String>,
}

/// One statement.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quad {
    /// An IRI or a blank node.
    pub subject: Term,
    /// An IRI.
    pub predicate: String,
    /// Anything.
    pub object: Term,
    /// The graph: an IRI or a blank node; `None` is the default graph.
    pub graph: Option<Term>,
}

impl Term {
    /// The IRI, where this is one.
    pub fn as_iri(&self) -> Option<&str> {
        match self {
            Self::Iri(iri) => Some(iri),
            Self::Blank(_) | Self::Literal(_) => None,
        }
    }
}

impl Literal {
    /// A text without language.
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), datatype: STRING.to_owned(), language: None }
    }
}

/// As in canonical N-Quads.
impl fmt::Display for Quad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = String::new();
        n_quads::write(self, &mut line);
        f.write_str(line.trim_end_matches('\n'))
    }
}
