use std::collections::BTreeSet;

use super::*;
use crate::analysis::Question;
use crate::fault_graph::{Event, FaultGraphBuilder, Gate, Literal};
use crate::truth::TruthTable;

const MEMORY: u64 = 1 << 26;

/// Numbers for tests: the same on every machine.
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }
}

/// A graph of up to nine events, with gates of every kind over shared parts; the last vertex is the top.
fn random(draw: &mut Draw, coherent: bool) -> (FaultGraph, Vertex) {
    let mut builder = FaultGraphBuilder::new();
    let (events, gates) = (1 + draw.below(9), 1 + draw.below(12));
    let mut vertices: Vec<Vertex> = Vec::new();
    for number in 0..events {
        let vertex = builder.define(&format!("e{number}")).unwrap();
        let probability = Some(draw.below(101) as f64 / 100.0);
        builder.event(vertex, Event { probability, ..Event::default() }).unwrap();
        vertices.push(vertex);
    }
    for number in 0..gates {
        let vertex = builder.define(&format!("g{number}")).unwrap();
        let arity = 2 + draw.below(5);
        let mut arguments: Vec<Literal> = Vec::new();
        for _ in 0..arity {
            // Late vertices are likelier, so that the graph is deep.
            let at = draw.below(vertices.len()).max(draw.below(vertices.len()));
            let literal = Literal::from(vertices[at]);
            if arguments.iter().all(|other| other.vertex() != literal.vertex()) {
                arguments.push(if !coherent && draw.below(5) == 0 { !literal } else { literal });
            }
        }
        let count = u32::try_from(arguments.len()).unwrap();
        let kind = draw.below(if coherent { 6 } else { 14 });
        let gate = match kind {
            0 | 1 => Gate::And,
            2 | 3 => Gate::Or,
            4 | 5 => Gate::AtLeast(1 + draw.below(arguments.len()) as u32),
            6 => Gate::Nand,
            7 => Gate::Nor,
            8 if count >= 2 => Gate::Xor,
            9 if count == 2 => Gate::Iff,
            10 if count == 2 => Gate::Imply,
            11 => Gate::Cardinality { min: draw.below(arguments.len() + 1) as u32, max: count },
            12 => Gate::Cardinality { min: 0, max: draw.below(arguments.len() + 1) as u32 },
            13 if count == 1 => Gate::Not,
            _ => Gate::Or,
        };
        builder.gate(vertex, gate, &arguments).unwrap();
        if draw.below(4) == 0 {
            builder.event(vertex, Event { probability: Some(0.5), ..Event::default() }).unwrap();
        }
        vertices.push(vertex);
    }
    if draw.below(6) == 0 {
        let house = builder.define("house").unwrap();
        builder.gate(house, if draw.below(2) == 0 { Gate::Always } else { Gate::Never }, &[]).unwrap();
        builder.gate(house, Gate::And, &[vertices[0].down()]).unwrap();
    }
    let top = *vertices.last().unwrap();
    (builder.finish().unwrap(), top)
}

fn events(graph: &FaultGraph) -> Vec<Vertex> {
    graph.vertices().filter(|&vertex| graph.event(vertex).is_some()).collect()
}

fn check(graph: &FaultGraph, top: Vertex) {
    let events = events(graph);
    let expect: BTreeSet<usize> =
        TruthTable::of(graph, |_| true, |_| true).smallest(&Question::down(top)).into_iter().collect();
    let diagram = Diagram::of(graph, top, &|vertex| graph.event(vertex).is_some(), Limits::memory(MEMORY)).unwrap();
    for order_max in [None, Some(0), Some(1), Some(2), Some(3)] {
        let groups = diagram.risk_groups(order_max, MEMORY).unwrap();
        let fits = |set: &usize| order_max.is_none_or(|order| set.count_ones() <= order);
        let expect: BTreeSet<usize> = expect.iter().copied().filter(fits).collect();
        let mut found = BTreeSet::new();
        let mut last = 0;
        for group in groups.iter() {
            assert!(group.len() >= last, "the smallest come first");
            last = group.len();
            let bit = |vertex: &Vertex| 1 << events.iter().position(|event| event == vertex).unwrap();
            assert!(found.insert(group.iter().map(bit).sum()), "a group is listed twice");
        }
        assert_eq!(found, expect, "order {order_max:?} of {graph:?}");
        let counts = groups.counts();
        for order in 0..=events.len() {
            let expect = expect.iter().filter(|set| set.count_ones() as usize == order).count() as u128;
            assert_eq!(counts.get(order).copied().unwrap_or(0), expect, "count of order {order} of {graph:?}");
        }
    }
}

#[test]
fn risk_groups_are_those_of_brute_force_for_coherent_graphs() {
    let mut draw = Draw(1);
    for _ in 0..400 {
        let (graph, top) = random(&mut draw, true);
        check(&graph, top);
    }
}

#[test]
fn risk_groups_are_those_of_brute_force_where_there_are_negations() {
    let mut draw = Draw(2);
    for _ in 0..800 {
        let (graph, top) = random(&mut draw, false);
        check(&graph, top);
    }
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-9
}

/// The probability of the top by its definition.
fn sum_of(table: &[bool], probabilities: &[f64]) -> f64 {
    let of_set = |set: usize| -> f64 {
        let part = |(bit, p): (usize, &f64)| if set >> bit & 1 == 1 { *p } else { 1.0 - p };
        probabilities.iter().enumerate().map(part).product()
    };
    (0..table.len()).filter(|&set| table[set]).map(of_set).sum()
}

#[test]
fn probability_importance_and_bounds_are_those_of_their_definitions() {
    let mut draw = Draw(6);
    for number in 0..300 {
        let (graph, top) = random(&mut draw, number % 2 == 0);
        let events = events(&graph);
        let of = |vertex: Vertex| graph.event(vertex).unwrap().probability.unwrap();
        let fails = |vertex: Vertex| graph.event(vertex).is_some();
        let probabilities: Vec<f64> = events.iter().map(|&event| of(event)).collect();
        let truth = TruthTable::of(&graph, |_| true, |_| true);
        let table = truth.answers(&Question::down(top));
        let expect = sum_of(&table, &probabilities);
        let diagram = Diagram::of(&graph, top, &fails, Limits::memory(MEMORY)).unwrap();
        assert!(close(diagram.probability(&of), expect), "{graph:?}");
        for importance in diagram.importance(&of) {
            let at = events.iter().position(|&event| event == importance.vertex).unwrap();
            let with = |p: f64| sum_of(&table, &[&probabilities[..at], &[p], &probabilities[at + 1..]].concat());
            assert!(close(importance.birnbaum, with(1.0) - with(0.0)), "{graph:?}");
            let share = if expect > 0.0 { (expect - with(0.0)) / expect } else { 0.0 };
            assert!(close(importance.criticality, share), "{graph:?}");
        }
        let of_set = |set: &usize| -> f64 {
            (0..events.len()).filter(|bit| set >> bit & 1 == 1).map(|bit| probabilities[bit]).product()
        };
        let sets = truth.smallest(&Question::down(top));
        let all: f64 = sets.iter().map(of_set).sum();
        for (vertex, share) in diagram.risk_groups(None, MEMORY).unwrap().fussell_vesely(&of) {
            let at = events.iter().position(|&event| event == vertex).unwrap();
            let with: f64 = sets.iter().filter(|set| *set >> at & 1 == 1).map(of_set).sum();
            assert!(close(share * all, with), "{graph:?}");
        }
        let bounds = bounds(&graph, top, &fails, &of, MEMORY).unwrap();
        assert!(bounds.lower <= expect + 1e-9 && expect <= bounds.upper + 1e-9, "{bounds:?} {expect} {graph:?}");
    }
}

/// `./dev long diagrams`.
#[cfg(feature = "long")]
#[allow(clippy::print_stderr, reason = "a run of minutes says how far it is")]
mod long {
    use super::*;

    const PART: usize = 100_000;

    #[test]
    fn risk_groups_are_those_of_brute_force_for_a_million_graphs() {
        let mut draw = Draw(3);
        for number in 1..=10 * PART {
            let (graph, top) = random(&mut draw, number % 2 == 0);
            check(&graph, top);
            if number % PART == 0 {
                eprintln!("{number} graphs");
            }
        }
    }
}

#[test]
fn components_that_need_each_other_fail_only_when_something_fails() {
    let mut draw = Draw(4);
    for _ in 0..300 {
        let mut builder = FaultGraphBuilder::new();
        let count = 2 + draw.below(6);
        let vertices: Vec<Vertex> = (0..count).map(|number| builder.define(&format!("v{number}")).unwrap()).collect();
        for &vertex in &vertices {
            if draw.below(3) > 0 {
                builder.event(vertex, Event::default()).unwrap();
            }
            for _ in 0..draw.below(3) {
                let members: Vec<Vertex> = vertices.iter().copied().filter(|_| draw.below(3) == 0).collect();
                if !members.is_empty() {
                    builder.need(vertex, 1 + draw.below(members.len()) as u32, &members).unwrap();
                }
            }
        }
        let graph = builder.finish().unwrap();
        check(&graph, vertices[0]);
    }
}

#[test]
fn what_fits_of_the_groups_is_complete_up_to_its_order() {
    let (mut draw, mut orders) = (Draw(8), BTreeSet::new());
    for _ in 0..200 {
        let (graph, top) = random(&mut draw, false);
        let fails = |vertex: Vertex| graph.event(vertex).is_some();
        let diagram = Diagram::of(&graph, top, &fails, Limits::memory(MEMORY)).unwrap();
        let order_end = 1 + draw.below(8) as u32;
        let memory = [1 << 12, 1 << 14, MEMORY][draw.below(3)];
        let Some((order, groups)) = diagram.risk_groups_that_fit(order_end, memory) else {
            orders.insert(0);
            continue;
        };
        assert!(order < order_end);
        let expect = diagram.risk_groups(Some(order), MEMORY).unwrap();
        assert!(groups.iter().eq(expect.iter()), "order {order} of {graph:?}");
        assert_eq!(groups.counts(), expect.counts());
        orders.insert(order);
    }
    assert!(orders.len() > 3, "{orders:?}");
}

#[test]
fn a_formula_that_does_not_fit_is_refused_before_a_diagram_is_begun() {
    let mut builder = FaultGraphBuilder::new();
    let mut top = builder.define("v0").unwrap();
    builder.event(top, Event::default()).unwrap();
    for number in 1..20_000 {
        let part = builder.define(&format!("s{number}")).unwrap();
        builder.event(part, Event::default()).unwrap();
        let next = builder.define(&format!("v{number}")).unwrap();
        let gate = if number % 2 == 0 { Gate::And } else { Gate::Or };
        builder.gate(next, gate, &[top.down(), part.down()]).unwrap();
        top = next;
    }
    let graph = builder.finish().unwrap();
    let fails = |vertex: Vertex| graph.event(vertex).is_some();
    let error = Diagram::of(&graph, top, &fails, Limits::memory(1 << 20)).unwrap_err();
    assert_eq!(error, DiagramError::Formula { memory_bytes_max: 1 << 20 });
    let of = |_| 0.5;
    assert_eq!(bounds(&graph, top, &fails, &of, 1 << 20).unwrap_err(), error);
    assert!(bounds(&graph, top, &fails, &of, MEMORY).is_ok());
}

#[test]
fn a_diagram_that_does_not_fit_is_refused_and_nothing_is_said_of_it() {
    let mut builder = FaultGraphBuilder::new();
    let top = builder.define("top").unwrap();
    let mut draw = Draw(5);
    let events: Vec<Vertex> = (0..200)
        .map(|number| {
            let event = builder.define(&format!("e{number}")).unwrap();
            builder.event(event, Event::default()).unwrap();
            event
        })
        .collect();
    let pairs: Vec<Literal> = (0..2_000)
        .map(|number| {
            let pair = builder.define(&format!("p{number}")).unwrap();
            let of = [events[draw.below(200)].down(), events[draw.below(200)].down(), events[draw.below(200)].down()];
            builder.gate(pair, Gate::And, &of).unwrap();
            pair.down()
        })
        .collect();
    builder.gate(top, Gate::Or, &pairs).unwrap();
    let graph = builder.finish().unwrap();
    let error = Diagram::of(&graph, top, &|vertex| graph.event(vertex).is_some(), Limits::memory(1 << 20)).unwrap_err();
    assert_eq!(error, DiagramError::Function { limits: Limits::memory(1 << 20) });
}
