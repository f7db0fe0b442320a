//! Against packets as chronyd 4.3 sent them, and a chronyd that does what a real one does not.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

fn reason<T>(reading: &Reading<T>) -> Option<AbsenceReason> {
    reading.absence().map(|absence| absence.reason)
}

/// An answer with this body, as a daemon makes it for `request`.
fn answer(request: &[u8], reply: u16, status: u16, body: &[u8]) -> Vec<u8> {
    let mut packet = vec![VERSION, REPLY, 0, 0];
    packet.extend_from_slice(&request[4..6]);
    packet.extend(reply.to_be_bytes());
    packet.extend(status.to_be_bytes());
    packet.extend([0; 6]);
    packet.extend_from_slice(&request[8..12]);
    packet.extend([0; 8]);
    packet.extend_from_slice(body);
    packet
}

fn tracking_body(stratum: u16, leap: u16, rms: u32) -> Vec<u8> {
    let mut body = vec![0; TRACKING.body];
    body[24..26].copy_from_slice(&stratum.to_be_bytes());
    body[26..28].copy_from_slice(&leap.to_be_bytes());
    body[48..52].copy_from_slice(&rms.to_be_bytes());
    body
}

fn source_body(address: &[u8], family: u16, mode: u16) -> Vec<u8> {
    let mut body = vec![0; SOURCE.body];
    body[..address.len()].copy_from_slice(address);
    body[16..18].copy_from_slice(&family.to_be_bytes());
    body[26..28].copy_from_slice(&mode.to_be_bytes());
    body
}

/// A daemon on a port of its own that answers `rounds` questions.
fn daemon(
    rounds: usize,
    reply: impl Fn(&[u8]) -> Vec<Vec<u8>> + Send + 'static,
) -> (SocketAddr, std::thread::JoinHandle<()>) {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let address = socket.local_addr().unwrap();
    let thread = std::thread::spawn(move || {
        let mut buffer = [0; 2048];
        for _ in 0..rounds {
            let Ok((length, client)) = socket.recv_from(&mut buffer) else { return };
            for packet in reply(&buffer[..length]) {
                socket.send_to(&packet, client).unwrap();
            }
        }
    });
    (address, thread)
}

fn honest(request: &[u8]) -> Vec<u8> {
    match half(request, 4) {
        14 => answer(request, 2, 0, &2_u32.to_be_bytes()),
        15 if word(request, 20) == 0 => answer(request, 3, 0, &source_body(&[192, 0, 2, 7], 1, 0)),
        15 => answer(request, 3, 0, &source_body(b"PPS\0", 0, 2)),
        33 => answer(request, 5, 0, &tracking_body(2, 0, 0xea83_126f)),
        _ => answer(request, 1, 3, &[]),
    }
}

#[test]
fn a_daemon_tells_stratum_offset_and_servers() {
    let (address, thread) = daemon(4, |request| vec![honest(request)]);
    let answers = ask(address);
    thread.join().unwrap();
    let tracking = answers.tracking.and_then(|packet| tracking(&packet));
    let found = tracking.present().unwrap();
    assert_eq!(found.stratum, Reading::Present(2));
    assert!(found.offset_seconds.present().is_some_and(|offset| offset.abs() < 0.001), "{found:?}");
    let servers = answers.sources.and_then(|packets| servers(&packets));
    assert_eq!(servers, Reading::Present(vec!["192.0.2.7".to_owned(), "PPS".to_owned()]));
}

#[test]
fn nobody_listening_is_known_at_once_and_silence_at_the_deadline() {
    let closed = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
    let started = Instant::now();
    assert_eq!(reason(&ask(closed).tracking), Some(AbsenceReason::NotPresent));
    assert!(started.elapsed() < DEADLINE);

    let silent = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let started = Instant::now();
    let answers = ask(silent.local_addr().unwrap());
    assert_eq!(reason(&answers.tracking), Some(AbsenceReason::TimedOut));
    assert_eq!(reason(&answers.sources), Some(AbsenceReason::TimedOut));
    assert!(started.elapsed() >= DEADLINE && started.elapsed() < DEADLINE * 10);
}

#[test]
fn an_answer_to_another_question_is_passed_over() {
    let (address, thread) = daemon(4, |request| {
        let mut late = request.to_vec();
        late[11] ^= 0xff;
        vec![vec![], vec![0; 600], honest(&late), honest(request)]
    });
    let answers = ask(address);
    thread.join().unwrap();
    assert!(answers.sources.and_then(|packets| servers(&packets)).present().is_some());
}

#[test]
fn a_daemon_that_refuses_or_counts_beyond_reason_is_not_believed() {
    let refuse = |status: u16| {
        let packet = answer(&request(&TRACKING, 0, 7), 1, status, &[]);
        reason(&tracking(&packet))
    };
    assert_eq!(refuse(2), Some(AbsenceReason::NotPermitted));
    assert_eq!(refuse(9), Some(AbsenceReason::NotSupported));
    assert_eq!(refuse(0), Some(AbsenceReason::Malformed), "another answer than was asked for");

    let (address, thread) = daemon(2, |request| match half(request, 4) {
        14 => vec![answer(request, 2, 0, &u32::MAX.to_be_bytes())],
        _ => vec![honest(request)],
    });
    assert_eq!(reason(&ask(address).sources), Some(AbsenceReason::Malformed));
    thread.join().unwrap();
}

#[test]
fn a_clock_that_follows_nothing_has_no_stratum() {
    let packet = answer(&request(&TRACKING, 0, 7), 5, 0, &tracking_body(0, 3, 0));
    let found = tracking(&packet);
    assert!(found.present().is_some_and(|found| found.stratum.absence().is_some()), "{found:?}");
}

#[test]
fn a_number_has_the_value_its_bits_say() {
    let check = |bits: u32, expect: f64| assert!((float(bits) - expect).abs() < 1e-12, "{bits:08x} {}", float(bits));
    check(0, 0.0);
    // 2^-1 × 2^25 is more than a coefficient holds: 1.0 is 2^23 × 2^(2 − 25).
    check((2 << 25) | (1 << 23), 1.0);
    check((2 << 25) | ((1 << 25) - (1 << 23)), -1.0);
    check((0x7f << 25) | (1 << 23), 0.125);
}

#[test]
fn a_question_is_no_shorter_than_its_answer() {
    for question in [&SOURCES, &SOURCE, &TRACKING] {
        assert!(request(question, 0, 1).len() >= REPLY_HEADER + question.body);
    }
}

proptest! {
    #[test]
    fn any_bytes_are_an_answer_or_malformed(bytes in vec(any::<u8>(), 0..200), good in any::<bool>()) {
        let mut bytes = bytes;
        if good && bytes.len() >= REPLY_HEADER {
            bytes[..10].copy_from_slice(&[VERSION, REPLY, 0, 0, 0, 33, 0, 5, 0, 0]);
        }
        if let Reading::Present(found) = tracking(&bytes) {
            prop_assert!(bytes.len() >= REPLY_HEADER + TRACKING.body);
            prop_assert!(found.offset_seconds.present().is_none_or(|offset| offset.is_finite()));
        }
        if let Reading::Present(found) = servers(std::slice::from_ref(&bytes)) {
            prop_assert!(found.len() <= 1);
        }
    }
}
