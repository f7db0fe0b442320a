//! TLS for the port that nodes connect to: a limit on handshakes, a deadline for each, a certificate that renews itself.
//!
//! The handshake is done here and not by tonic, because tonic's own acceptor neither bounds handshakes in progress nor can
//! change its certificate while it runs. A client certificate is optional on this port, since a machine that enrols has none;
//! one that is shown must be of our authority. What is said afterwards is not known here.

use std::io;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use rustls::server::{
    ClientHello, NoServerSessionStorage, ResolvesServerCert, VerifierBuilderError, WebPkiClientVerifier,
};
use rustls::sign::CertifiedKey;
use rustls::{RootCertStore, ServerConfig};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tonic::codegen::tokio_stream::wrappers::ReceiverStream;

use crate::authority::{Authority, IssueError};
use crate::cause::chain;
use crate::clock;
use descriptors::timestamp::Timestamp;

/// Longest time for a handshake: who says nothing is hung up on.
const HANDSHAKE_TIME_MAX: Duration = Duration::from_secs(5);

/// Most handshakes at once. 100,000 nodes that come back together wait in the kernel's queue instead of in our memory.
const HANDSHAKES_MAX: usize = 1024;

/// After the system refuses a connection (no file descriptors left), wait so long.
const PAUSE: Duration = Duration::from_millis(100);

/// Why nobody can connect.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// No certificate for ourselves.
    #[error("the collector has no certificate")]
    Certificate(#[from] IssueError),
    /// The library refuses the certificate, the key or the settings.
    #[error("TLS cannot be set up")]
    Settings(#[from] rustls::Error),
    /// The library refuses the authority.
    #[error("client certificates cannot be checked")]
    Verifier(#[from] VerifierBuilderError),
}

/// TLS 1.3 and HTTP/2, in the name of `names`, for clients without a certificate or with one of `authority`.
pub fn tls(authority: &Arc<Authority>, names: Vec<String>) -> Result<Arc<ServerConfig>, TlsError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(authority.certificate().clone())?;
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
        .allow_unauthenticated()
        .build()?;
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_client_cert_verifier(verifier)
        .with_cert_resolver(Arc::new(OwnCertificate::new(Arc::clone(authority), names)?));
    config.alpn_protocols = vec![b"h2".to_vec()];
    // A resumed session would skip the check of the client's certificate.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(Arc::new(config))
}

/// Connections whose handshake succeeded. Accepting ends when the stream is dropped.
pub fn accept(listener: TcpListener, tls: Arc<ServerConfig>) -> ReceiverStream<io::Result<TlsStream<TcpStream>>> {
    let (connections, incoming) = mpsc::channel(64);
    tokio::spawn(accept_all(listener, TlsAcceptor::from(tls), connections));
    ReceiverStream::new(incoming)
}

async fn accept_all(
    listener: TcpListener,
    tls: TlsAcceptor,
    connections: mpsc::Sender<io::Result<TlsStream<TcpStream>>>,
) {
    let handshakes = Arc::new(Semaphore::new(HANDSHAKES_MAX));
    while let Ok(permit) = Arc::clone(&handshakes).acquire_owned().await {
        let accepted = tokio::select! {
            () = connections.closed() => return,
            accepted = listener.accept() => accepted,
        };
        let (tcp, from) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(error = chain(&error), "a connection could not be accepted");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        let (tls, connections) = (tls.clone(), connections.clone());
        tokio::spawn(async move {
            let _ = tcp.set_nodelay(true);
            let handshake = tokio::time::timeout(HANDSHAKE_TIME_MAX, tls.accept(tcp)).await;
            drop(permit);
            match handshake {
                Ok(Ok(stream)) => drop(connections.send(Ok(stream)).await),
                Ok(Err(error)) => tracing::debug!(%from, error = chain(&error), "handshake failed"),
                Err(_) => tracing::debug!(%from, "handshake took too long"),
            }
        });
    }
}

/// Our own certificate, issued anew by the authority before it runs out.
#[derive(Debug)]
struct OwnCertificate {
    authority: Arc<Authority>,
    names: Vec<String>,
    current: RwLock<(Arc<CertifiedKey>, Timestamp)>,
}

impl OwnCertificate {
    fn new(authority: Arc<Authority>, names: Vec<String>) -> Result<Self, TlsError> {
        let current = RwLock::new(issue(&authority, &names)?);
        Ok(Self { authority, names, current })
    }

    fn at(&self, now: Timestamp) -> Arc<CertifiedKey> {
        let (key, renew_at) = self.current.read().unwrap_or_else(PoisonError::into_inner).clone();
        if now < renew_at {
            return key;
        }
        match issue(&self.authority, &self.names) {
            Ok(fresh) => {
                let key = Arc::clone(&fresh.0);
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = fresh;
                key
            }
            Err(error) => {
                tracing::error!(error = chain(&error), "the collector's certificate was not renewed");
                key
            }
        }
    }
}

fn issue(authority: &Authority, names: &[String]) -> Result<(Arc<CertifiedKey>, Timestamp), TlsError> {
    let issued = authority.issue_server(names, clock::now())?;
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    let key = CertifiedKey::from_der(vec![issued.certificate], issued.key, &provider)?;
    Ok((Arc::new(key), issued.renew_at))
}

impl ResolvesServerCert for OwnCertificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.at(clock::now()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_certificate_is_replaced_before_it_runs_out() {
        let directory = tempfile::tempdir().unwrap();
        let now = clock::now();
        let authority = Arc::new(Authority::open(directory.path(), "avow.example", 24, now).unwrap());
        let own = OwnCertificate::new(authority, vec!["localhost".to_owned()]).unwrap();
        let first = own.at(now).cert.clone();
        assert_eq!(own.at(now.plus_seconds(59 * 86_400)).cert, first);
        assert_ne!(own.at(now.plus_seconds(60 * 86_400)).cert, first);
    }
}
