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
    assert_eq!([&value["failed"], &value["down"]], [&json!(["feed-1", "feed-2"]), &json!(["either", "zone-a"])]);
    assert_eq!(value["no_longer_down"], json!([]));
    let reason = json!({
        "component": "zone-a", "gate": "at least 2", "arguments": 2, "because_of": ["feed-1", "feed-2"], "line": 5
    });
    assert_eq!(value["reasons"][0], reason);
    let message = refused(&avow("impact", &model, &["--fail", "feed-9"]), 2);
    assert!(message.contains("the model has no component `feed-9`"), "{message}");
}

#[test]
fn impact_gives_for_each_component_the_need_that_is_not_met_and_its_line() {
    let place = Place::new();
    let lines = place.file("m", ZONES);
    let binary = place.path("m.avowfg");
    stdout(&avow("model convert", &lines, &[binary.to_str().unwrap()]));
    let expect = "\
when switch, feed-1, feed-2 fail, 4 others are down

 DOWN    BECAUSE                                            LINE
 zone-a  it needs 1 of 2, and feed-1, feed-2 are down       5
 zone-b  it needs switch, which is down                     6
 both    it needs 1 of 2, and zone-a, zone-b are down       7
 either  it needs all of 2, and zone-a is down              8
";
    for model in [&lines, &binary] {
        let found = stdout(&avow("impact", model, &["--fail", "switch,feed-1,feed-2"]));
        assert_eq!(found.replace(' ', ""), expect.replace(' ', ""));
    }
    let found = stdout(&avow("impact", &lines, &["--fail", "switch,feed-1,feed-2", "--why", "zone-b"]));
    assert!(found.contains("zone-b") && !found.contains("zone-a"), "{found}");
    let found = stdout(&avow("impact", &lines, &["--fail", "feed-3", "--why", "zone-b"]));
    assert_eq!(found, "when feed-3 fails, 0 others are down\nzone-b: nothing brings it down\n");
}

#[test]
fn impact_explains_formulas_and_what_a_failure_brings_back() {
    let place = Place::new();
    let xml = "<opsa-mef>\n<define-fault-tree name=\"t\">\n<define-gate name=\"top\">\n<and><basic-event name=\"a\"/>\n\
               <not><basic-event name=\"b\"/></not></and>\n</define-gate>\n<define-gate name=\"other\">\n\
               <xor><basic-event name=\"a\"/><basic-event name=\"c\"/></xor></define-gate>\n\
               <define-gate name=\"idle\"><nor><basic-event name=\"a\"/><basic-event name=\"c\"/></nor></define-gate>\n\
               <define-basic-event name=\"a\"/>\n<define-basic-event name=\"b\"/>\n<define-basic-event name=\"c\"/>\n\
               </define-fault-tree></opsa-mef>\n";
    let model = place.file("m", xml);
    let found = stdout(&avow("impact", &model, &["--fail", "a"]));
    let expect = "\
when a fails, 2 others are down

 DOWN                 BECAUSE                                LINE
 (part of a formula)  `not` holds while none of 1 is down    5
 top                  a, (part of a formula) are down        4
 other                `xor` of 2 holds while a is down       8

 NO LONGER DOWN
 idle
";
    let sorted = |text: &str| {
        let mut lines: Vec<String> = text.lines().map(|line| line.replace(' ', "")).collect();
        lines.sort();
        lines
    };
    assert_eq!(sorted(&found), sorted(expect), "{found}");
}

/// The same zones, with a probability for everything that fails.
fn with_probabilities() -> String {
    ZONES.replace("{\"id\":\"switch\"}", "{\"id\":\"switch\",\"p\":0.05}")
}

#[test]
fn importance_is_that_of_its_definition() {
    let place = Place::new();
    let model = place.file("m", &with_probabilities());
    let text = stdout(&avow("importance", &model, &["--top", "both", "-o", "json"]));
    let value: Value = serde_json::from_str(&text).unwrap();
    let close = |found: &Value, expect: f64| (found.as_f64().unwrap() - expect).abs() < 1e-12;
    // Feeds 1 and 2 together, and of feed 3 and the switch one at least.
    assert!(close(&value["probability"]["exact"], 0.0024), "{text}");
    let of = |name: &str| {
        let components = value["components"].as_array().unwrap();
        components.iter().find(|component| component["component"] == name).unwrap().clone()
    };
    for (name, birnbaum, criticality, share) in [
        ("feed-1", 0.024, 1.0, 1.0),
        ("feed-2", 0.024, 1.0, 1.0),
        ("feed-3", 0.0095, 0.0095 * 0.2 / 0.0024, 0.8),
        ("switch", 0.008, 0.008 * 0.05 / 0.0024, 0.2),
    ] {
        let found = of(name);
        let fits = close(&found["birnbaum"], birnbaum)
            && close(&found["criticality"], criticality)
            && close(&found["fussell_vesely"], share);
        assert!(fits, "{found}");
    }
    let table = stdout(&avow("importance", &model, &["--top", "both", "--limit", "1"]));
    let expect = "\
both: probability 2.400000e-3

 COMPONENT  PROBABILITY  FUSSELL-VESELY  CRITICALITY  BIRNBAUM
 feed-1     1.0000e-1    1.0000e0        1.0000e0     2.4000e-2
 … the first 1 of 4; more with --limit N
";
    assert_eq!(table, expect);
    let csv = stdout(&avow("importance", &model, &["--top", "both", "-o", "csv"]));
    assert!(csv.starts_with("component,probability,fussell_vesely,criticality,birnbaum\r\nfeed-1,0.1,1"), "{csv}");
}

#[test]
fn the_most_probable_groups_come_first_and_the_probability_is_said() {
    let place = Place::new();
    let model = place.file("m", &with_probabilities());
    for order in ["2", "all"] {
        let table = stdout(&avow("risk-groups", &model, &["--top", "either", "--probability", "--order", order]));
        let groups: Vec<&str> = table.lines().filter(|line| line.contains("e-")).collect();
        let groups: Vec<Vec<&str>> = groups.iter().map(|line| line.split_whitespace().collect()).collect();
        let expect = [
            vec!["probability", "7.660000e-2"],
            vec!["1", "5.000e-2", "switch"],
            vec!["2", "2.000e-2", "feed-2,", "feed-3"],
            vec!["2", "1.000e-2", "feed-1,", "feed-2"],
        ];
        assert_eq!(groups, expect, "{table}");
    }
    let text =
        stdout(&avow("risk-groups", &model, &["--top", "either", "--probability", "--limit", "2", "-o", "json"]));
    let value: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["groups"][1]["components"], json!(["feed-2", "feed-3"]));
    assert!((value["probability"]["exact"].as_f64().unwrap() - 0.0766).abs() < 1e-12, "{text}");
}

#[test]
fn a_probability_that_is_missing_or_is_none_is_refused_with_its_name() {
    let place = Place::new();
    let missing = place.file("m", ZONES);
    for command in [&["--top", "both"][..], &["--top", "both", "--probability"]] {
        let name = if command.len() == 2 { "importance" } else { "risk-groups" };
        let message = refused(&avow(name, &missing, command), 5);
        let expect = "1 of 4 components that `both` depends on have no probability (switch): give each a `p`";
        assert!(message.contains(expect), "{message}");
    }
    for (value, expect) in
        [("1.5", "the probability 1.5"), ("-0.1", "the probability -0.1"), ("NaN", "expected a number")]
    {
        let model = place.file("p", &ZONES.replace("\"p\":0.2", &format!("\"p\":{value}")));
        let message = refused(&avow("importance", &model, &["--top", "both"]), 5);
        assert!(message.contains("p:3:") && message.contains(expect), "{message}");
    }
}

#[test]
fn without_room_for_a_diagram_the_probability_is_told_within_bounds() {
    let place = Place::new();
    let model = place.file("m", &overlapping());
    let output = avow("importance", &model, &["-o", "json", "--max-memory", "2MiB"]);
    assert_eq!(output.status.code(), Some(6), "{output:?}");
    let value: Value = serde_json::from_slice(&output.stdout).unwrap();
    let [low, high] = ["at_least", "at_most"].map(|bound| value["probability"][bound].as_f64().unwrap());
    assert!((0.0..=1.0).contains(&low) && low < high && high <= 1.0, "{value}");
    assert_eq!(value["components"], json!([]));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.lines().last().unwrap().starts_with("gave up: "), "{said}");
}

#[test]
fn reading_keeps_within_the_memory_it_may_use_or_gives_up() {
    let place = Place::new();
    let mut lines = String::new();
    let mut xml = "<opsa-mef><define-fault-tree name=\"t\">\n".to_owned();
    for number in 0..40_000 {
        let (zone, next) = (number % 7, number / 2);
        lines += &format!("{{\"id\":\"component-{number}-of-zone-{zone}\"}}\n");
        xml += &format!("<define-gate name=\"g{number}\"><or><basic-event name=\"e{next}\"/></or></define-gate>\n");
        xml += &format!("<define-basic-event name=\"e{number}\"/>\n");
    }
    xml += "</define-fault-tree></opsa-mef>\n";
    let (lines, xml) = (place.file("m.jsonl", &lines), place.file("m.xml", &xml));
    let binary = place.path("m.avowfg");
    stdout(&avow("model convert", &lines, &[binary.to_str().unwrap()]));
    for (model, top) in [(&lines, "component-9-of-zone-2"), (&xml, "g9"), (&binary, "component-9-of-zone-2")] {
        let (mut answered, mut gave_up) = (0, 0);
        for mebibytes in [1, 4, 16, 64, 256] {
            // The kernel refuses what is beyond: then the program would die of a signal. The rest is for threads and code.
            let script = format!("ulimit -d {}; exec \"$0\" \"$@\"", (mebibytes + 24) * 1024);
            let mut command = std::process::Command::new("/bin/sh");
            command.args(["-c", &script, env!("CARGO_BIN_EXE_avow"), "spof"]).arg(model);
            command.args(["--top", top, "--max-memory", &format!("{mebibytes}MiB")]);
            let output = command.output().unwrap();
            match output.status.code() {
                Some(0) => answered += 1,
                Some(6) => {
                    let said = String::from_utf8(output.stderr).unwrap();
                    assert!(said.to_lowercase().contains("gave up") && said.contains("--max-memory"), "{said}");
                    gave_up += 1;
                }
                _ => panic!("{mebibytes} MiB: {output:?}"),
            }
        }
        assert!(answered > 0 && gave_up > 0, "{}: {answered} answered, {gave_up} gave up", model.display());
    }
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

/// Any 20 of 60 in threes that overlap: far more sets than fit.
fn overlapping() -> String {
    let mut lines: String = (0..60).map(|number| format!("{{\"id\":\"e{number}\",\"p\":0.1}}\n")).collect();
    for number in 0..120 {
        let mut of = [number * 7 % 60, (number * 13 + 1) % 60, (number * 29 + 5) % 60].to_vec();
        of.sort_unstable();
        of.dedup();
        let of: Vec<String> = of.iter().map(|member| format!("\"e{member}\"")).collect();
        let of = of.join(",");
        lines += &format!("{{\"id\":\"g{number}\",\"own\":false,\"needs\":[{{\"min\":1,\"of\":[{of}]}}]}}\n");
    }
    let gates: Vec<String> = (0..120).map(|number| format!("\"g{number}\"")).collect();
    lines + &format!("{{\"id\":\"top\",\"own\":false,\"needs\":[{{\"min\":90,\"of\":[{}]}}]}}\n", gates.join(","))
}

#[test]
fn out_of_memory_is_said_with_what_is_known_and_has_its_own_code() {
    let place = Place::new();
    let model = place.file("m", &overlapping());
    let output = avow("risk-groups", &model, &["--order", "all", "--count", "--max-memory", "2MiB"]);
    assert_eq!(output.status.code(), Some(6), "{output:?}");
    let (said, text) = (String::from_utf8(output.stderr).unwrap(), String::from_utf8(output.stdout).unwrap());
    // Before it, on a slow machine, what it was doing.
    let last = said.lines().last().unwrap();
    assert!(last.starts_with("gave up: ") && last.contains("raise --max-memory"), "{said}");
    assert!(text.contains("GAVE UP"), "{text}");
}
