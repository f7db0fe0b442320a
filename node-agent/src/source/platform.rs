//! How the node was booted, and what isolates its guests: EFI variables, TPMs, IOMMUs, KVM and confidential computing,
//! management controllers.
//!
//! Of Secure Boot this is the firmware's own word, as the kernel read it at boot; what the TPM measured is
//! another thing, and not asked for here. Of KVM it is known that the device is there, not that guests run. `/sys/class/tpm` and the parameters
//! of modules need no privilege; nothing is opened but small files, and `/dev/kvm` is not opened at all. About twenty small
//! files. The files of a management controller make the kernel ask it, at most once in ten seconds.

use descriptors::fact::platform::{BootMode, Kvm, ManagementController, PlatformFact, Tpm};
use descriptors::fact::{AbsenceReason, Fact, Reading};

use super::{Context, Source, malformed, number, numbered, switch};
use crate::root::Root;

const FIRMWARE: &str = "/sys/firmware";
const EFI: &str = "/sys/firmware/efi";
const VARIABLES: &str = "/sys/firmware/efi/efivars";
const TPMS: &str = "/sys/class/tpm";
const IOMMUS: &str = "/sys/class/iommu";
const IOMMU_GROUPS: &str = "/sys/kernel/iommu_groups";
const KVM: &str = "/dev/kvm";
const MODULES: &str = "/sys/module";
const PLATFORM_DEVICES: &str = "/sys/bus/platform/devices";

/// The vendor of the variables that the UEFI specification defines (3.3).
const GLOBAL_VARIABLE: &str = "8be4df61-93ca-11d2-aa0d-00e098032b8c";

/// Most TPMs and management controllers that are read; a node has one of each.
const DEVICES_MAX: usize = 16;

/// See the module.
pub struct Platform;

impl Source for Platform {
    fn name(&self) -> &'static str {
        "platform"
    }

    fn read(&self, context: &Context) -> Reading<Fact> {
        let fact = parse(fetch(&context.root));
        match says_nothing(&fact) {
            true => Reading::absent(AbsenceReason::NotPresent, "/sys"),
            false => Reading::Present(fact.into()),
        }
    }
}

struct Raw {
    /// Whether there is a directory of firmware, and in it one of EFI.
    firmware: Option<bool>,
    secure_boot: Reading<Vec<u8>>,
    setup_mode: Reading<Vec<u8>>,
    tpms: Reading<Vec<(String, Reading<String>)>>,
    iommus: Reading<Vec<String>>,
    iommu_groups: Reading<Vec<String>>,
    kvm: bool,
    /// The module of KVM for this processor, and its parameter `nested`.
    module: Option<(&'static str, Reading<String>)>,
    parameters: [Reading<String>; 4],
    controllers: Reading<Vec<RawController>>,
}

struct RawController {
    name: String,
    firmware: Reading<String>,
    manufacturer: Reading<String>,
    product: Reading<String>,
    ipmi_version: Reading<String>,
}

/// Parameters that say what KVM offers, in the order of [`Raw::parameters`].
const PARAMETERS: [&str; 4] =
    ["kvm_amd/parameters/sev", "kvm_amd/parameters/sev_es", "kvm_amd/parameters/sev_snp", "kvm_intel/parameters/tdx"];

fn fetch(root: &Root) -> Raw {
    let efi = root.exists(EFI);
    let variable = |name: &str| match efi {
        true => root.bytes(&format!("{VARIABLES}/{name}-{GLOBAL_VARIABLE}"), 16),
        false => Reading::absent(AbsenceReason::NotPresent, EFI),
    };
    let tpms = root.list(TPMS).map(|names| {
        let names = names.into_iter().filter(|name| numbered(name, "tpm").is_some()).take(DEVICES_MAX);
        let version = |name: String| {
            let version = root.line(&format!("{TPMS}/{name}/tpm_version_major"));
            (name, version)
        };
        names.map(version).collect()
    });
    let module = ["kvm_amd", "kvm_intel"].into_iter().find(|module| root.exists(&format!("{MODULES}/{module}")));
    let controllers = root.list(PLATFORM_DEVICES).map(|names| {
        let names = names.into_iter().filter(|name| name.starts_with("ipmi_bmc.")).take(DEVICES_MAX);
        names.map(|name| fetch_controller(root, name)).collect()
    });
    Raw {
        firmware: root.exists(FIRMWARE).then_some(efi),
        secure_boot: variable("SecureBoot"),
        setup_mode: variable("SetupMode"),
        tpms,
        iommus: root.list(IOMMUS),
        iommu_groups: root.list(IOMMU_GROUPS),
        kvm: root.exists(KVM),
        module: module.map(|module| (module, root.line(&format!("{MODULES}/{module}/parameters/nested")))),
        parameters: PARAMETERS.map(|parameter| root.line(&format!("{MODULES}/{parameter}"))),
        controllers,
    }
}

fn fetch_controller(root: &Root, name: String) -> RawController {
    let at = |file: &str| root.line(&format!("{PLATFORM_DEVICES}/{name}/{file}"));
    RawController {
        firmware: at("firmware_revision"),
        manufacturer: at("manufacturer_id"),
        product: at("product_id"),
        ipmi_version: at("ipmi_version"),
        name,
    }
}

fn parse(raw: Raw) -> PlatformFact {
    let count = |names: Vec<String>| u32::try_from(names.len()).unwrap_or(u32::MAX);
    let [sev, sev_es, sev_snp, tdx] = raw.parameters;
    let parameter = |index: usize, text: Reading<String>| switch(&format!("{MODULES}/{}", PARAMETERS[index]), text);
    PlatformFact {
        boot_mode: match raw.firmware {
            Some(true) => Reading::Present(BootMode::Efi),
            Some(false) => Reading::Present(BootMode::NotEfi),
            None => Reading::absent(AbsenceReason::NotPresent, FIRMWARE),
        },
        secure_boot: raw.secure_boot.and_then(|bytes| variable("SecureBoot", &bytes)),
        secure_boot_setup_mode: raw.setup_mode.and_then(|bytes| variable("SetupMode", &bytes)),
        tpms: raw.tpms.and_then(tpms),
        iommus: raw.iommus.map(count),
        iommu_groups: raw.iommu_groups.map(count),
        kvm: match raw.kvm {
            true => Reading::Present(kvm(raw.module)),
            false => Reading::absent(AbsenceReason::NotPresent, KVM),
        },
        sev: parameter(0, sev),
        sev_es: parameter(1, sev_es),
        sev_snp: parameter(2, sev_snp),
        tdx: parameter(3, tdx),
        management_controllers: raw.controllers.and_then(controllers),
    }
}

/// Whether there is no directory that this source looks into, so that it is none of a running Linux.
fn says_nothing(fact: &PlatformFact) -> bool {
    fact.boot_mode.absence().is_some() && fact.iommus.absence().is_some() && fact.kvm.absence().is_some()
}

/// A variable as the kernel exports it: four bytes of attributes, then the value, here 0 or 1.
fn variable(name: &str, bytes: &[u8]) -> Reading<bool> {
    match bytes {
        [_, _, _, _, 0] => Reading::Present(false),
        [_, _, _, _, 1] => Reading::Present(true),
        _ => malformed(&format!("{VARIABLES}/{name}-{GLOBAL_VARIABLE}"), &format!("{bytes:02x?}")),
    }
}

fn tpms(tpms: Vec<(String, Reading<String>)>) -> Reading<Vec<Tpm>> {
    if tpms.is_empty() {
        return Reading::absent(AbsenceReason::NotPresent, format!("{TPMS}: empty"));
    }
    let tpm = |(name, version): (String, Reading<String>)| Tpm {
        version_major: number(&format!("{TPMS}/{name}/tpm_version_major"), version),
        name,
    };
    Reading::Present(tpms.into_iter().map(tpm).collect())
}

fn kvm(module: Option<(&'static str, Reading<String>)>) -> Kvm {
    fn none<T>() -> Reading<T> {
        Reading::absent(AbsenceReason::NotPresent, format!("{MODULES}: neither kvm_amd nor kvm_intel"))
    }
    match module {
        Some((module, nested)) => Kvm {
            module: Reading::Present(module.to_owned()),
            nested: switch(&format!("{MODULES}/{module}/parameters/nested"), nested),
        },
        None => Kvm { module: none(), nested: none() },
    }
}

fn controllers(controllers: Vec<RawController>) -> Reading<Vec<ManagementController>> {
    if controllers.is_empty() {
        return Reading::absent(AbsenceReason::NotPresent, format!("{PLATFORM_DEVICES}: no ipmi_bmc"));
    }
    let controller = |raw: RawController| ManagementController {
        name: raw.name,
        firmware: raw.firmware,
        manufacturer: raw.manufacturer,
        product: raw.product,
        ipmi_version: raw.ipmi_version,
    };
    Reading::Present(controllers.into_iter().map(controller).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_firmware_variable_has_attributes_before_its_value() {
        assert_eq!(variable("SecureBoot", &[6, 0, 0, 0, 1]), Reading::Present(true));
        assert_eq!(variable("SecureBoot", &[6, 0, 0, 0, 0]), Reading::Present(false));
        for bad in [&[][..], &[1], &[6, 0, 0, 0], &[6, 0, 0, 0, 2], &[6, 0, 0, 0, 1, 0]] {
            let absence = variable("SecureBoot", bad);
            assert_eq!(absence.absence().map(|absence| absence.reason), Some(AbsenceReason::Malformed), "{bad:?}");
        }
    }

    #[test]
    fn without_efi_nothing_is_said_of_secure_boot() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(directory.path().join("sys/firmware/acpi")).unwrap();
        let fact = parse(fetch(&Root::at(directory.path()).unwrap()));
        assert_eq!(fact.boot_mode, Reading::Present(BootMode::NotEfi));
        assert_eq!(fact.secure_boot.absence().map(|absence| absence.detail.as_str()), Some(EFI));
    }

    #[test]
    fn a_machine_without_a_tpm_or_a_management_controller_has_none_and_says_so() {
        assert!(tpms(Vec::new()).absence().is_some());
        assert!(controllers(Vec::new()).absence().is_some());
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_variable_or_malformed(bytes in prop::collection::vec(0_u8..3, 0..8)) {
            let expect = (bytes.len() == 5 && bytes[4] < 2).then(|| bytes[4] == 1);
            prop_assert_eq!(variable("SecureBoot", &bytes).present().copied(), expect);
        }
    }
}
