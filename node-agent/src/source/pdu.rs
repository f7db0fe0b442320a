//! Power distribution units: what those that are configured say of themselves over SNMPv2c.
//!
//! Asked are the name and place that every device has (SNMPv2-MIB) and the tables of APC's rPDU2 (PowerNet-MIB): identity and
//! the names of outlets. Units of other makers answer the first only. Only reading requests are sent, each at most twice, and
//! all of them share the deadline of sources. A capture has no units.
//!
//! Whoever is on the network between can read the community and answer in the unit's place. What a unit says ranks as
//! declared, whatever it is.

mod message;

use std::io;
use std::net::{ToSocketAddrs as _, UdpSocket};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use descriptors::fact::pdu::{Description, Outlet, PduFact, Unit};
use descriptors::fact::{AbsenceReason, Fact, Reading};

use super::{Context, NOT_CAPTURED, Source};
use crate::config;
use crate::state;
use message::{Oid, Question, Response, Value};

const SYSTEM_NAME: [u32; 9] = [1, 3, 6, 1, 2, 1, 1, 5, 0];
const SYSTEM_LOCATION: [u32; 9] = [1, 3, 6, 1, 2, 1, 1, 6, 0];

/// `rPDU2` of APC.
const RPDU2: [u32; 10] = [1, 3, 6, 1, 4, 1, 318, 1, 1, 26];

/// Columns of `rPDU2IdentTable`, for the first unit.
const NAME: [u32; 4] = [2, 1, 3, 1];
const LOCATION: [u32; 4] = [2, 1, 4, 1];
const MODEL: [u32; 4] = [2, 1, 8, 1];
const SERIAL: [u32; 4] = [2, 1, 9, 1];

/// `rPDU2OutletSwitchedStatusName`.
const OUTLET_NAME: [u32; 5] = [9, 2, 3, 1, 3];

/// The community of most units, where none is configured.
const PUBLIC: &str = "public";

const COMMUNITY_BYTES_MAX: u64 = 256;

/// Largest datagram that is taken; longer ones do not parse.
const DATAGRAM_BYTES_MAX: usize = 8 << 10;

/// How long an answer is waited for.
const ANSWER_TIME_MAX: Duration = Duration::from_millis(1000);

/// A question is asked again once, as datagrams get lost.
const ATTEMPTS: u32 = 2;

/// Outlets asked for at once.
const BULK: u8 = 24;

/// Most outlets of a unit; the largest have some 50.
const OUTLETS_MAX: usize = 128;

/// Most characters of a text; `DisplayString` has 255 (RFC 2579).
const TEXT_BYTES_MAX: usize = 255;

/// See the module.
pub struct Pdu;

impl Source for Pdu {
    fn name(&self) -> &'static str {
        "pdu"
    }

    fn files(&self, settings: &config::Sources) -> Vec<PathBuf> {
        settings.pdus.iter().filter_map(|pdu| pdu.community_file.clone()).collect()
    }

    fn read(&self, context: &Context) -> Reading<Fact> {
        if context.settings.pdus.is_empty() {
            return Reading::absent(AbsenceReason::NotPresent, "`pdus` in `[sources]` names none");
        }
        if !context.root.is_live() {
            return Reading::absent(AbsenceReason::NotSupported, NOT_CAPTURED);
        }
        let end = Instant::now() + context.settings.deadline();
        let unit = |unit: &config::Pdu| Unit { address: unit.address.clone(), said: fetch(unit, end).and_then(parse) };
        let mut units: Vec<Unit> = context.settings.pdus.iter().map(unit).collect();
        units.sort_by(|a, b| a.address.cmp(&b.address));
        Reading::Present(PduFact { units }.into())
    }
}

/// What a unit answered: the objects asked for one by one, and those of the outlets.
struct Raw {
    objects: Vec<(Oid, Value)>,
    outlets: Reading<Vec<(Oid, Value)>>,
}

fn fetch(unit: &config::Pdu, end: Instant) -> Reading<Raw> {
    let community = match &unit.community_file {
        None => PUBLIC.to_owned(),
        Some(path) => match state::read_secret(path, state::OTHERS, COMMUNITY_BYTES_MAX) {
            Ok(Some(text)) => text.trim().to_owned(),
            Ok(None) => return Reading::absent(AbsenceReason::NotPresent, format!("{}", path.display())),
            Err(error) => return Reading::absent(AbsenceReason::NotPermitted, error.to_string()),
        },
    };
    let mut manager = match Manager::new(unit, community, end) {
        Ok(manager) => manager,
        Err(error) => return Reading::absent(AbsenceReason::NotPresent, format!("{}: {}", unit.address, error.kind())),
    };
    let single = [NAME, LOCATION, MODEL, SERIAL].map(|column| rpdu2(&column));
    let objects = [vec![SYSTEM_NAME.to_vec(), SYSTEM_LOCATION.to_vec()], single.to_vec()].concat();
    manager.ask(Question::Get, &objects).map(|objects| Raw { objects, outlets: manager.below(&rpdu2(&OUTLET_NAME)) })
}

/// An object of APC's.
fn rpdu2(column: &[u32]) -> Oid {
    [&RPDU2[..], column].concat()
}

/// Asks one unit.
struct Manager<'a> {
    address: &'a str,
    community: String,
    socket: UdpSocket,
    end: Instant,
    id: i32,
}

impl<'a> Manager<'a> {
    fn new(unit: &'a config::Pdu, community: String, end: Instant) -> io::Result<Self> {
        let to = unit.address.to_socket_addrs()?.next().ok_or(io::ErrorKind::NotFound)?;
        let any = if to.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
        let socket = UdpSocket::bind(any)?;
        // Answers of others are then dropped by the kernel.
        socket.connect(to)?;
        let mut id = [0; 4];
        rustix::rand::getrandom(&mut id, rustix::rand::GetRandomFlags::empty())?;
        let id = i32::from_ne_bytes(id) & 0x7fff_ffff;
        Ok(Self { address: &unit.address, community, socket, end, id })
    }

    /// Every object below `root`, in the order of the unit.
    fn below(&mut self, root: &Oid) -> Reading<Vec<(Oid, Value)>> {
        let mut found: Vec<(Oid, Value)> = Vec::new();
        let mut last = root.clone();
        loop {
            let variables = match self.ask(Question::Bulk(BULK), std::slice::from_ref(&last)) {
                Reading::Present(variables) => variables,
                Reading::Absent(absence) => return Reading::Absent(absence),
            };
            let count = found.len();
            for (object, value) in variables {
                if !object.starts_with(root) || value == Value::Nothing {
                    return Reading::Present(found);
                }
                // A unit that goes in circles would hold us for ever.
                if object <= last {
                    return self.malformed("objects out of order");
                }
                last.clone_from(&object);
                found.push((object, value));
            }
            match found.len() {
                len if len == count => return Reading::Present(found),
                len if len > OUTLETS_MAX => return self.malformed("more outlets than a unit can have"),
                _ => {}
            }
        }
    }

    fn ask(&mut self, question: Question, objects: &[Oid]) -> Reading<Vec<(Oid, Value)>> {
        for _ in 0..ATTEMPTS {
            self.id = (self.id + 1) & 0x7fff_ffff;
            let Some(request) = message::request(self.community.as_bytes(), self.id, question, objects) else {
                return self.malformed("a question without a form");
            };
            match self.socket.send(&request).and_then(|_| self.answer()) {
                Ok(Some(Ok(response))) if response.error == 0 => return Reading::Present(response.variables),
                Ok(Some(Ok(response))) => return self.malformed(&format!("error {}", response.error)),
                Ok(Some(Err(why))) => return self.malformed(why),
                Ok(None) => {}
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                    return Reading::absent(AbsenceReason::NotPresent, format!("{}: nobody listens", self.address));
                }
                Err(error) => {
                    return Reading::absent(AbsenceReason::NotSupported, format!("{}: {}", self.address, error.kind()));
                }
            }
        }
        Reading::absent(
            AbsenceReason::TimedOut,
            format!("{}: no answer; not there, or of another community", self.address),
        )
    }

    /// The answer to the question asked last; none in time. Answers to others are passed over.
    fn answer(&self) -> io::Result<Option<Result<Response, &'static str>>> {
        let end = self.end.min(Instant::now() + ANSWER_TIME_MAX);
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            self.socket.set_read_timeout(Some(left))?;
            let mut datagram = [0; DATAGRAM_BYTES_MAX];
            let length = match self.socket.recv(&mut datagram) {
                Ok(length) => length,
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                    return Ok(None);
                }
                Err(error) => return Err(error),
            };
            let answer = message::response(&datagram[..length]);
            match answer {
                Ok(response) if response.id != self.id || response.community != self.community.as_bytes() => {}
                answer => return Ok(Some(answer)),
            }
        }
    }

    fn malformed<T>(&self, why: &str) -> Reading<T> {
        Reading::absent(AbsenceReason::Malformed, format!("{}: {why}", self.address))
    }
}

fn parse(raw: Raw) -> Reading<Description> {
    let text = |object: &[u32]| match raw.objects.iter().find(|(found, _)| found == object) {
        Some((_, Value::Octets(bytes))) => text(bytes),
        Some((_, Value::Other)) => Reading::absent(AbsenceReason::Malformed, format!("{}: no text", dotted(object))),
        Some((_, Value::Nothing)) | None => Reading::absent(AbsenceReason::NotPresent, dotted(object)),
    };
    Reading::Present(Description {
        system_name: text(&SYSTEM_NAME),
        system_location: text(&SYSTEM_LOCATION),
        name: text(&rpdu2(&NAME)),
        location: text(&rpdu2(&LOCATION)),
        model: text(&rpdu2(&MODEL)),
        serial: text(&rpdu2(&SERIAL)),
        outlets: raw.outlets.and_then(outlets),
    })
}

fn outlets(objects: Vec<(Oid, Value)>) -> Reading<Vec<Outlet>> {
    if objects.is_empty() {
        return Reading::absent(AbsenceReason::NotPresent, dotted(&rpdu2(&OUTLET_NAME)));
    }
    let mut outlets = Vec::new();
    for (object, value) in objects {
        let (Some(&number), Value::Octets(name)) = (object.last(), value) else {
            return Reading::absent(AbsenceReason::Malformed, format!("{}: no text", dotted(&object)));
        };
        match text(&name) {
            Reading::Present(name) => outlets.push(Outlet { number, name }),
            // An outlet without a name says nothing.
            Reading::Absent(absence) if absence.reason == AbsenceReason::NotPresent => {}
            Reading::Absent(absence) => return Reading::Absent(absence),
        }
    }
    outlets.sort();
    Reading::Present(outlets)
}

fn text(bytes: &[u8]) -> Reading<String> {
    if bytes.len() > TEXT_BYTES_MAX {
        return Reading::absent(AbsenceReason::Malformed, format!("a text longer than {TEXT_BYTES_MAX} bytes"));
    }
    match std::str::from_utf8(bytes).map(str::trim) {
        Ok("") => Reading::absent(AbsenceReason::NotPresent, "empty"),
        Ok(text) if !text.contains(char::is_control) => Reading::Present(text.to_owned()),
        _ => Reading::absent(AbsenceReason::Malformed, "no text"),
    }
}

fn dotted(object: &[u32]) -> String {
    object.iter().map(u32::to_string).collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests;
