//! From documents to statements, and the statements of all subjects together against the shapes.

use serde_json::Value;

use super::document::{Document, texts};
use super::{Log, Setting, Severity, cut, rule};
use crate::json_ld::{ExpandFault, Expanded};
use crate::rdf::{Quad, Term, n_quads};
use crate::shacl::{self, Violation};
use crate::target::Target;

/// Most violations that are listed; the rest is counted.
const LISTED_MAX: usize = 200;

pub(super) fn check(documents: &[Document], setting: &Setting<'_>, log: &mut Log) {
    let mut data = Vec::new();
    let mut complete = true;
    for (number, document) in documents.iter().enumerate() {
        let whole = Value::Object(document.payload.clone());
        match log.target {
            Target::Plain | Target::W3cJcs | Target::Tagus => {}
            Target::W3cRdfc => drop(statements(document, "", whole, setting, log)),
            Target::Danube | Target::Loire | Target::Xfsc if !document.is_presentation => {
                for (index, (pointer, subject)) in document.subjects().into_iter().enumerate() {
                    match statements(document, &pointer, with_context(document, subject), setting, log) {
                        Some(quads) => data.extend(quads.into_iter().map(|quad| set_apart(quad, number, index))),
                        None => complete = false,
                    }
                }
            }
            Target::Danube | Target::Loire | Target::Xfsc => {}
        }
    }
    if log.target.is_jwt() {
        shapes(documents, &data, complete, setting, log);
    }
}

/// A subject with the contexts that hold for it.
fn with_context(document: &Document, subject: &Value) -> Value {
    let mut subject = subject.clone();
    let listed = |value: Option<&Value>| match value {
        Some(Value::Array(list)) => list.clone(),
        Some(one) => vec![one.clone()],
        None => Vec::new(),
    };
    let own = subject.get("@context").cloned();
    if let Value::Object(members) = &mut subject {
        let mut contexts = listed(document.payload.get("@context"));
        contexts.extend(listed(own.as_ref()));
        members.insert("@context".to_owned(), Value::Array(contexts));
    }
    subject
}

/// Blank nodes of different documents, and of different subjects, are different.
fn set_apart(mut quad: Quad, number: usize, index: usize) -> Quad {
    for term in [&mut quad.subject, &mut quad.object] {
        if let Term::Blank(label) = term {
            *label = format!("c{number}.{index}.{label}");
        }
    }
    quad
}

fn statements(
    document: &Document,
    pointer: &str,
    value: Value,
    setting: &Setting<'_>,
    log: &mut Log,
) -> Option<Vec<Quad>> {
    let context = value.get("@context").cloned().unwrap_or_default();
    let stand_in = texts(Some(&context)).into_iter().find(|iri| setting.contexts.is_stand_in(iri)).map(str::to_owned);
    let compiled = match setting.contexts.contexts().compiled(&context) {
        Ok(compiled) => compiled,
        Err(error) => {
            // A service that loads nothing cannot read it either, which is a rule of the payload; here it is only not known.
            let how = format!("--context IRI=FILE: {}", cut(&error.to_string()));
            log.open(format!("the statements of {}", document.name), how);
            return None;
        }
    };
    match compiled.expand(&value) {
        Ok(expanded) => {
            names(document, pointer, &expanded, log);
            Some(expanded.quads())
        }
        Err(error) => {
            let place = document.place(&format!("{pointer}{}", error.pointer));
            match (&error.rule, stand_in) {
                (ExpandFault::Undefined | ExpandFault::Relative(_) | ExpandFault::MalformedIri(_), Some(iri)) => {
                    let what = format!("the statements of {}: {place} is no prefixed name", document.name);
                    log.open(what, format!("--context {iri}=FILE with the Gaia-X context"));
                }
                _ => {
                    let severity = if log.target.is_jwt() { Severity::MayBeRefused } else { Severity::Refused };
                    log.find(&document.name, place, severity, &rule::STATEMENTS, cut(&error.rule.to_string()));
                }
            }
            None
        }
    }
}

fn names(document: &Document, pointer: &str, expanded: &Expanded<'_>, log: &mut Log) {
    for term in &expanded.vocab_terms {
        let place = document.place(&format!("{pointer}{term}"));
        log.find(&document.name, place, Severity::MayBeRefused, &rule::VOCAB, "no context defines this name itself");
    }
    for name in &expanded.undefined_prefixes {
        let place = document.place(&format!("{pointer}{name}"));
        log.find(&document.name, place, Severity::MayBeRefused, &rule::PREFIX, "the prefix is taken for a scheme");
    }
}

fn shapes(documents: &[Document], data: &[Quad], complete: bool, setting: &Setting<'_>, log: &mut Log) {
    if documents.iter().all(|document| document.is_presentation) {
        return;
    }
    let Some(shapes) = setting.shapes else {
        let how = "--shapes with the shapes of the ontology, and once more with its class hierarchy";
        return log.open("the subjects against the shapes; only the rules built in were applied", how);
    };
    if !complete {
        log.open("the subjects that became no statements against the shapes", "mend what is said of them above");
    }
    let report = shapes.validate(data);
    for open in &report.not_checked {
        let shape = open.within.as_ref().or(open.shape.as_ref()).map(term).unwrap_or_else(|| "the shapes".to_owned());
        log.open(format!("what {shape} asks for"), open.reason.to_string());
    }
    let distinct = report.distinct();
    for violation in distinct.iter().take(LISTED_MAX) {
        let owner = owner(violation, data, documents);
        let is_final = documents.iter().any(|document| document.name == owner && document.inside.is_some());
        match absent(violation, data).filter(|_| !is_final) {
            Some(iri) => log.open(
                format!("{} at {}", violation.component.name(), place(violation, data)),
                format!("hand in the credential of {iri} too"),
            ),
            None => log.find(&owner, place(violation, data), severity(violation), &rule::SHAPE, text(violation)),
        }
    }
    if let Some(more) = distinct.len().checked_sub(LISTED_MAX).filter(|more| *more > 0) {
        log.open(format!("{more} more violations of shapes, found and not listed"), "mend those listed first");
    }
}

/// The node that a violation is about, where nothing is said of it: it may be what it should be in a credential that was not
/// handed in. In a presentation nothing is missing that the service would see.
fn absent<'v>(violation: &'v Violation, data: &[Quad]) -> Option<&'v str> {
    use shacl::Component::{And, Class, Node, Or, Xone};
    let value = violation.value.as_ref().filter(|value| data.iter().all(|quad| quad.subject != **value))?;
    value.as_iri().filter(|_| matches!(violation.component, And | Class | Node | Or | Xone))
}

/// The document that a focus node comes from.
fn owner(violation: &Violation, data: &[Quad], documents: &[Document]) -> String {
    let by_label = match &violation.focus {
        Term::Blank(label) => label.strip_prefix('c').and_then(|rest| rest.split('.').next()?.parse::<usize>().ok()),
        Term::Iri(_) | Term::Literal(_) => None,
    };
    let by_id = || {
        let iri = violation.focus.as_iri()?;
        let is_here = |value: &Value| value.get("id").or_else(|| value.get("@id")).and_then(Value::as_str) == Some(iri);
        documents.iter().position(|document| document.subjects().iter().any(|(_, subject)| is_here(subject)))
    };
    let known = by_label.or_else(by_id).filter(|_| !data.is_empty());
    known
        .and_then(|number| documents.get(number))
        .map_or_else(|| "all documents together".to_owned(), |d| d.name.clone())
}

fn severity(violation: &Violation) -> Severity {
    match violation.severity {
        shacl::Severity::Violation | shacl::Severity::Other(_) => Severity::Refused,
        shacl::Severity::Warning => Severity::MayBeRefused,
        shacl::Severity::Info => Severity::Advice,
    }
}

fn place(violation: &Violation, data: &[Quad]) -> String {
    let path = violation.path.as_ref().map(|path| if path.contains('<') { path.clone() } else { format!("<{path}>") });
    let (root, mut steps) = route(&violation.focus, data);
    steps.extend(path);
    format!("{} {}", term(root), steps.join("/")).trim_end().to_owned()
}

/// How a node without a name is reached from one that has a name.
fn route<'a>(focus: &'a Term, data: &'a [Quad]) -> (&'a Term, Vec<String>) {
    const STEPS_MAX: usize = 32;
    let (mut node, mut steps) = (focus, Vec::new());
    while matches!(node, Term::Blank(_)) && steps.len() < STEPS_MAX {
        let Some(quad) = data.iter().find(|quad| quad.object == *node) else { break };
        steps.insert(0, format!("<{}>", quad.predicate));
        node = &quad.subject;
    }
    (node, steps)
}

fn text(violation: &Violation) -> String {
    let value = violation.value.as_ref().map(|value| format!("{}: ", cut(&term(value))));
    let said = violation.messages.first().map(|message| format!(" ({})", cut(&message.text)));
    let component = violation.component.name().trim_end_matches("ConstraintComponent");
    format!(
        "{}{}, expected {}{}",
        value.unwrap_or_default(),
        component,
        cut(&violation.expected),
        said.unwrap_or_default()
    )
}

fn term(term: &Term) -> String {
    let mut text = String::new();
    n_quads::write_term(term, &mut text);
    text
}
