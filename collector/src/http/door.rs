//! The door: connections, with or without TLS, so many at once and none that only sits there.
//!
//! Handshakes run beside each other and beside the answers, each under a deadline, so that a client that stalls holds up
//! nobody but itself.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Router;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinHandle;
use tokio::time::{Instant, Sleep};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// Most connections at once, handshakes included.
const CONNECTIONS_MAX: usize = 256;
/// Longest handshake.
const HANDSHAKE_TIME_MAX: Duration = Duration::from_secs(10);
/// Longest time without a byte in either direction.
const IDLE_TIME_MAX: Duration = Duration::from_secs(30);

/// Why TLS cannot be offered.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file is not PEM of what it should be.
    #[error("cannot read the {what} {}", path.display())]
    Read {
        /// `certificate` or `private key`.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: rustls::pki_types::pem::Error,
    },
    /// They do not fit each other.
    #[error("the certificate {} cannot be used with the key {}", certificate.display(), key.display())]
    Pair {
        /// The file with the chain.
        certificate: PathBuf,
        /// The file with the key.
        key: PathBuf,
        /// Why.
        #[source]
        source: rustls::Error,
    },
}

/// Reads a certificate chain and its key.
pub fn tls(certificate: &Path, key: &Path) -> Result<Arc<ServerConfig>, TlsError> {
    let read = |what, path: &Path| {
        let path = path.to_owned();
        move |source| TlsError::Read { what, path, source }
    };
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect)
        .map_err(read("certificate", certificate))?;
    let private = PrivateKeyDer::from_pem_file(key).map_err(read("private key", key))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let pair = |source| TlsError::Pair { certificate: certificate.to_owned(), key: key.to_owned(), source };
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(pair)?
        .with_no_client_auth()
        .with_single_cert(chain, private)
        .map_err(pair)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// Answers until `stop` is done, then lets the answers under way finish.
pub async fn serve(
    listener: TcpListener,
    tls: Option<Arc<ServerConfig>>,
    router: Router,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    axum::serve(Door::open(listener, tls)?, router).with_graceful_shutdown(stop).await
}

/// Takes connections in.
struct Door {
    address: SocketAddr,
    ready: mpsc::Receiver<(Connection, SocketAddr)>,
    accepting: JoinHandle<()>,
}

impl Door {
    fn open(listener: TcpListener, tls: Option<Arc<ServerConfig>>) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let (taken_in, ready) = mpsc::channel(16);
        let accepting = tokio::spawn(accept(listener, tls.map(TlsAcceptor::from), taken_in));
        Ok(Self { address, ready, accepting })
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl axum::serve::Listener for Door {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        match self.ready.recv().await {
            Some(connection) => connection,
            // The task that accepts ends with this door only.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}

async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, taken_in: mpsc::Sender<(Connection, SocketAddr)>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    while let Ok(place) = Arc::clone(&places).acquire_owned().await {
        let (stream, address) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of descriptors, most likely: those who are here have to leave first.
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(Duration::from_secs(1)).await;
                continue;
            }
        };
        let (tls, taken_in) = (tls.clone(), taken_in.clone());
        tokio::spawn(async move {
            match establish(stream, tls).await {
                // An error here means that the door was closed meanwhile.
                Ok(stream) => drop(taken_in.send((Connection::new(stream, place), address)).await),
                Err(error) => tracing::debug!(%address, %error, "no connection was established"),
            }
        });
    }
}

async fn establish(stream: TcpStream, tls: Option<TlsAcceptor>) -> io::Result<Stream> {
    stream.set_nodelay(true)?;
    let Some(tls) = tls else { return Ok(Stream::Plain(stream)) };
    match tokio::time::timeout(HANDSHAKE_TIME_MAX, tls.accept(stream)).await {
        Ok(done) => Ok(Stream::Tls(Box::new(done?))),
        Err(_) => Err(io::ErrorKind::TimedOut.into()),
    }
}

enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// A connection that holds its place, and loses it when it only sits there.
struct Connection {
    stream: Stream,
    idle: Pin<Box<Sleep>>,
    _place: OwnedSemaphorePermit,
}

impl Connection {
    fn new(stream: Stream, place: OwnedSemaphorePermit) -> Self {
        Self { stream, idle: Box::pin(tokio::time::sleep(IDLE_TIME_MAX)), _place: place }
    }

    fn watched<T>(&mut self, cx: &mut Context<'_>, polled: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if polled.is_ready() {
            self.idle.as_mut().reset(Instant::now() + IDLE_TIME_MAX);
            return polled;
        }
        ready!(self.idle.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

macro_rules! on_stream {
    ($connection:expr, $stream:ident => $call:expr) => {
        match &mut $connection.stream {
            Stream::Plain($stream) => {
                let $stream = Pin::new($stream);
                $call
            }
            Stream::Tls($stream) => {
                let $stream = Pin::new($stream.as_mut());
                $call
            }
        }
    };
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let polled = on_stream!(self, stream => stream.poll_read(cx, buf));
        self.watched(cx, polled)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let polled = on_stream!(self, stream => stream.poll_write(cx, bytes));
        self.watched(cx, polled)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = on_stream!(self, stream => stream.poll_flush(cx));
        self.watched(cx, polled)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = on_stream!(self, stream => stream.poll_shutdown(cx));
        self.watched(cx, polled)
    }
}
