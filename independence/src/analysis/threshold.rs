//! At least so many of many families.
//!
//! # Counting up
//! Let R_j be the sets that satisfy at least j of the families seen so far. With a further family f that stands for w equal
//! members, R_j becomes R_j + R_{j-w} f. Families are taken from the last variable to the first, so that the new one lies
//! above all that is there, and a step touches few nodes: "198 of 200 must be up" is a thousand steps, not the 1.3 million
//! sets of three.
//!
//! # Classes
//! For a gate with a count m > K, K the order, the members are sorted into classes of equal c|0 (see
//! [`super::symmetry`]). A set S of at most K events satisfies of a class of n members: all n, when it satisfies c|0;
//! else only members of which it holds private events, which are at most K over all classes. So for each class it is
//! enough to know A_j, "at least j of the class", for j up to K and for n: A_n = c|0 when n > K, as of more than K members
//! one is touched by none of S. R_w is kept for the sums w of such j only.

use std::collections::BTreeMap;

use super::symmetry::{self, Class};
use super::zbdd::{EMPTY, Id, ONE, Stop, Zbdd};

/// The sets that satisfy at least `count` of `members`, up to an order.
pub(super) fn at_least(zbdd: &mut Zbdd, count: u32, members: &[Id], order: u8) -> Result<Id, Stop> {
    let numbered = (0u32..).zip(members).map(|(number, &family)| (family, number)).collect();
    let mut classes = symmetry::classes(numbered);
    classes.retain(|class| class.bare != EMPTY);
    classes.sort_by_key(|class| std::cmp::Reverse((zbdd.var(class.bare), class.bare)));
    let count = count as usize;
    // reached[j]: at least j of the families seen so far.
    let mut reached = vec![EMPTY; count + 1];
    reached[0] = ONE;
    let mut seen = 0;
    for class in classes {
        let weight = class.members.len();
        seen += weight;
        for j in (1..=count.min(seen)).rev() {
            let below = reached[j.saturating_sub(weight)];
            let more = zbdd.and(below, class.bare, order)?;
            reached[j] = zbdd.or(reached[j], more)?;
        }
    }
    Ok(reached[count])
}

/// The sets that satisfy at least `count` members, where `count` is larger than the order. The members of a class are
/// families.
pub(super) fn of_classes(zbdd: &mut Zbdd, count: u32, classes: &[Class], order: u8) -> Result<Id, Stop> {
    // reached[w]: a way to satisfy at least w.
    let mut reached: BTreeMap<u32, Id> = BTreeMap::from([(0, ONE)]);
    for class in classes {
        let steps = steps(zbdd, class, order)?;
        let before: Vec<(u32, Id)> = reached.iter().map(|(&sum, &family)| (sum, family)).collect();
        for (sum, family) in before {
            for &(more, step) in &steps {
                let both = zbdd.and(family, step, order)?;
                if both != EMPTY {
                    let entry = reached.entry(count.min(sum.saturating_add(more))).or_insert(EMPTY);
                    *entry = zbdd.or(*entry, both)?;
                }
            }
        }
        thin_out(zbdd, &mut reached)?;
    }
    Ok(reached.get(&count).copied().unwrap_or(EMPTY))
}

/// How a class can contribute: pairs of a number of members and the sets that satisfy as many.
fn steps(zbdd: &mut Zbdd, class: &Class, order: u8) -> Result<Vec<(u32, Id)>, Stop> {
    let all = u32::try_from(class.members.len()).unwrap_or(u32::MAX);
    let mut steps = Vec::new();
    for count in 1..=u32::from(order).min(all) {
        steps.push((count, at_least(zbdd, count, &class.members, order)?));
    }
    if all > u32::from(order) {
        steps.push((all, class.bare));
    }
    Ok(steps)
}

/// Leaves out sums whose sets all reach more.
fn thin_out(zbdd: &mut Zbdd, reached: &mut BTreeMap<u32, Id>) -> Result<(), Stop> {
    let mut beyond = EMPTY;
    let mut kept = BTreeMap::new();
    for (&sum, &family) in reached.iter().rev() {
        let here = zbdd.without(family, beyond)?;
        if here != EMPTY {
            beyond = zbdd.or(beyond, here)?;
            kept.insert(sum, family);
        }
    }
    *reached = kept;
    Ok(())
}
