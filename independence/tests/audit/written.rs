//! Evidence as a test writes it: short.

use std::collections::BTreeMap;

use descriptors::canonical;
use descriptors::declaration::Declaration;
use descriptors::digest::Digest;
use descriptors::fact::bmc::{BmcFact, Chassis, PowerSupply};
use descriptors::fact::dmi::DmiFact;
use descriptors::fact::lldp::{Capability, Identifier, IdentifierKind, Listener, LldpFact, Neighbour};
use descriptors::fact::net::{Gateway, Interface, NetFact};
use descriptors::fact::pdu::{Description, Outlet, PduFact, Unit};
use descriptors::fact::peers::{Peer, PeersFact, RoundTrip};
use descriptors::fact::{AbsenceReason, Fact, Reading};
use descriptors::id::{NodeId, SourceName};
use descriptors::report::{Origin, Report};
use descriptors::timestamp::Timestamp;
use independence::{Evidence, NodeEvidence};
use serde::{Deserialize, Serialize};

/// `evidence.json` of a case.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Written {
    pub(crate) as_of: Timestamp,
    pub(crate) nodes: Vec<WrittenNode>,
}

/// What one node said. Without `heard_at` it was heard just now; without `chassis` its firmware holds a filler.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WrittenNode {
    pub(crate) node: NodeId,
    #[serde(default)]
    pub(crate) heard_at: Option<Timestamp>,
    #[serde(default)]
    pub(crate) origin: Option<Origin>,
    #[serde(default)]
    pub(crate) gateways: Vec<String>,
    #[serde(default)]
    pub(crate) chassis: Option<String>,
    /// Its interfaces with their hardware addresses.
    #[serde(default)]
    pub(crate) interfaces: Vec<WrittenInterface>,
    /// What it hears. Where the list is left out, it has no source that listens.
    #[serde(default)]
    pub(crate) neighbours: Option<Vec<WrittenNeighbour>>,
    /// Round trips to other nodes in microseconds. Where the list is left out, none are measured.
    #[serde(default)]
    pub(crate) round_trips: BTreeMap<NodeId, u32>,
    /// Names of the outlets of power distribution units, by the unit. Where there are none, none is asked.
    #[serde(default)]
    pub(crate) outlets: BTreeMap<String, Vec<String>>,
    /// What its management controller says. Where it is left out, none is asked.
    #[serde(default)]
    pub(crate) controller: Option<WrittenController>,
    /// Whether listening was refused.
    #[serde(default)]
    pub(crate) deaf: bool,
    /// What stands for the chip that its key is bound to.
    #[serde(default)]
    pub(crate) tpm: Option<String>,
}

/// A management controller: the rack it names, and how many power supplies it sees.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WrittenController {
    pub(crate) rack: String,
    pub(crate) supplies: usize,
}

/// One interface.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WrittenInterface {
    pub(crate) name: String,
    pub(crate) mac: String,
    #[serde(default)]
    pub(crate) bond: Option<String>,
}

/// A neighbour on `on`: a switch, unless it is a station.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WrittenNeighbour {
    pub(crate) on: String,
    pub(crate) chassis: String,
    #[serde(default)]
    pub(crate) name: Option<String>,
    #[serde(default)]
    pub(crate) station: bool,
}

impl Written {
    pub(crate) fn evidence(&self, declaration: &Declaration) -> Evidence {
        Evidence {
            declaration_digest: Digest::of(&canonical::to_vec(declaration).unwrap()),
            declaration: declaration.clone(),
            nodes: self.nodes.iter().map(|node| node.evidence(self.as_of)).collect(),
            as_of: self.as_of,
        }
    }
}

impl WrittenNode {
    fn evidence(&self, as_of: Timestamp) -> NodeEvidence {
        let filler = || Reading::absent(AbsenceReason::Filler, "dmi");
        let dmi = DmiFact {
            system_vendor: filler(),
            product_name: filler(),
            product_version: filler(),
            product_sku: filler(),
            product_serial: filler(),
            product_uuid: filler(),
            board_vendor: filler(),
            board_name: filler(),
            board_version: filler(),
            board_serial: filler(),
            chassis_type: filler(),
            chassis_serial: self.chassis.clone().map_or_else(filler, Reading::Present),
            chassis_asset_tag: filler(),
            bios_vendor: filler(),
            bios_version: filler(),
            bios_date: filler(),
            bios_release: filler(),
            controller_release: filler(),
        };
        let gateway = |(number, mac): (usize, &String)| Gateway {
            address: format!("192.0.2.{}", number + 1),
            interface: "bond0".to_owned(),
            mac: Reading::Present(mac.clone()),
        };
        let gateways = Reading::Present(self.gateways.iter().enumerate().map(gateway).collect());
        let net = NetFact { interfaces: self.interfaces.iter().map(WrittenInterface::interface).collect(), gateways };
        let mut facts = BTreeMap::from([
            (SourceName::new("dmi").unwrap(), Reading::Present(Fact::from(dmi))),
            (SourceName::new("net").unwrap(), Reading::Present(Fact::from(net))),
        ]);
        if !self.round_trips.is_empty() {
            let round_trip = |us_max| Reading::Present(RoundTrip { us_max, samples: 32 });
            let peers =
                self.round_trips.iter().map(|(node, us)| Peer { node: node.clone(), round_trip: round_trip(*us) });
            let peers = PeersFact { peers: peers.collect() };
            facts.insert(SourceName::new("peers").unwrap(), Reading::Present(peers.into()));
        }
        if !self.outlets.is_empty() {
            let units = self.outlets.iter().map(|(name, outlets)| unit(name, outlets)).collect();
            facts.insert(SourceName::new("pdu").unwrap(), Reading::Present(PduFact { units }.into()));
        }
        if let Some(controller) = &self.controller {
            facts.insert(SourceName::new("bmc").unwrap(), Reading::Present(controller.fact().into()));
        }
        if let Some(lldp) = self.lldp() {
            facts.insert(SourceName::new("lldp").unwrap(), lldp);
        }
        let report = Report {
            node: self.node.clone(),
            sequence: 1,
            taken_at: as_of.plus_seconds(-60),
            boot_id: Reading::absent(AbsenceReason::NotSupported, "boot_id"),
            origin: self.origin.unwrap_or(Origin::Real),
            agent_version: "0.1.0".to_owned(),
            facts,
        };
        let heard_at = self.heard_at.unwrap_or(as_of);
        let received_at = heard_at.plus_seconds(-60);
        let endorsement_key = self.tpm.as_ref().map(|chip| Digest::of(chip.as_bytes()));
        NodeEvidence {
            digest: Digest::of(&canonical::to_vec(&report).unwrap()),
            report,
            received_at,
            heard_at,
            endorsement_key,
        }
    }

    fn lldp(&self) -> Option<Reading<Fact>> {
        if self.deaf {
            return Some(Reading::absent(AbsenceReason::NotPermitted, "/run/lldpd.socket"));
        }
        let neighbours = self.neighbours.as_ref()?.iter().map(WrittenNeighbour::neighbour).collect();
        let lldp = LldpFact { listener: Listener::Lldpd, neighbours, unreadable: Vec::new() };
        Some(Reading::Present(lldp.into()))
    }
}

impl WrittenController {
    fn fact(&self) -> BmcFact {
        let not_said = || Reading::absent(AbsenceReason::NotPresent, "bmc");
        let supply = |number: usize| PowerSupply { id: number.to_string(), serial: String::new(), outlets: Vec::new() };
        let chassis = Chassis {
            id: "1".to_owned(),
            serial: not_said(),
            asset_tag: not_said(),
            row: not_said(),
            rack: Reading::Present(self.rack.clone()),
            rack_offset: Reading::Present(12),
            power_supplies: Reading::Present((0..self.supplies).map(supply).collect()),
        };
        BmcFact { chassis: vec![chassis] }
    }
}

impl WrittenInterface {
    fn interface(&self) -> Interface {
        fn none<T>() -> Reading<T> {
            Reading::absent(AbsenceReason::NotPresent, "written")
        }
        Interface {
            name: self.name.clone(),
            physical: true,
            kind: none(),
            mac_permanent: none(),
            firmware: none(),
            sriov_functions: none(),
            bond: none(),
            vlan: none(),
            mac: Reading::Present(self.mac.clone()),
            speed_mbit: Reading::Present(25_000),
            driver: Reading::Present("written".to_owned()),
            mtu: Reading::Present(1500),
            numa_node: none(),
            sriov_functions_max: none(),
            controller: self.bond.clone().map_or_else(none, Reading::Present),
        }
    }
}

impl WrittenNeighbour {
    fn neighbour(&self) -> Neighbour {
        let not_said = |what: &str| Reading::absent(AbsenceReason::NotPresent, what);
        Neighbour {
            interface: self.on.clone(),
            chassis: Identifier { kind: IdentifierKind::Mac, value: self.chassis.clone() },
            port: Identifier { kind: IdentifierKind::InterfaceName, value: "Ethernet1".to_owned() },
            ttl_seconds: 120,
            system_name: self.name.clone().map_or_else(|| not_said("name"), Reading::Present),
            capabilities: Reading::Present(vec![if self.station { Capability::Station } else { Capability::Bridge }]),
            management_addresses: Vec::new(),
            port_vlan: Reading::absent(AbsenceReason::NotPresent, "VLAN"),
            vlans: Vec::new(),
        }
    }
}

fn unit(name: &str, outlets: &[String]) -> Unit {
    let not_said = || Reading::absent(AbsenceReason::NotPresent, "pdu");
    let outlet = |(number, name): (u32, &String)| Outlet { number, name: name.clone() };
    let said = Description {
        system_name: Reading::Present(name.to_owned()),
        system_location: not_said(),
        name: not_said(),
        location: not_said(),
        model: not_said(),
        serial: not_said(),
        outlets: Reading::Present((1..).zip(outlets).map(outlet).collect()),
    };
    Unit { address: format!("{name}:161"), said: Reading::Present(said) }
}
