//! RDF dataset canonicalisation, RDFC-1.0: one text for all documents that state the same.
//!
//! Without blank nodes that is a sort. With them it can take time beyond any bound, so each run has a budget; what does not
//! fit is an error that says so, never a wrong text. A statement of a node about itself counts once among its statements, as
//! the specification's map of sets has it; some implementations count it twice. What the statements mean is not known here.
//! <https://www.w3.org/TR/rdf-canon/>

mod n_degree;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use sha2::{Digest as _, Sha256, Sha384};

use super::Quad;
use super::n_quads::write_statement;
use super::statement::{Labels, Node, Object, Statement};

/// What one run may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Statements.
    pub statements_max: usize,
    /// Blank nodes.
    pub blank_nodes_max: usize,
    /// Hashes and permutations for telling blank nodes apart that look alike. Each costs less than a microsecond.
    pub steps_max: usize,
    /// How far the search for a difference goes from one blank node to the next.
    pub depth_max: usize,
}

impl Default for Limits {
    /// Ends poisonous input within 20 ms, and passes every test of the W3C's suite that is meant to pass.
    fn default() -> Self {
        Self { statements_max: 100_000, blank_nodes_max: 10_000, steps_max: 30_000, depth_max: 200 }
    }
}

/// The hash that tells blank nodes apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hash {
    /// SHA-256, the default of RDFC-1.0.
    Sha256,
    /// SHA-384.
    Sha384,
}

/// A limit was reached. Nothing is said of the statements: they may be harmless.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CanonicaliseError {
    /// The statements would cost more than the limits allow.
    #[error("too complex: more than {max} {what}; name the blank nodes, or split the document")]
    TooComplex {
        /// What was counted.
        what: &'static str,
        /// How many were allowed.
        max: usize,
    },
    /// A literal stands as the subject or the graph of a statement.
    #[error("statement {0} has a literal as its subject or graph")]
    MisplacedLiteral(usize),
}

/// A canonical text and how it names the blank nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Canonical {
    /// Canonical N-Quads.
    pub text: String,
    /// For each number of a blank node, the `N` of its canonical label `c14nN`; `None` where no statement has it.
    pub issued: Vec<Option<u32>>,
}

/// The canonical form of statements, with SHA-256. Duplicates count once.
pub fn canonicalise(statements: &[Statement<'_>], limits: &Limits) -> Result<Canonical, CanonicaliseError> {
    canonicalise_with(Hash::Sha256, statements, limits)
}

/// The canonical form of statements.
pub fn canonicalise_with(
    hash: Hash,
    statements: &[Statement<'_>],
    limits: &Limits,
) -> Result<Canonical, CanonicaliseError> {
    within(statements.len(), limits.statements_max, "statements")?;
    let blank_nodes = count_blank_nodes(statements);
    within(blank_nodes, limits.blank_nodes_max, "blank nodes")?;
    let issued =
        if blank_nodes == 0 { Vec::new() } else { Labelling::new(hash, statements, blank_nodes, limits).issue()? };
    Ok(Canonical { text: write_sorted(statements, &issued), issued })
}

/// The canonical form of owned quads, and the canonical label of each of theirs.
pub fn canonicalise_quads(
    hash: Hash,
    quads: &[Quad],
    limits: &Limits,
) -> Result<(String, BTreeMap<String, String>), CanonicaliseError> {
    let mut labels = Labels::default();
    let borrow = |(at, quad)| labels.statement(quad).ok_or(CanonicaliseError::MisplacedLiteral(at));
    let statements = quads.iter().enumerate().map(borrow).collect::<Result<Vec<_>, _>>()?;
    let canonical = canonicalise_with(hash, &statements, limits)?;
    let label = |(label, number): (&str, u32)| {
        let issued = canonical.issued.get(number as usize).copied().flatten()?;
        Some((label.to_owned(), format!("c14n{issued}")))
    };
    Ok((canonical.text, labels.iter().filter_map(label).collect()))
}

fn within(count: usize, max: usize, what: &'static str) -> Result<(), CanonicaliseError> {
    if count > max { Err(CanonicaliseError::TooComplex { what, max }) } else { Ok(()) }
}

/// One more than the largest number of a blank node.
fn count_blank_nodes(statements: &[Statement<'_>]) -> usize {
    let numbers = statements.iter().flat_map(blank_nodes).map(|(_, number)| number as usize + 1);
    numbers.max().unwrap_or(0)
}

/// The blank nodes of a statement, each with its place as RDFC-1.0 abbreviates it.
fn blank_nodes(statement: &Statement<'_>) -> impl Iterator<Item = (char, u32)> + use<> {
    let number = |node: &Node<'_>| match node {
        Node::Blank(number) => Some(*number),
        Node::Iri(_) => None,
    };
    let object = match &statement.object {
        Object::Node(node) => number(node),
        Object::Literal { .. } => None,
    };
    let graph = statement.graph.as_ref().and_then(number);
    [('s', number(&statement.subject)), ('o', object), ('g', graph)]
        .into_iter()
        .filter_map(|(place, number)| Some((place, number?)))
}

fn write_sorted(statements: &[Statement<'_>], issued: &[Option<u32>]) -> String {
    let label = |number: u32, out: &mut String| {
        // Every blank node of a statement has been issued a number.
        let _ = write!(out, "_:c14n{}", issued[number as usize].unwrap_or_default());
    };
    let mut lines = Lines::with_capacity(statements.len());
    for (index, statement) in statements.iter().enumerate() {
        lines.push(index, |out| write_statement(statement, out, &label));
    }
    lines.sort();
    let mut text = String::with_capacity(lines.text.len());
    let mut last = "";
    for (line, _) in lines.iter() {
        if line != last {
            text.push_str(line);
        }
        last = line;
    }
    text
}

/// Lines in one buffer, each with the index of its statement.
struct Lines {
    text: String,
    spans: Vec<(usize, usize, usize)>,
}

impl Lines {
    fn with_capacity(lines: usize) -> Self {
        Self { text: String::with_capacity(lines * 192), spans: Vec::with_capacity(lines) }
    }

    fn clear(&mut self) {
        self.text.clear();
        self.spans.clear();
    }

    fn push(&mut self, statement: usize, write: impl FnOnce(&mut String)) {
        let start = self.text.len();
        write(&mut self.text);
        self.spans.push((start, self.text.len(), statement));
    }

    /// By code points, which for UTF-8 is by bytes.
    fn sort(&mut self) {
        let bytes = self.text.as_bytes();
        self.spans.sort_unstable_by(|a, b| bytes[a.0..a.1].cmp(&bytes[b.0..b.1]));
    }

    fn iter(&self) -> impl Iterator<Item = (&str, usize)> {
        self.spans.iter().map(|&(start, end, statement)| (&self.text[start..end], statement))
    }
}

/// A digest in lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Hashed {
    hex: [u8; 96],
    length: u8,
}

impl Hashed {
    fn of<'t>(hash: Hash, texts: impl Iterator<Item = &'t str>) -> Self {
        match hash {
            Hash::Sha256 => {
                let mut hasher = Sha256::new();
                texts.for_each(|text| hasher.update(text));
                Self::from_bytes(&hasher.finalize())
            }
            Hash::Sha384 => {
                let mut hasher = Sha384::new();
                texts.for_each(|text| hasher.update(text));
                Self::from_bytes(&hasher.finalize())
            }
        }
    }

    fn from_bytes(bytes: &[u8]) -> Self {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut hex = [0; 96];
        for (pair, byte) in hex.chunks_mut(2).zip(bytes) {
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 15)];
        }
        Self { hex, length: 2 * bytes.len() as u8 }
    }

    fn push_to(&self, out: &mut String) {
        out.extend(self.hex[..usize::from(self.length)].iter().map(|&digit| char::from(digit)));
    }
}

/// The state of RDFC-1.0: who stands in which statements, and who has a label already.
struct Labelling<'s, 'a> {
    hash: Hash,
    statements: &'s [Statement<'a>],
    /// For each blank node the statements it stands in, without duplicates.
    standing_in: Vec<Vec<usize>>,
    first_degree: Vec<Hashed>,
    issued: Vec<Option<u32>>,
    next: u32,
    limits: &'s Limits,
    steps: usize,
}

impl<'s, 'a> Labelling<'s, 'a> {
    fn new(hash: Hash, statements: &'s [Statement<'a>], blank_count: usize, limits: &'s Limits) -> Self {
        let mut standing_in: Vec<Vec<usize>> = vec![Vec::new(); blank_count];
        for (index, statement) in statements.iter().enumerate() {
            for (_, number) in blank_nodes(statement) {
                let list = &mut standing_in[number as usize];
                if list.last() != Some(&index) {
                    list.push(index);
                }
            }
        }
        let issued = vec![None; blank_count];
        let first_degree = Vec::with_capacity(blank_count);
        Self { hash, statements, standing_in, first_degree, issued, next: 0, limits, steps: 0 }
    }

    /// RDFC-1.0 section 4.4.3.
    fn issue(mut self) -> Result<Vec<Option<u32>>, CanonicaliseError> {
        self.hash_first_degree();
        let mut order: Vec<u32> = (0..self.issued.len() as u32).collect();
        order.retain(|&blank| !self.standing_in[blank as usize].is_empty());
        order.sort_by_key(|&blank| self.first_degree[blank as usize]);
        let alike = |a: &u32, b: &u32| self.first_degree[*a as usize] == self.first_degree[*b as usize];
        let groups: Vec<&[u32]> = order.chunk_by(alike).collect();
        let mut unlike = Vec::new();
        let mut ambiguous = Vec::new();
        for group in groups {
            if let [blank] = group { unlike.push(*blank) } else { ambiguous.push(group) }
        }
        unlike.into_iter().for_each(|blank| self.issue_label(blank));
        for group in ambiguous {
            let mut found = Vec::new();
            for &blank in group {
                if self.issued[blank as usize].is_none() {
                    found.push(self.hash_n_degree_from(blank)?);
                }
            }
            found.sort_by_key(|(hash, _)| *hash);
            found.iter().flat_map(|(_, issuer)| issuer.order()).for_each(|&blank| self.issue_label(blank));
        }
        Ok(self.issued)
    }

    fn issue_label(&mut self, blank: u32) {
        let slot = &mut self.issued[blank as usize];
        if slot.is_none() {
            *slot = Some(self.next);
            self.next += 1;
        }
    }

    /// RDFC-1.0 section 4.6.3, for every blank node.
    fn hash_first_degree(&mut self) {
        let mut lines = Lines::with_capacity(16);
        for blank in 0..self.standing_in.len() {
            let label = |number: u32, out: &mut String| {
                out.push_str(if number as usize == blank { "_:a" } else { "_:z" });
            };
            lines.clear();
            for &index in &self.standing_in[blank] {
                lines.push(index, |out| write_statement(&self.statements[index], out, &label));
            }
            lines.sort();
            self.leave_out_duplicates(&mut lines);
            self.first_degree.push(Hashed::of(self.hash, lines.iter().map(|(line, _)| line)));
            self.standing_in[blank] = lines.iter().map(|(_, index)| index).collect();
        }
    }

    /// A dataset is a set. Statements that are the same give the same line, so only within such runs is compared.
    fn leave_out_duplicates(&self, lines: &mut Lines) {
        if !lines.spans.windows(2).any(|pair| lines.text[pair[0].0..pair[0].1] == lines.text[pair[1].0..pair[1].1]) {
            return;
        }
        let (text, statements) = (&lines.text, self.statements);
        lines.spans.sort_unstable_by(|a, b| {
            text[a.0..a.1].cmp(&text[b.0..b.1]).then_with(|| statements[a.2].cmp(&statements[b.2]))
        });
        lines.spans.dedup_by(|a, b| statements[a.2] == statements[b.2]);
    }
}
