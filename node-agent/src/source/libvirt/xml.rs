//! Reading libvirt's XML.

use descriptors::fact::{AbsenceReason, Reading};
use roxmltree::{Document, Node, ParsingOptions};

/// Most nodes of one XML document; a large guest has some thousand.
const NODES_MAX: u32 = 100_000;

/// Reads XML without document types, entities of its own, or endless nodes.
pub(super) fn document<'input>(place: &str, xml: &'input str) -> Reading<Document<'input>> {
    let options = ParsingOptions { allow_dtd: false, nodes_limit: NODES_MAX, entity_resolver: None };
    match Document::parse_with_options(xml, options) {
        Ok(document) => Reading::Present(document),
        Err(error) => Reading::absent(AbsenceReason::Malformed, format!("{place}: {error}")),
    }
}

pub(super) fn child<'a, 'input>(node: Node<'a, 'input>, name: &str) -> Option<Node<'a, 'input>> {
    node.children().find(|child| child.has_tag_name(name))
}

/// The element at the end of a path of names.
pub(super) fn descend<'a, 'input>(node: Node<'a, 'input>, path: &[&str]) -> Option<Node<'a, 'input>> {
    path.iter().try_fold(node, |node, name| child(node, name))
}

pub(super) fn children<'a, 'input>(node: Node<'a, 'input>, name: &'a str) -> impl Iterator<Item = Node<'a, 'input>> {
    node.children().filter(move |child| child.has_tag_name(name))
}

/// The text of an element without the blanks around it; none where it has none.
pub(super) fn text<'a>(node: Node<'a, '_>) -> Option<&'a str> {
    node.text().map(str::trim).filter(|text| !text.is_empty())
}

/// An attribute of an element that may not be there; empty where it is not.
pub(super) fn attribute(node: Option<Node<'_, '_>>, name: &str) -> String {
    node.and_then(|node| node.attribute(name)).unwrap_or_default().to_owned()
}
