//! JSON Web Keys (RFC 7517, RFC 7518, RFC 8037): public keys as Gaia-X publishes them in DID documents.
//!
//! Read strictly: one spelling for one key, no private parts, and `alg`, `use` and `key_ops` must fit where they stand.
//! `x5u` is read and handed on; fetching what it points to is not known here.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::PublicKey;
use super::key::{Algorithm, KeyError, P256Key, RsaKey, VerificationKey};

/// A public key with what its publisher says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Jwk {
    /// The key.
    pub key: VerificationKey,
    /// Whether `alg` stands there; where it does it fits the key.
    pub names_algorithm: bool,
    /// Where the certificate chain of the key lies.
    pub x5u: Option<String>,
}

/// Why a value is not a public key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JwkError {
    /// Not a JSON object.
    #[error("the JWK is not an object")]
    Shape,
    /// A private part: whoever published it has lost the key.
    #[error("the JWK holds the private part `{0}`: the key is no longer a secret")]
    Private(&'static str),
    /// A type of key that is not taken.
    #[error("a JWK of `kty` {kty} and `crv` {crv} is not taken: OKP Ed25519, EC P-256 and RSA are")]
    Type {
        /// As it stands there.
        kty: String,
        /// As it stands there.
        crv: String,
    },
    /// A member that is missing or not of its form.
    #[error("the member `{member}` of the JWK is not {expected}")]
    Member {
        /// Its name.
        member: &'static str,
        /// What is expected.
        expected: &'static str,
    },
    /// An algorithm that the key is not for.
    #[error("the JWK says `alg` {found}, but the key is for {fits}")]
    Algorithm {
        /// As it stands there.
        found: String,
        /// What the key is for.
        fits: Algorithm,
    },
    /// Numbers that make no key.
    #[error("the numbers of the JWK make no key")]
    Key(#[from] KeyError),
}

const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

impl Jwk {
    /// Reads a JWK.
    pub fn parse(value: &Value) -> Result<Self, JwkError> {
        let members = value.as_object().ok_or(JwkError::Shape)?;
        if let Some(private) = PRIVATE.into_iter().find(|name| members.contains_key(*name)) {
            return Err(JwkError::Private(private));
        }
        let key = read_key(members)?;
        check_use(members)?;
        let fits = key.algorithm();
        let names_algorithm = match members.get("alg") {
            None => false,
            Some(Value::String(found)) if found == fits.name() => true,
            Some(found) => return Err(JwkError::Algorithm { found: shown(Some(found)), fits }),
        };
        let x5u = match members.get("x5u") {
            None => None,
            Some(Value::String(address)) if address.starts_with("https://") => Some(address.clone()),
            Some(_) => return Err(JwkError::Member { member: "x5u", expected: "an https address" }),
        };
        Ok(Self { key, names_algorithm, x5u })
    }
}

impl VerificationKey {
    /// The JWK of the key, with `alg`, and `x5u` where its chain is published.
    pub fn to_jwk(&self, x5u: Option<&str>) -> Value {
        let number = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let mut jwk = match self {
            Self::Ed25519(key) => json!({"kty": "OKP", "crv": "Ed25519", "x": number(key.as_bytes())}),
            Self::P256(key) => json!({"kty": "EC", "crv": "P-256", "x": number(key.x()), "y": number(key.y())}),
            Self::Rsa(key) => json!({"kty": "RSA", "n": number(key.modulus()), "e": number(key.exponent())}),
        };
        jwk["alg"] = json!(self.algorithm().name());
        if let Some(x5u) = x5u {
            jwk["x5u"] = json!(x5u);
        }
        jwk
    }
}

fn read_key(members: &Map<String, Value>) -> Result<VerificationKey, JwkError> {
    let text = |name: &str| members.get(name).and_then(Value::as_str);
    match (text("kty"), text("crv")) {
        (Some("OKP"), Some("Ed25519")) => {
            let key = PublicKey::from_bytes(&coordinate(members, "x")?).map_err(|_| KeyError::Ed25519)?;
            Ok(VerificationKey::Ed25519(key))
        }
        (Some("EC"), Some("P-256")) => {
            let key = P256Key::from_coordinates(&coordinate(members, "x")?, &coordinate(members, "y")?)?;
            Ok(VerificationKey::P256(key))
        }
        (Some("RSA"), None) if !members.contains_key("crv") => {
            let key = RsaKey::from_components(&decoded(members, "n", 1366)?, &decoded(members, "e", 16)?)?;
            Ok(VerificationKey::Rsa(key))
        }
        _ => Err(JwkError::Type { kty: shown(members.get("kty")), crv: shown(members.get("crv")) }),
    }
}

/// Where a use is named, it must be to verify.
fn check_use(members: &Map<String, Value>) -> Result<(), JwkError> {
    if members.get("use").is_some_and(|found| found != "sig") {
        return Err(JwkError::Member { member: "use", expected: "`sig`" });
    }
    let verifies = |found: &Value| found.as_array().is_some_and(|uses| uses.iter().any(|one| one == "verify"));
    if members.get("key_ops").is_some_and(|found| !verifies(found)) {
        return Err(JwkError::Member { member: "key_ops", expected: "a list with `verify`" });
    }
    Ok(())
}

fn coordinate(members: &Map<String, Value>, member: &'static str) -> Result<[u8; 32], JwkError> {
    let expected = "32 bytes in base64url without padding";
    decoded(members, member, 43)?.try_into().map_err(|_| JwkError::Member { member, expected })
}

/// Decodes at most `longest` characters; other spellings of the same bytes are refused by the decoder.
fn decoded(members: &Map<String, Value>, member: &'static str, longest: usize) -> Result<Vec<u8>, JwkError> {
    let text = members.get(member).and_then(Value::as_str).filter(|text| text.len() <= longest);
    let bytes = text.and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
    bytes.ok_or(JwkError::Member { member, expected: "a number in base64url without padding" })
}

fn shown(value: Option<&Value>) -> String {
    value.map_or("(none)".to_owned(), |value| value.to_string().chars().take(60).collect())
}
