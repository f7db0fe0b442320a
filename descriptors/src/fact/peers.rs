//! How far other nodes are at most, by the time that a message to them and back takes.

use serde::{Deserialize, Serialize};

use super::Reading;
use crate::id::NodeId;

/// Distances to other nodes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PeersFact {
    /// Every peer that this node is to measure, sorted.
    pub peers: Vec<Peer>,
}

/// One other node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Peer {
    /// The node, as its certificate says.
    pub node: NodeId,
    /// The way there and back.
    pub round_trip: Reading<RoundTrip>,
}

/// A round trip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoundTrip {
    /// The shortest round trip since the agent started took at most so many microseconds: 1, 2 or 5 times a power of ten.
    /// It bounds the distance from above and never from below.
    pub us_max: u32,
    /// Round trips in each measurement.
    pub samples: u32,
}
