//! Looking into a [`Document`].

use serde_json::{Map, Number, Value};

use super::{Document, Token};

/// A value of a document.
#[derive(Clone, Copy)]
pub struct Json<'a> {
    document: &'a Document,
    at: usize,
}

impl<'a> Json<'a> {
    pub(super) fn at(document: &'a Document, at: usize) -> Self {
        Self { document, at }
    }

    fn token(self) -> Token {
        self.document.tokens[self.at]
    }

    /// The token behind this value.
    fn end(self) -> usize {
        match self.token() {
            Token::List { end, .. } | Token::Object { end, .. } => end as usize,
            _ => self.at + 1,
        }
    }

    /// How long the text is that the document was read from: a hint for buffers.
    pub fn text_length(self) -> usize {
        self.document.text.len()
    }

    /// Whether this is null.
    pub fn is_null(self) -> bool {
        matches!(self.token(), Token::Null)
    }

    /// Whether this is an object.
    pub fn is_object(self) -> bool {
        matches!(self.token(), Token::Object { .. })
    }

    /// The truth value, where this is one.
    pub fn as_bool(self) -> Option<bool> {
        match self.token() {
            Token::Boolean(truth) => Some(truth),
            _ => None,
        }
    }

    /// The text, where this is one.
    pub fn as_str(self) -> Option<&'a str> {
        match self.token() {
            Token::Plain { start, end } => Some(&self.document.text[start as usize..end as usize]),
            Token::Escaped { start, end } => Some(&self.document.unescaped[start as usize..end as usize]),
            _ => None,
        }
    }

    /// The whole number, where this is one.
    pub fn as_i64(self) -> Option<i64> {
        match self.token() {
            Token::Integer(number) => Some(number),
            _ => None,
        }
    }

    /// The number, where this is one.
    pub fn as_f64(self) -> Option<f64> {
        match self.token() {
            // Exact: it lies within 2^53.
            Token::Integer(number) => Some(number as f64),
            Token::Float(number) => Some(number),
            _ => None,
        }
    }

    /// The items of a list, where this is one.
    pub fn items(self) -> Option<Items<'a>> {
        match self.token() {
            Token::List { length, .. } => Some(Items { document: self.document, at: self.at + 1, left: length }),
            _ => None,
        }
    }

    /// The members of an object, in the order of the text, where this is one.
    pub fn members(self) -> Option<Members<'a>> {
        match self.token() {
            Token::Object { length, .. } => Some(Members { document: self.document, at: self.at + 1, left: length }),
            _ => None,
        }
    }

    /// The items of a list, or the value itself: in credentials one of a kind may stand without a list.
    pub fn one_or_many(self) -> impl Iterator<Item = Json<'a>> {
        let many = self.items();
        let one = many.is_none().then_some(self);
        many.into_iter().flatten().chain(one)
    }

    /// The member called `name`, where this is an object that has it.
    pub fn get(self, name: &str) -> Option<Json<'a>> {
        self.members()?.find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// The value as a tree of its own.
    pub fn to_value(self) -> Value {
        match self.token() {
            Token::Null => Value::Null,
            Token::Boolean(truth) => Value::Bool(truth),
            Token::Integer(number) => u64::try_from(number).map_or_else(|_| Value::from(number), Value::from),
            Token::Float(number) => Number::from_f64(number).map_or(Value::Null, Value::Number),
            Token::Plain { .. } | Token::Escaped { .. } => Value::from(self.as_str().unwrap_or_default()),
            Token::List { .. } => self.items().into_iter().flatten().map(Json::to_value).collect(),
            Token::Object { .. } => {
                let members = self.members().into_iter().flatten();
                Value::Object(members.map(|(name, value)| (name.to_owned(), value.to_value())).collect::<Map<_, _>>())
            }
        }
    }
}

impl std::fmt::Debug for Json<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(&self.to_value(), f)
    }
}

/// Equal as JSON: order of members does not matter, `1` and `1.0` differ.
impl PartialEq<Value> for Json<'_> {
    fn eq(&self, other: &Value) -> bool {
        self.to_value() == *other
    }
}

/// The items of a list.
#[derive(Clone)]
pub struct Items<'a> {
    document: &'a Document,
    at: usize,
    left: u32,
}

impl<'a> Iterator for Items<'a> {
    type Item = Json<'a>;

    fn next(&mut self) -> Option<Json<'a>> {
        self.left = self.left.checked_sub(1)?;
        let item = Json::at(self.document, self.at);
        self.at = item.end();
        Some(item)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left as usize, Some(self.left as usize))
    }
}

impl ExactSizeIterator for Items<'_> {}

/// The members of an object.
#[derive(Clone)]
pub struct Members<'a> {
    document: &'a Document,
    at: usize,
    left: u32,
}

impl<'a> Iterator for Members<'a> {
    type Item = (&'a str, Json<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let name = Json::at(self.document, self.at);
        let value = Json::at(self.document, self.at + 1);
        self.at = value.end();
        Some((name.as_str().unwrap_or_default(), value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left as usize, Some(self.left as usize))
    }
}

impl ExactSizeIterator for Members<'_> {}
