//! Numbers: decimals of any length, and doubles.

use std::cmp::Ordering;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Number {
    /// Exact: digits without needless zeros; zero is not negative.
    Decimal { negative: bool, whole: String, fraction: String },
    /// `xsd:float` and `xsd:double`.
    Double(f64),
}

const INTEGERS: [&str; 13] = [
    "integer",
    "nonNegativeInteger",
    "positiveInteger",
    "nonPositiveInteger",
    "negativeInteger",
    "long",
    "int",
    "short",
    "byte",
    "unsignedLong",
    "unsignedInt",
    "unsignedShort",
    "unsignedByte",
];

/// Whether `text` is a number of the datatype; `None` when the datatype is not one of numbers.
pub(super) fn fits(datatype: &str, text: &str) -> Option<bool> {
    match datatype {
        "decimal" => Some(decimal(text).is_some()),
        "float" | "double" => Some(double(text).is_some()),
        _ if INTEGERS.contains(&datatype) => Some(is_integer(datatype, text)),
        _ => None,
    }
}

/// The number that `text` is.
pub(super) fn read(datatype: &str, text: &str) -> Option<Number> {
    match datatype {
        "float" | "double" => double(text).map(Number::Double),
        _ if fits(datatype, text)? => decimal(text),
        _ => None,
    }
}

fn is_integer(datatype: &str, text: &str) -> bool {
    if text.contains('.') {
        return false;
    }
    let Some(Number::Decimal { negative, whole, .. }) = decimal(text) else { return false };
    let magnitude: Option<u128> = if whole.is_empty() { Some(0) } else { whole.parse().ok() };
    let zero = whole.is_empty();
    let within = |below: u128, above: u128| magnitude.is_some_and(|m| m <= if negative { below } else { above });
    match datatype {
        "nonNegativeInteger" => !negative,
        "positiveInteger" => !negative && !zero,
        "nonPositiveInteger" => negative || zero,
        "negativeInteger" => negative,
        "long" => within(1 << 63, (1 << 63) - 1),
        "int" => within(1 << 31, (1 << 31) - 1),
        "short" => within(1 << 15, (1 << 15) - 1),
        "byte" => within(1 << 7, (1 << 7) - 1),
        "unsignedLong" => within(0, u64::MAX.into()),
        "unsignedInt" => within(0, u32::MAX.into()),
        "unsignedShort" => within(0, u16::MAX.into()),
        "unsignedByte" => within(0, u8::MAX.into()),
        _ => true,
    }
}

fn decimal(text: &str) -> Option<Number> {
    let (negative, digits) = sign(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit());
    if !all_digits || (whole.is_empty() && fraction.is_empty()) {
        return None;
    }
    let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
    let negative = negative && !(whole.is_empty() && fraction.is_empty());
    Some(Number::Decimal { negative, whole: whole.to_owned(), fraction: fraction.to_owned() })
}

fn sign(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}

fn double(text: &str) -> Option<f64> {
    match text {
        "INF" | "+INF" => return Some(f64::INFINITY),
        "-INF" => return Some(f64::NEG_INFINITY),
        "NaN" => return Some(f64::NAN),
        _ => {}
    }
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (_, digits) = sign(exponent);
    let whole_exponent = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    decimal(mantissa).filter(|_| whole_exponent)?;
    text.parse().ok()
}

impl Number {
    pub(super) fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (
                Self::Decimal { negative, whole, fraction },
                Self::Decimal { negative: other_negative, whole: other_whole, fraction: other_fraction },
            ) => {
                let magnitudes = whole.len().cmp(&other_whole.len()).then_with(|| whole.cmp(other_whole));
                let magnitudes = magnitudes.then_with(|| fraction.cmp(other_fraction));
                Some(match (negative, other_negative) {
                    (false, false) => magnitudes,
                    (true, true) => magnitudes.reverse(),
                    (true, false) => Ordering::Less,
                    (false, true) => Ordering::Greater,
                })
            }
            _ => self.double().partial_cmp(&other.double()),
        }
    }

    fn double(&self) -> f64 {
        match self {
            Self::Double(double) => *double,
            Self::Decimal { negative, whole, fraction } => {
                let magnitude: f64 = format!("0{whole}.{fraction}0").parse().unwrap_or(f64::NAN);
                if *negative { -magnitude } else { magnitude }
            }
        }
    }
}
