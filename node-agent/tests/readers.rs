//! A reader that hangs, floods, prints garbage or is not there costs its own fact, within its deadline, and nothing else.

#![expect(clippy::unwrap_used, reason = "a test may fail here")]

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use descriptors::fact::{AbsenceReason, Reading};
use node_agent::config::Sources;
use node_agent::gather::{Gathered, Gatherer};
use node_agent::root::Root;
use node_agent::source::{self, Context};

/// One round of this machine with `script` as the reader of libvirt and of Ceph.
fn gather(script: &str) -> Gathered {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = directory.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let reader = file("reader", &format!("#!/bin/sh\n{script}\n"));
    std::fs::set_permissions(&reader, std::fs::Permissions::from_mode(0o755)).unwrap();
    with_reader(&reader, &file("ceph.conf", ""), &file("keyring", ""))
}

fn with_reader(reader: &Path, conf: &Path, keyring: &Path) -> Gathered {
    let settings = Sources {
        deadline_ms: 2000.try_into().unwrap(),
        libvirt_reader: Some(reader.to_owned()),
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
        assert_eq!(reasons(&gather(script)), [AbsenceReason::Malformed; 2], "{script}");
    }
}

#[test]
fn a_reader_that_hangs_is_killed_at_its_deadline() {
    let started = Instant::now();
    assert_eq!(reasons(&gather("exec sleep 60")), [AbsenceReason::TimedOut; 2]);
    assert_eq!(reasons(&gather("sleep 60 & exec >&-; wait")), [AbsenceReason::TimedOut; 2]);
    assert!(started.elapsed() < Duration::from_secs(30), "{:?}", started.elapsed());
}

#[test]
fn a_reader_that_is_not_there_is_not_present() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let gathered = with_reader(Path::new("/no/such/reader"), file.path(), file.path());
    assert_eq!(reasons(&gathered), [AbsenceReason::NotPresent; 2]);
    assert_eq!(reasons(&gather("exit 127")), [AbsenceReason::NotPresent; 2], "its library is missing");
    // A file that may not be executed.
    let gathered = with_reader(file.path(), file.path(), file.path());
    assert_eq!(reasons(&gathered), [AbsenceReason::NotPermitted; 2]);
}

#[test]
fn without_a_key_no_reader_is_started() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let started = file.path().with_extension("started");
    let directory = tempfile::tempdir().unwrap();
    let reader = directory.path().join("reader");
    std::fs::write(&reader, format!("#!/bin/sh\n[ $# -eq 4 ] && touch {}\n", started.display())).unwrap();
    std::fs::set_permissions(&reader, std::fs::Permissions::from_mode(0o755)).unwrap();
    let gathered = with_reader(&reader, file.path(), Path::new("/no/such/keyring"));
    assert_eq!(reasons(&gathered)[0], AbsenceReason::NotPresent);
    assert!(!started.exists());
    let gathered = with_reader(&reader, file.path(), file.path());
    assert_eq!(reasons(&gathered)[0], AbsenceReason::Malformed);
    assert!(started.exists(), "with a key it is");
    std::fs::remove_file(started).unwrap();
}
