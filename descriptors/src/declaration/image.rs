//! Images of virtual machines, as an operator lists them. Nothing of them is observed: all of it is declared.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::size::Size;
use crate::gaia_x::hardware::CpuArchitecture;
use crate::gaia_x::software::{
    FirmwareType, HashAlgorithm, HwRngType, HypervisorType, OsDistribution, UpdateStrategy, VmDiskFormat,
};
use crate::gaia_x::value::{Date, SpdxId};
use crate::id::ImageId;
use crate::timestamp::Timestamp;

/// What the ontology calls a policy that forbids nothing.
const ALLOW: &str = "default: allow intent";

/// An image of a virtual machine (Gaia-X `VMImage`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Image {
    /// Its name in identifiers.
    pub id: ImageId,
    /// The name that customers choose it by; the identifier where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What is in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Who owns it, and what may be done with it.
    pub rights: Rights,
    /// Its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// When it was built.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub built_at: Option<Timestamp>,
    /// What its file must hash to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checksum: Option<Checksum>,
    /// How large its file is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_size: Option<Size>,
    /// The operating system in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operating_system: Option<OperatingSystem>,
    /// The format of its file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disk_format: Option<VmDiskFormat>,
    /// The architecture it is built for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub architecture: Option<CpuArchitecture>,
    /// The least memory it starts with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum_ram: Option<Size>,
    /// The least boot disk it starts from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum_disk: Option<Size>,
    /// The hypervisor it is made for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hypervisor: Option<HypervisorType>,
    /// The firmware it starts with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub firmware: Option<FirmwareType>,
    /// Whether it starts only what is signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secure_boot: Option<bool>,
    /// What the random numbers of the hardware rest on that it uses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hw_rng: Option<HwRngType>,
    /// How the provider updates it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub update_strategy: Option<UpdateStrategy>,
    /// Until when its vendor maintains it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maintained_until: Option<Date>,
}

/// Who owns a piece of software, and what may be done with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rights {
    /// Who owns the copyright, at least one.
    pub copyright_owned_by: Vec<String>,
    /// The licences by their SPDX identifiers, at least one.
    pub licences: Vec<SpdxId>,
    /// Policies in a language of their own, at least one.
    #[serde(default = "allow")]
    pub policies: Vec<String>,
}

fn allow() -> Vec<String> {
    vec![ALLOW.to_owned()]
}

/// An operating system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OperatingSystem {
    /// The distribution.
    pub distribution: OsDistribution,
    /// Its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Who owns it, and what may be done with it; as for the image where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rights: Option<Rights>,
}

/// What a file must hash to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Checksum {
    /// How it is computed.
    pub algorithm: HashAlgorithm,
    /// The hash.
    pub value: String,
}
