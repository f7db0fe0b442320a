//! Every answer, over a real connection.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use descriptors::bundle as container;
use descriptors::proof::vc_jwt;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::fixture::{self, Cloud, DECLARATION, at, node, report};

const HOSTILE: &str = r#"<script>alert("1")</script><img src=x onerror='alert(2)'>&quot;" onmouseover="alert(3)"#;

const PAGES: [&str; 5] = ["/", "/zones", "/verdicts", "/nodes", "/credentials"];

struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Answer {
    fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    fn has(&self, header: &str) -> bool {
        self.head.to_ascii_lowercase().contains(&header.to_ascii_lowercase())
    }
}

async fn start(cloud: &Cloud) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(door::serve(listener, None, router(cloud.app.clone()), std::future::pending()));
    address
}

async fn exchange(mut stream: impl AsyncRead + AsyncWrite + Unpin, request: &str) -> Answer {
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head, body: bytes[end + 4..].to_vec() }
}

async fn ask(address: SocketAddr, method: &str, path: &str, headers: &str) -> Answer {
    let stream = TcpStream::connect(address).await.unwrap();
    exchange(stream, &format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{headers}\r\n"))
        .await
}

async fn get(address: SocketAddr, path: &str) -> Answer {
    ask(address, "GET", path, "Accept: text/html,*/*\r\n").await
}

#[tokio::test]
async fn every_page_is_shown_before_anything_is_known() {
    let cloud = Cloud::new(None).await;
    let address = start(&cloud).await;
    for path in PAGES {
        let answer = get(address, path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        assert!(answer.has("content-type: text/html; charset=utf-8"), "{path}: {}", answer.head);
        assert!(!answer.text().contains("✓ independent</a>"), "{path}");
    }
    assert!(get(address, "/").await.text().contains("No declaration yet"));
    assert_eq!(get(address, "/readyz").await.status, 503, "nothing was checked yet");
    assert_eq!(get(address, "/livez").await.status, 200);
    for (path, status) in [
        ("/v1/nodes", 200),
        ("/v1/zones", 404),
        ("/v1/verdicts", 503),
        ("/v1/findings", 503),
        ("/v1/credentials", 200),
        ("/v1/declaration", 404),
        ("/v1/bundle", 503),
        ("/v1/nodes/n1", 404),
        ("/v1/nodes/UPPER", 404),
        ("/v1/credentials/00", 404),
        ("/.well-known/did.json", 404),
        ("/nothing", 404),
        ("/verdicts/a/b/c", 404),
        ("/nodes/none", 404),
    ] {
        let answer = get(address, path).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text());
        if status != 200 && !path.starts_with("/verdicts") && !path.starts_with("/nodes") {
            assert!(answer.has("content-type: application/problem+json"), "{path}: {}", answer.head);
            assert_eq!(answer.json()["status"], status, "{path}");
        }
    }
    cloud.app.auditor.once().await.unwrap();
    assert_eq!(get(address, "/readyz").await.status, 200, "nothing is declared, and that was checked");
}

#[tokio::test]
async fn a_verdict_is_shown_with_the_way_that_leads_to_it() {
    let cloud = Cloud::lived_in(None).await;
    let address = start(&cloud).await;
    assert_eq!(get(address, "/readyz").await.status, 200);
    let overview = get(address, "/").await.text();
    assert!(overview.contains("zone-1 and zone-2 are not independent"), "{overview}");
    assert!(overview.contains("✗ dependent"), "{overview}");
    assert!(overview.contains("⚠ Not all of this is real."), "{overview}");
    let verdict = get(address, "/verdicts/c1/zone-1+zone-2/power").await;
    assert_eq!(verdict.status, 200);
    let text = verdict.text();
    let places: Vec<usize> = [
        ">availability_zone:zone-1<",
        ">rack:r1<",
        ">ups:ups-1<",
        "<strong class=\"part\">power_feed:feed</strong>",
        ">ups:ups-2<",
        ">rack:r2<",
        ">availability_zone:zone-2<",
    ]
    .iter()
    .map(|part| text.find(part).unwrap_or_else(|| panic!("{part} is missing: {text}")))
    .collect();
    assert!(places.is_sorted(), "{places:?}");
    assert!(
        text.contains(">declared →<") && text.contains(">← declared<"),
        "the provenance of each step is shown: {text}"
    );
    let missing = get(address, "/verdicts/c1/zone-1+zone-2/cooling").await.text();
    assert!(missing.contains("? undetermined") && missing.contains("What is missing"), "{missing}");
    let verdicts = get(address, "/v1/verdicts").await.json();
    let power = verdicts["assessments"].as_array().unwrap().iter().find(|one| one["dimension"] == "power").unwrap();
    assert_eq!(power["outcome"], "dependent");
    assert_eq!(power["reason"], "both need power_feed:feed");
    assert_eq!(get(address, "/v1/findings").await.status, 200);
    assert_eq!(get(address, "/v1/zones").await.json()["zones"][0]["racks"][0]["nodes"][0]["standing"], "current");
}

#[tokio::test]
async fn a_node_is_shown_with_what_it_signed() {
    let cloud = Cloud::lived_in(None).await;
    let digest = cloud.app.auditor.topology().await.unwrap().nodes[0].latest.report_digest;
    cloud.beat("n1", 4, digest, 1).await;
    let address = start(&cloud).await;
    let detail = get(address, "/v1/nodes/n1").await.json();
    assert_eq!(detail["report"]["facts"]["cpu"]["present"]["cpu"]["model_name"]["present"], "EPYC");
    assert_eq!(detail["missing_sequences"], serde_json::json!([[2, 3]]));
    let envelope = serde_json::to_vec(&detail["envelope"]).unwrap();
    let envelope = descriptors::proof::dsse::Envelope::parse(&envelope).unwrap();
    let key = fixture::key(1);
    envelope.verify(descriptors::report::REPORT_TYPE, &descriptors::proof::Signer::public_key(&key)).unwrap();
    let page = get(address, "/nodes/n1").await.text();
    for text in ["EPYC", "zone-1", "2 never arrived", "not permitted", "⚠ simulated", "● reporting"] {
        assert!(page.contains(text), "{text}: {page}");
    }
    cloud.set_clock(3601);
    assert!(get(address, "/nodes").await.text().contains("◐ stale"));
    assert_eq!(get(address, "/v1/nodes").await.json()["nodes"][0]["standing"], "stale");
}

#[tokio::test]
async fn a_credential_is_given_in_the_form_that_is_asked_for() {
    let cloud = Cloud::lived_in(Some("https://cloud.example")).await;
    let address = start(&cloud).await;
    let list = get(address, "/v1/credentials").await.json();
    let first = &list["credentials"][0];
    let id = first["id"].as_str().unwrap();
    let path = id.strip_prefix("https://cloud.example").unwrap();
    let document = get(address, "/.well-known/did.json").await.json();
    let signed = ask(address, "GET", path, "").await;
    assert!(signed.has("content-type: application/vc+jwt"), "an id leads to the credential: {}", signed.head);
    let verified = vc_jwt::verify(&signed.text(), at(0), |_| Some(document.clone())).unwrap();
    assert_eq!(verified.credential["id"], id);
    let api = format!("/v1/credentials/{}", first["digest"].as_str().unwrap());
    assert_eq!(ask(address, "GET", &api, "").await.text(), signed.text());
    let decoded = ask(address, "GET", &api, "Accept: application/json\r\n").await.json();
    assert_eq!(decoded["id"], id);
    let both = ask(address, "GET", &api, "Accept: application/vc+jwt, application/json\r\n").await;
    assert_eq!(both.text(), signed.text());
    for (target, kind) in [("w3c-rdfc", "application/vc"), ("w3c-jcs", "application/vc")] {
        let other = ask(address, "GET", &format!("{path}?target={target}"), "").await;
        assert!(other.has(&format!("content-type: {kind}")), "{}", other.head);
        assert_eq!(other.json()["id"], id);
        assert!(other.json()["proof"]["cryptosuite"].as_str().unwrap().ends_with("-2022"));
    }
    let plain = ask(address, "GET", &format!("{api}?target=plain"), "").await.text();
    assert!(plain.starts_with("-----BEGIN SSH SIGNATURE-----"), "{plain}");
    assert_eq!(ask(address, "GET", &format!("{path}?target=danube"), "").await.text(), signed.text());
    for (query, status) in [("?target=loire", 404), ("?target=lore", 400)] {
        assert_eq!(ask(address, "GET", &format!("{path}{query}"), "").await.status, status, "{query}");
    }
    assert_eq!(get(address, "/.well-known/chain.pem").await.status, 404, "there is no certificate");
    let page = get(address, path).await;
    assert!(page.has("content-type: text/html"), "{}", page.head);
    assert!(page.text().contains("✓ hold") && page.text().contains(&signed.text()), "{}", page.text());
}

#[tokio::test]
async fn what_a_node_says_never_becomes_markup() {
    let cloud = Cloud::new(None).await;
    let name = serde_json::to_string(HOSTILE).unwrap();
    cloud
        .declare(
            &DECLARATION
                .replace("name: Example", &format!("name: {name}"))
                .replace("DE1", HOSTILE.split('"').next().unwrap()),
        )
        .await;
    cloud.enrol("n1", 1).await;
    cloud.say(report("n1", 1, HOSTILE), 1).await;
    cloud.app.auditor.once().await.unwrap();
    let address = start(&cloud).await;
    let list = get(address, "/v1/credentials").await.json();
    let credentials = list["credentials"].as_array().unwrap().iter();
    let mut paths: Vec<String> = PAGES.iter().map(ToString::to_string).collect();
    paths.extend(["/nodes/n1", "/verdicts/c1/zone-1+zone-2/power", "/nodes/%3Cscript%3E"].map(str::to_owned));
    paths.extend(["/verdicts/%3Cscript%3E/%22%3E%3Cimg/x".to_owned(), "/%3Cscript%3E".to_owned()]);
    paths.extend(credentials.map(|one| format!("/credentials/{}", one["digest"].as_str().unwrap())));
    let mut shown = 0;
    for path in paths {
        let answer = get(address, &path).await;
        let text = answer.text().to_lowercase();
        for bad in ["<script", "<img", "\" onmouseover=", "javascript:"] {
            if answer.has("content-type: text/html") {
                assert!(!text.contains(bad), "{path} has {bad}");
            }
        }
        shown += usize::from(text.contains("&lt;script&gt;alert"));
    }
    assert!(shown >= 3, "the hostile text is shown, as text, on {shown} pages");
}

#[tokio::test]
async fn what_was_not_signed_by_its_node_is_never_shown_as_fine() {
    let cloud = Cloud::lived_in(None).await;
    let mut report = report("n2", 2, "forged");
    report.node = node("n2");
    // The key of n1 with the key id of n2: what a thief of the store's file could write.
    let payload = descriptors::canonical::to_vec(&report).unwrap();
    let digest = descriptors::digest::Digest::of(&payload);
    let mut envelope =
        descriptors::proof::dsse::Envelope::sign(descriptors::report::REPORT_TYPE, payload, &fixture::key(1)).unwrap();
    let key = descriptors::proof::Signer::public_key(&fixture::key(2));
    envelope.key_id = descriptors::did::Did::key(&key).to_string();
    let statement = crate::store::Statement {
        id: report.id(),
        kind: crate::store::StatementKind::Report,
        payload_digest: digest,
        holds: digest,
        taken_at: at(0),
        received_at: at(1),
        envelope: envelope.to_bytes(),
    };
    cloud.store.put_statements(vec![statement]).await.unwrap();
    let before = cloud.store.credentials().await.unwrap();
    cloud.app.auditor.once().await.unwrap_err();
    let address = start(&cloud).await;
    for path in ["/", "/nodes", "/v1/nodes", "/metrics", "/v1/bundle", "/readyz"] {
        let answer = get(address, path).await;
        assert_eq!(answer.status, 503, "{path}: {}", answer.text());
    }
    assert!(get(address, "/nodes").await.text().contains("node n2"), "the node is named");
    let verdicts = get(address, "/v1/verdicts").await.json();
    assert!(verdicts["failure"].as_str().unwrap().contains("node n2"), "{verdicts}");
    assert_eq!(cloud.store.credentials().await.unwrap(), before, "nothing is issued or withdrawn on bad evidence");
    assert_eq!(cloud.app.auditor.standing().failures, 1);
}

#[tokio::test]
async fn a_node_with_a_new_key_is_listed_until_it_reports() {
    let cloud = Cloud::lived_in(None).await;
    cloud.store.forget(&node("n2")).await.unwrap();
    let left_out = async || cloud.app.auditor.topology().await.unwrap().left_out.first().map(|(_, why)| why.as_str());
    assert_eq!(left_out().await, Some("forgotten"));
    cloud.enrol("n2", 7).await;
    assert_eq!(left_out().await, Some("not heard since it enrolled with another key"));
    cloud.say(report("n2", 1, "EPYC"), 7).await;
    assert_eq!(left_out().await, None);
    cloud.store.deny(&node("n2"), at(5)).await.unwrap();
    assert_eq!(left_out().await, Some("denied"));
    let outcome = cloud.app.auditor.once().await.unwrap();
    assert!(!outcome.credentials.iter().any(|issued| issued.subject.ends_with("/node/n2")), "it is no evidence");
}

#[tokio::test]
async fn a_bundle_holds_what_its_verdicts_rest_on() {
    let cloud = Cloud::lived_in(Some("https://cloud.example")).await;
    let address = start(&cloud).await;
    let answer = get(address, "/v1/bundle").await;
    assert!(answer.has("content-type: application/zip"), "{}", answer.head);
    assert!(answer.has("attachment; filename=\"example-20261121T090000Z.avow.zip\""), "{}", answer.head);
    let bundle = container::read(&answer.body).unwrap();
    let outcome = cloud.app.auditor.standing().outcome.unwrap();
    let audit = independence::audit(&outcome.topology.evidence().unwrap()).unwrap();
    assert_eq!(bundle.entries[container::AUDIT], descriptors::canonical::to_vec(&audit).unwrap());
    assert_eq!(bundle.manifest.as_of, audit.as_of);
    assert_eq!(bundle.manifest.origin, descriptors::report::Origin::Simulated);
    let names: BTreeSet<&str> = bundle.entries.keys().map(String::as_str).collect();
    for name in [container::DECLARATION, container::NODES, container::DID_DOCUMENT, "evidence/n1.report.json"] {
        assert!(names.contains(name), "{name}");
    }
    let credentials = names.iter().filter(|name| name.starts_with(container::CREDENTIALS)).count();
    assert_eq!(credentials, outcome.credentials.len());
    assert_eq!(get(address, "/v1/bundle").await.body, answer.body, "same outcome, same bytes");
}

#[tokio::test]
async fn every_route_of_the_api_is_described() {
    let cloud = Cloud::new(None).await;
    let address = start(&cloud).await;
    let described = get(address, "/openapi.json").await.json();
    assert!(described["openapi"].as_str().unwrap().starts_with("3.1"), "{}", described["openapi"]);
    let paths: BTreeSet<&str> = described["paths"].as_object().unwrap().keys().map(String::as_str).collect();
    let routes: BTreeSet<&str> = api::routes().into_iter().map(|(path, _)| path).collect();
    assert_eq!(paths, routes);
    for (path, item) in described["paths"].as_object().unwrap() {
        assert!(item["get"]["responses"]["200"].is_object(), "{path}");
    }
}

#[tokio::test]
async fn every_answer_is_guarded() {
    let cloud = Cloud::lived_in(None).await;
    let address = start(&cloud).await;
    for path in ["/", "/v1/nodes", "/nothing", "/metrics", "/assets/avow.css", "/nodes/none"] {
        let answer = get(address, path).await;
        for header in [
            "content-security-policy: default-src 'none'",
            "x-content-type-options: nosniff",
            "referrer-policy: no-referrer",
        ] {
            assert!(answer.has(header), "{path}: {}", answer.head);
        }
        assert!(answer.has("content-length:"), "{path}: {}", answer.head);
    }
    assert!(get(address, "/assets/avow.css").await.has("immutable"));
    assert!(get(address, "/").await.has("cache-control: no-store"));
    for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
        let answer = ask(address, method, "/", "Content-Length: 0\r\n").await;
        assert_eq!(answer.status, 405, "{method}");
        assert!(answer.has("allow: GET, HEAD"), "{}", answer.head);
    }
    let stream = TcpStream::connect(address).await.unwrap();
    let foreign = exchange(stream, "GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n").await;
    assert_eq!(foreign.status, 421);
    assert!(foreign.has("x-content-type-options: nosniff"));
}

#[tokio::test]
async fn metrics_say_how_things_stand() {
    use prometheus_client::metrics::counter::Counter;
    let mut cloud = Cloud::lived_in(None).await;
    let statements = Counter::<u64>::default();
    statements.inc_by(3);
    let counted = move |registry: &mut prometheus_client::registry::Registry| {
        registry.register("ingest_statements", "Statements that nodes sent", statements.clone());
    };
    cloud.app.metrics = Arc::new(Metrics::new(counted));
    let address = start(&cloud).await;
    let text = get(address, "/metrics").await.text();
    for line in [
        "avow_build_info{version=\"0.1.0\"",
        "avow_agent_last_report_timestamp_seconds{node=\"n1\",az=\"zone-1\",region=\"north\",origin=\"simulated\"} 1795251600",
        "avow_claims{criterion=\"power_separate\",verdict=\"dependent\"} 1",
        "avow_claims{criterion=\"power_separate\",verdict=\"independent\"} 0",
        "avow_credentials{type=\"gx:Region\",status=\"valid\"} 1",
        "avow_ingest_statements_total 3",
        "avow_audit_failures_total 0",
        "# EOF",
    ] {
        assert!(text.contains(line), "{line}:\n{text}");
    }
}

#[tokio::test]
async fn behind_a_token_only_what_is_public_is_told() {
    const TOKEN: &str = "0123456789abcdef0123456789abcdef";
    let mut cloud = Cloud::new(Some("https://cloud.example")).await;
    cloud.declare(&DECLARATION.replace("origin: simulated", "origin: real")).await;
    cloud.app.auditor.once().await.unwrap();
    cloud.app.access = Arc::new(Access::new("127.0.0.1:0".parse().unwrap(), true, Some(TOKEN), None).unwrap());
    let address = start(&cloud).await;
    for path in ["/", "/v1/nodes", "/metrics", "/openapi.json", "/nothing", "/v1/bundle"] {
        let answer = get(address, path).await;
        assert_eq!(answer.status, 401, "{path}");
        assert!(answer.has("www-authenticate: Bearer"), "{}", answer.head);
        let with = ask(address, "GET", path, &format!("Authorization: Bearer {TOKEN}\r\n")).await;
        assert_ne!(with.status, 401, "{path}");
    }
    let id = &cloud.store.credentials().await.unwrap()[0].id;
    let path = id.strip_prefix("https://cloud.example").unwrap();
    assert_eq!(ask(address, "GET", path, "").await.status, 200);
    let browser = get(address, path).await;
    assert_eq!(browser.json()["id"], id.as_str(), "a stranger's browser gets the credential, and not the page");
    assert_eq!(get(address, "/.well-known/did.json").await.status, 200);
    cloud.declare(DECLARATION).await;
    cloud.app.auditor.once().await.unwrap();
    let id = &cloud.store.credentials().await.unwrap()[0].id;
    let path = id.strip_prefix("https://cloud.example").unwrap();
    assert_eq!(ask(address, "GET", path, "").await.status, 403, "what is simulated is never published");
    assert_eq!(ask(address, "GET", path, &format!("Authorization: Bearer {TOKEN}\r\n")).await.status, 200);
}

#[tokio::test]
async fn a_failed_audit_is_shown_beside_the_last_outcome() {
    let cloud = Cloud::lived_in(None).await;
    let mut declaration = crate::declaration::parse("test.yaml", DECLARATION).unwrap();
    declaration.claims[0].profile = "unknown@1".to_owned();
    let envelope = crate::declaration::sign(&declaration, cloud.issuer.signer.as_ref()).unwrap();
    cloud.store.put_document(Document::Declaration, envelope.to_bytes()).await.unwrap();
    cloud.set_clock(90);
    cloud.app.auditor.once().await.unwrap_err();
    let address = start(&cloud).await;
    for path in PAGES {
        let text = get(address, path).await.text();
        assert!(text.contains("could not be checked at 2026-11-21T09:01:30Z"), "{path}: {text}");
        assert!(text.contains("unknown@1") && text.contains("may be out of date"), "{path}: {text}");
    }
    assert_eq!(get(address, "/v1/bundle").await.status, 503, "an auditor is not handed what may be out of date");
    assert!(get(address, "/metrics").await.text().contains("avow_audit_failures_total 1"));
}

#[tokio::test]
async fn answers_have_the_shape_that_is_described() {
    let cloud = Cloud::lived_in(None).await;
    cloud.store.deny(&node("n2"), at(5)).await.unwrap();
    let address = start(&cloud).await;
    let described = get(address, "/openapi.json").await.json();
    for (path, ask) in [
        ("/v1/nodes", "/v1/nodes"),
        ("/v1/nodes/{node}", "/v1/nodes/n1"),
        ("/v1/zones", "/v1/zones"),
        ("/v1/verdicts", "/v1/verdicts"),
        ("/v1/findings", "/v1/findings"),
        ("/v1/credentials", "/v1/credentials"),
        ("/v1/declaration", "/v1/declaration"),
    ] {
        let schema = &described["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"];
        assert!(schema.is_object(), "{path}");
        fixture::fits(&described, schema, &get(address, ask).await.json(), path);
    }
}

mod tls {
    use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName};

    use super::*;

    fn configs() -> (Arc<rustls::ServerConfig>, tokio_rustls::TlsConnector) {
        let dir = tempfile::tempdir().unwrap();
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let (certificate, key) = (dir.path().join("certificate.pem"), dir.path().join("key.pem"));
        std::fs::write(&certificate, made.cert.pem()).unwrap();
        std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        let server = door::tls(&certificate, &key).unwrap();
        assert!(door::tls(&key, &key).is_err(), "a key is no certificate");
        assert!(door::tls(&certificate, &certificate).is_err(), "a certificate is no key");
        let _: PrivatePkcs8KeyDer<'_> = made.signing_key.serialize_der().into();
        let mut roots = rustls::RootCertStore::empty();
        roots.add(CertificateDer::from(made.cert.der().to_vec())).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let client = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        (server, tokio_rustls::TlsConnector::from(Arc::new(client)))
    }

    #[tokio::test]
    async fn a_stalled_handshake_holds_up_nobody() {
        let cloud = Cloud::lived_in(None).await;
        let (server, client) = configs();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(door::serve(listener, Some(server), router(cloud.app.clone()), std::future::pending()));
        let mut stalled = Vec::new();
        for _ in 0..50 {
            stalled.push(TcpStream::connect(address).await.unwrap());
        }
        let mut plain = TcpStream::connect(address).await.unwrap();
        plain.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
        let answered = async {
            let stream = TcpStream::connect(address).await.unwrap();
            let stream = client.connect(ServerName::try_from("localhost").unwrap(), stream).await.unwrap();
            exchange(stream, "GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await.status
        };
        assert_eq!(tokio::time::timeout(Duration::from_secs(5), answered).await.unwrap(), 200);
    }
}

#[tokio::test]
async fn a_status_list_is_told_to_strangers_in_the_form_they_ask_for() {
    let cloud = Cloud::lived_in(Some("cloud.example")).await;
    let address = start(&cloud).await;
    let stranger = async |path: &str, headers: &str| {
        let stream = TcpStream::connect(address).await.unwrap();
        let head = format!("GET {path} HTTP/1.1\r\nHost: cloud.example\r\nConnection: close\r\n{headers}\r\n");
        exchange(stream, &head).await
    };
    let list = stranger("/status/revocation-1", "").await;
    assert_eq!(list.status, 200, "{}", list.text());
    assert!(
        list.has("content-type: application/vc+jwt") && list.has("access-control-allow-origin: *"),
        "{}",
        list.head
    );
    let verified = vc_jwt::verify(&list.text(), at(0), |_| cloud.issuer.document()).unwrap();
    assert_eq!(verified.credential["id"], "https://cloud.example/status/revocation-1");
    let embedded = stranger("/status/suspension-1", "Accept: application/ld+json, */*\r\n").await;
    assert_eq!(embedded.json()["proof"]["cryptosuite"], "eddsa-rdfc-2022");
    let chosen = stranger("/status/suspension-1?target=w3c-jcs", "").await;
    assert_eq!(chosen.json()["proof"]["cryptosuite"], "eddsa-jcs-2022");
    for (path, status) in [
        ("/status/revocation-2", 404),
        ("/status/revocation-01", 404),
        ("/status/refresh-1", 404),
        ("/status/revocation-1?target=loire", 404),
        ("/status/revocation-1?target=lore", 400),
        ("/v1/credentials", 403),
    ] {
        assert_eq!(stranger(path, "").await.status, status, "{path}");
    }
}
