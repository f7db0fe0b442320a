//! Regular expressions as `sh:pattern` takes them: those of XPath's `fn:matches`, found anywhere in a text.
//!
//! A pattern becomes a machine whose states are followed all at once, so that no pattern and no text takes more than their
//! product of steps. What cannot be followed like that (references to groups, looking ahead or behind), and the Unicode
//! categories and blocks, for which a table would be needed, are refused by name. `\d` and `\w` mean what the engines in use
//! take them for.

mod syntax;

use syntax::{Node, parse};

/// Most states of a machine: bounds what repetition may unfold to.
const STATES_MAX: usize = 20_000;

/// Why a pattern cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// Not a regular expression.
    #[error("not a regular expression at character {0}")]
    Syntax(usize),
    /// A construct that is not supported.
    #[error("{0} is not supported")]
    Unsupported(String),
    /// Repetition that unfolds to too much.
    #[error("repetition unfolds to more than {STATES_MAX} states")]
    Size,
}

#[derive(Debug, Clone)]
enum State {
    One(syntax::Set),
    Fork(usize, usize),
    Start,
    End,
    Found,
}

/// A pattern that is ready to be looked for.
#[derive(Debug, Clone)]
pub(super) struct Pattern {
    states: Vec<State>,
    several_lines: bool,
    ignore_case: bool,
}

impl Pattern {
    pub(super) fn new(pattern: &str, flags: &str) -> Result<Self, PatternError> {
        if let Some(flag) = flags.chars().find(|flag| !"imsxq".contains(*flag)) {
            return Err(PatternError::Unsupported(format!("the flag `{flag}`")));
        }
        let ignore_case = flags.contains('i');
        let node = match flags.contains('q') {
            true => Node::Sequence(pattern.chars().map(|c| Node::One(syntax::Set::just(c))).collect()),
            false => parse(pattern, flags.contains('s'), flags.contains('x'))?,
        };
        let mut machine = Self { states: Vec::new(), several_lines: flags.contains('m'), ignore_case };
        machine.add(&node)?;
        machine.push(State::Found)?;
        Ok(machine)
    }

    /// Steps that looking into `text` may take.
    pub(super) fn work(&self, text: &str) -> u64 {
        (self.states.len() as u64).saturating_mul(text.len() as u64 + 1)
    }

    /// Whether the pattern is found in `text`.
    pub(super) fn is_found_in(&self, text: &str) -> bool {
        let chars: Vec<char> = text.chars().collect();
        let mut live = Live::new(self.states.len());
        let mut next = Live::new(self.states.len());
        for at in 0..=chars.len() {
            live.enter(self, 0, &chars, at);
            if live.found {
                return true;
            }
            next.clear();
            if let Some(c) = chars.get(at) {
                for &state in &live.states {
                    if let State::One(set) = &self.states[state]
                        && set.contains(*c, self.ignore_case)
                    {
                        next.enter(self, state + 1, &chars, at + 1);
                    }
                }
            }
            std::mem::swap(&mut live, &mut next);
        }
        live.found
    }

    fn push(&mut self, state: State) -> Result<usize, PatternError> {
        if self.states.len() >= STATES_MAX {
            return Err(PatternError::Size);
        }
        self.states.push(state);
        Ok(self.states.len() - 1)
    }

    fn add(&mut self, node: &Node) -> Result<(), PatternError> {
        match node {
            Node::One(set) => drop(self.push(State::One(set.clone()))?),
            Node::Start => drop(self.push(State::Start)?),
            Node::End => drop(self.push(State::End)?),
            Node::Sequence(nodes) => nodes.iter().try_for_each(|node| self.add(node))?,
            Node::Choice(nodes) => self.add_choice(nodes)?,
            Node::Repeat { node, least, most } => self.add_repeat(node, *least, *most)?,
        }
        Ok(())
    }

    fn add_choice(&mut self, nodes: &[Node]) -> Result<(), PatternError> {
        let mut ends = Vec::new();
        for (index, node) in nodes.iter().enumerate() {
            if index + 1 == nodes.len() {
                self.add(node)?;
            } else {
                let fork = self.push(State::Fork(0, 0))?;
                self.add(node)?;
                ends.push(self.push(State::Fork(0, 0))?);
                self.states[fork] = State::Fork(fork + 1, self.states.len());
            }
        }
        let after = self.states.len();
        for end in ends {
            self.states[end] = State::Fork(after, after);
        }
        Ok(())
    }

    fn add_repeat(&mut self, node: &Node, least: usize, most: Option<usize>) -> Result<(), PatternError> {
        for _ in 0..least {
            self.add(node)?;
        }
        let Some(most) = most else {
            let fork = self.push(State::Fork(0, 0))?;
            self.add(node)?;
            self.push(State::Fork(fork, fork))?;
            self.states[fork] = State::Fork(fork + 1, self.states.len());
            return Ok(());
        };
        let mut forks = Vec::new();
        for _ in least..most {
            forks.push(self.push(State::Fork(0, 0))?);
            self.add(node)?;
        }
        let after = self.states.len();
        for fork in forks {
            self.states[fork] = State::Fork(fork + 1, after);
        }
        Ok(())
    }
}

/// The states that a machine is in.
struct Live {
    states: Vec<usize>,
    entered: Vec<bool>,
    found: bool,
}

impl Live {
    fn new(size: usize) -> Self {
        Self { states: Vec::new(), entered: vec![false; size], found: false }
    }

    fn clear(&mut self) {
        self.states.clear();
        self.entered.fill(false);
    }

    /// Enters a state, and those that are reached from it without reading.
    fn enter(&mut self, pattern: &Pattern, state: usize, chars: &[char], at: usize) {
        let mut open = vec![state];
        while let Some(state) = open.pop() {
            if std::mem::replace(&mut self.entered[state], true) {
                continue;
            }
            let lines = pattern.several_lines;
            match &pattern.states[state] {
                State::One(_) => self.states.push(state),
                State::Found => self.found = true,
                State::Fork(a, b) => open.extend([*b, *a]),
                State::Start if at == 0 || (lines && chars[at - 1] == '\n') => open.push(state + 1),
                State::End if at == chars.len() || (lines && chars[at] == '\n') => open.push(state + 1),
                State::Start | State::End => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_found_where_xpath_finds_it() {
        for (pattern, flags, yes, no) in [
            ("^CRS", "", &["CRS84", "CRS"][..], &["xCRS", "", "crs"][..]),
            (r"\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}", "", &["a10.0.0.1b"], &["10.0.0", "1000"]),
            (
                r"(?:[0-9a-fA-F]{2}\:){5}[0-9a-fA-F]{2}",
                "",
                &["00:1a:2B:3c:4d:5e"],
                &["00:1a:2B:3c:4d", "0g:1a:2B:3c:4d:5e"],
            ),
            (r"^LicenseRef-[a-zA-Z0-9\-\.]+$", "", &["LicenseRef-a.b-1"], &["LicenseRef-", "LicenseRef-a b", "MIT"]),
            ("^a|b$", "", &["ax", "xb"], &["xa", "bx"]),
            ("^(a|b)*c?d{2,}$", "", &["dd", "abcddd", "cdd"], &["cd", "abc", "aXdd"]),
            ("^x{0}y{1,2}$", "", &["y", "yy"], &["xy", "yyy", ""]),
            ("^[a-z-[aeiou]]+$", "", &["xyz"], &["xay", ""]),
            ("^[^a-c]$", "", &["d", "é"], &["b", "dd"]),
            (r"^[\d\s_-]+$", "", &["1 2-_"], &["1a"]),
            ("^straße$", "i", &["STRAßE", "straße"], &["strasse"]),
            ("^[a-c]$", "i", &["B"], &["D"]),
            ("a.c", "", &["abc"], &["a\nc"]),
            ("a.c", "s", &["a\nc"], &["ac"]),
            ("^b$", "m", &["a\nb\nc"], &["ab"]),
            ("^b$", "", &["b"], &["a\nb"]),
            ("a b # c", "x", &["ab#c"], &["a b"]),
            ("a.b*", "q", &["xa.b*y"], &["aab"]),
            ("(a*)*b", "", &["b", "aab"], &["aaaa"]),
            ("", "", &["", "x"], &[]),
            ("^.+?@.*?$", "", &["a@"], &["@"]),
            (r"^\i\c*$", "", &["a-b", "_x"], &["1a", "-"]),
        ] {
            let compiled = Pattern::new(pattern, flags).unwrap_or_else(|error| panic!("{pattern}: {error}"));
            for text in yes {
                assert!(compiled.is_found_in(text), "{pattern} in {text:?}");
            }
            for text in no {
                assert!(!compiled.is_found_in(text), "{pattern} in {text:?}");
            }
        }
    }

    #[test]
    fn a_pattern_that_cannot_be_used_is_refused_and_never_ignored() {
        for bad in ["(", "a)", "[a", "*a", "a{2,1}", "a{", "a**", "\\", "[z-a]", "[]"] {
            assert!(matches!(Pattern::new(bad, ""), Err(PatternError::Syntax(_))), "{bad}");
        }
        for unsupported in [r"(a)\1", "(?=a)", "(?<!a)b", r"\p{Lu}", r"[\p{IsGreek}]", r"\bword"] {
            assert!(matches!(Pattern::new(unsupported, ""), Err(PatternError::Unsupported(_))), "{unsupported}");
        }
        assert!(matches!(Pattern::new("a", "g"), Err(PatternError::Unsupported(_))));
        assert_eq!(Pattern::new("((a{100}){100}){100}", "").unwrap_err(), PatternError::Size);
        assert_eq!(Pattern::new(&"(".repeat(1000), "").unwrap_err(), PatternError::Syntax(64));
    }

    #[test]
    fn a_hostile_pattern_takes_no_more_than_its_product() {
        let pattern = Pattern::new("^(a+)+$", "").unwrap();
        let text = "a".repeat(5000) + "b";
        assert!(!pattern.is_found_in(&text));
        assert!(pattern.work(&text) < 100_000);
    }
}
