//! The evidence graph: which component needs which, and how each of these edges is known.
//!
//! Vertices are numbered in the order of their [`ComponentId`]s and needs are sorted, so that the graph of some evidence
//! is the same whatever order the evidence came in. What a need means for a claim is not known here.

mod build;
mod cycle;
mod reach;

use std::fmt;

use descriptors::component::ComponentId;
use descriptors::timestamp::Timestamp;
use serde::{Deserialize, Serialize};

pub(crate) use build::Builder;
pub(crate) use cycle::strong_components;
pub(crate) use reach::Routes;

/// How an edge is known, from the weakest to the strongest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provenance {
    /// A person wrote it down.
    Declared,
    /// A node saw it.
    Observed,
    /// Two sides agree on it.
    Corroborated,
    /// A third party signed it.
    Attested,
}

impl fmt::Display for Provenance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Declared => "declared",
            Self::Observed => "observed",
            Self::Corroborated => "corroborated",
            Self::Attested => "attested",
        })
    }
}

/// What an edge rests on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Basis {
    /// How it is known.
    pub provenance: Provenance,
    /// Where it is written: `declaration`, or `report sha256:… net`.
    pub source: String,
    /// When the report was received; a declaration has no such time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen_at: Option<Timestamp>,
}

/// Number of a vertex in its graph.
pub(crate) type Index = u32;

/// A component and what it needs; all needs must be met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Vertex {
    pub(crate) id: ComponentId,
    /// Whether the declaration knows it. What only a node saw has no declared needs.
    pub(crate) declared: bool,
    pub(crate) needs: Vec<Group>,
}

/// At least `minimum` of `members` must work.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Group {
    pub(crate) members: Vec<Index>,
    pub(crate) minimum: usize,
    pub(crate) basis: Basis,
}

/// One edge of the graph, for those who draw or print it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge<'a> {
    /// What needs.
    pub from: &'a ComponentId,
    /// What is needed.
    pub to: &'a ComponentId,
    /// How many of the group must work.
    pub at_least: usize,
    /// How many there are in the group.
    pub of: usize,
    /// What it rests on.
    pub basis: &'a Basis,
}

/// The evidence graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Graph {
    vertices: Vec<Vertex>,
}

impl Graph {
    /// All components, sorted.
    pub fn components(&self) -> impl Iterator<Item = &ComponentId> {
        self.vertices.iter().map(|vertex| &vertex.id)
    }

    /// All edges, in the order of the components they begin at.
    pub fn edges(&self) -> impl Iterator<Item = Edge<'_>> {
        self.vertices.iter().flat_map(move |from| {
            from.needs.iter().flat_map(move |group| {
                group.members.iter().map(move |&to| Edge {
                    from: &from.id,
                    to: self.id(to),
                    at_least: group.minimum,
                    of: group.members.len(),
                    basis: &group.basis,
                })
            })
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.vertices.len()
    }

    pub(crate) fn indices(&self) -> impl Iterator<Item = Index> + use<> {
        0..index(self.vertices.len())
    }

    pub(crate) fn vertex(&self, index: Index) -> &Vertex {
        &self.vertices[index as usize]
    }

    pub(crate) fn id(&self, index: Index) -> &ComponentId {
        &self.vertex(index).id
    }

    pub(crate) fn find(&self, id: &ComponentId) -> Option<Index> {
        self.vertices.binary_search_by(|vertex| vertex.id.cmp(id)).ok().map(index)
    }

    /// What `from` needs directly, in the order of its groups.
    pub(crate) fn members(&self, from: Index) -> impl Iterator<Item = Index> {
        self.vertex(from).needs.iter().flat_map(|group| group.members.iter().copied())
    }

    /// Components that need each other, each circle sorted.
    pub(crate) fn cycles(&self) -> Vec<Vec<ComponentId>> {
        let mut cycles: Vec<Vec<ComponentId>> = strong_components(self)
            .into_iter()
            .filter(|circle| circle.len() > 1 || self.members(circle[0]).any(|member| member == circle[0]))
            .map(|circle| circle.into_iter().map(|index| self.id(index).clone()).collect())
            .collect();
        cycles.iter_mut().for_each(|cycle| cycle.sort());
        cycles.sort();
        cycles
    }
}

/// The number of a vertex; a report of 1 MiB names too few components for 2^32 to be reached in memory.
fn index(position: usize) -> Index {
    Index::try_from(position).unwrap_or(Index::MAX)
}

#[cfg(test)]
mod tests;
