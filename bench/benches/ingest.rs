//! What does one report cost on its way into the store: mutual TLS, signature, checks, a durable commit, acknowledgement? Node and
//! collector are in one process, so the figure is that of both sides together; making the report is not in it.

use std::time::Duration;

use bench::{cpu_time, figure, micros};
use collector::config::Config;
use collector::{clock, enrol, plane};
use descriptors::canonical;
use descriptors::proof::SoftwareKey;
use descriptors::proof::dsse::Envelope;
use descriptors::report::{Origin, REPORT_TYPE, Report};
use integration::sim::SimulatedNode;
use node_agent::report::Link;
use proto::convert::Outcome;

const REPORTS: u64 = 2000;
const RUNS: usize = 5;
const WINDOW: usize = 64;

fn main() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut runs = runtime.block_on(async {
        let mut runs = Vec::new();
        for run in 0..RUNS {
            runs.push(one_run(run as u64).await?);
        }
        anyhow::Ok(runs)
    })?;
    runs.sort_unstable();
    figure("take in one report durably, both sides", micros(runs[RUNS / 2]), "µs CPU");
    Ok(())
}

/// CPU time of one report on a fresh collector.
async fn one_run(run: u64) -> anyhow::Result<Duration> {
    let directory = tempfile::tempdir()?;
    let mut config = Config::default();
    config.state.directory = directory.path().to_owned();
    config.ingest.listen.set_port(0);
    let opened = plane::open(&config).await?;
    let running = plane::start_with(&config.ingest, opened).await?;
    let node = SimulatedNode::new(1, 1, run)?;
    let key = SoftwareKey::from_seed(&[7; 32]);
    let (address, until) = (format!("https://{}", running.ingest_address), clock::now().plus_seconds(60));
    let token = enrol::create_token(&*running.store, &running.authority, node.node.clone(), address, until).await?;
    let identity = node_agent::enrol::enrol(token, &key).await?;
    let envelopes = envelopes(&node, &key)?;

    let start = cpu_time();
    let mut waiting = envelopes.into_iter();
    let first = waiting.next().ok_or_else(|| anyhow::anyhow!("there are reports"))?;
    let mut link = Link::open(&identity, WINDOW, first).await?;
    let mut in_flight = 1;
    let mut answered = 0;
    while answered < REPORTS {
        while in_flight < WINDOW
            && let Some(envelope) = waiting.next()
        {
            link.send(envelope).await?;
            in_flight += 1;
        }
        let answer = link.next().await?;
        anyhow::ensure!(answer.outcome == Outcome::Stored, "{:?}", answer.outcome);
        in_flight -= 1;
        answered += 1;
    }
    let spent = cpu_time() - start;
    drop(link);
    running.shutdown(Duration::from_secs(5)).await;
    Ok(spent / u32::try_from(REPORTS)?)
}

fn envelopes(node: &SimulatedNode, key: &SoftwareKey) -> anyhow::Result<Vec<Vec<u8>>> {
    let facts = node.facts()?;
    (1..=REPORTS)
        .map(|sequence| {
            let report = Report {
                node: node.node.clone(),
                sequence,
                taken_at: clock::now(),
                boot_id: node.boot_id(),
                origin: Origin::Simulated,
                agent_version: "bench".to_owned(),
                facts: facts.clone(),
            };
            Ok(Envelope::sign(REPORT_TYPE, canonical::to_vec(&report)?, key)?.to_bytes())
        })
        .collect()
}
