//! A region of availability zones for benches, of any size: what a million components look like.
//!
//! Per zone a k-ary fat tree: k pods of k/2 racks of k/2 hosts, k/2 aggregation switches, k/2 groups of k/2 core switches. A
//! host has two power supplies, a network card, a disk, a board and a memory module. Racks and rows have power lines A and
//! B behind switchboards with UPS modules (2 of 3), utility feeds and generators (2 of 3, one tank); cooling has chillers
//! (2 of 3) and two pumps, rooms have air handlers (5 of 6); there are four fire compartments, two meet-me rooms and border
//! routers. The region shares three substations and three carriers, and a control plane in two of three zones.
//!
//! With `odd` > 0, one rack in so many is on a part that it shares with racks anywhere, which breaks the symmetry. An
//! *irregular* region has no two pods, racks or redundant groups alike: all differ in size, and odd racks differ in kind:
//! parts shared with racks anywhere, alone, in pairs or two of three; both lines from one row; a line from another zone; a
//! second uplink; hosts on one supply. Whether real regions look like this is not known here.

use independence::fault_graph::{Event, FaultGraph, FaultGraphBuilder, GraphError, Knowledge, Vertex};

const ZONES: usize = 3;

/// How large, and how irregular.
#[derive(Debug, Clone, Copy)]
pub struct Region {
    /// Ports of a switch; even.
    pub k: usize,
    /// One rack in so many is odd; 0 for none.
    pub odd: u64,
    /// Whether sizes differ, and odd racks in kind.
    pub irregular: bool,
}

struct Building {
    graph: FaultGraphBuilder,
    region: Region,
    drawn: u64,
    /// Rows, and uplinks, of the pods so far.
    rows: Vec<[Vertex; 2]>,
    uplinks: Vec<Vertex>,
}

/// A need: at least so many of these.
type Need = (usize, Vec<Vertex>);

fn all(of: &[Vertex]) -> Need {
    (of.len(), of.to_vec())
}

fn any(of: &[Vertex]) -> Need {
    (1, of.to_vec())
}

impl Region {
    /// The graph. Questions: `two_zones_lost`, `racks_impaired` (some rack in each of zones 0 and 1).
    ///
    /// # Errors
    /// When it is larger than a graph can be.
    pub fn build(self) -> Result<FaultGraph, GraphError> {
        let graph = FaultGraphBuilder::new();
        let mut building = Building { graph, region: self, drawn: 1, rows: Vec::new(), uplinks: Vec::new() };
        building.region()?;
        building.graph.finish()
    }
}

impl Building {
    /// A component that can fail by itself.
    fn part(&mut self, name: &str, needs: &[Need]) -> Result<Vertex, GraphError> {
        let vertex = self.service(name, needs)?;
        self.graph.event(vertex, Event { probability: Some(1e-4), knowledge: Knowledge::Known })?;
        Ok(vertex)
    }

    /// What fails only by what it needs.
    fn service(&mut self, name: &str, needs: &[Need]) -> Result<Vertex, GraphError> {
        let vertex = self.graph.define(name)?;
        for (min, of) in needs {
            // Groups are as wide as a switch.
            self.graph.need(vertex, u32::try_from(*min).unwrap_or(u32::MAX), of)?;
        }
        Ok(vertex)
    }

    fn parts(&mut self, name: &str, count: usize, needs: &[Need]) -> Result<Vec<Vertex>, GraphError> {
        (0..count).map(|i| self.part(&format!("{name}_{i}"), needs)).collect()
    }

    /// A number below a bound (Lehmer's generator): the same on every machine.
    fn below(&mut self, bound: u64) -> u64 {
        self.drawn = self.drawn * 48_271 % 0x7fff_ffff;
        self.drawn % bound
    }

    /// A size, or in an irregular region one near it.
    fn size(&mut self, regular: usize) -> usize {
        // Sizes are at most those of a switch.
        if self.region.irregular { (regular + self.below(3) as usize).saturating_sub(1).max(2) } else { regular }
    }

    /// Some of these, no two the same.
    fn some(&mut self, of: &[Vertex], count: usize) -> Vec<Vertex> {
        let mut left = of.to_vec();
        let mut some = Vec::new();
        for _ in 0..count.min(of.len()) {
            let at = self.below(left.len() as u64) as usize;
            some.push(left.swap_remove(at));
        }
        some
    }

    fn region(&mut self) -> Result<(), GraphError> {
        let substations = self.parts("substation", 3, &[])?;
        let carriers = self.parts("carrier", 3, &[])?;
        let k = self.region.k;
        let shared = if self.region.irregular { k * k / 5 } else { 64 };
        let shared = self.parts("shared_part", shared, &[])?;
        let (mut zones, mut impaired, mut controllers) = (Vec::new(), Vec::new(), Vec::new());
        for zone in 0..ZONES {
            let (racks, controller) = self.zone(zone, &substations, &carriers, &shared)?;
            zones.push(self.service(&format!("zone_{zone}"), &[any(&racks)])?);
            impaired.push(self.service(&format!("zone_{zone}_whole"), &[all(&racks)])?);
            controllers.push(controller);
        }
        let control = self.service("control", &[(2, controllers)])?;
        let serving: Result<Vec<Vertex>, GraphError> = zones
            .iter()
            .enumerate()
            .map(|(zone, &racks)| self.service(&format!("zone_{zone}_serving"), &[all(&[racks, control])]))
            .collect();
        self.service("two_zones_lost", &[(2, serving?)])?;
        self.service("racks_impaired", &[any(&impaired[..2])])?;
        Ok(())
    }

    fn zone(
        &mut self,
        zone: usize,
        substations: &[Vertex],
        carriers: &[Vertex],
        shared: &[Vertex],
    ) -> Result<(Vec<Vertex>, Vertex), GraphError> {
        let z = format!("z{zone}");
        let boards = self.power(&z, zone, substations)?;
        let cooling = self.cooling(&z, &boards)?;
        let mut rooms = Vec::new();
        for room in 0..4 {
            let fire = self.part(&format!("{z}_fire_{room}"), &[])?;
            let count = self.size(6);
            let air = self.parts(&format!("{z}_air_{room}"), count, &[any(&boards)])?;
            rooms.push(self.service(&format!("{z}_room_{room}"), &[all(&[fire, cooling]), (count - 1, air)])?);
        }
        let meeting = self.parts(&format!("{z}_meeting"), 2, &[all(&[cooling])])?;
        let border = self.border(&z, carriers, &meeting, &boards)?;
        let half = self.region.k / 2;
        let mut cores = Vec::new();
        for group in 0..self.size(half) {
            let needs = [all(&[meeting[group % 2]]), any(&boards)];
            let count = self.size(half);
            let switches = self.parts(&format!("{z}_core_{group}"), count, &needs)?;
            cores.push(self.service(&format!("{z}_cores_{group}"), &[any(&switches)])?);
        }
        let (mut racks, mut hosts) = (Vec::new(), Vec::new());
        let pods = self.size(self.region.k);
        for pod in 0..pods {
            let (name, room) = (format!("{z}_p{pod}"), rooms[pod * 4 / pods]);
            let pod = Pod { name, room, boards: &boards, cores: &cores, border, shared };
            self.pod(&pod, &mut racks, &mut hosts)?;
        }
        let controllers = [hosts[0], hosts[half]];
        Ok((racks, self.service(&format!("{z}_controllers"), &[any(&controllers)])?))
    }

    fn power(&mut self, z: &str, zone: usize, substations: &[Vertex]) -> Result<[Vertex; 2], GraphError> {
        let generators = self.parts(&format!("{z}_generator"), 3, &[])?;
        let tank = self.part(&format!("{z}_tank"), &[])?;
        let generated = self.service(&format!("{z}_generated"), &[(2, generators), all(&[tank])])?;
        let mut board = |line: usize| {
            let feed = self.part(&format!("{z}_feed_{line}"), &[all(&[substations[(zone + line) % 3]])])?;
            let source = self.part(&format!("{z}_source_{line}"), &[any(&[feed, generated])])?;
            let modules = self.parts(&format!("{z}_ups_{line}"), 3, &[])?;
            self.part(&format!("{z}_board_{line}"), &[all(&[source]), (2, modules)])
        };
        Ok([board(0)?, board(1)?])
    }

    fn cooling(&mut self, z: &str, boards: &[Vertex]) -> Result<Vertex, GraphError> {
        let pumps = self.parts(&format!("{z}_pump"), 2, &[])?;
        let chillers = self.parts(&format!("{z}_chiller"), 3, &[any(boards)])?;
        self.service(&format!("{z}_cooling"), &[(2, chillers), any(&pumps)])
    }

    fn border(
        &mut self,
        z: &str,
        carriers: &[Vertex],
        meeting: &[Vertex],
        boards: &[Vertex],
    ) -> Result<Vertex, GraphError> {
        let mut routers = Vec::new();
        for side in 0..2 {
            let duct = self.part(&format!("{z}_duct_{side}"), &[])?;
            let mut crossings = Vec::new();
            for line in 0..2 {
                let carrier = carriers[(side + line) % 3];
                crossings.push(self.part(&format!("{z}_crossing_{side}_{line}"), &[all(&[carrier])])?);
            }
            let needs = [all(&[meeting[side], duct]), any(&crossings), any(boards)];
            routers.push(self.part(&format!("{z}_border_{side}"), &needs)?);
        }
        self.service(&format!("{z}_border"), &[any(&routers)])
    }

    fn pod(&mut self, pod: &Pod<'_>, racks: &mut Vec<Vertex>, hosts: &mut Vec<Vertex>) -> Result<(), GraphError> {
        let Pod { name, room, .. } = pod;
        let rows = self.lines(&format!("{name}_row"), pod.boards)?;
        let mut switches = Vec::new();
        for number in 0..self.size(pod.cores.len()) {
            let core = pod.cores[number % pod.cores.len()];
            switches.push(self.part(&format!("{name}_agg_{number}"), &[all(&[core, *room]), any(&rows)])?);
        }
        let up = self.service(&format!("{name}_up"), &[any(&switches), all(&[pod.border])])?;
        for rack in 0..self.size(self.region.k / 2) {
            let r = format!("{name}_r{rack}");
            let quirk = self.quirk(pod, &rows, up);
            let first = self.part(&format!("{r}_pdu_0"), &[all(&rows[..1])])?;
            let second = self.part(&format!("{r}_pdu_1"), &[quirk.second_line])?;
            let pdus = [first, second];
            let mut needs = vec![all(&[*room]), quirk.uplink, any(&pdus)];
            needs.extend(quirk.more);
            let switch = self.part(&format!("{r}_switch"), &needs)?;
            let mut of_rack = Vec::new();
            for host in 0..self.size(self.region.k / 2) {
                let supplied = if quirk.single && self.below(4) == 0 { &pdus[..1] } else { &pdus };
                of_rack.push(self.host(&format!("{r}_h{host}"), switch, supplied)?);
            }
            hosts.push(of_rack[0]);
            racks.push(self.service(&r, &[any(&of_rack)])?);
        }
        self.rows.push(rows);
        self.uplinks.push(up);
        Ok(())
    }

    /// What sets a rack apart.
    fn quirk(&mut self, pod: &Pod<'_>, rows: &[Vertex; 2], up: Vertex) -> Quirk {
        let plain = Quirk { second_line: all(&rows[1..]), uplink: all(&[up]), more: None, single: false };
        if self.region.odd == 0 || self.below(self.region.odd) > 0 {
            return plain;
        }
        if !self.region.irregular {
            let pair = [self.below(32) as usize, 32 + self.below(32) as usize];
            return Quirk { more: Some(any(&pair.map(|at| pod.shared[at]))), ..plain };
        }
        let odd = Quirk { single: self.below(4) == 0, ..plain };
        let of_shared = |building: &mut Self, count| building.some(pod.shared, count);
        match self.below(6) {
            0 => Quirk { more: Some(all(&of_shared(self, 1))), ..odd },
            1 => Quirk { more: Some(any(&of_shared(self, 2))), ..odd },
            2 => Quirk { more: Some((2, of_shared(self, 3))), ..odd },
            3 => Quirk { second_line: all(&rows[..1]), ..odd },
            4 if !self.rows.is_empty() => {
                let at = self.below(self.rows.len() as u64) as usize;
                let other = self.rows[at];
                let line = if self.below(2) == 0 { any(&[rows[1], other[1]]) } else { all(&[other[0]]) };
                Quirk { second_line: line, ..odd }
            }
            _ if !self.uplinks.is_empty() => {
                let at = self.below(self.uplinks.len() as u64) as usize;
                let other = self.uplinks[at];
                Quirk { uplink: any(&[up, other]), more: Some(all(&of_shared(self, 1))), ..odd }
            }
            _ => odd,
        }
    }

    fn host(&mut self, name: &str, switch: Vertex, pdus: &[Vertex]) -> Result<Vertex, GraphError> {
        let mut supplies = Vec::new();
        for (line, pdu) in pdus.iter().enumerate() {
            supplies.push(self.part(&format!("{name}_psu_{line}"), &[all(&[*pdu])])?);
        }
        let mut needs = vec![all(&[switch]), any(&supplies)];
        for part in ["card", "disk", "board", "memory"] {
            needs.push(all(&[self.part(&format!("{name}_{part}"), &[])?]));
        }
        self.part(name, &needs)
    }

    /// One part on each of two lines.
    fn lines(&mut self, name: &str, behind: &[Vertex; 2]) -> Result<[Vertex; 2], GraphError> {
        let first = self.part(&format!("{name}_0"), &[all(&behind[..1])])?;
        Ok([first, self.part(&format!("{name}_1"), &[all(&behind[1..])])?])
    }
}

/// What a rack hangs on other than its like.
struct Quirk {
    second_line: Need,
    uplink: Need,
    more: Option<Need>,
    /// Whether some hosts have one supply.
    single: bool,
}

/// Where a pod is, and what it hangs on.
struct Pod<'a> {
    name: String,
    room: Vertex,
    boards: &'a [Vertex; 2],
    cores: &'a [Vertex],
    border: Vertex,
    shared: &'a [Vertex],
}
