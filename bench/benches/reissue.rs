//! How long does it take, on all cores, to issue every credential of 10,000 nodes and 200 flavors in 3 zones anew?
//!
//! Everything is said again and signed: nothing was issued before. Each flavor is compared with all nodes. Reading the store and auditing is not in the figure.

use std::time::Instant;

use bench::{cpu_time, declare, figure};
use collector::describe;
use collector::sign::Issuer;
use collector::status::Reserved;
use collector::store::Latest;
use collector::topology::{Chip, Node, SignedDeclaration, Topology};
use descriptors::canonical;
use descriptors::declaration::Declaration;
use descriptors::did::Did;
use descriptors::digest::Digest;
use descriptors::proof::{Signer as _, SoftwareKey};
use descriptors::report::{Origin, Report};
use descriptors::timestamp::Timestamp;
use integration::sim::SimulatedNode;
use serde_json::{Value, json};
use std::sync::Arc;

const ZONES: u64 = 3;
const NODES: u64 = 10_000;
const FLAVORS: u64 = 200;
const ROUNDS: usize = 5;
const DAY: i64 = 86_400;

fn main() -> anyhow::Result<()> {
    let now: Timestamp = "2026-11-21T00:00:00Z".parse()?;
    let topology = topology(now)?;
    let issuer = Issuer::new(Arc::new(SoftwareKey::from_seed(&[1; 32])), Some("cloud.example"))?;
    let mut rounds = Vec::new();
    let mut issued = 0;
    for _ in 0..ROUNDS {
        let (wall, cpu) = (Instant::now(), cpu_time());
        let said = describe::said(&issuer.base, &topology, None)?;
        let due = describe::plan(&issuer, said, &[], now)?.due;
        // Taking the places is one statement to the store, and the store is not in the figure.
        let reserved = Reserved::new(Digest::of(b"seed"), 0);
        issued = describe::issue(&issuer, due, &reserved, now, 90 * DAY)?.len();
        rounds.push((wall.elapsed(), cpu_time() - cpu));
    }
    anyhow::ensure!(issued as u64 > NODES, "only {issued} credentials");
    rounds.sort_unstable();
    let (wall, cpu) = rounds[ROUNDS / 2];
    figure(
        &format!("issue all {issued} credentials of {NODES} nodes and {FLAVORS} flavors anew"),
        wall.as_secs_f64(),
        "s on all cores",
    );
    figure("the same", cpu.as_secs_f64(), "s CPU");
    Ok(())
}

/// A flavor as operators list them, each of its own size.
fn flavor(number: u64) -> Value {
    json!({
        "id": format!("flavor-{number}"), "vcpus": 1 + number % 32, "ram": format!("{} GiB", 1 + number / 2),
        "boot_disk": {"size": "20 GB", "kind": "shared network storage"}, "cpu": {"vendor": "AMD", "flags": ["aes"]},
    })
}

fn topology(now: Timestamp) -> anyhow::Result<Topology> {
    let fleet = SimulatedNode::fleet(ZONES, NODES.div_ceil(ZONES), 1)?;
    let report_key = Did::key(&SoftwareKey::from_seed(&[2; 32]).public_key());
    let nodes = fleet.iter().map(|node| {
        let report = Report {
            node: node.node.clone(),
            sequence: 1,
            taken_at: now,
            boot_id: node.boot_id(),
            origin: Origin::Simulated,
            agent_version: "bench".to_owned(),
            facts: node.facts()?,
        };
        let latest = Latest {
            node: node.node.clone(),
            report: Vec::new(),
            report_digest: Digest::of(&canonical::to_vec(&report)?),
            received_at: now,
            heartbeat: None,
            heard_at: now,
            sequence: 1,
            statements: 1,
        };
        Ok(Node {
            report: Arc::new(report),
            heartbeat: None,
            latest,
            report_key: report_key.clone(),
            chip: Chip::None,
            refused: None,
        })
    });
    let nodes = nodes.collect::<anyhow::Result<_>>()?;
    let mut declared = declare(&fleet);
    declared["flavors"] = (0..FLAVORS).map(flavor).collect();
    let declaration: Declaration = serde_json::from_value(declared)?;
    let digest = Digest::of(&canonical::to_vec(&declaration)?);
    let declaration = SignedDeclaration { declaration: Arc::new(declaration), digest, envelope: Vec::new() };
    Ok(Topology { as_of: now, declaration: Some(declaration), nodes, left_out: Vec::new() })
}
