//! The Gaia-X ontology as Rust types: version 25.11, and the development version where it differs.
//!
//! One file for each part of the ontology. A subject is built from these types, so that what a shape requires is there,
//! what it closes is not, and an enumeration is spelled as the shape spells it; [`crate::shape`] makes the node of it. Tests compare
//! every type with the published shapes, and other people's validators check what comes out. An unknown is left out and
//! never written as `false`. What a node or a declaration says is not known here.
//!
//! Where the versions differ, one value is written in two ways (`xsd:anyURI` or an IRI) or left out of the one that has no
//! place for it; which, is said at the type.

pub mod hardware;
pub mod network;
pub mod offering;
pub mod participant;
pub mod place;
pub mod policy;
pub mod quantity;
pub mod service;
pub mod software;
pub mod storage;
pub mod value;

use crate::shape::{InDevelopment, shapes};

shapes! {
    /// What everything may have: a name and a description.
    Entity: "gx:GaiaXEntity" {
        --
        name: Option<String> = "schema:name",
        description: Option<String> = "schema:description",
        label: InDevelopment<String> = "http://www.w3.org/2000/01/rdf-schema#label",
    }

    /// Anything that a service is made of; only referred to.
    Resource: "gx:Resource" {
        --
    }
}

impl Entity {
    /// With a name and, perhaps, a description.
    pub fn named(name: impl Into<String>, description: Option<String>) -> Self {
        Self { name: Some(name.into()), description, ..Self::new() }
    }
}

impl Default for Entity {
    fn default() -> Self {
        Self::new()
    }
}
