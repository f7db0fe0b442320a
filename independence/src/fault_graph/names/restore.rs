//! Names as they are stored: with their order, so that one pass shows that no two are the same.

use super::{Index, Names, UNNAMED, get};
use crate::fault_graph::VERTICES_MAX;

/// Why texts, offsets and an order are no names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::fault_graph) enum BadNames {
    /// The offsets do not cut the text into pieces.
    Offsets,
    /// Two vertices have one name.
    Twice,
    /// The order is none of all that has a name.
    Order,
    /// More than can be counted.
    TooMany,
}

impl Names {
    pub(in crate::fault_graph) fn text(&self) -> &str {
        &self.text
    }

    pub(in crate::fault_graph) fn starts(&self) -> &[u32] {
        &self.starts
    }

    /// The numbers of what has a name, sorted by it.
    pub(in crate::fault_graph) fn order(&self) -> Vec<u32> {
        if let Index::Sorted(order) = &self.index {
            return order.clone();
        }
        let numbers = (0..).take(self.len());
        let mut order: Vec<u32> = numbers.filter(|&number| self.get(number) != UNNAMED).collect();
        order.sort_unstable_by(|&a, &b| self.get(a).cmp(self.get(b)));
        order
    }

    /// Names that lie in `text` between the offsets `starts`, sorted by `order`.
    pub(in crate::fault_graph) fn restore(text: String, starts: Vec<u32>, order: Vec<u32>) -> Result<Self, BadNames> {
        let ordered = starts.is_sorted() && starts.first() == Some(&0);
        if !ordered || starts.last().is_none_or(|&end| end as usize != text.len()) {
            return Err(BadNames::Offsets);
        }
        // Names of letters, digits and signs need no look at each cut.
        if !text.is_ascii() && !starts.iter().all(|&start| text.is_char_boundary(start as usize)) {
            return Err(BadNames::Offsets);
        }
        if starts.len() - 1 > VERTICES_MAX {
            return Err(BadNames::TooMany);
        }
        sorted(&text, &starts, &order)?;
        Ok(Self { text, starts, index: Index::Sorted(order) })
    }
}

/// Whether the names ascend, and all are there. Names that ascend differ, and so do their numbers: then none is missing
/// where there are as many as names.
fn sorted(text: &str, starts: &[u32], order: &[u32]) -> Result<(), BadNames> {
    let named = starts.windows(2).filter(|ends| ends[0] < ends[1]).count();
    if order.len() != named || order.iter().any(|&number| number as usize >= starts.len() - 1) {
        return Err(BadNames::Order);
    }
    let mut last = UNNAMED;
    for &number in order {
        let name = get(text, starts, number);
        if name <= last {
            return Err(if name == last && name != UNNAMED { BadNames::Twice } else { BadNames::Order });
        }
        last = name;
    }
    Ok(())
}
