//! The provider's declaration: places, facility parts, what needs what, what is offered, and the claims to be checked.
//!
//! Whoever writes a declaration can declare false facility facts, and cannot make them look observed: every edge that
//! comes from here carries the provenance `declared`. Files and YAML are not known here; a reader hands in the types and
//! asks [`Declaration::check`] for everything that does not fit together, each with the path of the place.

mod catalogue;
pub mod flavor;
pub mod image;
pub mod scs_name;
pub mod service;
pub mod size;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::component::{ComponentKind, Dimension};
use crate::gaia_x::value::{CountryCode, Nuts2, SubdivisionCode};
use crate::id::{ClaimId, DatacenterId, NodeId, PartId, ProviderId, RackId, RegionId, ZoneId};
use crate::report::Origin;
use flavor::Flavor;
use image::Image;
use service::ServiceOffering;

/// DSSE payload type of a [`Declaration`] in canonical JSON.
pub const DECLARATION_TYPE: &str = "application/vnd.avow.declaration.v1+json";

/// Everything a provider declares, in one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Declaration {
    /// Whether this describes something real. What is simulated can never be published.
    #[serde(default = "real")]
    pub origin: Origin,
    /// Who declares.
    pub provider: Provider,
    /// Feeds, UPS, cooling, fire compartments, uplinks and whatever else can fail.
    #[serde(default)]
    pub parts: Vec<Part>,
    /// Regions with their datacenters, availability zones and racks.
    pub regions: Vec<Region>,
    /// What servers can be had with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flavors: Vec<Flavor>,
    /// What virtual machines can be started from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<Image>,
    /// Virtual machines and storage, on which terms they are had.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub service_offerings: Vec<ServiceOffering>,
    /// Claims to be checked against the evidence.
    #[serde(default)]
    pub claims: Vec<Claim>,
}

fn real() -> Origin {
    Origin::Real
}

/// The legal person behind the cloud (Gaia-X `LegalPerson`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    /// Short name, used in identifiers.
    pub id: ProviderId,
    /// Legal name.
    pub name: String,
    /// Registration number.
    pub registration_number: RegistrationNumber,
    /// Legal address.
    pub legal_address: Address,
    /// Address of the headquarters; the legal address where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headquarters_address: Option<Address>,
    /// Whether the provider agrees to the terms and conditions that Gaia-X asks of issuers. Its signature is then the
    /// agreement.
    #[serde(default, skip_serializing_if = "is_false")]
    pub agrees_to_gaia_x_terms: bool,
}

fn is_false(truth: &bool) -> bool {
    !truth
}

/// A registration number of a legal person. A clearing house wants it confirmed by a notary; here it is declared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum RegistrationNumber {
    /// VAT identification number.
    VatId(String),
    /// Legal Entity Identifier (ISO 17442).
    LeiCode(String),
    /// European Unique Identifier of the business registers.
    Euid(String),
}

/// A postal address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Address {
    /// ISO 3166-1 alpha-2.
    pub country_code: CountryCode,
    /// NUTS 2 code of the region: `DED2`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nuts2: Option<Nuts2>,
    /// Part of the country (ISO 3166-2): `DE-SN`. Only catalogues of the Tagus release ask for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subdivision: Option<SubdivisionCode>,
    /// Town.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locality: Option<String>,
    /// Postal code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<String>,
    /// Street and number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub street_address: Option<String>,
}

/// A part of a facility.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Its name, unique among all parts.
    pub id: PartId,
    /// What it is.
    pub kind: ComponentKind,
    /// What it needs to work.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<Need>,
}

/// One need; all needs of a list must be met.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "a need is the name of a part, `any_of:` with a list of parts, or `at_least:` a number `of:` a list of parts"
)]
pub enum Need {
    /// This part must work.
    Part(PartId),
    /// At least one of these must work.
    AnyOf(AnyOf),
    /// At least so many of these must work.
    AtLeast(AtLeast),
}

/// At least one part must work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnyOf {
    /// The parts.
    pub any_of: Vec<PartId>,
}

/// At least a number of parts must work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AtLeast {
    /// How many.
    pub at_least: u32,
    /// Of these.
    pub of: Vec<PartId>,
}

impl Need {
    /// The parts named.
    pub fn parts(&self) -> &[PartId] {
        match self {
            Self::Part(part) => std::slice::from_ref(part),
            Self::AnyOf(any) => &any.any_of,
            Self::AtLeast(some) => &some.of,
        }
    }

    /// How many of the parts must work.
    pub fn minimum(&self) -> u32 {
        match self {
            Self::Part(_) | Self::AnyOf(_) => 1,
            Self::AtLeast(some) => some.at_least,
        }
    }
}

/// A Gaia-X region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Region {
    /// Its name.
    pub id: RegionId,
    /// Its datacenters, at least one.
    pub datacenters: Vec<Datacenter>,
}

/// A Gaia-X datacenter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Datacenter {
    /// Its name.
    pub id: DatacenterId,
    /// Where it stands.
    pub address: Address,
    /// Its availability zones, at least one.
    pub availability_zones: Vec<AvailabilityZone>,
}

/// A Gaia-X availability zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AvailabilityZone {
    /// Its name.
    pub id: ZoneId,
    /// What every rack of the zone needs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<Need>,
    /// Its racks, at least one.
    pub racks: Vec<Rack>,
}

/// A rack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rack {
    /// Its name, unique among all racks.
    pub id: RackId,
    /// What it needs, beside the needs of its zone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<Need>,
    /// The nodes in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nodes: Vec<NodeId>,
}

/// A claim of independence: no two of these zones depend on each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// Its name.
    pub id: ClaimId,
    /// The named, versioned set of criteria: `strict@1`, `scs-0121@1`.
    #[serde(default = "strict")]
    pub profile: String,
    /// The availability zones, at least two.
    pub zones: Vec<ZoneId>,
    /// The dimensions asked for; all where the list is left out.
    #[serde(default = "all_dimensions")]
    pub dimensions: Vec<Dimension>,
}

fn strict() -> String {
    "strict@1".to_owned()
}

fn all_dimensions() -> Vec<Dimension> {
    Dimension::ALL.to_vec()
}

/// One step on the way to a place in a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A member.
    Member(&'static str),
    /// An element.
    Index(usize),
}

/// The way to a place in a declaration.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Path(pub Vec<Step>);

impl Path {
    fn member(&self, name: &'static str) -> Self {
        self.with(Step::Member(name))
    }

    fn index(&self, index: usize) -> Self {
        self.with(Step::Index(index))
    }

    fn with(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Self(steps)
    }
}

impl fmt::Display for Path {
    /// As a JSON pointer (RFC 6901).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|step| match step {
            Step::Member(name) => write!(f, "/{name}"),
            Step::Index(index) => write!(f, "/{index}"),
        })
    }
}

/// Something in a declaration that does not fit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {problem}")]
pub struct Mistake {
    /// Where.
    pub path: Path,
    /// What is wrong.
    pub problem: String,
    /// What to do about it.
    pub help: String,
}

impl Declaration {
    /// Everything that does not fit together, in the order of the document; empty when all is well.
    pub fn check(&self) -> Vec<Mistake> {
        let mut checker = Checker { parts: BTreeMap::new(), mistakes: Vec::new() };
        checker.parts(&self.parts);
        checker.places(&self.regions);
        checker.catalogue(self);
        checker.claims(self);
        checker.mistakes
    }

    /// Every availability zone with the region and datacenter it sits in, in the order of the document.
    pub fn zones(&self) -> impl Iterator<Item = (&Region, &Datacenter, &AvailabilityZone)> {
        self.regions.iter().flat_map(|region| {
            let datacenters = region.datacenters.iter();
            datacenters.flat_map(move |dc| dc.availability_zones.iter().map(move |zone| (region, dc, zone)))
        })
    }

    /// The rack and zone a node is declared in.
    pub fn place_of(&self, node: &NodeId) -> Option<(&AvailabilityZone, &Rack)> {
        self.zones().find_map(|(_, _, zone)| {
            let rack = zone.racks.iter().find(|rack| rack.nodes.contains(node))?;
            Some((zone, rack))
        })
    }
}

struct Checker<'a> {
    parts: BTreeMap<&'a PartId, ComponentKind>,
    mistakes: Vec<Mistake>,
}

impl<'a> Checker<'a> {
    fn mistake(&mut self, path: Path, problem: impl Into<String>, help: impl Into<String>) {
        self.mistakes.push(Mistake { path, problem: problem.into(), help: help.into() });
    }

    fn parts(&mut self, parts: &'a [Part]) {
        let path = Path::default().member("parts");
        for (index, part) in parts.iter().enumerate() {
            let path = path.index(index);
            if self.parts.insert(&part.id, part.kind).is_some() {
                let problem = format!("the part `{}` is declared twice", part.id);
                self.mistake(path.member("id"), problem, "give each part a name of its own");
            }
            if matches!(part.kind, ComponentKind::Rack | ComponentKind::AvailabilityZone | ComponentKind::Node) {
                let problem = format!("a {} is not a part", part.kind);
                self.mistake(path.member("kind"), problem, "declare it under `regions`");
            }
        }
        for (index, part) in parts.iter().enumerate() {
            self.needs(&part.needs, &path.index(index).member("needs"));
        }
    }

    fn needs(&mut self, needs: &[Need], path: &Path) {
        for (index, need) in needs.iter().enumerate() {
            let path = path.index(index);
            let count = need.parts().len();
            if need.minimum() == 0 || need.minimum() as usize > count {
                let problem = format!("at least {} of {count} parts can never be what is meant", need.minimum());
                self.mistake(path.clone(), problem, format!("ask for 1 to {}", count.max(1)));
            }
            let mut seen = BTreeSet::new();
            for part in need.parts() {
                if !self.parts.contains_key(part) {
                    let problem = format!("there is no part `{part}`");
                    let help = self.nearest(part);
                    self.mistake(path.clone(), problem, help);
                }
                if !seen.insert(part) {
                    let problem = format!("the part `{part}` is named twice in one need");
                    self.mistake(
                        path.clone(),
                        problem,
                        "a part cannot stand in for itself: name another, or leave one out",
                    );
                }
            }
        }
    }

    fn nearest(&self, wanted: &PartId) -> String {
        match nearest_name(wanted.as_str(), self.parts.keys().map(|part| part.as_str())) {
            Some(part) => format!("did you mean `{part}`?"),
            None => format!("declare `{wanted}` under `parts`, with its kind"),
        }
    }

    fn places(&mut self, regions: &[Region]) {
        let mut names = BTreeSet::new();
        let path = Path::default().member("regions");
        for (r, region) in regions.iter().enumerate() {
            let path = path.index(r);
            self.unique(&mut names, "region", region.id.as_str(), path.member("id"));
            let path = path.member("datacenters");
            self.not_empty(region.datacenters.len(), "region", "datacenter", &path);
            for (d, datacenter) in region.datacenters.iter().enumerate() {
                let path = path.index(d);
                self.unique(&mut names, "datacenter", datacenter.id.as_str(), path.member("id"));
                let path = path.member("availability_zones");
                self.not_empty(datacenter.availability_zones.len(), "datacenter", "availability zone", &path);
                for (z, zone) in datacenter.availability_zones.iter().enumerate() {
                    self.zone(zone, &path.index(z), &mut names);
                }
            }
        }
    }

    fn zone(&mut self, zone: &AvailabilityZone, path: &Path, names: &mut BTreeSet<(&'static str, String)>) {
        self.unique(names, "availability zone", zone.id.as_str(), path.member("id"));
        self.needs(&zone.needs, &path.member("needs"));
        let path = path.member("racks");
        self.not_empty(zone.racks.len(), "availability zone", "rack", &path);
        for (r, rack) in zone.racks.iter().enumerate() {
            let path = path.index(r);
            self.unique(names, "rack", rack.id.as_str(), path.member("id"));
            self.needs(&rack.needs, &path.member("needs"));
            for (n, node) in rack.nodes.iter().enumerate() {
                self.unique(names, "node", node.as_str(), path.member("nodes").index(n));
            }
        }
    }

    fn unique(&mut self, names: &mut BTreeSet<(&'static str, String)>, kind: &'static str, name: &str, path: Path) {
        if !names.insert((kind, name.to_owned())) {
            let problem = format!("the {kind} `{name}` is declared twice");
            self.mistake(path, problem, format!("give each {kind} one place and a name of its own"));
        }
    }

    fn not_empty(&mut self, count: usize, outer: &str, inner: &str, path: &Path) {
        if count == 0 {
            self.mistake(
                path.clone(),
                format!("a {outer} holds at least one {inner}"),
                format!("declare its {inner}s"),
            );
        }
    }

    fn claims(&mut self, declaration: &Declaration) {
        let known: BTreeSet<&ZoneId> = declaration.zones().map(|(_, _, zone)| &zone.id).collect();
        let mut names = BTreeSet::new();
        let path = Path::default().member("claims");
        for (c, claim) in declaration.claims.iter().enumerate() {
            let path = path.index(c);
            self.unique(&mut names, "claim", claim.id.as_str(), path.member("id"));
            let zones: BTreeSet<&ZoneId> = claim.zones.iter().collect();
            if zones.len() < 2 || zones.len() != claim.zones.len() {
                let help = "independence is a relation between different zones: name two or more, each once";
                self.mistake(path.member("zones"), "a claim names at least two different availability zones", help);
            }
            for (z, zone) in claim.zones.iter().enumerate() {
                if !known.contains(zone) {
                    let problem = format!("there is no availability zone `{zone}`");
                    self.mistake(path.member("zones").index(z), problem, "declare it under `regions`");
                }
            }
            if claim.dimensions.is_empty() {
                let help = "leave the list out to ask for all dimensions";
                self.mistake(path.member("dimensions"), "a claim asks for at least one dimension", help);
            }
        }
    }
}

/// The name that was probably meant: at most two edits away.
pub fn nearest_name<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let (distance, name) = names.map(|name| (edits(wanted, name), name)).min()?;
    (distance <= 2).then_some(name)
}

/// Edit distance of two short names, insertions, deletions and replacements counting one each.
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let above = row[j + 1];
            let replaced = diagonal + usize::from(x != *y);
            row[j + 1] = replaced.min(above + 1).min(row[j] + 1);
            diagonal = above;
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small() -> serde_json::Value {
        serde_json::json!({
            "provider": {"id": "p", "name": "P", "registration_number": {"vat_id": "DE1"}, "legal_address": {"country_code": "DE"}},
            "parts": [{"id": "feed-1", "kind": "power_feed"}, {"id": "ups-1", "kind": "ups", "needs": ["feed-1"]}],
            "regions": [{"id": "r", "datacenters": [{"id": "d", "address": {"country_code": "DE"}, "availability_zones": [
                {"id": "z1", "racks": [{"id": "r1", "needs": [{"any_of": ["ups-1", "feed-1"]}], "nodes": ["n1"]}]},
                {"id": "z2", "racks": [{"id": "r2", "nodes": ["n2"]}]}]}]}],
            "claims": [{"id": "c", "zones": ["z1", "z2"]}]
        })
    }

    fn mistakes_after(pointer: &str, value: serde_json::Value) -> Vec<String> {
        let mut document = small();
        *document.pointer_mut(pointer).unwrap() = value;
        let declaration: Declaration = serde_json::from_value(document).unwrap();
        declaration.check().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_sound_declaration_has_no_mistakes() {
        let declaration: Declaration = serde_json::from_value(small()).unwrap();
        assert_eq!(declaration.check(), []);
        assert_eq!(declaration.claims[0].dimensions, Dimension::ALL);
        assert_eq!(declaration.place_of(&NodeId::new("n2").unwrap()).unwrap().1.id.as_str(), "r2");
    }

    #[test]
    fn each_mistake_names_its_place() {
        let check = |pointer: &str, value: serde_json::Value, expect: &str| {
            assert_eq!(mistakes_after(pointer, value), [expect], "{pointer}");
        };
        check("/parts/1/needs/0", "feed-2".into(), "/parts/1/needs/0: there is no part `feed-2`");

        check("/parts/0/kind", "rack".into(), "/parts/0/kind: a rack is not a part");
        check("/claims/0/zones/1", "z9".into(), "/claims/0/zones/1: there is no availability zone `z9`");
        check(
            "/regions/0/datacenters/0/availability_zones/1/racks/0/nodes/0",
            "n1".into(),
            "/regions/0/datacenters/0/availability_zones/1/racks/0/nodes/0: the node `n1` is declared twice",
        );
        check(
            "/parts/1/needs/0",
            serde_json::json!({"at_least": 3, "of": ["feed-1"]}),
            "/parts/1/needs/0: at least 3 of 1 parts can never be what is meant",
        );
    }

    #[test]
    fn a_slip_of_the_pen_is_corrected() {
        let mut document = small();
        *document.pointer_mut("/parts/1/needs/0").unwrap() = "fed-1".into();
        let declaration: Declaration = serde_json::from_value(document).unwrap();
        assert_eq!(declaration.check()[0].help, "did you mean `feed-1`?");
    }
}
