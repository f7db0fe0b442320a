//! A data graph, indexed for one validation.

use std::collections::{BTreeMap, BTreeSet};

use super::path::Path;
use super::terms::{Key, TermId, Terms};
use super::{RDFS, Shapes};
use crate::rdf::{Quad, TYPE, Term};

/// More steps than allowed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Exhausted;

/// Steps that may still be taken.
#[derive(Debug)]
pub(super) struct Budget(pub(super) u64);

impl Budget {
    pub(super) fn take(&mut self, steps: u64) -> Result<(), Exhausted> {
        self.0 = self.0.checked_sub(steps).ok_or(Exhausted).inspect_err(|_| self.0 = 0)?;
        Ok(())
    }
}

type Order<'a> = (u8, &'a str, &'a str, Option<String>);

/// Statements by number. Terms of the shapes keep their numbers, others get numbers above.
pub(super) struct Graph<'a> {
    shapes: &'a Terms,
    local: Vec<Key<'a>>,
    /// Subject, predicate, object.
    forward: Vec<[TermId; 3]>,
    /// Object, predicate, subject.
    backward: Vec<[TermId; 3]>,
    /// Class and member, super-classes included.
    members: Vec<[TermId; 2]>,
}

impl<'a> Graph<'a> {
    pub(super) fn new(shapes: &'a Shapes, data: &'a [Quad], budget: &mut Budget) -> Result<Self, Exhausted> {
        budget.take(data.len() as u64)?;
        let mut numbers: BTreeMap<Order<'a>, TermId> = BTreeMap::new();
        let mut local = Vec::new();
        let mut number = |key: Key<'a>| {
            // A blank node of the data is never one of the shapes, whatever its label.
            let known = if matches!(key, Key::Blank(_)) { None } else { shapes.terms.find(key) };
            known.unwrap_or_else(|| {
                *numbers.entry(key.order()).or_insert_with(|| {
                    local.push(key);
                    shapes.terms.len() + local.len() as u32 - 1
                })
            })
        };
        let in_default = data.iter().filter(|quad| quad.graph.is_none());
        let mut forward: Vec<[TermId; 3]> = in_default
            .map(|quad| {
                [number(Key::of(&quad.subject)), number(Key::Iri(&quad.predicate)), number(Key::of(&quad.object))]
            })
            .collect();
        forward.sort_unstable();
        forward.dedup();
        let mut backward: Vec<[TermId; 3]> = forward.iter().map(|[s, p, o]| [*o, *p, *s]).collect();
        backward.sort_unstable();
        let mut graph = Self { shapes: &shapes.terms, local, forward, backward, members: Vec::new() };
        let find = |iri: &str| {
            let key = Key::Iri(iri);
            shapes.terms.find(key).or_else(|| numbers.get(&key.order()).copied())
        };
        graph.members = graph.members(find(TYPE), find(&format!("{RDFS}subClassOf")), &shapes.hierarchy, budget)?;
        Ok(graph)
    }

    fn members(
        &self,
        kind: Option<TermId>,
        sub_class_of: Option<TermId>,
        hierarchy: &BTreeMap<TermId, Vec<TermId>>,
        budget: &mut Budget,
    ) -> Result<Vec<[TermId; 2]>, Exhausted> {
        let mut above: BTreeMap<TermId, Vec<TermId>> = BTreeMap::new();
        let mut members = Vec::new();
        for [member, _, class] in self.forward.iter().filter(|triple| Some(triple[1]) == kind) {
            if !above.contains_key(class) {
                let mut classes = BTreeSet::from([*class]);
                let mut open = vec![*class];
                while let Some(class) = open.pop() {
                    let declared = sub_class_of.map(|p| self.objects(class, p)).unwrap_or_default();
                    let known = hierarchy.get(&class).into_iter().flatten();
                    for super_class in declared.iter().map(|triple| &triple[2]).chain(known) {
                        budget.take(1)?;
                        if classes.insert(*super_class) {
                            open.push(*super_class);
                        }
                    }
                }
                above.insert(*class, classes.into_iter().collect());
            }
            let classes = &above[class];
            budget.take(classes.len() as u64)?;
            members.extend(classes.iter().map(|class| [*class, *member]));
        }
        members.sort_unstable();
        members.dedup();
        Ok(members)
    }

    pub(super) fn key(&self, id: TermId) -> Key<'a> {
        match id.checked_sub(self.shapes.len()) {
            Some(local) => self.local[local as usize],
            None => Key::of(self.shapes.get(id)),
        }
    }

    pub(super) fn term(&self, id: TermId) -> Term {
        self.key(id).to_term()
    }

    /// The statements with this subject.
    pub(super) fn about(&self, subject: TermId) -> &[[TermId; 3]] {
        range(&self.forward, [subject, 0, 0], [subject, TermId::MAX, TermId::MAX])
    }

    pub(super) fn objects(&self, subject: TermId, predicate: TermId) -> &[[TermId; 3]] {
        range(&self.forward, [subject, predicate, 0], [subject, predicate, TermId::MAX])
    }

    pub(super) fn has(&self, subject: TermId, predicate: TermId, object: TermId) -> bool {
        self.forward.binary_search(&[subject, predicate, object]).is_ok()
    }

    pub(super) fn is_member(&self, node: TermId, class: TermId) -> bool {
        self.members.binary_search(&[class, node]).is_ok()
    }

    pub(super) fn members_of(&self, class: TermId) -> Vec<TermId> {
        let start = self.members.partition_point(|pair| pair[0] < class);
        self.members[start..].iter().take_while(|pair| pair[0] == class).map(|pair| pair[1]).collect()
    }

    /// Those that have the property, or are its values.
    pub(super) fn ends_of(&self, predicate: TermId, objects: bool) -> Vec<TermId> {
        let triples = if objects { &self.backward } else { &self.forward };
        let mut nodes: Vec<TermId> = triples.iter().filter(|t| t[1] == predicate).map(|t| t[0]).collect();
        nodes.dedup();
        nodes
    }

    /// The nodes that a path leads to, sorted.
    pub(super) fn follow(&self, path: &Path, from: &[TermId], budget: &mut Budget) -> Result<Vec<TermId>, Exhausted> {
        let mut found = Vec::new();
        match path {
            Path::Predicate(predicate) => self.step(&self.forward, *predicate, from, &mut found),
            Path::Inverse(inner) => match &**inner {
                Path::Predicate(predicate) => self.step(&self.backward, *predicate, from, &mut found),
                inner => found = self.follow(&inner.reversed(), from, budget)?,
            },
            Path::Sequence(paths) => {
                found = from.to_vec();
                for path in paths {
                    found = self.follow(path, &found, budget)?;
                }
            }
            Path::Alternative(paths) => {
                for path in paths {
                    found.extend(self.follow(path, from, budget)?);
                }
            }
            Path::ZeroOrOne(inner) => {
                found = self.follow(inner, from, budget)?;
                found.extend(from);
            }
            Path::ZeroOrMore(inner) => {
                found = self.closure(inner, from, budget)?;
                found.extend(from);
            }
            Path::OneOrMore(inner) => found = self.closure(inner, from, budget)?,
        }
        budget.take(1 + from.len() as u64 + found.len() as u64)?;
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }

    fn step(&self, index: &[[TermId; 3]], predicate: TermId, from: &[TermId], found: &mut Vec<TermId>) {
        for node in from {
            let triples = range(index, [*node, predicate, 0], [*node, predicate, TermId::MAX]);
            found.extend(triples.iter().map(|triple| triple[2]));
        }
    }

    fn closure(&self, path: &Path, from: &[TermId], budget: &mut Budget) -> Result<Vec<TermId>, Exhausted> {
        let mut seen = BTreeSet::new();
        let mut open = from.to_vec();
        while !open.is_empty() {
            let reached = self.follow(path, &open, budget)?;
            open = reached.into_iter().filter(|node| seen.insert(*node)).collect();
        }
        Ok(seen.into_iter().collect())
    }
}

impl Path {
    /// The same path, walked from its end.
    fn reversed(&self) -> Self {
        let boxed = |path: &Self| Box::new(path.reversed());
        match self {
            Self::Predicate(_) => Self::Inverse(Box::new(self.clone())),
            Self::Inverse(inner) => (**inner).clone(),
            Self::Sequence(paths) => Self::Sequence(paths.iter().rev().map(Self::reversed).collect()),
            Self::Alternative(paths) => Self::Alternative(paths.iter().map(Self::reversed).collect()),
            Self::ZeroOrMore(inner) => Self::ZeroOrMore(boxed(inner)),
            Self::OneOrMore(inner) => Self::OneOrMore(boxed(inner)),
            Self::ZeroOrOne(inner) => Self::ZeroOrOne(boxed(inner)),
        }
    }
}

fn range(index: &[[TermId; 3]], first: [TermId; 3], last: [TermId; 3]) -> &[[TermId; 3]] {
    let start = index.partition_point(|triple| *triple < first);
    let length = index[start..].partition_point(|triple| *triple <= last);
    &index[start..start + length]
}
