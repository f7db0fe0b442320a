//! What each fuzz target does with its input: read it, and hold the reader to its laws.
//!
//! A law that is broken is a panic, which the fuzzer reports with the input. Which inputs are tried is not known here.

use std::sync::LazyLock;

use descriptors::bundle;
use descriptors::canonical;
use descriptors::certificate::{Asked, Chain, Roots};
use descriptors::did::Did;
use descriptors::did::document::Document as DidDocument;
use descriptors::id::NodeId;
use descriptors::json::Document;
use descriptors::json_ld::{Contexts, ExpandLimits};
use descriptors::proof::data_integrity::decode_proof_value;
use descriptors::proof::dsse::Envelope;
use descriptors::proof::jwk::Jwk;
use descriptors::proof::{PublicKey, Signer as _, SoftwareKey, ssh_signature};
use descriptors::rdf::canonical::{Hash, Limits, canonicalise, canonicalise_quads};
use descriptors::rdf::n_quads;
use descriptors::status_list::{BYTES_MAX, Bits, Entry, List};
use descriptors::timestamp::Timestamp;
use descriptors::tpm::attestation::Attestation;
use descriptors::tpm::endorsement::{Maker, Makers, maker};
use descriptors::tpm::public::PublicArea;
use descriptors::tpm::quote::Quote;
use descriptors::verify::batch::{Glance, glance};
use descriptors::verify::{Held, HeldList, Outcome, Policy, Resolution, Verifier};
use serde_json::Value;

static CONTEXTS: LazyLock<Contexts> = LazyLock::new(|| Contexts::with_w3c::<String>([]).unwrap_or_default());
/// Not the key that signed the first corpus: no input has a good signature of this one.
static KEY: LazyLock<SoftwareKey> = LazyLock::new(|| SoftwareKey::from_seed(&[8; 32]));

fn text(data: &[u8]) -> Option<&str> {
    std::str::from_utf8(data).ok()
}

fn now() -> Timestamp {
    Timestamp::EPOCH.plus_seconds(1_795_219_200)
}

/// What was read has one canonical form, which reads back as the same.
pub fn json(data: &[u8]) {
    let Ok(document) = Document::parse(data) else { return };
    let mut direct = Vec::new();
    document.root().write_canonical(&mut direct);
    let value = document.root().to_value();
    assert_eq!(Some(&direct), canonical::to_vec(&value).ok().as_ref());
    let again = Document::parse(direct.as_slice());
    assert_eq!(again.ok().map(|again| again.root().to_value()), canonical::parse(&direct).ok());
}

/// Nobody's document passes: no key signs what the fuzzer makes.
fn refused(data: &[u8]) {
    let policy = Policy::at(now());
    let own = |did: &Did| {
        let document = descriptors::did::web_document(did, &KEY.public_key());
        Resolution::read(did, Some(&document))
    };
    let roots = Roots::default();
    let list = |_: &str| Some(HeldList { bytes: data.to_vec(), fetched_at: None });
    let held =
        Held { document: &own, chain: &|_| Some(data.to_vec()), roots: &roots, list: &list, contexts: &CONTEXTS };
    let verifier = Verifier::new(&policy, &held);
    let report = verifier.verify(data);
    assert_ne!(report.outcome(), Outcome::Passed);
    assert!(serde_json::to_vec(&report).is_ok());
    assert!(glance(&verifier, &[data]).iter().all(|glance| matches!(glance, Glance::Open)));
}

/// A compact JWS.
pub fn jws(data: &[u8]) {
    refused(data);
}

/// A document with a proof.
pub fn credential(data: &[u8]) {
    refused(data);
}

/// A DID reads back as itself.
pub fn did(data: &[u8]) {
    let Some(did) = text(data).and_then(|text| text.parse::<Did>().ok()) else { return };
    assert_eq!(text(data), Some(did.as_str()));
    if let Ok(key) = did.to_key() {
        assert_eq!(Did::key(&key), did);
    }
    if let Some(address) = did.document_address() {
        assert!(address.starts_with("https://") && !address.contains("/../") && !address.contains('@'));
    }
}

/// A key in JSON is written as it is read.
pub fn jwk(data: &[u8]) {
    let Some(jwk) = canonical::parse(data).ok().and_then(|value| Jwk::parse(&value).ok()) else { return };
    let written = jwk.key.to_jwk(jwk.x5u.as_deref());
    assert_eq!(Jwk::parse(&written).map(|again| again.key), Ok(jwk.key));
}

/// A DID document: whatever method may assert is the DID's own.
pub fn did_document(data: &[u8]) {
    let Ok(value) = canonical::parse(data) else { return };
    let Some(did) = value.get("id").and_then(Value::as_str).and_then(|id| id.parse::<Did>().ok()) else { return };
    let Ok(document) = DidDocument::parse(&did, &value) else { return };
    assert!(document.assertion_methods().all(|method| method.id.starts_with(&format!("{did}#"))));
}

/// Statements are written as they are read.
pub fn n_quads(data: &[u8]) {
    let Some(quads) = text(data).and_then(|text| n_quads::parse(text).ok()) else { return };
    let mut written = String::new();
    quads.iter().for_each(|quad| n_quads::write(quad, &mut written));
    assert_eq!(n_quads::parse(&written).ok(), Some(quads));
}

/// The canonical form of statements is that of its own statements.
pub fn rdfc(data: &[u8]) {
    let Some(quads) = text(data).and_then(|text| n_quads::parse(text).ok()) else { return };
    let limits = Limits { steps_max: 2_000, ..Limits::default() };
    let Ok((canonical, _)) = canonicalise_quads(Hash::Sha256, &quads, &limits) else { return };
    let Ok(again) = n_quads::parse(&canonical) else { panic!("not N-Quads: {canonical}") };
    if let Ok((twice, _)) = canonicalise_quads(Hash::Sha256, &again, &limits) {
        assert_eq!(twice, canonical);
    }
}

/// A JSON-LD document, with the contexts that are embedded and those that it brings.
pub fn json_ld(data: &[u8]) {
    let Ok(document) = canonical::parse(data) else { return };
    let none = Value::Array(Vec::new());
    let Ok(compiled) = CONTEXTS.compile(document.get("@context").unwrap_or(&none)) else { return };
    let limits = ExpandLimits { statements_max: 2_000, ..ExpandLimits::default() };
    let Ok(expanded) = compiled.expand_within(&document, &limits) else { return };
    let limits = Limits { steps_max: 2_000, ..Limits::default() };
    if let Ok(canonical) = canonicalise(&expanded.statements, &limits) {
        assert!(n_quads::parse(&canonical.text).is_ok(), "not N-Quads: {}", canonical.text);
    }
}

/// A list that was read is written as a list of the same bits; no list is larger than its bound.
pub fn status_list(data: &[u8]) {
    if let Some(bits) = text(data).and_then(|text| Bits::decode(text, 1, BYTES_MAX).ok()) {
        assert!(bits.len() <= BYTES_MAX * 8);
        assert_eq!(Bits::decode(&bits.encode(), 1, BYTES_MAX).ok(), Some(bits));
    }
    if let Ok(value) = canonical::parse(data) {
        let list = List::parse(&value, 1, BYTES_MAX);
        if let (Ok(list), Ok(entry)) = (list, Entry::parse(&value)) {
            let _ = list.status(&entry);
        }
    }
}

/// A file of certificates: none made by the fuzzer ends in a root that is pinned.
pub fn certificate(data: &[u8]) {
    let Ok(chain) = Chain::from_pem(data) else { return };
    let key = KEY.public_key().into();
    let asked = Asked { now: now(), key: &key, host: "cloud.example", roots: &Roots::default() };
    assert!(!chain.check(&asked).is_good());
    let _ = chain.leaf_key();
}

/// The value of a proof has one spelling, of 64 bytes.
pub fn proof_value(data: &[u8]) {
    let Some(value) = text(data) else { return };
    if let Ok(signature) = decode_proof_value(value) {
        assert!(KEY.public_key().verify(b"what nobody signed", &signature).is_err());
    }
    if let Ok(bytes) = <[u8; 32]>::try_from(data.get(..32).unwrap_or_default()) {
        let _ = PublicKey::from_bytes(&bytes);
    }
}

/// A bundle: the fuzzer makes none that its issuer signed.
pub fn bundle(data: &[u8]) {
    let _ = bundle::read(data).is_ok();
}

/// A time reads back as itself.
pub fn timestamp(data: &[u8]) {
    let Some(time) = text(data).and_then(|text| text.parse::<Timestamp>().ok()) else { return };
    assert_eq!(time.to_string().parse(), Ok(time));
}

/// An envelope is written as it was read.
pub fn dsse(data: &[u8]) {
    let Ok(envelope) = Envelope::parse(data) else { return };
    assert_eq!(envelope.to_bytes(), data);
    assert!(envelope.verify("application/json", &KEY.public_key()).is_err());
}

/// A signature of ssh.
pub fn ssh(data: &[u8]) {
    if let Ok((armour, document)) = ssh_signature::split(data) {
        let _ = ssh_signature::verify(ssh_signature::NAMESPACE, document, armour);
    }
}

/// What a chip shows: read as it stands or not at all, and signed for by no key of ours.
pub fn tpm(data: &[u8]) {
    if let Ok(area) = PublicArea::parse(data) {
        assert_eq!(area.as_bytes(), data);
        let _ = (area.check_endorsement(), area.check_attestation());
        assert!(!matches!(maker(&[data], &area, &Makers::default(), now()), Ok(Maker::Known(_))));
    }
    if let Ok(quote) = Quote::parse(data) {
        assert!(quote.registers.len() <= 32);
    }
    if let Ok(node) = NodeId::new("kvm-01") {
        assert!(Attestation::open(data, &node, &KEY.public_key()).is_err());
    }
}
