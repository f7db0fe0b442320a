//! Presentations: several credentials in one signed envelope, as compliance services and catalogues take them.
//!
//! For targets of Gaia-X a presentation is a `vp+jwt` with each credential enveloped as it was signed; for verifiers of Data
//! Integrity the credentials stand inside with their proofs. References between subjects are not followed by the services:
//! what is not inside does not exist for them, so [`Presentation::missing`] says what is referred to and not there. Whether
//! the credentials inside are good is not known here.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use crate::canonical;
use crate::did::Did;
use crate::timestamp::Timestamp;
use crate::vocabulary::CREDENTIALS_V2;

/// Most credentials of a presentation.
pub const CREDENTIALS_MAX: usize = 1000;

/// What stands before an enveloped credential.
pub const ENVELOPE: &str = "data:application/vc+jwt,";

/// A signed credential inside a presentation.
#[derive(Debug, Clone, PartialEq)]
pub enum Contained {
    /// A compact JWS.
    Jwt(String),
    /// A document with its proof.
    Embedded(Value),
}

/// Credentials that are shown together; ids are distinct.
#[derive(Debug, Clone, PartialEq)]
pub struct Presentation {
    id: String,
    holder: Did,
    from: Timestamp,
    contained: Vec<Contained>,
    /// What each credential says, in the order of `contained`.
    documents: Vec<Map<String, Value>>,
}

/// Why there is no presentation.
#[derive(Debug, thiserror::Error)]
pub enum PresentationError {
    /// More than a service would ever read.
    #[error("{0} credentials in one presentation: at most 1000 are taken")]
    Count(usize),
    /// Something that is not a signed credential.
    #[error("credential {at} is not a signed credential: {why}")]
    Credential {
        /// Which, counted from 0.
        at: usize,
        /// What is wrong with it.
        why: &'static str,
    },
    /// One id for two things.
    #[error("the id `{0}` stands for two of: the presentation, its credentials, their subjects")]
    Twice(String),
}

/// A reference to something that is not inside.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Missing {
    /// The id of the credential that refers.
    pub credential: String,
    /// Where in its subject: a JSON Pointer.
    pub pointer: String,
    /// The id that is referred to.
    pub id: String,
}

impl Presentation {
    /// Credentials shown by `holder` from an instant on. The presentation, its credentials and their subjects have different
    /// ids, since some services take them for one thing otherwise.
    pub fn new(
        id: impl Into<String>,
        holder: Did,
        from: Timestamp,
        contained: Vec<Contained>,
    ) -> Result<Self, PresentationError> {
        if contained.len() > CREDENTIALS_MAX {
            return Err(PresentationError::Count(contained.len()));
        }
        let read = |(at, one): (usize, &Contained)| {
            read_credential(one).map_err(|why| PresentationError::Credential { at, why })
        };
        let documents = contained.iter().enumerate().map(read).collect::<Result<Vec<_>, _>>()?;
        let presentation = Self { id: id.into(), holder, from, contained, documents };
        presentation.check_ids()?;
        Ok(presentation)
    }

    /// Its own id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Who shows the credentials.
    pub fn holder(&self) -> &Did {
        &self.holder
    }

    /// From when on they are shown.
    pub fn from(&self) -> Timestamp {
        self.from
    }

    /// The credentials as they were signed.
    pub fn contained(&self) -> &[Contained] {
        &self.contained
    }

    /// What is referred to by a subject and not said by any, in order.
    pub fn missing(&self) -> BTreeSet<Missing> {
        let mut said = BTreeSet::new();
        for document in &self.documents {
            walk(document.get("credentialSubject"), "/credentialSubject", &mut |_, id, says| {
                if says {
                    said.insert(id.to_owned());
                }
            });
        }
        let mut missing = BTreeSet::new();
        for document in &self.documents {
            let credential = text(document, "id").unwrap_or_default();
            walk(document.get("credentialSubject"), "/credentialSubject", &mut |pointer, id, says| {
                if !says && !said.contains(id) {
                    let (credential, pointer) = (credential.to_owned(), pointer.to_owned());
                    missing.insert(Missing { credential, pointer, id: id.to_owned() });
                }
            });
        }
        missing
    }

    /// The payload of a `vp+jwt`; none when a credential inside is no JWS.
    pub fn enveloped(&self) -> Option<Value> {
        let envelope = |one: &Contained| match one {
            Contained::Jwt(jwt) => Some(json!({
                "@context": CREDENTIALS_V2,
                "id": format!("{ENVELOPE}{jwt}"),
                "type": "EnvelopedVerifiableCredential",
            })),
            Contained::Embedded(_) => None,
        };
        let credentials = self.contained.iter().map(envelope).collect::<Option<Vec<_>>>()?;
        let mut document = self.document(credentials);
        // Gaia-X asks for both in presentations too (ICAM 25.11).
        document["issuer"] = json!(self.holder);
        document["validFrom"] = json!(self.from);
        Some(document)
    }

    /// The document that a Data Integrity proof is put to; none when a credential inside is a JWS.
    ///
    /// The W3C's context has no `issuer` and no `validFrom` for presentations, so the holder stands there, and the time in the
    /// proof.
    pub fn embedded(&self) -> Option<Value> {
        let inside = |one: &Contained| match one {
            Contained::Embedded(document) => Some(document.clone()),
            Contained::Jwt(_) => None,
        };
        let credentials = self.contained.iter().map(inside).collect::<Option<Vec<_>>>()?;
        let mut document = self.document(credentials);
        document["holder"] = json!(self.holder);
        Some(document)
    }

    fn document(&self, credentials: Vec<Value>) -> Value {
        json!({
            "@context": [CREDENTIALS_V2],
            "id": self.id,
            "type": "VerifiablePresentation",
            "verifiableCredential": credentials,
        })
    }

    fn check_ids(&self) -> Result<(), PresentationError> {
        let mut ids = BTreeMap::from([(self.id.as_str(), Role::Envelope)]);
        for document in &self.documents {
            let own = text(document, "id").into_iter().map(|id| (id, Role::Envelope));
            let subjects = subjects(document).filter_map(|subject| text(subject, "id")).map(|id| (id, Role::Subject));
            for (id, role) in own.chain(subjects) {
                match ids.insert(id, role) {
                    // Two credentials may speak of one subject.
                    None => {}
                    Some(Role::Subject) if role == Role::Subject => {}
                    Some(_) => return Err(PresentationError::Twice(id.to_owned())),
                }
            }
        }
        Ok(())
    }
}

/// What an id names.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Envelope,
    Subject,
}

fn read_credential(contained: &Contained) -> Result<Map<String, Value>, &'static str> {
    let document = match contained {
        Contained::Embedded(Value::Object(members)) if members.contains_key("proof") => members.clone(),
        Contained::Embedded(_) => return Err("a document without a proof"),
        Contained::Jwt(jwt) => {
            let parts: Vec<&str> = jwt.split('.').collect();
            let [_, payload, _] = parts.as_slice() else { return Err("not a compact JWS") };
            let payload = URL_SAFE_NO_PAD.decode(payload).map_err(|_| "not base64url without padding")?;
            canonical::from_slice(&payload).map_err(|_| "a payload that is not strict JSON")?
        }
    };
    text(&document, "id").ok_or("without an id")?;
    if subjects(&document).next().is_none() {
        return Err("without a subject");
    }
    Ok(document)
}

fn subjects(document: &Map<String, Value>) -> impl Iterator<Item = &Map<String, Value>> {
    let subjects = match document.get("credentialSubject") {
        Some(Value::Array(subjects)) => subjects.as_slice(),
        Some(subject) => std::slice::from_ref(subject),
        None => &[],
    };
    subjects.iter().filter_map(Value::as_object)
}

fn text<'a>(members: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    members.get(name).and_then(Value::as_str)
}

/// Visits every node below a value with its pointer and id, and whether anything is said of it there.
fn walk(value: Option<&Value>, pointer: &str, visit: &mut impl FnMut(&str, &str, bool)) {
    match value {
        Some(Value::Array(items)) => {
            for (at, item) in items.iter().enumerate() {
                walk(Some(item), &format!("{pointer}/{at}"), visit);
            }
        }
        Some(Value::Object(members)) => {
            let id = text(members, "id").or_else(|| text(members, "@id"));
            if let Some(id) = id {
                visit(pointer, id, members.len() > 1);
            }
            for (name, member) in members {
                let name = name.replace('~', "~0").replace('/', "~1");
                walk(Some(member), &format!("{pointer}/{name}"), visit);
            }
        }
        _ => {}
    }
}
