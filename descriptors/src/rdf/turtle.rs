//! Turtle (RDF 1.1 Turtle, W3C Recommendation of 2014), the form in which shapes and class hierarchies are published.
//!
//! Blank nodes get labels by their order in the text, so that the same bytes give the same statements; the libraries that
//! were looked at draw them at random. N-Triples is a subset and is read too. Fetching what a document refers to, and what
//! its statements mean, is not known here.

mod iri;
mod token;

use std::collections::BTreeMap;

use super::{Literal, Quad, TYPE, Term};
use token::{Cursor, Token};

/// Deepest nesting of `[ ]` and `( )` that is read.
pub const DEPTH_MAX: usize = 64;

const RDF: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
const XSD: &str = "http://www.w3.org/2001/XMLSchema#";

/// Where a text is not Turtle, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {fault}")]
pub struct TurtleError {
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1, in characters.
    pub column: usize,
    /// What is wrong there.
    #[source]
    pub fault: TurtleFault,
}

/// What is wrong with a text that is not Turtle.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TurtleFault {
    /// Bytes that are not UTF-8.
    #[error("not UTF-8")]
    Utf8,
    /// Something else than the grammar allows.
    #[error("expected {0}")]
    Expected(&'static str),
    /// A prefix that was not declared.
    #[error("the prefix `{0}:` is not declared")]
    Prefix(String),
    /// A relative IRI without a base.
    #[error("`{0}` is relative, and the document has no base")]
    Relative(String),
    /// Nested too deeply.
    #[error("nested deeper than {DEPTH_MAX} levels")]
    Depth,
}

/// The statements of a document. `blank` begins the label of each blank node: documents that are merged need different ones.
pub fn parse(bytes: &[u8], blank: &str) -> Result<Vec<Quad>, TurtleError> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let before = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
        Cursor::new(&before).end(TurtleFault::Utf8)
    })?;
    let mut reader = Reader {
        cursor: Cursor::new(text),
        prefixes: BTreeMap::new(),
        base: None,
        labels: BTreeMap::new(),
        blank,
        blanks: 0,
        quads: Vec::new(),
    };
    reader.document()?;
    Ok(reader.quads)
}

struct Reader<'a> {
    cursor: Cursor<'a>,
    prefixes: BTreeMap<&'a str, String>,
    base: Option<String>,
    labels: BTreeMap<&'a str, usize>,
    blank: &'a str,
    blanks: usize,
    quads: Vec<Quad>,
}

impl<'a> Reader<'a> {
    fn document(&mut self) -> Result<(), TurtleError> {
        loop {
            match self.cursor.next()? {
                Token::End => return Ok(()),
                Token::Directive { name, dotted } => self.directive(name, dotted)?,
                token => self.triples(token)?,
            }
        }
    }

    fn directive(&mut self, name: &str, dotted: bool) -> Result<(), TurtleError> {
        if name == "prefix" {
            let Token::Name { prefix, local } = self.cursor.next()? else { return self.expected("a prefix") };
            if !local.is_empty() {
                return self.expected("a prefix that ends in `:`");
            }
            let iri = self.iri_reference()?;
            self.prefixes.insert(prefix, iri);
        } else {
            self.base = Some(self.iri_reference()?);
        }
        if dotted { self.punctuation(b'.', "`.` after the directive") } else { Ok(()) }
    }

    fn iri_reference(&mut self) -> Result<String, TurtleError> {
        match self.cursor.next()? {
            Token::Iri(iri) => self.resolve(iri),
            _ => self.expected("an IRI in `< >`"),
        }
    }

    fn triples(&mut self, first: Token<'a>) -> Result<(), TurtleError> {
        let bare = matches!(first, Token::Punctuation(b'['));
        let subject = match first {
            Token::Punctuation(b'[') => self.properties(1)?,
            Token::Punctuation(b'(') => self.list(1)?,
            Token::Iri(_) | Token::Name { .. } | Token::Blank(_) => self.node(first)?,
            _ => return self.expected("a subject"),
        };
        // `[ … ] .` is a statement by itself.
        match self.cursor.next()? {
            Token::Punctuation(b'.') if bare => Ok(()),
            verb => match self.predicates(&subject, verb, 1)? {
                Token::Punctuation(b'.') => Ok(()),
                _ => self.expected("`.`, `;` or `,`"),
            },
        }
    }

    /// Verbs with their objects; gives back the token after them.
    fn predicates(&mut self, subject: &Term, mut verb: Token<'a>, depth: usize) -> Result<Token<'a>, TurtleError> {
        loop {
            let predicate = self.verb(verb)?;
            let mut after = loop {
                let token = self.cursor.next()?;
                let object = self.object(token, depth)?;
                self.say(subject, &predicate, object);
                match self.cursor.next()? {
                    Token::Punctuation(b',') => {}
                    after => break after,
                }
            };
            if after != Token::Punctuation(b';') {
                return Ok(after);
            }
            while after == Token::Punctuation(b';') {
                after = self.cursor.next()?;
            }
            match after {
                Token::Punctuation(_) | Token::End => return Ok(after),
                next => verb = next,
            }
        }
    }

    fn verb(&mut self, token: Token<'a>) -> Result<String, TurtleError> {
        match token {
            Token::Word("a") => Ok(TYPE.to_owned()),
            Token::Iri(_) | Token::Name { .. } => match self.node(token)? {
                Term::Iri(iri) => Ok(iri),
                Term::Blank(_) | Term::Literal(_) => self.expected("a predicate"),
            },
            _ => self.expected("a predicate"),
        }
    }

    fn object(&mut self, token: Token<'a>, depth: usize) -> Result<Term, TurtleError> {
        match token {
            Token::Punctuation(b'[') => self.properties(depth + 1),
            Token::Punctuation(b'(') => self.list(depth + 1),
            Token::Text(text) => self.literal(text),
            Token::Number { text, kind } => {
                Ok(Term::Literal(Literal { text: text.to_owned(), datatype: format!("{XSD}{kind}"), language: None }))
            }
            Token::Word(text @ ("true" | "false")) => {
                let datatype = format!("{XSD}boolean");
                Ok(Term::Literal(Literal { text: text.to_owned(), datatype, language: None }))
            }
            Token::Iri(_) | Token::Name { .. } | Token::Blank(_) => self.node(token),
            _ => self.expected("an object"),
        }
    }

    fn literal(&mut self, text: String) -> Result<Term, TurtleError> {
        let literal = if self.cursor.skip("^^") {
            let token = self.cursor.next()?;
            let Term::Iri(datatype) = self.node(token)? else { return self.expected("a datatype") };
            Literal { text, datatype, language: None }
        } else if let Some(language) = self.cursor.language()? {
            Literal { text, datatype: super::LANG_STRING.to_owned(), language: Some(language.to_ascii_lowercase()) }
        } else {
            Literal::text(text)
        };
        Ok(Term::Literal(literal))
    }

    fn node(&mut self, token: Token<'a>) -> Result<Term, TurtleError> {
        match token {
            Token::Iri(iri) => Ok(Term::Iri(self.resolve(iri)?)),
            Token::Name { prefix, local } => match self.prefixes.get(prefix) {
                Some(namespace) => Ok(Term::Iri(format!("{namespace}{local}"))),
                None => Err(self.cursor.before(TurtleFault::Prefix(prefix.to_owned()))),
            },
            Token::Blank(label) => {
                let number = match self.labels.get(label) {
                    Some(number) => *number,
                    None => {
                        let number = self.next_blank();
                        self.labels.insert(label, number);
                        number
                    }
                };
                Ok(self.blank_node(number))
            }
            _ => self.expected("an IRI or a blank node"),
        }
    }

    fn next_blank(&mut self) -> usize {
        self.blanks += 1;
        self.blanks - 1
    }

    fn blank_node(&self, number: usize) -> Term {
        Term::Blank(format!("{}{number}", self.blank))
    }

    fn properties(&mut self, depth: usize) -> Result<Term, TurtleError> {
        self.check_depth(depth)?;
        let number = self.next_blank();
        let node = self.blank_node(number);
        match self.cursor.next()? {
            Token::Punctuation(b']') => Ok(node),
            verb => match self.predicates(&node, verb, depth)? {
                Token::Punctuation(b']') => Ok(node),
                _ => self.expected("`]`, `;` or `,`"),
            },
        }
    }

    fn list(&mut self, depth: usize) -> Result<Term, TurtleError> {
        self.check_depth(depth)?;
        let nil = Term::Iri(format!("{RDF}nil"));
        let (first, rest) = (format!("{RDF}first"), format!("{RDF}rest"));
        let mut head: Option<Term> = None;
        let mut last: Option<Term> = None;
        loop {
            let token = self.cursor.next()?;
            if token == Token::Punctuation(b')') {
                break;
            }
            let number = self.next_blank();
            let cell = self.blank_node(number);
            match last.replace(cell.clone()) {
                Some(previous) => self.say(&previous, &rest, cell.clone()),
                None => head = Some(cell.clone()),
            }
            let item = self.object(token, depth)?;
            self.say(&cell, &first, item);
        }
        if let Some(last) = last {
            self.say(&last, &rest, nil.clone());
        }
        Ok(head.unwrap_or(nil))
    }

    fn check_depth(&self, depth: usize) -> Result<(), TurtleError> {
        if depth > DEPTH_MAX { Err(self.cursor.before(TurtleFault::Depth)) } else { Ok(()) }
    }

    fn say(&mut self, subject: &Term, predicate: &str, object: Term) {
        self.quads.push(Quad { subject: subject.clone(), predicate: predicate.to_owned(), object, graph: None });
    }

    fn resolve(&self, reference: String) -> Result<String, TurtleError> {
        if iri::is_absolute(&reference) {
            return Ok(reference);
        }
        match &self.base {
            Some(base) => Ok(iri::resolve(base, &reference)),
            None => Err(self.cursor.before(TurtleFault::Relative(reference))),
        }
    }

    fn punctuation(&mut self, mark: u8, what: &'static str) -> Result<(), TurtleError> {
        if self.cursor.next()? == Token::Punctuation(mark) { Ok(()) } else { self.expected(what) }
    }

    fn expected<T>(&self, what: &'static str) -> Result<T, TurtleError> {
        Err(self.cursor.before(TurtleFault::Expected(what)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        parse(text.as_bytes(), "b").unwrap().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_form_of_the_grammar_is_read() {
        let text = r#"
            @prefix e: <http://e/> . # a comment
            PREFIX : <http://d/>
            @base <http://base/a/b> .
            e:s a e:C ; e:p 1, -2.5, 3e0, true, "x"@EN-gb, 'y'^^e:t, """a"b
c""", '''q''' ;; .
            :s.1 e:p%20\~ <../c#d>, <?q>, <//h/x>, _:x, [], [ e:q ( e:a "b" () ) ] .
            _:x e:p 1.
            ( 1 ) e:p "\u00e4\t\\" .
            [ e:p e:o ] .
        "#;
        let expect = [
            "<http://e/s> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <http://e/C> .",
            "<http://e/s> <http://e/p> \"1\"^^<http://www.w3.org/2001/XMLSchema#integer> .",
            "<http://e/s> <http://e/p> \"-2.5\"^^<http://www.w3.org/2001/XMLSchema#decimal> .",
            "<http://e/s> <http://e/p> \"3e0\"^^<http://www.w3.org/2001/XMLSchema#double> .",
            "<http://e/s> <http://e/p> \"true\"^^<http://www.w3.org/2001/XMLSchema#boolean> .",
            "<http://e/s> <http://e/p> \"x\"@en-gb .",
            "<http://e/s> <http://e/p> \"y\"^^<http://e/t> .",
            "<http://e/s> <http://e/p> \"a\\\"b\\nc\" .",
            "<http://e/s> <http://e/p> \"q\" .",
            "<http://d/s.1> <http://e/p%20~> <http://base/c#d> .",
            "<http://d/s.1> <http://e/p%20~> <http://base/a/b?q> .",
            "<http://d/s.1> <http://e/p%20~> <http://h/x> .",
            "<http://d/s.1> <http://e/p%20~> _:b0 .",
            "<http://d/s.1> <http://e/p%20~> _:b1 .",
            "_:b3 <http://www.w3.org/1999/02/22-rdf-syntax-ns#first> <http://e/a> .",
            "_:b3 <http://www.w3.org/1999/02/22-rdf-syntax-ns#rest> _:b4 .",
            "_:b4 <http://www.w3.org/1999/02/22-rdf-syntax-ns#first> \"b\" .",
            "_:b4 <http://www.w3.org/1999/02/22-rdf-syntax-ns#rest> _:b5 .",
            "_:b5 <http://www.w3.org/1999/02/22-rdf-syntax-ns#first> <http://www.w3.org/1999/02/22-rdf-syntax-ns#nil> .",
            "_:b5 <http://www.w3.org/1999/02/22-rdf-syntax-ns#rest> <http://www.w3.org/1999/02/22-rdf-syntax-ns#nil> .",
            "_:b2 <http://e/q> _:b3 .",
            "<http://d/s.1> <http://e/p%20~> _:b2 .",
            "_:b0 <http://e/p> \"1\"^^<http://www.w3.org/2001/XMLSchema#integer> .",
            "_:b6 <http://www.w3.org/1999/02/22-rdf-syntax-ns#first> \"1\"^^<http://www.w3.org/2001/XMLSchema#integer> .",
            "_:b6 <http://www.w3.org/1999/02/22-rdf-syntax-ns#rest> <http://www.w3.org/1999/02/22-rdf-syntax-ns#nil> .",
            "_:b6 <http://e/p> \"ä\\t\\\\\" .",
            "_:b7 <http://e/p> <http://e/o> .",
        ];
        assert_eq!(lines(text), expect);
    }

    #[test]
    fn a_text_that_is_not_turtle_is_refused_with_its_place() {
        let check = |text: &str, expect: &str| {
            assert_eq!(parse(text.as_bytes(), "b").unwrap_err().to_string(), expect, "{text}");
        };
        check("<http://a> <http://b> .", "line 1, column 23: expected an object");
        check("\n e:s a e:C .", "line 2, column 2: the prefix `e:` is not declared");
        check("<http://a> a <b> .", "line 1, column 14: `b` is relative, and the document has no base");
        check("<http://a> a \"x", "line 1, column 14: expected the end of the text");
        check("<http://a> a <http://b>", "line 1, column 24: expected `.`, `;` or `,`");
        check("<http://a b> a 1 .", "line 1, column 10: expected a character that an IRI may have");
        check("\"x\" a 1 .", "line 1, column 1: expected a subject");
        check("<http://a> a \"\\x\" .", "line 1, column 15: expected an escape of Turtle");
        let deep = format!("<http://a> a {}", "[ a ".repeat(70));
        assert_eq!(parse(deep.as_bytes(), "b").unwrap_err().fault, TurtleFault::Depth);
        assert_eq!(parse(b"<http://a> a \xff", "b").unwrap_err().fault, TurtleFault::Utf8);
    }
}
