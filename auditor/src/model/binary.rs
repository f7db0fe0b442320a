//! The binary form of a fault graph, version 1: for graphs that are read often.
//!
//! ```text
//!   8 bytes   magic: 8f 61 76 6f 77 66 67 0a
//!   u32       version, 1
//!   u32       0, kept free
//!   10 × u64  lengths: names in bytes, vertices, probabilities, gates, bounds, arguments, doubts, vertex evidence,
//!             gate evidence, the file
//!   names            bytes, UTF-8
//!   name starts      u32 × (vertices + 1)
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

use independence::fault_graph::{FaultGraph, Flat, FlatError};

use super::{Fault, Place};

/// How a file in this form begins.
pub(super) const MAGIC: [u8; 8] = *b"\x8favowfg\n";
const VERSION: u32 = 1;
const LENGTHS: usize = 10;
const HEADER: usize = 16 + LENGTHS * 8;
const REWRITE: &str = "write the file again with `avow model convert`";

/// The binary form of a graph.
pub fn write(graph: &FaultGraph) -> Vec<u8> {
    let flat = graph.flatten();
    let (doubted, doubts): (Vec<u32>, Vec<u8>) = flat.doubts.iter().copied().unzip();
    let lengths = [
        flat.names.len(),
        flat.own.len(),
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
    let sum = checksum(&file);
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

/// The graph of a file that begins with [`MAGIC`].
pub(super) fn read(file: &[u8]) -> Result<FaultGraph, Fault> {
    let whole = |what: String| Fault::new(Place::Whole, what, REWRITE);
    if file.len() < HEADER + 8 {
        return Err(whole(format!("the file ends within its header, after {} bytes", file.len())));
    }
    let word = |at: usize| u64::from_le_bytes(file[at..at + 8].try_into().unwrap_or_default());
    let version = word(8);
    if version != u64::from(VERSION) {
        let what = format!("version {}, and this program reads version {VERSION}", version as u32);
        return Err(Fault::new(Place::Byte(8), what, "convert the model from its source with this program"));
    }
    let stated = word(HEADER - 8);
    if stated != file.len() as u64 {
        return Err(whole(format!("the file should have {stated} bytes, and has {}", file.len())));
    }
    let content = &file[..file.len() - 8];
    if checksum(content) != word(file.len() - 8) {
        return Err(whole("the checksum does not fit the content: the file was damaged".to_owned()));
    }
    let mut cut = Cut { content, at: HEADER };
    let flat = arrays(&mut cut, |index| usize::try_from(word(16 + index * 8)).unwrap_or(usize::MAX))?;
    if cut.at != content.len() {
        return Err(Fault::new(Place::Byte(cut.at), "more bytes than the lengths say", REWRITE));
    }
    FaultGraph::from_flat(flat).map_err(|error| match &error {
        FlatError::Graph(graph) => Fault::graph(Place::Whole, graph),
        FlatError::Array { .. } => whole(error.to_string()),
    })
}

fn arrays(cut: &mut Cut<'_>, length: impl Fn(usize) -> usize) -> Result<Flat, Fault> {
    let (vertices, gates, doubts) = (length(1), length(3), length(6));
    let names_at = cut.at;
    let names = String::from_utf8(cut.bytes(length(0))?.to_vec()).map_err(|error| {
        Fault::new(Place::Byte(names_at + error.utf8_error().valid_up_to()), "a name is not UTF-8", REWRITE)
    })?;
    Ok(Flat {
        names,
        name_starts: cut.numbers(vertices.saturating_add(1))?,
        own: cut.bytes(vertices)?.to_vec(),
        probabilities: cut.doubles(length(2))?,
        gate_starts: cut.numbers(vertices.saturating_add(1))?,
        kinds: cut.bytes(gates)?.to_vec(),
        bounds: cut.numbers(length(4))?,
        argument_starts: cut.numbers(gates.saturating_add(1))?,
        arguments: cut.numbers(length(5))?,
        doubts: cut.numbers(doubts)?.into_iter().zip(cut.bytes(doubts)?.iter().copied()).collect(),
        vertex_evidence: cut.numbers(length(7))?,
        gate_evidence: cut.numbers(length(8))?,
    })
}

/// The content, cut from the front.
struct Cut<'f> {
    content: &'f [u8],
    at: usize,
}

impl<'f> Cut<'f> {
    fn take(&mut self, count: usize, size: usize) -> Result<&'f [u8], Fault> {
        let length = count.checked_mul(size).filter(|length| *length <= self.content.len() - self.at);
        let padded =
            length.map(|length| length.next_multiple_of(8)).filter(|padded| *padded <= self.content.len() - self.at);
        let (Some(length), Some(padded)) = (length, padded) else {
            return Err(Fault::new(Place::Byte(self.at), "an array that is longer than the file", REWRITE));
        };
        let array = &self.content[self.at..self.at + length];
        if self.content[self.at + length..self.at + padded].iter().any(|&byte| byte != 0) {
            return Err(Fault::new(Place::Byte(self.at + length), "filling that is not zero", REWRITE));
        }
        self.at += padded;
        Ok(array)
    }

    fn bytes(&mut self, count: usize) -> Result<&'f [u8], Fault> {
        self.take(count, 1)
    }

    fn numbers(&mut self, count: usize) -> Result<Vec<u32>, Fault> {
        let (words, _) = self.take(count, 4)?.as_chunks::<4>();
        Ok(words.iter().map(|word| u32::from_le_bytes(*word)).collect())
    }

    fn doubles(&mut self, count: usize) -> Result<Vec<f64>, Fault> {
        let (words, _) = self.take(count, 8)?.as_chunks::<8>();
        Ok(words.iter().map(|word| f64::from_le_bytes(*word)).collect())
    }
}

/// Four lanes of words, each multiplied on; any change of one word changes it. The length is checked elsewhere.
fn checksum(content: &[u8]) -> u64 {
    const ODD: [u64; 4] = [0x9e37_79b9_7f4a_7c15, 0xbb67_ae85_84ca_a73b, 0x3c6e_f372_fe94_f82b, 0xa54f_f53a_5f1d_36f1];
    let mut lanes = ODD;
    let (blocks, rest) = content.as_chunks::<32>();
    for block in blocks {
        let (words, _) = block.as_chunks::<8>();
        for (lane, (word, odd)) in lanes.iter_mut().zip(words.iter().zip(ODD)) {
            *lane = (*lane ^ u64::from_le_bytes(*word)).wrapping_mul(odd).rotate_left(29);
        }
    }
    let (words, _) = rest.as_chunks::<8>();
    for word in words {
        lanes[0] = (lanes[0] ^ u64::from_le_bytes(*word)).wrapping_mul(ODD[1]).rotate_left(29);
    }
    lanes.into_iter().zip(ODD).fold(0, |sum: u64, (lane, odd)| (sum.rotate_left(17) ^ lane).wrapping_mul(odd))
}

#[cfg(test)]
mod tests;
