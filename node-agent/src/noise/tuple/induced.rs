//! Suffixes sorted in linear time, by induction from a few of them (Nong, Zhang and Chan: "Linear Suffix Array Construction
//! by Almost Pure Induced-Sorting"), and what neighbours share (Kärkkäinen, Manzini and Puglisi: "Permuted
//! Longest-Common-Prefix Array").

const NONE: u32 = u32::MAX;

/// Tells, for each suffix in their order but the first, how many symbols it shares with the one before it.
pub(super) fn for_each_shared(symbols: &[u8], next: &mut impl FnMut(u32)) {
    let places = sort(symbols, 256);
    // By place: the suffix that comes before it in the order; then how much it shares with that one.
    let mut shared = vec![NONE; symbols.len()];
    for pair in places.windows(2) {
        shared[pair[1] as usize] = pair[0];
    }
    let mut length = 0;
    for place in 0..symbols.len() {
        if shared[place] == NONE {
            length = 0;
            continue;
        }
        let before = shared[place] as usize;
        let more = symbols[place + length..].iter().zip(&symbols[before + length..]);
        length += more.take_while(|(one, other)| one == other).count();
        shared[place] = length as u32;
        length = length.saturating_sub(1);
    }
    for place in places.into_iter().skip(1) {
        next(shared[place as usize]);
    }
}

/// A symbol of the text or, one level down, the number of a piece of it.
trait Symbol: Copy + Ord {
    fn index(self) -> usize;
}

impl Symbol for u8 {
    fn index(self) -> usize {
        usize::from(self)
    }
}

impl Symbol for u32 {
    fn index(self) -> usize {
        self as usize
    }
}

/// The places of all suffixes in their order; one that ends comes before one that goes on.
fn sort<S: Symbol>(text: &[S], alphabet: usize) -> Vec<u32> {
    let mut order = Induction::new(text, alphabet);
    let tops: Vec<u32> = (0..text.len()).filter(|place| order.is_top(*place)).map(|place| place as u32).collect();
    // Tops in any order sort the pieces from one top to the next.
    order.induce(tops.iter().copied());
    if tops.len() > 1 {
        let (numbers, pieces) = order.number_pieces(&tops);
        let sorted: Vec<u32> = match pieces == tops.len() {
            true => order.places.iter().copied().filter(|place| order.is_top_at(*place)).collect(),
            false => sort(&numbers, pieces).into_iter().map(|index| tops[index as usize]).collect(),
        };
        drop(numbers);
        order.induce(sorted.into_iter());
    }
    order.places
}

struct Induction<'a, S> {
    text: &'a [S],
    /// Whether the suffix is less than the one that begins a symbol later.
    rises: Vec<bool>,
    /// Where the suffixes that begin with each symbol begin, and, last, how many there are.
    begins: Vec<u32>,
    places: Vec<u32>,
}

impl<'a, S: Symbol> Induction<'a, S> {
    fn new(text: &'a [S], alphabet: usize) -> Self {
        let mut rises = vec![false; text.len()];
        for place in (0..text.len().saturating_sub(1)).rev() {
            rises[place] = text[place] < text[place + 1] || text[place] == text[place + 1] && rises[place + 1];
        }
        let mut begins = vec![0_u32; alphabet + 1];
        for symbol in text {
            begins[symbol.index() + 1] += 1;
        }
        for index in 1..begins.len() {
            begins[index] += begins[index - 1];
        }
        Self { text, rises, begins, places: Vec::new() }
    }

    /// Whether a rise begins here after a fall.
    fn is_top(&self, place: usize) -> bool {
        place > 0 && self.rises[place] && !self.rises[place - 1]
    }

    fn is_top_at(&self, place: u32) -> bool {
        place != NONE && self.is_top(place as usize)
    }

    /// Sorts all suffixes, given tops: exactly where the tops are in their order.
    fn induce(&mut self, tops: impl DoubleEndedIterator<Item = u32>) {
        self.places.clear();
        self.places.resize(self.text.len(), NONE);
        let mut free = self.begins[1..].to_vec();
        for top in tops.rev() {
            self.put_last(&mut free, top as usize);
        }
        // What falls, from the least up: it comes after what follows it. The last suffix falls to the end of the text.
        let mut free = self.begins.clone();
        self.put_first(&mut free, self.text.len() - 1);
        for index in 0..self.places.len() {
            let place = self.places[index];
            if place != NONE && place > 0 && !self.rises[place as usize - 1] {
                self.put_first(&mut free, place as usize - 1);
            }
        }
        // What rises, from the greatest down: it comes before what follows it.
        let mut free = self.begins[1..].to_vec();
        for index in (0..self.places.len()).rev() {
            let place = self.places[index];
            if place != NONE && place > 0 && self.rises[place as usize - 1] {
                self.put_last(&mut free, place as usize - 1);
            }
        }
    }

    fn put_first(&mut self, free: &mut [u32], place: usize) {
        let free = &mut free[self.text[place].index()];
        self.places[*free as usize] = place as u32;
        *free += 1;
    }

    fn put_last(&mut self, free: &mut [u32], place: usize) {
        let free = &mut free[self.text[place].index()];
        *free -= 1;
        self.places[*free as usize] = place as u32;
    }

    /// The pieces of the text by their number in the order, equal ones with the same, and how many numbers there are.
    fn number_pieces(&self, tops: &[u32]) -> (Vec<u32>, usize) {
        // By place halved, which is another one for each top.
        let mut number_at = vec![NONE; self.text.len() / 2 + 1];
        let (mut number, mut before) = (0, None);
        for place in self.places.iter().copied().filter(|place| self.is_top_at(*place)) {
            let place = place as usize;
            if before.is_some_and(|before| !self.same_piece(before, place)) {
                number += 1;
            }
            number_at[place / 2] = number;
            before = Some(place);
        }
        let numbers = tops.iter().map(|top| number_at[*top as usize / 2]).collect();
        (numbers, number as usize + 1)
    }

    fn same_piece(&self, one: usize, other: usize) -> bool {
        for offset in 0.. {
            let (one, other) = (one + offset, other + offset);
            if one == self.text.len() || other == self.text.len() || self.text[one] != self.text[other] {
                return false;
            }
            if offset > 0 && (self.is_top(one) || self.is_top(other)) {
                return self.is_top(one) && self.is_top(other);
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn suffixes_are_sorted(text in proptest::collection::vec(0_u8..3, 1..200)) {
            let mut expect: Vec<u32> = (0..text.len() as u32).collect();
            expect.sort_by_key(|place| &text[*place as usize..]);
            prop_assert_eq!(sort(&text, 256), expect);
        }
    }
}
