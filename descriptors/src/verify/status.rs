//! How a credential stands: its places in status lists, each list a credential that is verified like any other.

use super::report::Sheet;
use super::{Document, Name, Outcome, Place, Report, Signer, Verifier, chain};
use crate::json::Json;
use crate::status_list::{Entry, EntryError, List, Purpose};
use crate::timestamp::Timestamp;

pub(super) fn check(verifier: &Verifier<'_>, root: Json<'_>, signer: Option<&Signer>, place: Place, sheet: &mut Sheet) {
    if place == Place::List {
        sheet.pass(Name::Status, "a list: its own status is not asked for");
        return;
    }
    let Some(status) = root.get("credentialStatus") else {
        sheet.pass(Name::Status, "the credential names no status list");
        return;
    };
    let max = verifier.policy.limits.status_entries_max;
    let entries: Vec<Json<'_>> = status.one_or_many().collect();
    if entries.len() > max {
        let problem = format!("{} entries in status lists, more than {max}", entries.len());
        sheet.not_checked(Name::Status, "/credentialStatus", problem, "use one list for each purpose");
        return;
    }
    let is_list = status.items().is_some();
    for (at, entry) in entries.into_iter().enumerate() {
        let path = if is_list { format!("/credentialStatus/{at}") } else { "/credentialStatus".to_owned() };
        match Entry::parse(&entry.to_value()) {
            Ok(entry) => check_entry(verifier, &entry, signer, &path, sheet),
            Err(error @ EntryError::Type(_)) => {
                sheet.not_checked(Name::Status, path, error.to_string(), "ask for a BitstringStatusListEntry");
            }
            Err(error) => sheet.fail(Name::Status, path, error.to_string(), "mend the entry"),
        }
    }
    sheet.pass(Name::Status, "the status lists handed in, each verified");
}

fn check_entry(verifier: &Verifier<'_>, entry: &Entry, signer: Option<&Signer>, path: &str, sheet: &mut Sheet) {
    let Some(held) = (verifier.held.list)(&entry.list) else {
        let problem = format!("the status list `{:.200}` is not at hand", entry.list);
        sheet.not_checked(Name::Status, path, problem, "hand in the list credential");
        return;
    };
    let report = verifier.verify_at(&held.bytes, Place::List);
    if let Some((outcome, problem)) = fault_of(&report) {
        let finding = super::Finding {
            path: path.to_owned(),
            problem: format!("the status list `{:.200}` cannot be relied on: {problem}", entry.list),
            remedy: "hand in a list credential that verifies".into(),
        };
        sheet.add(Name::Status, outcome, finding);
    }
    let Some(root) = report.document().map(Document::root) else { return };
    if report.issuer.as_ref() != signer.map(|signer| &signer.did) && !verifier.policy.foreign_lists {
        let problem = format!("the status list `{:.200}` is issued by somebody else", entry.list);
        sheet.fail(
            Name::Status,
            path,
            problem,
            "ask the issuer of the credential for the list, or allow foreign lists",
        );
    }
    if root.get("id").and_then(Json::as_str) != Some(&entry.list) {
        let problem = format!("the list credential handed in is not that of `{:.200}`", entry.list);
        sheet.fail(Name::Status, path, problem, "hand in the list that the entry names");
    }
    let subject = root.get("credentialSubject").map(Json::to_value).unwrap_or_default();
    let list = match List::parse(&subject, entry.size, verifier.policy.limits.list_bytes_max) {
        Ok(list) => list,
        Err(error) => {
            sheet.fail(Name::Status, path, chain(&error), "ask the issuer to mend the list");
            return;
        }
    };
    match list.status(entry) {
        Err(error) => sheet.fail(Name::Status, path, chain(&error), "ask the issuer to mend entry or list"),
        Ok(value) => judge(verifier, entry, value, path, sheet),
    }
    if let Some(stale) = stale_since(verifier, &list, held.fetched_at, root) {
        let problem = format!("the copy of the status list should have been fetched again at {stale}");
        sheet.not_checked(Name::Status, path, problem, "fetch the list again");
    }
}

/// What a value means for the credential.
fn judge(verifier: &Verifier<'_>, entry: &Entry, value: u32, path: &str, sheet: &mut Sheet) {
    match (entry.purpose, value) {
        (_, 0) | (Purpose::Refresh, _) => {}
        (Purpose::Message, value) => {
            let problem = format!("the issuer's message number {value} stands against it");
            sheet.not_checked(Name::Status, path, problem, "ask the issuer what it means");
        }
        (Purpose::Revocation, _) => {
            sheet.fail(Name::Status, path, "revoked", "ask the issuer for a new credential");
        }
        (Purpose::Suspension, _) => {
            let problem = format!("suspended at {}", verifier.policy.now);
            sheet.fail(Name::Status, path, problem, "ask the issuer when it holds again");
        }
    }
}

/// The first of the gravest things found of a list credential.
fn fault_of(report: &Report) -> Option<(Outcome, String)> {
    let (name, outcome, finding) = report.findings().into_iter().rev().max_by_key(|(_, outcome, _)| *outcome)?;
    Some((outcome, format!("{}: {}", name.as_str(), finding.problem)))
}

/// When the copy became too old, if it did: its `ttl` counts from when it was fetched, or else from when it was issued.
fn stale_since(
    verifier: &Verifier<'_>,
    list: &List,
    fetched_at: Option<Timestamp>,
    root: Json<'_>,
) -> Option<Timestamp> {
    let issued = || root.get("validFrom").and_then(Json::as_str).and_then(|text| text.parse().ok());
    let seconds = i64::try_from(list.ttl_milliseconds? / 1000).ok()?;
    let until = fetched_at.or_else(issued)?.plus_seconds(seconds);
    (until < verifier.policy.earliest()).then_some(until)
}
