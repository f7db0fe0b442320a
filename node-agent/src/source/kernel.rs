//! The running kernel: release, distribution, lockdown, security modules, clock source, and a hash of the machine id.
//!
//! The machine id itself never leaves the node: `machine-id(5)` asks that it be used only through an application-specific
//! hash. Whether the clock is synchronised is known to `adjtimex(2)` alone, for which there is no binding without unsafe
//! code here; it is reported as not supported rather than guessed from the traces of one time daemon or another.

use descriptors::digest::Digest;
use descriptors::fact::kernel::KernelFact;
use descriptors::fact::{AbsenceReason, Fact, Reading};

use super::{Context, NOT_CAPTURED, Source, malformed};
use crate::root::Root;

const LOCKDOWN: &str = "/sys/kernel/security/lockdown";
const MACHINE_ID: &str = "/etc/machine-id";
const OS_RELEASE: [&str; 2] = ["/etc/os-release", "/usr/lib/os-release"];

/// Where a boot's own id is.
pub(crate) const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// Keeps our hash of a machine id apart from anybody else's.
const MACHINE_ID_PREFIX: &str = "avow/machine-id/v1:";

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
    live: bool,
    release: Reading<String>,
    version: Reading<String>,
    os_release: Reading<String>,
    lockdown: Reading<String>,
    security_modules: Reading<String>,
    clock_source: Reading<String>,
    machine_id: Reading<String>,
}

fn fetch(root: &Root) -> Raw {
    let os_release = match root.text(OS_RELEASE[0]) {
        Reading::Absent(_) => root.text(OS_RELEASE[1]),
        present => present,
    };
    Raw {
        live: root.is_live(),
        release: root.line("/proc/sys/kernel/osrelease"),
        version: root.line("/proc/sys/kernel/version"),
        os_release,
        lockdown: root.line(LOCKDOWN),
        security_modules: root.line("/sys/kernel/security/lsm"),
        clock_source: root.line("/sys/devices/system/clocksource/clocksource0/current_clocksource"),
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
        clock_synchronised: match raw.live {
            true => Reading::absent(AbsenceReason::NotSupported, "adjtimex(2): not asked by this agent"),
            false => Reading::absent(AbsenceReason::NotPresent, NOT_CAPTURED),
        },
        clock_source: raw.clock_source,
        machine_id_hash: raw.machine_id.and_then(|text| machine_id_hash(&text)),
    }
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
}
