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
        if width == 1 {
            for (word, symbols) in words.iter_mut().zip(symbols.chunks(64)) {
                let bytes =
                    symbols.chunks(8).zip((0..8_u32).rev()).map(|(eight, byte)| packed_byte(eight) << (8 * byte));
                *word = bytes.fold(0, |word, byte| word | byte);
            }
        } else {
            for (index, symbol) in symbols.iter().enumerate() {
                let (word, bit) = (index * width / 64, index * width % 64);
                // The symbol at the top of two words, moved to its place.
                let placed = u128::from(*symbol) << (128 - width) >> bit;
                words[word] |= (placed >> 64) as u64;
                words[word + 1] |= placed as u64;
            }
        }
        Self { words, width, len: symbols.len() }
    }

    /// Calls with each place and the `bits` bits, of at most 57, from there on.
    pub(super) fn for_each_head(&self, bits: usize, mut call: impl FnMut(usize, usize)) {
        let per_window = (64 - bits) / self.width + 1;
        for begin in (0..self.len).step_by(per_window) {
            let mut window = self.window(begin * self.width);
            for place in begin..self.len.min(begin + per_window) {
                call(place, (window >> (64 - bits)) as usize);
                window <<= self.width;
            }
        }
    }

    /// The 64 bits from `bit` on; zeros behind the end.
    #[inline]
    pub(super) fn window(&self, bit: usize) -> u64 {
        let (word, shift) = (bit / 64, bit % 64);
        let (Some(high), Some(low)) = (self.words.get(word), self.words.get(word + 1)) else { return 0 };
        // In two steps, because a shift by 64 is none.
        high << shift | low >> 1 >> (63 - shift)
    }
}

/// Up to eight bits, one a byte, as one byte; zeros where there are fewer.
fn packed_byte(bits: &[u8]) -> u64 {
    let mut eight = [0; 8];
    eight[..bits.len()].copy_from_slice(bits);
    // The product has the bits side by side in its highest byte, and none of the others comes in its way.
    u64::from_be_bytes(eight).wrapping_mul(0x0102_0408_1020_4080) >> 56
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
