//! The binary form of a fault graph, version 2: for graphs that are read often.
//!
//! ```text
//!   8 bytes   magic: 8f 61 76 6f 77 66 67 0a
//!   u32       version, 2
//!   u32       0, kept free
//!   11 × u64  lengths: names in bytes, vertices, named vertices, probabilities, gates, bounds, arguments, doubts,
//!             vertex evidence, gate evidence, the file
//!   names            bytes, UTF-8
//!   name starts      u32 × (vertices + 1)
//!   name order       u32 × named vertices, sorted by name
//!   own              u8 × vertices: 0 cannot fail by itself, 1 can, 2 unknown, 3 contradicted
//!   probabilities    f64
//!   gate starts      u32 × (vertices + 1)
//!   kinds            u8 × gates: 0 and, 1 or, 2 at least, 3 not, 4 xor, 5 nand, 6 nor, 7 iff, 8 imply, 9 cardinality,
//!                    10 always, 11 never
//!   bounds           u32: one for each "at least", two for each cardinality
//!   argument starts  u32 × (gates + 1)
//!   arguments        u32: twice the vertex, and one more where it is negated
//!   doubts           u32 × doubts, the gates; then u8 × doubts, codes as for own
//!   vertex evidence  u32
//!   gate evidence    u32
//!   u64              checksum of all bytes before
//! ```
//!
//! Numbers are little-endian, and each array is filled up with zeros to a multiple of 8 bytes. What the arrays mean is at
//! [`Flat`]. The checksum finds accidents: whoever writes a file can compute it, and decides what it says; it is no
//! signature. Nothing is taken from a length before the file is known to be that long. The same graph has one form.
//!
//! A file is read once, front to back, each array straight to its place: of a million components more time goes into
//! memory that is touched than into anything else.

use std::io::{self, Read};

use independence::fault_graph::{FaultGraph, Flat, FlatError};

use super::{Fault, Place};

/// How a file in this form begins.
pub(super) const MAGIC: [u8; 8] = *b"\x8favowfg\n";
const VERSION: u32 = 2;
const LENGTHS: usize = 11;
const HEADER: usize = 16 + LENGTHS * 8;
const REWRITE: &str = "write the file again with `avow model convert`";
/// So much of a file is looked at in one piece; a multiple of 8.
const PIECE: usize = 1 << 16;
/// What a graph may take beyond its arrays in the file, by byte of them: gates are wider in memory, and an order is made
/// where the numbers of the vertices are none.
const MEMORY_PER_BYTE: u64 = 3;

/// Why there is no graph.
#[derive(Debug)]
pub(super) enum ReadError {
    Read(io::Error),
    Fault(Fault),
}

impl From<Fault> for ReadError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// The binary form of a graph.
pub fn write(graph: &FaultGraph) -> Vec<u8> {
    let flat = graph.flatten();
    let (doubted, doubts): (Vec<u32>, Vec<u8>) = flat.doubts.iter().copied().unzip();
    let lengths = [
        flat.names.len(),
        flat.own.len(),
        flat.name_order.len(),
        flat.probabilities.len(),
        flat.kinds.len(),
        flat.bounds.len(),
        flat.arguments.len(),
        doubts.len(),
        flat.vertex_evidence.len(),
        flat.gate_evidence.len(),
    ];
    let mut file = Vec::new();
    file.extend(MAGIC);
    file.extend(VERSION.to_le_bytes());
    file.extend(0_u32.to_le_bytes());
    for length in lengths.into_iter().chain([0]) {
        file.extend((length as u64).to_le_bytes());
    }
    bytes(&mut file, flat.names.as_bytes());
    numbers(&mut file, &flat.name_starts);
    numbers(&mut file, &flat.name_order);
    bytes(&mut file, &flat.own);
    // One NaN for all, so that the form is one.
    let probability = |value: &f64| if value.is_nan() { f64::NAN.to_bits() } else { value.to_bits() };
    file.extend(flat.probabilities.iter().flat_map(|value| probability(value).to_le_bytes()));
    numbers(&mut file, &flat.gate_starts);
    bytes(&mut file, &flat.kinds);
    numbers(&mut file, &flat.bounds);
    numbers(&mut file, &flat.argument_starts);
    numbers(&mut file, &flat.arguments);
    numbers(&mut file, &doubted);
    bytes(&mut file, &doubts);
    numbers(&mut file, &flat.vertex_evidence);
    numbers(&mut file, &flat.gate_evidence);
    let length = (file.len() + 8) as u64;
    file[HEADER - 8..HEADER].copy_from_slice(&length.to_le_bytes());
    let sum = Checksum::of(&file);
    file.extend(sum.to_le_bytes());
    file
}

fn bytes(file: &mut Vec<u8>, bytes: &[u8]) {
    file.extend_from_slice(bytes);
    file.resize(file.len().next_multiple_of(8), 0);
}

fn numbers(file: &mut Vec<u8>, numbers: &[u32]) {
    file.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
    file.resize(file.len().next_multiple_of(8), 0);
}

/// The graph of a file of so many bytes that begins with [`MAGIC`].
pub(super) fn read(file: impl Read, length: u64, memory_bytes_max: u64) -> Result<FaultGraph, ReadError> {
    let whole = |what: String| Fault::new(Place::Whole, what, REWRITE);
    if length < HEADER as u64 + 8 {
        return Err(whole(format!("the file ends within its header, after {length} bytes")).into());
    }
    if length.saturating_mul(MEMORY_PER_BYTE) > memory_bytes_max {
        return Err(Fault::memory(Place::Whole, memory_bytes_max).into());
    }
    let mut source = Source { file, at: 0, sum: Checksum::new(), piece: vec![0; PIECE] };
    let lengths = header(&mut source, length)?;
    let flat = arrays(&mut source, &lengths)?;
    let sum = source.sum.value();
    let mut stated = [0; 8];
    source.file.read_exact(&mut stated).map_err(ReadError::Read)?;
    if sum != u64::from_le_bytes(stated) {
        return Err(whole("the checksum does not fit the content: the file was damaged".to_owned()).into());
    }
    let flat = flat?;
    let graph = FaultGraph::from_flat(flat).map_err(|error| match &error {
        FlatError::Graph(graph) => Fault::graph(Place::Whole, graph),
        FlatError::Array { .. } => whole(error.to_string()),
    });
    Ok(graph?)
}

/// The lengths of the arrays, which together are that of the file.
fn header(source: &mut Source<impl Read>, length: u64) -> Result<Lengths, ReadError> {
    let mut words = Vec::with_capacity(HEADER / 8);
    source.pieces(HEADER, |piece| {
        let (found, _) = piece.as_chunks::<8>();
        words.extend(found.iter().map(|word| u64::from_le_bytes(*word)));
    })?;
    if words[1] != u64::from(VERSION) {
        let what = format!("version {}, and this program reads version {VERSION}", words[1] as u32);
        return Err(Fault::new(Place::Byte(8), what, "convert the model from its source with this program").into());
    }
    let whole = |what: String| Fault::new(Place::Whole, what, REWRITE);
    let stated = words[HEADER / 8 - 1];
    if stated != length {
        return Err(whole(format!("the file should have {stated} bytes, and has {length}")).into());
    }
    let lengths: Option<Vec<usize>> = words[2..].iter().map(|&word| usize::try_from(word).ok()).collect();
    let lengths = lengths.map(|lengths| Lengths {
        names: lengths[0],
        vertices: lengths[1],
        named: lengths[2],
        probabilities: lengths[3],
        gates: lengths[4],
        bounds: lengths[5],
        arguments: lengths[6],
        doubts: lengths[7],
        vertex_evidence: lengths[8],
        gate_evidence: lengths[9],
    });
    let fits = |lengths: &Lengths| lengths.file().is_some_and(|file| file as u64 == length);
    let wrong = || whole("the arrays are not as long together as the file".to_owned());
    Ok(lengths.filter(fits).ok_or_else(wrong)?)
}

/// How long the arrays are.
struct Lengths {
    names: usize,
    vertices: usize,
    named: usize,
    probabilities: usize,
    gates: usize,
    bounds: usize,
    arguments: usize,
    doubts: usize,
    vertex_evidence: usize,
    gate_evidence: usize,
}

impl Lengths {
    /// How many bytes the file has; none where that cannot be counted.
    fn file(&self) -> Option<usize> {
        let starts = |count: usize| Some((count.checked_add(1)?, 4));
        let arrays = [
            (self.names, 1),
            starts(self.vertices)?,
            (self.named, 4),
            (self.vertices, 1),
            (self.probabilities, 8),
            starts(self.vertices)?,
            (self.gates, 1),
            (self.bounds, 4),
            starts(self.gates)?,
            (self.arguments, 4),
            (self.doubts, 4),
            (self.doubts, 1),
            (self.vertex_evidence, 4),
            (self.gate_evidence, 4),
        ];
        arrays.into_iter().try_fold(HEADER + 8, |sum, (count, size)| {
            sum.checked_add(count.checked_mul(size)?.checked_next_multiple_of(8)?)
        })
    }
}

/// All arrays are read, since the checksum comes last: damage is told as such rather than as what it looks like.
fn arrays(source: &mut Source<impl Read>, lengths: &Lengths) -> Result<Result<Flat, Fault>, ReadError> {
    let names_at = source.at;
    let names = String::from_utf8(source.bytes(lengths.names)?).map_err(|error| {
        Fault::new(Place::Byte(names_at + error.utf8_error().valid_up_to()), "a name is not UTF-8", REWRITE)
    });
    let mut flat = Flat {
        name_starts: source.numbers(lengths.vertices + 1)?,
        name_order: source.numbers(lengths.named)?,
        own: source.bytes(lengths.vertices)?,
        probabilities: source.doubles(lengths.probabilities)?,
        gate_starts: source.numbers(lengths.vertices + 1)?,
        kinds: source.bytes(lengths.gates)?,
        bounds: source.numbers(lengths.bounds)?,
        argument_starts: source.numbers(lengths.gates + 1)?,
        arguments: source.numbers(lengths.arguments)?,
        doubts: source.numbers(lengths.doubts)?.into_iter().zip(source.bytes(lengths.doubts)?).collect(),
        vertex_evidence: source.numbers(lengths.vertex_evidence)?,
        gate_evidence: source.numbers(lengths.gate_evidence)?,
        ..Flat::default()
    };
    Ok(names.map(|names| {
        flat.names = names;
        flat
    }))
}

/// A file, read from the front.
struct Source<R> {
    file: R,
    at: usize,
    sum: Checksum,
    piece: Vec<u8>,
}

impl<R: Read> Source<R> {
    /// So many bytes and what fills them up, piece by piece; a piece is a multiple of 8 bytes but for the last one.
    fn pieces(&mut self, length: usize, mut take: impl FnMut(&[u8])) -> Result<(), ReadError> {
        let end = self.at + length;
        while self.at < end {
            let wanted = (end - self.at).min(PIECE);
            let padded = wanted.next_multiple_of(8);
            let piece = &mut self.piece[..padded];
            self.file.read_exact(piece).map_err(ReadError::Read)?;
            self.sum.add(piece);
            take(&piece[..wanted]);
            if piece[wanted..].iter().any(|&byte| byte != 0) {
                return Err(Fault::new(Place::Byte(self.at + wanted), "filling that is not zero", REWRITE).into());
            }
            self.at += padded;
        }
        Ok(())
    }

    fn bytes(&mut self, count: usize) -> Result<Vec<u8>, ReadError> {
        let mut bytes = Vec::with_capacity(count);
        self.pieces(count, |piece| bytes.extend_from_slice(piece))?;
        Ok(bytes)
    }

    fn numbers(&mut self, count: usize) -> Result<Vec<u32>, ReadError> {
        let mut numbers = Vec::with_capacity(count);
        self.pieces(count * 4, |piece| {
            let (words, _) = piece.as_chunks::<4>();
            numbers.extend(words.iter().map(|word| u32::from_le_bytes(*word)));
        })?;
        Ok(numbers)
    }

    fn doubles(&mut self, count: usize) -> Result<Vec<f64>, ReadError> {
        let mut doubles = Vec::with_capacity(count);
        self.pieces(count * 8, |piece| {
            let (words, _) = piece.as_chunks::<8>();
            doubles.extend(words.iter().map(|word| f64::from_le_bytes(*word)));
        })?;
        Ok(doubles)
    }
}

/// Four lanes that take words in turn, each multiplied on; any change of one word changes it. The length is checked
/// elsewhere.
struct Checksum {
    lanes: [u64; 4],
    next: usize,
}

impl Checksum {
    const ODD: [u64; 4] = [0x9e37_79b9_7f4a_7c15, 0xbb67_ae85_84ca_a73b, 0x3c6e_f372_fe94_f82b, 0xa54f_f53a_5f1d_36f1];

    fn new() -> Self {
        Self { lanes: Self::ODD, next: 0 }
    }

    fn of(content: &[u8]) -> u64 {
        let mut sum = Self::new();
        sum.add(content);
        sum.value()
    }

    /// Adds whole words.
    fn add(&mut self, content: &[u8]) {
        let (words, _) = content.as_chunks::<8>();
        let first = words.len().min((4 - self.next) % 4);
        words[..first].iter().for_each(|word| self.word(*word));
        let (turns, rest) = words[first..].as_chunks::<4>();
        for turn in turns {
            for ((lane, odd), word) in self.lanes.iter_mut().zip(Self::ODD).zip(turn) {
                *lane = mixed(*lane, *word, odd);
            }
        }
        rest.iter().for_each(|word| self.word(*word));
    }

    fn word(&mut self, word: [u8; 8]) {
        self.lanes[self.next] = mixed(self.lanes[self.next], word, Self::ODD[self.next]);
        self.next = (self.next + 1) % 4;
    }

    fn value(&self) -> u64 {
        let lanes = self.lanes.into_iter().zip(Self::ODD);
        lanes.fold(0, |sum: u64, (lane, odd)| (sum.rotate_left(17) ^ lane).wrapping_mul(odd))
    }
}

#[inline]
fn mixed(lane: u64, word: [u8; 8], odd: u64) -> u64 {
    (lane ^ u64::from_le_bytes(word)).wrapping_mul(odd).rotate_left(29)
}

#[cfg(test)]
mod tests;
