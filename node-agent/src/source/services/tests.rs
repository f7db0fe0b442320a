//! Against control groups as systemd and container runtimes lay them out.

use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::config;

fn write(directory: &Path, path: &str, text: &str) {
    let path = directory.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

fn process_of(directory: &Path, pid: u32, name: &str, ticks: u64) {
    let line = format!("{pid} ({name}) S 1 1 1 0 -1 4194560 1 0 0 0 1 2 0 0 20 0 1 0 {ticks} 1 2 3\n");
    write(directory, &format!("proc/{pid}/stat"), &line);
}

fn read(directory: &Path) -> ServicesFact {
    let context = Context::unconfined(Root::at(directory).unwrap(), config::Sources::default());
    match SERVICES.read(&context) {
        Reading::Present(Fact::Services(fact)) => fact,
        other => panic!("{other:?}"),
    }
}

fn found(fact: &ServicesFact) -> Vec<(String, String, Option<u64>)> {
    let place = |place: &Place| match place {
        Place::Unit(unit) => unit.clone(),
        Place::Container(container) => format!("{} {}", container.runtime, container.id),
    };
    let started = |service: &Service| service.process.present().map(|process| process.started_seconds_after_boot);
    let services = fact.services.present().unwrap().iter();
    services.map(|service| (service.name.clone(), place(&service.place), started(service))).collect()
}

#[test]
fn services_are_found_as_units_and_in_containers() {
    let directory = tempfile::tempdir().unwrap();
    let (at, id) = (directory.path(), "0123456789abcdef".repeat(4));
    let group = |path: &str, pids: &str| write(at, &format!("sys/fs/cgroup/{path}/cgroup.procs"), pids);
    group("system.slice/libvirtd.service", "901\n902\n");
    group("system.slice/ssh.service", "77\n");
    group("system.slice/system-ceph\\x2dosd.slice/ceph-osd@3.service", "1200\n");
    group("system.slice/system-ceph\\x2dosd.slice/ceph-osd@4.service", "");
    group(&format!("system.slice/docker-{id}.scope"), "2000\n2001\n");
    group(&format!("kubepods.slice/kubepods-burstable.slice/cri-containerd-{}.scope", id.replace('0', "f")), "2100\n");
    group(&format!("machine.slice/libpod-{}.scope", id.replace('1', "f")), "2200\n");
    let cephadm = "system.slice/system-ceph\\x2d5b3c.slice/ceph-5b3c7f5e-0d6e-11ef-8f1c-525400a1b2c3@mon.a.service";
    group(cephadm, "");
    group(&format!("{cephadm}/libpod-payload-{id}"), "2300\n2301\n");
    for (pid, name, ticks) in [
        (77, "sshd", 10),
        (901, "dnsmasq", 500),
        (902, "libvirtd", 900),
        (1200, "ceph-osd", 2000),
        (2000, "dumb-init", 3000),
        (2001, "nova-compute", 3100),
        (2100, "pause", 1),
        (2200, "neutron-ovn-met", 1),
        (2300, "podman-init", 4000),
        (2301, "ceph-mon", 4100),
    ] {
        process_of(at, pid, name, ticks);
    }
    write(at, "var/lib/dpkg/status", "Package: libvirt-daemon\nStatus: install ok installed\nVersion: 9.0.0-4\n");

    let fact = read(at);
    let expect = [
        ("ceph-mon", "ceph-5b3c7f5e-0d6e-11ef-8f1c-525400a1b2c3@mon.a.service", Some(41)),
        ("ceph-osd", "ceph-osd@3.service", Some(20)),
        ("ceph-osd", "ceph-osd@4.service", None),
        ("libvirtd", "libvirtd.service", Some(9)),
        ("neutron-ovn-metadata-agent", "podman 0f23456789ab", Some(0)),
        ("nova-compute", "docker 0123456789ab", Some(31)),
    ];
    let expect = expect.map(|(name, place, started)| (name.to_owned(), place.to_owned(), started));
    assert_eq!(found(&fact), expect);
    let libvirtd = &fact.services.present().unwrap()[3];
    assert_eq!(libvirtd.package.present().map(|package| package.version.as_str()), Some("9.0.0-4"));
    assert_eq!(fact.containers_not_examined, Reading::Present(0));
}

#[test]
fn containers_beyond_the_bound_are_counted() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(directory.path().join("sys/fs/cgroup/system.slice")).unwrap();
    for number in 0..130 {
        let path = format!("sys/fs/cgroup/docker/{number:064x}/cgroup.procs");
        write(directory.path(), &path, "5\n");
    }
    process_of(directory.path(), 5, "nova-compute", 1);
    let fact = read(directory.path());
    assert_eq!(fact.containers_not_examined, Reading::Present(2));
    assert_eq!(fact.services.present().unwrap().len(), 128);
}

#[test]
fn a_node_without_systemd_says_so() {
    let directory = tempfile::tempdir().unwrap();
    assert!(read(directory.path()).services.absence().is_some());
}

#[test]
fn resolvers_are_asked_in_their_order_and_the_local_one_asks_others() {
    let text = "# made by hand\nnameserver 192.0.2.53\nnameserver\t2001:db8::53\nnameserver fe80::1%eth0\n\
        nameserver resolver.example\nsearch example\noptions edns0\n#nameserver 192.0.2.9\n";
    assert_eq!(resolvers(text), ["192.0.2.53", "2001:db8::53", "fe80::1%eth0"]);

    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), "run/systemd/resolve/resolv.conf", "nameserver 192.0.2.53\n");
    write(directory.path(), "etc/resolv.conf", "nameserver 127.0.0.53\n");
    assert_eq!(read(directory.path()).resolvers_upstream, Reading::Present(vec!["192.0.2.53".to_owned()]));
    // What systemd-resolved would ask says nothing where it is not asked.
    write(directory.path(), "etc/resolv.conf", "nameserver 192.0.2.54\n");
    assert!(read(directory.path()).resolvers_upstream.absence().is_some());
}

proptest! {
    #[test]
    fn whatever_resolv_conf_says_only_addresses_are_resolvers(
        text in "(nameserver[ \\t]{0,2}[0-9a-f.:%]{0,12}\n?|search \\PC{0,8}\n|\\PC{0,8}\n?){0,6}",
    ) {
        let found = resolvers(&text);
        prop_assert!(found.len() <= RESOLVERS_MAX);
        for server in found {
            let address = server.split('%').next().unwrap();
            prop_assert!(address.parse::<std::net::IpAddr>().is_ok(), "{}", server);
        }
    }
}
