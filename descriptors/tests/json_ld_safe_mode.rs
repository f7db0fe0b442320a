//! What a signature would not cover is refused, each row for its single fault; and the rules on contexts inside documents.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::error::Error as _;

use descriptors::json_ld::{Contexts, ExpandFault, ExpandLimits};
use descriptors::rdf::canonical::{Limits, canonicalise};
use serde_json::{Value, json};

const BASE: &str = r#"{"@context": {"@protected": true, "id": "@id", "type": "@type", "name": "https://s.example/name",
    "kind": {"@id": "https://s.example/kind", "@type": "@vocab", "@context": {"name": "https://s.example/other"}},
    "gone": null, "ref": {"@id": "https://s.example/ref", "@type": "@id"},
    "index": {"@id": "https://s.example/index", "@container": "@index"}}}"#;

fn contexts() -> Contexts {
    Contexts::new([("https://s.example/c", BASE.as_bytes())]).unwrap()
}

fn form(document: &Value) -> Result<String, String> {
    let contexts = contexts();
    let compiled = contexts.compiled(&document["@context"]).map_err(|error| error.to_string())?;
    let expanded = compiled.expand(document).map_err(|error| match error.source() {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    })?;
    canonicalise(&expanded.statements, &Limits::default()).map(|found| found.text).map_err(|error| error.to_string())
}

#[test]
fn what_a_signature_would_not_cover_is_refused() {
    let check = |member: Value, expect: &str| {
        let mut document = json!({"@context": "https://s.example/c", "name": "n"});
        let members = member.as_object().unwrap().clone();
        document.as_object_mut().unwrap().extend(members);
        let error = form(&document).unwrap_err();
        assert!(error.contains(expect), "{member}: {error}");
    };
    check(json!({"nmae": "n"}), "/nmae: no context defines this name");
    check(json!({"gone": "n"}), "/gone: a context maps this to nothing");
    check(json!({"name": null}), "/name: null says nothing");
    check(json!({"name": ["n", null]}), "/name/1: null says nothing");
    check(json!({"name": []}), "/name: an empty array says nothing");
    check(json!({"name": {"@set": []}}), "/name: an empty array says nothing");
    check(json!({"name": {"@value": null}}), "null says nothing");
    check(json!({"id": "relative"}), "/id: `relative` is relative");
    check(json!({"type": "relative"}), "/type: `relative` is relative");
    check(json!({"ref": "#part"}), "/ref: `#part` is relative");
    check(json!({"id": "https://a.example/a b"}), "/id: `https://a.example/a b` is not an absolute IRI");
    check(json!({"id": "@type"}), "the keyword `@type`");
    check(json!({"@id": "a:b", "id": "a:c"}), "two members say the `@id`");
    check(json!({"index": {"a": "n"}}), "a map by");
    check(json!({"@index": "n"}), "`@index`");
    check(json!({"@nest": {"name": "n"}}), "`@nest`");
    check(json!({"@other": "n"}), "/@other: the keyword `@other`");
    check(json!({"name": {"@value": "n", "@language": "a b"}}), "`a b` is not a language tag");
    check(json!({"name": {"@value": "n", "name": "n"}}), "a value object has only");
    check(json!({"name": 9_007_199_254_740_993_u64}), "readers of JSON disagree");
    check(json!({"@graph": ["n"]}), "/@graph/0: this states nothing");
    check(json!({"ref": {"@context": "https://other.example/"}}), "unknown context");
    check(json!({"a~/b": "n"}), "/a~0~1b:");
}

#[test]
fn a_context_inside_a_document_cannot_change_what_is_protected() {
    let check = |context: Value, expect: Result<(), &str>| {
        let found = form(&json!({"@context": ["https://s.example/c", context], "name": "n"}));
        match expect {
            Ok(()) => assert_eq!(found.as_deref(), Ok("_:c14n0 <https://s.example/name> \"n\" .\n"), "{context}"),
            Err(expect) => assert!(found.as_ref().is_err_and(|error| error.contains(expect)), "{context}: {found:?}"),
        }
    };
    check(json!({"ex": "https://ex.example/"}), Ok(()));
    check(json!({"name": "https://s.example/name"}), Ok(()));
    check(json!({"name": "https://evil.example/"}), Err("`name`: redefinition of a protected term"));
    check(json!({"id": "https://evil.example/"}), Err("`id`: redefinition of a protected term"));
    check(json!({"type": null}), Err("`type`: redefinition of a protected term"));
    check(json!(null), Err("null would remove protected terms"));
    check(json!({"@import": "https://s.example/c"}), Err("`@import` is not supported"));
    check(json!({"@base": "https://s.example/"}), Err("`@base` is not supported"));
    check(json!({"@type": "https://s.example/"}), Err(""));
    check(json!("https://other.example/"), Err("https://other.example/: unknown context"));
    check(json!({"a": {"@id": "b:c", "@context": "https://other.example/"}}), Err("scoped context is not valid"));
    check(json!({"a": "b", "b": "a"}), Err("defined by itself"));
}

#[test]
fn the_context_of_a_property_may_override_protected_terms_also_for_plain_values() {
    let document = json!({"@context": "https://s.example/c", "kind": ["name", {"name": "n"}]});
    let expect = concat!(
        "_:c14n0 <https://s.example/kind> <https://s.example/other> .\n",
        "_:c14n0 <https://s.example/kind> _:c14n1 .\n",
        "_:c14n1 <https://s.example/other> \"n\" .\n"
    );
    assert_eq!(form(&document).unwrap(), expect);
}

#[test]
fn names_that_only_vocab_or_nothing_defines_are_reported() {
    let context = json!({"@vocab": "https://v.example/", "known": "https://v.example/known"});
    let contexts = contexts();
    let document =
        json!({"@context": context, "known": "a", "misspelt": {"@type": ["Class", "no:Prefix"]}, "no:b": "c"});
    let compiled = contexts.compile(&document["@context"]).unwrap();
    let expanded = compiled.expand(&document).unwrap();
    assert_eq!(expanded.vocab_terms, ["/misspelt", "/misspelt/@type/0"]);
    assert_eq!(expanded.undefined_prefixes, ["/misspelt/@type/1", "/no:b"]);
}

#[test]
fn work_has_limits() {
    let contexts = contexts();
    let limits = ExpandLimits { statements_max: 2, depth_max: 3, ..ExpandLimits::default() };
    let check = |member: Value, what: &str| {
        let document = json!({"@context": "https://s.example/c", "name": member});
        let compiled = contexts.compiled(&document["@context"]).unwrap();
        let error = compiled.expand_within(&document, &limits).unwrap_err();
        assert!(matches!(&error.rule, ExpandFault::TooLarge { what: found, .. } if *found == what), "{error}");
    };
    check(json!(["a", "b", "c"]), "statements");
    check(json!({"name": {"name": {"name": {"name": "n"}}}}), "levels of nesting");
    check(json!([[[[["a"]]]]]), "levels of nesting");
}

/// Each path through scoped contexts is a context of its own: there are more of them than can be kept.
#[test]
fn a_document_is_understood_when_no_more_contexts_are_kept() {
    let terms: serde_json::Map<String, Value> = (0..300)
        .map(|n| {
            (format!("t{n}"), json!({"@id": format!("https://s.example/{n}"), "@context": {format!("x{n}"): "a:x"}}))
        })
        .collect();
    let context = Value::Object(terms);
    let compiled = contexts().compile(&context).unwrap();
    let nested =
        |n: usize, m: usize| json!({"@context": context, format!("t{n}"): {format!("t{m}"): {format!("x{m}"): "v"}}});
    let one = nested(1, 2);
    let before: Vec<_> = compiled.expand(&one).unwrap().quads();
    let mut full = false;
    for n in 0..30 {
        for m in 0..60 {
            compiled.expand(&nested(n, m)).unwrap();
            full |= compiled.is_full();
        }
    }
    assert!(full, "the test is to fill what is kept");
    assert_eq!(compiled.expand(&one).unwrap().quads(), before);
    let other = nested(299, 298);
    assert_eq!(compiled.expand(&other).unwrap().quads().len(), 3);
}

/// More contexts inside one document than are kept at one place: an error, and neither a crash nor a long wait.
#[test]
fn a_document_with_a_thousand_contexts_is_too_large() {
    let nodes = |count: usize| -> Value {
        let node = |n: usize| json!({"@context": {format!("t{n}"): "https://s.example/t"}, format!("t{n}"): "v"});
        json!({"@context": "https://s.example/c", "name": (0..count).map(node).collect::<Vec<_>>()})
    };
    assert_eq!(form(&nodes(900)).unwrap().lines().count(), 1800);
    assert!(form(&nodes(1100)).unwrap_err().contains("too large"));
}
