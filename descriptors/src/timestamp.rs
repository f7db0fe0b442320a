//! Points in time, in whole seconds, written as RFC 3339 in UTC.
//!
//! Whole seconds keep one spelling for one instant, so that equal times are equal bytes. Which clock a time came from is
//! not known here: the pure crates never ask one.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Seconds since 1970-01-01T00:00:00Z, between the years 0 and 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// Why a text or a number is not a [`Timestamp`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimestampError {
    /// Not RFC 3339.
    #[error("`{0}` is not an RFC 3339 time such as 2026-11-21T09:30:00Z")]
    NotRfc3339(String),
    /// Beyond the years that RFC 3339 can write.
    #[error("{0} seconds lie outside the years 0 to 9999")]
    OutOfRange(i64),
}

impl Timestamp {
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Self = Self(0);

    /// The instant `seconds` after the Unix epoch.
    pub fn from_unix(seconds: i64) -> Result<Self, TimestampError> {
        match OffsetDateTime::from_unix_timestamp(seconds) {
            Ok(instant) if (0..=9999).contains(&instant.year()) => Ok(Self(seconds)),
            _ => Err(TimestampError::OutOfRange(seconds)),
        }
    }

    /// Seconds since the Unix epoch.
    pub fn unix(self) -> i64 {
        self.0
    }

    /// This instant moved by `seconds`; stays at the ends of the range.
    pub fn plus_seconds(self, seconds: i64) -> Self {
        const MIN: i64 = -62_167_219_200;
        const MAX: i64 = 253_402_300_799;
        Self(self.0.saturating_add(seconds).clamp(MIN, MAX))
    }

    /// Seconds from `earlier` to this instant; negative when `earlier` is later.
    pub fn seconds_since(self, earlier: Self) -> i64 {
        self.0 - earlier.0
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let instant = OffsetDateTime::from_unix_timestamp(self.0).map_err(|_| fmt::Error)?;
        f.write_str(&instant.format(&Rfc3339).map_err(|_| fmt::Error)?)
    }
}

impl FromStr for Timestamp {
    type Err = TimestampError;

    /// Reads any RFC 3339 time; fractions of a second are cut off.
    fn from_str(text: &str) -> Result<Self, TimestampError> {
        let instant = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| TimestampError::NotRfc3339(text.to_owned()))?;
        Self::from_unix(instant.unix_timestamp())
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_in_one_way() {
        let check = |text: &str, expect: &str| assert_eq!(text.parse::<Timestamp>().unwrap().to_string(), expect);
        check("2026-11-21T09:30:00Z", "2026-11-21T09:30:00Z");
        check("2026-11-21T10:30:00.999+01:00", "2026-11-21T09:30:00Z");
        assert!("2026-11-21".parse::<Timestamp>().is_err());
        assert!("2026-11-21T09:30:00".parse::<Timestamp>().is_err());
    }
}
