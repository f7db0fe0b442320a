//! A key is bound to nothing by a chip that cannot answer, and what was refused is kept with its reason.

use descriptors::id::NodeId;
use descriptors::proof::{Signer as _, SoftwareKey};
use descriptors::tpm::attestation::Attestation;
use descriptors::tpm::public::RESTRICTED;
use proto::convert::{Attested, Challenge};
use proto::v1;
use proto::v1::attestation_service_client::AttestationServiceClient;
use tonic::Code;
use tonic::transport::Channel;

use crate::harness::{Node, Plane, name, plane};

const CAPTURED: &[u8] = include_bytes!("../../../descriptors/tests/attestations/swtpm-rsa.attestation.json");

async fn client(plane: &Plane, node: Option<&Node>) -> AttestationServiceClient<Channel> {
    AttestationServiceClient::new(plane.connect(node).await.unwrap())
}

/// The keys of a captured chip.
fn keys() -> v1::ChallengeRequest {
    let key = SoftwareKey::from_seed(&[7; 32]).public_key();
    let opened = Attestation::open(CAPTURED, &NodeId::new("swtpm-rsa").unwrap(), &key).unwrap();
    v1::ChallengeRequest {
        endorsement_key: opened.attestation.endorsement_key.0,
        attestation_key: opened.attestation.attestation_key.0,
    }
}

fn answer() -> v1::AttestRequest {
    v1::AttestRequest { secret: vec![0; 32], envelope: CAPTURED.to_vec() }
}

#[tokio::test]
async fn only_nodes_that_may_speak_are_challenged() {
    let plane = plane().await;
    let nobody = client(&plane, None).await.challenge(keys()).await.unwrap_err();
    assert_eq!(nobody.code(), Code::Unauthenticated);
    assert_eq!(client(&plane, None).await.attest(answer()).await.unwrap_err().code(), Code::Unauthenticated);
    let node = plane.node("kvm-01").await;
    let mut client = client(&plane, Some(&node)).await;
    assert!(client.challenge(keys()).await.is_ok());
    plane.running.store.deny(&name("kvm-01"), collector::clock::now()).await.unwrap();
    assert_eq!(client.attest(answer()).await.unwrap_err().code(), Code::PermissionDenied);
    assert_eq!(client.challenge(keys()).await.unwrap_err().code(), Code::PermissionDenied);
}

#[tokio::test]
async fn a_wrong_secret_binds_nothing_and_uses_the_challenge_up() {
    let plane = plane().await;
    let node = plane.node("kvm-01").await;
    let mut client = client(&plane, Some(&node)).await;
    assert_eq!(client.attest(answer()).await.unwrap_err().code(), Code::FailedPrecondition, "nothing was asked");
    let first: Challenge = client.challenge(keys()).await.unwrap().into_inner().try_into().unwrap();
    let second: Challenge = client.challenge(keys()).await.unwrap().into_inner().try_into().unwrap();
    assert_ne!(first, second, "every challenge is another");
    let attested: Attested = client.attest(answer()).await.unwrap().into_inner().try_into().unwrap();
    assert!(matches!(&attested, Attested::Refused(why) if why.contains("not in one TPM")), "{attested:?}");
    assert_eq!(client.attest(answer()).await.unwrap_err().code(), Code::FailedPrecondition, "it was answered");
    let store = &plane.running.store;
    assert_eq!(store.bindings().await.unwrap(), []);
    let refusals = store.refusals().await.unwrap();
    assert!(matches!(&refusals[..], [(node, refused)] if *node == name("kvm-01") && refused.reason.contains("secret")));
}

#[tokio::test]
async fn keys_that_are_not_of_their_kind_get_no_challenge() {
    let plane = plane().await;
    let node = plane.node("kvm-01").await;
    let mut client = client(&plane, Some(&node)).await;
    let mut free = keys();
    let attributes = u32::from_be_bytes(free.attestation_key[4..8].try_into().unwrap()) & !RESTRICTED;
    free.attestation_key[4..8].copy_from_slice(&attributes.to_be_bytes());
    let swapped =
        v1::ChallengeRequest { endorsement_key: keys().attestation_key, attestation_key: keys().endorsement_key };
    let cut = v1::ChallengeRequest { endorsement_key: vec![0, 1], ..keys() };
    for (bad, expect) in [(free, "restricted"), (swapped, "not for decryption"), (cut, "cannot be read")] {
        let refused = client.challenge(bad).await.unwrap_err();
        assert_eq!(refused.code(), Code::FailedPrecondition);
        assert!(refused.message().contains(expect), "{}", refused.message());
        let kept = plane.running.store.refusals().await.unwrap();
        assert!(kept[0].1.reason.contains(expect), "{}", kept[0].1.reason);
    }
    let empty = v1::ChallengeRequest { endorsement_key: Vec::new(), ..keys() };
    assert_eq!(client.challenge(empty).await.unwrap_err().code(), Code::InvalidArgument);
}
