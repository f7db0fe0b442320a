//! `avow:NodeEvidence`: which signed report stands behind what is said of a node.
//!
//! Whoever holds the report checks it with this: its digest, the key that signed it, when the node says it was taken. When
//! the node was last heard is left out: it changes with every heartbeat, and a credential says what stays.

use super::{Base, Observation, Subject, node_hardware};
use crate::shape::{Ref, Shape, shapes};
use crate::timestamp::Timestamp;

shapes! {
    /// The signed report that stands behind what is said of a node.
    NodeEvidence: "avow:NodeEvidence" {
        /// The node that the statement is about.
        node: Ref<node_hardware::NodeHardware> = "avow:node",
        /// Digest of the evidence that the statement rests on.
        evidence: String = "avow:evidence",
        /// The number of the report among the statements of the node.
        sequence: u64 = "avow:sequence",
        /// When the report was taken, by the clock of the node.
        taken_at: Timestamp = "avow:takenAt",
        /// The DID whose key signed the report.
        report_key: ReportKey = "avow:reportKey",
        /// The version of the agent that took the report.
        agent_version: String = "avow:agentVersion",
        --
    }
}

/// The class.
pub const CLASS: &str = NodeEvidence::CLASS;

/// The DID of a node's key: a reference to something that has no class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportKey(String);

impl crate::shape::Term for ReportKey {
    const RANGE: crate::shape::Range = crate::shape::Range::Iri;

    fn object(self, _: crate::shape::Place<'_>) -> crate::node::Object {
        crate::node::Object::Reference(self.0)
    }
}

/// What stands behind a node's credentials.
pub fn subject(base: &Base, observation: Observation<'_>) -> Subject {
    let report = observation.report;
    let evidence = NodeEvidence::new(
        node_hardware::reference(base, &report.node),
        observation.digest.to_string(),
        report.sequence,
        report.taken_at,
        ReportKey(observation.key.to_string()),
        report.agent_version.as_str(),
    );
    let id = base.subject("node-evidence", report.node.as_str());
    Subject { node: evidence.into_node(id), origin: report.origin, provenance: None }
}
