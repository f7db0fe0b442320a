//! Who becomes a node, who stays one, and who is nobody.

use std::time::Duration;

use collector::clock;
use proto::convert::Outcome;
use tonic::Code;

use crate::harness::{Node, Plane, name, plane};

async fn refused(plane: &Plane, request: proto::v1::EnrolRequest, code: Code, text: &str) {
    let status = plane.enrol(request).await.unwrap_err();
    assert!(status.code() == code && status.message().contains(text), "{status:?}");
}

#[tokio::test]
async fn a_token_admits_the_machine_it_was_made_for_once() {
    let plane = plane().await;
    let token = plane.token("kvm-01", 600).await;
    let (node, thief) = (Node::new("kvm-01", 1), Node::new("kvm-01", 2));
    let other = Node::new("kvm-02", 1);
    refused(&plane, other.enrolment(&token), Code::PermissionDenied, "no such join token for this node").await;
    plane.enrol(node.enrolment(&token)).await.unwrap();
    refused(&plane, thief.enrolment(&token), Code::PermissionDenied, "used before").await;
    let enrolled = plane.running.store.enrolled(&node.name).await.unwrap().unwrap();
    assert_eq!(enrolled.report_key, node.report_key());
}

#[tokio::test]
async fn a_lost_answer_does_not_burn_the_node() {
    let plane = plane().await;
    let token = plane.token("kvm-01", 600).await;
    let mut node = Node::new("kvm-01", 1);
    drop(plane.enrol(node.enrolment(&token)).await.unwrap());
    // It never saw the certificate, and asks again, with another TLS key even.
    node.tls_key = rcgen::KeyPair::generate().unwrap();
    node.certificate = plane.enrol(node.enrolment(&token)).await.unwrap().certificate;
    assert_eq!(plane.submit(&node, node.sign(&node.report(1))).await, Outcome::Stored);
}

#[tokio::test]
async fn a_token_that_is_over_guessed_or_replaced_admits_nobody() {
    let plane = plane().await;
    let node = Node::new("kvm-01", 1);
    let expired = plane.token("kvm-01", -1).await;
    refused(&plane, node.enrolment(&expired), Code::PermissionDenied, "expired").await;
    let replaced = plane.token("kvm-01", 600).await;
    let mut guessed = plane.token("kvm-01", 600).await;
    refused(&plane, node.enrolment(&replaced), Code::PermissionDenied, "no such join token").await;
    guessed.secret[0] ^= 1;
    refused(&plane, node.enrolment(&guessed), Code::PermissionDenied, "no such join token").await;
    assert_eq!(plane.running.store.all_enrolled().await.unwrap(), []);
}

#[tokio::test]
async fn a_request_that_cannot_be_answered_does_not_use_the_token_up() {
    let plane = plane().await;
    let token = plane.token("kvm-01", 600).await;
    let node = Node::new("kvm-01", 1);
    let mut foreign_key = node.enrolment(&token);
    foreign_key.report_key = Node::new("kvm-01", 2).report_key().to_string();
    refused(&plane, foreign_key, Code::PermissionDenied, "did not sign").await;
    let mut swapped = node.enrolment(&token);
    swapped.certificate_request = Node::new("kvm-01", 1).request();
    refused(&plane, swapped, Code::PermissionDenied, "did not sign").await;
    let mut malformed = node.enrolment(&token);
    malformed.token_secret.pop();
    refused(&plane, malformed, Code::InvalidArgument, "token_secret").await;
    plane.enrol(node.enrolment(&token)).await.unwrap();
}

#[tokio::test]
async fn a_node_with_another_key_must_be_forgotten_first() {
    let plane = plane().await;
    let old = plane.node("kvm-01").await;
    plane.submit(&old, old.sign(&old.report(5))).await;
    let token = plane.token("kvm-01", 600).await;
    let mut new = Node::new("kvm-01", 2);
    refused(&plane, new.enrolment(&token), Code::PermissionDenied, "another key").await;
    plane.running.store.forget(&new.name).await.unwrap();
    new.certificate = plane.enrol(new.enrolment(&token)).await.unwrap().certificate;
    assert_eq!(plane.submit(&new, new.sign(&new.report(1))).await, Outcome::Stored, "it counts from 1 again");
    let status = plane.stream(Some(&old), old.sign(&old.report(6))).await.err().unwrap();
    assert_eq!(status.code(), Code::PermissionDenied, "the old certificate still holds for TLS: {status:?}");
    let status = plane.renew(Some(&old), old.request()).await.unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied, "{status:?}");
}

#[tokio::test]
async fn without_a_certificate_there_is_only_enrolment() {
    let plane = plane().await;
    let node = plane.node("kvm-01").await;
    let status = plane.stream(None, node.sign(&node.report(1))).await.err().unwrap();
    assert_eq!(status.code(), Code::Unauthenticated, "{status:?}");
    let status = plane.renew(None, node.request()).await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated, "{status:?}");
    assert_eq!(plane.statements(&node).await, 0);
}

#[tokio::test]
async fn a_certificate_of_another_authority_is_refused_by_tls() {
    let (home, abroad) = (plane().await, plane().await);
    let stranger = abroad.node("kvm-01").await;
    let native = home.node("kvm-01").await;
    let refused = home.stream(Some(&stranger), native.sign(&native.report(1))).await;
    assert!(refused.is_err(), "a stranger was let in");
    assert_eq!(home.statements(&native).await, 0);
    assert_eq!(home.submit(&native, native.sign(&native.report(1))).await, Outcome::Stored);
}

#[tokio::test]
async fn a_node_that_is_denied_is_cut_off_in_the_middle_of_its_stream() {
    let plane = plane().await;
    let node = plane.node("kvm-01").await;
    let mut stream = plane.stream(Some(&node), node.sign(&node.report(1))).await.unwrap();
    assert_eq!(stream.answer().await.unwrap().outcome, Outcome::Stored);
    assert!(plane.running.store.deny(&node.name, clock::now()).await.unwrap());
    stream.send(node.sign(&node.report(2))).await;
    assert_eq!(stream.answer().await.unwrap_err().code(), Code::PermissionDenied);
    assert_eq!(plane.statements(&node).await, 1);
    let again = plane.stream(Some(&node), node.sign(&node.report(2))).await.err().unwrap();
    assert_eq!(again.code(), Code::PermissionDenied);
    let renewal = plane.renew(Some(&node), node.request()).await.unwrap_err();
    assert_eq!(renewal.code(), Code::PermissionDenied);
}

#[tokio::test]
async fn a_certificate_is_renewed_for_the_same_node() {
    let plane = plane().await;
    let mut node = plane.node("kvm-01").await;
    let first = node.certificate.clone();
    let response = plane.renew(Some(&node), node.request()).await.unwrap();
    assert_ne!(response.certificate, first);
    assert!(response.renew_before > clock::now().unix() + 11 * 3600);
    let peer = plane.running.authority.peer_of(&response.certificate).unwrap();
    assert_eq!((peer.node, peer.report_key), (name("kvm-01"), node.report_key()));
    node.certificate = response.certificate;
    assert_eq!(plane.submit(&node, node.sign(&node.report(1))).await, Outcome::Stored);
}

#[tokio::test]
async fn a_stream_does_not_outlive_its_certificate() {
    let plane = plane().await;
    let node = plane.node("kvm-01").await.certified_at(&plane, clock::now().plus_seconds(3 - 86_400));
    let mut stream = plane.stream(Some(&node), node.sign(&node.report(1))).await.unwrap();
    assert_eq!(stream.answer().await.unwrap().outcome, Outcome::Stored);
    tokio::time::sleep(Duration::from_secs(5)).await;
    stream.send(node.sign(&node.report(2))).await;
    assert_eq!(stream.answer().await.unwrap_err().code(), Code::Unauthenticated);
    assert_eq!(plane.statements(&node).await, 1);
}
