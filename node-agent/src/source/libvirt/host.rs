//! The machine below, from libvirt's capabilities.

use std::collections::{BTreeMap, BTreeSet};

use descriptors::fact::libvirt::{Host, HostTopology};
use descriptors::fact::{AbsenceReason, Reading};
use roxmltree::Node;

use super::cpus::HostCpus;
use super::seed::{CpuModel, Expanded, Instruction};
use super::xml::{child, children, descend, document, text};

const CAPABILITIES: &str = "capabilities";

/// What is known of the machine.
pub(super) struct Machine {
    pub(super) host: Host,
    pub(super) domain_types: Vec<String>,
    /// Its online processors, as guests are pinned to them.
    pub(super) cpus: Reading<HostCpus>,
}

/// The model of the host, which libvirt must expand to tell its features.
pub(super) fn cpu_model(xml: &str) -> Option<CpuModel> {
    let document = document(CAPABILITIES, xml);
    model_of(descend(document.present()?.root_element(), &["host", "cpu"])?)
}

fn model_of(cpu: Node<'_, '_>) -> Option<CpuModel> {
    CpuModel::new(text(child(cpu, "arch")?)?, text(child(cpu, "model")?)?)
}

pub(super) fn read(xml: &str, models: &BTreeMap<String, Reading<String>>) -> Reading<Machine> {
    document(CAPABILITIES, xml).map(|document| {
        let root = document.root_element();
        let host = child(root, "host");
        let cpus = cpus(host);
        let has = |instruction| instruction_of(host, models, instruction);
        Machine {
            host: Host {
                cpu_model: match host.and_then(|host| descend(host, &["cpu", "model"])).and_then(text) {
                    Some(model) => Reading::Present(model.to_owned()),
                    None => absent("host/cpu/model"),
                },
                topology: topology(host),
                security_models: security_models(host),
                iommu: match host.and_then(|host| child(host, "iommu")).and_then(|iommu| iommu.attribute("support")) {
                    Some("yes") => Reading::Present(true),
                    Some("no") => Reading::Present(false),
                    _ => absent("host/iommu"),
                },
                rdrand: has(Instruction::Rdrand),
                rdseed: has(Instruction::Rdseed),
            },
            domain_types: domain_types(root),
            cpus,
        }
    })
}

fn absent<T>(what: &str) -> Reading<T> {
    Reading::absent(AbsenceReason::NotPresent, format!("{CAPABILITIES}: {what}"))
}

fn domain_types(root: Node<'_, '_>) -> Vec<String> {
    let domains = root.descendants().filter(|node| node.has_tag_name("domain"));
    let types: BTreeSet<&str> = domains.filter_map(|node| node.attribute("type")).collect();
    types.into_iter().map(str::to_owned).collect()
}

fn security_models(host: Option<Node<'_, '_>>) -> Vec<String> {
    let models = host.into_iter().flat_map(|host| host.children().filter(|node| node.has_tag_name("secmodel")));
    let names = models.filter_map(|model| child(model, "model")).filter_map(text).filter(|name| *name != "none");
    names.map(str::to_owned).collect::<BTreeSet<_>>().into_iter().collect()
}

/// What the host itself has: its model, expanded, and the features beside it.
fn instruction_of(
    host: Option<Node<'_, '_>>,
    models: &BTreeMap<String, Reading<String>>,
    instruction: Instruction,
) -> Reading<bool> {
    let Some(cpu) = host.and_then(|host| child(host, "cpu")) else { return absent("host/cpu") };
    if children(cpu, "feature").any(|feature| feature.attribute("name") == Some(instruction.name())) {
        return Reading::Present(true);
    }
    match model_of(cpu) {
        Some(model) => Expanded::new(models).has(&model, instruction),
        None => absent("host/cpu/model"),
    }
}

/// Elements of online processors, each with the NUMA node that it is in.
fn cpu_elements<'a, 'input>(host: Option<Node<'a, 'input>>) -> Option<Vec<(usize, Node<'a, 'input>)>> {
    let cells = descend(host?, &["topology", "cells"])?;
    let cells = children(cells, "cell").enumerate();
    let cpus = cells.flat_map(|(cell, node)| {
        child(node, "cpus")
            .into_iter()
            .flat_map(move |cpus| cpus.children().filter(|cpu| cpu.has_tag_name("cpu")).map(move |cpu| (cell, cpu)))
    });
    Some(cpus.collect())
}

/// Socket, die and core: what makes two threads one core.
type CoreId<'a> = [Option<&'a str>; 3];

fn core_of<'a>(cpu: Node<'a, '_>) -> CoreId<'a> {
    ["socket_id", "die_id", "core_id"].map(|name| cpu.attribute(name))
}

fn cpus(host: Option<Node<'_, '_>>) -> Reading<HostCpus> {
    let Some(elements) = cpu_elements(host).filter(|elements| !elements.is_empty()) else {
        return absent("host/topology");
    };
    let mut cores = BTreeMap::new();
    let mut numbers = Vec::with_capacity(elements.len());
    for (_, cpu) in elements {
        let (Some(Ok(id)), [_, _, Some(_)]) = (cpu.attribute("id").map(str::parse::<u32>), core_of(cpu)) else {
            return absent("host/topology: a processor without number or core");
        };
        let next = cores.len();
        numbers.push((id, *cores.entry(core_of(cpu)).or_insert(next)));
    }
    HostCpus::new(numbers)
}

fn topology(host: Option<Node<'_, '_>>) -> Reading<HostTopology> {
    let Some(elements) = cpu_elements(host).filter(|elements| !elements.is_empty()) else {
        return absent("host/topology");
    };
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let cells: BTreeSet<usize> = elements.iter().map(|(cell, _)| *cell).collect();
    let cores: BTreeSet<CoreId<'_>> = elements.iter().map(|(_, cpu)| core_of(*cpu)).collect();
    let sockets: BTreeSet<Option<&str>> = cores.iter().map(|[socket, ..]| *socket).collect();
    if cores.iter().any(|[_, _, core]| core.is_none()) {
        return absent("host/topology: a processor without core");
    }
    Reading::Present(HostTopology {
        numa_nodes: count(cells.len()),
        sockets: count(sockets.len()),
        cores: count(cores.len()),
        threads: count(elements.len()),
    })
}
