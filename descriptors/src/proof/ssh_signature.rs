//! SSH signatures (OpenSSH, PROTOCOL.sshsig) with Ed25519: for those to whom credentials are too much, and as the Sovereign
//! Cloud Stack asks for its compliance reports. `ssh-keygen -Y verify` checks them.
//!
//! A signature belongs to a namespace, so that what was signed for one purpose does not count for another. Whose key it is
//! the reader says, in a file of allowed signers; that is not known here.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::key::{SigningKey, VerificationKey};
use super::{PublicKey, PublicKeyError, SignError, SignatureError};

/// The namespace of statements by avow.
pub const NAMESPACE: &str = "credential@avow";

const BEGIN: &str = "-----BEGIN SSH SIGNATURE-----\n";
const END: &str = "-----END SSH SIGNATURE-----\n";
const MAGIC: &[u8] = b"SSHSIG";
const KEY_TYPE: &[u8] = b"ssh-ed25519";
const HASH: &[u8] = b"sha512";
/// Columns of the armour.
const COLUMNS: usize = 70;

/// Why a document was not signed.
#[derive(Debug, thiserror::Error)]
pub enum SshSignError {
    /// The key is of another type.
    #[error("an SSH signature is made with Ed25519, and the key is for {0}")]
    Key(super::key::Algorithm),
    /// The key holder failed.
    #[error("the document was not signed")]
    Sign(#[from] SignError),
}

/// Why an SSH signature does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SshVerifyError {
    /// Not the armour of a signature in front of a document.
    #[error("not an armoured SSH signature")]
    Armour,
    /// Not the bytes that the layout has for this namespace, Ed25519 and SHA-512.
    #[error("the SSH signature is not one of version 1, Ed25519, SHA-512 and the namespace `{0}`")]
    Layout(String),
    /// The key inside cannot be used.
    #[error("the key in the SSH signature cannot be used")]
    Key(#[from] PublicKeyError),
    /// Signed by another key, or changed since.
    #[error(transparent)]
    Signature(#[from] SignatureError),
}

/// The armoured signature over `document`.
pub fn sign(namespace: &str, document: &[u8], key: &dyn SigningKey) -> Result<String, SshSignError> {
    let public = key.verification_key();
    let VerificationKey::Ed25519(public) = public else { return Err(SshSignError::Key(public.algorithm())) };
    let signature = key.sign_bytes(&signed_bytes(namespace, document))?;
    let mut blob = head(namespace, &public);
    put(&mut blob, &pair(&signature));
    let text = STANDARD.encode(blob);
    let mut armour = BEGIN.to_owned();
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, tail) = rest.split_at(rest.len().min(COLUMNS));
        armour.push_str(line);
        armour.push('\n');
        rest = tail;
    }
    armour.push_str(END);
    Ok(armour)
}

/// Checks a signature and says which key made it: whether that key may speak the caller decides.
pub fn verify(namespace: &str, document: &[u8], armour: &str) -> Result<PublicKey, SshVerifyError> {
    let inner = armour.strip_prefix(BEGIN).and_then(|rest| rest.strip_suffix(END)).ok_or(SshVerifyError::Armour)?;
    let text: String = inner.lines().collect();
    let blob = STANDARD.decode(text).map_err(|_| SshVerifyError::Armour)?;
    // With everything else fixed, the key and the signature stand at known places.
    let layout = || SshVerifyError::Layout(namespace.to_owned());
    let key_at = MAGIC.len() + 4 + 4 + 4 + KEY_TYPE.len() + 4;
    let key: [u8; 32] = blob.get(key_at..key_at + 32).and_then(|key| key.try_into().ok()).ok_or_else(layout)?;
    let key = PublicKey::from_bytes(&key)?;
    let tail = blob.strip_prefix(head(namespace, &key).as_slice()).ok_or_else(layout)?;
    let signature = tail.last_chunk::<64>().ok_or_else(layout)?;
    let mut expected = Vec::new();
    put(&mut expected, &pair(signature));
    if tail != expected {
        return Err(layout());
    }
    key.verify(&signed_bytes(namespace, document), signature)?;
    Ok(key)
}

/// Signature and document in one text: the signature, `&`, then the document as it was signed.
pub fn join(armour: &str, document: &[u8]) -> Vec<u8> {
    [armour.as_bytes(), b"&", document].concat()
}

/// The signature and the document of a joined text.
pub fn split(joined: &[u8]) -> Result<(&str, &[u8]), SshVerifyError> {
    let separator = [END.as_bytes(), b"&"].concat();
    // A signature is far shorter than this.
    let head = &joined[..joined.len().min(1024)];
    let at = head.windows(separator.len()).position(|window| window == separator).ok_or(SshVerifyError::Armour)?;
    let (armour, rest) = joined.split_at(at + END.len());
    Ok((std::str::from_utf8(armour).map_err(|_| SshVerifyError::Armour)?, &rest[1..]))
}

/// The key as OpenSSH writes it: one line of an `allowed_signers` file begins with the signer's name, then this.
pub fn openssh_key(key: &PublicKey) -> String {
    format!("ssh-ed25519 {}", STANDARD.encode(pair(key.as_bytes())))
}

fn signed_bytes(namespace: &str, document: &[u8]) -> Vec<u8> {
    use sha2::{Digest as _, Sha512};
    let mut bytes = MAGIC.to_vec();
    for part in [namespace.as_bytes(), b"", HASH, &Sha512::digest(document)] {
        put(&mut bytes, part);
    }
    bytes
}

/// Everything before the signature.
fn head(namespace: &str, key: &PublicKey) -> Vec<u8> {
    let mut blob = MAGIC.to_vec();
    blob.extend_from_slice(&1_u32.to_be_bytes());
    put(&mut blob, &pair(key.as_bytes()));
    for part in [namespace.as_bytes(), b"", HASH] {
        put(&mut blob, part);
    }
    blob
}

fn pair(bytes: &[u8]) -> Vec<u8> {
    let mut blob = Vec::new();
    put(&mut blob, KEY_TYPE);
    put(&mut blob, bytes);
    blob
}

fn put(blob: &mut Vec<u8>, part: &[u8]) {
    // No part comes near the bound: a namespace, a key, a digest.
    blob.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
    blob.extend_from_slice(part);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proof::{Signer as _, SoftwareKey};

    #[test]
    fn a_signature_holds_for_its_document_and_namespace_only() {
        let key = SoftwareKey::from_seed(&[1; 32]);
        let armour = sign(NAMESPACE, b"{}", &key).unwrap();
        assert_eq!(verify(NAMESPACE, b"{}", &armour), Ok(key.public_key()));
        assert!(matches!(verify("report", b"{}", &armour), Err(SshVerifyError::Layout(_))));
        assert!(matches!(verify(NAMESPACE, b"{ }", &armour), Err(SshVerifyError::Signature(_))));
        assert_eq!(verify(NAMESPACE, b"{}", &armour[1..]), Err(SshVerifyError::Armour));
        let joined = join(&armour, b"{}&");
        assert_eq!(split(&joined), Ok((armour.as_str(), b"{}&".as_slice())));
        assert_eq!(split(b"{}"), Err(SshVerifyError::Armour));
    }

    #[test]
    fn one_flipped_bit_breaks_an_ssh_signature() {
        let key = SoftwareKey::from_seed(&[1; 32]);
        let armour = sign(NAMESPACE, b"{}", &key).unwrap();
        for bit in 0..armour.len() * 8 {
            let mut bytes = armour.clone().into_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let accepted = String::from_utf8(bytes).is_ok_and(|text| verify(NAMESPACE, b"{}", &text).is_ok());
            assert!(!accepted, "bit {bit}");
        }
    }
}
