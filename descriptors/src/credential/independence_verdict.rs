//! `avow:IndependenceVerdict`: what an audit found for one pair of availability zones in one dimension.

use serde_json::Value;

use super::{Base, Subject, availability_zone};
use crate::component::Dimension;
use crate::digest::Digest;
use crate::id::{ClaimId, ZoneId};
use crate::node::{Node, Object};
use crate::report::Origin;

/// The class.
pub const CLASS: &str = "avow:IndependenceVerdict";

/// What the audit found, as far as a credential carries it.
#[derive(Debug, Clone, PartialEq)]
pub struct VerdictClaims {
    /// The claim that was checked.
    pub claim: ClaimId,
    /// The profile it was checked against: `strict@1`.
    pub profile: String,
    /// The zones, sorted.
    pub zones: Vec<ZoneId>,
    /// The dimension.
    pub dimension: Dimension,
    /// `independent`, `dependent` or `undetermined`.
    pub outcome: &'static str,
    /// The verdict in full, as the audit writes it.
    pub verdict: Value,
    /// Digest of all evidence that the audit was given.
    pub evidence: Digest,
    /// The weakest origin of that evidence.
    pub origin: Origin,
}

/// What is said of a pair of zones.
pub fn subject(base: &Base, found: VerdictClaims) -> Subject {
    let zones: Vec<&str> = found.zones.iter().map(ZoneId::as_str).collect();
    let name = format!("{}/{}/{}", found.claim, zones.join("+"), found.dimension);
    let node = Node::new(base.subject("verdict", &name), CLASS)
        .with("avow:claim", found.claim.as_str())
        .with("avow:profile", found.profile.as_str())
        .with("avow:zone", Object::references(found.zones.iter().map(|zone| availability_zone::id(base, zone))))
        .with("avow:dimension", found.dimension.as_str())
        .with("avow:outcome", found.outcome)
        // JSON literal: the nested document is signed as it stands, without terms of a vocabulary.
        .with("avow:verdict", Object::Json(found.verdict))
        .with("avow:evidence", found.evidence.to_string());
    Subject { node, origin: found.origin }
}
