//! A captured chip is played back: what is sent must be what was sent, and what goes wrong leaves nothing loaded.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::thread::JoinHandle;

use descriptors::tpm::wire::Reader;
use proptest::prelude::*;

use super::*;

type Exchange = Vec<(Vec<u8>, Vec<u8>)>;

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn captured(name: &str) -> Exchange {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/swtpm").join(format!("{name}.exchange"));
    let text = std::fs::read_to_string(path).unwrap();
    let lines: Vec<Vec<u8>> = text.lines().map(|line| bytes(&line[2..])).collect();
    lines.chunks(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect()
}

fn code(command: &[u8]) -> u32 {
    u32::from_be_bytes(command[6..10].try_into().unwrap())
}

fn refusal(code: u32) -> Vec<u8> {
    [&[0x80, 0x01, 0, 0, 0, 10], code.to_be_bytes().as_slice()].concat()
}

fn received(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut command = vec![0; 10];
    stream.read_exact(&mut command).ok()?;
    let size = u32::from_be_bytes(command[2..6].try_into().unwrap());
    command.resize(usize::try_from(size).unwrap(), 0);
    stream.read_exact(&mut command[10..]).unwrap();
    Some(command)
}

/// A chip that gives the answers of `answer`, and the commands that it was given, once it is dropped.
fn chip(mut answer: impl FnMut(usize, &[u8]) -> Vec<u8> + Send + 'static) -> (Tpm, JoinHandle<Vec<Vec<u8>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let playing = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut commands: Vec<Vec<u8>> = Vec::new();
        while let Some(command) = received(&mut stream) {
            let answer = answer(commands.len(), &command);
            commands.push(command);
            if stream.write_all(&answer).is_err() {
                break;
            }
        }
        commands
    });
    (Tpm::open(&TpmDevice::Simulated(address)).unwrap().unwrap(), playing)
}

/// The challenge that was given then, and what was to be signed along.
fn challenge(exchange: &Exchange) -> (Vec<u8>, Vec<u8>, Digest) {
    let command = |wanted| exchange.iter().find(|(command, _)| code(command) == wanted).unwrap().0.clone();
    let activate = command(0x147);
    let mut reader = Reader::new(&activate);
    reader.take(18).unwrap();
    let sessions = reader.count(4096).unwrap();
    reader.take(sessions).unwrap();
    let (credential, secret) = (reader.sized(512).unwrap().to_vec(), reader.sized(512).unwrap().to_vec());
    let quote = command(0x158);
    let mut reader = Reader::new(&quote);
    reader.take(14).unwrap();
    let sessions = reader.count(4096).unwrap();
    reader.take(sessions).unwrap();
    (credential, secret, Digest::from_bytes(reader.sized(64).unwrap().try_into().unwrap()))
}

#[test]
fn a_captured_chip_is_asked_the_same_and_answers_the_same() {
    for name in ["swtpm-rsa", "swtpm-p256"] {
        let exchange = captured(name);
        let answers: Vec<Vec<u8>> = exchange.iter().map(|(_, answer)| answer.clone()).collect();
        let (tpm, playing) = chip(move |at, _| answers.get(at).cloned().unwrap_or_else(|| refusal(0x101)));
        let shown = tpm.show().unwrap();
        assert_eq!(shown.certificates.len(), 1, "{name}");
        assert!(shown.endorsement.check_endorsement().is_ok() && shown.attestation.check_attestation().is_ok());
        let (credential, secret, extra) = challenge(&exchange);
        let answer = shown.answer(&credential, &secret, &extra).unwrap();
        assert_eq!(answer.secret.len(), 32);
        let key = shown.attestation.check_attestation().unwrap();
        quote::verify(&key, &answer.quoted, &answer.signature).unwrap();
        let quoted = quote::Quote::parse(&answer.quoted).unwrap();
        assert_eq!(quoted.extra, extra.as_bytes());
        assert!(quoted.is_of(&answer.registers));
        drop((shown, tpm));
        let sent = playing.join().unwrap();
        let expected: Vec<Vec<u8>> = exchange.into_iter().map(|(command, _)| command).collect();
        assert_eq!(sent, expected, "{name}");
    }
}

/// What is still loaded after `sent`, as the answers say.
fn left_loaded(sent: &[Vec<u8>], answers: &[Vec<u8>]) -> Vec<u32> {
    let mut loaded = Vec::new();
    for (command, answer) in sent.iter().zip(answers) {
        let good = answer[6..10] == [0; 4];
        let last = |bytes: &[u8]| u32::from_be_bytes(bytes[bytes.len() - 4..].try_into().unwrap());
        match code(command) {
            0x131 | 0x176 if good => loaded.push(u32::from_be_bytes(answer[10..14].try_into().unwrap())),
            0x165 => loaded.retain(|handle| *handle != last(command)),
            _ => {}
        }
    }
    loaded
}

#[test]
fn whatever_goes_wrong_nothing_stays_loaded() {
    let exchange = captured("swtpm-p256");
    let (credential, secret, extra) = challenge(&exchange);
    for broken in 0..exchange.len() {
        if code(&exchange[broken].0) == 0x165 {
            continue;
        }
        for bad in
            [refusal(0x101), refusal(0x59f), bytes("80020000000e0000000000000fff"), bytes("80010000000a00000000")]
        {
            let played = exchange.clone();
            let (tpm, playing) = chip(move |at, command| match code(command) {
                0x165 => refusal(0),
                _ if at == broken => bad.clone(),
                wanted => played
                    .iter()
                    .find(|(command, _)| code(command) == wanted)
                    .map_or_else(|| refusal(0x101), |(_, answer)| answer.clone()),
            });
            let done = tpm.show().and_then(|shown| shown.answer(&credential, &secret, &extra));
            drop(tpm);
            let sent = playing.join().unwrap();
            let answers: Vec<Vec<u8>> = sent
                .iter()
                .enumerate()
                .map(|(at, command)| match at == broken {
                    true => refusal(0x101),
                    false => exchange
                        .iter()
                        .find(|(one, _)| code(one) == code(command))
                        .map_or_else(|| refusal(0), |(_, answer)| answer.clone()),
                })
                .collect();
            assert_eq!(left_loaded(&sent, &answers), [] as [u32; 0], "{broken}: {done:?}");
        }
    }
}

#[test]
fn a_chip_that_asks_for_patience_is_asked_again() {
    let exchange = captured("swtpm-rsa");
    let answers: Vec<Vec<u8>> = exchange.iter().map(|(_, answer)| answer.clone()).collect();
    let (tpm, playing) = chip(move |at, _| match at % 3 {
        2 => answers.get(at / 3).cloned().unwrap_or_else(|| refusal(0x101)),
        _ => refusal(0x922),
    });
    assert!(tpm.show().is_ok());
    drop(tpm);
    assert!(playing.join().unwrap().len() > 15);
    let (tpm, _playing) = chip(|_, _| refusal(0x922));
    assert!(matches!(tpm.show(), Err(TpmError::Line { source: LineError::Busy, .. })));
}

#[test]
fn a_late_answer_is_not_taken_for_the_next_one() {
    let (tpm, playing) = chip(|at, _| {
        if at == 0 {
            std::thread::sleep(Duration::from_millis(300));
        }
        refusal(if at == 0 { 0x101 } else { 0x18b })
    });
    let ask = |millis| tpm.run(&command::read_public(1), Instant::now() + Duration::from_millis(millis)).unwrap_err();
    assert!(matches!(ask(50), TpmError::Line { source: LineError::TimedOut, .. }));
    assert!(matches!(ask(5000), TpmError::Refused { code: 0x18b, .. }));
    drop(tpm);
    assert_eq!(playing.join().unwrap().len(), 2);
}

#[test]
fn a_device_that_is_not_there_is_no_error_unless_it_was_asked_for() {
    assert!(Tpm::open(&TpmDevice::None).unwrap().is_none());
    let error = Tpm::open(&TpmDevice::Path("/nonexistent/tpm".into())).unwrap_err();
    assert_eq!(error.to_string(), "cannot open the TPM /nonexistent/tpm");
}

#[test]
fn operators_are_told_in_words() {
    let check =
        |code, expect: &str| assert!(command::meaning(code).contains(expect), "{code:#x}: {}", command::meaning(code));
    check(0x921, "locked against guessing");
    check(0x9a2, "endorsement hierarchy has a password");
    check(0x2df, "not made for it");
    check(0x144, "code 0x144");
}

#[test]
fn certificates_are_cut_out_of_what_fills_the_rest() {
    let one = [&[0x30, 0x82, 0, 3], b"abc".as_slice()].concat();
    assert_eq!(certificates(&[one.as_slice(), &[0xff; 9]].concat()), std::slice::from_ref(&one));
    assert_eq!(certificates(&[one.clone(), one.clone()].concat()), [one.clone(), one.clone()]);
    assert_eq!(certificates(&one[..6]), [] as [Vec<u8>; 0]);
    assert_eq!(certificates(b"\x30\x82\xff\xff"), [] as [Vec<u8>; 0]);
}

proptest! {
    /// Reading ends in a value or an error, whatever a chip answers.
    #[test]
    fn any_answer_is_read_to_an_end(mut answer in proptest::collection::vec(any::<u8>(), 0..200), good in any::<bool>()) {
        if good && answer.len() >= 10 {
            answer[6..10].fill(0);
        }
        if let Ok(response) = Response::of(answer) {
            for command in [command::create_primary(&[]), command::pcr_read()] {
                let _ = command.handle(&response);
                let _ = command.read(&response, command::nv_public);
                let _ = command.read(&response, |reader| Ok((quote::selection(reader), reader.count(8), reader.sized(64)?.len())));
            }
        }
    }

    /// The bytes of an index never make a certificate that is longer than they are.
    #[test]
    fn any_index_is_cut_into_its_certificates(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let bytes = [&[0x30, 0x82, 0], bytes.as_slice()].concat();
        prop_assert!(certificates(&bytes).concat().len() <= bytes.len());
    }
}
