//! Again after changes: what a full search finds in a graph that never had what was taken away.

use std::collections::BTreeSet;

use super::analysis;
use super::random::{self, Shape, random_graph};
use crate::analysis::{Analysis, AnalysisError, Change, Question, Reading, Search};
use crate::draw::Draw;
use crate::fault_graph::{Event, FaultGraph, FaultGraphBuilder, Vertex};
use crate::truth::{Sets, TruthTable};

/// Six rounds of changes; how many of them changed the groups, and how many regions then had a part.
pub(super) fn check_changes(seed: u64, reading: Reading) -> (u32, usize) {
    let mut changed = 0;
    let mut draw = Draw(seed);
    let graph = random_graph(&mut draw, Shape::Doubtful);
    let order = 1 + u8::try_from(draw.below(4)).unwrap();
    let question = Question::down(random::vertex(&graph, graph.len() - 1 - draw.below(3).min(graph.len() - 1)));
    let mut analysis = Analysis::new(&graph, &question, Search { reading, ..Search::up_to(order) }).unwrap();
    let is_seen = |&v: &Vertex| graph.event(v).is_some_and(|event| reading.sees(event.knowledge));
    let (events, hidden): (Vec<Vertex>, Vec<Vertex>) = graph.vertices().partition(is_seen);
    let gates: Vec<_> = graph.vertices().flat_map(|v| graph.gates(v)).map(|gate| gate.id).collect();
    let (mut no_events, mut no_gates) = (BTreeSet::new(), BTreeSet::new());
    if draw.below(2) == 0 {
        analysis.prepare_with(1 + draw.below(3));
    }
    for _ in 0..6 {
        let mut changes = Vec::new();
        for _ in 0..draw.below(3) {
            let (gate, there) = (gates[draw.below(gates.len())], draw.below(2) == 0);
            if there {
                no_gates.remove(&gate)
            } else {
                no_gates.insert(gate)
            };
            changes.push(Change::Gate { gate, there });
            if !events.is_empty() {
                let (vertex, there) = (events[draw.below(events.len())], draw.below(2) == 0);
                if there {
                    no_events.remove(&vertex)
                } else {
                    no_events.insert(vertex)
                };
                changes.push(Change::Event { vertex, there });
            }
        }
        if draw.below(4) == 0
            && let Some(&vertex) = hidden.first()
        {
            // What was asked for before it was refused is done.
            changes.push(Change::Event { vertex, there: false });
            let refused = analysis.change(&changes).unwrap_err();
            assert!(matches!(refused, AnalysisError::NothingThere { .. }), "seed {seed}: {refused}");
            changes.clear();
        }
        let truth = TruthTable::of(
            &graph,
            |v| is_seen(&v) && !no_events.contains(&v),
            |g| reading.sees(graph.gate(g).knowledge) && !no_gates.contains(&g),
        );
        let expect = truth.minimal(&question, order);
        let before = analysis.family;
        if draw.below(2) == 0 {
            let counts = analysis.recount(&std::mem::take(&mut changes)).unwrap();
            assert_eq!(counts, counts_of(&expect, order), "seed {seed}");
        }
        // Numbers may be asked for again and again before the groups are.
        if changes.is_empty() && draw.below(3) == 0 {
            continue;
        }
        analysis.change(&changes).unwrap();
        changed += u32::from(analysis.family != before);
        let found: Sets = analysis.groups().map(|group| group.members).collect();
        assert_eq!(found, expect, "seed {seed}");
        assert_eq!(analysis.counts(), counts_of(&expect, order), "seed {seed}");
    }
    (changed, analysis.evaluation.regions_with_part().len())
}

fn counts_of(sets: &Sets, order: u8) -> Vec<u128> {
    (0..=usize::from(order)).map(|order| sets.iter().filter(|set| set.len() == order).count() as u128).collect()
}

#[test]
fn after_changes_the_groups_are_those_of_a_full_search() {
    for reading in [Reading::Optimistic, Reading::Pessimistic] {
        let (mut changed, mut regions) = (0, 0);
        for of_one in (0..700).map(|seed| check_changes(seed, reading)) {
            (changed, regions) = (changed + of_one.0, regions + of_one.1);
        }
        assert!((300..3_900).contains(&changed), "{reading:?}: {changed} of 4200");
        assert!(regions > 60, "{reading:?}: {regions} regions are evaluated by their parts");
    }
}

/// Once a series was split through a gate that this reading does not see.
#[test]
fn a_gate_that_is_not_seen_takes_nothing_out_of_a_series() {
    check_changes(1_005_010, Reading::Optimistic);
}

/// A graph that is put together part by part. A gate that is gone keeps its number, so that the vertices and the other gates
/// are those of the whole graph.
struct Parts<'a> {
    builder: FaultGraphBuilder,
    gone: &'a BTreeSet<usize>,
    number: usize,
    gates: usize,
}

impl<'a> Parts<'a> {
    fn without(gone: &'a BTreeSet<usize>) -> Self {
        Self { builder: FaultGraphBuilder::new(), gone, number: 0, gates: 0 }
    }

    fn add(&mut self, needs: &[(u32, Vec<Vertex>)], fails: bool) -> Vertex {
        self.number += 1;
        let vertex = self.builder.define(&format!("v{}", self.number)).unwrap();
        if fails {
            self.builder.event(vertex, Event::default()).unwrap();
        }
        for (min, of) in needs {
            if !self.gone.contains(&self.gates) {
                self.builder.need(vertex, *min, of).unwrap();
            }
            self.gates += 1;
        }
        vertex
    }
}

/// Zones of racks on two rows, each row and each rack on what it shares with others: more racks than a group has members.
fn zones(draw: &mut Draw) -> FaultGraph {
    let nothing = BTreeSet::new();
    let mut parts = Parts::without(&nothing);
    let mut part = |needs: &[(u32, Vec<Vertex>)], fails: bool| parts.add(needs, fails);
    let shared: Vec<Vertex> = (0..2).map(|_| part(&[], true)).collect();
    let mut zones = Vec::new();
    for _ in 0..2 {
        let feed = part(&[(1, vec![shared[draw.below(2)]])], false);
        let rows = [part(&[(1, vec![feed])], true), part(&[(1, vec![shared[draw.below(2)], feed])], false)];
        let mut racks = Vec::new();
        for _ in 0..4 {
            let line = part(&[(1, vec![rows[draw.below(2)]])], draw.below(2) == 0);
            let mut needs = vec![(1, vec![line, rows[0]])];
            if draw.below(3) == 0 {
                needs.push((1, vec![shared[draw.below(2)]]));
            }
            if draw.below(3) == 0 {
                let spare = part(&[(1, vec![rows[1]])], false);
                needs.push((2, vec![rows[0], spare, line]));
            }
            let host = part(&needs, draw.below(2) == 0);
            racks.push(part(&[(1, vec![host])], false));
        }
        let min = 1 + draw.below(2) as u32;
        zones.push(part(&[(min, racks)], false));
    }
    let min = 1 + draw.below(2) as u32;
    part(&[(min, zones)], false);
    parts.builder.finish().unwrap()
}

#[test]
fn after_a_gate_of_regions_changes_the_groups_are_those_of_a_full_search() {
    let (mut parts, mut changed) = (0, 0);
    for seed in 0..60 {
        let mut draw = Draw(seed);
        let graph = zones(&mut draw);
        let order = 1 + u8::try_from(draw.below(3)).unwrap();
        let question = Question::down(random::vertex(&graph, graph.len() - 1));
        let mut analysis = analysis(&graph, &question, order);
        let gates: Vec<_> = graph.vertices().flat_map(|v| graph.gates(v)).map(|gate| gate.id).collect();
        let mut gone = BTreeSet::new();
        for _ in 0..10 {
            let gate = gates[draw.below(gates.len())];
            let there = !gone.insert(gate) && gone.remove(&gate);
            let before = analysis.family;
            analysis.change(&[Change::Gate { gate, there }]).unwrap();
            changed += u32::from(analysis.family != before);
            let expect = TruthTable::of(&graph, |_| true, |gate| !gone.contains(&gate)).minimal(&question, order);
            let found: Sets = analysis.groups().map(|group| group.members).collect();
            assert_eq!(found, expect, "seed {seed}, order {order}, without {gone:?}");
        }
        parts += analysis.evaluation.regions_with_part().len();
    }
    assert!(parts > 60 && changed > 60, "{parts} regions with a part, {changed} changes");
}

/// A hall of racks, most alike, some in one more way, some in one way less, on rows and uplinks of pods: larger than a truth
/// table, and with much that implies other things. `gone` are gates that are left out.
fn hall(seed: u64, gone: &BTreeSet<usize>) -> FaultGraph {
    let mut draw = Draw(seed);
    let mut parts = Parts::without(gone);
    let mut part = |needs: &[(u32, Vec<Vertex>)], fails: bool| parts.add(needs, fails);
    let shared: Vec<Vertex> = (0..4).map(|_| part(&[], true)).collect();
    let mut halls = Vec::new();
    for _ in 0..2 {
        let feeds = [0, 1].map(|line| part(&[(1, vec![shared[line]])], true));
        let mut racks = Vec::new();
        for _ in 0..2 + draw.below(3) {
            let rows = feeds.map(|feed| part(&[(1, vec![feed])], true));
            let up = part(&[(1, rows.to_vec())], true);
            for _ in 0..3 + draw.below(5) {
                let line = part(&[(1, vec![rows[0]])], true);
                let mut needs = vec![(1, vec![up]), (1, vec![line, rows[1]])];
                match draw.below(8) {
                    0 => needs.push((1, vec![shared[2 + draw.below(2)]])),
                    1 => needs[0] = (1, vec![up, shared[3]]),
                    2 => needs.push((2, shared[1..].to_vec())),
                    3 => needs[1] = (1, vec![line, rows[1], feeds[1]]),
                    _ => {}
                }
                let switch = part(&needs, draw.below(2) == 0);
                let hosts: Vec<Vertex> = (0..4).map(|_| part(&[(1, vec![switch])], true)).collect();
                racks.push(part(&[(1, hosts)], false));
            }
        }
        let min = if draw.below(4) == 0 { u32::try_from(racks.len()).unwrap() } else { 1 };
        halls.push(part(&[(min, racks)], false));
    }
    part(&[(1, halls)], false);
    parts.builder.finish().unwrap()
}

/// Gates of a hall are changed one after the other, and the groups are those of a search in a graph that never had them. How
/// often they were others than before.
pub(super) fn check_hall(seed: u64) -> u32 {
    let order = 1 + u8::try_from(seed % 3).unwrap();
    let whole = hall(seed, &BTreeSet::new());
    let question = |graph: &FaultGraph| Question::down(random::vertex(graph, graph.len() - 1));
    let of_graph = |analysis: &Analysis<'_>| -> Sets { analysis.groups().map(|group| group.members).collect() };
    let gates: Vec<_> = whole.vertices().flat_map(|v| whole.gates(v)).map(|gate| gate.id).collect();
    let mut analysis = analysis(&whole, &question(&whole), order);
    if seed.is_multiple_of(2) {
        analysis.prepare_with(if seed.is_multiple_of(4) { 2 } else { usize::MAX });
    }
    let (mut gone, mut draw, mut changed) = (BTreeSet::new(), Draw(seed), 0);
    for _ in 0..8 {
        let at = draw.below(gates.len());
        let there = !gone.insert(at) && gone.remove(&at);
        let before = analysis.family;
        let counts = analysis.recount(&[Change::Gate { gate: gates[at], there }]).unwrap();
        let without = hall(seed, &gone);
        let full = Analysis::new(&without, &question(&without), Search::up_to(order)).unwrap();
        assert_eq!(counts, full.counts(), "seed {seed}, order {order}, without {gone:?}");
        analysis.change(&[]).unwrap();
        changed += u32::from(analysis.family != before);
        assert_eq!(of_graph(&analysis), of_graph(&full), "seed {seed}, order {order}, without {gone:?}");
        assert_eq!(analysis.counts(), full.counts(), "seed {seed}, order {order}, without {gone:?}");
    }
    changed
}

#[test]
fn after_changes_of_a_hall_the_groups_are_those_of_a_hall_without() {
    // In the last one a rack that was implied is not any more, by a change of what it needs.
    let changed: u32 = (0..60).chain([3442]).map(check_hall).sum();
    assert!(changed > 60, "{changed} changes of 488 changed the groups");
}

/// Two halls of many members each, each hall down with any of its own; a member is on parts of its own and on what all
/// share, in one of a few ways. `gone` are gates that are left out; how many there are otherwise.
fn crowds(seed: u64, small: bool, gone: &BTreeSet<usize>) -> (FaultGraph, usize) {
    let mut draw = Draw(seed);
    let mut parts = Parts::without(gone);
    // What is drawn may name a vertex twice, and ask for more than there are.
    let mut part = |needs: &[(usize, Vec<Vertex>)], fails: bool| {
        let of_drawn = |(min, of): &(usize, Vec<Vertex>)| {
            let of: Vec<Vertex> = of.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
            (u32::try_from(of.len().min(*min)).unwrap(), of)
        };
        parts.add(&needs.iter().map(of_drawn).collect::<Vec<_>>(), fails)
    };
    let shared: Vec<Vertex> = (0..3).map(|_| part(&[], true)).collect();
    let rows: Vec<Vertex> =
        (0..3).map(|_| part(&[(1 + draw.below(2), shared[draw.below(2)..].to_vec())], false)).collect();
    let (members, owns, kinds) = if small { (3, 2, 2) } else { (4 + draw.below(12), 4, 1 + draw.below(3)) };
    let mut halls = Vec::new();
    for _ in 0..2 {
        let mut of_hall = Vec::new();
        for member in 0..members {
            let mut of_kind = Draw(seed.wrapping_mul(31).wrapping_add((member % kinds) as u64));
            let mut things: Vec<Vertex> = rows.iter().chain(&shared).copied().collect();
            for _ in 0..owns {
                let twice = [0, 0].map(|_| things[of_kind.below(things.len())]);
                let needs = if of_kind.below(2) == 0 { vec![] } else { vec![(1 + of_kind.below(2), twice.to_vec())] };
                let own = part(&needs, true);
                things.push(own);
            }
            let mut needs = Vec::new();
            for _ in 0..1 + of_kind.below(3) {
                let last = things.len() - owns;
                let mut of = vec![things[last + of_kind.below(owns)], things[last + of_kind.below(owns)]];
                of.push(things[of_kind.below(things.len())]);
                needs.push((1 + of_kind.below(3), of));
            }
            if draw.below(6) == 0 {
                needs.push((1, vec![shared[draw.below(3)]]));
            }
            of_hall.push(part(&needs, false));
        }
        // One member may be needed in another way too.
        let spare = (draw.below(4) == 0).then(|| part(&[(1, vec![of_hall[0], rows[draw.below(3)]])], !small));
        let mut needs = vec![(of_hall.len(), of_hall)];
        needs.extend(spare.map(|spare| (1, vec![spare])));
        if draw.below(3) == 0 {
            needs.push((1, vec![rows[draw.below(3)]]));
        }
        halls.push(part(&needs, false));
    }
    // Both, or one of them in two ways.
    let both = part(&[(1, halls.clone())], false);
    let either = part(&[(1, vec![halls[0], shared[0]]), (1, vec![halls[1], rows[0]])], false);
    let top = if draw.below(2) == 0 { vec![both] } else { vec![both, either] };
    part(&[(1, top)], false);
    let gates = parts.gates;
    (parts.builder.finish().unwrap(), gates)
}

/// Changes of gates and own failures, one after the other. How often they changed the numbers, and whether there was a crowd.
pub(super) fn check_crowds(seed: u64) -> (u32, bool) {
    let small = seed.is_multiple_of(4);
    let mut draw = Draw(seed);
    let order = 1 + u8::try_from(draw.below(5)).unwrap();
    let (whole, count) = crowds(seed, small, &BTreeSet::new());
    let question = |graph: &FaultGraph| Question::down(random::vertex(graph, graph.len() - 1));
    let gates: Vec<_> = whole.vertices().flat_map(|v| whole.gates(v)).map(|gate| gate.id).collect();
    assert_eq!(gates.len(), count);
    let events: Vec<Vertex> = whole.vertices().filter(|&v| whole.event(v).is_some()).collect();
    let mut analysis = analysis(&whole, &question(&whole), order);
    analysis.prepare_with(2);
    let (mut gone, mut failing, mut changed) = (BTreeSet::new(), None, 0);
    let mut before = analysis.counts();
    for _ in 0..5 {
        let at = draw.below(gates.len());
        let there = !gone.insert(at) && gone.remove(&at);
        let mut changes = vec![Change::Gate { gate: gates[at], there }];
        changes.extend(failing.take().map(|vertex| Change::Event { vertex, there: true }));
        if draw.below(2) == 0 {
            let vertex = events[draw.below(events.len())];
            changes.push(Change::Event { vertex, there: false });
            failing = Some(vertex);
        }
        let counts = analysis.recount(&changes).unwrap();
        let (without, _) = crowds(seed, small, &gone);
        let mut full = Analysis::new(&without, &question(&without), Search::up_to(order)).unwrap();
        // Vertices have the same numbers in both.
        full.change(&failing.map(|vertex| Change::Event { vertex, there: false }).into_iter().collect::<Vec<_>>())
            .unwrap();
        assert_eq!(counts, full.counts(), "seed {seed}, order {order}, without {gone:?} and {failing:?}");
        if small {
            let truth = TruthTable::of(&without, |v| Some(v) != failing, |_| true);
            assert_eq!(counts, counts_of(&truth.minimal(&question(&without), order), order), "seed {seed}");
        }
        changed += u32::from(counts != before);
        before = counts;
    }
    (changed, analysis.counting.is_some())
}

#[test]
fn crowds_are_counted_after_changes_as_they_are_without() {
    let of_all: Vec<(u32, bool)> = (0..400).map(check_crowds).collect();
    let changed: u32 = of_all.iter().map(|(changed, _)| changed).sum();
    let with_crowd = of_all.iter().filter(|(_, with_crowd)| *with_crowd).count();
    assert!(changed > 400 && with_crowd > 200, "{changed} changes of 2000, {with_crowd} graphs with a crowd");
}
