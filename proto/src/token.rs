//! Join tokens: what a machine needs, once, to become a node.
//!
//! ```text
//! avow1.<base64url of canonical JSON {"address","authority","expires_at","node","secret"}>
//! ```
//!
//! Whoever has an unused token can enrol as that one node until it expires. The authority in it pins the collector, so that
//! nobody else can take the secret. Whether a token was used is known to the collector alone.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use descriptors::canonical;
use descriptors::id::NodeId;
use descriptors::timestamp::Timestamp;
use serde::{Deserialize, Serialize};

const PREFIX: &str = "avow1.";

/// Longest token that is looked at, in bytes.
const TOKEN_BYTES_MAX: usize = 16 << 10;

/// A join token. Its text is a secret; `Debug` leaves the secret out.
#[derive(Clone, PartialEq, Eq)]
pub struct JoinToken {
    /// The node that it makes.
    pub node: NodeId,
    /// What the collector knows the token by.
    pub secret: [u8; 32],
    /// Where the collector listens: `https://host:port`.
    pub address: String,
    /// Certificate of the collector's authority, DER.
    pub authority: Vec<u8>,
    /// From when on the collector refuses it.
    pub expires_at: Timestamp,
}

/// Why a text is not a join token. Never shows the text.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// Does not begin with the version.
    #[error("a join token begins with `{PREFIX}`")]
    Prefix,
    /// Longer than any token.
    #[error("{0} bytes are too many for a join token")]
    Length(usize),
    /// Not base64url without padding.
    #[error("the join token's {0} is not base64url")]
    Base64(&'static str),
    /// Not the expected document.
    #[error("the join token does not hold what a join token holds")]
    Json(#[from] canonical::ReadError),
    /// A secret of another length.
    #[error("the join token's secret has {0} bytes, expected 32")]
    Secret(usize),
    /// An address that nobody can connect to over TLS.
    #[error("the join token's address `{0}` is not `https://host:port`")]
    Address(String),
    /// Another spelling of a token.
    #[error("the join token is not spelt canonically")]
    Spelling,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    node: NodeId,
    secret: String,
    address: String,
    authority: String,
    expires_at: Timestamp,
}

impl fmt::Display for JoinToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wire = Wire {
            node: self.node.clone(),
            secret: URL_SAFE_NO_PAD.encode(self.secret),
            address: self.address.clone(),
            authority: URL_SAFE_NO_PAD.encode(&self.authority),
            expires_at: self.expires_at,
        };
        let json = canonical::to_vec(&wire).map_err(|_| fmt::Error)?;
        write!(f, "{PREFIX}{}", URL_SAFE_NO_PAD.encode(json))
    }
}

impl FromStr for JoinToken {
    type Err = TokenError;

    fn from_str(text: &str) -> Result<Self, TokenError> {
        if text.len() > TOKEN_BYTES_MAX {
            return Err(TokenError::Length(text.len()));
        }
        let encoded = text.strip_prefix(PREFIX).ok_or(TokenError::Prefix)?;
        let wire: Wire = canonical::from_slice(&decode("text", encoded)?)?;
        let secret = decode("secret", &wire.secret)?;
        let token = Self {
            node: wire.node,
            secret: secret.as_slice().try_into().map_err(|_| TokenError::Secret(secret.len()))?,
            authority: decode("authority", &wire.authority)?,
            expires_at: wire.expires_at,
            address: wire.address,
        };
        if !is_address(&token.address) {
            return Err(TokenError::Address(token.address));
        }
        if token.to_string() == text { Ok(token) } else { Err(TokenError::Spelling) }
    }
}

impl fmt::Debug for JoinToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinToken")
            .field("node", &self.node)
            .field("address", &self.address)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

fn decode(part: &'static str, text: &str) -> Result<Vec<u8>, TokenError> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| TokenError::Base64(part))
}

/// `https://`, a host name, IPv4 or bracketed IPv6 address, and a port; nothing after it.
fn is_address(text: &str) -> bool {
    let Some((host, port)) = text.strip_prefix("https://").and_then(|rest| rest.rsplit_once(':')) else {
        return false;
    };
    let host_good = match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(inner) => inner.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.'),
    };
    host_good && port.parse::<u16>().is_ok_and(|number| number != 0 && number.to_string() == port)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> JoinToken {
        JoinToken {
            node: NodeId::new("kvm-a").unwrap(),
            secret: [0xa5; 32],
            address: "https://collector.example:7443".to_owned(),
            authority: vec![0x30, 0x03, 1, 2, 3],
            expires_at: "2026-11-21T09:30:00Z".parse().unwrap(),
        }
    }

    fn of_json(json: &str) -> Result<JoinToken, TokenError> {
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(json)).parse()
    }

    #[test]
    fn a_token_reads_back_as_itself() {
        let text = token().to_string();
        assert_eq!(text.parse::<JoinToken>().unwrap(), token());
        let json = URL_SAFE_NO_PAD.decode(text.strip_prefix(PREFIX).unwrap()).unwrap();
        let expect = concat!(
            r#"{"address":"https://collector.example:7443","authority":"MAMBAgM","expires_at":"2026-11-21T09:30:00Z","#,
            r#""node":"kvm-a","secret":"paWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaU"}"#
        );
        assert_eq!(String::from_utf8(json).unwrap(), expect);
    }

    #[test]
    fn a_bad_token_is_named_for_its_fault_and_never_shown() {
        let good = r#"{"address":"https://c:1","authority":"MAM","expires_at":"2026-11-21T09:30:00Z","node":"n","secret":"S"}"#;
        let secret = URL_SAFE_NO_PAD.encode([7; 32]);
        let good = good.replace("\"S\"", &format!("\"{secret}\""));
        assert!(of_json(&good).is_ok());
        let check = |json: String, fault: &str| {
            let error = of_json(&json).unwrap_err();
            assert!(format!("{error}").contains(fault), "{json}: {error}");
            assert!(!format!("{error:?}").contains(&secret));
        };
        check(good.replace("https://c:1", "http://c:1"), "is not `https://host:port`");
        check(good.replace("https://c:1", "https://c:1/x"), "is not `https://host:port`");
        check(good.replace("https://c:1", "https://u@c:1"), "is not `https://host:port`");
        check(good.replace("https://c:1", "https://c"), "is not `https://host:port`");
        check(good.replace(&secret, "AAAA"), "3 bytes");
        check(good.replace("MAM", "!"), "authority is not base64url");
        check(good.replace("{\"address\"", "{ \"address\""), "not spelt canonically");
        check(good.replace("\"node\"", "\"nodes\""), "does not hold");
        assert!(matches!("avow2.AAAA".parse::<JoinToken>(), Err(TokenError::Prefix)));
        assert!(matches!("avow1.????".parse::<JoinToken>(), Err(TokenError::Base64("text"))));
        assert!(matches!("a".repeat(20_000).parse::<JoinToken>(), Err(TokenError::Length(20_000))));
    }

    #[test]
    fn debug_hides_the_secret() {
        let text = format!("{:?}", token());
        assert!(text.contains("kvm-a") && !text.contains("165") && !text.contains("paWl"), "{text}");
    }

    #[test]
    fn addresses_of_every_kind_of_host_are_taken() {
        for good in ["https://c:1", "https://10.0.0.1:7443", "https://[::1]:7443", "https://a-b.example:65535"] {
            assert!(is_address(good), "{good}");
        }
        for bad in
            ["", "https://:1", "https://c:0", "https://c:65536", "https://[x]:1", "https://::1:1", "https://c:01"]
        {
            assert!(!is_address(bad), "{bad}");
        }
    }
}
