//! Messages, and units that answer in good and in bad ways.

use std::net::SocketAddr;
use std::thread;

use proptest::collection::vec;
use proptest::prelude::*;

use super::message::{element, integer, object_bytes};
use super::*;

/// As net-snmp 5.9.3 sent them.
const GET: &str = "3027020101040461766f77a01c02047ccf3325020100020100300e300c06082b060102010105000500";
const BULK_GET: &str =
    "302e020101040461766f77a5230204190c26aa02010002011830153013060f2b06010401823e01011a09020301030500";
const IDENTITY: &str = "30818c020101040461766f77a281800201070201000201003075301606082b06010201010500040a7064752d617a2d312d6\
    1302906082b06010201010600041d6463312f726f6f6d2d322f617a2d312d7261636b2d302f666565642d6e301c060e2b06010401823e01011a0201\
    0301040a7064752d617a2d312d613012060e2b06010401823e01011a020163018000";
const OUTLETS: &str = "308201f7020101040461766f77a28201ea020107020100020100308201dd301a06102b06010401823e01011a09020301030104\
    066e6f64652d31301a06102b06010401823e01011a09020301030204066e6f64652d32301506102b06010401823e01011a090203010501020102301\
    506102b06010401823e01011a090203010502020102300f060a2b060104018f650401000201003012060a2b060104018f6504020004047377617030\
    0f060a2b060104018f65040300020100300f060a2b060104018f650404000201003012060a2b060104018f6504050002040178a63c3012060a2b060\
    104018f65040600020400dcbca03012060a2b060104018f65040b00020400dcbca03010060a2b060104018f65040c0002023e803010060a2b060104\
    018f65040d00020222983011060a2b060104018f65040e00020300c33c3012060a2b060104018f65040f0002040084b3e4300f060a2b060104018f6\
    5041200460100300f060a2b060104018f650413004601003012060a2b060104018f6504140046040178a63c3012060a2b060104018f650415004604\
    00dcbca03012060a2b060104018f65041600460400dcbca03010060a2b060104018f6504170046023e803010060a2b060104018f650418004602229\
    83011060a2b060104018f65041900460300c33c3012060a2b060104018f65041a0046040084b3e4";

fn bytes(hexadecimal: &str) -> Vec<u8> {
    (0..hexadecimal.len()).step_by(2).map(|at| u8::from_str_radix(&hexadecimal[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn a_request_is_the_one_that_net_snmp_sends() {
    let get = message::request(b"avow", 0x7ccf_3325, Question::Get, &[SYSTEM_NAME.to_vec()]).unwrap();
    assert_eq!(get, bytes(GET));
    let bulk = message::request(b"avow", 0x190c_26aa, Question::Bulk(24), &[rpdu2(&OUTLET_NAME)]).unwrap();
    assert_eq!(bulk, bytes(BULK_GET));
    assert_eq!(message::request(b"avow", 1, Question::Get, &[vec![3, 1]]), None);
}

#[test]
fn an_answer_of_net_snmp_is_read() {
    let answer = message::response(&bytes(IDENTITY)).unwrap();
    assert_eq!((answer.id, answer.error, answer.community.as_slice()), (7, 0, &b"avow"[..]));
    let octets = |text: &str| Value::Octets(text.as_bytes().to_vec());
    assert_eq!(answer.variables[0], (SYSTEM_NAME.to_vec(), octets("pdu-az-1-a")));
    assert_eq!(answer.variables[2], (rpdu2(&NAME), octets("pdu-az-1-a")));
    assert_eq!(answer.variables[3].1, Value::Nothing);
    let outlets = message::response(&bytes(OUTLETS)).unwrap();
    assert_eq!((outlets.variables.len(), &outlets.variables[1].1), (24, &octets("node-2")));
    assert_eq!(outlets.variables[23].1, Value::Other);
}

#[test]
fn each_broken_answer_says_what_is_wrong() {
    let check = |change: &dyn Fn(&mut Vec<u8>), expect: &str| {
        let mut answer = bytes(IDENTITY);
        change(&mut answer);
        assert_eq!(message::response(&answer).unwrap_err(), expect);
    };
    check(&|answer| answer.clear(), "an element is missing");
    check(&|answer| answer.truncate(1), "an element without a length");
    check(&|answer| answer.truncate(answer.len() - 1), "an element longer than what holds it");
    check(&|answer| answer.push(0), "more than is expected");
    check(&|answer| answer[0] = 0x1f, "a tag of more than one byte");
    check(&|answer| answer[1] = 0x80, "a length of no use");
    check(&|answer| answer[5] = 0, "not SNMPv2c");
    check(&|answer| answer[12] = 0xa0, "another element than is expected");
}

/// A unit that answers each question as `answer` says: the number of the question, its first object and the question itself.
fn unit(answer: impl Fn(&[u8]) -> Vec<Vec<u8>> + Send + 'static) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    thread::spawn(move || {
        let mut question = [0; 2000];
        while let Ok((length, from)) = socket.recv_from(&mut question) {
            for datagram in answer(&question[..length]) {
                socket.send_to(&datagram, from).unwrap();
            }
        }
    });
    address
}

/// The number of a question, and whether it is for what follows an object.
fn asked(question: &[u8]) -> (i32, bool) {
    let tag = question.windows(4).position(|bytes| bytes == b"avow").unwrap() + 4;
    let mut answer = question.to_vec();
    answer[tag] = 0xa2;
    (message::response(&answer).unwrap().id, question[tag] == 0xa5)
}

fn response(id: i32, variables: &[(Oid, Value)]) -> Vec<u8> {
    let variable = |(object, value): &(Oid, Value)| {
        let value = match value {
            Value::Octets(octets) => element(0x04, octets),
            Value::Nothing => element(0x80, &[]),
            Value::Other => integer(7),
        };
        element(0x30, &[element(0x06, &object_bytes(object).unwrap()), value].concat())
    };
    let list = element(0x30, &variables.iter().flat_map(variable).collect::<Vec<u8>>());
    let fields = [integer(id.into()), integer(0), integer(0), list].concat();
    element(0x30, &[integer(1), element(0x04, b"avow"), element(0xa2, &fields)].concat())
}

/// What net-snmp answered, as the answer to `question`.
fn recorded(question: &[u8]) -> Vec<u8> {
    let (id, bulk) = asked(question);
    let answer = message::response(&bytes(if bulk { OUTLETS } else { IDENTITY })).unwrap();
    response(id, &answer.variables)
}

fn said(address: SocketAddr) -> Reading<Description> {
    let directory = tempfile::tempdir().unwrap();
    let community_file = directory.path().join("community");
    std::fs::write(&community_file, "avow\n").unwrap();
    std::fs::set_permissions(&community_file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let unit = config::Pdu { address: address.to_string(), community_file: Some(community_file) };
    fetch(&unit, Instant::now() + Duration::from_secs(5)).and_then(parse)
}

#[test]
fn a_unit_says_what_it_is_and_what_hangs_on_it() {
    // An answer to another question is passed over.
    let address = unit(|question| vec![response(asked(question).0 ^ 1, &[]), recorded(question)]);
    let Reading::Present(said) = said(address) else { panic!() };
    assert_eq!(said.system_name, Reading::Present("pdu-az-1-a".to_owned()));
    assert_eq!(said.system_location, Reading::Present("dc1/room-2/az-1-rack-0/feed-n".to_owned()));
    assert_eq!(said.serial.absence().unwrap().reason, AbsenceReason::NotPresent);
    let outlet = |number, name: &str| Outlet { number, name: name.to_owned() };
    assert_eq!(said.outlets, Reading::Present(vec![outlet(1, "node-1"), outlet(2, "node-2")]));
}

#[test]
fn a_unit_that_goes_in_circles_or_never_ends_is_left() {
    let outlets = |first: u32| {
        move |question: &[u8]| match asked(question) {
            (_, false) => vec![recorded(question)],
            (id, true) => {
                let outlet =
                    |number: u32| ([&rpdu2(&OUTLET_NAME)[..], &[number]].concat(), Value::Octets(b"x".to_vec()));
                vec![response(id, &(first..first + 24).map(outlet).collect::<Vec<_>>())]
            }
        }
    };
    let why = |address| {
        let Reading::Present(said) = said(address) else { panic!() };
        let absence = said.outlets.absence().unwrap().clone();
        assert_eq!(absence.reason, AbsenceReason::Malformed, "{absence}");
        absence.detail
    };
    assert!(why(unit(outlets(1))).contains("out of order"));
    // One that answers with ever higher numbers.
    let next = std::sync::atomic::AtomicU32::new(1);
    let endless = unit(move |question| match asked(question) {
        (_, false) => vec![recorded(question)],
        _ => outlets(next.fetch_add(24, std::sync::atomic::Ordering::SeqCst))(question),
    });
    assert!(why(endless).contains("more outlets"));
}

#[test]
fn silence_refusal_and_garbage_are_told_apart() {
    let reason = |address| said(address).absence().unwrap().reason;
    assert_eq!(reason(unit(|_| vec![b"garbage".to_vec()])), AbsenceReason::Malformed);
    assert_eq!(reason(unit(|_| vec![])), AbsenceReason::TimedOut);
    let nobody = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert_eq!(reason(nobody), AbsenceReason::NotPresent);
}

#[test]
fn a_text_is_one_or_says_why_not() {
    assert_eq!(text(b" a "), Reading::Present("a".to_owned()));
    for bad in [&b""[..], b"  ", b"\xff", b"a\x1b[2J", &[b'x'; 256]] {
        assert!(text(bad).absence().is_some(), "{bad:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever a unit sends, it is read within its bounds or refused.
    #[test]
    fn any_answer_is_read_or_refused(
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        cut in any::<prop::sample::Index>(),
        noise in vec(any::<u8>(), 0..200),
    ) {
        for answer in [IDENTITY, OUTLETS] {
            let mut answer = bytes(answer);
            for (place, byte) in &damage {
                *place.get_mut(&mut answer) = *byte;
            }
            let whole = answer.len();
            answer.truncate(cut.index(2 * whole));
            for bytes in [&answer, &noise] {
                if let Ok(response) = message::response(bytes) {
                    prop_assert!(response.variables.len() <= bytes.len() / 4);
                    prop_assert!(response.variables.iter().all(|(object, _)| (2..=129).contains(&object.len())));
                }
            }
        }
    }

    /// An object that is asked for is the one that is read.
    #[test]
    fn an_object_reads_back_as_itself(first in 0_u32..3, second in 0_u32..40, rest in vec(any::<u32>(), 0..20), id in any::<i32>()) {
        let object = [vec![first, second], rest].concat();
        let mut question = message::request(b"avow", id, Question::Get, std::slice::from_ref(&object)).unwrap();
        let at = question.iter().position(|byte| *byte == 0xa0).unwrap();
        question[at] = 0xa2;
        let answer = message::response(&question).unwrap();
        prop_assert_eq!((answer.id, answer.variables), (id, vec![(object, Value::Nothing)]));
    }
}
