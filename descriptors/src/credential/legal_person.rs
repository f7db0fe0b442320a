//! `gx:LegalPerson`: the provider, as it declares itself.
//!
//! The registration number stands inside as a node of its own class. A clearing house asks for the same number confirmed
//! by a notary, in a credential of the notary's.

use super::{Base, Subject, address, remark};
use crate::declaration::{Declaration, RegistrationNumber};
use crate::node::Node;

/// The class.
pub const CLASS: &str = "gx:LegalPerson";

/// The id of the provider as a subject.
pub fn id(base: &Base, declaration: &Declaration) -> String {
    base.subject("legal-person", declaration.provider.id.as_str())
}

/// What is said of the provider.
pub fn subject(base: &Base, declaration: &Declaration) -> Subject {
    let provider = &declaration.provider;
    let id = id(base, declaration);
    let headquarters = provider.headquarters_address.as_ref().unwrap_or(&provider.legal_address);
    let node = Node::new(id.clone(), CLASS)
        .with("schema:name", provider.name.as_str())
        .with_some("schema:description", remark(declaration.origin))
        .with("gx:registrationNumber", registration_number(&id, declaration))
        .with("gx:legalAddress", address(&id, "legal-address", &provider.legal_address))
        .with("gx:headquartersAddress", address(&id, "headquarters-address", headquarters));
    Subject { node, origin: declaration.origin }
}

fn registration_number(owner: &str, declaration: &Declaration) -> Node {
    let id = format!("{owner}#registration-number");
    let country = declaration.provider.legal_address.country_code.as_str();
    match &declaration.provider.registration_number {
        RegistrationNumber::VatId(number) => {
            Node::new(id, "gx:VatID").with("gx:vatID", number.as_str()).with("gx:countryCode", country)
        }
        RegistrationNumber::LeiCode(number) => Node::new(id, "gx:LeiCode").with("schema:leiCode", number.as_str()),
        RegistrationNumber::Euid(number) => Node::new(id, "gx:EUID").with("gx:euid", number.as_str()),
    }
}
