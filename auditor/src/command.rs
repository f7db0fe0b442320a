//! The command line: what is asked, and which function answers.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use clap::{Parser, Subcommand, ValueEnum};
use descriptors::did::Did;
use descriptors::id::ZoneId;
use descriptors::timestamp::Timestamp;
use descriptors::tpm::endorsement::Makers;

use crate::credential::{self, AtHand};
use crate::impact::Impact;
use crate::importance::Importance;
use crate::preflight::{self, Files};
use crate::render;
use crate::resolve::{self, OverNetwork};
use crate::risk::{self, OnModel, RiskGroups, Spof};
use crate::verify::{Ending, verify, verify_with};

/// Checks what a provider claims, offline unless asked otherwise.
///
/// Exit codes of `verify` and `explain`: 0 all claims hold, or the credential is good; 1 at least one claim is refuted; 3 evidence is missing, or
/// something could not be checked; 4 it cannot be trusted. Of `preflight`: 0 nothing would be refused, 1 something would be, 3 something may be or
/// could not be checked. Of all: 2 usage, 5 input or output failed, 6 gave up at the memory limit.
#[derive(Parser)]
#[command(name = "avow", version)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Checks every signature in a bundle and recomputes its verdicts; or checks one credential or presentation.
    Verify {
        /// The bundle, credential or presentation.
        file: PathBuf,
        /// The issuer that you expect, from another source than the file.
        #[arg(long)]
        issuer: Option<Did>,
        /// Certificates of makers of TPMs whose chips you trust (PEM); of a bundle.
        #[arg(long, value_name = "FILE")]
        tpm_roots: Vec<PathBuf>,
        /// How to print.
        #[arg(short, long, value_enum, default_value_t)]
        output: Output,
        /// What a credential may rest on.
        #[command(flatten)]
        at_hand: Box<AtHand>,
        /// What of it may be fetched.
        #[command(flatten)]
        network: Box<OverNetwork>,
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
    /// Lists the smallest sets of components whose joint failure brings something down.
    RiskGroups(RiskGroups),
    /// Lists the single points of failure.
    Spof(Spof),
    /// Says what falls when something fails, and why.
    Impact(Impact),
    /// Says how probable a top event is, and how much each component has to do with it.
    Importance(Importance),
    /// Converts models.
    #[command(subcommand)]
    Model(OnModel),
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

/// What a command prints, and the exit code it ends with.
pub fn run(arguments: Arguments) -> anyhow::Result<(String, u8)> {
    let of_model = |(text, ending): (String, risk::Ending)| (text, ending as u8);
    match arguments.command {
        Command::Verify { file, issuer, tpm_roots, output, at_hand, network } => {
            let bytes = read(&file)?;
            let name = file.display().to_string();
            match credential::is_bundle(&bytes) {
                true => check_bundle(&name, &bytes, issuer.as_ref(), &tpm_roots, output),
                false => check_credential(&name, &bytes, issuer.as_ref(), output, (&at_hand, &network)),
            }
        }
        Command::Preflight { files, output } => {
            let done = preflight::check(&files, now()?)?;
            let text = match output {
                Form::Text => preflight::render(&done),
                Form::Json => serde_json::to_string_pretty(&done)? + "\n",
            };
            Ok((text, preflight::ending(&done) as u8))
        }
        Command::Explain { bundle, mut zones } => {
            zones.sort();
            explain(&bundle, &zones)
        }
        Command::RiskGroups(command) => command.run().map(of_model),
        Command::Spof(command) => command.run().map(of_model),
        Command::Impact(command) => command.run().map(of_model),
        Command::Importance(command) => command.run().map(of_model),
        Command::Model(command) => command.run().map(of_model),
    }
}

/// The exit code of what went wrong.
pub fn ending(error: &anyhow::Error) -> u8 {
    if error.is::<NotClaimed>() { 2 } else { risk::ending(error) as u8 }
}

fn check_bundle(
    name: &str,
    bytes: &[u8],
    issuer: Option<&Did>,
    tpm_roots: &[PathBuf],
    output: Output,
) -> anyhow::Result<(String, u8)> {
    let mut makers = Makers::default();
    for path in tpm_roots {
        let read = Makers::from_pem(&read(path)?);
        makers = makers.and(read.with_context(|| format!("{} does not hold certificates", path.display()))?);
    }
    let done = verify_with(bytes, issuer, &makers);
    let text = match output {
        Output::Table => render::verification(name, &done),
        Output::Json => serde_json::to_string_pretty(&done)? + "\n",
    };
    Ok((text, done.ending() as u8))
}

fn check_credential(
    name: &str,
    bytes: &[u8],
    issuer: Option<&Did>,
    output: Output,
    (at_hand, network): (&AtHand, &OverNetwork),
) -> anyhow::Result<(String, u8)> {
    let done = resolve::verify(bytes, at_hand, network)?;
    let text = match output {
        Output::Table => resolve::render(&done.attempts) + &credential::render(name, &done.report, issuer),
        Output::Json => serde_json::to_string_pretty(&done)? + "\n",
    };
    Ok((text, credential::ending(&done.report, issuer) as u8))
}

fn explain(bundle: &Path, zones: &[ZoneId]) -> anyhow::Result<(String, u8)> {
    let done = verify(&read(bundle)?, None);
    let text = match (&done.audit, done.ending()) {
        (Some(audit), ending) if ending != Ending::Corrupt => {
            let about = audit.assessments.iter().filter(|assessment| assessment.zones == zones);
            let text: Vec<String> = about.map(render::explanation).collect();
            anyhow::ensure!(!text.is_empty(), NotClaimed(names(zones)));
            text.join("\n")
        }
        _ => render::verification(&bundle.display().to_string(), &done),
    };
    Ok((text, done.ending() as u8))
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
