//! The values behind literals: which texts a datatype of XML Schema 1.1 (part 2) allows, and how two values compare.
//!
//! A text is taken as RDF takes it: white space around a number makes it ill-formed. Comparison follows the operators of
//! SPARQL 1.1 (section 17.3): values of different kinds have no order, and neither have two times of which only one has a zone,
//! unless they are more than 14 hours apart. Datatypes that are not known here are said to be so.

mod number;
mod time;

use std::cmp::Ordering;

use super::{JSON, LANG_STRING, Literal};
use number::Number;
use time::Moment;

/// Where the datatypes of XML Schema are named.
pub const NAMESPACE: &str = "http://www.w3.org/2001/XMLSchema#";

/// The value of a literal, as far as it can be compared.
#[derive(Debug, Clone, PartialEq)]
pub struct Value(Kind);

#[derive(Debug, Clone, PartialEq)]
enum Kind {
    Number(Number),
    Boolean(bool),
    Text(String),
    Moment(Moment),
}

/// Whether `literal` has a form that its datatype allows; `None` when the datatype is not known here.
pub fn is_well_formed(literal: &Literal) -> Option<bool> {
    if literal.datatype == LANG_STRING {
        return Some(literal.language.is_some());
    }
    if literal.datatype == JSON {
        return Some(crate::canonical::parse(literal.text.as_bytes()).is_ok());
    }
    is_in_lexical_space(literal.datatype.strip_prefix(NAMESPACE)?, &literal.text)
}

fn is_in_lexical_space(datatype: &str, text: &str) -> Option<bool> {
    if let Some(fits) = number::fits(datatype, text) {
        return Some(fits);
    }
    Some(match datatype {
        "string" | "anyURI" => true,
        "boolean" => boolean(text).is_some(),
        "dateTime" | "dateTimeStamp" | "date" | "time" | "gYear" | "gYearMonth" | "gMonth" | "gMonthDay" | "gDay" => {
            time::read(datatype, text).is_some()
        }
        "duration" | "yearMonthDuration" | "dayTimeDuration" => time::is_duration(datatype, text),
        "hexBinary" => text.len().is_multiple_of(2) && text.bytes().all(|b| b.is_ascii_hexdigit()),
        "base64Binary" => is_base64(text),
        "normalizedString" => !text.contains(['\t', '\n', '\r']),
        "token" => is_token(text),
        "language" => is_language(text),
        "NMTOKEN" => !text.is_empty() && text.chars().all(is_name_char),
        "Name" => is_name(text),
        "NCName" => is_name(text) && !text.contains(':'),
        _ => return None,
    })
}

fn boolean(text: &str) -> Option<bool> {
    match text {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

fn is_base64(text: &str) -> bool {
    let plain: Vec<u8> = text.bytes().filter(|b| *b != b' ').collect();
    let padding = plain.iter().rev().take_while(|b| **b == b'=').count();
    let digits = &plain[..plain.len() - padding];
    let in_alphabet = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/');
    plain.len().is_multiple_of(4) && padding <= 2 && digits.iter().all(in_alphabet)
}

fn is_token(text: &str) -> bool {
    !text.contains(['\t', '\n', '\r']) && !text.contains("  ") && !text.starts_with(' ') && !text.ends_with(' ')
}

fn is_language(text: &str) -> bool {
    text.split('-').enumerate().all(|(index, part)| {
        let fits = |c: char| if index == 0 { c.is_ascii_alphabetic() } else { c.is_ascii_alphanumeric() };
        (1..=8).contains(&part.len()) && part.chars().all(fits)
    })
}

fn is_name_char(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '\u{b7}')
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || matches!(c, '_' | ':')) && text.chars().all(is_name_char)
}

impl Value {
    /// The value of a well-formed literal whose datatype has an order.
    pub fn of(literal: &Literal) -> Option<Self> {
        let datatype = literal.datatype.strip_prefix(NAMESPACE)?;
        let kind = if let Some(number) = number::read(datatype, &literal.text) {
            Kind::Number(number)
        } else {
            match datatype {
                "boolean" => Kind::Boolean(boolean(&literal.text)?),
                "string" => Kind::Text(literal.text.clone()),
                _ => Kind::Moment(time::read(datatype, &literal.text)?),
            }
        };
        Some(Self(kind))
    }

    /// How two values compare; `None` when they have no order.
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        match (&self.0, &other.0) {
            (Kind::Number(a), Kind::Number(b)) => a.compare(b),
            (Kind::Boolean(a), Kind::Boolean(b)) => Some(a.cmp(b)),
            (Kind::Text(a), Kind::Text(b)) => Some(a.cmp(b)),
            (Kind::Moment(a), Kind::Moment(b)) => a.compare(b),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn literal(datatype: &str, text: &str) -> Literal {
        Literal { text: text.to_owned(), datatype: format!("{NAMESPACE}{datatype}"), language: None }
    }

    #[test]
    fn a_datatype_allows_its_texts_and_no_other() {
        for (datatype, good, bad) in [
            (
                "integer",
                &["0", "-12", "+007", "123456789012345678901234567890"][..],
                &["", "1.0", "1e2", " 1", "1_0", "-"][..],
            ),
            ("decimal", &["1", "-1.5", ".5", "5."], &["1e2", ".", "INF", "1,5"]),
            ("float", &["1", "-1.5e-3", "INF", "-INF", "NaN", ".5E2", "+INF"], &["inf", "1e", "nan", "0x1", "1_0"]),
            ("double", &["1.0E0"], &["infinity", ""]),
            ("byte", &["-128", "127", "+0"], &["128", "-129"]),
            ("unsignedShort", &["65535", "0", "-0"], &["65536", "-1"]),
            ("unsignedLong", &["18446744073709551615"], &["18446744073709551616"]),
            ("positiveInteger", &["1"], &["0", "-1"]),
            ("nonPositiveInteger", &["0", "-1"], &["1"]),
            ("boolean", &["true", "false", "0", "1"], &["True", "yes", ""]),
            (
                "dateTime",
                &["2026-11-21T09:30:00", "2026-11-21T24:00:00Z", "-0001-01-01T00:00:00.5+14:00"],
                &[
                    "2026-11-21",
                    "2026-02-29T00:00:00",
                    "2026-11-21T25:00:00",
                    "2026-11-21T09:30",
                    "2026-11-21T09:30:00+14:01",
                ],
            ),
            ("dateTimeStamp", &["2026-11-21T09:30:00Z"], &["2026-11-21T09:30:00"]),
            (
                "date",
                &["2024-02-29", "2026-11-21+01:00", "12026-01-01"],
                &["2026-13-01", "2026-1-1", "02026-01-01", "2026-04-31"],
            ),
            ("time", &["24:00:00", "09:30:00.1Z"], &["24:00:01", "9:30:00"]),
            ("gYear", &["2026", "-0044Z"], &["26", "2026-01"]),
            ("gYearMonth", &["2026-11"], &["2026-13"]),
            ("gMonth", &["--11"], &["--13", "11"]),
            ("gMonthDay", &["--02-29"], &["--02-30", "--04-31"]),
            ("gDay", &["---31"], &["---32", "--31"]),
            ("duration", &["P1Y2M3DT4H5M6.7S", "-PT1S", "P1D"], &["P", "PT", "1D", "P1S", "P1DT", "P1M1Y"]),
            ("yearMonthDuration", &["P1Y"], &["P1D"]),
            ("dayTimeDuration", &["PT1H"], &["P1M"]),
            ("hexBinary", &["", "0aFF"], &["0", "xx"]),
            ("base64Binary", &["", "YWJj", "YQ=="], &["YQ", "Y!=="]),
            ("anyURI", &["https://a/b", "", "../x y"], &[]),
            ("token", &["a b"], &[" a", "a  b"]),
            ("language", &["en", "de-CH"], &["", "e1", "toolongtag"]),
            ("NCName", &["a-b.c"], &["a:b", "1a"]),
        ] {
            for text in good {
                assert_eq!(is_well_formed(&literal(datatype, text)), Some(true), "{datatype} {text:?}");
            }
            for text in bad {
                assert_eq!(is_well_formed(&literal(datatype, text)), Some(false), "{datatype} {text:?}");
            }
        }
        assert_eq!(is_well_formed(&literal("nothing", "x")), None);
    }

    #[test]
    fn values_compare_as_values_and_not_as_texts() {
        let check = |a: (&str, &str), b: (&str, &str), expect: Option<Ordering>| {
            let (a, b) = (literal(a.0, a.1), literal(b.0, b.1));
            let (a, b) = (Value::of(&a).unwrap(), Value::of(&b).unwrap());
            assert_eq!(a.compare(&b), expect, "{a:?} {b:?}");
            assert_eq!(b.compare(&a), expect.map(Ordering::reverse), "{b:?} {a:?}");
        };
        check(("integer", "9"), ("integer", "10"), Some(Ordering::Less));
        check(("integer", "-9"), ("decimal", "-10.5"), Some(Ordering::Greater));
        check(("decimal", "1.50"), ("decimal", "+01.5"), Some(Ordering::Equal));
        check(("integer", "-0"), ("integer", "0"), Some(Ordering::Equal));
        check(
            ("integer", "123456789012345678901234567890"),
            ("integer", "123456789012345678901234567891"),
            Some(Ordering::Less),
        );
        check(("float", "1.5"), ("integer", "1"), Some(Ordering::Greater));
        check(("float", "INF"), ("double", "1e300"), Some(Ordering::Greater));
        check(("double", "NaN"), ("double", "NaN"), None);
        check(("integer", "1"), ("string", "1"), None);
        check(("boolean", "0"), ("boolean", "true"), Some(Ordering::Less));
        check(("string", "Z"), ("string", "a"), Some(Ordering::Less));
        check(("dateTime", "2026-01-01T00:00:00Z"), ("dateTime", "2026-01-01T01:00:00+01:00"), Some(Ordering::Equal));
        check(("dateTime", "2026-01-01T00:00:00.10Z"), ("dateTime", "2026-01-01T00:00:00.1Z"), Some(Ordering::Equal));
        check(("dateTime", "2026-01-01T00:00:00.09Z"), ("dateTime", "2026-01-01T00:00:00.1Z"), Some(Ordering::Less));
        check(("dateTime", "2026-01-01T00:00:00Z"), ("dateTime", "2026-01-01T00:00:00"), None);
        check(("dateTime", "2026-01-01T00:00:00Z"), ("dateTime", "2026-01-01T15:00:00"), Some(Ordering::Less));
        check(("date", "2026-01-01"), ("date", "2026-02-01"), Some(Ordering::Less));
        check(("date", "2026-01-01"), ("dateTime", "2026-01-01T00:00:00"), None);
    }
}
