//! The services that matter to a claim, and what distributions call them: units of systemd, processes, packages.
//!
//! A service that is not here is not reported: what else an operator runs is nobody's business.

/// One service.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Kind {
    /// What it is called in facts.
    pub(super) name: &'static str,
    /// Units, without `.service` and without the instance.
    units: &'static [&'static str],
    /// Processes, of whose names the kernel keeps fifteen bytes.
    processes: &'static [&'static str],
    /// Packages, the likeliest first.
    pub(super) packages: &'static [&'static str],
}

impl Kind {
    /// Whether a process of this name is one of the service's.
    pub(super) fn is_process(&self, name: &str) -> bool {
        self.processes.iter().any(|process| shortened(process) == name)
    }
}

macro_rules! kinds {
    ($($name:literal: $units:expr, $processes:expr, $packages:expr;)*) => {
        &[$(Kind { name: $name, units: &$units, processes: &$processes, packages: &$packages },)*]
    };
}

/// Sorted by name.
pub(super) const KINDS: &[Kind] = kinds! {
    "bgpd": ["bgpd"], ["bgpd"], ["frr"];
    "bird": ["bird"], ["bird"], ["bird2", "bird"];
    "ceph-mds": ["ceph-mds"], ["ceph-mds"], ["ceph-mds"];
    "ceph-mgr": ["ceph-mgr"], ["ceph-mgr"], ["ceph-mgr"];
    "ceph-mon": ["ceph-mon"], ["ceph-mon"], ["ceph-mon"];
    "ceph-osd": ["ceph-osd"], ["ceph-osd"], ["ceph-osd"];
    "ceph-radosgw": ["ceph-radosgw"], ["radosgw"], ["radosgw"];
    "chronyd": ["chrony", "chronyd"], ["chronyd"], ["chrony"];
    "cinder-volume": ["cinder-volume", "openstack-cinder-volume"], ["cinder-volume"], ["cinder-volume"];
    "containerd": ["containerd"], ["containerd"], ["containerd.io", "containerd"];
    "crio": ["crio", "cri-o"], ["crio"], ["cri-o"];
    "dnsmasq": ["dnsmasq"], ["dnsmasq"], ["dnsmasq"];
    "dockerd": ["docker"], ["dockerd"], ["docker-ce", "docker.io"];
    "etcd": ["etcd"], ["etcd"], ["etcd-server", "etcd"];
    "frr": ["frr"], ["zebra", "watchfrr"], ["frr"];
    "keepalived": ["keepalived"], ["keepalived"], ["keepalived"];
    "kube-apiserver": ["kube-apiserver"], ["kube-apiserver"], [];
    "kubelet": ["kubelet"], ["kubelet"], ["kubelet"];
    "libvirtd": ["libvirtd"], ["libvirtd"], ["libvirt-daemon"];
    "lldpd": ["lldpd"], ["lldpd"], ["lldpd"];
    "named": ["named", "bind9"], ["named"], ["bind9"];
    "neutron-dhcp-agent": ["neutron-dhcp-agent"], ["neutron-dhcp-agent"], ["neutron-dhcp-agent"];
    "neutron-l3-agent": ["neutron-l3-agent"], ["neutron-l3-agent"], ["neutron-l3-agent"];
    "neutron-linuxbridge-agent": ["neutron-linuxbridge-agent"], ["neutron-linuxbridge-agent"], ["neutron-linuxbridge-agent"];
    "neutron-metadata-agent": ["neutron-metadata-agent"], ["neutron-metadata-agent"], ["neutron-metadata-agent"];
    "neutron-openvswitch-agent": ["neutron-openvswitch-agent"], ["neutron-openvswitch-agent"], ["neutron-openvswitch-agent"];
    "neutron-ovn-metadata-agent": ["neutron-ovn-metadata-agent"], ["neutron-ovn-metadata-agent"], ["neutron-ovn-metadata-agent"];
    "neutron-server": ["neutron-server"], ["neutron-server"], ["neutron-server"];
    "nova-api": ["nova-api", "openstack-nova-api"], ["nova-api"], ["nova-api"];
    "nova-compute": ["nova-compute", "openstack-nova-compute"], ["nova-compute"], ["nova-compute"];
    "nova-conductor": ["nova-conductor", "openstack-nova-conductor"], ["nova-conductor"], ["nova-conductor"];
    "nova-scheduler": ["nova-scheduler", "openstack-nova-scheduler"], ["nova-scheduler"], ["nova-scheduler"];
    "ntpd": ["ntp", "ntpd", "ntpsec"], ["ntpd"], ["ntpsec", "ntp"];
    "ovn-controller": ["ovn-controller"], ["ovn-controller"], ["ovn-host"];
    "ovs-vswitchd": ["ovs-vswitchd"], ["ovs-vswitchd"], ["openvswitch-switch"];
    "ovsdb-server": ["ovsdb-server"], ["ovsdb-server"], ["openvswitch-switch"];
    "systemd-resolved": ["systemd-resolved"], ["systemd-resolved"], ["systemd-resolved", "systemd"];
    "systemd-timesyncd": ["systemd-timesyncd"], ["systemd-timesyncd"], ["systemd-timesyncd"];
    "unbound": ["unbound"], ["unbound"], ["unbound"];
    "virtlogd": ["virtlogd"], ["virtlogd"], ["libvirt-daemon"];
    "virtqemud": ["virtqemud"], ["virtqemud"], ["libvirt-daemon"];
};

/// Bytes of a process's name that the kernel keeps (`TASK_COMM_LEN`, less the NUL).
const NAME_BYTES_MAX: usize = 15;

/// The service of a unit such as `ceph-osd@3.service`. cephadm puts the cluster first: `ceph-<cluster>@osd.3.service`.
pub(super) fn by_unit(unit: &str) -> Option<&'static Kind> {
    let stem = unit.strip_suffix(".service")?;
    let (base, instance) = stem.split_once('@').unwrap_or((stem, ""));
    if let Some(kind) = KINDS.iter().find(|kind| kind.units.contains(&base)) {
        return Some(kind);
    }
    let cluster = base.strip_prefix("ceph-").is_some_and(|id| id.len() == 36);
    let daemon = instance.split('.').next().filter(|_| cluster)?;
    KINDS.iter().find(|kind| kind.name.strip_prefix("ceph-") == Some(daemon))
}

/// The service of a process.
pub(super) fn by_process(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.is_process(name))
}

/// Every package that a service may be from.
pub(super) fn is_package(name: &str) -> bool {
    KINDS.iter().any(|kind| kind.packages.contains(&name))
}

fn shortened(name: &str) -> &str {
    name.get(..NAME_BYTES_MAX).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_is_a_service_whoever_packed_it() {
        let check = |unit: &str, expect: Option<&str>| {
            assert_eq!(by_unit(unit).map(|kind| kind.name), expect, "{unit}");
        };
        check("nova-compute.service", Some("nova-compute"));
        check("openstack-nova-compute.service", Some("nova-compute"));
        check("ceph-osd@3.service", Some("ceph-osd"));
        check("ceph-5b3c7f5e-0d6e-11ef-8f1c-525400a1b2c3@osd.3.service", Some("ceph-osd"));
        check("ceph-5b3c7f5e-0d6e-11ef-8f1c-525400a1b2c3@mon.node-1.service", Some("ceph-mon"));
        check("ceph-5b3c7f5e-0d6e-11ef-8f1c-525400a1b2c3@grafana.node-1.service", None);
        check("ceph-crash@osd.3.service", None);
        check("nova-compute.scope", None);
        check("ssh.service", None);
        check(".service", None);
    }

    #[test]
    fn a_process_is_known_by_as_much_of_its_name_as_the_kernel_keeps() {
        let check = |name: &str, expect: Option<&str>| {
            assert_eq!(by_process(name).map(|kind| kind.name), expect, "{name}");
        };
        check("nova-compute", Some("nova-compute"));
        check("neutron-l3-agen", Some("neutron-l3-agent"));
        check("neutron-openvsw", Some("neutron-openvswitch-agent"));
        check("systemd-resolve", Some("systemd-resolved"));
        check("bash", None);
        check("", None);
    }

    #[test]
    fn services_are_sorted_and_no_process_or_unit_is_of_two() {
        assert!(KINDS.is_sorted_by_key(|kind| kind.name));
        for (index, kind) in KINDS.iter().enumerate() {
            for other in &KINDS[index + 1..] {
                assert!(!kind.units.iter().any(|unit| other.units.contains(unit)), "{} {}", kind.name, other.name);
                assert!(
                    !kind.processes.iter().any(|name| other.is_process(shortened(name))),
                    "{} {}",
                    kind.name,
                    other.name
                );
            }
        }
    }
}
