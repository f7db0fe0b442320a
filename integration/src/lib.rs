//! A whole plane on one machine: simulated nodes against the real collector, for the demo, fault tests and benches.

pub mod chaos;
pub mod demo;
pub mod http;
pub mod programs;
pub mod sim;
