//! Which letters guests get.

use super::*;

/// Cores with two threads each: processor `n` and `n + cores` are one core.
fn smt(cores: u32) -> HostCpus {
    let numbers = (0..cores * 2).map(|number| (number, (number % cores) as usize)).collect();
    HostCpus::new(numbers).present().unwrap().clone()
}

fn plain(cores: u32) -> HostCpus {
    HostCpus::new((0..cores).map(|number| (number, number as usize)).collect()).present().unwrap().clone()
}

/// Guests as rows of virtual processors and where they may run; `*` is anywhere.
fn check(host: &HostCpus, guests: &[&[(u32, &str)]], expect: &str) {
    let guests: Vec<Vcpus> = guests
        .iter()
        .map(|rows| {
            Reading::Present(rows.iter().map(|(n, set)| (*n, (*set != "*").then(|| (*set).to_owned()))).collect())
        })
        .collect();
    let classes = classes(host, &guests.iter().collect::<Vec<_>>());
    let letters: String = classes
        .iter()
        .map(|class| class.present().map_or('?', |class| format!("{:?}", class.letter).chars().next().unwrap()))
        .collect();
    assert_eq!(letters, expect, "{guests:?}: {classes:?}");
}

#[test]
fn a_thread_of_its_own_is_t_and_a_core_of_its_own_is_c() {
    check(&smt(4), &[&[(1, "0")], &[(1, "4")]], "TT");
    check(&smt(4), &[&[(1, "0")], &[(1, "1")]], "CC");
    check(&smt(4), &[&[(1, "0,4")], &[(1, "1,5")]], "CC");
    // Both threads of a core to one guest: two threads, and one core for two.
    check(&smt(4), &[&[(1, "0"), (1, "4")]], "T");
    check(&smt(4), &[&[(1, "0"), (1, "1")]], "C");
    check(&plain(4), &[&[(1, "0"), (1, "1")], &[(1, "2")]], "CC");
}

#[test]
fn a_set_of_its_own_counts_as_long_as_it_is_large_enough() {
    check(&plain(4), &[&[(2, "0-1")], &[(2, "2-3")]], "CC");
    check(&smt(4), &[&[(4, "0-1,4-5")]], "T");
    check(&smt(4), &[&[(5, "0-1,4-5")]], "V");
}

#[test]
fn a_guest_that_may_run_anywhere_leaves_nobody_anything_of_its_own() {
    check(&plain(4), &[&[(1, "0")], &[(1, "*")]], "VV");
    check(&plain(4), &[&[(1, "*")]], "C");
}

#[test]
fn the_bounds_are_five_for_a_core_and_three_for_a_thread() {
    check(&plain(2), &[&[(5, "*")], &[(5, "*")]], "VV");
    check(&plain(2), &[&[(5, "*")], &[(6, "*")]], "LL");
    check(&smt(2), &[&[(6, "*")], &[(6, "*")]], "VV");
    check(&smt(2), &[&[(6, "*")], &[(7, "*")]], "LL");
}

#[test]
fn each_crowd_is_judged_by_itself() {
    check(&plain(4), &[&[(6, "0")], &[(1, "0")], &[(2, "2-3")], &[(1, "3")]], "LLVV");
    // The third joins them: eight for three cores.
    check(&plain(3), &[&[(6, "0")], &[(1, "1")], &[(1, "0-2")]], "VVV");
    // A guest in two crowds has what the worst gives.
    check(&plain(4), &[&[(6, "0"), (1, "2")], &[(1, "2")]], "LV");
}

#[test]
fn a_set_that_is_none_leaves_all_unknown() {
    for bad in ["", "a", "3-1", "0-", "-1", "99", "^0", "0,^0"] {
        check(&plain(2), &[&[(1, bad)], &[(1, "0")]], "??");
    }
    check(&plain(2), &[&[(1, "0-4294967295,^1")], &[(1, "1")]], "CC");
}

#[test]
fn a_processor_that_is_there_twice_is_refused() {
    assert!(HostCpus::new(vec![(0, 0), (0, 1)]).absence().is_some());
    assert!(HostCpus::new((0..5000).map(|number| (number, 0)).collect()).absence().is_some());
}

#[test]
fn guests_pinned_in_too_many_ways_are_refused() {
    let host = plain(4096);
    let rows: Vec<(u32, Option<String>)> = (0..4096).map(|number| (1, Some(number.to_string()))).collect();
    let guests = [Reading::Present(rows.clone()), Reading::Present(rows)];
    let classes = classes(&host, &guests.iter().collect::<Vec<_>>());
    assert_eq!(classes[0].absence().map(|absence| absence.reason), Some(AbsenceReason::NotSupported));
}
