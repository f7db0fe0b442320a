//! What was fetched, in a directory: each document under its digest, and `fetched.json` that says what it is and when it came.
//!
//! With it a verdict can be reached again without network. Whoever can write into the directory decides what is verified
//! with: a digest only finds accidents.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use descriptors::canonical;
use descriptors::digest::Digest;
use descriptors::timestamp::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Attempt, Came};
use crate::credential::Missed;

const INDEX: &str = "fetched.json";

/// Why documents cannot be kept, or those that were kept cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeptError {
    /// There is one already, or it cannot be made.
    #[error("cannot create the directory {}: name one that does not exist yet", path.display())]
    Create {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file that cannot be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file that cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// An index that is none.
    #[error("{} is not what --keep writes", path.display())]
    Index {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: canonical::ReadError,
    },
    /// A document that was changed since.
    #[error("{} was changed since it was fetched: its digest is {found}", path.display())]
    Changed {
        /// Which.
        path: PathBuf,
        /// What it is now.
        found: Digest,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    what: Missed,
    address: String,
    digest: Digest,
    fetched_at: Timestamp,
}

/// A directory that is there, and empty.
#[derive(Debug)]
pub struct Place(PathBuf);

/// Makes a new directory.
pub fn create(path: &Path) -> Result<Place, KeptError> {
    std::fs::create_dir(path).map_err(|source| KeptError::Create { path: path.to_owned(), source })?;
    Ok(Place(path.to_owned()))
}

/// Writes what was fetched, and the index last.
pub fn write(Place(directory): Place, attempts: &[Attempt]) -> Result<(), KeptError> {
    let mut index = Vec::new();
    for Attempt { what, address, at, came } in attempts {
        if let Came::Fetched { digest, bytes } = came {
            write_file(directory.join(digest.hex()), bytes)?;
            let (what, address) = (what.clone(), address.clone());
            index.push(Entry { what, address, digest: *digest, fetched_at: *at });
        }
    }
    let path = directory.join(INDEX);
    match serde_json::to_vec_pretty(&index) {
        Ok(index) => write_file(path, &index),
        Err(error) => Err(KeptError::Write { path, source: error.into() }),
    }
}

/// Reads what was kept: what it is, its bytes, and when they were fetched.
pub fn read(directory: &Path) -> Result<Vec<(Missed, Vec<u8>, Timestamp)>, KeptError> {
    let path = directory.join(INDEX);
    let index: Vec<Entry> =
        canonical::from_slice(&read_file(&path)?).map_err(|source| KeptError::Index { path, source })?;
    let entry = |Entry { what, digest, fetched_at, .. }: Entry| {
        let path = directory.join(digest.hex());
        let bytes = read_file(&path)?;
        let found = Digest::of(&bytes);
        if found != digest {
            return Err(KeptError::Changed { path, found });
        }
        Ok((what, bytes, fetched_at))
    };
    index.into_iter().map(entry).collect()
}

fn write_file(path: PathBuf, bytes: &[u8]) -> Result<(), KeptError> {
    let written = std::fs::File::create(&path).and_then(|mut file| file.write_all(bytes));
    written.map_err(|source| KeptError::Write { path, source })
}

fn read_file(path: &Path) -> Result<Vec<u8>, KeptError> {
    std::fs::read(path).map_err(|source| KeptError::Read { path: path.to_owned(), source })
}
