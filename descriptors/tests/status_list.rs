//! Status lists of others: every row of the shared lists is read, or refused for the fault it is named for.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "tests read files, say what they skip, and fail by panicking"
)]

#[path = "specimens/published.rs"]
mod published;

use descriptors::status_list::{BYTES_MAX, Bits};
use serde_json::Value;

#[test]
fn shared_lists_are_read_or_refused_for_their_fault() {
    let Some(path) = published::find("vectors/status-list/encoded-lists.jsonl") else { return };
    let (mut good, mut bad) = (0, 0);
    for line in std::fs::read_to_string(path).unwrap().lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let name = row["name"].as_str().unwrap();
        let decoded = Bits::decode(row["encodedList"].as_str().unwrap(), 1, BYTES_MAX);
        if let Some(error) = row["error"].as_str() {
            let fault = expected_fault(error);
            let found = decoded.unwrap_err();
            assert!(chain(&found).contains(fault), "{name}: {}", chain(&found));
            bad += 1;
        } else {
            let bits = decoded.unwrap();
            assert_eq!(bits.len() as u64, row["length_bits"].as_u64().unwrap(), "{name}");
            let set: Vec<usize> = (0..bits.len()).filter(|index| bits.get(*index) == Ok(1)).collect();
            let expect: Vec<usize> = serde_json::from_value(row["set"].clone()).unwrap();
            assert_eq!(set, expect, "{name}");
            assert_eq!(Bits::decode(&bits.encode(), 1, BYTES_MAX).unwrap(), bits, "{name}");
            good += 1;
        }
    }
    assert_eq!((good, bad), (6, 12));
}

/// The words of our error for the fault that a row names.
fn expected_fault(named: &str) -> &'static str {
    match named {
        "length below 131072 bits" => "fewer than 131072",
        "multibase prefix is not u" => "multibase prefix is not u",
        "padding" => "padding",
        "character outside base64url" => "character outside base64url",
        "gzip ends early" => "ends early",
        "gzip checksum" => "checksum",
        "bytes after the gzip member" => "after the gzip member",
        "not gzip" => "not gzip",
        other => {
            assert!(other.contains("bound"), "a fault that is new here: {other}");
            "beyond the bound"
        }
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
