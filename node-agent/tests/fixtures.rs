//! Every folder in `fixtures/` is a root with the report that is expected from it, `report.golden.json`.
//!
//! Drop in a folder, run with `UPDATE_GOLDEN=1`, review what it wrote.

#![expect(clippy::unwrap_used, reason = "a test may fail here")]

use std::path::{Path, PathBuf};

use node_agent::config::Sources;
use node_agent::gather::{Gathered, Gatherer};
use node_agent::render;
use node_agent::root::Root;
use node_agent::source::{self, Context};

fn fixtures() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let mut fixtures: Vec<_> = entries.filter(|path| path.is_dir()).collect();
    fixtures.sort();
    fixtures
}

fn gather(directory: &Path) -> Gathered {
    let context = Context::unconfined(Root::at(directory).unwrap(), Sources::default());
    Gatherer::new(context, source::all()).gather()
}

#[test]
fn a_fixture_reads_as_its_golden_report() {
    let mut stale = Vec::new();
    for fixture in fixtures() {
        let golden = fixture.join("report.golden.json");
        let read = render::json(&gather(&fixture)).unwrap();
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&golden, &read).unwrap();
        }
        let expect = std::fs::read_to_string(&golden).unwrap_or_default();
        let line = read.lines().zip(expect.lines()).position(|(read, expect)| read != expect);
        if read != expect {
            stale.push(format!("{}: differs from line {}", golden.display(), line.map_or(0, |line| line + 1)));
        }
    }
    assert!(stale.is_empty(), "{stale:#?}\nreview, then update with UPDATE_GOLDEN=1");
}

#[test]
fn there_is_a_captured_node_and_a_constructed_one() {
    let names: Vec<_> = fixtures().iter().map(|path| path.file_name().unwrap().to_owned()).collect();
    assert_eq!(names, ["constructed-epyc-01", "constructed-xeon-01", "vm-firecracker-01"]);
    for fixture in fixtures() {
        assert!(fixture.join("README.md").exists(), "{} does not say where it comes from", fixture.display());
    }
}

#[test]
fn an_absence_never_names_the_directory_that_stands_for_the_root() {
    for fixture in fixtures() {
        let read = render::json(&gather(&fixture)).unwrap();
        assert!(!read.contains("fixtures"), "{}", fixture.display());
        assert!(!render::table(&gather(&fixture), Some(100)).unwrap().contains("fixtures"));
    }
}

#[test]
fn reading_twice_gives_the_same_facts() {
    for fixture in fixtures() {
        assert_eq!(gather(&fixture).facts, gather(&fixture).facts);
    }
}

#[test]
fn an_empty_root_has_every_source_and_no_fact() {
    let directory = tempfile::tempdir().unwrap();
    let gathered = gather(directory.path());
    assert_eq!(gathered.facts.len(), source::all().len());
    assert!(gathered.boot_id.absence().is_some());
    let json = serde_json::to_value(&gathered.facts).unwrap();
    let mut values = Vec::new();
    present(&json, &mut values);
    assert_eq!(values, Vec::<String>::new());
}

/// Readings in JSON that are present and hold something else than readings.
fn present(value: &serde_json::Value, found: &mut Vec<String>) {
    match value {
        serde_json::Value::Object(members) => {
            for (name, member) in members {
                let plain = !member.is_object() || member.as_object().is_some_and(serde_json::Map::is_empty);
                if name == "present" && plain {
                    found.push(value.to_string());
                }
                present(member, found);
            }
        }
        serde_json::Value::Array(entries) => entries.iter().for_each(|entry| present(entry, found)),
        _ => {}
    }
}
