//! `avow:NodeHardware`: what a node that can host virtual machines is made of, as its own agent observed it.
//!
//! Gaia-X has no class for a physical host; its shapes are closed. So this is our own type, and each fact carries the
//! digest of the signed report it was read from. Serial numbers and addresses stay in the evidence.

use serde_json::{Map, Value, json};

use super::{Base, Properties, Subject};
use crate::digest::Digest;
use crate::fact::{Fact, Reading};
use crate::report::Report;

/// The class.
pub const CLASS: &str = "avow:NodeHardware";

/// What a report, whose payload has the digest `evidence`, says of its node.
pub fn subject(base: &Base, report: &Report, evidence: &Digest) -> Subject {
    let mut properties = Properties::default()
        .with("schema:name", report.node.as_str())
        .with("avow:evidence", evidence.to_string())
        .with("avow:provenance", "observed")
        .build();
    let mut absent = Vec::new();
    for (source, reading) in &report.facts {
        match reading {
            Reading::Present(fact) => fact_claims(fact, &mut properties),
            Reading::Absent(absence) => absent.push(json!({
                "id": format!("{}#absent-{source}", base.subject("node", report.node.as_str())),
                "avow:source": source, "avow:reason": absence.reason,
            })),
        }
    }
    if !absent.is_empty() {
        properties.insert("avow:absent".to_owned(), Value::Array(absent));
    }
    let id = base.subject("node", report.node.as_str());
    Subject { class: CLASS, id, properties, origin: report.origin }
}

fn fact_claims(fact: &Fact, claims: &mut Map<String, Value>) {
    match fact {
        Fact::Cpu(cpu) => {
            claims.insert("avow:cpuArchitecture".to_owned(), json!(cpu.architecture));
            put(claims, "avow:cpuVendor", &cpu.vendor);
            put(claims, "avow:cpuModel", &cpu.model_name);
            put(claims, "avow:cpuFlag", &cpu.flags);
            if let Some(topology) = cpu.topology.present() {
                claims.insert("avow:cpuSockets".to_owned(), json!(topology.sockets));
                claims.insert("avow:cpuCores".to_owned(), json!(topology.cores));
                claims.insert("avow:cpuThreads".to_owned(), json!(topology.threads));
            }
        }
        Fact::Memory(memory) => put(claims, "avow:memoryBytes", &memory.total_bytes),
        Fact::Kernel(kernel) => put(claims, "avow:kernelRelease", &kernel.release),
        Fact::Dmi(dmi) => {
            put(claims, "avow:systemVendor", &dmi.system_vendor);
            put(claims, "avow:productName", &dmi.product_name);
            put(claims, "avow:firmwareVersion", &dmi.bios_version);
        }
        Fact::Entropy(entropy) => put(claims, "avow:randomGeneratorReady", &entropy.crng_ready),
        Fact::Libvirt(libvirt) if !libvirt.example_driver => {
            put(claims, "avow:hypervisor", &libvirt.hypervisor);
            put(claims, "avow:hypervisorVersion", &libvirt.hypervisor_version);
        }
        Fact::Block(block) => {
            claims.insert("avow:disks".to_owned(), json!(block.disks.len()));
        }
        // What has no claim of its own stays in the evidence.
        _ => {}
    }
}

/// A missing fact is left out, never written as a value.
fn put<T: serde::Serialize>(claims: &mut Map<String, Value>, name: &str, reading: &Reading<T>) {
    if let Some(value) = reading.present() {
        claims.insert(name.to_owned(), json!(value));
    }
}
