//! Disks: what they are, not what is on them.

use serde::{Deserialize, Serialize};

use super::Reading;

/// Whole disks of a node, sorted by name; partitions, loop and RAM devices are left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlockFact {
    /// The disks.
    pub disks: Vec<Disk>,
}

/// One disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disk {
    /// Kernel name: `sda`, `nvme0n1`.
    pub name: String,
    /// Class by name and rotation.
    pub class: DiskClass,
    /// Size in bytes.
    pub size_bytes: Reading<u64>,
    /// Model as the device tells it.
    pub model: Reading<String>,
    /// Serial number.
    pub serial: Reading<String>,
    /// World-wide identifier.
    pub wwid: Reading<String>,
    /// Firmware revision.
    pub firmware: Reading<String>,
    /// `write back` or `write through`.
    pub write_cache: Reading<String>,
}

/// Classes of disks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DiskClass {
    /// NVM Express.
    Nvme,
    /// Not rotating, another bus.
    Ssd,
    /// Rotating.
    Hdd,
    /// Given by a hypervisor: the medium is not known.
    Virtual,
    /// Anything else.
    Other,
}
