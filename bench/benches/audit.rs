//! What does it cost to audit three zones of 20 racks with 10 nodes each, in four dimensions?

use bench::{figure, median_cpu};
use descriptors::canonical;
use descriptors::declaration::Declaration;
use descriptors::digest::Digest;
use descriptors::report::{Origin, Report};
use descriptors::timestamp::Timestamp;
use independence::{Evidence, NodeEvidence, audit};
use integration::sim::SimulatedNode;
use serde_json::{Value, json};

const RACKS: u64 = 20;
const NODES_PER_RACK: u64 = 10;

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

/// Each rack on two feeds of its zone; zones 1 and 2 share one feed.
fn declare(fleet: &[SimulatedNode]) -> Value {
    let mut parts = Vec::new();
    let mut zones = Vec::new();
    for zone in 1..=3 {
        let feeds = [if zone == 2 { "feed-1a".to_owned() } else { format!("feed-{zone}a") }, format!("feed-{zone}b")];
        for (index, feed) in feeds.iter().enumerate() {
            if zone != 2 || index == 1 {
                parts.push(json!({"id": feed, "kind": "power_feed"}));
            }
        }
        for (id, kind) in [("loop", "cooling_loop"), ("fire", "fire_compartment"), ("uplink", "uplink")] {
            parts.push(json!({"id": format!("{id}-{zone}"), "kind": kind}));
        }
        let own: Vec<&SimulatedNode> = fleet.iter().filter(|node| node.zone == zone).collect();
        let racks: Vec<Value> = own
            .chunks(NODES_PER_RACK as usize)
            .enumerate()
            .map(|(rack, nodes)| {
                let names: Vec<&str> = nodes.iter().map(|node| node.node.as_str()).collect();
                let pdus = [format!("pdu-{zone}-{rack}a"), format!("pdu-{zone}-{rack}b")];
                for (pdu, feed) in pdus.iter().zip(&feeds) {
                    parts.push(json!({"id": pdu, "kind": "pdu", "needs": [feed]}));
                }
                json!({"id": format!("rack-{zone}-{rack}"), "needs": [{"any_of": pdus}], "nodes": names})
            })
            .collect();
        let needs = [format!("loop-{zone}"), format!("fire-{zone}"), format!("uplink-{zone}")];
        zones.push(json!({"id": format!("zone-{zone}"), "needs": needs, "racks": racks}));
    }
    json!({
        "origin": "simulated",
        "provider": {"id": "p", "name": "P", "registration_number": {"vat_id": "DE1"}, "legal_address": {"country_code": "DE"}},
        "parts": parts,
        "regions": [{"id": "r", "datacenters": [{"id": "d", "address": {"country_code": "DE"}, "availability_zones": zones}]}],
        "claims": [{"id": "c", "zones": ["zone-1", "zone-2", "zone-3"]}]
    })
}
