//! A value that is not of the wanted type: what is wrong, where, and what to do about it.
//!
//! Made by serde through [`serde::de::Error`], so that help rests on what the type expects and not on the text of a message.

use std::fmt;
use std::ops::Range;

use descriptors::declaration::nearest_name;
use serde::de;

/// See the head of this file.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Fault {
    problem: String,
    help: Option<String>,
    span: Option<Range<usize>>,
    at: At,
    /// Positions from the innermost node outwards.
    steps: Vec<usize>,
}

/// What of a member is bad.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum At {
    Name,
    Value,
}

impl Fault {
    fn new(problem: String, help: Option<String>) -> Self {
        Self { problem, help, span: None, at: At::Value, steps: Vec::new() }
    }

    /// A text that is not YAML, or more of it than is read.
    pub(super) fn syntax(problem: String, span: Range<usize>) -> Self {
        Self { span: Some(span), ..Self::new(problem, None) }
    }

    pub(super) fn problem(&self) -> &str {
        &self.problem
    }

    pub(super) fn help(&self) -> Option<&str> {
        self.help.as_deref()
    }

    pub(super) fn span(&self) -> Range<usize> {
        self.span.clone().unwrap_or(0..0)
    }

    pub(super) fn at(&self) -> At {
        self.at
    }

    /// Positions from the root inwards.
    pub(super) fn steps(&self) -> impl Iterator<Item = usize> {
        self.steps.iter().rev().copied()
    }

    /// The innermost node that sees a fault is its place.
    pub(super) fn in_node(mut self, span: Range<usize>) -> Self {
        self.span.get_or_insert(span);
        self
    }

    pub(super) fn in_name(mut self, span: Range<usize>) -> Self {
        self.at = At::Name;
        self.in_node(span)
    }

    pub(super) fn below(mut self, step: usize) -> Self {
        self.steps.push(step);
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problem)
    }
}

impl std::error::Error for Fault {}

fn choice(wanted: &str, names: &[&str]) -> String {
    match nearest_name(wanted, names.iter().copied()) {
        Some(name) => format!("did you mean `{name}`?"),
        None => format!("known here: `{}`", names.join("`, `")),
    }
}

impl de::Error for Fault {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(message.to_string(), None)
    }

    fn invalid_type(found: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        let found = match found {
            de::Unexpected::Unit => "nothing".to_owned(),
            de::Unexpected::Seq => "a list".to_owned(),
            de::Unexpected::Map => "a mapping".to_owned(),
            de::Unexpected::Str(text) => format!("the text `{text}`"),
            other => other.to_string(),
        };
        let expected = expected.to_string();
        let expected = match expected.strip_prefix("struct ") {
            Some(name) => format!("a mapping that describes a {}", words(name)),
            None if expected == "a sequence" => "a list".to_owned(),
            None if expected == "a string" => "a text".to_owned(),
            None => expected,
        };
        Self::new(format!("{found} stands where {expected} is expected"), None)
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::new(format!("`{variant}` is not known here"), Some(choice(variant, expected)))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::new(format!("there is no member `{field}` here"), Some(choice(field, expected)))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(format!("the member `{field}` is missing"), Some(format!("add `{field}:` to this mapping")))
    }
}

/// `AvailabilityZone` as people write it.
fn words(name: &str) -> String {
    let mut text = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !text.is_empty() {
            text.push(' ');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}
