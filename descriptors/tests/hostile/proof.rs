//! Embedded proofs that do not cover what they seem to.

use descriptors::verify::Name::{Algorithm, Form as TheForm, Signature};
use serde_json::{Value, json};

use super::scene::{Form, ISSUER, credential, enveloped};
use super::{Row, row};

fn proof_value(document: &mut Value, change: impl Fn(&str) -> String) {
    let value = &mut document["proof"]["proofValue"];
    *value = json!(change(value.as_str().unwrap()));
}

pub(crate) const ROWS: &[Row] = &[
    row(
        "no proof at all",
        Form::Jcs,
        |s| s.raw_document = Some(credential().to_string().into_bytes()),
        TheForm,
        "unsigned",
    ),
    row(
        "a proof that is a text",
        Form::Jcs,
        |s| s.after = Some(|d| d["proof"] = json!("trust me")),
        TheForm,
        "not an object",
    ),
    row("an empty list of proofs", Form::Jcs, |s| s.after = Some(|d| d["proof"] = json!([])), TheForm, "not an object"),
    row(
        "a set of proofs",
        Form::Jcs,
        |s| {
            s.after = Some(|d| {
                let proof = d["proof"].clone();
                d["proof"] = json!([proof, proof]);
            })
        },
        TheForm,
        "proof set",
    ),
    row(
        "a good proof beside a bad one",
        Form::Rdfc,
        |s| {
            s.after = Some(|d| {
                let proof = d["proof"].clone();
                let mut bad = proof.clone();
                bad["verificationMethod"] = json!("did:web:other.example#key-1");
                d["proof"] = json!([proof, bad]);
            })
        },
        TheForm,
        "proof set",
    ),
    row(
        "a chain of proofs",
        Form::Jcs,
        |s| {
            s.after = Some(|d| {
                let proof = d["proof"].clone();
                let mut next = proof.clone();
                next["previousProof"] = json!("urn:uuid:1");
                d["proof"] = json!([proof, next]);
            })
        },
        TheForm,
        "proof chain",
    ),
    row(
        "the end of a chain of proofs",
        Form::Rdfc,
        |s| s.options["previousProof"] = json!("urn:uuid:1"),
        TheForm,
        "proof chain",
    ),
    row(
        "a cryptosuite that nobody knows",
        Form::Jcs,
        |s| s.options["cryptosuite"] = json!("eddsa-2099"),
        Algorithm,
        "eddsa-2099",
    ),
    row(
        "a cryptosuite of another curve",
        Form::Rdfc,
        |s| s.options["cryptosuite"] = json!("ecdsa-rdfc-2019"),
        Algorithm,
        "ecdsa-rdfc-2019",
    ),
    row(
        "a cryptosuite that hides claims",
        Form::Rdfc,
        |s| s.options["cryptosuite"] = json!("bbs-2023"),
        Algorithm,
        "bbs-2023",
    ),
    row(
        "a draft's name of the cryptosuite",
        Form::Rdfc,
        |s| s.options["cryptosuite"] = json!("eddsa-2022"),
        Algorithm,
        "eddsa-2022",
    ),
    row(
        "no cryptosuite",
        Form::Jcs,
        |s| drop(s.options.as_object_mut().unwrap().remove("cryptosuite")),
        Algorithm,
        "missing",
    ),
    row(
        "a proof type of 2020",
        Form::Rdfc,
        |s| s.options["type"] = json!("Ed25519Signature2020"),
        Algorithm,
        "Ed25519Signature2020",
    ),
    row(
        "a proof type of 2018",
        Form::Rdfc,
        |s| s.options["type"] = json!("RsaSignature2018"),
        Algorithm,
        "RsaSignature2018",
    ),
    row(
        "two proof types",
        Form::Jcs,
        |s| s.options["type"] = json!(["DataIntegrityProof", "Ed25519Signature2020"]),
        Algorithm,
        "a list",
    ),
    row(
        "a JsonWebSignature2020 without its JWS",
        Form::Rdfc,
        |s| s.options["type"] = json!("JsonWebSignature2020"),
        TheForm,
        "not a detached JWS",
    ),
    row(
        "a JsonWebSignature2020 with an encoded payload",
        Form::Rdfc,
        |s| {
            s.options["type"] = json!("JsonWebSignature2020");
            s.options["jws"] = json!("eyJhbGciOiJFZERTQSJ9..AAAA");
        },
        TheForm,
        "`b64` false",
    ),
    row(
        "a proofValue in another base",
        Form::Jcs,
        |s| s.after = Some(|d| proof_value(d, |v| format!("u{}", &v[1..]))),
        Signature,
        "not 64 bytes of base58btc",
    ),
    row(
        "a proofValue without base",
        Form::Rdfc,
        |s| s.after = Some(|d| proof_value(d, |v| v[1..].to_owned())),
        Signature,
        "not 64 bytes of base58btc",
    ),
    row(
        "a proofValue with a letter outside base58",
        Form::Jcs,
        |s| s.after = Some(|d| proof_value(d, |v| format!("{}0", &v[..v.len() - 1]))),
        Signature,
        "not 64 bytes of base58btc",
    ),
    row(
        "a proofValue of 63 bytes",
        Form::Jcs,
        |s| s.after = Some(|d| proof_value(d, |_| format!("z{}", bs58::encode([7; 63]).into_string()))),
        Signature,
        "not 64 bytes of base58btc",
    ),
    row(
        "a proofValue of a mebibyte",
        Form::Jcs,
        |s| s.after = Some(|d| proof_value(d, |_| format!("z{}", "2".repeat(900_000)))),
        Signature,
        "not 64 bytes of base58btc",
    ),
    row(
        "a proofValue that is a number",
        Form::Jcs,
        |s| s.after = Some(|d| d["proof"]["proofValue"] = json!(1)),
        Signature,
        "`proofValue` is `1`",
    ),
    row(
        "no proofValue",
        Form::Rdfc,
        |s| s.after = Some(|d| drop(d["proof"].as_object_mut().unwrap().remove("proofValue"))),
        Signature,
        "missing",
    ),
    row(
        "a proofValue of zeros",
        Form::Jcs,
        |s| s.after = Some(|d| proof_value(d, |_| format!("z{}", bs58::encode([0; 64]).into_string()))),
        Signature,
        "does not fit",
    ),
    row(
        "a claim changed after signing",
        Form::Rdfc,
        |s| s.after = Some(|d| d["credentialSubject"]["gx:name"] = json!("de-west")),
        Signature,
        "does not fit",
    ),
    row(
        "a claim changed after signing, with JCS",
        Form::Jcs,
        |s| s.after = Some(|d| d["credentialSubject"]["gx:name"] = json!("de-west")),
        Signature,
        "does not fit",
    ),
    row(
        "a claim added after signing",
        Form::Rdfc,
        |s| s.after = Some(|d| d["credentialSubject"]["gx:description"] = json!("more")),
        Signature,
        "does not fit",
    ),
    row(
        "a claim left out after signing",
        Form::Jcs,
        |s| s.after = Some(|d| drop(d["credentialSubject"].as_object_mut().unwrap().remove("gx:name"))),
        Signature,
        "does not fit",
    ),
    row(
        "options changed after signing",
        Form::Rdfc,
        |s| s.after = Some(|d| d["proof"]["created"] = json!("2026-11-02T00:00:00Z")),
        Signature,
        "does not fit",
    ),
    row(
        "options added after signing",
        Form::Jcs,
        |s| s.after = Some(|d| d["proof"]["domain"] = json!("other.example")),
        Signature,
        "does not fit",
    ),
    row(
        "a context appended after signing",
        Form::Jcs,
        |s| s.after = Some(|d| d["@context"].as_array_mut().unwrap().push(json!({"gx": "https://evil.example/#"}))),
        TheForm,
        "does not repeat",
    ),
    row(
        "a prefix that means something else after signing",
        Form::Rdfc,
        |s| s.after = Some(|d| d["@context"][1]["gx"] = json!("https://evil.example/#")),
        Signature,
        "does not fit",
    ),
    row(
        "a JCS proof without context",
        Form::Jcs,
        |s| s.after = Some(|d| drop(d["proof"].as_object_mut().unwrap().remove("@context"))),
        TheForm,
        "does not repeat",
    ),
    row(
        "a JCS proof with contexts in another order",
        Form::Jcs,
        |s| s.after = Some(|d| d["proof"]["@context"].as_array_mut().unwrap().reverse()),
        TheForm,
        "does not repeat",
    ),
    row(
        "the proof of another document",
        Form::Rdfc,
        |s| s.after = Some(|d| d["id"] = json!("https://cloud.example/credentials/2")),
        Signature,
        "does not fit",
    ),
    row(
        "an rdfc proof passed off as jcs",
        Form::Rdfc,
        |s| {
            s.after = Some(|d| {
                d["proof"]["cryptosuite"] = json!("eddsa-jcs-2022");
                d["proof"]["@context"] = d["@context"].clone();
            })
        },
        Signature,
        "does not fit",
    ),
    row(
        "an envelope with a semicolon",
        Form::Jcs,
        |s| {
            s.raw_document = Some(
                json!({"type": "EnvelopedVerifiableCredential", "id": "data:application/vc+jwt;e30.e30.AA"})
                    .to_string()
                    .into_bytes(),
            )
        },
        TheForm,
        "semicolon",
    ),
    row(
        "an envelope of another media type",
        Form::Jcs,
        |s| {
            s.raw_document = Some(
                json!({"type": "EnvelopedVerifiableCredential", "id": "data:text/html,<script>"})
                    .to_string()
                    .into_bytes(),
            )
        },
        TheForm,
        "media type",
    ),
    row(
        "an envelope with an address",
        Form::Jcs,
        |s| {
            s.raw_document = Some(
                json!({"type": "EnvelopedVerifiableCredential", "id": "https://evil.example/vc.jwt"})
                    .to_string()
                    .into_bytes(),
            )
        },
        TheForm,
        "not a `data:` URL",
    ),
    row(
        "an envelope without id",
        Form::Jcs,
        |s| s.raw_document = Some(json!({"type": "EnvelopedVerifiableCredential"}).to_string().into_bytes()),
        TheForm,
        "without a text",
    ),
    row(
        "an envelope whose signature is bad",
        Form::Jcs,
        |s| {
            let mut jws = super::scene::Scene::of(Form::Jws).bytes();
            let end = jws.len() - 10;
            jws[end] = if jws[end] == b'A' { b'B' } else { b'A' };
            s.raw_document = Some(enveloped(&jws).to_string().into_bytes());
        },
        Signature,
        "does not fit",
    ),
    row(
        "a document that is no credential",
        Form::Jcs,
        |s| s.raw_document = Some(json!({"id": ISSUER}).to_string().into_bytes()),
        TheForm,
        "neither a credential nor a presentation",
    ),
];
