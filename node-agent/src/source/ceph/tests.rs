//! What answers of monitors become, good ones and others.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const VERSION: &str = "ceph version 16.2.15 (618f44) pacific (stable)";

/// Answers of a cluster of four OSDs, as a monitor of Ceph 16 gives them.
fn answers() -> BTreeMap<String, Value> {
    let all = daemon_answers().into_iter().chain(placement_answers()).chain(data_answers());
    all.map(|(command, value)| (command.to_owned(), value)).collect()
}

fn daemon_answers() -> [(&'static str, Value); 4] {
    let check =
        |muted: bool| json!({"severity": "HEALTH_WARN", "summary": {"message": "", "count": 1}, "muted": muted});
    let checks = json!({"OSD_DOWN": check(false), "POOL_NO_REDUNDANCY": check(true)});
    let later = "ceph version 17.2.7 (b12291) quincy (stable)";
    let monitors = json!([
        {"rank": 1, "name": "b", "crush_location": "{datacenter=az-2}"},
        {"rank": 0, "name": "a", "crush_location": "{}"},
    ]);
    let map = json!({"fsid": "7dfb5512-f457-4a84-a03e-849f605c51a0", "stretch_mode": false, "mons": monitors});
    [
        ("health", json!({"status": "HEALTH_WARN", "mutes": [], "checks": checks})),
        ("mon metadata", json!([{"name": "a", "hostname": "vm", "ceph_version": VERSION}])),
        ("quorum_status", json!({"quorum_names": ["a"], "quorum_age": 36, "monmap": map})),
        ("versions", json!({"mon": {VERSION: 1}, "mds": {}, "osd": {VERSION: 2, later: 1}, "overall": {VERSION: 3}})),
    ]
}

fn placement_answers() -> [(&'static str, Value); 2] {
    let bucket = |id: i64, name: &str, kind: &str, children: &[i64]| json!({"id": id, "name": name, "type": kind, "children": children});
    let osd = |id: i64, status: &str, reweight: f64| json!({"id": id, "name": format!("osd.{id}"), "type": "osd", "device_class": "hdd", "status": status, "reweight": reweight});
    let metadata = |id: u32, hostname: &str| {
        json!({"id": id, "hostname": hostname, "osd_objectstore": "bluestore", "devices": "",
            "bluestore_bdev_partition_path": "/dev/dm-1", "ceph_version": VERSION})
    };
    let nodes = json!([
        bucket(-1, "default", "root", &[-2, -3]),
        bucket(-2, "az-1", "datacenter", &[-4]),
        bucket(-4, "stor-0", "host", &[0]),
        osd(0, "up", 1.0),
        bucket(-3, "az-2", "datacenter", &[-5, -6]),
        bucket(-5, "vm", "host", &[1]),
        osd(1, "up", 0.0),
        bucket(-6, "stor-1", "host", &[2]),
        osd(2, "down", 1.0),
    ]);
    let found = json!([metadata(0, "vm"), metadata(1, "VM.example.com"), metadata(2, "stor-2"), {"id": 3}]);
    [("osd metadata", found), ("osd tree", json!({"nodes": nodes, "stray": [osd(3, "down", 0.0)]}))]
}

fn data_answers() -> [(&'static str, Value); 5] {
    let take = |name: &str| json!({"op": "take", "item": -1, "item_name": name});
    let choose = |op: &str, num: i64, kind: &str| json!({"op": op, "num": num, "type": kind});
    let emit = || json!({"op": "emit"});
    let rule =
        |id: u32, steps: &[Value]| json!({"rule_id": id, "rule_name": format!("rule-{id}"), "type": 1, "steps": steps});
    let pool = |id: u32, kind: u32, profile: &str| {
        json!({"pool_id": id, "pool_name": format!("pool-{id}"), "type": kind, "size": 3, "min_size": 2, "crush_rule": 1,
            "erasure_code_profile": profile, "flags_names": "nodelete,hashpspool", "application_metadata": {"rbd": {}}})
    };
    let (host, tries) = ("host", json!({"op": "set_chooseleaf_tries", "num": 5}));
    let two = [choose("choose_firstn", 3, "datacenter"), choose("chooseleaf_firstn", 2, host)];
    let [first, second] = [choose("chooseleaf_firstn", 1, host), choose("chooseleaf_firstn", -1, host)];
    let rules = json!([
        rule(1, &[take("default"), two[0].clone(), two[1].clone(), emit()]),
        rule(0, &[tries, take("default~hdd"), choose("chooseleaf_indep", 0, "rack"), emit()]),
        rule(2, &[take("ssd"), first, emit(), take("hdd"), second, emit()]),
    ]);
    [
        (
            "df",
            json!({"stats": {"total_bytes": 1000, "total_used_raw_bytes": 301, "total_avail_bytes": 699}, "pools": []}),
        ),
        ("osd crush rule dump", rules),
        ("osd erasure-code-profile ls", json!(["default", "k4m2"])),
        ("osd erasure-code-profile get k4m2", json!({"k": "4", "m": "2", "crush-failure-domain": "rack"})),
        ("osd pool ls detail", json!([pool(2, 3, "k4m2"), pool(1, 1, "")])),
    ]
}

fn read(values: &BTreeMap<String, Value>) -> CephFact {
    let commands =
        values.iter().map(|(command, value)| (command.clone(), Reading::Present(value.to_string()))).collect();
    fact(&Answers { commands })
}

/// What is read with one answer changed.
fn with(command: &str, change: impl FnOnce(&mut Value)) -> CephFact {
    let mut values = answers();
    change(values.get_mut(command).unwrap());
    read(&values)
}

fn reason<T>(reading: &Reading<T>) -> Option<AbsenceReason> {
    reading.absence().map(|absence| absence.reason)
}

#[test]
fn every_command_is_one_that_is_read() {
    let values = answers();
    assert!(COMMANDS.is_sorted());
    for command in COMMANDS.iter().filter(|command| **command != ERASURE_PROFILES) {
        let all = serde_json::to_value(read(&values)).unwrap();
        let mut fewer = values.clone();
        fewer.remove(*command).unwrap();
        assert_ne!(serde_json::to_value(read(&fewer)).unwrap(), all, "{command} changes nothing");
    }
}

#[test]
fn the_ports_of_monitors_are_those_that_the_configuration_names() {
    let check = |conf: &str, expect: &[u16]| assert_eq!(monitor_ports(conf), expect, "{conf}");
    check(
        "[global]\nmon_host = [v2:192.0.2.1:3301/0,v1:192.0.2.1:6790/0] [v2:192.0.2.2:3302]\n",
        &[3300, 3301, 3302, 6790],
    );
    check("mon host = 192.0.2.1, 192.0.2.2:3305\n", &[3300, 3305]);
    check("mon_host = [v2:[2001:db8::1]:3306/0]\n", &[3300, 3306]);
    check("mon_host = 2001:db8::1\nfsid = a:1\n", &[3300]);
    check("", &[3300]);
}

#[test]
fn a_claimed_host_that_is_not_the_observed_one_is_a_disagreement() {
    let found = read(&answers()).disagreements;
    let found = found.present().unwrap();
    let lines: Vec<_> = found
        .iter()
        .map(|found| (found.claimed_host.as_str(), found.observed_hostname.as_str(), found.osds.as_slice()))
        .collect();
    // OSD 1 is on `vm` whatever its domain, and OSD 3 has told nothing.
    assert_eq!(lines, [("stor-0", "vm", &[0][..]), ("stor-1", "stor-2", &[2][..])]);
    assert_eq!(found[0].claimed_location, ["datacenter=az-1", "root=default"]);
}

#[test]
fn without_metadata_nothing_is_known_of_disagreements() {
    let fact = with("osd metadata", |value| *value = json!("gone"));
    assert_eq!(reason(&fact.disagreements), Some(AbsenceReason::Malformed));
    assert_eq!(fact.osds.present().unwrap().len(), 4, "the tree still tells which there are");
    assert_eq!(reason(&fact.osds.present().unwrap()[0].hostname), Some(AbsenceReason::Malformed));
}

#[test]
fn an_osd_has_what_the_tree_and_its_daemon_say() {
    let osds = read(&answers()).osds;
    let osds = osds.present().unwrap();
    let check = |id: usize, parents: &[&str], up: bool, is_in: bool| {
        let osd = &osds[id];
        assert_eq!((osd.up, osd.is_in), (up, is_in), "{osd:?}");
        assert_eq!(osd.parents, parents);
    };
    check(0, &["stor-0"], true, true);
    check(1, &["vm"], true, false);
    check(2, &["stor-1"], false, true);
    check(3, &[], false, false);
    assert_eq!(osds[0].version, Reading::Present("16.2.15".to_owned()));
    assert_eq!(osds[0].device, Reading::Present("/dev/dm-1".to_owned()));
    assert_eq!(reason(&osds[0].encrypted), Some(AbsenceReason::NotPresent), "this version does not tell");
    assert_eq!(reason(&osds[3].hostname), Some(AbsenceReason::NotPresent));
}

#[test]
fn the_failure_domain_is_what_the_last_choice_spreads_over() {
    let rules = read(&answers()).rules;
    let rules = rules.present().unwrap();
    assert_eq!(rules[0].failure_domain, Reading::Present("rack".to_owned()));
    assert_eq!(rules[1].failure_domain, Reading::Present("host".to_owned()));
    assert_eq!(reason(&rules[2].failure_domain), Some(AbsenceReason::NotSupported));
    assert_eq!(rules[0].steps, ["set_chooseleaf_tries 5", "take default~hdd", "chooseleaf_indep 0 rack", "emit"]);
}

#[test]
fn pools_name_their_rule_and_their_code() {
    let fact = read(&answers());
    let pools = fact.pools.present().unwrap();
    assert_eq!(pools.iter().map(|pool| pool.id).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(pools[1].kind, Reading::Present("erasure".to_owned()));
    assert_eq!(pools[0].flags, ["hashpspool", "nodelete"]);
    assert_eq!(fact.erasure_profiles.present().unwrap()["k4m2"]["crush-failure-domain"], "rack");
    let mut values = answers();
    values.remove("osd erasure-code-profile get k4m2");
    assert_eq!(reason(&read(&values).erasure_profiles), Some(AbsenceReason::NotPresent), "a list with a hole is none");
}

#[test]
fn monitors_health_versions_and_room() {
    let fact = read(&answers());
    let monitors = fact.monitors.present().unwrap();
    assert_eq!((monitors[0].in_quorum, monitors[1].in_quorum), (true, false));
    assert_eq!(monitors[0].hostname, Reading::Present("vm".to_owned()));
    assert_eq!(monitors[1].claimed_location, Reading::Present("datacenter=az-2".to_owned()));
    let health = fact.health.present().unwrap();
    assert_eq!(
        (health.checks.as_slice(), health.muted.as_slice()),
        (&["OSD_DOWN".to_owned()][..], &["POOL_NO_REDUNDANCY".to_owned()][..])
    );
    let versions: Vec<_> =
        fact.versions.present().unwrap().iter().map(|v| (v.daemon.as_str(), v.version.as_str(), v.daemons)).collect();
    assert_eq!(versions, [("mon", "16.2.15", 1), ("osd", "16.2.15", 2), ("osd", "17.2.7", 1)]);
    assert_eq!(fact.capacity.present().unwrap().used_percent_max, 40);
}

#[test]
fn use_is_told_in_steps_of_ten() {
    for (used, expect) in [(0, 0), (1, 10), (100, 10), (101, 20), (1000, 100), (u64::MAX, 100)] {
        let fact = with("df", |df| df["stats"]["total_used_raw_bytes"] = json!(used));
        assert_eq!(fact.capacity.present().unwrap().used_percent_max, expect, "{used}");
    }
    assert_eq!(
        reason(&with("df", |df| df["stats"]["total_bytes"] = json!(0)).capacity),
        Some(AbsenceReason::NotPresent)
    );
}

#[test]
fn one_bad_answer_costs_only_its_own_fact() {
    let good = serde_json::to_value(read(&answers())).unwrap();
    for (command, fields) in [
        ("df", &["capacity"][..]),
        ("health", &["health"]),
        ("osd crush rule dump", &["rules"]),
        ("osd tree", &["buckets", "osds", "disagreements"]),
        ("quorum_status", &["fsid", "monitors", "stretch_mode"]),
        ("versions", &["versions"]),
    ] {
        for bad in [json!(null), json!([]), json!({}), json!({"nodes": 7}), json!("\u{0}")] {
            let fact = serde_json::to_value(with(command, |value| *value = bad.clone())).unwrap();
            for (field, value) in good.as_object().unwrap() {
                let own = fields.contains(&field.as_str());
                assert!(own || fact[field] == *value, "{command}: {bad} changed {field}");
            }
        }
    }
}

#[test]
fn a_map_that_holds_itself_is_survived() {
    let fact = with("osd tree", |tree| {
        tree["nodes"][0]["children"] = json!([-1, -2, -3, -4]);
        tree["nodes"][2]["children"] = json!([-1, -2, 0]);
    });
    assert!(fact.disagreements.present().unwrap()[0].claimed_location.len() <= 2 * 64 + 1);
}

#[test]
fn a_cluster_too_large_for_a_report_is_absent_and_not_cut_off() {
    let fact = with("osd tree", |tree| {
        let nodes = tree["nodes"].as_array_mut().unwrap();
        nodes.extend(
            (10..5000).map(|id| json!({"id": id, "name": "osd", "type": "osd", "status": "up", "reweight": 1})),
        );
    });
    assert_eq!(reason(&fact.osds), Some(AbsenceReason::NotSupported));
    assert!(fact.osds.absence().unwrap().detail.contains("a report has room for"));
    assert!(fact.buckets.present().is_some() && fact.pools.present().is_some());
}

#[test]
fn what_a_monitor_says_in_an_error_is_quoted_in_part() {
    let fact = with("versions", |value| *value = json!("x".repeat(100_000)));
    let detail = &fact.versions.absence().unwrap().detail;
    assert!(detail.len() < 200, "{detail}");
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        prop_oneof![Just("host"), Just("take"), Just("up"), Just("vm")].prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(key(), inner, 0..6).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("id"),
        Just("name"),
        Just("type"),
        Just("children"),
        Just("nodes"),
        Just("stray"),
        Just("status"),
        Just("steps"),
        Just("hostname"),
        Just("stats"),
        Just("total_bytes"),
        Just("monmap"),
        Just("mons"),
        Just("checks"),
    ]
    .prop_map(str::to_owned)
}

/// Replaces the value at a place that `path` leads to.
fn replace(value: &mut Value, path: &[prop::sample::Index], new: Value) {
    let Some((first, rest)) = path.split_first() else {
        *value = new;
        return;
    };
    match value {
        Value::Array(entries) if !entries.is_empty() => replace(first.get_mut(entries), rest, new),
        Value::Object(members) if !members.is_empty() => {
            let at = first.index(members.len());
            if let Some(member) = members.values_mut().nth(at) {
                replace(member, rest, new);
            }
        }
        _ => *value = new,
    }
}

/// Whatever monitors say, there is a fact that can be reported: it goes through JSON unchanged, and it is bounded.
fn reports(values: &BTreeMap<String, Value>) {
    let fact = read(values);
    let json = serde_json::to_vec(&fact).unwrap();
    assert!(json.len() <= OSDS_BYTES_MAX + 10 * LIST_BYTES_MAX + 4096, "{}", json.len());
    assert_eq!(serde_json::from_slice::<CephFact>(&json).unwrap(), fact);
}

proptest! {
    // A million inputs for each law: `./dev long parsers`.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_change_of_an_answer_leaves_a_fact_that_can_be_reported(
        command in any::<prop::sample::Index>(),
        path in prop::collection::vec(any::<prop::sample::Index>(), 0..5),
        new in any_json(),
    ) {
        let mut values = answers();
        let at = command.index(values.len());
        replace(values.values_mut().nth(at).unwrap(), &path, new);
        reports(&values);
    }

    #[test]
    fn any_bytes_are_an_answer_or_malformed(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let reading = parse("here", &bytes);
        prop_assert_eq!(reason(&reading), Some(AbsenceReason::Malformed));
    }
}
