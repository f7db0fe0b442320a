//! A node whose files are cut off, garbage, huge or hostile still gives a reading from every source.

#![expect(clippy::unwrap_used, reason = "a test may fail here")]

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use descriptors::fact::libvirt::LibvirtFact;
use descriptors::fact::{AbsenceReason, Fact, Reading};
use node_agent::config::Sources;
use node_agent::root::Root;
use node_agent::source::{self, Context, Source as _};
use proptest::collection::vec;
use proptest::prelude::*;

fn context(directory: &Path) -> Context {
    Context::unconfined(Root::at(directory).unwrap(), Sources::default())
}

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/constructed-epyc-01")
}

fn copy(from: &Path, to: &Path, files: &mut Vec<PathBuf>) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let (entry, to) = (entry.as_ref().unwrap(), to.join(entry.as_ref().unwrap().file_name()));
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            copy(&entry.path(), &to, files);
        } else if kind.is_symlink() {
            std::os::unix::fs::symlink(std::fs::read_link(entry.path()).unwrap(), to).unwrap();
        } else {
            std::fs::copy(entry.path(), &to).unwrap();
            files.push(to);
        }
    }
}

/// A copy of the fixture, and its files.
fn node() -> (tempfile::TempDir, Vec<PathBuf>) {
    let directory = tempfile::tempdir().unwrap();
    let mut files = Vec::new();
    copy(&fixture(), directory.path(), &mut files);
    files.sort();
    (directory, files)
}

/// Reads every source on this thread, so that a panic fails the test. What is read must survive a way through JSON, which
/// is how it travels.
fn read_all(directory: &Path) {
    let context = context(directory);
    for source in source::all() {
        let reading = source.read(&context);
        let json = serde_json::to_string(&reading).unwrap();
        assert_eq!(serde_json::from_str::<Reading<Fact>>(&json).unwrap(), reading, "{}", source.name());
    }
}

#[test]
fn any_one_file_may_be_missing_cut_off_huge_or_garbage() {
    let (directory, files) = node();
    let huge = vec![b'7'; 70_000];
    for file in files {
        let original = std::fs::read(&file).unwrap();
        let half = original[..original.len() / 2].to_vec();
        for bytes in
            [half, huge.clone(), Vec::new(), b"-1\n".to_vec(), vec![0xff; 40], b"18446744073709551616\n".to_vec()]
        {
            std::fs::write(&file, bytes).unwrap();
            read_all(directory.path());
        }
        std::fs::remove_file(&file).unwrap();
        read_all(directory.path());
        std::fs::create_dir(&file).unwrap();
        read_all(directory.path());
        std::fs::remove_dir(&file).unwrap();
        std::fs::write(&file, original).unwrap();
    }
}

#[test]
fn names_that_are_not_text_are_survived() {
    let (directory, _) = node();
    let name = OsStr::from_bytes(b"node\xff\xfe\n");
    for parent in ["sys/block", "sys/class/net", "sys/devices/system/node", "sys/kernel/mm/hugepages"] {
        std::fs::create_dir_all(directory.path().join(parent).join(name)).unwrap();
    }
    read_all(directory.path());
}

/// A copy of the fixture for all cases of a law, because copying takes longer than reading; each case restores it.
struct Node {
    directory: tempfile::TempDir,
    files: Vec<(PathBuf, Vec<u8>)>,
}

thread_local! {
    static NODE: Node = {
        let (directory, files) = node();
        let files = files.into_iter().map(|file| (file.clone(), std::fs::read(file).unwrap())).collect();
        Node { directory, files }
    };
}

/// Reads every source with some files replaced.
fn read_damaged(damage: Vec<(prop::sample::Index, impl Fn(&[u8]) -> Vec<u8>)>) {
    NODE.with(|node| {
        for (index, replace) in &damage {
            let (file, original) = index.get(&node.files);
            std::fs::write(file, replace(original)).unwrap();
        }
        read_all(node.directory.path());
        for (index, _) in &damage {
            let (file, original) = index.get(&node.files);
            std::fs::write(file, original).unwrap();
        }
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_in_any_files_never_panic(
        damage in vec((any::<prop::sample::Index>(), vec(any::<u8>(), 0..300)), 1..60),
    ) {
        read_damaged(damage.into_iter().map(|(file, bytes)| (file, move |_: &[u8]| bytes.clone())).collect());
    }

    #[test]
    fn one_byte_changed_in_any_file_never_panics(
        damage in vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u8>()), 1..60),
    ) {
        let change = |(file, place, byte): (_, prop::sample::Index, u8)| {
            let replace = move |original: &[u8]| {
                let mut bytes = original.to_vec();
                if !bytes.is_empty() {
                    *place.get_mut(&mut bytes) = byte;
                }
                bytes
            };
            (file, replace)
        };
        read_damaged(damage.into_iter().map(change).collect());
    }
}

/// What is read where libvirt answered with this XML for its capabilities and for one guest.
fn libvirt(xml: &str) -> LibvirtFact {
    let directory = tempfile::tempdir().unwrap();
    let answer = serde_json::json!({"present": {
        "uri": "qemu:///system",
        "hypervisor": {"present": "QEMU"},
        "library_version": {"present": 9_000_000},
        "hypervisor_version": {"present": 7_002_022},
        "node": {"present": {"cpus": 1, "memory_kibibytes": u64::MAX}},
        "capabilities": {"present": xml},
        "domains": {"present": [
            {"uuid": "20000000-0000-4000-8000-000000000001", "name": "guest", "state": 1, "xml": {"present": xml}},
        ]},
        "cpu_models": {"x86_64 qemu64": {"present": xml}},
        "storage_pools": {"present": [xml]},
        "networks": {"present": [xml]},
    }});
    std::fs::create_dir(directory.path().join("avow")).unwrap();
    std::fs::write(directory.path().join("avow/libvirt.json"), answer.to_string()).unwrap();
    match source::libvirt::LIBVIRT.read(&context(directory.path())) {
        Reading::Present(Fact::Libvirt(fact)) => fact,
        other => panic!("{other:?}"),
    }
}

fn refused<T>(reading: &Reading<T>) -> bool {
    reading.absence().is_some_and(|absence| absence.reason == AbsenceReason::Malformed)
}

#[test]
fn hostile_xml_is_refused_and_the_guest_still_counted() {
    let laughs = (1..10).fold("<!ENTITY l0 'ha'>".to_owned(), |laughs, level| {
        let below = format!("&l{};", level - 1).repeat(10);
        format!("{laughs}<!ENTITY l{level} '{below}'>")
    });
    let file =
        "<!DOCTYPE domain [<!ENTITY f SYSTEM 'file:///etc/passwd'>]><domain type='&f;'><vcpu>&f;</vcpu></domain>";
    for xml in [
        format!("<!DOCTYPE domain [{laughs}]><domain type='kvm'><vcpu>&l9;</vcpu></domain>"),
        file.to_owned(),
        "<domain type='kvm'><vcpu>&undefined;</vcpu></domain>".to_owned(),
        format!("<domain>{}</domain>", "<a/>".repeat(100_001)),
        "<domain><vcpu>1".to_owned(),
        String::new(),
        "\u{0}".to_owned(),
    ] {
        let fact = libvirt(&xml);
        let start: String = xml.chars().take(60).collect();
        assert!(refused(&fact.domain_types), "{start}: {:?}", fact.domain_types);
        assert!(refused(&fact.host) && refused(&fact.storage_pools) && refused(&fact.networks), "{start}");
        assert!(refused(&fact.overcommit), "{start}: a sum over a guest that cannot be read");
        let guests = fact.guests.present().unwrap();
        assert_eq!((guests.len(), guests[0].running), (1, true));
        assert!(refused(&guests[0].vcpus) && refused(&guests[0].rng_devices), "{start}");
        assert!(refused(&guests[0].definition) && refused(&guests[0].seed), "{start}");
    }
}

/// On a stack no larger than a source has, where recursion would end the whole agent.
#[test]
fn deep_xml_is_survived() {
    let read = || {
        let depth = 45_000;
        libvirt(&format!("{}{}", "<domain>".repeat(depth), "</domain>".repeat(depth)))
    };
    let fact = std::thread::Builder::new().stack_size(512 * 1024).spawn(read).unwrap().join().unwrap();
    assert_eq!(fact.domain_types, Reading::Present(vec![]), "well-formed, and of no use");
    assert_eq!(fact.guests.present().unwrap().len(), 1);
}

#[test]
fn numbers_beyond_reason_are_refused() {
    let fact = libvirt("<domain><memory unit='TiB'>99999999999999</memory><vcpu>-3</vcpu><cpu/></domain>");
    let guest = &fact.guests.present().unwrap()[0];
    assert!(refused(&guest.memory_bytes) && refused(&guest.vcpus));
    assert!(guest.cpu_model.absence().is_some());
    assert!(refused(
        &libvirt("<domain><memory unit='furlong'>1</memory></domain>").guests.present().unwrap()[0].memory_bytes
    ));
}

#[test]
fn json_that_is_no_answer_is_malformed() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::create_dir(directory.path().join("avow")).unwrap();
    for bytes in [&b""[..], b"{}", b"null", b"{\"present\":{}}", b"\xff", &b"[".repeat(100_000)] {
        std::fs::write(directory.path().join("avow/libvirt.json"), bytes).unwrap();
        assert!(refused(&source::libvirt::LIBVIRT.read(&context(directory.path()))));
    }
}
