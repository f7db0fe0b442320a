//! Trusted platform modules (TPM 2.0 Library): what a node shows so that its report key is bound to a chip.
//!
//! ```text
//!   maker ──certificate──▶ endorsement key ──one chip──▶ attestation key ──quote──▶ report key ──signature──▶ all of it
//!           checked here                     activation,                  checked here         checked here
//!                                            seen by the collector alone
//! ```
//!
//! Sizes and numbers are those of part 2 of the specification (revision 1.59). One profile is known: keys whose names are SHA-256, endorsement
//! keys of 2048 bits of RSA or on P-256 (TCG EK Credential Profile, templates L-1 and L-2), attestation keys on P-256. How one speaks to a
//! chip, and how a challenge is made, is not known here.
//!
//! Whoever is root on a machine can let its chip vouch for any report key, once it has the collector's challenge. What he cannot do is let two
//! chips look like one, or vouch without a chip where its maker is known.

pub mod attestation;
pub mod endorsement;
mod octets;
pub mod public;
pub mod quote;
pub mod wire;

pub use octets::Octets;

/// `TPM_ALG_RSA`.
pub const ALG_RSA: u16 = 0x0001;
/// `TPM_ALG_AES`.
pub const ALG_AES: u16 = 0x0006;
/// `TPM_ALG_SHA256`.
pub const ALG_SHA256: u16 = 0x000b;
/// `TPM_ALG_NULL`.
pub const ALG_NULL: u16 = 0x0010;
/// `TPM_ALG_ECDSA`.
pub const ALG_ECDSA: u16 = 0x0018;
/// `TPM_ALG_ECC`.
pub const ALG_ECC: u16 = 0x0023;
/// `TPM_ALG_CFB`.
pub const ALG_CFB: u16 = 0x0043;
/// `TPM_ECC_NIST_P256`.
pub const CURVE_P256: u16 = 0x0003;

/// How many platform configuration registers are quoted: 0 to 7, in which the firmware measures itself and what it boots (TCG PC Client
/// Platform Firmware Profile, section 2.3.4).
pub const PCRS: usize = 8;
