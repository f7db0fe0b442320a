//! Credentials that say nothing, everything at once, or at another time.

use descriptors::target::Target;
use descriptors::verify::Name::{Model, Period};
use serde_json::json;

use super::scene::Form;
use super::{Row, row};

pub(crate) const ROWS: &[Row] = &[
    row(
        "the wrapper vc",
        Form::Jws,
        |s| {
            let inner = s.document.clone();
            s.document["vc"] = inner;
        },
        Model,
        "`vc`",
    ),
    row("the wrapper vp", Form::Jws, |s| s.document["vp"] = json!({}), Model, "`vp`"),
    row(
        "a proof inside a JWS",
        Form::Jws,
        |s| s.document["proof"] = json!({"type": "DataIntegrityProof"}),
        Model,
        "proof of its own",
    ),
    row(
        "no context",
        Form::Jcs,
        |s| drop(s.document.as_object_mut().unwrap().remove("@context")),
        Model,
        "first context is missing",
    ),
    row(
        "another context first",
        Form::Jws,
        |s| s.document["@context"].as_array_mut().unwrap().reverse(),
        Model,
        "first context",
    ),
    row(
        "a context with a slash too many",
        Form::Jws,
        |s| s.document["@context"][0] = json!("https://www.w3.org/ns/credentials/v2/"),
        Model,
        "first context",
    ),
    row(
        "a context without TLS",
        Form::Jws,
        |s| s.document["@context"][0] = json!("http://www.w3.org/ns/credentials/v2"),
        Model,
        "first context",
    ),
    row(
        "the context of 1.1 where Gaia-X asks for 2.0",
        Form::Jws,
        |s| {
            s.policy = s.policy.clone().for_target(Target::Danube);
            s.document["@context"][0] = json!("https://www.w3.org/2018/credentials/v1");
        },
        Model,
        "first context",
    ),
    row(
        "both a credential and a presentation",
        Form::Jws,
        |s| s.document["type"].as_array_mut().unwrap().push(json!("VerifiablePresentation")),
        Model,
        "both",
    ),
    row(
        "the type of a credential not first where Gaia-X asks",
        Form::Jws,
        |s| {
            s.policy = s.policy.clone().for_target(Target::Danube);
            s.document["type"].as_array_mut().unwrap().reverse();
        },
        Model,
        "`type` is",
    ),
    row(
        "a type that is a number",
        Form::Jws,
        |s| s.document["type"].as_array_mut().unwrap().push(json!(1)),
        Model,
        "`type` is",
    ),
    row(
        "no subject",
        Form::Jws,
        |s| drop(s.document.as_object_mut().unwrap().remove("credentialSubject")),
        Model,
        "no subject",
    ),
    row("an empty list of subjects", Form::Jws, |s| *s.subject() = json!([]), Model, "no subject"),
    row("a subject of which nothing is said", Form::Jws, |s| *s.subject() = json!({}), Model, "nothing is said"),
    row(
        "a subject that is a text",
        Form::Jws,
        |s| *s.subject() = json!("https://cloud.example/subjects/1"),
        Model,
        "a subject is",
    ),
    row(
        "a subject with the id of the credential",
        Form::Jws,
        |s| s.subject()["id"] = json!("https://cloud.example/credentials/1"),
        Model,
        "id of the credential",
    ),
    row(
        "a subject with the id of the credential, with JCS",
        Form::Jcs,
        |s| s.subject()["id"] = json!("https://cloud.example/credentials/1"),
        Model,
        "id of the credential",
    ),
    row(
        "the second subject with the id of the credential",
        Form::Jws,
        |s| {
            let first = s.subject().clone();
            *s.subject() = json!([first, {"id": "https://cloud.example/credentials/1", "gx:name": "x"}]);
        },
        Model,
        "id of the credential",
    ),
    row(
        "id under its keyword and its alias",
        Form::Jws,
        |s| s.subject()["@id"] = json!("https://cloud.example/other"),
        Model,
        "twice",
    ),
    row(
        "a subject without id where Gaia-X asks",
        Form::Jws,
        |s| {
            s.policy = s.policy.clone().for_target(Target::Danube);
            s.subject().as_object_mut().unwrap().remove("id");
        },
        Model,
        "`id` is missing",
    ),
    row(
        "a credential without id where Gaia-X asks",
        Form::Jws,
        |s| {
            s.policy = s.policy.clone().for_target(Target::Danube);
            s.document.as_object_mut().unwrap().remove("id");
        },
        Model,
        "`id` is missing",
    ),
    row("a relative id", Form::Jws, |s| s.document["id"] = json!("/credentials/1"), Model, "`id` is"),
    row("an id with a space", Form::Jws, |s| s.document["id"] = json!("https://cloud.example/a b"), Model, "`id` is"),
    row(
        "an id that closes the bracket of a statement",
        Form::Jws,
        |s| s.document["id"] = json!("https://cloud.example/a> <b"),
        Model,
        "`id` is",
    ),
    row(
        "an id with a line end",
        Form::Jcs,
        |s| s.document["id"] = json!("https://cloud.example/a\n"),
        Model,
        "`id` is",
    ),
    row("an id that is a list", Form::Jws, |s| s.document["id"] = json!(["https://cloud.example/1"]), Model, "`id` is"),
    row(
        "not valid yet",
        Form::Jws,
        |s| s.document["validFrom"] = json!("2026-11-21T00:01:01Z"),
        Period,
        "not valid before",
    ),
    row(
        "not valid yet, in another zone",
        Form::Jws,
        |s| s.document["validFrom"] = json!("2026-11-20T23:59:00-01:00"),
        Period,
        "not valid before",
    ),
    row(
        "valid no more",
        Form::Jws,
        |s| s.document["validUntil"] = json!("2026-11-20T23:58:59Z"),
        Period,
        "valid until",
    ),
    row(
        "valid no more, with a proof",
        Form::Rdfc,
        |s| s.document["validUntil"] = json!("2026-11-20T23:58:59Z"),
        Period,
        "valid until",
    ),
    row("valid never", Form::Jws, |s| s.document["validUntil"] = json!("2026-10-01T00:00:00Z"), Period, "never"),
    row(
        "a time without zone",
        Form::Jws,
        |s| s.document["validFrom"] = json!("2026-11-01T00:00:00"),
        Period,
        "`validFrom` is",
    ),
    row(
        "a day that does not exist",
        Form::Jws,
        |s| s.document["validFrom"] = json!("2026-02-30T00:00:00Z"),
        Period,
        "`validFrom` is",
    ),
    row(
        "a time as a number",
        Form::Jws,
        |s| s.document["validUntil"] = json!(1_900_000_000),
        Period,
        "`validUntil` is",
    ),
    row("a time of null", Form::Jws, |s| s.document["validUntil"] = json!(null), Period, "`validUntil` is"),
    row(
        "no validFrom where Gaia-X asks",
        Form::Jws,
        |s| {
            s.policy = s.policy.clone().for_target(Target::Danube);
            s.document.as_object_mut().unwrap().remove("validFrom");
        },
        Period,
        "`validFrom` is missing",
    ),
    row("a token that has expired", Form::Jws, |s| s.document["exp"] = json!(1_763_000_000), Period, "valid until"),
    row(
        "a token that does not hold yet",
        Form::Jws,
        |s| s.document["nbf"] = json!(1_900_000_000),
        Period,
        "not valid before",
    ),
    row("a token from the future", Form::Jws, |s| s.document["iat"] = json!(1_900_000_000), Period, "not valid before"),
    row("a token whose end is a text", Form::Jws, |s| s.document["exp"] = json!("never"), Period, "`exp` is"),
    row("a token whose end is beyond all years", Form::Jws, |s| s.document["exp"] = json!(1e14), Period, "`exp` is"),
    row(
        "a proof from the future",
        Form::Jcs,
        |s| s.options["created"] = json!("2026-12-01T00:00:00Z"),
        Period,
        "the proof was made at",
    ),
    row(
        "a proof that has ended",
        Form::Rdfc,
        |s| s.options["expires"] = json!("2026-11-20T00:00:00Z"),
        Period,
        "the proof ended at",
    ),
    row(
        "a proof whose time is no time",
        Form::Jcs,
        |s| s.options["created"] = json!("yesterday"),
        Period,
        "`created` is",
    ),
];
