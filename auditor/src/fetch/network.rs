//! Which addresses are anybody's to reach, by the registries of special-purpose addresses (RFC 6890 and what came after it).
//!
//! Whatever is not known to be public is not: of IPv6 only global unicast is, and an IPv4 address that is carried inside an IPv6
//! address is refused as such, wherever it leads. What this machine's routes do is not known here.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// Who can be reached at an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// Anybody's.
    Public,
    /// This machine.
    Loopback,
    /// No address, or "this network".
    Unspecified,
    /// A private network, or a unique local one.
    Private,
    /// The link; the metadata services of clouds live there.
    LinkLocal,
    /// A metadata or platform service of a cloud outside of the link.
    Metadata,
    /// Between a carrier and its customers.
    Carrier,
    /// Many at once.
    Multicast,
    /// Set aside for documents.
    Documentation,
    /// Set aside for measurements.
    Benchmarking,
    /// An IPv4 address inside an IPv6 address: mapped, compatible, translated, 6to4, Teredo.
    Embedded,
    /// Set aside for protocols, or for nothing yet.
    Reserved,
}

const V4: [(&str, Reach); 17] = [
    // Azure's platform service has an address that looks public.
    ("168.63.129.16/32", Reach::Metadata),
    ("0.0.0.0/8", Reach::Unspecified),
    ("10.0.0.0/8", Reach::Private),
    ("100.64.0.0/10", Reach::Carrier),
    ("127.0.0.0/8", Reach::Loopback),
    ("169.254.0.0/16", Reach::LinkLocal),
    ("172.16.0.0/12", Reach::Private),
    // Oracle's metadata service has a second address here.
    ("192.0.0.0/24", Reach::Reserved),
    ("192.0.2.0/24", Reach::Documentation),
    ("192.88.99.0/24", Reach::Embedded),
    ("192.168.0.0/16", Reach::Private),
    ("198.18.0.0/15", Reach::Benchmarking),
    ("198.51.100.0/24", Reach::Documentation),
    ("203.0.113.0/24", Reach::Documentation),
    ("224.0.0.0/4", Reach::Multicast),
    ("240.0.0.0/4", Reach::Reserved),
    ("255.255.255.255/32", Reach::Reserved),
];

const V6: [(&str, Reach); 16] = [
    ("::/128", Reach::Unspecified),
    ("::1/128", Reach::Loopback),
    ("::ffff:0:0/96", Reach::Embedded),
    ("::/96", Reach::Embedded),
    ("64:ff9b::/96", Reach::Embedded),
    ("64:ff9b:1::/48", Reach::Embedded),
    ("2001::/32", Reach::Embedded),
    ("2001:2::/48", Reach::Benchmarking),
    ("2001:db8::/32", Reach::Documentation),
    ("3fff::/20", Reach::Documentation),
    ("2001::/23", Reach::Reserved),
    ("2002::/16", Reach::Embedded),
    ("fc00::/7", Reach::Private),
    ("fe80::/10", Reach::LinkLocal),
    ("fec0::/10", Reach::Private),
    ("ff00::/8", Reach::Multicast),
];

/// Global unicast: whatever lies outside is not assigned.
const GLOBAL: &str = "2000::/3";

impl Reach {
    /// Of an address.
    pub fn of(address: IpAddr) -> Self {
        let (known, otherwise): (&[(&str, Self)], Self) = match address {
            IpAddr::V4(_) => (&V4, Self::Public),
            IpAddr::V6(_) if is_within(address, GLOBAL) => (&V6, Self::Public),
            IpAddr::V6(_) => (&V6, Self::Reserved),
        };
        known.iter().find(|(network, _)| is_within(address, network)).map_or(otherwise, |(_, reach)| *reach)
    }
}

fn is_within(address: IpAddr, network: &str) -> bool {
    // The tables are tested to be networks; were one none, nothing would be public.
    network.parse::<Network>().map_or(true, |network| network.contains(address))
}

impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Public => "a public address",
            Self::Loopback => "this machine itself",
            Self::Unspecified => "no address at all",
            Self::Private => "a private network",
            Self::LinkLocal => "the local link, where the metadata services of clouds are",
            Self::Metadata => "a service of a cloud's own platform",
            Self::Carrier => "a carrier's inner network",
            Self::Multicast => "a multicast group",
            Self::Documentation => "an address for documents",
            Self::Benchmarking => "an address for measurements",
            Self::Embedded => "an IPv4 address inside IPv6",
            Self::Reserved => "a reserved address",
        })
    }
}

/// Addresses with a common beginning: `10.0.0.0/8`, `fd00::/8`, or one address alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    first: IpAddr,
    bits: u8,
}

/// Not a network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    /// Not the syntax.
    #[error("`{0}` is no network: write an address, `/`, and how many of its bits are fixed")]
    Syntax(String),
    /// A number of bits that the address does not have.
    #[error("`{0}` fixes more bits than its address has")]
    Bits(String),
    /// More than the fixed bits is given, so that it is not clear what is meant.
    #[error("`{text}` goes beyond its fixed bits: did you mean `{meant}`?")]
    Beyond {
        /// As written.
        text: String,
        /// The network it lies in.
        meant: Network,
    },
}

impl Network {
    /// Whether an address lies in it. An IPv4 address inside an IPv6 address is an IPv6 address.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.first, address) {
            (IpAddr::V4(_), IpAddr::V4(_)) | (IpAddr::V6(_), IpAddr::V6(_)) => masked(address, self.bits) == self.first,
            _ => false,
        }
    }
}

fn masked(address: IpAddr, bits: u8) -> IpAddr {
    let free = |width: u8| u32::from(width.saturating_sub(bits));
    match address {
        IpAddr::V4(four) => Ipv4Addr::from_bits(four.to_bits() & u32::MAX.checked_shl(free(32)).unwrap_or(0)).into(),
        IpAddr::V6(six) => Ipv6Addr::from_bits(six.to_bits() & u128::MAX.checked_shl(free(128)).unwrap_or(0)).into(),
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let refuse = || NetworkError::Syntax(text.chars().take(60).collect());
        let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let address: IpAddr = address.parse().map_err(|_| refuse())?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let proper = |bits: &str| bits.bytes().all(|byte| byte.is_ascii_digit());
        let bits: u8 = match bits {
            None => width,
            Some(bits) => bits.parse().ok().filter(|_| proper(bits)).ok_or_else(refuse)?,
        };
        if bits > width {
            return Err(NetworkError::Bits(text.to_owned()));
        }
        let network = Self { first: masked(address, bits), bits };
        if network.first == address {
            Ok(network)
        } else {
            Err(NetworkError::Beyond { text: text.to_owned(), meant: network })
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_hold_networks() {
        for (network, _) in V4.iter().chain(&V6).chain(&[(GLOBAL, Reach::Public)]) {
            assert!(network.parse::<Network>().is_ok(), "{network}");
        }
    }

    #[test]
    fn the_first_and_the_last_address_of_each_special_network_are_not_public() {
        let check = |addresses: &[&str], expect: Reach| {
            for address in addresses {
                assert_eq!(Reach::of(address.parse().unwrap()), expect, "{address}");
            }
        };
        check(&["127.0.0.1", "127.255.255.255", "::1"], Reach::Loopback);
        check(&["0.0.0.0", "0.255.255.255", "::"], Reach::Unspecified);
        check(&["10.0.0.0", "10.255.255.255", "172.16.0.0", "172.31.255.255", "192.168.0.0"], Reach::Private);
        check(&["192.168.255.255", "fc00::", "fdff:ffff::1", "fd00:ec2::254", "fec0::1"], Reach::Private);
        check(&["169.254.0.0", "169.254.169.254", "169.254.255.255", "fe80::1", "febf::1"], Reach::LinkLocal);
        check(&["168.63.129.16"], Reach::Metadata);
        check(&["100.64.0.0", "100.100.100.200", "100.127.255.255"], Reach::Carrier);
        check(&["224.0.0.0", "239.255.255.255", "ff02::1"], Reach::Multicast);
        check(&["192.0.2.1", "198.51.100.7", "203.0.113.255", "2001:db8::1", "3fff:fff::1"], Reach::Documentation);
        check(&["198.18.0.1", "198.19.255.255", "2001:2::1"], Reach::Benchmarking);
        check(&["::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "64:ff9b::a9fe:a9fe"], Reach::Embedded);
        check(&["64:ff9b:1::1", "2002:7f00:1::1", "2001::1", "192.88.99.1"], Reach::Embedded);
        check(&["192.0.0.192", "240.0.0.1", "255.255.255.255", "100::1", "5f00::1", "4000::1"], Reach::Reserved);
        check(&["8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0"], Reach::Public);
        check(&["126.255.255.255", "128.0.0.0", "172.15.255.255", "172.32.0.0", "223.255.255.255"], Reach::Public);
        check(&["2001:4860:4860::8888", "2003::1", "2a00::1", "3ffe::1"], Reach::Public);
    }

    #[test]
    fn a_network_has_one_spelling() {
        let check = |text: &str, expect: Result<&str, &str>| match (text.parse::<Network>(), expect) {
            (Ok(network), Ok(expect)) => assert_eq!(network.to_string(), expect),
            (Err(error), Err(expect)) => assert!(error.to_string().contains(expect), "{text}: {error}"),
            (found, _) => panic!("{text}: {found:?}"),
        };
        check("10.0.0.0/8", Ok("10.0.0.0/8"));
        check("0.0.0.0/0", Ok("0.0.0.0/0"));
        check("::/0", Ok("::/0"));
        check("10.1.2.3", Ok("10.1.2.3/32"));
        check("fd00::/8", Ok("fd00::/8"));
        check("10.1.2.3/8", Err("did you mean `10.0.0.0/8`?"));
        check("10.0.0.0/33", Err("more bits"));
        check("10.0.0.0/+8", Err("is no network"));
        check("10.0.0/8", Err("is no network"));
        check("", Err("is no network"));
        let ours: Network = "10.0.0.0/8".parse().unwrap();
        assert!(!ours.contains("::ffff:10.0.0.1".parse().unwrap()));
        assert!(ours.contains("10.0.0.1".parse().unwrap()) && !ours.contains("11.0.0.1".parse().unwrap()));
    }
}
