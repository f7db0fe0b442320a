//! `gx:LegalPerson`: the provider, as it declares itself.
//!
//! The registration number stands inside as a node of its own class. A clearing house asks for the same number confirmed
//! by a notary, in a credential of the notary's.

use super::{Base, Subject, address, remark};
use crate::declaration::{self, Declaration};
use crate::gaia_x::Entity;
use crate::gaia_x::participant::{Euid, LegalPerson, LeiCode, RegistrationNumber, VatId};
use crate::shape::{Ref, Shape};

/// The class.
pub const CLASS: &str = LegalPerson::CLASS;

/// The id of the provider as a subject.
pub fn id(base: &Base, declaration: &Declaration) -> String {
    base.subject("legal-person", declaration.provider.id.as_str())
}

pub(crate) fn reference(base: &Base, declaration: &Declaration) -> Ref<LegalPerson> {
    Ref::to(id(base, declaration))
}

/// What is said of the provider.
pub fn subject(base: &Base, declaration: &Declaration) -> Subject {
    let provider = &declaration.provider;
    let headquarters = provider.headquarters_address.as_ref().unwrap_or(&provider.legal_address);
    let person = LegalPerson {
        entity: Entity::named(provider.name.as_str(), remark(declaration.origin)),
        ..LegalPerson::new(registration_number(declaration), address(&provider.legal_address), address(headquarters))
    };
    Subject { node: person.into_node(id(base, declaration)), origin: declaration.origin, provenance: None }
}

fn registration_number(declaration: &Declaration) -> RegistrationNumber {
    let country = declaration.provider.legal_address.country_code;
    match &declaration.provider.registration_number {
        declaration::RegistrationNumber::VatId(number) => {
            VatId { country_code: Some(country), ..VatId::new(number.as_str()) }.into()
        }
        declaration::RegistrationNumber::LeiCode(number) => LeiCode::new(number.as_str()).into(),
        declaration::RegistrationNumber::Euid(number) => Euid::new(number.as_str()).into(),
    }
}
