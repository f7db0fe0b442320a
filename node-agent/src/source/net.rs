//! Network: interfaces in `/sys/class/net`, default gateways from the routing tables, their hardware addresses from the
//! neighbour table.
//!
//! Read are interfaces with a device behind them and those stacked on others, such as bonds, VLANs and bridges. Left out is
//! what rests on nothing: the loopback interface, and the taps and cables of guests and containers, which come and go with
//! them. A gateway's hardware address is known while the node talks to it; the neighbour table of IPv6 is no file, and the running
//! kernel is asked for it. Speed comes from the driver, which refuses while the link is down. VLAN numbers are in a file that root alone
//! may read. A firmware version is in a file where the device can do RDMA; of others the driver is asked, on the running
//! machine. Up to twelve small files and one call an interface, no privilege but for VLANs.

mod neighbours;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr};

use descriptors::fact::net::{Bond, Gateway, Interface, NetFact, Vlan};
use descriptors::fact::{AbsenceReason, Fact, Reading};

use self::neighbours::Neighbour;
use super::{Context, Source, known, malformed, number, uevent};
use crate::raw;
use crate::root::Root;

const DIRECTORY: &str = "/sys/class/net";
const ROUTES_V4: &str = "/proc/net/route";
const ROUTES_V6: &str = "/proc/net/ipv6_route";
const NEIGHBOURS: &str = "/proc/net/arp";
const VLANS: &str = "/proc/net/vlan/config";

/// Some 8,000 routes; a node with more is a router, and its table costs more to read than it tells.
const ROUTES_BYTES_MAX: usize = 1 << 20;

/// `RTF_GATEWAY` and `RTF_UP` of `<linux/route.h>`.
const UP_GATEWAY: u32 = 0x0003;

/// `ATF_COM` of `<linux/if_arp.h>`: the entry is complete.
const COMPLETE: u32 = 0x02;

/// See the module.
pub struct Net;

impl Source for Net {
    fn name(&self) -> &'static str {
        "net"
    }

    fn read(&self, context: &Context) -> Reading<Fact> {
        fetch(&context.root).map(|raw| parse(raw).into())
    }
}

struct Raw {
    interfaces: Vec<RawInterface>,
    routes_v4: Reading<String>,
    routes_v6: Reading<String>,
    neighbours_v4: Reading<String>,
    neighbours_v6: Reading<Vec<u8>>,
    /// The index of each interface with a gateway of IPv6, by which that table calls it.
    indexes: BTreeMap<String, Reading<String>>,
    vlans: Reading<String>,
}

struct RawInterface {
    name: String,
    physical: bool,
    mac: Reading<String>,
    speed: Reading<String>,
    driver: Reading<String>,
    mtu: Reading<String>,
    numa_node: Reading<String>,
    sriov_functions_max: Reading<String>,
    sriov_functions: Reading<String>,
    controller: Reading<String>,
    uevent: Reading<String>,
    mac_permanent: Reading<String>,
    firmware: Reading<String>,
    bond_mode: Reading<String>,
    bond_members: Reading<String>,
}

fn fetch(root: &Root) -> Reading<Raw> {
    let routes_v6 = root.text_up_to(ROUTES_V6, ROUTES_BYTES_MAX);
    let next_hops = routes_v6.present().into_iter().flat_map(|table| table.lines()).filter_map(next_hop_v6);
    let index = |name: &str| (name.to_owned(), root.line(&format!("{DIRECTORY}/{name}/ifindex")));
    let indexes = next_hops.map(|(_, interface)| index(interface)).collect();
    root.list(DIRECTORY).map(|names| Raw {
        interfaces: names.into_iter().filter_map(|name| fetch_interface(root, name)).collect(),
        routes_v4: root.text_up_to(ROUTES_V4, ROUTES_BYTES_MAX),
        routes_v6,
        indexes,
        neighbours_v4: root.text_up_to(NEIGHBOURS, ROUTES_BYTES_MAX),
        neighbours_v6: match root.is_live() {
            true => neighbours::fetch(),
            false => Reading::absent(AbsenceReason::NotSupported, format!("{NEIGHBOURS}: has no IPv6")),
        },
        vlans: root.text_up_to(VLANS, ROUTES_BYTES_MAX),
    })
}

fn fetch_interface(root: &Root, name: String) -> Option<RawInterface> {
    let at = |file: &str| format!("{DIRECTORY}/{name}/{file}");
    let physical = root.exists(&at("device"));
    if !physical && !is_stacked(root, &name) {
        return None;
    }
    Some(RawInterface {
        physical,
        mac: root.line(&at("address")),
        speed: root.line(&at("speed")),
        driver: root.link_name(&at("device/driver")),
        mtu: root.line(&at("mtu")),
        numa_node: root.line(&at("device/numa_node")),
        sriov_functions_max: root.line(&at("device/sriov_totalvfs")),
        sriov_functions: root.line(&at("device/sriov_numvfs")),
        controller: root.link_name(&at("master")),
        uevent: root.text(&at("uevent")),
        mac_permanent: root.line(&at("bonding_slave/perm_hwaddr")),
        firmware: firmware(root, &name, &at("device/infiniband")),
        bond_mode: root.line(&at("bonding/mode")),
        bond_members: root.text(&at("bonding/slaves")),
        name,
    })
}

/// The name of each interface by its index, as a text.
pub(super) fn names(root: &Root) -> BTreeMap<String, String> {
    let names = root.list(DIRECTORY);
    let indexed = names.present().into_iter().flatten().filter_map(|name| {
        let index = root.line(&format!("{DIRECTORY}/{name}/ifindex"));
        Some((index.present()?.clone(), name.clone()))
    });
    indexed.collect()
}

/// The firmware version that the first RDMA device of a network device tells; without one, what the driver tells.
fn firmware(root: &Root, name: &str, directory: &str) -> Reading<String> {
    let told = root.list(directory).and_then(|names| match names.first() {
        Some(name) => root.line(&format!("{directory}/{name}/fw_ver")),
        None => Reading::absent(AbsenceReason::NotPresent, format!("{directory}: empty")),
    });
    match told {
        Reading::Absent(_) if root.is_live() => told_by_driver(name, raw::interface_firmware(name)),
        told => told,
    }
}

fn told_by_driver(name: &str, answer: std::io::Result<String>) -> Reading<String> {
    let place = |what: &dyn std::fmt::Display| format!("ethtool driver information of {name}: {what}");
    match answer {
        Ok(version) if version.is_empty() => Reading::absent(AbsenceReason::NotPresent, place(&"no firmware")),
        Ok(version) if version.eq_ignore_ascii_case("n/a") => Reading::absent(AbsenceReason::Filler, place(&version)),
        Ok(version) => Reading::Present(version),
        Err(error) => Reading::absent(AbsenceReason::NotSupported, place(&error)),
    }
}

/// Whether an interface has lower ones, to which the kernel links it by `lower_…`.
fn is_stacked(root: &Root, name: &str) -> bool {
    let entries = root.list(&format!("{DIRECTORY}/{name}"));
    entries.present().is_some_and(|entries| entries.iter().any(|entry| entry.starts_with("lower_")))
}

fn parse(raw: Raw) -> NetFact {
    let index = |(name, index): (String, Reading<String>)| Some((name, index.present()?.parse().ok()?));
    let neighbours = Neighbours {
        v4: raw.neighbours_v4,
        v6: raw.neighbours_v6.and_then(|dump| neighbours::parse(&dump)),
        indexes: raw.indexes.into_iter().filter_map(index).collect(),
    };
    NetFact {
        interfaces: raw.interfaces.into_iter().map(|raw_interface| interface(raw_interface, &raw.vlans)).collect(),
        gateways: gateways(raw.routes_v4, raw.routes_v6, &neighbours),
    }
}

fn interface(raw: RawInterface, vlans: &Reading<String>) -> Interface {
    let place = |file: &str| format!("{DIRECTORY}/{}/{file}", raw.name);
    let kind = raw.uevent.and_then(|text| match uevent(&text, "DEVTYPE") {
        Some(kind) => Reading::Present(kind.to_owned()),
        None => Reading::absent(AbsenceReason::NotPresent, format!("{}: no DEVTYPE", place("uevent"))),
    });
    let is_vlan = kind.present().is_some_and(|kind| kind == "vlan");
    Interface {
        physical: raw.physical,
        vlan: match is_vlan {
            true => vlans.clone().and_then(|table| vlan(&table, &raw.name)),
            false => Reading::absent(AbsenceReason::NotPresent, format!("{}: no VLAN", place("uevent"))),
        },
        kind,
        mac_permanent: raw.mac_permanent,
        firmware: raw.firmware,
        bond: raw.bond_mode.map(|mode| Bond {
            mode: bond_mode(&place("bonding/mode"), &mode),
            members: raw.bond_members.map(|members| {
                let mut members: Vec<String> = members.split_ascii_whitespace().map(str::to_owned).collect();
                members.sort_unstable();
                members
            }),
        }),
        mac: raw.mac.and_then(|text| match text.bytes().any(|byte| byte != b'0' && byte != b':') {
            true => Reading::Present(text),
            false => Reading::absent(AbsenceReason::Filler, format!("{}: {text}", place("address"))),
        }),
        speed_mbit: known(&place("speed"), raw.speed),
        driver: raw.driver,
        mtu: number(&place("mtu"), raw.mtu),
        numa_node: known(&place("device/numa_node"), raw.numa_node),
        sriov_functions_max: number(&place("device/sriov_totalvfs"), raw.sriov_functions_max),
        sriov_functions: number(&place("device/sriov_numvfs"), raw.sriov_functions),
        controller: raw.controller,
        name: raw.name,
    }
}

/// The name in `802.3ad 4`, name and number of the mode.
fn bond_mode(place: &str, text: &str) -> Reading<String> {
    match text.split_once(' ') {
        Some((mode, number)) if number.bytes().all(|byte| byte.is_ascii_digit()) => Reading::Present(mode.to_owned()),
        _ => malformed(place, text),
    }
}

/// The line of an interface in `VLAN Dev name | VLAN ID` with two lines above: `bond0.100 | 100 | bond0`.
fn vlan(table: &str, name: &str) -> Reading<Vlan> {
    let found = table.lines().find_map(|line| {
        let mut fields = line.split('|').map(str::trim);
        let (interface, id, parent) = (fields.next()?, fields.next()?, fields.next()?);
        (interface == name).then_some((id, parent))
    });
    match found.map(|(id, parent)| (id.parse::<u32>(), parent)) {
        Some((Ok(id @ 0..4096), parent)) if !parent.is_empty() => {
            Reading::Present(Vlan { id, parent: parent.to_owned() })
        }
        Some(_) => Reading::absent(AbsenceReason::Malformed, format!("{VLANS}: {name}")),
        None => Reading::absent(AbsenceReason::NotPresent, format!("{VLANS}: no {name}")),
    }
}

/// Who answers at which address.
struct Neighbours {
    v4: Reading<String>,
    v6: Reading<Vec<Neighbour>>,
    /// The index of an interface.
    indexes: BTreeMap<String, u32>,
}

/// Gateways of both tables. A table that cannot be read makes the list absent, but for IPv6 switched off in the kernel.
fn gateways(v4: Reading<String>, v6: Reading<String>, neighbours: &Neighbours) -> Reading<Vec<Gateway>> {
    let v6 = match v6 {
        Reading::Absent(absence) if absence.reason == AbsenceReason::NotPresent => Reading::Present(String::new()),
        table => table,
    };
    v4.and_then(|v4| {
        v6.and_then(|v6| {
            let mut gateways: Vec<Gateway> =
                v4.lines().skip(1).filter_map(|line| gateway_v4(line, &neighbours.v4)).collect();
            gateways.extend(v6.lines().filter_map(|line| gateway_v6(line, neighbours)));
            gateways.sort_unstable_by(|a, b| (&a.address, &a.interface).cmp(&(&b.address, &b.interface)));
            gateways.dedup_by(|a, b| (&a.address, &a.interface) == (&b.address, &b.interface));
            Reading::Present(gateways)
        })
    })
}

/// A default route: `Iface Destination Gateway Flags RefCnt Use Metric Mask …`, addresses as the processor's own integers.
fn gateway_v4(line: &str, neighbours: &Reading<String>) -> Option<Gateway> {
    let fields: Vec<&str> = line.split_ascii_whitespace().collect();
    let [interface, "00000000", gateway, flags, _, _, _, "00000000", ..] = fields[..] else { return None };
    if u32::from_str_radix(flags, 16).ok()? & UP_GATEWAY != UP_GATEWAY {
        return None;
    }
    // Little-endian: every architecture we run on is.
    let address = Ipv4Addr::from(u32::from_str_radix(gateway, 16).ok()?.swap_bytes()).to_string();
    let mac = neighbours.clone().and_then(|table| neighbour(&table, &address, interface));
    Some(Gateway { address, interface: interface.to_owned(), mac })
}

/// Next hop and interface of a default route: destination, its prefix, source, its prefix, next hop, metric, …, flags,
/// interface.
fn next_hop_v6(line: &str) -> Option<(Ipv6Addr, &str)> {
    let fields: Vec<&str> = line.split_ascii_whitespace().collect();
    let [destination, "00", _, _, next, _, _, _, flags, interface] = fields[..] else { return None };
    let up_gateway = u32::from_str_radix(flags, 16).ok()? & UP_GATEWAY == UP_GATEWAY;
    if !up_gateway || destination.bytes().any(|byte| byte != b'0') {
        return None;
    }
    Some((Ipv6Addr::from(u128::from_str_radix(next, 16).ok()?), interface))
}

fn gateway_v6(line: &str, neighbours: &Neighbours) -> Option<Gateway> {
    let (address, interface) = next_hop_v6(line)?;
    let index = neighbours.indexes.get(interface);
    let is_it = |neighbour: &&Neighbour| neighbour.address == address && Some(&neighbour.interface) == index;
    let mac = neighbours.v6.as_ref_map(|table| table.iter().find(is_it).map(|neighbour| neighbour.mac.clone()));
    Some(Gateway {
        address: address.to_string(),
        interface: interface.to_owned(),
        mac: mac.and_then(|mac| match mac {
            Some(mac) => Reading::Present(mac),
            None => {
                Reading::absent(AbsenceReason::NotPresent, format!("{}: no entry for {address}", neighbours::PLACE))
            }
        }),
    })
}

/// The hardware address in `IP address, HW type, Flags, HW address, Mask, Device`.
fn neighbour(table: &str, address: &str, interface: &str) -> Reading<String> {
    let entry = table.lines().skip(1).find_map(|line| {
        let fields: Vec<&str> = line.split_ascii_whitespace().collect();
        match fields[..] {
            [at, _, flags, mac, _, device] if at == address && device == interface => {
                let flags = u32::from_str_radix(flags.trim_start_matches("0x"), 16).ok()?;
                (flags & COMPLETE != 0).then(|| mac.to_owned())
            }
            _ => None,
        }
    });
    match entry {
        Some(mac) => Reading::Present(mac),
        None => Reading::absent(AbsenceReason::NotPresent, format!("{NEIGHBOURS}: no entry for {address}")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ARP: &str = "IP address       HW type     Flags       HW address            Mask     Device\n\
        192.0.2.1        0x1         0x2         02:00:00:00:00:01     *        eth0\n\
        192.0.2.9        0x1         0x0         00:00:00:00:00:00     *        eth0\n";

    #[test]
    fn a_gateway_has_its_address_and_that_of_its_hardware() {
        let arp = Reading::Present(ARP.to_owned());
        let gateway = |line: &str| gateway_v4(line, &arp);
        let found = gateway("eth0\t00000000\t010200C0\t0003\t0\t0\t100\t00000000\t0\t0\t0").unwrap();
        assert_eq!((found.address.as_str(), found.interface.as_str()), ("192.0.2.1", "eth0"));
        assert_eq!(found.mac, Reading::Present("02:00:00:00:00:01".to_owned()));

        let incomplete = gateway("eth0\t00000000\t090200C0\t0003\t0\t0\t100\t00000000\t0\t0\t0").unwrap();
        assert!(incomplete.mac.absence().is_some(), "an entry that is not complete has no address");
        assert_eq!(gateway("eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0"), None);
        assert_eq!(gateway("eth0\t00000000\t010200C0\t0001\t0\t0\t0\t00000000\t0\t0\t0"), None);
        assert_eq!(gateway("eth0\t00000000\tzz\t0003\t0\t0\t0\t00000000\t0\t0\t0"), None);
        assert_eq!(gateway(""), None);
    }

    #[test]
    fn a_gateway_of_ipv6_is_the_next_hop_of_the_default_route() {
        let zero = "0".repeat(32);
        let entry = |interface, mac: &str| Neighbour {
            interface,
            address: Ipv6Addr::from(0xfe80_u128 << 112 | 1),
            mac: mac.to_owned(),
        };
        let v6 = Reading::Present(vec![entry(3, "02:00:00:00:00:03"), entry(2, "02:00:00:00:00:02")]);
        let indexes = BTreeMap::from([("eth0".to_owned(), 2), ("eth1".to_owned(), 3)]);
        let mut neighbours = Neighbours { v4: Reading::Present(String::new()), v6, indexes };
        let line = |destination: &str, flags: &str| {
            format!("{destination} 00 {zero} 00 fe800000000000000000000000000001 00000400 1 0 {flags} eth0")
        };
        let found = gateway_v6(&line(&zero, "00000003"), &neighbours).unwrap();
        assert_eq!(found.address, "fe80::1");
        assert_eq!(found.mac, Reading::Present("02:00:00:00:00:02".to_owned()), "of the same address on its interface");
        assert_eq!(gateway_v6(&line(&zero, "00200200"), &neighbours), None);
        assert_eq!(gateway_v6(&line(&"f".repeat(32), "00000003"), &neighbours), None);
        neighbours.indexes.clear();
        let unknown = gateway_v6(&line(&zero, "00000003"), &neighbours).unwrap().mac;
        assert_eq!(unknown.absence().map(|absence| absence.reason), Some(AbsenceReason::NotPresent));
    }

    #[test]
    fn a_vlan_has_a_number_and_an_interface_below() {
        let table = "VLAN Dev name    | VLAN ID\nName-Type: VLAN_NAME_TYPE_RAW_PLUS_VID_NO_PAD\n\
            bond0.100      | 100  | bond0\nbond0.9999     | 9999  | bond0\nbond0.7        | 7  |\n";
        let found = vlan(table, "bond0.100");
        assert_eq!(found, Reading::Present(Vlan { id: 100, parent: "bond0".to_owned() }));
        let reason = |name: &str| vlan(table, name).absence().map(|absence| absence.reason);
        assert_eq!(reason("bond0.9999"), Some(AbsenceReason::Malformed));
        assert_eq!(reason("bond0.7"), Some(AbsenceReason::Malformed));
        assert_eq!(reason("bond0.8"), Some(AbsenceReason::NotPresent));
    }

    #[test]
    fn a_bond_has_the_mode_that_is_named() {
        let check = |text: &str, expect: Option<&str>| {
            assert_eq!(bond_mode("/x", text).present().map(String::as_str), expect, "{text:?}");
        };
        check("802.3ad 4", Some("802.3ad"));
        check("active-backup 1", Some("active-backup"));
        check("802.3ad", None);
        check("802.3ad four", None);
    }

    #[test]
    fn a_routing_table_that_cannot_be_read_is_not_an_empty_one() {
        let header = || Reading::Present("Iface\tDestination\n".to_owned());
        let none = |reason| Reading::<String>::absent(reason, "/x");
        let neighbours = Neighbours { v4: header(), v6: Reading::Present(vec![]), indexes: BTreeMap::new() };
        assert_eq!(gateways(header(), none(AbsenceReason::NotPresent), &neighbours), Reading::Present(vec![]));
        assert!(gateways(header(), none(AbsenceReason::NotPermitted), &neighbours).absence().is_some());
        assert!(gateways(none(AbsenceReason::NotPresent), header(), &neighbours).absence().is_some());
    }

    #[test]
    fn a_driver_that_knows_no_firmware_version_gives_none() {
        let check = |answer: std::io::Result<&str>, expect: Result<&str, AbsenceReason>| {
            let told = told_by_driver("eno1", answer.map(str::to_owned));
            let got = told.present().map(String::as_str).ok_or_else(|| told.absence().unwrap().reason);
            assert_eq!(got, expect);
        };
        check(Ok("22.31.6"), Ok("22.31.6"));
        check(Ok(""), Err(AbsenceReason::NotPresent));
        check(Ok("N/A"), Err(AbsenceReason::Filler));
        check(Err(std::io::ErrorKind::Unsupported.into()), Err(AbsenceReason::NotSupported));
    }

    proptest! {
        #[test]
        fn any_table_has_a_vlan_or_not(text in "(bond0|[a-z0-9.]{0,4}|\\PC)( ?\\|? ?[0-9]{0,5} ?\\|? ?[a-z0-9]{0,4}\n?){0,4}") {
            if let Reading::Present(vlan) = vlan(&text, "bond0") {
                prop_assert!(vlan.id < 4096 && text.contains(&vlan.parent));
            }
            if let Reading::Present(mode) = bond_mode("/x", &text) {
                prop_assert!(text.starts_with(&mode));
            }
        }
    }
}
