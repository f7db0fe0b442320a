//! The collector: takes the reports of nodes, keeps them, and makes of them what a provider publishes.
//!
//! ```text
//!   node ──mTLS──▶ listen ─▶ ingest ─▶ store ─▶ describe ─▶ audit ─▶ sign ─▶ api, page
//!                    └─▶ enrol ─▶ authority
//! ```
//!
//! [`plane::start`] starts it in one process, for `avow-collector` and for tests.

pub mod admission;
pub mod authority;
mod cause;
pub mod clock;
pub mod command;
pub mod config;
pub mod enrol;
pub mod ingest;
pub mod listen;
pub mod plane;
mod random;
pub mod store;
