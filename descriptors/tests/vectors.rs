//! Published vectors: RFC 8785 canonical JSON, did:key, Ed25519 (Wycheproof, speccheck).
//!
//! They lie beside the project, not in it. Where they are absent a test says so and passes; never under `CI=true`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "tests read files, say what they skip, and fail by panicking"
)]

#[path = "specimens/published.rs"]
mod published;

use std::path::PathBuf;

use descriptors::canonical;
use descriptors::did::Did;
use descriptors::proof::{PublicKey, Signer, SoftwareKey};
use serde_json::Value;

fn vectors(path: &str) -> Option<PathBuf> {
    published::find(&format!("vectors/{path}"))
}

fn json(path: &str) -> Option<Value> {
    vectors(path).map(|path| serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap())
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn canonical_json_equals_the_published_bytes() {
    let Some(folder) = vectors("jcs") else { return };
    let mut files = 0;
    for entry in std::fs::read_dir(folder.join("input")).unwrap() {
        let path = entry.unwrap().path();
        let value = canonical::parse(&std::fs::read(&path).unwrap()).unwrap();
        let expect = std::fs::read(folder.join("output").join(path.file_name().unwrap())).unwrap();
        assert_eq!(canonical::to_vec(&value).unwrap(), expect.trim_ascii_end(), "{}", path.display());
        files += 1;
    }
    assert_eq!(files, 6);
}

#[test]
fn numbers_are_written_as_rfc_8785_appendix_b_says() {
    let Some(path) = vectors("jcs/rfc8785-appendix-b.jsonl") else { return };
    let mut rows = 0;
    for line in std::fs::read_to_string(path).unwrap().lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let double = f64::from_bits(u64::from_str_radix(row["ieee754"].as_str().unwrap(), 16).unwrap());
        let written = serde_json::Number::from_f64(double).map(|n| canonical::to_vec(&Value::Number(n)).unwrap());
        match row["text"].as_str() {
            Some(text) => assert_eq!(String::from_utf8(written.unwrap()).unwrap(), text, "{line}"),
            None => assert!(written.is_none(), "{line}"),
        }
        rows += 1;
    }
    assert_eq!(rows, 24);
}

#[test]
fn published_ed25519_keys_have_the_published_did() {
    let Some(document) = json("did-key/ed25519-x25519.json") else { return };
    let rows = document.as_object().unwrap();
    assert_eq!(rows.len(), 5);
    for (did, row) in rows {
        let seed: [u8; 32] = hex(row["seed"].as_str().unwrap()).try_into().unwrap();
        let key = SoftwareKey::from_seed(&seed).public_key();
        assert_eq!(Did::key(&key).as_str(), did);
        assert_eq!(did.parse::<Did>().unwrap().to_key().unwrap(), key);
    }
}

#[test]
fn keys_of_other_types_are_refused_by_name() {
    for (file, name) in [("secp256k1", "secp256k1"), ("rsa", "RSA"), ("bls12381", "BLS12-381"), ("nist-curves", "P-")] {
        let Some(document) = json(&format!("did-key/{file}.json")) else { return };
        for did in document.as_object().unwrap().keys() {
            let error = did.parse::<Did>().and_then(|did| did.to_key()).unwrap_err().to_string();
            assert!(error.contains(name) && error.contains("only Ed25519"), "{file}: {error:.200}");
        }
    }
}

#[test]
fn signatures_are_judged_as_wycheproof_judges_them() {
    let Some(document) = json("wycheproof/ed25519_test.json") else { return };
    let mut tests = 0;
    for group in document["testGroups"].as_array().unwrap() {
        let key: [u8; 32] = hex(group["publicKey"]["pk"].as_str().unwrap()).try_into().unwrap();
        let key = PublicKey::from_bytes(&key);
        for test in group["tests"].as_array().unwrap() {
            let message = hex(test["msg"].as_str().unwrap());
            let signature = hex(test["sig"].as_str().unwrap());
            let accepted = key.is_ok_and(|key| key.verify(&message, &signature).is_ok());
            assert_eq!(accepted, test["result"] == "valid", "tcId {}", test["tcId"]);
            tests += 1;
        }
    }
    assert_eq!(tests, 121);
}

#[test]
fn of_the_edge_cases_only_the_mixed_order_point_is_accepted() {
    let Some(document) = json("ed25519-speccheck/cases.json") else { return };
    let accepted = document.as_array().unwrap().iter().enumerate().filter(|(_, case)| {
        let key: [u8; 32] = hex(case["pub_key"].as_str().unwrap()).try_into().unwrap();
        let message = hex(case["message"].as_str().unwrap());
        let signature = hex(case["signature"].as_str().unwrap());
        PublicKey::from_bytes(&key).is_ok_and(|key| key.verify(&message, &signature).is_ok())
    });
    assert_eq!(accepted.map(|(index, _)| index).collect::<Vec<_>>(), [3]);
}
