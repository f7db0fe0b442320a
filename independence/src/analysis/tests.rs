//! The engine against the truth table, on random graphs.

mod change;
mod random;

use std::collections::BTreeSet;

use super::*;
use crate::draw::Draw;
use crate::truth::{Sets, TruthTable};
use random::{Shape, random_graph};

fn analysis<'g>(graph: &'g FaultGraph, question: &Question, order: u8) -> Analysis<'g> {
    Analysis::new(graph, question, Search::up_to(order)).unwrap()
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
    check_sequence(&graph, &question, order, &expect);
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

/// Listed by members, and those with certain members kept.
fn check_sequence(graph: &FaultGraph, question: &Question, order: u8, expect: &Sets) {
    let search = Search { sequence: Sequence::Members, ..Search::up_to(order) };
    let mut analysis = Analysis::new(graph, question, search).unwrap();
    let mut sorted: Vec<Vec<Vertex>> = expect.iter().cloned().collect();
    sorted.sort_by_key(Vec::len);
    assert!(analysis.groups().map(|group| group.members).eq(sorted.iter().cloned()));
    let wanted: Vec<Vertex> = graph.vertices().filter(|vertex| vertex.index() % 3 == 0).collect();
    analysis.keep_groups_with(&wanted).unwrap();
    sorted.retain(|set| set.iter().any(|member| wanted.contains(member)));
    let members: BTreeSet<Vertex> = sorted.iter().flatten().copied().collect();
    assert!(analysis.members().into_iter().eq(members));
    assert_eq!(analysis.counts().iter().sum::<u128>(), sorted.len() as u128);
    assert!(analysis.groups().map(|group| group.members).eq(sorted));
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

/// What falls with a random set of failures.
fn check_impact(seed: u64, shape: Shape) {
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
    let expect: Vec<Vertex> = graph.vertices().filter(|&v| truth.is_down(v, set)).collect();
    assert_eq!(down, expect, "seed {seed}, {shape:?}");
}

#[test]
fn what_falls_is_what_the_truth_table_says() {
    for seed in 0..800 {
        check_impact(seed, Shape::Negated);
        check_impact(seed, Shape::Doubtful);
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
    (0..2_000).for_each(|seed| check(seed, &mut tally));
    assert!(tally.is_varied(), "{tally:?}");
}

/// `./dev long graphs`.
#[cfg(feature = "long")]
#[allow(clippy::print_stderr, reason = "a run of minutes says how far it is")]
mod long {
    use super::change::{check_changes, check_crowds, check_hall};
    use super::*;

    const PART: u64 = 100_000;

    /// Halls change too: their full searches take longer than all else.
    #[test]
    fn ten_thousand_halls_are_after_changes_what_they_are_without() {
        let changed: u32 = (1_000..11_000).map(check_hall).sum();
        assert!(changed > 10_000, "{changed}");
    }

    #[test]
    fn fifty_thousand_graphs_of_crowds_are_counted_after_changes_as_they_are_without() {
        let changed: u32 = (1_000..51_000).map(|seed| check_crowds(seed).0).sum();
        assert!(changed > 50_000, "{changed}");
    }

    /// Two zones of n hosts, ten million components. A zone is down with any of its hosts; a host with itself, one of its 47
    /// parts, or both supplies; and both zones with the one feed. So each zone falls by itself in s = 48 n ways of one member
    /// and n of two, and both together, besides the feed, in s s, 2 s n and n n ways of 2, 3 and 4.
    #[test]
    fn ten_million_components_have_the_groups_that_arithmetic_says() {
        const HOSTS: u32 = 100_000;
        const PARTS: u32 = 47;
        let mut builder = crate::fault_graph::FaultGraphBuilder::with_room_for(100 * HOSTS as usize + 4);
        let mut part = |name: &str, needs: &[(u32, Vec<Vertex>)], fails: bool| {
            let vertex = builder.define(name).unwrap();
            if fails {
                builder.event(vertex, crate::fault_graph::Event::default()).unwrap();
            }
            for (min, of) in needs {
                builder.need(vertex, *min, of).unwrap();
            }
            vertex
        };
        let feed = part("feed", &[], true);
        let mut zones = Vec::new();
        for zone in 0..2 {
            let mut hosts = Vec::new();
            for host in 0..HOSTS {
                let name = |of: &str| format!("{zone}-{host}-{of}");
                let supplies = ["a", "b"].map(|of| part(&name(of), &[(1, vec![feed])], true));
                let parts = (0..PARTS).map(|number| part(&name(&number.to_string()), &[], true)).collect();
                let needs = [(1, supplies.to_vec()), (PARTS, parts)];
                hosts.push(part(&name("host"), &needs, true));
            }
            zones.push(part(&format!("{zone}"), &[(HOSTS, hosts)], false));
        }
        let both = part("both", &[(1, zones)], false);
        let graph = builder.finish().unwrap();
        assert_eq!(graph.len(), 10_000_004);
        let analysis = analysis(&graph, &Question::down(both), 4);
        let (n, s) = (u128::from(HOSTS), u128::from(PARTS + 1) * u128::from(HOSTS));
        assert_eq!(analysis.counts(), [0, 1, s * s, 2 * s * n, n * n]);
        assert_eq!(analysis.single_points(), [feed]);
    }

    #[test]
    fn a_million_random_graphs_are_analysed_as_their_truth_tables_say() {
        let mut tally = Tally::default();
        let mut outcomes = [0; 3];
        for seed in 1_000_000..2_000_000 {
            match seed % 8 {
                0 => {
                    check_negated(seed);
                }
                1 => check_settlement(seed).into_iter().for_each(|outcome| outcomes[outcome] += 1),
                2 => {
                    check_changes(seed, if seed % 16 == 2 { Reading::Optimistic } else { Reading::Pessimistic });
                }
                3 => check_impact(seed, if seed % 16 == 3 { Shape::Negated } else { Shape::Doubtful }),
                _ => check(seed, &mut tally),
            }
            if (seed + 1) % PART == 0 {
                eprintln!("{} graphs", seed + 1 - 1_000_000);
            }
        }
        assert!(tally.is_varied() && outcomes.iter().all(|&outcome| outcome > 1_000), "{tally:?} {outcomes:?}");
    }
}

/// What is not coherent is refused by name, or happens to be monotone and is answered right. Whether it was answered.
fn check_negated(seed: u64) -> bool {
    let mut draw = Draw(seed);
    let graph = random_graph(&mut draw, Shape::Negated);
    let question = Question::down(random::vertex(&graph, graph.len() - 1 - draw.below(3).min(graph.len() - 1)));
    match Analysis::new(&graph, &question, Search::up_to(4)) {
        Err(AnalysisError::NotCoherent { name, .. }) => {
            assert!(graph.find(&name).is_some());
            false
        }
        Err(other) => panic!("seed {seed}: {other}"),
        Ok(analysis) => {
            let truth = TruthTable::of(&graph, |_| true, |_| true);
            assert!(truth.is_monotone(&question), "seed {seed}");
            let found: Sets = analysis.groups().map(|group| group.members).collect();
            assert_eq!(found, truth.minimal(&question, 4), "seed {seed}");
            true
        }
    }
}

#[test]
fn what_is_not_coherent_is_refused_or_answered_right() {
    let answered = (0..1_500).filter(|&seed| check_negated(seed)).count();
    assert!((150..1_350).contains(&answered), "{answered}");
}

/// Whether there is a group, with the doubtful facts of this set there and the others not.
fn fails_with(graph: &FaultGraph, question: &Question, order: u8, there: &BTreeSet<Fact>) -> bool {
    let event = |vertex| {
        let event = graph.event(vertex).unwrap();
        event.knowledge == Knowledge::Known || there.contains(&Fact::Event(vertex))
    };
    let gate = |gate| graph.gate(gate).knowledge == Knowledge::Known || there.contains(&Fact::Gate(gate));
    !TruthTable::of(graph, event, gate).minimal(question, order).is_empty()
}

fn subsets(facts: &[Fact]) -> impl Iterator<Item = BTreeSet<Fact>> {
    (0u32..1 << facts.len())
        .map(|set| facts.iter().enumerate().filter(|(at, _)| set >> at & 1 == 1).map(|(_, &fact)| fact).collect())
}

fn doubtful_facts(graph: &FaultGraph) -> Vec<Fact> {
    let events = graph.vertices().filter(|&v| graph.event(v).is_some_and(|event| event.knowledge != Knowledge::Known));
    let gates = graph.vertices().flat_map(|v| graph.gates(v)).filter(|gate| gate.knowledge != Knowledge::Known);
    events.map(Fact::Event).chain(gates.map(|gate| Fact::Gate(gate.id))).collect()
}

/// Which facts settle a claim: 0 it holds, 1 it fails, 2 it is open. None where there are no doubts, or too many.
fn check_settlement(seed: u64) -> Option<usize> {
    let mut draw = Draw(seed);
    let graph = random_graph(&mut draw, Shape::Doubtful);
    let facts = doubtful_facts(&graph);
    if facts.is_empty() || facts.len() > 6 {
        return None;
    }
    let order = 1 + u8::try_from(draw.below(3)).unwrap();
    let question = Question::down(random::vertex(&graph, graph.len() - 1 - draw.below(2).min(graph.len() - 1)));
    let failing: Vec<BTreeSet<Fact>> =
        subsets(&facts).filter(|there| fails_with(&graph, &question, order, there)).collect();
    let counts = |reading| {
        let search = Search { reading, ..Search::up_to(order) };
        Analysis::new(&graph, &question, search).unwrap().counts().iter().sum::<u128>()
    };
    assert_eq!(counts(Reading::Optimistic) > 0, failing.contains(&BTreeSet::new()), "seed {seed}");
    assert_eq!(counts(Reading::Pessimistic) > 0, !failing.is_empty(), "seed {seed}");
    let settlement = settle(&graph, &question, order, Limits::default()).unwrap();
    let all = 1usize << facts.len();
    let outcome = match &settlement {
        Settlement::Holds => 0,
        Settlement::Fails => 1,
        Settlement::Open { .. } => 2,
    };
    assert_eq!(
        outcome,
        usize::from(failing.len() == all) + 2 * usize::from(!failing.is_empty() && failing.len() < all)
    );
    if let Settlement::Open { decisive, refuting, confirming } = settlement {
        let settles = |known: &BTreeSet<Fact>| {
            subsets(&facts).all(|there| {
                let seen: BTreeSet<Fact> = there.intersection(known).copied().collect();
                failing.contains(&seen) == failing.contains(&there)
            })
        };
        let smallest = subsets(&facts).filter(settles).min_by_key(BTreeSet::len).unwrap();
        assert_eq!(decisive, smallest.into_iter().collect::<Vec<_>>(), "seed {seed}");
        let refutes = failing.iter().map(BTreeSet::len).min().unwrap();
        assert!(failing.contains(&refuting.iter().copied().collect()), "seed {seed}");
        assert_eq!(refuting.len(), refutes, "seed {seed}");
        let confirms = |absent: &BTreeSet<Fact>| failing.iter().all(|there| !there.is_disjoint(absent));
        assert!(confirms(&confirming.iter().copied().collect()), "seed {seed}");
        let fewest = subsets(&facts).filter(confirms).map(|absent| absent.len()).min().unwrap();
        assert_eq!(confirming.len(), fewest, "seed {seed}");
    }
    Some(outcome)
}

#[test]
fn the_facts_that_settle_a_claim_are_those_of_the_truth_table() {
    let mut outcomes = [0; 3];
    (0..2_000).filter_map(check_settlement).for_each(|outcome| outcomes[outcome] += 1);
    assert!(outcomes.iter().all(|&outcome| outcome > 60), "{outcomes:?}");
}

#[test]
fn a_search_that_gives_up_keeps_what_it_knows() {
    let mut by_order = [0; 5];
    for seed in 0..400 {
        let mut draw = Draw(seed);
        let graph = random_graph(&mut draw, Shape::Coherent);
        let question = Question::down(random::vertex(&graph, graph.len() - 1));
        let limits = Limits { steps: draw.below(30) as u64, ..Limits::default() };
        let deepened = deepen(&graph, &question, Search { limits, ..Search::up_to(4) }, &mut evaluation::unwatched);
        let order = deepened.known.as_ref().map_or(0, |known| known.order);
        match deepened.ended {
            None => assert_eq!(order, 4),
            Some(error) => assert!(matches!(error, AnalysisError::GaveUp { bound: Bound::Steps, .. }), "{error}"),
        }
        if let Some(known) = deepened.known {
            let truth = TruthTable::of(&graph, |_| true, |_| true);
            let found: Sets = known.groups().map(|group| group.members).collect();
            assert_eq!(found, truth.minimal(&question, order), "seed {seed}");
        }
        by_order[usize::from(order)] += 1;
    }
    assert!(by_order[0] > 0 && by_order[1..4].iter().sum::<i32>() > 0 && by_order[4] > 0, "{by_order:?}");
}

#[test]
fn the_smallest_group_is_found_at_any_order() {
    let mut sizes = BTreeSet::new();
    for seed in 0..500 {
        let mut draw = Draw(seed);
        let graph = random_graph(&mut draw, Shape::Coherent);
        let question =
            Question::all_down(&[graph.len() - 1, (graph.len() - 1) / 2].map(|at| random::vertex(&graph, at)));
        let truth = TruthTable::of(&graph, |_| true, |_| true).minimal(&question, ORDER_MAX);
        let found = smallest(&graph, &question, Reading::Pessimistic, Limits::default()).unwrap();
        assert_eq!(found.as_ref().map(|group| group.members.len()), truth.iter().map(Vec::len).min(), "seed {seed}");
        if let Some(group) = found {
            assert!(truth.contains(&group.members), "seed {seed}");
            sizes.insert(group.members.len());
        }
    }
    assert!(sizes.len() > 5, "{sizes:?}");
}

#[test]
fn an_analysis_can_be_interrupted() {
    let mut builder = crate::fault_graph::FaultGraphBuilder::new();
    let mut below = builder.define("v0").unwrap();
    builder.event(below, crate::fault_graph::Event::default()).unwrap();
    for number in 1..5_000 {
        let vertex = builder.define(&format!("v{number}")).unwrap();
        builder.need(vertex, 1, &[below]).unwrap();
        below = vertex;
    }
    let graph = builder.finish().unwrap();
    let mut seen = Vec::new();
    let mut watch = |progress: Progress| {
        seen.push(progress.evaluated);
        if progress.evaluated > 2_000 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let error = Analysis::watched(&graph, &Question::down(below), Search::up_to(2), &mut watch).unwrap_err();
    assert!(matches!(error, AnalysisError::GaveUp { bound: Bound::Interrupted, .. }), "{error}");
    assert!(seen.len() >= 2 && seen.is_sorted(), "{seen:?}");
}
