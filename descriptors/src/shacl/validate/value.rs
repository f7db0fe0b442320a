//! The constraints that look at values, each by itself or all together.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::{Outcome, Place, Run};
use crate::rdf::{LANG_STRING, xsd};
use crate::shacl::Shapes;
use crate::shacl::constraint::Constraint;
use crate::shacl::report::Component;
use crate::shacl::terms::{Key, TermId};

/// How many values of an enumeration are listed before it is cut.
const LISTED_MAX: usize = 12;

impl<'a> Run<'a> {
    pub(super) fn of_one_value(
        &mut self,
        constraint: &Constraint,
        value: TermId,
        focus: TermId,
    ) -> (Component, Outcome) {
        let key = self.graph.key(value);
        let length_of = |key: Key<'_>| text(key).map(|text| text.chars().count() as u64);
        let (component, conforms) = match constraint {
            Constraint::Class(class) => (Component::Class, self.graph.is_member(value, *class)),
            Constraint::Datatype(datatype) => (Component::Datatype, self.has_datatype(key, *datatype)),
            Constraint::NodeKind(kinds) => {
                let allowed = match key {
                    Key::Iri(_) => kinds.iri,
                    Key::Blank(_) => kinds.blank,
                    Key::Literal(_) => kinds.literal,
                };
                (Component::NodeKind, allowed)
            }
            Constraint::Bound { component, value: limit, .. } => {
                (*component, is_within(*component, key, limit.as_ref()))
            }
            Constraint::MinLength(least) => {
                (Component::MinLength, length_of(key).is_some_and(|length| length >= *least))
            }
            Constraint::MaxLength(most) => (Component::MaxLength, length_of(key).is_some_and(|length| length <= *most)),
            Constraint::Pattern { pattern, .. } => {
                let Some(text) = text(key) else { return (Component::Pattern, Outcome::Violates) };
                match self.budget.take(pattern.work(text) / 16) {
                    Ok(()) => (Component::Pattern, pattern.is_found_in(text)),
                    Err(exhausted) => return (Component::Pattern, exhausted.into()),
                }
            }
            Constraint::LanguageIn(ranges) => {
                let language = language(key);
                let fits = |range: &String| language.as_ref().is_some_and(|language| is_in_range(language, range));
                (Component::LanguageIn, ranges.iter().any(fits))
            }
            Constraint::Disjoint(predicate) => (Component::Disjoint, !self.graph.has(focus, *predicate, value)),
            Constraint::In { sorted, .. } => (Component::In, sorted.binary_search(&value).is_ok()),
            // Those that look at several values or other shapes are evaluated elsewhere.
            _ => (Component::Node, true),
        };
        (component, Outcome::of(conforms))
    }

    fn has_datatype(&self, key: Key<'_>, datatype: TermId) -> bool {
        let Key::Literal(literal) = key else { return false };
        let expected = self.shapes.terms.get(datatype).as_iri();
        expected == Some(&*literal.datatype) && xsd::is_well_formed(literal).unwrap_or(true)
    }

    pub(super) fn of_all_values(&mut self, place: &mut Place<'a>, constraint: &Constraint) {
        let count = place.values.len() as u64;
        let outcome = Outcome::of;
        match constraint {
            Constraint::MinCount(least) => {
                let expected = |_: &Shapes| format!("at least {least}, found {count}");
                self.settle(place, Component::MinCount, None, outcome(count >= *least), expected);
            }
            Constraint::MaxCount(most) => {
                let expected = |_: &Shapes| format!("at most {most}, found {count}");
                self.settle(place, Component::MaxCount, None, outcome(count <= *most), expected);
            }
            Constraint::HasValue(value) => {
                let expected = |shapes: &Shapes| format!("the value {}", named(shapes, *value));
                let has = place.values.binary_search(value).is_ok();
                self.settle(place, Component::HasValue, None, outcome(has), expected);
            }
            Constraint::UniqueLang => {
                let mut counts: BTreeMap<String, usize> = BTreeMap::new();
                for value in &place.values {
                    if let Some(language) = language(self.graph.key(*value)) {
                        *counts.entry(language).or_default() += 1;
                    }
                }
                for (language, _) in counts.iter().filter(|(_, count)| **count > 1) {
                    let expected = |_: &Shapes| format!("one text in the language `{language}`");
                    self.settle(place, Component::UniqueLang, None, Outcome::Violates, expected);
                }
            }
            Constraint::Equals(predicate) => self.equals(place, *predicate),
            Constraint::LessThan { than, or_equals } => self.less_than(place, *than, *or_equals),
            _ => {}
        }
    }

    fn equals(&mut self, place: &mut Place<'a>, predicate: TermId) {
        let others: Vec<TermId> = self.graph.objects(place.focus, predicate).iter().map(|triple| triple[2]).collect();
        let only_here = place.values.iter().filter(|value| others.binary_search(value).is_err());
        let only_there = others.iter().filter(|other| place.values.binary_search(other).is_err());
        let differing: Vec<TermId> = only_here.chain(only_there).copied().collect();
        let expected = format!("the same values as {}", named(self.shapes, predicate));
        for value in differing {
            self.settle(place, Component::Equals, Some(value), Outcome::Violates, |_| expected.clone());
        }
    }

    fn less_than(&mut self, place: &mut Place<'a>, than: TermId, or_equals: bool) {
        let component = if or_equals { Component::LessThanOrEquals } else { Component::LessThan };
        let others: Vec<TermId> = self.graph.objects(place.focus, than).iter().map(|triple| triple[2]).collect();
        let pairs = (place.values.len() as u64).saturating_mul(others.len() as u64);
        if let Err(exhausted) = self.budget.take(pairs) {
            place.outcome = place.outcome.and(exhausted.into());
            return;
        }
        let value_of = |id: &TermId| match self.graph.key(*id) {
            Key::Literal(literal) => xsd::Value::of(literal),
            Key::Iri(_) | Key::Blank(_) => None,
        };
        let others: Vec<Option<xsd::Value>> = others.iter().map(value_of).collect();
        let mut bad = Vec::new();
        for id in &place.values {
            let value = value_of(id);
            for other in &others {
                let order = value.as_ref().zip(other.as_ref()).and_then(|(value, other)| value.compare(other));
                let fits = order == Some(Ordering::Less) || (or_equals && order == Some(Ordering::Equal));
                bad.extend((!fits).then_some(*id));
            }
        }
        let word = if or_equals { "at most" } else { "less than" };
        let expected = format!("{word} every value of {}", named(self.shapes, than));
        for id in bad {
            self.settle(place, component, Some(id), Outcome::Violates, |_| expected.clone());
        }
    }
}

/// What a constraint asks of a value, in words.
pub(super) fn expected(shapes: &Shapes, constraint: &Constraint) -> String {
    let name = |id: &TermId| named(shapes, *id);
    match constraint {
        Constraint::Class(class) => format!("a {}", name(class)),
        Constraint::Datatype(datatype) => format!("a well-formed {}", name(datatype)),
        Constraint::NodeKind(kinds) => kinds.words(),
        Constraint::Bound { component, limit, .. } => {
            let word = match component {
                Component::MinExclusive => "more than",
                Component::MinInclusive => "at least",
                Component::MaxExclusive => "less than",
                _ => "at most",
            };
            format!("{word} {}", name(limit))
        }
        Constraint::MinLength(least) => format!("at least {least} characters"),
        Constraint::MaxLength(most) => format!("at most {most} characters"),
        Constraint::Pattern { text, .. } => format!("a text that matches `{text}`"),
        Constraint::LanguageIn(ranges) => format!("a text in one of the languages {}", ranges.join(", ")),
        Constraint::Disjoint(predicate) => format!("no value that {} has too", name(predicate)),
        Constraint::In { listed, .. } => {
            let shown: Vec<String> = listed.iter().take(LISTED_MAX).map(name).collect();
            let more = listed.len().saturating_sub(LISTED_MAX);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            format!("one of {}{more}", shown.join(", "))
        }
        _ => String::new(),
    }
}

fn named(shapes: &Shapes, id: TermId) -> String {
    short(Key::of(shapes.terms.get(id)))
}

/// The text of an IRI or a literal (`str()` of SPARQL).
fn text(key: Key<'_>) -> Option<&str> {
    match key {
        Key::Iri(iri) => Some(iri),
        Key::Literal(literal) => Some(&literal.text),
        Key::Blank(_) => None,
    }
}

fn language(key: Key<'_>) -> Option<String> {
    match key {
        Key::Literal(literal) if literal.datatype == LANG_STRING => {
            literal.language.as_ref().map(|l| l.to_ascii_lowercase())
        }
        _ => None,
    }
}

/// Basic filtering of RFC 4647, section 3.3.1.
fn is_in_range(language: &str, range: &str) -> bool {
    range == "*" || language.strip_prefix(range).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

fn is_within(component: Component, key: Key<'_>, limit: Option<&xsd::Value>) -> bool {
    let Key::Literal(literal) = key else { return false };
    let value = xsd::Value::of(literal);
    let Some(order) = value.as_ref().zip(limit).and_then(|(value, limit)| value.compare(limit)) else { return false };
    match component {
        Component::MinExclusive => order == Ordering::Greater,
        Component::MinInclusive => order != Ordering::Less,
        Component::MaxExclusive => order == Ordering::Less,
        _ => order != Ordering::Greater,
    }
}

/// A term as people like to read it: the last part of an IRI, the text of a literal.
fn short(key: Key<'_>) -> String {
    match key {
        Key::Iri(iri) => {
            let name = iri.rsplit(['#', '/']).next().filter(|name| !name.is_empty());
            name.unwrap_or(iri).to_owned()
        }
        Key::Blank(label) => format!("_:{label}"),
        Key::Literal(literal) => format!("\"{}\"", literal.text),
    }
}
