//! What the firmware and the kernel offer to build trust on: how the node was booted, and what isolates guests.

use serde::{Deserialize, Serialize};

use super::Reading;

/// The platform of a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlatformFact {
    /// How the kernel was booted.
    pub boot_mode: Reading<BootMode>,
    /// Whether the firmware says that it checked what it booted. The word of the firmware, not a measurement.
    pub secure_boot: Reading<bool>,
    /// Whether the firmware takes new keys from anyone; then Secure Boot proves nothing.
    pub secure_boot_setup_mode: Reading<bool>,
    /// Trusted platform modules, sorted by name.
    pub tpms: Reading<Vec<Tpm>>,
    /// IOMMUs that the kernel uses. None of them in use says nothing about the hardware.
    pub iommus: Reading<u32>,
    /// Groups into which they divide the devices.
    pub iommu_groups: Reading<u32>,
    /// Whether `/dev/kvm` is there, and what its module allows. **Present is not usable**: virtual machines have been seen
    /// where the device opened and every guest hung in its firmware.
    pub kvm: Reading<Kvm>,
    /// Whether KVM offers guests with encrypted memory (AMD SEV).
    pub sev: Reading<bool>,
    /// Whether it offers guests with encrypted registers too (AMD SEV-ES).
    pub sev_es: Reading<bool>,
    /// Whether it offers guests whose memory the host cannot replace either (AMD SEV-SNP).
    pub sev_snp: Reading<bool>,
    /// Whether it offers trust domains (Intel TDX).
    pub tdx: Reading<bool>,
    /// Management controllers that the kernel talks to, sorted by name.
    pub management_controllers: Reading<Vec<ManagementController>>,
}

/// How a kernel was booted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BootMode {
    /// By EFI firmware.
    Efi,
    /// Without: by a BIOS, by a hypervisor that loads the kernel itself, or without the kernel's knowing.
    NotEfi,
}

/// One trusted platform module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tpm {
    /// Kernel name: `tpm0`.
    pub name: String,
    /// Major version of the specification it follows: 1 or 2.
    pub version_major: Reading<u32>,
}

/// The kernel's virtual machines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kvm {
    /// The module for this processor: `kvm_amd`, `kvm_intel`.
    pub module: Reading<String>,
    /// Whether guests may run guests.
    pub nested: Reading<bool>,
}

/// A baseboard management controller, as IPMI tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManagementController {
    /// Kernel name: `ipmi_bmc.0`.
    pub name: String,
    /// Firmware, major and minor.
    pub firmware: Reading<String>,
    /// Manufacturer, an enterprise number of IANA.
    pub manufacturer: Reading<String>,
    /// Product, a number of the manufacturer.
    pub product: Reading<String>,
    /// Version of IPMI.
    pub ipmi_version: Reading<String>,
}
