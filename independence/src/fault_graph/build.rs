//! Building a [`FaultGraph`] from definitions in any order.

use super::names::{Full, Names};
use super::order::{Arrays, Order};
use super::{Event, Evidence, FaultGraph, Gate, GateId, Knowledge, Literal, NO_EVIDENCE, Own, VERTICES_MAX, Vertex};

/// Why something is no fault graph. Each names the vertex at fault.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum GraphError {
    /// A vertex is defined again.
    #[error("`{name}` is defined twice")]
    DefinedTwice {
        /// The vertex.
        name: String,
    },
    /// A vertex is referred to and never defined.
    #[error("`{wanted_by}` refers to `{name}`, which is not defined")]
    Undefined {
        /// What is not defined.
        name: String,
        /// What refers to it; the vertex itself where nothing does.
        wanted_by: String,
    },
    /// A probability that is none.
    #[error("the probability of `{name}` is {value}, and not between 0 and 1")]
    Probability {
        /// The vertex.
        name: String,
        /// What was given for it.
        value: f64,
    },
    /// A gate with too few or too many arguments.
    #[error("`{name}`: the gate `{gate}` takes {takes}, and has {found}")]
    Arguments {
        /// The vertex.
        name: String,
        /// The operator.
        gate: Gate,
        /// How many it takes, in words.
        takes: &'static str,
        /// How many it has.
        found: usize,
    },
    /// A gate or need that counts beyond its arguments.
    #[error("`{name}`: `{gate}` of {found} is not possible")]
    Bounds {
        /// The vertex.
        name: String,
        /// The operator, with its bounds.
        gate: Gate,
        /// How many arguments there are.
        found: usize,
    },
    /// A need that asks for none, or for more members than it has.
    #[error("`{name}` needs at least {min} of {found}: write a number from 1 to {found}")]
    Need {
        /// The vertex.
        name: String,
        /// How many it asks for.
        min: u32,
        /// How many members there are.
        found: usize,
    },
    /// Something that is counted is named twice.
    #[error("`{name}`: a gate that counts names `{member}` twice")]
    RepeatedMember {
        /// The vertex.
        name: String,
        /// What is named twice.
        member: String,
    },
    /// Vertices that depend on each other, one of them on another's being up: there may be no least solution.
    #[error("`{name}` depends on itself through a negation, in a circle of {length}")]
    CycleThroughNegation {
        /// A vertex whose gate denies another of the circle.
        name: String,
        /// How many vertices the circle has.
        length: usize,
    },
    /// A handle that stands for no evidence.
    #[error("the evidence handle of `{name}` is {handle}: handles are smaller")]
    Handle {
        /// The vertex.
        name: String,
        /// The handle.
        handle: Evidence,
    },
    /// More memory than [`FaultGraphBuilder::limited_to`] allows.
    #[error("the graph takes more than {bytes_max} bytes")]
    Memory {
        /// What it may take.
        bytes_max: usize,
    },
    /// More than 32-bit numbers can count.
    #[error("the graph is too large: {what}")]
    TooLarge {
        /// What there is too much of.
        what: &'static str,
    },
}

/// A graph in the making. Vertices may be referred to before they are defined; [`FaultGraphBuilder::finish`] refuses
/// those that never are.
///
/// Nothing is read from an order of input: but for the numbers of vertices and gates, the same definitions make the same
/// graph. Whoever writes the definitions decides what fails with what, and nothing else.
#[derive(Debug)]
pub struct FaultGraphBuilder {
    names: Names,
    own: Vec<Own>,
    defined: Vec<Definition>,
    probabilities: Vec<f64>,
    owners: Vec<u32>,
    gates: Vec<Gate>,
    argument_starts: Vec<u32>,
    arguments: Vec<Literal>,
    doubts: Vec<(GateId, Knowledge)>,
    vertex_evidence: Vec<Evidence>,
    gate_evidence: Vec<Evidence>,
    /// Number of the gate that last named a vertex, to see repetitions.
    named_by: Vec<u32>,
    bytes_max: usize,
    /// How many things were put in since its bytes were counted.
    since: usize,
}

/// After so many things more it is counted again what the graph takes.
const COUNT_EVERY: usize = 1 << 12;
/// While an array grows, or is put in order, there are two of it.
const COPIES: usize = 2;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Definition {
    Missing,
    /// By having an event or a gate.
    Implied,
    Explicit,
}

impl Default for FaultGraphBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl FaultGraphBuilder {
    /// An empty graph.
    pub fn new() -> Self {
        Self {
            names: Names::new(),
            own: Vec::new(),
            defined: Vec::new(),
            probabilities: Vec::new(),
            owners: Vec::new(),
            gates: Vec::new(),
            argument_starts: vec![0],
            arguments: Vec::new(),
            doubts: Vec::new(),
            vertex_evidence: Vec::new(),
            gate_evidence: Vec::new(),
            named_by: Vec::new(),
            bytes_max: usize::MAX,
            since: 0,
        }
    }

    /// An empty graph that will have about so many vertices, which makes building it faster.
    pub fn with_room_for(vertices: usize) -> Self {
        Self { names: Names::with_room_for(vertices), ..Self::new() }
    }

    /// The same, which refuses with [`GraphError::Memory`] what would take more than so many bytes while it is built.
    ///
    /// # Errors
    /// When even what is there takes more.
    pub fn limited_to(mut self, bytes_max: usize) -> Result<Self, GraphError> {
        self.bytes_max = bytes_max;
        self.room_for(0)?;
        Ok(self)
    }

    /// Whether so many bytes, of whoever fills the graph, still fit beside it.
    ///
    /// # Errors
    /// [`GraphError::Memory`].
    pub fn room_for(&mut self, bytes: usize) -> Result<(), GraphError> {
        self.since = 0;
        if self.heap_bytes().saturating_add(bytes).saturating_mul(COPIES) <= self.bytes_max {
            return Ok(());
        }
        Err(GraphError::Memory { bytes_max: self.bytes_max })
    }

    #[inline]
    fn grow(&mut self, things: usize) -> Result<(), GraphError> {
        self.since += things;
        if self.since < COUNT_EVERY { Ok(()) } else { self.room_for(0) }
    }

    fn heap_bytes(&self) -> usize {
        fn of<T>(values: &Vec<T>) -> usize {
            values.capacity() * size_of::<T>()
        }
        self.names.heap_bytes()
            + of(&self.own)
            + of(&self.defined)
            + of(&self.probabilities)
            + of(&self.owners)
            + of(&self.gates)
            + of(&self.argument_starts)
            + of(&self.arguments)
            + of(&self.doubts)
            + of(&self.vertex_evidence)
            + of(&self.gate_evidence)
            + of(&self.named_by)
    }

    /// The vertex of this name, known already or new. An empty name is no name: each call makes another vertex.
    ///
    /// # Errors
    /// [`GraphError::TooLarge`], [`GraphError::Memory`].
    pub fn vertex(&mut self, name: &str) -> Result<Vertex, GraphError> {
        let number =
            self.names.intern(name).map_err(|Full| GraphError::TooLarge { what: "vertices and their names" })?;
        if self.own.len() <= number as usize {
            self.own.push(Own::None);
            self.defined.push(Definition::Missing);
            self.named_by.push(u32::MAX);
            self.grow(1 + name.len() / 8)?;
        }
        Ok(Vertex(number))
    }

    /// The vertex of this name, which is defined by this call: it exists even with no event and no gate, and then can
    /// never be down.
    ///
    /// # Errors
    /// [`GraphError::DefinedTwice`] where it was defined so before, [`GraphError::TooLarge`].
    pub fn define(&mut self, name: &str) -> Result<Vertex, GraphError> {
        let vertex = self.vertex(name)?;
        let definition = &mut self.defined[vertex.index()];
        if *definition == Definition::Explicit {
            return Err(GraphError::DefinedTwice { name: name.to_owned() });
        }
        *definition = Definition::Explicit;
        Ok(vertex)
    }

    /// A part of a formula that has no name of its own.
    ///
    /// # Errors
    /// [`GraphError::TooLarge`].
    pub fn unnamed(&mut self) -> Result<Vertex, GraphError> {
        self.define("")
    }

    /// The vertex can fail by itself.
    ///
    /// # Errors
    /// [`GraphError::DefinedTwice`] where this was said before, [`GraphError::Probability`].
    pub fn event(&mut self, vertex: Vertex, event: Event) -> Result<(), GraphError> {
        if let Some(value) = event.probability.filter(|value| !(0.0..=1.0).contains(value)) {
            return Err(GraphError::Probability { name: self.name(vertex), value });
        }
        if self.own[vertex.index()] != Own::None {
            return Err(GraphError::DefinedTwice { name: self.name(vertex) });
        }
        self.own[vertex.index()] = Own::Fails(event.knowledge);
        if let Some(value) = event.probability {
            if self.probabilities.len() <= vertex.index() {
                self.probabilities.resize(vertex.index() + 1, f64::NAN);
            }
            self.probabilities[vertex.index()] = value;
        }
        self.imply(vertex);
        Ok(())
    }

    /// The vertex is down whenever the gate holds. Of several gates any one suffices.
    ///
    /// # Errors
    /// When the operator does not fit its arguments, or a gate that counts names a vertex twice.
    pub fn gate(&mut self, vertex: Vertex, gate: Gate, arguments: &[Literal]) -> Result<GateId, GraphError> {
        check(gate, arguments.len(), || self.name(vertex))?;
        self.push(vertex, gate, arguments.iter().copied())
    }

    /// The vertex is down whenever fewer than `min` of `members` are up.
    ///
    /// # Errors
    /// When `min` is none of 1 to the number of members, or a member is named twice.
    pub fn need(&mut self, vertex: Vertex, min: u32, members: &[Vertex]) -> Result<GateId, GraphError> {
        let count = u32::try_from(members.len()).map_err(|_| GraphError::TooLarge { what: "members of one need" })?;
        if min == 0 || min > count {
            return Err(GraphError::Need { name: self.name(vertex), min, found: members.len() });
        }
        self.push(vertex, Gate::AtLeast(count - min + 1), members.iter().map(|member| member.down()))
    }

    /// What is known of a gate, where it is not simply known.
    pub fn doubt(&mut self, gate: GateId, knowledge: Knowledge) {
        self.doubts.push((gate, knowledge));
    }

    /// What a vertex rests on.
    ///
    /// # Errors
    /// [`GraphError::Handle`].
    pub fn vertex_evidence(&mut self, vertex: Vertex, evidence: Evidence) -> Result<(), GraphError> {
        let name = |graph: &Self| graph.name(vertex);
        if evidence == NO_EVIDENCE {
            return Err(GraphError::Handle { name: name(self), handle: evidence });
        }
        enter(&mut self.vertex_evidence, vertex.index(), evidence);
        Ok(())
    }

    /// What a gate or a need rests on.
    ///
    /// # Errors
    /// [`GraphError::Handle`].
    pub fn gate_evidence(&mut self, gate: GateId, evidence: Evidence) -> Result<(), GraphError> {
        if evidence == NO_EVIDENCE {
            let owner = Vertex(self.owners[gate.0 as usize]);
            return Err(GraphError::Handle { name: self.name(owner), handle: evidence });
        }
        enter(&mut self.gate_evidence, gate.0 as usize, evidence);
        Ok(())
    }

    /// How many vertices can fail by themselves so far.
    pub fn event_count(&self) -> usize {
        self.own.iter().filter(|own| **own != Own::None).count()
    }

    fn name(&self, vertex: Vertex) -> String {
        self.names.get(vertex.0).to_owned()
    }

    fn imply(&mut self, vertex: Vertex) {
        let definition = &mut self.defined[vertex.index()];
        if *definition == Definition::Missing {
            *definition = Definition::Implied;
        }
    }

    fn push(
        &mut self,
        vertex: Vertex,
        gate: Gate,
        arguments: impl Iterator<Item = Literal>,
    ) -> Result<GateId, GraphError> {
        let too_large = || GraphError::TooLarge { what: "gates and their arguments" };
        let id = u32::try_from(self.gates.len()).map_err(|_| too_large())?;
        let start = self.arguments.len();
        self.arguments.extend(arguments);
        let end = u32::try_from(self.arguments.len()).ok().filter(|_| id < u32::MAX - 1);
        let end = end.ok_or_else(too_large)?;
        if matches!(gate, Gate::AtLeast(_) | Gate::Cardinality { .. }) && self.arguments.len() - start > 1 {
            for argument in &self.arguments[start..] {
                let last = std::mem::replace(&mut self.named_by[argument.vertex().index()], id);
                if last == id {
                    let member = self.name(argument.vertex());
                    return Err(GraphError::RepeatedMember { name: self.name(vertex), member });
                }
            }
        }
        self.owners.push(vertex.0);
        self.gates.push(gate);
        self.argument_starts.push(end);
        self.imply(vertex);
        self.grow(1 + self.arguments.len() - start)?;
        Ok(GateId(id))
    }

    /// The graph.
    ///
    /// # Errors
    /// When a vertex is not defined, or a circle goes through a negation.
    pub fn finish(mut self) -> Result<FaultGraph, GraphError> {
        self.all_defined()?;
        debug_assert!(self.own.len() <= VERTICES_MAX);
        if !self.owners.is_sorted() {
            self.sort_by_owner();
        }
        let gate_starts = self.gate_starts();
        let arrays = self.arrays(&gate_starts);
        let name = |vertex: Vertex| self.names.get(vertex.0).to_owned();
        let order = Order::of(&arrays, name);
        if let Some((vertex, length)) = order.negated_circle(&arrays) {
            return Err(GraphError::CycleThroughNegation { name: name(vertex), length });
        }
        Ok(self.into_graph(gate_starts, order))
    }

    fn gate_starts(&self) -> Vec<u32> {
        let count = self.own.len();
        let mut gate_starts = vec![0u32; count + 1];
        for &owner in &self.owners {
            gate_starts[owner as usize + 1] += 1;
        }
        for vertex in 0..count {
            gate_starts[vertex + 1] += gate_starts[vertex];
        }
        gate_starts
    }

    fn arrays<'a>(&'a self, gate_starts: &'a [u32]) -> Arrays<'a> {
        Arrays { gate_starts, gates: &self.gates, argument_starts: &self.argument_starts, arguments: &self.arguments }
    }

    fn into_graph(mut self, gate_starts: Vec<u32>, order: Order) -> FaultGraph {
        self.doubts.sort_unstable();
        self.doubts.dedup_by_key(|(gate, _)| *gate);
        self.names.shrink();
        let mut graph = FaultGraph {
            names: self.names,
            own: self.own,
            probabilities: self.probabilities,
            gate_starts,
            gates: self.gates,
            argument_starts: self.argument_starts,
            arguments: self.arguments,
            doubts: self.doubts,
            vertex_evidence: self.vertex_evidence,
            gate_evidence: self.gate_evidence,
            order,
        };
        graph.shrink();
        graph
    }

    fn all_defined(&self) -> Result<(), GraphError> {
        let missing = |vertex: &usize| self.defined[*vertex] == Definition::Missing;
        let Some(vertex) = (0..self.defined.len()).find(missing) else { return Ok(()) };
        let refers = |gate: &usize| {
            let arguments = self.argument_starts[*gate] as usize..self.argument_starts[*gate + 1] as usize;
            self.arguments[arguments].iter().any(|argument| argument.vertex().index() == vertex)
        };
        let name = |vertex: u32| self.names.get(vertex).to_owned();
        // Interning keeps numbers in 32 bits.
        let undefined = u32::try_from(vertex).unwrap_or(u32::MAX);
        let wanted_by = (0..self.gates.len()).find(refers).map_or(undefined, |gate| self.owners[gate]);
        Err(GraphError::Undefined { name: name(undefined), wanted_by: name(wanted_by) })
    }

    /// Puts the gates of each vertex side by side, in the order given. Their numbers change.
    fn sort_by_owner(&mut self) {
        let mut order: Vec<u32> = (0u32..).take(self.gates.len()).collect();
        order.sort_by_key(|&gate| self.owners[gate as usize]);
        let mut renumbered = vec![0u32; order.len()];
        let mut arguments = Vec::with_capacity(self.arguments.len());
        let mut argument_starts = Vec::with_capacity(self.argument_starts.len());
        argument_starts.push(0);
        for (new, &old) in (0u32..).zip(&order) {
            let old = old as usize;
            renumbered[old] = new;
            let range = self.argument_starts[old] as usize..self.argument_starts[old + 1] as usize;
            arguments.extend_from_slice(&self.arguments[range]);
            // No longer than before, and that fitted.
            argument_starts.push(u32::try_from(arguments.len()).unwrap_or(u32::MAX));
        }
        self.gates = order.iter().map(|&old| self.gates[old as usize]).collect();
        self.owners.sort_unstable();
        if !self.gate_evidence.is_empty() {
            let old = |old: u32| self.gate_evidence.get(old as usize).copied().unwrap_or(NO_EVIDENCE);
            self.gate_evidence = order.iter().map(|&gate| old(gate)).collect();
        }
        for (gate, _) in &mut self.doubts {
            gate.0 = renumbered[gate.0 as usize];
        }
        (self.arguments, self.argument_starts) = (arguments, argument_starts);
    }
}

impl FaultGraph {
    /// A graph without names: what can fail by itself, and the needs (who, how many must be up, of which), sorted by who.
    /// A need that asks for none is always met, one that asks for more than there are never.
    pub(crate) fn of_needs<'a>(own: &[bool], needs: impl Iterator<Item = (u32, usize, &'a [u32])>) -> Self {
        let mut builder = FaultGraphBuilder::new();
        builder.names = Names::unnamed(own.len());
        builder.own = own.iter().map(|&own| if own { Own::Fails(Knowledge::Known) } else { Own::None }).collect();
        for (vertex, min, members) in needs {
            let failures = (members.len() + 1).saturating_sub(min);
            builder.gates.push(match u32::try_from(failures) {
                Ok(0) => Gate::Always,
                Ok(failures) if failures as usize <= members.len() => Gate::AtLeast(failures),
                _ => Gate::Never,
            });
            builder.owners.push(vertex);
            let counted = matches!(builder.gates.last(), Some(Gate::AtLeast(_)));
            builder.arguments.extend(members.iter().filter(|_| counted).map(|&member| Vertex(member).down()));
            // Evidence in memory has fewer edges than 32 bits count.
            builder.argument_starts.push(u32::try_from(builder.arguments.len()).unwrap_or(u32::MAX));
        }
        let gate_starts = builder.gate_starts();
        let order = Order::of(&builder.arrays(&gate_starts), |_| String::new());
        builder.into_graph(gate_starts, order)
    }

    fn shrink(&mut self) {
        self.own.shrink_to_fit();
        self.probabilities.shrink_to_fit();
        self.gates.shrink_to_fit();
        self.argument_starts.shrink_to_fit();
        self.arguments.shrink_to_fit();
    }
}

/// Whether a gate may have so many arguments.
pub(super) fn check(gate: Gate, found: usize, name: impl FnOnce() -> String) -> Result<(), GraphError> {
    let takes = match gate {
        Gate::Always | Gate::Never => (found != 0).then_some("no argument"),
        Gate::Not => (found != 1).then_some("one argument"),
        Gate::Imply | Gate::Iff => (found != 2).then_some("two arguments"),
        Gate::Xor => (found < 2).then_some("two arguments or more"),
        _ => (found == 0).then_some("one argument or more"),
    };
    if let Some(takes) = takes {
        return Err(GraphError::Arguments { name: name(), gate, takes, found });
    }
    let possible = match gate {
        Gate::AtLeast(min) => min as usize <= found,
        Gate::Cardinality { min, max } => min <= max && max as usize <= found,
        _ => true,
    };
    if possible { Ok(()) } else { Err(GraphError::Bounds { name: name(), gate, found }) }
}

fn enter(handles: &mut Vec<Evidence>, at: usize, evidence: Evidence) {
    if handles.len() <= at {
        handles.resize(at + 1, NO_EVIDENCE);
    }
    handles[at] = evidence;
}
