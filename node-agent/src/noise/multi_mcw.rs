//! The prediction of the most common value in four windows (6.3.7).

use super::prediction::Tally;

const WINDOWS: [usize; 4] = [63, 255, 1023, 4095];

/// Bits of min-entropy a symbol; nothing where the widest window takes all symbols.
pub(super) fn estimate(symbols: &[u8], alphabet: usize) -> Option<f64> {
    if symbols.len() <= WINDOWS[3] {
        return None;
    }
    let tally = match alphabet {
        2 => race(symbols, WINDOWS.map(Ones::new)),
        _ => race(symbols, WINDOWS.map(|width| Window::new(width, alphabet))),
    };
    Some(tally.estimate(symbols.len() - WINDOWS[0], alphabet))
}

/// The last symbols, and which of them is the most common; the latest, where several are.
trait MostCommon {
    /// Moves on: `new`, the symbol at `at`, comes in, and `old` goes out where the window is full.
    fn advance(&mut self, at: usize, new: u8, old: Option<u8>);
    fn most_common(&self) -> u8;
}

fn race<W: MostCommon>(symbols: &[u8], mut windows: [W; 4]) -> Tally {
    let (mut scores, mut leader, mut tally) = ([0_u32; 4], 0, Tally::default());
    for (at, symbol) in symbols.iter().copied().enumerate() {
        if at >= WINDOWS[0] {
            tally.count(windows[leader].most_common() == symbol);
        }
        for index in 0..4 {
            let old = at.checked_sub(WINDOWS[index]).map(|old| symbols[old]);
            if old.is_some() && windows[index].most_common() == symbol {
                scores[index] += 1;
                if scores[index] >= scores[leader] {
                    leader = index;
                }
            }
            windows[index].advance(at, symbol, old);
        }
    }
    tally
}

/// A window of bits: as its width is odd, more than half of its bits are ones or more than half zeros.
struct Ones {
    half: usize,
    ones: usize,
}

impl Ones {
    fn new(width: usize) -> Self {
        Self { half: width / 2, ones: 0 }
    }
}

impl MostCommon for Ones {
    fn advance(&mut self, _: usize, new: u8, old: Option<u8>) {
        self.ones = self.ones + usize::from(new) - usize::from(old.unwrap_or(0));
    }

    fn most_common(&self) -> u8 {
        u8::from(self.ones > self.half)
    }
}

/// A window of symbols.
struct Window {
    counts: Vec<u16>,
    /// Where each symbol was last.
    last: Vec<usize>,
    /// How many symbols have each count.
    with_count: Vec<u16>,
    most: u16,
    most_common: u8,
}

impl Window {
    fn new(width: usize, alphabet: usize) -> Self {
        let with_count = vec![0; width + 2];
        Self { counts: vec![0; alphabet], last: vec![0; alphabet], with_count, most: 0, most_common: 0 }
    }

    fn move_count(&mut self, symbol: u8, by: i16) {
        let count = &mut self.counts[usize::from(symbol)];
        self.with_count[usize::from(*count)] = self.with_count[usize::from(*count)].wrapping_sub(1);
        *count = count.wrapping_add_signed(by);
        self.with_count[usize::from(*count)] = self.with_count[usize::from(*count)].wrapping_add(1);
    }

    /// The greatest count, and the symbol among those with it that came last.
    fn search(&mut self) {
        let ranked = self.counts.iter().zip(&self.last).zip(0_u8..=255);
        if let Some(((count, _), symbol)) = ranked.max_by_key(|(rank, _)| *rank) {
            (self.most, self.most_common) = (*count, symbol);
        }
    }
}

impl MostCommon for Window {
    fn advance(&mut self, at: usize, new: u8, old: Option<u8>) {
        self.last[usize::from(new)] = at;
        if old == Some(new) {
            if self.counts[usize::from(new)] == self.most {
                self.most_common = new;
            }
            return;
        }
        if let Some(old) = old {
            self.move_count(old, -1);
        }
        self.move_count(new, 1);
        let count = self.counts[usize::from(new)];
        if count >= self.most {
            (self.most, self.most_common) = (count, new);
        } else if old == Some(self.most_common) {
            self.most -= 1;
            // Nobody else has as many now: the search would find the same again.
            if self.with_count[usize::from(self.most)] > 1 || self.with_count[usize::from(self.most) + 1] > 0 {
                self.search();
            }
        }
    }

    fn most_common(&self) -> u8 {
        self.most_common
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_window_knows_its_most_common_symbol(
            symbols in proptest::collection::vec(0_u8..5, 1..400),
            bias in 0_usize..4,
        ) {
            const WIDTH: usize = 63;
            let symbols: Vec<u8> = symbols.iter().enumerate().map(|(at, s)| if at % 4 < bias { 0 } else { *s }).collect();
            let mut window = Window::new(WIDTH, 5);
            for (at, symbol) in symbols.iter().enumerate() {
                window.advance(at, *symbol, at.checked_sub(WIDTH).map(|old| symbols[old]));
                let inside = &symbols[(at + 1).saturating_sub(WIDTH)..=at];
                let rank = |symbol: &u8| {
                    let count = inside.iter().filter(|other| *other == symbol).count();
                    (count, inside.iter().rposition(|other| other == symbol))
                };
                prop_assert_eq!(Some(window.most_common()), (0..5).max_by_key(rank));
            }
        }
    }
}
