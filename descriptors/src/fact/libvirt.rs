//! The hypervisor and its guests, as libvirt's read-only socket tells them.

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
    /// Guests, sorted by UUID.
    pub guests: Reading<Vec<Guest>>,
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
    /// Virtual processors.
    pub vcpus: Reading<u32>,
    /// Memory in bytes.
    pub memory_bytes: Reading<u64>,
    /// Mode and model of its processor: `host-passthrough`, `custom Skylake-Server`.
    pub cpu_model: Reading<String>,
    /// Models of its random number devices: `virtio`.
    pub rng_devices: Reading<Vec<String>>,
    /// Kind of launch security: `sev`, `sev-snp`.
    pub launch_security: Reading<String>,
}
