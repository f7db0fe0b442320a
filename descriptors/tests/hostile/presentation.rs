//! Presentations that hold something else than they show.

use descriptors::verify::Name::{Contents, Form as TheForm, Issuer, Model};
use descriptors::verify::{Name, Outcome};
use serde_json::json;

use super::scene::{Form, ISSUER, Scene, credential, enveloped, header, key, presentation, sign};
use super::{Row, open, row};

fn jws(change: impl Fn(&mut serde_json::Value)) -> Vec<u8> {
    let mut document = credential();
    change(&mut document);
    sign(header("vc+jwt", "vc").to_string().as_bytes(), document.to_string().as_bytes(), &key(7))
}

pub(crate) const ROWS: &[Row] = &[
    row(
        "a presentation inside a presentation",
        Form::Presentation,
        |s| {
            let inner =
                sign(header("vp+jwt", "vp").to_string().as_bytes(), presentation(&[]).to_string().as_bytes(), &key(7));
            s.document = presentation(&[enveloped(&inner)]);
            s.document["id"] = json!("https://cloud.example/presentations/2");
        },
        Contents,
        "a presentation inside a presentation",
    ),
    row(
        "a credential as a bare text",
        Form::Presentation,
        |s| s.document["verifiableCredential"] = json!([String::from_utf8(jws(|_| {})).unwrap()]),
        Contents,
        "a credential is",
    ),
    row(
        "a credential in an envelope with a semicolon",
        Form::Presentation,
        |s| {
            let id = s.document["verifiableCredential"][0]["id"].as_str().unwrap().replacen(',', ";", 1);
            s.document["verifiableCredential"][0]["id"] = json!(id);
        },
        Contents,
        "semicolon",
    ),
    row(
        "a credential twice",
        Form::Presentation,
        |s| {
            let one = s.document["verifiableCredential"][0].clone();
            s.document["verifiableCredential"] = json!([one, one]);
        },
        Contents,
        "another credential",
    ),
    row(
        "a credential with the id of the presentation",
        Form::Presentation,
        |s| {
            s.document["verifiableCredential"] =
                json!([enveloped(&jws(|c| c["id"] = json!("https://cloud.example/presentations/1")))])
        },
        Contents,
        "of the presentation",
    ),
    row(
        "a subject with the id of the presentation",
        Form::Presentation,
        |s| {
            s.document["verifiableCredential"] = json!([enveloped(&jws(
                |c| c["credentialSubject"]["id"] = json!("https://cloud.example/presentations/1")
            ))])
        },
        Contents,
        "a subject with the id",
    ),
    row(
        "a subject with the id of another credential",
        Form::Presentation,
        |s| {
            s.document["verifiableCredential"] = json!([
                enveloped(&jws(|_| {})),
                enveloped(&jws(|c| {
                    c["id"] = json!("https://cloud.example/credentials/2");
                    c["credentialSubject"]["id"] = json!("https://cloud.example/credentials/1");
                }))
            ])
        },
        Contents,
        "a subject with the id",
    ),
    open(
        "more credentials than the limit",
        Form::Presentation,
        |s| {
            let one = s.document["verifiableCredential"][0].clone();
            s.document["verifiableCredential"] = json!(vec![one; 65]);
        },
        Contents,
        "more than 64",
    ),
    row(
        "a presentation whose holder does not sign",
        Form::Presentation,
        |s| {
            s.document.as_object_mut().unwrap().remove("issuer");
            s.document["holder"] = json!("did:web:other.example");
        },
        Issuer,
        "issued by `did:web:other.example`",
    ),
    row(
        "a presentation that calls itself a credential",
        Form::Presentation,
        |s| s.header = header("vc+jwt", "vc"),
        TheForm,
        "no VerifiableCredential",
    ),
    row(
        "a presentation without context",
        Form::Presentation,
        |s| drop(s.document.as_object_mut().unwrap().remove("@context")),
        Model,
        "first context is missing",
    ),
];

/// What is wrong with an enclosed credential decides over the presentation, and is found at its place.
#[test]
fn an_enclosed_credential_is_judged_like_one_alone() {
    let check = |enclosed: serde_json::Value, name: Name, outcome: Outcome| {
        let mut scene = Scene::of(Form::Presentation);
        scene.document["verifiableCredential"] = json!([enclosed]);
        let report = scene.verify();
        assert_eq!(report.outcome(), outcome, "{:#?}", report.findings());
        let findings = report.findings();
        let found = findings
            .iter()
            .any(|(found, _, finding)| *found == name && finding.path.starts_with("/verifiableCredential/0"));
        assert!(found, "{name:?}: {findings:#?}");
    };
    check(enveloped(&jws(|c| c["validUntil"] = json!("2026-11-02T00:00:00Z"))), Name::Period, Outcome::Failed);
    check(enveloped(&jws(|c| c["issuer"] = json!("did:web:other.example"))), Name::Issuer, Outcome::Failed);
    check(
        enveloped(&sign(header("vc+jwt", "vc").to_string().as_bytes(), credential().to_string().as_bytes(), &key(8))),
        Name::Signature,
        Outcome::Failed,
    );
    check(credential(), Name::Form, Outcome::Failed);
    check(
        enveloped(&jws(|c| c["credentialStatus"]["statusListCredential"] = json!("https://other.example/1"))),
        Name::Status,
        Outcome::NotChecked,
    );
    // One with a proof of its own stands inside as it is.
    let embedded: serde_json::Value = serde_json::from_slice(&Scene::of(Form::Rdfc).bytes()).unwrap();
    let mut scene = Scene::of(Form::Presentation);
    scene.policy.terms = false;
    scene.document["verifiableCredential"] = json!([embedded]);
    assert!(scene.verify().verified().is_some(), "{:#?}", scene.verify().findings());
    assert_eq!(scene.verify().issuer.map(|did| did.to_string()).as_deref(), Some(ISSUER));
}
