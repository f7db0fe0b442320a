//! The contexts that services know, and what takes their place when a document is not at hand.

use std::collections::BTreeSet;

use crate::json_ld::{Contexts, DocumentError};

const GAIA_X: &str = "https://w3id.org/gaia-x/";
/// The versions that the compliance service lists.
const VERSIONS: [&str; 8] = ["development", "main", "v1", "v2", "2406", "2411", "2503", "2511"];

/// Prefixes that every version of the Gaia-X context defines alike, beside `gx` itself.
const PREFIXES: [(&str, &str); 9] = [
    ("cred", "https://www.w3.org/2018/credentials#"),
    ("dcat", "http://www.w3.org/ns/dcat#"),
    ("dcterms", "http://purl.org/dc/terms/"),
    ("odrl", "http://www.w3.org/ns/odrl/2/"),
    ("qudt", "http://qudt.org/schema/qudt/"),
    ("rdfs", "http://www.w3.org/2000/01/rdf-schema#"),
    ("skos", "http://www.w3.org/2004/02/skos/core#"),
    ("vcard", "http://www.w3.org/2006/vcard/ns#"),
    ("xsd", "http://www.w3.org/2001/XMLSchema#"),
];

/// Context documents that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("a context document cannot be used")]
pub struct ContextsError(#[from] DocumentError);

/// Context documents: the W3C's, those handed in, and for the rest of Gaia-X's their prefixes.
///
/// A document that only uses prefixed names means the same under the prefixes as under the whole context; one that uses a bare
/// term of Gaia-X is an error under the prefixes and never means something else.
#[derive(Debug)]
pub struct KnownContexts {
    contexts: Contexts,
    only_prefixes: BTreeSet<String>,
}

impl KnownContexts {
    /// The contexts with the documents handed in, by IRI.
    pub fn new(handed_in: &[(String, Vec<u8>)]) -> Result<Self, ContextsError> {
        let missing: BTreeSet<String> = VERSIONS
            .iter()
            .map(|version| format!("{GAIA_X}{version}#"))
            .filter(|iri| handed_in.iter().all(|(known, _)| known != iri))
            .collect();
        let stand_ins: Vec<(String, Vec<u8>)> = missing.iter().map(|iri| (iri.clone(), prefixes(iri))).collect();
        let all = stand_ins.iter().chain(handed_in);
        let contexts = Contexts::with_w3c(all.map(|(iri, bytes)| (iri.as_str(), bytes.as_slice())))?;
        Ok(Self { contexts, only_prefixes: missing })
    }

    pub(super) fn contexts(&self) -> &Contexts {
        &self.contexts
    }

    /// Whether only the prefixes of this context are known.
    pub(super) fn is_stand_in(&self, iri: &str) -> bool {
        self.only_prefixes.contains(iri)
    }

    /// Whether this is a version of the Gaia-X context that the services list.
    pub(super) fn is_gaia_x(&self, iri: &str) -> bool {
        let version = iri.strip_prefix(GAIA_X).and_then(|rest| rest.strip_suffix('#'));
        version.is_some_and(|version| VERSIONS.contains(&version))
    }
}

fn prefixes(iri: &str) -> Vec<u8> {
    let defined = PREFIXES.iter().copied().chain([("gx", iri)]);
    let members: serde_json::Map<String, serde_json::Value> =
        defined.map(|(prefix, namespace)| (prefix.to_owned(), namespace.into())).collect();
    serde_json::json!({"@context": members}).to_string().into_bytes()
}
