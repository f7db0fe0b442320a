#![allow(clippy::print_stderr, reason = "a test says what it skips")]

use std::collections::BTreeSet;
use std::path::Path;

use descriptors::proof::vc_jwt;
use descriptors::report::Origin;
use descriptors::target::Target;
use descriptors::verify::{Held, Policy, Resolution, Verifier};

use super::*;
use crate::fixture::{Cloud, DECLARATION, at, report};
use crate::sign::certified::Certified;
use crate::store::Issued;

async fn current(cloud: &Cloud) -> BTreeSet<String> {
    cloud.store.credentials().await.unwrap().into_iter().map(|issued| issued.jwt).collect()
}

/// Classes and subjects whose credential is another than before.
async fn changed(cloud: &Cloud, before: &BTreeSet<String>) -> Vec<String> {
    let now = cloud.store.credentials().await.unwrap().into_iter();
    now.filter(|issued| !before.contains(&issued.jwt)).map(|issued| short(&issued)).collect()
}

fn short(issued: &Issued) -> String {
    issued.subject.split_once("/subjects/").unwrap().1.to_owned()
}

#[tokio::test]
async fn everything_that_can_be_said_is_issued() {
    let cloud = Cloud::lived_in(None).await;
    let issued = cloud.store.credentials().await.unwrap();
    let subjects: Vec<String> = issued.iter().map(short).collect();
    assert_eq!(
        subjects,
        [
            "capacity/zone-1",
            "capacity/zone-2",
            "entropy-assessment/n1",
            "entropy-assessment/n2",
            "verdict/c1/zone-1+zone-2/cooling",
            "verdict/c1/zone-1+zone-2/fire",
            "verdict/c1/zone-1+zone-2/network",
            "verdict/c1/zone-1+zone-2/power",
            "node-evidence/n1",
            "node-evidence/n2",
            "node/n1",
            "node/n2",
            "availability-zone/zone-1",
            "availability-zone/zone-2",
            "datacenter/dc",
            "legal-person/example",
            "region/north",
        ]
    );
    for credential in &issued {
        let verified = vc_jwt::verify(&credential.jwt, at(0), |_| None).unwrap();
        assert_eq!(verified.issuer, cloud.issuer.did);
        assert_eq!(verified.credential["avow:origin"], "simulated", "{}", credential.subject);
        assert_eq!(credential.origin, Origin::Simulated);
    }
}

#[tokio::test]
async fn same_facts_same_time_same_key_same_bytes() {
    let (one, two) = (Cloud::lived_in(None).await, Cloud::lived_in(None).await);
    assert_eq!(current(&one).await, current(&two).await);
    let document = async |cloud: &Cloud| cloud.store.document(Document::Audit).await.unwrap().unwrap();
    assert_eq!(document(&one).await, document(&two).await);
    let bundle = |cloud: &Cloud| {
        crate::bundle::gather(&cloud.issuer, &cloud.app.auditor.standing().outcome.unwrap()).unwrap().bytes
    };
    assert_eq!(bundle(&one), bundle(&two));
}

#[tokio::test]
async fn only_what_changed_is_issued_again() {
    let cloud = Cloud::lived_in(None).await;
    let before = current(&cloud).await;
    cloud.set_clock(60);
    let digest = cloud.app.auditor.topology().await.unwrap().nodes[0].latest.report_digest;
    cloud.beat("n1", 2, digest, 1).await;
    cloud.app.auditor.once().await.unwrap();
    assert_eq!(changed(&cloud, &before).await, [""; 0], "a heartbeat changes nothing");
    cloud.say(report("n1", 3, "XEON"), 1).await;
    cloud.app.auditor.once().await.unwrap();
    let changed = changed(&cloud, &before).await;
    assert_eq!(changed.iter().filter(|subject| subject.starts_with("node/")).count(), 1, "{changed:?}");
    let of_the_node = ["capacity/zone-1", "entropy-assessment/n1", "node-evidence/n1", "node/n1"];
    let expected = |subject: &&String| of_the_node.contains(&subject.as_str()) || subject.starts_with("verdict/");
    assert_eq!(changed.iter().filter(expected).count(), changed.len(), "{changed:?}");
}

#[tokio::test]
async fn a_heartbeat_that_its_node_did_not_sign_is_no_sign_of_life() {
    let cloud = Cloud::lived_in(None).await;
    let digest = cloud.app.auditor.topology().await.unwrap().nodes[0].latest.report_digest;
    cloud.beat("n1", 2, digest, 1).await;
    cloud.app.auditor.once().await.unwrap();
    cloud.beat("n1", 3, digest, 2).await;
    let error = chain(cloud.app.auditor.once().await.unwrap_err().as_ref());
    assert!(error.contains("stored of node n1 is not what the node signed"), "{error}");
}

#[tokio::test]
async fn a_credential_is_renewed_after_two_thirds_of_its_life() {
    let cloud = Cloud::lived_in(None).await;
    let before = current(&cloud).await;
    cloud.set_clock(2399);
    cloud.app.auditor.once().await.unwrap();
    assert_eq!(current(&cloud).await, before);
    cloud.set_clock(2400);
    cloud.app.auditor.once().await.unwrap();
    assert!(current(&cloud).await.is_disjoint(&before));
    let renewed = cloud.store.credentials().await.unwrap();
    assert!(renewed.iter().all(|issued| issued.valid_from == at(2400) && issued.valid_until == at(6000)));
}

#[tokio::test]
async fn what_is_said_no_more_is_withdrawn() {
    let cloud = Cloud::lived_in(None).await;
    let zone = cloud.store.credentials().await.unwrap().into_iter().find(|one| short(one).ends_with("zone/zone-2"));
    let zone = zone.unwrap();
    let smaller = DECLARATION
        .lines()
        .filter(|line| !line.contains("id: zone-2") && !line.contains("id: c1") && *line != "claims:")
        .collect::<Vec<_>>()
        .join("\n");
    cloud.declare(&smaller).await;
    cloud.app.auditor.once().await.unwrap();
    let subjects: Vec<String> = cloud.store.credentials().await.unwrap().iter().map(short).collect();
    assert!(!subjects.iter().any(|subject| subject.contains("zone-2") || subject.contains("verdict")), "{subjects:?}");
    assert!(cloud.store.credential(&zone.id).await.unwrap().is_some(), "it stays in history");
}

#[tokio::test]
async fn without_a_declaration_only_nodes_are_described() {
    let cloud = Cloud::new(None).await;
    cloud.enrol("n1", 1).await;
    cloud.say(report("n1", 1, "EPYC"), 1).await;
    let outcome = cloud.app.auditor.once().await.unwrap();
    assert_eq!(outcome.audit, None);
    let said: Vec<_> = outcome.credentials.iter().map(short).collect();
    assert_eq!(said, ["entropy-assessment/n1", "node-evidence/n1", "node/n1"]);
    assert!(matches!(crate::bundle::gather(&cloud.issuer, &outcome), Err(crate::bundle::GatherError::NothingAudited)));
}

#[tokio::test]
async fn the_loop_wakes_outlives_failures_and_stops() {
    let cloud = Cloud::lived_in(None).await;
    let (wake, woken) = watch::channel(0);
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let auditor = Arc::clone(&cloud.app.auditor);
    let running = tokio::spawn(async move {
        auditor.run(woken, async { drop(stopped.await) }).await;
    });
    let until = async |reached: &dyn Fn(&Standing) -> bool| {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
        while !reached(&cloud.app.auditor.standing()) {
            assert!(tokio::time::Instant::now() < deadline, "{:?}", cloud.app.auditor.standing());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    until(&|standing| standing.runs >= 2).await;
    let good = cloud.store.document(Document::Declaration).await.unwrap().unwrap();
    cloud.store.put_document(Document::Declaration, b"{}".to_vec()).await.unwrap();
    wake.send_modify(|count| *count += 1);
    until(&|standing| standing.failure.is_some()).await;
    let standing = cloud.app.auditor.standing();
    assert!(standing.failure.unwrap().why.contains("the stored declaration"), "the failure says what is wrong");
    assert!(standing.outcome.is_some(), "the last outcome is kept");
    cloud.store.put_document(Document::Declaration, good).await.unwrap();
    wake.send_modify(|count| *count += 1);
    until(&|standing| standing.failure.is_none()).await;
    stop.send(()).unwrap();
    tokio::time::timeout(Duration::from_secs(5), running).await.unwrap().unwrap();
}

/// The context of the Tagus release lies beside the workspace, where it is.
#[tokio::test]
async fn tagus_gets_what_it_has_words_for() {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/gaia-x/contexts");
    let context = shared.join("gx-tagus-trustframework.jsonld");
    if !context.exists() {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "under CI the context must be there");
        eprintln!("skipped: {} is not there", context.display());
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let certified = Certified::for_tests(folder.path(), "cloud.example").unwrap();
    let mut cloud = Cloud::new(Some("cloud.example")).await;
    let refused = cloud.issuer.clone().with_targets(&[Target::Tagus], None).err().unwrap().to_string();
    assert!(refused.contains("trustframework#") && refused.contains("tagus_context"), "{refused}");
    cloud.issuer = cloud.issuer.clone().with_tagus_context(&context).unwrap();
    cloud.reissue_for(&[Target::Tagus], Some(certified));
    cloud.declare(DECLARATION).await;
    cloud.app.auditor.once().await.unwrap();
    let forms = async || -> Vec<(String, String)> {
        let issued = cloud.store.credentials().await.unwrap().into_iter();
        issued.filter_map(|one| Some((one.class, one.forms.get(&Target::Tagus)?.clone()))).collect()
    };
    assert_eq!(forms().await.into_iter().map(|(class, _)| class).collect::<Vec<_>>(), ["gx:Datacenter"]);
    let before = current(&cloud).await;
    cloud.declare(&DECLARATION.replace("{country_code: DE}\n", "{country_code: DE, subdivision: DE-SN}\n")).await;
    cloud.app.auditor.once().await.unwrap();
    // Verdicts rest on the declaration as a whole.
    let changed = changed(&cloud, &before).await.into_iter().filter(|subject| !subject.starts_with("verdict/"));
    assert_eq!(changed.collect::<Vec<_>>(), ["legal-person/example"], "its subdivisions are in no other form");
    let forms = forms().await;
    assert_eq!(forms.len(), 2);
    let contexts = cloud.issuer.tagus.as_ref().unwrap();
    let certified = cloud.issuer.certified.as_ref().unwrap();
    let (policy, roots) = (Policy { terms: true, ..Policy::at(at(0)).for_target(Target::Tagus) }, certified.roots());
    let held = Held {
        document: &|did| Resolution::read(did, cloud.issuer.document().as_ref()),
        chain: &|_| Some(certified.pem.to_vec()),
        roots: &roots,
        list: &|_| None,
        contexts,
    };
    for (class, form) in forms {
        let report = Verifier::new(&policy, &held).verify(form.as_bytes());
        assert_eq!(report.findings(), [], "{class}: {form}");
    }
}

#[tokio::test]
async fn another_issuer_issues_everything_anew() {
    let cloud = Cloud::lived_in(None).await;
    let outcome = cloud.app.auditor.standing().outcome.unwrap();
    let issuer = Issuer::new(cloud.issuer.signer.clone(), Some("https://cloud.example")).unwrap();
    let said = describe::said(&issuer.base, &outcome.topology, outcome.audit.as_ref()).unwrap();
    let count = said.subjects.len();
    let plan = describe::plan(&issuer, said, &outcome.credentials, at(1)).unwrap();
    assert_eq!((plan.due.len(), plan.retire.len()), (count, count));
}
