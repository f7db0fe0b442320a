//! What a validation found.

use std::collections::BTreeSet;
use std::fmt;

use crate::rdf::{Literal, Term};

macro_rules! components {
    ($($name:ident),* $(,)?) => {
        /// A constraint component of SHACL Core (section 4).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Component {
            $(#[doc = concat!("`sh:", stringify!($name), "ConstraintComponent`.")] $name,)*
        }

        impl Component {
            /// The local name in the namespace of SHACL.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$name => concat!(stringify!($name), "ConstraintComponent"),)*
                }
            }
        }
    };
}

components!(
    Class,
    Datatype,
    NodeKind,
    MinCount,
    MaxCount,
    MinExclusive,
    MinInclusive,
    MaxExclusive,
    MaxInclusive,
    MinLength,
    MaxLength,
    Pattern,
    LanguageIn,
    UniqueLang,
    Equals,
    Disjoint,
    LessThan,
    LessThanOrEquals,
    Not,
    And,
    Or,
    Xone,
    Node,
    QualifiedMinCount,
    QualifiedMaxCount,
    Closed,
    HasValue,
    In,
);

/// How bad a violation is (`sh:severity`). None of them conforms.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// `sh:Info`.
    Info,
    /// `sh:Warning`.
    Warning,
    /// `sh:Violation`, and where nothing is said.
    Violation,
    /// A severity that somebody defined.
    Other(String),
}

/// One thing that does not have its shape.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    /// The node that was looked at.
    pub focus: Term,
    /// The property: its IRI, or a path as SPARQL 1.1 writes it. `None` when the node itself is meant.
    pub path: Option<String>,
    /// Which rule.
    pub component: Component,
    /// The value that breaks it, where there is one.
    pub value: Option<Term>,
    /// The shape that asks for it.
    pub shape: Term,
    /// The nearest shape around that one that has a name.
    pub within: Option<Term>,
    /// How bad.
    pub severity: Severity,
    /// What the component asks for, in our words.
    pub expected: String,
    /// What the shape itself says (`sh:message`).
    pub messages: Vec<Literal>,
}

/// Why something could not be checked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// A construct that is not SHACL Core: its IRI.
    NotCore(String),
    /// Shapes that the document imports and nobody handed in: the IRI.
    Import(String),
    /// A shape that breaks a syntax rule of SHACL: the parameter.
    IllFormed(String),
    /// A regular expression that cannot be used, and why.
    Pattern(String),
    /// The shape refers to itself: SHACL does not say what that means.
    Recursion,
    /// Shapes in shapes in shapes: deeper than [`super::DEPTH_MAX`].
    Depth,
    /// More steps than [`super::WORK_MAX`].
    Work,
}

/// Something that could not be checked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NotChecked {
    /// The shape; `None` when the shapes as a whole are meant.
    pub shape: Option<Term>,
    /// The nearest shape around it that has a name.
    pub within: Option<Term>,
    /// Why.
    pub reason: Reason,
}

/// All that a validation found, sorted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// What does not have its shape.
    pub violations: Vec<Violation>,
    /// What could not be checked.
    pub not_checked: Vec<NotChecked>,
}

impl Report {
    /// Whether everything was checked and nothing found; `None` when nothing was found and something not checked.
    pub fn conforms(&self) -> Option<bool> {
        match (self.violations.is_empty(), self.not_checked.is_empty()) {
            (false, _) => Some(false),
            (true, true) => Some(true),
            (true, false) => None,
        }
    }

    /// One violation for each focus, path, component and value. A fault of a sub-class is found by the shape of every
    /// super-class too.
    pub fn distinct(&self) -> Vec<&Violation> {
        let mut seen = BTreeSet::new();
        let mut distinct = Vec::new();
        for v in &self.violations {
            if seen.insert((&v.focus, &v.path, v.component, &v.value)) {
                distinct.push(v);
            }
        }
        distinct
    }
}

impl fmt::Display for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotCore(iri) => write!(f, "<{iri}> is not SHACL Core"),
            Self::Import(iri) => write!(f, "the import <{iri}> was not handed in"),
            Self::IllFormed(parameter) => write!(f, "the shape's {parameter} is not well-formed"),
            Self::Pattern(why) => write!(f, "its pattern cannot be used: {why}"),
            Self::Recursion => f.write_str("the shape refers to itself, which SHACL leaves undefined"),
            Self::Depth => write!(f, "shapes are nested deeper than {} levels", super::DEPTH_MAX),
            Self::Work => write!(f, "more than {} steps", super::WORK_MAX),
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Info => f.write_str("Info"),
            Self::Warning => f.write_str("Warning"),
            Self::Violation => f.write_str("Violation"),
            Self::Other(iri) => f.write_str(iri),
        }
    }
}
