//! How long does it take to load a region with a million components, from JSON lines and from the binary form?
//!
//! The region is the regular one of [`bench::region`] with 64-port switches, each host with two supplies, card, disk, board and
//! memory. Both files are read as `avow` reads them, from the page cache. It fails where a bar is missed.

use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;
use auditor::model::{Model, binary};
use bench::region::Region;
use bench::{figure, median_cpu};
use independence::fault_graph::{FaultGraph, Gate, GateView};

const MEMORY: u64 = 4 << 30;
/// Milliseconds of CPU time.
const LINES_MAX_MS: f64 = 1_000.0;
const BINARY_MAX_MS: f64 = 150.0;

fn main() -> anyhow::Result<()> {
    let graph = Region { k: 64, odd: 0, irregular: false }.build()?;
    let folder = tempfile::tempdir()?;
    let (lines, flat) = (folder.path().join("region.jsonl"), folder.path().join("region.avowfg"));
    std::fs::write(&lines, json_lines(&graph)?)?;
    std::fs::write(&flat, binary::write(&Model::read(&lines, MEMORY)?.graph))?;
    let components = graph.len();
    drop(graph);
    let of_lines = load(&lines, components)?;
    figure(&format!("load {components} components from JSON lines ({} MB)", megabytes(&lines)?), of_lines, "ms CPU");
    let of_flat = load(&flat, components)?;
    figure(&format!("load {components} components from the binary form ({} MB)", megabytes(&flat)?), of_flat, "ms CPU");
    anyhow::ensure!(
        of_lines <= LINES_MAX_MS && of_flat <= BINARY_MAX_MS,
        "over a bar: {LINES_MAX_MS} and {BINARY_MAX_MS}"
    );
    Ok(())
}

fn load(path: &Path, components: usize) -> anyhow::Result<f64> {
    let found = Model::read(path, MEMORY)?.graph.len();
    anyhow::ensure!(found == components, "{found} components, not {components}");
    Ok(median_cpu(|| Model::read(path, MEMORY)).as_secs_f64() * 1e3)
}

fn megabytes(path: &Path) -> anyhow::Result<u64> {
    Ok(std::fs::metadata(path)?.len() / 1_000_000)
}

/// One line for each component, what it needs before it.
fn json_lines(graph: &FaultGraph) -> anyhow::Result<Vec<u8>> {
    let mut lines = Vec::new();
    for vertex in graph.vertices() {
        write!(lines, r#"{{"id":"{}","kind":"part","#, graph.name(vertex))?;
        match graph.event(vertex).and_then(|event| event.probability) {
            Some(probability) => write!(lines, r#""p":{probability}"#)?,
            None => write!(lines, r#""own":false"#)?,
        }
        for (number, gate) in graph.gates(vertex).enumerate() {
            lines.extend_from_slice(if number == 0 { br#","needs":["# } else { b"," });
            need(&mut lines, graph, &gate)?;
        }
        lines.extend_from_slice(if graph.gates(vertex).len() > 0 { b"]}\n" } else { b"}\n" });
    }
    Ok(lines)
}

fn need(lines: &mut Vec<u8>, graph: &FaultGraph, gate: &GateView<'_>) -> anyhow::Result<()> {
    let Gate::AtLeast(down) = gate.gate else { anyhow::bail!("a region has needs only") };
    let down = usize::try_from(down)?;
    let min = (gate.arguments.len() + 1).checked_sub(down).context("a need is of so many at most")?;
    write!(lines, r#"{{"min":{min},"of":["#)?;
    for (number, argument) in gate.arguments.iter().enumerate() {
        let comma = if number == 0 { "" } else { "," };
        write!(lines, r#"{comma}"{}""#, graph.name(argument.vertex()))?;
    }
    lines.extend_from_slice(b"]}");
    Ok(())
}
