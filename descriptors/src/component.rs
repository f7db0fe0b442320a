//! Components: the things that can fail, and the dimensions in which they fail.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A way in which zones can depend on each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum Dimension {
    /// Electricity.
    Power,
    /// Connection to the outside and between zones.
    Network,
    /// Removal of heat.
    Cooling,
    /// Fire compartments.
    Fire,
}

impl Dimension {
    /// All, in the order in which they are printed.
    pub const ALL: [Self; 4] = [Self::Power, Self::Network, Self::Cooling, Self::Fire];

    /// The word in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Power => "power",
            Self::Network => "network",
            Self::Cooling => "cooling",
            Self::Fire => "fire",
        }
    }
}

impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal in $dimension:expr, source $source:literal;)*) => {
        /// What a component is. The kind decides the dimension in which its failure counts.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "snake_case")]
        #[schemars(inline)]
        pub enum ComponentKind {
            $($(#[$doc])* $kind,)*
        }

        impl ComponentKind {
            /// All kinds.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)*];

            /// The word in documents.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$kind => $name,)* }
            }

            /// The dimension in which a failure counts; none for what only carries others, such as a rack.
            pub fn dimension(self) -> Option<Dimension> {
                match self { $(Self::$kind => $dimension,)* }
            }

            /// Whether a chain of needs may end here: beyond it nothing has to be declared.
            pub fn is_source(self) -> bool {
                match self { $(Self::$kind => $source,)* }
            }
        }

        impl FromStr for ComponentKind {
            type Err = ComponentIdError;
            fn from_str(text: &str) -> Result<Self, ComponentIdError> {
                match text {
                    $($name => Ok(Self::$kind),)*
                    _ => Err(ComponentIdError(text.to_owned())),
                }
            }
        }
    };
}

kinds! {
    /// A utility feed into the site.
    PowerFeed = "power_feed" in Some(Dimension::Power), source true;
    /// A substation of the grid.
    Substation = "substation" in Some(Dimension::Power), source true;
    /// A generator with its fuel.
    Generator = "generator" in Some(Dimension::Power), source true;
    /// An uninterruptible power supply.
    Ups = "ups" in Some(Dimension::Power), source false;
    /// A switchboard, transfer switch or busbar.
    Switchboard = "switchboard" in Some(Dimension::Power), source false;
    /// A power distribution unit.
    Pdu = "pdu" in Some(Dimension::Power), source false;
    /// A connection to a carrier.
    Uplink = "uplink" in Some(Dimension::Network), source true;
    /// A carrier.
    Carrier = "carrier" in Some(Dimension::Network), source true;
    /// A duct or a cable route.
    Duct = "duct" in Some(Dimension::Network), source false;
    /// A core or border router.
    Router = "router" in Some(Dimension::Network), source false;
    /// A switch.
    Switch = "switch" in Some(Dimension::Network), source false;
    /// A gateway that nodes were seen to use.
    Gateway = "gateway" in Some(Dimension::Network), source false;
    /// A cooling loop as a whole.
    CoolingLoop = "cooling_loop" in Some(Dimension::Cooling), source true;
    /// A chiller.
    Chiller = "chiller" in Some(Dimension::Cooling), source true;
    /// A pump.
    Pump = "pump" in Some(Dimension::Cooling), source false;
    /// An air handler in the room.
    AirHandler = "air_handler" in Some(Dimension::Cooling), source false;
    /// A part of a building that a fire does not leave.
    FireCompartment = "fire_compartment" in Some(Dimension::Fire), source true;
    /// An enclosure that holds nodes.
    Chassis = "chassis" in None, source false;
    /// A machine with an agent.
    Node = "node" in None, source false;
    /// A rack.
    Rack = "rack" in None, source false;
    /// An availability zone.
    AvailabilityZone = "availability_zone" in None, source false;
}

impl fmt::Display for ComponentKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A component: its kind and its name, written `kind:name`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ComponentId {
    kind: ComponentKind,
    name: String,
}

/// A text that is not `kind:name`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a component: expected `kind:name` with a known kind, such as `power_feed:feed-north`")]
pub struct ComponentIdError(String);

impl ComponentId {
    /// A component of `kind` called `name`.
    pub fn new(kind: ComponentKind, name: impl Into<String>) -> Self {
        Self { kind, name: name.into() }
    }

    /// What it is.
    pub fn kind(&self) -> ComponentKind {
        self.kind
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for ComponentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind, self.name)
    }
}

impl FromStr for ComponentId {
    type Err = ComponentIdError;

    fn from_str(text: &str) -> Result<Self, ComponentIdError> {
        match text.split_once(':') {
            Some((kind, name)) if !name.is_empty() => Ok(Self::new(kind.parse::<ComponentKind>()?, name)),
            _ => Err(ComponentIdError(text.to_owned())),
        }
    }
}

impl Serialize for ComponentId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ComponentId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_component_reads_back_as_itself() {
        for &kind in ComponentKind::ALL {
            let id = ComponentId::new(kind, "x-1");
            assert_eq!(id.to_string().parse(), Ok(id));
        }
        for bad in ["", "pdu", "pdu:", "toaster:1"] {
            assert!(bad.parse::<ComponentId>().is_err(), "{bad}");
        }
    }
}
