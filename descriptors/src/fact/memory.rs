//! Memory: how much there is, not how much is in use.

use serde::{Deserialize, Serialize};

use super::Reading;

/// Memory of a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemoryFact {
    /// `MemTotal` of `/proc/meminfo`, in bytes.
    pub total_bytes: Reading<u64>,
    /// Whether a driver reports error correction. No driver is no statement, so this is never present and false.
    pub ecc: Reading<Ecc>,
    /// Hugepage pools, by page size.
    pub hugepages: Reading<Vec<Hugepages>>,
    /// Memory by NUMA node.
    pub numa: Reading<Vec<NumaNode>>,
}

/// An EDAC memory controller is registered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ecc {
    /// How many controllers.
    pub controllers: u32,
    /// The driver's name for the first one.
    pub controller_name: Reading<String>,
    /// Modules that the controllers have.
    #[serde(default = "super::unasked")]
    pub modules: Reading<u32>,
    /// Kinds of memory among them, sorted: `Registered-DDR5`.
    #[serde(default = "super::unasked")]
    pub module_kinds: Reading<Vec<String>>,
    /// Kinds of error correction in force among them, sorted, as the driver names them: `SECDED`, `S8ECD8ED`.
    #[serde(default = "super::unasked")]
    pub modes: Reading<Vec<String>>,
}

/// One hugepage pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hugepages {
    /// Size of a page in bytes.
    pub page_bytes: u64,
    /// Pages set aside.
    pub pages: u64,
}

/// One NUMA node. Its memory may disagree with the total: memory can come online late.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NumaNode {
    /// Its number.
    pub id: u32,
    /// `MemTotal` of the node, in bytes.
    pub total_bytes: Reading<u64>,
    /// Processors, as the kernel lists them: `0-15,32-47`.
    pub cpus: Reading<String>,
    /// Distances to each node in the order of their numbers, 10 being its own, as the firmware tells them (SLIT).
    #[serde(default = "super::unasked")]
    pub distances: Reading<Vec<u32>>,
    /// Hugepage pools of the node, by page size.
    #[serde(default = "super::unasked")]
    pub hugepages: Reading<Vec<Hugepages>>,
}
