//! JSON-LD against published vectors: the W3C's toRdf suite, the Data Integrity vectors, the corpora and the Gaia-X samples.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "tests read files, say what they skip, and fail by panicking"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use descriptors::canonical;
use descriptors::digest::Digest;
use descriptors::json_ld::Contexts;
use descriptors::rdf::canonical::{Hash, Limits, canonicalise, canonicalise_quads};
use descriptors::rdf::n_quads;
use serde_json::Value;

const TO_RDF_BASE: &str = "https://w3c.github.io/json-ld-api/tests/";
const GX_DEVELOPMENT: &str = "https://w3id.org/gaia-x/development#";

fn shared(path: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data").join(path);
    if path.exists() {
        return Some(path);
    }
    let ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
    assert!(!ci, "under CI the data must be there: {}", path.display());
    eprintln!("skipped: no data at {}", path.display());
    None
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn contexts(documents: &[(&str, &str)]) -> Option<Contexts> {
    let documents = documents.iter().map(|(iri, path)| Some(((*iri).to_owned(), read(&shared(path)?))));
    let documents = documents.collect::<Option<Vec<_>>>()?;
    Some(Contexts::with_w3c(documents.iter().map(|(iri, text)| (iri.as_str(), text.as_bytes()))).unwrap())
}

/// The canonical N-Quads of a document, or what refuses it.
fn canonical_form(contexts: &Contexts, document: &Value) -> Result<String, String> {
    let none = Value::Array(Vec::new());
    let compiled = contexts.compiled(document.get("@context").unwrap_or(&none)).map_err(|error| error.to_string())?;
    let expanded = compiled.expand(document).map_err(|error| error.to_string())?;
    canonicalise(&expanded.statements, &Limits::default())
        .map(|canonical| canonical.text)
        .map_err(|error| error.to_string())
}

#[test]
fn data_integrity_documents_have_the_published_canonical_form() {
    let examples = ("https://www.w3.org/ns/credentials/examples/v2", "vectors/contexts/credentials-examples-v2.jsonld");
    let Some(contexts) = contexts(&[examples]) else { return };
    let Some(folder) = shared("vectors/vc-di-eddsa") else { return };
    let check = |document: &str, expect: &str| {
        let document = canonical::parse(read(&folder.join(document)).as_bytes()).unwrap();
        assert_eq!(canonical_form(&contexts, &document).unwrap(), read(&folder.join(expect)), "{expect}");
    };
    check("unsigned.json", "eddsa-rdfc-2022/canonDocDataInt.txt");
    check("eddsa-rdfc-2022/proofConfigDataInt.json", "eddsa-rdfc-2022/proofCanonDataInt.txt");
}

#[test]
fn the_corpora_have_the_canonical_forms_that_others_found() {
    let Some(contexts) = contexts(&[(GX_DEVELOPMENT, "gaia-x/ontology-development/gx.context.jsonld")]) else { return };
    let Some(folder) = shared("vectors/corpus") else { return };
    let documents: BTreeMap<&str, Vec<Value>> = ["bnode", "named"]
        .map(|name| {
            let lines = read(&folder.join(name).with_extension("ndjson"));
            (name, lines.lines().map(|line| canonical::parse(line.as_bytes()).unwrap()).collect())
        })
        .into();
    let mut compared = 0;
    for row in read(&folder.join("canonical.jsonl")).lines() {
        let row: Value = serde_json::from_str(row).unwrap();
        let document = &documents[row["file"].as_str().unwrap()][row["line"].as_u64().unwrap() as usize - 1];
        let form = canonical_form(&contexts, document).unwrap();
        assert_eq!(form.lines().count() as u64, row["quads"].as_u64().unwrap(), "{row}");
        assert_eq!(Digest::of(form.as_bytes()).hex(), row["sha256_nquads"].as_str().unwrap(), "{row}");
        compared += 1;
    }
    assert_eq!(compared, 400);
}

#[test]
fn a_to_rdf_test_ends_in_the_expected_dataset_or_in_an_error() {
    let Some(folder) = shared("vectors/json-ld-api") else { return };
    let mut documents = Vec::new();
    for entry in std::fs::read_dir(folder.join("toRdf")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "jsonld") {
            let text = read(&path);
            let is_context = canonical::parse(text.as_bytes()).is_ok_and(|document| document.get("@context").is_some());
            if is_context {
                documents.push((format!("{TO_RDF_BASE}toRdf/{}", path.file_name().unwrap().to_str().unwrap()), text));
            }
        }
    }
    let contexts = Contexts::new(documents.iter().map(|(iri, text)| (iri.as_str(), text.as_bytes()))).unwrap();
    let manifest: Value = serde_json::from_str(&read(&folder.join("toRdf-manifest.jsonld"))).unwrap();
    let mut counts = BTreeMap::new();
    let mut reasons: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut third = Vec::new();
    for test in manifest["sequence"].as_array().unwrap() {
        let kind = test["@type"][0].as_str().unwrap().trim_start_matches("jld:").trim_end_matches("Test");
        let id = test["@id"].as_str().unwrap();
        let version = [&test["option"]["specVersion"], &test["option"]["processingMode"]];
        if version.contains(&&Value::from("json-ld-1.0")) {
            *counts.entry((kind, "of JSON-LD 1.0")).or_insert(0) += 1;
            continue;
        }
        let input = folder.join(test["input"].as_str().unwrap());
        if !input.exists() {
            *counts.entry((kind, "input not there")).or_insert(0) += 1;
            continue;
        }
        let found = canonical::parse(read(&input).as_bytes())
            .map_err(|error| format!("strict JSON: {error}"))
            .and_then(|document| canonical_form(&contexts, &document));
        let outcome = match (kind, found) {
            ("PositiveEvaluation", Ok(form)) => {
                let expect = n_quads::parse(&read(&folder.join(test["expect"].as_str().unwrap())));
                let expect =
                    expect.map(|quads| canonicalise_quads(Hash::Sha256, &quads, &Limits::default()).unwrap().0);
                if expect.as_ref() != Ok(&form) {
                    third.push(format!("{id}: {expect:?}\n  instead of\n{form}"));
                }
                "as expected"
            }
            ("NegativeEvaluation", Ok(form)) => {
                third.push(format!("{id}: accepted, though {}:\n{form}", test["expectErrorCode"]));
                "accepted"
            }
            (_, Ok(_)) => "accepted",
            (kind, Err(error)) => {
                if kind != "NegativeEvaluation" {
                    reasons.entry(reason(&error)).or_default().push(format!("{id} {error}"));
                }
                "refused"
            }
        };
        *counts.entry((kind, outcome)).or_insert(0) += 1;
    }
    eprintln!("{counts:#?}");
    eprintln!("{reasons:#?}");
    assert!(third.is_empty(), "{} third things:\n{}", third.len(), third.join("\n"));
}

/// The class of a refusal: its text without what is particular to the document.
fn reason(error: &str) -> String {
    let text = error.rsplit(": ").next().unwrap_or(error);
    text.split('`').step_by(2).collect::<Vec<_>>().join("…")
}
