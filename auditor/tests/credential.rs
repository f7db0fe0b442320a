//! What `avow verify` says of single credentials, with and without what they rest on.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::path::Path;

use auditor::credential::{AtHand, ending, render, verify};
use auditor::verify::Ending;
use clap::Parser;
use descriptors::credential::{Base, Credential, Period, Subject};
use descriptors::did::{Did, web_document};
use descriptors::node::Node;
use descriptors::proof::{Signer as _, SoftwareKey};
use descriptors::report::Origin;
use descriptors::status_list::{Bits, ENTRIES_MIN, Entry, Purpose, list_subject};
use descriptors::target::{Seal, Target};

const LIST: &str = "https://cloud.example/status/1";

#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    at_hand: AtHand,
}

fn at_hand(arguments: &[String]) -> AtHand {
    let common = ["avow", "--at", "2026-11-21T00:00:00Z"].map(str::to_owned);
    Arguments::parse_from(common.iter().chain(arguments)).at_hand
}

/// Writes a credential with a place in a status list, its issuer's document and the list, and says where.
fn written(folder: &Path, revoked: bool) -> (Vec<u8>, Vec<String>, Vec<String>) {
    let key = SoftwareKey::from_seed(&[7; 32]);
    let did = Did::web("cloud.example").unwrap();
    let period =
        Period { from: "2026-11-20T00:00:00Z".parse().unwrap(), until: "2026-12-01T00:00:00Z".parse().unwrap() };
    let seal = Seal::new(Target::Danube, &did, "key-1", &key).unwrap();
    let entry = Entry { purpose: Purpose::Revocation, index: 7, list: LIST.to_owned(), size: 1 };
    let base = Base::address("https://cloud.example");
    let node = Node::new(base.subject("region", "r"), "gx:Region").with("gx:name", "r");
    let credential =
        Credential::new(&base, did.clone(), period, Subject { node, origin: Origin::Real, provenance: None }).unwrap();
    // Under the W3C's contexts alone every name must mean something: `gx:` is written out for its verifiers.
    let proven = Seal::new(Target::W3cJcs, &did, "key-1", &key).unwrap();
    let document = proven.issue(&credential.with_status(std::slice::from_ref(&entry))).unwrap();
    let mut bits = Bits::clear(ENTRIES_MIN).unwrap();
    bits.set(7, revoked).unwrap();
    let list =
        Credential::of_status_list(LIST, did.clone(), period, list_subject(LIST, Purpose::Revocation, &bits, None));
    std::fs::write(folder.join("list"), seal.issue(&list).unwrap()).unwrap();
    std::fs::write(folder.join("did.json"), web_document(&did, &key.public_key()).to_string()).unwrap();
    let did = vec!["--did-document".to_owned(), folder.join("did.json").display().to_string()];
    let list = vec!["--status-list".to_owned(), format!("{LIST}={}", folder.join("list").display())];
    (document, did, list)
}

#[test]
fn a_credential_is_good_with_all_it_rests_on_and_undecided_without() {
    let folder = tempfile::tempdir().unwrap();
    let (document, did, list) = written(folder.path(), false);
    let check = |arguments: &[String], pinned: Option<&Did>, expect: Ending, says: &str| {
        let report = verify(&document, &at_hand(arguments)).unwrap();
        let text = render("a.json", &report, pinned);
        assert_eq!(ending(&report, pinned), expect, "{text}");
        assert!(text.contains(says), "{says}: {text}");
    };
    let all = [did.clone(), list.clone()].concat();
    check(&all, None, Ending::Holds, "Good: every check passed.");
    check(&list, None, Ending::Undetermined, "hand in the DID document");
    check(&did, None, Ending::Undetermined, "the status list `https://cloud.example/status/1` is not at hand");
    check(&all, Some(&Did::web("cloud.example").unwrap()), Ending::Holds, "Good");
    check(&all, Some(&Did::web("other.example").unwrap()), Ending::Corrupt, "expected did:web:other.example");
}

#[test]
fn a_revoked_credential_and_a_changed_one_are_bad() {
    let folder = tempfile::tempdir().unwrap();
    let (document, did, list) = written(folder.path(), true);
    let all = at_hand(&[did, list].concat());
    let report = verify(&document, &all).unwrap();
    assert_eq!(ending(&report, None), Ending::Corrupt);
    assert!(render("a.json", &report, None).contains("revoked"));
    let changed = String::from_utf8(document).unwrap().replacen("\"gx:name\":\"r\"", "\"gx:name\":\"s\"", 1);
    assert!(render("a.json", &verify(changed.as_bytes(), &all).unwrap(), None).contains("BAD      signature"));
}

#[test]
fn a_file_that_is_not_there_is_an_error_that_names_it() {
    let error = verify(b"{}", &at_hand(&["--root".to_owned(), "/nowhere/root.pem".to_owned()])).unwrap_err();
    assert_eq!(error.to_string(), "cannot read /nowhere/root.pem");
}
