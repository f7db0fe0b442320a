//! PEM files of certificates, and the one encoding that a certificate has.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer as _;

use super::ChainError;

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";
const LABEL: &str = "CERTIFICATE";

/// The certificates of a PEM file; text between them is passed over, as the files of authorities carry remarks.
pub(crate) fn blocks(pem: &[u8], most: usize) -> Result<Vec<Vec<u8>>, ChainError> {
    let text = String::from_utf8_lossy(pem);
    let mut lines = text.lines().map(str::trim_end);
    let mut found: Vec<Vec<u8>> = Vec::new();
    while let Some(line) = lines.next() {
        let Some(label) = line.strip_prefix(BEGIN).and_then(|rest| rest.strip_suffix(DASHES)) else { continue };
        if label != LABEL {
            return Err(ChainError::Label(label.chars().take(40).collect()));
        }
        let at = found.len();
        if at == most {
            return Err(ChainError::Count(at + 1));
        }
        let mut body = String::new();
        loop {
            let line = lines.next().ok_or(ChainError::Pem(at))?;
            if line.strip_prefix(END).and_then(|rest| rest.strip_suffix(DASHES)) == Some(LABEL) {
                break;
            }
            body.push_str(line);
        }
        let der = STANDARD.decode(body).map_err(|_| ChainError::Pem(at))?;
        match X509Certificate::from_der(&der) {
            Ok(([], certificate)) if is_der(&der, &certificate) => found.push(der),
            _ => return Err(ChainError::Der(at)),
        }
    }
    if found.is_empty() { Err(ChainError::Count(0)) } else { Ok(found) }
}

/// Whether what stands around the signed part has its one encoding: the reader passes over other tags there, and a certificate
/// that can be spelt in two ways has two digests.
pub(crate) fn is_der(der: &[u8], certificate: &X509Certificate<'_>) -> bool {
    let signed = certificate.tbs_certificate.as_ref();
    let signature = [&[0], certificate.signature_value.data.as_ref()].concat();
    let tail = element(0x03, &signature);
    // Between them stands the algorithm, which the signed part repeats.
    let Some(algorithm) = der.len().checked_sub(tail.len()).and_then(|end| {
        let begin = der.len() - element_length(der, signed.len())? + signed.len();
        der.get(begin..end)
    }) else {
        return false;
    };
    let repeated = !algorithm.is_empty() && signed.windows(algorithm.len()).any(|window| window == algorithm);
    repeated && element(0x30, &[signed, algorithm, &tail].concat()) == der
}

/// Length of what is inside the outermost element, where it can hold as much.
fn element_length(der: &[u8], least: usize) -> Option<usize> {
    let header = match der.get(1)? {
        short if *short < 0x80 => 2,
        long => 2 + usize::from(long & 0x7f),
    };
    der.len().checked_sub(header).filter(|length| *length >= least)
}

/// A DER element with its length in the shortest form.
fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let short = &length[length.iter().take_while(|byte| **byte == 0).count()..];
    let mut bytes = vec![tag];
    match content.len() {
        0..0x80 => bytes.push(length[length.len() - 1]),
        // The lengths here have at most three bytes.
        _ => {
            bytes.push(0x80 | u8::try_from(short.len()).unwrap_or(0));
            bytes.extend_from_slice(short);
        }
    }
    bytes.extend_from_slice(content);
    bytes
}
