//! DID documents: which keys speak for a DID.
//!
//! Ours list each key as `JsonWebKey2020` with `publicKeyJwk`, `alg` and `x5u`, as Gaia-X reads them (ICAM 25.11), and the
//! Ed25519 keys a second time as `Multikey`, which verifiers of Data Integrity proofs ask for. Others' are read strictly, of
//! the types `JsonWebKey`, `JsonWebKey2020`, `Multikey` and `Ed25519VerificationKey2020`; a method that cannot be used is an
//! error only for who asks for it. Fetching a document is not known here, nor whether its host may be believed.

use serde_json::{Map, Value, json};

use super::{Did, MultibaseError, from_multibase, to_multibase};
use crate::proof::jwk::{Jwk, JwkError};
use crate::proof::key::VerificationKey;
use crate::timestamp::Timestamp;

/// Most methods that a document may list.
pub const METHODS_MAX: usize = 64;

/// What is appended to the fragment of a key for its entry as `Multikey`.
const MULTIKEY_SUFFIX: &str = "-multikey";

/// A key as its owner publishes it.
#[derive(Debug, Clone, Copy)]
pub struct PublishedKey<'a> {
    /// The fragment of its method: `key-1`.
    pub fragment: &'a str,
    /// The key.
    pub key: &'a VerificationKey,
    /// Where its certificate chain lies.
    pub x5u: Option<&'a str>,
}

/// The DID document of a did:web with these keys, each an assertion method.
pub fn write(did: &Did, keys: &[PublishedKey<'_>]) -> Value {
    let entry = |fragment: &str, class: &str, member: &str, material: Value| json!({"id": format!("{did}#{fragment}"), "type": class, "controller": did, member: material});
    let mut methods = Vec::new();
    for published in keys {
        let jwk = published.key.to_jwk(published.x5u);
        methods.push(entry(published.fragment, "JsonWebKey2020", "publicKeyJwk", jwk));
    }
    for published in keys.iter().filter(|published| published.key.as_ed25519().is_some()) {
        if let Some(multibase) = to_multibase(published.key) {
            let fragment = format!("{}{MULTIKEY_SUFFIX}", published.fragment);
            methods.push(entry(&fragment, "Multikey", "publicKeyMultibase", json!(multibase)));
        }
    }
    let ids: Vec<&Value> = methods.iter().map(|method| &method["id"]).collect();
    json!({
        "@context": [
            "https://www.w3.org/ns/did/v1",
            "https://w3id.org/security/suites/jws-2020/v1",
            "https://w3id.org/security/multikey/v1"
        ],
        "id": did,
        "assertionMethod": ids,
        "verificationMethod": methods,
    })
}

/// The method under which an issuer's Ed25519 key signs Data Integrity proofs: of a did:key its only one.
pub fn multikey_method(did: &Did, fragment: &str) -> String {
    if did.is_key() { did.verification_method() } else { format!("{did}#{fragment}{MULTIKEY_SUFFIX}") }
}

/// A DID document that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    did: Did,
    methods: Vec<(String, Result<Method, MethodError>)>,
    /// Ids of methods that may be used to assert.
    assertions: Vec<String>,
}

/// A method whose key can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Method {
    /// Its DID URL.
    pub id: String,
    /// Its key.
    pub key: VerificationKey,
    /// Whether the document names the algorithm of the key, as Gaia-X asks for.
    pub names_algorithm: bool,
    /// Where its certificate chain lies.
    pub x5u: Option<String>,
    /// From when on it is not to be used: the earlier of `expires` and `revoked`.
    pub ends: Option<Timestamp>,
}

/// Why a value is not the DID document asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// Another document than the one asked for.
    #[error("the document is that of {found}, not of `{did}`")]
    Id {
        /// Asked for.
        did: Did,
        /// As it stands there.
        found: String,
    },
    /// A member that is missing or not of its form.
    #[error("the member `{member}` of the DID document is not {expected}")]
    Member {
        /// Its name.
        member: &'static str,
        /// What is expected.
        expected: &'static str,
    },
    /// Two methods under one id: which one signs cannot be said.
    #[error("the DID document has two methods `{0}`")]
    Twice(String),
    /// A did:key whose key cannot be used.
    #[error("the did:key has no usable key")]
    Key(#[from] super::DidError),
}

/// Why a method cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MethodError {
    /// Not in the document.
    #[error("the DID document has no method `{0}`")]
    Missing(String),
    /// In the document, but not for this purpose.
    #[error("the method `{0}` is not listed in `assertionMethod`")]
    Purpose(String),
    /// Controlled by somebody else, or by nobody.
    #[error("the method `{method}` is controlled by {found}, not by its document's DID")]
    Controller {
        /// The method.
        method: String,
        /// As it stands there.
        found: String,
    },
    /// A type that is not taken.
    #[error(
        "the method `{method}` is of type {found}: JsonWebKey, JsonWebKey2020, Multikey and Ed25519VerificationKey2020 are taken"
    )]
    Type {
        /// The method.
        method: String,
        /// As it stands there.
        found: String,
    },
    /// Several keys in one method, or the key in another form than the type has.
    #[error("the method `{method}` must hold its key as `{expected}`, and no other")]
    Material {
        /// The method.
        method: String,
        /// The member of its type.
        expected: &'static str,
    },
    /// A JWK that cannot be used.
    #[error("the JWK of the method `{method}` cannot be used")]
    Jwk {
        /// The method.
        method: String,
        /// Why.
        #[source]
        source: JwkError,
    },
    /// A multibase text that is not a key, or not of the method's type.
    #[error("`publicKeyMultibase` of the method `{method}` is {fault}")]
    Multibase {
        /// The method.
        method: String,
        /// What it is.
        fault: String,
    },
    /// An end that is not a time.
    #[error("`{member}` of the method `{method}` is not a time of RFC 3339")]
    Time {
        /// The method.
        method: String,
        /// `expires` or `revoked`.
        member: &'static str,
    },
}

impl Document {
    /// Reads the document of `did`. Ids that are only a fragment stand for methods of this document (DID Core, 3.2.2); any
    /// other relative id, and methods of other DIDs, are refused.
    pub fn parse(did: &Did, value: &Value) -> Result<Self, DocumentError> {
        if value.get("id").and_then(Value::as_str) != Some(did.as_str()) {
            let found = value.get("id").map_or("nobody".to_owned(), ToString::to_string);
            return Err(DocumentError::Id { did: did.clone(), found: found.chars().take(200).collect() });
        }
        let mut document = Self { did: did.clone(), methods: Vec::new(), assertions: Vec::new() };
        for entry in list(value, "verificationMethod")? {
            document.add(entry, "verificationMethod")?;
        }
        for entry in list(value, "assertionMethod")? {
            let id = match entry {
                Value::String(id) => absolute(did, id),
                embedded => Some(document.add(embedded, "assertionMethod")?),
            };
            let expected = "a list of methods of this document";
            document.assertions.push(id.ok_or(DocumentError::Member { member: "assertionMethod", expected })?);
        }
        Ok(document)
    }

    /// The document that a did:key stands for.
    pub fn of_key(did: &Did) -> Result<Self, DocumentError> {
        let (id, key) = (did.verification_method(), did.to_verification_key()?);
        let method = Method { id: id.clone(), key, names_algorithm: false, x5u: None, ends: None };
        Ok(Self { did: did.clone(), methods: vec![(id.clone(), Ok(method))], assertions: vec![id] })
    }

    /// Whose document it is.
    pub fn did(&self) -> &Did {
        &self.did
    }

    /// The method `id` (a whole DID URL), where it may be used to assert.
    pub fn assertion_method(&self, id: &str) -> Result<&Method, MethodError> {
        let (_, method) = self
            .methods
            .iter()
            .find(|(known, _)| known == id)
            .ok_or_else(|| MethodError::Missing(id.chars().take(200).collect()))?;
        let method = method.as_ref().map_err(Clone::clone)?;
        if self.assertions.iter().any(|known| known == id) {
            Ok(method)
        } else {
            Err(MethodError::Purpose(id.to_owned()))
        }
    }

    /// All methods that may be used to assert.
    pub fn assertion_methods(&self) -> impl Iterator<Item = &Method> {
        self.assertions.iter().filter_map(|id| self.assertion_method(id).ok())
    }

    fn add(&mut self, entry: &Value, member: &'static str) -> Result<String, DocumentError> {
        let id = entry.get("id").and_then(Value::as_str).and_then(|id| absolute(&self.did, id));
        let id = id.ok_or(DocumentError::Member { member, expected: "a list of methods with ids of this document" })?;
        if self.methods.iter().any(|(known, _)| *known == id) {
            return Err(DocumentError::Twice(id));
        }
        if self.methods.len() == METHODS_MAX {
            return Err(DocumentError::Member { member, expected: "a list of at most 64 methods" });
        }
        let method = read_method(&self.did, &id, entry);
        self.methods.push((id.clone(), method));
        Ok(id)
    }
}

fn list<'a>(document: &'a Value, member: &'static str) -> Result<&'a [Value], DocumentError> {
    match document.get(member) {
        None => Ok(&[]),
        Some(Value::Array(entries)) if entries.len() <= METHODS_MAX => Ok(entries),
        Some(_) => Err(DocumentError::Member { member, expected: "a list of at most 64 methods" }),
    }
}

fn absolute(did: &Did, id: &str) -> Option<String> {
    let id = if id.starts_with('#') { format!("{did}{id}") } else { id.to_owned() };
    let fragment = id.strip_prefix(did.as_str())?.strip_prefix('#')?;
    let letters = |b: u8| b.is_ascii_alphanumeric() || b"-._~:".contains(&b);
    ((1..=200).contains(&fragment.len()) && fragment.bytes().all(letters)).then_some(id)
}

fn read_method(did: &Did, id: &str, entry: &Value) -> Result<Method, MethodError> {
    let method = id.to_owned();
    let shown =
        |member: &str| entry.get(member).map_or("nobody".to_owned(), |v| v.to_string().chars().take(200).collect());
    if entry.get("controller").and_then(Value::as_str) != Some(did.as_str()) {
        return Err(MethodError::Controller { method, found: shown("controller") });
    }
    let ends = ends(id, entry)?;
    let found = |key, names_algorithm, x5u| Method { id: id.to_owned(), key, names_algorithm, x5u, ends };
    let only_ed25519 = match entry.get("type").and_then(Value::as_str) {
        Some("JsonWebKey2020" | "JsonWebKey") => {
            let jwk = Jwk::parse(material(id, entry, "publicKeyJwk")?);
            let jwk = jwk.map_err(|source| MethodError::Jwk { method, source })?;
            return Ok(found(jwk.key, jwk.names_algorithm, jwk.x5u));
        }
        Some("Multikey") => false,
        Some("Ed25519VerificationKey2020") => true,
        _ => return Err(MethodError::Type { method, found: shown("type") }),
    };
    let bad = |fault: String| MethodError::Multibase { method: id.to_owned(), fault };
    let text = material(id, entry, "publicKeyMultibase")?.as_str().ok_or_else(|| bad("not a text".to_owned()))?;
    let key = from_multibase(text).map_err(|fault| match fault {
        MultibaseError::Letter => bad("not base58btc: it begins with `z`".to_owned()),
        MultibaseError::Codec(codec) => bad(format!("a {codec} key: only Ed25519 and P-256 are supported")),
        MultibaseError::Key => bad("not a public key of its type".to_owned()),
    })?;
    if only_ed25519 && key.as_ed25519().is_none() {
        return Err(bad("not an Ed25519 key, as the type says".to_owned()));
    }
    if to_multibase(&key).as_deref() != Some(text) {
        return Err(bad("not spelt canonically".to_owned()));
    }
    Ok(found(key, false, None))
}

/// The one member that holds the key of a method.
fn material<'a>(id: &str, entry: &'a Value, expected: &'static str) -> Result<&'a Value, MethodError> {
    let none = Map::new();
    let members = entry.as_object().unwrap_or(&none);
    let several = members.keys().any(|name| name.starts_with("publicKey") && name != expected);
    let found = entry.get(expected).filter(|_| !several);
    found.ok_or_else(|| MethodError::Material { method: id.to_owned(), expected })
}

fn ends(id: &str, entry: &Value) -> Result<Option<Timestamp>, MethodError> {
    let time = |member: &'static str| match entry.get(member) {
        None => Ok(None),
        Some(value) => {
            let time = value.as_str().and_then(|text| text.parse::<Timestamp>().ok());
            time.map(Some).ok_or_else(|| MethodError::Time { method: id.to_owned(), member })
        }
    };
    Ok(match (time("expires")?, time("revoked")?) {
        (Some(expires), Some(revoked)) => Some(expires.min(revoked)),
        (one, other) => one.or(other),
    })
}
