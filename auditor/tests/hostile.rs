//! Models that were made to hurt: each ends in an error, or in the answer that brute force gives, within its memory.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::collections::BTreeSet;

use auditor::model::{Model, binary};
use auditor::progress::Progress;
use auditor::search::{Found, Rank, Reached, Request, search};
use independence::analysis::{Impact, Reading};
use independence::fault_graph::{FaultGraph, Vertex};

const MEMORY: u64 = 16 << 20;
/// Brute force tries every set of so many events.
const EVENTS_MAX: usize = 10;

/// Numbers for tests: the same on every machine.
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }
}

fn ask(graph: &FaultGraph, top: Vertex, order_max: Option<u32>, list_max: usize) -> Found {
    let request = Request { order_max, list_max, rank: Rank::Name, memory_bytes_max: MEMORY };
    search(graph, top, &request, &Progress::silent()).unwrap()
}

/// Whether what is said of the model is what brute force says, where that can be had.
fn check(model: &Model) {
    let graph = &model.graph;
    let Ok(top) = model.top(None) else { return };
    let events: Vec<Vertex> = graph.vertices().filter(|&vertex| graph.event(vertex).is_some()).collect();
    if events.len() > EVENTS_MAX {
        return;
    }
    let failed = |set: usize| -> Vec<Vertex> {
        (0..events.len()).filter(|bit| set >> bit & 1 == 1).map(|bit| events[bit]).collect()
    };
    let mut sets: Vec<usize> = (0..1_usize << events.len()).collect();
    sets.sort_by_key(|set| set.count_ones());
    let mut minimal: Vec<usize> = Vec::new();
    for set in sets {
        let holds_smaller = minimal.iter().any(|smaller| smaller & set == *smaller);
        if !holds_smaller && Impact::of(graph, &failed(set), Reading::Pessimistic).is_down(top) {
            minimal.push(set);
        }
    }
    for order_max in [Some(2), None] {
        let found = ask(graph, top, order_max, usize::MAX);
        let fits = |set: &&usize| order_max.is_none_or(|order| set.count_ones() <= order);
        let expect: BTreeSet<Vec<Vertex>> = minimal.iter().filter(fits).map(|&set| failed(set)).collect();
        let mut groups = found.groups.clone();
        groups.iter_mut().for_each(|group| group.sort_unstable());
        assert_eq!(groups.into_iter().collect::<BTreeSet<_>>(), expect, "{graph:?}");
        assert_eq!(found.total(), Some(expect.len() as u128));
    }
}

const LINES: &str = r#"{"id":"a","kind":"x","p":0.1}
{"id":"b","p":1e-3,"own":true}
{"id":"c"}
{"id":"d","needs":[{"min":1,"of":["a","b"]}]}
{"id":"e","own":false,"needs":[{"min":2,"of":["a","c","d"]},{"min":1,"of":["b"]}]}
{"id":"f","own":false,"needs":[{"min":1,"of":["d","e"]},{"min":1,"of":["e","c"]}]}
"#;

const XML: &str = r#"<?xml version="1.0"?>
<opsa-mef><define-fault-tree name="t">
<define-gate name="top"><or><gate name="g1"/><and><gate name="g2"/><basic-event name="a"/></and></or></define-gate>
<define-gate name="g1"><atleast min="2"><basic-event name="a"/><basic-event name="b"/><gate name="g3"/></atleast></define-gate>
<define-gate name="g2"><xor><basic-event name="c"/><not><gate name="g3"/></not></xor></define-gate>
<define-gate name="g3"><cardinality min="1" max="2"><basic-event name="b"/><basic-event name="c"/><house-event name="h"/></cardinality></define-gate>
<define-house-event name="h"><constant value="true"/></define-house-event>
<define-basic-event name="a"><float value="0.1"/></define-basic-event>
<define-basic-event name="b"/><define-basic-event name="c"><float value="1"/></define-basic-event>
</define-fault-tree></opsa-mef>
"#;

/// Pieces that mean something to a reader.
const PIECES: [&[u8]; 26] = [
    b"\"a\"",
    b"\"f\"",
    b"[",
    b"]",
    b"{",
    b"}",
    b",",
    b"\"min\":3",
    b"\"of\":",
    b"\"needs\":[",
    b"NaN",
    b"1e999",
    b"-1",
    b"\"own\":false",
    b"\\u0000",
    b"<not>",
    b"</not>",
    b"<and>",
    b"</and>",
    b"<gate name=\"top\"/>",
    b"min=\"4000000000\"",
    b"<!DOCTYPE x>",
    b"&lt;",
    b"name=\"a\"",
    b"\n",
    b"\xff",
];

fn mutated(draw: &mut Draw, model: &[u8]) -> Vec<u8> {
    let mut bytes = model.to_vec();
    for _ in 0..1 + draw.below(3) {
        let at = draw.below(bytes.len());
        let length = draw.below(12).min(bytes.len() - at);
        match draw.below(6) {
            0 => bytes[at] ^= 1 << draw.below(8),
            1 => drop(bytes.drain(at..at + length)),
            2 => drop(bytes.splice(at..at, PIECES[draw.below(PIECES.len())].iter().copied())),
            3 => bytes.truncate(at.max(1)),
            4 => {
                // A line or a piece comes again somewhere else.
                let copied = bytes[at..(at + 40).min(bytes.len())].to_vec();
                let to = draw.below(bytes.len());
                drop(bytes.splice(to..to, copied));
            }
            _ => {
                // One name for another makes circles, repetitions and orphans.
                let names = b"abcdefgh123";
                if names.contains(&bytes[at]) {
                    bytes[at] = names[draw.below(names.len())];
                }
            }
        }
        if bytes.is_empty() {
            return model.to_vec();
        }
    }
    bytes
}

fn mutate(rounds: usize, seed: u64) {
    let binary = binary::write(&Model::from_bytes("m", LINES.as_bytes(), MEMORY).unwrap().graph);
    let models = [LINES.as_bytes(), XML.as_bytes(), &binary];
    let mut draw = Draw(seed);
    let (mut refused, mut answered) = (0, 0);
    for round in 0..rounds {
        let bytes = mutated(&mut draw, models[round % models.len()]);
        match Model::from_bytes("m", &bytes, MEMORY) {
            Err(error) => {
                refused += 1;
                assert!(!error.to_string().contains(char::is_control), "{error}");
            }
            Ok(model) => {
                answered += 1;
                check(&model);
            }
        }
    }
    assert!(refused > rounds / 10 && answered > rounds / 20, "{refused} refused, {answered} answered");
}

#[test]
fn models_that_were_not_touched_are_answered_right() {
    for text in [LINES, XML] {
        let model = Model::from_bytes("m", text.as_bytes(), MEMORY).unwrap();
        check(&model);
        check(&Model::from_bytes("m", &binary::write(&model.graph), MEMORY).unwrap());
    }
}

#[test]
fn mutated_models_end_in_an_error_or_the_answer_of_brute_force() {
    mutate(5_000, 1);
}

/// `./dev long models`.
#[cfg(feature = "long")]
#[allow(clippy::print_stderr, reason = "a run of minutes says how far it is")]
mod long {
    const PARTS: u64 = 10;

    #[test]
    fn a_million_mutated_models_end_in_an_error_or_the_answer_of_brute_force() {
        for part in 1..=PARTS {
            super::mutate(100_000, 1 + part);
            eprintln!("{part}00,000 models");
        }
    }
}

#[test]
fn a_huge_threshold_ends_in_an_answer_or_gives_up() {
    // Any 10,000 of 20,000 lost.
    let mut lines = String::new();
    let names: Vec<String> = (0..20_000).map(|number| format!("\"e{number}\"")).collect();
    for name in &names {
        lines += &format!("{{\"id\":{name}}}\n");
    }
    lines += &format!("{{\"id\":\"top\",\"own\":false,\"needs\":[{{\"min\":10001,\"of\":[{}]}}]}}\n", names.join(","));
    let model = Model::from_bytes("m", lines.as_bytes(), MEMORY).unwrap();
    let top = model.top(None).unwrap();
    let found = ask(&model.graph, top, Some(3), 0);
    assert_eq!((found.total(), found.reached), (Some(0), Reached::Order(3)));
    let found = ask(&model.graph, top, None, 0);
    match found.reached {
        Reached::All => assert_eq!(found.total(), None, "far more than 2^128"),
        reached => assert!(matches!(reached, Reached::GaveUp { .. }), "{reached:?}"),
    }
}

#[test]
fn needs_a_hundred_thousand_deep_need_no_deep_stack() {
    let mut lines = "{\"id\":\"v0\"}\n{\"id\":\"s\"}\n".to_owned();
    for number in 1..100_000 {
        let below = number - 1;
        lines +=
            &format!("{{\"id\":\"v{number}\",\"own\":false,\"needs\":[{{\"min\":1,\"of\":[\"v{below}\",\"s\"]}}]}}\n");
    }
    let model = Model::from_bytes("m", lines.as_bytes(), 1 << 30).unwrap();
    let top = model.graph.find("v99999").unwrap();
    for order_max in [Some(2), None] {
        let request = Request { order_max, list_max: 9, rank: Rank::Name, memory_bytes_max: 1 << 30 };
        let found = search(&model.graph, top, &request, &Progress::silent()).unwrap();
        let names: Vec<&str> = found.groups.concat().into_iter().map(|vertex| model.graph.name(vertex)).collect();
        assert_eq!((found.counts, names), (vec![0, 0, 1], vec!["s", "v0"]));
    }
}

#[test]
fn chains_a_hundred_thousand_long_are_answered_for_all_orders() {
    const LEVELS: usize = 100_000;
    // Each level fails by itself, or with the one below: any of them. Or only with the one below and a part: all of them.
    let (mut any, mut all) = ("{\"id\":\"v0\"}\n".to_owned(), "{\"id\":\"v0\"}\n".to_owned());
    for number in 1..LEVELS {
        let below = number - 1;
        any += &format!("{{\"id\":\"v{number}\",\"needs\":[{{\"min\":1,\"of\":[\"v{below}\"]}}]}}\n");
        all += &format!("{{\"id\":\"s{number}\"}}\n");
        all += &format!(
            "{{\"id\":\"v{number}\",\"own\":false,\"needs\":[{{\"min\":1,\"of\":[\"v{below}\",\"s{number}\"]}}]}}\n"
        );
    }
    let request = Request { order_max: None, list_max: 1, rank: Rank::Name, memory_bytes_max: 1 << 30 };
    for (lines, order, groups) in [(any, 1, LEVELS as u128), (all, LEVELS, 1)] {
        let model = Model::from_bytes("m", lines.as_bytes(), 1 << 30).unwrap();
        let found = search(&model.graph, model.top(None).unwrap(), &request, &Progress::silent()).unwrap();
        assert_eq!((found.total(), found.counts.len(), found.counts[order]), (Some(groups), order + 1, groups));
        assert_eq!(found.groups[0].len(), order);
    }
}

#[test]
fn components_that_need_themselves_or_each_other_fall_only_with_what_fails() {
    let lines = r#"{"id":"a","needs":[{"min":1,"of":["a"]},{"min":1,"of":["b"]}]}
{"id":"b","own":false,"needs":[{"min":1,"of":["a","c"]}]}
{"id":"c","needs":[{"min":1,"of":["b"]}]}
{"id":"top","own":false,"needs":[{"min":1,"of":["b"]}]}
"#;
    let model = Model::from_bytes("m", lines.as_bytes(), MEMORY).unwrap();
    assert_eq!(model.graph.cycles().len(), 1);
    check(&model);
}
