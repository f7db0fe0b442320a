//! How fast is `avow risk-groups` beside scram, on every Aralia model, up to order 4 and for all orders?
//!
//! Both are measured in one run, each as a process from its start, in CPU seconds; scram by its three algorithms, of which
//! the best counts, and only until it knows how many sets there are: it cannot be kept from writing them all out. An algorithm
//! that has taken longer than a better one is ended, so that the whole takes no longer than it must. The models lie beside
//! the project, scram is the Debian package of that name; without them there is nothing to compare.
//!
//! The bench fails where a bar is missed: up to order 4 faster than scram on each coherent model; for all orders, where
//! scram ends, twice as fast in sum, and slower by half on none.
#![expect(clippy::disallowed_methods, reason = "it measures programs")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Context as _;
use bench::figure;

/// What ends most often comes first.
const ALGORITHMS: [&str; 3] = ["--bdd", "--mocus", "--zbdd"];
/// So many measurements of a short program; the median counts.
const TIMES: usize = 3;
/// A program that took longer is not started again.
const LONG_S: f64 = 1.0;
/// CPU seconds after which a program is ended.
const MAX_S: u64 = 60;
/// The kernel counts the time of children in these.
const TICKS_PER_SECOND: f64 = 100.0;
/// Starts for one measurement, since a tick is longer than most of them.
const STARTS: u32 = 4;
/// Not coherent: negation and exclusive or.
const NOT_COHERENT: [&str; 2] = ["cea9601", "das9601"];
/// For all orders, the sum of scram's times over ours, at least; and on one model, ours over scram's, at most.
const FASTER: f64 = 2.0;
const SLOWER: f64 = 1.5;

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
    let (mut sums, mut missed) = ([[0.0; 2]; 2], Vec::new());
    for model in &names {
        let name = model.file_stem().unwrap_or_default().to_string_lossy();
        let mut row = format!("| {name} |");
        for (at, order) in ["4", "all"].into_iter().enumerate() {
            let ours = of_avow(&avow, model, order)?;
            row += &ours.map_or_else(|| " – |".to_owned(), |ours| format!(" {ours:.3} |"));
            let theirs = of_scram(model, order)?;
            let Some((algorithm, seconds)) = theirs else {
                row += " – |";
                continue;
            };
            row += &format!(" {seconds:.3} {} |", algorithm.trim_start_matches('-'));
            let bar = if at == 0 { 1.0 } else { SLOWER };
            if (at == 1 || !NOT_COHERENT.contains(&&*name)) && ours.is_none_or(|ours| ours > bar * seconds) {
                missed.push(format!("{name}, order {order}"));
            }
            sums[at][0] += ours.unwrap_or(MAX_S as f64);
            sums[at][1] += seconds;
        }
        say(&row)?;
    }
    for (order, [ours, theirs]) in ["order 4", "all orders"].into_iter().zip(sums) {
        figure(&format!("Aralia, {order}, where scram ends: avow"), ours, "s CPU");
        figure(&format!("Aralia, {order}, where scram ends: scram"), theirs, "s CPU");
    }
    let [ours, theirs] = sums[1];
    anyhow::ensure!(
        ours * FASTER <= theirs,
        "for all orders {ours:.1} s and scram {theirs:.1} s: less than {FASTER} times"
    );
    anyhow::ensure!(missed.is_empty(), "missed: {}", missed.join("; "));
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

/// None where it does not end in time.
fn of_avow(avow: &Path, model: &Path, order: &str) -> anyhow::Result<Option<f64>> {
    let mut ended = true;
    let seconds = measure(|| {
        let mut command = limited(MAX_S, avow);
        let arguments = ["risk-groups", "--count", "--order", order];
        ended &= command.args(arguments).arg(model).stdout(Stdio::null()).status()?.success();
        Ok(())
    })?;
    Ok(ended.then_some(seconds))
}

/// The shell's limit ends what would run for hours; what it runs takes its place.
fn limited(seconds: u64, program: &Path) -> Command {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", &format!("ulimit -t {seconds}; ulimit -v 8000000; exec \"$@\""), "sh"]).arg(program);
    command
}

/// The best algorithm of scram, where one ends in time.
fn of_scram(model: &Path, order: &str) -> anyhow::Result<Option<(&'static str, f64)>> {
    let mut best: Option<(&'static str, f64)> = None;
    for algorithm in ALGORITHMS {
        // Whole seconds are what the limit knows.
        let seconds_max = best.map_or(MAX_S, |(_, least)| MAX_S.min(least as u64 + 1));
        let mut ended = true;
        let seconds = measure(|| {
            ended = ended && scram_ends(model, algorithm, order, seconds_max)?;
            Ok(())
        })?;
        if ended && best.is_none_or(|(_, least)| seconds < least) {
            best = Some((algorithm, seconds));
        }
    }
    Ok(best)
}

/// Runs scram until it knows how many sets there are; false where it does not get there.
fn scram_ends(model: &Path, algorithm: &str, order: &str, seconds_max: u64) -> anyhow::Result<bool> {
    let order = if order == "all" { "1000000" } else { order };
    let mut child = limited(seconds_max, Path::new("scram"))
        .args([algorithm, "--verbosity", "4", "--probability", "0", "--no-indent"])
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
