//! One document over HTTPS, so that whoever chose its address learns nothing and reaches nothing: addresses stand in
//! credentials that strangers wrote.
//!
//! The name is looked up once, every answer is judged ([`network`]), and the connection goes to an address that was judged: a
//! name server that answers otherwise a moment later changes nothing. Redirects and proxies are not followed, the body is
//! bounded, and so is the time from the look-up to the last byte. What the bytes mean is not known here.
//!
//! Whoever controls one of the trust anchors of TLS that are handed in, and the network, can answer in the name of any host.

pub mod anchors;
pub mod network;

use std::error::Error;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use ureq::config::Config;
use ureq::http::Uri;
use ureq::http::header::{CONTENT_ENCODING, LOCATION};
use ureq::tls::{RootCerts, TlsConfig, TlsProvider};
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};

use anchors::Anchors;
use network::{Network, Reach};

/// Longest body that is read.
pub const BODY_BYTES_MAX: u64 = 64 * 1024;
/// Longest status line with all headers.
const HEADER_BYTES_MAX: usize = 16 * 1024;
const ADDRESS_BYTES_MAX: usize = 2048;
/// From the look-up of the name to the last byte.
pub const DEADLINE: Duration = Duration::from_secs(5);

/// Looks names up.
pub trait Names: fmt::Debug + Send + Sync + 'static {
    /// The addresses of a host. It may take its time, and may be asked again.
    fn look_up(&self, host: &str) -> io::Result<Vec<IpAddr>>;
}

/// The names of this machine: its hosts file and its name servers.
#[derive(Debug)]
pub struct SystemNames;

impl Names for SystemNames {
    fn look_up(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        Ok((host, 0).to_socket_addrs()?.map(|address| address.ip()).collect())
    }
}

/// Why a document could not be had. Nothing is said of the document.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// Not the address of a document that is fetched.
    #[error("`{0}` is no address that is fetched: `https://`, a host, and neither user name nor fragment")]
    Address(String),
    /// A name that nobody knows, or that could not be asked for.
    #[error("the name `{host}` cannot be looked up")]
    LookUp {
        /// Which.
        host: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A place that only this machine can reach, or its network.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Too slow.
    #[error("not answered within {} s", .0.as_secs_f32())]
    Slow(Duration),
    /// Somewhere else.
    #[error("answered with status {status}: it lies at `{to}` now, and redirects are not followed")]
    Redirect {
        /// The status.
        status: u16,
        /// Where.
        to: String,
    },
    /// Not there.
    #[error("answered with status {0}")]
    Status(u16),
    /// Packed, though nobody asked for it.
    #[error("packed with `{0}`: serve it as it is")]
    Packed(String),
    /// Longer than what is read.
    #[error("longer than {BODY_BYTES_MAX} bytes")]
    Size,
    /// No connection, no sound certificate, or no HTTP.
    #[error("cannot be fetched")]
    Exchange(#[source] ureq::Error),
}

/// An address that is not connected to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{host}` is at {address}, {reach}: nothing there is fetched, unless --allow-network names its network")]
pub struct Refusal {
    /// Who.
    pub host: String,
    /// Where.
    pub address: IpAddr,
    /// What that is.
    pub reach: Reach,
}

/// Fetches documents, under one set of rules.
#[derive(Debug)]
pub struct Fetcher {
    agent: ureq::Agent,
    deadline: Duration,
}

impl Fetcher {
    /// A fetcher that trusts `anchors`, asks `names`, and goes to `allowed` networks beside the public ones.
    pub fn new(anchors: Anchors, names: impl Names, allowed: Vec<Network>) -> Self {
        Self::within(DEADLINE, anchors, names, allowed)
    }

    /// The same with another deadline.
    pub fn within(deadline: Duration, anchors: Anchors, names: impl Names, allowed: Vec<Network>) -> Self {
        let tls = TlsConfig::builder()
            .provider(TlsProvider::Rustls)
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .root_certs(RootCerts::new_with_certs(&anchors.into_certificates()))
            .build();
        let config = Config::builder()
            .https_only(true)
            .proxy(None)
            .max_redirects(0)
            .http_status_as_error(false)
            .max_idle_connections(0)
            .max_response_header_size(HEADER_BYTES_MAX)
            .timeout_global(Some(deadline))
            .user_agent(concat!("avow/", env!("CARGO_PKG_VERSION")))
            .tls_config(tls)
            .build();
        let judged = Judged { names: Arc::new(names), allowed };
        Self { agent: ureq::Agent::with_parts(config, DefaultConnector::new(), judged), deadline }
    }

    /// The bytes at an address.
    pub fn fetch(&self, address: &str) -> Result<Vec<u8>, FetchError> {
        let uri = sound(address).ok_or_else(|| FetchError::Address(address.chars().take(200).collect()))?;
        let answered = self.agent.get(uri).call().map_err(|error| self.name(error))?;
        let (head, mut body) = answered.into_parts();
        let header = |name| head.headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        match (head.status.as_u16(), header(LOCATION), header(CONTENT_ENCODING)) {
            (status @ 300..400, Some(to), _) => {
                return Err(FetchError::Redirect { status, to: to.chars().take(200).collect() });
            }
            (200, _, None) => {}
            (200, _, Some(packed)) if packed.eq_ignore_ascii_case("identity") => {}
            (200, _, Some(packed)) => return Err(FetchError::Packed(packed.chars().take(40).collect())),
            (status, ..) => return Err(FetchError::Status(status)),
        }
        if body.content_length().is_some_and(|length| length > BODY_BYTES_MAX) {
            return Err(FetchError::Size);
        }
        // A body of exactly the limit already counts as one that exceeds it.
        body.with_config().limit(BODY_BYTES_MAX + 1).read_to_vec().map_err(|error| self.name(error))
    }

    /// Finds the faults that have a name of their own, however deep they are wrapped.
    fn name(&self, error: ureq::Error) -> FetchError {
        match error {
            ureq::Error::Timeout(_) => FetchError::Slow(self.deadline),
            ureq::Error::BodyExceedsLimit(_) => FetchError::Size,
            ureq::Error::Io(source) if source.kind() == io::ErrorKind::TimedOut => FetchError::Slow(self.deadline),
            ureq::Error::Other(source) => match source.downcast::<FetchError>() {
                Ok(named) => *named,
                Err(source) => FetchError::Exchange(ureq::Error::Other(source)),
            },
            other => FetchError::Exchange(other),
        }
    }
}

/// An address that may be fetched, as far as its text tells.
fn sound(address: &str) -> Option<Uri> {
    let rest = address.strip_prefix("https://")?;
    let plain = rest.bytes().all(|byte| byte.is_ascii_graphic() && !b"#\\\"<>^`{|}".contains(&byte));
    let authority = rest.split(['/', '?']).next()?;
    if !plain || address.len() > ADDRESS_BYTES_MAX || authority.contains('@') {
        return None;
    }
    let uri: Uri = address.parse().ok()?;
    // Of a port that is none the parser says that there is none.
    let port = authority.rsplit(']').next()?.split_once(':').map(|(_, port)| port);
    let port_good = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|number| number.to_string() == port));
    let host_good = uri.host().is_some_and(|host| !host.is_empty());
    (host_good && port_good && uri.authority()?.as_str() == authority).then_some(uri)
}

/// Looks a name up once, and lets only addresses through that may be connected to.
#[derive(Debug)]
struct Judged {
    names: Arc<dyn Names>,
    allowed: Vec<Network>,
}

impl Resolver for Judged {
    fn resolve(&self, uri: &Uri, _: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let host = uri.host().unwrap_or_default();
        let port = uri.port_u16().unwrap_or(443);
        let addresses = self.addresses(host, timeout).map_err(wrapped)?;
        let mut judged = self.empty();
        // One answer that leads inside condemns all: nobody who means well mixes them.
        for address in addresses {
            let reach = Reach::of(address);
            if reach != Reach::Public && !self.allowed.iter().any(|network| network.contains(address)) {
                let host = host.to_owned();
                return Err(wrapped(Refusal { host, address, reach }.into()));
            }
            if judged.len() < 16 {
                judged.push(SocketAddr::new(address, port));
            }
        }
        Ok(judged)
    }
}

impl Judged {
    fn addresses(&self, host: &str, timeout: NextTimeout) -> Result<Vec<IpAddr>, FetchError> {
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        if let Ok(address) = bare.parse() {
            return Ok(vec![address]);
        }
        let (names, asked) = (Arc::clone(&self.names), bare.to_owned());
        let (answer, answered) = mpsc::sync_channel(1);
        // The system's look-up cannot be given up; its thread is left behind when the time is over.
        std::thread::spawn(move || answer.send(names.look_up(&asked)));
        let fault = |source| FetchError::LookUp { host: bare.to_owned(), source };
        match answered.recv_timeout(*timeout.after) {
            Ok(Ok(addresses)) if addresses.is_empty() => Err(fault(io::ErrorKind::NotFound.into())),
            Ok(addresses) => addresses.map_err(fault),
            Err(mpsc::RecvTimeoutError::Timeout) => Err(fault(io::ErrorKind::TimedOut.into())),
            Err(mpsc::RecvTimeoutError::Disconnected) => Err(fault(io::ErrorKind::BrokenPipe.into())),
        }
    }
}

fn wrapped(error: FetchError) -> ureq::Error {
    ureq::Error::Other(Box::<dyn Error + Send + Sync>::from(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_https_addresses_are_fetched() {
        for good in ["https://h.example/did.json", "https://h.example:8443/a/b?c=d", "https://[2001:db8::1]/x"] {
            assert!(sound(good).is_some(), "{good}");
        }
        for bad in [
            "http://h.example/",
            "HTTPS://h.example/",
            "https:///x",
            "https://",
            "https://u@h.example/",
            "https://u:p@h.example/",
            "https://h.example/#a",
            "https://h.example\\@other.example/",
            "https://h.example/a b",
            "https://h.example:99999/",
            "https://h.example:/",
            "https://h.example:+443/",
            "https://h\u{e4}.example/",
            "file:///x",
            "",
        ] {
            assert!(sound(bad).is_none(), "{bad}");
        }
        assert!(sound(&format!("https://h.example/{}", "a".repeat(ADDRESS_BYTES_MAX))).is_none());
    }
}
