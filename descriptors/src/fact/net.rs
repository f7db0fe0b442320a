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
    /// Hardware address.
    pub mac: Reading<String>,
    /// Speed of the link in Mbit/s.
    pub speed_mbit: Reading<u64>,
    /// Driver.
    pub driver: Reading<String>,
    /// Largest packet in bytes.
    pub mtu: Reading<u64>,
    /// NUMA node of the device.
    pub numa_node: Reading<u32>,
    /// Virtual functions the device can have.
    pub sriov_functions_max: Reading<u32>,
    /// The bond or bridge it belongs to: `bond0`.
    pub controller: Reading<String>,
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
