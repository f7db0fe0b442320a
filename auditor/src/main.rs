//! `avow`: checks what a provider claims, from a bundle alone.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use auditor::preflight::{self, Files};
use auditor::render;
use auditor::verify::{Ending, verify};
use clap::{Parser, Subcommand, ValueEnum};
use descriptors::did::Did;
use descriptors::id::ZoneId;
use descriptors::timestamp::Timestamp;

/// Checks claims of independence offline.
///
/// Exit codes: 0 all claims hold, 1 at least one is refuted, 2 usage, 3 evidence is missing, 4 the evidence cannot be trusted,
/// 5 input or output failed. Of `preflight`: 0 nothing would be refused, 1 something would be, 3 something may be or could not be
/// checked.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Checks every signature in a bundle and recomputes its verdicts.
    Verify {
        /// The bundle.
        bundle: PathBuf,
        /// The issuer that you expect, from another source than the bundle.
        #[arg(long)]
        issuer: Option<Did>,
        /// How to print.
        #[arg(short, long, value_enum, default_value_t)]
        output: Output,
    },
    /// Says what a service would refuse of credentials, before they are sent: each fault with its place, rule and remedy.
    Preflight {
        #[command(flatten)]
        files: Files,
        /// How to print.
        #[arg(short, long, value_enum, default_value_t)]
        output: Form,
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

#[derive(Clone, Copy, Default, ValueEnum)]
enum Form {
    #[default]
    Text,
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
        Command::Verify { bundle, issuer, output } => {
            let done = verify(&read(&bundle)?, issuer.as_ref());
            let text = match output {
                Output::Table => render::verification(&bundle.display().to_string(), &done),
                Output::Json => serde_json::to_string_pretty(&done)? + "\n",
            };
            (text, done.ending())
        }
        Command::Preflight { files, output } => {
            let done = preflight::check(&files, now()?)?;
            let text = match output {
                Form::Text => preflight::render(&done),
                Form::Json => serde_json::to_string_pretty(&done)? + "\n",
            };
            (text, preflight::ending(&done))
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
    std::io::stdout().write_all(text.as_bytes()).context("cannot write to standard output")?;
    Ok(ending)
}

fn names(zones: &[ZoneId]) -> String {
    zones.iter().map(ZoneId::as_str).collect::<Vec<_>>().join(" and ")
}

fn now() -> anyhow::Result<Timestamp> {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock stands before 1970")?;
    Ok(Timestamp::from_unix(since_1970.as_secs().try_into()?)?)
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}
