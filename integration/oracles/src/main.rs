//! Compares our JSON-LD path with `json-ld` 0.21.4, and our canonicalisation with `sophia_c14n` 0.10.
//!
//! `oracles [COUNT] [SEED] [DATA]`: COUNT generated documents, and every document below DATA. The exit status is 1 when one
//! differs. Generated documents are meant to be accepted, so one that only we refuse counts as a difference too.

mod general;
mod generate;
mod ours;
mod samples;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use serde_json::Value;

/// What became of one document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    /// Both give the same canonical N-Quads, and both canonicalisers agree on them.
    Same,
    /// Only we refuse it: it would lose something, or is outside the part of JSON-LD that is supported.
    OnlyWeRefuse,
    /// Only the other refuses, by the letter of the rule on protected terms under plain values.
    OnlyTheOtherRefusesAProtectedTerm,
    /// Both refuse.
    BothRefuse,
    /// Anything else.
    Different,
}

struct Comparison {
    ours: ours::Processor,
    general: general::Processor,
    counts: BTreeMap<(String, Outcome), usize>,
    shown: usize,
}

impl Comparison {
    fn compare(&mut self, kind: &str, name: &str, document: &Value, must_pass: bool) {
        let ours = self.ours.canonical_form(document);
        let general = self.general.canonical_form(document);
        let (outcome, why) = match (ours, general) {
            (Ok(a), Ok(b)) if a == b => (Outcome::Same, String::new()),
            (Ok(a), Ok(b)) => (Outcome::Different, format!("ours:\n{a}\nthe other's:\n{b}")),
            (Err(a), Ok(_)) if must_pass => (Outcome::Different, format!("only we refuse: {a}")),
            (Err(a), Ok(_)) => (Outcome::OnlyWeRefuse, a),
            (Ok(_), Err(b)) if b.contains("rotected") => (Outcome::OnlyTheOtherRefusesAProtectedTerm, b),
            (Ok(_), Err(b)) => (Outcome::Different, format!("only the other refuses: {b}")),
            (Err(a), Err(b)) if must_pass => (Outcome::Different, format!("both refuse: {a} / {b}")),
            (Err(a), Err(b)) => (Outcome::BothRefuse, format!("{a} / {b}")),
        };
        *self.counts.entry((kind.to_owned(), outcome)).or_default() += 1;
        if outcome == Outcome::Different && self.shown < 10 {
            self.shown += 1;
            eprintln!("{kind} {name}: {why}\n{document:#}");
        } else if !must_pass && outcome != Outcome::Same && kind != "corpus" {
            println!("{kind} {name}: {outcome:?}: {why:.200}");
        }
    }
}

fn main() -> anyhow::Result<ExitCode> {
    let mut arguments = std::env::args().skip(1);
    let count: u64 = arguments.next().map_or(Ok(2_000), |text| text.parse()).context("COUNT is a number")?;
    let seed: u64 = arguments.next().map_or(Ok(1), |text| text.parse()).context("SEED is a number")?;
    let data = arguments
        .next()
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"), PathBuf::from);
    let documents = samples::context_documents(&data)?;
    let mut comparison = Comparison {
        ours: ours::Processor::new(&documents)?,
        general: general::Processor::new(&documents)?,
        counts: BTreeMap::new(),
        shown: 0,
    };
    for number in 0..count {
        let (kind, document) = generate::document(seed, number);
        comparison.compare(kind, &format!("seed {seed} number {number}"), &document, true);
    }
    if data.exists() {
        for (kind, name, document) in samples::documents(&data)? {
            comparison.compare(kind, &name, &document, false);
        }
    } else {
        println!("skipped: no data at {}", data.display());
    }
    for ((kind, outcome), count) in &comparison.counts {
        println!("{kind}: {outcome:?}: {count}");
    }
    let different = comparison.counts.keys().any(|(_, outcome)| *outcome == Outcome::Different);
    Ok(if different { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
