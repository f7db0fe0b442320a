//! Controllers out of memory: new, old and hostile ones.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::config;

/// Documents by their paths, and what was asked.
#[derive(Default)]
struct Memory {
    documents: BTreeMap<String, Value>,
    asked: RefCell<Vec<String>>,
}

impl Memory {
    fn with(documents: &[(&str, Value)]) -> Self {
        let documents = documents.iter().map(|(path, value)| ((*path).to_owned(), value.clone()));
        Self { documents: documents.collect(), asked: RefCell::default() }
    }
}

impl Service for Memory {
    fn get(&self, path: &str) -> Reading<Value> {
        self.asked.borrow_mut().push(path.to_owned());
        match self.documents.get(path) {
            Some(document) => Reading::Present(document.clone()),
            None => Reading::absent(AbsenceReason::NotPresent, format!("{path}: status 404")),
        }
    }
}

fn reference(path: &str) -> Value {
    json!({"@odata.id": path})
}

fn members(paths: &[&str]) -> Value {
    json!({"Members": paths.iter().map(|path| reference(path)).collect::<Vec<_>>()})
}

const ONE: &str = "/redfish/v1/Chassis/1";

fn rack_server() -> Memory {
    let supply = |id: &str, state: &str| {
        json!({"Id": id, "SerialNumber": format!("PS{id}"), "Status": {"State": state},
            "Links": {"PowerOutlets": [reference(&format!("/redfish/v1/PowerEquipment/RackPDUs/{id}/Outlets/7"))]}})
    };
    Memory::with(&[
        (CHASSIS, members(&["/redfish/v1/Chassis/1/"])),
        (
            ONE,
            json!({"Id": "1", "SerialNumber": "CH1", "AssetTag": "", "PowerSubsystem": reference("/redfish/v1/Chassis/1/PowerSubsystem"),
                "Location": {"Placement": {"Row": "row-1", "Rack": "az1-r1", "RackOffset": 12}}}),
        ),
        (
            "/redfish/v1/Chassis/1/PowerSubsystem",
            json!({"PowerSupplies": reference("/redfish/v1/Chassis/1/PowerSubsystem/PowerSupplies")}),
        ),
        (
            "/redfish/v1/Chassis/1/PowerSubsystem/PowerSupplies",
            members(&["/redfish/v1/p/b", "/redfish/v1/p/a", "/redfish/v1/p/empty"]),
        ),
        ("/redfish/v1/p/a", supply("a", "Enabled")),
        ("/redfish/v1/p/b", supply("b", "Enabled")),
        ("/redfish/v1/p/empty", supply("c", "Absent")),
    ])
}

#[test]
fn an_enclosure_has_its_place_and_its_supplies() {
    let Reading::Present(fact) = super::read(&rack_server()) else { panic!() };
    let [chassis] = &fact.chassis[..] else { panic!("{fact:?}") };
    assert_eq!((chassis.id.as_str(), &chassis.rack), ("1", &Reading::Present("az1-r1".to_owned())));
    assert_eq!(chassis.rack_offset, Reading::Present(12));
    assert_eq!(chassis.asset_tag.absence().unwrap().reason, AbsenceReason::NotPresent);
    let supplies = chassis.power_supplies.present().unwrap();
    assert_eq!(supplies.iter().map(|supply| supply.serial.as_str()).collect::<Vec<_>>(), ["PSa", "PSb"]);
    assert_eq!(supplies[0].outlets, ["/redfish/v1/PowerEquipment/RackPDUs/a/Outlets/7"]);
}

#[test]
fn an_older_controller_lists_its_supplies_in_one_document() {
    let power =
        json!({"PowerSupplies": [{"MemberId": "0", "Status": {"State": "Enabled"}}, {"Name": "without an id"}]});
    let memory = Memory::with(&[
        (CHASSIS, members(&[ONE])),
        (ONE, json!({"Power": reference("/redfish/v1/Chassis/1/Power")})),
        ("/redfish/v1/Chassis/1/Power", power),
    ]);
    let Reading::Present(fact) = super::read(&memory) else { panic!() };
    let supplies = fact.chassis[0].power_supplies.present().unwrap();
    assert_eq!(*supplies, [PowerSupply { id: "0".to_owned(), serial: String::new(), outlets: Vec::new() }]);
}

#[test]
fn what_is_missing_is_missing_alone() {
    let memory =
        Memory::with(&[(CHASSIS, members(&[ONE])), (ONE, json!({"PowerSubsystem": reference("/redfish/v1/gone")}))]);
    let Reading::Present(fact) = super::read(&memory) else { panic!() };
    assert_eq!(fact.chassis[0].power_supplies.absence().unwrap().detail, "/redfish/v1/gone: status 404");
    assert!(super::read(&Memory::default()).absence().is_some());
}

#[test]
fn a_controller_cannot_send_us_elsewhere_or_for_ever() {
    for path in ["https://elsewhere.example/x", "//elsewhere.example", "/redfish/v1/../x", "/redfish/v1/a b", "/x", ""]
    {
        assert_eq!(link(Some(&reference(path))), None, "{path}");
    }
    let many: Vec<String> = (0..=MEMBERS_MAX).map(|number| format!("/redfish/v1/Chassis/{number}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let absence = super::read(&Memory::with(&[(CHASSIS, members(&many))]));
    assert_eq!(absence.absence().unwrap().reason, AbsenceReason::Malformed);

    // Collections of supplies in every enclosure: each is allowed, all of them are too many.
    let paths = &many[..MEMBERS_MAX];
    let mut memory = Memory::with(&[
        (CHASSIS, members(paths)),
        ("/redfish/v1/s", json!({"PowerSupplies": reference("/redfish/v1/c")})),
        ("/redfish/v1/c", members(paths)),
    ]);
    for path in paths {
        memory.documents.insert((*path).to_owned(), json!({"PowerSubsystem": reference("/redfish/v1/s")}));
    }
    let _ = super::read(&memory);
    assert_eq!(memory.asked.borrow().len(), REQUESTS_MAX);
}

/// A controller that says the same to everybody who shows `name:password`, and its certificate. With `None` it says nothing.
fn controller(directory: &Path, answer: Option<Vec<u8>>) -> config::Bmc {
    let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(own.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let tls = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![own.cert.der().clone()], key)
        .unwrap();
    let tls = Arc::new(tls);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        while let Ok((tcp, _)) = listener.accept() {
            let (tls, answer) = (Arc::clone(&tls), answer.clone());
            thread::spawn(move || {
                let mut stream = rustls::StreamOwned::new(rustls::ServerConnection::new(tls).unwrap(), tcp);
                let mut asked = vec![0; 8192];
                let length = stream.read(&mut asked).unwrap_or(0);
                let asked = String::from_utf8_lossy(&asked[..length]).to_ascii_lowercase();
                let Some(answer) = answer else { return thread::sleep(Duration::from_secs(30)) };
                // `name:password` in base 64.
                let known = asked.contains("authorization: basic bmftztpwyxnzd29yza==");
                let _ = stream.write_all(if known { &answer } else { b"HTTP/1.1 401 No\r\ncontent-length: 0\r\n\r\n" });
                stream.conn.send_close_notify();
                let _ = stream.flush();
            });
        }
    });
    let (ca_file, user_file) = (directory.join("ca.pem"), directory.join("user"));
    std::fs::write(&ca_file, own.cert.pem()).unwrap();
    std::fs::write(&user_file, "name:password\n").unwrap();
    std::fs::set_permissions(&user_file, std::fs::Permissions::from_mode(0o600)).unwrap();
    config::Bmc { address: format!("https://localhost:{port}"), ca_file, user_file }
}

fn ok(body: &str) -> Option<Vec<u8>> {
    Some(format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len()).into_bytes())
}

fn asked(settings: &config::Bmc) -> Reading<Value> {
    service::connect(settings, Duration::from_secs(3)).and_then(|service| service.get(CHASSIS))
}

#[test]
fn a_controller_is_asked_over_tls_by_a_user() {
    let directory = tempfile::tempdir().unwrap();
    let settings = controller(directory.path(), ok("{\"Members\":[]}"));
    assert_eq!(asked(&settings), Reading::Present(json!({"Members": []})));

    std::fs::write(&settings.user_file, "name:wrong").unwrap();
    assert_eq!(asked(&settings).absence().unwrap().reason, AbsenceReason::NotPermitted);
    std::fs::set_permissions(&settings.user_file, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert!(asked(&settings).absence().unwrap().detail.contains("chmod"), "others could read the password");

    let other = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::set_permissions(&settings.user_file, std::fs::Permissions::from_mode(0o600)).unwrap();
    std::fs::write(&settings.ca_file, other.cert.pem()).unwrap();
    let absence = asked(&settings);
    assert_eq!(absence.absence().unwrap().reason, AbsenceReason::NotPermitted, "{absence:?}");
}

#[test]
fn an_answer_that_is_none_says_why() {
    let reason = |answer: Option<Vec<u8>>| {
        let directory = tempfile::tempdir().unwrap();
        asked(&controller(directory.path(), answer)).absence().unwrap().reason
    };
    let status = |line: &str| Some(format!("HTTP/1.1 {line}\r\ncontent-length: 0\r\n\r\n").into_bytes());
    assert_eq!(reason(status("404 Gone")), AbsenceReason::NotPresent);
    assert_eq!(reason(status("302 Found\r\nlocation: https://127.0.0.1/")), AbsenceReason::NotSupported);
    assert_eq!(reason(ok("<html>")), AbsenceReason::Malformed);
    assert_eq!(reason(ok(&" ".repeat(300_000))), AbsenceReason::Malformed);
    assert_eq!(reason(Some(b"SSH-2.0-dropbear\r\n".to_vec())), AbsenceReason::Malformed);
    assert_eq!(reason(None), AbsenceReason::TimedOut);
}

/// Whether no text in it can control a terminal.
fn is_readable(value: &Value) -> bool {
    match value {
        Value::String(text) => !text.contains(char::is_control),
        Value::Array(values) => values.iter().all(is_readable),
        Value::Object(members) => members.values().all(is_readable),
        _ => true,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever an enclosure holds, it is read within its bounds, and no text can control a terminal.
    #[test]
    fn any_enclosure_is_read(texts in proptest::collection::vec(".{0,300}", 5), number in any::<i64>(), shape in 0..4_u8) {
        let mut memory = rack_server();
        let odd = |index: usize| match shape {
            0 => json!(texts[index]),
            1 => json!([texts[index]]),
            2 => json!({"Id": texts[index]}),
            _ => json!(number),
        };
        memory.documents.insert(ONE.to_owned(), json!({"SerialNumber": texts[0], "AssetTag": odd(1), "Location": {"Placement":
            {"Row": texts[2], "Rack": odd(3), "RackOffset": number}}, "PowerSubsystem": {"@odata.id": odd(4)}, "Power": odd(0)}));
        let fact = super::read(&memory);
        prop_assert!(is_readable(&serde_json::to_value(&fact).unwrap()), "{:?}", fact);
        prop_assert!(memory.asked.borrow().len() <= REQUESTS_MAX);
    }
}

#[test]
fn the_port_of_a_controller_is_that_of_https_unless_it_is_said() {
    for (address, expect) in [
        ("https://bmc-01.example", 443),
        ("https://bmc-01.example:8443", 8443),
        ("https://[2001:db8::1]", 443),
        ("https://[2001:db8::1]:8443", 8443),
    ] {
        assert_eq!(port(address), expect, "{address}");
    }
}
