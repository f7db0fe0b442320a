//! Compact JWS: `vc+jwt` and `vp+jwt` (W3C *Securing Verifiable Credentials using JOSE and COSE*; Gaia-X ICAM 25.11).
//!
//! The header says which key and algorithm; it never brings a key. The payload is looked at even when the signature is bad, so
//! that everything that is wrong is said at once, and nothing of it counts as verified then.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::data_integrity::SIGNATURE_REMEDY;
use super::report::Sheet;
use super::{Form, Name, Outcome, Place, Policy, Profile, Report, Signer, Verifier, certificates, key, model, shown};
use crate::json::{Document, Json};
use crate::proof::key::{Algorithm, VerifyError};
use crate::target::Target;

/// The parts of a compact JWS, decoded.
pub(super) struct Parts {
    pub(super) header: Document,
    pub(super) payload: Vec<u8>,
    pub(super) signature: Vec<u8>,
    /// Bytes of the text that the signature covers.
    pub(super) signed: usize,
}

/// Why a text is not a compact JWS.
pub(super) struct Malformed {
    pub(super) path: &'static str,
    pub(super) problem: String,
}

pub(super) fn split(bytes: &[u8]) -> Result<Parts, Malformed> {
    let malformed = |path, problem: &str| Malformed { path, problem: problem.to_owned() };
    let mut parts = bytes.splitn(4, |byte| *byte == b'.');
    let (Some(header), Some(payload), Some(signature), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(malformed("", "neither a JSON object nor three parts with dots between them"));
    };
    // The decoder takes one spelling only: no padding, no other alphabet, no bits left over.
    let decode = |part: &[u8], path| {
        URL_SAFE_NO_PAD.decode(part).map_err(|_| malformed(path, "not base64url without padding, in its one spelling"))
    };
    let header_bytes = decode(header, "header:")?;
    let signature = decode(signature, "signature:")?;
    let signed = header.len() + 1 + payload.len();
    let payload = decode(payload, "")?;
    let header = Document::parse(header_bytes).map_err(|error| malformed("header:", &error.to_string()))?;
    Ok(Parts { header, payload, signature, signed })
}

pub(super) fn verify(verifier: &Verifier<'_>, bytes: &[u8], place: Place, mut sheet: Sheet) -> Report {
    let parts = match split(bytes) {
        Ok(parts) => parts,
        Err(malformed) => {
            let remedy = "send a compact JWS: base64url without padding, or a JSON document";
            sheet.pass(Name::Size, "the limits of the policy");
            sheet.fail(Name::Syntax, malformed.path, malformed.problem, remedy);
            sheet.stop_after(Name::Syntax, "the JWS could not be read");
            return sheet.close(Form::Unknown);
        }
    };
    let header = parts.header.root();
    if let Err(problem) = verifier.check_size(&parts.header, &mut sheet) {
        return super::too_large(sheet, problem);
    }
    let document = match Document::parse(parts.payload) {
        Ok(document) if document.root().is_object() => Some(document),
        Ok(_) => {
            sheet.fail(Name::Syntax, "", "the payload is not a JSON object", "sign the credential itself");
            None
        }
        Err(error) => {
            sheet.fail(Name::Syntax, "", error.to_string(), "sign strict JSON, with each name once");
            None
        }
    };
    if let Some(Err(problem)) = document.as_ref().map(|document| verifier.check_size(document, &mut sheet)) {
        return super::too_large(sheet, problem);
    }
    sheet.pass(Name::Syntax, "base64url in its one spelling, strict JSON in header and payload");
    check_form(verifier.policy, header, document.as_ref(), &mut sheet);
    let algorithm = algorithm(verifier.policy, header, &mut sheet);
    let signer = signer(verifier.policy, header, document.as_ref(), &mut sheet);
    let method = signer.as_ref().and_then(|signer| key::find(verifier, signer, "header:/kid", &mut sheet));
    certificates::check(verifier, method.as_ref(), signer.as_ref(), &mut sheet);
    match (&method, algorithm) {
        (Some(method), Some(algorithm)) => {
            match method.key.verify(algorithm, &bytes[..parts.signed], &parts.signature) {
                Ok(()) => sheet.pass(Name::Signature, "the key, over header and payload as they were received"),
                Err(error @ VerifyError::Algorithm { .. }) => {
                    let remedy = "sign with the algorithm of the key";
                    sheet.fail(Name::Algorithm, "header:/alg", error.to_string(), remedy);
                }
                Err(error @ VerifyError::Signature(_)) => {
                    sheet.fail(Name::Signature, "signature:", error.to_string(), SIGNATURE_REMEDY);
                }
            }
        }
        (None, _) => sheet.leave_out(&[Name::Key, Name::Signature], "there is no key to check it with"),
        (_, None) => {}
    }
    sheet.leave_out(&[Name::Signature], "there is no algorithm to check it with");
    match document {
        Some(document) => verifier.finish(document, Form::Jws, signer, place, sheet),
        None => {
            sheet.leave_out(&[Name::Issuer], "the payload could not be read");
            sheet.stop_after(Name::Signature, "the payload could not be read");
            let mut report = sheet.close(Form::Jws);
            report.issuer = signer.map(|signer| signer.did);
            report
        }
    }
}

/// Pairs of `typ` and `cty`: those of today, and the older ones that catalogues still take.
const TODAY: [(&str, &str); 2] = [("vc+jwt", "vc"), ("vp+jwt", "vp")];
const OLDER: [(&str, &str); 4] = [
    ("vc+ld+json+jwt", "vc+ld+json"),
    ("vp+ld+json+jwt", "vp+ld+json"),
    ("vp+ld+jwt", "vp+ld+json"),
    ("vc+jwt", "vc+ld+json"),
];

fn check_form(policy: &Policy, header: Json<'_>, document: Option<&Document>, sheet: &mut Sheet) {
    let text = |name: &str| header.get(name).and_then(Json::as_str);
    let (typ, cty) = (text("typ"), text("cty"));
    let older = policy.profile == Profile::Of(Target::Xfsc);
    let pair = match (typ, cty) {
        (Some(typ), Some(cty)) => {
            let known = TODAY.iter().chain(OLDER.iter().filter(|_| older)).find(|pair| **pair == (typ, cty));
            known.map(|pair| pair.0)
        }
        // JOSE and COSE ask for neither beside the other; Gaia-X does.
        (Some(typ), None) if !policy.is_gaia_x() && !header.get("cty").is_some_and(|_| true) => {
            TODAY.iter().find(|pair| pair.0 == typ).map(|pair| pair.0)
        }
        _ => None,
    };
    match pair {
        None => {
            let (typ, cty) = (shown(header.get("typ")), shown(header.get("cty")));
            let problem = format!("`typ` is {typ} and `cty` is {cty}");
            let remedy = "write `vc+jwt` and `vc` for a credential, `vp+jwt` and `vp` for a presentation";
            sheet.fail(Name::Form, if typ == "missing" { "header:/typ" } else { "header:/cty" }, problem, remedy);
        }
        Some(typ) => {
            let expected = if typ.starts_with("vp") { "VerifiablePresentation" } else { "VerifiableCredential" };
            if document.is_some_and(|document| !super::has_type(document.root(), expected)) {
                let problem = format!("`typ` is `{typ}`, but the payload is no {expected}");
                sheet.fail(Name::Form, "/type", problem, "let `typ` say what the payload is");
            }
        }
    }
    if header.get("crit").is_some() {
        let problem = format!("`crit` names extensions, and none is known: {:?}", header.get("crit"));
        sheet.fail(Name::Form, "header:/crit", problem, "sign without critical extensions");
    }
    if header.get("b64").is_some() {
        let remedy = "sign the payload in base64url, as JWS does without `b64`";
        sheet.fail(Name::Form, "header:/b64", "`b64` changes what is signed", remedy);
    }
    for name in ["jwk", "jku", "x5c", "x5u"] {
        // The address of a chain is only ignored: the chain that counts is the one that the DID document names.
        if header.get(name).is_some() && (name != "x5u" || !policy.is_gaia_x()) {
            let problem = format!("the header brings a key of its own in `{name}`");
            let remedy = "name the key in `kid`; it is taken from the issuer's DID document";
            sheet.fail(Name::Form, format!("header:/{name}"), problem, remedy);
        }
    }
    sheet.pass(Name::Form, "a compact JWS whose header says what its payload is");
}

fn algorithm(policy: &Policy, header: Json<'_>, sheet: &mut Sheet) -> Option<Algorithm> {
    let found = header.get("alg");
    let algorithm = found.and_then(Json::as_str).and_then(|name| name.parse::<Algorithm>().ok());
    let allowed = algorithm.filter(|algorithm| policy.algorithms.contains(algorithm));
    if allowed.is_none() {
        let names: Vec<&str> = policy.algorithms.iter().map(|algorithm| algorithm.name()).collect();
        let problem = format!("`alg` is {}, allowed are {}", shown(found), names.join(", "));
        sheet.fail(Name::Algorithm, "header:/alg", problem, "sign with an algorithm of the list");
    } else {
        sheet.pass(Name::Algorithm, "the list of the policy, and the type of the key");
    }
    allowed
}

/// Who the header says it is from, and whether the payload says the same.
fn signer(policy: &Policy, header: Json<'_>, document: Option<&Document>, sheet: &mut Sheet) -> Option<Signer> {
    let root = document.map(Document::root);
    let stated = root.and_then(|root| model::issuer_of(policy, root, sheet));
    let text = |value: Option<Json<'_>>| value.and_then(Json::as_str).map(str::to_owned);
    let in_header = text(header.get("iss"));
    if header.get("iss").is_some() && in_header.is_none() || in_header.is_none() && asks_for_iss(policy) {
        let problem = format!("the header member `iss` is {}", shown(header.get("iss")));
        sheet.fail(Name::Issuer, "header:/iss", problem, "write the issuer's DID into `iss` of the header");
    }
    let claimed = root.and_then(|root| root.get("iss"));
    if claimed.is_none() && policy.profile == Profile::Of(Target::Xfsc) {
        sheet.fail(
            Name::Issuer,
            "/iss",
            "the payload has no `iss`",
            "write the issuer's DID into `iss` of the payload",
        );
    }
    let issuer = in_header.clone().or_else(|| stated.clone())?;
    if let Some(stated) = stated.filter(|stated| *stated != issuer) {
        let problem = format!("the payload is issued by `{stated:.200}`, the header says `{issuer:.200}`");
        sheet.fail(Name::Issuer, "/issuer", problem, "let the one who issues sign");
    }
    if let Some(claimed) = claimed.filter(|claimed| claimed.as_str() != Some(&issuer)) {
        let problem = format!("the payload's `iss` is {}, the header says `{issuer:.200}`", shown(Some(claimed)));
        sheet.fail(Name::Issuer, "/iss", problem, "let `iss` name the issuer");
    }
    let did = key::did(&issuer, if in_header.is_some() { "header:/iss" } else { "/issuer" }, sheet)?;
    let method = method(policy, header, did.as_str(), sheet)?;
    sheet.pass(Name::Issuer, "`kid` is a method of the issuer, and header and payload name the same issuer");
    Some(Signer { did, method })
}

fn asks_for_iss(policy: &Policy) -> bool {
    matches!(policy.target(), Some(Target::Danube | Target::Loire))
}

/// The verification method that `kid` names: a DID URL of the issuer.
fn method(policy: &Policy, header: Json<'_>, issuer: &str, sheet: &mut Sheet) -> Option<String> {
    let kid = header.get("kid").and_then(Json::as_str);
    let whole = match kid {
        Some(fragment) if fragment.starts_with('#') && policy.profile == Profile::Of(Target::Xfsc) => {
            Some(format!("{issuer}{fragment}"))
        }
        Some(kid) if kid.strip_prefix(issuer).is_some_and(|rest| rest.starts_with('#')) => Some(kid.to_owned()),
        _ => None,
    };
    if whole.is_none() {
        let problem = format!("`kid` is {}, not a method of the issuer", shown(header.get("kid")));
        let remedy = "write the DID URL of the issuer's verification method into `kid`";
        sheet.add(
            Name::Issuer,
            Outcome::Failed,
            super::Finding { path: "header:/kid".to_owned(), problem, remedy: remedy.into() },
        );
    }
    whole
}
