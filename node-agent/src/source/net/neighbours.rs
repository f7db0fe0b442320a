//! The neighbour table of IPv6, which no file shows: a dump over rtnetlink (`RTM_GETNEIGH` of `rtnetlink(7)`).
//!
//! Needs no privilege. Which neighbour is a gateway is not known here.

use std::net::Ipv6Addr;
use std::time::Duration;

use descriptors::fact::{AbsenceReason, Reading};
use rustix::io::Errno;
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, send, socket_with};

/// The place that absences name.
pub(super) const PLACE: &str = "rtnetlink RTM_GETNEIGH";

/// The kernel answers at once.
const PATIENCE: Duration = Duration::from_secs(1);

/// The most that the kernel puts into one part of a dump.
const PART_BYTES: usize = 32 << 10;

/// Some 10,000 neighbours: more than the kernel keeps unless it is told to.
const DUMP_BYTES_MAX: usize = 1 << 20;

/// `AF_INET6`.
const INET6: u8 = 10;

/// `RTM_NEWNEIGH`, `RTM_GETNEIGH` of `<linux/rtnetlink.h>`.
const NEW_NEIGHBOUR: u16 = 28;
const GET_NEIGHBOURS: u16 = 30;

/// `NLMSG_ERROR`, `NLMSG_DONE`, and `NLM_F_REQUEST | NLM_F_DUMP` of `<linux/netlink.h>`.
const ERROR: u16 = 2;
const DONE: u16 = 3;
const DUMP: u16 = 0x301;

/// Bytes of `struct nlmsghdr` and of `struct ndmsg`.
const HEADER: usize = 16;
const NEIGHBOUR: usize = 12;

/// `NDA_DST` and `NDA_LLADDR` of `<linux/neighbour.h>`.
const DESTINATION: u16 = 1;
const HARDWARE: u16 = 2;

/// `NUD_REACHABLE`, `STALE`, `DELAY`, `PROBE`, `PERMANENT`: the address was confirmed, or the operator set it.
const KNOWN: u16 = 0x02 | 0x04 | 0x08 | 0x10 | 0x80;

/// Who answers at an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Neighbour {
    /// Index of the interface.
    pub(super) interface: u32,
    pub(super) address: Ipv6Addr,
    /// As `02:00:00:00:00:01`.
    pub(super) mac: String,
}

/// The kernel's answer, part after part.
pub(super) fn fetch() -> Reading<Vec<u8>> {
    dump().unwrap_or_else(|error| {
        let reason = match error {
            Errno::ACCESS | Errno::PERM => AbsenceReason::NotPermitted,
            Errno::AGAIN => AbsenceReason::TimedOut,
            _ => AbsenceReason::NotSupported,
        };
        Reading::absent(reason, format!("{PLACE}: {error}"))
    })
}

fn dump() -> Result<Reading<Vec<u8>>, Errno> {
    // Without a protocol it is that of number 0, `NETLINK_ROUTE`.
    let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, None)?;
    set_socket_timeout(&socket, Timeout::Recv, Some(PATIENCE))?;
    send(&socket, &request(), SendFlags::empty())?;
    let (mut dump, mut part) = (Vec::new(), vec![0; PART_BYTES]);
    loop {
        // With this flag the length is that of the whole part, also where it did not fit.
        let (_, bytes) = recv(&socket, &mut part[..], RecvFlags::TRUNC)?;
        let fits = part.get(..bytes).filter(|part| dump.len() + part.len() <= DUMP_BYTES_MAX);
        let Some(part) = fits else {
            let detail = format!("{PLACE}: more than {DUMP_BYTES_MAX} bytes");
            return Ok(Reading::absent(AbsenceReason::Malformed, detail));
        };
        dump.extend_from_slice(part);
        if part.is_empty() || messages(part).any(|(kind, _)| kind == DONE || kind == ERROR) {
            return Ok(Reading::Present(dump));
        }
    }
}

fn request() -> Vec<u8> {
    let mut request = Vec::with_capacity(HEADER + NEIGHBOUR);
    request.extend(((HEADER + NEIGHBOUR) as u32).to_ne_bytes());
    request.extend(GET_NEIGHBOURS.to_ne_bytes());
    request.extend(DUMP.to_ne_bytes());
    // The sequence number, the port, and a neighbour of whom the family alone is said.
    request.resize(HEADER + NEIGHBOUR, 0);
    request[HEADER] = INET6;
    request
}

/// The neighbours of a dump whose hardware address is known. One that does not end as it should is malformed, so that no
/// neighbour is missing without a word.
pub(super) fn parse(dump: &[u8]) -> Reading<Vec<Neighbour>> {
    let mut neighbours = Vec::new();
    for (kind, body) in messages(dump) {
        match kind {
            DONE => return Reading::Present(neighbours),
            ERROR => {
                let code = body.first_chunk().map_or(0, |code| i32::from_ne_bytes(*code));
                return Reading::absent(AbsenceReason::NotSupported, format!("{PLACE}: error {}", code.unsigned_abs()));
            }
            NEW_NEIGHBOUR => neighbours.extend(neighbour(body)),
            _ => {}
        }
    }
    Reading::absent(AbsenceReason::Malformed, format!("{PLACE}: {} bytes without an end", dump.len()))
}

/// Each message's type and what follows its header, up to what is not one.
fn messages(mut bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let length = u32::from_ne_bytes(*bytes.first_chunk()?) as usize;
        let kind = u16::from_ne_bytes(*bytes.get(4..)?.first_chunk()?);
        let body = bytes.get(HEADER..length)?;
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((kind, body))
    })
}

/// `struct ndmsg` and the attributes behind it.
fn neighbour(body: &[u8]) -> Option<Neighbour> {
    let interface = u32::from_ne_bytes(*body.get(4..)?.first_chunk()?);
    let state = u16::from_ne_bytes(*body.get(8..)?.first_chunk()?);
    let (mut address, mut mac) = (None, None);
    for (kind, value) in attributes(body.get(NEIGHBOUR..)?) {
        match kind {
            DESTINATION => address = <[u8; 16]>::try_from(value).ok().map(Ipv6Addr::from),
            HARDWARE => mac = <[u8; 6]>::try_from(value).ok(),
            _ => {}
        }
    }
    let mac: Vec<String> = mac.filter(|_| state & KNOWN != 0)?.iter().map(|byte| format!("{byte:02x}")).collect();
    Some(Neighbour { interface, address: address?, mac: mac.join(":") })
}

/// Each attribute's type and value, up to what is not one.
fn attributes(mut bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let length = usize::from(u16::from_ne_bytes(*bytes.first_chunk()?));
        let kind = u16::from_ne_bytes(*bytes.get(2..)?.first_chunk()?);
        let value = bytes.get(4..length)?;
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((kind, value))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ROUTER: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);

    fn message(kind: u16, body: &[u8]) -> Vec<u8> {
        let mut message = Vec::new();
        message.extend(((HEADER + body.len()) as u32).to_ne_bytes());
        message.extend(kind.to_ne_bytes());
        message.resize(HEADER, 0);
        message.extend(body);
        message.resize(message.len().next_multiple_of(4), 0);
        message
    }

    fn entry(interface: u32, state: u16, mac: &[u8]) -> Vec<u8> {
        let mut body = vec![INET6, 0, 0, 0];
        body.extend(interface.to_ne_bytes());
        body.extend(state.to_ne_bytes());
        body.extend([0, 1]);
        for (kind, value) in [(DESTINATION, &ROUTER.octets()[..]), (HARDWARE, mac)] {
            body.extend((4 + value.len() as u16).to_ne_bytes());
            body.extend(kind.to_ne_bytes());
            body.extend(value);
            body.resize(body.len().next_multiple_of(4), 0);
        }
        message(NEW_NEIGHBOUR, &body)
    }

    #[test]
    fn a_neighbour_that_was_confirmed_has_its_hardware_address() {
        let (stale, failed, incomplete) = (0x04, 0x20, 0x01);
        let mac = [2, 0, 0, 0, 0, 0xfe];
        let dump = [
            entry(2, stale, &mac),
            entry(3, failed, &mac),
            entry(4, incomplete, &[]),
            entry(5, stale, &[0; 20]),
            message(DONE, &[0; 4]),
        ];
        let known = Neighbour { interface: 2, address: ROUTER, mac: "02:00:00:00:00:fe".to_owned() };
        assert_eq!(parse(&dump.concat()), Reading::Present(vec![known]));
    }

    #[test]
    fn a_dump_without_an_end_or_with_an_error_is_no_table() {
        let reason = |dump: &[u8]| parse(dump).absence().map(|absence| absence.reason);
        assert_eq!(reason(&entry(2, 0x02, &[1; 6])), Some(AbsenceReason::Malformed));
        assert_eq!(reason(&[]), Some(AbsenceReason::Malformed));
        let refused = parse(&message(ERROR, &(-1_i32).to_ne_bytes()));
        assert_eq!(refused.absence().map(|absence| absence.detail.as_str()), Some("rtnetlink RTM_GETNEIGH: error 1"));
    }

    #[test]
    fn the_kernel_of_this_machine_answers() {
        // A kernel without IPv6 may refuse.
        if std::path::Path::new("/proc/net/if_inet6").exists() {
            let table = fetch().and_then(|dump| parse(&dump));
            assert!(table.present().is_some(), "{table:?}");
        }
    }

    proptest! {
        #[test]
        fn any_change_of_a_dump_is_read_or_malformed(
            place in any::<prop::sample::Index>(),
            byte in any::<u8>(),
            cut in any::<prop::sample::Index>(),
            noise in prop::collection::vec(any::<u8>(), 0..80),
        ) {
            let mut dump = [entry(2, 0x02, &[1; 6]), entry(3, 0x02, &[2; 6]), message(DONE, &[0; 4])].concat();
            let place = place.index(dump.len());
            dump[place] = byte;
            dump.truncate(cut.index(dump.len() + 1));
            for bytes in [dump, noise] {
                let most = bytes.len() / (HEADER + NEIGHBOUR);
                prop_assert!(parse(&bytes).present().is_none_or(|found| found.len() <= most));
            }
        }
    }
}
