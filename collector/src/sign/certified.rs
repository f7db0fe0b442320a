//! The key that the operator brings, with the chain of its certificate, for targets that ask for one.
//!
//! The chain is published as it was read. Whether its root is trusted is for the targets to say; everything else about it is
//! checked here, so that an operator hears of it before a clearing house says no.

use std::path::Path;
use std::sync::Arc;

use descriptors::certificate::{Asked, Chain, Checked, Roots};
use descriptors::did::Did;
use descriptors::digest::Digest;
use descriptors::proof::key::SigningKey;
use descriptors::timestamp::Timestamp;

use super::IssuerError;
use super::key::{self, CertifiedKey};

/// A key with the chain of its certificate.
#[derive(Clone)]
pub struct Certified {
    /// Holds the key.
    pub key: Arc<dyn SigningKey>,
    /// The chain in PEM, as it is published.
    pub pem: Arc<[u8]>,
    chain: Chain,
}

impl Certified {
    /// Reads the key and the chain of its certificate.
    pub fn open(key: &Path, chain: &Path) -> Result<Self, IssuerError> {
        let key = CertifiedKey::open(key)?;
        let read = key::read_public(chain);
        let pem = read.map_err(|source| IssuerError::ReadChain { path: chain.to_owned(), source })?;
        let parsed = Chain::from_pem(&pem);
        let parsed = parsed.map_err(|source| IssuerError::Chain { path: chain.to_owned(), source })?;
        Ok(Self { key: Arc::new(key), pem: pem.into(), chain: parsed })
    }

    /// Checks the chain for a did:web as others will, but for the root, which is theirs to trust.
    pub fn check(&self, did: &Did, now: Timestamp) -> Checked {
        let authority = did.authority().unwrap_or_default();
        let host = authority.split(':').next().unwrap_or_default();
        let roots = Roots::from_digests(self.chain.der().last().map(Digest::of));
        self.chain.check(&Asked { now, key: &self.key.verification_key(), host, roots: &roots })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use descriptors::proof::Signer as _;
    use descriptors::target::{SealError, Target};

    use super::*;
    use crate::sign::Issuer;

    impl Certified {
        /// A P-256 key with a certificate for `host` that signed itself.
        pub(crate) fn for_tests(folder: &Path, host: &str) -> Result<Self, IssuerError> {
            certified(folder, host)
        }

        /// The root in which its own chain ends.
        pub(crate) fn roots(&self) -> Roots {
            Roots::from_digests(self.chain.der().last().map(Digest::of))
        }
    }

    fn certified(folder: &Path, host: &str) -> Result<Certified, IssuerError> {
        let pair = rcgen::KeyPair::generate().unwrap();
        let certificate = rcgen::CertificateParams::new([host.to_owned()]).unwrap().self_signed(&pair).unwrap();
        let (key, chain) = (folder.join("certificate.key"), folder.join("certificate.pem"));
        fs::write(&key, pair.serialize_pem()).unwrap();
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&chain, certificate.pem()).unwrap();
        Certified::open(&key, &chain)
    }

    #[test]
    fn a_certified_key_is_published_with_its_chain_and_seals_for_loire() {
        let data = tempfile::tempdir().unwrap();
        let issuer = Issuer::open(data.path(), Some("cloud.example:8443")).unwrap();
        let certified = certified(data.path(), "cloud.example").unwrap();
        let now = "2026-11-21T00:00:00Z".parse().unwrap();
        assert!(certified.check(&issuer.did, now).is_good());
        let elsewhere = Did::web("other.example").unwrap();
        assert_eq!(certified.check(&elsewhere, now).faults.len(), 1, "the certificate is for one host");
        let issuer = issuer.with_targets(&[Target::Danube, Target::Loire, Target::W3cJcs], Some(certified)).unwrap();
        assert_eq!(issuer.targets, [Target::Loire, Target::W3cJcs]);
        let document = issuer.document().unwrap();
        let read = descriptors::did::document::Document::parse(&issuer.did, &document).unwrap();
        let seal = issuer.seal(Target::Loire).unwrap();
        let method = read.assertion_method(seal.method()).unwrap();
        assert_eq!(method.key, issuer.certified.as_ref().unwrap().key.verification_key());
        assert_eq!(method.x5u.as_deref(), Some("https://cloud.example:8443/.well-known/chain.pem"));
        let own = read.assertion_method(issuer.seal(Target::W3cJcs).unwrap().method()).unwrap();
        assert_eq!(own.key, issuer.signer.public_key().into());
    }

    #[test]
    fn a_target_that_cannot_be_served_is_refused_at_the_start() {
        let data = tempfile::tempdir().unwrap();
        let issuer = |address| Issuer::open(data.path(), address).unwrap();
        let address = Some("cloud.example");
        let refused = |issuer: Issuer, target| issuer.with_targets(&[target], None).err().unwrap();
        assert!(matches!(refused(issuer(address), Target::Loire), IssuerError::NoCertificate(Target::Loire)));
        assert!(matches!(
            refused(issuer(None), Target::Xfsc),
            IssuerError::Target { source: SealError::DidKey(_), .. }
        ));
        assert!(matches!(refused(issuer(address), Target::Tagus), IssuerError::Tagus));
        let key = data.path().join("certificate.key");
        assert!(certified(data.path(), "cloud.example").is_ok());
        let chain = data.path().join("certificate.pem");
        fs::write(&chain, "no certificate").unwrap();
        assert!(matches!(Certified::open(&key, &chain), Err(IssuerError::Chain { .. })));
        assert!(matches!(Certified::open(&key, &data.path().join("none")), Err(IssuerError::ReadChain { .. })));
    }
}
