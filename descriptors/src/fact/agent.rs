//! The agent itself: the rights it runs with, and what keeps it within them.
//!
//! An agent that reads a whole machine is worth attacking, so a report says how far one that was taken over would get. The
//! agent says it of itself: whoever controls its program can say anything here, and it is never evidence for a claim.

use serde::{Deserialize, Serialize};

use super::Reading;

/// How the agent of a node runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgentFact {
    /// Effective user id of the agent; 0 is root.
    pub user_id: Reading<u32>,
    /// Effective capabilities as the kernel writes them: a mask in 16 hexadecimal digits, all 0 when there are none.
    pub capabilities_mask: Reading<String>,
    /// Whether programs that the agent starts can never gain rights (`PR_SET_NO_NEW_PRIVS`).
    pub no_new_privileges: Reading<bool>,
    /// Number of seccomp filters in force, whoever installed them.
    pub seccomp_filters: Reading<u32>,
    /// What the agent applied to itself; `disabled` where the operator switched it off.
    pub confinement: Reading<Confinement>,
}

/// What the agent applied to itself when it started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Confinement {
    /// Version of the kernel's Landlock interface that was used; 1 to 7.
    pub landlock_abi: Reading<u32>,
    /// How much of what was asked of Landlock the kernel enforces.
    pub landlock: Reading<Enforcement>,
    /// The TCP ports that may be connected to, ascending; absent where any may be.
    pub tcp_connect_ports: Reading<Vec<u16>>,
    /// Whether only listed system calls are possible.
    pub system_calls_listed: Reading<bool>,
}

/// How much of what was asked for is enforced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Enforcement {
    /// All of it.
    Full,
    /// What the kernel knows of it; its version of the interface tells what is missing.
    Partial,
}
