//! The auditor: reaches the verdicts of a collector from a bundle alone, without the collector's code, and without network
//! unless the documents behind a credential are asked for (`fetch`, `resolve`).
//!
//! What it rests on is in the bundle and in the two pure crates. Whether the evidence was complete, and whether a declaration is
//! true, it cannot know: it prints the provenance of every edge instead.

pub mod bundle;
mod chips;
pub mod command;
pub mod credential;
pub mod fetch;
pub mod impact;
pub mod importance;
pub mod model;
pub mod preflight;
pub mod progress;
pub mod render;
pub mod resolve;
pub mod risk;
pub mod search;
mod status;
pub mod verify;
