//! Nodes: what a subject is made of, before anybody decides how it is written or signed.
//!
//! A node has an id, classes and properties; from the same node come its canonical JSON (RFC 8785) and its statements
//! (N-Quads), without a JSON-LD processor between them. That both say the same is not believed but tested, against the
//! general path ([`crate::rdf`]). Names are prefixed (`gx:memorySize`), so that they mean the same whatever the date of a
//! context; the few bare names are terms of the W3C's credentials context. Which properties a class has is not known here.

use serde_json::{Map, Value, json};

use crate::canonical::{self, WriteError};
use crate::rdf;
use crate::vocabulary::{self, Ontology};

/// A thing with an id, what it is, and what is said of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// An absolute IRI. Every node has one: without blank nodes canonicalisation is a sort.
    pub id: String,
    /// Its classes, as they are written: `gx:Region`.
    pub classes: Vec<&'static str>,
    /// Properties in the order of their names; each name once.
    properties: Vec<(&'static str, Object)>,
}

/// The value of a property.
#[derive(Debug, Clone, PartialEq)]
pub enum Object {
    /// A text: `xsd:string`.
    Text(String),
    /// A whole number: `xsd:integer`, within 2^53 - 1.
    Integer(i64),
    /// A truth value: `xsd:boolean`.
    Boolean(bool),
    /// A value whose datatype (an IRI) is written beside it.
    Typed {
        /// Its lexical form.
        text: String,
        /// The IRI of its datatype.
        datatype: &'static str,
    },
    /// A text whose datatype follows from the term, as with `validFrom`.
    Coerced {
        /// Its lexical form.
        text: String,
        /// The IRI of the datatype that the context gives it.
        datatype: &'static str,
    },
    /// A reference to another node: `{"id": …}`.
    Reference(String),
    /// A reference that the term makes of a plain text, as with `issuer`.
    Link(String),
    /// A part that stands inside.
    Node(Box<Node>),
    /// A JSON document, signed as it stands (`@json`).
    Json(Value),
    /// Several of these: always written as a list, also of one.
    Many(Vec<Object>),
}

impl Node {
    /// A node that says nothing but what it is.
    pub fn new(id: impl Into<String>, class: &'static str) -> Self {
        Self { id: id.into(), classes: vec![class], properties: Vec::new() }
    }

    /// The same node with one more class.
    #[must_use]
    pub fn and_class(mut self, class: &'static str) -> Self {
        self.classes.push(class);
        self
    }

    /// The same node with a property; a second value under the same name replaces the first.
    #[must_use]
    pub fn with(mut self, name: &'static str, object: impl Into<Object>) -> Self {
        self.set(name, object);
        self
    }

    /// The same node, with the property if there is a value.
    #[must_use]
    pub fn with_some(self, name: &'static str, object: Option<impl Into<Object>>) -> Self {
        match object {
            Some(object) => self.with(name, object),
            None => self,
        }
    }

    /// Sets a property.
    pub fn set(&mut self, name: &'static str, object: impl Into<Object>) {
        match self.properties.binary_search_by(|(known, _)| (*known).cmp(name)) {
            Ok(at) => self.properties[at].1 = object.into(),
            Err(at) => self.properties.insert(at, (name, object.into())),
        }
    }

    /// The value of a property.
    pub fn get(&self, name: &str) -> Option<&Object> {
        let at = self.properties.binary_search_by(|(known, _)| (*known).cmp(name)).ok()?;
        Some(&self.properties[at].1)
    }

    /// What is said, in the order of the names.
    pub fn properties(&self) -> &[(&'static str, Object)] {
        &self.properties
    }

    /// The node as JSON.
    pub fn to_value(&self) -> Value {
        let mut members: Map<String, Value> =
            self.properties.iter().map(|(name, object)| ((*name).to_owned(), object.to_value())).collect();
        members.insert("id".to_owned(), json!(self.id));
        members.insert("type".to_owned(), self.class_value());
        Value::Object(members)
    }

    fn class_value(&self) -> Value {
        match self.classes.as_slice() {
            [class] => json!(class),
            classes => json!(classes),
        }
    }

    /// Appends the canonical JSON of the node (RFC 8785). `context` is the canonical JSON of its `@context`, which stands
    /// before all other members.
    pub fn write_json(&self, context: Option<&str>, out: &mut Vec<u8>) -> Result<(), WriteError> {
        out.push(b'{');
        if let Some(context) = context {
            out.extend_from_slice(b"\"@context\":");
            out.extend_from_slice(context.as_bytes());
            out.push(b',');
        }
        let behind = |member: &str| self.properties.partition_point(|(name, _)| *name < member);
        let (id_at, type_at) = (behind("id"), behind("type"));
        for at in 0..=self.properties.len() {
            if at == id_at {
                out.extend_from_slice(b"\"id\":");
                canonical::write_string(&self.id, out);
                out.push(b',');
            }
            if at == type_at {
                out.extend_from_slice(b"\"type\":");
                write_classes(&self.classes, out);
                out.push(b',');
            }
            if let Some((name, object)) = self.properties.get(at) {
                out.push(b'"');
                out.extend_from_slice(name.as_bytes());
                out.extend_from_slice(b"\":");
                object.write_json(out)?;
                out.push(b',');
            }
        }
        out.pop();
        out.push(b'}');
        Ok(())
    }

    /// Appends the statements of the node, as lines of canonical N-Quads in no order. A statement may come twice.
    pub fn write_statements(&self, ontology: Ontology, lines: &mut Lines) -> Result<(), WriteError> {
        for class in &self.classes {
            lines.begin(&self.id, rdf::TYPE);
            lines.iri(|out| vocabulary::write_iri(ontology, class, out));
        }
        for (name, object) in &self.properties {
            object.write_statements(&self.id, name, ontology, lines)?;
        }
        Ok(())
    }
}

fn write_classes(classes: &[&'static str], out: &mut Vec<u8>) {
    match classes {
        [class] => canonical::write_string(class, out),
        classes => {
            out.push(b'[');
            for class in classes {
                canonical::write_string(class, out);
                out.push(b',');
            }
            out.pop();
            out.push(b']');
        }
    }
}

impl Object {
    /// Several texts.
    pub fn texts(texts: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self::Many(texts.into_iter().map(|text| Self::Text(text.into())).collect())
    }

    /// A number with a fraction, as `xsd:float` in the shortest form that reads back.
    pub fn float(number: f64) -> Self {
        Self::Typed { text: ryu_js::Buffer::new().format(number).to_owned(), datatype: vocabulary::XSD_FLOAT }
    }

    /// References to several nodes.
    pub fn references(ids: impl IntoIterator<Item = String>) -> Self {
        Self::Many(ids.into_iter().map(Self::Reference).collect())
    }

    /// The value as JSON.
    pub fn to_value(&self) -> Value {
        match self {
            Self::Text(text) | Self::Coerced { text, .. } | Self::Link(text) => json!(text),
            Self::Integer(number) => json!(number),
            Self::Boolean(truth) => json!(truth),
            Self::Typed { text, datatype } => json!({"@type": datatype, "@value": text}),
            Self::Reference(id) => json!({"id": id}),
            Self::Node(node) => node.to_value(),
            Self::Json(value) => json!({"@type": "@json", "@value": value}),
            Self::Many(objects) => objects.iter().map(Self::to_value).collect(),
        }
    }

    fn write_json(&self, out: &mut Vec<u8>) -> Result<(), WriteError> {
        match self {
            Self::Text(text) | Self::Coerced { text, .. } | Self::Link(text) => canonical::write_string(text, out),
            Self::Integer(number) => canonical::write(&json!(number), out)?,
            Self::Boolean(truth) => out.extend_from_slice(if *truth { b"true" } else { b"false" }),
            Self::Typed { text, datatype } => {
                out.extend_from_slice(b"{\"@type\":");
                canonical::write_string(datatype, out);
                out.extend_from_slice(b",\"@value\":");
                canonical::write_string(text, out);
                out.push(b'}');
            }
            Self::Reference(id) => {
                out.extend_from_slice(b"{\"id\":");
                canonical::write_string(id, out);
                out.push(b'}');
            }
            Self::Node(node) => node.write_json(None, out)?,
            Self::Json(value) => {
                out.extend_from_slice(b"{\"@type\":\"@json\",\"@value\":");
                canonical::write(value, out)?;
                out.push(b'}');
            }
            Self::Many(objects) => {
                out.push(b'[');
                for (at, object) in objects.iter().enumerate() {
                    if at > 0 {
                        out.push(b',');
                    }
                    object.write_json(out)?;
                }
                out.push(b']');
            }
        }
        Ok(())
    }

    fn write_statements(
        &self,
        subject: &str,
        name: &'static str,
        ontology: Ontology,
        lines: &mut Lines,
    ) -> Result<(), WriteError> {
        if let Self::Many(objects) = self {
            return objects.iter().try_for_each(|object| object.write_statements(subject, name, ontology, lines));
        }
        lines.begin_with(subject, |out| vocabulary::write_iri(ontology, name, out));
        match self {
            Self::Text(text) => lines.literal(text, None),
            Self::Typed { text, datatype } | Self::Coerced { text, datatype } => lines.literal(text, Some(datatype)),
            Self::Integer(number) => lines.literal(&number.to_string(), Some(vocabulary::XSD_INTEGER)),
            Self::Boolean(truth) => {
                lines.literal(if *truth { "true" } else { "false" }, Some(vocabulary::XSD_BOOLEAN));
            }
            Self::Json(value) => {
                let mut text = Vec::new();
                canonical::write(value, &mut text)?;
                lines.literal(&String::from_utf8_lossy(&text), Some(rdf::JSON));
            }
            Self::Reference(id) | Self::Link(id) => lines.iri(|out| out.push_str(id)),
            Self::Node(node) => {
                lines.iri(|out| out.push_str(&node.id));
                node.write_statements(ontology, lines)?;
            }
            // Handled above: each value is a statement of its own.
            Self::Many(_) => {}
        }
        Ok(())
    }
}

impl From<&str> for Object {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Object {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for Object {
    fn from(truth: bool) -> Self {
        Self::Boolean(truth)
    }
}

/// Beyond 2^53 it has no JSON form, and writing it is an error.
impl From<u64> for Object {
    fn from(number: u64) -> Self {
        Self::Integer(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<u32> for Object {
    fn from(number: u32) -> Self {
        Self::Integer(number.into())
    }
}

impl From<Node> for Object {
    fn from(node: Node) -> Self {
        Self::Node(Box::new(node))
    }
}

impl From<Vec<Object>> for Object {
    fn from(objects: Vec<Object>) -> Self {
        Self::Many(objects)
    }
}

/// Lines of N-Quads in one buffer, put in order at the end.
#[derive(Debug, Default)]
pub struct Lines {
    text: String,
    /// Where each line begins.
    starts: Vec<usize>,
}

impl Lines {
    /// No lines.
    pub fn new() -> Self {
        Self { text: String::with_capacity(8 * 1024), starts: Vec::with_capacity(128) }
    }

    /// The lines in order, each once: the canonical form (RDFC-1.0) of statements without blank nodes.
    pub fn canonical(&self) -> impl Iterator<Item = &str> {
        let end = |at: usize| self.starts.get(at + 1).copied().unwrap_or(self.text.len());
        let mut lines: Vec<&str> =
            self.starts.iter().enumerate().map(|(at, start)| &self.text[*start..end(at)]).collect();
        lines.sort_unstable();
        lines.dedup();
        lines.into_iter()
    }

    fn begin(&mut self, subject: &str, predicate: &str) {
        self.begin_with(subject, |out| out.push_str(predicate));
    }

    fn begin_with(&mut self, subject: &str, predicate: impl FnOnce(&mut String)) {
        self.starts.push(self.text.len());
        self.text.push('<');
        self.text.push_str(subject);
        self.text.push_str("> <");
        predicate(&mut self.text);
        self.text.push_str("> ");
    }

    fn iri(&mut self, iri: impl FnOnce(&mut String)) {
        self.text.push('<');
        iri(&mut self.text);
        self.text.push_str("> .\n");
    }

    fn literal(&mut self, text: &str, datatype: Option<&str>) {
        self.text.push('"');
        rdf::n_quads::escape(text, &mut self.text);
        match datatype {
            None => self.text.push_str("\" .\n"),
            Some(datatype) => {
                self.text.push_str("\"^^<");
                self.text.push_str(datatype);
                self.text.push_str("> .\n");
            }
        }
    }
}
