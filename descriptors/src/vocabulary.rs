//! Names and what they stand for: prefixes, the terms of the W3C's contexts that we write, and the `@context` of our own
//! documents.
//!
//! A name in a document is either prefixed (`gx:memorySize`) or one of the few bare terms of the credentials context; its
//! IRI is found here, without reading a context. That a JSON-LD processor finds the same IRIs is what the differential
//! tests prove. Which properties a class has is not known here.

#[cfg(test)]
mod document;

/// The JSON-LD context of our own vocabulary, for those who write its terms by hand. Our own documents use prefixed names.
pub const CONTEXT_DOCUMENT: &str = include_str!("../vocabulary/avow-v1.jsonld");

/// Our own vocabulary: classes and properties in Turtle.
pub const VOCABULARY: &str = include_str!("../vocabulary/avow-v1.ttl");

/// The shapes of our own classes: SHACL in Turtle.
pub const SHAPES: &str = include_str!("../vocabulary/avow-v1.shapes.ttl");

/// The vocabulary of our own types. Not registered yet: to be done before anyone relies on it.
pub const AVOW: &str = "https://w3id.org/avow/v1#";

/// The context of the credentials data model 2.0.
pub const CREDENTIALS_V2: &str = "https://www.w3.org/ns/credentials/v2";

/// `xsd:boolean`.
pub const XSD_BOOLEAN: &str = "http://www.w3.org/2001/XMLSchema#boolean";
/// `xsd:integer`.
pub const XSD_INTEGER: &str = "http://www.w3.org/2001/XMLSchema#integer";
/// `xsd:float`.
pub const XSD_FLOAT: &str = "http://www.w3.org/2001/XMLSchema#float";
/// `xsd:dateTime`.
pub const XSD_DATE_TIME: &str = "http://www.w3.org/2001/XMLSchema#dateTime";
/// `xsd:date`.
pub const XSD_DATE: &str = "http://www.w3.org/2001/XMLSchema#date";
/// `xsd:anyURI`.
pub const XSD_ANY_URI: &str = "http://www.w3.org/2001/XMLSchema#anyURI";

/// A version of the Gaia-X ontology. The same fact is written differently where the versions differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Ontology {
    /// Gaia-X 25.11, `https://w3id.org/gaia-x/2511#`.
    #[default]
    V2511,
    /// The development version (service characteristics 2.2.1), `https://w3id.org/gaia-x/development#`.
    Development,
}

impl Ontology {
    /// Its namespace, which is also the IRI of its context.
    pub fn namespace(self) -> &'static str {
        match self {
            Self::V2511 => "https://w3id.org/gaia-x/2511#",
            Self::Development => "https://w3id.org/gaia-x/development#",
        }
    }
}

/// The prefixes that our documents define for themselves, one in each object: some Gaia-X readers refuse an inline context
/// with several.
const PREFIXES: [(&str, &str); 5] = [
    ("avow", AVOW),
    ("dct", "http://purl.org/dc/terms/"),
    ("qudt", "http://qudt.org/schema/qudt/"),
    ("schema", "https://schema.org/"),
    ("vcard", "http://www.w3.org/2006/vcard/ns#"),
];

/// Bare terms of the credentials context, with what they stand for.
const TERMS: [(&str, &str); 14] = [
    ("BitstringStatusList", "https://www.w3.org/ns/credentials/status#BitstringStatusList"),
    ("BitstringStatusListCredential", "https://www.w3.org/ns/credentials/status#BitstringStatusListCredential"),
    ("BitstringStatusListEntry", "https://www.w3.org/ns/credentials/status#BitstringStatusListEntry"),
    ("VerifiableCredential", "https://www.w3.org/2018/credentials#VerifiableCredential"),
    ("credentialStatus", "https://www.w3.org/2018/credentials#credentialStatus"),
    ("credentialSubject", "https://www.w3.org/2018/credentials#credentialSubject"),
    ("encodedList", "https://www.w3.org/ns/credentials/status#encodedList"),
    ("issuer", "https://www.w3.org/2018/credentials#issuer"),
    ("statusListCredential", "https://www.w3.org/ns/credentials/status#statusListCredential"),
    ("statusListIndex", "https://www.w3.org/ns/credentials/status#statusListIndex"),
    ("statusPurpose", "https://www.w3.org/ns/credentials/status#statusPurpose"),
    ("ttl", "https://www.w3.org/ns/credentials/status#ttl"),
    ("validFrom", "https://www.w3.org/2018/credentials#validFrom"),
    ("validUntil", "https://www.w3.org/2018/credentials#validUntil"),
];

/// Appends the IRI that a name stands for. A name that is neither prefixed with one of ours nor one of the known terms is
/// taken for an IRI: classes of other vocabularies are written out in full.
pub fn write_iri(ontology: Ontology, name: &str, out: &mut String) {
    match name.split_once(':') {
        Some(("gx", local)) => {
            out.push_str(ontology.namespace());
            out.push_str(local);
        }
        Some((prefix, local)) => match PREFIXES.iter().find(|(known, _)| *known == prefix) {
            Some((_, namespace)) => {
                out.push_str(namespace);
                out.push_str(local);
            }
            None => out.push_str(name),
        },
        None => match TERMS.binary_search_by(|(term, _)| (*term).cmp(name)) {
            Ok(at) => out.push_str(TERMS[at].1),
            Err(_) => out.push_str(name),
        },
    }
}

/// How a document names its vocabularies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Context {
    /// The context of Gaia-X by its address, as Gaia-X services ask for it.
    GaiaX(Ontology),
    /// Everything but the W3C's context inline, so that any verifier reads it without fetching anything.
    Inline(Ontology),
}

impl Context {
    /// The ontology whose terms `gx:` stands for.
    pub fn ontology(self) -> Ontology {
        match self {
            Self::GaiaX(ontology) | Self::Inline(ontology) => ontology,
        }
    }

    /// The `@context` of a document.
    pub fn to_value(self) -> serde_json::Value {
        let second = match self {
            Self::GaiaX(ontology) => serde_json::json!(ontology.namespace()),
            Self::Inline(ontology) => serde_json::json!({"gx": ontology.namespace()}),
        };
        let mut list = vec![serde_json::json!(CREDENTIALS_V2), second];
        list.extend(PREFIXES.iter().map(|(prefix, namespace)| serde_json::json!({*prefix: namespace})));
        serde_json::Value::Array(list)
    }

    /// The same in canonical JSON.
    pub fn canonical(self) -> &'static str {
        use std::sync::LazyLock;
        static TEXTS: LazyLock<[(Context, String); 4]> = LazyLock::new(|| {
            use Ontology::{Development, V2511};
            [Context::GaiaX(V2511), Context::GaiaX(Development), Context::Inline(V2511), Context::Inline(Development)]
                .map(|context| (context, context.to_value().to_string()))
        });
        TEXTS.iter().find(|(context, _)| *context == self).map_or("", |(_, text)| text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_in_order_so_that_they_are_found() {
        assert!(TERMS.is_sorted_by(|(a, _), (b, _)| a < b));
    }

    #[test]
    fn a_name_stands_for_one_iri() {
        let check = |name: &str, expect: &str| {
            let mut iri = String::new();
            write_iri(Ontology::Development, name, &mut iri);
            assert_eq!(iri, expect);
        };
        check("gx:Region", "https://w3id.org/gaia-x/development#Region");
        check("schema:name", "https://schema.org/name");
        check("validFrom", "https://www.w3.org/2018/credentials#validFrom");
        check("http://qudt.org/vocab/quantitykind/Power", "http://qudt.org/vocab/quantitykind/Power");
    }
}
