//! The estimators give the figures of NIST's program, and named outcomes where there is no figure.

#![expect(clippy::unwrap_used, reason = "a test may fail here")]

#[path = "noise/sequence.rs"]
mod sequence;

use node_agent::noise::{Assessment, Estimates, Estimator, NotAssessed, SAMPLES_MAX, SAMPLES_MIN, assess};
use proptest::collection::vec;
use proptest::prelude::*;
use sequence::sequence;

/// The figures, as the program printed them: see the head of the file.
const GOLDEN: &str = include_str!("noise/nist.golden.txt");

/// Far less than the three decimals that are asked for: what is left are other roundings.
const TOLERANCE: f64 = 1e-9;

fn figure(assessment: &Assessment, name: &str) -> Option<f64> {
    let of = |estimates: &Estimates, name: &str| {
        let estimator = Estimator::ALL.into_iter().find(|estimator| estimator.name() == name).unwrap();
        estimates.get(estimator)
    };
    match name.split_once(' ') {
        Some(("bitstring", name)) => of(assessment.bitstring.as_ref().unwrap(), name),
        Some((_, name)) => of(&assessment.original, name),
        None => Some(assessment.min_entropy_bits()),
    }
}

#[test]
fn the_figures_are_those_of_nist() {
    let mut compared = 0;
    for case in GOLDEN.split("\n\n").skip(1) {
        let (head, figures) = case.split_once('\n').unwrap();
        let words: Vec<&str> = head.split(' ').collect();
        let number = |index: usize| words[index].parse::<u64>().unwrap();
        let bits = u32::try_from(number(1)).unwrap();
        let samples = sequence(words[0], bits, number(2), number(3)).unwrap();
        let assessment = assess(&samples, bits).unwrap();
        for line in figures.lines() {
            let (name, expect) = line.rsplit_once(' ').unwrap();
            let (ours, nist) = (figure(&assessment, name), expect.parse::<f64>().unwrap());
            let same = ours.is_some_and(|ours| (ours - nist).abs() <= TOLERANCE);
            assert!(same, "{head}: {name}: {ours:?}, and the program says {expect}");
            compared += 1;
        }
        // Where the program has no figure, neither have we.
        let ours = [Some(&assessment.original), assessment.bitstring.as_ref()];
        let ours = ours.into_iter().flatten().flat_map(|one| Estimator::ALL.map(|estimator| one.get(estimator)));
        let theirs = figures.lines().filter(|line| !line.starts_with("assessed"));
        assert_eq!(ours.flatten().count(), theirs.count(), "{head}");
    }
    assert!(compared > 500, "{compared}");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_samples_have_a_figure_within_their_width_or_a_named_outcome(
        noise in vec(any::<u8>(), 0..400),
        bits in 1_u32..=8,
        period in 1_usize..30,
        share in any::<u8>(),
    ) {
        let sample = |(at, byte): (usize, &u8)| if *byte < share { (at % period) as u8 } else { *byte };
        let samples: Vec<u8> = noise.iter().enumerate().map(sample).map(|sample| sample & (0xff >> (8 - bits))).collect();
        match assess(&samples, bits) {
            Ok(assessment) => {
                let entropy = assessment.min_entropy_bits();
                prop_assert!((0.0..=f64::from(bits)).contains(&entropy), "{}", entropy);
            }
            Err(NotAssessed::TooFew(have)) => prop_assert!(have == samples.len() && have < SAMPLES_MIN),
            Err(NotAssessed::OneValue(value)) => prop_assert!(samples.iter().all(|sample| *sample == value)),
            Err(other) => prop_assert!(false, "{}", other),
        }
    }
}

#[test]
fn what_has_no_figure_has_a_name() {
    assert_eq!(assess(&[], 8), Err(NotAssessed::TooFew(0)));
    assert_eq!(assess(&[1; 63], 8), Err(NotAssessed::TooFew(63)));
    assert_eq!(assess(&vec![0; SAMPLES_MAX + 1], 8), Err(NotAssessed::TooMany(SAMPLES_MAX + 1)));
    assert_eq!(assess(&[9; 100], 8), Err(NotAssessed::OneValue(9)));
    assert_eq!(assess(&[0; 100], 0), Err(NotAssessed::Width(0)));
    assert_eq!(assess(&[0; 100], 9), Err(NotAssessed::Width(9)));
    let mut samples = vec![1; 100];
    samples[7] = 4;
    assert_eq!(assess(&samples, 2), Err(NotAssessed::TooWide { at: 7, bits_per_sample: 2 }));
}

#[test]
fn samples_that_are_all_different_have_no_tuples() {
    let samples: Vec<u8> = (0..=255).collect();
    let assessment = assess(&samples, 8).unwrap();
    assert_eq!(assessment.original.get(Estimator::TTuple), None);
    assert_eq!(assessment.original.get(Estimator::LongestRepeatedSubstring), None);
}

#[test]
fn the_weakest_estimator_gives_the_assessment() {
    let samples = sequence("jitter", 8, 20_000, 1).unwrap();
    let assessment = assess(&samples, 8).unwrap();
    let (estimator, bits) = assessment.weakest();
    let of_bits = assessment.bitstring.as_ref().unwrap().get(estimator).map(|bits| bits * 8.0);
    assert!(assessment.original.get(estimator) == Some(bits) || of_bits == Some(bits));
    for other in Estimator::ALL {
        assert!(assessment.original.get(other).is_none_or(|other| other >= bits));
        assert!(assessment.bitstring.as_ref().unwrap().get(other).is_none_or(|other| other * 8.0 >= bits));
    }
}
