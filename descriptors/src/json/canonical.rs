//! Canonical JSON (RFC 8785) straight from a [`Document`](super::Document): no tree in between.

use std::io::Write as _;

use super::Json;
use crate::canonical::{number, sort_names, write_string};

impl Json<'_> {
    /// Appends the canonical form of the value.
    pub fn write_canonical(self, out: &mut Vec<u8>) {
        self.write(None, out);
    }

    /// The same without the member called `left_out` of the outermost object: a proof does not cover itself.
    pub fn write_canonical_without(self, left_out: &str, out: &mut Vec<u8>) {
        self.write(Some(left_out), out);
    }

    fn write(self, left_out: Option<&str>, out: &mut Vec<u8>) {
        if let Some(text) = self.as_str() {
            write_string(text, out);
        } else if let Some(members) = self.members() {
            let mut members: Vec<(&str, Json<'_>)> = members.filter(|(name, _)| Some(*name) != left_out).collect();
            sort_names(&mut members, |(name, _)| name);
            out.push(b'{');
            for (at, (name, value)) in members.into_iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                write_string(name, out);
                out.push(b':');
                value.write(None, out);
            }
            out.push(b'}');
        } else if let Some(items) = self.items() {
            out.push(b'[');
            for (at, item) in items.enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                item.write(None, out);
            }
            out.push(b']');
        } else if let Some(number) = self.as_i64() {
            // Writing into memory does not fail.
            let _ = write!(out, "{number}");
        } else if let Some(double) = self.as_f64() {
            number::write(double, out);
        } else {
            let word: &[u8] = match self.as_bool() {
                None => b"null",
                Some(true) => b"true",
                Some(false) => b"false",
            };
            out.extend_from_slice(word);
        }
    }
}
