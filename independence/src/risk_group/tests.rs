//! The search against the truth table, on thousands of small graphs.

use std::collections::BTreeSet;
use std::rc::Rc;

use descriptors::component::{ComponentId, ComponentKind};

use super::{Family, OutOfWork, Set, Work, joint, risk_groups};
use crate::analysis::{Analysis, Question, Search};
use crate::draw::Draw;
use crate::fault_graph::{FaultGraph, Vertex};
use crate::graph::{Basis, Builder, Graph, Index, Provenance};

const SEEDS: u64 = 4_000;

/// Feeds fail by themselves, racks only by what they need.
fn fails(graph: &Graph, v: Index) -> bool {
    graph.id(v).kind() == ComponentKind::PowerFeed
}

/// Up to 10 feeds and 8 racks. In half of the graphs a rack may need any other and itself, else only later ones.
fn random_graph(draw: &mut Draw) -> Graph {
    let feeds = 1 + draw.below(10);
    let racks = 2 + draw.below(7);
    let feed = |i: usize| ComponentId::new(ComponentKind::PowerFeed, format!("f{i}"));
    let rack = |i: usize| ComponentId::new(ComponentKind::Rack, format!("r{i}"));
    let circles = draw.below(2) == 0;
    let mut builder = Builder::default();
    (0..feeds).for_each(|i| builder.declare(feed(i)));
    for i in 0..racks {
        builder.declare(rack(i));
        for _ in 0..1 + draw.below(2) {
            let members: BTreeSet<ComponentId> = (0..1 + draw.below(4))
                .map(|_| match draw.below(2) {
                    0 if circles => rack(draw.below(racks)),
                    0 if i + 1 < racks => rack(i + 1 + draw.below(racks - i - 1)),
                    _ => feed(draw.below(feeds)),
                })
                .collect();
            let minimum = 1 + draw.below(members.len()).saturating_sub(draw.below(4));
            builder.need(&rack(i), members, minimum, basis());
        }
    }
    if circles && draw.below(4) == 0 {
        let members = BTreeSet::from([feed(draw.below(feeds)), rack(draw.below(racks))]);
        builder.need(&feed(draw.below(feeds)), members, 1, basis());
    }
    builder.build()
}

fn basis() -> Basis {
    Basis { provenance: Provenance::Declared, source: "test".to_owned(), seen_at: None }
}

/// The least solution of `down`, by its definition.
fn down(graph: &Graph, failed: &Set) -> BTreeSet<Index> {
    let mut down: BTreeSet<Index> = failed.iter().copied().collect();
    loop {
        let before = down.len();
        for v in graph.indices() {
            let broken = graph.vertex(v).needs.iter().any(|need| {
                let working = need.members.iter().filter(|member| !down.contains(member)).count();
                working < need.minimum
            });
            if broken {
                down.insert(v);
            }
        }
        if down.len() == before {
            return down;
        }
    }
}

/// Every set of feeds with what is then down, the smallest first.
fn truth_table(graph: &Graph) -> Vec<(Set, BTreeSet<Index>)> {
    let feeds: Vec<Index> = graph.indices().filter(|&v| fails(graph, v)).collect();
    let mut rows: Vec<(Set, BTreeSet<Index>)> = (0u32..1 << feeds.len())
        .map(|mask| feeds.iter().enumerate().filter(|(i, _)| mask >> i & 1 == 1).map(|(_, &feed)| feed).collect())
        .map(|set: Set| {
            let down = down(graph, &set);
            (set, down)
        })
        .collect();
    rows.sort_by_key(|(set, _)| set.len());
    rows
}

/// The minimal sets, up to an order, with which all of `roots` are down.
fn minimal_rows(table: &[(Set, BTreeSet<Index>)], order_max: usize, roots: &[Index]) -> Family {
    let mut minimal: Vec<&Set> = Vec::new();
    for (set, down) in table {
        let fails = roots.iter().all(|root| down.contains(root));
        if fails && !minimal.iter().any(|known| known.iter().all(|member| set.contains(member))) {
            minimal.push(set);
        }
    }
    minimal.into_iter().filter(|set| set.len() <= order_max).cloned().collect()
}

/// The engine that audits use finds the same groups of each root.
fn check_engine(graph: &Graph, roots: &[Index], order_max: usize, found: &[Rc<Family>]) {
    let own: Vec<bool> = graph.indices().map(|v| fails(graph, v)).collect();
    let needs = graph.indices().flat_map(|v| graph.vertex(v).needs.iter().map(move |group| (v, group)));
    let needs = needs.map(|(v, group)| (v, group.minimum, group.members.as_slice()));
    let fault_graph = FaultGraph::of_needs(&own, needs);
    for (&root, family) in roots.iter().zip(found) {
        let search = Search::up_to(u8::try_from(order_max).unwrap());
        let analysis = Analysis::new(&fault_graph, &Question::down(Vertex::of(root)), search).unwrap();
        let groups: Family =
            analysis.groups().map(|group| group.members.iter().map(|v| v.number()).collect()).collect();
        assert_eq!(groups, **family);
    }
}

#[test]
fn minimal_risk_groups_are_those_of_the_truth_table() {
    let mut orders = [0u32; 11];
    let mut circles = 0;
    for seed in 0..SEEDS {
        let mut draw = Draw(seed);
        let graph = random_graph(&mut draw);
        circles += u64::from(!graph.cycles().is_empty());
        let order_max = 1 + draw.below(5);
        let racks: Vec<Index> = graph.indices().filter(|&v| !fails(&graph, v)).collect();
        let roots = [racks[0], racks[1]];
        let mut work = Work::new(1_000_000);
        let found = risk_groups(&graph, &roots, |v| fails(&graph, v), order_max, &mut work).unwrap();
        let table = truth_table(&graph);
        for (root, family) in roots.iter().zip(&found) {
            assert_eq!(**family, minimal_rows(&table, order_max, &[*root]), "seed {seed}, order {order_max}");
            family.iter().for_each(|set| orders[set.len()] += 1);
        }
        check_engine(&graph, &roots, order_max, &found);
        let odd = |set: &Set| set.iter().any(|member| member % 2 == 1);
        let both = joint(&found[0], &found[1], odd, order_max, &mut work).unwrap();
        let mut expect = minimal_rows(&table, order_max, &roots);
        expect.retain(odd);
        assert_eq!(both, expect, "joint, seed {seed}, order {order_max}");
    }
    // The graphs are no good if they are all alike.
    assert!((SEEDS / 4..SEEDS * 3 / 4).contains(&circles), "{circles}");
    assert!(orders[1..=4].iter().all(|&groups| groups > 300), "{orders:?}");
}

#[test]
fn two_that_need_each_other_are_up_until_something_fails() {
    let id = |text: &str| text.parse::<ComponentId>().unwrap();
    let mut builder = Builder::default();
    builder.need_all(&id("rack:a"), BTreeSet::from([id("rack:b")]), basis());
    builder.need_all(&id("rack:b"), BTreeSet::from([id("rack:a")]), basis());
    let groups = |builder: Builder| {
        let graph = builder.build();
        let root = graph.find(&id("rack:a")).unwrap();
        risk_groups(&graph, &[root], |v| fails(&graph, v), 3, &mut Work::new(1_000)).unwrap()[0].len()
    };
    assert_eq!(groups(builder), 0);
}

#[test]
fn a_search_without_an_end_is_given_up_and_not_cut_short() {
    let rack = ComponentId::new(ComponentKind::Rack, "r");
    let feeds: BTreeSet<ComponentId> =
        (0..60).map(|i| ComponentId::new(ComponentKind::PowerFeed, format!("f{i}"))).collect();
    let mut builder = Builder::default();
    builder.need(&rack, feeds, 58, basis());
    let graph = builder.build();
    let root = graph.find(&rack).unwrap();
    let search = |work| risk_groups(&graph, &[root], |v| fails(&graph, v), 3, &mut Work::new(work));
    assert_eq!(search(10_000), Err(OutOfWork));
    // 60 choose 3.
    assert_eq!(search(1_000_000).unwrap()[0].len(), 34_220);
}
