//! `gx:LegalPerson`: the provider, as it declares itself.
//!
//! The registration number stands inside as a node of its own class. A clearing house asks for the same number confirmed
//! by a notary, in a credential of the notary's.

use serde_json::{Value, json};

use super::{Base, Properties, Subject, address, remark};
use crate::declaration::{Declaration, RegistrationNumber};

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
    let properties = Properties::default()
        .with("schema:name", provider.name.as_str())
        .with_some("schema:description", remark(declaration.origin))
        .with("gx:registrationNumber", registration_number(&id, declaration))
        .with("gx:legalAddress", address(&id, "legal-address", &provider.legal_address))
        .with("gx:headquartersAddress", address(&id, "headquarters-address", headquarters))
        .build();
    Subject { class: CLASS, id, properties, origin: declaration.origin }
}

fn registration_number(owner: &str, declaration: &Declaration) -> Value {
    let id = format!("{owner}#registration-number");
    let country = &declaration.provider.legal_address.country_code;
    match &declaration.provider.registration_number {
        RegistrationNumber::VatId(number) => {
            json!({"id": id, "type": "gx:VatID", "gx:vatID": number, "gx:countryCode": country})
        }
        RegistrationNumber::LeiCode(number) => json!({"id": id, "type": "gx:LeiCode", "schema:leiCode": number}),
        RegistrationNumber::Euid(number) => json!({"id": id, "type": "gx:EUID", "gx:euid": number}),
    }
}
