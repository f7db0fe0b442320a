//! Whether availability zones are as independent as their provider claims.
//!
//! ```text
//!   declaration + reports ──▶ Evidence ──▶ Graph ──▶ Criterion (per dimension) ──▶ Verdict
//!                                │                        │
//!                                └────────▶ Finding ◀─────┘
//! ```
//!
//! This crate is pure: [`audit`] is the same function in the collector, before it signs, and in `avow verify`, which
//! runs it instead of trusting the collector. Equal evidence gives equal bytes, in any order of input. It deliberately
//! does not know signatures: who calls it has checked that each report was signed by its node and that each digest is
//! that of the payload.
//!
//! Whoever controls the declaration can declare false facility facts; whoever controls a node can lie about that node.
//! Leaving out a report, or all that a part which is no source needs in its own dimension, yields
//! [`Verdict::Undetermined`], never [`Verdict::Independent`]. Limits, to be said with every verdict: one thing declared
//! under two names is not seen as shared, and one need left out among others, behind a source, or of another dimension
//! (the electricity of a switch) is not seen to be missing.
#![warn(missing_docs)]

pub mod analysis;
pub mod audit;
pub mod bdd;
pub mod criterion;
pub mod evidence;
pub mod fault_graph;
pub mod finding;
pub mod graph;
pub mod profile;
pub mod verdict;

#[cfg(test)]
mod draw;
#[cfg(test)]
mod risk_group;
#[cfg(test)]
mod truth;

pub use audit::{Audit, AuditError, audit, audit_within};
pub use evidence::{Evidence, NodeEvidence};
pub use fault_graph::{FaultGraph, FaultGraphBuilder};
pub use finding::Finding;
pub use graph::{Graph, Provenance};
pub use verdict::{Assessment, Missing, Outcome, RiskGroup, Verdict};
