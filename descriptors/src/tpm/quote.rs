//! Quotes (`TPMS_ATTEST` of the type quote): what a chip signs of its registers, and of what it was asked to sign along.

use super::public::coordinate;
use super::wire::{Reader, WireError, Writer};
use super::{ALG_ECDSA, ALG_SHA256, PCRS};
use crate::digest::Digest;
use crate::proof::key::{Algorithm, P256Key, VerificationKey};

/// Longest quote and longest signature that are looked at.
pub const QUOTE_BYTES_MAX: usize = 1024;

/// `TPM_GENERATED_VALUE`: what a restricted key signs begins with it only where the chip made it.
const GENERATED: u32 = 0xff54_4347;
/// `TPM_ST_ATTEST_QUOTE`.
const QUOTE: u16 = 0x8018;
/// Most banks of registers in a selection.
const BANKS_MAX: usize = 16;
/// Longest digest.
const DIGEST_BYTES_MAX: usize = 64;
/// Longest name: an algorithm and a digest.
const NAME_BYTES_MAX: usize = 2 + DIGEST_BYTES_MAX;

/// What a chip said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    /// The name of the key that signed, together with what is above it in the chip.
    pub signer: Vec<u8>,
    /// What it was asked to sign along.
    pub extra: Vec<u8>,
    /// How often it was reset: once for each start of the machine.
    pub resets: u32,
    /// How often it woke up since.
    pub restarts: u32,
    /// The version of its firmware, in the maker's own numbers.
    pub firmware_version: u64,
    /// The registers, in ascending order, all of the SHA-256 bank.
    pub registers: Vec<u8>,
    /// SHA-256 over their values.
    pub digest: Digest,
}

/// Why bytes are not a quote, or not a good one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QuoteError {
    /// Not the structure.
    #[error("the quote is malformed")]
    Malformed(#[from] WireError),
    /// Not made by a chip.
    #[error("the quote does not begin as what a TPM made: {0:#010x}")]
    Generated(u32),
    /// Something else that chips sign.
    #[error("the TPM signed something else than a quote: {0:#06x}")]
    Kind(u16),
    /// Registers of another hash, or of several.
    #[error("the quote is not over registers of SHA-256 alone")]
    Bank,
    /// A digest of another length.
    #[error("the quote has a digest of {0} bytes, expected 32")]
    Digest(usize),
    /// A signature of another algorithm.
    #[error("the quote is signed with {scheme:#06x} and {hash:#06x}, expected ECDSA with SHA-256")]
    Scheme {
        /// The scheme.
        scheme: u16,
        /// The hash.
        hash: u16,
    },
    /// Signed by another key, or changed.
    #[error("the quote is not signed by the attestation key")]
    Signature,
}

impl Quote {
    /// Reads a quote, with nothing behind it.
    pub fn parse(bytes: &[u8]) -> Result<Self, QuoteError> {
        let mut reader = Reader::new(bytes);
        match reader.u32()? {
            GENERATED => {}
            found => return Err(QuoteError::Generated(found)),
        }
        match reader.u16()? {
            QUOTE => {}
            found => return Err(QuoteError::Kind(found)),
        }
        let signer = reader.sized(NAME_BYTES_MAX)?.to_vec();
        let extra = reader.sized(DIGEST_BYTES_MAX)?.to_vec();
        let _clock = reader.u64()?;
        let (resets, restarts) = (reader.u32()?, reader.u32()?);
        let _clock_is_safe = reader.u8()?;
        let firmware_version = reader.u64()?;
        let registers = selection(&mut reader)?;
        let digest = reader.sized(DIGEST_BYTES_MAX)?;
        let digest = Digest::from_bytes(digest.try_into().map_err(|_| QuoteError::Digest(digest.len()))?);
        reader.end()?;
        Ok(Self { signer, extra, resets, restarts, firmware_version, registers, digest })
    }

    /// Whether the values are those that were quoted: of registers 0 to 7, all of them.
    pub fn is_of(&self, values: &[Digest]) -> bool {
        let all: Vec<u8> = values.iter().flat_map(|value| *value.as_bytes()).collect();
        values.len() == PCRS && self.registers.iter().copied().eq(0..8) && Digest::of(&all) == self.digest
    }
}

/// The registers of a selection (`TPML_PCR_SELECTION`), which must all be of the SHA-256 bank.
pub fn selection(reader: &mut Reader<'_>) -> Result<Vec<u8>, QuoteError> {
    let mut registers = Vec::new();
    let banks = reader.count(BANKS_MAX)?;
    for _ in 0..banks {
        let hash = reader.u16()?;
        let size = usize::from(reader.u8()?);
        let bitmap = reader.take(size)?;
        if bitmap.iter().all(|byte| *byte == 0) {
            continue;
        }
        if hash != ALG_SHA256 || !registers.is_empty() || size > 4 {
            return Err(QuoteError::Bank);
        }
        registers = (0..32_u8)
            .filter(|at| bitmap.get(usize::from(at / 8)).is_some_and(|byte| byte >> (at % 8) & 1 == 1))
            .collect();
    }
    Ok(registers)
}

/// The selection of registers 0 to 7 of the SHA-256 bank.
pub fn all_registers() -> Vec<u8> {
    Writer::new().u32(1).u16(ALG_SHA256).u8(3).bytes(&[0xff, 0, 0]).into_bytes()
}

/// Checks the signature over a quote (`TPMT_SIGNATURE`).
pub fn verify(key: &P256Key, quoted: &[u8], signature: &[u8]) -> Result<(), QuoteError> {
    let mut reader = Reader::new(signature);
    let (scheme, hash) = (reader.u16()?, reader.u16()?);
    if (scheme, hash) != (ALG_ECDSA, ALG_SHA256) {
        return Err(QuoteError::Scheme { scheme, hash });
    }
    let both = [coordinate(&mut reader)?, coordinate(&mut reader)?].concat();
    reader.end()?;
    let key = VerificationKey::P256(key.clone());
    key.verify(Algorithm::Es256, quoted, &both).map_err(|_| QuoteError::Signature)
}
