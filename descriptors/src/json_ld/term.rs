//! Terms: what a context says of one name, and the table that finds them.

use std::sync::Arc;

use serde_json::Value;

/// The keywords that have a meaning here. Those of contexts alone are read where contexts are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keyword {
    Context,
    Direction,
    Graph,
    Id,
    Included,
    Index,
    Json,
    Language,
    List,
    Nest,
    None,
    Reverse,
    Set,
    Type,
    Value,
    Vocab,
    /// A keyword that only a context may contain.
    OfContexts,
}

impl Keyword {
    pub(super) fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "@context" => Self::Context,
            "@direction" => Self::Direction,
            "@graph" => Self::Graph,
            "@id" => Self::Id,
            "@included" => Self::Included,
            "@index" => Self::Index,
            "@json" => Self::Json,
            "@language" => Self::Language,
            "@list" => Self::List,
            "@nest" => Self::Nest,
            "@none" => Self::None,
            "@reverse" => Self::Reverse,
            "@set" => Self::Set,
            "@type" => Self::Type,
            "@value" => Self::Value,
            "@vocab" => Self::Vocab,
            "@base" | "@container" | "@import" | "@prefix" | "@propagate" | "@protected" | "@version" => {
                Self::OfContexts
            }
            _ => return None,
        })
    }
}

/// Whether a text has the form of a keyword: reserved, even where it means nothing yet.
pub(super) fn has_keyword_form(text: &str) -> bool {
    text.strip_prefix('@').is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphabetic()))
}

/// What a name stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Mapping {
    /// An IRI, or a blank node with its `_:`.
    Iri(String),
    Keyword(Keyword),
    /// Decoupled from everything, also from `@vocab`.
    Nothing,
}

/// How a plain value under a term is understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Coercion {
    /// As it looks.
    Native,
    /// As it looks, said expressly.
    None,
    Id,
    Vocab,
    Json,
    Datatype(String),
}

/// The shapes a value under a term may have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Container {
    pub(super) graph: bool,
    pub(super) id: bool,
    pub(super) index: bool,
    pub(super) language: bool,
    pub(super) list: bool,
    pub(super) set: bool,
    pub(super) of_type: bool,
}

/// The definition of a term.
#[derive(Debug, Clone)]
pub(super) struct Definition {
    pub(super) name: String,
    pub(super) mapping: Mapping,
    pub(super) prefix: bool,
    pub(super) protected: bool,
    pub(super) reverse: bool,
    pub(super) coercion: Coercion,
    /// `Some(None)`: no language, whatever the context's default.
    pub(super) language: Option<Option<String>>,
    pub(super) container: Container,
    /// The context that holds below the term.
    pub(super) scoped: Option<Value>,
}

impl Definition {
    pub(super) fn named(name: &str, mapping: Mapping) -> Self {
        Self {
            name: name.to_owned(),
            mapping,
            prefix: false,
            protected: false,
            reverse: false,
            coercion: Coercion::Native,
            language: None,
            container: Container::default(),
            scoped: None,
        }
    }

    /// Whether both say the same, whoever protects it: then a protected term may be defined again.
    pub(super) fn says_the_same(&self, other: &Self) -> bool {
        self.mapping == other.mapping
            && self.prefix == other.prefix
            && self.reverse == other.reverse
            && self.coercion == other.coercion
            && self.language == other.language
            && self.container == other.container
            && self.scoped == other.scoped
    }
}

/// Definitions by name: open addressing with a fixed hash, so that a look-up is one comparison, and the same everywhere.
#[derive(Debug, Clone)]
pub(super) struct Terms {
    slots: Vec<Option<(u32, Arc<Definition>)>>,
    count: usize,
}

impl Default for Terms {
    fn default() -> Self {
        Self { slots: vec![None; 16], count: 0 }
    }
}

impl Terms {
    pub(super) fn get(&self, name: &str) -> Option<&Arc<Definition>> {
        let hash = hash(name);
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        // Half of the slots are empty, so this ends.
        while let Some((other, definition)) = &self.slots[at] {
            if *other == hash && definition.name == name {
                return Some(definition);
            }
            at = (at + 1) & mask;
        }
        None
    }

    pub(super) fn insert(&mut self, definition: Arc<Definition>) {
        if (self.count + 1) * 2 > self.slots.len() {
            let doubled = vec![None; self.slots.len() * 2];
            for (hash, definition) in std::mem::replace(&mut self.slots, doubled).into_iter().flatten() {
                self.place(hash, definition);
            }
        }
        if self.place(hash(&definition.name), definition) {
            self.count += 1;
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<Definition>> {
        self.slots.iter().flatten().map(|(_, definition)| definition)
    }

    /// How much is stored.
    pub(super) fn weight(&self) -> usize {
        self.slots.len()
    }

    /// Whether the name is new.
    fn place(&mut self, hash: u32, definition: Arc<Definition>) -> bool {
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        while let Some((other, present)) = &mut self.slots[at] {
            if *other == hash && present.name == definition.name {
                *present = definition;
                return false;
            }
            at = (at + 1) & mask;
        }
        self.slots[at] = Some((hash, definition));
        true
    }
}

/// Multiplies and folds, eight bytes at a time. Not against collisions on purpose: contexts are limited in size instead.
fn hash(name: &str) -> u32 {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut hash = name.len() as u64;
    let mut chunks = name.as_bytes().chunks_exact(8);
    let mut fold = |word: u64| {
        let product = u128::from(hash ^ word) * u128::from(FACTOR);
        hash = (product as u64) ^ (product >> 64) as u64;
    };
    for chunk in &mut chunks {
        fold(chunk.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)));
    }
    fold(chunks.remainder().iter().fold(1, |word, byte| word << 8 | u64::from(*byte)));
    (hash ^ hash >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_finds_what_was_put_in_last() {
        let mut terms = Terms::default();
        for round in 0..2 {
            for number in 0..1000 {
                let iri = Mapping::Iri(format!("a:{round}"));
                terms.insert(Arc::new(Definition::named(&format!("term{number}"), iri)));
            }
        }
        assert_eq!(terms.iter().count(), 1000);
        for number in 0..1000 {
            let found = terms.get(&format!("term{number}")).unwrap();
            assert_eq!(found.mapping, Mapping::Iri("a:1".to_owned()));
        }
        assert!(terms.get("term1000").is_none() && terms.get("").is_none());
    }
}
