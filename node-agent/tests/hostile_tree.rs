//! A tree that was built to hurt whoever reads it: pipes that block, loops of links, files without end, directories with a
//! million names. Each costs at most the facts that its absence would cost, and no time to speak of.

#![expect(clippy::unwrap_used, reason = "a test may fail here")]

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{File, Permissions};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use descriptors::fact::AbsenceReason;
use node_agent::config::Sources;
use node_agent::gather::{Gathered, Gatherer};
use node_agent::root::Root;
use node_agent::source::{self, Context};
use rustix::fs::{CWD, FileType, Mode, mknodat};

/// Far below a deadline, which is 5 s a source; far above what a round takes.
const ROUND_SECONDS_MAX: u64 = 10;

/// What is put in place of a file.
#[derive(Debug, Clone, Copy)]
enum Trap {
    Pipe,
    Socket,
    LoopOfLinks,
    LinkOutOfTheTree,
    LinkToADevice,
    HundredGigabytes,
    Unreadable,
    HalfAndGarbage,
    DirectoryOfOddNames,
}

const TRAPS: [Trap; 9] = [
    Trap::Pipe,
    Trap::Socket,
    Trap::LoopOfLinks,
    Trap::LinkOutOfTheTree,
    Trap::LinkToADevice,
    Trap::HundredGigabytes,
    Trap::Unreadable,
    Trap::HalfAndGarbage,
    Trap::DirectoryOfOddNames,
];

/// A copy of the constructed node, whose files can be replaced.
struct Node(tempfile::TempDir);

impl Node {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/constructed-epyc-01"), directory.path());
        Self(directory)
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn gather(&self) -> Gathered {
        let context = Context::unconfined(Root::at(self.0.path()).unwrap(), Sources::default());
        let started = Instant::now();
        let gathered = Gatherer::new(context, source::all()).gather();
        assert!(started.elapsed() < Duration::from_secs(ROUND_SECONDS_MAX), "{:?}", gathered.elapsed);
        for (source, reading) in &gathered.facts {
            let late = reading.absence().is_some_and(|absence| absence.reason == AbsenceReason::TimedOut);
            let panicked = reading.absence().is_some_and(|absence| absence.detail.contains("panicked"));
            assert!(!late && !panicked, "{source}: {reading:?}");
        }
        gathered
    }

    /// The sources that say something else than `before`.
    fn changed(&self, before: &Gathered) -> BTreeSet<String> {
        let after = self.gather();
        let differs = after.facts.iter().filter(|(source, reading)| before.facts[*source] != **reading);
        differs.map(|(source, _)| source.to_string()).collect()
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        match entry.file_type().unwrap() {
            kind if kind.is_dir() => copy(&entry.path(), &to),
            kind if kind.is_symlink() => symlink(std::fs::read_link(entry.path()).unwrap(), to).unwrap(),
            _ => drop(std::fs::copy(entry.path(), to).unwrap()),
        }
    }
}

fn files(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        match entry.file_type().unwrap() {
            kind if kind.is_dir() => files(&entry.path(), found),
            kind if kind.is_file() => found.push(entry.path()),
            _ => {}
        }
    }
}

/// Puts a trap where no file is any more.
fn set(trap: Trap, path: &Path, original: &[u8]) {
    match trap {
        Trap::Pipe => mknodat(CWD, path, FileType::Fifo, Mode::from_raw_mode(0o666), 0).unwrap(),
        Trap::Socket => mknodat(CWD, path, FileType::Socket, Mode::from_raw_mode(0o666), 0).unwrap(),
        Trap::LoopOfLinks => symlink(path.file_name().unwrap(), path).unwrap(),
        Trap::LinkOutOfTheTree => symlink("../../../../../../../../../../../../etc/passwd", path).unwrap(),
        Trap::LinkToADevice => symlink("/dev/zero", path).unwrap(),
        Trap::HundredGigabytes => File::create(path).unwrap().set_len(100 << 30).unwrap(),
        Trap::Unreadable => {
            std::fs::write(path, original).unwrap();
            std::fs::set_permissions(path, Permissions::from_mode(0o000)).unwrap();
        }
        Trap::HalfAndGarbage => {
            let garbage = [&original[..original.len() / 2], &[0xff, 0xfe, 0, 0x1b]].concat();
            std::fs::write(path, garbage).unwrap();
        }
        Trap::DirectoryOfOddNames => {
            for name in [&b"two\nlines"[..], b"\xff\xfe", b"\x1b[31m", b"-rf", b" "] {
                std::fs::create_dir_all(path.join(OsStr::from_bytes(name))).unwrap();
            }
        }
    }
}

fn clear(path: &Path) {
    match path.symlink_metadata() {
        Ok(metadata) if metadata.is_dir() => std::fs::remove_dir_all(path).unwrap(),
        Ok(_) => std::fs::remove_file(path).unwrap(),
        Err(_) => {}
    }
}

#[test]
fn a_trap_costs_at_most_the_facts_that_the_file_was_for() {
    let node = Node::new();
    let before = node.gather();
    let mut all = Vec::new();
    files(node.0.path(), &mut all);
    all.sort();
    let mut sprung = 0;
    // Every file meets some traps, and every trap many files: all pairs take minutes.
    for (index, file) in all.iter().enumerate() {
        let original = std::fs::read(file).unwrap();
        clear(file);
        let without = node.changed(&before);
        for trap in TRAPS.iter().cycle().skip(index).take(3) {
            set(*trap, file, &original);
            let with = node.changed(&before);
            assert!(with.is_subset(&without), "{trap:?} at {}: {with:?}, not only {without:?}", file.display());
            sprung += usize::from(!with.is_empty());
            clear(file);
        }
        std::fs::write(file, original).unwrap();
    }
    assert!(sprung > all.len(), "{sprung} traps of {} files changed anything", all.len());
    assert_eq!(node.changed(&before), BTreeSet::new(), "every file is as it was");
}

/// Directories that sources list, each with far more names than any machine has.
#[test]
fn a_directory_with_names_without_end_costs_its_fact() {
    // By hand once with a million; the bound on names is reached either way.
    let names = std::env::var("AVOW_TEST_NAMES").map_or(20_000, |names| names.parse().unwrap());
    for directory in ["sys/class/net", "sys/block", "sys/devices/system/node", "sys/kernel/mm/hugepages"] {
        let node = Node::new();
        let before = node.gather();
        let place = node.path(directory);
        std::fs::create_dir_all(&place).unwrap();
        for name in 0..names {
            // Cheaper than a file each, and as long.
            symlink("x", place.join(format!("name-{name}"))).unwrap();
        }
        let changed = node.changed(&before);
        assert!(!changed.is_empty() && changed.len() <= 3, "{directory}: {changed:?}");
    }
}

#[test]
fn a_tree_that_is_all_traps_has_every_source_and_ends() {
    for trap in TRAPS {
        let node = Node::new();
        let mut all = Vec::new();
        files(node.0.path(), &mut all);
        for file in all {
            let original = std::fs::read(&file).unwrap();
            clear(&file);
            set(trap, &file, &original);
        }
        assert_eq!(node.gather().facts.len(), source::all().len(), "{trap:?}");
    }
}

#[test]
fn directories_that_turn_in_circles_are_left() {
    let node = Node::new();
    for directory in ["sys/class/net", "sys/block", "sys/devices/system/node", "sys/class/dmi/id"] {
        let place = node.path(directory);
        clear(&place);
        std::fs::create_dir_all(place.parent().unwrap()).unwrap();
        symlink(".", &place).unwrap();
    }
    node.gather();
}
