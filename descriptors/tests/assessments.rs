//! What is concluded from facts: entropy and capacity, where facts are there, and where they are missing.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

use std::collections::BTreeMap;

use descriptors::credential::{self, Base, Observation, Subject};
use descriptors::declaration::Declaration;
use descriptors::did::Did;
use descriptors::digest::Digest;
use descriptors::proof::{Signer as _, SoftwareKey};
use descriptors::report::Report;
use proptest::prelude::*;
use serde_json::{Value, json};

fn absent() -> Value {
    json!({"absent": {"reason": "not_permitted", "detail": "the place"}})
}

fn present(value: impl Into<Value>) -> Value {
    json!({"present": value.into()})
}

fn report(node: &str, facts: &Value) -> Report {
    serde_json::from_value(json!({
        "node": node, "sequence": 1, "taken_at": "2026-11-21T00:00:00Z", "origin": "real",
        "boot_id": present("5d0bd1d3-9a5d-4c5f-8f3a-1d2a4b7f5c11"), "agent_version": "0.1.0", "facts": facts,
    }))
    .unwrap()
}

fn cpu(architecture: &str, cores: Option<u32>) -> Value {
    let topology =
        cores.map_or_else(absent, |cores| present(json!({"sockets": 1, "cores": cores, "threads": cores * 2})));
    present(json!({"cpu": {
        "architecture": architecture, "vendor": absent(), "model_name": absent(), "signature": absent(), "topology": topology,
        "flags": present(json!(["aes"])), "microcode": absent(), "hypervisor": absent(), "vulnerabilities": absent(),
    }}))
}

fn entropy(rdrand: Value, rdseed: Value, pool: Value) -> Value {
    examined(rdrand, rdseed, pool, absent())
}

/// Where the instructions were executed: RDRAND stuck or not, and RDSEED with or without failing a health test.
fn examination(stuck: bool, healthy: bool) -> Value {
    let trial = |stuck: bool, healthy: bool| {
        present(json!({
            "executions": 65536, "underflow_percent": 0, "bytes_per_second": 48_000_000, "stuck": stuck,
            "health": {"label": "conditioned", "claimed_bits_per_byte": 4, "repetition_count_passed": healthy,
                "adaptive_proportion_passed": present(healthy)},
        }))
    };
    present(json!({
        "at": "2026-11-20T04:11:07Z", "boot_id": absent(), "crng_ready_after_ms": absent(), "rdrand": trial(stuck, !stuck),
        "rdseed": trial(false, healthy), "hwrng": absent(), "timer_jitter": absent(),
    }))
}

fn examined(rdrand: Value, rdseed: Value, pool: Value, examination: Value) -> Value {
    present(json!({"entropy": {
        "crng_ready": present(true), "pool_semantics": pool, "rdrand": rdrand, "rdseed": rdseed,
        "hwrng_current": present("tpm-rng-0"), "hwrng_available": absent(), "hwrng_quality": absent(),
        "examination": examination,
    }}))
}

/// A guest that runs: whether it sees RDRAND and RDSEED, where that is known, and its devices.
#[derive(Debug, Clone, Copy)]
struct Guest {
    rdrand: Option<bool>,
    rdseed: Option<bool>,
    device: Device,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Device {
    None,
    Slow,
    Fast,
}

const SEES_ALL: Guest = Guest { rdrand: Some(true), rdseed: Some(true), device: Device::None };
const SEES_NONE: Guest = Guest { rdrand: Some(false), rdseed: Some(false), device: Device::None };
const UNKNOWN: Guest = Guest { rdrand: None, rdseed: None, device: Device::None };

impl Guest {
    fn usable(self) -> &'static str {
        match (self.device, self.rdrand, self.rdseed) {
            (Device::Fast, ..) | (_, Some(true), _) | (.., Some(true)) => "yes",
            (_, None, _) | (.., None) => "unknown",
            _ => "no",
        }
    }

    fn fact(self, at: usize) -> Value {
        let told = |seen: Option<bool>| seen.map_or_else(absent, present);
        let limit = json!({"bytes": 1, "period_ms": 1000});
        let devices = match self.device {
            Device::None => json!([]),
            Device::Slow => json!([{"model": "virtio", "backend": "random /dev/urandom", "limit": limit}]),
            Device::Fast => json!([{"model": "virtio", "backend": "random /dev/urandom"}]),
        };
        let seed = json!({"rdrand": told(self.rdrand), "rdseed": told(self.rdseed), "devices": devices, "usable": self.usable()});
        json!({"uuid": format!("u{at}"), "name": format!("secret{at}"), "running": true, "vcpus": present(2),
            "memory_bytes": present(1), "cpu_model": absent(), "rng_devices": absent(), "launch_security": absent(),
            "definition": absent(), "cpu_class": absent(), "seed": present(seed)})
    }
}

/// What libvirt says of guests, as the agent sums it up.
fn libvirt(guests: &[Guest]) -> Value {
    let count = |usable| guests.iter().filter(|guest| guest.usable() == usable).count();
    let first = |usable| guests.iter().position(|guest| guest.usable() == usable);
    let mut seeds = json!({"yes": count("yes"), "no": count("no"), "unknown": count("unknown")});
    if let Some(worst) = first("no").or(first("unknown")).or(first("yes")) {
        seeds["worst_guest"] = json!(format!("u{worst}"));
    }
    let mut facts: Vec<Value> = guests.iter().enumerate().map(|(at, guest)| guest.fact(at)).collect();
    let mut off = SEES_NONE.fact(guests.len());
    (off["running"], off["seed"]) = (json!(false), absent());
    facts.push(off);
    present(json!({"libvirt": {
        "uri": "qemu:///system", "example_driver": false, "hypervisor": present("QEMU"), "library_version": absent(),
        "hypervisor_version": absent(), "node_cpus": absent(), "node_memory_bytes": absent(), "domain_types": absent(),
        "host": absent(), "guests": present(facts), "overcommit": absent(), "seeds": present(seeds), "storage_pools": absent(),
        "networks": absent(),
    }}))
}

fn base() -> Base {
    Base::address("https://cloud.example")
}

fn key() -> Did {
    Did::key(&SoftwareKey::from_seed(&[3; 32]).public_key())
}

fn assess(facts: &Value) -> Value {
    let (report, key) = (report("kvm-1", facts), key());
    let observation = Observation { report: &report, digest: Digest::of(b"report"), key: &key, chip: None };
    credential::entropy_assessment::subject(&base(), observation).to_value()
}

#[test]
fn entropy_is_concluded_from_instructions_and_never_from_a_level() {
    let check = |facts: Value, expect: [&str; 4], reason: &str| {
        // No guest is looked at here.
        let expect: Vec<&str> = expect.into_iter().chain(["undetermined"]).collect();
        let found = assess(&facts);
        let conclusion = |value: &Value| value["avow:conclusion"].as_str().unwrap().to_owned();
        let requirements = found["avow:requirement"].as_array().unwrap();
        let mut conclusions = vec![conclusion(&found)];
        conclusions.extend(requirements.iter().map(conclusion));
        assert_eq!(conclusions, expect, "{facts:#}");
        assert!(requirements.iter().any(|one| one["avow:reason"].as_str().unwrap().contains(reason)), "{found:#}");
    };
    let (offered, not, withdrawn) = (|| present("offered"), || present("not_offered"), || present("withdrawn"));
    let constant = || present("constant_once_seeded");
    let x86 = |entropy: Value| json!({"cpu": cpu("x86_64", Some(4)), "entropy": entropy});
    check(json!({}), ["undetermined"; 4], "was not read");
    check(
        x86(entropy(offered(), absent(), constant())),
        ["undetermined", "met", "undetermined", "met"],
        "offers RDRAND",
    );
    check(x86(entropy(not(), withdrawn(), constant())), ["not_met", "not_met", "undetermined", "met"], "neither");
    check(
        x86(entropy(not(), absent(), present("level"))),
        ["undetermined", "undetermined", "undetermined", "not_met"],
        "RDSEED could not be read",
    );
    let executed = |stuck, healthy| x86(examined(offered(), offered(), constant(), examination(stuck, healthy)));
    check(
        executed(false, true),
        ["undetermined", "met", "undetermined", "met"],
        "RDRAND, which gave numbers when executed on 2026-11-20T04:11:07Z and RDSEED, which gave numbers",
    );
    check(
        executed(true, true),
        ["undetermined", "met", "undetermined", "met"],
        "; RDRAND gave one number again and again",
    );
    check(executed(true, false), ["not_met", "not_met", "undetermined", "met"], "RDSEED failed the health tests");
    let withdrawn_and_stuck = x86(examined(offered(), absent(), constant(), examination(true, true)));
    check(withdrawn_and_stuck, ["undetermined", "undetermined", "undetermined", "met"], "RDSEED could not be read");
    check(json!({"cpu": cpu("aarch64", None)}), ["undetermined"; 4], "RNDR is not in the list");
    check(json!({"cpu": cpu("riscv64", None)}), ["undetermined"; 4], "no instruction of riscv64");
}

/// Node and guests: conclusion and reason of the requirement named.
fn judged(node: [&str; 2], guests: &[Guest], name: &str) -> (String, String) {
    let offer = |word: &str| if word == "unread" { absent() } else { present(word) };
    let entropy = entropy(offer(node[0]), offer(node[1]), present("constant_once_seeded"));
    judged_with(entropy, libvirt(guests), name)
}

fn judged_with(entropy: Value, libvirt: Value, name: &str) -> (String, String) {
    let found = assess(&json!({"cpu": cpu("x86_64", Some(4)), "entropy": entropy, "libvirt": libvirt}));
    let requirements = found["avow:requirement"].as_array().unwrap();
    let one = requirements.iter().find(|one| one["schema:name"] == name).unwrap();
    let text = |name: &str| one[name].as_str().unwrap().to_owned();
    (text("avow:conclusion"), text("avow:reason"))
}

const FILTERED: &str = "hypervisor-does-not-filter";
const SEEDS: &str = "guests-have-a-seed";
const BOTH: [&str; 2] = ["offered", "offered"];

#[test]
fn a_guest_that_lacks_an_instruction_of_its_node_is_named_with_the_reason() {
    let check = |node: [&str; 2], guests: &[Guest], expect: &str, reason: &str| {
        let (conclusion, said) = judged(node, guests, FILTERED);
        assert!(conclusion == expect && said.contains(reason), "{conclusion}: {said}");
        assert!(!said.contains("secret"), "names of guests are not published: {said}");
    };
    let device = |device| Guest { device, ..SEES_NONE };
    let half = Guest { rdseed: Some(false), ..SEES_ALL };
    check(BOTH, &[], "undetermined", "no guest runs");
    check(BOTH, &[SEES_ALL, SEES_ALL], "met", "all running guests, 2,");
    check(BOTH, &[SEES_ALL, SEES_NONE], "not_met", "u1, which lacks RDRAND and RDSEED and has no device");
    check(BOTH, &[half], "not_met", "u0, which lacks RDSEED and has a seed from another instruction");
    check(BOTH, &[device(Device::Fast)], "not_met", "has a seed otherwise, with a device");
    check(BOTH, &[device(Device::Slow)], "not_met", "that does not give a seed within a second");
    check(BOTH, &[device(Device::Fast), SEES_NONE], "not_met", "the worst: u1, which");
    check(
        BOTH,
        &[UNKNOWN, SEES_ALL],
        "undetermined",
        "of 1 of 2 running guests it is not known what they see: u0, RDRAND: not permitted",
    );
    check(
        BOTH,
        &[UNKNOWN, SEES_NONE],
        "not_met",
        "1 of 2 running guests do not see what the processor offers; of 1 more it is not known",
    );
    check(
        BOTH,
        &[SEES_NONE; 5],
        "not_met",
        "u2, which lacks RDRAND and RDSEED and has no device for random numbers; and 2 more",
    );
}

#[test]
fn what_the_node_does_not_have_is_not_filtered() {
    let check = |node: [&str; 2], guest: Guest, expect: &str| {
        let (conclusion, reason) = judged(node, &[guest], FILTERED);
        assert_eq!(conclusion, expect, "{node:?}: {reason}");
    };
    let half = Guest { rdseed: Some(false), ..SEES_ALL };
    check(["offered", "withdrawn"], half, "met");
    check(["offered", "not_offered"], half, "met");
    check(["offered", "unread"], half, "undetermined");
    check(["offered", "unread"], SEES_ALL, "met");
    check(["unread", "offered"], half, "not_met");
    check(["not_offered", "withdrawn"], SEES_NONE, "met");
    // RDRAND was found stuck: nobody misses it.
    let stuck = || examined(present("offered"), present("offered"), absent(), examination(true, true));
    let without_rdrand = Guest { rdrand: Some(false), ..SEES_ALL };
    for (guest, expect) in [(without_rdrand, "met"), (half, "not_met")] {
        assert_eq!(judged_with(stuck(), libvirt(&[guest]), FILTERED).0, expect);
    }
    // Elsewhere it is not known what a guest sees, although nothing is offered that it could lack.
    let entropy = || entropy(present("not_offered"), present("not_offered"), absent());
    let arm = json!({"cpu": cpu("aarch64", None), "entropy": entropy(), "libvirt": libvirt(&[SEES_ALL])});
    assert_eq!(assess(&arm)["avow:requirement"][1]["avow:conclusion"], "undetermined");
    let mut example = libvirt(&[SEES_ALL]);
    example["present"]["libvirt"]["example_driver"] = json!(true);
    assert_eq!(judged_with(entropy(), example, FILTERED).0, "undetermined");
}

#[test]
fn a_seed_is_told_of_guests_and_decides_nothing() {
    let check = |guests: &[Guest], expect: &str, reason: &str| {
        let (conclusion, said) = judged(BOTH, guests, SEEDS);
        assert!(conclusion == expect && said.contains(reason), "{conclusion}: {said}");
    };
    let device = |device| Guest { device, ..SEES_NONE };
    check(&[], "undetermined", "no guest runs");
    check(&[SEES_ALL, device(Device::Fast)], "met", "all running guests, 2,");
    check(&[SEES_ALL, device(Device::Slow)], "not_met", "1 of 2 running guests have neither");
    check(&[UNKNOWN, SEES_NONE], "not_met", "the first of the worst: u1, which has no device");
    check(&[UNKNOWN, SEES_ALL], "undetermined", "of 1 of 2 running guests it is not known");
    // The list of guests was too long; its sums were not.
    let mut long = libvirt(&[SEES_ALL, SEES_NONE]);
    long["present"]["libvirt"]["guests"] = absent();
    let entropy = || entropy(present("not_offered"), present("offered"), absent());
    assert_eq!(judged_with(entropy(), long.clone(), FILTERED).0, "undetermined");
    let (conclusion, reason) = judged_with(entropy(), long, SEEDS);
    assert!(conclusion == "not_met" && reason.ends_with("u1"), "{reason}");

    let whole = |guests: &[Guest]| {
        let entropy = self::entropy(present("not_offered"), present("offered"), absent());
        let facts = json!({"cpu": cpu("x86_64", Some(4)), "entropy": entropy, "libvirt": libvirt(guests)});
        assess(&facts)["avow:conclusion"].as_str().unwrap().to_owned()
    };
    let seedless = Guest { rdrand: Some(false), ..SEES_ALL };
    assert_eq!([whole(&[seedless]), whole(&[SEES_NONE]), whole(&[UNKNOWN])], ["met", "not_met", "undetermined"]);
}

fn guest() -> impl Strategy<Value = Guest> {
    let told = || prop::option::of(any::<bool>());
    let device = prop::sample::select(vec![Device::None, Device::Slow, Device::Fast]);
    (told(), told(), device).prop_map(|(rdrand, rdseed, device)| Guest { rdrand, rdseed, device })
}

fn offers() -> impl Strategy<Value = [&'static str; 2]> {
    let word = || prop::sample::select(vec!["offered", "not_offered", "withdrawn", "unread"]);
    [word(), word()]
}

fn rank(conclusion: &str) -> u8 {
    match conclusion {
        "not_met" => 0,
        "undetermined" => 1,
        _ => 2,
    }
}

proptest! {
    #[test]
    fn one_guest_more_never_makes_it_better(node in offers(), guests in prop::collection::vec(guest(), 1..6), more in guest()) {
        for name in [FILTERED, SEEDS] {
            let (before, _) = judged(node, &guests, name);
            let mut all = guests.clone();
            all.push(more);
            prop_assert!(rank(&judged(node, &all, name).0) <= rank(&before), "{name}: {before}");
        }
    }

    #[test]
    fn knowing_less_of_a_guest_never_yields_met_and_never_refutes(
        node in offers(), mut guests in prop::collection::vec(guest(), 1..6), at in any::<prop::sample::Index>(),
    ) {
        let before = [FILTERED, SEEDS].map(|name| judged(node, &guests, name).0);
        let forgotten = at.index(guests.len());
        guests[forgotten] = Guest { rdrand: None, rdseed: None, ..guests[forgotten] };
        for (name, before) in [FILTERED, SEEDS].into_iter().zip(before) {
            let after = judged(node, &guests, name).0;
            prop_assert!(after == before || after == "undetermined", "{name}: {before} became {after}");
        }
    }
}

fn declaration(nodes: &[&str]) -> Declaration {
    serde_json::from_value(json!({
        "provider": {"id": "p", "name": "P", "registration_number": {"vat_id": "DE1"}, "legal_address": {"country_code": "DE"}},
        "regions": [{"id": "r", "datacenters": [{"id": "d", "address": {"country_code": "DE"}, "availability_zones": [
            {"id": "z", "racks": [{"id": "k", "nodes": nodes}]}]}]}],
    }))
    .unwrap()
}

fn capacity(nodes: &[&str], reports: &[Report]) -> Value {
    let key = key();
    let observations: Vec<Observation<'_>> = reports
        .iter()
        .map(|report| Observation {
            report,
            digest: Digest::of(report.node.as_str().as_bytes()),
            key: &key,
            chip: None,
        })
        .collect();
    let all = credential::subjects(&base(), &declaration(nodes), observations, []);
    all.iter().find(|subject| subject.class() == credential::capacity_statement::CLASS).map(Subject::to_value).unwrap()
}

#[test]
fn a_sum_over_half_a_zone_says_so() {
    let known = report("a", &json!({"cpu": cpu("x86_64", Some(4))}));
    let partly = report("b", &json!({"cpu": cpu("x86_64", None)}));
    let stranger = report("x", &json!({"cpu": cpu("x86_64", Some(64))}));
    let found = capacity(&["a", "b", "c"], &[known, partly, stranger]);
    assert_eq!((&found["avow:nodesDeclared"], &found["avow:nodesReported"]), (&json!(3), &json!(2)));
    let totals: BTreeMap<&str, [&Value; 3]> = found["avow:total"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            (
                one["avow:quantity"].as_str().unwrap(),
                ["avow:amount", "avow:nodesCounted", "avow:nodesMissing"].map(|name| &one[name]),
            )
        })
        .collect();
    assert_eq!(totals["cpu_cores"], [&json!(4), &json!(1), &json!(2)]);
    assert_eq!(totals["cpu_threads"], [&json!(8), &json!(1), &json!(2)]);
    assert!(!totals.contains_key("memory_bytes"), "what no node tells has no sum");
}

#[test]
fn capacity_does_not_depend_on_the_order_of_the_reports() {
    let one = report("a", &json!({"cpu": cpu("x86_64", Some(4))}));
    let two = report("b", &json!({"cpu": cpu("x86_64", Some(8))}));
    assert_eq!(capacity(&["a", "b"], &[one.clone(), two.clone()]), capacity(&["a", "b"], &[two, one]));
    assert!(capacity(&["a", "b"], &[]).get("avow:total").is_none());
}

#[test]
fn a_sum_beyond_what_json_holds_is_written_as_a_text() {
    let disk = |size: u64| {
        json!({"name": "sda", "class": "hdd", "size_bytes": present(size), "model": absent(),
        "serial": absent(), "wwid": absent(), "firmware": absent(), "write_cache": absent()})
    };
    let facts = json!({"block": present(json!({"block": {"disks": [disk(1 << 60), disk(1)]}}))});
    let found = capacity(&["a"], &[report("a", &facts)]);
    assert_eq!(found["avow:total"][0]["avow:amount"]["@value"], "1152921504606846977");
}

#[test]
fn the_terms_of_gaia_x_are_agreed_to_only_when_the_declaration_does() {
    let agreed = |agrees: bool| {
        let mut declaration = declaration(&[]);
        declaration.provider.agrees_to_gaia_x_terms = agrees;
        credential::issuer::subject(&base(), &declaration).is_some()
    };
    assert!(agreed(true) && !agreed(false));
}
