//! What does it cost to audit three zones of 20 racks with 10 nodes each, in four dimensions?

use bench::{NODES_PER_RACK, declare, figure, median_cpu};
use descriptors::canonical;
use descriptors::declaration::Declaration;
use descriptors::digest::Digest;
use descriptors::report::{Origin, Report};
use descriptors::timestamp::Timestamp;
use independence::{Evidence, NodeEvidence, audit};
use integration::sim::SimulatedNode;

const RACKS: u64 = 20;

fn main() -> anyhow::Result<()> {
    let as_of: Timestamp = "2026-11-21T00:00:00Z".parse()?;
    let fleet = SimulatedNode::fleet(3, RACKS * NODES_PER_RACK, 1)?;
    let mut nodes = Vec::new();
    for node in &fleet {
        let report = Report {
            node: node.node.clone(),
            sequence: 1,
            taken_at: as_of,
            boot_id: node.boot_id(),
            origin: Origin::Simulated,
            agent_version: "bench".to_owned(),
            facts: node.facts()?,
        };
        let digest = Digest::of(&canonical::to_vec(&report)?);
        nodes.push(NodeEvidence::new(report, digest, as_of, as_of, None));
    }
    let declaration: Declaration = serde_json::from_value(declare(&fleet))?;
    let declaration_digest = Digest::of(&canonical::to_vec(&declaration)?);
    let evidence = Evidence { declaration, declaration_digest, nodes, as_of };
    anyhow::ensure!(audit(&evidence)?.assessments.len() == 12, "three pairs in four dimensions");
    figure("audit 600 nodes in 3 zones", median_cpu(|| audit(&evidence)).as_secs_f64() * 1e3, "ms CPU");
    Ok(())
}
