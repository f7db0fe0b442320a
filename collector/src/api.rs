//! What the collector knows and found, as JSON under `/v1`, described by `/openapi.json` (OpenAPI 3.1).
//!
//! One function for each route; what an answer looks like stands in [`shape`]. Everything here only reads.

pub mod problem;
pub mod shape;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use descriptors::canonical;
use descriptors::id::NodeId;
use descriptors::target::Target;
use serde_json::{Map, Value};
use utoipa::OpenApi;

use crate::cause::chain;
use crate::http::App;
use crate::http::access::accepts_html;
use crate::present::{PresentError, Wanted, present};
use crate::status;
use crate::store::{Issued, PublishedList};

use problem::Problem;
use shape::{CredentialList, Credentials, DeclarationDocument, Findings, NodeDetail, Nodes, Verdicts, Zones};

type Answer<T> = Result<Json<T>, Problem>;

/// Every route below `/v1`.
pub fn routes() -> Vec<(&'static str, MethodRouter<App>)> {
    vec![
        ("/v1/nodes", get(nodes)),
        ("/v1/nodes/{node}", get(node)),
        ("/v1/zones", get(zones)),
        ("/v1/verdicts", get(verdicts)),
        ("/v1/findings", get(findings)),
        ("/v1/credentials", get(credentials)),
        ("/v1/credentials/{digest}", get(credential)),
        ("/v1/presentation", get(presentation)),
        ("/v1/declaration", get(declaration)),
        ("/v1/bundle", get(bundle)),
    ]
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "avow collector",
        description = "Measured, signed, verifiable claims about sovereign clouds. Everything here only reads."
    ),
    paths(nodes, node, zones, verdicts, findings, credentials, credential, presentation, declaration, bundle)
)]
struct Description;

/// The description of the API as JSON text.
pub fn description() -> Result<String, serde_json::Error> {
    Description::openapi().to_pretty_json()
}

/// The description of all this.
pub async fn openapi() -> Json<utoipa::openapi::OpenApi> {
    Json(Description::openapi())
}

/// The DID document of a did:web issuer.
pub async fn did_document(State(app): State<App>) -> Result<Response, Problem> {
    let document = app.issuer.document();
    let document = document
        .ok_or_else(|| Problem::not_found(format!("the issuer is {}, which needs no document", app.issuer.did)))?;
    Ok(open_to_all(([(header::CONTENT_TYPE, "application/did+json")], document.to_string()).into_response()))
}

/// The certificate chain of the issuer's second key, which targets ask for behind `x5u`.
pub async fn certificate_chain(State(app): State<App>) -> Result<Response, Problem> {
    let certified = app.issuer.certified.as_ref().ok_or_else(|| Problem::not_found("no certificate is configured"))?;
    let pem = certified.pem.to_vec();
    Ok(open_to_all(([(header::CONTENT_TYPE, "application/pem-certificate-chain")], pem).into_response()))
}

/// A status list, as it was last signed: for whoever holds a credential and asks whether it still stands.
pub(crate) async fn status_list(
    State(app): State<App>,
    Path(name): Path<String>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let none = || Problem::not_found("there is no such status list");
    let (purpose, list) = status::parse_name(&name).ok_or_else(none)?;
    let found = app.store.status_list(purpose, list).await.map_err(|error| Problem::unavailable(&error))?;
    let found = found.ok_or_else(none)?;
    let target = asked.target()?.or_else(|| embedded_form(&found, &headers)).unwrap_or(Target::Danube);
    let text = match target {
        Target::Danube => found.jwt,
        target => {
            let none = || Problem::not_found(format!("this list was not issued for {target}"));
            found.forms.get(&target).cloned().ok_or_else(none)?
        }
    };
    Ok(open_to_all(([(header::CONTENT_TYPE, target.media_type())], text).into_response()))
}

/// The form with a proof inside, where JSON is asked for and there is one.
fn embedded_form(list: &PublishedList, headers: &HeaderMap) -> Option<Target> {
    let accept = headers.get(header::ACCEPT)?.to_str().ok()?;
    let kind = |kind: &str| kind.split(';').next().unwrap_or_default().trim().to_owned();
    let is_json = |kind: String| matches!(kind.as_str(), "application/vc" | "application/ld+json" | "application/json");
    let asks = accept.split(',').map(kind).any(is_json);
    [Target::W3cRdfc, Target::W3cJcs].into_iter().find(|target| asks && list.forms.contains_key(target))
}

/// All nodes: those that were heard, those whose word does not count, and those that are declared and silent.
#[utoipa::path(get, path = "/v1/nodes", responses(
    (status = 200, body = Nodes),
    (status = 503, description = "The evidence could not be read", body = Problem, content_type = "application/problem+json")
))]
async fn nodes(State(app): State<App>) -> Answer<Nodes> {
    let view = app.view().await.map_err(|error| Problem::unavailable(&error))?;
    Ok(Json(Nodes::of(&view)))
}

/// One node: the facts of its last report, and the envelopes as the node signed them.
#[utoipa::path(get, path = "/v1/nodes/{node}", params(("node" = String, Path, description = "Name of the node")), responses(
    (status = 200, body = NodeDetail),
    (status = 404, description = "No such node was heard", body = Problem, content_type = "application/problem+json")
))]
async fn node(State(app): State<App>, Path(name): Path<String>) -> Answer<NodeDetail> {
    let none = || Problem::not_found(format!("no node `{}` was heard", name.chars().take(80).collect::<String>()));
    let id = NodeId::new(name.as_str()).map_err(|_| none())?;
    let view = app.view().await.map_err(|error| Problem::unavailable(&error))?;
    let node = view.topology.node(id.as_str()).ok_or_else(none)?;
    let sequences = app.store.sequences(&id).await.map_err(|error| Problem::unavailable(&error))?;
    NodeDetail::of(&view, node, &sequences).map(Json).map_err(|error| Problem::unavailable(&error))
}

/// Availability zones with their racks and nodes, as declared.
#[utoipa::path(get, path = "/v1/zones", responses(
    (status = 200, body = Zones),
    (status = 404, description = "Nothing is declared", body = Problem, content_type = "application/problem+json")
))]
async fn zones(State(app): State<App>) -> Answer<Zones> {
    let view = app.view().await.map_err(|error| Problem::unavailable(&error))?;
    Zones::of(&view).map(Json).ok_or_else(nothing_declared)
}

/// What the last audit found of every claim, and why it failed if it did.
#[utoipa::path(get, path = "/v1/verdicts", responses(
    (status = 200, body = Verdicts),
    (status = 503, description = "Nothing was audited", body = Problem, content_type = "application/problem+json")
))]
async fn verdicts(State(app): State<App>) -> Answer<Verdicts> {
    Verdicts::of(&app.auditor.standing()).map(Json).ok_or_else(|| nothing_audited(&app))
}

/// What the last audit saw beside its verdicts.
#[utoipa::path(get, path = "/v1/findings", responses(
    (status = 200, body = Findings),
    (status = 503, description = "Nothing was audited", body = Problem, content_type = "application/problem+json")
))]
async fn findings(State(app): State<App>) -> Answer<Findings> {
    Findings::of(&app.auditor.standing()).map(Json).ok_or_else(|| nothing_audited(&app))
}

/// The current credentials.
#[utoipa::path(get, path = "/v1/credentials", responses((status = 200, body = Credentials)))]
async fn credentials(State(app): State<App>) -> Answer<Credentials> {
    let issued = app.store.credentials().await.map_err(|error| Problem::unavailable(&error))?;
    let credentials = issued.iter().map(|issued| CredentialList::of(issued, (app.clock)())).collect();
    Ok(Json(Credentials { issuer: app.issuer.did.to_string(), credentials }))
}

/// One credential, current or not: signed, or decoded where JSON is asked for; or in the form for another target.
#[utoipa::path(get, path = "/v1/credentials/{digest}", params(
    ("digest" = String, Path, description = "Last segment of the credential's id"),
    ("target" = Option<String>, Query, description = "For whom: danube (also when nothing is asked for), loire, xfsc, w3c-rdfc, w3c-jcs, plain")
), responses(
    (status = 200, description = "The credential", content((String = "application/vc+jwt"), (Object = "application/json"))),
    (status = 400, description = "No such target", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "No such credential, or not issued for this target", body = Problem, content_type = "application/problem+json")
))]
async fn credential(
    State(app): State<App>,
    Path(digest): Path<String>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    answer_credential(&find_credential(&app, &digest).await?, &asked, &headers)
}

/// Which form of a credential is asked for.
#[derive(serde::Deserialize)]
pub(crate) struct Asked {
    target: Option<String>,
}

impl Asked {
    fn target(&self) -> Result<Option<Target>, Problem> {
        let target = self.target.as_deref().map(str::parse::<Target>).transpose();
        target.map_err(|error| Problem::new(StatusCode::BAD_REQUEST, error.to_string()))
    }
}

/// Credentials with everything that they refer to in one signed presentation, fit to be posted to a compliance service.
#[utoipa::path(get, path = "/v1/presentation", params(
    ("subjects" = Option<String>, Query, description = "What stands behind /subjects/ in the ids of the subjects, separated by commas; all of Gaia-X where it is left out"),
    ("target" = Option<String>, Query, description = "For whom: danube (also when nothing is asked for), loire, xfsc, w3c-rdfc, w3c-jcs")
), responses(
    (status = 200, description = "The presentation", content((String = "application/vp+jwt"), (Object = "application/vp"))),
    (status = 400, description = "No such target", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "No credential of such a subject, or none for this target", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "Something referred to is withdrawn or missing", body = Problem, content_type = "application/problem+json")
))]
async fn presentation(State(app): State<App>, Query(asked): Query<Shown>) -> Result<Response, Problem> {
    let target = Asked { target: asked.target }.target()?.unwrap_or(Target::Danube);
    let chosen = asked.subjects.iter().flat_map(|subjects| subjects.split(',')).map(str::to_owned).collect::<Vec<_>>();
    let current = app.store.credentials().await.map_err(|error| Problem::unavailable(&error))?;
    let (issuer, now) = (app.issuer.clone(), (app.clock)());
    let presented = tokio::task::spawn_blocking(move || {
        present(&issuer, &current, Wanted { subjects: &chosen, others: &[], target, now })
    })
    .await;
    let presented = presented.map_err(|error| Problem::unavailable(&error))?.map_err(|error| not_presented(&error))?;
    Ok(([(header::CONTENT_TYPE, presented.media_type)], presented.text).into_response())
}

/// What is to be shown, and to whom.
#[derive(serde::Deserialize)]
struct Shown {
    subjects: Option<String>,
    target: Option<String>,
}

fn not_presented(error: &PresentError) -> Problem {
    match error {
        PresentError::Unknown(_) | PresentError::Target(_) | PresentError::Nothing => Problem::not_found(chain(error)),
        PresentError::Withdrawn(_) | PresentError::Incomplete(_) => Problem::new(StatusCode::CONFLICT, chain(error)),
        PresentError::NoPresentations(_) => Problem::new(StatusCode::BAD_REQUEST, chain(error)),
        error => Problem::unavailable(error),
    }
}

/// A credential by the last segment of its id.
pub(crate) async fn find_credential(app: &App, digest: &str) -> Result<Issued, Problem> {
    let none = || Problem::not_found("there is no such credential");
    if digest.len() != 32 || !digest.bytes().all(|c| c.is_ascii_digit() || (b'a'..=b'f').contains(&c)) {
        return Err(none());
    }
    let found = app
        .store
        .credential(&app.issuer.base.credential_called(digest))
        .await
        .map_err(|error| Problem::unavailable(&error))?;
    found.ok_or_else(none)
}

/// A credential in the form that is asked for: that of a target, or else the JWS, unless JSON is preferred or a browser asks,
/// which can show JSON.
pub(crate) fn answer_credential(issued: &Issued, asked: &Asked, headers: &HeaderMap) -> Result<Response, Problem> {
    if let Some(target) = asked.target()?.filter(|target| *target != Target::Danube) {
        let form = issued.forms.get(&target);
        let form = form.ok_or_else(|| Problem::not_found(format!("this credential was not issued for {target}")))?;
        return Ok(open_to_all(([(header::CONTENT_TYPE, target.media_type())], form.clone()).into_response()));
    }
    let response = if prefers_json(headers) {
        let (_, payload) = decode(&issued.jwt).ok_or_else(undecodable)?;
        Json(payload).into_response()
    } else {
        ([(header::CONTENT_TYPE, "application/vc+jwt")], issued.jwt.clone()).into_response()
    };
    Ok(open_to_all(response))
}

fn undecodable() -> Problem {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "the stored credential is not the one that was issued")
}

/// Header and payload of a compact JWS, read strictly.
pub(crate) fn decode(jwt: &str) -> Option<(Map<String, Value>, Map<String, Value>)> {
    let mut parts = jwt.split('.').map(|part| URL_SAFE_NO_PAD.decode(part).ok());
    let mut next = || canonical::from_slice(&parts.next()??).ok();
    Some((next()?, next()?))
}

fn prefers_json(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    if accepts_html(headers) {
        return true;
    }
    let named =
        |name: &str| accept.split(',').position(|kind| kind.split(';').next().unwrap_or_default().trim() == name);
    match (named("application/json"), named("application/vc+jwt")) {
        (Some(json), Some(jwt)) => json < jwt,
        (json, _) => json.is_some(),
    }
}

/// What is published may be read by every web page.
fn open_to_all(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(header::VARY, HeaderValue::from_static("accept"));
    response
}

/// The declaration, with the envelope that the collector signed.
#[utoipa::path(get, path = "/v1/declaration", responses(
    (status = 200, body = DeclarationDocument),
    (status = 404, description = "Nothing is declared", body = Problem, content_type = "application/problem+json")
))]
async fn declaration(State(app): State<App>) -> Answer<DeclarationDocument> {
    let topology = app.auditor.topology().await.map_err(|error| Problem::unavailable(&error))?;
    let signed = topology.declaration.ok_or_else(nothing_declared)?;
    DeclarationDocument::of(&signed).map(Json).map_err(|error| Problem::unavailable(&error))
}

/// Everything an auditor needs, in one signed file: what the last audit rested on and found.
#[utoipa::path(get, path = "/v1/bundle", responses(
    (status = 200, description = "The bundle", body = Vec<u8>, content_type = "application/zip"),
    (status = 503, description = "Nothing was audited, or the last audit failed", body = Problem, content_type = "application/problem+json")
))]
async fn bundle(State(app): State<App>) -> Result<Response, Problem> {
    let standing = app.auditor.standing();
    let (Some(outcome), None) = (standing.outcome, standing.failure) else { return Err(nothing_audited(&app)) };
    let issuer = app.issuer.clone();
    let gathered = tokio::task::spawn_blocking(move || crate::bundle::gather(&issuer, &outcome)).await;
    let gathered =
        gathered.map_err(|error| Problem::unavailable(&error))?.map_err(|error| Problem::unavailable(&error))?;
    let disposition = format!("attachment; filename=\"{}\"", gathered.name);
    let headers = [(header::CONTENT_TYPE, "application/zip"), (header::CONTENT_DISPOSITION, &disposition)];
    Ok((headers, gathered.bytes).into_response())
}

fn nothing_declared() -> Problem {
    Problem::not_found("no declaration is loaded")
}

fn nothing_audited(app: &App) -> Problem {
    let why = match app.auditor.standing().failure {
        Some(failure) => format!("the claims could not be checked at {}: {}", failure.at, failure.why),
        None => "nothing was audited yet: a declaration must be loaded first".to_owned(),
    };
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, why)
}
