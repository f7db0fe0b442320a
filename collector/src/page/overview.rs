//! The first page: how things stand, in one sentence for each region and a few counts.

use std::collections::BTreeSet;

use axum::extract::State;
use descriptors::declaration::Region;
use descriptors::id::ZoneId;
use descriptors::report::Origin;
use independence::{Assessment, Audit, Finding, Outcome, Verdict};
use maud::{Markup, html};

use super::{Frame, Page, verdicts, view};
use crate::api::shape;
use crate::http::{App, View};

pub(super) async fn page(state: State<App>) -> Page {
    let (app, view) = view(state).await?;
    let audit = view.standing.outcome.as_ref().and_then(|outcome| outcome.audit.as_ref());
    let content = html! {
        h1 { @match &view.topology.declaration {
            Some(signed) => (signed.declaration.provider.name),
            None => "No declaration yet",
        } }
        (sentences(&view, audit))
        ul.tiles {
            li { (agents(&view)) }
            li { (claims(audit)) }
            li { (credentials(&view)) }
            li { (origins(&view)) }
        }
        @if let Some(audit) = audit {
            h2 { "Are the zones independent?" }
            (verdicts::matrix(audit))
            (findings(audit))
        }
    };
    Frame { title: "Overview", path: "/", json: "/v1/verdicts" }.page(&app, &view, content)
}

fn sentences(view: &View, audit: Option<&Audit>) -> Markup {
    let Some(signed) = &view.topology.declaration else {
        return html! {
            p.sentence {
                "Nothing is claimed: a declaration has to be loaded. Nodes can report meanwhile. Write one and check it with "
                code { "avow-collector declaration check FILE" } "."
            }
        };
    };
    html! { @for region in &signed.declaration.regions { (sentence(region, audit)) } }
}

/// One sentence, about the worst there is.
fn sentence(region: &Region, audit: Option<&Audit>) -> Markup {
    let zones: BTreeSet<&ZoneId> =
        region.datacenters.iter().flat_map(|dc| &dc.availability_zones).map(|zone| &zone.id).collect();
    let place = html! { strong { (region.id) } " (" (zones.len()) " availability zones): " };
    let Some(audit) = audit else {
        return html! { p.sentence { (place) "not checked yet." } };
    };
    let here: Vec<&Assessment> = audit
        .assessments
        .iter()
        .filter(|assessment| assessment.zones.iter().all(|zone| zones.contains(zone)))
        .collect();
    let of = |outcome| here.iter().filter(move |assessment| assessment.verdict.outcome() == outcome);
    let undetermined = of(Outcome::Undetermined).count();
    if let Some(worst) = of(Outcome::Dependent).next() {
        let others = of(Outcome::Dependent).count() - 1;
        let names: Vec<&str> = worst.zones.iter().map(ZoneId::as_str).collect();
        return html! {
            p.sentence.dependent {
                (place) (names.join(" and ")) @if names.len() > 1 { " are not independent: " } @else { " is not redundant: " }
                a href=(verdicts::path(worst)) { (worst.reason()) }
                " (" (worst.dimension) ")"
                @if others > 0 { ", and " (others) " more checks found a dependence" }
                @if undetermined > 0 { "; " (undetermined) " of " (here.len()) " checks cannot be decided for lack of evidence" }
                "."
            }
        };
    }
    if undetermined > 0 {
        return html! {
            p.sentence { (place) "whether the zones are independent cannot be told in " (undetermined) " of " (here.len()) " checks: evidence is missing." }
        };
    }
    if here.is_empty() {
        return html! { p.sentence { (place) "nothing is claimed." } };
    }
    let assurance = here.iter().filter_map(|assessment| match &assessment.verdict {
        Verdict::Independent { assurance, .. } => Some(*assurance),
        _ => None,
    });
    html! {
        p.sentence.independent {
            (place) "independent in all " (here.len()) " checks"
            @if let Some(assurance) = assurance.min() { ", as far as what is " (assurance) " goes" }
            "."
        }
    }
}

fn agents(view: &View) -> Markup {
    let nodes = &view.topology.nodes;
    let stale = nodes.iter().filter(|node| node.is_stale(view.now)).count();
    let silent = shape::silent(view).len();
    html! {
        h2 { a href="/nodes" { "Agents" } }
        dl {
            dt { "● reporting" } dd { (nodes.len() - stale) }
            (count("◐ stale", stale))
            (count("○ declared and silent", silent))
            @if !view.topology.left_out.is_empty() { (count("⊘ shut out or forgotten", view.topology.left_out.len())) }
        }
    }
}

fn origins(view: &View) -> Markup {
    let of = |origin| view.topology.nodes.iter().filter(|node| node.report.origin == origin).count();
    html! {
        h2 { "Where facts come from" }
        dl {
            dt { "real" } dd { (of(Origin::Real)) }
            (count("⚠ captured", of(Origin::Captured)))
            (count("⚠ simulated", of(Origin::Simulated)))
        }
    }
}

fn claims(audit: Option<&Audit>) -> Markup {
    html! {
        h2 { a href="/verdicts" { "Verdicts" } }
        @match audit {
            None => { p.soft { "Not checked yet." } }
            Some(audit) => {
                dl {
                    (count("✗ dependent", audit.count(Outcome::Dependent)))
                    (count("? undetermined", audit.count(Outcome::Undetermined)))
                    (count("✓ independent", audit.count(Outcome::Independent)))
                }
            }
        }
    }
}

fn credentials(view: &View) -> Markup {
    let of = |status| view.credentials.iter().filter(|issued| shape::status(issued, view.now) == status).count();
    html! {
        h2 { a href="/credentials" { "Credentials" } }
        dl {
            dt { "✓ valid" } dd { (of("valid")) }
            (count("◐ expiring", of("expiring")))
            (count("✗ expired", of("expired")))
        }
    }
}

fn count(word: &str, number: usize) -> Markup {
    let class = (number == 0).then_some("none");
    html! { dt class=[class] { (word) } dd class=[class] { (number) } }
}

/// What an audit saw beside its verdicts.
pub(super) fn findings(audit: &Audit) -> Markup {
    html! {
        h2 #findings { "Findings and contradictions" }
        @if audit.findings.is_empty() {
            p.soft { "None: nothing that was declared contradicts what was observed." }
        } @else {
            div.scroll {
                table {
                    thead { tr { th scope="col" { "Code" } th scope="col" { "What was seen" } } }
                    tbody {
                        @for finding in &audit.findings { (row(finding)) }
                    }
                }
            }
        }
    }
}

fn row(finding: &Finding) -> Markup {
    html! { tr { td.word { code { (finding.code()) } } td { (finding) } } }
}
