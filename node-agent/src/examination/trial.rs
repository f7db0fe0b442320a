//! Each source of random numbers, tried out for a bounded time.

use std::io::{ErrorKind, Read as _};
use std::thread;
use std::time::{Duration, Instant};

use descriptors::fact::entropy::{GeneratorTrial, Health, InstructionTrial, NoiseLabel, NoiseTrial};
use descriptors::fact::{AbsenceReason, Reading};
use rustix::time::{ClockId, clock_gettime};

use crate::noise::{self, health};
use crate::raw::RandomInstruction;
use crate::root::Root;

/// Executions of an instruction, and how long they may take: RDRAND takes 11 ms for that many, RDSEED 40 ms.
const EXECUTIONS_MAX: u32 = 1 << 16;
const EXECUTIONS_TIME: Duration = Duration::from_millis(100);

/// Numbers without which an instruction is not judged: so many equal ones come about in no other way.
const NUMBERS_MIN: usize = 4;

const HWRNG: &str = "/dev/hwrng";

/// What is taken from a hardware generator: the guests of this node live from it too.
const HWRNG_BYTES_MAX: usize = 2048;
const HWRNG_TIME: Duration = Duration::from_millis(250);
const HWRNG_PAUSE: Duration = Duration::from_millis(5);

/// What the health tests suppose of conditioned bytes: half of what they promise, so that a good source does not fail within
/// the life of a machine.
const CLAIMED_BITS_PER_BYTE: u32 = 4;

/// Samples of timer jitter: as many as SP 800-90B asks for.
const JITTER_SAMPLES: u32 = 1_000_000;

/// Executes RDRAND.
pub(super) fn rdrand() -> Reading<InstructionTrial> {
    instruction("RDRAND", RandomInstruction::rdrand())
}

/// Executes RDSEED.
pub(super) fn rdseed() -> Reading<InstructionTrial> {
    instruction("RDSEED", RandomInstruction::rdseed())
}

fn instruction(name: &str, instruction: Option<RandomInstruction>) -> Reading<InstructionTrial> {
    let Some(instruction) = instruction else {
        return Reading::absent(AbsenceReason::NotPresent, format!("cpuid does not offer {name}"));
    };
    let started = Instant::now();
    let mut numbers = Vec::new();
    let mut executions = 0;
    // The clock is not read each time: that takes as long as an execution.
    while executions < EXECUTIONS_MAX && (executions % 256 != 0 || started.elapsed() < EXECUTIONS_TIME) {
        numbers.extend(instruction.step());
        executions += 1;
    }
    judge_instruction(name, executions, &numbers, started.elapsed())
}

fn judge_instruction(name: &str, executions: u32, numbers: &[u64], took: Duration) -> Reading<InstructionTrial> {
    if numbers.len() < NUMBERS_MIN {
        let detail = format!("{name} gave {} numbers in {executions} executions", numbers.len());
        return Reading::absent(AbsenceReason::NotSupported, detail);
    }
    let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
    let given = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
    Reading::Present(InstructionTrial {
        executions,
        underflow_percent: (100 * (executions - given.min(executions)) + executions / 2) / executions,
        bytes_per_second: per_second(bytes.len(), took),
        stuck: numbers.iter().all(|number| *number == numbers[0]),
        health: judge(&bytes),
    })
}

/// Reads the hardware generator until either bound is reached. It is opened so that it does not wait for the device.
pub(super) fn hwrng(root: &Root) -> Reading<GeneratorTrial> {
    let mut device = match root.device(HWRNG) {
        Reading::Present(device) => device,
        Reading::Absent(absence) => return Reading::Absent(absence),
    };
    let started = Instant::now();
    let mut bytes = Vec::new();
    let mut part = [0; 256];
    while bytes.len() < HWRNG_BYTES_MAX && started.elapsed() < HWRNG_TIME {
        let most = part.len().min(HWRNG_BYTES_MAX - bytes.len());
        match device.read(&mut part[..most]) {
            Ok(0) => break,
            Ok(length) => bytes.extend_from_slice(&part[..length]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {
                thread::sleep(HWRNG_PAUSE);
            }
            Err(error) => return Reading::absent(AbsenceReason::NotSupported, format!("{HWRNG}: {error}")),
        }
    }
    if bytes.is_empty() {
        let detail = format!("{HWRNG}: nothing within {} ms", HWRNG_TIME.as_millis());
        return Reading::absent(AbsenceReason::TimedOut, detail);
    }
    Reading::Present(GeneratorTrial {
        bytes: u32::try_from(bytes.len()).unwrap_or(u32::MAX),
        bytes_per_second: per_second(bytes.len(), started.elapsed()),
        health: judge(&bytes),
    })
}

/// The health tests on bytes that are taken to be conditioned: whether they are is not told by any source.
fn judge(bytes: &[u8]) -> Health {
    let claimed = f64::from(CLAIMED_BITS_PER_BYTE);
    let adaptive = health::adaptive_proportion(bytes, 8, claimed);
    Health {
        label: NoiseLabel::Conditioned,
        claimed_bits_per_byte: CLAIMED_BITS_PER_BYTE,
        repetition_count_passed: health::repetition_count(bytes, claimed).passes(),
        adaptive_proportion_passed: match adaptive {
            Some(finding) => Reading::Present(finding.passes()),
            None => Reading::absent(AbsenceReason::NotPresent, format!("{} bytes: 512 are needed", bytes.len())),
        },
    }
}

/// Samples how long it takes to read the clock, in nanoseconds, lowest eight bits, and estimates the min-entropy.
pub(super) fn timer_jitter() -> Reading<NoiseTrial> {
    let mut before = Instant::now();
    let sample = |_| {
        let now = Instant::now();
        let nanoseconds = now.duration_since(before).as_nanos();
        before = now;
        (nanoseconds & 0xff) as u8
    };
    let samples: Vec<u8> = (0..JITTER_SAMPLES).map(sample).collect();
    judge_noise(&samples)
}

fn judge_noise(samples: &[u8]) -> Reading<NoiseTrial> {
    let started = thread_time();
    match noise::assess(samples, 8) {
        Ok(assessment) => {
            let (estimator, bits) = assessment.weakest();
            Reading::Present(NoiseTrial {
                label: NoiseLabel::Raw,
                samples: u32::try_from(samples.len()).unwrap_or(u32::MAX),
                bits_per_sample: assessment.bits_per_sample,
                min_entropy_millibits: (bits * 1000.0).floor() as u32,
                estimator: estimator.to_string(),
                cpu_ms: two_digits(u64::try_from((thread_time() - started).as_millis()).unwrap_or(u64::MAX)),
            })
        }
        Err(error) => Reading::absent(AbsenceReason::NotSupported, format!("timer jitter: {error}")),
    }
}

fn thread_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

fn per_second(bytes: usize, took: Duration) -> u64 {
    let rate = bytes as u128 * 1_000_000_000 / took.as_nanos().max(1);
    two_digits(u64::try_from(rate).unwrap_or(u64::MAX))
}

/// A number to two significant digits: the rest is of the moment.
fn two_digits(number: u64) -> u64 {
    let unit = 10_u64.pow(number.checked_ilog10().unwrap_or(0).saturating_sub(1));
    (number / unit).saturating_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_judged_by_whether_they_change() {
        let judge =
            |executions, numbers: &[u64]| judge_instruction("RDRAND", executions, numbers, Duration::from_millis(1));
        let good: Vec<u64> = (1..1000_u64).map(|n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(23)).collect();
        let trial = judge(1999, &good);
        let trial = trial.present().unwrap();
        assert_eq!((trial.stuck, trial.underflow_percent, trial.bytes_per_second), (false, 50, 7_900_000));
        assert!(
            trial.health.repetition_count_passed && trial.health.adaptive_proportion_passed == Reading::Present(true)
        );
        for constant in [u64::MAX, 0, 7] {
            let trial = judge(100, &[constant; 100]);
            let trial = trial.present().unwrap();
            assert!(trial.stuck && trial.health.adaptive_proportion_passed == Reading::Present(false), "{constant}");
        }
        let reason = |reading: Reading<InstructionTrial>| reading.absence().map(|absence| absence.reason);
        assert_eq!(reason(judge(100, &[])), Some(AbsenceReason::NotSupported));
        assert_eq!(reason(instruction("RDSEED", None)), Some(AbsenceReason::NotPresent));
    }

    #[test]
    fn this_machine_can_be_tried() {
        let started = Instant::now();
        for trial in [rdrand(), rdseed()] {
            if let Reading::Present(trial) = trial {
                assert!(!trial.stuck && trial.health.repetition_count_passed, "{trial:?}");
            }
        }
        if let Reading::Present(trial) = hwrng(&Root::live()) {
            assert!(trial.bytes as usize <= HWRNG_BYTES_MAX && trial.health.repetition_count_passed, "{trial:?}");
        }
        assert!(started.elapsed() < Duration::from_secs(20));
    }

    #[test]
    fn noise_is_labelled_raw_and_constant_noise_has_no_figure() {
        let samples: Vec<u8> = (0..5000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 27) as u8).collect();
        let trial = judge_noise(&samples);
        let trial = trial.present().unwrap();
        assert_eq!((trial.label, trial.samples, trial.bits_per_sample), (NoiseLabel::Raw, 5000, 8));
        assert!(trial.min_entropy_millibits < 5000);
        assert!(judge_noise(&[3; 5000]).absence().unwrap().detail.contains("all samples are 3"));
    }

    #[test]
    fn figures_of_the_moment_have_two_digits() {
        for (number, expect) in
            [(0, 0), (7, 7), (99, 99), (101, 100), (48_123_456, 48_000_000), (u64::MAX, 18 * 10_u64.pow(18))]
        {
            assert_eq!(two_digits(number), expect);
        }
    }
}
