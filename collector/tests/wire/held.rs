//! An acknowledgement never comes before the commit: with a store whose commit is held back, fails, or fails to say so.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use collector::store::{
    Binding, Changed, Document, Enrolled, Issued, Latest, ListState, Pending, PublishedList, Put, Redeemed, Refused,
    SharedStore, Statement, StatusChange, Store, StoreError, Taken, Withdrawn,
};
use descriptors::did::Did;
use descriptors::digest::Digest;
use descriptors::id::NodeId;
use descriptors::status_list::Purpose;
use descriptors::timestamp::Timestamp;
use proto::convert::Outcome;
use tokio::sync::{Semaphore, watch};

use crate::harness::plane_with;

/// How the next commits of statements go wrong.
#[derive(Debug, Default)]
struct Faults {
    /// The commit fails, nothing is written.
    fails: AtomicBool,
    /// The commit succeeds, and the store says that it failed.
    persists_and_fails: AtomicBool,
}

/// A store that commits statements when it is allowed to.
#[derive(Debug)]
struct Held {
    inner: SharedStore,
    commits: Arc<Semaphore>,
    faults: Arc<Faults>,
}

fn failed() -> StoreError {
    StoreError::Operation { operation: "commit statements", source: "the disk is on fire".into() }
}

impl Store for Held {
    fn open(&self) -> watch::Receiver<bool> {
        self.inner.open()
    }
    fn put_statements(&self, statements: Vec<Statement>) -> Pending<'_, Vec<Put>> {
        Box::pin(async move {
            self.commits.acquire().await.unwrap().forget();
            if self.faults.fails.load(Ordering::SeqCst) {
                return Err(failed());
            }
            let puts = self.inner.put_statements(statements).await?;
            if self.faults.persists_and_fails.load(Ordering::SeqCst) { Err(failed()) } else { Ok(puts) }
        })
    }
    fn latest(&self) -> Pending<'_, Vec<Latest>> {
        self.inner.latest()
    }
    fn latest_of<'a>(&'a self, node: &'a NodeId) -> Pending<'a, Option<Latest>> {
        self.inner.latest_of(node)
    }
    fn sequences<'a>(&'a self, node: &'a NodeId) -> Pending<'a, Vec<u64>> {
        self.inner.sequences(node)
    }
    fn put_token<'a>(&'a self, hash: Digest, node: &'a NodeId, expires_at: Timestamp) -> Pending<'a, ()> {
        self.inner.put_token(hash, node, expires_at)
    }
    fn redeem_token<'a>(
        &'a self,
        hash: Digest,
        node: &'a NodeId,
        key: &'a Did,
        now: Timestamp,
    ) -> Pending<'a, Redeemed> {
        self.inner.redeem_token(hash, node, key, now)
    }
    fn enrolled<'a>(&'a self, node: &'a NodeId) -> Pending<'a, Option<Enrolled>> {
        self.inner.enrolled(node)
    }
    fn all_enrolled(&self) -> Pending<'_, Vec<Enrolled>> {
        self.inner.all_enrolled()
    }
    fn deny<'a>(&'a self, node: &'a NodeId, now: Timestamp) -> Pending<'a, bool> {
        self.inner.deny(node, now)
    }
    fn forget<'a>(&'a self, node: &'a NodeId) -> Pending<'a, bool> {
        self.inner.forget(node)
    }
    fn put_binding(&self, binding: Binding) -> Pending<'_, bool> {
        self.inner.put_binding(binding)
    }
    fn put_refusal<'a>(&'a self, node: &'a NodeId, refused: Refused) -> Pending<'a, ()> {
        self.inner.put_refusal(node, refused)
    }
    fn bindings(&self) -> Pending<'_, Vec<Binding>> {
        self.inner.bindings()
    }
    fn refusals(&self) -> Pending<'_, Vec<(NodeId, Refused)>> {
        self.inner.refusals()
    }
    fn put_credentials(&self, credentials: Vec<Issued>) -> Pending<'_, ()> {
        self.inner.put_credentials(credentials)
    }
    fn credentials(&self) -> Pending<'_, Vec<Issued>> {
        self.inner.credentials()
    }
    fn credential<'a>(&'a self, id: &'a str) -> Pending<'a, Option<Issued>> {
        self.inner.credential(id)
    }
    fn retire_credentials(&self, ids: Vec<String>, now: Timestamp) -> Pending<'_, ()> {
        self.inner.retire_credentials(ids, now)
    }

    fn take_places(&self, count: u64, seed: Digest) -> Pending<'_, Taken> {
        self.inner.take_places(count, seed)
    }

    fn change_status(&self, change: StatusChange) -> Pending<'_, Changed> {
        self.inner.change_status(change)
    }

    fn status_changes<'a>(&'a self, id: &'a str) -> Pending<'a, Vec<StatusChange>> {
        self.inner.status_changes(id)
    }

    fn status_lists(&self, now: Timestamp) -> Pending<'_, Vec<ListState>> {
        self.inner.status_lists(now)
    }

    fn withdrawn(&self, list: u64) -> Pending<'_, Withdrawn> {
        self.inner.withdrawn(list)
    }

    fn put_status_list(&self, list: PublishedList) -> Pending<'_, ()> {
        self.inner.put_status_list(list)
    }

    fn status_list(&self, purpose: Purpose, list: u64) -> Pending<'_, Option<PublishedList>> {
        self.inner.status_list(purpose, list)
    }
    fn put_document(&self, document: Document, bytes: Vec<u8>) -> Pending<'_, ()> {
        self.inner.put_document(document, bytes)
    }
    fn document(&self, document: Document) -> Pending<'_, Option<Vec<u8>>> {
        self.inner.document(document)
    }
}

#[tokio::test]
async fn an_acknowledgement_waits_for_the_commit() {
    let commits = Arc::new(Semaphore::new(0));
    let (held, faults) = (Arc::clone(&commits), Arc::default());
    let plane = plane_with(|inner| Arc::new(Held { inner, commits: held, faults })).await;
    let node = plane.node("kvm-01").await;
    let mut stream = plane.stream(Some(&node), node.sign(&node.report(1))).await.unwrap();
    assert!(stream.is_silent(Duration::from_millis(500)).await, "acknowledged before the commit");
    assert_eq!(plane.statements(&node).await, 0);
    commits.add_permits(1);
    assert_eq!(stream.answer().await.unwrap().outcome, Outcome::Stored);
    assert_eq!(plane.statements(&node).await, 1);
}

#[tokio::test]
async fn a_failed_commit_is_never_acknowledged() {
    let faults = Arc::new(Faults::default());
    let (shared, commits) = (Arc::clone(&faults), Arc::new(Semaphore::new(10)));
    let plane = plane_with(|inner| Arc::new(Held { inner, commits, faults: shared })).await;
    let changes = plane.running.changes.clone();
    let node = plane.node("kvm-01").await;
    let report = node.sign(&node.report(1));
    faults.fails.store(true, Ordering::SeqCst);
    assert!(matches!(plane.submit(&node, report.clone()).await, Outcome::Retry(_)));
    assert_eq!(plane.statements(&node).await, 0);
    assert!(!changes.has_changed().unwrap());
    faults.fails.store(false, Ordering::SeqCst);
    assert_eq!(plane.submit(&node, report).await, Outcome::Stored, "sending again heals it");
}

#[tokio::test]
async fn a_statement_that_was_committed_without_being_confirmed_counts_once() {
    let faults = Arc::new(Faults::default());
    let (shared, commits) = (Arc::clone(&faults), Arc::new(Semaphore::new(10)));
    let plane = plane_with(|inner| Arc::new(Held { inner, commits, faults: shared })).await;
    let node = plane.node("kvm-01").await;
    let report = node.sign(&node.report(1));
    faults.persists_and_fails.store(true, Ordering::SeqCst);
    assert!(matches!(plane.submit(&node, report.clone()).await, Outcome::Retry(_)));
    faults.persists_and_fails.store(false, Ordering::SeqCst);
    assert_eq!(plane.submit(&node, report).await, Outcome::Duplicate);
    assert_eq!(plane.statements(&node).await, 1);
}
