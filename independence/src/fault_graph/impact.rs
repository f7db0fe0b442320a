//! What falls when something fails.

use super::{FaultGraph, Gate, GateView, Literal, Vertex};

impl FaultGraph {
    /// Which vertices are down, by number, when exactly these fail by themselves. A vertex that cannot fail by itself may
    /// be among them: then it is down all the same. Vertices that need each other are down only when something makes them
    /// so.
    pub fn down_after(&self, failed: &[Vertex]) -> Vec<bool> {
        let mut down = vec![false; self.len()];
        for vertex in failed {
            down[vertex.index()] = true;
        }
        let mut in_circle = vec![false; self.len()];
        for vertex in self.cycles().iter().flatten() {
            in_circle[vertex.index()] = true;
        }
        let order: Vec<Vertex> = self.bottom_up().collect();
        let mut at = 0;
        while at < order.len() {
            // The vertices of a circle stand side by side; circles have no negations, so repeating ends.
            let length = order[at..].iter().take_while(|vertex| in_circle[vertex.index()]).count().max(1);
            loop {
                let mut changed = false;
                for &vertex in &order[at..at + length] {
                    let falls = !down[vertex.index()] && self.gates(vertex).any(|view| holds(view, &down));
                    down[vertex.index()] |= falls;
                    changed |= falls;
                }
                if !changed || !in_circle[order[at].index()] {
                    break;
                }
            }
            at += length;
        }
        down
    }
}

/// Whether a gate holds.
fn holds(view: GateView<'_>, down: &[bool]) -> bool {
    let is = |literal: &Literal| down[literal.vertex().index()] != literal.is_negated();
    let count = || view.arguments.iter().filter(|literal| is(literal)).count();
    match view.gate {
        Gate::And => view.arguments.iter().all(is),
        Gate::Or => view.arguments.iter().any(is),
        Gate::AtLeast(min) => count() >= min as usize,
        Gate::Not | Gate::Nand => !view.arguments.iter().all(is),
        Gate::Nor => !view.arguments.iter().any(is),
        Gate::Xor => count() % 2 == 1,
        Gate::Iff => count() == 0 || count() == view.arguments.len(),
        Gate::Imply => view.arguments.first().is_some_and(|first| !is(first)) || view.arguments.iter().skip(1).any(is),
        Gate::Cardinality { min, max } => (min as usize..=max as usize).contains(&count()),
        Gate::Always => true,
        Gate::Never => false,
    }
}
