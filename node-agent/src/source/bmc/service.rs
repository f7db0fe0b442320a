//! The controller on the other end: one document after another over HTTPS, with a user's name and password.
//!
//! The certificate must end in the authorities of the file that is configured; this system's are not asked, as controllers
//! are not part of the web. A controller with a certificate of its own making is pinned by naming that certificate. Redirects
//! and proxies are not followed, bodies are bounded, and all requests of a round share one deadline. What a document means
//! is not known here.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use descriptors::fact::{AbsenceReason, Reading};
use serde_json::Value;
use ureq::Agent;
use ureq::config::Config;
use ureq::tls::{PemItem, RootCerts, TlsConfig, TlsProvider, parse_pem};

use crate::config;
use crate::state;

/// Longest document; the longest of real controllers have some 30 KiB.
const DOCUMENT_BYTES_MAX: u64 = 256 << 10;

const HEADER_BYTES_MAX: usize = 16 << 10;

/// Longest file of authorities, and of a user's name and password.
const FILE_BYTES_MAX: u64 = 256 << 10;

/// Gives documents.
pub(super) trait Service {
    /// The document at a path, or why there is none. May be asked again.
    fn get(&self, path: &str) -> Reading<Value>;
}

/// A controller that is asked over HTTPS.
pub(super) struct Https {
    agent: Agent,
    address: String,
    authorisation: String,
    end: Instant,
}

/// Prepares; nothing is sent yet.
pub(super) fn connect(settings: &config::Bmc, deadline: Duration) -> Reading<Https> {
    let end = Instant::now() + deadline;
    authorities(&settings.ca_file).and_then(|authorities| {
        user(&settings.user_file).map(|user| {
            let tls = TlsConfig::builder()
                .provider(TlsProvider::Rustls)
                .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
                .root_certs(authorities)
                .build();
            let config = Config::builder()
                .https_only(true)
                .proxy(None)
                .max_redirects(0)
                .http_status_as_error(false)
                .max_response_header_size(HEADER_BYTES_MAX)
                .user_agent(concat!("avow-agent/", env!("CARGO_PKG_VERSION")))
                .tls_config(tls)
                .build();
            let authorisation = format!("Basic {}", STANDARD.encode(user));
            Https { agent: config.into(), address: settings.address.clone(), authorisation, end }
        })
    })
}

fn authorities(path: &Path) -> Reading<RootCerts> {
    let bad = |why: &str| Reading::absent(AbsenceReason::Malformed, format!("{}: {why}", path.display()));
    // Certificates are no secret: anybody may read them.
    match state::read_secret(path, 0, FILE_BYTES_MAX) {
        Ok(None) => Reading::absent(AbsenceReason::NotPresent, path.display().to_string()),
        Err(error) => Reading::absent(AbsenceReason::NotPermitted, error.to_string()),
        Ok(Some(text)) => {
            let mut certificates = Vec::new();
            for item in parse_pem(text.as_bytes()) {
                match item {
                    Ok(PemItem::Certificate(certificate)) => certificates.push(certificate),
                    Ok(_) => {}
                    Err(_) => return bad("not PEM throughout"),
                }
            }
            if certificates.is_empty() {
                return bad("no certificates");
            }
            Reading::Present(RootCerts::new_with_certs(&certificates))
        }
    }
}

/// `name:password`, as it travels.
fn user(path: &Path) -> Reading<String> {
    match state::read_secret(path, state::OTHERS, FILE_BYTES_MAX) {
        Ok(Some(text)) if text.trim().contains(':') => Reading::Present(text.trim().to_owned()),
        Ok(Some(_)) => Reading::absent(AbsenceReason::Malformed, format!("{}: not name:password", path.display())),
        Ok(None) => Reading::absent(AbsenceReason::NotPresent, path.display().to_string()),
        Err(error) => Reading::absent(AbsenceReason::NotPermitted, error.to_string()),
    }
}

impl Service for Https {
    fn get(&self, path: &str) -> Reading<Value> {
        let left = self.end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Reading::absent(AbsenceReason::TimedOut, format!("{path}: the time of all documents is over"));
        }
        let request = self.agent.get(format!("{}{path}", self.address)).config().timeout_global(Some(left)).build();
        let answer = request.header("authorization", &self.authorisation).header("accept", "application/json").call();
        let mut answer = match answer {
            Ok(answer) => answer,
            Err(error) => return refused(path, &error),
        };
        match answer.status().as_u16() {
            200 => {}
            status @ (401 | 403) => {
                return Reading::absent(AbsenceReason::NotPermitted, format!("{path}: status {status}"));
            }
            404 => return Reading::absent(AbsenceReason::NotPresent, format!("{path}: status 404")),
            status => return Reading::absent(AbsenceReason::NotSupported, format!("{path}: status {status}")),
        }
        match answer.body_mut().with_config().limit(DOCUMENT_BYTES_MAX).read_to_vec() {
            Ok(bytes) => match serde_json::from_slice(&bytes) {
                Ok(document) => Reading::Present(document),
                Err(_) => Reading::absent(AbsenceReason::Malformed, format!("{path}: no JSON")),
            },
            Err(error) => refused(path, &error),
        }
    }
}

/// Without what may change from round to round.
fn refused<T>(path: &str, error: &ureq::Error) -> Reading<T> {
    let (reason, why) = match error {
        ureq::Error::Timeout(_) => (AbsenceReason::TimedOut, "no answer in time"),
        ureq::Error::Io(source) if source.kind() == std::io::ErrorKind::TimedOut => {
            (AbsenceReason::TimedOut, "no answer in time")
        }
        ureq::Error::BodyExceedsLimit(_) => (AbsenceReason::Malformed, "longer than a document can be"),
        ureq::Error::Rustls(_) => (AbsenceReason::NotPermitted, "its certificate is not of the authorities of ca_file"),
        ureq::Error::Io(source) if source.kind() == std::io::ErrorKind::InvalidData => {
            (AbsenceReason::NotPermitted, "its certificate is not of the authorities of ca_file")
        }
        ureq::Error::Io(_) | ureq::Error::HostNotFound | ureq::Error::ConnectionFailed => {
            (AbsenceReason::NotPresent, "cannot be reached")
        }
        _ => (AbsenceReason::Malformed, "no HTTP"),
    };
    Reading::absent(reason, format!("{path}: {why}"))
}
