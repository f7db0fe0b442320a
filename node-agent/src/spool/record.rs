//! One record of the spool: `AVOWSPL1` ‖ SHA-256 of the rest ‖ sequence (8 bytes, big endian) ‖ length (8) ‖ envelope.
//!
//! The checksum covers the number too, so that a record under another's name is found out. It guards against disks, not
//! against people: the envelope is signed.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use descriptors::digest::Digest;
use descriptors::report::ENVELOPE_BYTES_MAX;

const MAGIC: &[u8; 8] = b"AVOWSPL1";

pub(super) const HEADER_BYTES: usize = 8 + 32 + 8 + 8;

/// Why a record does not give its envelope.
#[derive(Debug, thiserror::Error)]
pub(super) enum RecordError {
    #[error("the record cannot be read")]
    Read(#[from] io::Error),
    #[error("the record does not begin as records do")]
    Magic,
    #[error("the record's checksum does not fit")]
    Checksum,
    #[error("the record belongs to statement {0}")]
    Sequence(u64),
    #[error("the record's length does not fit")]
    Length,
}

pub(super) fn encode(sequence: u64, envelope: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER_BYTES + envelope.len());
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&[0; 32]);
    bytes.extend_from_slice(&sequence.to_be_bytes());
    bytes.extend_from_slice(&(envelope.len() as u64).to_be_bytes());
    bytes.extend_from_slice(envelope);
    let checksum = Digest::of(&bytes[40..]);
    bytes[8..40].copy_from_slice(checksum.as_bytes());
    bytes
}

pub(super) fn read(path: &Path, sequence: u64) -> Result<Vec<u8>, RecordError> {
    // The bound holds whatever the file's length says.
    let longest = (HEADER_BYTES + ENVELOPE_BYTES_MAX) as u64;
    let mut bytes = Vec::new();
    File::open(path)?.take(longest + 1).read_to_end(&mut bytes)?;
    decode(bytes, sequence)
}

fn decode(mut bytes: Vec<u8>, sequence: u64) -> Result<Vec<u8>, RecordError> {
    let Some((magic, rest)) = bytes.split_first_chunk::<8>() else { return Err(RecordError::Length) };
    if magic != MAGIC {
        return Err(RecordError::Magic);
    }
    let Some((checksum, body)) = rest.split_first_chunk::<32>() else { return Err(RecordError::Length) };
    if Digest::of(body).as_bytes() != checksum {
        return Err(RecordError::Checksum);
    }
    let Some((found, rest)) = body.split_first_chunk::<8>() else { return Err(RecordError::Length) };
    let Some((length, envelope)) = rest.split_first_chunk::<8>() else { return Err(RecordError::Length) };
    if u64::from_be_bytes(*length) != envelope.len() as u64 {
        return Err(RecordError::Length);
    }
    match u64::from_be_bytes(*found) {
        found if found == sequence => Ok(bytes.split_off(HEADER_BYTES)),
        found => Err(RecordError::Sequence(found)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_flipped_bit_or_missing_byte_is_found() {
        let good = encode(7, b"envelope");
        assert_eq!(decode(good.clone(), 7).unwrap(), b"envelope");
        assert!(matches!(decode(good.clone(), 8), Err(RecordError::Sequence(7))));
        for bit in 0..good.len() * 8 {
            let mut flipped = good.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(decode(flipped, 7).is_err(), "bit {bit}");
        }
        for length in 0..good.len() {
            assert!(decode(good[..length].to_vec(), 7).is_err(), "length {length}");
        }
        assert!(decode([good.as_slice(), b"x"].concat(), 7).is_err());
    }
}
