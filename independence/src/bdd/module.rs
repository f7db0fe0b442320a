//! Modules: gates whose cone nothing else looks into. Each is analysed once, by itself, as if it were an event.
//!
//! Found in one walk (Dutuit and Rauzy, 1996): every visit of a node gets a date, and a gate is a module when all visits of
//! what is below it fall between its own first visit and its end. Arguments of one AND or XOR that share nothing with
//! the others are first put together into gates of their own, which makes more modules.

use super::circuit::{Circuit, Kind, Literal};
use super::table::Full;

/// When a node was visited, and when what is below it was.
#[derive(Debug, Clone, Copy)]
struct Dates {
    first: u32,
    last: u32,
    end: u32,
    /// First and last visit of the node or of anything below it.
    earliest: u32,
    latest: u32,
}

fn dates(circuit: &Circuit, root: Literal, cone: &[u32]) -> Vec<Dates> {
    let never = Dates { first: 0, last: 0, end: 0, earliest: u32::MAX, latest: 0 };
    let mut dates = vec![never; circuit.nodes() as usize];
    let mut now = 0;
    let mut open = vec![(root.node(), 0)];
    while let Some((node, position)) = open.pop() {
        let dated = &mut dates[node as usize];
        if position == 0 {
            now += 1;
            dated.last = now;
            if dated.first != 0 {
                continue;
            }
            dated.first = now;
        }
        match circuit.as_gate(node).and_then(|gate| gate.arguments.get(position)) {
            Some(argument) => {
                open.push((node, position + 1));
                open.push((argument.node(), 0));
            }
            None => {
                now += 1;
                dated.end = now;
            }
        }
    }
    for &node in cone {
        let Dates { first, last, .. } = dates[node as usize];
        let arguments = circuit.as_gate(node).map_or(&[][..], |gate| &gate.arguments);
        let below = arguments.iter().map(|argument| dates[argument.node() as usize]);
        let span = below.fold((first, last), |span, it| (span.0.min(it.earliest), span.1.max(it.latest)));
        (dates[node as usize].earliest, dates[node as usize].latest) = span;
    }
    dates
}

/// Which nodes are modules. Events are none; the root is one.
pub(super) fn modules(circuit: &Circuit, root: Literal) -> Vec<bool> {
    let cone = circuit.cone(root);
    let dates = dates(circuit, root, &cone);
    let mut modules = vec![false; circuit.nodes() as usize];
    for &node in &cone {
        if let Some(gate) = circuit.as_gate(node) {
            let own = dates[node as usize];
            let inside = |argument: &Literal| {
                let below = dates[argument.node() as usize];
                below.earliest > own.first && below.latest < own.end
            };
            modules[node as usize] = gate.arguments.iter().all(inside);
        }
    }
    modules
}

/// The circuit with arguments that share nothing with others of their gate put together, in so much memory.
pub(super) fn grouped(circuit: &Circuit, root: Literal, bytes_max: u64) -> Result<(Circuit, Literal), Full> {
    let cone = circuit.cone(root);
    let dates = dates(circuit, root, &cone);
    let mut result = Circuit::new(circuit.events(), bytes_max);
    let mut image = vec![Literal::TRUE; circuit.nodes() as usize];
    for &node in &cone {
        let Some(gate) = circuit.as_gate(node) else {
            image[node as usize] = Literal::of(node);
            continue;
        };
        let of = |literal: Literal| image[literal.node() as usize].negated_if(literal.is_negated());
        image[node as usize] = match gate.kind {
            Kind::AtLeast(threshold) => {
                result.at_least(threshold as usize, gate.arguments.iter().map(|&argument| of(argument)).collect())
            }
            Kind::And | Kind::Xor => {
                let mut arguments = Vec::new();
                for group in groups(&gate.arguments, dates[node as usize], &dates) {
                    let mut group: Vec<Literal> = group.into_iter().map(of).collect();
                    match group.len() {
                        1 => arguments.append(&mut group),
                        _ => arguments.push(associative(&mut result, gate.kind, group)),
                    }
                }
                associative(&mut result, gate.kind, arguments)
            }
        };
        result.room()?;
    }
    let root = image[root.node() as usize].negated_if(root.is_negated());
    Ok((result, root))
}

fn associative(circuit: &mut Circuit, kind: Kind, arguments: Vec<Literal>) -> Literal {
    if kind == Kind::Xor { circuit.xor(arguments) } else { circuit.and(arguments) }
}

/// The arguments of a gate in groups: alone what is used elsewhere too, together what shares nodes, and together all that
/// shares nothing with anything.
fn groups(arguments: &[Literal], gate: Dates, dates: &[Dates]) -> Vec<Vec<Literal>> {
    let span = |literal: Literal| (dates[literal.node() as usize].earliest, dates[literal.node() as usize].latest);
    let (mut inside, mut outside) = (Vec::new(), Vec::new());
    for &argument in arguments {
        let (earliest, latest) = span(argument);
        let is_inside = earliest > gate.first && latest < gate.end;
        if is_inside { inside.push(argument) } else { outside.push(vec![argument]) }
    }
    inside.sort_by_key(|&argument| span(argument));
    let mut clusters: Vec<(u32, Vec<Literal>)> = Vec::new();
    for argument in inside {
        let (earliest, latest) = span(argument);
        match clusters.last_mut() {
            Some((end, cluster)) if *end >= earliest => {
                *end = latest.max(*end);
                cluster.push(argument);
            }
            _ => clusters.push((latest, vec![argument])),
        }
    }
    let (alone, mut groups): (Vec<_>, Vec<_>) =
        clusters.into_iter().map(|(_, cluster)| cluster).partition(|cluster| cluster.len() == 1);
    groups.extend(outside);
    if !alone.is_empty() {
        groups.push(alone.concat());
    }
    if groups.len() == 1 { arguments.iter().map(|&argument| vec![argument]).collect() } else { groups }
}
