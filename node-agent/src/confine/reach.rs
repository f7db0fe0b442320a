//! Reach: which files and TCP ports, by Landlock.
//!
//! Rules name directories rather than files, because a rule holds for the file that was there when it was made, and
//! `/etc/resolv.conf` is replaced, not changed. Connecting to sockets in the file system (libvirt, the system's resolver) is not
//! restricted by the versions of Landlock that were tested, UDP and raw sockets neither. What is read there is not known here.

use std::path::{Path, PathBuf};

use descriptors::fact::agent::Enforcement;
use landlock::{
    ABI, Access as _, AccessFs, AccessNet, BitFlags, LandlockStatus, NetPort, PathBeneath, PathFd, PathFdError,
    Ruleset, RulesetAttr as _, RulesetCreated, RulesetCreatedAttr as _, RulesetError, RulesetStatus, Scope,
};

use super::Plan;

/// The newest version whose restrictions were tested with this agent. A newer one could restrict what it needs.
const TESTED: ABI = ABI::V7;

/// [`TESTED`] as a number.
pub(super) const ABI_TESTED: u32 = TESTED as u32;

/// The first version that knows TCP.
pub(super) const ABI_WITH_TCP: u32 = 4;

/// What every agent may read: the kernel's own files, configuration, shared libraries, randomness, and what systemd, udev and
/// the package manager keep for everybody.
pub const READABLE: [&str; 16] = [
    "/boot",
    "/dev/random",
    "/dev/urandom",
    "/etc",
    "/lib",
    "/lib64",
    "/proc",
    "/run/resolvconf",
    "/run/systemd/netif",
    "/run/systemd/resolve",
    "/run/systemd/timesync",
    "/run/udev/data",
    "/sys",
    "/usr/lib",
    "/usr/lib64",
    "/var/lib/dpkg",
];

/// Programs that we run have their input and their errors there.
const NULL: &str = "/dev/null";

/// What loads a dynamically linked program; only those that are there count.
const LOADERS: [&str; 4] = [
    "/lib64/ld-linux-x86-64.so.2",
    "/lib/ld-linux-aarch64.so.1",
    "/lib/ld-musl-x86_64.so.1",
    "/lib/ld-musl-aarch64.so.1",
];

/// What the kernel took on.
pub(super) struct Reached {
    pub(super) abi: u32,
    pub(super) enforcement: Enforcement,
}

/// Why Landlock was not applied although it is there.
#[derive(Debug, thiserror::Error)]
pub enum ReachError {
    /// A file that a rule is about cannot be opened.
    #[error("cannot open {path} for a rule of Landlock")]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        source: PathFdError,
    },
    /// The kernel took a rule or all of them not on.
    #[error("Landlock refused")]
    Rules(#[from] RulesetError),
}

/// Restricts this thread; `None` where the kernel has no Landlock.
pub(super) fn restrict(plan: &Plan) -> Result<Option<Reached>, ReachError> {
    let mut ruleset = Ruleset::default().handle_access(AccessFs::from_all(TESTED))?;
    ruleset = ruleset.handle_access(AccessNet::BindTcp)?.scope(Scope::from_all(TESTED))?;
    if plan.connect.is_some() {
        ruleset = ruleset.handle_access(AccessNet::ConnectTcp)?;
    }
    let mut rules = ruleset.create()?;
    for path in READABLE.iter().map(Path::new).chain(plan.read.iter().map(PathBuf::as_path)) {
        rules = allow(rules, path, AccessFs::ReadFile | AccessFs::ReadDir)?;
    }
    for path in &plan.change {
        let all = AccessFs::from_all(TESTED) & !(AccessFs::Execute | AccessFs::IoctlDev);
        rules = allow(rules, path, all & !(AccessFs::MakeChar | AccessFs::MakeBlock))?;
    }
    rules = allow(rules, Path::new(NULL), AccessFs::ReadFile | AccessFs::WriteFile)?;
    let loaders = LOADERS.iter().map(Path::new).filter(|_| !plan.run.is_empty());
    for path in loaders.chain(plan.run.iter().map(PathBuf::as_path)) {
        rules = allow(rules, path, AccessFs::Execute | AccessFs::ReadFile)?;
    }
    for port in &plan.listen {
        rules = rules.add_rule(NetPort::new(*port, AccessNet::BindTcp))?;
    }
    for port in plan.connect.iter().flatten() {
        rules = rules.add_rule(NetPort::new(*port, AccessNet::ConnectTcp))?;
    }
    let status = rules.restrict_self()?;
    let abi = match status.landlock {
        LandlockStatus::Available { effective_abi, .. } => effective_abi as u32,
        LandlockStatus::NotEnabled | LandlockStatus::NotImplemented => return Ok(None),
    };
    Ok(match status.ruleset {
        RulesetStatus::FullyEnforced => Some(Reached { abi, enforcement: Enforcement::Full }),
        RulesetStatus::PartiallyEnforced => Some(Reached { abi, enforcement: Enforcement::Partial }),
        RulesetStatus::NotEnforced => None,
    })
}

/// Allows `access` beneath `path`. What is not there cannot be allowed, and need not be.
fn allow(rules: RulesetCreated, path: &Path, access: BitFlags<AccessFs>) -> Result<RulesetCreated, ReachError> {
    let Ok(metadata) = path.metadata() else { return Ok(rules) };
    let access = if metadata.is_dir() { access } else { access & AccessFs::from_file(TESTED) };
    let opened = PathFd::new(path).map_err(|source| ReachError::Open { path: path.to_owned(), source })?;
    Ok(rules.add_rule(PathBeneath::new(opened, access))?)
}
