//! Min-entropy of a noise source from its output: the estimators of NIST SP 800-90B, section 6.3, and the health tests of
//! section 4.4.
//!
//! Everything here is a function of the samples alone. What the numbers mean depends on what was sampled: of raw noise
//! they are an estimate, of conditioned output they can refute and never confirm, and nothing here knows which it was.
//! The figures are those of NIST's own program (version 1.1.8, options `-i -a`), to nine decimals; where the tool
//! stops with an assertion, an estimate is absent.

mod collision;
mod compression;
pub mod health;
mod lag;
mod lz78y;
mod markov;
mod mode;
mod multi_mcw;
mod multi_mmc;
mod packed;
mod prediction;
mod tuple;

use std::fmt;

/// Fewest samples that are assessed: below, not one of the figures would mean anything.
pub const SAMPLES_MIN: usize = 64;

/// Most samples that are assessed: bounds time and memory.
pub const SAMPLES_MAX: usize = 1 << 20;

/// 0.995 quantile of the normal distribution: the bound of a confidence interval of 99 %.
const Z: f64 = 2.575_829_303_548_901;

/// An estimator of section 6.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Estimator {
    /// 6.3.1.
    MostCommonValue,
    /// 6.3.2; for bits only.
    Collision,
    /// 6.3.3; for bits only.
    Markov,
    /// 6.3.4; for bits only.
    Compression,
    /// 6.3.5.
    TTuple,
    /// 6.3.6.
    LongestRepeatedSubstring,
    /// 6.3.7.
    MultiMcw,
    /// 6.3.8.
    Lag,
    /// 6.3.9.
    MultiMmc,
    /// 6.3.10.
    Lz78y,
}

impl Estimator {
    /// All of them, in the order of the standard.
    pub const ALL: [Self; 10] = [
        Self::MostCommonValue,
        Self::Collision,
        Self::Markov,
        Self::Compression,
        Self::TTuple,
        Self::LongestRepeatedSubstring,
        Self::MultiMcw,
        Self::Lag,
        Self::MultiMmc,
        Self::Lz78y,
    ];

    /// As it is written in facts.
    pub fn name(self) -> &'static str {
        match self {
            Self::MostCommonValue => "most_common_value",
            Self::Collision => "collision",
            Self::Markov => "markov",
            Self::Compression => "compression",
            Self::TTuple => "t_tuple",
            Self::LongestRepeatedSubstring => "longest_repeated_substring",
            Self::MultiMcw => "multi_mcw",
            Self::Lag => "lag",
            Self::MultiMmc => "multi_mmc",
            Self::Lz78y => "lz78y",
        }
    }
}

impl fmt::Display for Estimator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What the estimators say of one sequence: those that could be run, in bits of min-entropy a symbol.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimates(Vec<(Estimator, f64)>);

impl Estimates {
    /// What one estimator says; nothing where the sequence does not suffice for it, or where it is for bits only.
    pub fn get(&self, estimator: Estimator) -> Option<f64> {
        self.0.iter().find(|(one, _)| *one == estimator).map(|(_, bits)| *bits)
    }

    /// The least estimate and who gave it.
    fn least(&self) -> (Estimator, f64) {
        let first = (Estimator::MostCommonValue, f64::INFINITY);
        self.0.iter().fold(first, |least, one| if one.1 < least.1 { *one } else { least })
    }
}

/// What the estimators say of samples.
#[derive(Debug, Clone, PartialEq)]
pub struct Assessment {
    /// Samples.
    pub samples: usize,
    /// Bits of a sample.
    pub bits_per_sample: u32,
    /// Different values among the samples.
    pub alphabet: usize,
    /// Of the samples as symbols.
    pub original: Estimates,
    /// Of the samples as one string of bits, in bits a bit; not made where there are only two values.
    pub bitstring: Option<Estimates>,
}

impl Assessment {
    /// The assessed min-entropy in bits a sample: the least of all estimates, and never more than a sample has bits.
    pub fn min_entropy_bits(&self) -> f64 {
        self.weakest().1
    }

    /// The estimator that gave it, and the assessed min-entropy.
    pub fn weakest(&self) -> (Estimator, f64) {
        let width = f64::from(self.bits_per_sample);
        let of_bits = self.bitstring.as_ref().map(|estimates| {
            let (estimator, bits) = estimates.least();
            (estimator, bits * width)
        });
        let of_symbols = self.original.least();
        let least = of_bits.filter(|of_bits| of_bits.1 < of_symbols.1).unwrap_or(of_symbols);
        // The sum with zero takes the sign from a zero.
        (least.0, least.1.min(width) + 0.0)
    }
}

/// Why samples are not assessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAssessed {
    /// Fewer than [`SAMPLES_MIN`].
    #[error("{0} samples are too few: {SAMPLES_MIN} are needed")]
    TooFew(usize),
    /// More than [`SAMPLES_MAX`].
    #[error("{0} samples are too many: {SAMPLES_MAX} are the most")]
    TooMany(usize),
    /// The width is not from 1 to 8 bits.
    #[error("samples of {0} bits: from 1 to 8 are possible")]
    Width(u32),
    /// A sample does not fit into the width.
    #[error("sample {at} does not fit into {bits_per_sample} bits")]
    TooWide {
        /// Its index.
        at: usize,
        /// The width.
        bits_per_sample: u32,
    },
    /// All samples are equal: there is no entropy, and no estimator to say so.
    #[error("all samples are {0}")]
    OneValue(u8),
}

/// Runs every estimator on samples of `bits_per_sample` bits.
///
/// A million samples of eight bits take about 0.7 s of processor time and 50 MB; samples with very long repeats take
/// more memory, about 25 bytes a bit.
pub fn assess(samples: &[u8], bits_per_sample: u32) -> Result<Assessment, NotAssessed> {
    if !(1..=8).contains(&bits_per_sample) {
        return Err(NotAssessed::Width(bits_per_sample));
    } else if samples.len() < SAMPLES_MIN {
        return Err(NotAssessed::TooFew(samples.len()));
    } else if samples.len() > SAMPLES_MAX {
        return Err(NotAssessed::TooMany(samples.len()));
    } else if let Some(at) = samples.iter().position(|sample| u32::from(*sample) >> bits_per_sample != 0) {
        return Err(NotAssessed::TooWide { at, bits_per_sample });
    }
    let (symbols, alphabet) = dense(samples);
    if alphabet == 1 {
        return Err(NotAssessed::OneValue(samples[0]));
    }
    let original = match alphabet {
        2 => of_bits(&symbols),
        _ => of_symbols(&symbols, alphabet),
    };
    let bitstring = (alphabet > 2).then(|| of_bits(&bits(samples, bits_per_sample)));
    Ok(Assessment { samples: samples.len(), bits_per_sample, alphabet, original, bitstring })
}

/// The samples with their values numbered from 0 in ascending order, and how many values there are.
fn dense(samples: &[u8]) -> (Vec<u8>, usize) {
    let mut present = [false; 256];
    for sample in samples {
        present[usize::from(*sample)] = true;
    }
    let mut number = [0_u8; 256];
    let mut count = 0_usize;
    for (value, _) in present.iter().enumerate().filter(|(_, present)| **present) {
        number[value] = u8::try_from(count).unwrap_or(u8::MAX);
        count += 1;
    }
    (samples.iter().map(|sample| number[usize::from(*sample)]).collect(), count)
}

/// The bits of all samples, the most significant of each first, one a byte.
fn bits(samples: &[u8], bits_per_sample: u32) -> Vec<u8> {
    samples.iter().flat_map(|sample| (0..bits_per_sample).rev().map(move |bit| sample >> bit & 1)).collect()
}

fn of_bits(bits: &[u8]) -> Estimates {
    let mut found = vec![
        (Estimator::MostCommonValue, Some(mode::estimate(bits, 2))),
        (Estimator::Collision, Some(collision::estimate(bits))),
        (Estimator::Markov, Some(markov::estimate(bits))),
        (Estimator::Compression, compression::estimate(bits)),
    ];
    found.extend(of_tuples_and_predictors(bits, 2));
    Estimates(found.into_iter().filter_map(|(estimator, bits)| Some((estimator, bits?))).collect())
}

fn of_symbols(symbols: &[u8], alphabet: usize) -> Estimates {
    let mut found = vec![(Estimator::MostCommonValue, Some(mode::estimate(symbols, alphabet)))];
    found.extend(of_tuples_and_predictors(symbols, alphabet));
    Estimates(found.into_iter().filter_map(|(estimator, bits)| Some((estimator, bits?))).collect())
}

fn of_tuples_and_predictors(symbols: &[u8], alphabet: usize) -> [(Estimator, Option<f64>); 6] {
    let tuples = tuple::estimate(symbols, alphabet);
    [
        (Estimator::TTuple, tuples.t_tuple),
        (Estimator::LongestRepeatedSubstring, tuples.longest_repeated_substring),
        (Estimator::MultiMcw, multi_mcw::estimate(symbols, alphabet)),
        (Estimator::Lag, Some(lag::estimate(symbols, alphabet))),
        (Estimator::MultiMmc, Some(multi_mmc::estimate(symbols, alphabet))),
        (Estimator::Lz78y, Some(lz78y::estimate(symbols, alphabet))),
    ]
}

/// The upper bound of the confidence interval for a proportion among `count` things, at most 1.
fn upper_bound(proportion: f64, count: usize) -> f64 {
    (proportion + Z * (proportion * (1.0 - proportion) / (float(count) - 1.0)).sqrt()).min(1.0)
}

/// A count as a number: exact, because counts stay far below 2^53.
fn float(count: usize) -> f64 {
    count as f64
}
