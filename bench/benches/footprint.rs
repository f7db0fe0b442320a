//! What does the shipped agent take of a node? Memory of 10, 1,000 and 16,000 rounds, processor time of a round, and memory of
//! the service that waits, all of `avow-agent` itself, over the constructed node.
//!
//! Fails beyond 15 MB, or when memory still grows after 1,000 rounds; until then the allocator fills its arenas.
#![expect(clippy::disallowed_methods, reason = "it measures a program")]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use bench::figure;

const ROUNDS: [u32; 3] = [10, 1000, 16_000];

/// What an agent may take.
const RESIDENT_KIB_MAX: u64 = 15 * 1024;

/// Growth over the last 15,000 rounds that is noise: the allocator's arenas, and pages of the program that were not touched
/// before. A leak of 35 bytes a round is more.
const GROWTH_KIB_MAX: u64 = 512;

/// How often a program is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// How long the waiting service is looked at.
const IDLE: Duration = Duration::from_secs(20);

/// The kernel counts processor time in hundredths of a second here, whatever its own clock does.
const TICKS_PER_SECOND: f64 = 100.0;

/// The last look at a program.
#[derive(Debug, Default, Clone, Copy)]
struct Look {
    /// Most that was resident at once.
    resident_kib_max: u64,
    /// Resident now.
    resident_kib: u64,
    ticks: u64,
}

fn main() -> anyhow::Result<()> {
    let mut looks = Vec::new();
    for rounds in ROUNDS {
        let look = until_its_end(agent()?.args(["gather", "--output", "json", "--rounds", &rounds.to_string()]))?;
        figure(&format!("memory of the agent in {rounds} rounds"), look.resident_kib_max as f64 / 1024.0, "MiB");
        looks.push(look);
    }
    let (warm, many) = (looks[1], looks[2]);
    let seconds = (many.ticks - warm.ticks) as f64 / TICKS_PER_SECOND;
    figure("a round of the agent, as facts", seconds * 1e3 / f64::from(ROUNDS[2] - ROUNDS[1]), "ms CPU");
    let waiting = waiting_service()?;
    figure("memory of the service that waits", waiting.resident_kib as f64 / 1024.0, "MiB");
    let growth = many.resident_kib_max.saturating_sub(warm.resident_kib_max);
    figure("growth from round 1,000 to round 16,000", growth as f64, "KiB");
    ensure!(growth <= GROWTH_KIB_MAX, "memory grew by {growth} KiB from round {} to round {}", ROUNDS[1], ROUNDS[2]);
    for look in [many, waiting] {
        ensure!(look.resident_kib_max <= RESIDENT_KIB_MAX, "{} KiB are resident", look.resident_kib_max);
    }
    Ok(())
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

fn until_its_end(command: &mut Command) -> anyhow::Result<Look> {
    let mut child = command.spawn()?;
    let mut last = Look::default();
    loop {
        if let Some(status) = child.try_wait()? {
            ensure!(status.success(), "the agent ended with {status}");
            ensure!(last.ticks > 0 || last.resident_kib_max > 0, "the agent was never seen");
            return Ok(last);
        }
        last = look(&child).unwrap_or(last);
        sleep(LOOK_EVERY);
    }
}

/// The agent as a service without a join token: everything but a connection is there.
fn waiting_service() -> anyhow::Result<Look> {
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
    last.context("the service was never seen")
}

fn look(child: &Child) -> Option<Look> {
    let read = |file: &str| std::fs::read_to_string(format!("/proc/{}/{file}", child.id())).ok();
    let (status, stat) = (read("status")?, read("stat")?);
    let kib = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().strip_suffix(" kB")?.parse().ok()
    };
    // After the name in brackets, which may hold anything: user and system time are the 12th and 13th words.
    let times: Vec<u64> =
        stat.rsplit_once(") ")?.1.split(' ').skip(11).take(2).filter_map(|t| t.parse().ok()).collect();
    Some(Look { resident_kib_max: kib("VmHWM:")?, resident_kib: kib("VmRSS:")?, ticks: times.iter().sum() })
}
