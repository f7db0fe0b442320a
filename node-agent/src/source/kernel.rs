//! The running kernel: release, distribution, command line, lockdown, security modules, and a hash of the machine id.
//!
//! The machine id itself never leaves the node: `machine-id(5)` asks that it be used only through an application-specific
//! hash. A command line can carry passwords, so that only options known to be harmless are reported. Who keeps the clock is
//! another source's; the id of the boot stands in the report itself.

use descriptors::digest::Digest;
use descriptors::fact::kernel::KernelFact;
use descriptors::fact::{AbsenceReason, Fact, Reading};

use super::{Context, Source, malformed};
use crate::root::Root;

const LOCKDOWN: &str = "/sys/kernel/security/lockdown";
const MACHINE_ID: &str = "/etc/machine-id";
const OS_RELEASE: [&str; 2] = ["/etc/os-release", "/usr/lib/os-release"];

/// Where a boot's own id is.
pub(crate) const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// Keeps our hash of a machine id apart from anybody else's.
const MACHINE_ID_PREFIX: &str = "avow/machine-id/v1:";

/// Options that a claim can rest on, and whose values are words of the kernel: mitigations, isolation of processors and
/// memory, hugepages, IOMMU, confidential computing, randomness, security modules, clocks. Written with `_` for `-`, which
/// the kernel takes for the same.
const OPTIONS: [&str; 74] = [
    "amd_iommu",
    "amd_pstate",
    "apparmor",
    "cgroup_no_v1",
    "clocksource",
    "default_hugepagesz",
    "efi",
    "enforcing",
    "fips",
    "gather_data_sampling",
    "hugepages",
    "hugepagesz",
    "idle",
    "ima_appraise",
    "ima_policy",
    "indirect_target_selection",
    "init_on_alloc",
    "init_on_free",
    "intel_idle.max_cstate",
    "intel_iommu",
    "intel_pstate",
    "iommu",
    "iommu.passthrough",
    "iommu.strict",
    "isolcpus",
    "kvm.mitigate_smt_rsb",
    "kvm.nx_huge_pages",
    "kvm_amd.nested",
    "kvm_amd.sev",
    "kvm_amd.sev_es",
    "kvm_amd.sev_snp",
    "kvm_intel.nested",
    "kvm_intel.tdx",
    "kvm_intel.vmentry_l1d_flush",
    "l1tf",
    "lockdown",
    "lsm",
    "maxcpus",
    "mds",
    "mem_encrypt",
    "mitigations",
    "mmio_stale_data",
    "module.sig_enforce",
    "nohz_full",
    "nomodule",
    "nopti",
    "nosmt",
    "nospectre_v1",
    "nospectre_v2",
    "nr_cpus",
    "numa_balancing",
    "page_alloc.shuffle",
    "pci",
    "processor.max_cstate",
    "pti",
    "random.trust_bootloader",
    "random.trust_cpu",
    "rcu_nocbs",
    "reg_file_data_sampling",
    "retbleed",
    "rng_core.default_quality",
    "security",
    "selinux",
    "slab_nomerge",
    "spec_rstack_overflow",
    "spec_store_bypass_disable",
    "spectre_v2",
    "srbds",
    "transparent_hugepage",
    "tsa",
    "tsc",
    "tsx",
    "tsx_async_abort",
    "vfio_pci.ids",
];

/// Longest option that is reported; a longer one ends so.
const OPTION_CHARS_MAX: usize = 200;

/// See the module.
pub struct Kernel;

impl Source for Kernel {
    fn name(&self) -> &'static str {
        "kernel"
    }

    fn read(&self, context: &Context) -> Reading<Fact> {
        Reading::Present(parse(fetch(&context.root)).into())
    }
}

struct Raw {
    release: Reading<String>,
    version: Reading<String>,
    os_release: Reading<String>,
    lockdown: Reading<String>,
    security_modules: Reading<String>,
    command_line: Reading<String>,
    machine_id: Reading<String>,
}

fn fetch(root: &Root) -> Raw {
    let os_release = match root.text(OS_RELEASE[0]) {
        Reading::Absent(_) => root.text(OS_RELEASE[1]),
        present => present,
    };
    Raw {
        release: root.line("/proc/sys/kernel/osrelease"),
        version: root.line("/proc/sys/kernel/version"),
        os_release,
        lockdown: root.line(LOCKDOWN),
        security_modules: root.line("/sys/kernel/security/lsm"),
        command_line: root.line("/proc/cmdline"),
        machine_id: root.line(MACHINE_ID),
    }
}

fn parse(raw: Raw) -> KernelFact {
    KernelFact {
        release: raw.release,
        version: raw.version,
        distribution: raw.os_release.and_then(|text| distribution(&text)),
        lockdown: raw.lockdown.and_then(|text| lockdown(&text)),
        security_modules: raw.security_modules.map(|text| text.split(',').map(|name| name.trim().to_owned()).collect()),
        command_line: raw.command_line.map(|text| command_line(&text)),
        machine_id_hash: raw.machine_id.and_then(|text| machine_id_hash(&text)),
    }
}

/// The options named in [`OPTIONS`]. What follows `--` is for the first process, and not the kernel's.
fn command_line(text: &str) -> Vec<String> {
    // As the kernel splits them: a blank between quotes ends no option.
    let mut quoted = false;
    let blank = |c: char| {
        quoted ^= c == '"';
        !quoted && c.is_ascii_whitespace()
    };
    let options = text.split(blank).take_while(|option| *option != "--");
    let known = options.filter(|option| {
        let name = option.split('=').next().unwrap_or_default().replace('-', "_");
        OPTIONS.binary_search(&name.as_str()).is_ok()
    });
    known.map(|option| option.chars().take(OPTION_CHARS_MAX).collect()).collect()
}

/// `PRETTY_NAME` of `os-release(5)`, without its shell quotes.
fn distribution(text: &str) -> Reading<String> {
    let name = text.lines().find_map(|line| line.trim().strip_prefix("PRETTY_NAME="));
    match name.map(|name| name.trim_matches(['"', '\''])) {
        Some(name) if !name.is_empty() => Reading::Present(name.replace("\\\"", "\"")),
        _ => Reading::absent(AbsenceReason::Malformed, "os-release: no PRETTY_NAME"),
    }
}

/// The level in brackets: `none [integrity] confidentiality`.
fn lockdown(text: &str) -> Reading<String> {
    match text.split_once('[').and_then(|(_, rest)| rest.split_once(']')) {
        Some((level, _)) => Reading::Present(level.to_owned()),
        None => malformed(LOCKDOWN, text),
    }
}

fn machine_id_hash(text: &str) -> Reading<String> {
    if text == "uninitialized" {
        return Reading::absent(AbsenceReason::Filler, format!("{MACHINE_ID}: uninitialized"));
    }
    if text.len() != 32 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        // Not quoted: it may still identify the machine.
        return Reading::absent(AbsenceReason::Malformed, format!("{MACHINE_ID}: not 32 hexadecimal digits"));
    }
    Reading::Present(Digest::of(format!("{MACHINE_ID_PREFIX}{text}").as_bytes()).to_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_machine_id_leaves_the_node_only_as_a_hash() {
        let id = "0123456789abcdef0123456789abcdef";
        let hash = machine_id_hash(id);
        assert!(hash.present().is_some_and(|hash| hash.starts_with("sha256:") && !hash.contains(id)));
        assert_ne!(hash.present(), Some(&Digest::of(id.as_bytes()).to_string()), "anybody could compute that one");
        let bad = machine_id_hash("0123456789abcdef");
        assert!(bad.absence().is_some_and(|absence| !absence.detail.contains("0123")));
        let image = machine_id_hash("uninitialized");
        assert_eq!(image.absence().map(|absence| absence.reason), Some(AbsenceReason::Filler));
    }

    #[test]
    fn of_a_command_line_only_what_is_known_to_be_harmless_leaves_the_node() {
        assert!(OPTIONS.is_sorted(), "binary search needs it");
        let text = "BOOT_IMAGE=/vmlinuz root=UUID=1234 rd.luks.key=secret intel_iommu=on kvm-intel.nested=1 isolcpus=2-7 \
            ds=nocloud;s=http://user:password@192.0.2.1/ quiet nosmt mitigations=auto,nosmt password=mds tsc=reliable -- mds=off";
        let expect =
            ["intel_iommu=on", "kvm-intel.nested=1", "isolcpus=2-7", "nosmt", "mitigations=auto,nosmt", "tsc=reliable"];
        assert_eq!(command_line(text), expect);
        assert_eq!(command_line(&format!("isolcpus={}", "1,".repeat(4000)))[0].len(), OPTION_CHARS_MAX);
        // A quoted value cannot smuggle in what stands inside it.
        assert_eq!(command_line("password=\"a mds=off\" tsx=off"), ["tsx=off"]);
        assert!(command_line("password=\"a mds=off").is_empty());
    }

    #[test]
    fn the_level_of_lockdown_stands_in_brackets() {
        let check = |text: &str, expect: Option<&str>| {
            assert_eq!(lockdown(text).present().map(String::as_str), expect, "{text:?}");
        };
        check("[none] integrity confidentiality", Some("none"));
        check("none [integrity] confidentiality", Some("integrity"));
        check("none", None);
        check("none [integ", None);
    }

    #[test]
    fn a_distribution_is_its_pretty_name() {
        let check = |text: &str, expect: Option<&str>| {
            assert_eq!(distribution(text).present().map(String::as_str), expect, "{text:?}");
        };
        check("ID=debian\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n", Some("Debian GNU/Linux 12 (bookworm)"));
        check("PRETTY_NAME='Alpine Linux v3.20'", Some("Alpine Linux v3.20"));
        check("PRETTY_NAME=\"\"", None);
        check("NAME=x", None);
    }

    proptest! {
        #[test]
        fn no_text_makes_another_option_leave_the_node(
            text in "([a-z_.=,\"0-9-]{0,8} ?(mds|nosmt|iommu|tsc)?(=[a-z\"]{0,4})? ?){0,8}",
        ) {
            for option in command_line(&text) {
                prop_assert!(text.contains(&option));
                let name = option.split('=').next().unwrap().replace('-', "_");
                prop_assert!(OPTIONS.contains(&name.as_str()), "{}", option);
            }
        }
    }
}
