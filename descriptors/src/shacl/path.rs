//! Property paths (SHACL section 2.3.1).

use std::fmt::Write as _;

use super::terms::{TermId, Terms};
use crate::rdf::n_quads;

#[derive(Debug, Clone)]
pub(super) enum Path {
    Predicate(TermId),
    Inverse(Box<Path>),
    Sequence(Vec<Path>),
    Alternative(Vec<Path>),
    ZeroOrMore(Box<Path>),
    OneOrMore(Box<Path>),
    ZeroOrOne(Box<Path>),
}

impl Path {
    /// An IRI by itself, or the path as SPARQL 1.1 writes it.
    pub(super) fn text(&self, terms: &Terms) -> String {
        match self {
            Self::Predicate(iri) => terms.get(*iri).as_iri().unwrap_or_default().to_owned(),
            path => {
                let mut text = String::new();
                path.write(terms, &mut text);
                text
            }
        }
    }

    fn write(&self, terms: &Terms, out: &mut String) {
        match self {
            Self::Predicate(iri) => n_quads::write_term(terms.get(*iri), out),
            Self::Inverse(path) => {
                out.push('^');
                path.write_inner(terms, out);
            }
            Self::Sequence(paths) => write_joined(paths, '/', terms, out),
            Self::Alternative(paths) => write_joined(paths, '|', terms, out),
            Self::ZeroOrMore(path) => path.write_suffixed('*', terms, out),
            Self::OneOrMore(path) => path.write_suffixed('+', terms, out),
            Self::ZeroOrOne(path) => path.write_suffixed('?', terms, out),
        }
    }

    fn write_inner(&self, terms: &Terms, out: &mut String) {
        if matches!(self, Self::Predicate(_)) {
            return self.write(terms, out);
        }
        out.push('(');
        self.write(terms, out);
        out.push(')');
    }

    fn write_suffixed(&self, suffix: char, terms: &Terms, out: &mut String) {
        self.write_inner(terms, out);
        let _ = write!(out, "{suffix}");
    }
}

fn write_joined(paths: &[Path], by: char, terms: &Terms, out: &mut String) {
    for (index, path) in paths.iter().enumerate() {
        if index > 0 {
            out.push(by);
        }
        path.write_inner(terms, out);
    }
}
