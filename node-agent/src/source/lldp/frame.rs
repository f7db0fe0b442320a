//! Frames as systemd-networkd keeps them: each after its length in eight bytes, little-endian; in each an Ethernet header
//! and an LLDPDU (IEEE 802.1AB, clause 8), a row of values after type and length.
//!
//! The first three values must be chassis, port and time to live, and none of them comes twice (9.2.7.7.1). Values of other
//! types are skipped, as the standard asks; one that runs over the end of its frame spoils the frame. Nothing here allocates
//! more than a frame holds.

use std::net::{Ipv4Addr, Ipv6Addr};

use descriptors::fact::lldp::{Capability, Identifier, IdentifierKind, Neighbour, Unreadable, Vlan};
use descriptors::fact::{AbsenceReason, Reading};

use super::{Heard, not_said};

/// Most bytes of one frame; systemd-networkd's own client takes no longer ones.
const FRAME_BYTES_MAX: u64 = 4096;

/// Bytes of an Ethernet header, which ends with the type of what follows.
const HEADER_BYTES: usize = 14;

const ETHERTYPE: [u8; 2] = [0x88, 0xcc];

/// OUI of IEEE 802.1 in values of organisations.
const IEEE_802_1: [u8; 3] = [0x00, 0x80, 0xc2];

mod kind {
    pub(super) const END: u8 = 0;
    pub(super) const CHASSIS: u8 = 1;
    pub(super) const PORT: u8 = 2;
    pub(super) const TIME_TO_LIVE: u8 = 3;
    pub(super) const SYSTEM_NAME: u8 = 5;
    pub(super) const CAPABILITIES: u8 = 7;
    pub(super) const MANAGEMENT: u8 = 8;
    pub(super) const ORGANISATION: u8 = 127;
}

/// Bits of the capabilities (802.1AB, table 8-4), from the lowest.
const CAPABILITIES: [Capability; 8] = [
    Capability::Other,
    Capability::Repeater,
    Capability::Bridge,
    Capability::WlanAccessPoint,
    Capability::Router,
    Capability::Telephone,
    Capability::CableModem,
    Capability::Station,
];

/// Every announcement in the file of one interface. What follows a length that cannot be is lost.
pub(super) fn parse(interface: &str, file: &[u8]) -> Vec<Heard> {
    let unreadable = |why: &str| Unreadable { interface: interface.to_owned(), why: why.to_owned() };
    let mut heard = Vec::new();
    let mut rest = file;
    while !rest.is_empty() {
        let Some((frame, after)) = split_frame(rest) else {
            heard.push(Err(unreadable("the file ends within a frame")));
            break;
        };
        rest = after;
        match neighbour(interface, frame) {
            Ok(Some(neighbour)) => heard.push(Ok(neighbour)),
            // A time to live of 0 says goodbye.
            Ok(None) => {}
            Err(why) => heard.push(Err(unreadable(why))),
        }
    }
    heard
}

fn split_frame(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<8>()?;
    let length = u64::from_le_bytes(*length);
    if length >= FRAME_BYTES_MAX {
        return None;
    }
    rest.split_at_checked(usize::try_from(length).ok()?)
}

/// What one frame announces; nothing where it announces an end.
pub(super) fn neighbour(interface: &str, frame: &[u8]) -> Result<Option<Neighbour>, &'static str> {
    let (header, data) = frame.split_at_checked(HEADER_BYTES).ok_or("shorter than an Ethernet header")?;
    if !header.ends_with(&ETHERTYPE) {
        return Err("no LLDP frame");
    }
    let mut values = Values(data);
    let chassis = identifier(values.expect(kind::CHASSIS)?, chassis_kind)?;
    let port = identifier(values.expect(kind::PORT)?, port_kind)?;
    let ttl = values.expect(kind::TIME_TO_LIVE)?.first_chunk::<2>().ok_or("a short time to live")?;
    let mut neighbour = Neighbour {
        interface: interface.to_owned(),
        chassis,
        port,
        ttl_seconds: u16::from_be_bytes(*ttl),
        system_name: not_said("name"),
        capabilities: not_said("capabilities"),
        management_addresses: Vec::new(),
        port_vlan: not_said("VLAN of the port"),
        vlans: Vec::new(),
    };
    if neighbour.ttl_seconds == 0 {
        return Ok(None);
    }
    while let Some((kind, value)) = values.next()? {
        take(&mut neighbour, kind, value)?;
    }
    neighbour.management_addresses.sort();
    neighbour.management_addresses.dedup();
    neighbour.vlans.sort();
    neighbour.vlans.dedup();
    Ok(Some(neighbour))
}

fn take(neighbour: &mut Neighbour, kind: u8, value: &[u8]) -> Result<(), &'static str> {
    match kind {
        kind::CHASSIS | kind::PORT | kind::TIME_TO_LIVE => return Err("a value twice"),
        kind::SYSTEM_NAME if !value.is_empty() => neighbour.system_name = name(value),
        kind::CAPABILITIES => {
            let enabled = value.get(2..4).ok_or("short capabilities")?;
            let enabled = u16::from_be_bytes([enabled[0], enabled[1]]);
            let mut known: Vec<Capability> =
                (0..).zip(CAPABILITIES).filter(|(bit, _)| enabled >> bit & 1 == 1).map(|(_, known)| known).collect();
            known.sort_unstable();
            neighbour.capabilities = Reading::Present(known);
        }
        kind::MANAGEMENT => {
            let (length, rest) = value.split_first().ok_or("an empty management address")?;
            let address = rest.get(..usize::from(*length)).ok_or("a short management address")?;
            neighbour.management_addresses.extend(network_address(address));
        }
        kind::ORGANISATION => match value {
            [a, b, c, 1, high, low, ..] if [*a, *b, *c] == IEEE_802_1 => {
                let id = u16::from_be_bytes([*high, *low]);
                // 0 says that the port has none.
                if id != 0 {
                    neighbour.port_vlan = Reading::Present(id);
                }
            }
            [a, b, c, 3, high, low, length, name @ ..] if [*a, *b, *c] == IEEE_802_1 => {
                let name = name.get(..usize::from(*length)).ok_or("a short name of a VLAN")?;
                neighbour.vlans.push(Vlan { id: u16::from_be_bytes([*high, *low]), name: text(name) });
            }
            _ => {}
        },
        _ => {}
    }
    Ok(())
}

/// The values of an LLDPDU that are left.
struct Values<'a>(&'a [u8]);

impl<'a> Values<'a> {
    /// The next value with its type; none at the end.
    fn next(&mut self) -> Result<Option<(u8, &'a [u8])>, &'static str> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let (head, rest) = self.0.split_first_chunk::<2>().ok_or("half a value")?;
        let head = u16::from_be_bytes(*head);
        let (value, rest) = rest.split_at_checked(usize::from(head & 0x1ff)).ok_or("a value longer than its frame")?;
        // Seven bits are left.
        let kind = head.to_be_bytes()[0] >> 1;
        self.0 = if kind == kind::END { &[] } else { rest };
        Ok((kind != kind::END).then_some((kind, value)))
    }

    fn expect(&mut self, kind: u8) -> Result<&'a [u8], &'static str> {
        match self.next()? {
            Some((found, value)) if found == kind => Ok(value),
            _ => Err("not chassis, port and time to live, in this order"),
        }
    }
}

fn chassis_kind(subtype: u8) -> IdentifierKind {
    match subtype {
        1 | 3 => IdentifierKind::Component,
        2 => IdentifierKind::InterfaceAlias,
        4 => IdentifierKind::Mac,
        5 => IdentifierKind::Address,
        6 => IdentifierKind::InterfaceName,
        7 => IdentifierKind::Local,
        _ => IdentifierKind::Unknown,
    }
}

fn port_kind(subtype: u8) -> IdentifierKind {
    match subtype {
        1 => IdentifierKind::InterfaceAlias,
        2 => IdentifierKind::Component,
        3 => IdentifierKind::Mac,
        4 => IdentifierKind::Address,
        5 => IdentifierKind::InterfaceName,
        6 => IdentifierKind::Circuit,
        7 => IdentifierKind::Local,
        _ => IdentifierKind::Unknown,
    }
}

fn identifier(value: &[u8], kind: impl Fn(u8) -> IdentifierKind) -> Result<Identifier, &'static str> {
    let (subtype, value) = value.split_first().ok_or("an empty identifier")?;
    if value.is_empty() {
        return Err("an empty identifier");
    }
    let kind = kind(*subtype);
    let value = match (kind, value) {
        (IdentifierKind::Mac, [_, _, _, _, _, _]) => hexadecimal(value, ":"),
        (IdentifierKind::Mac, _) => return Err("a hardware address that has not six bytes"),
        (IdentifierKind::Address, _) => network_address(value).unwrap_or_else(|| opaque(value)),
        _ => text(value),
    };
    Ok(Identifier { kind, value })
}

/// An address after its family (IANA address family numbers); none of a family that is neither IP.
fn network_address(value: &[u8]) -> Option<String> {
    match value {
        [1, address @ ..] => Some(Ipv4Addr::from(<[u8; 4]>::try_from(address).ok()?).to_string()),
        [2, address @ ..] => Some(Ipv6Addr::from(<[u8; 16]>::try_from(address).ok()?).to_string()),
        _ => None,
    }
}

fn name(value: &[u8]) -> Reading<String> {
    match std::str::from_utf8(value) {
        Ok(name) if !name.contains(char::is_control) => Reading::Present(name.to_owned()),
        _ => Reading::absent(AbsenceReason::Malformed, format!("the neighbour's name: {}", opaque(value))),
    }
}

/// As it was sent where that is a text.
fn text(value: &[u8]) -> String {
    match std::str::from_utf8(value) {
        Ok(text) if !text.contains(char::is_control) => text.to_owned(),
        _ => opaque(value),
    }
}

fn opaque(value: &[u8]) -> String {
    format!("0x{}", hexadecimal(value, ""))
}

fn hexadecimal(bytes: &[u8], separator: &str) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(separator)
}
