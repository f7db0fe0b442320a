//! How the benches measure: CPU time of the process, several windows, the median.
//!
//! The machines are shared and noisy, so wall time means little. Each file in `benches/` answers one question and prints
//! one figure with its unit.

use std::hint::black_box;
use std::io::Write as _;
use std::time::Duration;

use integration::sim::SimulatedNode;
use rustix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};

/// Nodes in one rack of [`declare`].
pub const NODES_PER_RACK: u64 = 10;

const WINDOWS: usize = 7;
const WINDOW: Duration = Duration::from_millis(200);

/// CPU time of this process so far, all threads together.
pub fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// Median CPU time of one call, over windows of at least 200 ms of CPU each.
pub fn median_cpu<T>(mut call: impl FnMut() -> T) -> Duration {
    black_box(call());
    let mut windows: Vec<Duration> = (0..WINDOWS).map(|_| window(&mut call)).collect();
    windows.sort_unstable();
    windows[WINDOWS / 2]
}

fn window<T>(call: &mut impl FnMut() -> T) -> Duration {
    let start = cpu_time();
    let mut calls = 0;
    loop {
        black_box(call());
        calls += 1;
        let spent = cpu_time() - start;
        if spent >= WINDOW {
            return spent / calls;
        }
    }
}

/// Prints the one figure of a bench.
pub fn figure(question: &str, value: f64, unit: &str) {
    let _ = writeln!(std::io::stdout(), "{question}: {value:.1} {unit}");
}

/// A duration in microseconds.
pub fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

/// A declaration of three zones for these nodes: each rack on two feeds of its zone; zones 1 and 2 share one feed.
pub fn declare(fleet: &[SimulatedNode]) -> Value {
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
