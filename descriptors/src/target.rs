//! Targets: who is to accept a credential, and in which form it wants it.
//!
//! Every target takes its form from the same unsigned [`Credential`](crate::credential::Credential). What the services
//! behind a target check of the content is not known here.

mod seal;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::proof::key::Algorithm;

pub use seal::{IssueError, PresentError, Seal, SealError};

/// Who is to accept a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// Gaia-X Danube: `vc+jwt`, did:key or did:web.
    Danube,
    /// Gaia-X Digital Clearing Houses of the Loire generation: `vc+jwt`, did:web with a certificate chain (`x5u`).
    Loire,
    /// XFSC Federated Catalogue: as Loire, with `iss` in the payload too.
    Xfsc,
    /// Verifiers of W3C Data Integrity: `eddsa-rdfc-2022`.
    W3cRdfc,
    /// Verifiers of W3C Data Integrity: `eddsa-jcs-2022`.
    W3cJcs,
    /// Catalogues that still expect VCDM 1.1 with `JsonWebSignature2020`.
    Tagus,
    /// Who wants no credential: canonical JSON with a signature that `ssh-keygen` verifies.
    Plain,
}

/// A name that no target has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is not a target: {} are", known.join(", "))]
pub struct TargetError {
    found: String,
    known: Vec<&'static str>,
}

impl Target {
    /// All of them.
    pub const fn all() -> &'static [Self] {
        &[Self::Danube, Self::Loire, Self::Xfsc, Self::W3cRdfc, Self::W3cJcs, Self::Tagus, Self::Plain]
    }

    /// The name by which it is chosen.
    pub fn name(self) -> &'static str {
        match self {
            Self::Danube => "danube",
            Self::Loire => "loire",
            Self::Xfsc => "xfsc",
            Self::W3cRdfc => "w3c-rdfc",
            Self::W3cJcs => "w3c-jcs",
            Self::Tagus => "tagus",
            Self::Plain => "plain",
        }
    }

    /// The media type of its credentials.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Danube | Self::Loire | Self::Xfsc => "application/vc+jwt",
            Self::W3cRdfc | Self::W3cJcs => "application/vc",
            Self::Tagus => "application/ld+json",
            Self::Plain => "application/json",
        }
    }

    /// The media type of its presentations.
    pub fn presentation_media_type(self) -> &'static str {
        match self {
            Self::Danube | Self::Loire | Self::Xfsc => "application/vp+jwt",
            Self::W3cRdfc | Self::W3cJcs => "application/vp",
            Self::Tagus => "application/ld+json",
            Self::Plain => "application/json",
        }
    }

    /// Whether its credentials are compact JWS.
    pub fn is_jwt(self) -> bool {
        matches!(self, Self::Danube | Self::Loire | Self::Xfsc)
    }

    /// Whether it takes issuers without a published document.
    pub fn allows_did_key(self) -> bool {
        matches!(self, Self::Danube | Self::W3cRdfc | Self::W3cJcs | Self::Plain)
    }

    /// Whether it asks for a certificate chain of the issuer's key.
    pub fn asks_for_chain(self) -> bool {
        matches!(self, Self::Loire | Self::Xfsc | Self::Tagus)
    }

    /// The algorithms it takes, the one that is surest to be taken first.
    pub fn algorithms(self) -> &'static [Algorithm] {
        use Algorithm::{EdDsa, Es256, Ps256};
        match self {
            Self::Danube => &[EdDsa, Es256, Ps256],
            Self::Loire | Self::Xfsc => &[Ps256, Es256, EdDsa],
            Self::Tagus => &[Ps256, Es256],
            Self::W3cRdfc | Self::W3cJcs | Self::Plain => &[EdDsa],
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(name: &str) -> Result<Self, TargetError> {
        Self::all().iter().copied().find(|target| target.name() == name).ok_or_else(|| TargetError {
            found: name.chars().take(40).collect(),
            known: Self::all().iter().map(|target| target.name()).collect(),
        })
    }
}

impl Serialize for Target {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Target {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_chosen_by_its_name() {
        for target in Target::all() {
            assert_eq!(target.name().parse::<Target>().as_ref(), Ok(target));
        }
        let error = "lore".parse::<Target>().unwrap_err().to_string();
        assert!(error.contains("`lore`") && error.contains("danube, loire, xfsc"), "{error}");
    }
}
