//! N-Quads in the canonical form of RDFC-1.0 (section 5): one statement a line, one spelling of every literal.

mod reader;

pub(crate) use reader::is_language_tag;
pub use reader::{ParseError, QUADS_MAX, parse};

use super::statement::{Node, Object, Statement};
use super::{LANG_STRING, Literal, Quad, STRING, Term};

/// Appends a statement with its line end.
pub fn write(quad: &Quad, out: &mut String) {
    write_term(&quad.subject, out);
    out.push_str(" <");
    out.push_str(&quad.predicate);
    out.push_str("> ");
    write_term(&quad.object, out);
    if let Some(graph) = &quad.graph {
        out.push(' ');
        write_term(graph, out);
    }
    out.push_str(" .\n");
}

/// Appends a term.
pub fn write_term(term: &Term, out: &mut String) {
    match term {
        Term::Iri(iri) => {
            out.push('<');
            out.push_str(iri);
            out.push('>');
        }
        Term::Blank(label) => {
            out.push_str("_:");
            out.push_str(label);
        }
        Term::Literal(literal) => write_literal(literal, out),
    }
}

fn write_literal(literal: &Literal, out: &mut String) {
    write_value(&literal.text, &literal.datatype, literal.language.as_deref(), out);
}

fn write_value(text: &str, datatype: &str, language: Option<&str>, out: &mut String) {
    out.push('"');
    escape(text, out);
    out.push('"');
    match language {
        Some(language) => {
            out.push('@');
            out.push_str(language);
        }
        None if datatype == STRING || datatype == LANG_STRING => {}
        None => {
            out.push_str("^^<");
            out.push_str(datatype);
            out.push('>');
        }
    }
}

/// Appends a statement with its line end; `label` writes a blank node.
pub(super) fn write_statement(statement: &Statement<'_>, out: &mut String, label: &impl Fn(u32, &mut String)) {
    write_node(&statement.subject, out, label);
    out.push_str(" <");
    out.push_str(&statement.predicate);
    out.push_str("> ");
    match &statement.object {
        Object::Node(node) => write_node(node, out, label),
        Object::Literal { text, datatype, language } => write_value(text, datatype, language.as_deref(), out),
    }
    if let Some(graph) = &statement.graph {
        out.push(' ');
        write_node(graph, out, label);
    }
    out.push_str(" .\n");
}

fn write_node(node: &Node<'_>, out: &mut String, label: &impl Fn(u32, &mut String)) {
    match node {
        Node::Iri(iri) => {
            out.push('<');
            out.push_str(iri);
            out.push('>');
        }
        Node::Blank(number) => label(*number, out),
    }
}

/// Appends a text as it stands between the quotes of a literal: `\b \t \n \f \r \" \\` by name, other control characters
/// and U+007F by number, everything else as it is.
pub fn escape(text: &str, out: &mut String) {
    let mut plain = 0;
    for (at, byte) in text.bytes().enumerate() {
        if byte >= b' ' && byte != b'"' && byte != b'\\' && byte != 0x7f {
            continue;
        }
        out.push_str(&text[plain..at]);
        plain = at + 1;
        match byte {
            0x08 => out.push_str("\\b"),
            b'\t' => out.push_str("\\t"),
            b'\n' => out.push_str("\\n"),
            0x0c => out.push_str("\\f"),
            b'\r' => out.push_str("\\r"),
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            control => out.push_str(&format!("\\u{control:04X}")),
        }
    }
    out.push_str(&text[plain..]);
}
