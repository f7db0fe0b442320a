//! From bytes to a [`Document`], in one pass.

use super::{DEPTH_MAX, Document, Fault, INTEGER_MAX, SyntaxError, Token};

/// Names of one object that are compared pair by pair; of more, sorted.
const PAIRWISE_MAX: usize = 16;

/// About as many as a compact credential spends on a value or a name; a guess that only saves moving the tokens.
const BYTES_PER_TOKEN: usize = 8;

pub(super) fn document(bytes: Vec<u8>) -> Result<Document, SyntaxError> {
    if u32::try_from(bytes.len()).is_err() {
        return Err(SyntaxError { line: 1, column: 1, fault: Fault::Long });
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        place(error.as_bytes(), at, Fault::Encoding)
    })?;
    let mut reader = Reader {
        bytes: text.as_bytes(),
        text: &text,
        at: 0,
        unescaped: String::new(),
        tokens: Vec::with_capacity(text.len() / BYTES_PER_TOKEN + 1),
        names: Vec::new(),
    };
    match reader.document() {
        Ok(()) => {
            let (unescaped, mut tokens) = (reader.unescaped, reader.tokens);
            // Documents are kept in hundreds while a batch is looked at.
            tokens.shrink_to_fit();
            Ok(Document { text, unescaped, tokens })
        }
        Err(Stop { at, fault }) => Err(place(text.as_bytes(), at, fault)),
    }
}

fn place(bytes: &[u8], at: usize, fault: Fault) -> SyntaxError {
    let before = &bytes[..at.min(bytes.len())];
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let column = before.iter().rev().take_while(|byte| **byte != b'\n').count() + 1;
    SyntaxError { line, column, fault }
}

struct Stop {
    at: usize,
    fault: Fault,
}

struct Reader<'a> {
    bytes: &'a [u8],
    text: &'a str,
    at: usize,
    unescaped: String,
    tokens: Vec<Token>,
    /// Tokens of the names of all objects that are open.
    names: Vec<u32>,
}

impl Reader<'_> {
    fn document(&mut self) -> Result<(), Stop> {
        self.space();
        self.value(0)?;
        self.space();
        if self.at == self.bytes.len() { Ok(()) } else { Err(self.stop(Fault::Trailing)) }
    }

    fn stop(&self, fault: Fault) -> Stop {
        Stop { at: self.at, fault }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn value(&mut self, depth: usize) -> Result<(), Stop> {
        match self.peek() {
            Some(b'"') => {
                let token = self.string()?;
                self.tokens.push(token);
                Ok(())
            }
            Some(b'{') => self.object(depth),
            Some(b'[') => self.list(depth),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Token::Boolean(true)),
            Some(b'f') => self.word("false", Token::Boolean(false)),
            Some(b'n') => self.word("null", Token::Null),
            _ => Err(self.stop(Fault::Expected("a value"))),
        }
    }

    fn word(&mut self, word: &'static str, token: Token) -> Result<(), Stop> {
        if !self.bytes[self.at..].starts_with(word.as_bytes()) {
            return Err(self.stop(Fault::Expected("a value")));
        }
        self.at += word.len();
        self.tokens.push(token);
        Ok(())
    }

    /// Enters a list or an object, and leaves room for its token.
    fn open(&mut self, depth: usize) -> Result<usize, Stop> {
        if depth >= DEPTH_MAX {
            return Err(self.stop(Fault::Deep));
        }
        self.at += 1;
        self.space();
        self.tokens.push(Token::Null);
        Ok(self.tokens.len() - 1)
    }

    fn list(&mut self, depth: usize) -> Result<(), Stop> {
        let opened = self.open(depth)?;
        let mut length = 0;
        if self.peek() == Some(b']') {
            self.at += 1;
        } else {
            loop {
                self.value(depth + 1)?;
                length += 1;
                if self.closes(b']', "`,` or `]`")? {
                    break;
                }
            }
        }
        self.tokens[opened] = Token::List { length, end: self.tokens.len() as u32 };
        Ok(())
    }

    fn object(&mut self, depth: usize) -> Result<(), Stop> {
        let opened = self.open(depth)?;
        let first_name = self.names.len();
        let mut length = 0;
        if self.peek() == Some(b'}') {
            self.at += 1;
        } else {
            loop {
                if self.peek() != Some(b'"') {
                    return Err(self.stop(Fault::Expected("a name in quotes")));
                }
                let name = self.string()?;
                self.names.push(self.tokens.len() as u32);
                self.tokens.push(name);
                self.space();
                if self.peek() != Some(b':') {
                    return Err(self.stop(Fault::Expected("`:`")));
                }
                self.at += 1;
                self.space();
                self.value(depth + 1)?;
                length += 1;
                if self.closes(b'}', "`,` or `}`")? {
                    break;
                }
            }
            self.refuse_duplicates(first_name)?;
            self.names.truncate(first_name);
        }
        self.tokens[opened] = Token::Object { length, end: self.tokens.len() as u32 };
        Ok(())
    }

    /// After a part: whether the list or object ends here; else what comes next is the next part.
    fn closes(&mut self, bracket: u8, expected: &'static str) -> Result<bool, Stop> {
        self.space();
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                self.space();
                Ok(false)
            }
            Some(found) if found == bracket => {
                self.at += 1;
                Ok(true)
            }
            _ => Err(self.stop(Fault::Expected(expected))),
        }
    }

    fn name(&self, token: u32) -> &str {
        match self.tokens[token as usize] {
            Token::Plain { start, end } => &self.text[start as usize..end as usize],
            Token::Escaped { start, end } => &self.unescaped[start as usize..end as usize],
            _ => "",
        }
    }

    fn refuse_duplicates(&mut self, first_name: usize) -> Result<(), Stop> {
        let names = &self.names[first_name..];
        let twice = if names.len() <= PAIRWISE_MAX {
            let same = |(at, name): (usize, &u32)| {
                let text = self.name(*name);
                names[..at].iter().any(|earlier| self.name(*earlier) == text)
            };
            names.iter().enumerate().find(|entry| same((entry.0, entry.1))).map(|(_, name)| *name)
        } else {
            let mut sorted: Vec<(&str, u32)> = names.iter().map(|name| (self.name(*name), *name)).collect();
            sorted.sort_unstable();
            sorted.windows(2).find(|pair| pair[0].0 == pair[1].0).map(|pair| pair[1].1)
        };
        let Some(twice) = twice else { return Ok(()) };
        let at = match self.tokens[twice as usize] {
            Token::Plain { start, .. } => start as usize - 1,
            _ => self.at - 1,
        };
        Err(Stop { at, fault: Fault::Twice(self.name(twice).chars().take(80).collect()) })
    }

    fn number(&mut self) -> Result<(), Stop> {
        let start = self.at;
        let negative = self.peek() == Some(b'-');
        self.at += usize::from(negative);
        match self.peek() {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.digits()?,
            _ => return Err(self.stop(Fault::Expected("a digit"))),
        }
        let mut whole = true;
        if self.peek() == Some(b'.') {
            whole = false;
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            whole = false;
            self.at += 1;
            self.at += usize::from(matches!(self.peek(), Some(b'+' | b'-')));
            self.digits()?;
        }
        let text = &self.text[start..self.at];
        let token = match text {
            "-0" => Token::Float(-0.0),
            _ if whole => match text.parse::<i64>() {
                Ok(number) if number.unsigned_abs() <= INTEGER_MAX => Token::Integer(number),
                _ => return Err(Stop { at: start, fault: Fault::Integer(text.chars().take(40).collect()) }),
            },
            _ => match text.parse::<f64>() {
                Ok(number) if number.is_finite() => Token::Float(number),
                _ => return Err(Stop { at: start, fault: Fault::Range }),
            },
        };
        self.tokens.push(token);
        Ok(())
    }

    fn digits(&mut self) -> Result<(), Stop> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start { Err(self.stop(Fault::Expected("a digit"))) } else { Ok(()) }
    }

    fn string(&mut self) -> Result<Token, Stop> {
        self.at += 1;
        let start = self.at;
        self.at = plain_end(self.bytes, start);
        match self.peek() {
            Some(b'"') => {
                let end = self.at;
                self.at += 1;
                Ok(Token::Plain { start: start as u32, end: end as u32 })
            }
            Some(b'\\') => self.escaped_string(start),
            Some(_) => Err(self.stop(Fault::Control)),
            None => Err(self.stop(Fault::Expected("the end of the text"))),
        }
    }

    /// A text with escapes, whose first is at `self.at`.
    fn escaped_string(&mut self, start: usize) -> Result<Token, Stop> {
        let into = self.unescaped.len();
        let mut plain = start;
        loop {
            self.unescaped.push_str(&self.text[plain..self.at]);
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(Token::Escaped { start: into as u32, end: self.unescaped.len() as u32 });
                }
                Some(b'\\') => {
                    let character = self.escape()?;
                    self.unescaped.push(character);
                }
                Some(_) => return Err(self.stop(Fault::Control)),
                None => return Err(self.stop(Fault::Expected("the end of the text"))),
            }
            plain = self.at;
            self.at = plain_end(self.bytes, plain);
        }
    }

    fn escape(&mut self) -> Result<char, Stop> {
        let start = self.at;
        let stop = Stop { at: start, fault: Fault::Escape };
        self.at += 2;
        Ok(match self.bytes.get(start + 1) {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                let first = self.unit().ok_or(Stop { at: start, fault: Fault::Escape })?;
                let second = if (0xd800..0xdc00).contains(&first) {
                    let pair = self.bytes[self.at..].starts_with(b"\\u");
                    self.at += 2;
                    Some(self.unit().filter(|_| pair).ok_or(Stop { at: start, fault: Fault::Escape })?)
                } else {
                    None
                };
                let units = std::iter::once(first).chain(second);
                char::decode_utf16(units).next().and_then(Result::ok).ok_or(stop)?
            }
            _ => return Err(stop),
        })
    }

    /// Four hexadecimal digits.
    fn unit(&mut self) -> Option<u16> {
        let digits = self.bytes.get(self.at..self.at + 4)?;
        self.at += 4;
        digits.iter().try_fold(0, |unit, digit| Some(unit << 4 | u16::try_from(char::from(*digit).to_digit(16)?).ok()?))
    }
}

/// The first quote, backslash or control character at or after `at`; eight bytes at a time.
fn plain_end(bytes: &[u8], mut at: usize) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const TOPS: u64 = 0x8080_8080_8080_8080;
    // In each byte the top bit, where the byte is zero (and possibly in bytes above one that is).
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word & TOPS;
    while let Some(chunk) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let word = u64::from_le_bytes(*chunk);
        let control = word.wrapping_sub(ONES * 0x20) & !word & TOPS;
        let found = control | zeros(word ^ (ONES * u64::from(b'"'))) | zeros(word ^ (ONES * u64::from(b'\\')));
        if found != 0 {
            // The lowest bit that is set is exact: a borrow only spoils the bytes above it.
            return at + found.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    let rest = bytes.get(at..).unwrap_or_default();
    at + rest.iter().position(|byte| *byte < b' ' || matches!(byte, b'"' | b'\\')).unwrap_or(rest.len())
}
