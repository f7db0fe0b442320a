//! Pages for people, made on the server: they work without scripts and fetch nothing from elsewhere.
//!
//! One file for each page; here is what they share. Whatever a node, a declaration or a credential says is text and never
//! markup: maud escapes it, and addresses are built of checked names only. Colour is never the only sign.

mod credentials;
mod nodes;
mod overview;
mod verdicts;
mod zones;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use descriptors::digest::Digest;
use descriptors::report::Origin;
use descriptors::timestamp::Timestamp;
use independence::Outcome;
use maud::{DOCTYPE, Markup, html};

use crate::api::problem::Problem;
use crate::http::{App, View, ViewError};

/// The style sheet, in the binary.
const STYLE: &str = include_str!("page/avow.css");

/// Every page.
pub fn routes() -> Vec<(&'static str, MethodRouter<App>)> {
    vec![
        ("/", get(overview::page)),
        ("/zones", get(zones::page)),
        ("/verdicts", get(verdicts::page)),
        ("/verdicts/{claim}/{zones}/{dimension}", get(verdicts::detail)),
        ("/nodes", get(nodes::page)),
        ("/nodes/{node}", get(nodes::detail)),
        ("/credentials", get(credentials::page)),
        ("/credentials/{digest}", get(credentials::detail)),
        ("/assets/avow.css", get(style)),
    ]
}

async fn style() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/css; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    (headers, STYLE).into_response()
}

/// A page that could not be made.
struct Failed(Problem);

impl From<Problem> for Failed {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl From<ViewError> for Failed {
    fn from(error: ViewError) -> Self {
        Self(Problem::unavailable(&error))
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        let what = self.0.to_string();
        let content = html! {
            h1 { "This page cannot be shown" }
            div.banner.fault role="alert" { p { (what) } p { "What cannot be checked is not fine: nothing is concluded from it." } }
        };
        (self.0.status(), shell("Not shown", "", None, content)).into_response()
    }
}

type Page = Result<Response, Failed>;

/// What surrounds the content of a page.
struct Frame<'a> {
    /// In the window's title.
    title: &'a str,
    /// The page's own address, which stays.
    path: &'a str,
    /// The same as JSON.
    json: &'a str,
}

impl Frame<'_> {
    fn page(&self, app: &App, view: &View, content: Markup) -> Page {
        let banners = html! {
            @if let Some(failure) = &view.standing.failure {
                div.banner.fault role="alert" {
                    p { strong { "The claims could not be checked at " (failure.at) "." } " " (failure.why) }
                    @if let Some(outcome) = &view.standing.outcome {
                        p { "The verdicts shown are of " (outcome.topology.as_of) " and may be out of date." }
                    }
                }
            }
            @if view.topology.origin() != Origin::Real {
                div.banner.pretend role="note" {
                    p { strong { "⚠ Not all of this is real." } " The verdicts rest on " (view.topology.origin()) " facts or declarations: for demonstration and tests only, never to be published." }
                }
            }
        };
        let foot = html! {
            footer.foot {
                span { "Last fact: " @match view.topology.last_fact() { Some(at) => (time(at)), None => "none yet" } }
                span { "Shown at " (time(view.now)) }
                a href=(self.json) { "The same as JSON" }
                a href=(self.path) { "Permalink" }
                a href="/v1/bundle" { "Bundle for auditors" }
                a href="/openapi.json" { "API" }
                span { "avow " (env!("CARGO_PKG_VERSION")) }
            }
        };
        let main = html! { (banners) (content) };
        Ok(shell(self.title, self.path, Some((app, foot)), main).into_response())
    }
}

const SECTIONS: [(&str, &str); 5] = [
    ("/", "Overview"),
    ("/zones", "Zones"),
    ("/verdicts", "Verdicts"),
    ("/nodes", "Nodes"),
    ("/credentials", "Credentials"),
];

fn shell(title: &str, path: &str, around: Option<(&App, Markup)>, content: Markup) -> Markup {
    let here = |section: &str| match section {
        "/" => path == "/",
        section => path.starts_with(section),
    };
    let style = format!("/assets/avow.css?{}", &Digest::of(STYLE.as_bytes()).hex()[..12]);
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " · avow" }
                link rel="stylesheet" href=(style);
                link rel="icon" href="data:,";
            }
            body {
                a.skip href="#content" { "Skip to the content" }
                header.top {
                    div {
                        a.brand href="/" { "avow" }
                        nav aria-label="Pages" {
                            ul {
                                @for (address, name) in SECTIONS {
                                    li { a href=(address) aria-current=[here(address).then_some("page")] { (name) } }
                                }
                            }
                        }
                        @if let Some((app, _)) = &around {
                            span.issuer title="Issuer of the credentials" { (app.issuer.did) }
                        }
                    }
                }
                main #content tabindex="-1" { (content) }
                @if let Some((_, foot)) = &around { (foot) }
            }
        }
    }
}

/// A point in time.
fn time(at: Timestamp) -> Markup {
    let text = at.to_string();
    let shown = text.replace('T', " ").replace('Z', " UTC");
    html! { time datetime=(text) { (shown) } }
}

/// How long ago something was.
fn ago(now: Timestamp, then: Timestamp) -> String {
    let seconds = now.seconds_since(then);
    match seconds {
        ..0 => "in the future".to_owned(),
        0..120 => format!("{seconds} s ago"),
        120..7200 => format!("{} min ago", seconds / 60),
        7200..172_800 => format!("{} h ago", seconds / 3600),
        _ => format!("{} days ago", seconds / 86_400),
    }
}

/// Symbol, word and class of an outcome.
fn outcome_sign(outcome: Outcome) -> (&'static str, &'static str) {
    match outcome {
        Outcome::Independent => ("✓ independent", "sign good"),
        Outcome::Dependent => ("✗ dependent", "sign bad"),
        Outcome::Undetermined => ("? undetermined", "sign"),
    }
}

/// Symbol, word and class of a node's standing.
fn standing_sign(standing: &str) -> Markup {
    match standing {
        "current" => html! { span class="sign good" { "● reporting" } },
        "stale" => html! { span class="sign warn" { "◐ stale" } },
        _ => html! { span class="sign" { "○ silent" } },
    }
}

/// What is not real is marked wherever it stands.
fn origin_sign(origin: Origin) -> Markup {
    match origin {
        Origin::Real => html! { "real" },
        other => html! { span class="sign warn" { "⚠ " (other) } },
    }
}

/// How a credential stands.
fn status_sign(status: &str) -> Markup {
    match status {
        "valid" => html! { span class="sign good" { "✓ valid" } },
        "expired" | "revoked" | "suspended" => html! { span class="sign bad" { "✗ " (status) } },
        other => html! { span class="sign warn" { "◐ " (other) } },
    }
}

async fn view(State(app): State<App>) -> Result<(App, View), Failed> {
    let view = app.view().await?;
    Ok((app, view))
}
