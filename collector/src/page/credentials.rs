//! Credentials: the current ones, and one page for each with everything that was signed.

use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Response};
use descriptors::proof::vc_jwt;
use descriptors::report::Origin;
use maud::{Markup, html};
use serde_json::{Map, Value};

use super::{Failed, Frame, Page, origin_sign, status_sign, time, view};
use crate::api::problem::Problem;
use crate::api::shape::{self, CredentialList};
use crate::api::{Asked, answer_credential, decode, find_credential};
use crate::cause::chain;
use crate::http::access::{Refusal, accepts_html};
use crate::http::{App, View};
use crate::status;
use crate::store::Issued;

pub(super) async fn page(state: State<App>) -> Page {
    let (app, view) = view(state).await?;
    let content = html! {
        h1 { "Credentials" }
        p.soft { "Issued by " code { (app.issuer.did) } "." }
        @if view.credentials.is_empty() {
            p { "None yet: they are issued once a node reports or a declaration is loaded." }
        } @else {
            div.scroll { table {
                thead { tr {
                    th scope="col" { "Credential" } th scope="col" { "Type" } th scope="col" { "Subject" }
                    th scope="col" { "Facts are" } th scope="col" { "Valid until" } th scope="col" { "Status" }
                } }
                tbody { @for issued in &view.credentials { (row(&view, issued)) } }
            } }
        }
    };
    Frame { title: "Credentials", path: "/credentials", json: "/v1/credentials" }.page(&app, &view, content)
}

fn row(view: &View, issued: &Issued) -> Markup {
    let line = CredentialList::of(issued, view.now);
    // The part of the id that tells subjects apart; the whole stands on the page of the credential.
    let subject = line.subject.split_once("/subjects/").map_or(line.subject.as_str(), |(_, name)| name);
    html! {
        tr {
            th scope="row" { a href={ "/credentials/" (line.digest) } { code { (line.digest.get(..12).unwrap_or(&line.digest)) "…" } } }
            td { (line.class) }
            td { (subject) }
            td.word { (origin_sign(issued.origin)) }
            td.when { (time(issued.valid_until)) }
            td.word { (status_sign(line.status)) }
        }
    }
}

/// A page for a browser; for programs and strangers the credential itself, because this is where its id points.
pub(super) async fn detail(
    state: State<App>,
    Path(digest): Path<String>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Response {
    let knows = state.0.access.knows(&headers);
    if knows && accepts_html(&headers) {
        return match shown(state, &digest).await {
            Ok(response) => response,
            Err(failed) => failed.into_response(),
        };
    }
    let found = find_credential(&state.0, &digest).await;
    // What is not real is never published: strangers do not get it.
    if matches!(&found, Ok(issued) if issued.origin != Origin::Real) && !knows {
        return Refusal::NotPublic.into_response();
    }
    match found.and_then(|issued| answer_credential(&issued, &asked, &headers)) {
        Ok(response) => response,
        Err(problem) => problem.into_response(),
    }
}

async fn shown(state: State<App>, digest: &str) -> Page {
    let issued = find_credential(&state.0, digest).await?;
    let (app, view) = view(state).await?;
    let Some((header, payload)) = decode(&issued.jwt) else {
        let problem =
            Problem::new(axum::http::StatusCode::SERVICE_UNAVAILABLE, "the stored credential cannot be decoded");
        return Err(Failed(problem));
    };
    let content = content(&app, &view, &issued, &header, &payload);
    let (path, json) = (format!("/credentials/{digest}"), format!("/v1/credentials/{digest}"));
    Frame { title: &issued.class, path: &path, json: &json }.page(&app, &view, content)
}

fn content(
    app: &App,
    view: &View,
    issued: &Issued,
    header: &Map<String, Value>,
    payload: &Map<String, Value>,
) -> Markup {
    let current = view.credentials.iter().any(|other| other.id == issued.id);
    let checked =
        vc_jwt::verify(&issued.jwt, view.now, |did| (*did == app.issuer.did).then(|| app.issuer.document())?);
    let digest = issued.id.rsplit('/').next().unwrap_or_default();
    html! {
        p.crumbs { a href="/credentials" { "Credentials" } }
        h1 { (issued.class) " " (status_sign(shape::status(issued, view.now))) }
        @if !current {
            div.banner.fault role="note" { p { "This credential was replaced or withdrawn: it is no longer current." } }
        }
        div.scroll { table { tbody {
            tr { th scope="row" { "Id" } td { code { (issued.id) } } }
            tr { th scope="row" { "Subject" } td { code { (issued.subject) } } }
            tr { th scope="row" { "Issuer" } td { code { (app.issuer.did) } } }
            @if let Some(place) = issued.place {
                tr { th scope="row" { "Status lists" } td {
                    @for purpose in status::PURPOSES {
                        a href={ "/status/" (status::name(purpose, place.list)) } { (purpose) } ", "
                    }
                    "place " (place.index)
                } }
            }
            tr { th scope="row" { "Facts are" } td { (origin_sign(issued.origin)) } }
            tr { th scope="row" { "Valid" } td { "from " (time(issued.valid_from)) " until " (time(issued.valid_until)) } }
            tr { th scope="row" { "Signature and period" } td { @match &checked {
                Ok(_) => span class="sign good" { "✓ hold" },
                Err(error) => span class="sign bad" { "✗ " (chain(error)) },
            } span.soft { " checked by the collector that issued it" } } }
        } } }
        h2 { "Verify it yourself" }
        p { "Do not take the collector's word for it: a bundle holds this credential, the evidence it rests on, and the keys." }
        pre { "curl -OJ " (app.address) "/v1/bundle\navow verify NAME.avow.zip" }
        p { "The credential alone, as it was signed:" }
        pre { "curl " (app.address) "/credentials/" (digest) }
        h2 { "Header" }
        pre tabindex="0" { (pretty(header)) }
        h2 { "Payload" }
        pre tabindex="0" { (pretty(payload)) }
        h2 { "As it was signed" }
        pre.wrap { (issued.jwt) }
    }
}

fn pretty(object: &Map<String, Value>) -> String {
    // A map of JSON values always serialises; the fallback is the same text on one line.
    serde_json::to_string_pretty(object).unwrap_or_else(|_| Value::Object(object.clone()).to_string())
}
