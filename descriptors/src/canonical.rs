//! Strict JSON in, canonical JSON out (RFC 8785, JCS), as trees and types.
//!
//! A signature covers bytes, a verdict rests on what those bytes mean. So a document must have one meaning: the strict reader
//! is [`crate::json`]; here its documents become trees of their own, and types. What the members mean is not known here.

pub(crate) mod number;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Number, Value};

pub use crate::json::DEPTH_MAX;
use crate::json::{Document, INTEGER_MAX, SyntaxError};

/// Why bytes are not a document of the expected shape that has one meaning.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Malformed, duplicated or too deep.
    #[error("not a strict JSON document")]
    Syntax(#[from] SyntaxError),
    /// Sound JSON, and something else than was asked for.
    #[error("not a JSON document of the expected shape")]
    Shape(#[from] serde_json::Error),
}

/// Why a value has no canonical form.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The value does not serialise to JSON.
    #[error("the value does not serialise to JSON")]
    Serialise(#[from] serde_json::Error),
    /// An integer that a double cannot hold exactly.
    #[error("the integer {0} lies beyond 2^53 - 1, where readers of JSON disagree")]
    Integer(String),
}

/// Reads a document; refuses what two readers could understand in two ways.
pub fn parse(bytes: &[u8]) -> Result<Value, ReadError> {
    Ok(Document::parse(bytes)?.root().to_value())
}

/// Reads a document strictly into a type.
pub fn from_slice<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ReadError> {
    Ok(serde_json::from_value(parse(bytes)?)?)
}

/// The canonical bytes of a value (RFC 8785).
pub fn to_vec<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, WriteError> {
    let mut out = Vec::with_capacity(1024);
    write(&serde_json::to_value(value)?, &mut out)?;
    Ok(out)
}

pub(crate) fn write(value: &Value, out: &mut Vec<u8>) -> Result<(), WriteError> {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Number(number) => write_number(number, out)?,
        Value::String(text) => write_string(text, out),
        Value::Array(items) => {
            out.push(b'[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write(item, out)?;
            }
            out.push(b']');
        }
        Value::Object(members) => write_object(members, out)?,
    }
    Ok(())
}

fn write_object(members: &Map<String, Value>, out: &mut Vec<u8>) -> Result<(), WriteError> {
    let mut names: Vec<&String> = members.keys().collect();
    sort_names(&mut names, |name| name);
    out.push(b'{');
    for (index, name) in names.into_iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_string(name, out);
        out.push(b':');
        write(&members[name], out)?;
    }
    out.push(b'}');
    Ok(())
}

/// RFC 8785 section 3.2.3 sorts by UTF-16 code units; for ASCII names that is the order of the bytes.
pub(crate) fn sort_names<T>(members: &mut [T], name: impl Fn(&T) -> &str) {
    if members.iter().all(|member| name(member).is_ascii()) {
        members.sort_unstable_by(|a, b| name(a).cmp(name(b)));
    } else {
        members.sort_by(|a, b| name(a).encode_utf16().cmp(name(b).encode_utf16()));
    }
}

fn write_number(number: &Number, out: &mut Vec<u8>) -> Result<(), WriteError> {
    let magnitude = number.as_u64().or_else(|| number.as_i64().map(i64::unsigned_abs));
    match (magnitude, number.as_f64()) {
        (Some(magnitude), _) if magnitude > INTEGER_MAX => return Err(WriteError::Integer(number.to_string())),
        (Some(_), _) => out.extend_from_slice(number.to_string().as_bytes()),
        (None, Some(double)) => number::write(double, out),
        (None, None) => return Err(WriteError::Integer(number.to_string())),
    }
    Ok(())
}

/// Appends an integer, when every reader of JSON agrees on it.
pub(crate) fn write_integer(number: i64, out: &mut Vec<u8>) -> Result<(), WriteError> {
    if number.unsigned_abs() > INTEGER_MAX {
        return Err(WriteError::Integer(number.to_string()));
    }
    out.extend_from_slice(number.to_string().as_bytes());
    Ok(())
}

pub(crate) fn write_string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut plain = 0;
    for (at, byte) in bytes.iter().enumerate() {
        if *byte >= b' ' && *byte != b'"' && *byte != b'\\' {
            continue;
        }
        out.extend_from_slice(&bytes[plain..at]);
        plain = at + 1;
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            0x08 => out.extend_from_slice(b"\\b"),
            0x09 => out.extend_from_slice(b"\\t"),
            0x0a => out.extend_from_slice(b"\\n"),
            0x0c => out.extend_from_slice(b"\\f"),
            0x0d => out.extend_from_slice(b"\\r"),
            control => out.extend_from_slice(format!("\\u{control:04x}").as_bytes()),
        }
    }
    out.extend_from_slice(&bytes[plain..]);
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_has_one_canonical_form() {
        let check = |text: &str, expect: &str| {
            assert_eq!(String::from_utf8(to_vec(&parse(text.as_bytes()).unwrap()).unwrap()).unwrap(), expect);
        };
        check(r#"{"b":1,"a":[true,null,-0.0,1.0,1e21]}"#, r#"{"a":[true,null,0,1,1e+21],"b":1}"#);
        check(r#""\u0007\u0008\"\\\/\u20ac""#, "\"\\u0007\\b\\\"\\\\/€\"");
        // U+1F600 sorts before U+FB33 by UTF-16 code units, after it by code points.
        check("{\"\u{fb33}\":1,\"\u{1f600}\":2}", "{\"\u{1f600}\":2,\"\u{fb33}\":1}");
    }

    #[test]
    fn a_document_with_two_meanings_is_refused() {
        let deep = "[".repeat(DEPTH_MAX + 1) + &"]".repeat(DEPTH_MAX + 1);
        for bad in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":{"b":1,"b":2}}"#,
            "9007199254740992",
            "-9007199254740992",
            "1e400",
            "{} {}",
            "\u{feff}{}",
            r#""\ud800""#,
            "[1,]",
            "",
            &deep,
        ] {
            assert!(parse(bad.as_bytes()).is_err(), "{bad:.40}");
        }
        assert!(parse(("[".repeat(DEPTH_MAX) + &"]".repeat(DEPTH_MAX)).as_bytes()).is_ok());
    }
}
