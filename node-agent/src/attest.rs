//! Binds the report key to the machine's chip, at the start and again before the collector's word for it runs out.
//!
//! ```text
//! chip shows its keys ─▶ challenge ─▶ chip activates and quotes ─▶ report key signs ─▶ attest ─▶ holds until ─▶ half of it ─▶ again
//! ```
//!
//! The chip works on a thread of its own, the wire on this one; both calls go over one connection, because challenges live in the memory of
//! the collector that made them. A node without a chip reports all the same. What a binding is worth is not known here.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use descriptors::canonical;
use descriptors::digest::Digest;
use descriptors::proof::dsse::Envelope;
use descriptors::proof::{SignError, Signer};
use descriptors::tpm::Octets;
use descriptors::tpm::attestation::{self, ATTESTATION_TYPE, Attestation};
use proto::convert::{Attested, Challenge, ChipAnswer, ChipKeys, ConvertError};
use proto::v1::attestation_service_client::AttestationServiceClient;
use tokio::sync::watch;
use tokio::task::{JoinError, spawn_blocking};
use tokio::time::{sleep, timeout};
use tonic::Code;
use tracing::{info, warn};

use crate::cause::chain;
use crate::clock;
use crate::connect::ConnectError;
use crate::enrol::Identity;
use crate::retry::{Backoff, Waits, jittered};
use crate::tpm::{Answer, Shown, Tpm, TpmError};

/// Longest wait for an answer.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(30);

/// Largest answer that is taken, in bytes.
const ANSWER_BYTES_MAX: usize = 16 << 10;

/// After a failure it is tried again between these.
const WAITS: Waits = Waits { first: Duration::from_secs(30), longest: Duration::from_secs(3600) };

/// After the collector refused, or knows nothing of chips: an operator has to do something first.
const PAUSE: Duration = Duration::from_secs(3600);

/// However soon a binding ends, it is not renewed more often.
const RENEWED_AFTER_MIN: Duration = Duration::from_secs(60);

/// Why the key is not bound.
#[derive(Debug, thiserror::Error)]
pub enum AttestError {
    /// The chip.
    #[error("the TPM does not attest")]
    Tpm(#[from] TpmError),
    /// The chip's thread.
    #[error("the code that speaks to the TPM crashed")]
    Crashed(#[from] JoinError),
    /// No connection.
    #[error("the collector is not reached")]
    Connect(#[from] ConnectError),
    /// The collector ended the call with an error.
    #[error("the collector does not take an attestation now")]
    Status(#[source] Box<tonic::Status>),
    /// Nor did it answer.
    #[error("the collector did not answer within {ANSWER_TIME_MAX:?}")]
    TimedOut,
    /// An answer that this version does not understand.
    #[error("the collector's answer cannot be used")]
    Answer(#[from] ConvertError),
    /// The attestation has no canonical form.
    #[error("the attestation cannot be written as JSON")]
    Write(#[from] canonical::WriteError),
    /// The report key did not sign.
    #[error("the report key did not sign the attestation")]
    Sign(#[from] SignError),
}

impl AttestError {
    /// Whether the collector is one that knows nothing of chips.
    fn is_unknown_service(&self) -> bool {
        matches!(self, Self::Status(status) if status.code() == Code::Unimplemented)
    }
}

impl From<tonic::Status> for AttestError {
    fn from(status: tonic::Status) -> Self {
        Self::Status(Box::new(status))
    }
}

/// Binds the key again and again, for ever.
pub struct Attestor {
    tpm: Tpm,
    signer: Arc<dyn Signer>,
    identity: watch::Receiver<Arc<Identity>>,
}

impl Attestor {
    /// Prepares; nothing is asked yet. `signer` holds the report key.
    pub fn new(tpm: Tpm, signer: Arc<dyn Signer>, identity: watch::Receiver<Arc<Identity>>) -> Self {
        Self { tpm, signer, identity }
    }

    /// May be dropped at any time.
    pub async fn run(self) -> Infallible {
        let mut backoff = Backoff::new(WAITS);
        let mut said = String::new();
        loop {
            let identity = Arc::clone(&self.identity.borrow());
            let outcome = attest(&self.tpm, &identity, &self.signer).await;
            let (text, wait) = match &outcome {
                Ok(Attested::Certified(until)) => ("the report key is bound to the TPM".to_owned(), half(*until)),
                Ok(Attested::UnknownMaker(until, why)) => {
                    (format!("the report key is bound to the TPM, whose maker is not known: {why}"), half(*until))
                }
                Ok(Attested::Refused(why)) => {
                    (format!("the collector refuses to bind the key to the TPM: {why}"), PAUSE)
                }
                Err(error) if error.is_unknown_service() => ("the collector knows nothing of TPMs".to_owned(), PAUSE),
                Err(error) => (chain(error), backoff.failed()),
            };
            if outcome.is_ok() {
                backoff.succeeded();
            }
            if text != said {
                match outcome {
                    Ok(Attested::Certified(_) | Attested::UnknownMaker(..)) => info!(node = %identity.node, "{text}"),
                    Ok(Attested::Refused(_)) | Err(_) => warn!(node = %identity.node, "{text}"),
                }
                said = text;
            }
            sleep(jittered(wait)).await;
        }
    }
}

/// Half of the time that is left.
fn half(until: descriptors::timestamp::Timestamp) -> Duration {
    let left = u64::try_from(until.seconds_since(clock::now())).unwrap_or(0);
    Duration::from_secs(left / 2).max(RENEWED_AFTER_MIN)
}

/// Shows the chip, answers the challenge, and hands in the attestation.
pub async fn attest(tpm: &Tpm, identity: &Identity, signer: &Arc<dyn Signer>) -> Result<Attested, AttestError> {
    let (tpm, simulated) = (tpm.clone(), tpm.is_simulated());
    let shown = spawn_blocking(move || tpm.show()).await??;
    let channel = identity.connect().await?;
    let mut client = AttestationServiceClient::new(channel).max_decoding_message_size(ANSWER_BYTES_MAX);
    let keys = ChipKeys {
        endorsement: shown.endorsement.as_bytes().to_vec(),
        attestation: shown.attestation.as_bytes().to_vec(),
    };
    let challenge: Challenge = in_time(client.challenge(proto::v1::ChallengeRequest::from(keys))).await?.try_into()?;
    let extra = attestation::extra(&identity.node, &signer.public_key(), &challenge.nonce);
    let (shown, answer, nonce) = spawn_blocking(move || answered(shown, challenge, &extra)).await??;
    let attestation = Attestation { simulated, ..put_together(identity, shown, &answer, nonce) };
    let payload = canonical::to_vec(&attestation)?;
    let envelope = Envelope::sign(ATTESTATION_TYPE, payload, signer)?.to_bytes();
    let answer = ChipAnswer { secret: answer.secret, envelope };
    Ok(in_time(client.attest(proto::v1::AttestRequest::from(answer))).await?.try_into()?)
}

/// On the chip's thread, where what was loaded is flushed as well.
fn answered(shown: Shown, challenge: Challenge, extra: &Digest) -> Result<(Keys, Answer, [u8; 32]), TpmError> {
    let answer = shown.answer(&challenge.credential, &challenge.encrypted_secret, extra)?;
    let Shown { endorsement, certificates, attestation, .. } = shown;
    let keys = Keys {
        endorsement: endorsement.as_bytes().to_vec(),
        certificates,
        attestation: attestation.as_bytes().to_vec(),
    };
    Ok((keys, answer, challenge.nonce))
}

/// What stays of a chip that was shown.
struct Keys {
    endorsement: Vec<u8>,
    certificates: Vec<Vec<u8>>,
    attestation: Vec<u8>,
}

fn put_together(identity: &Identity, keys: Keys, answer: &Answer, nonce: [u8; 32]) -> Attestation {
    Attestation {
        node: identity.node.clone(),
        taken_at: clock::now(),
        simulated: false,
        nonce: Octets(nonce.to_vec()),
        endorsement_key: Octets(keys.endorsement),
        endorsement_certificates: keys.certificates.into_iter().map(Octets).collect(),
        attestation_key: Octets(keys.attestation),
        quoted: Octets(answer.quoted.clone()),
        signature: Octets(answer.signature.clone()),
        registers: answer.registers.clone(),
    }
}

async fn in_time<T>(answer: impl Future<Output = Result<tonic::Response<T>, tonic::Status>>) -> Result<T, AttestError> {
    match timeout(ANSWER_TIME_MAX, answer).await {
        Ok(answer) => Ok(answer?.into_inner()),
        Err(_) => Err(AttestError::TimedOut),
    }
}
