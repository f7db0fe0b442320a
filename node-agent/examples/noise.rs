//! Prints what the estimators say, to be compared with other tools: `noise make KIND BITS SAMPLES SEED > FILE`,
//! `noise assess FILE BITS`.

#![expect(clippy::print_stdout, reason = "its output is what it is for")]

#[path = "../tests/noise/sequence.rs"]
mod sequence;

use std::io::Write as _;

use anyhow::{Context as _, bail};
use node_agent::noise::{Estimator, assess};

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<&str>>()[..] {
        ["make", kind, bits, samples, seed] => {
            let made = sequence::sequence(kind, bits.parse()?, samples.parse()?, seed.parse()?);
            std::io::stdout().write_all(&made.context("no such kind")?)?;
        }
        ["assess", file, bits] => {
            let assessment = assess(&std::fs::read(file)?, bits.parse()?)?;
            let estimates = [("bitstring", assessment.bitstring.as_ref()), ("original", Some(&assessment.original))];
            for (name, estimates) in estimates {
                for estimator in Estimator::ALL {
                    if let Some(bits) = estimates.and_then(|estimates| estimates.get(estimator)) {
                        println!("{name} {estimator} {bits:.17}");
                    }
                }
            }
            println!("assessed {:.17}", assessment.min_entropy_bits());
        }
        _ => bail!("usage: noise make KIND BITS SAMPLES SEED | noise assess FILE BITS"),
    }
    Ok(())
}
