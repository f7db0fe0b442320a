//! Where a node's random numbers come from: whether the kernel's generator is ready, and what feeds it.

use serde::{Deserialize, Serialize};

use super::Reading;

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
    /// `cpuid` offers it. It was not executed.
    Offered,
    /// `cpuid` does not offer it.
    NotOffered,
    /// `cpuid` offers it, and the kernel withdrew it: seen where RDSEED of a processor is known to be broken.
    Withdrawn,
}
