//! What avow says: facts, reports, declarations, credentials, and the proofs over them.
//!
//! This crate is pure. It deliberately does not know files, sockets, clocks or random numbers: time, keys and bytes are
//! arguments, so that the collector that issues a document and the auditor who checks it years later run the same code
//! on the same bytes. The way of the data is drawn in ARCHITECTURE.md.
#![warn(missing_docs)]

mod base58;
pub mod bundle;
pub mod canonical;
pub mod certificate;
pub mod component;
pub mod credential;
pub mod declaration;
pub mod did;
pub mod digest;
pub mod fact;
pub mod gaia_x;
pub mod id;
pub mod json;
pub mod json_ld;
pub mod node;
pub mod preflight;
pub mod presentation;
pub mod proof;
pub mod rdf;
pub mod report;
pub mod shacl;
pub mod shape;
pub mod status_list;
pub mod target;
pub mod timestamp;
pub mod tpm;
pub mod verify;
pub mod vocabulary;
