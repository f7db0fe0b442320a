//! A good document with everything it rests on, each part open to change.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use descriptors::canonical;
use descriptors::certificate::Roots;
use descriptors::credential::{Credential, Period};
use descriptors::did::Did;
use descriptors::did::document::Document;
use descriptors::json_ld::Contexts;
use descriptors::proof::{PublicKey, Signer as _, SoftwareKey};
use descriptors::rdf::canonical::{Limits, canonicalise};
use descriptors::status_list::{Bits, ENTRIES_MIN, Purpose, list_subject};
use descriptors::target::{Seal, Target};
use descriptors::verify::{Held, HeldList, Policy, Report, Resolution, Verifier};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

pub(crate) const ISSUER: &str = "did:web:cloud.example";
pub(crate) const LIST: &str = "https://cloud.example/status/1";
pub(crate) const INDEX: usize = 94_567;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Jws,
    Rdfc,
    Jcs,
    /// A detached JWS over the digest of the statements, as Gaia-X of the Tagus generation has it.
    Jws2020,
    /// A vp+jwt that holds one vc+jwt.
    Presentation,
}

pub(crate) struct Scene {
    pub(crate) form: Form,
    pub(crate) policy: Policy,
    /// DID documents by DID.
    pub(crate) documents: BTreeMap<String, Value>,
    pub(crate) lists: BTreeMap<String, HeldList>,
    /// Certificate chains by address.
    pub(crate) chains: BTreeMap<String, Vec<u8>>,
    pub(crate) roots: Roots,
    pub(crate) key: SoftwareKey,
    pub(crate) header: Value,
    pub(crate) document: Value,
    /// Proof options, of embedded proofs.
    pub(crate) options: Value,
    /// In place of header or document, as they stand.
    pub(crate) raw_header: Option<Vec<u8>>,
    pub(crate) raw_document: Option<Vec<u8>>,
    /// Changes of the JSON after it was signed, of embedded proofs.
    pub(crate) after: Option<fn(&mut Value)>,
    /// Changes of the bytes at the very end.
    pub(crate) at_last: Option<fn(Vec<u8>) -> Vec<u8>>,
}

pub(crate) fn key(seed: u8) -> SoftwareKey {
    SoftwareKey::from_seed(&[seed; 32])
}

pub(crate) fn did_key(seed: u8) -> String {
    Did::key(&key(seed).public_key()).to_string()
}

pub(crate) fn did_document(did: &str, key: &PublicKey) -> Value {
    json!({
        "id": did,
        "verificationMethod": [{
            "id": format!("{did}#key-1"), "type": "JsonWebKey2020", "controller": did,
            "publicKeyJwk": {"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "x": URL_SAFE_NO_PAD.encode(key.as_bytes())},
        }],
        "assertionMethod": [format!("{did}#key-1")],
    })
}

pub(crate) fn credential() -> Value {
    json!({
        "@context": ["https://www.w3.org/ns/credentials/v2", {"gx": "https://w3id.org/gaia-x/2511#"}],
        "id": "https://cloud.example/credentials/1",
        "type": ["VerifiableCredential", "gx:Region"],
        "issuer": ISSUER,
        "validFrom": "2026-11-01T00:00:00Z",
        "validUntil": "2027-02-01T00:00:00Z",
        "credentialStatus": {
            "id": format!("{LIST}#{INDEX}"), "type": "BitstringStatusListEntry", "statusPurpose": "revocation",
            "statusListIndex": INDEX.to_string(), "statusListCredential": LIST,
        },
        "credentialSubject": {
            "id": "https://cloud.example/subjects/region/de-east", "type": "gx:Region", "gx:name": "de-east",
            "gx:address": {"id": "https://cloud.example/subjects/region/de-east#address", "type": "gx:Address",
                "gx:countryCode": "DE"},
        },
    })
}

/// A list credential as `vc+jwt`, signed with the key of `seed` in the name of `issuer`.
pub(crate) fn list(purpose: Purpose, set: &[usize], issuer: &str, seed: u8) -> HeldList {
    let mut bits = Bits::clear(ENTRIES_MIN).unwrap();
    for index in set {
        bits.set(*index, true).unwrap();
    }
    let (from, until) = ("2026-11-20T00:00:00Z".parse().unwrap(), "2026-11-28T00:00:00Z".parse().unwrap());
    let issuer: Did = issuer.parse().unwrap();
    let subject = list_subject(LIST, purpose, &bits, Some(86_400_000));
    let credential = Credential::of_status_list(LIST, issuer.clone(), Period { from, until }, subject);
    let key = key(seed);
    let seal = Seal::new(Target::Danube, &issuer, "key-1", &key).unwrap();
    HeldList { bytes: seal.issue(&credential).unwrap(), fetched_at: Some("2026-11-20T23:00:00Z".parse().unwrap()) }
}

/// Signs any header and payload.
pub(crate) fn sign(header: &[u8], payload: &[u8], key: &SoftwareKey) -> Vec<u8> {
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    let signature = key.sign(signed.as_bytes()).unwrap();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)).into_bytes()
}

pub(crate) fn header(typ: &str, cty: &str) -> Value {
    json!({"alg": "EdDSA", "typ": typ, "cty": cty, "kid": format!("{ISSUER}#key-1"), "iss": ISSUER})
}

pub(crate) fn enveloped(jws: &[u8]) -> Value {
    json!({"@context": "https://www.w3.org/ns/credentials/v2", "type": "EnvelopedVerifiableCredential",
        "id": format!("data:application/vc+jwt,{}", String::from_utf8_lossy(jws))})
}

pub(crate) fn presentation(credentials: &[Value]) -> Value {
    json!({
        "@context": ["https://www.w3.org/ns/credentials/v2"], "id": "https://cloud.example/presentations/1",
        "type": "VerifiablePresentation", "issuer": ISSUER, "validFrom": "2026-11-01T00:00:00Z",
        "verifiableCredential": credentials,
    })
}

/// Contexts of nobody: one that catches every name, one whose types have contexts of their own.
fn contexts() -> &'static Contexts {
    static CONTEXTS: LazyLock<Contexts> = LazyLock::new(read_contexts);
    &CONTEXTS
}

fn read_contexts() -> Contexts {
    let catching = br##"{"@context": {"@vocab": "https://vocab.example/#", "title": "https://vocab.example/#title"}}"##;
    let scoped = br##"{"@context": {
        "A": {"@id": "https://scoped.example/#A", "@context": {"a": "https://scoped.example/#a"}},
        "B": {"@id": "https://scoped.example/#B", "@context": {"b": "https://scoped.example/#b"}},
        "nothing": null}}"##;
    Contexts::with_w3c([
        ("https://vocab.example/context", &catching[..]),
        ("https://scoped.example/context", &scoped[..]),
    ])
    .unwrap()
}

impl Scene {
    pub(crate) fn of(form: Form) -> Self {
        let key = key(7);
        let document = match form {
            Form::Presentation => {
                let jws =
                    sign(header("vc+jwt", "vc").to_string().as_bytes(), credential().to_string().as_bytes(), &key);
                presentation(&[enveloped(&jws)])
            }
            _ => credential(),
        };
        let options = if form == Form::Jws2020 { jws_2020() } else { data_integrity(form) };
        let header = match form {
            Form::Presentation => header("vp+jwt", "vp"),
            Form::Jws2020 => json!({"alg": "EdDSA", "b64": false, "crit": ["b64"]}),
            _ => header("vc+jwt", "vc"),
        };
        Self {
            form,
            policy: Policy::at("2026-11-21T00:00:00Z".parse().unwrap()),
            documents: BTreeMap::from([(ISSUER.to_owned(), did_document(ISSUER, &key.public_key()))]),
            lists: BTreeMap::from([(LIST.to_owned(), list(Purpose::Revocation, &[1], ISSUER, 7))]),
            chains: BTreeMap::new(),
            roots: Roots::default(),
            key,
            header,
            document,
            options,
            raw_header: None,
            raw_document: None,
            after: None,
            at_last: None,
        }
    }

    /// The document, signed as its form asks.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let bytes = match self.form {
            Form::Jws | Form::Presentation => {
                let header = self.raw_header.clone().unwrap_or_else(|| self.header.to_string().into_bytes());
                let payload = self.raw_document.clone().unwrap_or_else(|| self.document.to_string().into_bytes());
                sign(&header, &payload, &self.key)
            }
            Form::Rdfc | Form::Jcs | Form::Jws2020 => {
                self.raw_document.clone().unwrap_or_else(|| self.proven().to_string().into_bytes())
            }
        };
        match self.at_last {
            Some(change) => change(bytes),
            None => bytes,
        }
    }

    fn proven(&self) -> Value {
        let mut document = self.document.clone();
        document["proof"] = if self.form == Form::Jws2020 { self.detached() } else { self.data_integrity() };
        if let Some(change) = self.after {
            change(&mut document);
        }
        document
    }

    /// The options with a JWS over the digest of the statements, in the flavour of Gaia-X.
    fn detached(&self) -> Value {
        let digest = Sha256::digest(statements(&self.document).unwrap_or_default());
        let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        self.detached_over(digest.as_bytes())
    }

    /// The same over any payload.
    pub(crate) fn detached_over(&self, payload: &[u8]) -> Value {
        let header = self.raw_header.clone().unwrap_or_else(|| self.header.to_string().into_bytes());
        let header = URL_SAFE_NO_PAD.encode(header);
        let signature = self.key.sign(&[header.as_bytes(), b".", payload].concat()).unwrap();
        let mut options = self.options.clone();
        options["jws"] = json!(format!("{header}..{}", URL_SAFE_NO_PAD.encode(signature)));
        options
    }

    fn data_integrity(&self) -> Value {
        let mut options = self.options.clone();
        if options.get("@context").is_none() && self.form == Form::Jcs {
            options["@context"] = self.document["@context"].clone();
        }
        let digest = |document: &Value| -> [u8; 32] {
            let text = match self.form {
                Form::Jcs => canonical::to_vec(document).unwrap(),
                _ => statements(document).unwrap_or_default(),
            };
            Sha256::digest(text).into()
        };
        let mut read = options.clone();
        read["@context"] =
            if self.form == Form::Jcs { options["@context"].clone() } else { self.document["@context"].clone() };
        if read["@context"].is_null() {
            read.as_object_mut().unwrap().remove("@context");
        }
        let signature = self.key.sign(&[digest(&read), digest(&self.document)].concat()).unwrap();
        options["proofValue"] = json!(format!("z{}", bs58::encode(signature).into_string()));
        options
    }

    pub(crate) fn verify(&self) -> Report {
        self.verify_bytes(&self.bytes())
    }

    pub(crate) fn verify_bytes(&self, bytes: &[u8]) -> Report {
        let held = Held {
            document: &|did| match self.documents.get(did.as_str()) {
                None => Resolution::Missing("not handed in".to_owned()),
                Some(document) => match Document::parse(did, document) {
                    Ok(document) => Resolution::Found(Box::new(document)),
                    Err(error) => Resolution::Bad(error.to_string()),
                },
            },
            chain: &|address| self.chains.get(address).cloned(),
            roots: &self.roots,
            list: &|address| self.lists.get(address).cloned(),
            contexts: contexts(),
        };
        Verifier::new(&self.policy, &held).verify(bytes)
    }

    /// Another issuer, in header, document and proof; its document is published with the same key.
    pub(crate) fn issue_as(&mut self, did: &str, method: &str) {
        self.header["iss"] = json!(did);
        self.header["kid"] = json!(method);
        self.document["issuer"] = json!(did);
        self.options["verificationMethod"] = json!(method);
        self.document.as_object_mut().unwrap().remove("credentialStatus");
        self.documents.insert(did.to_owned(), did_document(did, &self.key.public_key()));
    }

    /// The published document of the issuer.
    pub(crate) fn published(&mut self) -> &mut Value {
        self.documents.get_mut(ISSUER).unwrap()
    }

    pub(crate) fn subject(&mut self) -> &mut Value {
        &mut self.document["credentialSubject"]
    }
}

fn data_integrity(form: Form) -> Value {
    json!({
        "type": "DataIntegrityProof",
        "cryptosuite": if form == Form::Jcs { "eddsa-jcs-2022" } else { "eddsa-rdfc-2022" },
        "created": "2026-11-01T00:00:00Z", "verificationMethod": format!("{ISSUER}#key-1"),
        "proofPurpose": "assertionMethod",
    })
}

fn jws_2020() -> Value {
    json!({
        "type": "JsonWebSignature2020", "created": "2026-11-01T00:00:00Z",
        "verificationMethod": format!("{ISSUER}#key-1"), "proofPurpose": "assertionMethod",
    })
}

pub(crate) fn statements(document: &Value) -> Option<Vec<u8>> {
    let compiled = contexts().compiled(document.get("@context")?).ok()?;
    let expanded = compiled.expand(document).ok()?;
    Some(canonicalise(&expanded.statements, &Limits::default()).ok()?.text.into_bytes())
}
