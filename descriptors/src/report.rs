//! Reports: all facts of one node at one instant, signed by that node, and heartbeats that name the report still holding.
//!
//! ```text
//!   facts change ──▶ Report (sequence n, all facts)
//!   nothing changed ─▶ Heartbeat (sequence n+1, holds = digest of the last report's statement)
//! ```
//!
//! Both are canonical JSON statements in a DSSE envelope ([`crate::proof::dsse`]). Whoever controls a node's key can lie
//! about that node, and about no other: the node's name is bound to its key when it enrols.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::fact::{Fact, Reading};
use crate::id::{NodeId, SourceName};
use crate::timestamp::Timestamp;

/// DSSE payload type of a [`Report`].
pub const REPORT_TYPE: &str = "application/vnd.avow.report.v1+json";

/// DSSE payload type of a [`Heartbeat`].
pub const HEARTBEAT_TYPE: &str = "application/vnd.avow.heartbeat.v1+json";

/// Largest envelope, in bytes, that is sent or taken.
pub const ENVELOPE_BYTES_MAX: usize = 1 << 20;

/// Where the facts come from. It is part of what is signed, and nothing but `real` may be published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum Origin {
    /// Read from the machine itself.
    Real,
    /// Read from files captured on a machine (`--root`).
    Captured,
    /// Invented by a simulator.
    Simulated,
}

impl Origin {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Real => "real",
            Self::Captured => "captured",
            Self::Simulated => "simulated",
        }
    }

    /// The less trustworthy of two.
    pub fn weaker(self, other: Self) -> Self {
        self.max(other)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Which statement of which node: unique, and the same when it is sent again.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ReportId {
    /// The node.
    pub node: NodeId,
    /// Its number, from 1, never used twice by one node.
    pub sequence: u64,
}

impl fmt::Display for ReportId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.node, self.sequence)
    }
}

/// All facts of one node at one instant.
///
/// A reader keeps members it does not know: they were signed, and an older collector must not break a newer agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The node that speaks.
    pub node: NodeId,
    /// Number of this statement, from 1, rising; heartbeats and reports share the count.
    pub sequence: u64,
    /// The node's clock. A claim: the collector's time of receipt is the one that counts.
    pub taken_at: Timestamp,
    /// Identifies the boot (`/proc/sys/kernel/random/boot_id`).
    pub boot_id: Reading<String>,
    /// Where the facts come from.
    pub origin: Origin,
    /// Version of the agent.
    pub agent_version: String,
    /// What each source read.
    pub facts: BTreeMap<SourceName, Reading<Fact>>,
}

impl Report {
    /// Which statement this is.
    pub fn id(&self) -> ReportId {
        ReportId { node: self.node.clone(), sequence: self.sequence }
    }

    /// Whether `other` says the same of the node, at whatever time.
    pub fn same_facts(&self, other: &Self) -> bool {
        self.boot_id == other.boot_id
            && self.origin == other.origin
            && self.agent_version == other.agent_version
            && self.facts == other.facts
    }

    /// The fact of a source, where it is there.
    pub fn fact(&self, source: &str) -> Option<&Fact> {
        self.facts.iter().find(|(name, _)| name.as_str() == source).and_then(|(_, reading)| reading.present())
    }
}

/// Nothing changed since a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heartbeat {
    /// The node that speaks.
    pub node: NodeId,
    /// Number of this statement.
    pub sequence: u64,
    /// The node's clock.
    pub taken_at: Timestamp,
    /// Digest of the payload of the report that still holds.
    pub holds: Digest,
}

impl Heartbeat {
    /// Which statement this is.
    pub fn id(&self) -> ReportId {
        ReportId { node: self.node.clone(), sequence: self.sequence }
    }
}
