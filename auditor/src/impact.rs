//! `avow impact`: what falls when something fails, and why: for each component the need that is no longer met, what of it is
//! down, and where the model says so.
//!
//! Reasons come in the order in which things fall, so that each rests on what stands above it. What a model says is taken as
//! it is.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use independence::analysis::{Impact as After, Reading, Step};
use independence::fault_graph::{FaultGraph, Gate, Vertex};
use serde_json::{Value, json};

use crate::progress::Progress;
use crate::render::groups::cell;
use crate::render::{columns, printable};
use crate::risk::{Ending, Form, Memory, Unknown, read};

/// Most names that a reason lists in a table.
const NAMES_MAX: usize = 5;

const EXAMPLES: &str = "\
Examples:
  avow impact region.jsonl --fail az1_pdu_a,az1_pdu_b
  avow impact region.jsonl --fail az1_pdu_a,az1_pdu_b --why zone-1    only what leads to it
  avow impact plant.xml --fail valve-7 -o csv";

/// `avow impact`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Impact {
    /// The model: JSON lines, Open-PSA MEF, or the binary form.
    model: PathBuf,
    /// What fails, all of it together; separated by commas, or given again.
    #[arg(long, value_name = "X,Y", required = true, value_delimiter = ',')]
    fail: Vec<String>,
    /// Only the reasons that lead to this component.
    #[arg(long, value_name = "NAME")]
    why: Option<String>,
    #[command(flatten)]
    memory: Memory,
    /// How to print.
    #[arg(short, long, value_enum, default_value_t)]
    output: Form,
}

impl Impact {
    /// Answers, as text.
    ///
    /// # Errors
    /// When the model cannot be read, or has no such component.
    pub fn run(&self) -> anyhow::Result<(String, Ending)> {
        let progress = Progress::start("reading the model");
        let model = read(&self.model, &self.memory)?;
        let graph = &model.graph;
        let find = |name: &String| graph.find(name).ok_or_else(|| Unknown(name.clone()));
        let failed: Vec<Vertex> = self.fail.iter().map(find).collect::<Result<_, _>>()?;
        let why = self.why.as_ref().map(find).transpose()?;
        let [before, after] = [&[][..], &failed].map(|failed| After::of(graph, failed, Reading::Pessimistic));
        let failed: BTreeSet<Vertex> = failed.into_iter().collect();
        let changed = |from: &After<'_>, to: &After<'_>| -> Vec<Vertex> {
            let goes = |vertex: &Vertex| !from.is_down(*vertex) && to.is_down(*vertex) && !failed.contains(vertex);
            graph.vertices().filter(goes).collect()
        };
        // What a failure brings back is possible only where a formula has a negation.
        let (falls, rises) = (changed(&before, &after), changed(&after, &before));
        let of = why.map_or_else(|| falls.clone(), |why| vec![why]);
        let mut steps = after.witness(&of);
        steps.retain(|step| step.gate.is_some());
        drop(progress);
        let shown = Shown { graph, failed: &self.fail, falls, rises, steps, why: self.why.as_deref() };
        let text = match self.output {
            Form::Table => shown.table(),
            Form::Json => serde_json::to_string_pretty(&shown.json())? + "\n",
            Form::Csv => shown.csv(),
        };
        Ok((text, Ending::Answered))
    }
}

/// What is printed of an answer.
struct Shown<'a> {
    graph: &'a FaultGraph,
    failed: &'a [String],
    falls: Vec<Vertex>,
    rises: Vec<Vertex>,
    steps: Vec<Step>,
    why: Option<&'a str>,
}

impl Shown<'_> {
    /// Parts of formulas have no names.
    fn names(&self, vertices: &[Vertex]) -> Vec<&str> {
        let mut names: Vec<&str> =
            vertices.iter().map(|&vertex| self.graph.name(vertex)).filter(|name| !name.is_empty()).collect();
        names.sort_unstable();
        names
    }

    fn name(&self, vertex: Vertex) -> &str {
        let name = self.graph.name(vertex);
        if name.is_empty() { "(part of a formula)" } else { name }
    }

    fn line(&self, step: &Step) -> Option<u32> {
        step.gate.and_then(|gate| self.graph.gate(gate).evidence)
    }

    fn table(&self) -> String {
        let failed = self.failed.join(", ");
        let fails = if self.failed.len() == 1 { "fails" } else { "fail" };
        let others = match self.names(&self.falls).len() {
            1 => "1 other is down".to_owned(),
            count => format!("{count} others are down"),
        };
        let mut text = format!("when {} {fails}, {others}\n", printable(&failed));
        if let Some(why) = self.why
            && self.steps.is_empty()
        {
            let _ = writeln!(text, "{}: nothing brings it down", printable(why));
        }
        let row = |step: &Step| {
            let line = self.line(step).map_or_else(|| "-".to_owned(), |line| line.to_string());
            [self.name(step.vertex).to_owned(), self.because(step), line]
        };
        let rows: Vec<[String; 3]> = self.steps.iter().map(row).collect();
        if !rows.is_empty() {
            let _ = write!(text, "\n{}", columns(["DOWN", "BECAUSE", "LINE"], &rows));
        }
        let rows: Vec<[String; 1]> = self.names(&self.rises).into_iter().map(|name| [name.to_owned()]).collect();
        if !rows.is_empty() {
            let _ = write!(text, "\n{}", columns(["NO LONGER DOWN"], &rows));
        }
        text
    }

    /// A reason, as one says it.
    fn because(&self, step: &Step) -> String {
        let Some(view) = step.gate.map(|gate| self.graph.gate(gate)) else { return "it failed".to_owned() };
        let mut names: Vec<&str> = step.because_of.iter().take(NAMES_MAX).map(|&vertex| self.name(vertex)).collect();
        let more = format!("{} more", step.because_of.len().saturating_sub(NAMES_MAX));
        if step.because_of.len() > NAMES_MAX {
            names.push(&more);
        }
        let (down, are) = (names.join(", "), if step.because_of.len() == 1 { "is" } else { "are" });
        let of = view.arguments.len();
        match view.gate {
            Gate::AtLeast(_) if of == 1 => format!("it needs {down}, which is down"),
            Gate::AtLeast(1) => format!("it needs all of {of}, and {down} is down"),
            Gate::AtLeast(min) => format!("it needs {} of {of}, and {down} {are} down", of - min as usize + 1),
            Gate::Or => format!("{down} is down"),
            Gate::And => format!("{down} {are} down"),
            Gate::Always => "it is always down".to_owned(),
            gate if step.because_of.is_empty() => format!("`{gate}` holds while none of {of} is down"),
            gate => format!("`{gate}` of {of} holds while {down} {are} down"),
        }
    }

    fn json(&self) -> Value {
        let reason = |step: &Step| {
            let view = step.gate.map(|gate| self.graph.gate(gate));
            json!({
                "component": self.graph.name(step.vertex),
                "gate": view.as_ref().map(|view| view.gate.to_string()),
                "arguments": view.as_ref().map(|view| view.arguments.len()),
                "because_of": step.because_of.iter().map(|&vertex| self.graph.name(vertex)).collect::<Vec<_>>(),
                "line": self.line(step),
            })
        };
        json!({
            "failed": self.failed,
            "down": self.names(&self.falls),
            "no_longer_down": self.names(&self.rises),
            "reasons": self.steps.iter().map(reason).collect::<Vec<_>>(),
        })
    }

    fn csv(&self) -> String {
        let mut text = "change,component,because_of,line\r\n".to_owned();
        for step in &self.steps {
            let because_of: Vec<&str> = step.because_of.iter().map(|&vertex| self.graph.name(vertex)).collect();
            let line = self.line(step).map_or_else(String::new, |line| line.to_string());
            let name = cell(self.graph.name(step.vertex));
            let _ = write!(text, "down,{name},{},{line}\r\n", cell(&because_of.join("; ")));
        }
        for name in self.names(&self.rises) {
            let _ = write!(text, "no longer down,{},,\r\n", cell(name));
        }
        text
    }
}
