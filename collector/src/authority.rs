//! The collector's own small certificate authority: it names nodes, and the collector towards them.
//!
//! ```text
//!   authority (P-256, ten years, <state>/authority/authority.pem, mode 0600)
//!     ├─ collector: DNS names and addresses, made anew at each start, 90 days
//!     └─ node: spiffe://<trust domain>/node/<node>, CN = its report key, 24 hours
//! ```
//!
//! A node's certificate names the report key it enrolled with, so that a certificate of a former enrolment is worth nothing.
//! There is no revocation list: certificates are short, and every message asks the store. Whether a node may speak is not
//! known here, see [`crate::admission`].
//!
//! Whoever has the authority's key can connect as any node, but cannot sign a report: those are signed by the nodes' own keys.

use std::fs::{self, File, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use descriptors::did::Did;
use descriptors::id::NodeId;
use descriptors::timestamp::Timestamp;
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertificateSigningRequestParams, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, PublicKeyData, SanType, SerialNumber,
};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, CertificateSigningRequestDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::random;

const AUTHORITY_DAYS: i64 = 3650;
const SERVER_DAYS: i64 = 90;
const DAY: i64 = 86_400;

/// Clocks of nodes may be this much behind when they first see a certificate.
const CLOCK_BEHIND_SECONDS: i64 = 300;

/// A key that signs certificates, and the certificate that names it.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
    trust_domain: String,
    node_hours: u32,
}

/// Why there is no authority.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// The file cannot be read or written.
    #[error("cannot {action} {path}")]
    File {
        /// What was tried.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// Others than the owner could read the key.
    #[error("{path} has mode {mode:03o}, must be 600: whoever could read it can connect as any node")]
    Mode {
        /// Where.
        path: PathBuf,
        /// As found.
        mode: u32,
    },
    /// The file does not hold a key and a certificate.
    #[error("{path} does not hold a key and a certificate")]
    Pem {
        /// Where.
        path: PathBuf,
        /// Why not.
        #[source]
        source: rustls::pki_types::pem::Error,
    },
    /// The certificate does not read.
    #[error("the authority's certificate is malformed")]
    Certificate,
    /// Made for another trust domain than is configured.
    #[error("the authority was made for the trust domain `{found}`, the configuration says `{expected}`")]
    TrustDomain {
        /// In the certificate.
        found: String,
        /// Configured.
        expected: String,
    },
    /// The key or certificate could not be made.
    #[error("cannot make the authority")]
    Make(#[from] IssueError),
}

/// Why a certificate was not issued.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// The PKCS#10 request is malformed, or not signed by its own key.
    #[error("the certificate request is malformed or not signed by its own key")]
    Request(#[source] rcgen::Error),
    /// No random bytes for a serial number.
    #[error("no random bytes")]
    Random(#[from] io::Error),
    /// The library refused.
    #[error("the certificate could not be made")]
    Sign(#[from] rcgen::Error),
}

/// Why a certificate of ours does not name a node.
#[derive(Debug, thiserror::Error)]
pub enum PeerError {
    /// Not X.509.
    #[error("the certificate is malformed")]
    Malformed,
    /// No SPIFFE id of a node of this trust domain, or several.
    #[error("the certificate does not name one node of this trust domain")]
    NoNode,
    /// No report key.
    #[error("the certificate does not name a report key")]
    NoReportKey,
}

/// Whom a certificate names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// The node.
    pub node: NodeId,
    /// The report key that it enrolled with.
    pub report_key: Did,
    /// The certificate's last second. TLS looks at it once, a stream may outlive it.
    pub not_after: Timestamp,
}

/// A fresh certificate of a node.
#[derive(Debug)]
pub struct NodeCertificate {
    /// DER.
    pub certificate: CertificateDer<'static>,
    /// Half of its life.
    pub renew_before: Timestamp,
}

/// A fresh certificate of the collector, and its key.
#[derive(Debug)]
pub struct ServerCertificate {
    /// DER.
    pub certificate: CertificateDer<'static>,
    /// PKCS#8.
    pub key: PrivateKeyDer<'static>,
    /// Two thirds of its life.
    pub renew_at: Timestamp,
}

impl Authority {
    /// Opens the authority in `directory`; makes it if there is none. Several processes may do so at once.
    pub fn open(directory: &Path, trust_domain: &str, node_hours: u32, now: Timestamp) -> Result<Self, AuthorityError> {
        let path = directory.join("authority.pem");
        match fs::symlink_metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let pem = make(trust_domain, now)?;
                write_new(directory, &path, pem.as_bytes())?;
            }
            _ => {}
        }
        let pem = read_private(&path)?;
        let unreadable = |source| AuthorityError::Pem { path: path.clone(), source };
        let key = PrivateKeyDer::from_pem_slice(&pem).map_err(unreadable)?;
        let certificate = CertificateDer::from_pem_slice(&pem).map_err(unreadable)?;
        let found = trust_domain_of(&certificate).ok_or(AuthorityError::Certificate)?;
        if found != trust_domain {
            return Err(AuthorityError::TrustDomain { found, expected: trust_domain.to_owned() });
        }
        let key = KeyPair::try_from(&key).map_err(IssueError::Sign)?;
        let issuer = Issuer::from_ca_cert_der(&certificate, key).map_err(IssueError::Sign)?;
        Ok(Self { issuer, certificate, trust_domain: trust_domain.to_owned(), node_hours })
    }

    /// The certificate of the authority.
    pub fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    /// Makes a key and a certificate for the collector, valid for `names` (host names and addresses).
    pub fn issue_server(&self, names: &[String], now: Timestamp) -> Result<ServerCertificate, IssueError> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(names)?;
        params.distinguished_name.push(DnType::CommonName, "avow collector");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let certificate = self.sign(params, &key, now, SERVER_DAYS * DAY)?;
        let key = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
        Ok(ServerCertificate { certificate, key, renew_at: now.plus_seconds(SERVER_DAYS * DAY * 2 / 3) })
    }

    /// Certifies the public key of a PKCS#10 request for a node. Whatever else the request says is ignored.
    pub fn issue_node(
        &self,
        node: &NodeId,
        report_key: &Did,
        request: &[u8],
        now: Timestamp,
    ) -> Result<NodeCertificate, IssueError> {
        let request = CertificateSigningRequestParams::from_der(&CertificateSigningRequestDer::from(request))
            .map_err(IssueError::Request)?;
        let mut params = CertificateParams::new(Vec::new())?;
        params.subject_alt_names.push(SanType::URI(self.spiffe_id(node).try_into()?));
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, report_key.as_str());
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let seconds = i64::from(self.node_hours) * 3600;
        let certificate = self.sign(params, &request.public_key, now, seconds)?;
        Ok(NodeCertificate { certificate, renew_before: now.plus_seconds(seconds / 2) })
    }

    /// Whom a certificate names that TLS found to be issued by this authority.
    pub fn peer_of(&self, certificate: &[u8]) -> Result<Peer, PeerError> {
        let (_, certificate) = X509Certificate::from_der(certificate).map_err(|_| PeerError::Malformed)?;
        let [uri] = uris(&certificate)[..] else { return Err(PeerError::NoNode) };
        let name = uri.strip_prefix(&self.spiffe_prefix()).ok_or(PeerError::NoNode)?;
        let mut common_names = certificate.subject().iter_common_name();
        let (Some(common_name), None) = (common_names.next(), common_names.next()) else {
            return Err(PeerError::NoReportKey);
        };
        let report_key = common_name.as_str().ok().and_then(|text| text.parse().ok());
        Ok(Peer {
            node: NodeId::new(name).map_err(|_| PeerError::NoNode)?,
            report_key: report_key.filter(Did::is_key).ok_or(PeerError::NoReportKey)?,
            not_after: Timestamp::from_unix(certificate.validity().not_after.timestamp())
                .map_err(|_| PeerError::Malformed)?,
        })
    }

    fn spiffe_prefix(&self) -> String {
        format!("spiffe://{}/node/", self.trust_domain)
    }

    fn spiffe_id(&self, node: &NodeId) -> String {
        format!("{}{node}", self.spiffe_prefix())
    }

    fn sign(
        &self,
        mut params: CertificateParams,
        key: &impl PublicKeyData,
        now: Timestamp,
        seconds: i64,
    ) -> Result<CertificateDer<'static>, IssueError> {
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.use_authority_key_identifier_extension = true;
        limit(&mut params, now, seconds)?;
        let certificate: Certificate = params.signed_by(key, &self.issuer)?;
        Ok(certificate.der().clone())
    }
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authority").field("trust_domain", &self.trust_domain).finish_non_exhaustive()
    }
}

/// A new authority: its key and certificate, PEM.
fn make(trust_domain: &str, now: Timestamp) -> Result<String, IssueError> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(Vec::new())?;
    params.subject_alt_names.push(SanType::URI(format!("spiffe://{trust_domain}").try_into()?));
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "avow authority");
    params.distinguished_name.push(DnType::OrganizationName, trust_domain);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    limit(&mut params, now, AUTHORITY_DAYS * DAY)?;
    let certificate = params.self_signed(&key)?;
    Ok(format!("{}{}", key.serialize_pem(), certificate.pem()))
}

/// Sets the life of a certificate, and a serial number that is not used twice for one key.
fn limit(params: &mut CertificateParams, now: Timestamp, seconds: i64) -> Result<(), IssueError> {
    let at =
        |time: Timestamp| rcgen::date_time_ymd(1970, 1, 1) + Duration::from_secs(time.unix().max(0).unsigned_abs());
    params.not_before = at(now.plus_seconds(-CLOCK_BEHIND_SECONDS));
    params.not_after = at(now.plus_seconds(seconds));
    let mut serial = random::bytes::<16>()?;
    // Positive, as RFC 5280 section 4.1.2.2 asks.
    serial[0] &= 0x7f;
    params.serial_number = Some(SerialNumber::from_slice(&serial));
    Ok(())
}

fn uris<'a>(certificate: &'a X509Certificate<'_>) -> Vec<&'a str> {
    let Ok(Some(extension)) = certificate.subject_alternative_name() else { return Vec::new() };
    let uri = |name: &'a GeneralName<'_>| match name {
        GeneralName::URI(uri) => Some(*uri),
        _ => None,
    };
    extension.value.general_names.iter().filter_map(uri).collect()
}

fn trust_domain_of(certificate: &[u8]) -> Option<String> {
    let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
    uris(&certificate).first()?.strip_prefix("spiffe://").map(str::to_owned)
}

/// Writes a file that only the owner can read. It is there in whole or not at all, and one that is there stays.
fn write_new(directory: &Path, path: &Path, bytes: &[u8]) -> Result<(), AuthorityError> {
    let failed = |source| AuthorityError::File { action: "write", path: path.to_owned(), source };
    let temporary = directory.join(format!(".authority.{}", std::process::id()));
    let write = || -> io::Result<()> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
        let mut file = File::options().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
        file.set_permissions(Permissions::from_mode(0o600))?;
        file.write_all(bytes)?;
        file.sync_all()?;
        match fs::hard_link(&temporary, path) {
            // Another process was first, and its authority is as good.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            linked => linked?,
        }
        fs::remove_file(&temporary)?;
        File::open(directory)?.sync_all()
    };
    write().map_err(failed)
}

fn read_private(path: &Path) -> Result<Vec<u8>, AuthorityError> {
    let failed = |source| AuthorityError::File { action: "read", path: path.to_owned(), source };
    let mut file = File::open(path).map_err(failed)?;
    let mode = file.metadata().map_err(failed)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(AuthorityError::Mode { path: path.to_owned(), mode });
    }
    let mut bytes = Vec::new();
    io::Read::read_to_end(&mut file, &mut bytes).map_err(failed)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        Timestamp::from_unix(1_790_000_000).unwrap()
    }

    fn authority(directory: &Path) -> Authority {
        Authority::open(directory, "avow.example", 24, now()).unwrap()
    }

    fn report_key() -> Did {
        "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp".parse().unwrap()
    }

    fn request() -> Vec<u8> {
        // It asks for more than it gets.
        let mut params = CertificateParams::new(vec!["collector.example".to_owned()]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.serialize_request(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
    }

    #[test]
    fn an_authority_is_made_once_and_only_its_owner_reads_it() {
        let directory = tempfile::tempdir().unwrap();
        let place = directory.path().join("authority");
        let first = authority(&place).certificate().clone();
        assert_eq!(authority(&place).certificate(), &first);
        let file = place.join("authority.pem");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(&place).unwrap().count(), 1, "nothing is left behind");
        let other = Authority::open(&place, "other.example", 24, now()).unwrap_err();
        assert!(matches!(other, AuthorityError::TrustDomain { .. }), "{other}");
        fs::set_permissions(&file, Permissions::from_mode(0o640)).unwrap();
        let open = Authority::open(&place, "avow.example", 24, now()).unwrap_err();
        assert!(matches!(open, AuthorityError::Mode { mode: 0o640, .. }), "{open}");
    }

    #[test]
    fn a_damaged_authority_is_never_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let first = authority(directory.path()).certificate().clone();
        let file = directory.path().join("authority.pem");
        fs::write(&file, b"").unwrap();
        let refused = Authority::open(directory.path(), "avow.example", 24, now()).unwrap_err();
        assert!(matches!(refused, AuthorityError::Pem { .. }), "{refused}");
        assert_eq!(fs::read(&file).unwrap(), b"");
        assert!(!first.is_empty());
    }

    #[test]
    fn a_certificate_names_what_the_authority_says_not_what_was_asked_for() {
        let directory = tempfile::tempdir().unwrap();
        let authority = authority(directory.path());
        let node = NodeId::new("kvm-01").unwrap();
        let issued = authority.issue_node(&node, &report_key(), &request(), now()).unwrap();
        let peer = authority.peer_of(&issued.certificate).unwrap();
        assert_eq!(peer, Peer { node, report_key: report_key(), not_after: now().plus_seconds(DAY) });
        assert_eq!(issued.renew_before, now().plus_seconds(DAY / 2));
        let (_, read) = X509Certificate::from_der(&issued.certificate).unwrap();
        assert!(!read.is_ca());
        assert_eq!(read.subject_alternative_name().unwrap().unwrap().value.general_names.len(), 1);
        let (_, ca) = X509Certificate::from_der(authority.certificate()).unwrap();
        assert!(read.verify_signature(Some(ca.public_key())).is_ok());
    }

    #[test]
    fn a_request_must_be_signed_by_its_own_key() {
        let directory = tempfile::tempdir().unwrap();
        let authority = authority(directory.path());
        let node = NodeId::new("kvm-01").unwrap();
        let mut bad = request();
        let last = bad.len() - 1;
        bad[last] ^= 1;
        for bad in [bad, b"".to_vec(), b"\x30\x00".to_vec()] {
            let refused = authority.issue_node(&node, &report_key(), &bad, now()).unwrap_err();
            assert!(matches!(refused, IssueError::Request(_)), "{refused}");
        }
    }

    #[test]
    fn a_certificate_that_names_no_node_is_nobody() {
        let directory = tempfile::tempdir().unwrap();
        let authority = authority(directory.path());
        let server = authority.issue_server(&["localhost".to_owned(), "::1".to_owned()], now()).unwrap();
        assert!(matches!(authority.peer_of(&server.certificate), Err(PeerError::NoNode)));
        assert!(matches!(authority.peer_of(authority.certificate()), Err(PeerError::NoNode)));
        assert!(matches!(authority.peer_of(b"x"), Err(PeerError::Malformed)));
        let foreign = Authority { trust_domain: "other.example".to_owned(), ..authority };
        let node = NodeId::new("kvm-01").unwrap();
        let issued = foreign.issue_node(&node, &report_key(), &request(), now()).unwrap();
        let home = Authority { trust_domain: "avow.example".to_owned(), ..foreign };
        assert!(matches!(home.peer_of(&issued.certificate), Err(PeerError::NoNode)));
    }
}
