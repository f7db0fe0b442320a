//! `avow:NodeEvidence`: which signed report stands behind what is said of a node.
//!
//! Whoever holds the report checks it with this: its digest, the key that signed it, when the node says it was taken, and which
//! chip the key is bound to. When
//! the node was last heard is left out: it changes with every heartbeat, and a credential says what stays.

use super::node_hardware::Provenance;
use super::{Base, Observation, Subject, node_hardware};
use crate::report::Origin;
use crate::shape::{Ref, Shape, shapes};
use crate::timestamp::Timestamp;
use crate::tpm::attestation::{Bound, MakerWord};

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
        /// How it is known which machine holds the report key; left out where nothing binds it.
        key_provenance: Option<Provenance> = "avow:keyProvenance",
        /// Digest of the endorsement key of the trusted platform module that the report key is bound to.
        endorsement_key: Option<String> = "avow:endorsementKey",
        /// Digest of the key with which that module signs its quotes.
        attestation_key: Option<String> = "avow:attestationKey",
        /// Who certified that module.
        endorsement_issuer: Option<String> = "avow:endorsementIssuer",
        /// The serial number of that certificate, in hexadecimal digits.
        endorsement_serial: Option<String> = "avow:endorsementSerial",
        /// Maker and model of that module, in the maker's codes.
        endorsed_device: Option<String> = "avow:endorsedDevice",
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
    let mut evidence = NodeEvidence::new(
        node_hardware::reference(base, &report.node),
        observation.digest.to_string(),
        report.sequence,
        report.taken_at,
        ReportKey(observation.key.to_string()),
        report.agent_version.as_str(),
    );
    if let Some(chip) = observation.chip {
        say_chip(chip, &mut evidence);
    }
    let id = base.subject("node-evidence", report.node.as_str());
    // Whatever rests on a simulated chip is simulated.
    let simulated = observation.chip.is_some_and(|chip| chip.simulated);
    let origin = if simulated { report.origin.weaker(Origin::Simulated) } else { report.origin };
    Subject { node: evidence.into_node(id), origin, provenance: None }
}

/// A chip that nobody vouches for may be anything that speaks like one: what it shows was observed, and no more.
fn say_chip(chip: &Bound, evidence: &mut NodeEvidence) {
    evidence.endorsement_key = Some(chip.endorsement_key.to_string());
    evidence.attestation_key = Some(chip.attestation_key.to_string());
    evidence.key_provenance = Some(match &chip.maker {
        MakerWord::Unknown(_) => Provenance::Observed,
        MakerWord::Known(certified) => {
            evidence.endorsement_issuer = Some(certified.issuer.clone());
            evidence.endorsement_serial = Some(certified.serial.clone());
            evidence.endorsed_device = certified.device.clone();
            Provenance::Attested
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Digest;
    use crate::tpm::endorsement::Certified;

    #[test]
    fn only_a_chip_of_a_known_maker_makes_a_key_attested() {
        let said = |maker| {
            let node = Ref::<node_hardware::NodeHardware>::to("urn:node".to_owned());
            let key = ReportKey("did:key:z".to_owned());
            let mut evidence = NodeEvidence::new(node, "sha256:00", 1_u64, Timestamp::EPOCH, key, "1");
            let (endorsement_key, attestation_key) = (Digest::of(b"ek"), Digest::of(b"ak"));
            say_chip(&Bound { endorsement_key, attestation_key, maker, simulated: false }, &mut evidence);
            assert_eq!(evidence.endorsement_key, Some(endorsement_key.to_string()));
            assert_eq!(evidence.attestation_key, Some(attestation_key.to_string()));
            (evidence.key_provenance, evidence.endorsement_issuer, evidence.endorsement_serial)
        };
        let certified = Certified { issuer: "CN=x".to_owned(), serial: "01".to_owned(), device: None };
        let known = (Some(Provenance::Attested), Some("CN=x".to_owned()), Some("01".to_owned()));
        assert_eq!(said(MakerWord::Known(certified)), known);
        assert_eq!(said(MakerWord::Unknown("x".to_owned())), (Some(Provenance::Observed), None, None));
    }
}
