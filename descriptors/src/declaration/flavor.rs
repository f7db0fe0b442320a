//! Flavors: what a server can be had with, as an operator lists it.
//!
//! A flavor names the zones, or the nodes, on which it is had. What the reports of those nodes say is compared with it in
//! `credential::flavor_assessment`; here is only what is declared.

use std::num::NonZeroU32;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::size::Size;
use crate::gaia_x::hardware::{CpuArchitecture, DiskBus, DiskType, GpuInterconnection, MemoryClass};
use crate::gaia_x::software::HwRngType;
use crate::gaia_x::value::Url;
use crate::id::{FlavorId, NodeId, ZoneId};

/// A flavor of servers (Gaia-X `ServerFlavor`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Flavor {
    /// Its name in identifiers.
    pub id: FlavorId,
    /// The name that customers choose it by; the identifier where it is left out. A name that begins with `SCS-` is read as
    /// one of SCS-0100, and the flavor delivers at least what it promises.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Virtual processors.
    pub vcpus: NonZeroU32,
    /// Memory: `16 GiB`.
    pub ram: Size,
    /// The disk it starts from. Of a flavor that starts from a volume: the least size of that volume.
    pub boot_disk: Disk,
    /// Further disks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub additional_disks: Vec<Disk>,
    /// The processor below. What is left out is filled in from the reports of the nodes, where they agree.
    #[serde(default, skip_serializing_if = "Processor::is_empty")]
    pub cpu: Processor,
    /// The memory modules below.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<Modules>,
    /// A graphics processor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpu: Option<Gpu>,
    /// The network, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<String>,
    /// What keeps the host out of the guest's memory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidential_computing: Option<ConfidentialComputing>,
    /// Whether guests can use the virtualisation instructions of the processor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hardware_assisted_virtualization: Option<bool>,
    /// What the random numbers of the hardware rest on that guests reach.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hw_rng: Option<HwRngType>,
    /// The availability zones in which it is had; all where list and `nodes` are left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub zones: Vec<ZoneId>,
    /// The nodes on which it is had; all nodes of the zones where the list is left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nodes: Vec<NodeId>,
}

impl Flavor {
    /// What customers choose it by.
    pub fn shown_name(&self) -> &str {
        self.name.as_deref().unwrap_or(self.id.as_str())
    }
}

/// The processor below the virtual ones.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Processor {
    /// Its architecture: `x86-64`, `AArch-64`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub architecture: Option<CpuArchitecture>,
    /// Its vendor: `AMD`, `Intel`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor: Option<String>,
    /// Its generation: `Genoa`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generation: Option<String>,
    /// Features that guests see, as the kernel names them: `aes`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<String>,
    /// How many virtual processors are promised for each core.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over_provisioning_ratio: Option<NonZeroU32>,
}

impl Processor {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Memory modules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Modules {
    /// Their class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<MemoryClass>,
    /// Whether errors are corrected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ecc: Option<bool>,
    /// Whether the hardware encrypts what is in them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encrypted: Option<bool>,
}

/// A disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Disk {
    /// How large it is: `100 GB`.
    pub size: Size,
    /// Where it lies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<DiskType>,
    /// How the guest reaches it; `other` for virtio.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bus: Option<DiskBus>,
}

impl Disk {
    /// Whether it is said to lie on the node.
    pub fn is_local(&self) -> bool {
        matches!(self.kind, Some(DiskType::LocalHdd | DiskType::LocalSsd | DiskType::MagneticHardDrive))
    }
}

/// A graphics processor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Gpu {
    /// Its vendor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor: Option<String>,
    /// Its generation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generation: Option<String>,
    /// Its memory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<Size>,
    /// How several are joined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interconnection: Option<GpuInterconnection>,
    /// How many units it computes with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub processing_units: Option<NonZeroU32>,
    /// Whether the guest has it to itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passthrough: Option<bool>,
}

/// What keeps the host out of the guest's memory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfidentialComputing {
    /// Its name: `SEV-SNP`, `TDX`.
    pub technology: String,
    /// Where a guest is attested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attestation_service: Option<Url>,
}
