//! A credential with what it rests on: fetched when that was asked for, kept, and judged again without network.

use std::path::Path;
use std::sync::Arc;

use auditor::credential::{AtHand, Holdings, Missed, ending};
use auditor::resolve::{Came, FETCHES_MAX, OverNetwork, Resolved, kept, render, resolve, verify};
use auditor::verify::Ending;
use clap::Parser;
use descriptors::canonical;
use descriptors::credential::{Base, Credential, Period, Subject};
use descriptors::did::document::{PublishedKey, write};
use descriptors::did::{Did, web_document};
use descriptors::json_ld::Contexts;
use descriptors::node::Node;
use descriptors::presentation::{Contained, Presentation};
use descriptors::proof::{Signer as _, SoftwareKey};
use descriptors::report::Origin;
use descriptors::status_list::{Bits, ENTRIES_MIN, Entry, Purpose, list_subject};
use descriptors::target::{Seal, Target};
use descriptors::verify::{Name, Outcome};
use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair, PKCS_ED25519};

use crate::site::{Answer, Hosts, Site, write_ok};

const HOST: &str = "cloud.example";

#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    at_hand: AtHand,
    #[command(flatten)]
    network: OverNetwork,
}

fn arguments(more: &[&str]) -> Result<Arguments, clap::Error> {
    Arguments::try_parse_from([&["avow", "--at", "2026-11-21T00:00:00Z"], more].concat())
}

fn holdings(more: &[&str]) -> Holdings {
    Holdings::read(&arguments(more).unwrap().at_hand).unwrap()
}

fn key() -> SoftwareKey {
    SoftwareKey::from_seed(&[7; 32])
}

fn period() -> Period {
    Period { from: "2026-11-20T00:00:00Z".parse().unwrap(), until: "2026-12-01T00:00:00Z".parse().unwrap() }
}

/// What the site serves, by path.
type Pages = Arc<std::sync::Mutex<Vec<(&'static str, Vec<u8>)>>>;

fn site() -> (Site, Pages) {
    let pages = Pages::default();
    let served = Arc::clone(&pages);
    let answer: Answer =
        Arc::new(move |path, out| match served.lock().unwrap().iter().find(|(known, _)| *known == path) {
            Some((_, body)) => write_ok(body, out),
            None => write!(out, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"),
        });
    (Site::of(HOST, answer), pages)
}

fn here() -> Hosts {
    Hosts::at(HOST, &["127.0.0.1"])
}

/// A site with an issuer and a status list, and a credential of the issuer.
fn issued(target: Target, revoked: bool) -> (Site, Pages, Did, Vec<u8>) {
    let (site, pages) = site();
    let did = Did::web(&format!("{HOST}:{}", site.port)).unwrap();
    let key = key();
    let address = site.address(HOST, "status/1");
    let entry = Entry { purpose: Purpose::Revocation, index: 7, list: address.clone(), size: 1 };
    let base = Base::address("https://cloud.example");
    let node = Node::new(base.subject("region", "r"), "gx:Region").with("gx:name", "r");
    let credential =
        Credential::new(&base, did.clone(), period(), Subject { node, origin: Origin::Real, provenance: None })
            .unwrap();
    let seal = Seal::new(target, &did, "key-1", &key).unwrap();
    let document = seal.issue(&credential.with_status(std::slice::from_ref(&entry))).unwrap();
    let mut bits = Bits::clear(ENTRIES_MIN).unwrap();
    bits.set(7, revoked).unwrap();
    let subject = list_subject(&address, Purpose::Revocation, &bits, None);
    let list = Credential::of_status_list(&address, did.clone(), period(), subject);
    let list = Seal::new(Target::Danube, &did, "key-1", &key).unwrap().issue(&list).unwrap();
    let published = web_document(&did, &key.public_key()).to_string().into_bytes();
    *pages.lock().unwrap() = vec![("/.well-known/did.json", published), ("/status/1", list)];
    (site, pages, did, document)
}

fn outcome(done: &Resolved, name: Name) -> Outcome {
    done.report.checks.iter().find(|check| check.name == name).unwrap().outcome
}

#[test]
fn what_a_credential_rests_on_is_fetched_kept_and_judged_again_without_network() {
    let (site, _, did, document) = issued(Target::W3cJcs, false);
    let done = resolve(&document, &mut holdings(&[]), &site.fetcher(here())).unwrap();
    assert_eq!(ending(&done.report, Some(&did)), Ending::Holds, "{}", render(&done.attempts));
    let what: Vec<&Missed> = done.attempts.iter().map(|attempt| &attempt.what).collect();
    let list = site.address(HOST, "status/1");
    assert_eq!(what, [&Missed::DidDocument(did.clone()), &Missed::StatusList(list.clone())]);
    let text = render(&done.attempts);
    for says in [&*list, "/.well-known/did.json at 20", " bytes, sha256:"] {
        assert!(text.contains(says), "{says}: {text}");
    }
    let as_json = serde_json::to_value(&done).unwrap();
    assert_eq!(as_json["fetched"][1]["what"]["status_list"], list, "{as_json:#}");

    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("kept");
    kept::write(kept::create(&place).unwrap(), &done.attempts).unwrap();
    let place = place.display().to_string();
    let again = arguments(&["--kept", &place]).unwrap();
    let again = verify(&document, &again.at_hand, &again.network).unwrap();
    assert_eq!(ending(&again.report, Some(&did)), Ending::Holds);
    assert!(again.attempts.is_empty());
    assert!(kept::create(Path::new(&place)).unwrap_err().to_string().contains("does not exist yet"));
    let one = std::fs::read_dir(&place).unwrap().map(|file| file.unwrap().path());
    let one = one.into_iter().find(|path| path.extension().is_none()).unwrap();
    std::fs::write(&one, "{}").unwrap();
    let error = kept::read(Path::new(&place)).unwrap_err().to_string();
    assert!(error.contains("was changed since it was fetched"), "{error}");
}

#[test]
fn nothing_is_fetched_unless_that_was_asked_for() {
    let (site, _, _, document) = issued(Target::W3cJcs, false);
    let asked = arguments(&[]).unwrap();
    let done = verify(&document, &asked.at_hand, &asked.network).unwrap();
    assert_eq!((ending(&done.report, None), site.connections()), (Ending::Undetermined, 0));
    for more in [["--allow-network", "10.0.0.0/8"], ["--ca", "root.pem"], ["--keep", "kept"]] {
        assert!(arguments(&more).is_err(), "{more:?} means nothing without --resolve");
        assert!(arguments(&[&["--resolve"], &more[..]].concat()).is_ok());
    }
}

#[test]
fn a_did_web_that_leads_inside_leaves_the_credential_undecided_and_says_so() {
    let (site, _, _, document) = issued(Target::W3cJcs, false);
    let done = resolve(&document, &mut holdings(&[]), &site.fetcher(Hosts::at(HOST, &["169.254.169.254"]))).unwrap();
    assert_eq!(ending(&done.report, None), Ending::Undetermined);
    let text = render(&done.attempts);
    assert!(text.starts_with("not fetched ") && text.contains("is at 169.254.169.254, the local link"), "{text}");
    assert_eq!(site.connections(), 0);
}

#[test]
fn a_revoked_credential_is_found_by_the_list_that_was_fetched() {
    let (site, _, _, document) = issued(Target::W3cJcs, true);
    let done = resolve(&document, &mut holdings(&[]), &site.fetcher(here())).unwrap();
    assert_eq!((ending(&done.report, None), outcome(&done, Name::Status)), (Ending::Corrupt, Outcome::Failed));
}

#[test]
fn nobody_is_asked_for_the_status_of_a_credential_whose_signature_is_bad() {
    let (site, _, _, document) = issued(Target::W3cJcs, false);
    let changed = String::from_utf8(document).unwrap().replacen("\"gx:name\":\"r\"", "\"gx:name\":\"s\"", 1);
    let done = resolve(changed.as_bytes(), &mut holdings(&[]), &site.fetcher(here())).unwrap();
    assert_eq!(outcome(&done, Name::Signature), Outcome::Failed);
    assert_eq!((done.attempts.len(), site.connections()), (1, 1));
}

#[test]
fn a_document_that_is_there_and_unsound_is_bad_and_one_that_is_not_there_is_unknown() {
    let (site, pages, did, document) = issued(Target::W3cJcs, false);
    let sound = pages.lock().unwrap()[0].1.clone();
    let check = |body: Option<&str>, expect: Ending, says: &str| {
        pages.lock().unwrap()[0] = match body {
            Some(body) => ("/.well-known/did.json", body.into()),
            None => ("/elsewhere", Vec::new()),
        };
        let done = resolve(&document, &mut holdings(&[]), &site.fetcher(here())).unwrap();
        let text = auditor::credential::render("c", &done.report, None) + &render(&done.attempts);
        assert_eq!(ending(&done.report, None), expect, "{text}");
        assert!(text.contains(says), "{says}: {text}");
    };
    let sound = String::from_utf8(sound).unwrap();
    check(Some(&sound), Ending::Holds, "Good");
    check(None, Ending::Undetermined, "answered with status 404");
    check(Some(&sound.replacen('{', &format!("{{\"id\":\"{did}\","), 1)), Ending::Corrupt, "is not sound");
    check(Some("<html></html>"), Ending::Corrupt, "is not sound");
    check(Some(&sound.replace(HOST, "other.example")), Ending::Corrupt, "is not sound");
}

#[test]
fn a_certificate_chain_is_fetched_where_the_target_asks_for_one() {
    let (site, pages, did, document) = issued(Target::Loire, false);
    let leaf = KeyPair::from_pkcs8_der_and_sign_algo(&pkcs8([7; 32]).as_slice().into(), &PKCS_ED25519).unwrap();
    let mut params = CertificateParams::new(vec![HOST.to_owned()]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let chain = params.self_signed(&leaf).unwrap().pem();
    let x5u = site.address(HOST, "chain.pem");
    let published =
        write(&did, &[PublishedKey { fragment: "key-1", key: &key().public_key().into(), x5u: Some(&x5u) }]);
    let mut served = pages.lock().unwrap();
    served[0].1 = published.to_string().into_bytes();
    served.push(("/chain.pem", chain.clone().into_bytes()));
    drop(served);
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root.pem").display().to_string();
    std::fs::write(&root, chain).unwrap();
    let fetched = |more: &[&str]| {
        let done = resolve(&document, &mut holdings(more), &site.fetcher(here())).unwrap();
        let chain = done
            .attempts
            .iter()
            .any(|attempt| attempt.what == Missed::Chain(x5u.clone()) && matches!(attempt.came, Came::Fetched { .. }));
        (chain, outcome(&done, Name::Chain))
    };
    // Nobody asked for it.
    assert_eq!(fetched(&[]), (false, Outcome::Passed));
    // A root that nobody pinned.
    assert_eq!(fetched(&["--target", "loire"]), (true, Outcome::NotChecked));
    assert_eq!(fetched(&["--target", "loire", "--root", &root]), (true, Outcome::Passed));
}

/// An Ed25519 key in PKCS#8 (RFC 8410), from its seed.
fn pkcs8(seed: [u8; 32]) -> Vec<u8> {
    let head = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
    [head.as_slice(), &seed].concat()
}

#[test]
fn one_file_makes_us_ask_for_a_bounded_number_of_documents() {
    let names = Hosts::default();
    let (site, _) = site();
    let key = key();
    let holder = Did::key(&key.public_key());
    let inner = (0..FETCHES_MAX + 8).map(|at| {
        let did = Did::web(&format!("h{at}.example")).unwrap();
        let base = Base::address("https://cloud.example");
        let node = Node::new(base.subject("region", &format!("r{at}")), "gx:Region").with("gx:name", "r");
        let subject = Subject { node, origin: Origin::Real, provenance: None };
        let credential = Credential::new(&base, did.clone(), period(), subject).unwrap();
        Seal::new(Target::W3cJcs, &did, "key-1", &key).unwrap().issue(&credential).unwrap()
    });
    let inner = inner.map(|issued| Contained::Embedded(canonical::parse(&issued).unwrap())).collect();
    let presentation = Presentation::new("urn:x-test:presentation", holder.clone(), period().from, inner).unwrap();
    let seal = Seal::new(Target::W3cJcs, &holder, "key-1", &key).unwrap();
    let presentation = seal.present(&presentation, &Contexts::with_w3c::<String>([]).unwrap()).unwrap();
    let done = resolve(&presentation, &mut holdings(&[]), &site.fetcher(names.clone())).unwrap();
    assert_eq!((done.attempts.len(), names.asked()), (FETCHES_MAX + 8, FETCHES_MAX), "{}", render(&done.attempts));
    assert!(render(&done.attempts).contains("one file may ask for 32 documents"));
}
