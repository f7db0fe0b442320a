use independence::fault_graph::{Event, FaultGraphBuilder, Gate, Knowledge};

use super::*;

fn read(file: &[u8]) -> Result<FaultGraph, Fault> {
    match super::read(file, file.len() as u64, 1 << 20) {
        Ok(graph) => Ok(graph),
        Err(ReadError::Fault(fault)) => Err(fault),
        Err(ReadError::Read(error)) => panic!("{error}"),
    }
}

/// A graph with something in each array.
fn graph() -> FaultGraph {
    let mut builder = FaultGraphBuilder::new();
    let [a, b, c, top] = ["a", "bé", "c", "top"].map(|name| builder.define(name).unwrap());
    let inner = builder.unnamed().unwrap();
    builder.event(a, Event { probability: Some(0.25), knowledge: Knowledge::Known }).unwrap();
    builder.event(b, Event { probability: None, knowledge: Knowledge::Contradicted }).unwrap();
    builder.event(c, Event { probability: Some(1e-9), knowledge: Knowledge::Unknown }).unwrap();
    let need = builder.need(top, 2, &[a, b, c]).unwrap();
    builder.gate(inner, Gate::Cardinality { min: 1, max: 2 }, &[a.up(), b.down(), c.down()]).unwrap();
    builder.gate(top, Gate::Xor, &[inner.down(), c.up()]).unwrap();
    builder.gate_evidence(need, 7).unwrap();
    builder.vertex_evidence(c, 9).unwrap();
    builder.doubt(need, Knowledge::Unknown);
    builder.finish().unwrap()
}

#[test]
fn a_graph_comes_back_as_it_was_and_has_one_form() {
    let graph = graph();
    let file = write(&graph);
    let back = read(&file).unwrap();
    // NaN is not equal to itself; its text is.
    assert_eq!(format!("{:?}", back.flatten()), format!("{:?}", graph.flatten()));
    assert_eq!(back.find("bé"), graph.find("bé"));
    assert_eq!(write(&back), file);
}

#[test]
fn every_flipped_bit_and_every_missing_end_is_noticed() {
    let file = write(&graph());
    for bit in 0..file.len() * 8 {
        let mut flipped = file.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(read(&flipped).is_err(), "bit {bit}");
    }
    for length in 0..file.len() {
        assert!(read(&file[..length]).is_err(), "{length} bytes");
    }
    assert!(read(&[file, vec![0; 8]].concat()).is_err());
}

/// The file with one word changed, and a checksum that fits.
fn forged(file: &[u8], at: usize, change: impl Fn(&mut [u8])) -> Vec<u8> {
    let mut forged = file[..file.len() - 8].to_vec();
    change(&mut forged[at..]);
    let sum = Checksum::of(&forged);
    forged.extend(sum.to_le_bytes());
    forged
}

#[test]
fn a_forged_file_is_refused_or_says_what_it_says() {
    let file = write(&graph());
    let mut refused = 0;
    for at in 0..file.len() - 8 {
        for change in [1, 0x80, 0xff] {
            match read(&forged(&file, at, |bytes| bytes[0] ^= change)) {
                Err(_) => refused += 1,
                Ok(graph) => assert!(graph.bottom_up().count() == graph.len()),
            }
        }
    }
    assert!(refused > file.len(), "{refused} of {} refused", file.len() * 3);
}

#[test]
fn a_fault_says_what_to_do() {
    let file = write(&graph());
    let rows = [
        (file[..50].to_vec(), ": the file ends within its header, after 50 bytes; write the file again"),
        (file[..file.len() - 8].to_vec(), ": the file should have"),
        (forged(&file, 8, |bytes| bytes[0] = 9), ": byte 8: version 9, and this program reads version 2; convert"),
        (forged(&file, 16, |bytes| bytes[..8].fill(0xff)), "the arrays are not as long together as the file;"),
    ];
    for (file, expect) in rows {
        let found = read(&file).unwrap_err().to_string();
        assert!(found.contains(expect), "{found}, not {expect}");
    }
    let mut damaged = file.clone();
    damaged[HEADER + 1] ^= 1;
    assert!(read(&damaged).unwrap_err().to_string().contains("the checksum does not fit the content"));
}

#[test]
fn two_vertices_of_one_name_are_refused() {
    let mut flat = graph().flatten();
    flat.names = "aaxxtop".to_owned();
    flat.name_starts = vec![0, 1, 2, 4, 7, 7];
    flat.name_order = vec![0, 1, 3, 2];
    let error = FaultGraph::from_flat(flat).unwrap_err();
    assert!(error.to_string().contains("a name is there twice"), "{error}");
}

#[test]
fn an_order_that_is_not_that_of_the_names_is_refused() {
    let sound = graph().flatten();
    assert_eq!(sound.name_order, [0, 1, 2, 3]);
    for order in
        [vec![1, 0, 2, 3], vec![0, 1, 2], vec![0, 1, 2, 3, 3], vec![0, 1, 1, 3], vec![4, 1, 2, 3], vec![0, 1, 2, 9]]
    {
        let error = FaultGraph::from_flat(Flat { name_order: order.clone(), ..sound.clone() }).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("the order is not that of the names") || text.contains("twice"), "{order:?}: {error}");
    }
}

#[test]
fn a_sum_is_the_same_however_the_content_is_cut() {
    let content: Vec<u8> = (0_u32..400).map(|number| (number * 37 % 251) as u8).collect();
    let whole = Checksum::of(&content);
    for cut in (0..=400).step_by(8) {
        let mut sum = Checksum::new();
        sum.add(&content[..cut]);
        sum.add(&content[cut..]);
        assert_eq!(sum.value(), whole, "cut at {cut}");
    }
}

#[test]
fn a_file_that_is_too_large_for_the_memory_is_no_fault_of_its_own() {
    let file = write(&graph());
    match super::read(&file[..], file.len() as u64, 100) {
        Err(ReadError::Fault(fault)) => assert!(fault.out_of_memory, "{fault}"),
        other => panic!("{other:?}"),
    }
}
