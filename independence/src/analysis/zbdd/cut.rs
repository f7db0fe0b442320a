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

    /// The sets with none of these variables, which are sorted: the function with those never failing.
    pub(in crate::analysis) fn without_variables(&mut self, f: Id, drop: &[u32]) -> Result<Id, Stop> {
        // What is below the last of them stays as it is.
        let end = drop.last().map_or(0, |last| last + 1);
        let mut order = self.nodes_before(f, end, usize::MAX).unwrap_or_default();
        order.sort_unstable();
        let mut kept: Vec<Id> = Vec::with_capacity(order.len());
        let place = |kept: &[Id], order: &[Id], id: Id| match order.binary_search(&id) {
            Ok(at) => kept[at],
            Err(_) => id,
        };
        // Nodes are made after those they point to, so numbers ascend.
        for &id in &order {
            let (var, lo, hi) = (self.var(id), self.lo(id), self.hi(id));
            let lo = place(&kept, &order, lo);
            let hi = if drop.binary_search(&var).is_ok() { EMPTY } else { place(&kept, &order, hi) };
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

    /// For each of these families the variables that none of the others has and that weigh something, sorted; nothing when
    /// they have more than `max` nodes, those that several share counted for each.
    pub(in crate::analysis) fn private_variables(&mut self, families: &[Id], max: usize) -> Option<Vec<Vec<u32>>> {
        let count = u32::try_from(families.len()).ok()?;
        // Numbers of earlier calls are smaller; that of a variable that several have is the largest.
        let first = match self.holders_from.checked_add(count + 1) {
            Some(next) => std::mem::replace(&mut self.holders_from, next),
            None => {
                self.holders.clear();
                self.holders_from = count + 2;
                1
            }
        };
        let mut left = max;
        let mut of_each = Vec::with_capacity(families.len());
        for (holder, &family) in (first..).zip(families) {
            let nodes = self.nodes_below(family, left)?;
            left -= nodes.len();
            let mut variables = Vec::with_capacity(nodes.len());
            for node in nodes {
                let var = self.var(node);
                if self.weight(var) == 0 {
                    continue;
                }
                if self.holders.len() <= var as usize {
                    self.holders.resize(var as usize + 1, 0);
                }
                let known = &mut self.holders[var as usize];
                if *known < first {
                    *known = holder;
                    variables.push(var);
                } else if *known != holder {
                    *known = first + count;
                }
            }
            of_each.push(variables);
        }
        for (holder, variables) in (first..).zip(&mut of_each) {
            variables.retain(|&var| self.holders[var as usize] == holder);
            variables.sort_unstable();
        }
        Some(of_each)
    }

    /// All nodes of a family but `EMPTY` and `ONE`, unless they are more than `max`.
    pub(in crate::analysis) fn nodes_below(&mut self, f: Id, max: usize) -> Option<Vec<Id>> {
        self.nodes_before(f, u32::MAX, max)
    }

    /// Those of them with variables before `end`.
    fn nodes_before(&mut self, f: Id, end: u32, max: usize) -> Option<Vec<Id>> {
        self.marked.resize(self.nodes.len(), 0);
        self.mark = self.mark.wrapping_add(1);
        if self.mark == 0 {
            self.marked.fill(0);
            self.mark = 1;
        }
        let mut nodes = Vec::new();
        let mut open = vec![f];
        while let Some(id) = open.pop() {
            // The variable of `EMPTY` and `ONE` is the largest.
            if self.var(id) < end && std::mem::replace(&mut self.marked[id as usize], self.mark) != self.mark {
                if nodes.len() == max {
                    return None;
                }
                nodes.push(id);
                open.extend([self.lo(id), self.hi(id)]);
            }
        }
        Some(nodes)
    }
}
