//! One document: what is fetched, and everything that is not.

use std::io::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use auditor::fetch::anchors::{Anchors, AnchorsError};
use auditor::fetch::network::Reach;
use auditor::fetch::{BODY_BYTES_MAX, FetchError, Fetcher};
use descriptors::did::Did;

use crate::site::{Answer, Certified, DEADLINE, Hosts, Site, ok, raw};

const HOST: &str = "cloud.example";

fn here() -> Hosts {
    Hosts::at(HOST, &["127.0.0.1"])
}

fn fetch(answer: Answer) -> Result<Vec<u8>, FetchError> {
    let site = Site::of(HOST, answer);
    site.fetcher(here()).fetch(&site.address(HOST, "did.json"))
}

fn said(error: FetchError) -> String {
    format!("{:#}", anyhow::Error::new(error))
}

#[test]
fn a_document_is_fetched_over_tls_whatever_its_type_is_called() {
    assert_eq!(fetch(ok("{}")).unwrap(), b"{}");
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{\"\r\n3\r\na\":\r\n2\r\n1}\r\n0\r\n\r\n";
    assert_eq!(fetch(raw(chunked)).unwrap(), b"{\"a\":1}");
    let longest = vec![b' '; usize::try_from(BODY_BYTES_MAX).unwrap()];
    assert_eq!(fetch(ok(longest.clone())).unwrap(), longest);
}

/// The hostile list's row of a did:web that leads inside, class by class, each by a name of its own.
const INSIDE: [(&str, &str, Reach); 30] = [
    ("loopback", "127.0.0.1", Reach::Loopback),
    ("the end of loopback", "127.255.255.254", Reach::Loopback),
    ("loopback of IPv6", "::1", Reach::Loopback),
    ("unspecified", "0.0.0.0", Reach::Unspecified),
    ("this network", "0.1.2.3", Reach::Unspecified),
    ("unspecified of IPv6", "::", Reach::Unspecified),
    ("private, ten", "10.0.0.1", Reach::Private),
    ("private, one hundred and seventy-two", "172.31.255.254", Reach::Private),
    ("private, one hundred and ninety-two", "192.168.1.1", Reach::Private),
    ("unique local", "fd12:3456::1", Reach::Private),
    ("site local", "fec0::1", Reach::Private),
    ("metadata of most clouds", "169.254.169.254", Reach::LinkLocal),
    ("metadata of containers", "169.254.170.2", Reach::LinkLocal),
    ("metadata of IPv6", "fd00:ec2::254", Reach::Private),
    ("metadata in a carrier's network", "100.100.100.200", Reach::Carrier),
    ("metadata in a reserved network", "192.0.0.192", Reach::Reserved),
    ("platform service at a public address", "168.63.129.16", Reach::Metadata),
    ("link-local of IPv6", "fe80::1", Reach::LinkLocal),
    ("carrier-grade translation", "100.64.0.1", Reach::Carrier),
    ("multicast", "224.0.0.251", Reach::Multicast),
    ("multicast of IPv6", "ff02::1", Reach::Multicast),
    ("documentation", "203.0.113.7", Reach::Documentation),
    ("documentation of IPv6", "2001:db8::1", Reach::Documentation),
    ("benchmarking", "198.18.0.1", Reach::Benchmarking),
    ("mapped loopback", "::ffff:127.0.0.1", Reach::Embedded),
    ("compatible loopback", "::127.0.0.1", Reach::Embedded),
    ("metadata through NAT64", "64:ff9b::a9fe:a9fe", Reach::Embedded),
    ("loopback through 6to4", "2002:7f00:1::1", Reach::Embedded),
    ("Teredo", "2001:0:7f00:1::1", Reach::Embedded),
    ("broadcast", "255.255.255.255", Reach::Reserved),
];

#[test]
fn a_did_web_that_leads_inside_is_refused_by_its_class_and_nobody_is_asked() {
    let site = Site::of(HOST, ok("{}"));
    let did: Did = format!("did:web:{HOST}%3A{}", site.port).parse().unwrap();
    let address = did.document_address().unwrap();
    for (name, inside, expect) in INSIDE {
        let fetcher = Fetcher::within(DEADLINE, site.anchors(), Hosts::at(HOST, &[inside]), Vec::new());
        match fetcher.fetch(&address) {
            Err(FetchError::Refused(refusal)) => assert_eq!(refusal.reach, expect, "{name}"),
            found => panic!("{name}: {found:?}"),
        }
    }
    assert_eq!(site.connections(), 0);
}

#[test]
fn an_address_in_numbers_is_judged_like_that_of_a_name() {
    let site = Site::of(HOST, ok("{}"));
    let fetcher = Fetcher::within(DEADLINE, site.anchors(), Hosts::default(), Vec::new());
    let hosts = ["127.0.0.1", "[::1]", "169.254.169.254", "[::ffff:a9fe:a9fe]", "[64:ff9b::7f00:1]"];
    for host in hosts {
        let found = fetcher.fetch(&site.address(host, "latest/meta-data"));
        assert!(matches!(found, Err(FetchError::Refused(_))), "{host}: {found:?}");
    }
    // Other spellings of loopback are names that nobody knows, and are never read as numbers.
    for host in ["2130706433", "0x7f000001", "0177.0.0.1", "127.1"] {
        let found = fetcher.fetch(&site.address(host, ""));
        assert!(matches!(found, Err(FetchError::LookUp { .. })), "{host}: {found:?}");
    }
    assert_eq!(site.connections(), 0);
}

#[test]
fn one_answer_that_leads_inside_condemns_all() {
    let site = Site::of(HOST, ok("{}"));
    for addresses in [["127.0.0.1", "10.0.0.1"], ["10.0.0.1", "127.0.0.1"]] {
        let found = site.fetcher(Hosts::at(HOST, &addresses)).fetch(&site.address(HOST, ""));
        assert!(matches!(found, Err(FetchError::Refused(_))), "{found:?}");
    }
    assert_eq!(site.connections(), 0);
}

#[test]
fn an_allowed_network_opens_itself_and_nothing_else() {
    let site = Site::of(HOST, ok("{}"));
    let check = |allowed: &str, expect: bool| {
        let allowed = vec![allowed.parse().unwrap()];
        let fetcher = Fetcher::within(DEADLINE, site.anchors(), here(), allowed);
        assert_eq!(fetcher.fetch(&site.address(HOST, "")).is_ok(), expect);
    };
    check("127.0.0.0/8", true);
    check("127.0.0.1", true);
    check("127.0.0.2", false);
    check("10.0.0.0/8", false);
    check("::/0", false);
}

#[test]
fn a_name_that_is_rebound_after_it_was_judged_leads_to_the_address_that_was_judged() {
    let site = Site::of(HOST, ok("{}"));
    let names = here().and(HOST, &["127.0.0.3"]);
    let fetcher = site.fetcher(names.clone());
    assert_eq!(fetcher.fetch(&site.address(HOST, "")).unwrap(), b"{}");
    assert_eq!((names.asked(), site.connections()), (1, 1));
    let later = fetcher.fetch(&site.address(HOST, ""));
    assert!(matches!(&later, Err(FetchError::Refused(refusal)) if refusal.address.to_string() == "127.0.0.3"));
    // The other way round: who leads inside at first is not asked again.
    let names = Hosts::at(HOST, &["127.0.0.3"]).and(HOST, &["127.0.0.1"]);
    let found = site.fetcher(names.clone()).fetch(&site.address(HOST, ""));
    assert!(matches!(found, Err(FetchError::Refused(_))), "{found:?}");
    assert_eq!((names.asked(), site.connections()), (1, 1));
}

#[test]
fn a_certificate_for_somebody_else_of_a_stranger_or_expired_is_refused() {
    let check = |site: &Site, anchors: Anchors, says: &str| {
        let fetcher = Fetcher::within(DEADLINE, anchors, here(), vec!["127.0.0.1".parse().unwrap()]);
        let error = said(fetcher.fetch(&site.address(HOST, "")).unwrap_err());
        assert!(error.contains(says), "{error}");
    };
    let other = Site::of("other.example", ok("{}"));
    check(&other, other.anchors(), "not valid for name");
    let (one, two) = (Site::of(HOST, ok("{}")), Site::of(HOST, ok("{}")));
    check(&one, two.anchors(), "invalid peer certificate");
    let expired = Site::certified(&Certified { host: HOST, expired: true }, ok("{}"));
    check(&expired, expired.anchors(), "expired");
    let plain = Site::raw(|mut socket| drop(socket.write_all(b"HTTP/1.1 200 OK\r\n\r\n{}")));
    check(&plain, plain.anchors(), "cannot be fetched");
}

#[test]
fn a_redirect_is_named_and_not_followed() {
    for to in ["https://cloud.example/other", "http://169.254.169.254/latest/meta-data", "/other"] {
        let site = Site::of(HOST, raw(&format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n")));
        match site.fetcher(here()).fetch(&site.address(HOST, "")) {
            Err(FetchError::Redirect { status: 302, to: found }) => assert_eq!(found, to),
            found => panic!("{found:?}"),
        }
        assert_eq!(site.connections(), 1);
    }
}

#[test]
fn what_is_not_there_or_packed_or_too_long_is_not_taken() {
    let check = |answer: Answer, says: &str| {
        let error = said(fetch(answer).unwrap_err());
        assert!(error.contains(says), "{says}: {error}");
    };
    check(raw("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"), "answered with status 404");
    check(raw("HTTP/1.1 206 Partial Content\r\nContent-Length: 2\r\n\r\n{}"), "answered with status 206");
    check(raw("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}"), "packed with `gzip`");
    check(raw("HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n{}"), "longer than 65536 bytes");
    check(raw("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{"), "cannot be fetched");
    check(raw("SSH-2.0-x\r\n\r\n"), "cannot be fetched");
    let one_more = vec![b' '; usize::try_from(BODY_BYTES_MAX + 1).unwrap()];
    check(ok(one_more), "longer than 65536 bytes");
    let endless = Arc::new(|_: &str, out: &mut dyn std::io::Write| {
        write!(out, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")?;
        loop {
            write!(out, "400\r\n{}\r\n", " ".repeat(0x400))?;
        }
    });
    check(endless, "longer than 65536 bytes");
    let many_headers = Arc::new(|_: &str, out: &mut dyn std::io::Write| {
        write!(out, "HTTP/1.1 200 OK\r\n")?;
        loop {
            write!(out, "X: {}\r\n", "x".repeat(200))?;
        }
    });
    check(many_headers, "cannot be fetched");
}

#[test]
fn who_answers_drop_by_drop_is_given_up_at_the_deadline() {
    let check = |site: &Site, names: Hosts| {
        let begin = Instant::now();
        let found = site.fetcher(names).fetch(&site.address(HOST, ""));
        let took = begin.elapsed();
        assert!(matches!(found, Err(FetchError::Slow(_) | FetchError::LookUp { .. })), "{found:?}");
        assert!(took < DEADLINE + Duration::from_secs(2), "{took:?}");
    };
    let drip = |head: &'static str| -> Answer {
        Arc::new(move |_, out| {
            out.write_all(head.as_bytes())?;
            loop {
                out.write_all(b" ")?;
                out.flush()?;
                std::thread::sleep(Duration::from_millis(100));
            }
        })
    };
    check(&Site::of(HOST, drip("HTTP/1.1 200 OK\r\nX:")), here());
    check(&Site::of(HOST, drip("HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n")), here());
    check(&Site::raw(|_socket| std::thread::sleep(DEADLINE * 4)), here());
    // A handshake that never ends: the head of a record, and then its body drop by drop.
    check(
        &Site::raw(|mut socket| {
            let mut drops = [0x16, 0x03, 0x03, 0x3f, 0xff, 0x02].into_iter().chain(std::iter::repeat(0));
            while drops.next().is_some_and(|drop| socket.write_all(&[drop]).is_ok()) {
                std::thread::sleep(Duration::from_millis(100));
            }
        }),
        here(),
    );
    check(&Site::of(HOST, ok("{}")), here().slow(DEADLINE * 4));
}

#[test]
fn a_file_without_roots_is_an_error_that_names_it() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let none = Anchors::read(file.path()).unwrap_err();
    assert!(matches!(&none, AnchorsError::None(path) if path == file.path()), "{none}");
    std::fs::write(file.path(), "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n").unwrap();
    assert!(matches!(Anchors::read(file.path()), Err(AnchorsError::Pem { .. })));
    std::fs::remove_file(file.path()).unwrap();
    assert!(matches!(Anchors::read(file.path()), Err(AnchorsError::Read { .. })));
}
