//! Our SHACL engine for a comparison with others: each line of standard input is `{"shapes": …, "data": …}`, both Turtle; each
//! line of the output says whether the data conforms and every `[focus, path, component]`.

use std::io::{BufRead as _, Write as _};

use descriptors::rdf::{Term, n_quads, turtle};
use descriptors::shacl::Shapes;
use serde_json::{Value, json};

fn main() -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let case: Value = serde_json::from_str(&line?)?;
        let text = |member: &str| case[member].as_str().unwrap_or_default().as_bytes();
        let shapes = Shapes::from_turtle([text("shapes")])?;
        let report = shapes.validate(&turtle::parse(text("data"), "n")?);
        let found = report.violations.iter().map(|v| json!([term(&v.focus), v.path, v.component.name()]));
        let found: Vec<Value> = found.collect();
        let not_checked: Vec<String> = report.not_checked.iter().map(|open| open.reason.to_string()).collect();
        writeln!(out, "{}", json!({"conforms": report.conforms(), "results": found, "not_checked": not_checked}))?;
    }
    Ok(())
}

fn term(term: &Term) -> String {
    match term {
        Term::Blank(_) => "_:".to_owned(),
        term => {
            let mut text = String::new();
            n_quads::write_term(term, &mut text);
            text
        }
    }
}
