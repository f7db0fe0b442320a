//! A site of a test: a TLS server on loopback with a certificate of an authority of its own, and names that lead wherever the
//! test wants.

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, Read as _, Write};
use std::net::{IpAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use auditor::fetch::anchors::Anchors;
use auditor::fetch::{Fetcher, Names};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, PKCS_ECDSA_P256_SHA256, date_time_ymd,
};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// Given up by fetchers of tests.
pub(crate) const DEADLINE: Duration = Duration::from_millis(1500);

/// What a site answers: written straight into the connection, so that it may be anything.
pub(crate) type Answer = Arc<dyn Fn(&str, &mut dyn Write) -> io::Result<()> + Send + Sync>;

/// A server that runs until the test ends.
pub(crate) struct Site {
    pub(crate) port: u16,
    root: String,
    connections: Arc<AtomicUsize>,
}

/// What the certificate of a site says.
pub(crate) struct Certified<'a> {
    pub(crate) host: &'a str,
    pub(crate) expired: bool,
}

impl Site {
    /// A site with a sound certificate.
    pub(crate) fn of(host: &str, answer: Answer) -> Self {
        Self::certified(&Certified { host, expired: false }, answer)
    }

    pub(crate) fn certified(certified: &Certified<'_>, answer: Answer) -> Self {
        let (root, config) = certify(certified);
        let config = Arc::new(config);
        Self::serve(root, move |socket| speak_tls(socket, &config, &answer))
    }

    /// A site that does something else than TLS with a connection.
    pub(crate) fn raw(connection: impl Fn(TcpStream) + Send + Sync + 'static) -> Self {
        let (root, _) = certify(&Certified { host: "cloud.example", expired: false });
        Self::serve(root, move |socket| {
            connection(socket);
            Ok(())
        })
    }

    fn serve(root: String, connection: impl Fn(TcpStream) -> io::Result<()> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let connections = Arc::new(AtomicUsize::new(0));
        let site = Self { port, root, connections: Arc::clone(&connections) };
        let connection = Arc::new(connection);
        std::thread::spawn(move || {
            for socket in listener.incoming() {
                connections.fetch_add(1, Ordering::SeqCst);
                let connection = Arc::clone(&connection);
                // Clients that hang up are what half of the tests are about.
                std::thread::spawn(move || drop(connection(socket.unwrap())));
            }
        });
        site
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// The authority behind its certificate, as a file.
    pub(crate) fn anchors(&self) -> Anchors {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &self.root).unwrap();
        Anchors::read(file.path()).unwrap()
    }

    /// A fetcher that trusts this site, knows the names given, and may fetch from loopback.
    pub(crate) fn fetcher(&self, names: Hosts) -> Fetcher {
        Fetcher::within(DEADLINE, self.anchors(), names, vec!["127.0.0.1".parse().unwrap()])
    }

    pub(crate) fn address(&self, host: &str, path: &str) -> String {
        format!("https://{host}:{}/{path}", self.port)
    }
}

/// An authority's certificate, and a server with a certificate of it.
fn certify(certified: &Certified<'_>) -> (String, ServerConfig) {
    let authority = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, "an authority of tests");
    let root = params.self_signed(&authority).unwrap().pem();
    let issuer = Issuer::new(params, authority);
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
    let mut params = CertificateParams::new(vec![certified.host.to_owned()]).unwrap();
    if certified.expired {
        (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2020, 2, 1));
    }
    let leaf = params.signed_by(&key, &issuer).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let key = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
    let config = config.with_no_client_auth().with_single_cert(vec![leaf.der().clone()], key).unwrap();
    (root, config)
}

fn speak_tls(socket: TcpStream, config: &Arc<ServerConfig>, answer: &Answer) -> io::Result<()> {
    let connection = ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?;
    let mut stream = StreamOwned::new(connection, socket);
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        request.push(byte[0]);
    }
    let request = String::from_utf8_lossy(&request).into_owned();
    let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
    answer(&path, &mut stream)?;
    stream.conn.send_close_notify();
    stream.flush()
}

/// An answer of status 200 with this body.
pub(crate) fn ok(body: impl Into<Vec<u8>>) -> Answer {
    let body = body.into();
    Arc::new(move |_, out| write_ok(&body, out))
}

pub(crate) fn write_ok(body: &[u8], out: &mut dyn Write) -> io::Result<()> {
    write!(out, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n", body.len())?;
    out.write_all(body)
}

/// An answer of these very bytes.
pub(crate) fn raw(bytes: &str) -> Answer {
    let bytes = bytes.as_bytes().to_vec();
    Arc::new(move |_, out| out.write_all(&bytes))
}

/// Names that lead where the test says, each time it is asked to the next place.
#[derive(Debug, Clone, Default)]
pub(crate) struct Hosts {
    answers: Arc<Mutex<BTreeMap<String, VecDeque<Vec<IpAddr>>>>>,
    asked: Arc<AtomicUsize>,
    slow: Duration,
}

impl Hosts {
    /// A host at these addresses.
    pub(crate) fn at(host: &str, addresses: &[&str]) -> Self {
        Self::default().and(host, addresses)
    }

    /// Another host; or another answer of the same, given from the next time on.
    pub(crate) fn and(self, host: &str, addresses: &[&str]) -> Self {
        let addresses = addresses.iter().map(|address| address.parse().unwrap()).collect();
        self.answers.lock().unwrap().entry(host.to_owned()).or_default().push_back(addresses);
        self
    }

    pub(crate) fn slow(mut self, slow: Duration) -> Self {
        self.slow = slow;
        self
    }

    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Names for Hosts {
    fn look_up(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        std::thread::sleep(self.slow);
        let mut answers = self.answers.lock().unwrap();
        let answers = answers.get_mut(host).ok_or(io::ErrorKind::NotFound)?;
        // The last answer stays.
        let now = if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() };
        now.ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}
