//! A plane as large as this engine is meant for.

use std::collections::BTreeMap;

use descriptors::declaration::Declaration;
use descriptors::timestamp::Timestamp;
use independence::analysis::Limits;
use independence::audit::LIMITS;
use independence::{Audit, AuditError, Evidence, Outcome, RiskGroup, Verdict, audit, audit_within};
use serde_json::{Value, json};

use crate::written::{Written, WrittenNode};

const RACKS: usize = 100;
const NODES: usize = 40;

fn as_of() -> Timestamp {
    Timestamp::from_unix(1_795_253_400).unwrap()
}

/// Two lines per zone, each feed, UPS, switchboard, and a PDU per rack and line; `shared` is needed by every UPS.
fn plane(zones: &[&str], shared: Option<&str>) -> Declaration {
    let mut parts = vec![json!({"id": "shared", "kind": "substation"})];
    let mut places = Vec::new();
    for zone in zones {
        for line in ["a", "b"] {
            let mut needs = vec![format!("feed-{zone}-{line}")];
            needs.extend(shared.filter(|_| line == "a").map(str::to_owned));
            parts.push(json!({"id": format!("feed-{zone}-{line}"), "kind": "power_feed"}));
            parts.push(json!({"id": format!("ups-{zone}-{line}"), "kind": "ups", "needs": needs}));
            let ups = format!("ups-{zone}-{line}");
            parts.push(json!({"id": format!("board-{zone}-{line}"), "kind": "switchboard", "needs": [ups]}));
        }
        let rack = |number: usize| {
            let pdu = |line: &str| format!("pdu-{zone}-{number}-{line}");
            let nodes: Vec<String> = (0..NODES).map(|node| format!("{zone}-{number}-{node}")).collect();
            json!({"id": format!("{zone}-{number}"), "needs": [{"any_of": [pdu("a"), pdu("b")]}], "nodes": nodes})
        };
        for (number, line) in (0..RACKS).flat_map(|number| [(number, "a"), (number, "b")]) {
            let board = format!("board-{zone}-{line}");
            parts.push(json!({"id": format!("pdu-{zone}-{number}-{line}"), "kind": "pdu", "needs": [board]}));
        }
        places.push(json!({"id": zone, "racks": (0..RACKS).map(rack).collect::<Vec<Value>>()}));
    }
    let address = json!({"country_code": "DE"});
    serde_json::from_value(json!({
        "provider": {"id": "p", "name": "P", "registration_number": {"vat_id": "DE1"}, "legal_address": address},
        "parts": parts,
        "regions": [{"id": "r", "datacenters": [{"id": "d", "address": address, "availability_zones": places}]}],
        "claims": [{"id": "c", "zones": zones, "dimensions": ["power"]}],
    }))
    .unwrap()
}

fn audited(declaration: &Declaration) -> Result<Audit, AuditError> {
    audit(&written(declaration))
}

fn written(declaration: &Declaration) -> Evidence {
    let racks = declaration.zones().flat_map(|(_, _, zone)| &zone.racks);
    let nodes = racks.flat_map(|rack| &rack.nodes).map(|node| WrittenNode {
        node: node.clone(),
        heard_at: None,
        origin: None,
        gateways: Vec::new(),
        chassis: Some(node.to_string()),
        interfaces: Vec::new(),
        neighbours: None,
        round_trips: BTreeMap::new(),
        controller: None,
        outlets: BTreeMap::new(),
        deaf: false,
        tpm: None,
    });
    Written { as_of: as_of(), nodes: nodes.collect() }.evidence(declaration)
}

#[test]
fn twelve_thousand_nodes_on_lines_of_their_own_are_independent() {
    let audit = audited(&plane(&["az1", "az2", "az3"], None)).unwrap();
    assert_eq!(audit.outcome(), Some(Outcome::Independent));
    assert_eq!((audit.assessments.len(), audit.findings.len()), (3, 0));
}

#[test]
fn every_risk_group_of_a_shared_line_is_counted() {
    let audit = audited(&plane(&["az1", "az2"], Some("shared"))).unwrap();
    let Verdict::Dependent { groups_by_order, risk_groups, .. } = &audit.assessments[0].verdict else {
        panic!("{}", audit.assessments[0]);
    };
    // Beside the shared substation, line b of each zone must fail: at a feed, UPS or board, or at the PDU of one rack.
    let line_b = 3 + RACKS as u64;
    assert_eq!(groups_by_order, &[0, 0, line_b * line_b]);
    assert_eq!(risk_groups.len(), 20);
}

/// Two zones that both need 198 of the same 200 feeds.
fn on_two_hundred_feeds() -> Declaration {
    let mut declaration = plane(&["az1", "az2"], None);
    let feeds: Vec<String> = (0..200).map(|number| format!("f{number}")).collect();
    for feed in &feeds {
        declaration.parts.push(serde_json::from_value(json!({"id": feed, "kind": "power_feed"})).unwrap());
    }
    let need: descriptors::declaration::Need = serde_json::from_value(json!({"at_least": 198, "of": feeds})).unwrap();
    for zone in &mut declaration.regions[0].datacenters[0].availability_zones {
        zone.needs.push(need.clone());
    }
    declaration
}

#[test]
fn a_million_risk_groups_are_counted_without_being_written_down() {
    let audit = audited(&on_two_hundred_feeds()).unwrap();
    let Verdict::Dependent { groups_by_order, risk_groups, .. } = &audit.assessments[0].verdict else {
        panic!("{}", audit.assessments[0]);
    };
    // 200 choose 3.
    assert_eq!(groups_by_order, &[0, 0, 1_313_400]);
    let members = |group: &RiskGroup| group.components.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(members(&risk_groups[0]), ["power_feed:f0", "power_feed:f1", "power_feed:f10"]);
    assert!(risk_groups.is_sorted_by_key(members));
}

#[test]
fn a_plane_beyond_the_bound_is_an_error_and_no_verdict() {
    let evidence = written(&on_two_hundred_feeds());
    for limits in [Limits { steps: 100, ..LIMITS }, Limits { memory_bytes: 20_000, ..LIMITS }] {
        assert!(matches!(audit_within(&evidence, limits), Err(AuditError::GaveUp { .. })));
    }
}
