//! What is known now: the declaration, and the last report of every node, read back from the store and checked again.
//!
//! Whoever controls the store can withhold or delete. What was altered there shows: bytes that their node did not sign are
//! an error that names the node, and never left out in silence. A node that was shut out or forgotten is no evidence, and
//! is listed as such. What the facts mean is not known here.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use descriptors::canonical;
use descriptors::declaration::{AvailabilityZone, DECLARATION_TYPE, Declaration, Rack, Region};
use descriptors::did::{Did, DidError};
use descriptors::digest::Digest;
use descriptors::id::NodeId;
use descriptors::proof::PublicKey;
use descriptors::proof::dsse::{Envelope, ParseError, VerifyError};
use descriptors::report::{HEARTBEAT_TYPE, Heartbeat, Origin, REPORT_TYPE, Report};
use descriptors::timestamp::Timestamp;
use descriptors::tpm::attestation::{Attestation, AttestationError, Bound, Opened};
use independence::profile::STALE_AFTER_SECONDS;
use independence::{Evidence, NodeEvidence};

use crate::store::{Binding, Document, Enrolled, Latest, Refused, Store, StoreError};

/// What is known at one instant.
#[derive(Debug, Clone)]
pub struct Topology {
    /// The instant.
    pub as_of: Timestamp,
    /// What the provider declares, once it has declared anything.
    pub declaration: Option<SignedDeclaration>,
    /// Every node whose word counts, sorted.
    pub nodes: Vec<Node>,
    /// Every node whose statements are stored and do not count, sorted.
    pub left_out: Vec<(NodeId, LeftOut)>,
}

/// The declaration as it was signed.
#[derive(Debug, Clone)]
pub struct SignedDeclaration {
    /// What it says.
    pub declaration: Arc<Declaration>,
    /// Digest of the payload.
    pub digest: Digest,
    /// The envelope, byte for byte.
    pub envelope: Vec<u8>,
}

/// A node that was heard.
#[derive(Debug, Clone)]
pub struct Node {
    /// What it last said.
    pub report: Arc<Report>,
    /// The heartbeat that says that the report still holds, if there was one since.
    pub heartbeat: Option<Arc<Heartbeat>>,
    /// What the store holds of it.
    pub latest: Latest,
    /// The key that it enrolled with.
    pub report_key: Did,
    /// The chip that this key is bound to.
    pub chip: Chip,
    /// Why a chip was refused since.
    pub refused: Option<Refused>,
}

/// What is known of a node's chip.
#[derive(Debug, Clone)]
pub enum Chip {
    /// It showed none, or none that was taken.
    None,
    /// The key was bound to one, and that has ended.
    Ended(Timestamp),
    /// The key is bound to it.
    Bound(Box<BoundChip>),
}

/// A chip that a report key is bound to.
#[derive(Debug, Clone)]
pub struct BoundChip {
    /// What the store holds of it.
    pub binding: Binding,
    /// What is said of it to others.
    pub said: Bound,
    /// What the node signed.
    pub opened: Arc<Opened>,
}

impl Chip {
    /// The chip, where the key is bound to one now.
    pub fn bound(&self) -> Option<&BoundChip> {
        match self {
            Self::Bound(chip) => Some(chip),
            Self::None | Self::Ended(_) => None,
        }
    }
}

/// Where a node is declared to stand.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The region.
    pub region: &'a Region,
    /// The availability zone.
    pub zone: &'a AvailabilityZone,
    /// The rack.
    pub rack: &'a Rack,
}

/// Where every declared node stands.
#[derive(Debug)]
pub struct Places<'a>(HashMap<&'a NodeId, Place<'a>>);

impl<'a> Places<'a> {
    /// Where this node stands, if it is declared.
    pub fn of(&self, node: &NodeId) -> Option<Place<'a>> {
        self.0.get(node).copied()
    }
}

/// Why statements of a node do not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeftOut {
    /// It was shut out.
    Denied,
    /// Its key was forgotten and it has not enrolled again.
    Forgotten,
    /// It enrolled again with another key and has not reported since.
    EarlierKey,
}

/// Why it cannot be told what is known.
#[derive(Debug, thiserror::Error)]
pub enum TopologyError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What is stored of a node is not what it signed.
    #[error("what is stored of node {node} is not what the node signed")]
    Report {
        /// The node.
        node: NodeId,
        /// Why.
        #[source]
        source: StatementError,
    },
    /// What is stored as a node's attestation is not what it signed.
    #[error("the stored attestation of node {node} is not what the node signed")]
    Attestation {
        /// The node.
        node: NodeId,
        /// Why.
        #[source]
        source: ChipError,
    },
    /// What is stored as the declaration is not what was signed.
    #[error("the stored declaration is not what the collector signed")]
    Declaration(#[source] StatementError),
}

/// Why bytes are not a statement.
#[derive(Debug, thiserror::Error)]
pub enum StatementError {
    /// Not an envelope.
    #[error(transparent)]
    Envelope(#[from] ParseError),
    /// The key is none.
    #[error(transparent)]
    Key(#[from] DidError),
    /// Signed by another key, or of another type.
    #[error(transparent)]
    Signature(#[from] VerifyError),
    /// The payload does not have the expected shape.
    #[error("the payload does not have the shape of its type")]
    Shape(#[from] canonical::ReadError),
    /// The index of the store says something else.
    #[error("the store calls it `{indexed}`, the statement says `{said}`")]
    Index {
        /// In the index.
        indexed: String,
        /// In the statement.
        said: String,
    },
}

/// Why bytes are not an attestation.
#[derive(Debug, thiserror::Error)]
pub enum ChipError {
    /// The key is none.
    #[error(transparent)]
    Key(#[from] DidError),
    /// It does not hold together.
    #[error(transparent)]
    Attestation(#[from] AttestationError),
    /// The index of the store says something else.
    #[error("the store names another endorsement key than the attestation")]
    Index,
}

impl Node {
    /// Whether its report is too old to count at `now`: by the collector's clock, and by the node's own.
    pub fn is_stale(&self, now: Timestamp) -> bool {
        let said_at = self.heartbeat.as_ref().map_or(self.report.taken_at, |heartbeat| heartbeat.taken_at);
        now.seconds_since(self.latest.heard_at.min(said_at)) > STALE_AFTER_SECONDS
    }
}

impl Topology {
    /// Everything that an audit may rest on; nothing to audit before there is a declaration.
    pub fn evidence(&self) -> Option<Evidence> {
        let signed = self.declaration.as_ref()?;
        let nodes = self.nodes.iter().map(|node| {
            let Latest { report_digest, received_at, heard_at, .. } = node.latest;
            let said = (*node.report).clone();
            let evidence = NodeEvidence::new(said, report_digest, received_at, heard_at, node.heartbeat.as_deref());
            evidence.with_chip(node.chip.bound().map(|chip| chip.said.endorsement_key))
        });
        Some(Evidence {
            declaration: (*signed.declaration).clone(),
            declaration_digest: signed.digest,
            nodes: nodes.collect(),
            as_of: self.as_of,
        })
    }

    /// The weakest origin of anything known.
    pub fn origin(&self) -> Origin {
        let declared = self.declaration.as_ref().map_or(Origin::Real, |signed| signed.declaration.origin);
        self.nodes.iter().map(|node| node.report.origin).fold(declared, Origin::weaker)
    }

    /// When a node was last heard.
    pub fn last_fact(&self) -> Option<Timestamp> {
        self.nodes.iter().map(|node| node.latest.heard_at).max()
    }

    /// Where every declared node stands.
    pub fn places(&self) -> Places<'_> {
        let zones = self.declaration.iter().flat_map(|signed| signed.declaration.zones());
        let racks = zones.flat_map(|(region, _, zone)| zone.racks.iter().map(move |rack| Place { region, zone, rack }));
        Places(racks.flat_map(|place| place.rack.nodes.iter().map(move |node| (node, place))).collect())
    }

    /// The node called `name`.
    pub fn node(&self, name: &str) -> Option<&Node> {
        let found = self.nodes.binary_search_by(|node| node.latest.node.as_str().cmp(name));
        found.ok().and_then(|index| self.nodes.get(index))
    }
}

/// Reads the store, and remembers which reports were checked: a report does not change, so once is enough.
#[derive(Debug, Default)]
pub struct Reader {
    checked: Mutex<HashMap<(Digest, Did), Arc<Report>>>,
    heartbeats: Mutex<HashMap<NodeId, Beat>>,
    attestations: Mutex<HashMap<NodeId, Shown>>,
}

/// An attestation that was checked.
#[derive(Debug)]
struct Shown {
    /// Digest of the envelope, and the key: what the check rested on.
    known: (Digest, Did),
    opened: Arc<Opened>,
}

/// A heartbeat that was checked.
#[derive(Debug)]
struct Beat {
    /// Digests of the envelope and of the report beside it, and the key: what the check rested on.
    known: (Digest, Digest, Did),
    heartbeat: Arc<Heartbeat>,
}

impl Reader {
    /// What is known at `as_of`. `issuer` is the key that signs declarations.
    pub async fn read(
        &self,
        store: &dyn Store,
        issuer: &PublicKey,
        as_of: Timestamp,
    ) -> Result<Topology, TopologyError> {
        // In this order: whoever has a report had enrolled before.
        let heard = store.latest().await?;
        let enrolled = store.all_enrolled().await?;
        let enrolled: HashMap<NodeId, Enrolled> = enrolled.into_iter().map(|node| (node.node.clone(), node)).collect();
        let mut chips: HashMap<NodeId, Binding> =
            store.bindings().await?.into_iter().map(|binding| (binding.node.clone(), binding)).collect();
        let mut refusals: HashMap<NodeId, Refused> = store.refusals().await?.into_iter().collect();
        let declaration = match store.document(Document::Declaration).await? {
            Some(bytes) => Some(declaration(bytes, issuer).map_err(TopologyError::Declaration)?),
            None => None,
        };
        let mut topology = Topology { as_of, declaration, nodes: Vec::new(), left_out: Vec::new() };
        for latest in heard {
            match enrolled.get(&latest.node) {
                None => topology.left_out.push((latest.node, LeftOut::Forgotten)),
                Some(Enrolled { denied_at: Some(_), .. }) => topology.left_out.push((latest.node, LeftOut::Denied)),
                Some(enrolled) => {
                    let report = self
                        .report(&latest, &enrolled.report_key)
                        .map_err(|source| TopologyError::Report { node: latest.node.clone(), source })?;
                    match report {
                        Some(report) => {
                            let heartbeat = self
                                .heartbeat(&latest, &enrolled.report_key)
                                .map_err(|source| TopologyError::Report { node: latest.node.clone(), source })?;
                            let report_key = enrolled.report_key.clone();
                            let chip = self
                                .chip(chips.remove(&latest.node), &report_key, as_of)
                                .map_err(|source| TopologyError::Attestation { node: latest.node.clone(), source })?;
                            let refused = refusals.remove(&latest.node).filter(|it| it.report_key == report_key);
                            topology.nodes.push(Node { report, heartbeat, report_key, latest, chip, refused });
                        }
                        None => topology.left_out.push((latest.node, LeftOut::EarlierKey)),
                    }
                }
            }
        }
        self.keep_only(&topology);
        Ok(topology)
    }

    /// The report, checked; none where it names another key than the node has now.
    fn report(&self, latest: &Latest, key: &Did) -> Result<Option<Arc<Report>>, StatementError> {
        let envelope = Envelope::parse(&latest.report)?;
        if envelope.key_id != key.as_str() {
            return Ok(None);
        }
        let digest = Digest::of(&envelope.payload);
        index(&latest.report_digest, &digest)?;
        let known = (digest, key.clone());
        if let Some(report) = self.checked.lock().unwrap_or_else(PoisonError::into_inner).get(&known) {
            return Ok(Some(Arc::clone(report)));
        }
        let payload = envelope.verify(REPORT_TYPE, &key.to_key()?)?;
        let report: Arc<Report> = Arc::new(canonical::from_slice(payload)?);
        index(&latest.node, &report.node)?;
        self.checked.lock().unwrap_or_else(PoisonError::into_inner).insert(known, Arc::clone(&report));
        Ok(Some(report))
    }

    /// The last heartbeat must be of this node, and of this report: otherwise a stale report could be made to look current.
    fn heartbeat(&self, latest: &Latest, key: &Did) -> Result<Option<Arc<Heartbeat>>, StatementError> {
        let Some(bytes) = &latest.heartbeat else { return Ok(None) };
        let known = (Digest::of(bytes), latest.report_digest, key.clone());
        let mut heartbeats = self.heartbeats.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(beat) = heartbeats.get(&latest.node).filter(|beat| beat.known == known) {
            return Ok(Some(Arc::clone(&beat.heartbeat)));
        }
        let envelope = Envelope::parse(bytes)?;
        let payload = envelope.verify(HEARTBEAT_TYPE, &key.to_key()?)?;
        let heartbeat: Arc<Heartbeat> = Arc::new(canonical::from_slice(payload)?);
        index(&latest.node, &heartbeat.node)?;
        index(&latest.report_digest, &heartbeat.holds)?;
        heartbeats.insert(latest.node.clone(), Beat { known, heartbeat: Arc::clone(&heartbeat) });
        Ok(Some(heartbeat))
    }

    /// The chip that `key` is bound to; what another key was bound to counts for nothing.
    fn chip(&self, binding: Option<Binding>, key: &Did, as_of: Timestamp) -> Result<Chip, ChipError> {
        let Some(binding) = binding.filter(|binding| binding.report_key == *key) else { return Ok(Chip::None) };
        if binding.valid_until < as_of {
            return Ok(Chip::Ended(binding.valid_until));
        }
        let known = (Digest::of(&binding.envelope), key.clone());
        let mut attestations = self.attestations.lock().unwrap_or_else(PoisonError::into_inner);
        let opened = match attestations.get(&binding.node).filter(|shown| shown.known == known) {
            Some(shown) => Arc::clone(&shown.opened),
            None => {
                let opened = Arc::new(Attestation::open(&binding.envelope, &binding.node, &key.to_key()?)?);
                attestations.insert(binding.node.clone(), Shown { known, opened: Arc::clone(&opened) });
                opened
            }
        };
        if opened.endorsement.digest() != binding.endorsement_key {
            return Err(ChipError::Index);
        }
        let said = Bound::new(&opened, binding.maker.clone());
        Ok(Chip::Bound(Box::new(BoundChip { binding, said, opened })))
    }

    fn keep_only(&self, topology: &Topology) {
        let mut checked = self.checked.lock().unwrap_or_else(PoisonError::into_inner);
        if checked.len() > 2 * topology.nodes.len() + 16 {
            let now: std::collections::HashSet<&Digest> =
                topology.nodes.iter().map(|node| &node.latest.report_digest).collect();
            checked.retain(|(digest, _), _| now.contains(digest));
        }
    }
}

fn index<T: PartialEq + ToString>(indexed: &T, said: &T) -> Result<(), StatementError> {
    if indexed == said {
        return Ok(());
    }
    Err(StatementError::Index { indexed: indexed.to_string(), said: said.to_string() })
}

fn declaration(bytes: Vec<u8>, issuer: &PublicKey) -> Result<SignedDeclaration, StatementError> {
    let envelope = Envelope::parse(&bytes)?;
    let payload = envelope.verify(DECLARATION_TYPE, issuer)?;
    let declaration = Arc::new(canonical::from_slice(payload)?);
    Ok(SignedDeclaration { declaration, digest: Digest::of(payload), envelope: bytes })
}
