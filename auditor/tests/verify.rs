//! What `avow verify` says of sound bundles, and of bundles whose issuer lies.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

use std::collections::BTreeMap;

use auditor::verify::{Ending, Finding, Verification, verify};
use descriptors::bundle::{self, NodeTrust};
use descriptors::canonical;
use descriptors::credential::{self, Base, Credential, Observation, Period};
use descriptors::declaration::{DECLARATION_TYPE, Declaration};
use descriptors::did::Did;
use descriptors::digest::Digest;
use descriptors::fact::{AbsenceReason, Reading};
use descriptors::id::NodeId;
use descriptors::proof::dsse::Envelope;
use descriptors::proof::key::Algorithm;
use descriptors::proof::vc_jwt::{Content, encoded_header};
use descriptors::proof::{Signer as _, SoftwareKey, vc_jwt};
use descriptors::report::{HEARTBEAT_TYPE, Heartbeat, Origin, REPORT_TYPE, Report};
use descriptors::status_list::{Bits, ENTRIES_MIN, Purpose, list_subject};
use descriptors::timestamp::Timestamp;
use independence::{Evidence, NodeEvidence, audit};
use serde_json::{Value, json};

const AS_OF: &str = "2026-11-21T12:00:00Z";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn issuer() -> SoftwareKey {
    SoftwareKey::from_seed(&[1; 32])
}

fn node_key() -> SoftwareKey {
    SoftwareKey::from_seed(&[2; 32])
}

/// Two zones on one feed (refuted); with `gap`, two zones whose power nobody declared (undetermined).
fn declaration(gap: bool) -> Value {
    let needs = if gap { json!([]) } else { json!(["feed"]) };
    let zone = |name: &str, node: &str| json!({"id": name, "racks": [{"id": format!("r-{name}"), "needs": needs, "nodes": [node]}]});
    json!({
        "origin": "simulated",
        "provider": {"id": "p", "name": "P", "registration_number": {"vat_id": "DE1"}, "legal_address": {"country_code": "DE"}},
        "parts": [{"id": "feed", "kind": "power_feed"}],
        "regions": [{"id": "r", "datacenters": [{"id": "d", "address": {"country_code": "DE"},
            "availability_zones": [zone("z1", "n1"), zone("z2", "n2")]}]}],
        "claims": [{"id": "c", "zones": ["z1", "z2"], "dimensions": ["power"]}]
    })
}

fn report(name: &str) -> Report {
    Report {
        node: NodeId::new(name).unwrap(),
        sequence: 1,
        taken_at: at("2026-11-21T11:30:00Z"),
        boot_id: Reading::absent(AbsenceReason::NotPresent, "none"),
        origin: Origin::Simulated,
        agent_version: "test".to_owned(),
        facts: BTreeMap::new(),
    }
}

/// The entries of a bundle as an honest issuer makes them.
fn entries(declared: Value) -> BTreeMap<String, Vec<u8>> {
    let declaration: Declaration = serde_json::from_value(declared).unwrap();
    let payload = canonical::to_vec(&declaration).unwrap();
    let declaration_digest = Digest::of(&payload);
    let envelope = Envelope::sign(DECLARATION_TYPE, payload, &issuer()).unwrap();
    let mut entries = BTreeMap::from([(bundle::DECLARATION.to_owned(), envelope.to_bytes())]);
    let (mut trusts, mut nodes) = (Vec::new(), Vec::new());
    for name in ["n1", "n2"] {
        let report = report(name);
        let payload = canonical::to_vec(&report).unwrap();
        let digest = Digest::of(&payload);
        let path = bundle::report_path(&report.node);
        entries.insert(path, Envelope::sign(REPORT_TYPE, payload, &node_key()).unwrap().to_bytes());
        let (node, now) = (report.node.clone(), at("2026-11-21T11:59:00Z"));
        let report_key = Did::key(&node_key().public_key());
        trusts.push(NodeTrust { node, report_key, received_at: now, heard_at: now });
        nodes.push(NodeEvidence::new(report, digest, now, now, None));
    }
    entries.insert(bundle::NODES.to_owned(), canonical::to_vec(&trusts).unwrap());
    let evidence = Evidence { declaration, declaration_digest, nodes, as_of: at(AS_OF) };
    let audit = audit(&evidence).unwrap();
    entries.insert(bundle::AUDIT.to_owned(), canonical::to_vec(&audit).unwrap());
    let did = Did::key(&issuer().public_key());
    let base = Base::did(&did);
    let key = Did::key(&node_key().public_key());
    let reports =
        evidence.nodes.iter().map(|node| Observation { report: &node.report, digest: node.digest, key: &key });
    for subject in credential::subjects(&base, &evidence.declaration, reports, audit.claims().unwrap()) {
        let period = Period { from: at("2026-11-21T10:00:00Z"), until: at("2027-02-19T10:00:00Z") };
        let credential = Credential::new(&base, did.clone(), period, subject).unwrap();
        let jwt = vc_jwt::issue(&credential, &issuer()).unwrap();
        entries.insert(bundle::credential_path(credential.id()), jwt.into_bytes());
    }
    entries
}

fn write(entries: &BTreeMap<String, Vec<u8>>) -> Vec<u8> {
    let did = Did::key(&issuer().public_key());
    bundle::write(entries, at(AS_OF), &did, Origin::Simulated, &issuer()).unwrap()
}

/// The subjects of all checks that failed.
fn failed(done: &Verification) -> Vec<&'static str> {
    let failed = done.checks.iter().filter(|check| matches!(check.finding, Finding::Failed(_)));
    failed.map(|check| check.subject).collect()
}

fn refuse(entries: &BTreeMap<String, Vec<u8>>, subject: &str) {
    let done = verify(&write(entries), None);
    assert_eq!(failed(&done), [subject], "{:?}", done.checks);
    assert_eq!(done.ending(), Ending::Corrupt);
}

#[test]
fn a_sound_bundle_ends_as_its_verdicts_say() {
    let check = |declared: Value, expect: Ending| {
        let done = verify(&write(&entries(declared)), None);
        assert_eq!(failed(&done), [""; 0], "{:?}", done.checks);
        assert_eq!(done.ending(), expect);
    };
    check(declaration(false), Ending::Refuted);
    check(declaration(true), Ending::Undetermined);
    let mut nothing_claimed = declaration(false);
    nothing_claimed["claims"] = json!([]);
    check(nothing_claimed, Ending::Undetermined);
}

/// A bundle whose first credential names this place in a list, beside that list with these places set, as `edit` leaves it.
fn with_status(set: &[usize], edit: impl Fn(&mut Vec<u8>) -> bool) -> Verification {
    let mut entries = entries(declaration(true));
    let did = Did::key(&issuer().public_key());
    let address = format!("{did}/status/revocation-1");
    let path = entries.keys().find(|path| path.starts_with(bundle::CREDENTIALS)).unwrap().clone();
    let jwt = String::from_utf8(entries[&path].clone()).unwrap();
    let mut payload = vc_jwt::verify(&jwt, at(AS_OF), |_| None).unwrap().credential;
    let entry = json!({"type": "BitstringStatusListEntry", "statusPurpose": "revocation",
        "statusListIndex": "5", "statusListCredential": address});
    payload.insert("credentialStatus".to_owned(), entry);
    let header = encoded_header(Algorithm::EdDsa, Content::Credential, &did.verification_method(), &did);
    let signed = vc_jwt::sign(&header, &canonical::to_vec(&payload).unwrap(), &issuer()).unwrap();
    entries.insert(path, signed.into_bytes());
    let mut bits = Bits::clear(ENTRIES_MIN).unwrap();
    set.iter().for_each(|index| bits.set(*index, true).unwrap());
    let period = Period { from: at("2026-11-21T10:00:00Z"), until: at("2026-11-22T10:00:00Z") };
    let subject = list_subject(&address, Purpose::Revocation, &bits, None);
    let list = Credential::of_status_list(&address, did, period, subject);
    let mut list = vc_jwt::issue(&list, &issuer()).unwrap().into_bytes();
    if edit(&mut list) {
        entries.insert(bundle::status_list_path(&address), list);
    }
    verify(&write(&entries), None)
}

#[test]
fn a_credential_stands_as_the_list_beside_it_says() {
    let check = |done: Verification, expect: Ending, fault: &str| {
        let status = done.checks.iter().find(|check| check.subject == "status").unwrap();
        assert!(format!("{:?}", status.finding).contains(fault), "{fault}: {:?}", status.finding);
        assert_eq!(done.ending(), expect, "{fault}: {:?}", done.checks);
    };
    // Undetermined is how the verdicts of this bundle end.
    check(with_status(&[4, 6], |_| true), Ending::Undetermined, "none of them withdrawn in 1 lists");
    check(with_status(&[5], |_| true), Ending::Corrupt, "revoked");
    check(with_status(&[5], |_| false), Ending::Undetermined, "is not in the bundle");
    let flip = |list: &mut Vec<u8>| {
        let last = list.len() - 4;
        list[last] ^= 1;
        true
    };
    check(with_status(&[], flip), Ending::Corrupt, "cannot be relied on");
}

#[test]
fn a_flipped_bit_ends_as_corrupt() {
    let good = write(&entries(declaration(false)));
    // Every bit of the container is tried where it is written; here a prime stride over a whole bundle.
    for bit in (0..good.len() * 8).step_by(61) {
        let mut bytes = good.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(verify(&bytes, None).ending(), Ending::Corrupt, "bit {bit}");
    }
}

#[test]
fn the_issuer_cannot_write_another_verdict() {
    let mut entries = entries(declaration(false));
    let text = String::from_utf8(entries[bundle::AUDIT].clone()).unwrap();
    entries.insert(bundle::AUDIT.to_owned(), text.replace("power_feed:feed", "power_feed:none").into_bytes());
    refuse(&entries, "verdicts");
}

#[test]
fn the_issuer_cannot_speak_for_a_node() {
    let mut entries = entries(declaration(false));
    let payload = canonical::to_vec(&report("n1")).unwrap();
    let forged = Envelope::sign(REPORT_TYPE, payload, &issuer()).unwrap();
    entries.insert("evidence/n1.report.json".to_owned(), forged.to_bytes());
    refuse(&entries, "reports");
}

#[test]
fn a_report_cannot_stand_in_another_nodes_place() {
    let mut entries = entries(declaration(false));
    let other = entries["evidence/n2.report.json"].clone();
    entries.insert("evidence/n1.report.json".to_owned(), other);
    refuse(&entries, "reports");
}

#[test]
fn a_heartbeat_must_hold_the_report_beside_it() {
    let heartbeat = |holds: Digest| {
        let heartbeat =
            Heartbeat { node: NodeId::new("n1").unwrap(), sequence: 2, taken_at: at("2026-11-21T11:58:00Z"), holds };
        Envelope::sign(HEARTBEAT_TYPE, canonical::to_vec(&heartbeat).unwrap(), &node_key()).unwrap().to_bytes()
    };
    let mut entries = entries(declaration(false));
    let holds = Digest::of(&canonical::to_vec(&report("n1")).unwrap());
    entries.insert("evidence/n1.heartbeat.json".to_owned(), heartbeat(holds));
    assert_eq!(verify(&write(&entries), None).ending(), Ending::Refuted);
    entries.insert("evidence/n1.heartbeat.json".to_owned(), heartbeat(Digest::of(b"another")));
    refuse(&entries, "reports");
}

#[test]
fn the_issuer_cannot_make_an_old_report_fresh() {
    let mut entries = entries(declaration(false));
    let mut old = report("n1");
    old.taken_at = at("2026-11-20T11:30:00Z");
    let payload = canonical::to_vec(&old).unwrap();
    let envelope = Envelope::sign(REPORT_TYPE, payload, &node_key()).unwrap();
    entries.insert("evidence/n1.report.json".to_owned(), envelope.to_bytes());
    // The list of nodes still says that n1 was heard a minute ago: the verdicts differ, since n1 is stale.
    let done = verify(&write(&entries), None);
    assert_eq!(failed(&done), ["verdicts"], "{:?}", done.checks);
}

#[test]
fn evidence_of_an_unknown_node_is_refused() {
    let mut entries = entries(declaration(false));
    let stray = entries["evidence/n1.report.json"].clone();
    entries.insert("evidence/n9.report.json".to_owned(), stray);
    refuse(&entries, "reports");
}

#[test]
fn a_credential_must_say_what_the_evidence_says() {
    let good = entries(declaration(false));
    let declared: Declaration = serde_json::from_value(declaration(true)).unwrap();
    let did = Did::key(&issuer().public_key());
    let mut subject = credential::region::subject(&Base::did(&did), &declared, &declared.regions[0]).unwrap();
    subject.node.set("schema:name", "somewhere else");
    let period = Period { from: at("2026-11-21T10:00:00Z"), until: at("2027-02-19T10:00:00Z") };
    let forged = Credential::new(&Base::did(&did), did, period, subject).unwrap();
    let mut entries = good.clone();
    entries.insert(bundle::credential_path(forged.id()), vc_jwt::issue(&forged, &issuer()).unwrap().into_bytes());
    refuse(&entries, "content");
    let missing = good.keys().find(|path| path.starts_with(bundle::CREDENTIALS)).unwrap().clone();
    let mut entries = good;
    entries.remove(&missing);
    refuse(&entries, "content");
}

#[test]
fn another_issuer_than_the_expected_one_is_refused() {
    let bytes = write(&entries(declaration(false)));
    let us = Did::key(&issuer().public_key());
    assert_eq!(verify(&bytes, Some(&us)).ending(), Ending::Refuted);
    let other = Did::key(&node_key().public_key());
    let done = verify(&bytes, Some(&other));
    assert_eq!((failed(&done), done.ending()), (vec!["issuer"], Ending::Corrupt));
}

#[test]
fn what_could_not_be_checked_is_not_counted_as_passed() {
    let mut entries = entries(declaration(false));
    entries.remove(bundle::DECLARATION);
    let done = verify(&write(&entries), None);
    assert_eq!(failed(&done), ["declaration"]);
    let not_checked = done.checks.iter().filter(|check| matches!(check.finding, Finding::NotChecked(_)));
    assert_eq!(not_checked.map(|check| check.subject).collect::<Vec<_>>(), ["verdicts"]);
    assert_eq!(done.ending(), Ending::Corrupt);
}
