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
    /// World-wide identifier (WWN): `naa.…`, `eui.…`, `t10.…`.
    pub wwid: Reading<String>,
    /// Firmware revision.
    pub firmware: Reading<String>,
    /// How the disk is reached. One reached over a network is no part of this node.
    #[serde(default = "super::unasked")]
    pub transport: Reading<Transport>,
    /// `write back` or `write through`. A disk that says `write through` has no volatile cache that a loss of power could
    /// empty, or one that capacitors protect; `write back` says that it has one, and nothing about capacitors.
    pub write_cache: Reading<String>,
    /// Whether a single write can be forced past the volatile cache (FUA).
    #[serde(default = "super::unasked")]
    pub forced_writes: Reading<bool>,
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

/// How a disk is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    /// NVMe over PCI Express.
    Pcie,
    /// NVMe over TCP.
    NvmeTcp,
    /// NVMe over RDMA.
    NvmeRdma,
    /// NVMe over Fibre Channel.
    NvmeFc,
    /// Serial ATA.
    Ata,
    /// Serial attached SCSI.
    Sas,
    /// SCSI over IP.
    Iscsi,
    /// SCSI over Fibre Channel.
    Fc,
    /// USB.
    Usb,
    /// A hypervisor's virtio.
    Virtio,
    /// Another way: a RAID controller's own, as a rule.
    Other,
}
