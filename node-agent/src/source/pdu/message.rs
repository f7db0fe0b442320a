//! Messages of SNMPv2c (RFC 1901, RFC 3416) in the few forms that a reader needs, in BER (X.690).
//!
//! Written are GetRequest and GetBulkRequest. Read is a Response, strictly: definite lengths of at most four bytes, integers
//! of at most eight, nothing left over, every element within its own. What an object means is not known here.

/// Most parts of an object identifier (RFC 2578, section 3.5).
const PARTS_MAX: usize = 128;

/// Most variables of one message that are taken.
const VARIABLES_MAX: usize = 256;

/// `version` of SNMPv2c.
const VERSION: i64 = 1;

mod tag {
    pub(super) const INTEGER: u8 = 0x02;
    pub(super) const OCTETS: u8 = 0x04;
    pub(super) const NULL: u8 = 0x05;
    pub(super) const OBJECT: u8 = 0x06;
    pub(super) const SEQUENCE: u8 = 0x30;
    pub(super) const NO_SUCH_OBJECT: u8 = 0x80;
    pub(super) const END_OF_VIEW: u8 = 0x82;
    pub(super) const GET: u8 = 0xa0;
    pub(super) const RESPONSE: u8 = 0xa2;
    pub(super) const GET_BULK: u8 = 0xa5;
}

/// An object identifier.
pub(super) type Oid = Vec<u32>;

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Question {
    /// These objects.
    Get,
    /// At most so many that follow the one named.
    Bulk(u8),
}

/// The value of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// Bytes, a text as a rule.
    Octets(Vec<u8>),
    /// There is no such object or instance, or none further.
    Nothing,
    /// Of a type that is of no use here.
    Other,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Response {
    pub(super) community: Vec<u8>,
    pub(super) id: i32,
    /// `error-status`; 0 for none.
    pub(super) error: i64,
    pub(super) variables: Vec<(Oid, Value)>,
}

/// A request; none where an object has no form, which a constant of ours always has.
pub(super) fn request(community: &[u8], id: i32, question: Question, objects: &[Oid]) -> Option<Vec<u8>> {
    let mut variables = Vec::new();
    for object in objects {
        let null = element(tag::NULL, &[]);
        let variable = [element(tag::OBJECT, &object_bytes(object)?), null].concat();
        variables.extend(element(tag::SEQUENCE, &variable));
    }
    let (tag, first, second) = match question {
        Question::Get => (tag::GET, 0, 0),
        Question::Bulk(repetitions) => (tag::GET_BULK, 0, i64::from(repetitions)),
    };
    let fields = [integer(id.into()), integer(first), integer(second), element(tag::SEQUENCE, &variables)].concat();
    let message = [integer(VERSION), element(tag::OCTETS, community), element(tag, &fields)].concat();
    Some(element(tag::SEQUENCE, &message))
}

pub(super) fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let mut bytes = vec![tag];
    match u8::try_from(length) {
        Ok(short @ ..0x80) => bytes.push(short),
        Ok(short) => bytes.extend([0x81, short]),
        Err(_) => {
            bytes.push(0x84);
            bytes.extend(u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
        }
    }
    bytes.extend_from_slice(content);
    bytes
}

pub(super) fn integer(value: i64) -> Vec<u8> {
    let bytes = value.to_be_bytes();
    // What only repeats the sign is left out.
    let redundant =
        bytes.windows(2).take_while(|pair| (pair[0] == 0x00 && pair[1] < 0x80) || (pair[0] == 0xff && pair[1] >= 0x80));
    element(tag::INTEGER, &bytes[redundant.count()..])
}

pub(super) fn object_bytes(object: &[u32]) -> Option<Vec<u8>> {
    let [first @ 0..=2, second, rest @ ..] = object else { return None };
    let mut bytes = Vec::new();
    for part in std::iter::once(first * 40 + second).chain(rest.iter().copied()) {
        let digit = |place: u32| u8::try_from(part >> (7 * place) & 0x7f).unwrap_or(0);
        bytes.extend((1..5).rev().map(digit).skip_while(|digit| *digit == 0).map(|digit| digit | 0x80));
        bytes.push(digit(0));
    }
    Some(bytes)
}

/// Reads an answer, or says what is wrong with it.
pub(super) fn response(bytes: &[u8]) -> Result<Response, &'static str> {
    let mut outer = Reader(bytes);
    let mut message = Reader(outer.expect(tag::SEQUENCE)?);
    outer.end()?;
    if message.integer()? != VERSION {
        return Err("not SNMPv2c");
    }
    let community = message.expect(tag::OCTETS)?.to_vec();
    let mut fields = Reader(message.expect(tag::RESPONSE)?);
    message.end()?;
    let id = i32::try_from(fields.integer()?).map_err(|_| "a request number out of range")?;
    let error = fields.integer()?;
    fields.integer()?;
    let mut list = Reader(fields.expect(tag::SEQUENCE)?);
    fields.end()?;
    let mut variables = Vec::new();
    while !list.0.is_empty() {
        if variables.len() == VARIABLES_MAX {
            return Err("too many variables");
        }
        let mut variable = Reader(list.expect(tag::SEQUENCE)?);
        let object = object(variable.expect(tag::OBJECT)?)?;
        let (kind, content) = variable.next()?;
        variable.end()?;
        let value = match kind {
            tag::OCTETS => Value::Octets(content.to_vec()),
            tag::NULL | tag::NO_SUCH_OBJECT..=tag::END_OF_VIEW => Value::Nothing,
            _ => Value::Other,
        };
        variables.push((object, value));
    }
    Ok(Response { community, id, error, variables })
}

/// Elements that are left.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<(u8, &'a [u8]), &'static str> {
        let (tag, rest) = self.0.split_first().ok_or("an element is missing")?;
        if tag & 0x1f == 0x1f {
            return Err("a tag of more than one byte");
        }
        let (length, rest) = rest.split_first().ok_or("an element without a length")?;
        let (length, rest) = match length {
            0..=0x7f => (usize::from(*length), rest),
            0x81..=0x84 => {
                let (digits, rest) = rest.split_at_checked(usize::from(length & 0x7f)).ok_or("half a length")?;
                (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), rest)
            }
            _ => return Err("a length of no use"),
        };
        let (content, rest) = rest.split_at_checked(length).ok_or("an element longer than what holds it")?;
        self.0 = rest;
        Ok((*tag, content))
    }

    fn expect(&mut self, tag: u8) -> Result<&'a [u8], &'static str> {
        match self.next()? {
            (found, content) if found == tag => Ok(content),
            _ => Err("another element than is expected"),
        }
    }

    fn integer(&mut self) -> Result<i64, &'static str> {
        let content = self.expect(tag::INTEGER)?;
        let (first, rest) = content.split_first().ok_or("an empty number")?;
        if rest.len() > 7 {
            return Err("a number out of range");
        }
        let sign = if *first >= 0x80 { -1 } else { 0 };
        Ok(content.iter().fold(sign, |number, byte| number << 8 | i64::from(*byte)))
    }

    fn end(&self) -> Result<(), &'static str> {
        if self.0.is_empty() { Ok(()) } else { Err("more than is expected") }
    }
}

fn object(bytes: &[u8]) -> Result<Oid, &'static str> {
    let mut parts: Oid = Vec::new();
    let mut part = 0_u32;
    let mut open = false;
    for byte in bytes {
        if part > u32::MAX >> 7 {
            return Err("an object identifier out of range");
        }
        part = part << 7 | u32::from(byte & 0x7f);
        open = byte & 0x80 != 0;
        if !open {
            if parts.is_empty() {
                let first = (part / 40).min(2);
                parts.extend([first, part - 40 * first]);
            } else {
                parts.push(part);
            }
            part = 0;
        }
        if parts.len() > PARTS_MAX {
            return Err("an object identifier too long");
        }
    }
    if open || parts.is_empty() { Err("half an object identifier") } else { Ok(parts) }
}
