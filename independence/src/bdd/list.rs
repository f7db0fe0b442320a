//! Risk groups one by one, the smallest first, without making them all.
//!
//! For each node of a family it is known which orders its sets have; so a search for sets of one order never enters a branch
//! that has none, and each step of the listing takes no longer than a group is large.

use super::MinimalGroups;
use super::compile::Variable;
use super::count::below;
use super::families::{Families, Family};
use crate::fault_graph::Vertex;

/// Orders from here on share one bit.
const ORDERS_TOLD_APART: u32 = 127;

/// For each node which orders its sets have, as bits.
#[derive(Debug)]
struct Orders {
    nodes: Vec<u32>,
    bits: Vec<u128>,
}

impl Orders {
    fn of(families: &Families, family: Family, variables: &[Variable], units: &[(Family, Orders)]) -> Self {
        let mut orders = Self { nodes: below(families, family), bits: Vec::new() };
        for at in 0..orders.nodes.len() {
            let node = families.node(Family(orders.nodes[at]));
            let high = orders.bits(Family(node.high));
            let with = match variables[node.level as usize] {
                Variable::Event(_) => shifted(high, 1),
                Variable::Unit(unit) => {
                    let (family, inner) = &units[unit as usize];
                    let inner = inner.bits(*family);
                    set_bits(inner).fold(0, |bits, order| bits | shifted(high, order))
                }
            };
            let bits = with | orders.bits(Family(node.low));
            orders.bits.push(bits);
        }
        orders
    }

    fn bits(&self, family: Family) -> u128 {
        match family {
            Family::NONE => 0,
            Family::EMPTY_SET => 1,
            _ => self.nodes.binary_search(&family.0).map_or(0, |at| self.bits[at]),
        }
    }

    fn has(&self, family: Family, order: u32) -> bool {
        self.bits(family) >> order.min(ORDERS_TOLD_APART) & 1 == 1
    }
}

fn shifted(bits: u128, by: u32) -> u128 {
    // What is moved out at the top stays in the last bit.
    let kept = bits.checked_shl(by).unwrap_or(0);
    let lost = if by > ORDERS_TOLD_APART { bits != 0 } else { by > 0 && bits >> (ORDERS_TOLD_APART + 1 - by) != 0 };
    kept | u128::from(lost) << ORDERS_TOLD_APART
}

fn set_bits(bits: u128) -> impl Iterator<Item = u32> {
    (0..=ORDERS_TOLD_APART).filter(move |order| bits >> order & 1 == 1)
}

/// A family of a unit from which sets of exactly this order are wanted.
#[derive(Debug, Clone, Copy)]
struct Goal {
    unit: u32,
    family: Family,
    order: u32,
}

/// A part of the search: what is chosen, and what must still be found.
#[derive(Debug, Clone)]
struct State {
    chosen: Vec<u32>,
    goals: Vec<Goal>,
}

/// Lists minimal risk groups, the smallest first.
#[derive(Debug)]
pub struct Groups<'a> {
    groups: &'a MinimalGroups<'a>,
    orders: Vec<(Family, Orders)>,
    next_order: u32,
    order_max: u32,
    /// By order, where the bits do not tell orders apart: else a search could go through all of them in vain.
    counts: Vec<u128>,
    open: Vec<State>,
}

impl<'a> Groups<'a> {
    pub(super) fn new(groups: &'a MinimalGroups<'a>) -> Self {
        let mut orders: Vec<(Family, Orders)> = Vec::with_capacity(groups.units.len());
        for (unit, &family) in groups.diagram.compiled.units.iter().zip(&groups.units) {
            let of_unit = Orders::of(&groups.families, family, &unit.variables, &orders);
            orders.push((family, of_unit));
        }
        let events = u32::try_from(groups.diagram.events.len()).unwrap_or(u32::MAX);
        let order_max = groups.order_max.unwrap_or(events);
        let has_large = orders.last().is_some_and(|(family, orders)| orders.has(*family, ORDERS_TOLD_APART));
        let counts = if has_large { groups.counts() } else { Vec::new() };
        Self { groups, orders, next_order: 0, order_max, counts, open: Vec::new() }
    }

    /// Opens the search for the next order there are groups of.
    fn next_order(&mut self) -> Option<()> {
        let (family, orders) = self.orders.last()?;
        let unit = u32::try_from(self.orders.len() - 1).ok()?;
        while self.next_order <= self.order_max {
            let order = self.next_order;
            self.next_order += 1;
            let told_apart = order < ORDERS_TOLD_APART;
            let is_there = told_apart || self.counts.get(order as usize).is_some_and(|&count| count > 0);
            if is_there && orders.has(*family, order) {
                let goal = Goal { unit, family: *family, order };
                self.open.push(State { chosen: Vec::new(), goals: vec![goal] });
                return Some(());
            }
        }
        None
    }

    /// Goes one step from a state; a group where it is complete.
    fn step(&mut self, mut state: State) -> Option<Vec<u32>> {
        let Some(goal) = state.goals.pop() else { return Some(state.chosen) };
        if goal.family.is_terminal() {
            // Bits told apart no more may promise what is not there.
            if goal.family == Family::EMPTY_SET && goal.order == 0 {
                self.open.push(state);
            }
            return None;
        }
        let node = self.groups.families.node(goal.family);
        let orders = &self.orders[goal.unit as usize].1;
        let low = Goal { family: Family(node.low), ..goal };
        if orders.has(low.family, low.order) {
            let mut state = state.clone();
            state.goals.push(low);
            self.open.push(state);
        }
        let high = Family(node.high);
        match self.groups.diagram.compiled.units[goal.unit as usize].variables[node.level as usize] {
            Variable::Event(event) => {
                let left = goal.order.checked_sub(1).filter(|&left| orders.has(high, left))?;
                state.chosen.push(event);
                state.goals.push(Goal { family: high, order: left, ..goal });
                self.open.push(state);
            }
            Variable::Unit(unit) => {
                let (family, inner) = &self.orders[unit as usize];
                for order in (0..=goal.order).rev() {
                    if inner.has(*family, order) && orders.has(high, goal.order - order) {
                        let mut state = state.clone();
                        state.goals.push(Goal { family: high, order: goal.order - order, ..goal });
                        state.goals.push(Goal { unit, family: *family, order });
                        self.open.push(state);
                    }
                }
            }
        }
        None
    }
}

impl Iterator for Groups<'_> {
    type Item = Vec<Vertex>;

    /// A group, sorted by number.
    fn next(&mut self) -> Option<Vec<Vertex>> {
        loop {
            let Some(state) = self.open.pop() else {
                self.next_order()?;
                continue;
            };
            if let Some(chosen) = self.step(state) {
                let mut group: Vec<Vertex> =
                    chosen.into_iter().map(|event| self.groups.diagram.events[event as usize]).collect();
                group.sort_unstable();
                return Some(group);
            }
        }
    }
}
