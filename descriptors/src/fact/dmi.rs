//! Board, system, chassis and firmware identity (SMBIOS), as the kernel exports it.

use serde::{Deserialize, Serialize};

use super::Reading;

/// SMBIOS identity of a node. Vendor fillers are absent, not values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DmiFact {
    /// System manufacturer.
    pub system_vendor: Reading<String>,
    /// System product name.
    pub product_name: Reading<String>,
    /// System version, where vendors put revisions or marketing names.
    #[serde(default = "super::unasked")]
    pub product_version: Reading<String>,
    /// System stock keeping unit: what exactly was ordered.
    #[serde(default = "super::unasked")]
    pub product_sku: Reading<String>,
    /// System serial number; readable by root only.
    pub product_serial: Reading<String>,
    /// System UUID; readable by root only.
    pub product_uuid: Reading<String>,
    /// Board manufacturer.
    pub board_vendor: Reading<String>,
    /// Board name.
    pub board_name: Reading<String>,
    /// Board version.
    #[serde(default = "super::unasked")]
    pub board_version: Reading<String>,
    /// Board serial number; readable by root only.
    pub board_serial: Reading<String>,
    /// Chassis type, a number of the SMBIOS specification, 7.4.1: 23 is a rack mount chassis, 28 a blade.
    #[serde(default = "super::unasked")]
    pub chassis_type: Reading<String>,
    /// Chassis serial number. Two nodes with the same one sit in one enclosure.
    pub chassis_serial: Reading<String>,
    /// Chassis asset tag.
    pub chassis_asset_tag: Reading<String>,
    /// Firmware manufacturer.
    pub bios_vendor: Reading<String>,
    /// Firmware version.
    pub bios_version: Reading<String>,
    /// Firmware date as the firmware writes it.
    pub bios_date: Reading<String>,
    /// Release of the system firmware, major and minor.
    #[serde(default = "super::unasked")]
    pub bios_release: Reading<String>,
    /// Release of the embedded controller's firmware, which is the management controller's on many servers.
    #[serde(default = "super::unasked")]
    pub controller_release: Reading<String>,
}
