//! The audit: evidence in, verdicts and findings out.
//!
//! An audit that cannot be done is an error and no verdict; a claim that does not hold is a verdict and no error. What
//! happens with the result is not known here.

use std::collections::BTreeSet;

use descriptors::component::Dimension;
use descriptors::credential::independence_verdict::VerdictClaims;
use descriptors::declaration::{Claim, Mistake};
use descriptors::digest::Digest;
use descriptors::id::{ClaimId, NodeId, ZoneId};
use descriptors::report::Origin;
use descriptors::timestamp::Timestamp;
use serde::{Deserialize, Serialize};

use crate::analysis::{AnalysisError, Limits};
use crate::criterion::{Case, Criterion};
use crate::evidence::Evidence;
use crate::finding::Finding;
use crate::profile::{self, Level};
use crate::verdict::{Assessment, Outcome, Verdict};

/// What an audit found. Its canonical JSON is the same on any machine and for any order of the evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Audit {
    /// The instant it speaks of.
    pub as_of: Timestamp,
    /// Digest of all documents it was given, see [`Evidence::digest`].
    pub evidence: Digest,
    /// The weakest origin among them.
    pub origin: Origin,
    /// One verdict for each claim, dimension and pair of zones (or zone), sorted in this order.
    pub assessments: Vec<Assessment>,
    /// What else was seen, sorted by code.
    pub findings: Vec<Finding>,
}

/// Why an audit could not be done.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The declaration contradicts itself; the first mistake is named.
    #[error("the declaration does not fit together")]
    Declaration(#[source] Mistake),
    /// Two reports of one node, of which only the last one can count.
    #[error("the evidence holds more than one report of node {node}")]
    RepeatedNode {
        /// The node.
        node: NodeId,
    },
    /// A claim asks for a profile that is not built in.
    #[error("the claim {claim} asks for the profile `{profile}`, which is not known")]
    UnknownProfile {
        /// The claim.
        claim: ClaimId,
        /// The profile.
        profile: String,
    },
    /// The search for risk groups was given up.
    #[error("the risk groups of {} in {dimension} are too many for the claim {claim}", names(.zones))]
    GaveUp {
        /// The claim.
        claim: ClaimId,
        /// The dimension.
        dimension: Dimension,
        /// The zones.
        zones: Vec<ZoneId>,
        /// Which bound was met, and where.
        #[source]
        source: AnalysisError,
    },
}

fn names(zones: &[ZoneId]) -> String {
    zones.iter().map(ZoneId::as_str).collect::<Vec<_>>().join(" and ")
}

impl Audit {
    /// The worst of all verdicts; none where nothing is claimed.
    pub fn outcome(&self) -> Option<Outcome> {
        self.assessments.iter().map(|assessment| assessment.verdict.outcome()).min()
    }

    /// What a credential says of each verdict. The instant of the audit is left out: as long as the evidence stays, so
    /// does the credential.
    ///
    /// # Errors
    /// Never for a verdict that [`audit`] made.
    pub fn claims(&self) -> Result<Vec<VerdictClaims>, serde_json::Error> {
        let claims = self.assessments.iter().map(|assessment| {
            Ok(VerdictClaims {
                claim: assessment.claim.clone(),
                profile: assessment.profile.clone(),
                zones: assessment.zones.clone(),
                dimension: assessment.dimension,
                outcome: assessment.verdict.outcome().as_str(),
                verdict: serde_json::to_value(&assessment.verdict)?,
                evidence: self.evidence,
                origin: self.origin,
            })
        });
        claims.collect()
    }

    /// How many verdicts have this outcome.
    pub fn count(&self, outcome: Outcome) -> usize {
        self.assessments.iter().filter(|assessment| assessment.verdict.outcome() == outcome).count()
    }
}

/// What the search for the risk groups of one verdict may take. In steps and bytes and not in time, so that the same
/// evidence is given up on every machine or on none.
pub const LIMITS: Limits = Limits { memory_bytes: 1 << 30, steps: 100_000_000 };

/// Checks every claim of the declaration against the evidence.
///
/// # Errors
/// When the evidence is not one that can be judged, or judging it takes more than [`LIMITS`].
pub fn audit(evidence: &Evidence) -> Result<Audit, AuditError> {
    audit_within(evidence, LIMITS)
}

/// The same within other limits.
///
/// # Errors
/// As [`audit`].
pub fn audit_within(evidence: &Evidence, limits: Limits) -> Result<Audit, AuditError> {
    check(evidence)?;
    let graph = evidence.graph();
    let mut assessments = Vec::new();
    let mut findings: BTreeSet<Finding> = evidence.findings().into_iter().collect();
    findings.extend(graph.cycles().into_iter().map(|components| Finding::MutualDependency { components }));
    for claim in &evidence.declaration.claims {
        let profile = profile::find(&claim.profile)
            .ok_or_else(|| AuditError::UnknownProfile { claim: claim.id.clone(), profile: claim.profile.clone() })?;
        let case = Case { evidence, graph: &graph, profile, limits };
        for (level, criterion) in profile.rules_for(&claim.dimensions) {
            for assessment in assess(&case, claim, criterion, &mut findings)? {
                match level {
                    Level::Must => assessments.push(assessment),
                    Level::Should => findings.extend(shortfall(assessment)),
                }
            }
        }
    }
    assessments.sort_by(|a, b| (&a.claim, a.dimension, &a.zones).cmp(&(&b.claim, b.dimension, &b.zones)));
    Ok(Audit {
        as_of: evidence.as_of,
        evidence: evidence.digest(),
        origin: evidence.origin(),
        assessments,
        findings: findings.into_iter().collect(),
    })
}

fn check(evidence: &Evidence) -> Result<(), AuditError> {
    if let Some(mistake) = evidence.declaration.check().into_iter().next() {
        return Err(AuditError::Declaration(mistake));
    }
    let mut nodes = BTreeSet::new();
    // The smallest name is reported, whatever the order of the evidence.
    let repeated = evidence.nodes.iter().map(|node| &node.report.node).filter(|node| !nodes.insert(*node)).min();
    match repeated {
        Some(node) => Err(AuditError::RepeatedNode { node: node.clone() }),
        None => Ok(()),
    }
}

fn assess(
    case: &Case<'_>,
    claim: &Claim,
    criterion: &Criterion,
    findings: &mut BTreeSet<Finding>,
) -> Result<Vec<Assessment>, AuditError> {
    let mut zones = claim.zones.clone();
    zones.sort();
    let mut assessments = Vec::new();
    for scope in criterion.scopes(&zones) {
        let judgement = criterion.judge(case, &scope).map_err(|source| AuditError::GaveUp {
            claim: claim.id.clone(),
            dimension: criterion.dimension,
            zones: scope.clone(),
            source,
        })?;
        if let Some(shared) = judgement.only_in_larger_groups {
            findings.insert(Finding::OnlyInLargerGroups {
                claim: claim.id.clone(),
                dimension: criterion.dimension,
                zones: scope.clone(),
                components: shared.components,
                order: u32::from(case.profile.order_max),
                witness: shared.witness,
            });
        }
        assessments.push(Assessment {
            claim: claim.id.clone(),
            profile: case.profile.name.to_owned(),
            criterion: criterion.form,
            zones: scope,
            dimension: criterion.dimension,
            verdict: judgement.verdict,
        });
    }
    Ok(assessments)
}

/// What a recommendation that is not met, or not known to be met, becomes.
fn shortfall(assessment: Assessment) -> Option<Finding> {
    let Assessment { claim, dimension, zones, verdict, .. } = assessment;
    match verdict {
        Verdict::Independent { .. } => None,
        Verdict::Dependent { shared: components, .. } => {
            Some(Finding::RecommendationMissed { claim, dimension, zones, components })
        }
        Verdict::Undetermined { missing } => {
            Some(Finding::RecommendationUndetermined { claim, dimension, zones, missing })
        }
    }
}
