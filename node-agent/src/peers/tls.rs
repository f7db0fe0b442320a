//! TLS between nodes: both ends show the certificate that the collector's authority gave them, and each checks the other's.
//!
//! A node's certificate is made for clients, and names a node instead of a host. So the end that connects checks the other as
//! a client's certificate is checked, and that it names the node it was looking for, in our own trust domain.

use std::fmt;
use std::sync::Arc;

use descriptors::id::NodeId;
use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoServerSessionStorage, VerifierBuilderError, WebPkiClientVerifier};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, ServerConfig, SignatureScheme,
};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// Told apart from everything else that speaks TLS.
const PROTOCOL: &[u8] = b"avow-echo/1";

/// What a node shows to others, all of it PEM. `Debug` leaves the key out.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// Certificate of the collector's authority.
    pub authority: String,
    /// Certificate of this node.
    pub certificate: String,
    /// Its private key.
    pub key: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("certificate", &self.certificate).finish_non_exhaustive()
    }
}

/// Why our own certificate cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// Not PEM.
    #[error("the certificate, its key or its authority does not parse")]
    Pem(#[from] rustls::pki_types::pem::Error),
    /// Not a certificate of a node.
    #[error("the certificate does not name a node")]
    NoNode,
    /// The library refuses them.
    #[error("TLS cannot be set up")]
    Settings(#[from] Error),
    /// The library refuses the authority.
    #[error("certificates of other nodes cannot be checked")]
    Verifier(#[from] VerifierBuilderError),
}

/// Both halves of TLS for one certificate.
#[derive(Debug, Clone)]
pub(super) struct Tls {
    provider: Arc<CryptoProvider>,
    checker: Arc<dyn ClientCertVerifier>,
    /// `spiffe://<trust domain>/node/`.
    prefix: String,
    chain: Vec<CertificateDer<'static>>,
    key: Arc<PrivateKeyDer<'static>>,
    server: Arc<ServerConfig>,
}

impl Tls {
    fn new(credentials: &Credentials) -> Result<Self, TlsError> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(credentials.authority.as_bytes())?)?;
        let checker = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build()?;
        let chain: Vec<CertificateDer<'static>> =
            CertificateDer::pem_slice_iter(credentials.certificate.as_bytes()).collect::<Result<_, _>>()?;
        let (prefix, _) = chain.first().and_then(|own| named(own)).ok_or(TlsError::NoNode)?;
        let key = PrivateKeyDer::from_pem_slice(credentials.key.as_bytes())?;
        let mut server = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_client_cert_verifier(Arc::clone(&checker))
            .with_single_cert(chain.clone(), key.clone_key())?;
        server.alpn_protocols = vec![PROTOCOL.to_vec()];
        // A resumed session would skip the check of the other's certificate.
        server.session_storage = Arc::new(NoServerSessionStorage {});
        server.send_tls13_tickets = 0;
        Ok(Self { provider, checker, prefix, chain, key: Arc::new(key), server: Arc::new(server) })
    }

    /// For the end that listens. Any node of the authority may measure.
    pub(super) fn server(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.server)
    }

    /// For the end that connects, and expects `node`.
    pub(super) fn client(&self, node: &NodeId) -> Result<Arc<ClientConfig>, TlsError> {
        let expected = Expected { checker: Arc::clone(&self.checker), prefix: self.prefix.clone(), node: node.clone() };
        let mut client = ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(expected))
            .with_client_auth_cert(self.chain.clone(), self.key.clone_key())?;
        client.alpn_protocols = vec![PROTOCOL.to_vec()];
        client.resumption = Resumption::disabled();
        Ok(Arc::new(client))
    }
}

/// The TLS of the last certificate: reading one costs more than comparing it.
#[derive(Debug, Default)]
pub(super) struct Kept(Option<(Credentials, Tls)>);

impl Kept {
    pub(super) fn of(&mut self, credentials: &Credentials) -> Result<Tls, TlsError> {
        match &self.0 {
            Some((known, tls)) if known == credentials => Ok(tls.clone()),
            _ => {
                let tls = Tls::new(credentials)?;
                self.0 = Some((credentials.clone(), tls.clone()));
                Ok(tls)
            }
        }
    }
}

/// Takes the certificate of one node, and of no other.
#[derive(Debug)]
struct Expected {
    checker: Arc<dyn ClientCertVerifier>,
    prefix: String,
    node: NodeId,
}

impl ServerCertVerifier for Expected {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.checker.verify_client_cert(end_entity, intermediates, now)?;
        match named(end_entity) {
            Some((prefix, node)) if prefix == self.prefix && node == self.node.as_str() => {
                Ok(ServerCertVerified::assertion())
            }
            _ => Err(Error::InvalidCertificate(CertificateError::NotValidForName)),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.checker.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.checker.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.checker.supported_verify_schemes()
    }
}

/// `spiffe://<trust domain>/node/` and the node, where a certificate names exactly one.
fn named(certificate: &CertificateDer<'_>) -> Option<(String, String)> {
    let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
    let names = &certificate.subject_alternative_name().ok()??.value.general_names;
    let [GeneralName::URI(uri)] = names[..] else { return None };
    let (prefix, node) = uri.strip_prefix("spiffe://")?.split_once("/node/")?;
    (!prefix.contains('/')).then(|| (format!("spiffe://{prefix}/node/"), node.to_owned()))
}
