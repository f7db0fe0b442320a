//! What `avow verify` says of sound bundles, and of bundles whose issuer lies.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

use std::collections::BTreeMap;

use auditor::verify::{Ending, Finding, Verification, verify, verify_with};
use descriptors::bundle::{self, NodeTrust, TpmTrust};
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
use descriptors::tpm::attestation::{Attestation, Bound, MakerWord};
use descriptors::tpm::endorsement::{Certified, Makers};
use independence::{Evidence, NodeEvidence, audit};
use serde_json::{Value, json};

const AS_OF: &str = "2026-11-23T12:00:00Z";

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
        taken_at: at("2026-11-23T11:30:00Z"),
        boot_id: Reading::absent(AbsenceReason::NotPresent, "none"),
        origin: Origin::Simulated,
        agent_version: "test".to_owned(),
        facts: BTreeMap::new(),
    }
}

/// A node, and what its chip shows, where it has one, with the issuer's word on the maker.
type WithChip = (&'static str, Option<(&'static [u8], MakerWord)>);

/// The entries of a bundle as an honest issuer makes them.
fn entries(declared: Value) -> BTreeMap<String, Vec<u8>> {
    entries_of(declared, &[("n1", None), ("n2", None)], &node_key())
}

fn entries_of(declared: Value, machines: &[WithChip], node_key: &SoftwareKey) -> BTreeMap<String, Vec<u8>> {
    let declaration: Declaration = serde_json::from_value(declared).unwrap();
    let payload = canonical::to_vec(&declaration).unwrap();
    let declaration_digest = Digest::of(&payload);
    let envelope = Envelope::sign(DECLARATION_TYPE, payload, &issuer()).unwrap();
    let mut entries = BTreeMap::from([(bundle::DECLARATION.to_owned(), envelope.to_bytes())]);
    let (mut trusts, mut nodes, mut chips) = (Vec::new(), Vec::new(), BTreeMap::new());
    for (name, chip) in machines {
        let report = report(name);
        let payload = canonical::to_vec(&report).unwrap();
        let digest = Digest::of(&payload);
        let path = bundle::report_path(&report.node);
        entries.insert(path, Envelope::sign(REPORT_TYPE, payload, node_key).unwrap().to_bytes());
        let (node, now) = (report.node.clone(), at("2026-11-23T11:59:00Z"));
        let report_key = Did::key(&node_key.public_key());
        let (mut tpm, mut endorsement_key) = (None, None);
        if let Some((envelope, maker)) = chip {
            let opened = Attestation::open(envelope, &node, &node_key.public_key()).unwrap();
            let said = Bound::new(&opened, maker.clone());
            endorsement_key = Some(said.endorsement_key);
            chips.insert(node.clone(), said);
            entries.insert(bundle::attestation_path(&node), envelope.to_vec());
            tpm = Some(TpmTrust { activated_at: now, valid_until: now.plus_seconds(86_400), maker: maker.clone() });
        }
        trusts.push(NodeTrust { node, report_key, received_at: now, heard_at: now, tpm });
        nodes.push(NodeEvidence::new(report, digest, now, now, None).with_chip(endorsement_key));
    }
    entries.insert(bundle::NODES.to_owned(), canonical::to_vec(&trusts).unwrap());
    let evidence = Evidence { declaration, declaration_digest, nodes, as_of: at(AS_OF) };
    let audit = audit(&evidence).unwrap();
    entries.insert(bundle::AUDIT.to_owned(), canonical::to_vec(&audit).unwrap());
    let did = Did::key(&issuer().public_key());
    let base = Base::did(&did);
    let key = Did::key(&node_key.public_key());
    let reports = evidence.nodes.iter().map(|node| Observation {
        report: &node.report,
        digest: node.digest,
        key: &key,
        chip: chips.get(&node.report.node),
    });
    for subject in credential::subjects(&base, &evidence.declaration, reports, audit.claims().unwrap()) {
        let period = Period { from: at("2026-11-23T10:00:00Z"), until: at("2027-02-19T10:00:00Z") };
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
    let period = Period { from: at("2026-11-23T10:00:00Z"), until: at("2026-11-24T10:00:00Z") };
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
            Heartbeat { node: NodeId::new("n1").unwrap(), sequence: 2, taken_at: at("2026-11-23T11:58:00Z"), holds };
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
    old.taken_at = at("2026-11-22T11:30:00Z");
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
    let period = Period { from: at("2026-11-23T10:00:00Z"), until: at("2027-02-19T10:00:00Z") };
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

const RSA: &[u8] = include_bytes!("../../descriptors/tests/attestations/swtpm-rsa.attestation.json");
const P256: &[u8] = include_bytes!("../../descriptors/tests/attestations/swtpm-p256.attestation.json");
const MAKER: &[u8] = include_bytes!("../../descriptors/tests/attestations/maker.pem");
const ROOT: &[u8] = include_bytes!("../../descriptors/tests/attestations/root.pem");

/// Two nodes with captured chips, of which the issuer says that it knows the makers, or does not.
fn with_chips(known: bool) -> BTreeMap<String, Vec<u8>> {
    let declared =
        declaration(false).to_string().replace("\"n1\"", "\"swtpm-rsa\"").replace("\"n2\"", "\"swtpm-p256\"");
    let maker = match known {
        true => MakerWord::Known(Certified { issuer: "CN=x".to_owned(), serial: "01".to_owned(), device: None }),
        false => MakerWord::Unknown("no certificates of makers are trusted".to_owned()),
    };
    let machines = [("swtpm-rsa", Some((RSA, maker.clone()))), ("swtpm-p256", Some((P256, maker)))];
    entries_of(serde_json::from_str(&declared).unwrap(), &machines, &SoftwareKey::from_seed(&[7; 32]))
}

fn tpms(done: &Verification) -> String {
    format!("{:?}", done.checks.iter().find(|check| check.subject == "tpms").map(|check| &check.finding))
}

#[test]
fn chips_are_checked_again_as_far_as_the_reader_trusts_makers() {
    let check = |known, roots: Option<&[u8]>, expect: &str| {
        let makers = roots.map_or_else(Makers::default, |pem| Makers::from_pem(pem).unwrap());
        let done = verify_with(&write(&with_chips(known)), None, &makers);
        assert_eq!(failed(&done), [""; 0], "{:?}", done.checks);
        assert_eq!(done.ending(), Ending::Refuted, "the verdicts are as they were");
        let found = tpms(&done);
        assert!(found.contains(expect) && found.contains("issuer's word"), "{found}");
    };
    check(true, None, "who made those, and that both keys");
    check(true, Some(MAKER), "the keys of 2 of 2 nodes are bound to TPMs, 0 of them of unknown makers");
    check(false, Some(MAKER), "2 of them of unknown makers");
    check(false, Some(ROOT), "2 of them of unknown makers");
    check(true, Some(ROOT), "NotChecked");
    assert_eq!(
        tpms(&verify(&write(&entries(declaration(false))), None)),
        "None",
        "nothing is said of what is not there"
    );
}

#[test]
fn a_chip_is_bound_to_one_node_by_both_sides() {
    let (one, other) = (bundle::attestation_path(&NodeId::new("swtpm-rsa").unwrap()), "evidence/swtpm-p256.tpm.json");
    let mut swapped = with_chips(true);
    swapped.insert(one.clone(), swapped[other].clone());
    refuse_reports(&swapped, "the attestation is of the node");
    let mut alone = with_chips(true);
    alone.remove(&one);
    refuse_reports(&alone, "do not go together");
    let mut stray = entries(declaration(false));
    stray.insert("evidence/n1.tpm.json".to_owned(), RSA.to_vec());
    refuse_reports(&stray, "do not go together");
    let mut late = with_chips(true);
    let trusts = String::from_utf8(late[bundle::NODES].clone()).unwrap();
    late.insert(bundle::NODES.to_owned(), trusts.replace("2026-11-24T11:59", "2026-11-23T11:59").into_bytes());
    refuse_reports(&late, "do not go together");
}

fn refuse_reports(entries: &BTreeMap<String, Vec<u8>>, expect: &str) {
    let done = verify(&write(entries), None);
    assert_eq!(failed(&done), ["reports"], "{:?}", done.checks);
    assert!(format!("{:?}", done.checks).contains(expect), "{expect}: {:?}", done.checks);
}

#[test]
fn the_issuer_cannot_say_more_of_a_chip_than_it_knew() {
    let mut entries = with_chips(false);
    let trusts = String::from_utf8(entries[bundle::NODES].clone()).unwrap();
    let known = "{\"known\":{\"issuer\":\"CN=x\",\"serial\":\"01\"}}";
    let unknown = "{\"unknown\":\"no certificates of makers are trusted\"}";
    assert!(trusts.contains(unknown));
    entries.insert(bundle::NODES.to_owned(), trusts.replace(unknown, known).into_bytes());
    refuse(&entries, "content");
}
