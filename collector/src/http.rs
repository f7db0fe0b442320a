//! The HTTP side: who may ask, how long an answer may take, and what every answer carries. Pages are in [`crate::page`],
//! JSON in [`crate::api`]; what they say is not known here.
//!
//! It listens on loopback, or asks for TLS and a token. All of it only reads: nobody can change anything here.

pub mod access;
pub mod door;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use descriptors::timestamp::Timestamp;

use crate::api::problem::Problem;
use crate::audit::{Auditor, Clock, Standing};
use crate::cause::chain;
use crate::metrics::Metrics;
use crate::sign::Issuer;
use crate::store::{Document, Issued, SharedStore, StoreError};
use crate::topology::{Topology, TopologyError};
use crate::{api, page};

use access::Access;

/// Longest time in which an answer is made.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(30);

/// Everything that answers rest on.
#[derive(Clone)]
pub struct App {
    /// What is stored.
    pub store: SharedStore,
    /// What was audited.
    pub auditor: Arc<Auditor>,
    /// Who issues.
    pub issuer: Issuer,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// Who may ask.
    pub access: Arc<Access>,
    /// What time it is.
    pub clock: Clock,
    /// Where people reach all this: the public address, or the one that is listened on.
    pub address: String,
}

/// What is known and was found, for one answer.
#[derive(Debug, Clone)]
pub struct View {
    /// The instant of the answer.
    pub now: Timestamp,
    /// What is known.
    pub topology: Topology,
    /// What is issued.
    pub credentials: Vec<Issued>,
    /// What was audited.
    pub standing: Standing,
}

/// Why there is nothing to show.
#[derive(Debug, thiserror::Error)]
pub enum ViewError {
    /// The evidence cannot be read.
    #[error("the evidence could not be read")]
    Topology(#[from] TopologyError),
    /// The store failed.
    #[error("the credentials could not be read")]
    Store(#[from] StoreError),
}

impl App {
    /// Reads what is known now.
    pub async fn view(&self) -> Result<View, ViewError> {
        let topology = self.auditor.topology().await?;
        let credentials = self.store.credentials().await?;
        Ok(View { now: (self.clock)(), topology, credentials, standing: self.auditor.standing() })
    }
}

/// All routes.
pub fn router(app: App) -> Router {
    let mut router = Router::new()
        .route("/livez", get(|| async { "alive\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(crate::metrics::answer))
        .route("/openapi.json", get(api::openapi))
        .route("/.well-known/did.json", get(api::did_document))
        .route(crate::sign::CHAIN_PATH, get(api::certificate_chain))
        .route("/status/{name}", get(api::status_list));
    for (path, route) in api::routes().into_iter().chain(page::routes()) {
        router = router.route(path, route);
    }
    router
        .fallback(async |request: Request| Problem::not_found(format!("there is nothing at {}", request.uri().path())))
        .layer(middleware::from_fn(within_time))
        .layer(middleware::from_fn_with_state(app.clone(), admit))
        .layer(middleware::map_response(guard))
        .with_state(app)
}

/// Ready means: the store writes and answers, and the last audit did not fail. Why not stands in the log, since anyone may ask.
async fn ready(State(app): State<App>) -> Response {
    let not = |why: &str| Problem::new(StatusCode::SERVICE_UNAVAILABLE, why).into_response();
    if !*app.store.open().borrow() {
        return not("the store no longer writes");
    }
    if let Err(error) = app.store.document(Document::Audit).await {
        tracing::error!(error = %chain(&error), "the store does not answer");
        return not("the store does not answer");
    }
    match app.auditor.standing() {
        Standing { failure: Some(_), .. } => not("the claims could not be checked"),
        Standing { outcome: None, .. } => not("nothing was checked yet"),
        _ => "ready\n".into_response(),
    }
}

async fn admit(State(app): State<App>, request: Request, next: Next) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let allowed = [(header::ALLOW, "GET, HEAD")];
        let problem = Problem::new(StatusCode::METHOD_NOT_ALLOWED, "everything here is read with GET");
        return (allowed, problem).into_response();
    }
    match app.access.check(request.uri().path(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    }
}

async fn within_time(request: Request, next: Next) -> Response {
    match tokio::time::timeout(ANSWER_TIME_MAX, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::new(StatusCode::SERVICE_UNAVAILABLE, "no answer could be made in time").into_response(),
    }
}

/// What every answer carries: nothing runs but what we wrote, nothing is guessed, nothing is told to other sites.
async fn guard(mut response: Response) -> Response {
    const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
    let headers: [(HeaderName, &'static str); 6] = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    for (name, value) in headers {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    // What is known now may not be known a minute later; only the style sheet, whose address changes with it, may be kept.
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests;
