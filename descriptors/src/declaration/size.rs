//! Sizes as people write them: `16 GiB`, `0.5 GiB`, `100 GB`.
//!
//! The unit is kept as it was written, since customers compare what is printed; for comparing there is the number of bytes.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::gaia_x::quantity::{MemorySize, MemoryUnit};
use crate::gaia_x::value::{Number, ValueError};

/// The units, the name before its factor.
const UNITS: [(&str, u64, MemoryUnit); 7] = [
    ("KiB", 1 << 10, MemoryUnit::KibiByte),
    ("MiB", 1 << 20, MemoryUnit::MebiByte),
    ("GiB", 1 << 30, MemoryUnit::GibiByte),
    ("TiB", 1 << 40, MemoryUnit::TebiByte),
    ("MB", 1_000_000, MemoryUnit::MegaByte),
    ("GB", 1_000_000_000, MemoryUnit::GigaByte),
    ("TB", 1_000_000_000_000, MemoryUnit::TeraByte),
];

/// A size of memory or storage; more than nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Thousandths of the unit.
    thousandths: u64,
    /// Position in [`UNITS`].
    unit: usize,
}

/// A text that is no size.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a size: a number and one of KiB, MiB, GiB, TiB, MB, GB, TB, such as `16 GiB`")]
pub struct SizeError(String);

impl Size {
    /// How many bytes these are.
    pub fn bytes(self) -> u64 {
        let bytes = u128::from(self.thousandths) * u128::from(UNITS[self.unit].1) / 1000;
        u64::try_from(bytes).unwrap_or(u64::MAX)
    }

    /// As the ontology writes it.
    ///
    /// # Errors
    /// Never for what was read: a size is finite.
    pub fn to_quantity(self) -> Result<MemorySize, ValueError> {
        #[expect(clippy::cast_precision_loss, reason = "at most 10^15, which a double holds exactly")]
        let value = self.thousandths as f64 / 1000.0;
        Ok(MemorySize::new(Number::new(value)?, UNITS[self.unit].2))
    }
}

impl FromStr for Size {
    type Err = SizeError;

    fn from_str(text: &str) -> Result<Self, SizeError> {
        let refuse = || SizeError(text.chars().take(40).collect());
        let (number, name) = text.split_at(text.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(refuse)?);
        let unit = UNITS.iter().position(|(known, ..)| *known == name.trim_start()).ok_or_else(refuse)?;
        let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
        // One spelling for one number, and none that a double would round.
        if whole.is_empty() || whole.len() > 12 || part.is_empty() || part.len() > 3 {
            return Err(refuse());
        }
        let whole: u64 = whole.parse().map_err(|_| refuse())?;
        let part: u64 = format!("{part:0<3}").parse().map_err(|_| refuse())?;
        let thousandths = whole * 1000 + part;
        if thousandths == 0 { Err(refuse()) } else { Ok(Self { thousandths, unit }) }
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) = (self.thousandths / 1000, self.thousandths % 1000);
        let unit = UNITS[self.unit].0;
        match part {
            0 => write!(f, "{whole} {unit}"),
            part => write!(f, "{whole}.{} {unit}", format!("{part:03}").trim_end_matches('0')),
        }
    }
}

impl Serialize for Size {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Size {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Size".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string", "pattern": r"^[0-9]{1,12}(\.[0-9]{1,3})? *(KiB|MiB|GiB|TiB|MB|GB|TB)$",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_a_number_and_a_unit() {
        let check = |text: &str, expect: Option<(u64, &str)>| {
            let size = text.parse::<Size>().ok();
            let found = size.map(|size| (size.bytes(), size.to_string()));
            assert_eq!(found.as_ref().map(|(bytes, text)| (*bytes, text.as_str())), expect, "{text:?}");
        };
        check("16 GiB", Some((17_179_869_184, "16 GiB")));
        check("0.5GiB", Some((536_870_912, "0.5 GiB")));
        check("100 GB", Some((100_000_000_000, "100 GB")));
        check("999999999999.999 TB", Some((u64::MAX, "999999999999.999 TB")));
        for bad in
            ["", "16", "GiB", "0 GiB", "0.000 GB", "-1 GB", "1.0001 GB", ".5 GB", "1. GB", "1 gb", "1 PB", "1e3 GB"]
        {
            check(bad, None);
        }
    }
}
