//! The roots that TLS may end in: those of a file that is named, or else those of this system. None is built in.

use std::io;
use std::path::{Path, PathBuf};

use ureq::tls::{Certificate, PemItem, parse_pem};

/// Where systems keep their roots: Debian and Alpine, Fedora, openSUSE, the older Red Hat.
const SYSTEM: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
];

/// Roots, and the file they are from.
#[derive(Debug, Clone)]
pub struct Anchors {
    file: PathBuf,
    certificates: Vec<Certificate<'static>>,
}

/// Why there are no roots.
#[derive(Debug, thiserror::Error)]
pub enum AnchorsError {
    /// A file that cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file that is not PEM throughout.
    #[error("{} is not PEM throughout", path.display())]
    Pem {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<ureq::Error>,
    },
    /// A file without a certificate.
    #[error("{} holds no certificates", .0.display())]
    None(PathBuf),
    /// A system that keeps its roots elsewhere.
    #[error("this system keeps its roots in no place that is known here: name their file with --ca")]
    System,
}

impl Anchors {
    /// Those of a PEM file.
    pub fn read(path: &Path) -> Result<Self, AnchorsError> {
        let pem = std::fs::read(path).map_err(|source| AnchorsError::Read { path: path.to_owned(), source })?;
        let mut certificates = Vec::new();
        for item in parse_pem(&pem) {
            match item {
                Ok(PemItem::Certificate(certificate)) => certificates.push(certificate),
                Ok(_) => {}
                Err(source) => {
                    return Err(AnchorsError::Pem { path: path.to_owned(), source: Box::new(source) });
                }
            }
        }
        if certificates.is_empty() {
            return Err(AnchorsError::None(path.to_owned()));
        }
        Ok(Self { file: path.to_owned(), certificates })
    }

    /// Those of this system.
    pub fn of_system() -> Result<Self, AnchorsError> {
        let file = SYSTEM.iter().map(Path::new).find(|path| path.exists()).ok_or(AnchorsError::System)?;
        Self::read(file)
    }

    /// The file they are from.
    pub fn file(&self) -> &Path {
        &self.file
    }

    pub(super) fn into_certificates(self) -> Vec<Certificate<'static>> {
        self.certificates
    }
}
