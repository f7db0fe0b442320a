//! Suffixes sorted by words of their bits.

use crate::noise::packed::Packed;

/// Bits that choose the bucket.
const HEAD: usize = 12;

/// Words that are compared where the first are equal.
const WORDS: usize = 8;

/// Comparisons of words, for each symbol, beyond which another way is better.
const WORK: usize = 64;

/// Some suffixes share too much for this way.
#[derive(Debug)]
pub(super) struct TooAlike;

/// Tells, for each suffix in their order but the first, how many symbols it shares with the one before it.
pub(super) fn for_each_shared(symbols: &[u8], alphabet: usize, next: &mut impl FnMut(u32)) -> Result<(), TooAlike> {
    let text = Packed::new(symbols, alphabet);
    let (places, ends) = buckets(&text);
    let mut order = Order::new(&text);
    let mut keys = Vec::new();
    let mut begin = 0;
    for (head, end) in (0_u64..).zip(ends) {
        keys.clear();
        keys.extend(places[begin..end].iter().map(|place| order.key(*place)));
        order.sort(&mut keys)?;
        for key in &keys {
            order.next(head, *key, next)?;
        }
        begin = end;
    }
    Ok(())
}

/// All places, by their first bits, and where each bucket ends.
fn buckets(text: &Packed) -> (Vec<u32>, Vec<usize>) {
    let mut free = vec![0_usize; 1 << HEAD];
    text.for_each_head(HEAD, |_, head| free[head] += 1);
    let mut begin = 0;
    for count in &mut free {
        begin += std::mem::replace(count, begin);
    }
    let mut places = vec![0_u32; text.len];
    text.for_each_head(HEAD, |place, head| {
        let free = &mut free[head];
        places[*free] = place as u32;
        *free += 1;
    });
    // Each bucket is full now: what would be free next is its end.
    (places, free)
}

/// How suffixes of one bucket follow each other, as numbers: the bits after the head, and below them the place.
struct Order<'a> {
    text: &'a Packed,
    place_bits: u32,
    work: usize,
    /// Head and key of the suffix before.
    before: Option<(u64, u64)>,
}

impl<'a> Order<'a> {
    fn new(text: &'a Packed) -> Self {
        let place_bits = usize::BITS - text.len.leading_zeros();
        Self { text, place_bits, work: WORK * text.len, before: None }
    }

    fn key(&self, place: u32) -> u64 {
        let bits = self.text.window(place as usize * self.text.width + HEAD);
        bits >> self.place_bits << self.place_bits | u64::from(place)
    }

    fn place(&self, key: u64) -> usize {
        (key & ((1 << self.place_bits) - 1)) as usize
    }

    /// Bits that the bucket and the key decide on.
    fn decided(&self) -> usize {
        HEAD + 64 - self.place_bits as usize
    }

    fn sort(&mut self, keys: &mut [u64]) -> Result<(), TooAlike> {
        keys.sort_unstable();
        if keys.windows(2).all(|pair| (pair[0] ^ pair[1]) >> self.place_bits != 0) {
            return Ok(());
        }
        let mut rest = keys;
        while let Some(first) = rest.first() {
            let bits = first >> self.place_bits;
            let alike = rest.iter().take_while(|key| *key >> self.place_bits == bits).count();
            let (run, after) = rest.split_at_mut(alike);
            if alike > 1 {
                let comparisons = alike * (usize::BITS - alike.leading_zeros()) as usize;
                self.work = self.work.checked_sub(comparisons * WORDS).ok_or(TooAlike)?;
                run.sort_unstable_by(|one, other| {
                    let (one, other) = (self.place(*one), self.place(*other));
                    // A suffix that ends comes first; where it ends, the words go on with zeros.
                    self.words(one).cmp(self.words(other)).then(other.cmp(&one))
                });
            }
            rest = after;
        }
        Ok(())
    }

    /// The words after what is decided.
    fn words(&self, place: usize) -> impl Iterator<Item = u64> + use<'_> {
        let first = place * self.text.width + self.decided();
        (0..WORDS).map(move |word| self.text.window(first + 64 * word))
    }

    fn next(&mut self, head: u64, key: u64, next: &mut impl FnMut(u32)) -> Result<(), TooAlike> {
        let Some((head_before, key_before)) = self.before.replace((head, key)) else { return Ok(()) };
        let (place, place_before) = (self.place(key), self.place(key_before));
        let keys = (key ^ key_before) >> self.place_bits << self.place_bits;
        let bits = if head != head_before {
            (head ^ head_before).leading_zeros() as usize - (64 - HEAD)
        } else if keys != 0 {
            HEAD + keys.leading_zeros() as usize
        } else {
            let words = self.words(place).zip(self.words(place_before)).map(|(one, other)| one ^ other);
            self.decided() + leading_zeros(words)
        };
        // What is shared ends where the shorter suffix does.
        let left = self.text.len - place.max(place_before);
        // In 32 bits, which divide faster.
        let shared = (bits as u32 / self.text.width as u32) as usize;
        if bits == self.decided() + 64 * WORDS && shared < left {
            return Err(TooAlike);
        }
        next(shared.min(left) as u32);
        Ok(())
    }
}

/// How many bits are zero before the first that is one.
fn leading_zeros(words: impl Iterator<Item = u64>) -> usize {
    let mut zeros = 0;
    for word in words {
        zeros += word.leading_zeros() as usize;
        if word != 0 {
            break;
        }
    }
    zeros
}
