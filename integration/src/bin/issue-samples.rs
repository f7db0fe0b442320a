//! Writes credentials of every type in every form into a directory, for verifiers that are not ours.
//!
//! What is said stands here, the forms in `integration::samples`. What a real plane issues is not known here: the demo
//! writes that.

use std::path::PathBuf;

use anyhow::ensure;
use clap::Parser;
use descriptors::component::Dimension;
use descriptors::credential::{self, Base, Observation, Subject, independence_verdict};
use descriptors::declaration::Declaration;
use descriptors::did::Did;
use descriptors::digest::Digest;
use descriptors::proof::{Signer as _, SoftwareKey};
use descriptors::report::{Origin, Report};
use descriptors::timestamp::Timestamp;
use integration::samples::{self, ISSUED};
use serde_json::json;

// The same specimens that the golden files hold.
#[path = "../../../descriptors/tests/specimens/gaia_x.rs"]
mod specimens;

#[path = "../../../descriptors/tests/specimens/catalogue.rs"]
mod catalogue;

/// Writes credentials of every type in every form.
#[derive(Parser)]
struct Arguments {
    /// Where to; made when it is not there.
    directory: PathBuf,
}

fn main() -> anyhow::Result<()> {
    let directory = Arguments::parse().directory;
    let said = subjects(&Base::address("https://samples.example"))?;
    for class in credential::all() {
        ensure!(said.iter().any(|subject| subject.class() == *class), "no sample of {class}: add one");
    }
    samples::write(&directory, subjects)
}

/// What the collector would say of a small plane, and every Gaia-X type, small and full.
fn subjects(base: &Base) -> anyhow::Result<Vec<Subject>> {
    let report = report()?;
    let digest = Digest::of(&descriptors::canonical::to_vec(&report)?);
    let verdict = independence_verdict::VerdictClaims {
        claim: "zones".parse()?,
        profile: "strict@1".to_owned(),
        zones: vec!["az-1".parse()?, "az-2".parse()?],
        dimension: Dimension::Power,
        outcome: "dependent",
        verdict: json!({"outcome": "dependent", "risk_groups": [["power_feed/feed-n"]]}),
        evidence: digest,
        origin: Origin::Simulated,
    };
    let key = Did::key(&SoftwareKey::from_seed(&[8; 32]).public_key());
    let mut subjects = credential::subjects(
        base,
        &declaration()?,
        [Observation { report: &report, digest, key: &key, chip: None }],
        [verdict],
    );
    let specimens = specimens::all().map_err(anyhow::Error::from_boxed)?;
    subjects.extend(specimens.into_iter().map(|(_, node)| Subject {
        node,
        origin: Origin::Simulated,
        provenance: None,
    }));
    Ok(subjects)
}

fn declaration() -> anyhow::Result<Declaration> {
    let address = json!({
        "country_code": "DE", "nuts2": "DED2", "locality": "Dresden", "postal_code": "01069",
        "street_address": "Beispielstr. 1",
    });
    let zone = |id: &str, rack: &str, node: &str| json!({"id": id, "racks": [{"id": rack, "needs": ["feed-n"], "nodes": [node]}]});
    let mut declaration = json!({
        "origin": "simulated",
        "provider": {
            "id": "sample", "name": "Sample Cloud GmbH", "registration_number": {"vat_id": "DE123456789"},
            "legal_address": address, "agrees_to_gaia_x_terms": true,
        },
        "parts": [{"id": "feed-n", "kind": "power_feed"}],
        "regions": [{"id": "de-north", "datacenters": [{
            "id": "dc-1", "address": address,
            "availability_zones": [zone("az-1", "rack-1", "kvm-a"), zone("az-2", "rack-2", "kvm-b")],
        }]}],
        "claims": [{"id": "zones", "zones": ["az-1", "az-2"]}],
    });
    if let (Some(into), Some(more)) = (declaration.as_object_mut(), catalogue::members("az-1", "kvm-a").as_object()) {
        into.extend(more.clone());
    }
    let declaration: Declaration = serde_json::from_value(declaration)?;
    let mistakes = declaration.check();
    ensure!(mistakes.is_empty(), "the sample declaration does not fit together: {mistakes:?}");
    Ok(declaration)
}

fn report() -> anyhow::Result<Report> {
    let absent = |place: &str| json!({"absent": {"reason": "not_permitted", "detail": place}});
    Ok(serde_json::from_value(json!({
        "node": "kvm-a", "sequence": 1, "taken_at": Timestamp::from_unix(ISSUED)?, "origin": "simulated",
        "boot_id": {"present": "5d0bd1d3-9a5d-4c5f-8f3a-1d2a4b7f5c11"}, "agent_version": "0.1.0",
        "facts": {
            "cpu": {"present": {"cpu": {
                "architecture": "x86_64", "vendor": {"present": "AuthenticAMD"},
                "model_name": {"present": "AMD EPYC 9354 32-Core Processor"},
                "signature": {"present": {"family": 25, "model": 17, "stepping": 1}},
                "topology": {"present": {"sockets": 2, "cores": 64, "threads": 128}},
                "flags": {"present": ["aes", "rdrand", "rdseed", "svm"]},
                "microcode": {"present": "0xa101148"}, "hypervisor": absent("cpuid"),
                "vulnerabilities": {"present": []},
            }}},
            "memory": {"present": {"memory": {
                "total_bytes": {"present": 1_081_999_998_976_u64}, "ecc": absent("/sys/devices/system/edac/mc"),
                "hugepages": {"present": []}, "numa": {"present": []},
            }}},
            "dmi": absent("/sys/class/dmi/id"),
        },
    }))?)
}
