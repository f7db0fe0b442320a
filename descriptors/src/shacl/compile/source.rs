//! The statements of a shapes graph, indexed.

use std::collections::BTreeSet;

use super::super::terms::{Key, Terms};
use super::super::{NAMESPACE, RDF, RDFS};
use crate::rdf::xsd::NAMESPACE as XSD;
use crate::rdf::{Literal, Quad, TYPE, Term};

/// The number of a term in a [`Source`].
pub(super) type Node = u32;

pub(super) struct Source {
    terms: Terms,
    /// Subject, predicate, object; sorted.
    triples: Vec<[Node; 3]>,
    first: Option<Node>,
    rest: Option<Node>,
    nil: Option<Node>,
}

impl Source {
    pub(super) fn new(quads: &[Quad]) -> Self {
        let mut terms = Terms::default();
        let mut triples: Vec<[Node; 3]> = quads
            .iter()
            .filter(|quad| quad.graph.is_none())
            .map(|quad| {
                let subject = terms.insert(Key::of(&quad.subject));
                [subject, terms.insert(Key::Iri(&quad.predicate)), terms.insert(Key::of(&quad.object))]
            })
            .collect();
        triples.sort_unstable();
        triples.dedup();
        let find = |name: &str| terms.find(Key::Iri(&format!("{RDF}{name}")));
        let (first, rest, nil) = (find("first"), find("rest"), find("nil"));
        Self { terms, triples, first, rest, nil }
    }

    pub(super) fn term(&self, node: Node) -> &Term {
        self.terms.get(node)
    }

    pub(super) fn literal(&self, node: Node) -> Option<&Literal> {
        match self.term(node) {
            Term::Literal(literal) => Some(literal),
            Term::Iri(_) | Term::Blank(_) => None,
        }
    }

    pub(super) fn about(&self, subject: Node) -> &[[Node; 3]] {
        let start = self.triples.partition_point(|triple| triple[0] < subject);
        let length = self.triples[start..].partition_point(|triple| triple[0] == subject);
        &self.triples[start..start + length]
    }

    pub(super) fn values(&self, subject: Node, predicate: &str) -> Vec<Node> {
        let Some(predicate) = self.terms.find(Key::Iri(predicate)) else { return Vec::new() };
        self.values_of(subject, predicate).collect()
    }

    fn values_of(&self, subject: Node, predicate: Node) -> impl Iterator<Item = Node> {
        self.about(subject).iter().filter(move |triple| triple[1] == predicate).map(|triple| triple[2])
    }

    /// Subjects and objects of a property.
    pub(super) fn pairs<'s>(&'s self, predicate: &str) -> impl Iterator<Item = (Node, Node)> + use<'s> {
        let predicate = self.terms.find(Key::Iri(predicate));
        self.triples.iter().filter(move |triple| Some(triple[1]) == predicate).map(|triple| (triple[0], triple[2]))
    }

    /// Those of a class and of its sub-classes.
    pub(super) fn instances_of(&self, class: &str) -> BTreeSet<Node> {
        let Some(class) = self.terms.find(Key::Iri(class)) else { return BTreeSet::new() };
        let below: Vec<(Node, Node)> = self.pairs(&format!("{RDFS}subClassOf")).collect();
        let mut classes = BTreeSet::from([class]);
        let mut open = vec![class];
        while let Some(class) = open.pop() {
            let next = below.iter().filter(|(_, above)| *above == class).map(|(sub_class, _)| *sub_class);
            open.extend(next.filter(|sub_class| classes.insert(*sub_class)));
        }
        self.pairs(TYPE).filter(|(_, class)| classes.contains(class)).map(|(node, _)| node).collect()
    }

    /// The properties of a node in the namespace of SHACL.
    pub(super) fn sh_properties(&self, node: Node) -> Vec<(&str, Node)> {
        let named = |triple: &[Node; 3]| Some((self.term(triple[1]).as_iri()?.strip_prefix(NAMESPACE)?, triple[2]));
        self.about(node).iter().filter_map(named).collect()
    }

    /// The items of a list; `None` when this is not one.
    pub(super) fn list(&self, head: Node) -> Option<Vec<Node>> {
        let mut items = Vec::new();
        let mut cell = head;
        while Some(cell) != self.nil {
            let one = |predicate: Option<Node>| {
                let mut values = self.values_of(cell, predicate?);
                values.next().filter(|_| values.next().is_none())
            };
            items.push(one(self.first)?);
            cell = one(self.rest)?;
            if items.len() > self.triples.len() {
                return None;
            }
        }
        Some(items)
    }

    pub(super) fn is_true(&self, node: Node) -> bool {
        self.boolean(node) == Some(true)
    }

    pub(super) fn is_the_word_true(&self, node: Node) -> bool {
        self.literal(node).is_some_and(|literal| literal.text == "true")
    }

    pub(super) fn boolean(&self, node: Node) -> Option<bool> {
        let literal = self.literal(node)?;
        match (literal.datatype.strip_prefix(XSD)?, literal.text.as_str()) {
            ("boolean", "true" | "1") => Some(true),
            ("boolean", "false" | "0") => Some(false),
            _ => None,
        }
    }

    pub(super) fn count(&self, node: Node) -> Option<u64> {
        let literal = self.literal(node)?;
        let is_integer = literal.datatype.strip_prefix(XSD) == Some("integer");
        literal.text.trim_start_matches('+').parse().ok().filter(|_| is_integer)
    }
}
