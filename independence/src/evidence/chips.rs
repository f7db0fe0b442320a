//! Chips that vouch for the keys of several nodes: one of them is another machine, or a copy.
//!
//! A chip belongs to one machine. Where two nodes show the same one, a key was copied to another disk, or the chip of one machine was made to
//! vouch for the other. Which of them is the true one is not known here.

use std::collections::BTreeMap;

use descriptors::digest::Digest;
use descriptors::id::NodeId;

use super::Evidence;
use crate::finding::Finding;

pub(super) fn findings(evidence: &Evidence) -> Vec<Finding> {
    let mut nodes_of: BTreeMap<Digest, Vec<NodeId>> = BTreeMap::new();
    for node in &evidence.nodes {
        if let Some(endorsement_key) = node.endorsement_key {
            nodes_of.entry(endorsement_key).or_default().push(node.report.node.clone());
        }
    }
    let shared = nodes_of.into_iter().filter(|(_, nodes)| nodes.len() > 1);
    let finding = |(endorsement_key, mut nodes): (Digest, Vec<NodeId>)| {
        nodes.sort();
        Finding::SharedTpm { endorsement_key, nodes }
    };
    shared.map(finding).collect()
}
