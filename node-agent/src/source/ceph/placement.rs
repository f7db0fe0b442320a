//! Where data are claimed to be, and where they are: the CRUSH map beside the metadata of OSDs.
//!
//! Both come from the monitors. The map is what an administrator wrote, the metadata is what each daemon found.

use std::collections::{BTreeMap, BTreeSet};

use descriptors::fact::ceph::{Bucket, Disagreement, Osd};
use descriptors::fact::{AbsenceReason, Reading};
use serde::Deserialize;

use super::{Answers, told, version};

/// Kind of the bucket that stands for a machine.
const HOST: &str = "host";

/// Most steps from a host to its root; a map has a dozen kinds of buckets, each above the other.
const LEVELS_MAX: usize = 64;

pub(super) struct Placement {
    pub(super) buckets: Reading<Vec<Bucket>>,
    pub(super) osds: Reading<Vec<Osd>>,
    pub(super) disagreements: Reading<Vec<Disagreement>>,
}

#[derive(Debug, Deserialize)]
struct Tree {
    nodes: Vec<TreeNode>,
    /// OSDs without a place.
    stray: Vec<TreeNode>,
}

/// A bucket, with a number below 0, or an OSD.
#[derive(Debug, Deserialize)]
struct TreeNode {
    id: i64,
    name: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    children: Vec<i64>,
    status: Option<String>,
    reweight: Option<f64>,
    device_class: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Metadata {
    id: u32,
    #[serde(flatten)]
    texts: Texts,
}

type Texts = BTreeMap<String, serde_json::Value>;

/// What holds each bucket and each OSD.
struct Map<'a> {
    buckets: BTreeMap<i64, &'a TreeNode>,
    parents: BTreeMap<i64, BTreeSet<i64>>,
}

pub(super) fn read(answers: &Answers) -> Placement {
    let metadata = answers.read::<Vec<Metadata>>("osd metadata");
    let metadata = metadata.map(|osds| osds.into_iter().map(|osd| (osd.id, osd.texts)).collect::<BTreeMap<_, _>>());
    let tree = match answers.read::<Tree>("osd tree") {
        Reading::Present(tree) => tree,
        Reading::Absent(absence) => {
            return Placement {
                buckets: Reading::Absent(absence.clone()),
                osds: Reading::Absent(absence.clone()),
                disagreements: Reading::Absent(absence),
            };
        }
    };
    let map = Map::of(&tree);
    let mut osds: BTreeMap<u32, Osd> = BTreeMap::new();
    for node in tree.nodes.iter().chain(&tree.stray) {
        if let Ok(id) = u32::try_from(node.id) {
            osds.insert(id, osd(id, node, &map, &metadata));
        }
    }
    let disagreements = match &metadata {
        Reading::Present(_) => Reading::Present(disagreements(&osds, &map)),
        Reading::Absent(absence) => Reading::Absent(absence.clone()),
    };
    let osds = Reading::Present(osds.into_values().collect());
    Placement { buckets: Reading::Present(map.buckets()), osds, disagreements }
}

impl<'a> Map<'a> {
    fn of(tree: &'a Tree) -> Self {
        let buckets: BTreeMap<i64, &TreeNode> =
            tree.nodes.iter().filter(|node| node.id < 0).map(|node| (node.id, node)).collect();
        let mut parents = BTreeMap::<i64, BTreeSet<i64>>::new();
        for bucket in buckets.values() {
            for child in &bucket.children {
                parents.entry(*child).or_default().insert(bucket.id);
            }
        }
        Self { buckets, parents }
    }

    /// The buckets that hold `child`, sorted by number.
    fn above(&self, child: i64) -> impl Iterator<Item = &'a TreeNode> {
        self.parents.get(&child).into_iter().flatten().filter_map(|parent| self.buckets.get(parent).copied())
    }

    fn names_above(&self, child: i64) -> Vec<String> {
        let mut names: Vec<String> = self.above(child).map(|bucket| bucket.name.clone()).collect();
        names.sort_unstable();
        names
    }

    fn buckets(&self) -> Vec<Bucket> {
        let mut buckets: Vec<Bucket> = self
            .buckets
            .values()
            .map(|node| Bucket { name: node.name.clone(), kind: node.kind.clone(), parents: self.names_above(node.id) })
            .collect();
        buckets.sort_unstable();
        buckets
    }

    /// `rack=r1`, `datacenter=az-1`, …: what holds a bucket, level by level. A map that holds itself ends at its bound.
    fn location(&self, bucket: i64) -> Vec<String> {
        let mut location = Vec::new();
        let mut level = BTreeSet::from([bucket]);
        for _ in 0..LEVELS_MAX {
            let above: BTreeMap<i64, &TreeNode> =
                level.iter().flat_map(|child| self.above(*child)).map(|bucket| (bucket.id, bucket)).collect();
            if above.is_empty() {
                break;
            }
            location.extend(above.values().map(|bucket| format!("{}={}", bucket.kind, bucket.name)));
            if location.len() > LEVELS_MAX {
                break;
            }
            level = above.into_keys().collect();
        }
        location
    }
}

fn osd(id: u32, node: &TreeNode, map: &Map<'_>, metadata: &Reading<BTreeMap<u32, Texts>>) -> Osd {
    let place = format!("osd.{id}");
    let texts = match metadata {
        Reading::Present(metadata) => match metadata.get(&id) {
            // One that never started has a number and nothing else.
            Some(texts) if !texts.is_empty() => Reading::Present(texts),
            _ => Reading::absent(AbsenceReason::NotPresent, format!("{place}: no metadata")),
        },
        Reading::Absent(absence) => Reading::Absent(absence.clone()),
    };
    let of = |key: &str| texts.clone().and_then(|texts| told(&place, texts, key));
    Osd {
        id,
        parents: map.names_above(node.id),
        up: node.status.as_deref() == Some("up"),
        is_in: node.reweight.is_some_and(|reweight| reweight > 0.0),
        device_class: match &node.device_class {
            Some(class) if !class.is_empty() => Reading::Present(class.clone()),
            _ => Reading::absent(AbsenceReason::NotPresent, format!("{place}: device_class")),
        },
        hostname: of("hostname"),
        objectstore: of("osd_objectstore"),
        device: of("bluestore_bdev_partition_path"),
        encrypted: of("encrypted").and_then(|text| match text.as_str() {
            "1" | "true" | "yes" => Reading::Present(true),
            "0" | "false" | "no" => Reading::Present(false),
            text => super::super::malformed(&place, text),
        }),
        version: of("ceph_version").map(|text| version(&text)),
    }
}

/// Every OSD whose claimed hosts, as a rule one, are all another than the one it found itself on.
fn disagreements(osds: &BTreeMap<u32, Osd>, map: &Map<'_>) -> Vec<Disagreement> {
    let mut found = BTreeMap::<(i64, &str), Vec<u32>>::new();
    for osd in osds.values() {
        let Reading::Present(observed) = &osd.hostname else { continue };
        let hosts: Vec<&TreeNode> = map.above(osd.id.into()).filter(|bucket| bucket.kind == HOST).collect();
        if hosts.iter().any(|host| same_host(&host.name, observed)) {
            continue;
        }
        for host in hosts {
            found.entry((host.id, observed)).or_default().push(osd.id);
        }
    }
    let mut disagreements: Vec<Disagreement> = found
        .into_iter()
        .map(|((host, observed), osds)| Disagreement {
            claimed_host: map.buckets.get(&host).map(|bucket| bucket.name.clone()).unwrap_or_default(),
            claimed_location: map.location(host),
            observed_hostname: observed.to_owned(),
            osds,
        })
        .collect();
    disagreements.sort_unstable();
    disagreements
}

/// Names of hosts are compared without domain and case: `stor-1` is `STOR-1.example.com`.
fn same_host(claimed: &str, observed: &str) -> bool {
    let first = |name: &str| name.split('.').next().unwrap_or_default().to_ascii_lowercase();
    first(claimed) == first(observed)
}
