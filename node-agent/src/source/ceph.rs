//! A Ceph cluster, from its monitors, with a key that can only read.
//!
//! The monitors are asked by a program of its own, `avow-source-ceph`, which is killed when it is late: a client of Ceph
//! waits for ever for a monitor that does not answer, and its code stays out of the agent. That program prints the raw
//! answers as JSON ([`Answers`]); what they mean is decided here. Only monitors are asked, never the manager, which may
//! overwrite the host names that daemons observed with those that the CRUSH map claims. A capture holds the same JSON in
//! `/avow/ceph.json`.
//!
//! The key needs `mon 'allow r'` and nothing else; make it with `ceph auth get-or-create client.avow mon 'allow r'`. Give it
//! to two nodes or three: each reports the whole cluster, and what several of them read alike is corroborated. A node
//! without the configuration or the key says `not_present`, and no program is started.
//!
//! Whoever controls the monitors can at most make this fact false; whoever is root where an OSD runs can falsify the host name,
//! the device and the version of that OSD. Lists that would not leave room for the rest of a report are absent.

mod daemons;
mod data;
mod placement;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use descriptors::fact::ceph::CephFact;
use descriptors::fact::{AbsenceReason, Fact, Reading};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Context, Source};
use crate::config;
use crate::reader::{self, Reader};

/// Name of the program that asks Ceph.
pub const READER: &str = "avow-source-ceph";

/// What the monitors are asked, as command lines of `ceph`.
pub const COMMANDS: [&str; 10] = [
    "df",
    "health",
    "mon metadata",
    "osd crush rule dump",
    ERASURE_PROFILES,
    "osd metadata",
    "osd pool ls detail",
    "osd tree",
    "quorum_status",
    "versions",
];

/// Lists the erasure codes.
pub const ERASURE_PROFILES: &str = "osd erasure-code-profile ls";

/// Followed by the name of an erasure code, gives its settings.
pub const ERASURE_PROFILE: &str = "osd erasure-code-profile get";

/// Most erasure codes that are asked for.
pub const ERASURE_PROFILES_MAX: usize = 64;

/// The port that monitors listen on unless they are told another.
const PORT: u16 = 3300;

/// Where a capture holds the answers.
const CAPTURED: &str = "/avow/ceph.json";

/// Room for the metadata of some thousand OSDs.
const ANSWERS_BYTES_MAX: usize = 16 << 20;

/// Most bytes of the list of OSDs in a report, which is a quarter of a report: about 600 OSDs.
const OSDS_BYTES_MAX: usize = 200 << 10;

/// Most bytes of any other list in a report.
const LIST_BYTES_MAX: usize = 24 << 10;

/// What the monitors said, or why they could not be asked. Written by the reader, and kept in captures.
pub type Answer = Reading<Answers>;

/// Raw answers of one cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answers {
    /// What each command gave, as JSON text.
    pub commands: BTreeMap<String, Reading<String>>,
}

/// See the module.
pub struct Ceph;

impl Source for Ceph {
    fn name(&self) -> &'static str {
        "ceph"
    }

    fn programs(&self, settings: &config::Sources) -> Vec<PathBuf> {
        reader::program(READER, settings.ceph_reader.as_deref()).into_iter().collect()
    }

    fn files(&self, settings: &config::Sources) -> Vec<PathBuf> {
        let files = [&settings.ceph_conf, &settings.ceph_keyring];
        files.into_iter().filter(|file| file.exists()).cloned().collect()
    }

    fn ports(&self, settings: &config::Sources) -> Vec<u16> {
        if !settings.ceph_keyring.exists() {
            return Vec::new();
        }
        // Whatever is wrong with the file is said when it is used.
        std::fs::read_to_string(&settings.ceph_conf).map(|conf| monitor_ports(&conf)).unwrap_or_default()
    }

    fn read(&self, context: &Context) -> Reading<Fact> {
        let (place, bytes) = fetch(context);
        bytes.and_then(|bytes| parse(&place, &bytes)).map(Fact::from)
    }
}

/// The reader's answer as JSON, and the place it is from.
fn fetch(context: &Context) -> (String, Reading<Vec<u8>>) {
    if !context.root.is_live() {
        return (CAPTURED.to_owned(), context.root.bytes(CAPTURED, ANSWERS_BYTES_MAX));
    }
    let config::Sources { ceph_conf, ceph_name, ceph_keyring, ceph_reader, .. } = &context.settings;
    let (Some(conf), Some(keyring)) = (ceph_conf.to_str(), ceph_keyring.to_str()) else {
        return (READER.to_owned(), Reading::absent(AbsenceReason::NotSupported, "a path that is not UTF-8"));
    };
    // Most nodes have neither; a process each round to find that out would be waste.
    for path in [conf, keyring] {
        if !context.root.exists(path) {
            return (READER.to_owned(), Reading::absent(AbsenceReason::NotPresent, path));
        }
    }
    let reader = Reader {
        name: READER,
        path: ceph_reader.as_deref(),
        setting: "ceph_reader",
        library: "the C library it was built for",
        output_bytes_max: ANSWERS_BYTES_MAX,
        deadline: context.settings.deadline(),
    };
    // The reader gives up first, so that it can still tell what it has.
    let deadline_ms = (context.settings.deadline().as_millis() * 4 / 5).to_string();
    reader.ask(&[conf, ceph_name.as_str(), keyring, &deadline_ms])
}

/// Ports of monitors: theirs by default, and those that `mon_host` names: `[v2:192.0.2.1:3301,v1:192.0.2.1:6790]`.
fn monitor_ports(conf: &str) -> Vec<u16> {
    let settings = conf.lines().filter_map(|line| line.split_once('='));
    let hosts = settings.filter(|(key, _)| key.trim().replace(' ', "_") == "mon_host").map(|(_, hosts)| hosts);
    let addresses = hosts.flat_map(|hosts| hosts.split([',', ' ', '\t', '[', ']']));
    let named = addresses.filter_map(|address| {
        let address = address.strip_prefix("v2:").or(address.strip_prefix("v1:")).unwrap_or(address);
        let (host, port) = address.split('/').next()?.rsplit_once(':')?;
        // What has more of them is an address of IPv6 without its port.
        if host.contains(':') { None } else { port.parse().ok() }
    });
    named.chain([PORT]).collect::<BTreeSet<u16>>().into_iter().collect()
}

fn parse(place: &str, bytes: &[u8]) -> Reading<CephFact> {
    match serde_json::from_slice::<Answer>(bytes) {
        Ok(answer) => answer.map(|answers| fact(&answers)),
        Err(error) => super::malformed(place, &error.to_string()),
    }
}

fn fact(answers: &Answers) -> CephFact {
    let quorum = answers.read("quorum_status");
    let placement = placement::read(answers);
    CephFact {
        fsid: daemons::fsid(&quorum),
        health: super::bounded("health", LIST_BYTES_MAX, daemons::health(answers)),
        versions: super::bounded("versions", LIST_BYTES_MAX, daemons::versions(answers)),
        monitors: super::bounded("mon metadata", LIST_BYTES_MAX, daemons::monitors(answers, &quorum)),
        stretch_mode: daemons::stretch_mode(&quorum),
        buckets: super::bounded("osd tree", LIST_BYTES_MAX, placement.buckets),
        osds: super::bounded("osd tree", OSDS_BYTES_MAX, placement.osds),
        disagreements: super::bounded("osd metadata", LIST_BYTES_MAX, placement.disagreements),
        rules: super::bounded("osd crush rule dump", LIST_BYTES_MAX, data::rules(answers)),
        pools: super::bounded("osd pool ls detail", LIST_BYTES_MAX, data::pools(answers)),
        erasure_profiles: super::bounded(ERASURE_PROFILE, LIST_BYTES_MAX, data::erasure_profiles(answers)),
        capacity: data::capacity(answers),
    }
}

impl Answers {
    /// What a command gave, in the shape that is expected of it.
    fn read<T: DeserializeOwned>(&self, command: &str) -> Reading<T> {
        match self.commands.get(command) {
            None => Reading::absent(AbsenceReason::NotPresent, format!("{command}: not asked")),
            Some(Reading::Absent(absence)) => Reading::Absent(absence.clone()),
            Some(Reading::Present(text)) => match serde_json::from_str(text) {
                Ok(value) => Reading::Present(value),
                Err(error) => super::malformed(command, &error.to_string()),
            },
        }
    }
}

/// A text of a daemon's metadata; an empty one is absent.
fn told(place: &str, texts: &BTreeMap<String, serde_json::Value>, key: &str) -> Reading<String> {
    match texts.get(key).and_then(serde_json::Value::as_str) {
        None | Some("") => Reading::absent(AbsenceReason::NotPresent, format!("{place}: {key}")),
        Some(text) => Reading::Present(text.to_owned()),
    }
}

/// `16.2.15` of `ceph version 16.2.15 (618f44…) pacific (stable)`; another text stays as it is.
fn version(text: &str) -> String {
    text.strip_prefix("ceph version ").and_then(|rest| rest.split(' ').next()).unwrap_or(text).to_owned()
}

/// Whether an operator's paths are those of a cluster; used by the reader to say which file it could not open.
pub fn readable(path: &Path) -> Reading<()> {
    match std::fs::File::open(path) {
        Ok(_) => Reading::Present(()),
        Err(error) => {
            let reason = match error.kind() {
                std::io::ErrorKind::NotFound => AbsenceReason::NotPresent,
                std::io::ErrorKind::PermissionDenied => AbsenceReason::NotPermitted,
                _ => AbsenceReason::NotSupported,
            };
            Reading::absent(reason, format!("{}: {error}", path.display()))
        }
    }
}

#[cfg(test)]
mod tests;
