//! `avow`: checks what a provider claims, from a bundle alone.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use auditor::credential::{self, AtHand};
use auditor::render;
use auditor::verify::{Ending, verify};
use clap::{Parser, Subcommand, ValueEnum};
use descriptors::did::Did;
use descriptors::id::ZoneId;

/// Checks claims of independence offline.
///
/// Exit codes: 0 all claims hold, 1 at least one is refuted, 2 usage, 3 evidence is missing, 4 the evidence cannot be trusted,
/// 5 input or output failed. Of a credential: 0 good, 3 something could not be checked, 4 bad.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Checks every signature in a bundle and recomputes its verdicts; or checks one credential or presentation.
    Verify {
        /// The bundle, or the credential.
        bundle: PathBuf,
        /// The issuer that you expect, from another source than the bundle.
        #[arg(long)]
        issuer: Option<Did>,
        /// How to print.
        #[arg(short, long, value_enum, default_value_t)]
        output: Output,
        /// What a credential may rest on.
        #[command(flatten)]
        at_hand: Box<AtHand>,
    },
    /// Says why two zones, or one, got their verdicts, with every edge and how it is known.
    Explain {
        /// The bundle.
        bundle: PathBuf,
        /// The zones.
        #[arg(required = true, num_args = 1..=2)]
        zones: Vec<ZoneId>,
    },
}

#[derive(Clone, Copy, Default, ValueEnum)]
enum Output {
    #[default]
    Table,
    Json,
}

/// The zones asked for are in no claim.
#[derive(Debug, thiserror::Error)]
#[error("no claim of this bundle is about {0}")]
struct NotClaimed(String);

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments.command) {
        Ok(ending) => ExitCode::from(ending as u8),
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "error: {error:#}");
            ExitCode::from(if error.is::<NotClaimed>() { 2 } else { 5 })
        }
    }
}

fn run(command: Command) -> anyhow::Result<Ending> {
    let (text, ending) = match command {
        Command::Verify { bundle: file, issuer, output, at_hand } => {
            let bytes = read(&file)?;
            if !credential::is_bundle(&bytes) {
                let report = credential::verify(&bytes, &at_hand)?;
                let text = match output {
                    Output::Table => credential::render(&file.display().to_string(), &report, issuer.as_ref()),
                    Output::Json => serde_json::to_string_pretty(&report)? + "\n",
                };
                return print(&text).map(|()| credential::ending(&report, issuer.as_ref()));
            }
            let done = verify(&bytes, issuer.as_ref());
            let text = match output {
                Output::Table => render::verification(&file.display().to_string(), &done),
                Output::Json => serde_json::to_string_pretty(&done)? + "\n",
            };
            (text, done.ending())
        }
        Command::Explain { bundle, mut zones } => {
            zones.sort();
            let done = verify(&read(&bundle)?, None);
            match (&done.audit, done.ending()) {
                (Some(audit), ending) if ending != Ending::Corrupt => {
                    let about = audit.assessments.iter().filter(|assessment| assessment.zones == zones);
                    let text: Vec<String> = about.map(render::explanation).collect();
                    anyhow::ensure!(!text.is_empty(), NotClaimed(names(&zones)));
                    (text.join("\n"), ending)
                }
                (_, ending) => (render::verification(&bundle.display().to_string(), &done), ending),
            }
        }
    };
    print(&text)?;
    Ok(ending)
}

fn print(text: &str) -> anyhow::Result<()> {
    std::io::stdout().write_all(text.as_bytes()).context("cannot write to standard output")
}

fn names(zones: &[ZoneId]) -> String {
    zones.iter().map(ZoneId::as_str).collect::<Vec<_>>().join(" and ")
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}
