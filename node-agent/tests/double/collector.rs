//! A test double of the collector: real gRPC over real mutual TLS, a store in memory, and faults on demand.
//!
//! It runs on a thread and runtime of its own, so that stopping it cuts every connection, as a kill does. It sends its
//! response headers with its first answer, as some servers do.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use descriptors::digest::Digest;
use descriptors::id::NodeId;
use proto::convert::{self, Acknowledgement, Enrol, Outcome, possession_statement};
use proto::token::JoinToken;
use proto::v1;
use proto::v1::enrolment_service_server::{EnrolmentService, EnrolmentServiceServer};
use proto::v1::ingest_service_server::{IngestService, IngestServiceServer};
use rcgen::{CertificateParams, CertifiedIssuer, KeyPair, SanType};
use tokio::sync::{mpsc, oneshot};
use tonic::codegen::tokio_stream::wrappers::ReceiverStream;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Certificate, Identity, Server, ServerTlsConfig};
use tonic::{Request, Response, Status, Streaming};

/// What becomes of one submission. Without a plan: stored and acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Not stored; the stream ends.
    Drop,
    /// Stored; the stream ends before the answer.
    StoreAndDrop,
    /// Stored, and answered so.
    StoreAndSaySo(Outcome),
    /// Not stored, answered so.
    Answer(Outcome),
    /// Not stored, never answered.
    Mute,
}

/// What the double saw and keeps. It survives a restart.
#[derive(Default)]
pub(crate) struct Seen {
    /// Envelopes stored, in the order in which they came.
    pub(crate) stored: Vec<Vec<u8>>,
    /// How often each envelope came.
    pub(crate) received: BTreeMap<Digest, usize>,
    /// Faults of the submissions to come.
    pub(crate) plan: VecDeque<Fault>,
    /// Streams opened.
    pub(crate) streams: usize,
    /// Certificates shown by streams.
    pub(crate) shown: Vec<Vec<u8>>,
    /// Requests to enrol, whether granted or not.
    pub(crate) enrolments: Vec<v1::EnrolRequest>,
    /// What the next requests to enrol are refused with.
    pub(crate) enrolment_faults: VecDeque<Status>,
    /// Renewals granted.
    pub(crate) renewals: usize,
    /// What the next renewals are refused with.
    pub(crate) renewal_faults: VecDeque<Status>,
    /// Life of the certificates to come.
    pub(crate) life: Duration,
}

pub(crate) struct Collector {
    pub(crate) seen: Arc<Mutex<Seen>>,
    authority: Arc<CertifiedIssuer<'static, KeyPair>>,
    server: Identity,
    address: SocketAddr,
    running: Option<(oneshot::Sender<()>, std::thread::JoinHandle<()>)>,
}

impl Collector {
    pub(crate) fn start() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let names = vec!["127.0.0.1".to_owned()];
        let certificate = CertificateParams::new(names).unwrap().signed_by(&key, &authority).unwrap();
        let mut collector = Self {
            seen: Arc::new(Mutex::new(Seen { life: Duration::from_secs(3600), ..Seen::default() })),
            authority: Arc::new(authority),
            server: Identity::from_pem(certificate.pem(), key.serialize_pem()),
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            running: None,
        };
        collector.restart();
        collector
    }

    /// Cuts every connection.
    pub(crate) fn stop(&mut self) {
        if let Some((stop, thread)) = self.running.take() {
            let _ = stop.send(());
            thread.join().unwrap();
        }
    }

    /// Listens again on the same port.
    pub(crate) fn restart(&mut self) {
        self.stop();
        let listener = std::net::TcpListener::bind(self.address).unwrap();
        self.address = listener.local_addr().unwrap();
        listener.set_nonblocking(true).unwrap();
        let tls = ServerTlsConfig::new()
            .identity(self.server.clone())
            .client_ca_root(Certificate::from_pem(self.authority.pem()))
            .client_auth_optional(true);
        let service = Service { seen: Arc::clone(&self.seen), authority: Arc::clone(&self.authority) };
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let incoming = TcpIncoming::from(tokio::net::TcpListener::from_std(listener).unwrap());
                let server = Server::builder()
                    .tls_config(tls)
                    .unwrap()
                    .add_service(EnrolmentServiceServer::new(service.clone()))
                    .add_service(IngestServiceServer::new(service))
                    .serve_with_incoming(incoming);
                tokio::select! {
                    end = server => end.unwrap(),
                    _ = stopped => {}
                }
            });
        });
        self.running = Some((stop, thread));
    }

    pub(crate) fn token(&self, node: &str, secret: u8) -> JoinToken {
        JoinToken {
            node: NodeId::new(node).unwrap(),
            secret: [secret; 32],
            address: format!("https://{}", self.address),
            authority: self.authority.der().to_vec(),
            expires_at: "2100-01-01T00:00:00Z".parse().unwrap(),
        }
    }

    pub(crate) fn plan(&self, faults: impl IntoIterator<Item = Fault>) {
        self.seen(|seen| seen.plan.extend(faults));
    }

    pub(crate) fn seen<R>(&self, look: impl FnOnce(&mut Seen) -> R) -> R {
        look(&mut self.seen.lock().unwrap())
    }

    /// The distinct envelopes stored, oldest first.
    pub(crate) fn stored(&self) -> Vec<Vec<u8>> {
        self.seen(|seen| seen.stored.clone())
    }

    /// Waits until `holds`, and fails when that takes too long.
    pub(crate) async fn until(&self, what: &str, holds: impl Fn(&mut Seen) -> bool) {
        for _ in 0..1000 {
            if self.seen(&holds) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("not within 10 s: {what}");
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.stop();
    }
}

#[derive(Clone)]
struct Service {
    seen: Arc<Mutex<Seen>>,
    authority: Arc<CertifiedIssuer<'static, KeyPair>>,
}

impl Service {
    fn certificate(&self, node: &str, request: Vec<u8>) -> Response<v1::CertificateResponse> {
        let request = rcgen::CertificateSigningRequestParams::from_der(&request.into()).unwrap();
        let life = self.seen.lock().unwrap().life;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let mut params = CertificateParams::default();
        params.subject_alt_names = vec![SanType::URI(format!("spiffe://double/node/{node}").try_into().unwrap())];
        params.not_before = rcgen::date_time_ymd(1970, 1, 1) + now;
        params.not_after = params.not_before + life;
        let certificate = params.signed_by(&request.public_key, self.authority.as_ref()).unwrap();
        Response::new(v1::CertificateResponse {
            certificate: certificate.der().to_vec(),
            authority: self.authority.der().to_vec(),
            renew_before: i64::try_from((now + life).as_secs()).unwrap(),
        })
    }

    /// Notes a submission; says what to answer: nothing, an outcome, or the end of the stream.
    fn take(&self, envelope: Vec<u8>) -> Result<Option<v1::Acknowledgement>, Status> {
        let mut seen = self.seen.lock().unwrap();
        let digest = Digest::of(&envelope);
        *seen.received.entry(digest).or_default() += 1;
        let fault = seen.plan.pop_front();
        let duplicate = seen.stored.contains(&envelope);
        let store = matches!(fault, None | Some(Fault::StoreAndDrop | Fault::StoreAndSaySo(_)));
        if store && !duplicate {
            seen.stored.push(envelope);
        }
        let outcome = match fault {
            None if duplicate => Outcome::Duplicate,
            None => Outcome::Stored,
            Some(Fault::Answer(outcome) | Fault::StoreAndSaySo(outcome)) => outcome,
            Some(Fault::Mute) => return Ok(None),
            Some(Fault::Drop | Fault::StoreAndDrop) => return Err(Status::unavailable("dropped on demand")),
        };
        Ok(Some(Acknowledgement { envelope: digest, outcome }.into()))
    }
}

#[tonic::async_trait]
impl EnrolmentService for Service {
    async fn enrol(&self, request: Request<v1::EnrolRequest>) -> Result<Response<v1::CertificateResponse>, Status> {
        let message = request.into_inner();
        let fault = {
            let mut seen = self.seen.lock().unwrap();
            seen.enrolments.push(message.clone());
            seen.enrolment_faults.pop_front()
        };
        if let Some(fault) = fault {
            return Err(fault);
        }
        let enrol = Enrol::try_from(message).map_err(|error| Status::invalid_argument(error.to_string()))?;
        let statement = possession_statement(&enrol.node, &enrol.certificate_request);
        enrol
            .report_key
            .verify(&statement, &enrol.possession)
            .map_err(|_| Status::permission_denied("the report key is not there"))?;
        Ok(self.certificate(enrol.node.as_str(), enrol.certificate_request))
    }

    async fn renew(&self, request: Request<v1::RenewRequest>) -> Result<Response<v1::CertificateResponse>, Status> {
        request.peer_certs().ok_or_else(|| Status::unauthenticated("no certificate"))?;
        let fault = self.seen.lock().unwrap().renewal_faults.pop_front();
        if let Some(fault) = fault {
            return Err(fault);
        }
        self.seen.lock().unwrap().renewals += 1;
        Ok(self.certificate("renewed", request.into_inner().certificate_request))
    }
}

#[tonic::async_trait]
impl IngestService for Service {
    type SubmitStream =
        Pin<Box<dyn tonic::codegen::tokio_stream::Stream<Item = Result<v1::Acknowledgement, Status>> + Send>>;

    async fn submit(
        &self,
        request: Request<Streaming<v1::Submission>>,
    ) -> Result<Response<Self::SubmitStream>, Status> {
        let certificates = request.peer_certs().ok_or_else(|| Status::unauthenticated("no certificate"))?;
        {
            let mut seen = self.seen.lock().unwrap();
            seen.streams += 1;
            seen.shown.push(certificates[0].to_vec());
        }
        let mut submissions = request.into_inner();
        let (answers, stream) = mpsc::channel(64);
        // The headers go out when this function returns: not before the first submission is here.
        let first = submissions.message().await?.ok_or_else(|| Status::cancelled("nothing came"))?;
        let service = self.clone();
        tokio::spawn(async move {
            let mut next = Some(first);
            while let Some(submission) = next {
                match service.take(convert::envelope(submission)) {
                    Ok(Some(answer)) => drop(answers.send(Ok(answer)).await),
                    Ok(None) => {}
                    Err(status) => return drop(answers.send(Err(status)).await),
                }
                next = submissions.message().await.unwrap_or(None);
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(stream))))
    }
}
