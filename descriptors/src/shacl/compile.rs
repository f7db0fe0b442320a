//! From the statements of a shapes graph to shapes.

mod parameter;
mod source;

use std::collections::{BTreeMap, BTreeSet};

use super::constraint::Constraint;
use super::path::Path;
use super::report::{NotChecked, Reason, Severity};
use super::terms::{Key, TermId, Terms};
use super::{NAMESPACE, RDFS, Shape, Shapes, Target};
use crate::rdf::{Quad, Term};
use source::{Node, Source};

const OWL: &str = "http://www.w3.org/2002/07/owl#";
/// Deepest nesting of a path.
const PATH_DEPTH_MAX: usize = 32;

pub(super) fn compile(quads: &[Quad]) -> Shapes {
    let source = Source::new(quads);
    let mut compiler = Compiler {
        custom: custom_parameters(&source),
        source: &source,
        terms: Terms::default(),
        numbers: BTreeMap::new(),
        open: Vec::new(),
    };
    let targets = compiler.targets();
    let mut shapes: Vec<Option<Shape>> = Vec::new();
    while let Some((number, node, within)) = compiler.open.pop() {
        let shape = compiler.shape(node, within);
        if shapes.len() <= number {
            shapes.resize_with(number + 1, || None);
        }
        shapes[number] = Some(shape);
    }
    let mut hierarchy: BTreeMap<TermId, Vec<TermId>> = BTreeMap::new();
    for (sub_class, class) in source.pairs(&format!("{RDFS}subClassOf")) {
        let (sub_class, class) = (compiler.keep(sub_class), compiler.keep(class));
        hierarchy.entry(sub_class).or_default().push(class);
    }
    let not_checked = whole_graph(&source);
    let terms = std::mem::take(&mut compiler.terms);
    Shapes { terms, shapes: shapes.into_iter().flatten().collect(), targets, hierarchy, not_checked }
}

/// What concerns no single shape.
fn whole_graph(source: &Source) -> Vec<NotChecked> {
    let mut reasons = BTreeSet::new();
    for (_, imported) in source.pairs(&format!("{OWL}imports")) {
        let iri = source.term(imported).as_iri().unwrap_or_default();
        if source.about(imported).is_empty() {
            reasons.insert(Reason::Import(iri.to_owned()));
        }
    }
    for construct in ["entailment", "rule"] {
        let iri = format!("{NAMESPACE}{construct}");
        if source.pairs(&iri).next().is_some() {
            reasons.insert(Reason::NotCore(iri));
        }
    }
    reasons.into_iter().map(|reason| NotChecked { shape: None, within: None, reason }).collect()
}

/// The properties that somebody declared as parameters of a component.
fn custom_parameters(source: &Source) -> BTreeSet<Node> {
    let of_component = source.pairs(&format!("{NAMESPACE}parameter")).map(|(_, parameter)| parameter);
    of_component.flat_map(|parameter| source.values(parameter, &format!("{NAMESPACE}path"))).collect()
}

struct Compiler<'a> {
    source: &'a Source,
    custom: BTreeSet<Node>,
    terms: Terms,
    /// The numbers of the shapes that were met.
    numbers: BTreeMap<Node, usize>,
    /// Those that were not looked into yet: number, node, and the named shape around it.
    open: Vec<(usize, Node, Option<Term>)>,
}

/// Something about a shape is not as SHACL wants it: the parameter.
struct IllFormed(&'static str);

impl Compiler<'_> {
    fn keep(&mut self, node: Node) -> TermId {
        self.terms.insert(Key::of(self.source.term(node)))
    }

    fn targets(&mut self) -> Vec<(usize, Target)> {
        let mut found = Vec::new();
        for (name, target) in [
            ("targetNode", Target::Node as fn(TermId) -> Target),
            ("targetClass", Target::Class),
            ("targetSubjectsOf", Target::SubjectsOf),
            ("targetObjectsOf", Target::ObjectsOf),
        ] {
            for (shape, value) in self.source.pairs(&format!("{NAMESPACE}{name}")) {
                found.push((shape, target(self.keep(value))));
            }
        }
        // A class that is a shape is its own target (section 2.1.3.3).
        let classes = self.source.instances_of(&format!("{RDFS}Class"));
        let mut shapes = self.source.instances_of(&format!("{NAMESPACE}NodeShape"));
        shapes.extend(self.source.instances_of(&format!("{NAMESPACE}PropertyShape")));
        for class in classes.intersection(&shapes) {
            found.push((*class, Target::Class(self.keep(*class))));
        }
        // Shapes whose targets cannot be found must not vanish: a target that is nothing reports them.
        for (shape, value) in self.source.pairs(&format!("{NAMESPACE}target")) {
            found.push((shape, Target::Unknown(self.keep(value))));
        }
        found.into_iter().map(|(shape, target)| (self.number(shape, None), target)).collect()
    }

    fn number(&mut self, node: Node, within: Option<&Term>) -> usize {
        let next = self.numbers.len();
        let number = *self.numbers.entry(node).or_insert(next);
        if number == next {
            let named = self.source.term(node).as_iri().is_some();
            self.open.push((number, node, within.filter(|_| !named).cloned()));
        }
        number
    }

    fn shape(&mut self, node: Node, within: Option<Term>) -> Shape {
        let source = self.source;
        let term = source.term(node).clone();
        let around = if term.as_iri().is_some() { Some(&term) } else { within.as_ref() };
        let values = |name: &str| source.values(node, &format!("{NAMESPACE}{name}"));
        let mut shape = Shape {
            path: None,
            severity: severity(&values("severity").iter().map(|s| source.term(*s)).collect::<Vec<_>>()),
            messages: values("message").iter().filter_map(|m| source.literal(*m).cloned()).collect(),
            constraints: Vec::new(),
            within: within.clone(),
            term: term.clone(),
        };
        if values("deactivated").iter().any(|value| source.is_true(*value)) {
            return shape;
        }
        match *values("path") {
            [] => {}
            [path] => shape.path = self.path(path, 0),
            _ => shape.path = None,
        }
        if shape.path.is_none() && !values("path").is_empty() {
            shape.constraints.push(Constraint::NotChecked(Reason::IllFormed("path".to_owned())));
            return shape;
        }
        shape.constraints = self.constraints(node, shape.path.is_some(), around);
        shape
    }

    fn constraints(&mut self, node: Node, is_property: bool, around: Option<&Term>) -> Vec<Constraint> {
        let mut found = Vec::new();
        let predicates: BTreeSet<Node> = self.source.about(node).iter().map(|triple| triple[1]).collect();
        for predicate in predicates {
            let iri = self.source.term(predicate).as_iri().unwrap_or_default();
            let made = match iri.strip_prefix(NAMESPACE) {
                Some(name) => self.parameter(node, name, is_property, around),
                None if self.custom.contains(&predicate) => {
                    Ok(vec![Constraint::NotChecked(Reason::NotCore(iri.to_owned()))])
                }
                None => Ok(Vec::new()),
            };
            let ill_formed = |IllFormed(name)| vec![Constraint::NotChecked(Reason::IllFormed(name.to_owned()))];
            found.extend(made.unwrap_or_else(ill_formed));
        }
        found
    }

    fn path(&mut self, node: Node, depth: usize) -> Option<Path> {
        if depth > PATH_DEPTH_MAX {
            return None;
        }
        if self.source.term(node).as_iri().is_some() {
            return Some(Path::Predicate(self.keep(node)));
        }
        if let Some(items) = self.source.list(node) {
            return Some(Path::Sequence(self.paths(&items, depth)?));
        }
        let [(name, inner)] = self.source.sh_properties(node)[..] else { return None };
        if name == "alternativePath" {
            let items = self.source.list(inner)?;
            return Some(Path::Alternative(self.paths(&items, depth)?));
        }
        let inner = Box::new(self.path(inner, depth + 1)?);
        match name {
            "inversePath" => Some(Path::Inverse(inner)),
            "zeroOrMorePath" => Some(Path::ZeroOrMore(inner)),
            "oneOrMorePath" => Some(Path::OneOrMore(inner)),
            "zeroOrOnePath" => Some(Path::ZeroOrOne(inner)),
            _ => None,
        }
    }

    fn paths(&mut self, items: &[Node], depth: usize) -> Option<Vec<Path>> {
        if items.is_empty() {
            return None;
        }
        items.iter().map(|item| self.path(*item, depth + 1)).collect()
    }
}

fn severity(values: &[&Term]) -> Severity {
    let Some(iri) = values.first().and_then(|term| term.as_iri()) else { return Severity::Violation };
    match iri.strip_prefix(NAMESPACE) {
        Some("Info") => Severity::Info,
        Some("Warning") => Severity::Warning,
        Some("Violation") => Severity::Violation,
        _ => Severity::Other(iri.to_owned()),
    }
}
