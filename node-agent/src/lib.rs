//! The agent of a node: reads sources into facts, signs them as a report and hands it to the collector.
//!
//! It deliberately does not know what a fact means to a claim, and reconciles nothing: two sources that disagree are
//! both reported. The facts themselves are defined in [`descriptors::fact`].

pub mod attest;
pub mod clock;
pub mod command;
pub mod config;
pub mod confine;
pub mod enrol;
pub mod examination;
pub mod exec;
pub mod gather;
pub mod key;
pub mod noise;
pub mod peers;
pub mod raw;
pub mod reader;
pub mod render;
pub mod report;
pub mod retry;
pub mod root;
pub mod run;
pub mod source;
pub mod spool;
pub mod state;
pub mod supervisor;
pub mod tpm;

mod cause;
mod connect;
