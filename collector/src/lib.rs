//! The collector: takes the reports of nodes, keeps them, and makes of them what a provider publishes.
//!
//! ```text
//!   node ──mTLS──▶ listen ─▶ ingest ─▶ store ─▶ describe ─▶ audit ─▶ sign ─▶ status ─▶ api, page
//!                    ├─▶ enrol ─▶ authority
//!                    └─▶ attest ─▶ store
//! ```
//!
//! [`run::start`] starts it in one process, for `avow-collector` and for tests; [`plane`] is the nodes' side of it.

pub mod admission;
pub mod api;
pub mod attest;
pub mod audit;
pub mod authority;
pub mod bundle;
pub mod clock;
pub mod command;
pub mod config;
pub mod declaration;
pub mod describe;
pub mod enrol;
pub mod http;
pub mod ingest;
pub mod listen;
pub mod metrics;
pub mod page;
pub mod plane;
pub mod present;
pub mod run;
pub mod sign;
pub mod status;
pub mod store;
pub mod topology;

mod cause;
#[cfg(test)]
mod fixture;
mod random;
