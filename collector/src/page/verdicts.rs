//! Verdicts: a matrix of zones and dimensions, and one page for each verdict with what it rests on.

use std::collections::BTreeSet;

use axum::extract::{Path, State};
use descriptors::component::{ComponentId, Dimension};
use descriptors::credential::independence_verdict;
use descriptors::id::{ClaimId, ZoneId};
use independence::verdict::Step;
use independence::{Assessment, Audit, Outcome, RiskGroup, Verdict};
use maud::{Markup, html};

use super::{Failed, Frame, Page, outcome_sign, overview, time, view};
use crate::api::problem::Problem;
use crate::http::{App, View};

pub(super) async fn page(state: State<App>) -> Page {
    let (app, view) = view(state).await?;
    let audit = view.standing.outcome.as_ref().and_then(|outcome| outcome.audit.as_ref());
    let content = html! {
        h1 { "Verdicts" }
        @match audit {
            None => { p { "Nothing was checked yet." } }
            Some(audit) => {
                p.soft { "As of " (time(audit.as_of)) ", on evidence " code { (audit.evidence) } "." }
                (matrix(audit))
                (overview::findings(audit))
            }
        }
    };
    Frame { title: "Verdicts", path: "/verdicts", json: "/v1/verdicts" }.page(&app, &view, content)
}

/// The address of a verdict. Names hold nothing that would have to be escaped.
pub(super) fn path(assessment: &Assessment) -> String {
    format!("/verdicts/{}/{}/{}", assessment.claim, zones(assessment, "+"), assessment.dimension)
}

fn zones(assessment: &Assessment, between: &str) -> String {
    assessment.zones.iter().map(ZoneId::as_str).collect::<Vec<_>>().join(between)
}

/// One table for each claim: pairs of zones by dimensions.
pub(super) fn matrix(audit: &Audit) -> Markup {
    let claims: BTreeSet<&ClaimId> = audit.assessments.iter().map(|assessment| &assessment.claim).collect();
    html! {
        @if claims.is_empty() { p.soft { "The declaration claims nothing, so there is nothing to check." } }
        @for claim in claims { (table(audit, claim)) }
    }
}

fn table(audit: &Audit, claim: &ClaimId) -> Markup {
    let here: Vec<&Assessment> = audit.assessments.iter().filter(|assessment| assessment.claim == *claim).collect();
    let dimensions: BTreeSet<Dimension> = here.iter().map(|assessment| assessment.dimension).collect();
    let rows: BTreeSet<&Vec<ZoneId>> = here.iter().map(|assessment| &assessment.zones).collect();
    let cell = |zones: &Vec<ZoneId>, dimension| {
        here.iter().find(|assessment| assessment.zones == *zones && assessment.dimension == dimension)
    };
    let profile = here.first().map(|assessment| assessment.profile.as_str()).unwrap_or_default();
    html! {
        div.scroll.apart {
            table.matrix {
                caption { "Claim " strong { (claim) } ", profile " (profile) }
                thead { tr { th scope="col" { "Zones" } @for dimension in &dimensions { th scope="col" { (dimension) } } } }
                tbody {
                    @for zones in rows {
                        tr {
                            th scope="row" { (zones.iter().map(ZoneId::as_str).collect::<Vec<_>>().join(" + ")) }
                            @for &dimension in &dimensions {
                                td { @match cell(zones, dimension) {
                                    Some(assessment) => (sign(assessment)),
                                    None => span.soft { "not asked" },
                                } }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn sign(assessment: &Assessment) -> Markup {
    let (words, class) = outcome_sign(assessment.verdict.outcome());
    html! { a class=(class) href=(path(assessment)) title=(assessment.reason()) { (words) } }
}

pub(super) async fn detail(state: State<App>, Path((claim, zones, dimension)): Path<(String, String, String)>) -> Page {
    let (app, view) = view(state).await?;
    let wanted = format!("/verdicts/{claim}/{zones}/{dimension}");
    let outcome = view.standing.outcome.clone();
    let audit = outcome.as_ref().and_then(|outcome| outcome.audit.as_ref());
    let found = audit.and_then(|audit| {
        audit.assessments.iter().find(|assessment| path(assessment) == wanted).map(|found| (audit, found))
    });
    let Some((audit, assessment)) = found else {
        return Err(Failed(Problem::not_found("there is no such verdict: the claim may have changed")));
    };
    let content = content(&app, &view, audit, assessment);
    Frame { title: &assessment.to_string(), path: &wanted, json: "/v1/verdicts" }.page(&app, &view, content)
}

fn content(app: &App, view: &View, audit: &Audit, assessment: &Assessment) -> Markup {
    let (words, class) = outcome_sign(assessment.verdict.outcome());
    html! {
        p.crumbs { a href="/verdicts" { "Verdicts" } " › " (assessment.claim) }
        h1 { (zones(assessment, " + ")) ", " (assessment.dimension) " " span class=(class) { (words) } }
        p { strong { (assessment.reason()) } }
        (match &assessment.verdict {
            Verdict::Dependent { shared, risk_groups, groups_by_order } => html! {
                h2 { "Shared components" }
                ul { @for component in shared { li { code { (component) } } } }
                h2 { "What fails together" }
                p { "Each group is a smallest one: if all of it fails, so do the zones; if one of it stays, they need not. " (orders(groups_by_order)) }
                @for (number, group) in risk_groups.iter().enumerate() { (risk_group(number + 1, group)) }
                @let found: u64 = groups_by_order.iter().sum();
                @if found > risk_groups.len() as u64 { p.soft { (found - risk_groups.len() as u64) " more groups are counted and not printed." } }
            },
            Verdict::Undetermined { missing } => html! {
                h2 { "What is missing" }
                p { "Absence of evidence is never independence. To get a verdict, declare or observe:" }
                ul { @for missing in missing { li { (missing) } } }
            },
            Verdict::Independent { assurance, order } => html! {
                p { "No group of up to " (order) " components fails the zones together. The weakest evidence this rests on is "
                    strong { (assurance) } "." }
                p.soft { "What this does not prove: a shared part that nobody declared and no node observed cannot be found." }
            },
        })
        (rests_on(app, view, audit, assessment))
    }
}

fn orders(groups_by_order: &[u64]) -> String {
    let found = groups_by_order.iter().enumerate().filter(|(_, count)| **count > 0);
    let texts: Vec<String> = found
        .map(|(index, count)| format!("{count} of {} component{}", index + 1, if index == 0 { "" } else { "s" }))
        .collect();
    format!("Found: {}.", texts.join(", "))
}

fn risk_group(number: usize, group: &RiskGroup) -> Markup {
    let fails = group.fails.iter().map(ZoneId::as_str).collect::<Vec<_>>().join(" and ");
    html! {
        h3 { (number) ". " @for (index, component) in group.components.iter().enumerate() {
            @if index > 0 { " with " } code { (component) }
        } " fails " (fails) }
        @for component in &group.components { (meeting(component, &group.witness)) }
        details {
            summary { "Evidence for each step" }
            div.scroll { table {
                thead { tr { th scope="col" { "From" } th scope="col" { "Needs" } th scope="col" { "How it is known" } th scope="col" { "Source" } th scope="col" { "Received" } } }
                tbody { @for step in distinct(&group.witness) { (step_row(step)) } }
            } }
        }
    }
}

fn distinct(witness: &[Vec<Step>]) -> Vec<&Step> {
    let mut seen: Vec<&Step> = Vec::new();
    for step in witness.iter().flatten() {
        if !seen.contains(&step) {
            seen.push(step);
        }
    }
    seen
}

fn step_row(step: &Step) -> Markup {
    html! {
        tr {
            td { code { (step.from) } }
            td { code { (step.to) } @if let Some(choice) = step.choice { " (" (choice.at_least) " of " (choice.of) ")" } }
            td { (step.basis.provenance) }
            td.id { (step.basis.source) }
            td.when { @match step.basis.seen_at { Some(at) => (time(at)), None => span.soft { "–" } } }
        }
    }
}

/// The ways that end at a component, two and two towards each other: `zone-1 → … → **feed-north** ← … ← zone-2`.
fn meeting(component: &ComponentId, witness: &[Vec<Step>]) -> Markup {
    let ways: Vec<&Vec<Step>> =
        witness.iter().filter(|way| way.last().is_some_and(|step| step.to == *component)).collect();
    let there = html! { strong.part { (component) } };
    html! {
        @for pair in ways.chunks(2) {
            p.way {
                @for step in pair[0] {
                    span.part { (step.from) } " " span.arrow { (known(step)) " →" } " "
                }
                (there)
                @if let Some(back) = pair.get(1) {
                    @for step in back.iter().rev() {
                        " " span.arrow { "← " (known(step)) } " " span.part { (step.from) }
                    }
                }
            }
        }
    }
}

/// How a step is known, and how many of a group it needs.
fn known(step: &Step) -> String {
    match step.choice {
        Some(choice) => format!("{} of {}, {}", choice.at_least, choice.of, step.basis.provenance),
        None => step.basis.provenance.to_string(),
    }
}

fn rests_on(app: &App, view: &View, audit: &Audit, assessment: &Assessment) -> Markup {
    let name = format!("{}/{}/{}", assessment.claim, zones(assessment, "+"), assessment.dimension);
    let subject = app.issuer.base.subject("verdict", &name);
    let issued = view
        .credentials
        .iter()
        .find(|issued| issued.class == independence_verdict::CLASS && issued.subject == subject)
        .and_then(|issued| issued.id.rsplit('/').next());
    let undetermined = assessment.verdict.outcome() == Outcome::Undetermined;
    html! {
        h2 { "What it rests on" }
        div.scroll { table {
            tbody {
                tr { th scope="row" { "Claim" } td { (assessment.claim) } }
                tr { th scope="row" { "Profile" } td { (assessment.profile) } }
                tr { th scope="row" { "As of" } td { (time(audit.as_of)) } }
                tr { th scope="row" { "Evidence" } td { code { (audit.evidence) } } }
                tr { th scope="row" { "Origin" } td { (super::origin_sign(audit.origin)) } }
                tr { th scope="row" { "Credential" } td { @match issued {
                    Some(digest) => a href={ "/credentials/" (digest) } { code { (digest) } },
                    None => span.absent { "not issued" },
                } } }
            }
        } }
        p { @if undetermined { "Check for yourself what is missing: " } @else { "Check it yourself, offline: " } "download the " a href="/v1/bundle" { "bundle" } " and verify it." }
        pre { "curl -OJ " (app.address) "/v1/bundle\navow verify NAME.avow.zip" }
    }
}
