//! What a component reaches by its needs, and the shortest way there.

use std::collections::VecDeque;

use super::{Edge, Graph, Index};

/// The step that first led to a vertex: from where, and by which of its needs.
#[derive(Debug, Clone, Copy)]
struct Arrival {
    from: Index,
    group: usize,
}

/// Everything that one component needs, directly or not, with a shortest way to each. Of equally short ways it is the
/// one through the components that sort first.
#[derive(Debug, Clone)]
pub(crate) struct Routes<'g> {
    graph: &'g Graph,
    reached: Vec<bool>,
    arrivals: Vec<Option<Arrival>>,
}

impl<'g> Routes<'g> {
    /// All that `start` needs.
    pub(crate) fn from(graph: &'g Graph, start: Index) -> Self {
        Self::within(graph, start, |_| true)
    }

    /// All that `start` needs, going through members for which `enter` holds only.
    pub(crate) fn within(graph: &'g Graph, start: Index, enter: impl Fn(Index) -> bool) -> Self {
        let mut routes = Self { graph, reached: vec![false; graph.len()], arrivals: vec![None; graph.len()] };
        routes.reached[start as usize] = true;
        let mut queue = VecDeque::from([start]);
        while let Some(from) = queue.pop_front() {
            for (group, need) in graph.vertex(from).needs.iter().enumerate() {
                for &to in &need.members {
                    if !routes.reached[to as usize] && enter(to) {
                        routes.reached[to as usize] = true;
                        routes.arrivals[to as usize] = Some(Arrival { from, group });
                        queue.push_back(to);
                    }
                }
            }
        }
        routes
    }

    pub(crate) fn reaches(&self, to: Index) -> bool {
        self.reached[to as usize]
    }

    /// What is reached, the start included, sorted.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Index> {
        self.graph.indices().filter(|&index| self.reaches(index))
    }

    /// The edges of a shortest way to `to`; none where there is no way, or `to` is the start.
    pub(crate) fn way_to(&self, to: Index) -> Vec<Edge<'g>> {
        let mut way = Vec::new();
        let mut at = to;
        while let Some(Arrival { from, group }) = self.arrivals[at as usize] {
            let need = &self.graph.vertex(from).needs[group];
            way.push(Edge {
                from: self.graph.id(from),
                to: self.graph.id(at),
                at_least: need.minimum,
                of: need.members.len(),
                basis: &need.basis,
            });
            at = from;
        }
        way.reverse();
        way
    }
}
