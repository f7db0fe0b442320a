//! What people trip over in Gaia-X subjects, found without shapes: spelling of values, references, closed and required members.

mod ontology;

use serde_json::{Map, Value};

use super::document::{Document, texts};
use super::rule::{self, Rule};
use super::{Log, Severity, cut, shown, step};
use crate::vocabulary::Ontology;
use ontology::{CLASSES, ENUMERATIONS, FLOATS, INTEGERS, REFERENCES, TERMS_AND_CONDITIONS, URLS};

pub(super) fn check(document: &Document, log: &mut Log) {
    if !log.target.is_jwt() || document.is_presentation {
        return;
    }
    let ontology = version(document);
    for (pointer, subject) in document.subjects() {
        Walk { document, ontology, log }.node(&pointer, subject);
    }
}

fn version(document: &Document) -> Ontology {
    let named = texts(document.payload.get("@context"));
    let development = named.iter().any(|context| *context == Ontology::Development.namespace());
    if development { Ontology::Development } else { Ontology::V2511 }
}

struct Walk<'a> {
    document: &'a Document,
    ontology: Ontology,
    log: &'a mut Log,
}

/// The name of a Gaia-X property without its prefix; whether the prefix stood there.
fn gaia_x_name(name: &str) -> Option<(&str, bool)> {
    match name.split_once(':') {
        Some(("gx", local)) => Some((local, true)),
        None if !name.starts_with('@') && !["id", "type", "name", "description"].contains(&name) => Some((name, false)),
        _ => None,
    }
}

impl Walk<'_> {
    fn find(&mut self, pointer: &str, severity: Severity, rule: &'static Rule, found: String) {
        let place = self.document.place(pointer);
        self.log.find(&self.document.name, place, severity, rule, found);
    }

    fn node(&mut self, pointer: &str, value: &Value) {
        match value {
            Value::Array(items) => {
                for (at, item) in items.iter().enumerate() {
                    self.node(&format!("{pointer}/{at}"), item);
                }
            }
            Value::Object(members) if !members.contains_key("@value") => {
                self.class(pointer, members);
                for (name, value) in members.iter().filter(|(name, _)| *name != "@context") {
                    let pointer = format!("{pointer}/{}", step(name));
                    self.property(&pointer, name, value);
                    self.node(&pointer, value);
                }
            }
            _ => {}
        }
    }

    /// What the shape of a class lists and requires.
    fn class(&mut self, pointer: &str, members: &Map<String, Value>) {
        let types = texts(members.get("type").or_else(|| members.get("@type")));
        for class in CLASSES.iter().filter(|class| types.iter().any(|found| *found == format!("gx:{}", class.name))) {
            for required in class.required {
                let bare = required.strip_prefix("gx:").unwrap_or(required);
                if ![*required, bare].iter().any(|name| members.get(*name).is_some_and(|value| !is_empty(value))) {
                    let found = format!("a gx:{} without {required}", class.name);
                    self.find(pointer, Severity::Refused, &rule::REQUIRED, found);
                }
            }
            let Some(allowed) = class.allowed else { continue };
            let is_allowed = |name: &str| {
                let always = ["id", "type", "@id", "@type", "@context"];
                let labelled = self.ontology == Ontology::Development && name == "rdfs:label";
                let bare = allowed.iter().any(|known| known.split_once(':').is_some_and(|(_, local)| local == name));
                always.contains(&name) || allowed.contains(&name) || bare || labelled
            };
            for name in members.keys().filter(|name| !is_allowed(name)).cloned().collect::<Vec<_>>() {
                let found = format!("a gx:{} with {}", class.name, cut(&name));
                self.find(&format!("{pointer}/{}", step(&name)), Severity::Refused, &rule::CLOSED, found);
            }
        }
    }

    fn property(&mut self, pointer: &str, name: &str, value: &Value) {
        if FLOATS.contains(&name) && value.is_number() {
            return self.find(pointer, Severity::Refused, &rule::FLOAT, value.to_string());
        }
        if name.contains(':') && value.as_number().is_some_and(|number| !number.is_i64() && !number.is_u64()) {
            return self.find(pointer, Severity::MayBeRefused, &rule::FLOAT, value.to_string());
        }
        let Some((local, prefixed)) = gaia_x_name(name) else { return };
        if !prefixed {
            self.find(pointer, Severity::Advice, &rule::PLAIN_TERM, name.to_owned());
        }
        let values: Vec<&Value> = value.as_array().map_or_else(|| vec![value], |items| items.iter().collect());
        let any_text = values.iter().any(|value| value.is_string());
        if REFERENCES.contains(&local) && any_text {
            let severity = if prefixed { Severity::Refused } else { Severity::MayBeRefused };
            self.find(pointer, severity, &rule::REFERENCE, shown(Some(value)));
        }
        if URLS.contains(&local) {
            self.address(pointer, prefixed, &values);
        }
        if INTEGERS.contains(&local) && values.iter().any(|value| is_text(value)) {
            self.find(pointer, Severity::Refused, &rule::INTEGER, shown(Some(value)));
        }
        if local == "gaiaxTermsAndConditions" {
            self.terms_hash(pointer, value);
        }
        if let Some((_, known)) = ENUMERATIONS.iter().find(|(property, _)| *property == local) {
            for value in values.iter().filter_map(|value| value.as_str().or_else(|| value["@value"].as_str())) {
                self.enumeration(pointer, value, known);
            }
        }
    }

    fn address(&mut self, pointer: &str, prefixed: bool, values: &[&Value]) {
        for value in values {
            let is_node = value.get("id").is_some() || value.get("@id").is_some();
            let is_typed = value["@type"].as_str().is_some_and(|kind| kind.ends_with("anyURI"));
            let fits = match self.ontology {
                Ontology::V2511 => is_typed,
                Ontology::Development => is_node,
            };
            if !fits {
                let severity = if prefixed || is_node || is_typed { Severity::Refused } else { Severity::MayBeRefused };
                self.find(pointer, severity, &rule::URL, shown(Some(value)));
            }
        }
    }

    fn terms_hash(&mut self, pointer: &str, value: &Value) {
        let found = value.as_str().or_else(|| value["@value"].as_str()).unwrap_or_default();
        let severity = match TERMS_AND_CONDITIONS.iter().position(|known| *known == found) {
            Some(0) => return,
            // The shape lists it too; to which text it belongs is not known.
            Some(_) => Severity::Advice,
            None => Severity::Refused,
        };
        self.find(pointer, severity, &rule::TERMS_HASH, cut(found));
    }

    fn enumeration(&mut self, pointer: &str, value: &str, known: &[&str]) {
        if known.contains(&value) {
            return;
        }
        let plain = |text: &str| text.to_lowercase().replace([' ', '-', '_'], "");
        let nearest = known.iter().find(|known| plain(known) == plain(value));
        let found = match nearest {
            Some(nearest) => format!("\"{}\", spelt \"{nearest}\"", cut(value)),
            None => format!("\"{}\", known are {}", cut(value), known.join(", ")),
        };
        self.find(pointer, Severity::Refused, &rule::ENUMERATION, found);
    }
}

fn is_text(value: &Value) -> bool {
    value.is_string() || value["@type"].as_str().is_some_and(|kind| kind == "xsd:string" || kind.ends_with("#string"))
}

fn is_empty(value: &Value) -> bool {
    value.is_null() || value.as_array().is_some_and(Vec::is_empty)
}
