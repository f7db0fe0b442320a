//! RDFC-1.0 against the W3C's tests.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "tests read files, say what they skip, and fail by panicking"
)]

#[path = "specimens/published.rs"]
mod published;

use std::collections::BTreeMap;

use descriptors::rdf::canonical::{CanonicaliseError, Hash, Limits, canonicalise_quads};
use descriptors::rdf::n_quads;
use serde_json::Value;

#[test]
fn every_test_of_the_suite_passes_within_the_default_limits() {
    let Some(folder) = published::find("vectors/rdf-canon") else { return };
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

fn canonical(text: &str) -> Result<String, CanonicaliseError> {
    canonicalise_quads(Hash::Sha256, &n_quads::parse(text).unwrap(), &Limits::default()).map(|found| found.0)
}

/// Every statement of a node names its graph again: the graph must not count as often.
#[test]
fn a_node_may_have_many_statements_in_a_graph_without_a_name() {
    let proof = |name: &str| (0..20).map(|n| format!("_:{name} <a:p{n}> \"v\" _:g{name} .\n")).collect::<String>();
    let text = format!("{}{}<a:s> <a:proof> _:ga .\n<a:s> <a:proof> _:gb .\n", proof("a"), proof("b"));
    let form = canonical(&text).unwrap();
    assert_eq!(form.lines().count(), 42);
    assert_eq!(canonical(&form).unwrap(), form);
}

#[test]
fn the_form_depends_neither_on_order_nor_labels_nor_duplicates() {
    let text = "_:a <a:p> _:a .\n_:b <a:p> _:c .\n_:c <a:p> _:b .\n_:b <a:q> \"1\" .\n_:c <a:q> \"1\" .\n_:d <a:p> _:a _:b .\n";
    let form = canonical(text).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    for rotation in 0..lines.len() {
        let rotated = [&lines[rotation..], &lines[..rotation], &lines[..2]].concat().join("\n");
        let renamed = rotated.replace("_:a", "_:z").replace("_:c", "_:a");
        assert_eq!(canonical(&renamed).unwrap(), form, "{rotation}");
    }
}

/// Complete graphs and long rings of nodes that look alike: an error, never a long wait or a deep stack. What is easy passes.
#[test]
fn poison_is_refused() {
    let complete = |n: usize| -> String {
        let arcs = (0..n * n).filter(|arc| arc / n != arc % n);
        arcs.map(|arc| format!("_:n{} <a:p> _:n{} .\n", arc / n, arc % n)).collect()
    };
    for nodes in 6..20 {
        assert!(matches!(canonical(&complete(nodes)), Err(CanonicaliseError::TooComplex { .. })), "{nodes}");
    }
    assert!(canonical(&complete(4)).is_ok());
    let ring = |n: usize| (0..n).map(|at| format!("_:n{at} <a:p> _:n{} .\n", (at + 1) % n)).collect::<String>();
    assert!(canonical(&ring(50)).is_ok());
    assert!(matches!(canonical(&ring(5000)), Err(CanonicaliseError::TooComplex { .. })));
    let star = (0..50).map(|at| format!("_:c <a:p> _:n{at} .\n_:n{at} <a:q> _:c .\n")).collect::<String>();
    assert_eq!(canonical(&star).unwrap().lines().count(), 100);
}
