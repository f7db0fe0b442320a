//! Credentials as compact JWS, `vc+jwt` (W3C *Securing Verifiable Credentials using JOSE and COSE*; Gaia-X ICAM 25.11).
//!
//! Header: `alg` `EdDSA`, `typ` `vc+jwt`, `cty` `vc`, `kid` the DID URL of the key, `iss` the issuer. Payload: the
//! credential itself, without a `vc` member around it. Resolving a did:web is not known here: its document is handed in.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::key::{Algorithm, SigningKey};
use super::{PublicKey, SignError, SignatureError, Signer};
use crate::canonical;
use crate::credential::Credential;
use crate::did::{self, Did, DidError};
use crate::timestamp::Timestamp;
use crate::vocabulary::Ontology;

/// Seconds by which the clocks of issuer and verifier may differ.
pub const SKEW_SECONDS: i64 = 60;

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

/// Why a credential is not what it says.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// Not three parts of base64url without padding.
    #[error("not a compact JWS: three parts of base64url without padding")]
    Compact,
    /// A header or payload that is not strict JSON.
    #[error("the {part} of the JWS is not strict JSON")]
    Json {
        /// `header` or `payload`.
        part: &'static str,
        /// Why.
        #[source]
        source: canonical::ReadError,
    },
    /// A header or payload member with another value than the profile asks for.
    #[error("the member `{member}` is {found}, expected {expected}")]
    Member {
        /// Its name.
        member: &'static str,
        /// What stands there.
        found: String,
        /// What the profile asks for.
        expected: String,
    },
    /// The issuer's key is not known.
    #[error("the issuer's key is not known")]
    Key(#[from] DidError),
    /// Signed by another key, or changed since.
    #[error("the signature of the JWS is bad")]
    Signature(#[from] SignatureError),
    /// Not valid yet, or no more.
    #[error("the credential is valid from {from} until {until}, not at {now}")]
    Period {
        /// `validFrom`.
        from: Timestamp,
        /// `validUntil`.
        until: Timestamp,
        /// The time of the check.
        now: Timestamp,
    },
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

/// Checks a credential at the time `now`. `document` gives the DID document of a did:web issuer.
///
/// Order: form, header, key, signature, then payload; nothing of the payload is looked at before its signature holds.
pub fn verify(jws: &str, now: Timestamp, document: impl Fn(&Did) -> Option<Value>) -> Result<Verified, VerifyError> {
    let parts: Vec<&str> = jws.split('.').collect();
    let [header, payload, signature] = parts.as_slice() else { return Err(VerifyError::Compact) };
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| VerifyError::Compact);
    let issuer = check_header(&decode(header)?)?;
    let key = key_of(&issuer, document)?;
    let signed = &jws[..header.len() + 1 + payload.len()];
    key.verify(signed.as_bytes(), &decode(signature)?)?;
    let credential: Map<String, Value> =
        canonical::from_slice(&decode(payload)?).map_err(|source| VerifyError::Json { part: "payload", source })?;
    check_payload(&credential, &issuer, now)?;
    Ok(Verified { issuer, credential })
}

fn key_of(issuer: &Did, document: impl Fn(&Did) -> Option<Value>) -> Result<PublicKey, VerifyError> {
    if issuer.is_key() {
        return Ok(issuer.to_key()?);
    }
    let method = issuer.verification_method();
    let missing = || DidError::Method { did: issuer.to_string(), method: method.clone() };
    let document = document(issuer).ok_or_else(missing)?;
    Ok(did::key_in_document(issuer, &method, &document)?)
}

fn check_header(bytes: &[u8]) -> Result<Did, VerifyError> {
    let header: Map<String, Value> =
        canonical::from_slice(bytes).map_err(|source| VerifyError::Json { part: "header", source })?;
    expect(&header, "alg", "EdDSA")?;
    expect(&header, "typ", "vc+jwt")?;
    expect(&header, "cty", "vc")?;
    absent(&header, "crit")?;
    let issuer: Did = text(&header, "iss")?.parse()?;
    expect(&header, "kid", &issuer.verification_method())?;
    Ok(issuer)
}

fn check_payload(credential: &Map<String, Value>, issuer: &Did, now: Timestamp) -> Result<(), VerifyError> {
    absent(credential, "vc")?;
    absent(credential, "vp")?;
    expect(credential, "issuer", issuer.as_str())?;
    let id = text(credential, "id")?;
    if credential.get("credentialSubject").and_then(|subject| subject.get("id")).and_then(Value::as_str) == Some(id) {
        let expected = "another than that of the credential".to_owned();
        return Err(VerifyError::Member { member: "credentialSubject.id", found: id.to_owned(), expected });
    }
    let time = |member| -> Result<Timestamp, VerifyError> {
        let found = text(credential, member)?;
        found.parse().map_err(|_| VerifyError::Member {
            member,
            found: found.to_owned(),
            expected: "RFC 3339".to_owned(),
        })
    };
    let (from, until) = (time("validFrom")?, time("validUntil")?);
    if now.plus_seconds(SKEW_SECONDS) < from || until < now.plus_seconds(-SKEW_SECONDS) {
        return Err(VerifyError::Period { from, until, now });
    }
    Ok(())
}

fn text<'a>(object: &'a Map<String, Value>, member: &'static str) -> Result<&'a str, VerifyError> {
    object.get(member).and_then(Value::as_str).ok_or_else(|| VerifyError::Member {
        member,
        found: object.get(member).map_or("missing".to_owned(), ToString::to_string),
        expected: "a text".to_owned(),
    })
}

fn expect(object: &Map<String, Value>, member: &'static str, expected: &str) -> Result<(), VerifyError> {
    let found = text(object, member)?;
    if found == expected {
        return Ok(());
    }
    Err(VerifyError::Member { member, found: format!("`{found}`"), expected: format!("`{expected}`") })
}

fn absent(object: &Map<String, Value>, member: &'static str) -> Result<(), VerifyError> {
    match object.get(member) {
        None => Ok(()),
        Some(found) => {
            Err(VerifyError::Member { member, found: found.to_string(), expected: "that it is not there".to_owned() })
        }
    }
}
