//! Public areas of keys (`TPMT_PUBLIC`): what a key is, and what its chip lets it do.
//!
//! The name of a key is a digest over all of this, and the chip enforces it. So whoever has seen the name activated knows the attributes.

use super::wire::{Reader, WireError, Writer};
use super::{ALG_AES, ALG_CFB, ALG_ECC, ALG_ECDSA, ALG_NULL, ALG_RSA, ALG_SHA256, CURVE_P256};
use crate::digest::Digest;
use crate::proof::key::P256Key;

/// Longest public area that is looked at.
pub const PUBLIC_BYTES_MAX: usize = 1024;

/// `TPM_RH_ENDORSEMENT`: the keys whose seed the maker put into the chip.
pub const ENDORSEMENT_HIERARCHY: u32 = 0x4000_000b;

/// It cannot leave this chip.
pub const FIXED_TPM: u32 = 1 << 1;
/// It cannot get another parent.
pub const FIXED_PARENT: u32 = 1 << 4;
/// The chip made it.
pub const SENSITIVE_DATA_ORIGIN: u32 = 1 << 5;
/// Its secret is enough to use it.
pub const USER_WITH_AUTH: u32 = 1 << 6;
/// What only its administrator may do needs its policy.
pub const ADMIN_WITH_POLICY: u32 = 1 << 7;
/// Wrong secrets do not lock the chip.
pub const NO_DA: u32 = 1 << 10;
/// It handles only what the chip made or knows.
pub const RESTRICTED: u32 = 1 << 16;
/// It decrypts.
pub const DECRYPT: u32 = 1 << 17;
/// It signs.
pub const SIGN: u32 = 1 << 18;

/// The policy of endorsement keys: whoever may use the endorsement hierarchy (TCG EK Credential Profile, section B.6.2).
const ENDORSEMENT_POLICY: [u8; 32] = [
    0x83, 0x71, 0x97, 0x67, 0x44, 0x84, 0xb3, 0xf8, 0x1a, 0x90, 0xcc, 0x8d, 0x46, 0xa5, 0xd7, 0x24, 0xfd, 0x52, 0xd7,
    0x6e, 0x06, 0x52, 0x0b, 0x64, 0xf2, 0xa1, 0xda, 0x1b, 0x33, 0x14, 0x69, 0xaa,
];

/// Tells our attestation key from other keys of the same template: it goes into the field from which a primary key is derived.
const ATTESTATION_LABEL: &[u8] = b"avow attestation key v1";

/// A public area that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicArea {
    bytes: Vec<u8>,
    attributes: u32,
    /// Algorithm, bits and mode of what protects its children.
    symmetric: Option<(u16, u16, u16)>,
    /// Algorithm and hash of its one scheme.
    scheme: Option<(u16, u16)>,
    key: Key,
}

/// A public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// RSA; the exponent is 65537.
    Rsa {
        /// Big-endian.
        modulus: Vec<u8>,
    },
    /// A point on P-256.
    P256 {
        /// Its coordinate x.
        x: [u8; 32],
        /// Its coordinate y.
        y: [u8; 32],
    },
}

/// Why bytes are not a public area of the profile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PublicError {
    /// Not the structure.
    #[error("the public area is malformed")]
    Malformed(#[from] WireError),
    /// Something else than the profile knows.
    #[error("the public area has the {what} {found:#06x}, which is not known here")]
    Unknown {
        /// Which.
        what: &'static str,
        /// Its number.
        found: u32,
    },
}

/// Why a key is not one of its kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RoleError {
    /// An attribute is missing.
    #[error("the {role} key is not {missing}")]
    Missing {
        /// What it should be.
        role: &'static str,
        /// What it is not.
        missing: &'static str,
    },
    /// It may do what it must not.
    #[error("the {role} key may {excess}")]
    Excess {
        /// What it should be.
        role: &'static str,
        /// What it may do.
        excess: &'static str,
    },
    /// Another algorithm.
    #[error("the {role} key does not have the algorithms of its template")]
    Algorithms {
        /// What it should be.
        role: &'static str,
    },
    /// Not a point of the curve.
    #[error("the {role} key is not a point of its curve")]
    Point {
        /// What it should be.
        role: &'static str,
    },
}

impl PublicArea {
    /// Reads a public area, with nothing behind it.
    pub fn parse(bytes: &[u8]) -> Result<Self, PublicError> {
        if bytes.len() > PUBLIC_BYTES_MAX {
            return Err(WireError::Size { at: 0, found: bytes.len(), most: PUBLIC_BYTES_MAX }.into());
        }
        let mut reader = Reader::new(bytes);
        let kind = reader.u16()?;
        known("hash of names", reader.u16()?, &[ALG_SHA256])?;
        let attributes = reader.u32()?;
        reader.sized(64)?;
        let symmetric = match reader.u16()? {
            ALG_NULL => None,
            algorithm => Some((known("symmetric algorithm", algorithm, &[ALG_AES])?, reader.u16()?, reader.u16()?)),
        };
        let scheme = match reader.u16()? {
            ALG_NULL => None,
            algorithm => Some((known("scheme", algorithm, &[ALG_ECDSA])?, reader.u16()?)),
        };
        let key = match known("type", kind, &[ALG_RSA, ALG_ECC])? {
            ALG_RSA => rsa(&mut reader)?,
            _ => p256(&mut reader)?,
        };
        reader.end()?;
        Ok(Self { bytes: bytes.to_vec(), attributes, symmetric, scheme, key })
    }

    /// As it was read.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The key itself.
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// What stands for the key in this house.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.bytes)
    }

    /// The name (part 1, section 16): its hash algorithm, then the digest.
    pub fn name(&self) -> Vec<u8> {
        Writer::new().u16(ALG_SHA256).bytes(self.digest().as_bytes()).into_bytes()
    }

    /// The name together with what is above it (part 1, section 16), of a primary key of the endorsement hierarchy.
    pub fn qualified_name(&self) -> Vec<u8> {
        let above = Writer::new().u32(ENDORSEMENT_HIERARCHY).bytes(&self.name()).into_bytes();
        Writer::new().u16(ALG_SHA256).bytes(Digest::of(&above).as_bytes()).into_bytes()
    }

    /// Whether it has what endorsement keys have by their profile.
    pub fn check_endorsement(&self) -> Result<(), RoleError> {
        let role = "endorsement";
        self.check_fixed(role)?;
        match self {
            _ if !self.has(DECRYPT) => Err(RoleError::Missing { role, missing: "for decryption" }),
            _ if self.has(SIGN) => Err(RoleError::Excess { role, excess: "sign" }),
            Self { symmetric: Some((ALG_AES, 128, ALG_CFB)), scheme: None, .. } => Ok(()),
            _ => Err(RoleError::Algorithms { role }),
        }
    }

    /// The key that verifies quotes, where this is one that signs nothing but what its chip made.
    pub fn check_attestation(&self) -> Result<P256Key, RoleError> {
        let role = "attestation";
        self.check_fixed(role)?;
        if !self.has(SIGN) {
            return Err(RoleError::Missing { role, missing: "for signatures" });
        }
        if self.has(DECRYPT) {
            return Err(RoleError::Excess { role, excess: "decrypt" });
        }
        match (self.scheme, &self.key) {
            (Some((ALG_ECDSA, ALG_SHA256)), Key::P256 { x, y }) => {
                P256Key::from_coordinates(x, y).map_err(|_| RoleError::Point { role })
            }
            _ => Err(RoleError::Algorithms { role }),
        }
    }

    fn check_fixed(&self, role: &'static str) -> Result<(), RoleError> {
        let wanted = [
            (FIXED_TPM, "bound to its chip"),
            (FIXED_PARENT, "bound to its place in the chip"),
            (SENSITIVE_DATA_ORIGIN, "made by the chip"),
            (RESTRICTED, "restricted to what the chip made"),
        ];
        match wanted.into_iter().find(|(attribute, _)| !self.has(*attribute)) {
            Some((_, missing)) => Err(RoleError::Missing { role, missing }),
            None => Ok(()),
        }
    }

    fn has(&self, attribute: u32) -> bool {
        self.attributes & attribute != 0
    }
}

fn known(what: &'static str, found: u16, taken: &[u16]) -> Result<u16, PublicError> {
    if taken.contains(&found) { Ok(found) } else { Err(PublicError::Unknown { what, found: found.into() }) }
}

fn rsa(reader: &mut Reader<'_>) -> Result<Key, PublicError> {
    known("size", reader.u16()?, &[2048])?;
    match reader.u32()? {
        0 | 65537 => {}
        found => return Err(PublicError::Unknown { what: "exponent", found }),
    }
    let modulus = reader.sized(256)?;
    match modulus {
        [0x80..=0xff, ..] if modulus.len() == 256 => Ok(Key::Rsa { modulus: modulus.to_vec() }),
        // Shorter, or with zeros before it.
        _ => Err(PublicError::Unknown {
            what: "length of the modulus",
            found: u32::try_from(modulus.len()).unwrap_or(u32::MAX),
        }),
    }
}

fn p256(reader: &mut Reader<'_>) -> Result<Key, PublicError> {
    known("curve", reader.u16()?, &[CURVE_P256])?;
    known("key derivation", reader.u16()?, &[ALG_NULL])?;
    Ok(Key::P256 { x: coordinate(reader)?, y: coordinate(reader)? })
}

/// A coordinate; some chips leave out leading zeros.
pub(super) fn coordinate(reader: &mut Reader<'_>) -> Result<[u8; 32], WireError> {
    let found = reader.sized(32)?;
    let mut padded = [0; 32];
    padded[32 - found.len()..].copy_from_slice(found);
    Ok(padded)
}

/// The template of an endorsement key of RSA (L-1).
pub fn endorsement_rsa() -> Vec<u8> {
    endorsement(ALG_RSA).u16(2048).u32(0).sized(&[0; 256]).into_bytes()
}

/// The template of an endorsement key on P-256 (L-2).
pub fn endorsement_p256() -> Vec<u8> {
    endorsement(ALG_ECC).u16(CURVE_P256).u16(ALG_NULL).sized(&[0; 32]).sized(&[0; 32]).into_bytes()
}

fn endorsement(kind: u16) -> Writer {
    let attributes = FIXED_TPM | FIXED_PARENT | SENSITIVE_DATA_ORIGIN | ADMIN_WITH_POLICY | RESTRICTED | DECRYPT;
    let head = Writer::new().u16(kind).u16(ALG_SHA256).u32(attributes).sized(&ENDORSEMENT_POLICY);
    head.u16(ALG_AES).u16(128).u16(ALG_CFB).u16(ALG_NULL)
}

/// The template of the attestation key: the same chip makes the same key of it, until its endorsement hierarchy is cleared.
pub fn attestation() -> Vec<u8> {
    let attributes = FIXED_TPM | FIXED_PARENT | SENSITIVE_DATA_ORIGIN | USER_WITH_AUTH | NO_DA | RESTRICTED | SIGN;
    let head = Writer::new().u16(ALG_ECC).u16(ALG_SHA256).u32(attributes).sized(&[]).u16(ALG_NULL);
    let scheme = head.u16(ALG_ECDSA).u16(ALG_SHA256).u16(CURVE_P256).u16(ALG_NULL);
    scheme.sized(Digest::of(ATTESTATION_LABEL).as_bytes()).sized(&[0; 32]).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The template with an attribute more or less.
    fn changed(template: &[u8], attribute: u32) -> PublicArea {
        let mut bytes = template.to_vec();
        let attributes = u32::from_be_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]) ^ attribute;
        bytes[4..8].copy_from_slice(&attributes.to_be_bytes());
        PublicArea::parse(&bytes).unwrap()
    }

    #[test]
    fn templates_have_what_their_keys_must_have() {
        let mut rsa = endorsement_rsa();
        let modulus = rsa.len() - 256;
        rsa[modulus] = 0x80;
        for template in [rsa, endorsement_p256()] {
            assert_eq!(changed(&template, 0).check_endorsement(), Ok(()));
            for attribute in [FIXED_TPM, FIXED_PARENT, SENSITIVE_DATA_ORIGIN, RESTRICTED, DECRYPT, SIGN] {
                assert!(changed(&template, attribute).check_endorsement().is_err(), "{attribute:#x}");
            }
            assert!(changed(&template, 0).check_attestation().is_err());
        }
        // What is still wrong with the template is that it is no key.
        assert_eq!(changed(&attestation(), 0).check_attestation(), Err(RoleError::Point { role: "attestation" }));
        for attribute in [FIXED_TPM, FIXED_PARENT, SENSITIVE_DATA_ORIGIN, RESTRICTED, SIGN, DECRYPT] {
            let error = changed(&attestation(), attribute).check_attestation().unwrap_err();
            assert_ne!(error, RoleError::Point { role: "attestation" }, "{attribute:#x}");
        }
        assert!(changed(&attestation(), 0).check_endorsement().is_err());
    }

    #[test]
    fn a_public_area_cut_short_or_lengthened_is_none() {
        for template in [endorsement_p256(), attestation()] {
            for length in 0..template.len() {
                assert!(PublicArea::parse(&template[..length]).is_err(), "{length}");
            }
            assert!(PublicArea::parse(&[template, vec![0]].concat()).is_err());
        }
        assert!(PublicArea::parse(&endorsement_rsa()).is_err(), "a modulus of zeros");
        assert!(PublicArea::parse(&[0; PUBLIC_BYTES_MAX + 1]).is_err());
    }
}
