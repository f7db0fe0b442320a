//! What the management controllers of nodes say against the declaration: another rack, or too few power supplies.
//!
//! Somebody typed the place into the controller, so it is no better known than the declaration; two such sources that differ
//! are a finding, and no edge. A machine with one power supply gains nothing from a rack with two lines.

use descriptors::component::Dimension;
use descriptors::declaration::{AvailabilityZone, Need, Rack};
use descriptors::fact::Fact;
use descriptors::fact::bmc::BmcFact;

use super::{Evidence, Standing, observed};
use crate::finding::Finding;

pub(super) fn findings(evidence: &Evidence) -> Vec<Finding> {
    let standings = evidence.standings();
    let racks = evidence.declaration.zones().flat_map(|(_, _, zone)| zone.racks.iter().map(move |rack| (zone, rack)));
    let mut findings = Vec::new();
    for (zone, rack) in racks {
        for node in &rack.nodes {
            let Some(Standing::Current(said)) = standings.get(node) else { continue };
            let Ok(Fact::Bmc(bmc)) = observed::fact(&said.report, "bmc") else { continue };
            if let Some(found) = elsewhere(rack, bmc) {
                findings.push(Finding::OtherRack { node: node.clone(), declared: rack.id.clone(), found });
            }
            if supplies(bmc) == Some(1) && has_choice_of_power(evidence, zone, rack) {
                findings.push(Finding::OnePowerSupply { node: node.clone(), rack: rack.id.clone() });
            }
        }
    }
    findings
}

/// The first rack that an enclosure is said to be in, where none is said to be in the declared one.
fn elsewhere(rack: &Rack, bmc: &BmcFact) -> Option<String> {
    let mut racks: Vec<&str> =
        bmc.chassis.iter().filter_map(|chassis| chassis.rack.present()).map(|rack| rack.trim()).collect();
    racks.sort_unstable();
    let there = racks.iter().any(|found| found.eq_ignore_ascii_case(rack.id.as_str()));
    if there { None } else { racks.first().map(|rack| (*rack).to_owned()) }
}

/// How many power supplies there are, where every enclosure tells.
fn supplies(bmc: &BmcFact) -> Option<usize> {
    bmc.chassis.iter().map(|chassis| chassis.power_supplies.present().map(Vec::len)).sum()
}

/// Whether a need for electricity leaves a choice.
fn has_choice_of_power(evidence: &Evidence, zone: &AvailabilityZone, rack: &Rack) -> bool {
    let is_power = |need: &&Need| {
        let mut kinds = evidence.declaration.parts.iter().filter(|part| need.parts().contains(&part.id));
        kinds.any(|part| part.kind.dimension() == Some(Dimension::Power))
    };
    let needs = zone.needs.iter().chain(&rack.needs).filter(|need| (need.minimum() as usize) < need.parts().len());
    needs.filter(is_power).count() > 0
}
