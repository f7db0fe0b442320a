//! The certificate chain behind `x5u`, checked against anchors that are handed in (RFC 5280, as far as the registry goes).
//!
//! Order, validity, signatures, the self-signed root, the key and the host. Revocation is not known here.

use aws_lc_rs::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use serde_json::Value;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::pem::Pem;
use x509_parser::prelude::FromDer as _;

use super::document::Document;
use super::keys::{did_document, has_x5c, method_id};
use super::rule::{self, Rule};
use super::{Log, Setting, Severity};
use crate::did::Did;
use crate::did::document::{Document as DidDocument, Method};
use crate::proof::key::VerificationKey;
use crate::target::Target;

const EV_POLICY: &str = "2.23.140.1.1";
const CERTIFICATES_MAX: usize = 10;

pub(super) fn check(documents: &[Document], setting: &Setting<'_>, log: &mut Log) {
    let mut methods: Vec<(&Document, Did, Method)> = Vec::new();
    for document in documents {
        let Some((did, id)) = document.jws.as_ref().and_then(|jws| method_id(document, jws)) else { continue };
        let Some(value) = did_document(&did, setting) else { continue };
        if log.target == Target::Xfsc && has_x5c(value, &id) {
            log.find(&document.name, "header /kid", Severity::Refused, &rule::X5C, format!("{id} has an x5c"));
        }
        let method = DidDocument::parse(&did, value).ok().and_then(|parsed| parsed.assertion_method(&id).ok().cloned());
        if let Some(method) = method.filter(|method| methods.iter().all(|(.., known)| known.id != method.id)) {
            methods.push((document, did, method));
        }
    }
    if !log.target.asks_for_chain() {
        return;
    }
    let with_chain = methods.into_iter().filter(|(.., method)| method.x5u.is_some());
    for (document, did, method) in with_chain {
        match setting.chain {
            Some(chain) => {
                let mut place = Place { document: &document.name, method: &method, log };
                place.chain(chain, &did, setting);
            }
            None => log.open(
                format!("the certificate chain of {}", method.id),
                format!("--chain with the file of {}", method.x5u.as_deref().unwrap_or_default()),
            ),
        }
    }
}

struct Place<'a> {
    document: &'a str,
    method: &'a Method,
    log: &'a mut Log,
}

impl Place<'_> {
    fn find(&mut self, severity: Severity, rule: &'static Rule, found: String) {
        self.log.find(self.document, format!("chain of {}", self.method.id), severity, rule, found);
    }

    fn chain(&mut self, bytes: &[u8], did: &Did, setting: &Setting<'_>) {
        let pems = match certificates(bytes) {
            Ok(pems) => pems,
            Err(fault) => return self.find(Severity::Refused, &rule::CHAIN_FORM, fault),
        };
        let parsed: Result<Vec<X509Certificate<'_>>, _> =
            pems.iter().map(|der| X509Certificate::from_der(der).map(|(_, certificate)| certificate)).collect();
        let chain = match parsed {
            Ok(chain) if !chain.is_empty() => chain,
            _ => return self.find(Severity::Refused, &rule::CHAIN_FORM, "no certificate that can be read".to_owned()),
        };
        self.order(&chain);
        for (at, certificate) in chain.iter().enumerate() {
            let (from, until) =
                (certificate.validity.not_before.timestamp(), certificate.validity.not_after.timestamp());
            if !(from..=until).contains(&setting.now.unix()) {
                let found = format!("certificate {}: {}", at + 1, certificate.validity.not_after);
                self.find(Severity::Refused, &rule::CHAIN_VALIDITY, found);
            }
        }
        let leaf = &chain[0];
        if !is_key_of(leaf, &self.method.key) {
            // The catalogue never compares them.
            let severity = if self.log.target == Target::Xfsc { Severity::Advice } else { Severity::Refused };
            self.find(severity, &rule::CHAIN_KEY, format!("the leaf is of {}", leaf.subject()));
        }
        if let Some(host) = did.as_str().strip_prefix("did:web:").and_then(|rest| rest.split([':', '%']).next())
            && !is_for_host(leaf, host)
        {
            self.find(Severity::MayBeRefused, &rule::CHAIN_HOST, format!("not for {host}"));
        }
        if self.log.target == Target::Loire && !has_ev_policy(leaf) {
            self.find(Severity::Advice, &rule::CHAIN_EV, "no such policy".to_owned());
        }
        self.anchor(&pems, setting);
    }

    fn order(&mut self, chain: &[X509Certificate<'_>]) {
        for (at, certificate) in chain.iter().enumerate() {
            let is_root = at + 1 == chain.len();
            let issuer = if is_root { certificate } else { &chain[at + 1] };
            let fault = match (certificate.issuer() == issuer.subject(), is_signed_by(certificate, issuer)) {
                (false, _) if is_root => Some("is not self-signed: the root is missing".to_owned()),
                (false, _) => Some("is not issued by the one that follows".to_owned()),
                (true, Some(false)) => Some("is not signed by the one that follows".to_owned()),
                (true, Some(true)) => None,
                (true, None) => {
                    let what = format!("the signature of certificate {} in the chain", at + 1);
                    self.log.open(what, "openssl verify: its algorithm is not known here");
                    None
                }
            };
            if let Some(fault) = fault {
                self.find(Severity::Refused, &rule::CHAIN_FORM, format!("certificate {} {fault}", at + 1));
            }
        }
    }

    fn anchor(&mut self, chain: &[Vec<u8>], setting: &Setting<'_>) {
        let what = || format!("whether the chain of {} ends at a trust anchor", self.method.id);
        match setting.anchors.map(certificates) {
            None => self.log.open(what(), "--root with the anchors that the registry lists"),
            Some(Err(_)) => self.log.open(what(), "--root with certificates in PEM"),
            Some(Ok(anchors)) if chain.last().is_some_and(|root| anchors.contains(root)) => {}
            Some(Ok(_)) => {
                self.find(Severity::Refused, &rule::CHAIN_ANCHOR, "its root is none of the anchors".to_owned())
            }
        }
    }
}

/// The certificates of a PEM file.
fn certificates(bytes: &[u8]) -> Result<Vec<Vec<u8>>, String> {
    let pems: Result<Vec<Pem>, _> = Pem::iter_from_buffer(bytes).collect();
    let pems = pems.map_err(|error| format!("not PEM: {error}"))?;
    let ders: Vec<Vec<u8>> =
        pems.into_iter().filter(|pem| pem.label == "CERTIFICATE").map(|pem| pem.contents).collect();
    match ders.len() {
        0 => Err("no certificate in PEM".to_owned()),
        count if count > CERTIFICATES_MAX => Err(format!("{count} certificates, more than {CERTIFICATES_MAX}")),
        _ => Ok(ders),
    }
}

/// Whether a certificate is signed by the key of another; `None` when its algorithm is not known here.
fn is_signed_by(certificate: &X509Certificate<'_>, issuer: &X509Certificate<'_>) -> Option<bool> {
    let key = &issuer.public_key().subject_public_key.data;
    let algorithm: &'static dyn VerificationAlgorithm =
        match (certificate.signature_algorithm.algorithm.to_id_string().as_str(), key.len()) {
            ("1.2.840.113549.1.1.11", _) => &signature::RSA_PKCS1_2048_8192_SHA256,
            ("1.2.840.113549.1.1.12", _) => &signature::RSA_PKCS1_2048_8192_SHA384,
            ("1.2.840.113549.1.1.13", _) => &signature::RSA_PKCS1_2048_8192_SHA512,
            ("1.2.840.10045.4.3.2", 65) => &signature::ECDSA_P256_SHA256_ASN1,
            ("1.2.840.10045.4.3.2", 97) => &signature::ECDSA_P384_SHA256_ASN1,
            ("1.2.840.10045.4.3.3", 97) => &signature::ECDSA_P384_SHA384_ASN1,
            ("1.2.840.10045.4.3.3", 65) => &signature::ECDSA_P256_SHA384_ASN1,
            ("1.3.101.112", 32) => &signature::ED25519,
            _ => return None,
        };
    let key = UnparsedPublicKey::new(algorithm, key);
    let signed = certificate.tbs_certificate.as_ref();
    Some(key.verify(signed, &certificate.signature_value.data).is_ok())
}

fn is_key_of(leaf: &X509Certificate<'_>, key: &VerificationKey) -> bool {
    let jwk = key.to_jwk(None);
    let text = |member: &str| jwk.get(member).and_then(Value::as_str).and_then(decode);
    let data = &leaf.public_key().subject_public_key.data;
    match key {
        VerificationKey::Ed25519(key) => **data == *key.as_bytes(),
        VerificationKey::P256(_) => {
            let point = text("x").zip(text("y")).map(|(x, y)| [vec![4], x, y].concat());
            point.is_some_and(|point| **data == *point)
        }
        VerificationKey::Rsa(_) => {
            let Ok(x509_parser::public_key::PublicKey::RSA(rsa)) = leaf.public_key().parsed() else { return false };
            let number = |bytes: &[u8]| bytes.iter().skip_while(|b| **b == 0).copied().collect::<Vec<u8>>();
            text("n") == Some(number(rsa.modulus)) && text("e") == Some(number(rsa.exponent))
        }
    }
}

fn decode(text: &str) -> Option<Vec<u8>> {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).ok()
}

fn is_for_host(leaf: &X509Certificate<'_>, host: &str) -> bool {
    let Ok(Some(names)) = leaf.subject_alternative_name() else { return false };
    names.value.general_names.iter().any(|name| match name {
        GeneralName::DNSName(name) => match name.strip_prefix("*.") {
            Some(parent) => host.split_once('.').is_some_and(|(_, rest)| rest.eq_ignore_ascii_case(parent)),
            None => name.eq_ignore_ascii_case(host),
        },
        _ => false,
    })
}

fn has_ev_policy(leaf: &X509Certificate<'_>) -> bool {
    use x509_parser::extensions::ParsedExtension::CertificatePolicies;
    leaf.extensions().iter().any(|extension| match extension.parsed_extension() {
        CertificatePolicies(policies) => policies.iter().any(|policy| policy.policy_id.to_id_string() == EV_POLICY),
        _ => false,
    })
}
