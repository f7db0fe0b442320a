//! How the benches measure: CPU time of the process, several windows, the median.
//!
//! The machines are shared and noisy, so wall time means little. Each file in `benches/` answers one question and prints
//! one figure with its unit.

pub mod region;

use std::hint::black_box;
use std::io::Write as _;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

const WINDOWS: usize = 7;
const WINDOW: Duration = Duration::from_millis(200);

/// CPU time of this process so far, all threads together.
pub fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// Median CPU time of one call, over windows of at least 200 ms of CPU each.
pub fn median_cpu<T>(mut call: impl FnMut() -> T) -> Duration {
    black_box(call());
    let mut windows: Vec<Duration> = (0..WINDOWS).map(|_| window(&mut call)).collect();
    windows.sort_unstable();
    windows[WINDOWS / 2]
}

fn window<T>(call: &mut impl FnMut() -> T) -> Duration {
    let start = cpu_time();
    let mut calls = 0;
    loop {
        black_box(call());
        calls += 1;
        let spent = cpu_time() - start;
        if spent >= WINDOW {
            return spent / calls;
        }
    }
}

/// Prints the one figure of a bench.
pub fn figure(question: &str, value: f64, unit: &str) {
    let _ = writeln!(std::io::stdout(), "{question}: {value:.1} {unit}");
}

/// A duration in microseconds.
pub fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}
