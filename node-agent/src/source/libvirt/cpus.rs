//! Which processors guests may run on, and what that lets a flavor say of them.
//!
//! A guest has threads or cores of its own when no virtual processor of another guest may run there and it has no more
//! virtual processors than these. The others share: guests whose processors overlap, directly or through others, are one
//! crowd, and a crowd is judged by its virtual processors for each core or thread that it may use.

use std::collections::BTreeMap;

use descriptors::fact::libvirt::{CpuClass, CpuLetter, CpuReason};
use descriptors::fact::{AbsenceReason, Reading};

/// Most processors of a host; the largest machines have some thousand.
const CPUS_MAX: usize = 4096;

/// Most rows times processors that are looked at, a byte each: 60,000 differently pinned virtual processors on 256.
const CELLS_MAX: usize = 16 << 20;

/// The standard's bounds for a fifth of a core (SCS-0100, kinds of processors).
const VCPUS_PER_CORE_MAX: u64 = 5;
const VCPUS_PER_THREAD_MAX: u64 = 3;

/// The online processors of a host, and the core of each.
#[derive(Debug, Clone)]
pub(super) struct HostCpus {
    /// Place in `cores` of each number.
    places: BTreeMap<u32, usize>,
    /// Number of the core, from 0, of each place.
    cores: Vec<usize>,
    core_count: usize,
}

/// A set of processors, one bit for each place.
#[derive(Debug, Clone, PartialEq, Eq)]
struct CpuSet(Vec<bool>);

/// The virtual processors of one guest: how many may run on which processors, written as libvirt does; `None` is anywhere.
pub(super) type Vcpus = Reading<Vec<(u32, Option<String>)>>;

impl HostCpus {
    /// From the number and the core of each processor.
    pub(super) fn new(numbers: Vec<(u32, usize)>) -> Reading<Self> {
        if numbers.len() > CPUS_MAX {
            return Reading::absent(AbsenceReason::NotSupported, format!("more than {CPUS_MAX} processors"));
        }
        let mut host = Self { places: BTreeMap::new(), cores: Vec::new(), core_count: 0 };
        for (number, core) in numbers {
            if host.places.insert(number, host.cores.len()).is_some() {
                return Reading::absent(AbsenceReason::Malformed, format!("processor {number} is there twice"));
            }
            host.cores.push(core);
            host.core_count = host.core_count.max(core + 1);
        }
        Reading::Present(host)
    }

    /// Of `0-3,^2,8`, those that are online.
    fn set(&self, text: Option<&str>) -> Reading<CpuSet> {
        let Some(text) = text else { return Reading::Present(CpuSet(vec![true; self.cores.len()])) };
        let mut set = vec![false; self.cores.len()];
        for part in text.split(',').map(str::trim) {
            let (part, member) = part.strip_prefix('^').map_or((part, true), |part| (part, false));
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (Ok(first), Ok(last)) = (first.parse::<u32>(), last.parse::<u32>()) else {
                return super::super::malformed("cpuset", text);
            };
            if first > last {
                return super::super::malformed("cpuset", text);
            }
            for place in self.places.range(first..=last).map(|(_, place)| *place) {
                set[place] = member;
            }
        }
        if set.contains(&true) { Reading::Present(CpuSet(set)) } else { super::super::malformed("cpuset", text) }
    }

    fn cores_of<'a>(&'a self, set: &'a CpuSet) -> Vec<bool> {
        let mut cores = vec![false; self.core_count];
        set.places().for_each(|place| cores[self.cores[place]] = true);
        cores
    }
}

impl CpuSet {
    fn places(&self) -> impl Iterator<Item = usize> {
        self.0.iter().enumerate().filter(|(_, member)| **member).map(|(place, _)| place)
    }
}

/// One row of virtual processors of one guest.
struct Row {
    guest: usize,
    vcpus: u64,
    set: CpuSet,
    cores: Vec<bool>,
}

/// What each of the guests, all that run, may be called. One of which it is not known where it may run makes that of all
/// others unknown, because it may run among them.
pub(super) fn classes(host: &HostCpus, guests: &[&Vcpus]) -> Vec<Reading<CpuClass>> {
    let mut rows = Vec::new();
    for (guest, vcpus) in guests.iter().enumerate() {
        match read_rows(host, guest, vcpus) {
            Reading::Present(read) => rows.extend(read),
            Reading::Absent(absence) => return vec![Reading::Absent(absence); guests.len()],
        }
        if rows.len().saturating_mul(host.cores.len()) > CELLS_MAX {
            let absent = Reading::absent(AbsenceReason::NotSupported, "guests are pinned in too many ways");
            return vec![absent; guests.len()];
        }
    }
    let shared = Usage::of(host, &rows);
    let mut classes: Vec<CpuClass> = own(&rows, &shared, guests.len());
    crowds(host, &rows, &mut classes);
    classes.into_iter().map(Reading::Present).collect()
}

fn read_rows(host: &HostCpus, guest: usize, vcpus: &Vcpus) -> Reading<Vec<Row>> {
    let listed = match vcpus {
        Reading::Present(listed) => listed,
        Reading::Absent(absence) => return Reading::Absent(absence.clone()),
    };
    let mut rows = Vec::with_capacity(listed.len());
    for (count, text) in listed {
        match host.set(text.as_deref()) {
            Reading::Present(set) => {
                let cores = host.cores_of(&set);
                rows.push(Row { guest, vcpus: (*count).into(), set, cores });
            }
            Reading::Absent(absence) => return Reading::Absent(absence),
        }
    }
    Reading::Present(rows)
}

/// How many virtual processors may run on each thread and on each core.
struct Usage {
    threads: Vec<u64>,
    cores: Vec<u64>,
}

impl Usage {
    fn of(host: &HostCpus, rows: &[Row]) -> Self {
        let mut usage = Self { threads: vec![0; host.cores.len()], cores: vec![0; host.core_count] };
        for row in rows {
            for place in row.set.places() {
                usage.threads[place] = usage.threads[place].saturating_add(row.vcpus);
            }
            for (core, _) in row.cores.iter().enumerate().filter(|(_, member)| **member) {
                usage.cores[core] = usage.cores[core].saturating_add(row.vcpus);
            }
        }
        usage
    }
}

/// The class of every guest by what it has of its own; those that have nothing of their own are `L` until judged.
fn own(rows: &[Row], usage: &Usage, guests: usize) -> Vec<CpuClass> {
    let mut classes = vec![CpuClass { letter: CpuLetter::C, because: CpuReason::OwnCores }; guests];
    for row in rows {
        let alone = |members: &[bool], users: &[u64]| {
            let used = || members.iter().zip(users).filter(|(member, _)| **member);
            used().all(|(_, users)| *users == row.vcpus) && u64::try_from(used().count()).unwrap_or(0) >= row.vcpus
        };
        let class = if alone(&row.cores, &usage.cores) {
            CpuClass { letter: CpuLetter::C, because: CpuReason::OwnCores }
        } else if alone(&row.set.0, &usage.threads) {
            CpuClass { letter: CpuLetter::T, because: CpuReason::OwnThreads }
        } else {
            CpuClass { letter: CpuLetter::L, because: CpuReason::MoreThanThat }
        };
        // The letters are in the order of what they promise, so that the largest is what holds for all rows.
        if class.letter > classes[row.guest].letter {
            classes[row.guest] = class;
        }
    }
    classes
}

/// Judges guests that share.
fn crowds(host: &HostCpus, rows: &[Row], classes: &mut [CpuClass]) {
    let sharing = |guest: usize| classes[guest].letter == CpuLetter::L;
    let shared: Vec<&Row> = rows.iter().filter(|row| sharing(row.guest)).collect();
    let mut crowd: Vec<usize> = (0..host.cores.len()).collect();
    for row in &shared {
        let mut places = row.set.places();
        let Some(first) = places.next() else { continue };
        for place in places {
            let (a, b) = (find(&mut crowd, first), find(&mut crowd, place));
            crowd[a.max(b)] = a.min(b);
        }
    }
    let mut vcpus = BTreeMap::<usize, u64>::new();
    let mut used = vec![false; host.cores.len()];
    for row in &shared {
        if let Some(first) = row.set.places().next() {
            let count = vcpus.entry(find(&mut crowd, first)).or_default();
            *count = count.saturating_add(row.vcpus);
        }
        row.set.places().for_each(|place| used[place] = true);
    }
    let judged: BTreeMap<usize, CpuClass> = vcpus
        .into_iter()
        .map(|(root, vcpus)| {
            let members = (0..used.len()).filter(|place| used[*place]).filter(|place| find(&mut crowd, *place) == root);
            (root, judge(host, &CpuSet::of(used.len(), members), vcpus))
        })
        .collect();
    // A guest in several crowds has what the worst of them gives.
    let mut worst = BTreeMap::<usize, CpuClass>::new();
    for row in &shared {
        let Some(class) = row.set.places().next().and_then(|first| judged.get(&find(&mut crowd, first))) else {
            continue;
        };
        let entry = worst.entry(row.guest).or_insert(*class);
        if class.letter > entry.letter {
            *entry = *class;
        }
    }
    for (guest, class) in worst {
        classes[guest] = class;
    }
}

fn judge(host: &HostCpus, set: &CpuSet, vcpus: u64) -> CpuClass {
    let threads = u64::try_from(set.places().count()).unwrap_or(0);
    let cores = u64::try_from(host.cores_of(set).iter().filter(|core| **core).count()).unwrap_or(0);
    let smt = host.cores.len() > host.core_count;
    if smt && vcpus <= threads * VCPUS_PER_THREAD_MAX {
        CpuClass { letter: CpuLetter::V, because: CpuReason::AtMostThreePerThread }
    } else if !smt && vcpus <= cores * VCPUS_PER_CORE_MAX {
        CpuClass { letter: CpuLetter::V, because: CpuReason::AtMostFivePerCore }
    } else {
        CpuClass { letter: CpuLetter::L, because: CpuReason::MoreThanThat }
    }
}

impl CpuSet {
    fn of(length: usize, places: impl Iterator<Item = usize>) -> Self {
        let mut set = vec![false; length];
        places.for_each(|place| set[place] = true);
        Self(set)
    }
}

/// The first place of the crowd that `place` is in.
fn find(crowd: &mut [usize], place: usize) -> usize {
    let mut root = place;
    while crowd[root] != root {
        root = crowd[root];
    }
    let mut next = place;
    while crowd[next] != root {
        next = std::mem::replace(&mut crowd[next], root);
    }
    root
}

#[cfg(test)]
mod tests;
