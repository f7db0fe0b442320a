//! RDFC-1.0 against the W3C's tests.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "tests read files, say what they skip, and fail by panicking"
)]

use std::collections::BTreeMap;
use std::path::PathBuf;

use descriptors::rdf::canonical::{CanonicaliseError, Hash, Limits, canonicalise_quads};
use descriptors::rdf::n_quads;
use serde_json::Value;

fn suite() -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/vectors/rdf-canon");
    if path.exists() {
        return Some(path);
    }
    let ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
    assert!(!ci, "under CI the vectors must be there: {}", path.display());
    eprintln!("skipped: no vectors at {}", path.display());
    None
}

#[test]
fn every_test_of_the_suite_passes_within_the_default_limits() {
    let Some(folder) = suite() else { return };
    let manifest: Value = serde_json::from_slice(&std::fs::read(folder.join("manifest.jsonld")).unwrap()).unwrap();
    let mut counts = BTreeMap::new();
    for test in manifest["entries"].as_array().unwrap() {
        let kind = test["type"].as_str().unwrap();
        let id = test["id"].as_str().unwrap();
        let read = |member: &str| std::fs::read_to_string(folder.join(test[member].as_str().unwrap())).unwrap();
        let hash = if test["hashAlgorithm"] == "SHA384" { Hash::Sha384 } else { Hash::Sha256 };
        // One file writes an IRI with a single slash, which is an IRI all the same.
        let quads = n_quads::parse(&read("action")).unwrap();
        let found = canonicalise_quads(hash, &quads, &Limits::default());
        match kind {
            "rdfc:RDFC10EvalTest" => assert_eq!(found.unwrap().0, read("result"), "{id}"),
            "rdfc:RDFC10MapTest" => {
                let expect: BTreeMap<String, String> = serde_json::from_str(&read("result")).unwrap();
                assert_eq!(found.unwrap().1, expect, "{id}");
            }
            "rdfc:RDFC10NegativeEvalTest" => {
                assert!(matches!(found, Err(CanonicaliseError::TooComplex { .. })), "{id}");
            }
            other => panic!("{id}: a test of a kind not known here: {other}"),
        }
        *counts.entry(kind.to_owned()).or_insert(0) += 1;
    }
    assert_eq!(counts.values().copied().collect::<Vec<_>>(), [50, 14, 1]);
}
