//! Node objects: their id, types and properties.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::Value;

use super::super::context::Context;
use super::super::error::ExpandFault;
use super::super::term::{Definition, Keyword};
use super::name::Key;
use super::{Expander, Members, Place, Scope, Walk};
use crate::rdf;
use crate::rdf::statement::{Node, Object};

/// A property of a node, and what its context says of it.
#[derive(Clone, Copy)]
pub(super) struct Property<'a, 'p> {
    pub(super) term: Option<&'a Arc<Definition>>,
    pub(super) graph: Option<&'p Node<'a>>,
    /// The values state the property of the node.
    pub(super) reverse: bool,
}

impl<'a> Expander<'a, '_> {
    /// States what a node object says and returns the node. The contexts that hold inside have been entered.
    pub(super) fn node(
        &mut self,
        scope: Scope<'a>,
        members: Members<'a>,
        place: &Place<'_>,
        graph: Option<&Node<'a>>,
    ) -> Walk<Node<'a>> {
        let subject = self.subject(scope.active, members, place)?;
        for (name, value) in members {
            if name == "@context" {
                continue;
            }
            let place = Place::Member(place, name);
            match self.key(scope.active, name, &place)? {
                Key::Keyword(keyword) => self.keyword(keyword, scope, &subject, (name, value), &place, graph)?,
                Key::Property(iri) => {
                    let property = Property { term: None, graph, reverse: false };
                    self.property(scope, &subject, iri, value, &place, property)?;
                }
                Key::Term(term, iri) => {
                    let property = Property { term: Some(term), graph, reverse: term.reverse };
                    self.property(scope, &subject, iri, value, &place, property)?;
                }
            }
        }
        Ok(subject)
    }

    fn subject(&mut self, active: &'a Context, members: Members<'a>, place: &Place<'_>) -> Walk<Node<'a>> {
        let own = members.get("@id").map(|id| ("@id", id));
        let other = active.aliases(Keyword::Id).filter_map(|name| Some((name, members.get(name)?)));
        let mut ids = own.into_iter().chain(other);
        let Some((name, id)) = ids.next() else { return Ok(self.new_blank_node()) };
        let place = Place::Member(place, name);
        if ids.next().is_some() {
            return place.refuse(ExpandFault::Colliding("`@id`"));
        }
        match id {
            Value::String(id) => self.id(active, id, &place),
            _ => place.refuse(ExpandFault::Invalid("an id is a text")),
        }
    }

    fn keyword(
        &mut self,
        keyword: Keyword,
        scope: Scope<'a>,
        subject: &Node<'a>,
        (name, value): (&'a str, &'a Value),
        place: &Place<'_>,
        graph: Option<&Node<'a>>,
    ) -> Walk<()> {
        match keyword {
            Keyword::Id => Ok(()),
            Keyword::Type => self.types(scope.active, subject, value, place, graph),
            Keyword::Graph => self.graph(scope, value, place, Some(subject)),
            Keyword::Included => self.graph(scope, value, place, graph),
            Keyword::Reverse => self.reversed(scope, subject, value, place, graph),
            Keyword::Index => place.refuse(ExpandFault::Unsupported("`@index`, which no signature covers,")),
            Keyword::Nest => place.refuse(ExpandFault::Unsupported("`@nest`")),
            _ => place.refuse(ExpandFault::MisplacedKeyword(name.to_owned())),
        }
    }

    fn types(
        &mut self,
        active: &'a Context,
        subject: &Node<'a>,
        value: &'a Value,
        place: &Place<'_>,
        graph: Option<&Node<'a>>,
    ) -> Walk<()> {
        match value {
            Value::String(name) => {
                let class = self.vocab(active, name, place)?;
                self.state(subject.clone(), Cow::Borrowed(rdf::TYPE), Object::Node(class), graph, place)
            }
            Value::Array(items) if items.is_empty() => place.refuse(ExpandFault::Empty),
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    let place = Place::Item(place, index);
                    if !item.is_string() {
                        return place.refuse(ExpandFault::Invalid("a type is a text"));
                    }
                    self.types(active, subject, item, &place, graph)?;
                }
                Ok(())
            }
            _ => place.refuse(ExpandFault::Invalid("a type is a text")),
        }
    }

    /// `@reverse`: the nodes inside state their property of this node.
    fn reversed(
        &mut self,
        scope: Scope<'a>,
        subject: &Node<'a>,
        value: &'a Value,
        place: &Place<'_>,
        graph: Option<&Node<'a>>,
    ) -> Walk<()> {
        let Value::Object(members) = value else {
            return place.refuse(ExpandFault::Invalid("`@reverse` is an object"));
        };
        for (name, value) in members {
            let place = Place::Member(place, name);
            let (term, iri) = match self.key(scope.active, name, &place)? {
                Key::Keyword(_) => return place.refuse(ExpandFault::MisplacedKeyword(name.clone())),
                Key::Property(iri) => (None, iri),
                Key::Term(term, iri) => (Some(term), iri),
            };
            let reverse = !term.is_some_and(|term| term.reverse);
            self.property(scope, subject, iri, value, &place, Property { term, graph, reverse })?;
        }
        Ok(())
    }

    fn property(
        &mut self,
        scope: Scope<'a>,
        subject: &Node<'a>,
        iri: Cow<'a, str>,
        value: &'a Value,
        place: &Place<'_>,
        property: Property<'a, '_>,
    ) -> Walk<()> {
        let mark = self.pending.len();
        self.values(scope, value, place, property)?;
        if self.pending.len() == mark {
            return place.refuse(ExpandFault::Empty);
        }
        // Taken from the end: the order of statements has no meaning.
        while self.pending.len() > mark
            && let Some(object) = self.pending.pop()
        {
            self.state_either(subject, iri.clone(), object, property, place)?;
        }
        Ok(())
    }

    fn state_either(
        &mut self,
        subject: &Node<'a>,
        iri: Cow<'a, str>,
        object: Object<'a>,
        Property { graph, reverse, .. }: Property<'a, '_>,
        place: &Place<'_>,
    ) -> Walk<()> {
        match object {
            object if !reverse => self.state(subject.clone(), iri, object, graph, place),
            Object::Node(node) => self.state(node, iri, Object::Node(subject.clone()), graph, place),
            Object::Literal { .. } => place.refuse(ExpandFault::Invalid("the values of a reverse property are nodes")),
        }
    }
}
