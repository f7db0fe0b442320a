//! What does one round of facts cost a node, without libvirt? A report's canonical form and signature are included.

use std::collections::BTreeSet;
use std::path::Path;

use bench::{figure, median_cpu};
use descriptors::canonical;
use descriptors::id::{NodeId, SourceName};
use descriptors::proof::SoftwareKey;
use descriptors::proof::dsse::Envelope;
use descriptors::report::{REPORT_TYPE, Report};
use node_agent::config::Sources;
use node_agent::gather::Gatherer;
use node_agent::root::Root;
use node_agent::source::{self, Context};

fn main() -> anyhow::Result<()> {
    let settings = Sources { disabled: BTreeSet::from([SourceName::new("libvirt")?]), ..Sources::default() };
    let mut gatherer = Gatherer::new(Context::unconfined(Root::at(Path::new("/"))?, settings), source::all());
    let key = SoftwareKey::from_seed(&[1; 32]);
    let node = NodeId::new("bench")?;
    let mut round = || -> anyhow::Result<usize> {
        let gathered = gatherer.gather();
        let report = Report {
            node: node.clone(),
            sequence: 1,
            taken_at: "2026-11-21T00:00:00Z".parse()?,
            boot_id: gathered.boot_id,
            origin: gathered.origin,
            agent_version: "bench".to_owned(),
            facts: gathered.facts,
        };
        Ok(Envelope::sign(REPORT_TYPE, canonical::to_vec(&report)?, &key)?.to_bytes().len())
    };
    round()?;
    figure("gather and sign one report of this machine", median_cpu(round).as_secs_f64() * 1e3, "ms CPU");
    Ok(())
}
