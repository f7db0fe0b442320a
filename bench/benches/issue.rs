//! What does it cost to issue a credential, from a typed subject to signed bytes, for each target and each Ed25519 library?

use anyhow::Context as _;
use bench::{figure, median_cpu};
use collector::sign::key::Ed25519Key;
use descriptors::credential::{Base, Credential, Period, datacenter};
use descriptors::declaration::Declaration;
use descriptors::did::Did;
use descriptors::proof::SoftwareKey;
use descriptors::proof::key::SigningKey;
use descriptors::target::{Seal, Target};

const SEED: [u8; 32] = [1; 32];
/// Zones of the datacenter, so that a credential has about 3 KB.
const ZONES: usize = 30;

fn main() -> anyhow::Result<()> {
    let declaration = declaration()?;
    let issuer = Did::web("cloud.example")?;
    let base = Base::address("https://cloud.example");
    let period = Period { from: "2026-11-21T00:00:00Z".parse()?, until: "2027-02-19T00:00:00Z".parse()? };
    let dc = &declaration.regions[0].datacenters[0];
    let (dalek, aws_lc) = (SoftwareKey::from_seed(&SEED), Ed25519Key::from_seed(&SEED).context("no key")?);
    let keys: [(&str, &dyn SigningKey); 2] = [("ed25519-dalek", &dalek), ("aws-lc-rs", &aws_lc)];
    for target in [Target::Danube, Target::W3cJcs, Target::W3cRdfc, Target::Plain] {
        for (library, key) in keys {
            let seal = Seal::new(target, &issuer, "key-1", key)?;
            let issue = || -> anyhow::Result<Vec<u8>> {
                let subject = datacenter::subject(&base, &declaration, dc).context("the datacenter has no zone")?;
                Ok(seal.issue(&Credential::new(&base, issuer.clone(), period, subject)?)?)
            };
            let bytes = issue()?.len();
            let question = format!("issue for {target}, typed subject in, {library}, {bytes} bytes");
            figure(&question, 1.0 / median_cpu(issue).as_secs_f64(), "credentials per CPU-second");
        }
    }
    Ok(())
}

fn declaration() -> anyhow::Result<Declaration> {
    let address = serde_json::json!({"country_code": "DE", "nuts2": "DED2", "locality": "Dresden"});
    let zones: Vec<serde_json::Value> = (0..ZONES)
        .map(|zone| serde_json::json!({"id": format!("zone-{zone}"), "racks": [{"id": format!("rack-{zone}")}]}))
        .collect();
    Ok(serde_json::from_value(serde_json::json!({
        "provider": {"id": "p", "name": "P", "registration_number": {"vat_id": "DE1"}, "legal_address": address},
        "regions": [{"id": "r", "datacenters": [{"id": "d", "address": address, "availability_zones": zones}]}]
    }))?)
}
