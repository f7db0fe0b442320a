//! The wire between nodes and collector, and the only door through it.
//!
//! The messages and services come from `avow/v1/*.proto`; [`convert`] turns them into checked types and back. What a report
//! says is not known here: it travels as the bytes that its node signed.

pub mod convert;
pub mod token;

/// Generated messages, clients and servers.
#[allow(clippy::all, clippy::too_many_lines, reason = "generated from avow/v1/*.proto")]
pub mod v1 {
    tonic::include_proto!("avow.v1");
}

/// The encoded descriptor set, for server reflection.
pub const DESCRIPTORS: &[u8] = tonic::include_file_descriptor_set!("avow.v1");
