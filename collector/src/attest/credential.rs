//! Makes a credential that only the chip with an endorsement key can open, and only where it holds the key with a given name too
//! (TPM 2.0 Library, part 1, section 24: what `TPM2_MakeCredential` does, done here).
//!
//! ```text
//!   seed ─▶ encrypted to the endorsement key
//!     ├─ KDFa "STORAGE", name ─▶ AES-128-CFB over the secret ─▶ inner
//!     └─ KDFa "INTEGRITY"     ─▶ HMAC over inner and name    ─▶ outer
//! ```
//!
//! Of RSA the seed is random, and encrypted by OAEP; on P-256 it comes of an agreement with a key made for it. Who may ask is not known here.

use aws_lc_rs::agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral};
use aws_lc_rs::cipher::{AES_128, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hmac;
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, PublicEncryptingKey, PublicKeyComponents};
use descriptors::digest::Digest;
use descriptors::tpm::public::{Key, PublicArea};
use descriptors::tpm::wire::Writer;

/// What stands in the padding and the derivation of the seed; the zero belongs to it.
const IDENTITY: &[u8] = b"IDENTITY\0";
const STORAGE: &[u8] = b"STORAGE\0";
const INTEGRITY: &[u8] = b"INTEGRITY\0";

/// The exponent of every endorsement key of the profile.
const EXPONENT: [u8; 3] = [1, 0, 1];

/// Why there is no credential.
#[derive(Debug, thiserror::Error)]
pub enum CredentialError {
    /// The library does not take the key.
    #[error("the endorsement key cannot be used for encryption")]
    Key,
    /// No random bytes.
    #[error("no random bytes")]
    Random(#[from] std::io::Error),
    /// The library fails.
    #[error("the credential could not be encrypted")]
    Encrypt,
}

/// What a chip is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Made {
    /// `TPMS_ID_OBJECT`.
    pub(super) credential: Vec<u8>,
    /// `TPM2B_ENCRYPTED_SECRET` without its size.
    pub(super) encrypted_secret: Vec<u8>,
}

/// Makes a credential with `secret` for the chip of `endorsement`, where that also has the key called `name`.
pub(super) fn make(endorsement: &PublicArea, name: &[u8], secret: &[u8; 32]) -> Result<Made, CredentialError> {
    let (seed, encrypted_secret) = match endorsement.key() {
        Key::Rsa { modulus } => rsa_seed(modulus)?,
        Key::P256 { x, y } => p256_seed(x, y)?,
    };
    Ok(Made { credential: sealed(&seed, name, secret)?, encrypted_secret })
}

fn rsa_seed(modulus: &[u8]) -> Result<([u8; 32], Vec<u8>), CredentialError> {
    let seed = crate::random::bytes()?;
    let components = PublicKeyComponents { n: modulus, e: EXPONENT.as_slice() };
    let key: PublicEncryptingKey = components.try_into().map_err(|_: Unspecified| CredentialError::Key)?;
    let key = OaepPublicEncryptingKey::new(key).map_err(|_| CredentialError::Key)?;
    let mut encrypted = vec![0; key.ciphertext_size()];
    let written = key.encrypt(&OAEP_SHA256_MGF1SHA256, &seed, &mut encrypted, Some(IDENTITY));
    let length = written.map_err(|_| CredentialError::Encrypt)?.len();
    encrypted.truncate(length);
    Ok((seed, encrypted))
}

fn p256_seed(x: &[u8; 32], y: &[u8; 32]) -> Result<([u8; 32], Vec<u8>), CredentialError> {
    let ours = EphemeralPrivateKey::generate(&ECDH_P256, &SystemRandom::new()).map_err(|_| CredentialError::Encrypt)?;
    let public = ours.compute_public_key().map_err(|_| CredentialError::Encrypt)?;
    let [4, point @ ..] = public.as_ref() else { return Err(CredentialError::Encrypt) };
    let (our_x, our_y) = point.split_at_checked(32).ok_or(CredentialError::Encrypt)?;
    let theirs = UnparsedPublicKey::new(&ECDH_P256, [&[4], x.as_slice(), y].concat());
    let seed = agree_ephemeral(ours, theirs, CredentialError::Key, |shared| Ok(kdf_e(shared, our_x, x)))?;
    Ok((seed, Writer::new().sized(our_x).sized(our_y).into_bytes()))
}

/// The derivation from an agreement (part 1, section 11.4.10.3), for 256 bits: one round.
pub(super) fn kdf_e(shared: &[u8], our_x: &[u8], their_x: &[u8]) -> [u8; 32] {
    let input = Writer::new().u32(1).bytes(shared).bytes(IDENTITY).bytes(our_x).bytes(their_x);
    *Digest::of(&input.into_bytes()).as_bytes()
}

/// The derivation from a key (part 1, section 11.4.10.2), for at most 256 bits: one round.
fn kdf_a(key: &[u8], label: &[u8], context: &[u8], bits: u32) -> [u8; 32] {
    let input = Writer::new().u32(1).bytes(label).bytes(context).u32(bits).into_bytes();
    authenticated(key, &input)
}

fn authenticated(key: &[u8], message: &[u8]) -> [u8; 32] {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message);
    let mut bytes = [0; 32];
    bytes.copy_from_slice(tag.as_ref());
    bytes
}

pub(super) fn sealed(seed: &[u8; 32], name: &[u8], secret: &[u8; 32]) -> Result<Vec<u8>, CredentialError> {
    let key = kdf_a(seed, STORAGE, name, 128);
    let mut inner = Writer::new().sized(secret).into_bytes();
    let key = UnboundCipherKey::new(&AES_128, &key[..16]).and_then(EncryptingKey::cfb128);
    // A vector of zeros: the key is made of a fresh seed, and used this once.
    let zeros = EncryptionContext::Iv128(FixedLength::from([0; 16]));
    key.and_then(|key| key.less_safe_encrypt(&mut inner, zeros)).map_err(|_| CredentialError::Encrypt)?;
    let outer = authenticated(&kdf_a(seed, INTEGRITY, &[], 256), &[inner.as_slice(), name].concat());
    Ok(Writer::new().sized(&outer).bytes(&inner).into_bytes())
}
