//! `gx:Issuer`: the provider agrees to the terms and conditions that Gaia-X asks of issuers.
//!
//! The signature under this credential is the agreement, so it is issued only when the declaration says so, and for nothing
//! that is not real only marked as such by its origin.

use super::{Base, Subject};
use crate::declaration::Declaration;
use crate::gaia_x::participant::{Issuer, IssuerTerms};
use crate::shape::Shape;

/// The class.
pub const CLASS: &str = Issuer::CLASS;

/// What the provider agrees to, if it does.
pub fn subject(base: &Base, declaration: &Declaration) -> Option<Subject> {
    let provider = &declaration.provider;
    provider.agrees_to_gaia_x_terms.then(|| {
        let id = base.subject("issuer", provider.id.as_str());
        Subject { node: Issuer::new(IssuerTerms::CURRENT).into_node(id), origin: declaration.origin, provenance: None }
    })
}
