//! Certificates of endorsement keys (TCG EK Credential Profile, section 3): who made the chip.
//!
//! A path is sought from the chip's certificate over those that came with it to a certificate that an operator or auditor trusts. Three things
//! are kept apart: a maker that is known; one that is not, because nobody vouches for it or because something cannot be checked here; and a
//! certificate that is wrong. Revocation is not known here, nor is fetching. A trusted certificate is trusted as a key: its own dates are
//! not looked at.
//!
//! Whoever controls a trusted certificate can make chips out of nothing.

use serde::{Deserialize, Serialize};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer as _;
use x509_parser::public_key::PublicKey as X509Key;

use super::public::{Key, PublicArea};
use crate::certificate::{self, ChainError, Checked, Fault, Unchecked};
use crate::timestamp::Timestamp;

/// Longest certificate that is looked at.
pub const CERTIFICATE_BYTES_MAX: usize = 4096;
/// Most certificates that come with a chip: its own, and those above it.
pub const CERTIFICATES_MAX: usize = 6;

/// Most certificates that may be trusted.
const ROOTS_MAX: usize = 256;
/// Longest text of a name that is kept.
const NAME_CHARS_MAX: usize = 200;
/// `tcg-kp-EKCertificate`.
const PURPOSE: &str = "2.23.133.8.1";
/// `tcg-at-tpmManufacturer`, `tcg-at-tpmModel`.
const DEVICE: [&str; 2] = ["2.23.133.2.1", "2.23.133.2.2"];

/// Certificates that are trusted to name chips, in DER.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Makers(Vec<Vec<u8>>);

/// Who made a chip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Maker {
    /// A certificate says so, and somebody trusts it.
    Known(Certified),
    /// It is not known, for this reason.
    Unknown(Doubt),
}

/// What a certificate says of a chip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certified {
    /// The name of who certified it.
    pub issuer: String,
    /// The number that it got there, in hexadecimal digits.
    pub serial: String,
    /// Maker and model of the chip, in the maker's codes, where they stand in the certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
}

/// Why a maker is not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Doubt {
    /// The chip has no certificate.
    #[error("the TPM has no certificate of its maker")]
    NoCertificate,
    /// Nobody is trusted.
    #[error("no certificates of makers are trusted")]
    NoMakers,
    /// The path ends before a trusted certificate.
    #[error("no trusted certificate vouches for the issuer `{0}`")]
    Issuer(String),
    /// Something in the path that is not known here.
    #[error("something in the certificate's path cannot be checked")]
    Unchecked(#[source] Unchecked),
}

/// What is wrong with a certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// Too many, or too long.
    #[error("more than {CERTIFICATES_MAX} certificates, or one longer than {CERTIFICATE_BYTES_MAX} bytes")]
    Size,
    /// Not X.509.
    #[error("certificate {0} is not DER of an X.509 certificate, and nothing behind it")]
    Der(usize),
    /// For another key.
    #[error("the certificate is for another endorsement key")]
    Key,
    /// Not for endorsement keys.
    #[error("the certificate is not one of an endorsement key: {0}")]
    Purpose(&'static str),
    /// Something else, as it may be wrong with any certificate.
    #[error("the certificate's path is broken")]
    Path(#[source] Fault),
}

impl Makers {
    /// The certificates of a PEM file.
    pub fn from_pem(pem: &[u8]) -> Result<Self, ChainError> {
        Ok(Self(certificate::pem::blocks(pem, ROOTS_MAX)?))
    }

    /// These and those.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        self.0.extend(others.0);
        self
    }

    /// Whether nobody is trusted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Who made the chip of `key`, by its certificates, its own first. What is wrong with them is an error also where nobody is trusted.
pub fn maker(
    certificates: &[impl AsRef<[u8]>],
    key: &PublicArea,
    makers: &Makers,
    now: Timestamp,
) -> Result<Maker, CertificateError> {
    if certificates.len() > CERTIFICATES_MAX
        || certificates.iter().any(|der| der.as_ref().len() > CERTIFICATE_BYTES_MAX)
    {
        return Err(CertificateError::Size);
    }
    let parsed = certificates.iter().enumerate().map(|(at, der)| match X509Certificate::from_der(der.as_ref()) {
        Ok(([], certificate)) if certificate::pem::is_der(der.as_ref(), &certificate) => Ok(certificate),
        _ => Err(CertificateError::Der(at)),
    });
    let parsed = parsed.collect::<Result<Vec<_>, _>>()?;
    let Some((own, above)) = parsed.split_first() else { return Ok(Maker::Unknown(Doubt::NoCertificate)) };
    check_own(own, key)?;
    check_fields(0, own, now)?;
    if makers.is_empty() {
        return Ok(Maker::Unknown(Doubt::NoMakers));
    }
    let trusted =
        makers.0.iter().filter_map(|der| X509Certificate::from_der(der).ok().map(|(_, certificate)| certificate));
    path(own, above, &trusted.collect::<Vec<_>>(), now).map(|doubt| match doubt {
        None => Maker::Known(certified(own)),
        Some(doubt) => Maker::Unknown(doubt),
    })
}

/// Whether these bytes are a certificate for this key, whoever made it.
pub fn is_for(certificate: &[u8], key: &PublicArea) -> bool {
    matches!(X509Certificate::from_der(certificate), Ok(([], certificate)) if has_key(&certificate, key))
}

fn has_key(certificate: &X509Certificate<'_>, key: &PublicArea) -> bool {
    match (certificate.public_key().parsed(), key.key()) {
        (Ok(X509Key::RSA(found)), Key::Rsa { modulus }) => {
            let number = |bytes: &[u8]| bytes.iter().copied().skip_while(|byte| *byte == 0).collect::<Vec<u8>>();
            number(found.modulus) == *modulus && number(found.exponent) == [1, 0, 1]
        }
        (Ok(X509Key::EC(point)), Key::P256 { x, y }) => point.data() == [&[4], x.as_slice(), y].concat(),
        _ => false,
    }
}

/// Whether the certificate is for this key, and for a chip.
fn check_own(own: &X509Certificate<'_>, key: &PublicArea) -> Result<(), CertificateError> {
    if !has_key(own, key) {
        return Err(CertificateError::Key);
    }
    if own.is_ca() {
        return Err(CertificateError::Purpose("it is one of an authority"));
    }
    let usage = own.key_usage().ok().flatten().map(|usage| usage.value);
    if usage.is_some_and(|usage| !usage.key_encipherment() && !usage.key_agreement()) {
        return Err(CertificateError::Purpose("its key is not to be used for keys"));
    }
    let purposes = own.extended_key_usage().ok().flatten().map(|purposes| purposes.value);
    if purposes.is_some_and(|purposes| !purposes.other.iter().any(|purpose| purpose.to_id_string() == PURPOSE)) {
        return Err(CertificateError::Purpose("it has other purposes"));
    }
    Ok(())
}

/// Whether its dates and extensions are good.
fn check_fields(at: usize, certificate: &X509Certificate<'_>, now: Timestamp) -> Result<(), CertificateError> {
    let mut checked = nothing_checked();
    certificate::fields::check_time(at, certificate, now, &mut checked);
    certificate::fields::check_extensions(at, certificate, &mut checked);
    match checked.faults.into_iter().next() {
        Some(fault) => Err(CertificateError::Path(fault)),
        None => Ok(()),
    }
}

/// Follows issuers up to a trusted certificate; says why it does not get there.
fn path(
    own: &X509Certificate<'_>,
    above: &[X509Certificate<'_>],
    trusted: &[X509Certificate<'_>],
    now: Timestamp,
) -> Result<Option<Doubt>, CertificateError> {
    let mut current = own;
    for at in 0..CERTIFICATES_MAX {
        let issued = |issuer: &&X509Certificate<'_>| issuer.subject().as_raw() == current.issuer().as_raw();
        // Of several with one name, a maker has had several keys: one that fits is enough.
        let mut faults = Vec::new();
        let mut doubts = Vec::new();
        let mut signed = |issuer: &&X509Certificate<'_>| {
            let mut checked = nothing_checked();
            certificate::signature::check(at, current, issuer, &mut checked);
            let good = checked.faults.is_empty() && checked.unchecked.is_empty();
            faults.extend(checked.faults);
            doubts.extend(checked.unchecked);
            good
        };
        if trusted.iter().filter(issued).any(|issuer| signed(&issuer)) {
            return Ok(None);
        }
        let Some(next) = above.iter().filter(issued).find(|issuer| signed(issuer)) else {
            return match (doubts.into_iter().next(), faults.into_iter().next()) {
                (Some(doubt), _) => Ok(Some(Doubt::Unchecked(doubt))),
                (None, Some(fault)) => Err(CertificateError::Path(fault)),
                (None, None) => Ok(Some(Doubt::Issuer(text(&current.issuer().to_string())))),
            };
        };
        check_fields(at + 1, next, now)?;
        check_authority(at + 1, next)?;
        current = next;
    }
    Ok(Some(Doubt::Issuer(text(&current.issuer().to_string()))))
}

/// Whether a certificate above may have signed; at the place `at`, so many less one are below it beside the chip's own.
fn check_authority(at: usize, certificate: &X509Certificate<'_>) -> Result<(), CertificateError> {
    let fault = |fault| Err(CertificateError::Path(fault));
    match certificate.basic_constraints().ok().flatten().map(|constraints| constraints.value) {
        Some(constraints) if constraints.ca => match constraints.path_len_constraint {
            Some(allowed) if at - 1 > allowed as usize => fault(Fault::PathLength { at, allowed, found: at - 1 }),
            _ => match certificate.key_usage().ok().flatten() {
                Some(usage) if !usage.value.key_cert_sign() => fault(Fault::Usage { at, purpose: "certificates" }),
                _ => Ok(()),
            },
        },
        _ => fault(Fault::Authority { at }),
    }
}

fn nothing_checked() -> Checked {
    Checked { faults: Vec::new(), unchecked: Vec::new(), extended_validation: false, ends: None }
}

fn certified(own: &X509Certificate<'_>) -> Certified {
    let serial = own.raw_serial().iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    Certified { issuer: text(&own.issuer().to_string()), serial: text(&serial), device: device(own) }
}

/// Maker and model, which stand in a directory name beside the subject (section 3.1.2 of the profile).
fn device(own: &X509Certificate<'_>) -> Option<String> {
    let names = own.subject_alternative_name().ok().flatten()?;
    let directory = names.value.general_names.iter().find_map(|name| match name {
        GeneralName::DirectoryName(name) => Some(name),
        _ => None,
    })?;
    let attribute = |oid: &str| {
        let mut all = directory.iter_attributes();
        all.find(|attribute| attribute.attr_type().to_id_string() == oid).and_then(|attribute| attribute.as_str().ok())
    };
    let parts: Vec<&str> = DEVICE.into_iter().filter_map(attribute).collect();
    (!parts.is_empty()).then(|| text(&parts.join(" ")))
}

/// A name as it may be shown.
fn text(name: &str) -> String {
    name.chars().map(|c| if c.is_control() { ' ' } else { c }).take(NAME_CHARS_MAX).collect()
}
