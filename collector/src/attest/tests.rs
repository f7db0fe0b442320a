//! Challenges are answered once, in time, with the right secret; credentials are those that other software makes.

use descriptors::id::NodeId;
use descriptors::proof::{Signer as _, SoftwareKey};
use descriptors::tpm::endorsement::Certified;
use serde_json::{Value, json};

use super::*;
use crate::api::shape::TpmSummary;
use crate::fixture::{self, Cloud};
use crate::topology::{Reader, TopologyError};

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

/// What the store holds of the captured chip, for a minute from the fixture's beginning on.
fn binding() -> Binding {
    let certified = Certified { issuer: "CN=maker".to_owned(), serial: "02".to_owned(), device: None };
    Binding {
        node: NodeId::new("swtpm-rsa").unwrap(),
        report_key: Did::key(&key()),
        endorsement_key: opened().endorsement.digest(),
        earlier_key: None,
        activated_at: fixture::at(0),
        valid_until: fixture::at(60),
        maker: MakerWord::Known(certified),
        envelope: ENVELOPE.to_vec(),
    }
}

/// How the node stands `seconds` later, with this in the store.
async fn standing(binding: Option<Binding>, refused: bool, seconds: i64) -> Result<Value, TopologyError> {
    let cloud = Cloud::new(None).await;
    cloud.enrol("swtpm-rsa", 7).await;
    cloud.say(fixture::report("swtpm-rsa", 1, "EPYC"), 7).await;
    if let Some(binding) = binding {
        assert!(cloud.store.put_binding(binding).await.unwrap());
    }
    if refused {
        let refused = Refused { report_key: Did::key(&key()), at: fixture::at(9), reason: "because".to_owned() };
        cloud.store.put_refusal(&fixture::node("swtpm-rsa"), refused).await.unwrap();
    }
    let issuer = cloud.issuer.signer.public_key();
    let topology = Reader::default().read(&*cloud.store, &issuer, fixture::at(seconds)).await?;
    Ok(serde_json::to_value(TpmSummary::of(&topology.nodes[0])).unwrap())
}

#[tokio::test]
async fn a_binding_counts_for_its_key_and_its_time_alone() {
    let at = |binding, refused, seconds| async move { standing(binding, refused, seconds).await.unwrap() };
    let bound = at(Some(binding()), false, 60).await;
    assert_eq!((&bound["standing"], &bound["certified_by"]), (&json!("attested"), &json!("CN=maker")));
    assert_eq!(bound["registers"].as_array().unwrap().len(), 8);
    assert_eq!(bound["valid_until"], fixture::at(60).to_string());
    assert_eq!(at(Some(binding()), false, 61).await["standing"], "ended");
    let unknown = Binding { maker: MakerWord::Unknown("nobody".to_owned()), ..binding() };
    let unknown = at(Some(unknown), false, 0).await;
    assert_eq!((&unknown["standing"], &unknown["reason"]), (&json!("unknown_maker"), &json!("nobody")));
    let other = Did::key(&SoftwareKey::from_seed(&[8; 32]).public_key());
    let earlier = Binding { report_key: other, ..binding() };
    assert_eq!(at(Some(earlier), false, 0).await, json!({"standing": "none"}), "bound before it enrolled anew");
    assert_eq!(at(None, true, 9).await["standing"], "refused");
    let both = at(Some(binding()), true, 9).await;
    assert_eq!((&both["standing"], &both["reason"]), (&json!("attested"), &json!("because")), "what held still holds");
}

#[tokio::test]
async fn a_binding_that_was_altered_in_the_store_is_an_error_that_names_the_node() {
    let mut bent = binding();
    let last = bent.envelope.len() - 5;
    bent.envelope[last] ^= 1;
    let other = Binding { endorsement_key: Digest::of(b"another"), ..binding() };
    for altered in [bent, other] {
        let error = standing(Some(altered), false, 0).await.unwrap_err();
        assert!(matches!(&error, TopologyError::Attestation { node, .. } if node.as_str() == "swtpm-rsa"), "{error}");
    }
}
