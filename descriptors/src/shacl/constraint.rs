//! The constraints of a shape, ready to be evaluated.

use super::pattern::Pattern;
use super::report::{Component, Reason};
use super::terms::TermId;
use crate::rdf::xsd;

#[derive(Debug)]
pub(super) enum Constraint {
    Class(TermId),
    Datatype(TermId),
    NodeKind(NodeKinds),
    MinCount(u64),
    MaxCount(u64),
    Bound {
        component: Component,
        limit: TermId,
        value: Option<xsd::Value>,
    },
    MinLength(u64),
    MaxLength(u64),
    Pattern {
        pattern: Pattern,
        text: String,
    },
    LanguageIn(Vec<String>),
    UniqueLang,
    Equals(TermId),
    Disjoint(TermId),
    /// Whether equal values will do too.
    LessThan {
        than: TermId,
        or_equals: bool,
    },
    Not(usize),
    And(Vec<usize>),
    Or(Vec<usize>),
    Xone(Vec<usize>),
    Node(usize),
    Property(usize),
    Qualified {
        shape: usize,
        siblings: Vec<usize>,
        least: Option<u64>,
        most: Option<u64>,
    },
    /// The predicates that are allowed, sorted.
    Closed(Vec<TermId>),
    HasValue(TermId),
    /// The values, sorted; and as they stand in the shape.
    In {
        sorted: Vec<TermId>,
        listed: Vec<TermId>,
    },
    /// What cannot be evaluated.
    NotChecked(Reason),
}

/// Kinds of nodes that are allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NodeKinds {
    pub(super) iri: bool,
    pub(super) blank: bool,
    pub(super) literal: bool,
}

impl NodeKinds {
    /// By the local name in the namespace of SHACL.
    pub(super) fn named(name: &str) -> Option<Self> {
        let (iri, blank, literal) = match name {
            "IRI" => (true, false, false),
            "BlankNode" => (false, true, false),
            "Literal" => (false, false, true),
            "BlankNodeOrIRI" => (true, true, false),
            "BlankNodeOrLiteral" => (false, true, true),
            "IRIOrLiteral" => (true, false, true),
            _ => return None,
        };
        Some(Self { iri, blank, literal })
    }

    pub(super) fn words(self) -> String {
        let words = [(self.iri, "an IRI"), (self.blank, "a blank node"), (self.literal, "a literal")];
        words.iter().filter(|(allowed, _)| *allowed).map(|(_, word)| *word).collect::<Vec<_>>().join(" or ")
    }
}
