//! Just enough of an HTTP client to ask a collector on loopback: one request, one connection, one answer.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// Status code.
    pub status: u16,
    /// Body.
    pub body: Vec<u8>,
}

/// Why there was no answer.
#[derive(Debug, thiserror::Error)]
pub enum GetError {
    /// The connection failed or ended early.
    #[error("no answer from http://{address}{path}")]
    Connection {
        /// Who was asked.
        address: SocketAddr,
        /// For what.
        path: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Not HTTP/1.1 with a length.
    #[error("http://{address}{path} did not answer in HTTP/1.1")]
    Malformed {
        /// Who was asked.
        address: SocketAddr,
        /// For what.
        path: String,
    },
    /// Another status than 200.
    #[error("http://{address}{path} answered {status}: {body}")]
    Status {
        /// Who was asked.
        address: SocketAddr,
        /// For what.
        path: String,
        /// What it answered.
        status: u16,
        /// And said.
        body: String,
    },
}

/// Asks for `path`; whatever the status.
pub fn ask(address: SocketAddr, path: &str) -> Result<Answer, GetError> {
    let failed = |source| GetError::Connection { address, path: path.to_owned(), source };
    let bytes = exchange(address, path).map_err(failed)?;
    let malformed = || GetError::Malformed { address, path: path.to_owned() };
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").ok_or_else(malformed)?;
    let head = std::str::from_utf8(&bytes[..end]).map_err(|_| malformed())?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(malformed)?;
    let chunked = head.to_ascii_lowercase().contains("transfer-encoding: chunked");
    if chunked { Err(malformed()) } else { Ok(Answer { status, body: bytes[end + 4..].to_vec() }) }
}

/// Asks for `path`; only 200 is an answer.
pub fn get(address: SocketAddr, path: &str) -> Result<Vec<u8>, GetError> {
    let answer = ask(address, path)?;
    if answer.status == 200 {
        return Ok(answer.body);
    }
    let body = String::from_utf8_lossy(&answer.body).chars().take(300).collect();
    Err(GetError::Status { address, path: path.to_owned(), status: answer.status, body })
}

fn exchange(address: SocketAddr, path: &str) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(2))?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    Ok(bytes)
}
