//! The encoding of TPM structures: big-endian numbers, and buffers with their size before them (part 2, section 10.4).
//!
//! Reading is total: whatever the bytes, it ends in a value or in the place where they fail. What structures there are is not known here.

/// Why bytes are not the structure that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// Too short.
    #[error("ends at byte {at} where {wanted} more are needed")]
    Short {
        /// Where reading was.
        at: usize,
        /// What was to be read.
        wanted: usize,
    },
    /// Longer than what it holds.
    #[error("goes on for {0} bytes behind its end")]
    Rest(usize),
    /// A size beyond the bound.
    #[error("says {found} at byte {at}, at most {most} are taken")]
    Size {
        /// Where.
        at: usize,
        /// What it says.
        found: usize,
        /// The bound.
        most: usize,
    },
}

/// Reads from the front.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// Reads these bytes.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// The next `count` bytes.
    pub fn take(&mut self, count: usize) -> Result<&'a [u8], WireError> {
        let short = WireError::Short { at: self.at, wanted: count };
        let end = self.at.checked_add(count).ok_or(short)?;
        let taken = self.bytes.get(self.at..end).ok_or(short)?;
        self.at = end;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], WireError> {
        let short = WireError::Short { at: self.at, wanted: N };
        self.take(N)?.try_into().map_err(|_| short)
    }

    /// A number of one byte.
    pub fn u8(&mut self) -> Result<u8, WireError> {
        Ok(u8::from_be_bytes(self.array()?))
    }

    /// A number of two bytes.
    pub fn u16(&mut self) -> Result<u16, WireError> {
        Ok(u16::from_be_bytes(self.array()?))
    }

    /// A number of four bytes.
    pub fn u32(&mut self) -> Result<u32, WireError> {
        Ok(u32::from_be_bytes(self.array()?))
    }

    /// A number of eight bytes.
    pub fn u64(&mut self) -> Result<u64, WireError> {
        Ok(u64::from_be_bytes(self.array()?))
    }

    /// A number of four bytes that says how many elements follow, at most `most`.
    pub fn count(&mut self, most: usize) -> Result<usize, WireError> {
        let at = self.at;
        let found = usize::try_from(self.u32()?).unwrap_or(usize::MAX);
        if found > most { Err(WireError::Size { at, found, most }) } else { Ok(found) }
    }

    /// A buffer with its size before it (`TPM2B`), of at most `most` bytes.
    pub fn sized(&mut self, most: usize) -> Result<&'a [u8], WireError> {
        let at = self.at;
        let found = usize::from(self.u16()?);
        if found > most { Err(WireError::Size { at, found, most }) } else { self.take(found) }
    }

    /// What was not read yet.
    pub fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// Nothing more may follow.
    pub fn end(self) -> Result<(), WireError> {
        match self.rest().len() {
            0 => Ok(()),
            more => Err(WireError::Rest(more)),
        }
    }
}

/// Writes at the end.
#[derive(Debug, Clone, Default)]
pub struct Writer(Vec<u8>);

impl Writer {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Bytes as they are.
    #[must_use]
    pub fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    /// A number of one byte.
    #[must_use]
    pub fn u8(self, number: u8) -> Self {
        self.bytes(&number.to_be_bytes())
    }

    /// A number of two bytes.
    #[must_use]
    pub fn u16(self, number: u16) -> Self {
        self.bytes(&number.to_be_bytes())
    }

    /// A number of four bytes.
    #[must_use]
    pub fn u32(self, number: u32) -> Self {
        self.bytes(&number.to_be_bytes())
    }

    /// A buffer with its size before it. What is longer than a size can say is cut off, and refused by whoever reads it; nothing here is.
    #[must_use]
    pub fn sized(self, bytes: &[u8]) -> Self {
        let size = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
        self.u16(size).bytes(&bytes[..usize::from(size)])
    }

    /// What was written.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_reads_back() {
        let bytes = Writer::new().u8(1).u16(2).u32(3).sized(b"four").bytes(&5_u64.to_be_bytes()).into_bytes();
        let mut reader = Reader::new(&bytes);
        assert_eq!((reader.u8(), reader.u16(), reader.u32()), (Ok(1), Ok(2), Ok(3)));
        assert_eq!((reader.sized(4), reader.u64()), (Ok(b"four".as_slice()), Ok(5)));
        assert_eq!(reader.end(), Ok(()));
    }

    #[test]
    fn what_is_too_short_too_long_or_too_large_is_named_with_its_place() {
        assert_eq!(Reader::new(&[0]).u16(), Err(WireError::Short { at: 0, wanted: 2 }));
        assert_eq!(Reader::new(&[0, 2, 7]).sized(9), Err(WireError::Short { at: 2, wanted: 2 }));
        assert_eq!(Reader::new(&[0, 9]).sized(8), Err(WireError::Size { at: 0, found: 9, most: 8 }));
        assert_eq!(Reader::new(&[0, 0, 1, 0]).count(8), Err(WireError::Size { at: 0, found: 256, most: 8 }));
        assert_eq!(Reader::new(&[0]).end(), Err(WireError::Rest(1)));
        assert_eq!(Reader::new(&[0]).take(usize::MAX), Err(WireError::Short { at: 0, wanted: usize::MAX }));
    }
}
