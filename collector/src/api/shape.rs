//! What the answers of the API look like.
//!
//! Documents that are defined elsewhere (reports, audits, envelopes) stand in them as they are.

use std::collections::BTreeSet;

use descriptors::declaration::Declaration;
use descriptors::id::NodeId;
use descriptors::timestamp::Timestamp;
use descriptors::tpm::attestation::MakerWord;
use independence::{Assessment, Audit};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::audit::Standing;
use crate::http::View;
use crate::store::Issued;
use crate::topology::{BoundChip, Chip, LeftOut, Node, Places, SignedDeclaration};

/// All nodes.
#[derive(Debug, Serialize, ToSchema)]
pub struct Nodes {
    /// The instant of the answer.
    as_of: String,
    /// Nodes that were heard, sorted.
    nodes: Vec<NodeSummary>,
    /// Nodes whose stored reports do not count.
    left_out: Vec<LeftOutNode>,
    /// Nodes that are declared and were never heard.
    silent: Vec<String>,
}

/// One node that was heard.
#[derive(Debug, Serialize, ToSchema)]
pub struct NodeSummary {
    /// Its name.
    pub node: String,
    /// Where its facts come from: `real`, `captured` or `simulated`.
    pub origin: String,
    /// `current` or `stale`.
    pub standing: &'static str,
    /// The availability zone it is declared in.
    pub zone: Option<String>,
    /// The rack it is declared in.
    pub rack: Option<String>,
    /// When it was last heard.
    pub heard_at: String,
    /// When its report was received.
    pub received_at: String,
    /// Highest sequence of its statements.
    pub sequence: u64,
    /// How many of its statements are stored.
    pub statements: u64,
    /// Digest of the report's payload.
    pub report_digest: String,
    /// The key that signs its reports.
    pub report_key: String,
    /// Version of its agent.
    pub agent_version: String,
    /// What binds that key to a chip.
    pub tpm: TpmSummary,
}

/// What binds a node's report key to its trusted platform module.
#[derive(Debug, Serialize, ToSchema)]
pub struct TpmSummary {
    /// `attested`: bound to a chip whose maker is known; `unknown_maker`: bound to a chip that nobody vouches for, which may be a program;
    /// `refused`: it showed one that was not taken, and is not bound; `ended`: it was bound; `none`: it never showed one.
    pub standing: &'static str,
    /// Whether the node says that its chip is a program, for tests.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub simulated: bool,
    /// Why its maker is not known, or why a chip was refused, which may have been since it was bound.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When that was, of a refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused_at: Option<String>,
    /// Digest of the chip's endorsement key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endorsement_key: Option<String>,
    /// The endorsement key of the chip that it was bound to before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub earlier_endorsement_key: Option<String>,
    /// Who certified the chip.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certified_by: Option<String>,
    /// The serial number of that certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate_serial: Option<String>,
    /// Maker and model of the chip, in the maker's codes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// The version of its firmware, as the chip signed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub firmware_version: Option<String>,
    /// The registers 0 to 7 (SHA-256), as the chip signed them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub registers: Vec<String>,
    /// When the chip answered the challenge.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub activated_at: Option<String>,
    /// Until when that counts, or counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<String>,
}

impl TpmSummary {
    /// Summarises what is known of a node's chip.
    pub fn of(node: &Node) -> Self {
        let mut summary = Self::nothing();
        match &node.chip {
            Chip::None => {}
            Chip::Ended(until) => {
                summary.standing = "ended";
                summary.valid_until = Some(until.to_string());
            }
            Chip::Bound(chip) => summary.bound(chip),
        }
        if let Some(refused) = &node.refused {
            if node.chip.bound().is_none() {
                summary.standing = "refused";
            }
            summary.reason = Some(refused.reason.clone());
            summary.refused_at = Some(refused.at.to_string());
        }
        summary
    }

    fn nothing() -> Self {
        Self {
            standing: "none",
            simulated: false,
            reason: None,
            refused_at: None,
            endorsement_key: None,
            earlier_endorsement_key: None,
            certified_by: None,
            certificate_serial: None,
            device: None,
            firmware_version: None,
            registers: Vec::new(),
            activated_at: None,
            valid_until: None,
        }
    }

    fn bound(&mut self, chip: &BoundChip) {
        match &chip.said.maker {
            MakerWord::Known(certified) => {
                self.standing = "attested";
                self.certified_by = Some(certified.issuer.clone());
                self.certificate_serial = Some(certified.serial.clone());
                self.device = certified.device.clone();
            }
            MakerWord::Unknown(why) => {
                self.standing = "unknown_maker";
                self.reason = Some(why.clone());
            }
        }
        self.simulated = chip.said.simulated;
        self.endorsement_key = Some(chip.said.endorsement_key.to_string());
        self.earlier_endorsement_key = chip.binding.earlier_key.map(|key| key.to_string());
        self.firmware_version = Some(format!("{:016x}", chip.opened.quote.firmware_version));
        self.registers = chip.opened.attestation.registers.iter().map(ToString::to_string).collect();
        self.activated_at = Some(chip.binding.activated_at.to_string());
        self.valid_until = Some(chip.binding.valid_until.to_string());
    }
}

/// A node whose stored reports do not count.
#[derive(Debug, Serialize, ToSchema)]
pub struct LeftOutNode {
    node: String,
    /// `denied`, `forgotten`, or not heard since it enrolled with another key.
    why: &'static str,
}

impl LeftOut {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::Forgotten => "forgotten",
            Self::EarlierKey => "not heard since it enrolled with another key",
        }
    }
}

impl NodeSummary {
    /// Summarises one node.
    pub fn of(view: &View, places: &Places<'_>, node: &Node) -> Self {
        let latest = &node.latest;
        let place = places.of(&latest.node);
        Self {
            node: latest.node.to_string(),
            origin: node.report.origin.to_string(),
            standing: if node.is_stale(view.now) { "stale" } else { "current" },
            zone: place.map(|place| place.zone.id.to_string()),
            rack: place.map(|place| place.rack.id.to_string()),
            heard_at: latest.heard_at.to_string(),
            received_at: latest.received_at.to_string(),
            sequence: latest.sequence,
            statements: latest.statements,
            report_digest: latest.report_digest.to_string(),
            report_key: node.report_key.to_string(),
            agent_version: node.report.agent_version.clone(),
            tpm: TpmSummary::of(node),
        }
    }
}

/// The nodes that are declared and were never heard, sorted.
pub fn silent(view: &View) -> Vec<NodeId> {
    let Some(signed) = &view.topology.declaration else { return Vec::new() };
    let heard: BTreeSet<&NodeId> = view.topology.nodes.iter().map(|node| &node.latest.node).collect();
    let racks = signed.declaration.zones().flat_map(|(_, _, zone)| &zone.racks);
    let declared: BTreeSet<&NodeId> = racks.flat_map(|rack| &rack.nodes).collect();
    declared.difference(&heard).map(|node| (*node).clone()).collect()
}

impl Nodes {
    pub(super) fn of(view: &View) -> Self {
        let (left_out, places) = (view.topology.left_out.iter(), view.topology.places());
        Self {
            as_of: view.now.to_string(),
            nodes: view.topology.nodes.iter().map(|node| NodeSummary::of(view, &places, node)).collect(),
            left_out: left_out.map(|(node, why)| LeftOutNode { node: node.to_string(), why: why.as_str() }).collect(),
            silent: silent(view).iter().map(ToString::to_string).collect(),
        }
    }
}

/// One node with everything it said last.
#[derive(Debug, Serialize, ToSchema)]
pub struct NodeDetail {
    #[serde(flatten)]
    summary: NodeSummary,
    /// Numbers of statements that never arrived: from, to.
    pub(crate) missing_sequences: Vec<(u64, u64)>,
    /// What the node said.
    #[schema(value_type = Object)]
    report: Value,
    /// The DSSE envelope of the report, as the node signed it.
    #[schema(value_type = Object)]
    envelope: Value,
    /// The DSSE envelope of the last heartbeat that names the report.
    #[schema(value_type = Option<Object>)]
    heartbeat: Option<Value>,
    /// The DSSE envelope of the attestation that binds the report key to a chip, as the node signed it.
    #[schema(value_type = Option<Object>)]
    attestation: Option<Value>,
}

impl NodeDetail {
    pub(super) fn of(view: &View, node: &Node, sequences: &[u64]) -> Result<Self, serde_json::Error> {
        let latest = &node.latest;
        let attestation = node.chip.bound().map(|chip| chip.binding.envelope.as_slice());
        Ok(Self {
            summary: NodeSummary::of(view, &view.topology.places(), node),
            missing_sequences: gaps(sequences),
            report: serde_json::to_value(node.report.as_ref())?,
            envelope: serde_json::from_slice(&latest.report)?,
            heartbeat: latest.heartbeat.as_deref().map(serde_json::from_slice).transpose()?,
            attestation: attestation.map(serde_json::from_slice).transpose()?,
        })
    }
}

/// The ranges that rising numbers leave out, from 1 on.
pub fn gaps(sequences: &[u64]) -> Vec<(u64, u64)> {
    let mut expected = 1;
    let mut gaps = Vec::new();
    for &sequence in sequences {
        if sequence > expected {
            gaps.push((expected, sequence - 1));
        }
        expected = sequence.saturating_add(1);
    }
    gaps
}

/// Availability zones.
#[derive(Debug, Serialize, ToSchema)]
pub struct Zones {
    as_of: String,
    zones: Vec<ZoneSummary>,
}

#[derive(Debug, Serialize, ToSchema)]
struct ZoneSummary {
    region: String,
    datacenter: String,
    zone: String,
    racks: Vec<RackSummary>,
}

#[derive(Debug, Serialize, ToSchema)]
struct RackSummary {
    rack: String,
    nodes: Vec<PlacedNode>,
}

#[derive(Debug, Serialize, ToSchema)]
struct PlacedNode {
    node: String,
    /// `current`, `stale` or `silent`.
    standing: &'static str,
}

/// `current`, `stale` or `silent`.
pub fn standing_of(view: &View, node: &NodeId) -> &'static str {
    match view.topology.node(node.as_str()) {
        None => "silent",
        Some(node) if node.is_stale(view.now) => "stale",
        Some(_) => "current",
    }
}

impl Zones {
    pub(super) fn of(view: &View) -> Option<Self> {
        let declaration = &view.topology.declaration.as_ref()?.declaration;
        let zones = declaration.zones().map(|(region, datacenter, zone)| ZoneSummary {
            region: region.id.to_string(),
            datacenter: datacenter.id.to_string(),
            zone: zone.id.to_string(),
            racks: zone
                .racks
                .iter()
                .map(|rack| RackSummary {
                    rack: rack.id.to_string(),
                    nodes: rack
                        .nodes
                        .iter()
                        .map(|node| PlacedNode { node: node.to_string(), standing: standing_of(view, node) })
                        .collect(),
                })
                .collect(),
        });
        Some(Self { as_of: view.now.to_string(), zones: zones.collect() })
    }
}

/// What the last audit found.
#[derive(Debug, Serialize, ToSchema)]
pub struct Verdicts {
    /// The instant the audit speaks of.
    as_of: String,
    /// Digest of all documents it was given.
    evidence: String,
    /// The weakest origin among them.
    origin: String,
    /// The worst outcome; none where nothing is claimed.
    outcome: Option<&'static str>,
    /// Why a later audit failed, if one did: then all this may be out of date.
    failure: Option<String>,
    /// One verdict for each claim, dimension and pair of zones.
    assessments: Vec<AssessmentDocument>,
}

/// One verdict.
#[derive(Debug, Serialize, ToSchema)]
pub struct AssessmentDocument {
    /// `independent`, `dependent` or `undetermined`.
    outcome: &'static str,
    /// Why, in one line.
    reason: String,
    /// Claim, profile, criterion, zones, dimension and the verdict in full.
    #[schema(value_type = Object)]
    #[serde(flatten)]
    assessment: Assessment,
}

fn audited(standing: &Standing) -> Option<&Audit> {
    standing.outcome.as_ref()?.audit.as_ref()
}

fn failure(standing: &Standing) -> Option<String> {
    standing.failure.as_ref().map(|failure| format!("{}: {}", failure.at, failure.why))
}

impl Verdicts {
    pub(super) fn of(standing: &Standing) -> Option<Self> {
        let audit = audited(standing)?;
        let assessments = audit.assessments.iter().map(|assessment| AssessmentDocument {
            outcome: assessment.verdict.outcome().as_str(),
            reason: assessment.reason(),
            assessment: assessment.clone(),
        });
        Some(Self {
            as_of: audit.as_of.to_string(),
            evidence: audit.evidence.to_string(),
            origin: audit.origin.to_string(),
            outcome: audit.outcome().map(independence::Outcome::as_str),
            failure: failure(standing),
            assessments: assessments.collect(),
        })
    }
}

/// What the last audit saw beside its verdicts.
#[derive(Debug, Serialize, ToSchema)]
pub struct Findings {
    as_of: String,
    /// Why a later audit failed, if one did.
    failure: Option<String>,
    findings: Vec<FindingDocument>,
}

#[derive(Debug, Serialize, ToSchema)]
struct FindingDocument {
    /// In one line.
    text: String,
    /// With its code.
    #[schema(value_type = Object)]
    #[serde(flatten)]
    finding: independence::Finding,
}

impl Findings {
    pub(super) fn of(standing: &Standing) -> Option<Self> {
        let audit = audited(standing)?;
        let findings = audit.findings.iter();
        Some(Self {
            as_of: audit.as_of.to_string(),
            failure: failure(standing),
            findings: findings
                .map(|finding| FindingDocument { text: finding.to_string(), finding: finding.clone() })
                .collect(),
        })
    }
}

/// The current credentials.
#[derive(Debug, Serialize, ToSchema)]
pub struct Credentials {
    pub(super) issuer: String,
    pub(super) credentials: Vec<CredentialList>,
}

/// One credential in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct CredentialList {
    /// Its id.
    pub id: String,
    /// Last segment of the id: what `/v1/credentials/{digest}` takes.
    pub digest: String,
    /// The class of its subject: `gx:Region`.
    pub class: String,
    /// The id of its subject.
    pub subject: String,
    /// The weakest origin of what it says.
    pub origin: String,
    /// From when.
    pub valid_from: String,
    /// Until when.
    pub valid_until: String,
    /// `revoked`, `suspended`, `valid`, `expiring` (less than a third of its life is left), `expired` or `not yet valid`.
    pub status: &'static str,
}

/// How a credential stands at `now`.
pub fn status(issued: &Issued, now: Timestamp) -> &'static str {
    let life = issued.valid_until.seconds_since(issued.valid_from);
    match () {
        () if issued.revoked_at.is_some() => "revoked",
        () if issued.suspended_at.is_some() => "suspended",
        () if now < issued.valid_from => "not yet valid",
        () if now > issued.valid_until => "expired",
        () if issued.valid_until.seconds_since(now) < life / 3 => "expiring",
        () => "valid",
    }
}

impl CredentialList {
    /// One line of the list.
    pub fn of(issued: &Issued, now: Timestamp) -> Self {
        Self {
            id: issued.id.clone(),
            digest: issued.id.rsplit('/').next().unwrap_or_default().to_owned(),
            class: issued.class.clone(),
            subject: issued.subject.clone(),
            origin: issued.origin.to_string(),
            valid_from: issued.valid_from.to_string(),
            valid_until: issued.valid_until.to_string(),
            status: status(issued, now),
        }
    }
}

/// The declaration.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeclarationDocument {
    /// Digest of the payload.
    digest: String,
    /// What it says.
    #[schema(value_type = Object)]
    declaration: Declaration,
    /// The DSSE envelope.
    #[schema(value_type = Object)]
    envelope: Value,
}

impl DeclarationDocument {
    pub(super) fn of(signed: &SignedDeclaration) -> Result<Self, serde_json::Error> {
        Ok(Self {
            digest: signed.digest.to_string(),
            declaration: (*signed.declaration).clone(),
            envelope: serde_json::from_slice(&signed.envelope)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_of_rising_numbers_is_a_gap() {
        assert_eq!(gaps(&[]), []);
        assert_eq!(gaps(&[1, 2, 3]), []);
        assert_eq!(gaps(&[3, 4, 7, u64::MAX]), [(1, 2), (5, 6), (8, u64::MAX - 1)]);
    }
}
