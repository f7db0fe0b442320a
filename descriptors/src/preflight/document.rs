//! Files to documents: a JWS is taken apart, a presentation unfolded into its credentials.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::{Input, Log, Severity, cut, rule};
use crate::canonical;
use crate::target::Target;

/// Largest file that is read.
const BYTES_MAX: usize = 4 * 1024 * 1024;
/// Most credentials in all files together.
const DOCUMENTS_MAX: usize = 2_000;

/// A credential or a presentation.
pub(super) struct Document {
    pub(super) name: String,
    pub(super) is_presentation: bool,
    /// What is signed, where this is a JWS.
    pub(super) jws: Option<Jws>,
    pub(super) payload: Map<String, Value>,
    /// The presentation it stands in.
    pub(super) inside: Option<String>,
}

pub(super) struct Jws {
    pub(super) header: Map<String, Value>,
    pub(super) signed: String,
    pub(super) signature: Vec<u8>,
}

impl Document {
    /// A place in the payload.
    pub(super) fn place(&self, pointer: &str) -> String {
        match (&self.jws, pointer) {
            (Some(_), pointer) => format!("payload {pointer}"),
            (None, "") => "/".to_owned(),
            (None, pointer) => pointer.to_owned(),
        }
    }

    pub(super) fn text(&self, member: &str) -> Option<&str> {
        self.payload.get(member).and_then(Value::as_str)
    }

    pub(super) fn id(&self) -> Option<&str> {
        self.text("id").or_else(|| self.text("@id"))
    }

    /// The types, whether one or several.
    pub(super) fn types(&self) -> Vec<&str> {
        texts(self.payload.get("type").or_else(|| self.payload.get("@type")))
    }

    /// The subjects with their pointers.
    pub(super) fn subjects(&self) -> Vec<(String, &Value)> {
        match self.payload.get("credentialSubject") {
            None => Vec::new(),
            Some(Value::Array(subjects)) => {
                let with_pointer = |(at, subject)| (format!("/credentialSubject/{at}"), subject);
                subjects.iter().enumerate().map(with_pointer).collect()
            }
            Some(subject) => vec![("/credentialSubject".to_owned(), subject)],
        }
    }
}

/// A text, or the texts of an array.
pub(super) fn texts(value: Option<&Value>) -> Vec<&str> {
    match value {
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
        Some(value) => value.as_str().into_iter().collect(),
        None => Vec::new(),
    }
}

pub(super) fn read(input: &Input<'_>, documents: &mut Vec<Document>, log: &mut Log) {
    if input.bytes.len() > BYTES_MAX {
        let found = format!("{} bytes; more than {BYTES_MAX} are not read", input.bytes.len());
        return log.find(input.name, "/", Severity::Refused, &rule::FORM, found);
    }
    let Ok(text) = std::str::from_utf8(input.bytes) else {
        return log.find(input.name, "/", Severity::Refused, &rule::FORM, "not UTF-8");
    };
    one(input.name.to_owned(), text.trim(), None, documents, log);
}

fn one(name: String, text: &str, inside: Option<&str>, documents: &mut Vec<Document>, log: &mut Log) {
    if documents.len() >= DOCUMENTS_MAX {
        return log.open(format!("{name} and what follows it"), format!("hand in at most {DOCUMENTS_MAX} credentials"));
    }
    let made = if text.starts_with(['{', '[']) {
        canonical::from_slice::<Map<String, Value>>(text.as_bytes())
            .map(|payload| (None, payload))
            .map_err(|e| chain(&e))
    } else {
        jws(text).map(|(jws, payload)| (Some(jws), payload))
    };
    let (jws, payload) = match made {
        Ok(made) => made,
        Err(fault) => return log.find(&name, "/", Severity::Refused, &rule::FORM, fault),
    };
    let inside = inside.map(str::to_owned);
    let mut document = Document { name, is_presentation: false, jws, payload, inside };
    document.is_presentation =
        document.types().contains(&"VerifiablePresentation") || document.payload.contains_key("verifiableCredential");
    let at = documents.len();
    documents.push(document);
    if documents[at].is_presentation {
        unfold(at, documents, log);
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let cause = error.source().map(|cause| format!(": {cause}"));
    format!("{error}{}", cause.unwrap_or_default())
}

fn jws(text: &str) -> Result<(Jws, Map<String, Value>), String> {
    let parts: Vec<&str> = text.split('.').collect();
    let [header, payload, signature] = parts.as_slice() else {
        return Err(format!("{} parts instead of three", parts.len()));
    };
    let decode = |part: &str, name: &str| {
        URL_SAFE_NO_PAD.decode(part).map_err(|_| format!("the {name} is not base64url without padding"))
    };
    let object = |bytes: &[u8], name: &str| {
        canonical::from_slice::<Map<String, Value>>(bytes).map_err(|error| format!("the {name} is {}", chain(&error)))
    };
    let head = object(&decode(header, "header")?, "header")?;
    let body = object(&decode(payload, "payload")?, "payload")?;
    let signed = format!("{header}.{payload}");
    Ok((Jws { header: head, signed, signature: decode(signature, "signature")? }, body))
}

/// The credentials of a presentation become documents of their own.
fn unfold(at: usize, documents: &mut Vec<Document>, log: &mut Log) {
    let name = documents[at].name.clone();
    let target = log.target;
    let wants_enveloped = target.is_jwt();
    let entries = match documents[at].payload.get("verifiableCredential") {
        Some(Value::Array(entries)) => entries.clone(),
        Some(entry) => vec![entry.clone()],
        None => Vec::new(),
    };
    if entries.is_empty() {
        let place = documents[at].place("/verifiableCredential");
        log.find(&name, place, Severity::Refused, &rule::PRESENTATION_EMPTY, "no credential");
    }
    for (index, entry) in entries.iter().enumerate() {
        let pointer = format!("/verifiableCredential/{index}");
        let place = documents[at].place(&pointer);
        let inner = format!("{name} {pointer}");
        let enveloped =
            texts(entry.get("type").or_else(|| entry.get("@type"))).contains(&"EnvelopedVerifiableCredential");
        match entry.get("id").and_then(Value::as_str).filter(|_| enveloped) {
            Some(uri) => {
                if let Some(token) = token(uri, &name, &format!("{place}/id"), log) {
                    one(inner, token, Some(&name), documents, log);
                }
            }
            None => {
                if wants_enveloped {
                    log.find(&name, place, Severity::Refused, &rule::ENVELOPED, cut(&entry.to_string()));
                }
                if entry.is_object() {
                    one(inner, &entry.to_string(), Some(&name), documents, log);
                }
            }
        }
    }
}

/// The token inside a data address.
fn token<'a>(uri: &'a str, name: &str, place: &str, log: &mut Log) -> Option<&'a str> {
    const TYPES: [&str; 2] = ["application/vc+jwt", "application/vc+ld+json+jwt"];
    let (media, token) = uri.strip_prefix("data:").and_then(|rest| rest.split_once([',', ';']))?;
    let separator = uri.as_bytes().get("data:".len() + media.len());
    if separator == Some(&b';') {
        log.find(name, place, Severity::Refused, &rule::DATA_URI, cut(uri));
    }
    let older = media == TYPES[1] && log.target == Target::Xfsc;
    if media != TYPES[0] && !older {
        log.find(name, place, Severity::Refused, &rule::ENVELOPED, format!("the media type `{}`", cut(media)));
    }
    Some(token)
}
