//! Cooling: what takes the heat away.
//!
//! `cooling_separate`: no loop, chiller, pump or air handler is needed by two zones.
//!
//! `cooling_redundant`: SCS-0121-v1 says SHOULD, its design text "at least two separate systems": no single component of
//! cooling takes a rack down.

use descriptors::component::{ComponentKind, Dimension};

use super::{Criterion, Form};

const KINDS: &[ComponentKind] =
    &[ComponentKind::CoolingLoop, ComponentKind::Chiller, ComponentKind::Pump, ComponentKind::AirHandler];

/// No two zones share cooling.
pub const SEPARATE: Criterion =
    Criterion { name: "cooling_separate", dimension: Dimension::Cooling, form: Form::Separate, kinds: &[KINDS] };

/// Each zone has more than one system.
pub const REDUNDANT: Criterion =
    Criterion { name: "cooling_redundant", dimension: Dimension::Cooling, form: Form::Redundant, kinds: &[KINDS] };
