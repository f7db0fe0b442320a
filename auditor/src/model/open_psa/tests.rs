use independence::bdd::{Diagram, Limits};

use super::*;

const MEMORY: u64 = 1 << 28;

fn tree(definitions: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?>\n<opsa-mef><define-fault-tree name=\"t\">{definitions}</define-fault-tree></opsa-mef>"
    )
}

fn fault(xml: &str) -> String {
    read(xml.as_bytes(), MEMORY).expect_err(xml).to_string()
}

/// The minimal risk groups of the gate `top`, as text.
fn groups(xml: &str) -> String {
    let (graph, _) = read(xml.as_bytes(), MEMORY).unwrap();
    let top = graph.find("top").unwrap();
    let diagram = Diagram::of(&graph, top, &|vertex| graph.event(vertex).is_some(), Limits::memory(MEMORY)).unwrap();
    let groups = diagram.risk_groups(None, MEMORY).unwrap();
    let group = |group: Vec<Vertex>| group.iter().map(|&vertex| graph.name(vertex)).collect::<String>();
    let mut groups: Vec<String> = groups.iter().map(group).collect();
    groups.sort();
    groups.join(" ")
}

const EVENTS: &str = "<define-basic-event name=\"a\"/><define-basic-event name=\"b\"/><define-basic-event name=\"c\"/>";
const A: &str = "<basic-event name=\"a\"/>";
const B: &str = "<event name=\"b\" type=\"basic-event\"/>";
const C: &str = "<event name=\"c\"/>";

#[test]
fn each_kind_of_gate_means_what_the_format_says() {
    let rows = [
        (format!("<or>{A}{B}{C}</or>"), "a b c"),
        (format!("<and>{A}{B}{C}</and>"), "abc"),
        (format!("<atleast min=\"2\">{A}{B}{C}</atleast>"), "ab ac bc"),
        (format!("<cardinality min=\"1\" max=\"2\">{A}{B}{C}</cardinality>"), "a b c"),
        (format!("<and>{A}<not>{B}</not></and>"), "a"),
        (format!("<xor>{A}{B}</xor>"), "a b"),
        (format!("<and>{A}<xor>{B}{C}</xor></and>"), "ab ac"),
        (format!("<and>{A}<nand>{B}{C}</nand></and>"), "a"),
        (format!("<and>{A}<nor>{B}{C}</nor></and>"), "a"),
        (format!("<and>{A}<iff>{B}{C}</iff></and>"), "a"),
        (format!("<and>{A}<imply>{B}{C}</imply></and>"), "a"),
        (format!("<and>{A}<not><imply>{B}{C}</imply></not></and>"), "ab"),
        (format!("<and>{A}<constant value=\"true\"/></and>"), "a"),
        (format!("<or>{A}<constant value=\"false\"/></or>"), "a"),
        (A.to_owned(), "a"),
        (format!("<and>{A}<or>{B}<and>{C}<house-event name=\"on\"/></and></or></and>"), "ab ac"),
        (format!("<and>{A}<or>{B}<and>{C}<house-event name=\"off\"/></and></or></and>"), "ab"),
    ];
    let houses = "<define-house-event name=\"on\"><constant value=\"true\"/></define-house-event><define-house-event name=\"off\"/>";
    for (formula, expect) in rows {
        let xml = tree(&format!("<define-gate name=\"top\">{formula}</define-gate>{EVENTS}{houses}"));
        assert_eq!(groups(&xml), expect, "{formula}");
    }
}

#[test]
fn trees_and_components_share_their_names_and_definitions_may_come_late() {
    let xml = format!(
        "<opsa-mef><define-fault-tree name=\"one\"><define-gate name=\"top\"><label>x</label><or><gate name=\"g\"/>\
         <gate name=\"two.part.h\"/></or></define-gate></define-fault-tree>\
         <define-fault-tree name=\"two\"><define-gate name=\"g\"><and>{A}{B}</and></define-gate>\
         <define-component name=\"part\"><define-gate name=\"h\">{C}</define-gate></define-component></define-fault-tree>\
         <model-data>{EVENTS}</model-data></opsa-mef>"
    );
    assert_eq!(groups(&xml), "ab c");
}

#[test]
fn a_probability_is_a_number_or_a_parameter_that_is_one_and_else_unknown_and_noted() {
    let event = |name: &str, value: &str| format!("<define-basic-event name=\"{name}\">{value}</define-basic-event>");
    let xml = tree(
        &[
            event("a", "<label>x</label><float value=\"1.5E-3\"/>"),
            event("b", "<parameter name=\"p\"/>"),
            event("c", "<exponential><parameter name=\"p\"/><system-mission-time/></exponential>"),
            "<define-parameter name=\"p\"><float value=\"0.25\"/></define-parameter>".to_owned(),
            format!("<define-gate name=\"top\"><or>{A}{B}{C}</or></define-gate>"),
        ]
        .concat(),
    );
    let (graph, notes) = read(xml.as_bytes(), MEMORY).unwrap();
    let probability = |name: &str| graph.event(graph.find(name).unwrap()).unwrap().probability;
    assert_eq!([probability("a"), probability("b"), probability("c")], [Some(0.0015), Some(0.25), None]);
    assert_eq!(notes, ["`c`: <exponential> is not supported: its probability is unknown"]);
}

#[test]
fn a_fault_names_its_place_and_what_to_do() {
    let top = |formula: &str| tree(&format!("<define-gate name=\"top\">{formula}</define-gate>{EVENTS}"));
    let number =
        |value: &str| tree(&format!("<define-basic-event name=\"a\"><float value=\"{value}\"/></define-basic-event>"));
    let rows = [
        (top("<or><gate name=\"g\"/></or>"), ":2:67: `g` is not defined; define it"),
        (top("<or><gate name=\"a\"/></or>"), "<gate> refers to `a`, which is a basic event;"),
        (top("<or/>"), "the gate `or` takes one argument or more, and has 0; correct the gate"),
        (top(&format!("<not>{A}{B}</not>")), "the gate `not` takes one argument"),
        (top(&format!("<imply>{A}</imply>")), "the gate `imply` takes two arguments"),
        (top(&format!("<atleast min=\"3\">{A}{B}</atleast>")), "`at least 3` of 2 is not possible"),
        (
            top(&format!("<atleast min=\"9999999999\">{A}{B}</atleast>")),
            "<atleast> with min=\"9999999999\"; write a whole",
        ),
        (top(&format!("<atleast>{A}{B}</atleast>")), "<atleast> with min=\"\""),
        (top(&format!("<atleast min=\"2\">{A}{B}{A}</atleast>")), "names `a` twice"),
        (top(&format!("<cardinality min=\"2\" max=\"1\">{A}{B}</cardinality>")), "`cardinality 2 to 1` of 2"),
        (top(&format!("<vote>{A}</vote>")), "<vote> is not supported; remove it"),
        (top(&format!("{A}{B}")), "the gate `top` has a second formula;"),
        (top(""), "the gate `top` has no formula;"),
        (top("<or><basic-event/></or>"), "<basic-event> has no name;"),
        (top("<not><gate name=\"top\"/></not>"), "depends on itself through a negation"),
        (tree(&format!("{EVENTS}<define-basic-event name=\"b\"/>")), "`b` is defined twice, first as a basic event;"),
        (tree(&format!("{EVENTS}<define-gate name=\"b\">{A}</define-gate>")), "`b` is defined twice,"),
        (tree("<define-component name=\"x\" role=\"private\"/>"), "private names are not supported;"),
        (tree("<define-CCF-group name=\"x\" model=\"MGL\"/>"), "<define-CCF-group> is not supported;"),
        (number("NaN"), "the probability of `a` is `NaN`; write a number"),
        (number("inf"), "the probability of `a` is `inf`;"),
        (number("-0.1"), "the probability of `a` is `-0.1`;"),
        (number("1.01"), "the probability of `a` is `1.01`;"),
        (number(""), "the probability of `a` is ``;"),
        ("<opsa-mef><define-gate".to_owned(), "not well-formed XML"),
        ("<html/>".to_owned(), ":1:1: <html> instead of <opsa-mef>;"),
    ];
    for (xml, expect) in rows {
        let found = fault(&xml);
        assert!(found.contains(expect), "{xml}: {found}, not {expect}");
    }
}

#[test]
fn parameters_in_a_circle_end_in_a_fault() {
    let xml = tree(
        "<define-basic-event name=\"a\"><parameter name=\"p\"/></define-basic-event>\
         <define-parameter name=\"p\"><parameter name=\"q\"/></define-parameter>\
         <define-parameter name=\"q\"><parameter name=\"p\"/></define-parameter>",
    );
    assert!(fault(&xml).contains("leads in a circle"));
}

#[test]
fn an_entity_bomb_is_refused_before_anything_is_expanded() {
    let mut bomb = "<?xml version=\"1.0\"?><!DOCTYPE opsa-mef [<!ENTITY l0 \"ha\">".to_owned();
    for level in 1..64 {
        bomb += &format!("<!ENTITY l{level} \"{}\">", format!("&l{};", level - 1).repeat(10));
    }
    bomb += "]><opsa-mef>&l63;</opsa-mef>";
    assert!(fault(&bomb).contains("a document type definition; remove it"));
}

#[test]
fn formulas_nested_a_hundred_thousand_deep_are_read_without_a_deep_stack() {
    let depth = 100_000;
    let formula = format!("{}{A}{}", "<not>".repeat(depth), "</not>".repeat(depth));
    assert_eq!(groups(&tree(&format!("<define-gate name=\"top\">{formula}</define-gate>{EVENTS}"))), "a");
}

#[test]
fn more_xml_than_the_memory_limit_allows_is_refused() {
    let xml = tree(&EVENTS.repeat(1_000));
    let found = read(xml.as_bytes(), 1 << 16).unwrap_err().to_string();
    assert!(found.contains("reading it takes more than 65536 bytes; raise --max-memory"), "{found}");
}
