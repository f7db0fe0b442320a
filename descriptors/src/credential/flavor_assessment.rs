//! `avow:FlavorAssessment`: what the nodes on which a flavor is had say of it.
//!
//! Gaia-X has no place in a flavor for how a statement is known, so each aspect stands here with what was found. Processor
//! and memory are compared with the reports; of everything else that a flavor says it is written that nobody compared it.
//! What the reports refute is not said in the flavor's own credential (see [`super::server_flavor`]). Whether a flavor is free
//! to be had is not known here.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::node_hardware::Provenance;
use super::{Base, Observation, Subject, availability_zone};
use crate::declaration::Declaration;
use crate::declaration::flavor::Flavor;
use crate::digest::Digest;
use crate::fact::cpu::{FLAGS, Topology};
use crate::fact::{Fact, Reading};
use crate::gaia_x::hardware::{CpuArchitecture, ServerFlavor};
use crate::gaia_x::place;
use crate::id::{FlavorId, NodeId, ZoneId};
use crate::report::Origin;
use crate::shape::{Ref, Shape, shapes, words};

shapes! {
    /// What the nodes on which a flavor is had say of it.
    FlavorAssessment: "avow:FlavorAssessment" {
        /// The flavor that the statement is about.
        flavor: Ref<ServerFlavor> = "avow:flavor",
        /// How many nodes are declared.
        nodes_declared: u64 = "avow:nodesDeclared",
        /// Of how many of them there is a report.
        nodes_reported: u64 = "avow:nodesReported",
        /// Digest of the evidence that the statement rests on.
        evidence: String = "avow:evidence",
        --
        /// An availability zone that the statement is about.
        zones: Vec<Ref<place::AvailabilityZone>> = "avow:zone",
        /// One thing that a flavor says, and what was found of it.
        aspects: Vec<FlavorAspect> = "avow:aspect",
    }

    /// One thing that a flavor says, and what was found of it.
    FlavorAspect: "avow:FlavorAspect" {
        /// Which thing a flavor says.
        name: AspectName = "avow:aspectName",
        /// What a comparison found.
        finding: Finding = "avow:finding",
        /// How the statement is known.
        provenance: Provenance = "avow:provenance",
        --
        /// How many nodes agree.
        nodes_agreeing: Option<u64> = "avow:nodesAgreeing",
        /// How many nodes contradict.
        nodes_contradicting: Option<u64> = "avow:nodesContradicting",
        /// How many nodes do not tell.
        nodes_silent: Option<u64> = "avow:nodesSilent",
    }
}

words! {
    /// Things that a flavor says.
    AspectName {
        Vcpus = "vcpus",
        Memory = "memory",
        Architecture = "cpu_architecture",
        Vendor = "cpu_vendor",
        Flags = "cpu_flags",
        Generation = "cpu_generation",
        OverProvisioning = "cpu_over_provisioning_ratio",
        Modules = "memory_modules",
        Disks = "disks",
        Gpu = "gpu",
        Network = "network",
        Confidential = "confidential_computing",
        Virtualization = "hardware_assisted_virtualization",
        RandomNumbers = "hw_rng",
    }

    /// What a comparison found.
    Finding {
        Agrees = "agrees",
        Contradicts = "contradicts",
        NotKnown = "not_known",
        NotCompared = "not_compared",
    }
}

/// The class.
pub const CLASS: &str = FlavorAssessment::CLASS;

/// What of a node's report bears on flavors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Traits<'a> {
    architecture: Option<CpuArchitecture>,
    vendor: Option<&'a str>,
    flags: Option<&'a [String]>,
    topology: Option<(u32, u32, u32)>,
    memory_bytes: Option<u64>,
}

impl<'a> Traits<'a> {
    fn of(observation: &Observation<'a>) -> Self {
        let mut traits = Self { architecture: None, vendor: None, flags: None, topology: None, memory_bytes: None };
        for fact in observation.report.facts.values().filter_map(Reading::present) {
            match fact {
                Fact::Cpu(cpu) => {
                    traits.architecture = architecture(&cpu.architecture);
                    traits.vendor = cpu.vendor.present().map(|vendor| plain_vendor(vendor));
                    traits.flags = cpu.flags.present().map(Vec::as_slice);
                    let numbers = |topology: &Topology| (topology.sockets, topology.cores, topology.threads);
                    traits.topology = cpu.topology.present().map(numbers);
                }
                Fact::Memory(memory) => traits.memory_bytes = memory.total_bytes.present().copied(),
                _ => {}
            }
        }
        traits
    }
}

/// As the ontology names it; none for what it has no name for.
fn architecture(machine: &str) -> Option<CpuArchitecture> {
    Some(match machine {
        "x86_64" => CpuArchitecture::X86_64,
        "x86" | "i386" | "i686" => CpuArchitecture::X86_32,
        "aarch64" => CpuArchitecture::Aarch64,
        "arm" | "armv7l" => CpuArchitecture::Aarch32,
        "riscv64" => CpuArchitecture::RiscV,
        _ => return None,
    })
}

/// Vendors as `cpuid` tells them, and as people write them.
const VENDORS: [(&str, &str); 5] = [
    ("AuthenticAMD", "AMD"),
    ("GenuineIntel", "Intel"),
    ("HygonGenuine", "Hygon"),
    ("CentaurHauls", "Centaur"),
    ("  Shanghai  ", "Zhaoxin"),
];

fn plain_vendor(vendor: &str) -> &str {
    VENDORS.iter().find(|(told, _)| *told == vendor).map_or(vendor, |(_, plain)| plain)
}

/// Nodes on which flavors are had. Equal machines are compared once: a zone has thousands of nodes of few kinds.
#[derive(Debug, Clone)]
pub struct Pool<'a> {
    nodes_declared: u64,
    kinds: BTreeMap<Traits<'a>, u64>,
    origin: Origin,
    evidence: Digest,
}

impl<'a> Pool<'a> {
    /// The pool of these nodes. Its evidence is the SHA-256 of one line for each node that reported, with what bears on
    /// flavors, sorted by node: it changes when an answer may change, not with every report.
    pub fn of<'n>(
        nodes: impl Iterator<Item = &'n NodeId>,
        reports: &BTreeMap<&NodeId, Observation<'a>>,
        declared: Origin,
    ) -> Self {
        let nodes: BTreeSet<&NodeId> = nodes.collect();
        let (mut kinds, mut origin, mut lines) = (BTreeMap::new(), declared, String::new());
        for node in &nodes {
            let Some(observation) = reports.get(node) else { continue };
            let traits = Traits::of(observation);
            origin = origin.weaker(observation.report.origin);
            write_line(node, &traits, &mut lines);
            *kinds.entry(traits).or_default() += 1;
        }
        Self { nodes_declared: nodes.len() as u64, kinds, origin, evidence: Digest::of(lines.as_bytes()) }
    }

    fn reported(&self) -> u64 {
        self.kinds.values().sum()
    }
}

/// A JSON list in one line: what a node tells, as it is compared.
fn write_line(node: &NodeId, traits: &Traits<'_>, lines: &mut String) {
    let Traits { architecture, vendor, flags, topology, memory_bytes } = traits;
    lines.push_str(&json!([node, architecture, vendor, flags, topology, memory_bytes]).to_string());
    lines.push('\n');
}

/// What the nodes of one flavor say of it.
#[derive(Debug, Clone)]
pub struct Assessed<'a> {
    /// Every aspect with what was found.
    pub aspects: Vec<FlavorAspect>,
    /// The weakest origin of declaration and reports.
    pub origin: Origin,
    /// What all nodes have in common, where each of them tells it.
    pub common: Common<'a>,
    zones: Vec<&'a ZoneId>,
    nodes_declared: u64,
    nodes_reported: u64,
    evidence: Digest,
}

/// What all nodes have in common, where every declared one tells it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Common<'a> {
    /// The architecture.
    pub architecture: Option<CpuArchitecture>,
    /// The vendor, as people write it.
    pub vendor: Option<&'a str>,
    /// The flags that every node has.
    pub flags: Vec<&'a str>,
    /// Cores and threads of one package.
    pub package: Option<(u32, u32)>,
}

impl Assessed<'_> {
    /// Whether the reports refute what the flavor says of this.
    pub fn refutes(&self, name: AspectName) -> bool {
        self.aspects.iter().any(|aspect| aspect.name == name && aspect.finding == Finding::Contradicts)
    }
}

/// The pools of all zones, from which that of each flavor is taken.
#[derive(Debug)]
pub struct Pools<'a> {
    declaration: &'a Declaration,
    reports: &'a BTreeMap<&'a NodeId, Observation<'a>>,
    zones: BTreeMap<&'a ZoneId, Pool<'a>>,
}

impl<'a> Pools<'a> {
    /// The pools of the zones declared.
    pub fn new(declaration: &'a Declaration, reports: &'a BTreeMap<&'a NodeId, Observation<'a>>) -> Self {
        let pools = declaration.zones().map(|(_, _, zone)| {
            let nodes = zone.racks.iter().flat_map(|rack| &rack.nodes);
            (&zone.id, Pool::of(nodes, reports, declaration.origin))
        });
        // Without flavors nobody asks for them.
        let zones = if declaration.flavors.is_empty() { BTreeMap::new() } else { pools.collect() };
        Self { declaration, reports, zones }
    }

    /// Compares a flavor with the nodes on which it is had.
    pub fn assess(&self, flavor: &'a Flavor) -> Assessed<'a> {
        if !flavor.nodes.is_empty() {
            let pool = Pool::of(flavor.nodes.iter(), self.reports, self.declaration.origin);
            let holds = |zone: &&ZoneId| self.zone_has(zone, &flavor.nodes);
            let zones = self.zones.keys().copied().filter(holds).collect();
            let evidence = pool.evidence;
            return assess(flavor, zones, &[&pool], evidence);
        }
        let asked = |zone: &ZoneId| flavor.zones.is_empty() || flavor.zones.contains(zone);
        let pools: BTreeMap<&ZoneId, &Pool<'a>> =
            self.zones.iter().filter(|(zone, _)| asked(zone)).map(|(zone, pool)| (*zone, pool)).collect();
        let lines: String = pools.iter().map(|(zone, pool)| format!("{zone} {}\n", pool.evidence)).collect();
        let pool_list: Vec<&Pool<'a>> = pools.values().copied().collect();
        let zones = self.zones.keys().copied().filter(|zone| asked(zone)).collect();
        assess(flavor, zones, &pool_list, Digest::of(lines.as_bytes()))
    }

    fn zone_has(&self, zone: &ZoneId, nodes: &[NodeId]) -> bool {
        let racks = self.declaration.zones().filter(|(_, _, one)| one.id == *zone).flat_map(|(_, _, one)| &one.racks);
        racks.flat_map(|rack| &rack.nodes).any(|node| nodes.contains(node))
    }
}

/// What is said of a flavor's nodes.
pub fn subject(base: &Base, id: &FlavorId, flavor: Ref<ServerFlavor>, assessed: Assessed<'_>) -> Subject {
    let Assessed { aspects, origin, zones, nodes_declared, nodes_reported, evidence, .. } = assessed;
    let assessment = FlavorAssessment {
        zones: zones.iter().map(|zone| Ref::to(availability_zone::id(base, zone))).collect(),
        aspects,
        ..FlavorAssessment::new(flavor, nodes_declared, nodes_reported, evidence.to_string())
    };
    let node = assessment.into_node(base.subject("flavor-assessment", id.as_str()));
    Subject { node, origin, provenance: None }
}

fn assess<'a>(flavor: &Flavor, zones: Vec<&'a ZoneId>, pools: &[&Pool<'a>], evidence: Digest) -> Assessed<'a> {
    let nodes_declared = pools.iter().map(|pool| pool.nodes_declared).sum();
    let nodes_reported = pools.iter().map(|pool| pool.reported()).sum();
    let origin = pools.iter().map(|pool| pool.origin).fold(Origin::Real, Origin::weaker);
    let tally = Tally { pools, silent: nodes_declared - nodes_reported };
    let common = if nodes_reported == nodes_declared { tally.common() } else { Common::default() };
    let aspects = aspects(flavor, &tally, &common);
    Assessed { aspects, origin, common, zones, nodes_declared, nodes_reported, evidence }
}

struct Tally<'p, 'a> {
    pools: &'p [&'p Pool<'a>],
    /// Nodes without a report.
    silent: u64,
}

/// How far a claim must hold.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Extent {
    /// On every node: a server may come to lie on any.
    Every,
    /// On one at least: the scheduler finds it.
    Some,
}

impl<'a> Tally<'_, 'a> {
    fn kinds(&self) -> impl Iterator<Item = (&Traits<'a>, u64)> {
        self.pools.iter().flat_map(|pool| pool.kinds.iter().map(|(traits, count)| (traits, *count)))
    }

    /// Counts the nodes that agree; `holds` is none where a node does not tell.
    fn aspect(&self, name: AspectName, extent: Extent, holds: impl Fn(&Traits<'a>) -> Option<bool>) -> FlavorAspect {
        let (mut agreeing, mut contradicting, mut silent) = (0, 0, self.silent);
        for (traits, count) in self.kinds() {
            match holds(traits) {
                Some(true) => agreeing += count,
                Some(false) => contradicting += count,
                None => silent += count,
            }
        }
        let finding = match extent {
            Extent::Every if contradicting > 0 => Finding::Contradicts,
            Extent::Every if silent > 0 || agreeing == 0 => Finding::NotKnown,
            Extent::Some if agreeing == 0 && (silent > 0 || contradicting == 0) => Finding::NotKnown,
            Extent::Some if agreeing == 0 => Finding::Contradicts,
            _ => Finding::Agrees,
        };
        let provenance = if finding == Finding::Agrees { Provenance::Corroborated } else { Provenance::Declared };
        FlavorAspect {
            nodes_agreeing: Some(agreeing),
            nodes_contradicting: Some(contradicting),
            nodes_silent: Some(silent),
            ..FlavorAspect::new(name, finding, provenance)
        }
    }

    /// What is filled in from the reports: all nodes tell the same.
    fn observed(&self, name: AspectName) -> FlavorAspect {
        let nodes_agreeing = Some(self.kinds().map(|(_, count)| count).sum());
        let (nodes_contradicting, nodes_silent) = (Some(0), Some(self.silent));
        let aspect = FlavorAspect::new(name, Finding::Agrees, Provenance::Observed);
        FlavorAspect { nodes_agreeing, nodes_contradicting, nodes_silent, ..aspect }
    }

    fn common(&self) -> Common<'a> {
        let same = |told: &dyn Fn(&Traits<'a>) -> Option<u64>| {
            let mut values = self.kinds().map(|(traits, _)| told(traits));
            let first = values.next()??;
            values.all(|value| value == Some(first)).then_some(first)
        };
        let package = |traits: &Traits<'a>| {
            let (sockets, cores, threads) = traits.topology.filter(|(sockets, ..)| *sockets > 0)?;
            let whole = cores % sockets == 0 && threads % sockets == 0;
            whole.then(|| u64::from(cores / sockets) << 32 | u64::from(threads / sockets))
        };
        let first = self.kinds().next().map(|(traits, _)| *traits);
        let agreed = |holds: &dyn Fn(&Traits<'a>) -> bool| self.kinds().all(|(traits, _)| holds(traits));
        let architecture = first.and_then(|one| one.architecture);
        let vendor = first.and_then(|one| one.vendor);
        Common {
            architecture: architecture.filter(|one| agreed(&|traits| traits.architecture == Some(*one))),
            vendor: vendor.filter(|one| agreed(&|traits| traits.vendor == Some(*one))),
            flags: self.common_flags(),
            #[expect(clippy::cast_possible_truncation, reason = "the two halves that were put together above")]
            package: same(&package).map(|both| ((both >> 32) as u32, both as u32)),
        }
    }

    fn common_flags(&self) -> Vec<&'a str> {
        let mut all: Option<BTreeSet<&'a str>> = None;
        for (traits, _) in self.kinds() {
            let Some(flags) = traits.flags else { return Vec::new() };
            let own: BTreeSet<&'a str> = flags.iter().map(String::as_str).collect();
            all = Some(all.map_or_else(|| own.clone(), |all| all.intersection(&own).copied().collect()));
        }
        all.into_iter().flatten().collect()
    }
}

fn aspects(flavor: &Flavor, tally: &Tally<'_, '_>, common: &Common<'_>) -> Vec<FlavorAspect> {
    let mut aspects = vec![
        tally.aspect(AspectName::Vcpus, Extent::Some, |traits| Some(traits.topology?.2 >= flavor.vcpus.get())),
        tally.aspect(AspectName::Memory, Extent::Some, |traits| Some(traits.memory_bytes? >= flavor.ram.bytes())),
    ];
    match flavor.cpu.architecture {
        Some(declared) => {
            let holds = |traits: &Traits<'_>| traits.architecture.map(|told| told == declared);
            aspects.push(tally.aspect(AspectName::Architecture, Extent::Every, holds));
        }
        None if common.architecture.is_some() => aspects.push(tally.observed(AspectName::Architecture)),
        None => {}
    }
    match &flavor.cpu.vendor {
        Some(declared) => {
            let holds = |traits: &Traits<'_>| same_vendor(declared, traits.vendor?);
            aspects.push(tally.aspect(AspectName::Vendor, Extent::Every, holds));
        }
        None if common.vendor.is_some() => aspects.push(tally.observed(AspectName::Vendor)),
        None => {}
    }
    if !flavor.cpu.flags.is_empty() {
        let holds = |traits: &Traits<'_>| has_flags(&flavor.cpu.flags, traits.flags?);
        aspects.push(tally.aspect(AspectName::Flags, Extent::Every, holds));
    } else if !common.flags.is_empty() {
        aspects.push(tally.observed(AspectName::Flags));
    }
    aspects.extend(not_compared(flavor));
    aspects
}

/// Whether a vendor is the one that a node tells; none where the declared name is in no list, so that it may be another
/// name of the same.
fn same_vendor(declared: &str, told: &str) -> Option<bool> {
    let declared = plain_vendor(declared);
    if declared.eq_ignore_ascii_case(told) {
        return Some(true);
    }
    VENDORS.iter().any(|(_, plain)| plain.eq_ignore_ascii_case(declared)).then_some(false)
}

/// Whether a node has all these flags; none where one is missing that reports never name.
fn has_flags(declared: &[String], told: &[String]) -> Option<bool> {
    let mut missing = declared.iter().filter(|flag| !told.contains(flag)).peekable();
    if missing.peek().is_none() {
        return Some(true);
    }
    missing.any(|flag| FLAGS.contains(&flag.as_str())).then_some(false)
}

/// What is only declared.
fn not_compared(flavor: &Flavor) -> impl Iterator<Item = FlavorAspect> {
    let said = [
        (flavor.cpu.generation.is_some(), AspectName::Generation),
        (flavor.cpu.over_provisioning_ratio.is_some(), AspectName::OverProvisioning),
        (flavor.memory.is_some(), AspectName::Modules),
        (true, AspectName::Disks),
        (flavor.gpu.is_some(), AspectName::Gpu),
        (flavor.network.is_some(), AspectName::Network),
        (flavor.confidential_computing.is_some(), AspectName::Confidential),
        (flavor.hardware_assisted_virtualization.is_some(), AspectName::Virtualization),
        (flavor.hw_rng.is_some(), AspectName::RandomNumbers),
    ];
    let said = said.into_iter().filter(|(is_said, _)| *is_said);
    said.map(|(_, name)| FlavorAspect::new(name, Finding::NotCompared, Provenance::Declared))
}
