//! The hypervisor and its guests, from libvirt's read-only socket.
//!
//! libvirt is asked by a program of its own, `avow-source-libvirt`, which is killed when it is late: libvirt's calls have
//! no timeouts, and its C library stays out of the agent. That program prints the raw answers as JSON ([`Answers`]); what
//! they mean is decided here. It is kept between rounds, because starting a program with libvirt in it costs several times what a
//! round does, and replaced after some (`docs/adr/0016-the-reader-of-libvirt-is-kept.md`); one that is late, or finds no daemon, is
//! not kept. No statistics are ever asked for: on a guest that is frozen those calls block a worker of
//! libvirtd each, even after their caller was killed. A capture holds the same JSON in `/avow/libvirt.json`.
//!
//! Some things are derived here, from what is told, because they need all guests at once: what guests were given beside what
//! there is, the letter that an SCS flavor may bear of each guest's processors, and which guests have a usable seed for
//! their random numbers. A seed is usable where the guest's processor has RDRAND or RDSEED (a named model is expanded by
//! libvirt, then the guest's own features are applied) or where a virtio device gives 32 bytes within a second.
//!
//! Whoever controls a guest's definition controls texts in its XML, and nothing else: document types and entities are
//! refused, and so is a document of more than a hundred thousand nodes. A list of guests that would not leave room for the
//! rest of a report is absent.

mod cpus;
mod domain;
mod host;
mod seed;
mod storage;
mod xml;

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use descriptors::fact::libvirt::{Guest, LibvirtFact, Overcommit, Seeds, Usable};
use descriptors::fact::{AbsenceReason, Fact, Reading};
use serde::{Deserialize, Serialize};

use self::domain::Read;
use self::host::Machine;
pub use self::seed::CpuModel;

use super::{Context, Source};
use crate::config;
use crate::reader::{self, Reader, Standing};

/// Name of the program that asks libvirt.
pub const READER: &str = "avow-source-libvirt";

/// The hypervisor of this node.
pub const SYSTEM: &str = "qemu:///system";

/// Where a capture holds the answers.
const CAPTURED: &str = "/avow/libvirt.json";

/// Room for 1,000 guests with 16 KiB of XML each.
const ANSWERS_BYTES_MAX: usize = 16 << 20;

/// Most bytes of the list of guests in a report, which is more than half of a report: about 550 guests.
const GUESTS_BYTES_MAX: usize = 448 << 10;

/// Most bytes of any other list in a report.
const LIST_BYTES_MAX: usize = 16 << 10;

/// Most processor models that libvirt is asked to expand.
const CPU_MODELS_MAX: usize = 64;

/// What libvirt said, or why it could not be asked. Written by the reader, and kept in captures.
pub type Answer = Reading<Answers>;

/// Raw answers of one libvirt connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answers {
    /// The connection.
    pub uri: String,
    /// `virConnectGetType`.
    pub hypervisor: Reading<String>,
    /// `virConnectGetLibVersion`: major × 1,000,000 + minor × 1,000 + release.
    pub library_version: Reading<u64>,
    /// `virConnectGetVersion`, in the same form.
    pub hypervisor_version: Reading<u64>,
    /// `virNodeGetInfo`.
    pub node: Reading<NodeAnswer>,
    /// `virConnectGetCapabilities`, XML.
    pub capabilities: Reading<String>,
    /// `virConnectListAllDomains`; guests that were gone before they were asked are left out.
    pub domains: Reading<Vec<DomainAnswer>>,
    /// `virConnectBaselineCPU` with its features expanded, XML, for each model that the host or a guest has.
    pub cpu_models: BTreeMap<String, Reading<String>>,
    /// `virConnectListAllStoragePools`, XML of each active one.
    pub storage_pools: Reading<Vec<String>>,
    /// `virConnectListAllNetworks`, XML of each active one.
    pub networks: Reading<Vec<String>>,
}

/// The part of `virNodeInfo` that is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeAnswer {
    /// Active processors.
    pub cpus: u32,
    /// Memory in KiB.
    pub memory_kibibytes: u64,
}

/// What libvirt said of one guest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DomainAnswer {
    /// `virDomainGetUUIDString`.
    pub uuid: String,
    /// `virDomainGetName`.
    pub name: String,
    /// `virDomainGetState`, a `virDomainState`.
    pub state: u32,
    /// `virDomainGetXMLDesc`, without secrets.
    pub xml: Reading<String>,
}

/// The one instance, which keeps the reader between rounds.
pub static LIBVIRT: Libvirt = Libvirt { reader: Mutex::new(None) };

/// See the module.
pub struct Libvirt {
    reader: Mutex<Option<Standing>>,
}

impl Source for Libvirt {
    fn name(&self) -> &'static str {
        "libvirt"
    }

    fn programs(&self, settings: &config::Sources) -> Vec<PathBuf> {
        reader::program(READER, settings.libvirt_reader.as_deref()).into_iter().collect()
    }

    fn read(&self, context: &Context) -> Reading<Fact> {
        let mut standing = self.kept().take();
        let (place, bytes) = fetch(context, &mut standing);
        let answer = bytes.and_then(|bytes| parse(&place, &bytes));
        if answer.present().is_some() {
            *self.kept() = standing;
        }
        answer.map(fact).map(Fact::from)
    }
}

impl Libvirt {
    /// Held for a moment only: who waits for a reader does not hold up another.
    fn kept(&self) -> MutexGuard<'_, Option<Standing>> {
        self.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The reader's answer as JSON, and the place it is from.
fn fetch(context: &Context, standing: &mut Option<Standing>) -> (String, Reading<Vec<u8>>) {
    if !context.root.is_live() {
        return (CAPTURED.to_owned(), context.root.bytes(CAPTURED, ANSWERS_BYTES_MAX));
    }
    let settings = &context.settings;
    let reader = Reader {
        name: READER,
        path: settings.libvirt_reader.as_deref(),
        setting: "libvirt_reader",
        library: "libvirt's library (libvirt0)",
        output_bytes_max: ANSWERS_BYTES_MAX,
        deadline: settings.deadline(),
    };
    let uri = settings.libvirt_uri.as_deref().unwrap_or(SYSTEM);
    match settings.libvirt_reader_rounds {
        NonZeroU32::MIN => reader.ask(&[uri]),
        rounds => reader.ask_kept(standing, rounds, &[uri]),
    }
}

fn parse(place: &str, bytes: &[u8]) -> Answer {
    match serde_json::from_slice::<Answer>(bytes) {
        Ok(answer) => answer,
        Err(error) => Reading::absent(AbsenceReason::Malformed, format!("{place}: {error}")),
    }
}

/// The processor models that the reader must have expanded, because the host or a running guest has them.
pub fn cpu_models(capabilities: &Reading<String>, domains: &Reading<Vec<DomainAnswer>>) -> Vec<CpuModel> {
    let mut models: BTreeSet<CpuModel> =
        capabilities.present().and_then(|xml| host::cpu_model(xml)).into_iter().collect();
    let running = domains.present().into_iter().flatten().filter(|domain| is_running(domain.state));
    let texts = running.filter_map(|domain| domain.xml.present());
    models.extend(texts.filter_map(|xml| domain::cpu_model(xml)).take(CPU_MODELS_MAX * 64));
    models.into_iter().take(CPU_MODELS_MAX).collect()
}

/// Running, blocked on a resource, and being shut down (`virDomainState` 1, 2, 4); 3 is paused, 5 and above are off.
fn is_running(state: u32) -> bool {
    matches!(state, 1 | 2 | 4)
}

fn fact(answers: Answers) -> LibvirtFact {
    let node_memory_bytes = answers.node.clone().map(|node| node.memory_kibibytes.saturating_mul(1024));
    let machine = answers.capabilities.clone().and_then(|xml| host::read(&xml, &answers.cpu_models));
    let guests = answers.domains.map(|domains| guests(domains, &machine, &answers.cpu_models));
    LibvirtFact {
        example_driver: answers.uri.starts_with("test:"),
        uri: answers.uri,
        hypervisor: answers.hypervisor,
        library_version: answers.library_version.map(version),
        hypervisor_version: answers.hypervisor_version.map(version),
        node_cpus: answers.node.map(|node| node.cpus),
        overcommit: with(&guests, |guests| overcommit(guests, &machine, &node_memory_bytes)),
        seeds: with(&guests, |guests| Reading::Present(seeds(guests))),
        node_memory_bytes,
        domain_types: machine_part(&machine, |machine| machine.domain_types.clone()),
        host: machine_part(&machine, |machine| machine.host.clone()),
        guests: super::bounded("guests", GUESTS_BYTES_MAX, guests),
        storage_pools: super::bounded("storage pools", LIST_BYTES_MAX, storage::pools(answers.storage_pools)),
        networks: super::bounded("networks", LIST_BYTES_MAX, storage::networks(answers.networks)),
    }
}

fn machine_part<T>(machine: &Reading<Machine>, part: impl FnOnce(&Machine) -> T) -> Reading<T> {
    with(machine, |machine| Reading::Present(part(machine)))
}

fn with<T, U>(reading: &Reading<T>, part: impl FnOnce(&T) -> Reading<U>) -> Reading<U> {
    match reading {
        Reading::Present(value) => part(value),
        Reading::Absent(absence) => Reading::Absent(absence.clone()),
    }
}

/// `9.0.0` of 9000000.
fn version(number: u64) -> String {
    format!("{}.{}.{}", number / 1_000_000, number / 1000 % 1000, number % 1000)
}

/// Every guest, sorted; what depends on the others is filled in last.
fn guests(
    mut domains: Vec<DomainAnswer>,
    machine: &Reading<Machine>,
    models: &BTreeMap<String, Reading<String>>,
) -> Vec<Guest> {
    domains.sort_unstable_by(|a, b| a.uuid.cmp(&b.uuid));
    let mut expanded = seed::Expanded::new(models);
    let read: Vec<Read> = domains.into_iter().map(|domain| domain::read(domain, machine, &mut expanded)).collect();
    let classes = with(machine, |machine| machine.cpus.clone()).map(|cpus| {
        let running: Vec<_> = read.iter().filter(|read| read.guest.running).map(|read| &read.vcpus).collect();
        cpus::classes(&cpus, &running)
    });
    let mut next = 0;
    let mut guests = Vec::with_capacity(read.len());
    for Read { mut guest, .. } in read {
        if guest.running {
            guest.cpu_class = with(&classes, |classes| match classes.get(next) {
                Some(class) => class.clone(),
                None => Reading::absent(AbsenceReason::NotPresent, "cpus"),
            });
            next += 1;
        }
        guests.push(guest);
    }
    guests
}

/// A sum over all guests that run; one of which it is not known makes it unknown.
fn overcommit(guests: &[Guest], machine: &Reading<Machine>, node_memory_bytes: &Reading<u64>) -> Reading<Overcommit> {
    let (mut count, mut vcpus, mut memory_bytes) = (0_u32, 0_u64, 0_u64);
    for guest in guests.iter().filter(|guest| guest.running) {
        match (&guest.vcpus, &guest.memory_bytes) {
            (Reading::Present(own), Reading::Present(bytes)) => {
                count += 1;
                vcpus = vcpus.saturating_add((*own).into());
                memory_bytes = memory_bytes.saturating_add(*bytes);
            }
            (Reading::Absent(absence), _) | (_, Reading::Absent(absence)) => return Reading::Absent(absence.clone()),
        }
    }
    let topology = with(machine, |machine| machine.host.topology.clone());
    let per = |units: u32| match units {
        0 => Reading::absent(AbsenceReason::NotPresent, "topology"),
        units => Reading::Present(vcpus.saturating_mul(100) / u64::from(units)),
    };
    Reading::Present(Overcommit {
        guests: count,
        vcpus,
        vcpus_per_core_hundredths: topology.clone().and_then(|topology| per(topology.cores)),
        vcpus_per_thread_hundredths: topology.and_then(|topology| per(topology.threads)),
        memory_bytes,
        memory_percent: node_memory_bytes.clone().and_then(|total| match total {
            0 => Reading::absent(AbsenceReason::NotPresent, "memory of the node"),
            total => {
                let percent = (u128::from(memory_bytes) * 100).div_ceil(total.into());
                Reading::Present(u64::try_from(percent).unwrap_or(u64::MAX))
            }
        }),
    })
}

fn seeds(guests: &[Guest]) -> Seeds {
    let mut seeds = Seeds { yes: 0, no: 0, unknown: 0, worst_guest: None };
    let mut worst = None;
    for guest in guests.iter().filter(|guest| guest.running) {
        let usable = guest.seed.present().map_or(Usable::Unknown, |seed| seed.usable);
        match usable {
            Usable::Yes => seeds.yes += 1,
            Usable::No => seeds.no += 1,
            Usable::Unknown => seeds.unknown += 1,
        }
        if worst.is_none_or(|worst| usable < worst) {
            worst = Some(usable);
            seeds.worst_guest = Some(guest.uuid.clone());
        }
    }
    seeds
}

#[cfg(test)]
mod tests;
