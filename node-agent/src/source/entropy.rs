//! Where random numbers come from: whether the kernel's generator is ready, the processor's instructions, hardware
//! generators.
//!
//! No random byte is judged in a round: `entropy_avail` is not read, because since 5.18 it is a constant that people take
//! for a level, and the instructions are looked up in `cpuid` and in the kernel's flags: where the two differ the kernel withdrew
//! an instruction. Four small files and one system call, no privilege.
//!
//! What takes longer is done rarely, in a thread of the lowest priority, and its last result is read here: RDRAND and RDSEED
//! executed, `/dev/hwrng` read for at most 2 KiB and 250 ms (root), the health tests of SP 800-90B on both, the time at which the
//! kernel's generator was ready (from the kernel log), and the min-entropy of raw timer jitter. Of conditioned output a
//! statistical test can refute and never confirm, so it is labelled, and no min-entropy of it is estimated. A capture holds the
//! same result in `/avow/examination.json`.

use std::path::Path;

use descriptors::fact::entropy::{EntropyFact, Examination, Instruction, PoolSemantics};
use descriptors::fact::{AbsenceReason, Fact, Reading};

use super::{Context, NOT_CAPTURED, Source, cpu, malformed, number};
use crate::examination::FILE_BYTES_MAX;
use crate::raw::RandomInstruction;
use crate::root::{Privileged, Root};

const POOL_SIZE: &str = "/proc/sys/kernel/random/poolsize";
const CURRENT: &str = "/sys/class/misc/hw_random/rng_current";
const AVAILABLE: &str = "/sys/class/misc/hw_random/rng_available";
const QUALITY: &str = "/sys/class/misc/hw_random/rng_quality";

/// The last examination in a capture.
const CAPTURED_EXAMINATION: &str = "/avow/examination.json";

/// See the module.
pub struct Entropy;

impl Source for Entropy {
    fn name(&self) -> &'static str {
        "entropy"
    }

    fn privileged(&self) -> &'static [Privileged] {
        &[Privileged::Device("/dev/hwrng"), Privileged::Device("/dev/kmsg")]
    }

    fn read(&self, context: &Context) -> Reading<Fact> {
        Reading::Present(parse(fetch(&context.root, context.settings.examination.as_deref())).into())
    }
}

struct Raw {
    crng_ready: Reading<bool>,
    pool_size: Reading<String>,
    /// Whether `cpuid` offers RDRAND and RDSEED.
    cpuid: Reading<(bool, bool)>,
    cpuinfo: Reading<String>,
    current: Reading<String>,
    available: Reading<String>,
    quality: Reading<String>,
    examination: Reading<String>,
}

fn fetch(root: &Root, examination: Option<&Path>) -> Raw {
    let (crng_ready, cpuid) = match root.is_live() {
        true => (crng_ready(), by_cpuid()),
        false => (
            Reading::absent(AbsenceReason::NotPresent, NOT_CAPTURED),
            Reading::absent(AbsenceReason::NotPresent, NOT_CAPTURED),
        ),
    };
    Raw {
        crng_ready,
        pool_size: root.line(POOL_SIZE),
        cpuid,
        cpuinfo: cpu::first_processor(root),
        current: root.line(CURRENT),
        available: root.line(AVAILABLE),
        quality: root.line(QUALITY),
        examination: match (root.is_live(), examination.and_then(Path::to_str)) {
            (false, _) => root.text_up_to(CAPTURED_EXAMINATION, FILE_BYTES_MAX),
            (true, Some(file)) => root.text_up_to(file, FILE_BYTES_MAX),
            (true, None) => Reading::absent(AbsenceReason::NotPresent, "no examination is kept"),
        },
    }
}

/// Asks the kernel for one byte without waiting.
fn crng_ready() -> Reading<bool> {
    let mut byte = [0_u8; 1];
    match rustix::rand::getrandom(&mut byte, rustix::rand::GetRandomFlags::NONBLOCK) {
        Ok(_) => Reading::Present(true),
        Err(rustix::io::Errno::AGAIN) => Reading::Present(false),
        Err(errno) => Reading::absent(AbsenceReason::NotSupported, format!("getrandom(2): {errno}")),
    }
}

#[cfg(target_arch = "x86_64")]
fn by_cpuid() -> Reading<(bool, bool)> {
    let (rdrand, rdseed) = (RandomInstruction::rdrand(), RandomInstruction::rdseed());
    Reading::Present((rdrand.is_some(), rdseed.is_some()))
}

#[cfg(not(target_arch = "x86_64"))]
fn by_cpuid() -> Reading<(bool, bool)> {
    Reading::absent(AbsenceReason::NotSupported, "cpuid: not on this architecture")
}

fn parse(raw: Raw) -> EntropyFact {
    let instruction = |name: &str, cpuid: Reading<bool>| instruction(name, &cpuid, &raw.cpuinfo);
    EntropyFact {
        crng_ready: raw.crng_ready,
        pool_semantics: number(POOL_SIZE, raw.pool_size).and_then(pool_semantics),
        rdrand: instruction("rdrand", raw.cpuid.clone().map(|(rdrand, _)| rdrand)),
        rdseed: instruction("rdseed", raw.cpuid.map(|(_, rdseed)| rdseed)),
        hwrng_current: raw.current.and_then(|name| match name.as_str() {
            "none" => Reading::absent(AbsenceReason::NotPresent, format!("{CURRENT}: none")),
            _ => Reading::Present(name),
        }),
        hwrng_available: raw.available.map(|names| names.split_ascii_whitespace().map(str::to_owned).collect()),
        hwrng_quality: number(QUALITY, raw.quality),
        examination: raw.examination.and_then(|json| examination(&json)),
    }
}

/// What was written there by [`crate::examination`].
fn examination(json: &str) -> Reading<Examination> {
    match serde_json::from_str(json) {
        Ok(examination) => Reading::Present(examination),
        Err(error) => Reading::absent(AbsenceReason::Malformed, format!("the last examination: {error}")),
    }
}

/// What `cpuid` and the kernel's flags together say; a capture has the flags alone.
fn instruction(name: &str, cpuid: &Reading<bool>, cpuinfo: &Reading<String>) -> Reading<Instruction> {
    let flag = cpuinfo.present().and_then(|cpuinfo| cpu::flags(cpuinfo)).map(|flags| flags.contains(name));
    match (cpuid, flag) {
        (Reading::Present(true), Some(false)) => Reading::Present(Instruction::Withdrawn),
        (Reading::Present(true), _) | (Reading::Absent(_), Some(true)) => Reading::Present(Instruction::Offered),
        (Reading::Present(false), _) | (Reading::Absent(_), Some(false)) => Reading::Present(Instruction::NotOffered),
        (Reading::Absent(absence), None) => Reading::Absent(cpuinfo.absence().unwrap_or(absence).clone()),
    }
}

/// The pool of the generator that came with 5.18, and into the long-term kernels before it, has 256 bits; the older one
/// had 4096. The size tells them apart where the release, with backports, does not.
fn pool_semantics(bits: u32) -> Reading<PoolSemantics> {
    match bits {
        256 => Reading::Present(PoolSemantics::ConstantOnceSeeded),
        4096 => Reading::Present(PoolSemantics::Level),
        _ => malformed(POOL_SIZE, &bits.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_size_of_the_pool_tells_what_its_level_means() {
        assert_eq!(pool_semantics(256), Reading::Present(PoolSemantics::ConstantOnceSeeded));
        assert_eq!(pool_semantics(4096), Reading::Present(PoolSemantics::Level));
        assert!(pool_semantics(0).absence().is_some());
    }

    #[test]
    fn an_instruction_is_what_cpuid_and_the_kernel_agree_on() {
        let none = || Reading::absent(AbsenceReason::NotPresent, NOT_CAPTURED);
        let check = |cpuid: Reading<bool>, flags: &str, expect: Option<Instruction>| {
            let cpuinfo = Reading::Present(flags.to_owned());
            assert_eq!(instruction("rdseed", &cpuid, &cpuinfo).present().copied(), expect, "{cpuid:?} {flags}");
        };
        check(Reading::Present(true), "flags\t: rdrand rdseed", Some(Instruction::Offered));
        check(Reading::Present(true), "flags\t: rdrand", Some(Instruction::Withdrawn));
        check(Reading::Present(true), "", Some(Instruction::Offered));
        check(Reading::Present(false), "flags\t: rdrand", Some(Instruction::NotOffered));
        check(none(), "flags\t: rdrand rdseed", Some(Instruction::Offered));
        check(none(), "flags\t: rdrand rdseeds", Some(Instruction::NotOffered));
        check(none(), "processor\t: 0", None);
    }

    #[test]
    fn this_machine_has_an_answer() {
        assert!(crng_ready().present().is_some());
    }

    /// An examination as it is kept, with everything in it.
    const EXAMINATION: &str = r#"{"at":"2026-11-20T04:11:07Z","boot_id":{"present":"b"},"crng_ready_after_ms":{"present":3456},
        "rdrand":{"present":{"executions":65536,"underflow_percent":0,"bytes_per_second":48000000,"stuck":false,
            "health":{"label":"conditioned","claimed_bits_per_byte":4,"repetition_count_passed":true,
                "adaptive_proportion_passed":{"present":true}}}},
        "rdseed":{"absent":{"reason":"not_present","detail":"cpuid does not offer RDSEED"}},
        "hwrng":{"present":{"bytes":2048,"bytes_per_second":9900,"health":{"label":"conditioned","claimed_bits_per_byte":4,
            "repetition_count_passed":true,"adaptive_proportion_passed":{"absent":{"reason":"not_present","detail":"x"}}}}},
        "timer_jitter":{"present":{"label":"raw","samples":1000000,"bits_per_sample":8,"min_entropy_millibits":2630,
            "estimator":"multi_mmc","cpu_ms":1100}}}"#;

    #[test]
    fn an_examination_that_was_kept_is_read() {
        assert!(examination(EXAMINATION).present().is_some());
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// Whatever became of the file: what is read goes through JSON unchanged, and the rest is malformed.
        #[test]
        fn any_change_of_an_examination_is_read_or_malformed(
            changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
            length in any::<prop::sample::Index>(),
            cut in any::<bool>(),
        ) {
            let mut bytes = EXAMINATION.as_bytes().to_vec();
            for (at, byte) in changes {
                bytes[at.index(EXAMINATION.len())] = byte & 0x7f;
            }
            bytes.truncate(if cut { length.index(EXAMINATION.len()) } else { EXAMINATION.len() });
            match examination(&String::from_utf8(bytes).unwrap()) {
                Reading::Present(read) => {
                    let json = serde_json::to_string(&read).unwrap();
                    prop_assert_eq!(examination(&json), Reading::Present(read));
                }
                Reading::Absent(absence) => prop_assert_eq!(absence.reason, AbsenceReason::Malformed),
            }
        }
    }
}
