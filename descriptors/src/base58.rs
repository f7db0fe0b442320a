//! Base58 as Bitcoin writes it: the digits of did:key, Multikey and `proofValue`.
//!
//! Five digits at a time: a sixth of the time that going digit by digit takes. What the bytes are is not known here.

const ALPHABET: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/// Digits that fit into one step.
const STEP: usize = 5;
const FIVE_DIGITS: u64 = 58 * 58 * 58 * 58 * 58;

/// What stands for no digit.
const NONE: u8 = u8::MAX;

const VALUES: [u8; 256] = {
    let mut values = [NONE; 256];
    let mut digit = 0_u8;
    while (digit as usize) < ALPHABET.len() {
        values[ALPHABET[digit as usize] as usize] = digit;
        digit += 1;
    }
    values
};

/// The text of some bytes; each zero in front is a `1` of its own.
pub(crate) fn encode(bytes: &[u8]) -> String {
    let (first, whole) = bytes.split_at(bytes.len() % 4);
    let mut limbs = Vec::with_capacity(bytes.len() / 4 + 1);
    limbs.push(big_endian(first));
    limbs.extend(whole.chunks_exact(4).map(big_endian));
    let mut digits = Vec::with_capacity(bytes.len() * 3 / 2 + 2 * STEP);
    let mut rest = limbs.as_mut_slice();
    while let Some(first) = rest.iter().position(|limb| *limb != 0) {
        rest = &mut rest[first..];
        let mut remainder = 0;
        for limb in rest.iter_mut() {
            let value = remainder << 32 | u64::from(*limb);
            // The remainder is smaller than the divisor, so that the quotient fits.
            *limb = (value / FIVE_DIGITS) as u32;
            remainder = value % FIVE_DIGITS;
        }
        for _ in 0..STEP {
            digits.push((remainder % 58) as usize);
            remainder /= 58;
        }
    }
    while digits.last() == Some(&0) {
        digits.pop();
    }
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let digits = std::iter::repeat_n(0, zeros).chain(digits.into_iter().rev());
    digits.map(|digit| char::from(ALPHABET[digit])).collect()
}

/// The bytes of a text; none when a character is no digit. The work grows with the square of the length: callers bound it.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let zeros = text.bytes().take_while(|byte| *byte == ALPHABET[0]).count();
    let digits = &text.as_bytes()[zeros..];
    // The last limb first.
    let mut limbs: Vec<u32> = Vec::with_capacity(digits.len() / STEP + 1);
    for step in digits.chunks(STEP) {
        let mut factor = 1;
        let mut carry = 0;
        for byte in step {
            let value = VALUES[usize::from(*byte)];
            if value == NONE {
                return None;
            }
            factor *= 58;
            carry = carry * 58 + u64::from(value);
        }
        for limb in &mut limbs {
            let value = u64::from(*limb) * factor + carry;
            *limb = value as u32;
            carry = value >> 32;
        }
        if carry != 0 {
            limbs.push(carry as u32);
        }
    }
    let bytes = limbs.iter().rev().flat_map(|limb| limb.to_be_bytes()).skip_while(|byte| *byte == 0);
    Some(std::iter::repeat_n(0, zeros).chain(bytes).collect())
}

fn big_endian(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |limb, byte| limb << 8 | u32::from(*byte))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn agrees(bytes: &[u8]) {
        let text = encode(bytes);
        assert_eq!(text, bs58::encode(bytes).into_string(), "{bytes:?}");
        assert_eq!(decode(&text).as_deref(), Some(bytes), "{text}");
    }

    #[test]
    fn every_length_with_zeros_and_ones_at_either_end_agrees_with_the_reference() {
        for length in 0..=70 {
            for filled in 0..=length {
                for byte in [0, 1, 57, 58, 0xff] {
                    let mut bytes = vec![0; length];
                    bytes[..filled].fill(byte);
                    agrees(&bytes);
                    bytes.reverse();
                    agrees(&bytes);
                }
            }
        }
    }

    proptest! {
        #[test]
        fn bytes_agree_with_the_reference(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            agrees(&bytes);
        }

        #[test]
        fn texts_agree_with_the_reference(text in "[1-9A-HJ-NP-Za-km-z]{0,120}|[ -~]{0,12}|\\PC{0,6}") {
            prop_assert_eq!(decode(&text), bs58::decode(&text).into_vec().ok());
        }
    }
}
