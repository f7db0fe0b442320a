//! What a fault graph keeps, and what it refuses.

use super::*;

fn vertices<const N: usize>(builder: &mut FaultGraphBuilder, names: [&str; N]) -> [Vertex; N] {
    names.map(|name| builder.vertex(name).unwrap())
}

#[test]
fn a_graph_says_what_was_put_in_whatever_the_order() {
    let mut builder = FaultGraphBuilder::new();
    let [top, a, b, c] = vertices(&mut builder, ["top", "a", "b", "c"]);
    let need = builder.need(top, 2, &[a, b, c]).unwrap();
    builder.gate(b, Gate::Xor, &[a.down(), c.up()]).unwrap();
    let second = builder.gate(top, Gate::And, &[a.down(), b.down()]).unwrap();
    builder.gate_evidence(second, 7).unwrap();
    builder.doubt(need, Knowledge::Contradicted);
    builder.vertex_evidence(c, 3).unwrap();
    builder.event(c, Event { probability: Some(0.25), knowledge: Knowledge::Unknown }).unwrap();
    builder.event(a, Event::default()).unwrap();
    let graph = builder.finish().unwrap();
    assert_eq!((graph.len(), graph.gate_count(), graph.argument_count()), (4, 3, 7));
    assert_eq!((graph.find("b"), graph.find("d"), graph.name(c)), (Some(b), None, "c"));
    let gates: Vec<GateView<'_>> = graph.gates(top).collect();
    assert_eq!(gates[0].arguments, &[a.down(), b.down(), c.down()]);
    assert_eq!(
        (gates[0].gate, gates[0].knowledge, gates[0].evidence),
        (Gate::AtLeast(2), Knowledge::Contradicted, None)
    );
    assert_eq!((gates[1].gate, gates[1].knowledge, gates[1].evidence), (Gate::And, Knowledge::Known, Some(7)));
    assert_eq!(graph.gates(b).next().unwrap().arguments, &[a.down(), c.up()]);
    assert_eq!(graph.event(c), Some(Event { probability: Some(0.25), knowledge: Knowledge::Unknown }));
    assert_eq!((graph.event(a), graph.event(top)), (Some(Event::default()), None));
    assert_eq!((graph.evidence(c), graph.evidence(a)), (Some(3), None));
    let order: Vec<&str> = graph.bottom_up().map(|vertex| graph.name(vertex)).collect();
    assert_eq!(order, ["a", "c", "b", "top"]);
}

#[test]
fn what_is_needed_comes_first_however_deep() {
    const DEPTH: usize = 200_000;
    let mut builder = FaultGraphBuilder::new();
    let chain: Vec<Vertex> = (0..DEPTH).map(|i| builder.vertex(&format!("v{i}")).unwrap()).collect();
    for pair in chain.windows(2) {
        builder.need(pair[0], 1, &[pair[1]]).unwrap();
    }
    builder.event(chain[DEPTH - 1], Event::default()).unwrap();
    let graph = builder.finish().unwrap();
    assert!(graph.bottom_up().eq(chain.iter().rev().copied()));
    assert!(graph.cycles().is_empty());
}

#[test]
fn circles_are_named_and_those_through_a_negation_refused() {
    let circle = |gate: Gate, sign: fn(Vertex) -> Literal| {
        let mut builder = FaultGraphBuilder::new();
        let [z, y, x, own] = vertices(&mut builder, ["z", "y", "x", "own"]);
        builder.gate(x, gate, &[sign(y), own.down()]).unwrap();
        builder.gate(y, Gate::Or, &[z.down()]).unwrap();
        builder.gate(z, Gate::Or, &[x.down()]).unwrap();
        builder.gate(own, Gate::Or, &[own.down()]).unwrap();
        builder.finish()
    };
    let graph = circle(Gate::And, Vertex::down).unwrap();
    let named = |cycle: &Vec<Vertex>| cycle.iter().map(|&vertex| graph.name(vertex).to_owned()).collect::<Vec<_>>();
    assert_eq!(graph.cycles().iter().map(named).collect::<Vec<_>>(), [vec!["own"], vec!["x", "y", "z"]]);
    let refused = GraphError::CycleThroughNegation { name: "x".to_owned(), length: 3 };
    assert_eq!(circle(Gate::And, Vertex::up).unwrap_err(), refused);
    assert_eq!(circle(Gate::Xor, Vertex::down).unwrap_err(), refused);
}

type Put = fn(&mut FaultGraphBuilder, Vertex, Vertex) -> Result<(), GraphError>;

#[test]
fn what_is_no_fault_graph_is_refused_by_name() {
    let refused: [(Put, &str); 12] = [
        (
            |b, v, _| b.event(v, Event { probability: Some(f64::NAN), ..Event::default() }),
            "the probability of `v` is NaN",
        ),
        (|b, v, _| b.event(v, Event { probability: Some(1.5), ..Event::default() }), "the probability of `v` is 1.5"),
        (|b, v, _| b.event(v, Event::default()).and_then(|()| b.event(v, Event::default())), "`v` is defined twice"),
        (|b, _, _| b.define("v").and_then(|_| b.define("v")).map(drop), "`v` is defined twice"),
        (|b, v, u| b.need(v, 2, &[u]).map(drop), "`v` needs at least 2 of 1"),
        (|b, v, u| b.need(v, 0, &[u]).map(drop), "`v` needs at least 0 of 1"),
        (|b, v, _| b.need(v, 1, &[]).map(drop), "`v` needs at least 1 of 0"),
        (|b, v, u| b.need(v, 1, &[u, v, u]).map(drop), "`v`: a gate that counts names `u` twice"),
        (|b, v, u| b.gate(v, Gate::AtLeast(3), &[u.down()]).map(drop), "`v`: `at least 3` of 1 is not possible"),
        (
            |b, v, u| b.gate(v, Gate::Not, &[u.down(), u.up()]).map(drop),
            "`v`: the gate `not` takes one argument, and has 2",
        ),
        (|b, v, _| b.gate(v, Gate::And, &[]).map(drop), "`v`: the gate `and` takes one argument or more, and has 0"),
        (|b, v, u| b.gate(v, Gate::Or, &[u.down()]).map(drop), "`v` refers to `u`, which is not defined"),
    ];
    for (put, expect) in refused {
        let mut builder = FaultGraphBuilder::new();
        let [v, u] = vertices(&mut builder, ["v", "u"]);
        let found = put(&mut builder, v, u).and_then(|()| {
            builder.event(v, Event::default())?;
            builder.finish().map(drop)
        });
        let found = found.unwrap_err().to_string();
        assert!(found.starts_with(expect), "{found}");
    }
}
