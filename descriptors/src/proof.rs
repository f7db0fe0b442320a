//! Proofs: who said these bytes.
//!
//! One file for each format; keys are handed in, and where a private key lives is not known here. Every check of Ed25519
//! uses `verify_strict`: the laxer functions of the same library accept signatures that other verifiers refuse. What nodes
//! and collectors state is signed with Ed25519 ([`Signer`]); credentials may be signed with other keys too ([`key`]).

pub mod data_integrity;
pub mod dsse;
pub mod jwk;
pub mod jws_2020;
pub mod key;
pub mod ssh_signature;
pub mod statements;
pub mod vc_jwt;

use std::fmt;

use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};

/// An Ed25519 public key (RFC 8032): a point of the curve, not of small order.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

/// The bytes are not a usable Ed25519 public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a usable Ed25519 public key")]
pub struct PublicKeyError;

/// The signature was not made by this key over these bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not fit the key and the signed bytes")]
pub struct SignatureError;

impl PublicKey {
    /// Reads a key; refuses what is not a point, points of small order, and a second spelling of a point.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, PublicKeyError> {
        // The coordinate y must be below 2^255 - 19 (RFC 8032, 5.1.3); the library reduces it instead.
        let [first, middle @ .., last] = bytes;
        if *first >= 0xed && middle.iter().all(|byte| *byte == 0xff) && last | 0x80 == 0xff {
            return Err(PublicKeyError);
        }
        let key = VerifyingKey::from_bytes(bytes).map_err(|_| PublicKeyError)?;
        if key.is_weak() { Err(PublicKeyError) } else { Ok(Self(key)) }
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// The point, for the check of many signatures beforehand.
    pub(crate) fn point(&self) -> &VerifyingKey {
        &self.0
    }

    /// Checks a signature strictly: canonical S, no small-order points.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), SignatureError> {
        let signature = ed25519_dalek::Signature::from_slice(signature).map_err(|_| SignatureError)?;
        self.0.verify_strict(message, &signature).map_err(|_| SignatureError)
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PublicKey").field(&crate::did::Did::key(self)).finish()
    }
}

/// The device that holds the key did not sign.
#[derive(Debug, thiserror::Error)]
#[error("the key holder did not sign")]
pub struct SignError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// Holds an Ed25519 private key. Signing may block; the same bytes give the same signature.
pub trait Signer: Send + Sync {
    /// The key that verifies what this signs.
    fn public_key(&self) -> PublicKey;
    /// Signs `message` (64 bytes, RFC 8032).
    fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignError>;
}

impl<T: Signer + ?Sized> Signer for &T {
    fn public_key(&self) -> PublicKey {
        (**self).public_key()
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignError> {
        (**self).sign(message)
    }
}

impl<T: Signer + ?Sized> Signer for std::sync::Arc<T> {
    fn public_key(&self) -> PublicKey {
        (**self).public_key()
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignError> {
        (**self).sign(message)
    }
}

/// A private key in memory; wiped when dropped, and never printed.
pub struct SoftwareKey(SigningKey);

impl SoftwareKey {
    /// The key made from 32 secret, random bytes.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }
}

impl Signer for SoftwareKey {
    fn public_key(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignError> {
        Ok(self.0.sign(message).to_bytes())
    }
}

impl fmt::Debug for SoftwareKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SoftwareKey").field(&self.public_key()).finish()
    }
}
