//! Counts of minimal risk groups of models that others have counted too: the Aralia fault trees and regions with planted
//! causes.
//!
//! The models lie beside the project, not in it. Where they are absent a test says so and passes; never under `CI=true`.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests fail by panicking, and say when they are skipped")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use auditor::model::Model;
use auditor::progress::Progress;
use auditor::search::{Found, Rank, Reached, Request, search};
use serde_json::Value;

const MEMORY: u64 = 2 << 30;
/// Too large for a build without optimisation; `every_count…` has them all.
const LARGE: [&str; 7] = ["cea9601", "edf9203", "edf9204", "edfpa14b", "edfpa14o", "edfpa14q", "edfpa14r"];

fn shared(what: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/fault-trees").join(what);
    if path.exists() {
        return Some(path);
    }
    let ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
    assert!(!ci, "under CI the models must be there: {}", path.display());
    println!("skipped: fault trees: {} is not there", path.display());
    None
}

fn find(path: &Path, top: Option<&str>, order_max: Option<u32>, list_max: usize) -> Found {
    let model = Model::read(path, MEMORY).unwrap();
    let top = model.top(top).unwrap();
    let request = Request { order_max, list_max, rank: Rank::Name, memory_bytes_max: MEMORY };
    let found = search(&model.graph, top, &request, &Progress::silent()).unwrap();
    assert!(!matches!(found.reached, Reached::GaveUp { .. }), "{}: {:?}", path.display(), found.reached);
    found
}

/// What is published of models whose list by order is `null`: their totals.
fn total(name: &str, expected: &Value) -> Option<u128> {
    let published = |text: &str| text.replace(',', "").parse().unwrap();
    match name {
        "cea9601" => Some(published(expected["published_mcs"].as_str()?)),
        "das9601" => Some(4_259),
        _ => expected["total_all_orders"].as_u64().map(u128::from),
    }
}

fn check(directory: &Path, name: &str, expected: &Value) {
    let path = directory.join(format!("aralia/{name}.xml"));
    for order in 1..=4 {
        let found = find(&path, None, Some(order), 0);
        let expect = expected["count_up_to_order"][order.to_string()].as_u64().map(u128::from);
        assert_eq!(found.total(), expect, "{name} up to order {order}");
    }
    let found = find(&path, None, None, 0);
    assert_eq!((found.total(), &found.reached), (total(name, expected), &Reached::All), "{name}, all orders");
    if let Some(by_order) = expected["by_order"].as_array() {
        let by_order: Vec<u128> = by_order.iter().map(|count| u128::from(count.as_u64().unwrap())).collect();
        assert_eq!(found.counts, by_order, "{name} by order");
    }
}

fn expected(directory: &Path) -> BTreeMap<String, Value> {
    serde_json::from_slice(&std::fs::read(directory.join("expected.json")).unwrap()).unwrap()
}

#[test]
fn counts_of_small_aralia_models_are_those_of_other_tools() {
    let Some(directory) = shared("") else { return };
    let expected = expected(&directory);
    assert!(expected.len() > LARGE.len());
    for (name, expected) in expected.iter().filter(|(name, _)| !LARGE.contains(&name.as_str())) {
        check(&directory, name, expected);
    }
}

/// `./dev long aralia`.
#[cfg(feature = "long")]
#[allow(clippy::print_stderr, reason = "a run of minutes says how far it is")]
mod long {
    use super::*;

    #[test]
    fn every_count_of_every_aralia_model_is_that_of_other_tools() {
        let Some(directory) = shared("") else { return };
        for (name, expected) in &expected(&directory) {
            check(&directory, name, expected);
            eprintln!("{name}");
        }
    }
}

#[test]
fn planted_causes_of_regions_are_found_in_lines_and_in_xml() {
    let Some(directory) = shared("datacentre") else { return };
    let mut checked = 0;
    for entry in std::fs::read_dir(&directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let Some(name) = name.strip_suffix(".truth.json").filter(|name| name.starts_with("k4")) else { continue };
        let truth: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        for (query, truth) in truth["queries"].as_object().unwrap() {
            let lines = directory.join(format!("{name}.jsonl"));
            let complete = u32::try_from(truth["complete_to_order"].as_u64().unwrap_or(1)).unwrap();
            let order = complete.max(3);
            let root = truth["root"].as_str().map_or_else(|| format!("q_{query}"), ToOwned::to_owned);
            let found = find(&lines, Some(&root), Some(order), usize::MAX);
            let model = Model::read(&lines, MEMORY).unwrap();
            let group = |group: &Vec<_>| group.iter().map(|&vertex| model.graph.name(vertex).to_owned()).collect();
            let groups: Vec<Vec<String>> = found.groups.iter().map(group).collect();
            if let Some(order1) = truth["order1"].as_array() {
                let single: Vec<&str> =
                    groups.iter().filter(|group| group.len() == 1).map(|group| &*group[0]).collect();
                assert_eq!(single, order1.iter().filter_map(Value::as_str).collect::<Vec<_>>(), "{name} {query}");
            }
            for planted in truth["planted"].as_array().unwrap() {
                let set = planted.get("set").unwrap_or(planted).as_array().unwrap();
                let mut set: Vec<String> = set.iter().map(|name| name.as_str().unwrap().to_owned()).collect();
                set.sort();
                assert!(groups.contains(&set), "{name} {query}: {set:?} is not found");
                checked += 1;
            }
            let xml = directory.join(format!("{name}.{query}.xml"));
            if xml.exists() {
                assert_eq!(find(&xml, None, Some(order), 0).counts, found.counts, "{name} {query} as XML");
            }
        }
    }
    assert!(checked > 20, "only {checked} causes were planted");
}
