//! How a guest gets the seed of its random numbers: an instruction of its processor, or a device.

use std::collections::BTreeMap;

use descriptors::fact::libvirt::{Host, RngDevice, RngLimit, Seed, Usable};
use descriptors::fact::{AbsenceReason, Reading};
use roxmltree::Node;

use super::xml::{attribute, child, children, document, text};

/// Bytes of a seed: what the kernel's generator takes.
const SEED_BYTES: u64 = 32;

/// How long a guest may wait for them.
const WAIT_MS_MAX: u64 = 1000;

/// A named model, of an architecture. Both are plain words, so that they can be put into XML as they are.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CpuModel {
    architecture: String,
    model: String,
}

impl CpuModel {
    pub(super) fn new(architecture: &str, model: &str) -> Option<Self> {
        let is_word = |word: &str| {
            let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
            !word.is_empty() && word.len() <= 64 && word.chars().all(plain)
        };
        let word = |word: &str| word.to_owned();
        (is_word(architecture) && is_word(model)).then(|| Self { architecture: word(architecture), model: word(model) })
    }

    /// The name under which its expansion is kept in answers: `x86_64 Skylake-Server`.
    pub fn key(&self) -> String {
        format!("{} {}", self.architecture, self.model)
    }

    /// The processor that libvirt is asked to expand. A guest's own `<cpu mode=…>` would be refused.
    pub fn xml(&self) -> String {
        format!("<cpu><arch>{}</arch><model>{}</model></cpu>", self.architecture, self.model)
    }

    fn has_instructions(&self) -> bool {
        has_instructions(&self.architecture)
    }
}

/// Whether an architecture has the two instructions at all.
fn has_instructions(architecture: &str) -> bool {
    matches!(architecture, "x86_64" | "i686")
}

/// The instructions that give random numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Instruction {
    /// Random numbers.
    Rdrand,
    /// Seeds.
    Rdseed,
}

impl Instruction {
    /// libvirt's name of the feature.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Rdrand => "rdrand",
            Self::Rdseed => "rdseed",
        }
    }
}

/// What libvirt made of models, each read once.
pub(super) struct Expanded<'a> {
    answers: &'a BTreeMap<String, Reading<String>>,
    read: BTreeMap<String, Reading<(bool, bool)>>,
}

impl<'a> Expanded<'a> {
    pub(super) fn new(answers: &'a BTreeMap<String, Reading<String>>) -> Self {
        Self { answers, read: BTreeMap::new() }
    }

    /// Whether a model has an instruction.
    pub(super) fn has(&mut self, model: &CpuModel, instruction: Instruction) -> Reading<bool> {
        let key = model.key();
        let answers = self.answers;
        let both = self.read.entry(key.clone()).or_insert_with(|| match answers.get(&key) {
            Some(Reading::Present(xml)) => document(&key, xml).map(|document| {
                let has = |instruction: Instruction| feature(document.root_element(), instruction) == Some(true);
                (has(Instruction::Rdrand), has(Instruction::Rdseed))
            }),
            Some(Reading::Absent(absence)) => Reading::Absent(absence.clone()),
            None => Reading::absent(AbsenceReason::NotPresent, format!("{key}: not expanded")),
        });
        both.clone().map(|(rdrand, rdseed)| if instruction == Instruction::Rdrand { rdrand } else { rdseed })
    }
}

/// What the `<feature>` elements of a processor say: there, not there, or nothing. `optional` depends on the host.
fn feature(cpu: Node<'_, '_>, instruction: Instruction) -> Option<bool> {
    let features = children(cpu, "feature").filter(|feature| feature.attribute("name") == Some(instruction.name()));
    let said = features.filter_map(|feature| match feature.attribute("policy") {
        None | Some("require" | "force") => Some(true),
        Some("disable" | "forbid") => Some(false),
        _ => None,
    });
    said.last()
}

/// Whether the processor of a guest has an instruction: what its own definition says, else what its model has.
pub(super) fn instruction(
    domain: Node<'_, '_>,
    model: Option<&CpuModel>,
    host: Option<&Host>,
    expanded: &mut Expanded<'_>,
    instruction: Instruction,
) -> Reading<bool> {
    let architecture = child(domain, "os").and_then(|os| child(os, "type")).and_then(|kind| kind.attribute("arch"));
    match architecture {
        Some(architecture) if has_instructions(architecture) => {}
        Some(architecture) => return Reading::absent(AbsenceReason::NotSupported, architecture),
        None => return Reading::absent(AbsenceReason::NotPresent, "<type arch>"),
    }
    let Some(cpu) = child(domain, "cpu") else { return Reading::absent(AbsenceReason::NotPresent, "<cpu>") };
    if let Some(said) = feature(cpu, instruction) {
        return Reading::Present(said);
    }
    match (cpu.attribute("mode"), model, host) {
        (Some("host-passthrough"), _, Some(host)) => match instruction {
            Instruction::Rdrand => host.rdrand.clone(),
            Instruction::Rdseed => host.rdseed.clone(),
        },
        (None | Some("custom"), Some(model), _) if model.has_instructions() => expanded.has(model, instruction),
        // A guest that runs with the model of its host has it written out by libvirt; one that has not is not known.
        (mode, ..) => {
            Reading::absent(AbsenceReason::NotSupported, format!("<cpu mode='{}'>", mode.unwrap_or("custom")))
        }
    }
}

/// The random number devices of a guest.
pub(super) fn devices(domain: Node<'_, '_>) -> Vec<RngDevice> {
    let devices = child(domain, "devices");
    devices.into_iter().flat_map(|devices| children(devices, "rng")).map(device).collect()
}

fn device(rng: Node<'_, '_>) -> RngDevice {
    let backend = child(rng, "backend");
    let kind = attribute(backend, "model");
    let number = |name| child(rng, "rate").and_then(|rate| rate.attribute(name)).and_then(|text| text.parse().ok());
    RngDevice {
        model: rng.attribute("model").unwrap_or("unnamed").to_owned(),
        backend: match backend.and_then(text) {
            Some(from) => format!("{kind} {from}"),
            None => kind,
        },
        // libvirt's period is a second where it says none. A limit that cannot be read is one that lets nothing through.
        limit: child(rng, "rate")
            .map(|_| RngLimit { bytes: number("bytes").unwrap_or(0), period_ms: number("period").unwrap_or(1000) }),
    }
}

/// Whether a device gives a seed in time. The first period's bytes come at once.
fn in_time(device: &RngDevice) -> bool {
    let known = device.model.starts_with("virtio") && !device.backend.is_empty();
    known
        && device.limit.is_none_or(|RngLimit { bytes, period_ms }| {
            bytes > 0 && (SEED_BYTES.div_ceil(bytes) - 1).saturating_mul(period_ms) <= WAIT_MS_MAX
        })
}

pub(super) fn seed(rdrand: Reading<bool>, rdseed: Reading<bool>, devices: Vec<RngDevice>) -> Seed {
    let instructions = [&rdrand, &rdseed].map(|reading| reading.present().copied());
    let usable = if devices.iter().any(in_time) || instructions.contains(&Some(true)) {
        Usable::Yes
    } else if instructions.contains(&None) {
        Usable::Unknown
    } else {
        Usable::No
    };
    Seed { rdrand, rdseed, devices, usable }
}
