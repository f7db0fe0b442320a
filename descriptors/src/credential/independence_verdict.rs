//! `avow:IndependenceVerdict`: what an audit found for one pair of availability zones in one dimension.

use serde_json::Value;

use super::{Base, Subject, availability_zone};
use crate::component::Dimension;
use crate::digest::Digest;
use crate::gaia_x::place;
use crate::id::{ClaimId, ZoneId};
use crate::node::Object;
use crate::report::Origin;
use crate::shape::{Place, Range, Ref, Shape, Term, shapes};

shapes! {
    /// What an audit found about the independence of availability zones in one dimension.
    IndependenceVerdict: "avow:IndependenceVerdict" {
        /// The name of the claim that was checked.
        claim: String = "avow:claim",
        /// The named, versioned set of criteria it was checked against.
        profile: String = "avow:profile",
        /// What failing together is looked at: power, network, cooling, fire and others.
        dimension: String = "avow:dimension",
        /// Whether the zones are independent, dependent, or whether evidence is missing.
        outcome: Outcome = "avow:outcome",
        /// The verdict in full, with its risk groups or with what is missing.
        verdict: Value = "avow:verdict",
        /// Digest of the evidence that the statement rests on.
        evidence: String = "avow:evidence",
        --
        /// An availability zone that the statement is about.
        zones: Vec<Ref<place::AvailabilityZone>> = "avow:zone",
    }
}

/// The class.
pub const CLASS: &str = IndependenceVerdict::CLASS;

/// An outcome of an audit, as it names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome(&'static str);

impl From<&'static str> for Outcome {
    fn from(text: &'static str) -> Self {
        Self(text)
    }
}

impl Term for Outcome {
    const RANGE: Range = Range::OneOf(&["independent", "dependent", "undetermined"]);

    fn object(self, _: Place<'_>) -> Object {
        Object::Word(self.0)
    }
}

impl Term for Value {
    const RANGE: Range = Range::Datatype(crate::rdf::JSON);

    /// A JSON literal: the nested document is signed as it stands, without terms of a vocabulary.
    fn object(self, _: Place<'_>) -> Object {
        Object::Json(self)
    }
}

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
    let verdict = IndependenceVerdict {
        zones: found.zones.iter().map(|zone| Ref::to(availability_zone::id(base, zone))).collect(),
        ..IndependenceVerdict::new(
            found.claim.as_str(),
            found.profile,
            found.dimension.as_str(),
            found.outcome,
            found.verdict,
            found.evidence.to_string(),
        )
    };
    Subject { node: verdict.into_node(base.subject("verdict", &name)), origin: found.origin, provenance: None }
}
