//! A reader that is kept between rounds: asked again, replaced, and given up. In a process of its own, because a process keeps one.

#![expect(clippy::unwrap_used, reason = "a test may fail here")]

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;

use descriptors::fact::{AbsenceReason, Reading};
use node_agent::config::Sources;
use node_agent::gather::Gatherer;
use node_agent::root::Root;
use node_agent::source::libvirt::{Answer, Answers};
use node_agent::source::{self, Context};

/// An answer of libvirt as a reader that is kept writes it.
fn answer() -> Vec<u8> {
    fn absent<T>() -> Reading<T> {
        Reading::absent(AbsenceReason::NotSupported, "x")
    }
    let answers = Answers {
        uri: "qemu:///system".to_owned(),
        hypervisor: absent(),
        library_version: absent(),
        hypervisor_version: absent(),
        node: absent(),
        capabilities: absent(),
        cpu_models: BTreeMap::new(),
        domains: absent(),
        storage_pools: absent(),
        networks: absent(),
    };
    let json = serde_json::to_vec(&Answer::Present(answers)).unwrap();
    [&u32::try_from(json.len()).unwrap().to_be_bytes(), json.as_slice()].concat()
}

/// Rounds of libvirt alone with a reader that notes its start and then runs `script`: what went wrong in each, and how many
/// readers were started.
fn rounds(script: &str, kept_for: u32, rounds: usize) -> (Vec<Option<AbsenceReason>>, usize) {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path();
    std::fs::write(place.join("answer"), answer()).unwrap();
    let script = script.replace("ANSWER", &format!("cat {}", place.join("answer").display()));
    let starts = place.join("starts");
    let reader = place.join("reader");
    std::fs::write(&reader, format!("#!/bin/sh\necho >> {}\n{script}\n", starts.display())).unwrap();
    std::fs::set_permissions(&reader, std::fs::Permissions::from_mode(0o755)).unwrap();
    let others = source::all().iter().map(|source| source.name()).filter(|name| *name != "libvirt");
    let settings = Sources {
        disabled: others.map(|name| name.parse().unwrap()).collect(),
        deadline_ms: 2000.try_into().unwrap(),
        libvirt_reader: Some(reader),
        libvirt_reader_rounds: kept_for.try_into().unwrap(),
        ..Sources::default()
    };
    let mut gatherer = Gatherer::new(Context::unconfined(Root::live(), settings), source::all());
    let mut reasons = Vec::new();
    for _ in 0..rounds {
        let gathered = gatherer.gather();
        let (_, reading) = gathered.facts.iter().find(|(source, _)| source.as_str() == "libvirt").unwrap();
        reasons.push(reading.absence().map(|absence| absence.reason));
    }
    (reasons, std::fs::read_to_string(starts).unwrap().lines().count())
}

#[test]
fn a_kept_reader_is_replaced_when_it_has_served_its_rounds_or_is_of_no_more_use() {
    let steady = "while read -r _; do ANSWER; done";
    assert_eq!(rounds(steady, 3, 7), (vec![None; 7], 3));
    assert_eq!(rounds(steady, 100, 7), (vec![None; 7], 1));
    assert_eq!(rounds("read -r _; ANSWER", 100, 4), (vec![None; 4], 4), "one that ended is started again");
    let late = Some(AbsenceReason::TimedOut);
    let second = "read -r _; ANSWER; read -r _; exec sleep 60";
    assert_eq!(rounds(second, 100, 4), (vec![None, late, None, late], 2), "one that is late is not asked again");
    let absent = "while read -r _; do printf '\\000\\000\\000\\070{\"absent\":{\"reason\":\"not_present\",\"detail\":\"no daemon\"}}'; done";
    let absent = (rounds(absent, 100, 3), (vec![Some(AbsenceReason::NotPresent); 3], 3));
    assert_eq!(absent.0, absent.1, "one without a daemon is not kept");
}
