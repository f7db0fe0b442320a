//! Sources: each reads one place and yields one fact.
//!
//! A source has two halves: `fetch` does the reading and keeps the raw texts, `parse` is pure and turns them into a fact.
//! A new source is one file in `source/` and one line in [`all`]. Deadlines, panics and switched-off sources are the
//! business of [`crate::gather`], and are not known here.

pub mod agent;
pub mod block;
pub mod bmc;
pub mod ceph;
pub mod clock;
pub mod cpu;
pub mod dmi;
pub mod entropy;
pub mod kernel;
pub mod libvirt;
pub mod lldp;
pub mod memory;
pub mod net;
pub mod pci;
pub mod pdu;
pub mod platform;
pub mod services;

use std::path::PathBuf;
use std::str::FromStr;

use descriptors::fact::agent::Confinement;
use descriptors::fact::{AbsenceReason, Fact, Reading};
use serde::Serialize;

use crate::config;
use crate::root::{Privileged, Root};

/// What a source may use.
#[derive(Debug, Clone)]
pub struct Context {
    /// Where files are read from.
    pub root: Root,
    /// The settings of sources.
    pub settings: config::Sources,
    /// How the agent was confined when it started.
    pub confinement: Reading<Confinement>,
}

impl Context {
    /// What sources may use in an agent that is not confined.
    pub fn unconfined(root: Root, settings: config::Sources) -> Self {
        let confinement = Reading::absent(AbsenceReason::Disabled, "this run of the agent did not confine itself");
        Self { root, settings, confinement }
    }
}

/// Reads one place.
///
/// A read may block and may be repeated; it must not change the node, and what it cannot get is an absence with its
/// reason. It is never run twice at the same time.
pub trait Source: Sync {
    /// The name in reports and in the configuration.
    fn name(&self) -> &'static str;

    /// What it reads and only root may open: read and opened before the agent gives up its rights.
    fn privileged(&self) -> &'static [Privileged] {
        &[]
    }

    /// Programs that it runs.
    fn programs(&self, _: &config::Sources) -> Vec<PathBuf> {
        Vec::new()
    }

    /// Files that the configuration names for it.
    fn files(&self, _: &config::Sources) -> Vec<PathBuf> {
        Vec::new()
    }

    /// TCP ports that it connects to.
    fn ports(&self, _: &config::Sources) -> Vec<u16> {
        Vec::new()
    }

    /// Reads it now.
    fn read(&self, context: &Context) -> Reading<Fact>;
}

/// Every source, sorted by name.
pub fn all() -> &'static [&'static dyn Source] {
    static ALL: &[&dyn Source] = &[
        &agent::Agent,
        &block::Block,
        &bmc::Bmc,
        &ceph::Ceph,
        &clock::Clock,
        &cpu::Cpu,
        &dmi::Dmi,
        &entropy::Entropy,
        &kernel::Kernel,
        &libvirt::LIBVIRT,
        &lldp::Lldp,
        &memory::Memory,
        &net::Net,
        &pci::Pci,
        &pdu::Pdu,
        &platform::Platform,
        &services::SERVICES,
    ];
    ALL
}

/// Said of what only a running machine can be asked.
const NOT_CAPTURED: &str = "not part of a capture";

/// A malformed reading that quotes the start of what was there.
fn malformed<T>(place: &str, text: &str) -> Reading<T> {
    let start: String = text.chars().take(40).collect();
    Reading::absent(AbsenceReason::Malformed, format!("{place}: {start:?}"))
}

/// A list that leaves room for the rest of a report; a longer one is absent, since a list cut off would look complete.
fn bounded<T: Serialize>(what: &str, bytes_max: usize, list: Reading<T>) -> Reading<T> {
    list.and_then(|list| match serde_json::to_vec(&list) {
        Ok(json) if json.len() <= bytes_max => Reading::Present(list),
        Ok(json) => {
            let detail = format!("{what}: {} bytes, more than the {bytes_max} that a report has room for", json.len());
            Reading::absent(AbsenceReason::NotSupported, detail)
        }
        Err(error) => malformed(what, &error.to_string()),
    })
}

/// The number that a text is.
fn number<T: FromStr>(place: &str, text: Reading<String>) -> Reading<T> {
    text.and_then(|text| match text.trim().parse() {
        Ok(number) => Reading::Present(number),
        Err(_) => malformed(place, &text),
    })
}

/// A switch as the kernel writes it: `Y` and `N`, `1` and `0`.
fn switch(place: &str, text: Reading<String>) -> Reading<bool> {
    text.and_then(|text| match text.trim() {
        "Y" | "y" | "1" => Reading::Present(true),
        "N" | "n" | "0" => Reading::Present(false),
        _ => malformed(place, &text),
    })
}

/// A number for which the kernel writes -1 when it does not know.
fn known<T: FromStr>(place: &str, text: Reading<String>) -> Reading<T> {
    text.and_then(|text| match text.trim() {
        "-1" => Reading::absent(AbsenceReason::NotSupported, format!("{place}: -1")),
        _ => number(place, Reading::Present(text)),
    })
}

/// The value of `KEY` in the `KEY=value` lines of a `uevent` file.
fn uevent<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let mut pairs = text.lines().filter_map(|line| line.split_once('='));
    pairs.find(|(name, _)| *name == key).map(|(_, value)| value).filter(|value| !value.is_empty())
}

/// The bytes in a line such as `MemTotal:       16303428 kB`, `name` included in the match.
fn kibibytes(place: &str, text: Reading<String>, name: &str) -> Reading<u64> {
    text.and_then(|text| {
        let Some(rest) = text.lines().find_map(|line| line.split_once(name)).map(|(_, rest)| rest) else {
            return Reading::absent(AbsenceReason::Malformed, format!("{place}: no {name}"));
        };
        let kibibytes = rest.trim().strip_suffix("kB").and_then(|digits| digits.trim().parse::<u64>().ok());
        match kibibytes.and_then(|kibibytes| kibibytes.checked_mul(1024)) {
            Some(bytes) => Reading::Present(bytes),
            None => malformed(place, rest.trim()),
        }
    })
}

/// The number at the end of a directory's name: `node12` gives 12 after `node`.
fn numbered(name: &str, prefix: &str) -> Option<u32> {
    let digits = name.strip_prefix(prefix)?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    use descriptors::id::SourceName;

    use super::*;

    #[test]
    fn sources_are_sorted_and_have_names() {
        let names: Vec<_> = all().iter().map(|source| SourceName::new(source.name()).unwrap()).collect();
        assert!(names.is_sorted() && names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
    }

    #[test]
    fn a_size_in_kibibytes_becomes_bytes_or_says_why_not() {
        let check = |text: &str, expect: Option<u64>| {
            let reading = kibibytes("/proc/meminfo", Reading::Present(text.to_owned()), "MemTotal:");
            assert_eq!(reading.present().copied(), expect, "{text:?}");
        };
        check("MemTotal:       16303428 kB\nMemFree: 1 kB\n", Some(16_694_710_272));
        check("Node 0 MemTotal:       2 kB\n", Some(2048));
        check("MemFree: 1 kB\n", None);
        check("MemTotal: 12\n", None);
        check("MemTotal: -1 kB\n", None);
        check("MemTotal: 18446744073709551615 kB\n", None);
    }

    #[test]
    fn minus_one_is_not_known() {
        let text = |text: &str| Reading::Present(text.to_owned());
        assert_eq!(known("/x", text("25000")), Reading::Present(25_000_u64));
        let reason = |reading: Reading<u32>| reading.absence().map(|absence| absence.reason);
        assert_eq!(reason(known("/x", text("-1"))), Some(AbsenceReason::NotSupported));
        assert_eq!(reason(known("/x", text("-2"))), Some(AbsenceReason::Malformed));
        assert_eq!(reason(known("/x", text("fast"))), Some(AbsenceReason::Malformed));
    }

    #[test]
    fn a_switch_is_on_or_off_or_malformed() {
        let read = |text: &str| switch("/x", Reading::Present(text.to_owned())).present().copied();
        assert_eq!(["Y", "1\n", "N", "0"].map(read), [Some(true), Some(true), Some(false), Some(false)]);
        assert_eq!(["", "-1", "yes", "2"].map(read), [None; 4]);
    }

    #[test]
    fn a_number_follows_its_prefix() {
        assert_eq!(numbered("node12", "node"), Some(12));
        assert_eq!(numbered("node", "node"), None);
        assert_eq!(numbered("node1a", "node"), None);
        assert_eq!(numbered("online", "node"), None);
    }
}
