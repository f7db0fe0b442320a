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
use descriptors::status_list::{self, Purpose};
use descriptors::target::Target;
use descriptors::timestamp::Timestamp;
use descriptors::tpm::attestation::MakerWord;

use super::{
    Binding, Change, Changed, Document, Issued, ListState, PublishedList, Put, Redeemed, Refused, SharedStore,
    Statement, StatementKind, StatusChange, StoreError, Taken, Withdrawn,
};

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
    a_binding_replaces_the_one_before_and_remembers_another_chip(&place.open("chips").await).await;
    a_credential_replaces_the_one_before(&place.open("credentials").await).await;
    an_id_is_never_given_twice(&place.open("ids").await).await;
    a_place_is_given_once(place).await;
    what_is_replaced_or_retired_is_revoked(&place.open("revoked").await).await;
    an_operator_withdraws_and_reinstates(&place.open("withdrawn").await).await;
    a_list_is_published_while_it_is_needed(&place.open("lists").await).await;
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
        place: None,
        revoked_at: None,
        suspended_at: None,
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
    store.retire_credentials(vec!["2".to_owned(), "unknown".to_owned()], at(9)).await.unwrap();
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

async fn a_place_is_given_once(place: &impl Place) {
    let (seed, other) = (Digest::of(b"seed"), Digest::of(b"other"));
    let store = place.open("places").await;
    assert_eq!(store.take_places(3, seed).await.unwrap(), Taken { first: 0, seed });
    assert_eq!(store.take_places(0, other).await.unwrap(), Taken { first: 3, seed }, "the first seed stays");
    assert_eq!(store.take_places(200_000, seed).await.unwrap().first, 3);
    drop(store);
    let store = place.open("places").await;
    assert_eq!(store.take_places(1, other).await.unwrap(), Taken { first: 200_003, seed });
}

/// A credential with a place in the list `list`.
fn placed(id: &str, subject: &str, list: u64, index: usize) -> Issued {
    Issued { place: Some(status_list::Place { list, index }), ..issued(id, subject) }
}

async fn what_is_replaced_or_retired_is_revoked(store: &SharedStore) {
    let withdrawn = async |list| store.withdrawn(list).await.unwrap();
    let none = Withdrawn { revision: 0, revoked: Vec::new(), suspended: Vec::new() };
    store.put_credentials(vec![placed("1", "s", 1, 70), placed("2", "t", 1, 5), issued("3", "u")]).await.unwrap();
    assert_eq!(withdrawn(1).await, none);
    store.put_credentials(vec![placed("1", "s", 1, 70)]).await.unwrap();
    assert_eq!(withdrawn(1).await, none, "the same again withdraws nothing");
    let second = Issued { valid_from: at(50), ..placed("4", "s", 2, 9) };
    store.put_credentials(vec![second.clone(), Issued { valid_from: at(50), ..placed("5", "u", 2, 8) }]).await.unwrap();
    assert_eq!(withdrawn(1).await, Withdrawn { revision: 1, revoked: vec![70], ..none.clone() });
    let first = store.credential("1").await.unwrap().unwrap();
    assert_eq!(first.revoked_at, Some(at(50)));
    assert_eq!(Issued { revoked_at: None, ..first }, placed("1", "s", 1, 70), "nothing else changed");
    assert_eq!(
        store.credential("3").await.unwrap(),
        Some(issued("3", "u")),
        "without a place nobody would learn of it"
    );
    store.retire_credentials(vec!["2".to_owned(), "4".to_owned()], at(60)).await.unwrap();
    store.retire_credentials(vec!["2".to_owned()], at(70)).await.unwrap();
    assert_eq!(withdrawn(1).await.revoked, [5, 70]);
    assert_eq!(withdrawn(2).await.revoked, [9]);
    assert_eq!(store.credential("2").await.unwrap().unwrap().revoked_at, Some(at(60)), "the first time counts");
    assert_eq!(withdrawn(3).await, none, "no such list");
}

async fn an_operator_withdraws_and_reinstates(store: &SharedStore) {
    store.put_credentials(vec![placed("1", "s", 1, 3), placed("2", "t", 1, 4), issued("3", "u")]).await.unwrap();
    let change = async |id: &str, change, seconds| {
        let (credential, reason) = (id.to_owned(), format!("because of {seconds}"));
        store.change_status(StatusChange { credential, change, at: at(seconds), reason }).await.unwrap()
    };
    let bits = async || {
        let withdrawn = store.withdrawn(1).await.unwrap();
        (withdrawn.revision, withdrawn.revoked, withdrawn.suspended)
    };
    assert_eq!(change("9", Change::Revoke, 1).await, Changed::Unknown);
    assert_eq!(change("3", Change::Revoke, 1).await, Changed::NoPlace);
    assert_eq!(change("1", Change::Reinstate, 1).await, Changed::AsBefore);
    assert_eq!(change("1", Change::Suspend, 2).await, Changed::Done);
    assert_eq!(change("1", Change::Suspend, 3).await, Changed::AsBefore);
    assert_eq!(bits().await, (1, vec![], vec![3]));
    assert_eq!(store.credential("1").await.unwrap().unwrap().suspended_at, Some(at(2)));
    assert_eq!(change("1", Change::Reinstate, 4).await, Changed::Done);
    assert_eq!(bits().await, (2, vec![], vec![]));
    assert_eq!(change("1", Change::Revoke, 5).await, Changed::Done);
    for (again, expect) in [
        (Change::Revoke, Changed::AsBefore),
        (Change::Suspend, Changed::Revoked),
        (Change::Reinstate, Changed::Revoked),
    ] {
        assert_eq!(change("1", again, 6).await, expect);
    }
    assert_eq!(bits().await, (3, vec![3], vec![]));
    assert!(store.credentials().await.unwrap().iter().any(|issued| issued.id == "1"), "it stays the current one");
    assert_eq!(change("1", Change::Replace, 7).await, Changed::Done, "it was current still");
    assert_eq!(change("1", Change::Replace, 8).await, Changed::AsBefore);
    assert!(store.credentials().await.unwrap().iter().all(|issued| issued.id != "1"));
    assert_eq!(store.credential("1").await.unwrap().unwrap().revoked_at, Some(at(5)));
    let changes = store.status_changes("1").await.unwrap();
    let noted: Vec<(Change, Timestamp)> = changes.iter().map(|one| (one.change, one.at)).collect();
    let expect = [(Change::Suspend, 2), (Change::Reinstate, 4), (Change::Revoke, 5), (Change::Replace, 7)];
    assert_eq!(noted, expect.map(|(change, seconds)| (change, at(seconds))), "only what was done");
    assert_eq!((changes[0].credential.as_str(), changes[0].reason.as_str()), ("1", "because of 2"));
    assert_eq!(store.status_changes("2").await.unwrap(), []);
}

async fn a_list_is_published_while_it_is_needed(store: &SharedStore) {
    let published = |purpose, revision, seconds| PublishedList {
        purpose,
        list: 1,
        revision,
        valid_from: at(seconds),
        valid_until: at(seconds + 10),
        jwt: format!("list {revision}"),
        forms: [(Target::W3cJcs, "{}".to_owned())].into(),
    };
    assert_eq!(store.status_lists(at(0)).await.unwrap(), []);
    let longer = Issued { valid_until: at(900), ..placed("2", "t", 1, 2) };
    store.put_credentials(vec![placed("1", "s", 1, 1), longer, placed("3", "u", 2, 1)]).await.unwrap();
    let bare = |list| ListState { list, revision: 0, published: Vec::new() };
    assert_eq!(store.status_lists(at(600)).await.unwrap(), [bare(1), bare(2)]);
    assert_eq!(store.status_lists(at(601)).await.unwrap(), [bare(1)], "as long as the last credential in it");
    assert_eq!(store.status_lists(at(901)).await.unwrap(), []);
    let get = async |purpose, list| store.status_list(purpose, list).await.unwrap();
    assert_eq!(get(Purpose::Revocation, 1).await, None);
    for purpose in [Purpose::Suspension, Purpose::Revocation] {
        store.put_status_list(published(purpose, 3, 1)).await.unwrap();
    }
    assert_eq!(get(Purpose::Revocation, 1).await, Some(published(Purpose::Revocation, 3, 1)));
    assert_eq!((get(Purpose::Revocation, 2).await, get(Purpose::Revocation, u64::MAX).await), (None, None));
    store.put_status_list(published(Purpose::Revocation, 2, 5)).await.unwrap();
    assert_eq!(get(Purpose::Revocation, 1).await, Some(published(Purpose::Revocation, 3, 1)), "never an older one");
    store.put_status_list(published(Purpose::Revocation, 3, 9)).await.unwrap();
    let both = vec![published(Purpose::Revocation, 3, 9), published(Purpose::Suspension, 3, 1)];
    assert_eq!(store.status_lists(at(700)).await.unwrap(), [ListState { published: both, ..bare(1) }]);
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

fn binding(name: &str, chip: &[u8], seconds: i64) -> Binding {
    Binding {
        node: node(name),
        report_key: key(1),
        endorsement_key: Digest::of(chip),
        earlier_key: None,
        activated_at: at(seconds),
        valid_until: at(seconds + 60),
        maker: MakerWord::Unknown("\"nobody\"".to_owned()),
        envelope: vec![0, 255],
    }
}

async fn a_binding_replaces_the_one_before_and_remembers_another_chip(store: &SharedStore) {
    enrol(store, "first", 1).await;
    let refused = Refused { report_key: key(1), at: at(1), reason: "because".to_owned() };
    store.put_refusal(&node("b"), refused.clone()).await.unwrap();
    store.put_refusal(&node("a"), refused.clone()).await.unwrap();
    store.put_binding(binding("b", b"one", 2)).await.unwrap();
    store.put_binding(binding("a", b"one", 2)).await.unwrap();
    assert_eq!(store.bindings().await.unwrap(), [binding("a", b"one", 2), binding("b", b"one", 2)]);
    assert_eq!(store.refusals().await.unwrap(), [], "who is bound is refused no more");
    store.put_refusal(&node("b"), refused.clone()).await.unwrap();
    assert_eq!(store.bindings().await.unwrap().len(), 2, "a refusal takes nothing away");
    assert_eq!(store.refusals().await.unwrap(), [(node("b"), refused)]);
    let rows = [
        (b"one", None, false),
        (b"two", Some(b"one"), true),
        (b"two", Some(b"one"), false),
        (b"one", Some(b"two"), true),
    ];
    for (chip, earlier, says_more) in rows {
        assert_eq!(store.put_binding(binding("b", chip, 3)).await.unwrap(), says_more);
        let earlier_key = earlier.map(|chip: &[u8; 3]| Digest::of(chip));
        let expected = Binding { earlier_key, ..binding("b", chip, 3) };
        assert_eq!(store.bindings().await.unwrap()[1], expected);
    }
    assert!(store.put_binding(binding("b", b"one", 64)).await.unwrap(), "the one before had ended");
    assert!(store.forget(&node("a")).await.unwrap());
    let left: Vec<NodeId> = store.bindings().await.unwrap().into_iter().map(|binding| binding.node).collect();
    assert_eq!(left, [node("b")], "who is forgotten is bound no more");
}
