//! `avow-agent`: the agent of a node. Exit codes: 0 done, 2 usage or configuration, 5 output failed.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use node_agent::command::{self, CommandError};
use node_agent::config::Config;

/// Says what this machine is, in signed reports.
#[derive(Parser)]
#[command(name = "avow-agent", version)]
struct Arguments {
    /// Configuration file [default: /etc/avow/agent.toml, if it is there].
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Read every source once and print the facts, unsigned; nothing is sent.
    Gather(command::Gather),
}

#[expect(clippy::print_stderr, reason = "the one place that tells a person why the program ends")]
fn main() -> ExitCode {
    match start(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let code = error.exit_code();
            eprintln!("{:?}", miette::Report::new(error));
            code
        }
    }
}

fn start(arguments: Arguments) -> Result<(), CommandError> {
    let config = Config::load(arguments.config.as_deref())?;
    match arguments.command {
        Command::Gather(gather) => gather.run(config),
    }
}
