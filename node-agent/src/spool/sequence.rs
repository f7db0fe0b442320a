//! The next sequence number: a line `<number> <sha256 of the number>`, stored before a number is used.

use std::io;
use std::path::Path;

use descriptors::digest::Digest;
use tracing::{error, info};

use crate::clock;

pub(super) fn store(path: &Path, next: u64) -> io::Result<()> {
    crate::state::write_durably(path, format!("{next} {}\n", Digest::of(next.to_string().as_bytes())).as_bytes())
}

/// The next number, given the highest one that waits.
///
/// When the file is lost or damaged nobody knows how far the count had come, and starting from 1 would use numbers twice. The
/// seconds since 1970 are a number that was not reached: that would have taken a statement in every second since then. The
/// collector shows the gap, and rightly so.
pub(super) fn next(path: &Path, highest_waiting: Option<u64>) -> u64 {
    let after_waiting = highest_waiting.map_or(1, |highest| highest.saturating_add(1));
    match std::fs::read_to_string(path) {
        Ok(text) => match parse(&text) {
            Some(stored) => return stored.max(after_waiting),
            None => error!(path = %path.display(), "the sequence number is damaged: counting on from the clock"),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound && highest_waiting.is_none() => {
            info!(path = %path.display(), "a new spool: the first statement has the number 1");
            return 1;
        }
        Err(error) => error!(path = %path.display(), %error, "the sequence number is lost: counting on from the clock"),
    }
    u64::try_from(clock::now().unix()).unwrap_or(0).max(after_waiting)
}

fn parse(text: &str) -> Option<u64> {
    let (number, digest) = text.strip_suffix('\n')?.split_once(' ')?;
    if digest.parse() == Ok(Digest::of(number.as_bytes())) { number.parse().ok() } else { None }
}
