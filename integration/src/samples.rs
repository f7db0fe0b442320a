//! Samples for verifiers that are not ours: the same subjects in every form that we issue, one directory for each form.
//!
//! Each directory says in `expected.json` what is in it and hands in what a verifier would fetch. Keys, times and contents
//! are fixed, so that two runs write the same bytes, but for what is signed with certified keys. What is said is not known here: subjects are handed in.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use collector::sign::key::CertifiedKey;
use descriptors::credential::{Base, Credential, Period, Subject};
use descriptors::did::Did;
use descriptors::did::document::{self, PublishedKey};
use descriptors::json_ld::Contexts;
use descriptors::presentation::{Contained, Presentation};
use descriptors::proof::key::SigningKey;
use descriptors::proof::ssh_signature;
use descriptors::proof::{Signer as _, SoftwareKey};
use descriptors::status_list::{Bits, ENTRIES_MIN, Entry, Purpose, list_subject};
use descriptors::target::{Seal, Target};
use descriptors::timestamp::Timestamp;
use descriptors::vocabulary::Ontology;
use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair, KeyUsagePurpose};
use serde_json::{Value, json};

/// 2026-11-21T00:00:00Z.
pub const ISSUED: i64 = 1_795_219_200;
const DAY: i64 = 86_400;

/// The host of the samples' did:web.
const HOST: &str = "samples.example";
/// How the documents of a did:web name its key.
const FRAGMENT: &str = "key-1";
/// Whose keys these are everybody knows: they are for tests.
const PUBLIC_TEST_SEED: [u8; 32] = [7; 32];
/// The place in the status lists that is set; the one beside it is clear.
const WITHDRAWN: usize = 4242;

/// A form in which samples are written.
struct Form<'k> {
    /// The name of its directory.
    name: &'static str,
    target: Target,
    issuer: Did,
    base: Base,
    key: &'k dyn SigningKey,
    /// What else a verifier needs to be handed.
    handed_in: Value,
}

/// Writes all samples below `directory`, one credential for each subject that `subjects` makes of a base.
pub fn write(directory: &Path, subjects: impl Fn(&Base) -> anyhow::Result<Vec<Subject>>) -> anyhow::Result<()> {
    let key = SoftwareKey::from_seed(&PUBLIC_TEST_SEED);
    let (named_by_key, named_by_host) = (Did::key(&key.public_key()), Did::web(HOST)?);
    let form = |name, target, issuer: &Did| {
        let (base, handed_in) = if issuer.is_key() {
            (Base::did(issuer), json!({}))
        } else {
            (
                Base::address(&format!("https://{HOST}")),
                json!({"documents": {issuer.as_str(): document_of(issuer, &key)}}),
            )
        };
        Form { name, target, issuer: issuer.clone(), base, key: &key, handed_in }
    };
    let forms = [
        form("danube", Target::Danube, &named_by_key),
        form("danube-web", Target::Danube, &named_by_host),
        form("w3c-rdfc", Target::W3cRdfc, &named_by_key),
        form("w3c-rdfc-web", Target::W3cRdfc, &named_by_host),
        form("w3c-jcs", Target::W3cJcs, &named_by_key),
        form("w3c-jcs-web", Target::W3cJcs, &named_by_host),
        form("plain", Target::Plain, &named_by_key),
    ];
    let keys = [("es256", certified(&rcgen::PKCS_ECDSA_P256_SHA256)?), ("ps256", certified(&rcgen::PKCS_RSA_SHA256)?)];
    let by_chain = [
        ("danube-es256", Target::Danube, 0),
        ("loire-es256", Target::Loire, 0),
        ("loire-ps256", Target::Loire, 1),
        ("xfsc-ps256", Target::Xfsc, 1),
    ];
    let by_chain = by_chain.iter().map(|&(name, target, key)| {
        let (algorithm, certified) = &keys[key];
        certified.form(name, target, algorithm, &named_by_host)
    });
    let by_chain: Vec<Form<'_>> = by_chain.collect();
    for form in forms.iter().chain(&by_chain) {
        form.write(&directory.join(form.name), subjects(&form.base)?)?;
    }
    Ok(())
}

/// A key with a chain of certificates, made for this run: unlike the rest, other bytes each time.
struct Certified {
    key: CertifiedKey,
    chain: String,
    root: String,
}

fn certified(algorithm: &'static rcgen::SignatureAlgorithm) -> anyhow::Result<Certified> {
    let root_key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256)?;
    let mut about_root = CertificateParams::new(Vec::new())?;
    about_root.distinguished_name.push(rcgen::DnType::CommonName, "root of samples");
    about_root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    about_root.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let root = about_root.self_signed(&root_key)?;

    let key = KeyPair::generate_for(algorithm)?;
    let mut about = CertificateParams::new(vec![HOST.to_owned()])?;
    about.distinguished_name.push(rcgen::DnType::CommonName, HOST);
    about.is_ca = IsCa::ExplicitNoCa;
    about.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    let leaf = about.signed_by(&key, &rcgen::Issuer::from_params(&about_root, &root_key))?;

    // The collector reads keys from files that only their owner may read.
    let file = tempfile::NamedTempFile::new()?;
    std::fs::write(file.path(), key.serialize_pem())?;
    let key = CertifiedKey::open(file.path())?;
    Ok(Certified { key, chain: leaf.pem() + &root.pem(), root: root.pem() })
}

impl Certified {
    fn form(&self, name: &'static str, target: Target, algorithm: &str, issuer: &Did) -> Form<'_> {
        let x5u = format!("https://{HOST}/.well-known/{algorithm}.pem");
        let key = self.key.verification_key();
        let document = document::write(issuer, &[PublishedKey { fragment: FRAGMENT, key: &key, x5u: Some(&x5u) }]);
        Form {
            name,
            target,
            issuer: issuer.clone(),
            base: Base::address(&format!("https://{HOST}")),
            key: &self.key,
            handed_in: json!({
                "documents": {issuer.as_str(): document}, "files": {x5u: self.chain}, "roots": self.root,
            }),
        }
    }
}

fn document_of(issuer: &Did, key: &SoftwareKey) -> Value {
    let key = key.verification_key();
    document::write(issuer, &[PublishedKey { fragment: FRAGMENT, key: &key, x5u: None }])
}

/// When the samples hold.
fn period() -> anyhow::Result<Period> {
    let from = Timestamp::from_unix(ISSUED)?;
    Ok(Period { from, until: from.plus_seconds(90 * DAY) })
}

impl Form<'_> {
    fn write(&self, directory: &Path, subjects: Vec<Subject>) -> anyhow::Result<()> {
        let seal = Seal::new(self.target, &self.issuer, FRAGMENT, self.key)?;
        let period = period()?;
        let (mut written, mut shown) = (Vec::new(), Vec::new());
        // Not the first: what is taken from a legal person is tried with one document of it.
        let last = subjects.last().context("no subject")?.clone();
        make(directory)?;
        for (index, subject) in subjects.into_iter().enumerate() {
            let (class, id) = (subject.class(), subject.id().to_owned());
            let credential = Credential::new(&self.base, self.issuer.clone(), period, subject)?;
            let name = format!("{index:03}-{}", class.replace(':', "-"));
            let file = format!("{name}.{}", self.ending());
            if self.target == Target::Danube {
                write_statements(directory, &name, &credential)?;
            }
            let signed = seal.issue(&credential)?;
            put(directory.join(&file), &signed)?;
            shown.push((credential.id().to_owned(), signed));
            written.push(json!({"file": file, "type": class, "id": credential.id(), "subject": id}));
        }
        let mut expected = json!({
            "target": self.name, "issuer": self.issuer, "at": period.from.plus_seconds(DAY), "credentials": written,
            "public_test_seed": PUBLIC_TEST_SEED.iter().map(|byte| format!("{byte:02x}")).collect::<String>(),
        });
        merge(&mut expected, &self.handed_in);
        if self.target != Target::Plain {
            merge(&mut expected, &self.write_presentation(directory, &seal, &shown)?);
        }
        if !matches!(self.target, Target::Plain | Target::Tagus) {
            merge(&mut expected, &self.write_with_status(directory, &seal, &last)?);
        }
        if let (Target::Plain, Some(key)) = (self.target, self.key.verification_key().as_ed25519()) {
            put(directory.join("allowed_signers"), format!("{} {}\n", self.issuer, ssh_signature::openssh_key(key)))?;
        }
        put(directory.join("expected.json"), format!("{expected:#}\n"))
    }

    fn ending(&self) -> &'static str {
        match self.target {
            Target::Danube | Target::Loire | Target::Xfsc => "jwt",
            Target::W3cRdfc | Target::W3cJcs | Target::Tagus => "json",
            Target::Plain => "txt",
        }
    }

    /// The credentials with their ids, shown together.
    fn write_presentation(
        &self,
        directory: &Path,
        seal: &Seal<'_>,
        shown: &[(String, Vec<u8>)],
    ) -> anyhow::Result<Value> {
        let contain = |signed: &[u8]| -> anyhow::Result<Contained> {
            Ok(if self.target.is_jwt() {
                Contained::Jwt(String::from_utf8(signed.to_vec())?)
            } else {
                Contained::Embedded(serde_json::from_slice(signed)?)
            })
        };
        let contained = shown.iter().map(|(_, signed)| contain(signed)).collect::<anyhow::Result<_>>()?;
        let id = format!("https://{HOST}/presentations/{}", self.name);
        let presentation = Presentation::new(id, self.issuer.clone(), period()?.from, contained)?;
        let file = format!("presentation.{}", self.ending());
        let contexts = Contexts::with_w3c([] as [(&str, &[u8]); 0])?;
        put(directory.join(&file), &seal.present(&presentation, &contexts)?)?;
        let ids: Vec<&str> = shown.iter().map(|(id, _)| id.as_str()).collect();
        Ok(json!({"presentations": [{"file": file, "credentials": ids}]}))
    }

    /// Two credentials with places in a revocation and a suspension list, one of them withdrawn, and both lists.
    fn write_with_status(&self, directory: &Path, seal: &Seal<'_>, subject: &Subject) -> anyhow::Result<Value> {
        let period = period()?;
        let mut lists = BTreeMap::new();
        for purpose in [Purpose::Revocation, Purpose::Suspension] {
            let mut bits = Bits::clear(ENTRIES_MIN)?;
            bits.set(WITHDRAWN, true)?;
            let list = list_address(purpose);
            let subject = list_subject(&list, purpose, &bits, None);
            let credential = Credential::of_status_list(&list, self.issuer.clone(), period, subject);
            let text = String::from_utf8(seal.issue(&credential)?)?;
            lists.insert(list, if self.target.is_jwt() { Value::String(text) } else { serde_json::from_str(&text)? });
        }
        let mut written = Vec::new();
        for (name, index, withdrawn) in [("stands", WITHDRAWN - 1, false), ("withdrawn", WITHDRAWN, true)] {
            let entry = |purpose| Entry { purpose, index, list: list_address(purpose), size: 1 };
            // Another end than that of the sample without status, so that the id is another too.
            let until = period.until.plus_seconds(if withdrawn { 2 * DAY } else { DAY });
            let of = Period { until, ..period };
            let credential = Credential::new(&self.base, self.issuer.clone(), of, subject.clone())?
                .with_status(&[entry(Purpose::Revocation), entry(Purpose::Suspension)]);
            let file = format!("status-{name}.{}", self.ending());
            put(directory.join(&file), &seal.issue(&credential)?)?;
            written.push(json!({"file": file, "withdrawn": withdrawn}));
        }
        Ok(json!({"status": written, "handed_in": lists}))
    }
}

fn list_address(purpose: Purpose) -> String {
    format!("https://{HOST}/status/{purpose}")
}

/// The statements that we hash, and the document in the development version of the ontology, beside the credential.
fn write_statements(directory: &Path, name: &str, credential: &Credential) -> anyhow::Result<()> {
    let lines: String = credential.statements(Ontology::default())?.canonical().collect();
    put(directory.join(format!("{name}.nq")), lines)?;
    let development = directory.join("development");
    make(&development)?;
    put(development.join(format!("{name}.json")), credential.to_vec(credential.context(Ontology::Development))?)
}

fn merge(into: &mut Value, more: &Value) {
    if let (Some(into), Some(more)) = (into.as_object_mut(), more.as_object()) {
        into.extend(more.iter().map(|(name, value)| (name.clone(), value.clone())));
    }
}

fn make(directory: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(directory).with_context(|| format!("make {}", directory.display()))
}

fn put(path: PathBuf, bytes: impl AsRef<[u8]>) -> anyhow::Result<()> {
    ensure!(!path.exists(), "{} is written twice", path.display());
    std::fs::write(&path, bytes).with_context(|| format!("write {}", path.display()))
}
