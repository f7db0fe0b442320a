//! Processors: `/proc/cpuinfo`, the kernel's topology and its list of flaws, and `cpuid` for the name of a hypervisor.
//!
//! Only the first processor of `/proc/cpuinfo` is read: on a large machine the whole file is half a megabyte that the
//! kernel has to write anew for each reader. Cores and sockets are counted by reading one processor of each, so the cost
//! is two small files a core. No privilege. Under a hypervisor all of this describes the virtual processor.

use std::collections::BTreeSet;

use descriptors::fact::cpu::{CpuFact, FLAGS, Signature, Topology, Vulnerability};
use descriptors::fact::{AbsenceReason, Fact, Reading};

use super::{Context, NOT_CAPTURED, Source, malformed};
use crate::root::Root;

pub(super) const CPUINFO: &str = "/proc/cpuinfo";
const CPUS: &str = "/sys/devices/system/cpu";
const VULNERABILITIES: &str = "/sys/devices/system/cpu/vulnerabilities";

/// Enough for the first processor with all its flags; one takes 1.5 to 3 KiB.
const CPUINFO_BYTES: usize = 8 * 1024;

/// Larger than any `NR_CPUS`; a list that names more is malformed.
const CPUS_MAX: usize = 16 * 1024;

/// See the module.
pub struct Cpu;

impl Source for Cpu {
    fn name(&self) -> &'static str {
        "cpu"
    }

    fn read(&self, context: &Context) -> Reading<Fact> {
        parse(fetch(&context.root)).map(Fact::from)
    }
}

struct Raw {
    /// The architecture this program runs on, where that is the node's.
    architecture: Option<&'static str>,
    cpuinfo: Reading<String>,
    hypervisor: Reading<String>,
    topology: Reading<RawTopology>,
    vulnerabilities: Reading<Vec<(String, Reading<String>)>>,
}

struct RawTopology {
    online: String,
    sockets: Vec<String>,
    cores: Vec<String>,
}

fn fetch(root: &Root) -> Raw {
    let hypervisor = match root.is_live() {
        true => hypervisor_by_cpuid(),
        false => Reading::absent(AbsenceReason::NotPresent, NOT_CAPTURED),
    };
    let vulnerabilities = root.list(VULNERABILITIES).map(|names| {
        let state = |name: String| {
            let state = root.line(&format!("{VULNERABILITIES}/{name}"));
            (name, state)
        };
        names.into_iter().map(state).collect()
    });
    Raw {
        architecture: root.is_live().then_some(std::env::consts::ARCH),
        cpuinfo: first_processor(root),
        hypervisor,
        topology: fetch_topology(root),
        vulnerabilities,
    }
}

/// The lines of the first processor in `/proc/cpuinfo`.
pub(super) fn first_processor(root: &Root) -> Reading<String> {
    root.head(CPUINFO, CPUINFO_BYTES).map(|mut text| {
        text.truncate(text.find("\n\n").unwrap_or(text.len()));
        text
    })
}

/// Reads the siblings of one processor of each core and of each socket.
fn fetch_topology(root: &Root) -> Reading<RawTopology> {
    let place = format!("{CPUS}/online");
    root.line(&place).and_then(|online| {
        let Some(cpus) = cpu_list(&online) else { return malformed(&place, &online) };
        let siblings = |file: &str| {
            let mut seen = BTreeSet::new();
            let mut groups = Vec::new();
            for cpu in &cpus {
                if seen.contains(cpu) {
                    continue;
                }
                let place = format!("{CPUS}/cpu{cpu}/topology/{file}");
                match root.line(&place) {
                    Reading::Present(list) => {
                        seen.extend(cpu_list(&list).unwrap_or_default());
                        groups.push(list);
                    }
                    Reading::Absent(absence) => return Err(absence),
                }
            }
            Ok(groups)
        };
        // The names since 5.3, `core_cpus_list` and `package_cpus_list`, are missing from kernels still in service.
        match (siblings("core_siblings_list"), siblings("thread_siblings_list")) {
            (Ok(sockets), Ok(cores)) => Reading::Present(RawTopology { online, sockets, cores }),
            (Err(absence), _) | (_, Err(absence)) => Reading::Absent(absence),
        }
    })
}

#[cfg(target_arch = "x86_64")]
fn hypervisor_by_cpuid() -> Reading<String> {
    let cpuid = raw_cpuid::CpuId::new();
    match cpuid.get_hypervisor_info().map(|info| info.identify()) {
        Some(raw_cpuid::Hypervisor::Unknown(b, c, d)) => {
            let name: Vec<u8> = [b, c, d].iter().flat_map(|register| register.to_le_bytes()).collect();
            Reading::Present(String::from_utf8_lossy(&name).trim_matches('\0').to_owned())
        }
        Some(known) => Reading::Present(format!("{known:?}")),
        None => Reading::absent(AbsenceReason::NotPresent, "cpuid 0x40000000: no hypervisor"),
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn hypervisor_by_cpuid() -> Reading<String> {
    Reading::absent(AbsenceReason::NotSupported, "cpuid: not on this architecture")
}

fn parse(raw: Raw) -> Reading<CpuFact> {
    let topology = raw.topology.and_then(|raw| topology(&raw));
    let vulnerabilities = raw.vulnerabilities.and_then(vulnerabilities);
    let hypervisor = raw.hypervisor;
    let architecture = raw.architecture;
    raw.cpuinfo.and_then(|cpuinfo| {
        let Some(architecture) = architecture.or_else(|| architecture_of(&cpuinfo)) else {
            return Reading::absent(AbsenceReason::Malformed, format!("{CPUINFO}: of no architecture known here"));
        };
        let flags = flags(&cpuinfo);
        let bare = flags.as_ref().is_some_and(|flags| !flags.contains("hypervisor"));
        Reading::Present(CpuFact {
            architecture: architecture.to_owned(),
            vendor: field(&cpuinfo, "vendor_id"),
            model_name: field(&cpuinfo, "model name"),
            signature: signature(&cpuinfo),
            topology,
            flags: match flags {
                Some(flags) => Reading::Present(
                    FLAGS.iter().copied().filter(|flag| flags.contains(flag)).map(str::to_owned).collect(),
                ),
                None => Reading::absent(AbsenceReason::NotPresent, format!("{CPUINFO}: no flags")),
            },
            microcode: field(&cpuinfo, "microcode").and_then(microcode),
            hypervisor: match (architecture, bare) {
                ("x86_64", true) => {
                    Reading::absent(AbsenceReason::NotPresent, format!("{CPUINFO}: no hypervisor flag"))
                }
                _ => hypervisor,
            },
            vulnerabilities,
        })
    })
}

/// A captured `/proc/cpuinfo` shows its architecture by the names of its lines.
fn architecture_of(cpuinfo: &str) -> Option<&'static str> {
    if cpuinfo.starts_with("processor") && value(cpuinfo, "vendor_id").is_some() {
        flags(cpuinfo).map(|flags| if flags.contains("lm") { "x86_64" } else { "x86" })
    } else {
        value(cpuinfo, "CPU implementer").map(|_| "aarch64")
    }
}

/// The text after the colon of the line that begins with `name`.
fn value<'a>(cpuinfo: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = cpuinfo.lines().filter_map(|line| line.split_once(':'));
    lines.find(|(key, _)| key.trim_end() == name).map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
}

fn field(cpuinfo: &str, name: &str) -> Reading<String> {
    match value(cpuinfo, name) {
        Some(text) => Reading::Present(text.to_owned()),
        None => Reading::absent(AbsenceReason::NotPresent, format!("{CPUINFO}: no {name}")),
    }
}

/// All flags of a processor, as the kernel names them.
pub(super) fn flags(cpuinfo: &str) -> Option<BTreeSet<&str>> {
    let flags = value(cpuinfo, "flags").or_else(|| value(cpuinfo, "Features"))?;
    Some(flags.split_ascii_whitespace().collect())
}

fn signature(cpuinfo: &str) -> Reading<Signature> {
    let part = |name: &str| super::number::<u32>(CPUINFO, field(cpuinfo, name));
    part("cpu family").and_then(|family| {
        part("model").and_then(|model| part("stepping").map(|stepping| Signature { family, model, stepping }))
    })
}

/// Hypervisors show all ones where they hide the revision.
fn microcode(revision: String) -> Reading<String> {
    match revision.as_str() {
        "0xffffffff" => Reading::absent(AbsenceReason::Filler, format!("{CPUINFO}: microcode {revision}")),
        _ => Reading::Present(revision),
    }
}

fn topology(raw: &RawTopology) -> Reading<Topology> {
    let Some(online) = cpu_list(&raw.online) else { return malformed(CPUS, &raw.online) };
    let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    Reading::Present(Topology {
        sockets: count(raw.sockets.len()),
        cores: count(raw.cores.len()),
        threads: count(online.len()),
    })
}

/// A list with a hole would look complete, so one state that cannot be read makes it absent.
fn vulnerabilities(states: Vec<(String, Reading<String>)>) -> Reading<Vec<Vulnerability>> {
    let mut list = Vec::with_capacity(states.len());
    for (name, state) in states {
        match state {
            Reading::Present(state) => list.push(Vulnerability { name, state }),
            Reading::Absent(absence) => return Reading::Absent(absence),
        }
    }
    Reading::Present(list)
}

/// The processors in a list such as `0-3,8`.
fn cpu_list(text: &str) -> Option<BTreeSet<usize>> {
    let mut cpus = BTreeSet::new();
    for range in text.trim().split(',') {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let (first, last) = (first.parse::<usize>().ok()?, last.parse::<usize>().ok()?);
        if first > last || last >= CPUS_MAX {
            return None;
        }
        cpus.extend(first..=last);
    }
    Some(cpus)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_processor_list_names_each_processor() {
        let check = |text: &str, expect: Option<&[usize]>| {
            let cpus = cpu_list(text).map(|cpus| cpus.into_iter().collect::<Vec<_>>());
            assert_eq!(cpus.as_deref(), expect, "{text:?}");
        };
        check("0", Some(&[0]));
        check("0-2,8\n", Some(&[0, 1, 2, 8]));
        for bad in ["", "a", "3-1", "0-", "0,,1", "-1", "0-99999999999", "0-4294967295"] {
            check(bad, None);
        }
    }

    #[test]
    fn flags_kept_are_sorted() {
        assert!(FLAGS.is_sorted());
    }

    #[test]
    fn a_hidden_microcode_revision_is_not_a_value() {
        assert_eq!(microcode("0xa0011d1".to_owned()), Reading::Present("0xa0011d1".to_owned()));
        assert!(microcode("0xffffffff".to_owned()).absence().is_some());
    }

    #[test]
    fn a_capture_shows_its_architecture() {
        let check = |text: &str, expect: Option<&str>| assert_eq!(architecture_of(text), expect, "{text:?}");
        check("processor\t: 0\nvendor_id\t: GenuineIntel\nflags\t\t: fpu lm aes\n", Some("x86_64"));
        check("processor\t: 0\nvendor_id\t: GenuineIntel\nflags\t\t: fpu\n", Some("x86"));
        check("processor\t: 0\nFeatures\t: fp asimd\nCPU implementer\t: 0x41\n", Some("aarch64"));
        check("\u{7f}ELF", None);
    }
}
