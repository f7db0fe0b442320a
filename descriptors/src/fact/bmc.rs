//! The enclosures of a node as its management controller describes them over Redfish (DMTF DSP0266, DSP0268).
//!
//! Places and asset tags are what somebody typed into the controller: whatever rests on them is declared. That a power supply
//! is there the controller sees itself. Temperatures, loads and states of health change all the time and have no place here.

use serde::{Deserialize, Serialize};

use super::Reading;

/// What the management controller says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BmcFact {
    /// Each enclosure, sorted by its path.
    pub chassis: Vec<Chassis>,
}

/// One enclosure (`Chassis`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chassis {
    /// `Id`.
    pub id: String,
    /// `SerialNumber`.
    pub serial: Reading<String>,
    /// `AssetTag`.
    pub asset_tag: Reading<String>,
    /// `Location.Placement.Row`.
    pub row: Reading<String>,
    /// `Location.Placement.Rack`.
    pub rack: Reading<String>,
    /// `Location.Placement.RackOffset`: the unit of the rack in which it begins.
    pub rack_offset: Reading<u64>,
    /// Power supplies that are there, sorted: of `PowerSubsystem`, or of `Power` where the controller is older.
    pub power_supplies: Reading<Vec<PowerSupply>>,
}

/// A power supply.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PowerSupply {
    /// `Id`, or `MemberId` where the controller is older.
    pub id: String,
    /// `SerialNumber`; empty where there is none.
    pub serial: String,
    /// Paths of the outlets it hangs on (`Links.PowerOutlets`), sorted.
    pub outlets: Vec<String>,
}
