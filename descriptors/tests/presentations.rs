//! Presentations: what is inside, what is missing, and what each target gets.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use descriptors::canonical;
use descriptors::credential::{Base, Credential, Period, Subject, availability_zone, datacenter, region};
use descriptors::declaration::Declaration;
use descriptors::did::Did;
use descriptors::digest::Digest;
use descriptors::json_ld::Contexts;
use descriptors::presentation::{Contained, Presentation, PresentationError};
use descriptors::proof::data_integrity::{Options, Suite};
use descriptors::proof::key::Algorithm;
use descriptors::proof::{Signer as _, SoftwareKey, statements};
use descriptors::target::{IssueError, PresentError, Seal, Target};
use descriptors::timestamp::Timestamp;
use serde_json::{Value, json};

fn key() -> SoftwareKey {
    SoftwareKey::from_seed(&[9; 32])
}

fn issuer() -> Did {
    Did::web("cloud.example").unwrap()
}

fn from() -> Timestamp {
    "2026-11-21T09:00:00Z".parse().unwrap()
}

/// A region, its datacenter, and the zones of that.
fn subjects() -> Vec<Subject> {
    let address = json!({"country_code": "DE", "nuts2": "DED2"});
    let declaration: Declaration = serde_json::from_value(json!({
        "provider": {"id": "example", "name": "Example", "registration_number": {"vat_id": "DE1"}, "legal_address": address},
        "regions": [{"id": "de-east", "datacenters": [{"id": "dc-1", "address": address, "availability_zones": [
            {"id": "zone-1", "racks": [{"id": "r1"}]}, {"id": "zone-2", "racks": [{"id": "r2"}]}]}]}]
    }))
    .unwrap();
    let base = Base::address("https://cloud.example");
    let region = &declaration.regions[0];
    let dc = &region.datacenters[0];
    let mut subjects = vec![
        region::subject(&base, &declaration, region).unwrap(),
        datacenter::subject(&base, &declaration, dc).unwrap(),
    ];
    let zones = dc.availability_zones.iter();
    subjects.extend(zones.map(|zone| availability_zone::subject(&base, &declaration, dc, zone)));
    subjects
}

fn credential(subject: Subject) -> Credential {
    let period = Period { from: from(), until: "2027-02-19T09:00:00Z".parse().unwrap() };
    Credential::new(&Base::address("https://cloud.example"), issuer(), period, subject).unwrap()
}

fn contained(target: Target, subjects: Vec<Subject>) -> Vec<Contained> {
    let key = key();
    let seal = Seal::new(target, &issuer(), "key-1", &key).unwrap();
    let issue = |subject| seal.issue(&credential(subject)).unwrap();
    let contain = |issued: Vec<u8>| match target.is_jwt() {
        true => Contained::Jwt(String::from_utf8(issued).unwrap()),
        false => Contained::Embedded(canonical::parse(&issued).unwrap()),
    };
    subjects.into_iter().map(|subject| contain(issue(subject))).collect()
}

fn presentation(contained: Vec<Contained>) -> Result<Presentation, PresentationError> {
    Presentation::new("https://cloud.example/presentations/1", issuer(), from(), contained)
}

#[test]
fn what_is_referred_to_and_not_inside_is_named_with_its_place() {
    let all = presentation(contained(Target::Danube, subjects())).unwrap();
    let missing = |presentation: &Presentation| -> Vec<(String, String)> {
        presentation.missing().into_iter().map(|missing| (missing.pointer, missing.id)).collect()
    };
    let outside = missing(&all);
    assert!(
        outside.iter().all(|(_, id)| !id.contains("/subjects/zone/") && !id.contains("datacenter/")),
        "{outside:?}"
    );
    let mut fewer = subjects();
    let zone = fewer.pop().unwrap().id().to_owned();
    let fewer = presentation(contained(Target::Danube, fewer)).unwrap();
    let more: Vec<(String, String)> = missing(&fewer).into_iter().filter(|one| !outside.contains(one)).collect();
    assert_eq!(more.len(), 1, "{more:?}");
    assert_eq!(more[0].1, zone);
    assert!(more[0].0.starts_with("/credentialSubject/gx:aggregationOfResources/"), "{more:?}");
}

#[test]
fn ids_inside_a_presentation_are_distinct() {
    let inside = contained(Target::Danube, subjects());
    let subject = subjects()[0].id().to_owned();
    let refused = Presentation::new(subject.clone(), issuer(), from(), inside.clone());
    assert!(matches!(refused, Err(PresentationError::Twice(id)) if id == subject));
    let id = credential(subjects().remove(0)).id().to_owned();
    assert!(matches!(Presentation::new(id, issuer(), from(), inside.clone()), Err(PresentationError::Twice(_))));
    let twice = [inside.clone(), vec![inside[0].clone()]].concat();
    assert!(matches!(presentation(twice), Err(PresentationError::Twice(_))));
    let mut same = canonical::parse(
        &serde_json::to_vec(&json!({
            "id": "urn:a", "credentialSubject": [{"id": "urn:a"}], "proof": {}
        }))
        .unwrap(),
    )
    .unwrap();
    assert!(matches!(presentation(vec![Contained::Embedded(same.clone())]), Err(PresentationError::Twice(_))));
    // Two credentials may speak of one subject.
    same["credentialSubject"][0]["id"] = json!("urn:s");
    let mut other = same.clone();
    other["id"] = json!("urn:b");
    assert!(presentation(vec![Contained::Embedded(same), Contained::Embedded(other)]).is_ok());
}

#[test]
fn what_is_no_signed_credential_is_not_shown() {
    let payload = |text: &str| Contained::Jwt(format!("e30.{}.AA", URL_SAFE_NO_PAD.encode(text)));
    for (bad, fault) in [
        (Contained::Jwt("a.b".to_owned()), "compact JWS"),
        (Contained::Jwt("a.b=.c".to_owned()), "base64url"),
        (payload(r#"{"id":"a","id":"b"}"#), "strict JSON"),
        (payload(r#"{"credentialSubject":{}}"#), "without an id"),
        (payload(r#"{"id":"urn:a"}"#), "without a subject"),
        (Contained::Embedded(json!({"id": "urn:a", "credentialSubject": {}})), "without a proof"),
        (Contained::Embedded(json!([])), "without a proof"),
    ] {
        let error = presentation(vec![bad]).unwrap_err().to_string();
        assert!(error.contains(fault), "{fault}: {error}");
    }
}

#[test]
fn a_presentation_for_gaia_x_envelopes_its_credentials() {
    let key = key();
    let inside = contained(Target::Danube, subjects());
    let shown = presentation(inside.clone()).unwrap();
    for target in [Target::Danube, Target::Loire, Target::Xfsc] {
        let seal = Seal::new(target, &issuer(), "key-1", &key).unwrap();
        let jws = String::from_utf8(seal.present(&shown, &Contexts::default()).unwrap()).unwrap();
        let parts: Vec<&str> = jws.split('.').collect();
        let part = |at: usize| canonical::parse(&URL_SAFE_NO_PAD.decode(parts[at]).unwrap()).unwrap();
        let header = json!({"alg": "EdDSA", "typ": "vp+jwt", "cty": "vp", "kid": format!("{}#key-1", issuer()), "iss": issuer()});
        assert_eq!(part(0), header);
        let payload = part(1);
        assert_eq!(payload["issuer"], issuer().as_str());
        assert_eq!(payload["validFrom"], "2026-11-21T09:00:00Z");
        assert_eq!(payload.get("iss").is_some(), target == Target::Xfsc);
        let envelopes = payload["verifiableCredential"].as_array().unwrap();
        for (envelope, one) in envelopes.iter().zip(&inside) {
            let Contained::Jwt(jwt) = one else { unreachable!() };
            assert_eq!(envelope["id"], format!("data:application/vc+jwt,{jwt}"));
            assert_eq!(envelope["type"], "EnvelopedVerifiableCredential");
        }
        assert_eq!(envelopes.len(), inside.len());
        let signed = jws.rsplit_once('.').unwrap().0;
        let signature = URL_SAFE_NO_PAD.decode(parts[2]).unwrap();
        let public: descriptors::proof::key::VerificationKey = key.public_key().into();
        assert_eq!(public.verify(Algorithm::EdDsa, signed.as_bytes(), &signature), Ok(()));
    }
}

#[test]
fn a_presentation_for_the_w3c_embeds_its_credentials() {
    let key = key();
    let contexts = Contexts::with_w3c::<String>([]).unwrap();
    for (target, suite) in [(Target::W3cJcs, Suite::EddsaJcs2022), (Target::W3cRdfc, Suite::EddsaRdfc2022)] {
        let shown = presentation(contained(target, subjects())).unwrap();
        let seal = Seal::new(target, &issuer(), "key-1", &key).unwrap();
        let bytes = seal.present(&shown, &contexts).unwrap();
        let mut document = canonical::parse(&bytes).unwrap();
        let proof = document.as_object_mut().unwrap().remove("proof").unwrap();
        let digest = match suite {
            Suite::EddsaJcs2022 => *Digest::of(&canonical::to_vec(&document).unwrap()).as_bytes(),
            Suite::EddsaRdfc2022 => {
                let text = statements::canonical(&document, &contexts).unwrap();
                for subject in subjects() {
                    assert!(text.contains(subject.id()), "every subject is signed");
                }
                *Digest::of(text.as_bytes()).as_bytes()
            }
        };
        let options = Options {
            suite,
            created: from(),
            method: seal.method(),
            purpose: "assertionMethod",
            context: r#"["https://www.w3.org/ns/credentials/v2"]"#,
        };
        let public = key.public_key().into();
        assert_eq!(options.verify(digest, proof["proofValue"].as_str().unwrap(), &public), Ok(()));
        assert_eq!(document["holder"], issuer().as_str());
    }
}

#[test]
fn a_target_takes_its_own_form_from_its_own_holder() {
    let key = key();
    let contexts = Contexts::with_w3c::<String>([]).unwrap();
    let (jwt, embedded) = (contained(Target::Danube, subjects()), contained(Target::W3cJcs, subjects()));
    let present = |target: Target, inside: &Vec<Contained>| {
        let seal = Seal::new(target, &issuer(), "key-1", &key).unwrap();
        seal.present(&presentation(inside.clone()).unwrap(), &contexts)
    };
    assert!(matches!(present(Target::Loire, &embedded), Err(PresentError::Form(Target::Loire))));
    assert!(matches!(present(Target::W3cRdfc, &jwt), Err(PresentError::Form(Target::W3cRdfc))));
    assert!(matches!(present(Target::Plain, &jwt), Err(PresentError::Form(Target::Plain))));
    let other = Did::web("other.example").unwrap();
    let theirs = Presentation::new("urn:vp", other, from(), jwt).unwrap();
    let seal = Seal::new(Target::Danube, &issuer(), "key-1", &key).unwrap();
    let refused = seal.present(&theirs, &contexts);
    assert!(matches!(refused, Err(PresentError::Issue(IssueError::Issuer { .. }))));
}

#[test]
fn an_empty_presentation_shows_nothing() {
    let shown = presentation(Vec::new()).unwrap();
    assert_eq!(
        shown.enveloped().map(|document| document["verifiableCredential"].clone()),
        Some(Value::Array(Vec::new()))
    );
    assert!(shown.missing().is_empty());
}
