//! Nodes: what a subject is made of, before anybody decides how it is written or signed.
//!
//! A node has an id, classes and properties; from the same node come its canonical JSON (RFC 8785) and its statements
//! (N-Quads), without a JSON-LD processor between them. That both say the same is not believed but tested, against the
//! general path ([`crate::rdf`]). Names are prefixed (`gx:memorySize`), so that they mean the same whatever the date of a
//! context; the few bare names are terms of the W3C's credentials context. Which properties a class has is not known here.

use serde_json::{Map, Value, json};

use crate::canonical::{self, WriteError};
use crate::rdf;
use crate::vocabulary::{self, Context, Ontology, XSD_ANY_URI};

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
    /// A text that is one of an enumeration.
    Word(&'static str),
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
    /// The address of something: a literal `xsd:anyURI` in 25.11, an IRI in the development version.
    Url(String),
    /// What the versions of the ontology write differently.
    Versioned(Box<Versioned>),
    /// A part that stands inside.
    Node(Box<Node>),
    /// A JSON document, signed as it stands (`@json`).
    Json(Value),
    /// Several of these: always written as a list, also of one.
    Many(Vec<Object>),
}

/// A value for each version of the ontology; none where the version has no place for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Versioned {
    v2511: Option<Object>,
    development: Option<Object>,
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

    /// What is said in a version of the ontology.
    fn said(&self, ontology: Ontology) -> impl Iterator<Item = (&'static str, &Object)> {
        self.properties.iter().filter_map(move |(name, object)| Some((*name, object.said(ontology)?)))
    }

    /// The node as JSON.
    pub fn to_value(&self, ontology: Ontology) -> Value {
        let mut members: Map<String, Value> =
            self.said(ontology).map(|(name, object)| (name.to_owned(), object.to_value(ontology))).collect();
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

    /// Appends the canonical JSON of the node (RFC 8785).
    pub fn write_json(&self, ontology: Ontology, out: &mut Vec<u8>) -> Result<(), WriteError> {
        out.push(b'{');
        self.write_members(ontology, out, |_| {})
    }

    /// Appends the canonical JSON of the node with its `@context`, which stands before all other members. Returns where the
    /// id begins, behind its quote.
    pub(crate) fn write_document(&self, context: Context, out: &mut Vec<u8>) -> Result<usize, WriteError> {
        let mut id_at = 0;
        out.extend_from_slice(b"{\"@context\":");
        out.extend_from_slice(context.canonical().as_bytes());
        out.push(b',');
        self.write_members(context.ontology(), out, |at| id_at = at)?;
        Ok(id_at)
    }

    /// The members between the braces, and the closing one. `id` and `type` take their places in the order of the names.
    fn write_members(
        &self,
        ontology: Ontology,
        out: &mut Vec<u8>,
        mut id_begins: impl FnMut(usize),
    ) -> Result<(), WriteError> {
        let mut write_own = |own: &mut &[&str], before: Option<&str>, out: &mut Vec<u8>| {
            while let Some((member, rest)) = own.split_first() {
                if before.is_some_and(|name| name < *member) {
                    break;
                }
                if *member == "id" {
                    out.extend_from_slice(b"\"id\":");
                    id_begins(out.len() + 1);
                    canonical::write_string(&self.id, out);
                } else {
                    out.extend_from_slice(b"\"type\":");
                    write_classes(&self.classes, out);
                }
                out.push(b',');
                *own = rest;
            }
        };
        let mut own: &[&str] = &["id", "type"];
        for (name, object) in self.said(ontology) {
            write_own(&mut own, Some(name), out);
            out.push(b'"');
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b"\":");
            object.write_json(ontology, out)?;
            out.push(b',');
        }
        write_own(&mut own, None, out);
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
        for (name, object) in self.said(ontology) {
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
        Self::number(number, vocabulary::XSD_FLOAT)
    }

    pub(crate) fn number(number: f64, datatype: &'static str) -> Self {
        let mut text = Vec::with_capacity(24);
        canonical::number::write(number, &mut text);
        Self::Typed { text: String::from_utf8_lossy(&text).into_owned(), datatype }
    }

    /// A value that the versions of the ontology write differently, or that one of them has no place for.
    pub fn versioned(v2511: Option<Self>, development: Option<Self>) -> Self {
        Self::Versioned(Box::new(Versioned { v2511, development }))
    }

    /// A value that one version of the ontology has a place for.
    pub fn only(ontology: Ontology, object: Self) -> Self {
        match ontology {
            Ontology::V2511 => Self::versioned(Some(object), None),
            Ontology::Development => Self::versioned(None, Some(object)),
        }
    }

    /// What is said in a version of the ontology, if anything.
    fn said(&self, ontology: Ontology) -> Option<&Self> {
        match self {
            Self::Versioned(versioned) => match ontology {
                Ontology::V2511 => versioned.v2511.as_ref()?.said(ontology),
                Ontology::Development => versioned.development.as_ref()?.said(ontology),
            },
            said => Some(said),
        }
    }

    /// References to several nodes.
    pub fn references(ids: impl IntoIterator<Item = String>) -> Self {
        Self::Many(ids.into_iter().map(Self::Reference).collect())
    }

    /// The value as JSON.
    pub fn to_value(&self, ontology: Ontology) -> Value {
        match self {
            Self::Text(text) | Self::Coerced { text, .. } | Self::Link(text) => json!(text),
            Self::Word(text) => json!(text),
            Self::Integer(number) => json!(number),
            Self::Boolean(truth) => json!(truth),
            Self::Typed { text, datatype } => json!({"@type": datatype, "@value": text}),
            Self::Url(url) if ontology == Ontology::V2511 => json!({"@type": XSD_ANY_URI, "@value": url}),
            Self::Reference(id) | Self::Url(id) => json!({"id": id}),
            Self::Node(node) => node.to_value(ontology),
            Self::Json(value) => json!({"@type": "@json", "@value": value}),
            Self::Many(objects) => objects
                .iter()
                .filter_map(|object| object.said(ontology))
                .map(|object| object.to_value(ontology))
                .collect(),
            Self::Versioned(_) => self.said(ontology).map_or(Value::Null, |said| said.to_value(ontology)),
        }
    }

    fn write_json(&self, ontology: Ontology, out: &mut Vec<u8>) -> Result<(), WriteError> {
        match self {
            Self::Text(text) | Self::Coerced { text, .. } | Self::Link(text) => canonical::write_string(text, out),
            Self::Word(text) => canonical::write_string(text, out),
            Self::Integer(number) => canonical::write_integer(*number, out)?,
            Self::Boolean(truth) => out.extend_from_slice(if *truth { b"true" } else { b"false" }),
            Self::Typed { text, datatype } => write_typed(text, datatype, out),
            Self::Url(url) if ontology == Ontology::V2511 => write_typed(url, XSD_ANY_URI, out),
            Self::Reference(id) | Self::Url(id) => {
                out.extend_from_slice(b"{\"id\":");
                canonical::write_string(id, out);
                out.push(b'}');
            }
            Self::Node(node) => node.write_json(ontology, out)?,
            Self::Json(value) => {
                out.extend_from_slice(b"{\"@type\":\"@json\",\"@value\":");
                canonical::write(value, out)?;
                out.push(b'}');
            }
            Self::Many(objects) => {
                out.push(b'[');
                let begins = out.len();
                for object in objects.iter().filter_map(|object| object.said(ontology)) {
                    if out.len() > begins {
                        out.push(b',');
                    }
                    object.write_json(ontology, out)?;
                }
                out.push(b']');
            }
            Self::Versioned(_) => {
                if let Some(said) = self.said(ontology) {
                    said.write_json(ontology, out)?;
                }
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
        match self {
            Self::Many(objects) => {
                return objects.iter().try_for_each(|object| object.write_statements(subject, name, ontology, lines));
            }
            Self::Versioned(_) => {
                let said = self.said(ontology);
                return said.map_or(Ok(()), |said| said.write_statements(subject, name, ontology, lines));
            }
            _ => {}
        }
        lines.begin_with(subject, |out| vocabulary::write_iri(ontology, name, out));
        match self {
            Self::Text(text) => lines.literal(text, None),
            Self::Word(text) => lines.literal(text, None),
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
            Self::Url(url) if ontology == Ontology::V2511 => lines.literal(url, Some(XSD_ANY_URI)),
            Self::Reference(id) | Self::Link(id) | Self::Url(id) => lines.iri(|out| out.push_str(id)),
            Self::Node(node) => {
                lines.iri(|out| out.push_str(&node.id));
                node.write_statements(ontology, lines)?;
            }
            // Handled above.
            Self::Many(_) | Self::Versioned(_) => {}
        }
        Ok(())
    }
}

fn write_typed(text: &str, datatype: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"@type\":\"");
    // An IRI holds nothing that is to be quoted.
    out.extend_from_slice(datatype.as_bytes());
    out.extend_from_slice(b"\",\"@value\":");
    canonical::write_string(text, out);
    out.push(b'}');
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

/// Beyond 2^53 - 1, where readers of JSON disagree, the number is written as a text with its datatype.
impl From<u64> for Object {
    fn from(number: u64) -> Self {
        match i64::try_from(number) {
            Ok(small) if number < 1 << 53 => Self::Integer(small),
            _ => Self::Typed { text: number.to_string(), datatype: vocabulary::XSD_INTEGER },
        }
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
