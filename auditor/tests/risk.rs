//! What the commands that ask a fault graph print, and how they end.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "tests fail by panicking, and run the program itself"
)]

use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::{Value, json};

/// Two zones on two feeds each, one feed shared, and a switch that only zone b needs.
const ZONES: &str = r#"{"id":"feed-1","p":0.1}
{"id":"feed-2","p":0.1}
{"id":"feed-3","p":0.2}
{"id":"switch"}
{"id":"zone-a","own":false,"needs":[{"min":1,"of":["feed-1","feed-2"]}]}
{"id":"zone-b","own":false,"needs":[{"min":1,"of":["feed-2","feed-3"]},{"min":1,"of":["switch"]}]}
{"id":"both","own":false,"needs":[{"min":1,"of":["zone-a","zone-b"]}]}
{"id":"either","own":false,"needs":[{"min":2,"of":["zone-a","zone-b"]}]}
"#;

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        std::fs::write(self.path(name), text).unwrap();
        self.path(name)
    }
}

fn avow(command: &str, model: &Path, arguments: &[&str]) -> Output {
    let words: Vec<&str> = command.split(' ').collect();
    let program = env!("CARGO_BIN_EXE_avow");
    std::process::Command::new(program).args(words).arg(model).args(arguments).output().unwrap()
}

fn stdout(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn refused(output: &Output, code: i32) -> String {
    assert_eq!((output.status.code(), output.stdout.len()), (Some(code), 0), "{output:?}");
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn a_table_has_counts_groups_and_what_it_covers() {
    let place = Place::new();
    let model = place.file("m", ZONES);
    let table = stdout(&avow("risk-groups", &model, &["--top", "both"]));
    let expect = "\
both: 2 minimal risk groups, complete up to order 3

 ORDER  GROUPS
 1      0
 2      0
 3      2

 ORDER  PROBABILITY  GROUP
 3      2.000e-3     feed-1, feed-2, feed-3
 3      -            feed-1, feed-2, switch
";
    assert_eq!(table, expect);
}

#[test]
fn json_and_csv_say_the_same_as_the_table() {
    let place = Place::new();
    let model = place.file("m", ZONES);
    let text = stdout(&avow("risk-groups", &model, &["--top", "either", "--order", "all", "-o", "json"]));
    let mut value: Value = serde_json::from_str(&text).unwrap();
    value["groups"].as_array_mut().unwrap().sort_by_key(ToString::to_string);
    assert_eq!(
        value["counts"],
        json!([{"order": 0, "groups": 0}, {"order": 1, "groups": 1}, {"order": 2, "groups": 2}])
    );
    assert_eq!([&value["total"], &value["order"], &value["complete"]], [&json!(3), &json!("all"), &json!(true)]);
    let components: Vec<&Value> =
        value["groups"].as_array().unwrap().iter().map(|group| &group["components"]).collect();
    assert_eq!(components, [&json!(["feed-1", "feed-2"]), &json!(["feed-2", "feed-3"]), &json!(["switch"])]);
    assert_eq!(value["groups"][2]["probability"], Value::Null);

    let csv = stdout(&avow("risk-groups", &model, &["--top", "either", "--order", "1", "-o", "csv"]));
    assert_eq!(csv, "group,order,probability,component\r\n1,1,,switch\r\n");
    let csv = stdout(&avow("risk-groups", &model, &["--top", "either", "--count", "-o", "csv"]));
    assert_eq!(csv, "order,groups\r\n0,0\r\n1,1\r\n2,2\r\n3,0\r\n");
    assert_eq!(
        stdout(&avow("spof", &model, &["--top", "either", "-o", "csv"])),
        "group,order,probability,component\r\n1,1,,switch\r\n"
    );
}

#[test]
fn what_is_cut_off_by_the_limit_is_said_to_be() {
    let place = Place::new();
    let model = place.file("m", ZONES);
    let table = stdout(&avow("risk-groups", &model, &["--top", "either", "--limit", "1"]));
    assert!(table.contains("… the first 1 of 3; more with --limit N"), "{table}");
}

#[test]
fn impact_lists_what_falls_with_what_failed() {
    let place = Place::new();
    let model = place.file("m", ZONES);
    let text = stdout(&avow("impact", &model, &["--fail", "feed-1,feed-2", "-o", "json"]));
    let value: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value, json!({"failed": ["feed-1", "feed-2"], "down": ["either", "zone-a"], "no_longer_down": []}));
    let table = stdout(&avow("impact", &model, &["--fail", "switch", "--fail", "feed-1"]));
    assert!(table.starts_with("when switch, feed-1 fails, 2 others are down\n"), "{table}");
    let message = refused(&avow("impact", &model, &["--fail", "feed-9"]), 2);
    assert!(message.contains("the model has no component `feed-9`"), "{message}");
}

#[test]
fn a_model_converted_is_the_same_model() {
    let place = Place::new();
    let model = place.file("m", ZONES);
    let binary = place.path("m.avowfg");
    let said = stdout(&avow("model convert", &model, &[binary.to_str().unwrap()]));
    assert!(said.contains("m.avowfg: 8 components and gates, ") && said.ends_with(" bytes\n"), "{said}");
    for top in ["both", "either"] {
        let [from_lines, from_binary] =
            [&model, &binary].map(|model| stdout(&avow("risk-groups", model, &["--top", top, "--order", "all"])));
        assert_eq!(from_lines, from_binary);
    }
    let files: Vec<_> = std::fs::read_dir(place.0.path()).unwrap().collect();
    assert_eq!(files.len(), 2, "something is left beside: {files:?}");
}

#[test]
fn a_conversion_that_fails_leaves_what_was_there() {
    let place = Place::new();
    let broken = place.file("m", "{\"id\":\"a\"");
    let target = place.file("t", "kept");
    refused(&avow("model convert", &broken, &[target.to_str().unwrap()]), 5);
    assert_eq!(std::fs::read_to_string(target).unwrap(), "kept");
}

#[test]
fn errors_name_the_file_the_place_and_the_remedy() {
    let place = Place::new();
    let rows = [
        (
            place.file("a", "{\"id\":\"a\"}\n{\"id\":\"b\",}"),
            5,
            "a:2:11: expected a string, found `}`; write one JSON object",
        ),
        (place.file("b", "\x00\x01"), 5, "b is no model: it begins neither like JSON lines"),
        (place.file("c", "<opsa-mef><x/></opsa-mef>"), 5, "c:1:11: <x> is not supported; remove it"),
        (place.path("missing"), 5, "cannot read"),
        (
            place.file("d", ZONES),
            2,
            "nothing needs any of 2 components (both, either): say which one is meant with --top",
        ),
        (place.file("e", "\n"), 5, "e is no model"),
    ];
    for (model, code, expect) in rows {
        let message = refused(&avow("risk-groups", &model, &[]), code);
        assert!(message.starts_with("error: ") && message.contains(expect), "{message}, not {expect}");
    }
    let model = place.file("f", ZONES);
    for (arguments, expect) in [
        (["--top", "Both"], "has no component or gate `Both`; names are case-sensitive"),
        (["--order", "0"], "write a number from 1, or `all`"),
        (["--max-memory", "much"], "write a number of bytes"),
    ] {
        let message = refused(&avow("risk-groups", &model, &arguments), 2);
        assert!(message.contains(expect), "{message}, not {expect}");
    }
}

#[test]
fn names_cannot_control_a_terminal_or_a_spreadsheet() {
    let place = Place::new();
    let model = place.file(
        "m",
        "{\"id\":\"=1+1\"}\n{\"id\":\"a\\u001b[31m,\\\"b\\\"\"}\n\
         {\"id\":\"top\",\"own\":false,\"needs\":[{\"min\":2,\"of\":[\"=1+1\",\"a\\u001b[31m,\\\"b\\\"\"]}]}\n",
    );
    let csv = stdout(&avow("spof", &model, &["-o", "csv"]));
    assert!(csv.contains(",'=1+1\r\n") && csv.contains(",\"a\\u{1b}[31m,\"\"b\"\"\"\r\n"), "{csv}");
    let table = stdout(&avow("spof", &model, &[]));
    assert!(!table.contains('\u{1b}') && table.contains("a\\u{1b}[31m"), "{table}");
}

#[test]
fn out_of_memory_is_said_with_what_is_known_and_has_its_own_code() {
    // Any 20 of 60 in threes that overlap: far more sets than fit.
    let mut lines: String = (0..60).map(|number| format!("{{\"id\":\"e{number}\"}}\n")).collect();
    for number in 0..120 {
        let of = [number * 7 % 60, (number * 13 + 1) % 60, (number * 29 + 5) % 60];
        let of: Vec<String> = of.iter().map(|member| format!("\"e{member}\"")).collect();
        let mut of = of;
        of.sort();
        of.dedup();
        lines +=
            &format!("{{\"id\":\"g{number}\",\"own\":false,\"needs\":[{{\"min\":1,\"of\":[{}]}}]}}\n", of.join(","));
    }
    let gates: Vec<String> = (0..120).map(|number| format!("\"g{number}\"")).collect();
    lines += &format!("{{\"id\":\"top\",\"own\":false,\"needs\":[{{\"min\":90,\"of\":[{}]}}]}}\n", gates.join(","));
    let place = Place::new();
    let model = place.file("m", &lines);
    let output = avow("risk-groups", &model, &["--order", "all", "--count", "--max-memory", "2MiB"]);
    assert_eq!(output.status.code(), Some(6), "{output:?}");
    let (said, text) = (String::from_utf8(output.stderr).unwrap(), String::from_utf8(output.stdout).unwrap());
    assert!(said.starts_with("gave up: ") && said.contains("raise --max-memory"), "{said}");
    assert!(text.contains("GAVE UP"), "{text}");
}
