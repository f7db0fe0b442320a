//! What does it cost to make a credential's bytes, from a subject that is there: canonical JSON with its id, and N-Quads?

use anyhow::Context as _;
use bench::{figure, median_cpu, micros};
use descriptors::credential::{Base, Credential, Period, Subject};
use descriptors::did::Did;
use descriptors::node::Node;
use descriptors::proof::{Signer as _, SoftwareKey};
use descriptors::report::Origin;
use descriptors::vocabulary::Ontology;

#[path = "../../descriptors/tests/specimens/gaia_x.rs"]
mod specimens;

fn main() -> anyhow::Result<()> {
    let key = SoftwareKey::from_seed(&[1; 32]);
    let issuer = Did::key(&key.public_key());
    let base = Base::address("https://cloud.example");
    let period = Period { from: "2026-11-21T00:00:00Z".parse()?, until: "2027-02-19T00:00:00Z".parse()? };
    let specimens = specimens::all().map_err(anyhow::Error::from_boxed)?;
    let flavor = specimens.into_iter().find(|(name, _)| name == "ServerFlavor-full");
    let (_, flavor) = flavor.context("there is no full flavor among the specimens")?;
    let issue = |node: Node| {
        Credential::new(&base, issuer.clone(), period, Subject { node, origin: Origin::Real, provenance: None })
    };
    let credential = issue(flavor.clone())?;
    let bytes = credential.to_vec(credential.context(Ontology::default()))?.len();
    let json = micros(median_cpu(|| issue(flavor.clone())));
    figure(&format!("subject to canonical JSON of {bytes} bytes, digested, with its id"), json, "µs");
    let lines =
        micros(median_cpu(|| credential.statements(Ontology::default()).map(|lines| lines.canonical().count())));
    figure("the same to sorted N-Quads", lines, "µs");
    Ok(())
}
