//! `avow-agent`: the agent of a node. Exit codes: 0 done, 2 usage or configuration, 5 output failed.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use miette::{IntoDiagnostic as _, Report, WrapErr as _};
use node_agent::config::Config;
use node_agent::gather::Gatherer;
use node_agent::render::{self, Format};
use node_agent::root::Root;
use node_agent::source::{self, Context};

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
    Gather {
        /// Read a capture in this directory instead of the machine.
        #[arg(long, value_name = "DIR")]
        root: Option<PathBuf>,
        /// How to print.
        #[arg(short, long, value_enum, default_value_t)]
        output: Format,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome =
        Config::load(arguments.config.as_deref()).map_err(|error| (2, error.into())).and_then(|config| match arguments
            .command
        {
            Command::Gather { root, output } => gather(config, root, output),
        });
    outcome.map_or_else(|(code, report)| fail(code, &report), |()| ExitCode::SUCCESS)
}

fn gather(config: Config, root: Option<PathBuf>, output: Format) -> Result<(), (u8, Report)> {
    let root = root.unwrap_or(config.node.root);
    let place = || format!("cannot read below {}", root.display());
    let root = Root::at(&root).into_diagnostic().wrap_err_with(place).map_err(|report| (2, report))?;
    let gathered = Gatherer::new(Context { root, settings: config.sources }, source::all()).gather();
    render::print(&gathered, output).into_diagnostic().map_err(|report| (5, report))
}

#[expect(clippy::print_stderr, reason = "the one place that tells a person why the program ends")]
fn fail(code: u8, report: &Report) -> ExitCode {
    eprintln!("{report:?}");
    ExitCode::from(code)
}
