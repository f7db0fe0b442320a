//! Wire messages ⇄ checked types. Nothing behind this file sees a message that was not checked.

use descriptors::did::{Did, DidError};
use descriptors::digest::Digest;
use descriptors::id::{NameError, NodeId};
use descriptors::proof::PublicKey;
use descriptors::proof::dsse::Envelope;
use descriptors::timestamp::{Timestamp, TimestampError};
use descriptors::tpm::attestation::ATTESTATION_BYTES_MAX;
use descriptors::tpm::public::PUBLIC_BYTES_MAX;

use crate::v1;

/// Largest PKCS#10 request that is looked at, in bytes.
const CERTIFICATE_REQUEST_BYTES_MAX: usize = 4096;

/// Largest parts of a challenge that are looked at, in bytes: a digest and an encrypted one; a number of 2048 bits.
const CHALLENGE_BYTES_MAX: usize = 512;

/// Longest secret of a challenge, in bytes.
const SECRET_BYTES_MAX: usize = 64;

/// What is wrong with a message.
#[derive(Debug, thiserror::Error)]
pub enum ConvertError {
    /// Not a node name.
    #[error("bad node name")]
    Node(#[from] NameError),
    /// The report key is not a did:key.
    #[error("bad report key")]
    ReportKey(#[from] DidError),
    /// A field of the wrong length.
    #[error("{field} has {found} bytes, expected {expected}")]
    Length {
        /// Which.
        field: &'static str,
        /// What came.
        found: usize,
        /// What should.
        expected: &'static str,
    },
    /// An outcome that this version does not know.
    #[error("unknown outcome {0}")]
    Outcome(i32),
    /// Longer than ever needed, or empty.
    #[error("{field} has {found} bytes, 1 to {most} are taken")]
    Bounds {
        /// Which.
        field: &'static str,
        /// What came.
        found: usize,
        /// The bound.
        most: usize,
    },
    /// A time that cannot be written.
    #[error("bad time")]
    Time(#[from] TimestampError),
}

/// A checked request to become a node.
#[derive(Debug)]
pub struct Enrol {
    /// The node.
    pub node: NodeId,
    /// The secret of the join token.
    pub token_secret: [u8; 32],
    /// PKCS#10 request, DER.
    pub certificate_request: Vec<u8>,
    /// The key that will sign reports.
    pub report_key: PublicKey,
    /// Its signature over [`possession_statement`].
    pub possession: [u8; 64],
}

/// What the report key signs to show that the enrolling machine holds it.
pub fn possession_statement(node: &NodeId, certificate_request: &[u8]) -> Vec<u8> {
    format!("avow enrol v1\n{node}\n{}", Digest::of(certificate_request).hex()).into_bytes()
}

impl TryFrom<v1::EnrolRequest> for Enrol {
    type Error = ConvertError;

    fn try_from(message: v1::EnrolRequest) -> Result<Self, ConvertError> {
        Ok(Self {
            node: NodeId::new(message.node)?,
            token_secret: exactly("token_secret", &message.token_secret, "32")?,
            certificate_request: certificate_request(message.certificate_request)?,
            report_key: message.report_key.parse::<Did>()?.to_key()?,
            possession: exactly("possession", &message.possession, "64")?,
        })
    }
}

impl From<Enrol> for v1::EnrolRequest {
    fn from(enrol: Enrol) -> Self {
        Self {
            node: enrol.node.to_string(),
            token_secret: enrol.token_secret.to_vec(),
            certificate_request: enrol.certificate_request,
            report_key: Did::key(&enrol.report_key).to_string(),
            possession: enrol.possession.to_vec(),
        }
    }
}

/// The PKCS#10 request of a renewal, within its bounds.
pub fn certificate_request(bytes: Vec<u8>) -> Result<Vec<u8>, ConvertError> {
    if bytes.is_empty() || bytes.len() > CERTIFICATE_REQUEST_BYTES_MAX {
        return Err(ConvertError::Length { field: "certificate_request", found: bytes.len(), expected: "1 to 4096" });
    }
    Ok(bytes)
}

/// An envelope as it is sent: in parts, where it is one; any other bytes as they are, for the receiver to refuse.
pub fn submission(envelope: Vec<u8>) -> v1::Submission {
    match Envelope::parse(&envelope) {
        Ok(Envelope { payload_type, payload, key_id, signature }) => {
            let parts = v1::Parts { payload_type, payload, key_id, signature };
            v1::Submission { envelope: Vec::new(), parts: Some(parts) }
        }
        Err(_) => v1::Submission { envelope, parts: None },
    }
}

/// The bytes of the envelope that was sent. Nothing is checked: parts make an envelope whatever they say.
pub fn envelope(submission: v1::Submission) -> Vec<u8> {
    match submission.parts {
        Some(v1::Parts { payload_type, payload, key_id, signature }) if submission.envelope.is_empty() => {
            Envelope { payload_type, payload, key_id, signature }.to_bytes()
        }
        _ => submission.envelope,
    }
}

/// What became of a submission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Durably committed.
    Stored,
    /// Was durably committed before.
    Duplicate,
    /// Will never be taken, for this reason.
    Refused(String),
    /// Send a full report.
    ReportWanted,
    /// Send it again later; for this reason.
    Retry(String),
}

/// The answer to one submission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acknowledgement {
    /// Digest of the envelope that is answered.
    pub envelope: Digest,
    /// What became of it.
    pub outcome: Outcome,
}

impl From<Acknowledgement> for v1::Acknowledgement {
    fn from(acknowledgement: Acknowledgement) -> Self {
        let (outcome, reason) = match acknowledgement.outcome {
            Outcome::Stored => (v1::Outcome::Stored, String::new()),
            Outcome::Duplicate => (v1::Outcome::Duplicate, String::new()),
            Outcome::Refused(reason) => (v1::Outcome::Refused, reason),
            Outcome::ReportWanted => (v1::Outcome::ReportWanted, String::new()),
            Outcome::Retry(reason) => (v1::Outcome::Retry, reason),
        };
        Self { envelope_digest: acknowledgement.envelope.as_bytes().to_vec(), outcome: outcome.into(), reason }
    }
}

impl TryFrom<v1::Acknowledgement> for Acknowledgement {
    type Error = ConvertError;

    fn try_from(message: v1::Acknowledgement) -> Result<Self, ConvertError> {
        let outcome = match v1::Outcome::try_from(message.outcome) {
            Ok(v1::Outcome::Stored) => Outcome::Stored,
            Ok(v1::Outcome::Duplicate) => Outcome::Duplicate,
            Ok(v1::Outcome::Refused) => Outcome::Refused(message.reason),
            Ok(v1::Outcome::ReportWanted) => Outcome::ReportWanted,
            Ok(v1::Outcome::Retry) => Outcome::Retry(message.reason),
            Ok(v1::Outcome::Unspecified) | Err(_) => return Err(ConvertError::Outcome(message.outcome)),
        };
        let digest = exactly("envelope_digest", &message.envelope_digest, "32")?;
        Ok(Self { envelope: Digest::from_bytes(digest), outcome })
    }
}

/// The keys of a chip, before anything about them is checked but their length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChipKeys {
    /// The endorsement key.
    pub endorsement: Vec<u8>,
    /// The key that signs quotes.
    pub attestation: Vec<u8>,
}

impl From<ChipKeys> for v1::ChallengeRequest {
    fn from(keys: ChipKeys) -> Self {
        Self { endorsement_key: keys.endorsement, attestation_key: keys.attestation }
    }
}

impl TryFrom<v1::ChallengeRequest> for ChipKeys {
    type Error = ConvertError;

    fn try_from(message: v1::ChallengeRequest) -> Result<Self, ConvertError> {
        Ok(Self {
            endorsement: bounded("endorsement_key", message.endorsement_key, PUBLIC_BYTES_MAX)?,
            attestation: bounded("attestation_key", message.attestation_key, PUBLIC_BYTES_MAX)?,
        })
    }
}

/// What a chip must answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    /// `TPMS_ID_OBJECT`.
    pub credential: Vec<u8>,
    /// `TPM2B_ENCRYPTED_SECRET` without its size.
    pub encrypted_secret: Vec<u8>,
    /// What must be signed along.
    pub nonce: [u8; 32],
}

impl From<Challenge> for v1::ChallengeResponse {
    fn from(challenge: Challenge) -> Self {
        let Challenge { credential, encrypted_secret, nonce } = challenge;
        Self { credential, encrypted_secret, nonce: nonce.to_vec() }
    }
}

impl TryFrom<v1::ChallengeResponse> for Challenge {
    type Error = ConvertError;

    fn try_from(message: v1::ChallengeResponse) -> Result<Self, ConvertError> {
        Ok(Self {
            credential: bounded("credential", message.credential, CHALLENGE_BYTES_MAX)?,
            encrypted_secret: bounded("encrypted_secret", message.encrypted_secret, CHALLENGE_BYTES_MAX)?,
            nonce: exactly("nonce", &message.nonce, "32")?,
        })
    }
}

/// A chip's answer with the attestation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChipAnswer {
    /// What was in the challenge.
    pub secret: Vec<u8>,
    /// The envelope of the attestation.
    pub envelope: Vec<u8>,
}

impl From<ChipAnswer> for v1::AttestRequest {
    fn from(answer: ChipAnswer) -> Self {
        Self { secret: answer.secret, envelope: answer.envelope }
    }
}

impl TryFrom<v1::AttestRequest> for ChipAnswer {
    type Error = ConvertError;

    fn try_from(message: v1::AttestRequest) -> Result<Self, ConvertError> {
        Ok(Self {
            secret: bounded("secret", message.secret, SECRET_BYTES_MAX)?,
            envelope: bounded("envelope", message.envelope, ATTESTATION_BYTES_MAX)?,
        })
    }
}

/// What became of an attestation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attested {
    /// The key is bound to a chip whose maker is known, until then.
    Certified(Timestamp),
    /// The key is bound to a chip until then; its maker is not known, for this reason.
    UnknownMaker(Timestamp, String),
    /// The key is not bound, for this reason.
    Refused(String),
}

impl From<Attested> for v1::AttestResponse {
    fn from(attested: Attested) -> Self {
        let (outcome, reason, valid_until) = match attested {
            Attested::Certified(until) => (v1::AttestationOutcome::Certified, String::new(), until.unix()),
            Attested::UnknownMaker(until, why) => (v1::AttestationOutcome::UnknownMaker, why, until.unix()),
            Attested::Refused(why) => (v1::AttestationOutcome::Refused, why, 0),
        };
        Self { outcome: outcome.into(), reason, valid_until }
    }
}

impl TryFrom<v1::AttestResponse> for Attested {
    type Error = ConvertError;

    fn try_from(message: v1::AttestResponse) -> Result<Self, ConvertError> {
        let until = || Timestamp::from_unix(message.valid_until);
        match v1::AttestationOutcome::try_from(message.outcome) {
            Ok(v1::AttestationOutcome::Certified) => Ok(Self::Certified(until()?)),
            Ok(v1::AttestationOutcome::UnknownMaker) => Ok(Self::UnknownMaker(until()?, message.reason)),
            Ok(v1::AttestationOutcome::Refused) => Ok(Self::Refused(message.reason)),
            Ok(v1::AttestationOutcome::Unspecified) | Err(_) => Err(ConvertError::Outcome(message.outcome)),
        }
    }
}

fn bounded(field: &'static str, bytes: Vec<u8>, most: usize) -> Result<Vec<u8>, ConvertError> {
    match bytes.len() {
        found if found == 0 || found > most => Err(ConvertError::Bounds { field, found, most }),
        _ => Ok(bytes),
    }
}

fn exactly<const N: usize>(field: &'static str, bytes: &[u8], expected: &'static str) -> Result<[u8; N], ConvertError> {
    bytes.try_into().map_err(|_| ConvertError::Length { field, found: bytes.len(), expected })
}

#[cfg(test)]
mod tests {
    use descriptors::canonical;
    use descriptors::id::NAME_LENGTH_MAX;
    use descriptors::proof::SoftwareKey;
    use descriptors::report::{HEARTBEAT_TYPE, Heartbeat};
    use prost::Message as _;

    use super::*;

    #[test]
    fn an_acknowledgement_crosses_the_wire_unchanged() {
        let outcomes = [Outcome::Stored, Outcome::Duplicate, Outcome::Refused("x".into()), Outcome::ReportWanted];
        for outcome in outcomes {
            let sent = Acknowledgement { envelope: Digest::of(b"e"), outcome };
            assert_eq!(Acknowledgement::try_from(v1::Acknowledgement::from(sent.clone())).unwrap(), sent);
        }
    }

    #[test]
    fn an_attestation_crosses_the_wire_unchanged() {
        let until = Timestamp::from_unix(1_790_000_000).unwrap();
        let outcomes =
            [Attested::Certified(until), Attested::UnknownMaker(until, "x".into()), Attested::Refused("y".into())];
        for attested in outcomes {
            assert_eq!(Attested::try_from(v1::AttestResponse::from(attested.clone())).unwrap(), attested);
        }
        let message = v1::AttestResponse { outcome: 0, reason: String::new(), valid_until: until.unix() };
        assert!(Attested::try_from(message).is_err(), "what is not said is not success");
        let keys = ChipKeys { endorsement: vec![1], attestation: vec![2; PUBLIC_BYTES_MAX] };
        assert_eq!(ChipKeys::try_from(v1::ChallengeRequest::from(keys.clone())).unwrap(), keys);
        for endorsement in [Vec::new(), vec![1; PUBLIC_BYTES_MAX + 1]] {
            let keys = ChipKeys { endorsement, ..keys.clone() };
            assert!(ChipKeys::try_from(v1::ChallengeRequest::from(keys)).is_err());
        }
    }

    fn sealed(payload: &[u8]) -> Vec<u8> {
        let key = SoftwareKey::from_seed(&[7; 32]);
        Envelope::sign(HEARTBEAT_TYPE, payload.to_vec(), &key).unwrap().to_bytes()
    }

    #[test]
    fn an_envelope_crosses_the_wire_as_the_bytes_that_are_stored() {
        for bytes in [sealed(b"{}"), sealed(b"\xff\0\""), sealed(b""), b"no envelope".to_vec(), Vec::new()] {
            assert_eq!(envelope(submission(bytes.clone())), bytes);
        }
        // Who sends the text still may, and is not overruled by parts.
        let mut whole = submission(sealed(b"{}"));
        whole.envelope = sealed(b"[]");
        assert_eq!(envelope(whole), sealed(b"[]"));
    }

    #[test]
    fn an_unchanged_round_costs_at_most_400_bytes_whatever_the_node_is_called() {
        let heartbeat = |name: &str| Heartbeat {
            node: NodeId::new(name).unwrap(),
            sequence: (1 << 53) - 1,
            taken_at: "2026-11-21T00:00:00Z".parse().unwrap(),
            holds: Digest::of(b"report"),
        };
        let sent = |name: &str| {
            let bytes = sealed(&canonical::to_vec(&heartbeat(name)).unwrap());
            (submission(bytes.clone()).encoded_len(), bytes.len())
        };
        let (short, long) = (sent("kvm-01"), sent(&"n".repeat(NAME_LENGTH_MAX)));
        println!("message {} bytes of an envelope of {}; longest name {} of {}", short.0, short.1, long.0, long.1);
        assert!(short.0 <= 400 && long.0 <= 400, "{short:?} {long:?}");
        assert!(short.1 > 400, "so the text would not do");
    }

    #[test]
    fn an_unknown_outcome_is_not_taken_for_stored() {
        let message = v1::Acknowledgement { envelope_digest: vec![0; 32], outcome: 99, reason: String::new() };
        assert!(Acknowledgement::try_from(message).is_err());
        let message = v1::Acknowledgement { envelope_digest: vec![0; 31], outcome: 1, reason: String::new() };
        assert!(Acknowledgement::try_from(message).is_err());
    }
}
