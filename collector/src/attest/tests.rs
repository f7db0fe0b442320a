//! Challenges are answered once, in time, with the right secret; credentials are those that other software makes.

use super::*;
use descriptors::id::NodeId;
use descriptors::proof::{Signer as _, SoftwareKey};

const ENVELOPE: &[u8] = include_bytes!("../../../descriptors/tests/attestations/swtpm-rsa.attestation.json");

fn bytes<const N: usize>(hex: &str) -> [u8; N] {
    let bytes: Vec<u8> = (0..N).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap()).collect();
    bytes.try_into().unwrap()
}

/// Made by `tpm2_makecredential` 5.4 for keys of OpenSSL, which gave back the seed and the shared secret.
#[test]
fn a_credential_is_the_one_that_other_software_makes() {
    let name = [&[0x00, 0x0b], [0x5a; 32].as_slice()].concat();
    let seed = bytes("8ba38c1c7b91647030be8fa4a69408a2e5e344a4b62cf7044a8818e5274ceb5d");
    let expected: [u8; 68] = bytes(
        "002005a27e261fbf6785046c5a491b0f8e2af47ff52e3002cfc8823c72e0e48d6de3bf141322dd1c8e45ebbffde28645fe35448a9bad96031fc7cd88\
         3a675772776c5258",
    );
    assert_eq!(credential::sealed(&seed, &name, &[7; 32]).unwrap(), expected);
    let shared: [u8; 32] = bytes("808c715cabb6f906427fb29c6ba9efd329965726b5e7e3e53ab2ab4e19efe2ef");
    let ours: [u8; 32] = bytes("b37562c42fd5b01bcdeb8e6ceaf42dd81f48c96d3a0226984edd178a05e29e20");
    let theirs: [u8; 32] = bytes("32bdc8fe653e2a50fc222659450bd44c8445ecb1234df90fa05470dc7044cfef");
    let seed = credential::kdf_e(&shared, &ours, &theirs);
    let expected: [u8; 68] = bytes(
        "0020990821c95268e2900f2c4994d99517fbdcec92715da1353f8c2becee1dea73ac9de3c65493a0a67fa637354b8fb00055bada24805d917ee0e961\
         8f71fbf6317327fa",
    );
    assert_eq!(credential::sealed(&seed, &name, &[7; 32]).unwrap(), expected);
}

fn key() -> PublicKey {
    SoftwareKey::from_seed(&[7; 32]).public_key()
}

fn peer(name: &str) -> Peer {
    let not_after = at(1_000_000);
    Peer { node: NodeId::new(name).unwrap(), report_key: Did::key(&key()), not_after }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix(1_790_000_000 + seconds).unwrap()
}

fn opened() -> Opened {
    Attestation::open(ENVELOPE, &NodeId::new("swtpm-rsa").unwrap(), &key()).unwrap()
}

/// The challenge that the captured attestation answers, but for its secret.
fn pending(made_at: Timestamp) -> challenge::Pending {
    let opened = opened();
    let nonce = opened.attestation.nonce.0.clone().try_into().unwrap();
    challenge::Pending {
        digests: (opened.endorsement.digest(), opened.signer.digest()),
        secret: [3; 32],
        nonce,
        made_at,
    }
}

#[test]
fn a_challenge_is_answered_once_and_in_time() {
    let challenges = Challenges::default();
    assert_eq!(challenges.take(&peer("a"), at(0)), Err(NotAnswered::None));
    challenges.keep(&peer("a"), pending(at(0))).unwrap();
    assert_eq!(challenges.take(&peer("b"), at(0)), Err(NotAnswered::None), "it is another node's");
    let anew = Peer { report_key: Did::key(&SoftwareKey::from_seed(&[8; 32]).public_key()), ..peer("a") };
    assert_eq!(challenges.take(&anew, at(0)), Err(NotAnswered::None), "it was given before the node enrolled anew");
    assert_eq!(challenges.take(&peer("a"), at(challenge::ANSWER_SECONDS_MAX)), Ok(pending(at(0))));
    assert_eq!(challenges.take(&peer("a"), at(0)), Err(NotAnswered::None), "an answer is not taken twice");
    challenges.keep(&peer("a"), pending(at(0))).unwrap();
    assert_eq!(challenges.take(&peer("a"), at(challenge::ANSWER_SECONDS_MAX + 1)), Err(NotAnswered::Late));
    challenges.keep(&peer("a"), pending(at(0))).unwrap();
    challenges.keep(&peer("a"), pending(at(9))).unwrap();
    assert_eq!(challenges.take(&peer("a"), at(9)), Ok(pending(at(9))), "the last one counts");
}

#[test]
fn challenges_are_bounded_and_make_room_when_they_are_late() {
    let challenges = Challenges::with_room_for(2);
    challenges.keep(&peer("a"), pending(at(0))).unwrap();
    challenges.keep(&peer("b"), pending(at(1))).unwrap();
    assert_eq!(challenges.keep(&peer("c"), pending(at(2))), Err(NotAnswered::Full));
    challenges.keep(&peer("b"), pending(at(3))).unwrap();
    challenges.keep(&peer("c"), pending(at(challenge::ANSWER_SECONDS_MAX + 1))).unwrap();
}

#[test]
fn an_answer_fits_its_challenge_or_is_refused() {
    let good = pending(at(0));
    assert_eq!(good.check_secret(&[3; 32]), Ok(()));
    assert_eq!(good.check(&opened()), Ok(()));
    for wrong in [[4; 32].as_slice(), &[3; 31], &[]] {
        assert_eq!(good.check_secret(wrong), Err(NotAnswered::Secret));
    }
    let replayed = challenge::Pending { nonce: [0; 32], ..pending(at(0)) };
    assert_eq!(replayed.check(&opened()), Err(NotAnswered::Nonce));
    let (endorsement, attestation) = good.digests;
    for digests in [(attestation, endorsement), (endorsement, Digest::of(b"")), (Digest::of(b""), attestation)] {
        let other = challenge::Pending { digests, ..pending(at(0)) };
        assert_eq!(other.check(&opened()), Err(NotAnswered::OtherKeys));
    }
}

#[test]
fn what_says_nothing_of_the_chip_is_no_refusal() {
    let error = |why| AttestError::NotAnswered(why);
    for why in [NotAnswered::None, NotAnswered::Late, NotAnswered::Full] {
        assert!(!error(why).is_refusal(), "{why}");
    }
    for why in [NotAnswered::Secret, NotAnswered::OtherKeys, NotAnswered::Nonce] {
        assert!(error(why).is_refusal(), "{why}");
    }
    assert!(!AttestError::Store(StoreError::Closed).is_refusal());
}
