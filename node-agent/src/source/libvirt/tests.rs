//! What answers of libvirt become, good ones and others.

use proptest::prelude::*;

use super::*;

const CAPABILITIES: &str = "<capabilities><host><cpu><arch>x86_64</arch><model>Skylake-Server</model></cpu><topology><cells>\
    <cell id='0'><cpus><cpu id='0' socket_id='0' core_id='0'/><cpu id='1' socket_id='0' core_id='1'/></cpus></cell>\
    </cells></topology></host></capabilities>";

fn domain(number: u32, state: u32, inner: &str) -> DomainAnswer {
    let xml = format!(
        "<domain type='kvm'><memory unit='GiB'>1</memory><vcpu>1</vcpu><os><type arch='x86_64'>hvm</type></os>{inner}</domain>"
    );
    DomainAnswer { uuid: format!("{number:04}"), name: format!("g{number}"), state, xml: Reading::Present(xml) }
}

fn answers(domains: Vec<DomainAnswer>) -> Answers {
    let expanded = |features: &str| Reading::Present(format!("<cpu><model>any</model>{features}</cpu>"));
    Answers {
        uri: "qemu:///system".to_owned(),
        hypervisor: Reading::Present("QEMU".to_owned()),
        library_version: Reading::Present(9_000_000),
        hypervisor_version: Reading::Present(7_002_022),
        node: Reading::Present(NodeAnswer { cpus: 2, memory_kibibytes: 2 << 20 }),
        capabilities: Reading::Present(CAPABILITIES.to_owned()),
        domains: Reading::Present(domains),
        cpu_models: BTreeMap::from([
            (
                "x86_64 Skylake-Server".to_owned(),
                expanded("<feature name='rdrand'/><feature policy='require' name='rdseed'/>"),
            ),
            ("x86_64 qemu64".to_owned(), expanded("<feature policy='require' name='sse2'/>")),
            ("x86_64 gone".to_owned(), Reading::absent(AbsenceReason::NotSupported, "unknown model")),
        ]),
        storage_pools: Reading::Present(Vec::new()),
        networks: Reading::Present(Vec::new()),
    }
}

const VIRTIO: &str = "<rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>";

#[test]
fn a_seed_is_usable_unknown_or_not_there() {
    let check = |inner: &str, expect: Usable| {
        let fact = fact(answers(vec![domain(1, 1, inner)]));
        let guests = fact.guests.present().unwrap();
        assert_eq!(guests[0].seed.present().unwrap().usable, expect, "{inner}: {:?}", guests[0].seed);
    };
    let device = |rate: &str| {
        format!(
            "<cpu><model>qemu64</model></cpu><devices><rng model='virtio'>{rate}<backend model='random'>/dev/random</backend></rng></devices>"
        )
    };
    check("<cpu><model>qemu64</model></cpu>", Usable::No);
    check("<cpu><model>qemu64</model><feature policy='require' name='rdrand'/></cpu>", Usable::Yes);
    check("<cpu><model>Skylake-Server</model></cpu>", Usable::Yes);
    check("<cpu><model>Skylake-Server</model><feature policy='disable' name='rdrand'/></cpu>", Usable::Yes);
    let neither = "<feature policy='disable' name='rdrand'/><feature policy='forbid' name='rdseed'/>";
    check(&format!("<cpu mode='custom'><model>Skylake-Server</model>{neither}</cpu>"), Usable::No);
    check("<cpu mode='host-passthrough'/>", Usable::Yes);
    check(&format!("<cpu mode='host-passthrough'>{neither}</cpu>"), Usable::No);
    check("<cpu mode='host-model'/>", Usable::Unknown);
    check("<cpu mode='maximum'/>", Usable::Unknown);
    check("<cpu><model>gone</model></cpu>", Usable::Unknown);
    check("<cpu><model>never-asked</model></cpu>", Usable::Unknown);
    check("", Usable::Unknown);
    check(&format!("<devices>{VIRTIO}</devices>"), Usable::Yes);
    check(&device(""), Usable::Yes);
    check(&device("<rate bytes='32' period='60000'/>"), Usable::Yes);
    check(&device("<rate bytes='16' period='1000'/>"), Usable::Yes);
    check(&device("<rate bytes='16' period='1001'/>"), Usable::No);
    check(&device("<rate bytes='1' period='1000'/>"), Usable::No);
    check(&device("<rate bytes='0'/>"), Usable::No);
    check(&device("<rate bytes='-5'/>"), Usable::No);
    check(&device("").replace("virtio", "other"), Usable::No);
    check(&device("").replace("<backend model='random'>/dev/random</backend>", ""), Usable::No);
}

#[test]
fn another_architecture_has_neither_instruction() {
    let mut arm = domain(1, 1, "<cpu mode='host-passthrough'/>");
    arm.xml = arm.xml.map(|xml| xml.replace("x86_64", "aarch64"));
    let fact = fact(answers(vec![arm]));
    let seed = fact.guests.present().unwrap()[0].seed.clone();
    let seed = seed.present().unwrap();
    assert_eq!(seed.rdrand.absence().unwrap().reason, AbsenceReason::NotSupported);
    assert_eq!(seed.usable, Usable::Unknown, "it may have an instruction of another name");
}

#[test]
fn the_worst_guest_is_named() {
    let good = "<cpu mode='host-passthrough'/>";
    let none = "<cpu><model>qemu64</model></cpu>";
    let seeds = |domains| fact(answers(domains)).seeds.present().unwrap().clone();
    let some =
        seeds(vec![domain(3, 1, none), domain(1, 1, good), domain(2, 1, ""), domain(4, 1, none), domain(0, 5, none)]);
    assert_eq!(some, Seeds { yes: 1, no: 2, unknown: 1, worst_guest: Some("0003".to_owned()) });
    assert_eq!(seeds(vec![domain(1, 5, none)]).worst_guest, None, "it does not run");
}

#[test]
fn guests_that_run_are_added_up() {
    let sum = |domains| fact(answers(domains)).overcommit;
    let three = (0..3).map(|number| domain(number, 1, "")).chain([domain(9, 5, "")]).collect();
    let overcommit = sum(three);
    let overcommit = overcommit.present().unwrap();
    assert_eq!((overcommit.guests, overcommit.vcpus, overcommit.memory_percent.clone()), (3, 3, Reading::Present(150)));
    assert_eq!(overcommit.vcpus_per_core_hundredths, Reading::Present(150));
    assert_eq!(sum(vec![]).present().unwrap().memory_percent, Reading::Present(0));

    let mut broken = domain(2, 1, "");
    broken.xml = Reading::Present("<domain><vcpu>".to_owned());
    assert_eq!(sum(vec![domain(1, 1, ""), broken]).absence().unwrap().reason, AbsenceReason::Malformed);
}

#[test]
fn a_definition_says_where_disks_are_and_what_protects_them() {
    let devices = "<devices>\
        <disk type='network'><source protocol='rbd' name='vols/ns/volume-1'/><target dev='vda'/><encryption format='luks2'/></disk>\
        <disk type='volume'><source pool='default' volume='x'><encryption format='luks'/></source><target dev='vdb'/></disk>\
        <disk type='network'><source protocol='nbd' name='a/b'/><target dev='vdc'/></disk>\
        <disk type='file' device='cdrom'><target dev='sda'/></disk>\
        <interface type='direct'><source dev='eno1' mode='vepa'/></interface><interface type='user'/>\
        <tpm model='tpm-tis'><backend type='passthrough'/></tpm></devices>";
    let fact = fact(answers(vec![domain(1, 5, devices)]));
    let guests = fact.guests.present().unwrap();
    let definition = guests[0].definition.present().unwrap();
    let disks: Vec<_> = definition
        .disks
        .iter()
        .map(|disk| (disk.target.as_str(), disk.source.as_str(), disk.pool.as_deref(), disk.encryption.as_deref()))
        .collect();
    assert_eq!(
        disks,
        [
            ("vda", "network rbd", Some("vols"), Some("luks2")),
            ("vdb", "volume", Some("default"), Some("luks")),
            ("vdc", "network nbd", None, None),
            ("sda", "", None, None),
        ]
    );
    assert_eq!(definition.interfaces, ["direct eno1", "user"]);
    assert_eq!(definition.tpms, ["tpm-tis passthrough"]);
}

#[test]
fn pinning_is_told_in_ranges() {
    let check = |xml: &str, expect: &[(&str, &str)]| {
        let mut guest = domain(1, 1, "");
        guest.xml = Reading::Present(format!("<domain>{xml}</domain>"));
        let fact = fact(answers(vec![guest]));
        let guests = fact.guests.present().unwrap();
        let pinning = &guests[0].definition.present().unwrap().pinning;
        let read: Vec<_> = pinning.iter().map(|pin| (pin.vcpus.as_str(), pin.cpus.as_str())).collect();
        assert_eq!(read, expect, "{xml}");
    };
    check("<vcpu>4</vcpu>", &[]);
    check("<vcpu cpuset='0-7'>4</vcpu>", &[("0-3", "0-7")]);
    let pin = "<cputune><vcpupin vcpu='1' cpuset='3'/><vcpupin vcpu='9' cpuset='4'/></cputune>";
    check(&format!("<vcpu cpuset='0-1'>3</vcpu>{pin}"), &[("0", "0-1"), ("1", "3"), ("2", "0-1")]);
    check(&format!("<vcpu>3</vcpu>{pin}"), &[("1", "3")]);
    check("<vcpu>0</vcpu>", &[]);
    check("<vcpu>99999</vcpu>", &[]);
}

#[test]
fn only_models_that_something_has_are_asked_for_and_each_once() {
    let running = |number, model: &str| domain(number, 1, &format!("<cpu><model>{model}</model></cpu>"));
    let domains = vec![
        running(1, "qemu64"),
        running(2, "qemu64"),
        running(3, "&lt;evil/&gt;"),
        domain(4, 5, "<cpu><model>Haswell</model></cpu>"),
        domain(5, 1, "<cpu mode='host-passthrough'/>"),
    ];
    let models = cpu_models(&Reading::Present(CAPABILITIES.to_owned()), &Reading::Present(domains));
    assert_eq!(models.iter().map(CpuModel::key).collect::<Vec<_>>(), ["x86_64 Skylake-Server", "x86_64 qemu64"]);
    assert_eq!(models[1].xml(), "<cpu><arch>x86_64</arch><model>qemu64</model></cpu>");
    let many = (0..1000).map(|number| running(number, &format!("m{number}"))).collect();
    assert_eq!(
        cpu_models(&Reading::absent(AbsenceReason::TimedOut, ""), &Reading::Present(many)).len(),
        CPU_MODELS_MAX
    );
}

#[test]
fn guests_too_many_for_a_report_are_absent_and_still_added_up() {
    let fact = fact(answers((0..2000).map(|number| domain(number, 1, "")).collect()));
    assert_eq!(fact.guests.absence().unwrap().reason, AbsenceReason::NotSupported);
    assert_eq!(fact.overcommit.present().unwrap().guests, 2000);
    assert_eq!(fact.seeds.present().unwrap().unknown, 2000);
}

#[test]
fn pools_and_networks_are_sorted_and_one_that_cannot_be_read_makes_the_list_absent() {
    let mut given = answers(Vec::new());
    given.storage_pools = Reading::Present(vec![
        "<pool type='rbd'><name>z</name><source><host name='a'/><host name='b'/><name>vols</name></source></pool>"
            .to_owned(),
        "<pool type='dir'><name>a</name><target><path>/images</path></target></pool>".to_owned(),
    ]);
    given.networks =
        Reading::Present(vec!["<network><name>n</name><forward/></network>".to_owned(), "<network".to_owned()]);
    let fact = fact(given);
    let pools: Vec<_> = fact
        .storage_pools
        .present()
        .unwrap()
        .iter()
        .map(|pool| (pool.name.as_str(), pool.source.as_str(), pool.path.as_str()))
        .collect();
    assert_eq!(pools, [("a", "", "/images"), ("z", "a b vols", "")]);
    assert_eq!(fact.networks.absence().unwrap().reason, AbsenceReason::Malformed);
}

/// Words that the reader looks for, so that random trees reach it.
const NAMES: &str = "domain vcpu cpu model feature devices rng rate backend cputune vcpupin memory os type disk source target \
    host topology cells cell cpus secmodel tpm interface";
const ATTRIBUTES: &str = "id core_id socket_id vcpu cpuset name policy mode model arch unit bytes period";
const VALUES: &str = "0 1 0-3,^2 4294967295 0-4294967295 9-1 rdrand x86_64 virtio host-passthrough -1 KiB &lt;";
const TEXTS: &str = "\u{fffd} 1 8192 99999999999999999999 x86_64 qemu64 &amp; &e;";

fn word(words: &'static str) -> impl Strategy<Value = &'static str> + Clone {
    prop::sample::select(words.split_whitespace().collect::<Vec<_>>())
}

fn xml() -> impl Strategy<Value = String> {
    let attributes = || prop::collection::btree_map(word(ATTRIBUTES), word(VALUES), 0..4);
    let leaf = (word(NAMES), attributes(), word(TEXTS));
    let leaf = leaf.prop_map(|(name, attributes, text)| element(name, &attributes, text));
    leaf.prop_recursive(5, 40, 6, move |inner| {
        (word(NAMES), attributes(), prop::collection::vec(inner, 0..6))
            .prop_map(|(name, attributes, inner)| element(name, &attributes, &inner.concat()))
    })
}

fn element(name: &str, attributes: &BTreeMap<&str, &str>, inner: &str) -> String {
    let attributes: String = attributes.iter().map(|(name, value)| format!(" {name}='{value}'")).collect();
    format!("<{name}{attributes}>{inner}</{name}>")
}

/// Whatever libvirt says, there is a fact that can be reported: it goes through JSON unchanged, and it is bounded.
fn reports(answers: Answers) {
    let fact = fact(answers);
    let json = serde_json::to_vec(&fact).unwrap();
    assert!(json.len() <= GUESTS_BYTES_MAX + 2 * LIST_BYTES_MAX + 65_536, "{}", json.len());
    assert_eq!(serde_json::from_slice::<LibvirtFact>(&json).unwrap(), fact);
}

proptest! {
    // A million inputs for each law: `./dev long parsers`.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_xml_leaves_a_fact_that_can_be_reported(inner in xml(), whole in any::<bool>(), host in xml(), cut in any::<prop::sample::Index>()) {
        let mut other = domain(2, 1, "<cpu mode='host-passthrough'/>");
        if whole {
            other.xml = Reading::Present(inner[..floor(&inner, cut.index(inner.len() + 1))].to_owned());
        }
        let mut given = answers(vec![domain(1, 1, &inner), other]);
        given.capabilities = Reading::Present(format!("<capabilities><host>{host}</host></capabilities>"));
        given.cpu_models.insert("x86_64 qemu64".to_owned(), Reading::Present(host));
        given.storage_pools = Reading::Present(vec![inner.clone()]);
        given.networks = Reading::Present(vec![inner]);
        let _ = cpu_models(&given.capabilities, &given.domains);
        reports(given);
    }

    #[test]
    fn any_bytes_are_an_answer_or_malformed(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let reading = parse("here", &bytes);
        prop_assert_eq!(reading.absence().map(|absence| absence.reason), Some(AbsenceReason::Malformed));
    }
}

fn floor(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
