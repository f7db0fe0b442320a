//! `avow importance`, and the probability of a top event: exact where a decision diagram fits, else within stated bounds.
//!
//! Own failures are taken to be independent of each other. A component whose probability nobody gives is not taken for one
//! that never fails: without all of them there is no answer.

use clap::Args;
use independence::bdd::{self, Bounds, Diagram, DiagramError};
use independence::fault_graph::{FaultGraph, Vertex};
use serde_json::{Value, json};

use std::fmt::Write as _;
use std::io::Write as _;

use crate::progress::Progress;
use crate::render::groups::cell;
use crate::render::{columns, printable};
use crate::risk::{Ending, Form, Subject, left};

/// Nodes of a diagram, beyond which bounds are the answer.
const NODES_MAX: usize = 1 << 23;
/// Most names that an error lists.
const NAMES_MAX: usize = 5;

const EXAMPLES: &str = "\
Examples:
  avow importance plant.xml
  avow importance region.jsonl --top zones-1-and-2 --limit 50 -o csv > importance.csv

Measures, for P the probability of the top event:
  birnbaum         P while it has failed, less P while it works
  criticality      the share of P that would go if it never failed
  fussell-vesely   the share of the groups it is in, in the sum of the probabilities of all minimal risk groups

Exit codes: 0 answered, 2 usage, or nothing by that name, 5 the model cannot be read, or a probability is missing, 6 no
decision diagram of the model fits the memory limit: P is told within bounds, and nothing of its components.";

/// `avow importance`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Importance {
    #[command(flatten)]
    subject: Subject,
    /// How many components to list, those with the largest share first.
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: usize,
    /// How to print.
    #[arg(short, long, value_enum, default_value_t)]
    output: Form,
}

/// Why there is no probability.
#[derive(Debug, thiserror::Error)]
pub enum ProbabilityError {
    /// Not all are given.
    #[error("{missing} of {of} components that `{top}` depends on have no probability ({some}): give each a `p`")]
    Missing {
        /// The top event.
        top: String,
        /// So many have none.
        missing: usize,
        /// So many there are.
        of: usize,
        /// The first few.
        some: String,
    },
    /// Not even bounds.
    #[error("the model cannot be analysed")]
    Formula(#[source] DiagramError),
}

/// The probability of a top event.
#[derive(Debug, Clone, PartialEq)]
pub enum Probability {
    /// Up to rounding.
    Exact(f64),
    /// No diagram fits: it lies between.
    Between(Bounds, DiagramError),
}

/// What each component has to do with a top event.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Measures {
    vertex: Vertex,
    probability: f64,
    birnbaum: f64,
    criticality: f64,
    /// None where the groups do not fit.
    fussell_vesely: Option<f64>,
}

/// The probability of `top`.
///
/// # Errors
/// When a probability is missing, or a circle of needs is too large.
pub fn probability(graph: &FaultGraph, top: Vertex, memory_bytes: u64) -> Result<Probability, ProbabilityError> {
    all_given(graph, top)?;
    match diagram(graph, top, memory_bytes) {
        Ok(diagram) => Ok(Probability::Exact(diagram.probability(&|vertex| given(graph, vertex)))),
        Err(error) => within(graph, top, memory_bytes, error),
    }
}

fn diagram(graph: &FaultGraph, top: Vertex, memory_bytes: u64) -> Result<Diagram, DiagramError> {
    let limits = bdd::Limits { memory_bytes_max: memory_bytes / 2, nodes_max: NODES_MAX };
    Diagram::of(graph, top, &|vertex| graph.event(vertex).is_some(), limits)
}

fn within(
    graph: &FaultGraph,
    top: Vertex,
    memory_bytes: u64,
    error: DiagramError,
) -> Result<Probability, ProbabilityError> {
    let of = |vertex| given(graph, vertex);
    let bounds = bdd::bounds(graph, top, &|vertex| graph.event(vertex).is_some(), &of, memory_bytes);
    Ok(Probability::Between(bounds.map_err(ProbabilityError::Formula)?, error))
}

/// Asked only where [`all_given`] holds; certain is as bad as can be.
fn given(graph: &FaultGraph, vertex: Vertex) -> f64 {
    graph.event(vertex).and_then(|event| event.probability).unwrap_or(1.0)
}

fn all_given(graph: &FaultGraph, top: Vertex) -> Result<(), ProbabilityError> {
    let mut seen = vec![false; graph.len()];
    let (mut of, mut missing) = (0, Vec::new());
    let mut open = vec![top];
    seen[top.index()] = true;
    while let Some(vertex) = open.pop() {
        if let Some(event) = graph.event(vertex) {
            of += 1;
            if event.probability.is_none() {
                missing.push(vertex);
            }
        }
        for argument in graph.gates(vertex).flat_map(|gate| gate.arguments) {
            if !std::mem::replace(&mut seen[argument.vertex().index()], true) {
                open.push(argument.vertex());
            }
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    missing.sort_unstable();
    let some: Vec<&str> = missing.iter().take(NAMES_MAX).map(|&vertex| graph.name(vertex)).collect();
    let dots = if missing.len() > NAMES_MAX { ", …" } else { "" };
    let some = printable(&(some.join(", ") + dots)).into_owned();
    Err(ProbabilityError::Missing { top: printable(graph.name(top)).into_owned(), missing: missing.len(), of, some })
}

impl Importance {
    /// Answers, as text.
    ///
    /// # Errors
    /// When the model cannot be read, or a probability is missing.
    pub fn run(&self) -> anyhow::Result<(String, Ending)> {
        let progress = Progress::start("reading the model");
        let model = self.subject.read()?;
        let graph = &model.graph;
        let top = model.top(self.subject.top())?;
        all_given(graph, top)?;
        progress.step("building the decision diagram");
        let memory = left(self.subject.memory(), graph);
        let (probability, measures) = match diagram(graph, top, memory) {
            Err(error) => (within(graph, top, memory, error)?, Vec::new()),
            Ok(diagram) => {
                progress.step("computing importances");
                let exact = Probability::Exact(diagram.probability(&|vertex| given(graph, vertex)));
                (exact, measures(graph, &diagram, memory))
            }
        };
        drop(progress);
        let name = graph.name(top);
        let listed = &measures[..measures.len().min(self.limit)];
        let text = match self.output {
            Form::Table => table(graph, name, &probability, listed, measures.len()),
            Form::Json => {
                serde_json::to_string_pretty(&json(graph, name, &probability, listed, measures.len()))? + "\n"
            }
            Form::Csv => csv(graph, listed),
        };
        match probability {
            Probability::Exact(_) => Ok((text, Ending::Answered)),
            Probability::Between(_, why) => {
                let _ = writeln!(
                    std::io::stderr(),
                    "gave up: {why}; known so far: {name} within bounds; raise --max-memory"
                );
                Ok((text, Ending::GaveUp))
            }
        }
    }
}

/// Those with the largest share first, those of one share by name.
fn measures(graph: &FaultGraph, diagram: &Diagram, memory_bytes: u64) -> Vec<Measures> {
    let of = |vertex| given(graph, vertex);
    let groups = diagram.risk_groups(None, memory_bytes / 2).ok();
    let shares = groups.map(|groups| groups.fussell_vesely(&of));
    let mut measures: Vec<Measures> = diagram
        .importance(&of)
        .into_iter()
        .enumerate()
        .map(|(at, importance)| Measures {
            vertex: importance.vertex,
            probability: of(importance.vertex),
            birnbaum: importance.birnbaum,
            criticality: importance.criticality,
            // Both are in the order of the graph.
            fussell_vesely: shares.as_ref().and_then(|shares| shares.get(at)).map(|(_, share)| *share),
        })
        .collect();
    let by = |a: &Measures, b: &Measures| {
        let share = |of: &Measures| of.fussell_vesely.unwrap_or(0.0);
        let shares = share(b).total_cmp(&share(a)).then(b.criticality.total_cmp(&a.criticality));
        shares.then_with(|| graph.name(a.vertex).cmp(graph.name(b.vertex)))
    };
    measures.sort_by(by);
    measures
}

/// The probability, as one says it.
pub fn sentence(probability: &Probability) -> String {
    match probability {
        Probability::Exact(value) => format!("probability {value:.6e}"),
        Probability::Between(bounds, why) => {
            format!("probability between {:.6e} and {:.6e}: {why}", bounds.lower, bounds.upper)
        }
    }
}

/// The probability, for programs.
pub fn value(probability: &Probability) -> Value {
    match probability {
        Probability::Exact(value) => json!({"exact": value}),
        Probability::Between(bounds, why) => {
            json!({"at_least": bounds.lower, "at_most": bounds.upper, "why_not_exact": why.to_string()})
        }
    }
}

fn table(graph: &FaultGraph, top: &str, probability: &Probability, listed: &[Measures], all: usize) -> String {
    let mut text = format!("{}: {}\n", printable(top), sentence(probability));
    if listed.is_empty() {
        return text;
    }
    let row = |of: &Measures| {
        let number = |value: f64| format!("{value:.4e}");
        let share = of.fussell_vesely.map_or_else(|| "-".to_owned(), number);
        let name = graph.name(of.vertex).to_owned();
        [name, number(of.probability), share, number(of.criticality), number(of.birnbaum)]
    };
    let rows: Vec<[String; 5]> = listed.iter().map(row).collect();
    let header = ["COMPONENT", "PROBABILITY", "FUSSELL-VESELY", "CRITICALITY", "BIRNBAUM"];
    let _ = write!(text, "\n{}", columns(header, &rows));
    if listed.len() < all {
        let _ = writeln!(text, " … the first {} of {all}; more with --limit N", listed.len());
    }
    text
}

fn json(graph: &FaultGraph, top: &str, probability: &Probability, listed: &[Measures], all: usize) -> Value {
    let of = |of: &Measures| {
        json!({
            "component": graph.name(of.vertex),
            "probability": of.probability,
            "fussell_vesely": of.fussell_vesely,
            "criticality": of.criticality,
            "birnbaum": of.birnbaum,
        })
    };
    let components: Vec<Value> = listed.iter().map(of).collect();
    json!({"top": top, "probability": value(probability), "components": components, "total": all})
}

fn csv(graph: &FaultGraph, listed: &[Measures]) -> String {
    let mut text = "component,probability,fussell_vesely,criticality,birnbaum\r\n".to_owned();
    for of in listed {
        let share = of.fussell_vesely.map_or_else(String::new, |share| share.to_string());
        let name = cell(graph.name(of.vertex));
        let _ = write!(text, "{name},{},{share},{},{}\r\n", of.probability, of.criticality, of.birnbaum);
    }
    text
}
