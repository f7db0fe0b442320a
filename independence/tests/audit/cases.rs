//! Each folder of `tests/cases/` is one fault: `declaration.json`, `evidence.json`, and the audit expected of them.
//! `UPDATE_GOLDEN=1` writes the audit that was found; read it before it is committed.

use std::fs;
use std::path::{Path, PathBuf};

use descriptors::canonical;
use descriptors::declaration::Declaration;
use independence::{Audit, audit};
use serde_json::Value;

use crate::written::Written;

fn folders() -> Vec<PathBuf> {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut folders: Vec<PathBuf> = fs::read_dir(cases).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    folders
}

fn read<T: serde::de::DeserializeOwned>(path: &Path) -> T {
    let bytes = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Columns of a golden file.
const WIDTH: usize = 150;

/// The audit in words, then in full.
fn readable(audit: &Audit) -> String {
    let findings = audit.findings.iter().map(|finding| format!("{}: {finding}", finding.code()));
    let says: Vec<String> = audit.assessments.iter().map(ToString::to_string).chain(findings).collect();
    let mut text = String::from("{\n  \"says\": ");
    write(&serde_json::to_value(says).unwrap(), 2, &mut text);
    text.push_str(",\n  \"audit\": ");
    write(&serde_json::to_value(audit).unwrap(), 2, &mut text);
    text.push_str("\n}\n");
    text
}

/// JSON in which whatever fits stays on one line.
fn write(value: &Value, indent: usize, text: &mut String) {
    let flat = value.to_string();
    let (open, close, items): (_, _, Vec<(String, &Value)>) = match value {
        Value::Array(items) if flat.len() + indent > WIDTH => {
            ('[', ']', items.iter().map(|item| (String::new(), item)).collect())
        }
        Value::Object(members) if flat.len() + indent > WIDTH => {
            ('{', '}', members.iter().map(|(name, item)| (format!("\"{name}\": "), item)).collect())
        }
        _ => return text.push_str(&flat),
    };
    text.push(open);
    for (position, (name, item)) in items.into_iter().enumerate() {
        let comma = if position > 0 { "," } else { "" };
        text.push_str(&format!("{comma}\n{:1$}{name}", "", indent + 2));
        write(item, indent + 2, text);
    }
    text.push_str(&format!("\n{:1$}{close}", "", indent));
}

#[test]
fn each_case_yields_the_verdict_beside_it() {
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let mut wrong = Vec::new();
    let folders = folders();
    assert!(folders.len() >= 13, "cases are missing");
    for folder in folders {
        let declaration: Declaration = read(&folder.join("declaration.json"));
        let written: Written = read(&folder.join("evidence.json"));
        let found = audit(&written.evidence(&declaration)).unwrap_or_else(|e| panic!("{}: {e:?}", folder.display()));
        let golden = folder.join("verdict.json");
        let text = readable(&found);
        if update {
            fs::write(&golden, text).unwrap();
        } else if fs::read_to_string(&golden).ok().as_ref() != Some(&text) {
            wrong.push(format!("{}: found\n{text}", folder.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn an_audit_reads_back_as_itself() {
    for folder in folders() {
        let declaration: Declaration = read(&folder.join("declaration.json"));
        let found = audit(&read::<Written>(&folder.join("evidence.json")).evidence(&declaration)).unwrap();
        let bytes = canonical::to_vec(&found).unwrap();
        assert_eq!(canonical::from_slice::<Audit>(&bytes).unwrap(), found, "{}", folder.display());
    }
}
