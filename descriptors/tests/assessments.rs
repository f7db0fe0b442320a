//! What is concluded from facts: entropy and capacity, where facts are there, and where they are missing.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

use std::collections::BTreeMap;

use descriptors::credential::{self, Base, Observation, Subject};
use descriptors::declaration::Declaration;
use descriptors::did::Did;
use descriptors::digest::Digest;
use descriptors::proof::{Signer as _, SoftwareKey};
use descriptors::report::Report;
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

fn libvirt(models: &[&str]) -> Value {
    let guest = |(at, model): (usize, &&str)| {
        json!({"uuid": format!("u{at}"), "name": format!("g{at}"), "running": true, "vcpus": present(2),
            "memory_bytes": present(1), "cpu_model": present(*model), "rng_devices": absent(), "launch_security": absent(),
            "definition": absent(), "cpu_class": absent(), "seed": absent()})
    };
    let guests: Vec<Value> = models.iter().enumerate().map(guest).collect();
    present(json!({"libvirt": {
        "uri": "qemu:///system", "example_driver": false, "hypervisor": present("QEMU"), "library_version": absent(),
        "hypervisor_version": absent(), "node_cpus": absent(), "node_memory_bytes": absent(), "domain_types": absent(),
        "host": absent(), "guests": present(guests), "overcommit": absent(), "seeds": absent(), "storage_pools": absent(),
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
    check(
        json!({"libvirt": libvirt(&["host-passthrough", "custom Skylake"])}),
        ["undetermined"; 4],
        "1 of 2 running guests",
    );
    check(json!({"libvirt": libvirt(&[])}), ["undetermined"; 4], "no guest runs");
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
