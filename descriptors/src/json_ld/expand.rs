//! Expansion straight to statements (JSON-LD 1.1 Processing Algorithms and API, sections 5.1, 7 and 8, in one pass).
//!
//! The tree of a document is walked once. Its nodes are not merged first: canonicalisation drops duplicates anyhow.

mod name;
mod node;
mod value;

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::Expanded;
use super::context::{Cause, Context, DeriveError, Soil};
use super::error::{ExpandError, ExpandFault};
use super::term::Keyword;
use crate::rdf::statement::{Node, Object, Statement};

/// What the expansion of one document may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExpandLimits {
    /// Statements.
    pub statements_max: usize,
    /// Deepest nesting.
    pub depth_max: usize,
    /// Slots in the tables of contexts that are derived for this document alone.
    pub derived_max: usize,
}

impl Default for ExpandLimits {
    fn default() -> Self {
        Self { statements_max: 100_000, depth_max: crate::canonical::DEPTH_MAX, derived_max: 1 << 17 }
    }
}

/// Where the walk is: only looked at when something is wrong.
#[derive(Clone, Copy)]
enum Place<'p> {
    Root,
    Member(&'p Place<'p>, &'p str),
    Item(&'p Place<'p>, usize),
}

impl Place<'_> {
    fn pointer(&self) -> String {
        match self {
            Self::Root => String::new(),
            Self::Member(parent, name) => {
                format!("{}/{}", parent.pointer(), name.replace('~', "~0").replace('/', "~1"))
            }
            Self::Item(parent, index) => format!("{}/{index}", parent.pointer()),
        }
    }

    fn depth(&self) -> usize {
        match self {
            Self::Root => 0,
            Self::Member(parent, _) | Self::Item(parent, _) => 1 + parent.depth(),
        }
    }

    fn refuse<T>(&self, rule: ExpandFault) -> Result<T, Stop> {
        Err(self.stop(rule))
    }

    fn stop(&self, rule: ExpandFault) -> Stop {
        Stop::Refused(Box::new(ExpandError { pointer: self.pointer(), rule }))
    }
}

/// Why a walk ends early.
enum Stop {
    Refused(Box<ExpandError>),
    /// No more contexts are kept.
    Full,
}

type Walk<T> = Result<T, Stop>;

/// The context that holds, and the one that holds again for nodes below.
#[derive(Clone, Copy)]
struct Scope<'a> {
    active: &'a Context,
    previous: Option<&'a Context>,
}

type Members<'a> = &'a Map<String, Value>;

struct Expander<'a, 's> {
    soil: &'a Soil,
    limits: &'s ExpandLimits,
    out: Expanded<'a>,
    labels: BTreeMap<&'a str, u32>,
    blank_nodes: u32,
    /// Objects on their way into a statement or a list.
    pending: Vec<Object<'a>>,
}

/// `None`: as many derived contexts are kept as may be.
pub(super) fn document<'a>(
    root: &'a Context,
    soil: &'a Soil,
    document: &'a Value,
    limits: &ExpandLimits,
) -> Result<Option<Expanded<'a>>, ExpandError> {
    let out = Expanded { statements: Vec::with_capacity(64), vocab_terms: Vec::new(), undefined_prefixes: Vec::new() };
    let mut expander =
        Expander { soil, limits, out, labels: BTreeMap::new(), blank_nodes: 0, pending: Vec::with_capacity(16) };
    match expander.top(Scope { active: root, previous: None }, document) {
        Ok(()) => Ok(Some(expander.out)),
        Err(Stop::Full) => Ok(None),
        Err(Stop::Refused(error)) => Err(*error),
    }
}

impl<'a> Expander<'a, '_> {
    fn top(&mut self, scope: Scope<'a>, document: &'a Value) -> Walk<()> {
        match document {
            Value::Object(members) => self.top_object(scope, members, &Place::Root),
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    let place = Place::Item(&Place::Root, index);
                    match item {
                        Value::Object(members) => {
                            let scope = self.enter_embedded(scope, members, &place)?;
                            self.top_object(scope, members, &place)?;
                        }
                        _ => return place.refuse(ExpandFault::FreeFloating),
                    }
                }
                Ok(())
            }
            _ => Place::Root.refuse(ExpandFault::Invalid("a document is an object, or an array of objects")),
        }
    }

    /// An object whose `@context` holds already. One that has nothing but `@graph` is the default graph.
    fn top_object(&mut self, scope: Scope<'a>, members: Members<'a>, place: &Place<'_>) -> Walk<()> {
        let graph = self.member(scope.active, members, Keyword::Graph);
        let others = members.keys().filter(|name| *name != "@context").count();
        match graph {
            Some((name, content)) if others == 1 => self.graph(scope, content, &Place::Member(place, name), None),
            _ => self.stating_node(scope, members, place, None),
        }
    }

    /// The nodes of a graph, which nothing refers to: each must state something.
    fn graph(&mut self, scope: Scope<'a>, content: &'a Value, place: &Place<'_>, graph: Option<&Node<'a>>) -> Walk<()> {
        match content {
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.graph(scope, item, &Place::Item(place, index), graph)?;
                }
                Ok(())
            }
            Value::Object(members) => {
                let scope = self.revert(scope, members);
                let scope = self.enter_embedded(scope, members, place)?;
                self.stating_node(scope, members, place, graph)
            }
            _ => place.refuse(ExpandFault::FreeFloating),
        }
    }

    fn stating_node(
        &mut self,
        scope: Scope<'a>,
        members: Members<'a>,
        place: &Place<'_>,
        graph: Option<&Node<'a>>,
    ) -> Walk<()> {
        self.check_depth(place)?;
        let scope = self.enter_types(scope, members, place)?;
        for keyword in [Keyword::Value, Keyword::List, Keyword::Set] {
            if self.member(scope.active, members, keyword).is_some() {
                return place.refuse(ExpandFault::FreeFloating);
            }
        }
        let before = self.out.statements.len();
        self.node(scope, members, place, graph)?;
        if self.out.statements.len() == before {
            return place.refuse(ExpandFault::FreeFloating);
        }
        Ok(())
    }

    fn check_depth(&self, place: &Place<'_>) -> Walk<()> {
        let max = self.limits.depth_max;
        if place.depth() > max {
            return place.refuse(ExpandFault::TooLarge { what: "levels of nesting", max });
        }
        Ok(())
    }

    /// The member that a keyword or one of its other names has.
    fn member(&self, active: &Context, members: Members<'a>, keyword: Keyword) -> Option<(&'a str, &'a Value)> {
        let own = match keyword {
            Keyword::Graph => "@graph",
            Keyword::Id => "@id",
            Keyword::List => "@list",
            Keyword::Set => "@set",
            Keyword::Type => "@type",
            Keyword::Value => "@value",
            _ => return None,
        };
        let find = |name: &str| members.get_key_value(name).map(|(name, value)| (name.as_str(), value));
        find(own).or_else(|| active.aliases(keyword).find_map(find))
    }

    /// Leaves the context of a type when a node below begins.
    fn revert(&self, scope: Scope<'a>, members: Members<'a>) -> Scope<'a> {
        let Some(previous) = scope.previous else { return scope };
        let is_value = self.member(scope.active, members, Keyword::Value).is_some();
        let is_reference = members.len() == 1 && self.member(scope.active, members, Keyword::Id).is_some();
        if is_value || is_reference { scope } else { Scope { active: previous, previous: None } }
    }

    fn enter(&self, scope: Scope<'a>, cause: Cause<'_>, place: &Place<'_>) -> Walk<Scope<'a>> {
        let derived = scope.active.derive(cause, self.soil).map_err(|error| match error {
            DeriveError::Context(error) => place.stop(ExpandFault::Context(error.clone())),
            DeriveError::Full => Stop::Full,
        })?;
        let previous = match (derived.nullified, derived.propagate) {
            (true, true) => None,
            (false, true) => scope.previous,
            (true, false) if scope.previous.is_some() => {
                return place.refuse(ExpandFault::Unsupported("null in the context of a type inside another"));
            }
            (_, false) => scope.previous.or(Some(scope.active)),
        };
        Ok(Scope { active: &derived.context, previous })
    }

    fn enter_embedded(&self, scope: Scope<'a>, members: Members<'a>, place: &Place<'_>) -> Walk<Scope<'a>> {
        match members.get("@context") {
            Some(local) => self.enter(scope, Cause::Embedded(local), &Place::Member(place, "@context")),
            None => Ok(scope),
        }
    }

    /// The contexts of the types of a node, in the order of their names.
    fn enter_types(&self, scope: Scope<'a>, members: Members<'a>, place: &Place<'_>) -> Walk<Scope<'a>> {
        let mut inside = scope;
        let own = members.get("@type").map(|types| ("@type", types));
        let other = scope.active.aliases(Keyword::Type).filter_map(|name| Some((name, members.get(name)?)));
        for (name, types) in own.into_iter().chain(other) {
            let place = Place::Member(place, name);
            let mut enter = |inside: Scope<'a>, name: &Value| match name
                .as_str()
                .and_then(|name| scope.active.terms.get(name))
            {
                Some(definition) if definition.scoped.is_some() => self.enter(inside, Cause::Type(definition), &place),
                _ => Ok(inside),
            };
            match types {
                Value::Array(items) if items.is_sorted_by(|a, b| a.as_str() <= b.as_str()) => {
                    inside = items.iter().try_fold(inside, &mut enter)?;
                }
                Value::Array(items) => {
                    let mut sorted: Vec<&Value> = items.iter().collect();
                    sorted.sort_by_key(|name| name.as_str());
                    inside = sorted.into_iter().try_fold(inside, &mut enter)?;
                }
                name => inside = enter(inside, name)?,
            }
        }
        Ok(inside)
    }

    fn new_blank_node(&mut self) -> Node<'a> {
        self.blank_nodes += 1;
        Node::Blank(self.blank_nodes - 1)
    }

    fn blank_node_called(&mut self, label: &'a str) -> Node<'a> {
        if let Some(number) = self.labels.get(label) {
            return Node::Blank(*number);
        }
        self.labels.insert(label, self.blank_nodes);
        self.new_blank_node()
    }

    fn state(
        &mut self,
        subject: Node<'a>,
        predicate: Cow<'a, str>,
        object: Object<'a>,
        graph: Option<&Node<'a>>,
        place: &Place<'_>,
    ) -> Walk<()> {
        let max = self.limits.statements_max;
        if self.out.statements.len() >= max {
            return place.refuse(ExpandFault::TooLarge { what: "statements", max });
        }
        self.out.statements.push(Statement { subject, predicate, object, graph: graph.cloned() });
        Ok(())
    }
}
