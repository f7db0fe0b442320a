//! `avow:CapacityStatement`: what the nodes of an availability zone have together.
//!
//! Each total says how many nodes it was added up from and of how many declared nodes nothing is known, so that a sum over
//! half a zone never looks like a sum over all of it. What is in use or free is not known here.

use std::collections::BTreeMap;

use super::{Base, Observation, Subject, availability_zone, node_hardware};
use crate::declaration::{AvailabilityZone, Declaration};
use crate::digest::Digest;
use crate::fact::{Fact, Reading};
use crate::gaia_x::place;
use crate::id::NodeId;
use crate::report::Report;
use crate::shape::{Ref, Shape, shapes, words};

shapes! {
    /// What the nodes of an availability zone have together; not what of it is free.
    CapacityStatement: "avow:CapacityStatement" {
        /// An availability zone that the statement is about.
        zone: Ref<place::AvailabilityZone> = "avow:zone",
        /// How many nodes are declared.
        nodes_declared: u64 = "avow:nodesDeclared",
        /// Of how many of them there is a report.
        nodes_reported: u64 = "avow:nodesReported",
        /// Digest of the evidence that the statement rests on.
        evidence: String = "avow:evidence",
        --
        /// A sum over the nodes.
        totals: Vec<CapacityTotal> = "avow:total",
    }

    /// A sum over the nodes of which it is known.
    CapacityTotal: "avow:CapacityTotal" {
        /// What was added up.
        quantity: Quantity = "avow:quantity",
        /// The sum.
        amount: u64 = "avow:amount",
        /// How many nodes were added up.
        nodes_counted: u64 = "avow:nodesCounted",
        /// Of how many declared nodes it is not known.
        nodes_missing: u64 = "avow:nodesMissing",
        --
    }
}

words! {
    /// What is added up.
    Quantity {
        Cores = "cpu_cores",
        Threads = "cpu_threads",
        Memory = "memory_bytes",
        Disks = "disk_bytes",
    }
}

/// The class.
pub const CLASS: &str = CapacityStatement::CLASS;

/// What the nodes of a zone have together. The evidence is the SHA-256 of one line `report <digest>` for each node that
/// reported, sorted.
pub fn subject(
    base: &Base,
    declaration: &Declaration,
    zone: &AvailabilityZone,
    reports: &BTreeMap<&NodeId, Observation<'_>>,
) -> Subject {
    let declared = zone.racks.iter().flat_map(|rack| &rack.nodes);
    let nodes_declared = declared.clone().count() as u64;
    let heard: Vec<&Observation<'_>> = declared.filter_map(|node| reports.get(node)).collect();
    let totals = Quantity::ALL.iter().filter_map(|quantity| total(*quantity, &heard, nodes_declared)).collect();
    let zone_id = availability_zone::id(base, &zone.id);
    let statement = CapacityStatement {
        totals,
        ..CapacityStatement::new(Ref::to(zone_id), nodes_declared, heard.len() as u64, evidence(&heard))
    };
    let origin = heard.iter().fold(declaration.origin, |weakest, one| weakest.weaker(one.report.origin));
    Subject { node: statement.into_node(base.subject("capacity", zone.id.as_str())), origin, provenance: None }
}

/// Nothing, where no node tells.
fn total(quantity: Quantity, heard: &[&Observation<'_>], nodes_declared: u64) -> Option<CapacityTotal> {
    let mut amount = 0_u64;
    let mut counted = 0;
    for one in heard {
        // What cannot be added is not counted, and shows as missing.
        if let Some(sum) = amount_of(quantity, one.report).and_then(|more| amount.checked_add(more)) {
            amount = sum;
            counted += 1;
        }
    }
    (counted > 0).then(|| CapacityTotal::new(quantity, amount, counted, nodes_declared - counted))
}

fn amount_of(quantity: Quantity, report: &Report) -> Option<u64> {
    report.facts.values().filter_map(Reading::present).find_map(|fact| match (quantity, fact) {
        (Quantity::Cores, Fact::Cpu(cpu)) => cpu.topology.present().map(|topology| topology.cores.into()),
        (Quantity::Threads, Fact::Cpu(cpu)) => cpu.topology.present().map(|topology| topology.threads.into()),
        (Quantity::Memory, Fact::Memory(memory)) => memory.total_bytes.present().copied(),
        (Quantity::Disks, Fact::Block(block)) => node_hardware::disk_bytes(block),
        _ => None,
    })
}

fn evidence(heard: &[&Observation<'_>]) -> String {
    let mut lines: Vec<String> = heard.iter().map(|one| format!("report {}\n", one.digest)).collect();
    lines.sort_unstable();
    Digest::of(lines.concat().as_bytes()).to_string()
}
