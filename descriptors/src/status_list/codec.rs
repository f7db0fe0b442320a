//! The text of a bit string: multibase `u`, base64url without padding, gzip.
//!
//! Writers of gzip differ in their headers, so two texts of one list may differ: bits are compared, never texts. Our own text
//! is always the same for the same bits: no time, and the operating system "unknown".

use std::io::{self, Read as _, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::bufread::GzDecoder;
use flate2::{Compression, GzBuilder};

use super::{Bits, LengthError};

/// Most bytes that a list may have, inflated: eight times a million entries.
pub const BYTES_MAX: usize = 1 << 20;

/// The operating system of RFC 1952 that says "unknown".
const OS_UNKNOWN: u8 = 255;

/// Why a text is not a bit string.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// Another alphabet than base64url.
    #[error("the multibase prefix is not u: base64url without padding is asked for")]
    Prefix,
    /// Longer than anything that inflates to the bound.
    #[error("the text has {0} characters, more than a list of the size allowed can have")]
    Length(usize),
    /// `=` at the end.
    #[error("the text ends in padding, which base64url here must not have")]
    Padding,
    /// A character that base64url does not have, or bits left over at the end.
    #[error("the text has a character outside base64url, or bits left over at its end")]
    Alphabet,
    /// Another format, or none.
    #[error("the bytes are not gzip")]
    NotGzip,
    /// The stream is cut off.
    #[error("the gzip stream ends early")]
    Truncated,
    /// Bits that no writer of gzip makes.
    #[error("the gzip stream is damaged")]
    Damaged(#[source] io::Error),
    /// The bytes came out, and are not those that went in.
    #[error("the gzip checksum does not fit")]
    Checksum,
    /// It would grow without end; inflating stopped there.
    #[error("the list expands beyond the bound of {0} bytes")]
    Bound(usize),
    /// A second member, or anything else behind the first.
    #[error("there are {0} bytes after the gzip member")]
    Trailing(usize),
    /// Too short, or of an unusable size of entries.
    #[error("the list does not have the length of one")]
    Entries(#[from] LengthError),
}

impl Bits {
    /// The text of the list: the same for the same bits.
    pub fn encode(&self) -> String {
        let mut gzip = GzBuilder::new().mtime(0).operating_system(OS_UNKNOWN).write(Vec::new(), Compression::default());
        // Writing into memory does not fail.
        let bytes = gzip.write_all(&self.bytes).and_then(|()| gzip.finish()).unwrap_or_default();
        let mut text = String::with_capacity(bytes.len() * 4 / 3 + 4);
        text.push('u');
        URL_SAFE_NO_PAD.encode_string(bytes, &mut text);
        text
    }

    /// Reads the text of a list with entries of `size` bits. At most `bound` bytes are inflated, and one more to see that
    /// there are more; [`BYTES_MAX`] is a sensible bound.
    pub fn decode(text: &str, size: u8, bound: usize) -> Result<Self, DecodeError> {
        let encoded = text.strip_prefix('u').ok_or(DecodeError::Prefix)?;
        // Bytes that cannot be compressed grow by 5 in 16,383; a header may name a file.
        if encoded.len() > (bound + bound / 1024 + 1024) / 3 * 4 {
            return Err(DecodeError::Length(text.len()));
        }
        if encoded.ends_with('=') {
            return Err(DecodeError::Padding);
        }
        let compressed = URL_SAFE_NO_PAD.decode(encoded).map_err(|_| DecodeError::Alphabet)?;
        Ok(Self::from_bytes(inflate(&compressed, bound)?, size)?)
    }
}

fn inflate(compressed: &[u8], bound: usize) -> Result<Vec<u8>, DecodeError> {
    let mut decoder = GzDecoder::new(compressed);
    if decoder.header().is_none() {
        return Err(DecodeError::NotGzip);
    }
    let mut bytes = Vec::new();
    let outcome = decoder.by_ref().take(bound as u64 + 1).read_to_end(&mut bytes);
    if bytes.len() > bound {
        return Err(DecodeError::Bound(bound));
    }
    if let Err(error) = outcome {
        return Err(match error.kind() {
            io::ErrorKind::UnexpectedEof => DecodeError::Truncated,
            _ if error.to_string().contains("checksum") => DecodeError::Checksum,
            _ => DecodeError::Damaged(error),
        });
    }
    match decoder.into_inner().len() {
        0 => Ok(bytes),
        trailing => Err(DecodeError::Trailing(trailing)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::ENTRIES_MIN;
    use super::*;

    #[test]
    fn a_list_reads_back_as_its_bits() {
        let mut bits = Bits::clear(ENTRIES_MIN + 3).unwrap();
        for index in [0, 7, 8, 94_567, ENTRIES_MIN] {
            bits.set(index, true).unwrap();
        }
        let text = bits.encode();
        assert_eq!(text, bits.encode());
        let read = Bits::decode(&text, 1, BYTES_MAX).unwrap();
        assert_eq!(read, bits);
        assert_eq!([read.get(94_567), read.get(94_568)], [Ok(1), Ok(0)]);
        assert!(read.get(read.len()).is_err());
        // The bytes of the header that writers may choose: no flags, no time, unknown system.
        let gzip = URL_SAFE_NO_PAD.decode(&text[1..]).unwrap();
        assert_eq!((&gzip[3..8], gzip[9]), (&[0; 5][..], OS_UNKNOWN));
    }

    #[test]
    fn wider_entries_are_read_from_their_most_significant_bit() {
        let mut bytes = vec![0; ENTRIES_MIN];
        bytes[..3].copy_from_slice(&[0b1010_0001, 0b0110_0000, 0x05]);
        let nibbles = Bits::from_bytes(bytes.clone(), 4).unwrap();
        assert_eq!((0..6).map(|at| nibbles.get(at).unwrap()).collect::<Vec<_>>(), [10, 1, 6, 0, 0, 5]);
        let threes = Bits::from_bytes(bytes, 3).unwrap();
        assert_eq!((0..4).map(|at| threes.get(at).unwrap()).collect::<Vec<_>>(), [0b101, 0, 0b010, 0b110]);
    }

    #[test]
    fn a_list_has_at_least_the_entries_that_hide_one() {
        assert_eq!(Bits::clear(ENTRIES_MIN - 1), Err(LengthError::Short(ENTRIES_MIN - 1)));
        assert!(matches!(Bits::clear(BYTES_MAX * 8 + 1), Err(LengthError::Long(_))));
        // The same bytes hold half as many entries of two bits.
        let text = Bits::clear(ENTRIES_MIN).unwrap().encode();
        let fault = Bits::decode(&text, 2, BYTES_MAX).unwrap_err();
        assert!(matches!(fault, DecodeError::Entries(LengthError::Short(65_536))), "{fault}");
        for size in [0, 33] {
            assert!(matches!(Bits::decode(&text, size, BYTES_MAX), Err(DecodeError::Entries(LengthError::Size(_)))));
        }
    }

    #[test]
    fn a_text_longer_than_any_list_is_not_even_decoded() {
        let text = format!("u{}", "A".repeat(BYTES_MAX * 2));
        assert!(matches!(Bits::decode(&text, 1, BYTES_MAX), Err(DecodeError::Length(_))));
    }
}
