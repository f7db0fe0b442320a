//! The commands that ask a fault graph for its risk groups, and conversion. What falls when something fails is asked in
//! [`crate::impact`], how much each component matters in [`crate::importance`].
//!
//! What a model says is taken as it is: whether it is true is for `avow verify` and its evidence.

use std::fs::File;
use std::io::Write as _;
use std::os::fd::AsRawFd as _;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::Context as _;
use clap::{Args, Subcommand, ValueEnum};
use independence::fault_graph::FaultGraph;
use rustix::fs::{AtFlags, CWD, Mode, OFlags};
use rustix::io::Errno;

use crate::importance;
use crate::model::{Model, ModelError, TopError, binary};
use crate::progress::Progress;
use crate::render::groups::{self, Shown};
use crate::render::printable;
use crate::search::{Found, Rank, Reached, Request, search};

const EXAMPLES: &str = "\
Examples:
  avow risk-groups region.jsonl --top zones-1-and-2          all groups of up to 3 components
  avow risk-groups plant.xml --order all --count             how many of each order, however many
  avow risk-groups region.jsonl --top db -o csv --limit 1000 > groups.csv
  avow risk-groups plant.xml --probability                   how probable it is, and the most probable groups
  avow model convert region.jsonl region.avowfg              the binary form loads ten times faster

A model is JSON lines, Open-PSA MEF, or avow's binary form; which one is seen from its content.

Exit codes: 0 answered, 2 usage, or nothing by that name, 5 the model cannot be read or analysed, 6 gave up at the memory
limit: what is printed is complete up to the order named, and nothing is known beyond.";

/// A model, and the vertex asked about.
#[derive(Debug, Args)]
pub struct Subject {
    /// The model: JSON lines, Open-PSA MEF, or the binary form.
    model: PathBuf,
    /// The component or gate asked about; without it, the only one that nothing needs.
    #[arg(long, value_name = "NAME")]
    top: Option<String>,
    #[command(flatten)]
    memory: Memory,
}

impl Subject {
    pub(crate) fn read(&self) -> Result<Model, ModelError> {
        read(&self.model, &self.memory)
    }

    pub(crate) fn top(&self) -> Option<&str> {
        self.top.as_deref()
    }

    pub(crate) fn memory(&self) -> &Memory {
        &self.memory
    }
}

/// How much memory may be used.
#[derive(Debug, Args)]
pub struct Memory {
    /// Most memory to use, in bytes or with KiB, MiB or GiB: beyond it the answer ends where it is still complete.
    #[arg(long, value_name = "SIZE", default_value = "4GiB")]
    max_memory: Bytes,
}

/// `avow risk-groups`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct RiskGroups {
    #[command(flatten)]
    subject: Subject,
    /// The largest number of components in a group, or `all`.
    #[arg(long, value_name = "K|all", default_value = "3")]
    order: Order,
    /// Print only how many groups there are of each order; none is listed.
    #[arg(long)]
    count: bool,
    /// Say how probable it is, and list of each order the most probable groups first. Every component must have a
    /// probability.
    #[arg(long)]
    probability: bool,
    /// How many groups to list, the smallest first.
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: usize,
    /// How to print.
    #[arg(short, long, value_enum, default_value_t)]
    output: Form,
}

/// `avow spof`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  avow spof region.jsonl --top zones-1-and-2\n  avow spof plant.xml -o json")]
pub struct Spof {
    #[command(flatten)]
    subject: Subject,
    /// How to print.
    #[arg(short, long, value_enum, default_value_t)]
    output: Form,
}

/// `avow model`.
#[derive(Debug, Subcommand)]
pub enum OnModel {
    /// Writes a model in avow's binary form, which loads ten times faster.
    #[command(after_help = "Example:\n  avow model convert region.jsonl region.avowfg")]
    Convert {
        /// The model.
        from: PathBuf,
        /// The file to write; one that is there is replaced at once, or not at all.
        to: PathBuf,
        #[command(flatten)]
        memory: Memory,
    },
}

/// A form of output.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
pub enum Form {
    /// For people.
    #[default]
    Table,
    /// For programs.
    Json,
    /// For spreadsheets.
    Csv,
}

/// A largest order.
#[derive(Debug, Clone, Copy)]
struct Order(Option<u32>);

impl FromStr for Order {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "all" => Ok(Self(None)),
            _ => match text.parse() {
                Ok(order @ 1..) => Ok(Self(Some(order))),
                _ => Err("write a number from 1, or `all`".to_owned()),
            },
        }
    }
}

/// A number of bytes.
#[derive(Debug, Clone, Copy)]
struct Bytes(u64);

impl FromStr for Bytes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let units = [("GiB", 30), ("MiB", 20), ("KiB", 10), ("G", 30), ("M", 20), ("K", 10), ("", 0)];
        units
            .iter()
            .filter_map(|(unit, shift)| Some((text.strip_suffix(unit)?.trim().parse::<u64>().ok()?, shift)))
            .find_map(|(number, shift)| number.checked_mul(1 << shift).map(Self))
            .filter(|bytes| bytes.0 > 0)
            .ok_or_else(|| "write a number of bytes, or one with KiB, MiB or GiB".to_owned())
    }
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Ending {
    /// With an answer.
    Answered = 0,
    /// The question makes no sense for this model.
    Usage = 2,
    /// Reading, analysing or writing failed.
    Failed = 5,
    /// With a part of an answer that says what it is.
    GaveUp = 6,
}

/// How an error of these commands ends the program.
pub fn ending(error: &anyhow::Error) -> Ending {
    match error.downcast_ref::<ModelError>() {
        Some(ModelError::GaveUp { .. }) => Ending::GaveUp,
        _ if error.is::<TopError>() || error.is::<Unknown>() => Ending::Usage,
        _ => Ending::Failed,
    }
}

/// A name that the model does not have.
#[derive(Debug, thiserror::Error)]
#[error("the model has no component `{0}`; names are case-sensitive")]
pub(crate) struct Unknown(pub(crate) String);

pub(crate) fn read(path: &Path, memory: &Memory) -> Result<Model, ModelError> {
    let model = Model::read(path, memory.max_memory.0)?;
    for note in &model.notes {
        let _ = writeln!(std::io::stderr(), "note: {}", printable(note));
    }
    Ok(model)
}

/// What an analysis notes of each vertex, beside its diagrams.
const BYTES_PER_VERTEX: u64 = 40;

/// What the graph, and what is noted of each vertex, leave of the memory that may be used.
pub(crate) fn left(memory: &Memory, graph: &FaultGraph) -> u64 {
    memory.max_memory.0.saturating_sub(graph.heap_bytes() as u64 + graph.len() as u64 * BYTES_PER_VERTEX)
}

impl RiskGroups {
    /// Answers, as text.
    ///
    /// # Errors
    /// When the model cannot be read or analysed.
    pub fn run(&self) -> anyhow::Result<(String, Ending)> {
        let list_max = if self.count { 0 } else { self.limit };
        let asked = Asked { order_max: self.order.0, list_max, only_counts: self.count, probability: self.probability };
        answer(&self.subject, &asked, self.output)
    }
}

impl Spof {
    /// Answers, as text.
    ///
    /// # Errors
    /// When the model cannot be read or analysed.
    pub fn run(&self) -> anyhow::Result<(String, Ending)> {
        let asked = Asked { order_max: Some(1), list_max: usize::MAX, only_counts: false, probability: false };
        answer(&self.subject, &asked, self.output)
    }
}

/// What is asked of a model.
struct Asked {
    order_max: Option<u32>,
    list_max: usize,
    only_counts: bool,
    probability: bool,
}

fn answer(subject: &Subject, asked: &Asked, form: Form) -> anyhow::Result<(String, Ending)> {
    let progress = Progress::start("reading the model");
    let model = subject.read()?;
    let top = model.top(subject.top())?;
    let memory_bytes_max = left(&subject.memory, &model.graph);
    let probability = if asked.probability {
        progress.step("computing the probability");
        Some(importance::probability(&model.graph, top, memory_bytes_max)?)
    } else {
        None
    };
    let rank = if asked.probability { Rank::Probability } else { Rank::Name };
    let request = Request { order_max: asked.order_max, list_max: asked.list_max, rank, memory_bytes_max };
    let found: Found = search(&model.graph, top, &request, &progress)?;
    drop(progress);
    let shown = Shown {
        graph: &model.graph,
        top: model.graph.name(top),
        found: &found,
        only_counts: asked.only_counts,
        probability: probability.as_ref(),
    };
    let text = match form {
        Form::Table => groups::table(&shown),
        Form::Json => serde_json::to_string_pretty(&groups::json(&shown))? + "\n",
        Form::Csv => groups::csv(&shown),
    };
    match &found.reached {
        Reached::GaveUp { known_to, why } => {
            let known = known_to.map_or_else(
                || "nothing is known".to_owned(),
                |order| format!("known so far: everything up to order {order}"),
            );
            let _ = writeln!(std::io::stderr(), "gave up: {why}; {known}; raise --max-memory, or lower --order");
            Ok((text, Ending::GaveUp))
        }
        _ => Ok((text, Ending::Answered)),
    }
}

impl OnModel {
    /// Does it, and says what was done.
    ///
    /// # Errors
    /// When the model cannot be read, or the file not written.
    pub fn run(&self) -> anyhow::Result<(String, Ending)> {
        let Self::Convert { from, to, memory } = self;
        let progress = Progress::start("reading the model");
        let model = read(from, memory)?;
        // The arrays and the file are there beside the graph.
        if (model.graph.heap_bytes() as u64).saturating_mul(3) > memory.max_memory.0 {
            let why = "the graph, its arrays and the file together take more than the limit";
            let _ = writeln!(std::io::stderr(), "gave up: {why}; nothing is written; raise --max-memory");
            return Ok((String::new(), Ending::GaveUp));
        }
        progress.step("writing");
        let bytes = binary::write(&model.graph);
        replace(to, &bytes).with_context(|| format!("cannot write {}", to.display()))?;
        drop(progress);
        let to = to.display().to_string();
        let said = format!("{}: {} components and gates, {} bytes\n", printable(&to), model.graph.len(), bytes.len());
        Ok((said, Ending::Answered))
    }
}

/// Puts a file in its place whole, or leaves what was there. The file has no name until it is written, so that a program
/// that is ended leaves nothing behind; where the file system cannot do that, it has another name until then.
fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.file_name().ok_or(std::io::ErrorKind::IsADirectory)?;
    let aside = directory.join(format!(".{}.{}", name.to_string_lossy(), std::process::id()));
    let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
    let (mut file, named) = match rustix::fs::open(directory, flags, Mode::from_raw_mode(0o644)) {
        Ok(nameless) => (File::from(nameless), false),
        Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::INVAL) => (File::create(&aside)?, true),
        Err(error) => return Err(error.into()),
    };
    file.write_all(bytes)?;
    file.sync_all()?;
    if !named {
        // Left by a program of the same number that was killed.
        let _ = std::fs::remove_file(&aside);
        let nameless = format!("/proc/self/fd/{}", file.as_raw_fd());
        rustix::fs::linkat(CWD, nameless, CWD, &aside, AtFlags::SYMLINK_FOLLOW)?;
    }
    std::fs::rename(&aside, path).inspect_err(|_| drop(std::fs::remove_file(&aside)))
}
