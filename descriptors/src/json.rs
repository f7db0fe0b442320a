//! Strict JSON that is read once and never copied: the reader behind everything that is verified.
//!
//! A [`Document`] owns the text it was read from; members and texts are ranges of it. So the bytes whose signature was
//! checked are the bytes that are looked at afterwards, and reading costs no allocation for each name. What two readers
//! could understand in two ways is refused: see [`Fault`]. What the members mean is not known here.

mod canonical;
mod read;
mod view;

use std::fmt;

pub use view::{Items, Json, Members};

/// Deepest nesting that is read.
pub const DEPTH_MAX: usize = 64;

/// Largest integer every reader of JSON agrees on: 2^53 - 1 (RFC 7493, section 2.2).
pub(crate) const INTEGER_MAX: u64 = (1 << 53) - 1;

/// A JSON document that has one meaning.
#[derive(Clone, PartialEq)]
pub struct Document {
    /// As it was read.
    text: String,
    /// Texts that had escapes, without them.
    unescaped: String,
    /// Values in the order of the text; behind an object or list its parts, names before their values.
    tokens: Vec<Token>,
}

/// A value. Ranges are offsets of bytes; `end` of a list or an object is the token behind its last part.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Token {
    Null,
    Boolean(bool),
    Integer(i64),
    Float(f64),
    /// A range of `text`.
    Plain {
        start: u32,
        end: u32,
    },
    /// A range of `unescaped`.
    Escaped {
        start: u32,
        end: u32,
    },
    List {
        length: u32,
        end: u32,
    },
    Object {
        length: u32,
        end: u32,
    },
}

/// Why bytes are not a document that has one meaning, and where that is seen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {fault}")]
pub struct SyntaxError {
    /// From 1.
    pub line: usize,
    /// From 1, in bytes.
    pub column: usize,
    /// What is wrong there.
    pub fault: Fault,
}

/// What is wrong at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Not JSON: something else was expected.
    Expected(&'static str),
    /// Bytes that are not UTF-8.
    Encoding,
    /// More than 4 GiB.
    Long,
    /// Deeper than [`DEPTH_MAX`].
    Deep,
    /// A name that the object has already.
    Twice(String),
    /// An integer beyond 2^53 - 1, where readers of JSON disagree.
    Integer(String),
    /// A number beyond the range of a double.
    Range,
    /// An escape that JSON does not have, or half of a surrogate pair.
    Escape,
    /// A control character that must be escaped.
    Control,
    /// Something behind the document.
    Trailing,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expected(what) => write!(f, "expected {what}"),
            Self::Encoding => f.write_str("the bytes are not UTF-8"),
            Self::Long => f.write_str("the document is longer than 4 GiB"),
            Self::Deep => write!(f, "nested deeper than {DEPTH_MAX} levels"),
            Self::Twice(name) => write!(f, "the name `{name}` stands twice in one object"),
            Self::Integer(number) => write!(f, "the integer {number} lies beyond 2^53 - 1"),
            Self::Range => f.write_str("a number beyond the range of a double"),
            Self::Escape => f.write_str("an escape that JSON does not have, or half of a surrogate pair"),
            Self::Control => f.write_str("a control character that must be escaped"),
            Self::Trailing => f.write_str("there is something behind the document"),
        }
    }
}

impl Document {
    /// Reads a document; refuses what two readers could understand in two ways.
    pub fn parse(bytes: impl Into<Vec<u8>>) -> Result<Self, SyntaxError> {
        read::document(bytes.into())
    }

    /// The document's one value.
    pub fn root(&self) -> Json<'_> {
        Json::at(self, 0)
    }

    /// How many values and names there are: what work on the document grows with.
    pub fn size(&self) -> usize {
        self.tokens.len()
    }

    /// The text that was read, byte for byte.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Document").field(&self.text).finish()
    }
}
