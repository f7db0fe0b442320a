//! What does it cost to turn a credential into its statements and those into canonical N-Quads, contexts compiled?
//!
//! Over the two corpora that lie beside the project. Also: what does refusing a poisonous graph cost?

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::Context as _;
use bench::{figure, median_cpu, micros};
use descriptors::canonical;
use descriptors::json_ld::Contexts;
use descriptors::rdf::canonical::{Hash, Limits, canonicalise, canonicalise_quads};
use descriptors::rdf::n_quads;
use serde_json::Value;

const GX: &str = "https://w3id.org/gaia-x/development#";

fn main() -> anyhow::Result<()> {
    let data = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    if !data.exists() {
        writeln!(std::io::stderr(), "skipped: no data at {}", data.display())?;
        return Ok(());
    }
    let gx = std::fs::read(data.join("gaia-x/ontology-development/gx.context.jsonld"))?;
    let contexts = Contexts::with_w3c([(GX, gx.as_slice())])?;
    for name in ["named", "bnode"] {
        let lines = std::fs::read_to_string(data.join("vectors/corpus").join(name).with_extension("ndjson"))?;
        let documents = lines.lines().map(|line| canonical::parse(line.as_bytes())).collect::<Result<Vec<_>, _>>()?;
        let both = median_cpu(|| documents.iter().map(|document| canonical_length(&contexts, document)).sum::<usize>());
        let question = format!("expand and canonicalise, corpus `{name}`");
        figure(&question, micros(both) / documents.len() as f64, "µs of CPU per document");
        let context = documents.first().context("a corpus has documents")?["@context"].clone();
        if name == "named" {
            figure("compile the contexts", micros(median_cpu(|| contexts.compile(&context))), "µs of CPU");
        }
    }
    for nodes in [7, 10] {
        let arcs = (0..nodes * nodes).filter(|arc| arc / nodes != arc % nodes);
        let text: String = arcs.map(|arc| format!("_:e{} <a:p> _:e{} .\n", arc / nodes, arc % nodes)).collect();
        let quads = n_quads::parse(&text)?;
        let refuse = || canonicalise_quads(Hash::Sha256, &quads, &Limits::default()).is_err();
        anyhow::ensure!(refuse(), "a complete graph of {nodes} blank nodes is refused");
        figure(&format!("refuse a complete graph of {nodes} blank nodes"), micros(median_cpu(refuse)), "µs of CPU");
    }
    Ok(())
}

/// 0 for a document that is refused: the corpora have none.
fn canonical_length(contexts: &Contexts, document: &Value) -> usize {
    let Ok(compiled) = contexts.compiled(&document["@context"]) else { return 0 };
    let Ok(expanded) = compiled.expand(document) else { return 0 };
    canonicalise(&expanded.statements, &Limits::default()).map_or(0, |canonical| canonical.text.len())
}
