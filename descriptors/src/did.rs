//! Decentralised identifiers: did:key for Ed25519 and did:web documents.
//!
//! did:key follows the W3C-CCG method text: `did:key:z` + base58btc(`ed 01` ‖ 32 key bytes); the verification method is
//! the DID, `#`, and the same multibase text again. Fetching a did:web document is not known here: a document is handed in.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};

use crate::proof::PublicKey;

const ED25519_MULTICODEC: [u8; 2] = [0xed, 0x01];

/// A DID without fragment, path or query.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Did(String);

/// Why a text is not a DID, or not one whose key is known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DidError {
    /// Not the syntax of a did:key or did:web.
    #[error("`{0}` is not a did:key or a did:web")]
    Syntax(String),
    /// A multibase letter other than `z`.
    #[error("the did:key `{0}` is not base58btc: after `did:key:` comes `z`")]
    Multibase(String),
    /// A key type other than Ed25519.
    #[error("the did:key `{did}` is a {codec} key: only Ed25519 is supported")]
    Codec {
        /// The DID.
        did: String,
        /// What it is.
        codec: String,
    },
    /// Wrong length, or not a point of the curve.
    #[error("the did:key `{0}` does not hold an Ed25519 public key")]
    Key(String),
    /// The same key has another, canonical spelling.
    #[error("the did:key `{0}` is not spelt canonically")]
    Spelling(String),
    /// A host name that did:web cannot carry.
    #[error("`{0}` is not a host name with an optional port")]
    Host(String),
    /// A DID document that does not have the key asked for.
    #[error("the DID document of `{did}` has no usable assertion method `{method}`")]
    Method {
        /// The DID.
        did: String,
        /// The verification method.
        method: String,
    },
}

impl Did {
    /// The did:key of an Ed25519 key.
    pub fn key(key: &PublicKey) -> Self {
        let mut bytes = ED25519_MULTICODEC.to_vec();
        bytes.extend_from_slice(key.as_bytes());
        Self(format!("did:key:z{}", bs58::encode(bytes).into_string()))
    }

    /// The did:web of a host name with an optional port: `cloud.example` or `127.0.0.1:7070`.
    pub fn web(host: &str) -> Result<Self, DidError> {
        let (name, port) = host.split_once(':').map_or((host, None), |(name, port)| (name, Some(port)));
        let good = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
        let port_good = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|number| number.to_string() == port));
        if name.is_empty() || name.len() > 253 || !name.chars().all(good) || !port_good {
            return Err(DidError::Host(host.to_owned()));
        }
        Ok(Self(format!("did:web:{}", host.to_ascii_lowercase().replace(':', "%3A"))))
    }

    /// The DID as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is a did:key.
    pub fn is_key(&self) -> bool {
        self.0.starts_with("did:key:")
    }

    /// The key inside a did:key.
    pub fn to_key(&self) -> Result<PublicKey, DidError> {
        let text = self.0.strip_prefix("did:key:").ok_or_else(|| DidError::Syntax(self.0.clone()))?;
        let encoded = text.strip_prefix('z').ok_or_else(|| DidError::Multibase(self.0.clone()))?;
        // An Ed25519 key has 48 characters; longer ones are other types. The bound keeps decoding cheap.
        if encoded.len() > 4096 {
            return Err(DidError::Key(self.0.chars().take(60).collect()));
        }
        let bytes = bs58::decode(encoded).into_vec().map_err(|_| DidError::Key(self.0.clone()))?;
        let Some(key) = bytes.strip_prefix(&ED25519_MULTICODEC) else {
            return Err(DidError::Codec { did: self.0.clone(), codec: codec_name(&bytes) });
        };
        let key: [u8; 32] = key.try_into().map_err(|_| DidError::Key(self.0.clone()))?;
        let key = PublicKey::from_bytes(&key).map_err(|_| DidError::Key(self.0.clone()))?;
        if Self::key(&key) == *self { Ok(key) } else { Err(DidError::Spelling(self.0.clone())) }
    }

    /// The DID URL of the method that signs: the multibase key again for did:key, `#key-1` for did:web.
    pub fn verification_method(&self) -> String {
        match self.0.strip_prefix("did:key:") {
            Some(multibase) => format!("{}#{multibase}", self.0),
            None => format!("{}#key-1", self.0),
        }
    }
}

fn codec_name(bytes: &[u8]) -> String {
    match bytes {
        [0xec, 0x01, ..] => "X25519".to_owned(),
        [0xe7, 0x01, ..] => "secp256k1".to_owned(),
        [0x80, 0x24, ..] => "P-256".to_owned(),
        [0x81, 0x24, ..] => "P-384".to_owned(),
        [0x82, 0x24, ..] => "P-521".to_owned(),
        [0x85, 0x24, ..] => "RSA".to_owned(),
        [0xea | 0xeb | 0xee, 0x01, ..] => "BLS12-381".to_owned(),
        [a, b, ..] => format!("multicodec {a:02x} {b:02x}"),
        _ => "too short".to_owned(),
    }
}

/// The DID document of a did:web with one Ed25519 key, as Gaia-X reads it (ICAM 25.11): `JsonWebKey2020`, `publicKeyJwk`
/// with `alg`, listed in `assertionMethod`.
pub fn web_document(did: &Did, key: &PublicKey) -> Value {
    let method = did.verification_method();
    json!({
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/suites/jws-2020/v1"],
        "id": did,
        "verificationMethod": [{
            "id": method, "type": "JsonWebKey2020", "controller": did,
            "publicKeyJwk": {"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "x": URL_SAFE_NO_PAD.encode(key.as_bytes())}
        }],
        "assertionMethod": [method]
    })
}

/// The Ed25519 key of `method` in a DID document that was handed in.
pub fn key_in_document(did: &Did, method: &str, document: &Value) -> Result<PublicKey, DidError> {
    let refuse = || DidError::Method { did: did.to_string(), method: method.to_owned() };
    let listed = document["assertionMethod"].as_array().is_some_and(|methods| methods.iter().any(|m| m == method));
    if document["id"] != did.as_str() || !listed {
        return Err(refuse());
    }
    let methods = document["verificationMethod"].as_array().ok_or_else(refuse)?;
    let entry = methods.iter().find(|entry| entry["id"] == method).ok_or_else(refuse)?;
    let jwk = &entry["publicKeyJwk"];
    if entry["controller"] != did.as_str() || jwk["kty"] != "OKP" || jwk["crv"] != "Ed25519" {
        return Err(refuse());
    }
    let bytes = jwk["x"].as_str().and_then(|x| URL_SAFE_NO_PAD.decode(x).ok()).ok_or_else(refuse)?;
    let bytes: [u8; 32] = bytes.try_into().map_err(|_| refuse())?;
    PublicKey::from_bytes(&bytes).map_err(|_| refuse())
}

impl fmt::Display for Did {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Did {
    type Err = DidError;

    fn from_str(text: &str) -> Result<Self, DidError> {
        let refuse = || DidError::Syntax(text.chars().take(100).collect());
        let rest = text.strip_prefix("did:").ok_or_else(refuse)?;
        let (method, specific) = rest.split_once(':').ok_or_else(refuse)?;
        let good = |c: char| c.is_ascii_alphanumeric() || "-._:%".contains(c);
        if !matches!(method, "key" | "web") || specific.is_empty() || !specific.chars().all(good) {
            return Err(refuse());
        }
        Ok(Self(text.to_owned()))
    }
}

impl Serialize for Did {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Did {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUBLISHED: &str = "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp";

    #[test]
    fn a_published_did_key_reads_back_as_itself() {
        let did: Did = PUBLISHED.parse().unwrap();
        assert_eq!(Did::key(&did.to_key().unwrap()), did);
        assert_eq!(did.verification_method(), format!("{PUBLISHED}#z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp"));
    }

    #[test]
    fn a_bad_did_key_is_named_for_its_fault() {
        let check = |text: &str, fault: &str| {
            let error = text.parse::<Did>().and_then(|did| did.to_key()).unwrap_err().to_string();
            assert!(error.contains(fault), "{text}: {error}");
        };
        check("did:key:m7QGjuA", "not base58btc");
        check("did:key:z6LSeu9HkTHSfLLeUs2nnzUSNedgDUevfNQgQjQC23ZCit6F", "X25519");
        check("did:key:zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169", "P-256");
        check("did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooW", "multicodec");
        check("did:ion:abc", "not a did:key or a did:web");
        check("did:key:z6Mk/../x", "not a did:key or a did:web");
    }

    #[test]
    fn a_did_web_escapes_its_port() {
        assert_eq!(Did::web("cloud.example").unwrap().as_str(), "did:web:cloud.example");
        assert_eq!(Did::web("localhost:7070").unwrap().as_str(), "did:web:localhost%3A7070");
        for bad in ["", "a/b", "a b", "h:x", "h:", "h:99999", "h:080", "u@h", "h#f"] {
            assert!(Did::web(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_key_of_a_document_must_be_an_assertion_method() {
        let key = PUBLISHED.parse::<Did>().unwrap().to_key().unwrap();
        let did = Did::web("cloud.example").unwrap();
        let mut document = web_document(&did, &key);
        let method = did.verification_method();
        assert_eq!(key_in_document(&did, &method, &document), Ok(key));
        document["assertionMethod"] = json!([]);
        assert!(key_in_document(&did, &method, &document).is_err());
    }
}
