//! `avow:NodeHardware`: what a node that can host virtual machines is made of, as its own agent observed it.
//!
//! Gaia-X has no class for a physical host; its shapes are closed. So this is our own type, and each fact carries the
//! digest of the signed report it was read from. Serial numbers and addresses stay in the evidence.

use super::{Base, Subject};
use crate::digest::Digest;
use crate::fact::{Fact, Reading};
use crate::node::{Node, Object};
use crate::report::Report;

/// The class.
pub const CLASS: &str = "avow:NodeHardware";

/// What a report, whose payload has the digest `evidence`, says of its node.
pub fn subject(base: &Base, report: &Report, evidence: &Digest) -> Subject {
    let id = base.subject("node", report.node.as_str());
    let mut node = Node::new(id.clone(), CLASS)
        .with("schema:name", report.node.as_str())
        .with("avow:evidence", evidence.to_string())
        .with("avow:provenance", "observed");
    let mut absent = Vec::new();
    for (source, reading) in &report.facts {
        match reading {
            Reading::Present(fact) => fact_claims(fact, &mut node),
            Reading::Absent(absence) => {
                let part = Node::new(format!("{id}#absent-{source}"), "avow:AbsentFact")
                    .with("avow:source", source.as_str())
                    .with("avow:reason", absence.reason.as_str());
                absent.push(Object::from(part));
            }
        }
    }
    if !absent.is_empty() {
        node.set("avow:absent", absent);
    }
    Subject { node, origin: report.origin }
}

fn fact_claims(fact: &Fact, node: &mut Node) {
    match fact {
        Fact::Cpu(cpu) => {
            node.set("avow:cpuArchitecture", cpu.architecture.as_str());
            put(node, "avow:cpuVendor", &cpu.vendor);
            put(node, "avow:cpuModel", &cpu.model_name);
            if let Some(flags) = cpu.flags.present() {
                node.set("avow:cpuFlag", Object::texts(flags));
            }
            if let Some(topology) = cpu.topology.present() {
                node.set("avow:cpuSockets", topology.sockets);
                node.set("avow:cpuCores", topology.cores);
                node.set("avow:cpuThreads", topology.threads);
            }
        }
        Fact::Memory(memory) => put(node, "avow:memoryBytes", &memory.total_bytes),
        Fact::Kernel(kernel) => put(node, "avow:kernelRelease", &kernel.release),
        Fact::Dmi(dmi) => {
            put(node, "avow:systemVendor", &dmi.system_vendor);
            put(node, "avow:productName", &dmi.product_name);
            put(node, "avow:firmwareVersion", &dmi.bios_version);
        }
        Fact::Entropy(entropy) => put(node, "avow:randomGeneratorReady", &entropy.crng_ready),
        Fact::Libvirt(libvirt) if !libvirt.example_driver => {
            put(node, "avow:hypervisor", &libvirt.hypervisor);
            put(node, "avow:hypervisorVersion", &libvirt.hypervisor_version);
        }
        Fact::Block(block) => {
            node.set("avow:disks", block.disks.len() as u64);
        }
        // What has no claim of its own stays in the evidence.
        _ => {}
    }
}

/// A missing fact is left out, never written as a value.
fn put<T: Clone + Into<Object>>(node: &mut Node, name: &'static str, reading: &Reading<T>) {
    if let Some(value) = reading.present() {
        node.set(name, value.clone());
    }
}
