//! From functions to their minimal risk groups.
//!
//! A risk group is a set of events that, failing alone while all others hold, makes the function true; it is minimal when
//! no part of it does. With x the first variable of f, f1 and f0 its branches (Rauzy, 2001):
//!
//! ```text
//!   minimal(f) = x joined to each of (minimal(f1) without minimal(f0)), and minimal(f0)
//! ```
//!
//! A set with x that holds a smaller one of f0 is not minimal; one that holds none cannot hold a smaller one with x
//! either. Nothing in this needs f to be coherent: where an event that does *not* happen is part of the cause, the group
//! lists what does happen. These are the minimal cut sets of Rauzy and of scram without `--prime-implicants`; the sign of
//! an event never appears in them.

use super::families::{Families, Family};
use super::function::{Function, Functions};
use super::table::Full;

const UNKNOWN: u32 = u32::MAX;

/// Computes minimal risk groups, and remembers them.
#[derive(Debug)]
pub(super) struct Minimal<'f> {
    functions: &'f Functions,
    pub(super) families: Families,
    limited: bool,
    /// By what may still be added to a set (first: any number of events), then by function.
    known: Vec<Vec<u32>>,
    open: Vec<Frame>,
}

#[derive(Debug, Clone, Copy)]
struct Frame {
    f: Function,
    left: usize,
    high: Option<Family>,
}

impl<'f> Minimal<'f> {
    /// `order_max` is the largest number of variables in a set.
    pub(super) fn new(functions: &'f Functions, order_max: Option<u32>, memory_bytes_max: u64) -> Result<Self, Full> {
        let tables = order_max.map_or(1, |order| (order as usize).saturating_add(1));
        let entries = functions.len().saturating_mul(2);
        let bytes = entries.saturating_mul(tables).saturating_mul(size_of::<u32>()) as u64;
        let rest = memory_bytes_max.checked_sub(bytes).ok_or(Full)?;
        let known = vec![vec![UNKNOWN; entries]; tables];
        Ok(Self { functions, families: Families::new(rest), limited: order_max.is_some(), known, open: Vec::new() })
    }

    /// Goes on to the next order, with what is known of smaller ones.
    pub(super) fn next_order(&mut self, memory_bytes_max: u64) -> Result<(), Full> {
        let entries = self.functions.len().saturating_mul(2);
        let bytes = entries.saturating_mul(self.known.len() + 1).saturating_mul(size_of::<u32>()) as u64;
        if bytes > memory_bytes_max {
            return Err(Full);
        }
        self.known.push(vec![UNKNOWN; entries]);
        Ok(())
    }

    /// The minimal risk groups of `f`, up to the order given at the start, or reached since.
    pub(super) fn of(&mut self, f: Function) -> Result<Family, Full> {
        self.open.clear();
        // Without a limit the only table is 0, and it stays 0.
        let mut next = (f, self.known.len() - 1);
        loop {
            let mut result = loop {
                match self.known(next.0, next.1) {
                    Some(result) => break result,
                    None => {
                        self.open.push(Frame { f: next.0, left: next.1, high: None });
                        next = (self.functions.branches(next.0).0, next.1.saturating_sub(1));
                    }
                }
            };
            loop {
                let Some(frame) = self.open.last_mut() else { return Ok(result) };
                let Frame { f, left, high } = *frame;
                match high {
                    None => {
                        frame.high = Some(result);
                        next = (self.functions.branches(f).1, left);
                        break;
                    }
                    Some(high) => {
                        self.open.pop();
                        let high = self.families.without(high, result)?;
                        result = self.families.decide(self.functions.level(f), high, result)?;
                        self.known[left][f.0 as usize] = result.0;
                    }
                }
            }
        }
    }

    #[inline]
    fn known(&self, mut f: Function, left: usize) -> Option<Family> {
        if left == 0 && self.limited {
            while !f.is_constant() {
                f = self.functions.branches(f).1;
            }
        }
        match f {
            Function::TRUE => Some(Family::EMPTY_SET),
            Function::FALSE => Some(Family::NONE),
            _ => Some(self.known[left][f.0 as usize]).filter(|&known| known != UNKNOWN).map(Family),
        }
    }
}
