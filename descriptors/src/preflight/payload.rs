//! What the data model asks of a credential or a presentation, whoever signs it.

use serde_json::{Map, Value};

use super::document::{Document, texts};
use super::rule::{self, Rule};
use super::{Log, Setting, Severity, shown};
use crate::rdf::iri;
use crate::target::Target;
use crate::timestamp::Timestamp;
use crate::verify::SKEW_SECONDS;
use crate::vocabulary::CREDENTIALS_V2;

const CREDENTIALS_V1: &str = "https://www.w3.org/2018/credentials/v1";

pub(super) fn check(document: &Document, setting: &Setting<'_>, log: &mut Log) {
    for wrapper in ["vc", "vp"] {
        if document.payload.contains_key(wrapper) {
            refuse(document, log, &format!("/{wrapper}"), &rule::WRAPPER);
        }
    }
    contexts(document, setting, log);
    types(document, log);
    identifier(document, log);
    issuer(document, log);
    times(document, setting.now, log);
    if !document.is_presentation {
        subjects(document, log);
        status(document, log);
    }
    if !log.target.is_jwt() {
        proof(document, log);
    }
}

fn refuse(document: &Document, log: &mut Log, pointer: &str, rule: &'static Rule) {
    mark(document, log, pointer, Severity::Refused, rule);
}

fn mark(document: &Document, log: &mut Log, pointer: &str, severity: Severity, rule: &'static Rule) {
    let mut steps = pointer.split('/').skip(1);
    let first = steps.next().and_then(|member| document.payload.get(member));
    let value = steps.try_fold(first, |value, step| {
        let value = value?;
        Some(step.parse().ok().and_then(|at: usize| value.get(at)).or_else(|| value.get(step)))
    });
    log.find(&document.name, document.place(pointer), severity, rule, shown(value.flatten()));
}

fn contexts(document: &Document, setting: &Setting<'_>, log: &mut Log) {
    let list: Vec<&Value> = match document.payload.get("@context") {
        Some(Value::Array(list)) => list.iter().collect(),
        Some(one) => vec![one],
        None => Vec::new(),
    };
    let tagus = log.target == Target::Tagus;
    let first = if tagus { CREDENTIALS_V1 } else { CREDENTIALS_V2 };
    if list.first().and_then(|context| context.as_str()) != Some(first) {
        let pointer = if list.is_empty() { "/@context" } else { "/@context/0" };
        refuse(document, log, pointer, if tagus { &rule::TAGUS } else { &rule::CONTEXT_FIRST });
    }
    let gaia_x = matches!(log.target, Target::Loire | Target::Danube | Target::Xfsc);
    let named = list.iter().filter_map(|context| context.as_str());
    let is_version = |context: &str| setting.contexts.is_gaia_x(context);
    if gaia_x && !document.is_presentation && !named.clone().any(is_version) {
        // Prefixes defined inline say the same, but the services compare the name.
        mark(document, log, "/@context", Severity::MayBeRefused, &rule::CONTEXT_GAIA_X);
    }
    for (at, context) in list.iter().enumerate() {
        match context {
            Value::String(iri) if *iri == first || (gaia_x && is_version(iri)) => {}
            Value::String(_) if gaia_x => {
                let pointer = format!("/@context/{at}");
                mark(document, log, &pointer, Severity::Refused, &rule::CONTEXT_UNKNOWN);
            }
            Value::Object(inline) if gaia_x && inline.len() > 1 => {
                mark(document, log, &format!("/@context/{at}"), Severity::MayBeRefused, &rule::CONTEXT_INLINE);
            }
            _ => {}
        }
    }
}

fn types(document: &Document, log: &mut Log) {
    let expected = if document.is_presentation { "VerifiablePresentation" } else { "VerifiableCredential" };
    match document.types().iter().position(|found| *found == expected) {
        Some(0) => {}
        Some(_) => mark(document, log, "/type", Severity::Advice, &rule::TYPE),
        None => refuse(document, log, "/type", &rule::TYPE),
    }
}

fn identifier(document: &Document, log: &mut Log) {
    match document.id() {
        Some(id) if iri::is_absolute(id) => {}
        Some(_) => refuse(document, log, "/id", &rule::ID),
        None if !log.target.is_jwt() => mark(document, log, "/id", Severity::Advice, &rule::ID),
        // The catalogue names its result by the id of the presentation; others do without.
        None if document.is_presentation && log.target != Target::Xfsc => {
            mark(document, log, "/id", Severity::Advice, &rule::ID);
        }
        None => refuse(document, log, "/id", &rule::ID),
    }
}

fn issuer(document: &Document, log: &mut Log) {
    let target = log.target;
    let Some(issuer) = document.text("issuer") else {
        let as_object = document.payload.get("issuer").is_some_and(|issuer| issuer.get("id").is_some());
        let optional = !target.is_jwt() && (document.is_presentation || as_object);
        if !optional {
            refuse(document, log, "/issuer", &rule::ISSUER);
        }
        return;
    };
    let web = issuer.starts_with("did:web:");
    let key = issuer.starts_with("did:key:") && target.allows_did_key();
    if !web && !key {
        let https = issuer.starts_with("https://");
        let severity = if https && target == Target::Loire { Severity::MayBeRefused } else { Severity::Refused };
        if target.is_jwt() {
            mark(document, log, "/issuer", severity, &rule::ISSUER_METHOD);
        }
    }
    if let Some(jws) = &document.jws {
        let of_header = jws.header.get("iss").and_then(Value::as_str);
        if target != Target::Xfsc && of_header.is_some_and(|of_header| of_header != issuer) {
            refuse(document, log, "/issuer", &rule::ISSUER_EQUAL);
        }
        match document.text("iss") {
            Some(iss) if iss != issuer => refuse(document, log, "/iss", &rule::ISSUER_EQUAL),
            None if target == Target::Xfsc => refuse(document, log, "/iss", &rule::PAYLOAD_ISS),
            _ => {}
        }
    }
}

fn times(document: &Document, now: Timestamp, log: &mut Log) {
    let target = log.target;
    let time = |member: &str| document.text(member).map(str::parse::<Timestamp>);
    let (from, until) =
        if target == Target::Tagus { ("issuanceDate", "expirationDate") } else { ("validFrom", "validUntil") };
    let pointer = format!("/{from}");
    match time(from) {
        Some(Ok(start)) if start <= now.plus_seconds(SKEW_SECONDS) => {}
        None if !target.is_jwt() && target != Target::Tagus => {}
        None if document.payload.get(from).is_none() && !target.is_jwt() && document.is_presentation => {}
        _ => refuse(document, log, &pointer, &rule::VALID_FROM),
    }
    match time(until) {
        Some(Ok(end)) if now.plus_seconds(-SKEW_SECONDS) <= end => {}
        None if document.payload.get(until).is_none() => {
            if !document.is_presentation {
                mark(document, log, &format!("/{until}"), Severity::Advice, &rule::VALID_UNTIL_MISSING);
            }
        }
        _ => refuse(document, log, &format!("/{until}"), &rule::VALID_UNTIL),
    }
}

fn subjects(document: &Document, log: &mut Log) {
    let subjects = document.subjects();
    if subjects.is_empty() {
        refuse(document, log, "/credentialSubject", &rule::SUBJECT);
    }
    for (pointer, subject) in subjects {
        let id = subject.get("id").or_else(|| subject.get("@id")).and_then(Value::as_str);
        let typed = !texts(subject.get("type").or_else(|| subject.get("@type"))).is_empty();
        let severity = if log.target.is_jwt() { Severity::Refused } else { Severity::Advice };
        if id.is_none_or(|id| !iri::is_absolute(id)) || !typed {
            mark(document, log, &pointer, severity, &rule::SUBJECT);
        }
        if id.is_some() && id == document.id() {
            mark(document, log, &format!("{pointer}/id"), severity, &rule::SAME_ID);
        }
    }
}

fn status(document: &Document, log: &mut Log) {
    let entries: Vec<&Value> = match document.payload.get("credentialStatus") {
        None => return,
        Some(Value::Array(entries)) => entries.iter().collect(),
        Some(entry) => vec![entry],
    };
    for entry in entries {
        let is_text = |member: &str| entry.get(member).is_some_and(Value::is_string);
        let index = entry.get("statusListIndex").and_then(Value::as_str);
        let digits = index.is_some_and(|index| !index.is_empty() && index.bytes().all(|b| b.is_ascii_digit()));
        let known = texts(entry.get("type")).contains(&"BitstringStatusListEntry");
        if !known || !digits || !is_text("statusPurpose") || !is_text("statusListCredential") {
            // Only the Danube texts have a service read it.
            let severity = if log.target == Target::Loire { Severity::Advice } else { Severity::MayBeRefused };
            mark(document, log, "/credentialStatus", severity, &rule::STATUS);
        }
    }
}

/// The form of an embedded proof; whether it holds is checked elsewhere.
fn proof(document: &Document, log: &mut Log) {
    let proofs: Vec<&Map<String, Value>> = match document.payload.get("proof") {
        None => {
            if document.inside.is_none() && document.jws.is_none() {
                log.open("the proof: not every document is signed yet", "sign them and check the result");
            }
            return;
        }
        Some(Value::Array(proofs)) => proofs.iter().filter_map(Value::as_object).collect(),
        Some(proof) => proof.as_object().into_iter().collect(),
    };
    let expected: &[(&str, &str)] = match log.target {
        Target::W3cRdfc => &[("type", "DataIntegrityProof"), ("cryptosuite", "eddsa-rdfc-2022")],
        Target::W3cJcs => &[("type", "DataIntegrityProof"), ("cryptosuite", "eddsa-jcs-2022")],
        _ => &[("type", "JsonWebSignature2020")],
    };
    let rule: &'static Rule = if log.target == Target::Tagus { &rule::TAGUS } else { &rule::PROOF };
    for proof in proofs {
        let is = |member: &str, value: &str| proof.get(member).and_then(Value::as_str) == Some(value);
        let wrong =
            expected.iter().chain(&[("proofPurpose", "assertionMethod")]).find(|(member, value)| !is(member, value));
        if let Some((member, _)) = wrong {
            log.find(&document.name, format!("/proof/{member}"), Severity::Refused, rule, shown(proof.get(*member)));
        }
        let value = if log.target == Target::Tagus { "jws" } else { "proofValue" };
        for member in ["verificationMethod", value] {
            if !proof.get(member).is_some_and(Value::is_string) {
                let place = format!("/proof/{member}");
                log.find(&document.name, place, Severity::Refused, rule, shown(proof.get(member)));
            }
        }
        // A verifier rebuilds the configuration of the proof, contexts included.
        if log.target == Target::W3cJcs && !proof.contains_key("@context") {
            log.find(&document.name, "/proof/@context", Severity::MayBeRefused, rule, "nothing");
        }
    }
}
