//! Fault graphs from files: JSON lines, Open-PSA MEF, and a binary form of our own.
//!
//! Which format a file has is seen from its content, never from its name. A file is read whole: nothing is taken from a
//! model before all of it has been found sound. Every error names the file, the place in it, what is wrong there, and what
//! to do. What is asked of a graph afterwards is not known here.
//!
//! Whoever writes a model decides what fails with what, and nothing else: a hostile one ends in an error, or in a graph that
//! says what it says, within a small multiple of its size in memory.

pub mod binary;
pub mod json_lines;
pub mod open_psa;

use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use independence::fault_graph::{FaultGraph, GraphError, Vertex};

/// Most names that an error lists.
const NAMES_MAX: usize = 5;

/// A fault graph and what was found while it was read.
#[derive(Debug)]
pub struct Model {
    /// The graph.
    pub graph: FaultGraph,
    /// What was left out, and why that changes no risk group.
    pub notes: Vec<String>,
    /// The format it was written in.
    pub format: Format,
}

/// A format of models.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One component per line.
    JsonLines,
    /// Fault trees in XML.
    OpenPsa,
    /// Ours, see [`binary`].
    Binary,
}

/// Where in a file something is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// From 1; in a text.
    Line {
        /// The line.
        line: usize,
        /// The character in it.
        column: usize,
    },
    /// In bytes from the start; in a binary file.
    Byte(usize),
    /// The whole.
    Whole,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line { line, column } => write!(f, ":{line}:{column}"),
            Self::Byte(byte) => write!(f, ": byte {byte}"),
            Self::Whole => Ok(()),
        }
    }
}

/// What is wrong with a model.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {what}; {remedy}")]
pub struct Fault {
    /// Where.
    pub place: Place,
    /// What. Names from the file are quoted, and their control characters escaped.
    pub what: String,
    /// What to do.
    pub remedy: &'static str,
    /// Whether the memory that may be used has ended, and not whether anything is wrong.
    pub out_of_memory: bool,
}

impl Fault {
    fn new(place: Place, what: impl fmt::Display, remedy: &'static str) -> Self {
        Self { place, what: crate::render::printable(&what.to_string()).into_owned(), remedy, out_of_memory: false }
    }

    fn graph(place: Place, error: &GraphError) -> Self {
        let out_of_memory = matches!(error, GraphError::Memory { .. });
        Self { out_of_memory, ..Self::new(place, error, remedy(error)) }
    }

    fn memory(place: Place, bytes_max: u64) -> Self {
        let what = format!("reading it takes more than {bytes_max} bytes");
        Self { out_of_memory: true, ..Self::new(place, what, MORE_MEMORY) }
    }
}

const MORE_MEMORY: &str = "raise --max-memory, or convert the model where there is more";

/// What a person can do about an error of a graph.
fn remedy(error: &GraphError) -> &'static str {
    match error {
        GraphError::DefinedTwice { .. } => "rename one, or merge the two definitions",
        GraphError::Undefined { .. } => "define it, or correct the name",
        GraphError::Probability { .. } => "write a number from 0 to 1, or leave it out",
        GraphError::Arguments { .. } | GraphError::Bounds { .. } => "correct the gate or its arguments",
        GraphError::Need { .. } => "correct `min`, or the list",
        GraphError::RepeatedMember { .. } => "name each member once",
        GraphError::CycleThroughNegation { .. } => "break the circle: such a formula may have no solution",
        GraphError::TooLarge { .. } => "split the model",
        GraphError::Memory { .. } => MORE_MEMORY,
        _ => "correct the model",
    }
}

/// Why there is no model.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// The file cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// More than the memory that may be used: nothing is known of the model.
    #[error("gave up at the memory limit while reading, nothing is known so far: {path}{fault}")]
    GaveUp {
        /// The file.
        path: String,
        /// Where, and what it would take.
        fault: Fault,
    },
    /// No format that is known.
    #[error(
        "{path} is no model: it begins neither like JSON lines (`{{`), nor like Open-PSA MEF (`<`), nor like avow's binary form"
    )]
    Unknown {
        /// The file.
        path: String,
    },
    /// Not sound.
    #[error("{path}{fault}")]
    Fault {
        /// The file.
        path: String,
        /// What is wrong.
        fault: Fault,
    },
}

impl ModelError {
    fn of(path: &str, fault: Fault) -> Self {
        let path = path.to_owned();
        if fault.out_of_memory { Self::GaveUp { path, fault } } else { Self::Fault { path, fault } }
    }
}

/// The top event asked for is not there, or nothing says which it is.
#[derive(Debug, thiserror::Error)]
pub enum TopError {
    /// No such vertex.
    #[error("the model has no component or gate `{0}`; names are case-sensitive")]
    Unknown(String),
    /// Nothing needs several.
    #[error("nothing needs any of {count} components ({some}): say which one is meant with --top NAME")]
    Several {
        /// How many.
        count: usize,
        /// The first few.
        some: String,
    },
    /// Something needs every component.
    #[error("something needs every component of the model: say which one is meant with --top NAME")]
    None,
}

impl Model {
    /// Reads a model whose file, and what is made of it, may take so much memory.
    ///
    /// # Errors
    /// When the file cannot be read, or is not sound.
    pub fn read(path: &Path, memory_bytes_max: u64) -> Result<Self, ModelError> {
        let name = path.display().to_string();
        let failed = |source| ModelError::Read { path: name.clone(), source };
        let mut file = File::open(path).map_err(failed)?;
        let found = file.metadata().map_err(failed)?;
        if found.is_dir() {
            return Err(failed(io::ErrorKind::IsADirectory.into()));
        }
        let mut start = Vec::new();
        file.by_ref().take(binary::MAGIC.len() as u64).read_to_end(&mut start).map_err(failed)?;
        if start == binary::MAGIC && found.is_file() {
            return Self::from_binary(&name, start.chain(file), found.len(), memory_bytes_max);
        }
        let too_large = |bytes: u64| {
            let what = format!("the file has {bytes} bytes or more, and the limit is {memory_bytes_max}");
            let fault = Fault { out_of_memory: true, ..Fault::new(Place::Whole, what, MORE_MEMORY) };
            ModelError::GaveUp { path: name.clone(), fault }
        };
        if found.len() > memory_bytes_max {
            return Err(too_large(found.len()));
        }
        // What is no file says nothing of its length beforehand.
        let mut content = Vec::with_capacity(usize::try_from(found.len()).unwrap_or(0) + 1);
        start.chain(file).take(memory_bytes_max.saturating_add(1)).read_to_end(&mut content).map_err(failed)?;
        if content.len() as u64 > memory_bytes_max {
            return Err(too_large(content.len() as u64));
        }
        Self::from_bytes(&name, &content, memory_bytes_max)
    }

    /// Reads a model from what its file holds; `name` stands for the file in errors. The memory is for both.
    ///
    /// # Errors
    /// When it is not sound.
    pub fn from_bytes(name: &str, bytes: &[u8], memory_bytes_max: u64) -> Result<Self, ModelError> {
        let format = sniff(bytes).ok_or_else(|| ModelError::Unknown { path: name.to_owned() })?;
        let left = memory_bytes_max.saturating_sub(bytes.len() as u64);
        let read = match format {
            Format::JsonLines => json_lines::read(bytes, left).map(|graph| (graph, Vec::new())),
            Format::OpenPsa => open_psa::read(bytes, left),
            Format::Binary => return Self::from_binary(name, bytes, bytes.len() as u64, memory_bytes_max),
        };
        let (graph, notes) = read.map_err(|fault| ModelError::of(name, fault))?;
        Ok(Self { graph, notes, format })
    }

    fn from_binary(name: &str, file: impl io::Read, length: u64, memory_bytes_max: u64) -> Result<Self, ModelError> {
        let graph = binary::read(file, length, memory_bytes_max).map_err(|error| match error {
            binary::ReadError::Fault(fault) => ModelError::of(name, fault),
            binary::ReadError::Read(source) => ModelError::Read { path: name.to_owned(), source },
        })?;
        Ok(Self { graph, notes: Vec::new(), format: Format::Binary })
    }

    /// The vertex of this name, or the only one that nothing needs.
    ///
    /// # Errors
    /// When there is none, or more than one.
    pub fn top(&self, name: Option<&str>) -> Result<Vertex, TopError> {
        if let Some(name) = name {
            return self.graph.find(name).ok_or_else(|| TopError::Unknown(name.to_owned()));
        }
        let graph = &self.graph;
        let mut needed = vec![false; graph.len()];
        for argument in graph.vertices().flat_map(|vertex| graph.gates(vertex)).flat_map(|gate| gate.arguments) {
            needed[argument.vertex().index()] = true;
        }
        // Basic events that nothing refers to are left-overs, unless there is nothing else.
        let free: Vec<Vertex> = graph.vertices().filter(|vertex| !needed[vertex.index()]).collect();
        let gates: Vec<Vertex> = free.iter().copied().filter(|&vertex| graph.gates(vertex).len() > 0).collect();
        let tops = if gates.is_empty() { free } else { gates };
        match tops.as_slice() {
            [] => Err(TopError::None),
            [only] => Ok(*only),
            several => {
                let some: Vec<&str> = several.iter().take(NAMES_MAX).map(|&vertex| graph.name(vertex)).collect();
                let dots = if several.len() > NAMES_MAX { ", …" } else { "" };
                let some = crate::render::printable(&(some.join(", ") + dots)).into_owned();
                Err(TopError::Several { count: several.len(), some })
            }
        }
    }
}

fn sniff(bytes: &[u8]) -> Option<Format> {
    if bytes.starts_with(&binary::MAGIC) {
        return Some(Format::Binary);
    }
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match text.iter().find(|byte| !byte.is_ascii_whitespace())? {
        b'{' => Some(Format::JsonLines),
        b'<' => Some(Format::OpenPsa),
        _ => None,
    }
}
