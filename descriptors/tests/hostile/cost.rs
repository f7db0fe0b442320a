//! What a hostile document may cost: 50 ms of CPU and 64 MiB. Measured, so only in a release build, by `./dev long
//! documents` and `./dev bench hostile`; the work that is behind it is bounded by counters, which the other tests reach.

use std::time::Duration;

use descriptors::verify::Outcome;
use serde_json::{Value, json};

use super::scene::{Form, Scene, credential, enveloped, header, key, sign};

const CPU_MAX: Duration = Duration::from_millis(50);
const MEMORY_MAX_KIB: u64 = 64 * 1024;

/// CPU time of this thread so far.
fn cpu_time() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(text.split(' ').next().unwrap().parse().unwrap())
}

/// A field of this process, in KiB.
fn memory(field: &str) -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = text.lines().find(|line| line.starts_with(field)).unwrap();
    line.split_ascii_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Documents at the edge of every limit.
fn large() -> Vec<(&'static str, Vec<u8>)> {
    let fill = |form: Form, value: Value| {
        let mut scene = Scene::of(form);
        scene.subject()["gx:name"] = value;
        scene.bytes()
    };
    let nodes = |id: &dyn Fn(usize) -> Value, count: usize| -> Value { (0..count).map(id).collect() };
    let names: Value = (0..60_000).map(|at| (format!("gx:n{at}"), json!(1))).collect::<serde_json::Map<_, _>>().into();
    let one =
        enveloped(&sign(header("vc+jwt", "vc").to_string().as_bytes(), credential().to_string().as_bytes(), &key(7)));
    let mut presentation = Scene::of(Form::Presentation);
    presentation.document["verifiableCredential"] = json!(vec![one; 64]);
    let bomb = |count: usize| (0..count).fold(json!("x"), |inner, _| json!({"gx:a": inner}));
    vec![
        ("a mebibyte of text", fill(Form::Jws, "x".repeat(1_000_000).into())),
        ("90,000 numbers", fill(Form::Jcs, nodes(&|at| json!(at % 10), 90_000))),
        ("a mebibyte of numbers", fill(Form::Jcs, nodes(&|at| json!(at % 10), 450_000))),
        ("a mebibyte of names", fill(Form::Jcs, names)),
        (
            "19,000 statements of nodes with names",
            fill(Form::Rdfc, nodes(&|at| json!({"id": format!("urn:n:{at}")}), 19_000)),
        ),
        ("6,000 nodes without names", fill(Form::Rdfc, nodes(&|at| json!({"gx:a": at}), 6_000))),
        ("6,000 nodes without names that look alike", fill(Form::Rdfc, nodes(&|_| json!({"gx:a": 1}), 6_000))),
        ("60 levels", fill(Form::Rdfc, bomb(58))),
        ("64 credentials in a presentation", presentation.bytes()),
        ("a mebibyte of brackets", [b"{\"a\":".to_vec(), vec![b'['; 1_000_000]].concat()),
        ("a mebibyte of escapes", fill(Form::Jws, "\u{1}".repeat(150_000).into())),
        ("a mebibyte of full stops", vec![b'.'; 1 << 20]),
    ]
}

#[test]
fn no_hostile_document_costs_more_than_50_ms_and_64_mib() {
    // Contexts are read once, before the clock runs.
    assert_eq!(Scene::of(Form::Rdfc).verify().outcome(), Outcome::Passed);
    let resident = memory("VmRSS");
    let rows = super::rows().map(|row| {
        let mut scene = Scene::of(row.form);
        (row.make)(&mut scene);
        (row.fault, scene.bytes(), scene)
    });
    let large = large().into_iter().map(|(fault, bytes)| (fault, bytes, Scene::of(Form::Jws)));
    let mut over = Vec::new();
    let mut worst = (Duration::ZERO, "", 0, "");
    for (fault, bytes, scene) in rows.chain(large) {
        // Writing 5 takes the peak back to what is resident now. What earlier rows left in the heap counts as well, so
        // the figure is too high rather than too low.
        std::fs::write("/proc/self/clear_refs", "5").unwrap();
        let before = cpu_time();
        let report = scene.verify_bytes(&bytes);
        let (cpu, peak) = (cpu_time() - before, memory("VmHWM").saturating_sub(resident));
        drop(report);
        if cpu > worst.0 {
            (worst.0, worst.1) = (cpu, fault);
        }
        if peak > worst.2 {
            (worst.2, worst.3) = (peak, fault);
        }
        if cpu > CPU_MAX || peak > MEMORY_MAX_KIB {
            over.push(format!("{fault}: {cpu:?}, {peak} KiB"));
        }
    }
    eprintln!("most CPU: {:?} for {}; most memory: {} KiB for {}", worst.0, worst.1, worst.2, worst.3);
    assert!(over.is_empty(), "{over:#?}");
}
