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
use formula::Refused;
pub use list::Groups;
use minimal::Minimal;
pub use probability::{Bounds, Importance, bounds};
use table::Full;

/// What a diagram may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes, for its formula, its nodes, and what is remembered while it is built.
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
    /// Even the formula of the top event would.
    #[error("the formula of the top event needs more than {memory_bytes_max} bytes")]
    Formula {
        /// What it may take.
        memory_bytes_max: u64,
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
        let (circuit, root, events) = circuit_of(graph, top, fails, limits.memory_bytes_max)?;
        let left = limits.memory_bytes_max.saturating_sub(circuit.bytes());
        let compiled =
            compile(&circuit, root, left, limits.nodes_max).map_err(|_| DiagramError::Function { limits })?;
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
        let units = self.units(&mut minimal).map_err(full)?;
        Ok(MinimalGroups { diagram: self, order_max, families: minimal.families, units })
    }

    /// The minimal risk groups up to the largest order, below `order_end`, that fits into `memory_bytes_max`; none where not
    /// even order 1 does. Each order goes on from the one before: all together cost what the last one would.
    pub fn risk_groups_that_fit(&self, order_end: u32, memory_bytes_max: u64) -> Option<(u32, MinimalGroups<'_>)> {
        let half = memory_bytes_max / 2;
        let mut minimal = Minimal::new(&self.compiled.functions, Some(0), half).ok()?;
        let mut reached = None;
        // No set has more members than there are events.
        let events = u32::try_from(self.events.len()).unwrap_or(u32::MAX);
        for order in 1..order_end.min(events.saturating_add(1)) {
            let units = minimal.next_order(half).and_then(|()| self.units(&mut minimal));
            let Ok(units) = units else { break };
            reached = Some((order, units));
        }
        let (order, units) = reached?;
        Some((order, MinimalGroups { diagram: self, order_max: Some(order), families: minimal.families, units }))
    }

    fn units(&self, minimal: &mut Minimal<'_>) -> Result<Vec<Family>, Full> {
        self.compiled.units.iter().map(|unit| minimal.of(unit.function)).collect()
    }
}

/// The simplified circuit of a vertex, its root, and what its events stand for. Two circuits are there at a time, and fit
/// into the memory together.
fn circuit_of(
    graph: &FaultGraph,
    top: Vertex,
    fails: &dyn Fn(Vertex) -> bool,
    memory_bytes_max: u64,
) -> Result<(Circuit, Literal, Vec<Vertex>), DiagramError> {
    let too_large = |_| DiagramError::Formula { memory_bytes_max };
    let formula::Formula { circuit, root, events } =
        formula::formula(graph, top, fails, memory_bytes_max).map_err(|refused| match refused {
            Refused::Circle { vertices } => DiagramError::Circle { vertices },
            Refused::Memory => too_large(Full),
        })?;
    let left = |beside: &Circuit| memory_bytes_max.saturating_sub(beside.bytes());
    let (flat, root) = circuit.flattened(root, left(&circuit)).map_err(too_large)?;
    drop(circuit);
    let (grouped, root) = module::grouped(&flat, root, left(&flat)).map_err(too_large)?;
    Ok((grouped, root, events))
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
            let of_unit = counts(&self.families, family, &unit.variables, &mut units, self.order_max);
            units.push(of_unit);
        }
        units.pop().map(Counts::by_order).unwrap_or_default()
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
