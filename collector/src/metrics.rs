//! Metrics in the OpenMetrics text format. What stands in the store is counted when it is asked for; what happens is counted
//! when it happens. No serial number and no id of a credential is a label.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use independence::Outcome;
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use crate::api::problem::Problem;
use crate::api::shape;
use crate::http::{App, View};

/// Adds what others count to what is told.
type Register = dyn Fn(&mut Registry) + Send + Sync;

/// Tells the metrics.
pub struct Metrics {
    counted: Box<Register>,
}

impl Metrics {
    /// `counted` registers what is counted when it happens, such as the statements that nodes sent.
    pub fn new(counted: impl Fn(&mut Registry) + Send + Sync + 'static) -> Self {
        Self { counted: Box::new(counted) }
    }

    /// All metrics as text.
    pub fn encode(&self, view: &View) -> Result<String, std::fmt::Error> {
        let mut registry = Registry::with_prefix("avow");
        let version = env!("CARGO_PKG_VERSION");
        let revision = option_env!("AVOW_REVISION").unwrap_or("unknown");
        registry.register("build", "What runs", Info::new([("version", version), ("revision", revision)]));
        (self.counted)(&mut registry);
        nodes(&mut registry, view);
        credentials(&mut registry, view);
        audit(&mut registry, view);
        let mut out = String::new();
        text::encode(&mut out, &registry)?;
        Ok(out)
    }
}

type Gauges<L> = Family<L, Gauge>;

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct NodeLabels {
    node: String,
    az: String,
    region: String,
    origin: String,
}

fn nodes(registry: &mut Registry, view: &View) {
    let heard = Gauges::<NodeLabels>::default();
    let places = view.topology.places();
    for node in &view.topology.nodes {
        let id = &node.latest.node;
        let place = places.of(id);
        let labels = NodeLabels {
            node: id.to_string(),
            az: place.map(|place| place.zone.id.to_string()).unwrap_or_default(),
            region: place.map(|place| place.region.id.to_string()).unwrap_or_default(),
            origin: node.report.origin.to_string(),
        };
        heard.get_or_create(&labels).set(node.latest.heard_at.unix());
    }
    registry.register("agent_last_report_timestamp_seconds", "When the node was last heard", heard);
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CredentialLabels {
    r#type: String,
    status: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TypeLabels {
    r#type: String,
}

fn credentials(registry: &mut Registry, view: &View) {
    let (counts, expiry) = (Gauges::<CredentialLabels>::default(), Gauges::<TypeLabels>::default());
    for issued in &view.credentials {
        let status = shape::status(issued, view.now);
        counts.get_or_create(&CredentialLabels { r#type: issued.class.clone(), status }).inc();
        let labels = TypeLabels { r#type: issued.class.clone() };
        let soonest = expiry.get_or_create(&labels);
        let until = issued.valid_until.unix();
        if soonest.get() == 0 || until < soonest.get() {
            soonest.set(until);
        }
    }
    registry.register("credentials", "Current credentials", counts);
    registry.register("credential_expiry_timestamp_seconds", "When the first one runs out", expiry);
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ClaimLabels {
    criterion: String,
    verdict: &'static str,
}

fn audit(registry: &mut Registry, view: &View) {
    let standing = &view.standing;
    let (runs, failures) = (Counter::<u64>::default(), Counter::<u64>::default());
    runs.inc_by(standing.runs);
    failures.inc_by(standing.failures);
    registry.register("audit_runs", "Audits that were tried", runs);
    registry.register("audit_failures", "Audits that could not be done", failures);
    let Some(outcome) = &standing.outcome else { return };
    let last = Gauge::<i64>::default();
    last.set(outcome.topology.as_of.unix());
    registry.register("audit_last_success_timestamp_seconds", "The instant that the last audit speaks of", last);
    let Some(audit) = &outcome.audit else { return };
    let claims = Gauges::<ClaimLabels>::default();
    for assessment in &audit.assessments {
        let form = serde_json::to_value(assessment.criterion).ok();
        let form = form.as_ref().and_then(|form| form.as_str()).unwrap_or_default();
        let criterion = format!("{}_{form}", assessment.dimension);
        for outcome in [Outcome::Independent, Outcome::Dependent, Outcome::Undetermined] {
            let labels = ClaimLabels { criterion: criterion.clone(), verdict: outcome.as_str() };
            let here = usize::from(assessment.verdict.outcome() == outcome);
            claims.get_or_create(&labels).inc_by(count(here));
        }
    }
    registry.register("claims", "Verdicts of the last audit", claims);
    let findings = Gauge::<i64>::default();
    findings.set(count(audit.findings.len()));
    registry.register("findings", "Findings of the last audit", findings);
}

/// Answers `/metrics`.
pub async fn answer(State(app): State<App>) -> Result<Response, Problem> {
    let view = app.view().await.map_err(|error| Problem::unavailable(&error))?;
    let text = app.metrics.encode(&view).map_err(|error| Problem::unavailable(&error))?;
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, kind)], text).into_response())
}
