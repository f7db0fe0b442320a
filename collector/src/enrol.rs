//! How a machine becomes a node: a join token, once, for a certificate; then certificates for certificates.
//!
//! ```text
//!   token create ─▶ join token ─▶ Enrol (server-authenticated TLS) ─▶ certificate, 24 h
//!                                                    Renew (mutual TLS) ─▶ certificate, 24 h ─▶ …
//! ```
//!
//! Everything about a request is checked before its token is touched. An answer that is lost does not burn the node: the
//! same token, node and report key are answered again while the token lives. What a node reports is not known here.
//!
//! Whoever has an unused token can enrol as that one node until it ends. The report key must sign the request, so nobody
//! binds a node to a key that he does not hold.

use std::sync::Arc;

use descriptors::did::Did;
use descriptors::digest::Digest;
use descriptors::id::NodeId;
use descriptors::timestamp::Timestamp;
use proto::convert::{self, ConvertError, Enrol, possession_statement};
use proto::token::{JoinToken, TokenError};
use proto::v1;
use proto::v1::enrolment_service_server::{EnrolmentService, EnrolmentServiceServer};
use tonic::{Request, Response, Status};

use crate::admission::{self, NotAdmitted};
use crate::authority::{Authority, IssueError, NodeCertificate};
use crate::cause::chain;
use crate::clock;
use crate::random;
use crate::store::{Redeemed, SharedStore, Store, StoreError};

/// Largest request to enrol.
const ENROLMENT_BYTES_MAX: usize = 16 << 10;

/// Why nobody was enrolled, or no certificate renewed.
#[derive(Debug, thiserror::Error)]
pub enum EnrolError {
    /// The message does not hold what it should.
    #[error("the request is malformed")]
    Message(#[from] ConvertError),
    /// The report key did not sign the request.
    #[error("the report key did not sign the request")]
    Possession,
    /// No certificate could be made.
    #[error("no certificate was issued")]
    Issue(#[from] IssueError),
    /// The token does not admit this node with this key.
    #[error("{}", refusal(.0))]
    Token(Redeemed),
    /// Not a node that may renew.
    #[error("the node may not renew")]
    NotAdmitted(#[from] NotAdmitted),
    /// It cannot be done now.
    #[error("the store could not be asked")]
    Store(#[from] StoreError),
}

fn refusal(redeemed: &Redeemed) -> &'static str {
    match redeemed {
        Redeemed::Enrolled => "the node is enrolled",
        Redeemed::Unknown => "there is no such join token for this node",
        Redeemed::Used => "the join token was used before: create another one",
        Redeemed::Expired => "the join token has expired: create another one",
        Redeemed::KeyDiffers => "the node is enrolled with another key: forget it first if the machine was replaced",
        Redeemed::Denied => "the node was shut out: forget it first if it may come back",
    }
}

impl From<EnrolError> for Status {
    fn from(error: EnrolError) -> Self {
        let text = chain(&error);
        match error {
            EnrolError::Message(_) | EnrolError::Issue(IssueError::Request(_)) => Self::invalid_argument(text),
            EnrolError::Possession | EnrolError::Token(_) => Self::permission_denied(text),
            EnrolError::NotAdmitted(error) => error.into(),
            EnrolError::Store(_) => Self::unavailable("the store could not be asked"),
            EnrolError::Issue(_) => Self::internal("no certificate was issued"),
        }
    }
}

/// Makes a join token, and keeps the hash of its secret. `address` is `https://host:port`.
pub async fn create_token(
    store: &dyn Store,
    authority: &Authority,
    node: NodeId,
    address: String,
    expires_at: Timestamp,
) -> Result<JoinToken, CreateTokenError> {
    let authority = authority.certificate().to_vec();
    let token = JoinToken { node, secret: random::bytes()?, address, authority, expires_at };
    // What the machine will refuse is not handed out.
    token.to_string().parse::<JoinToken>()?;
    store.put_token(Digest::of(&token.secret), &token.node, expires_at).await?;
    Ok(token)
}

/// Why there is no join token.
#[derive(Debug, thiserror::Error)]
pub enum CreateTokenError {
    /// No secret.
    #[error("no random bytes")]
    Random(#[from] std::io::Error),
    /// Nobody could use it.
    #[error("no machine could use the join token")]
    Unusable(#[from] TokenError),
    /// Nobody would know it.
    #[error("the join token could not be kept")]
    Store(#[from] StoreError),
}

/// The enrolment service.
#[derive(Debug)]
pub struct Enrolment {
    store: SharedStore,
    authority: Arc<Authority>,
}

impl Enrolment {
    /// What answers on the wire.
    pub fn service(self) -> EnrolmentServiceServer<Self> {
        EnrolmentServiceServer::new(self).max_decoding_message_size(ENROLMENT_BYTES_MAX)
    }

    /// Enrols into `store`, with certificates of `authority`.
    pub fn new(store: SharedStore, authority: Arc<Authority>) -> Self {
        Self { store, authority }
    }

    async fn admit(&self, request: v1::EnrolRequest) -> Result<NodeCertificate, EnrolError> {
        let enrol = Enrol::try_from(request)?;
        let statement = possession_statement(&enrol.node, &enrol.certificate_request);
        enrol.report_key.verify(&statement, &enrol.possession).map_err(|_| EnrolError::Possession)?;
        let (now, report_key) = (clock::now(), Did::key(&enrol.report_key));
        // Made before the token is touched, so that a request that cannot be answered does not use it up.
        let issued = self.authority.issue_node(&enrol.node, &report_key, &enrol.certificate_request, now)?;
        let hash = Digest::of(&enrol.token_secret);
        match self.store.redeem_token(hash, &enrol.node, &report_key, now).await? {
            Redeemed::Enrolled => {
                tracing::info!(node = %enrol.node, %report_key, "enrolled");
                Ok(issued)
            }
            refused => Err(EnrolError::Token(refused)),
        }
    }

    async fn renew(&self, request: Request<v1::RenewRequest>) -> Result<NodeCertificate, EnrolError> {
        let peer = admission::peer(&self.authority, &request)?;
        let now = clock::now();
        admission::admit(&*self.store, &peer, now).await?;
        let request = convert::certificate_request(request.into_inner().certificate_request)?;
        Ok(self.authority.issue_node(&peer.node, &peer.report_key, &request, now)?)
    }

    fn answer(&self, issued: Result<NodeCertificate, EnrolError>) -> Result<Response<v1::CertificateResponse>, Status> {
        let issued = issued.inspect_err(|error| tracing::warn!(error = chain(error), "no certificate given"))?;
        Ok(Response::new(v1::CertificateResponse {
            certificate: issued.certificate.to_vec(),
            authority: self.authority.certificate().to_vec(),
            renew_before: issued.renew_before.unix(),
        }))
    }
}

#[tonic::async_trait]
impl EnrolmentService for Enrolment {
    async fn enrol(&self, request: Request<v1::EnrolRequest>) -> Result<Response<v1::CertificateResponse>, Status> {
        let issued = self.admit(request.into_inner()).await;
        self.answer(issued)
    }

    async fn renew(&self, request: Request<v1::RenewRequest>) -> Result<Response<v1::CertificateResponse>, Status> {
        let issued = self.renew(request).await;
        self.answer(issued)
    }
}
