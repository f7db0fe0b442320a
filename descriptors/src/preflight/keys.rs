//! The key that signed: whether the issuer publishes it as the service wants, and whether the signature fits.

use serde_json::Value;

use super::document::{Document, Jws};
use super::{Finding, Log, Setting, Severity, cut, rule};
use crate::certificate::Roots;
use crate::did::Did;
use crate::did::document::{Document as DidDocument, Method};
use crate::proof::key::Algorithm;
use crate::target::Target;
use crate::verify::{Held, Name, Outcome, Policy, Resolution, Verifier};

pub(super) fn check(document: &Document, setting: &Setting<'_>, log: &mut Log) {
    if let Some(jws) = &document.jws {
        if let Some(method) = method(document, jws, setting, log) {
            published(document, jws, &method, log);
            signature(document, jws, &method, log);
        }
    } else if document.payload.contains_key("proof") && !log.target.is_jwt() {
        // One that has not the form of its target has been named; there is nothing to verify.
        let misformed = |finding: &Finding| finding.document == document.name && finding.rule == &rule::PROOF;
        if !log.findings.iter().any(misformed) {
            proof(document, setting, log);
        }
    }
}

/// The proof inside a document, by the one verifier there is. What it says of other things is asked elsewhere.
fn proof(document: &Document, setting: &Setting<'_>, log: &mut Log) {
    let roots = Roots::default();
    let held = Held {
        document: &|did| Resolution::read(did, did_document(did, setting)),
        chain: &|_| None,
        roots: &roots,
        list: &|_| None,
        contexts: setting.contexts.contexts(),
    };
    let report = Verifier::new(&Policy::at(setting.now), &held)
        .verify(Value::from(document.payload.clone()).to_string().as_bytes());
    let of_proof = [Name::Form, Name::Algorithm, Name::Issuer, Name::Key, Name::Signature];
    let mut open = None;
    for check in report.checks.iter().filter(|check| of_proof.contains(&check.name)) {
        for finding in &check.findings {
            match check.outcome {
                Outcome::Failed => {
                    let found = cut(&format!("{}: {}", check.name.as_str(), finding.problem));
                    log.find(&document.name, finding.path.clone(), Severity::Refused, &rule::SIGNATURE, found);
                }
                _ => open = open.or(Some(finding)),
            }
        }
    }
    if let Some(finding) = open {
        let how = format!("{} ({}): --did-document, --context", finding.remedy, finding.problem);
        log.open(format!("whether the proof of {} holds", document.name), how);
    }
}

/// The DID URL that a header means, completed from the issuer where the catalogue does so.
pub(super) fn method_id(document: &Document, jws: &Jws) -> Option<(Did, String)> {
    let text = |member: &str| jws.header.get(member).and_then(Value::as_str);
    let owner = text("iss").or_else(|| document.text("issuer"))?;
    let kid = text("kid")?;
    let id = if kid.starts_with('#') { format!("{owner}{kid}") } else { kid.to_owned() };
    // Which key signed is a question of `kid`; that it is the issuer's is another rule.
    let did = id.split('#').next().unwrap_or(owner).parse().ok()?;
    Some((did, id))
}

pub(super) fn did_document<'a>(did: &Did, setting: &Setting<'a>) -> Option<&'a Value> {
    setting.did_documents.iter().find(|document| document["id"] == did.as_str())
}

fn method(document: &Document, jws: &Jws, setting: &Setting<'_>, log: &mut Log) -> Option<Method> {
    // Without a usable `kid` there is nothing to look up, and the envelope says so.
    let (did, id) = method_id(document, jws)?;
    let parsed = if did.is_key() {
        DidDocument::of_key(&did)
    } else if let Some(value) = did_document(&did, setting) {
        DidDocument::parse(&did, value)
    } else {
        log.open(format!("the signature of {}", document.name), format!("--did-document with the document of {did}"));
        return None;
    };
    let found = parsed.map_err(|error| error.to_string());
    let method = found.and_then(|parsed| parsed.assertion_method(&id).cloned().map_err(|error| explain(&error)));
    method.map_err(|fault| log.find(&document.name, "header /kid", Severity::Refused, &rule::METHOD, fault)).ok()
}

fn explain(error: &dyn std::error::Error) -> String {
    let cause = error.source().map(|cause| format!(": {cause}"));
    format!("{error}{}", cause.unwrap_or_default())
}

fn published(document: &Document, jws: &Jws, method: &Method, log: &mut Log) {
    if method.id.starts_with("did:key:") {
        return;
    }
    let alg = jws.header.get("alg").and_then(Value::as_str);
    if !method.names_algorithm {
        let severity = if log.target == Target::Xfsc { Severity::Advice } else { Severity::Refused };
        log.find(&document.name, "header /kid", severity, &rule::JWK_ALG, format!("{} names no alg", method.id));
    } else if alg != Some(method.key.algorithm().name()) {
        let found = format!("{} of a key for {}", alg.unwrap_or("nothing"), method.key.algorithm().name());
        log.find(&document.name, "header /alg", Severity::Refused, &rule::JWK_ALG, found);
    }
    if method.x5u.is_none() && log.target.asks_for_chain() {
        let found = format!("{} has none", method.id);
        log.find(&document.name, "header /kid", Severity::Refused, &rule::X5U, found);
    }
}

fn signature(document: &Document, jws: &Jws, method: &Method, log: &mut Log) {
    let asked = jws.header.get("alg").and_then(Value::as_str).map(str::parse::<Algorithm>);
    let Some(Ok(asked)) = asked else {
        let how = "sign with EdDSA, ES256 or PS256: no other algorithm is verified here";
        return log.open(format!("the signature of {}", document.name), how);
    };
    if let Err(error) = method.key.verify(asked, jws.signed.as_bytes(), &jws.signature) {
        log.find(&document.name, "signature", Severity::Refused, &rule::SIGNATURE, cut(&explain(&error)));
    }
}

/// The `x5c` that the catalogue refuses beside `x5u`.
pub(super) fn has_x5c(did_document: &Value, id: &str) -> bool {
    let methods = did_document["verificationMethod"].as_array().into_iter().flatten();
    let fragment = id.find('#').map_or(id, |at| &id[at..]);
    let mut own = methods.filter(|method| method["id"] == id || method["id"] == fragment);
    own.any(|method| method["publicKeyJwk"]["x5c"].as_array().is_some_and(|list| !list.is_empty()))
}
