//! Documents and contexts of others, as they lie in the project's data.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use descriptors::json_ld::EMBEDDED;
use serde_json::Value;

/// Context documents in the data, by the IRI they answer to.
const FILES: &[(&str, &str)] = &[
    ("https://w3id.org/gaia-x/development#", "gaia-x/ontology-development/gx.context.jsonld"),
    ("https://w3id.org/gaia-x/development", "gaia-x/ontology-development/gx.context.jsonld"),
    ("https://w3id.org/gaia-x/2511#", "gaia-x/contexts/gx-2511-derived.jsonld"),
    ("https://www.w3.org/ns/credentials/examples/v2", "vectors/contexts/credentials-examples-v2.jsonld"),
    ("https://www.w3.org/ns/credentials/status/v1", "vectors/contexts/status-v1.jsonld"),
    ("https://w3id.org/gaia-x/tagus#", "gaia-x/contexts/gx-tagus-trustframework.jsonld"),
];

/// IRIs that some samples use for a context whose file has another name here.
const TAGUS: &[&str] = &[
    "https://registry.lab.gaia-x.eu/development/api/trusted-shape-registry/v1/shapes/jsonld/trustframework#",
    "https://registry.lab.gaia-x.eu/v1/api/trusted-shape-registry/v1/shapes/jsonld/trustframework#",
    "https://registry.gaia-x.eu/v1/api/trusted-shape-registry/v1/shapes/jsonld/trustframework#",
];

pub fn context_documents(data: &Path) -> anyhow::Result<Vec<(String, String)>> {
    let mut documents: Vec<_> = EMBEDDED.iter().map(|(iri, text)| ((*iri).to_owned(), (*text).to_owned())).collect();
    let tagus = TAGUS.iter().map(|iri| (*iri, "gaia-x/contexts/gx-tagus-trustframework.jsonld"));
    for (iri, path) in FILES.iter().copied().chain(tagus) {
        let path = data.join(path);
        if path.exists() {
            documents.push((iri.to_owned(), std::fs::read_to_string(path)?));
        }
    }
    Ok(documents)
}

/// Every document: kind, name, value.
pub fn documents(data: &Path) -> anyhow::Result<Vec<(&'static str, String, Value)>> {
    let mut found = Vec::new();
    for name in ["bnode", "named"] {
        let path = data.join("vectors/corpus").join(name).with_extension("ndjson");
        for (index, line) in std::fs::read_to_string(&path)?.lines().enumerate() {
            found.push(("corpus", format!("{name} {}", index + 1), serde_json::from_str(line)?));
        }
    }
    let mut files = Vec::new();
    walk(&data.join("gaia-x/samples"), &mut files)?;
    walk(&data.join("vectors/vc-di-eddsa"), &mut files)?;
    files.sort();
    for path in files {
        let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        if let Ok(document @ Value::Object(_)) = descriptors::canonical::parse(text.as_bytes()) {
            let name = path.strip_prefix(data).unwrap_or(&path).display().to_string();
            found.push(("sample", name, document));
        }
    }
    Ok(found)
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            walk(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "json" || extension == "jsonld") {
            files.push(path);
        }
    }
    Ok(())
}
