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

use serde_json::{Map, Value};

use crate::canonical::WriteError;
use crate::declaration::{Address, Declaration};
use crate::did::Did;
use crate::digest::Digest;
use crate::node::{Lines, Node, Object};
use crate::report::{Origin, Report};
use crate::status_list::{self, Entry};
use crate::timestamp::Timestamp;
use crate::vocabulary::{Context, Ontology, XSD_DATE_TIME};

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
    /// The subject and its parts. Its first class is the type of the credential.
    pub node: Node,
    /// The weakest origin of what is said.
    pub origin: Origin,
}

impl Subject {
    /// The class with its prefix: `gx:Region`.
    pub fn class(&self) -> &'static str {
        self.node.classes.first().copied().unwrap_or_default()
    }

    /// The subject's own id.
    pub fn id(&self) -> &str {
        &self.node.id
    }

    /// The subject as it stands in a credential.
    pub fn to_value(&self) -> Value {
        self.node.to_value()
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

/// An unsigned credential: one document, from which every target takes its form.
#[derive(Debug, Clone, PartialEq)]
pub struct Credential {
    /// Who issues it.
    pub issuer: Did,
    /// From when until when it holds.
    pub period: Period,
    /// Everything but the `@context`, as the node that is signed.
    node: Node,
}

/// The property that tells what is simulated from what is real.
const ORIGIN: &str = "avow:origin";

impl Credential {
    /// The credential of `subject`. Its id follows from its content: same facts, same time, same key, same bytes.
    pub fn new(base: &Base, issuer: Did, period: Period, subject: Subject) -> Result<Self, WriteError> {
        let node = Node::new(String::new(), "VerifiableCredential").and_class(subject.class());
        let node = said(node, &issuer, period, subject);
        let mut credential = Self { issuer, period, node };
        credential.node.id = base.credential(&Digest::of(&credential.to_vec(credential.context(Ontology::default()))?));
        Ok(credential)
    }

    /// The credential that holds a status list; its id is the address `list` where it is published, since entries name it.
    pub fn of_status_list(list: &str, issuer: Did, period: Period, subject: Subject) -> Self {
        let node = Node::new(list, "VerifiableCredential").and_class(status_list::LIST_CREDENTIAL);
        Self { node: said(node, &issuer, period, subject), issuer, period }
    }

    /// The same credential with its places in status lists. The id stays: it follows from what is said of the subject.
    #[must_use]
    pub fn with_status(mut self, entries: &[Entry]) -> Self {
        let mut nodes: Vec<Object> = entries.iter().map(|entry| entry.to_node().into()).collect();
        match nodes.len() {
            0 => {}
            1 => self.node.set("credentialStatus", nodes.remove(0)),
            _ => self.node.set("credentialStatus", nodes),
        }
        self
    }

    /// Its own id, made from what it says; of a status list its address.
    pub fn id(&self) -> &str {
        &self.node.id
    }

    /// The class of its subject.
    pub fn class(&self) -> &'static str {
        self.node.classes.last().copied().unwrap_or_default()
    }

    /// The context that Gaia-X asks for, for its own classes; everything inline for ours, which no Gaia-X service reads.
    pub fn context(&self, ontology: Ontology) -> Context {
        if self.class().starts_with("gx:") { Context::GaiaX(ontology) } else { Context::Inline(ontology) }
    }

    /// The document that is signed.
    pub fn to_value(&self, context: Context) -> Value {
        let mut document = Map::from_iter([("@context".to_owned(), context.to_value())]);
        if let Value::Object(members) = self.node.to_value() {
            document.extend(members);
        }
        Value::Object(document)
    }

    /// The document in canonical JSON (RFC 8785).
    pub fn to_vec(&self, context: Context) -> Result<Vec<u8>, WriteError> {
        let mut out = Vec::with_capacity(4096);
        self.node.write_json(Some(context.canonical()), &mut out)?;
        Ok(out)
    }

    /// What the document says, as lines of N-Quads.
    pub fn statements(&self, ontology: Ontology) -> Result<Lines, WriteError> {
        let mut lines = Lines::new();
        self.node.write_statements(ontology, &mut lines)?;
        Ok(lines)
    }
}

/// The node of a credential with what its issuer says.
fn said(node: Node, issuer: &Did, period: Period, subject: Subject) -> Node {
    node.with("issuer", Object::Link(issuer.to_string()))
        .with("validFrom", Object::Coerced { text: period.from.to_string(), datatype: XSD_DATE_TIME })
        .with("validUntil", Object::Coerced { text: period.until.to_string(), datatype: XSD_DATE_TIME })
        .with(ORIGIN, subject.origin.as_str())
        .with("credentialSubject", subject.node)
}

/// A `gx:Address` as a part of the subject with id `owner`.
pub(crate) fn address(owner: &str, part: &str, address: &Address) -> Node {
    Node::new(format!("{owner}#{part}"), "gx:Address")
        .with("gx:countryCode", address.country_code.as_str())
        .with_some("vcard:region", address.nuts2.as_deref())
        .with_some("vcard:locality", address.locality.as_deref())
        .with_some("vcard:postal-code", address.postal_code.as_deref())
        .with_some("vcard:street-address", address.street_address.as_deref())
}

/// The text that marks what is not real, for the properties that people read.
pub(crate) fn remark(origin: Origin) -> Option<String> {
    (origin != Origin::Real).then(|| format!("{origin}, not real: for demonstration and tests only"))
}
