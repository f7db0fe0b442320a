//! Writes the first corpus: documents of our own, one of each kind that a reader takes. What the fuzzer finds beyond it is not kept here.

use std::io;
use std::path::{Path, PathBuf};

use descriptors::canonical;
use descriptors::credential::{Base, Credential, Period, Subject};
use descriptors::did::{Did, web_document};
use descriptors::node::{Node, Object};
use descriptors::proof::dsse::Envelope;
use descriptors::proof::{Signer as _, SoftwareKey};
use descriptors::report::Origin;
use descriptors::status_list::{Bits, ENTRIES_MIN, Entry, Purpose, list_subject};
use descriptors::target::{Seal, Target};
use descriptors::timestamp::Timestamp;
use descriptors::tpm::public;
use descriptors::vocabulary::Ontology;

fn put(target: &str, name: &str, bytes: impl AsRef<[u8]>) -> io::Result<()> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    std::fs::create_dir_all(&folder)?;
    std::fs::write(Path::new(&folder).join(name), bytes)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let key = SoftwareKey::from_seed(&[7; 32]);
    let did = Did::web("cloud.example")?;
    let own = Did::key(&key.public_key());
    let base = Base::did(&did);
    let from: Timestamp = "2026-11-01T00:00:00Z".parse()?;
    let period = Period { from, until: from.plus_seconds(7_776_000) };
    let part = Node::new(format!("{did}#a"), "gx:Address").with("gx:countryCode", "DE");
    let node = Node::new(format!("{did}#r"), "gx:Region")
        .with("gx:name", "a \"name\"\u{1}é😀")
        .with("gx:ratio", Object::float(1.5))
        .with("gx:address", part);
    let entry =
        Entry { purpose: Purpose::Revocation, index: 7, list: "https://cloud.example/status/1".to_owned(), size: 1 };
    let subject = Subject { node, origin: Origin::Real, provenance: None };
    let credential = Credential::new(&base, did.clone(), period, subject)?.with_status(std::slice::from_ref(&entry));
    let mut bits = Bits::clear(ENTRIES_MIN)?;
    bits.set(7, true)?;
    let list = list_subject(&entry.list, Purpose::Revocation, &bits, Some(60_000));
    let list_credential = Credential::of_status_list(&entry.list, did.clone(), period, list.clone());
    for (target, credential, fuzz, name) in [
        (Target::Danube, &credential, "jws", "credential"),
        (Target::Danube, &list_credential, "jws", "list"),
        (Target::W3cRdfc, &credential, "credential", "rdfc"),
        (Target::W3cJcs, &credential, "credential", "jcs"),
        (Target::Plain, &credential, "ssh", "plain"),
    ] {
        put(fuzz, name, Seal::new(target, &did, "key-1", &key)?.issue(credential)?)?;
    }
    let document = credential.to_vec(credential.context(Ontology::default()))?;
    put("json", "credential", &document)?;
    put("json_ld", "credential", &document)?;
    let scoped = r#"{"@context":{"@version":1.1,"A":{"@id":"urn:A","@context":{"a":{"@id":"urn:a","@container":"@list"}}}},"@type":"A","a":[1,true,{"@value":"x","@language":"en"}]}"#;
    put("json_ld", "scoped", scoped)?;
    put("json", "numbers", r#"[0,-0,1.5e-7,9007199254740991,"\ud83d\ude00\u0001",null]"#)?;
    put("did", "web", did.as_str())?;
    put("did", "path", "did:web:cloud.example%3A8443:a:b")?;
    put("did", "key", own.as_str())?;
    let published = web_document(&did, &key.public_key());
    put("did_document", "web", canonical::to_vec(&published)?)?;
    put("jwk", "ed25519", canonical::to_vec(&published["verificationMethod"][0]["publicKeyJwk"])?)?;
    put(
        "jwk",
        "p256",
        r#"{"kty":"EC","crv":"P-256","alg":"ES256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#,
    )?;
    let lines: String = credential.statements(Ontology::default())?.canonical().collect();
    put("n_quads", "credential", &lines)?;
    let blank = "_:a <urn:p> _:b .\n_:b <urn:p> _:c .\n_:c <urn:p> _:a .\n_:a <urn:q> \"x\\ty\"@en <urn:g> .\n";
    put("n_quads", "blank", blank)?;
    put("rdfc", "blank", blank)?;
    put("status_list", "text", bits.encode())?;
    put("status_list", "subject", canonical::to_vec(&list.to_value())?)?;
    put("status_list", "entry", canonical::to_vec(&entry.to_node().to_value(Ontology::default()))?)?;
    put("certificate", "frame", "-----BEGIN CERTIFICATE-----\nMIIBADCB\n-----END CERTIFICATE-----\n")?;
    let proven: serde_json::Value =
        serde_json::from_slice(&Seal::new(Target::W3cJcs, &did, "key-1", &key)?.issue(&credential)?)?;
    put("proof_value", "good", proven["proof"]["proofValue"].as_str().unwrap_or_default())?;
    put("bundle", "frame", b"PK\x03\x04")?;
    put("timestamp", "zone", "2026-11-21T10:30:00.999+01:00")?;
    put("dsse", "envelope", Envelope::sign("application/json", b"{}".to_vec(), &key)?.to_bytes())?;
    // Beside them lies what a simulated chip showed.
    put("tpm", "attestation-template", public::attestation())?;
    Ok(())
}
