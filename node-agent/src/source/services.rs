//! Services that other claims rest on: which of them run here, since when, of which package; and the resolvers in use.
//!
//! They are found by what systemd and container runtimes call their control groups, and by the names of the processes in
//! them. Arguments and environment are never read, nor any file of a container runtime: they keep passwords. So the image of
//! a container is not known here. Of a package it is known what is installed, which may be newer than what runs. A service
//! that neither systemd nor a container runtime started is not seen.
//!
//! No privilege. One directory, two small files a service, up to five a container; the package database is read again only
//! when it changed.

mod catalogue;
mod groups;
mod packages;

use std::sync::{Mutex, PoisonError};

use descriptors::fact::services::{Package, Place, Process, Service, ServicesFact};
use descriptors::fact::{AbsenceReason, Fact, Reading};

use self::catalogue::Kind;
use self::packages::Installed;
use super::{Context, Source};
use crate::root::Root;

const RESOLVERS: &str = "/etc/resolv.conf";
const RESOLVERS_UPSTREAM: &str = "/run/systemd/resolve/resolv.conf";

/// The C library asks three; a list longer than this is no configuration.
const RESOLVERS_MAX: usize = 16;

/// Where systemd-resolved listens.
const STUBS: [&str; 2] = ["127.0.0.53", "127.0.0.54"];

/// The kernel tells start times in hundredths of a second, whatever its own clock does (`USER_HZ`).
const TICKS_PER_SECOND: u64 = 100;

/// The one instance, which remembers the package database while it does not change.
pub static SERVICES: Services = Services { installed: Mutex::new(None) };

/// See the module.
pub struct Services {
    installed: Mutex<Option<Installed>>,
}

impl Source for Services {
    fn name(&self) -> &'static str {
        "services"
    }

    fn read(&self, context: &Context) -> Reading<Fact> {
        let root = &context.root;
        // What is kept is replaced as a whole, so that a panic while it was held left it sound.
        let mut installed = self.installed.lock().unwrap_or_else(PoisonError::into_inner);
        let packages = packages::installed(root, &mut installed);
        Reading::Present(parse(fetch(root), &packages).into())
    }
}

struct Raw {
    groups: Reading<groups::Groups>,
    resolvers: Reading<String>,
    resolvers_upstream: Reading<String>,
}

fn fetch(root: &Root) -> Raw {
    Raw {
        groups: groups::fetch(root),
        resolvers: root.text(RESOLVERS),
        resolvers_upstream: root.text(RESOLVERS_UPSTREAM),
    }
}

fn parse(raw: Raw, packages: &Reading<Vec<Package>>) -> ServicesFact {
    let resolvers = raw.resolvers.map(|text| resolvers(&text));
    let stub = resolvers.present().is_some_and(|list| list.iter().any(|server| STUBS.contains(&server.as_str())));
    ServicesFact {
        containers_not_examined: raw.groups.as_ref_map(|groups| groups.containers_not_examined),
        services: raw.groups.map(|groups| services(groups, packages)),
        resolvers_upstream: match stub {
            true => raw.resolvers_upstream.map(|text| self::resolvers(&text)),
            false => Reading::absent(AbsenceReason::NotPresent, format!("{RESOLVERS}: not systemd-resolved")),
        },
        resolvers,
    }
}

fn services(groups: groups::Groups, packages: &Reading<Vec<Package>>) -> Vec<Service> {
    let units = groups.units.into_iter().map(|unit| {
        let process = process(&unit.name, unit.kind, &unit.processes);
        let package = packages.clone().and_then(|packages| package(unit.kind, packages));
        Service { name: unit.kind.name.to_owned(), place: Place::Unit(unit.name), process, package }
    });
    let containers = groups.containers.into_iter().filter_map(|container| {
        let stats = container.processes.present()?;
        let kind = stats.iter().find_map(|stat| catalogue::by_process(&stat.name))?;
        Some(Service {
            name: kind.name.to_owned(),
            process: process(&container.container.id, kind, &container.processes),
            package: Reading::absent(AbsenceReason::NotSupported, "in a container"),
            place: Place::Container(container.container),
        })
    });
    let mut services: Vec<Service> = units.chain(containers).collect();
    services.sort_unstable_by(|a, b| (&a.name, &a.place).cmp(&(&b.name, &b.place)));
    services
}

/// The process that is called as the service is; else the one that started first.
fn process(place: &str, kind: &Kind, stats: &Reading<Vec<groups::Stat>>) -> Reading<Process> {
    stats.as_ref_map(Clone::clone).and_then(|mut stats| {
        stats.sort_by_key(|stat| (!kind.is_process(&stat.name), stat.started_ticks));
        match stats.into_iter().next() {
            Some(stat) => Reading::Present(Process {
                name: stat.name,
                started_seconds_after_boot: stat.started_ticks / TICKS_PER_SECOND,
            }),
            None => Reading::absent(AbsenceReason::NotPresent, format!("{place}: no process")),
        }
    })
}

fn package(kind: &Kind, packages: Vec<Package>) -> Reading<Package> {
    let mut named = kind.packages.iter().filter_map(|name| packages.iter().find(|package| package.name == *name));
    match named.next() {
        Some(package) => Reading::Present(package.clone()),
        None => {
            Reading::absent(AbsenceReason::NotPresent, format!("{}: none of {:?}", packages::STATUS, kind.packages))
        }
    }
}

/// The `nameserver` lines of `resolv.conf(5)`, in their order.
fn resolvers(text: &str) -> Vec<String> {
    let servers = text.lines().filter_map(|line| {
        let mut words = line.split_ascii_whitespace();
        (words.next() == Some("nameserver")).then(|| words.next()).flatten()
    });
    // An address, with the interface it is asked through where it is one of the link.
    let address = |server: &&str| server.split('%').next().is_some_and(|it| it.parse::<std::net::IpAddr>().is_ok());
    servers.filter(address).take(RESOLVERS_MAX).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests;
