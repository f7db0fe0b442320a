//! The contract of [`Store`](super::Store), as a suite that every backend runs.
//!
//! A backend's test hands in how a place is opened; each law gets a place of its own and may open it again.
#![allow(clippy::unwrap_used, reason = "a suite of tests")]

use std::future::Future;
use std::time::Duration;

use descriptors::did::Did;
use descriptors::digest::Digest;
use descriptors::id::NodeId;
use descriptors::proof::{Signer as _, SoftwareKey};
use descriptors::report::{Origin, ReportId};
use descriptors::target::Target;
use descriptors::timestamp::Timestamp;

use super::{Document, Issued, Put, Redeemed, SharedStore, Statement, StatementKind, StoreError};

/// Opens the place with this name; a second time it holds what was committed there.
pub trait Place {
    /// Opens it.
    fn open(&self, name: &'static str) -> impl Future<Output = SharedStore>;
}

/// Panics at the first law that a backend breaks.
pub async fn holds(place: &impl Place) {
    a_statement_counts_once(&place.open("once").await).await;
    a_contradiction_changes_nothing(&place.open("contradiction").await).await;
    latest_moves_only_forward(&place.open("forward").await).await;
    a_heartbeat_holds_only_a_known_report(&place.open("heartbeat").await).await;
    a_batch_is_answered_in_order(&place.open("batch").await).await;
    nodes_do_not_touch_each_other(&place.open("nodes").await).await;
    a_token_admits_one_key(&place.open("token").await).await;
    a_token_that_does_not_fit_admits_nobody(&place.open("unfit").await).await;
    a_bound_key_stays_bound(&place.open("bound").await).await;
    a_denied_node_stays_out_until_it_is_forgotten(&place.open("denied").await).await;
    a_new_key_starts_its_own_sequence(&place.open("rekeyed").await).await;
    a_credential_replaces_the_one_before(&place.open("credentials").await).await;
    an_id_is_never_given_twice(&place.open("ids").await).await;
    a_document_replaces_the_one_before(&place.open("documents").await).await;
    what_was_acknowledged_is_there_after_opening_again(place).await;
    a_lost_answer_does_not_make_a_statement_count_twice(place).await;
    concurrent_writers_are_each_answered(&place.open("concurrent").await).await;
}

fn node(name: &str) -> NodeId {
    NodeId::new(name).unwrap()
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix(1_790_000_000 + seconds).unwrap()
}

fn key(seed: u8) -> Did {
    Did::key(&SoftwareKey::from_seed(&[seed; 32]).public_key())
}

/// A report whose content is `text`, received `sequence` seconds in.
fn report(name: &str, sequence: u64, text: &str) -> Statement {
    let digest = Digest::of(text.as_bytes());
    Statement {
        id: ReportId { node: node(name), sequence },
        kind: StatementKind::Report,
        payload_digest: digest,
        holds: digest,
        taken_at: at(0),
        received_at: at(i64::try_from(sequence).unwrap()),
        envelope: format!("{{\"envelope of\":\"{text}\"}}").into_bytes(),
    }
}

/// A heartbeat that holds the report whose content is `text`.
fn heartbeat(name: &str, sequence: u64, text: &str) -> Statement {
    let said = format!("heartbeat {name} {sequence} {text}");
    Statement {
        kind: StatementKind::Heartbeat,
        payload_digest: Digest::of(said.as_bytes()),
        holds: Digest::of(text.as_bytes()),
        envelope: said.clone().into_bytes(),
        ..report(name, sequence, &said)
    }
}

async fn put(store: &SharedStore, statement: Statement) -> Put {
    store.put_statements(vec![statement]).await.unwrap()[0]
}

async fn a_statement_counts_once(store: &SharedStore) {
    assert_eq!(store.latest().await.unwrap(), []);
    assert_eq!(put(store, report("a", 1, "one")).await, Put::Stored);
    let mut again = report("a", 1, "one");
    again.received_at = at(500);
    assert_eq!(put(store, again).await, Put::Duplicate);
    let latest = store.latest_of(&node("a")).await.unwrap().unwrap();
    assert_eq!(latest.statements, 1);
    assert_eq!(latest.heard_at, at(1), "a resend is no news");
    assert_eq!(latest.report, report("a", 1, "one").envelope, "byte for byte");
    assert_eq!(latest.report_digest, Digest::of(b"one"));
    assert_eq!(latest.heartbeat, None);
    assert_eq!(store.latest().await.unwrap(), [latest]);
    assert_eq!(put(store, heartbeat("a", 2, "one")).await, Put::Stored);
    assert_eq!(put(store, report("a", 3, "three")).await, Put::Stored);
    assert_eq!(put(store, heartbeat("a", 2, "one")).await, Put::Duplicate, "though the report holds no more");
    assert_eq!(store.sequences(&node("a")).await.unwrap(), [1, 2, 3]);
}

async fn a_contradiction_changes_nothing(store: &SharedStore) {
    put(store, report("a", 1, "one")).await;
    let before = store.latest().await.unwrap();
    assert_eq!(put(store, report("a", 1, "other")).await, Put::Contradiction);
    assert_eq!(put(store, heartbeat("a", 1, "one")).await, Put::Contradiction);
    assert_eq!(store.latest().await.unwrap(), before);
}

async fn latest_moves_only_forward(store: &SharedStore) {
    put(store, report("a", 5, "five")).await;
    put(store, heartbeat("a", 6, "five")).await;
    assert_eq!(put(store, report("a", 3, "three")).await, Put::Stored, "late, but history");
    let latest = store.latest_of(&node("a")).await.unwrap().unwrap();
    assert_eq!((latest.sequence, latest.statements, latest.report_digest), (6, 3, Digest::of(b"five")));
    assert_eq!(latest.heartbeat, Some(heartbeat("a", 6, "five").envelope));
    assert_eq!((latest.received_at, latest.heard_at), (at(5), at(6)));
    put(store, report("a", 7, "seven")).await;
    let latest = store.latest_of(&node("a")).await.unwrap().unwrap();
    assert_eq!((latest.sequence, latest.heartbeat), (7, None), "a new report has no heartbeat yet");
    assert_eq!(store.sequences(&node("a")).await.unwrap(), [3, 5, 6, 7], "4 is a gap that can be seen");
}

async fn a_heartbeat_holds_only_a_known_report(store: &SharedStore) {
    assert_eq!(put(store, heartbeat("a", 1, "nothing")).await, Put::UnknownReport);
    assert_eq!(store.latest().await.unwrap(), []);
    assert_eq!(store.sequences(&node("a")).await.unwrap(), [0; 0]);
    put(store, report("a", 2, "two")).await;
    put(store, report("a", 4, "four")).await;
    assert_eq!(put(store, heartbeat("a", 5, "two")).await, Put::UnknownReport, "known, but it holds no more");
    assert_eq!(put(store, heartbeat("b", 5, "four")).await, Put::UnknownReport, "another node's");
    assert_eq!(put(store, heartbeat("a", 3, "two")).await, Put::Stored, "late, but it held then");
    assert_eq!(put(store, heartbeat("a", 1, "two")).await, Put::UnknownReport, "before what it holds");
    assert_eq!(put(store, heartbeat("a", 5, "four")).await, Put::Stored, "the number was not used up");
}

async fn a_batch_is_answered_in_order(store: &SharedStore) {
    let batch = vec![
        heartbeat("a", 1, "two"),
        report("a", 2, "two"),
        heartbeat("a", 3, "two"),
        report("a", 2, "two"),
        report("a", 2, "other"),
    ];
    let expect = [Put::UnknownReport, Put::Stored, Put::Stored, Put::Duplicate, Put::Contradiction];
    assert_eq!(store.put_statements(batch).await.unwrap(), expect);
    assert_eq!(store.put_statements(Vec::new()).await.unwrap(), []);
}

async fn nodes_do_not_touch_each_other(store: &SharedStore) {
    for name in ["b", "c", "a"] {
        assert_eq!(put(store, report(name, 1, "same")).await, Put::Stored);
    }
    let names: Vec<NodeId> = store.latest().await.unwrap().into_iter().map(|latest| latest.node).collect();
    assert_eq!(names, [node("a"), node("b"), node("c")], "sorted");
    assert_eq!(store.latest_of(&node("d")).await.unwrap(), None);
}

async fn a_token_admits_one_key(store: &SharedStore) {
    let secret = Digest::of(b"secret");
    store.put_token(secret, &node("a"), at(600)).await.unwrap();
    assert_eq!(store.enrolled(&node("a")).await.unwrap(), None);
    let redeem = async |seed, now| store.redeem_token(secret, &node("a"), &key(seed), at(now)).await.unwrap();
    assert_eq!(redeem(1, 10).await, Redeemed::Enrolled);
    assert_eq!(redeem(1, 20).await, Redeemed::Enrolled, "the first answer may have been lost");
    assert_eq!(redeem(2, 30).await, Redeemed::Used);
    assert_eq!(redeem(1, 600).await, Redeemed::Expired);
    let enrolled = store.enrolled(&node("a")).await.unwrap().unwrap();
    assert_eq!((&enrolled.report_key, enrolled.enrolled_at, enrolled.denied_at), (&key(1), at(10), None));
    assert_eq!(store.all_enrolled().await.unwrap(), [enrolled]);
}

async fn a_token_that_does_not_fit_admits_nobody(store: &SharedStore) {
    let (first, second) = (Digest::of(b"first"), Digest::of(b"second"));
    store.put_token(first, &node("a"), at(600)).await.unwrap();
    let redeem = async |hash, name, now| store.redeem_token(hash, &node(name), &key(1), at(now)).await.unwrap();
    assert_eq!(redeem(Digest::of(b"guess"), "a", 1).await, Redeemed::Unknown);
    assert_eq!(redeem(first, "b", 1).await, Redeemed::Unknown, "made for another node");
    assert_eq!(redeem(first, "a", 600).await, Redeemed::Expired, "its last second is over");
    store.put_token(second, &node("a"), at(600)).await.unwrap();
    assert_eq!(redeem(first, "a", 1).await, Redeemed::Unknown, "replaced");
    assert_eq!(store.all_enrolled().await.unwrap(), []);
    assert_eq!(redeem(second, "a", 599).await, Redeemed::Enrolled);
}

async fn a_bound_key_stays_bound(store: &SharedStore) {
    enrol(store, "first", 1).await;
    let token = Digest::of(b"another");
    store.put_token(token, &node("a"), at(600)).await.unwrap();
    assert_eq!(store.redeem_token(token, &node("a"), &key(2), at(1)).await.unwrap(), Redeemed::KeyDiffers);
    assert_eq!(
        store.redeem_token(token, &node("a"), &key(1), at(1)).await.unwrap(),
        Redeemed::Enrolled,
        "a refusal does not use the token up, and the same key may enrol again"
    );
    assert_eq!(store.enrolled(&node("a")).await.unwrap().unwrap().report_key, key(1));
}

/// Enrols the node `a` with the key of `seed`.
async fn enrol(store: &SharedStore, secret: &str, seed: u8) {
    let token = Digest::of(secret.as_bytes());
    store.put_token(token, &node("a"), at(600)).await.unwrap();
    assert_eq!(store.redeem_token(token, &node("a"), &key(seed), at(0)).await.unwrap(), Redeemed::Enrolled);
}

async fn a_denied_node_stays_out_until_it_is_forgotten(store: &SharedStore) {
    assert!(!store.deny(&node("a"), at(1)).await.unwrap(), "no such node");
    assert!(!store.forget(&node("a")).await.unwrap(), "no such node");
    enrol(store, "first", 1).await;
    assert!(store.deny(&node("a"), at(1)).await.unwrap());
    assert!(store.deny(&node("a"), at(9)).await.unwrap());
    assert_eq!(store.enrolled(&node("a")).await.unwrap().unwrap().denied_at, Some(at(1)), "the first time counts");
    let token = Digest::of(b"first");
    assert_eq!(store.redeem_token(token, &node("a"), &key(1), at(2)).await.unwrap(), Redeemed::Denied);
    assert!(store.forget(&node("a")).await.unwrap());
    assert!(!store.forget(&node("a")).await.unwrap(), "forgotten already");
    assert_eq!(store.enrolled(&node("a")).await.unwrap(), None);
    assert_eq!(store.all_enrolled().await.unwrap(), []);
    let reused = store.redeem_token(token, &node("a"), &key(1), at(2)).await.unwrap();
    assert_eq!(reused, Redeemed::Used, "a forgotten node needs a new token");
    enrol(store, "second", 2).await;
    assert_eq!(store.enrolled(&node("a")).await.unwrap().unwrap().denied_at, None);
}

async fn a_new_key_starts_its_own_sequence(store: &SharedStore) {
    enrol(store, "first", 1).await;
    put(store, report("a", 1, "old one")).await;
    put(store, report("a", 9, "old nine")).await;
    store.forget(&node("a")).await.unwrap();
    enrol(store, "second", 1).await;
    assert_eq!(put(store, report("a", 9, "old nine")).await, Put::Duplicate, "the same key goes on counting");
    store.forget(&node("a")).await.unwrap();
    enrol(store, "third", 2).await;
    assert_eq!(put(store, heartbeat("a", 1, "old nine")).await, Put::UnknownReport, "said with another key");
    assert_eq!(put(store, report("a", 1, "new one")).await, Put::Stored);
    let latest = store.latest_of(&node("a")).await.unwrap().unwrap();
    assert_eq!((latest.sequence, latest.report_digest, latest.statements), (1, Digest::of(b"new one"), 3));
    assert_eq!(store.sequences(&node("a")).await.unwrap(), [1]);
}

fn issued(id: &str, subject: &str) -> Issued {
    Issued {
        id: id.to_owned(),
        class: "gx:Region".to_owned(),
        subject: subject.to_owned(),
        content: Digest::of(id.as_bytes()),
        origin: Origin::Simulated,
        valid_from: at(0),
        valid_until: at(600),
        jwt: format!("jwt of {id}"),
        forms: [(Target::Loire, format!("loire of {id}"))].into(),
    }
}

async fn a_credential_replaces_the_one_before(store: &SharedStore) {
    let (first, other, second) = (issued("1", "s"), issued("2", "a"), issued("3", "s"));
    store.put_credentials(vec![first.clone(), other.clone()]).await.unwrap();
    assert_eq!(store.credentials().await.unwrap(), [other.clone(), first.clone()], "sorted by subject");
    store.put_credentials(vec![second.clone()]).await.unwrap();
    assert_eq!(store.credentials().await.unwrap(), [other.clone(), second.clone()]);
    assert_eq!(store.credential("1").await.unwrap(), Some(first), "in history");
    assert_eq!(store.credential("4").await.unwrap(), None);
    store.retire_credentials(vec!["2".to_owned(), "unknown".to_owned()]).await.unwrap();
    assert_eq!(store.credentials().await.unwrap(), [second]);
    assert_eq!(store.credential("2").await.unwrap(), Some(other));
}

async fn an_id_is_never_given_twice(store: &SharedStore) {
    store.put_credentials(vec![issued("1", "s")]).await.unwrap();
    store.put_credentials(vec![issued("1", "s")]).await.unwrap();
    let other = Issued { jwt: "another".to_owned(), ..issued("1", "s") };
    let refused = store.put_credentials(vec![issued("2", "s"), other]).await;
    assert!(matches!(refused, Err(StoreError::Taken(id)) if id == "1"));
    assert_eq!(store.credentials().await.unwrap(), [issued("1", "s")]);
    assert!(*store.open().borrow(), "a refusal is no failure");
}

async fn a_document_replaces_the_one_before(store: &SharedStore) {
    assert_eq!(store.document(Document::Audit).await.unwrap(), None);
    store.put_document(Document::Audit, b"first".to_vec()).await.unwrap();
    store.put_document(Document::Audit, b"second".to_vec()).await.unwrap();
    assert_eq!(store.document(Document::Audit).await.unwrap(), Some(b"second".to_vec()));
    assert_eq!(store.document(Document::Declaration).await.unwrap(), None);
}

async fn what_was_acknowledged_is_there_after_opening_again(place: &impl Place) {
    let store = place.open("again").await;
    enrol(&store, "first", 1).await;
    put(&store, report("a", 1, "one")).await;
    put(&store, heartbeat("a", 2, "one")).await;
    store.put_credentials(vec![issued("1", "s")]).await.unwrap();
    store.put_document(Document::Declaration, b"signed".to_vec()).await.unwrap();
    let before = (store.latest().await.unwrap(), store.all_enrolled().await.unwrap());
    drop(store);
    let store = place.open("again").await;
    assert_eq!((store.latest().await.unwrap(), store.all_enrolled().await.unwrap()), before);
    assert_eq!(store.credentials().await.unwrap(), [issued("1", "s")]);
    assert_eq!(store.document(Document::Declaration).await.unwrap(), Some(b"signed".to_vec()));
    assert_eq!(put(&store, heartbeat("a", 2, "one")).await, Put::Duplicate);
    assert_eq!(put(&store, heartbeat("a", 3, "one")).await, Put::Stored);
}

/// Failed but persisted: the caller never learns that its statement was committed, and sends it again.
async fn a_lost_answer_does_not_make_a_statement_count_twice(place: &impl Place) {
    let store = place.open("lost").await;
    let mut answer = store.put_statements(vec![report("a", 1, "one")]);
    // Polled once, so that it is on its way, and then dropped with whatever it would have said.
    std::future::poll_fn(|context| std::task::Poll::Ready(answer.as_mut().poll(context).is_ready())).await;
    drop(answer);
    while store.latest().await.unwrap().is_empty() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(put(&store, report("a", 1, "one")).await, Put::Duplicate);
    drop(store);
    let store = place.open("lost").await;
    assert_eq!(put(&store, report("a", 1, "one")).await, Put::Duplicate);
    assert_eq!(store.latest().await.unwrap()[0].statements, 1);
}

async fn concurrent_writers_are_each_answered(store: &SharedStore) {
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..20 {
        let store = SharedStore::clone(store);
        writers.spawn(async move {
            let name = format!("n{writer}");
            for sequence in 1..=20 {
                assert_eq!(put(&store, report(&name, sequence, &format!("{writer} {sequence}"))).await, Put::Stored);
            }
        });
    }
    writers.join_all().await;
    let latest = store.latest().await.unwrap();
    assert_eq!(latest.len(), 20);
    assert!(latest.iter().all(|latest| latest.statements == 20 && latest.sequence == 20));
}
