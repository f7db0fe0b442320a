//! The general processor `json-ld`, its statements made canonical by `sophia_c14n` and by us.

use std::collections::{BTreeMap, HashSet};

use anyhow::anyhow;
use descriptors::rdf::canonical::{Hash, Limits, canonicalise_quads};
use descriptors::rdf::{LANG_STRING, Literal, Quad, Term};
use futures::executor::block_on;
use iref::IriBuf;
use json_ld::syntax::Parse as _;
use json_ld::{JsonLdProcessor as _, RemoteDocument};
use rdf_types::{BlankIdBuf, Id, LiteralType};
use serde_json::Value;
use sophia_api::quad::Spog;
use sophia_api::term::{BnodeId, IriRef, LanguageTag, SimpleTerm};

pub struct Processor {
    loader: BTreeMap<IriBuf, RemoteDocument>,
}

fn remote(iri: &str, text: &str) -> anyhow::Result<(IriBuf, RemoteDocument)> {
    let iri = IriBuf::new(iri.to_owned()).map_err(|_| anyhow!("{iri} is not an IRI"))?;
    let (value, _) = json_ld::syntax::Value::parse_str(text).map_err(|error| anyhow!("{iri}: {error}"))?;
    let kind = "application/ld+json".parse().ok();
    Ok((iri.clone(), RemoteDocument::new(Some(iri), kind, value)))
}

impl Processor {
    pub fn new(documents: &[(String, String)]) -> anyhow::Result<Self> {
        let loader = documents.iter().map(|(iri, text)| remote(iri, text)).collect::<anyhow::Result<_>>()?;
        Ok(Self { loader })
    }

    pub fn canonical_form(&self, document: &Value) -> Result<String, String> {
        let (_, document) =
            remote("https://base.invalid/", &document.to_string()).map_err(|error| error.to_string())?;
        let generator = rdf_types::generator::Blank::new();
        let mut found = block_on(document.to_rdf(generator, &self.loader)).map_err(|error| chain(&error))?;
        let mut quads: Vec<Quad> = found.cloned_quads().filter_map(quad).collect();
        quads.sort();
        quads.dedup();
        let ours = canonicalise_quads(Hash::Sha256, &quads, &Limits::default()).map_err(|error| error.to_string())?.0;
        second_opinion(quads)?;
        Ok(ours)
    }
}

/// What `sophia_c14n` makes of the statements must be what we make of them. It writes language tags in lower case.
fn second_opinion(mut quads: Vec<Quad>) -> Result<(), String> {
    for quad in &mut quads {
        if let Term::Literal(Literal { language: Some(tag), .. }) = &mut quad.object {
            tag.make_ascii_lowercase();
        }
    }
    let ours = canonicalise_quads(Hash::Sha256, &quads, &Limits::default()).map_err(|error| error.to_string())?.0;
    let dataset: HashSet<Spog<SimpleTerm<'_>>> = quads.iter().filter_map(sophia).collect();
    let mut theirs = Vec::new();
    sophia_c14n::rdfc10::normalize(&dataset, &mut theirs).map_err(|error| format!("sophia: {error}"))?;
    // It differs from the specification in two ways, and rdf-canonize and PyLD side with us in at least one each: it counts a
    // statement of a node about itself twice for that node, and a graph without a name only once for a node with several
    // statements in it. Then labels may come in another order.
    let beyond = |quad: &Quad| {
        let itself = quad.subject == quad.object && matches!(quad.subject, Term::Blank(_));
        itself || matches!(quad.graph, Some(Term::Blank(_)))
    };
    if theirs != ours.as_bytes() && !quads.iter().any(beyond) {
        let theirs = String::from_utf8_lossy(&theirs);
        return Err(format!("sophia has another canonical form:\n{theirs}\nthan ours:\n{ours}"));
    }
    Ok(())
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

type GeneralQuad = rdf_types::Quad<
    Id<IriBuf, BlankIdBuf>,
    Id<IriBuf, BlankIdBuf>,
    rdf_types::Object<Id<IriBuf, BlankIdBuf>, rdf_types::Literal<IriBuf>>,
    Id<IriBuf, BlankIdBuf>,
>;

fn quad(rdf_types::Quad(subject, predicate, object, graph): GeneralQuad) -> Option<Quad> {
    let Id::Iri(predicate) = predicate else { return None };
    let object = match object {
        rdf_types::Object::Id(id) => term(&id),
        rdf_types::Object::Literal(literal) => Term::Literal(match literal.type_ {
            LiteralType::Any(datatype) => {
                Literal { text: literal.value, datatype: datatype.to_string(), language: None }
            }
            LiteralType::LangString(tag) => {
                Literal { text: literal.value, datatype: LANG_STRING.to_owned(), language: Some(tag.to_string()) }
            }
        }),
    };
    Some(Quad { subject: term(&subject), predicate: predicate.to_string(), object, graph: graph.as_ref().map(term) })
}

fn term(id: &Id<IriBuf, BlankIdBuf>) -> Term {
    match id {
        Id::Iri(iri) => Term::Iri(iri.to_string()),
        Id::Blank(label) => Term::Blank(label.as_str().trim_start_matches("_:").to_owned()),
    }
}

fn sophia(quad: &Quad) -> Option<Spog<SimpleTerm<'_>>> {
    let iri = |text: &'_ str| IriRef::new(text.to_owned().into()).ok();
    let term = |term: &'_ Term| -> Option<SimpleTerm<'static>> {
        Some(match term {
            Term::Iri(text) => SimpleTerm::Iri(iri(text)?),
            Term::Blank(label) => SimpleTerm::BlankNode(BnodeId::new(label.clone().into()).ok()?),
            Term::Literal(Literal { text, language: Some(tag), .. }) => {
                SimpleTerm::LiteralLanguage(text.clone().into(), LanguageTag::new(tag.clone().into()).ok()?, None)
            }
            Term::Literal(Literal { text, datatype, .. }) => {
                SimpleTerm::LiteralDatatype(text.clone().into(), iri(datatype)?)
            }
        })
    };
    let graph = match &quad.graph {
        Some(graph) => Some(term(graph)?),
        None => None,
    };
    Some(([term(&quad.subject)?, SimpleTerm::Iri(iri(&quad.predicate)?), term(&quad.object)?], graph))
}
