//! `./dev chaos`: the collector is killed at random moments while simulated nodes report. Nothing that was acknowledged may be
//! missing afterwards, nothing may count twice, and the end must be the same as without faults.
//!
//! How it is known what was acknowledged: a node numbers its statements without gaps and keeps each in its spool until it is
//! acknowledged. When every spool is empty, each number that was used must be in the store, once.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use serde_json::Value;
use tokio::sync::watch;

use crate::http;
use crate::programs::{self, Running};
use crate::sim::{Life, Seeded, SimulatedNode, live};

/// What is to be done.
#[derive(Debug, Clone)]
pub struct Plan {
    /// How many nodes, in three zones.
    pub nodes: u64,
    /// How often the collector is killed.
    pub kills: u64,
    /// Decides every random moment.
    pub seed: u64,
}

/// What a run left behind.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Remains {
    /// For each node how many statements it made.
    pub made: BTreeMap<String, u64>,
    /// For each node how many distinct statements are stored.
    pub stored: BTreeMap<String, u64>,
    /// For each node the facts that hold, with its boot.
    pub facts: BTreeMap<String, Value>,
    /// Every verdict with its reason, and every finding.
    pub verdicts: Vec<Value>,
    /// Statements that still wait in spools.
    pub waiting: u64,
}

/// How a plan ended.
#[derive(Debug)]
pub struct Report {
    /// Statements acknowledged in the run with faults.
    pub acknowledged: u64,
    /// Everything that is wrong; empty when all holds.
    pub faults: Vec<String>,
    /// How long the run with faults took.
    pub took: Duration,
}

/// In so many rounds each node has something new to say; after them it sends heartbeats.
const REBOOTS: u64 = 40;

/// Runs the plan with faults and without, below `directory`.
pub async fn run(plan: &Plan, directory: &Path) -> anyhow::Result<Report> {
    let quiet = Run::start(plan, &directory.join("quiet"), Duration::from_millis(100)).await?.finish(0, plan).await?;
    let start = Instant::now();
    let faulty = Run::start(plan, &directory.join("faulty"), Duration::from_millis(600)).await?;
    let faulty = faulty.finish(plan.kills, plan).await?;
    let mut faults = count(&faulty);
    faults.extend(count(&quiet).into_iter().map(|fault| format!("without faults: {fault}")));
    faults.extend(compare(&quiet, &faulty));
    Ok(Report { acknowledged: faulty.made.values().sum(), faults, took: start.elapsed() })
}

/// Each statement that was made must be stored once.
pub fn count(remains: &Remains) -> Vec<String> {
    let mut faults = Vec::new();
    if remains.waiting > 0 {
        faults.push(format!("{} statements still wait in spools", remains.waiting));
    }
    for (node, made) in &remains.made {
        let stored = remains.stored.get(node).copied().unwrap_or(0);
        if stored < *made {
            faults.push(format!("{node}: {} of {made} acknowledged statements are lost", made - stored));
        }
        if stored > *made {
            faults.push(format!("{node}: {} statements are counted twice", stored - made));
        }
    }
    faults
}

/// The end with faults must be the end without.
pub fn compare(quiet: &Remains, faulty: &Remains) -> Vec<String> {
    let mut faults = Vec::new();
    for (node, facts) in &quiet.facts {
        if faulty.facts.get(node) != Some(facts) {
            faults.push(format!("{node}: the facts that hold differ from those without faults"));
        }
    }
    if quiet.facts.len() != faulty.facts.len() {
        faults.push(format!("{} nodes are known, {} without faults", faulty.facts.len(), quiet.facts.len()));
    }
    if quiet.verdicts != faulty.verdicts {
        faults.push("the verdicts differ from those without faults".to_owned());
    }
    faults
}

struct Run {
    directory: PathBuf,
    config: String,
    page: SocketAddr,
    collector: Running,
    life: Life,
    nodes: Vec<Node>,
    stop: watch::Sender<bool>,
}

struct Node {
    name: String,
    rounds: Arc<AtomicU64>,
    task: tokio::task::JoinHandle<anyhow::Result<()>>,
}

impl Run {
    async fn start(plan: &Plan, directory: &Path, interval: Duration) -> anyhow::Result<Self> {
        std::fs::create_dir_all(directory)?;
        let page = SocketAddr::from((Ipv4Addr::LOCALHOST, programs::free_port(0)?));
        let ingest = SocketAddr::from((Ipv4Addr::LOCALHOST, programs::free_port(0)?));
        let fleet = SimulatedNode::fleet(3, plan.nodes.div_ceil(3), plan.seed)?;
        let config = write_config(directory, page, ingest, &fleet)?;
        let collector = start_collector(&config, directory, page)?;
        let life = Life { directory: directory.join("nodes"), interval, reboots: REBOOTS };
        std::fs::create_dir_all(&life.directory)?;
        for node in &fleet {
            programs::token(&config, node.node.as_str(), &life.token(&node.node))?;
        }
        let (stop, stopped) = watch::channel(false);
        let mut nodes = Vec::new();
        for node in fleet {
            let name = node.node.to_string();
            let rounds = Arc::new(AtomicU64::new(0));
            let (life, counted, mut stopped) = (life.clone(), Arc::clone(&rounds), stopped.clone());
            let stop = async move { drop(stopped.wait_for(|stop| *stop).await) };
            let task = tokio::spawn(async move { Ok(live(node, life, counted, stop).await?) });
            nodes.push(Node { name, rounds, task });
        }
        Ok(Self { directory: directory.to_owned(), config, page, collector, life, nodes, stop })
    }

    /// Kills as often as planned, lets every node say all it has to say, and looks at what is left.
    async fn finish(mut self, kills: u64, plan: &Plan) -> anyhow::Result<Remains> {
        let mut moments = Seeded::new(plan.seed ^ 0xdead);
        for _ in 0..kills {
            tokio::time::sleep(Duration::from_millis(150 + moments.draw() % 750)).await;
            self.collector.kill();
            let (config, directory, page) = (self.config.clone(), self.directory.clone(), self.page);
            self.collector = tokio::task::spawn_blocking(move || start_collector(&config, &directory, page)).await??;
        }
        let enough = |nodes: &[Node]| nodes.iter().all(|node| node.rounds.load(Ordering::Relaxed) > REBOOTS);
        let start = Instant::now();
        while !enough(&self.nodes) {
            ensure!(start.elapsed() < Duration::from_secs(300), "the nodes did not finish their rounds");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let _ = self.stop.send(true);
        let mut remains = Remains::default();
        for node in &mut self.nodes {
            (&mut node.task).await?.with_context(|| format!("the simulated node {} ended", node.name))?;
            let (made, waiting) = spooled(&self.life.directory.join(&node.name))?;
            remains.made.insert(node.name.clone(), made);
            remains.waiting += waiting;
        }
        let page = self.page;
        let remains = tokio::task::spawn_blocking(move || collect(page, remains)).await??;
        self.collector.stop(Duration::from_secs(10));
        Ok(remains)
    }
}

fn start_collector(config: &str, directory: &Path, page: SocketAddr) -> anyhow::Result<Running> {
    let log = directory.join("collector.log");
    let mut collector = Running::start("avow-collector", &["--config", config, "run"], &log)?;
    collector.wait_ready(page, "/readyz", 30)?;
    Ok(collector)
}

/// How many statements a node made, and how many of them it has not got rid of.
fn spooled(state: &Path) -> anyhow::Result<(u64, u64)> {
    let mut spool = node_agent::spool::Spool::open(&state.join("spool"), u64::MAX)?;
    let waiting = spool.len() as u64;
    Ok((spool.reserve()? - 1, waiting))
}

fn collect(page: SocketAddr, mut remains: Remains) -> anyhow::Result<Remains> {
    let ask = |path: &str| -> anyhow::Result<Value> { Ok(serde_json::from_slice(&http::get(page, path)?)?) };
    for node in ask("/v1/nodes")?["nodes"].as_array().into_iter().flatten() {
        let (Some(name), Some(count)) = (node["node"].as_str(), node["statements"].as_u64()) else {
            bail!("a node without name or count: {node}");
        };
        remains.stored.insert(name.to_owned(), count);
        let detail = ask(&format!("/v1/nodes/{name}"))?;
        let report = &detail["report"];
        remains.facts.insert(name.to_owned(), serde_json::json!([report["boot_id"], report["facts"]]));
    }
    let known = remains.facts.len();
    let start = Instant::now();
    loop {
        // The audit follows the last statement after a moment.
        let credentials = ask("/v1/credentials")?;
        let listed = credentials["credentials"].as_array().into_iter().flatten();
        let hardware = listed.filter(|credential| credential["class"] == "avow:NodeHardware").count();
        let verdicts = ask("/v1/verdicts")?;
        if hardware == known {
            remains.verdicts = without_times(&verdicts);
            return Ok(remains);
        }
        ensure!(start.elapsed() < Duration::from_secs(30), "only {hardware} of {known} nodes were audited");
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn without_times(verdicts: &Value) -> Vec<Value> {
    let assessments = verdicts["assessments"].as_array().into_iter().flatten();
    assessments.map(|a| serde_json::json!([a["zones"], a["dimension"], a["outcome"], a["reason"]])).collect()
}

fn write_config(
    directory: &Path,
    page: SocketAddr,
    ingest: SocketAddr,
    fleet: &[SimulatedNode],
) -> anyhow::Result<String> {
    let declaration = directory.join("declaration.json");
    std::fs::write(&declaration, declare(fleet).to_string())?;
    let config = directory.join("collector.toml");
    let text = format!(
        "[state]\ndirectory = {:?}\n\n[http]\nlisten = \"{page}\"\n\n[ingest]\nlisten = \"{ingest}\"\n\n\
         [declaration]\nfile = {declaration:?}\n\n[audit]\nsettle_ms = 500\n",
        directory.join("collector"),
    );
    std::fs::write(&config, text)?;
    Ok(config.display().to_string())
}

/// Three zones with these nodes; JSON, which is YAML too.
fn declare(fleet: &[SimulatedNode]) -> Value {
    let zone = |zone: u64| {
        let nodes: Vec<&str> = fleet.iter().filter(|node| node.zone == zone).map(|node| node.node.as_str()).collect();
        let (name, rack) = (format!("zone-{zone}"), format!("rack-{zone}"));
        serde_json::json!({"id": name, "needs": [format!("feed-{zone}")], "racks": [{"id": rack, "nodes": nodes}]})
    };
    let parts: Vec<Value> =
        (1..=3).map(|zone| serde_json::json!({"id": format!("feed-{zone}"), "kind": "power_feed"})).collect();
    serde_json::json!({
        "origin": "simulated",
        "provider": {"id": "chaos", "name": "Chaos", "registration_number": {"vat_id": "DE1"},
            "legal_address": {"country_code": "DE"}},
        "parts": parts,
        "regions": [{"id": "r", "datacenters": [{"id": "d", "address": {"country_code": "DE"},
            "availability_zones": [zone(1), zone(2), zone(3)]}]}],
        "claims": [{"id": "c", "zones": ["zone-1", "zone-2", "zone-3"]}]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remains(made: u64, stored: u64) -> Remains {
        let one = |count| BTreeMap::from([("n".to_owned(), count)]);
        Remains { made: one(made), stored: one(stored), ..Remains::default() }
    }

    #[test]
    fn a_lost_and_a_double_statement_are_noticed() {
        assert_eq!(count(&remains(5, 5)), [""; 0]);
        assert_eq!(count(&remains(5, 4)), ["n: 1 of 5 acknowledged statements are lost"]);
        assert_eq!(count(&remains(5, 6)), ["n: 1 statements are counted twice"]);
        assert_eq!(count(&Remains { waiting: 1, ..remains(5, 5) }), ["1 statements still wait in spools"]);
    }

    #[test]
    fn another_end_than_without_faults_is_noticed() {
        let facts =
            |boot: u64| Remains { facts: BTreeMap::from([("n".to_owned(), Value::from(boot))]), ..Remains::default() };
        assert_eq!(compare(&facts(1), &facts(1)), [""; 0]);
        assert_eq!(compare(&facts(1), &facts(2)).len(), 1);
        let other = Remains { verdicts: vec![Value::from("x")], ..facts(1) };
        assert_eq!(compare(&facts(1), &other).len(), 1);
    }
}
