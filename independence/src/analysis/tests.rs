//! The engine against the truth table, on random graphs.

mod random;
mod truth;

use std::collections::BTreeSet;

use super::*;
use crate::draw::Draw;
use crate::fault_graph::Knowledge;
use random::{Shape, random_graph};
use truth::TruthTable;

type Sets = BTreeSet<Vec<Vertex>>;

fn analysis<'g>(graph: &'g FaultGraph, question: &Question, order: u8) -> Analysis<'g> {
    Analysis::new(graph, question, order, Reading::Pessimistic, Limits::default()).unwrap()
}

/// One graph, one question, everything that can be said of it.
fn check(seed: u64, tally: &mut Tally) {
    let mut draw = Draw(seed);
    let graph = random_graph(&mut draw, Shape::Coherent);
    let order = 1 + u8::try_from(draw.below(5)).unwrap();
    let of: Vec<Vertex> = (0..1 + draw.below(3)).map(|_| random::vertex(&graph, draw.below(graph.len()))).collect();
    let different = of.iter().collect::<BTreeSet<_>>().len();
    let question = Question { at_least: 1 + u32::try_from(draw.below(different)).unwrap(), of };
    let truth = TruthTable::of(&graph, |_| true, |_| true);
    let expect = truth.minimal(&question, order);
    let analysis = analysis(&graph, &question, order);
    let listed: Vec<Group> = analysis.groups().collect();
    let found: Sets = listed.iter().map(|group| group.members.clone()).collect();
    assert_eq!(found, expect, "seed {seed}, order {order}");
    assert_eq!(listed.len(), found.len(), "seed {seed}: a group is listed twice");
    assert!(listed.is_sorted_by_key(|group| group.members.len()), "seed {seed}");
    for (order, count) in analysis.counts().into_iter().enumerate() {
        let of_order = expect.iter().filter(|set| set.len() == order).count();
        assert_eq!(count, of_order as u128, "seed {seed}, order {order}");
    }
    let ranked: Vec<Group> = analysis.by_probability().collect();
    let bound = |group: &Group| {
        let of = |&vertex: &Vertex| graph.event(vertex).unwrap().probability.unwrap_or(1.0);
        group.members.iter().map(of).product::<f64>()
    };
    assert_eq!(ranked.iter().map(|group| group.members.clone()).collect::<Sets>(), expect, "seed {seed}");
    for pair in ranked.windows(2) {
        let (a, b) = (&pair[0], &pair[1]);
        let ordered = a.members.len() < b.members.len()
            || a.members.len() == b.members.len() && bound(a) >= bound(b) * (1.0 - 1e-12);
        assert!(ordered, "seed {seed}: {a:?} before {b:?}");
    }
    for group in listed.iter().take(3) {
        check_witness(&graph, &analysis, &question, group);
    }
    let single: Vec<Vertex> = expect.iter().filter(|set| set.len() == 1).map(|set| set[0]).collect();
    assert_eq!(analysis.single_points(), single, "seed {seed}");
    let pairs: Sets = analysis.conflicts().map(|(a, b)| vec![a, b]).collect();
    assert_eq!(pairs, expect.iter().filter(|set| set.len() == 2).cloned().collect(), "seed {seed}");
    tally.graphs += 1;
    tally.circular += u64::from(!graph.cycles().is_empty());
    for set in &expect {
        tally.by_order[set.len().min(5)] += 1;
    }
}

/// Each step holds by itself and rests on earlier ones, and the last ones make the question true.
fn check_witness(graph: &FaultGraph, analysis: &Analysis<'_>, question: &Question, group: &Group) {
    let mut down = BTreeSet::new();
    for step in analysis.witness(group) {
        match step.gate {
            None => assert!(group.members.contains(&step.vertex)),
            Some(id) => {
                let gate = graph.gate(id);
                assert!(graph.gates(step.vertex).any(|own| own.id == id));
                let named: BTreeSet<Vertex> = step.because_of.iter().copied().collect();
                assert!(named.is_subset(&down), "{step:?} rests on what has not fallen");
                let holding = gate.arguments.iter().filter(|argument| named.contains(&argument.vertex())).count();
                let holds = match gate.gate {
                    Gate::And => holding == gate.arguments.len(),
                    Gate::Or => holding == 1,
                    Gate::AtLeast(min) => holding == min as usize,
                    other => other == Gate::Always,
                };
                assert!(holds, "{step:?} does not follow");
            }
        }
        down.insert(step.vertex);
    }
    let of: BTreeSet<Vertex> = question.of.iter().copied().collect();
    assert!(of.intersection(&down).count() >= question.at_least as usize);
}

#[test]
fn what_falls_is_what_the_truth_table_says() {
    for (seed, shape) in (0..3_000).flat_map(|seed| [(seed, Shape::Negated), (seed, Shape::Doubtful)]) {
        let mut draw = Draw(seed);
        let graph = random_graph(&mut draw, shape);
        let reading = if draw.below(2) == 0 { Reading::Optimistic } else { Reading::Pessimistic };
        let there = |knowledge| reading == Reading::Pessimistic || knowledge == Knowledge::Known;
        let truth = TruthTable::of(&graph, |_| true, |gate| there(graph.gate(gate).knowledge));
        let events: Vec<Vertex> = graph.vertices().filter(|&v| graph.event(v).is_some()).collect();
        let set = draw.below(1 << events.len());
        let failed: Vec<Vertex> =
            events.iter().enumerate().filter(|(event, _)| set >> event & 1 == 1).map(|(_, &v)| v).collect();
        let down: Vec<Vertex> = Impact::of(&graph, &failed, reading).down().collect();
        let expect: Vec<Vertex> = graph.vertices().filter(|&v| truth.answers(&Question::down(v))[set]).collect();
        assert_eq!(down, expect, "seed {seed}, {shape:?}");
    }
}

#[derive(Debug, Default)]
struct Tally {
    graphs: u64,
    circular: u64,
    by_order: [u64; 6],
}

impl Tally {
    /// Graphs are no good if they are all alike.
    fn is_varied(&self) -> bool {
        self.circular * 20 > self.graphs
            && self.circular * 2 < self.graphs
            && self.by_order.iter().all(|&n| n * 200 > self.graphs)
    }
}

#[test]
fn groups_are_those_of_the_truth_table() {
    let mut tally = Tally::default();
    (0..6_000).for_each(|seed| check(seed, &mut tally));
    assert!(tally.is_varied(), "{tally:?}");
}

#[test]
#[ignore = "a quarter of an hour: cargo test --release -p independence -- --ignored million"]
fn groups_are_those_of_the_truth_table_in_a_million_graphs() {
    let mut tally = Tally::default();
    (1_000_000..2_000_000).for_each(|seed| check(seed, &mut tally));
    assert!(tally.is_varied(), "{tally:?}");
}

#[test]
fn what_is_not_coherent_is_refused_or_answered_right() {
    let (mut refused, mut answered) = (0, 0);
    for seed in 0..3_000 {
        let mut draw = Draw(seed);
        let graph = random_graph(&mut draw, Shape::Negated);
        let question = Question::down(random::vertex(&graph, graph.len() - 1 - draw.below(3).min(graph.len() - 1)));
        match Analysis::new(&graph, &question, 4, Reading::Pessimistic, Limits::default()) {
            Err(AnalysisError::NotCoherent { name, .. }) => {
                assert!(graph.find(&name).is_some());
                refused += 1;
            }
            Err(other) => panic!("seed {seed}: {other}"),
            Ok(analysis) => {
                let truth = TruthTable::of(&graph, |_| true, |_| true);
                assert!(truth.is_monotone(&question), "seed {seed}");
                let found: Sets = analysis.groups().map(|group| group.members).collect();
                assert_eq!(found, truth.minimal(&question, 4), "seed {seed}");
                answered += 1;
            }
        }
    }
    assert!(refused > 300 && answered > 300, "{refused} {answered}");
}
