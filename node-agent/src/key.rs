//! The node's report key: an Ed25519 seed in a file that only the agent may read.
//!
//! Whoever controls this file can lie about this node, and about no other. It is made on the first start and never leaves
//! the machine; the collector learns the public key when the node enrols. What is signed with it is not known here.

use std::io;
use std::path::{Path, PathBuf};

use descriptors::digest::Digest;
use descriptors::proof::SoftwareKey;

use crate::state::{self, SecretError};

/// 64 hexadecimal digits, and room for a line end of any kind.
const FILE_BYTES_MAX: u64 = 66;

/// Why there is no report key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file could not be read, or others may read it.
    #[error("the report key cannot be used")]
    Read(#[from] SecretError),
    /// The kernel gave no random bytes.
    #[error("cannot draw random bytes for a new report key")]
    Random(#[source] io::Error),
    /// A new key could not be stored.
    #[error("cannot store a new report key in {path}")]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Not 64 lower-case hexadecimal digits.
    #[error(
        "{path} does not hold a report key (64 lower-case hexadecimal digits): restore it from a backup, or remove it and \
         enrol this node again with a new join token"
    )]
    Malformed {
        /// The file.
        path: PathBuf,
    },
}

/// Reads the report key, or makes one on the first start. A new key is durable on return.
pub fn load_or_create(path: &Path) -> Result<SoftwareKey, KeyError> {
    if let Some(key) = load(path)? {
        return Ok(key);
    }
    let seed: [u8; 32] = random().map_err(KeyError::Random)?;
    match state::create_durably(path, format!("{}\n", Digest::from_bytes(seed).hex()).as_bytes()) {
        Ok(()) => Ok(SoftwareKey::from_seed(&seed)),
        // Another process was quicker: there is one key, and it is that one.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            load(path)?.ok_or_else(|| write_error(path, error))
        }
        Err(error) => Err(write_error(path, error)),
    }
}

fn load(path: &Path) -> Result<Option<SoftwareKey>, KeyError> {
    let Some(text) = state::read_secret(path, state::GROUP_AND_OTHERS, FILE_BYTES_MAX)? else { return Ok(None) };
    let seed: Digest =
        format!("sha256:{}", text.trim_end()).parse().map_err(|_| KeyError::Malformed { path: path.to_owned() })?;
    Ok(Some(SoftwareKey::from_seed(seed.as_bytes())))
}

fn write_error(path: &Path, source: io::Error) -> KeyError {
    KeyError::Write { path: path.to_owned(), source }
}

/// Random bytes of the kernel; waits until its generator is seeded.
pub(crate) fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    let mut filled = 0;
    while filled < N {
        match rustix::rand::getrandom(&mut bytes[filled..], rustix::rand::GetRandomFlags::empty()) {
            Ok(count) => filled += count,
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use descriptors::proof::Signer as _;

    use super::*;

    #[test]
    fn a_key_is_made_once_and_kept() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("report.key");
        let made = load_or_create(&path).unwrap();
        assert_eq!(load_or_create(&path).unwrap().public_key(), made.public_key());
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let other = load_or_create(&directory.path().join("other.key")).unwrap();
        assert_ne!(other.public_key(), made.public_key());
    }

    #[test]
    fn a_key_that_others_may_read_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("report.key");
        load_or_create(&path).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(load_or_create(&path), Err(KeyError::Read(SecretError::Exposed { mode: 0o644, .. }))));
    }

    #[test]
    fn a_broken_key_is_never_replaced_silently() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("report.key");
        for broken in ["", "00", &"g".repeat(64), &"A".repeat(64), &"a".repeat(65)] {
            std::fs::write(&path, broken).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
            assert!(matches!(load_or_create(&path), Err(KeyError::Malformed { .. })), "{broken}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), broken);
        }
    }
}
