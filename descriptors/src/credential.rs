//! Credentials: what an issuer asserts of a subject (W3C Verifiable Credentials Data Model 2.0), with the vocabulary of
//! Gaia-X 25.11 and our own.
//!
//! One file for each type; it owns the function from declared or observed things to the subject. Every node of a subject
//! has a deterministic id, keys are prefixed (`gx:`, `schema:`, `vcard:`, `avow:`) and references are `{"id": …}`: in that
//! form a document means the same under every date of the Gaia-X context. How a credential is signed is not known here.

pub mod availability_zone;
pub mod datacenter;
pub mod independence_verdict;
pub mod legal_person;
pub mod node_hardware;
pub mod region;

use serde_json::{Map, Value, json};

use crate::VOCABULARY;
use crate::canonical;
use crate::declaration::{Address, Declaration};
use crate::did::Did;
use crate::digest::Digest;
use crate::report::{Origin, Report};
use crate::timestamp::Timestamp;

/// The Gaia-X ontology whose terms are used; its context stands in every credential.
pub const GAIA_X_CONTEXT: &str = "https://w3id.org/gaia-x/2511#";

/// The context of the data model.
pub const CREDENTIALS_CONTEXT: &str = "https://www.w3.org/ns/credentials/v2";

/// The types we issue, by the name of their class.
pub fn all() -> &'static [&'static str] {
    &[
        legal_person::CLASS,
        region::CLASS,
        datacenter::CLASS,
        availability_zone::CLASS,
        node_hardware::CLASS,
        independence_verdict::CLASS,
    ]
}

/// Everything that is to be said: the provider and its places as declared, the nodes as they report, the verdicts.
///
/// The collector calls this before it signs, the auditor to see that what was signed is what the evidence says.
pub fn subjects<'a>(
    base: &Base,
    declaration: &Declaration,
    reports: impl IntoIterator<Item = (&'a Report, Digest)>,
    verdicts: impl IntoIterator<Item = independence_verdict::VerdictClaims>,
) -> Vec<Subject> {
    let mut subjects = vec![legal_person::subject(base, declaration)];
    for region in &declaration.regions {
        subjects.push(region::subject(base, declaration, region));
        for dc in &region.datacenters {
            subjects.push(datacenter::subject(base, declaration, dc));
            let zones = dc.availability_zones.iter();
            subjects.extend(zones.map(|zone| availability_zone::subject(base, declaration, dc, zone)));
        }
    }
    subjects.extend(reports.into_iter().map(|(report, digest)| node_hardware::subject(base, report, &digest)));
    subjects.extend(verdicts.into_iter().map(|found| independence_verdict::subject(base, found)));
    subjects
}

/// Where the ids of credentials and subjects begin: the public address, or the issuer's DID when there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base(String);

impl Base {
    /// Ids below a public `https` address; a slash at its end is cut off.
    pub fn address(address: &str) -> Self {
        Self(address.trim_end_matches('/').to_owned())
    }

    /// Ids as DID URLs of the issuer.
    pub fn did(issuer: &Did) -> Self {
        Self(issuer.to_string())
    }

    /// The id of the credential that ends in `name`.
    pub fn credential_called(&self, name: &str) -> String {
        format!("{}/credentials/{name}", self.0)
    }

    /// The id of a subject. It stays when its credential is issued again, so that others may refer to it.
    pub fn subject(&self, kind: &str, name: &str) -> String {
        format!("{}/subjects/{kind}/{name}", self.0)
    }

    fn credential(&self, digest: &Digest) -> String {
        format!("{}/credentials/{}", self.0, &digest.hex()[..32])
    }
}

/// What is said of one subject, before anybody signs it.
#[derive(Debug, Clone, PartialEq)]
pub struct Subject {
    /// The class with its prefix: `gx:Region`.
    pub class: &'static str,
    /// The subject's own id.
    pub id: String,
    /// Its properties, without `id` and `type`.
    pub properties: Map<String, Value>,
    /// The weakest origin of what is said.
    pub origin: Origin,
}

impl Subject {
    /// The subject as it stands in a credential.
    pub fn to_value(&self) -> Value {
        let mut subject = self.properties.clone();
        subject.insert("id".to_owned(), json!(self.id));
        subject.insert("type".to_owned(), json!(self.class));
        Value::Object(subject)
    }
}

/// From when until when a credential holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// `validFrom`.
    pub from: Timestamp,
    /// `validUntil`.
    pub until: Timestamp,
}

/// An unsigned credential.
#[derive(Debug, Clone, PartialEq)]
pub struct Credential {
    /// Its own id, made from what it says.
    pub id: String,
    /// Who issues it.
    pub issuer: Did,
    /// From when until when it holds.
    pub period: Period,
    /// What it says.
    pub subject: Subject,
}

impl Credential {
    /// The credential of `subject`. Its id follows from its content: same facts, same time, same key, same bytes.
    pub fn new(base: &Base, issuer: Did, period: Period, subject: Subject) -> Result<Self, canonical::WriteError> {
        let mut credential = Self { id: String::new(), issuer, period, subject };
        credential.id = base.credential(&Digest::of(&canonical::to_vec(&credential.to_value())?));
        Ok(credential)
    }

    /// The document that is signed.
    pub fn to_value(&self) -> Value {
        let Subject { class, origin, .. } = &self.subject;
        // One prefix for each object: some Gaia-X readers refuse an inline context with several.
        json!({
            "@context": [
                CREDENTIALS_CONTEXT, GAIA_X_CONTEXT,
                {"vcard": "http://www.w3.org/2006/vcard/ns#"}, {"schema": "https://schema.org/"}, {"avow": VOCABULARY}
            ],
            "id": self.id,
            "type": ["VerifiableCredential", class],
            "issuer": self.issuer,
            "validFrom": self.period.from,
            "validUntil": self.period.until,
            "avow:origin": origin,
            "credentialSubject": self.subject.to_value(),
        })
    }
}

/// Builds the properties of a subject.
#[derive(Default)]
pub(crate) struct Properties(Map<String, Value>);

impl Properties {
    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    pub(crate) fn with_some(self, name: &str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    pub(crate) fn build(self) -> Map<String, Value> {
        self.0
    }
}

/// A reference to another subject.
pub(crate) fn reference(id: impl Into<String>) -> Value {
    json!({"id": id.into()})
}

/// References to several subjects: always a list.
pub(crate) fn references(ids: impl IntoIterator<Item = String>) -> Value {
    ids.into_iter().map(reference).collect()
}

/// A `gx:Address` as a part of the subject with id `owner`.
pub(crate) fn address(owner: &str, part: &str, address: &Address) -> Value {
    Value::Object(
        Properties::default()
            .with("id", format!("{owner}#{part}"))
            .with("type", "gx:Address")
            .with("gx:countryCode", address.country_code.as_str())
            .with_some("vcard:region", address.nuts2.as_deref())
            .with_some("vcard:locality", address.locality.as_deref())
            .with_some("vcard:postal-code", address.postal_code.as_deref())
            .with_some("vcard:street-address", address.street_address.as_deref())
            .build(),
    )
}

/// The text that marks what is not real, for the properties that people read.
pub(crate) fn remark(origin: Origin) -> Option<String> {
    (origin != Origin::Real).then(|| format!("{origin}, not real: for demonstration and tests only"))
}
