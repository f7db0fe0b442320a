//! Memory: `/proc/meminfo`, EDAC, hugepage pools and NUMA nodes.
//!
//! The total and the sum over NUMA nodes may disagree, because memory can come online late; both are reported. Cost:
//! three directories and one small file for each NUMA node and pool. No privilege. An empty `edac/mc` means that no driver
//! is loaded, which says nothing about error correction, so it is an absence.

use descriptors::fact::memory::{Ecc, Hugepages, MemoryFact, NumaNode};
use descriptors::fact::{AbsenceReason, Fact, Reading};

use super::{Context, Source, kibibytes, number, numbered};
use crate::root::Root;

const MEMINFO: &str = "/proc/meminfo";
const EDAC: &str = "/sys/devices/system/edac/mc";
const HUGEPAGES: &str = "/sys/kernel/mm/hugepages";
const NODES: &str = "/sys/devices/system/node";

/// See the module.
pub struct Memory;

impl Source for Memory {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn read(&self, context: &Context) -> Reading<Fact> {
        Reading::Present(parse(fetch(&context.root)).into())
    }
}

/// Raw texts, each with the number or name of the directory it was found in.
struct Raw {
    meminfo: Reading<String>,
    controllers: Reading<Vec<Reading<String>>>,
    hugepages: Reading<Vec<(String, Reading<String>)>>,
    nodes: Reading<Vec<RawNode>>,
}

struct RawNode {
    id: u32,
    meminfo: Reading<String>,
    cpus: Reading<String>,
}

fn fetch(root: &Root) -> Raw {
    let controllers = root.list(EDAC).map(|names| {
        let controllers = names.iter().filter(|name| numbered(name, "mc").is_some());
        controllers.map(|name| root.line(&format!("{EDAC}/{name}/mc_name"))).collect()
    });
    let hugepages = root.list(HUGEPAGES).map(|names| {
        let pool = |name: String| {
            let pages = root.line(&format!("{HUGEPAGES}/{name}/nr_hugepages"));
            (name, pages)
        };
        names.into_iter().map(pool).collect()
    });
    let nodes = root.list(NODES).map(|names| {
        let node = |id| RawNode {
            id,
            meminfo: root.text(&format!("{NODES}/node{id}/meminfo")),
            cpus: root.line(&format!("{NODES}/node{id}/cpulist")),
        };
        names.iter().filter_map(|name| numbered(name, "node")).map(node).collect()
    });
    Raw { meminfo: root.text(MEMINFO), controllers, hugepages, nodes }
}

fn parse(raw: Raw) -> MemoryFact {
    MemoryFact {
        total_bytes: kibibytes(MEMINFO, raw.meminfo, "MemTotal:"),
        ecc: raw.controllers.and_then(ecc),
        hugepages: raw.hugepages.and_then(hugepages),
        numa: raw.nodes.and_then(numa),
    }
}

fn ecc(controllers: Vec<Reading<String>>) -> Reading<Ecc> {
    let count = u32::try_from(controllers.len()).unwrap_or(u32::MAX);
    match controllers.into_iter().next() {
        Some(controller_name) => Reading::Present(Ecc { controllers: count, controller_name }),
        None => Reading::absent(AbsenceReason::NotPresent, format!("{EDAC}: no driver")),
    }
}

/// One pool that cannot be read makes the list absent: a list with a hole would look complete.
fn hugepages(pools: Vec<(String, Reading<String>)>) -> Reading<Vec<Hugepages>> {
    let mut list = Vec::with_capacity(pools.len());
    for (name, pages) in pools {
        let place = format!("{HUGEPAGES}/{name}");
        let digits = name.strip_prefix("hugepages-").and_then(|rest| rest.strip_suffix("kB")).unwrap_or_default();
        let size = number::<u64>(&place, Reading::Present(digits.to_owned()));
        match (size, number(&place, pages)) {
            (Reading::Present(kibibytes), Reading::Present(pages)) => {
                list.push(Hugepages { page_bytes: kibibytes.saturating_mul(1024), pages });
            }
            (Reading::Absent(absence), _) | (_, Reading::Absent(absence)) => return Reading::Absent(absence),
        }
    }
    list.sort_unstable_by_key(|pool| pool.page_bytes);
    Reading::Present(list)
}

fn numa(mut nodes: Vec<RawNode>) -> Reading<Vec<NumaNode>> {
    if nodes.is_empty() {
        return Reading::absent(AbsenceReason::NotPresent, format!("{NODES}: no node"));
    }
    nodes.sort_unstable_by_key(|node| node.id);
    let node = |raw: RawNode| NumaNode {
        id: raw.id,
        total_bytes: kibibytes(&format!("{NODES}/node{}/meminfo", raw.id), raw.meminfo, "MemTotal:"),
        cpus: raw.cpus,
    };
    Reading::Present(nodes.into_iter().map(node).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_edac_driver_is_no_statement_about_error_correction() {
        let absence = ecc(Vec::new());
        assert_eq!(absence.absence().map(|absence| absence.reason), Some(AbsenceReason::NotPresent));
        let two = ecc(vec![Reading::Present("F19h".to_owned()), Reading::Present("F19h".to_owned())]);
        assert_eq!(two, Reading::Present(Ecc { controllers: 2, controller_name: Reading::Present("F19h".to_owned()) }));
    }

    #[test]
    fn a_pool_that_cannot_be_read_makes_the_list_absent() {
        let pool = |name: &str, pages: &str| (name.to_owned(), Reading::Present(pages.to_owned()));
        let sizes = hugepages(vec![pool("hugepages-1048576kB", "4"), pool("hugepages-2048kB", "0")]);
        let expect = [(2 << 20, 0), (1 << 30, 4)].map(|(page_bytes, pages)| Hugepages { page_bytes, pages });
        assert_eq!(sizes, Reading::Present(expect.to_vec()));
        for bad in [pool("hugepages-2048kB", "many"), pool("hugepages-xkB", "1"), pool("other", "1")] {
            assert!(hugepages(vec![pool("hugepages-1048576kB", "4"), bad]).absence().is_some());
        }
    }
}
