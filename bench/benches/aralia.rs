//! How fast is `avow risk-groups` beside scram, on every Aralia model, up to order 4 and for all orders?
//!
//! Both are measured in one run, each as a process from its start, in CPU seconds; scram by its three algorithms, of which
//! the best counts, and only until it knows how many sets there are: it cannot be kept from writing them all out. The models
//! lie beside the project, scram is the Debian package of that name; without them there is nothing to compare.
#![expect(clippy::disallowed_methods, reason = "it measures programs")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Context as _;
use bench::figure;

const ALGORITHMS: [&str; 3] = ["--mocus", "--bdd", "--zbdd"];
/// So often a short program is started; the median counts.
const TIMES: usize = 5;
/// A program that took longer is not started again.
const LONG_S: f64 = 1.0;
/// CPU seconds after which scram is ended.
const SCRAM_MAX_S: u64 = 60;
/// The kernel counts the time of children in these.
const TICKS_PER_SECOND: f64 = 100.0;
/// Starts for one measurement, since a tick is longer than most of them.
const STARTS: u32 = 8;

fn main() -> anyhow::Result<()> {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/fault-trees/aralia");
    if !models.exists() || Command::new("scram").arg("--version").stdout(Stdio::null()).status().is_err() {
        return say("left out: the Aralia models or scram are not there");
    }
    let avow = program()?;
    let mut names: Vec<PathBuf> =
        std::fs::read_dir(models)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    names.retain(|path| path.extension().is_some_and(|extension| extension == "xml"));
    names.sort();
    say("| model | avow, order 4 | scram | avow, all orders | scram |\n|---|---|---|---|---|")?;
    let mut sums = [[0.0; 2]; 2];
    for model in &names {
        let mut row = format!("| {} |", model.file_stem().unwrap_or_default().to_string_lossy());
        for (at, order) in ["4", "all"].into_iter().enumerate() {
            let ours = of_avow(&avow, model, order)?;
            let theirs = of_scram(model, order)?;
            row += &format!(" {ours:.3} |");
            match theirs {
                Some((algorithm, seconds)) => {
                    sums[at][0] += ours;
                    sums[at][1] += seconds;
                    row += &format!(" {seconds:.3} {} |", algorithm.trim_start_matches('-'));
                }
                None => row += " – |",
            }
        }
        say(&row)?;
    }
    for (order, [ours, theirs]) in ["order 4", "all orders"].into_iter().zip(sums) {
        figure(&format!("Aralia, {order}, where scram ends: avow"), ours, "s CPU");
        figure(&format!("Aralia, {order}, where scram ends: scram"), theirs, "s CPU");
    }
    Ok(())
}

fn say(line: &str) -> anyhow::Result<()> {
    Ok(writeln!(std::io::stdout(), "{line}")?)
}

/// The release build of `avow`, beside this bench.
fn program() -> anyhow::Result<PathBuf> {
    let here = std::env::current_exe()?;
    let avow = here.ancestors().nth(2).context("a bench lies in target/release/deps")?.join("avow");
    anyhow::ensure!(avow.exists(), "{} is not built: cargo build --release -p auditor", avow.display());
    Ok(avow)
}

/// User and system time of all children that have ended, in seconds.
fn children_s() -> anyhow::Result<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let after_name = stat.rsplit(") ").next().context("a process has a name")?;
    let field = |index: usize| -> anyhow::Result<f64> {
        Ok(after_name.split(' ').nth(index).context("a process has many fields")?.parse()?)
    };
    Ok((field(13)? + field(14)?) / TICKS_PER_SECOND)
}

/// The median of several measurements of one start.
fn measure(mut start: impl FnMut() -> anyhow::Result<()>) -> anyhow::Result<f64> {
    let before = children_s()?;
    start()?;
    let once = children_s()? - before;
    if once > LONG_S {
        return Ok(once);
    }
    let mut windows = Vec::new();
    for _ in 0..TIMES {
        let before = children_s()?;
        for _ in 0..STARTS {
            start()?;
        }
        windows.push((children_s()? - before) / f64::from(STARTS));
    }
    windows.sort_by(f64::total_cmp);
    Ok(windows[TIMES / 2])
}

fn of_avow(avow: &Path, model: &Path, order: &str) -> anyhow::Result<f64> {
    measure(|| {
        let mut command = Command::new(avow);
        let status =
            command.arg("risk-groups").arg(model).args(["--count", "--order", order]).stdout(Stdio::null()).status()?;
        anyhow::ensure!(status.success(), "avow ended with {status} on {}", model.display());
        Ok(())
    })
}

/// The best algorithm of scram, where one ends in time.
fn of_scram(model: &Path, order: &str) -> anyhow::Result<Option<(&'static str, f64)>> {
    let mut best: Option<(&'static str, f64)> = None;
    for algorithm in ALGORITHMS {
        let mut ended = true;
        let seconds = measure(|| {
            ended &= scram_ends(model, algorithm, order)?;
            Ok(())
        })?;
        if ended && best.is_none_or(|(_, least)| seconds < least) {
            best = Some((algorithm, seconds));
        }
    }
    Ok(best)
}

/// Runs scram until it knows how many sets there are; false where it does not get there.
fn scram_ends(model: &Path, algorithm: &str, order: &str) -> anyhow::Result<bool> {
    let order = if order == "all" { "1000000" } else { order };
    // The shell's limit ends what would run for hours; what it runs takes its place.
    let script = format!("ulimit -t {SCRAM_MAX_S} -v 8000000; exec scram \"$@\"");
    let mut child = Command::new("/bin/sh")
        .args(["-c", &script, "sh", algorithm, "--verbosity", "4", "--probability", "0", "--no-indent"])
        .args(["-o", "/dev/null", "--limit-order", order])
        .arg(model)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut ended = false;
    for line in BufReader::new(child.stderr.take().context("it is a pipe")?).lines() {
        if line.is_ok_and(|line| line.contains("# of products: ")) {
            ended = true;
            child.kill()?;
            break;
        }
    }
    child.wait()?;
    Ok(ended)
}
