//! Shapes: which properties a class has, written once as a Rust type.
//!
//! A shape is a struct whose fields are the properties of its class. What a shape requires is a plain field or a
//! [`OneOrMore`], so that a subject without it does not compile; what it allows is an `Option` or a `Vec`; what it closes has
//! no field. From the same lines follow the node that is written and signed, the list of properties that tests compare with
//! the published shapes, and the vocabulary of our own types. What the ontology of Gaia-X holds is not known here.
//!
//! ```text
//! shapes! {
//!     /// What it is; for our own classes also the `rdfs:comment`.
//!     Struct: "prefix:Class" {
//!         required: Type = "prefix:property",     every field before `--` is an argument of `new`
//!         --
//!         base: Base = ..,                        the properties of a super-class, written into the same node
//!         optional: Option<Type> = "prefix:property",
//!     }
//! }
//! ```

use std::marker::PhantomData;
use std::num::NonZeroU32;

use crate::node::{Node, Object};
use crate::rdf;
use crate::vocabulary::{Ontology, XSD_BOOLEAN, XSD_INTEGER};

/// A class with its properties.
pub trait Shape: Sized {
    /// The class: `gx:ServerFlavor`.
    const CLASS: &'static str;
    /// What it is, in words.
    const COMMENT: &'static str;

    /// Sets the properties that there are.
    fn describe(self, node: &mut Node);

    /// Appends every property that the class may have.
    fn properties(out: &mut Vec<Property>);

    /// The node with this id. Parts stand inside, with ids made from this one.
    fn into_node(self, id: impl Into<String>) -> Node {
        let mut node = Node::new(id, Self::CLASS);
        self.describe(&mut node);
        node
    }
}

/// A property of a shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Property {
    /// Its name: `gx:memorySize`.
    pub name: &'static str,
    /// What it says, in words; empty where the ontology of Gaia-X says it.
    pub comment: &'static str,
    /// 0 or 1.
    pub min: u8,
    /// `Some(1)`, or as many as one likes.
    pub max: Option<u8>,
    /// What its values are.
    pub range: Range,
    /// The one version of the ontology that has it; `None` where both do.
    pub only: Option<Ontology>,
}

/// What the values of a property are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Range {
    /// Literals of this datatype (an IRI).
    Datatype(&'static str),
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// Parts of this class, or references to something of this class.
    Class(&'static str),
    /// References to anything.
    Iri,
    /// Several kinds; the ontology lists them.
    Mixed,
}

/// Where a value stands: the id of a part is made from it.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    owner: &'a str,
    name: &'static str,
    index: Option<usize>,
}

impl Place<'_> {
    /// `<owner>#<property>`, or `<owner>/<property>` when there is a `#` already; with its number when there are several.
    pub fn id(&self) -> String {
        let local = self.name.rsplit_once(':').map_or(self.name, |(_, local)| local);
        let mut id = String::with_capacity(self.owner.len() + local.len() + 4);
        id.push_str(self.owner);
        id.push(if self.owner.contains('#') { '/' } else { '#' });
        id.push_str(local);
        if let Some(index) = self.index {
            id.push('/');
            id.push_str(&index.to_string());
        }
        id
    }
}

/// A single value.
pub trait Term: Sized {
    /// What such values are.
    const RANGE: Range;

    /// The value as it is written.
    fn object(self, place: Place<'_>) -> Object;
}

/// A field of a shape: what is said under one name.
pub trait Say {
    /// Sets the property, where there is something to say.
    fn say(self, node: &mut Node, name: &'static str);

    /// Appends the property of this name.
    fn declare(name: &'static str, comment: &'static str, out: &mut Vec<Property>);
}

fn declare<T: Term>(name: &'static str, comment: &'static str, min: u8, max: Option<u8>, out: &mut Vec<Property>) {
    out.push(Property { name, comment, min, max, range: T::RANGE, only: None });
}

impl<T: Term> Say for T {
    fn say(self, node: &mut Node, name: &'static str) {
        let object = self.object(Place { owner: &node.id, name, index: None });
        node.set(name, object);
    }

    fn declare(name: &'static str, comment: &'static str, out: &mut Vec<Property>) {
        declare::<T>(name, comment, 1, Some(1), out);
    }
}

impl<T: Term> Say for Option<T> {
    fn say(self, node: &mut Node, name: &'static str) {
        if let Some(value) = self {
            value.say(node, name);
        }
    }

    fn declare(name: &'static str, comment: &'static str, out: &mut Vec<Property>) {
        declare::<T>(name, comment, 0, Some(1), out);
    }
}

impl<T: Term> Say for Vec<T> {
    fn say(self, node: &mut Node, name: &'static str) {
        if !self.is_empty() {
            let owner = &node.id;
            let place = |index| Place { owner, name, index: Some(index) };
            let objects = self.into_iter().enumerate().map(|(index, value)| value.object(place(index))).collect();
            node.set(name, Object::Many(objects));
        }
    }

    fn declare(name: &'static str, comment: &'static str, out: &mut Vec<Property>) {
        declare::<T>(name, comment, 0, None, out);
    }
}

impl<T: Term> Say for OneOrMore<T> {
    fn say(self, node: &mut Node, name: &'static str) {
        self.0.say(node, name);
    }

    fn declare(name: &'static str, comment: &'static str, out: &mut Vec<Property>) {
        declare::<T>(name, comment, 1, None, out);
    }
}

/// At least one value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OneOrMore<T>(Vec<T>);

/// There is no value where at least one is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("at least one {0} is needed")]
pub struct NoneGiven(&'static str);

impl<T> OneOrMore<T> {
    /// One value, and perhaps more.
    pub fn new(first: T, more: impl IntoIterator<Item = T>) -> Self {
        let mut values = vec![first];
        values.extend(more);
        Self(values)
    }

    /// These values; `what` names them in the error.
    ///
    /// # Errors
    /// When there is none.
    pub fn of(what: &'static str, values: impl IntoIterator<Item = T>) -> Result<Self, NoneGiven> {
        let values: Vec<T> = values.into_iter().collect();
        if values.is_empty() { Err(NoneGiven(what)) } else { Ok(Self(values)) }
    }

    /// The values, in their order.
    pub fn as_slice(&self) -> &[T] {
        &self.0
    }
}

impl<T> From<T> for OneOrMore<T> {
    fn from(value: T) -> Self {
        Self(vec![value])
    }
}

/// A property that only the development version of the ontology has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InDevelopment<T>(pub Option<T>);

// Not derived: a derived `Default` would ask for one of `T`.
impl<T> Default for InDevelopment<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: Term> Say for InDevelopment<T> {
    fn say(self, node: &mut Node, name: &'static str) {
        if let Some(value) = self.0 {
            let object = value.object(Place { owner: &node.id, name, index: None });
            node.set(name, Object::only(Ontology::Development, object));
        }
    }

    fn declare(name: &'static str, comment: &'static str, out: &mut Vec<Property>) {
        let only = Some(Ontology::Development);
        out.push(Property { name, comment, min: 0, max: Some(1), range: T::RANGE, only });
    }
}

/// A reference to something of class `T` that is described elsewhere.
#[derive(Debug, PartialEq, Eq)]
pub struct Ref<T> {
    iri: String,
    class: PhantomData<fn() -> T>,
}

// Not derived: a derived `Clone` would ask for one of `T`.
impl<T> Clone for Ref<T> {
    fn clone(&self) -> Self {
        Self { iri: self.iri.clone(), class: PhantomData }
    }
}

impl<T> Ref<T> {
    /// A reference by an absolute IRI.
    ///
    /// # Errors
    /// When it is none.
    pub fn new(iri: impl Into<String>) -> Result<Self, IriError> {
        let iri = iri.into();
        check_iri(&iri)?;
        Ok(Self::to(iri))
    }

    /// A reference to a subject of our own, whose id is an IRI because it was made so.
    pub(crate) fn to(iri: String) -> Self {
        Self { iri, class: PhantomData }
    }

    /// The id of what is meant.
    pub fn as_str(&self) -> &str {
        &self.iri
    }
}

impl<T: Shape> Term for Ref<T> {
    const RANGE: Range = Range::Class(T::CLASS);

    fn object(self, _: Place<'_>) -> Object {
        Object::Reference(self.iri)
    }
}

/// A text that is not an absolute IRI.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an absolute address: a scheme, a colon, and no space, quote, `<>{{}}|^` or backslash")]
pub struct IriError(String);

/// Whether `text` can stand for an IRI in N-Quads and JSON-LD alike: absolute, and without what RFC 3987 forbids anywhere.
pub(crate) fn check_iri(text: &str) -> Result<(), IriError> {
    // The scheme alone is an IRI by its grammar, and the address of nothing.
    if rdf::iri::is_absolute(text) && !text.ends_with(':') {
        Ok(())
    } else {
        Err(IriError(text.chars().take(200).collect()))
    }
}

impl Term for String {
    const RANGE: Range = Range::Datatype(rdf::STRING);

    fn object(self, _: Place<'_>) -> Object {
        Object::Text(self)
    }
}

impl Term for bool {
    const RANGE: Range = Range::Datatype(XSD_BOOLEAN);

    fn object(self, _: Place<'_>) -> Object {
        Object::Boolean(self)
    }
}

macro_rules! whole_numbers {
    ($($number:ty, $self:ident => $plain:expr;)*) => {$(
        impl Term for $number {
            const RANGE: Range = Range::Datatype(XSD_INTEGER);

            fn object($self, _: Place<'_>) -> Object {
                Object::from($plain)
            }
        }
    )*};
}

whole_numbers! {
    u32, self => self;
    u64, self => self;
    NonZeroU32, self => self.get();
}

/// Structs that are shapes; see the head of this file.
macro_rules! shapes {
    ($(
        $(#[doc = $doc:literal])+
        $name:ident: $class:literal {
            $($(#[doc = $required_doc:literal])* $required:ident: $required_type:ty = $required_name:tt,)*
            --
            $($(#[doc = $optional_doc:literal])* $optional:ident: $optional_type:ty = $optional_name:tt,)*
        }
    )*) => {$(
        $(#[doc = $doc])+
        #[derive(Debug, Clone, PartialEq)]
        pub struct $name {
            $(
                $(#[doc = $required_doc])*
                #[doc = concat!("\n\n`", stringify!($required_name), "`, required")]
                pub $required: $required_type,
            )*
            $(
                $(#[doc = $optional_doc])*
                #[doc = concat!("\n\n`", stringify!($optional_name), "`")]
                pub $optional: $optional_type,
            )*
        }

        impl $name {
            /// With what is required, and nothing else.
            #[allow(clippy::new_without_default, reason = "some shapes require nothing")]
            #[allow(clippy::too_many_arguments, reason = "and some require much")]
            pub fn new($($required: impl Into<$required_type>),*) -> Self {
                Self {
                    $($required: $required.into(),)*
                    $($optional: <$optional_type>::default(),)*
                }
            }
        }

        impl $crate::shape::Shape for $name {
            const CLASS: &'static str = $class;
            const COMMENT: &'static str = concat!($($doc),+);

            fn describe(self, node: &mut $crate::node::Node) {
                let _ = &node;
                $($crate::shape::shapes!(@say node, self.$required, $required_name);)*
                $($crate::shape::shapes!(@say node, self.$optional, $optional_name);)*
            }

            fn properties(out: &mut Vec<$crate::shape::Property>) {
                let _ = &out;
                $($crate::shape::shapes!(@declare out, $required_type, $required_name, concat!($($required_doc),*));)*
                $($crate::shape::shapes!(@declare out, $optional_type, $optional_name, concat!($($optional_doc),*));)*
            }
        }

        impl $crate::shape::Term for $name {
            const RANGE: $crate::shape::Range = $crate::shape::Range::Class($class);

            fn object(self, place: $crate::shape::Place<'_>) -> $crate::node::Object {
                $crate::shape::Shape::into_node(self, place.id()).into()
            }
        }
    )*};
    (@say $node:ident, $value:expr, ..) => { $crate::shape::Shape::describe($value, $node) };
    (@say $node:ident, $value:expr, $name:literal) => { $crate::shape::Say::say($value, $node, $name) };
    (@declare $out:ident, $type:ty, .., $doc:expr) => { <$type as $crate::shape::Shape>::properties($out) };
    (@declare $out:ident, $type:ty, $name:literal, $doc:expr) => {
        <$type as $crate::shape::Say>::declare($name, $doc, $out)
    };
}

/// Enumerations whose values are texts of the ontology, spelled exactly, also where people declare them.
macro_rules! words {
    ($(
        $(#[doc = $doc:literal])+
        $name:ident { $($variant:ident = $text:literal,)+ }
    )*) => {$(
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name {
            $(
                #[doc = concat!("`", $text, "`")]
                $variant,
            )+
        }

        impl $name {
            /// Every value.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
            /// Every value as it is written.
            pub const TEXTS: &'static [&'static str] = &[$($text),+];

            /// As it is written.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                let found = Self::ALL.iter().copied().find(|word| word.as_str() == text);
                found.ok_or_else(|| serde::de::Error::unknown_variant(&text, Self::TEXTS))
            }
        }

        impl schemars::JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({"type": "string", "enum": Self::TEXTS})
            }
        }

        impl $crate::shape::Term for $name {
            const RANGE: $crate::shape::Range = $crate::shape::Range::OneOf(Self::TEXTS);

            fn object(self, _: $crate::shape::Place<'_>) -> $crate::node::Object {
                $crate::node::Object::Word(self.as_str())
            }
        }
    )*};
}

/// Enumerations of several kinds of values under one name.
macro_rules! unions {
    ($(
        $(#[doc = $doc:literal])+
        $name:ident: $class:expr => { $($(#[doc = $variant_doc:literal])+ $variant:ident($type:ty),)+ }
    )*) => {$(
        $(#[doc = $doc])+
        #[derive(Debug, Clone, PartialEq)]
        pub enum $name {
            $($(#[doc = $variant_doc])+ $variant($type),)+
        }

        $(impl From<$type> for $name {
            fn from(value: $type) -> Self {
                Self::$variant(value)
            }
        })+

        impl $crate::shape::Term for $name {
            const RANGE: $crate::shape::Range = $class;

            fn object(self, place: $crate::shape::Place<'_>) -> $crate::node::Object {
                match self {
                    $(Self::$variant(value) => $crate::shape::Term::object(value, place),)+
                }
            }
        }
    )*};
}

pub(crate) use {shapes, unions, words};
