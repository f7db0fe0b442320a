//! Hostile documents: each row makes one from a good one by a single fault, and names the check that must find it.
//!
//! Every row also shows that the good document is accepted, so that no row passes because everything is refused.
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "tests say what they did, ask the kernel what it cost, and fail by panicking"
)]

#[cfg(feature = "long")]
mod cost;
mod identity;
mod json;
mod jws;
mod jws_2020;
mod key;
mod model;
mod presentation;
mod proof;
mod scene;
mod status;
mod terms;

use descriptors::verify::{Name, Outcome};
use scene::{Form, Scene};

/// One hostile document.
struct Row {
    /// Its single fault.
    fault: &'static str,
    /// The form of the good document.
    form: Form,
    /// How the fault is made.
    make: fn(&mut Scene),
    /// Which check finds it, and with which outcome.
    expect: (Name, Outcome),
    /// A part of what the check says.
    says: &'static str,
}

const fn row(fault: &'static str, form: Form, make: fn(&mut Scene), name: Name, says: &'static str) -> Row {
    Row { fault, form, make, expect: (name, Outcome::Failed), says }
}

/// A fault that leaves the question open: the document may be good.
const fn open(fault: &'static str, form: Form, make: fn(&mut Scene), name: Name, says: &'static str) -> Row {
    Row { fault, form, make, expect: (name, Outcome::NotChecked), says }
}

fn rows() -> impl Iterator<Item = &'static Row> {
    [
        json::ROWS,
        jws::ROWS,
        jws_2020::ROWS,
        identity::ROWS,
        key::ROWS,
        proof::ROWS,
        model::ROWS,
        terms::ROWS,
        status::ROWS,
        presentation::ROWS,
    ]
    .into_iter()
    .flatten()
}

#[test]
fn every_hostile_document_is_found_out_by_the_check_it_is_aimed_at() {
    let mut count = 0;
    let mut faults = Vec::new();
    for row in rows() {
        let good = Scene::of(row.form).verify();
        assert_eq!(good.outcome(), Outcome::Passed, "{}: {:#?}", row.fault, good.findings());
        assert!(good.verified().is_some());
        let mut scene = Scene::of(row.form);
        (row.make)(&mut scene);
        let bad = scene.verify();
        let (name, outcome) = row.expect;
        let check = bad.check(name);
        let said = check.is_some_and(|check| check.findings.iter().any(|finding| finding.problem.contains(row.says)));
        if check.map(|check| check.outcome) != Some(outcome) || !said || bad.outcome() < outcome {
            faults.push(format!(
                "{}: expected {name:?} {outcome:?} `{}`, found {:#?}",
                row.fault,
                row.says,
                bad.findings()
            ));
        }
        assert!(bad.verified().is_none(), "{}", row.fault);
        count += 1;
    }
    assert!(faults.is_empty(), "{} of {count}:\n{}", faults.len(), faults.join("\n"));
    let mut names: Vec<&str> = rows().map(|row| row.fault).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count, "each fault has a name of its own");
    assert!(count >= 120, "{count}");
    eprintln!("{count} hostile documents");
}

#[test]
fn no_check_is_left_out_after_one_has_failed() {
    for row in rows() {
        let mut scene = Scene::of(row.form);
        (row.make)(&mut scene);
        let report = scene.verify();
        let names: Vec<Name> = report.checks.iter().map(|check| check.name).collect();
        let expected: Vec<Name> = Name::ALL
            .into_iter()
            .filter(|name| *name != Name::Contents || report.check(Name::Contents).is_some())
            .collect();
        assert_eq!(names, expected, "{}", row.fault);
        for check in &report.checks {
            let explained =
                if check.outcome == Outcome::Passed { !check.rests_on.is_empty() } else { !check.findings.is_empty() };
            assert!(explained, "{}: {check:?}", row.fault);
            assert!(check.findings.iter().all(|finding| !finding.problem.is_empty() && !finding.remedy.is_empty()));
        }
    }
}

/// A few thousand documents that differ from a good one in some bytes: none is accepted, and none ends the program.
#[test]
fn no_mutated_document_is_accepted() {
    let mut random = 0x5eed_u64;
    let mut next = |bound: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        usize::try_from(random % bound as u64).unwrap()
    };
    for form in [Form::Jws, Form::Rdfc, Form::Jcs, Form::Presentation] {
        let scene = Scene::of(form);
        let good = scene.bytes();
        for _ in 0..700 {
            let mut bytes = good.clone();
            for _ in 0..=next(3) {
                let at = next(bytes.len());
                match next(3) {
                    0 => bytes[at] ^= 1 << next(8),
                    1 => bytes.insert(at, u8::try_from(next(256)).unwrap()),
                    _ => drop(bytes.remove(at)),
                }
            }
            let report = scene.verify_bytes(&bytes);
            // White space between the parts of JSON is no change.
            let same = || descriptors::canonical::parse(&bytes).ok() == descriptors::canonical::parse(&good).ok();
            assert!(
                report.outcome() != Outcome::Passed || (form != Form::Jws && same()),
                "{}",
                String::from_utf8_lossy(&bytes)
            );
        }
    }
}
