//! What does the shipped agent take of a node? Resident memory over 16,000 rounds, processor time of a round, and memory of the
//! service that waits, all of `avow-agent` itself, over the constructed node.
//!
//! Growth is the most that was resident in any look of a window of 1,000 rounds near the end, less the same of the window that
//! follows round 1,000: not the peak of the process, which a moment at its start decides, and not the kernel's running count, which
//! is off by up to 32 pages for each processor, but the pages counted one by one (`smaps_rollup`). Rounds take as long as each
//! other, so that a window is a part of the process's life. Fails beyond 15 MB, or when memory grew.
#![expect(clippy::disallowed_methods, reason = "it measures a program")]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use bench::figure;

const ROUNDS: u32 = 16_000;

/// Sixteenths of the life of the process, after which a window of one sixteenth begins.
const WINDOWS: [f64; 2] = [1.0, 14.0];

/// What an agent may take.
const RESIDENT_KIB_MAX: u64 = 15 * 1024;

/// Growth that is noise: a few pages of the program or of the C library that were not touched before, as they are where a
/// moment falls otherwise. A leak of ten bytes a round is more.
const GROWTH_KIB_MAX: u64 = 64;

/// How often a program is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// How long the waiting service is looked at.
const IDLE: Duration = Duration::from_secs(20);

/// The kernel counts processor time in hundredths of a second here, whatever its own clock does.
const TICKS_PER_SECOND: f64 = 100.0;

/// One look at a program.
#[derive(Debug, Clone, Copy)]
struct Look {
    at: Instant,
    resident_kib: u64,
    ticks: u64,
}

fn main() -> anyhow::Result<()> {
    let looks = until_its_end(agent()?.args(["gather", "--output", "json", "--rounds", &ROUNDS.to_string()]))?;
    let [warm, late] = windows(&looks)?;
    let most = looks.iter().map(|look| look.resident_kib).max().unwrap_or_default();
    figure("memory of the agent after 1,000 rounds", warm as f64 / 1024.0, "MiB");
    figure("memory of the agent after 14,000 rounds", late as f64 / 1024.0, "MiB");
    figure("most that was resident at once", most as f64 / 1024.0, "MiB");
    let ticks = looks.last().map_or(0, |look| look.ticks);
    figure("a round of the agent, as facts", ticks as f64 / TICKS_PER_SECOND * 1e3 / f64::from(ROUNDS), "ms CPU");
    let waiting = waiting_service()?;
    figure("memory of the service that waits", waiting as f64 / 1024.0, "MiB");
    let growth = late.saturating_sub(warm);
    figure("growth from round 1,000 to round 15,000", growth as f64, "KiB");
    ensure!(growth <= GROWTH_KIB_MAX, "memory grew by {growth} KiB");
    ensure!(most.max(waiting) <= RESIDENT_KIB_MAX, "{} KiB are resident", most.max(waiting));
    Ok(())
}

/// The most that was resident in each window.
fn windows(looks: &[Look]) -> anyhow::Result<[u64; 2]> {
    let (first, last) = looks.first().zip(looks.last()).context("the agent was never seen")?;
    let sixteenth = (last.at - first.at).div_f64(16.0);
    let mut most = [0; 2];
    for (most, begins) in most.iter_mut().zip(WINDOWS) {
        let begin = first.at + sixteenth.mul_f64(begins);
        let within = looks.iter().filter(|look| look.at >= begin && look.at < begin + sixteenth);
        *most = within.map(|look| look.resident_kib).max().context("no look fell into a window")?;
    }
    Ok(most)
}

/// The program beside this one, over the constructed node.
fn agent() -> anyhow::Result<Command> {
    let deps = std::env::current_exe()?.parent().map(Path::to_owned).unwrap_or_default();
    let program = std::env::var_os("AVOW_AGENT").map_or_else(|| deps.join("../avow-agent"), PathBuf::from);
    ensure!(program.exists(), "{} is missing: cargo build --release -p node-agent", program.display());
    let mut command = Command::new(program);
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("../node-agent/fixtures/constructed-epyc-01");
    command.env_clear().env("AVOW_NODE__ROOT", fixture).env("AVOW_LOG", "warn");
    command.stdout(Stdio::null()).stderr(Stdio::null());
    Ok(command)
}

fn until_its_end(command: &mut Command) -> anyhow::Result<Vec<Look>> {
    let mut child = command.spawn()?;
    let mut looks = Vec::new();
    loop {
        if let Some(status) = child.try_wait()? {
            ensure!(status.success(), "the agent ended with {status}");
            return Ok(looks);
        }
        looks.extend(look(&child));
        sleep(LOOK_EVERY);
    }
}

/// What is resident of the agent as a service without a join token: everything but a connection is there.
fn waiting_service() -> anyhow::Result<u64> {
    let state = tempfile::tempdir()?;
    let mut command = agent()?;
    command.arg("run").env("AVOW_STATE__DIRECTORY", state.path().join("state"));
    let mut child = command.env("AVOW_COLLECTOR__JOIN_TOKEN_FILE", state.path().join("token")).spawn()?;
    let (started, mut last) = (Instant::now(), None);
    while started.elapsed() < IDLE && child.try_wait()?.is_none() {
        last = look(&child).or(last);
        sleep(Duration::from_millis(200));
    }
    let ended = child.try_wait()?;
    let _ = child.kill();
    let _ = child.wait();
    ensure!(ended.is_none(), "the service ended by itself");
    last.map(|look| look.resident_kib).context("the service was never seen")
}

fn look(child: &Child) -> Option<Look> {
    let read = |file: &str| std::fs::read_to_string(format!("/proc/{}/{file}", child.id())).ok();
    let (memory, stat) = (read("smaps_rollup")?, read("stat")?);
    let resident = memory.lines().find_map(|line| line.strip_prefix("Rss:"))?;
    // After the name in brackets, which may hold anything: user and system time are the 12th and 13th words.
    let times: Vec<u64> =
        stat.rsplit_once(") ")?.1.split(' ').skip(11).take(2).filter_map(|t| t.parse().ok()).collect();
    Some(Look {
        at: Instant::now(),
        resident_kib: resident.trim().strip_suffix(" kB")?.parse().ok()?,
        ticks: times.iter().sum(),
    })
}
