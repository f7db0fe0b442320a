//! `JsonWebSignature2020` as the Tagus release of Gaia-X uses it: a detached JWS over the digest of the statements.
//!
//! The payload is the lower-case hexadecimal SHA-256 of the canonical N-Quads of the credential without its proof; the
//! options of the proof are not covered, which is why nobody should want this format. It is not encoded (`b64` false,
//! RFC 7797). How statements become canonical is not known here.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::SignError;
use super::key::{Algorithm, SigningKey, VerificationKey, VerifyError};
use super::statements::{self, StatementsError};
use crate::canonical;
use crate::digest::Digest;
use crate::json_ld::Contexts;
use crate::timestamp::Timestamp;

/// Why a detached JWS does not hold.
#[derive(Debug, thiserror::Error)]
pub enum JwsError {
    /// Not a header, nothing, and a signature.
    #[error("not a detached JWS: a header, two full stops, and a signature, in base64url without padding")]
    Form,
    /// Another header than the suite's.
    #[error("the header of the JWS is not that of an unencoded payload: `alg`, `b64` false, `crit` [\"b64\"]")]
    Header(#[source] Option<canonical::ReadError>),
    /// An algorithm that is not taken.
    #[error(transparent)]
    Algorithm(#[from] super::key::AlgorithmError),
    /// Signed by another key, or changed since.
    #[error("the signature of the JWS is bad")]
    Signature(#[from] VerifyError),
}

/// The proof over statements with this digest.
pub fn sign(document: Digest, created: Timestamp, method: &str, key: &dyn SigningKey) -> Result<Value, SignError> {
    let header = encoded_header(key.verification_key().algorithm());
    let signature = key.sign_bytes(&signed_bytes(&header, document.hex().as_bytes()))?;
    Ok(json!({
        "type": "JsonWebSignature2020",
        "created": created,
        "proofPurpose": "assertionMethod",
        "verificationMethod": method,
        "jws": format!("{header}..{}", URL_SAFE_NO_PAD.encode(signature)),
    }))
}

/// Why a document was not signed.
#[derive(Debug, thiserror::Error)]
pub enum SecureError {
    /// Not an object, signed already, or not issued in this name for this target.
    #[error("not an unsigned credential of this issuer for this target")]
    Shape,
    /// It has no canonical form.
    #[error("the document has no canonical form")]
    Canonical(#[from] canonical::WriteError),
    /// Not everything in it can be signed.
    #[error("the document has no canonical statements")]
    Statements(#[from] StatementsError),
    /// The key holder failed.
    #[error("the document was not signed")]
    Sign(#[from] SignError),
}

/// The document with its proof. `contexts` hold what it names: Gaia-X's context is not embedded here.
pub fn secure(
    mut document: Value,
    created: Timestamp,
    method: &str,
    key: &dyn SigningKey,
    contexts: &Contexts,
) -> Result<Value, SecureError> {
    if document.as_object().is_none_or(|members| members.contains_key("proof")) {
        return Err(SecureError::Shape);
    }
    let digest = Digest::of(statements::canonical(&document, contexts)?.as_bytes());
    document["proof"] = sign(digest, created, method, key)?;
    Ok(document)
}

/// Checks a `jws` over `payload`: 64 hexadecimal digits in the flavour of Gaia-X, 64 raw bytes in that of the suite's text.
pub fn verify(jws: &str, payload: &[u8], key: &VerificationKey) -> Result<(), JwsError> {
    let (header, signature) = jws.split_once("..").ok_or(JwsError::Form)?;
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| JwsError::Form);
    let members: Value = canonical::from_slice(&decode(header)?).map_err(|source| JwsError::Header(Some(source)))?;
    let unencoded = members["b64"] == json!(false) && members["crit"] == json!(["b64"]);
    let algorithm = members["alg"].as_str().filter(|_| unencoded).ok_or(JwsError::Header(None))?;
    let algorithm: Algorithm = algorithm.parse()?;
    Ok(key.verify(algorithm, &signed_bytes(header, payload), &decode(signature)?)?)
}

fn encoded_header(algorithm: Algorithm) -> String {
    URL_SAFE_NO_PAD.encode(format!("{{\"alg\":\"{algorithm}\",\"b64\":false,\"crit\":[\"b64\"]}}"))
}

fn signed_bytes(header: &str, payload: &[u8]) -> Vec<u8> {
    [header.as_bytes(), b".", payload].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proof::{Signer as _, SoftwareKey};

    #[test]
    fn a_document_is_signed_over_its_statements() {
        let key = SoftwareKey::from_seed(&[1; 32]);
        let contexts = Contexts::with_w3c::<String>([]).unwrap();
        let document = json!({
            "@context": ["https://www.w3.org/2018/credentials/v1"],
            "id": "urn:a", "type": ["VerifiableCredential"], "issuer": "did:web:h",
            "issuanceDate": "2026-11-21T00:00:00Z", "credentialSubject": {"id": "urn:s"},
        });
        let signed = secure(document.clone(), Timestamp::EPOCH, "did:web:h#key-1", &key, &contexts).unwrap();
        let digest = Digest::of(statements::canonical(&document, &contexts).unwrap().as_bytes());
        let jws = signed["proof"]["jws"].as_str().unwrap();
        assert!(verify(jws, digest.hex().as_bytes(), &key.public_key().into()).is_ok());
        let mut unknown = document;
        unknown["colour"] = json!("red");
        let refused = |document| secure(document, Timestamp::EPOCH, "did:web:h#key-1", &key, &contexts);
        assert!(matches!(refused(unknown), Err(SecureError::Statements(_))), "nothing goes unsigned");
        assert!(matches!(refused(signed), Err(SecureError::Shape)));
        assert!(matches!(refused(json!([])), Err(SecureError::Shape)));
    }

    #[test]
    fn a_detached_signature_holds_for_its_digest_only() {
        let key = SoftwareKey::from_seed(&[1; 32]);
        let digest = Digest::of(b"statements");
        let proof = sign(digest, Timestamp::EPOCH, "did:web:h#key-1", &key).unwrap();
        let jws = proof["jws"].as_str().unwrap();
        let public = key.public_key().into();
        assert!(verify(jws, digest.hex().as_bytes(), &public).is_ok());
        assert!(matches!(verify(jws, Digest::of(b"other").hex().as_bytes(), &public), Err(JwsError::Signature(_))));
        let (_, signature) = jws.split_once("..").unwrap();
        for (header, fault) in [
            (r#"{"alg":"EdDSA"}"#, "unencoded"),
            (r#"{"alg":"EdDSA","b64":true,"crit":["b64"]}"#, "unencoded"),
            (r#"{"alg":"EdDSA","b64":false,"crit":["b64","exp"]}"#, "unencoded"),
            (r#"{"alg":"none","b64":false,"crit":["b64"]}"#, "`none`"),
            (r#"{"alg":"ES256","b64":false,"crit":["b64"]}"#, "signature"),
            (r#"{"alg":"EdDSA","alg":"EdDSA","b64":false,"crit":["b64"]}"#, "unencoded"),
        ] {
            let jws = format!("{}..{signature}", URL_SAFE_NO_PAD.encode(header));
            let error = verify(&jws, digest.hex().as_bytes(), &public).unwrap_err().to_string();
            assert!(error.contains(fault), "{header}: {error}");
        }
        assert!(matches!(verify("a.b.c", b"", &public), Err(JwsError::Form)));
    }
}
