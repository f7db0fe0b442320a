//! The store: statements as their nodes signed them, plus an index. It does not know what a fact means.
//!
//! Contract of every backend, checked by one suite (`store/contract.rs`):
//! - A method that writes returns only after its commit is durable; before that, nothing of it is visible.
//! - An error means: not committed, or not known to be. The caller must not acknowledge, and may try again, since every write is
//!   idempotent.
//! - `latest` moves only to a higher sequence; a late statement still enters history.
//! - Sequences belong to a report key: a node that was forgotten and enrols with another key starts again from 1.
//! - Once a commit failed, nothing is written any more ([`Store::open`] turns false for good): a failed flush is never
//!   retried on the same handle. Opening the store again recovers what was committed.
//!
//! Whoever controls the store can withhold or delete, and cannot forge a report: the node's signature is over the bytes.

#[cfg(any(test, feature = "contract"))]
pub mod contract;
pub mod sqlite;

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use descriptors::did::Did;
use descriptors::digest::Digest;
use descriptors::id::NodeId;
use descriptors::report::{Origin, ReportId};
use descriptors::status_list::{Place, Purpose};
use descriptors::target::Target;
use descriptors::timestamp::Timestamp;
use descriptors::tpm::attestation::MakerWord;
use tokio::sync::watch;

/// A result that is on its way.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// Why the store did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It could not be opened.
    #[error("cannot open the store at {place}")]
    Open {
        /// File or address.
        place: String,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A setting that durability rests on is not in force.
    #[error("the store is not durable: {setting} is {found}, must be {expected}")]
    NotDurable {
        /// Which.
        setting: &'static str,
        /// As read back.
        found: String,
        /// As needed.
        expected: &'static str,
    },
    /// A statement failed.
    #[error("the store failed to {operation}")]
    Operation {
        /// What was to be done.
        operation: &'static str,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// What was read back is not what is ever written.
    #[error("the store holds something that was never written: {0}")]
    Corrupt(String),
    /// Two credentials with one id.
    #[error("the id `{0}` belongs to another credential")]
    Taken(String),
    /// The writer has stopped.
    #[error("the store is closed")]
    Closed,
}

/// Kinds of statements that a node makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatementKind {
    /// All facts.
    Report,
    /// An earlier report still holds.
    Heartbeat,
}

/// A statement whose signature, node and time were checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Node and sequence.
    pub id: ReportId,
    /// Which kind.
    pub kind: StatementKind,
    /// Digest of the payload that was signed; two statements with one id and different digests contradict each other.
    pub payload_digest: Digest,
    /// The report that holds: of a report its own payload digest, of a heartbeat the one it names.
    pub holds: Digest,
    /// The node's clock.
    pub taken_at: Timestamp,
    /// The collector's clock.
    pub received_at: Timestamp,
    /// The envelope, byte for byte.
    pub envelope: Vec<u8>,
}

/// What became of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// Committed now.
    Stored,
    /// Committed before.
    Duplicate,
    /// The same node said something else under the same sequence: nothing was written.
    Contradiction,
    /// A heartbeat that names a report which is not the node's latest report here (of a late heartbeat: not an earlier report
    /// of the node): nothing was written.
    UnknownReport,
}

/// What holds of a node now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Latest {
    /// The node.
    pub node: NodeId,
    /// Its latest report, byte for byte.
    pub report: Vec<u8>,
    /// Digest of that report's payload.
    pub report_digest: Digest,
    /// When that report was received.
    pub received_at: Timestamp,
    /// The latest heartbeat that holds it, byte for byte, if there was one since.
    pub heartbeat: Option<Vec<u8>>,
    /// When the node was last heard.
    pub heard_at: Timestamp,
    /// The highest sequence of any statement.
    pub sequence: u64,
    /// How many distinct statements are stored for the node.
    pub statements: u64,
}

/// A node as it enrolled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolled {
    /// The node.
    pub node: NodeId,
    /// The key that signs its reports, for good.
    pub report_key: Did,
    /// When it enrolled.
    pub enrolled_at: Timestamp,
    /// When it was shut out, if it was.
    pub denied_at: Option<Timestamp>,
}

/// A report key that is bound to a chip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// The node.
    pub node: NodeId,
    /// The key that is bound.
    pub report_key: Did,
    /// Digest of the chip's endorsement key.
    pub endorsement_key: Digest,
    /// The endorsement key that the node had before this one. Known to the store only: what is put has none.
    pub earlier_key: Option<Digest>,
    /// When the chip answered the challenge.
    pub activated_at: Timestamp,
    /// Until when it holds.
    pub valid_until: Timestamp,
    /// Who made the chip.
    pub maker: MakerWord,
    /// The envelope of the attestation, byte for byte.
    pub envelope: Vec<u8>,
}

/// Why a chip was refused last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The key that was to be bound.
    pub report_key: Did,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
}

/// What became of a join token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Redeemed {
    /// The node is enrolled, with the key given. The same token, node and key get this answer again while the token lives
    /// and the node is neither denied nor forgotten: the first answer may have been lost on its way.
    Enrolled,
    /// There is no such token for this node.
    Unknown,
    /// It was used before, by another key or before the node was forgotten.
    Used,
    /// Its time is over.
    Expired,
    /// The node is enrolled with another key: it must be forgotten first.
    KeyDiffers,
    /// The node was shut out.
    Denied,
}

/// An issued credential, as it was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issued {
    /// Its id.
    pub id: String,
    /// Its class: `gx:Region`.
    pub class: String,
    /// The id of its subject.
    pub subject: String,
    /// Digest of what it says, without times: equal content is not issued again.
    pub content: Digest,
    /// The weakest origin of what it says.
    pub origin: Origin,
    /// From when.
    pub valid_from: Timestamp,
    /// Until when.
    pub valid_until: Timestamp,
    /// The compact JWS.
    pub jwt: String,
    /// The forms for other targets, as they were signed: some signatures cannot be made again byte for byte.
    pub forms: BTreeMap<Target, String>,
    /// Its place in the status lists; none of what was issued before there were any.
    pub place: Option<Place>,
    /// When it was withdrawn for good, if it was. Known to the store only: what is put is not withdrawn.
    pub revoked_at: Option<Timestamp>,
    /// Since when it is withdrawn for the time being, if it is.
    pub suspended_at: Option<Timestamp>,
}

/// Places that were taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// The number of the first.
    pub first: u64,
    /// The seed that places are made of: that of the first call.
    pub seed: Digest,
}

/// What an operator does to the status of a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Withdraw it for good.
    Revoke,
    /// Withdraw it for good, and let what it says be issued again.
    Replace,
    /// Withdraw it for the time being.
    Suspend,
    /// Let it hold again.
    Reinstate,
}

impl Change {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Revoke, Self::Replace, Self::Suspend, Self::Reinstate];

    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Revoke => "revoke",
            Self::Replace => "replace",
            Self::Suspend => "suspend",
            Self::Reinstate => "reinstate",
        }
    }
}

/// A change that an operator made, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusChange {
    /// The id of the credential.
    pub credential: String,
    /// What was done.
    pub change: Change,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
}

/// What became of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    /// Committed.
    Done,
    /// It stood so before: nothing was written.
    AsBefore,
    /// There is no such credential.
    Unknown,
    /// It has no place in a list, so that nobody would learn of it: nothing was written.
    NoPlace,
    /// It was withdrawn for good, which cannot be undone: nothing was written.
    Revoked,
}

/// A status list with credentials that have not run out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListState {
    /// Its number.
    pub list: u64,
    /// Changes with every bit.
    pub revision: u64,
    /// What was published of it.
    pub published: Vec<PublishedList>,
}

/// The places of a list whose credentials are withdrawn, at one revision; sorted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withdrawn {
    /// Of the list.
    pub revision: u64,
    /// For good.
    pub revoked: Vec<usize>,
    /// For the time being.
    pub suspended: Vec<usize>,
}

/// A list as it was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedList {
    /// What its bits mean.
    pub purpose: Purpose,
    /// Its number.
    pub list: u64,
    /// The revision that it shows.
    pub revision: u64,
    /// From when.
    pub valid_from: Timestamp,
    /// Until when.
    pub valid_until: Timestamp,
    /// The compact JWS.
    pub jwt: String,
    /// The forms for other targets, as they were signed.
    pub forms: BTreeMap<Target, String>,
}

/// A numbered document that replaces the one before it: the declaration (DSSE envelope), the audit (canonical JSON).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Document {
    /// The signed declaration.
    Declaration,
    /// The last audit.
    Audit,
}

/// See the contract at the head of this file.
pub trait Store: std::fmt::Debug + Send + Sync + 'static {
    /// Whether the store still writes. False is final.
    fn open(&self) -> watch::Receiver<bool>;

    /// Commits statements; one answer for each, in order.
    fn put_statements(&self, statements: Vec<Statement>) -> Pending<'_, Vec<Put>>;
    /// What holds of every node that was ever heard, sorted by node.
    fn latest(&self) -> Pending<'_, Vec<Latest>>;
    /// What holds of one node.
    fn latest_of<'a>(&'a self, node: &'a NodeId) -> Pending<'a, Option<Latest>>;
    /// Sequences of the statements stored under a node's present key, rising: gaps are losses of the node's spool.
    fn sequences<'a>(&'a self, node: &'a NodeId) -> Pending<'a, Vec<u64>>;

    /// Keeps the hash of a join token's secret; a second token for a node replaces an unused first one.
    fn put_token<'a>(&'a self, secret_hash: Digest, node: &'a NodeId, expires_at: Timestamp) -> Pending<'a, ()>;
    /// Uses a token up and binds the node to its key, in one commit.
    fn redeem_token<'a>(
        &'a self,
        hash: Digest,
        node: &'a NodeId,
        key: &'a Did,
        now: Timestamp,
    ) -> Pending<'a, Redeemed>;
    /// A node as it enrolled.
    fn enrolled<'a>(&'a self, node: &'a NodeId) -> Pending<'a, Option<Enrolled>>;
    /// All enrolled nodes, sorted.
    fn all_enrolled(&self) -> Pending<'_, Vec<Enrolled>>;
    /// Shuts a node out; false when there is no such node. A second time changes nothing.
    fn deny<'a>(&'a self, node: &'a NodeId, now: Timestamp) -> Pending<'a, bool>;
    /// Forgets the key of a node and lifts its denial, so that it can enrol again with a new token; its statements stay.
    /// False when there is no such node.
    fn forget<'a>(&'a self, node: &'a NodeId) -> Pending<'a, bool>;

    /// Commits a binding in place of the one before it, and takes an earlier refusal back. Where the endorsement key is another one than before,
    /// the one before is kept beside it. Whether it says anything that the one before did not, or that had ended.
    fn put_binding(&self, binding: Binding) -> Pending<'_, bool>;
    /// Commits why a node's chip was refused; a binding that holds stays.
    fn put_refusal<'a>(&'a self, node: &'a NodeId, refused: Refused) -> Pending<'a, ()>;
    /// All bindings, those that ended too, sorted by node.
    fn bindings(&self) -> Pending<'_, Vec<Binding>>;
    /// Why nodes were refused since they were last bound, sorted by node.
    fn refusals(&self) -> Pending<'_, Vec<(NodeId, Refused)>>;

    /// Commits credentials; each replaces the current one of the same subject and class, which stays in history and is
    /// revoked where it has a place. An id that belongs to another credential is [`StoreError::Taken`], and nothing is
    /// written.
    fn put_credentials(&self, credentials: Vec<Issued>) -> Pending<'_, ()>;
    /// The current credential of every subject and class, sorted by class and subject.
    fn credentials(&self) -> Pending<'_, Vec<Issued>>;
    /// A credential by its id, current or not.
    fn credential<'a>(&'a self, id: &'a str) -> Pending<'a, Option<Issued>>;
    /// Takes current credentials of subjects that are no more out of the current set, and revokes them.
    fn retire_credentials(&self, ids: Vec<String>, now: Timestamp) -> Pending<'_, ()>;

    /// Takes the numbers of so many places, which nobody had before and nobody gets again. The first `seed` ever given stays.
    fn take_places(&self, count: u64, seed: Digest) -> Pending<'_, Taken>;
    /// Changes the status of a credential and notes why, in one commit.
    fn change_status(&self, change: StatusChange) -> Pending<'_, Changed>;
    /// What operators changed of a credential, in order.
    fn status_changes<'a>(&'a self, id: &'a str) -> Pending<'a, Vec<StatusChange>>;
    /// Every status list that holds a credential which has not run out at `now`, sorted.
    fn status_lists(&self, now: Timestamp) -> Pending<'_, Vec<ListState>>;
    /// Which places of a list are withdrawn.
    fn withdrawn(&self, list: u64) -> Pending<'_, Withdrawn>;
    /// Commits a signed list in place of the one before it, unless that shows a later revision.
    fn put_status_list(&self, list: PublishedList) -> Pending<'_, ()>;
    /// A list as it was last published.
    fn status_list(&self, purpose: Purpose, list: u64) -> Pending<'_, Option<PublishedList>>;

    /// Commits a document in place of the one before it.
    fn put_document(&self, document: Document, bytes: Vec<u8>) -> Pending<'_, ()>;
    /// The current document.
    fn document(&self, document: Document) -> Pending<'_, Option<Vec<u8>>>;
}

/// A store behind one of the backends.
pub type SharedStore = Arc<dyn Store>;
