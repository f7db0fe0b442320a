//! A whole plane on one machine: simulated nodes against the real collector, for the demo, fault tests and benches; and
//! samples of what is issued, for verifiers that are not ours.

pub mod chaos;
pub mod demo;
pub mod http;
pub mod programs;
pub mod samples;
pub mod sim;
