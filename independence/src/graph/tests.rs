//! Small graphs by name.

use std::collections::BTreeSet;

use descriptors::component::ComponentId;

use super::{Basis, Builder, Graph, Provenance, Routes};

fn graph(needs: &[(&str, &[&str])]) -> Graph {
    let mut builder = Builder::default();
    for (from, members) in needs {
        let members: BTreeSet<ComponentId> = members.iter().map(|id| id.parse().unwrap()).collect();
        let basis = Basis { provenance: Provenance::Declared, source: "test".to_owned(), seen_at: None };
        builder.need_all(&from.parse().unwrap(), members, basis);
    }
    builder.build()
}

#[test]
fn the_order_of_needs_does_not_show() {
    let a = graph(&[("rack:r", &["pdu:a"]), ("rack:r", &["pdu:b"]), ("pdu:a", &["power_feed:f"])]);
    let b =
        graph(&[("pdu:a", &["power_feed:f"]), ("rack:r", &["pdu:b"]), ("rack:r", &["pdu:a"]), ("rack:r", &["pdu:a"])]);
    assert_eq!(a, b);
}

#[test]
fn a_circle_is_named_once_and_a_diamond_is_none() {
    let check = |needs: &[(&str, &[&str])], expect: &[&str]| {
        let cycles: Vec<String> = graph(needs)
            .cycles()
            .iter()
            .map(|cycle| cycle.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
            .collect();
        assert_eq!(cycles, expect);
    };
    check(&[("rack:r", &["pdu:a", "pdu:b"]), ("pdu:a", &["ups:u"]), ("pdu:b", &["ups:u"])], &[]);
    check(&[("pdu:a", &["ups:u"]), ("ups:u", &["pdu:b"]), ("pdu:b", &["pdu:a"])], &["ups:u pdu:a pdu:b"]);
    check(&[("pdu:a", &["pdu:a"])], &["pdu:a"]);
    check(
        &[("pdu:a", &["pdu:b"]), ("pdu:b", &["pdu:a"]), ("ups:a", &["ups:b"]), ("ups:b", &["ups:a"])],
        &["ups:a ups:b", "pdu:a pdu:b"],
    );
}

#[test]
fn a_way_is_a_shortest_one() {
    let graph = graph(&[
        ("rack:r", &["pdu:a", "pdu:b"]),
        ("pdu:a", &["ups:u"]),
        ("ups:u", &["power_feed:f"]),
        ("pdu:b", &["power_feed:f"]),
    ]);
    let find = |id: &str| graph.find(&id.parse().unwrap()).unwrap();
    let routes = Routes::from(&graph, find("rack:r"));
    let way: Vec<String> = routes.way_to(find("power_feed:f")).iter().map(|edge| edge.to.to_string()).collect();
    assert_eq!(way, ["pdu:b", "power_feed:f"]);
    assert!(routes.way_to(find("rack:r")).is_empty());
    assert!(!Routes::from(&graph, find("pdu:b")).reaches(find("ups:u")));
}
