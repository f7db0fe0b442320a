//! The hypervisor and its guests, as libvirt's read-only socket tells them.
//!
//! Guests are inventory: what they were given, not what they use. Nothing here was asked of a guest itself.

use serde::{Deserialize, Serialize};

use super::Reading;

/// What libvirt says of a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LibvirtFact {
    /// The connection that answered: `qemu:///system`. With `test:///default` all that follows is libvirt's built-in
    /// example and says nothing about this node.
    pub uri: String,
    /// Whether `uri` is libvirt's built-in example driver.
    pub example_driver: bool,
    /// Hypervisor driver: `QEMU`, `TEST`.
    pub hypervisor: Reading<String>,
    /// Version of libvirt: `9.0.0`.
    pub library_version: Reading<String>,
    /// Version of the hypervisor.
    pub hypervisor_version: Reading<String>,
    /// Processors that libvirt counts.
    pub node_cpus: Reading<u32>,
    /// Memory that libvirt counts, in bytes.
    pub node_memory_bytes: Reading<u64>,
    /// Kinds of guests offered, sorted: `kvm`, `qemu`. `kvm` says that the device exists, not that guests run.
    pub domain_types: Reading<Vec<String>>,
    /// The machine below, from libvirt's capabilities.
    pub host: Reading<Host>,
    /// Guests, sorted by UUID.
    pub guests: Reading<Vec<Guest>>,
    /// What running guests were given, beside what there is. Absent where it is not known of every one of them.
    pub overcommit: Reading<Overcommit>,
    /// How running guests get the seed of their random numbers.
    pub seeds: Reading<Seeds>,
    /// Places for the disks of guests, sorted by name.
    pub storage_pools: Reading<Vec<StoragePool>>,
    /// Networks of libvirt's own, sorted by name.
    pub networks: Reading<Vec<VirtualNetwork>>,
}

/// The machine that guests run on, from `virConnectGetCapabilities`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Host {
    /// The nearest processor model that libvirt knows: `EPYC-Milan`.
    pub cpu_model: Reading<String>,
    /// Online processors.
    pub topology: Reading<HostTopology>,
    /// What confines guests, sorted: `apparmor`, `dac`, `selinux`; `none` counts as nothing.
    pub security_models: Vec<String>,
    /// Whether there is an IOMMU that guests' devices can be put behind.
    pub iommu: Reading<bool>,
    /// Whether a guest with the processor of the host sees RDRAND.
    pub rdrand: Reading<bool>,
    /// Whether a guest with the processor of the host sees RDSEED.
    pub rdseed: Reading<bool>,
}

/// How many online processors there are, and how they belong together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HostTopology {
    /// NUMA nodes.
    pub numa_nodes: u32,
    /// Sockets.
    pub sockets: u32,
    /// Cores.
    pub cores: u32,
    /// Threads; more than cores where SMT is on.
    pub threads: u32,
}

/// One guest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Guest {
    /// UUID.
    pub uuid: String,
    /// Name.
    pub name: String,
    /// Whether it runs.
    pub running: bool,
    /// Virtual processors, those that can be plugged in later included.
    pub vcpus: Reading<u32>,
    /// Memory in bytes.
    pub memory_bytes: Reading<u64>,
    /// Mode and model of its processor: `host-passthrough`, `custom Skylake-Server`.
    pub cpu_model: Reading<String>,
    /// Models of its random number devices: `virtio`.
    pub rng_devices: Reading<Vec<String>>,
    /// Kind of launch security: `sev`, `sev-snp`.
    pub launch_security: Reading<String>,
    /// The rest of its definition.
    pub definition: Reading<Definition>,
    /// What a flavor may say of its virtual processors; absent where it does not run.
    pub cpu_class: Reading<CpuClass>,
    /// How it gets the seed of its random numbers; absent where it does not run.
    pub seed: Reading<Seed>,
}

/// What a guest was given. A list that is empty is one of which its definition has none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// Machine: `pc-q35-7.2`; empty where the hypervisor chooses.
    pub machine: String,
    /// Where its virtual processors may run, in their order; those that are missing may run anywhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pinning: Vec<Pinning>,
    /// Disks, in the order of its definition.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub disks: Vec<Disk>,
    /// Network interfaces: `network default`, `bridge br-int`, in the order of its definition.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub interfaces: Vec<String>,
    /// Trusted platform modules: `tpm-crb emulator 2.0`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tpms: Vec<String>,
}

/// Where some virtual processors of a guest may run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pinning {
    /// Numbers of the virtual processors: `0-3`, `5`.
    pub vcpus: String,
    /// Numbers of the host's processors: `0-7,^3`.
    pub cpus: String,
}

/// One disk of a guest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disk {
    /// Its name in the guest: `vda`.
    pub target: String,
    /// Where its data are: `file`, `block`, `volume`, `network rbd`; empty for a drive without a medium.
    pub source: String,
    /// The pool of libvirt or of Ceph that its data are in, where it is in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<String>,
    /// How the hypervisor encrypts it: `luks`. Encryption by the storage or inside the guest is not seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encryption: Option<String>,
}

/// The letter that the name of an SCS flavor (SCS-0100, section on processors) may bear of this guest, and why.
///
/// It looks at guests alone: other processes of the host compete too, and are not seen here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CpuClass {
    /// The letter.
    pub letter: CpuLetter,
    /// Why.
    pub because: CpuReason,
}

/// The kinds of virtual processors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum CpuLetter {
    /// A core of its own.
    C,
    /// A thread of its own.
    T,
    /// Shared, and within the bound that the standard takes for a fifth of a core.
    V,
    /// Shared beyond that bound. The standard lets a better scheduler count too, which is not seen here.
    L,
}

/// Why a guest has its [`CpuLetter`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CpuReason {
    /// No other guest may run on the cores that it may run on, and it has no more virtual processors than these.
    OwnCores,
    /// No other guest may run on the threads that it may run on, and it has no more virtual processors than these.
    OwnThreads,
    /// At most five virtual processors for each core, without SMT.
    AtMostFivePerCore,
    /// At most three virtual processors for each thread, with SMT.
    AtMostThreePerThread,
    /// More than that.
    MoreThanThat,
}

/// How a guest gets the seed of its random numbers before its software could draw any.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seed {
    /// Whether its processor has RDRAND.
    pub rdrand: Reading<bool>,
    /// Whether its processor has RDSEED.
    pub rdseed: Reading<bool>,
    /// Its random number devices, in the order of its definition.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub devices: Vec<RngDevice>,
    /// Whether one of them is good for a seed of 32 bytes within a second.
    pub usable: Usable,
}

/// One random number device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RngDevice {
    /// `virtio`.
    pub model: String,
    /// Where the host takes its bytes from: `random /dev/urandom`, `egd`, `builtin`.
    pub backend: String,
    /// Its limit; none where it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<RngLimit>,
}

/// How much a random number device gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RngLimit {
    /// Bytes in each period.
    pub bytes: u64,
    /// Length of a period in milliseconds.
    pub period_ms: u64,
}

/// Three outcomes, from the worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Usable {
    /// There is none.
    No,
    /// It could not be told.
    Unknown,
    /// There is one.
    Yes,
}

/// How many running guests have a usable seed, and the worst of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seeds {
    /// Guests with one.
    pub yes: u32,
    /// Guests with none.
    pub no: u32,
    /// Guests of which it could not be told.
    pub unknown: u32,
    /// UUID of the first guest of the worst outcome; none where no guest runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worst_guest: Option<String>,
}

/// What running guests were given altogether.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Overcommit {
    /// Running guests.
    pub guests: u32,
    /// Their virtual processors.
    pub vcpus: u64,
    /// Hundredths of a virtual processor for each core: 150 says three for two.
    pub vcpus_per_core_hundredths: Reading<u64>,
    /// Hundredths of a virtual processor for each thread.
    pub vcpus_per_thread_hundredths: Reading<u64>,
    /// Their memory in bytes.
    pub memory_bytes: u64,
    /// That memory as a part of the node's, in percent, rounded up: above 100 it is oversubscribed.
    pub memory_percent: Reading<u64>,
}

/// One place for the disks of guests.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoragePool {
    /// Name.
    pub name: String,
    /// `dir`, `logical`, `rbd`, `netfs`.
    pub kind: String,
    /// Where its data come from: hosts, devices and the name there, `ceph-1 ceph-2 vols`; empty for a directory.
    pub source: String,
    /// Where it is found on this node: `/var/lib/libvirt/images`; empty where it has no path.
    pub path: String,
}

/// One network of libvirt's own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VirtualNetwork {
    /// Name.
    pub name: String,
    /// How it is connected to others: `nat`, `route`, `bridge`; empty where it is isolated.
    pub forward: String,
    /// Its bridge; empty where it has none of its own.
    pub bridge: String,
}
