//! The entries of a bundle, each checked against the signature it carries.

use std::collections::BTreeSet;

use descriptors::bundle::{self, Bundle, NodeTrust, attestation_path, heartbeat_path, report_path};
use descriptors::canonical;
use descriptors::declaration::{DECLARATION_TYPE, Declaration, Mistake};
use descriptors::did::{self, Did, DidError};
use descriptors::digest::Digest;
use descriptors::id::NodeId;
use descriptors::proof::PublicKey;
use descriptors::proof::dsse::{self, Envelope};
use descriptors::report::{HEARTBEAT_TYPE, Heartbeat, REPORT_TYPE, Report};
use descriptors::tpm::attestation::{Attestation, AttestationError, Opened};
use independence::evidence::NodeEvidence;
use serde_json::Value;

/// Why an entry is not what it must be.
#[derive(Debug, thiserror::Error)]
pub enum EntryError {
    /// Not in the bundle.
    #[error("`{0}` is not in the bundle")]
    Missing(String),
    /// Not JSON of the expected shape.
    #[error("`{path}` does not have its shape")]
    Shape {
        /// Where.
        path: String,
        /// Why.
        #[source]
        source: canonical::ReadError,
    },
    /// Not an envelope.
    #[error("`{path}` is not a signed envelope")]
    Envelope {
        /// Where.
        path: String,
        /// Why.
        #[source]
        source: dsse::ParseError,
    },
    /// Not signed by the key that must have signed it.
    #[error("`{path}` is not signed by {key}")]
    Signature {
        /// Where.
        path: String,
        /// Who should have.
        key: Did,
        /// Why.
        #[source]
        source: dsse::VerifyError,
    },
    /// A DID whose key cannot be had.
    #[error("the key of `{did}` is not known")]
    Key {
        /// The DID.
        did: Did,
        /// Why.
        #[source]
        source: DidError,
    },
    /// The issuer's DID document does not have the key that signed.
    #[error("the manifest is signed by a key that is not in the DID document of `{0}`")]
    Issuer(Did),
    /// Speaks of another node than its place says.
    #[error("`{path}` speaks of the node `{found}`")]
    OtherNode {
        /// Where.
        path: String,
        /// Of whom.
        found: NodeId,
    },
    /// A heartbeat that holds another report.
    #[error("`{path}` holds the report {holds}, not the one beside it")]
    OtherReport {
        /// Where.
        path: String,
        /// Which.
        holds: Digest,
    },
    /// Not an attestation of the node's chip.
    #[error("`{path}` does not bind the node's key to a TPM")]
    Attestation {
        /// Where.
        path: String,
        /// Why.
        #[source]
        source: AttestationError,
    },
    /// An attestation without the collector's word on it, or the word without an attestation.
    #[error("`{0}` and what the list of nodes says of a TPM do not go together")]
    HalfAttested(NodeId),
    /// Evidence without an entry in the list of nodes.
    #[error("`{0}` has no entry in the list of nodes")]
    Stray(String),
    /// Does not fit together.
    #[error("the declaration has a mistake")]
    Mistake(#[source] Mistake),
}

fn entry<'a>(bundle: &'a Bundle, path: &str) -> Result<&'a [u8], EntryError> {
    bundle.entries.get(path).map(Vec::as_slice).ok_or_else(|| EntryError::Missing(path.to_owned()))
}

fn signed(bundle: &Bundle, path: &str, kind: &'static str, key: &PublicKey) -> Result<Vec<u8>, EntryError> {
    let bytes = entry(bundle, path)?;
    let envelope = Envelope::parse(bytes).map_err(|source| EntryError::Envelope { path: path.to_owned(), source })?;
    let refuse = |source| EntryError::Signature { path: path.to_owned(), key: Did::key(key), source };
    Ok(envelope.verify(kind, key).map_err(refuse)?.to_vec())
}

/// The issuer's DID document, where the bundle has one.
pub fn did_document(bundle: &Bundle) -> Result<Option<Value>, EntryError> {
    let Some(bytes) = bundle.entries.get(bundle::DID_DOCUMENT) else { return Ok(None) };
    let shape = |source| EntryError::Shape { path: bundle::DID_DOCUMENT.to_owned(), source };
    canonical::parse(bytes).map(Some).map_err(shape)
}

/// The issuer's key. For a did:web it comes from the document inside, which a reader compares with the published one.
pub fn issuer_key(bundle: &Bundle) -> Result<PublicKey, EntryError> {
    let did = &bundle.manifest.issuer;
    let unknown = |source| EntryError::Key { did: did.clone(), source };
    if did.is_key() {
        return did.to_key().map_err(unknown);
    }
    let document = did_document(bundle)?.ok_or_else(|| EntryError::Missing(bundle::DID_DOCUMENT.to_owned()))?;
    let key = did::key_in_document(did, &did.verification_method(), &document).map_err(unknown)?;
    if key == bundle.signed_by { Ok(key) } else { Err(EntryError::Issuer(did.clone())) }
}

/// The declaration and the digest of what was signed.
pub fn declaration(bundle: &Bundle, key: &PublicKey) -> Result<(Declaration, Digest), EntryError> {
    let payload = signed(bundle, bundle::DECLARATION, DECLARATION_TYPE, key)?;
    let shape = |source| EntryError::Shape { path: bundle::DECLARATION.to_owned(), source };
    let declaration: Declaration = canonical::from_slice(&payload).map_err(shape)?;
    match declaration.check().into_iter().next() {
        None => Ok((declaration, Digest::of(&payload))),
        Some(mistake) => Err(EntryError::Mistake(mistake)),
    }
}

/// The nodes, as the issuer knows them.
pub fn nodes(bundle: &Bundle) -> Result<Vec<NodeTrust>, EntryError> {
    let shape = |source| EntryError::Shape { path: bundle::NODES.to_owned(), source };
    canonical::from_slice(entry(bundle, bundle::NODES)?).map_err(shape)
}

/// What a node said, checked with the key it enrolled with.
pub fn node_evidence(bundle: &Bundle, trust: &NodeTrust) -> Result<NodeEvidence, EntryError> {
    let unknown = |source| EntryError::Key { did: trust.report_key.clone(), source };
    let key = trust.report_key.to_key().map_err(unknown)?;
    let path = report_path(&trust.node);
    let payload = signed(bundle, &path, REPORT_TYPE, &key)?;
    let shape = |source| EntryError::Shape { path: path.clone(), source };
    let report: Report = canonical::from_slice(&payload).map_err(shape)?;
    if report.node != trust.node {
        return Err(EntryError::OtherNode { path, found: report.node });
    }
    let digest = Digest::of(&payload);
    let path = heartbeat_path(&trust.node);
    let heartbeat = match bundle.entries.contains_key(&path) {
        true => Some(heartbeat(bundle, trust, &key, digest, path)?),
        false => None,
    };
    let chip = attestation(bundle, trust)?.map(|opened| opened.endorsement.digest());
    let evidence = NodeEvidence::new(report, digest, trust.received_at, trust.heard_at, heartbeat.as_ref());
    Ok(evidence.with_chip(chip))
}

/// What binds a node's key to its chip, where the bundle holds something that does and the collector says that it counts.
pub fn attestation(bundle: &Bundle, trust: &NodeTrust) -> Result<Option<Opened>, EntryError> {
    let path = attestation_path(&trust.node);
    let envelope = match (bundle.entries.get(&path), &trust.tpm) {
        (None, None) => return Ok(None),
        (Some(envelope), Some(seen))
            if seen.activated_at <= bundle.manifest.as_of && bundle.manifest.as_of <= seen.valid_until =>
        {
            envelope
        }
        _ => return Err(EntryError::HalfAttested(trust.node.clone())),
    };
    let key = trust.report_key.to_key().map_err(|source| EntryError::Key { did: trust.report_key.clone(), source })?;
    Attestation::open(envelope, &trust.node, &key).map(Some).map_err(|source| EntryError::Attestation { path, source })
}

fn heartbeat(
    bundle: &Bundle,
    trust: &NodeTrust,
    key: &PublicKey,
    report: Digest,
    path: String,
) -> Result<Heartbeat, EntryError> {
    let payload = signed(bundle, &path, HEARTBEAT_TYPE, key)?;
    let shape = |source| EntryError::Shape { path: path.clone(), source };
    let heartbeat: Heartbeat = canonical::from_slice(&payload).map_err(shape)?;
    if heartbeat.node != trust.node {
        return Err(EntryError::OtherNode { path, found: heartbeat.node });
    }
    if heartbeat.holds != report {
        return Err(EntryError::OtherReport { path, holds: heartbeat.holds });
    }
    Ok(heartbeat)
}

/// Evidence that the list of nodes does not know: it would be looked at by people and by no check.
pub fn strays(bundle: &Bundle, nodes: &[NodeTrust]) -> Vec<EntryError> {
    let known: BTreeSet<String> =
        nodes.iter().flat_map(|n| [report_path(&n.node), heartbeat_path(&n.node), attestation_path(&n.node)]).collect();
    let evidence = bundle.entries.keys().filter(|path| path.starts_with("evidence/"));
    evidence.filter(|path| !known.contains(*path)).map(|path| EntryError::Stray(path.clone())).collect()
}
