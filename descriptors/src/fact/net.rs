//! Network interfaces, and the gateways a node uses.

use serde::{Deserialize, Serialize};

use super::Reading;

/// Network of a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetFact {
    /// Interfaces with a device behind them, and those stacked on others; sorted by name. The loopback interface and the
    /// taps and cables of guests and containers are neither.
    pub interfaces: Vec<Interface>,
    /// Default gateways, sorted by address. A gateway that two zones share is a shared component.
    pub gateways: Reading<Vec<Gateway>>,
}

/// One interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interface {
    /// Kernel name.
    pub name: String,
    /// Whether a device stands behind it; bridges, bonds and tunnels have none.
    pub physical: bool,
    /// What it is, where the kernel tells: `bond`, `bridge`, `vlan`, `vxlan`.
    #[serde(default = "super::unasked")]
    pub kind: Reading<String>,
    /// Hardware address.
    pub mac: Reading<String>,
    /// The device's own hardware address, where a bond gave it another.
    #[serde(default = "super::unasked")]
    pub mac_permanent: Reading<String>,
    /// Speed of the link in Mbit/s.
    pub speed_mbit: Reading<u64>,
    /// Driver.
    pub driver: Reading<String>,
    /// Firmware version, of the device that can do RDMA or as the driver tells it.
    #[serde(default = "super::unasked")]
    pub firmware: Reading<String>,
    /// Largest packet in bytes.
    pub mtu: Reading<u64>,
    /// NUMA node of the device.
    pub numa_node: Reading<u32>,
    /// Virtual functions the device can have.
    pub sriov_functions_max: Reading<u32>,
    /// Virtual functions that are switched on.
    #[serde(default = "super::unasked")]
    pub sriov_functions: Reading<u32>,
    /// The bond or bridge it belongs to: `bond0`.
    pub controller: Reading<String>,
    /// What it does as a bond.
    #[serde(default = "super::unasked")]
    pub bond: Reading<Bond>,
    /// What it does as a VLAN.
    #[serde(default = "super::unasked")]
    pub vlan: Reading<Vlan>,
}

/// Interfaces put together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bond {
    /// How they share the work: `802.3ad`, `active-backup`.
    pub mode: Reading<String>,
    /// Its members, sorted.
    pub members: Reading<Vec<String>>,
}

/// A virtual network on another interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vlan {
    /// Its number.
    pub id: u32,
    /// The interface below.
    pub parent: String,
}

/// A default gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gateway {
    /// Its address.
    pub address: String,
    /// The interface that leads to it.
    pub interface: String,
    /// Its hardware address, from the neighbour table.
    pub mac: Reading<String>,
}
