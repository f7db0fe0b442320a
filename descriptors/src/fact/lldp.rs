//! Neighbours on the cables of a node, as they announce themselves by LLDP (IEEE 802.1AB).
//!
//! An announcement is what its sender says of itself: whoever controls the device at the other end of a cable can at most
//! call that device something else. How often and when it was heard last has no place here, as it changes with every frame.

use serde::{Deserialize, Serialize};

use super::Reading;

/// Neighbours of a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LldpFact {
    /// The daemon that listened.
    pub listener: Listener,
    /// Neighbours, sorted by interface, chassis and port. None where nobody announced itself.
    pub neighbours: Vec<Neighbour>,
    /// Announcements that were heard and could not be read, sorted: who sent them is not known.
    pub unreadable: Vec<Unreadable>,
}

/// An announcement that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unreadable {
    /// The node's own interface.
    pub interface: String,
    /// What is wrong with it.
    pub why: String,
}

/// A daemon that listens to announcements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Listener {
    /// lldpd, asked by its own client.
    Lldpd,
    /// systemd-networkd, whose files hold the frames.
    Networkd,
}

/// One neighbour on one cable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Neighbour {
    /// The node's own interface.
    pub interface: String,
    /// What the neighbour is known by (802.1AB, 8.5.2).
    pub chassis: Identifier,
    /// Its port at the other end (8.5.3).
    pub port: Identifier,
    /// How long the announcement holds, in seconds (8.5.4). As it was sent, not what is left of it.
    pub ttl_seconds: u16,
    /// Its administrator's name for it (8.5.7): a host name as a rule.
    pub system_name: Reading<String>,
    /// What it does, sorted: the capabilities that are switched on (8.5.8). A switch is a `bridge`.
    pub capabilities: Reading<Vec<Capability>>,
    /// Addresses under which it is managed, sorted (8.5.9).
    pub management_addresses: Vec<String>,
    /// VLAN of untagged frames on its port (802.1Q, D.2.1).
    pub port_vlan: Reading<u16>,
    /// VLANs with a name on its port, sorted (802.1Q, D.2.3).
    pub vlans: Vec<Vlan>,
}

/// An identifier, and what it is one of: only together they tell a device.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identifier {
    /// What it is.
    pub kind: IdentifierKind,
    /// As text: six bytes in hexadecimal with colons, an IP address, or what the device sent. What is no text is in
    /// hexadecimal after `0x`.
    pub value: String,
}

/// What an identifier is (the subtypes of 802.1AB, tables 8-2 and 8-3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentifierKind {
    /// A hardware address.
    Mac,
    /// A network address.
    Address,
    /// The name of an interface.
    InterfaceName,
    /// The alias of an interface.
    InterfaceAlias,
    /// A component of an entity MIB: chassis, port or backplane.
    Component,
    /// The identifier of a relay agent's circuit.
    Circuit,
    /// Whatever an administrator chose.
    Local,
    /// A kind that the listener does not tell.
    Unknown,
}

/// A capability (802.1AB, table 8-4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Capability {
    /// Forwards frames: a switch.
    Bridge,
    /// A cable modem.
    CableModem,
    /// None of the others.
    Other,
    /// Repeats signals.
    Repeater,
    /// Forwards packets.
    Router,
    /// An end station and nothing else.
    Station,
    /// A telephone.
    Telephone,
    /// A wireless access point.
    WlanAccessPoint,
}

/// A VLAN on a port.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vlan {
    /// 1 to 4094.
    pub id: u16,
    /// Its name.
    pub name: String,
}
