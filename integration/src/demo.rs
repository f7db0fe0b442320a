//! The demo: a collector and a real agent as an operator runs them, and a simulated region beside them.
//!
//! ```text
//! collector ─ ready ─▶ tokens ─▶ agent (real) + nodes (simulated) ─ all heard, audited ─▶ one screen ─▶ bundle | Ctrl-C
//! ```
//!
//! Nothing here knows what the verdicts will be: everything on the screen is asked of the collector.

mod screen;

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use serde_json::Value;
use tokio::sync::watch;

use crate::http;
use crate::programs::{self, Running};
use crate::sim::{Life, SimulatedNode, live};

const DECLARATION: &str = include_str!("../demo/declaration.yaml");
const ZONES: u64 = 3;
const NODES_PER_ZONE: u64 = 8;
const SEED: u64 = 20_261_121;

/// The name under which this machine reports.
const THIS_MACHINE: &str = "this-machine";

/// How long the plane may take to stand, in seconds.
const STANDS_WITHIN: u64 = 60;

/// A plane that runs.
#[derive(Debug)]
pub struct Demo {
    directory: PathBuf,
    page: SocketAddr,
    stop: watch::Sender<bool>,
    nodes: Vec<tokio::task::JoinHandle<()>>,
    agent: Running,
    collector: Running,
}

impl Demo {
    /// Starts everything below `directory`, which is empty or new; the page on this port where it is free, 0 for any.
    pub async fn start(directory: &Path, port: u16) -> anyhow::Result<Self> {
        std::fs::create_dir_all(directory).with_context(|| format!("cannot make {}", directory.display()))?;
        if std::fs::read_dir(directory)?.next().is_some() {
            bail!("{} is not empty: name a new directory, the demo never touches an old one", directory.display());
        }
        let page = SocketAddr::from((Ipv4Addr::LOCALHOST, programs::free_port(port)?));
        let ingest = SocketAddr::from((Ipv4Addr::LOCALHOST, programs::free_port(0)?));
        let config = write_config(directory, page, ingest)?;
        let mut collector =
            Running::start("avow-collector", &["--config", &config, "run"], &directory.join("collector.log"))?;
        collector.wait_ready(page, "/readyz", 20)?;
        let life = Life { directory: directory.join("simulated"), interval: Duration::from_secs(10), reboots: 0 };
        std::fs::create_dir_all(&life.directory)?;
        let fleet = SimulatedNode::fleet(ZONES, NODES_PER_ZONE, SEED)?;
        for node in &fleet {
            programs::token(&config, node.node.as_str(), &life.token(&node.node))?;
        }
        let agent = start_agent(directory, &config)?;
        let (stop, stopped) = watch::channel(false);
        let mut nodes = Vec::new();
        for node in fleet {
            let (life, mut stopped) = (life.clone(), stopped.clone());
            nodes.push(tokio::spawn(async move {
                let stop = async move { drop(stopped.wait_for(|stop| *stop).await) };
                if let Err(error) = live(node, life, Arc::new(AtomicU64::new(0)), stop).await {
                    tracing::error!(error = &error as &dyn std::error::Error, "a simulated node ended");
                }
            }));
        }
        let demo = Self { directory: directory.to_owned(), page, stop, nodes, agent, collector };
        demo.wait_until_it_stands().await?;
        Ok(demo)
    }

    /// Every node was heard, and the verdicts rest on all of them.
    async fn wait_until_it_stands(&self) -> anyhow::Result<()> {
        let expected = (ZONES * NODES_PER_ZONE + 1) as usize;
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(STANDS_WITHIN) {
            tokio::time::sleep(Duration::from_millis(100)).await;
            let Ok(nodes) = self.ask("/v1/nodes").await else { continue };
            if nodes["nodes"].as_array().is_none_or(|nodes| nodes.len() < expected) {
                continue;
            }
            let Ok(credentials) = self.ask("/v1/credentials").await else { continue };
            let listed = credentials["credentials"].as_array().into_iter().flatten();
            let hardware = listed.filter(|credential| credential["class"] == "avow:NodeHardware").count();
            if hardware == expected {
                return Ok(());
            }
        }
        let log = self.directory.join("collector.log");
        bail!("the plane did not stand within {STANDS_WITHIN} s; what the collector said is in {}", log.display())
    }

    async fn ask(&self, path: &'static str) -> anyhow::Result<Value> {
        let page = self.page;
        let body = tokio::task::spawn_blocking(move || http::get(page, path)).await??;
        Ok(serde_json::from_slice(&body)?)
    }

    /// One screen: what is real, what was found, what to do next.
    pub async fn screen(&self) -> anyhow::Result<String> {
        let node = self.ask("/v1/nodes/this-machine").await?;
        Ok(screen::render(&screen::Plane {
            nodes: self.ask("/v1/nodes").await?,
            node,
            verdicts: self.ask("/v1/verdicts").await?,
            findings: self.ask("/v1/findings").await?,
            credentials: self.ask("/v1/credentials").await?,
            bundle: self.directory.join("demo-bundle.avow"),
            programs: programs::folder()?,
            page: self.page,
        }))
    }

    /// Writes `demo-bundle.avow` and the credentials into the directory.
    pub async fn export(&self) -> anyhow::Result<()> {
        let (page, directory) = (self.page, self.directory.clone());
        tokio::task::spawn_blocking(move || export(page, &directory)).await?
    }

    /// The most memory that the real agent has had so far, in bytes.
    pub fn agent_memory_bytes(&self) -> Option<u64> {
        self.agent.peak_memory_bytes()
    }

    /// Ends everything that was started.
    pub async fn stop(mut self) {
        let _ = self.stop.send(true);
        self.agent.stop(Duration::from_secs(3));
        for node in self.nodes.drain(..) {
            let _ = node.await;
        }
        self.collector.stop(Duration::from_secs(5));
    }
}

fn write_config(directory: &Path, page: SocketAddr, ingest: SocketAddr) -> anyhow::Result<String> {
    let declaration = directory.join("declaration.yaml");
    std::fs::write(&declaration, DECLARATION)?;
    let config = directory.join("collector.toml");
    let text = format!(
        "[state]\ndirectory = {:?}\n\n[http]\nlisten = \"{page}\"\n\n[ingest]\nlisten = \"{ingest}\"\n\n\
         [declaration]\nfile = {declaration:?}\n\n[audit]\nsettle_ms = 200\n",
        directory.join("collector"),
    );
    std::fs::write(&config, text)?;
    Ok(config.display().to_string())
}

fn start_agent(directory: &Path, collector: &str) -> anyhow::Result<Running> {
    let file = directory.join("this-machine.token");
    programs::token(collector, THIS_MACHINE, &file)?;
    let config = directory.join("agent.toml");
    let text = format!(
        "[node]\nname = \"{THIS_MACHINE}\"\n\n[collector]\njoin_token_file = {file:?}\n\n\
         [state]\ndirectory = {:?}\n\n[report]\ninterval_seconds = 10\n\n[sources]\nlibvirt_uri = \"{}\"\n",
        directory.join("agent"),
        libvirt_uri(),
    );
    std::fs::write(&config, text)?;
    let arguments = ["--config", &config.display().to_string(), "run"];
    Ok(Running::start("avow-agent", &arguments, &directory.join("agent.log"))?)
}

/// The hypervisor of this machine, where a daemon listens; else libvirt's built-in example, which the fact then says.
fn libvirt_uri() -> &'static str {
    let sockets = ["/run/libvirt/libvirt-sock-ro", "/run/libvirt/virtqemud-sock-ro"];
    if sockets.iter().any(|socket| Path::new(socket).exists()) { "qemu:///system" } else { "test:///default" }
}

fn export(page: SocketAddr, directory: &Path) -> anyhow::Result<()> {
    std::fs::write(directory.join("demo-bundle.avow"), http::get(page, "/v1/bundle")?)?;
    let credentials = directory.join("credentials");
    std::fs::create_dir_all(&credentials)?;
    let listed: Value = serde_json::from_slice(&http::get(page, "/v1/credentials")?)?;
    let ids = listed["credentials"].as_array().into_iter().flatten().filter_map(|listed| listed["id"].as_str());
    let names: BTreeSet<&str> = ids.filter_map(|id| id.rsplit('/').next()).collect();
    for name in names {
        let jwt = http::get(page, &format!("/v1/credentials/{name}"))?;
        std::fs::write(credentials.join(format!("{name}.jwt")), jwt)?;
    }
    Ok(())
}
