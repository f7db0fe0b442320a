//! `avow preflight` on faults of our own, whose text is kept beside them, and on every sample of Gaia-X.
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "tests say what they skip, and fail by panicking")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use auditor::preflight::{self, Files};
use auditor::verify::Ending;
use descriptors::preflight::{Input, KnownContexts, Preflight, Setting, Severity};
use descriptors::shacl::Shapes;
use descriptors::target::Target;
use descriptors::timestamp::Timestamp;
use serde_json::Value;

const NOW: &str = "2026-11-21T00:00:00Z";

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

fn files(credentials: Vec<PathBuf>, target: Target) -> Files {
    Files {
        credentials,
        target,
        shapes: Vec::new(),
        contexts: Vec::new(),
        did_documents: Vec::new(),
        chain: None,
        root: None,
        at: None,
    }
}

fn shared(path: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/gaia-x").join(path);
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

/// The codes of what is not only advice.
fn codes(done: &Preflight) -> BTreeSet<&'static str> {
    let serious = done.findings.iter().filter(|finding| finding.severity != Severity::Advice);
    serious.map(|finding| finding.rule.code).collect()
}

/// A header and a payload as a JWS whose signature nobody made.
fn unsigned_jws(document: &Value) -> String {
    let encode = |value: &Value| base64_url(value.to_string().as_bytes());
    format!("{}.{}.{}", encode(&document["header"]), encode(&document["payload"]), base64_url(&[0; 64]))
}

fn base64_url(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        text.extend((0..=chunk.len()).map(|at| char::from(LETTERS[(word >> (18 - 6 * at)) as usize & 63])));
    }
    text
}

/// Each document has one fault, named by its file; the text that people see of it stands beside it.
#[test]
fn a_fault_is_told_with_place_rule_and_remedy() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/preflight");
    let scratch = tempfile::tempdir().unwrap();
    let mut faults = Vec::new();
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "json") {
            faults.push(path);
        }
    }
    faults.sort();
    assert!(faults.len() >= 10);
    let mut differing = Vec::new();
    for path in faults {
        let document: Value = serde_json::from_str(&read(&path)).unwrap();
        let stem = path.file_stem().unwrap().to_str().unwrap();
        let is_jws = document.get("header").is_some();
        let file = scratch.path().join(stem).with_extension(if is_jws { "jwt" } else { "json" });
        let text = if is_jws { unsigned_jws(&document) } else { document.to_string() };
        std::fs::write(&file, text).unwrap();
        let done = preflight::check(&files(vec![file], Target::Loire), now()).unwrap();
        let text = preflight::render(&done).replace(&format!("{}/", scratch.path().display()), "");
        let expected = path.with_extension("txt");
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&expected, &text).unwrap();
        } else if !expected.exists() || read(&expected) != text {
            differing.push(format!("{stem}:\n{text}"));
        }
    }
    assert!(differing.is_empty(), "UPDATE_GOLDEN=1 writes these texts; read them:\n{}", differing.join("\n"));
}

/// The certificate file behind the key that a header names.
fn chain_of(folder: &Path, header: &Value) -> Option<PathBuf> {
    let document: Value = serde_json::from_str(&read(&folder.join("did.json"))).unwrap();
    let methods = document["verificationMethod"].as_array().unwrap();
    let method = methods.iter().find(|method| method["id"] == header["kid"])?;
    let name = method["publicKeyJwk"]["x5u"].as_str()?.rsplit('/').next()?;
    Some(folder.join("certs").join(name))
}

#[test]
fn every_token_of_the_corpus_is_judged_as_icam_25_11_judges_it() {
    let Some(folder) = shared("samples/jwt-lab") else { return };
    let expected = |name: &str| -> &'static [&'static str] {
        match name {
            // Ed25519 at a clearing house is not proven; everything else holds.
            "vc_EdDSA_vc-jwt.jwt" | "vp_EdDSA.jwt" => &["GX-108"],
            "vc_PS256_icam2407.jwt" | "vc_PS256_vc-ld-jwt.jwt" => &["GX-103", "GX-104"],
            "vc_PS256_nocty.jwt" => &["GX-104"],
            "vc_bad_didkey.jwt" => &["GX-108", "GX-209", "GX-305"],
            "vc_bad_expired.jwt" => &["GX-212"],
            "vc_bad_issuer_mismatch.jwt" => &["GX-210"],
            "vc_bad_kid.jwt" => &["GX-301"],
            "vc_bad_noiss.jwt" => &["GX-106"],
            "vc_bad_nox5u.jwt" => &["GX-303"],
            "vc_bad_tampered.jwt" => &["GX-305"],
            "vc_bad_x5u_mismatch.jwt" => &["GX-308"],
            _ => &[],
        }
    };
    let mut judged = 0;
    for row in read(&folder.join("EXPECTED.jsonl")).lines() {
        let row: Value = serde_json::from_str(row).unwrap();
        let name = row["file"].as_str().unwrap();
        let mut files = files(vec![folder.join(name)], Target::Loire);
        files.did_documents = vec![folder.join("did.json")];
        files.chain = chain_of(&folder, &row["header"]);
        files.root = Some(folder.join("certs/root.pem"));
        let done = preflight::check(&files, now()).unwrap();
        let found: Vec<&str> = codes(&done).into_iter().collect();
        assert_eq!(found, expected(name), "{name}\n{}", preflight::render(&done));
        let accepts = preflight::ending(&done) != Ending::Refuted;
        assert_eq!(accepts, row["icam_25_11"] == "accept", "{name}");
        judged += 1;
    }
    assert_eq!(judged, 17);
}

#[test]
fn every_unsigned_sample_is_judged_alike_with_and_without_shapes() {
    let Some(folder) = shared("samples/own") else { return };
    let listed = |name: &str| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder.join(name)).unwrap().map(|entry| entry.unwrap().path());
        let mut files: Vec<PathBuf> = entries.collect();
        files.sort();
        files
    };
    let id = |path: &Path| serde_json::from_str::<Value>(&read(path)).unwrap()["id"].clone();
    let valid = listed("valid");
    let bytes = |path: &str| std::fs::read(shared(path).unwrap()).unwrap();
    let context = ("https://w3id.org/gaia-x/2511#".to_owned(), bytes("contexts/gx-2511-derived.jsonld"));
    let contexts = KnownContexts::new(&[context]).unwrap();
    let ontology = ["ontology-2511/shapes.ttl", "ontology-2511/ontology-hierarchy.ttl"].map(bytes);
    let shapes = Shapes::from_turtle(ontology.iter().map(Vec::as_slice)).unwrap();
    let check = |file: Option<&PathBuf>, with_shapes: bool| {
        // A sample takes the place of the valid one with the same id.
        let beside = valid.iter().filter(|path| file.is_none_or(|file| id(file) != id(path)));
        let paths: Vec<PathBuf> = beside.chain(file).cloned().collect();
        if !with_shapes {
            return preflight::check(&files(paths, Target::Loire), now()).unwrap();
        }
        let read: Vec<(String, Vec<u8>)> =
            paths.iter().map(|path| (path.display().to_string(), std::fs::read(path).unwrap())).collect();
        let inputs: Vec<Input<'_>> = read.iter().map(|(name, bytes)| Input { name, bytes }).collect();
        let setting = Setting {
            target: Target::Loire,
            now: now(),
            contexts: &contexts,
            shapes: Some(&shapes),
            did_documents: &[],
            chain: None,
            anchors: None,
        };
        descriptors::preflight::preflight(&inputs, &setting)
    };
    assert_eq!(codes(&check(None, false)), BTreeSet::new());
    assert_eq!(codes(&check(None, true)), BTreeSet::new());
    let mut judged = 0;
    for path in listed("invalid").iter().chain(&listed("pitfalls")) {
        let stem = path.file_stem().unwrap().to_str().unwrap();
        let rule = match stem {
            "az-closed-violation" | "az-own-namespace-violation" => "GX-406",
            "block-no-encryption" | "datacenter-no-az" | "legal-person-no-registration" => "GX-407",
            "block-redundancy-enum" | "flavor-bad-hwrng-enum" => "GX-405",
            "flavor-vcpus-string" => "GX-408",
            "vmso-hostedon-az" => "GX-409",
            "a_prefixed_native_float" => "GX-401",
            "d_prefixed_plain_iri_string" => "GX-402",
            // The term is a reference or a literal by the date of the context.
            "e_term_plain_iri_string" => "GX-402 maybe",
            "f_url_as_iri" => "GX-403",
            _ => "",
        };
        let done = check(Some(path), false);
        let found: Vec<&str> = codes(&done).into_iter().collect();
        let rules: Vec<&str> = rule.split(' ').next().into_iter().filter(|rule| !rule.is_empty()).collect();
        assert_eq!(found, rules, "{stem}\n{}", preflight::render(&done));
        let refused = !rule.is_empty() && !rule.ends_with("maybe");
        assert_eq!(preflight::ending(&done) == Ending::Refuted, refused, "{stem}");
        let done = check(Some(path), true);
        assert_eq!(codes(&done).contains("GX-504"), refused, "{stem}\n{}", preflight::render(&done));
        judged += 1;
    }
    assert_eq!(judged, 16);
}

#[test]
fn what_was_not_checked_is_said_and_is_no_acceptance() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/preflight");
    let done = preflight::check(&files(vec![folder.join("nothing-wrong.json")], Target::Danube), now()).unwrap();
    assert_eq!(codes(&done), BTreeSet::new());
    assert_eq!(preflight::ending(&done), Ending::Undetermined);
    let open: Vec<&str> = done.not_checked.iter().filter(|open| open.offline).map(|open| open.what.as_str()).collect();
    assert!(open.iter().any(|what| what.contains("the envelope")), "{open:?}");
    assert!(open.iter().any(|what| what.contains("against the shapes")), "{open:?}");
}
