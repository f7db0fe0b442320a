//! Data Integrity proofs (W3C *Verifiable Credential Data Integrity 1.0*) of the suites `eddsa-rdfc-2022` and `eddsa-jcs-2022`.
//!
//! Signed is SHA-256(canonical proof options) ‖ SHA-256(canonical document). How a document becomes canonical is not known
//! here: its digest is handed in. The canonical proof options have one shape, so they are written, not computed.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use super::key::{SigningKey, VerificationKey, VerifyError};
use super::{SignError, SignatureError};
use crate::base58;
use crate::canonical;
use crate::proof::key::Algorithm;
use crate::timestamp::Timestamp;

/// How document and proof options become bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Suite {
    /// Statements in canonical N-Quads (RDFC-1.0).
    EddsaRdfc2022,
    /// Canonical JSON (RFC 8785).
    EddsaJcs2022,
}

/// Longest `proofValue` that is decoded: 64 bytes have at most 88 digits and a letter.
const PROOF_VALUE_MAX: usize = 90;

impl Suite {
    /// As `cryptosuite` of a proof.
    pub fn name(self) -> &'static str {
        match self {
            Self::EddsaRdfc2022 => "eddsa-rdfc-2022",
            Self::EddsaJcs2022 => "eddsa-jcs-2022",
        }
    }
}

/// What a proof says beside its value: everything that is signed with the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options<'a> {
    /// How it is made.
    pub suite: Suite,
    /// When.
    pub created: Timestamp,
    /// The DID URL of the key.
    pub method: &'a str,
    /// What for: `assertionMethod`, or `authentication`.
    pub purpose: &'a str,
    /// The `@context` of the document in canonical JSON, which a proof of `eddsa-jcs-2022` repeats.
    pub context: &'a str,
}

impl Options<'_> {
    /// The bytes whose digest is signed: canonical N-Quads of one blank node, or canonical JSON.
    pub fn canonical(&self) -> String {
        let mut text = String::with_capacity(1024);
        let Self { suite, created, method, purpose, context } = self;
        // Writing to a string does not fail.
        let _ = match suite {
            Suite::EddsaRdfc2022 => write!(
                text,
                "_:c14n0 <http://purl.org/dc/terms/created> \"{created}\"^^<http://www.w3.org/2001/XMLSchema#dateTime> .\n\
                 _:c14n0 <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <https://w3id.org/security#DataIntegrityProof> .\n\
                 _:c14n0 <https://w3id.org/security#cryptosuite> \"eddsa-rdfc-2022\"^^<https://w3id.org/security#cryptosuiteString> .\n\
                 _:c14n0 <https://w3id.org/security#proofPurpose> <https://w3id.org/security#{purpose}> .\n\
                 _:c14n0 <https://w3id.org/security#verificationMethod> <{method}> .\n"
            ),
            Suite::EddsaJcs2022 => {
                write!(text, "{{\"@context\":{context},{}}}", self.members(None))
            }
        };
        text
    }

    /// The 64 bytes that are signed.
    pub fn signed_bytes(&self, document: [u8; 32]) -> [u8; 64] {
        let mut bytes = [0; 64];
        bytes[..32].copy_from_slice(&Sha256::digest(self.canonical().as_bytes()));
        bytes[32..].copy_from_slice(&document);
        bytes
    }

    /// The proof over a document with this digest, in canonical JSON.
    pub fn sign(&self, document: [u8; 32], key: &dyn SigningKey) -> Result<String, SignError> {
        let signature = key.sign_bytes(&self.signed_bytes(document))?;
        if signature.len() != 64 {
            return Err(SignError(Box::new(ProofError::Value)));
        }
        let value = format!("z{}", base58::encode(&signature));
        let members = self.members(Some(&value));
        Ok(match self.suite {
            Suite::EddsaRdfc2022 => format!("{{{members}}}"),
            Suite::EddsaJcs2022 => format!("{{\"@context\":{},{members}}}", self.context),
        })
    }

    /// Checks a `proofValue` over a document with this digest.
    pub fn verify(&self, document: [u8; 32], value: &str, key: &VerificationKey) -> Result<(), ProofError> {
        let signature = decode_proof_value(value)?;
        Ok(key.verify(Algorithm::EdDsa, &self.signed_bytes(document), &signature)?)
    }

    /// The members of the proof in the order of canonical JSON, behind `@context`.
    fn members(&self, value: Option<&str>) -> String {
        let mut method = Vec::new();
        canonical::write_string(self.method, &mut method);
        let method = String::from_utf8_lossy(&method);
        let value = value.map_or(String::new(), |value| format!("\"proofValue\":\"{value}\","));
        let Self { suite, created, purpose, .. } = self;
        format!(
            "\"created\":\"{created}\",\"cryptosuite\":\"{}\",\"proofPurpose\":\"{purpose}\",{value}\
             \"type\":\"DataIntegrityProof\",\"verificationMethod\":{method}",
            suite.name()
        )
    }
}

/// Why a proof does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// Not `z` and 64 bytes in base58btc.
    #[error("the `proofValue` is not 64 bytes of base58btc behind `z`")]
    Value,
    /// Signed by another key, by a key of another type, or changed since.
    #[error("the signature of the proof is bad")]
    Signature(#[from] VerifyError),
}

impl From<SignatureError> for ProofError {
    fn from(error: SignatureError) -> Self {
        Self::Signature(error.into())
    }
}

/// The signature in a `proofValue`.
pub fn decode_proof_value(value: &str) -> Result<[u8; 64], ProofError> {
    let digits = value.strip_prefix('z').filter(|_| value.len() <= PROOF_VALUE_MAX).ok_or(ProofError::Value)?;
    let bytes = base58::decode(digits).ok_or(ProofError::Value)?;
    bytes.try_into().map_err(|_| ProofError::Value)
}

/// The digest of canonical lines, without joining them.
pub fn digest_of_lines<'a>(lines: impl Iterator<Item = &'a str>) -> [u8; 32] {
    let mut digest = Sha256::new();
    for line in lines {
        digest.update(line.as_bytes());
    }
    digest.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proof::SoftwareKey;

    fn options(suite: Suite) -> Options<'static> {
        let created = Timestamp::EPOCH;
        Options { suite, created, method: "did:web:h#\"k", purpose: "assertionMethod", context: "[\"c\"]" }
    }

    #[test]
    fn what_is_written_is_the_canonical_form_of_the_proof_without_its_value() {
        let key = SoftwareKey::from_seed(&[1; 32]);
        for suite in [Suite::EddsaJcs2022, Suite::EddsaRdfc2022] {
            let proof = options(suite).sign([7; 32], &key).unwrap();
            let mut value = canonical::parse(proof.as_bytes()).unwrap();
            assert_eq!(canonical::to_vec(&value).unwrap(), proof.as_bytes());
            value.as_object_mut().unwrap().remove("proofValue");
            if suite == Suite::EddsaJcs2022 {
                assert_eq!(canonical::to_vec(&value).unwrap(), options(suite).canonical().as_bytes());
            }
        }
    }

    #[test]
    fn a_bad_proof_value_is_refused() {
        let good = format!("z{}", base58::encode(&[7; 64]));
        assert_eq!(decode_proof_value(&good), Ok([7; 64]));
        let long = format!("z{}", "1".repeat(90));
        let short = format!("z{}", base58::encode(&[7; 63]));
        for bad in ["", "z", "u", &good[1..], &format!("{good}0"), &format!("z1{}", &good[1..]), &long, &short] {
            assert_eq!(decode_proof_value(bad), Err(ProofError::Value), "{bad}");
        }
    }
}
