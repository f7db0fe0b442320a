//! Hash N-Degree Quads: tells blank nodes apart by what lies around them (RDFC-1.0, sections 4.7 and 4.8).
//!
//! The only part whose cost can explode. Each hash and each permutation is one step of the budget, and a list with more
//! permutations than steps are left is refused before the first of them is tried.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{CanonicaliseError, Hashed, Labelling, blank_nodes};

/// Labels on trial: the position in the list is the number of the label.
#[derive(Clone, Default)]
pub(super) struct Issuer(Vec<u32>);

impl Issuer {
    pub(super) fn order(&self) -> &[u32] {
        &self.0
    }

    fn number(&self, blank: u32) -> Option<usize> {
        self.0.iter().position(|&issued| issued == blank)
    }

    /// The number, and whether it is new.
    fn issue(&mut self, blank: u32) -> (usize, bool) {
        match self.number(blank) {
            Some(number) => (number, false),
            None => {
                self.0.push(blank);
                (self.0.len() - 1, true)
            }
        }
    }
}

type Path = (String, Issuer);

impl Labelling<'_, '_> {
    pub(super) fn hash_n_degree_from(&mut self, blank: u32) -> Result<(Hashed, Issuer), CanonicaliseError> {
        self.hash_n_degree(blank, Issuer(vec![blank]), 0)
    }

    fn hash_n_degree(
        &mut self,
        blank: u32,
        mut issuer: Issuer,
        depth: usize,
    ) -> Result<(Hashed, Issuer), CanonicaliseError> {
        if depth >= self.limits.depth_max {
            let what = "blank nodes in a row that look alike";
            return Err(CanonicaliseError::TooComplex { what, max: self.limits.depth_max });
        }
        let mut data = String::with_capacity(256);
        for (related_hash, related) in self.hash_related(blank, &issuer)? {
            related_hash.push_to(&mut data);
            let (path, chosen) = self.choose_path(related, &issuer, depth)?;
            data.push_str(&path);
            issuer = chosen;
        }
        self.step(1)?;
        Ok((Hashed::of(self.hash, std::iter::once(data.as_str())), issuer))
    }

    /// The neighbours of a blank node by the hash of how they stand to it.
    fn hash_related(&mut self, blank: u32, issuer: &Issuer) -> Result<BTreeMap<Hashed, Vec<u32>>, CanonicaliseError> {
        let mut found: BTreeMap<Hashed, Vec<u32>> = BTreeMap::new();
        let mut input = String::with_capacity(160);
        for at in 0..self.standing_in[blank as usize].len() {
            let statement = &self.statements[self.standing_in[blank as usize][at]];
            for (place, related) in blank_nodes(statement).filter(|(_, related)| *related != blank) {
                // Long names and long searches cost more than short ones.
                self.step(1 + (statement.predicate.len() + issuer.0.len()) / 64)?;
                input.clear();
                input.push(place);
                if place != 'g' {
                    input.push('<');
                    input.push_str(&statement.predicate);
                    input.push('>');
                }
                match (self.issued[related as usize], issuer.number(related)) {
                    (Some(number), _) => drop(write!(input, "_:c14n{number}")),
                    (None, Some(number)) => drop(write!(input, "_:b{number}")),
                    (None, None) => self.first_degree[related as usize].push_to(&mut input),
                }
                let hash = Hashed::of(self.hash, std::iter::once(input.as_str()));
                found.entry(hash).or_default().push(related);
            }
        }
        Ok(found)
    }

    /// The least path over all orders of `related`.
    fn choose_path(&mut self, mut related: Vec<u32>, issuer: &Issuer, depth: usize) -> Result<Path, CanonicaliseError> {
        related.sort_unstable();
        let left = self.limits.steps_max - self.steps;
        if count_permutations(&related, left).is_none() {
            return Err(self.too_complex());
        }
        let mut chosen: Option<Path> = None;
        loop {
            self.step(1 + issuer.0.len() / 64)?;
            if let Some((path, issuer)) = self.try_path(&related, issuer.clone(), chosen.as_ref(), depth)?
                && chosen.as_ref().is_none_or(|(least, _)| path < *least)
            {
                chosen = Some((path, issuer));
            }
            if !next_permutation(&mut related) {
                break;
            }
        }
        chosen.ok_or_else(|| self.too_complex())
    }

    /// The path for one order; `None` as soon as it cannot become the least.
    fn try_path(
        &mut self,
        related: &[u32],
        mut issuer: Issuer,
        chosen: Option<&Path>,
        depth: usize,
    ) -> Result<Option<Path>, CanonicaliseError> {
        let hopeless = |path: &String| {
            chosen.is_some_and(|(least, _)| path.len() >= least.len() && path.as_str() > least.as_str())
        };
        let mut path = String::with_capacity(96);
        let mut recursion = Vec::new();
        for &blank in related {
            if let Some(number) = self.issued[blank as usize] {
                let _ = write!(path, "_:c14n{number}");
            } else {
                let (number, new) = issuer.issue(blank);
                if new {
                    recursion.push(blank);
                }
                let _ = write!(path, "_:b{number}");
            }
            if hopeless(&path) {
                return Ok(None);
            }
        }
        for blank in recursion {
            let (number, _) = issuer.issue(blank);
            let (hash, after) = self.hash_n_degree(blank, issuer, depth + 1)?;
            issuer = after;
            let _ = write!(path, "_:b{number}<");
            hash.push_to(&mut path);
            path.push('>');
            if hopeless(&path) {
                return Ok(None);
            }
        }
        Ok(Some((path, issuer)))
    }

    fn step(&mut self, steps: usize) -> Result<(), CanonicaliseError> {
        self.steps += steps;
        if self.steps > self.limits.steps_max { Err(self.too_complex()) } else { Ok(()) }
    }

    fn too_complex(&self) -> CanonicaliseError {
        CanonicaliseError::TooComplex { what: "steps to tell blank nodes apart", max: self.limits.steps_max }
    }
}

/// How many orders a sorted list has; `None`: more than `max`. One that stands in it several times, as a graph does that holds
/// several statements of a node, is not told apart from itself.
fn count_permutations(sorted: &[u32], max: usize) -> Option<usize> {
    let mut permutations = 1_usize;
    let mut alike = 0;
    for (at, item) in sorted.iter().enumerate() {
        alike = if at > 0 && sorted[at - 1] == *item { alike + 1 } else { 1 };
        // The number of orders of the list so far, so the division leaves no rest.
        permutations = permutations.checked_mul(at + 1)? / alike;
        if permutations > max {
            return None;
        }
    }
    Some(permutations)
}

/// The next order of a list in lexicographic order; `false` after the last.
fn next_permutation(list: &mut [u32]) -> bool {
    let Some(pivot) = list.windows(2).rposition(|pair| pair[0] < pair[1]) else { return false };
    let Some(successor) = list.iter().rposition(|&item| item > list[pivot]) else { return false };
    list.swap(pivot, successor);
    list[pivot + 1..].reverse();
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_order_is_counted_and_tried_once() {
        for list in [
            vec![],
            vec![7],
            vec![1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
            vec![1, 1, 2],
            vec![1, 2, 2, 3, 3, 3],
            vec![1, 2, 3, 4],
        ] {
            let mut tried = std::collections::BTreeSet::from([list.clone()]);
            let mut order = list.clone();
            while next_permutation(&mut order) {
                assert!(tried.insert(order.clone()), "{order:?} twice");
            }
            assert_eq!(count_permutations(&list, 1000), Some(tried.len()), "{list:?}");
        }
        assert_eq!(count_permutations(&[1, 2, 3, 4, 5, 6, 7, 8, 9], 30_000), None);
    }
}
