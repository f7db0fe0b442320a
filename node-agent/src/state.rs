//! Files that must be whole or not there, whenever the power goes.
//!
//! A file is written beside its place, synced, renamed over it, and its directory is synced. What the bytes mean is not
//! known here.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// Ending of a file that is being written; one that is found was left by a crash.
pub(crate) const UNFINISHED: &str = "tmp";

/// Writes `bytes` to `path`, readable by nobody else. Durable on return; a crash leaves the old file or the new one.
pub(crate) fn write_durably(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let unfinished = write_beside(path, bytes)?;
    std::fs::rename(&unfinished, path)?;
    sync_directory(path)
}

/// As [`write_durably`], but fails with `AlreadyExists` when `path` is there.
pub(crate) fn create_durably(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let unfinished = write_beside(path, bytes)?;
    let linked = std::fs::hard_link(&unfinished, path);
    std::fs::remove_file(&unfinished)?;
    linked?;
    sync_directory(path)
}

fn write_beside(path: &Path, bytes: &[u8]) -> io::Result<PathBuf> {
    let unfinished = path.with_added_extension(UNFINISHED);
    match std::fs::remove_file(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    Ok(unfinished)
}

/// Makes a rename, creation or removal beside `path` durable.
pub(crate) fn sync_directory(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => File::open(parent)?.sync_all(),
        _ => File::open(".")?.sync_all(),
    }
}

/// Moves a file to another directory; copies it where the kernel does not move, as under Landlock before Linux 5.19.
pub(crate) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    match std::fs::rename(from, to) {
        Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
            std::fs::copy(from, to)?;
            std::fs::remove_file(from)
        }
        outcome => outcome,
    }
}

/// Makes a directory that only its owner may enter; one that is there stays as it is.
pub(crate) fn create_directory(path: &Path) -> io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// As [`create_directory`]; one that is made belongs to `owner`, user and group, who otherwise could not use it.
pub(crate) fn create_directory_for(path: &Path, owner: Option<(u32, u32)>) -> io::Result<()> {
    if path.exists() {
        return Ok(());
    }
    create_directory(path)?;
    match owner {
        Some((uid, gid)) => std::os::unix::fs::chown(path, Some(uid), Some(gid)),
        None => Ok(()),
    }
}

/// Why a secret file was not read.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The file could not be opened or read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Others than the owner have rights on it.
    #[error("{path} has mode {mode:04o}, so others may use the secret in it: run `chmod 600 {path}`")]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Larger than any such file.
    #[error("{path} is larger than {bytes_max} bytes")]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The bound.
        bytes_max: u64,
    },
}

/// Rights that nobody but the owner may have.
pub(crate) const GROUP_AND_OTHERS: u32 = 0o077;

/// Rights that nobody but the owner and the group may have.
pub(crate) const OTHERS: u32 = 0o007;

/// Reads a file that holds a secret; `None` when it is not there. Refuses one on which anybody has a `forbidden` right.
pub(crate) fn read_secret(path: &Path, forbidden: u32, bytes_max: u64) -> Result<Option<String>, SecretError> {
    let fail = |source| SecretError::Read { path: path.to_owned(), source };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(fail(error)),
    };
    // Asked of the open file, so that nobody can swap it between the check and the reading.
    let mode = file.metadata().map_err(fail)?.permissions().mode() & 0o7777;
    if mode & forbidden != 0 {
        return Err(SecretError::Exposed { path: path.to_owned(), mode });
    }
    let mut text = String::new();
    file.take(bytes_max + 1).read_to_string(&mut text).map_err(fail)?;
    if text.len() as u64 > bytes_max {
        return Err(SecretError::TooLarge { path: path.to_owned(), bytes_max });
    }
    Ok(Some(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_private() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        std::fs::write(path.with_added_extension(UNFINISHED), "left by a crash").unwrap();
        write_durably(&path, b"one").unwrap();
        write_durably(&path, b"two").unwrap();
        assert_eq!(read_secret(&path, GROUP_AND_OTHERS, 3).unwrap().as_deref(), Some("two"));
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
        assert!(matches!(read_secret(&path, GROUP_AND_OTHERS, 2), Err(SecretError::TooLarge { .. })));
    }

    #[test]
    fn a_file_is_moved_where_the_kernel_only_copies() {
        let (here, Ok(there)) = (tempfile::tempdir().unwrap(), tempfile::tempdir_in("/dev/shm")) else {
            println!("skipped: moving between file systems: there is no /dev/shm");
            return;
        };
        let (from, to) = (here.path().join("file"), there.path().join("file"));
        std::fs::write(&from, "one").unwrap();
        rename(&from, &to).unwrap();
        assert_eq!((from.exists(), std::fs::read(&to).unwrap()), (false, b"one".to_vec()));
        assert_eq!(rename(&from, &to).unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn a_file_that_is_there_is_not_created_again() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        create_durably(&path, b"one").unwrap();
        assert_eq!(create_durably(&path, b"two").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read(&path).unwrap(), b"one");
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_secret_that_others_may_read_is_refused_with_the_remedy() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        assert!(read_secret(&path, GROUP_AND_OTHERS, 10).unwrap().is_none());
        write_durably(&path, b"secret").unwrap();
        for mode in [0o640, 0o604, 0o620, 0o601] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            let error = read_secret(&path, GROUP_AND_OTHERS, 10).unwrap_err().to_string();
            assert!(error.contains("chmod 600"), "{error}");
            assert_eq!(read_secret(&path, OTHERS, 10).is_ok(), mode & OTHERS == 0);
        }
    }
}
