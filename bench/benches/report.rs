//! What does one report cost in cryptography: canonical form, signature, and the check of both?

use bench::{figure, median_cpu, micros};
use descriptors::canonical;
use descriptors::proof::dsse::Envelope;
use descriptors::proof::{Signer as _, SoftwareKey};
use descriptors::report::{Origin, REPORT_TYPE, Report};
use integration::sim::SimulatedNode;

fn main() -> anyhow::Result<()> {
    let node = SimulatedNode::new(1, 1, 1)?;
    let report = Report {
        node: node.node.clone(),
        sequence: 1,
        taken_at: "2026-11-21T00:00:00Z".parse()?,
        boot_id: node.boot_id(),
        origin: Origin::Simulated,
        agent_version: "bench".to_owned(),
        facts: node.facts()?,
    };
    let key = SoftwareKey::from_seed(&[1; 32]);
    let public = key.public_key();
    let round = || -> anyhow::Result<usize> {
        let envelope = Envelope::sign(REPORT_TYPE, canonical::to_vec(&report)?, &key)?.to_bytes();
        let read = Envelope::parse(&envelope)?;
        let report: Report = canonical::from_slice(read.verify(REPORT_TYPE, &public)?)?;
        Ok(report.facts.len())
    };
    round()?;
    figure("sign one report and verify it", micros(median_cpu(round)), "µs CPU");
    Ok(())
}
