//! The running kernel, and what identifies this boot.

use serde::{Deserialize, Serialize};

use super::Reading;

/// The kernel of a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KernelFact {
    /// `6.1.0-40-amd64`.
    pub release: Reading<String>,
    /// The build line after it.
    pub version: Reading<String>,
    /// Name and version of the distribution: `Debian GNU/Linux 12 (bookworm)`.
    pub distribution: Reading<String>,
    /// The active level of kernel lockdown: `none`, `integrity`, `confidentiality`.
    pub lockdown: Reading<String>,
    /// Security modules in force, in their order.
    pub security_modules: Reading<Vec<String>>,
    /// Options of the command line that a claim can rest on, verbatim and in their order. A command line may carry
    /// passwords, so that what is not known to be harmless stays out.
    #[serde(default = "super::unasked")]
    pub command_line: Reading<Vec<String>>,
    /// The machine id put through SHA-256 with a prefix of ours; the id itself stays on the node.
    pub machine_id_hash: Reading<String>,
}
