//! The rules of pre-flight on certificate chains: each broken alone.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::collections::BTreeSet;

use descriptors::credential::{Base, Credential, Period, Subject};
use descriptors::did::Did;
use descriptors::did::document::{PublishedKey, write};
use descriptors::node::Node;
use descriptors::preflight::{Input, KnownContexts, Setting, preflight};
use descriptors::proof::{Signer as _, SoftwareKey};
use descriptors::report::Origin;
use descriptors::target::{Seal, Target};
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DnType, IsCa, Issuer, KeyPair, PKCS_ECDSA_P256_SHA256,
    PKCS_ED25519, date_time_ymd,
};

const SEED: [u8; 32] = [7; 32];
/// The policies of a certificate: extended validation of TLS.
const EXTENDED_VALIDATION: [u8; 11] = [0x30, 0x09, 0x30, 0x07, 0x06, 0x05, 0x67, 0x81, 0x0c, 0x01, 0x01];

/// An Ed25519 key in PKCS#8 (RFC 8410).
fn pair(seed: [u8; 32]) -> KeyPair {
    let head = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
    let der = [head.as_slice(), &seed].concat();
    KeyPair::from_pkcs8_der_and_sign_algo(&der.as_slice().into(), &PKCS_ED25519).unwrap()
}

/// What a chain is made of.
struct Made {
    host: &'static str,
    seed: [u8; 32],
    expired: bool,
    extended_validation: bool,
    /// Signed by another authority of the same name.
    by_a_namesake: bool,
}

const GOOD: Made =
    Made { host: "cloud.example", seed: SEED, expired: false, extended_validation: true, by_a_namesake: false };

/// Leaf and root in PEM.
fn chain(made: &Made) -> (String, String) {
    let authority = || {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "an authority of tests");
        (params.self_signed(&key).unwrap().pem(), Issuer::new(params, key))
    };
    let (root, issuer) = authority();
    let mut params = CertificateParams::new(vec![made.host.to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, "the leaf");
    if made.expired {
        (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2020, 2, 1));
    }
    if made.extended_validation {
        let policies = CustomExtension::from_oid_content(&[2, 5, 29, 32], EXTENDED_VALIDATION.to_vec());
        params.custom_extensions.push(policies);
    }
    let issuer = if made.by_a_namesake { authority().1 } else { issuer };
    (params.signed_by(&pair(made.seed), &issuer).unwrap().pem(), root)
}

/// The rules on chains that a credential breaks whose issuer publishes this chain.
fn broken(chain: &str, anchors: &str) -> BTreeSet<&'static str> {
    let key = SoftwareKey::from_seed(&SEED);
    let did = Did::web("cloud.example").unwrap();
    let base = Base::address("https://cloud.example");
    let period =
        Period { from: "2026-11-20T00:00:00Z".parse().unwrap(), until: "2026-12-01T00:00:00Z".parse().unwrap() };
    let node = Node::new(base.subject("region", "r"), "gx:Region").with("gx:name", "r");
    let credential =
        Credential::new(&base, did.clone(), period, Subject { node, origin: Origin::Real, provenance: None }).unwrap();
    let bytes = Seal::new(Target::Loire, &did, "key-1", &key).unwrap().issue(&credential).unwrap();
    let x5u = Some("https://cloud.example/chain.pem");
    let document = write(&did, &[PublishedKey { fragment: "key-1", key: &key.public_key().into(), x5u }]);
    let setting = Setting {
        target: Target::Loire,
        now: "2026-11-21T00:00:00Z".parse().unwrap(),
        contexts: &KnownContexts::new(&[]).unwrap(),
        shapes: None,
        did_documents: std::slice::from_ref(&document),
        chain: Some(chain.as_bytes()),
        anchors: Some(anchors.as_bytes()),
    };
    let done = preflight(&[Input { name: "a.jwt", bytes: &bytes }], &setting);
    let of_chains = |code: &&str| ("GX-306"..="GX-311").contains(code);
    done.findings.iter().map(|finding| finding.rule.code).filter(of_chains).collect()
}

#[test]
fn a_chain_that_breaks_one_rule_is_named_by_it_alone() {
    let check = |fault: &str, made: Made, expect: &[&str]| {
        let (leaf, root) = chain(&made);
        assert_eq!(broken(&format!("{leaf}{root}"), &root), expect.iter().copied().collect(), "{fault}");
    };
    check("none", GOOD, &[]);
    check("a wildcard for the host", Made { host: "*.example", ..GOOD }, &[]);
    check("signed by a namesake", Made { by_a_namesake: true, ..GOOD }, &["GX-306"]);
    check("an expired leaf", Made { expired: true, ..GOOD }, &["GX-307"]);
    check("the leaf of another key", Made { seed: [8; 32], ..GOOD }, &["GX-308"]);
    check("no extended validation", Made { extended_validation: false, ..GOOD }, &["GX-310"]);
    check("the leaf of another host", Made { host: "other.example", ..GOOD }, &["GX-311"]);
}

#[test]
fn a_file_in_which_the_chain_is_not_whole_is_named_by_it_alone() {
    let (leaf, root) = chain(&GOOD);
    let other = chain(&GOOD).1;
    let check = |fault: &str, chain: &str, expect: &str| {
        assert_eq!(broken(chain, &root), [expect].into(), "{fault}");
    };
    check("nothing", "", "GX-306");
    check("no PEM", "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n", "GX-306");
    check("no certificate", &leaf.replace("CERTIFICATE", "PRIVATE KEY"), "GX-306");
    check("eleven certificates", &root.repeat(11), "GX-306");
    let anchored = |chain: &str, anchors: &str| broken(chain, anchors);
    assert_eq!(anchored(&format!("{leaf}{root}"), &other), ["GX-309"].into());
    // The root is missing, and so the last certificate is no anchor either.
    assert_eq!(anchored(&leaf, &root), ["GX-306", "GX-309"].into());
}
