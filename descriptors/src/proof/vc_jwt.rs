//! Credentials as compact JWS, `vc+jwt` (W3C *Securing Verifiable Credentials using JOSE and COSE*; Gaia-X ICAM 25.11).
//!
//! Header: `alg` `EdDSA`, `typ` `vc+jwt`, `cty` `vc`, `kid` the DID URL of the key, `iss` the issuer. Payload: the
//! credential itself, without a `vc` member around it. Resolving a did:web is not known here: its document is handed in.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::key::{Algorithm, SigningKey};
use super::{SignError, Signer};
use crate::canonical;
use crate::certificate::Roots;
use crate::credential::Credential;
use crate::did::Did;
use crate::json_ld::Contexts;
use crate::target::Target;
use crate::timestamp::Timestamp;
use crate::verify::{Check, Form, Held, Name, Outcome, Policy, Report, Resolution, Verifier};
use crate::vocabulary::Ontology;

/// Why a credential was not issued.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// It has no canonical form.
    #[error("the credential has no canonical form")]
    Canonical(#[from] canonical::WriteError),
    /// The key holder failed.
    #[error("the credential was not signed")]
    Sign(#[from] SignError),
}

/// The credential is refused: a check failed, or could not be made.
#[derive(Debug, thiserror::Error)]
#[error("{}", findings(.0))]
pub struct VerifyError(pub Box<Report>);

fn findings(report: &Report) -> String {
    let findings = report.findings().into_iter();
    let mut lines: Vec<String> = findings
        .map(|(name, _, finding)| format!("{} ({}): {}", name.as_str(), finding.path, finding.problem))
        .collect();
    if lines.is_empty() {
        lines.push("not a credential as compact JWS".to_owned());
    }
    lines.join("; ")
}

/// A credential whose signature was checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Verified {
    /// Who issued it: the controller of the key.
    pub issuer: Did,
    /// The payload.
    pub credential: Map<String, Value>,
}

/// What a JWS says it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// One credential.
    Credential,
    /// A presentation of several.
    Presentation,
}

impl Content {
    /// As `typ` of the header.
    pub fn typ(self) -> &'static str {
        match self {
            Self::Credential => "vc+jwt",
            Self::Presentation => "vp+jwt",
        }
    }

    /// As `cty` of the header.
    pub fn cty(self) -> &'static str {
        match self {
            Self::Credential => "vc",
            Self::Presentation => "vp",
        }
    }
}

/// The header in base64url with the full stop behind it: the same for all that a key signs in one name.
pub fn encoded_header(algorithm: Algorithm, content: Content, method: &str, issuer: &Did) -> String {
    // In the order of canonical JSON; a DID and its method need no escapes.
    let (typ, cty) = (content.typ(), content.cty());
    let header = format!(r#"{{"alg":"{algorithm}","cty":"{cty}","iss":"{issuer}","kid":"{method}","typ":"{typ}"}}"#);
    let mut encoded = URL_SAFE_NO_PAD.encode(header);
    encoded.push('.');
    encoded
}

/// The compact JWS of `payload`, below a header of [`encoded_header`].
pub fn sign(header: &str, payload: &[u8], key: &dyn SigningKey) -> Result<String, SignError> {
    let mut jws = String::with_capacity(header.len() + payload.len() * 4 / 3 + 128);
    jws.push_str(header);
    URL_SAFE_NO_PAD.encode_string(payload, &mut jws);
    let signature = key.sign_bytes(jws.as_bytes())?;
    jws.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut jws);
    Ok(jws)
}

/// Signs a credential for the target `danube`, under the issuer's first key.
pub fn issue(credential: &Credential, signer: &dyn Signer) -> Result<String, IssueError> {
    let method = credential.issuer.verification_method();
    let header = encoded_header(Algorithm::EdDsa, Content::Credential, &method, &credential.issuer);
    let document = credential.to_vec(credential.context(Ontology::default()))?;
    Ok(sign(&header, &document, &signer)?)
}

/// Checks a credential for the target `danube` at the time `now`. `document` gives the DID document of a did:web issuer.
///
/// The rules are those of [`crate::verify`]; this is their short form for who holds a compact JWS and wants yes or no. Whether
/// it was withdrawn is not asked: the caller looks it up in the status lists that it names.
pub fn verify(jws: &str, now: Timestamp, document: impl Fn(&Did) -> Option<Value>) -> Result<Verified, VerifyError> {
    // The names that we sign were made from types; what they mean is not asked again.
    let policy = Policy { terms: false, ..Policy::at(now).for_target(Target::Danube) };
    let document = |did: &Did| Resolution::read(did, document(did).as_ref());
    let (contexts, roots) = (Contexts::default(), Roots::default());
    let held = Held { document: &document, chain: &|_| None, roots: &roots, list: &|_| None, contexts: &contexts };
    let report = Verifier::new(&policy, &held).verify(jws.as_bytes());
    let is_jws = report.form == Form::Jws && !report.is_presentation && !jws.trim_start().starts_with('{');
    // No list is at hand: how the credential stands is for the caller to ask.
    let holds = |check: &Check| match check.name {
        Name::Status => check.outcome != Outcome::Failed,
        _ => check.outcome == Outcome::Passed,
    };
    let is_good = is_jws && report.checks.iter().all(holds);
    let credential = report.document().filter(|_| is_good).map(|document| document.root().to_value());
    match (credential, &report.issuer) {
        (Some(Value::Object(credential)), Some(issuer)) => Ok(Verified { issuer: issuer.clone(), credential }),
        _ => Err(VerifyError(Box::new(report))),
    }
}
