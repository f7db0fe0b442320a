//! Starts and stops the side of the collector that nodes see: store, authority, enrolment, attestation and ingest. What people see, and the
//! audit, are not known here: [`crate::run`] puts them together.
//!
//! ```text
//!   state directory ─▶ store ─▶ authority ─▶ TLS ─▶ services ─▶ running ──shutdown──▶ streams end ─▶ connections drain
//!                                                                 └──the store fails──▶ not serving, for good
//! ```

use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use descriptors::certificate::ChainError;
use descriptors::tpm::endorsement::Makers;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tonic::transport::Server;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

use crate::attest::{AttestationDesk, Chips};
use crate::authority::{Authority, AuthorityError};
use crate::clock;
use crate::config::{self, Config};
use crate::enrol::Enrolment;
use crate::ingest::{Ingest, IngestCounts, Limits};
use crate::listen::{self, TlsError};
use crate::store::sqlite::SqliteStore;
use crate::store::{SharedStore, StoreError};

/// Most streams and calls of one connection at a time.
const CALLS_MAX: u32 = 32;

/// How long a call may take until its answer begins.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(30);

/// A peer that is gone is noticed after so long, twice.
const KEEPALIVE: Duration = Duration::from_secs(60);

/// Why the collector did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The state directory cannot be made.
    #[error("cannot make the directory {path}")]
    State {
        /// Which.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The store.
    #[error("no store")]
    Store(#[from] StoreError),
    /// The authority.
    #[error("no authority")]
    Authority(#[from] AuthorityError),
    /// A file of `roots` that cannot be read.
    #[error("cannot read {path}, which `roots` in [tpm] names")]
    ReadMakers {
        /// Which.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// A file of `roots` without certificates.
    #[error("{path}, which `roots` in [tpm] names, does not hold certificates")]
    Makers {
        /// Which.
        path: PathBuf,
        /// Why not.
        #[source]
        source: ChainError,
    },
    /// TLS.
    #[error("no TLS for nodes")]
    Tls(#[from] TlsError),
    /// The port.
    #[error("cannot listen on {address}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The descriptors for reflection.
    #[error("the services cannot be described")]
    Reflection(#[from] tonic_reflection::server::Error),
}

/// What is opened without listening: enough for the commands beside a running collector.
#[derive(Debug, Clone)]
pub struct Opened {
    /// The store.
    pub store: SharedStore,
    /// The authority.
    pub authority: Arc<Authority>,
    /// What is known of chips.
    pub chips: Arc<Chips>,
}

/// A collector that runs. Dropped without [`Running::shutdown`] it is not waited for.
#[derive(Debug)]
pub struct Running {
    /// Where nodes connect.
    pub ingest_address: SocketAddr,
    /// The store.
    pub store: SharedStore,
    /// The authority.
    pub authority: Arc<Authority>,
    /// What happened to submissions.
    pub counts: IngestCounts,
    /// Changes after each commit of a report.
    pub changes: watch::Receiver<u64>,
    stopping: watch::Sender<bool>,
    serving: JoinHandle<()>,
}

/// Opens store and authority, and makes what is missing.
pub async fn open(config: &Config) -> Result<Opened, StartError> {
    let directory = &config.state.directory;
    make_directory(directory).map_err(|source| StartError::State { path: directory.clone(), source })?;
    let store = SqliteStore::open(&directory.join("store.sqlite")).await?;
    let authority = Authority::open(
        &directory.join("authority"),
        &config.identity.trust_domain,
        config.identity.certificate_hours.get(),
        clock::now(),
    )?;
    let chips = Arc::new(chips(&config.tpm)?);
    Ok(Opened { store: Arc::new(store), authority: Arc::new(authority), chips })
}

/// Listens for nodes, with a store and an authority that were opened before. Port 0 means any that is free.
pub async fn start_with(config: &config::Ingest, opened: Opened) -> Result<Running, StartError> {
    let Opened { store, authority, chips } = opened;
    let (stopping, stop) = watch::channel(false);
    let limits = Limits {
        age_max_seconds: config.report_age_max_seconds.get(),
        ahead_max_seconds: config.clock_ahead_max_seconds,
    };
    let ingest = Ingest::new(Arc::clone(&store), Arc::clone(&authority), limits, stop.clone());
    let (counts, changes) = (ingest.counts(), ingest.changes());
    let tls = listen::tls(&authority, names(config))?;
    let unheard = |source| StartError::Listen { address: config.listen, source };
    let listener = TcpListener::bind(config.listen).await.map_err(unheard)?;
    let ingest_address = listener.local_addr().map_err(unheard)?;
    let (reporter, health) = tonic_health::server::health_reporter();
    set_health(&reporter, ServingStatus::Serving).await;
    let enrolment = Enrolment::new(Arc::clone(&store), Arc::clone(&authority));
    let desk = AttestationDesk::new(Arc::clone(&store), Arc::clone(&authority), chips, ingest.teller());
    let router = Server::builder()
        .timeout(ANSWER_TIME_MAX)
        .max_concurrent_streams(CALLS_MAX)
        .http2_keepalive_interval(Some(KEEPALIVE))
        .http2_keepalive_timeout(Some(KEEPALIVE))
        .add_service(health)
        .add_service(reflection()?)
        .add_service(enrolment.service())
        .add_service(desk.service())
        .add_service(ingest.service());
    let open = store.open();
    let serving = tokio::spawn(async move {
        let watching = tokio::spawn(watch_store(open, reporter, stop.clone()));
        let stopped = wait_for(stop);
        if let Err(error) = router.serve_with_incoming_shutdown(listen::accept(listener, tls), stopped).await {
            tracing::error!(error = crate::cause::chain(&error), "serving nodes failed");
        }
        watching.abort();
    });
    Ok(Running { ingest_address, store, authority, counts, changes, stopping, serving })
}

impl Running {
    /// Returns once the store has failed: nothing is taken any more, and only a new start recovers.
    pub async fn failed(&self) {
        let mut open = self.store.open();
        // A writer that is gone without a word has failed as well.
        let _ = open.wait_for(|open| !open).await;
    }

    /// Takes no more, answers what is under way, and returns when that is done or `grace` is over; whether it was done.
    pub async fn shutdown(self, grace: Duration) -> bool {
        self.stopping.send_replace(true);
        let abort = self.serving.abort_handle();
        let drained = tokio::time::timeout(grace, self.serving).await.is_ok();
        abort.abort();
        drained
    }
}

fn make_directory(path: &Path) -> io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// The makers of chips whom the operator trusts.
fn chips(config: &config::Tpm) -> Result<Chips, StartError> {
    let mut makers = Makers::default();
    for path in &config.roots {
        let pem = std::fs::read(path).map_err(|source| StartError::ReadMakers { path: path.clone(), source })?;
        let read = Makers::from_pem(&pem).map_err(|source| StartError::Makers { path: path.clone(), source })?;
        makers = makers.and(read);
    }
    Ok(Chips { makers, validity_seconds: i64::from(config.validity_hours.get()) * 3600 })
}

/// What nodes may know the collector by.
fn names(config: &config::Ingest) -> Vec<String> {
    let mut names: Vec<String> = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).to_vec();
    if !config.listen.ip().is_unspecified() {
        names.push(config.listen.ip().to_string());
    }
    names.extend(config.public_names.iter().cloned());
    names.sort_unstable();
    names.dedup();
    names
}

fn reflection() -> Result<
    tonic_reflection::server::v1::ServerReflectionServer<impl tonic_reflection::server::v1::ServerReflection>,
    tonic_reflection::server::Error,
> {
    tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(proto::DESCRIPTORS)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .build_v1()
}

async fn set_health(reporter: &HealthReporter, status: ServingStatus) {
    for service in ["", "avow.v1.IngestService", "avow.v1.EnrolmentService", "avow.v1.AttestationService"] {
        reporter.set_service_status(service, status).await;
    }
}

/// Says so when the collector serves no more: the store failed, or it is stopping.
async fn watch_store(mut open: watch::Receiver<bool>, reporter: HealthReporter, stop: watch::Receiver<bool>) {
    tokio::select! {
        _ = open.wait_for(|open| !open) => {}
        () = wait_for(stop) => {}
    }
    set_health(&reporter, ServingStatus::NotServing).await;
}

async fn wait_for(mut stop: watch::Receiver<bool>) {
    // Without anybody left to stop it, it is not stopped.
    if stop.wait_for(|stop| *stop).await.is_err() {
        std::future::pending::<()>().await;
    }
}
