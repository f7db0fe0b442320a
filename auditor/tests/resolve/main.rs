//! Documents that are fetched: from a TLS server on loopback, and from nowhere that a stranger could want us to reach.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod fetching;
mod resolving;
mod site;
