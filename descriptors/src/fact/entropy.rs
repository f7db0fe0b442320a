//! Where a node's random numbers come from: whether the kernel's generator is ready, and what feeds it.

use serde::{Deserialize, Serialize};

use super::Reading;
use crate::timestamp::Timestamp;

/// Entropy of a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntropyFact {
    /// Whether `getrandom(2)` answers without blocking.
    pub crng_ready: Reading<bool>,
    /// What `entropy_avail` means on this kernel.
    pub pool_semantics: Reading<PoolSemantics>,
    /// The RDRAND instruction.
    pub rdrand: Reading<Instruction>,
    /// The RDSEED instruction.
    pub rdseed: Reading<Instruction>,
    /// The hardware generator in use, as the kernel names it.
    pub hwrng_current: Reading<String>,
    /// All generators the kernel could use.
    pub hwrng_available: Reading<Vec<String>>,
    /// Entropy the kernel credits the generator with, in bits per 1024 bits of input.
    pub hwrng_quality: Reading<u32>,
    /// What was found when the sources were last tried out. That is done rarely, because it takes a second of processor
    /// time, so that it may be older than the other readings.
    pub examination: Reading<Examination>,
}

/// The sources of random numbers, tried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Examination {
    /// When it ended, by the node's clock.
    pub at: Timestamp,
    /// The boot it was made in.
    pub boot_id: Reading<String>,
    /// From the start of the kernel to its generator being ready, in milliseconds, as the kernel log has it.
    pub crng_ready_after_ms: Reading<u64>,
    /// RDRAND, executed.
    pub rdrand: Reading<InstructionTrial>,
    /// RDSEED, executed.
    pub rdseed: Reading<InstructionTrial>,
    /// What `/dev/hwrng` gave.
    pub hwrng: Reading<GeneratorTrial>,
    /// Noise in how long it takes to read the clock.
    pub timer_jitter: Reading<NoiseTrial>,
}

/// An instruction, executed many times.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstructionTrial {
    /// How often it was executed.
    pub executions: u32,
    /// Per cent of them, rounded, that gave no number. Many on a busy processor are usual for RDSEED.
    pub underflow_percent: u32,
    /// Bytes a second on one processor, rounded to two digits.
    pub bytes_per_second: u64,
    /// Whether all numbers were the same: a fault that some processors have after they were suspended.
    pub stuck: bool,
    /// The health tests over all numbers.
    pub health: Health,
}

/// A hardware generator, read for a moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GeneratorTrial {
    /// Bytes that came.
    pub bytes: u32,
    /// Bytes a second, rounded to two digits. The first come faster than it can go on.
    pub bytes_per_second: u64,
    /// The health tests over all bytes.
    pub health: Health,
}

/// The health tests of SP 800-90B, section 4.4, with one false alarm in 2^20 tests. Failing refutes the claim, passing
/// confirms nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Health {
    /// Whether what was tested is raw noise.
    pub label: NoiseLabel,
    /// The min-entropy of a byte, in bits, that the tests suppose.
    pub claimed_bits_per_byte: u32,
    /// Repetition count test: whether no byte came too often in a row.
    pub repetition_count_passed: bool,
    /// Adaptive proportion test: whether no byte came too often in 512. Absent where fewer came at all.
    pub adaptive_proportion_passed: Reading<bool>,
}

/// What kind of bytes were looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoiseLabel {
    /// As the noise came: an estimate of its min-entropy means something.
    Raw,
    /// After a conditioning function, as far as is known: statistics can refute and never confirm.
    Conditioned,
}

/// Noise, sampled, with an estimate of its min-entropy by SP 800-90B, section 6.3.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoiseTrial {
    /// Whether it is raw noise.
    pub label: NoiseLabel,
    /// Samples.
    pub samples: u32,
    /// Bits of a sample.
    pub bits_per_sample: u32,
    /// The assessed min-entropy of a sample, in thousandths of a bit.
    pub min_entropy_millibits: u32,
    /// The estimator that gave it, the least of ten: `multi_mmc`, `lag`.
    pub estimator: String,
    /// Processor time of the estimate, in milliseconds, rounded to two digits.
    pub cpu_ms: u64,
}

/// Meaning of `/proc/sys/kernel/random/entropy_avail`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PoolSemantics {
    /// Kernel 5.18 and later: a constant once seeded. Not a level, not to be scored.
    ConstantOnceSeeded,
    /// Earlier kernels: an estimate of a level.
    Level,
}

/// What is known of an instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Instruction {
    /// `cpuid` offers it. Whether it works, an [`Examination`] says.
    Offered,
    /// `cpuid` does not offer it.
    NotOffered,
    /// `cpuid` offers it, and the kernel withdrew it: seen where RDSEED of a processor is known to be broken.
    Withdrawn,
}
