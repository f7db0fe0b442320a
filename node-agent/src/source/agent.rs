//! The agent itself: its user, its capabilities, and what it applied to itself when it started.
//!
//! What the kernel says of the thread that reads (`/proc/thread-self/status`), beside what the agent did: Landlock cannot be
//! asked whether it is in force. One small file, no privilege.

use descriptors::fact::agent::AgentFact;
use descriptors::fact::{AbsenceReason, Fact, Reading};

use super::{Context, NOT_CAPTURED, Source, number};

const STATUS: &str = "/proc/thread-self/status";

/// See the module.
pub struct Agent;

impl Source for Agent {
    fn name(&self) -> &'static str {
        "agent"
    }

    fn read(&self, context: &Context) -> Reading<Fact> {
        if !context.root.is_live() {
            return Reading::absent(AbsenceReason::NotPresent, NOT_CAPTURED);
        }
        Reading::Present(parse(&context.root.text(STATUS), context).into())
    }
}

fn parse(status: &Reading<String>, context: &Context) -> AgentFact {
    let field = |name: &str| status.clone().and_then(|text| field(&text, name));
    AgentFact {
        // Real, effective, saved, file system.
        user_id: number(STATUS, field("Uid:").map(|ids| ids.split_whitespace().nth(1).unwrap_or_default().to_owned())),
        capabilities_mask: field("CapEff:"),
        no_new_privileges: field("NoNewPrivs:").map(|value| value == "1"),
        seccomp_filters: number(STATUS, field("Seccomp_filters:")),
        confinement: context.confinement.clone(),
    }
}

/// The rest of the line that begins with `name`; an older kernel has fewer lines.
fn field(text: &str, name: &str) -> Reading<String> {
    match text.lines().find_map(|line| line.strip_prefix(name)) {
        Some(value) => Reading::Present(value.trim().to_owned()),
        None => Reading::absent(AbsenceReason::NotSupported, format!("{STATUS}: no {name}")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::config::Sources;
    use crate::root::Root;

    fn read(status: &str) -> AgentFact {
        parse(&Reading::Present(status.to_owned()), &Context::unconfined(Root::live(), Sources::default()))
    }

    #[test]
    fn rights_are_what_the_kernel_says_of_the_thread() {
        let fact = read(
            "Name:\tsource-agent\nUid:\t0\t992\t992\t992\nCapPrm:\t00000000000000ff\nCapEff:\t0000000000000000\n\
             NoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:\t3\n",
        );
        assert_eq!(fact.user_id, Reading::Present(992));
        assert_eq!(fact.capabilities_mask, Reading::Present("0000000000000000".to_owned()));
        assert_eq!(fact.no_new_privileges, Reading::Present(true));
        assert_eq!(fact.seccomp_filters, Reading::Present(3));
        assert_eq!(fact.confinement.absence().map(|absence| absence.reason), Some(AbsenceReason::Disabled));
    }

    #[test]
    fn a_line_that_is_missing_or_broken_is_an_absence() {
        let fact = read("Uid:\t0\nSeccomp_filters:\tmany\n");
        let reason = |absence: Option<&descriptors::fact::Absence>| absence.map(|absence| absence.reason);
        assert_eq!(reason(fact.user_id.absence()), Some(AbsenceReason::Malformed));
        assert_eq!(reason(fact.seccomp_filters.absence()), Some(AbsenceReason::Malformed));
        assert_eq!(reason(fact.capabilities_mask.absence()), Some(AbsenceReason::NotSupported));
        assert_eq!(reason(fact.no_new_privileges.absence()), Some(AbsenceReason::NotSupported));
    }

    proptest! {
        #[test]
        fn any_status_gives_a_reading_of_each_field(status in "((Uid|CapEff|NoNewPrivs|Seccomp_filters):?\\PC{0,12}\n|\\PC{0,12}\n){0,8}") {
            let has = |name: &str| status.lines().any(|line| line.starts_with(name));
            let fact = read(&status);
            prop_assert_eq!(fact.capabilities_mask.present().is_some(), has("CapEff:"));
            prop_assert_eq!(fact.no_new_privileges.present().is_some(), has("NoNewPrivs:"));
            prop_assert!(fact.user_id.present().is_none() || has("Uid:"));
            prop_assert!(fact.seccomp_filters.present().is_none() || has("Seccomp_filters:"));
        }
    }
}
