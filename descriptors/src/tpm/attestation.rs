//! What a node signs when it binds its report key to its chip.
//!
//! Both keys sign for each other: the chip's quote covers the report key and the collector's nonce, and the report key signs the quote with all
//! that belongs to it. So neither can be taken from elsewhere. That the quoting key lives in the chip of the endorsement key was seen by
//! the collector alone, when the chip answered a challenge that was made for both; nothing here can show it again.

use serde::{Deserialize, Serialize};

use super::endorsement::{CERTIFICATE_BYTES_MAX, CERTIFICATES_MAX, Certified, Doubt, Maker};
use super::octets::Octets;
use super::public::{PUBLIC_BYTES_MAX, PublicArea, PublicError, RoleError};
use super::quote::{self, QUOTE_BYTES_MAX, Quote, QuoteError};
use crate::canonical;
use crate::did::Did;
use crate::digest::Digest;
use crate::id::NodeId;
use crate::proof::PublicKey;
use crate::proof::dsse::{Envelope, ParseError, VerifyError};
use crate::timestamp::Timestamp;

/// DSSE payload type of an [`Attestation`].
pub const ATTESTATION_TYPE: &str = "application/vnd.avow.tpm-attestation.v1+json";

/// Largest envelope of one that is looked at: base64 in base64, and room for what stands around it.
pub const ATTESTATION_BYTES_MAX: usize =
    (CERTIFICATES_MAX * CERTIFICATE_BYTES_MAX + 2 * PUBLIC_BYTES_MAX + 2 * QUOTE_BYTES_MAX) * 16 / 9 + 8192;

/// What a node shows of its chip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attestation {
    /// The node.
    pub node: NodeId,
    /// The node's clock.
    pub taken_at: Timestamp,
    /// Whether the chip is a program, as the node was told in its configuration; left out where it is not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub simulated: bool,
    /// What the collector asked to be signed along.
    pub nonce: Octets,
    /// The endorsement key (`TPMT_PUBLIC`).
    pub endorsement_key: Octets,
    /// Its certificate, and those above it, as they lie in the chip (DER); none where it has none.
    pub endorsement_certificates: Vec<Octets>,
    /// The key that signed the quote (`TPMT_PUBLIC`).
    pub attestation_key: Octets,
    /// The quote (`TPMS_ATTEST`).
    pub quoted: Octets,
    /// The signature over it (`TPMT_SIGNATURE`).
    pub signature: Octets,
    /// The registers 0 to 7 of the SHA-256 bank.
    pub registers: Vec<Digest>,
}

/// An attestation that holds together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// As it was signed.
    pub attestation: Attestation,
    /// The endorsement key.
    pub endorsement: PublicArea,
    /// The key that signed the quote.
    pub signer: PublicArea,
    /// What the chip said.
    pub quote: Quote,
}

/// Why an attestation proves nothing.
#[derive(Debug, thiserror::Error)]
pub enum AttestationError {
    /// Longer than one ever is.
    #[error("the attestation has {0} bytes, at most {ATTESTATION_BYTES_MAX} are taken")]
    Size(usize),
    /// Not an envelope.
    #[error("the attestation is not a signed envelope")]
    Envelope(#[from] ParseError),
    /// Not signed by the node's report key.
    #[error("the attestation is not signed by the key that the node enrolled with")]
    Signature(#[from] VerifyError),
    /// Signed, but not an attestation.
    #[error("the attestation does not hold what it should")]
    Shape(#[from] canonical::ReadError),
    /// It speaks for somebody else.
    #[error("the attestation is of the node `{0}`")]
    Node(NodeId),
    /// A key that cannot be read.
    #[error("the {which} key cannot be read")]
    Key {
        /// Which.
        which: &'static str,
        /// Why.
        #[source]
        source: PublicError,
    },
    /// A key that is not of its kind.
    #[error("a key of the TPM is not what it must be")]
    Role(#[from] RoleError),
    /// Not a good quote.
    #[error("the quote proves nothing")]
    Quote(#[from] QuoteError),
    /// The quote names another key.
    #[error("the quote names another key, or one of another hierarchy, than the attestation")]
    Signer,
    /// A quote for another key, another node or another challenge.
    #[error("the quote is not for this node, its report key and this challenge")]
    Extra,
    /// Other values than those that were quoted.
    #[error("the registers are not those that were quoted")]
    Registers,
}

/// What the chip signs along: it belongs to this node, report key and challenge alone.
pub fn extra(node: &NodeId, report_key: &PublicKey, nonce: &[u8]) -> Digest {
    let report_key = Did::key(report_key);
    Digest::of(format!("avow tpm quote v1\n{node}\n{report_key}\n{}", Digest::of(nonce).hex()).as_bytes())
}

impl Attestation {
    /// Reads an envelope and checks all that can be checked of it from itself: both signatures, what they are over, and the kinds of the keys.
    /// Whether the nonce is one that was given, and who made the chip, are questions of their own.
    pub fn open(envelope: &[u8], node: &NodeId, report_key: &PublicKey) -> Result<Opened, AttestationError> {
        if envelope.len() > ATTESTATION_BYTES_MAX {
            return Err(AttestationError::Size(envelope.len()));
        }
        let envelope = Envelope::parse(envelope)?;
        let attestation: Self = canonical::from_slice(envelope.verify(ATTESTATION_TYPE, report_key)?)?;
        if attestation.node != *node {
            return Err(AttestationError::Node(attestation.node));
        }
        let key = |which, octets: &Octets| {
            PublicArea::parse(&octets.0).map_err(|source| AttestationError::Key { which, source })
        };
        let endorsement = key("endorsement", &attestation.endorsement_key)?;
        let signer = key("attestation", &attestation.attestation_key)?;
        endorsement.check_endorsement()?;
        quote::verify(&signer.check_attestation()?, &attestation.quoted.0, &attestation.signature.0)?;
        let quote = Quote::parse(&attestation.quoted.0)?;
        if quote.signer != signer.qualified_name() {
            return Err(AttestationError::Signer);
        }
        if quote.extra != extra(node, report_key, &attestation.nonce.0).as_bytes() {
            return Err(AttestationError::Extra);
        }
        if !quote.is_of(&attestation.registers) {
            return Err(AttestationError::Registers);
        }
        Ok(Opened { attestation, endorsement, signer, quote })
    }
}

/// A report key that is bound to a chip, as far as it is said of a node: what stays when the binding is renewed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bound {
    /// Digest of the endorsement key.
    pub endorsement_key: Digest,
    /// Digest of the key that signs quotes.
    pub attestation_key: Digest,
    /// Who made the chip.
    pub maker: MakerWord,
    /// Whether the node says that the chip is a program.
    pub simulated: bool,
}

impl Bound {
    /// What an attestation says, with the collector's word on the maker.
    pub fn new(opened: &Opened, maker: MakerWord) -> Self {
        Self {
            endorsement_key: opened.endorsement.digest(),
            attestation_key: opened.signer.digest(),
            maker,
            simulated: opened.attestation.simulated,
        }
    }
}

/// The collector's word on who made a chip, as it is kept and shown: to be believed as far as the collector is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MakerWord {
    /// It is known.
    Known(Certified),
    /// It is not, for this reason.
    Unknown(String),
}

impl From<Maker> for MakerWord {
    fn from(maker: Maker) -> Self {
        match maker {
            Maker::Known(certified) => Self::Known(certified),
            Maker::Unknown(Doubt::Unchecked(what)) => {
                Self::Unknown(format!("{}: {what}", Doubt::Unchecked(what.clone())))
            }
            Maker::Unknown(doubt) => Self::Unknown(doubt.to_string()),
        }
    }
}
