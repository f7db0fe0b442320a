//! What a person sees who waits, and who does not wait any longer.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "tests fail by panicking, and run the program itself"
)]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

const SIGINT: i32 = 2;

/// As a terminal starts it: whoever runs the tests in the background has Ctrl-C ignored, and children inherit that.
fn start(arguments: &[&str]) -> Child {
    let mut command = Command::new("env");
    command
        .args(["--default-signal=INT", env!("CARGO_BIN_EXE_avow")])
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Waits for the first word of progress, then does what Ctrl-C does. The program has a second until it must say something.
fn interrupted(mut child: Child, says: &str) {
    let mut said = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    assert!(line.starts_with(says) && line.ends_with(" s\n"), "{line}");
    assert!(child.try_wait().unwrap().is_none(), "it has ended before it was told to");
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let status = child.wait().unwrap();
    assert_eq!((status.signal(), status.code()), (Some(SIGINT), None), "a shell shows 130");
    let mut text = String::new();
    child.stdout.take().unwrap().read_to_string(&mut text).unwrap();
    assert_eq!(text, "", "a part of an answer");
    said.read_to_string(&mut text).unwrap();
    assert!(!text.contains("panicked"), "{text}");
}

/// Any 900 of 1,800 pairs of 60: nobody has the time.
fn endless() -> String {
    let mut lines: String = (0..60).map(|number| format!("{{\"id\":\"e{number}\"}}\n")).collect();
    let mut pairs = Vec::new();
    for a in 0..60 {
        for b in a + 1..60 {
            lines += &format!(
                "{{\"id\":\"p{a}-{b}\",\"own\":false,\"needs\":[{{\"min\":1,\"of\":[\"e{a}\",\"e{b}\"]}}]}}\n"
            );
            pairs.push(format!("\"p{a}-{b}\""));
        }
    }
    let of = pairs.join(",");
    lines + &format!("{{\"id\":\"top\",\"own\":false,\"needs\":[{{\"min\":900,\"of\":[{of}]}}]}}\n")
}

fn names(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_search_says_what_it_does_and_ends_with_ctrl_c_without_a_part_of_an_answer() {
    let place = tempfile::tempdir().unwrap();
    let model = place.path().join("m");
    std::fs::write(&model, endless()).unwrap();
    interrupted(
        start(&["risk-groups", model.to_str().unwrap(), "--order", "all", "--count"]),
        "building the decision diagram",
    );
}

#[test]
fn a_conversion_ended_with_ctrl_c_leaves_what_was_there_and_nothing_beside_it() {
    let place = tempfile::tempdir().unwrap();
    let (source, target) = (place.path().join("source"), place.path().join("target"));
    std::fs::write(&target, "kept").unwrap();
    assert!(Command::new("mkfifo").arg(&source).status().unwrap().success());
    let child = start(&["model", "convert", source.to_str().unwrap(), target.to_str().unwrap()]);
    // Half a model, and the rest never comes.
    let mut half = std::fs::OpenOptions::new().write(true).open(&source).unwrap();
    half.write_all(b"{\"id\":\"a\"}\n{\"id\":").unwrap();
    interrupted(child, "reading the model");
    drop(half);
    assert_eq!(std::fs::read(&target).unwrap(), b"kept");
    assert_eq!(names(place.path()), ["source", "target"]);
}
