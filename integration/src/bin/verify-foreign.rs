//! Judges documents that other people's software signed, with the verifier that `avow verify` uses.
//!
//! `cases.json` in the directory says what each is and what is to be said of it. Prints one line for each, as the suite
//! counts them. How the documents came about is not known here.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser;
use descriptors::certificate::Roots;
use descriptors::did::Did;
use descriptors::json_ld::Contexts;
use descriptors::timestamp::Timestamp;
use descriptors::verify::{Held, HeldList, Outcome, Policy, Report, Resolution, Verifier};
use serde_json::Value;

/// The context of Gaia-X that documents of the suite name.
const GAIA_X: (&str, &str) = ("https://w3id.org/gaia-x/2511#", "contexts/gx-2511-derived.jsonld");

/// Judges documents that other people's software signed.
#[derive(Parser)]
struct Arguments {
    /// Holds the documents and `cases.json`.
    directory: PathBuf,
    /// Holds the contexts of Gaia-X.
    gaia_x: PathBuf,
}

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let context = read(&arguments.gaia_x.join(GAIA_X.1))?;
    let contexts = Contexts::with_w3c([(GAIA_X.0, context.as_slice())])?;
    let about: Value = serde_json::from_slice(&read(&arguments.directory.join("cases.json"))?)?;
    let at: Timestamp = about["at"].as_str().context("cases.json says no time")?.parse()?;
    let cases = about["cases"].as_array().context("cases.json lists no cases")?;
    let mut code = ExitCode::SUCCESS;
    let mut out = std::io::stdout().lock();
    for case in cases {
        let (name, expect) = (text(case, "name")?, text(case, "expect")?);
        let report = judge(&arguments.directory, case, &contexts, at)?;
        let found = match report.outcome() {
            Outcome::Passed => "good",
            Outcome::Failed => "bad",
            Outcome::NotChecked => "unknown",
        };
        let outcome = report.outcome();
        let says_so =
            |check: &str| report.findings().iter().any(|(name, of, _)| *of == outcome && name.as_str() == check);
        if found == expect && case["check"].as_str().is_none_or(says_so) {
            writeln!(out, "ok avow says that `{name}` is {found}{}", because(&report))?;
        } else {
            writeln!(
                out,
                "FAILED avow says that `{name}` is {found}, expected {expect} by {}{}",
                case["check"],
                because(&report)
            )?;
            code = ExitCode::FAILURE;
        }
    }
    Ok(code)
}

fn judge(directory: &Path, case: &Value, contexts: &Contexts, at: Timestamp) -> anyhow::Result<Report> {
    let mut lists = BTreeMap::new();
    for file in case["status_lists"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        let bytes = read(&directory.join(file))?;
        let list: Value = serde_json::from_slice(&bytes)?;
        lists.insert(text(&list, "id")?.to_owned(), HeldList { bytes, fetched_at: None });
    }
    let held = Held {
        document: &|did: &Did| Resolution::Missing(format!("no document of {did} was handed in")),
        chain: &|_| None,
        roots: &Roots::default(),
        list: &|address: &str| lists.get(address).cloned(),
        contexts,
    };
    Ok(Verifier::new(&Policy::at(at), &held).verify(&read(&directory.join(text(case, "file")?))?))
}

/// The first finding that led to the outcome.
fn because(report: &Report) -> String {
    let outcome = report.outcome();
    let findings = report.findings();
    let first = findings.iter().find(|(_, of, _)| *of == outcome);
    first.map_or(String::new(), |(check, _, finding)| format!(" ({}: {})", check.as_str(), finding.problem))
}

fn text<'v>(value: &'v Value, member: &str) -> anyhow::Result<&'v str> {
    value[member].as_str().with_context(|| format!("`{member}` is no text"))
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("read {}", path.display()))
}
