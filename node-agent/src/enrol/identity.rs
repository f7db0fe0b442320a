//! What makes this machine a node to the collector: its TLS certificate, the key to it, and the authority it trusts.
//!
//! One file holds all of it, so that a crash leaves the old identity or the new one, never a certificate beside the key of
//! another. Whoever has the file can connect as this node until the certificate ends; they cannot sign its reports, whose
//! key is another ([`crate::key`]).

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use descriptors::canonical;
use descriptors::digest::Digest;
use descriptors::id::NodeId;
use descriptors::timestamp::Timestamp;
use serde::{Deserialize, Serialize};
use tonic::transport::Channel;
use x509_parser::pem::parse_x509_pem;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::connect::{self, ConnectError};
use crate::peers::Credentials;
use crate::state::{self, SecretError};

const FILE_BYTES_MAX: u64 = 64 << 10;

/// A node's certificate with what belongs to it. `Debug` leaves the key out.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity {
    /// What the collector calls this machine.
    pub node: NodeId,
    /// The collector: `https://host:port`.
    pub address: String,
    /// Certificate of the collector's authority, PEM.
    pub authority: String,
    /// Certificate of this node, PEM.
    pub certificate: String,
    /// Its private key, PKCS#8 PEM.
    pub(super) key: String,
    /// When to renew at the latest, as the collector said.
    pub renew_before: Timestamp,
    /// Digest of the join token it began with: that token is used up.
    pub token: Digest,
    lifetime: Lifetime,
}

/// Until when a certificate holds, and when half of its life is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Lifetime {
    half: Timestamp,
    not_after: Timestamp,
}

/// Where a certificate stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Holds, and need not be renewed for this many seconds.
    Fresh(u64),
    /// Holds, and should be renewed.
    Due,
    /// Ended.
    Expired,
}

/// Why bytes are not a certificate of this node.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// Not X.509 in the expected encoding.
    #[error("the certificate does not parse")]
    Parse,
    /// A time that cannot be written.
    #[error("the certificate's validity lies outside the years 0 to 9999")]
    Validity,
    /// Made for another key.
    #[error("the certificate is for another key than the one in the request")]
    Key,
}

/// Why an identity was not loaded or saved.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The file could not be read, or others may read it.
    #[error("the node's identity cannot be used")]
    Read(#[from] SecretError),
    /// Not the document that was saved.
    #[error("{path} does not hold an identity: remove it and enrol this node again with a new join token")]
    Document {
        /// The file.
        path: PathBuf,
        /// Why.
        source: canonical::ReadError,
    },
    /// The certificate in it is none.
    #[error("the identity in {path} is damaged: remove it and enrol this node again with a new join token")]
    Certificate {
        /// The file.
        path: PathBuf,
        /// Why.
        source: CertificateError,
    },
    /// The identity has no canonical form.
    #[error("the identity cannot be written as JSON")]
    Serialise(#[from] canonical::WriteError),
    /// The file could not be written.
    #[error("cannot store the node's identity in {path}")]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    node: NodeId,
    address: String,
    authority: String,
    certificate: String,
    key: String,
    renew_before: Timestamp,
    token: Digest,
}

/// What an identity is made of, before its certificate is looked into.
pub(super) struct Parts {
    pub(super) node: NodeId,
    pub(super) address: String,
    pub(super) authority: String,
    pub(super) certificate: String,
    pub(super) key: String,
    pub(super) renew_before: Timestamp,
    pub(super) token: Digest,
}

impl Identity {
    /// What this node shows to other nodes.
    pub fn credentials(&self) -> Credentials {
        let Self { authority, certificate, key, .. } = self.clone();
        Credentials { authority, certificate, key }
    }

    pub(super) fn new(parts: Parts) -> Result<Self, CertificateError> {
        let lifetime = lifetime(&parts.certificate)?;
        let Parts { node, address, authority, certificate, key, renew_before, token } = parts;
        Ok(Self { node, address, authority, certificate, key, renew_before, token, lifetime })
    }

    /// Reads an identity; `None` when there is no file yet.
    pub fn load(path: &Path) -> Result<Option<Self>, IdentityError> {
        let Some(text) = state::read_secret(path, state::GROUP_AND_OTHERS, FILE_BYTES_MAX)? else { return Ok(None) };
        let document: Document = canonical::from_slice(text.as_bytes())
            .map_err(|source| IdentityError::Document { path: path.to_owned(), source })?;
        let Document { node, address, authority, certificate, key, renew_before, token } = document;
        let parts = Parts { node, address, authority, certificate, key, renew_before, token };
        Self::new(parts).map(Some).map_err(|source| IdentityError::Certificate { path: path.to_owned(), source })
    }

    /// Stores the identity for its owner only. Durable on return; a crash leaves the old identity or this one.
    pub fn save(&self, path: &Path) -> Result<(), IdentityError> {
        let Self { node, address, authority, certificate, key, renew_before, token, .. } = self.clone();
        let document = Document { node, address, authority, certificate, key, renew_before, token };
        state::write_durably(path, &canonical::to_vec(&document)?)
            .map_err(|source| IdentityError::Write { path: path.to_owned(), source })
    }

    /// Where the certificate stands at `now`: it is due at about half of its life, or when the collector said, if that is
    /// sooner.
    pub fn standing(&self, now: Timestamp) -> Standing {
        let Lifetime { half, not_after } = self.lifetime;
        let due_at = half.min(self.renew_before);
        if now >= not_after {
            return Standing::Expired;
        }
        u64::try_from(due_at.seconds_since(now)).map_or(Standing::Due, |left| match left {
            0 => Standing::Due,
            left => Standing::Fresh(left),
        })
    }

    /// When the certificate ends.
    pub fn not_after(&self) -> Timestamp {
        self.lifetime.not_after
    }

    /// Connects to the collector as this node.
    pub async fn connect(&self) -> Result<Channel, ConnectError> {
        connect::connect(&self.address, &self.authority, Some((&self.certificate, &self.key))).await
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("node", &self.node)
            .field("address", &self.address)
            .field("not_after", &self.lifetime.not_after)
            .finish_non_exhaustive()
    }
}

fn lifetime(pem: &str) -> Result<Lifetime, CertificateError> {
    let (_, pem) = parse_x509_pem(pem.as_bytes()).map_err(|_| CertificateError::Parse)?;
    let certificate = pem.parse_x509().map_err(|_| CertificateError::Parse)?;
    let validity = certificate.validity();
    let time = |seconds: i64| Timestamp::from_unix(seconds).map_err(|_| CertificateError::Validity);
    let (not_before, not_after) = (time(validity.not_before.timestamp())?, time(validity.not_after.timestamp())?);
    // Up to a tenth of the life earlier, so that nodes that enrolled together do not renew together for ever.
    let life = not_after.seconds_since(not_before);
    let earlier = life / 10 * i64::from(Digest::of(&pem.contents).as_bytes()[0]) / 255;
    Ok(Lifetime { half: not_before.plus_seconds(life / 2 - earlier), not_after })
}

/// Checks that a DER certificate is for the public key (SubjectPublicKeyInfo, DER) that was in the request.
pub(super) fn check_key(certificate: &[u8], public_key_info: &[u8]) -> Result<(), CertificateError> {
    let (rest, certificate) = X509Certificate::from_der(certificate).map_err(|_| CertificateError::Parse)?;
    if !rest.is_empty() {
        return Err(CertificateError::Parse);
    }
    if certificate.public_key().raw == public_key_info { Ok(()) } else { Err(CertificateError::Key) }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    /// A certificate that holds from 2026-01-01 to 2026-01-11.
    fn identity(renew_before: &str) -> Identity {
        let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
        let mut params = rcgen::CertificateParams::new(vec!["node".to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(2026, 1, 1);
        params.not_after = rcgen::date_time_ymd(2026, 1, 11);
        let certificate = params.self_signed(&key).unwrap();
        check_key(certificate.der(), &rcgen::PublicKeyData::subject_public_key_info(&key)).unwrap();
        assert!(matches!(check_key(certificate.der(), b"other"), Err(CertificateError::Key)));
        Identity::new(Parts {
            node: NodeId::new("kvm-a").unwrap(),
            address: "https://127.0.0.1:7443".to_owned(),
            authority: connect::certificate_pem(certificate.der()),
            certificate: connect::certificate_pem(certificate.der()),
            key: key.serialize_pem(),
            renew_before: renew_before.parse().unwrap(),
            token: Digest::of(b"token"),
        })
        .unwrap()
    }

    #[test]
    fn an_identity_is_due_at_about_half_of_its_life_or_when_the_collector_said() {
        let standing = |renew_before: &str, now: &str| identity(renew_before).standing(now.parse().unwrap());
        let late = "2026-01-09T00:00:00Z";
        assert_eq!(standing(late, "2026-01-06T00:00:00Z"), Standing::Due);
        let Standing::Fresh(seconds) = standing(late, "2026-01-04T23:59:59Z") else {
            panic!("due before 40 % of its life")
        };
        assert!((1..=86_401).contains(&seconds), "{seconds}");
        assert_eq!(standing("2026-01-03T00:00:00Z", "2026-01-02T23:59:50Z"), Standing::Fresh(10));
        assert_eq!(standing("2026-01-03T00:00:00Z", "2026-01-03T00:00:00Z"), Standing::Due);
        assert_eq!(standing("2026-01-03T00:00:00Z", "2026-01-10T23:59:59Z"), Standing::Due);
        assert_eq!(standing("2026-01-03T00:00:00Z", "2026-01-11T00:00:00Z"), Standing::Expired);
        assert_eq!(standing("2030-01-01T00:00:00Z", "2026-06-01T00:00:00Z"), Standing::Expired);
    }

    #[test]
    fn an_identity_is_stored_whole_private_and_never_printed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("identity.json");
        assert!(Identity::load(&path).unwrap().is_none());
        let identity = identity("2026-01-05T00:00:00Z");
        identity.save(&path).unwrap();
        assert_eq!(Identity::load(&path).unwrap().unwrap(), identity);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(!format!("{identity:?}").contains("PRIVATE"));

        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.replace("MII", "AAA")).unwrap();
        assert!(matches!(Identity::load(&path), Err(IdentityError::Certificate { .. })));
        std::fs::write(&path, &text[..text.len() / 2]).unwrap();
        assert!(matches!(Identity::load(&path), Err(IdentityError::Document { .. })));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(Identity::load(&path), Err(IdentityError::Read(_))));
    }
}
