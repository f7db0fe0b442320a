//! The agent's side of enrolment against the real collector, in one process.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::time::Duration;

use collector::config::Config;
use collector::{clock, enrol, plane};
use descriptors::canonical;
use descriptors::id::NodeId;
use descriptors::proof::SoftwareKey;
use descriptors::proof::dsse::Envelope;
use descriptors::report::{Origin, REPORT_TYPE, Report};
use integration::sim::SimulatedNode;
use node_agent::enrol::{Identity, enrol};
use node_agent::report::{Link, LinkError};
use proto::convert::Outcome;
use proto::token::JoinToken;

struct Plane {
    running: plane::Running,
    _directory: tempfile::TempDir,
}

async fn start() -> Plane {
    let directory = tempfile::tempdir().unwrap();
    let mut config = Config::default();
    config.state.directory = directory.path().to_owned();
    config.ingest.listen.set_port(0);
    let opened = plane::open(&config).await.unwrap();
    Plane { running: plane::start_with(&config.ingest, opened).await.unwrap(), _directory: directory }
}

async fn token(plane: &Plane, node: &NodeId) -> JoinToken {
    let running = &plane.running;
    let (address, until) = (format!("https://{}", running.ingest_address), clock::now().plus_seconds(60));
    enrol::create_token(&*running.store, &running.authority, node.clone(), address, until).await.unwrap()
}

fn key() -> SoftwareKey {
    SoftwareKey::from_seed(&[3; 32])
}

fn envelope(node: &SimulatedNode, sequence: u64) -> Vec<u8> {
    let report = Report {
        node: node.node.clone(),
        sequence,
        taken_at: clock::now(),
        boot_id: node.boot_id(),
        origin: Origin::Simulated,
        agent_version: "test".to_owned(),
        facts: node.facts().unwrap(),
    };
    Envelope::sign(REPORT_TYPE, canonical::to_vec(&report).unwrap(), &key()).unwrap().to_bytes()
}

async fn submit(identity: &Identity, envelope: Vec<u8>) -> Result<Outcome, LinkError> {
    let mut link = Link::open(identity, 4, envelope).await?;
    Ok(link.next().await?.outcome)
}

#[tokio::test]
async fn an_agent_renews_its_certificate_and_goes_on() {
    let plane = start().await;
    let node = SimulatedNode::new(1, 1, 1).unwrap();
    let first = enrol(token(&plane, &node.node).await, &key()).await.unwrap();
    assert_eq!(submit(&first, envelope(&node, 1)).await.unwrap(), Outcome::Stored);
    let second = first.renew().await.unwrap();
    assert_eq!(second.node, node.node);
    assert_ne!(second.certificate, first.certificate);
    assert_eq!(submit(&second, envelope(&node, 2)).await.unwrap(), Outcome::Stored);
    assert_eq!(submit(&second, envelope(&node, 2)).await.unwrap(), Outcome::Duplicate);
    assert!(plane.running.shutdown(Duration::from_secs(5)).await);
}

#[tokio::test]
async fn a_token_admits_one_machine_once() {
    let plane = start().await;
    let node = NodeId::new("kvm-1").unwrap();
    let token = token(&plane, &node).await;
    enrol(token.clone(), &key()).await.unwrap();
    let other_machine = SoftwareKey::from_seed(&[4; 32]);
    let refused = enrol(token, &other_machine).await.unwrap_err();
    assert!(!refused.is_passing(), "{refused}");
}

#[tokio::test]
async fn a_node_that_is_shut_out_can_neither_report_nor_renew() {
    let plane = start().await;
    let node = SimulatedNode::new(1, 1, 1).unwrap();
    let identity = enrol(token(&plane, &node.node).await, &key()).await.unwrap();
    assert!(plane.running.store.deny(&node.node, clock::now()).await.unwrap());
    assert!(submit(&identity, envelope(&node, 1)).await.is_err());
    assert!(identity.renew().await.is_err());
    assert!(plane.running.store.latest().await.unwrap().is_empty());
}
