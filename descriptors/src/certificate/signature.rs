//! The signatures in a chain, and the key of a leaf.

use aws_lc_rs::signature as lc;
use x509_parser::certificate::X509Certificate;
use x509_parser::public_key::PublicKey as X509Key;
use x509_parser::signature_algorithm::{RsaSsaPssParams, SignatureAlgorithm};

use super::{Checked, Fault, Unchecked};
use crate::proof::PublicKey;
use crate::proof::key::{P256Key, RsaKey, VerificationKey};

const SHA256: &str = "2.16.840.1.101.3.4.2.1";
const SHA384: &str = "2.16.840.1.101.3.4.2.2";
const SHA512: &str = "2.16.840.1.101.3.4.2.3";
const RSA_PSS: &str = "1.2.840.113549.1.1.10";
const ED25519: &str = "1.3.101.112";
const P256: &str = "1.2.840.10045.3.1.7";
const P384: &str = "1.3.132.0.34";

/// Whether `issuer` signed `certificate`.
pub(crate) fn check(at: usize, certificate: &X509Certificate<'_>, issuer: &X509Certificate<'_>, checked: &mut Checked) {
    if certificate.signature_algorithm != certificate.tbs_certificate.signature {
        checked.faults.push(Fault::TwoAlgorithms { at });
    }
    let signed = certificate.tbs_certificate.as_ref();
    let signature = certificate.signature_value.data.as_ref();
    let key = issuer.public_key().subject_public_key.data.as_ref();
    let algorithm = certificate.signature_algorithm.algorithm.to_id_string();
    let holds = if algorithm == ED25519 {
        // Strictly, as everywhere.
        let key = <[u8; 32]>::try_from(key).ok().and_then(|key| PublicKey::from_bytes(&key).ok());
        key.is_some_and(|key| key.verify(signed, signature).is_ok())
    } else if let Some(known) = algorithm_of(certificate, issuer) {
        lc::UnparsedPublicKey::new(known, key).verify(signed, signature).is_ok()
    } else {
        checked.unchecked.push(Unchecked::Algorithm { at, algorithm });
        return;
    };
    if !holds {
        checked.faults.push(Fault::Signature { at });
    }
}

/// The algorithm of a signature together with the curve of the issuer's key; none when it is not known here.
fn algorithm_of(
    certificate: &X509Certificate<'_>,
    issuer: &X509Certificate<'_>,
) -> Option<&'static dyn lc::VerificationAlgorithm> {
    let algorithm = certificate.signature_algorithm.algorithm.to_id_string();
    let curve = issuer.public_key().algorithm.parameters.as_ref().and_then(|any| any.as_oid().ok());
    let curve = curve.map(|oid| oid.to_id_string());
    Some(match (algorithm.as_str(), curve.as_deref()) {
        ("1.2.840.113549.1.1.11", _) => &lc::RSA_PKCS1_2048_8192_SHA256,
        ("1.2.840.113549.1.1.12", _) => &lc::RSA_PKCS1_2048_8192_SHA384,
        ("1.2.840.113549.1.1.13", _) => &lc::RSA_PKCS1_2048_8192_SHA512,
        (RSA_PSS, _) => pss(certificate)?,
        ("1.2.840.10045.4.3.2", Some(P256)) => &lc::ECDSA_P256_SHA256_ASN1,
        ("1.2.840.10045.4.3.3", Some(P256)) => &lc::ECDSA_P256_SHA384_ASN1,
        ("1.2.840.10045.4.3.4", Some(P256)) => &lc::ECDSA_P256_SHA512_ASN1,
        ("1.2.840.10045.4.3.2", Some(P384)) => &lc::ECDSA_P384_SHA256_ASN1,
        ("1.2.840.10045.4.3.3", Some(P384)) => &lc::ECDSA_P384_SHA384_ASN1,
        ("1.2.840.10045.4.3.4", Some(P384)) => &lc::ECDSA_P384_SHA512_ASN1,
        _ => return None,
    })
}

/// PSS with one hash for everything, and a salt of its length.
fn pss(certificate: &X509Certificate<'_>) -> Option<&'static dyn lc::VerificationAlgorithm> {
    let Ok(SignatureAlgorithm::RSASSA_PSS(parameters)) = SignatureAlgorithm::try_from(&certificate.signature_algorithm)
    else {
        return None;
    };
    let parameters: &RsaSsaPssParams<'_> = &parameters;
    let hash = parameters.hash_algorithm_oid().to_id_string();
    let mask = parameters.mask_gen_algorithm().ok()?.hash.to_id_string();
    let (known, salt): (&'static dyn lc::VerificationAlgorithm, u32) = match hash.as_str() {
        SHA256 => (&lc::RSA_PSS_2048_8192_SHA256, 32),
        SHA384 => (&lc::RSA_PSS_2048_8192_SHA384, 48),
        SHA512 => (&lc::RSA_PSS_2048_8192_SHA512, 64),
        _ => return None,
    };
    (mask == hash && parameters.salt_length() == salt && parameters.trailer_field() == 1).then_some(known)
}

/// The key of a certificate, where it is of a type that signs credentials.
pub(super) fn key_of(certificate: &X509Certificate<'_>) -> Option<VerificationKey> {
    let info = certificate.public_key();
    let bytes = info.subject_public_key.data.as_ref();
    if info.algorithm.algorithm.to_id_string() == ED25519 {
        return PublicKey::from_bytes(bytes.try_into().ok()?).ok().map(VerificationKey::Ed25519);
    }
    match info.parsed().ok()? {
        X509Key::RSA(key) => {
            let number = |bytes: &[u8]| bytes.iter().copied().skip_while(|byte| *byte == 0).collect::<Vec<u8>>();
            let key = RsaKey::from_components(&number(key.modulus), &number(key.exponent)).ok()?;
            Some(VerificationKey::Rsa(key))
        }
        X509Key::EC(_) => {
            let curve = info.algorithm.parameters.as_ref()?.as_oid().ok()?.to_id_string();
            let ([4], coordinates) = bytes.split_at_checked(1)? else { return None };
            let (x, y) = coordinates.split_at_checked(32)?;
            let key = P256Key::from_coordinates(x.try_into().ok()?, y.try_into().ok()?).ok()?;
            (curve == P256).then_some(VerificationKey::P256(key))
        }
        _ => None,
    }
}
