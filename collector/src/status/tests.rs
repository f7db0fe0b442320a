use descriptors::certificate::Roots;
use descriptors::did::Did;
use descriptors::json_ld::Contexts;
use descriptors::verify::{Held, HeldList, Name, Outcome, Policy, Resolution, Verifier};

use super::*;
use crate::fixture::{Cloud, DECLARATION, at, report};
use crate::store::{Change, Changed, StatusChange};

/// What a stranger finds of the status of a form, with the lists that are published now.
async fn status_of(cloud: &Cloud, form: &str, lists: Option<Target>) -> (Outcome, String) {
    let mut held = BTreeMap::new();
    for state in cloud.store.status_lists(at(0)).await.unwrap() {
        for list in state.published {
            let text = match lists {
                None | Some(Target::Danube) => list.jwt,
                Some(target) => list.forms[&target].clone(),
            };
            held.insert(address(&cloud.issuer.base, list.purpose, list.list), text.into_bytes());
        }
    }
    let contexts = Contexts::with_w3c([] as [(&str, &[u8]); 0]).unwrap();
    let policy = Policy { terms: false, ..Policy::at((cloud.app.clock)()) };
    let roots = Roots::from_digests([]);
    let held = Held {
        document: &|did: &Did| Resolution::read(did, cloud.issuer.document().as_ref()),
        chain: &|_| None,
        roots: &roots,
        list: &|address| {
            lists.and_then(|_| held.get(address)).map(|bytes| HeldList { bytes: bytes.clone(), fetched_at: None })
        },
        contexts: &contexts,
    };
    let report = Verifier::new(&policy, &held).verify(form.as_bytes());
    assert_eq!(report.check(Name::Signature).unwrap().outcome, Outcome::Passed, "{report:?}");
    let check = report.check(Name::Status).unwrap();
    (check.outcome, check.findings.iter().map(|finding| finding.problem.as_str()).collect())
}

async fn region(cloud: &Cloud) -> Issued {
    let credentials = cloud.store.credentials().await.unwrap();
    credentials.into_iter().find(|issued| issued.class == "gx:Region").unwrap()
}

async fn change(cloud: &Cloud, issued: &Issued, change: Change) -> Changed {
    let (at, reason) = ((cloud.app.clock)(), "tests".to_owned());
    let changed = StatusChange { credential: issued.id.clone(), change, at, reason };
    let changed = cloud.store.change_status(changed).await.unwrap();
    publish(cloud.store.as_ref(), &cloud.issuer, at).await.unwrap();
    changed
}

#[tokio::test]
async fn every_form_of_every_credential_can_be_looked_up() {
    for public_address in [None, Some("cloud.example")] {
        let cloud = Cloud::lived_in(public_address).await;
        let mut places = BTreeSet::new();
        for issued in cloud.store.credentials().await.unwrap() {
            assert!(places.insert(issued.place.unwrap()), "{}", issued.subject);
            assert_eq!(status_of(&cloud, &issued.jwt, Some(Target::Danube)).await.0, Outcome::Passed);
            let (outcome, problem) = status_of(&cloud, &issued.jwt, None).await;
            assert_eq!(outcome, Outcome::NotChecked, "a list that is not at hand says nothing");
            assert!(problem.contains("/status/revocation-1` is not at hand"), "{problem}");
        }
        let region = region(&cloud).await;
        for (target, form) in region.forms.iter().filter(|(target, _)| **target != Target::Plain) {
            for lists in [Target::Danube, *target] {
                assert_eq!(status_of(&cloud, form, Some(lists)).await, (Outcome::Passed, String::new()), "{target}");
            }
        }
    }
}

#[tokio::test]
async fn what_is_replaced_or_withdrawn_is_found_to_be() {
    let cloud = Cloud::lived_in(Some("cloud.example")).await;
    let before = region(&cloud).await;
    let hardware = cloud.store.credentials().await.unwrap().into_iter().find(|one| one.subject.ends_with("node/n1"));
    let hardware = hardware.unwrap();
    cloud.set_clock(60);
    cloud.say(report("n1", 2, "XEON"), 1).await;
    cloud.app.auditor.once().await.unwrap();
    for lists in [Target::Danube, Target::W3cRdfc, Target::W3cJcs] {
        let replaced = status_of(&cloud, &hardware.jwt, Some(lists)).await;
        assert_eq!(replaced, (Outcome::Failed, "revoked".to_owned()), "{lists}");
    }
    assert_eq!(region(&cloud).await, before, "what others change does not touch it");
    assert_eq!(change(&cloud, &before, Change::Suspend).await, Changed::Done);
    let (outcome, problem) = status_of(&cloud, &before.jwt, Some(Target::Danube)).await;
    assert_eq!((outcome, problem.starts_with("suspended")), (Outcome::Failed, true), "{problem}");
    assert_eq!(region(&cloud).await.jwt, before.jwt, "changing a status never changes a credential");
    change(&cloud, &before, Change::Reinstate).await;
    assert_eq!(status_of(&cloud, &before.jwt, Some(Target::Danube)).await.0, Outcome::Passed);
    change(&cloud, &before, Change::Revoke).await;
    cloud.app.auditor.once().await.unwrap();
    assert_eq!(region(&cloud).await.id, before.id, "what was revoked is not issued again by itself");
    assert_eq!(status_of(&cloud, &before.jwt, Some(Target::Danube)).await, (Outcome::Failed, "revoked".to_owned()));
    change(&cloud, &before, Change::Replace).await;
    cloud.app.auditor.once().await.unwrap();
    let again = region(&cloud).await;
    assert_ne!((again.id.clone(), again.place), (before.id.clone(), before.place));
    assert_eq!(status_of(&cloud, &again.jwt, Some(Target::Danube)).await.0, Outcome::Passed);
}

#[tokio::test]
async fn lists_are_signed_anew_only_when_something_changed_or_time_passed() {
    let cloud = Cloud::lived_in(None).await;
    let count = async |seconds| {
        cloud.set_clock(seconds);
        publish(cloud.store.as_ref(), &cloud.issuer, at(seconds)).await.unwrap()
    };
    assert_eq!(count(10).await, 0);
    assert_eq!(count(3600).await, 0, "the credentials run out before the lists do");
    let lasting = Issued {
        valid_until: at(30 * 86_400),
        id: "urn:x".to_owned(),
        place: Some(Place { list: 1, index: 9 }),
        ..region(&cloud).await
    };
    cloud.store.put_credentials(vec![lasting]).await.unwrap();
    assert_eq!(count(3601).await, 2, "a credential was replaced, which shows in one of them");
    assert_eq!(count(3601 + LIFE_SECONDS / 3 * 2 - 1).await, 0);
    assert_eq!(count(3601 + LIFE_SECONDS / 3 * 2).await, 2);
    assert_eq!(count(31 * 86_400).await, 0, "nobody holds a credential of it any more");
}

#[tokio::test]
async fn a_place_is_never_given_to_two_credentials() {
    let cloud = Cloud::lived_in(None).await;
    let mut given = BTreeSet::new();
    for round in 0..5 {
        cloud.set_clock(60 * round);
        cloud.say(report("n1", 2 + u64::try_from(round).unwrap(), &format!("model {round}")), 1).await;
        cloud.app.auditor.once().await.unwrap();
        given.extend(
            cloud.store.credentials().await.unwrap().into_iter().map(|issued| (issued.place.unwrap(), issued.id)),
        );
    }
    let places: BTreeSet<Place> = given.iter().map(|(place, _)| *place).collect();
    assert_eq!(places.len(), given.len());
    cloud.declare(&DECLARATION.replace("id: north", "id: south")).await;
    cloud.app.auditor.once().await.unwrap();
    let south = region(&cloud).await;
    assert!(!places.contains(&south.place.unwrap()), "the place of the region that is no more stays its own");
}

#[test]
fn the_name_of_a_list_is_read_in_one_spelling() {
    assert_eq!(parse_name("revocation-1"), Some((Purpose::Revocation, 1)));
    assert_eq!(parse_name("suspension-18446744073709551615"), Some((Purpose::Suspension, u64::MAX)));
    for bad in
        ["", "1", "revocation", "revocation-", "revocation-0", "revocation-01", "revocation-+1", "refresh-1", "a/b-1"]
    {
        assert_eq!(parse_name(bad), None, "{bad}");
    }
}
