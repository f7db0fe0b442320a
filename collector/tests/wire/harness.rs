//! A collector on a free port of loopback, and nodes that speak to it as agents do.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use collector::config::Config;
use collector::plane::{self, Opened, Running};
use collector::store::SharedStore;
use collector::{clock, enrol};
use descriptors::canonical;
use descriptors::did::Did;
use descriptors::digest::Digest;
use descriptors::fact::{AbsenceReason, Reading};
use descriptors::id::NodeId;
use descriptors::proof::dsse::Envelope;
use descriptors::proof::{Signer as _, SoftwareKey};
use descriptors::report::{HEARTBEAT_TYPE, Heartbeat, Origin, REPORT_TYPE, Report};
use descriptors::timestamp::Timestamp;
use proto::convert::{Acknowledgement, Enrol, Outcome, possession_statement, submission};
use proto::token::JoinToken;
use proto::v1;
use proto::v1::enrolment_service_client::EnrolmentServiceClient;
use proto::v1::ingest_service_client::IngestServiceClient;
use rcgen::{CertificateParams, KeyPair};
use tokio::sync::mpsc;
use tonic::codegen::tokio_stream::wrappers::ReceiverStream;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};
use tonic::{Status, Streaming};

pub(crate) struct Plane {
    pub(crate) running: Running,
    pub(crate) config: Config,
    pub(crate) directory: tempfile::TempDir,
}

/// What a machine keeps once it is a node.
pub(crate) struct Node {
    pub(crate) name: NodeId,
    pub(crate) key: SoftwareKey,
    pub(crate) tls_key: KeyPair,
    pub(crate) certificate: Vec<u8>,
}

/// An open stream.
pub(crate) struct Stream {
    submissions: mpsc::Sender<v1::Submission>,
    answers: Streaming<v1::Acknowledgement>,
}

pub(crate) fn name(text: &str) -> NodeId {
    NodeId::new(text).unwrap()
}

pub(crate) async fn plane() -> Plane {
    plane_with(|store| store).await
}

/// A collector whose store was wrapped.
pub(crate) async fn plane_with(wrap: impl FnOnce(SharedStore) -> SharedStore) -> Plane {
    let directory = tempfile::tempdir().unwrap();
    let mut config = Config::default();
    config.state.directory = directory.path().join("state");
    config.ingest.listen = "127.0.0.1:0".parse().unwrap();
    let opened = plane::open(&config).await.unwrap();
    let opened = Opened { store: wrap(opened.store), ..opened };
    let running = plane::start_with(&config.ingest, opened).await.unwrap();
    config.ingest.listen = running.ingest_address;
    Plane { running, config, directory }
}

impl Plane {
    fn address(&self) -> String {
        format!("https://{}", self.running.ingest_address)
    }

    pub(crate) async fn connect(&self, node: Option<&Node>) -> Result<Channel, tonic::transport::Error> {
        let mut tls =
            ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem(self.running.authority.certificate())));
        if let Some(node) = node {
            tls = tls.identity(Identity::from_pem(pem(&node.certificate), node.tls_key.serialize_pem()));
        }
        Endpoint::from_shared(self.address()).unwrap().tls_config(tls).unwrap().connect().await
    }

    pub(crate) async fn token(&self, node: &str, seconds: i64) -> JoinToken {
        let expires_at = clock::now().plus_seconds(seconds);
        let (store, authority) = (&*self.running.store, &self.running.authority);
        enrol::create_token(store, authority, name(node), self.address(), expires_at).await.unwrap()
    }

    pub(crate) async fn enrol(&self, request: v1::EnrolRequest) -> Result<v1::CertificateResponse, Status> {
        let mut client = EnrolmentServiceClient::new(self.connect(None).await.unwrap());
        Ok(client.enrol(request).await?.into_inner())
    }

    pub(crate) async fn renew(&self, node: Option<&Node>, request: Vec<u8>) -> Result<v1::CertificateResponse, Status> {
        let mut client = EnrolmentServiceClient::new(self.connect(node).await.unwrap());
        Ok(client.renew(v1::RenewRequest { certificate_request: request }).await?.into_inner())
    }

    /// An enrolled node.
    pub(crate) async fn node(&self, text: &str) -> Node {
        let token = self.token(text, 600).await;
        let mut node = Node::new(text, 1);
        node.certificate = self.enrol(node.enrolment(&token)).await.unwrap().certificate;
        node
    }

    /// A stream with its first submission under way.
    pub(crate) async fn stream(&self, node: Option<&Node>, first: Vec<u8>) -> Result<Stream, Status> {
        let channel = self.connect(node).await.map_err(|error| Status::unknown(format!("{error:?}")))?;
        let (submissions, outgoing) = mpsc::channel(256);
        submissions.send(v1::Submission { envelope: first, parts: None }).await.unwrap();
        let mut client = IngestServiceClient::new(channel).max_encoding_message_size(usize::MAX);
        let answers = client.submit(ReceiverStream::new(outgoing)).await?.into_inner();
        Ok(Stream { submissions, answers })
    }

    /// What becomes of one envelope.
    pub(crate) async fn submit(&self, node: &Node, envelope: Vec<u8>) -> Outcome {
        let digest = Digest::of(&envelope);
        let answer = self.stream(Some(node), envelope).await.unwrap().answer().await.unwrap();
        assert_eq!(answer.envelope, digest, "the answer names what it answers");
        answer.outcome
    }

    pub(crate) async fn statements(&self, node: &Node) -> u64 {
        self.running.store.latest_of(&node.name).await.unwrap().map_or(0, |latest| latest.statements)
    }
}

impl Node {
    pub(crate) fn new(text: &str, seed: u8) -> Self {
        let key = SoftwareKey::from_seed(&[seed; 32]);
        Self { name: name(text), key, tls_key: KeyPair::generate().unwrap(), certificate: Vec::new() }
    }

    pub(crate) fn request(&self) -> Vec<u8> {
        CertificateParams::new(Vec::new()).unwrap().serialize_request(&self.tls_key).unwrap().der().to_vec()
    }

    pub(crate) fn enrolment(&self, token: &JoinToken) -> v1::EnrolRequest {
        let certificate_request = self.request();
        let possession = self.key.sign(&possession_statement(&self.name, &certificate_request)).unwrap();
        Enrol {
            node: self.name.clone(),
            token_secret: token.secret,
            certificate_request,
            report_key: self.key.public_key(),
            possession,
        }
        .into()
    }

    pub(crate) fn report_key(&self) -> Did {
        Did::key(&self.key.public_key())
    }

    pub(crate) fn report(&self, sequence: u64) -> Report {
        Report {
            node: self.name.clone(),
            sequence,
            taken_at: clock::now(),
            boot_id: Reading::absent(AbsenceReason::NotPresent, "/proc/sys/kernel/random/boot_id"),
            origin: Origin::Simulated,
            agent_version: "1".to_owned(),
            facts: BTreeMap::new(),
        }
    }

    pub(crate) fn sign(&self, report: &Report) -> Vec<u8> {
        self.sign_bytes(REPORT_TYPE, canonical::to_vec(report).unwrap())
    }

    pub(crate) fn sign_bytes(&self, payload_type: &str, payload: Vec<u8>) -> Vec<u8> {
        Envelope::sign(payload_type, payload, &self.key).unwrap().to_bytes()
    }

    pub(crate) fn heartbeat(&self, sequence: u64, report: &[u8]) -> Vec<u8> {
        let holds = Digest::of(&Envelope::parse(report).unwrap().payload);
        let heartbeat = Heartbeat { node: self.name.clone(), sequence, taken_at: clock::now(), holds };
        self.sign_bytes(HEARTBEAT_TYPE, canonical::to_vec(&heartbeat).unwrap())
    }

    /// A certificate that was issued in the past.
    pub(crate) fn certified_at(mut self, plane: &Plane, at: Timestamp) -> Self {
        let authority = &plane.running.authority;
        let issued = authority.issue_node(&self.name, &self.report_key(), &self.request(), at).unwrap();
        self.certificate = issued.certificate.to_vec();
        self
    }
}

impl Stream {
    pub(crate) async fn send(&self, envelope: Vec<u8>) {
        self.submissions.send(submission(envelope)).await.unwrap();
    }

    pub(crate) async fn answer(&mut self) -> Result<Acknowledgement, Status> {
        let message = tokio::time::timeout(Duration::from_secs(10), self.answers.message()).await.expect("no answer");
        Ok(message?.expect("the stream ended without an answer").try_into().unwrap())
    }

    /// Whether an answer comes within a while.
    pub(crate) async fn is_silent(&mut self, wait: Duration) -> bool {
        tokio::time::timeout(wait, self.answers.message()).await.is_err()
    }
}

pub(crate) fn pem(der: &[u8]) -> String {
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", STANDARD.encode(der))
}
