//! The collector as a whole: the side that nodes see, the side that people see, and the audit between them.
//!
//! ```text
//!   issuer ─▶ declaration ─▶ nodes' side ─▶ people's side ─▶ audit loop ─▶ running ──stop──▶ all three drain
//! ```

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::audit::{self, Auditor, Clock};
use crate::clock;
use crate::config::{self, Config};
use crate::declaration::{self, LoadError};
use crate::http::access::{Access, ExposureError, TokenError, read_token};
use crate::http::door::{self, TlsError};
use crate::http::{self, App};
use crate::metrics::Metrics;
use crate::plane::{self, StartError};
use crate::sign::certified::Certified;
use crate::sign::{Issuer, IssuerError};
use crate::store::SharedStore;

/// Why the collector did not start.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The store, the authority or the nodes' port.
    #[error("nodes cannot be served")]
    Nodes(#[from] StartError),
    /// The issuer's key or address.
    #[error("there is no issuer")]
    Issuer(#[from] IssuerError),
    /// The declaration.
    #[error("the declaration cannot be used")]
    Declaration(#[from] LoadError),
    /// TLS for people.
    #[error("people cannot be served over TLS")]
    Tls(#[from] TlsError),
    /// The readers' token.
    #[error("the readers' token cannot be used")]
    Token(#[from] TokenError),
    /// It would be open to the network.
    #[error("the pages would be open to the network")]
    Exposure(#[from] ExposureError),
    /// The port.
    #[error("cannot listen on {address}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

/// A collector that runs, with everything it does.
#[derive(Debug)]
pub struct Running {
    /// Where people read.
    pub http_address: SocketAddr,
    /// The side that nodes see.
    pub nodes: plane::Running,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

/// Starts everything. Port 0 means any that is free.
pub async fn start(config: &Config) -> Result<Running, RunError> {
    let opened = plane::open(config).await?;
    let issuer = issuer(config)?;
    if let Some(file) = &config.declaration.file {
        let declared = declaration::load(file, issuer.signer.as_ref(), opened.store.as_ref()).await?;
        tracing::info!(provider = %declared.provider.id, claims = declared.claims.len(), "the declaration is in force");
    }
    let nodes = plane::start_with(&config.ingest, opened).await?;
    let clock: Clock = Arc::new(clock::now);
    let settings = settings(config);
    let auditor =
        Arc::new(Auditor::new(SharedStore::clone(&nodes.store), issuer.clone(), settings, Arc::clone(&clock)));
    let (stop, stopped) = watch::channel(false);
    let (listener, app) = people(&config.http, &nodes, issuer, Arc::clone(&auditor), clock).await?;
    let http_address = listener.local_addr().map_err(|source| unheard(&config.http, source))?;
    let tls = tls(&config.http)?;
    let (serving, changes) = (wait_for(stopped.clone()), nodes.changes.clone());
    let serve = tokio::spawn(async move {
        if let Err(error) = door::serve(listener, tls, http::router(app), serving).await {
            tracing::error!(error = crate::cause::chain(&error), "serving people failed");
        }
    });
    let audit = tokio::spawn(async move { auditor.run(changes, wait_for(stopped)).await });
    Ok(Running { http_address, nodes, stop, tasks: vec![serve, audit] })
}

/// The issuer with the key of its targets. A chain that others would refuse is told of and used: it may be renewed in its place.
pub(crate) fn issuer(config: &Config) -> Result<Issuer, IssuerError> {
    let settings = &config.issuer;
    let issuer = Issuer::open(&config.state.directory, settings.public_address.as_deref())?;
    let certified = match (&settings.certificate_key, &settings.certificate_chain) {
        (Some(key), Some(chain)) => Some(Certified::open(key, chain)?),
        _ => None,
    };
    if let Some(certified) = &certified {
        let checked = certified.check(&issuer.did, clock::now());
        for fault in &checked.faults {
            tracing::error!(%fault, "the certificate chain would be refused");
        }
        for open in &checked.unchecked {
            tracing::warn!(%open, "something in the certificate chain could not be checked");
        }
    }
    let issuer = match &settings.tagus_context {
        Some(path) => issuer.with_tagus_context(path)?,
        None => issuer,
    };
    issuer.with_targets(&settings.targets, certified)
}

fn settings(config: &Config) -> audit::Settings {
    audit::Settings {
        settle: Duration::from_millis(config.audit.settle_ms),
        interval: Duration::from_secs(config.audit.interval_seconds.get()),
        validity_seconds: i64::from(config.issuer.validity_days.get()) * 86_400,
    }
}

fn tls(config: &config::Http) -> Result<Option<Arc<rustls::ServerConfig>>, TlsError> {
    match (&config.tls_certificate, &config.tls_key) {
        (Some(certificate), Some(key)) => door::tls(certificate, key).map(Some),
        _ => Ok(None),
    }
}

fn unheard(config: &config::Http, source: io::Error) -> RunError {
    RunError::Listen { address: config.listen, source }
}

/// The port for people, and what answers there.
async fn people(
    config: &config::Http,
    nodes: &plane::Running,
    issuer: Issuer,
    auditor: Arc<Auditor>,
    clock: Clock,
) -> Result<(TcpListener, App), RunError> {
    let token = config.token_file.as_deref().map(read_token).transpose()?;
    let secure = config.tls_certificate.is_some();
    let public = issuer.public_address.as_deref();
    let access = Access::new(config.listen, secure, token.as_deref(), public)?;
    let listener = TcpListener::bind(config.listen).await.map_err(|source| unheard(config, source))?;
    let here = listener.local_addr().map_err(|source| unheard(config, source))?;
    let scheme = if secure { "https" } else { "http" };
    let address = public.map_or_else(|| format!("{scheme}://{here}"), str::to_owned);
    let counts = nodes.counts.clone();
    let metrics = Metrics::new(move |registry| {
        registry.register("ingest_statements", "Statements that nodes sent, by what became of them", counts.family());
    });
    let (metrics, access) = (Arc::new(metrics), Arc::new(access));
    let store = SharedStore::clone(&nodes.store);
    Ok((listener, App { store, auditor, issuer, metrics, access, clock, address }))
}

impl Running {
    /// Takes no more, answers what is under way, and returns when that is done or `grace` is over; whether it was done.
    pub async fn shutdown(self, grace: Duration) -> bool {
        self.stop.send_replace(true);
        let nodes = self.nodes.shutdown(grace).await;
        let mut drained = nodes;
        for mut task in self.tasks {
            drained &= tokio::time::timeout(grace, &mut task).await.is_ok();
            task.abort();
        }
        drained
    }
}

async fn wait_for(mut stop: watch::Receiver<bool>) {
    // Without anybody left to stop it, it is not stopped.
    if stop.wait_for(|stop| *stop).await.is_err() {
        std::future::pending::<()>().await;
    }
}
