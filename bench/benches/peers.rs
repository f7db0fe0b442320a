//! What do credentials cost, to issue and to verify? Our side of `bench/peers`.
//!
//! `write DIR` writes the documents that every side works on, `measure DIR [GAIA_X]` measures; `./dev bench peers` runs both
//! in turns with the peers. Without arguments there is nothing to compare with, and nothing is done.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use bench::median_cpu;
use collector::sign::key::Ed25519Key;
use descriptors::canonical;
use descriptors::certificate::Roots;
use descriptors::credential::{Base, Credential, Period, Subject};
use descriptors::did::Did;
use descriptors::json_ld::Contexts;
use descriptors::node::{Node, Object};
use descriptors::proof::key::SigningKey;
use descriptors::proof::{Signer as _, SoftwareKey};
use descriptors::rdf::Quad;
use descriptors::report::Origin;
use descriptors::shacl::Shapes;
use descriptors::target::{Seal, Target};
use descriptors::timestamp::Timestamp;
use descriptors::verify::{Held, Outcome, Policy, Resolution, Verifier, batch};
use descriptors::vocabulary::{Context, Ontology};
use serde_json::{Value, json};

/// How many documents every side goes through.
const DOCUMENTS: usize = 256;
const SEED: [u8; 32] = [1; 32];
const CREATED: &str = "2026-11-21T00:00:00Z";
const GAIA_X: &str = "https://w3id.org/gaia-x/2511#";

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        [] => Ok(()),
        ["write", directory] => write(Path::new(directory)),
        ["measure", directory] => measure(Path::new(directory), None),
        ["measure", directory, gaia_x] => measure(Path::new(directory), Some(Path::new(gaia_x))),
        _ => anyhow::bail!("write DIR, or measure DIR [GAIA_X]"),
    }
}

/// Who issues, for which target.
struct Bench {
    key: SoftwareKey,
    issuer: Did,
    base: Base,
    period: Period,
}

impl Bench {
    fn new() -> anyhow::Result<Self> {
        let key = SoftwareKey::from_seed(&SEED);
        let issuer = Did::key(&key.public_key());
        let from: Timestamp = CREATED.parse()?;
        let period = Period { from, until: from.plus_seconds(90 * 86_400) };
        Ok(Self { key, issuer, base: Base::address("https://cloud.example"), period })
    }

    fn seal(&self, target: Target) -> anyhow::Result<Seal<'_>> {
        self.seal_by(target, &self.key)
    }

    fn seal_by<'k>(&self, target: Target, key: &'k dyn SigningKey) -> anyhow::Result<Seal<'k>> {
        Ok(Seal::new(target, &self.issuer, "key-1", key)?)
    }

    fn credential(&self, index: usize) -> anyhow::Result<Credential> {
        Ok(Credential::new(&self.base, self.issuer.clone(), self.period, flavor(&self.base, index))?)
    }
}

fn write(directory: &Path) -> anyhow::Result<()> {
    let bench = Bench::new()?;
    std::fs::create_dir_all(directory)?;
    let put =
        |path: PathBuf, bytes: &[u8]| std::fs::write(&path, bytes).with_context(|| format!("write {}", path.display()));
    let seals = [(Target::Danube, "jwt"), (Target::W3cJcs, "jcs"), (Target::W3cRdfc, "rdfc")];
    for index in 0..DOCUMENTS {
        let credential = bench.credential(index)?;
        let path = |ending: &str| directory.join(format!("{index:03}.{ending}"));
        put(path("json"), &credential.to_vec(Context::GaiaX(Ontology::V2511))?)?;
        put(path("inline.json"), &credential.to_vec(Context::Inline(Ontology::V2511))?)?;
        for (target, ending) in seals {
            put(path(ending), &bench.seal(target)?.issue(&credential)?)?;
        }
        // The same statements and so the same proof, under the context of Gaia-X.
        let mut document: Value = serde_json::from_slice(&bench.seal(Target::W3cRdfc)?.issue(&credential)?)?;
        document["@context"] = Context::GaiaX(Ontology::V2511).to_value();
        put(path("gx.rdfc"), &canonical::to_vec(&document)?)?;
    }
    let about = json!({
        "seed": SEED.iter().map(|byte| format!("{byte:02x}")).collect::<String>(),
        "issuer": bench.issuer, "method": bench.issuer.verification_method(), "created": CREATED,
        "at": bench.period.from.plus_seconds(86_400),
    });
    put(directory.join("key.json"), about.to_string().as_bytes())
}

fn measure(directory: &Path, gaia_x: Option<&Path>) -> anyhow::Result<()> {
    let bench = Bench::new()?;
    issue(&bench)?;
    let context = gaia_x.map(|path| std::fs::read(path.join("contexts/gx-2511-derived.jsonld"))).transpose()?;
    let contexts = Contexts::with_w3c(context.iter().map(|bytes| (GAIA_X, bytes.as_slice())))?;
    let nobody = |_: &Did| Resolution::Missing("nothing is handed in".to_owned());
    let roots = Roots::default();
    let held = Held { document: &nobody, chain: &|_| None, roots: &roots, list: &|_| None, contexts: &contexts };
    let policy = Policy::at(bench.period.from.plus_seconds(86_400));
    // As the peers: the signature and the payload, not the meaning of its names.
    let without_terms = Policy { terms: false, ..policy.clone() };
    verify(directory, "jwt", "verify vc+jwt", &Verifier::new(&without_terms, &held))?;
    verify_batches(directory, &Verifier::new(&without_terms, &held))?;
    verify(directory, "jcs", "verify eddsa-jcs-2022", &Verifier::new(&without_terms, &held))?;
    verify(directory, "rdfc", "verify eddsa-rdfc-2022", &Verifier::new(&policy, &held))?;
    if let Some(gaia_x) = gaia_x {
        verify(directory, "gx.rdfc", "verify eddsa-rdfc-2022, Gaia-X context", &Verifier::new(&policy, &held))?;
        shacl(&bench, &contexts, gaia_x)?;
    }
    Ok(())
}

/// By the signer of the collector, which counts, and by that of the pure crate.
fn issue(bench: &Bench) -> anyhow::Result<()> {
    let subjects: Vec<Subject> = (0..DOCUMENTS).map(|index| flavor(&bench.base, index)).collect();
    let aws_lc = Ed25519Key::from_seed(&SEED).context("no key")?;
    let signers: [(&str, &dyn SigningKey); 2] = [("avow", &aws_lc), ("avow by ed25519-dalek", &bench.key)];
    for (target, operation) in [
        (Target::Danube, "issue vc+jwt"),
        (Target::W3cJcs, "issue eddsa-jcs-2022"),
        (Target::W3cRdfc, "issue eddsa-rdfc-2022"),
    ] {
        for (who, key) in signers {
            let seal = bench.seal_by(target, key)?;
            let mut turn = 0;
            rate_of(who, operation, 1, || -> anyhow::Result<Vec<u8>> {
                let subject = subjects[turn % DOCUMENTS].clone();
                turn += 1;
                Ok(seal.issue(&Credential::new(&bench.base, bench.issuer.clone(), bench.period, subject)?)?)
            })?;
        }
    }
    Ok(())
}

fn documents(directory: &Path, ending: &str) -> anyhow::Result<Vec<Vec<u8>>> {
    let read = |index| {
        let path = directory.join(format!("{index:03}.{ending}"));
        std::fs::read(&path).with_context(|| format!("read {}", path.display()))
    };
    (0..DOCUMENTS).map(read).collect()
}

fn verify(directory: &Path, ending: &str, operation: &str, verifier: &Verifier<'_>) -> anyhow::Result<()> {
    let documents = documents(directory, ending)?;
    let mut turn = 0;
    rate(operation, 1, || {
        let report = verifier.verify(&documents[turn % DOCUMENTS]);
        turn += 1;
        ensure!(report.outcome() == Outcome::Passed, "{operation}: {:?}", report.findings());
        Ok(report)
    })
}

fn verify_batches(directory: &Path, verifier: &Verifier<'_>) -> anyhow::Result<()> {
    let documents = documents(directory, "jwt")?;
    let slices: Vec<&[u8]> = documents.iter().map(Vec::as_slice).collect();
    rate("look beforehand at vc+jwt, batches of 256", DOCUMENTS, || {
        let glances = batch::glance(verifier, &slices);
        let plausible = glances.iter().filter(|glance| matches!(glance, batch::Glance::Plausible(_))).count();
        ensure!(plausible == DOCUMENTS, "{plausible} of {DOCUMENTS}");
        Ok(())
    })
}

fn shacl(bench: &Bench, contexts: &Contexts, gaia_x: &Path) -> anyhow::Result<()> {
    let read = |file: &str| std::fs::read(gaia_x.join("ontology-2511").join(file));
    let (shapes, hierarchy) = (read("shapes.ttl")?, read("ontology-hierarchy.ttl")?);
    let shapes = Shapes::from_turtle([shapes.as_slice(), hierarchy.as_slice()])?;
    let context = Context::GaiaX(Ontology::V2511).to_value();
    let mut document = flavor(&bench.base, 0).to_value();
    document["@context"] = context.clone();
    let quads: Vec<Quad> = contexts.compile(&context)?.expand(&document)?.quads();
    // Before anything is timed: it can refuse.
    let broken: Vec<Quad> = quads.iter().filter(|quad| !quad.predicate.ends_with("#cpu")).cloned().collect();
    ensure!(shapes.validate(&broken).conforms() == Some(false), "a flavor without CPU conforms");
    rate("SHACL", 1, || {
        let report = shapes.validate(&quads);
        ensure!(report.conforms() == Some(true), "the subject does not conform");
        Ok(report)
    })
}

/// Prints how many operations a CPU second holds, `each` of them in a call.
fn rate<T>(operation: &str, each: usize, call: impl FnMut() -> anyhow::Result<T>) -> anyhow::Result<()> {
    rate_of("avow", operation, each, call)
}

fn rate_of<T>(
    who: &str,
    operation: &str,
    each: usize,
    mut call: impl FnMut() -> anyhow::Result<T>,
) -> anyhow::Result<()> {
    call()?;
    let seconds = median_cpu(&mut call).as_secs_f64() / each as f64;
    writeln!(std::io::stdout(), "{who}\t{operation}\t{}", 1.0 / seconds)?;
    Ok(())
}

/// A `gx:ServerFlavor` as providers have dozens of.
fn flavor(base: &Base, index: usize) -> Subject {
    let id = base.subject("flavor", &format!("scs-{index}"));
    let part = |name: &str, class: &'static str| Node::new(format!("{id}#{name}"), class);
    let quantity = |name: &str, class: &'static str, value: f64, unit: &str| {
        part(name, class).with("qudt:quantityValue", Object::float(value)).with("qudt:applicableUnit", unit)
    };
    let cores = 2 + index as u32 % 7;
    let frequency = quantity(
        "frequency",
        "http://qudt.org/vocab/quantitykind/Frequency",
        2.45,
        "https://qudt.org/vocab/unit/GigaHZ",
    );
    let cpu = part("p-cpu", "gx:CPU")
        .with("gx:cpuArchitecture", "x86-64")
        .with("gx:vendor", "AMD")
        .with("gx:smtEnabled", true)
        .with("gx:numberOfCores", 64_u32)
        .with("gx:cpuFlag", Object::texts(["rdrand", "rdseed", "aes"]))
        .with("gx:baseFrequency", frequency);
    let memory = part("p-memory", "gx:Memory")
        .with(
            "gx:memorySize",
            quantity("memory-size", "gx:MemorySize", f64::from(cores) * 4.0, "https://qudt.org/vocab/unit/GibiBYTE"),
        )
        .with("gx:eccEnabled", true)
        .with("gx:hardwareEncryption", true);
    let disk = part("boot", "gx:Disk")
        .with("gx:diskSize", quantity("disk-size", "gx:MemorySize", 100.0, "https://qudt.org/vocab/unit/GigaBYTE"))
        .with("gx:diskType", "local SSD")
        .with("gx:diskBusType", "NVMe");
    let hypervisor = part("hypervisor", "gx:Hypervisor")
        .with("gx:hypervisorType", "KVM")
        .with("gx:copyrightOwnedBy", Object::texts(["Linux contributors"]))
        .with("gx:license", Object::texts(["GPL-2.0-only"]))
        .with("gx:resourcePolicy", Object::texts(["default: allow intent"]))
        .with("gx:version", "8.2.2");
    let node = Node::new(id.clone(), "gx:ServerFlavor")
        .with("schema:name", format!("SCS-{cores}V-{}-100s", cores * 4))
        .with("gx:cpu", part("cpu", "gx:CpuCapabilities").with("gx:vCPUs", cores).with("gx:pCPU", cpu))
        .with("gx:memory", part("memory", "gx:MemoryCapabilities").with("gx:memory", memory))
        .with("gx:bootVolume", disk)
        .with(
            "gx:confidentialComputing",
            part("confidential", "gx:ConfidentialComputing").with("gx:technology", "AMD SEV-SNP"),
        )
        .with("gx:hypervisor", hypervisor)
        .with("gx:hardwareAssistedVirtualization", true)
        .with("gx:hwRngTypeOfFlavor", "Electrical noise");
    Subject { node, origin: Origin::Real, provenance: None }
}
