//! Giving up rights: bounding set, groups, group, user, capabilities, in the one order in which each step is still allowed.
//!
//! Accounts are looked up in `/etc/passwd` and `/etc/group` alone, where package managers put those of services: asking
//! directories over the network would load foreign code into a process that is still root. Which account it should be is
//! not known here.

use std::io;
use std::path::PathBuf;

use rustix::io::Errno;
use rustix::process::{DumpableBehavior, Gid, Uid, geteuid, set_dumpable_behavior};
use rustix::thread::{
    CapabilitySet, CapabilitySets, capabilities, clear_ambient_capability_set, remove_capability_from_bounding_set,
    set_capabilities, set_no_new_privs, set_thread_groups, set_thread_res_gid, set_thread_res_uid,
};

const PASSWD: &str = "/etc/passwd";
const GROUP: &str = "/etc/group";

/// An account of this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its name.
    pub name: String,
    /// Numeric user id.
    pub uid: u32,
    /// Numeric id of its own group.
    pub gid: u32,
    /// Numeric ids of all its groups, ascending.
    pub groups: Vec<u32>,
}

/// Why rights were not given up.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// A list of accounts cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// No such account.
    #[error("there is no user `{name}` in /etc/passwd: create it, or change `user` in `[confinement]`")]
    Unknown {
        /// The name asked for.
        name: String,
    },
    /// Not root, and another account than the one asked for.
    #[error("the agent runs as user {uid} and cannot become `{name}`: start it as root or as `{name}`")]
    NotRoot {
        /// The account asked for.
        name: String,
        /// The user id it runs under.
        uid: u32,
    },
    /// The kernel refused a step.
    #[error("cannot {step}")]
    Step {
        /// What was to be done.
        step: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// A step was taken and had no effect.
    #[error("the agent still has rights after giving them up: {left}")]
    Kept {
        /// What is left.
        left: String,
    },
}

impl Account {
    /// Looks an account up by its name.
    pub fn find(name: &str) -> Result<Self, AccountError> {
        let read = |path: &str| {
            std::fs::read_to_string(path).map_err(|source| AccountError::Read { path: PathBuf::from(path), source })
        };
        let unknown = || AccountError::Unknown { name: name.to_owned() };
        parse(&read(PASSWD)?, &read(GROUP)?, name).ok_or_else(unknown)
    }
}

/// `name:x:uid:gid:…` and `name:x:gid:member,member`.
fn parse(passwd: &str, group: &str, name: &str) -> Option<Account> {
    let mut fields = passwd
        .lines()
        .map(|line| line.split(':'))
        .find_map(|mut fields| (fields.next() == Some(name)).then_some(fields))?;
    let uid = fields.nth(1)?.parse().ok()?;
    let gid = fields.next()?.parse().ok()?;
    let mut groups = vec![gid];
    for line in group.lines() {
        let mut fields = line.split(':').skip(2);
        let (Some(id), Some(members)) = (fields.next(), fields.next()) else { continue };
        if members.split(',').any(|member| member == name) {
            groups.extend(id.parse::<u32>());
        }
    }
    groups.sort_unstable();
    groups.dedup();
    Some(Account { name: name.to_owned(), uid, gid, groups })
}

/// Gives up whatever this thread may do beyond what its account, or `account`, may. Nothing of it can be taken back.
pub(super) fn give_up_rights(account: Option<&Account>) -> Result<(), AccountError> {
    empty_bounding_set()?;
    if let Some(account) = account {
        change_to(account)?;
    }
    step("clear the ambient capabilities", clear_ambient_capability_set())?;
    let none = CapabilitySets {
        effective: CapabilitySet::empty(),
        permitted: CapabilitySet::empty(),
        inheritable: CapabilitySet::empty(),
    };
    // A service manager that left none may also have forbidden the call.
    if step("read the capabilities", capabilities(None))? != none {
        step("clear the capabilities", set_capabilities(None, none))?;
    }
    step("forbid new privileges", set_no_new_privs(true))?;
    // The report key is in memory: neither another process of the same user nor a core dump gets it.
    step("forbid core dumps", set_dumpable_behavior(DumpableBehavior::NotDumpable))?;
    check(account)
}

/// Without `CAP_SETPCAP` the set cannot be changed; then `no_new_privs`, set afterwards, makes it meaningless.
fn empty_bounding_set() -> Result<(), AccountError> {
    for capability in CapabilitySet::all() {
        match remove_capability_from_bounding_set(capability) {
            Ok(()) => {}
            Err(Errno::PERM) => break,
            // A capability that this kernel does not know.
            Err(Errno::INVAL) => {}
            Err(errno) => return step("empty the bounding set of capabilities", Err(errno)),
        }
    }
    Ok(())
}

fn change_to(account: &Account) -> Result<(), AccountError> {
    let current = geteuid().as_raw();
    if current == account.uid {
        return Ok(());
    }
    if current != 0 {
        return Err(AccountError::NotRoot { name: account.name.clone(), uid: current });
    }
    let groups: Vec<Gid> = account.groups.iter().copied().map(Gid::from_raw).collect();
    let (uid, gid) = (Uid::from_raw(account.uid), Gid::from_raw(account.gid));
    step("set the groups", set_thread_groups(&groups))?;
    step("set the group", set_thread_res_gid(gid, gid, gid))?;
    step("set the user", set_thread_res_uid(uid, uid, uid))
}

/// Asks the kernel whether it is so.
fn check(account: Option<&Account>) -> Result<(), AccountError> {
    let left = step("read the capabilities", capabilities(None))?;
    let left = left.effective | left.permitted | left.inheritable;
    if !left.is_empty() {
        return Err(AccountError::Kept { left: format!("capabilities {left:?}") });
    }
    match account {
        Some(account) if geteuid().as_raw() != account.uid => {
            Err(AccountError::Kept { left: format!("user {}", geteuid().as_raw()) })
        }
        _ => Ok(()),
    }
}

fn step<T>(step: &'static str, outcome: Result<T, Errno>) -> Result<T, AccountError> {
    outcome.map_err(|errno| AccountError::Step { step, source: errno.into() })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PASSWD: &str = "root:x:0:0:root:/root:/bin/sh\nbroken\navow-agent:x:992:991::/nonexistent:/usr/sbin/nologin\n\
                          odd:x:minus:1::/:/bin/sh\navow:x:7:7::/:/bin/sh\n";
    const GROUP: &str = "root:x:0:\ntss:x:120:tss,avow-agent\nkvm:x:104:avow-agents\navow-agent:x:991:\nshort:x\n";

    #[test]
    fn an_account_has_its_own_group_and_those_it_is_a_member_of() {
        let expect = Account { name: "avow-agent".to_owned(), uid: 992, gid: 991, groups: vec![120, 991] };
        assert_eq!(parse(PASSWD, GROUP, "avow-agent"), Some(expect));
        assert_eq!(parse(PASSWD, GROUP, "root").map(|account| account.groups), Some(vec![0]));
    }

    #[test]
    fn an_account_that_is_not_there_or_does_not_parse_is_none() {
        for name in ["", "nobody", "broken", "odd", "x", "avow-agen"] {
            assert_eq!(parse(PASSWD, GROUP, name), None, "{name}");
        }
    }

    proptest! {
        #[test]
        fn any_text_gives_an_account_of_that_name_or_none(
            passwd in "([a-c]{0,2}:x?:-?[0-9]{0,11}:[0-9]{0,3}:\\PC{0,5}\n|\\PC{0,20}\n){0,6}",
            group in "([a-c]{0,2}:x?:[0-9]{0,11}:[a-c,]{0,8}\n|\\PC{0,20}\n){0,6}",
            name in "[a-c]{1,2}",
        ) {
            if let Some(account) = parse(&passwd, &group, &name) {
                let line = format!("{name}:");
                prop_assert!(passwd.lines().any(|other| other.starts_with(&line)));
                prop_assert!(account.groups.contains(&account.gid) && account.groups.is_sorted());
            }
        }
    }
}
