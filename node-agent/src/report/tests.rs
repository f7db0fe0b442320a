use descriptors::fact::AbsenceReason;
use descriptors::proof::SoftwareKey;

use super::*;
use crate::spool::Spool;

const HOUR: Duration = Duration::from_secs(3600);

struct Node {
    outbox: Outbox,
    reporter: Reporter,
    _directory: tempfile::TempDir,
}

fn node() -> Node {
    let directory = tempfile::tempdir().unwrap();
    let outbox = Outbox::new(Spool::open(directory.path(), 1 << 20).unwrap());
    let signer = Arc::new(SoftwareKey::from_seed(&[7; 32]));
    let reporter = Reporter::new(NodeId::new("kvm-a").unwrap(), Origin::Simulated, signer, HOUR);
    Node { outbox, reporter, _directory: directory }
}

fn gathered(detail: &str) -> Gathered {
    let absent = Reading::absent(AbsenceReason::NotPresent, detail);
    (BTreeMap::from([(SourceName::new("dmi").unwrap(), absent)]), Reading::Present("boot-1".to_owned()))
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix(1_800_000_000 + seconds).unwrap()
}

impl Node {
    /// Whether a full report was queued.
    fn says(&mut self, seconds: i64, detail: &str) -> bool {
        self.reporter.report(&self.outbox, at(seconds), gathered(detail)).unwrap().full
    }

    fn payload(&self, sequence: u64, kind: &'static str) -> Vec<u8> {
        let (_, bytes) = self.outbox.next_except(|other| other != sequence).unwrap();
        let key = SoftwareKey::from_seed(&[7; 32]).public_key();
        Envelope::parse(&bytes).unwrap().verify(kind, &key).unwrap().to_vec()
    }
}

#[test]
fn unchanged_facts_give_a_heartbeat_that_names_the_report() {
    let mut node = node();
    assert!(node.says(0, "x"));
    assert!(!node.says(60, "x"));
    let payload = node.payload(1, REPORT_TYPE);
    let report: Report = canonical::from_slice(&payload).unwrap();
    assert_eq!((report.sequence, report.taken_at, report.origin), (1, at(0), Origin::Simulated));
    let heartbeat: Heartbeat = canonical::from_slice(&node.payload(2, HEARTBEAT_TYPE)).unwrap();
    assert_eq!((heartbeat.sequence, heartbeat.holds), (2, Digest::of(&payload)));
}

#[test]
fn a_change_an_hour_or_a_clock_that_went_back_gives_a_full_report() {
    let mut node = node();
    assert!(node.says(0, "x"));
    assert!(!node.says(3599, "x"));
    assert!(node.says(3600, "x"), "the anchor is due");
    assert!(!node.says(3601, "x"));
    assert!(node.says(3602, "y"), "a fact changed");
    assert!(node.says(3603, "x"), "and changed back");
    assert!(node.says(10, "x"), "the clock went back");
    assert!(!node.says(11, "x"));
}

#[test]
fn a_heartbeat_about_an_unknown_report_brings_one_full_report() {
    let mut node = node();
    assert!(node.says(0, "x"));
    assert!(!node.says(1, "x"));
    assert!(!node.says(2, "x"));
    node.outbox.want_report(2);
    assert!(node.says(3, "x"));
    // The answer to a heartbeat from before that report changes nothing.
    node.outbox.want_report(3);
    assert!(!node.says(4, "x"));
    assert_eq!(node.outbox.waiting(), 3);
}

#[test]
fn a_report_that_was_not_queued_is_never_named() {
    let directory = tempfile::tempdir().unwrap();
    let mut node = node();
    node.outbox = Outbox::new(Spool::open(directory.path(), 8192).unwrap());
    let large = "x".repeat(20_000);
    let error = node.reporter.report(&node.outbox, at(0), gathered(&large)).unwrap_err();
    assert!(matches!(error, ReportError::Spool(SpoolError::TooLarge { .. })), "{error}");
    assert!(node.says(1, "x"));
    let error = node.reporter.report(&node.outbox, at(2), gathered(&large)).unwrap_err();
    assert!(matches!(error, ReportError::Spool(SpoolError::TooLarge { .. })), "{error}");
    assert!(!node.says(3, "x"), "the report before the failure still holds");
}
