//! Status lists that withdraw, are withdrawn, or lie.

use descriptors::json_ld::Contexts;
use descriptors::status_list::{Bits, ENTRIES_MIN, Purpose};
use descriptors::verify::HeldList;
use descriptors::verify::Name::Status;
use serde_json::{Value, json};

use super::scene::{Form, INDEX, ISSUER, LIST, Scene, header, key, list, sign};
use super::{Row, open, row};

fn hold(scene: &mut Scene, list: HeldList) {
    scene.lists.insert(LIST.to_owned(), list);
}

/// A list credential with something else in its subject.
fn hold_changed(scene: &mut Scene, change: impl Fn(&mut Value)) {
    let mut credential = json!({
        "@context": ["https://www.w3.org/ns/credentials/v2"], "id": LIST,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"], "issuer": ISSUER,
        "validFrom": "2026-11-20T00:00:00Z", "validUntil": "2026-11-28T00:00:00Z",
        "credentialSubject": {"id": format!("{LIST}#list"), "type": "BitstringStatusList", "statusPurpose": "revocation",
            "encodedList": Bits::clear(ENTRIES_MIN).unwrap().encode()},
    });
    change(&mut credential);
    let bytes = sign(header("vc+jwt", "vc").to_string().as_bytes(), credential.to_string().as_bytes(), &key(7));
    hold(scene, HeldList { bytes, fetched_at: None });
}

/// The text of gzip that holds `bytes`.
fn encoded(bytes: &[u8]) -> String {
    use base64::Engine as _;
    use std::io::Write as _;
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(bytes).unwrap();
    format!("u{}", base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(gzip.finish().unwrap()))
}

pub(crate) const ROWS: &[Row] = &[
    row("revoked", Form::Jws, |s| hold(s, list(Purpose::Revocation, &[INDEX], ISSUER, 7)), Status, "revoked"),
    row(
        "revoked, with a proof",
        Form::Rdfc,
        |s| hold(s, list(Purpose::Revocation, &[INDEX], ISSUER, 7)),
        Status,
        "revoked",
    ),
    row(
        "suspended",
        Form::Jws,
        |s| {
            s.document["credentialStatus"]["statusPurpose"] = json!("suspension");
            hold(s, list(Purpose::Suspension, &[INDEX], ISSUER, 7));
        },
        Status,
        "suspended",
    ),
    row(
        "revoked by the second of two entries",
        Form::Jws,
        |s| {
            let first = s.document["credentialStatus"].clone();
            let mut second = first.clone();
            second["statusListIndex"] = json!("1");
            s.document["credentialStatus"] = json!([first, second]);
        },
        Status,
        "revoked",
    ),
    open(
        "a message of the issuer",
        Form::Jws,
        |s| {
            s.document["credentialStatus"]["statusPurpose"] = json!("message");
            hold(s, list(Purpose::Message, &[INDEX], ISSUER, 7));
        },
        Status,
        "message number 1",
    ),
    open("a list that nobody handed in", Form::Jws, |s| s.lists.clear(), Status, "not at hand"),
    open(
        "a list inside the network",
        Form::Jws,
        |s| s.document["credentialStatus"]["statusListCredential"] = json!("http://169.254.169.254/latest"),
        Status,
        "not at hand",
    ),
    open(
        "a list older than its time to live",
        Form::Jws,
        |s| {
            let mut held = list(Purpose::Revocation, &[], ISSUER, 7);
            held.fetched_at = Some("2026-11-19T00:00:00Z".parse().unwrap());
            hold(s, held);
        },
        Status,
        "fetched again",
    ),
    open(
        "another kind of status",
        Form::Jws,
        |s| s.document["credentialStatus"]["type"] = json!("StatusList2021Entry"),
        Status,
        "StatusList2021Entry",
    ),
    open(
        "more entries than the limit",
        Form::Jcs,
        |s| {
            let entry = s.document["credentialStatus"].clone();
            s.document["credentialStatus"] = json!([entry, entry, entry, entry, entry]);
        },
        Status,
        "more than 4",
    ),
    row(
        "a list of somebody else",
        Form::Jws,
        |s| {
            s.documents.insert(
                "did:web:other.example".to_owned(),
                super::scene::did_document("did:web:other.example", &descriptors::proof::Signer::public_key(&key(9))),
            );
            hold(s, list(Purpose::Revocation, &[], "did:web:other.example", 9));
        },
        Status,
        "issued by somebody else",
    ),
    row(
        "a list signed by somebody else",
        Form::Jws,
        |s| hold(s, list(Purpose::Revocation, &[], ISSUER, 8)),
        Status,
        "signature",
    ),
    row(
        "a list that is not signed",
        Form::Jws,
        |s| hold(s, HeldList { bytes: b"{\"type\":[\"VerifiableCredential\"]}".to_vec(), fetched_at: None }),
        Status,
        "unsigned",
    ),
    row(
        "a list that is no credential",
        Form::Jws,
        |s| hold(s, HeldList { bytes: b"<html>".to_vec(), fetched_at: None }),
        Status,
        "dots",
    ),
    row(
        "a list that has expired",
        Form::Jws,
        |s| hold_changed(s, |c| c["validUntil"] = json!("2026-11-20T12:00:00Z")),
        Status,
        "valid until",
    ),
    row(
        "a list of the future",
        Form::Jws,
        |s| hold_changed(s, |c| c["validFrom"] = json!("2026-11-22T12:00:00Z")),
        Status,
        "not valid before",
    ),
    row(
        "another list than the one named",
        Form::Jws,
        |s| hold_changed(s, |c| c["id"] = json!("https://cloud.example/status/2")),
        Status,
        "not that of",
    ),
    row(
        "a list for another purpose",
        Form::Jws,
        |s| hold_changed(s, |c| c["credentialSubject"]["statusPurpose"] = json!("suspension")),
        Status,
        "the list is for suspension",
    ),
    row(
        "a list that is none",
        Form::Jws,
        |s| hold_changed(s, |c| c["credentialSubject"]["type"] = json!("gx:Region")),
        Status,
        "expected BitstringStatusList",
    ),
    row(
        "a list without bits",
        Form::Jws,
        |s| hold_changed(s, |c| drop(c["credentialSubject"].as_object_mut().unwrap().remove("encodedList"))),
        Status,
        "`encodedList`",
    ),
    row(
        "a list in another base",
        Form::Jws,
        |s| hold_changed(s, |c| c["credentialSubject"]["encodedList"] = json!("zH4sIAAAA")),
        Status,
        "multibase prefix",
    ),
    row(
        "a list that is not gzip",
        Form::Jws,
        |s| hold_changed(s, |c| c["credentialSubject"]["encodedList"] = json!("uAAAA")),
        Status,
        "not gzip",
    ),
    row(
        "a list cut short",
        Form::Jws,
        |s| {
            hold_changed(s, |c| {
                let text = Bits::clear(ENTRIES_MIN).unwrap().encode();
                c["credentialSubject"]["encodedList"] = json!(text[..40]);
            })
        },
        Status,
        "ends early",
    ),
    row(
        "a list of one byte too few",
        Form::Jws,
        |s| hold_changed(s, |c| c["credentialSubject"]["encodedList"] = json!(encoded(&[0; ENTRIES_MIN / 8 - 1]))),
        Status,
        "fewer than 131072",
    ),
    row(
        "a list that inflates without end",
        Form::Jws,
        |s| hold_changed(s, |c| c["credentialSubject"]["encodedList"] = json!(encoded(&vec![0; 64 << 20]))),
        Status,
        "beyond the bound",
    ),
    row(
        "a list with a time to live of text",
        Form::Jws,
        |s| hold_changed(s, |c| c["credentialSubject"]["ttl"] = json!("1 day")),
        Status,
        "`ttl`",
    ),
    row(
        "a place behind the end of the list",
        Form::Jws,
        |s| s.document["credentialStatus"]["statusListIndex"] = json!("131072"),
        Status,
        "behind the end",
    ),
    row(
        "a place below the beginning",
        Form::Jws,
        |s| s.document["credentialStatus"]["statusListIndex"] = json!("-1"),
        Status,
        "`statusListIndex`",
    ),
    row(
        "a place with a leading zero",
        Form::Jws,
        |s| s.document["credentialStatus"]["statusListIndex"] = json!("094567"),
        Status,
        "`statusListIndex`",
    ),
    row(
        "a place that is a number",
        Form::Jws,
        |s| s.document["credentialStatus"]["statusListIndex"] = json!(INDEX),
        Status,
        "`statusListIndex`",
    ),
    row(
        "a place beyond all numbers",
        Form::Jws,
        |s| s.document["credentialStatus"]["statusListIndex"] = json!("9".repeat(400)),
        Status,
        "`statusListIndex`",
    ),
    row(
        "a purpose that nobody knows",
        Form::Jws,
        |s| s.document["credentialStatus"]["statusPurpose"] = json!("deletion"),
        Status,
        "`statusPurpose`",
    ),
    row(
        "entries of no bits",
        Form::Jws,
        |s| s.document["credentialStatus"]["statusSize"] = json!(0),
        Status,
        "`statusSize`",
    ),
    row(
        "entries of two bits in a list of one",
        Form::Jws,
        |s| s.document["credentialStatus"]["statusSize"] = json!(2),
        Status,
        "fewer than 131072",
    ),
    row(
        "no list named",
        Form::Jws,
        |s| drop(s.document["credentialStatus"].as_object_mut().unwrap().remove("statusListCredential")),
        Status,
        "`statusListCredential`",
    ),
];

/// A list may be issued by somebody else where the policy says so, and only then.
#[test]
fn a_foreign_list_counts_where_the_policy_allows_it() {
    let mut scene = Scene::of(Form::Jws);
    let other = "did:web:other.example";
    let public = descriptors::proof::Signer::public_key(&key(9));
    scene.documents.insert(other.to_owned(), super::scene::did_document(other, &public));
    hold(&mut scene, list(Purpose::Revocation, &[], other, 9));
    assert!(scene.verify().verified().is_none());
    scene.policy.foreign_lists = true;
    assert!(scene.verify().verified().is_some());
    // Contexts are not what this rests on.
    assert!(Contexts::default().iris().next().is_none());
}
