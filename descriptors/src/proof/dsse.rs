//! DSSE envelopes (Dead Simple Signing Envelope, protocol v1.0.2): the signed bytes travel and are kept as they are.
//!
//! The envelope is JSON with `payload`, `payloadType` and `signatures`; what is signed is the pre-authentication encoding
//! `DSSEv1 SP len(type) SP type SP len(payload) SP payload`. Exactly one signature is made and taken.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::{PublicKey, SignError, SignatureError, Signer};
use crate::canonical;
use crate::did::Did;

/// Signed bytes with their type and one signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The media type of the payload.
    pub payload_type: String,
    /// The bytes that were signed.
    pub payload: Vec<u8>,
    /// Which key signed: a hint, never trusted by itself.
    pub key_id: String,
    /// Ed25519 signature over the pre-authentication encoding.
    pub signature: Vec<u8>,
}

/// Why bytes are not an envelope.
#[derive(Debug, thiserror::Error)]
pub enum ParseError {
    /// Not the JSON of an envelope.
    #[error("the envelope is not JSON of the DSSE shape")]
    Json(#[from] canonical::ReadError),
    /// Not standard base64 with padding.
    #[error("the envelope's {0} is not standard base64")]
    Base64(&'static str),
    /// None, or several signatures.
    #[error("the envelope has {0} signatures, expected one")]
    Signatures(usize),
    /// Other bytes than those this envelope is written as.
    #[error("the envelope is not in canonical form")]
    NotCanonical,
}

/// Why an envelope does not prove what it says.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The payload is of another type.
    #[error("the payload type is `{found}`, expected `{expected}`")]
    PayloadType {
        /// In the envelope.
        found: String,
        /// Asked for.
        expected: &'static str,
    },
    /// Signed by another key, or changed since.
    #[error("the envelope's signature is bad")]
    Signature(#[from] SignatureError),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    payload: String,
    #[serde(rename = "payloadType")]
    payload_type: String,
    signatures: Vec<WireSignature>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireSignature {
    keyid: String,
    sig: String,
}

impl Envelope {
    /// Signs `payload`; the key id is the signer's did:key.
    pub fn sign(payload_type: &str, payload: Vec<u8>, signer: &dyn Signer) -> Result<Self, SignError> {
        let signature = signer.sign(&pre_authentication(payload_type, &payload))?.to_vec();
        let key_id = Did::key(&signer.public_key()).to_string();
        Ok(Self { payload_type: payload_type.to_owned(), payload, key_id, signature })
    }

    /// The canonical bytes of the envelope.
    pub fn to_bytes(&self) -> Vec<u8> {
        let text = |text: &str| serde_json::Value::from(text).to_string();
        format!(
            r#"{{"payload":"{}","payloadType":{},"signatures":[{{"keyid":{},"sig":"{}"}}]}}"#,
            STANDARD.encode(&self.payload),
            text(&self.payload_type),
            text(&self.key_id),
            STANDARD.encode(&self.signature)
        )
        .into_bytes()
    }

    /// Reads an envelope; only the canonical bytes are one, so that equal envelopes are equal bytes.
    pub fn parse(bytes: &[u8]) -> Result<Self, ParseError> {
        let wire: Wire = canonical::from_slice(bytes)?;
        let [signature] = wire.signatures.as_slice() else {
            return Err(ParseError::Signatures(wire.signatures.len()));
        };
        let envelope = Self {
            payload: STANDARD.decode(&wire.payload).map_err(|_| ParseError::Base64("payload"))?,
            signature: STANDARD.decode(&signature.sig).map_err(|_| ParseError::Base64("signature"))?,
            key_id: signature.keyid.clone(),
            payload_type: wire.payload_type,
        };
        if envelope.to_bytes() == bytes { Ok(envelope) } else { Err(ParseError::NotCanonical) }
    }

    /// The payload, once its type and signature are checked.
    pub fn verify(&self, payload_type: &'static str, key: &PublicKey) -> Result<&[u8], VerifyError> {
        if self.payload_type != payload_type {
            return Err(VerifyError::PayloadType { found: self.payload_type.clone(), expected: payload_type });
        }
        key.verify(&pre_authentication(&self.payload_type, &self.payload), &self.signature)?;
        Ok(&self.payload)
    }
}

fn pre_authentication(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut bytes = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len()).into_bytes();
    bytes.extend_from_slice(payload);
    bytes
}

#[cfg(test)]
mod tests {
    use super::super::SoftwareKey;
    use super::*;

    const TYPE: &str = "application/vnd.avow.test+json";

    fn envelope() -> (Envelope, PublicKey) {
        let key = SoftwareKey::from_seed(&[7; 32]);
        (Envelope::sign(TYPE, b"{\"a\":1}".to_vec(), &key).unwrap(), key.public_key())
    }

    #[test]
    fn the_encoding_is_that_of_the_protocol() {
        let expect = b"DSSEv1 29 http://example.com/HelloWorld 11 hello world";
        assert_eq!(pre_authentication("http://example.com/HelloWorld", b"hello world"), expect);
    }

    #[test]
    fn an_envelope_reads_back_and_verifies() {
        let (envelope, key) = envelope();
        let read = Envelope::parse(&envelope.to_bytes()).unwrap();
        assert_eq!(read, envelope);
        assert_eq!(read.verify(TYPE, &key).unwrap(), b"{\"a\":1}");
        assert!(read.verify("application/json", &key).is_err());
        assert!(read.verify(TYPE, &SoftwareKey::from_seed(&[8; 32]).public_key()).is_err());
    }

    #[test]
    fn one_flipped_bit_breaks_an_envelope() {
        let (envelope, key) = envelope();
        let bytes = envelope.to_bytes();
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let accepted = Envelope::parse(&flipped).is_ok_and(|read| {
                // The key id is a hint: changing it must not make another statement of it.
                read.verify(TYPE, &key).is_ok() && read.key_id == envelope.key_id
            });
            assert!(!accepted, "bit {bit}");
        }
    }
}
