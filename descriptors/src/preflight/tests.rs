//! One row for each rule and for what targets disagree about: the smallest change that breaks it, and the codes it gives.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use super::*;

const NOW: &str = "2026-11-21T00:00:00Z";

fn zone() -> Value {
    json!({
        "@context": ["https://www.w3.org/ns/credentials/v2", "https://w3id.org/gaia-x/2511#", {"schema": "https://schema.org/"}],
        "id": "https://c.example/vc/zone", "type": ["VerifiableCredential", "gx:AvailabilityZone"],
        "issuer": "did:web:c.example", "validFrom": "2026-11-01T00:00:00Z", "validUntil": "2027-01-01T00:00:00Z",
        "credentialSubject": {"id": "https://c.example/vc/zone#cs", "type": "gx:AvailabilityZone", "schema:name": "a"},
    })
}

fn header() -> Value {
    json!({"alg": "PS256", "typ": "vc+jwt", "cty": "vc", "kid": "did:web:c.example#k", "iss": "did:web:c.example"})
}

fn jws(header: &Value, payload: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.{}", part(header), part(payload), URL_SAFE_NO_PAD.encode([0; 64]))
}

fn run(target: Target, texts: &[String]) -> Preflight {
    let contexts = KnownContexts::new(&[]).unwrap();
    let names: Vec<String> = (0..texts.len()).map(|number| format!("file{number}")).collect();
    let inputs: Vec<Input<'_>> =
        names.iter().zip(texts).map(|(name, text)| Input { name, bytes: text.as_bytes() }).collect();
    let now = NOW.parse().unwrap();
    let setting =
        Setting { target, now, contexts: &contexts, shapes: None, did_documents: &[], chain: None, anchors: None };
    preflight(&inputs, &setting)
}

fn codes(done: &Preflight, least: Severity) -> Vec<&'static str> {
    let mut codes: Vec<&str> =
        done.findings.iter().filter(|finding| finding.severity <= least).map(|finding| finding.rule.code).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

#[track_caller]
fn check(target: Target, texts: &[String], expect: &[&str]) {
    let done = run(target, texts);
    assert_eq!(codes(&done, Severity::MayBeRefused), expect, "{:#?}", done.findings);
}

/// The credential with one member changed; `null` takes it away.
fn with(pointer: &str, value: Value) -> Value {
    let mut document = zone();
    change(&mut document, pointer, value);
    document
}

fn change(document: &mut Value, pointer: &str, value: Value) {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let parent = document.pointer_mut(parent).unwrap();
    match (value, parent) {
        (Value::Null, Value::Object(members)) => drop(members.remove(name)),
        (value, Value::Array(items)) => items.insert(name.parse().unwrap(), value),
        (value, parent) => parent[name] = value,
    }
}

#[test]
fn a_payload_that_breaks_a_rule_is_named_by_it() {
    use Target::{Danube, Loire, Xfsc};
    let payload =
        |pointer: &str, value: Value, expect: &[&str]| check(Loire, &[with(pointer, value).to_string()], expect);
    check(Loire, &[zone().to_string()], &[]);
    payload("/vc", json!({}), &["GX-201"]);
    payload("/@context/0", json!("https://w3id.org/gaia-x/development#"), &["GX-202"]);
    payload("/@context", json!(["https://www.w3.org/ns/credentials/v2"]), &["GX-203", "GX-503"]);
    payload("/@context/3", json!("https://elsewhere.example/v1"), &["GX-204"]);
    payload("/@context/3", json!({"a": "https://a.example/", "b": "https://b.example/"}), &["GX-205"]);
    payload("/id", Value::Null, &["GX-206"]);
    payload("/id", json!("zone"), &["GX-206"]);
    payload("/type", json!(["gx:AvailabilityZone"]), &["GX-207"]);
    payload("/issuer", json!({"id": "did:web:c.example"}), &["GX-208"]);
    payload("/issuer", json!("did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"), &["GX-209"]);
    payload("/issuer", json!("did:example:1"), &["GX-209"]);
    payload("/validFrom", json!("2026-11-22"), &["GX-211"]);
    payload("/validFrom", json!("2026-11-22T00:00:00Z"), &["GX-211"]);
    payload("/validUntil", json!("2026-11-20T00:00:00Z"), &["GX-212"]);
    payload("/validUntil", Value::Null, &[]);
    payload("/credentialSubject", Value::Null, &["GX-214"]);
    payload("/credentialSubject/type", Value::Null, &["GX-214"]);
    payload("/credentialSubject/id", json!("https://c.example/vc/zone"), &["GX-215"]);
    let entry = json!({"type": "BitstringStatusListEntry", "statusPurpose": "revocation", "statusListIndex": 7});
    check(Danube, &[with("/credentialStatus", entry).to_string()], &["GX-216"]);
    payload("/proof", json!({}), &["GX-102"]);
    // Danube takes did:key, Loire and the catalogue do not.
    let by_key = with("/issuer", json!("did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK")).to_string();
    check(Danube, std::slice::from_ref(&by_key), &[]);
    check(Xfsc, &[by_key], &["GX-209"]);
}

#[test]
fn a_header_that_breaks_a_rule_is_named_by_it() {
    use Target::{Danube, Loire, Xfsc};
    let of = |member: &str, value: Value| {
        let mut header = header();
        change(&mut header, &format!("/{member}"), value);
        [jws(&header, &zone())]
    };
    check(Loire, &[jws(&header(), &zone())], &[]);
    check(Loire, &of("typ", json!("JWT")), &["GX-103"]);
    check(Loire, &of("cty", Value::Null), &["GX-104"]);
    check(Loire, &of("kid", json!("#k")), &["GX-105"]);
    check(Loire, &of("kid", json!("did:web:c.examples#k")), &["GX-105"]);
    check(Loire, &of("iss", Value::Null), &["GX-106"]);
    check(Loire, &of("alg", json!("none")), &["GX-108"]);
    check(Loire, &of("alg", json!("HS256")), &["GX-108"]);
    check(Loire, &of("alg", json!("EdDSA")), &["GX-108"]);
    check(Danube, &of("alg", json!("EdDSA")), &[]);
    check(Loire, &of("crit", json!(["b64"])), &["GX-109"]);
    check(Loire, &of("iss", json!("did:web:d.example")), &["GX-105", "GX-210"]);
    assert!(codes(&run(Loire, &of("x5c", json!([]))), Severity::Advice).contains(&"GX-110"));
    // The catalogue asks for `iss` in the payload, and completes a fragment.
    check(Xfsc, &[jws(&header(), &zone())], &["GX-107"]);
    let twice = with("/iss", json!("did:web:c.example"));
    let mut short = header();
    change(&mut short, "/kid", json!("#k"));
    check(Xfsc, &[jws(&short, &twice)], &[]);
    check(Loire, &[jws(&header(), &with("/iss", json!("did:web:d.example")))], &["GX-210"]);
    for broken in ["a.b", "a.b.c.d", "{\"a\":1,\"a\":2}", "e30=.e30.AA", "", "[1]"] {
        check(Loire, &[broken.to_owned()], &["GX-101"]);
    }
}

#[test]
fn a_subject_that_breaks_a_rule_is_named_by_it() {
    let subject = |name: &str, value: Value| {
        let mut document = zone();
        document["credentialSubject"] = json!({"id": "https://c.example/vc/x#cs", "type": "gx:Disk", name: value});
        document
    };
    let row = |name: &str, value: Value, expect: &[&str]| {
        check(Target::Loire, &[subject(name, value).to_string()], expect);
    };
    row("gx:diskType", json!("local SSD"), &[]);
    row("qudt:quantityValue", json!(16), &["GX-401"]);
    row("qudt:quantityValue", json!({"@type": "xsd:float", "@value": "16"}), &[]);
    row("gx:maintainedBy", json!("https://c.example/p"), &["GX-402"]);
    row("gx:url", json!({"id": "https://c.example/"}), &["GX-403"]);
    row("gx:url", json!({"@type": "xsd:anyURI", "@value": "https://c.example/"}), &[]);
    row("gx:gaiaxTermsAndConditions", json!("deadbeef"), &["GX-404"]);
    row("gx:diskType", json!("Local SSD"), &["GX-405"]);
    row("gx:vCPUs", json!("4"), &["GX-408"]);
    row("gx:vCPUs", json!(4), &[]);
    row("gx:note", json!(null), &["GX-501"]);
    row("shcema:name", json!("x"), &["GX-503"]);
    check(Target::Loire, &[with("/credentialSubject/gx:rack", json!("r")).to_string()], &["GX-406"]);
    let mut development = subject("gx:url", json!({"id": "https://c.example/"}));
    development["@context"][1] = json!("https://w3id.org/gaia-x/development#");
    check(Target::Loire, &[development.to_string()], &[]);
    let mut region = zone();
    region["credentialSubject"]["type"] = json!("gx:Region");
    check(Target::Loire, &[region.to_string()], &["GX-407"]);
    // A bare term means nothing without the whole context, so nothing is said of it.
    let done = run(Target::Loire, &[with("/credentialSubject/address", json!({})).to_string()]);
    assert!(done.not_checked.iter().any(|open| open.how.contains("--context")), "{:#?}", done.not_checked);
}

fn presentation(credentials: &[Value], separator: &str) -> String {
    let enveloped = credentials.iter().map(|credential| {
        let token = jws(&header(), credential);
        json!({"@context": "https://www.w3.org/ns/credentials/v2", "type": "EnvelopedVerifiableCredential",
               "id": format!("data:application/vc+jwt{separator}{token}")})
    });
    let mut head = header();
    (head["typ"], head["cty"]) = (json!("vp+jwt"), json!("vp"));
    let payload = json!({
        "@context": ["https://www.w3.org/ns/credentials/v2"], "id": "https://c.example/vp", "type": "VerifiablePresentation",
        "issuer": "did:web:c.example", "validFrom": "2026-11-01T00:00:00Z",
        "verifiableCredential": enveloped.collect::<Vec<_>>(),
    });
    jws(&head, &payload)
}

fn participant() -> Vec<Value> {
    let credential = |name: &str, properties: Value| {
        let mut document = zone();
        let id = format!("https://c.example/vc/{name}");
        document["credentialSubject"] = properties;
        document["credentialSubject"]["id"] = json!(format!("{id}#cs"));
        document["id"] = json!(id);
        document
    };
    let address = json!({"type": "gx:Address", "gx:countryCode": "DE"});
    vec![
        credential(
            "person",
            json!({"type": "gx:LegalPerson", "gx:legalAddress": address, "gx:headquartersAddress": address,
            "gx:registrationNumber": {"id": "https://c.example/vc/number#cs"}}),
        ),
        credential("number", json!({"type": "gx:VatID", "gx:vatID": "DE1"})),
        credential(
            "issuer",
            json!({"type": "gx:Issuer", "gx:gaiaxTermsAndConditions":
            "4bd7554097444c960292b4726c2efa1373485e8a5565d94d41195214c5e0ceb3"}),
        ),
    ]
}

#[test]
fn what_belongs_together_is_asked_for_together() {
    use Target::Loire;
    let all = participant();
    check(Loire, &[presentation(&all, ",")], &[]);
    check(Loire, &[presentation(&all, ";")], &["GX-218"]);
    check(Loire, &[presentation(&[], ",")], &["GX-219", "GX-508"]);
    check(Loire, &[presentation(&all[1..], ",")], &["GX-508"]);
    check(Loire, &[presentation(&[all[0].clone(), all[2].clone()], ",")], &["GX-505", "GX-508"]);
    let mut same = all.clone();
    same[2]["id"] = same[1]["id"].clone();
    check(Loire, &[presentation(&same, ",")], &["GX-506"]);
    let reference = |sri: &str| {
        let mut all = participant();
        all[0]["credentialSubject"]["gx:registrationNumber"]["sri"] = json!(sri);
        all
    };
    let right = format!("sha256-{}", crate::digest::Digest::of(&crate::canonical::to_vec(&all[1]).unwrap()).hex());
    let codes_of = |all: &[Value]| codes(&run(Loire, &[presentation(all, ",")]), Severity::MayBeRefused);
    assert!(!codes_of(&reference(&right)).contains(&"GX-507"));
    assert!(codes_of(&reference("sha256-00")).contains(&"GX-507"));
    // Beside each other a missing reference is only not known.
    let done = run(Loire, &[all[0].to_string()]);
    assert_eq!(codes(&done, Severity::MayBeRefused), [""; 0]);
    assert!(done.not_checked.iter().any(|open| open.how.contains("https://c.example/vc/number#cs")));
    let inline = json!({"type": "VerifiablePresentation", "@context": ["https://www.w3.org/ns/credentials/v2"],
        "id": "https://c.example/vp", "issuer": "did:web:c.example", "validFrom": "2026-11-01T00:00:00Z",
        "verifiableCredential": [all[1]]});
    assert!(codes(&run(Loire, &[inline.to_string()]), Severity::Refused).contains(&"GX-217"));
}

#[test]
fn an_embedded_proof_has_the_form_of_its_target() {
    use Target::{Tagus, W3cJcs, W3cRdfc};
    let proof = |suite: &str, more: Value| {
        let mut document = zone();
        document["@context"] = json!(["https://www.w3.org/ns/credentials/v2",
            {"gx": "https://w3id.org/gaia-x/2511#", "schema": "https://schema.org/"}]);
        document["proof"] = json!({"type": "DataIntegrityProof", "cryptosuite": suite, "proofPurpose": "assertionMethod",
            "@context": document["@context"], "verificationMethod": "did:web:c.example#k", "proofValue": format!("z{}", "1".repeat(64))});
        for (name, value) in more.as_object().unwrap() {
            change(&mut document, &format!("/proof/{name}"), value.clone());
        }
        [document.to_string()]
    };
    check(W3cJcs, &proof("eddsa-jcs-2022", json!({})), &[]);
    check(W3cJcs, &proof("eddsa-rdfc-2022", json!({})), &["VC-201"]);
    check(W3cJcs, &proof("eddsa-jcs-2022", json!({"@context": null})), &["VC-201"]);
    check(W3cJcs, &proof("eddsa-jcs-2022", json!({"proofPurpose": "authentication"})), &["VC-201"]);
    check(W3cJcs, &proof("eddsa-jcs-2022", json!({"proofValue": null})), &["VC-201"]);
    check(W3cRdfc, &[jws(&header(), &zone())], &["VC-201"]);
    assert!(codes(&run(Tagus, &proof("eddsa-jcs-2022", json!({}))), Severity::Refused).contains(&"GX-220"));
}

/// A zone of ours, signed for a target.
fn signed(target: Target) -> Value {
    use crate::credential::{Base, Credential, Period, Subject};
    use crate::node::Node;
    use crate::proof::{Signer as _, SoftwareKey};
    use crate::report::Origin;
    use crate::target::Seal;

    let key = SoftwareKey::from_seed(&[3; 32]);
    let issuer = crate::did::Did::key(&key.public_key());
    let period =
        Period { from: "2026-11-01T00:00:00Z".parse().unwrap(), until: "2027-01-01T00:00:00Z".parse().unwrap() };
    let node = Node::new("https://c.example/subjects/zone", "gx:AvailabilityZone").with("schema:name", "a");
    let subject = Subject { node, origin: Origin::Real, provenance: None };
    let credential = Credential::new(&Base::address("https://c.example"), issuer.clone(), period, subject).unwrap();
    let bytes = Seal::new(target, &issuer, "key-1", &key).unwrap().issue(&credential).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

#[test]
fn a_proof_inside_a_document_is_verified() {
    let about_the_proof = |done: &Preflight| done.not_checked.iter().any(|open| open.what.contains("the proof of"));
    for target in [Target::W3cJcs, Target::W3cRdfc] {
        let good = signed(target);
        let done = run(target, &[good.to_string()]);
        assert_eq!(codes(&done, Severity::MayBeRefused), [""; 0], "{:#?}", done.findings);
        assert!(!about_the_proof(&done), "{:#?}", done.not_checked);

        let mut other = good.clone();
        change(&mut other, "/credentialSubject/schema:name", json!("b"));
        check(target, &[other.to_string()], &["GX-305"]);

        // Nobody handed in the document of that DID: that is not the credential's fault.
        let mut unknown = good;
        change(&mut unknown, "/issuer", json!("did:web:c.example"));
        change(&mut unknown, "/proof/verificationMethod", json!("did:web:c.example#key-1"));
        let done = run(target, &[unknown.to_string()]);
        assert_eq!(codes(&done, Severity::Refused), [""; 0], "{:#?}", done.findings);
        assert!(about_the_proof(&done));
        assert_eq!(done.accepted(), None);
    }
}
