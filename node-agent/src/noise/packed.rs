//! Symbols packed into words, so that many are compared at once.

/// Symbols of the same width, the first in the most significant bits.
pub(super) struct Packed {
    words: Vec<u64>,
    /// Bits of a symbol.
    pub(super) width: usize,
    /// Symbols.
    pub(super) len: usize,
}

impl Packed {
    /// Packs symbols that are below `alphabet`.
    pub(super) fn new(symbols: &[u8], alphabet: usize) -> Self {
        let width = (usize::BITS - (alphabet - 1).leading_zeros()).max(1) as usize;
        // Two words of zeros behind the end, so that every window is whole.
        let mut words = vec![0_u64; (symbols.len() * width).div_ceil(64) + 2];
        for (index, symbol) in symbols.iter().enumerate() {
            let (word, bit) = (index * width / 64, index * width % 64);
            // The symbol at the top of two words, moved to its place.
            let placed = u128::from(*symbol) << (128 - width) >> bit;
            words[word] |= (placed >> 64) as u64;
            words[word + 1] |= placed as u64;
        }
        Self { words, width, len: symbols.len() }
    }

    /// The 64 bits from `bit` on; zeros behind the end.
    pub(super) fn window(&self, bit: usize) -> u64 {
        let (word, shift) = (bit / 64, bit % 64);
        let (Some(high), Some(low)) = (self.words.get(word), self.words.get(word + 1)) else { return 0 };
        // In two steps, because a shift by 64 is none.
        high << shift | low >> 1 >> (63 - shift)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_holds_the_symbols_from_its_place_on() {
        for alphabet in [2_usize, 3, 8, 17, 256] {
            let symbols: Vec<u8> = (0..300_usize).map(|index| (index * index % 251 % alphabet) as u8).collect();
            let packed = Packed::new(&symbols, alphabet);
            for at in 0..300 {
                let window = packed.window(at * packed.width);
                let fit = (64 / packed.width).min(300 - at);
                let read = |index: usize| (window << (index * packed.width) >> (64 - packed.width)) as u8;
                let expect = &symbols[at..at + fit];
                assert_eq!((0..fit).map(read).collect::<Vec<u8>>(), expect, "{alphabet} at {at}");
            }
            assert_eq!(packed.window(1 << 20), 0);
        }
    }
}
