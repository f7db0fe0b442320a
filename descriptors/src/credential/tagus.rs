//! Credentials of the Tagus generation (VCDM 1.1), which catalogues in service still expect.
//!
//! Tagus has other names, fewer classes and other requirements. A document is translated where Tagus has words for it, and
//! refused by name where it has none or asks for something that is not said; nothing is made up. An offering of a more special
//! class becomes a plain service offering: what Tagus cannot say is left out, what it says stays true. How the document is
//! signed is not known here.

use serde_json::{Map, Value, json};

use super::{Credential, ORIGIN};
use crate::gaia_x::value::SubdivisionCode;
use crate::node::{Node, Object};
use crate::vocabulary::{AVOW, Ontology};

/// The contexts of a Tagus document, in their order.
pub const CONTEXTS: [&str; 3] = [
    "https://www.w3.org/2018/credentials/v1",
    "https://w3id.org/security/suites/jws-2020/v1",
    "https://registry.lab.gaia-x.eu/development/api/trusted-shape-registry/v1/shapes/jsonld/trustframework#",
];

/// Why something cannot be said in Tagus.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TagusError {
    /// A class without a counterpart.
    #[error("Tagus has no words for {class}")]
    NoWords {
        /// The class.
        class: String,
    },
    /// Something that Tagus asks for is not said.
    #[error("Tagus asks for {wanted}, which {subject} does not say")]
    NotSaid {
        /// What it asks for, in the words of the subject.
        wanted: &'static str,
        /// The subject.
        subject: String,
    },
}

/// What Tagus asks of a legal person's addresses and later versions have no place for: the part of the country.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subdivisions {
    /// Of the headquarters.
    pub headquarters: SubdivisionCode,
    /// Of the legal address.
    pub legal: SubdivisionCode,
}

impl Credential {
    /// The same in Tagus, unsigned. `subdivisions` are needed for a legal person only.
    ///
    /// # Errors
    /// When Tagus has no words for it, or asks for more than is said.
    pub fn tagus(&self, subdivisions: Option<&Subdivisions>) -> Result<Value, TagusError> {
        let Some(subject) = self.subject() else {
            return Err(TagusError::NoWords { class: self.class().to_owned() });
        };
        let mut document = json!({
            "@context": CONTEXTS,
            "id": self.id(),
            "type": ["VerifiableCredential"],
            "issuer": self.issuer,
            "issuanceDate": self.period.from,
            "expirationDate": self.period.until,
            "credentialSubject": translate(subject, subdivisions)?,
        });
        // The context has no prefix of ours, so that the name is written out.
        let origin = ORIGIN.replace("avow:", AVOW);
        document[origin] = self.node.get(ORIGIN).map_or(Value::Null, value);
        Ok(document)
    }
}

fn translate(node: &Node, subdivisions: Option<&Subdivisions>) -> Result<Value, TagusError> {
    let class = node.classes.first().copied().unwrap_or_default();
    match class {
        "gx:LegalPerson" => legal_participant(node, subdivisions),
        "gx:VatID" | "gx:LeiCode" | "gx:EORI" | "gx:EUID" | "gx:TaxID" => registration_number(node),
        "gx:PhysicalResource" | "gx:Datacenter" => physical_resource(node),
        _ if class.ends_with("ServiceOffering") => service_offering(node),
        _ => Err(TagusError::NoWords { class: class.to_owned() }),
    }
}

fn value(object: &Object) -> Value {
    object.to_value(Ontology::V2511)
}

/// One value alone, several as a list.
fn values(object: &Object) -> Value {
    match value(object) {
        Value::Array(mut list) if list.len() == 1 => list.swap_remove(0),
        other => other,
    }
}

fn wanted<'a>(node: &'a Node, name: &'static str) -> Result<&'a Object, TagusError> {
    node.get(name).ok_or_else(|| TagusError::NotSaid { wanted: name, subject: node.id.clone() })
}

fn parts(object: &Object) -> Vec<&Node> {
    match object {
        Object::Node(node) => vec![node],
        Object::Many(objects) => objects.iter().flat_map(parts).collect(),
        _ => Vec::new(),
    }
}

fn begin(node: &Node, class: &str) -> Map<String, Value> {
    let mut out = Map::from_iter([("id".to_owned(), json!(node.id)), ("type".to_owned(), json!(class))]);
    copy(node, &mut out, &[("schema:name", "gx:name"), ("schema:description", "gx:description")]);
    out
}

/// Says under another name what is said.
fn copy(node: &Node, out: &mut Map<String, Value>, names: &[(&str, &str)]) {
    for (ours, theirs) in names {
        if let Some(object) = node.get(ours) {
            out.insert((*theirs).to_owned(), values(object));
        }
    }
}

fn legal_participant(node: &Node, subdivisions: Option<&Subdivisions>) -> Result<Value, TagusError> {
    let not_said = |wanted| TagusError::NotSaid { wanted, subject: node.id.clone() };
    let subdivisions = subdivisions.ok_or_else(|| not_said("the subdivisions of the country (ISO 3166-2)"))?;
    let mut out =
        Map::from_iter([("id".to_owned(), json!(node.id)), ("type".to_owned(), json!("gx:LegalParticipant"))]);
    out.insert("gx:legalName".to_owned(), value(wanted(node, "schema:name")?));
    let names = [
        ("schema:description", "gx:description"),
        ("gx:subOrganisationOf", "gx:parentOrganization"),
        ("gx:parentOrganizationOf", "gx:subOrganization"),
    ];
    copy(node, &mut out, &names);
    let address = |code: &SubdivisionCode| json!({"gx:countrySubdivisionCode": code.as_str()});
    out.insert("gx:headquarterAddress".to_owned(), address(&subdivisions.headquarters));
    out.insert("gx:legalAddress".to_owned(), address(&subdivisions.legal));
    out.insert("gx:legalRegistrationNumber".to_owned(), numbers(wanted(node, "gx:registrationNumber")?)?);
    Ok(Value::Object(out))
}

fn numbers(object: &Object) -> Result<Value, TagusError> {
    let Object::Many(objects) = object else { return numbers(&Object::Many(vec![object.clone()])) };
    let mut list = Vec::with_capacity(objects.len());
    for object in objects {
        list.push(match object {
            Object::Node(number) => registration_number(number)?,
            other => value(other),
        });
    }
    Ok(if list.len() == 1 { list.swap_remove(0) } else { Value::Array(list) })
}

fn registration_number(node: &Node) -> Result<Value, TagusError> {
    let mut out =
        Map::from_iter([("id".to_owned(), json!(node.id)), ("type".to_owned(), json!("gx:legalRegistrationNumber"))]);
    let kinds = [
        ("gx:VatID", "gx:vatID", "gx:vatID"),
        ("gx:LeiCode", "schema:leiCode", "gx:leiCode"),
        ("gx:EORI", "gx:eori", "gx:EORI"),
        ("gx:EUID", "gx:euid", "gx:EUID"),
        ("gx:TaxID", "schema:taxID", "gx:taxID"),
    ];
    let class = node.classes.first().copied().unwrap_or_default();
    let Some((_, ours, theirs)) = kinds.into_iter().find(|(known, ..)| *known == class) else {
        return Err(TagusError::NoWords { class: class.to_owned() });
    };
    out.insert(theirs.to_owned(), value(wanted(node, ours)?));
    if matches!(theirs, "gx:vatID" | "gx:leiCode")
        && let Some(country) = node.get("gx:countryCode")
    {
        out.insert(format!("{theirs}-countryCode"), value(country));
    }
    Ok(Value::Object(out))
}

fn service_offering(node: &Node) -> Result<Value, TagusError> {
    let mut out = begin(node, "gx:ServiceOffering");
    out.insert("gx:providedBy".to_owned(), value(wanted(node, "gx:providedBy")?));
    let terms = parts(wanted(node, "gx:serviceOfferingTermsAndConditions")?).into_iter().map(|terms| {
        let url = match wanted(terms, "gx:url")? {
            Object::Url(url) => json!(url),
            other => value(other),
        };
        Ok(json!({"gx:URL": url, "gx:hash": value(wanted(terms, "gx:hash")?)}))
    });
    out.insert("gx:termsAndConditions".to_owned(), terms.collect::<Result<Value, TagusError>>()?);
    let policies = parts(wanted(node, "gx:servicePolicy")?).into_iter();
    let policies = policies.map(|policy| Ok(value(wanted(policy, "gx:policyDocument")?)));
    out.insert("gx:policy".to_owned(), policies.collect::<Result<Value, TagusError>>()?);
    let exports = parts(wanted(node, "gx:dataAccountExport")?).into_iter().map(|export| {
        let mut members = Map::new();
        for name in ["gx:requestType", "gx:accessType", "gx:formatType"] {
            members.insert(name.to_owned(), value(wanted(export, name)?));
        }
        Ok(Value::Object(members))
    });
    out.insert("gx:dataAccountExport".to_owned(), exports.collect::<Result<Value, TagusError>>()?);
    copy(node, &mut out, &[("gx:aggregationOfResources", "gx:aggregationOf"), ("gx:dependsOn", "gx:dependsOn")]);
    Ok(Value::Object(out))
}

fn physical_resource(node: &Node) -> Result<Value, TagusError> {
    let mut out = begin(node, "gx:PhysicalResource");
    out.insert("gx:maintainedBy".to_owned(), values(wanted(node, "gx:maintainedBy")?));
    copy(node, &mut out, &[("gx:ownedBy", "gx:ownedBy"), ("gx:manufacturedBy", "gx:manufacturedBy")]);
    copy(node, &mut out, &[("gx:aggregationOfResources", "gx:aggregationOf")]);
    let addresses = parts(wanted(node, "gx:location")?).into_iter();
    let addresses = addresses.map(|address| Ok(json!({"gx:countryCode": value(wanted(address, "gx:countryCode")?)})));
    out.insert("gx:locationAddress".to_owned(), addresses.collect::<Result<Value, TagusError>>()?);
    Ok(Value::Object(out))
}
