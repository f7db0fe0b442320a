//! Who is at the other end, and may it speak: asked for every batch of messages, not once for each connection.
//!
//! A certificate says which node and report key it was made for; the store says whether that still holds. So a denial works
//! on the next message, and a certificate of an enrolment that was forgotten is worth nothing.

use descriptors::proof::PublicKey;
use descriptors::timestamp::Timestamp;
use tonic::{Request, Status};

use crate::authority::{Authority, Peer, PeerError};
use crate::store::{Store, StoreError};

/// Why somebody may not speak.
#[derive(Debug, thiserror::Error)]
pub enum NotAdmitted {
    /// TLS without a client certificate.
    #[error("this needs a certificate: enrol first")]
    NoCertificate,
    /// A certificate of this authority, but not of a node.
    #[error("this needs the certificate of a node")]
    NotANode(#[from] PeerError),
    /// The certificate ran out while the connection lived.
    #[error("the certificate has expired: renew it and connect again")]
    Expired,
    /// Forgotten, or enrolled anew with another key.
    #[error("the node is not enrolled with the key that its certificate names")]
    NotEnrolled,
    /// Shut out by an operator.
    #[error("the node was shut out")]
    Denied,
    /// It cannot be told now.
    #[error("the store could not be asked")]
    Store(#[from] StoreError),
}

impl From<NotAdmitted> for Status {
    fn from(error: NotAdmitted) -> Self {
        let text = error.to_string();
        match error {
            NotAdmitted::NoCertificate | NotAdmitted::Expired => Self::unauthenticated(text),
            NotAdmitted::NotANode(_) | NotAdmitted::NotEnrolled | NotAdmitted::Denied => Self::permission_denied(text),
            NotAdmitted::Store(_) => Self::unavailable(text),
        }
    }
}

/// Whom the certificate of a request names.
pub(crate) fn peer<T>(authority: &Authority, request: &Request<T>) -> Result<Peer, NotAdmitted> {
    let certificates = request.peer_certs().ok_or(NotAdmitted::NoCertificate)?;
    let certificate = certificates.first().ok_or(NotAdmitted::NoCertificate)?;
    Ok(authority.peer_of(certificate)?)
}

/// The key that signs the reports of a peer who may speak now.
pub(crate) async fn admit(store: &dyn Store, peer: &Peer, now: Timestamp) -> Result<PublicKey, NotAdmitted> {
    if now > peer.not_after {
        return Err(NotAdmitted::Expired);
    }
    let enrolled = store.enrolled(&peer.node).await?.filter(|enrolled| enrolled.report_key == peer.report_key);
    match enrolled {
        None => Err(NotAdmitted::NotEnrolled),
        Some(enrolled) if enrolled.denied_at.is_some() => Err(NotAdmitted::Denied),
        Some(enrolled) => {
            let corrupt = |error: descriptors::did::DidError| StoreError::Corrupt(error.to_string());
            Ok(enrolled.report_key.to_key().map_err(corrupt)?)
        }
    }
}
