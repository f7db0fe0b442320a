//! How this machine becomes a node, and stays one.
//!
//! ```text
//! join token ──Enrol──▶ certificate ──Renew at half of its life──▶ certificate ──▶ …
//!      ▲                     │ ended while the machine or the collector was away
//!      └──── a new token ◀───┘
//! ```
//!
//! The key of the certificate is made here and stays here. What the collector decides about names and lifetimes is not
//! known here.

mod identity;
mod membership;

use std::time::Duration;

use descriptors::did::Did;
use descriptors::digest::Digest;
use descriptors::proof::{SignError, Signer};
use descriptors::timestamp::{Timestamp, TimestampError};
use proto::convert::possession_statement;
use proto::token::JoinToken;
use proto::v1;
use proto::v1::enrolment_service_client::EnrolmentServiceClient;
use rcgen::{CertificateParams, DistinguishedName, KeyPair, PKCS_ECDSA_P256_SHA256, PublicKeyData as _};
use tonic::Code;

pub use identity::{CertificateError, Identity, IdentityError, Standing};
pub(crate) use membership::token_from;
pub use membership::{Files, Membership};

use crate::connect::{self, ConnectError};
use identity::Parts;

/// Longest wait for an answer.
const ANSWER_SECONDS_MAX: u64 = 30;

/// Largest answer that is taken, in bytes.
const ANSWER_BYTES_MAX: usize = 64 << 10;

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub enum EnrolError {
    /// No key pair, or no request for it.
    #[error("cannot make a certificate request")]
    Request(#[from] rcgen::Error),
    /// The report key did not sign.
    #[error("cannot show possession of the report key")]
    Possession(#[from] SignError),
    /// No connection.
    #[error("the collector is not reached")]
    Connect(#[from] ConnectError),
    /// The collector will not give a certificate for this; asking again is useless.
    #[error("the collector refuses")]
    Refused(#[source] Box<tonic::Status>),
    /// The collector could not answer.
    #[error("the collector did not give a certificate")]
    Failed(#[source] Box<tonic::Status>),
    /// No answer in time.
    #[error("the collector did not answer within {ANSWER_SECONDS_MAX} s")]
    TimedOut,
    /// What came is not a certificate for our key.
    #[error("the collector's answer cannot be used")]
    Certificate(#[from] CertificateError),
    /// A time that cannot be written.
    #[error("the collector's answer has a bad time of renewal")]
    RenewBefore(#[from] TimestampError),
}

impl EnrolError {
    /// Whether the same request can still succeed later.
    pub fn is_passing(&self) -> bool {
        !matches!(self, Self::Refused(_))
    }
}

impl From<tonic::Status> for EnrolError {
    fn from(status: tonic::Status) -> Self {
        match status.code() {
            Code::InvalidArgument
            | Code::NotFound
            | Code::AlreadyExists
            | Code::PermissionDenied
            | Code::Unauthenticated
            | Code::Unimplemented => Self::Refused(Box::new(status)),
            _ => Self::Failed(Box::new(status)),
        }
    }
}

/// A certificate request with its key.
struct Request {
    key: KeyPair,
    der: Vec<u8>,
}

impl Request {
    fn new() -> Result<Self, rcgen::Error> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let mut params = CertificateParams::default();
        // The collector decides every name; only the public key of the request counts.
        params.distinguished_name = DistinguishedName::new();
        let der = params.serialize_request(&key)?.der().to_vec();
        Ok(Self { key, der })
    }
}

/// One join token on its way to become an identity.
///
/// Every attempt sends the same request: when an answer is lost after the collector has taken the token, it can see that the
/// one who asks again is the one it answered.
pub struct Enrolment {
    token: JoinToken,
    request: Request,
    report_key: String,
    possession: [u8; 64],
}

impl Enrolment {
    /// Makes the key and the request; `signer` holds the report key.
    pub fn prepare(token: JoinToken, signer: &dyn Signer) -> Result<Self, EnrolError> {
        let request = Request::new()?;
        let possession = signer.sign(&possession_statement(&token.node, &request.der))?;
        Ok(Self { token, request, report_key: Did::key(&signer.public_key()).to_string(), possession })
    }

    /// Asks once.
    pub async fn attempt(&self) -> Result<Identity, EnrolError> {
        let authority = connect::certificate_pem(&self.token.authority);
        let channel = connect::connect(&self.token.address, &authority, None).await?;
        let mut client = EnrolmentServiceClient::new(channel).max_decoding_message_size(ANSWER_BYTES_MAX);
        let answer = in_time(client.enrol(v1::EnrolRequest {
            node: self.token.node.to_string(),
            token_secret: self.token.secret.to_vec(),
            certificate_request: self.request.der.clone(),
            report_key: self.report_key.clone(),
            possession: self.possession.to_vec(),
        }))
        .await?;
        identity(&self.request, answer, self.token.address.clone(), self.token.node.clone(), digest(&self.token))
    }
}

/// Exchanges a join token for an identity, asking once. `signer` holds the report key.
pub async fn enrol(token: JoinToken, signer: &dyn Signer) -> Result<Identity, EnrolError> {
    Enrolment::prepare(token, signer)?.attempt().await
}

impl Identity {
    /// Exchanges this identity, while it holds, for a fresh one with a new key.
    pub async fn renew(&self) -> Result<Identity, EnrolError> {
        let request = Request::new()?;
        let channel = self.connect().await?;
        let mut client = EnrolmentServiceClient::new(channel).max_decoding_message_size(ANSWER_BYTES_MAX);
        let answer = in_time(client.renew(v1::RenewRequest { certificate_request: request.der.clone() })).await?;
        identity(&request, answer, self.address.clone(), self.node.clone(), self.token)
    }
}

async fn in_time<T>(answer: impl Future<Output = Result<tonic::Response<T>, tonic::Status>>) -> Result<T, EnrolError> {
    match tokio::time::timeout(Duration::from_secs(ANSWER_SECONDS_MAX), answer).await {
        Ok(answer) => Ok(answer?.into_inner()),
        Err(_) => Err(EnrolError::TimedOut),
    }
}

/// The authority in the answer is taken over: it came over TLS that the authority before it had authenticated, and that is
/// how an authority is replaced.
fn identity(
    request: &Request,
    answer: v1::CertificateResponse,
    address: String,
    node: descriptors::id::NodeId,
    token: Digest,
) -> Result<Identity, EnrolError> {
    identity::check_key(&answer.certificate, &request.key.subject_public_key_info())?;
    Ok(Identity::new(Parts {
        node,
        address,
        authority: connect::certificate_pem(&answer.authority),
        certificate: connect::certificate_pem(&answer.certificate),
        key: request.key.serialize_pem(),
        renew_before: Timestamp::from_unix(answer.renew_before)?,
        token,
    })?)
}

/// What a used token is remembered by.
fn digest(token: &JoinToken) -> Digest {
    Digest::of(token.to_string().as_bytes())
}
