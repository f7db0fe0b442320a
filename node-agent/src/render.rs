//! Facts as a table for people, or as JSON for programs.
//!
//! The table is made from the JSON of the facts, so that a new fact needs nothing here. Texts come from firmware and guests;
//! characters that could control a terminal are shown escaped. What a fact means is not known here.

use std::io::{self, IsTerminal as _, Write as _};

use descriptors::fact::Absence;
use serde_json::Value;

use crate::gather::Gathered;

/// Members by which an entry of a list is called.
const LABELS: [&str; 5] = ["name", "uuid", "address", "id", "page_bytes"];

/// How facts are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Table,
    /// For programs.
    Json,
}

/// Why facts were not printed.
#[derive(Debug, thiserror::Error)]
pub enum PrintError {
    /// They do not serialise.
    #[error("cannot write the facts as JSON")]
    Serialise(#[from] serde_json::Error),
    /// Standard output is closed or full.
    #[error("cannot write to standard output")]
    Write(#[from] io::Error),
}

/// Prints to standard output, as wide as the terminal where it is one.
pub fn print(gathered: &Gathered, format: Format) -> Result<(), PrintError> {
    let mut output = io::stdout().lock();
    let width = output.is_terminal().then(|| rustix::termios::tcgetwinsize(&output).ok()).flatten();
    let text = match format {
        Format::Table => table(gathered, width.map(|size| size.ws_col).filter(|columns| *columns > 0))?,
        Format::Json => json(gathered)?,
    };
    output.write_all(text.as_bytes())?;
    Ok(output.flush()?)
}

/// A table with the columns SOURCE, FACT and VALUE; `width` is that of the terminal, if there is one.
pub fn table(gathered: &Gathered, width: Option<u16>) -> Result<String, serde_json::Error> {
    let mut rows = vec![
        ("-".to_owned(), "origin".to_owned(), gathered.origin.to_string()),
        ("-".to_owned(), "boot_id".to_owned(), text(&serde_json::to_value(&gathered.boot_id)?)),
    ];
    for (source, reading) in &gathered.facts {
        let value = serde_json::to_value(reading)?;
        // Under `present` a fact is wrapped in its kind, which the source's name tells already.
        let fact = value.get("present").and_then(Value::as_object).and_then(|kinds| kinds.values().next());
        flatten(source.as_str(), "", fact.unwrap_or(&value), &mut rows);
    }
    let cells = rows.iter().map(|(source, fact, value)| [source.clone(), printable(fact), printable(value)]);
    let cells: Vec<[String; 3]> = [["SOURCE", "FACT", "VALUE"].map(str::to_owned)].into_iter().chain(cells).collect();
    Ok(columns(&cells, width))
}

/// Fewest characters of a line that a value gets, however narrow the terminal.
const VALUE_MIN: usize = 20;

/// Rows in columns as wide as their widest cell; the last is broken where the terminal ends.
fn columns(rows: &[[String; 3]], width: Option<u16>) -> String {
    let widest = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let (first, second) = (widest(0), widest(1));
    // A blank before and after each cell.
    let left = width.map(|width| usize::from(width).saturating_sub(first + second + 6).max(VALUE_MIN));
    let mut text = String::new();
    for [source, fact, value] in rows {
        let mut head = format!(" {source:first$}  {fact:second$}  ");
        for line in broken(value, left.unwrap_or(usize::MAX)) {
            text.push_str(format!("{head}{line}").trim_end());
            text.push('\n');
            head = " ".repeat(first + second + 5);
        }
    }
    text
}

/// The text in lines of at most so many characters, broken at blanks where there are any.
fn broken(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in text.split_inclusive(' ') {
        let length = word.trim_end().chars().count();
        if used > 0 && used + length > width {
            lines.push(String::new());
            used = 0;
        }
        for c in word.chars() {
            if used == width {
                lines.push(String::new());
                used = 0;
            }
            if let Some(line) = lines.last_mut() {
                line.push(c);
            }
            used += 1;
        }
    }
    lines
}

/// Indented JSON: origin, boot and facts as they stand in a report.
pub fn json(gathered: &Gathered) -> Result<String, serde_json::Error> {
    Ok(serde_json::to_string_pretty(gathered)? + "\n")
}

fn flatten(source: &str, path: &str, value: &Value, rows: &mut Vec<(String, String, String)>) {
    let value = value.get("present").unwrap_or(value);
    match value {
        Value::Object(members) if absence(value).is_none() => {
            for (name, member) in members {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                flatten(source, &path, member, rows);
            }
        }
        Value::Array(entries) if entries.iter().any(Value::is_object) => {
            for (index, entry) in entries.iter().enumerate() {
                let mut entry = entry.clone();
                // The member that names an entry moves into its path.
                let label = LABELS.iter().find_map(|label| entry.as_object_mut()?.remove(*label));
                let label = label.map_or_else(|| index.to_string(), |label| text(&label));
                flatten(source, &format!("{path}[{label}]"), &entry, rows);
            }
        }
        _ => {
            rows.push((source.to_owned(), if path.is_empty() { "-".to_owned() } else { path.to_owned() }, text(value)))
        }
    }
}

fn text(value: &Value) -> String {
    let value = value.get("present").unwrap_or(value);
    match value {
        Value::String(text) => text.clone(),
        Value::Array(entries) if entries.is_empty() => "(none)".to_owned(),
        Value::Array(entries) => entries.iter().map(text).collect::<Vec<_>>().join(" "),
        _ => absence(value).map_or_else(|| value.to_string(), |absence| format!("({absence})")),
    }
}

fn absence(value: &Value) -> Option<Absence> {
    serde_json::from_value(value.get("absent")?.clone()).ok()
}

fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() { shown.extend(c.escape_default()) } else { shown.push(c) }
    }
    shown
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use descriptors::fact::memory::{Ecc, Hugepages, MemoryFact};
    use descriptors::fact::{AbsenceReason, Fact, Reading};
    use descriptors::id::SourceName;
    use descriptors::report::Origin;

    use super::*;

    fn gathered() -> Gathered {
        let memory = MemoryFact {
            total_bytes: Reading::Present(1024),
            ecc: Reading::Present(Ecc {
                controllers: 2,
                controller_name: Reading::Present("F19h\u{1b}[31m".to_owned()),
                modules: Reading::Present(2),
                module_kinds: Reading::Present(vec!["Registered-DDR4".to_owned()]),
                modes: Reading::Present(vec!["SECDED".to_owned()]),
            }),
            hugepages: Reading::Present(vec![Hugepages { page_bytes: 2 << 20, pages: 7 }]),
            numa: Reading::absent(AbsenceReason::NotPresent, "/sys/devices/system/node"),
        };
        let facts = BTreeMap::from([
            (SourceName::new("dmi").unwrap(), Reading::absent(AbsenceReason::NotPermitted, "/sys/class/dmi/id")),
            (SourceName::new("memory").unwrap(), Reading::Present(Fact::from(memory))),
        ]);
        let boot_id = Reading::absent(AbsenceReason::NotPresent, "/x");
        Gathered { origin: Origin::Captured, boot_id, facts, elapsed: BTreeMap::new() }
    }

    #[test]
    fn a_row_is_a_source_a_fact_and_a_value_or_why_there_is_none() {
        let table = table(&gathered(), None).unwrap();
        let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(rows[0], ["SOURCE", "FACT", "VALUE"]);
        assert_eq!(rows[1], ["-", "origin", "captured"]);
        assert_eq!(rows[3].join(" "), "dmi - (not permitted: /sys/class/dmi/id)");
        assert!(rows.contains(&vec!["memory", "total_bytes", "1024"]), "{table}");
        assert!(rows.contains(&vec!["memory", "hugepages[2097152].pages", "7"]), "{table}");
        assert!(table.contains("(not present: /sys/devices/system/node)"), "{table}");
    }

    #[test]
    fn a_text_from_firmware_cannot_control_the_terminal() {
        let table = table(&gathered(), Some(80)).unwrap();
        assert!(table.contains("F19h\\u{1b}[31m") && !table.contains('\u{1b}'), "{table}");
    }

    #[test]
    fn a_value_is_broken_at_blanks_where_the_terminal_ends() {
        assert_eq!(broken("one two three", 8), ["one two ", "three"]);
        assert_eq!(broken("abcdefghij k", 4), ["abcd", "efgh", "ij k"]);
        assert_eq!(broken("", 4), [""]);
        let row = |value: &str| ["s".to_owned(), "f".to_owned(), value.to_owned()];
        let text = columns(&[row("aaaaaaaaaa bbbbbbbbbb cccccccccc"), row("x")], Some(10));
        assert_eq!(text, " s  f  aaaaaaaaaa\n       bbbbbbbbbb\n       cccccccccc\n s  f  x\n");
    }

    #[test]
    fn json_has_what_a_report_has() {
        let value: Value = serde_json::from_str(&json(&gathered()).unwrap()).unwrap();
        assert_eq!(value.as_object().unwrap().keys().collect::<Vec<_>>(), ["boot_id", "facts", "origin"]);
    }
}
