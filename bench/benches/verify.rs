//! What does it cost to verify a credential of 3 KB: as vc+jwt alone and looked at in batches, and with eddsa-rdfc-2022
//! under contexts that are known and that are new each time?

use bench::{figure, median_cpu, micros};
use descriptors::certificate::Roots;
use descriptors::credential::{Base, Credential, Period, Subject};
use descriptors::did::Did;
use descriptors::json::Document;
use descriptors::json_ld::Contexts;
use descriptors::node::{Node, Object};
use descriptors::proof::{Signer as _, SoftwareKey};
use descriptors::report::Origin;
use descriptors::target::{Seal, Target};
use descriptors::verify::batch::{Glance, glance};
use descriptors::verify::{Held, Outcome, Policy, Resolution, Verifier};

const BATCH: usize = 256;

/// A flavour with parts, as servers have: about 3 KB and 90 statements.
fn credential(base: &Base, issuer: &Did, number: usize) -> anyhow::Result<Credential> {
    let id = base.subject("flavor", &format!("scs-{number}"));
    let size = |part: &str, value: f64| {
        Node::new(format!("{id}#{part}"), "gx:MemorySize")
            .with("qudt:numericValue", Object::float(value))
            .with("qudt:unit", "https://qudt.org/vocab/unit/GigaBYTE")
    };
    let disk = |at: usize| {
        Node::new(format!("{id}#disk-{at}"), "gx:Disk")
            .with("gx:diskType", "local SSD")
            .with("gx:diskBusType", "NVMe")
            .with("gx:diskSize", size(&format!("disk-{at}-size"), 1920.0))
            .with("schema:name", format!("disk {at} of flavor {number}"))
    };
    let cpu = Node::new(format!("{id}#cpu"), "gx:CPU")
        .with("gx:cpuArchitecture", "x86-64")
        .with("gx:vendor", "Example Semiconductors")
        .with("gx:numberOfCores", 32_u32)
        .with("gx:smtEnabled", true)
        .with("gx:baseFrequency", size("frequency", 2.45));
    let node = Node::new(id.clone(), "gx:ServerFlavor")
        .with("schema:name", format!("SCS-32T:128:1920s number {number}"))
        .with(
            "schema:description",
            "A flavor with local storage on which databases that replicate by themselves run well.",
        )
        .with("gx:cpu", cpu)
        .with("gx:ram", size("ram", 128.0))
        .with("gx:bootVolume", disk(0))
        .with("gx:additionalVolume", vec![Object::from(disk(1)), disk(2).into(), disk(3).into()])
        .with("gx:providedBy", Object::Reference("https://cloud.example/subjects/legal-person/example".to_owned()));
    let period = Period { from: "2026-11-01T00:00:00Z".parse()?, until: "2027-02-01T00:00:00Z".parse()? };
    Ok(Credential::new(base, issuer.clone(), period, Subject { node, origin: Origin::Real, provenance: None })?)
}

fn main() -> anyhow::Result<()> {
    let key = SoftwareKey::from_seed(&[1; 32]);
    let issuer = Did::key(&key.public_key());
    let base = Base::address("https://cloud.example");
    let credentials: Vec<Credential> =
        (0..BATCH).map(|number| credential(&base, &issuer, number)).collect::<anyhow::Result<_>>()?;
    let sealed = |target| -> anyhow::Result<Vec<Vec<u8>>> {
        let seal = Seal::new(target, &issuer, "key-1", &key)?;
        credentials.iter().map(|credential| Ok(seal.issue(credential)?)).collect()
    };
    let (roots, contexts) = (Roots::default(), Contexts::with_w3c::<String>([])?);
    let missing = |_: &Did| Resolution::Missing("not handed in".to_owned());
    let held = Held { document: &missing, chain: &|_| None, roots: &roots, list: &|_| None, contexts: &contexts };
    let policy = Policy { terms: false, ..Policy::at("2026-11-21T00:00:00Z".parse()?) };
    let verifier = Verifier::new(&policy, &held);

    let tokens = sealed(Target::Danube)?;
    let payload = credentials[0].to_vec(credentials[0].context(Default::default()))?;
    figure("bytes of the credential", payload.len() as f64, "bytes");
    figure("parse it strictly", micros(median_cpu(|| Document::parse(payload.as_slice()))), "us CPU");
    let single = |tokens: &[Vec<u8>]| tokens.iter().all(|token| verifier.verify(token).outcome() == Outcome::Passed);
    anyhow::ensure!(single(&tokens), "the tokens verify");
    let per_second = |cost: std::time::Duration| BATCH as f64 / cost.as_secs_f64();
    figure("verify vc+jwt, strict, payload parsed", per_second(median_cpu(|| single(&tokens))), "per CPU-second");

    let slices: Vec<&[u8]> = tokens.iter().map(Vec::as_slice).collect();
    let looked = || glance(&verifier, &slices).iter().all(|glance| matches!(glance, Glance::Plausible(_)));
    anyhow::ensure!(looked(), "the tokens are plausible");
    figure(
        "look at vc+jwt beforehand, batches of 256, payload parsed",
        per_second(median_cpu(looked)),
        "per CPU-second",
    );

    let proven = sealed(Target::W3cRdfc)?;
    anyhow::ensure!(single(&proven), "the documents verify");
    figure("verify eddsa-rdfc-2022, known contexts", per_second(median_cpu(|| single(&proven))), "per CPU-second");
    let anew = || -> anyhow::Result<bool> {
        let mut all = true;
        for document in &proven {
            // A cache that is empty: as if every document came with a context list that was never seen.
            let contexts = contexts.without_compiled();
            let held =
                Held { document: &missing, chain: &|_| None, roots: &roots, list: &|_| None, contexts: &contexts };
            all &= Verifier::new(&policy, &held).verify(document).outcome() == Outcome::Passed;
        }
        Ok(all)
    };
    anyhow::ensure!(anew()?, "the documents verify");
    figure("verify eddsa-rdfc-2022, contexts new each time", per_second(median_cpu(anew)), "per CPU-second");
    let proven = sealed(Target::W3cJcs)?;
    anyhow::ensure!(single(&proven), "the documents verify");
    figure("verify eddsa-jcs-2022", per_second(median_cpu(|| single(&proven))), "per CPU-second");
    Ok(())
}
