//! SHACL against the Gaia-X shapes: what pySHACL found in the samples, and a report of the federated catalogue.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "tests read files, say what they skip, and fail by panicking"
)]

#[path = "specimens/published.rs"]
mod published;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use descriptors::canonical;
use descriptors::json_ld::Contexts;
use descriptors::rdf::{Quad, TYPE, Term, turtle};
use descriptors::shacl::{Shapes, Violation};
use serde_json::Value;

fn gaia_x(path: &str) -> Option<PathBuf> {
    published::find(&format!("gaia-x/{path}"))
}

fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// One version of the ontology: its namespace, and its shapes with and without the class hierarchy.
struct Ontology {
    namespace: &'static str,
    contexts: Contexts,
    shapes: Shapes,
    without_hierarchy: Shapes,
}

/// Blank nodes of different files, and of different subjects, are different.
fn in_own_space(mut quad: Quad, file: &Path, index: usize) -> Quad {
    for term in [&mut quad.subject, &mut quad.object] {
        if let Term::Blank(label) = term {
            *label = format!("{}.{index}.{label}", file.display());
        }
    }
    quad
}

impl Ontology {
    fn read(namespace: &'static str, shapes: &str, hierarchy: &str) -> Option<Self> {
        let (shapes, hierarchy) = (read(&gaia_x(shapes)?), read(&gaia_x(hierarchy)?));
        let context = read(&gaia_x("contexts/gx-2511-derived.jsonld")?);
        let context = String::from_utf8(context).unwrap().replace("https://w3id.org/gaia-x/2511#", namespace);
        Some(Self {
            namespace,
            contexts: Contexts::with_w3c([(namespace, context.as_bytes())]).unwrap(),
            shapes: Shapes::from_turtle([shapes.as_slice(), &hierarchy]).unwrap(),
            without_hierarchy: Shapes::from_turtle([shapes.as_slice()]).unwrap(),
        })
    }

    fn of_2511() -> Option<Self> {
        Self::read("https://w3id.org/gaia-x/2511#", "ontology-2511/shapes.ttl", "ontology-2511/ontology-hierarchy.ttl")
    }

    fn of_development() -> Option<Self> {
        let namespace = "https://w3id.org/gaia-x/development#";
        Self::read(namespace, "ontology-development/gx.shacl.ttl", "ontology-development/gx.hierarchy.ttl")
    }

    /// What the subjects of a credential say, in the namespace of this version.
    fn quads(&self, file: &Path) -> Vec<Quad> {
        let text = String::from_utf8(read(file)).unwrap().replace("https://w3id.org/gaia-x/2511#", self.namespace);
        let document = canonical::parse(text.as_bytes()).unwrap();
        let subjects = match &document["credentialSubject"] {
            Value::Array(subjects) => subjects.clone(),
            subject => vec![subject.clone()],
        };
        let compiled = self.contexts.compiled(&document["@context"]).unwrap();
        let mut quads = Vec::new();
        for (index, mut subject) in subjects.into_iter().enumerate() {
            subject["@context"] = document["@context"].clone();
            let expanded = compiled.expand(&subject).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            quads.extend(expanded.quads().into_iter().map(|quad| in_own_space(quad, file, index)));
        }
        quads
    }

    fn pairs<'v>(&self, violations: impl IntoIterator<Item = &'v Violation>) -> BTreeSet<(String, String)> {
        let short = |path: &str| path.replace(self.namespace, "gx:").replace("http://qudt.org/schema/qudt/", "qudt:");
        let pair = |v: &'v Violation| (v.component.name().to_owned(), short(v.path.as_deref().unwrap_or_default()));
        violations.into_iter().map(pair).collect()
    }
}

fn expected(row: &Value) -> BTreeSet<(String, String)> {
    let text = |result: &Value, member: &str| result[member].as_str().unwrap().to_owned();
    let results = row["results"].as_array().unwrap().iter();
    results.map(|result| (text(result, "component"), text(result, "path"))).collect()
}

fn files(folder: &str, fits: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(gaia_x("samples/own").unwrap().join(folder)).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| fits(path.file_name().unwrap().to_str().unwrap()));
    files.sort();
    files
}

#[test]
fn every_sample_is_found_as_other_engines_find_it() {
    let Some(expectations) = gaia_x("samples/own/EXPECTED.jsonl") else { return };
    let (Some(of_2511), Some(of_development)) = (Ontology::of_2511(), Ontology::of_development()) else { return };
    let not_an_offering = |name: &str| !name.contains("-offering-");
    let mut compared = 0;
    for row in String::from_utf8(read(&expectations)).unwrap().lines() {
        let row: Value = serde_json::from_str(row).unwrap();
        let name = row["file"].as_str().unwrap();
        let (of_all, own) = match name {
            "valid/*.json" => (true, None),
            "valid/*.json except *-offering-*" => (false, None),
            file => (true, Some(gaia_x("samples/own").unwrap().join(file))),
        };
        let mut check = |key: &str, ontology: &Ontology, shapes: &Shapes, all: bool| {
            let Some(expect) = row.get(key) else { return };
            let files = files("valid", |name| all || not_an_offering(name));
            let data: Vec<Quad> = files.iter().chain(&own).flat_map(|file| ontology.quads(file)).collect();
            let report = shapes.validate(&data);
            assert_eq!(report.not_checked, [], "{name} {key}");
            assert_eq!(ontology.pairs(&report.violations), expected(expect), "{name} {key}: {:#?}", report.violations);
            assert_eq!(report.conforms(), expect["conforms"].as_bool(), "{name} {key}");
            compared += 1;
        };
        check("shapes_2511", &of_2511, &of_2511.shapes, of_all);
        check("shapes_2511_without_hierarchy", &of_2511, &of_2511.without_hierarchy, of_all);
        let development_all = of_all && own.is_none();
        check("shapes_development", &of_development, &of_development.shapes, development_all);
    }
    assert_eq!(compared, 37);
}

#[test]
fn a_report_of_the_catalogue_is_reproduced() {
    let Some(shapes) = gaia_x("samples/xfsc-fc/physical-resourceShape.ttl") else { return };
    let shapes = Shapes::from_turtle([read(&shapes).as_slice()]).unwrap();
    // What DataCenterDataGraph.jsonld says of its one node.
    let data = format!(
        "@prefix gx: <https://w3id.org/gaia-x/2511#> . <http://example.org/DataCenter> <{TYPE}> gx:PhysicalResource ;
         gx:locationAddress \"DE\" ."
    );
    let report = shapes.validate(&turtle::parse(data.as_bytes(), "n").unwrap());
    let found = report.violations.iter().map(|v| (v.component.name(), v.path.as_deref().unwrap_or_default()));
    let found: Vec<_> = found.collect();
    assert_eq!(found, [("MinCountConstraintComponent", "https://w3id.org/gaia-x/2511#maintainedBy")]);
}
