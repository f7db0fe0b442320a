//! Collecting needs in any order into a [`Graph`] that does not show the order.

use std::collections::{BTreeMap, BTreeSet};

use descriptors::component::ComponentId;

use super::{Basis, Graph, Group, Vertex, index};

/// A need between components that have no numbers yet.
type NamedGroup = (BTreeSet<ComponentId>, usize, Basis);

/// A graph in the making.
#[derive(Debug, Default)]
pub(crate) struct Builder {
    needs: BTreeMap<ComponentId, BTreeSet<NamedGroup>>,
    declared: BTreeSet<ComponentId>,
}

impl Builder {
    /// A component that the declaration names.
    pub(crate) fn declare(&mut self, id: ComponentId) {
        self.needs.entry(id.clone()).or_default();
        self.declared.insert(id);
    }

    /// `from` needs at least `minimum` of `members`. An empty group asks for nothing.
    pub(crate) fn need(&mut self, from: &ComponentId, members: BTreeSet<ComponentId>, minimum: usize, basis: Basis) {
        if members.is_empty() {
            return;
        }
        for member in &members {
            self.needs.entry(member.clone()).or_default();
        }
        self.needs.entry(from.clone()).or_default().insert((members, minimum, basis));
    }

    /// `from` needs every one of `members`.
    pub(crate) fn need_all(&mut self, from: &ComponentId, members: BTreeSet<ComponentId>, basis: Basis) {
        let minimum = members.len();
        self.need(from, members, minimum, basis);
    }

    /// The graph.
    pub(crate) fn build(self) -> Graph {
        let numbers: BTreeMap<ComponentId, u32> =
            self.needs.keys().enumerate().map(|(position, id)| (id.clone(), index(position))).collect();
        let mut vertices = Vec::with_capacity(self.needs.len());
        for (id, groups) in self.needs {
            let needs = groups
                .into_iter()
                .map(|(members, minimum, basis)| Group {
                    // Every member got its own entry in `need`, so none is lost here.
                    members: members.iter().filter_map(|member| numbers.get(member).copied()).collect(),
                    minimum,
                    basis,
                })
                .collect();
            vertices.push(Vertex { declared: self.declared.contains(&id), id, needs });
        }
        Graph { vertices }
    }
}
