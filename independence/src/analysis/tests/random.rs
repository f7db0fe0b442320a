//! Random graphs with up to sixteen events.

use crate::draw::Draw;
use crate::fault_graph::{Event, FaultGraph, FaultGraphBuilder, Gate, Knowledge, Literal, Vertex};

/// What may be in a graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// No negation; circles in some.
    Coherent,
    /// As coherent, with things that are not known.
    Doubtful,
    /// Every operator and negated arguments; no circle.
    Negated,
}

pub(super) fn vertex(graph: &FaultGraph, at: usize) -> Vertex {
    graph.vertices().nth(at).unwrap()
}

pub(super) fn random_graph(draw: &mut Draw, shape: Shape) -> FaultGraph {
    let mut builder = FaultGraphBuilder::new();
    let small = if draw.below(8) == 0 { 16 } else { 9 };
    let (events, inner) = (1 + draw.below(small), 1 + draw.below(9));
    let mut vertices: Vec<Vertex> = Vec::new();
    // In a third of the graphs definitions come top first: then an order must be found.
    let upwards = draw.below(3) > 0;
    for i in 0..events + inner {
        let number = if upwards { i } else { events + inner - 1 - i };
        let vertex = builder.define(&format!("v{number}")).unwrap();
        vertices.push(vertex);
    }
    if !upwards {
        vertices.reverse();
    }
    let circular = shape != Shape::Negated && draw.below(5) == 0;
    // Many members of few kinds make symmetric conjunctions.
    let wide = draw.below(3) == 0;
    for at in 0..events + inner {
        let own = at < events || draw.below(3) == 0 && count_own(&builder) < 16;
        if own {
            let probability = (draw.below(4) > 0).then(|| draw.below(1_000) as f64 / 1_000.0);
            let knowledge = doubt(draw, shape);
            builder.event(vertices[at], Event { probability, knowledge }).unwrap();
        }
        if at >= events {
            for _ in 0..1 + draw.below(3) / 2 {
                gate(&mut builder, draw, &vertices, at, circular, wide, shape);
            }
        }
    }
    builder.finish().unwrap()
}

fn count_own(builder: &FaultGraphBuilder) -> usize {
    builder.event_count()
}

fn doubt(draw: &mut Draw, shape: Shape) -> Knowledge {
    match draw.below(12) {
        0 if shape == Shape::Doubtful => Knowledge::Unknown,
        1 if shape == Shape::Doubtful => Knowledge::Contradicted,
        _ => Knowledge::Known,
    }
}

fn gate(
    builder: &mut FaultGraphBuilder,
    draw: &mut Draw,
    vertices: &[Vertex],
    at: usize,
    circular: bool,
    wide: bool,
    shape: Shape,
) {
    let reach = if circular { vertices.len() } else { at };
    let size = if wide { 3 + draw.below(6) } else { 1 + draw.below(4) };
    let mut members: Vec<Vertex> = (0..size).map(|_| vertices[draw.below(reach)]).collect();
    members.sort_unstable();
    members.dedup();
    let n = u32::try_from(members.len()).unwrap();
    let below = |draw: &mut Draw, bound: u32| u32::try_from(draw.below(bound as usize)).unwrap();
    let gate = match (draw.below(12), shape) {
        (0..=2, _) => Gate::And,
        (3..=4, _) => Gate::Or,
        (5..=7, _) => Gate::AtLeast(1 + below(draw, n)),
        (8, _) if draw.below(6) == 0 => [Gate::Always, Gate::Never][draw.below(2)],
        (9, Shape::Negated) => [Gate::Xor, Gate::Nand, Gate::Nor, Gate::Iff, Gate::Imply][draw.below(5)],
        (10, Shape::Negated) => {
            let min = below(draw, n + 1);
            Gate::Cardinality { min, max: min + below(draw, n - min + 1) }
        }
        (11, Shape::Negated) => Gate::Not,
        _ => {
            let id = builder.need(vertices[at], 1 + below(draw, n), &members).unwrap();
            builder.doubt(id, doubt(draw, shape));
            return;
        }
    };
    let wanted = match gate {
        Gate::Always | Gate::Never => 0,
        Gate::Not => 1,
        Gate::Iff | Gate::Imply => 2,
        Gate::Xor if members.len() < 2 => 2,
        _ => members.len(),
    };
    let first = members[0];
    members.resize(wanted, first);
    let signed = |draw: &mut Draw, vertex: Vertex| {
        if shape == Shape::Negated && draw.below(5) == 0 { vertex.up() } else { vertex.down() }
    };
    let arguments: Vec<Literal> = members.into_iter().map(|vertex| signed(draw, vertex)).collect();
    let id = builder.gate(vertices[at], gate, &arguments).unwrap();
    builder.doubt(id, doubt(draw, shape));
}
