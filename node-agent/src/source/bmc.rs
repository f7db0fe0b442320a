//! Management controller: enclosures, their place in the room and their power supplies, over Redfish.
//!
//! The controller is asked over HTTPS where one is configured, with a certificate authority and a user of its own: it is
//! another computer, and the node's word for it is not enough. Read are the enclosures (`/redfish/v1/Chassis`) with their
//! supplies; nothing is ever written. All requests share the deadline of sources, and their number is bounded. A capture has
//! no controller.
//!
//! Whoever controls the controller can at most describe another machine. Paths that it names are asked of itself only.

mod service;

use std::collections::BTreeSet;
use std::path::PathBuf;

use descriptors::fact::bmc::{BmcFact, Chassis, PowerSupply};
use descriptors::fact::{AbsenceReason, Fact, Reading};
use serde_json::Value;

use super::{Context, NOT_CAPTURED, Source};
use crate::config;
use service::Service;

const CHASSIS: &str = "/redfish/v1/Chassis";

/// Most entries of a collection that are read; a blade enclosure has some 20.
const MEMBERS_MAX: usize = 32;

/// Most requests of one round.
const REQUESTS_MAX: usize = 128;

/// Most characters of a text.
const TEXT_CHARS_MAX: usize = 255;

const HTTPS_PORT: u16 = 443;

/// See the module.
pub struct Bmc;

impl Source for Bmc {
    fn name(&self) -> &'static str {
        "bmc"
    }

    fn files(&self, settings: &config::Sources) -> Vec<PathBuf> {
        settings.bmc.iter().flat_map(|bmc| [bmc.ca_file.clone(), bmc.user_file.clone()]).collect()
    }

    fn ports(&self, settings: &config::Sources) -> Vec<u16> {
        settings.bmc.iter().map(|bmc| port(&bmc.address)).collect()
    }

    fn read(&self, context: &Context) -> Reading<Fact> {
        let Some(settings) = &context.settings.bmc else {
            return Reading::absent(AbsenceReason::NotPresent, "`bmc` in `[sources]` names none");
        };
        if !context.root.is_live() {
            return Reading::absent(AbsenceReason::NotSupported, NOT_CAPTURED);
        }
        service::connect(settings, context.settings.deadline()).and_then(|service| read(&service)).map(Fact::from)
    }
}

/// The port in `https://host:port`; that of HTTPS where there is none.
fn port(address: &str) -> u16 {
    // After the last bracket, so that an IPv6 address without a port has none.
    let host = address.rsplit(['/', ']']).next().unwrap_or_default();
    host.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).unwrap_or(HTTPS_PORT)
}

/// Counts what is asked, so that no controller keeps us busy with collections of collections.
struct Asking<'s> {
    service: &'s dyn Service,
    left: usize,
}

impl Asking<'_> {
    fn get(&mut self, path: &str) -> Reading<Value> {
        match self.left.checked_sub(1) {
            Some(left) => self.left = left,
            None => {
                return Reading::absent(
                    AbsenceReason::Malformed,
                    format!("{path}: more than {REQUESTS_MAX} documents"),
                );
            }
        }
        self.service.get(path)
    }

    /// The paths in a collection, sorted.
    fn members(&mut self, path: &str) -> Reading<BTreeSet<String>> {
        self.get(path).and_then(|collection| {
            let members = collection.get("Members").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
            if members.len() > MEMBERS_MAX {
                return Reading::absent(AbsenceReason::Malformed, format!("{path}: more than {MEMBERS_MAX} members"));
            }
            Reading::Present(members.iter().filter_map(|member| link(Some(member))).collect())
        })
    }
}

fn read(service: &dyn Service) -> Reading<BmcFact> {
    let mut asking = Asking { service, left: REQUESTS_MAX };
    asking.members(CHASSIS).and_then(|paths| {
        let mut chassis = Vec::new();
        for path in paths {
            match asking.get(&path) {
                Reading::Present(document) => chassis.push(enclosure(&mut asking, &path, &document)),
                Reading::Absent(absence) => return Reading::Absent(absence),
            }
        }
        Reading::Present(BmcFact { chassis })
    })
}

fn enclosure(asking: &mut Asking<'_>, path: &str, document: &Value) -> Chassis {
    let text = |pointer: &str| text(path, document, pointer);
    Chassis {
        id: path.rsplit('/').next().unwrap_or_default().to_owned(),
        serial: text("/SerialNumber"),
        asset_tag: text("/AssetTag"),
        row: text("/Location/Placement/Row"),
        rack: text("/Location/Placement/Rack"),
        rack_offset: match document.pointer("/Location/Placement/RackOffset").and_then(Value::as_u64) {
            Some(offset) => Reading::Present(offset),
            None => Reading::absent(AbsenceReason::NotPresent, format!("{path}: no RackOffset")),
        },
        power_supplies: power_supplies(asking, path, document),
    }
}

fn power_supplies(asking: &mut Asking<'_>, path: &str, chassis: &Value) -> Reading<Vec<PowerSupply>> {
    let supplies = match (link(chassis.get("PowerSubsystem")), link(chassis.get("Power"))) {
        (Some(subsystem), _) => of_subsystem(asking, &subsystem),
        (None, Some(power)) => asking.get(&power).map(|power| match power.get("PowerSupplies") {
            Some(Value::Array(supplies)) => supplies.iter().take(MEMBERS_MAX).cloned().collect(),
            _ => Vec::new(),
        }),
        (None, None) => Reading::absent(AbsenceReason::NotPresent, format!("{path}: neither PowerSubsystem nor Power")),
    };
    supplies.map(|supplies| {
        let mut supplies: Vec<PowerSupply> = supplies.iter().filter_map(supply).collect();
        supplies.sort();
        supplies
    })
}

fn of_subsystem(asking: &mut Asking<'_>, subsystem: &str) -> Reading<Vec<Value>> {
    let collection = asking.get(subsystem).and_then(|document| match link(document.get("PowerSupplies")) {
        Some(collection) => Reading::Present(collection),
        None => Reading::absent(AbsenceReason::NotPresent, format!("{subsystem}: no PowerSupplies")),
    });
    collection.and_then(|collection| asking.members(&collection)).and_then(|paths| {
        let mut supplies = Vec::new();
        for path in paths {
            match asking.get(&path) {
                Reading::Present(supply) => supplies.push(supply),
                Reading::Absent(absence) => return Reading::Absent(absence),
            }
        }
        Reading::Present(supplies)
    })
}

/// A supply, unless its bay is empty.
fn supply(document: &Value) -> Option<PowerSupply> {
    if document.pointer("/Status/State").and_then(Value::as_str) == Some("Absent") {
        return None;
    }
    let id = ["Id", "MemberId"].into_iter().find_map(|name| document.get(name)?.as_str())?;
    let outlets = document.pointer("/Links/PowerOutlets").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let mut outlets: Vec<String> = outlets.iter().take(MEMBERS_MAX).filter_map(|outlet| link(Some(outlet))).collect();
    outlets.sort();
    let serial = document.get("SerialNumber").and_then(Value::as_str).and_then(readable).unwrap_or_default();
    Some(PowerSupply { id: readable(id)?, serial, outlets })
}

/// The path that a reference names, where it is one of this service.
fn link(reference: Option<&Value>) -> Option<String> {
    let path = reference?.get("@odata.id")?.as_str()?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "/-._~%:@!$&'()*+,;=".contains(c);
    let own = path.starts_with("/redfish/v1/") && path.len() <= TEXT_CHARS_MAX && path.chars().all(plain);
    (own && !path.split('/').any(|step| step == "..")).then(|| path.trim_end_matches('/').to_owned())
}

fn text(path: &str, document: &Value, pointer: &str) -> Reading<String> {
    let place = || format!("{path}: {}", pointer.rsplit('/').next().unwrap_or_default());
    match document.pointer(pointer) {
        None | Some(Value::Null) => Reading::absent(AbsenceReason::NotPresent, place()),
        Some(Value::String(text)) if text.trim().is_empty() => Reading::absent(AbsenceReason::NotPresent, place()),
        Some(Value::String(text)) => match readable(text) {
            Some(text) => Reading::Present(text),
            None => Reading::absent(AbsenceReason::Malformed, place()),
        },
        Some(_) => Reading::absent(AbsenceReason::Malformed, place()),
    }
}

/// A short text that controls no terminal.
fn readable(text: &str) -> Option<String> {
    let text = text.trim();
    (text.chars().count() <= TEXT_CHARS_MAX && !text.contains(char::is_control)).then(|| text.to_owned())
}

#[cfg(test)]
mod tests;
