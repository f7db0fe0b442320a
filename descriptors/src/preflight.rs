//! Pre-flight: what a service would refuse of a credential, said before it is sent, with the place, the rule and the remedy.
//!
//! The services answer with one sentence for the first fault. Here every stage lists all it finds: envelope, payload, keys and
//! chain, subjects, statements and shapes, references. Documents, the time, DID documents and chains are handed in. What
//! cannot be known offline (which trust anchors a registry takes today, what the rules of a label ask for) is listed as not
//! checked, with how to check it; it never counts as passed. What the facts behind a credential are is not known here.

mod chain;
mod closure;
mod contexts;
mod document;
mod envelope;
mod graph;
mod keys;
mod payload;
pub mod rule;
mod subjects;
#[cfg(test)]
mod tests;

use std::fmt;

use serde::Serialize;
use serde_json::Value;

use crate::shacl::Shapes;
use crate::target::Target;
use crate::timestamp::Timestamp;
pub use contexts::{ContextsError, KnownContexts};
use rule::Rule;

/// A file with its name for people.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// As it appears in findings.
    pub name: &'a str,
    /// A compact JWS or a JSON document.
    pub bytes: &'a [u8],
}

/// What documents are measured against, and what is at hand for it.
pub struct Setting<'a> {
    /// Who is to accept them.
    pub target: Target,
    /// The time of the check.
    pub now: Timestamp,
    /// Context documents.
    pub contexts: &'a KnownContexts,
    /// Shapes and class hierarchy of the ontology.
    pub shapes: Option<&'a Shapes>,
    /// DID documents of issuers.
    pub did_documents: &'a [Value],
    /// The certificate chain of the issuer's key, as the file behind `x5u`.
    pub chain: Option<&'a [u8]>,
    /// The trust anchors that the chain may end at, in PEM.
    pub anchors: Option<&'a [u8]>,
}

/// How sure it is that the service refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The text or the code of the service refuses this.
    Refused,
    /// Some services or some versions refuse this, or it is not proven that they accept it.
    MayBeRefused,
    /// Accepted, and better avoided.
    Advice,
}

/// One thing that a rule does not allow.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// The document: a file, or a credential inside a presentation.
    pub document: String,
    /// Where in it: a JSON Pointer, after `header` or `payload` for a JWS; or a node and a path of the merged graph.
    pub place: String,
    /// How sure.
    pub severity: Severity,
    /// The rule.
    #[serde(flatten)]
    pub rule: &'static Rule,
    /// What stands there.
    pub found: String,
}

/// Something that was not checked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct NotChecked {
    /// What.
    pub what: String,
    /// How it can be checked.
    pub how: String,
    /// Whether something that can be handed in would have made the check possible here.
    pub offline: bool,
}

/// All that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Preflight {
    /// The name of the target.
    pub target: &'static str,
    /// Which service refuses.
    pub service: &'static str,
    /// The documents that were looked at, credentials inside presentations included.
    pub documents: Vec<String>,
    /// In the order of documents and places.
    pub findings: Vec<Finding>,
    /// What could not be checked.
    pub not_checked: Vec<NotChecked>,
}

impl Preflight {
    /// Whether the service would take the documents: `Some(true)` when everything that can be checked offline was checked and
    /// nothing found but advice, `Some(false)` when something would be refused, `None` when that is not known.
    pub fn accepted(&self) -> Option<bool> {
        let worst = self.findings.iter().map(|finding| finding.severity).min();
        match worst {
            Some(Severity::Refused) => Some(false),
            Some(Severity::MayBeRefused) => None,
            _ if self.not_checked.iter().any(|open| open.offline) => None,
            _ => Some(true),
        }
    }
}

/// Which service speaks for a target.
fn service(target: Target) -> &'static str {
    match target {
        Target::Danube => "Gaia-X compliance service, Danube",
        Target::Loire => "Gaia-X compliance service, Loire",
        Target::Xfsc => "XFSC federated catalogue, profile gaia-x-2511",
        Target::W3cRdfc | Target::W3cJcs => "W3C Data Integrity verifier",
        Target::Tagus => "Gaia-X compliance service, Tagus",
        Target::Plain => "ssh-keygen -Y verify",
    }
}

/// Measures documents against a target. They are taken together: a reference from one to another is found.
pub fn preflight(inputs: &[Input<'_>], setting: &Setting<'_>) -> Preflight {
    let mut log = Log::new(setting.target);
    let mut documents = Vec::new();
    if setting.target == Target::Plain {
        log.open("documents for this target, which are no credentials", "ssh-keygen -Y verify");
        return log.finish(Vec::new());
    }
    for input in inputs {
        document::read(input, &mut documents, &mut log);
    }
    for document in &documents {
        envelope::check(document, &mut log);
        payload::check(document, setting, &mut log);
        keys::check(document, setting, &mut log);
        subjects::check(document, &mut log);
    }
    chain::check(&documents, setting, &mut log);
    closure::check(&documents, &mut log);
    graph::check(&documents, setting, &mut log);
    log.whatever_needs_the_network();
    log.finish(documents.into_iter().map(|document| document.name).collect())
}

/// Where findings are collected.
struct Log {
    target: Target,
    findings: Vec<Finding>,
    not_checked: Vec<NotChecked>,
}

impl Log {
    fn new(target: Target) -> Self {
        Self { target, findings: Vec::new(), not_checked: Vec::new() }
    }

    fn find(
        &mut self,
        document: &str,
        place: impl Into<String>,
        severity: Severity,
        rule: &'static Rule,
        found: impl Into<String>,
    ) {
        let (document, place, found) = (document.to_owned(), place.into(), found.into());
        self.findings.push(Finding { document, place, severity, rule, found });
    }

    /// Something that could be checked with what `how` names.
    fn open(&mut self, what: impl Into<String>, how: impl Into<String>) {
        self.not_checked.push(NotChecked { what: what.into(), how: how.into(), offline: true });
    }

    /// What no file can answer.
    fn whatever_needs_the_network(&mut self) {
        let mut live = |what: &str, how: &str| {
            self.not_checked.push(NotChecked { what: what.to_owned(), how: how.to_owned(), offline: false });
        };
        if self.target.asks_for_chain() {
            live(
                "whether the registry takes the chain's trust anchor today",
                "POST {\"uri\": x5u} to /api/trustAnchor/chain/file of the registry",
            );
            live("whether a certificate of the chain is revoked", "ask the OCSP responder that it names");
        }
        if matches!(self.target, Target::Loire | Target::Danube) {
            live(
                "whether the notary of the registration number is trusted",
                "GET /api/trusted-issuers of the registry",
            );
            live("the criteria of the label levels", "submit to the compliance service of the lab");
        }
    }

    fn finish(mut self, documents: Vec<String>) -> Preflight {
        let rank = |name: &str| documents.iter().position(|document| document == name).unwrap_or(documents.len());
        self.findings.sort_by(|a, b| {
            (rank(&a.document), a.severity, &a.place, a).cmp(&(rank(&b.document), b.severity, &b.place, b))
        });
        self.findings.dedup();
        self.not_checked.sort();
        self.not_checked.dedup();
        Preflight {
            target: self.target.name(),
            service: service(self.target),
            documents,
            findings: self.findings,
            not_checked: self.not_checked,
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Refused => "would be refused",
            Self::MayBeRefused => "may be refused",
            Self::Advice => "advice",
        })
    }
}

/// A value as it stands, cut where it is long.
fn shown(value: Option<&Value>) -> String {
    value.map_or_else(|| "nothing".to_owned(), |value| cut(&value.to_string()))
}

fn cut(text: &str) -> String {
    const LENGTH_MAX: usize = 90;
    match text.char_indices().nth(LENGTH_MAX) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// A member name as a step of a JSON Pointer (RFC 6901).
fn step(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
