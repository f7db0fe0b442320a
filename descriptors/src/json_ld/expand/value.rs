//! Values of properties: nodes, literals, lists and graphs.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::Value;

use super::super::context::{Cause, Context};
use super::super::error::ExpandFault;
use super::super::number;
use super::super::term::{Coercion, Definition, Keyword, Mapping};
use super::name::Key;
use super::node::Property;
use super::{Expander, Members, Place, Scope, Walk};
use crate::canonical;
use crate::rdf::statement::{Node, Object};
use crate::rdf::{self, n_quads};

/// The members of a value object.
#[derive(Default)]
struct ValueObject<'a> {
    value: Option<&'a Value>,
    datatype: Option<&'a Value>,
    language: Option<&'a Value>,
}

fn text<'a>(text: impl Into<Cow<'a, str>>, datatype: impl Into<Cow<'a, str>>) -> Object<'a> {
    Object::Literal { text: text.into(), datatype: datatype.into(), language: None }
}

impl<'a> Expander<'a, '_> {
    /// Appends the objects that `value` stands for under a property to the pending ones.
    pub(super) fn values(
        &mut self,
        scope: Scope<'a>,
        value: &'a Value,
        place: &Place<'_>,
        property: Property<'a, '_>,
    ) -> Walk<()> {
        let Some(term) = property.term else { return self.items(scope, value, place, property) };
        if term.coercion == Coercion::Json {
            let object = json_literal(value, place)?;
            self.pending.push(object);
            return Ok(());
        }
        let container = term.container;
        if container.graph && (container.index || container.id) {
            return place.refuse(ExpandFault::Unsupported("a graph container with `@index` or `@id`"));
        }
        match value {
            Value::Object(members) if container.language => self.language_map(scope.active, members, place),
            Value::Object(_) if container.index || container.id || container.of_type => {
                place.refuse(ExpandFault::Unsupported("a map by `@index`, `@id` or `@type`"))
            }
            _ if container.list => self.contained_list(scope, value, place, property),
            _ if container.graph => self.contained_graphs(scope, value, place, property),
            _ => self.items(scope, value, place, property),
        }
    }

    /// Each item of an array, or the one value.
    fn items(&mut self, scope: Scope<'a>, value: &'a Value, place: &Place<'_>, property: Property<'a, '_>) -> Walk<()> {
        match value {
            Value::Array(items) => {
                self.check_depth(place)?;
                for (index, item) in items.iter().enumerate() {
                    self.items(scope, item, &Place::Item(place, index), property)?;
                }
                Ok(())
            }
            Value::Object(members) => self.object(scope, members, place, property),
            scalar => {
                let object = self.scalar(scope, scalar, place, property.term)?;
                self.pending.push(object);
                Ok(())
            }
        }
    }

    fn object(
        &mut self,
        scope: Scope<'a>,
        members: Members<'a>,
        place: &Place<'_>,
        property: Property<'a, '_>,
    ) -> Walk<()> {
        self.check_depth(place)?;
        let scope = self.enter_object(scope, members, place, property)?;
        if let Some((name, value)) = self.member(scope.active, members, Keyword::Set) {
            self.check_alone(members, place)?;
            return self.items(scope, value, &Place::Member(place, name), property);
        }
        let object = if let Some((name, items)) = self.member(scope.active, members, Keyword::List) {
            self.check_alone(members, place)?;
            self.list(scope, items, &Place::Member(place, name), property)?
        } else if self.member(scope.active, members, Keyword::Value).is_some() {
            self.value_object(scope.active, members, place)?
        } else {
            Object::Node(self.node(scope, members, place, property.graph)?)
        };
        self.pending.push(object);
        Ok(())
    }

    fn enter_object(
        &self,
        scope: Scope<'a>,
        members: Members<'a>,
        place: &Place<'_>,
        property: Property<'a, '_>,
    ) -> Walk<Scope<'a>> {
        let mut scope = self.revert(scope, members);
        if let Some(term) = property.term.filter(|term| term.scoped.is_some()) {
            scope = self.enter(scope, Cause::Property(term), place)?;
        }
        scope = self.enter_embedded(scope, members, place)?;
        self.enter_types(scope, members, place)
    }

    fn check_alone(&self, members: Members<'a>, place: &Place<'_>) -> Walk<()> {
        if members.keys().filter(|name| *name != "@context").count() == 1 {
            return Ok(());
        }
        place.refuse(ExpandFault::Invalid("a list or set object has no other members"))
    }

    /// Value expansion (section 5.3).
    fn scalar(
        &mut self,
        scope: Scope<'a>,
        value: &'a Value,
        place: &Place<'_>,
        term: Option<&'a Arc<Definition>>,
    ) -> Walk<Object<'a>> {
        let coercion = term.map_or(&Coercion::Native, |term| &term.coercion);
        let datatype = match coercion {
            Coercion::Datatype(datatype) => Some(datatype.as_str()),
            _ => None,
        };
        let (Value::String(string), None) = (value, datatype) else {
            return literal(value, datatype.map(Cow::Borrowed), place);
        };
        let mut active = scope.active;
        if let Some(term) = term.filter(|term| term.scoped.is_some()) {
            active = self.enter(scope, Cause::Property(term), place)?.active;
        }
        match coercion {
            Coercion::Id => Ok(Object::Node(self.id(active, string, place)?)),
            Coercion::Vocab => Ok(Object::Node(self.vocab(active, string, place)?)),
            _ => {
                let own = term.and_then(|term| term.language.as_ref());
                let language = own.map_or(active.language.as_deref(), Option::as_deref);
                self.tagged(string, language, place)
            }
        }
    }

    fn tagged(&self, string: &'a str, language: Option<&'a str>, place: &Place<'_>) -> Walk<Object<'a>> {
        match language {
            None => Ok(text(string, rdf::STRING)),
            Some(tag) if n_quads::is_language_tag(tag) => Ok(Object::Literal {
                text: Cow::Borrowed(string),
                datatype: Cow::Borrowed(rdf::LANG_STRING),
                language: Some(Cow::Borrowed(tag)),
            }),
            Some(tag) => place.refuse(ExpandFault::LanguageTag(tag.to_owned())),
        }
    }

    fn value_object(&mut self, active: &'a Context, members: Members<'a>, place: &Place<'_>) -> Walk<Object<'a>> {
        let mut found = ValueObject::default();
        for (name, value) in members {
            let place = Place::Member(place, name);
            let slot = match self.key(active, name, &place)? {
                Key::Keyword(Keyword::Context) => continue,
                Key::Keyword(Keyword::Value) => &mut found.value,
                Key::Keyword(Keyword::Type) => &mut found.datatype,
                Key::Keyword(Keyword::Language) => &mut found.language,
                Key::Keyword(Keyword::Direction) => return place.refuse(ExpandFault::Unsupported("`@direction`")),
                Key::Keyword(Keyword::Index) => {
                    return place.refuse(ExpandFault::Unsupported("`@index`, which no signature covers,"));
                }
                _ => {
                    return place.refuse(ExpandFault::Invalid("a value object has only a value, a type or a language"));
                }
            };
            if slot.replace(value).is_some() {
                return place.refuse(ExpandFault::Colliding("keyword"));
            }
        }
        let ValueObject { value: Some(value), datatype, language } = found else {
            return place.refuse(ExpandFault::Invalid("a value object has a value"));
        };
        match (datatype, language) {
            (None, None) => literal(value, None, place),
            (Some(datatype), None) => self.typed(active, value, datatype, place),
            (None, Some(Value::String(tag))) => match value {
                Value::String(string) => self.tagged(string, Some(tag), place),
                _ => place.refuse(ExpandFault::Invalid("only a text has a language")),
            },
            (None, Some(_)) => place.refuse(ExpandFault::Invalid("`@language` is a text")),
            (Some(_), Some(_)) => place.refuse(ExpandFault::Invalid("a value has a type or a language, not both")),
        }
    }

    fn typed(
        &mut self,
        active: &'a Context,
        value: &'a Value,
        datatype: &'a Value,
        place: &Place<'_>,
    ) -> Walk<Object<'a>> {
        let Value::String(name) = datatype else {
            return place.refuse(ExpandFault::Invalid("the type of a value is a text"));
        };
        let is_json = |term: &Arc<Definition>| term.mapping == Mapping::Keyword(Keyword::Json);
        if name == "@json" || active.terms.get(name).is_some_and(is_json) {
            return json_literal(value, place);
        }
        let Node::Iri(iri) = self.vocab(active, name, place)? else {
            return place.refuse(ExpandFault::Invalid("the type of a value is an IRI"));
        };
        literal(value, Some(iri), place)
    }

    fn language_map(&mut self, active: &'a Context, members: Members<'a>, place: &Place<'_>) -> Walk<()> {
        for (tag, value) in members {
            let place = Place::Member(place, tag);
            let none = tag == "@none"
                || active.terms.get(tag).is_some_and(|term| term.mapping == Mapping::Keyword(Keyword::None));
            let language = (!none).then_some(tag.as_str());
            let items = match value {
                Value::Array(items) => items.as_slice(),
                item => std::slice::from_ref(item),
            };
            if items.is_empty() {
                return place.refuse(ExpandFault::Empty);
            }
            for item in items {
                let Value::String(string) = item else {
                    return place.refuse(ExpandFault::Invalid("the values of a language map are texts"));
                };
                let object = self.tagged(string, language, &place)?;
                self.pending.push(object);
            }
        }
        Ok(())
    }

    fn contained_list(
        &mut self,
        scope: Scope<'a>,
        value: &'a Value,
        place: &Place<'_>,
        property: Property<'a, '_>,
    ) -> Walk<()> {
        let is_list = match value {
            Value::Object(members) => {
                let scope = self.enter_object(scope, members, place, property)?;
                self.member(scope.active, members, Keyword::List).is_some()
            }
            _ => false,
        };
        if is_list {
            return self.items(scope, value, place, property);
        }
        let list = self.list(scope, value, place, property)?;
        self.pending.push(list);
        Ok(())
    }

    /// The list of some items; an array among them is a list of its own.
    fn list(
        &mut self,
        scope: Scope<'a>,
        value: &'a Value,
        place: &Place<'_>,
        property: Property<'a, '_>,
    ) -> Walk<Object<'a>> {
        if property.reverse {
            return place.refuse(ExpandFault::Invalid("the values of a reverse property are nodes"));
        }
        let mark = self.pending.len();
        match value {
            Value::Array(items) => {
                self.check_depth(place)?;
                for (index, item) in items.iter().enumerate() {
                    let place = Place::Item(place, index);
                    if item.is_array() {
                        let inner = self.list(scope, item, &place, property)?;
                        self.pending.push(inner);
                    } else {
                        self.items(scope, item, &place, property)?;
                    }
                }
            }
            item => self.items(scope, item, place, property)?,
        }
        let mut rest = Object::Node(Node::Iri(Cow::Borrowed(rdf::NIL)));
        while self.pending.len() > mark
            && let Some(item) = self.pending.pop()
        {
            let cell = self.new_blank_node();
            self.state(cell.clone(), Cow::Borrowed(rdf::FIRST), item, property.graph, place)?;
            self.state(cell.clone(), Cow::Borrowed(rdf::REST), rest, property.graph, place)?;
            rest = Object::Node(cell);
        }
        Ok(rest)
    }

    /// Each value becomes a graph of its own, without a name.
    fn contained_graphs(
        &mut self,
        scope: Scope<'a>,
        value: &'a Value,
        place: &Place<'_>,
        property: Property<'a, '_>,
    ) -> Walk<()> {
        match value {
            Value::Array(items) => {
                self.check_depth(place)?;
                for (index, item) in items.iter().enumerate() {
                    self.contained_graphs(scope, item, &Place::Item(place, index), property)?;
                }
                Ok(())
            }
            Value::Object(members) => {
                self.check_depth(place)?;
                let name = self.new_blank_node();
                let scope = self.enter_object(scope, members, place, property)?;
                for keyword in [Keyword::Value, Keyword::List, Keyword::Set] {
                    if self.member(scope.active, members, keyword).is_some() {
                        return place.refuse(ExpandFault::Unsupported("a value, list or set in a graph container"));
                    }
                }
                let before = self.out.statements.len();
                self.node(scope, members, place, Some(&name))?;
                if self.out.statements.len() == before {
                    return place.refuse(ExpandFault::FreeFloating);
                }
                self.pending.push(Object::Node(name));
                Ok(())
            }
            // The graph would be empty: neither the text nor the reference would be in any statement.
            _ => place.refuse(ExpandFault::FreeFloating),
        }
    }
}

/// A text or a native value with the datatype that is asked for, or else with its own.
fn literal<'a>(value: &'a Value, datatype: Option<Cow<'a, str>>, place: &Place<'_>) -> Walk<Object<'a>> {
    if let Value::String(string) = value {
        return Ok(text(string, datatype.unwrap_or(Cow::Borrowed(rdf::STRING))));
    }
    let (lexical, own) = native(value, datatype.as_deref(), place)?;
    Ok(text(lexical, datatype.unwrap_or(Cow::Borrowed(own))))
}

/// The lexical form of a native value and the datatype it has by itself.
fn native(value: &Value, datatype: Option<&str>, place: &Place<'_>) -> Walk<(Cow<'static, str>, &'static str)> {
    match value {
        Value::Bool(value) => Ok((Cow::Borrowed(if *value { "true" } else { "false" }), rdf::XSD_BOOLEAN)),
        Value::Number(value) => match number::lexical(value, datatype) {
            Some((lexical, own)) => Ok((Cow::Owned(lexical), own)),
            None => place.refuse(ExpandFault::Invalid("readers of JSON disagree on integers beyond 2^53 - 1")),
        },
        Value::Null => place.refuse(ExpandFault::Null),
        _ => place.refuse(ExpandFault::Invalid("the value of a value object is a text, a number or a boolean")),
    }
}

fn json_literal<'a>(value: &'a Value, place: &Place<'_>) -> Walk<Object<'a>> {
    let refuse = || place.stop(ExpandFault::Invalid("readers of JSON disagree on integers beyond 2^53 - 1"));
    let bytes = canonical::to_vec(value).map_err(|_| refuse())?;
    let json = String::from_utf8(bytes).map_err(|_| refuse())?;
    Ok(text(json, rdf::JSON))
}
