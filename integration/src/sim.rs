//! Simulated nodes: facts invented from a seed, and marked as simulated in what is signed.
//!
//! What is invented is only the readings. Keys, statements, enrolment and the wire are those of the real agent.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use descriptors::fact::block::{BlockFact, Disk, DiskClass, Transport};
use descriptors::fact::cpu::{CpuFact, Signature, Topology};
use descriptors::fact::dmi::DmiFact;
use descriptors::fact::entropy::{EntropyFact, Instruction, PoolSemantics};
use descriptors::fact::kernel::KernelFact;
use descriptors::fact::memory::MemoryFact;
use descriptors::fact::net::{Gateway, Interface, NetFact};
use descriptors::fact::{AbsenceReason, Fact, Reading};
use descriptors::id::{NameError, NodeId, SourceName};
use descriptors::report::Origin;
use node_agent::retry::Waits;
use node_agent::run::{RunError, Settings, run_until};

/// A generator of numbers that depend on nothing but the seed (SplitMix64, Steele et al. 2014).
#[derive(Debug, Clone)]
pub struct Seeded(u64);

impl Seeded {
    /// Numbers of this seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`, which is not 0; the slight bias does not matter here.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.draw() % bound
    }

    /// 32 bytes, for keys of simulated nodes.
    pub fn bytes(&mut self) -> [u8; 32] {
        let mut bytes = [0; 32];
        bytes.chunks_mut(8).for_each(|chunk| chunk.copy_from_slice(&self.draw().to_le_bytes()));
        bytes
    }
}

/// A node that exists only here.
#[derive(Debug, Clone)]
pub struct SimulatedNode {
    /// Its name.
    pub node: NodeId,
    /// Its zone, from 1: nodes of one zone share a gateway.
    pub zone: u64,
    seed: u64,
    boot: u64,
}

impl SimulatedNode {
    /// The node `number` of `zone`, called `sim-<zone>-<number>`.
    pub fn new(zone: u64, number: u64, seed: u64) -> Result<Self, NameError> {
        let node = NodeId::new(format!("sim-{zone}-{number:02}"))?;
        Ok(Self { node, zone, seed: seed ^ (zone << 32) ^ number, boot: 0 })
    }

    /// `zones` times `per_zone` nodes.
    pub fn fleet(zones: u64, per_zone: u64, seed: u64) -> Result<Vec<Self>, NameError> {
        (1..=zones).flat_map(|zone| (1..=per_zone).map(move |number| Self::new(zone, number, seed))).collect()
    }

    /// Starts it anew: the boot id, and so the report, changes.
    pub fn reboot(&mut self) {
        self.boot += 1;
    }

    /// What identifies its current boot.
    pub fn boot_id(&self) -> Reading<String> {
        let mut numbers = Seeded::new(self.seed.wrapping_add(self.boot));
        let (high, low) = (numbers.draw(), numbers.draw());
        let uuid = format!(
            "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
            high >> 32,
            high >> 16 & 0xffff,
            high & 0xfff,
            low >> 52,
            low & 0xffff_ffff_ffff
        );
        Reading::Present(uuid)
    }

    /// What its sources would read.
    pub fn facts(&self) -> Result<BTreeMap<SourceName, Reading<Fact>>, NameError> {
        let mut numbers = Seeded::new(self.seed);
        let cores = [32, 48, 64][numbers.below(3) as usize];
        let facts: [(&str, Reading<Fact>); 8] = [
            ("block", Reading::Present(disks(&mut numbers).into())),
            ("cpu", Reading::Present(processors(cores).into())),
            ("dmi", Reading::Present(identity(&mut numbers).into())),
            ("entropy", Reading::Present(entropy().into())),
            ("kernel", Reading::Present(kernel(&mut numbers).into())),
            ("libvirt", Reading::absent(AbsenceReason::NotPresent, "a simulated node has no hypervisor")),
            ("memory", Reading::Present(memory(cores).into())),
            ("net", Reading::Present(network(self.zone, &mut numbers).into())),
        ];
        facts.into_iter().map(|(name, reading)| Ok((SourceName::new(name)?, reading))).collect()
    }
}

/// How simulated nodes live.
#[derive(Debug, Clone)]
pub struct Life {
    /// Each node keeps its key, identity and spool in a directory of its own below this one.
    pub directory: PathBuf,
    /// Time from one round to the next.
    pub interval: Duration,
    /// In so many first rounds the node has rebooted since the last one, so that each makes a full report.
    pub reboots: u64,
}

impl Life {
    /// Where a node keeps its things.
    pub fn state(&self, node: &NodeId) -> PathBuf {
        self.directory.join(node.as_str())
    }

    /// Where a node looks for its join token.
    pub fn token(&self, node: &NodeId) -> PathBuf {
        self.directory.join(format!("{node}.token"))
    }
}

/// Lives as one node, with the real agent's loop, until `stop`. `rounds` counts the rounds gathered.
pub async fn live(
    mut node: SimulatedNode,
    life: Life,
    rounds: Arc<AtomicU64>,
    stop: impl Future<Output = ()>,
) -> Result<(), RunError> {
    let mut settings = Settings::new(life.state(&node.node), life.token(&node.node));
    settings.origin = Origin::Simulated;
    settings.interval = life.interval;
    settings.check_every = Duration::from_secs(1);
    settings.submit.waits = Waits { first: Duration::from_millis(50), longest: Duration::from_millis(500) };
    let gather = move || {
        if rounds.fetch_add(1, Ordering::Relaxed) < life.reboots {
            node.reboot();
        }
        (node.facts().unwrap_or_default(), node.boot_id())
    };
    run_until(settings, gather, stop).await
}

fn present(text: &str) -> Reading<String> {
    Reading::Present(text.to_owned())
}

fn simulated<T>(what: &str) -> Reading<T> {
    Reading::absent(AbsenceReason::NotPresent, format!("{what} is not simulated"))
}

fn processors(cores: u32) -> CpuFact {
    CpuFact {
        architecture: "x86_64".to_owned(),
        vendor: present("AuthenticAMD"),
        model_name: present("Simulated processor"),
        signature: Reading::Present(Signature { family: 25, model: 17, stepping: 1 }),
        generation: present("Genoa (Zen 4)"),
        topology: Reading::Present(Topology { sockets: 2, cores: 2 * cores, threads: 4 * cores }),
        smt_control: present("on"),
        smt_active: Reading::Present(true),
        frequency_base_khz: simulated("the base frequency"),
        frequency_max_khz: simulated("the highest frequency"),
        boost: simulated("boost"),
        flags: Reading::Present(["aes", "rdrand", "rdseed", "svm"].map(str::to_owned).to_vec()),
        microcode: simulated("microcode"),
        hypervisor: simulated("a hypervisor below"),
        vulnerabilities: simulated("the list of flaws"),
    }
}

fn memory(cores: u32) -> MemoryFact {
    MemoryFact {
        total_bytes: Reading::Present(u64::from(cores) * (16 << 30)),
        ecc: simulated("error correction"),
        hugepages: Reading::Present(Vec::new()),
        numa: simulated("NUMA"),
    }
}

fn identity(numbers: &mut Seeded) -> DmiFact {
    let mut serial = || Reading::Present(format!("SIM{:012x}", numbers.draw() & 0xffff_ffff_ffff));
    DmiFact {
        system_vendor: present("Simulated"),
        product_name: present("Simulated server"),
        product_version: simulated("the system version"),
        product_sku: simulated("the stock keeping unit"),
        product_serial: serial(),
        product_uuid: simulated("the system UUID"),
        board_vendor: present("Simulated"),
        board_name: present("Simulated board"),
        board_version: simulated("the board version"),
        board_serial: serial(),
        chassis_type: simulated("the chassis type"),
        chassis_serial: serial(),
        chassis_asset_tag: simulated("the asset tag"),
        bios_vendor: present("Simulated"),
        bios_version: present("1.0"),
        bios_date: simulated("the firmware date"),
        bios_release: simulated("the firmware release"),
        controller_release: simulated("the controller release"),
    }
}

fn disks(numbers: &mut Seeded) -> BlockFact {
    let disk = |index: u64| Disk {
        name: format!("nvme{index}n1"),
        class: DiskClass::Nvme,
        size_bytes: Reading::Present(3_840_755_982_336),
        model: present("Simulated disk"),
        serial: Reading::Present(format!("SIMD{:010x}", numbers.draw() & 0xff_ffff_ffff)),
        wwid: simulated("the world-wide identifier"),
        firmware: present("1.0"),
        transport: Reading::Present(Transport::Pcie),
        write_cache: present("write through"),
        forced_writes: Reading::Present(true),
    };
    BlockFact { disks: (0..2).map(disk).collect() }
}

fn network(zone: u64, numbers: &mut Seeded) -> NetFact {
    let mac = |number: u64| {
        format!(
            "02:00:{:02x}:{:02x}:{:02x}:{:02x}",
            number >> 24 & 255,
            number >> 16 & 255,
            number >> 8 & 255,
            number & 255
        )
    };
    let interface = Interface {
        name: "ens1".to_owned(),
        physical: true,
        kind: simulated("the kind"),
        mac: Reading::Present(mac(numbers.draw())),
        mac_permanent: simulated("the permanent address"),
        speed_mbit: Reading::Present(100_000),
        driver: present("simulated"),
        firmware: simulated("the firmware"),
        controller: simulated("the controller"),
        bond: simulated("a bond"),
        vlan: simulated("a VLAN"),
        mtu: Reading::Present(9000),
        numa_node: simulated("the NUMA node"),
        sriov_functions_max: simulated("SR-IOV"),
        sriov_functions: simulated("SR-IOV"),
    };
    let gateway =
        Gateway { address: format!("192.0.2.{zone}"), interface: "ens1".to_owned(), mac: Reading::Present(mac(zone)) };
    NetFact { interfaces: vec![interface], gateways: Reading::Present(vec![gateway]) }
}

fn kernel(numbers: &mut Seeded) -> KernelFact {
    KernelFact {
        release: present("6.1.0-simulated"),
        version: simulated("the build line"),
        distribution: present("Simulated"),
        lockdown: present("none"),
        security_modules: simulated("the list of security modules"),
        command_line: simulated("the command line"),
        machine_id_hash: Reading::Present(format!("{:016x}{:016x}", numbers.draw(), numbers.draw())),
    }
}

fn entropy() -> EntropyFact {
    EntropyFact {
        crng_ready: Reading::Present(true),
        pool_semantics: Reading::Present(PoolSemantics::ConstantOnceSeeded),
        rdrand: Reading::Present(Instruction::Offered),
        rdseed: Reading::Present(Instruction::Offered),
        hwrng_current: simulated("a hardware generator"),
        hwrng_available: simulated("a hardware generator"),
        hwrng_quality: simulated("a hardware generator"),
        examination: simulated("what an examination finds"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_node() {
        let fleet = |seed| SimulatedNode::fleet(3, 8, seed).unwrap();
        let facts = |seed| fleet(seed).iter().map(|node| node.facts().unwrap()).collect::<Vec<_>>();
        assert_eq!(facts(1), facts(1));
        assert_ne!(facts(1), facts(2));
        assert_eq!(fleet(1).len(), 24);
    }

    #[test]
    fn a_reboot_changes_the_boot_and_nothing_else() {
        let mut node = SimulatedNode::new(1, 1, 7).unwrap();
        let (boot, facts) = (node.boot_id(), node.facts());
        node.reboot();
        assert_ne!(node.boot_id(), boot);
        assert_eq!(node.facts(), facts);
    }
}
