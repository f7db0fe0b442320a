//! Keys that verify credentials: Ed25519 (`EdDSA`), P-256 (`ES256`) and RSA (`PS256`).
//!
//! A key serves one algorithm, so that a header cannot choose how it is checked. Nodes, DSSE envelopes and bundles know only
//! [`PublicKey`], which is Ed25519. Where a key comes from and whether it may be trusted is not known here.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ParsedPublicKey, RSA_PSS_2048_8192_SHA256, RsaParameters, RsaPublicKeyComponents,
};

use super::{PublicKey, SignError, SignatureError, Signer};

/// An algorithm of JOSE (RFC 7518, RFC 8037). No other is ever accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// Ed25519.
    EdDsa,
    /// ECDSA over P-256 with SHA-256; the signature is `r` ‖ `s`, 64 bytes.
    Es256,
    /// RSASSA-PSS with SHA-256 and a salt of 32 bytes.
    Ps256,
}

/// A name of an algorithm that is not on the list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the algorithm `{0}` is not allowed: EdDSA, ES256 and PS256 are")]
pub struct AlgorithmError(String);

impl Algorithm {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::EdDsa, Self::Es256, Self::Ps256];

    /// As `alg` of a header or a JWK.
    pub fn name(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Es256 => "ES256",
            Self::Ps256 => "PS256",
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Algorithm {
    type Err = AlgorithmError;

    fn from_str(name: &str) -> Result<Self, AlgorithmError> {
        let known = Self::ALL.into_iter().find(|algorithm| algorithm.name() == name);
        known.ok_or_else(|| AlgorithmError(name.chars().take(40).collect()))
    }
}

/// Why bytes are not a usable key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not a point of Ed25519's curve, or one of small order.
    #[error("not a usable Ed25519 public key")]
    Ed25519,
    /// Not a point of the curve P-256.
    #[error("not a point of the curve P-256")]
    P256,
    /// A modulus that is too short to be safe or too long to be cheap, or even.
    #[error("an RSA modulus of {0} bits: 2048 to 8192 are taken, odd, written without leading zeros")]
    Modulus(usize),
    /// An exponent that is even, below 3 or beyond 32 bits.
    #[error("an RSA exponent that is not an odd number from 3 to 2^32 - 1, written without leading zeros")]
    Exponent,
    /// The library refuses the key.
    #[error("not a usable RSA public key")]
    Rsa,
}

/// A key that verifies signatures of one algorithm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VerificationKey {
    /// `EdDSA`.
    Ed25519(PublicKey),
    /// `ES256`.
    P256(P256Key),
    /// `PS256`.
    Rsa(RsaKey),
}

/// Why a message was not signed by this key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// The key is of another type than the algorithm asks for.
    #[error("the algorithm is {asked}, but the key is for {fits}")]
    Algorithm {
        /// In the header.
        asked: Algorithm,
        /// What the key is for.
        fits: Algorithm,
    },
    /// Signed by another key, or changed since.
    #[error(transparent)]
    Signature(#[from] SignatureError),
}

impl VerificationKey {
    /// The one algorithm of this key.
    pub fn algorithm(&self) -> Algorithm {
        match self {
            Self::Ed25519(_) => Algorithm::EdDsa,
            Self::P256(_) => Algorithm::Es256,
            Self::Rsa(_) => Algorithm::Ps256,
        }
    }

    /// Checks a signature. The algorithm that a header names must be that of the key.
    pub fn verify(&self, asked: Algorithm, message: &[u8], signature: &[u8]) -> Result<(), VerifyError> {
        let fits = self.algorithm();
        if asked != fits {
            return Err(VerifyError::Algorithm { asked, fits });
        }
        match self {
            Self::Ed25519(key) => key.verify(message, signature)?,
            Self::P256(key) => key.parsed.verify_sig(message, signature).map_err(|_| SignatureError)?,
            Self::Rsa(key) => key.parsed.verify_sig(message, signature).map_err(|_| SignatureError)?,
        }
        Ok(())
    }

    /// The Ed25519 key, where this is one.
    pub fn as_ed25519(&self) -> Option<&PublicKey> {
        match self {
            Self::Ed25519(key) => Some(key),
            Self::P256(_) | Self::Rsa(_) => None,
        }
    }
}

impl From<PublicKey> for VerificationKey {
    fn from(key: PublicKey) -> Self {
        Self::Ed25519(key)
    }
}

/// A point of the curve P-256.
#[derive(Clone)]
pub struct P256Key {
    /// `04` ‖ x ‖ y.
    point: [u8; 65],
    parsed: ParsedPublicKey,
}

impl P256Key {
    /// The key with these coordinates; refuses what is not on the curve.
    pub fn from_coordinates(x: &[u8; 32], y: &[u8; 32]) -> Result<Self, KeyError> {
        let mut point = [4; 65];
        point[1..33].copy_from_slice(x);
        point[33..].copy_from_slice(y);
        let parsed = ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).map_err(|_| KeyError::P256)?;
        Ok(Self { point, parsed })
    }

    /// The key from its compressed point (SEC 1): `02` or `03`, then x.
    pub fn from_compressed(compressed: &[u8; 33]) -> Result<Self, KeyError> {
        if !matches!(compressed[0], 2 | 3) {
            return Err(KeyError::P256);
        }
        let parsed = ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, compressed).map_err(|_| KeyError::P256)?;
        let info = parsed.as_der().map_err(|_| KeyError::P256)?;
        // The SubjectPublicKeyInfo ends in the uncompressed point.
        let point = info.as_ref().last_chunk::<65>().ok_or(KeyError::P256)?;
        let (x, y) = (&point[1..33], &point[33..]);
        if point[0] != 4 || x != &compressed[1..] || y[31] & 1 != compressed[0] & 1 {
            return Err(KeyError::P256);
        }
        Ok(Self { point: *point, parsed })
    }

    /// The compressed point (SEC 1).
    pub fn to_compressed(&self) -> [u8; 33] {
        let mut compressed = [2 | (self.point[64] & 1); 33];
        compressed[1..].copy_from_slice(self.x());
        compressed
    }

    /// The coordinate x, 32 bytes.
    pub fn x(&self) -> &[u8] {
        &self.point[1..33]
    }

    /// The coordinate y, 32 bytes.
    pub fn y(&self) -> &[u8] {
        &self.point[33..]
    }
}

impl PartialEq for P256Key {
    fn eq(&self, other: &Self) -> bool {
        self.point == other.point
    }
}

impl Eq for P256Key {}

impl fmt::Debug for P256Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("P256Key").field(&crate::did::Did::p256_key(self)).finish()
    }
}

/// An RSA public key of 2048 to 8192 bits.
#[derive(Clone)]
pub struct RsaKey {
    modulus: Vec<u8>,
    exponent: Vec<u8>,
    parsed: ParsedPublicKey,
}

impl RsaKey {
    /// The key with these numbers, big-endian without leading zeros.
    pub fn from_components(modulus: &[u8], exponent: &[u8]) -> Result<Self, KeyError> {
        let bits = modulus.first().map_or(0, |first| modulus.len() * 8 - first.leading_zeros() as usize);
        let written_short = modulus.first().is_some_and(|first| *first != 0);
        let odd = |number: &[u8]| number.last().is_some_and(|last| last & 1 == 1);
        if !written_short || !(2048..=8192).contains(&bits) || !odd(modulus) {
            return Err(KeyError::Modulus(bits));
        }
        let short = (1..=4).contains(&exponent.len()) && exponent[0] != 0;
        if !short || !odd(exponent) || exponent == [1] {
            return Err(KeyError::Exponent);
        }
        const PARAMETERS: &RsaParameters = &RSA_PSS_2048_8192_SHA256;
        let components = RsaPublicKeyComponents { n: modulus, e: exponent };
        let parsed = components.to_parsed_public_key(PARAMETERS).map_err(|_| KeyError::Rsa)?;
        Ok(Self { modulus: modulus.to_vec(), exponent: exponent.to_vec(), parsed })
    }

    /// The modulus, big-endian without leading zeros.
    pub fn modulus(&self) -> &[u8] {
        &self.modulus
    }

    /// The exponent, big-endian without leading zeros.
    pub fn exponent(&self) -> &[u8] {
        &self.exponent
    }
}

impl PartialEq for RsaKey {
    fn eq(&self, other: &Self) -> bool {
        self.modulus == other.modulus && self.exponent == other.exponent
    }
}

impl Eq for RsaKey {}

impl fmt::Debug for RsaKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RsaKey").field("bits", &(self.modulus.len() * 8)).finish_non_exhaustive()
    }
}

/// Holds the private key of an issuer, of any type: in memory, in a token that speaks PKCS#11, or far away.
///
/// Whoever reaches it can issue false credentials in the name of its issuer. Signing may block. Ed25519 gives the same
/// signature for the same bytes; ECDSA and PSS draw randomness, which the implementation brings with it. A holder that
/// cannot sign says so in [`SignError`] and may be asked again.
pub trait SigningKey: Send + Sync {
    /// The key that verifies what this signs.
    fn verification_key(&self) -> VerificationKey;
    /// Signs `message` in the form that JOSE gives the signature of this key's algorithm.
    fn sign_bytes(&self, message: &[u8]) -> Result<Vec<u8>, SignError>;
}

/// Who signs statements can sign credentials.
impl<T: Signer + ?Sized> SigningKey for T {
    fn verification_key(&self) -> VerificationKey {
        VerificationKey::Ed25519(self.public_key())
    }

    fn sign_bytes(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        self.sign(message).map(|signature| signature.to_vec())
    }
}
