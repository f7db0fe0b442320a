//! The symmetry rule: many members of a conjunction that differ only in their own parts are as good as one of them
//! without its parts.
//!
//! Let a gate hold when all of c_1 … c_n hold, all of them monotone, and let only sets of at most K events count. The
//! *private* events of a member occur in no other member; c|0 is c with its private events never failing.
//!
//! **Rule.** If more than K members have the same function f = c|0, the conjunction of these members is f, up to order K.
//!
//! *Proof.* Let S have at most K events and satisfy all members of the class. Each event is private to one member at most,
//! so that S holds private events of at most K of them, and there is a member c of which it holds none. S satisfies c,
//! hence c|0 = f. Conversely, let S satisfy f. For every member, f = c|0 implies c, as c is monotone. ∎
//!
//! The rule speaks of functions up to order K, and only such are computed: monotone operations keep "equal up to order K".
//! Variables that weigh nothing are not private to anything here, since a set may hold more than K of them.
//!
//! For a gate that holds when at least m > K members do, S satisfies through private events at most K members beyond those
//! whose c|0 it satisfies: see [`super::threshold`].
//!
//! What is private is found in two places: in the graph, by dominators, before anything is multiplied out
//! ([`super::evaluation`]); and in the families themselves, by the variables that only one of them has
//! ([`super::product`]), which sees what many pods of a zone share in turn.

use super::zbdd::Id;

/// Members of a wide gate with the same bare family.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Class {
    pub(super) bare: Id,
    /// Their positions; later, their families.
    pub(super) members: Vec<u32>,
}

/// Members by their bare family.
pub(super) fn classes(mut members: Vec<(Id, u32)>) -> Vec<Class> {
    members.sort_unstable();
    let mut classes: Vec<Class> = Vec::new();
    for (bare, member) in members {
        match classes.last_mut() {
            Some(class) if class.bare == bare => class.members.push(member),
            _ => classes.push(Class { bare, members: vec![member] }),
        }
    }
    classes
}
