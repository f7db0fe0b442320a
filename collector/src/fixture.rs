//! A small cloud for tests: two zones on one power feed, nodes whose reports are signed as real ones are.

use std::sync::Arc;
use std::time::Duration;

use descriptors::canonical;
use descriptors::did::Did;
use descriptors::digest::Digest;
use descriptors::fact::cpu::CpuFact;
use descriptors::fact::{AbsenceReason, Fact, Reading};
use descriptors::id::{NodeId, SourceName};
use descriptors::proof::dsse::Envelope;
use descriptors::proof::{Signer as _, SoftwareKey};
use descriptors::report::{HEARTBEAT_TYPE, Heartbeat, Origin, REPORT_TYPE, Report, ReportId};
use descriptors::target::Target;
use descriptors::timestamp::Timestamp;
use serde_json::Value;

use crate::audit::{Auditor, Clock, Settings};
use crate::http::App;
use crate::http::access::Access;
use crate::metrics::Metrics;
use crate::sign::Issuer;
use crate::sign::certified::Certified;
use crate::store::sqlite::SqliteStore;
use crate::store::{Document, Put, SharedStore, Statement, StatementKind};
use crate::{declaration, store};

pub(crate) const DECLARATION: &str = "
origin: simulated
provider:
  id: example
  name: Example
  registration_number: {vat_id: DE1}
  legal_address: {country_code: DE}
parts:
  - {id: feed, kind: power_feed}
  - {id: ups-1, kind: ups, needs: [feed]}
  - {id: ups-2, kind: ups, needs: [feed]}
  - {id: fire-1, kind: fire_compartment}
  - {id: fire-2, kind: fire_compartment}
regions:
  - id: north
    datacenters:
      - id: dc
        address: {country_code: DE, locality: Dresden}
        availability_zones:
          - {id: zone-1, needs: [fire-1], racks: [{id: r1, needs: [ups-1], nodes: [n1]}]}
          - {id: zone-2, needs: [fire-2], racks: [{id: r2, needs: [ups-2], nodes: [n2]}]}
claims:
  - {id: c1, zones: [zone-1, zone-2]}
";

/// 2026-11-21T09:00:00Z and so many seconds.
pub(crate) fn at(seconds: i64) -> Timestamp {
    "2026-11-21T09:00:00Z".parse::<Timestamp>().unwrap().plus_seconds(seconds)
}

pub(crate) fn key(seed: u8) -> SoftwareKey {
    SoftwareKey::from_seed(&[seed; 32])
}

pub(crate) fn node(name: &str) -> NodeId {
    NodeId::new(name).unwrap()
}

/// A collector without its wire.
pub(crate) struct Cloud {
    pub(crate) store: SharedStore,
    pub(crate) issuer: Issuer,
    pub(crate) app: App,
    pub(crate) clock: Arc<std::sync::atomic::AtomicI64>,
    _data: tempfile::TempDir,
}

impl Cloud {
    pub(crate) async fn new(public_address: Option<&str>) -> Self {
        let data = tempfile::tempdir().unwrap();
        let store: SharedStore = Arc::new(SqliteStore::open(&data.path().join("store.db")).await.unwrap());
        let targets = [Target::Danube, Target::W3cRdfc, Target::W3cJcs, Target::Plain];
        let issuer = Issuer::new(Arc::new(key(9)), public_address).unwrap().with_targets(&targets, None).unwrap();
        let seconds = Arc::new(std::sync::atomic::AtomicI64::new(0));
        let told = Arc::clone(&seconds);
        let clock: Clock = Arc::new(move || at(told.load(std::sync::atomic::Ordering::SeqCst)));
        let settings =
            Settings { settle: Duration::from_millis(1), interval: Duration::from_secs(60), validity_seconds: 3600 };
        let auditor = Arc::new(Auditor::new(Arc::clone(&store), issuer.clone(), settings, Arc::clone(&clock)));
        let access = Access::new("127.0.0.1:0".parse().unwrap(), false, None, public_address).unwrap();
        let app = App {
            store: Arc::clone(&store),
            auditor,
            issuer: issuer.clone(),
            metrics: Arc::new(Metrics::new(|_| ())),
            access: Arc::new(access),
            clock,
            address: "http://127.0.0.1:7070".to_owned(),
        };
        Self { store, issuer, app, clock: seconds, _data: data }
    }

    /// With declaration and two nodes, audited.
    pub(crate) async fn lived_in(public_address: Option<&str>) -> Self {
        let cloud = Self::new(public_address).await;
        cloud.declare(DECLARATION).await;
        cloud.enrol("n1", 1).await;
        cloud.enrol("n2", 2).await;
        cloud.say(report("n1", 1, "EPYC"), 1).await;
        cloud.say(report("n2", 1, "EPYC"), 2).await;
        cloud.app.auditor.once().await.unwrap();
        cloud
    }

    /// The same cloud for other targets; before anything is issued.
    pub(crate) fn reissue_for(&mut self, targets: &[Target], certified: Option<Certified>) {
        let issuer = Issuer::new(Arc::new(key(9)), self.issuer.public_address.as_deref()).unwrap();
        let issuer = Issuer { tagus: self.issuer.tagus.clone(), ..issuer };
        self.issuer = issuer.with_targets(targets, certified).unwrap();
        let settings =
            Settings { settle: Duration::from_millis(1), interval: Duration::from_secs(60), validity_seconds: 3600 };
        let clock = Arc::clone(&self.app.clock);
        self.app.auditor = Arc::new(Auditor::new(Arc::clone(&self.store), self.issuer.clone(), settings, clock));
        self.app.issuer = self.issuer.clone();
    }

    pub(crate) fn set_clock(&self, seconds: i64) {
        self.clock.store(seconds, std::sync::atomic::Ordering::SeqCst);
    }

    pub(crate) async fn declare(&self, yaml: &str) {
        let declaration = declaration::parse("test.yaml", yaml).unwrap();
        let envelope = declaration::sign(&declaration, self.issuer.signer.as_ref()).unwrap();
        self.store.put_document(Document::Declaration, envelope.to_bytes()).await.unwrap();
    }

    pub(crate) async fn enrol(&self, name: &str, seed: u8) {
        let hash = Digest::of(format!("{name}{seed}").as_bytes());
        self.store.put_token(hash, &node(name), at(10_000)).await.unwrap();
        let redeemed = self.store.redeem_token(hash, &node(name), &Did::key(&key(seed).public_key()), at(0)).await;
        assert_eq!(redeemed.unwrap(), store::Redeemed::Enrolled);
    }

    pub(crate) async fn say(&self, report: Report, seed: u8) {
        let payload = canonical::to_vec(&report).unwrap();
        let digest = Digest::of(&payload);
        let envelope = Envelope::sign(REPORT_TYPE, payload, &key(seed)).unwrap();
        self.put(report.id(), StatementKind::Report, digest, digest, envelope).await;
    }

    pub(crate) async fn beat(&self, name: &str, sequence: u64, holds: Digest, seed: u8) {
        let heartbeat = Heartbeat { node: node(name), sequence, taken_at: at(0), holds };
        let payload = canonical::to_vec(&heartbeat).unwrap();
        let digest = Digest::of(&payload);
        let envelope = Envelope::sign(HEARTBEAT_TYPE, payload, &key(seed)).unwrap();
        self.put(heartbeat.id(), StatementKind::Heartbeat, digest, holds, envelope).await;
    }

    async fn put(&self, id: ReportId, kind: StatementKind, payload_digest: Digest, holds: Digest, envelope: Envelope) {
        let received_at = (self.app.clock)();
        let envelope = envelope.to_bytes();
        let statement = Statement { id, kind, payload_digest, holds, taken_at: at(0), received_at, envelope };
        assert_eq!(self.store.put_statements(vec![statement]).await.unwrap(), [Put::Stored]);
    }
}

/// A report with one fact, whose processor calls itself `model`.
pub(crate) fn report(name: &str, sequence: u64, model: &str) -> Report {
    let absent = |detail: &str| Reading::absent(AbsenceReason::NotPermitted, detail);
    let cpu = CpuFact {
        architecture: "x86_64".to_owned(),
        vendor: Reading::Present("AuthenticAMD".to_owned()),
        model_name: Reading::Present(model.to_owned()),
        signature: Reading::absent(AbsenceReason::NotSupported, "cpuid"),
        generation: Reading::absent(AbsenceReason::NotSupported, "cpuid"),
        topology: Reading::absent(AbsenceReason::NotSupported, "sysfs"),
        smt_control: absent("sysfs"),
        smt_active: Reading::absent(AbsenceReason::NotSupported, "sysfs"),
        frequency_base_khz: Reading::absent(AbsenceReason::NotSupported, "sysfs"),
        frequency_max_khz: Reading::absent(AbsenceReason::NotSupported, "sysfs"),
        boost: Reading::absent(AbsenceReason::NotSupported, "sysfs"),
        flags: Reading::Present(vec!["aes".to_owned(), "rdrand".to_owned()]),
        microcode: absent(model),
        hypervisor: absent("cpuid"),
        vulnerabilities: Reading::Present(Vec::new()),
    };
    let facts = [
        (SourceName::new("cpu").unwrap(), Reading::Present(Fact::Cpu(cpu))),
        (SourceName::new("dmi").unwrap(), Reading::absent(AbsenceReason::NotPermitted, format!("dmi {model}"))),
    ];
    Report {
        node: node(name),
        sequence,
        taken_at: at(0),
        boot_id: Reading::Present("boot".to_owned()),
        origin: Origin::Simulated,
        agent_version: model.to_owned(),
        facts: facts.into_iter().collect(),
    }
}

/// Panics where a value does not fit a schema: as much of JSON Schema as the schemas of this crate use. A member that a
/// schema does not name fits only where the schema names none, or is one of several that are put together.
pub(crate) fn fits(root: &Value, schema: &Value, value: &Value, at: &str) {
    if let Some(reference) = schema["$ref"].as_str() {
        return fits(root, root.pointer(&reference[1..]).unwrap(), value, at);
    }
    if let Some(parts) = schema["allOf"].as_array() {
        let mut known = serde_json::Map::new();
        let mut is_open = false;
        for part in parts {
            let part = part["$ref"].as_str().map_or(part, |reference| root.pointer(&reference[1..]).unwrap());
            is_open |= part["properties"].is_null();
            known.extend(part["properties"].as_object().cloned().unwrap_or_default());
        }
        let whole = serde_json::json!({"type": "object", "properties": known});
        return if is_open { assert!(value.is_object(), "{at}") } else { fits(root, &whole, value, at) };
    }
    for choice in ["anyOf", "oneOf"] {
        if let Some(choices) = schema[choice].as_array() {
            let fitting = choices.iter().any(|choice| {
                std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| fits(root, choice, value, at))).is_ok()
            });
            assert!(fitting, "{at}: {value} fits none of {schema}");
        }
    }
    if let (Some(members), Some(known)) = (value.as_object(), schema["properties"].as_object()) {
        for (name, value) in members {
            let known = known.get(name).unwrap_or_else(|| panic!("{at}: the schema does not know {name}"));
            fits(root, known, value, &format!("{at}/{name}"));
        }
        for required in schema["required"].as_array().into_iter().flatten() {
            assert!(members.contains_key(required.as_str().unwrap()), "{at}: {required}");
        }
    }
    if let Some(items) = value.as_array() {
        let described = [&schema["items"], &schema["prefixItems"]].iter().any(|items| !items.is_null());
        assert!(described, "{at}: {schema}");
        items.iter().for_each(|item| fits(root, &schema["items"], item, at));
    }
    if let (Some(text), Some(words)) = (value.as_str(), schema["enum"].as_array()) {
        assert!(words.iter().any(|word| word == text), "{at}: {text}");
    }
    let kinds = match &schema["type"] {
        Value::String(kind) => vec![kind.as_str()],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => return,
    };
    let is = |kind: &str| match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_u64(),
        "null" => value.is_null(),
        _ => true,
    };
    assert!(kinds.iter().any(|kind| is(kind)), "{at}: {value} is not {kinds:?}");
}
