//! Names: keys to IRIs and keywords, ids to nodes. What would be relative or dropped is refused.

use std::borrow::Cow;
use std::sync::Arc;

use super::super::context::Context;
use super::super::error::ExpandFault;
use super::super::term::{Definition, Keyword, Mapping, has_keyword_form};
use super::{Expander, Place, Walk};
use crate::rdf::iri;
use crate::rdf::statement::Node;

/// What a key stands for.
pub(super) enum Key<'a> {
    Keyword(Keyword),
    Term(&'a Arc<Definition>, Cow<'a, str>),
    /// An IRI without a definition of its own.
    Property(Cow<'a, str>),
}

/// What a name that is no term stands for.
enum Plain<'a> {
    Blank(&'a str),
    Iri(Cow<'a, str>),
    Relative,
}

impl<'a> Expander<'a, '_> {
    pub(super) fn key(&mut self, active: &'a Context, name: &'a str, place: &Place<'_>) -> Walk<Key<'a>> {
        if let Some(term) = active.terms.get(name) {
            return match &term.mapping {
                Mapping::Iri(iri) if iri.starts_with("_:") => {
                    place.refuse(ExpandFault::Unsupported("a blank node as a property"))
                }
                Mapping::Iri(iri) => Ok(Key::Term(term, Cow::Borrowed(iri))),
                Mapping::Keyword(keyword) => Ok(Key::Keyword(*keyword)),
                Mapping::Nothing => place.refuse(ExpandFault::MappedToNothing),
            };
        }
        if let Some(keyword) = Keyword::parse(name) {
            return Ok(Key::Keyword(keyword));
        }
        if has_keyword_form(name) {
            return place.refuse(ExpandFault::MisplacedKeyword(name.to_owned()));
        }
        match self.plain(active, name, true, place)? {
            Plain::Iri(iri) => Ok(Key::Property(iri)),
            Plain::Blank(_) => place.refuse(ExpandFault::Unsupported("a blank node as a property")),
            Plain::Relative => place.refuse(ExpandFault::Undefined),
        }
    }

    /// An id: an absolute IRI, a compact one, or a blank node.
    pub(super) fn id(&mut self, active: &'a Context, text: &'a str, place: &Place<'_>) -> Walk<Node<'a>> {
        let keyword = Keyword::parse(text).is_some() || has_keyword_form(text);
        let alias = || active.terms.get(text).is_some_and(|term| matches!(term.mapping, Mapping::Keyword(_)));
        if keyword || (!text.contains(':') && alias()) {
            return place.refuse(ExpandFault::MisplacedKeyword(text.to_owned()));
        }
        match self.plain(active, text, false, place)? {
            Plain::Iri(iri) => Ok(Node::Iri(iri)),
            Plain::Blank(label) => Ok(self.blank_node_called(label)),
            Plain::Relative => place.refuse(ExpandFault::Relative(text.to_owned())),
        }
    }

    /// A type, a datatype, or a value under `@vocab`: a term or whatever an id may be.
    pub(super) fn vocab(&mut self, active: &'a Context, text: &'a str, place: &Place<'_>) -> Walk<Node<'a>> {
        if let Some(term) = active.terms.get(text) {
            return match &term.mapping {
                Mapping::Iri(iri) => match iri.strip_prefix("_:") {
                    Some(label) => Ok(self.blank_node_called(label)),
                    None => Ok(Node::Iri(Cow::Borrowed(iri))),
                },
                Mapping::Keyword(_) => place.refuse(ExpandFault::MisplacedKeyword(text.to_owned())),
                Mapping::Nothing => place.refuse(ExpandFault::MappedToNothing),
            };
        }
        if Keyword::parse(text).is_some() || has_keyword_form(text) {
            return place.refuse(ExpandFault::MisplacedKeyword(text.to_owned()));
        }
        match self.plain(active, text, true, place)? {
            Plain::Iri(iri) => Ok(Node::Iri(iri)),
            Plain::Blank(label) => Ok(self.blank_node_called(label)),
            Plain::Relative => place.refuse(ExpandFault::Relative(text.to_owned())),
        }
    }

    /// IRI expansion after terms and keywords.
    fn plain(&mut self, active: &'a Context, text: &'a str, vocab: bool, place: &Place<'_>) -> Walk<Plain<'a>> {
        if let Some(colon) = text.bytes().skip(1).position(|byte| byte == b':') {
            let (prefix, suffix) = (&text[..=colon], &text[colon + 2..]);
            if prefix == "_" {
                return Ok(Plain::Blank(suffix));
            }
            if !suffix.starts_with("//") {
                if let Some(namespace) = namespace(active, prefix) {
                    let iri = [namespace, suffix].concat();
                    return match iri.strip_prefix("_:") {
                        Some(_) => place.refuse(ExpandFault::Unsupported("a blank node as a prefix")),
                        None => absolute(Cow::Owned(iri), place),
                    };
                }
                if vocab {
                    self.out.undefined_prefixes.push(place.pointer());
                }
            }
            return absolute(Cow::Borrowed(text), place);
        }
        match &active.vocab {
            Some(namespace) if vocab => {
                self.out.vocab_terms.push(place.pointer());
                absolute(Cow::Owned([namespace, text].concat()), place)
            }
            _ => Ok(Plain::Relative),
        }
    }
}

fn namespace<'a>(active: &'a Context, prefix: &str) -> Option<&'a str> {
    match active.terms.get(prefix) {
        Some(term) if term.prefix => match &term.mapping {
            Mapping::Iri(iri) => Some(iri),
            Mapping::Keyword(_) | Mapping::Nothing => None,
        },
        _ => None,
    }
}

fn absolute<'a>(text: Cow<'a, str>, place: &Place<'_>) -> Walk<Plain<'a>> {
    if iri::is_absolute(&text) {
        return Ok(Plain::Iri(text));
    }
    place.refuse(ExpandFault::MalformedIri(text.into_owned()))
}
