//! Memory: `/proc/meminfo`, EDAC, hugepage pools and NUMA nodes.
//!
//! The total and the sum over NUMA nodes may disagree, because memory can come online late; both are reported. Cost:
//! three directories, three small files for each NUMA node, one for each pool and two for each memory module. No privilege. An empty `edac/mc` means that no driver
//! is loaded, which says nothing about error correction, so it is an absence.

use std::collections::BTreeSet;

use descriptors::fact::memory::{Ecc, Hugepages, MemoryFact, NumaNode};
use descriptors::fact::{AbsenceReason, Fact, Reading};

use super::{Context, Source, kibibytes, malformed, number, numbered};
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
    controllers: Reading<Vec<RawController>>,
    hugepages: RawPools,
    nodes: Reading<Vec<RawNode>>,
}

/// Pools by the names of their directories, with the number of pages in each.
type RawPools = Reading<Vec<(String, Reading<String>)>>;

struct RawController {
    name: Reading<String>,
    /// Kind of memory and of error correction, for each module.
    modules: Reading<Vec<(Reading<String>, Reading<String>)>>,
}

struct RawNode {
    id: u32,
    meminfo: Reading<String>,
    cpus: Reading<String>,
    distances: Reading<String>,
    hugepages: RawPools,
}

fn fetch(root: &Root) -> Raw {
    let controllers = root.list(EDAC).map(|names| {
        let controllers = names.iter().filter(|name| numbered(name, "mc").is_some());
        controllers.map(|name| fetch_controller(root, &format!("{EDAC}/{name}"))).collect()
    });
    let nodes = root.list(NODES).map(|names| {
        let node = |id| RawNode {
            id,
            meminfo: root.text(&format!("{NODES}/node{id}/meminfo")),
            cpus: root.line(&format!("{NODES}/node{id}/cpulist")),
            distances: root.line(&format!("{NODES}/node{id}/distance")),
            hugepages: fetch_pools(root, &format!("{NODES}/node{id}/hugepages")),
        };
        names.iter().filter_map(|name| numbered(name, "node")).map(node).collect()
    });
    Raw { meminfo: root.text(MEMINFO), controllers, hugepages: fetch_pools(root, HUGEPAGES), nodes }
}

/// Modules are called `dimm` where the driver knows them, and `rank` where it knows chip selects alone.
fn fetch_controller(root: &Root, directory: &str) -> RawController {
    let modules = root.list(directory).map(|names| {
        let modules = names.iter().filter(|name| ["dimm", "rank"].iter().any(|kind| numbered(name, kind).is_some()));
        let module = |name: &String| {
            let kind = root.line(&format!("{directory}/{name}/dimm_mem_type"));
            (kind, root.line(&format!("{directory}/{name}/dimm_edac_mode")))
        };
        modules.map(module).collect()
    });
    RawController { name: root.line(&format!("{directory}/mc_name")), modules }
}

fn fetch_pools(root: &Root, directory: &str) -> RawPools {
    root.list(directory).map(|names| {
        let pool = |name: String| {
            let pages = root.line(&format!("{directory}/{name}/nr_hugepages"));
            (name, pages)
        };
        names.into_iter().map(pool).collect()
    })
}

fn parse(raw: Raw) -> MemoryFact {
    MemoryFact {
        total_bytes: kibibytes(MEMINFO, raw.meminfo, "MemTotal:"),
        ecc: raw.controllers.and_then(ecc),
        hugepages: raw.hugepages.and_then(hugepages),
        numa: raw.nodes.and_then(numa),
    }
}

fn ecc(controllers: Vec<RawController>) -> Reading<Ecc> {
    let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let modules = modules(&controllers);
    let controllers_count = count(controllers.len());
    match controllers.into_iter().next() {
        Some(first) => Reading::Present(Ecc {
            controllers: controllers_count,
            controller_name: first.name,
            module_kinds: modules.clone().and_then(|modules| distinct(modules.into_iter().map(|(kind, _)| kind))),
            modes: modules.clone().and_then(|modules| distinct(modules.into_iter().map(|(_, mode)| mode))),
            modules: modules.map(|modules| count(modules.len())),
        }),
        None => Reading::absent(AbsenceReason::NotPresent, format!("{EDAC}: no driver")),
    }
}

/// The modules of all controllers; one controller that cannot be read would leave a hole.
fn modules(controllers: &[RawController]) -> Reading<Vec<(Reading<String>, Reading<String>)>> {
    let mut all = Vec::new();
    for controller in controllers {
        match &controller.modules {
            Reading::Present(modules) => all.extend_from_slice(modules),
            Reading::Absent(absence) => return Reading::Absent(absence.clone()),
        }
    }
    match all.is_empty() {
        true => Reading::absent(AbsenceReason::NotPresent, format!("{EDAC}: no module")),
        false => Reading::Present(all),
    }
}

/// The different texts, sorted.
fn distinct(texts: impl Iterator<Item = Reading<String>>) -> Reading<Vec<String>> {
    let mut all = BTreeSet::new();
    for text in texts {
        match text {
            Reading::Present(text) => all.insert(text),
            Reading::Absent(absence) => return Reading::Absent(absence),
        };
    }
    Reading::Present(all.into_iter().collect())
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
        distances: raw.distances.and_then(|text| distances(&format!("{NODES}/node{}/distance", raw.id), &text)),
        hugepages: raw.hugepages.and_then(hugepages),
    };
    Reading::Present(nodes.into_iter().map(node).collect())
}

/// `10 21`: the distance to each node that is online.
fn distances(place: &str, text: &str) -> Reading<Vec<u32>> {
    let distances: Result<Vec<u32>, _> = text.split_ascii_whitespace().map(str::parse).collect();
    distances.map_or_else(|_| malformed(place, text), Reading::Present)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(text: &str) -> Reading<String> {
        Reading::Present(text.to_owned())
    }

    #[test]
    fn no_edac_driver_is_no_statement_about_error_correction() {
        let absence = ecc(Vec::new());
        assert_eq!(absence.absence().map(|absence| absence.reason), Some(AbsenceReason::NotPresent));
        let controller = |modes: &[&str]| RawController {
            name: text("F19h"),
            modules: Reading::Present(modes.iter().map(|mode| (text("Registered-DDR4"), text(mode))).collect()),
        };
        let Reading::Present(two) = ecc(vec![controller(&["SECDED", "S4ECD4ED"]), controller(&["SECDED"])]) else {
            panic!("two controllers are there")
        };
        assert_eq!((two.controllers, two.modules), (2, Reading::Present(3)));
        assert_eq!(two.modes, Reading::Present(["S4ECD4ED", "SECDED"].map(str::to_owned).to_vec()));
        assert_eq!(two.module_kinds, Reading::Present(vec!["Registered-DDR4".to_owned()]));
    }

    #[test]
    fn a_controller_without_modules_says_nothing_of_them() {
        let Reading::Present(ecc) = ecc(vec![RawController { name: text("F19h"), modules: Reading::Present(vec![]) }])
        else {
            panic!("a controller is there")
        };
        assert!(ecc.modules.absence().is_some() && ecc.modes.absence().is_some());
    }

    #[test]
    fn distances_are_numbers() {
        assert_eq!(distances("/x", "10 21\n"), Reading::Present(vec![10, 21]));
        assert!(distances("/x", "10 far").absence().is_some());
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

    proptest! {
        #[test]
        fn any_text_is_distances_or_malformed(text in "([0-9]{0,11}|\\PC{0,2}| |\t|\n){0,8}") {
            match distances("/x", &text) {
                Reading::Present(found) => prop_assert_eq!(found.len(), text.split_ascii_whitespace().count()),
                Reading::Absent(absence) => prop_assert_eq!(absence.reason, AbsenceReason::Malformed),
            }
        }
    }
}
