//! Control groups of services and containers, and the processes in them.
//!
//! Names of groups end in what they are: `.slice` holds others, `.service` is systemd's, `.scope` a container's. Only what
//! the catalogue names is looked into, and of containers so many as a node of a cloud has; how many were left out is said.
//!
//! Whoever may make control groups, which is root and whom root lets, can invent services.

use descriptors::fact::services::Container;
use descriptors::fact::{AbsenceReason, Reading};

use super::catalogue::{self, Kind};
use crate::root::Root;

/// Where the tree of systemd is: with version 2 of control groups alone, or beside version 1.
const TREES: [&str; 3] = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified", "/sys/fs/cgroup/systemd"];

/// Groups below the root that hold services or containers; those of people are left out.
const TOPS: [&str; 5] = ["docker", "kubepods", "kubepods.slice", "machine.slice", "system.slice"];

/// Groups that hold groups, at most: a slice for each guest of a cluster, and its containers below.
const SLICES_MAX: usize = 1024;

/// How deep they lie within each other.
const DEPTH_MAX: usize = 6;

/// Units that are looked into; a storage host has an OSD for each of its disks.
const UNITS_MAX: usize = 512;

/// Containers that are looked into.
const CONTAINERS_MAX: usize = 128;

/// Processes of a group that are looked at: behind an init of a container's own the service is the second or third.
const PROCESSES_MAX: usize = 4;

/// What control groups there are.
pub(super) struct Groups {
    pub(super) units: Vec<Unit>,
    pub(super) containers: Vec<Examined>,
    pub(super) containers_not_examined: u32,
}

/// A unit of the catalogue.
pub(super) struct Unit {
    pub(super) kind: &'static Kind,
    pub(super) name: String,
    pub(super) processes: Reading<Vec<Stat>>,
}

/// A container, whatever it is for.
pub(super) struct Examined {
    pub(super) container: Container,
    pub(super) processes: Reading<Vec<Stat>>,
}

/// A process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stat {
    pub(super) name: String,
    /// Since the boot.
    pub(super) started_ticks: u64,
}

/// Reads the groups of a node that systemd runs.
pub(super) fn fetch(root: &Root) -> Reading<Groups> {
    let Some(tree) = TREES.iter().find(|tree| root.exists(&format!("{tree}/system.slice"))) else {
        return Reading::absent(AbsenceReason::NotPresent, format!("{}: no system.slice", TREES[0]));
    };
    let mut groups = Groups { units: Vec::new(), containers: Vec::new(), containers_not_examined: 0 };
    let mut waiting: Vec<(String, usize)> = TOPS.iter().rev().map(|top| (format!("{tree}/{top}"), 0)).collect();
    let mut seen = 0;
    while let Some((slice, depth)) = waiting.pop() {
        seen += 1;
        if seen > SLICES_MAX {
            return Reading::absent(AbsenceReason::Malformed, format!("{tree}: more than {SLICES_MAX} slices"));
        }
        let names = match root.list(&slice) {
            Reading::Present(names) => names,
            // It ended meanwhile, or never was.
            Reading::Absent(absence) if absence.reason == AbsenceReason::NotPresent => continue,
            Reading::Absent(absence) => return Reading::Absent(absence),
        };
        for name in names {
            let path = format!("{slice}/{name}");
            let holds_groups = name.ends_with(".slice") || slice.contains("/kubepods/") || name.starts_with("pod");
            if let Some(container) = container(&slice, &name) {
                groups.examine(root, container, &path);
            } else if let Some(kind) = catalogue::by_unit(&name) {
                if groups.units.len() == UNITS_MAX {
                    return Reading::absent(
                        AbsenceReason::Malformed,
                        format!("{tree}: more than {UNITS_MAX} services"),
                    );
                }
                groups.units.push(Unit { kind, processes: unit_processes(root, &path), name });
            } else if holds_groups && !name.contains("cgroup.") && depth < DEPTH_MAX {
                waiting.push((path, depth + 1));
            }
        }
    }
    Reading::Present(groups)
}

impl Groups {
    fn examine(&mut self, root: &Root, container: Container, path: &str) {
        if self.containers.len() == CONTAINERS_MAX {
            self.containers_not_examined = self.containers_not_examined.saturating_add(1);
        } else {
            self.containers.push(Examined { container, processes: processes(root, path) });
        }
    }
}

/// The container of a group, by the names that runtimes give: `docker-<id>.scope`, `libpod-<id>.scope`,
/// `crio-<id>.scope`, `cri-containerd-<id>.scope`; without systemd the bare id.
fn container(parent: &str, name: &str) -> Option<Container> {
    const RUNTIMES: [(&str, &str); 4] =
        [("docker-", "docker"), ("libpod-", "podman"), ("crio-", "cri-o"), ("cri-containerd-", "containerd")];
    let scoped = name
        .strip_suffix(".scope")
        .and_then(|stem| RUNTIMES.iter().find_map(|(prefix, runtime)| Some((*runtime, stem.strip_prefix(prefix)?))));
    let bare = || match parent {
        parent if parent.ends_with("/docker") => Some(("docker", name)),
        parent if parent.contains("/kubepods") => Some(("containerd", name)),
        _ => None,
    };
    let (runtime, id) = scoped.or_else(bare)?;
    let whole = id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    whole.then(|| Container { runtime: runtime.to_owned(), id: id[..12].to_owned() })
}

/// The processes of a unit; where podman runs it, they are in a group of the unit's own.
fn unit_processes(root: &Root, path: &str) -> Reading<Vec<Stat>> {
    let own = processes(root, path);
    if own.present().is_some_and(|stats| !stats.is_empty()) {
        return own;
    }
    let payload = root.list(path).map(|names| names.into_iter().find(|name| name.starts_with("libpod-payload-")));
    match payload.present() {
        Some(Some(payload)) => processes(root, &format!("{path}/{payload}")),
        _ => own,
    }
}

/// The first processes of a group. One that ended meanwhile is left out.
fn processes(root: &Root, path: &str) -> Reading<Vec<Stat>> {
    root.head(&format!("{path}/cgroup.procs"), 4096).map(|pids| {
        let pids = pids.lines().filter_map(|pid| pid.parse::<u32>().ok()).filter(|pid| *pid > 0);
        let stats = pids.take(PROCESSES_MAX).map(|pid| root.text(&format!("/proc/{pid}/stat")));
        stats.filter_map(|text| stat(text.present()?)).collect()
    })
}

/// Name and start of `pid (name) state …`, where start is the twenty-second field (`proc_pid_stat(5)`). The name may hold
/// blanks and parentheses.
fn stat(text: &str) -> Option<Stat> {
    let (start, rest) = text.rsplit_once(')')?;
    let (_, name) = start.split_once('(')?;
    let started_ticks = rest.split_ascii_whitespace().nth(19)?.parse().ok()?;
    Some(Stat { name: name.to_owned(), started_ticks })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_process_may_be_called_anything() {
        let line = |name: &str| format!("812 ({name}) S 1 812 812 0 -1 4194560 1 0 0 0 1 2 0 0 20 0 1 0 4711 1 2 3");
        for name in ["chronyd", "a b", "a) S 1 (b", ""] {
            assert_eq!(stat(&line(name)), Some(Stat { name: name.to_owned(), started_ticks: 4711 }), "{name}");
        }
        for bad in ["", "812", "812 (chronyd", "812 (chronyd) S 1", "812 chronyd) S"] {
            assert_eq!(stat(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_container_is_known_by_the_name_of_its_group() {
        let id = "0123456789abcdef".repeat(4);
        let check = |parent: &str, name: &str, expect: Option<&str>| {
            let found = container(parent, name);
            assert_eq!(found.as_ref().map(|it| it.runtime.as_str()), expect, "{parent} {name}");
            assert!(found.is_none_or(|it| it.id == "0123456789ab"));
        };
        check("/x/system.slice", &format!("docker-{id}.scope"), Some("docker"));
        check("/x/machine.slice", &format!("libpod-{id}.scope"), Some("podman"));
        check("/x/machine.slice", &format!("libpod-conmon-{id}.scope"), None);
        check("/x/kubepods.slice", &format!("crio-{id}.scope"), Some("cri-o"));
        check("/x/kubepods.slice", &format!("cri-containerd-{id}.scope"), Some("containerd"));
        check("/x/docker", &id, Some("docker"));
        check("/x/kubepods/besteffort/pod1", &id, Some("containerd"));
        check("/x/system.slice", &id, None);
        check("/x/docker", &format!("{}é", &id[..62]), None);
        check("/x/docker", "cgroup.procs", None);
    }

    proptest! {
        #[test]
        fn any_text_is_a_process_or_none(text in ".{0,80}", start in any::<u64>()) {
            let _ = stat(&text);
            let line = format!("1 ({text}) S{} {start} 0", " 0".repeat(18));
            prop_assert_eq!(stat(&line), Some(Stat { name: text, started_ticks: start }));
        }
    }
}
