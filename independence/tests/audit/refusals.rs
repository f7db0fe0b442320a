//! Evidence that cannot be judged is an error, never a verdict.

use std::collections::BTreeMap;

use descriptors::declaration::Declaration;
use descriptors::timestamp::Timestamp;
use independence::{AuditError, Evidence, audit};
use serde_json::json;

use crate::written::{Written, WrittenNode};

fn evidence() -> Evidence {
    let address = json!({"country_code": "DE"});
    let declaration: Declaration = serde_json::from_value(json!({
        "provider": {"id": "p", "name": "P", "registration_number": {"vat_id": "DE1"}, "legal_address": address},
        "parts": [{"id": "feed", "kind": "power_feed"}],
        "regions": [{"id": "r", "datacenters": [{"id": "d", "address": address, "availability_zones": [
            {"id": "az1", "racks": [{"id": "r1", "nodes": ["n1"]}]}, {"id": "az2", "racks": [{"id": "r2"}]}]}]}],
        "claims": [{"id": "c", "zones": ["az1", "az2"]}],
    }))
    .unwrap();
    let heard = |node: &str| WrittenNode {
        node: node.parse().unwrap(),
        heard_at: None,
        origin: None,
        gateways: Vec::new(),
        chassis: None,
        interfaces: Vec::new(),
        neighbours: None,
        round_trips: BTreeMap::new(),
        controller: None,
        outlets: BTreeMap::new(),
        deaf: false,
        tpm: None,
    };
    let as_of = Timestamp::from_unix(1_795_253_400).unwrap();
    Written { as_of, nodes: vec![heard("n1"), heard("n2")] }.evidence(&declaration)
}

#[test]
fn a_profile_that_is_not_known_is_refused() {
    let mut evidence = evidence();
    assert!(audit(&evidence).is_ok());
    evidence.declaration.claims[0].profile = "strict@9".to_owned();
    let error = audit(&evidence).unwrap_err();
    assert_eq!(error.to_string(), "the claim c asks for the profile `strict@9`, which is not known");
}

#[test]
fn two_reports_of_one_node_are_refused() {
    let mut evidence = evidence();
    evidence.nodes.push(evidence.nodes[1].clone());
    assert!(matches!(audit(&evidence), Err(AuditError::RepeatedNode { node }) if node.as_str() == "n2"));
}

#[test]
fn a_declaration_that_does_not_fit_together_is_refused() {
    let mut evidence = evidence();
    evidence.declaration.claims[0].zones[1] = "az9".parse().unwrap();
    assert!(matches!(audit(&evidence), Err(AuditError::Declaration(_))));
}
