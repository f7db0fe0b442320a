//! The header of a JWS, and whether there is one.

use serde_json::Value;

use super::document::Document;
use super::rule::{self, Rule};
use super::{Log, Severity, shown};
use crate::target::Target;

/// Pairs of `typ` and `cty` that the catalogue takes beside the present ones.
const OLDER: [(&str, &str); 2] = [("vc+ld+json+jwt", "vc+ld+json"), ("vp+ld+jwt", "vp+ld+json")];

pub(super) fn check(document: &Document, log: &mut Log) {
    if !log.target.is_jwt() {
        if document.jws.is_some() {
            let found = "a JWS, where the target takes an embedded proof";
            log.find(&document.name, "header", Severity::Refused, &rule::PROOF, found);
        }
        return;
    }
    let Some(jws) = &document.jws else {
        if document.payload.contains_key("proof") {
            log.find(&document.name, "/proof", Severity::Refused, &rule::ENVELOPE, "an embedded proof");
        } else if document.inside.is_none() {
            log.open("the envelope: not every document is signed yet", "sign them and check the result");
        }
        return;
    };
    let header = &jws.header;
    let text = |member: &str| header.get(member).and_then(Value::as_str);
    let target = log.target;
    let mut find = |member: &str, severity, rule| {
        log.find(&document.name, format!("header /{member}"), severity, rule, shown(header.get(member)));
    };
    media_types(document.is_presentation, (text("typ"), text("cty")), target, &mut find);
    let (issuer, kid) = (text("iss"), text("kid"));
    if issuer.is_none() && target != Target::Xfsc {
        find("iss", Severity::Refused, &rule::HEADER_ISS);
    }
    let owner = issuer.or_else(|| document.text("issuer")).unwrap_or_default();
    match kid {
        Some(kid) if kid.strip_prefix(owner).is_some_and(|rest| rest.starts_with('#') && rest.len() > 1) => {}
        // The catalogue completes a fragment, and tries every key without one.
        None if target == Target::Xfsc => find("kid", Severity::Advice, &rule::KID),
        Some(kid) if target == Target::Xfsc && kid.starts_with('#') => find("kid", Severity::Advice, &rule::KID),
        _ => find("kid", Severity::Refused, &rule::KID),
    }
    algorithm(text("alg"), target, &mut find);
    if header.contains_key("crit") {
        find("crit", Severity::Refused, &rule::CRIT);
    }
    for member in ["jwk", "jku", "x5c", "x5u"] {
        if header.contains_key(member) {
            find(member, Severity::Advice, &rule::HEADER_KEY);
        }
    }
}

fn media_types(
    is_presentation: bool,
    found: (Option<&str>, Option<&str>),
    target: Target,
    find: &mut impl FnMut(&str, Severity, &'static Rule),
) {
    let (typ, cty) = if is_presentation { ("vp+jwt", "vp") } else { ("vc+jwt", "vc") };
    let older = found.0.zip(found.1).is_some_and(|pair| OLDER.contains(&pair));
    let severity = if older && target == Target::Xfsc { Severity::Advice } else { Severity::Refused };
    if found.0 != Some(typ) {
        find("typ", severity, &rule::TYP);
    }
    if found.1 != Some(cty) {
        find("cty", severity, &rule::CTY);
    }
}

fn algorithm(alg: Option<&str>, target: Target, find: &mut impl FnMut(&str, Severity, &'static Rule)) {
    let asymmetric = ["PS256", "ES256", "EdDSA"];
    let others = ["PS384", "PS512", "ES384", "ES512", "RS256", "RS384", "RS512", "Ed25519"];
    match alg {
        Some("EdDSA") if target == Target::Loire => find("alg", Severity::MayBeRefused, &rule::ALG),
        Some(alg) if asymmetric.contains(&alg) => {}
        Some(alg) if others.contains(&alg) => find("alg", Severity::MayBeRefused, &rule::ALG),
        _ => find("alg", Severity::Refused, &rule::ALG),
    }
}
