//! Attestations of a real (simulated) chip hold, and no longer with a single fault in them.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use descriptors::canonical;
use descriptors::digest::Digest;
use descriptors::id::NodeId;
use descriptors::proof::dsse::Envelope;
use descriptors::proof::{PublicKey, Signer as _, SoftwareKey};
use descriptors::timestamp::Timestamp;
use descriptors::tpm::Octets;
use descriptors::tpm::attestation::{ATTESTATION_TYPE, Attestation, AttestationError, MakerWord, Opened};
use descriptors::tpm::endorsement::{CertificateError, Doubt, Maker, Makers, maker};
use descriptors::tpm::public::PublicArea;
use descriptors::tpm::public::{DECRYPT, FIXED_TPM, RESTRICTED, SENSITIVE_DATA_ORIGIN};
use descriptors::tpm::quote::{self, Quote, QuoteError};
use proptest::prelude::*;

const RSA: (&str, &[u8]) = ("swtpm-rsa", include_bytes!("attestations/swtpm-rsa.attestation.json"));
const P256: (&str, &[u8]) = ("swtpm-p256", include_bytes!("attestations/swtpm-p256.attestation.json"));
const BOTH: [(&str, &[u8]); 2] = [RSA, P256];
const MAKER: &[u8] = include_bytes!("attestations/maker.pem");
const ROOT: &[u8] = include_bytes!("attestations/root.pem");

fn key() -> SoftwareKey {
    SoftwareKey::from_seed(&[7; 32])
}

fn node(name: &str) -> NodeId {
    NodeId::new(name).unwrap()
}

fn open((name, envelope): (&str, &[u8])) -> Opened {
    Attestation::open(envelope, &node(name), &key().public_key()).unwrap()
}

fn sign(attestation: &Attestation, key: &SoftwareKey) -> Vec<u8> {
    Envelope::sign(ATTESTATION_TYPE, canonical::to_vec(attestation).unwrap(), key).unwrap().to_bytes()
}

/// What becomes of an attestation with one change, signed again by its node.
fn changed(of: (&str, &[u8]), change: impl FnOnce(&mut Attestation)) -> Result<Opened, AttestationError> {
    let mut attestation = open(of).attestation;
    change(&mut attestation);
    Attestation::open(&sign(&attestation, &key()), &node(of.0), &key().public_key())
}

fn flip(octets: &mut Octets, bit: usize) {
    octets.0[bit / 8] ^= 1 << (bit % 8);
}

fn now() -> Timestamp {
    "2026-12-01T00:00:00Z".parse().unwrap()
}

fn der(pem: &[u8]) -> Vec<u8> {
    let chain = descriptors::certificate::Chain::from_pem(pem).unwrap();
    chain.der().next().unwrap().to_vec()
}

#[test]
fn what_a_chip_showed_holds() {
    for of in BOTH {
        let opened = open(of);
        assert_eq!(opened.quote.registers, [0, 1, 2, 3, 4, 5, 6, 7]);
        // The simulated chip booted nothing.
        assert_eq!(opened.attestation.registers, [Digest::from_bytes([0; 32]); 8]);
        assert_ne!(opened.quote.firmware_version, 0);
        assert_ne!(opened.endorsement.digest(), opened.signer.digest());
    }
    assert_eq!(open(RSA).signer, open(P256).signer, "one chip makes one attestation key");
}

#[test]
fn an_attestation_belongs_to_one_node_key_and_challenge() {
    let open_as = |name: &str, key: PublicKey| Attestation::open(RSA.1, &node(name), &key).unwrap_err();
    assert!(matches!(open_as("kvm-b", key().public_key()), AttestationError::Node(_)));
    let other = SoftwareKey::from_seed(&[8; 32]);
    assert!(matches!(open_as(RSA.0, other.public_key()), AttestationError::Signature(_)));
    // Signed anew by another node, or by another key: the chip did not sign for those.
    let stolen = sign(&open(RSA).attestation, &other);
    let error = Attestation::open(&stolen, &node(RSA.0), &other.public_key()).unwrap_err();
    assert!(matches!(error, AttestationError::Extra), "{error}");
    let renamed = Attestation { node: node("kvm-b"), ..open(RSA).attestation };
    let error = Attestation::open(&sign(&renamed, &key()), &node("kvm-b"), &key().public_key()).unwrap_err();
    assert!(matches!(error, AttestationError::Extra), "{error}");
    let error = changed(RSA, |attestation| flip(&mut attestation.nonce, 0)).unwrap_err();
    assert!(matches!(error, AttestationError::Extra), "{error}");
    let error = changed(RSA, |attestation| attestation.nonce = open(P256).attestation.nonce).unwrap_err();
    assert!(matches!(error, AttestationError::Extra), "another challenge: {error}");
}

#[test]
fn one_flipped_bit_of_what_the_chip_made_is_refused() {
    let parts: [fn(&mut Attestation) -> &mut Octets; 3] =
        [|one| &mut one.quoted, |one| &mut one.signature, |one| &mut one.attestation_key];
    for part in parts {
        let bits = part(&mut open(P256).attestation).0.len() * 8;
        for bit in 0..bits {
            assert!(changed(P256, |attestation| flip(part(attestation), bit)).is_err(), "bit {bit} of {bits}");
        }
    }
    for register in 0..8 {
        let error = changed(P256, |attestation| attestation.registers[register] = Digest::of(b"other")).unwrap_err();
        assert!(matches!(error, AttestationError::Registers), "{error}");
    }
    let fewer = changed(P256, |attestation| attestation.registers.truncate(7)).unwrap_err();
    assert!(matches!(fewer, AttestationError::Registers), "{fewer}");
}

#[test]
fn keys_that_the_chip_does_not_keep_to_itself_are_refused() {
    let without = |which: fn(&mut Attestation) -> &mut Octets, attribute: u32| {
        changed(P256, |attestation| {
            let bytes = &mut which(attestation).0;
            let attributes = u32::from_be_bytes(bytes[4..8].try_into().unwrap()) ^ attribute;
            bytes[4..8].copy_from_slice(&attributes.to_be_bytes());
        })
    };
    let which_keys: [fn(&mut Attestation) -> &mut Octets; 2] =
        [|one| &mut one.attestation_key, |one| &mut one.endorsement_key];
    for attribute in [RESTRICTED, FIXED_TPM, SENSITIVE_DATA_ORIGIN, DECRYPT] {
        for which in which_keys {
            let error = without(which, attribute).unwrap_err();
            assert!(matches!(error, AttestationError::Role(_)), "{attribute:#x}: {error}");
        }
    }
}

#[test]
fn what_the_chip_signed_must_be_a_quote() {
    let error = changed(RSA, |attestation| attestation.signature.0[1] = 0x14).unwrap_err();
    assert!(matches!(error, AttestationError::Quote(QuoteError::Scheme { .. })), "{error}");
    let error = changed(RSA, |attestation| attestation.signature.0.push(0)).unwrap_err();
    assert!(matches!(error, AttestationError::Quote(QuoteError::Malformed(_))), "{error}");
    for (of, at) in [(RSA, 0), (P256, 5)] {
        let quoted = open(of).attestation.quoted.0;
        let mut other = quoted.clone();
        other[at] ^= 1;
        let error = Quote::parse(&other).unwrap_err();
        assert!(matches!(error, QuoteError::Generated(_) | QuoteError::Kind(_)), "{error}");
        for length in 0..quoted.len() {
            assert!(Quote::parse(&quoted[..length]).is_err(), "{length}");
        }
    }
}

#[test]
fn a_maker_is_known_through_a_trusted_certificate_alone() {
    let found = |of, roots: Makers, now| {
        let opened = open(of);
        maker(&opened.attestation.endorsement_certificates, &opened.endorsement, &roots, now)
    };
    let (makers, root) = (Makers::from_pem(MAKER).unwrap(), Makers::from_pem(ROOT).unwrap());
    for (of, device) in [(RSA, "id:00001014 swtpm"), (P256, "id:41564F57 simulated")] {
        let Maker::Known(certified) = found(of, makers.clone(), now()).unwrap() else { panic!("not known") };
        assert_eq!(certified.issuer, "CN=swtpm-localca");
        assert_eq!(certified.device.as_deref(), Some(device));
        assert_eq!(found(of, Makers::default(), now()), Ok(Maker::Unknown(Doubt::NoMakers)));
        let unknown = Maker::Unknown(Doubt::Issuer("CN=swtpm-localca".to_owned()));
        assert_eq!(found(of, root.clone(), now()), Ok(unknown), "what stands between is missing");
        // With the certificate between, as a chip may bring it along, the root is reached.
        let opened = open(of);
        let mut certificates = opened.attestation.endorsement_certificates.clone();
        certificates.push(Octets(der(MAKER)));
        let found = maker(&certificates, &opened.endorsement, &root, now());
        assert!(matches!(found, Ok(Maker::Known(_))), "{found:?}");
    }
    let late = "2100-01-01T00:00:00Z".parse().unwrap();
    for roots in [makers, Makers::default()] {
        assert!(matches!(found(P256, roots, late), Err(CertificateError::Path(_))), "a certificate that ended");
    }
    let none = maker(&[] as &[Octets], &open(RSA).endorsement, &root, now());
    assert_eq!(none, Ok(Maker::Unknown(Doubt::NoCertificate)));
}

#[test]
fn a_wrong_certificate_is_wrong_whoever_is_trusted() {
    let makers = Makers::from_pem(MAKER).unwrap();
    let opened = open(RSA);
    let own = &opened.attestation.endorsement_certificates[0];
    let foreign = &open(P256).attestation.endorsement_certificates;
    for roots in [&makers, &Makers::default()] {
        assert_eq!(maker(foreign, &opened.endorsement, roots, now()), Err(CertificateError::Key));
        let garbage = maker(&[Octets(b"garbage".to_vec())], &opened.endorsement, roots, now());
        assert_eq!(garbage, Err(CertificateError::Der(0)));
        let many = vec![own.clone(); 7];
        assert_eq!(maker(&many, &opened.endorsement, roots, now()), Err(CertificateError::Size));
    }
    // No flipped bit leaves a certificate of a known maker.
    for bit in 0..own.0.len() * 8 {
        let mut bytes = own.clone();
        flip(&mut bytes, bit);
        let found = maker(&[bytes], &opened.endorsement, &makers, now());
        assert!(!matches!(found, Ok(Maker::Known(_))), "bit {bit}: {found:?}");
    }
}

#[test]
fn a_maker_is_kept_as_it_was_found() {
    let known = maker(
        &open(RSA).attestation.endorsement_certificates,
        &open(RSA).endorsement,
        &Makers::from_pem(MAKER).unwrap(),
        now(),
    );
    for found in [known.unwrap(), Maker::Unknown(Doubt::NoCertificate)] {
        let word = MakerWord::from(found);
        let text = serde_json::to_string(&word).unwrap();
        assert_eq!(serde_json::from_str::<MakerWord>(&text).unwrap(), word, "{text}");
    }
}

/// Something a chip showed, with up to four edits.
fn nearly() -> impl Strategy<Value = Vec<u8>> {
    let shown = open(P256).attestation;
    let rsa = open(RSA).attestation;
    let parts = [
        shown.quoted,
        shown.signature,
        shown.attestation_key,
        shown.endorsement_key,
        rsa.endorsement_key,
        shown.endorsement_certificates[0].clone(),
        rsa.endorsement_certificates[0].clone(),
    ];
    let edits = proptest::collection::vec((any::<prop::sample::Index>(), 0..4_u8, any::<u8>()), 0..5);
    (0..parts.len(), edits).prop_map(move |(part, edits)| {
        let mut bytes = parts[part].0.clone();
        for (place, kind, byte) in edits {
            let at = place.index(bytes.len().max(1));
            match kind {
                0 if at < bytes.len() => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                2 if at < bytes.len() => drop(bytes.remove(at)),
                _ => bytes.truncate(at),
            }
        }
        bytes
    })
}

proptest! {
    /// Reading ends in a value or an error. What is read is what was written, and nobody vouches for what was edited.
    #[test]
    fn whatever_is_shown_is_read_to_an_end(bytes in nearly()) {
        if let Ok(area) = PublicArea::parse(&bytes) {
            prop_assert_eq!(area.as_bytes(), &bytes);
            let _ = (area.check_endorsement(), area.check_attestation());
        }
        if let Ok(quote) = Quote::parse(&bytes) {
            prop_assert!(quote.registers.len() <= 32 && quote.extra.len() <= 64);
        }
        let opened = CAPTURED.with(Clone::clone);
        let key = opened.signer.check_attestation().unwrap();
        if quote::verify(&key, &bytes, &opened.attestation.signature.0).is_ok() {
            prop_assert_eq!(&bytes, &opened.attestation.quoted.0);
        }
        let makers = Makers::from_pem(MAKER).unwrap();
        let known = maker(&[&bytes], &opened.endorsement, &makers, now());
        if matches!(known, Ok(Maker::Known(_))) {
            prop_assert_eq!(&bytes, &opened.attestation.endorsement_certificates[0].0);
        }
    }
}

thread_local! {
    static CAPTURED: Opened = open(P256);
}
