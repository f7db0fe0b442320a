//! Laws that hold for any evidence.

use std::collections::BTreeMap;

use descriptors::canonical;
use descriptors::component::{ComponentKind, Dimension};
use descriptors::declaration::{AtLeast, Declaration, Need, Part};
use descriptors::digest::Digest;
use descriptors::id::PartId;
use descriptors::timestamp::Timestamp;
use independence::{Assessment, Evidence, Outcome, audit};
use proptest::prelude::*;
use serde_json::json;

use crate::written::{Written, WrittenNeighbour, WrittenNode};

/// Parts are drawn from these; `Chassis` and `Gateway` are named as nodes see them.
const KINDS: [ComponentKind; 14] = [
    ComponentKind::PowerFeed,
    ComponentKind::Generator,
    ComponentKind::Ups,
    ComponentKind::Pdu,
    ComponentKind::Uplink,
    ComponentKind::Carrier,
    ComponentKind::Router,
    ComponentKind::Switch,
    ComponentKind::Gateway,
    ComponentKind::CoolingLoop,
    ComponentKind::Chiller,
    ComponentKind::Pump,
    ComponentKind::FireCompartment,
    ComponentKind::Chassis,
];

/// SplitMix64: a plane is a function of one number.
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % bound as u64).unwrap()
    }

    fn one_in(&mut self, bound: usize) -> bool {
        self.below(bound) == 0
    }

    fn shuffle<T>(&mut self, things: &mut [T]) {
        for i in (1..things.len()).rev() {
            things.swap(i, self.below(i + 1));
        }
    }

    /// At least some of up to three of `parts`.
    fn need(&mut self, parts: &[PartId]) -> Need {
        let mut of: Vec<PartId> = (0..1 + self.below(3)).map(|_| parts[self.below(parts.len())].clone()).collect();
        of.sort();
        of.dedup();
        let at_least = u32::try_from(1 + self.below(of.len())).unwrap();
        Need::AtLeast(AtLeast { at_least, of })
    }
}

fn mac(number: usize) -> String {
    format!("02:00:00:00:00:0{number}")
}

/// What every zone has of its own: two lines, two routers with an uplink each, a cooling loop and a fire compartment.
fn usual_parts(zone: &str) -> Vec<Part> {
    let part = |kind: ComponentKind, name: &str, needs: &[&str]| Part {
        id: PartId::new(format!("{zone}-{name}")).unwrap(),
        kind,
        needs: needs.iter().map(|name| Need::Part(PartId::new(format!("{zone}-{name}")).unwrap())).collect(),
    };
    vec![
        part(ComponentKind::PowerFeed, "feed-a", &[]),
        part(ComponentKind::PowerFeed, "feed-b", &[]),
        part(ComponentKind::Pdu, "pdu-a", &["feed-a"]),
        part(ComponentKind::Pdu, "pdu-b", &["feed-b"]),
        part(ComponentKind::Uplink, "uplink-a", &[]),
        part(ComponentKind::Uplink, "uplink-b", &[]),
        part(ComponentKind::Router, "router-a", &["uplink-a"]),
        part(ComponentKind::Router, "router-b", &["uplink-b"]),
        part(ComponentKind::CoolingLoop, "loop", &[]),
        part(ComponentKind::FireCompartment, "fire", &[]),
    ]
}

/// What a zone needs of its own parts, with something left out or not redundant now and then.
fn usual_needs(draw: &mut Draw, zone: &str) -> Vec<Need> {
    let mut needs = Vec::new();
    for names in [&["pdu-a", "pdu-b"][..], &["router-a", "router-b"], &["loop"], &["fire"]] {
        let of: Vec<PartId> = names.iter().map(|name| PartId::new(format!("{zone}-{name}")).unwrap()).collect();
        if draw.one_in(8) {
            continue;
        }
        needs.push(if draw.one_in(4) { draw.need(&of) } else { Need::AtLeast(AtLeast { at_least: 1, of }) });
    }
    needs
}

/// Odd parts that need each other or anything else. Some bear the names of what nodes see.
fn odd_parts(draw: &mut Draw, parts: &mut Vec<Part>) {
    for number in 0..draw.below(8) {
        let kind = KINDS[draw.below(KINDS.len())];
        let name = match kind {
            ComponentKind::Gateway => mac(number % 4).replace(':', "-"),
            ComponentKind::Chassis => format!("ch{}", number % 4),
            _ => format!("odd-{number}"),
        };
        let id = PartId::new(name).unwrap();
        if parts.iter().any(|part| part.id == id) {
            continue;
        }
        let all: Vec<PartId> = parts.iter().map(|part| part.id.clone()).collect();
        let needs = (0..draw.below(3)).map(|_| draw.need(&all)).collect();
        parts.push(Part { id, kind, needs });
    }
    // An edge backwards makes a circle now and then.
    let all: Vec<PartId> = parts.iter().map(|part| part.id.clone()).collect();
    if draw.one_in(6) {
        let from = draw.below(parts.len());
        let need = draw.need(&all);
        parts[from].needs.push(need);
    }
}

/// Two or three zones that mostly keep to parts of their own.
fn evidence(seed: u64) -> Evidence {
    let mut draw = Draw(seed);
    let zones: Vec<String> = (1..=2 + draw.below(2)).map(|zone| format!("az{zone}")).collect();
    let mut parts: Vec<Part> = zones.iter().flat_map(|zone| usual_parts(zone)).collect();
    odd_parts(&mut draw, &mut parts);
    let all: Vec<PartId> = parts.iter().map(|part| part.id.clone()).collect();
    let mut nodes = Vec::new();
    let mut places = Vec::new();
    for (z, zone) in zones.iter().enumerate() {
        let mut racks = Vec::new();
        for r in 0..1 + draw.below(2) {
            let names: Vec<String> = (0..draw.below(3)).map(|n| format!("{zone}-{r}-{n}")).collect();
            nodes.extend(names.iter().filter_map(|name| node(&mut draw, name, z)));
            let needs: Vec<Need> = if draw.one_in(4) { vec![draw.need(&all)] } else { Vec::new() };
            racks.push(json!({"id": format!("{zone}-{r}"), "needs": needs, "nodes": names}));
        }
        places.push(json!({"id": zone, "needs": usual_needs(&mut draw, zone), "racks": racks}));
    }
    let address = json!({"country_code": "DE"});
    let declaration: Declaration = serde_json::from_value(json!({
        "provider": {"id": "p", "name": "P", "registration_number": {"vat_id": "DE1"}, "legal_address": address},
        "parts": parts,
        "regions": [{"id": "r", "datacenters": [{"id": "d", "address": address, "availability_zones": places}]}],
        "claims": [{"id": "strict", "zones": zones}, {"id": "scs", "profile": "scs-0121@1", "zones": zones}],
    }))
    .unwrap();
    Written { as_of: as_of(), nodes }.evidence(&declaration)
}

fn as_of() -> Timestamp {
    Timestamp::from_unix(1_795_253_400).unwrap()
}

fn node(draw: &mut Draw, name: &str, zone: usize) -> Option<WrittenNode> {
    if draw.one_in(20) {
        return None;
    }
    let stray = usize::from(draw.one_in(10));
    Some(WrittenNode {
        node: name.parse().unwrap(),
        heard_at: draw.one_in(20).then(|| as_of().plus_seconds(-4000)),
        origin: None,
        gateways: (0..draw.below(3)).map(|_| mac((zone + stray) % 4)).collect(),
        chassis: (!draw.one_in(2)).then(|| format!("ch{}", (zone + stray) % 4)),
        interfaces: Vec::new(),
        neighbours: (!draw.one_in(3))
            .then(|| (0..draw.below(3)).map(|cable| neighbour(draw, zone + stray, cable)).collect()),
        round_trips: BTreeMap::new(),
        controller: None,
        outlets: outlets(draw, name, zone + stray),
        deaf: draw.one_in(20),
        tpm: None,
    })
}

/// The outlet of a node on a unit of its zone, which may bear the name of an odd part.
fn outlets(draw: &mut Draw, node: &str, zone: usize) -> BTreeMap<String, Vec<String>> {
    match draw.below(4) {
        0 => BTreeMap::from([(format!("unit-{}", zone % 4), vec![node.to_owned()])]),
        1 => BTreeMap::from([(format!("odd-{}", draw.below(4)), vec![node.to_owned()])]),
        _ => BTreeMap::new(),
    }
}

/// A switch of a zone, that calls itself after an odd part now and then, which may or may not be one.
fn neighbour(draw: &mut Draw, zone: usize, cable: usize) -> WrittenNeighbour {
    WrittenNeighbour {
        on: format!("eth{cable}"),
        chassis: format!("02:00:00:00:01:0{}", zone % 4),
        name: draw.one_in(4).then(|| format!("odd-{}.example", draw.below(4))),
        station: draw.one_in(6),
    }
}

fn assessments(evidence: &Evidence) -> Vec<Assessment> {
    audit(evidence).unwrap().assessments
}

/// Each assessment before with the one after.
fn compared(before: &Evidence, after: &Evidence) -> Vec<(Assessment, Assessment)> {
    let pairs: Vec<_> = assessments(before).into_iter().zip(assessments(after)).collect();
    for (before, after) in &pairs {
        assert_eq!((&before.claim, before.dimension, &before.zones), (&after.claim, after.dimension, &after.zones));
    }
    pairs
}

#[test]
fn planes_of_every_outcome_are_drawn() {
    let mut seen = [0; 3];
    for assessment in (0..600).flat_map(|seed| assessments(&evidence(seed))) {
        seen[assessment.verdict.outcome() as usize] += 1;
    }
    assert!(seen.iter().all(|&count| count > 300), "{seen:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_the_evidence_is_irrelevant(seed: u64, order: u64) {
        let mut shuffled = evidence(seed);
        // The digest is that of one document; here only the order in which its content is read changes.
        let digest = shuffled.declaration_digest;
        let before = canonical::to_vec(&audit(&shuffled).unwrap()).unwrap();
        let draw = &mut Draw(order);
        draw.shuffle(&mut shuffled.nodes);
        let declaration = &mut shuffled.declaration;
        draw.shuffle(&mut declaration.parts);
        declaration.parts.iter_mut().for_each(|part| draw.shuffle(&mut part.needs));
        draw.shuffle(&mut declaration.claims);
        declaration.claims.iter_mut().for_each(|claim| {
            draw.shuffle(&mut claim.zones);
            draw.shuffle(&mut claim.dimensions);
        });
        let zones = &mut declaration.regions[0].datacenters[0].availability_zones;
        draw.shuffle(zones);
        for zone in zones {
            draw.shuffle(&mut zone.racks);
            for rack in &mut zone.racks {
                draw.shuffle(&mut rack.needs);
                draw.shuffle(&mut rack.nodes);
            }
        }
        prop_assert_eq!(shuffled.declaration_digest, digest);
        prop_assert_eq!(canonical::to_vec(&audit(&shuffled).unwrap()).unwrap(), before);
    }

    #[test]
    fn a_shared_component_never_improves_a_verdict(seed: u64, kind in 0..KINDS.len()) {
        let before = evidence(seed);
        let mut after = before.clone();
        let id = PartId::new("everybodys").unwrap();
        let kind = KINDS[kind];
        after.declaration.parts.push(Part { id: id.clone(), kind, needs: Vec::new() });
        for zone in &mut after.declaration.regions[0].datacenters[0].availability_zones {
            zone.needs.push(Need::Part(id.clone()));
        }
        let counts_in = if kind == ComponentKind::Chassis { Some(Dimension::Power) } else { kind.dimension() };
        for (before, after) in compared(&before, &after) {
            prop_assert!(after.verdict.outcome() <= before.verdict.outcome(), "{} became {}", before, after);
            if after.profile == "strict@1" && Some(after.dimension) == counts_in {
                prop_assert_eq!(after.verdict.outcome(), Outcome::Dependent);
            }
        }
    }

    #[test]
    fn leaving_reports_out_never_yields_independence(seed: u64, choice: u64) {
        let before = evidence(seed);
        let mut after = before.clone();
        let mut draw = Draw(choice);
        after.nodes.retain(|_| !draw.one_in(3));
        for (before, after) in compared(&before, &after) {
            let gained = after.verdict.outcome() == Outcome::Independent;
            prop_assert!(!gained || before.verdict.outcome() == Outcome::Independent, "{} became {}", before, after);
        }
    }

    #[test]
    fn leaving_the_needs_of_a_part_out_never_yields_independence(seed: u64, choice: usize) {
        let before = evidence(seed);
        let mut after = before.clone();
        // A source may end a chain, so that what is behind it can be left out; so can a need of another dimension.
        let ends = |part: &Part| part.kind.is_source() || part.needs.is_empty();
        let mut parts: Vec<&mut Part> = after.declaration.parts.iter_mut().filter(|part| !ends(part)).collect();
        let chosen = choice % parts.len();
        let dimension = parts[chosen].kind.dimension();
        parts[chosen].needs.clear();
        for (before, after) in compared(&before, &after).into_iter().filter(|(after, _)| Some(after.dimension) == dimension) {
            let gained = after.verdict.outcome() == Outcome::Independent;
            prop_assert!(!gained || before.verdict.outcome() == Outcome::Independent, "{} became {}", before, after);
        }
    }

    #[test]
    fn equal_documents_have_one_digest(seed: u64) {
        let one = evidence(seed);
        let mut other = one.clone();
        other.nodes.reverse();
        prop_assert_eq!(one.digest(), other.digest());
        other.declaration_digest = Digest::of(b"another");
        prop_assert_ne!(one.digest(), other.digest());
    }
}
