//! Graphs as JSON lines: one component per line, in any order.
//!
//! ```text
//!   {"id": "rack-7", "kind": "rack", "own": true, "p": 0.001, "needs": [{"min": 1, "of": ["pdu-a", "pdu-b"]}]}
//! ```
//!
//! `own` (default true): it can fail by itself. `p`: how probably. `needs`: each holds while at least `min` of its members
//! are up. `kind`, `label` and whatever begins with `_` are for people. Any other member is refused: a misspelt `needs`
//! that is passed over would make a component look independent.
//!
//! A need keeps the number of its line as its evidence. The lines are read in one pass without a tree of values, since graphs of a million components are read while someone
//! waits. The grammar is JSON's (RFC 8259); names without escapes are never copied.

use std::borrow::Cow;

use independence::fault_graph::{Event, FaultGraph, FaultGraphBuilder, Vertex};

use super::{Fault, Place};

/// What a component takes at least, while the graph is built.
const BYTES_PER_COMPONENT: usize = 64;
/// After so many members and needs of one component it is looked whether there is room for more.
const LOOK_EVERY: usize = 1 << 12;
/// Deepest nesting of a value that is passed over.
const DEPTH_MAX: usize = 64;

/// The graph of a file.
pub(super) fn read(bytes: &[u8], memory_bytes_max: u64) -> Result<FaultGraph, Fault> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes)
        .map_err(|error| Fault::new(Place::Byte(error.valid_up_to()), "not UTF-8", "save the file as UTF-8"))?;
    let mut reader = Reader {
        text,
        at: 0,
        line: 1,
        builder: builder(components(bytes), memory_bytes_max)?,
        members: Vec::new(),
        needs: Vec::new(),
    };
    loop {
        reader.skip_blank_lines();
        if reader.at == text.len() {
            break;
        }
        reader.component()?;
    }
    reader.builder.finish().map_err(|error| {
        let name = match &error {
            independence::fault_graph::GraphError::Undefined { name, .. } => Some(name.as_str()),
            _ => None,
        };
        Fault::graph(name.map_or(Place::Whole, |name| mention(text, name)), &error)
    })
}

fn builder(components: usize, memory_bytes_max: u64) -> Result<FaultGraphBuilder, Fault> {
    let bytes_max = usize::try_from(memory_bytes_max).unwrap_or(usize::MAX);
    // A table that is too large is not made only to be refused.
    let builder = FaultGraphBuilder::with_room_for(components.min(bytes_max / BYTES_PER_COMPONENT));
    builder.limited_to(bytes_max).map_err(|error| Fault::graph(Place::Whole, &error))
}

/// How many components there may be, which is no more than there are lines, and than would fit.
fn components(bytes: &[u8]) -> usize {
    const SHORTEST: usize = r#"{"id":"a"}"#.len();
    (bytes.iter().filter(|&&byte| byte == b'\n').count() + 1).min(bytes.len() / SHORTEST + 1)
}

/// Where a name is first written.
fn mention(text: &str, name: &str) -> Place {
    text.find(&format!("\"{name}\"")).map_or(Place::Whole, |at| place(text, at))
}

fn place(text: &str, at: usize) -> Place {
    let before = &text.as_bytes()[..at];
    let start = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |newline| newline + 1);
    let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
    let column = String::from_utf8_lossy(&before[start..]).chars().count() + 1;
    Place::Line { line, column }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    /// The line at hand, from 1: what a need rests on.
    line: u32,
    builder: FaultGraphBuilder,
    /// Members of all needs of the component at hand.
    members: Vec<Vertex>,
    /// Of each need its minimum, where its members end, and where it is written.
    needs: Vec<Need>,
}

type Need = (u32, usize, usize);

impl<'t> Reader<'t> {
    fn fault(&self, what: impl std::fmt::Display, remedy: &'static str) -> Fault {
        self.fault_at(self.at, what, remedy)
    }

    fn fault_at(&self, at: usize, what: impl std::fmt::Display, remedy: &'static str) -> Fault {
        Fault::new(place(self.text, at), what, remedy)
    }

    fn expected(&self, what: &str) -> Fault {
        let found = match self.text[self.at..].chars().next() {
            None => "the end of the file".to_owned(),
            Some('\n' | '\r') => "the end of the line".to_owned(),
            Some(character) => format!("`{character}`"),
        };
        self.fault(format!("expected {what}, found {found}"), "write one JSON object on each line")
    }

    #[inline]
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// A component ends with its line: a line break is no blank here.
    #[inline]
    fn skip_blanks(&mut self) {
        while let Some(b' ' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    fn skip_blank_lines(&mut self) {
        while let Some(byte @ (b' ' | b'\t' | b'\r' | b'\n')) = self.peek() {
            self.line += u32::from(byte == b'\n');
            self.at += 1;
        }
    }

    #[inline]
    fn next_is(&mut self, wanted: u8) -> bool {
        self.skip_blanks();
        let found = self.peek() == Some(wanted);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, wanted: u8) -> Result<(), Fault> {
        if self.next_is(wanted) { Ok(()) } else { Err(self.expected(&format!("`{}`", char::from(wanted)))) }
    }

    /// Whether a list or object goes on after one of its elements.
    fn goes_on(&mut self, end: u8) -> Result<bool, Fault> {
        if self.next_is(b',') {
            return Ok(true);
        }
        if self.next_is(end) { Ok(false) } else { Err(self.expected(&format!("`,` or `{}`", char::from(end)))) }
    }

    fn component(&mut self) -> Result<(), Fault> {
        let start = self.at;
        self.members.clear();
        self.needs.clear();
        let (mut id, mut own, mut probability, mut has_needs) = (None, None, None, false);
        self.expect(b'{')?;
        let mut more = !self.next_is(b'}');
        while more {
            self.skip_blanks();
            let key_at = self.at;
            let key = self.string()?;
            self.expect(b':')?;
            let again = match &*key {
                "id" => {
                    self.skip_blanks();
                    id.replace((self.string()?, self.at)).is_some()
                }
                "own" => own.replace(self.boolean()?).is_some(),
                "p" => self.probability(&mut probability)?,
                "needs" => {
                    self.needs()?;
                    std::mem::replace(&mut has_needs, true)
                }
                "kind" | "label" => self.skip_value().map(|()| false)?,
                _ if key.starts_with('_') => self.skip_value().map(|()| false)?,
                _ => {
                    return Err(self.fault_at(
                        key_at,
                        format!("a component has no member `{key}`"),
                        "known are id, kind, label, own, p, needs, and names that begin with `_`",
                    ));
                }
            };
            if again {
                return Err(self.fault_at(key_at, format!("`{key}` is given twice"), "give it once"));
            }
            more = self.goes_on(b'}')?;
        }
        self.skip_blanks();
        if !matches!(self.peek(), None | Some(b'\n' | b'\r')) {
            return Err(self.expected("the end of the line"));
        }
        let Some((id, id_at)) = id else {
            return Err(self.fault_at(start, "a component without `id`", "add \"id\": \"…\""));
        };
        self.enter(&id, id_at, own.unwrap_or(true), probability.flatten())
    }

    fn enter(&mut self, id: &str, at: usize, own: bool, probability: Option<f64>) -> Result<(), Fault> {
        if id.is_empty() {
            return Err(self.fault_at(at, "an empty `id`", "name the component"));
        }
        let failed = |error| Fault::graph(place(self.text, at), &error);
        let vertex = self.builder.define(id).map_err(failed)?;
        if own {
            self.builder.event(vertex, Event { probability, ..Event::default() }).map_err(failed)?;
        }
        let mut first = 0;
        for &(min, end, at) in &self.needs {
            let need = self.builder.need(vertex, min, &self.members[first..end]);
            let need = need.and_then(|need| self.builder.gate_evidence(need, self.line));
            need.map_err(|error| Fault::graph(place(self.text, at), &error))?;
            first = end;
        }
        Ok(())
    }

    fn probability(&mut self, probability: &mut Option<Option<f64>>) -> Result<bool, Fault> {
        self.skip_blanks();
        if self.text[self.at..].starts_with("null") {
            self.at += 4;
            return Ok(probability.replace(None).is_some());
        }
        let at = self.at;
        let number = self.number()?;
        // No JSON number is "not a number"; one too large for a double is infinite.
        match number.parse::<f64>() {
            Ok(value) if (0.0..=1.0).contains(&value) => Ok(probability.replace(Some(value)).is_some()),
            _ => Err(self.fault_at(
                at,
                format!("the probability {number}"),
                "write a number from 0 to 1, or leave it out",
            )),
        }
    }

    fn needs(&mut self) -> Result<(), Fault> {
        self.expect(b'[')?;
        let mut more = !self.next_is(b']');
        while more {
            self.need()?;
            more = self.goes_on(b']')?;
        }
        Ok(())
    }

    fn need(&mut self) -> Result<(), Fault> {
        self.skip_blanks();
        let start = self.at;
        let (mut min, mut of) = (None, false);
        self.expect(b'{')?;
        let mut more = !self.next_is(b'}');
        while more {
            self.skip_blanks();
            let key_at = self.at;
            let key = self.string()?;
            self.expect(b':')?;
            let again = match &*key {
                "min" => {
                    self.skip_blanks();
                    let at = self.at;
                    let number = self.number()?;
                    let value = number.parse::<u32>().map_err(|_| {
                        self.fault_at(at, format!("`min` is {number}"), "write how many members must be up")
                    })?;
                    min.replace(value).is_some()
                }
                "of" => {
                    self.members()?;
                    std::mem::replace(&mut of, true)
                }
                _ => {
                    return Err(self.fault_at(key_at, format!("a need has no member `{key}`"), "known are min and of"));
                }
            };
            if again {
                return Err(self.fault_at(key_at, format!("`{key}` is given twice"), "give it once"));
            }
            more = self.goes_on(b'}')?;
        }
        match min {
            Some(min) if of => {
                self.needs.push((min, self.members.len(), start));
                if self.needs.len().is_multiple_of(LOOK_EVERY) {
                    self.room_for_lists()?;
                }
            }
            _ => {
                return Err(self.fault_at(
                    start,
                    "a need without `min` or `of`",
                    "write {\"min\": 1, \"of\": [\"…\"]}",
                ));
            }
        }
        Ok(())
    }

    fn members(&mut self) -> Result<(), Fault> {
        self.expect(b'[')?;
        let mut more = !self.next_is(b']');
        while more {
            self.skip_blanks();
            let at = self.at;
            let name = self.string()?;
            if name.is_empty() {
                return Err(self.fault_at(at, "an empty name", "name the member"));
            }
            let vertex = self.builder.vertex(&name).map_err(|error| Fault::graph(place(self.text, at), &error))?;
            self.members.push(vertex);
            if self.members.len().is_multiple_of(LOOK_EVERY) {
                self.room_for_lists()?;
            }
            more = self.goes_on(b']')?;
        }
        Ok(())
    }

    fn room_for_lists(&mut self) -> Result<(), Fault> {
        let bytes = self.members.capacity() * size_of::<Vertex>() + self.needs.capacity() * size_of::<Need>();
        self.builder.room_for(bytes).map_err(|error| Fault::graph(place(self.text, self.at), &error))
    }

    fn boolean(&mut self) -> Result<bool, Fault> {
        self.skip_blanks();
        for (word, value) in [("true", true), ("false", false)] {
            if self.text[self.at..].starts_with(word) {
                self.at += word.len();
                return Ok(value);
            }
        }
        Err(self.expected("`true` or `false`"))
    }

    /// A number as it is written, by JSON's grammar.
    fn number(&mut self) -> Result<&'t str, Fault> {
        self.skip_blanks();
        let start = self.at;
        self.at += usize::from(self.peek() == Some(b'-'));
        let whole = self.digits();
        let leading_zero = whole > 1 && self.text.as_bytes()[self.at - whole] == b'0';
        let mut complete = whole > 0 && !leading_zero;
        if self.peek() == Some(b'.') {
            self.at += 1;
            complete &= self.digits() > 0;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            self.at += usize::from(matches!(self.peek(), Some(b'+' | b'-')));
            complete &= self.digits() > 0;
        }
        if complete {
            Ok(&self.text[start..self.at])
        } else {
            self.at = start;
            Err(self.expected("a number"))
        }
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        self.at - start
    }

    #[inline]
    fn string(&mut self) -> Result<Cow<'t, str>, Fault> {
        if self.peek() != Some(b'"') {
            return Err(self.expected("a string"));
        }
        let start = self.at + 1;
        let text: &'t str = self.text;
        let rest = &text.as_bytes()[start..];
        match rest.iter().position(|&byte| matches!(byte, b'"' | b'\\' | 0..0x20)) {
            Some(length) if rest[length] == b'"' => {
                self.at = start + length + 1;
                Ok(Cow::Borrowed(&text[start..start + length]))
            }
            Some(length) if rest[length] == b'\\' => self.escaped(start).map(Cow::Owned),
            Some(length) => {
                self.at = start + length;
                Err(self.expected("the end of the string"))
            }
            None => Err(self.fault("a string that does not end", "close it with `\"`")),
        }
    }

    /// A string with escapes is rare: serde_json knows how to read it.
    fn escaped(&mut self, start: usize) -> Result<String, Fault> {
        let rest = &self.text.as_bytes()[start..];
        let mut length = 0;
        while let Some(&byte) = rest.get(length) {
            match byte {
                b'"' => break,
                b'\\' => length += 2,
                _ => length += 1,
            }
        }
        // Where the string does not end, this is no string to serde_json either; an escape never splits a character.
        let end = (start + length + 1).min(self.text.len());
        let quoted = self.text.get(start - 1..end).unwrap_or_default();
        let string = serde_json::from_str(quoted)
            .map_err(|error| self.fault(format!("not a string: {error}"), "correct its escapes"))?;
        self.at = end;
        Ok(string)
    }

    /// Passes over any value.
    fn skip_value(&mut self) -> Result<(), Fault> {
        let mut ends: Vec<u8> = Vec::new();
        loop {
            self.skip_blanks();
            match self.peek() {
                Some(b'"') => drop(self.string()?),
                Some(b'-' | b'0'..=b'9') => drop(self.number()?),
                Some(b't' | b'f') => drop(self.boolean()?),
                Some(b'n') if self.text[self.at..].starts_with("null") => self.at += 4,
                Some(open @ (b'[' | b'{')) => {
                    if ends.len() == DEPTH_MAX {
                        return Err(self.fault("values nested too deeply", "flatten what is not id, own, p or needs"));
                    }
                    self.at += 1;
                    let end = if open == b'[' { b']' } else { b'}' };
                    if !self.next_is(end) {
                        ends.push(end);
                        self.skip_key(end)?;
                        continue;
                    }
                }
                _ => return Err(self.expected("a value")),
            }
            // After a value: the lists and objects that end with it, or the next one in them.
            loop {
                let Some(&end) = ends.last() else { return Ok(()) };
                if self.goes_on(end)? {
                    self.skip_key(end)?;
                    break;
                }
                ends.pop();
            }
        }
    }

    fn skip_key(&mut self, end: u8) -> Result<(), Fault> {
        if end == b'}' {
            self.skip_blanks();
            self.string()?;
            self.expect(b':')?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
