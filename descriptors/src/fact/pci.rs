//! Devices on the PCI bus.

use serde::{Deserialize, Serialize};

use super::Reading;

/// The PCI devices of a node that do work of their own. Bridges, system peripherals and performance counters, of which a
/// server has hundreds, are counted; virtual functions, which come and go with guests, are left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PciFact {
    /// The devices, sorted by address.
    pub devices: Vec<PciDevice>,
    /// How many bridges, system peripherals and performance counters there are besides.
    pub plumbing: u32,
}

/// One device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PciDevice {
    /// Domain, bus, device and function: `0000:41:00.0`.
    pub address: String,
    /// What kind of device its class says it is.
    pub kind: PciKind,
    /// Class, subclass and programming interface, six hexadecimal digits: `020000`.
    pub class: String,
    /// Vendor, four hexadecimal digits: `8086`.
    pub vendor: String,
    /// Device, four hexadecimal digits.
    pub device: String,
    /// Vendor and device of the board it is on: `15b3:0016`.
    pub subsystem: Reading<String>,
    /// The driver that has it. `vfio-pci` says that it is kept for guests.
    pub driver: Reading<String>,
    /// NUMA node.
    pub numa_node: Reading<u32>,
    /// IOMMU group. Only a whole group can be given to a guest.
    pub iommu_group: Reading<u32>,
    /// Virtual functions it can have.
    pub sriov_functions_max: Reading<u32>,
    /// Virtual functions that are switched on.
    pub sriov_functions: Reading<u32>,
}

/// Kinds of devices, by class (PCI Code and ID Assignment Specification).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PciKind {
    /// Controllers of disks and tapes (01).
    Storage,
    /// Network (02), and Fibre Channel and InfiniBand of the serial buses (0c04, 0c06).
    Network,
    /// Display and 3D controllers (03) that can compute.
    Gpu,
    /// Display controllers (03) of management controllers and hypervisors, that show a console.
    Display,
    /// Memory, as CXL has it (05).
    Memory,
    /// Accelerators (12) and co-processors (0b40).
    Accelerator,
    /// Encryption controllers (10).
    Crypto,
    /// Anything else.
    Other,
}
