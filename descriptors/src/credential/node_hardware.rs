//! `avow:NodeHardware`: what a node that can host virtual machines is made of, as its own agent observed it.
//!
//! Gaia-X has no class for a physical host; its shapes are closed. So this is our own type, and it carries the digest of
//! the signed report it was read from. Serial numbers and addresses stay in the evidence.

use super::{Base, Observation, Subject};
use crate::fact::block::BlockFact;
use crate::fact::cpu::CpuFact;
use crate::fact::{Fact, Reading};
use crate::id::NodeId;
use crate::shape::{Ref, Shape, shapes, words};

shapes! {
    /// What a machine of the provider is made of, as its own agent observed it. What is not known is left out.
    NodeHardware: "avow:NodeHardware" {
        /// The name of the node.
        name: String = "schema:name",
        /// Digest of the evidence that the statement rests on.
        evidence: String = "avow:evidence",
        /// How the statement is known.
        provenance: Provenance = "avow:provenance",
        --
        /// The machine architecture, as the kernel names it.
        cpu_architecture: Option<String> = "avow:cpuArchitecture",
        /// The vendor of the processors.
        cpu_vendor: Option<String> = "avow:cpuVendor",
        /// The name that the processor gives itself.
        cpu_model: Option<String> = "avow:cpuModel",
        /// A feature of the processors that matters to a claim, as the kernel names it.
        cpu_flags: Vec<String> = "avow:cpuFlag",
        /// How many physical packages are online.
        cpu_sockets: Option<u32> = "avow:cpuSockets",
        /// How many cores are online.
        cpu_cores: Option<u32> = "avow:cpuCores",
        /// How many hardware threads are online.
        cpu_threads: Option<u32> = "avow:cpuThreads",
        /// Memory that the kernel has, in bytes.
        memory_bytes: Option<u64> = "avow:memoryBytes",
        /// How many whole disks there are.
        disks: Option<u64> = "avow:disks",
        /// The sizes of all whole disks together, in bytes; left out when that of one is not known.
        disk_bytes: Option<u64> = "avow:diskBytes",
        /// The release of the running kernel.
        kernel_release: Option<String> = "avow:kernelRelease",
        /// The manufacturer of the machine.
        system_vendor: Option<String> = "avow:systemVendor",
        /// The product name of the machine.
        product_name: Option<String> = "avow:productName",
        /// The version of the firmware.
        firmware_version: Option<String> = "avow:firmwareVersion",
        /// Whether the kernel's random number generator answers without blocking.
        random_generator_ready: Option<bool> = "avow:randomGeneratorReady",
        /// The driver of the hypervisor that libvirt speaks to.
        hypervisor: Option<String> = "avow:hypervisor",
        /// The version of that hypervisor.
        hypervisor_version: Option<String> = "avow:hypervisorVersion",
        /// A source that had nothing to say.
        absent: Vec<AbsentFact> = "avow:absent",
    }

    /// A source of facts that had nothing to say, and why.
    AbsentFact: "avow:AbsentFact" {
        /// The name of the source.
        source: String = "avow:source",
        /// Why something is as it is said to be.
        reason: String = "avow:reason",
        --
    }
}

words! {
    /// How something is known, from the weakest to the strongest.
    Provenance {
        Declared = "declared",
        Observed = "observed",
        Corroborated = "corroborated",
        Attested = "attested",
    }
}

/// The class.
pub const CLASS: &str = NodeHardware::CLASS;

/// The id of a node as a subject.
pub fn id(base: &Base, node: &NodeId) -> String {
    base.subject("node", node.as_str())
}

pub(crate) fn reference(base: &Base, node: &NodeId) -> Ref<NodeHardware> {
    Ref::to(id(base, node))
}

/// What a report says of its node.
pub fn subject(base: &Base, observation: Observation<'_>) -> Subject {
    let report = observation.report;
    let mut hardware = NodeHardware::new(report.node.as_str(), observation.digest.to_string(), Provenance::Observed);
    for (source, reading) in &report.facts {
        match reading {
            Reading::Present(fact) => say(fact, &mut hardware),
            Reading::Absent(absence) => {
                hardware.absent.push(AbsentFact::new(source.as_str(), absence.reason.as_str()));
            }
        }
    }
    Subject { node: hardware.into_node(id(base, &report.node)), origin: report.origin, provenance: None }
}

/// A missing reading stays out, and is never written as a value.
fn say(fact: &Fact, hardware: &mut NodeHardware) {
    match fact {
        Fact::Cpu(cpu) => say_cpu(cpu, hardware),
        Fact::Memory(memory) => hardware.memory_bytes = memory.total_bytes.present().copied(),
        Fact::Kernel(kernel) => hardware.kernel_release = kernel.release.present().cloned(),
        Fact::Dmi(dmi) => {
            hardware.system_vendor = dmi.system_vendor.present().cloned();
            hardware.product_name = dmi.product_name.present().cloned();
            hardware.firmware_version = dmi.bios_version.present().cloned();
        }
        Fact::Entropy(entropy) => hardware.random_generator_ready = entropy.crng_ready.present().copied(),
        Fact::Libvirt(libvirt) if !libvirt.example_driver => {
            hardware.hypervisor = libvirt.hypervisor.present().cloned();
            hardware.hypervisor_version = libvirt.hypervisor_version.present().cloned();
        }
        Fact::Block(block) => {
            hardware.disks = Some(block.disks.len() as u64);
            hardware.disk_bytes = disk_bytes(block);
        }
        // What has no claim of its own stays in the evidence.
        _ => {}
    }
}

fn say_cpu(cpu: &CpuFact, hardware: &mut NodeHardware) {
    hardware.cpu_architecture = Some(cpu.architecture.clone());
    hardware.cpu_vendor = cpu.vendor.present().cloned();
    hardware.cpu_model = cpu.model_name.present().cloned();
    hardware.cpu_flags = cpu.flags.present().cloned().unwrap_or_default();
    if let Some(topology) = cpu.topology.present() {
        hardware.cpu_sockets = Some(topology.sockets);
        hardware.cpu_cores = Some(topology.cores);
        hardware.cpu_threads = Some(topology.threads);
    }
}

/// The sum, where every disk has a size and the sum is one.
pub(crate) fn disk_bytes(block: &BlockFact) -> Option<u64> {
    block.disks.iter().try_fold(0_u64, |sum, disk| sum.checked_add(*disk.size_bytes.present()?))
}
