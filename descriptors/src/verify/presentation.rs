//! What a presentation holds: each credential is verified like one that comes alone.

use std::collections::BTreeSet;

use super::report::Sheet;
use super::{Name, Place, Report, Verifier, envelope, has_type, shown};
use crate::json::{Document, Json};

pub(super) fn check(verifier: &Verifier<'_>, root: Json<'_>, place: Place, sheet: &mut Sheet) -> Vec<Report> {
    if place != Place::Root {
        sheet.not_checked(Name::Contents, "", "what stands inside was not looked at", "hand it in by itself");
        return Vec::new();
    }
    let held: Vec<Json<'_>> = root.get("verifiableCredential").into_iter().flat_map(Json::one_or_many).collect();
    let max = verifier.policy.limits.credentials_max;
    if held.len() > max {
        let problem = format!("{} credentials, more than {max}", held.len());
        sheet.not_checked(Name::Contents, "/verifiableCredential", problem, "split the presentation");
        return Vec::new();
    }
    let mut reports = Vec::with_capacity(held.len());
    for (at, credential) in held.into_iter().enumerate() {
        match enclosed(verifier, credential) {
            Ok(report) => {
                if report.is_presentation {
                    let remedy = "put the credentials into one presentation";
                    let path = format!("/verifiableCredential/{at}");
                    sheet.fail(Name::Contents, path, "a presentation inside a presentation", remedy);
                }
                reports.push(report);
            }
            Err(problem) => {
                let remedy = "enclose credentials as EnvelopedVerifiableCredential, or with a proof of their own";
                sheet.fail(Name::Contents, format!("/verifiableCredential/{at}"), problem, remedy);
            }
        }
    }
    check_ids(root, &reports, sheet);
    sheet.pass(Name::Contents, format!("{} credentials, each checked by itself", reports.len()));
    reports
}

fn enclosed(verifier: &Verifier<'_>, credential: Json<'_>) -> Result<Report, String> {
    if !credential.is_object() {
        return Err(format!("a credential is {}", shown(Some(credential))));
    }
    let report = if has_type(credential, "EnvelopedVerifiableCredential") {
        verifier.verify_at(envelope::jws_of(credential)?.as_bytes(), Place::Enclosed)
    } else {
        // Canonical bytes of the part: a document of its own, whose proofs do not depend on how it was written.
        let mut bytes = Vec::new();
        credential.write_canonical(&mut bytes);
        verifier.verify_at(&bytes, Place::Enclosed)
    };
    Ok(report)
}

/// The ids of presentation, credentials and subjects differ, so that a reference means one thing.
fn check_ids(root: Json<'_>, reports: &[Report], sheet: &mut Sheet) {
    let id = |value: Json<'_>| value.get("id").and_then(Json::as_str).map(str::to_owned);
    let documents = || reports.iter().map(|report| report.document().map(Document::root));
    let mut known: BTreeSet<String> = id(root).into_iter().collect();
    for (at, credential) in documents().enumerate() {
        let Some(id) = credential.and_then(id) else { continue };
        if !known.insert(id) {
            let path = format!("/verifiableCredential/{at}/id");
            let remedy = "give presentation and credentials an id each";
            sheet.fail(Name::Contents, path, "the id of the presentation or of another credential", remedy);
        }
    }
    for (at, credential) in documents().enumerate() {
        let subjects = credential.and_then(|credential| credential.get("credentialSubject"));
        for subject in subjects.into_iter().flat_map(Json::one_or_many) {
            if id(subject).is_some_and(|id| known.contains(&id)) {
                let path = format!("/verifiableCredential/{at}/credentialSubject/id");
                let remedy = "give the subject an id of its own";
                sheet.fail(
                    Name::Contents,
                    path,
                    "a subject with the id of the presentation or of a credential",
                    remedy,
                );
            }
        }
    }
}
