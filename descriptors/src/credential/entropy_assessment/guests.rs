//! What guests get: whether the hypervisor passes on the instructions of the node's processor, and whether there is any path
//! to a seed at all.
//!
//! One guest that lacks something is enough to refute, and then those of which nothing is known change nothing; else one of
//! which it is not known leaves it undetermined. What an instruction is worth is not known here.

use super::{Conclusion, Finding, Offer, State, find, undetermined};
use crate::fact::libvirt::{Guest, LibvirtFact, Seed, Usable};
use crate::fact::{Fact, Reading};
use crate::report::Report;

/// Guests that are named; of the others it is said how many there are.
const NAMED_MAX: usize = 3;

/// What libvirt said of this node; else why there is nothing to judge.
pub(super) fn read(report: &Report) -> Result<&LibvirtFact, Finding> {
    let libvirt = find(report, |fact| match fact {
        Fact::Libvirt(libvirt) => Some(libvirt),
        _ => None,
    });
    match libvirt {
        None => Err(undetermined("the hypervisor was not read")),
        Some(LibvirtFact { example_driver: true, .. }) => {
            Err(undetermined("libvirt answered with its built-in example"))
        }
        Some(libvirt) => Ok(libvirt),
    }
}

/// What was found of one guest. Ordered from the worst: among guests that lack an instruction, one without any seed first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Judged<'a> {
    conclusion: Conclusion,
    usable: Usable,
    uuid: &'a str,
    reason: String,
}

/// Whether every running guest sees what the node's processor offers. An instruction that does not work, or that the kernel
/// withdrew, is rightly kept from guests.
pub(super) fn filtered(libvirt: &LibvirtFact, offers: &[Offer<'_>; 2]) -> Finding {
    let guests = match &libvirt.guests {
        Reading::Present(guests) => guests,
        Reading::Absent(absence) => return undetermined(format!("the guests could not be read: {absence}")),
    };
    if offers.iter().all(|offer| matches!(offer.state, State::Missing | State::Broken(_))) {
        return (
            Conclusion::Met,
            "the processor has no instruction that works, so that there is none to filter".to_owned(),
        );
    }
    let mut judged: Vec<Judged<'_>> =
        guests.iter().filter(|guest| guest.running).map(|guest| judge(guest, offers)).collect();
    judged.sort_unstable();
    let of = judged.len();
    let count = |conclusion| judged.iter().filter(|guest| guest.conclusion == conclusion).count();
    let (not_met, unknown) = (count(Conclusion::NotMet), count(Conclusion::Undetermined));
    if of == 0 {
        undetermined("no guest runs")
    } else if not_met > 0 {
        let also = if unknown > 0 { format!("; of {unknown} more it is not known") } else { String::new() };
        let worst = named(&judged[..not_met]);
        (
            Conclusion::NotMet,
            format!("{not_met} of {of} running guests do not see what the processor offers{also}; the worst: {worst}"),
        )
    } else if unknown > 0 {
        let worst = named(&judged[..unknown]);
        undetermined(format!("of {unknown} of {of} running guests it is not known what they see: {worst}"))
    } else {
        (Conclusion::Met, format!("all running guests, {of}, see what the processor offers"))
    }
}

fn named(worst: &[Judged<'_>]) -> String {
    let mut texts: Vec<String> =
        worst.iter().take(NAMED_MAX).map(|guest| format!("{}, {}", guest.uuid, guest.reason)).collect();
    match worst.len().saturating_sub(NAMED_MAX) {
        0 => {}
        more => texts.push(format!("and {more} more")),
    }
    texts.join("; ")
}

fn judge<'a>(guest: &'a Guest, offers: &[Offer<'_>; 2]) -> Judged<'a> {
    let judged = |conclusion, usable, reason| Judged { conclusion, usable, uuid: &guest.uuid, reason };
    let seed = match &guest.seed {
        Reading::Present(seed) => seed,
        Reading::Absent(absence) => {
            return judged(Conclusion::Undetermined, Usable::Unknown, format!("which could not be read: {absence}"));
        }
    };
    let (mut lacks, mut unknown) = (Vec::new(), Vec::new());
    for (Offer { name, state }, seen) in offers.iter().zip([&seed.rdrand, &seed.rdseed]) {
        match (state, seen) {
            (State::Missing | State::Broken(_), _) | (_, Reading::Present(true)) => {}
            (State::Works(_), Reading::Present(false)) => lacks.push(*name),
            (State::Works(_), Reading::Absent(absence)) => unknown.push(format!("{name}: {absence}")),
            (State::Unread(absence), _) => unknown.push(format!("{name} of the processor: {absence}")),
        }
    }
    if !lacks.is_empty() {
        let reason = format!("which lacks {} and {}", lacks.join(" and "), path(seed));
        judged(Conclusion::NotMet, seed.usable, reason)
    } else if !unknown.is_empty() {
        judged(Conclusion::Undetermined, seed.usable, unknown.join(", "))
    } else {
        judged(Conclusion::Met, seed.usable, String::new())
    }
}

/// What a guest has for a seed, as the end of a sentence.
fn path(seed: &Seed) -> String {
    let device = match seed.devices.as_slice() {
        [] => "no device for random numbers",
        [_] => "a device for random numbers",
        _ => "devices for random numbers",
    };
    match seed.usable {
        Usable::Yes if seed.devices.is_empty() => "has a seed from another instruction".to_owned(),
        Usable::Yes => format!("has a seed otherwise, with {device}"),
        Usable::Unknown => format!("has {device}; whether it has a seed otherwise is not known"),
        Usable::No if seed.devices.is_empty() => format!("has {device}"),
        Usable::No => format!("has {device} that does not give a seed within a second"),
    }
}

/// Whether every running guest has a path to a seed. The sums are there even where the list of guests is too long to be.
pub(super) fn seeds(libvirt: &LibvirtFact) -> Finding {
    let seeds = match &libvirt.seeds {
        Reading::Present(seeds) => seeds,
        Reading::Absent(absence) => return undetermined(format!("the seeds of guests could not be read: {absence}")),
    };
    let of = u64::from(seeds.yes) + u64::from(seeds.no) + u64::from(seeds.unknown);
    let worst = seeds.worst_guest.as_deref().map_or_else(String::new, |uuid| worst(libvirt, uuid));
    match (seeds.no, seeds.unknown) {
        _ if of == 0 => undetermined("no guest runs"),
        (0, 0) => (Conclusion::Met, format!("all running guests, {of}, have an instruction or a device for a seed")),
        (0, unknown) => {
            undetermined(format!("of {unknown} of {of} running guests it is not known whether they have a seed{worst}"))
        }
        (no, _) => (
            Conclusion::NotMet,
            format!("{no} of {of} running guests have neither an instruction nor a device for a seed{worst}"),
        ),
    }
}

fn worst(libvirt: &LibvirtFact, uuid: &str) -> String {
    let guests = libvirt.guests.present();
    let seed = guests.and_then(|guests| guests.iter().find(|guest| guest.uuid == uuid)).map(|guest| &guest.seed);
    let why = match seed {
        None => String::new(),
        Some(Reading::Present(seed)) => format!(", which {}", path(seed)),
        Some(Reading::Absent(absence)) => format!(", which could not be read: {absence}"),
    };
    format!("; the first of the worst: {uuid}{why}")
}
