//! Profiles: named, versioned sets of criteria.
//!
//! A profile never changes once it is published; a change is a new version, so that a verdict can be recomputed years later.
//!
//! `strict@1` wants that two zones share no component at all in any dimension.
//!
//! `scs-0121@1` is SCS-0121-v1 "Availability Zones": zones in *different fire zones* (MUST), and *inside each zone* a
//! redundant power line, external connection and core router (MUST) and redundant cooling (SHOULD). The standard does not ask
//! that zones share no power or network: who needs that claims `strict@1`. Its rules on storage zones and latency (SHOULD) are
//! not modelled.

use descriptors::component::Dimension;

use crate::criterion::{Criterion, cooling, fire, network, power};

/// A report counts for so long after the node was last heard, in every profile of today.
pub const STALE_AFTER_SECONDS: i64 = 3600;

/// How binding a criterion is (RFC 2119).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// It yields a verdict.
    Must,
    /// It yields a finding where it is not met, and no verdict.
    Should,
}

/// A named, versioned set of criteria.
#[derive(Debug)]
pub struct Profile {
    /// `name@version`.
    pub name: &'static str,
    /// What must or should hold.
    pub rules: &'static [(Level, &'static Criterion)],
    /// Largest risk group that is looked for between zones.
    pub order_max: u8,
    /// Most risk groups that one verdict prints; all are counted.
    pub risk_groups_max: usize,
}

/// No shared component at all.
pub const STRICT_1: Profile = Profile {
    name: "strict@1",
    rules: &[
        (Level::Must, &power::SEPARATE),
        (Level::Must, &network::SEPARATE),
        (Level::Must, &cooling::SEPARATE),
        (Level::Must, &fire::SEPARATE),
    ],
    order_max: 3,
    risk_groups_max: 20,
};

/// SCS-0121-v1.
pub const SCS_0121_1: Profile = Profile {
    name: "scs-0121@1",
    rules: &[
        (Level::Must, &fire::SEPARATE),
        (Level::Must, &power::REDUNDANT),
        (Level::Must, &network::REDUNDANT),
        (Level::Should, &cooling::REDUNDANT),
    ],
    order_max: 3,
    risk_groups_max: 20,
};

/// Every profile there is.
pub fn all() -> [&'static Profile; 2] {
    [&STRICT_1, &SCS_0121_1]
}

/// The profile of this name.
pub fn find(name: &str) -> Option<&'static Profile> {
    all().into_iter().find(|profile| profile.name == name)
}

impl Profile {
    /// The rules for the dimensions asked for.
    pub fn rules_for(&self, dimensions: &[Dimension]) -> impl Iterator<Item = (Level, &'static Criterion)> {
        self.rules.iter().copied().filter(|(_, criterion)| dimensions.contains(&criterion.dimension))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_found_by_its_full_name_only() {
        assert_eq!(find("strict@1").map(|profile| profile.name), Some("strict@1"));
        for unknown in ["strict", "strict@2", "STRICT@1", ""] {
            assert!(find(unknown).is_none(), "{unknown}");
        }
    }

    #[test]
    fn strict_asks_for_every_dimension() {
        assert_eq!(STRICT_1.rules_for(&Dimension::ALL).count(), Dimension::ALL.len());
        assert_eq!(STRICT_1.rules_for(&[Dimension::Fire]).count(), 1);
    }
}
