//! Power distribution units of a rack, as they describe themselves over SNMP.
//!
//! Names and places are what somebody typed into the unit, over a protocol that keeps no secret: whatever rests on them is
//! declared. Loads and counters change all the time and have no place here.

use serde::{Deserialize, Serialize};

use super::Reading;

/// The units that a node is told to ask.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PduFact {
    /// Each unit, sorted by address.
    pub units: Vec<Unit>,
}

/// One unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unit {
    /// Where it was asked: `host:port`.
    pub address: String,
    /// What it said.
    pub said: Reading<Description>,
}

/// What a unit says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Description {
    /// `sysName` (SNMPv2-MIB).
    pub system_name: Reading<String>,
    /// `sysLocation` (SNMPv2-MIB).
    pub system_location: Reading<String>,
    /// `rPDU2IdentName` (PowerNet-MIB of APC).
    pub name: Reading<String>,
    /// `rPDU2IdentLocation`.
    pub location: Reading<String>,
    /// `rPDU2IdentModelNumber`.
    pub model: Reading<String>,
    /// `rPDU2IdentSerialNumber`.
    pub serial: Reading<String>,
    /// Outlets, by `rPDU2OutletSwitchedStatusName`, sorted by number.
    pub outlets: Reading<Vec<Outlet>>,
}

/// One outlet.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outlet {
    /// Its number, from 1.
    pub number: u32,
    /// Its name: what hangs on it, as a rule.
    pub name: String,
}
