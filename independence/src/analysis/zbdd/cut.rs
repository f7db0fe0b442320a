//! Taking sets out of a family: the heavy ones, and those with certain variables.

use super::{ALL, EMPTY, Id, ONE, Stop, Zbdd};

const UP_TO: u32 = 4 << 8;

impl Zbdd {
    /// The sets up to weight `max`.
    pub(in crate::analysis) fn up_to(&mut self, f: Id, max: u8) -> Result<Id, Stop> {
        let base = self.walk.len();
        let mut f = f;
        let mut result = loop {
            if max == ALL || self.largest(f) <= max {
                break f;
            }
            if self.lightest(f) > max {
                break EMPTY;
            }
            if let Some(known) = self.cache.get(UP_TO | u32::from(max), f, f) {
                break known;
            }
            self.memory.step()?;
            self.walk.push((f, f, max));
            f = self.lo(f);
        };
        while self.walk.len() > base {
            let Some((f, _, _)) = self.walk.pop() else { break };
            let var = self.var(f);
            let hi = match max.checked_sub(self.weight(var)) {
                Some(left) => self.up_to(self.hi(f), left)?,
                None => EMPTY,
            };
            result = self.node(var, result, hi)?;
            self.cache.put(UP_TO | u32::from(max), f, f, result);
        }
        Ok(result)
    }

    /// The sets with no variable of which `drop` holds: the function with those never failing.
    pub(in crate::analysis) fn without_variables(&mut self, f: Id, drop: &dyn Fn(u32) -> bool) -> Result<Id, Stop> {
        let order = self.below_at_most(f, usize::MAX).unwrap_or_default();
        let mut kept: Vec<Id> = Vec::with_capacity(order.len());
        let place = |kept: &[Id], order: &[Id], id: Id| match order.binary_search(&id) {
            Ok(at) => kept[at],
            Err(_) => id,
        };
        // Nodes are made after those they point to, so numbers ascend.
        for &id in &order {
            let (var, lo, hi) = (self.var(id), self.lo(id), self.hi(id));
            let lo = place(&kept, &order, lo);
            let hi = if drop(var) { EMPTY } else { place(&kept, &order, hi) };
            self.memory.step()?;
            let made = self.node(var, lo, hi)?;
            kept.push(made);
        }
        Ok(place(&kept, &order, f))
    }

    /// The sets with a variable of which `wanted` holds.
    pub(in crate::analysis) fn with_variables(&mut self, f: Id, wanted: &dyn Fn(u32) -> bool) -> Result<Id, Stop> {
        let order = self.below(f);
        let mut kept: Vec<Id> = Vec::with_capacity(order.len());
        let place = |kept: &[Id], id: Id| order.binary_search(&id).map_or(EMPTY, |at| kept[at]);
        for &id in &order {
            let (var, hi) = (self.var(id), self.hi(id));
            let lo = place(&kept, self.lo(id));
            let hi = if wanted(var) { hi } else { place(&kept, hi) };
            self.memory.step()?;
            let made = self.node(var, lo, hi)?;
            kept.push(made);
        }
        Ok(place(&kept, f))
    }

    /// All nodes of a family but `EMPTY` and `ONE`, sorted.
    pub(in crate::analysis) fn below(&self, f: Id) -> Vec<Id> {
        let mut seen = vec![false; f as usize + 1];
        let mut open = vec![f];
        while let Some(id) = open.pop() {
            if id > ONE && !std::mem::replace(&mut seen[id as usize], true) {
                open.extend([self.lo(id), self.hi(id)]);
            }
        }
        (ONE + 1..=f).filter(|&id| seen[id as usize]).collect()
    }

    /// All nodes of a family but `EMPTY` and `ONE`, sorted, unless they are more than `max`.
    pub(in crate::analysis) fn below_at_most(&mut self, f: Id, max: usize) -> Option<Vec<Id>> {
        self.marked.resize(self.nodes.len(), 0);
        self.mark = self.mark.wrapping_add(1);
        if self.mark == 0 {
            self.marked.fill(0);
            self.mark = 1;
        }
        let mut nodes = Vec::new();
        let mut open = vec![f];
        while let Some(id) = open.pop() {
            if id > ONE && std::mem::replace(&mut self.marked[id as usize], self.mark) != self.mark {
                if nodes.len() == max {
                    return None;
                }
                nodes.push(id);
                open.extend([self.lo(id), self.hi(id)]);
            }
        }
        nodes.sort_unstable();
        Some(nodes)
    }
}
