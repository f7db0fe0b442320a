//! Our own vocabulary as documents: a JSON-LD context, the terms in Turtle, and shapes in SHACL.
//!
//! They are written from the Rust types that the credentials are made of, so that they cannot say anything else; a test
//! compares them with the files in `descriptors/vocabulary`, which are what is published and embedded. Properties of other
//! vocabularies (`schema:name`) are not described, only asked for in the shapes.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::credential::{
    self, capacity_statement, entropy_assessment, flavor_assessment, independence_verdict, node_evidence, node_hardware,
};
use crate::report::Origin;
use crate::shape::{Property, Range, Shape};
use crate::vocabulary::{self, AVOW, CONTEXT_DOCUMENT, Ontology, SHAPES, VOCABULARY, XSD_INTEGER};

/// Our classes, with their parts.
fn classes() -> Vec<Class> {
    vec![
        Class::of::<node_hardware::NodeHardware>(),
        Class::of::<node_hardware::AbsentFact>(),
        Class::of::<node_evidence::NodeEvidence>(),
        Class::of::<entropy_assessment::EntropyAssessment>(),
        Class::of::<entropy_assessment::EntropyRequirement>(),
        Class::of::<capacity_statement::CapacityStatement>(),
        Class::of::<capacity_statement::CapacityTotal>(),
        Class::of::<independence_verdict::IndependenceVerdict>(),
        Class::of::<flavor_assessment::FlavorAssessment>(),
        Class::of::<flavor_assessment::FlavorAspect>(),
    ]
}

struct Class {
    name: &'static str,
    comment: &'static str,
    properties: Vec<Property>,
}

impl Class {
    fn of<T: Shape>() -> Self {
        let mut properties = Vec::new();
        T::properties(&mut properties);
        Self { name: T::CLASS, comment: T::COMMENT, properties }
    }
}

/// What the W3C's credentials context keeps for itself: defining it once more is an error. It is written with its prefix.
const PROTECTED: &str = "avow:evidence";

/// The context: the prefix, and every class and property as a term with its type, for those who write by hand.
fn context() -> String {
    let mut terms = BTreeMap::new();
    for class in classes() {
        terms.insert(local(class.name).to_owned(), serde_json::json!(class.name));
        for property in class.properties.iter().filter(|property| is_ours(property.name) && property.name != PROTECTED)
        {
            let coercion = match property.range {
                Range::Class(_) | Range::Iri => Some("@id".to_owned()),
                Range::Datatype(crate::rdf::JSON) => Some("@json".to_owned()),
                // Native numbers and truth values have their datatype already.
                Range::Datatype(crate::rdf::STRING | XSD_INTEGER | vocabulary::XSD_BOOLEAN) => None,
                Range::Datatype(datatype) => Some(datatype.to_owned()),
                Range::OneOf(_) | Range::Mixed => None,
            };
            let term = match coercion {
                Some(coercion) => serde_json::json!({"@id": property.name, "@type": coercion}),
                None => serde_json::json!(property.name),
            };
            terms.insert(local(property.name).to_owned(), term);
        }
    }
    terms.insert("origin".to_owned(), serde_json::json!(credential::ORIGIN));
    terms.insert("avow".to_owned(), serde_json::json!(AVOW));
    let terms: serde_json::Map<String, serde_json::Value> = terms.into_iter().collect();
    format!("{:#}\n", serde_json::json!({"@context": terms}))
}

const PREFIXES: &str = "\
@prefix avow: <https://w3id.org/avow/v1#> .
@prefix gx: <https://w3id.org/gaia-x/2511#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix schema: <https://schema.org/> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
";

/// Classes and properties with labels, comments, domains and ranges. A property of several classes has no domain: in RDFS
/// several domains would mean all of them at once.
fn turtle() -> String {
    let classes = classes();
    let mut out = format!(
        "# Written from the Rust types; `UPDATE_GOLDEN=1 cargo test -p descriptors` writes it anew.\n{PREFIXES}"
    );
    let mut properties: BTreeMap<&str, (Property, Vec<&str>)> = BTreeMap::new();
    for class in &classes {
        let _ = write!(out, "\n{} a rdfs:Class ;\n    rdfs:label \"{}\"@en ;\n", class.name, words(local(class.name)));
        let _ = writeln!(out, "    rdfs:comment {}@en .", quoted(class.comment.trim()));
        for property in class.properties.iter().filter(|property| is_ours(property.name)) {
            properties.entry(property.name).or_insert((*property, Vec::new())).1.push(class.name);
        }
    }
    let origin = "Where the facts come from that a credential rests on; only what is real may be relied on.";
    properties.insert(credential::ORIGIN, (origin_property(origin), Vec::new()));
    for (name, (property, domains)) in properties {
        let _ = write!(out, "\n{name} a rdf:Property ;\n    rdfs:label \"{}\"@en ;\n", words(local(name)));
        if let [domain] = domains.as_slice() {
            let _ = writeln!(out, "    rdfs:domain {domain} ;");
        }
        if let Some(range) = range(property.range) {
            let _ = writeln!(out, "    rdfs:range {range} ;");
        }
        let _ = writeln!(out, "    rdfs:comment {}@en .", quoted(property.comment.trim()));
    }
    out
}

fn origin_property(comment: &'static str) -> Property {
    const ORIGINS: [&str; 3] = ["real", "captured", "simulated"];
    debug_assert!([Origin::Real, Origin::Captured, Origin::Simulated].map(Origin::as_str) == ORIGINS);
    Property { name: credential::ORIGIN, comment, min: 1, max: Some(1), range: Range::OneOf(&ORIGINS), only: None }
}

/// One closed shape for each class. What a reference means is asked for by its class only where the class is ours: others are
/// described by credentials that need not be at hand.
fn shapes() -> String {
    let mut out = format!(
        "# Written from the Rust types; `UPDATE_GOLDEN=1 cargo test -p descriptors` writes it anew.\n{PREFIXES}"
    );
    for Class { name, properties, .. } in classes() {
        let _ = write!(out, "\n{name}Shape a sh:NodeShape ;\n    sh:targetClass {name} ;\n");
        let _ = write!(out, "    sh:closed true ;\n    sh:ignoredProperties ( rdf:type )");
        for property in properties {
            let _ = write!(
                out,
                " ;\n    sh:property [\n        sh:path {} ;\n        sh:minCount {}",
                property.name, property.min
            );
            if let Some(max) = property.max {
                let _ = write!(out, " ;\n        sh:maxCount {max}");
            }
            match property.range {
                Range::Datatype(datatype) => {
                    let _ = write!(out, " ;\n        sh:datatype {}", shortened(datatype));
                }
                Range::OneOf(words) => {
                    let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
                    let _ = write!(out, " ;\n        sh:in ( {} )", words.join(" "));
                }
                Range::Class(class) if is_ours(class) => {
                    let _ = write!(out, " ;\n        sh:class {class}");
                }
                Range::Class(_) | Range::Iri => {
                    let _ = write!(out, " ;\n        sh:nodeKind sh:IRI");
                }
                Range::Mixed => {}
            }
            let _ = write!(out, "\n    ]");
        }
        let _ = writeln!(out, " .");
    }
    out
}

fn is_ours(name: &str) -> bool {
    name.starts_with("avow:")
}

fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

/// `cpuArchitecture` as words: `cpu architecture`.
fn words(name: &str) -> String {
    let mut words = String::new();
    for character in name.chars() {
        if character.is_ascii_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.push(character.to_ascii_lowercase());
    }
    words
}

fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    crate::rdf::n_quads::escape(text, &mut out);
    out.push('"');
    out
}

fn range(range: Range) -> Option<String> {
    match range {
        Range::Datatype(datatype) => Some(shortened(datatype)),
        Range::OneOf(_) => Some("xsd:string".to_owned()),
        Range::Class(class) => Some(class.to_owned()),
        Range::Iri => Some("rdfs:Resource".to_owned()),
        Range::Mixed => None,
    }
}

fn shortened(iri: &str) -> String {
    let prefixes =
        [("xsd:", "http://www.w3.org/2001/XMLSchema#"), ("rdf:", "http://www.w3.org/1999/02/22-rdf-syntax-ns#")];
    prefixes
        .iter()
        .find_map(|(prefix, namespace)| Some(format!("{prefix}{}", iri.strip_prefix(namespace)?)))
        .unwrap_or_else(|| format!("<{iri}>"))
}

#[test]
#[allow(clippy::disallowed_methods, reason = "a test that writes what it compares with")]
fn the_published_documents_say_what_the_types_say() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/vocabulary/");
    let documents = [
        ("avow-v1.jsonld", context(), CONTEXT_DOCUMENT),
        ("avow-v1.ttl", turtle(), VOCABULARY),
        ("avow-v1.shapes.ttl", shapes(), SHAPES),
    ];
    for (name, written, published) in documents {
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(format!("{folder}{name}"), &written).unwrap();
        } else {
            assert!(written == published, "{name}: run with UPDATE_GOLDEN=1 and review the difference");
        }
    }
}

#[test]
fn one_name_has_one_meaning() {
    let mut known: BTreeMap<&str, (&str, Range)> = BTreeMap::new();
    for class in classes() {
        assert!(!class.comment.trim().is_empty(), "{}", class.name);
        for property in class.properties.iter().filter(|property| is_ours(property.name)) {
            let meaning = (property.comment, property.range);
            assert!(!property.comment.is_empty(), "{} has no comment", property.name);
            assert_eq!(*known.entry(property.name).or_insert(meaning), meaning, "{}", property.name);
        }
    }
}

#[test]
fn every_type_we_issue_is_in_the_vocabulary() {
    let known: Vec<&str> = classes().iter().map(|class| class.name).collect();
    let issued = credential::all().iter().filter(|class| is_ours(class));
    for class in issued {
        assert!(known.contains(class), "{class}");
    }
    let mut iri = String::new();
    vocabulary::write_iri(Ontology::default(), "avow:origin", &mut iri);
    assert_eq!(iri, format!("{AVOW}origin"));
}
