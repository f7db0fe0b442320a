//! Power: electricity, from the substation to the rack.
//!
//! `power_separate`: no feed, substation, generator, UPS, switchboard or PDU is needed by two zones, by whatever way: a
//! chiller that needs a feed makes that feed a power matter of every zone it cools. An enclosure that holds nodes of two
//! zones counts as shared power, because its supplies and its backplane feed all its nodes. It counts only where it *is*
//! shared: inside one zone a chassis is a machine like any other.
//!
//! `power_redundant`: SCS-0121-v1, "redundant power supply, as in line into the deployment", inside each zone. The lines are
//! feeds; a generator stands in for one. Two feeds from one substation are two lines. A UPS, switchboard or PDU is no line:
//! one PDU per rack is allowed. A zone loses its supply as soon as any of its racks does.

use descriptors::component::{ComponentKind, Dimension};

use super::{Criterion, Form};

/// No two zones share power.
pub const SEPARATE: Criterion = Criterion {
    name: "power_separate",
    dimension: Dimension::Power,
    form: Form::Separate,
    kinds: &[&[
        ComponentKind::PowerFeed,
        ComponentKind::Substation,
        ComponentKind::Generator,
        ComponentKind::Ups,
        ComponentKind::Switchboard,
        ComponentKind::Pdu,
        ComponentKind::Chassis,
    ]],
};

/// Each zone has more than one line.
pub const REDUNDANT: Criterion = Criterion {
    name: "power_redundant",
    dimension: Dimension::Power,
    form: Form::Redundant,
    kinds: &[&[ComponentKind::PowerFeed, ComponentKind::Generator]],
};
