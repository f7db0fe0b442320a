//! `avow:FlavorAssessment`: what the nodes on which a flavor is had say of it.
//!
//! Gaia-X has no place in a flavor for how a statement is known, so each aspect stands here with what was found. Where
//! reports tell enough of an aspect ([`traits`]) it is compared with them; of all others it is written that nobody did.
//! What the reports refute is not said in the flavor's own credential (see [`super::server_flavor`]). Whether a flavor is free
//! to be had is not known here.

mod traits;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::node_hardware::Provenance;
use super::{Base, Observation, Subject, availability_zone};
use crate::declaration::Declaration;
use crate::declaration::flavor::{Flavor, Processor};
use crate::digest::Digest;
use crate::gaia_x::hardware::{CpuArchitecture, ServerFlavor};
use crate::gaia_x::place;
use crate::id::{FlavorId, NodeId, ZoneId};
use crate::report::Origin;
use crate::shape::{Ref, Shape, shapes, words};

use traits::Traits;

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
        ErrorCorrection = "memory_error_correction",
        Modules = "memory_modules",
        LocalDisks = "local_disks",
        Disks = "disks",
        GpuVendor = "gpu_vendor",
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
    lines.push_str(&json!([node, traits.to_value()]).to_string());
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
    processor_aspects(&flavor.cpu, tally, common, &mut aspects);
    aspects.extend(compared(flavor, tally));
    aspects.extend(not_compared(flavor));
    aspects
}

fn processor_aspects(cpu: &Processor, tally: &Tally<'_, '_>, common: &Common<'_>, aspects: &mut Vec<FlavorAspect>) {
    match cpu.architecture {
        Some(declared) => {
            let holds = |traits: &Traits<'_>| traits.has_architecture(declared);
            aspects.push(tally.aspect(AspectName::Architecture, Extent::Every, holds));
        }
        None if common.architecture.is_some() => aspects.push(tally.observed(AspectName::Architecture)),
        None => {}
    }
    match &cpu.vendor {
        Some(declared) => {
            aspects.push(tally.aspect(AspectName::Vendor, Extent::Every, |traits| traits.has_vendor(declared)));
        }
        None if common.vendor.is_some() => aspects.push(tally.observed(AspectName::Vendor)),
        None => {}
    }
    if !cpu.flags.is_empty() {
        aspects.push(tally.aspect(AspectName::Flags, Extent::Every, |traits| traits.has_flags(&cpu.flags)));
    } else if !common.flags.is_empty() {
        aspects.push(tally.observed(AspectName::Flags));
    }
    if let Some(declared) = &cpu.generation {
        aspects.push(tally.aspect(AspectName::Generation, Extent::Every, |traits| traits.has_generation(declared)));
    }
    if let Some(ratio) = cpu.over_provisioning_ratio {
        let holds = |traits: &Traits<'_>| traits.keeps_ratio(ratio.get());
        aspects.push(tally.aspect(AspectName::OverProvisioning, Extent::Every, holds));
    }
}

/// What else reports tell enough of. What a server is put beside, it is enough that one node has.
fn compared<'f>(flavor: &'f Flavor, tally: &'f Tally<'_, '_>) -> impl Iterator<Item = FlavorAspect> + 'f {
    let corrects = flavor.memory.as_ref().and_then(|modules| modules.ecc).map(|declared| {
        tally.aspect(AspectName::ErrorCorrection, Extent::Every, |traits| traits.corrects_errors(declared))
    });
    let disks = traits::local_disks(flavor)
        .next()
        .map(|_| tally.aspect(AspectName::LocalDisks, Extent::Some, |traits| traits.has_local_disks(flavor)));
    let gpu = flavor.gpu.as_ref().and_then(|gpu| gpu.vendor.as_ref());
    let gpu = gpu.map(|vendor| tally.aspect(AspectName::GpuVendor, Extent::Some, |traits| traits.has_gpu(vendor)));
    let confidential = flavor.confidential_computing.as_ref().map(|declared| {
        let holds = |traits: &Traits<'_>| traits.offers_confidential(&declared.technology);
        tally.aspect(AspectName::Confidential, Extent::Some, holds)
    });
    let nested = flavor.hardware_assisted_virtualization.map(|declared| {
        tally.aspect(AspectName::Virtualization, Extent::Every, |traits| traits.lets_guests_virtualise(declared))
    });
    [corrects, disks, gpu, confidential, nested].into_iter().flatten()
}

/// What is only declared.
fn not_compared(flavor: &Flavor) -> impl Iterator<Item = FlavorAspect> {
    let modules = flavor.memory.as_ref();
    let said = [
        (modules.is_some_and(|modules| modules.class.is_some() || modules.encrypted.is_some()), AspectName::Modules),
        (true, AspectName::Disks),
        (flavor.gpu.as_ref().is_some_and(traits::says_more_of_gpu), AspectName::Gpu),
        (flavor.network.is_some(), AspectName::Network),
        (flavor.hw_rng.is_some(), AspectName::RandomNumbers),
    ];
    let said = said.into_iter().filter(|(is_said, _)| *is_said);
    said.map(|(_, name)| FlavorAspect::new(name, Finding::NotCompared, Provenance::Declared))
}
