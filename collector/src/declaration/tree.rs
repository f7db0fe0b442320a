//! A YAML document as a tree whose every node knows its place in the text.
//!
//! serde-saphyr parses, with its limits on size, depth and aliases; what it hands over is kept with byte ranges, so that
//! a mistake found later can be shown where it was written. The tree is itself a deserializer: the type that is wanted
//! decides how a scalar is read (`01067` is a postal code where a text is wanted). What a declaration is, is not known here.

use std::ops::Range;

use serde::Deserialize;
use serde::de::{self, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{Location, Spanned};

use super::fault::{At, Fault};

/// One value with the bytes it was written in.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    pub(super) span: Range<usize>,
    pub(super) kind: Kind,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    Null,
    Scalar { text: String, resolved: Resolved },
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

/// What a scalar means where the wanted type does not say.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Resolved {
    Text,
    Bool(bool),
    Integer(i64),
    Float(f64),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Key {
    pub(super) span: Range<usize>,
    pub(super) name: String,
}

impl Node {
    /// Parses one document.
    pub(super) fn parse(text: &str) -> Result<Self, Fault> {
        let mut limits = serde_saphyr::Options::default().alias_limits;
        limits.max_total_replayed_events = 20_000;
        limits.max_replay_stack_depth = 8;
        let options = serde_saphyr::options! {
            budget: serde_saphyr::budget! { max_events: 500_000, max_depth: 32, max_aliases: 1_000, max_anchors: 200 },
            alias_limits: limits,
            duplicate_keys: serde_saphyr::DuplicateKeyPolicy::Error,
            strict_booleans: true,
            reject_unsupported_tags: true,
            with_snippet: false,
        };
        match serde_saphyr::from_str_with_options::<Spanned<Raw>>(text, options) {
            Ok(raw) => Ok(Self::place(raw, text)),
            Err(error) => Err(syntax_fault(&error, text)),
        }
    }

    fn place(raw: Spanned<Raw>, source: &str) -> Self {
        let span = range(&raw.referenced, source);
        let defined = range(&raw.defined, source);
        let plain = |resolved| Kind::Scalar { text: source[defined.clone()].trim().to_owned(), resolved };
        let kind = match raw.value {
            Raw::Null => Kind::Null,
            Raw::Bool(value) => plain(Resolved::Bool(value)),
            Raw::Integer(value) => plain(Resolved::Integer(value)),
            Raw::Float(value) => plain(Resolved::Float(value)),
            Raw::Text(text) => Kind::Scalar { text, resolved: Resolved::Text },
            Raw::List(items) => Kind::List(items.into_iter().map(|item| Self::place(item, source)).collect()),
            Raw::Map(members) => Kind::Map(
                members
                    .into_iter()
                    .map(|(key, value)| {
                        let key = Key { span: range(&key.referenced, source), name: key.value };
                        (key, Self::place(value, source))
                    })
                    .collect(),
            ),
        };
        Self { span, kind }
    }

    /// The bytes to point at: of a mapping only its first name, since the whole would be many lines.
    pub(super) fn place_to_show(&self) -> Range<usize> {
        match &self.kind {
            Kind::Map(members) => members.first().map_or(self.span.clone(), |(key, _)| key.span.clone()),
            _ => self.span.clone(),
        }
    }

    /// The member called `name`.
    pub(super) fn member(&self, name: &str) -> Option<&Self> {
        match &self.kind {
            Kind::Map(members) => members.iter().find(|(key, _)| key.name == name).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The element at `index`.
    pub(super) fn element(&self, index: usize) -> Option<&Self> {
        match &self.kind {
            Kind::List(items) => items.get(index),
            _ => None,
        }
    }

    /// Takes out the smallest thing that can be left out and holds the fault: the member with a bad name, or the innermost
    /// element of a list. False when there is none, so that nothing more can be learnt.
    pub(super) fn prune(&mut self, fault: &Fault) -> bool {
        let steps: Vec<usize> = fault.steps().collect();
        match (fault.at(), steps.split_last()) {
            (At::Name, Some((last, above))) => {
                let Some(Kind::Map(members)) = self.walk(above).map(|node| &mut node.kind) else { return false };
                members.remove(*last);
                true
            }
            _ => (0..steps.len()).rev().any(|length| {
                let Some(Kind::List(items)) = self.walk(&steps[..length]).map(|node| &mut node.kind) else {
                    return false;
                };
                items.remove(steps[length]);
                true
            }),
        }
    }

    fn walk(&mut self, steps: &[usize]) -> Option<&mut Self> {
        steps.iter().try_fold(self, |node, &step| match &mut node.kind {
            Kind::List(items) => items.get_mut(step),
            Kind::Map(members) => members.get_mut(step).map(|(_, value)| value),
            Kind::Null | Kind::Scalar { .. } => None,
        })
    }

    fn unexpected(&self) -> de::Unexpected<'_> {
        match &self.kind {
            Kind::Null => de::Unexpected::Unit,
            Kind::Scalar { text, .. } => de::Unexpected::Str(text),
            Kind::List(_) => de::Unexpected::Seq,
            Kind::Map(_) => de::Unexpected::Map,
        }
    }

    fn integer<'de, V: Visitor<'de>>(&self, visitor: V) -> Result<V::Value, Fault> {
        match &self.kind {
            Kind::Scalar { resolved: Resolved::Integer(value), .. } => match u64::try_from(*value) {
                Ok(value) => visitor.visit_u64(value),
                Err(_) => visitor.visit_i64(*value),
            },
            _ => Err(de::Error::invalid_type(self.unexpected(), &visitor)),
        }
    }
}

fn range(location: &Location, source: &str) -> Range<usize> {
    let span = location.span();
    let number = |number: Option<u64>| number.and_then(|number| usize::try_from(number).ok());
    // Errors of the scanner know line and column only.
    let start = number(span.byte_offset()).unwrap_or_else(|| offset(location, source)).min(source.len());
    let end = start.saturating_add(number(span.byte_len()).unwrap_or(1)).min(source.len());
    match source.get(start..end) {
        Some(_) => start..end,
        None => 0..0,
    }
}

fn offset(location: &Location, source: &str) -> usize {
    let before = usize::try_from(location.line().saturating_sub(1)).unwrap_or(usize::MAX);
    let line: usize = source.split_inclusive('\n').take(before).map(str::len).sum();
    let column = usize::try_from(location.column().saturating_sub(1)).unwrap_or(usize::MAX);
    line + source[line..].chars().take(column).map(char::len_utf8).sum::<usize>()
}

fn syntax_fault(error: &serde_saphyr::Error, text: &str) -> Fault {
    let span = error.location().map_or(0..0, |location| range(&location, text));
    let message = match error.without_snippet() {
        serde_saphyr::Error::DuplicateMappingKey { key: Some(key), .. } => {
            format!("`{key}` stands twice in one mapping")
        }
        serde_saphyr::Error::MultipleDocuments { .. } => "a second document begins, one is expected".to_owned(),
        other => {
            let mut options = serde_saphyr::RenderOptions::new(&serde_saphyr::UserMessageFormatter);
            options.snippets = serde_saphyr::SnippetMode::Off;
            other.render_with_options(options)
        }
    };
    // The place is shown by itself; the same place in words would only be noise.
    let message = match message.rfind(" at line ") {
        Some(at) => message[..at].to_owned(),
        None => message,
    };
    Fault::syntax(message, span)
}

/// What the parser hands over, before the text is known.
enum Raw {
    Null,
    Bool(bool),
    Integer(i64),
    Float(f64),
    Text(String),
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<String>, Spanned<Raw>)>),
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Integer(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Raw, E> {
        i64::try_from(value).map(Raw::Integer).map_err(|_| E::custom(format_args!("the number {value} is too large")))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Raw, E> {
        Ok(Raw::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Raw, E> {
        Ok(Raw::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Raw, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Raw::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Raw, A::Error> {
        let mut map = Vec::new();
        while let Some(member) = members.next_entry()? {
            map.push(member);
        }
        Ok(Raw::Map(map))
    }
}

impl<'de> Deserializer<'de> for &Node {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let done = match &self.kind {
            Kind::Null => visitor.visit_unit(),
            Kind::Scalar { text, resolved: Resolved::Text } => visitor.visit_str(text),
            Kind::Scalar { resolved: Resolved::Bool(value), .. } => visitor.visit_bool(*value),
            Kind::Scalar { resolved: Resolved::Integer(_), .. } => self.integer(visitor),
            Kind::Scalar { resolved: Resolved::Float(value), .. } => visitor.visit_f64(*value),
            Kind::List(items) => visitor.visit_seq(Items { items, next: 0 }),
            Kind::Map(members) => visitor.visit_map(Members { members, next: 0 }),
        };
        done.map_err(|fault| fault.in_node(self.place_to_show()))
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let done = match &self.kind {
            Kind::Scalar { text, .. } => visitor.visit_str(text),
            _ => Err(de::Error::invalid_type(self.unexpected(), &visitor)),
        };
        done.map_err(|fault: Fault| fault.in_node(self.place_to_show()))
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.kind {
            Kind::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _name: &'static str, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match &self.kind {
            Kind::Scalar { text, .. } => visitor.visit_enum(text.as_str().into_deserializer()),
            Kind::Map(members) if members.len() == 1 => {
                visitor.visit_enum(de::value::MapAccessDeserializer::new(Members { members, next: 0 }))
            }
            _ => Err(de::Error::invalid_type(self.unexpected(), &"one name, or a mapping with one name")),
        }
        .map_err(|fault| fault.in_node(self.place_to_show()))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit unit_struct
        seq tuple tuple_struct map struct identifier ignored_any
    }
}

struct Items<'a> {
    items: &'a [Node],
    next: usize,
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Fault> {
        let Some(item) = self.items.get(self.next) else { return Ok(None) };
        let step = self.next;
        self.next += 1;
        seed.deserialize(item).map(Some).map_err(|fault| fault.in_node(item.place_to_show()).below(step))
    }
}

struct Members<'a> {
    members: &'a [(Key, Node)],
    next: usize,
}

impl<'de> MapAccess<'de> for Members<'_> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Fault> {
        let Some((key, _)) = self.members.get(self.next) else { return Ok(None) };
        let name: de::value::StrDeserializer<'_, Fault> = key.name.as_str().into_deserializer();
        seed.deserialize(name).map(Some).map_err(|fault| fault.in_name(key.span.clone()).below(self.next))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        let step = self.next;
        let Some((_, value)) = self.members.get(step) else {
            return Err(de::Error::custom("a value was asked for before its name"));
        };
        self.next += 1;
        seed.deserialize(value).map_err(|fault| fault.in_node(value.place_to_show()).below(step))
    }
}
