//! The agent's side of the wire, against a collector that fails on demand.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test: also in its helpers, which clippy.toml does not cover"
)]

#[path = "double/collector.rs"]
mod collector;

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use collector::{Collector, Fault};
use descriptors::canonical;
use descriptors::digest::Digest;
use descriptors::fact::{AbsenceReason, Reading};
use descriptors::id::SourceName;
use descriptors::proof::SoftwareKey;
use descriptors::proof::dsse::Envelope;
use descriptors::report::{Heartbeat, Origin, REPORT_TYPE, Report};
use node_agent::enrol::{EnrolError, Files, Identity, Membership, enrol};
use node_agent::report::{Gathered, Link, Outbox, SubmitSettings, Submitter};
use node_agent::retry::Waits;
use node_agent::run::{Settings, run_until};
use node_agent::spool::Spool;
use proto::convert::Outcome;
use proto::token::JoinToken;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tonic::Status;

const WAITS: Waits = Waits { first: Duration::from_millis(5), longest: Duration::from_millis(50) };
const SOON: Duration = Duration::from_secs(10);

fn key() -> SoftwareKey {
    SoftwareKey::from_seed(&[7; 32])
}

fn settings() -> SubmitSettings {
    SubmitSettings { window: 4, waits: WAITS, answer_within: Duration::from_millis(500) }
}

/// A node whose statements are short texts: the double does not look into them.
struct Node {
    outbox: Arc<Outbox>,
    identity: watch::Sender<Arc<Identity>>,
    submitter: JoinHandle<Infallible>,
    directory: tempfile::TempDir,
}

impl Node {
    async fn start(collector: &Collector) -> Self {
        let identity = enrol(collector.token("kvm-a", 1), &key()).await.unwrap();
        let directory = tempfile::tempdir().unwrap();
        let outbox = Arc::new(Outbox::new(Spool::open(directory.path(), 16 << 20).unwrap()));
        let (identity, watched) = watch::channel(Arc::new(identity));
        let submitter = Submitter::new(Arc::clone(&outbox), watched, settings());
        let submitter = tokio::spawn(submitter.run());
        Self { outbox, identity, submitter, directory }
    }

    fn says(&self, count: usize) -> Vec<Vec<u8>> {
        let say = |_| {
            let sequence = self.outbox.reserve().unwrap();
            let envelope = format!("statement {sequence}").into_bytes();
            self.outbox.push(sequence, &envelope).unwrap();
            envelope
        };
        (0..count).map(say).collect()
    }

    async fn drains(&self) {
        timeout(SOON, self.outbox.drained()).await.expect("the spool does not drain");
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.submitter.abort();
    }
}

#[tokio::test]
async fn every_statement_arrives_once_and_in_order() {
    let collector = Collector::start();
    let node = Node::start(&collector).await;
    let said = node.says(40);
    node.drains().await;
    assert_eq!(collector.stored(), said);
    collector.seen(|seen| {
        assert!(seen.received.values().all(|times| *times == 1));
        assert_eq!(seen.streams, 1);
    });
}

#[tokio::test]
async fn a_stream_that_breaks_loses_nothing() {
    let collector = Collector::start();
    let well = || Fault::StoreAndSaySo(Outcome::Stored);
    collector.plan([well(), well(), Fault::Drop, Fault::StoreAndDrop, well(), well(), well(), Fault::Drop]);
    let node = Node::start(&collector).await;
    let said = node.says(20);
    node.drains().await;
    assert_eq!(collector.stored(), said);
    collector.seen(|seen| {
        assert_eq!(seen.streams, 4);
        // Sent again only what was not answered; at most a window of it each time.
        let sent: usize = seen.received.values().sum();
        assert!(sent <= 20 + 3 * 4, "{sent}");
    });
}

#[tokio::test]
async fn a_collector_that_comes_back_gets_what_waited() {
    let mut collector = Collector::start();
    let node = Node::start(&collector).await;
    let mut said = node.says(5);
    node.drains().await;
    collector.stop();
    said.extend(node.says(30));
    sleep(Duration::from_millis(200)).await;
    assert_eq!(node.outbox.waiting(), 30);
    collector.restart();
    node.drains().await;
    assert_eq!(collector.stored(), said);
    collector.seen(|seen| assert!(seen.received.values().all(|times| *times == 1), "sent after it was acknowledged"));
}

#[tokio::test]
async fn an_agent_that_is_killed_sends_the_rest_after_its_restart() {
    let mut collector = Collector::start();
    let node = Node::start(&collector).await;
    collector.stop();
    let mut said = node.says(7);
    let Node { directory, .. } = &node;
    let path = directory.path().to_owned();
    node.submitter.abort();
    // The lock is held as long as the aborted task holds the outbox.
    let identity = node.identity.subscribe();
    let directory = copy(&path);
    collector.restart();
    let outbox = Arc::new(Outbox::new(Spool::open(directory.path(), 1 << 20).unwrap()));
    let submitter = Submitter::new(Arc::clone(&outbox), identity, settings());
    let submitter = tokio::spawn(submitter.run());
    let sequence = outbox.reserve().unwrap();
    assert_eq!(sequence, 8);
    outbox.push(sequence, b"statement 8").unwrap();
    said.push(b"statement 8".to_vec());
    timeout(SOON, outbox.drained()).await.unwrap();
    assert_eq!(collector.stored(), said);
    submitter.abort();
}

/// What a killed process leaves: the files, without its locks.
fn copy(from: &Path) -> tempfile::TempDir {
    let to = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_file() {
            std::fs::copy(entry.path(), to.path().join(entry.file_name())).unwrap();
        }
    }
    to
}

#[tokio::test]
async fn a_refused_statement_does_not_hold_up_the_others() {
    let collector = Collector::start();
    collector.plan([Fault::Answer(Outcome::Refused("no such key".to_owned()))]);
    let node = Node::start(&collector).await;
    let said = node.says(5);
    node.drains().await;
    assert_eq!(collector.stored(), said[1..]);
    assert_eq!(node.outbox.losses().refused, 1);
    let reason = node.directory.path().join("refused").join(format!("{:020}.reason", 1));
    assert_eq!(std::fs::read_to_string(reason).unwrap(), "no such key");
    collector.seen(|seen| assert_eq!(seen.received[&Digest::of(&said[0])], 1));
}

#[tokio::test]
async fn a_statement_to_be_sent_later_is_sent_later_on_the_same_stream() {
    let collector = Collector::start();
    let retry = || Fault::Answer(Outcome::Retry("the disk is full".to_owned()));
    collector.plan([retry(), retry(), retry()]);
    let node = Node::start(&collector).await;
    let mut said = node.says(6);
    node.drains().await;
    let mut stored = collector.stored();
    stored.sort();
    said.sort();
    assert_eq!(stored, said);
    collector.seen(|seen| assert_eq!((seen.streams, seen.received.values().sum()), (1, 6 + 3)));
}

#[tokio::test]
async fn a_collector_that_falls_silent_is_given_up() {
    let collector = Collector::start();
    collector.plan([Fault::StoreAndSaySo(Outcome::Stored), Fault::Mute]);
    let node = Node::start(&collector).await;
    let said = node.says(3);
    node.drains().await;
    assert_eq!(collector.stored().len(), said.len());
    collector.seen(|seen| {
        assert_eq!(seen.streams, 2);
        assert_eq!(seen.received[&Digest::of(&said[0])], 1);
        assert_eq!(seen.received[&Digest::of(&said[1])], 2);
    });
}

#[tokio::test]
async fn a_new_identity_replaces_the_stream_without_loss() {
    let collector = Collector::start();
    let node = Node::start(&collector).await;
    let mut said = node.says(3);
    node.drains().await;
    let old = Arc::clone(&node.identity.borrow());
    node.identity.send_replace(Arc::new(old.renew().await.unwrap()));
    // Whether these still go over the old stream is open; the next ones do not.
    said.extend(node.says(3));
    node.drains().await;
    sleep(Duration::from_millis(100)).await;
    said.extend(node.says(3));
    node.drains().await;
    assert_eq!(collector.stored(), said);
    collector.seen(|seen| {
        assert_eq!(seen.streams, 2);
        assert_ne!(seen.shown[0], seen.shown[1]);
        assert!(seen.received.values().all(|times| *times == 1));
    });
}

#[tokio::test]
async fn a_link_works_without_a_spool() {
    let collector = Collector::start();
    let identity = enrol(collector.token("kvm-a", 1), &key()).await.unwrap();
    let mut link = Link::open(&identity, 4, b"one".to_vec()).await.unwrap();
    link.send(b"two".to_vec()).await.unwrap();
    for envelope in [b"one", b"two"] {
        let answer = link.next().await.unwrap();
        assert_eq!((answer.envelope, answer.outcome), (Digest::of(envelope), Outcome::Stored));
    }
}

#[tokio::test]
async fn a_token_is_shown_to_nobody_but_its_collector() {
    let collector = Collector::start();
    let other = Collector::start();
    let token = JoinToken { authority: other.token("kvm-a", 1).authority, ..collector.token("kvm-a", 1) };
    assert!(matches!(enrol(token, &key()).await, Err(EnrolError::Connect(_))));
    let renamed = collector.token("kvm-a", 1);
    let renamed = JoinToken { address: renamed.address.replace("127.0.0.1", "localhost"), ..renamed };
    assert!(matches!(enrol(renamed, &key()).await, Err(EnrolError::Connect(_))), "the name is not in the certificate");
    collector.seen(|seen| assert!(seen.enrolments.is_empty()));
}

struct Member {
    directory: tempfile::TempDir,
}

impl Member {
    fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    fn files(&self) -> Files {
        let path = self.directory.path();
        Files { identity: path.join("identity.json"), token: path.join("join-token") }
    }

    fn put(&self, token: &JoinToken) {
        use std::os::unix::fs::PermissionsExt as _;
        let path = self.files().token;
        std::fs::write(&path, format!("{token}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }

    fn membership(&self) -> Membership {
        Membership::new(self.files(), Arc::new(key()), Duration::from_millis(20), WAITS)
    }

    /// Joins, and stays enrolled from then on.
    async fn join(&self) -> (watch::Receiver<Arc<Identity>>, JoinHandle<Infallible>) {
        let mut membership = self.membership();
        let identity = timeout(SOON, membership.join()).await.unwrap().unwrap();
        let (current, watched) = watch::channel(Arc::new(identity));
        (watched, tokio::spawn(membership.keep(current)))
    }
}

#[tokio::test]
async fn an_answer_lost_on_the_way_does_not_burn_the_token() {
    let collector = Collector::start();
    collector.seen(|seen| seen.enrolment_faults.extend([Status::unavailable("cut"), Status::internal("cut")]));
    let member = Member::new();
    member.put(&collector.token("kvm-a", 1));
    let (identity, keeper) = member.join().await;
    assert_eq!(identity.borrow().node.as_str(), "kvm-a");
    collector.seen(|seen| {
        assert_eq!(seen.enrolments.len(), 3);
        assert!(seen.enrolments.iter().all(|request| *request == seen.enrolments[0]), "it must be the same request");
    });
    // A used token is not used again, not even after a restart.
    keeper.abort();
    let (_, keeper) = member.join().await;
    sleep(Duration::from_millis(200)).await;
    collector.seen(|seen| assert_eq!(seen.enrolments.len(), 3));
    keeper.abort();
}

#[tokio::test]
async fn a_refused_token_is_tried_once_and_a_new_one_is_taken() {
    let collector = Collector::start();
    collector.seen(|seen| seen.enrolment_faults.push_back(Status::permission_denied("expired")));
    let member = Member::new();
    member.put(&collector.token("kvm-a", 1));
    let mut membership = member.membership();
    assert!(timeout(Duration::from_millis(300), membership.join()).await.is_err());
    collector.seen(|seen| assert_eq!(seen.enrolments.len(), 1));
    member.put(&collector.token("kvm-a", 2));
    assert!(timeout(SOON, membership.join()).await.unwrap().is_ok());
    collector.seen(|seen| assert_eq!(seen.enrolments.len(), 2));
}

#[tokio::test]
async fn a_certificate_is_renewed_in_its_life_though_renewal_fails_at_first() {
    let collector = Collector::start();
    collector.seen(|seen| {
        seen.life = Duration::from_secs(4);
        seen.renewal_faults.extend([Status::unavailable("busy"), Status::unavailable("busy")]);
    });
    let member = Member::new();
    member.put(&collector.token("kvm-a", 1));
    let (mut identity, keeper) = member.join().await;
    let first = Arc::clone(&identity.borrow_and_update());
    timeout(Duration::from_secs(4), identity.changed()).await.expect("not renewed in its life").unwrap();
    let second = Arc::clone(&identity.borrow_and_update());
    assert!(second.certificate != first.certificate && second.not_after() > first.not_after());
    assert_eq!(Identity::load(&member.files().identity).unwrap().as_ref(), Some(second.as_ref()));
    collector.seen(|seen| assert_eq!((seen.renewals, seen.enrolments.len()), (1, 1)));
    keeper.abort();
}

#[tokio::test]
async fn a_node_asleep_longer_than_its_certificate_joins_with_a_new_token_and_no_restart() {
    let collector = Collector::start();
    collector.seen(|seen| seen.life = Duration::from_secs(1));
    let member = Member::new();
    member.put(&collector.token("kvm-a", 1));
    let identity = timeout(SOON, member.membership().join()).await.unwrap().unwrap();
    sleep(Duration::from_millis(2100)).await;
    assert!(identity.connect().await.is_err() || identity.renew().await.is_err(), "the certificate should have ended");

    let (mut watched, keeper) = member.join().await;
    assert_eq!(watched.borrow_and_update().certificate, identity.certificate);
    collector.seen(|seen| seen.life = Duration::from_secs(3600));
    assert!(timeout(Duration::from_millis(200), watched.changed()).await.is_err());
    // A token for another node is not taken: its statements would wait in this node's spool.
    member.put(&collector.token("kvm-b", 2));
    assert!(timeout(Duration::from_millis(200), watched.changed()).await.is_err());
    member.put(&collector.token("kvm-a", 3));
    timeout(SOON, watched.changed()).await.unwrap().unwrap();
    collector.seen(|seen| assert_eq!((seen.renewals, seen.enrolments.len()), (0, 2)));
    keeper.abort();
}

/// The facts of a round: one absent source whose detail is the given text.
fn gathered(detail: &str) -> Gathered {
    let absent = Reading::absent(AbsenceReason::NotPresent, detail);
    (BTreeMap::from([(SourceName::new("dmi").unwrap(), absent)]), Reading::Present("boot-1".to_owned()))
}

fn agent(member: &Member, interval: Duration, detail: &'static str) -> (oneshot::Sender<()>, JoinHandle<()>) {
    let files = member.files();
    let settings = Settings {
        interval,
        origin: Origin::Simulated,
        check_every: Duration::from_millis(20),
        submit: settings(),
        ..Settings::new(member.directory.path().join("state"), files.token)
    };
    let (stop, stopped) = oneshot::channel();
    let agent = tokio::spawn(async move {
        run_until(settings, move || gathered(detail), async move { drop(stopped.await) }).await.unwrap();
    });
    (stop, agent)
}

/// Reports and heartbeats in the order in which they were stored: the number, and what a heartbeat names.
fn statements(collector: &Collector) -> Vec<(u64, Option<Digest>)> {
    let statement = |bytes: Vec<u8>| {
        let envelope = Envelope::parse(&bytes).unwrap();
        if envelope.payload_type == REPORT_TYPE {
            (canonical::from_slice::<Report>(&envelope.payload).unwrap().sequence, None)
        } else {
            let heartbeat: Heartbeat = canonical::from_slice(&envelope.payload).unwrap();
            (heartbeat.sequence, Some(heartbeat.holds))
        }
    };
    collector.stored().into_iter().map(statement).collect()
}

#[tokio::test]
async fn an_agent_joins_reports_beats_drains_and_goes_on_after_a_restart() {
    let collector = Collector::start();
    let member = Member::new();
    let (stop, agent_task) = agent(&member, Duration::from_millis(50), "x");
    sleep(Duration::from_millis(100)).await;
    member.put(&collector.token("kvm-a", 1));
    collector.until("four statements", |seen| seen.stored.len() >= 4).await;
    drop(stop);
    timeout(SOON, agent_task).await.unwrap().unwrap();

    let first = statements(&collector);
    assert!(first.iter().map(|(sequence, _)| *sequence).eq(1..=first.len() as u64), "{first:?}");
    assert_eq!(first[0].1, None, "the first is a full report");
    let report = Envelope::parse(&collector.stored()[0]).unwrap();
    assert!(first[1..].iter().all(|(_, holds)| *holds == Some(Digest::of(&report.payload))), "{first:?}");

    let (stop, agent_task) = agent(&member, Duration::from_millis(50), "x");
    collector.until("two more", |seen| seen.stored.len() >= first.len() + 2).await;
    drop(stop);
    timeout(SOON, agent_task).await.unwrap().unwrap();
    let all = statements(&collector);
    assert!(all.iter().map(|(sequence, _)| *sequence).eq(1..=all.len() as u64), "{all:?}");
    assert_eq!(all[first.len()].1, None, "after a restart comes a full report");
    collector.seen(|seen| assert_eq!(seen.enrolments.len(), 1));
}

#[tokio::test]
async fn a_collector_that_lost_a_report_gets_a_full_one_at_once() {
    let collector = Collector::start();
    let member = Member::new();
    member.put(&collector.token("kvm-a", 1));
    // The first statement is stored, the second, a heartbeat, is answered with the wish.
    collector.plan([Fault::StoreAndSaySo(Outcome::Stored), Fault::Answer(Outcome::ReportWanted)]);
    let (stop, agent_task) = agent(&member, Duration::from_millis(1500), "x");
    collector.until("the heartbeat", |seen| seen.received.len() >= 2).await;
    let asked = std::time::Instant::now();
    collector.until("the second report", |seen| seen.stored.len() >= 2).await;
    assert!(asked.elapsed() < Duration::from_millis(1000), "{:?}", asked.elapsed());
    assert_eq!(statements(&collector), [(1, None), (3, None)]);
    drop(stop);
    timeout(SOON, agent_task).await.unwrap().unwrap();
}

#[tokio::test]
async fn an_agent_stops_while_it_still_waits_for_a_token() {
    let member = Member::new();
    let (stop, agent_task) = agent(&member, Duration::from_millis(50), "x");
    sleep(Duration::from_millis(50)).await;
    drop(stop);
    timeout(SOON, agent_task).await.unwrap().unwrap();
}
