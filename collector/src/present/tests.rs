use descriptors::certificate::Roots;
use descriptors::credential::{Credential, Period, Subject};
use descriptors::did::Did;
use descriptors::gaia_x::participant::VatId;
use descriptors::preflight::{Input, KnownContexts, Setting, Severity, preflight};
use descriptors::proof::vc_jwt;
use descriptors::report::Origin;
use descriptors::shape::Shape as _;
use descriptors::verify::{Held, HeldList, Outcome, Policy, Resolution, Verifier};
use serde_json::Value;

use super::*;
use crate::fixture::{self, Cloud, DECLARATION, at};
use crate::sign::certified::Certified;
use crate::status;

/// What is declared of a small offering.
const OFFERING: &str = "
flavors:
  - {id: small, vcpus: 1, ram: 1 GiB, boot_disk: {size: 10 GB}}
  - {id: large, vcpus: 2, ram: 4 GiB, boot_disk: {size: 10 GB}}
images:
  - {id: debian, rights: {copyright_owned_by: [SPI], licences: [MIT]}}
service_offerings:
  - id: compute
    terms_and_conditions:
      - url: https://cloud.example/terms
        digest: sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
    offers: {virtual_machines: {flavors: [small]}}
";

/// A cloud that offers something, for all targets with or without a certificate.
async fn cloud(certified: bool) -> Cloud {
    let mut cloud = Cloud::new(Some("cloud.example")).await;
    if certified {
        let folder = tempfile::tempdir().unwrap();
        let certified = Certified::for_tests(folder.path(), "cloud.example").unwrap();
        let targets = [Target::Loire, Target::Xfsc, Target::W3cRdfc, Target::W3cJcs, Target::Plain];
        cloud.reissue_for(&targets, Some(certified));
    }
    let agrees = "  id: example\n  agrees_to_gaia_x_terms: true\n";
    let address = "{country_code: DE, nuts2: DED2}";
    let declared = DECLARATION.replace("  id: example\n", agrees).replace("{country_code: DE}", address);
    cloud.declare(&format!("{declared}{OFFERING}")).await;
    cloud.app.auditor.once().await.unwrap();
    cloud
}

async fn shown(cloud: &Cloud, chosen: &[&str], target: Target) -> Result<Presented, PresentError> {
    let current = cloud.store.credentials().await.unwrap();
    let chosen: Vec<String> = chosen.iter().map(|name| (*name).to_owned()).collect();
    present(&cloud.issuer, &current, Wanted { subjects: &chosen, others: &[], target, now: at(0) })
}

/// A registration number as a notary confirms it.
fn confirmed() -> Contained {
    let notary = Issuer::new(std::sync::Arc::new(fixture::key(7)), Some("notary.example")).unwrap();
    let number = VatId::new("DE1").into_node("https://notary.example/numbers/1");
    let subject = Subject { node: number, origin: Origin::Real, provenance: None };
    let period = Period { from: at(0), until: at(3600) };
    let credential = Credential::new(&notary.base, notary.did.clone(), period, subject).unwrap();
    Contained::Jwt(vc_jwt::issue(&credential, notary.signer.as_ref()).unwrap())
}

/// What a stranger finds of a presentation who has the documents that are published.
async fn verified(cloud: &Cloud, presented: &Presented, target: Target) -> Vec<String> {
    let mut lists = BTreeMap::new();
    for state in cloud.store.status_lists(at(0)).await.unwrap() {
        for list in state.published {
            let form = list.forms.get(&target).unwrap_or(&list.jwt).clone();
            lists.insert(status::address(&cloud.issuer.base, list.purpose, list.list), form.into_bytes());
        }
    }
    let chain = cloud.issuer.certified.as_ref().map(|certified| certified.pem.to_vec());
    let roots = cloud.issuer.certified.as_ref().map_or_else(|| Roots::from_digests([]), Certified::roots);
    let contexts = Contexts::with_w3c([] as [(&str, &[u8]); 0]).unwrap();
    let policy = Policy { terms: false, ..Policy::at(at(0)) };
    let policy = if target == Target::Danube { policy } else { Policy { terms: false, ..policy.for_target(target) } };
    let held = Held {
        document: &|did: &Did| Resolution::read(did, cloud.issuer.document().as_ref()),
        chain: &|_| chain.clone(),
        roots: &roots,
        list: &|address| lists.get(address).map(|bytes| HeldList { bytes: bytes.clone(), fetched_at: None }),
        contexts: &contexts,
    };
    let report = Verifier::new(&policy, &held).verify(presented.text.as_bytes());
    assert_eq!(report.credentials.len(), presented.credentials.len());
    let bad = report.findings().into_iter().filter(|(_, outcome, _)| *outcome == Outcome::Failed);
    bad.map(|(name, _, finding)| format!("{}: {}: {}", name.as_str(), finding.path, finding.problem)).collect()
}

#[tokio::test]
async fn an_offering_is_shown_with_everything_that_it_refers_to() {
    let cloud = cloud(true).await;
    for target in [Target::Danube, Target::Loire, Target::Xfsc, Target::W3cRdfc, Target::W3cJcs] {
        let presented = shown(&cloud, &["service-offering/compute"], target).await.unwrap();
        let credentials = cloud.store.credentials().await.unwrap();
        let subjects: Vec<&str> = credentials
            .iter()
            .filter(|issued| presented.credentials.contains(&issued.id))
            .map(|issued| issued.subject.split_once("/subjects/").unwrap().1)
            .collect();
        let mut expect = vec![
            "availability-zone/zone-1",
            "availability-zone/zone-2",
            "datacenter/dc",
            "issuer/example",
            "legal-person/example",
            "flavor/small",
            "image/debian",
            "service-offering/compute",
        ];
        expect.retain(|name| is_gaia_x(target) || *name != "issuer/example");
        let sorted = |mut names: Vec<&'static str>| {
            names.sort_unstable();
            names
        };
        let found: BTreeSet<&str> = subjects.into_iter().collect();
        assert_eq!(found.into_iter().collect::<Vec<_>>(), sorted(expect), "{target}");
        assert_eq!(verified(&cloud, &presented, target).await, [""; 0], "{target}");
    }
}

#[tokio::test]
async fn a_clearing_house_would_refuse_nothing_of_it() {
    let cloud = cloud(true).await;
    for target in [Target::Danube, Target::Loire] {
        let subjects = ["service-offering/compute".to_owned(), "region/north".to_owned()];
        let current = cloud.store.credentials().await.unwrap();
        let wanted = Wanted { subjects: &subjects, others: &[confirmed()], target, now: at(0) };
        let presented = present(&cloud.issuer, &current, wanted).unwrap();
        let contexts = KnownContexts::new(&[]).unwrap();
        let documents: Vec<Value> = cloud.issuer.document().into_iter().collect();
        let certified = cloud.issuer.certified.as_ref().unwrap();
        let setting = Setting {
            target,
            now: at(0),
            contexts: &contexts,
            shapes: None,
            did_documents: &documents,
            chain: Some(&certified.pem),
            anchors: Some(&certified.pem),
        };
        let input = Input { name: "presentation", bytes: presented.text.as_bytes() };
        let done = preflight(&[input], &setting);
        let refused: Vec<String> = done
            .findings
            .iter()
            .filter(|finding| finding.severity == Severity::Refused)
            .map(|finding| format!("{} {} {}", finding.rule.code, finding.place, finding.found))
            .collect();
        assert_eq!(refused, [""; 0], "{target}");
    }
}

#[tokio::test]
async fn what_cannot_be_shown_whole_is_not_shown() {
    let cloud = cloud(false).await;
    let error = async |chosen: &[&str], target| shown(&cloud, chosen, target).await.unwrap_err();
    assert!(matches!(error(&["region/south"], Target::Danube).await, PresentError::Unknown(_)));
    assert!(matches!(error(&["region/north"], Target::Loire).await, PresentError::Target(Target::Loire)));
    assert!(matches!(error(&["region/north"], Target::Plain).await, PresentError::NoPresentations(Target::Plain)));
    let current = cloud.store.credentials().await.unwrap();
    let region = ["region/north".to_owned()];
    let chosen = Wanted { subjects: &region, others: &[], target: Target::Danube, now: at(0) };
    let everything = Wanted { subjects: &[], ..chosen };
    let without: Vec<Issued> = current.iter().filter(|issued| issued.class != "gx:Datacenter").cloned().collect();
    let incomplete = present(&cloud.issuer, &without, chosen).unwrap_err();
    assert!(matches!(incomplete, PresentError::Incomplete(missing) if missing[0].ends_with("/subjects/datacenter/dc")));
    let mut withdrawn = current.clone();
    let zone = withdrawn.iter_mut().find(|issued| issued.subject.ends_with("availability-zone/zone-2")).unwrap();
    zone.suspended_at = Some(at(0));
    let refused = present(&cloud.issuer, &withdrawn, chosen).unwrap_err();
    assert!(matches!(refused, PresentError::Withdrawn(_)), "{refused}");
    assert!(matches!(present(&cloud.issuer, &[], everything), Err(PresentError::Nothing)));
    let all = present(&cloud.issuer, &current, everything).unwrap();
    assert_eq!(all.credentials.len(), current.iter().filter(|issued| issued.class.starts_with("gx:")).count());
    assert_eq!(present(&cloud.issuer, &current, everything).unwrap(), all, "same facts, same time, same bytes");
}
