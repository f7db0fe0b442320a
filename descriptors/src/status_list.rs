//! Status lists: one bit for each credential says whether it still stands (W3C *Bitstring Status List* 1.0).
//!
//! A credential carries an [`Entry`]: which list, which place in it, and what a set bit means. The list is a bit string in
//! a credential of its own, so that whoever asks for the list does not say which credential is meant. What is inflated
//! is bounded before it is inflated. How a list is fetched, and whether its own proof holds, is not known here.
//!
//! Whoever controls the list can revoke every credential in it, and cannot make a new one.

mod codec;
mod entry;
mod places;

pub use codec::{BYTES_MAX, DecodeError};
pub(crate) use entry::LIST_CREDENTIAL;
pub use entry::{Entry, EntryError, List, ListError, list_subject};
pub use places::{Place, Places};

use std::fmt;

/// Fewest entries of a list: in a shorter one a credential would be found among too few.
pub const ENTRIES_MIN: usize = 131_072;

/// Most bits that one entry may have here.
pub const SIZE_MAX: u8 = 32;

/// What a set bit means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// The credential is withdrawn for good.
    Revocation,
    /// The credential does not hold for the time being.
    Suspension,
    /// A newer credential can be fetched; the old one still holds.
    Refresh,
    /// The entry is a number whose meaning the issuer explains.
    Message,
}

impl Purpose {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Revocation => "revocation",
            Self::Suspension => "suspension",
            Self::Refresh => "refresh",
            Self::Message => "message",
        }
    }

    /// Reads the written form.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Revocation, Self::Suspension, Self::Refresh, Self::Message].into_iter().find(|p| p.as_str() == name)
    }

    /// Whether a set bit takes the credential's force.
    pub fn withdraws(self) -> bool {
        matches!(self, Self::Revocation | Self::Suspension)
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The entries of a list: numbers of `size` bits each, the first at the left.
#[derive(Clone, PartialEq, Eq)]
pub struct Bits {
    bytes: Vec<u8>,
    size: u8,
}

/// The place asked for is behind the end of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the index {index} lies behind the end of the list, which has {entries} entries")]
pub struct OutOfRange {
    /// Asked for.
    pub index: usize,
    /// How many there are.
    pub entries: usize,
}

/// A list that is shorter than [`ENTRIES_MIN`], longer than [`BYTES_MAX`], or whose entries have no usable size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LengthError {
    /// Too few would share it.
    #[error("the list has {0} entries, fewer than 131072: a credential would be found among too few")]
    Short(usize),
    /// More than any reader needs to inflate.
    #[error("the list would have {0} entries, more than fit into 1 MiB")]
    Long(usize),
    /// Not between 1 and [`SIZE_MAX`] bits.
    #[error("an entry of {0} bits: from 1 to 32 are possible")]
    Size(u64),
}

impl Bits {
    /// Entries of one bit, all clear. The number is rounded up to whole bytes.
    pub fn clear(entries: usize) -> Result<Self, LengthError> {
        if entries < ENTRIES_MIN {
            return Err(LengthError::Short(entries));
        }
        let bytes = entries.div_ceil(8);
        if bytes > BYTES_MAX { Err(LengthError::Long(entries)) } else { Ok(Self { bytes: vec![0; bytes], size: 1 }) }
    }

    fn from_bytes(bytes: Vec<u8>, size: u8) -> Result<Self, LengthError> {
        if !(1..=SIZE_MAX).contains(&size) {
            return Err(LengthError::Size(size.into()));
        }
        let bits = Self { bytes, size };
        if bits.len() < ENTRIES_MIN { Err(LengthError::Short(bits.len())) } else { Ok(bits) }
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.bytes.len() * 8 / usize::from(self.size)
    }

    /// Never: a list has at least [`ENTRIES_MIN`] entries.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The entry at `index`; its first bit is its most significant one.
    pub fn get(&self, index: usize) -> Result<u32, OutOfRange> {
        if index >= self.len() {
            return Err(OutOfRange { index, entries: self.len() });
        }
        let size = usize::from(self.size);
        let bit = |at: usize| u32::from(self.bytes[at / 8] >> (7 - at % 8) & 1);
        Ok((index * size..(index + 1) * size).fold(0, |value, at| value << 1 | bit(at)))
    }

    /// Sets or clears an entry of one bit; of a wider one its last bit.
    pub fn set(&mut self, index: usize, value: bool) -> Result<(), OutOfRange> {
        if index >= self.len() {
            return Err(OutOfRange { index, entries: self.len() });
        }
        let at = (index + 1) * usize::from(self.size) - 1;
        let mask = 1 << (7 - at % 8);
        if value {
            self.bytes[at / 8] |= mask
        } else {
            self.bytes[at / 8] &= !mask
        }
        Ok(())
    }
}

impl fmt::Debug for Bits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let set: u32 = self.bytes.iter().map(|byte| byte.count_ones()).sum();
        f.debug_struct("Bits").field("entries", &self.len()).field("size", &self.size).field("set", &set).finish()
    }
}
