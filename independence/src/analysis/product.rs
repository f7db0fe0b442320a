//! Disjunctions and conjunctions of many families.

use super::symmetry;
use super::zbdd::{EMPTY, Id, ONE, Stop, Zbdd};

/// Families larger than this are not searched for private variables.
const SEARCHED_NODES_MAX: usize = 1 << 14;

/// The disjunction of the families from `start` on, which are taken out.
///
/// They are joined two by two, neighbours in the order of their variables first: joining a long family with many short ones,
/// one after the other, would walk the long one each time.
pub(super) fn any(zbdd: &mut Zbdd, terms: &mut Vec<Id>, start: usize) -> Result<Id, Stop> {
    if terms.len() - start > 2 {
        let families = &mut terms[start..];
        families.sort_unstable_by_key(|&family| (zbdd.var(family), family));
        let mut kept = start;
        for at in start..terms.len() {
            if kept == start || terms[kept - 1] != terms[at] {
                terms[kept] = terms[at];
                kept += 1;
            }
        }
        terms.truncate(kept);
    }
    while terms.len() - start > 1 {
        let pairs = (terms.len() - start).div_ceil(2);
        for pair in 0..pairs {
            let (left, right) = (start + 2 * pair, start + 2 * pair + 1);
            terms[start + pair] = match terms.get(right) {
                Some(&right) => zbdd.or(terms[left], right)?,
                None => terms[left],
            };
        }
        terms.truncate(start + pairs);
    }
    let value = terms.get(start).copied().unwrap_or(EMPTY);
    terms.truncate(start);
    Ok(value)
}

/// The conjunction of families, up to an order.
pub(super) fn all(zbdd: &mut Zbdd, factors: &[Id], order: u8) -> Result<Id, Stop> {
    let mut factors = factors.to_vec();
    tidy(&mut factors);
    if factors.first() == Some(&EMPTY) {
        return Ok(EMPTY);
    }
    // What is replaced may leave equal families behind, and private variables that were not.
    while factors.len() > usize::from(order) && replace_classes(zbdd, &mut factors, order)? {
        tidy(&mut factors);
        if factors.first() == Some(&EMPTY) {
            return Ok(EMPTY);
        }
    }
    match factors[..] {
        [only] => return zbdd.up_to(only, order),
        [a, b] => return zbdd.and(a, b, order),
        _ => {}
    }
    let mut size = |family: Id| zbdd.nodes_below(family, 4_096).map_or(usize::MAX, |nodes| nodes.len());
    let mut by_size: Vec<(usize, Id)> = factors.iter().map(|&family| (size(family), family)).collect();
    by_size.sort_unstable();
    let mut product = ONE;
    for (_, family) in by_size {
        product = zbdd.and(product, family, order)?;
        if product == EMPTY {
            break;
        }
    }
    Ok(product)
}

fn tidy(factors: &mut Vec<Id>) {
    factors.sort_unstable();
    factors.dedup();
    factors.retain(|&family| family != ONE);
}

/// Applies the symmetry rule by the variables that only one family has. Whether anything was replaced.
fn replace_classes(zbdd: &mut Zbdd, factors: &mut Vec<Id>, order: u8) -> Result<bool, Stop> {
    let Some(private) = zbdd.private_variables(factors, SEARCHED_NODES_MAX) else { return Ok(false) };
    let mut bare = Vec::with_capacity(factors.len());
    for ((number, &family), private) in (0u32..).zip(factors.iter()).zip(private) {
        bare.push((zbdd.without_variables(family, &private)?, number));
    }
    let mut kept = Vec::with_capacity(factors.len());
    let mut replaced = false;
    for class in symmetry::classes(bare) {
        if class.members.len() > usize::from(order) {
            replaced = true;
            kept.push(class.bare);
        } else {
            kept.extend(class.members.iter().map(|&member| factors[member as usize]));
        }
    }
    *factors = kept;
    Ok(replaced)
}
