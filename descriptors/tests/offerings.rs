//! Flavors, images and offerings: what follows from a declaration and the reports of nodes, and that it has its shapes.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "tests read files, say what they skip, and fail by panicking"
)]

#[path = "specimens/catalogue.rs"]
mod catalogue;
#[path = "specimens/published.rs"]
mod published;

use descriptors::credential::{self, Base, Observation, Subject};
use descriptors::declaration::{Declaration, scs_name};
use descriptors::did::Did;
use descriptors::digest::Digest;
use descriptors::node::Lines;
use descriptors::proof::{Signer as _, SoftwareKey};
use descriptors::rdf::n_quads;
use descriptors::report::{Origin, Report};
use descriptors::shacl::Shapes;
use descriptors::vocabulary::Ontology;
use serde_json::{Value, json};

fn declaration(members: &Value) -> Declaration {
    let mut declaration = json!({
        "provider": {"id": "example", "name": "Example", "registration_number": {"vat_id": "DE123456789"},
            "legal_address": {"country_code": "DE", "nuts2": "DED2"}, "agrees_to_gaia_x_terms": true},
        "regions": [{"id": "r", "datacenters": [{"id": "dc", "address": {"country_code": "DE"}, "availability_zones": [
            {"id": "zone-1", "racks": [{"id": "r1", "nodes": ["n1", "n2"]}]},
            {"id": "zone-2", "racks": [{"id": "r2", "nodes": ["n3"]}]}]}]}],
    });
    declaration.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    serde_json::from_value(declaration).unwrap()
}

/// A node that says this of processor and memory.
fn report(node: &str, cpu: &Value, memory_bytes: Option<u64>) -> Report {
    let absent = json!({"absent": {"reason": "not_permitted", "detail": "the place"}});
    let mut full = json!({
        "architecture": "x86_64", "vendor": {"present": "AuthenticAMD"}, "model_name": absent, "signature": absent,
        "topology": {"present": {"sockets": 2, "cores": 32, "threads": 64}},
        "flags": {"present": ["aes", "rdrand", "svm"]}, "microcode": absent, "hypervisor": absent, "vulnerabilities": absent,
    });
    full.as_object_mut().unwrap().extend(cpu.as_object().unwrap().clone());
    let memory = json!({"total_bytes": memory_bytes.map_or_else(|| absent.clone(), |bytes| json!({"present": bytes})),
        "ecc": absent, "hugepages": {"present": []}, "numa": {"present": []}});
    serde_json::from_value(json!({
        "node": node, "sequence": 1, "taken_at": "2026-11-21T00:00:00Z", "origin": "captured", "boot_id": absent,
        "agent_version": "0.1.0",
        "facts": {"cpu": {"present": {"cpu": full}}, "memory": {"present": {"memory": memory}}},
    }))
    .unwrap()
}

fn usual(node: &str) -> Report {
    report(node, &json!({}), Some(256 << 30))
}

fn subjects(declaration: &Declaration, reports: &[Report]) -> Vec<Subject> {
    let key = Did::key(&SoftwareKey::from_seed(&[3; 32]).public_key());
    let digest = |report: &Report| Digest::of(report.node.as_str().as_bytes());
    let observations =
        reports.iter().map(|report| Observation { report, digest: digest(report), key: &key, chip: None });
    credential::subjects(&Base::address("https://cloud.example"), declaration, observations, [])
}

fn find(subjects: &[Subject], name: &str) -> Option<Value> {
    let id = format!("https://cloud.example/subjects/{name}");
    subjects.iter().find(|subject| subject.id() == id).map(Subject::to_value)
}

/// What was found of one aspect of a flavor with this processor: finding, provenance, and how many nodes.
fn found(cpu: &Value, reports: &[Report], aspect: &str) -> Option<(String, String, [u64; 3])> {
    let flavor = json!({"flavors": [
        {"id": "f", "vcpus": 4, "ram": "16 GiB", "boot_disk": {"size": "20 GB"}, "cpu": cpu}]});
    let subjects = subjects(&declaration(&flavor), reports);
    let assessment = find(&subjects, "flavor-assessment/f").unwrap();
    let aspects = assessment["avow:aspect"].as_array().unwrap();
    let one = aspects.iter().find(|one| one["avow:aspectName"] == aspect)?;
    let counts = ["avow:nodesAgreeing", "avow:nodesContradicting", "avow:nodesSilent"];
    let text = |name: &str| one[name].as_str().unwrap().to_owned();
    Some((text("avow:finding"), text("avow:provenance"), counts.map(|name| one[name].as_u64().unwrap_or(99))))
}

#[test]
fn what_a_flavor_says_is_compared_with_its_nodes() {
    let check = |cpu: Value, reports: &[Report], aspect: &str, expect: (&str, &str, [u64; 3])| {
        let found = found(&cpu, reports, aspect).unwrap();
        assert_eq!((found.0.as_str(), found.1.as_str(), found.2), expect, "{cpu} {aspect}");
    };
    let all = [usual("n1"), usual("n2"), usual("n3")];
    let intel = report("n3", &json!({"vendor": {"present": "GenuineIntel"}, "architecture": "riscv64"}), None);
    let mixed = [usual("n1"), usual("n2"), intel];
    let amd = json!({"vendor": "AMD", "architecture": "x86-64"});
    check(amd.clone(), &all, "cpu_vendor", ("agrees", "corroborated", [3, 0, 0]));
    check(amd.clone(), &mixed, "cpu_vendor", ("contradicts", "declared", [2, 1, 0]));
    check(amd.clone(), &mixed, "cpu_architecture", ("contradicts", "declared", [2, 1, 0]));
    check(amd.clone(), &all[..2], "cpu_vendor", ("not_known", "declared", [2, 0, 1]));
    check(amd, &[], "cpu_vendor", ("not_known", "declared", [0, 0, 3]));
    // A name in no list may be another name of the same.
    check(json!({"vendor": "Zen & Co"}), &all, "cpu_vendor", ("not_known", "declared", [0, 0, 3]));
    check(json!({}), &all, "cpu_vendor", ("agrees", "observed", [3, 0, 0]));
    check(json!({"flags": ["aes"]}), &all, "cpu_flags", ("agrees", "corroborated", [3, 0, 0]));
    check(json!({"flags": ["aes", "vmx"]}), &all, "cpu_flags", ("contradicts", "declared", [0, 3, 0]));
    // Reports never name it, so that its absence says nothing.
    check(json!({"flags": ["fpu"]}), &all, "cpu_flags", ("not_known", "declared", [0, 0, 3]));
    // It is enough that a server fits somewhere.
    let small = [usual("n1"), report("n2", &json!({}), Some(1 << 30)), report("n3", &json!({}), None)];
    check(json!({}), &small, "memory", ("agrees", "corroborated", [1, 1, 1]));
    check(json!({}), &small[1..2], "memory", ("not_known", "declared", [0, 1, 2]));
    check(json!({}), &all, "disks", ("not_compared", "declared", [99, 99, 99]));
    assert_eq!(found(&json!({}), &mixed, "cpu_vendor"), None, "nodes that differ fill nothing in");
}

/// A node that says this besides processor and memory.
fn node_with(facts: &Value) -> Report {
    let mut report = serde_json::to_value(usual("n3")).unwrap();
    report["facts"].as_object_mut().unwrap().extend(facts.as_object().unwrap().clone());
    serde_json::from_value(report).unwrap()
}

fn absent() -> Value {
    json!({"absent": {"reason": "not_present", "detail": "the place"}})
}

fn disks(disks: &[(&str, Option<&str>)]) -> Value {
    let disk = |(class, transport): &(&str, Option<&str>)| {
        json!({"name": "d", "class": class, "size_bytes": absent(), "model": absent(), "serial": absent(), "wwid": absent(),
            "firmware": absent(), "transport": transport.map_or_else(absent, |one| json!({"present": one})), "write_cache": absent()})
    };
    json!({"block": {"present": {"block": {"disks": disks.iter().map(disk).collect::<Vec<_>>()}}}})
}

fn gpus(vendors: &[&str]) -> Value {
    let device = |vendor: &&str| {
        json!({"address": "0000:41:00.0", "kind": "gpu", "class": "030200", "vendor": vendor, "device": "20b5",
            "subsystem": absent(), "driver": absent(), "numa_node": absent(), "iommu_group": absent(),
            "sriov_functions_max": absent(), "sriov_functions": absent()})
    };
    json!({"pci": {"present": {"pci": {"devices": vendors.iter().map(device).collect::<Vec<_>>(), "plumbing": 0}}}})
}

fn platform(sev_snp: bool, tdx: Option<bool>, nested: bool) -> Value {
    json!({"platform": {"present": {"platform": {
        "boot_mode": absent(), "secure_boot": absent(), "secure_boot_setup_mode": absent(), "tpms": absent(), "iommus": absent(),
        "iommu_groups": absent(), "kvm": {"present": {"module": absent(), "nested": {"present": nested}}}, "sev": {"present": sev_snp},
        "sev_es": absent(), "sev_snp": {"present": sev_snp}, "tdx": tdx.map_or_else(absent, |one| json!({"present": one})),
        "management_controllers": absent()}}}})
}

fn memory(modes: Option<&[&str]>) -> Value {
    let ecc = modes.map_or_else(
        absent,
        |modes| json!({"present": {"controllers": 1, "controller_name": absent(), "modes": {"present": modes}}}),
    );
    json!({"memory": {"present": {"memory": {"total_bytes": {"present": 1_u64 << 38}, "ecc": ecc,
        "hugepages": absent(), "numa": absent()}}}})
}

fn guests(vcpus_per_core_hundredths: u64, example_driver: bool) -> Value {
    json!({"libvirt": {"present": {"libvirt": {
        "uri": "qemu:///system", "example_driver": example_driver, "hypervisor": absent(), "library_version": absent(),
        "hypervisor_version": absent(), "node_cpus": absent(), "node_memory_bytes": absent(), "domain_types": absent(), "host": absent(),
        "guests": absent(), "overcommit": {"present": {"guests": 1, "vcpus": 8,
            "vcpus_per_core_hundredths": {"present": vcpus_per_core_hundredths}, "vcpus_per_thread_hundredths": absent(),
            "memory_bytes": 0, "memory_percent": absent()}},
        "seeds": absent(), "storage_pools": absent(), "networks": absent()}}}})
}

#[test]
fn disks_graphics_and_encrypted_memory_are_compared_where_nodes_tell_of_them() {
    let check = |says: &Value, facts: &Value, aspect: &str, expect: &str| {
        let mut flavor =
            json!({"id": "f", "vcpus": 4, "ram": "16 GiB", "boot_disk": {"size": "20 GB"}, "nodes": ["n3"]});
        flavor.as_object_mut().unwrap().extend(says.as_object().unwrap().clone());
        let subjects = subjects(&declaration(&json!({"flavors": [flavor]})), &[node_with(facts)]);
        let assessment = find(&subjects, "flavor-assessment/f").unwrap();
        let found = assessment["avow:aspect"].as_array().unwrap().iter().find(|one| one["avow:aspectName"] == aspect);
        assert_eq!(found.map_or("-", |one| one["avow:finding"].as_str().unwrap()), expect, "{says} {facts} {aspect}");
    };
    let none = json!({});
    let generation = |name: &str| json!({"cpu": {"generation": name}});
    let milan = json!({"cpu": {"present": {"cpu": {"architecture": "x86_64", "vendor": {"present": "AuthenticAMD"},
        "model_name": absent(), "signature": absent(), "generation": {"present": "Milan (Zen 3)"}, "topology": absent(),
        "flags": absent(), "microcode": absent(), "hypervisor": absent(), "vulnerabilities": absent()}}}});
    for (name, expect) in [("milan", "agrees"), ("Zen 3", "agrees"), ("Genoa", "contradicts"), ("seventh", "not_known")]
    {
        check(&generation(name), &milan, "cpu_generation", expect);
    }
    check(&generation("Milan"), &none, "cpu_generation", "not_known");

    let ssd = json!({"boot_disk": {"size": "20 GB", "kind": "local SSD", "bus": "NVMe"}});
    check(&ssd, &disks(&[("nvme", Some("pcie"))]), "local_disks", "agrees");
    check(&ssd, &disks(&[("nvme", Some("nvme_tcp")), ("hdd", None)]), "local_disks", "contradicts");
    check(&ssd, &disks(&[("ssd", Some("ata"))]), "local_disks", "contradicts");
    check(&ssd, &disks(&[("virtual", None)]), "local_disks", "not_known");
    check(&ssd, &none, "local_disks", "not_known");
    check(
        &json!({"boot_disk": {"size": "20 GB", "kind": "local HDD"}}),
        &disks(&[("hdd", None)]),
        "local_disks",
        "agrees",
    );
    check(&json!({"boot_disk": {"size": "20 GB", "kind": "shared network storage"}}), &disks(&[]), "local_disks", "-");

    let gpu = |vendor: &str| json!({"gpu": {"vendor": vendor}});
    check(&gpu("nVidia"), &gpus(&["10de"]), "gpu_vendor", "agrees");
    check(&gpu("nVidia"), &gpus(&["1002"]), "gpu_vendor", "contradicts");
    check(&gpu("Glint"), &gpus(&["1002"]), "gpu_vendor", "not_known");
    check(&gpu("Glint"), &gpus(&[]), "gpu_vendor", "contradicts");
    check(&gpu("nVidia"), &gpus(&["10de"]), "gpu", "-");
    check(&json!({"gpu": {"vendor": "nVidia", "memory": "24 GiB"}}), &gpus(&["10de"]), "gpu", "not_compared");

    let confidential = |technology: &str| json!({"confidential_computing": {"technology": technology}});
    check(&confidential("AMD SEV-SNP"), &platform(true, None, false), "confidential_computing", "agrees");
    check(&confidential("sev_snp"), &platform(false, None, false), "confidential_computing", "contradicts");
    check(&confidential("TDX"), &platform(true, None, false), "confidential_computing", "not_known");
    check(&confidential("TDX"), &platform(true, Some(false), false), "confidential_computing", "contradicts");
    check(&confidential("enclave"), &platform(true, Some(true), false), "confidential_computing", "not_known");

    let nested = |may: bool| json!({"hardware_assisted_virtualization": may});
    check(&nested(true), &platform(true, None, true), "hardware_assisted_virtualization", "agrees");
    check(&nested(true), &platform(true, None, false), "hardware_assisted_virtualization", "contradicts");
    check(&nested(false), &platform(true, None, false), "hardware_assisted_virtualization", "agrees");
    check(&nested(false), &platform(true, None, true), "hardware_assisted_virtualization", "not_known");

    let ecc = |on: bool| json!({"memory": {"ecc": on}});
    check(&ecc(true), &memory(Some(&["S8ECD8ED"])), "memory_error_correction", "agrees");
    check(&ecc(false), &memory(Some(&["SECDED"])), "memory_error_correction", "contradicts");
    check(&ecc(true), &memory(Some(&["None"])), "memory_error_correction", "not_known");
    check(&ecc(true), &memory(None), "memory_error_correction", "not_known");
    check(&ecc(true), &memory(None), "memory_modules", "-");

    let ratio = json!({"cpu": {"over_provisioning_ratio": 2}});
    check(&ratio, &guests(200, false), "cpu_over_provisioning_ratio", "agrees");
    check(&ratio, &guests(201, false), "cpu_over_provisioning_ratio", "not_known");
    check(&ratio, &guests(100, true), "cpu_over_provisioning_ratio", "not_known");
}

#[test]
fn what_is_refuted_is_not_said() {
    let flavor = |cpu: Value, vcpus: u32| {
        declaration(&json!({
            "flavors": [
                {"id": "f", "vcpus": vcpus, "ram": "16 GiB", "boot_disk": {"size": "20 GB"}, "cpu": cpu},
                {"id": "tiny", "vcpus": 1, "ram": "1 GiB", "boot_disk": {"size": "20 GB"}}],
            "images": [{"id": "i", "rights": {"copyright_owned_by": ["a"], "licences": ["MIT"]}}],
            "service_offerings": [{"id": "vm", "terms_and_conditions": [{"url": "https://a.example/t", "digest": Digest::of(b"")}],
                "offers": {"virtual_machines": {}}}],
        }))
    };
    let all = [usual("n1"), usual("n2"), usual("n3")];
    let said = |declaration: &Declaration, reports: &[Report]| {
        let subjects = subjects(declaration, reports);
        let offered = find(&subjects, "service-offering/vm").unwrap()["gx:instantiationReq"].as_array().unwrap().len();
        (find(&subjects, "flavor/f").map(|flavor| flavor["gx:cpu"]["gx:pCPU"].clone()), offered)
    };
    let claims =
        json!({"vendor": "Intel", "generation": "Sapphire Rapids", "architecture": "x86-64", "flags": ["vmx"]});
    let (cpu, offered) = said(&flavor(claims.clone(), 4), &all);
    let cpu = cpu.unwrap();
    assert_eq!(cpu["gx:cpuArchitecture"], "x86-64");
    for refuted in ["gx:vendor", "gx:generation", "gx:cpuFlag"] {
        assert_eq!(cpu[refuted], Value::Null, "{refuted}");
    }
    assert_eq!(
        (cpu["gx:numberOfCores"].as_u64(), cpu["gx:numberOfThreads"].as_u64(), offered),
        (Some(16), Some(32), 2)
    );
    let everything = json!({"id": "f", "vcpus": 1, "ram": "1 GiB", "gpu": {"vendor": "Intel"}, "memory": {"ecc": false},
        "boot_disk": {"size": "20 GB", "kind": "local HDD"}, "additional_disks": [{"size": "20 GB", "kind": "other"}],
        "confidential_computing": {"technology": "TDX"}, "hardware_assisted_virtualization": true, "nodes": ["n3"]});
    let mut facts = gpus(&["10de"]);
    for more in [disks(&[("ssd", None)]), platform(true, Some(false), false), memory(Some(&["SECDED"]))] {
        facts.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    }
    let refuted = subjects(&declaration(&json!({"flavors": [everything]})), &[node_with(&facts)]);
    let refuted = find(&refuted, "flavor/f").unwrap();
    for gone in ["gx:gpu", "gx:confidentialComputing", "gx:hardwareAssistedVirtualization"] {
        assert_eq!(refuted[gone], Value::Null, "{gone} of {refuted:#}");
    }
    assert_eq!(refuted["gx:ram"]["gx:memory"]["gx:eccEnabled"], Value::Null, "{refuted:#}");
    assert_eq!(refuted["gx:bootVolume"]["gx:diskType"], Value::Null, "{refuted:#}");
    assert_eq!(refuted["gx:additionalVolume"][0]["gx:diskType"], "other", "what is not local stays: {refuted:#}");
    let (cpu, _) = said(&flavor(claims, 4), &[]);
    assert_eq!(cpu.unwrap()["gx:vendor"], "Intel", "without a report nothing is refuted");
    assert_eq!(
        said(&flavor(json!({}), 65), &all),
        (None, 1),
        "it fits on no node, so it is neither issued nor offered"
    );
    assert!(said(&flavor(json!({}), 65), &all[..2]).0.is_some(), "it may fit on the node that is silent");
    let (cpu, _) = said(&flavor(json!({}), 4), &all);
    assert_eq!(cpu.unwrap()["gx:cpuFlag"], json!(["aes", "rdrand", "svm"]), "filled in from the reports");
}

#[test]
fn what_is_declared_and_what_is_not_real_is_marked() {
    let subjects = subjects(&declaration(&catalogue::members("zone-1", "n3")), &[usual("n3")]);
    let one = |name: &str| {
        let id = format!("https://cloud.example/subjects/{name}");
        subjects.iter().find(|subject| subject.id() == id).unwrap()
    };
    for name in ["flavor/gpu", "image/debian-13", "service-offering/compute", "service-offering/files"] {
        assert_eq!(one(name).provenance.map(|known| known.as_str()), Some("declared"), "{name}");
    }
    assert_eq!(one("flavor/gpu").origin, Origin::Captured, "it rests on the report of n3");
    assert_eq!(one("flavor/in-one-zone").origin, Origin::Real, "nobody reported from zone-1");
    let assessment = one("flavor-assessment/gpu").to_value();
    assert_eq!(assessment["avow:zone"][0]["id"], "https://cloud.example/subjects/availability-zone/zone-2");
    assert_eq!(assessment["avow:nodesDeclared"], 1);
}

#[test]
fn what_rests_on_the_same_readings_stays_the_same() {
    let declaration = declaration(&catalogue::members("zone-1", "n3"));
    let evidence = |reports: &[Report]| {
        let assessment = find(&subjects(&declaration, reports), "flavor-assessment/scs-2v-8").unwrap();
        assessment["avow:evidence"].clone()
    };
    let first = evidence(&[usual("n1"), usual("n2")]);
    assert_eq!(evidence(&[usual("n2"), usual("n1")]), first);
    let later = Report { sequence: 9, agent_version: "0.2.0".to_owned(), ..usual("n1") };
    assert_eq!(evidence(&[later, usual("n2")]), first, "a report that says the same of processor and memory");
    assert_ne!(evidence(&[usual("n1"), usual("n3")]), first);
    assert_ne!(evidence(&[usual("n1"), report("n2", &json!({}), Some(1))]), first);
}

#[test]
fn everything_declared_has_its_published_shape() {
    let declaration = declaration(&catalogue::members("zone-1", "n3"));
    assert_eq!(declaration.check(), []);
    let own = include_bytes!("../vocabulary/avow-v1.shapes.ttl");
    let versions = [
        (Ontology::V2511, "gaia-x/ontology-2511/shapes.ttl", "gaia-x/ontology-2511/ontology-hierarchy.ttl"),
        (
            Ontology::Development,
            "gaia-x/ontology-development/gx.shacl.ttl",
            "gaia-x/ontology-development/gx.hierarchy.ttl",
        ),
    ];
    for reports in [vec![], vec![usual("n1"), usual("n2"), usual("n3")]] {
        let subjects = subjects(&declaration, &reports);
        let classes: Vec<&str> = subjects.iter().map(Subject::class).collect();
        for class in credential::all() {
            let other =
                ["avow:NodeHardware", "avow:NodeEvidence", "avow:EntropyAssessment", "avow:IndependenceVerdict"];
            assert!(classes.contains(class) || other.contains(class), "{class}");
        }
        for (ontology, shapes, hierarchy) in versions {
            let (Some(shapes), Some(hierarchy)) = (published::find(shapes), published::find(hierarchy)) else { return };
            let (shapes, hierarchy) = (std::fs::read(shapes).unwrap(), std::fs::read(hierarchy).unwrap());
            let mut shapes = vec![shapes, hierarchy];
            // Ours refer to the classes of 25.11.
            if ontology == Ontology::V2511 {
                shapes.push(own.to_vec());
            }
            let shapes = Shapes::from_turtle(shapes.iter().map(Vec::as_slice)).unwrap();
            let mut lines = Lines::new();
            for subject in &subjects {
                subject.node.write_statements(ontology, &mut lines).unwrap();
            }
            let text: String = lines.canonical().collect();
            let found = shapes.validate(&n_quads::parse(&text).unwrap());
            assert_eq!(found.conforms(), Some(true), "{ontology:?}: {:#?}", found.distinct());
        }
    }
}

#[test]
fn a_mistake_in_the_catalogue_names_its_place() {
    let check = |pointer: &str, value: Value, expect: &str| {
        let mut members = catalogue::members("zone-1", "n3");
        *members.pointer_mut(pointer).unwrap() = value;
        let mistakes: Vec<String> = declaration(&members).check().iter().map(ToString::to_string).collect();
        assert_eq!(mistakes, [expect], "{pointer}");
    };
    check("/flavors/2/zones/0", "zone-9".into(), "/flavors/2/zones/0: there is no availability zone `zone-9`");
    check("/flavors/1/nodes/0", "n9".into(), "/flavors/1/nodes/0: there is no node `n9`");
    check("/flavors/2/id", "gpu".into(), "/flavors/2/id: the flavor `gpu` is declared twice");
    check(
        "/flavors/0/vcpus",
        1.into(),
        "/flavors/0/vcpus: the name `SCS-2V-8-20` promises 2 vCPUs, and the flavor has 1",
    );
    check(
        "/flavors/0/ram",
        "8 GB".into(),
        "/flavors/0/ram: the name `SCS-2V-8-20` promises 8.0 GiB of memory, and the flavor has 8 GB",
    );
    check(
        "/flavors/0/boot_disk/size",
        "10 GB".into(),
        "/flavors/0/boot_disk: the name `SCS-2V-8-20` promises a disk of 20 GB, and the flavor has 10 GB",
    );
    check("/flavors/0/name", "SCS-2W-8".into(), "/flavors/0/name: `SCS-2W-8` is not a name of SCS-0100");
    check("/images/0/rights/licences", json!([]), "/images/0/rights/licences: at least one licence is needed");
    let machines = "/service_offerings/0/offers/virtual_machines";
    check(
        &format!("{machines}/images"),
        json!(["debian-12"]),
        "/service_offerings/0/offers/virtual_machines/images/0: there is no image `debian-12`",
    );
    check(
        "/images/1/minimum_ram",
        "65 GiB".into(),
        "/service_offerings/0/offers/virtual_machines/flavors: no flavor offered is large enough for the image `debian-13`",
    );
    check(
        "/service_offerings/0/depends_on/0",
        "compute".into(),
        "/service_offerings/0/depends_on/0: a service does not need itself",
    );
    check(
        "/service_offerings/1/offers/block_storage/storage/encryption",
        json!([]),
        "/service_offerings/1/offers/block_storage/storage/encryption: storage is encrypted in at least one way",
    );
    check(
        "/service_offerings/1/offers/block_storage/storage/maximum_size",
        "1 MiB".into(),
        "/service_offerings/1/offers/block_storage/storage/minimum_size: the least size, 1 GiB, is more than the most, 1 MiB",
    );
    check(
        "/service_offerings/3/terms_and_conditions",
        json!([]),
        "/service_offerings/3/terms_and_conditions: at least one document is needed",
    );
}

/// The names that the official parser accepts, with what it reads in them. It is laxer than the text of the standard.
#[test]
fn a_name_promises_what_the_official_parser_reads() {
    let Some(folder) = published::find("scs/flavors") else { return };
    let (mut compared, mut refused) = (0, Vec::new());
    for file in ["flavor_names_from_standards.jsonl", "flavor_names_differential_v3.jsonl"] {
        for line in std::fs::read_to_string(folder.join(file)).unwrap().lines() {
            let row: Value = serde_json::from_str(line).unwrap();
            if row["ok"] != true {
                continue;
            }
            let name = row["name"].as_str().unwrap();
            let Some(promise) = scs_name::read(name) else {
                refused.push(name.to_owned());
                continue;
            };
            assert_eq!(row["cpuram"]["cpus"], promise.vcpus, "{name}");
            let tenths = row["cpuram"]["ram"].as_f64().unwrap() * 10.0;
            assert!((tenths - f64::from(promise.ram_tenths)).abs() < 1e-6, "{name}");
            assert_eq!(row["disk"]["disksize"].as_u64(), promise.disk_gb.map(u64::from), "{name}");
            compared += 1;
        }
    }
    // Numbers that begin with 0 or `.` or end in one, a count that is missing, the letters of memory the other way round.
    let lax = |name: &String| {
        let quantities = name.split('_').next().unwrap();
        let broken = |part: &str| part.starts_with(['0', '.']) || part.trim_end_matches(['u', 'o']).ends_with('.');
        quantities.contains("ou") || quantities.contains("-x") || quantities.split(['-', 'x']).any(broken)
    };
    let strict: Vec<&String> = refused.iter().filter(|name| !lax(name)).collect();
    assert_eq!(strict, [""; 0], "{compared} compared, {} refused", refused.len());
    assert!(compared > 1000, "{compared}");
}
