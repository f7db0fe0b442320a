//! The hypervisor and its guests, from libvirt's read-only socket.
//!
//! libvirt is asked by a program of its own, `avow-source-libvirt`, which is killed when it is late: libvirt's calls have
//! no timeouts, and its C library stays out of the agent. That program prints the raw answers as JSON ([`Answers`]); what
//! they mean is decided here. No statistics are ever asked for: on a guest that is frozen those calls block a worker of
//! libvirtd each, even after their caller was killed. A capture holds the same JSON in `/avow/libvirt.json`.
//!
//! Whoever controls a guest's definition controls texts in its XML, and nothing else: document types and entities are
//! refused, and so is a document of more than a hundred thousand nodes.

use std::path::{Path, PathBuf};

use descriptors::fact::libvirt::{Guest, LibvirtFact};
use descriptors::fact::{AbsenceReason, Fact, Reading};
use roxmltree::{Document, Node, ParsingOptions};
use serde::{Deserialize, Serialize};

use super::{Context, Source};
use crate::config;
use crate::exec::{self, ExecError, Program};

/// Name of the program that asks libvirt.
pub const READER: &str = "avow-source-libvirt";

/// Where a capture holds the answers.
const CAPTURED: &str = "/avow/libvirt.json";

/// Room for 1,000 guests with 16 KiB of XML each.
const ANSWERS_BYTES_MAX: usize = 16 << 20;

/// Most nodes of one XML document; a large guest has some thousand.
const XML_NODES_MAX: u32 = 100_000;

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

/// See the module.
pub struct Libvirt;

impl Source for Libvirt {
    fn name(&self) -> &'static str {
        "libvirt"
    }

    fn programs(&self, settings: &config::Sources) -> Vec<PathBuf> {
        reader(settings).present().cloned().into_iter().collect()
    }

    fn read(&self, context: &Context) -> Reading<Fact> {
        let (place, bytes) = fetch(context);
        bytes.and_then(|bytes| parse(&place, &bytes)).map(Fact::from)
    }
}

/// The reader's answer as JSON, and the place it is from.
fn fetch(context: &Context) -> (String, Reading<Vec<u8>>) {
    if !context.root.is_live() {
        return (CAPTURED.to_owned(), context.root.bytes(CAPTURED, ANSWERS_BYTES_MAX));
    }
    match reader(&context.settings) {
        Reading::Present(path) => (path.display().to_string(), run(&path, &context.settings)),
        Reading::Absent(absence) => (READER.to_owned(), Reading::Absent(absence)),
    }
}

fn reader(settings: &config::Sources) -> Reading<PathBuf> {
    if let Some(path) = &settings.libvirt_reader {
        return Reading::Present(path.clone());
    }
    match std::env::current_exe().ok().and_then(|agent| agent.parent().map(|directory| directory.join(READER))) {
        Some(path) => Reading::Present(path),
        None => {
            Reading::absent(AbsenceReason::NotPresent, "the agent's own directory is not known; set libvirt_reader")
        }
    }
}

fn run(path: &Path, settings: &config::Sources) -> Reading<Vec<u8>> {
    let uri: Vec<&str> = settings.libvirt_uri.as_deref().into_iter().collect();
    let program = Program { path, arguments: &uri, output_bytes_max: ANSWERS_BYTES_MAX, deadline: settings.deadline() };
    match exec::run(&program) {
        Ok(bytes) => Reading::Present(bytes),
        Err(error) => refused(path, &error),
    }
}

fn refused<T>(path: &Path, error: &ExecError) -> Reading<T> {
    let path = path.display();
    match error {
        ExecError::Start { source, .. } if source.kind() == std::io::ErrorKind::NotFound => {
            let detail = format!("{path}: not there; install {READER}, or switch the source off");
            Reading::absent(AbsenceReason::NotPresent, detail)
        }
        ExecError::Start { source, .. } if source.kind() == std::io::ErrorKind::PermissionDenied => {
            Reading::absent(AbsenceReason::NotPermitted, path.to_string())
        }
        // The dynamic linker's word for a library that is not there.
        ExecError::Failed { status, .. } if status.code() == Some(127) => Reading::absent(
            AbsenceReason::NotPresent,
            format!("{path}: does not start; install libvirt's library (libvirt0)"),
        ),
        ExecError::Late { .. } => Reading::absent(AbsenceReason::TimedOut, error.to_string()),
        ExecError::Flooded { .. } | ExecError::Failed { .. } => {
            Reading::absent(AbsenceReason::Malformed, error.to_string())
        }
        ExecError::NotAbsolute(_) | ExecError::Start { .. } | ExecError::Follow { .. } => {
            Reading::absent(AbsenceReason::NotSupported, error.to_string())
        }
    }
}

fn parse(place: &str, bytes: &[u8]) -> Reading<LibvirtFact> {
    match serde_json::from_slice::<Answer>(bytes) {
        Ok(answer) => answer.map(fact),
        Err(error) => Reading::absent(AbsenceReason::Malformed, format!("{place}: {error}")),
    }
}

fn fact(answers: Answers) -> LibvirtFact {
    LibvirtFact {
        example_driver: answers.uri.starts_with("test:"),
        uri: answers.uri,
        hypervisor: answers.hypervisor,
        library_version: answers.library_version.map(version),
        hypervisor_version: answers.hypervisor_version.map(version),
        node_cpus: answers.node.clone().map(|node| node.cpus),
        node_memory_bytes: answers.node.map(|node| node.memory_kibibytes.saturating_mul(1024)),
        domain_types: answers.capabilities.and_then(|xml| domain_types(&xml)),
        guests: answers.domains.map(|mut domains| {
            domains.sort_unstable_by(|a, b| a.uuid.cmp(&b.uuid));
            domains.into_iter().map(guest).collect()
        }),
    }
}

/// `9.0.0` of 9000000.
fn version(number: u64) -> String {
    format!("{}.{}.{}", number / 1_000_000, number / 1000 % 1000, number % 1000)
}

/// Reads XML without document types, entities of its own, or endless nodes.
fn document(xml: &str) -> Result<Document<'_>, roxmltree::Error> {
    Document::parse_with_options(
        xml,
        ParsingOptions { allow_dtd: false, nodes_limit: XML_NODES_MAX, entity_resolver: None },
    )
}

fn domain_types(xml: &str) -> Reading<Vec<String>> {
    let document = match document(xml) {
        Ok(document) => document,
        Err(error) => return Reading::absent(AbsenceReason::Malformed, format!("capabilities: {error}")),
    };
    let domains = document.descendants().filter(|node| node.has_tag_name("domain"));
    let mut types: Vec<String> = domains.filter_map(|node| node.attribute("type")).map(str::to_owned).collect();
    types.sort_unstable();
    types.dedup();
    Reading::Present(types)
}

fn guest(answer: DomainAnswer) -> Guest {
    // Running, blocked on a resource, and being shut down (`virDomainState` 1, 2, 4); 3 is paused, 5 and above are off.
    let running = matches!(answer.state, 1 | 2 | 4);
    let place = format!("domain {}", answer.uuid);
    let definition = match &answer.xml {
        Reading::Present(xml) => match document(xml) {
            Ok(document) => definition(&place, document.root_element()),
            Err(error) => Definition::absent(AbsenceReason::Malformed, &format!("{place}: {error}")),
        },
        Reading::Absent(absence) => Definition::absent(absence.reason, &absence.detail),
    };
    Guest {
        uuid: answer.uuid,
        name: answer.name,
        running,
        vcpus: definition.vcpus,
        memory_bytes: definition.memory_bytes,
        cpu_model: definition.cpu_model,
        rng_devices: definition.rng_devices,
        launch_security: definition.launch_security,
    }
}

/// What a guest's XML says.
struct Definition {
    vcpus: Reading<u32>,
    memory_bytes: Reading<u64>,
    cpu_model: Reading<String>,
    rng_devices: Reading<Vec<String>>,
    launch_security: Reading<String>,
}

impl Definition {
    fn absent(reason: AbsenceReason, detail: &str) -> Self {
        Self {
            vcpus: Reading::absent(reason, detail),
            memory_bytes: Reading::absent(reason, detail),
            cpu_model: Reading::absent(reason, detail),
            rng_devices: Reading::absent(reason, detail),
            launch_security: Reading::absent(reason, detail),
        }
    }
}

fn definition(place: &str, domain: Node<'_, '_>) -> Definition {
    let missing = |name: &str| format!("{place}: no <{name}>");
    let text = |name: &str| match child(domain, name).and_then(|node| node.text()) {
        Some(text) => Reading::Present(text.to_owned()),
        None => Reading::absent(AbsenceReason::NotPresent, missing(name)),
    };
    let rng_devices = child(domain, "devices").map_or(Vec::new(), |devices| {
        let rngs = devices.children().filter(|node| node.has_tag_name("rng"));
        rngs.map(|rng| rng.attribute("model").unwrap_or("unnamed").to_owned()).collect()
    });
    let attribute = |name: &str, attribute: &str| match child(domain, name).and_then(|node| node.attribute(attribute)) {
        Some(value) => Reading::Present(value.to_owned()),
        None => Reading::absent(AbsenceReason::NotPresent, missing(name)),
    };
    Definition {
        vcpus: super::number(place, text("vcpu")),
        memory_bytes: memory_bytes(place, child(domain, "memory")),
        cpu_model: child(domain, "cpu")
            .map_or_else(|| Reading::absent(AbsenceReason::NotPresent, missing("cpu")), cpu_model),
        rng_devices: Reading::Present(rng_devices),
        launch_security: attribute("launchSecurity", "type"),
    }
}

fn child<'a, 'input>(node: Node<'a, 'input>, name: &str) -> Option<Node<'a, 'input>> {
    node.children().find(|child| child.has_tag_name(name))
}

/// Mode and model: `host-passthrough`, `custom Skylake-Server`.
fn cpu_model(cpu: Node<'_, '_>) -> Reading<String> {
    let model = child(cpu, "model").and_then(|model| model.text()).map(str::trim);
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
        unit => return super::malformed(place, unit),
    };
    let amount = Reading::Present(memory.text().unwrap_or_default().to_owned());
    super::number::<u64>(place, amount).and_then(|amount| match amount.checked_mul(unit) {
        Some(bytes) => Reading::Present(bytes),
        None => super::malformed(place, &amount.to_string()),
    })
}
