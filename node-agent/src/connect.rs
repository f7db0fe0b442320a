//! TLS to the collector: which authority is trusted, what is shown, how long to wait.
//!
//! Only the authority that came with the join token, or later with a certificate, is trusted; the machine's own roots are
//! not. What is said on the channel is not known here.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity as ClientIdentity};

/// Longest wait for TCP, TLS and HTTP/2 together.
const CONNECT_SECONDS_MAX: u64 = 10;

/// TCP keep-alive is the kernel's work: it finds dead peers and keeps address translation alive without waking us.
const KEEPALIVE_SECONDS: u64 = 60;

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The address, authority, certificate or key does not make an endpoint.
    #[error("cannot prepare a connection to {address}")]
    Endpoint {
        /// The collector.
        address: String,
        /// Why.
        source: tonic::transport::Error,
    },
    /// No TCP, TLS or HTTP/2 connection.
    #[error("cannot connect to {address}")]
    Connect {
        /// The collector.
        address: String,
        /// Why.
        source: tonic::transport::Error,
    },
    /// Not within the time allowed.
    #[error("{address} did not accept a connection within {seconds} s")]
    TimedOut {
        /// The collector.
        address: String,
        /// The time allowed.
        seconds: u64,
    },
}

/// Connects to `https://host:port`; `client` is a certificate and its key. All of it PEM.
pub(crate) async fn connect(
    address: &str,
    authority: &str,
    client: Option<(&str, &str)>,
) -> Result<Channel, ConnectError> {
    let endpoint = endpoint(address, authority, client)
        .map_err(|source| ConnectError::Endpoint { address: address.to_owned(), source })?;
    match tokio::time::timeout(Duration::from_secs(CONNECT_SECONDS_MAX), endpoint.connect()).await {
        Ok(Ok(channel)) => Ok(channel),
        Ok(Err(source)) => Err(ConnectError::Connect { address: address.to_owned(), source }),
        Err(_) => Err(ConnectError::TimedOut { address: address.to_owned(), seconds: CONNECT_SECONDS_MAX }),
    }
}

fn endpoint(address: &str, authority: &str, client: Option<(&str, &str)>) -> Result<Endpoint, tonic::transport::Error> {
    let mut tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(authority));
    if let Some((certificate, key)) = client {
        tls = tls.identity(ClientIdentity::from_pem(certificate, key));
    }
    Endpoint::from_shared(address.to_owned())?
        .user_agent(concat!("avow-agent/", env!("CARGO_PKG_VERSION")))?
        .tcp_keepalive(Some(Duration::from_secs(KEEPALIVE_SECONDS)))
        .tls_config(tls)
}

/// PEM (RFC 7468) of a DER certificate.
pub(crate) fn certificate_pem(der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let mut pem = String::with_capacity(text.len() + text.len() / 64 + 60);
    pem.push_str("-----BEGIN CERTIFICATE-----\n");
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, tail) = rest.split_at(rest.len().min(64));
        pem.push_str(line);
        pem.push('\n');
        rest = tail;
    }
    pem.push_str("-----END CERTIFICATE-----\n");
    pem
}
