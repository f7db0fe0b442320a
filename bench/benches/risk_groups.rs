//! What does it cost to find every risk group of a region with a million components, and to look again after a change?

use bench::region::Region;
use bench::{cpu_time, figure, median_cpu, micros};
use independence::analysis::{Analysis, Change, Question, Search};
use independence::fault_graph::{FaultGraph, Vertex};

fn main() -> anyhow::Result<()> {
    let start = cpu_time();
    let region = Region { k: 64, odd: 0 }.build()?;
    figure("build a region (k = 64)", (cpu_time() - start).as_secs_f64() * 1e3, "ms CPU");
    figure("components", region.len() as f64, "");
    search(&region, "k = 64: two of three zones lost, groups up to order 4", "two_zones_lost", 4)?;
    search(&region, "k = 64: a rack of each of two zones lost, groups up to order 4", "racks_impaired", 4)?;
    changes(&region)?;
    drop(region);
    let region = Region { k: 32, odd: 0 }.build()?;
    search(&region, "k = 32: a rack of each of two zones lost, groups up to order 4", "racks_impaired", 4)?;
    let region = Region { k: 64, odd: 3 }.build()?;
    search(&region, "k = 64, a third of the racks odd: two zones lost, up to order 3", "two_zones_lost", 3)
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

fn changes(graph: &FaultGraph) -> anyhow::Result<()> {
    let question = Question::down(named(graph, "two_zones_lost")?);
    let mut analysis = Analysis::new(graph, &question, Search::up_to(4))?;
    for (what, name) in [("a substation cannot fail", "substation_0"), ("a host cannot fail", "z0_p3_r5_h7")] {
        let vertex = named(graph, name)?;
        toggled(&mut analysis, &format!("again after {what}, and can"), |there| Change::Event { vertex, there })?;
    }
    for (what, name) in [("a rack's uplink goes", "z0_p3_r5_switch"), ("a zone's feed goes", "z0_feed_0")] {
        let vertex = named(graph, name)?;
        let Some(gate) = graph.gates(vertex).next().map(|gate| gate.id) else { anyhow::bail!("{name} needs nothing") };
        toggled(&mut analysis, &format!("again after {what}, and comes back"), |there| Change::Gate { gate, there })?;
    }
    Ok(())
}

/// Two searches, after something goes and after it comes back.
fn toggled(analysis: &mut Analysis<'_>, what: &str, change: impl Fn(bool) -> Change) -> anyhow::Result<()> {
    let mut again = || -> anyhow::Result<u128> {
        let mut groups = 0;
        for there in [false, true] {
            analysis.change(&[change(there)])?;
            groups += analysis.counts().iter().sum::<u128>();
        }
        Ok(groups)
    };
    anyhow::ensure!(again()? > 0, "{what}: no group");
    figure(what, micros(median_cpu(again)), "µs CPU");
    Ok(())
}

fn named(graph: &FaultGraph, name: &str) -> anyhow::Result<Vertex> {
    graph.find(name).ok_or_else(|| anyhow::anyhow!("the region has no {name}"))
}
