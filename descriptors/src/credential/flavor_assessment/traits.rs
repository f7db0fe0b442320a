//! What of a node's report bears on flavors, and whether it is what a flavor says.
//!
//! Every comparison has three outcomes. None is: the node does not tell, or not in words that can be compared; it is neither
//! agreement nor contradiction. How many nodes must agree is not known here.

use serde_json::{Value, json};

use crate::credential::Observation;
use crate::declaration::flavor::{Disk, Flavor, Gpu};
use crate::fact::block::{BlockFact, DiskClass, Transport};
use crate::fact::cpu::{CpuFact, FLAGS, Topology, generation_names, is_generation_name};
use crate::fact::pci::{PciFact, PciKind};
use crate::fact::platform::PlatformFact;
use crate::fact::{Fact, Reading};
use crate::gaia_x::hardware::{CpuArchitecture, DiskBus, DiskType};

/// What of a node's report bears on flavors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Traits<'a> {
    pub(super) architecture: Option<CpuArchitecture>,
    pub(super) vendor: Option<&'a str>,
    pub(super) generation: Option<&'a str>,
    pub(super) flags: Option<&'a [String]>,
    pub(super) topology: Option<(u32, u32, u32)>,
    pub(super) memory_bytes: Option<u64>,
    /// That errors of memory are corrected; never known to be false.
    corrects_errors: Option<bool>,
    media: Option<Media>,
    gpus: Option<Gpus>,
    /// SEV, SEV-ES, SEV-SNP, TDX.
    confidential: [Option<bool>; 4],
    nested: Option<bool>,
    /// Virtual processors of running guests for each core, rounded up: a report in which one guest more runs is the same.
    vcpus_per_core: Option<u64>,
}

/// What local disks there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
struct Media {
    nvme: bool,
    ssd: bool,
    hdd: bool,
    /// One whose medium is not known: a hypervisor or a controller stands before it.
    hidden: bool,
}

/// Whose graphics processors there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
struct Gpus {
    amd: bool,
    intel: bool,
    nvidia: bool,
    other: bool,
}

impl<'a> Traits<'a> {
    pub(super) fn of(observation: &Observation<'a>) -> Self {
        let mut traits = Self::default();
        for fact in observation.report.facts.values().filter_map(Reading::present) {
            match fact {
                Fact::Cpu(cpu) => traits.read_cpu(cpu),
                Fact::Memory(memory) => {
                    traits.memory_bytes = memory.total_bytes.present().copied();
                    // No driver is no statement; and a driver that is there may have nothing switched on.
                    let modes = memory.ecc.present().and_then(|ecc| ecc.modes.present());
                    let corrects = modes
                        .is_some_and(|modes| modes.iter().any(|mode| mode.contains("SEC") || mode.contains("ECD")));
                    traits.corrects_errors = corrects.then_some(true);
                }
                Fact::Block(block) => traits.media = Some(Media::of(block)),
                Fact::Pci(pci) => traits.gpus = Some(Gpus::of(pci)),
                Fact::Platform(platform) => traits.read_platform(platform),
                Fact::Libvirt(libvirt) if !libvirt.example_driver => {
                    let hundredths =
                        libvirt.overcommit.present().and_then(|all| all.vcpus_per_core_hundredths.present());
                    traits.vcpus_per_core = hundredths.map(|hundredths| hundredths.div_ceil(100));
                }
                _ => {}
            }
        }
        traits
    }

    fn read_cpu(&mut self, cpu: &'a CpuFact) {
        let numbers = |topology: &Topology| (topology.sockets, topology.cores, topology.threads);
        self.architecture = architecture(&cpu.architecture);
        self.vendor = cpu.vendor.present().map(|vendor| plain_vendor(vendor));
        self.generation = cpu.generation.present().map(String::as_str);
        self.flags = cpu.flags.present().map(Vec::as_slice);
        self.topology = cpu.topology.present().map(numbers);
    }

    fn read_platform(&mut self, platform: &PlatformFact) {
        let PlatformFact { sev, sev_es, sev_snp, tdx, kvm, .. } = platform;
        self.confidential = [sev, sev_es, sev_snp, tdx].map(|offered| offered.present().copied());
        self.nested = kvm.present().and_then(|kvm| kvm.nested.present().copied());
    }

    /// The traits as a list, as evidence holds them.
    pub(super) fn to_value(self) -> Value {
        let Self { architecture, vendor, generation, flags, topology, memory_bytes, corrects_errors, .. } = self;
        let media = self.media.map(|Media { nvme, ssd, hdd, hidden }| [nvme, ssd, hdd, hidden]);
        let gpus = self.gpus.map(|Gpus { amd, intel, nvidia, other }| [amd, intel, nvidia, other]);
        let processor = json!([architecture, vendor, generation, flags, topology]);
        json!([
            processor,
            memory_bytes,
            corrects_errors,
            media,
            gpus,
            self.confidential,
            self.nested,
            self.vcpus_per_core
        ])
    }

    pub(super) fn has_architecture(&self, declared: CpuArchitecture) -> Option<bool> {
        self.architecture.map(|told| told == declared)
    }

    /// None as well where the declared name is in no list, so that it may be another name of the same.
    pub(super) fn has_vendor(&self, declared: &str) -> Option<bool> {
        let (told, declared) = (self.vendor?, plain_vendor(declared));
        if declared.eq_ignore_ascii_case(told) {
            return Some(true);
        }
        VENDORS.iter().any(|(_, plain)| plain.eq_ignore_ascii_case(declared)).then_some(false)
    }

    /// `Genoa` and `Zen 4` are both names of `Genoa (Zen 4)`. None as well for a name that is in no list.
    pub(super) fn has_generation(&self, declared: &str) -> Option<bool> {
        if generation_names(self.generation?).any(|name| name.eq_ignore_ascii_case(declared)) {
            return Some(true);
        }
        is_generation_name(declared).then_some(false)
    }

    /// None as well where a flag is missing that reports never name.
    pub(super) fn has_flags(&self, declared: &[String]) -> Option<bool> {
        let told = self.flags?;
        let mut missing = declared.iter().filter(|flag| !told.contains(flag)).peekable();
        if missing.peek().is_none() {
            return Some(true);
        }
        missing.any(|flag| FLAGS.contains(&flag.as_str())).then_some(false)
    }

    pub(super) fn corrects_errors(&self, declared: bool) -> Option<bool> {
        self.corrects_errors.map(|told| told == declared)
    }

    /// Whether there are disks of the media that a flavor says. Not their size: one is put together of several.
    pub(super) fn has_local_disks(&self, flavor: &Flavor) -> Option<bool> {
        let media = self.media?;
        let mut told = local_disks(flavor).map(|disk| media.has(disk));
        told.try_fold(true, |all, one| Some(all & one?))
    }

    pub(super) fn has_gpu(&self, vendor: &str) -> Option<bool> {
        let gpus = self.gpus?;
        let is = |names: &[&str]| names.iter().any(|name| name.eq_ignore_ascii_case(vendor));
        if is(&["AMD", "ATI", "Advanced Micro Devices"]) {
            Some(gpus.amd)
        } else if is(&["Intel"]) {
            Some(gpus.intel)
        } else if is(&["NVIDIA"]) {
            Some(gpus.nvidia)
        } else {
            // Whoever it is, a node without any has none of theirs.
            (gpus == Gpus::default()).then_some(false)
        }
    }

    pub(super) fn offers_confidential(&self, technology: &str) -> Option<bool> {
        let at = CONFIDENTIAL
            .iter()
            .position(|name| technology.to_ascii_uppercase().replace(['_', ' '], "-").ends_with(name))?;
        self.confidential[at]
    }

    /// That guests may is no contradiction to a flavor whose guests cannot: its processor may hide it.
    pub(super) fn lets_guests_virtualise(&self, declared: bool) -> Option<bool> {
        self.nested.filter(|nested| declared || !nested).map(|nested| nested == declared)
    }

    /// More on all cores together is no contradiction: guests of this flavor may have cores of their own.
    pub(super) fn keeps_ratio(&self, declared: u32) -> Option<bool> {
        self.vcpus_per_core.filter(|told| *told <= u64::from(declared)).map(|_| true)
    }
}

impl Media {
    fn of(block: &BlockFact) -> Self {
        let mut media = Self::default();
        for disk in &block.disks {
            let remote = [Transport::NvmeTcp, Transport::NvmeRdma, Transport::NvmeFc, Transport::Iscsi, Transport::Fc];
            if disk.transport.present().is_some_and(|transport| remote.contains(transport)) {
                continue;
            }
            match disk.class {
                DiskClass::Nvme => media.nvme = true,
                DiskClass::Ssd => media.ssd = true,
                DiskClass::Hdd => media.hdd = true,
                DiskClass::Virtual | DiskClass::Other => media.hidden = true,
            }
        }
        media
    }

    fn has(self, declared: &Disk) -> Option<bool> {
        let kind = match declared.kind {
            Some(DiskType::LocalSsd) => self.nvme || self.ssd,
            Some(DiskType::LocalHdd | DiskType::MagneticHardDrive) => self.hdd,
            _ => true,
        };
        let bus = declared.bus != Some(DiskBus::Nvme) || self.nvme;
        if kind && bus { Some(true) } else { (!self.hidden).then_some(false) }
    }
}

impl Gpus {
    fn of(pci: &PciFact) -> Self {
        let mut gpus = Self::default();
        for device in pci.devices.iter().filter(|device| device.kind == PciKind::Gpu) {
            match device.vendor.as_str() {
                "1002" => gpus.amd = true,
                "8086" => gpus.intel = true,
                "10de" => gpus.nvidia = true,
                _ => gpus.other = true,
            }
        }
        gpus
    }
}

/// The disks of a flavor that are said to lie on the node.
pub(super) fn local_disks(flavor: &Flavor) -> impl Iterator<Item = &Disk> {
    std::iter::once(&flavor.boot_disk).chain(&flavor.additional_disks).filter(|disk| disk.is_local())
}

/// Whether a flavor says of graphics processors what no report tells.
pub(super) fn says_more_of_gpu(gpu: &Gpu) -> bool {
    let Gpu { vendor: _, generation, memory, interconnection, processing_units, passthrough } = gpu;
    let details = [generation.is_some(), memory.is_some(), interconnection.is_some(), processing_units.is_some()];
    details.contains(&true) || passthrough.is_some()
}

/// As people write them, in the order of [`Traits::confidential`]; the first that a name ends with is meant.
const CONFIDENTIAL: [&str; 4] = ["SEV", "SEV-ES", "SEV-SNP", "TDX"];

/// As the ontology names it; none for what it has no name for.
fn architecture(machine: &str) -> Option<CpuArchitecture> {
    Some(match machine {
        "x86_64" => CpuArchitecture::X86_64,
        "x86" | "i386" | "i686" => CpuArchitecture::X86_32,
        "aarch64" => CpuArchitecture::Aarch64,
        "arm" | "armv7l" => CpuArchitecture::Aarch32,
        "riscv64" => CpuArchitecture::RiscV,
        _ => return None,
    })
}

/// Vendors as `cpuid` tells them, and as people write them.
const VENDORS: [(&str, &str); 5] = [
    ("AuthenticAMD", "AMD"),
    ("GenuineIntel", "Intel"),
    ("HygonGenuine", "Hygon"),
    ("CentaurHauls", "Centaur"),
    ("  Shanghai  ", "Zhaoxin"),
];

fn plain_vendor(vendor: &str) -> &str {
    VENDORS.iter().find(|(told, _)| *told == vendor).map_or(vendor, |(_, plain)| plain)
}
