//! Processors: `/proc/cpuinfo`, the kernel's topology and its list of flaws, and `cpuid` for the name of a hypervisor.
//!
//! Only the first processor of `/proc/cpuinfo` is read: on a large machine the whole file is half a megabyte that the
//! kernel has to write anew for each reader. Cores and sockets are counted by reading one processor of each, so the cost
//! is two small files a core, and some thirty besides. Frequencies are those of the first processor. No privilege. Under a hypervisor all of this describes the virtual processor.

use std::collections::BTreeSet;

use descriptors::fact::cpu::{self, CpuFact, FLAGS, Signature, Topology, Vulnerability};
use descriptors::fact::{AbsenceReason, Fact, Reading};

use super::{Context, NOT_CAPTURED, Source, malformed, number, switch};
use crate::root::Root;

pub(super) const CPUINFO: &str = "/proc/cpuinfo";
const CPUS: &str = "/sys/devices/system/cpu";
const SMT: &str = "/sys/devices/system/cpu/smt";
const FREQUENCY: &str = "/sys/devices/system/cpu/cpu0/cpufreq";
const NOMINAL_FREQUENCY: &str = "/sys/devices/system/cpu/cpu0/acpi_cppc/nominal_freq";
const BOOST: &str = "/sys/devices/system/cpu/cpufreq/boost";
const NO_TURBO: &str = "/sys/devices/system/cpu/intel_pstate/no_turbo";
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
    smt_control: Reading<String>,
    smt_active: Reading<String>,
    frequency: RawFrequency,
    vulnerabilities: Reading<Vec<(String, Reading<String>)>>,
}

struct RawFrequency {
    base_khz: Reading<String>,
    nominal_mhz: Reading<String>,
    /// What `cpuid` says, in MHz.
    base_mhz: Reading<u64>,
    max_khz: Reading<String>,
    boost: Reading<String>,
    no_turbo: Reading<String>,
}

struct RawTopology {
    online: String,
    sockets: Vec<String>,
    cores: Vec<String>,
}

fn fetch(root: &Root) -> Raw {
    let (hypervisor, base_mhz) = match root.is_live() {
        true => (hypervisor_by_cpuid(), base_mhz_by_cpuid()),
        false => (
            Reading::absent(AbsenceReason::NotPresent, NOT_CAPTURED),
            Reading::absent(AbsenceReason::NotPresent, NOT_CAPTURED),
        ),
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
        smt_control: root.line(&format!("{SMT}/control")),
        smt_active: root.line(&format!("{SMT}/active")),
        frequency: RawFrequency {
            base_khz: root.line(&format!("{FREQUENCY}/base_frequency")),
            nominal_mhz: root.line(NOMINAL_FREQUENCY),
            base_mhz,
            max_khz: root.line(&format!("{FREQUENCY}/cpuinfo_max_freq")),
            boost: root.line(BOOST),
            no_turbo: root.line(NO_TURBO),
        },
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

/// Leaf 1, `ecx`: this is no real processor.
#[cfg(target_arch = "x86_64")]
const HYPERVISOR_BIT: u32 = 1 << 31;

/// What hypervisors call themselves in leaf 0x40000000, and what people call them.
#[cfg(target_arch = "x86_64")]
const HYPERVISORS: [(&str, &str); 8] = [
    ("KVMKVMKVM", "KVM"),
    ("TCGTCGTCGTCG", "QEMU"),
    ("XenVMMXenVMM", "Xen"),
    ("VMwareVMware", "VMware"),
    ("Microsoft Hv", "HyperV"),
    ("bhyve bhyve ", "Bhyve"),
    ("QNXQVMBSQG", "QNX"),
    ("ACRNACRNACRN", "ACRN"),
];

#[cfg(target_arch = "x86_64")]
fn hypervisor_by_cpuid() -> Reading<String> {
    use std::arch::x86_64::__cpuid;
    if __cpuid(1).ecx & HYPERVISOR_BIT == 0 {
        return Reading::absent(AbsenceReason::NotPresent, "cpuid 0x40000000: no hypervisor");
    }
    let leaf = __cpuid(0x4000_0000);
    let bytes: Vec<u8> = [leaf.ebx, leaf.ecx, leaf.edx].iter().flat_map(|register| register.to_le_bytes()).collect();
    let name = String::from_utf8_lossy(&bytes);
    let name = name.trim_matches('\0');
    let known = HYPERVISORS.iter().find(|(signature, _)| *signature == name);
    match (known, name) {
        (Some((_, known)), _) => Reading::Present((*known).to_owned()),
        (None, "") => Reading::absent(AbsenceReason::NotPresent, "cpuid 0x40000000: a hypervisor without a name"),
        (None, name) => Reading::Present(name.to_owned()),
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn hypervisor_by_cpuid() -> Reading<String> {
    Reading::absent(AbsenceReason::NotSupported, "cpuid: not on this architecture")
}

/// Leaf 0x16, which only Intel fills.
#[cfg(target_arch = "x86_64")]
fn base_mhz_by_cpuid() -> Reading<u64> {
    use std::arch::x86_64::__cpuid;
    const LEAF: u32 = 0x16;
    let mhz = if __cpuid(0).eax >= LEAF { __cpuid(LEAF).eax & 0xffff } else { 0 };
    match mhz {
        0 => Reading::absent(AbsenceReason::NotPresent, "cpuid 0x16: no base frequency"),
        mhz => Reading::Present(u64::from(mhz)),
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn base_mhz_by_cpuid() -> Reading<u64> {
    Reading::absent(AbsenceReason::NotSupported, "cpuid: not on this architecture")
}

fn parse(raw: Raw) -> Reading<CpuFact> {
    let topology = raw.topology.and_then(|raw| topology(&raw));
    let vulnerabilities = raw.vulnerabilities.and_then(vulnerabilities);
    let hypervisor = raw.hypervisor;
    let (frequency_base_khz, frequency_max_khz, boost) = frequencies(raw.frequency);
    let (smt_control, smt_active) = (raw.smt_control, switch(&format!("{SMT}/active"), raw.smt_active));
    let architecture = raw.architecture;
    raw.cpuinfo.and_then(|cpuinfo| {
        let Some(architecture) = architecture.or_else(|| architecture_of(&cpuinfo)) else {
            return Reading::absent(AbsenceReason::Malformed, format!("{CPUINFO}: of no architecture known here"));
        };
        let flags = flags(&cpuinfo);
        let bare = flags.as_ref().is_some_and(|flags| !flags.contains("hypervisor"));
        let (vendor, signature) = (field(&cpuinfo, "vendor_id"), signature(&cpuinfo));
        Reading::Present(CpuFact {
            architecture: architecture.to_owned(),
            model_name: field(&cpuinfo, "model name"),
            generation: vendor.clone().and_then(|vendor| signature.clone().and_then(|it| generation(&vendor, &it))),
            vendor,
            signature,
            topology,
            smt_control,
            smt_active,
            frequency_base_khz,
            frequency_max_khz,
            boost,
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

fn generation(vendor: &str, signature: &Signature) -> Reading<String> {
    match cpu::generation(vendor, signature) {
        Some(generation) => Reading::Present(generation.name.to_owned()),
        None => {
            let Signature { family, model, stepping } = signature;
            let unknown = format!("{vendor} family {family} model {model} stepping {stepping} has no name here");
            Reading::absent(AbsenceReason::NotSupported, unknown)
        }
    }
}

/// Base and highest frequency, and whether the kernel allows more than the base. Which file there is depends on the driver.
fn frequencies(raw: RawFrequency) -> (Reading<u64>, Reading<u64>, Reading<bool>) {
    let khz = |mhz: u64| mhz.saturating_mul(1000);
    let place = |file: &str| format!("{FREQUENCY}/{file}");
    let base = match (raw.base_khz, raw.nominal_mhz, raw.base_mhz) {
        (base @ Reading::Present(_), ..) => number(&place("base_frequency"), base),
        (_, nominal @ Reading::Present(_), _) => number(NOMINAL_FREQUENCY, nominal).map(khz),
        (_, _, Reading::Present(mhz)) => Reading::Present(khz(mhz)),
        (Reading::Absent(absence), ..) => Reading::Absent(absence),
    };
    let boost = match (raw.boost, raw.no_turbo) {
        (boost @ Reading::Present(_), _) => switch(BOOST, boost),
        (_, no_turbo @ Reading::Present(_)) => switch(NO_TURBO, no_turbo).map(|off| !off),
        (Reading::Absent(absence), _) => Reading::Absent(absence),
    };
    (base, number(&place("cpuinfo_max_freq"), raw.max_khz), boost)
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
    use proptest::prelude::*;

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

    fn none<T>() -> Reading<T> {
        Reading::absent(AbsenceReason::NotPresent, "/x")
    }

    #[test]
    fn a_frequency_is_in_khz_whichever_driver_tells_it() {
        let text = |text: &str| Reading::Present(text.to_owned());
        let raw = |base_khz, nominal_mhz, base_mhz, boost, no_turbo| {
            let raw = RawFrequency { base_khz, nominal_mhz, base_mhz, max_khz: text("3400000"), boost, no_turbo };
            let (base, max, boost) = frequencies(raw);
            assert_eq!(max, Reading::Present(3_400_000));
            (base.present().copied(), boost.present().copied())
        };
        assert_eq!(raw(text("2300000"), text("2200"), none(), none(), text("1")), (Some(2_300_000), Some(false)));
        assert_eq!(raw(none(), text("2200"), Reading::Present(2100), text("1"), none()), (Some(2_200_000), Some(true)));
        assert_eq!(raw(none(), none(), Reading::Present(2100), none(), text("0")), (Some(2_100_000), Some(true)));
        assert_eq!(raw(none(), none(), none(), none(), none()), (None, None));
        assert_eq!(raw(text("fast"), text("2200"), none(), text("2"), none()), (None, None));
    }

    #[test]
    fn a_processor_that_nobody_described_has_no_generation() {
        let check = |model: u32| generation("GenuineIntel", &Signature { family: 6, model, stepping: 6 });
        assert_eq!(check(106), Reading::Present("Ice Lake".to_owned()));
        assert_eq!(check(250).absence().map(|absence| absence.reason), Some(AbsenceReason::NotSupported));
    }

    #[test]
    fn a_capture_shows_its_architecture() {
        let check = |text: &str, expect: Option<&str>| assert_eq!(architecture_of(text), expect, "{text:?}");
        check("processor\t: 0\nvendor_id\t: GenuineIntel\nflags\t\t: fpu lm aes\n", Some("x86_64"));
        check("processor\t: 0\nvendor_id\t: GenuineIntel\nflags\t\t: fpu\n", Some("x86"));
        check("processor\t: 0\nFeatures\t: fp asimd\nCPU implementer\t: 0x41\n", Some("aarch64"));
        check("\u{7f}ELF", None);
    }

    proptest! {
        #[test]
        fn any_list_names_its_processors_or_is_none(
            ranges in prop::collection::vec((0_usize..300, 0_usize..300), 1..6),
            text in "[0-9,\\- \n]{0,24}",
        ) {
            let list: Vec<String> = ranges.iter().map(|(first, last)| format!("{first}-{last}")).collect();
            let rising = ranges.iter().all(|(first, last)| first <= last);
            let expect = rising.then(|| ranges.iter().flat_map(|(first, last)| *first..=*last).collect());
            prop_assert_eq!(cpu_list(&list.join(",")), expect);
            if let Some(cpus) = cpu_list(&text) {
                prop_assert!(!cpus.is_empty() && cpus.iter().all(|cpu| *cpu < CPUS_MAX));
            }
        }

        #[test]
        fn any_processor_is_what_its_lines_say(
            text in "((processor|vendor_id|cpu family|model|stepping|flags|Features|microcode|CPU implementer)[\t ]{0,2}:? ?(\\PC{0,6}|[0-9]{1,11}|lm aes)\n|\\PC{0,8}\n){0,10}",
        ) {
            let frequency = RawFrequency {
                base_khz: none(), nominal_mhz: none(), base_mhz: none(), max_khz: none(), boost: none(), no_turbo: none(),
            };
            let raw = Raw {
                cpuinfo: Reading::Present(text.clone()),
                architecture: None,
                topology: none(),
                smt_control: none(),
                smt_active: none(),
                frequency,
                hypervisor: none(),
                vulnerabilities: none(),
            };
            match parse(raw) {
                Reading::Absent(absence) => prop_assert_eq!(absence.reason, AbsenceReason::Malformed),
                Reading::Present(fact) => {
                    let told = [&fact.vendor, &fact.model_name, &fact.microcode];
                    prop_assert!(told.into_iter().filter_map(Reading::present).all(|value| text.contains(value)));
                    let parts = fact.signature.present().map(|it| [it.family, it.model, it.stepping]);
                    prop_assert!(parts.into_iter().flatten().all(|part| text.contains(&part.to_string())));
                    let all_told = fact.flags.present().into_iter().flatten().all(|flag| text.contains(flag));
                    prop_assert!(all_told, "{:?}", fact.flags);
                    prop_assert!(fact.generation.present().is_none() || fact.signature.present().is_some());
                }
            }
        }
    }
}
