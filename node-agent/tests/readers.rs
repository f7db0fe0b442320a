//! A reader that hangs, floods, prints garbage or is not there costs its own fact, within its deadline, and nothing else.

#![expect(clippy::unwrap_used, reason = "a test may fail here")]

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use descriptors::fact::{AbsenceReason, Reading};
use node_agent::config::Sources;
use node_agent::gather::{Gathered, Gatherer};
use node_agent::root::Root;
use node_agent::source::{self, Context};

/// One round of this machine with `script` as the reader of libvirt and of Ceph, that of libvirt kept or not.
fn gather(script: &str, kept: bool) -> Gathered {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str| {
        let path = directory.path().join(name);
        std::fs::write(&path, "").unwrap();
        path
    };
    let reader = program(directory.path(), script);
    with_reader(&reader, kept, &file("ceph.conf"), &file("keyring"))
}

fn program(directory: &Path, script: &str) -> PathBuf {
    let path = directory.join("reader");
    std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

fn with_reader(reader: &Path, kept: bool, conf: &Path, keyring: &Path) -> Gathered {
    let settings = Sources {
        deadline_ms: 2000.try_into().unwrap(),
        libvirt_reader: Some(reader.to_owned()),
        libvirt_reader_rounds: if kept { 100 } else { 1 }.try_into().unwrap(),
        ceph_reader: Some(reader.to_owned()),
        ceph_conf: conf.to_owned(),
        ceph_keyring: keyring.to_owned(),
        ..Sources::default()
    };
    Gatherer::new(Context::unconfined(Root::live(), settings), source::all()).gather()
}

/// Why the facts of both are absent; every other source must have read what it reads on this machine.
fn reasons(gathered: &Gathered) -> [AbsenceReason; 2] {
    for name in ["cpu", "kernel", "memory"] {
        let reading = gathered.facts.iter().find(|(source, _)| source.as_str() == name);
        assert!(matches!(reading, Some((_, Reading::Present(_)))), "{name}: {reading:?}");
    }
    ["ceph", "libvirt"].map(|name| {
        let (_, reading) = gathered.facts.iter().find(|(source, _)| source.as_str() == name).unwrap();
        reading.absence().unwrap_or_else(|| panic!("{name}: {reading:?}")).reason
    })
}

#[test]
fn a_reader_that_says_nothing_of_use_is_malformed() {
    for script in [
        "true",
        "echo '{}'",
        "echo '{\"present\":{\"commands\":7}}'",
        "printf '\\377\\376'",
        "printf '{\"present\":'; exit 0",
        "echo '{\"present\":{}}'; exit 3",
        "kill -SEGV $$",
        // More than 100 MB, as fast as it goes.
        "exec head -c 120000000 /dev/zero",
        "exec yes '[[[[[[[['",
    ] {
        for kept in [false, true] {
            assert_eq!(reasons(&gather(script, kept)), [AbsenceReason::Malformed; 2], "{script}");
        }
    }
}

#[test]
fn a_reader_that_hangs_is_killed_at_its_deadline() {
    let started = Instant::now();
    for kept in [false, true] {
        assert_eq!(reasons(&gather("exec sleep 60", kept)), [AbsenceReason::TimedOut; 2]);
    }
    assert_eq!(reasons(&gather("sleep 60 & exec >&-; wait", false)), [AbsenceReason::TimedOut; 2]);
    assert!(started.elapsed() < Duration::from_secs(30), "{:?}", started.elapsed());
}

#[test]
fn a_reader_that_is_not_there_is_not_present() {
    let file = tempfile::NamedTempFile::new().unwrap();
    for kept in [false, true] {
        let gathered = with_reader(Path::new("/no/such/reader"), kept, file.path(), file.path());
        assert_eq!(reasons(&gathered), [AbsenceReason::NotPresent; 2]);
        assert_eq!(reasons(&gather("exit 127", kept)), [AbsenceReason::NotPresent; 2], "its library is missing");
        // A file that may not be executed.
        let gathered = with_reader(file.path(), kept, file.path(), file.path());
        assert_eq!(reasons(&gathered), [AbsenceReason::NotPermitted; 2]);
    }
}

#[test]
fn without_a_key_no_reader_is_started() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let started = file.path().with_extension("started");
    let directory = tempfile::tempdir().unwrap();
    let reader = program(directory.path(), &format!("[ $# -eq 4 ] && touch {}", started.display()));
    let gathered = with_reader(&reader, false, file.path(), Path::new("/no/such/keyring"));
    assert_eq!(reasons(&gathered)[0], AbsenceReason::NotPresent);
    assert!(!started.exists());
    let gathered = with_reader(&reader, false, file.path(), file.path());
    assert_eq!(reasons(&gathered)[0], AbsenceReason::Malformed);
    assert!(started.exists(), "with a key it is");
    std::fs::remove_file(started).unwrap();
}
