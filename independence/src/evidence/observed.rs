//! What a node's report shows of the components around it.
//!
//! A reading that is absent because *nobody could look* (not permitted, timed out, switched off, malformed) is missing
//! evidence. One that is absent because *there is nothing* (a machine without a chassis serial, or with a vendor's filler)
//! shows nothing to compare, and is not held against the node. A gateway that has an address but no known hardware is
//! there and unidentified, so it is missing evidence too.

use std::collections::BTreeSet;

use descriptors::component::{ComponentId, ComponentKind};
use descriptors::fact::net::Gateway;
use descriptors::fact::{Absence, AbsenceReason, Fact, Reading};
use descriptors::report::Report;

/// Hardware addresses that a protocol gives to any number of devices, and that identify none of them: VRRP for IPv4 and
/// IPv6 (RFC 9568, section 7.3), HSRP version 1 and 2. The last digits of HSRP version 2 hold the group.
const VIRTUAL_ROUTERS: [&str; 4] = ["00-00-5e-00-01-", "00-00-5e-00-02-", "00-00-0c-07-ac-", "00-00-0c-9f-f"];

/// The components around a node, and why some are not known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Observed {
    /// Default gateways by hardware address.
    pub(crate) gateways: BTreeSet<ComponentId>,
    /// Why a gateway of this node may be missing above.
    pub(crate) gateways_unread: Option<String>,
    /// The enclosure.
    pub(crate) chassis: Option<ComponentId>,
    /// Why the enclosure may be missing above.
    pub(crate) chassis_unread: Option<String>,
}

impl Observed {
    /// Reads a report.
    pub(crate) fn of(report: &Report) -> Self {
        let mut observed = Self::default();
        match fact(report, "net") {
            Ok(Fact::Net(net)) => match &net.gateways {
                Reading::Present(gateways) => observed.take_gateways(gateways),
                Reading::Absent(absence) => observed.gateways_unread = unread(absence),
            },
            Ok(_) => observed.gateways_unread = Some("the source `net` holds another fact".to_owned()),
            Err(why) => observed.gateways_unread = Some(why),
        }
        match fact(report, "dmi") {
            Ok(Fact::Dmi(dmi)) => match &dmi.chassis_serial {
                Reading::Present(serial) if serial.trim().is_empty() => {
                    observed.chassis_unread = Some("empty".to_owned())
                }
                Reading::Present(serial) => {
                    observed.chassis = Some(ComponentId::new(ComponentKind::Chassis, serial.trim()));
                }
                Reading::Absent(absence) => observed.chassis_unread = unread(absence),
            },
            Ok(_) => observed.chassis_unread = Some("the source `dmi` holds another fact".to_owned()),
            Err(why) => observed.chassis_unread = Some(why),
        }
        observed
    }

    fn take_gateways(&mut self, gateways: &[Gateway]) {
        // Sorted, so that the reason does not depend on the order of the list.
        let mut unknown = BTreeSet::new();
        for gateway in gateways {
            match identity(gateway) {
                Ok(id) => self.gateways.insert(id),
                Err(why) => unknown.insert(why),
            };
        }
        self.gateways_unread = unknown.into_iter().next();
    }

    /// All components seen.
    pub(crate) fn components(self) -> impl Iterator<Item = ComponentId> {
        self.gateways.into_iter().chain(self.chassis)
    }
}

/// A gateway is named by its hardware address with dashes, so that a declared part can bear the same name.
fn identity(gateway: &Gateway) -> Result<ComponentId, String> {
    let address = &gateway.address;
    match &gateway.mac {
        Reading::Present(mac) => {
            let name = mac.trim().to_ascii_lowercase().replace(':', "-");
            if name.is_empty() {
                return Err(format!("hardware address of {address}: empty"));
            }
            if VIRTUAL_ROUTERS.iter().any(|prefix| name.starts_with(prefix)) {
                return Err(format!("{address} answers as the virtual router {name}, which any device can be"));
            }
            Ok(ComponentId::new(ComponentKind::Gateway, name))
        }
        Reading::Absent(absence) => Err(format!("hardware address of {address}: {}", absence.reason)),
    }
}

pub(super) fn fact<'r>(report: &'r Report, source: &str) -> Result<&'r Fact, String> {
    match report.facts.iter().find(|(name, _)| name.as_str() == source) {
        Some((_, Reading::Present(fact))) => Ok(fact),
        Some((_, Reading::Absent(absence))) => Err(format!("source `{source}`: {}", absence.reason)),
        None => Err(format!("the report has no source `{source}`")),
    }
}

pub(super) fn unread(absence: &Absence) -> Option<String> {
    match absence.reason {
        AbsenceReason::NotPresent | AbsenceReason::NotSupported | AbsenceReason::Filler => None,
        AbsenceReason::NotPermitted | AbsenceReason::TimedOut | AbsenceReason::Malformed | AbsenceReason::Disabled => {
            Some(absence.reason.to_string())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gateway(mac: Reading<String>) -> Gateway {
        Gateway { address: "192.0.2.1".to_owned(), interface: "bond0".to_owned(), mac }
    }

    #[test]
    fn a_gateway_is_named_by_its_hardware_address() {
        let id = identity(&gateway(Reading::Present("02:AB:00:00:00:01".to_owned())));
        assert_eq!(id.unwrap().to_string(), "gateway:02-ab-00-00-00-01");
    }

    #[test]
    fn an_address_that_any_router_can_have_identifies_none() {
        for mac in ["00:00:5e:00:01:07", "00:00:5E:00:02:01", "00:00:0c:07:ac:0a", "00:00:0c:9f:f0:01"] {
            let why = identity(&gateway(Reading::Present(mac.to_owned()))).unwrap_err();
            assert!(why.contains("virtual router"), "{why}");
        }
        let why = identity(&gateway(Reading::absent(AbsenceReason::NotPresent, "neighbours"))).unwrap_err();
        assert_eq!(why, "hardware address of 192.0.2.1: not present");
    }

    #[test]
    fn nothing_there_is_not_the_same_as_nobody_looked() {
        let why = |reason| unread(&Absence { reason, detail: String::new() });
        assert_eq!(why(AbsenceReason::Filler), None);
        assert_eq!(why(AbsenceReason::Disabled), Some("disabled".to_owned()));
    }
}
