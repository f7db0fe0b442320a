//! The door for credentials against documents of others: the W3C's signed vectors and the laboratory of Gaia-X JWTs.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "tests read files, say what they skip, and fail by panicking"
)]

#[path = "specimens/published.rs"]
mod published;

use descriptors::certificate::Roots;
use descriptors::credential::{Base, Credential, Period, Subject};
use descriptors::did::Did;
use descriptors::did::document::{Document, PublishedKey, write};
use descriptors::json_ld::Contexts;
use descriptors::node::Node;
use descriptors::proof::{Signer as _, SoftwareKey};
use descriptors::report::Origin;
use descriptors::target::{Seal, Target};
use descriptors::verify::batch::{Glance, glance};
use descriptors::verify::{Form, Held, Name, Outcome, Policy, Report, Resolution, Verifier};
use serde_json::Value;

fn read(path: &str) -> Option<Vec<u8>> {
    published::find(path).map(|path| std::fs::read(path).unwrap())
}

fn contexts() -> Option<Contexts> {
    let examples = read("vectors/contexts/credentials-examples-v2.jsonld")?;
    let gaia_x = read("gaia-x/ontology-development/gx.context.jsonld")?;
    let handed_in = [
        ("https://www.w3.org/ns/credentials/examples/v2", examples.as_slice()),
        ("https://w3id.org/gaia-x/development#", gaia_x.as_slice()),
    ];
    Some(Contexts::with_w3c(handed_in).unwrap())
}

fn verify(bytes: &[u8], policy: &Policy, document: &dyn Fn(&Did) -> Resolution, contexts: &Contexts) -> Report {
    let roots =
        read("gaia-x/samples/jwt-lab/certs/root.pem").map_or(Roots::default(), |pem| Roots::from_pem(&pem).unwrap());
    let held = Held { document, chain: &laboratory_chain, roots: &roots, list: &|_| None, contexts };
    Verifier::new(policy, &held).verify(bytes)
}

/// The chains of the laboratory, at whatever host they are said to lie.
fn laboratory_chain(x5u: &str) -> Option<Vec<u8>> {
    read(&format!("gaia-x/samples/jwt-lab/certs/{}", x5u.rsplit('/').next()?))
}

fn nobody(_: &Did) -> Resolution {
    Resolution::Missing("not handed in".to_owned())
}

fn shown(report: &Report) -> String {
    serde_json::to_string_pretty(report).unwrap()
}

#[test]
fn signed_documents_of_the_w3c_verify() {
    let Some(contexts) = contexts() else { return };
    let mut policy = Policy::at("2026-11-21T00:00:00Z".parse().unwrap());
    policy.vocab_names = true;
    for (path, form) in [
        ("eddsa-rdfc-2022/signedDataInt.json", Form::EddsaRdfc2022),
        ("eddsa-jcs-2022/signedJCS.json", Form::EddsaJcs2022),
    ] {
        let bytes = read(&format!("vectors/vc-di-eddsa/{path}")).unwrap();
        let report = verify(&bytes, &policy, &nobody, &contexts);
        assert_eq!(report.form, form);
        for name in [Name::Form, Name::Algorithm, Name::Key, Name::Signature, Name::Terms] {
            assert_eq!(
                report.check(name).map(|check| check.outcome),
                Some(Outcome::Passed),
                "{path}: {}",
                shown(&report)
            );
        }
        let changed = String::from_utf8(bytes).unwrap().replacen("Alumni", "Alumno", 1);
        let report = verify(changed.as_bytes(), &policy, &nobody, &contexts);
        assert_eq!(report.outcome(), Outcome::Failed, "{path}");
    }
}

#[test]
fn proofs_that_are_not_taken_are_refused_by_name() {
    let Some(contexts) = contexts() else { return };
    let policy = Policy::at("2026-11-21T00:00:00Z".parse().unwrap());
    for (path, name, problem) in [
        ("Ed25519Signature2020/signedEdSig.json", Name::Algorithm, "Ed25519Signature2020"),
        ("proof-set-chain/signedProofSet2.json", Name::Form, "proof set"),
        ("proof-set-chain/signedProofChain2.json", Name::Form, "proof chain"),
    ] {
        let report = verify(&read(&format!("vectors/vc-di-eddsa/{path}")).unwrap(), &policy, &nobody, &contexts);
        assert_eq!(report.outcome(), Outcome::Failed, "{path}");
        let found = report.check(name).unwrap();
        assert!(found.findings.iter().any(|finding| finding.problem.contains(problem)), "{path}: {}", shown(&report));
    }
}

#[test]
fn the_laboratory_is_judged_as_icam_judges_it() {
    let (Some(contexts), Some(rows)) = (contexts(), read("gaia-x/samples/jwt-lab/EXPECTED.jsonl")) else { return };
    let document: Value = serde_json::from_slice(&read("gaia-x/samples/jwt-lab/did.json").unwrap()).unwrap();
    let mut policy = Policy::at("2026-11-21T00:00:00Z".parse().unwrap()).for_target(Target::Loire);
    policy.terms = false;
    let resolve = |did: &Did| match Document::parse(did, &document) {
        Ok(document) => Resolution::Found(Box::new(document)),
        Err(error) => Resolution::Missing(error.to_string()),
    };
    let mut files = 0;
    for row in String::from_utf8(rows).unwrap().lines() {
        let row: Value = serde_json::from_str(row).unwrap();
        let file = row["file"].as_str().unwrap();
        let bytes = read(&format!("gaia-x/samples/jwt-lab/{file}")).unwrap();
        let report = verify(bytes.trim_ascii(), &policy, &resolve, &contexts);
        let accepted = report.outcome() == Outcome::Passed;
        assert_eq!(accepted, row["icam_25_11"] == "accept", "{file}: {}", shown(&report));
        assert_eq!(report.credentials.len() as u64, row["credentials"].as_u64().unwrap_or(0), "{file}");
        files += 1;
    }
    assert_eq!(files, 17);
}

/// A region, as one credential that every target can take.
fn credential(issuer: &Did) -> Credential {
    let base = Base::address("https://cloud.example");
    let node = Node::new(base.subject("region", "de-east"), "gx:Region").with("gx:name", "de-east \"\u{1}é😀");
    let (from, until) = ("2026-11-01T00:00:00Z".parse().unwrap(), "2027-02-01T00:00:00Z".parse().unwrap());
    Credential::new(
        &base,
        issuer.clone(),
        Period { from, until },
        Subject { node, origin: Origin::Real, provenance: None },
    )
    .unwrap()
}

/// The key's did:web, with its document.
fn published(key: &SoftwareKey) -> (Did, Value) {
    let did = Did::web("cloud.example").unwrap();
    let keys = [PublishedKey { fragment: "key-1", key: &key.public_key().into(), x5u: None }];
    let document = write(&did, &keys);
    (did, document)
}

#[test]
fn what_we_issue_for_a_target_verifies_and_one_changed_byte_does_not() {
    let key = SoftwareKey::from_seed(&[7; 32]);
    let (did, document) = published(&key);
    let contexts = Contexts::with_w3c::<String>([]).unwrap();
    let resolve = |asked: &Did| Resolution::read(asked, Some(&document).filter(|_| *asked == did));
    let policy = Policy { terms: false, ..Policy::at("2026-11-21T00:00:00Z".parse().unwrap()) };
    let issuers = [did.clone(), Did::key(&key.public_key())];
    for target in [Target::Danube, Target::W3cRdfc, Target::W3cJcs] {
        for issuer in &issuers {
            let seal = Seal::new(target, issuer, "key-1", &key).unwrap();
            let bytes = seal.issue(&credential(issuer)).unwrap();
            let report = verify(&bytes, &policy, &resolve, &contexts);
            assert_eq!(report.outcome(), Outcome::Passed, "{target} {issuer}: {}", shown(&report));
            assert_eq!(report.issuer.as_ref(), Some(issuer));
            let said = report.verified().unwrap().root().get("credentialSubject").and_then(|s| s.get("gx:name"));
            assert_eq!(said.and_then(|name| name.as_str()), Some("de-east \"\u{1}é😀"));
            let mut changed = bytes.clone();
            let at = changed.len() / 2;
            changed[at] = if changed[at] == b'a' { b'b' } else { b'a' };
            assert_eq!(verify(&changed, &policy, &resolve, &contexts).outcome(), Outcome::Failed, "{target} {issuer}");
        }
    }
}

#[test]
fn the_look_beforehand_finds_what_is_worth_the_full_check_and_gives_no_verdict() {
    let key = SoftwareKey::from_seed(&[7; 32]);
    let (did, document) = published(&key);
    let contexts = Contexts::default();
    let resolve = |asked: &Did| Resolution::read(asked, Some(&document).filter(|_| *asked == did));
    let policy = Policy { terms: false, ..Policy::at("2026-11-21T00:00:00Z".parse().unwrap()) };
    let roots = Roots::default();
    let held = Held { document: &resolve, chain: &|_| None, roots: &roots, list: &|_| None, contexts: &contexts };
    let verifier = Verifier::new(&policy, &held);
    let seal = Seal::new(Target::Danube, &did, "key-1", &key).unwrap();
    let good = seal.issue(&credential(&did)).unwrap();
    let mut bad = good.clone();
    let at = bad.len() - 5;
    bad[at] = if bad[at] == b'a' { b'b' } else { b'a' };
    let documents = [good.as_slice(), &bad, b"{}", &good];
    let glances = glance(&verifier, &documents);
    let plausible: Vec<bool> = glances.iter().map(|glance| matches!(glance, Glance::Plausible(_))).collect();
    assert_eq!(plausible, [true, false, false, true]);
    let Glance::Plausible(candidate) = &glances[0] else { return };
    assert_eq!(candidate.payload().get("issuer").and_then(|issuer| issuer.as_str()), Some(did.as_str()));
    assert_eq!(candidate.verify(&verifier).outcome(), Outcome::Passed);
    // Plausible is not good: a credential that has expired is plausible too.
    let late = Policy { now: "2028-01-01T00:00:00Z".parse().unwrap(), ..policy.clone() };
    let late = Verifier::new(&late, &held);
    let glances = glance(&late, &documents[..1]);
    let Glance::Plausible(candidate) = &glances[0] else { unreachable!("its signature is good") };
    assert_eq!(candidate.verify(&late).outcome(), Outcome::Failed);
}
