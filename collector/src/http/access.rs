//! Who may ask.
//!
//! On loopback anyone on this machine may; there the `Host` header is checked, so that a web page elsewhere cannot read the
//! answers through a name that it lets point here (DNS rebinding). Anywhere else a token is asked for, over TLS. Under the
//! public address, which a proxy may pass on, strangers get only what is public: the DID document, credentials and status lists. Whoever
//! has the token can read everything the collector shows, and can change nothing.

use std::fs::OpenOptions;
use std::io::{self, Read as _};
use std::net::SocketAddr;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use descriptors::digest::Digest;

use crate::api::problem::Problem;
use crate::sign::CHAIN_PATH;

/// Fewest characters of a token.
const TOKEN_LENGTH_MIN: usize = 32;

/// Who may ask. Only a digest of the token is kept.
#[derive(Debug)]
pub struct Access {
    token: Option<Digest>,
    /// Names of this machine.
    local: Vec<String>,
    /// The name that strangers use.
    public: Option<String>,
}

/// Why an address cannot be listened on.
#[derive(Debug, thiserror::Error)]
pub enum ExposureError {
    /// Anyone on the network could read along.
    #[error("{0} is not a loopback address: configure TLS for it")]
    WithoutTls(SocketAddr),
    /// Anyone on the network could ask.
    #[error("{0} is not a loopback address: configure a token file for it")]
    WithoutToken(SocketAddr),
}

/// Why a token cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The file cannot be read.
    #[error("cannot read the token file {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Others than its owner may read it.
    #[error("the token file {} has mode {mode:04o}: others may read it (chmod 600, and make a new token)", path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// Too easy to guess.
    #[error("the token in {} has fewer than {TOKEN_LENGTH_MIN} characters, or some that are not printable ASCII", path.display())]
    Weak {
        /// The file.
        path: PathBuf,
    },
}

/// Why somebody is not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The `Host` header names something else.
    Host,
    /// Under this name only what is public is told.
    NotPublic,
    /// No token, or another.
    Token,
}

/// Reads a token.
pub fn read_token(path: &Path) -> Result<String, TokenError> {
    let failed = |source| TokenError::Read { path: path.to_owned(), source };
    let no_follow = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(no_follow).open(path).map_err(failed)?;
    let mode = file.metadata().map_err(failed)?.mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(TokenError::Exposed { path: path.to_owned(), mode });
    }
    let mut text = String::new();
    file.take(4096).read_to_string(&mut text).map_err(failed)?;
    let token = text.trim_end();
    let printable = token.bytes().all(|byte| byte.is_ascii_graphic());
    if token.len() < TOKEN_LENGTH_MIN || !printable {
        return Err(TokenError::Weak { path: path.to_owned() });
    }
    Ok(token.to_owned())
}

impl Access {
    /// Who may ask at `listen`. `public_address` is the `https://` name that a proxy in front may pass on.
    pub fn new(
        listen: SocketAddr,
        tls: bool,
        token: Option<&str>,
        public_address: Option<&str>,
    ) -> Result<Self, ExposureError> {
        if !listen.ip().is_loopback() {
            if !tls {
                return Err(ExposureError::WithoutTls(listen));
            }
            if token.is_none() {
                return Err(ExposureError::WithoutToken(listen));
            }
        }
        let mut local = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "[::1]".to_owned()];
        local.push(match listen {
            SocketAddr::V4(address) => address.ip().to_string(),
            SocketAddr::V6(address) => format!("[{}]", address.ip()),
        });
        let public = public_address.map(|address| address.strip_prefix("https://").unwrap_or(address));
        let public = public.map(|host| name_of(host.trim_end_matches('/')).to_ascii_lowercase());
        Ok(Self { token: token.map(|token| Digest::of(token.as_bytes())), local, public })
    }

    /// Whether a request for `path` is answered.
    pub fn check(&self, path: &str, headers: &HeaderMap) -> Result<(), Refusal> {
        if self.knows(headers) {
            return Ok(());
        }
        let public = is_public(path);
        match (&self.token, host(headers)) {
            (Some(_), _) if public => Ok(()),
            (Some(_), _) => Err(Refusal::Token),
            (None, Some(host)) if self.public.as_ref() == Some(&host) => {
                if public {
                    Ok(())
                } else {
                    Err(Refusal::NotPublic)
                }
            }
            (None, _) => Err(Refusal::Host),
        }
    }

    /// Whether whoever asks may be told everything: has the token, or sits at this machine where none is asked for.
    pub fn knows(&self, headers: &HeaderMap) -> bool {
        match &self.token {
            Some(token) => given(headers).is_some_and(|given| same(&Digest::of(given.as_bytes()), token)),
            None => host(headers).is_some_and(|host| self.local.contains(&host)),
        }
    }
}

/// The host that is asked for, without its port; none where the header is missing or stands twice.
fn host(headers: &HeaderMap) -> Option<String> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = hosts.next()?.to_str().ok()?;
    hosts.next().is_none().then(|| name_of(host).to_ascii_lowercase())
}

/// What verifiers and probes must reach, and what gives nothing away: a credential is found by its digest only, and a
/// status list tells of places, not of credentials.
fn is_public(path: &str) -> bool {
    matches!(path, "/livez" | "/readyz" | "/.well-known/did.json" | CHAIN_PATH | "/assets/avow.css")
        || ["/credentials/", "/status/"].iter().any(|one| path.strip_prefix(one).is_some_and(|rest| !rest.is_empty()))
}

/// Whether a browser asks, and not a program.
pub(crate) fn accepts_html(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).map(HeaderValue::as_bytes).unwrap_or_default();
    accept.windows(9).any(|kind| kind == b"text/html")
}

/// A host without its port.
fn name_of(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) && !name.ends_with(':') => name,
        _ => host,
    }
}

/// The token as programs send it, or as the password that a browser asks for.
fn given(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, rest) = value.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(rest.trim().to_owned());
    }
    if scheme.eq_ignore_ascii_case("basic") {
        let decoded = String::from_utf8(STANDARD.decode(rest.trim()).ok()?).ok()?;
        return decoded.split_once(':').map(|(_, password)| password.to_owned());
    }
    None
}

/// Compares in a time that does not depend on where two digests differ.
fn same(a: &Digest, b: &Digest) -> bool {
    let differences = a.as_bytes().iter().zip(b.as_bytes()).fold(0, |all, (a, b)| all | (a ^ b));
    std::hint::black_box(differences) == 0
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Self::Host => {
                let why =
                    "the Host header is not a name of this machine; set public_address where a proxy passes on its own";
                Problem::new(StatusCode::MISDIRECTED_REQUEST, why).into_response()
            }
            Self::NotPublic => {
                let why = "under the public address only the DID document and credentials are told";
                Problem::new(StatusCode::FORBIDDEN, why).into_response()
            }
            Self::Token => {
                let problem = Problem::new(StatusCode::UNAUTHORIZED, "a token is asked for");
                let mut response = problem.into_response();
                let ways = HeaderValue::from_static(r#"Bearer realm="avow", Basic realm="avow", charset="UTF-8""#);
                response.headers_mut().insert(header::WWW_AUTHENTICATE, ways);
                response
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    const TOKEN: &str = "0123456789abcdef0123456789abcdef";

    fn headers(name: header::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn only_loopback_goes_without_tls_and_token() {
        let loopback: SocketAddr = "127.0.0.1:7070".parse().unwrap();
        let any: SocketAddr = "0.0.0.0:7070".parse().unwrap();
        assert!(Access::new(loopback, false, None, None).is_ok());
        assert!(matches!(Access::new(any, false, Some(TOKEN), None), Err(ExposureError::WithoutTls(_))));
        assert!(matches!(Access::new(any, true, None, None), Err(ExposureError::WithoutToken(_))));
        assert!(Access::new(any, true, Some(TOKEN), None).is_ok());
    }

    #[test]
    fn a_foreign_name_is_not_answered_on_loopback() {
        let access =
            Access::new("127.0.0.1:7070".parse().unwrap(), false, None, Some("https://Cloud.example")).unwrap();
        let check = |host: &str, good: bool| {
            assert_eq!(access.check("/", &headers(header::HOST, host)).is_ok(), good, "{host}");
        };
        for good in ["127.0.0.1", "127.0.0.1:7070", "LOCALHOST:9", "[::1]:7070", "[::1]"] {
            check(good, true);
        }
        let public = headers(header::HOST, "cloud.example:443");
        assert_eq!(access.check("/", &public), Err(Refusal::NotPublic));
        assert_eq!(access.check("/v1/credentials", &public), Err(Refusal::NotPublic));
        assert_eq!(access.check("/credentials/00ff", &public), Ok(()));
        assert!(!access.knows(&public));
        for bad in ["evil.example", "127.0.0.1.evil.example", "evil.example:7070", "", "localhost:x", "::1"] {
            check(bad, false);
        }
        assert_eq!(access.check("/", &HeaderMap::new()), Err(Refusal::Host));
        let mut two = headers(header::HOST, "localhost");
        two.append(header::HOST, HeaderValue::from_static("evil.example"));
        assert_eq!(access.check("/", &two), Err(Refusal::Host));
    }

    #[test]
    fn elsewhere_a_token_is_asked_for() {
        let access = Access::new("0.0.0.0:7070".parse().unwrap(), true, Some(TOKEN), None).unwrap();
        let check = |path: &str, value: &str, good: bool| {
            assert_eq!(access.check(path, &headers(header::AUTHORIZATION, value)).is_ok(), good, "{path} {value}");
        };
        check("/v1/nodes", &format!("Bearer {TOKEN}"), true);
        check("/v1/nodes", &format!("bearer {TOKEN}"), true);
        check("/", &format!("Basic {}", STANDARD.encode(format!("any:{TOKEN}"))), true);
        check("/", &format!("Basic {}", STANDARD.encode("any:other")), false);
        check("/", &format!("Bearer {}", &TOKEN[1..]), false);
        check("/", TOKEN, false);
        check("/", "", false);
        check("/metrics", "", false);
        check("/credentials/", "", false);
        for public in ["/livez", "/readyz", "/.well-known/did.json", CHAIN_PATH, "/credentials/00ff"] {
            check(public, "", true);
        }
        assert!(!format!("{access:?}").contains(TOKEN));
    }

    #[test]
    fn a_token_that_is_exposed_or_weak_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("token");
        let write = |text: &str, mode| {
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            read_token(&path)
        };
        assert_eq!(write(&format!("{TOKEN}\n"), 0o600).unwrap(), TOKEN);
        assert!(matches!(write(TOKEN, 0o644), Err(TokenError::Exposed { mode: 0o644, .. })));
        assert!(matches!(write(&TOKEN[1..], 0o600), Err(TokenError::Weak { .. })));
        assert!(matches!(write(&format!("{TOKEN} {TOKEN}"), 0o600), Err(TokenError::Weak { .. })));
        assert!(matches!(read_token(&dir.path().join("none")), Err(TokenError::Read { .. })));
    }
}
