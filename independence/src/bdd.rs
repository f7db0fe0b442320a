//! The second engine: decision diagrams, for every order, for formulas with negation, and for probabilities.
//!
//! ```text
//!   FaultGraph ── formula ──▶ Circuit ── flatten, group ──▶ modules ── compile ──▶ Functions ── minimal ──▶ Families
//!                                                                                     │                        │
//!                                                                          probability, importance       counts, groups
//! ```
//!
//! A diagram holds the whole function of a top event, whatever its gates; from it come the minimal risk groups of all
//! orders or up to one, their counts, and exact probabilities. What the diagram of one formula takes in memory cannot be
//! known beforehand: it is counted while it grows, and beyond the limit there is an error and no answer. What the
//! components are is not known here, nor when another engine would be the better one.

mod circuit;
mod compile;
mod count;
mod families;
mod formula;
mod function;
mod list;
mod minimal;
mod module;
mod probability;
mod table;

use crate::fault_graph::{FaultGraph, Vertex};
use circuit::{Circuit, Literal};
use compile::{Compiled, compile};
use count::{Counts, counts};
use families::Family;
pub use list::Groups;
use minimal::Minimal;
pub use probability::{Bounds, Importance, bounds};

/// What a diagram may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes, for its nodes and for what is remembered while it is built.
    pub memory_bytes_max: u64,
    /// Nodes with one order of variables; after so many the next order is tried, and at last given up.
    pub nodes_max: usize,
}

impl Limits {
    /// As many nodes as fit.
    pub fn memory(memory_bytes_max: u64) -> Self {
        Self { memory_bytes_max, nodes_max: usize::MAX }
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DiagramError {
    /// The diagram would take more than it may.
    #[error("the decision diagram of the top event does not fit into {} bytes with any order of variables tried", .limits.memory_bytes_max)]
    Function {
        /// What it may take.
        limits: Limits,
    },
    /// The diagram of the risk groups would.
    #[error("the diagram of the risk groups needs more than {memory_bytes_max} bytes")]
    Groups {
        /// What it may take.
        memory_bytes_max: u64,
    },
    /// Too many components need each other in a circle.
    #[error("{vertices} components need each other in one circle, which is too large for a decision diagram")]
    Circle {
        /// So many.
        vertices: usize,
    },
}

/// The function of a top event: whether it happens, given which components fail by themselves.
#[derive(Debug)]
pub struct Diagram {
    compiled: Compiled,
    events: Vec<Vertex>,
}

impl Diagram {
    /// The diagram of `top`. `fails` says which vertices can fail by themselves.
    ///
    /// # Errors
    /// When it does not fit into the limits, or a circle of needs is too large.
    pub fn of(
        graph: &FaultGraph,
        top: Vertex,
        fails: &dyn Fn(Vertex) -> bool,
        limits: Limits,
    ) -> Result<Self, DiagramError> {
        let (circuit, root, events) = circuit_of(graph, top, fails)?;
        let compiled = compile(&circuit, root, limits.memory_bytes_max, limits.nodes_max)
            .map_err(|_| DiagramError::Function { limits })?;
        Ok(Self { compiled, events })
    }

    /// How many decision nodes it has, what was tried in vain included.
    pub fn nodes(&self) -> usize {
        self.compiled.functions.len()
    }

    /// The minimal risk groups, up to `order_max` where it is given.
    ///
    /// # Errors
    /// When they do not fit into `memory_bytes_max`.
    pub fn risk_groups(
        &self,
        order_max: Option<u32>,
        memory_bytes_max: u64,
    ) -> Result<MinimalGroups<'_>, DiagramError> {
        let full = |_| DiagramError::Groups { memory_bytes_max };
        // No set has more members than there are events.
        let order_max = order_max.filter(|&order| (order as usize) < self.events.len());
        let mut minimal = Minimal::new(&self.compiled.functions, order_max, memory_bytes_max).map_err(full)?;
        let mut units = Vec::with_capacity(self.compiled.units.len());
        for unit in &self.compiled.units {
            units.push(minimal.of(unit.function).map_err(full)?);
        }
        Ok(MinimalGroups { diagram: self, order_max, families: minimal.families, units })
    }
}

/// The simplified circuit of a vertex, its root, and what its events stand for.
fn circuit_of(
    graph: &FaultGraph,
    top: Vertex,
    fails: &dyn Fn(Vertex) -> bool,
) -> Result<(Circuit, Literal, Vec<Vertex>), DiagramError> {
    let formula = formula::formula(graph, top, fails);
    let formula = formula.map_err(|circle| DiagramError::Circle { vertices: circle.vertices })?;
    let (circuit, root) = formula.circuit.flattened(formula.root);
    let (circuit, root) = module::grouped(&circuit, root);
    Ok((circuit, root, formula.events))
}

/// The minimal risk groups of a top event.
#[derive(Debug)]
pub struct MinimalGroups<'d> {
    diagram: &'d Diagram,
    order_max: Option<u32>,
    families: families::Families,
    /// By number of the module.
    units: Vec<Family>,
}

impl MinimalGroups<'_> {
    /// How many there are of each order, from order 0. A count of `u128::MAX` means "this many or more".
    pub fn counts(&self) -> Vec<u128> {
        let mut units: Vec<Counts> = Vec::with_capacity(self.units.len());
        for (unit, &family) in self.diagram.compiled.units.iter().zip(&self.units) {
            units.push(counts(&self.families, family, &unit.variables, &units, self.order_max));
        }
        units.pop().unwrap_or_default()
    }

    /// The groups, the smallest first. The empty group means that the top event happens with nothing failed.
    pub fn iter(&self) -> Groups<'_> {
        Groups::new(self)
    }

    /// How many nodes their diagram has.
    pub fn nodes(&self) -> usize {
        self.families.len()
    }
}

#[cfg(test)]
mod tests;
