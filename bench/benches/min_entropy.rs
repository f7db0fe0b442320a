//! What does it cost to estimate the min-entropy of a million bytes by SP 800-90B, in time and memory?
//!
//! `./dev bench min_entropy` measures NIST's program beside it.

use bench::{cpu_time, figure};
use node_agent::noise;

const SAMPLES: usize = 1_000_000;

fn main() -> anyhow::Result<()> {
    let mut state = 1_u64;
    let uniform: Vec<u8> = (0..SAMPLES).map(|_| byte(&mut state)).collect();
    let before_kib = peak_kib()?;
    let mut times = Vec::new();
    for _ in 0..5 {
        let start = cpu_time();
        noise::assess(&uniform, 8)?;
        times.push(cpu_time() - start);
    }
    times.sort_unstable();
    figure(
        "min-entropy of 1,000,000 uniform bytes, ten estimators, bytes and bits",
        times[2].as_secs_f64() * 1000.0,
        "ms CPU",
    );
    figure("memory above that of the samples", (peak_kib()? - before_kib) / 1024.0, "MiB");
    Ok(())
}

/// The top byte of a generator that passes every estimator (SplitMix64).
fn byte(state: &mut u64) -> u8 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (*state ^ *state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mixed >> 56) as u8
}

/// The most memory this process has had so far, in KiB.
fn peak_kib() -> anyhow::Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    Ok(line.and_then(|line| line.trim().strip_suffix("kB")).unwrap_or("nan").trim().parse()?)
}
