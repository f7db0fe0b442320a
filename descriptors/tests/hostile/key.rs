//! Keys that are published wrongly, for something else, or by somebody else.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use descriptors::proof::Signer as _;
use descriptors::target::Target;
use descriptors::verify::Name::{Chain, Key, Signature};
use serde_json::json;

use super::scene::{Form, ISSUER, did_document, did_key, key};
use super::{Row, open, row};

pub(crate) const ROWS: &[Row] = &[
    open("no DID document", Form::Jws, |s| s.documents.clear(), Key, "could not be had"),
    open("no DID document, for a proof", Form::Rdfc, |s| s.documents.clear(), Key, "could not be had"),
    row(
        "the DID document of somebody else",
        Form::Jws,
        |s| s.published()["id"] = json!("did:web:other.example"),
        Key,
        "not sound",
    ),
    row("a DID document that is no object", Form::Jws, |s| *s.published() = json!([]), Key, "not sound"),
    row(
        "a method that is not in the document",
        Form::Jws,
        |s| s.header["kid"] = json!(format!("{ISSUER}#key-2")),
        Key,
        "has no method",
    ),
    row(
        "a method whose name differs in case",
        Form::Jws,
        |s| s.header["kid"] = json!(format!("{ISSUER}#Key-1")),
        Key,
        "has no method",
    ),
    row(
        "a method that is not for assertions",
        Form::Jws,
        |s| s.published()["assertionMethod"] = json!([]),
        Key,
        "not listed in `assertionMethod`",
    ),
    row(
        "a method that is only for authentication",
        Form::Jcs,
        |s| {
            let methods = s.published()["assertionMethod"].take();
            s.published()["authentication"] = methods;
            s.published()["assertionMethod"] = json!([]);
        },
        Key,
        "not listed in `assertionMethod`",
    ),
    row(
        "a proof for authentication",
        Form::Jcs,
        |s| s.options["proofPurpose"] = json!("authentication"),
        Key,
        "`proofPurpose`",
    ),
    row(
        "a proof without purpose",
        Form::Jcs,
        |s| drop(s.options.as_object_mut().unwrap().remove("proofPurpose")),
        Key,
        "`proofPurpose` is missing",
    ),
    row(
        "a method that somebody else controls",
        Form::Jws,
        |s| s.published()["verificationMethod"][0]["controller"] = json!("did:web:other.example"),
        Key,
        "controlled by",
    ),
    row(
        "a method that nobody controls",
        Form::Jws,
        |s| drop(s.published()["verificationMethod"][0].as_object_mut().unwrap().remove("controller")),
        Key,
        "controlled by",
    ),
    row(
        "two methods of one name",
        Form::Jws,
        |s| {
            let twin = did_document(ISSUER, &key(8).public_key())["verificationMethod"][0].clone();
            s.published()["verificationMethod"].as_array_mut().unwrap().insert(0, twin);
        },
        Key,
        "not sound",
    ),
    row(
        "a method of another DID in the document",
        Form::Jws,
        |s| s.published()["verificationMethod"][0]["id"] = json!("did:web:other.example#key-1"),
        Key,
        "not sound",
    ),
    row(
        "65 methods",
        Form::Jws,
        |s| {
            let many: Vec<_> = (0..65).map(|at| json!({"id": format!("{ISSUER}#k{at}")})).collect();
            s.published()["verificationMethod"] = json!(many);
        },
        Key,
        "not sound",
    ),
    open(
        "a method of a type that is not known",
        Form::Jws,
        |s| s.published()["verificationMethod"][0]["type"] = json!("EcdsaSecp256k1VerificationKey2019"),
        Key,
        "EcdsaSecp256k1VerificationKey2019",
    ),
    row(
        "a method with two keys",
        Form::Jws,
        |s| s.published()["verificationMethod"][0]["publicKeyMultibase"] = json!(did_key(8)[8..]),
        Key,
        "and no other",
    ),
    row(
        "a method without key",
        Form::Jws,
        |s| drop(s.published()["verificationMethod"][0].as_object_mut().unwrap().remove("publicKeyJwk")),
        Key,
        "must hold its key",
    ),
    row(
        "a JWK with its private part",
        Form::Jws,
        |s| s.published()["verificationMethod"][0]["publicKeyJwk"]["d"] = json!("AA"),
        Key,
        "private part",
    ),
    row(
        "a JWK of another type than its curve",
        Form::Jws,
        |s| s.published()["verificationMethod"][0]["publicKeyJwk"]["kty"] = json!("EC"),
        Key,
        "not taken",
    ),
    row(
        "a symmetric JWK",
        Form::Jws,
        |s| s.published()["verificationMethod"][0]["publicKeyJwk"] = json!({"kty": "oct", "k": "AA"}),
        Key,
        "private part",
    ),
    row(
        "a JWK for another algorithm",
        Form::Jws,
        |s| s.published()["verificationMethod"][0]["publicKeyJwk"]["alg"] = json!("HS256"),
        Key,
        "the key is for EdDSA",
    ),
    row(
        "a JWK for encryption",
        Form::Jws,
        |s| s.published()["verificationMethod"][0]["publicKeyJwk"]["use"] = json!("enc"),
        Key,
        "`use`",
    ),
    row(
        "a JWK of small order",
        Form::Jws,
        |s| s.published()["verificationMethod"][0]["publicKeyJwk"]["x"] = json!(URL_SAFE_NO_PAD.encode([0; 32])),
        Key,
        "no key",
    ),
    row(
        "a JWK with padding",
        Form::Jws,
        |s| {
            let x = &mut s.published()["verificationMethod"][0]["publicKeyJwk"]["x"];
            *x = json!(format!("{}=", x.as_str().unwrap()));
        },
        Key,
        "base64url",
    ),
    row(
        "an RSA key of 1024 bits",
        Form::Jws,
        |s| {
            s.published()["verificationMethod"][0]["publicKeyJwk"] =
                json!({"kty": "RSA", "n": URL_SAFE_NO_PAD.encode([0xff; 128]), "e": "AQAB"})
        },
        Key,
        "1024 bits",
    ),
    row(
        "an RSA key of 16384 bits",
        Form::Jws,
        |s| {
            s.published()["verificationMethod"][0]["publicKeyJwk"] =
                json!({"kty": "RSA", "n": URL_SAFE_NO_PAD.encode([0xff; 2048]), "e": "AQAB"})
        },
        Key,
        "base64url",
    ),
    row(
        "an RSA key with an exponent of 1",
        Form::Jws,
        |s| {
            s.published()["verificationMethod"][0]["publicKeyJwk"] =
                json!({"kty": "RSA", "n": URL_SAFE_NO_PAD.encode([0xff; 256]), "e": "AQ"})
        },
        Key,
        "exponent",
    ),
    row(
        "a point that is not on P-256",
        Form::Jws,
        |s| s.published()["verificationMethod"][0]["publicKeyJwk"] = json!({"kty": "EC", "crv": "P-256", "x": URL_SAFE_NO_PAD.encode([1; 32]), "y": URL_SAFE_NO_PAD.encode([1; 32])}),
        Key,
        "P-256",
    ),
    row(
        "a Multikey in another base",
        Form::Jcs,
        |s| {
            let method = &mut s.published()["verificationMethod"][0];
            *method = json!({"id": format!("{ISSUER}#key-1"), "type": "Multikey", "controller": ISSUER, "publicKeyMultibase": "uAAAA"});
        },
        Key,
        "base58btc",
    ),
    row(
        "a key that was revoked",
        Form::Jws,
        |s| s.published()["verificationMethod"][0]["revoked"] = json!("2026-11-20T00:00:00Z"),
        Key,
        "ended at",
    ),
    row(
        "a key that has expired",
        Form::Rdfc,
        |s| s.published()["verificationMethod"][0]["expires"] = json!("2026-11-20T00:00:00Z"),
        Key,
        "ended at",
    ),
    row(
        "another key of the issuer",
        Form::Jws,
        |s| {
            let document = did_document(ISSUER, &key(8).public_key());
            *s.published() = document;
        },
        Signature,
        "does not fit",
    ),
    row(
        "another key of the issuer, for a proof",
        Form::Rdfc,
        |s| {
            let document = did_document(ISSUER, &key(8).public_key());
            *s.published() = document;
        },
        Signature,
        "does not fit",
    ),
    row(
        "a key without certificates where the target asks",
        Form::Jws,
        |s| s.policy = s.policy.clone().for_target(Target::Loire),
        Key,
        "no `x5u`",
    ),
    open(
        "certificates that are not at hand",
        Form::Jws,
        |s| {
            s.policy = s.policy.clone().for_target(Target::Loire);
            s.published()["verificationMethod"][0]["publicKeyJwk"]["x5u"] = json!("https://cloud.example/chain.pem");
        },
        Chain,
        "not at hand",
    ),
    row(
        "certificates that are none",
        Form::Jws,
        |s| {
            s.policy = s.policy.clone().for_target(Target::Loire);
            s.published()["verificationMethod"][0]["publicKeyJwk"]["x5u"] = json!("https://cloud.example/chain.pem");
            s.chains.insert("https://cloud.example/chain.pem".to_owned(), b"<html>".to_vec());
        },
        Chain,
        "0 certificates",
    ),
    row(
        "certificates of a mebibyte",
        Form::Rdfc,
        |s| {
            s.published()["verificationMethod"][0]["publicKeyJwk"]["x5u"] = json!("https://cloud.example/chain.pem");
            s.chains.insert("https://cloud.example/chain.pem".to_owned(), vec![b'-'; 1 << 20]);
        },
        Chain,
        "1048576 bytes",
    ),
    row(
        "a private key among the certificates",
        Form::Jws,
        |s| {
            s.published()["verificationMethod"][0]["publicKeyJwk"]["x5u"] = json!("https://cloud.example/chain.pem");
            s.chains.insert(
                "https://cloud.example/chain.pem".to_owned(),
                b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n".to_vec(),
            );
        },
        Chain,
        "PRIVATE KEY",
    ),
    row(
        "the address of certificates without TLS",
        Form::Jws,
        |s| s.published()["verificationMethod"][0]["publicKeyJwk"]["x5u"] = json!("http://cloud.example/chain.pem"),
        Key,
        "cannot be used",
    ),
];
