//! What does it cost to issue a credential as vc+jwt, from a typed subject?

use anyhow::Context as _;
use bench::{figure, median_cpu};
use descriptors::credential::{Base, Credential, Period, datacenter};
use descriptors::declaration::Declaration;
use descriptors::did::Did;
use descriptors::proof::{Signer as _, SoftwareKey, vc_jwt};

fn main() -> anyhow::Result<()> {
    let address = serde_json::json!({"country_code": "DE", "nuts2": "DED2", "locality": "Dresden"});
    let declaration: Declaration = serde_json::from_value(serde_json::json!({
        "provider": {"id": "p", "name": "P", "registration_number": {"vat_id": "DE1"}, "legal_address": address},
        "regions": [{"id": "r", "datacenters": [{"id": "d", "address": address, "availability_zones": [
            {"id": "z1", "racks": [{"id": "r1"}]}, {"id": "z2", "racks": [{"id": "r2"}]}]}]}]
    }))?;
    let key = SoftwareKey::from_seed(&[1; 32]);
    let issuer = Did::key(&key.public_key());
    let base = Base::address("https://cloud.example");
    let period = Period { from: "2026-11-21T00:00:00Z".parse()?, until: "2027-02-19T00:00:00Z".parse()? };
    let dc = &declaration.regions[0].datacenters[0];
    let issue = || -> anyhow::Result<String> {
        let subject = datacenter::subject(&base, &declaration, dc).context("the datacenter has no zone")?;
        Ok(vc_jwt::issue(&Credential::new(&base, issuer.clone(), period, subject)?, &key)?)
    };
    issue()?;
    figure("issue vc+jwt, typed subject in", 1.0 / median_cpu(issue).as_secs_f64(), "credentials per CPU-second");
    Ok(())
}
