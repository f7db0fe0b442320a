//! Following shapes through a data graph.

mod value;

use std::collections::BTreeSet;

use super::constraint::Constraint;
use super::graph::{Budget, Exhausted, Graph};
use super::report::{Component, NotChecked, Reason, Report, Violation};
use super::terms::{Key, TermId};
use super::{DEPTH_MAX, Shape, Shapes, Target};
use crate::rdf::Quad;

pub(super) fn validate(shapes: &Shapes, data: &[Quad], work_max: u64) -> Report {
    let mut budget = Budget(work_max);
    let work = || NotChecked { shape: None, within: None, reason: Reason::Work };
    let Ok(graph) = Graph::new(shapes, data, &mut budget) else {
        return Report { violations: Vec::new(), not_checked: vec![work()] };
    };
    let mut run =
        Run { shapes, graph: &graph, budget, around: Vec::new(), violations: Vec::new(), open: BTreeSet::new() };
    run.open.extend(shapes.not_checked.iter().cloned());
    let mut looked_at = BTreeSet::new();
    for (shape, target) in &shapes.targets {
        if let Target::Unknown(target) = target {
            let reason = Reason::NotCore(format!("{}target", super::NAMESPACE));
            let shape = &shapes.shapes[*shape];
            let within = shapes.terms.get(*target).as_iri().map(|_| shapes.terms.get(*target).clone());
            run.open.insert(NotChecked { shape: Some(shape.term.clone()), within, reason });
            continue;
        }
        for focus in run.focus_nodes(*target) {
            if looked_at.insert((*shape, focus)) && run.check(*shape, focus, true) == Outcome::Unknown(Unknown::Work) {
                run.open.insert(work());
            }
        }
    }
    let mut violations = run.violations;
    violations.sort_unstable();
    Report { violations, not_checked: run.open.into_iter().collect() }
}

/// Whether a node has a shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Conforms,
    Violates,
    Unknown(Unknown),
}

/// Why it is not known: the shape, and which of its constraints where that is the reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unknown {
    Constraint { shape: usize, constraint: usize },
    Recursion { shape: usize },
    Depth { shape: usize },
    Work,
}

impl From<Exhausted> for Outcome {
    fn from(_: Exhausted) -> Self {
        Self::Unknown(Unknown::Work)
    }
}

impl Outcome {
    fn of(conforms: bool) -> Self {
        if conforms { Self::Conforms } else { Self::Violates }
    }

    /// Both must conform; what is known to be violated counts before what is not known.
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Violates, _) | (_, Self::Violates) => Self::Violates,
            (Self::Unknown(why), _) | (_, Self::Unknown(why)) => Self::Unknown(why),
            (Self::Conforms, Self::Conforms) => Self::Conforms,
        }
    }

    fn not(self) -> Self {
        match self {
            Self::Conforms => Self::Violates,
            Self::Violates => Self::Conforms,
            unknown => unknown,
        }
    }
}

struct Run<'a> {
    shapes: &'a Shapes,
    graph: &'a Graph<'a>,
    budget: Budget,
    /// The shapes and nodes that are being looked at.
    around: Vec<(usize, TermId)>,
    violations: Vec<Violation>,
    open: BTreeSet<NotChecked>,
}

/// Where a constraint is evaluated.
struct Place<'a> {
    shape: &'a Shape,
    number: usize,
    focus: TermId,
    values: Vec<TermId>,
    /// Whether violations are written down; otherwise the first one decides.
    keep: bool,
    outcome: Outcome,
}

impl<'a> Run<'a> {
    fn focus_nodes(&self, target: Target) -> Vec<TermId> {
        match target {
            Target::Node(node) => vec![node],
            Target::Class(class) => self.graph.members_of(class),
            Target::SubjectsOf(predicate) => self.graph.ends_of(predicate, false),
            Target::ObjectsOf(predicate) => self.graph.ends_of(predicate, true),
            Target::Unknown(_) => Vec::new(),
        }
    }

    /// Whether `focus` has the shape. With `keep`, every violation is written down.
    fn check(&mut self, number: usize, focus: TermId, keep: bool) -> Outcome {
        let shape = &self.shapes.shapes[number];
        if shape.constraints.is_empty() {
            return Outcome::Conforms;
        }
        if let Err(exhausted) = self.budget.take(1 + self.around.len() as u64) {
            return exhausted.into();
        }
        if self.around.contains(&(number, focus)) {
            return self.unknown(Unknown::Recursion { shape: number }, keep);
        }
        if self.around.len() >= DEPTH_MAX {
            return self.unknown(Unknown::Depth { shape: number }, keep);
        }
        let values = match &shape.path {
            None => vec![focus],
            Some(path) => match self.graph.follow(path, &[focus], &mut self.budget) {
                Ok(values) => values,
                Err(exhausted) => return exhausted.into(),
            },
        };
        let mut place = Place { shape, number, focus, values, keep, outcome: Outcome::Conforms };
        self.around.push((number, focus));
        for (index, constraint) in shape.constraints.iter().enumerate() {
            self.evaluate(&mut place, index, constraint);
            if place.outcome == Outcome::Violates && !keep {
                break;
            }
        }
        self.around.pop();
        place.outcome
    }

    /// Writes down what is not known, where it would not be said by anything around it.
    fn unknown(&mut self, why: Unknown, keep: bool) -> Outcome {
        if keep {
            let (shape, reason) = match why {
                Unknown::Constraint { shape, constraint } => match &self.shapes.shapes[shape].constraints[constraint] {
                    Constraint::NotChecked(reason) => (shape, reason.clone()),
                    _ => return Outcome::Unknown(why),
                },
                Unknown::Recursion { shape } => (shape, Reason::Recursion),
                Unknown::Depth { shape } => (shape, Reason::Depth),
                // Said once for the whole run.
                Unknown::Work => return Outcome::Unknown(why),
            };
            let shape = &self.shapes.shapes[shape];
            self.open.insert(NotChecked { shape: Some(shape.term.clone()), within: shape.within.clone(), reason });
        }
        Outcome::Unknown(why)
    }

    /// Takes the outcome of a constraint for one value, or for none.
    fn settle(
        &mut self,
        place: &mut Place<'a>,
        component: Component,
        value: Option<TermId>,
        outcome: Outcome,
        expected: impl Fn(&Shapes) -> String,
    ) {
        match outcome {
            Outcome::Conforms => {}
            Outcome::Violates if place.keep => {
                self.write_down(place, component, value, place.path(self.shapes), expected(self.shapes));
            }
            Outcome::Violates => {}
            Outcome::Unknown(why) => drop(self.unknown(why, place.keep)),
        }
        place.outcome = place.outcome.and(outcome);
    }

    fn write_down(
        &mut self,
        place: &Place<'a>,
        component: Component,
        value: Option<TermId>,
        path: Option<String>,
        expected: String,
    ) {
        self.violations.push(Violation {
            focus: self.graph.term(place.focus),
            path,
            component,
            value: value.map(|value| self.graph.term(value)),
            shape: place.shape.term.clone(),
            within: place.shape.within.clone(),
            severity: place.shape.severity.clone(),
            expected,
            messages: place.shape.messages.clone(),
        });
    }

    fn evaluate(&mut self, place: &mut Place<'a>, index: usize, constraint: &'a Constraint) {
        if let Err(exhausted) = self.budget.take(1 + place.values.len() as u64) {
            place.outcome = place.outcome.and(exhausted.into());
            return;
        }
        match constraint {
            Constraint::NotChecked(_) => {
                let outcome = self.unknown(Unknown::Constraint { shape: place.number, constraint: index }, place.keep);
                place.outcome = place.outcome.and(outcome);
            }
            Constraint::Property(shape) => {
                for value in place.values.clone() {
                    let outcome = self.check(*shape, value, place.keep);
                    place.outcome = place.outcome.and(outcome);
                    if place.outcome == Outcome::Violates && !place.keep {
                        return;
                    }
                }
            }
            Constraint::Not(_) | Constraint::And(_) | Constraint::Or(_) | Constraint::Xone(_) | Constraint::Node(_) => {
                for value in place.values.clone() {
                    let (component, outcome, expected) = self.logical(constraint, value);
                    self.settle(place, component, Some(value), outcome, |_| expected.to_owned());
                }
            }
            Constraint::Qualified { shape, siblings, least, most } => {
                self.qualified(place, (*shape, siblings), *least, *most);
            }
            Constraint::Closed(allowed) => self.closed(place, allowed),
            Constraint::MinCount(_)
            | Constraint::MaxCount(_)
            | Constraint::UniqueLang
            | Constraint::HasValue(_)
            | Constraint::Equals(_)
            | Constraint::LessThan { .. } => self.of_all_values(place, constraint),
            _ => {
                for value in place.values.clone() {
                    let (component, outcome) = self.of_one_value(constraint, value, place.focus);
                    self.settle(place, component, Some(value), outcome, |shapes| value::expected(shapes, constraint));
                }
            }
        }
    }

    fn logical(&mut self, constraint: &Constraint, value: TermId) -> (Component, Outcome, &'static str) {
        match constraint {
            Constraint::Not(shape) => (Component::Not, self.check(*shape, value, false).not(), "not to have the shape"),
            Constraint::Node(shape) => (Component::Node, self.check(*shape, value, false), "to have the shape"),
            Constraint::And(shapes) => {
                let mut outcome = Outcome::Conforms;
                for shape in shapes {
                    outcome = outcome.and(self.check(*shape, value, false));
                    if outcome == Outcome::Violates {
                        break;
                    }
                }
                (Component::And, outcome, "to have every one of the shapes")
            }
            Constraint::Or(shapes) => {
                // One that conforms is enough: neither of the negations may be known to hold.
                let mut none = Outcome::Conforms;
                for shape in shapes {
                    none = none.and(self.check(*shape, value, false).not());
                    if none == Outcome::Violates {
                        break;
                    }
                }
                (Component::Or, none.not(), "to have one of the shapes")
            }
            Constraint::Xone(shapes) => {
                let outcomes: Vec<Outcome> = shapes.iter().map(|shape| self.check(*shape, value, false)).collect();
                (Component::Xone, exactly_one(&outcomes), "to have exactly one of the shapes")
            }
            _ => (Component::Node, Outcome::Conforms, ""),
        }
    }

    fn qualified(
        &mut self,
        place: &mut Place<'a>,
        (shape, siblings): (usize, &[usize]),
        least: Option<u64>,
        most: Option<u64>,
    ) {
        let (mut sure, mut unknown) = (0, None);
        let mut open = 0;
        for value in place.values.clone() {
            let mut outcome = self.check(shape, value, false);
            for sibling in siblings {
                if outcome != Outcome::Violates {
                    outcome = outcome.and(self.check(*sibling, value, false).not());
                }
            }
            match outcome {
                Outcome::Conforms => sure += 1,
                Outcome::Violates => {}
                Outcome::Unknown(why) => {
                    open += 1;
                    unknown = Some(Outcome::Unknown(why));
                }
            }
        }
        let unknown = unknown.unwrap_or(Outcome::Conforms);
        if let Some(least) = least {
            let outcome = if sure >= least {
                Outcome::Conforms
            } else if sure + open < least {
                Outcome::Violates
            } else {
                unknown
            };
            self.settle(place, Component::QualifiedMinCount, None, outcome, |_| {
                format!("at least {least} values of the shape, found {sure}")
            });
        }
        if let Some(most) = most {
            let outcome = if sure > most {
                Outcome::Violates
            } else if sure + open <= most {
                Outcome::Conforms
            } else {
                unknown
            };
            self.settle(place, Component::QualifiedMaxCount, None, outcome, |_| {
                format!("at most {most} values of the shape, found {sure}")
            });
        }
    }

    fn closed(&mut self, place: &mut Place<'a>, allowed: &[TermId]) {
        let graph = self.graph;
        for value in place.values.clone() {
            for [_, predicate, object] in graph.about(value) {
                if allowed.binary_search(predicate).is_ok() {
                    continue;
                }
                place.outcome = Outcome::Violates;
                if place.keep {
                    let Key::Iri(iri) = graph.key(*predicate) else { continue };
                    let expected = "only the properties that the shape lists".to_owned();
                    self.write_down(place, Component::Closed, Some(*object), Some(iri.to_owned()), expected);
                }
            }
        }
    }
}

impl Place<'_> {
    fn path(&self, shapes: &Shapes) -> Option<String> {
        self.shape.path.as_ref().map(|path| path.text(&shapes.terms))
    }
}

fn exactly_one(outcomes: &[Outcome]) -> Outcome {
    let conforming = outcomes.iter().filter(|outcome| **outcome == Outcome::Conforms).count();
    let unknown = outcomes.iter().find(|outcome| matches!(outcome, Outcome::Unknown(_)));
    match unknown {
        Some(unknown) if conforming < 2 => *unknown,
        _ => Outcome::of(conforming == 1),
    }
}
