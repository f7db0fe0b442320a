//! `JsonWebSignature2020`: a header that says other things than it should, a signature over other things, names of strangers.

use descriptors::verify::Name::{Algorithm, Form as Shape, Issuer, Key, Period, Signature, Terms};
use descriptors::verify::Outcome;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::scene::{Form, Scene, did_key, statements};
use super::{Row, row};

const F: Form = Form::Jws2020;

/// Changes the JWS of a proof.
fn jws(document: &mut Value, change: fn(&str) -> String) {
    let jws = document["proof"]["jws"].as_str().unwrap();
    document["proof"]["jws"] = json!(change(jws));
}

pub(crate) const ROWS: &[Row] = &[
    row(
        "JWS 2020: no JWS",
        F,
        |s| s.after = Some(|d| drop(d["proof"].as_object_mut().unwrap().remove("jws"))),
        Shape,
        "not a detached JWS",
    ),
    row(
        "JWS 2020: an attached payload",
        F,
        |s| s.after = Some(|d| jws(d, |jws| jws.replace("..", ".YQ."))),
        Shape,
        "not a detached JWS",
    ),
    row("JWS 2020: padding", F, |s| s.after = Some(|d| jws(d, |jws| format!("{jws}=="))), Shape, "not a detached JWS"),
    row(
        "JWS 2020: another alphabet",
        F,
        |s| s.after = Some(|d| jws(d, |jws| jws.replacen("..", "..+/", 1))),
        Shape,
        "not a detached JWS",
    ),
    row(
        "JWS 2020: bits behind the signature",
        F,
        |s| {
            s.after = Some(|d| {
                jws(d, |jws| {
                    let (rest, last) = jws.split_at(jws.len() - 1);
                    format!("{rest}{}", char::from(last.as_bytes()[0] + 1))
                })
            })
        },
        Shape,
        "not a detached JWS",
    ),
    row("JWS 2020: an encoded payload", F, |s| s.header["b64"] = json!(true), Shape, "unencoded payload"),
    row("JWS 2020: nothing said of the payload", F, |s| s.header = json!({"alg": "EdDSA"}), Shape, "unencoded payload"),
    row(
        "JWS 2020: an extension that must be understood",
        F,
        |s| s.header["crit"] = json!(["b64", "exp"]),
        Shape,
        "unencoded payload",
    ),
    row(
        "JWS 2020: an algorithm twice",
        F,
        |s| s.raw_header = Some(br#"{"alg":"EdDSA","alg":"EdDSA","b64":false,"crit":["b64"]}"#.to_vec()),
        Shape,
        "unencoded payload",
    ),
    row("JWS 2020: algorithm none", F, |s| s.header["alg"] = json!("none"), Algorithm, "`none`"),
    row("JWS 2020: algorithm HS256", F, |s| s.header["alg"] = json!("HS256"), Algorithm, "`HS256`"),
    row("JWS 2020: algorithm of another key", F, |s| s.header["alg"] = json!("ES256"), Algorithm, "ES256"),
    row(
        "JWS 2020: no signature",
        F,
        |s| s.after = Some(|d| jws(d, |jws| jws.split_once("..").unwrap().0.to_owned() + "..")),
        Signature,
        "bad",
    ),
    row(
        "JWS 2020: a name changed",
        F,
        |s| s.after = Some(|d| d["credentialSubject"]["gx:name"] = json!("other")),
        Signature,
        "bad",
    ),
    row(
        "JWS 2020: a claim more",
        F,
        |s| s.after = Some(|d| d["credentialSubject"]["gx:other"] = json!("x")),
        Signature,
        "bad",
    ),
    row("JWS 2020: signed by a stranger", F, |s| s.key = super::scene::key(9), Signature, "bad"),
    row(
        "JWS 2020: purpose authentication",
        F,
        |s| s.options["proofPurpose"] = json!("authentication"),
        Key,
        "authentication",
    ),
    row(
        "JWS 2020: key of another issuer",
        F,
        |s| s.options["verificationMethod"] = json!("did:web:other.example#key-1"),
        Issuer,
        "did:web:other.example",
    ),
    row(
        "JWS 2020: key of a did:key that signed",
        F,
        |s| s.options["verificationMethod"] = json!(format!("{0}#{1}", did_key(7), &did_key(7)[8..])),
        Issuer,
        "did:key",
    ),
    row(
        "JWS 2020: key that is not published",
        F,
        |s| s.options["verificationMethod"] = json!("did:web:cloud.example#key-2"),
        Key,
        "key-2",
    ),
    row("JWS 2020: over", F, |s| s.document["validUntil"] = json!("2026-11-02T00:00:00Z"), Period, "2026-11-02"),
    row(
        "JWS 2020: a name that no context defines",
        F,
        |s| s.after = Some(|d| d["credentialSubject"]["unheardOf"] = json!("x")),
        Terms,
        "no context defines this name",
    ),
];

#[test]
fn the_flavour_of_the_suite_covers_the_options_and_that_of_gaia_x_does_not() {
    let mut scene = Scene::of(F);
    // Under the W3C's context of credentials alone the options state nothing.
    scene.document["@context"].as_array_mut().unwrap().push(json!("https://w3id.org/security/suites/jws-2020/v1"));
    let options = |created: &str| {
        let mut options = scene.options.clone();
        options["created"] = json!(created);
        options["@context"] = scene.document["@context"].clone();
        Sha256::digest(statements(&options).unwrap())
    };
    let over_both = |created: &str| {
        let payload = [options(created), Sha256::digest(statements(&scene.document).unwrap())].concat();
        let mut document = scene.document.clone();
        document["proof"] = scene.detached_over(&payload);
        scene.verify_bytes(document.to_string().as_bytes())
    };
    assert_eq!(over_both("2026-11-01T00:00:00Z").outcome(), Outcome::Passed);
    let changed = over_both("2026-11-01T00:00:01Z");
    assert_eq!(changed.check(Signature).unwrap().outcome, Outcome::Failed);
    let mut scene = Scene::of(F);
    scene.after = Some(|document| document["proof"]["created"] = json!("2026-11-01T00:00:01Z"));
    let report = scene.verify();
    assert_eq!(report.outcome(), Outcome::Passed);
    assert!(report.check(Signature).unwrap().rests_on.contains("the proof's options are not covered"));
}

#[test]
fn a_name_that_means_nothing_is_found_once() {
    let mut scene = Scene::of(F);
    scene.document["credentialSubject"]["unheardOf"] = json!("x");
    let report = scene.verify();
    assert_eq!(report.check(Terms).unwrap().findings.len(), 1, "{:#?}", report.findings());
}
