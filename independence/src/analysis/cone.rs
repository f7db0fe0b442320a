//! What a question depends on: its cone, dominators, and events in series.
//!
//! Vertices go by their *position*, [`FaultGraph::position`], in which what is needed comes first; the question itself is
//! one more vertex behind all others. So one pass from the last position to the first sees every vertex after all that
//! need it.
//!
//! # Dominators
//! `d` dominates `v` when every way from the question to `v` goes through `d`; the events that `d` dominates are *private*
//! to it. The immediate dominator of a vertex is the deepest common dominator of those that need it, found by walking up
//! from each (Cooper, Harvey, Kennedy); without circles the order of the pass makes one pass enough. The walks have a
//! budget, and vertices in circles are not looked at: they get the question for a dominator, which is true of every
//! vertex. What is dominated is then not always seen, but never claimed wrongly.
//!
//! # Events in series
//! A vertex that one vertex needs, once, and needs without a choice, brings that one down whenever it fails; its own failure
//! can stand in for the other's and the other for it. So the own failures of such a chain are one variable with a
//! multiplicity, at the vertex at its end: a host with its board, memory and network card is one variable of
//! multiplicity 4. Minimal groups hold at most one event of a series, each in turn.

use std::collections::{BTreeMap, BTreeSet};

use super::{AnalysisError, Question, Sequence};
use crate::fault_graph::{FaultGraph, Gate, GateId, Knowledge, Literal, Vertex};

/// Not in the cone.
const OUTSIDE: u32 = u32::MAX;

/// What a gate does with its arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// One down suffices.
    Any,
    /// All must be down.
    All,
    /// So many must be down, more than one and fewer than all.
    AtLeast(u32),
    /// Holds always.
    Always,
}

/// A gate of a cone: a rule over positions.
#[derive(Debug, Clone, Copy)]
pub(super) struct ConeGate<'c> {
    pub(super) rule: Rule,
    pub(super) arguments: &'c [Literal],
    /// The variable of the fact on which it depends.
    pub(super) fact: Option<u32>,
}

/// Something of which it is not known whether it is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fact {
    /// Whether the vertex can fail by itself.
    Event(Vertex),
    /// Whether the gate is there.
    Gate(GateId),
}

/// How what is not known is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// It is not there.
    Optimistic,
    /// It is there.
    Pessimistic,
    /// It is there when its variable is true.
    Facts,
}

/// A question and all it depends on.
#[derive(Debug)]
pub(super) struct Cone<'g> {
    graph: &'g FaultGraph,
    mode: Mode,
    sequence: Sequence,
    facts: Vec<Fact>,
    question: Vec<Literal>,
    at_least: u32,
    /// By position; [`OUTSIDE`] for what is not in the cone.
    dominators: Vec<u32>,
    /// By position: the vertex that carries the variable of the own failure.
    carriers: Vec<u32>,
    /// By position of the carrier: how many events its variable stands for.
    multiplicities: Vec<u32>,
    /// By position, where there are circles: number of the circle plus 1.
    circles: Vec<u32>,
    len: usize,
    /// What a change took away.
    taken_events: BTreeSet<u32>,
    taken_gates: BTreeSet<GateId>,
    /// How many of the events that a carrier stands for.
    taken_by_carrier: BTreeMap<u32, u32>,
}

impl<'g> Cone<'g> {
    pub(super) fn of(
        graph: &'g FaultGraph,
        question: &Question,
        mode: Mode,
        sequence: Sequence,
    ) -> Result<Self, AnalysisError> {
        let mut of: Vec<Literal> = question.of.iter().map(|vertex| vertex.down()).collect();
        of.sort_unstable();
        of.dedup();
        if question.at_least == 0 || question.at_least as usize > of.len() {
            return Err(AnalysisError::Question { at_least: question.at_least, of: of.len() });
        }
        let count = graph.len() + 1;
        let mut cone = Self {
            graph,
            mode,
            sequence,
            facts: Vec::new(),
            question: of,
            at_least: question.at_least,
            dominators: vec![OUTSIDE; count],
            carriers: vec![OUTSIDE; count],
            multiplicities: vec![0; count],
            circles: Vec::new(),
            len: 0,
            taken_events: BTreeSet::new(),
            taken_gates: BTreeSet::new(),
            taken_by_carrier: BTreeMap::new(),
        };
        if mode == Mode::Facts {
            cone.facts =
                graph.doubtful_events().map(Fact::Event).chain(graph.doubtful_gates().map(Fact::Gate)).collect();
        }
        cone.number_circles();
        cone.descend()?;
        Ok(cone)
    }

    fn number_circles(&mut self) {
        if self.graph.cycles().is_empty() {
            return;
        }
        self.circles = vec![0; self.graph.len() + 1];
        for (number, circle) in (1u32..).zip(self.graph.cycles()) {
            for &vertex in circle {
                self.circles[self.graph.position(vertex)] = number;
            }
        }
    }

    /// The question's position: no position is larger.
    pub(super) fn top(&self) -> u32 {
        // A graph has fewer than 2^31 vertices.
        u32::try_from(self.graph.len()).unwrap_or(u32::MAX - 1)
    }

    /// How many positions there are, in the cone or not.
    pub(super) fn positions(&self) -> usize {
        self.dominators.len()
    }

    /// How many vertices are in the cone.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    #[inline]
    pub(super) fn position(&self, argument: Literal) -> u32 {
        // As many as there are vertices.
        self.graph.position32(argument.vertex())
    }

    /// Whether a position is in the cone.
    pub(super) fn is_there(&self, position: u32) -> bool {
        self.dominators[position as usize] != OUTSIDE
    }

    pub(super) fn dominator(&self, position: u32) -> u32 {
        self.dominators[position as usize]
    }

    /// How many events fail at this position, its own and those in series with it, whatever was taken away since.
    pub(super) fn events_at(&self, position: u32) -> u32 {
        self.multiplicities[position as usize]
    }

    /// The variable of the failures at a position.
    ///
    /// [`Sequence::Structure`]: what is needed by many lies at small positions and gets large variables. The families of all
    /// that need it then have the same end, which diagrams share. [`Sequence::Members`]: variables are as the vertices, so
    /// that walking a diagram lists sets in their order.
    pub(super) fn variable(&self, position: u32) -> u32 {
        match self.sequence {
            Sequence::Structure => self.top() - position,
            // The question has no events.
            Sequence::Members => self.graph.vertex_at(position).number(),
        }
    }

    /// The variable of an event, where it is in the cone.
    pub(super) fn variable_of(&self, event: Vertex) -> Option<u32> {
        let carrier = self.carriers[self.graph.position(event)];
        (carrier != OUTSIDE).then(|| self.variable(carrier))
    }

    fn position_of(&self, variable: u32) -> u32 {
        match self.sequence {
            Sequence::Structure => self.top() - variable,
            Sequence::Members => self.graph.position32(Vertex::of(variable)),
        }
    }

    /// How many events a variable stands for, without those that were taken away.
    pub(super) fn multiplicity(&self, variable: u32) -> u32 {
        let carrier = self.position_of(variable);
        self.events_at(carrier) - self.taken_by_carrier.get(&carrier).copied().unwrap_or(0)
    }

    pub(super) fn circle(&self, position: u32) -> Option<usize> {
        (*self.circles.get(position as usize)? as usize).checked_sub(1)
    }

    /// Positions of the vertices of a circle.
    pub(super) fn circle_members(&self, circle: usize) -> Vec<u32> {
        let mut members: Vec<u32> = self.graph.cycles()[circle].iter().map(|&v| self.graph.position32(v)).collect();
        members.sort_unstable();
        members
    }

    /// The gates of a position: numbers for [`Cone::gate`].
    #[inline]
    pub(super) fn gates(&self, position: u32) -> std::ops::Range<u32> {
        let past_all = self.past_all_gates();
        if position == self.top() { past_all..past_all + 1 } else { self.graph.gate_range(position) }
    }

    fn past_all_gates(&self) -> u32 {
        u32::try_from(self.graph.gate_count()).unwrap_or(u32::MAX - 1)
    }

    /// A gate, unless the reading says that it is not there or it never holds.
    #[inline]
    pub(super) fn gate(&self, number: u32) -> Option<ConeGate<'_>> {
        if number == self.past_all_gates() {
            let rule = counted(self.at_least, self.question.len());
            return Some(ConeGate { rule, arguments: &self.question, fact: None });
        }
        self.graph_gate(number)
    }

    #[inline]
    fn graph_gate(&self, number: u32) -> Option<ConeGate<'g>> {
        let id = GateId::of(number);
        if !self.sees(id) || !self.taken_gates.is_empty() && self.taken_gates.contains(&id) {
            return None;
        }
        let (gate, arguments) = self.graph.bare_gate(id);
        let rule = match gate {
            Gate::Or => Rule::Any,
            Gate::And => counted(u32::try_from(arguments.len()).unwrap_or(u32::MAX), arguments.len()),
            Gate::AtLeast(min) => counted(min, arguments.len()),
            Gate::Always => Rule::Always,
            // Refused by `descend` but for `Never`, which adds nothing.
            _ => return None,
        };
        Some(ConeGate { rule, arguments, fact: self.fact(Fact::Gate(id)) })
    }

    /// Whether the reading takes a gate as there.
    #[inline]
    fn sees(&self, gate: GateId) -> bool {
        self.mode != Mode::Optimistic || self.graph.knowledge(gate) == Knowledge::Known
    }

    /// The first variable of a fact: those of events are smaller.
    pub(super) fn facts_from(&self) -> u32 {
        self.top() + 1
    }

    /// The fact of a variable.
    pub(super) fn fact_at(&self, variable: u32) -> Fact {
        self.facts[(variable - self.facts_from()) as usize]
    }

    fn fact(&self, fact: Fact) -> Option<u32> {
        if self.facts.is_empty() {
            return None;
        }
        let at = self.facts.binary_search(&fact).ok()?;
        Some(self.facts_from() + u32::try_from(at).unwrap_or(u32::MAX))
    }

    /// The variable of the fact on which the own failure of a position depends.
    pub(super) fn fact_of_event(&self, position: u32) -> Option<u32> {
        if self.facts.is_empty() || position == self.top() {
            return None;
        }
        self.fact(Fact::Event(self.graph.vertex_at(position)))
    }

    fn fails_by_itself(&self, position: u32) -> bool {
        self.has_event(position) && !self.taken_events.contains(&position)
    }

    /// Whether it can fail by itself, whatever was taken away since.
    fn has_event(&self, position: u32) -> bool {
        if position == self.top() {
            return false;
        }
        match self.graph.event(self.graph.vertex_at(position)) {
            None => false,
            Some(event) => self.mode != Mode::Optimistic || event.knowledge == Knowledge::Known,
        }
    }

    /// The events that each of these variables stands for, in the order of the graph. `variables` is sorted.
    pub(super) fn events(&self, variables: &[u32]) -> Vec<Vec<Vertex>> {
        let mut events = vec![Vec::new(); variables.len()];
        let mut wanted = vec![false; self.positions()];
        for &variable in variables {
            wanted[self.position_of(variable) as usize] = true;
        }
        for position in 0..self.top() {
            let carrier = self.carriers[position as usize];
            if carrier != OUTSIDE
                && wanted[carrier as usize]
                && self.fails_by_itself(position)
                && let Ok(at) = variables.binary_search(&self.variable(carrier))
            {
                events[at].push(self.graph.vertex_at(position));
            }
        }
        events.iter_mut().for_each(|of_one| of_one.sort_unstable());
        events
    }

    /// Calls for every need of the cone, changed or not: who, and whom.
    pub(super) fn each_need(&self, mut call: impl FnMut(u32, u32)) {
        let top = self.top();
        self.question.iter().for_each(|&argument| call(top, self.position(argument)));
        for from in (0..top).filter(|&from| self.dominators[from as usize] != OUTSIDE) {
            for number in self.graph.gate_range(from) {
                let arguments = self.graph.bare_gate(GateId::of(number)).1;
                arguments.iter().for_each(|&argument| call(from, self.position(argument)));
            }
        }
    }

    /// Takes an own failure away, or gives it back. Its position.
    pub(super) fn change_event(&mut self, vertex: Vertex, there: bool) -> Result<u32, AnalysisError> {
        let position = self.graph.position32(vertex);
        if !self.has_event(position) {
            return Err(AnalysisError::NothingThere { name: self.graph.name(vertex).to_owned() });
        }
        if there {
            self.taken_events.remove(&position)
        } else {
            self.taken_events.insert(position)
        };
        Ok(position)
    }

    /// Counts what was taken away by its carriers, and says which variables stand for no event any more, sorted.
    pub(super) fn count_taken(&mut self) -> Vec<u32> {
        self.taken_by_carrier.clear();
        for &position in &self.taken_events {
            let carrier = self.carriers[position as usize];
            if carrier != OUTSIDE {
                *self.taken_by_carrier.entry(carrier).or_insert(0) += 1;
            }
        }
        let empty = self.taken_by_carrier.iter().filter(|&(&carrier, &taken)| taken == self.events_at(carrier));
        let mut variables: Vec<u32> = empty.map(|(&carrier, _)| self.variable(carrier)).collect();
        variables.sort_unstable();
        variables
    }

    /// Takes a gate away, or gives it back. Where that can matter: the positions whose families change by that.
    pub(super) fn change_gate(&mut self, gate: GateId, there: bool) -> Vec<u32> {
        let changed = if there { self.taken_gates.remove(&gate) } else { self.taken_gates.insert(gate) };
        let position = self.graph.position32(self.graph.vertex_of(gate));
        if !changed || !self.sees(gate) || self.dominators[position as usize] == OUTSIDE {
            return Vec::new();
        }
        let mut positions = vec![position];
        for &argument in self.graph.bare_gate(gate).1 {
            let to = self.position(argument);
            if ![to, OUTSIDE].contains(&self.carriers[to as usize]) {
                positions.extend([to, self.carriers[to as usize]]);
                self.leave_series(to);
            }
        }
        positions
    }

    /// Makes a vertex carry its own failure, and those that it was passing on. What is in a series is needed by one vertex
    /// only, so that what a vertex needs, and has the same carrier, is in the series through it.
    fn leave_series(&mut self, from: u32) {
        let (graph, old) = (self.graph, self.carriers[from as usize]);
        let mut open = vec![from];
        while let Some(position) = open.pop() {
            self.carriers[position as usize] = from;
            if self.has_event(position) {
                self.multiplicities[old as usize] -= 1;
                self.multiplicities[from as usize] += 1;
            }
            // A gate that the reading does not see leads to no part of the series, but may lead to what is in it otherwise.
            for gate in graph.gate_range(position).map(GateId::of).filter(|&gate| self.sees(gate)) {
                let arguments = graph.bare_gate(gate).1;
                let below = arguments.iter().map(|&argument| self.position(argument));
                open.extend(below.filter(|&to| self.carriers[to as usize] == old));
            }
        }
    }

    fn descend(&mut self) -> Result<(), AnalysisError> {
        let top = self.top();
        let mut budget = 16 * (self.graph.argument_count() as u64 + 64);
        self.dominators[top as usize] = top;
        self.carriers[top as usize] = top;
        for position in (0..=top).rev() {
            if self.dominators[position as usize] == OUTSIDE {
                continue;
            }
            self.len += usize::from(position != top);
            // Until here, who needs it is written there, if it is merged; now its carrier.
            let needed_by = self.carriers[position as usize];
            let carrier = if needed_by == position { position } else { self.carriers[needed_by as usize] };
            self.carriers[position as usize] = carrier;
            if self.has_event(position) {
                self.multiplicities[carrier as usize] += 1;
            }
            if position == top {
                let question = std::mem::take(&mut self.question);
                self.reach_question(&question);
                self.question = question;
                continue;
            }
            for number in self.graph.gate_range(position) {
                self.refuse_incoherent(position, number)?;
                if let Some(gate) = self.graph_gate(number) {
                    self.reach(position, gate, &mut budget);
                }
            }
        }
        Ok(())
    }

    fn refuse_incoherent(&self, position: u32, number: u32) -> Result<(), AnalysisError> {
        if position == self.top() {
            return Ok(());
        }
        let (gate, arguments) = self.graph.bare_gate(GateId::of(number));
        if gate.is_monotone() && !arguments.iter().any(|argument| argument.is_negated()) {
            return Ok(());
        }
        let name = self.graph.name(self.graph.vertex_at(position)).to_owned();
        Err(AnalysisError::NotCoherent { name, gate })
    }

    /// Enters what a gate needs.
    fn reach(&mut self, from: u32, gate: ConeGate<'g>, budget: &mut u64) {
        let in_series = gate.rule == Rule::Any && gate.fact.is_none() && from != self.top() && self.is_plain(from);
        for &argument in gate.arguments {
            let to = self.position(argument);
            if self.dominators[to as usize] == OUTSIDE {
                if let Some(circle) = self.circle(to) {
                    self.reach_circle(circle);
                } else {
                    self.dominators[to as usize] = from;
                    self.carriers[to as usize] = if in_series && self.is_plain(to) { from } else { to };
                }
            } else {
                self.dominators[to as usize] = self.common_dominator(self.dominators[to as usize], from, budget);
                self.carriers[to as usize] = to;
            }
        }
    }

    fn reach_question(&mut self, question: &[Literal]) {
        let top = self.top();
        for &argument in question {
            let to = self.position(argument);
            match self.circle(to) {
                Some(circle) => self.reach_circle(circle),
                None => (self.dominators[to as usize], self.carriers[to as usize]) = (top, to),
            }
        }
    }

    /// Whether its own failure can be one of a series: there is no circle, and nothing to be asked. A series could not be
    /// listed in the order of members.
    fn is_plain(&self, position: u32) -> bool {
        self.sequence == Sequence::Structure
            && self.circle(position).is_none()
            && self.fact_of_event(position).is_none()
    }

    fn reach_circle(&mut self, circle: usize) {
        let (top, graph) = (self.top(), self.graph);
        for &vertex in &graph.cycles()[circle] {
            let position = self.graph.position32(vertex);
            self.dominators[position as usize] = top;
            self.carriers[position as usize] = position;
        }
    }

    fn common_dominator(&self, a: u32, b: u32, budget: &mut u64) -> u32 {
        let (mut a, mut b) = (a, b);
        while a != b {
            if *budget == 0 {
                return self.top();
            }
            *budget -= 1;
            if a < b {
                a = self.dominators[a as usize];
            } else {
                b = self.dominators[b as usize];
            }
        }
        a
    }
}

fn counted(min: u32, of: usize) -> Rule {
    match min {
        0 => Rule::Always,
        1 => Rule::Any,
        _ if min as usize == of => Rule::All,
        _ => Rule::AtLeast(min),
    }
}
