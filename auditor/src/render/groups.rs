//! Risk groups as a table, as JSON and as CSV.
//!
//! Names come from whoever wrote the model. A table and CSV show control characters escaped; a CSV cell that a spreadsheet
//! would take for a formula gets an apostrophe before it. JSON has its own escapes, and keeps names as they are.

use std::fmt::Write as _;

use independence::fault_graph::{FaultGraph, Vertex};
use serde_json::{Value, json};

use super::{columns, printable};
use crate::importance::{self, Probability};
use crate::search::{Found, Reached};

/// What is printed of an answer.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a> {
    /// The graph that was searched.
    pub graph: &'a FaultGraph,
    /// The name of the top event.
    pub top: &'a str,
    /// What was found.
    pub found: &'a Found,
    /// Whether only counts were asked for.
    pub only_counts: bool,
    /// How probable the top event is, where that was asked.
    pub probability: Option<&'a Probability>,
}

fn number(count: u128) -> String {
    if count == u128::MAX { "2^128 or more".to_owned() } else { count.to_string() }
}

fn names<'a>(graph: &'a FaultGraph, group: &[Vertex]) -> Vec<&'a str> {
    group.iter().map(|&vertex| graph.name(vertex)).collect()
}

/// The probability that all of a group fail, where each is known.
pub fn probability(graph: &FaultGraph, group: &[Vertex]) -> Option<f64> {
    group.iter().try_fold(1.0, |product, &vertex| Some(product * graph.event(vertex)?.probability?))
}

/// What the answer covers, in a sentence.
fn coverage(found: &Found) -> String {
    match &found.reached {
        Reached::All => "complete: all orders".to_owned(),
        Reached::Order(order) => format!("complete up to order {order}"),
        Reached::GaveUp { known_to: Some(order), why } => {
            format!("GAVE UP at order {}: {why}; known so far: everything up to order {order}", order + 1)
        }
        Reached::GaveUp { known_to: None, why } => format!("GAVE UP: {why}; nothing is known"),
    }
}

/// For people.
pub fn table(shown: &Shown<'_>) -> String {
    let Shown { graph, found, .. } = *shown;
    let rows: Vec<[String; 2]> = (0..)
        .zip(&found.counts)
        .filter(|(order, count)| *order > 0 || **count > 0)
        .map(|(order, count): (u32, _)| [order.to_string(), number(*count)])
        .collect();
    let total = found.total().map_or_else(|| number(u128::MAX), number);
    let mut text = format!("{}: {total} minimal risk groups, {}\n", printable(shown.top), coverage(found));
    if let Some(probability) = shown.probability {
        let _ = writeln!(text, "{}", importance::sentence(probability));
    }
    if found.counts.first().is_some_and(|&count| count > 0) {
        text.push_str("It fails with nothing failed: no group is needed.\n");
    }
    if rows.is_empty() {
        return text;
    }
    let _ = write!(text, "\n{}", columns(["ORDER", "GROUPS"], &rows));
    if shown.only_counts || found.groups.is_empty() {
        return text;
    }
    let row = |group: &Vec<Vertex>| {
        let probability = probability(graph, group).map_or_else(|| "-".to_owned(), |value| format!("{value:.3e}"));
        [group.len().to_string(), probability, names(graph, group).join(", ")]
    };
    let rows: Vec<[String; 3]> = found.groups.iter().map(row).collect();
    let _ = write!(text, "\n{}", columns(["ORDER", "PROBABILITY", "GROUP"], &rows));
    if found.total() != Some(found.groups.len() as u128) {
        let _ = writeln!(text, " … the first {} of {total}; more with --limit N", found.groups.len());
    }
    text
}

/// For programs.
pub fn json(shown: &Shown<'_>) -> Value {
    let found = shown.found;
    let count = |count: u128| if count == u128::MAX { Value::Null } else { json!(count) };
    let counts: Vec<Value> =
        (0_u32..).zip(&found.counts).map(|(order, &groups)| json!({"order": order, "groups": count(groups)})).collect();
    let mut value = json!({
        "top": shown.top,
        "complete": !matches!(found.reached, Reached::GaveUp { .. }),
        "counts": counts,
        "total": found.total().map_or(Value::Null, |total| json!(total)),
    });
    value["order"] = match &found.reached {
        Reached::All => json!("all"),
        Reached::Order(order) => json!(order),
        Reached::GaveUp { known_to, why } => {
            value["gave_up"] = json!(why);
            json!(known_to)
        }
    };
    if let Some(probability) = shown.probability {
        value["probability"] = importance::value(probability);
    }
    if !shown.only_counts {
        let group = |group: &Vec<Vertex>| {
            json!({
                "order": group.len(),
                "components": names(shown.graph, group),
                "probability": probability(shown.graph, group),
            })
        };
        value["groups"] = found.groups.iter().map(group).collect();
    }
    value
}

/// For spreadsheets: a row for each order, or for each member of each group.
pub fn csv(shown: &Shown<'_>) -> String {
    let mut text = String::new();
    if shown.only_counts {
        text.push_str("order,groups\r\n");
        for (order, count) in shown.found.counts.iter().enumerate() {
            let _ = write!(text, "{order},{}\r\n", number(*count));
        }
        return text;
    }
    text.push_str("group,order,probability,component\r\n");
    for (index, group) in shown.found.groups.iter().enumerate() {
        let probability = probability(shown.graph, group).map_or_else(String::new, |value| value.to_string());
        for name in names(shown.graph, group) {
            let _ = write!(text, "{},{},{probability},{}\r\n", index + 1, group.len(), cell(name));
        }
    }
    text
}

/// A cell, by RFC 4180.
pub fn cell(text: &str) -> String {
    let mut shown = printable(text).into_owned();
    if shown.starts_with(['=', '+', '-', '@']) {
        shown.insert(0, '\'');
    }
    if shown.contains([',', '"']) { format!("\"{}\"", shown.replace('"', "\"\"")) } else { shown }
}
