//! What a credential or a presentation must have, whoever proves it (W3C VCDM 2.0 and 1.1; Gaia-X ICAM 25.11).

use super::report::Sheet;
use super::{Form, Name, Policy, has_type, shown};
use crate::json::Json;
use crate::target::Target;
use crate::timestamp::Timestamp;
use crate::vocabulary::CREDENTIALS_V2;

/// The context of the data model 1.1.
pub(super) const CREDENTIALS_V1: &str = "https://www.w3.org/2018/credentials/v1";

/// Who the document says issues it: `issuer`, of a presentation also `holder`; a text, or an object with an `id`.
pub(super) fn issuer_of(policy: &Policy, root: Json<'_>, sheet: &mut Sheet) -> Option<String> {
    let is_presentation = has_type(root, "VerifiablePresentation");
    let member = if is_presentation && root.get("issuer").is_none() { "holder" } else { "issuer" };
    let found = root.get(member);
    let named = match found {
        Some(found) if found.is_object() && !policy.is_gaia_x() => found.get("id").and_then(Json::as_str),
        Some(found) => found.as_str(),
        None => None,
    };
    // Outside Gaia-X a presentation need not say whose it is.
    let optional = is_presentation && found.is_none() && !policy.is_gaia_x();
    if named.is_none() && !optional {
        let problem = format!("`{member}` is {}", shown(found));
        sheet.fail(Name::Issuer, format!("/{member}"), problem, "name the issuer by its DID");
    }
    named.map(str::to_owned)
}

pub(super) fn check(policy: &Policy, root: Json<'_>, form: Form, sheet: &mut Sheet) {
    let gaia_x = policy.is_gaia_x();
    let is_presentation = has_type(root, "VerifiablePresentation");
    if form == Form::Jws {
        for wrapper in ["vc", "vp"] {
            if root.get(wrapper).is_some() {
                let problem = format!("the payload has the wrapper claim `{wrapper}` of the data model 1.1");
                sheet.fail(Name::Model, format!("/{wrapper}"), problem, "sign the document itself as the payload");
            }
        }
        if root.get("proof").is_some() {
            let remedy = "make each form from the same unsigned document";
            sheet.fail(Name::Model, "/proof", "a document with a proof of its own inside a JWS", remedy);
        }
    }
    check_context(policy, root, sheet);
    check_types(root, gaia_x, is_presentation, sheet);
    // Of presentations only the Federated Catalogue asks for an id.
    let needs_id = if is_presentation { policy.target() == Some(Target::Xfsc) } else { gaia_x };
    let id = check_id(root, "", needs_id, sheet);
    if is_presentation {
        sheet.pass(Name::Model, "what the data model asks of a presentation");
        return;
    }
    let mut subjects = 0;
    for (at, subject) in root.get("credentialSubject").into_iter().flat_map(Json::one_or_many).enumerate() {
        let list = root.get("credentialSubject").is_some_and(|subjects| subjects.items().is_some());
        let path = if list { format!("/credentialSubject/{at}") } else { "/credentialSubject".to_owned() };
        subjects += 1;
        if !subject.is_object() {
            sheet.fail(Name::Model, &path, format!("a subject is {}", shown(Some(subject))), "write an object");
        } else if subject.members().is_some_and(|members| members.len() == 0) {
            sheet.fail(Name::Model, &path, "a subject of which nothing is said", "leave it out, or say something");
        }
        let own = check_id(subject, &path, gaia_x, sheet);
        if own.is_some() && own == id {
            let remedy = "give the subject an id of its own: the credential speaks of it";
            sheet.fail(Name::Model, format!("{path}/id"), "the subject has the id of the credential", remedy);
        }
    }
    if subjects == 0 {
        sheet.fail(Name::Model, "/credentialSubject", "no subject", "say of whom or what the credential speaks");
    }
    sheet.pass(Name::Model, "what the data model asks of a credential");
}

fn check_context(policy: &Policy, root: Json<'_>, sheet: &mut Sheet) {
    let contexts = root.get("@context");
    let first = contexts.into_iter().flat_map(Json::one_or_many).next().and_then(Json::as_str);
    let asked = match policy.target() {
        Some(Target::Tagus) => first == Some(CREDENTIALS_V1),
        Some(_) => first == Some(CREDENTIALS_V2),
        None => matches!(first, Some(CREDENTIALS_V1 | CREDENTIALS_V2)),
    };
    if !asked {
        let problem =
            format!("the first context is {}", first.map_or("missing".to_owned(), |first| format!("`{first:.100}`")));
        let expected = if policy.target() == Some(Target::Tagus) { CREDENTIALS_V1 } else { CREDENTIALS_V2 };
        sheet.fail(Name::Model, "/@context", problem, format!("put `{expected}` first"));
    }
}

fn check_types(root: Json<'_>, gaia_x: bool, is_presentation: bool, sheet: &mut Sheet) {
    let types = root.get("type");
    let expected = if is_presentation { "VerifiablePresentation" } else { "VerifiableCredential" };
    let mut texts = types.into_iter().flat_map(Json::one_or_many).map(Json::as_str);
    let in_place = match gaia_x {
        true => texts.next() == Some(Some(expected)) && texts.all(|class| class.is_some()),
        false => has_type(root, expected) && texts.all(|class| class.is_some()),
    };
    if !in_place {
        let remedy = format!("let `type` be a list of texts that begins with `{expected}`");
        sheet.fail(Name::Model, "/type", format!("`type` is {}", shown(types)), remedy);
    }
    if has_type(root, "VerifiableCredential") && has_type(root, "VerifiablePresentation") {
        sheet.fail(Name::Model, "/type", "both a credential and a presentation", "be one of them");
    }
}

/// The id of an object, which must be an absolute address where it stands; Gaia-X asks for it.
fn check_id<'a>(object: Json<'a>, path: &str, required: bool, sheet: &mut Sheet) -> Option<&'a str> {
    let found = object.get("id").or_else(|| object.get("@id"));
    if object.get("id").is_some() && object.get("@id").is_some() {
        let remedy = "name the object once, in `id`";
        sheet.fail(Name::Model, format!("{path}/@id"), "`id` and `@id` name one object twice", remedy);
    }
    match found {
        None if !required => None,
        Some(id) if id.as_str().is_some_and(crate::rdf::iri::is_absolute) => id.as_str(),
        _ => {
            let problem = format!("`id` is {}", shown(found));
            sheet.fail(Name::Model, format!("{path}/id"), problem, "write an absolute address");
            None
        }
    }
}

/// From when until when the document holds.
pub(super) fn check_period(policy: &Policy, root: Json<'_>, form: Form, sheet: &mut Sheet) {
    let first = root.get("@context").into_iter().flat_map(Json::one_or_many).next().and_then(Json::as_str);
    let (from_name, until_name) = match first {
        Some(CREDENTIALS_V1) => ("issuanceDate", "expirationDate"),
        _ => ("validFrom", "validUntil"),
    };
    let from = time(root, from_name, sheet);
    let until = time(root, until_name, sheet);
    // The data model 1.1 asks it of credentials, Gaia-X of presentations too.
    let of_1_1 = from_name == "issuanceDate" && !has_type(root, "VerifiablePresentation");
    if root.get(from_name).is_none() && (policy.is_gaia_x() || of_1_1) {
        let problem = format!("`{from_name}` is missing");
        sheet.fail(Name::Period, format!("/{from_name}"), problem, "say from when on it holds");
    }
    within(policy, from_name, from, until_name, until, sheet);
    if form == Form::Jws {
        // Of the claims of a JWT, in seconds; Gaia-X lets them stand beside the members of the credential.
        let [made, from, until] = ["iat", "nbf", "exp"].map(|name| seconds(root, name, sheet));
        within(policy, "iat", made, "exp", None, sheet);
        within(policy, "nbf", from, "exp", until, sheet);
    }
    sheet.pass(Name::Period, "the time and the skew of the policy");
}

fn within(
    policy: &Policy,
    from_name: &str,
    from: Option<Timestamp>,
    until_name: &str,
    until: Option<Timestamp>,
    sheet: &mut Sheet,
) {
    if let Some(from) = from.filter(|from| *from > policy.latest()) {
        let problem = format!("not valid before {from}, and it is {}", policy.now);
        sheet.fail(Name::Period, format!("/{from_name}"), problem, "wait, or set the clock that is wrong");
    }
    if let Some(until) = until.filter(|until| *until < policy.earliest()) {
        let problem = format!("valid until {until}, and it is {}", policy.now);
        sheet.fail(Name::Period, format!("/{until_name}"), problem, "ask the issuer for a new one");
    }
    if let (Some(from), Some(until)) = (from, until)
        && until < from
    {
        let problem = format!("valid from {from} until {until}: never");
        sheet.fail(Name::Period, format!("/{until_name}"), problem, "let it end after it begins");
    }
}

fn time(root: Json<'_>, name: &str, sheet: &mut Sheet) -> Option<Timestamp> {
    let found = root.get(name)?;
    let time = found.as_str().and_then(|text| text.parse().ok());
    if time.is_none() {
        let problem = format!("`{name}` is {}", shown(Some(found)));
        sheet.fail(Name::Period, format!("/{name}"), problem, "write a time of RFC 3339 with its zone");
    }
    time
}

fn seconds(root: Json<'_>, name: &str, sheet: &mut Sheet) -> Option<Timestamp> {
    let found = root.get(name)?;
    let whole = found.as_f64().filter(|number| number.abs() < 1e15).map(|number| number.floor() as i64);
    let time = whole.and_then(|seconds| Timestamp::from_unix(seconds).ok());
    if time.is_none() {
        let problem = format!("`{name}` is {}", shown(Some(found)));
        sheet.fail(Name::Period, format!("/{name}"), problem, "write seconds since 1970, or leave it out");
    }
    time
}
