//! Flavors of servers, and the hardware they stand on.

use std::num::NonZeroU32;

use super::Entity;
use super::quantity::{Frequency, MemorySize, Power};
use super::software::{HwRngType, Hypervisor};
use super::value::{CpuRatio, MemoryRatio, Url};
use crate::shape::{shapes, words};

shapes! {
    /// What a server can be had with.
    ServerFlavor: "gx:ServerFlavor" {
        cpu: CpuCapabilities = "gx:cpu",
        memory: MemoryCapabilities = "gx:memory",
        boot_volume: Disk = "gx:bootVolume",
        --
        entity: Entity = ..,
        gpu: Option<Gpu> = "gx:gpu",
        network: Option<String> = "gx:network",
        additional_volumes: Vec<Disk> = "gx:additionalVolume",
        confidential_computing: Option<ConfidentialComputing> = "gx:confidentialComputing",
        hypervisor: Option<Hypervisor> = "gx:hypervisor",
        hardware_assisted_virtualization: Option<bool> = "gx:hardwareAssistedVirtualization",
        hw_rng_type: Option<HwRngType> = "gx:hwRngTypeOfFlavor",
    }

    /// Virtual processors, and the processor below them.
    CpuCapabilities: "gx:CpuCapabilities" {
        physical: Cpu = "gx:pCPU",
        vcpus: NonZeroU32 = "gx:vCPUs",
        --
        over_provisioning_ratio: Option<CpuRatio> = "gx:overProvisioningRatio",
    }

    /// Any device.
    Device: "gx:Device" {
        --
        vendor: Option<String> = "gx:vendor",
        generation: Option<String> = "gx:generation",
        default_oversubscription_ratio: Option<NonZeroU32> = "gx:defaultOversubscriptionRatio",
        supported_oversubscription_ratio: Option<NonZeroU32> = "gx:supportedOversubscriptionRatio",
    }

    /// A processor.
    Cpu: "gx:CPU" {
        --
        device: Device = ..,
        architecture: Option<CpuArchitecture> = "gx:cpuArchitecture",
        flags: Vec<String> = "gx:cpuFlag",
        smt_enabled: Option<bool> = "gx:smtEnabled",
        cores: Option<NonZeroU32> = "gx:numberOfCores",
        threads: Option<NonZeroU32> = "gx:numberOfThreads",
        base_frequency: Option<Frequency> = "gx:baseFrequency",
        boost_frequency: Option<Frequency> = "gx:boostFrequency",
        last_level_cache_size: Option<MemorySize> = "gx:lastLevelCacheSize",
        thermal_design_power: Option<Power> = "gx:thermalDesignPower",
    }

    /// The memory of a flavor.
    MemoryCapabilities: "gx:MemoryCapabilities" {
        memory: Memory = "gx:memory",
        --
        over_provisioning_ratio: Option<MemoryRatio> = "gx:overProvisioningRatio",
    }

    /// Memory.
    Memory: "gx:Memory" {
        size: MemorySize = "gx:memorySize",
        --
        device: Device = ..,
        class: Option<MemoryClass> = "gx:memoryClass",
        rank: Option<MemoryRank> = "gx:memoryRank",
        ecc_enabled: Option<bool> = "gx:eccEnabled",
        hardware_encryption: Option<bool> = "gx:hardwareEncryption",
    }

    /// A disk.
    Disk: "gx:Disk" {
        size: MemorySize = "gx:diskSize",
        --
        device: Device = ..,
        kind: Option<DiskType> = "gx:diskType",
        bus: Option<DiskBus> = "gx:diskBusType",
    }

    /// A graphics processor.
    Gpu: "gx:GPU" {
        --
        device: Device = ..,
        memory: Option<MemorySize> = "gx:gpuMemory",
        interconnection: Option<GpuInterconnection> = "gx:gpuInterconnection",
        processing_units: Option<NonZeroU32> = "gx:gpuProcessingUnits",
        passthrough: Option<bool> = "gx:gpuPassthrough",
    }

    /// A technology that keeps the host out of the guest's memory.
    ConfidentialComputing: "gx:ConfidentialComputing" {
        technology: String = "gx:technology",
        --
        attestation_service: Option<Url> = "gx:attestationServiceURI",
    }
}

impl Default for Device {
    fn default() -> Self {
        Self::new()
    }
}

words! {
    /// Architectures of processors.
    CpuArchitecture {
        X86_32 = "x86-32",
        X86_64 = "x86-64",
        Aarch32 = "AArch-32",
        Aarch64 = "AArch-64",
        RiscV = "RISC-V",
        Other = "Other",
    }

    /// Classes of memory.
    MemoryClass {
        Sdram = "SDRAM",
        DdrSdram = "DDR SDRAM",
        EccDram = "ECC DRAM",
        Ddr4 = "DDR4",
        Ddr5 = "DDR5",
        Gddr5 = "GDDR5",
        Gddr6 = "GDDR6",
        Other = "other",
    }

    /// Ranks of memory.
    MemoryRank {
        OneRank = "1R RDIMM",
        TwoRanks = "2R RDIMM",
        FourRanks = "4R LRDIMM",
        Other = "other",
    }

    /// Kinds of disks.
    DiskType {
        LocalHdd = "local HDD",
        LocalSsd = "local SSD",
        MagneticHardDrive = "magnetic hard drive",
        HybridHardDrive = "hybrid hard drive",
        SharedNetworkStorage = "shared network storage",
        Other = "other",
    }

    /// Buses of disks. There is no value for virtio: `other`.
    DiskBus {
        Sata = "SATA",
        Pata = "PATA",
        Scsi = "SCSI",
        Sas = "SAS",
        Nvme = "NVMe",
        Other = "other",
    }

    /// How graphics processors are joined.
    GpuInterconnection {
        NvLink = "NVLink",
        Roce2 = "RoCE2",
        XeLink = "Xe Link",
        InfinityFabric = "Infinity Fabric",
        Other = "other",
        Unavailable = "unavailable",
    }
}
