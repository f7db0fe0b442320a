//! Whether a text is an absolute IRI (RFC 3987).
//!
//! Checked are the scheme, the characters, percent signs and the number of fragments: what decides whether two readers
//! see the same name. Whether the scheme or the host exists is not known here.

/// What a byte may be in an IRI.
const FORBIDDEN: u8 = 1;
const PERCENT: u8 = 2;
const HASH: u8 = 3;
const WIDE: u8 = 4;

const CLASSES: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        classes[byte] = match byte as u8 {
            0..=b' ' | b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}' | 0x7f => FORBIDDEN,
            b'%' => PERCENT,
            b'#' => HASH,
            0x80..=0xff => WIDE,
            _ => 0,
        };
        byte += 1;
    }
    classes
}

/// Whether `text` is an absolute IRI.
pub fn is_absolute(text: &str) -> bool {
    let Some(scheme) = text.bytes().position(|byte| byte == b':') else { return false };
    is_scheme(&text[..scheme]) && has_only_iri_characters(&text[scheme + 1..])
}

/// Whether `text` could be the scheme of an IRI.
pub fn is_scheme(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic())
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
}

fn has_only_iri_characters(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut fragments = 0;
    let mut wide = false;
    for (at, &byte) in bytes.iter().enumerate() {
        match CLASSES[byte as usize] {
            0 => {}
            WIDE => wide = true,
            HASH => fragments += 1,
            PERCENT if bytes[at + 1..].len() >= 2 && bytes[at + 1..at + 3].iter().all(u8::is_ascii_hexdigit) => {}
            _ => return false,
        }
    }
    fragments <= 1 && (!wide || text.chars().all(|character| character.is_ascii() || is_iri_character(character)))
}

/// `ucschar` and `iprivate` of RFC 3987.
fn is_iri_character(character: char) -> bool {
    let code = u32::from(character);
    let noncharacter = (0xfdd0..=0xfdef).contains(&code) || code & 0xfffe == 0xfffe;
    code >= 0xa0 && !(0xfff0..=0xffff).contains(&code) && !(0xe0000..=0xe0fff).contains(&code) && !noncharacter
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_absolute_iris_pass() {
        for good in ["https://a.example/x?y=%2F#z", "did:web:a.example:b", "urn:x", "a:", "https://ä.example/\u{10000}"]
        {
            assert!(is_absolute(good), "{good}");
        }
        let bad = [
            "",
            "a",
            "/a",
            "#a",
            ":a",
            "1a:b",
            "a b:c",
            "a:b c",
            "a:<",
            "a:%2",
            "a:%zz",
            "a:#b#c",
            "a:\u{85}",
            "a:\u{ffff}",
        ];
        for bad in bad {
            assert!(!is_absolute(bad), "{bad}");
        }
    }
}
