//! Facts: typed observations of a node, each a [`Reading`] that is present or absent for a reason.
//!
//! A fact is inventory, not a metric: what changes from second to second has no place here, so that a report changes only
//! when the node does. Sources may disagree; nothing is reconciled here.
//!
//! A missing fact is never a value: not 0, not "", not `Default`.

pub mod agent;
pub mod block;
pub mod bmc;
pub mod ceph;
pub mod clock;
pub mod cpu;
pub mod dmi;
pub mod entropy;
pub mod kernel;
pub mod libvirt;
pub mod lldp;
pub mod memory;
pub mod net;
pub mod pci;
pub mod pdu;
pub mod peers;
pub mod platform;
pub mod services;

use std::fmt;

use serde::{Deserialize, Serialize};

/// A value that was read, or why there is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reading<T> {
    /// What was there.
    Present(T),
    /// Nothing was, for this reason.
    Absent(Absence),
}

/// What stands for a member that came later than the agent whose report is read: it did not ask.
fn unasked<T>() -> Reading<T> {
    Reading::absent(AbsenceReason::NotSupported, "not asked by the agent that reported")
}

impl<T> Reading<T> {
    /// An absent reading; `detail` names the place that was looked at.
    pub fn absent(reason: AbsenceReason, detail: impl Into<String>) -> Self {
        Self::Absent(Absence { reason, detail: detail.into() })
    }

    /// The value, where there is one.
    pub fn present(&self) -> Option<&T> {
        match self {
            Self::Present(value) => Some(value),
            Self::Absent(_) => None,
        }
    }

    /// Why there is no value, where there is none.
    pub fn absence(&self) -> Option<&Absence> {
        match self {
            Self::Present(_) => None,
            Self::Absent(absence) => Some(absence),
        }
    }

    /// Applies `f` to a present value that is still needed.
    pub fn as_ref_map<U>(&self, f: impl FnOnce(&T) -> U) -> Reading<U> {
        match self {
            Self::Present(value) => Reading::Present(f(value)),
            Self::Absent(absence) => Reading::Absent(absence.clone()),
        }
    }

    /// Applies `f` to a present value.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Reading<U> {
        match self {
            Self::Present(value) => Reading::Present(f(value)),
            Self::Absent(absence) => Reading::Absent(absence),
        }
    }

    /// Applies `f`, which may itself find nothing, to a present value.
    pub fn and_then<U>(self, f: impl FnOnce(T) -> Reading<U>) -> Reading<U> {
        match self {
            Self::Present(value) => f(value),
            Self::Absent(absence) => Reading::Absent(absence),
        }
    }
}

/// Why a fact could not be had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Absence {
    /// The kind of absence.
    pub reason: AbsenceReason,
    /// The place that was looked at, and what it said.
    pub detail: String,
}

impl fmt::Display for Absence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.reason, self.detail)
    }
}

/// The kinds of absence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AbsenceReason {
    /// The file, device or service is not there.
    NotPresent,
    /// It is there and may not be read.
    NotPermitted,
    /// The kernel, driver or daemon says that it cannot tell.
    NotSupported,
    /// No answer before the deadline.
    TimedOut,
    /// The bytes do not parse.
    Malformed,
    /// A vendor's filler such as `To be filled by O.E.M.`.
    Filler,
    /// The operator switched the source off.
    Disabled,
}

impl AbsenceReason {
    /// As it is written in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotPresent => "not_present",
            Self::NotPermitted => "not_permitted",
            Self::NotSupported => "not_supported",
            Self::TimedOut => "timed_out",
            Self::Malformed => "malformed",
            Self::Filler => "filler",
            Self::Disabled => "disabled",
        }
    }
}

impl fmt::Display for AbsenceReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotPresent => "not present",
            Self::NotPermitted => "not permitted",
            Self::NotSupported => "not supported",
            Self::TimedOut => "timed out",
            Self::Malformed => "malformed",
            Self::Filler => "filler",
            Self::Disabled => "disabled",
        })
    }
}

macro_rules! facts {
    ($($(#[$doc:meta])* $kind:ident($type:path);)*) => {
        /// One fact of one kind. Adding a kind is one file in `fact/` and one line here.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[allow(clippy::large_enum_variant, reason = "a report has one fact of each kind, so that nothing is kept in quantity")]
        pub enum Fact {
            $($(#[$doc])* $kind($type),)*
        }

        $(impl From<$type> for Fact {
            fn from(fact: $type) -> Self {
                Self::$kind(fact)
            }
        })*
    };
}

facts! {
    /// The agent itself.
    Agent(agent::AgentFact);
    /// Disks.
    Block(block::BlockFact);
    /// What the management controller says.
    Bmc(bmc::BmcFact);
    /// A storage cluster.
    Ceph(ceph::CephFact);
    /// Who keeps the clock.
    Clock(clock::ClockFact);
    /// Processors.
    Cpu(cpu::CpuFact);
    /// Board, system and firmware identity.
    Dmi(dmi::DmiFact);
    /// Where random numbers come from.
    Entropy(entropy::EntropyFact);
    /// The running kernel.
    Kernel(kernel::KernelFact);
    /// The hypervisor and its guests.
    Libvirt(libvirt::LibvirtFact);
    /// Neighbours on the cables.
    Lldp(lldp::LldpFact);
    /// Memory.
    Memory(memory::MemoryFact);
    /// Network interfaces and gateways.
    Net(net::NetFact);
    /// Power distribution units.
    Pdu(pdu::PduFact);
    /// Distances to other nodes.
    Peers(peers::PeersFact);
    /// Devices on the PCI bus.
    Pci(pci::PciFact);
    /// What the firmware and the kernel offer to build trust on.
    Platform(platform::PlatformFact);
    /// Services that other claims rest on.
    Services(services::ServicesFact);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_older_agent_did_not_ask_is_absent() {
        let disk = serde_json::json!({"name": "sda", "class": "ssd", "size_bytes": {"present": 1},
            "model": {"present": "m"}, "serial": {"present": "s"}, "wwid": {"present": "w"},
            "firmware": {"present": "f"}, "write_cache": {"present": "write through"}});
        let disk: block::Disk = serde_json::from_value(disk).unwrap();
        assert_eq!(disk.transport.absence().map(|absence| absence.reason), Some(AbsenceReason::NotSupported));
        assert_eq!(disk.forced_writes, unasked());
    }

    #[test]
    fn an_absent_reading_says_why() {
        let reading = Reading::<u64>::absent(AbsenceReason::NotPermitted, "/sys/class/dmi/id/product_uuid");
        let json = serde_json::to_string(&reading).unwrap();
        assert_eq!(json, r#"{"absent":{"reason":"not_permitted","detail":"/sys/class/dmi/id/product_uuid"}}"#);
        assert_eq!(serde_json::from_str::<Reading<u64>>(&json).unwrap(), reading);
        assert!(serde_json::from_str::<Reading<u64>>("null").is_err());
    }
}
