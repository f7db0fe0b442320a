//! What is taken, what is refused, and what a resend does.

use collector::clock;
use descriptors::canonical;
use descriptors::report::{ENVELOPE_BYTES_MAX, REPORT_TYPE, Report};
use proto::convert::Outcome;
use serde_json::json;
use tonic::Code;

use crate::harness::{Node, name, plane};

#[tokio::test]
async fn a_node_enrols_reports_and_is_acknowledged() {
    let plane = plane().await;
    let mut changes = plane.running.changes.clone();
    let node = plane.node("kvm-01").await;
    let report = node.sign(&node.report(1));
    let mut stream = plane.stream(Some(&node), report.clone()).await.unwrap();
    assert_eq!(stream.answer().await.unwrap().outcome, Outcome::Stored);
    assert!(changes.has_changed().unwrap(), "whoever audits is told");
    changes.mark_unchanged();
    let heartbeat = node.heartbeat(2, &report);
    stream.send(heartbeat.clone()).await;
    assert_eq!(stream.answer().await.unwrap().outcome, Outcome::Stored);
    assert!(!changes.has_changed().unwrap(), "a heartbeat changes nothing");
    let latest = plane.running.store.latest_of(&node.name).await.unwrap().unwrap();
    assert_eq!((latest.report, latest.heartbeat), (report, Some(heartbeat)));
}

#[tokio::test]
async fn whoever_audits_is_told_of_a_node_that_comes_back() {
    let plane = plane().await;
    let mut changes = plane.running.changes.clone();
    let node = plane.node("kvm-01").await;
    let report = node.sign(&node.report(1));
    assert_eq!(plane.submit(&node, report.clone()).await, Outcome::Stored);
    changes.mark_unchanged();
    // A new stream: the node may have been stale until this heartbeat.
    assert_eq!(plane.submit(&node, node.heartbeat(2, &report)).await, Outcome::Stored);
    assert!(changes.has_changed().unwrap());
}

#[tokio::test]
async fn a_replay_counts_once() {
    let plane = plane().await;
    let node = plane.node("kvm-01").await;
    let report = node.sign(&node.report(1));
    assert_eq!(plane.submit(&node, report.clone()).await, Outcome::Stored);
    for _ in 0..3 {
        assert_eq!(plane.submit(&node, report.clone()).await, Outcome::Duplicate);
    }
    assert_eq!(plane.statements(&node).await, 1);
    assert_eq!((plane.running.counts.of("stored", ""), plane.running.counts.of("duplicate", "")), (1, 3));
}

#[tokio::test]
async fn a_bad_statement_is_refused_by_name_and_the_stream_goes_on() {
    let plane = plane().await;
    let node = plane.node("kvm-01").await;
    let good = node.sign(&node.report(1));
    let mut stream = plane.stream(Some(&node), good).await.unwrap();
    assert_eq!(stream.answer().await.unwrap().outcome, Outcome::Stored);
    let changed = |change: &dyn Fn(&mut Report)| {
        let mut report = node.report(2);
        change(&mut report);
        node.sign(&report)
    };
    let other = Node::new("kvm-01", 2);
    let oversize = {
        let report = json!({"padding": "x".repeat(ENVELOPE_BYTES_MAX * 3 / 4)});
        node.sign_bytes(REPORT_TYPE, canonical::to_vec(&report).unwrap())
    };
    let unsigned = {
        let text = String::from_utf8(node.sign(&node.report(2))).unwrap();
        let at = text.find("\"sig\":\"").unwrap();
        format!("{}\"sig\":\"\"}}]}}", &text[..at]).into_bytes()
    };
    let cases: [(&str, Vec<u8>); 10] = [
        ("node", changed(&|report| report.node = name("kvm-02"))),
        ("stale", changed(&|report| report.taken_at = clock::now().plus_seconds(-8 * 86_400))),
        ("future", changed(&|report| report.taken_at = clock::now().plus_seconds(3600))),
        ("sequence", changed(&|report| report.sequence = 0)),
        ("contradiction", changed(&|report| (report.sequence, report.agent_version) = (1, "2".to_owned()))),
        ("oversize", oversize),
        ("malformed", b"not an envelope".to_vec()),
        ("signature", other.sign(&other.report(2))),
        ("signature", unsigned),
        ("type", node.sign_bytes("text/plain", b"{}".to_vec())),
    ];
    for (reason, envelope) in cases {
        let before = plane.running.counts.of("refused", reason);
        stream.send(envelope).await;
        let outcome = stream.answer().await.unwrap().outcome;
        assert!(matches!(outcome, Outcome::Refused(_)), "{reason}: {outcome:?}");
        assert_eq!(plane.running.counts.of("refused", reason), before + 1, "{reason}: {outcome:?}");
    }
    assert_eq!(plane.statements(&node).await, 1);
    stream.send(node.sign(&node.report(2))).await;
    assert_eq!(stream.answer().await.unwrap().outcome, Outcome::Stored);
}

#[tokio::test]
async fn what_the_collector_does_not_know_is_kept_byte_for_byte() {
    let plane = plane().await;
    let node = plane.node("kvm-01").await;
    let mut value = serde_json::to_value(node.report(1)).unwrap();
    value["of_a_later_version"] = json!({"nested": [1, 2.5, "\u{1f600}"]});
    let envelope = node.sign_bytes(REPORT_TYPE, canonical::to_vec(&value).unwrap());
    assert_eq!(plane.submit(&node, envelope.clone()).await, Outcome::Stored);
    assert_eq!(plane.running.store.latest_of(&node.name).await.unwrap().unwrap().report, envelope);
}

#[tokio::test]
async fn a_heartbeat_for_an_unknown_report_asks_for_it() {
    let plane = plane().await;
    let node = plane.node("kvm-01").await;
    let lost = node.sign(&node.report(1));
    assert_eq!(plane.submit(&node, node.heartbeat(2, &lost)).await, Outcome::ReportWanted);
    assert_eq!(plane.statements(&node).await, 0);
    assert_eq!(plane.submit(&node, lost.clone()).await, Outcome::Stored);
    assert_eq!(plane.submit(&node, node.heartbeat(2, &lost)).await, Outcome::Stored, "its number was not used up");
}

#[tokio::test]
async fn a_message_too_large_to_be_read_ends_the_stream_but_not_what_came_before() {
    let plane = plane().await;
    let node = plane.node("kvm-01").await;
    let mut stream = plane.stream(Some(&node), node.sign(&node.report(1))).await.unwrap();
    stream.send(vec![b'x'; ENVELOPE_BYTES_MAX * 2]).await;
    assert_eq!(stream.answer().await.unwrap().outcome, Outcome::Stored);
    assert_eq!(stream.answer().await.unwrap_err().code(), Code::OutOfRange);
}

#[tokio::test]
async fn a_window_of_statements_is_answered_one_by_one() {
    let plane = plane().await;
    let node = plane.node("kvm-01").await;
    let mut stream = plane.stream(Some(&node), node.sign(&node.report(1))).await.unwrap();
    for sequence in 2..=200 {
        stream.send(node.sign(&node.report(sequence))).await;
    }
    for _ in 1..=200 {
        assert_eq!(stream.answer().await.unwrap().outcome, Outcome::Stored);
    }
    let sequences = plane.running.store.sequences(&node.name).await.unwrap();
    assert_eq!(sequences, (1..=200).collect::<Vec<u64>>());
}
