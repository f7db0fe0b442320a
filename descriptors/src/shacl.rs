//! SHACL Core (W3C Recommendation of 2017): whether statements have the shape that somebody asks of them.
//!
//! [`Shapes`] are compiled once from the statements of a shapes graph and then used for any number of data graphs. Every
//! constraint component and every form of path of SHACL Core is evaluated. What is not Core (SHACL-SPARQL, rules, custom
//! components), shapes that are not well-formed, recursive shapes and work beyond [`WORK_MAX`] are named in
//! [`Report::not_checked`]: a construct that was not evaluated never counts as fulfilled. Reading files, and what a class means
//! beyond `rdfs:subClassOf`, is not known here. Why this engine is ours: docs/adr/0006.

mod compile;
mod constraint;
mod graph;
mod path;
pub mod pattern;
mod report;
mod terms;
mod validate;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

pub use report::{Component, NotChecked, Reason, Report, Severity, Violation};

use crate::rdf::turtle::{self, TurtleError};
use crate::rdf::{Literal, Quad, Term};
use constraint::Constraint;
use path::Path;
use terms::{TermId, Terms};

/// `sh:`.
pub const NAMESPACE: &str = "http://www.w3.org/ns/shacl#";
const RDF: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
const RDFS: &str = "http://www.w3.org/2000/01/rdf-schema#";

/// Most steps that one validation takes; about a second.
pub const WORK_MAX: u64 = 20_000_000;
/// Deepest nesting of shapes that are followed.
pub const DEPTH_MAX: usize = 64;

/// A document of shapes that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("document {number} is not Turtle")]
pub struct ReadError {
    /// Its place among the documents, counted from 1.
    pub number: usize,
    /// Why.
    #[source]
    pub source: TurtleError,
}

/// Shapes, ready to be used.
///
/// Whoever writes them decides what is refused; with a bounded effort they can at most make everything "not checked".
#[derive(Debug)]
pub struct Shapes {
    terms: Terms,
    shapes: Vec<Shape>,
    targets: Vec<(usize, Target)>,
    /// Direct super-classes, by class.
    hierarchy: BTreeMap<TermId, Vec<TermId>>,
    /// What concerns the shapes as a whole.
    not_checked: Vec<NotChecked>,
}

#[derive(Debug)]
struct Shape {
    term: Term,
    /// The nearest shape around it that has a name.
    within: Option<Term>,
    path: Option<Path>,
    severity: Severity,
    messages: Vec<Literal>,
    constraints: Vec<Constraint>,
}

#[derive(Debug, Clone, Copy)]
enum Target {
    Node(TermId),
    Class(TermId),
    SubjectsOf(TermId),
    ObjectsOf(TermId),
    /// One that only SHACL-SPARQL or an extension can find.
    Unknown(TermId),
}

impl Shapes {
    /// Shapes from one or several documents in Turtle, taken together. `rdfs:subClassOf` in them holds for every data graph:
    /// a class hierarchy is handed in as one more document.
    pub fn from_turtle<'a>(documents: impl IntoIterator<Item = &'a [u8]>) -> Result<Self, ReadError> {
        let mut quads = Vec::new();
        for (index, document) in documents.into_iter().enumerate() {
            let read = turtle::parse(document, &format!("d{index}b"));
            quads.extend(read.map_err(|source| ReadError { number: index + 1, source })?);
        }
        Ok(Self::compile(&quads))
    }

    /// Shapes from statements; those of named graphs are left out.
    pub fn compile(quads: &[Quad]) -> Self {
        compile::compile(quads)
    }

    /// The number of shapes that are reached from a target.
    pub fn len(&self) -> usize {
        self.shapes.len()
    }

    /// Whether nothing can be violated.
    pub fn is_empty(&self) -> bool {
        self.shapes.is_empty()
    }

    /// Checks the default graph of `data`.
    pub fn validate(&self, data: &[Quad]) -> Report {
        validate::validate(self, data, WORK_MAX)
    }
}
