//! The prediction of the most common value in four windows (6.3.7).

use super::prediction::{Race, Tally};

const WINDOWS: [usize; 4] = [63, 255, 1023, 4095];

/// Bits of min-entropy a symbol; nothing where the widest window takes all symbols.
pub(super) fn estimate(symbols: &[u8], alphabet: usize) -> Option<f64> {
    if symbols.len() <= WINDOWS[3] {
        return None;
    }
    let tally = match alphabet {
        2 => race(symbols, WINDOWS.map(Ones::new)),
        _ => race(symbols, WINDOWS.map(|_| Window::new(symbols, alphabet))),
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
    let mut race = Race::new();
    for (at, symbol) in symbols.iter().copied().enumerate() {
        let (mut full, mut correct) = (0, 0);
        for (index, window) in windows.iter_mut().enumerate() {
            let old = at.checked_sub(WINDOWS[index]).map(|old| symbols[old]);
            let is_full = u16::from(old.is_some());
            full |= is_full << index;
            correct |= (is_full & u16::from(window.most_common() == symbol)) << index;
            window.advance(at, symbol, old);
        }
        if full != 0 {
            race.step(full, correct);
        }
    }
    race.tally()
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
struct Window<'a> {
    symbols: &'a [u8],
    /// Of each symbol how often it is in the window and, in the bits of [`PLACE`] below, where it was last: the most common
    /// symbol, the latest where several are, has the greatest.
    ranks: Vec<u32>,
    best: u32,
    most_common: u8,
}

/// Where a symbol was last: no more are assessed.
const PLACE: u32 = super::SAMPLES_MAX as u32 - 1;
/// One more occurrence.
const ONE: u32 = PLACE + 1;
// The count of the widest window has room above the place.
const _: () = assert!(PLACE & ONE == 0 && WINDOWS[3] <= (u32::MAX / ONE) as usize);

impl<'a> Window<'a> {
    fn new(symbols: &'a [u8], alphabet: usize) -> Self {
        Self { symbols, ranks: vec![0; alphabet], best: 0, most_common: 0 }
    }
}

impl MostCommon for Window<'_> {
    fn advance(&mut self, at: usize, new: u8, old: Option<u8>) {
        if let Some(old) = old {
            self.ranks[usize::from(old)] -= ONE;
        }
        let rank = &mut self.ranks[usize::from(new)];
        *rank = ((*rank & !PLACE) + ONE) | at as u32;
        if *rank >= self.best & !PLACE {
            (self.best, self.most_common) = (*rank, new);
        } else if old == Some(self.most_common) {
            self.best = self.ranks.iter().copied().fold(0, u32::max);
            self.most_common = self.symbols[(self.best & PLACE) as usize];
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
            let mut window = Window::new(&symbols, 5);
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
