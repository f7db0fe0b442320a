//! Services of a node that other claims rest on: which run, of which version, since when. Never their arguments or
//! environment, which may carry passwords.

use serde::{Deserialize, Serialize};

use super::Reading;

/// What runs on a node that matters to a claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServicesFact {
    /// The services, sorted by name and by what they run in.
    pub services: Reading<Vec<Service>>,
    /// Containers that were not looked into, because there are too many.
    pub containers_not_examined: Reading<u32>,
    /// Servers that names are resolved with, in the order in which they are asked (`resolv.conf`).
    pub resolvers: Reading<Vec<String>>,
    /// Servers that the local resolver asks in its turn, where `resolvers` is systemd-resolved's own address.
    pub resolvers_upstream: Reading<Vec<String>>,
}

/// One service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// What it is called here, whatever the distribution calls it: `nova-compute`, `ceph-osd`.
    pub name: String,
    /// What it runs in.
    pub place: Place,
    /// Its main process.
    pub process: Reading<Process>,
    /// The installed package that it is from. One that was upgraded may still run as it was.
    pub package: Reading<Package>,
}

/// What a service runs in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// A unit of systemd: `ceph-osd@3.service`.
    Unit(String),
    /// A container.
    Container(Container),
}

/// One container.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Container {
    /// What runs it: `docker`, `podman`, `cri-o`, `containerd`.
    pub runtime: String,
    /// The first twelve digits of its id. Its image is not known: runtimes keep it beside the environment.
    pub id: String,
}

/// One process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Process {
    /// Its name, of which the kernel keeps fifteen bytes.
    pub name: String,
    /// When it started, in seconds since the boot: unlike a time of day this never changes.
    pub started_seconds_after_boot: u64,
}

/// One package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its version, as the distribution counts.
    pub version: String,
}
