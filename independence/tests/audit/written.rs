//! Evidence as a test writes it: short.

use std::collections::BTreeMap;

use descriptors::canonical;
use descriptors::declaration::Declaration;
use descriptors::digest::Digest;
use descriptors::fact::dmi::DmiFact;
use descriptors::fact::net::{Gateway, NetFact};
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
        let net = NetFact { interfaces: Vec::new(), gateways };
        let report = Report {
            node: self.node.clone(),
            sequence: 1,
            taken_at: as_of.plus_seconds(-60),
            boot_id: Reading::absent(AbsenceReason::NotSupported, "boot_id"),
            origin: self.origin.unwrap_or(Origin::Real),
            agent_version: "0.1.0".to_owned(),
            facts: BTreeMap::from([
                (SourceName::new("dmi").unwrap(), Reading::Present(Fact::from(dmi))),
                (SourceName::new("net").unwrap(), Reading::Present(Fact::from(net))),
            ]),
        };
        let heard_at = self.heard_at.unwrap_or(as_of);
        let received_at = heard_at.plus_seconds(-60);
        NodeEvidence { digest: Digest::of(&canonical::to_vec(&report).unwrap()), report, received_at, heard_at }
    }
}
