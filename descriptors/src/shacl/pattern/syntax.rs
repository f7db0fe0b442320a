//! The grammar of patterns (XPath and XQuery Functions 3.1, section 5.6, on XML Schema 1.1 part 2, appendix G).

use super::PatternError;

/// Deepest nesting of groups and classes.
const DEPTH_MAX: usize = 64;
/// Largest count of a repetition.
const COUNT_MAX: usize = 10_000;

#[derive(Debug, Clone)]
pub(super) enum Node {
    One(Set),
    Start,
    End,
    Sequence(Vec<Node>),
    Choice(Vec<Node>),
    Repeat { node: Box<Node>, least: usize, most: Option<usize> },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Digit,
    Word,
    Space,
    NameStart,
    Name,
}

/// A set of characters.
#[derive(Debug, Clone, Default)]
pub(super) struct Set {
    ranges: Vec<(char, char)>,
    /// Classes, and whether what is outside them is meant.
    classes: Vec<(Class, bool)>,
    negated: bool,
    without: Option<Box<Set>>,
}

impl Set {
    pub(super) fn just(c: char) -> Self {
        Self { ranges: vec![(c, c)], ..Self::default() }
    }

    fn class(class: Class, outside: bool) -> Self {
        Self { classes: vec![(class, outside)], ..Self::default() }
    }

    pub(super) fn contains(&self, c: char, ignore_case: bool) -> bool {
        let listed = |c: char| {
            self.ranges.iter().any(|(first, last)| (*first..=*last).contains(&c))
                || self.classes.iter().any(|(class, outside)| class.contains(c) != *outside)
        };
        let in_other_case = || {
            ignore_case
                && (c.to_lowercase().any(listed) || c.to_uppercase().count() == 1 && c.to_uppercase().any(listed))
        };
        (listed(c) || in_other_case()) != self.negated
            && !self.without.as_ref().is_some_and(|without| without.contains(c, ignore_case))
    }
}

impl Class {
    fn contains(self, c: char) -> bool {
        match self {
            Self::Digit => c.is_ascii_digit(),
            Self::Word => c.is_alphanumeric() || c == '_',
            Self::Space => matches!(c, ' ' | '\t' | '\n' | '\r'),
            Self::NameStart => c.is_alphabetic() || matches!(c, '_' | ':'),
            Self::Name => c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '\u{b7}'),
        }
    }
}

pub(super) fn parse(pattern: &str, dot_is_all: bool, extended: bool) -> Result<Node, PatternError> {
    let chars = pattern.chars().filter(|c| !extended || !matches!(c, ' ' | '\t' | '\n' | '\r')).collect();
    let mut parser = Parser { chars, at: 0, dot_is_all };
    let node = parser.choice(0)?;
    if parser.at < parser.chars.len() { Err(PatternError::Syntax(parser.at)) } else { Ok(node) }
}

struct Parser {
    chars: Vec<char>,
    at: usize,
    dot_is_all: bool,
}

impl Parser {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn skip(&mut self, c: char) -> bool {
        let here = self.peek() == Some(c);
        self.at += usize::from(here);
        here
    }

    fn fault<T>(&self) -> Result<T, PatternError> {
        Err(PatternError::Syntax(self.at))
    }

    fn choice(&mut self, depth: usize) -> Result<Node, PatternError> {
        if depth >= DEPTH_MAX {
            return self.fault();
        }
        let mut branches = vec![self.sequence(depth)?];
        while self.skip('|') {
            branches.push(self.sequence(depth)?);
        }
        Ok(Node::Choice(branches))
    }

    fn sequence(&mut self, depth: usize) -> Result<Node, PatternError> {
        let mut pieces = Vec::new();
        while let Some(c) = self.peek().filter(|c| !matches!(c, '|' | ')')) {
            self.at += 1;
            let atom = match c {
                '^' => Node::Start,
                '$' => Node::End,
                '.' if self.dot_is_all => Node::One(Set { negated: true, ..Set::default() }),
                '.' => Node::One(Set { ranges: vec![('\n', '\n'), ('\r', '\r')], negated: true, ..Set::default() }),
                '(' => self.group(depth)?,
                '[' => Node::One(self.class(depth)?),
                '\\' => Node::One(self.escape()?),
                '*' | '+' | '?' | '{' | '}' | ']' => {
                    self.at -= 1;
                    return self.fault();
                }
                plain => Node::One(Set::just(plain)),
            };
            pieces.push(self.quantified(atom)?);
        }
        Ok(Node::Sequence(pieces))
    }

    fn group(&mut self, depth: usize) -> Result<Node, PatternError> {
        if self.skip('?') && !self.skip(':') {
            return Err(PatternError::Unsupported("looking ahead or behind, or a named group".to_owned()));
        }
        let node = self.choice(depth + 1)?;
        if self.skip(')') { Ok(node) } else { self.fault() }
    }

    fn quantified(&mut self, atom: Node) -> Result<Node, PatternError> {
        let (least, most) = match self.peek() {
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('?') => (0, Some(1)),
            Some('{') => self.counts()?,
            _ => return Ok(atom),
        };
        self.at += 1;
        // Whether a repetition takes little or much does not change whether it is found.
        self.skip('?');
        Ok(Node::Repeat { node: Box::new(atom), least, most })
    }

    /// `{n}`, `{n,}` or `{n,m}`; ends before the closing brace.
    fn counts(&mut self) -> Result<(usize, Option<usize>), PatternError> {
        self.at += 1;
        let least = self.count()?;
        let most = match self.skip(',') {
            true if self.peek() == Some('}') => None,
            true => Some(self.count()?),
            false => Some(least),
        };
        let ordered = most.is_none_or(|most| least <= most);
        if self.peek() == Some('}') && ordered { Ok((least, most)) } else { self.fault() }
    }

    fn count(&mut self) -> Result<usize, PatternError> {
        let start = self.at;
        let mut count = 0;
        while let Some(digit) = self.peek().and_then(|c| c.to_digit(10)) {
            count = count * 10 + digit as usize;
            if count > COUNT_MAX {
                return Err(PatternError::Size);
            }
            self.at += 1;
        }
        if self.at == start { self.fault() } else { Ok(count) }
    }

    fn class(&mut self, depth: usize) -> Result<Set, PatternError> {
        if depth >= DEPTH_MAX {
            return self.fault();
        }
        let mut set = Set { negated: self.skip('^'), ..Set::default() };
        loop {
            let Some(c) = self.peek() else { return self.fault() };
            let empty = set.ranges.is_empty() && set.classes.is_empty();
            self.at += 1;
            match c {
                ']' if empty => return self.fault(),
                ']' => return Ok(set),
                '-' if self.peek() == Some('[') && !empty => {
                    self.at += 1;
                    set.without = Some(Box::new(self.class(depth + 1)?));
                    return if self.skip(']') { Ok(set) } else { self.fault() };
                }
                '[' => return self.fault(),
                first => self.class_item(first, &mut set)?,
            }
        }
    }

    fn class_item(&mut self, first: char, set: &mut Set) -> Result<(), PatternError> {
        let first = match first {
            '\\' => {
                let escaped = self.escape()?;
                set.classes.extend(&escaped.classes);
                let [(c, _)] = escaped.ranges[..] else { return Ok(()) };
                c
            }
            plain => plain,
        };
        let is_range = self.peek() == Some('-') && self.chars.get(self.at + 1).is_some_and(|c| !matches!(c, ']' | '['));
        if !is_range {
            set.ranges.push((first, first));
            return Ok(());
        }
        self.at += 1;
        let Some(last) = self.peek() else { return self.fault() };
        self.at += 1;
        let last = match last {
            '\\' => match self.escape()?.ranges[..] {
                [(c, _)] => c,
                _ => return self.fault(),
            },
            plain => plain,
        };
        if first > last {
            return self.fault();
        }
        set.ranges.push((first, last));
        Ok(())
    }

    fn escape(&mut self) -> Result<Set, PatternError> {
        let Some(c) = self.peek() else { return self.fault() };
        self.at += 1;
        Ok(match c {
            'n' => Set::just('\n'),
            'r' => Set::just('\r'),
            't' => Set::just('\t'),
            'd' | 'D' => Set::class(Class::Digit, c == 'D'),
            'w' | 'W' => Set::class(Class::Word, c == 'W'),
            's' | 'S' => Set::class(Class::Space, c == 'S'),
            'i' | 'I' => Set::class(Class::NameStart, c == 'I'),
            'c' | 'C' => Set::class(Class::Name, c == 'C'),
            '1'..='9' => return Err(PatternError::Unsupported(format!("the reference to a group `\\{c}`"))),
            'p' | 'P' => return Err(PatternError::Unsupported("a Unicode category or block".to_owned())),
            _ if c.is_alphanumeric() => return Err(PatternError::Unsupported(format!("the escape `\\{c}`"))),
            // XPath lists the characters that may be escaped; the published shapes escape `:` too.
            plain => Set::just(plain),
        })
    }
}
