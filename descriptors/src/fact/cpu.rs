//! Processors, as the kernel and the `cpuid` instruction describe them. Under a hypervisor this is the virtual processor.

mod generation;

use serde::{Deserialize, Serialize};

use super::Reading;

pub use generation::{Generation, generation, generation_names, is_generation_name};

/// Flags that a claim can rest on, sorted: cryptography, random numbers, virtualisation, isolation, instruction set levels.
/// Only these are reported, since the other hundred would only make reports longer: of a flag that is not among them a report
/// says nothing.
pub const FLAGS: [&str; 65] = [
    "aes",
    "amx_bf16",
    "amx_int8",
    "amx_tile",
    "asimd",
    "asimddp",
    "atomics",
    "avic",
    "avx",
    "avx2",
    "avx512_bf16",
    "avx512_fp16",
    "avx512_vnni",
    "avx512bw",
    "avx512dq",
    "avx512f",
    "avx512vl",
    "avx_vnni",
    "bmi2",
    "bti",
    "constant_tsc",
    "ept",
    "fma",
    "gfni",
    "hypervisor",
    "ibpb",
    "ibrs",
    "ibrs_enhanced",
    "invpcid",
    "la57",
    "lm",
    "nonstop_tsc",
    "npt",
    "nx",
    "paca",
    "pclmulqdq",
    "pdpe1gb",
    "pku",
    "pti",
    "rdrand",
    "rdseed",
    "rng",
    "sev",
    "sev_es",
    "sev_snp",
    "sgx",
    "sgx_lc",
    "sha1",
    "sha2",
    "sha512",
    "sha_ni",
    "smap",
    "sme",
    "smep",
    "ssbd",
    "stibp",
    "sve",
    "sve2",
    "svm",
    "tdx_guest",
    "tdx_host_platform",
    "tme",
    "umip",
    "vaes",
    "vmx",
];

/// Processors of a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CpuFact {
    /// The machine architecture: `x86_64`, `aarch64`.
    pub architecture: String,
    /// `GenuineIntel`, `AuthenticAMD`.
    pub vendor: Reading<String>,
    /// The name the processor gives itself.
    pub model_name: Reading<String>,
    /// Family, model and stepping, in decimal.
    pub signature: Reading<Signature>,
    /// What the maker calls the generation, by family, model and stepping: `Ice Lake`, `Milan (Zen 3)`.
    #[serde(default = "super::unasked")]
    pub generation: Reading<String>,
    /// Sockets, cores and threads that are online.
    pub topology: Reading<Topology>,
    /// What the kernel lets be done with simultaneous multithreading, verbatim: `on`, `off`, `forceoff`, `notsupported`.
    #[serde(default = "super::unasked")]
    pub smt_control: Reading<String>,
    /// Whether any core runs more than one thread now.
    #[serde(default = "super::unasked")]
    pub smt_active: Reading<bool>,
    /// The frequency that the maker promises for all cores, in kHz.
    #[serde(default = "super::unasked")]
    pub frequency_base_khz: Reading<u64>,
    /// The highest frequency of any core, in kHz.
    #[serde(default = "super::unasked")]
    pub frequency_max_khz: Reading<u64>,
    /// Whether the kernel allows frequencies above the base.
    #[serde(default = "super::unasked")]
    pub boost: Reading<bool>,
    /// Feature flags that matter to a claim, sorted: `aes`, `rdrand`, `svm`, `vmx`.
    pub flags: Reading<Vec<String>>,
    /// Microcode revision as the kernel prints it.
    pub microcode: Reading<String>,
    /// The name of the hypervisor this node itself runs under, where `cpuid` tells one.
    pub hypervisor: Reading<String>,
    /// Each flaw the kernel knows, with its state verbatim, sorted by flaw.
    pub vulnerabilities: Reading<Vec<Vulnerability>>,
}

/// Identifies a processor model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// Extended family included.
    pub family: u32,
    /// Extended model included.
    pub model: u32,
    /// Stepping.
    pub stepping: u32,
}

/// What the scheduler sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Topology {
    /// Distinct physical packages.
    pub sockets: u32,
    /// Distinct cores.
    pub cores: u32,
    /// Hardware threads.
    pub threads: u32,
}

/// One line of the kernel's list of processor flaws.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vulnerability {
    /// File name below `/sys/devices/system/cpu/vulnerabilities`.
    pub name: String,
    /// Its text.
    pub state: String,
}
