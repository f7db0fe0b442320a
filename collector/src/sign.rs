//! The issuer: the key that signs credentials, and the name it signs under.
//!
//! The key is made on the first start and lies in `issuer.key` in the data directory, 64 hexadecimal digits, readable by its
//! owner only. Whoever reads it can issue false credentials in this name, and cannot alter what nodes signed. It is never
//! logged. Without a public address the issuer is a did:key; with one it is a did:web, and ids begin with the address.
//! Targets that ask for a certificate get a second key, which the operator brings with its chain ([`Certified`]).

pub mod certified;
pub mod key;

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use descriptors::certificate::ChainError;
use descriptors::credential::Base;
use descriptors::credential::tagus::CONTEXTS;
use descriptors::did::document::{self, PublishedKey};
use descriptors::did::{Did, DidError};
use descriptors::json_ld::{Contexts, DocumentError};
use descriptors::proof::Signer;
use descriptors::target::{Seal, SealError, Target};

use certified::Certified;
use key::{Ed25519Key, KeyFileError};

/// The name of the key file in the data directory.
pub const KEY_FILE: &str = "issuer.key";

/// Where the chain of the certified key is published.
pub const CHAIN_PATH: &str = "/.well-known/chain.pem";

/// The fragment of the key that is made here.
const OWN_KEY: &str = "key-1";
/// The fragment of the key that the operator brings.
const CERTIFIED_KEY: &str = "key-2";

/// Who issues.
#[derive(Clone)]
pub struct Issuer {
    /// The name in `issuer`.
    pub did: Did,
    /// Where ids begin.
    pub base: Base,
    /// Holds the key.
    pub signer: Arc<dyn Signer>,
    /// `https://host[:port]`, where the public reaches the issuer's documents.
    pub public_address: Option<String>,
    /// For whom credentials are issued beside Danube, whose form everything else here rests on.
    pub targets: Vec<Target>,
    /// The key of targets that ask for a certificate.
    pub certified: Option<Certified>,
    /// What documents of the Tagus release rest on.
    pub tagus: Option<Arc<Contexts>>,
}

/// Why there is no issuer.
#[derive(Debug, thiserror::Error)]
pub enum IssuerError {
    /// The key file could not be made.
    #[error("cannot make the issuer's key {}", path.display())]
    Make {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The key file could not be read.
    #[error("cannot read the issuer's key {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Others than its owner may read or change it.
    #[error("the issuer's key {} has mode {mode:04o}: others may read it (chmod 600, and think of it as stolen)", path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// Not 64 hexadecimal digits.
    #[error("the issuer's key {} does not hold 64 hexadecimal digits", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
    },
    /// The certified key cannot be used.
    #[error("the certified key cannot be used")]
    Certified(#[from] KeyFileError),
    /// The chain could not be read.
    #[error("cannot read the certificate chain {}", path.display())]
    ReadChain {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file is no chain.
    #[error("the file {} is no certificate chain", path.display())]
    Chain {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: ChainError,
    },
    /// Nothing can be sealed for a target.
    #[error("credentials for the target {target} cannot be issued")]
    Target {
        /// Which.
        target: Target,
        /// Why.
        #[source]
        source: SealError,
    },
    /// A target whose documents rest on a context that nobody brought.
    #[error("the target tagus asks for the context `{}`: set `tagus_context` in [issuer] to a copy of it", CONTEXTS[2])]
    Tagus,
    /// The context could not be read.
    #[error("cannot read the context {}", path.display())]
    ReadContext {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file is no context.
    #[error("the file {} is no JSON-LD context", path.display())]
    Context {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: DocumentError,
    },
    /// A target asks for a certificate, and there is none.
    #[error("the target {0} asks for a certificate chain: set `certificate_key` and `certificate_chain` in [issuer]")]
    NoCertificate(Target),
    /// Not a host with an optional port.
    #[error("the public address `{address}` is not a host name with an optional port, with or without `https://`")]
    Address {
        /// As configured.
        address: String,
        /// Why.
        #[source]
        source: DidError,
    },
}

impl Issuer {
    /// The issuer whose key lies in the directory `data`; makes the key where there is none. A public address is a host name
    /// with an optional port, with or without `https://` before it.
    pub fn open(data: &Path, public_address: Option<&str>) -> Result<Self, IssuerError> {
        let path = data.join(KEY_FILE);
        let seed = match read(&path)? {
            Some(seed) => seed,
            None => {
                make(data, &path).map_err(|source| IssuerError::Make { path: path.clone(), source })?;
                // What was linked may be the key of a second process that started at the same time.
                read(&path)?
                    .ok_or_else(|| IssuerError::Read { path: path.clone(), source: io::ErrorKind::NotFound.into() })?
            }
        };
        let key = Ed25519Key::from_seed(&seed).ok_or(IssuerError::Malformed { path })?;
        Self::new(Arc::new(key), public_address)
    }

    /// The issuer with this key.
    pub fn new(signer: Arc<dyn Signer>, public_address: Option<&str>) -> Result<Self, IssuerError> {
        let Some(address) = public_address else {
            let did = Did::key(&signer.public_key());
            return Ok(Self {
                base: Base::did(&did),
                did,
                signer,
                public_address: None,
                targets: Vec::new(),
                certified: None,
                tagus: None,
            });
        };
        let host = address.strip_prefix("https://").unwrap_or(address);
        let host = host.strip_suffix('/').unwrap_or(host).to_ascii_lowercase();
        let did = Did::web(&host).map_err(|source| IssuerError::Address { address: address.to_owned(), source })?;
        let url = format!("https://{host}");
        let base = Base::address(&url);
        Ok(Self { did, base, signer, public_address: Some(url), targets: Vec::new(), certified: None, tagus: None })
    }

    /// The same issuer with the context of the Tagus release. Whoever controls the file decides what signed names mean.
    pub fn with_tagus_context(mut self, path: &Path) -> Result<Self, IssuerError> {
        let bytes = fs::read(path).map_err(|source| IssuerError::ReadContext { path: path.to_owned(), source })?;
        let contexts = Contexts::with_w3c([(CONTEXTS[2], bytes.as_slice())]);
        let contexts = contexts.map_err(|source| IssuerError::Context { path: path.to_owned(), source })?;
        self.tagus = Some(Arc::new(contexts));
        Ok(self)
    }

    /// The same issuer for these targets too; each must be able to be served.
    pub fn with_targets(mut self, targets: &[Target], certified: Option<Certified>) -> Result<Self, IssuerError> {
        self.certified = certified;
        for target in targets.iter().filter(|target| **target != Target::Danube) {
            if *target == Target::Tagus && self.tagus.is_none() {
                return Err(IssuerError::Tagus);
            }
            if target.asks_for_chain() && self.certified.is_none() && !self.did.is_key() {
                return Err(IssuerError::NoCertificate(*target));
            }
            self.seal(*target).map_err(|source| IssuerError::Target { target: *target, source })?;
            if !self.targets.contains(target) {
                self.targets.push(*target);
            }
        }
        Ok(self)
    }

    /// What credentials for a target are signed with: the certified key where a certificate is asked for, else the own one.
    pub fn seal(&self, target: Target) -> Result<Seal<'_>, SealError> {
        match self.certified.as_ref().filter(|_| target.asks_for_chain()) {
            Some(certified) => Seal::new(target, &self.did, CERTIFIED_KEY, certified.key.as_ref()),
            None => Seal::new(target, &self.did, OWN_KEY, &self.signer),
        }
    }

    /// The DID document, for did:web.
    pub fn document(&self) -> Option<serde_json::Value> {
        let address = self.public_address.as_ref()?;
        let own = self.signer.public_key().into();
        let mut keys = vec![PublishedKey { fragment: OWN_KEY, key: &own, x5u: None }];
        let certified = self.certified.as_ref().map(|certified| certified.key.verification_key());
        let x5u = format!("{address}{CHAIN_PATH}");
        keys.extend(certified.iter().map(|key| PublishedKey { fragment: CERTIFIED_KEY, key, x5u: Some(&x5u) }));
        Some(document::write(&self.did, &keys))
    }
}

fn read(path: &Path) -> Result<Option<[u8; 32]>, IssuerError> {
    let failed = |source| IssuerError::Read { path: path.to_owned(), source };
    let no_follow = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();
    let file = match OpenOptions::new().read(true).custom_flags(no_follow).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let mode = file.metadata().map_err(failed)?.mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(IssuerError::Exposed { path: path.to_owned(), mode });
    }
    let mut text = String::new();
    file.take(1024).read_to_string(&mut text).map_err(failed)?;
    seed(text.trim_end()).map(Some).ok_or_else(|| IssuerError::Malformed { path: path.to_owned() })
}

fn seed(hex: &str) -> Option<[u8; 32]> {
    let mut seed = [0; 32];
    if hex.len() != 64 || !hex.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    for (byte, pair) in seed.iter_mut().zip(hex.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(seed)
}

/// Writes a new key beside its place and links it there, so that a power cut leaves a whole key or none.
fn make(data: &Path, path: &Path) -> io::Result<()> {
    let mut seed = [0; 32];
    let mut filled = 0;
    while filled < seed.len() {
        match rustix::rand::getrandom(&mut seed[filled..], rustix::rand::GetRandomFlags::empty()) {
            Ok(count) => filled += count,
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let new = data.join(format!("{KEY_FILE}.{}.new", std::process::id()));
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
    let hex: String = seed.iter().map(|byte| format!("{byte:02x}")).collect();
    writeln!(file, "{hex}")?;
    file.sync_all()?;
    let linked = match fs::hard_link(&new, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    };
    fs::remove_file(&new)?;
    linked?;
    File::open(data)?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use descriptors::did::key_in_document;
    use descriptors::proof::SoftwareKey;

    use super::*;

    #[test]
    fn the_key_made_on_the_first_start_is_kept() {
        let data = tempfile::tempdir().unwrap();
        let first = Issuer::open(data.path(), None).unwrap();
        let second = Issuer::open(data.path(), None).unwrap();
        assert_eq!(first.did, second.did);
        assert!(first.did.is_key());
        assert_eq!(first.document(), None);
        let mode = fs::metadata(data.path().join(KEY_FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o600);
        assert_eq!(fs::read_dir(data.path()).unwrap().count(), 1, "nothing is left beside the key");
    }

    #[test]
    fn a_key_that_others_may_read_is_refused() {
        let data = tempfile::tempdir().unwrap();
        Issuer::open(data.path(), None).unwrap();
        let path = data.path().join(KEY_FILE);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(Issuer::open(data.path(), None), Err(IssuerError::Exposed { mode: 0o640, .. })));
    }

    #[test]
    fn a_damaged_key_is_refused_and_never_replaced() {
        let data = tempfile::tempdir().unwrap();
        let path = data.path().join(KEY_FILE);
        for damaged in ["", "00", &"g".repeat(64), &"0".repeat(66)] {
            fs::write(&path, damaged).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            assert!(matches!(Issuer::open(data.path(), None), Err(IssuerError::Malformed { .. })), "{damaged}");
            assert_eq!(fs::read_to_string(&path).unwrap(), damaged);
        }
        fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink(data.path().join("elsewhere"), &path).unwrap();
        assert!(matches!(Issuer::open(data.path(), None), Err(IssuerError::Read { .. })));
    }

    #[test]
    fn a_public_address_makes_the_issuer_a_did_web() {
        let key: Arc<dyn Signer> = Arc::new(SoftwareKey::from_seed(&[1; 32]));
        let check = |address: &str, did: Option<&str>| {
            let issuer = Issuer::new(key.clone(), Some(address));
            assert_eq!(issuer.ok().map(|issuer| issuer.did.to_string()).as_deref(), did, "{address}");
        };
        check("https://cloud.example", Some("did:web:cloud.example"));
        check("https://cloud.example:8443/", Some("did:web:cloud.example%3A8443"));
        check("http://cloud.example", None);
        check("https://cloud.example/avow", None);
        check("Cloud.example", Some("did:web:cloud.example"));
        check("user@cloud.example", None);
        let issuer = Issuer::new(key.clone(), Some("https://cloud.example")).unwrap();
        let document = issuer.document().unwrap();
        let method = issuer.did.verification_method();
        assert_eq!(key_in_document(&issuer.did, &method, &document), Ok(key.public_key()));
        assert!(issuer.base.subject("node", "a").starts_with("https://cloud.example/subjects/"));
    }
}
