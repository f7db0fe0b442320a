//! Nodes: how each stands, and every fact of its last report.
//!
//! Facts are shown as they come, without knowing their kinds: a new fact needs no new page.

use axum::extract::{Path, State};
use descriptors::id::NodeId;
use maud::{Markup, html};
use serde_json::Value;

use super::{Failed, Frame, Page, ago, origin_sign, standing_sign, time, view};
use crate::api::problem::Problem;
use crate::api::shape::{self, NodeSummary, TpmSummary};
use crate::http::{App, View};
use crate::topology::{Node, Places};

pub(super) async fn page(state: State<App>) -> Page {
    let (app, view) = view(state).await?;
    let (silent, places) = (shape::silent(&view), view.topology.places());
    let content = html! {
        h1 { "Nodes" }
        @if view.topology.nodes.is_empty() && silent.is_empty() {
            p { "No node was heard yet. Make a join token with " code { "avow-collector token NODE" } " and start an agent with it." }
        } @else {
            div.scroll { table {
                thead { tr {
                    th scope="col" { "Node" } th scope="col" { "Standing" } th scope="col" { "Facts are" } th scope="col" { "Zone" }
                    th scope="col" { "Rack" } th scope="col" { "Key bound to" } th scope="col" { "Last heard" } th.number scope="col" { "Statements" }
                } }
                tbody {
                    @for node in &view.topology.nodes { (row(&view, &places, node)) }
                    @for node in &silent { (silent_row(&places, node)) }
                }
            } }
        }
        @if !view.topology.left_out.is_empty() {
            h2 { "Stored, and no evidence" }
            ul { @for (node, why) in &view.topology.left_out { li { (node) ": " (why.as_str()) } } }
        }
    };
    Frame { title: "Nodes", path: "/nodes", json: "/v1/nodes" }.page(&app, &view, content)
}

fn row(view: &View, places: &Places<'_>, node: &Node) -> Markup {
    let summary = NodeSummary::of(view, places, node);
    html! {
        tr {
            th scope="row" { a href={ "/nodes/" (node.latest.node) } { (summary.node) } }
            td.word { (standing_sign(summary.standing)) }
            td.word { (origin_sign(node.report.origin)) }
            td { (place(summary.zone.as_deref())) }
            td { (place(summary.rack.as_deref())) }
            td.word { (chip(&summary.tpm)) }
            td.when { (time(node.latest.heard_at)) " " span.soft { (ago(view.now, node.latest.heard_at)) } }
            td.number { (summary.statements) }
        }
    }
}

fn silent_row(places: &Places<'_>, node: &NodeId) -> Markup {
    let declared = places.of(node);
    html! {
        tr {
            th scope="row" { (node) }
            td.word { (standing_sign("silent")) }
            td { span.soft { "–" } }
            td { (place(declared.map(|place| place.zone.id.as_str()))) }
            td { (place(declared.map(|place| place.rack.id.as_str()))) }
            td { span.soft { "–" } }
            td { span.absent { "never" } }
            td.number { "0" }
        }
    }
}

fn place(name: Option<&str>) -> Markup {
    match name {
        Some(name) => html! { (name) },
        None => html! { span.absent { "not declared" } },
    }
}

/// What binds the node's key to a chip, in a few words.
fn chip(tpm: &TpmSummary) -> Markup {
    match tpm.standing {
        _ if tpm.simulated => html! { "a simulated TPM" },
        "attested" => html! { "TPM, certified by " (tpm.certified_by.as_deref().unwrap_or_default()) },
        "unknown_maker" => html! { "TPM, maker unknown" },
        "refused" => html! { span.absent { "nothing: its TPM was refused" } },
        "ended" => html! { span.absent { "nothing: what bound it has ended" } },
        _ => html! { span.absent { "nothing: it showed no TPM" } },
    }
}

fn chip_details(tpm: &TpmSummary) -> Markup {
    let line = |name: &str, value: &Option<String>| {
        html! {
            @if let Some(value) = value { li { (name) " " code { (value) } } }
        }
    };
    html! {
        @if tpm.standing == "unknown_maker" {
            p.soft { "Nobody who is trusted says what answered: it may be a program. What answered was the same all the time." }
        }
        ul {
            (line("endorsement key", &tpm.endorsement_key))
            (line("before, the endorsement key", &tpm.earlier_endorsement_key))
            (line("serial number of its certificate", &tpm.certificate_serial))
            (line("maker and model", &tpm.device))
            (line("firmware", &tpm.firmware_version))
            (line("answered a challenge at", &tpm.activated_at))
            (line("counts until", &tpm.valid_until))
            @if let Some(reason) = &tpm.reason {
                li { @match &tpm.refused_at { Some(at) => { "refused at " (at) ": " } None => { "maker unknown: " } } (reason) }
            }
        }
        @if !tpm.registers.is_empty() {
            details {
                summary { "Registers 0 to 7, as the TPM signed them" }
                ol start="0" { @for register in &tpm.registers { li { code { (register) } } } }
            }
        }
    }
}

pub(super) async fn detail(state: State<App>, Path(name): Path<String>) -> Page {
    let (app, view) = view(state).await?;
    let none = || Failed(Problem::not_found("no such node was heard"));
    let node = view.topology.node(&name).ok_or_else(none)?.clone();
    let sequences = app.store.sequences(&node.latest.node).await;
    let gaps = shape::gaps(&sequences.map_err(|error| Problem::unavailable(&error))?);
    let facts = serde_json::to_value(&node.report.facts).map_err(|error| Problem::unavailable(&error))?;
    let content = content(&view, &node, &gaps, &facts);
    let (path, json) = (format!("/nodes/{}", node.latest.node), format!("/v1/nodes/{}", node.latest.node));
    Frame { title: node.latest.node.as_str(), path: &path, json: &json }.page(&app, &view, content)
}

fn content(view: &View, node: &Node, gaps: &[(u64, u64)], facts: &Value) -> Markup {
    let summary = NodeSummary::of(view, &view.topology.places(), node);
    let lost: u64 = gaps.iter().map(|(from, to)| to - from + 1).sum();
    html! {
        p.crumbs { a href="/nodes" { "Nodes" } }
        h1 { (summary.node) " " (standing_sign(summary.standing)) }
        div.scroll { table { tbody {
            tr { th scope="row" { "Facts are" } td { (origin_sign(node.report.origin)) } }
            tr { th scope="row" { "Place" } td { (place(summary.zone.as_deref())) " / " (place(summary.rack.as_deref())) } }
            tr { th scope="row" { "Last heard" } td { (time(node.latest.heard_at)) " " span.soft { (ago(view.now, node.latest.heard_at)) } } }
            tr { th scope="row" { "Report received" } td { (time(node.latest.received_at)) span.soft { ", taken at " (time(node.report.taken_at)) " by the node's clock" } } }
            tr { th scope="row" { "Statements" } td { (summary.statements) " stored, highest number " (summary.sequence)
                @if lost > 0 { ", " strong { (lost) " never arrived" } } } }
            tr { th scope="row" { "Report" } td { code { (summary.report_digest) } } }
            tr { th scope="row" { "Signed by" } td { code { (summary.report_key) } } }
            tr { th scope="row" { "Agent" } td { (summary.agent_version) } }
            tr { th scope="row" { "Key bound to" } td { (chip(&summary.tpm)) (chip_details(&summary.tpm)) } }
        } } }
        h2 { "Facts" }
        @if let Some(sources) = facts.as_object() {
            @for (source, reading) in sources {
                h3 { (source) }
                div.facts { (value(inner(reading), 0)) }
            }
            @if sources.is_empty() { p.soft { "The report holds no facts." } }
        }
    }
}

/// A present fact without the name of its kind, which is that of its source.
fn inner(reading: &Value) -> &Value {
    match reading["present"].as_object() {
        Some(fact) if fact.len() == 1 => fact.values().next().unwrap_or(reading),
        _ => reading,
    }
}

/// Deepest nesting that is drawn as tables; what lies deeper is shown as JSON.
const DEPTH_MAX: usize = 6;

fn value(shown: &Value, depth: usize) -> Markup {
    match shown {
        Value::Object(members) if members.len() == 1 && members.contains_key("present") => {
            value(&members["present"], depth)
        }
        Value::Object(members) if members.len() == 1 && members.contains_key("absent") => absent(&members["absent"]),
        Value::Object(_) | Value::Array(_) if depth >= DEPTH_MAX => html! { code { (shown.to_string()) } },
        Value::Object(members) => html! {
            div.scroll { table { tbody {
                @for (name, member) in members { tr { th scope="row" { (words(name)) } td { (value(member, depth + 1)) } } }
            } } }
        },
        Value::Array(items) if items.is_empty() => html! { span.soft { "none" } },
        Value::Array(items) if items.iter().all(|item| !item.is_object() && !item.is_array()) => {
            let texts: Vec<String> = items.iter().map(scalar).collect();
            html! { (texts.join(", ")) }
        }
        Value::Array(items) => html! { @for item in items { (value(item, depth + 1)) } },
        scalar_value => html! { (scalar(scalar_value)) },
    }
}

fn absent(absence: &Value) -> Markup {
    let text = |name: &str| absence[name].as_str().unwrap_or_default().to_owned();
    html! { span.absent { (words(&text("reason"))) ": " (text("detail")) } }
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Null => "–".to_owned(),
        other => other.to_string(),
    }
}

fn words(name: &str) -> String {
    name.replace('_', " ")
}
