//! JSON-LD against published vectors: the W3C's toRdf suite, the Data Integrity vectors, the corpora and the Gaia-X samples.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "tests read files, say what they skip, and fail by panicking"
)]

#[path = "specimens/published.rs"]
mod published;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use descriptors::canonical;
use descriptors::digest::Digest;
use descriptors::json_ld::{Contexts, EMBEDDED};
use descriptors::rdf::canonical::{Hash, Limits, canonicalise, canonicalise_quads};
use descriptors::rdf::n_quads;
use serde_json::Value;

const TO_RDF_BASE: &str = "https://w3c.github.io/json-ld-api/tests/";
const GX_DEVELOPMENT: &str = "https://w3id.org/gaia-x/development#";

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn contexts(documents: &[(&str, &str)]) -> Option<Contexts> {
    let documents = documents.iter().map(|(iri, path)| Some(((*iri).to_owned(), read(&published::find(path)?))));
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
    let Some(folder) = published::find("vectors/vc-di-eddsa") else { return };
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
    let Some(folder) = published::find("vectors/corpus") else { return };
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
    let Some(folder) = published::find("vectors/json-ld-api") else { return };
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
    for ((kind, outcome), count) in &counts {
        eprintln!("{kind}: {outcome}: {count}");
    }
    assert!(third.is_empty(), "{} third things:\n{}", third.len(), third.join("\n"));
    let refused: Vec<(&str, usize)> = reasons.iter().map(|(reason, tests)| (reason.as_str(), tests.len())).collect();
    assert_eq!(refused, TO_RDF_REFUSED, "{reasons:#?}");
}

/// Why positive tests are refused, and how many. Most want a document base, which a credential has none of, or state less
/// than the document seems to say.
const TO_RDF_REFUSED: &[(&str, usize)] = &[
    ("a blank node as a property is not supported", 1),
    ("a context maps this to nothing, so a signature would not cover it", 1),
    ("a graph container with … or … is not supported", 20),
    ("a map by …, … or … is not supported", 13),
    ("hand in its document with a pinned digest", 3),
    ("its scoped context is not valid", 4),
    ("leave the member out", 4),
    ("no context defines this name, so a signature would not cover it", 4),
    ("no such keyword in a context", 4),
    ("null in the context of a type inside another is not supported", 1),
    ("the container of a reverse property is …", 1),
    ("the keyword … may not stand here", 1),
    ("this states nothing where it stands, so a signature would not cover it", 5),
    ("write the absolute IRI", 19),
    ("… in a definition is not supported", 1),
    ("… is not a language tag", 1),
    ("… is not an absolute IRI", 10),
    ("… is not supported", 65),
];

/// The class of a refusal: its text without what is particular to the document.
fn reason(error: &str) -> String {
    let text = error.rsplit(": ").next().unwrap_or(error);
    text.split('`').step_by(2).collect::<Vec<_>>().join("…")
}

#[test]
fn the_embedded_contexts_are_those_that_were_read() {
    let pins = [
        ("https://www.w3.org/2018/credentials/v1", "ab4ddd9a531758807a79a5b450510d61ae8d147eab966cc9a200c07095b0cdcc"),
        ("https://www.w3.org/ns/credentials/v2", "8a9f494a89ecc51db093e90e84713e07e84d6d9204364a9b3c7868b21751236f"),
        (
            "https://w3id.org/security/data-integrity/v1",
            "b5d829bd09aa7c42abc6efa0c8ed7635313b5487f37ccfce3ecd149ca9418554",
        ),
        (
            "https://w3id.org/security/data-integrity/v2",
            "0f77743daf5b4e8fc067fc5ba5b21044283053aa717fc6b0219843bed3b00363",
        ),
        ("https://w3id.org/security/multikey/v1", "00e1592fd321ed9b843aee80f4f25e23a3fa53e514e73dc9d109fc4e0aaadf1c"),
        (
            "https://w3id.org/security/suites/ed25519-2020/v1",
            "b9e1ab971fd8bf2c7553e0c4a9438e0b9450afde1ea1ca5b2492368b9f549588",
        ),
        (
            "https://w3id.org/security/suites/jws-2020/v1",
            "d648e05ddc6577827ca2bfd5e931f53e9ebc6e52a57a8da81df4ec8c46ffcd1e",
        ),
        ("https://w3id.org/security/v1", "abaf97e107d1925503c433dcaf3ffd2831697cacc1ed2a293e1bc8030d5bcb47"),
        ("https://w3id.org/security/v2", "611bd81151d5efe53ec9aed78f5a813e577287bc9451ee26d6879b1b8b46bc3b"),
        ("https://w3id.org/vc/status-list/2021/v1", "6dd06a52bedb771e059c1083ba8ba7848dce22f6b4a8cfa0b98ba3fc188870e4"),
        ("https://www.w3.org/ns/did/v1", "4f3eae5568c9c5f036a082088f9e192019ee06faa78973c87ff91d5421b88dad"),
    ];
    let found: Vec<(&str, String)> =
        EMBEDDED.iter().map(|(iri, text)| (*iri, Digest::of(text.as_bytes()).hex())).collect();
    let found: Vec<(&str, &str)> = found.iter().map(|(iri, digest)| (*iri, digest.as_str())).collect();
    assert_eq!(found, pins);
}

#[test]
fn the_embedded_contexts_say_what_those_of_the_w3c_say() {
    for (iri, path) in [
        ("https://www.w3.org/2018/credentials/v1", "gaia-x/contexts/w3c-credentials-v1.jsonld"),
        ("https://www.w3.org/ns/credentials/v2", "gaia-x/contexts/w3c-credentials-v2.jsonld"),
        ("https://www.w3.org/ns/did/v1", "gaia-x/contexts/did.context.jsonld"),
        ("https://w3id.org/security/suites/jws-2020/v1", "gaia-x/contexts/jws2020-v1.jsonld"),
        ("https://w3id.org/security/data-integrity/v2", "vectors/contexts/data-integrity-v2.jsonld"),
        ("https://w3id.org/vc/status-list/2021/v1", "vectors/contexts/status-2021-v1.jsonld"),
    ] {
        let Some(path) = published::find(path) else { return };
        let (_, text) = EMBEDDED.iter().find(|(embedded, _)| *embedded == iri).unwrap();
        let embedded = canonical::parse(text.as_bytes()).unwrap();
        assert_eq!(embedded["@context"], canonical::parse(read(&path).as_bytes()).unwrap()["@context"], "{iri}");
    }
}

#[test]
fn valid_gaia_x_documents_mean_the_same_under_every_date_of_the_context() {
    let Some(folder) = published::find("gaia-x/samples/own/valid") else { return };
    let forms = ["gaia-x/ontology-development/gx.context.jsonld", "gaia-x/contexts/gx-development-2025-10.jsonld"].map(
        |path| {
            let contexts = contexts(&[("https://w3id.org/gaia-x/2511#", path), (GX_DEVELOPMENT, path)]).unwrap();
            let mut forms = BTreeMap::new();
            for path in documents_below(&folder) {
                let document = canonical::parse(read(&path).as_bytes()).unwrap();
                let compiled = contexts.compiled(&document["@context"]).unwrap();
                let expanded = compiled.expand(&document).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
                assert_eq!(expanded.vocab_terms, Vec::<String>::new(), "{}", path.display());
                assert_eq!(expanded.undefined_prefixes, Vec::<String>::new(), "{}", path.display());
                forms.insert(path, canonical_form(&contexts, &document).unwrap());
            }
            forms
        },
    );
    assert_eq!(forms[0].len(), 13);
    assert_eq!(forms[0], forms[1]);
}

#[test]
fn every_sample_expands_or_is_refused_by_name() {
    let Some(folder) = published::find("gaia-x/samples") else { return };
    let tagus =
        "https://registry.lab.gaia-x.eu/development/api/trusted-shape-registry/v1/shapes/jsonld/trustframework#";
    let contexts = contexts(&[
        ("https://w3id.org/gaia-x/2511#", "gaia-x/contexts/gx-2511-derived.jsonld"),
        (GX_DEVELOPMENT, "gaia-x/ontology-development/gx.context.jsonld"),
        (tagus, "gaia-x/contexts/gx-tagus-trustframework.jsonld"),
    ]);
    let Some(contexts) = contexts else { return };
    let mut expanded = 0;
    let mut refused: BTreeMap<String, usize> = BTreeMap::new();
    for path in documents_below(&folder) {
        let Ok(document) = canonical::parse(read(&path).as_bytes()) else {
            *refused.entry("not strict JSON".to_owned()).or_default() += 1;
            continue;
        };
        match canonical_form(&contexts, &document) {
            Ok(_) => expanded += 1,
            Err(error) => *refused.entry(reason(&error)).or_default() += 1,
        }
    }
    eprintln!("expanded: {expanded}; refused: {refused:#?}");
    assert!(expanded >= 28, "{expanded}");
}

fn documents_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(documents_below(&path));
        } else if path.extension().is_some_and(|extension| extension == "json" || extension == "jsonld") {
            found.push(path);
        }
    }
    found.sort();
    found
}
