//! The audit from outside: named faults, laws, size.
#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test may read its cases, and panic")]

mod cases;
mod laws;
mod size;
mod written;
