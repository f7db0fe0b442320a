//! Devices on the PCI bus, from `/sys/bus/pci/devices`.
//!
//! One small file tells class, ids and driver of a device; six more are read of those that do work of their own. `config`
//! is never read: it goes to the device itself, which under a hypervisor costs two milliseconds, and wakes what sleeps. No
//! privilege. What a vendor or a device is called is not known here: that is a database of its own.

use descriptors::fact::pci::{PciDevice, PciFact, PciKind};
use descriptors::fact::{AbsenceReason, Fact, Reading};

use super::{Context, Source, known, malformed, number, uevent};
use crate::root::Root;

const DIRECTORY: &str = "/sys/bus/pci/devices";

/// Larger servers have some four hundred functions, and as many virtual ones for each network port.
const DEVICES_MAX: usize = 4096;

/// Vendors of display controllers that show a console and compute nothing: Cirrus, Matrox, QEMU, VMware, ASPEED, Red Hat
/// (virtio), Huawei, Microsoft.
const CONSOLE_VENDORS: [&str; 8] = ["1013", "102b", "1234", "1414", "15ad", "19e5", "1a03", "1af4"];

/// Bridges, system peripherals and signal processing, where performance counters are: base classes 06, 08 and 11; and
/// AMD's non-essential instrumentation, 13.
const PLUMBING: [&str; 4] = ["06", "08", "11", "13"];

/// See the module.
pub struct Pci;

impl Source for Pci {
    fn name(&self) -> &'static str {
        "pci"
    }

    fn read(&self, context: &Context) -> Reading<Fact> {
        fetch(&context.root).and_then(parse).map(Fact::from)
    }
}

struct Raw {
    /// Those that do work of their own.
    devices: Vec<RawDevice>,
    plumbing: u32,
}

struct RawDevice {
    address: String,
    identity: Reading<Identity>,
    subsystem: Reading<String>,
    driver: Reading<String>,
    numa_node: Reading<String>,
    iommu_group: Reading<String>,
    sriov_functions_max: Reading<String>,
    sriov_functions: Reading<String>,
}

/// Class, vendor and device, in lower case and of full length.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Identity {
    class: String,
    vendor: String,
    device: String,
}

fn fetch(root: &Root) -> Reading<Raw> {
    root.list(DIRECTORY).and_then(|addresses| {
        if addresses.len() > DEVICES_MAX {
            return Reading::absent(AbsenceReason::Malformed, format!("{DIRECTORY}: more than {DEVICES_MAX} devices"));
        }
        let mut raw = Raw { devices: Vec::new(), plumbing: 0 };
        for address in addresses {
            let place = format!("{DIRECTORY}/{address}");
            let text = root.text(&format!("{place}/uevent"));
            let identity = text.clone().and_then(|text| identity(&place, &text));
            let plumbing = identity.present().is_some_and(|identity| PLUMBING.contains(&&identity.class[..2]));
            if plumbing {
                raw.plumbing += 1;
            } else if !root.exists(&format!("{place}/physfn")) {
                raw.devices.push(fetch_device(root, address, &text, identity));
            }
        }
        Reading::Present(raw)
    })
}

fn fetch_device(root: &Root, address: String, text: &Reading<String>, identity: Reading<Identity>) -> RawDevice {
    let place = format!("{DIRECTORY}/{address}");
    let member = |key: &str| {
        text.clone().and_then(|text| match uevent(&text, key) {
            Some(value) => Reading::Present(value.to_owned()),
            None => Reading::absent(AbsenceReason::NotPresent, format!("{place}/uevent: no {key}")),
        })
    };
    RawDevice {
        identity,
        subsystem: member("PCI_SUBSYS_ID"),
        driver: member("DRIVER"),
        numa_node: root.line(&format!("{place}/numa_node")),
        iommu_group: root.link_name(&format!("{place}/iommu_group")),
        sriov_functions_max: root.line(&format!("{place}/sriov_totalvfs")),
        sriov_functions: root.line(&format!("{place}/sriov_numvfs")),
        address,
    }
}

/// One device that cannot be read makes the list absent: a list with a hole would look complete.
fn parse(raw: Raw) -> Reading<PciFact> {
    let mut devices = Vec::with_capacity(raw.devices.len());
    for device in raw.devices {
        match parse_device(device) {
            Reading::Present(device) => devices.push(device),
            Reading::Absent(absence) => return Reading::Absent(absence),
        }
    }
    Reading::Present(PciFact { devices, plumbing: raw.plumbing })
}

fn parse_device(raw: RawDevice) -> Reading<PciDevice> {
    let place = |file: &str| format!("{DIRECTORY}/{}/{file}", raw.address);
    raw.identity.map(|identity| PciDevice {
        kind: kind(&identity),
        class: identity.class,
        vendor: identity.vendor,
        device: identity.device,
        subsystem: raw.subsystem.map(|id| id.to_ascii_lowercase()),
        driver: raw.driver,
        numa_node: known(&place("numa_node"), raw.numa_node),
        iommu_group: number(&place("iommu_group"), raw.iommu_group),
        sriov_functions_max: number(&place("sriov_totalvfs"), raw.sriov_functions_max),
        sriov_functions: number(&place("sriov_numvfs"), raw.sriov_functions),
        address: raw.address.clone(),
    })
}

/// `PCI_CLASS=20000` and `PCI_ID=15B3:101D`: hexadecimal, the class without leading zeros.
fn identity(place: &str, text: &str) -> Reading<Identity> {
    let read = || {
        let class = u32::from_str_radix(uevent(text, "PCI_CLASS")?, 16).ok().filter(|class| *class <= 0xff_ffff)?;
        let (vendor, device) = uevent(text, "PCI_ID")?.split_once(':')?;
        let id = |text: &str| u16::from_str_radix(text, 16).ok().map(|id| format!("{id:04x}"));
        Some(Identity { class: format!("{class:06x}"), vendor: id(vendor)?, device: id(device)? })
    };
    read().map_or_else(|| malformed(&format!("{place}/uevent"), text), Reading::Present)
}

fn kind(identity: &Identity) -> PciKind {
    match (&identity.class[..2], &identity.class[2..4]) {
        ("01", _) => PciKind::Storage,
        ("02", _) | ("0c", "04" | "06") => PciKind::Network,
        ("03", _) if CONSOLE_VENDORS.contains(&identity.vendor.as_str()) => PciKind::Display,
        ("03", _) => PciKind::Gpu,
        ("05", _) => PciKind::Memory,
        ("12", _) | ("0b", "40") => PciKind::Accelerator,
        ("10", _) => PciKind::Crypto,
        _ => PciKind::Other,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_device_is_known_by_class_and_ids_of_full_length() {
        let check = |text: &str, expect: Option<(&str, &str, &str)>| {
            let found = identity("/x", text);
            let found = found.present().map(|it| (it.class.as_str(), it.vendor.as_str(), it.device.as_str()));
            assert_eq!(found, expect, "{text:?}");
        };
        check("DRIVER=mlx5_core\nPCI_CLASS=20000\nPCI_ID=15B3:101D\n", Some(("020000", "15b3", "101d")));
        check("PCI_CLASS=C0330\nPCI_ID=1022:148C\n", Some(("0c0330", "1022", "148c")));
        check("PCI_CLASS=0\nPCI_ID=0:0\n", Some(("000000", "0000", "0000")));
        for bad in
            ["", "PCI_CLASS=20000", "PCI_ID=15B3:101D", "PCI_CLASS=1000000\nPCI_ID=1:1", "PCI_CLASS=é\nPCI_ID=1:1"]
        {
            check(bad, None);
        }
    }

    #[test]
    fn a_class_tells_what_a_device_is_for() {
        let check = |class: &str, vendor: &str, expect: PciKind| {
            let identity = Identity { class: class.to_owned(), vendor: vendor.to_owned(), device: "0001".to_owned() };
            assert_eq!(kind(&identity), expect, "{class} of {vendor}");
        };
        check("010802", "144d", PciKind::Storage);
        check("020000", "15b3", PciKind::Network);
        check("0c0600", "15b3", PciKind::Network);
        check("030200", "10de", PciKind::Gpu);
        check("038000", "1002", PciKind::Gpu);
        check("030000", "1a03", PciKind::Display);
        check("050210", "8086", PciKind::Memory);
        check("120000", "1002", PciKind::Accelerator);
        check("0b4000", "8086", PciKind::Accelerator);
        check("108000", "1022", PciKind::Crypto);
        check("0c0330", "1022", PciKind::Other);
    }

    proptest! {
        #[test]
        fn any_text_is_a_device_of_full_length_or_none(
            text in "(PCI_CLASS=[0-9A-Fa-fé]{0,8}\n|PCI_ID=[0-9A-F]{0,5}:?[0-9A-F]{0,5}\n|DRIVER=.{0,4}\n|\\PC{0,8}\n?){0,5}",
        ) {
            if let Reading::Present(found) = identity("/x", &text) {
                let lengths = (found.class.len(), found.vendor.len(), found.device.len());
                prop_assert_eq!(lengths, (6, 4, 4));
                let _ = kind(&found);
            }
        }
    }
}
