//! The lexical forms of native numbers (JSON-LD 1.1 Processing Algorithms and API, section 8.2).

use serde_json::Number;

use crate::rdf::{XSD_DOUBLE, XSD_INTEGER};

/// Largest integer that every reader of JSON agrees on.
const INTEGER_MAX: u64 = (1 << 53) - 1;

/// The lexical form of a number and the datatype it has by itself; `None` where readers disagree on the number.
pub(super) fn lexical(number: &Number, datatype: Option<&str>) -> Option<(String, &'static str)> {
    let as_double = datatype == Some(XSD_DOUBLE);
    if let Some(magnitude) = number.as_u64().or_else(|| number.as_i64().map(i64::unsigned_abs)) {
        if magnitude > INTEGER_MAX {
            return None;
        }
        if !as_double {
            return Some((number.to_string(), XSD_INTEGER));
        }
    }
    let value = number.as_f64().filter(|value| value.is_finite())?;
    if value.fract() == 0.0 && value.abs() < 1e21 && !as_double {
        // Adding zero takes the sign off a zero.
        return Some((format!("{:.0}", value + 0.0), XSD_INTEGER));
    }
    Some((double(value), XSD_DOUBLE))
}

/// `%1.15E` without the zeros that do not count.
fn double(value: f64) -> String {
    let text = format!("{value:.15E}");
    let (mantissa, exponent) = text.split_once('E').unwrap_or((&text, "0"));
    let mantissa = mantissa.trim_end_matches('0');
    let zero = if mantissa.ends_with('.') { "0" } else { "" };
    format!("{mantissa}{zero}E{exponent}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_lexical_forms_of_json_ld() {
        let check = |json: &str, datatype: Option<&str>, expect: Option<(&str, &str)>| {
            let found = lexical(&serde_json::from_str(json).unwrap(), datatype);
            assert_eq!(found, expect.map(|(text, datatype)| (text.to_owned(), datatype)), "{json}");
        };
        check("5", None, Some(("5", XSD_INTEGER)));
        check("-5.0", None, Some(("-5", XSD_INTEGER)));
        check("-0.0", None, Some(("0", XSD_INTEGER)));
        check("5", Some(XSD_DOUBLE), Some(("5.0E0", XSD_DOUBLE)));
        check("5.3", None, Some(("5.3E0", XSD_DOUBLE)));
        check("5.3", Some("a:float"), Some(("5.3E0", XSD_DOUBLE)));
        check("0.000001", None, Some(("1.0E-6", XSD_DOUBLE)));
        check("1e20", None, Some(("100000000000000000000", XSD_INTEGER)));
        check("1e21", None, Some(("1.0E21", XSD_DOUBLE)));
        check("0.1234567890123456789", None, Some(("1.234567890123457E-1", XSD_DOUBLE)));
        check("9007199254740992", None, None);
    }
}
