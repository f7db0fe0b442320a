//! The short way equals the long one: what a typed subject writes as N-Quads is what a JSON-LD processor and RDFC-1.0 make of
//! the JSON that it writes. `PROPTEST_CASES=100000` asks for that many documents.
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

use std::num::NonZeroU32;
use std::sync::LazyLock;

use descriptors::credential::node_hardware::{AbsentFact, NodeHardware, Provenance};
use descriptors::credential::{Base, Credential, Period, Subject};
use descriptors::did::Did;
use descriptors::gaia_x::Entity;
use descriptors::gaia_x::hardware::{
    ConfidentialComputing, Cpu, CpuCapabilities, Device, Disk, Memory, MemoryCapabilities, ServerFlavor,
};
use descriptors::gaia_x::participant::{Address, Angle, GpsLocation, LegalPerson, RegistrationNumber, VatId};
use descriptors::gaia_x::policy::TermsAndConditions;
use descriptors::gaia_x::quantity::{MemorySize, MemoryUnit};
use descriptors::gaia_x::service::ServiceOffering;
use descriptors::gaia_x::value::{CountryCode, CpuRatio, DocumentHash, Number, Url};
use descriptors::json_ld::Contexts;
use descriptors::node::Node;
use descriptors::proof::{Signer as _, SoftwareKey};
use descriptors::rdf::canonical::{Limits, canonicalise};
use descriptors::report::Origin;
use descriptors::shape::{InDevelopment, Ref, Shape};
use descriptors::vocabulary::{Context, Ontology};
use proptest::prelude::*;

/// With the contexts of Gaia-X where they are at hand: without them only inline contexts are compared.
static CONTEXTS: LazyLock<(Contexts, bool)> = LazyLock::new(|| {
    let Some(folder) = published::find("gaia-x") else {
        return (Contexts::with_w3c::<String>([]).unwrap(), false);
    };
    let v2511 = std::fs::read(folder.join("contexts/gx-2511-derived.jsonld")).unwrap();
    let development = std::fs::read(folder.join("ontology-development/gx.context.jsonld")).unwrap();
    let documents =
        [(Ontology::V2511.namespace(), v2511.as_slice()), (Ontology::Development.namespace(), development.as_slice())];
    (Contexts::with_w3c(documents).unwrap(), true)
});

fn credential(node: Node) -> Credential {
    let issuer = Did::key(&SoftwareKey::from_seed(&[9; 32]).public_key());
    let period =
        Period { from: "2026-11-21T09:00:00Z".parse().unwrap(), until: "2027-02-19T09:00:00Z".parse().unwrap() };
    Credential::new(
        &Base::address("https://cloud.example"),
        issuer,
        period,
        Subject { node, origin: Origin::Real, provenance: None },
    )
    .unwrap()
}

/// Both ways, in every context there is.
fn both_ways_agree(credential: &Credential) {
    let (contexts, gaia_x) = &*CONTEXTS;
    for ontology in [Ontology::V2511, Ontology::Development] {
        let ours: String = credential.statements(ontology).unwrap().canonical().collect();
        for context in [Context::GaiaX(ontology), Context::Inline(ontology)] {
            if matches!(context, Context::GaiaX(_)) && !gaia_x {
                continue;
            }
            let written = credential.to_vec(context).unwrap();
            let document = descriptors::canonical::parse(&written).unwrap();
            assert_eq!(document, credential.to_value(context));
            let compiled = contexts.compiled(&document["@context"]).unwrap();
            let expanded = compiled.expand(&document).unwrap_or_else(|error| panic!("{error:?} in {document:#}"));
            assert!(expanded.vocab_terms.is_empty(), "{:?}", expanded.vocab_terms);
            assert!(expanded.undefined_prefixes.is_empty(), "{:?}", expanded.undefined_prefixes);
            let theirs = canonicalise(&expanded.statements, &Limits::default()).unwrap().text;
            assert_eq!(ours, theirs, "{context:?}");
        }
    }
}

#[test]
fn every_specimen_says_the_same_both_ways() {
    for (_, node) in specimens::all().unwrap() {
        both_ways_agree(&credential(node));
    }
}

fn text() -> impl Strategy<Value = String> {
    let character = prop_oneof![
        4 => any::<char>(),
        4 => proptest::char::range(' ', '~'),
        1 => proptest::char::range('\0', '\u{1f}'),
        1 => prop_oneof![Just('"'), Just('\\'), Just('\u{7f}'), Just('\u{2028}'), Just('\u{1F5A7}'), Just('@')],
    ];
    prop::collection::vec(character, 0..16).prop_map(String::from_iter)
}

/// What a subject is made of, whatever its class.
#[derive(Debug, Clone)]
struct Pool {
    texts: Vec<String>,
    numbers: Vec<u32>,
    fractions: Vec<f64>,
    large: u64,
    switches: Vec<bool>,
    path: String,
}

fn pool() -> impl Strategy<Value = Pool> {
    let finite = any::<f64>().prop_filter("written numbers are finite", |number| number.is_finite());
    let path = prop::collection::vec(proptest::char::range('a', 'z'), 1..12).prop_map(String::from_iter);
    (
        prop::collection::vec(text(), 8),
        prop::collection::vec(1..u32::MAX, 6),
        prop::collection::vec(finite, 2),
        any::<u64>(),
        prop::collection::vec(any::<bool>(), 6),
        path,
    )
        .prop_map(|(texts, numbers, fractions, large, switches, path)| Pool {
            texts,
            numbers,
            fractions,
            large,
            switches,
            path,
        })
}

impl Pool {
    fn some<T>(&self, switch: usize, value: impl FnOnce() -> T) -> Option<T> {
        self.switches[switch].then(value)
    }

    fn text(&self, at: usize) -> String {
        self.texts[at].clone()
    }

    fn count(&self, at: usize) -> NonZeroU32 {
        NonZeroU32::new(self.numbers[at]).unwrap()
    }

    fn url(&self) -> Url {
        Url::new(format!("https://{}.example/{}?q=%C3%A4", self.path, self.numbers[0])).unwrap()
    }

    fn entity(&self) -> Entity {
        Entity {
            name: self.some(0, || self.text(0)),
            description: self.some(1, || self.text(1)),
            label: InDevelopment(self.some(2, || self.text(2))),
        }
    }

    fn flavor(&self) -> Node {
        let size = |at: usize| MemorySize::new(Number::new(self.fractions[at]).unwrap(), MemoryUnit::GibiByte);
        let device = Device { vendor: self.some(3, || self.text(3)), ..Device::new() };
        let cpu = Cpu { device, flags: self.texts[4..].to_vec(), cores: Some(self.count(1)), ..Cpu::new() };
        let processors = CpuCapabilities {
            over_provisioning_ratio: self.some(4, || CpuRatio(self.count(2))),
            ..CpuCapabilities::new(cpu, self.count(3))
        };
        let memory = Memory { ecc_enabled: self.some(5, || self.switches[0]), ..Memory::new(size(0)) };
        ServerFlavor {
            entity: self.entity(),
            confidential_computing: self.some(3, || ConfidentialComputing {
                attestation_service: self.some(4, || self.url()),
                ..ConfidentialComputing::new(self.text(5))
            }),
            additional_volumes: vec![Disk::new(size(1)); self.switches.iter().filter(|on| **on).count()],
            ..ServerFlavor::new(processors, MemoryCapabilities::new(memory), Disk::new(size(1)))
        }
        .into_node(format!("https://cloud.example/{}", self.path))
    }

    fn person(&self) -> Node {
        let germany = CountryCode::new("DE").unwrap();
        let gps = GpsLocation {
            altitude: self.some(3, || self.text(3)),
            ..GpsLocation::new(Angle::latitude(51.0).unwrap(), Angle::longitude(13.7).unwrap())
        };
        let address = Address { locality: Some(self.text(4)), gps: vec![gps], ..Address::new(germany) };
        let vat = VatId { country_code: self.some(4, || germany), ..VatId::new(self.text(5)) };
        LegalPerson {
            entity: self.entity(),
            ..LegalPerson::new(RegistrationNumber::VatId(vat), address.clone(), address)
        }
        .into_node(format!("did:web:cloud.example#{}", self.path))
    }

    fn service(&self) -> Node {
        let hash = DocumentHash(descriptors::digest::Digest::of(self.texts[3].as_bytes()));
        let provider: Ref<LegalPerson> = Ref::new("https://cloud.example/person").unwrap();
        ServiceOffering {
            entity: self.entity(),
            keywords: self.texts[4..].to_vec(),
            scope: self.some(3, || self.text(3)),
            ..ServiceOffering::new(provider, TermsAndConditions::new(self.url(), hash))
        }
        .into_node(format!("https://cloud.example/{}", self.path))
    }

    fn hardware(&self) -> Node {
        NodeHardware {
            memory_bytes: Some(self.large),
            cpu_flags: self.texts[4..].to_vec(),
            random_generator_ready: self.some(3, || self.switches[4]),
            absent: vec![AbsentFact::new(self.text(1), self.text(2))],
            ..NodeHardware::new(self.text(0), self.text(3), Provenance::Observed)
        }
        .into_node(format!("https://cloud.example/{}", self.path))
    }
}

proptest! {
    #[test]
    fn any_subject_says_the_same_both_ways(pool in pool(), class in 0..4) {
        let node = match class {
            0 => pool.flavor(),
            1 => pool.person(),
            2 => pool.service(),
            _ => pool.hardware(),
        };
        both_ways_agree(&credential(node));
    }
}
