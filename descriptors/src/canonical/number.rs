//! Numbers as ECMAScript writes them (ECMA-262, Number::toString), which RFC 8785 asks for.
//!
//! Rust finds the same digits: the fewest that read back as the number, and of these the closest. It lays them out otherwise,
//! and where two are equally close it takes the higher one, ECMAScript the even one.

use std::io::Write as _;

/// From here on doubles are whole, and not every integer is a double.
const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;

/// Appends a number. The ones that are not finite have their names of ECMAScript, which no JSON holds.
pub(crate) fn write(number: f64, out: &mut Vec<u8>) {
    let begin = out.len();
    let magnitude = number.abs();
    // Writing into memory does not fail.
    if magnitude < WHOLE_MAX && number.fract() == 0.0 {
        // Zero loses its sign.
        let _ = write!(out, "{}", number as i64);
    } else if (1e-6..1e21).contains(&magnitude) {
        let _ = write!(out, "{number}");
        settle_tie(magnitude, begin, out);
    } else if number.is_finite() {
        let _ = write!(out, "{number:e}");
        if magnitude > 1.0
            && let Some(at) = out[begin..].iter().position(|byte| *byte == b'e')
        {
            out.insert(begin + at + 1, b'+');
        }
        settle_tie(magnitude, begin, out);
    } else {
        let name: &[u8] = if number.is_nan() { b"NaN" } else { b"Infinity" };
        out.extend_from_slice(if number == f64::NEG_INFINITY { b"-" } else { b"" });
        out.extend_from_slice(name);
    }
}

/// Makes the last digit even where the number lies exactly between what is written and the next lower decimal of that length.
fn settle_tie(magnitude: f64, begin: usize, out: &mut [u8]) {
    let text = &out[begin..];
    let end = text.iter().position(|byte| *byte == b'e').unwrap_or(text.len());
    let (Some(point), Some(last)) = (text.iter().position(|byte| *byte == b'.'), end.checked_sub(1)) else { return };
    if text[last].is_multiple_of(2) {
        return;
    }
    let exponent: i32 =
        std::str::from_utf8(&text[end..]).ok().and_then(|text| text.get(1..)?.parse().ok()).unwrap_or(0);
    // A double with this many decimals, and no more, is an odd number of halves, quarters, eighths …
    let decimals = i32::try_from(last - point).map_or(0, |decimals| decimals - exponent);
    let parts = magnitude * f64::from(decimals + 1).exp2();
    if parts >= WHOLE_MAX || parts % 2.0 != 1.0 {
        return;
    }
    let at = begin + last;
    out[at] -= 1;
    let read = std::str::from_utf8(&out[begin..]).ok().and_then(|text| text.parse::<f64>().ok());
    // Below a power of two doubles lie closer together, so that the lower decimal may be another number's.
    if read.map(f64::abs) != Some(magnitude) {
        out[at] += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(number: f64) -> String {
        let mut out = Vec::new();
        write(number, &mut out);
        String::from_utf8(out).unwrap()
    }

    fn agrees(number: f64) {
        assert_eq!(written(number), ryu_js::Buffer::new().format(number), "{number:e} {:016x}", number.to_bits());
    }

    #[test]
    fn the_samples_of_rfc_8785_are_written_as_it_says() {
        // Appendix B.
        for (bits, expect) in [
            (0x0000_0000_0000_0000_u64, "0"),
            (0x8000_0000_0000_0000, "0"),
            (0x0000_0000_0000_0001, "5e-324"),
            (0x8000_0000_0000_0001, "-5e-324"),
            (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
            (0xffef_ffff_ffff_ffff, "-1.7976931348623157e+308"),
            (0x4340_0000_0000_0000, "9007199254740992"),
            (0xc340_0000_0000_0000, "-9007199254740992"),
            (0x4430_0000_0000_0000, "295147905179352830000"),
            (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"),
            (0x44b5_2d02_c7e1_4af6, "1e+23"),
            (0x44b5_2d02_c7e1_4af7, "1.0000000000000001e+23"),
            (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
            (0x444b_1ae4_d6e2_ef4f, "999999999999999900000"),
            (0x444b_1ae4_d6e2_ef50, "1e+21"),
            (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"),
            (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
            (0x41b3_de43_5555_5553, "333333333.3333332"),
            (0x41b3_de43_5555_5554, "333333333.33333325"),
            (0x41b3_de43_5555_5555, "333333333.3333333"),
            (0x41b3_de43_5555_5556, "333333333.3333334"),
            (0x41b3_de43_5555_5557, "333333333.33333343"),
            (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
            (0x4314_3ff3_c1cb_0959, "1424953923781206.2"),
        ] {
            assert_eq!(written(f64::from_bits(bits)), expect, "{bits:016x}");
        }
    }

    #[test]
    fn every_power_of_two_and_ten_and_its_neighbours_agree_with_the_reference() {
        let powers = (-324..=308).map(|power| format!("1e{power}").parse::<f64>().unwrap());
        for number in powers.chain((0..2047).map(|exponent| f64::from_bits(exponent << 52))) {
            for bits in number.to_bits().saturating_sub(2)..=number.to_bits() + 2 {
                agrees(f64::from_bits(bits));
                agrees(-f64::from_bits(bits));
            }
        }
    }

    #[test]
    fn a_million_random_doubles_agree_with_the_reference() {
        let mut word = 0x9e37_79b9_7f4a_7c15_u64;
        for round in 0..1_000_000_u32 {
            word ^= word << 13;
            word ^= word >> 7;
            word ^= word << 17;
            // Any bits, decimals as people write them, and whole numbers of every size.
            let number = match round % 4 {
                0 | 1 => f64::from_bits(word),
                2 => (word >> 24) as f64 / 1e6,
                _ => (word >> (word % 60)) as f64,
            };
            agrees(number);
        }
    }

    #[test]
    fn numbers_between_two_decimals_take_the_even_one_as_the_reference_does() {
        let mut word = 0x2545_f491_4f6c_dd1d_u64;
        for round in 0..400_000_u32 {
            word ^= word << 13;
            word ^= word >> 7;
            word ^= word << 17;
            // A whole number of halves, quarters, eighths …, with all the bits that a double has or with fewer.
            let parts = (word >> (11 + round % 12)) | 1;
            agrees(parts as f64 / f64::from(1 + round % 90).exp2());
        }
        assert_eq!(written(2_f64.powi(-24)), "5.960464477539063e-8");
    }
}
