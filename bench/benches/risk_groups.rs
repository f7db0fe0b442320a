//! What does it cost to find every risk group of a region with a million components, and to look again after a change?
//!
//! Changes are measured one by one, each of a component that was not changed before, and back: the first time nothing of it is
//! remembered. What is told is the median and the most: of counting the groups anew, and of making the groups themselves
//! besides. The numbers must be those of the groups, and those of the first search once all is back.

use bench::region::Region;
use bench::{cpu_time, figure, median_cpu};
use independence::analysis::{Analysis, Change, Question, Search};
use independence::fault_graph::{FaultGraph, Vertex};

/// Components that are changed: of a zone, of pods, of racks, of hosts.
const CHANGED: [(&str, [&str; 4]); 5] = [
    ("a zone's feed", ["z0_feed_0", "z1_feed_0", "z0_feed_1", "z1_feed_1"]),
    ("a pod's row", ["z0_p3_row_0", "z1_p9_row_1", "z0_p40_row_1", "z1_p60_row_0"]),
    ("a switch of a pod", ["z0_p3_agg_1", "z1_p9_agg_2", "z0_p40_agg_3", "z1_p60_agg_4"]),
    ("a rack's uplink", ["z0_p3_r5_switch", "z1_p9_r7_switch", "z0_p40_r9_switch", "z1_p60_r11_switch"]),
    ("a host's supply", ["z0_p3_r5_h1", "z1_p9_r7_h1", "z0_p40_r9_h1", "z1_p60_r11_h1"]),
];

fn main() -> anyhow::Result<()> {
    let start = cpu_time();
    let region = Region { k: 64, odd: 0, irregular: false }.build()?;
    figure("build a region (k = 64)", milliseconds(start), "ms CPU");
    figure("components", region.len() as f64, "");
    search(&region, "k = 64: two of three zones lost, groups up to order 4", "two_zones_lost", 4)?;
    search(&region, "k = 64: a rack of each of two zones lost, groups up to order 4", "racks_impaired", 4)?;
    changes(&region, "two zones lost, up to order 4", "two_zones_lost", 4)?;
    changes(&region, "a rack of each of two zones, up to order 4", "racks_impaired", 4)?;
    drop(region);
    let region = Region { k: 32, odd: 0, irregular: false }.build()?;
    search(&region, "k = 32: a rack of each of two zones lost, groups up to order 4", "racks_impaired", 4)?;
    let region = Region { k: 64, odd: 3, irregular: false }.build()?;
    search(&region, "k = 64, a third of the racks odd: two zones lost, up to order 3", "two_zones_lost", 3)?;
    drop(region);
    let region = Region { k: 64, odd: 3, irregular: true }.build()?;
    figure("components of an irregular region (k = 64)", region.len() as f64, "");
    search(&region, "irregular: two zones lost, up to order 3", "two_zones_lost", 3)?;
    search(&region, "irregular: a rack of each of two zones, up to order 3", "racks_impaired", 3)?;
    changes(&region, "irregular, two zones lost, up to order 3", "two_zones_lost", 3)?;
    changes(&region, "irregular, a rack of each of two zones, up to order 3", "racks_impaired", 3)
}

fn search(graph: &FaultGraph, what: &str, question: &str, order: u8) -> anyhow::Result<()> {
    let question = Question::down(named(graph, question)?);
    let analysis = Analysis::new(graph, &question, Search::up_to(order))?;
    let groups: u128 = analysis.counts().iter().sum();
    anyhow::ensure!(groups > 0, "{what}: no group");
    drop(analysis);
    let counted = || Analysis::new(graph, &question, Search::up_to(order)).map(|analysis| analysis.counts());
    figure(&format!("{what} ({groups} groups)"), median_cpu(counted).as_secs_f64() * 1e3, "ms CPU");
    Ok(())
}

fn changes(graph: &FaultGraph, what: &str, question: &str, order: u8) -> anyhow::Result<()> {
    let question = Question::down(named(graph, question)?);
    let mut analysis = Analysis::new(graph, &question, Search::up_to(order))?;
    let whole = analysis.counts();
    let start = cpu_time();
    analysis.prepare();
    figure(&format!("{what}: prepare for changes"), milliseconds(start), "ms CPU");
    for (kind, names) in CHANGED {
        let (mut counting, mut making) = (Vec::new(), Vec::new());
        for name in names {
            let Some(gate) = graph.gates(named(graph, name)?).next().map(|gate| gate.id) else {
                anyhow::bail!("{name} needs nothing")
            };
            for there in [false, true] {
                let start = cpu_time();
                let counts = analysis.recount(&[Change::Gate { gate, there }])?;
                counting.push(milliseconds(start));
                anyhow::ensure!(!there || counts == whole, "{what}: {counts:?} after {name} is back, not {whole:?}");
                let start = cpu_time();
                analysis.change(&[])?;
                making.push(milliseconds(start));
                anyhow::ensure!(analysis.counts() == counts, "{what}: other groups than counted, {name}: {there}");
            }
        }
        told(&format!("{what}: again after {kind} goes or comes back"), counting);
        told(&format!("{what}: the groups besides, after {kind}"), making);
    }
    let vertex = named(graph, "z0_p3_r5_h7")?;
    let mut took = Vec::new();
    for there in [false, true] {
        let start = cpu_time();
        let counts = analysis.recount(&[Change::Event { vertex, there }])?;
        took.push(milliseconds(start));
        let groups = |counts: &[u128]| counts.iter().sum::<u128>();
        anyhow::ensure!(groups(&counts) <= groups(&whole), "{what}: more groups where less can fail");
    }
    told(&format!("{what}: again after a host cannot fail, or can"), took);
    Ok(())
}

fn told(what: &str, mut took: Vec<f64>) {
    took.sort_by(f64::total_cmp);
    figure(&format!("{what}, median"), took[took.len() / 2], "ms CPU");
    figure(&format!("{what}, at most"), took[took.len() - 1], "ms CPU");
}

fn milliseconds(start: std::time::Duration) -> f64 {
    (cpu_time() - start).as_secs_f64() * 1e3
}

fn named(graph: &FaultGraph, name: &str) -> anyhow::Result<Vertex> {
    graph.find(name).ok_or_else(|| anyhow::anyhow!("the region has no {name}"))
}
