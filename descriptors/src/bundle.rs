//! Bundles: one deterministic file with everything an auditor needs, and nothing that has to be fetched.
//!
//! ```text
//! manifest.dsse.json              what the bundle holds, signed by the issuer
//! declaration.dsse.json           the provider's declaration, signed
//! evidence/<node>.report.json     the report that holds, as the node signed it (DSSE)
//! evidence/<node>.heartbeat.json  the heartbeat that last named it, if any (DSSE)
//! evidence/<node>.tpm.json        what binds its report key to its chip, if anything does (DSSE)
//! trust/nodes.json                each node's report key, and when the collector heard it
//! trust/did.json                  the issuer's DID document, for did:web
//! credentials/<id>.jwt            the credentials (vc+jwt)
//! status/<name>.jwt               the status lists that they name (vc+jwt)
//! results/audit.json              the verdicts that the issuer reached
//! ```
//!
//! The container is a ZIP file, stored without compression, so that `unzip` opens it. Exactly one encoding is a bundle: every bit is
//! either covered by a digest of the manifest or fixed by the encoding. What the entries mean is not known here; whoever
//! controls the issuer's key can put together another bundle, and cannot change what the nodes signed in it.

mod container;

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

pub use container::ContainerError;

use crate::canonical;
use crate::did::Did;
use crate::digest::Digest;
use crate::id::NodeId;
use crate::proof::dsse::{Envelope, ParseError, VerifyError};
use crate::proof::{PublicKey, SignError, Signer};
use crate::report::Origin;
use crate::timestamp::Timestamp;
use crate::tpm::attestation::MakerWord;

/// DSSE payload type of a [`Manifest`].
pub const MANIFEST_TYPE: &str = "application/vnd.avow.bundle-manifest.v1+json";

/// Path of the signed [`Manifest`].
pub const MANIFEST: &str = "manifest.dsse.json";
/// Path of the signed declaration.
pub const DECLARATION: &str = "declaration.dsse.json";
/// Path of the [`NodeTrust`] list.
pub const NODES: &str = "trust/nodes.json";
/// Path of the issuer's DID document.
pub const DID_DOCUMENT: &str = "trust/did.json";
/// Path of the audit.
pub const AUDIT: &str = "results/audit.json";
/// Folder of the credentials.
pub const CREDENTIALS: &str = "credentials/";

/// Folder of the status lists.
pub const STATUS_LISTS: &str = "status/";

/// Path of a status list, from the last segment of its address.
pub fn status_list_path(address: &str) -> String {
    format!("{STATUS_LISTS}{}.jwt", address.rsplit('/').next().unwrap_or(address))
}

/// Path of a node's report.
pub fn report_path(node: &NodeId) -> String {
    format!("evidence/{node}.report.json")
}

/// Path of a node's heartbeat.
pub fn heartbeat_path(node: &NodeId) -> String {
    format!("evidence/{node}.heartbeat.json")
}

/// Path of what binds a node's key to its chip.
pub fn attestation_path(node: &NodeId) -> String {
    format!("evidence/{node}.tpm.json")
}

/// Path of a credential, from the last segment of its id.
pub fn credential_path(id: &str) -> String {
    format!("{CREDENTIALS}{}.jwt", id.rsplit('/').next().unwrap_or(id))
}

/// What a bundle holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The instant of which the bundle speaks: verdicts are recomputed for it, periods checked at it.
    pub as_of: Timestamp,
    /// Who put it together.
    pub issuer: Did,
    /// The weakest origin of anything inside. What is not real can never be published.
    pub origin: Origin,
    /// Version of the program that wrote it.
    pub avow_version: String,
    /// Every other entry, sorted by path.
    pub entries: Vec<ManifestEntry>,
}

/// One entry of a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestEntry {
    /// Where it lies.
    pub path: String,
    /// How long it is.
    pub bytes: u64,
    /// Its digest.
    pub digest: Digest,
}

/// What the collector knows of a node: to be believed as far as the issuer is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeTrust {
    /// The node.
    pub node: NodeId,
    /// The key that it enrolled with.
    pub report_key: Did,
    /// When its report was received.
    pub received_at: Timestamp,
    /// When it was last heard.
    pub heard_at: Timestamp,
    /// What the collector saw of its chip, where the key is bound to one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tpm: Option<TpmTrust>,
}

/// What the collector alone saw of a chip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TpmTrust {
    /// When the chip answered a challenge that only one with both of its keys can answer.
    pub activated_at: Timestamp,
    /// Until when that counts.
    pub valid_until: Timestamp,
    /// Who made the chip, as far as the collector knew.
    pub maker: MakerWord,
}

/// A bundle whose manifest and digests were checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    /// What it says of itself.
    pub manifest: Manifest,
    /// The key that signed the manifest. For a did:web issuer the caller compares it with the DID document.
    pub signed_by: PublicKey,
    /// Its entries by path, without the manifest.
    pub entries: BTreeMap<String, Vec<u8>>,
}

/// Why a bundle was not written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The manifest has no canonical form.
    #[error("the manifest has no canonical form")]
    Canonical(#[from] canonical::WriteError),
    /// The key holder failed.
    #[error("the manifest was not signed")]
    Sign(#[from] SignError),
    /// Too large, or a path that cannot be one.
    #[error("the bundle cannot be encoded")]
    Container(#[from] ContainerError),
}

/// One thing that is wrong with a bundle.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// Not the encoding of a bundle.
    #[error("the container is damaged")]
    Container(#[from] ContainerError),
    /// No manifest.
    #[error("there is no `{MANIFEST}`: this is not a bundle, or it is damaged")]
    NoManifest,
    /// The manifest is not a DSSE envelope.
    #[error("`{MANIFEST}` is not a signed envelope")]
    ManifestEnvelope(#[from] ParseError),
    /// The manifest names a key that is none.
    #[error("`{MANIFEST}` is signed by `{0}`, which is not an Ed25519 did:key")]
    ManifestKey(String),
    /// The manifest is not what was signed.
    #[error("`{MANIFEST}` is not what `{key}` signed")]
    ManifestSignature {
        /// The key that it names.
        key: String,
        /// Why.
        #[source]
        source: VerifyError,
    },
    /// The manifest does not have the shape of one.
    #[error("`{MANIFEST}` is not a manifest")]
    ManifestShape(#[source] canonical::ReadError),
    /// A did:key issuer whose key did not sign the manifest.
    #[error("`{MANIFEST}` is signed by `{signer}`, not by its issuer `{issuer}`")]
    ManifestIssuer {
        /// Who signed.
        signer: Did,
        /// Who issues.
        issuer: Did,
    },
    /// Other bytes than the manifest says.
    #[error("`{path}` was changed: its digest is {found}, the manifest says {expected}")]
    Changed {
        /// Where.
        path: String,
        /// Of the bytes.
        found: Digest,
        /// Of the manifest.
        expected: Digest,
    },
    /// In the manifest only.
    #[error("`{0}` is missing")]
    Missing(String),
    /// In the container only.
    #[error("`{0}` does not stand in the manifest")]
    Unlisted(String),
}

/// Everything that is wrong with a bundle; at least one fault.
#[derive(Debug)]
pub struct Faults(pub Vec<Fault>);

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the bundle is not what its issuer signed ({} faults)", self.0.len())
    }
}

impl std::error::Error for Faults {}

/// Writes a bundle: same entries, same time, same key, same bytes.
pub fn write(
    entries: &BTreeMap<String, Vec<u8>>,
    as_of: Timestamp,
    issuer: &Did,
    origin: Origin,
    signer: &dyn Signer,
) -> Result<Vec<u8>, WriteError> {
    let listed = entries.iter().map(|(path, bytes)| ManifestEntry {
        path: path.clone(),
        bytes: bytes.len() as u64,
        digest: Digest::of(bytes),
    });
    let manifest = Manifest {
        as_of,
        issuer: issuer.clone(),
        origin,
        avow_version: env!("CARGO_PKG_VERSION").to_owned(),
        entries: listed.collect(),
    };
    let manifest = Envelope::sign(MANIFEST_TYPE, canonical::to_vec(&manifest)?, signer)?.to_bytes();
    let mut all: Vec<(&str, &[u8])> = vec![(MANIFEST, &manifest)];
    all.extend(entries.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice())));
    Ok(container::encode(&all)?)
}

/// Reads a bundle and checks every bit of it against its manifest; names every entry that is not as signed.
pub fn read(bytes: &[u8]) -> Result<Bundle, Faults> {
    let mut faults = Vec::new();
    let raw = container::decode(bytes);
    let manifest = match raw.entries.get(MANIFEST).ok_or(Fault::NoManifest).and_then(|bytes| read_manifest(bytes)) {
        Ok(manifest) => Some(manifest),
        Err(fault) => {
            faults.push(fault);
            None
        }
    };
    let mut entries = raw.entries;
    entries.remove(MANIFEST);
    if let Some((manifest, _)) = &manifest {
        compare(manifest, &entries, &mut faults);
    }
    // Where an entry was found to be changed, that names the place better than the container does.
    let place_unknown = faults.iter().all(|fault| matches!(fault, Fault::NoManifest));
    if let (Some(damage), true) = (raw.damage, place_unknown) {
        faults.push(Fault::Container(damage));
    }
    match manifest {
        Some((manifest, signed_by)) if faults.is_empty() => Ok(Bundle { manifest, signed_by, entries }),
        _ => Err(Faults(faults)),
    }
}

fn read_manifest(bytes: &[u8]) -> Result<(Manifest, PublicKey), Fault> {
    let envelope = Envelope::parse(bytes)?;
    let signer: Did = envelope.key_id.parse().map_err(|_| Fault::ManifestKey(envelope.key_id.clone()))?;
    let key = signer.to_key().map_err(|_| Fault::ManifestKey(envelope.key_id.clone()))?;
    let payload = envelope
        .verify(MANIFEST_TYPE, &key)
        .map_err(|source| Fault::ManifestSignature { key: envelope.key_id.clone(), source })?;
    let manifest: Manifest = canonical::from_slice(payload).map_err(Fault::ManifestShape)?;
    if manifest.issuer.is_key() && manifest.issuer != signer {
        return Err(Fault::ManifestIssuer { signer, issuer: manifest.issuer });
    }
    Ok((manifest, key))
}

fn compare(manifest: &Manifest, entries: &BTreeMap<String, Vec<u8>>, faults: &mut Vec<Fault>) {
    let listed: BTreeMap<&str, &ManifestEntry> = manifest.entries.iter().map(|e| (e.path.as_str(), e)).collect();
    for (path, entry) in &listed {
        match entries.get(*path) {
            None => faults.push(Fault::Missing((*path).to_owned())),
            Some(bytes) => {
                let found = Digest::of(bytes);
                if found != entry.digest {
                    faults.push(Fault::Changed { path: (*path).to_owned(), found, expected: entry.digest });
                }
            }
        }
    }
    let unlisted = entries.keys().filter(|path| !listed.contains_key(path.as_str()));
    faults.extend(unlisted.map(|path| Fault::Unlisted(path.clone())));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proof::SoftwareKey;

    fn bundle() -> Vec<u8> {
        let key = SoftwareKey::from_seed(&[5; 32]);
        let entries = BTreeMap::from([
            (AUDIT.to_owned(), b"{}".to_vec()),
            ("evidence/a.report.json".to_owned(), b"{\"payload\":\"\"}".to_vec()),
        ]);
        let as_of = "2026-11-21T00:00:00Z".parse().unwrap();
        write(&entries, as_of, &Did::key(&key.public_key()), Origin::Simulated, &key).unwrap()
    }

    #[test]
    fn a_bundle_reads_back_as_itself() {
        let read = read(&bundle()).unwrap();
        assert_eq!(read.entries[AUDIT], b"{}");
        assert_eq!(read.manifest.origin, Origin::Simulated);
        assert_eq!(bundle(), bundle());
    }

    #[test]
    fn one_flipped_bit_anywhere_is_named() {
        let good = bundle();
        for bit in 0..good.len() * 8 {
            let mut bytes = good.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let faults = read(&bytes).expect_err(&format!("bit {bit} of byte {}", bit / 8));
            assert!(!faults.0.is_empty());
        }
    }

    #[test]
    fn a_changed_entry_is_named_by_its_path() {
        let mut bytes = bundle();
        let at = bytes.windows(14).position(|window| window == b"{\"payload\":\"\"}").unwrap();
        bytes[at + 2] ^= 1;
        let faults = read(&bytes).unwrap_err();
        assert!(
            matches!(&faults.0[..], [Fault::Changed { path, .. }] if path == "evidence/a.report.json"),
            "{faults:?}"
        );
    }

    #[test]
    fn a_bundle_cut_short_or_lengthened_is_refused() {
        let good = bundle();
        for length in 0..good.len() {
            assert!(read(&good[..length]).is_err(), "{length}");
        }
        assert!(read(&[good.clone(), vec![0]].concat()).is_err());
        assert!(read(&[vec![0], good].concat()).is_err());
    }

    #[test]
    fn what_is_no_bundle_is_said_to_be_none() {
        for bytes in [b"".as_slice(), b"garbage", b"PK\x03\x04", &[0xff; 4096]] {
            let faults = read(bytes).unwrap_err();
            assert!(matches!(&faults.0[..], [Fault::NoManifest, Fault::Container(_)]), "{faults:?}");
        }
    }

    #[test]
    fn another_issuer_cannot_sign_a_manifest() {
        let key = SoftwareKey::from_seed(&[5; 32]);
        let issuer = Did::key(&SoftwareKey::from_seed(&[6; 32]).public_key());
        let as_of = "2026-11-21T00:00:00Z".parse().unwrap();
        let bytes = write(&BTreeMap::new(), as_of, &issuer, Origin::Real, &key).unwrap();
        assert!(matches!(&read(&bytes).unwrap_err().0[..], [Fault::ManifestIssuer { .. }]));
    }
}
