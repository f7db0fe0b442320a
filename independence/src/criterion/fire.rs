//! Fire: the part of a building that a fire does not leave.
//!
//! `fire_separate`: no fire compartment holds, or holds something needed by, two zones (SCS-0121-v1: compute zones MUST be in
//! different fire zones). A rack "needs" the compartment it stands in: where that burns, the rack is gone.

use descriptors::component::{ComponentKind, Dimension};

use super::{Criterion, Form};

/// No two zones share a fire compartment.
pub const SEPARATE: Criterion = Criterion {
    name: "fire_separate",
    dimension: Dimension::Fire,
    form: Form::Separate,
    kinds: &[&[ComponentKind::FireCompartment]],
};
