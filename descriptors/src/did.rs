//! Decentralised identifiers: did:key for Ed25519 and P-256, and did:web.
//!
//! did:key follows the W3C-CCG method text: `did:key:z` + base58btc(codec ‖ key bytes), the codec `ed 01` for Ed25519 and
//! `80 24` for a compressed point of P-256; the verification method is the DID, `#`, and the same multibase text again.
//! What a did:web publishes stands in [`document`]; fetching it is not known here.

pub mod document;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::base58;
use crate::proof::PublicKey;
use crate::proof::key::{P256Key, VerificationKey};
use document::{Document, PublishedKey};

const ED25519_MULTICODEC: [u8; 2] = [0xed, 0x01];
const P256_MULTICODEC: [u8; 2] = [0x80, 0x24];

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
    /// A key type other than Ed25519 and P-256, or than the one that is asked for.
    #[error("the did:key `{did}` is a {codec} key: only {supported} supported")]
    Codec {
        /// The DID.
        did: String,
        /// What it is.
        codec: String,
        /// What is taken, with its verb.
        supported: &'static str,
    },
    /// Wrong length, or not a point of the curve.
    #[error("the did:key `{0}` does not hold a public key of its type")]
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
        Self(format!("did:key:{}", multibase(&ED25519_MULTICODEC, key.as_bytes())))
    }

    /// The did:key of a P-256 key.
    pub fn p256_key(key: &P256Key) -> Self {
        Self(format!("did:key:{}", multibase(&P256_MULTICODEC, &key.to_compressed())))
    }

    /// The did:web of a host name with an optional port: `cloud.example` or `cloud.example:7070`. An address in numbers is
    /// no host name: the method text excludes it.
    pub fn web(host: &str) -> Result<Self, DidError> {
        let refuse = || DidError::Host(host.chars().take(300).collect());
        let did = Self(format!("did:web:{}", host.to_ascii_lowercase().replacen(':', "%3A", 1)));
        if host.contains('%') || host.split(':').count() > 2 || !is_web(&did.0["did:web:".len()..]) {
            return Err(refuse());
        }
        Ok(did)
    }

    /// The DID as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is a did:key.
    pub fn is_key(&self) -> bool {
        self.0.starts_with("did:key:")
    }

    /// The Ed25519 key inside a did:key: the only type that nodes and collectors state things with.
    pub fn to_key(&self) -> Result<PublicKey, DidError> {
        match self.to_verification_key()? {
            VerificationKey::Ed25519(key) => Ok(key),
            VerificationKey::P256(_) | VerificationKey::Rsa(_) => {
                Err(DidError::Codec { did: self.0.clone(), codec: "P-256".to_owned(), supported: "Ed25519 is" })
            }
        }
    }

    /// The key inside a did:key.
    pub fn to_verification_key(&self) -> Result<VerificationKey, DidError> {
        let text = self.0.strip_prefix("did:key:").ok_or_else(|| DidError::Syntax(self.0.clone()))?;
        let key = from_multibase(text).map_err(|fault| match fault {
            MultibaseError::Letter => DidError::Multibase(self.0.clone()),
            MultibaseError::Codec(codec) => {
                DidError::Codec { did: self.0.clone(), codec, supported: "Ed25519 and P-256 are" }
            }
            MultibaseError::Key => DidError::Key(self.0.chars().take(100).collect()),
        })?;
        if to_multibase(&key).as_deref() == Some(text) { Ok(key) } else { Err(DidError::Spelling(self.0.clone())) }
    }

    /// The DID URL of the method that signs: the multibase key again for did:key, `#key-1` for did:web.
    pub fn verification_method(&self) -> String {
        match self.0.strip_prefix("did:key:") {
            Some(multibase) => format!("{}#{multibase}", self.0),
            None => format!("{}#key-1", self.0),
        }
    }

    /// Host and optional port of a did:web: `cloud.example:8443`.
    pub fn authority(&self) -> Option<String> {
        let host = self.0.strip_prefix("did:web:")?.split(':').next()?;
        Some(host.replace("%3A", ":"))
    }

    /// Where the document of a did:web lies.
    pub fn document_address(&self) -> Option<String> {
        let path = self.0.strip_prefix("did:web:")?.split_once(':').map(|(_, path)| path.replace(':', "/"));
        let path = path.unwrap_or_else(|| ".well-known".to_owned());
        Some(format!("https://{}/{path}/did.json", self.authority()?))
    }
}

/// Why a multibase text is not a key.
enum MultibaseError {
    Letter,
    Codec(String),
    Key,
}

fn multibase(codec: &[u8; 2], key: &[u8]) -> String {
    format!("z{}", base58::encode(&[codec, key].concat()))
}

/// The Multikey text of a key; none for RSA, which has no compact form there.
pub(crate) fn to_multibase(key: &VerificationKey) -> Option<String> {
    match key {
        VerificationKey::Ed25519(key) => Some(multibase(&ED25519_MULTICODEC, key.as_bytes())),
        VerificationKey::P256(key) => Some(multibase(&P256_MULTICODEC, &key.to_compressed())),
        VerificationKey::Rsa(_) => None,
    }
}

fn from_multibase(text: &str) -> Result<VerificationKey, MultibaseError> {
    let encoded = text.strip_prefix('z').ok_or(MultibaseError::Letter)?;
    // The keys that are taken have 48 and 49 characters; longer ones are other types. The bound keeps decoding cheap.
    if encoded.len() > 1024 {
        return Err(MultibaseError::Key);
    }
    let bytes = base58::decode(encoded).ok_or(MultibaseError::Key)?;
    if let Some(key) = bytes.strip_prefix(&ED25519_MULTICODEC) {
        let key: [u8; 32] = key.try_into().map_err(|_| MultibaseError::Key)?;
        let key = PublicKey::from_bytes(&key).map_err(|_| MultibaseError::Key)?;
        Ok(VerificationKey::Ed25519(key))
    } else if let Some(point) = bytes.strip_prefix(&P256_MULTICODEC) {
        let point: [u8; 33] = point.try_into().map_err(|_| MultibaseError::Key)?;
        let key = P256Key::from_compressed(&point).map_err(|_| MultibaseError::Key)?;
        Ok(VerificationKey::P256(key))
    } else {
        Err(MultibaseError::Codec(codec_name(&bytes)))
    }
}

fn codec_name(bytes: &[u8]) -> String {
    match bytes {
        [0xec, 0x01, ..] => "X25519".to_owned(),
        [0xe7, 0x01, ..] => "secp256k1".to_owned(),
        [0x81, 0x24, ..] => "P-384".to_owned(),
        [0x82, 0x24, ..] => "P-521".to_owned(),
        [0x85, 0x24, ..] => "RSA".to_owned(),
        [0xea | 0xeb | 0xee, 0x01, ..] => "BLS12-381".to_owned(),
        [a, b, ..] => format!("multicodec {a:02x} {b:02x}"),
        _ => "too short".to_owned(),
    }
}

/// Whether this is what stands behind `did:web:`: a host in lower case with an optional port behind `%3A`, then path segments.
/// One spelling for one address: no other escapes, no empty or dotted segments.
fn is_web(specific: &str) -> bool {
    let mut parts = specific.split(':');
    let host = parts.next().unwrap_or_default();
    let (name, port) = host.split_once("%3A").map_or((host, None), |(name, port)| (name, Some(port)));
    let port_good = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|number| number.to_string() == port));
    let segment_good = |segment: &str| {
        let letters = segment.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b));
        letters && !matches!(segment, "" | "." | "..")
    };
    is_host_name(name) && port_good && parts.all(segment_good)
}

/// Labels of `a-z`, `0-9` and `-`; the last one is not a number, or it would be an address.
fn is_host_name(name: &str) -> bool {
    let label_good = |label: &str| {
        let letters = label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        (1..=63).contains(&label.len()) && letters && !label.starts_with('-') && !label.ends_with('-')
    };
    let last = name.rsplit('.').next().unwrap_or_default();
    let is_number = last.bytes().all(|b| b.is_ascii_digit()) || last.starts_with("0x");
    name.len() <= 253 && name.split('.').all(label_good) && !is_number
}

/// The DID document of a did:web with one Ed25519 key.
pub fn web_document(did: &Did, key: &PublicKey) -> Value {
    document::write(did, &[PublishedKey { fragment: "key-1", key: &(*key).into(), x5u: None }])
}

/// The Ed25519 key of `method` in a DID document that was handed in.
pub fn key_in_document(did: &Did, method: &str, document: &Value) -> Result<PublicKey, DidError> {
    let refuse = || DidError::Method { did: did.to_string(), method: method.to_owned() };
    let document = Document::parse(did, document).map_err(|_| refuse())?;
    let found = document.assertion_method(method).map_err(|_| refuse())?;
    found.key.as_ed25519().copied().ok_or_else(refuse)
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
        let good = match method {
            "key" => !specific.is_empty() && specific.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b)),
            "web" => is_web(specific),
            _ => false,
        };
        if good { Ok(Self(text.to_owned())) } else { Err(refuse()) }
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
        assert_eq!((did.authority(), did.document_address()), (None, None));
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
        check("did:key:z6Mk:x", "not a did:key or a did:web");
        check("did:ion:abc", "not a did:key or a did:web");
        check("did:key:z6Mk/../x", "not a did:key or a did:web");
    }

    #[test]
    fn a_did_web_has_one_spelling() {
        assert_eq!(Did::web("cloud.example").unwrap().as_str(), "did:web:cloud.example");
        assert_eq!(Did::web("localhost:7070").unwrap().as_str(), "did:web:localhost%3A7070");
        for bad in
            ["", "a/b", "a b", "h:x", "h:", "h:99999", "h:080", "u@h", "h#f", "h%3A80", "h:80:a", "10.0.0.1", "-h"]
        {
            assert!(Did::web(bad).is_err(), "{bad}");
        }
        for good in ["did:web:h", "did:web:h.example%3A8443", "did:web:h.example:a:b-c_d.e~f"] {
            assert_eq!(good.parse::<Did>().unwrap().as_str(), good);
        }
        for bad in [
            "did:web:",
            "did:web:H.example",
            "did:web:h..example",
            "did:web:h.example:",
            "did:web:h.example::a",
            "did:web:h.example:..",
            "did:web:h.example:a%2fb",
            "did:web:h.example%2f..",
            "did:web:h%3a80",
            "did:web:h%3A080",
            "did:web:127.0.0.1",
            "did:web:169.254.169.254",
            "did:web:2130706433",
            "did:web:0x7f000001",
            "did:web:u%40h",
            "did:web:h\u{e4}.example",
            "did:web:h.example#key-1",
            "did:web:h.example?x",
            "did:web:-h.example",
            "did:web:h.example.",
        ] {
            assert!(bad.parse::<Did>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_did_web_says_where_its_document_lies() {
        let check = |did: &str, address: &str| {
            assert_eq!(did.parse::<Did>().unwrap().document_address().as_deref(), Some(address));
        };
        check("did:web:h.example", "https://h.example/.well-known/did.json");
        check("did:web:h.example%3A8443", "https://h.example:8443/.well-known/did.json");
        check("did:web:h.example%3A8443:a:b", "https://h.example:8443/a/b/did.json");
        assert_eq!("did:web:h.example%3A8443:a".parse::<Did>().unwrap().authority().as_deref(), Some("h.example:8443"));
    }

    #[test]
    fn the_key_of_a_document_must_be_an_assertion_method() {
        let key = PUBLISHED.parse::<Did>().unwrap().to_key().unwrap();
        let did = Did::web("cloud.example").unwrap();
        let mut document = web_document(&did, &key);
        let method = did.verification_method();
        assert_eq!(key_in_document(&did, &method, &document), Ok(key));
        document["assertionMethod"] = serde_json::json!([]);
        assert!(key_in_document(&did, &method, &document).is_err());
    }
}
