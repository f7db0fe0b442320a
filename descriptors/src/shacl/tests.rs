//! One row for each constraint component, form of path and form of target, with what has the shape and what has not.

use super::*;

const PREFIXES: &str = "
    @prefix sh: <http://www.w3.org/ns/shacl#> .
    @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
    @prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
    @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
    @prefix owl: <http://www.w3.org/2002/07/owl#> .
    @prefix e: <http://e/> .
";

fn shapes(text: &str) -> Shapes {
    Shapes::from_turtle([format!("{PREFIXES}{text}").as_bytes()]).unwrap_or_else(|error| panic!("{error:?}\n{text}"))
}

fn data(text: &str) -> Vec<Quad> {
    turtle::parse(format!("{PREFIXES}{text}").as_bytes(), "n").unwrap_or_else(|error| panic!("{error:?}\n{text}"))
}

fn validate(shapes_text: &str, data_text: &str) -> Report {
    shapes(shapes_text).validate(&data(data_text))
}

/// Every violation as `focus path component value`, without the namespace.
fn lines(report: &Report) -> Vec<String> {
    let name = |term: &Term| match term {
        Term::Iri(iri) => iri.replace("http://e/", ""),
        Term::Blank(_) => "_:".to_owned(),
        Term::Literal(literal) => format!("{:?}", literal.text),
    };
    let line = |v: &Violation| {
        let path = v.path.as_deref().unwrap_or("-").replace("http://e/", "");
        let component = v.component.name().replace("ConstraintComponent", "");
        let value = v.value.as_ref().map_or("-".to_owned(), name);
        format!("{} {path} {component} {value}", name(&v.focus))
    };
    report.violations.iter().map(line).collect()
}

/// Asks `constraint` of the values of `e:p`; each value by itself must be accepted or refused.
fn check(constraint: &str, component: &str, good: &[&str], bad: &[&str]) {
    let shapes =
        shapes(&format!("e:S a sh:NodeShape ; sh:targetNode e:n ; sh:property [ sh:path e:p ; {constraint} ] ."));
    for (values, conforms) in good.iter().map(|v| (v, true)).chain(bad.iter().map(|v| (v, false))) {
        let values = if values.is_empty() { String::new() } else { format!("e:n e:p {values} .") };
        let more = "e:n e:q 5, e:i . e:i a e:C ; e:r 1 . e:C rdfs:subClassOf e:D .";
        let report = shapes.validate(&data(&format!("{values} {more}")));
        assert_eq!(report.not_checked, [], "{constraint} of {values}");
        let components: Vec<&str> = report.violations.iter().map(|v| v.component.name()).collect();
        let expect = format!("{component}ConstraintComponent");
        assert_eq!(components.is_empty(), conforms, "{constraint} of {values}: {components:?}");
        assert!(components.iter().all(|found| *found == expect), "{constraint} of {values}: {components:?}");
    }
}

#[test]
fn every_component_that_looks_at_one_value_accepts_and_refuses() {
    check("sh:class e:D", "Class", &["e:i", ""], &["e:n", "\"i\"", "[]"]);
    check("sh:datatype xsd:integer", "Datatype", &["1", "-7"], &["1.0", "\"1\"", "\"x\"^^xsd:integer", "e:i"]);
    check("sh:datatype rdf:langString", "Datatype", &["\"a\"@en"], &["\"a\""]);
    check("sh:datatype e:unknown", "Datatype", &["\"x\"^^e:unknown"], &["\"x\""]);
    check("sh:nodeKind sh:IRI", "NodeKind", &["e:i"], &["[]", "1"]);
    check("sh:nodeKind sh:BlankNodeOrLiteral", "NodeKind", &["[]", "1"], &["e:i"]);
    check("sh:nodeKind sh:BlankNodeOrIRI", "NodeKind", &["[]", "e:i"], &["1"]);
    check("sh:minExclusive 1", "MinExclusive", &["1.5", "2"], &["1", "\"2\"", "e:i", "\"2026-01-01\"^^xsd:date"]);
    check("sh:minInclusive 1", "MinInclusive", &["1", "1.0e0"], &["0", "\"NaN\"^^xsd:double", "\"x\"^^xsd:integer"]);
    check("sh:maxExclusive 1.5", "MaxExclusive", &["1"], &["1.5", "\"1.5\"^^xsd:float"]);
    check(
        "sh:maxInclusive \"2026-01-01\"^^xsd:date",
        "MaxInclusive",
        &["\"2026-01-01\"^^xsd:date"],
        &["\"2026-01-02\"^^xsd:date", "1"],
    );
    check("sh:minLength 2", "MinLength", &["\"äö\"", "e:i", "12"], &["\"ä\"", "[]"]);
    check("sh:maxLength 2", "MaxLength", &["\"äö\"", "1"], &["\"abc\"", "[]", "e:i"]);
    check("sh:pattern \"^b\"", "Pattern", &["\"bc\"", "\"b\"@en"], &["\"ab\"", "\"B\"", "[]"]);
    check("sh:pattern \"^b\" ; sh:flags \"i\"", "Pattern", &["\"B\""], &["\"ab\""]);
    check(
        "sh:languageIn ( \"en\" \"de-AT\" )",
        "LanguageIn",
        &["\"x\"@en-GB", "\"x\"@de-at"],
        &["\"x\"@de", "\"x\"", "e:i"],
    );
    check("sh:in ( 1 e:i \"x\"@en )", "In", &["1", "e:i", "\"x\"@EN"], &["\"1\"", "01", "\"x\""]);
    check("sh:disjoint e:q", "Disjoint", &["6"], &["5", "e:i"]);
    check("sh:not [ sh:datatype xsd:string ]", "Not", &["1"], &["\"x\""]);
    check("sh:and ( [ sh:minInclusive 1 ] [ sh:maxInclusive 2 ] )", "And", &["1", "2"], &["0", "3"]);
    check("sh:or ( [ sh:nodeKind sh:IRI ] [ sh:datatype xsd:string ] )", "Or", &["e:i", "\"x\""], &["1", "[]"]);
    check("sh:xone ( [ sh:minInclusive 1 ] [ sh:maxInclusive 2 ] )", "Xone", &["0", "3"], &["1", "2"]);
    check("sh:node [ sh:property [ sh:path e:r ; sh:minCount 1 ] ]", "Node", &["e:i"], &["e:j", "1"]);
    check("sh:property [ sh:path e:r ; sh:minCount 1 ]", "MinCount", &["e:i"], &["e:j", "1"]);
}

#[test]
fn every_component_that_looks_at_all_values_accepts_and_refuses() {
    check("sh:minCount 2", "MinCount", &["1, 2"], &["", "1"]);
    check("sh:maxCount 1", "MaxCount", &["", "1"], &["1, 2"]);
    check("sh:uniqueLang true", "UniqueLang", &["\"a\"@en, \"b\"@de, \"c\", \"d\""], &["\"a\"@en, \"b\"@EN"]);
    check("sh:uniqueLang false", "UniqueLang", &["\"a\"@en, \"b\"@en"], &[]);
    check("sh:uniqueLang \"1\"^^xsd:boolean", "UniqueLang", &["\"a\"@en, \"b\"@en"], &[]);
    check("sh:equals e:q", "Equals", &["5, e:i"], &["5", "5, e:i, 6", ""]);
    check("sh:lessThan e:r", "LessThan", &["1", "\"x\""], &[]);
    check("sh:hasValue e:i", "HasValue", &["1, e:i"], &["", "1"]);
    check("sh:hasValue \"x\"", "HasValue", &["\"x\""], &["\"x\"@en"]);
    let is_text = "sh:qualifiedValueShape [ sh:datatype xsd:string ] ;";
    check(&format!("{is_text} sh:qualifiedMinCount 1"), "QualifiedMinCount", &["\"a\", 1"], &["", "1"]);
    check(&format!("{is_text} sh:qualifiedMaxCount 1"), "QualifiedMaxCount", &["\"a\", 1, 2", ""], &["\"a\", \"b\""]);
    let order = |constraint: &str, values: &str| {
        let shapes = format!("e:S sh:targetNode e:n ; sh:property [ sh:path e:p ; {constraint} ] .");
        lines(&validate(&shapes, &format!("e:n e:p {values} ; e:r 2, 3 .")))
    };
    assert!(order("sh:lessThan e:r", "0, 1.5").is_empty());
    assert_eq!(order("sh:lessThan e:r", "2"), ["n p LessThan \"2\""]);
    // One result for each pair: 3 is neither less than 2 nor less than 3.
    assert_eq!(order("sh:lessThan e:r", "3"), ["n p LessThan \"3\"", "n p LessThan \"3\""]);
    assert_eq!(order("sh:lessThanOrEquals e:r", "3"), ["n p LessThanOrEquals \"3\""]);
    assert_eq!(order("sh:lessThanOrEquals e:r", "\"x\"").len(), 2);
}

#[test]
fn a_closed_shape_allows_what_it_lists_and_nothing_else() {
    let closed = "e:S sh:targetNode e:n ; sh:closed true ; sh:ignoredProperties ( rdf:type ) ;
        sh:property [ sh:path e:p ], [ sh:path [ sh:inversePath e:q ] ], [ sh:path e:off ; sh:deactivated true ] .";
    assert_eq!(lines(&validate(closed, "e:n a e:C ; e:p 1 ; e:off 1 . e:m e:q e:n .")), [""; 0]);
    assert_eq!(lines(&validate(closed, "e:n e:q 1, 2 ; e:p 1 .")), ["n q Closed \"1\"", "n q Closed \"2\""]);
    assert_eq!(lines(&validate(&closed.replace("true", "false"), "e:n e:q 1 .")), [""; 0]);
}

#[test]
fn qualified_shapes_may_be_disjoint_from_their_siblings() {
    // After the hand of the recommendation: a thumb is no finger.
    let hand = "e:Hand sh:targetNode e:h ;
        sh:property [ sh:path e:digit ; sh:qualifiedValueShape [ sh:class e:Thumb ] ; sh:qualifiedValueShapesDisjoint true ;
            sh:qualifiedMinCount 1 ; sh:qualifiedMaxCount 1 ] ;
        sh:property [ sh:path e:digit ; sh:qualifiedValueShape [ sh:class e:Finger ] ; sh:qualifiedValueShapesDisjoint true ;
            sh:qualifiedMinCount 1 ] .";
    assert_eq!(lines(&validate(hand, "e:h e:digit e:a, e:b . e:a a e:Thumb . e:b a e:Finger .")), [""; 0]);
    let both = "e:h e:digit e:a, e:b . e:a a e:Thumb, e:Finger . e:b a e:Finger .";
    assert_eq!(lines(&validate(hand, both)), ["h digit QualifiedMinCount -"]);
}

#[test]
fn every_form_of_path_is_followed() {
    let graph = "e:a e:p e:b ; e:q e:d . e:b e:p e:c . e:c e:p e:a ; e:q 1 . e:d e:q 2 .";
    for (path, expect, text) in [
        ("e:p", &["b"][..], "http://e/p"),
        ("[ sh:inversePath e:p ]", &["c"], "^<http://e/p>"),
        ("( e:p e:p )", &["c"], "<http://e/p>/<http://e/p>"),
        ("[ sh:alternativePath ( e:p e:q ) ]", &["b", "d"], "<http://e/p>|<http://e/q>"),
        ("[ sh:zeroOrOnePath e:p ]", &["a", "b"], "<http://e/p>?"),
        ("[ sh:zeroOrMorePath e:p ]", &["a", "b", "c"], "<http://e/p>*"),
        ("[ sh:oneOrMorePath e:q ]", &["\"2\"", "d"], "<http://e/q>+"),
        ("( [ sh:zeroOrMorePath e:p ] e:q )", &["\"1\"", "d"], "(<http://e/p>*)/<http://e/q>"),
        ("[ sh:inversePath ( e:p e:p ) ]", &["b"], "^(<http://e/p>/<http://e/p>)"),
        ("[ sh:inversePath [ sh:oneOrMorePath e:q ] ]", &[], "^(<http://e/q>+)"),
        (
            "[ sh:inversePath [ sh:alternativePath ( e:p [ sh:inversePath e:q ] ) ] ]",
            &["c", "d"],
            "^(<http://e/p>|(^<http://e/q>))",
        ),
    ] {
        let shapes = format!("e:S sh:targetNode e:a ; sh:property [ sh:path {path} ; sh:in ( ) ] .");
        let report = validate(&shapes, graph);
        let mut values: Vec<String> =
            lines(&report).iter().filter_map(|line| Some(line.rsplit_once(' ')?.1.to_owned())).collect();
        values.sort();
        assert_eq!(values, expect, "{path}");
        assert!(report.violations.iter().all(|v| v.path.as_deref() == Some(text)), "{path}: {:?}", report.violations);
    }
}

#[test]
fn every_form_of_target_finds_its_nodes() {
    let graph = "e:a a e:Sub ; e:p e:b . e:b a e:C . e:Sub rdfs:subClassOf e:C . e:k a e:K .";
    let check = |target: &str, expect: &[&str]| {
        let found = validate(&format!("{target} sh:in ( ) ."), graph);
        let focus: Vec<String> = lines(&found).iter().map(|line| line.split(' ').next().unwrap().to_owned()).collect();
        assert_eq!(focus, expect, "{target}");
    };
    check("e:S sh:targetNode e:a, 7 ;", &["a", "\"7\""]);
    check("e:S sh:targetNode e:absent ;", &["absent"]);
    check("e:S sh:targetClass e:C ;", &["a", "b"]);
    check("e:S sh:targetSubjectsOf e:p ;", &["a"]);
    check("e:S sh:targetObjectsOf e:p ;", &["b"]);
    check("e:K a rdfs:Class, sh:NodeShape ;", &["k"]);
    check("owl:Class rdfs:subClassOf rdfs:Class . e:K a owl:Class, sh:NodeShape ;", &["k"]);
    check("e:K a sh:NodeShape ;", &[]);
    check("e:S sh:targetClass e:C ; sh:deactivated true ;", &[]);
}

#[test]
fn a_class_hierarchy_may_come_with_the_shapes() {
    let shape = "e:S sh:targetClass e:A ; sh:property [ sh:path e:p ; sh:class e:A ] .";
    let graph = "e:n a e:A ; e:p e:m . e:m a e:C .";
    assert_eq!(lines(&validate(shape, graph)), ["n p Class m"]);
    let hierarchy = format!("{PREFIXES} e:C rdfs:subClassOf e:B . e:B rdfs:subClassOf e:A, e:C .");
    let both = Shapes::from_turtle([format!("{PREFIXES}{shape}").as_bytes(), hierarchy.as_bytes()]).unwrap();
    assert_eq!(both.validate(&data(graph)).conforms(), Some(true));
}

#[test]
fn severity_message_and_shape_are_reported_and_duplicates_found_once() {
    let report = validate(
        "e:S sh:targetNode e:n ; sh:property [ sh:path e:p ; sh:minCount 1 ; sh:severity sh:Warning ; sh:message \"say p\"@en ] .
         e:T sh:targetNode e:n ; sh:property [ sh:path e:p ; sh:minCount 2 ] .",
        "",
    );
    assert_eq!(report.conforms(), Some(false));
    assert_eq!(report.violations.len(), 2);
    assert_eq!(report.distinct().len(), 1);
    let warning = report.violations.iter().find(|v| v.severity == Severity::Warning).unwrap();
    assert_eq!(warning.messages[0].text, "say p");
    assert_eq!(warning.within, Some(Term::Iri("http://e/S".to_owned())));
    assert_eq!(warning.expected, "at least 1, found 0");
}

/// What could not be checked, in words.
fn open(shapes_text: &str, data_text: &str) -> (Option<bool>, Vec<String>) {
    let report = validate(shapes_text, data_text);
    (report.conforms(), report.not_checked.iter().map(|open| open.reason.to_string()).collect())
}

#[test]
fn what_is_not_core_is_named_and_never_conforms() {
    let check = |shapes: &str, expect: &str| {
        let (conforms, reasons) = open(shapes, "e:n e:p 1 .");
        assert_eq!(conforms, None, "{shapes}");
        assert!(reasons.iter().any(|reason| reason.contains(expect)), "{shapes}: {reasons:?}");
    };
    check("e:S sh:targetNode e:n ; sh:sparql [ sh:select \"…\" ] .", "shacl#sparql> is not SHACL Core");
    check("e:S sh:targetNode e:n ; sh:property [ sh:path e:p ; sh:js [] ] .", "shacl#js>");
    check("e:S sh:target [ sh:select \"…\" ] ; sh:minLength 9 .", "shacl#target>");
    check("e:S sh:targetNode e:n ; sh:rule [] .", "shacl#rule>");
    check("e:S sh:targetNode e:n ; sh:minCuont 1 .", "shacl#minCuont>");
    check("e:Part sh:parameter [ sh:path e:mine ] . e:S sh:targetNode e:n ; e:mine 1 .", "http://e/mine>");
    check("<http://e/shapes> owl:imports <http://e/more> .", "the import <http://e/more> was not handed in");
    check("e:S sh:targetNode e:n ; sh:property [ sh:path e:p ; sh:pattern \"(?=a)\" ] .", "`(?=a)`");
    // A violation stays one beside something that is not known.
    let (conforms, reasons) = open("e:S sh:targetNode e:n ; sh:sparql [] ; sh:nodeKind sh:Literal .", "");
    assert_eq!((conforms, reasons.len()), (Some(false), 1));
}

#[test]
fn a_shape_that_is_not_well_formed_is_named() {
    for (bad, name) in [
        ("sh:datatype xsd:string, xsd:integer", "datatype"),
        ("sh:nodeKind e:Thing", "nodeKind"),
        ("sh:class \"C\"", "class"),
        ("sh:minLength \"2\"", "minLength"),
        ("sh:in 1", "in"),
        ("sh:or [ ]", "or"),
        ("sh:minCount 1", "minCount (without a path)"),
        ("sh:property [ sh:minCount 1 ]", "property (without a path)"),
        ("sh:property [ sh:path [ ] ; sh:minCount 1 ]", "path"),
        ("sh:property [ sh:path e:p, e:q ]", "path"),
        ("sh:minInclusive e:n", "minInclusive"),
        ("sh:closed 1", "closed"),
    ] {
        let (conforms, reasons) = open(&format!("e:S sh:targetNode e:n ; {bad} ."), "e:n e:p 1 .");
        assert_eq!((conforms, reasons), (None, vec![format!("the shape's {name} is not well-formed")]), "{bad}");
    }
}

#[test]
fn what_is_not_known_matters_only_where_it_decides() {
    let unknown = "[ sh:sparql [] ]";
    let check = |constraint: &str, expect: Option<bool>| {
        let shapes = format!("e:S sh:targetNode e:n ; {constraint} .").replace('?', unknown);
        let report = validate(&shapes, "e:n e:p 1, 2 .");
        assert_eq!(report.conforms(), expect, "{constraint}: {report:?}");
    };
    let (yes, no) = ("[ sh:nodeKind sh:IRI ]", "[ sh:nodeKind sh:Literal ]");
    check(&format!("sh:or ( ? {yes} )"), Some(true));
    check(&format!("sh:or ( ? {no} )"), None);
    check(&format!("sh:and ( ? {no} )"), Some(false));
    check(&format!("sh:and ( ? {yes} )"), None);
    check("sh:not ?", None);
    check("sh:node ?", None);
    check(&format!("sh:xone ( ? {yes} {yes} )"), Some(false));
    check(&format!("sh:xone ( ? {yes} )"), None);
    let qualified = |limit: &str| format!("sh:property [ sh:path e:p ; sh:qualifiedValueShape ? ; {limit} ]");
    check(&qualified("sh:qualifiedMinCount 3"), Some(false));
    check(&qualified("sh:qualifiedMinCount 2"), None);
    check(&qualified("sh:qualifiedMaxCount 2"), Some(true));
    check(&qualified("sh:qualifiedMaxCount 1"), None);
}

#[test]
fn recursive_shapes_and_endless_work_end() {
    let (conforms, reasons) =
        open("e:S sh:targetNode e:n ; sh:property [ sh:path e:p ; sh:node e:S ] .", "e:n e:p e:n .");
    assert_eq!((conforms, reasons), (None, vec![Reason::Recursion.to_string()]));
    // The same shape on other nodes is no recursion.
    let chain = "e:S sh:targetNode e:n ; sh:property [ sh:path e:p ; sh:node e:S ; sh:class e:C ] .";
    assert_eq!(validate(chain, "e:n e:p e:m . e:m e:p e:k ; a e:C . e:k a e:C .").conforms(), Some(true));
    let nested = (0..200).map(|n| format!("e:S{n} sh:node e:S{} .", n + 1)).collect::<String>();
    let (conforms, reasons) = open(&format!("e:S0 sh:targetNode e:n . {nested} e:S200 sh:nodeKind sh:IRI ."), "");
    assert_eq!((conforms, reasons), (None, vec![Reason::Depth.to_string()]));
    // Each shape asks the next one twice: 2^60 steps.
    let doubled = (0..60).map(|n| format!("e:S{n} sh:and ( e:S{0} e:S{0} ) .", n + 1)).collect::<String>();
    let shapes = shapes(&format!("e:S0 sh:targetNode e:n . {doubled} e:S60 sh:nodeKind sh:IRI ."));
    let report = validate::validate(&shapes, &[], 100_000);
    assert_eq!(report.conforms(), None);
    assert_eq!(report.not_checked[0].reason, Reason::Work);
    let list = "_:l rdf:first [ ] ; rdf:rest _:l . e:S sh:targetNode e:n ; sh:or _:l .";
    assert_eq!(open(list, "").1, ["the shape's or is not well-formed"]);
}

#[test]
fn the_order_of_statements_is_irrelevant() {
    let shape = "e:S sh:targetClass e:C ; sh:closed true ; sh:property [ sh:path e:p ; sh:maxCount 1 ; sh:datatype xsd:integer ] .";
    let mut graph = data("e:a a e:C ; e:p 1, \"x\" . e:b a e:C ; e:q [], e:a ; e:p 2 .");
    let shapes = shapes(shape);
    let expect = shapes.validate(&graph);
    assert_eq!(expect.violations.len(), 6);
    for turn in 1..graph.len() {
        graph.rotate_left(turn);
        assert_eq!(shapes.validate(&graph), expect);
    }
}
