//! The words of Turtle.

use super::{TurtleError, TurtleFault};

/// One word.
#[derive(Debug, PartialEq)]
pub(super) enum Token<'a> {
    /// `<…>`, unescaped.
    Iri(String),
    /// `prefix:local`, the local part unescaped.
    Name { prefix: &'a str, local: String },
    /// `_:label`.
    Blank(&'a str),
    /// A quoted text, unescaped; what follows it is asked for separately.
    Text(String),
    /// A number, and the local name of its datatype.
    Number { text: &'a str, kind: &'static str },
    /// A bare word: `a`, `true`, `false`.
    Word(&'a str),
    /// `@prefix`, `@base`, or their forms without `@`, which have no dot.
    Directive { name: &'static str, dotted: bool },
    /// One of `. ; , [ ] ( )`.
    Punctuation(u8),
    /// Nothing more.
    End,
}

/// A place in a text.
pub(super) struct Cursor<'a> {
    text: &'a str,
    at: usize,
    /// Where the last token began.
    start: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0, start: 0 }
    }

    /// The next word.
    pub(super) fn next(&mut self) -> Result<Token<'a>, TurtleError> {
        self.skip_space();
        self.start = self.at;
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return Ok(Token::End) };
        match first {
            '<' => self.iri(),
            '"' | '\'' => self.text(first),
            '[' | ']' | '(' | ')' | ';' | ',' => self.take_mark(first),
            '.' if !rest[1..].starts_with(|c: char| c.is_ascii_digit()) => self.take_mark(first),
            '@' => self.at_directive(),
            '_' if rest.starts_with("_:") => {
                self.at += 2;
                let label = self.name_part(false);
                if label.is_empty() {
                    Err(self.before(TurtleFault::Expected("a label")))
                } else {
                    Ok(Token::Blank(label))
                }
            }
            '0'..='9' | '+' | '-' | '.' => self.number(),
            _ => self.name(),
        }
    }

    /// Steps over `mark`, where it comes next without space.
    pub(super) fn skip(&mut self, mark: &str) -> bool {
        let here = self.rest().starts_with(mark);
        if here {
            self.at += mark.len();
        }
        here
    }

    /// The language tag, where one comes next without space.
    pub(super) fn language(&mut self) -> Result<Option<&'a str>, TurtleError> {
        if !self.skip("@") {
            return Ok(None);
        }
        let tag = self.take_while(|c| c.is_ascii_alphanumeric() || c == '-');
        let well_formed = tag.split('-').enumerate().all(|(index, part)| {
            !part.is_empty() && part.len() <= 8 && (index > 0 || part.chars().all(|c| c.is_ascii_alphabetic()))
        });
        if well_formed { Ok(Some(tag)) } else { Err(self.here(TurtleFault::Expected("a language tag"))) }
    }

    /// A fault where the last token began.
    pub(super) fn before(&self, fault: TurtleFault) -> TurtleError {
        self.place(self.start, fault)
    }

    /// A fault at the very place.
    pub(super) fn here(&self, fault: TurtleFault) -> TurtleError {
        self.place(self.at, fault)
    }

    /// A fault behind the whole text.
    pub(super) fn end(&self, fault: TurtleFault) -> TurtleError {
        self.place(self.text.len(), fault)
    }

    fn place(&self, at: usize, fault: TurtleFault) -> TurtleError {
        let before = &self.text[..at];
        let line = before.rfind('\n').map_or(before, |end| &before[end + 1..]);
        TurtleError { line: before.matches('\n').count() + 1, column: line.chars().count() + 1, fault }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn take_while(&mut self, fits: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let taken = &rest[..rest.find(|c| !fits(c)).unwrap_or(rest.len())];
        self.at += taken.len();
        taken
    }

    fn take_mark(&mut self, mark: char) -> Result<Token<'a>, TurtleError> {
        self.at += 1;
        Ok(Token::Punctuation(mark as u8))
    }

    fn skip_space(&mut self) {
        loop {
            self.take_while(|c| matches!(c, ' ' | '\t' | '\r' | '\n'));
            if !self.rest().starts_with('#') {
                return;
            }
            self.take_while(|c| c != '\n');
        }
    }

    fn iri(&mut self) -> Result<Token<'a>, TurtleError> {
        self.at += 1;
        let mut iri = self.take_while(may_stand_in_iri).to_owned();
        while !self.skip(">") {
            let escaped = match self.rest().starts_with('\\') {
                true => self.numeric_escape()?,
                false => None,
            };
            match escaped {
                Some(escaped) if may_stand_in_iri(escaped) => iri.push(escaped),
                _ => return Err(self.here(TurtleFault::Expected("a character that an IRI may have"))),
            }
            iri.push_str(self.take_while(may_stand_in_iri));
        }
        Ok(Token::Iri(iri))
    }

    fn text(&mut self, quote: char) -> Result<Token<'a>, TurtleError> {
        let long: &str = if quote == '"' { "\"\"\"" } else { "'''" };
        let end = if self.rest().starts_with(long) { long } else { &long[..1] };
        self.at += end.len();
        let mut text = String::new();
        loop {
            let plain = |c: char| c != quote && c != '\\' && (end.len() == 3 || !matches!(c, '\n' | '\r'));
            text.push_str(self.take_while(plain));
            if self.skip(end) {
                return Ok(Token::Text(text));
            }
            match self.rest().chars().next() {
                Some('\\') => text.push(self.escape()?),
                Some(c) if end.len() == 3 => {
                    text.push(c);
                    self.at += 1;
                }
                _ => return Err(self.before(TurtleFault::Expected("the end of the text"))),
            }
        }
    }

    fn escape(&mut self) -> Result<char, TurtleError> {
        if let Some(escaped) = self.numeric_escape()? {
            return Ok(escaped);
        }
        let escaped = match self.rest().chars().nth(1) {
            Some('t') => '\t',
            Some('b') => '\u{8}',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('f') => '\u{c}',
            Some(same @ ('"' | '\'' | '\\')) => same,
            _ => return Err(self.here(TurtleFault::Expected("an escape of Turtle"))),
        };
        self.at += 2;
        Ok(escaped)
    }

    fn numeric_escape(&mut self) -> Result<Option<char>, TurtleError> {
        let digits = match self.rest().as_bytes().get(1) {
            Some(b'u') => 4,
            Some(b'U') => 8,
            _ => return Ok(None),
        };
        let number = self.rest().get(2..2 + digits).filter(|text| text.chars().all(|c| c.is_ascii_hexdigit()));
        match number.and_then(|text| u32::from_str_radix(text, 16).ok()).and_then(char::from_u32) {
            Some(escaped) => {
                self.at += 2 + digits;
                Ok(Some(escaped))
            }
            None => Err(self.here(TurtleFault::Expected("the number of a character"))),
        }
    }

    fn at_directive(&mut self) -> Result<Token<'a>, TurtleError> {
        for (mark, name) in [("@prefix", "prefix"), ("@base", "base")] {
            if self.skip(mark) {
                return Ok(Token::Directive { name, dotted: true });
            }
        }
        Err(self.before(TurtleFault::Expected("`@prefix` or `@base`")))
    }

    fn number(&mut self) -> Result<Token<'a>, TurtleError> {
        let start = self.at;
        if self.rest().starts_with(['+', '-']) {
            self.at += 1;
        }
        let whole = self.take_while(|c| c.is_ascii_digit());
        let mut kind = "integer";
        let fraction = self.rest().strip_prefix('.').map(|tail| tail.chars().take_while(char::is_ascii_digit).count());
        let exponent_after_dot = fraction == Some(0) && !whole.is_empty() && self.exponent(1) > 0;
        if let Some(digits) = fraction.filter(|digits| *digits > 0 || exponent_after_dot) {
            kind = "decimal";
            self.at += 1 + digits;
        }
        if kind == "integer" && whole.is_empty() {
            return Err(self.before(TurtleFault::Expected("a number")));
        }
        let exponent = self.exponent(0);
        if exponent > 0 {
            kind = "double";
            self.at += exponent;
        }
        Ok(Token::Number { text: &self.text[start..self.at], kind })
    }

    /// The length of the exponent that begins `skip` bytes further.
    fn exponent(&self, skip: usize) -> usize {
        let rest = &self.rest()[skip..];
        let Some(tail) = rest.strip_prefix(['e', 'E']) else { return 0 };
        let digits = tail.strip_prefix(['+', '-']).unwrap_or(tail);
        let count = digits.bytes().take_while(u8::is_ascii_digit).count();
        if count == 0 { 0 } else { rest.len() - digits.len() + count }
    }

    fn name(&mut self) -> Result<Token<'a>, TurtleError> {
        let prefix = self.name_part(false);
        if self.skip(":") {
            let start = self.at;
            let raw = self.name_part(true);
            let local = if raw.contains('\\') { self.unescape(start, raw)? } else { raw.to_owned() };
            return Ok(Token::Name { prefix, local });
        }
        match prefix {
            "a" | "true" | "false" => Ok(Token::Word(prefix)),
            _ if prefix.eq_ignore_ascii_case("prefix") => Ok(Token::Directive { name: "prefix", dotted: false }),
            _ if prefix.eq_ignore_ascii_case("base") => Ok(Token::Directive { name: "base", dotted: false }),
            _ => Err(self.before(TurtleFault::Expected("an IRI, a name with a prefix, a literal or `a`"))),
        }
    }

    /// A name without its dots at the end, which end the statement.
    fn name_part(&mut self, local: bool) -> &'a str {
        let rest = self.rest();
        let mut end = 0;
        let mut chars = rest.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            let fits = match c {
                '-' | '.' => end > 0 || at > 0,
                ':' | '%' => local,
                '\\' => local && chars.next().is_some(),
                _ => c.is_alphanumeric() || c == '_' || (c >= '\u{b7}' && !c.is_whitespace() && !c.is_control()),
            };
            if !fits {
                break;
            }
            end = chars.peek().map_or(rest.len(), |(next, _)| *next);
        }
        let mut name = &rest[..end];
        while name.ends_with('.') && !name.ends_with("\\.") {
            name = &name[..name.len() - 1];
        }
        self.at += name.len();
        name
    }

    fn unescape(&self, start: usize, raw: &str) -> Result<String, TurtleError> {
        let mut local = String::with_capacity(raw.len());
        let mut chars = raw.chars();
        while let Some(c) = chars.next() {
            match (c, if c == '\\' { chars.next() } else { None }) {
                ('\\', Some(escaped)) if "_~.-!$&'()*+,;=/?#@%".contains(escaped) => local.push(escaped),
                ('\\', _) => return Err(self.place(start, TurtleFault::Expected("an escape of a local name"))),
                (plain, _) => local.push(plain),
            }
        }
        Ok(local)
    }
}

fn may_stand_in_iri(c: char) -> bool {
    c > ' ' && !matches!(c, '<' | '>' | '"' | '{' | '}' | '|' | '^' | '`' | '\\')
}
