//! `./dev chaos`: kills the collector again and again while nodes report, and looks whether anything was lost.

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser;
use integration::chaos::{Plan, run};

/// Kills the collector at random moments while simulated nodes report.
#[derive(Parser)]
struct Arguments {
    /// 50 kills instead of 200.
    #[arg(long)]
    quick: bool,
    /// How many nodes report.
    #[arg(long, default_value_t = 200)]
    nodes: u64,
    /// How often the collector is killed.
    #[arg(long)]
    kills: Option<u64>,
    /// Decides every random moment.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let kills = arguments.kills.unwrap_or(if arguments.quick { 50 } else { 200 });
    let plan = Plan { nodes: arguments.nodes, kills, seed: arguments.seed };
    let directory = tempfile::Builder::new().prefix("avow-chaos-").tempdir()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let report = match runtime.block_on(run(&plan, directory.path())) {
        Ok(report) => report,
        Err(error) => {
            // Kept, for whoever wants to know why.
            let kept = directory.keep();
            return Err(error.context(format!("the run is in {}", kept.display())));
        }
    };
    let mut out = std::io::stdout();
    for fault in &report.faults {
        writeln!(out, "FAULT  {fault}")?;
    }
    writeln!(
        out,
        "{} nodes, {} kills, seed {}: {} statements acknowledged, {} faults, {:.0} s",
        plan.nodes,
        plan.kills,
        plan.seed,
        report.acknowledged,
        report.faults.len(),
        report.took.as_secs_f64()
    )?;
    if report.faults.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    writeln!(out, "the run is in {}", directory.keep().display())?;
    Ok(ExitCode::FAILURE)
}
