//! Regions with planted causes: graphs and truths made by another program, read where they are.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a test may read its data, say that it is not there, and panic"
)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use independence::analysis::{Analysis, Question, Search};
use independence::fault_graph::{Event, FaultGraph, FaultGraphBuilder, Knowledge, Vertex};
use serde_json::Value;

type Names = BTreeSet<String>;

fn regions() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/fault-trees/datacentre");
    let Ok(entries) = std::fs::read_dir(&folder) else {
        assert!(std::env::var("CI").is_err(), "{} is not there", folder.display());
        println!("skipped: {} is not there", folder.display());
        return Vec::new();
    };
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut paths: Vec<PathBuf> = paths.filter(|path| path.extension().is_some_and(|end| end == "jsonl")).collect();
    paths.sort();
    assert!(!paths.is_empty(), "no region in {}", folder.display());
    paths
}

fn graph(path: &Path) -> FaultGraph {
    let mut builder = FaultGraphBuilder::new();
    for line in std::fs::read_to_string(path).unwrap().lines() {
        let component: Value = serde_json::from_str(line).unwrap();
        let vertex = builder.define(component["id"].as_str().unwrap()).unwrap();
        if component["own"] != false {
            let event = Event { probability: component["p"].as_f64(), knowledge: Knowledge::Known };
            builder.event(vertex, event).unwrap();
        }
        for need in component["needs"].as_array().into_iter().flatten() {
            let of = need["of"].as_array().unwrap();
            let of: Vec<Vertex> = of.iter().map(|name| builder.vertex(name.as_str().unwrap()).unwrap()).collect();
            builder.need(vertex, u32::try_from(need["min"].as_u64().unwrap()).unwrap(), &of).unwrap();
        }
    }
    builder.finish().unwrap()
}

fn names(value: &Value) -> Names {
    value.as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect()
}

#[test]
fn planted_causes_are_found_and_nothing_else_where_the_truth_is_complete() {
    for path in regions() {
        let graph = graph(&path);
        let truth = std::fs::read_to_string(path.with_extension("truth.json")).unwrap();
        let truth: Value = serde_json::from_str(&truth).unwrap();
        for (name, query) in truth["queries"].as_object().unwrap() {
            let root = graph.find(query["root"].as_str().unwrap()).unwrap();
            let analysis = Analysis::new(&graph, &Question::down(root), Search::up_to(3)).unwrap();
            let named = |members: &[Vertex]| members.iter().map(|&v| graph.name(v).to_owned()).collect::<Names>();
            let found: BTreeSet<Names> = analysis.groups().map(|group| named(&group.members)).collect();
            let at = format!("{}, {name}", path.display());
            let alone = named(&analysis.single_points());
            assert_eq!(alone, names(&query["order1"]), "{at}");
            let planted: BTreeSet<Names> =
                query["planted"].as_array().unwrap().iter().map(|cause| names(&cause["set"])).collect();
            assert!(planted.is_subset(&found), "{at}: {planted:?}");
            let complete = usize::try_from(query["complete_to_order"].as_u64().unwrap()).unwrap();
            let mut expect: BTreeSet<Names> = planted.into_iter().filter(|set| set.len() <= complete).collect();
            expect.extend(alone.into_iter().map(|one| Names::from([one])));
            let small: BTreeSet<Names> = found.into_iter().filter(|set| set.len() <= complete).collect();
            assert_eq!(small, expect, "{at}");
        }
    }
}
