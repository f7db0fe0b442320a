//! Statements whose texts still lie in the document and its context: what expansion yields and canonicalisation reads.
//!
//! [`Quad`] is the owned form, for whoever keeps statements. Blank nodes are numbers here, because their labels mean
//! nothing. What a statement says is not known here.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::{Literal, Quad, Term};

/// An IRI or a blank node.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Node<'a> {
    /// An absolute IRI.
    Iri(Cow<'a, str>),
    /// A blank node: a number below the count of blank nodes, so that tables stay small.
    Blank(u32),
}

/// What a statement says of its subject.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Object<'a> {
    /// Another node.
    Node(Node<'a>),
    /// A value.
    Literal {
        /// Its lexical form.
        text: Cow<'a, str>,
        /// The IRI of its datatype.
        datatype: Cow<'a, str>,
        /// Its language tag.
        language: Option<Cow<'a, str>>,
    },
}

/// One statement.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Statement<'a> {
    /// Of whom.
    pub subject: Node<'a>,
    /// The IRI of the property.
    pub predicate: Cow<'a, str>,
    /// What.
    pub object: Object<'a>,
    /// The graph; `None` is the default graph.
    pub graph: Option<Node<'a>>,
}

fn owned(text: Cow<'_, str>) -> Cow<'static, str> {
    Cow::Owned(text.into_owned())
}

impl Node<'_> {
    fn into_owned(self) -> Node<'static> {
        match self {
            Self::Iri(iri) => Node::Iri(owned(iri)),
            Self::Blank(number) => Node::Blank(number),
        }
    }

    fn to_term(&self) -> Term {
        match self {
            Self::Iri(iri) => Term::Iri(iri.clone().into_owned()),
            Self::Blank(number) => Term::Blank(format!("b{number}")),
        }
    }
}

impl Statement<'_> {
    /// The same statement with texts of its own.
    pub fn into_owned(self) -> Statement<'static> {
        let object = match self.object {
            Object::Node(node) => Object::Node(node.into_owned()),
            Object::Literal { text, datatype, language } => {
                Object::Literal { text: owned(text), datatype: owned(datatype), language: language.map(owned) }
            }
        };
        Statement {
            subject: self.subject.into_owned(),
            predicate: owned(self.predicate),
            object,
            graph: self.graph.map(Node::into_owned),
        }
    }

    /// The same statement in its owned form; blank node 7 is called `b7`.
    pub fn to_quad(&self) -> Quad {
        let object = match &self.object {
            Object::Node(node) => node.to_term(),
            Object::Literal { text, datatype, language } => Term::Literal(Literal {
                text: text.clone().into_owned(),
                datatype: datatype.clone().into_owned(),
                language: language.as_ref().map(|language| language.clone().into_owned()),
            }),
        };
        Quad {
            subject: self.subject.to_term(),
            predicate: self.predicate.clone().into_owned(),
            object,
            graph: self.graph.as_ref().map(Node::to_term),
        }
    }
}

/// Borrows quads as statements, numbering their blank nodes.
#[derive(Debug, Default)]
pub struct Labels<'a>(BTreeMap<&'a str, u32>);

impl<'a> Labels<'a> {
    /// The statement that `quad` makes. `None`: a literal stands where only a node may.
    pub fn statement(&mut self, quad: &'a Quad) -> Option<Statement<'a>> {
        let object = match &quad.object {
            Term::Literal(literal) => Object::Literal {
                text: Cow::Borrowed(&literal.text),
                datatype: Cow::Borrowed(&literal.datatype),
                language: literal.language.as_deref().map(Cow::Borrowed),
            },
            node => Object::Node(self.node(node)?),
        };
        let graph = match &quad.graph {
            Some(graph) => Some(self.node(graph)?),
            None => None,
        };
        let predicate = Cow::Borrowed(quad.predicate.as_str());
        Some(Statement { subject: self.node(&quad.subject)?, predicate, object, graph })
    }

    /// Each label with its number, in the order of the labels.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, u32)> + '_ {
        self.0.iter().map(|(label, number)| (*label, *number))
    }

    fn node(&mut self, term: &'a Term) -> Option<Node<'a>> {
        match term {
            Term::Iri(iri) => Some(Node::Iri(Cow::Borrowed(iri))),
            Term::Blank(label) => {
                let next = u32::try_from(self.0.len()).ok()?;
                Some(Node::Blank(*self.0.entry(label).or_insert(next)))
            }
            Term::Literal(_) => None,
        }
    }
}
