//! The collector over real TLS and gRPC: who is admitted, what is taken, and that an answer means durably committed.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod admission;
mod attest;
mod harness;
mod held;
mod statements;

use std::time::{Duration, Instant};

use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use proto::convert::Outcome;

use harness::{Plane, plane};

async fn health(plane: &Plane) -> ServingStatus {
    let mut client = HealthClient::new(plane.connect(None).await.unwrap());
    let request = HealthCheckRequest { service: "avow.v1.IngestService".to_owned() };
    client.check(request).await.unwrap().into_inner().status()
}

#[tokio::test]
async fn a_connection_that_says_nothing_is_hung_up_on() {
    let plane = plane().await;
    let mut silent = Vec::new();
    for _ in 0..50 {
        silent.push(TcpStream::connect(plane.running.ingest_address).await.unwrap());
    }
    let node = plane.node("kvm-01").await;
    assert_eq!(plane.submit(&node, node.sign(&node.report(1))).await, Outcome::Stored, "others are served meanwhile");
    let began = Instant::now();
    for connection in &mut silent {
        let read = tokio::time::timeout(Duration::from_secs(10), connection.read(&mut [0])).await.expect("still open");
        assert!(matches!(read, Ok(0) | Err(_)), "it said something: {read:?}");
    }
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_collector_whose_store_failed_says_so() {
    let plane = plane().await;
    let node = plane.node("kvm-01").await;
    assert_eq!(health(&plane).await, ServingStatus::Serving);
    let database = plane.directory.path().join("state/store.sqlite");
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(database);
    let mut outside = sqlx::ConnectOptions::connect(&options).await.unwrap();
    let trigger = "CREATE TRIGGER t BEFORE INSERT ON statement BEGIN SELECT RAISE(ABORT, 'the disk is on fire'); END";
    sqlx::raw_sql(trigger).execute(&mut outside).await.unwrap();
    let outcome = plane.submit(&node, node.sign(&node.report(1))).await;
    assert!(matches!(outcome, Outcome::Retry(_)), "{outcome:?}");
    tokio::time::timeout(Duration::from_secs(5), plane.running.failed()).await.expect("nobody was told");
    let told = async {
        while health(&plane).await != ServingStatus::NotServing {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), told).await.expect("still serving");
    assert_eq!(plane.running.counts.of("later", ""), 1);
}

#[tokio::test]
async fn stopping_ends_open_streams_and_loses_nothing() {
    let plane = plane().await;
    let node = plane.node("kvm-01").await;
    let mut stream = plane.stream(Some(&node), node.sign(&node.report(1))).await.unwrap();
    assert_eq!(stream.answer().await.unwrap().outcome, Outcome::Stored);
    let store = plane.running.store.clone();
    assert!(plane.running.shutdown(Duration::from_secs(5)).await, "not drained in time");
    assert_eq!(stream.answer().await.unwrap_err().code(), Code::Unavailable);
    assert_eq!(store.latest_of(&node.name).await.unwrap().unwrap().statements, 1);
}

#[tokio::test]
async fn the_services_describe_themselves() {
    use tonic_reflection::pb::v1::ServerReflectionRequest;
    use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
    use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
    use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

    let plane = plane().await;
    let mut client = ServerReflectionClient::new(plane.connect(None).await.unwrap());
    let request = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let answers = client.server_reflection_info(tonic::codegen::tokio_stream::iter([request])).await.unwrap();
    let answer = answers.into_inner().message().await.unwrap().unwrap();
    let Some(MessageResponse::ListServicesResponse(list)) = answer.message_response else { panic!("{answer:?}") };
    let names: Vec<String> = list.service.into_iter().map(|service| service.name).collect();
    for name in ["avow.v1.EnrolmentService", "avow.v1.IngestService", "grpc.health.v1.Health"] {
        assert!(names.iter().any(|found| found == name), "{names:?}");
    }
}
