//! What lldpd's client prints: the form `json0`, in which every member is a list whatever it holds.
//!
//! Of what lldpd knows, only what belongs into the fact is looked at; the rest may be of any shape.

use descriptors::fact::Reading;
use descriptors::fact::lldp::{Capability, Identifier, IdentifierKind, Neighbour, Unreadable, Vlan};
use serde::Deserialize;

use super::{Heard, not_said};

/// What lldpd calls LLDP among the protocols that it understands.
const LLDP: &str = "LLDP";

#[derive(Deserialize)]
struct Answer {
    lldp: Vec<Lists>,
}

#[derive(Deserialize)]
struct Lists {
    #[serde(default)]
    interface: Vec<Interface>,
}

#[derive(Deserialize)]
struct Interface {
    name: String,
    via: String,
    #[serde(default)]
    chassis: Vec<Chassis>,
    #[serde(default)]
    port: Vec<Port>,
    #[serde(default)]
    vlan: Vec<NamedVlan>,
}

#[derive(Deserialize)]
struct Chassis {
    #[serde(default)]
    id: Vec<Id>,
    #[serde(default)]
    name: Vec<Text>,
    #[serde(default, rename = "mgmt-ip")]
    management: Vec<Text>,
    #[serde(default)]
    capability: Vec<Able>,
}

#[derive(Deserialize)]
struct Port {
    #[serde(default)]
    id: Vec<Id>,
    #[serde(default)]
    ttl: Vec<Text>,
}

#[derive(Deserialize)]
struct Id {
    #[serde(rename = "type")]
    kind: String,
    value: String,
}

#[derive(Deserialize)]
struct Text {
    value: String,
}

#[derive(Deserialize)]
struct Able {
    #[serde(rename = "type")]
    kind: String,
    enabled: bool,
}

#[derive(Deserialize)]
struct NamedVlan {
    #[serde(rename = "vlan-id")]
    id: String,
    #[serde(default)]
    pvid: bool,
    #[serde(default)]
    value: String,
}

/// Every announcement in an answer.
pub(super) fn parse(bytes: &[u8]) -> Result<Vec<Heard>, serde_json::Error> {
    let answer: Answer = serde_json::from_slice(bytes)?;
    let interfaces = answer.lldp.into_iter().flat_map(|lists| lists.interface);
    Ok(interfaces.filter(|interface| interface.via == LLDP).map(neighbour).collect())
}

fn neighbour(heard: Interface) -> Heard {
    let Interface { name: interface, chassis, port, vlan, .. } = heard;
    let unreadable = |why: &str| Unreadable { interface: interface.clone(), why: why.to_owned() };
    let chassis = chassis.into_iter().next().ok_or_else(|| unreadable("no chassis"))?;
    let port = port.into_iter().next().ok_or_else(|| unreadable("no port"))?;
    let ttl = port.ttl.first().and_then(|ttl| ttl.value.parse().ok()).ok_or_else(|| unreadable("no time to live"))?;
    let mut management_addresses: Vec<String> = chassis.management.into_iter().map(|text| text.value).collect();
    management_addresses.sort();
    management_addresses.dedup();
    let untagged = vlan.iter().find(|vlan| vlan.pvid).map(|vlan| vlan.id.clone());
    let named = vlan.into_iter().filter(|vlan| !vlan.value.is_empty()).map(|vlan| match vlan.id.parse() {
        Ok(id) => Ok(Vlan { id, name: vlan.value }),
        Err(_) => Err(unreadable("a VLAN that is no number")),
    });
    let mut vlans = named.collect::<Result<Vec<Vlan>, Unreadable>>()?;
    vlans.sort();
    Ok(Neighbour {
        chassis: identifier(chassis.id).ok_or_else(|| unreadable("no chassis id"))?,
        port: identifier(port.id).ok_or_else(|| unreadable("no port id"))?,
        ttl_seconds: ttl,
        system_name: match chassis.name.into_iter().next().filter(|name| !name.value.is_empty()) {
            Some(name) => Reading::Present(name.value),
            None => not_said("name"),
        },
        capabilities: capabilities(&chassis.capability),
        management_addresses,
        port_vlan: match untagged.map(|id| id.parse()) {
            Some(Ok(id)) => Reading::Present(id),
            Some(Err(_)) => return Err(unreadable("a VLAN that is no number")),
            None => not_said("VLAN of the port"),
        },
        vlans,
        interface,
    })
}

fn identifier(ids: Vec<Id>) -> Option<Identifier> {
    let Id { kind, value } = ids.into_iter().next()?;
    let kind = match kind.as_str() {
        "mac" => IdentifierKind::Mac,
        "ip" => IdentifierKind::Address,
        "ifname" => IdentifierKind::InterfaceName,
        "ifalias" => IdentifierKind::InterfaceAlias,
        "local" => IdentifierKind::Local,
        _ => IdentifierKind::Unknown,
    };
    (!value.is_empty()).then_some(Identifier { kind, value })
}

fn capabilities(able: &[Able]) -> Reading<Vec<Capability>> {
    if able.is_empty() {
        return not_said("capabilities");
    }
    let known = able.iter().filter(|able| able.enabled).filter_map(|able| match able.kind.as_str() {
        "Other" => Some(Capability::Other),
        "Repeater" => Some(Capability::Repeater),
        "Bridge" => Some(Capability::Bridge),
        "Wlan" => Some(Capability::WlanAccessPoint),
        "Router" => Some(Capability::Router),
        "Tel" => Some(Capability::Telephone),
        "Docsis" => Some(Capability::CableModem),
        "Station" => Some(Capability::Station),
        _ => None,
    });
    let mut known: Vec<Capability> = known.collect();
    known.sort_unstable();
    Reading::Present(known)
}
