//! Strongly connected components (Tarjan 1972), without recursion: a chain of needs may be long.

use super::{Graph, Index};

const UNSEEN: u32 = u32::MAX;

struct Tarjan<'g> {
    graph: &'g Graph,
    members: Vec<Vec<Index>>,
    order: Vec<u32>,
    low: Vec<u32>,
    on_stack: Vec<bool>,
    stack: Vec<Index>,
    next: u32,
    found: Vec<Vec<Index>>,
}

/// The strongly connected components, each after those that it needs.
pub(crate) fn strong_components(graph: &Graph) -> Vec<Vec<Index>> {
    let count = graph.len();
    let mut tarjan = Tarjan {
        graph,
        members: vec![Vec::new(); count],
        order: vec![UNSEEN; count],
        low: vec![0; count],
        on_stack: vec![false; count],
        stack: Vec::new(),
        next: 0,
        found: Vec::new(),
    };
    for root in graph.indices() {
        if tarjan.order[root as usize] == UNSEEN {
            tarjan.visit(root);
        }
    }
    tarjan.found
}

impl Tarjan<'_> {
    fn enter(&mut self, v: Index) {
        self.order[v as usize] = self.next;
        self.low[v as usize] = self.next;
        self.next += 1;
        self.stack.push(v);
        self.on_stack[v as usize] = true;
        // Taken from the end, so that the first member is visited first.
        let mut members: Vec<Index> = self.graph.members(v).collect();
        members.reverse();
        self.members[v as usize] = members;
    }

    fn visit(&mut self, root: Index) {
        let mut way = vec![root];
        self.enter(root);
        while let Some(&v) = way.last() {
            if let Some(w) = self.members[v as usize].pop() {
                if self.order[w as usize] == UNSEEN {
                    self.enter(w);
                    way.push(w);
                } else if self.on_stack[w as usize] {
                    self.low[v as usize] = self.low[v as usize].min(self.order[w as usize]);
                }
                continue;
            }
            way.pop();
            if let Some(&parent) = way.last() {
                self.low[parent as usize] = self.low[parent as usize].min(self.low[v as usize]);
            }
            if self.low[v as usize] == self.order[v as usize] {
                self.close(v);
            }
        }
    }

    fn close(&mut self, root: Index) {
        let mut component = Vec::new();
        while let Some(v) = self.stack.pop() {
            self.on_stack[v as usize] = false;
            component.push(v);
            if v == root {
                break;
            }
        }
        component.sort_unstable();
        self.found.push(component);
    }
}
