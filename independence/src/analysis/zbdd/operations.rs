//! Or, and, and the difference that keeps families minimal.

use super::{ALL, EMPTY, Id, ONE, Stop, Zbdd};

const OR: u32 = 1 << 8;
const WITHOUT: u32 = 2 << 8;
const AND: u32 = 3 << 8;

impl Zbdd {
    /// The minimal sets of either.
    pub(in crate::analysis) fn or(&mut self, f: Id, g: Id) -> Result<Id, Stop> {
        let base = self.walk.len();
        let (mut f, mut g) = (f, g);
        let mut result = loop {
            if f == g || g == EMPTY {
                break f;
            }
            if f == EMPTY {
                break g;
            }
            if f == ONE || g == ONE {
                break ONE;
            }
            if f > g {
                std::mem::swap(&mut f, &mut g);
            }
            if let Some(known) = self.cache.get(OR, f, g) {
                break known;
            }
            self.memory.step()?;
            self.walk.push((f, g, 0));
            let var = self.var(f).min(self.var(g));
            (f, g) = (self.lo_at(f, var), self.lo_at(g, var));
        };
        while self.walk.len() > base {
            let Some((f, g, _)) = self.walk.pop() else { break };
            let var = self.var(f).min(self.var(g));
            let hi = self.or_above(f, g, var)?;
            result = self.node(var, result, hi)?;
            self.cache.put(OR, f, g, result);
        }
        Ok(result)
    }

    /// The sets of the union that hold `var`, without it. Each side is minimal in itself, so that it must be held against
    /// the other one only.
    fn or_above(&mut self, f: Id, g: Id, var: u32) -> Result<Id, Stop> {
        let (f_hi, g_hi) = (self.hi_at(f, var), self.hi_at(g, var));
        if f_hi == g_hi {
            return Ok(f_hi);
        }
        let from_f = self.without(f_hi, self.lo_at(g, var))?;
        let from_g = self.without(g_hi, self.lo_at(f, var))?;
        self.or(from_f, from_g)
    }

    /// The sets of `f` that hold no set of `g`.
    pub(in crate::analysis) fn without(&mut self, f: Id, g: Id) -> Result<Id, Stop> {
        let base = self.walk.len();
        let (mut f, mut g) = (f, g);
        let mut result = loop {
            // Variables that `f` does not have make a set of `g` none that `f` could hold.
            if f > ONE {
                g = self.skip_before(g, self.var(f));
            }
            if f == EMPTY || g == ONE || f == g {
                break EMPTY;
            }
            let apart = self.last(f) < self.var(g) || self.lightest(g) > self.largest(f);
            if g == EMPTY || f == ONE || apart {
                break f;
            }
            if let Some(known) = self.cache.get(WITHOUT, f, g) {
                break known;
            }
            self.memory.step()?;
            self.walk.push((f, g, 0));
            let var = self.var(f);
            (f, g) = (self.lo(f), self.lo_at(g, var));
        };
        while self.walk.len() > base {
            let Some((f, g, _)) = self.walk.pop() else { break };
            let var = self.var(f);
            let mut hi = self.without(self.hi(f), self.lo_at(g, var))?;
            if self.var(g) == var {
                hi = self.without(hi, self.hi(g))?;
            }
            result = self.node(var, result, hi)?;
            self.cache.put(WITHOUT, f, g, result);
        }
        Ok(result)
    }

    /// The minimal unions of a set of each, up to weight `max`.
    pub(in crate::analysis) fn and(&mut self, f: Id, g: Id, max: u8) -> Result<Id, Stop> {
        let base = self.walk.len();
        let (mut f, mut g) = (f, g);
        let mut result = loop {
            if f == EMPTY || g == EMPTY || self.lightest(f) > max || self.lightest(g) > max {
                break EMPTY;
            }
            if f == ONE || f == g {
                break self.up_to(g, max)?;
            }
            if g == ONE {
                break self.up_to(f, max)?;
            }
            if f > g {
                std::mem::swap(&mut f, &mut g);
            }
            let cut = self.cut(f, g, max);
            if let Some(known) = self.cache.get(AND | u32::from(cut), f, g) {
                break known;
            }
            self.memory.step()?;
            self.walk.push((f, g, cut));
            let var = self.var(f).min(self.var(g));
            (f, g) = (self.lo_at(f, var), self.lo_at(g, var));
        };
        while self.walk.len() > base {
            let Some((f, g, cut)) = self.walk.pop() else { break };
            let var = self.var(f).min(self.var(g));
            let hi = self.and_above(f, g, var, cut, result)?;
            result = self.node(var, result, hi)?;
            self.cache.put(AND | u32::from(cut), f, g, result);
        }
        Ok(result)
    }

    /// Where no union can be too heavy there is no cut: then more products are the same.
    fn cut(&self, f: Id, g: Id, max: u8) -> u8 {
        if max == ALL || u16::from(self.largest(f)) + u16::from(self.largest(g)) <= u16::from(max) { ALL } else { max }
    }

    /// The sets of the product that hold `var`, without it.
    fn and_above(&mut self, f: Id, g: Id, var: u32, cut: u8, lo: Id) -> Result<Id, Stop> {
        let Some(max) = (if cut == ALL { Some(ALL) } else { cut.checked_sub(self.weight(var)) }) else {
            return Ok(EMPTY);
        };
        let (upper, lower) = if self.var(f) <= self.var(g) { (f, g) } else { (g, f) };
        let (upper_hi, upper_lo) = (self.hi(upper), self.lo(upper));
        if self.var(lower) > var {
            let joined = self.and(upper_hi, lower, max)?;
            // Sets that share nothing: a union of two holds another only if both parts do, and they are minimal.
            return if self.last(upper) < self.var(lower) { Ok(joined) } else { self.without(joined, lo) };
        }
        let (lower_hi, lower_lo) = (self.hi(lower), self.lo(lower));
        let either = self.or(lower_hi, lower_lo)?;
        let first = self.and(upper_hi, either, max)?;
        let second = self.and(upper_lo, lower_hi, max)?;
        let hi = self.or(first, second)?;
        self.without(hi, lo)
    }

    #[inline]
    pub(super) fn lo_at(&self, id: Id, var: u32) -> Id {
        let node = &self.nodes[id as usize];
        if node.var == var { node.lo } else { id }
    }

    #[inline]
    fn hi_at(&self, id: Id, var: u32) -> Id {
        let node = &self.nodes[id as usize];
        if node.var == var { node.hi } else { EMPTY }
    }
}
