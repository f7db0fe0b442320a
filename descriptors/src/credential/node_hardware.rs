//! `avow:NodeHardware`: what a node that can host virtual machines is made of, as its own agent observed it.
//!
//! Gaia-X has no class for a physical host; its shapes are closed. So this is our own type, and it carries the digest of
//! the signed report it was read from. Serial numbers and addresses stay in the evidence.

use super::{Base, Observation, Subject};
use crate::fact::block::BlockFact;
use crate::fact::cpu::CpuFact;
use crate::fact::pci::PciKind;
use crate::fact::platform::PlatformFact;
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
        /// What the maker calls the generation of the processors.
        cpu_generation: Option<String> = "avow:cpuGeneration",
        /// The revision of the processors' microcode, as the kernel prints it.
        cpu_microcode: Option<String> = "avow:cpuMicrocode",
        /// Whether cores run more than one thread.
        simultaneous_multithreading: Option<bool> = "avow:simultaneousMultithreading",
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
        /// A kind of error correction that is in force in the memory, as its driver names it.
        memory_error_correction: Vec<String> = "avow:memoryErrorCorrection",
        /// How many NUMA nodes there are.
        numa_nodes: Option<u64> = "avow:numaNodes",
        /// How many PCI devices are display or 3D controllers that can compute.
        gpus: Option<u64> = "avow:gpus",
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
        /// Whether the firmware says that it checked what it booted.
        secure_boot: Option<bool> = "avow:secureBoot",
        /// The major version of the specification that the trusted platform module follows.
        tpm_version: Option<u32> = "avow:tpmVersion",
        /// How many IOMMUs the kernel uses.
        iommus: Option<u32> = "avow:iommus",
        /// A technology by which guests can be kept from their host: sev, sev-es, sev-snp, tdx.
        confidential_computing: Vec<String> = "avow:confidentialComputing",
        /// Whether the kernel says that something keeps its clock.
        clock_synchronised: Option<bool> = "avow:clockSynchronised",
        /// How many servers lie between the clock and a reference clock, itself included.
        clock_stratum: Option<u32> = "avow:clockStratum",
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
        Fact::Clock(clock) => {
            hardware.clock_synchronised = clock.synchronised.present().copied();
            hardware.clock_stratum = clock.stratum.present().copied();
        }
        Fact::Memory(memory) => {
            hardware.memory_bytes = memory.total_bytes.present().copied();
            hardware.numa_nodes = memory.numa.present().map(|nodes| nodes.len() as u64);
            let modes = memory.ecc.present().and_then(|ecc| ecc.modes.present());
            hardware.memory_error_correction = modes.cloned().unwrap_or_default();
        }
        Fact::Pci(pci) => {
            let gpus = pci.devices.iter().filter(|device| device.kind == PciKind::Gpu);
            hardware.gpus = Some(gpus.count() as u64);
        }
        Fact::Platform(platform) => say_platform(platform, hardware),
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
    hardware.cpu_generation = cpu.generation.present().cloned();
    hardware.cpu_microcode = cpu.microcode.present().cloned();
    hardware.simultaneous_multithreading = cpu.smt_active.present().copied();
    hardware.cpu_flags = cpu.flags.present().cloned().unwrap_or_default();
    if let Some(topology) = cpu.topology.present() {
        hardware.cpu_sockets = Some(topology.sockets);
        hardware.cpu_cores = Some(topology.cores);
        hardware.cpu_threads = Some(topology.threads);
    }
}

fn say_platform(platform: &PlatformFact, hardware: &mut NodeHardware) {
    hardware.secure_boot = platform.secure_boot.present().copied();
    let tpm = platform.tpms.present().and_then(|tpms| tpms.first());
    hardware.tpm_version = tpm.and_then(|tpm| tpm.version_major.present().copied());
    hardware.iommus = platform.iommus.present().copied();
    let technologies =
        [("sev", &platform.sev), ("sev-es", &platform.sev_es), ("sev-snp", &platform.sev_snp), ("tdx", &platform.tdx)];
    let offered = technologies.iter().filter(|(_, offered)| offered.present() == Some(&true));
    hardware.confidential_computing = offered.map(|(name, _)| (*name).to_owned()).collect();
}

/// The sum, where every disk has a size and the sum is one.
pub(crate) fn disk_bytes(block: &BlockFact) -> Option<u64> {
    block.disks.iter().try_fold(0_u64, |sum, disk| sum.checked_add(*disk.size_bytes.present()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fact::AbsenceReason;

    fn none<T>() -> Reading<T> {
        Reading::absent(AbsenceReason::NotPresent, "/x")
    }

    #[test]
    fn of_the_platform_only_what_was_read_is_said() {
        let platform = PlatformFact {
            boot_mode: none(),
            secure_boot: Reading::Present(false),
            secure_boot_setup_mode: none(),
            tpms: none(),
            iommus: Reading::Present(4),
            iommu_groups: none(),
            kvm: none(),
            sev: Reading::Present(true),
            sev_es: Reading::Present(true),
            sev_snp: Reading::Present(false),
            tdx: none(),
            management_controllers: none(),
        };
        let mut hardware = NodeHardware::new("kvm-1", "sha256:00", Provenance::Observed);
        say(&platform.into(), &mut hardware);
        assert_eq!(hardware.confidential_computing, ["sev", "sev-es"]);
        assert_eq!((hardware.secure_boot, hardware.tpm_version, hardware.iommus), (Some(false), None, Some(4)));
    }
}
