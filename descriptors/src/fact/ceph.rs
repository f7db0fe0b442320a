//! A Ceph cluster, as its monitors tell it.
//!
//! Two kinds of words are kept apart. Where an OSD *stands* in the CRUSH map is a **claim**: an administrator wrote it. On
//! which machine it *runs* is an **observation**: its daemon told the monitors when it started. [`CephFact::disagreements`]
//! lists where the two differ. What the manager says is not here: it may overwrite the one with the other.
//!
//! This is inventory: of what changes while a cluster works there is only a bound of its use.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Reading;

/// What the monitors of a cluster say. Every node with a key reports the whole cluster, so that equal facts of two nodes
/// corroborate each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CephFact {
    /// Identity of the cluster, a UUID.
    pub fsid: Reading<String>,
    /// Whether it calls itself well.
    pub health: Reading<Health>,
    /// Versions that run, sorted by kind of daemon and version.
    pub versions: Reading<Vec<RunningVersion>>,
    /// Monitors of the map, sorted by name.
    pub monitors: Reading<Vec<Monitor>>,
    /// Whether the monitors count in stretch mode: two sites and a tiebreaker.
    pub stretch_mode: Reading<bool>,
    /// The claimed places, sorted by name: every CRUSH bucket with the bucket that holds it.
    pub buckets: Reading<Vec<Bucket>>,
    /// Object storage daemons, sorted by number.
    pub osds: Reading<Vec<Osd>>,
    /// OSDs whose claimed host is not the one that they run on, sorted; empty where all agree. OSDs of which either is
    /// unknown are in no list.
    pub disagreements: Reading<Vec<Disagreement>>,
    /// How copies are spread, sorted by number.
    pub rules: Reading<Vec<Rule>>,
    /// Pools, sorted by number.
    pub pools: Reading<Vec<Pool>>,
    /// Erasure codes of the pools above, sorted by name: their settings, such as `k`, `m`, `crush-failure-domain`.
    pub erasure_profiles: Reading<BTreeMap<String, BTreeMap<String, String>>>,
    /// Room.
    pub capacity: Reading<Capacity>,
}

/// Whether a cluster calls itself well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Health {
    /// `HEALTH_OK`, `HEALTH_WARN`, `HEALTH_ERR`.
    pub status: String,
    /// Names of the checks that fail, sorted: `OSD_DOWN`. Their texts change all the time and are left out.
    pub checks: Vec<String>,
    /// Names of checks that were muted, sorted.
    pub muted: Vec<String>,
}

/// How many daemons of one kind run one version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunningVersion {
    /// `mon`, `mgr`, `osd`, `mds`, `rgw`.
    pub daemon: String,
    /// `16.2.15`.
    pub version: String,
    /// How many.
    pub daemons: u32,
}

/// One monitor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Monitor {
    /// Name.
    pub name: String,
    /// Whether it is in the quorum that answered.
    pub in_quorum: bool,
    /// Claimed place, only set in stretch mode: `datacenter=az-1`.
    pub claimed_location: Reading<String>,
    /// Observed: the host name that its daemon found.
    pub hostname: Reading<String>,
    /// Version that it runs.
    pub version: Reading<String>,
}

/// One place of the CRUSH map. Claimed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bucket {
    /// Name, unique in the map.
    pub name: String,
    /// `root`, `region`, `datacenter`, `room`, `rack`, `host`, or a kind of the cluster's own.
    pub kind: String,
    /// Names of the buckets that hold it, sorted: none for a root, as a rule one.
    pub parents: Vec<String>,
}

/// One object storage daemon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Osd {
    /// Number: 3 for `osd.3`.
    pub id: u32,
    /// Claimed: names of the buckets that hold it, sorted; as a rule one host, none where it has no place.
    pub parents: Vec<String>,
    /// Whether it runs.
    pub up: bool,
    /// Whether data are placed on it.
    #[serde(rename = "in")]
    pub is_in: bool,
    /// `hdd`, `ssd`, `nvme`, or a class of the cluster's own; an administrator may set it.
    pub device_class: Reading<String>,
    /// Observed: the host name that its daemon found when it last started.
    pub hostname: Reading<String>,
    /// Observed: the kind of store, `bluestore`.
    pub objectstore: Reading<String>,
    /// Observed: the device of its data as its host names it, `/dev/dm-3`. The host's own facts say what lies below.
    pub device: Reading<String>,
    /// Observed: whether it says that its device is encrypted. Most versions of Ceph do not tell.
    pub encrypted: Reading<bool>,
    /// Observed: version.
    pub version: Reading<String>,
}

/// OSDs that are claimed to stand on one host and run on another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disagreement {
    /// The CRUSH bucket of kind `host`.
    pub claimed_host: String,
    /// The places that this bucket is claimed to be in, innermost first: `rack=r1`, `datacenter=az-1`.
    pub claimed_location: Vec<String>,
    /// The host name that their daemons found.
    pub observed_hostname: String,
    /// Their numbers, sorted.
    pub osds: Vec<u32>,
}

/// How copies are spread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Number.
    pub id: u32,
    /// Name.
    pub name: String,
    /// What is done in order: `take default~hdd`, `chooseleaf_firstn 0 datacenter`, `emit`.
    pub steps: Vec<String>,
    /// The kind of bucket of which no two copies share one; absent where the rule takes more than once, because then
    /// copies of one part can share a bucket with those of another.
    pub failure_domain: Reading<String>,
}

/// One pool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pool {
    /// Number.
    pub id: u64,
    /// Name.
    pub name: String,
    /// `replicated` or `erasure`.
    pub kind: Reading<String>,
    /// Copies, or chunks of an erasure code.
    pub size: u32,
    /// With fewer it takes no writes.
    pub min_size: u32,
    /// Number of its rule.
    pub rule: u32,
    /// Name of its erasure code; empty where it keeps copies.
    pub erasure_profile: String,
    /// What it is for, sorted: `rbd`, `cephfs`, `rgw`.
    pub applications: Vec<String>,
    /// Flags, sorted: `hashpspool`, `nodelete`.
    pub flags: Vec<String>,
}

/// Room of a cluster, before copies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Capacity {
    /// All devices together, in bytes.
    pub total_bytes: u64,
    /// A bound of what is used, in steps of ten so that it rarely changes: 30 says at most 30 %.
    pub used_percent_max: u8,
}
