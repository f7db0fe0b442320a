//! The Gaia-X types: every property of the published shapes is in the type with its cardinality and its words, and what
//! comes out reads as reviewed. `UPDATE_GOLDEN=1` writes the golden files anew.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "tests read files, say what they skip, and fail by panicking"
)]

#[path = "specimens/published.rs"]
mod published;
#[path = "specimens/gaia_x.rs"]
mod specimens;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use descriptors::credential::{Base, Credential, Period, Subject};
use descriptors::did::Did;
use descriptors::gaia_x::{
    Entity, hardware, network, offering, participant, place, policy, quantity, service, software, storage,
};
use descriptors::proof::{Signer as _, SoftwareKey};
use descriptors::report::Origin;
use descriptors::shape::{Property, Range, Shape};
use descriptors::vocabulary::{Context, Ontology};

fn reference(path: &str) -> Option<PathBuf> {
    published::find(&format!("gaia-x/{path}"))
}

#[test]
fn every_type_reads_as_reviewed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/gaia-x");
    let mut expected = BTreeSet::new();
    for (ontology, suffix) in [(Ontology::V2511, "2511"), (Ontology::Development, "development")] {
        for (name, node) in specimens::all().unwrap() {
            let text = serde_json::to_string_pretty(&node.to_value(ontology)).unwrap() + "\n";
            let file = format!("{name}.{suffix}.json");
            if std::env::var_os("UPDATE_GOLDEN").is_some() {
                std::fs::create_dir_all(&folder).unwrap();
                std::fs::write(folder.join(&file), &text).unwrap();
            }
            let golden = std::fs::read_to_string(folder.join(&file)).unwrap_or_default();
            assert!(text == golden, "{file}: run with UPDATE_GOLDEN=1 and review the difference");
            expected.insert(file);
        }
    }
    let found: BTreeSet<String> =
        std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(found, expected, "golden files of types that are no more");
}

#[test]
fn the_written_form_is_the_canonical_form_of_the_value() {
    for (name, node) in specimens::all().unwrap() {
        for ontology in [Ontology::V2511, Ontology::Development] {
            let mut written = Vec::new();
            node.write_json(ontology, &mut written).unwrap();
            let expect = descriptors::canonical::to_vec(&node.to_value(ontology)).unwrap();
            assert_eq!(String::from_utf8(written).unwrap(), String::from_utf8(expect).unwrap(), "{name}");
        }
    }
    let contexts: BTreeSet<&str> = [Ontology::V2511, Ontology::Development]
        .into_iter()
        .flat_map(|o| [Context::GaiaX(o), Context::Inline(o)])
        .map(Context::canonical)
        .collect();
    assert_eq!(contexts.len(), 4);
}

#[test]
fn every_part_has_an_id_of_its_own() {
    fn ids(value: &serde_json::Value, found: &mut Vec<String>) {
        match value {
            serde_json::Value::Array(values) => values.iter().for_each(|value| ids(value, found)),
            serde_json::Value::Object(members) => {
                if members.contains_key("type") {
                    found.push(members["id"].as_str().unwrap().to_owned());
                }
                members.values().for_each(|value| ids(value, found));
            }
            _ => {}
        }
    }
    for (name, node) in specimens::all().unwrap() {
        let mut found = Vec::new();
        ids(&node.to_value(Ontology::V2511), &mut found);
        let unique: BTreeSet<&String> = found.iter().collect();
        assert_eq!(unique.len(), found.len(), "{name}");
        assert!(found.iter().all(|id| id.matches('#').count() <= 1), "{name}: {found:?}");
    }
}

type Table = BTreeMap<String, BTreeMap<String, (u8, bool, Vec<String>)>>;

/// The shapes as a table: property, least, whether one at most, enumeration (empty where there is none or it is cut short).
fn table(text: &str) -> Table {
    let mut table = Table::new();
    let mut class = String::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("## ") {
            class = rest.split(' ').next().unwrap().to_owned();
            table.entry(class.clone()).or_default();
        } else if let Some(rest) = line.strip_prefix("- ") {
            let (name, rest) = rest.split_once(" [").unwrap();
            let (cardinality, rest) = rest.split_once(']').unwrap();
            let (min, max) = cardinality.split_once("..").unwrap();
            let words = rest.split(" — ").next().unwrap();
            let words = words.split_once('{').map_or("", |(_, words)| words.trim_end().trim_end_matches('}'));
            let words: Vec<String> =
                words.split('|').filter(|word| !word.is_empty() && !words.contains('…')).map(str::to_owned).collect();
            let entry = (min.parse().unwrap(), max == "1", words);
            table.get_mut(&class).unwrap().insert(name.to_owned(), entry);
        }
    }
    table
}

fn properties<T: Shape>(out: &mut Vec<(&'static str, Vec<Property>)>) {
    let mut properties = Vec::new();
    T::properties(&mut properties);
    out.push((T::CLASS, properties));
}

macro_rules! all_of {
    ($($module:ident: $($name:ident)+;)+) => {{
        let mut out = Vec::new();
        $($(properties::<$module::$name>(&mut out);)+)+
        out
    }};
}

fn shapes() -> Vec<(&'static str, Vec<Property>)> {
    all_of! {
        participant: LegalPerson VatId LeiCode Eori Euid TaxId LocalRegistrationNumber CountryCompanyNumber Issuer Address
            GpsLocation GpsUnit;
        place: Region Datacenter AvailabilityZone PhysicalResource DatacenterAllocation EnergyUsageEfficiency
            WaterUsageEffectiveness EnergyMix;
        hardware: ServerFlavor CpuCapabilities Device Cpu MemoryCapabilities Memory Disk Gpu ConfidentialComputing;
        software: SoftwareResource Hypervisor OperatingSystem Image VmImage PxeImage CheckSum Signature Encryption
            MaintenanceSubscription;
        service: ServiceOffering;
        offering: VirtualMachineServiceOffering BareMetalServiceOffering BlockStorageServiceOffering
            ObjectStorageServiceOffering FileStorageServiceOffering NetworkConnectivityServiceOffering;
        storage: StorageConfiguration BlockStorageConfiguration FileStorageConfiguration ProtectionPolicy ReplicationPolicy
            SnapshotPolicy BackupPolicy Qos Throughput Iops BandWidth RoundTripTime Availability PacketLoss Jitter Latency
            TargetPercentile LostPackets SlaTargetPercentile;
        network: ConnectivityConfiguration;
        policy: TermsAndConditions DataAccountExport AccessUsagePolicy Endpoint StandardConformity LegalDocument
            ContactInformation SubContractor Measure DataTransfer CustomerInstructions DataPortability;
        quantity: MemorySize Frequency Power Time DataRate RetentionDuration;
    }
}

#[test]
fn a_type_has_exactly_the_properties_of_its_shape() {
    let Some(path) = reference("ontology-2511/property-table.md") else { return };
    let table = table(&std::fs::read_to_string(path).unwrap());
    let mut faults = Vec::new();
    for (class, properties) in shapes() {
        let class = class.replace("http://qudt.org/vocab/quantitykind/", "qk:");
        let shape = table.get(&class).unwrap_or_else(|| panic!("no shape {class}"));
        let ours: BTreeMap<&str, &Property> = properties
            .iter()
            .filter(|property| property.only != Some(Ontology::Development))
            .map(|property| (property.name, property))
            .collect();
        for name in ours.keys().filter(|name| !shape.contains_key(**name)) {
            faults.push(format!("{class} closes {name}"));
        }
        for (name, (min, one, words)) in shape {
            let Some(property) = ours.get(name.as_str()) else {
                faults.push(format!("{class} lacks {name}"));
                continue;
            };
            if property.min != *min || (property.max == Some(1)) != *one {
                faults.push(format!("{class} {name} is {min}.., at most one: {one}"));
            }
            if let (Range::OneOf(ours), false) = (property.range, words.is_empty()) {
                let differ = ours.iter().map(|word| (*word).to_owned()).collect::<BTreeSet<_>>()
                    != words.iter().cloned().collect();
                if differ {
                    faults.push(format!("{class} {name} is one of {words:?}"));
                }
            } else if !words.is_empty() {
                faults.push(format!("{class} {name} is an enumeration"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn what_everything_may_have_is_a_name_and_a_description() {
    let mut properties = Vec::new();
    Entity::properties(&mut properties);
    let names: Vec<&str> = properties.iter().map(|property| property.name).collect();
    assert_eq!(names[..2], ["schema:name", "schema:description"]);
}

#[test]
fn an_offering_is_said_in_tagus_when_it_says_what_tagus_asks_for() {
    let issuer = Did::key(&SoftwareKey::from_seed(&[9; 32]).public_key());
    let period =
        Period { from: "2026-11-21T09:00:00Z".parse().unwrap(), until: "2027-02-19T09:00:00Z".parse().unwrap() };
    let tagus = |name: &str| {
        let (_, node) = specimens::all().unwrap().into_iter().find(|(known, _)| known == name).unwrap();
        let subject = Subject { node, origin: Origin::Simulated, provenance: None };
        Credential::new(&Base::did(&issuer), issuer.clone(), period, subject).unwrap().tagus(None)
    };
    for name in ["ServiceOffering-full", "VirtualMachineServiceOffering-full", "ObjectStorageServiceOffering-full"] {
        let document = tagus(name).unwrap();
        let subject = &document["credentialSubject"];
        assert_eq!(subject["type"], "gx:ServiceOffering");
        assert_eq!(subject["gx:termsAndConditions"][0]["gx:URL"], "https://cloud.example/terms");
        assert_eq!(subject["gx:policy"][0], "default allow = true");
        assert_eq!(subject["gx:dataAccountExport"][0]["gx:accessType"], "digital");
        assert_eq!(document["https://w3id.org/avow/v1#origin"], "simulated");
    }
    let refused = tagus("ServiceOffering-small").unwrap_err().to_string();
    assert!(refused.contains("gx:servicePolicy"), "{refused}");
}
