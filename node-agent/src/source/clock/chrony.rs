//! chronyd's command and monitoring protocol, version 6: three questions over UDP, all numbers in network order.
//!
//! The layout of the packets is that of chrony's `candm.h`. A question is as long as its answer, because chronyd answers no
//! shorter one, so that it cannot be used to amplify traffic. Answers are bounded, checked for being answers to what was
//! asked, and asked for under one deadline; nothing is retried.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use descriptors::fact::{AbsenceReason, Reading};

use crate::root::Root;

/// Where chronyd listens for commands unless it is told otherwise.
pub(super) const ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 323);

/// As absences name it.
pub(super) const PLACE: &str = "chronyd on 127.0.0.1:323";

const CAPTURE: &str = "/avow/chrony";

/// For all packets together; chronyd answers in well under a millisecond, or not at all.
const DEADLINE: Duration = Duration::from_millis(500);

const VERSION: u8 = 6;
const REQUEST: u8 = 1;
const REPLY: u8 = 2;

/// Bytes before the body of a question and of an answer.
const REQUEST_HEADER: usize = 20;
const REPLY_HEADER: usize = 28;

/// No answer that is asked for here is longer.
const REPLY_BYTES_MAX: usize = 512;

/// Larger than chronyd's pools; a longer list is not asked for.
const SOURCES_MAX: u32 = 64;

/// A question: its number, that of its answer, and the bytes in the answer's body.
struct Question {
    command: u16,
    reply: u16,
    body: usize,
}

const SOURCES: Question = Question { command: 14, reply: 2, body: 4 };
const SOURCE: Question = Question { command: 15, reply: 3, body: 48 };
const TRACKING: Question = Question { command: 33, reply: 5, body: 76 };

/// Packets as they came.
pub(super) struct Answers {
    pub(super) tracking: Reading<Vec<u8>>,
    pub(super) sources: Reading<Vec<Vec<u8>>>,
}

/// What chronyd says of its clock.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tracking {
    pub(super) stratum: Reading<u32>,
    /// Long-term average of the offset, as a root mean square.
    pub(super) offset_seconds: Reading<f64>,
}

/// Asks the chronyd at `address`.
pub(super) fn ask(address: SocketAddr) -> Answers {
    let end = Instant::now() + DEADLINE;
    let socket = match open(address) {
        Ok(socket) => socket,
        Err(error) => {
            return Answers { tracking: unanswered(&error), sources: unanswered(&error) };
        }
    };
    let tracking = exchange(&socket, &TRACKING, 0, end);
    let sources = match &tracking {
        Reading::Present(_) => ask_sources(&socket, end),
        Reading::Absent(absence) => Reading::Absent(absence.clone()),
    };
    Answers { tracking, sources }
}

/// Reads the packets of a capture: `tracking`, and `source-0` and following.
pub(super) fn captured(root: &Root) -> Answers {
    let packet = |name: &str| root.bytes(&format!("{CAPTURE}/{name}"), REPLY_BYTES_MAX);
    let sources = root.list(CAPTURE).and_then(|names| {
        let names = names.iter().filter(|name| name.starts_with("source-"));
        all(names.map(|name| packet(name)))
    });
    Answers { tracking: packet("tracking"), sources }
}

fn open(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    // Connected, so that only that address can answer, and a port that nobody listens on is an error at once.
    socket.connect(address)?;
    Ok(socket)
}

fn ask_sources(socket: &UdpSocket, end: Instant) -> Reading<Vec<Vec<u8>>> {
    exchange(socket, &SOURCES, 0, end).and_then(|bytes| body(&bytes, &SOURCES)).and_then(|body| match word(&body, 0) {
        count @ 0..=SOURCES_MAX => all((0..count).map(|index| exchange(socket, &SOURCE, index, end))),
        count => Reading::absent(AbsenceReason::Malformed, format!("{PLACE}: {count} sources")),
    })
}

/// Every packet, or why one is missing.
fn all(packets: impl Iterator<Item = Reading<Vec<u8>>>) -> Reading<Vec<Vec<u8>>> {
    let mut found = Vec::new();
    for packet in packets {
        match packet {
            Reading::Present(packet) => found.push(packet),
            Reading::Absent(absence) => return Reading::Absent(absence),
        }
    }
    Reading::Present(found)
}

/// Sends a question and waits for its answer. Answers to other questions, late ones for example, are passed over.
fn exchange(socket: &UdpSocket, question: &Question, argument: u32, end: Instant) -> Reading<Vec<u8>> {
    // Tells the answers of one round apart; a stranger cannot answer on this socket.
    let sequence = u32::from(question.command) << 16 | argument;
    if let Err(error) = socket.send(&request(question, argument, sequence)) {
        return unanswered(&error);
    }
    let mut buffer = [0; REPLY_BYTES_MAX];
    loop {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return unanswered(&io::ErrorKind::TimedOut.into());
        }
        let received = socket.set_read_timeout(Some(left)).and_then(|()| socket.recv(&mut buffer));
        match received {
            Ok(length) if is_answer(&buffer[..length], question, sequence) => {
                return Reading::Present(buffer[..length].to_vec());
            }
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return unanswered(&error),
        }
    }
}

fn unanswered<T>(error: &io::Error) -> Reading<T> {
    let reason = match error.kind() {
        io::ErrorKind::ConnectionRefused => return Reading::absent(AbsenceReason::NotPresent, PLACE),
        // The kernel's word for a receive that took too long.
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
            return Reading::absent(
                AbsenceReason::TimedOut,
                format!("{PLACE}: no answer in {} ms", DEADLINE.as_millis()),
            );
        }
        io::ErrorKind::PermissionDenied => AbsenceReason::NotPermitted,
        _ => AbsenceReason::NotSupported,
    };
    Reading::absent(reason, format!("{PLACE}: {error}"))
}

fn request(question: &Question, argument: u32, sequence: u32) -> Vec<u8> {
    let mut packet = vec![VERSION, REQUEST, 0, 0];
    packet.extend(question.command.to_be_bytes());
    packet.extend([0; 2]);
    packet.extend(sequence.to_be_bytes());
    packet.extend([0; 8]);
    packet.extend(argument.to_be_bytes());
    packet.resize((REPLY_HEADER + question.body).max(REQUEST_HEADER + 4), 0);
    packet
}

fn is_answer(packet: &[u8], question: &Question, sequence: u32) -> bool {
    packet.len() >= REPLY_HEADER
        && packet[..2] == [VERSION, REPLY]
        && packet[4..6] == question.command.to_be_bytes()
        && packet[16..20] == sequence.to_be_bytes()
}

/// The body of an answer, as long as it must be.
fn body(packet: &[u8], question: &Question) -> Reading<Vec<u8>> {
    if packet.len() < REPLY_HEADER || packet[..2] != [VERSION, REPLY] {
        return Reading::absent(AbsenceReason::Malformed, format!("{PLACE}: no answer of version {VERSION}"));
    }
    match (half(packet, 8), half(packet, 6), packet.get(REPLY_HEADER..REPLY_HEADER + question.body)) {
        (0, reply, Some(body)) if reply == question.reply => Reading::Present(body.to_vec()),
        (0, ..) => Reading::absent(AbsenceReason::Malformed, format!("{PLACE}: another or a shorter answer")),
        (2, ..) => Reading::absent(AbsenceReason::NotPermitted, PLACE),
        (status, ..) => Reading::absent(AbsenceReason::NotSupported, format!("{PLACE}: status {status}")),
    }
}

/// What an answer about tracking says. A clock that follows nothing has no stratum and no offset.
pub(super) fn tracking(packet: &[u8]) -> Reading<Tracking> {
    /// `LEAP_Unsynchronised`.
    const UNSYNCHRONISED: u16 = 3;
    fn unsynchronised<T>() -> Reading<T> {
        Reading::absent(AbsenceReason::NotPresent, format!("{PLACE}: not synchronised"))
    }
    body(packet, &TRACKING).map(|body| match half(&body, 26) {
        UNSYNCHRONISED => Tracking { stratum: unsynchronised(), offset_seconds: unsynchronised() },
        _ => Tracking {
            stratum: Reading::Present(u32::from(half(&body, 24))),
            offset_seconds: Reading::Present(float(word(&body, 48))),
        },
    })
}

/// Addresses and reference clocks, sorted. A name that has no address yet is no server yet.
pub(super) fn servers(packets: &[Vec<u8>]) -> Reading<Vec<String>> {
    let mut servers = Vec::new();
    for packet in packets {
        match body(packet, &SOURCE) {
            Reading::Present(body) => servers.extend(server(&body)),
            Reading::Absent(absence) => return Reading::Absent(absence),
        }
    }
    servers.sort_unstable();
    servers.dedup();
    Reading::Present(servers)
}

fn server(body: &[u8]) -> Option<String> {
    const IPV4: u16 = 1;
    const IPV6: u16 = 2;
    /// The mode of a reference clock, whose four letters stand where an address would.
    const REFERENCE_CLOCK: u16 = 2;
    let mut address = [0; 16];
    address.copy_from_slice(body.get(..16)?);
    match (half(body, 26), half(body, 16)) {
        (REFERENCE_CLOCK, _) => {
            let letters = address[..4].iter().filter(|byte| byte.is_ascii_graphic());
            Some(letters.map(|byte| char::from(*byte)).collect())
        }
        (_, IPV4) => Some(Ipv4Addr::from(word(body, 0)).to_string()),
        (_, IPV6) => Some(Ipv6Addr::from(address).to_string()),
        _ => None,
    }
}

/// Two bytes of a body whose length was checked; 0 beyond its end.
fn half(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..at + 2).map_or(0, |pair| u16::from_be_bytes([pair[0], pair[1]]))
}

/// Four bytes, likewise.
fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from(half(bytes, at)) << 16 | u32::from(half(bytes, at + 2))
}

/// Seven bits of exponent and twenty-five of coefficient, both signed: `coefficient × 2^(exponent − 25)`.
fn float(bits: u32) -> f64 {
    let signed = bits.cast_signed();
    let (exponent, coefficient) = (signed >> 25, signed << 7 >> 7);
    f64::from(coefficient) * f64::powi(2.0, exponent - 25)
}

#[cfg(test)]
mod tests;
