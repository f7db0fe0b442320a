//! Sources that fail in every way, beside one that does not: what they do to it, to the round, and to memory.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Barrier, Mutex};
use std::thread::{self, ThreadId};

use descriptors::fact::dmi::DmiFact;

use super::*;
use crate::config;
use crate::root::Root;

fn fact() -> Reading<Fact> {
    fact_of(Reading::absent(AbsenceReason::NotPresent, "/x"))
}

fn fact_of(bios_date: Reading<String>) -> Reading<Fact> {
    let none = || Reading::absent(AbsenceReason::NotPresent, "/x");
    let fact = DmiFact {
        system_vendor: none(),
        product_name: none(),
        product_version: none(),
        product_sku: none(),
        product_serial: none(),
        product_uuid: none(),
        board_vendor: none(),
        board_name: none(),
        board_version: none(),
        board_serial: none(),
        chassis_type: none(),
        chassis_serial: none(),
        chassis_asset_tag: none(),
        bios_vendor: none(),
        bios_version: none(),
        bios_date,
        bios_release: none(),
        controller_release: none(),
    };
    Reading::Present(fact.into())
}

/// With time enough for a source that is slow and not stuck: a panic may take a while to be written down.
fn gatherer_with(sources: &'static [&'static dyn Source], deadline_ms: u64) -> Gatherer {
    let settings = config::Sources { deadline_ms: deadline_ms.try_into().unwrap(), ..config::Sources::default() };
    Gatherer::new(Context::unconfined(Root::live(), settings), sources)
}

fn gatherer(sources: &'static [&'static dyn Source], disabled: &[&str]) -> Gatherer {
    let settings = config::Sources {
        disabled: disabled.iter().map(|name| SourceName::new(*name).unwrap()).collect(),
        deadline_ms: 20.try_into().unwrap(),
        ..config::Sources::default()
    };
    Gatherer::new(Context::unconfined(Root::live(), settings), sources)
}

fn reason(gathered: &Gathered, source: &str) -> Option<AbsenceReason> {
    gathered.facts[&SourceName::new(source).unwrap()].absence().map(|absence| absence.reason)
}

struct Good;
impl Source for Good {
    fn name(&self) -> &'static str {
        "good"
    }
    fn read(&self, _: &Context) -> Reading<Fact> {
        fact()
    }
}

struct Panics;
impl Source for Panics {
    fn name(&self) -> &'static str {
        "panics"
    }
    fn read(&self, _: &Context) -> Reading<Fact> {
        panic!("on purpose")
    }
}

static RUNS: AtomicU32 = AtomicU32::new(0);
static HANGING: AtomicBool = AtomicBool::new(true);

struct Hangs;
impl Source for Hangs {
    fn name(&self) -> &'static str {
        "hangs"
    }
    fn read(&self, _: &Context) -> Reading<Fact> {
        RUNS.fetch_add(1, Ordering::SeqCst);
        while HANGING.load(Ordering::SeqCst) {
            thread::sleep(Duration::from_millis(1));
        }
        fact()
    }
}

#[test]
fn a_source_that_panics_fails_alone() {
    let gathered = gatherer_with(&[&Panics, &Good], 30_000).gather();
    assert_eq!(reason(&gathered, "panics"), Some(AbsenceReason::Malformed));
    assert_eq!(reason(&gathered, "good"), None);
}

#[test]
fn a_source_that_hangs_is_left_behind_and_not_started_again_until_it_answers() {
    let mut gatherer = gatherer(&[&Good, &Hangs], &[]);
    for _ in 0..3 {
        let gathered = gatherer.gather();
        assert_eq!(reason(&gathered, "hangs"), Some(AbsenceReason::TimedOut));
        assert_eq!(reason(&gathered, "good"), None);
    }
    assert_eq!(RUNS.load(Ordering::SeqCst), 1);

    HANGING.store(false, Ordering::SeqCst);
    let recovered = (0..500).any(|_| {
        thread::sleep(Duration::from_millis(10));
        reason(&gatherer.gather(), "hangs").is_none()
    });
    assert!(recovered);
}

#[test]
fn a_source_switched_off_says_so_and_does_not_run() {
    let gathered = gatherer(&[&Good, &Panics], &["panics"]).gather();
    assert_eq!(reason(&gathered, "panics"), Some(AbsenceReason::Disabled));
    assert_eq!(reason(&gathered, "good"), None);
}

/// Answers with as many bytes as its text says.
struct Says(&'static str, usize);
impl Source for Says {
    fn name(&self) -> &'static str {
        self.0
    }
    fn read(&self, _: &Context) -> Reading<Fact> {
        fact_of(Reading::Present("x".repeat(self.1)))
    }
}

#[test]
fn a_source_that_says_too_much_costs_its_own_fact() {
    static FLOOD: Says = Says("flood", 100 << 20);
    static LARGE: Says = Says("large", 300_000);
    static SOURCES: [&dyn Source; 3] = [&FLOOD, &Good, &LARGE];
    let gathered = gatherer_with(&SOURCES, 30_000).gather();
    assert_eq!(reason(&gathered, "flood"), Some(AbsenceReason::Malformed));
    assert_eq!((reason(&gathered, "good"), reason(&gathered, "large")), (None, None));
}

#[test]
fn the_largest_gives_way_until_the_rest_fits_a_report() {
    static SOURCES: [&dyn Source; 4] = [&Says("a", 300_000), &Says("b", 350_000), &Says("c", 400_000), &Says("d", 100)];
    let gathered = gatherer_with(&SOURCES, 30_000).gather();
    assert_eq!(["a", "b", "c", "d"].map(|name| reason(&gathered, name).is_some()), [false, false, true, false]);
    let facts = serde_json::to_vec(&gathered.facts).unwrap().len();
    assert!(facts < size::FACTS_BYTES_MAX + 4096 && facts > 600_000, "{facts}");
}

struct PanicsWithAValue;
impl Source for PanicsWithAValue {
    fn name(&self) -> &'static str {
        "panics"
    }
    fn read(&self, _: &Context) -> Reading<Fact> {
        std::panic::panic_any(7_u8)
    }
}

#[test]
fn a_panic_without_a_text_is_a_reading_too() {
    let gathered = gatherer_with(&[&PanicsWithAValue, &Good], 30_000).gather();
    let absence = gathered.facts[&SourceName::new("panics").unwrap()].absence().unwrap();
    assert_eq!(
        (absence.reason, absence.detail.as_str()),
        (AbsenceReason::Malformed, "the source panicked: without a text")
    );
    assert_eq!(reason(&gathered, "good"), None);
}

static READ_BY: Mutex<Vec<ThreadId>> = Mutex::new(Vec::new());

/// Notes the thread that reads it.
struct Notes(&'static str);
impl Source for Notes {
    fn name(&self) -> &'static str {
        self.0
    }
    fn read(&self, _: &Context) -> Reading<Fact> {
        READ_BY.lock().unwrap().push(thread::current().id());
        fact()
    }
}

static LATE: Barrier = Barrier::new(2);

/// Late once, until the test lets it go.
struct Late(AtomicBool);
impl Source for Late {
    fn name(&self) -> &'static str {
        "late"
    }
    fn read(&self, _: &Context) -> Reading<Fact> {
        if !self.0.swap(true, Ordering::SeqCst) {
            LATE.wait();
        }
        fact()
    }
}

#[test]
fn one_thread_reads_every_source_round_after_round_until_one_is_late() {
    static LATE_ONCE: Late = Late(AtomicBool::new(false));
    static SOURCES: [&dyn Source; 4] = [&Notes("a"), &Panics, &Notes("b"), &Notes("c")];
    static WITH_LATE: [&dyn Source; 3] = [&Notes("a"), &LATE_ONCE, &Notes("b")];
    let read_by = |gatherer: &mut Gatherer, rounds: usize| {
        READ_BY.lock().unwrap().clear();
        (0..rounds).for_each(|_| drop(gatherer.gather()));
        READ_BY.lock().unwrap().clone()
    };
    let mut steady = gatherer_with(&SOURCES, 30_000);
    let threads = read_by(&mut steady, 3);
    assert!(threads.len() == 9 && threads.iter().all(|thread| *thread == threads[0]), "{threads:?}");

    let mut gatherer = gatherer(&WITH_LATE, &[]);
    let threads = read_by(&mut gatherer, 2);
    assert_eq!(threads.len(), 4);
    assert!(threads[0] != threads[1] && threads[1..].iter().all(|thread| *thread == threads[1]), "{threads:?}");
    LATE.wait();
    let back = (0..500).any(|_| {
        thread::sleep(Duration::from_millis(10));
        reason(&gatherer.gather(), "late").is_none()
    });
    assert!(back, "a source that was late is read again");
}

struct HangsForEver;
impl Source for HangsForEver {
    fn name(&self) -> &'static str {
        "hangs-for-ever"
    }
    fn read(&self, _: &Context) -> Reading<Fact> {
        loop {
            thread::sleep(Duration::from_secs(3600));
        }
    }
}

fn threads() -> usize {
    std::fs::read_dir("/proc/self/task").unwrap().count()
}

#[test]
fn a_source_that_hangs_costs_a_round_its_deadline_once_and_a_thread_once() {
    let mut gatherer = gatherer(&[&Good, &HangsForEver], &[]);
    gatherer.gather();
    let (before, started) = (threads(), Instant::now());
    for _ in 0..200 {
        assert_eq!(reason(&gatherer.gather(), "hangs-for-ever"), Some(AbsenceReason::TimedOut));
    }
    // 200 deadlines of 270 ms would be 54 s; other tests start threads meanwhile, but not 200.
    assert!(started.elapsed() < Duration::from_secs(30), "{:?}", started.elapsed());
    assert!(threads() < before + 100, "{before} threads became {}", threads());
}
