//! Credentials: what an issuer asserts of a subject (W3C Verifiable Credentials Data Model 2.0), with the vocabulary of
//! Gaia-X 25.11 and our own.
//!
//! One file for each type; it owns the function from declared or observed things to the subject. Every node of a subject
//! has a deterministic id, keys are prefixed (`gx:`, `schema:`, `vcard:`, `avow:`) and references are `{"id": …}`: in that
//! form a document means the same under every date of the Gaia-X context. How a credential is signed is not known here.

pub mod availability_zone;
pub mod capacity_statement;
pub mod datacenter;
pub mod entropy_assessment;
pub mod flavor_assessment;
pub mod independence_verdict;
pub mod issuer;
pub mod legal_person;
pub mod node_evidence;
pub mod node_hardware;
pub mod region;
pub mod server_flavor;
pub mod service_offering;
pub mod tagus;
pub mod vm_image;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::canonical::{self, WriteError};
use crate::declaration::{Address, Declaration};
use crate::did::Did;
use crate::digest::Digest;
use crate::gaia_x::{Entity, participant};
use crate::id::NodeId;
use crate::node::{Lines, Node, Object};
use crate::report::{Origin, Report};
use crate::status_list::{self, Entry};
use crate::timestamp::Timestamp;
use crate::tpm::attestation::Bound;
use crate::vocabulary::{Context, Ontology, XSD_DATE_TIME};

/// The types we issue, by the name of their class.
pub fn all() -> &'static [&'static str] {
    &[
        legal_person::CLASS,
        issuer::CLASS,
        region::CLASS,
        datacenter::CLASS,
        availability_zone::CLASS,
        capacity_statement::CLASS,
        node_hardware::CLASS,
        node_evidence::CLASS,
        entropy_assessment::CLASS,
        independence_verdict::CLASS,
        server_flavor::CLASS,
        flavor_assessment::CLASS,
        vm_image::CLASS,
        service_offering::CLASSES[0],
        service_offering::CLASSES[1],
        service_offering::CLASSES[2],
        service_offering::CLASSES[3],
    ]
}

/// A report that counts, and what proves it.
#[derive(Debug, Clone, Copy)]
pub struct Observation<'a> {
    /// What the node says.
    pub report: &'a Report,
    /// Digest of the payload that the node signed.
    pub digest: Digest,
    /// The key that it signed with.
    pub key: &'a Did,
    /// The chip that this key is bound to, where it is.
    pub chip: Option<&'a Bound>,
}

/// Everything that is to be said: the provider and its places as declared, the nodes as they report, the verdicts.
///
/// The collector calls this before it signs, the auditor to see that what was signed is what the evidence says.
pub fn subjects<'a>(
    base: &Base,
    declaration: &Declaration,
    observations: impl IntoIterator<Item = Observation<'a>>,
    verdicts: impl IntoIterator<Item = independence_verdict::VerdictClaims>,
) -> Vec<Subject> {
    let observations: Vec<Observation<'a>> = observations.into_iter().collect();
    let reports: BTreeMap<&NodeId, Observation<'a>> =
        observations.iter().map(|observation| (&observation.report.node, *observation)).collect();
    let mut subjects = vec![legal_person::subject(base, declaration)];
    subjects.extend(issuer::subject(base, declaration));
    for region in &declaration.regions {
        subjects.extend(region::subject(base, declaration, region));
        for dc in &region.datacenters {
            subjects.extend(datacenter::subject(base, declaration, dc));
            for zone in &dc.availability_zones {
                subjects.push(availability_zone::subject(base, declaration, dc, zone));
                subjects.push(capacity_statement::subject(base, declaration, zone, &reports));
            }
        }
    }
    subjects.extend(catalogue(base, declaration, &reports));
    subjects.extend(observations.into_iter().flat_map(|observation| node_subjects(base, observation)));
    subjects.extend(verdicts.into_iter().map(|found| independence_verdict::subject(base, found)));
    subjects
}

/// What is offered: flavors with what their nodes say of them, images, services.
fn catalogue(base: &Base, declaration: &Declaration, reports: &BTreeMap<&NodeId, Observation<'_>>) -> Vec<Subject> {
    let pools = flavor_assessment::Pools::new(declaration, reports);
    let mut subjects = Vec::new();
    let mut issued = BTreeSet::new();
    for flavor in &declaration.flavors {
        let assessed = pools.assess(flavor);
        if let Some(subject) = server_flavor::subject(base, flavor, &assessed) {
            issued.insert(&flavor.id);
            subjects.push(subject);
        }
        let reference = server_flavor::reference(base, &flavor.id);
        subjects.push(flavor_assessment::subject(base, &flavor.id, reference, assessed));
    }
    subjects.extend(declaration.images.iter().filter_map(|image| vm_image::subject(base, declaration, image)));
    let services = declaration.service_offerings.iter();
    subjects.extend(services.filter_map(|service| service_offering::subject(base, declaration, service, &issued)));
    subjects
}

/// What is to be said of one node, whether or not anything is declared.
pub fn node_subjects(base: &Base, observation: Observation<'_>) -> [Subject; 3] {
    [
        node_hardware::subject(base, observation),
        node_evidence::subject(base, observation),
        entropy_assessment::subject(base, observation),
    ]
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

    /// The address, and so the id, of the status list that ends in `name`.
    pub fn status_list(&self, name: &str) -> String {
        format!("{}/status/{name}", self.0)
    }

    /// The id of the presentation that ends in `name`.
    pub fn presentation_called(&self, name: &str) -> String {
        format!("{}/presentations/{name}", self.0)
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
    /// How it is known, where the subject itself has no place for that and it is not plain from its class.
    pub provenance: Option<node_hardware::Provenance>,
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
        self.node.to_value(Ontology::default())
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
    /// The canonical JSON in the context that most targets ask for, where it was written for the digest already.
    written: Option<Vec<u8>>,
}

/// The property that tells what is simulated from what is real.
pub(crate) const ORIGIN: &str = "avow:origin";
/// The property that marks what is only declared.
const PROVENANCE: &str = "avow:provenance";

impl Credential {
    /// The credential of `subject`. Its id follows from its content: same facts, same time, same key, same bytes.
    pub fn new(base: &Base, issuer: Did, period: Period, subject: Subject) -> Result<Self, WriteError> {
        Self::placed(base, issuer, period, subject, &[])
    }

    /// The credential of `subject` with its places in status lists. The id follows from those too: a place is given once, so
    /// that no two credentials have one id.
    pub fn placed(
        base: &Base,
        issuer: Did,
        period: Period,
        subject: Subject,
        entries: &[Entry],
    ) -> Result<Self, WriteError> {
        let context = context_of(subject.class(), Ontology::default());
        let node = Node::new(String::new(), "VerifiableCredential").and_class(subject.class());
        let mut node = said(node, &issuer, period, subject);
        set_status(&mut node, entries);
        // The digest is taken over the document with an empty id; the id made from it is put in its place afterwards.
        let mut written = Vec::with_capacity(6 * 1024);
        let id_at = node.write_document(context, &mut written)?;
        node.id = base.credential(&Digest::of(&written));
        let mut quoted = Vec::with_capacity(node.id.len() + 2);
        canonical::write_string(&node.id, &mut quoted);
        written.splice(id_at..id_at, quoted[1..quoted.len() - 1].iter().copied());
        Ok(Self { issuer, period, node, written: Some(written) })
    }

    /// The credential that holds a status list; its id is the address `list` where it is published, since entries name it.
    pub fn of_status_list(list: &str, issuer: Did, period: Period, subject: Subject) -> Self {
        let node = Node::new(list, "VerifiableCredential").and_class(status_list::LIST_CREDENTIAL);
        Self { node: said(node, &issuer, period, subject), issuer, period, written: None }
    }

    /// The same credential, with the id that it has, in status lists.
    #[must_use]
    pub fn with_status(mut self, entries: &[Entry]) -> Self {
        set_status(&mut self.node, entries);
        self.written = None;
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

    /// What it speaks of.
    pub fn subject(&self) -> Option<&Node> {
        match self.node.get("credentialSubject") {
            Some(Object::Node(subject)) => Some(subject),
            _ => None,
        }
    }

    /// The context that Gaia-X asks for, for its own classes; everything inline for ours, which no Gaia-X service reads.
    pub fn context(&self, ontology: Ontology) -> Context {
        context_of(self.class(), ontology)
    }

    /// The document that is signed.
    pub fn to_value(&self, context: Context) -> Value {
        let mut document = Map::from_iter([("@context".to_owned(), context.to_value())]);
        if let Value::Object(members) = self.node.to_value(context.ontology()) {
            document.extend(members);
        }
        Value::Object(document)
    }

    /// The document in canonical JSON (RFC 8785).
    pub fn to_vec(&self, context: Context) -> Result<Vec<u8>, WriteError> {
        if let Some(written) = self.written.as_ref().filter(|_| context == self.context(Ontology::default())) {
            return Ok(written.clone());
        }
        let mut out = Vec::with_capacity(6 * 1024);
        self.node.write_document(context, &mut out)?;
        Ok(out)
    }

    /// What the document says, as lines of N-Quads.
    pub fn statements(&self, ontology: Ontology) -> Result<Lines, WriteError> {
        let mut lines = Lines::new();
        self.node.write_statements(ontology, &mut lines)?;
        Ok(lines)
    }
}

fn context_of(class: &str, ontology: Ontology) -> Context {
    if class.starts_with("gx:") { Context::GaiaX(ontology) } else { Context::Inline(ontology) }
}

/// Sets the places in status lists: one alone, several as a list.
fn set_status(node: &mut Node, entries: &[Entry]) {
    let mut nodes: Vec<Object> = entries.iter().map(|entry| entry.to_node().into()).collect();
    match nodes.len() {
        0 => {}
        1 => node.set("credentialStatus", nodes.remove(0)),
        _ => node.set("credentialStatus", nodes),
    }
}

/// The node of a credential with what its issuer says.
fn said(node: Node, issuer: &Did, period: Period, subject: Subject) -> Node {
    node.with("issuer", Object::Link(issuer.to_string()))
        .with("validFrom", Object::Coerced { text: period.from.to_string(), datatype: XSD_DATE_TIME })
        .with("validUntil", Object::Coerced { text: period.until.to_string(), datatype: XSD_DATE_TIME })
        .with(ORIGIN, Object::Word(subject.origin.as_str()))
        .with_some(PROVENANCE, subject.provenance.map(|known| Object::Word(known.as_str())))
        .with("credentialSubject", subject.node)
}

/// A declared address.
pub(crate) fn address(address: &Address) -> participant::Address {
    participant::Address {
        region: address.nuts2.clone(),
        locality: address.locality.clone(),
        postal_code: address.postal_code.clone(),
        street_address: address.street_address.clone(),
        ..participant::Address::new(address.country_code)
    }
}

/// A name and a description, in which what is not real is marked.
pub(crate) fn described(name: &str, description: Option<&str>, origin: Origin) -> Entity {
    let description = match (description, remark(origin)) {
        (Some(text), Some(remark)) => Some(format!("{text} ({remark})")),
        (Some(text), None) => Some(text.to_owned()),
        (None, remark) => remark,
    };
    Entity::named(name, description)
}

/// The text that marks what is not real, for the properties that people read.
pub(crate) fn remark(origin: Origin) -> Option<String> {
    (origin != Origin::Real).then(|| format!("{origin}, not real: for demonstration and tests only"))
}
