//! Binds the report key of a node to its chip: makes the challenge that only that chip can answer, and checks the answer.
//!
//! ```text
//!   keys of the chip ─▶ challenge (kept in memory, one for each node) ─▶ answer: once, in time
//!                          secret right? ─▶ attestation holds together? ─▶ who made the chip? ─▶ commit ─▶ holds for a day
//! ```
//!
//! Three ends are kept apart: bound to a chip whose maker is known, bound to a chip that nobody vouches for, and refused. A node that never
//! shows a chip is none of them. What was refused is kept beside what held before, which ends by itself. What a report says is not known here.
//!
//! Whoever is root on two machines can let one's chip vouch for the other's key: then one chip has two nodes, which is found.

mod challenge;
mod credential;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use descriptors::did::Did;
use descriptors::digest::Digest;
use descriptors::proof::PublicKey;
use descriptors::timestamp::Timestamp;
use descriptors::tpm::attestation::{Attestation, AttestationError, MakerWord, Opened};
use descriptors::tpm::endorsement::{self, CertificateError, Makers};
use descriptors::tpm::public::{PublicArea, PublicError, RoleError};
use proto::convert::{Attested, Challenge, ChipAnswer, ChipKeys, ConvertError};
use proto::v1;
use proto::v1::attestation_service_server::{AttestationService, AttestationServiceServer};
use tokio::sync::watch;
use tonic::{Request, Response, Status};

use crate::admission::{self, NotAdmitted};
use crate::authority::{Authority, Peer};
use crate::cause::chain;
use crate::clock;
use crate::store::{Binding, Refused, SharedStore, StoreError};
use challenge::{Challenges, NotAnswered};
use credential::CredentialError;

/// Largest request.
const REQUEST_BYTES_MAX: usize = descriptors::tpm::attestation::ATTESTATION_BYTES_MAX + 4096;

/// What is known of chips, whoever shows them.
#[derive(Debug, Clone, Default)]
pub struct Chips {
    /// Whose certificates are trusted.
    pub makers: Makers,
    /// How long a binding holds, in seconds.
    pub validity_seconds: i64,
}

/// Why there is no challenge, or no binding.
#[derive(Debug, thiserror::Error)]
pub enum AttestError {
    /// The message does not hold what it should.
    #[error("the request is malformed")]
    Message(#[from] ConvertError),
    /// Not a node that may speak.
    #[error("the node may not attest")]
    NotAdmitted(#[from] NotAdmitted),
    /// A key that cannot be read.
    #[error("a key of the TPM cannot be read")]
    Key(#[from] PublicError),
    /// A key that is not of its kind.
    #[error("a key of the TPM is not what it must be")]
    Role(#[from] RoleError),
    /// No challenge could be made for these keys.
    #[error("no challenge could be made")]
    Credential(#[from] CredentialError),
    /// No random bytes.
    #[error("no random bytes")]
    Random(#[from] std::io::Error),
    /// Not an answer to a challenge of ours.
    #[error("the challenge was not answered")]
    NotAnswered(#[from] NotAnswered),
    /// It does not hold together.
    #[error("the attestation proves nothing")]
    Attestation(#[from] AttestationError),
    /// Its certificate is wrong.
    #[error("the certificate of the TPM is wrong")]
    Certificate(#[from] CertificateError),
    /// It cannot be done now.
    #[error("the store could not be asked")]
    Store(#[from] StoreError),
}

impl AttestError {
    /// Whether it says something about the chip: then it is answered and kept, and else it is an error of the call.
    fn is_refusal(&self) -> bool {
        match self {
            Self::Key(_) | Self::Role(_) | Self::Attestation(_) | Self::Certificate(_) => true,
            Self::NotAnswered(why) => matches!(why, NotAnswered::Secret | NotAnswered::OtherKeys | NotAnswered::Nonce),
            Self::Message(_) | Self::NotAdmitted(_) | Self::Credential(_) | Self::Random(_) | Self::Store(_) => false,
        }
    }
}

impl From<AttestError> for Status {
    fn from(error: AttestError) -> Self {
        let text = chain(&error);
        match error {
            AttestError::NotAdmitted(error) => error.into(),
            AttestError::NotAnswered(NotAnswered::Full) => Self::resource_exhausted(text),
            AttestError::NotAnswered(_) => Self::failed_precondition(text),
            AttestError::Store(_) => Self::unavailable("the store could not be asked"),
            AttestError::Random(_) => Self::internal("no challenge could be made"),
            _ => Self::invalid_argument(text),
        }
    }
}

/// The attestation service.
#[derive(Debug)]
pub struct AttestationDesk {
    store: SharedStore,
    authority: Arc<Authority>,
    chips: Arc<Chips>,
    challenges: Challenges,
    changes: Arc<watch::Sender<u64>>,
}

impl AttestationDesk {
    /// What answers on the wire.
    pub fn service(self) -> AttestationServiceServer<Self> {
        AttestationServiceServer::new(self).max_decoding_message_size(REQUEST_BYTES_MAX)
    }

    /// Binds nodes that `authority` named, in `store`; counts `changes` up where a binding says something new.
    pub fn new(
        store: SharedStore,
        authority: Arc<Authority>,
        chips: Arc<Chips>,
        changes: Arc<watch::Sender<u64>>,
    ) -> Self {
        Self { store, authority, chips, challenges: Challenges::default(), changes }
    }

    async fn admit<T>(&self, request: &Request<T>, now: Timestamp) -> Result<(Peer, PublicKey), AttestError> {
        let peer = admission::peer(&self.authority, request)?;
        let key = admission::admit(&*self.store, &peer, now).await?;
        Ok((peer, key))
    }

    fn challenge(&self, peer: &Peer, request: v1::ChallengeRequest, now: Timestamp) -> Result<Challenge, AttestError> {
        let keys = ChipKeys::try_from(request)?;
        let endorsement = PublicArea::parse(&keys.endorsement)?;
        endorsement.check_endorsement()?;
        let attestation = PublicArea::parse(&keys.attestation)?;
        attestation.check_attestation()?;
        let (secret, nonce) = (crate::random::bytes()?, crate::random::bytes()?);
        let made = credential::make(&endorsement, &attestation.name(), &secret)?;
        let digests = (endorsement.digest(), attestation.digest());
        self.challenges.keep(peer, challenge::Pending { digests, secret, nonce, made_at: now })?;
        Ok(Challenge { credential: made.credential, encrypted_secret: made.encrypted_secret, nonce })
    }

    async fn attest(
        &self,
        peer: &Peer,
        key: &PublicKey,
        request: v1::AttestRequest,
        now: Timestamp,
    ) -> Result<Attested, AttestError> {
        let answer = ChipAnswer::try_from(request)?;
        let pending = self.challenges.take(peer, now)?;
        pending.check_secret(&answer.secret)?;
        let opened = Attestation::open(&answer.envelope, &peer.node, key)?;
        pending.check(&opened)?;
        let maker = maker(&opened, &self.chips.makers, now)?;
        let valid_until = now.plus_seconds(self.chips.validity_seconds);
        let attested = match &maker {
            MakerWord::Known(_) => Attested::Certified(valid_until),
            MakerWord::Unknown(why) => Attested::UnknownMaker(valid_until, why.clone()),
        };
        let binding = Binding {
            node: peer.node.clone(),
            report_key: peer.report_key.clone(),
            endorsement_key: opened.endorsement.digest(),
            earlier_key: None,
            activated_at: now,
            valid_until,
            maker,
            envelope: answer.envelope,
        };
        let endorsement_key = binding.endorsement_key;
        if self.store.put_binding(binding).await? {
            self.changes.send_modify(|commits| *commits += 1);
        }
        let maker = matches!(attested, Attested::Certified(_));
        tracing::info!(node = %peer.node, %endorsement_key, maker_known = maker, "report key bound to a TPM");
        Ok(attested)
    }

    /// Keeps why a chip was refused; any other error ends the call.
    async fn refuse(&self, peer: &Peer, error: AttestError, now: Timestamp) -> Result<String, Status> {
        let reason = chain(&error);
        tracing::warn!(node = %peer.node, reason, "report key not bound to a TPM");
        if !error.is_refusal() {
            return Err(error.into());
        }
        let refused = Refused { report_key: peer.report_key.clone(), at: now, reason: reason.clone() };
        self.store.put_refusal(&peer.node, refused).await.map_err(|error| Status::from(AttestError::Store(error)))?;
        Ok(reason)
    }
}

/// Who made the chip, as it will be kept.
fn maker(opened: &Opened, makers: &Makers, now: Timestamp) -> Result<MakerWord, CertificateError> {
    let certificates = &opened.attestation.endorsement_certificates;
    Ok(endorsement::maker(certificates, &opened.endorsement, makers, now)?.into())
}

#[tonic::async_trait]
impl AttestationService for AttestationDesk {
    async fn challenge(
        &self,
        request: Request<v1::ChallengeRequest>,
    ) -> Result<Response<v1::ChallengeResponse>, Status> {
        let now = clock::now();
        let (peer, _) = self.admit(&request, now).await?;
        match self.challenge(&peer, request.into_inner(), now) {
            Ok(challenge) => Ok(Response::new(challenge.into())),
            // There is no answer that says so: the reason goes with the error, and stays.
            Err(error) => Err(Status::failed_precondition(self.refuse(&peer, error, now).await?)),
        }
    }

    async fn attest(&self, request: Request<v1::AttestRequest>) -> Result<Response<v1::AttestResponse>, Status> {
        let now = clock::now();
        let (peer, key) = self.admit(&request, now).await?;
        let attested = match self.attest(&peer, &key, request.into_inner(), now).await {
            Ok(attested) => attested,
            Err(error) => Attested::Refused(self.refuse(&peer, error, now).await?),
        };
        Ok(Response::new(attested.into()))
    }
}

/// A digest that stands for the two keys that a challenge was made for.
type Digests = (Digest, Digest);

/// Whom a challenge was made for: a node that enrolled anew is another.
type Whom = (descriptors::id::NodeId, Did);
