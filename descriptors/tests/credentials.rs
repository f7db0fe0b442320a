//! Golden credentials: one of every type, signed, reviewed as text. `UPDATE_GOLDEN=1` writes them anew.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "tests read files, say what they skip, and fail by panicking"
)]

use std::collections::BTreeMap;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use descriptors::component::Dimension;
use descriptors::credential::{
    self, Base, Credential, Observation, Period, Subject, independence_verdict, legal_person,
};
use descriptors::declaration::Declaration;
use descriptors::did::{self, Did};
use descriptors::digest::Digest;
use descriptors::fact::memory::MemoryFact;
use descriptors::fact::{AbsenceReason, Reading};
use descriptors::id::{ClaimId, NodeId, SourceName, ZoneId};
use descriptors::proof::vc_jwt;
use descriptors::proof::{Signer, SoftwareKey};
use descriptors::report::{Origin, Report};
use descriptors::timestamp::Timestamp;
use descriptors::vocabulary::{Context, Ontology};
use serde_json::{Value, json};

fn key() -> SoftwareKey {
    SoftwareKey::from_seed(&[9; 32])
}

fn issuer() -> Did {
    Did::key(&key().public_key())
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[path = "specimens/catalogue.rs"]
mod catalogue;

fn declaration() -> Declaration {
    let address = json!({"country_code": "DE", "nuts2": "DED2", "locality": "Dresden", "postal_code": "01069",
        "street_address": "Beispielstr. 1"});
    let mut declaration = json!({
        "provider": {"id": "example", "name": "Example Cloud GmbH", "registration_number": {"vat_id": "DE123456789"},
            "legal_address": address, "agrees_to_gaia_x_terms": true},
        "regions": [{"id": "de-east", "datacenters": [{"id": "dc-1", "address": address, "availability_zones": [
            {"id": "zone-1", "racks": [{"id": "r1", "nodes": ["kvm-1"]}]},
            {"id": "zone-2", "racks": [{"id": "r2"}]}]}]}]
    });
    declaration.as_object_mut().unwrap().extend(catalogue::members("zone-1", "kvm-1").as_object().unwrap().clone());
    serde_json::from_value(declaration).unwrap()
}

fn report() -> Report {
    let memory = MemoryFact {
        total_bytes: Reading::Present(274_877_906_944),
        ecc: Reading::absent(AbsenceReason::NotPresent, "/sys/devices/system/edac/mc"),
        hugepages: Reading::Present(Vec::new()),
        numa: Reading::absent(AbsenceReason::NotPresent, "/sys/devices/system/node"),
    };
    Report {
        node: NodeId::new("kvm-1").unwrap(),
        sequence: 7,
        taken_at: at("2026-11-21T08:00:00Z"),
        boot_id: Reading::Present("f6b3c9e2-0c5d-4b8e-9d0a-1c2b3d4e5f60".to_owned()),
        origin: Origin::Real,
        agent_version: "0.1.0".to_owned(),
        facts: BTreeMap::from([
            (SourceName::new("memory").unwrap(), Reading::Present(memory.into())),
            (SourceName::new("dmi").unwrap(), Reading::absent(AbsenceReason::NotPresent, "/sys/class/dmi/id")),
        ]),
    }
}

/// One subject of every type, in the order of the list of types.
fn subjects(base: &Base) -> Vec<Subject> {
    let verdict = independence_verdict::VerdictClaims {
        claim: ClaimId::new("zones").unwrap(),
        profile: "strict@1".to_owned(),
        zones: vec![ZoneId::new("zone-1").unwrap(), ZoneId::new("zone-2").unwrap()],
        dimension: Dimension::Power,
        outcome: "undetermined",
        verdict: json!({"undetermined": {"missing": []}}),
        evidence: Digest::of(b"evidence"),
        origin: Origin::Real,
    };
    let (report, key) = (report(), Did::key(&SoftwareKey::from_seed(&[3; 32]).public_key()));
    let observation = Observation { report: &report, digest: Digest::of(b"report"), key: &key, chip: None };
    let mut all = credential::subjects(base, &declaration(), [observation], [verdict]);
    let mut take = |class: &&str| all.remove(all.iter().position(|subject| subject.class() == *class).unwrap());
    credential::all().iter().map(&mut take).collect()
}

fn period() -> Period {
    Period { from: at("2026-11-21T09:00:00Z"), until: at("2027-02-19T09:00:00Z") }
}

fn credential(subject: Subject) -> Credential {
    Credential::new(&Base::address("https://cloud.example/"), issuer(), period(), subject).unwrap()
}

#[test]
fn every_type_reads_as_reviewed() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let subjects = subjects(&Base::address("https://cloud.example/"));
    for subject in subjects {
        let name = format!("{}.json", subject.class().replace(':', "-"));
        let credential = credential(subject);
        let jwt = vc_jwt::issue(&credential, &key()).unwrap();
        let header = URL_SAFE_NO_PAD.decode(jwt.split('.').next().unwrap()).unwrap();
        let header: Value = serde_json::from_slice(&header).unwrap();
        let document = json!({"header": header, "payload": credential.to_value(credential.context(Ontology::default())), "jwt": jwt});
        let text = serde_json::to_string_pretty(&document).unwrap() + "\n";
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(folder.join(&name), &text).unwrap();
        }
        let golden = std::fs::read_to_string(folder.join(&name)).unwrap_or_default();
        assert_eq!(text, golden, "{name}: run with UPDATE_GOLDEN=1 and review the difference");
    }
}

#[test]
fn a_credential_verifies_with_the_key_of_its_issuer() {
    for subject in subjects(&Base::did(&issuer())) {
        let id = subject.id().to_owned();
        let jwt = vc_jwt::issue(&credential(subject), &key()).unwrap();
        let verified = vc_jwt::verify(&jwt, at("2026-12-01T00:00:00Z"), |_| None).unwrap();
        assert_eq!(verified.issuer, issuer());
        assert_eq!(verified.credential["credentialSubject"]["id"], id.as_str());
    }
}

#[test]
fn a_did_web_issuer_is_checked_against_its_document() {
    let did = Did::web("cloud.example").unwrap();
    let subject = legal_person::subject(&Base::did(&did), &declaration());
    let unsigned = Credential::new(&Base::did(&did), did.clone(), period(), subject).unwrap();
    let jwt = vc_jwt::issue(&unsigned, &key()).unwrap();
    let document = did::web_document(&did, &key().public_key());
    let now = at("2026-12-01T00:00:00Z");
    assert!(vc_jwt::verify(&jwt, now, |asked| (*asked == did).then(|| document.clone())).is_ok());
    assert!(vc_jwt::verify(&jwt, now, |_| None).is_err());
    let stranger = did::web_document(&did, &SoftwareKey::from_seed(&[1; 32]).public_key());
    assert!(vc_jwt::verify(&jwt, now, |_| Some(stranger.clone())).is_err());
}

/// Signs any header and payload: what a hostile issuer can send.
fn forge(header: &Value, payload: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(header), part(payload));
    let signature = key().sign(signed.as_bytes()).unwrap();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

#[test]
fn a_bad_credential_is_refused_for_its_single_fault() {
    let good = credential(legal_person::subject(&Base::address("https://cloud.example"), &declaration()));
    let good = good.to_value(good.context(Ontology::default()));
    let header = json!({"alg": "EdDSA", "typ": "vc+jwt", "cty": "vc", "kid": issuer().verification_method(),
        "iss": issuer()});
    let check = |change: &dyn Fn(&mut Value, &mut Value), fault: &str| {
        let (mut header, mut payload) = (header.clone(), good.clone());
        change(&mut header, &mut payload);
        let result = vc_jwt::verify(&forge(&header, &payload), at("2026-12-01T00:00:00Z"), |_| None);
        match result {
            Ok(_) => assert_eq!(fault, "", "accepted"),
            Err(error) => assert!(!fault.is_empty() && error.to_string().contains(fault), "{fault}: {error}"),
        }
    };
    check(&|_, _| {}, "");
    check(&|h, _| h["x-unknown"] = json!(1), "");
    check(&|h, _| h["alg"] = json!("none"), "`alg`");
    check(&|h, _| h["alg"] = json!("HS256"), "`alg`");
    check(&|h, _| h["typ"] = json!("JWT"), "`typ`");
    check(&|h, _| h["cty"] = json!(1), "`cty`");
    check(&|h, _| h["crit"] = json!(["b64"]), "`crit`");
    check(&|h, _| h["kid"] = json!("did:web:other.example#key-1"), "`kid`");
    check(&|h, _| h["iss"] = json!(Did::key(&SoftwareKey::from_seed(&[1; 32]).public_key())), "`kid`");
    check(&|_, p| p["issuer"] = json!("did:web:other.example"), "issued by");
    check(&|_, p| p["vc"] = json!({}), "`vc`");
    check(&|_, p| p["credentialSubject"]["id"] = p["id"].clone(), "id of the credential");
    check(&|_, p| p["validFrom"] = json!("2026-12-01T00:01:01Z"), "not valid before");
    check(&|_, p| p["validFrom"] = json!("2026-12-01T00:00:59Z"), "");
    check(&|_, p| p["validUntil"] = json!("2026-11-30T23:58:59Z"), "valid until");
    check(&|_, p| p["validFrom"] = json!("yesterday"), "`validFrom`");
}

#[test]
fn one_flipped_bit_breaks_a_credential() {
    let subject = legal_person::subject(&Base::address("https://cloud.example"), &declaration());
    let jwt = vc_jwt::issue(&credential(subject), &key()).unwrap();
    let now = at("2026-12-01T00:00:00Z");
    for bit in 0..jwt.len() * 8 {
        let mut bytes = jwt.clone().into_bytes();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let accepted = String::from_utf8(bytes).is_ok_and(|text| vc_jwt::verify(&text, now, |_| None).is_ok());
        assert!(!accepted, "bit {bit}");
    }
}

#[test]
fn the_written_form_is_the_canonical_form_of_the_value() {
    for subject in subjects(&Base::did(&issuer())) {
        let credential = credential(subject);
        for context in [Context::GaiaX(Ontology::V2511), Context::Inline(Ontology::Development)] {
            let written = credential.to_vec(context).unwrap();
            let expect = descriptors::canonical::to_vec(&credential.to_value(context)).unwrap();
            assert_eq!(String::from_utf8(written).unwrap(), String::from_utf8(expect).unwrap());
        }
    }
}

mod tagus {
    use super::*;
    use descriptors::credential::tagus::{Subdivisions, TagusError};
    use descriptors::gaia_x::value::SubdivisionCode;

    fn subject_of(class: &str) -> Subject {
        subjects(&Base::address("https://cloud.example")).into_iter().find(|one| one.class() == class).unwrap()
    }

    fn saxony() -> Subdivisions {
        let code = SubdivisionCode::new("DE-SN").unwrap();
        Subdivisions { headquarters: code.clone(), legal: code }
    }

    #[test]
    fn a_legal_person_becomes_a_legal_participant() {
        let document = credential(subject_of("gx:LegalPerson")).tagus(Some(&saxony())).unwrap();
        let subject = &document["credentialSubject"];
        assert_eq!(subject["type"], "gx:LegalParticipant");
        assert_eq!(subject["gx:legalName"], "Example Cloud GmbH");
        assert_eq!(subject["gx:legalRegistrationNumber"]["gx:vatID"], "DE123456789");
        assert_eq!(subject["gx:legalRegistrationNumber"]["gx:vatID-countryCode"], "DE");
        assert_eq!(subject["gx:headquarterAddress"]["gx:countrySubdivisionCode"], "DE-SN");
        assert_eq!(document["issuanceDate"], "2026-11-21T09:00:00Z");
        assert_eq!(document["expirationDate"], "2027-02-19T09:00:00Z");
        assert!(document.get("validFrom").is_none());
    }

    #[test]
    fn what_tagus_asks_for_is_not_made_up() {
        let refused = credential(subject_of("gx:LegalPerson")).tagus(None);
        assert!(matches!(refused, Err(TagusError::NotSaid { .. })), "{refused:?}");
    }

    #[test]
    fn a_datacenter_becomes_a_physical_resource() {
        let document = credential(subject_of("gx:Datacenter")).tagus(None).unwrap();
        assert_eq!(document["credentialSubject"]["type"], "gx:PhysicalResource");
        assert_eq!(document["credentialSubject"]["gx:locationAddress"], json!([{"gx:countryCode": "DE"}]));
    }

    #[test]
    fn what_tagus_has_no_words_for_is_refused_by_name() {
        for class in ["gx:AvailabilityZone", "gx:Region", "gx:Issuer", "avow:NodeHardware", "avow:IndependenceVerdict"]
        {
            let refused = credential(subject_of(class)).tagus(None);
            assert_eq!(refused, Err(TagusError::NoWords { class: class.to_owned() }));
        }
    }
}
