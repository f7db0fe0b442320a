//! One guest, from its XML.

use descriptors::fact::libvirt::{Definition, Disk, Guest, Pinning, Seed};
use descriptors::fact::{Absence, AbsenceReason, Reading};
use roxmltree::Node;

use super::cpus::Vcpus;
use super::host::Machine;
use super::seed::{self, CpuModel, Expanded};
use super::xml::{attribute, child, children, descend, document, text};
use super::{DomainAnswer, is_running};

/// Most virtual processors of a guest; QEMU's machines end at 4,096.
const VCPUS_MAX: u32 = 8192;

/// A guest, and where its virtual processors may run.
pub(super) struct Read {
    pub(super) guest: Guest,
    pub(super) vcpus: Vcpus,
}

/// The named model of a guest's processor, which libvirt must expand to tell its features.
pub(super) fn cpu_model(xml: &str) -> Option<CpuModel> {
    model_of(document("domain", xml).present()?.root_element())
}

fn model_of(domain: Node<'_, '_>) -> Option<CpuModel> {
    let architecture = descend(domain, &["os", "type"])?.attribute("arch")?;
    CpuModel::new(architecture, text(descend(domain, &["cpu", "model"])?)?)
}

pub(super) fn read(answer: DomainAnswer, machine: &Reading<Machine>, expanded: &mut Expanded<'_>) -> Read {
    let DomainAnswer { uuid, name, state, xml } = answer;
    let running = is_running(state);
    let place = format!("domain {uuid}");
    let document = match &xml {
        Reading::Present(xml) => document(&place, xml),
        Reading::Absent(absence) => Reading::Absent(absence.clone()),
    };
    let domain = match &document {
        Reading::Present(document) => document.root_element(),
        Reading::Absent(absence) => return without_definition(uuid, name, running, absence),
    };
    let vcpus = rows(&place, domain);
    let off = || Absence { reason: AbsenceReason::NotPresent, detail: "off".to_owned() };
    let guest = Guest {
        running,
        vcpus: vcpu_count(&place, domain),
        memory_bytes: memory_bytes(&place, child(domain, "memory")),
        cpu_model: cpu_text(domain),
        rng_devices: Reading::Present(rng_models(domain)),
        launch_security: match child(domain, "launchSecurity").and_then(|node| node.attribute("type")) {
            Some(kind) => Reading::Present(kind.to_owned()),
            None => Reading::absent(AbsenceReason::NotPresent, "<launchSecurity>"),
        },
        definition: Reading::Present(definition(domain)),
        // Filled in when all guests are known.
        cpu_class: Reading::Absent(off()),
        seed: if running { seed_of(domain, machine, expanded) } else { Reading::Absent(off()) },
        uuid,
        name,
    };
    Read { guest, vcpus }
}

fn without_definition(uuid: String, name: String, running: bool, absence: &Absence) -> Read {
    fn absent<T>(absence: &Absence) -> Reading<T> {
        Reading::Absent(absence.clone())
    }
    let guest = Guest {
        uuid,
        name,
        running,
        vcpus: absent(absence),
        memory_bytes: absent(absence),
        cpu_model: absent(absence),
        rng_devices: absent(absence),
        launch_security: absent(absence),
        definition: absent(absence),
        cpu_class: absent(absence),
        seed: absent(absence),
    };
    Read { guest, vcpus: absent(absence) }
}

fn seed_of(domain: Node<'_, '_>, machine: &Reading<Machine>, expanded: &mut Expanded<'_>) -> Reading<Seed> {
    let host = machine.present().map(|machine| &machine.host);
    let model = model_of(domain);
    let mut instruction = |instruction| seed::instruction(domain, model.as_ref(), host, expanded, instruction);
    let (rdrand, rdseed) = (instruction(seed::Instruction::Rdrand), instruction(seed::Instruction::Rdseed));
    Reading::Present(seed::seed(rdrand, rdseed, seed::devices(domain)))
}

fn vcpu_count(place: &str, domain: Node<'_, '_>) -> Reading<u32> {
    let Some(text) = child(domain, "vcpu").and_then(|node| node.text()) else {
        return Reading::absent(AbsenceReason::NotPresent, format!("{place}: no <vcpu>"));
    };
    super::super::number::<u32>(place, Reading::Present(text.to_owned())).and_then(|vcpus| match vcpus {
        1..=VCPUS_MAX => Reading::Present(vcpus),
        _ => super::super::malformed(place, text),
    })
}

fn rng_models(domain: Node<'_, '_>) -> Vec<String> {
    seed::devices(domain).into_iter().map(|device| device.model).collect()
}

/// Mode and model: `host-passthrough`, `custom Skylake-Server`.
fn cpu_text(domain: Node<'_, '_>) -> Reading<String> {
    let Some(cpu) = child(domain, "cpu") else { return Reading::absent(AbsenceReason::NotPresent, "<cpu>") };
    let model = child(cpu, "model").and_then(text);
    // libvirt leaves the mode out where it is `custom`.
    let mode = cpu.attribute("mode").or(model.map(|_| "custom"));
    match (mode, model) {
        (Some(mode), Some(model)) => Reading::Present(format!("{mode} {model}")),
        (Some(mode), None) => Reading::Present(mode.to_owned()),
        (None, _) => Reading::absent(AbsenceReason::NotPresent, "<cpu> has neither mode nor model"),
    }
}

/// `<memory unit='KiB'>`, the unit being KiB where there is none.
fn memory_bytes(place: &str, memory: Option<Node<'_, '_>>) -> Reading<u64> {
    let Some(memory) = memory else {
        return Reading::absent(AbsenceReason::NotPresent, format!("{place}: no <memory>"));
    };
    let unit = match memory.attribute("unit").unwrap_or("KiB") {
        "b" | "bytes" => 1,
        "KB" => 1000,
        "k" | "KiB" => 1 << 10,
        "MB" => 1_000_000,
        "M" | "MiB" => 1 << 20,
        "GB" => 1_000_000_000,
        "G" | "GiB" => 1 << 30,
        "TB" => 1_000_000_000_000,
        "T" | "TiB" => 1 << 40,
        unit => return super::super::malformed(place, unit),
    };
    let amount = Reading::Present(memory.text().unwrap_or_default().to_owned());
    super::super::number::<u64>(place, amount).and_then(|amount| match amount.checked_mul(unit) {
        Some(bytes) => Reading::Present(bytes),
        None => super::super::malformed(place, &amount.to_string()),
    })
}

/// Where each virtual processor may run, those with the same place together.
fn rows(place: &str, domain: Node<'_, '_>) -> Vcpus {
    vcpu_count(place, domain).map(|count| {
        let mut rows: Vec<(u32, Option<String>)> = Vec::new();
        for cpus in cpus_of_each(domain, count) {
            match rows.last_mut() {
                Some((vcpus, last)) if *last == cpus => *vcpus += 1,
                _ => rows.push((1, cpus)),
            }
        }
        rows
    })
}

/// What `<vcpupin>` says of each virtual processor, else what `<vcpu cpuset>` says of all.
fn cpus_of_each(domain: Node<'_, '_>, count: u32) -> Vec<Option<String>> {
    let all = child(domain, "vcpu").and_then(|vcpu| vcpu.attribute("cpuset"));
    let mut cpus: Vec<Option<String>> = (0..count).map(|_| all.map(str::to_owned)).collect();
    let pins = child(domain, "cputune")
        .into_iter()
        .flat_map(|tune| tune.children().filter(|node| node.has_tag_name("vcpupin")));
    for pin in pins {
        let vcpu = pin.attribute("vcpu").and_then(|number| number.parse::<usize>().ok());
        if let (Some(slot), Some(cpuset)) = (vcpu.and_then(|vcpu| cpus.get_mut(vcpu)), pin.attribute("cpuset")) {
            *slot = Some(cpuset.to_owned());
        }
    }
    cpus
}

fn pinning(domain: Node<'_, '_>) -> Vec<Pinning> {
    let Reading::Present(rows) = rows("", domain) else { return Vec::new() };
    let mut next = 0;
    let mut pinning = Vec::new();
    for (count, cpus) in rows {
        let (first, last) = (next, next + count - 1);
        next += count;
        if let Some(cpus) = cpus {
            let vcpus = if first == last { first.to_string() } else { format!("{first}-{last}") };
            pinning.push(Pinning { vcpus, cpus });
        }
    }
    pinning
}

fn definition(domain: Node<'_, '_>) -> Definition {
    let devices = child(domain, "devices");
    let all = |name: &'static str| devices.into_iter().flat_map(move |devices| children(devices, name));
    Definition {
        machine: attribute(descend(domain, &["os", "type"]), "machine"),
        pinning: pinning(domain),
        disks: all("disk").map(disk).collect(),
        interfaces: all("interface").map(interface).collect(),
        tpms: all("tpm").map(tpm).collect(),
    }
}

fn disk(disk: Node<'_, '_>) -> Disk {
    let source = child(disk, "source");
    let kind = disk.attribute("type").unwrap_or("file");
    let protocol = source.and_then(|source| source.attribute("protocol"));
    let name = source.and_then(|source| source.attribute("name"));
    let pool = match (kind, protocol) {
        ("volume", _) => source.and_then(|source| source.attribute("pool")),
        // `pool/image`, or `pool/namespace/image`.
        ("network", Some("rbd")) => name.and_then(|name| name.split_once('/')).map(|(pool, _)| pool),
        _ => None,
    };
    // Inside the source since libvirt 3.9, before it beside the source.
    let encryption = source.and_then(|source| child(source, "encryption")).or_else(|| child(disk, "encryption"));
    Disk {
        target: attribute(child(disk, "target"), "dev"),
        source: match (source, protocol) {
            (None, _) => String::new(),
            (Some(_), Some(protocol)) => format!("{kind} {protocol}"),
            (Some(_), None) => kind.to_owned(),
        },
        pool: pool.map(str::to_owned),
        encryption: encryption.map(|encryption| attribute(Some(encryption), "format")),
    }
}

/// The kind, and what it is connected to.
fn interface(interface: Node<'_, '_>) -> String {
    let kind = interface.attribute("type").unwrap_or_default();
    let source = child(interface, "source");
    let to = ["network", "bridge", "dev"].into_iter().find_map(|name| source.and_then(|source| source.attribute(name)));
    join([Some(kind), to])
}

fn tpm(tpm: Node<'_, '_>) -> String {
    let backend = child(tpm, "backend");
    let of = |name| backend.and_then(|backend| backend.attribute(name));
    join([tpm.attribute("model"), of("type"), of("version")])
}

/// The words that are there.
fn join<const N: usize>(words: [Option<&str>; N]) -> String {
    words.into_iter().flatten().collect::<Vec<_>>().join(" ")
}
