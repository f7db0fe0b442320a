//! Disks: what `/sys/block` says of devices that stand for hardware, or for what a hypervisor gives.
//!
//! `/sys/block` lists whole disks only. Left out are devices without a `device` link (loop, RAM, zram, device mapper, MD),
//! CD and floppy drives, and the hidden paths of multipath NVMe. No ioctl is made: NVMe identify and SMART need
//! `CAP_SYS_ADMIN`. Eleven small files a disk, no privilege except for the serial number of a SCSI disk.

use descriptors::fact::block::{BlockFact, Disk, DiskClass, Transport};
use descriptors::fact::{AbsenceReason, Fact, Reading};

use super::{Context, Source, malformed, number, numbered, switch};
use crate::root::Root;

const DIRECTORY: &str = "/sys/block";

/// `size` counts these, whatever the disk's own block size is.
const SECTOR_BYTES: u64 = 512;

/// SCSI vendors that are hypervisors.
const VIRTUAL_VENDORS: [&str; 5] = ["Msft", "QEMU", "VBOX", "VMware", "Xen"];

/// See the module.
pub struct Block;

impl Source for Block {
    fn name(&self) -> &'static str {
        "block"
    }

    fn read(&self, context: &Context) -> Reading<Fact> {
        fetch(&context.root).map(|raw| BlockFact { disks: raw.into_iter().map(parse).collect() }.into())
    }
}

struct Raw {
    name: String,
    sectors: Reading<String>,
    rotational: Reading<String>,
    vendor: Reading<String>,
    model: Reading<String>,
    serial: Reading<Vec<u8>>,
    wwid: Reading<String>,
    firmware: Reading<String>,
    write_cache: Reading<String>,
    forced_writes: Reading<String>,
    /// Where the kernel has the disk, or the transport that an NVMe controller names.
    way: Reading<String>,
}

fn fetch(root: &Root) -> Reading<Vec<Raw>> {
    root.list(DIRECTORY).map(|names| names.into_iter().filter_map(|name| fetch_disk(root, name)).collect())
}

fn fetch_disk(root: &Root, name: String) -> Option<Raw> {
    let at = |file: &str| format!("{DIRECTORY}/{name}/{file}");
    let removable_media = ["sr", "fd"].iter().any(|prefix| super::numbered(&name, prefix).is_some());
    if removable_media || !root.exists(&at("device")) {
        return None;
    }
    let nvme = name.starts_with("nvme");
    if nvme && root.line(&at("hidden")).present().is_some_and(|hidden| hidden == "1") {
        return None;
    }
    let serial = if nvme {
        root.bytes(&at("device/serial"), 1024)
    } else if root.exists(&at("device/vpd_pg80")) {
        root.bytes(&at("device/vpd_pg80"), 1024)
    } else {
        root.bytes(&at("serial"), 1024)
    };
    Some(Raw {
        sectors: root.line(&at("size")),
        rotational: root.line(&at("queue/rotational")),
        vendor: root.line(&at("device/vendor")),
        model: root.line(&at("device/model")),
        serial,
        wwid: root.line(&at(if nvme { "wwid" } else { "device/wwid" })),
        firmware: root.line(&at(if nvme { "device/firmware_rev" } else { "device/rev" })),
        write_cache: root.line(&at("queue/write_cache")),
        forced_writes: root.line(&at("queue/fua")),
        way: if nvme { nvme_transport(root, &at("device")) } else { root.link(&format!("{DIRECTORY}/{name}")) },
        name,
    })
}

/// The transport of a disk's controller. A disk that several controllers reach belongs to their subsystem, which links to
/// each of them; by the rules of NVMe they may differ, and the first is as good as any.
fn nvme_transport(root: &Root, device: &str) -> Reading<String> {
    match root.line(&format!("{device}/transport")) {
        Reading::Absent(absence) if absence.reason == AbsenceReason::NotPresent => {
            let names = root.list(device).map(|names| names.into_iter().find(|name| numbered(name, "nvme").is_some()));
            match names.present() {
                Some(Some(controller)) => root.line(&format!("{device}/{controller}/transport")),
                _ => Reading::Absent(absence),
            }
        }
        reading => reading,
    }
}

fn parse(raw: Raw) -> Disk {
    let place = |file: &str| format!("{DIRECTORY}/{}/{file}", raw.name);
    Disk {
        class: class(&raw.name, &raw.vendor, &raw.rotational),
        size_bytes: number::<u64>(&place("size"), raw.sectors).and_then(|sectors| {
            match sectors.checked_mul(SECTOR_BYTES) {
                Some(bytes) => Reading::Present(bytes),
                None => Reading::absent(AbsenceReason::Malformed, format!("{}: {sectors} sectors", place("size"))),
            }
        }),
        model: raw.model,
        serial: raw.serial.and_then(|bytes| serial(&place("serial"), &bytes)),
        wwid: raw.wwid,
        firmware: raw.firmware,
        write_cache: raw.write_cache,
        forced_writes: switch(&place("queue/fua"), raw.forced_writes),
        transport: raw.way.and_then(|way| transport(&raw.name, &way)),
        name: raw.name,
    }
}

fn class(name: &str, vendor: &Reading<String>, rotational: &Reading<String>) -> DiskClass {
    let virtual_vendor = vendor.present().is_some_and(|vendor| VIRTUAL_VENDORS.contains(&vendor.as_str()));
    if name.starts_with("vd") || name.starts_with("xvd") || virtual_vendor {
        return DiskClass::Virtual;
    }
    match (name.starts_with("nvme"), rotational.present().map(String::as_str)) {
        (true, _) => DiskClass::Nvme,
        (false, Some("0")) => DiskClass::Ssd,
        (false, Some("1")) => DiskClass::Hdd,
        (false, _) => DiskClass::Other,
    }
}

/// The names that the kernel gives to what lies between a disk and its controller.
const WAYS: [(&str, Transport); 6] = [
    ("ata", Transport::Ata),
    ("end_device-", Transport::Sas),
    ("session", Transport::Iscsi),
    ("rport-", Transport::Fc),
    ("usb", Transport::Usb),
    ("virtio", Transport::Virtio),
];

fn transport(name: &str, way: &str) -> Reading<Transport> {
    if name.starts_with("nvme") {
        return match way {
            "pcie" => Reading::Present(Transport::Pcie),
            "tcp" => Reading::Present(Transport::NvmeTcp),
            "rdma" => Reading::Present(Transport::NvmeRdma),
            "fc" => Reading::Present(Transport::NvmeFc),
            _ => malformed(&format!("{DIRECTORY}/{name}/device/transport"), way),
        };
    }
    // The nearest to the disk counts: a USB bridge to a SATA disk is reached by USB, and both names are there.
    let begins = |part: &str, prefix: &str| {
        part.strip_prefix(prefix).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    };
    let nearest = way.rsplit('/').find_map(|part| WAYS.iter().find(|(prefix, _)| begins(part, prefix)));
    Reading::Present(nearest.map_or(Transport::Other, |(_, transport)| *transport))
}

/// The text of a `serial` file, or of a SCSI unit serial number page (SPC-6, 7.7.20): 0, 0x80, a length in two bytes, text.
fn serial(place: &str, bytes: &[u8]) -> Reading<String> {
    let text = match bytes {
        [_, 0x80, high, low, page @ ..] => {
            let length = usize::from(u16::from_be_bytes([*high, *low]));
            page.get(..length).and_then(|text| std::str::from_utf8(text).ok())
        }
        text => std::str::from_utf8(text).ok(),
    };
    match text.map(|text| text.trim_matches(|c: char| c.is_whitespace() || c == '\0')) {
        Some("") => Reading::absent(AbsenceReason::NotPresent, format!("{place}: empty")),
        Some(text) => Reading::Present(text.to_owned()),
        None => {
            Reading::absent(AbsenceReason::Malformed, format!("{place}: neither text nor a unit serial number page"))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_serial_number_is_text_or_a_scsi_page() {
        let check = |bytes: &[u8], expect: Option<&str>| {
            assert_eq!(serial("/x", bytes).present().map(String::as_str), expect, "{bytes:?}");
        };
        check(b"S6CKNT0W123456      \n", Some("S6CKNT0W123456"));
        check(b"\0\x80\0\x08    ZL2A", Some("ZL2A"));
        check(b"\0\x80\0\x09    ZL2A", None);
        check(b"\0\x80\0\0", None);
        check(b"", None);
        check(b"\xff\xfe", None);
    }

    #[test]
    fn a_disk_is_reached_by_what_is_nearest_to_it() {
        let check = |name: &str, way: &str, expect: Option<Transport>| {
            assert_eq!(transport(name, way).present().copied(), expect, "{way}");
        };
        let pci = "../devices/pci0000:40/0000:40:08.3/0000:44:00.0";
        check("sda", &format!("{pci}/ata1/host0/target0:0:0/0:0:0:0/block/sda"), Some(Transport::Ata));
        let sas = "host0/port-0:0/end_device-0:0/target0:0:0/0:0:0:0/block/sda";
        check("sda", &format!("{pci}/{sas}"), Some(Transport::Sas));
        let iscsi = "../devices/platform/host9/session1/target9:0:0/9:0:0:1/block/sdb";
        check("sdb", iscsi, Some(Transport::Iscsi));
        check("sdc", &format!("{pci}/host1/rport-1:0-2/target1:0:0/1:0:0:0/block/sdc"), Some(Transport::Fc));
        check("sdd", &format!("{pci}/usb2/2-1/2-1:1.0/host6/target6:0:0/6:0:0:0/block/sdd"), Some(Transport::Usb));
        check("vda", "../devices/pci0000:00/0000:00:01.0/virtio0/block/vda", Some(Transport::Virtio));
        check("sde", &format!("{pci}/host0/target0:2:0/0:2:0:0/block/sde"), Some(Transport::Other));
        check("nvme0n1", "pcie", Some(Transport::Pcie));
        check("nvme0n1", "tcp", Some(Transport::NvmeTcp));
        check("nvme0n1", "pigeon", None);
    }

    #[test]
    fn a_disk_of_a_hypervisor_is_virtual() {
        let text = |text: &str| Reading::Present(text.to_owned());
        let none = || Reading::absent(AbsenceReason::NotPresent, "/x");
        let check = |name: &str, vendor: Reading<String>, rotational: Reading<String>, expect: DiskClass| {
            assert_eq!(class(name, &vendor, &rotational), expect, "{name}");
        };
        check("vda", none(), text("1"), DiskClass::Virtual);
        check("sda", text("QEMU"), text("0"), DiskClass::Virtual);
        check("sda", text("ATA"), text("0"), DiskClass::Ssd);
        check("sda", text("ATA"), text("1"), DiskClass::Hdd);
        check("sda", text("ATA"), none(), DiskClass::Other);
        check("nvme0n1", none(), text("0"), DiskClass::Nvme);
    }

    proptest! {
        #[test]
        fn any_path_is_a_way_to_a_disk(way in "(/?(ata|usb|session|rport-|end_device-|virtio|\\PC{0,3})[0-9:-]{0,3}){0,6}") {
            prop_assert!(transport("sda", &way).present().is_some());
            let named = transport("nvme0n1", &way);
            prop_assert_eq!(named.present().is_some(), ["pcie", "tcp", "rdma", "fc"].contains(&way.as_str()));
        }
    }
}
