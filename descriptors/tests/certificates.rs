//! Certificate chains: those of the JWT laboratory, and one made for each fault.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "tests read files, say what they skip, and fail by panicking"
)]

#[path = "specimens/published.rs"]
mod published;

use descriptors::certificate::{Asked, Chain, ChainError, Checked, Fault, Roots, Unchecked};
use descriptors::did::Did;
use descriptors::did::document::Document;
use descriptors::proof::key::VerificationKey;
use descriptors::proof::{Signer as _, SoftwareKey};
use descriptors::timestamp::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DnType, GeneralSubtree, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, NameConstraints, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519, PKCS_RSA_SHA256,
    SignatureAlgorithm, date_time_ymd,
};

const HOST: &str = "cloud.example";

fn now() -> Timestamp {
    "2026-12-01T00:00:00Z".parse().unwrap()
}

fn laboratory(file: &str) -> Option<Vec<u8>> {
    let folder = published::find("gaia-x/samples/jwt-lab")?;
    Some(std::fs::read(folder.join(file)).unwrap())
}

#[test]
fn the_chains_of_the_laboratory_are_good_for_their_keys() {
    let Some(document) = laboratory("did.json") else { return };
    let did: Did = "did:web:provider.example".parse().unwrap();
    let document = Document::parse(&did, &serde_json::from_slice(&document).unwrap()).unwrap();
    let roots = Roots::from_pem(&laboratory("certs/root.pem").unwrap()).unwrap();
    let check = |file: &str, fragment: &str| {
        let chain = Chain::from_pem(&laboratory(&format!("certs/{file}.pem")).unwrap()).unwrap();
        let key = &document.assertion_method(&format!("{did}#{fragment}")).unwrap().key;
        chain.check(&Asked { now: now(), key, host: "provider.example", roots: &roots })
    };
    for name in ["rsa", "p256", "ed25519", "rsa2"] {
        assert!(check(name, name).is_good(), "{name}: {:?}", check(name, name));
    }
    // The document publishes the chain of the first RSA key for the second one.
    assert_eq!(check("rsa", "rsa2").faults, [Fault::Key]);
    assert_eq!(check("ed25519", "p256").faults, [Fault::Key]);
}

/// What a certificate is made of.
struct Authority {
    parameters: CertificateParams,
    key: KeyPair,
}

fn authority(name: &str, algorithm: &'static SignatureAlgorithm) -> Authority {
    let mut parameters = CertificateParams::new(Vec::new()).unwrap();
    parameters.distinguished_name.push(DnType::CommonName, name);
    parameters.not_before = date_time_ymd(2026, 1, 1);
    parameters.not_after = date_time_ymd(2028, 1, 1);
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    Authority { parameters, key: KeyPair::generate_for(algorithm).unwrap() }
}

/// A leaf, two intermediates and a root, each to be spoilt before it is signed.
struct Plan {
    leaf: Authority,
    below: Authority,
    above: Authority,
    root: Authority,
}

impl Plan {
    fn new() -> Self {
        let mut leaf = authority("leaf", &PKCS_ED25519);
        leaf.parameters.is_ca = IsCa::NoCa;
        leaf.parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        leaf.parameters.subject_alt_names = vec![rcgen::SanType::DnsName(HOST.try_into().unwrap())];
        Self {
            leaf,
            below: authority("below", &PKCS_ECDSA_P256_SHA256),
            above: authority("above", &PKCS_ECDSA_P384_SHA384),
            root: authority("root", &PKCS_ED25519),
        }
    }

    /// The certificates in PEM, the leaf first.
    fn pem(&self) -> [String; 4] {
        let by = |authority: &Authority, issuer: &Authority| {
            let issuer = Issuer::from_params(&issuer.parameters, &issuer.key);
            authority.parameters.signed_by(&authority.key, &issuer).unwrap().pem()
        };
        [
            by(&self.leaf, &self.below),
            by(&self.below, &self.above),
            by(&self.above, &self.root),
            self.root.parameters.self_signed(&self.root.key).unwrap().pem(),
        ]
    }

    fn key(&self) -> VerificationKey {
        let bytes: [u8; 32] = self.leaf.key.public_key_raw().try_into().unwrap();
        descriptors::proof::PublicKey::from_bytes(&bytes).unwrap().into()
    }
}

fn check(pem: &str, key: &VerificationKey, host: &str, pinned: &str) -> Checked {
    let roots = Roots::from_pem(pinned.as_bytes()).unwrap();
    Chain::from_pem(pem.as_bytes()).unwrap().check(&Asked { now: now(), key, host, roots: &roots })
}

#[test]
fn a_chain_without_a_fault_is_good() {
    let plan = Plan::new();
    let pem = plan.pem();
    let checked = check(&pem.concat(), &plan.key(), HOST, &pem[3]);
    assert!(checked.is_good(), "{checked:?}");
    assert_eq!((checked.extended_validation, checked.ends), (false, Some("2028-01-01T00:00:00Z".parse().unwrap())));
    assert_eq!(Chain::from_pem(pem.concat().as_bytes()).unwrap().leaf_key(), Some(plan.key()));
}

#[test]
fn keys_of_every_type_are_found_in_their_leaf() {
    for algorithm in [&PKCS_ED25519, &PKCS_ECDSA_P256_SHA256, &PKCS_RSA_SHA256] {
        let mut plan = Plan::new();
        plan.leaf.key = KeyPair::generate_for(algorithm).unwrap();
        plan.below.key = KeyPair::generate_for(algorithm).unwrap();
        let pem = plan.pem();
        let key = Chain::from_pem(pem.concat().as_bytes()).unwrap().leaf_key().unwrap();
        assert!(check(&pem.concat(), &key, HOST, &pem[3]).is_good(), "{algorithm:?}");
    }
    let mut plan = Plan::new();
    plan.leaf.key = KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap();
    assert_eq!(Chain::from_pem(plan.pem().concat().as_bytes()).unwrap().leaf_key(), None);
}

#[test]
fn a_bad_chain_is_refused_for_its_single_fault() {
    let spoilt = |spoil: &dyn Fn(&mut Plan)| {
        let mut plan = Plan::new();
        spoil(&mut plan);
        let pem = plan.pem();
        check(&pem.concat(), &plan.key(), HOST, &pem[3]).faults
    };
    assert_eq!(spoilt(&|_| {}), []);
    let from = "2027-01-01T00:00:00Z".parse().unwrap();
    assert_eq!(spoilt(&|p| p.below.parameters.not_before = date_time_ymd(2027, 1, 1)), [Fault::NotYet { at: 1, from }]);
    let until = "2026-11-30T00:00:00Z".parse().unwrap();
    let expired = |p: &mut Plan| p.leaf.parameters.not_after = date_time_ymd(2026, 11, 30);
    assert_eq!(spoilt(&expired), [Fault::Expired { at: 0, until }]);
    assert_eq!(spoilt(&|p| p.above.parameters.is_ca = IsCa::ExplicitNoCa), [Fault::Authority { at: 2 }]);
    assert_eq!(spoilt(&|p| p.above.parameters.is_ca = IsCa::NoCa), [Fault::Authority { at: 2 }]);
    let constrained = |p: &mut Plan| p.above.parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    assert_eq!(spoilt(&constrained), [Fault::PathLength { at: 2, allowed: 0, found: 1 }]);
    assert_eq!(spoilt(&|p| p.below.parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0))), []);
    let usage = |p: &mut Plan| p.root.parameters.key_usages = vec![KeyUsagePurpose::CrlSign];
    assert_eq!(spoilt(&usage), [Fault::Usage { at: 3, purpose: "certificates" }]);
    let usage = |p: &mut Plan| p.leaf.parameters.key_usages = vec![KeyUsagePurpose::KeyAgreement];
    assert_eq!(spoilt(&usage), [Fault::Usage { at: 0, purpose: "signatures" }]);
    let other = |p: &mut Plan| p.leaf.parameters.subject_alt_names = Vec::new();
    assert_eq!(spoilt(&other), [Fault::Host { host: HOST.to_owned(), found: Vec::new() }]);
    let mut critical = CustomExtension::from_oid_content(&[1, 2, 3, 4], vec![5, 0]);
    critical.set_criticality(true);
    let extension = "1.2.3.4".to_owned();
    assert_eq!(
        spoilt(&|p| p.below.parameters.custom_extensions.push(critical.clone())),
        [Fault::Critical { at: 1, extension }]
    );
    let malformed = CustomExtension::from_oid_content(&[2, 5, 29, 32], vec![0xff]);
    let extension = "2.5.29.32".to_owned();
    assert_eq!(
        spoilt(&|p| p.leaf.parameters.custom_extensions.push(malformed.clone())),
        [Fault::Extension { at: 0, extension }]
    );
}

#[test]
fn the_order_of_a_chain_and_its_root_are_checked() {
    let plan = Plan::new();
    let [leaf, below, above, root] = plan.pem();
    let faults =
        |pem: &[&String]| check(&pem.iter().map(|one| one.as_str()).collect::<String>(), &plan.key(), HOST, &root);
    assert_eq!(faults(&[&leaf, &below, &above]).faults, [Fault::Root { at: 2 }]);
    assert_eq!(faults(&[&leaf, &above, &root]).faults, [Fault::Order { at: 0 }]);
    assert_eq!(faults(&[&leaf]).faults, [Fault::Root { at: 0 }]);
    let mixed = faults(&[&leaf, &above, &below, &root]).faults;
    assert!(mixed.contains(&Fault::Order { at: 0 }) && mixed.contains(&Fault::Order { at: 2 }), "{mixed:?}");
    let upside_down = faults(&[&root, &above, &below, &leaf]).faults;
    assert!(upside_down.contains(&Fault::Root { at: 3 }) && upside_down.contains(&Fault::Key), "{upside_down:?}");
}

#[test]
fn a_name_that_another_key_took_is_no_issuer() {
    let (plan, stranger) = (Plan::new(), Plan::new());
    let [leaf, below, above, root] = plan.pem();
    let [.., other_above, other_root] = stranger.pem();
    let checked = check(&[leaf.as_str(), &below, &other_above, &other_root].concat(), &plan.key(), HOST, &other_root);
    assert_eq!(checked.faults, [Fault::Signature { at: 1 }]);
    let checked = check(&[leaf.as_str(), &below, &above, &other_root].concat(), &plan.key(), HOST, &root);
    assert_eq!(checked.faults, [Fault::Signature { at: 2 }]);
    assert!(matches!(checked.unchecked.as_slice(), [Unchecked::Root { .. }]));
}

#[test]
fn what_could_not_be_checked_is_no_fault() {
    let plan = Plan::new();
    let pem = plan.pem();
    let other = Plan::new().pem();
    let checked = check(&pem.concat(), &plan.key(), HOST, &other[3]);
    assert_eq!(checked.faults, []);
    assert!(!checked.is_good() && matches!(checked.unchecked.as_slice(), [Unchecked::Root { .. }]));
    let mut plan = Plan::new();
    plan.below.parameters.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![GeneralSubtree::DnsName("other.example".to_owned())],
        excluded_subtrees: Vec::new(),
    });
    let pem = plan.pem();
    let checked = check(&pem.concat(), &plan.key(), HOST, &pem[3]);
    assert_eq!(
        (checked.faults.as_slice(), checked.unchecked.as_slice()),
        (&[][..], &[Unchecked::NameConstraints { at: 1 }][..])
    );
}

#[test]
fn every_fault_of_a_chain_is_reported() {
    let mut plan = Plan::new();
    plan.leaf.parameters.not_after = date_time_ymd(2026, 11, 30);
    plan.below.parameters.is_ca = IsCa::ExplicitNoCa;
    let pem = plan.pem();
    let other = SoftwareKey::from_seed(&[1; 32]).public_key().into();
    let faults = check(&pem.concat(), &other, "other.example", &pem[3]).faults;
    assert_eq!(faults.len(), 4, "{faults:?}");
    assert!(faults.contains(&Fault::Authority { at: 1 }) && faults.contains(&Fault::Key));
}

#[test]
fn extended_validation_is_reported() {
    let mut plan = Plan::new();
    // SEQUENCE { SEQUENCE { OID 2.23.140.1.1 } }
    let policy = vec![0x30, 9, 0x30, 7, 6, 5, 0x67, 0x81, 0x0c, 1, 1];
    plan.leaf.parameters.custom_extensions.push(CustomExtension::from_oid_content(&[2, 5, 29, 32], policy));
    let pem = plan.pem();
    let checked = check(&pem.concat(), &plan.key(), HOST, &pem[3]);
    assert!(checked.is_good() && checked.extended_validation, "{checked:?}");
}

#[test]
fn a_self_signed_leaf_is_its_own_root() {
    let plan = Plan::new();
    let pem = plan.leaf.parameters.self_signed(&plan.leaf.key).unwrap().pem();
    assert!(check(&pem, &plan.key(), HOST, &pem).is_good());
}

#[test]
fn one_flipped_bit_breaks_a_chain() {
    let plan = Plan::new();
    let pem = plan.pem();
    let ders: Vec<Vec<u8>> = Chain::from_pem(pem.concat().as_bytes()).unwrap().der().map(<[u8]>::to_vec).collect();
    let roots = Roots::from_pem(pem[3].as_bytes()).unwrap();
    let mut accepted = Vec::new();
    for bit in 0..ders[1].len() * 8 {
        let mut flipped = ders.clone();
        flipped[1][bit / 8] ^= 1 << (bit % 8);
        let armour = |der: &Vec<u8>| {
            use base64::Engine as _;
            let text = base64::engine::general_purpose::STANDARD.encode(der);
            format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n")
        };
        let text: String = flipped.iter().map(armour).collect();
        let asked = Asked { now: now(), key: &plan.key(), host: HOST, roots: &roots };
        let good = Chain::from_pem(text.as_bytes()).is_ok_and(|chain| chain.check(&asked).is_good());
        if good {
            accepted.push(bit);
        }
    }
    assert_eq!(accepted, Vec::<usize>::new());
}

#[test]
fn a_file_that_is_no_chain_is_refused() {
    let pem = Plan::new().pem();
    let read = |text: &str| Chain::from_pem(text.as_bytes()).map(|_| ());
    assert_eq!(read(""), Err(ChainError::Count(0)));
    assert_eq!(read(&pem[0].repeat(11)), Err(ChainError::Count(11)));
    assert_eq!(read(&" ".repeat(65_537)), Err(ChainError::Size(65_537)));
    let key = KeyPair::generate_for(&PKCS_ED25519).unwrap().serialize_pem();
    assert_eq!(read(&format!("{}{key}", pem[0])), Err(ChainError::Label("PRIVATE KEY".to_owned())));
    assert_eq!(read(&pem[0].replace("-----END CERTIFICATE-----", "")), Err(ChainError::Pem(0)));
    assert_eq!(read(&format!("{}{}", pem[0], pem[1].replacen("MI", "M!", 1))), Err(ChainError::Pem(1)));
    assert_eq!(read("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), Err(ChainError::Der(0)));
    assert_eq!(read(&format!("a remark\n{}\n", pem[0])), Ok(()));
}
