//! Documents made from a seed: every feature that the compiled path supports, alone and mixed.
//!
//! The contexts are small, since the general processor reads them again for each document.

use serde_json::{Map, Value, json};

/// SplitMix64: small, fixed, and good enough to choose by.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ word >> 31
    }

    fn below(&mut self, end: usize) -> usize {
        (self.roll() % end as u64) as usize
    }

    fn one_in(&mut self, chances: usize) -> bool {
        self.below(chances) == 0
    }

    fn pick<'p, T>(&mut self, items: &'p [T]) -> &'p T {
        &items[self.below(items.len())]
    }
}

const TEXTS: &[&str] = &[
    "",
    "plain",
    "say \"so\"",
    "back\\slash",
    "a\tb\nc\rd",
    "\u{1}\u{8}\u{c}\u{1f}\u{7f}",
    "ä€\u{1f600}",
    "\u{fb33}\u{10ffff}",
    "_:b0",
    "https://a.example/",
    "@id",
    "2026-11-21T00:00:00Z",
    " ",
    "\u{2028}",
    "\u{85}",
    "<>",
    "a:b",
    "\u{e000}\u{fffd}",
];

/// Ids that sort around each other, and around what follows an IRI in N-Quads.
const TAILS: &[&str] =
    &["a", "a#", "a#b", "a#b-1", "a#b-10", "a#b-2", "a!", "a/", "a~", "aa", "a%20", "A", "ä", "a?q=1", "\u{1f600}"];

const LANGUAGES: &[&str] = &["en", "de-AT", "zh-Hant", "EN"];

type Kind = (&'static str, fn(&mut Dice) -> Value);

const KINDS: &[Kind] = &[
    ("emission", emission),
    ("emission", emission),
    ("blank nodes", blank_nodes),
    ("inline terms", inline_terms),
    ("credential", credential),
    ("types", types),
    ("presentation", presentation),
    ("scopes", scopes),
];

pub fn document(seed: u64, number: u64) -> (&'static str, Value) {
    let mut dice = Dice(seed.wrapping_mul(0x2545_f491_4f6c_dd1d) ^ number);
    dice.roll();
    let (name, make) = dice.pick(KINDS);
    (name, make(&mut dice))
}

fn id(dice: &mut Dice) -> String {
    let root = dice.pick(&["https://cloud.example/", "did:web:cloud.example:", "urn:x-test:"]);
    format!("{root}{}", dice.pick(TAILS))
}

/// None whose shortest form differs from what `%1.15E` writes: the general processor writes the shortest form, against the
/// specification.
fn number(dice: &mut Dice) -> Value {
    loop {
        let number = any_number(dice);
        let double = number.as_f64().unwrap_or_default();
        if format!("{double:.15E}").parse() == Ok(double)
            && digits(&format!("{double:.15E}")) == digits(&format!("{double:E}"))
        {
            return number;
        }
    }
}

fn digits(number: &str) -> &str {
    let mantissa = number.split('E').next().unwrap_or(number);
    if mantissa.contains('.') { mantissa.trim_end_matches('0').trim_end_matches('.') } else { mantissa }
}

fn any_number(dice: &mut Dice) -> Value {
    match dice.below(6) {
        0 => json!(dice.below(1000)),
        1 => json!(-(dice.below(1000) as i64)),
        2 => json!(dice.below(1000) as f64 / 8.0),
        3 => json!(dice.below(1 << 40) as f64 / 1e3),
        4 => json!(*dice.pick(&[0.1, 1e-7, 1.5e300, -2.5e-300, 1e21, 5e22, 123456789.123, 3.0, 0.123456789012345])),
        _ => json!((dice.roll() >> 12) as i64),
    }
}

/// A value without ids: what stands under a prefixed key.
fn literal(dice: &mut Dice) -> Value {
    let text = *dice.pick(TEXTS);
    match dice.below(8) {
        0..=2 => json!(text),
        3 => json!(dice.one_in(2)),
        4 => number(dice),
        5 => json!({"@value": text, "@language": dice.pick(LANGUAGES)}),
        6 => {
            json!({"@value": text, "@type": dice.pick(&["xsd:string", "xsd:date", "ex:Type", "https://t.example/#t"])})
        }
        _ => {
            json!({"@value": number(dice), "@type": dice.pick(&["xsd:double", "xsd:float", "xsd:integer", "ex:Type"])})
        }
    }
}

fn json_value(dice: &mut Dice, depth: usize) -> Value {
    match dice.below(if depth == 0 { 4 } else { 6 }) {
        0 => Value::Null,
        1 => json!(dice.one_in(2)),
        2 => number(dice),
        3 => json!(dice.pick(TEXTS)),
        4 => (0..dice.below(4)).map(|_| json_value(dice, depth - 1)).collect(),
        _ => {
            let members = (0..dice.below(4)).map(|_| ((*dice.pick(TEXTS)).to_owned(), json_value(dice, depth - 1)));
            Value::Object(members.collect())
        }
    }
}

/// Properties with prefixed keys, nodes and lists among them.
fn properties(dice: &mut Dice, depth: usize, named: bool, into: &mut Map<String, Value>) {
    for _ in 0..1 + dice.below(4) {
        let key = format!("{}:{}", dice.pick(&["ex", "schema", "ex2"]), dice.pick(&["a", "b", "c", "a-b", "a.b", "ä"]));
        let value = match dice.below(if depth == 0 { 3 } else { 7 }) {
            0 | 1 => literal(dice),
            2 => (0..1 + dice.below(3)).map(|_| literal(dice)).collect(),
            3 | 4 => node(dice, depth - 1, named),
            5 => (0..1 + dice.below(3)).map(|_| node(dice, depth - 1, named)).collect(),
            _ => {
                let items = (0..dice.below(4))
                    .map(|_| if dice.one_in(3) { node(dice, depth - 1, named) } else { literal(dice) });
                json!({"@list": items.collect::<Vec<_>>()})
            }
        };
        into.insert(key, value);
    }
}

fn node(dice: &mut Dice, depth: usize, named: bool) -> Value {
    let mut members = Map::new();
    if named || dice.one_in(3) {
        members.insert("id".to_owned(), json!(id(dice)));
    } else if dice.one_in(3) {
        members.insert("id".to_owned(), json!(format!("_:{}", dice.pick(&["b0", "b1", "x", "y_z"]))));
    }
    match dice.below(3) {
        0 => {}
        1 => drop(members.insert("type".to_owned(), json!(dice.pick(&["ex:A", "schema:B", "https://t.example/C"])))),
        _ => drop(members.insert("type".to_owned(), json!(["ex:B", "ex:A"]))),
    }
    properties(dice, depth, named, &mut members);
    Value::Object(members)
}

fn prefixes() -> [Value; 3] {
    [
        json!({"ex": "https://ex.example/ns#", "xsd": "http://www.w3.org/2001/XMLSchema#"}),
        json!({"schema": "https://schema.org/"}),
        json!({"ex2": "urn:ex2:"}),
    ]
}

fn with_context(context: Value, node: Value) -> Value {
    let mut document = node;
    document["@context"] = context;
    document
}

/// As our own credentials look.
fn emission(dice: &mut Dice) -> Value {
    let [a, b, c] = prefixes();
    let subject = node(dice, 3, true);
    json!({
        "@context": ["https://www.w3.org/ns/credentials/v2", a, b, c],
        "id": id(dice), "type": ["VerifiableCredential", "ex:Claim"], "issuer": "did:key:z6Mk",
        "validFrom": "2026-11-21T00:00:00Z", "ex:origin": literal(dice), "credentialSubject": subject,
    })
}

fn blank_nodes(dice: &mut Dice) -> Value {
    let [a, b, c] = prefixes();
    let mut node = node(dice, 3, false);
    node["ex:twins"] = (0..2 + dice.below(2)).map(|_| json!({"ex:a": "same", "ex:b": {"ex:a": "same"}})).collect();
    with_context(json!([{"id": "@id", "type": "@type"}, a, b, c]), node)
}

/// Terms with every coercion and container, defined in the document.
fn inline_terms(dice: &mut Dice) -> Value {
    let [a, b, c] = prefixes();
    let mut terms = json!({
        "id": "@id", "type": "@type", "val": "@value", "lang": "@language",
        "ref": {"@id": "ex:ref", "@type": "@id"}, "word": {"@id": "ex:word", "@type": "@vocab"},
        "one": "ex:one", "date": {"@id": "ex:date", "@type": "xsd:date"}, "any": {"@id": "ex:any", "@type": "@none"},
        "list": {"@id": "ex:list", "@container": "@list"}, "refs": {"@id": "ex:refs", "@type": "@id", "@container": "@list"},
        "set": {"@id": "ex:set", "@container": "@set"}, "langs": {"@id": "ex:langs", "@container": "@language"},
        "graph": {"@id": "ex:graph", "@container": "@graph"}, "data": {"@id": "ex:data", "@type": "@json"},
        "of": {"@reverse": "ex:has"}, "tagged": {"@id": "ex:tagged", "@language": "fr"},
        "bare": {"@id": "ex:bare", "@language": null}, "double": {"@id": "ex:double", "@type": "xsd:double"},
    });
    if dice.one_in(3) {
        terms["@language"] = json!("en");
    }
    if dice.one_in(3) {
        terms["@vocab"] = json!("https://vocab.example/");
        terms["relative"] = json!({"@type": "@id"});
    }
    let vocab = terms.get("@vocab").is_some();
    let mut node = node(dice, 2, false);
    let options = [
        "ref", "word", "one", "date", "any", "list", "refs", "set", "langs", "graph", "data", "of", "tagged", "bare",
        "double",
    ];
    for _ in 0..1 + dice.below(6) {
        let term = *dice.pick(&options);
        node[term] = match term {
            "ref" | "word" if dice.one_in(2) => json!(id(dice)),
            "ref" => json!([id(dice), {"id": id(dice)}]),
            "word" => json!(dice.pick(&["one", "date", "ex:three"])),
            "date" | "tagged" | "bare" => json!(dice.pick(TEXTS)),
            "list" => match dice.below(3) {
                0 => (0..dice.below(4)).map(|_| literal(dice)).collect(),
                1 => json!([[literal(dice)], [], [[literal(dice)]]]),
                _ => literal(dice),
            },
            "refs" => (0..dice.below(3)).map(|_| json!(id(dice))).collect(),
            "langs" => json!({"en": dice.pick(TEXTS), "de": [dice.pick(TEXTS), dice.pick(TEXTS)], "@none": "x"}),
            "graph" => {
                let mut graphs = json!([{"id": id(dice), "ex:a": literal(dice)}, {"ex:b": literal(dice)}]);
                write_whole_numbers_as_integers(&mut graphs);
                graphs
            }
            "data" => json_value(dice, 3),
            "of" => json!([{"id": id(dice)}, {"ex:a": "owner"}]),
            "double" => number(dice),
            "one" if dice.one_in(2) => json!({"val": dice.pick(TEXTS), "lang": "en"}),
            _ => literal(dice),
        };
    }
    if vocab && dice.one_in(2) {
        node["relative"] = json!(id(dice));
        node["caught"] = literal(dice);
    }
    with_context(json!([a, b, c, terms]), node)
}

fn proof(dice: &mut Dice) -> Value {
    json!({
        "type": "DataIntegrityProof", "cryptosuite": "eddsa-rdfc-2022", "created": "2026-11-21T00:00:00Z",
        "verificationMethod": id(dice), "proofPurpose": dice.pick(&["assertionMethod", "authentication"]), "proofValue": "z3",
    })
}

/// Terms that the types of credentials/v2 bring.
fn credential(dice: &mut Dice) -> Value {
    let [a, b, c] = prefixes();
    let mut credential = json!({
        "@context": ["https://www.w3.org/ns/credentials/v2", a, b, c],
        "type": ["VerifiableCredential"], "issuer": {"id": id(dice), "name": dice.pick(TEXTS)},
        "credentialSubject": node(dice, 2, false), "name": dice.pick(TEXTS),
        "description": {"@value": dice.pick(TEXTS), "@language": "en"},
    });
    if dice.one_in(2) {
        credential["credentialStatus"] = json!([{
            "id": id(dice), "type": "BitstringStatusListEntry", "statusPurpose": "message", "statusListIndex": "7",
            "statusListCredential": id(dice), "statusSize": 2,
            "statusMessage": [{"status": "0x0", "message": dice.pick(TEXTS)}, {"status": "0x1", "message": "b"}],
        }]);
    }
    if dice.one_in(2) {
        credential["credentialSchema"] =
            json!({"id": id(dice), "type": "JsonSchema", "jsonSchema": json_value(dice, 3)});
    }
    if dice.one_in(2) {
        credential["proof"] = if dice.one_in(2) { proof(dice) } else { json!([proof(dice), proof(dice)]) };
    }
    if dice.one_in(3) {
        credential["cnf"] = json!({"jwk": json_value(dice, 2), "kid": id(dice)});
        credential["termsOfUse"] =
            json!([{"type": "ex:Policy", "ex:a": {"type": ["ex:C", "BitstringStatusList"], "ttl": 5}}]);
    }
    credential
}

/// Several types on one node, each with its own context.
fn types(dice: &mut Dice) -> Value {
    let [a, b, c] = prefixes();
    let terms = json!({
        "id": "@id", "type": "@type",
        "A": {"@id": "ex:A", "@context": {"a": "ex:a-of-A", "s": "ex:s-of-A"}},
        "B": {"@id": "ex:B", "@context": {"b": "ex:b-of-B", "s": {"@id": "ex:s-of-B", "@type": "@id"}}},
        "C": {"@id": "ex:C", "@context": {"@propagate": true, "c": {"@id": "ex:c", "@container": "@list"}}},
        "D": {"@id": "ex:D", "@context": {"@vocab": "https://d.example/", "@language": "de"}},
        "child": "ex:child",
    });
    let mut made = Map::new();
    let mut chosen: Vec<&str> = ["A", "B", "C", "D"].into_iter().filter(|_| dice.one_in(2)).collect();
    if dice.one_in(2) {
        chosen.reverse();
    }
    made.insert("type".to_owned(), if chosen.is_empty() { json!("ex:None") } else { json!(chosen) });
    for name in &chosen {
        match *name {
            "A" => drop(made.insert("a".to_owned(), literal(dice))),
            "B" => {
                made.insert("b".to_owned(), literal(dice));
                made.insert("s".to_owned(), json!(id(dice)));
            }
            "C" => {
                made.insert("c".to_owned(), json!([literal(dice), "x"]));
                // Beside another type the nodes below go back to what held before all of them.
                let inner = if chosen == ["C"] { "c" } else { "ex:c" };
                made.insert("child".to_owned(), json!({inner: ["in child"], "ex:a": {inner: literal(dice)}}));
            }
            _ => drop(made.insert("dterm".to_owned(), literal(dice))),
        }
    }
    if !chosen.contains(&"C") {
        made.insert("child".to_owned(), json!({"type": "A", "a": "inner", "child": {"type": ["B"], "b": "innermost"}}));
    }
    with_context(json!([a, b, c, terms]), Value::Object(made))
}

/// Credentials inside a presentation, each with a context of its own.
fn presentation(dice: &mut Dice) -> Value {
    let credentials: Vec<Value> =
        (0..1 + dice.below(2)).map(|_| if dice.one_in(2) { credential(dice) } else { emission(dice) }).collect();
    let mut made = json!({
        "@context": ["https://www.w3.org/ns/credentials/v2"], "type": ["VerifiablePresentation"],
        "holder": {"id": id(dice)}, "verifiableCredential": credentials,
    });
    write_whole_numbers_as_integers(&mut made);
    if dice.one_in(2) {
        made["proof"] = proof(dice);
    }
    made
}

/// In graphs without a name the general processor takes `3.0` for a double; everywhere else, as the specification has it, for
/// an integer.
fn write_whole_numbers_as_integers(value: &mut Value) {
    match value {
        Value::Number(number) => {
            if let Some(whole) = number.as_f64().filter(|double| double.fract() == 0.0 && double.abs() < 1e15) {
                *value = json!(whole as i64);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(write_whole_numbers_as_integers),
        Value::Object(members) => members.values_mut().for_each(write_whole_numbers_as_integers),
        _ => {}
    }
}

/// Contexts of properties, nested contexts, null, and protection that holds.
fn scopes(dice: &mut Dice) -> Value {
    let [a, b, c] = prefixes();
    let terms = json!({
        "@protected": true, "id": "@id", "type": "@type", "name": "schema:name",
        "inner": {"@id": "ex:inner", "@context": {"name": "ex:inner-name", "deep": {"@id": "ex:deep", "@context": null}}},
        "once": {"@id": "ex:once", "@context": {"@propagate": false, "here": "ex:here"}},
        "kind": {"@id": "ex:kind", "@type": "@vocab", "@context": {"big": "ex:Big", "small": "ex:Small"}},
        "Typed": {"@id": "ex:Typed", "@context": {"inner": {"@id": "ex:typed-inner", "@context": {"x": "ex:x"}}}},
    });
    let mut made =
        json!({"name": dice.pick(TEXTS), "inner": {"name": dice.pick(TEXTS), "ex:a": {"name": literal(dice)}}});
    match dice.below(6) {
        0 => made["kind"] = json!(["big", "small", "ex:other"]),
        1 => made["once"] = json!({"here": literal(dice), "name": literal(dice), "inner": {"name": "after"}}),
        2 => {
            made["inner"]["deep"] = json!({"https://plain.example/p": dice.pick(TEXTS), "@type": "https://t.example/T"})
        }
        3 => made["ex:own"] = json!({"@context": {"added": "ex:added"}, "added": literal(dice), "name": "still"}),
        4 => made["ex:same"] = json!({"@context": {"name": "schema:name"}, "name": literal(dice)}),
        _ => made["ex:list"] = json!({"@list": [{"inner": {"name": "in list"}}, literal(dice)]}),
    }
    with_context(json!([a, b, c, terms]), made)
}
