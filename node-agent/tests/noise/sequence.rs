//! Sequences that anybody can make again: each is known by its kind, the bits of a sample, how many there are, and a seed.

/// Makes one; nothing where there is no such kind.
pub(crate) fn sequence(kind: &str, bits: u32, samples: u64, seed: u64) -> Option<Vec<u8>> {
    let most = (1_u64 << bits) - 1;
    let top = move |number: u64| number >> (64 - bits);
    let middle = move |number: u64| number >> 32 & most;
    let mut random = SplitMix(seed);
    let mut made = Vec::new();
    for at in 0..samples {
        let number = random.next();
        let sample = match kind {
            "uniform" => top(number),
            "biased" => top(number).min(top(random.next())),
            "markov" if number & 7 < 5 => made.last().copied().map_or(0, u64::from),
            "markov" => middle(number),
            "periodic" if number & 15 != 0 => (at * at % 37) & most,
            "periodic" => middle(number),
            "counter" => at & most,
            "stuck" if at % 1000 >= 900 => 1,
            "stuck" => middle(number),
            "jitter" => {
                let ticks = u64::from((number & 0xfff).count_ones()) * (1 + 2 * (number >> 63));
                (20 + ticks + (at & 1)).min(most)
            }
            "sparse" if number & 0xff != 0 => middle(number) & !1,
            "sparse" => 7 & most,
            "rare" => u64::from(number.is_multiple_of(1009)),
            _ => return None,
        };
        made.push(sample as u8);
    }
    Some(made)
}

/// The generator of Steele, Lea and Flood: small, and the same everywhere.
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }
}
