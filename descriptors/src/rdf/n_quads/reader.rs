//! Reads N-Quads, strictly and within bounds: absolute IRIs, every escape checked, nothing dropped.

use super::super::{LANG_STRING, Literal, Quad, STRING, Term, iri};

/// Most statements that are read.
pub const QUADS_MAX: usize = 1_000_000;

/// Why a text is not N-Quads. Lines count from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} is not N-Quads: {rule}, near `{near}`")]
pub struct ParseError {
    /// Where.
    pub line: usize,
    /// What the grammar wants there.
    pub rule: &'static str,
    /// The beginning of what stands there.
    pub near: String,
}

/// The statements of a text in its order, duplicates included. Comments and empty lines are allowed.
pub fn parse(text: &str) -> Result<Vec<Quad>, ParseError> {
    let mut quads = Vec::new();
    for (index, line) in text.split(['\n', '\r']).enumerate() {
        let mut line = Line { rest: line };
        let quad = line.statement().map_err(|rule| line.error(index, rule))?;
        if quads.len() >= QUADS_MAX && quad.is_some() {
            return Err(line.error(index, "no more statements than QUADS_MAX"));
        }
        quads.extend(quad);
    }
    Ok(quads)
}

struct Line<'a> {
    rest: &'a str,
}

type Read<T> = Result<T, &'static str>;

impl<'a> Line<'a> {
    fn error(&self, index: usize, rule: &'static str) -> ParseError {
        ParseError { line: index + 1, rule, near: self.rest.chars().take(40).collect() }
    }

    fn statement(&mut self) -> Read<Option<Quad>> {
        self.space();
        if self.rest.is_empty() || self.rest.starts_with('#') {
            return Ok(None);
        }
        let subject = self.node("a subject: `<IRI>` or `_:label`")?;
        self.space();
        let predicate = self.iri().ok_or("a predicate: `<` absolute IRI `>`")?;
        self.space();
        let object = if self.rest.starts_with('"') { Term::Literal(self.literal()?) } else { self.node("an object")? };
        self.space();
        let graph = if self.rest.starts_with('.') { None } else { Some(self.node("a graph, or `.`")?) };
        self.space();
        if !self.take(".") {
            return Err("`.` at the end of the statement");
        }
        self.space();
        if !self.rest.is_empty() && !self.rest.starts_with('#') {
            return Err("one statement a line");
        }
        Ok(Some(Quad { subject, predicate, object, graph }))
    }

    fn space(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t']);
    }

    fn take(&mut self, token: &str) -> bool {
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn node(&mut self, rule: &'static str) -> Read<Term> {
        if self.rest.starts_with('<') {
            return self.iri().map(Term::Iri).ok_or("an absolute IRI");
        }
        if !self.take("_:") {
            return Err(rule);
        }
        let label = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':' | '\u{b7}');
        let end = self.rest.find(|c| !label(c)).unwrap_or(self.rest.len());
        // A full stop at its end belongs to the statement.
        let name = self.rest[..end].trim_end_matches('.');
        if name.is_empty() || name.starts_with(['-', '.', '\u{b7}']) {
            return Err("the label of a blank node");
        }
        self.rest = &self.rest[name.len()..];
        Ok(Term::Blank(name.to_owned()))
    }

    fn iri(&mut self) -> Option<String> {
        let (raw, rest) = self.rest.strip_prefix('<')?.split_once('>')?;
        let iri = unescape(raw, false)?;
        if !iri::is_absolute(&iri) {
            return None;
        }
        self.rest = rest;
        Some(iri)
    }

    fn literal(&mut self) -> Read<Literal> {
        let body = &self.rest[1..];
        let mut escaped = false;
        let close = body.bytes().position(|byte| {
            let end = byte == b'"' && !escaped;
            escaped = byte == b'\\' && !escaped;
            end
        });
        let close = close.ok_or("a closing quote")?;
        let text = unescape(&body[..close], true).ok_or("only the escapes of N-Quads")?;
        self.rest = &body[close + 1..];
        if self.take("@") {
            let end = self.rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap_or(self.rest.len());
            let (tag, rest) = self.rest.split_at(end);
            if !is_language_tag(tag) {
                return Err("a language tag");
            }
            self.rest = rest;
            return Ok(Literal { text, datatype: LANG_STRING.to_owned(), language: Some(tag.to_owned()) });
        }
        let datatype =
            if self.take("^^") { self.iri().ok_or("a datatype: an absolute IRI")? } else { STRING.to_owned() };
        if datatype == LANG_STRING {
            return Err("a language tag with rdf:langString");
        }
        Ok(Literal { text, datatype, language: None })
    }
}

/// Whether `tag` has the form of a language tag (RFC 5646, as far as RDF asks).
pub(crate) fn is_language_tag(tag: &str) -> bool {
    let mut parts = tag.split('-');
    let short = |part: &str| (1..=8).contains(&part.len());
    parts.next().is_some_and(|first| short(first) && first.bytes().all(|byte| byte.is_ascii_alphabetic()))
        && parts.all(|part| short(part) && part.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

fn unescape(raw: &str, named: bool) -> Option<String> {
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let kind = rest[at + 1..].chars().next()?;
        rest = &rest[at + 1 + kind.len_utf8()..];
        let digits = match kind {
            'u' => 4,
            'U' => 8,
            _ if !named => return None,
            _ => {
                out.push(match kind {
                    't' => '\t',
                    'b' => '\u{8}',
                    'n' => '\n',
                    'r' => '\r',
                    'f' => '\u{c}',
                    '"' | '\'' | '\\' => kind,
                    _ => return None,
                });
                continue;
            }
        };
        let code = rest.get(..digits).filter(|code| code.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        out.push(char::from_u32(u32::from_str_radix(code, 16).ok()?)?);
        rest = &rest[digits..];
    }
    out.push_str(rest);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::super::write;
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        let text = concat!(
            "_:a.b <a:p> \"q\\\"\\\\\\t\\n\\u0007\\u007F\u{1f600}\"@de-AT <a:g> .\n",
            "<a:s> <a:p> \"1\"^^<a:t> .\n<a:s> <a:p> _:a.b _:g .\n"
        );
        let mut out = String::new();
        parse(text).unwrap().iter().for_each(|quad| write(quad, &mut out));
        assert_eq!(out, text);
        assert_eq!(parse("# c\n\n <a:s>\t<a:p><a:o>. # d\r\n").unwrap().len(), 1);
    }

    #[test]
    fn a_text_that_is_not_n_quads_is_refused() {
        for bad in [
            "<a:s> <a:p> <a:o>",
            "<s> <a:p> <a:o> .",
            "\"s\" <a:p> <a:o> .",
            "<a:s> _:p <a:o> .",
            "<a:s> <a:p> <a:o> \"g\" .",
            "<a:s> <a:p> \"o .",
            "<a:s> <a:p> \"\\x\" .",
            "<a:s> <a:p> \"\\ud800\" .",
            "<a:s> <a:p> \"o\"@ .",
            "<a:s> <a:p> \"o\"^^<t> .",
            "<a:s> <a:p> \"o\"^^<http://www.w3.org/1999/02/22-rdf-syntax-ns#langString> .",
            "<a:s> <a:p> <a:o> . <a:s> <a:p> <a:o> .",
            "<a:s b> <a:p> <a:o> .",
            "_: <a:p> <a:o> .",
        ] {
            let error = parse(&format!("\n{bad}")).unwrap_err();
            assert_eq!(error.line, 2, "{bad}");
        }
    }
}
