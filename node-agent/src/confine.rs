//! Confinement: what the agent can still reach when somebody has taken it over.
//!
//! ```text
//! configuration ─▶ privileged files read, devices opened ─▶ account: groups, gid, uid, no capabilities
//!                                                        ─▶ reach: Landlock, files and TCP ports
//!                                                        ─▶ calls: seccomp, listed system calls
//!                                                        ─▶ threads, the event loop, the network
//! ```
//!
//! All of it belongs to a thread and is inherited by those it starts, so it comes before the first of them. What a kernel
//! does not know is left out, logged, and part of the report ([`descriptors::fact::agent`]). Nothing of it can be undone. What
//! the agent does afterwards is not known here.
//!
//! Whoever controls the agent behind these limits can at most lie about this node, read what this machine's documented files
//! and world-readable configuration say, fill the spool, and talk to the collector.

mod account;
mod calls;
mod plan;
mod reach;

use std::io;

use descriptors::fact::agent::{Confinement, Enforcement};
use descriptors::fact::{AbsenceReason, Reading};
use tracing::{info, warn};

pub use account::{Account, AccountError};
pub use calls::FilterError;
pub use plan::Plan;
pub use reach::{READABLE, ReachError};

use crate::cause::chain;

/// Why the agent is not confined as asked.
#[derive(Debug, thiserror::Error)]
pub enum ConfineError {
    /// There are threads that would stay outside.
    #[error("the agent has {0} threads already: it can confine only the one that asks for it")]
    Threads(usize),
    /// The number of threads is not known.
    #[error("cannot count the threads of the agent in /proc/self/task")]
    CountThreads(#[source] io::Error),
    /// Rights were not given up.
    #[error("cannot give up the rights that the agent was started with")]
    Account(#[from] AccountError),
    /// The kernel enforces less than it was asked for, and the configuration does not put up with that.
    #[error(
        "the kernel does not enforce all that was asked for ({missing}): use a newer kernel, or set `required = false` in \
         `[confinement]`"
    )]
    Incomplete {
        /// What is missing.
        missing: String,
    },
}

/// Confines this thread, which must be the only one. What the kernel does not know is left out and said in the answer;
/// with `required` that is an error instead.
pub fn apply(plan: &Plan, required: bool) -> Result<Confinement, ConfineError> {
    let threads = std::fs::read_dir("/proc/self/task").map_err(ConfineError::CountThreads)?.count();
    if threads != 1 {
        return Err(ConfineError::Threads(threads));
    }
    account::give_up_rights(plan.account.as_ref())?;
    let confinement = limits(plan);
    let missing = missing(&confinement);
    if missing.is_empty() {
        info!(abi = confinement.landlock_abi.present(), ports = ?plan.connect, "the agent is confined");
    } else if required {
        return Err(ConfineError::Incomplete { missing });
    } else {
        warn!(missing, "the agent is confined in part");
    }
    Ok(confinement)
}

/// Landlock, then seccomp; each as far as the kernel goes.
fn limits(plan: &Plan) -> Confinement {
    let (landlock_abi, landlock) = match reach::restrict(plan) {
        Ok(Some(reached)) => (Reading::Present(reached.abi), Reading::Present(reached.enforcement)),
        Ok(None) => {
            let absent = "Landlock: not in this kernel, or not enabled at its start";
            (Reading::absent(AbsenceReason::NotSupported, absent), Reading::absent(AbsenceReason::NotSupported, absent))
        }
        Err(error) => {
            let why = chain(&error);
            (Reading::absent(AbsenceReason::NotPermitted, &why), Reading::absent(AbsenceReason::NotPermitted, why))
        }
    };
    let tcp_connect_ports = match (&plan.connect, &landlock_abi) {
        (_, Reading::Absent(absence)) => Reading::Absent(absence.clone()),
        (Some(ports), Reading::Present(abi)) if *abi >= reach::ABI_WITH_TCP => {
            let mut ports = ports.clone();
            ports.sort_unstable();
            ports.dedup();
            Reading::Present(ports)
        }
        (Some(_), Reading::Present(abi)) => Reading::absent(
            AbsenceReason::NotSupported,
            format!("Landlock ABI {abi} does not know TCP; {} does", reach::ABI_WITH_TCP),
        ),
        (None, _) => Reading::absent(
            AbsenceReason::NotPresent,
            "the collector's port was not known at the start: set `address` in `[collector]`, or start again",
        ),
    };
    let system_calls_listed = match calls::restrict() {
        Ok(()) => Reading::Present(true),
        Err(error) => Reading::absent(AbsenceReason::NotSupported, chain(&error)),
    };
    Confinement { landlock_abi, landlock, tcp_connect_ports, system_calls_listed }
}

/// What is not enforced, for people; nothing when all is.
fn missing(confinement: &Confinement) -> String {
    let mut missing = Vec::new();
    match &confinement.landlock {
        Reading::Present(Enforcement::Full) => {}
        Reading::Present(Enforcement::Partial) => missing.push(format!(
            "Landlock ABI {} of {}",
            confinement.landlock_abi.present().copied().unwrap_or_default(),
            reach::ABI_TESTED
        )),
        Reading::Absent(absence) => missing.push(absence.to_string()),
    }
    if let Reading::Absent(absence) = &confinement.tcp_connect_ports
        && confinement.landlock.present().is_some()
    {
        missing.push(format!("TCP ports: {absence}"));
    }
    if let Reading::Absent(absence) = &confinement.system_calls_listed {
        missing.push(format!("system calls: {absence}"));
    }
    missing.join("; ")
}

/// For a program that the agent runs: from here on, this thread and those it starts run no other program.
///
/// A reader calls it first of all. It comes on top of what the agent applied, which its readers inherit.
pub fn forbid_programs() -> Result<(), FilterError> {
    calls::forbid_programs()
}
