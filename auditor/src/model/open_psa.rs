//! Fault trees in the Open-PSA Model Exchange Format (version 2.0d, chapter "fault tree layer").
//!
//! Read are gates of every kind, nested formulas, house events, constants, several trees in one file, components as name
//! spaces, and probabilities that are plain numbers. A probability that is an expression is *unknown*, and noted: risk
//! groups do not depend on it. What would change risk groups and is not understood (common cause groups, substitutions,
//! private names) is refused by name. Event trees, sequences and reports are passed over: they use fault trees and do
//! not change them. A document type is refused, so that no entity is ever expanded.
//!
//! A gate keeps the number of its line as its evidence. The XML is held in memory while it is read, in some 100 bytes for each element, text and attribute; half of what may be
//! used is for it, the other half for the graph.

use std::collections::BTreeMap;

use independence::fault_graph::{Event, FaultGraph, FaultGraphBuilder, Gate, GraphError, Literal, Vertex};
use roxmltree::{Document, Node, ParsingOptions};

use super::{Fault, Place};

/// What one node of the XML may take, with what is noted of it here, so that a limit on memory becomes a limit on nodes.
const BYTES_PER_NODE: u64 = 256;
/// What an attribute may take. There are no more of them than signs of equality.
const BYTES_PER_ATTRIBUTE: u64 = 64;
/// Longest chain of parameters that stand for each other.
const PARAMETERS_MAX: usize = 100;
/// Most notes that are kept word for word.
const NOTES_MAX: usize = 20;

/// The graph of a file, and notes.
pub(super) fn read(bytes: &[u8], memory_bytes_max: u64) -> Result<(FaultGraph, Vec<String>), Fault> {
    let text = std::str::from_utf8(bytes)
        .map_err(|error| Fault::new(Place::Byte(error.valid_up_to()), "not UTF-8", "save the file as UTF-8"))?;
    let half = memory_bytes_max / 2;
    let attributes = bytes.iter().filter(|&&byte| byte == b'=').count() as u64 * BYTES_PER_ATTRIBUTE;
    if attributes > half {
        return Err(Fault::memory(Place::Whole, memory_bytes_max));
    }
    let nodes_limit = u32::try_from((half - attributes) / BYTES_PER_NODE).unwrap_or(u32::MAX);
    let options = ParsingOptions { allow_dtd: false, nodes_limit, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text, options).map_err(|error| xml(&error, memory_bytes_max))?;
    let builder = FaultGraphBuilder::new().limited_to(usize::try_from(half).unwrap_or(usize::MAX));
    let mut reader = Reader {
        document: &document,
        line_ends: (0_u32..).zip(bytes).filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at).collect(),
        builder: builder.map_err(|error| Fault::graph(Place::Whole, &error))?,
        defined: BTreeMap::new(),
        parameters: BTreeMap::new(),
        formulas: Vec::new(),
        events: Vec::new(),
        unknown: Vec::new(),
    };
    reader.definitions()?;
    reader.probabilities()?;
    for (gate, formula) in std::mem::take(&mut reader.formulas) {
        reader.formula(gate, formula)?;
    }
    let notes = notes(&reader.unknown);
    let graph = reader.builder.finish().map_err(|error| Fault::graph(Place::Whole, &error))?;
    Ok((graph, notes))
}

fn xml(error: &roxmltree::Error, memory_bytes_max: u64) -> Fault {
    let at = error.pos();
    let place = Place::Line { line: at.row as usize, column: at.col as usize };
    match error {
        roxmltree::Error::DtdDetected => {
            Fault::new(place, "a document type definition", "remove it: entities are never expanded")
        }
        roxmltree::Error::NodesLimitReached => Fault::memory(Place::Whole, memory_bytes_max),
        _ => Fault::new(place, format!("not well-formed XML: {error}"), "correct the file"),
    }
}

fn notes(unknown: &[String]) -> Vec<String> {
    let mut notes: Vec<String> = unknown.iter().take(NOTES_MAX).cloned().collect();
    if unknown.len() > NOTES_MAX {
        notes.push(format!("… and {} more", unknown.len() - NOTES_MAX));
    }
    notes
}

/// What a name was defined as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Definition {
    Gate,
    Event,
    House,
}

impl Definition {
    fn word(self) -> &'static str {
        match self {
            Self::Gate => "gate",
            Self::Event => "basic event",
            Self::House => "house event",
        }
    }
}

struct Reader<'d, 'i> {
    document: &'d Document<'i>,
    /// Where lines end, to find the number of many.
    line_ends: Vec<u32>,
    builder: FaultGraphBuilder,
    defined: BTreeMap<&'d str, (Vertex, Definition)>,
    parameters: BTreeMap<&'d str, Node<'d, 'i>>,
    formulas: Vec<(Vertex, Node<'d, 'i>)>,
    events: Vec<(Vertex, &'d str, Node<'d, 'i>)>,
    unknown: Vec<String>,
}

impl<'d, 'i> Reader<'d, 'i> {
    fn place(&self, node: Node<'_, '_>) -> Place {
        let at = self.document.text_pos_at(node.range().start);
        Place::Line { line: at.row as usize, column: at.col as usize }
    }

    fn fault(&self, node: Node<'_, '_>, what: impl std::fmt::Display, remedy: &'static str) -> Fault {
        Fault::new(self.place(node), what, remedy)
    }

    fn graph_fault(&self, node: Node<'_, '_>, error: &GraphError) -> Fault {
        Fault::graph(self.place(node), error)
    }

    fn name(&self, node: Node<'d, 'i>) -> Result<&'d str, Fault> {
        let tag = node.tag_name().name();
        match node.attribute("name").map(str::trim) {
            Some(name) if !name.is_empty() => Ok(name),
            _ => Err(self.fault(node, format!("<{tag}> has no name"), "add name=\"…\"")),
        }
    }

    /// Every definition of the file, whatever tree or component it is in. References may come before definitions.
    fn definitions(&mut self) -> Result<(), Fault> {
        let root = self.document.root_element();
        if root.tag_name().name() != "opsa-mef" {
            let what = format!("<{}> instead of <opsa-mef>", root.tag_name().name());
            return Err(self.fault(root, what, "give an Open-PSA MEF file"));
        }
        let mut open: Vec<Node<'d, 'i>> = vec![root];
        while let Some(container) = open.pop() {
            for node in elements(container) {
                match node.tag_name().name() {
                    "define-fault-tree" | "define-component" | "model-data" => {
                        self.public(node)?;
                        open.push(node);
                    }
                    "define-gate" => self.gate(node)?,
                    "define-basic-event" => {
                        let (vertex, name) = self.define(node, Definition::Event)?;
                        self.events.push((vertex, name, node));
                    }
                    "define-house-event" => self.house(node)?,
                    "define-parameter" => drop(self.parameters.insert(self.name(node)?, node)),
                    "define-CCF-group" | "define-substitution" => return Err(self.unsupported(node)),
                    // They use fault trees, and change none.
                    "label"
                    | "attributes"
                    | "define-event-tree"
                    | "define-initiating-event"
                    | "define-sequence"
                    | "define-rule"
                    | "define-alignment"
                    | "define-extern-library"
                    | "define-extern-function" => {}
                    _ => return Err(self.unsupported(node)),
                }
            }
        }
        Ok(())
    }

    fn unsupported(&self, node: Node<'_, '_>) -> Fault {
        let what = format!("<{}> is not supported", node.tag_name().name());
        self.fault(node, what, "remove it, or write what it means as gates")
    }

    fn public(&self, node: Node<'_, '_>) -> Result<(), Fault> {
        match node.attribute("role") {
            Some("private") => Err(self.fault(
                node,
                "private names are not supported",
                "rename what is private so that every name is used once, and remove role=\"private\"",
            )),
            _ => Ok(()),
        }
    }

    fn define(&mut self, node: Node<'d, 'i>, definition: Definition) -> Result<(Vertex, &'d str), Fault> {
        self.public(node)?;
        let name = self.name(node)?;
        if let Some((_, earlier)) = self.defined.get(name) {
            let what = format!("`{name}` is defined twice, first as a {}", earlier.word());
            return Err(self.fault(node, what, "rename one, or remove it"));
        }
        let vertex = self.builder.define(name).map_err(|error| self.graph_fault(node, &error))?;
        self.defined.insert(name, (vertex, definition));
        Ok((vertex, name))
    }

    fn gate(&mut self, node: Node<'d, 'i>) -> Result<(), Fault> {
        let (vertex, name) = self.define(node, Definition::Gate)?;
        let mut formulas = elements(node).filter(|child| !is_note(*child));
        match (formulas.next(), formulas.next()) {
            (Some(formula), None) => self.formulas.push((vertex, formula)),
            (None, _) => {
                return Err(self.fault(node, format!("the gate `{name}` has no formula"), "add one"));
            }
            (Some(_), Some(second)) => {
                return Err(self.fault(
                    second,
                    format!("the gate `{name}` has a second formula"),
                    "join them by a gate",
                ));
            }
        }
        Ok(())
    }

    fn house(&mut self, node: Node<'d, 'i>) -> Result<(), Fault> {
        let (vertex, name) = self.define(node, Definition::House)?;
        // Without a value a house event is off.
        let constant = elements(node).find(|child| !is_note(*child));
        let on = match constant {
            None => false,
            Some(constant) if constant.tag_name().name() == "constant" => self.constant(constant)?,
            Some(other) => {
                let what = format!("the house event `{name}` is no <constant>");
                return Err(self.fault(other, what, "write <constant value=\"true\"/> or \"false\""));
            }
        };
        let gate = if on { Gate::Always } else { Gate::Never };
        self.builder.gate(vertex, gate, &[]).map(drop).map_err(|error| self.graph_fault(node, &error))
    }

    fn constant(&self, node: Node<'_, '_>) -> Result<bool, Fault> {
        match node.attribute("value").map(str::trim) {
            Some("true" | "1") => Ok(true),
            Some("false" | "0") => Ok(false),
            _ => {
                Err(self.fault(node, "a constant that is neither true nor false", "write value=\"true\" or \"false\""))
            }
        }
    }

    fn probabilities(&mut self) -> Result<(), Fault> {
        for (vertex, name, node) in std::mem::take(&mut self.events) {
            let expression = elements(node).find(|child| !is_note(*child));
            let probability = match expression.map(|expression| self.number(expression, name)).transpose()? {
                None => None,
                Some(Ok(value)) => Some(value),
                Some(Err(why)) => {
                    self.unknown.push(format!("`{name}`: {why} is not supported: its probability is unknown"));
                    None
                }
            };
            let event = Event { probability, ..Event::default() };
            self.builder.event(vertex, event).map_err(|error| self.graph_fault(node, &error))?;
        }
        Ok(())
    }

    /// The value of an expression that is a number, or stands for one; else what it is.
    fn number(&self, expression: Node<'d, 'i>, event: &str) -> Result<Result<f64, String>, Fault> {
        let mut expression = expression;
        for _ in 0..PARAMETERS_MAX {
            let tag = expression.tag_name().name();
            if tag == "parameter" {
                let name = self.name(expression)?;
                let Some(parameter) = self.parameters.get(name) else {
                    let what = format!("`{event}` refers to the parameter `{name}`, which is not defined");
                    return Err(self.fault(expression, what, "define it, or correct the name"));
                };
                let Some(value) = elements(*parameter).find(|child| !is_note(*child)) else {
                    return Err(self.fault(*parameter, format!("the parameter `{name}` has no value"), "add one"));
                };
                expression = value;
                continue;
            }
            if !matches!(tag, "float" | "int" | "bool") {
                return Ok(Err(format!("<{tag}>")));
            }
            let text = expression.attribute("value").map_or("", str::trim);
            let value = match text {
                "true" => Ok(1.0),
                "false" => Ok(0.0),
                _ => text.parse::<f64>(),
            };
            return match value {
                Ok(value) if (0.0..=1.0).contains(&value) => Ok(Ok(value)),
                _ => {
                    let what = format!("the probability of `{event}` is `{text}`");
                    Err(self.fault(expression, what, "write a number from 0 to 1, or leave it out"))
                }
            };
        }
        Err(self.fault(expression, format!("the probability of `{event}` leads in a circle"), "break it"))
    }

    /// Builds the formula of a gate; nested formulas get vertices without names.
    fn formula(&mut self, gate: Vertex, formula: Node<'d, 'i>) -> Result<(), Fault> {
        let mut open = vec![(gate, formula)];
        while let Some((vertex, formula)) = open.pop() {
            let tag = formula.tag_name().name();
            if let Some(literal) = self.reference(formula)? {
                self.enter(vertex, Gate::Or, &[literal], formula)?;
                continue;
            }
            if tag == "constant" {
                let gate = if self.constant(formula)? { Gate::Always } else { Gate::Never };
                self.enter(vertex, gate, &[], formula)?;
                continue;
            }
            let mut arguments = Vec::new();
            for argument in elements(formula).filter(|child| !is_note(*child)) {
                let literal = match self.reference(argument)? {
                    Some(literal) => literal,
                    None => {
                        let nested = self.builder.unnamed().map_err(|error| self.graph_fault(argument, &error))?;
                        open.push((nested, argument));
                        nested.down()
                    }
                };
                arguments.push(literal);
            }
            let gate = self.kind(formula)?;
            self.enter(vertex, gate, &arguments, formula)?;
        }
        Ok(())
    }

    fn enter(&mut self, vertex: Vertex, gate: Gate, arguments: &[Literal], node: Node<'_, '_>) -> Result<(), Fault> {
        // From 1; a file that XML is read from is shorter than 4 GiB.
        let before = self.line_ends.partition_point(|&end| (end as usize) < node.range().start);
        let line = u32::try_from(before + 1).unwrap_or(u32::MAX);
        let entered = self.builder.gate(vertex, gate, arguments);
        let entered = entered.and_then(|gate| self.builder.gate_evidence(gate, line));
        entered.map_err(|error| self.graph_fault(node, &error))
    }

    fn kind(&self, formula: Node<'_, '_>) -> Result<Gate, Fault> {
        Ok(match formula.tag_name().name() {
            "and" => Gate::And,
            "or" => Gate::Or,
            "not" => Gate::Not,
            "xor" => Gate::Xor,
            "nand" => Gate::Nand,
            "nor" => Gate::Nor,
            "iff" => Gate::Iff,
            "imply" => Gate::Imply,
            "atleast" => Gate::AtLeast(self.bound(formula, "min")?),
            "cardinality" => Gate::Cardinality { min: self.bound(formula, "min")?, max: self.bound(formula, "max")? },
            _ => return Err(self.unsupported(formula)),
        })
    }

    fn bound(&self, formula: Node<'_, '_>, name: &str) -> Result<u32, Fault> {
        let text = formula.attribute(name).map_or("", str::trim);
        text.parse().map_err(|_| {
            let what = format!("<{}> with {name}=\"{text}\"", formula.tag_name().name());
            self.fault(formula, what, "write a whole number")
        })
    }

    /// The vertex that an element refers to, where it is a reference.
    fn reference(&self, node: Node<'d, 'i>) -> Result<Option<Literal>, Fault> {
        let wanted = match node.tag_name().name() {
            "gate" => Some(Definition::Gate),
            "basic-event" => Some(Definition::Event),
            "house-event" => Some(Definition::House),
            "event" => match node.attribute("type") {
                None => None,
                Some("gate") => Some(Definition::Gate),
                Some("basic-event") => Some(Definition::Event),
                Some("house-event") => Some(Definition::House),
                Some(other) => {
                    return Err(self.fault(node, format!("a reference of type `{other}`"), "correct the type"));
                }
            },
            _ => return Ok(None),
        };
        let name = self.name(node)?;
        // A name in a component may be given with the way to it.
        let found = self.defined.get(name).or_else(|| self.defined.get(name.rsplit('.').next().unwrap_or(name)));
        match found {
            Some((vertex, definition)) if wanted.is_none_or(|wanted| wanted == *definition) => Ok(Some(vertex.down())),
            Some((_, definition)) => {
                let what = format!("<{}> refers to `{name}`, which is a {}", node.tag_name().name(), definition.word());
                Err(self.fault(node, what, "correct the reference"))
            }
            None => Err(self.fault(node, format!("`{name}` is not defined"), "define it, or correct the name")),
        }
    }
}

fn elements<'d, 'i>(node: Node<'d, 'i>) -> impl Iterator<Item = Node<'d, 'i>> {
    node.children().filter(Node::is_element)
}

/// Texts for people.
fn is_note(node: Node<'_, '_>) -> bool {
    matches!(node.tag_name().name(), "label" | "attributes")
}

#[cfg(test)]
mod tests;
