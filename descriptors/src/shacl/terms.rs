//! Terms by number, so that comparing two is comparing two numbers.

use crate::rdf::{Literal, STRING, Term};

/// The number of a term.
pub(super) type TermId = u32;

/// A term that is not owned.
#[derive(Debug, Clone, Copy)]
pub(super) enum Key<'a> {
    Iri(&'a str),
    Blank(&'a str),
    Literal(&'a Literal),
}

impl<'a> Key<'a> {
    pub(super) fn of(term: &'a Term) -> Self {
        match term {
            Term::Iri(iri) => Self::Iri(iri),
            Term::Blank(label) => Self::Blank(label),
            Term::Literal(literal) => Self::Literal(literal),
        }
    }

    pub(super) fn to_term(self) -> Term {
        match self {
            Self::Iri(iri) => Term::Iri(iri.to_owned()),
            Self::Blank(label) => Term::Blank(label.to_owned()),
            Self::Literal(literal) => Term::Literal(literal.clone()),
        }
    }

    /// What two equal terms have in common; language tags are equal in any case.
    pub(super) fn order(self) -> (u8, &'a str, &'a str, Option<String>) {
        match self {
            Self::Iri(iri) => (0, iri, "", None),
            Self::Blank(label) => (1, label, "", None),
            Self::Literal(literal) => {
                let language = literal.language.as_ref().map(|language| language.to_ascii_lowercase());
                (2, &literal.text, &literal.datatype, language)
            }
        }
    }

    fn hash(self) -> u64 {
        let (kind, text, datatype) = match self {
            Self::Iri(iri) => (1, iri, ""),
            Self::Blank(label) => (2, label, ""),
            Self::Literal(literal) if literal.datatype == STRING => (3, literal.text.as_str(), ""),
            Self::Literal(literal) => (4, literal.text.as_str(), literal.datatype.as_str()),
        };
        mix(mix(kind, text), datatype)
    }

    fn is(self, term: &Term) -> bool {
        match (self, term) {
            (Self::Iri(a), Term::Iri(b)) | (Self::Blank(a), Term::Blank(b)) => a == b,
            (Self::Literal(a), Term::Literal(b)) => {
                let language = match (&a.language, &b.language) {
                    (Some(a), Some(b)) => a.eq_ignore_ascii_case(b),
                    (a, b) => a.is_none() && b.is_none(),
                };
                a.text == b.text && a.datatype == b.datatype && language
            }
            _ => false,
        }
    }
}

fn mix(mut hash: u64, text: &str) -> u64 {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut step = |word: u64| hash = (hash.rotate_left(23) ^ word).wrapping_mul(FACTOR);
    let mut chunks = text.as_bytes().chunks_exact(8);
    for chunk in &mut chunks {
        let mut word = [0; 8];
        word.copy_from_slice(chunk);
        step(u64::from_le_bytes(word));
    }
    let mut word = [0; 8];
    word[..chunks.remainder().len()].copy_from_slice(chunks.remainder());
    step(u64::from_le_bytes(word));
    step(text.len() as u64);
    hash ^ (hash >> 32)
}

/// A table of terms. Its hash is fixed, so that the same terms get the same numbers; only shapes, which the operator chooses,
/// are put in.
#[derive(Debug)]
pub(super) struct Terms {
    terms: Vec<Term>,
    /// Numbers plus one, 0 where free; a power of two long.
    slots: Vec<u32>,
}

impl Default for Terms {
    fn default() -> Self {
        Self { terms: Vec::new(), slots: vec![0; 64] }
    }
}

impl Terms {
    pub(super) fn len(&self) -> u32 {
        self.terms.len() as u32
    }

    pub(super) fn get(&self, id: TermId) -> &Term {
        &self.terms[id as usize]
    }

    pub(super) fn find(&self, key: Key<'_>) -> Option<TermId> {
        self.slots[self.slot(key)].checked_sub(1)
    }

    pub(super) fn insert(&mut self, key: Key<'_>) -> TermId {
        let slot = self.slot(key);
        if let Some(id) = self.slots[slot].checked_sub(1) {
            return id;
        }
        self.terms.push(key.to_term());
        self.slots[slot] = self.len();
        if self.terms.len() * 2 > self.slots.len() {
            self.grow();
        }
        self.len() - 1
    }

    /// Where a term stands, or where it belongs.
    fn slot(&self, key: Key<'_>) -> usize {
        let mask = self.slots.len() - 1;
        let mut slot = key.hash() as usize & mask;
        while let Some(id) = self.slots[slot].checked_sub(1) {
            if key.is(self.get(id)) {
                break;
            }
            slot = (slot + 1) & mask;
        }
        slot
    }

    fn grow(&mut self) {
        self.slots = vec![0; self.slots.len() * 2];
        for id in 0..self.len() {
            let slot = self.slot(Key::of(self.get(id)));
            self.slots[slot] = id + 1;
        }
    }
}
