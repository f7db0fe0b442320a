//! What holds the documents together: references, ids, digests, and what a presentation must contain.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::document::{Document, texts};
use super::{Log, Severity, cut, rule, step};
use crate::canonical;
use crate::digest::Digest;
use crate::target::Target;

const NUMBERS: [&str; 7] =
    ["VatID", "LeiCode", "EORI", "EUID", "TaxID", "LocalRegistrationNumber", "CountryCompanyNumber"];
/// How a reference says the digest of what it refers to.
const DIGESTS: [&str; 4] = ["sri", "gx:sri", "digestSRI", "gx:digestSRI"];

/// What is known of an id.
struct Known<'a> {
    document: &'a Document,
    place: String,
    is_subject: bool,
    types: Vec<&'a str>,
}

pub(super) fn check(documents: &[Document], log: &mut Log) {
    let mut known: BTreeMap<&str, Known<'_>> = BTreeMap::new();
    for document in documents {
        if let Some(id) = document.id() {
            define(
                id,
                Known { document, place: document.place("/id"), is_subject: false, types: Vec::new() },
                &mut known,
                log,
            );
        }
        for (pointer, subject) in document.subjects() {
            nodes(document, &pointer, subject, true, &mut known, log);
        }
    }
    for document in documents.iter().filter(|document| !document.is_presentation) {
        for (pointer, subject) in document.subjects() {
            references(document, &pointer, "", subject, &known, log);
        }
    }
    if matches!(log.target, Target::Loire | Target::Danube) {
        for presentation in documents.iter().filter(|document| document.is_presentation) {
            complete(presentation, documents, log);
        }
    }
}

/// Nodes that say something of themselves.
fn nodes<'a>(
    document: &'a Document,
    pointer: &str,
    value: &'a Value,
    is_subject: bool,
    known: &mut BTreeMap<&'a str, Known<'a>>,
    log: &mut Log,
) {
    match value {
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                nodes(document, &format!("{pointer}/{at}"), item, false, known, log);
            }
        }
        Value::Object(members) if !members.contains_key("@value") => {
            if let Some(id) = id_of(members).filter(|_| is_subject || !is_reference(members)) {
                let types = texts(members.get("type").or_else(|| members.get("@type")));
                let place = document.place(&format!("{pointer}/id"));
                define(id, Known { document, place, is_subject, types }, known, log);
            }
            for (name, value) in members {
                nodes(document, &format!("{pointer}/{}", step(name)), value, false, known, log);
            }
        }
        _ => {}
    }
}

fn define<'a>(id: &'a str, new: Known<'a>, known: &mut BTreeMap<&'a str, Known<'a>>, log: &mut Log) {
    match known.get(id) {
        // A node may be described in several places; a subject or a document stands for itself. That a credential and its own
        // subject share an id is a rule of the payload.
        Some(old) if (old.is_subject && new.is_subject) || is_document(old) || is_document(&new) => {
            let of_one = std::ptr::eq(old.document, new.document);
            if !of_one {
                let found = format!("{id} stands in {} too", old.document.name);
                log.find(&new.document.name, new.place, Severity::Refused, &rule::DUPLICATE_ID, cut(&found));
            }
        }
        Some(_) if !new.is_subject => {}
        _ => drop(known.insert(id, new)),
    }
}

fn is_document(known: &Known<'_>) -> bool {
    !known.is_subject && known.types.is_empty()
}

fn id_of(members: &Map<String, Value>) -> Option<&str> {
    members.get("id").or_else(|| members.get("@id")).and_then(Value::as_str)
}

/// An object that only names another one.
fn is_reference(members: &Map<String, Value>) -> bool {
    members.keys().all(|name| name == "id" || name == "@id" || DIGESTS.contains(&name.as_str()))
}

fn references(
    document: &Document,
    pointer: &str,
    property: &str,
    value: &Value,
    known: &BTreeMap<&str, Known<'_>>,
    log: &mut Log,
) {
    match value {
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                references(document, &format!("{pointer}/{at}"), property, item, known, log);
            }
        }
        Value::Object(members) => {
            if let Some(id) = id_of(members).filter(|_| is_reference(members) && !property.is_empty()) {
                reference(document, pointer, property, id, members, known, log);
            }
            for (name, value) in members {
                references(document, &format!("{pointer}/{}", step(name)), name, value, known, log);
            }
        }
        _ => {}
    }
}

fn reference(
    document: &Document,
    pointer: &str,
    property: &str,
    id: &str,
    members: &Map<String, Value>,
    known: &BTreeMap<&str, Known<'_>>,
    log: &mut Log,
) {
    let place = document.place(pointer);
    // Addresses of documents on the web are no references.
    let is_address = ["url", "endpointURL", "standardReference", "attestationServiceURI", "license", "policyDocument"]
        .iter()
        .any(|name| property.ends_with(name));
    let Some(found) = known.get(id) else {
        if is_address || !matches!(log.target, Target::Loire | Target::Danube) {
            return;
        }
        if document.inside.is_some() {
            return log.find(
                &document.name,
                place,
                Severity::Refused,
                &rule::CLOSURE,
                format!("{id} is in no credential"),
            );
        }
        return log.open(
            format!("what {} refers to at {place}", document.name),
            format!("hand in the credential of {id} too"),
        );
    };
    if property.ends_with("hostedOn") {
        let place_of_rooms = ["gx:AvailabilityZone", "gx:Region", "AvailabilityZone", "Region"];
        if found.types.iter().any(|kind| place_of_rooms.contains(kind)) {
            log.find(
                &document.name,
                &*place,
                Severity::Refused,
                &rule::HOSTED_ON,
                format!("a {}", found.types.join(", ")),
            );
        }
    }
    for (name, value) in members.iter().filter(|(name, _)| DIGESTS.contains(&name.as_str())) {
        if !is_digest_of(value, &found.document.payload) {
            let found = format!("{value} is not that of {}", found.document.name);
            log.find(&document.name, format!("{place}/{}", step(name)), Severity::Refused, &rule::DIGEST, cut(&found));
        }
    }
}

/// `sha256-` with hexadecimal or, as the W3C writes it, base64.
fn is_digest_of(value: &Value, payload: &Map<String, Value>) -> bool {
    let Ok(bytes) = canonical::to_vec(payload) else { return false };
    let digest = Digest::of(&bytes);
    let found = value.as_str().and_then(|text| text.strip_prefix("sha256-"));
    found.is_some_and(|found| found.eq_ignore_ascii_case(&digest.hex()) || found == STANDARD.encode(digest.as_bytes()))
}

fn complete(presentation: &Document, documents: &[Document], log: &mut Log) {
    let inner = documents.iter().filter(|document| document.inside.as_deref() == Some(&presentation.name));
    let types: Vec<&str> = inner
        .flat_map(|document| document.subjects())
        .flat_map(|(_, subject)| texts(subject.get("type").or_else(|| subject.get("@type"))))
        .map(|kind| kind.strip_prefix("gx:").unwrap_or(kind))
        .collect();
    let mut missing: Vec<&str> = ["LegalPerson", "Issuer"].into_iter().filter(|kind| !types.contains(kind)).collect();
    if !NUMBERS.iter().any(|kind| types.contains(kind)) {
        missing.push("a registration number");
    }
    if !missing.is_empty() {
        let place = presentation.place("/verifiableCredential");
        let found = format!("without {}", missing.join(", "));
        log.find(&presentation.name, place, Severity::Refused, &rule::COMPLETE, found);
    }
}
