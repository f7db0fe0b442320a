//! Frames and answers, real ones and damaged ones.

use descriptors::fact::lldp::{Capability, Identifier, IdentifierKind, Vlan};
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// As lldpd 1.0.16 sent it, with a value of an organisation that we do not know.
const SENT_BY_LLDPD: &str = "0180c200000e6a7be8ebf6de88cc0207046a7be8ebf6de0407036a7be8ebf6de060200040a046e352d610c55446562\
    69616e20474e552f4c696e75782031322028626f6f6b776f726d29204c696e757820362e31382e34342d66632d7636353720233120534d502050\
    5245454d50545f44594e414d4943204030207838365f36340e04009c0080100c0501c000020102000000020010181102fe80000000000000687b\
    e8fffeebf6de0200000002000803757030fe0900120f030100000000fe0900120f010080000036fe140261760100112233445566778899aabbcc\
    ddeeff0000";

fn bytes(hexadecimal: &str) -> Vec<u8> {
    (0..hexadecimal.len()).step_by(2).map(|at| u8::from_str_radix(&hexadecimal[at..at + 2], 16).unwrap()).collect()
}

fn value(kind: u8, content: &[u8]) -> Vec<u8> {
    let head = u16::from(kind) << 9 | u16::try_from(content.len()).unwrap();
    [&head.to_be_bytes()[..], content].concat()
}

fn frame(values: &[Vec<u8>]) -> Vec<u8> {
    [&[0; 12][..], &[0x88, 0xcc], &values.concat()].concat()
}

/// What every frame begins with.
fn mandatory() -> Vec<Vec<u8>> {
    vec![value(1, b"\x04\x02\0\0\0\0\x01"), value(2, b"\x05Ethernet1"), value(3, &[0, 120])]
}

fn with(more: &[Vec<u8>]) -> Vec<u8> {
    frame(&[mandatory(), more.to_vec()].concat())
}

fn kept(frame: &[u8]) -> Vec<u8> {
    [&u64::try_from(frame.len()).unwrap().to_le_bytes()[..], frame].concat()
}

#[test]
fn a_real_frame_is_read() {
    let heard = frame::neighbour("up0", &bytes(SENT_BY_LLDPD)).unwrap().unwrap();
    let mac = || Identifier { kind: IdentifierKind::Mac, value: "6a:7b:e8:eb:f6:de".to_owned() };
    assert_eq!((heard.chassis, heard.port, heard.ttl_seconds), (mac(), mac(), 4));
    assert_eq!(heard.system_name, Reading::Present("n5-a".to_owned()));
    assert_eq!(heard.capabilities, Reading::Present(vec![Capability::Station]));
    assert_eq!(heard.management_addresses, ["192.0.2.1", "fe80::687b:e8ff:feeb:f6de"]);
    assert_eq!(heard.vlans, []);
}

#[test]
fn vlans_and_capabilities_of_a_switch_are_read() {
    let more = [
        value(7, &[0x00, 0x14, 0x00, 0x14]),
        value(127, b"\x00\x80\xc2\x01\x00\x64"),
        value(127, b"\x00\x80\xc2\x03\x00\xc8\x07storage"),
        value(127, b"\x00\x80\xc2\x03\x00\x64\x04mgmt"),
        value(0, b""),
        b"what follows the end is padding".to_vec(),
    ];
    let heard = frame::neighbour("eth0", &with(&more)).unwrap().unwrap();
    assert_eq!(heard.port, Identifier { kind: IdentifierKind::InterfaceName, value: "Ethernet1".to_owned() });
    assert_eq!(heard.capabilities, Reading::Present(vec![Capability::Bridge, Capability::Router]));
    assert_eq!(heard.port_vlan, Reading::Present(100));
    let vlan = |id, name: &str| Vlan { id, name: name.to_owned() };
    assert_eq!(heard.vlans, [vlan(100, "mgmt"), vlan(200, "storage")]);
}

#[test]
fn a_goodbye_is_no_neighbour() {
    let goodbye = frame(&[value(1, b"\x07a"), value(2, b"\x07b"), value(3, &[0, 0])]);
    assert_eq!(frame::neighbour("eth0", &goodbye), Ok(None));
}

#[test]
fn each_broken_frame_says_what_is_wrong() {
    let check = |frame: Vec<u8>, expect: &str| {
        assert_eq!(frame::neighbour("eth0", &frame).unwrap_err(), expect, "{frame:02x?}");
    };
    let order = "not chassis, port and time to live, in this order";
    check(vec![0; 13], "shorter than an Ethernet header");
    check(vec![0; 14], "no LLDP frame");
    check(frame(&[]), order);
    check(frame(&[value(2, b"\x05a"), value(1, b"\x07a"), value(3, &[0, 1])]), order);
    check(frame(&[value(1, b"\x07a"), value(0, b""), value(3, &[0, 1])]), order);
    check(frame(&[value(1, b"")]), "an empty identifier");
    check(frame(&[value(1, b"\x07")]), "an empty identifier");
    check(frame(&[value(1, b"\x04\x01\x02")]), "a hardware address that has not six bytes");
    check(frame(&[value(1, b"\x07a"), value(2, b"\x07b"), value(3, &[0])]), "a short time to live");
    check(frame(&[vec![2]]), "half a value");
    check(frame(&[vec![2, 9, 7]]), "a value longer than its frame");
    check(with(&[value(1, b"\x07another")]), "a value twice");
    check(with(&[value(7, &[0])]), "short capabilities");
    check(with(&[value(8, &[])]), "an empty management address");
    check(with(&[value(8, &[31, 1, 2])]), "a short management address");
    check(with(&[value(127, b"\x00\x80\xc2\x03\x00\xc8\x07s")]), "a short name of a VLAN");
}

#[test]
fn what_is_no_text_is_shown_in_hexadecimal() {
    let heard = frame(&[value(1, b"\x07\xff\x1b"), value(2, b"\x05a\n"), value(3, &[0, 1]), value(5, b"\x1b[2J")]);
    let heard = frame::neighbour("eth0", &heard).unwrap().unwrap();
    assert_eq!((heard.chassis.value.as_str(), heard.port.value.as_str()), ("0xff1b", "0x610a"));
    assert_eq!(heard.system_name.absence().unwrap().reason, AbsenceReason::Malformed);
}

#[test]
fn a_broken_frame_costs_itself_only() {
    let file = [kept(&with(&[])), kept(b"short"), kept(&with(&[value(5, b"leaf-a")])), vec![1, 2, 3]].concat();
    let heard = frame::parse("eth0", &file);
    assert_eq!(heard.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true, false]);
    let fact = fact(Listener::Networkd, heard);
    assert_eq!((fact.neighbours.len(), fact.unreadable.len()), (1, 2), "one neighbour on one cable is one");
    let endless = [&u64::MAX.to_le_bytes()[..], &with(&[])].concat();
    assert!(matches!(frame::parse("eth0", &endless)[..], [Err(_)]));
}

#[test]
fn an_answer_of_lldpd_is_read() {
    let answer = r#"{"lldp":[{"interface":[
        {"name":"eth0","via":"LLDP","rid":"1","age":"0 day, 00:00:03",
         "chassis":[{"id":[{"type":"mac","value":"02:00:00:00:00:01"}],"name":[{"value":"leaf-a"}],"descr":[{"value":"x"}],
           "mgmt-ip":[{"value":"192.0.2.9"}],"capability":[{"type":"Router","enabled":true},{"type":"Bridge","enabled":true},
           {"type":"Wlan","enabled":false}]}],
         "port":[{"id":[{"type":"ifname","value":"Ethernet1"}],"ttl":[{"value":"120"}]}],
         "vlan":[{"vlan-id":"100","pvid":true,"value":"mgmt"},{"vlan-id":"200","pvid":false,"value":"storage"}]},
        {"name":"eth1","via":"CDPv2","chassis":[{"id":[{"type":"local","value":"old"}]}],"port":[]},
        {"name":"eth2","via":"LLDP","chassis":[{"id":[{"type":"unhandled","value":"7"}]}],
         "port":[{"id":[{"type":"local","value":"p"}],"ttl":[{"value":"120"}]}]},
        {"name":"eth3","via":"LLDP","chassis":[{}],"port":[{"id":[{"type":"local","value":"p"}],"ttl":[{"value":"1"}]}]}
    ]}]}"#;
    let fact = fact(Listener::Lldpd, answer::parse(answer.as_bytes()).unwrap());
    let [leaf, other] = &fact.neighbours[..] else { panic!("{fact:?}") };
    assert_eq!((leaf.interface.as_str(), leaf.chassis.value.as_str()), ("eth0", "02:00:00:00:00:01"));
    assert_eq!(leaf.capabilities, Reading::Present(vec![Capability::Bridge, Capability::Router]));
    assert_eq!((&leaf.port_vlan, leaf.vlans.len(), leaf.ttl_seconds), (&Reading::Present(100), 2, 120));
    assert_eq!(other.chassis.kind, IdentifierKind::Unknown);
    assert!(other.system_name.absence().is_some() && other.capabilities.absence().is_some());
    assert_eq!(fact.unreadable, [Unreadable { interface: "eth3".to_owned(), why: "no chassis id".to_owned() }]);
}

#[test]
fn without_neighbours_lldpd_answers_with_an_empty_list() {
    assert_eq!(answer::parse(b"{\"lldp\":[{}]}").unwrap(), []);
    for bad in [&b""[..], b"{}", b"{\"lldp\":{}}", b"\xff", &b"[".repeat(100_000)] {
        assert!(answer::parse(bad).is_err());
    }
}

#[test]
fn frames_of_networkd_are_found_by_the_index_of_their_interface() {
    let directory = tempfile::tempdir().unwrap();
    let write = |path: &str, bytes: &[u8]| {
        let path = directory.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    };
    let read = || {
        let context = Context::unconfined(Root::at(directory.path()).unwrap(), config::Sources::default());
        Lldp.read(&context)
    };
    assert_eq!(read().absence().unwrap().reason, AbsenceReason::NotPresent);
    write("sys/class/net/eth0/ifindex", b"2\n");
    write("run/systemd/netif/lldp/2", &kept(&with(&[])));
    write("run/systemd/netif/lldp/7", &kept(&with(&[])));
    let Reading::Present(Fact::Lldp(fact)) = read() else { panic!("{:?}", read()) };
    let interfaces: Vec<&str> = fact.neighbours.iter().map(|neighbour| neighbour.interface.as_str()).collect();
    assert_eq!((fact.listener, &interfaces[..]), (Listener::Networkd, &["#7", "eth0"][..]));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever a file holds, each frame of it becomes a neighbour, a goodbye or a reason, and no text can control a terminal.
    #[test]
    fn any_file_of_frames_is_read_or_says_why(
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        cut in any::<prop::sample::Index>(),
        noise in vec(vec(any::<u8>(), 0..40), 0..4),
    ) {
        let mut sent = bytes(SENT_BY_LLDPD);
        for (place, byte) in damage {
            *place.get_mut(&mut sent) = byte;
        }
        let more: Vec<Vec<u8>> = noise.iter().map(|noise| value(noise.first().map_or(127, |kind| kind >> 1), noise)).collect();
        sent.truncate(cut.index(sent.len() + 1).max(1));
        for file in [kept(&sent), sent.clone(), kept(&with(&more)), noise.concat()] {
            for heard in frame::parse("eth0", &file).into_iter().flatten() {
                prop_assert!(heard.ttl_seconds > 0 && !heard.chassis.value.is_empty() && !heard.port.value.is_empty());
                let texts = [&heard.chassis.value, &heard.port.value].into_iter().chain(heard.system_name.present());
                let mut texts = texts.chain(heard.vlans.iter().map(|vlan| &vlan.name));
                prop_assert!(!texts.any(|text| text.contains(char::is_control)), "{:?}", heard);
            }
        }
    }

    /// Whatever lldpd's client prints, it is read or refused.
    #[test]
    fn any_answer_is_read_or_refused(
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut answer = br#"{"lldp":[{"interface":[{"name":"e","via":"LLDP","chassis":[{"id":[{"type":"mac","value":"x"}]}],
            "port":[{"id":[{"type":"local","value":"p"}],"ttl":[{"value":"1"}]}],"vlan":[{"vlan-id":"1","value":"v"}]}]}]}"#.to_vec();
        for (place, byte) in damage {
            *place.get_mut(&mut answer) = byte;
        }
        if let Ok(heard) = answer::parse(&answer) {
            prop_assert!(heard.len() <= 1);
        }
    }
}
