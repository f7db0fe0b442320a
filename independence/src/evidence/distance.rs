//! How far apart two datacenters are at most, by the round trips between their nodes.
//!
//! Light in a vacuum covers 299.792458 metres in a microsecond, and no signal is faster. So a round trip of so many
//! microseconds puts the two nodes at most half that way apart: **a short round trip refutes "far apart", a long one proves
//! nothing**. There is no criterion here that a distance could meet, only a finding that names the bound.
//!
//! What one node measured is `observed`; where both ends measured, the longer of the two is `corroborated`. Whoever holds a
//! node's key can lend it to a machine elsewhere: the bound is on where the keys are used.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use descriptors::fact::Fact;
use descriptors::id::{DatacenterId, NodeId, RegionId};

use super::{Evidence, Standing, observed};
use crate::finding::Finding;
use crate::graph::Provenance;

/// A datacenter: its name is unique within its region.
type Place<'e> = (&'e RegionId, &'e DatacenterId);

/// The nearest two nodes of two datacenters.
struct Nearest<'e> {
    nodes: [&'e NodeId; 2],
    us_max: u32,
    provenance: Provenance,
}

impl Nearest<'_> {
    /// The shortest round trip first, then the better known one; names make the choice unique.
    fn rank(&self) -> (u32, Reverse<Provenance>, [&NodeId; 2]) {
        (self.us_max, Reverse(self.provenance), self.nodes)
    }
}

/// For each two datacenters the tightest bound that there is.
pub(super) fn findings(evidence: &Evidence) -> Vec<Finding> {
    let places = places(evidence);
    let round_trips = round_trips(evidence);
    let mut nearest: BTreeMap<[Place<'_>; 2], Nearest<'_>> = BTreeMap::new();
    for (&(from, to), &us) in &round_trips {
        let (Some(&here), Some(&there)) = (places.get(from), places.get(to)) else { continue };
        if here == there {
            continue;
        }
        let back = round_trips.get(&(to, from)).copied();
        let (us_max, provenance) = match back {
            Some(back) => (us.max(back), Provenance::Corroborated),
            None => (us, Provenance::Observed),
        };
        let (pair, nodes) = if here < there { ([here, there], [from, to]) } else { ([there, here], [to, from]) };
        let found = Nearest { nodes, us_max, provenance };
        match nearest.get(&pair) {
            Some(known) if known.rank() <= found.rank() => {}
            _ => drop(nearest.insert(pair, found)),
        }
    }
    let finding = |([(_, here), (_, there)], nearest): ([Place<'_>; 2], Nearest<'_>)| Finding::NearDatacenters {
        datacenters: vec![here.clone(), there.clone()],
        nodes: nearest.nodes.map(NodeId::clone).to_vec(),
        round_trip_us_max: nearest.us_max,
        distance_km_max: kilometres(nearest.us_max),
        provenance: nearest.provenance,
    };
    nearest.into_iter().map(finding).collect()
}

/// Half the way of light, rounded up.
fn kilometres(round_trip_us: u32) -> u32 {
    let millimetres = u64::from(round_trip_us) * 299_793 / 2;
    u32::try_from(millimetres.div_ceil(1_000_000)).unwrap_or(u32::MAX)
}

fn places(evidence: &Evidence) -> BTreeMap<&NodeId, Place<'_>> {
    let zones = evidence.declaration.zones();
    let nodes = zones.flat_map(|(region, datacenter, zone)| {
        let nodes = zone.racks.iter().flat_map(|rack| &rack.nodes);
        nodes.map(move |node| (node, (&region.id, &datacenter.id)))
    });
    nodes.collect()
}

/// Every round trip in microseconds that a node with a current report measured.
fn round_trips(evidence: &Evidence) -> BTreeMap<(&NodeId, &NodeId), u32> {
    let mut round_trips = BTreeMap::new();
    for (node, standing) in evidence.standings() {
        let Standing::Current(said) = standing else { continue };
        let Ok(Fact::Peers(peers)) = observed::fact(&said.report, "peers") else { continue };
        for peer in &peers.peers {
            if let Some(round_trip) = peer.round_trip.present() {
                round_trips.insert((node, &peer.node), round_trip.us_max);
            }
        }
    }
    round_trips
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_distance_is_never_understated() {
        assert_eq!(kilometres(0), 0);
        assert_eq!(kilometres(1), 1);
        assert_eq!(kilometres(200), 30);
        assert_eq!(kilometres(2000), 300);
        assert_eq!(kilometres(u32::MAX), 643_800_566);
    }
}
