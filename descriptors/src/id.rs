//! Identifiers: one type for each thing that has a name.
//!
//! A name is 1 to 63 characters of `a-z`, `0-9`, `-`, `.` and `_`, and begins with a letter or a digit, so that it can
//! stand in a URI path, a SPIFFE id, a file name and a metric label without quoting. What a name refers to is not known
//! here.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

/// Most characters a name may have.
pub const NAME_LENGTH_MAX: usize = 63;

/// Why a text is not a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing there.
    #[error("a {kind} name must not be empty")]
    Empty {
        /// What was to be named.
        kind: &'static str,
    },
    /// More than [`NAME_LENGTH_MAX`] characters.
    #[error("the {kind} name `{value}` is longer than {NAME_LENGTH_MAX} characters")]
    TooLong {
        /// What was to be named.
        kind: &'static str,
        /// The text.
        value: String,
    },
    /// A character that a name cannot hold, or cannot begin with.
    #[error("the {kind} name `{value}` may hold only a-z, 0-9, `-`, `.`, `_`, and begins with a letter or a digit")]
    Character {
        /// What was to be named.
        kind: &'static str,
        /// The text.
        value: String,
    },
}

fn check_name(kind: &'static str, value: &str) -> Result<(), NameError> {
    if value.is_empty() {
        return Err(NameError::Empty { kind });
    }
    if value.len() > NAME_LENGTH_MAX {
        let value = value.chars().take(80).collect();
        return Err(NameError::TooLong { kind, value });
    }
    let begins = value.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
    let holds = value.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-._".contains(&b));
    if begins && holds { Ok(()) } else { Err(NameError::Character { kind, value: value.to_owned() }) }
}

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident = $kind:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
        #[serde(transparent)]
        #[schemars(inline)]
        pub struct $name(#[schemars(regex(pattern = r"^[a-z0-9][a-z0-9._-]{0,62}$"))] String);

        impl $name {
            /// Checks the grammar of names.
            pub fn new(value: impl Into<String>) -> Result<Self, NameError> {
                let value = value.into();
                check_name($kind, &value)?;
                Ok(Self(value))
            }

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = NameError;
            fn from_str(value: &str) -> Result<Self, NameError> {
                Self::new(value)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::new(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
            }
        }
    )*};
}

names! {
    /// A machine with one of our agents.
    NodeId = "node";
    /// The legal person who declares and issues.
    ProviderId = "provider";
    /// A Gaia-X region.
    RegionId = "region";
    /// A Gaia-X datacenter.
    DatacenterId = "datacenter";
    /// A Gaia-X availability zone; it sits inside a datacenter.
    ZoneId = "availability zone";
    /// A rack.
    RackId = "rack";
    /// A part of a facility: a feed, a UPS, a cooling loop, a fire compartment, a router.
    PartId = "part";
    /// A flavor of servers.
    FlavorId = "flavor";
    /// An image of a virtual machine.
    ImageId = "image";
    /// A service offering.
    ServiceId = "service offering";
    /// An independence claim.
    ClaimId = "claim";
    /// One agent code path that reads one place: `cpu`, `dmi`, `libvirt`.
    SourceName = "source";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_holds_what_needs_no_quoting() {
        let check = |text: &str, good: bool| assert_eq!(NodeId::new(text).is_ok(), good, "{text:?}");
        for good in ["a", "kvm-01", "0", "r11.row2_a", &"a".repeat(63)] {
            check(good, true);
        }
        for bad in ["", "-a", ".a", "A", "a b", "a/b", "a:b", "ä", "a\n", &"a".repeat(64)] {
            check(bad, false);
        }
    }

    #[test]
    fn a_bad_name_is_refused_while_reading() {
        let error = serde_json::from_str::<ZoneId>("\"Zone 1\"").unwrap_err().to_string();
        assert!(error.contains("availability zone name `Zone 1`"), "{error}");
    }
}
