//! What a statement must be before it is stored. Pure: the node, its key and the time are arguments.

use descriptors::canonical;
use descriptors::digest::Digest;
use descriptors::id::NodeId;
use descriptors::proof::PublicKey;
use descriptors::proof::dsse::{Envelope, ParseError, VerifyError};
use descriptors::report::{ENVELOPE_BYTES_MAX, HEARTBEAT_TYPE, Heartbeat, REPORT_TYPE, Report};
use descriptors::timestamp::Timestamp;

use crate::store::{Statement, StatementKind};

/// How far a node's clock may be off, and how long a statement may have waited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Oldest statement that is taken.
    pub age_max_seconds: u32,
    /// How far ahead of us a node's clock may be.
    pub ahead_max_seconds: u32,
}

/// Why a statement will never be taken.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// Too many bytes.
    #[error("the envelope has {0} bytes, at most {ENVELOPE_BYTES_MAX} are taken")]
    Oversize(usize),
    /// Not an envelope.
    #[error("the envelope is malformed")]
    Malformed(#[from] ParseError),
    /// Neither a report nor a heartbeat.
    #[error("statements of the type `{0}` are not known")]
    Type(String),
    /// Not signed by the node's report key.
    #[error("the statement is not signed by the key that the node enrolled with")]
    Signature(#[source] VerifyError),
    /// Signed, but not a statement.
    #[error("the statement does not hold what it should")]
    Statement(#[from] canonical::ReadError),
    /// It speaks for somebody else.
    #[error("the statement is of the node `{0}`, the certificate is not")]
    Node(NodeId),
    /// Sequences begin at 1.
    #[error("the statement has no number: numbers begin at 1")]
    Sequence,
    /// It waited too long, or is sent again by somebody.
    #[error("the statement was made at {0}, too long ago")]
    Stale(Timestamp),
    /// The node's clock is wrong.
    #[error("the statement was made at {0}, in the future: check the node's clock")]
    Future(Timestamp),
    /// Two statements with one number.
    #[error("the node said something else under this number before")]
    Contradiction,
}

impl Refusal {
    /// One of a few words, for counting.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Oversize(_) => "oversize",
            Self::Malformed(_) => "malformed",
            Self::Type(_) => "type",
            Self::Signature(_) => "signature",
            Self::Statement(_) => "statement",
            Self::Node(_) => "node",
            Self::Sequence => "sequence",
            Self::Stale(_) => "stale",
            Self::Future(_) => "future",
            Self::Contradiction => "contradiction",
        }
    }
}

/// What the two kinds of statements have in common.
struct Head {
    kind: StatementKind,
    id: descriptors::report::ReportId,
    taken_at: Timestamp,
    holds: Digest,
}

/// Checks an envelope that came from `node`, whose reports `key` signs.
pub(super) fn statement(
    bytes: Vec<u8>,
    node: &NodeId,
    key: &PublicKey,
    limits: &Limits,
    now: Timestamp,
) -> Result<Statement, Refusal> {
    if bytes.len() > ENVELOPE_BYTES_MAX {
        return Err(Refusal::Oversize(bytes.len()));
    }
    let envelope = Envelope::parse(&bytes)?;
    let payload_digest = Digest::of(&envelope.payload);
    let head = match envelope.payload_type.as_str() {
        REPORT_TYPE => {
            let payload = envelope.verify(REPORT_TYPE, key).map_err(Refusal::Signature)?;
            let report: Report = canonical::from_slice(payload)?;
            let (id, taken_at) = (report.id(), report.taken_at);
            Head { kind: StatementKind::Report, id, taken_at, holds: payload_digest }
        }
        HEARTBEAT_TYPE => {
            let payload = envelope.verify(HEARTBEAT_TYPE, key).map_err(Refusal::Signature)?;
            let heartbeat: Heartbeat = canonical::from_slice(payload)?;
            let (id, taken_at) = (heartbeat.id(), heartbeat.taken_at);
            Head { kind: StatementKind::Heartbeat, id, taken_at, holds: heartbeat.holds }
        }
        other => return Err(Refusal::Type(other.chars().take(100).collect())),
    };
    if head.id.node != *node {
        return Err(Refusal::Node(head.id.node));
    }
    if head.id.sequence == 0 {
        return Err(Refusal::Sequence);
    }
    if head.taken_at < now.plus_seconds(-i64::from(limits.age_max_seconds)) {
        return Err(Refusal::Stale(head.taken_at));
    }
    if head.taken_at > now.plus_seconds(i64::from(limits.ahead_max_seconds)) {
        return Err(Refusal::Future(head.taken_at));
    }
    let Head { kind, id, taken_at, holds } = head;
    Ok(Statement { id, kind, payload_digest, holds, taken_at, received_at: now, envelope: bytes })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use descriptors::fact::{AbsenceReason, Reading};
    use descriptors::proof::{Signer as _, SoftwareKey};
    use descriptors::report::Origin;
    use serde_json::{Value, json};

    use super::*;

    const LIMITS: Limits = Limits { age_max_seconds: 600, ahead_max_seconds: 60 };

    fn now() -> Timestamp {
        Timestamp::from_unix(1_790_000_000).unwrap()
    }

    fn key() -> SoftwareKey {
        SoftwareKey::from_seed(&[7; 32])
    }

    fn report() -> Report {
        Report {
            node: NodeId::new("kvm-01").unwrap(),
            sequence: 1,
            taken_at: now(),
            boot_id: Reading::absent(AbsenceReason::NotPresent, "/proc/sys/kernel/random/boot_id"),
            origin: Origin::Simulated,
            agent_version: "1".to_owned(),
            facts: BTreeMap::new(),
        }
    }

    fn sign(payload_type: &str, payload: Vec<u8>) -> Vec<u8> {
        Envelope::sign(payload_type, payload, &key()).unwrap().to_bytes()
    }

    fn check(bytes: Vec<u8>) -> Result<Statement, Refusal> {
        statement(bytes, &NodeId::new("kvm-01").unwrap(), &key().public_key(), &LIMITS, now())
    }

    fn refused(change: impl FnOnce(&mut Report), expect: &str) {
        let mut report = report();
        change(&mut report);
        let refusal = check(sign(REPORT_TYPE, canonical::to_vec(&report).unwrap())).unwrap_err();
        assert_eq!(refusal.name(), expect, "{refusal}");
    }

    #[test]
    fn a_statement_is_kept_as_it_was_signed() {
        let mut value: Value = serde_json::to_value(report()).unwrap();
        value["a_member_of_next_year"] = json!({"nested": [1, 2.5]});
        let payload = canonical::to_vec(&value).unwrap();
        let bytes = sign(REPORT_TYPE, payload.clone());
        let statement = check(bytes.clone()).unwrap();
        assert_eq!(statement.envelope, bytes);
        assert_eq!((statement.payload_digest, statement.holds), (Digest::of(&payload), Digest::of(&payload)));
    }

    #[test]
    fn a_heartbeat_holds_what_it_names() {
        let holds = Digest::of(b"a report");
        let heartbeat = Heartbeat { node: report().node, sequence: 2, taken_at: now(), holds };
        let statement = check(sign(HEARTBEAT_TYPE, canonical::to_vec(&heartbeat).unwrap())).unwrap();
        assert_eq!((statement.kind, statement.holds), (StatementKind::Heartbeat, holds));
        assert_ne!(statement.payload_digest, holds);
    }

    #[test]
    fn a_statement_that_is_not_the_nodes_own_is_refused() {
        refused(|report| report.node = NodeId::new("kvm-02").unwrap(), "node");
        refused(|report| report.sequence = 0, "sequence");
        refused(|report| report.taken_at = now().plus_seconds(-601), "stale");
        refused(|report| report.taken_at = now().plus_seconds(61), "future");
        let other = SoftwareKey::from_seed(&[8; 32]);
        let foreign = Envelope::sign(REPORT_TYPE, canonical::to_vec(&report()).unwrap(), &other).unwrap();
        assert_eq!(check(foreign.to_bytes()).unwrap_err().name(), "signature");
    }

    #[test]
    fn the_ends_of_the_time_allowed_are_taken() {
        for seconds in [-600, 60] {
            let report = Report { taken_at: now().plus_seconds(seconds), ..report() };
            assert!(check(sign(REPORT_TYPE, canonical::to_vec(&report).unwrap())).is_ok(), "{seconds}");
        }
    }

    #[test]
    fn what_is_no_statement_is_refused() {
        let payload = canonical::to_vec(&report()).unwrap();
        let name = |bytes: Vec<u8>| check(bytes).unwrap_err().name();
        assert_eq!(name(vec![b' '; ENVELOPE_BYTES_MAX + 1]), "oversize");
        assert_eq!(name(Vec::new()), "malformed");
        assert_eq!(name(b"{\"payload\":".to_vec()), "malformed");
        assert_eq!(name(sign("text/plain", payload.clone())), "type");
        assert_eq!(name(sign(HEARTBEAT_TYPE, payload.clone())), "statement");
        assert_eq!(name(sign(REPORT_TYPE, b"{\"node\":\"kvm-01\",\"node\":\"kvm-01\"}".to_vec())), "statement");
        // The signature covers the type: a report cannot be passed off as a heartbeat.
        let mut relabelled = Envelope::sign(REPORT_TYPE, payload, &key()).unwrap();
        relabelled.payload_type = HEARTBEAT_TYPE.to_owned();
        assert_eq!(name(relabelled.to_bytes()), "signature");
    }
}
