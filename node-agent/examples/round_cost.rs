//! What a round costs on this machine: `cargo run --release -p node-agent --example round_cost`.
//!
//! Prints the processor time of this process per round, without that of the libvirt reader it starts, and the wall time of
//! each source.

use std::io::Write as _;
use std::time::{Duration, Instant};

use node_agent::config::Config;
use node_agent::gather::Gatherer;
use node_agent::root::Root;
use node_agent::source::{self, Context};
use rustix::time::{ClockId, clock_gettime};

const ROUNDS: u32 = 200;

fn main() -> anyhow::Result<()> {
    let context = Context::unconfined(Root::live(), Config::load(None)?.sources);
    let mut gatherer = Gatherer::new(context, source::all());
    let first = gatherer.gather();

    let (started, processor) = (Instant::now(), processor_time()?);
    let mut elapsed = first.elapsed.clone();
    for _ in 0..ROUNDS {
        for (name, duration) in gatherer.gather().elapsed {
            elapsed.entry(name).and_modify(|shortest| *shortest = duration.min(*shortest));
        }
    }
    let wall = started.elapsed() / ROUNDS;
    let processor = processor_time()?.saturating_sub(processor) / ROUNDS;

    let mut output = std::io::stdout().lock();
    writeln!(output, "a round of the agent: {processor:.1?} processor time, {wall:.1?} wall time, mean of {ROUNDS}")?;
    for (name, duration) in elapsed {
        writeln!(output, "{name:>10}: {duration:.1?} wall time at best")?;
    }
    writeln!(output, "largest memory: {}", largest_memory()?)?;
    Ok(())
}

/// Processor time of this process; the reader is a process of its own and not in it.
fn processor_time() -> anyhow::Result<Duration> {
    Ok(Duration::try_from(clock_gettime(ClockId::ProcessCPUTime))?)
}

fn largest_memory() -> anyhow::Result<String> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    Ok(line.unwrap_or("not known").trim().to_owned())
}
