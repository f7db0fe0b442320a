//! Names that mean nothing, something else, or too much to find out.

use descriptors::verify::Name::Terms;
use serde_json::{Value, json};

use super::scene::{Form, Scene};
use super::{Row, open, row};

fn context(scene: &mut Scene, more: Value) {
    scene.document["@context"].as_array_mut().unwrap().push(more);
}

/// Every one of `count` nodes without a name knows every other: telling them apart takes time beyond any bound.
fn clique(count: usize) -> Value {
    let nodes = (0..count).map(|at| {
        let others: Vec<Value> =
            (0..count).filter(|other| *other != at).map(|other| json!({"id": format!("_:n{other}")})).collect();
        json!({"id": format!("_:n{at}"), "gx:knows": others})
    });
    nodes.collect()
}

pub(crate) const ROWS: &[Row] = &[
    row(
        "a name that no context defines",
        Form::Rdfc,
        |s| s.subject()["colour"] = json!("blue"),
        Terms,
        "no context defines this name",
    ),
    row(
        "a name that no context defines, in a JWS",
        Form::Jws,
        |s| s.subject()["colour"] = json!("blue"),
        Terms,
        "no context defines this name",
    ),
    row(
        "a name that no context defines, with JCS",
        Form::Jcs,
        |s| s.document["colour"] = json!("blue"),
        Terms,
        "no context defines this name",
    ),
    row(
        "a name that no context defines, in the proof",
        Form::Rdfc,
        |s| s.options["colour"] = json!("blue"),
        Terms,
        "no context defines this name",
    ),
    open(
        "a misspelt name that @vocab catches",
        Form::Rdfc,
        |s| {
            context(s, json!("https://vocab.example/context"));
            s.subject()["titel"] = json!("x");
        },
        Terms,
        "only `@vocab` catches it",
    ),
    open(
        "a misspelt name that @vocab catches, in a JWS",
        Form::Jws,
        |s| {
            context(s, json!("https://vocab.example/context"));
            s.subject()["titel"] = json!("x");
        },
        Terms,
        "only `@vocab` catches it",
    ),
    open(
        "a misspelt type that @vocab catches",
        Form::Jcs,
        |s| {
            context(s, json!("https://vocab.example/context"));
            s.subject()["type"] = json!("Regoin");
        },
        Terms,
        "only `@vocab` catches it",
    ),
    open(
        "a prefix that no context defines",
        Form::Jws,
        |s| s.subject()["gy:name"] = json!("x"),
        Terms,
        "no context defines this prefix",
    ),
    row(
        "a name mapped to nothing",
        Form::Rdfc,
        |s| {
            context(s, json!("https://scoped.example/context"));
            s.subject()["nothing"] = json!("x");
        },
        Terms,
        "maps this to nothing",
    ),
    row("a value of null", Form::Rdfc, |s| s.subject()["gx:description"] = json!(null), Terms, "null says nothing"),
    row("an empty list", Form::Rdfc, |s| s.subject()["gx:description"] = json!([]), Terms, "empty array says nothing"),
    row(
        "a relative id of a part",
        Form::Rdfc,
        |s| s.subject()["gx:address"]["id"] = json!("#address"),
        Terms,
        "is relative",
    ),
    row("a relative type", Form::Rdfc, |s| s.subject()["type"] = json!("Region"), Terms, "`Region`"),
    row(
        "an id that is no address",
        Form::Rdfc,
        |s| s.subject()["gx:address"]["id"] = json!("https://cloud.example/a b"),
        Terms,
        "not an absolute IRI",
    ),
    row(
        "an id that ends a statement",
        Form::Rdfc,
        |s| s.subject()["gx:address"]["id"] = json!("https://cloud.example/a> . <x"),
        Terms,
        "not an absolute IRI",
    ),
    row(
        "a protected name redefined",
        Form::Rdfc,
        |s| context(s, json!({"VerifiableCredential": "https://evil.example/#VC"})),
        Terms,
        "protected term",
    ),
    row(
        "a protected name redefined, in a JWS",
        Form::Jws,
        |s| context(s, json!({"VerifiableCredential": "https://evil.example/#VC"})),
        Terms,
        "protected term",
    ),
    row(
        "a protected name redefined further in",
        Form::Rdfc,
        |s| s.subject()["@context"] = json!({"type": "https://evil.example/#type"}),
        Terms,
        "protected term",
    ),
    row("all contexts taken back", Form::Rdfc, |s| context(s, json!(null)), Terms, "null would remove protected terms"),
    row(
        "a keyword redefined",
        Form::Rdfc,
        |s| context(s, json!({"@type": "https://evil.example/#type"})),
        Terms,
        "@context",
    ),
    open(
        "a context that nobody handed in",
        Form::Rdfc,
        |s| context(s, json!("https://evil.example/context")),
        Terms,
        "nothing is fetched",
    ),
    open(
        "a context that nobody handed in, in a JWS",
        Form::Jws,
        |s| context(s, json!("https://evil.example/context")),
        Terms,
        "nothing is fetched",
    ),
    open(
        "a context inside the network",
        Form::Jcs,
        |s| context(s, json!("http://169.254.169.254/latest")),
        Terms,
        "nothing is fetched",
    ),
    open("a context from a file", Form::Jcs, |s| context(s, json!("file:///etc/passwd")), Terms, "nothing is fetched"),
    row(
        "an imported context",
        Form::Rdfc,
        |s| context(s, json!({"@import": "https://evil.example/context"})),
        Terms,
        "@context",
    ),
    row("a context that is a number", Form::Rdfc, |s| context(s, json!(7)), Terms, "not a context"),
    row("a name defined by itself", Form::Rdfc, |s| context(s, json!({"a": "a:b"})), Terms, "@context"),
    row("a name defined in a circle", Form::Rdfc, |s| context(s, json!({"a": "b:x", "b": "a:x"})), Terms, "@context"),
    row(
        "a name of an address that is none",
        Form::Rdfc,
        |s| context(s, json!({"a": "not an address"})),
        Terms,
        "@context",
    ),
    row("a keyword that does not exist", Form::Rdfc, |s| s.subject()["@vocabulary"] = json!("x"), Terms, "keyword"),
    row(
        "a value with two types",
        Form::Rdfc,
        |s| s.subject()["gx:name"] = json!({"@value": "x", "@type": "gx:A", "@language": "en"}),
        Terms,
        "",
    ),
    row("a value that is an object", Form::Rdfc, |s| s.subject()["gx:name"] = json!({"@value": {"a": 1}}), Terms, ""),
    row(
        "a language that is none",
        Form::Rdfc,
        |s| s.subject()["gx:name"] = json!({"@value": "x", "@language": "not a language"}),
        Terms,
        "language tag",
    ),
    row(
        "a list in a set of values",
        Form::Rdfc,
        |s| s.subject()["gx:name"] = json!({"@value": "x", "gx:name": "y"}),
        Terms,
        "",
    ),
    open(
        "nodes that only the poison of the W3C's suite has",
        Form::Rdfc,
        |s| s.subject()["gx:knows"] = clique(9),
        Terms,
        "too complex",
    ),
    open("a larger poison", Form::Rdfc, |s| s.subject()["gx:knows"] = clique(40), Terms, "too complex"),
    open(
        "more statements than the limit",
        Form::Rdfc,
        |s| s.subject()["gx:name"] = (0..30_000).map(|at| json!(at)).collect(),
        Terms,
        "too large",
    ),
    open(
        "more statements than the limit, in a JWS",
        Form::Jws,
        |s| s.subject()["gx:name"] = (0..30_000).map(|at| json!(at)).collect(),
        Terms,
        "too large",
    ),
];

/// Two types whose contexts define a name each: both names keep their meaning, so that changing either is found.
#[test]
fn a_node_of_two_scoped_types_keeps_the_names_of_both() {
    for (name, other) in [("a", "b"), ("b", "a")] {
        let mut scene = Scene::of(Form::Rdfc);
        context(&mut scene, json!("https://scoped.example/context"));
        let subject = scene.subject();
        subject["type"] = json!(["A", "B"]);
        subject[name] = json!("one");
        subject[other] = json!("two");
        let report = scene.verify();
        assert!(report.verified().is_some(), "{:#?}", report.findings());
        for change in [
            |d: &mut Value| d["credentialSubject"]["a"] = json!("x"),
            |d: &mut Value| d["credentialSubject"]["b"] = json!("x"),
        ] {
            scene.after = Some(change);
            assert!(scene.verify().verified().is_none());
        }
    }
}
