//! The strict reader against a second one, made of serde: both take the same texts and read the same values.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use descriptors::canonical;
use descriptors::json::{DEPTH_MAX, Document};
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

const INTEGER_MAX: u64 = (1 << 53) - 1;

/// The second reader.
fn peer(bytes: &[u8]) -> Option<Value> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = Strict { depth: 0 }.deserialize(&mut deserializer).ok()?;
    deserializer.end().ok()?;
    Some(value)
}

/// Builds a [`Value`], refusing duplicate names and depth.
#[derive(Clone, Copy)]
struct Strict {
    depth: usize,
}

impl Strict {
    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.depth >= DEPTH_MAX {
            return Err(E::custom(format_args!("nested deeper than {DEPTH_MAX} levels")));
        }
        Ok(Self { depth: self.depth + 1 })
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Value, E> {
        if value > INTEGER_MAX {
            return Err(E::custom(format_args!("the integer {value} lies beyond 2^53 - 1")));
        }
        Ok(Value::from(value))
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Value, E> {
        if value.unsigned_abs() > INTEGER_MAX {
            return Err(E::custom(format_args!("the integer {value} lies beyond 2^53 - 1")));
        }
        Ok(Value::from(value))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("a number beyond the range of a double"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(inner)? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            if object.contains_key(&name) {
                return Err(A::Error::custom(format_args!("the name `{name}` stands twice in one object")));
            }
            let value = members.next_value_seed(inner)?;
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

/// Where both may differ: serde makes a double of an integer that no 64 bits hold, we refuse it like others beyond 2^53.
fn has_huge_integer(text: &[u8]) -> bool {
    let digits = |run: &[u8]| run.len() > 18 && run.iter().all(u8::is_ascii_digit);
    text.split(|byte| !byte.is_ascii_digit()).any(digits)
}

fn compare(text: &[u8]) -> bool {
    let ours = Document::parse(text);
    if has_huge_integer(text) {
        return ours.is_ok();
    }
    let theirs = peer(text);
    let shown = String::from_utf8_lossy(text);
    assert_eq!(ours.as_ref().ok().map(|document| document.root().to_value()), theirs, "{shown}");
    if let (Ok(document), Some(value)) = (&ours, &theirs) {
        let mut direct = Vec::new();
        document.root().write_canonical(&mut direct);
        assert_eq!(direct, canonical::to_vec(value).unwrap(), "{shown}");
        let mut without = Vec::new();
        document.root().write_canonical_without("a", &mut without);
        let mut value = value.clone();
        value.as_object_mut().and_then(|members| members.remove("a"));
        assert_eq!(without, canonical::to_vec(&value).unwrap(), "{shown}");
    }
    ours.is_ok()
}

const ACCEPTED: &[&str] = &[
    "{}",
    "[]",
    "null",
    "true",
    "false",
    "0",
    "-0",
    "-0.0",
    " \t\r\n{ \"a\" : [ 1 , 2 ] } \n",
    "1e21",
    "1E-7",
    "1.0",
    "4.9e-324",
    "9007199254740991",
    "-9007199254740991",
    "1e-400",
    "{\"\":1}",
    "\"\\ud83d\\ude00\"",
    "\"\u{7f}\u{80}😀\"",
];

const REFUSED: &[&str] = &[
    "9007199254740992",
    "-9007199254740992",
    "123456789012345678901234567890",
    "1e400",
    "-1e400",
    "01",
    "+1",
    "-",
    ".5",
    "5.",
    "1e",
    "1e+",
    "0x1",
    "NaN",
    "Infinity",
    "tru",
    "nul",
    "\"a",
    "\"",
    "",
    " ",
    "{\"a\":1,\"a\":1}",
    "{\"a\":1,\"\\u0061\":1}",
    "{\"a\":{\"b\":1,\"b\":2}}",
    "{\"\":1,\"\":1}",
    "[1,]",
    "{\"a\":1,}",
    "[,1]",
    "{a:1}",
    "{} {}",
    "{}x",
    "\u{feff}{}",
    "\"\\ud83d\"",
    "\"\\ude00\"",
    "\"\\ud83d\\u0041\"",
    "\"\\x41\"",
    "\"\\u00g1\"",
    "\"a\nb\"",
];

#[test]
fn both_readers_agree_on_every_edge() {
    for text in ACCEPTED {
        assert!(compare(text.as_bytes()), "{text:.60}");
    }
    for text in REFUSED {
        assert!(!compare(text.as_bytes()), "{text:.60}");
    }
    for bytes in [&b"\"\xff\""[..], b"\"\xed\xa0\x80\"", b"\"\xc0\x80\"", b"\xef\xbb\xbf{}", b"\"\x00\""] {
        assert!(!compare(bytes), "{bytes:?}");
    }
}

#[test]
fn both_readers_agree_on_depth_and_on_objects_of_many_names() {
    let deep = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    let many = |twice: &str| {
        let names: Vec<String> = (0..40).map(|at| format!("\"n{at}\":{at}")).collect();
        format!("{{{},\"{twice}\":0}}", names.join(","))
    };
    for (text, accepted) in [
        (deep(DEPTH_MAX), true),
        (deep(DEPTH_MAX + 1), false),
        (many("n40"), true),
        (many("n17"), false),
        (many("n\\u0031"), false),
    ] {
        assert_eq!(compare(text.as_bytes()), accepted, "{text:.60}");
    }
}

#[test]
fn control_characters_and_quotes_are_found_at_every_offset() {
    for special in (0..0x20).chain([b'"', b'\\', 0x7f]) {
        for before in 0..20 {
            for after in 0..20 {
                let mut text = vec![b'"'];
                text.extend(std::iter::repeat_n(b'x', before));
                text.push(special);
                text.extend(std::iter::repeat_n(b'\xc3', after.min(1)));
                text.extend(std::iter::repeat_n(b'\xa9', after.min(1)));
                text.extend(std::iter::repeat_n(b'n', after));
                text.push(b'"');
                compare(&text);
            }
        }
    }
}

/// Texts that are nearly JSON: made from a seed, so that a failure is found again.
#[test]
fn both_readers_agree_on_mutated_documents() {
    let seeds = [
        r#"{"@context":["https://www.w3.org/ns/credentials/v2",{"gx":"https://w3id.org/gaia-x/2511#"}],"a":{"b":[1,2.5e3,-0.0,null,true]}}"#,
        r#"{"text":"\u00e9\ud83d\ude00\n\"\\\/","n":9007199254740991,"a":[[],{},[{}],""],"é":1,"😀":2}"#,
        r#"[{"id":"x","type":["A","B"]},{"id":"y","a":"1e400"},1e300,12345678901,-7]"#,
    ];
    let alphabet = b"{}[]\",:\\u0123456789eE+-. \n\x00\x7f\xc3\xa9aAntrf/";
    let mut random = 0x5eed_u64;
    let mut next = |bound: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        usize::try_from(random % bound as u64).unwrap()
    };
    let mut accepted = 0;
    for round in 0..30_000 {
        let mut text = seeds[round % seeds.len()].as_bytes().to_vec();
        for _ in 0..=next(3) {
            let at = next(text.len());
            match next(4) {
                0 => text[at] = alphabet[next(alphabet.len())],
                1 => text.insert(at, alphabet[next(alphabet.len())]),
                2 => drop(text.remove(at)),
                _ => {
                    let to = (at + next(12)).min(text.len());
                    let piece = text[at..to].to_vec();
                    let into = next(text.len());
                    text.splice(into..into, piece);
                }
            }
        }
        accepted += usize::from(compare(&text));
    }
    assert!((1000..29_000).contains(&accepted), "{accepted}: the mutations prove nothing");
}

#[test]
fn a_fault_names_its_place() {
    let check = |text: &str, expect: &str| assert_eq!(Document::parse(text).unwrap_err().to_string(), expect);
    check("{\n  \"a\": 1,\n  \"a\": 2\n}", "line 3, column 3: the name `a` stands twice in one object");
    check("[1,\n2 3]", "line 2, column 3: expected `,` or `]`");
    check("{\"a\": 9007199254740992}", "line 1, column 7: the integer 9007199254740992 lies beyond 2^53 - 1");
}
