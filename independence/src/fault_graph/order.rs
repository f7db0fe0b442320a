//! An order in which what is needed comes first, and the circles that have none (Tarjan 1972, without recursion).

use super::{Gate, Literal, Vertex};

/// The flat arrays an order is made from.
pub(super) struct Arrays<'a> {
    pub(super) gate_starts: &'a [u32],
    pub(super) gates: &'a [Gate],
    pub(super) argument_starts: &'a [u32],
    pub(super) arguments: &'a [Literal],
}

impl Arrays<'_> {
    fn len(&self) -> usize {
        self.gate_starts.len() - 1
    }

    /// All arguments of all gates of a vertex lie side by side.
    fn arguments(&self, vertex: usize) -> std::ops::Range<usize> {
        let gates = self.gate_starts[vertex] as usize..self.gate_starts[vertex + 1] as usize;
        self.argument_starts[gates.start] as usize..self.argument_starts[gates.end] as usize
    }
}

/// Positions, each after those of what is needed, except within a circle.
#[derive(Debug, Clone)]
pub(super) struct Order {
    /// Empty where each vertex already has a larger number than what it needs: then a position is a number.
    vertices: Vec<u32>,
    positions: Vec<u32>,
    cycles: Vec<Vec<Vertex>>,
}

impl Order {
    pub(super) fn vertex(&self, position: u32) -> Vertex {
        Vertex(self.vertices.get(position as usize).copied().unwrap_or(position))
    }

    pub(super) fn position(&self, vertex: Vertex) -> u32 {
        self.positions.get(vertex.index()).copied().unwrap_or(vertex.0)
    }

    pub(super) fn cycles(&self) -> &[Vec<Vertex>] {
        &self.cycles
    }

    pub(super) fn heap_bytes(&self) -> usize {
        (self.vertices.capacity() + self.positions.capacity()) * size_of::<u32>()
    }

    /// Circles are sorted by the names of their members.
    pub(super) fn of(arrays: &Arrays<'_>, name: impl Fn(Vertex) -> String) -> Self {
        let sorted = (0..arrays.len()).all(|vertex| {
            let arguments = &arrays.arguments[arrays.arguments(vertex)];
            arguments.iter().all(|argument| argument.vertex().index() < vertex)
        });
        if sorted {
            return Self { vertices: Vec::new(), positions: Vec::new(), cycles: Vec::new() };
        }
        let mut walk = Walk::new(arrays);
        walk.roots_first();
        let mut positions = vec![0; arrays.len()];
        for (position, &vertex) in (0u32..).zip(&walk.vertices) {
            positions[vertex as usize] = position;
        }
        let mut cycles = walk.cycles;
        for cycle in &mut cycles {
            cycle.sort_by_cached_key(|&vertex| (name(vertex), vertex));
        }
        cycles.sort_by_cached_key(|cycle| cycle.first().map(|&vertex| (name(vertex), vertex)));
        Self { vertices: walk.vertices, positions, cycles }
    }

    /// A vertex in a circle that denies another one of it, or counts it other than as a failure, and the length of the
    /// circle: there may be no least solution.
    pub(super) fn negated_circle(&self, arrays: &Arrays<'_>) -> Option<(Vertex, usize)> {
        self.cycles.iter().find_map(|cycle| {
            let mut sorted = cycle.clone();
            sorted.sort_unstable();
            negated_within(arrays, &sorted).map(|vertex| (vertex, cycle.len()))
        })
    }
}

/// A vertex of the circle whose gate denies another of the circle. `cycle` is sorted by number.
fn negated_within(arrays: &Arrays<'_>, cycle: &[Vertex]) -> Option<Vertex> {
    cycle.iter().copied().find(|vertex| {
        let gates = arrays.gate_starts[vertex.index()] as usize..arrays.gate_starts[vertex.index() + 1] as usize;
        gates.into_iter().any(|gate| {
            let arguments = arrays.argument_starts[gate] as usize..arrays.argument_starts[gate + 1] as usize;
            let inside = |argument: &&Literal| cycle.binary_search(&argument.vertex()).is_ok();
            arrays.arguments[arguments]
                .iter()
                .filter(inside)
                .any(|argument| argument.is_negated() || !arrays.gates[gate].is_monotone())
        })
    })
}

const UNSEEN: u32 = u32::MAX;

struct Walk<'a> {
    arrays: &'a Arrays<'a>,
    seen: Vec<u32>,
    low: Vec<u32>,
    next: u32,
    /// Entered and not yet put into a component.
    open: Vec<u32>,
    is_open: Vec<bool>,
    /// The way from the root: a vertex, and where in the arguments it goes on.
    way: Vec<(u32, usize)>,
    vertices: Vec<u32>,
    cycles: Vec<Vec<Vertex>>,
}

impl<'a> Walk<'a> {
    fn new(arrays: &'a Arrays<'a>) -> Self {
        let count = arrays.len();
        Self {
            arrays,
            seen: vec![UNSEEN; count],
            low: vec![0; count],
            next: 0,
            open: Vec::new(),
            is_open: vec![false; count],
            way: Vec::new(),
            vertices: Vec::with_capacity(count),
            cycles: Vec::new(),
        }
    }

    /// Starts where nobody refers to, so that a fault tree is walked from its top: what is near each other in the tree is
    /// then near in the order, which keeps decision diagrams small.
    fn roots_first(&mut self) {
        let mut referred = vec![false; self.arrays.len()];
        for argument in self.arrays.arguments {
            referred[argument.vertex().index()] = true;
        }
        for only_roots in [true, false] {
            for (vertex, &referred) in (0u32..).zip(&referred) {
                if self.seen[vertex as usize] == UNSEEN && referred != only_roots {
                    self.from(vertex);
                }
            }
        }
    }

    fn enter(&mut self, vertex: u32) {
        self.seen[vertex as usize] = self.next;
        self.low[vertex as usize] = self.next;
        self.next += 1;
        self.open.push(vertex);
        self.is_open[vertex as usize] = true;
        self.way.push((vertex, self.arrays.arguments(vertex as usize).start));
    }

    fn from(&mut self, root: u32) {
        self.enter(root);
        while let Some((vertex, at)) = self.way.last_mut() {
            let v = *vertex as usize;
            if *at < self.arrays.arguments(v).end {
                let next = self.arrays.arguments[*at].vertex();
                *at += 1;
                if self.seen[next.index()] == UNSEEN {
                    self.enter(next.0);
                } else if self.is_open[next.index()] {
                    self.low[v] = self.low[v].min(self.seen[next.index()]);
                }
                continue;
            }
            self.way.pop();
            if let Some(&(parent, _)) = self.way.last() {
                self.low[parent as usize] = self.low[parent as usize].min(self.low[v]);
            }
            if self.low[v] == self.seen[v] {
                self.close(v);
            }
        }
    }

    fn close(&mut self, first: usize) {
        let start = self.vertices.len();
        while let Some(vertex) = self.open.pop() {
            self.is_open[vertex as usize] = false;
            self.vertices.push(vertex);
            if vertex as usize == first {
                break;
            }
        }
        let needs_itself = |vertex: usize| {
            self.arrays.arguments[self.arrays.arguments(vertex)]
                .iter()
                .any(|argument| argument.vertex().index() == vertex)
        };
        if self.vertices.len() - start > 1 || needs_itself(first) {
            let mut cycle: Vec<Vertex> = self.vertices[start..].iter().map(|&vertex| Vertex(vertex)).collect();
            cycle.sort_unstable();
            self.cycles.push(cycle);
        }
    }
}
