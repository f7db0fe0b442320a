//! Private keys in memory, signing with the faster library: Ed25519 for everything, P-256 and RSA for targets that ask for a
//! certificate.
//!
//! ECDSA and PSS draw randomness, which is why these are not in the pure crate. A token that speaks PKCS#11 would stand
//! beside them, behind the same traits.

use std::fs::{self, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PSS_SHA256, RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use descriptors::proof::key::{KeyError, P256Key, RsaKey, SigningKey, VerificationKey};
use descriptors::proof::{PublicKey, SignError, Signer};
use x509_parser::prelude::FromDer as _;

/// Longest key file that is read: RSA of 8192 bits has about 6 KB.
const FILE_MAX: u64 = 16 * 1024;

/// An Ed25519 key. Wiped when dropped, and never printed.
pub struct Ed25519Key {
    pair: Ed25519KeyPair,
    public: PublicKey,
}

/// A P-256 or an RSA key. Wiped when dropped, and never printed.
pub struct CertifiedKey {
    pair: Pair,
    public: VerificationKey,
}

enum Pair {
    P256(EcdsaKeyPair),
    Rsa(RsaKeyPair),
}

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// The file could not be read.
    #[error("cannot read the key {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Others than its owner may read or change it.
    #[error("the key {} has mode {mode:04o}: others may read it (chmod 600, and think of it as stolen)", path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// Not one PKCS#8 key in PEM.
    #[error("the key {} is not one block `PRIVATE KEY` of PEM (openssl pkcs8 -topk8 -nocrypt makes one)", path.display())]
    Pem {
        /// The file.
        path: PathBuf,
    },
    /// Not of a type that signs credentials.
    #[error("the key {} is neither P-256 nor RSA of 2048 to 8192 bits", path.display())]
    Type {
        /// The file.
        path: PathBuf,
    },
    /// The public part cannot be used.
    #[error("the public part of the key {} cannot be used", path.display())]
    Public {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: KeyError,
    },
}

/// The library could not sign.
#[derive(Debug, thiserror::Error)]
#[error("the library could not sign")]
struct Unsigned;

impl Ed25519Key {
    /// The key made from 32 secret, random bytes; none when the library takes them for no key.
    pub fn from_seed(seed: &[u8; 32]) -> Option<Self> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).ok()?;
        let public: [u8; 32] = pair.public_key().as_ref().try_into().ok()?;
        Some(Self { pair, public: PublicKey::from_bytes(&public).ok()? })
    }
}

impl Signer for Ed25519Key {
    fn public_key(&self) -> PublicKey {
        self.public
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignError> {
        let signature = self.pair.try_sign(message).map_err(|_| SignError(Box::new(Unsigned)))?;
        signature.as_ref().try_into().map_err(|_| SignError(Box::new(Unsigned)))
    }
}

impl CertifiedKey {
    /// Reads a PKCS#8 key in PEM from a file that only its owner may read.
    pub fn open(path: &Path) -> Result<Self, KeyFileError> {
        let text = read_private(path)?;
        let der = private_key(&text).ok_or_else(|| KeyFileError::Pem { path: path.to_owned() })?;
        let public = |source| KeyFileError::Public { path: path.to_owned(), source };
        if let Ok(pair) = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &der) {
            let point = pair.public_key().as_ref();
            let coordinates = point.split_at_checked(1).and_then(|(_, rest)| rest.split_at_checked(32));
            let (x, y) = coordinates.ok_or_else(|| public(KeyError::P256))?;
            let bytes = |part: &[u8]| <[u8; 32]>::try_from(part).map_err(|_| public(KeyError::P256));
            let key = P256Key::from_coordinates(&bytes(x)?, &bytes(y)?).map_err(public)?;
            return Ok(Self { pair: Pair::P256(pair), public: VerificationKey::P256(key) });
        }
        let pair = RsaKeyPair::from_pkcs8(&der).map_err(|_| KeyFileError::Type { path: path.to_owned() })?;
        let key = rsa_public(pair.public_key().as_ref()).map_err(public)?;
        Ok(Self { pair: Pair::Rsa(pair), public: VerificationKey::Rsa(key) })
    }
}

impl SigningKey for CertifiedKey {
    fn verification_key(&self) -> VerificationKey {
        self.public.clone()
    }

    fn sign_bytes(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        let random = SystemRandom::new();
        let failed = |_| SignError(Box::new(Unsigned));
        match &self.pair {
            Pair::P256(pair) => {
                pair.sign(&random, message).map(|signature| signature.as_ref().to_vec()).map_err(failed)
            }
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PSS_SHA256, &random, message, &mut signature).map_err(failed)?;
                Ok(signature)
            }
        }
    }
}

impl std::fmt::Debug for Ed25519Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Ed25519Key").field(&self.public).finish()
    }
}

impl std::fmt::Debug for CertifiedKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("CertifiedKey").field(&self.public).finish()
    }
}

/// Reads a file that nobody but its owner may read, through no link.
fn read_private(path: &Path) -> Result<String, KeyFileError> {
    let failed = |source| KeyFileError::Read { path: path.to_owned(), source };
    let no_follow = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(no_follow).open(path).map_err(failed)?;
    let mode = file.metadata().map_err(failed)?.mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(KeyFileError::Exposed { path: path.to_owned(), mode });
    }
    let mut text = String::new();
    file.take(FILE_MAX).read_to_string(&mut text).map_err(failed)?;
    Ok(text)
}

/// The DER of the only block of a PEM text.
fn private_key(text: &str) -> Option<Vec<u8>> {
    let body = text.trim().strip_prefix("-----BEGIN PRIVATE KEY-----")?.strip_suffix("-----END PRIVATE KEY-----")?;
    STANDARD.decode(body.split_ascii_whitespace().collect::<String>()).ok()
}

/// The numbers of an `RSAPublicKey` (RFC 8017).
fn rsa_public(der: &[u8]) -> Result<RsaKey, KeyError> {
    let (_, key) = x509_parser::public_key::RSAPublicKey::from_der(der).map_err(|_| KeyError::Rsa)?;
    let number = |bytes: &[u8]| bytes.iter().copied().skip_while(|byte| *byte == 0).collect::<Vec<u8>>();
    RsaKey::from_components(&number(key.modulus), &number(key.exponent))
}

/// The text of a small file that anyone may read.
pub(super) fn read_public(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(1 << 20).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use descriptors::proof::SoftwareKey;
    use descriptors::proof::key::Algorithm;
    use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519, PKCS_RSA_SHA256};

    use super::*;

    fn file(folder: &Path, text: &str) -> PathBuf {
        let path = folder.join("key.pem");
        let _ = fs::remove_file(&path);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    #[test]
    fn both_libraries_make_the_same_signature() {
        for seed in 0..8 {
            let (ours, other) = (Ed25519Key::from_seed(&[seed; 32]).unwrap(), SoftwareKey::from_seed(&[seed; 32]));
            assert_eq!(ours.public_key(), other.public_key());
            let message = vec![seed; usize::from(seed) * 100];
            assert_eq!(ours.sign(&message).unwrap(), other.sign(&message).unwrap());
        }
    }

    #[test]
    fn a_certified_key_signs_what_its_public_part_verifies() {
        let folder = tempfile::tempdir().unwrap();
        for (made, algorithm) in [(&PKCS_ECDSA_P256_SHA256, Algorithm::Es256), (&PKCS_RSA_SHA256, Algorithm::Ps256)] {
            let path = file(folder.path(), &KeyPair::generate_for(made).unwrap().serialize_pem());
            let key = CertifiedKey::open(&path).unwrap();
            let public = key.verification_key();
            assert_eq!(public.algorithm(), algorithm);
            let signature = key.sign_bytes(b"message").unwrap();
            assert_eq!(public.verify(algorithm, b"message", &signature), Ok(()));
            assert!(public.verify(algorithm, b"another", &signature).is_err());
        }
    }

    #[test]
    fn a_bad_key_file_is_named_for_its_fault() {
        let folder = tempfile::tempdir().unwrap();
        for other in [&PKCS_ED25519, &PKCS_ECDSA_P384_SHA384] {
            let path = file(folder.path(), &KeyPair::generate_for(other).unwrap().serialize_pem());
            assert!(matches!(CertifiedKey::open(&path), Err(KeyFileError::Type { .. })), "{other:?}");
        }
        let good = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap().serialize_pem();
        for bad in ["", "key", &good.replace("PRIVATE", "EC PRIVATE"), &format!("{good}{good}")] {
            let path = file(folder.path(), bad);
            assert!(matches!(CertifiedKey::open(&path), Err(KeyFileError::Pem { .. })), "{bad}");
        }
        let path = file(folder.path(), &good);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(CertifiedKey::open(&path), Err(KeyFileError::Exposed { mode: 0o644, .. })));
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert!(matches!(CertifiedKey::open(&link), Err(KeyFileError::Read { .. })));
    }
}
