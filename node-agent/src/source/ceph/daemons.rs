//! Who runs the cluster: monitors, versions, and whether it calls itself well.

use std::collections::BTreeMap;

use descriptors::fact::ceph::{Health, Monitor, RunningVersion};
use descriptors::fact::{AbsenceReason, Reading};
use serde::Deserialize;

use super::{Answers, told, version};

/// The part of `quorum_status` that is used.
#[derive(Debug, Deserialize)]
pub(super) struct Quorum {
    quorum_names: Vec<String>,
    monmap: MonitorMap,
}

#[derive(Debug, Deserialize)]
struct MonitorMap {
    fsid: String,
    stretch_mode: Option<bool>,
    mons: Vec<MapEntry>,
}

#[derive(Debug, Deserialize)]
struct MapEntry {
    name: String,
    /// `{datacenter=az-1}`; `{}` without stretch mode, and missing before it was invented.
    crush_location: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Metadata {
    name: String,
    #[serde(flatten)]
    texts: BTreeMap<String, serde_json::Value>,
}

#[derive(Debug, Deserialize)]
struct HealthAnswer {
    status: String,
    checks: BTreeMap<String, Check>,
}

#[derive(Debug, Deserialize)]
struct Check {
    #[serde(default)]
    muted: bool,
}

pub(super) fn fsid(quorum: &Reading<Quorum>) -> Reading<String> {
    of(quorum, |quorum| Reading::Present(quorum.monmap.fsid.clone()))
}

pub(super) fn stretch_mode(quorum: &Reading<Quorum>) -> Reading<bool> {
    of(quorum, |quorum| match quorum.monmap.stretch_mode {
        Some(stretch_mode) => Reading::Present(stretch_mode),
        None => Reading::absent(AbsenceReason::NotPresent, "quorum_status: stretch_mode"),
    })
}

fn of<T>(quorum: &Reading<Quorum>, part: impl FnOnce(&Quorum) -> Reading<T>) -> Reading<T> {
    match quorum {
        Reading::Present(quorum) => part(quorum),
        Reading::Absent(absence) => Reading::Absent(absence.clone()),
    }
}

pub(super) fn monitors(answers: &Answers, quorum: &Reading<Quorum>) -> Reading<Vec<Monitor>> {
    let metadata = answers
        .read::<Vec<Metadata>>("mon metadata")
        .map(|daemons| daemons.into_iter().map(|daemon| (daemon.name, daemon.texts)).collect::<BTreeMap<_, _>>());
    of(quorum, |quorum| {
        let mut monitors: Vec<Monitor> =
            quorum.monmap.mons.iter().map(|entry| monitor(entry, quorum, &metadata)).collect();
        monitors.sort_by(|a, b| a.name.cmp(&b.name));
        Reading::Present(monitors)
    })
}

type AllMetadata = BTreeMap<String, BTreeMap<String, serde_json::Value>>;

fn monitor(entry: &MapEntry, quorum: &Quorum, metadata: &Reading<AllMetadata>) -> Monitor {
    let place = format!("mon.{}", entry.name);
    let of = |key: &str| match metadata {
        Reading::Absent(absence) => Reading::Absent(absence.clone()),
        Reading::Present(daemons) => match daemons.get(&entry.name) {
            Some(texts) => told(&place, texts, key),
            None => Reading::absent(AbsenceReason::NotPresent, format!("{place}: no metadata")),
        },
    };
    let location = entry.crush_location.as_deref().map(|text| text.trim_matches(['{', '}'])).unwrap_or_default();
    Monitor {
        in_quorum: quorum.quorum_names.contains(&entry.name),
        claimed_location: match location {
            "" => Reading::absent(AbsenceReason::NotPresent, format!("{place}: crush_location")),
            location => Reading::Present(location.to_owned()),
        },
        hostname: of("hostname"),
        version: of("ceph_version").map(|text| version(&text)),
        name: entry.name.clone(),
    }
}

pub(super) fn versions(answers: &Answers) -> Reading<Vec<RunningVersion>> {
    answers.read::<BTreeMap<String, BTreeMap<String, u32>>>("versions").map(|kinds| {
        let mut running = BTreeMap::<(String, String), u32>::new();
        for (daemon, versions) in kinds {
            // The sum of the others.
            if daemon == "overall" {
                continue;
            }
            for (text, count) in versions {
                let daemons = running.entry((daemon.clone(), version(&text))).or_default();
                *daemons = daemons.saturating_add(count);
            }
        }
        let running = running.into_iter();
        running.map(|((daemon, version), daemons)| RunningVersion { daemon, version, daemons }).collect()
    })
}

pub(super) fn health(answers: &Answers) -> Reading<Health> {
    answers.read::<HealthAnswer>("health").map(|health| {
        let (muted, failing): (Vec<_>, Vec<_>) = health.checks.into_iter().partition(|(_, check)| check.muted);
        let names = |checks: Vec<(String, Check)>| checks.into_iter().map(|(name, _)| name).collect();
        Health { status: health.status, checks: names(failing), muted: names(muted) }
    })
}
