use super::*;

fn read(bytes: &[u8]) -> Result<FaultGraph, Fault> {
    super::read(bytes, 1 << 30)
}

fn fault(text: &str) -> String {
    read(text.as_bytes()).expect_err(text).to_string()
}

#[test]
fn a_line_is_a_component_with_its_needs() {
    let text = concat!(
        "\u{feff}\n",
        "{\"id\": \"rack\", \"kind\": \"rack\", \"own\": false, \"needs\": [{\"min\": 2, \"of\": [\"a\", \"b\", \"\\u00e9\\\"\"]}]}\r\n",
        "{\"p\":1e-3,\"id\":\"a\",\"_source\":{\"x\":[1,-2.5e+3,{}],\"y\":[[],\"]\"]},\"label\":null}\n",
        "\t {\"id\" : \"b\" , \"p\" : null , \"needs\" : [ ] }\n\n",
        "{\"id\":\"é\\\"\"}",
    );
    let graph = read(text.as_bytes()).unwrap();
    let names: Vec<&str> = graph.vertices().map(|vertex| graph.name(vertex)).collect();
    assert_eq!(names, ["a", "b", "é\"", "rack"]);
    let event = |name: &str| graph.event(graph.find(name).unwrap());
    assert_eq!(event("rack"), None);
    assert_eq!(event("a").unwrap().probability, Some(1e-3));
    assert_eq!(event("b").unwrap().probability, None);
    let gates: Vec<_> = graph.gates(graph.find("rack").unwrap()).collect();
    assert_eq!(gates.len(), 1);
    assert_eq!(gates[0].gate.to_string(), "at least 2");
}

#[test]
fn a_fault_names_its_line_and_column_what_is_wrong_and_what_to_do() {
    let rows = [
        ("{\"id\":\"a\"}\n{\"id\":\"a\"}", ":2:10: `a` is defined twice; rename one"),
        ("{\"id\":\"a\"", ":1:10: expected `,` or `}`, found the end of the file; write one JSON object"),
        ("{\"id\":\"a\"\n}", ":1:10: expected `,` or `}`, found the end of the line;"),
        ("{\"id\":\"a\"} {\"id\":\"b\"}", ":1:12: expected the end of the line, found `{`;"),
        ("{\"id\":\"a\",\"need\":[]}", ":1:11: a component has no member `need`; known are id,"),
        ("{\"id\":\"a\",\"id\":\"b\"}", ":1:11: `id` is given twice;"),
        ("{\"kind\":\"a\"}", ":1:1: a component without `id`;"),
        ("{\"id\":\"\"}", ":1:9: an empty `id`;"),
        ("{\"id\":\"a\",\"p\":NaN}", ":1:15: expected a number, found `N`;"),
        ("{\"id\":\"a\",\"p\":1.5}", ":1:15: the probability 1.5; write a number from 0 to 1"),
        ("{\"id\":\"a\",\"p\":1e999}", ":1:15: the probability 1e999;"),
        ("{\"id\":\"a\",\"p\":01}", ":1:15: expected a number,"),
        ("{\"id\":\"a\",\"p\":.5}", ":1:15: expected a number,"),
        ("{\"id\":\"a\",\"own\":1}", ":1:17: expected `true` or `false`, found `1`;"),
        ("{\"id\":\"a\",\"needs\":[{\"min\":1}]}", ":1:20: a need without `min` or `of`;"),
        ("{\"id\":\"a\",\"needs\":[{\"of\":[\"a\"]}]}", ":1:20: a need without `min` or `of`;"),
        ("{\"id\":\"a\",\"needs\":[{\"min\":-1,\"of\":[\"b\"]}]}", ":1:27: `min` is -1;"),
        ("{\"id\":\"a\",\"needs\":[{\"min\":2,\"of\":[\"b\"]}]}", ":1:20: `a` needs at least 2 of 1"),
        ("{\"id\":\"a\",\"needs\":[{\"min\":1,\"of\":[]}]}", ":1:20: `a` needs at least 1 of 0"),
        ("{\"id\":\"a\",\"needs\":[{\"min\":1,\"of\":[\"b\",\"b\"]}]}", "names `b` twice; name each member once"),
        ("{\"id\":\"a\",\"needs\":[{\"min\":1,\"of\":[\"b\"],\"xs\":1}]}", ":1:40: a need has no member `xs`;"),
        ("{\"id\":\"é\",\"needs\":[{\"min\":1,\"of\":[\"b\"]}]}", ":1:35: `é` refers to `b`, which is not defined;"),
        ("{\"id\":\"a\u{1}\"}", ":1:9: expected the end of the string,"),
        ("{\"id\":\"a\\x\"}", ":1:7: not a string:"),
        ("{\"id\":\"a\\\"}", ":1:7: not a string:"),
        ("{\"id\":\"a\\ud800\"}", ":1:7: not a string:"),
        ("{\"id\":\"a", ":1:7: a string that does not end;"),
        ("[1]", ":1:1: expected `{`, found `[`;"),
    ];
    let differs = |(text, expect): &(&str, &str)| !fault(text).contains(expect);
    let wrong: Vec<String> = rows
        .iter()
        .filter(|row| differs(row))
        .map(|(text, expect)| format!("{text}: {}, not {expect}", fault(text)))
        .collect();
    assert_eq!(wrong, [""; 0]);
    assert!(read(b"{\"id\":\"\xff\"}").unwrap_err().to_string().starts_with(": byte 7: not UTF-8;"));
}

#[test]
fn nesting_that_is_passed_over_is_bounded() {
    let deep = format!("{{\"id\":\"a\",\"_x\":{}1{}}}", "[".repeat(60), "]".repeat(60));
    assert!(read(deep.as_bytes()).is_ok());
    let deep = format!("{{\"id\":\"a\",\"_x\":{}}}", "[".repeat(1_000_000));
    assert!(fault(&deep).contains("nested too deeply"));
}

#[test]
fn a_component_that_needs_itself_is_a_circle_and_no_fault() {
    let graph = read(b"{\"id\":\"a\",\"needs\":[{\"min\":1,\"of\":[\"a\"]}]}").unwrap();
    assert_eq!(graph.cycles().len(), 1);
}

#[test]
fn names_in_faults_cannot_control_a_terminal() {
    let found = fault("{\"id\":\"\\u001b[31m\"}\n{\"id\":\"\\u001b[31m\"}");
    assert!(!found.contains('\u{1b}') && found.contains("\\u{1b}[31m"), "{found}");
}
