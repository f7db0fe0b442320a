//! Every operation against families written out.

use std::collections::BTreeSet;

use super::*;
use crate::draw::Draw;

type Sets = BTreeSet<Vec<u32>>;

fn memory() -> Memory {
    Memory { bytes_max: 1 << 24, steps_max: u64::MAX, steps: 0 }
}

fn sets(zbdd: &Zbdd, f: Id) -> Sets {
    match f {
        EMPTY => Sets::new(),
        ONE => Sets::from([vec![]]),
        _ => {
            let mut all = sets(zbdd, zbdd.lo(f));
            for mut set in sets(zbdd, zbdd.hi(f)) {
                set.insert(0, zbdd.var(f));
                all.insert(set);
            }
            all
        }
    }
}

fn holds(set: &[u32], other: &[u32]) -> bool {
    other.iter().all(|member| set.contains(member))
}

fn minimal(sets: Sets) -> Sets {
    sets.iter().filter(|set| !sets.iter().any(|other| other != *set && holds(set, other))).cloned().collect()
}

fn weight(zbdd: &Zbdd, set: &[u32]) -> u8 {
    set.iter().map(|&var| zbdd.weight(var)).sum()
}

fn family(zbdd: &mut Zbdd, draw: &mut Draw, vars: usize) -> Id {
    let mut all = EMPTY;
    for _ in 0..draw.below(7) {
        let mut vars: Vec<u32> = (0..1 + draw.below(4)).map(|_| draw.below(vars) as u32).collect();
        vars.sort_unstable();
        vars.dedup();
        let set = vars.iter().rev().fold(ONE, |below, &var| zbdd.node(var, EMPTY, below).unwrap());
        all = zbdd.or(all, set).unwrap();
    }
    all
}

#[test]
fn operations_do_what_they_do_to_families_written_out() {
    for seed in 0..4_000 {
        let mut draw = Draw(seed);
        let vars = 3 + draw.below(8);
        let mut zbdd = Zbdd::new(if seed % 2 == 0 { u32::MAX } else { 4 }, memory());
        let (f, g) = (family(&mut zbdd, &mut draw, vars), family(&mut zbdd, &mut draw, vars));
        let (a, b) = (sets(&zbdd, f), sets(&zbdd, g));
        assert_eq!(a, minimal(a.clone()), "seed {seed}");
        let or = zbdd.or(f, g).unwrap();
        assert_eq!(sets(&zbdd, or), minimal(a.union(&b).cloned().collect()), "or, seed {seed}");
        let without = zbdd.without(f, g).unwrap();
        let kept: Sets = a.iter().filter(|set| !b.iter().any(|other| holds(set, other))).cloned().collect();
        assert_eq!(sets(&zbdd, without), kept, "without, seed {seed}");
        let mut unions = Sets::new();
        for (x, y) in a.iter().flat_map(|x| b.iter().map(move |y| (x, y))) {
            unions.insert(x.iter().chain(y).copied().collect::<BTreeSet<u32>>().into_iter().collect());
        }
        let unions = minimal(unions);
        for max in [0, 1, 2, 3, 4, 6, ALL] {
            let light =
                |sets: &Sets| -> Sets { sets.iter().filter(|set| weight(&zbdd, set) <= max).cloned().collect() };
            let (light_unions, light_a) = (light(&unions), light(&a));
            let and = zbdd.and(f, g, max).unwrap();
            assert_eq!(sets(&zbdd, and), light_unions, "and up to {max}, seed {seed}");
            let up_to = zbdd.up_to(f, max).unwrap();
            assert_eq!(sets(&zbdd, up_to), light_a, "up to {max}, seed {seed}");
        }
        let odd_variables: Vec<u32> = (0..1_000).filter(|var| var % 2 == 1).collect();
        let odd = zbdd.without_variables(f, &odd_variables).unwrap();
        let even: Sets = a.into_iter().filter(|set| set.iter().all(|var| var % 2 == 0)).collect();
        assert_eq!(sets(&zbdd, odd), even, "without odd variables, seed {seed}");
    }
}

#[test]
fn a_family_of_a_million_single_sets_needs_no_deep_stack() {
    let mut zbdd = Zbdd::new(u32::MAX, Memory { bytes_max: 1 << 30, ..memory() });
    let evens: Vec<u32> = (0..500_000).map(|i| 2 * i).collect();
    let odds: Vec<u32> = evens.iter().map(|i| i + 1).collect();
    let (f, g) = (zbdd.singles(&evens).unwrap(), zbdd.singles(&odds).unwrap());
    let all = zbdd.or(f, g).unwrap();
    assert_eq!(zbdd.below(all).len(), 1_000_000);
    assert_eq!(zbdd.without(all, g), Ok(f));
}

#[test]
fn beyond_the_bound_there_is_no_family() {
    let mut zbdd = Zbdd::new(u32::MAX, Memory { bytes_max: 60_000, ..memory() });
    let many: Vec<u32> = (0..100_000).collect();
    assert_eq!(zbdd.singles(&many), Err(Stop::Memory));
    let mut zbdd = Zbdd::new(u32::MAX, Memory { steps_max: 10, ..memory() });
    let (f, g) = (zbdd.singles(&[0, 2, 4, 6, 8, 10, 12]).unwrap(), zbdd.singles(&[1, 3, 5, 7, 9, 11, 13]).unwrap());
    assert_eq!(zbdd.or(f, g), Err(Stop::Steps));
    let mut zbdd = Zbdd::new(u32::MAX, memory());
    let deep = (0..1_000).rev().try_fold(ONE, |below, var| zbdd.node(var, EMPTY, below));
    assert_eq!(deep, Err(Stop::Size));
}
