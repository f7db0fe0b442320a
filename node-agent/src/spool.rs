//! Where statements wait, on disk, until the collector has them.
//!
//! ```text
//! spool/lock            held while open: two agents on one spool would use a number twice
//! spool/sequence        the next number, durable before a number is used
//! spool/<20 digits>.record     one statement: magic, SHA-256, number, length, envelope
//! spool/refused/        the last few the collector will never take, with its reasons
//! spool/damaged/        the last few whose checksum did not fit
//! ```
//!
//! A statement is durable when [`Spool::push`] returns and is deleted only when the collector has answered. The one permitted
//! loss is overflow: the oldest goes first, it is counted, and it shows as a gap in the sequence. Records are read one by one,
//! so a long outage costs disk and not memory. What an envelope says is not known here.

mod record;
mod sequence;

use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use descriptors::report::ENVELOPE_BYTES_MAX;
use tracing::{error, warn};

use crate::cause::chain;
use crate::state;

const ENDING: &str = "record";

/// Records kept in `refused/`, and in `damaged/`.
const ASIDE_MAX: usize = 32;

/// Longest reason kept beside a refused record, in bytes: it comes from the network.
const REASON_BYTES_MAX: usize = 4096;

/// What a file takes on disk is counted in these.
const BLOCK_BYTES: u64 = 4096;

/// How often the lock is tried before another agent must be there.
const LOCK_ATTEMPTS: u32 = 20;

/// Time between two tries.
const LOCK_WAIT: Duration = Duration::from_millis(10);

/// Why the spool cannot be used, or did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    /// The directory could not be made or listed.
    #[error("cannot open the spool {path}")]
    Open {
        /// The directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another process has it.
    #[error("the spool {path} is in use by another process: only one agent may run on it")]
    InUse {
        /// The directory.
        path: PathBuf,
    },
    /// The next number could not be made durable.
    #[error("cannot store the next sequence number in {path}")]
    Sequence {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Larger than a collector takes, or than the whole spool.
    #[error("the statement has {bytes} bytes, more than the {bytes_max} allowed")]
    TooLarge {
        /// Its size.
        bytes: u64,
        /// The bound.
        bytes_max: u64,
    },
    /// A record could not be written.
    #[error("cannot store the statement in {path}")]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// What was lost since the spool was opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Losses {
    /// Oldest statements dropped to make room.
    pub overflowed: u64,
    /// Records whose checksum did not fit, or that could not be read.
    pub damaged: u64,
    /// Statements the collector will never take.
    pub refused: u64,
}

/// The spool of one node, open for one process.
#[derive(Debug)]
pub struct Spool {
    directory: PathBuf,
    bytes_max: u64,
    /// Size on disk of each record.
    records: BTreeMap<u64, u64>,
    bytes: u64,
    next: u64,
    losses: Losses,
    _lock: File,
}

impl Spool {
    /// Opens or makes a spool that takes at most `bytes_max` on disk. What an earlier process left is found again.
    pub fn open(directory: &Path, bytes_max: u64) -> Result<Self, SpoolError> {
        let fail = |source| SpoolError::Open { path: directory.to_owned(), source };
        for made in [directory, &directory.join("refused"), &directory.join("damaged")] {
            state::create_directory(made).map_err(fail)?;
        }
        let lock = lock(directory)?;
        let records = scan(directory).map_err(fail)?;
        let next = sequence::next(&directory.join("sequence"), records.keys().next_back().copied());
        Ok(Self {
            directory: directory.to_owned(),
            bytes_max,
            bytes: records.values().sum(),
            records,
            next,
            losses: Losses::default(),
            _lock: lock,
        })
    }

    /// A number that no statement of this node had or will have. Durable on return: a crash before [`Self::push`] leaves a
    /// gap of one, and no crash makes a number come twice.
    ///
    /// Numbers are not reserved in blocks: that would save one small write a minute, and after each crash the collector would
    /// show a gap that looks like lost statements.
    pub fn reserve(&mut self) -> Result<u64, SpoolError> {
        let path = self.directory.join("sequence");
        let reserved = self.next;
        sequence::store(&path, reserved + 1).map_err(|source| SpoolError::Sequence { path, source })?;
        self.next = reserved + 1;
        Ok(reserved)
    }

    /// Stores a statement under a reserved number. Durable on return. Makes room by dropping the oldest.
    pub fn push(&mut self, sequence: u64, envelope: &[u8]) -> Result<(), SpoolError> {
        let bytes = envelope.len() as u64;
        let bytes_max = self.bytes_max.min(ENVELOPE_BYTES_MAX as u64);
        let size = on_disk(record::HEADER_BYTES as u64 + bytes);
        if bytes > bytes_max || size > self.bytes_max {
            return Err(SpoolError::TooLarge { bytes, bytes_max });
        }
        self.make_room(size);
        let path = self.path(sequence);
        state::write_durably(&path, &record::encode(sequence, envelope))
            .map_err(|source| SpoolError::Write { path, source })?;
        self.forget(sequence);
        self.records.insert(sequence, size);
        self.bytes += size;
        Ok(())
    }

    fn make_room(&mut self, size: u64) {
        let before = self.losses.overflowed;
        while self.bytes + size > self.bytes_max {
            let Some((&oldest, _)) = self.records.first_key_value() else { break };
            self.delete(oldest);
            self.losses.overflowed += 1;
        }
        let dropped = self.losses.overflowed - before;
        if dropped > 0 {
            warn!(dropped, in_all = self.losses.overflowed, "the spool is full: the oldest statements were dropped");
        }
    }

    /// Numbers of the statements that wait, oldest first.
    pub fn sequences(&self) -> impl Iterator<Item = u64> {
        self.records.keys().copied()
    }

    /// How many statements wait.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// What the waiting statements take on disk.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// What was lost since the spool was opened.
    pub fn losses(&self) -> Losses {
        self.losses
    }

    /// The envelope of a waiting statement, exactly as it was pushed; `None` when there is none, or when the record is
    /// damaged: then it is set aside and counted, and the next one can be read.
    pub fn read(&mut self, sequence: u64) -> Option<Vec<u8>> {
        if !self.records.contains_key(&sequence) {
            return None;
        }
        match record::read(&self.path(sequence), sequence) {
            Ok(envelope) => Some(envelope),
            Err(error) => {
                self.losses.damaged += 1;
                self.set_aside("damaged", sequence, &chain(&error));
                None
            }
        }
    }

    /// Deletes a statement that the collector has. Not synced: one that comes back after a crash is sent again, and the
    /// collector knows it.
    pub fn acknowledge(&mut self, sequence: u64) {
        if self.records.contains_key(&sequence) {
            self.delete(sequence);
        }
    }

    /// Takes a statement that the collector will never take out of the queue, and keeps a copy with the reason.
    pub fn refuse(&mut self, sequence: u64, reason: &str) {
        if self.records.contains_key(&sequence) {
            self.losses.refused += 1;
            self.set_aside("refused", sequence, reason);
        }
    }

    fn set_aside(&mut self, folder: &str, sequence: u64, reason: &str) {
        let folder = self.directory.join(folder);
        error!(sequence, reason, folder = %folder.display(), "a statement is set aside and will not be sent");
        let from = self.path(sequence);
        self.forget(sequence);
        let text: String = reason.chars().take(REASON_BYTES_MAX / 4).collect();
        let kept = state::rename(&from, &folder.join(name(sequence)))
            .and_then(|()| std::fs::write(folder.join(format!("{sequence:020}.reason")), text))
            .and_then(|()| keep_newest(&folder));
        if let Err(error) = kept {
            warn!(error = chain(&error), sequence, "the statement could not be kept aside");
        }
    }

    fn delete(&mut self, sequence: u64) {
        if let Err(error) = std::fs::remove_file(self.path(sequence)) {
            // Gone from the queue all the same: a record that cannot be deleted must not be sent for ever.
            warn!(error = chain(&error), sequence, "a record of the spool could not be deleted");
        }
        self.forget(sequence);
    }

    fn forget(&mut self, sequence: u64) {
        self.bytes -= self.records.remove(&sequence).unwrap_or(0);
    }

    fn path(&self, sequence: u64) -> PathBuf {
        self.directory.join(name(sequence))
    }
}

fn name(sequence: u64) -> String {
    format!("{sequence:020}.{ENDING}")
}

fn on_disk(bytes: u64) -> u64 {
    bytes.next_multiple_of(BLOCK_BYTES)
}

fn lock(directory: &Path) -> Result<File, SpoolError> {
    let fail = |source| SpoolError::Open { path: directory.to_owned(), source };
    let lock = File::create(directory.join("lock")).map_err(fail)?;
    // A program that was just started holds a copy of every open file until it runs: that is over in a moment.
    for _ in 0..LOCK_ATTEMPTS {
        match lock.try_lock() {
            Ok(()) => return Ok(lock),
            Err(TryLockError::WouldBlock) => std::thread::sleep(LOCK_WAIT),
            Err(TryLockError::Error(source)) => return Err(fail(source)),
        }
    }
    Err(SpoolError::InUse { path: directory.to_owned() })
}

/// Finds the records, and removes what a crash left half written.
fn scan(directory: &Path) -> io::Result<BTreeMap<u64, u64>> {
    let mut records = BTreeMap::new();
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        let path = entry.path();
        if path.extension().is_some_and(|ending| ending == state::UNFINISHED) {
            std::fs::remove_file(&path)?;
        } else if let Some(sequence) = sequence_of(&path) {
            records.insert(sequence, on_disk(entry.metadata()?.len()));
        }
    }
    Ok(records)
}

fn sequence_of(path: &Path) -> Option<u64> {
    let name = path.file_name()?.to_str()?;
    let digits = name.strip_suffix(&format!(".{ENDING}"))?;
    let all_digits = digits.len() == 20 && digits.bytes().all(|b| b.is_ascii_digit());
    if all_digits { digits.parse().ok() } else { None }
}

fn keep_newest(folder: &Path) -> io::Result<()> {
    let mut records = BTreeMap::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if let Some(sequence) = sequence_of(&path) {
            records.insert(sequence, path);
        }
    }
    let surplus = records.len().saturating_sub(ASIDE_MAX);
    for path in records.values().take(surplus) {
        std::fs::remove_file(path)?;
        std::fs::remove_file(path.with_extension("reason"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
