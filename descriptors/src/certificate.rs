//! Certificate chains of issuers (RFC 5280), as Gaia-X asks for them behind `x5u`: the leaf first, then each certificate that
//! signed the one before it, up to a root that signed itself.
//!
//! All faults of a chain are reported, not the first one. What could not be checked is kept apart: a root that nobody pinned,
//! an algorithm or a constraint that is not known here. Revocation is not known here, nor is fetching: whoever controls a
//! pinned root can name any key as that of any host, and nobody else can.

pub(crate) mod fields;
pub(crate) mod pem;
pub(crate) mod signature;

use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer as _;

use crate::digest::Digest;
use crate::proof::key::VerificationKey;
use crate::timestamp::Timestamp;

/// Longest file that is read.
pub const BYTES_MAX: usize = 64 * 1024;
/// Most certificates of a chain.
pub const CERTIFICATES_MAX: usize = 10;

/// Certificates in the order of their file; nothing about them is checked yet but that they are certificates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    certificates: Vec<Vec<u8>>,
}

/// Why a file is not a chain of certificates.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// Longer than a chain ever is.
    #[error("the file has {0} bytes: at most 65536 are read")]
    Size(usize),
    /// None, or more than a chain ever has.
    #[error("the file has {0} certificates: 1 to 10 are read")]
    Count(usize),
    /// A block of another kind.
    #[error("the file has a block `{0}` among its certificates: a chain holds certificates only")]
    Label(String),
    /// Not PEM.
    #[error("certificate {0} of the file is not PEM: base64 between its first and its last line")]
    Pem(usize),
    /// Not DER of X.509.
    #[error("certificate {0} of the file is not DER of an X.509 certificate, and nothing behind it")]
    Der(usize),
}

/// Root certificates that are trusted, by the SHA-256 of their DER.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Roots(Vec<Digest>);

/// What a chain is to prove.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// When.
    pub now: Timestamp,
    /// The key that the leaf is for.
    pub key: &'a VerificationKey,
    /// The host of the did:web, without a port.
    pub host: &'a str,
    /// What it is to end in.
    pub roots: &'a Roots,
}

/// What a chain proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// What is wrong with it.
    pub faults: Vec<Fault>,
    /// What could not be checked.
    pub unchecked: Vec<Unchecked>,
    /// Whether the leaf claims extended validation of TLS (policy 2.23.140.1.1), which some clearing houses ask for.
    pub extended_validation: bool,
    /// When the first of its certificates ends.
    pub ends: Option<Timestamp>,
}

/// What is wrong with a chain. Certificates are counted from the leaf, which is 0.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The next certificate is not its issuer's.
    #[error("certificate {at} was issued by another name than the next one's: the order is leaf, intermediates, root")]
    Order {
        /// Which.
        at: usize,
    },
    /// The last certificate was issued by somebody else.
    #[error("the last certificate, {at}, is not self-signed: append its issuers up to the root")]
    Root {
        /// Which.
        at: usize,
    },
    /// Not signed by the key of the next one.
    #[error("the signature of certificate {at} does not fit the key of its issuer")]
    Signature {
        /// Which.
        at: usize,
    },
    /// Not valid yet.
    #[error("certificate {at} is valid from {from}")]
    NotYet {
        /// Which.
        at: usize,
        /// Its beginning.
        from: Timestamp,
    },
    /// No more valid.
    #[error("certificate {at} was valid until {until}")]
    Expired {
        /// Which.
        at: usize,
        /// Its end.
        until: Timestamp,
    },
    /// An issuer that is no authority.
    #[error("certificate {at} is no certificate authority, and signed another")]
    Authority {
        /// Which.
        at: usize,
    },
    /// More authorities below one than it allows.
    #[error("certificate {at} allows {allowed} authorities below it, and has {found}")]
    PathLength {
        /// Which.
        at: usize,
        /// What it allows.
        allowed: u32,
        /// What there are.
        found: usize,
    },
    /// A key that is not to be used for this.
    #[error("the key of certificate {at} is not to be used for {purpose}")]
    Usage {
        /// Which.
        at: usize,
        /// `certificates` or `signatures`.
        purpose: &'static str,
    },
    /// An extension that is malformed, or stands twice.
    #[error("the extension {extension} of certificate {at} cannot be read")]
    Extension {
        /// Which.
        at: usize,
        /// Its name or identifier.
        extension: String,
    },
    /// A critical extension that is not known here.
    #[error("certificate {at} has the critical extension {extension}, which is not known here")]
    Critical {
        /// Which.
        at: usize,
        /// Its identifier.
        extension: String,
    },
    /// The algorithm inside is not the one outside.
    #[error("certificate {at} names two algorithms for its signature")]
    TwoAlgorithms {
        /// Which.
        at: usize,
    },
    /// For other hosts.
    #[error("the leaf is not for `{host}`, but for: {}", found.join(", "))]
    Host {
        /// Asked for.
        host: String,
        /// The names it has.
        found: Vec<String>,
    },
    /// For another key.
    #[error("the key of the leaf is not the key that the DID document publishes")]
    Key,
}

/// What could not be checked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unchecked {
    /// Nobody said that this root is to be trusted.
    #[error("the root {digest} is not among the pinned ones: it may be good, and nobody said so")]
    Root {
        /// SHA-256 of its DER.
        digest: Digest,
    },
    /// An algorithm that is not known here.
    #[error("the signature of certificate {at} is made with {algorithm}, which is not known here")]
    Algorithm {
        /// Which.
        at: usize,
        /// Its identifier.
        algorithm: String,
    },
    /// Constraints on names, which are not known here.
    #[error("certificate {at} constrains the names below it, which is not known here")]
    NameConstraints {
        /// Which.
        at: usize,
    },
}

impl Roots {
    /// The certificates of a PEM file.
    pub fn from_pem(pem: &[u8]) -> Result<Self, ChainError> {
        let blocks = pem::blocks(pem, usize::MAX)?;
        Ok(Self(blocks.iter().map(|der| Digest::of(der)).collect()))
    }

    /// The certificates with these digests.
    pub fn from_digests(digests: impl IntoIterator<Item = Digest>) -> Self {
        Self(digests.into_iter().collect())
    }

    /// Whether a root is among them.
    pub fn contains(&self, digest: &Digest) -> bool {
        self.0.contains(digest)
    }
}

impl Chain {
    /// Reads a PEM file.
    pub fn from_pem(pem: &[u8]) -> Result<Self, ChainError> {
        if pem.len() > BYTES_MAX {
            return Err(ChainError::Size(pem.len()));
        }
        let certificates = pem::blocks(pem, CERTIFICATES_MAX)?;
        Ok(Self { certificates })
    }

    /// The certificates, the leaf first, in DER.
    pub fn der(&self) -> impl Iterator<Item = &[u8]> {
        self.certificates.iter().map(Vec::as_slice)
    }

    /// The key of the leaf, where it is of a type that signs credentials.
    pub fn leaf_key(&self) -> Option<VerificationKey> {
        let (_, leaf) = X509Certificate::from_der(self.certificates.first()?).ok()?;
        signature::key_of(&leaf)
    }

    /// Checks everything that can be checked from the chain itself.
    pub fn check(&self, asked: &Asked<'_>) -> Checked {
        let parsed = self.certificates.iter().filter_map(|der| X509Certificate::from_der(der).ok());
        let certificates: Vec<X509Certificate<'_>> = parsed.map(|(_, certificate)| certificate).collect();
        let mut checked = Checked { faults: Vec::new(), unchecked: Vec::new(), extended_validation: false, ends: None };
        for (at, certificate) in certificates.iter().enumerate() {
            fields::check_time(at, certificate, asked.now, &mut checked);
            fields::check_extensions(at, certificate, &mut checked);
            if at > 0 {
                fields::check_authority(at, &certificates, &mut checked.faults);
            }
            // The last one has to have signed itself.
            let issuer = certificates.get(at + 1).unwrap_or(certificate);
            if certificate.issuer().as_raw() != issuer.subject().as_raw() {
                let last = at + 1 == certificates.len();
                checked.faults.push(if last { Fault::Root { at } } else { Fault::Order { at } });
            } else {
                signature::check(at, certificate, issuer, &mut checked);
            }
        }
        if let Some(leaf) = certificates.first() {
            fields::check_leaf(leaf, asked.host, &mut checked);
            if signature::key_of(leaf).as_ref() != Some(asked.key) {
                checked.faults.push(Fault::Key);
            }
        }
        if let Some(root) = self.certificates.last() {
            let digest = Digest::of(root);
            if !asked.roots.contains(&digest) {
                checked.unchecked.push(Unchecked::Root { digest });
            }
        }
        checked
    }
}

impl Checked {
    /// Whether nothing is wrong and nothing was left out.
    pub fn is_good(&self) -> bool {
        self.faults.is_empty() && self.unchecked.is_empty()
    }
}
