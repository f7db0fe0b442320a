//! Bytes that are not what every reader takes them for.

use descriptors::verify::Name::{Size, Syntax};

use super::scene::{Form, Scene};
use super::{Row, open, row};

/// The good credential with a text in place of another, in a JWS.
fn with(scene: &mut Scene, from: &str, to: &str) {
    let text = scene.document.to_string();
    assert!(text.contains(from), "{from}");
    scene.raw_document = Some(text.replacen(from, to, 1).into_bytes());
}

/// The proven document with a text in place of another.
fn after(bytes: Vec<u8>, from: &str, to: &str) -> Vec<u8> {
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.contains(from), "{from}");
    text.replacen(from, to, 1).into_bytes()
}

pub(crate) const ROWS: &[Row] = &[
    row("nothing at all", Form::Jws, |s| s.at_last = Some(|_| Vec::new()), Syntax, "nothing"),
    row("only white space", Form::Jcs, |s| s.at_last = Some(|_| b" \r\n\t".to_vec()), Syntax, "nothing"),
    open(
        "more than a mebibyte",
        Form::Jws,
        |s| s.document["x"] = "x".repeat(1 << 20).into(),
        Size,
        "more than 1048576",
    ),
    row(
        "a mebibyte of brackets",
        Form::Jcs,
        |s| s.at_last = Some(|_| [b"{\"a\":".to_vec(), vec![b'['; 1_000_000]].concat()),
        Syntax,
        "deeper than 64",
    ),
    row(
        "65 levels in a payload",
        Form::Jws,
        |s| with(s, "\"de-east\"", &format!("{}{}", "[".repeat(65), "]".repeat(65))),
        Syntax,
        "deeper than 64",
    ),
    row(
        "issuer twice in a payload",
        Form::Jws,
        |s| with(s, "\"issuer\":", "\"issuer\":\"did:web:other.example\",\"issuer\":"),
        Syntax,
        "stands twice",
    ),
    row(
        "issuer twice in a proven document",
        Form::Jcs,
        |s| s.at_last = Some(|b| after(b, "\"issuer\":", "\"issuer\":\"did:web:other.example\",\"issuer\":")),
        Syntax,
        "stands twice",
    ),
    row(
        "a name twice inside a subject",
        Form::Rdfc,
        |s| s.at_last = Some(|b| after(b, "\"gx:name\":", "\"gx:name\":\"x\",\"gx:name\":")),
        Syntax,
        "stands twice",
    ),
    row(
        "a name twice, once in escapes",
        Form::Jws,
        |s| with(s, "\"issuer\":", "\"\\u0069ssuer\":\"did:web:other.example\",\"issuer\":"),
        Syntax,
        "stands twice",
    ),
    row(
        "a proof twice",
        Form::Rdfc,
        |s| s.at_last = Some(|b| after(b, "\"proof\":", "\"proof\":{},\"proof\":")),
        Syntax,
        "stands twice",
    ),
    row("a byte order mark before the payload", Form::Jws, |s| with(s, "{", "\u{feff}{"), Syntax, "expected a value"),
    row(
        "a byte order mark before the document",
        Form::Jcs,
        |s| s.at_last = Some(|b| [b"\xef\xbb\xbf".to_vec(), b].concat()),
        Syntax,
        "dots",
    ),
    row("half a surrogate pair", Form::Jws, |s| with(s, "de-east", "\\ud800"), Syntax, "surrogate"),
    row("the second half of a surrogate pair alone", Form::Jws, |s| with(s, "de-east", "\\udc00"), Syntax, "surrogate"),
    row(
        "bytes that are not UTF-8",
        Form::Jws,
        |s| s.raw_document = Some(b"{\"a\":\"\xff\"}".to_vec()),
        Syntax,
        "UTF-8",
    ),
    row(
        "UTF-8 written too long",
        Form::Jws,
        |s| s.raw_document = Some(b"{\"a\":\"\xc0\xaf\"}".to_vec()),
        Syntax,
        "UTF-8",
    ),
    row(
        "a surrogate in UTF-8",
        Form::Jws,
        |s| s.raw_document = Some(b"{\"a\":\"\xed\xa0\x80\"}".to_vec()),
        Syntax,
        "UTF-8",
    ),
    row("UTF-16", Form::Jws, |s| s.raw_document = Some(b"{\0}\0".to_vec()), Syntax, "name in quotes"),
    row("a number beyond a double", Form::Jws, |s| with(s, "\"de-east\"", "1e400"), Syntax, "range of a double"),
    row("an integer beyond 2^53", Form::Jws, |s| with(s, "\"de-east\"", "9007199254740993"), Syntax, "2^53"),
    row(
        "an integer of 400 digits",
        Form::Jcs,
        |s| s.at_last = Some(|b| after(b, "\"de-east\"", &"9".repeat(400))),
        Syntax,
        "2^53",
    ),
    row("NaN", Form::Jws, |s| with(s, "\"de-east\"", "NaN"), Syntax, "expected a value"),
    row("a number with a leading zero", Form::Jws, |s| with(s, "\"de-east\"", "007"), Syntax, "expected"),
    row("a number in hexadecimal", Form::Jws, |s| with(s, "\"de-east\"", "0x7f"), Syntax, "expected"),
    row("a comment", Form::Jws, |s| with(s, "\"issuer\"", "/* */ \"issuer\""), Syntax, "expected"),
    row("single quotes", Form::Jws, |s| with(s, "\"de-east\"", "'de-east'"), Syntax, "expected a value"),
    row("a comma at the end", Form::Jws, |s| with(s, "\"DE\"", "\"DE\","), Syntax, "name in quotes"),
    row("a line break inside a text", Form::Jws, |s| with(s, "de-east", "de\neast"), Syntax, "control character"),
    row(
        "a zero byte inside a text",
        Form::Jcs,
        |s| s.at_last = Some(|b| after(b, "de-east", "de\0east")),
        Syntax,
        "control character",
    ),
    row(
        "a second document behind the first",
        Form::Jcs,
        |s| s.at_last = Some(|b| [b.clone(), b].concat()),
        Syntax,
        "behind the document",
    ),
    row(
        "a document cut short",
        Form::Rdfc,
        |s| {
            s.at_last = Some(|mut b| {
                b.truncate(b.len() / 2);
                b
            })
        },
        Syntax,
        "expected",
    ),
    row("a payload that is a list", Form::Jws, |s| s.raw_document = Some(b"[]".to_vec()), Syntax, "not a JSON object"),
    row(
        "a payload that is a text",
        Form::Jws,
        |s| s.raw_document = Some(b"\"credential\"".to_vec()),
        Syntax,
        "not a JSON object",
    ),
    row("a payload that is empty", Form::Jws, |s| s.raw_document = Some(Vec::new()), Syntax, "expected a value"),
    open(
        "more values than the limit",
        Form::Jws,
        |s| s.subject()["gx:name"] = (0..120_000).map(|at| at % 10).collect(),
        Size,
        "more than 100000",
    ),
    open(
        "more values than the limit, in a header",
        Form::Jws,
        |s| s.header["x"] = (0..120_000).map(|at| at % 10).collect(),
        Size,
        "more than 100000",
    ),
    open(
        "more values than the limit, with a proof",
        Form::Jcs,
        |s| s.subject()["gx:name"] = (0..120_000).map(|at| at % 10).collect(),
        Size,
        "more than 100000",
    ),
];
